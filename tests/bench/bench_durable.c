/*
 * Executions in a store, whole engine: a machine of three host tasks that are answered at once, 1, 64 and
 * 1,024 executions at a time, each followed by the next when it has ended. A transition is a state that
 * was left; latency is from the call that starts an execution to hearing of its end, which is durable by
 * then. Beside it, in the same run, a raw file to which the same bytes are written in groups of the
 * same size, with fdatasync after each. Then the size of the store after all, and after purging all.
 * One JSON object on standard output.
 *
 *   bench_durable [SECONDS-EACH [DIRECTORY [EXECUTIONS-FOR-SIZE]]]     2 s, $TMPDIR or /tmp, 20000
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "runtime/durable.h"
#include "runtime/runtime.h"

#define TASK "arn:aws:states:us-east-1:000000000000:activity:work"

static const char definition[] =
    "{\"StartAt\":\"A\",\"States\":{"
    "\"A\":{\"Type\":\"Task\",\"Resource\":\"" TASK "\",\"Next\":\"B\"},"
    "\"B\":{\"Type\":\"Task\",\"Resource\":\"" TASK "\",\"ResultPath\":\"$.b\",\"Next\":\"C\"},"
    "\"C\":{\"Type\":\"Task\",\"Resource\":\"" TASK "\",\"End\":true}}}";
static const char input[] =
    "{\"order\":\"o-1042\",\"customer\":{\"id\":\"c-7\",\"name\":\"Ada Lovelace\",\"address\":"
    "\"12 St James's Square, London\"},\"lines\":[{\"sku\":\"A-1\",\"count\":2,\"price\":12.5},"
    "{\"sku\":\"B-7\",\"count\":1,\"price\":104.5}],\"total\":129.5,\"currency\":\"GBP\","
    "\"placedAt\":\"2024-05-01T10:00:00Z\",\"notes\":\"leave at the door\"}";

enum { SLOTS = 1024 };

struct bench {
  struct ms_engine *engine;
  double began[SLOTS]; /* of the execution in each slot, seconds */
  float *latency_ms;   /* of each that has ended, when it is measured */
  size_t latency_capacity;
  char machine[MS_ENGINE_ARN_SIZE];
  double end;
  uint64_t left; /* executions still to be started; 0 with `end` */
  uint64_t ended;
  uint64_t open;
};

