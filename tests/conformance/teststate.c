/*
 * TestState as recorded on AWS: one call each, told to the engine through mstep_call. Cases whose task really called a
 * service are counted, not run. What is expected to differ is listed in teststate-exceptions.txt, one `name: reason` a
 * line (a name may end with `*`); an entry that passes after all is a failure too.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "match.h"
#include "mt.h"

struct reply {
  int status;
  struct ms_json value;
};

static void on_reply(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  struct reply *got = user;
  got->status = status;
  if (ms_json_parse(&got->value, (struct ms_str){reply.data, reply.len}, NULL, NULL) != 0)
    mt_fail("a reply is no JSON: %.*s", (int)reply.len, reply.data);
  mstep_engine_stop(engine);
}

static void tune(mstep_options *options)
{
  options->role_arn = "arn:aws:iam::000000000000:role/test-sfn-role";
  options->is_aws_compat = 1;
}

static bool matches_error(struct match *match, struct ms_json expected, const struct reply *got)
{
  struct ms_json code = ms_json_getc(expected, "code");
  if (got->status >= 0)
    return false;
  if (ms_json_is_none(code)) /* the client itself refused it: we have to refuse it, too */
    return true;
  return ms_str_eq(ms_json_text(code), ms_json_text(ms_json_getc(got->value, "__type"))) &&
         match_value(match, "/error/message", ms_json_getc(expected, "message"),
                     ms_json_getc(got->value, "message"));
}

static void run_case(struct ms_buf *why, struct ms_json recorded)
{
  struct host host;
  struct match match;
  struct reply got = {0, MS_JSON_VALUE_NONE};
  struct ms_json expect = ms_json_getc(recorded, "expect");
  struct ms_json error = ms_json_getc(expect, "error");
  struct ms_json request = ms_json_print_value(ms_json_getc(recorded, "request"));
  host_open(&host, tune);
  match_init(&match, ms_json_getc(recorded, "wildcards"));
  struct ms_str text = ms_json_text(request);
  mt_eq_int(mstep_call(host.engine, "TestState", (mstep_str){text.data, text.len}, on_reply, &got), 0);
  mt_eq_int(mstep_engine_run(host.engine), 0);
  bool ok = !ms_json_is_none(error)
                ? matches_error(&match, error, &got)
                : got.status == 0 && match_value(&match, "/response",
                                                 ms_json_getc(expect, "response"), got.value);
  if (!ok) {
    ms_buf_str(why, ms_buf_view(&match.why));
    ms_buf_cstr(why, ": ");
    ms_json_print(why, got.value);
  }
  ms_json_unref(got.value);
  ms_json_unref(request);
  match_deinit(&match);
  host_close(&host);
}

static int compare_names(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t list_files(char *names[], size_t max, const char *folder)
{
  DIR *dir = opendir(folder);
  size_t count = 0;
  for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL && count < max;)
    if (strstr(entry->d_name, ".json") != NULL)
      names[count++] = mt_format("%s", entry->d_name);
  if (dir != NULL)
    closedir(dir);
  qsort(names, count, sizeof(*names), compare_names);
  return count;
}

struct totals {
  size_t ran, excused, failed;
};

static void run_file(struct totals *totals, const char *path, const char *exceptions)
{
  size_t len;
  char *text = mt_read_file(path, &len);
  struct ms_json recorded;
  if (ms_json_parse(&recorded, (struct ms_str){text, len}, NULL, NULL) != 0)
    mt_fail("%s does not parse", path);
  if (!ms_str_is(ms_json_text(ms_json_getc(recorded, "class")), "service")) {
    struct ms_buf why;
    ms_buf_init(&why, 1 << 20);
    run_case(&why, recorded);
    struct ms_str name = ms_json_text(ms_json_getc(recorded, "name"));
    bool is_expected = strstr(exceptions, mt_format("\n%.*s:", MS_STR_ARG(name))) != NULL;
    totals->ran++;
    totals->excused += is_expected;
    if ((why.len != 0) != is_expected) {
      totals->failed++;
      mt_report("%.*s: %.900s", MS_STR_ARG(name),
                why.len == 0 ? "passes, but is listed as an exception" : why.data);
    }
    ms_buf_deinit(&why);
  }
  ms_json_unref(recorded);
}

MT_TEST(teststate__recorded_calls)
{
  const char *corpus = mt_corpus();
  if (corpus == NULL)
    mt_skip("no recorded calls here");
  char *exceptions =
      mt_format("\n%s", mt_read_file("tests/conformance/teststate-exceptions.txt", NULL));
  const char *only = getenv("MT_CASE");
  static char *names[1024];
  char *folder = mt_format("%s/asl/teststate", corpus);
  size_t count = list_files(names, 1024, folder);
  struct totals totals = {0, 0, 0};
  for (size_t i = 0; i < count; i++)
    if (only == NULL || strstr(names[i], only) != NULL)
      run_file(&totals, mt_format("%s/%s", folder, names[i]), exceptions);
  mt_note("%zu calls of %zu, %zu excused, %zu failed", totals.ran, count, totals.excused, totals.failed);
  mt_ok(totals.ran > 0);
  mt_eq_int(totals.failed, 0);
}
