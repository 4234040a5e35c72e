/*
 * Calls of the Step Functions API recorded on AWS, told to the engine through mstep_call in one process and on
 * virtual time: each answer and each error is compared. Scenarios that need another service or an
 * operation that we do not have are counted, not run. What is expected to differ is listed in
 * api-exceptions.txt, one `name: reason` a line; an entry that passes after all is a failure too.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "host.h"
#include "match.h"
#include "mt.h"

#define STEPS_MAX 64

struct scenario {
  struct ms_json recorded;
  struct host host;
  struct match match;
  struct ms_json answers[STEPS_MAX]; /* by number of the step */
  /* of the latest call */
  int status;
  struct ms_json reply;
  bool is_answered;
};

static struct ms_str text_of(struct ms_json object, const char *key)
{
  return ms_json_text(ms_json_getc(object, key));
}

/* ---- one call ---- */

static void on_reply(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  struct scenario *s = user;
  s->status = status;
  s->is_answered = true;
  ms_json_unref(s->reply);
  if (ms_json_parse(&s->reply, (struct ms_str){reply.data, reply.len}, NULL, NULL) != 0)
    mt_fail("a reply is no JSON: %.*s", (int)reply.len, reply.data);
  mstep_engine_stop(engine);
}

static void call(struct scenario *s, const char *operation, struct ms_str request)
{
  s->is_answered = false;
  mt_eq_int(mstep_call(s->host.engine, operation, (mstep_str){request.data, request.len}, on_reply, s),
            0);
  mt_eq_int(mstep_engine_run(s->host.engine), 0);
  mt_ok(s->is_answered);
}

/* ---- parameters: "${3.field}" is what step 3 answered ---- */

/* `${3.field}` at the start of `text`: what is there instead, and how long it is; NONE: it is none. */
static struct ms_json answered(size_t *len, const struct scenario *s, const char *text)
{
  unsigned step;
  int end = 0;
  char field[64];
  if (sscanf(text, "${%u.%63[a-zA-Z]}%n", &step, field, &end) == 2 && end > 0 && step < STEPS_MAX) {
    *len = (size_t)end;
    return ms_json_getc(s->answers[step], field);
  }
  return MS_JSON_VALUE_NONE;
}

static struct ms_json resolve_text(struct scenario *s, struct ms_json value)
{
  struct ms_str text = ms_json_text(value);
  size_t len = 0;
  struct ms_json whole = answered(&len, s, text.data);
  if (!ms_json_is_none(whole) && len == text.len)
    return ms_json_ref(whole);
  struct ms_buf out;
  ms_buf_init(&out, 0);
  for (size_t at = 0; at < text.len;) {
    struct ms_json part = answered(&len, s, text.data + at);
    if (ms_json_is_string(part)) {
      ms_buf_str(&out, ms_json_text(part));
      at += len;
    } else {
      ms_buf_char(&out, text.data[at++]);
    }
  }
  struct ms_json resolved = ms_json_string(ms_buf_view(&out));
  ms_buf_deinit(&out);
  return resolved;
}

static struct ms_json resolve(struct scenario *s, struct ms_json value)
{
  if (ms_json_is_string(value))
    return resolve_text(s, value);
  if (ms_json_is_array(value)) {
    struct ms_json list = ms_json_array(ms_json_count(value));
    for (size_t i = 0; i < ms_json_count(value); i++)
      mt_eq_int(ms_json_push(&list, resolve(s, ms_json_at(value, i))), 0);
    return list;
  }
  if (!ms_json_is_object(value))
    return ms_json_ref(value);
  struct ms_json out = ms_json_object(ms_json_count(value));
  for (size_t i = 0; i < ms_json_count(value); i++)
    mt_eq_int(ms_json_set(&out, ms_json_key(value, i), resolve(s, ms_json_member(value, i))), 0);
  return out;
}

/* ---- comparison ---- */

/* "An error occurred (CODE) when calling the OP operation: MESSAGE" */
static bool matches_sentence(struct scenario *s, struct ms_str sentence)
{
  struct ms_str code = text_of(s->reply, "__type"), message = text_of(s->reply, "message");
  char *prefix = mt_format("An error occurred (%.*s) when calling the ", MS_STR_ARG(code));
  return s->status < 0 && ((ms_str_has_prefix(sentence, prefix) &&
                            ms_str_has_suffix(sentence, mt_format(": %.*s", MS_STR_ARG(message)))) ||
                           /* The client itself refused it: we have to refuse it, too. */
                           ms_str_has_prefix(sentence, "Parameter validation failed"));
}

static bool matches_error(struct scenario *s, size_t index, struct ms_json expected)
{
  if (ms_json_is_string(expected))
    return matches_sentence(s, ms_json_text(expected));
  if (s->status >= 0)
    return false;
  struct ms_str message = text_of(expected, "message");
  if (ms_json_is_none(ms_json_getc(expected, "code")))
    return ms_str_has_prefix(message, "Parameter validation failed") ||
           ms_json_is_true(ms_json_getc(expected, "any"));
  bool ok = ms_str_eq(text_of(expected, "code"), text_of(s->reply, "__type"));
  /* Some errors were recorded from an emulator, in words of its own: there the name counts. */
  if (ok && message.len > 0 && !ms_str_has_prefix(message, "Error=")) {
    char *pointer = mt_format("/steps/%zu/expect_error/message", index);
    ok = match_value(&s->match, pointer, ms_json_getc(expected, "message"),
                     ms_json_getc(s->reply, "message"));
  }
  return ok;
}