static double now(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void check(int err, const char *what)
{
  if (err != 0) {
    fprintf(stderr, "%s: %s: %s\n", what, ms_error_text(err), ms_error_detail());
    exit(1);
  }
}

static void nothing(void)
{
}

/* `slot` points into bench->began. */
static void start_one(struct bench *bench, double *slot)
{
  char arn[MS_ENGINE_ARN_SIZE];
  struct ms_engine_start start = {.machine_arn = ms_str_c(bench->machine),
                                  .input = MS_STR(input),
                                  .done = {nothing, slot}};
  *slot = now();
  check(ms_engine_execution_start(arn, bench->engine, &start), "start");
  bench->open++;
}

static bool goes_on(struct bench *bench)
{
  if (bench->left > 0) {
    return --bench->left > 0;
  }
  return bench->end > 0 && now() < bench->end;
}

static void note_latency(struct bench *bench, double began)
{
  if (bench->ended == bench->latency_capacity) {
    bench->latency_capacity = bench->latency_capacity == 0 ? 4096 : bench->latency_capacity * 2;
    bench->latency_ms =
        realloc(bench->latency_ms, bench->latency_capacity * sizeof *bench->latency_ms);
    if (bench->latency_ms == NULL) {
      perror("latencies");
      exit(1);
    }
  }
  bench->latency_ms[bench->ended] = (float)((now() - began) * 1000);
}

static void on_done(struct ms_callback callback, const struct ms_engine_end *end, void *host)
{
  struct bench *bench = host;
  double *slot = callback.user;
  if (end->status != MS_EXECUTION_SUCCEEDED) {
    fprintf(stderr, "an execution failed: %.*s\n", MS_STR_ARG(end->cause));
    exit(1);
  }
  note_latency(bench, *slot);
  bench->ended++;
  bench->open--;
  if (goes_on(bench)) {
    start_one(bench, slot);
  }
}

static void on_task(struct ms_callback callback, const char *token, const char *resource,
                    struct ms_str task_input, void *host)
{
  struct bench *bench = host;
  (void)callback;
  (void)resource;
  (void)task_input;
  check(ms_engine_task_success(bench->engine, ms_str_c(token), MS_STR("{\"ok\":true}")), "answer");
}

static void on_accepted(struct ms_callback callback, int code, const char *detail, void *host)
{
  (void)host;
  (void)detail;
  *(bool *)callback.user = code == 0;
}

static void on_event(struct ms_callback callback, const struct ms_engine_event *event, void *host)
{
  (void)callback;
  (void)event;
  (void)host;
}

static void on_log(int level, const char *module, struct ms_str line, void *host)
{
  (void)host;
  (void)level;
  fprintf(stderr, "%s: %.*s\n", module, MS_STR_ARG(line));
}

static void open_engine(struct bench *bench, const char *url)
{
  const struct ms_engine_options options = {
      .region = "us-east-1",
      .account = "000000000000",
      .role_arn = "arn:aws:iam::000000000000:role/r",
      .seed = 7,
      .store_url = url,
      .host = {on_done, on_task, NULL, NULL, on_accepted, on_event, on_log, bench},
  };
  check(ms_engine_open(&bench->engine, &options), "open");
  check(ms_engine_task_register(bench->engine, MS_STR("*"), (struct ms_callback){nothing, NULL}),
        "register");
  const struct ms_engine_machine_request request = {.name = MS_STR("m"),
                                                    .definition = MS_STR(definition)};
  check(ms_engine_machine_create(bench->machine, bench->engine, &request, NULL, NULL), "machine");
}

/* The same bytes in groups of the same size. */
static double raw_groups(const char *directory, uint64_t commits, uint64_t bytes)
{
  char path[512];
  snprintf(path, sizeof path, "%s/bench_durable.raw", directory);
  int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
  size_t each = commits == 0 ? 0 : (size_t)(bytes / commits);
  char *block = calloc(1, each + 1);
  double from = now();
  for (uint64_t i = 0; i < commits; i++) {
    if (write(fd, block, each) != (ssize_t)each || fdatasync(fd) != 0) {
      perror(path);
      exit(1);
    }
  }
  double total = now() - from;
  close(fd);
  unlink(path);
  free(block);
  return total;
}

static void remove_store(const char *path)
{
  static const char *const tails[] = {"", "-wal", "-shm", "-lock"};
  char name[600];
  for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
    snprintf(name, sizeof name, "%s%s", path, tails[i]);
    unlink(name);
  }
}

static int by_value(const void *left, const void *right)
{
  float a = *(const float *)left, b = *(const float *)right;
  return a < b ? -1 : a > b;
}

/* The latency that `share` of all executions stay below; sorts them. */
static double percentile_ms(struct bench *bench, double share)
{
  if (bench->ended == 0) {
    return 0;
  }
  qsort(bench->latency_ms, bench->ended, sizeof *bench->latency_ms, by_value);
  return bench->latency_ms[(size_t)((double)(bench->ended - 1) * share)];
}

static void run(const char *directory, const char *path, unsigned concurrent, double seconds)
{
  struct bench bench = {0};
  char url[600];
  snprintf(url, sizeof url, "sqlite:%s", path);
  remove_store(path);
  open_engine(&bench, url);
  double from = now();
  bench.end = from + seconds;
  for (unsigned i = 0; i < concurrent; i++) {
    start_one(&bench, &bench.began[i]);
  }
  check(ms_engine_run(bench.engine), "run");
  double total = now() - from;
  struct ms_journal_stats stats;
  ms_journal_get_stats(&stats, bench.engine->durable->journal);
  check(ms_engine_close(bench.engine), "close");
  double raw = raw_groups(directory, stats.commits, stats.bytes);
  double transitions = (double)bench.ended * 3;
  printf("  {\"concurrent\": %u, \"executions\": %llu, \"transitions_per_s\": %.0f, "
         "\"commits_per_execution\": %.2f, \"per_commit\": %.1f, \"journal_bytes_per_transition\": "
         "%.0f, \"p50_ms\": %.2f, \"p99_ms\": %.2f, \"raw_file_transitions_per_s\": %.0f, \"share_of_raw\": "
         "%.2f}",
         concurrent, (unsigned long long)bench.ended, transitions / total,
         (double)stats.commits / (double)bench.ended, transitions / (double)stats.commits,
         (double)stats.bytes / transitions, percentile_ms(&bench, 0.5),
         percentile_ms(&bench, 0.99), transitions / raw, raw / total);
  free(bench.latency_ms);
  remove_store(path);
}

