/*
 * SIGKILL at each fault point that a map run with an ItemReader and a ResultWriter passes, at several of its
 * passings and twice in a row. What lies in the bucket after each death is whole, and the manifest names nothing
 * that is not there; the last life gets through, and then every item is in the results once and in the counts.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fault.h"
#include "calls.h"
#include "json/json.h"
#include "mt.h"

#ifndef MSTEP_FAULTS

MT_TEST(map_crash__fault_points_are_not_in_this_build)
{
  mt_skip("the build has no fault points (MSTEP_FAULTS)");
}

#else

#define ARN "arn:aws:states:us-east-1:000000000000:"
#define EXECUTION ARN "execution:m:e"
#define ITEMS 60
#define BAD 8          /* of them: every seventh */
#define PAD 1500       /* bytes of an item: the file of results takes several writes */
#define LIFE_SECONDS 60
#define PASSINGS_MAX 1000

/* Every seventh item fails; the others wait, each for another time, and end as they began. */
#define MACHINE                                                                                    \
  "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"Label\":\"L\",\"MaxConcurrency\":7,"               \
  "\"ToleratedFailureCount\":%d,\"ItemReader\":{\"Resource\":\"arn:aws:states:::s3:getObject\","               \
  "\"ReaderConfig\":{\"InputType\":\"JSONL\"},\"Parameters\":{\"Bucket\":\"in\",\"Key\":\"items.jsonl\"}},"    \
  "\"ItemProcessor\":{\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\",\"ExecutionType\":\"STANDARD\"},"          \
  "\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"SecondsPath\":\"$.wait\",\"Next\":\"C\"},"         \
  "\"C\":{\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$.bad\",\"BooleanEquals\":true,\"Next\":\"F\"}],"   \
  "\"Default\":\"P\"},\"P\":{\"Type\":\"Pass\",\"End\":true},\"F\":{\"Type\":\"Fail\",\"Error\":\"E\"}}},"     \
  "\"ResultWriter\":{\"Resource\":\"arn:aws:states:::s3:putObject\",\"Parameters\":{\"Bucket\":\"out\","       \
  "\"Prefix\":\"p\"}},\"End\":true}}}"

static const enum ms_fault points[] = {
    MS_FAULT_bucket_read,        MS_FAULT_bucket_chunk,         MS_FAULT_bucket_named,
    MS_FAULT_turn_decided,       MS_FAULT_turn_journaled,       MS_FAULT_effect_before,
    MS_FAULT_effect_after,       MS_FAULT_task_answered,        MS_FAULT_journal_post,
    MS_FAULT_store_commit_begin, MS_FAULT_store_commit_written, MS_FAULT_store_commit_done,
    MS_FAULT_journal_answered,
};

/* ---- the folder ---------------------------------------------------------------------------------------- */

static char dir[300], store_url[400], functions[400];

static void make_folder(unsigned number)
{
  snprintf(dir, sizeof dir, "%s/%u", mt_tmpdir(), number);
  snprintf(store_url, sizeof store_url, "sqlite:%s/s.db", dir);
  snprintf(functions, sizeof functions, "%s/functions", dir);
  mt_eq_int(mkdir(dir, 0777), 0);
  mt_eq_int(mkdir(functions, 0777), 0);
  mt_eq_int(mkdir(mt_format("%s/buckets", dir), 0777), 0);
  mt_eq_int(mkdir(mt_format("%s/buckets/in", dir), 0777), 0);
  FILE *file = fopen(mt_format("%s/buckets/in/items.jsonl", dir), "w");
  mt_ok(file != NULL);
  for (int i = 1; i <= ITEMS; i++) {
    fprintf(file, "{\"n\":%d,\"wait\":%d,\"bad\":%s,\"pad\":\"%0*d\"}\n", i, 1 + i * 5 % 11,
            i % 7 == 0 ? "true" : "false", PAD, i);
  }
  mt_eq_int(fclose(file), 0);
}

/* ---- the process that dies ------------------------------------------------------------------------------- */

static void on_log(int level, const char *module, mstep_str line, void *user)
{
  (void)user;
  if (level <= 1) { /* errors and warnings */
    fprintf(stderr, "# %s: %.*s\n", module, (int)line.len, line.data);
  }
}

static void tune(mstep_options *options)
{
  options->functions_dir = functions;
  options->log = on_log;
}

static void die(enum ms_fault point)
{
  (void)point;
  raise(SIGKILL);
}