/* Empty when step `index` is answered as recorded. */
static void check_step(struct ms_buf *why, struct scenario *s, size_t index, struct ms_json step)
{
  struct ms_json expected = ms_json_getc(step, "expect");
  struct ms_json error = ms_json_getc(step, "expect_error");
  bool ok = true;
  if (!ms_json_is_none(error))
    ok = matches_error(s, index, error);
  else if (!ms_json_is_none(expected)) {
    /* Recordings from before AWS had it do not show it. */
    if (ms_json_is_none(ms_json_getc(expected, "encryptionConfiguration")))
      ms_json_remove(&s->reply, MS_STR("encryptionConfiguration"));
    ok = s->status == 0 &&
         match_value(&s->match, mt_format("/steps/%zu/expect", index), expected, s->reply);
  }
  if (ok)
    return;
  ms_buf_printf(why, "step %zu, %.*s: ", index, MS_STR_ARG(text_of(step, "op")));
  ms_buf_str(why, ms_buf_view(&s->match.why));
  ms_buf_cstr(why, ": ");
  ms_json_print(why, s->reply);
}

static void run_step(struct ms_buf *why, struct scenario *s, size_t index, struct ms_json step)
{
  if (ms_json_is_none(ms_json_getc(step, "op"))) {
    /* `await`: on virtual time all that is going to happen happens, but for what is to be seen running. */
    if (!ms_str_is(text_of(step, "await"), "on_execution_events"))
      mt_eq_int(mstep_engine_run(s->host.engine), 0);
    return;
  }
  struct ms_json params = resolve(s, ms_json_getc(step, "params"));
  struct ms_json request = ms_json_print_value(params);
  call(s, mt_format("states:%.*s", MS_STR_ARG(text_of(step, "op"))), ms_json_text(request));
  ms_json_unref(request);
  ms_json_unref(params);
  int64_t number;
  if (ms_json_to_int(&number, ms_json_getc(step, "step")) && number >= 0 && number < STEPS_MAX)
    ms_json_replace(&s->answers[number], ms_json_ref(s->reply));
  check_step(why, s, index, step);
}

static void tune(mstep_options *options)
{
  options->role_arn = "arn:aws:iam::000000000000:role/test-sfn-role";
  options->is_aws_compat = 1;
}

static void run_scenario(struct ms_buf *why, struct ms_json recorded)
{
  struct scenario s = {.recorded = recorded};
  host_open(&s.host, tune);
  match_init(&s.match, ms_json_getc(recorded, "wildcards"));
  struct ms_json steps = ms_json_getc(recorded, "steps");
  for (size_t i = 0; i < ms_json_count(steps) && why->len == 0; i++)
    run_step(why, &s, i, ms_json_at(steps, i));
  match_deinit(&s.match);
  for (size_t i = 0; i < STEPS_MAX; i++)
    ms_json_unref(s.answers[i]);
  ms_json_unref(s.reply);
  host_close(&s.host);
}

/* ---- all of them ---- */

/* Which operations there are is asked of the engine itself. */
static bool is_known(struct scenario *s, const char *operation)
{
  call(s, operation, MS_STR("{}"));
  return !ms_str_is(text_of(s->reply, "__type"), "UnknownOperationException");
}

static bool is_wanted(struct scenario *s, struct ms_json recorded)
{
  struct ms_json steps = ms_json_getc(recorded, "steps");
  for (size_t i = 0; i < ms_json_count(steps); i++) {
    struct ms_json step = ms_json_at(steps, i);
    struct ms_str op = text_of(step, "op");
    if (op.len == 0)
      continue;
    if (!ms_str_is(text_of(step, "service"), "states") ||
        !is_known(s, mt_format("states:%.*s", MS_STR_ARG(op))))
      return false;
  }
  return true;
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

MT_TEST(api__recorded_calls)
{
  const char *corpus = mt_corpus();
  if (corpus == NULL)
    mt_skip("no recorded calls here");
  char *exceptions = mt_format("\n%s", mt_read_file("tests/conformance/api-exceptions.txt", NULL));
  const char *only = getenv("MT_CASE");
  static char *names[1024];
  size_t count = list_files(names, 1024, mt_format("%s/asl/api", corpus));
  size_t ran = 0, failed = 0, excused = 0;
  struct scenario asked = {.status = 0};
  host_open(&asked.host, NULL);
  for (size_t i = 0; i < count; i++) {
    if (only != NULL && strstr(names[i], only) == NULL)
      continue;
    size_t len;
    char *text = mt_read_file(mt_format("%s/asl/api/%s", corpus, names[i]), &len);
    struct ms_json recorded;
    if (ms_json_parse(&recorded, (struct ms_str){text, len}, NULL, NULL) != 0)
      mt_fail("%s does not parse", names[i]);
    if (is_wanted(&asked, recorded)) {
      struct ms_buf why;
      ms_buf_init(&why, 1 << 20);
      run_scenario(&why, recorded);
      char *name = mt_format("%.*s", MS_STR_ARG(text_of(recorded, "name")));
      bool is_expected = strstr(exceptions, mt_format("\n%s:", name)) != NULL;
      ran++;
      excused += is_expected;
      if ((why.len != 0) != is_expected) {
        failed++;
        mt_report("%s: %.900s", name, why.len == 0 ? "passes, but is listed as an exception" : why.data);
      }
      ms_buf_deinit(&why);
    }
    ms_json_unref(recorded);
  }
  ms_json_unref(asked.reply);
  host_close(&asked.host);
  mt_note("%zu scenarios of %zu, %zu excused, %zu failed", ran, count, excused, failed);
  mt_ok(ran > 0);
  mt_eq_int((long long)failed, 0);
}