static uint64_t file_bytes(const char *path)
{
  struct stat file;
  return stat(path, &file) == 0 ? (uint64_t)file.st_size : 0;
}

static void wait_for(struct bench *bench, bool *is_accepted)
{
  check(ms_engine_run(bench->engine), "run");
  if (!*is_accepted) {
    fprintf(stderr, "not accepted\n");
    exit(1);
  }
  *is_accepted = false;
}

static void sizes(const char *path, uint64_t executions)
{
  struct bench bench = {0};
  char url[600];
  snprintf(url, sizeof url, "sqlite:%s", path);
  remove_store(path);
  open_engine(&bench, url);
  bench.left = executions > SLOTS ? executions - SLOTS + 1 : 1;
  double from = now();
  for (unsigned i = 0; i < SLOTS; i++) {
    start_one(&bench, &bench.began[i]);
  }
  check(ms_engine_run(bench.engine), "run");
  double total = now() - from;
  uint64_t frames = ms_store_last_lsn(bench.engine->durable->store) -
                    ms_store_trimmed_lsn(bench.engine->durable->store);
  check(ms_engine_close(bench.engine), "close");
  uint64_t after = file_bytes(path);
  open_engine(&bench, url);
  uint64_t count = 0, purged = 0;
  bool is_accepted = false;
  struct ms_callback accepted = {nothing, &is_accepted};
  double purge_from = now();
  do {
    check(ms_engine_purge_before(&count, bench.engine, (struct ms_str){NULL, 0}, INT64_MAX,
                                 accepted),
          "purge");
    wait_for(&bench, &is_accepted);
    purged += count;
  } while (count > 0);
  check(ms_engine_shrink(bench.engine, accepted), "shrink");
  wait_for(&bench, &is_accepted);
  double purge = now() - purge_from;
  check(ms_engine_close(bench.engine), "close");
  printf("  \"size\": {\"executions\": %llu, \"seconds\": %.1f, \"file_bytes\": %llu, "
         "\"file_bytes_per_execution\": %.0f, \"journal_frames_left\": %llu, \"purged\": %llu, "
         "\"purge_seconds\": %.1f, \"file_bytes_after_purge\": %llu}\n",
         (unsigned long long)bench.ended, total, (unsigned long long)after,
         (double)after / (double)bench.ended, (unsigned long long)frames,
         (unsigned long long)purged, purge, (unsigned long long)file_bytes(path));
  free(bench.latency_ms);
  remove_store(path);
}

int main(int argc, char **argv)
{
  static const unsigned concurrent[] = {1, 64, SLOTS};
  double seconds = argc > 1 ? atof(argv[1]) : 2;
  const char *temp = getenv("TMPDIR");
  const char *directory = argc > 2 ? argv[2] : temp != NULL ? temp : "/tmp";
  uint64_t executions = argc > 3 ? strtoull(argv[3], NULL, 10) : 20000;
  char path[512];
  snprintf(path, sizeof path, "%s/bench_durable.db", directory);
  printf("{\"benchmark\": \"durable\", \"input_bytes\": %zu, \"runs\": [\n", sizeof input - 1);
  for (size_t i = 0; i < sizeof concurrent / sizeof concurrent[0]; i++) {
    run(directory, path, concurrent[i], seconds);
    printf("%s\n", i + 1 < sizeof concurrent / sizeof concurrent[0] ? "," : "");
    fflush(stdout);
  }
  printf(" ],\n");
  sizes(path, executions);
  printf("}\n");
  return 0;
}