static void run_to_end(int tolerated)
{
  struct host host;
  host_open_at(&host, store_url, tune);
  host_machine(&host, "m", mt_format(MACHINE, tolerated));
  call(&host, "StartExecution",
       "{\"stateMachineArn\":\"" ARN "stateMachine:m\",\"name\":\"e\",\"input\":\"{}\"}");
  for (int i = 0; i < 1000; i++) {
    char *text = call(&host, "DescribeExecution", "{\"executionArn\":\"" EXECUTION "\"}");
    if (strstr(text, "\"status\":\"RUNNING\"") == NULL) {
      break;
    }
    host_run(&host);
  }
  host_close(&host);
}

/* True: it died at that passing of the point. after 0: nothing kills it. */
static bool live(int tolerated, enum ms_fault point, unsigned after)
{
  int status;
  fflush(stdout);
  pid_t pid = fork();
  mt_ok(pid >= 0);
  if (pid == 0) {
    alarm(LIFE_SECONDS);
    ms_fault_arm(point, after, die);
    run_to_end(tolerated);
    _exit(0);
  }
  mt_eq_int(waitpid(pid, &status, 0), pid);
  bool is_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  if (!is_killed && (!WIFEXITED(status) || WEXITSTATUS(status) != 0)) {
    mt_fail("%s %u: a life ended with status %#x", ms_fault_name(point), after, (unsigned)status);
  }
  return is_killed;
}

/* ---- what lies in the bucket ----------------------------------------------------------------------------- */

/* The folder of the results; NULL: nothing was written yet. There is never a second one. */
static const char *results_folder(void)
{
  const char *found = NULL;
  DIR *all = opendir(mt_format("%s/buckets/out/p", dir));
  for (struct dirent *entry; all != NULL && (entry = readdir(all)) != NULL;) {
    if (entry->d_name[0] != '.') {
      mt_ok(found == NULL);
      found = mt_format("p/%s", entry->d_name);
    }
  }
  if (all != NULL) {
    closedir(all);
  }
  return found;
}

/* A file of the bucket, parsed: what has its name is whole. NONE: it is not there. */
static struct ms_json load(const char *key, size_t *len)
{
  struct ms_json value = MS_JSON_VALUE_NONE;
  char *text = mt_try_read_file(mt_format("%s/buckets/out/%s", dir, key), len);
  if (text != NULL && ms_json_parse(&value, (struct ms_str){text, *len}, NULL, NULL) != 0) {
    mt_fail("%s is not whole: %zu bytes", key, *len);
  }
  return value;
}

/* The records of that kind in the bucket; those that a manifest names are there, as long as it says. */
static struct ms_json load_results(const char *folder, const char *kind, struct ms_json manifest)
{
  size_t len = 0;
  int64_t size = 0;
  struct ms_json files = ms_json_getc(ms_json_getc(manifest, "ResultFiles"), kind);
  struct ms_json results = load(mt_format("%s/%s_0.json", folder, kind), &len);
  if (ms_json_count(files) > 0) {
    ms_json_to_int(&size, ms_json_getc(ms_json_at(files, 0), "Size"));
    mt_ok(ms_json_is_array(results));
    mt_eq_int(size, (long long)len);
  } else if (!ms_json_is_none(manifest)) {
    mt_ok(ms_json_is_none(results));
  }
  return results;
}

/* Each record is of an item that no other is of. */
static unsigned mark(bool seen[ITEMS + 1], struct ms_json results)
{
  for (size_t i = 0; i < ms_json_count(results); i++) {
    struct ms_json record = ms_json_at(results, i), item;
    int64_t n = 0;
    struct ms_str input = ms_json_text(ms_json_getc(record, "Input"));
    mt_eq_int(ms_json_parse(&item, input, NULL, NULL), 0);
    ms_json_to_int(&n, ms_json_getc(item, "n"));
    ms_json_unref(item);
    mt_ok(n >= 1 && n <= ITEMS && !seen[n]);
    seen[n] = true;
    if (ms_str_is(ms_json_text(ms_json_getc(record, "Status")), "SUCCEEDED")) {
      mt_ok(n % 7 != 0 && ms_str_eq(ms_json_text(ms_json_getc(record, "Output")), input));
    }
  }
  return (unsigned)ms_json_count(results);
}

struct found {
  bool has_manifest;
  unsigned succeeded, failed, pending;
};

static struct found look_into_bucket(void)
{
  struct found found = {0};
  bool seen[ITEMS + 1] = {false};
  size_t len;
  const char *folder = results_folder();
  if (folder == NULL) {
    return found;
  }
  struct ms_json manifest = load(mt_format("%s/manifest.json", folder), &len);
  struct ms_json failed = load_results(folder, "FAILED", manifest);
  struct ms_json pending = load_results(folder, "PENDING", manifest);
  struct ms_json succeeded = load_results(folder, "SUCCEEDED", manifest);
  found = (struct found){!ms_json_is_none(manifest), mark(seen, succeeded), mark(seen, failed),
                         mark(seen, pending)};
  ms_json_unref(manifest);
  ms_json_unref(failed);
  ms_json_unref(pending);
  ms_json_unref(succeeded);
  return found;
}

/* ---- what the engine says of it -------------------------------------------------------------------------- */

struct said {
  bool has_succeeded;
  int64_t succeeded, failed, aborted, pending, running, total;
};

static int64_t count_of(struct ms_json counts, const char *name)
{
  int64_t value = -1;
  ms_json_to_int(&value, ms_json_getc(counts, name));
  return value;
}

static struct said ask(void)
{
  struct host host;
  struct ms_json description;
  host_open_at(&host, store_url, tune);
  char *text = call(&host, "ListMapRuns", "{\"executionArn\":\"" EXECUTION "\"}");
  char *arn = strstr(text, ARN "mapRun:m/L:");
  mt_ok(arn != NULL && strstr(arn + 1, ARN "mapRun:") == NULL); /* there is one */
  text = call(&host, "DescribeMapRun",
              mt_format("{\"mapRunArn\":\"%.*s\"}", (int)strcspn(arn, "\""), arn));
  mt_eq_int(ms_json_parse(&description, ms_str_c(text), NULL, NULL), 0);
  struct ms_json counts = ms_json_getc(description, "itemCounts");
  struct said said = {
      .has_succeeded = ms_str_is(ms_json_text(ms_json_getc(description, "status")), "SUCCEEDED"),
      .succeeded = count_of(counts, "succeeded"),
      .failed = count_of(counts, "failed"),
      .aborted = count_of(counts, "aborted"),
      .pending = count_of(counts, "pending"),
      .running = count_of(counts, "running"),
      .total = count_of(counts, "total")};
  ms_json_unref(description);
  text = call(&host, "DescribeExecution", "{\"executionArn\":\"" EXECUTION "\"}");
  text_has(text, said.has_succeeded ? "\"status\":\"SUCCEEDED\""
                                    : "\"error\":\"States.ExceedToleratedFailureThreshold\"");
  host_close(&host);
  return said;
}

static void check_end(int tolerated)
{
  struct found found = look_into_bucket();
  struct said said = ask();
  bool is_fine = tolerated >= BAD;
  mt_ok(found.has_manifest && said.has_succeeded == is_fine);
  mt_eq_int(found.succeeded + found.failed + found.pending, ITEMS);
  mt_eq_int(said.total, ITEMS);
  mt_eq_int(said.running, 0);
  mt_eq_int(said.succeeded, found.succeeded);
  mt_eq_int(said.failed + said.aborted, found.failed);
  mt_eq_int(said.pending, found.pending);
  mt_eq_int(said.failed, is_fine ? BAD : tolerated + 1);
  mt_ok(!is_fine || (said.aborted == 0 && said.pending == 0));
}

/* ---- rounds ---------------------------------------------------------------------------------------------- */

static void play_all(int tolerated)
{
  unsigned round = 0, kills = 0;
  for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
    bool is_killed = true;
    for (unsigned after = 1; is_killed && after < PASSINGS_MAX; after += 1 + after / 2) {
      make_folder(round++);
      is_killed = live(tolerated, points[i], after);
      if (is_killed) {
        kills++;
        look_into_bucket();
        kills += live(tolerated, points[i], after); /* again, if it comes so far */
        look_into_bucket();
        mt_ok(!live(tolerated, points[i], 0));
      }
      check_end(tolerated);
    }
    if (is_killed) {
      mt_report("%s is passed too often", ms_fault_name(points[i]));
    }
  }
  mt_note("%u stores, %u kills", round, kills);
}

MT_TEST(map_crash__run_that_succeeds)
{
  play_all(BAD);
}

MT_TEST(map_crash__run_that_fails)
{
  play_all(3);
}

#endif
