/*
 * Every history recorded on AWS, replayed with the definition that made it: none may differ, but for values
 * that nobody can know again (tokens, ids, random numbers), which the recordings mark. What is expected to
 * differ is listed in replay-exceptions.txt, one `name: reason` a line.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "host.h"
#include "json/json.h"
#include "mt.h"

#define AT_SECONDS 1704067200

static struct ms_str text_of(struct ms_json object, const char *key)
{
  return ms_json_text(ms_json_getc(object, key));
}

/* ---- from the form of the recordings to that of GetExecutionHistory ---- */

static bool is_json(struct ms_json value)
{
  struct ms_json parsed;
  bool ok = ms_json_is_string(value) && ms_json_parse(&parsed, ms_json_text(value), NULL, NULL) == 0;
  if (ok)
    ms_json_unref(parsed);
  return ok;
}

/* Payloads stand there as the values that their texts parse to. */
static struct ms_json as_text(struct ms_json value, bool is_payload)
{
  if (is_payload ? is_json(value) : ms_json_is_string(value))
    return ms_json_ref(value);
  return ms_json_print_value(value);
}

static struct ms_json restore_details(struct ms_json details)
{
  static const char *const payloads[] = {"input", "output", "parameters"};
  struct ms_json out = ms_json_ref(details);
  for (size_t i = 0; i < 3; i++) {
    struct ms_json value = ms_json_getc(details, payloads[i]);
    if (!ms_json_is_none(value))
      ms_json_setc(&out, payloads[i], as_text(value, true));
  }
  struct ms_json cause = ms_json_getc(details, "cause");
  if (!ms_json_is_none(cause))
    ms_json_setc(&out, "cause", as_text(cause, false));
  struct ms_json variables = ms_json_getc(details, "assignedVariables");
  if (ms_json_is_object(variables)) {
    struct ms_json texts = ms_json_object(0);
    for (size_t i = 0; i < ms_json_count(variables); i++)
      ms_json_set(&texts, ms_json_key(variables, i), as_text(ms_json_member(variables, i), true));
    ms_json_setc(&out, "assignedVariables", texts);
  }
  return out;
}

static struct ms_json restore_history(struct ms_json recorded)
{
  struct ms_json events = ms_json_array(0), history = ms_json_object(1);
  for (size_t i = 0; i < ms_json_count(recorded); i++) {
    struct ms_json event = ms_json_ref(ms_json_at(recorded, i));
    for (size_t m = 0; m < ms_json_count(event); m++)
      if (ms_str_has_suffix(ms_json_key(event, m), "EventDetails"))
        ms_json_set(&event, ms_json_key(event, m), restore_details(ms_json_member(event, m)));
    ms_json_setc(&event, "timestamp", ms_json_double(AT_SECONDS));
    ms_json_push(&events, event);
  }
  ms_json_setc(&history, "events", events);
  return history;
}

/* ---- one case ---- */

/* Some value of the history is different each time. */
static bool varies(struct ms_json recorded)
{
  struct ms_json wildcards = ms_json_getc(recorded, "wildcards");
  for (size_t i = 0; i < ms_json_count(wildcards); i++)
    if (ms_str_has_prefix(ms_json_key(wildcards, i), "/history/"))
      return true;
  return ms_json_is_true(ms_json_getc(recorded, "dynamic_time"));
}

/* Nine recordings lost the order and the ids of their events. */
static bool is_unordered(struct ms_json recorded)
{
  struct ms_json expect = ms_json_getc(recorded, "expect");
  return ms_json_is_true(ms_json_getc(expect, "unordered_history")) ||
         ms_json_is_true(ms_json_getc(recorded, "unordered_history"));
}

static struct ms_json definition_text(struct ms_json recorded)
{
  struct ms_json text = ms_json_getc(recorded, "definition_text");
  return ms_json_is_string(text) ? ms_json_ref(text)
                                 : ms_json_print_value(ms_json_getc(recorded, "definition"));
}

static void take_text(mstep_str text, void *user)
{
  *(const char **)user = mt_format("%.*s", (int)text.len, text.data);
}

static const char *replay(struct host *host, struct ms_json recorded, struct ms_json definition)
{
  struct ms_json history = restore_history(ms_json_getc(ms_json_getc(recorded, "expect"), "history"));
  struct ms_json text = ms_json_print_value(history);
  const char *result = NULL;
  mstep_replay request = {
      .version = MSTEP_REPLAY_VERSION,
      .definition = {ms_json_text(definition).data, ms_json_text(definition).len},
      .history = {ms_json_text(text).data, ms_json_text(text).len},
      .execution_arn = mt_format("arn:aws:states:us-east-1:000000000000:execution:%.*s:%.*s",
                                 MS_STR_ARG(text_of(recorded, "stateMachineName")),
                                 MS_STR_ARG(text_of(recorded, "executionName")))};
  int err = mstep_history_replay(host->engine, &request, NULL, take_text, &result);
  ms_json_unref(text);
  ms_json_unref(history);
  return err != 0 ? mt_format("%s", mstep_last_error()) : result;
}

static bool says(const char *result, const char *word)
{
  return strstr(result, mt_format("\"result\":\"%s\"", word)) != NULL;
}

/* ---- all of them ---- */

struct tally {
  struct host host;
  const char *exceptions;
  size_t same, incomplete, varying, excused, failed;
};

static void check_case(struct tally *tally, struct ms_json recorded)
{
  struct ms_json history = ms_json_getc(ms_json_getc(recorded, "expect"), "history");
  if (!ms_json_is_array(history) || !ms_str_is(text_of(recorded, "type"), "STANDARD") ||
      is_unordered(recorded))
    return;
  struct ms_json definition = definition_text(recorded);
  const char *result = replay(&tally->host, recorded, definition);
  if (says(result, "DIFFERENT") && varies(recorded)) {
    tally->varying++;
    ms_json_unref(definition);
    return;
  }
  char *name = mt_format("%.*s", MS_STR_ARG(text_of(recorded, "name")));
  bool is_fine = says(result, "SAME") || says(result, "INCOMPLETE");
  bool is_excused = strstr(tally->exceptions, mt_format("\n%s:", name)) != NULL;
  tally->same += says(result, "SAME");
  tally->incomplete += says(result, "INCOMPLETE");
  tally->excused += is_excused;
  if (is_fine == is_excused) {
    tally->failed++;
    mt_report("%s: %.900s", name, result);
  }
  ms_json_unref(definition);
}

static void as_aws(mstep_options *options)
{
  options->is_aws_compat = 1;
}

MT_TEST(replay__recorded_histories)
{
  const char *corpus = mt_corpus();
  if (corpus == NULL)
    mt_skip("no recorded histories here");
  struct tally tally = {.exceptions = mt_format(
                            "\n%s", mt_read_file("tests/conformance/replay-exceptions.txt", NULL))};
  const char *only = getenv("MT_CASE");
  host_open(&tally.host, as_aws);
  char *folder = mt_format("%s/asl/cases", corpus);
  DIR *dir = opendir(folder);
  for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
    if (strstr(entry->d_name, ".json") == NULL || (only != NULL && strstr(entry->d_name, only) == NULL))
      continue;
    size_t len;
    char *text = mt_read_file(mt_format("%s/%s", folder, entry->d_name), &len);
    struct ms_json recorded;
    if (ms_json_parse(&recorded, (struct ms_str){text, len}, NULL, NULL) != 0)
      mt_fail("%s does not parse", entry->d_name);
    check_case(&tally, recorded);
    ms_json_unref(recorded);
  }
  if (dir != NULL)
    closedir(dir);
  host_close(&tally.host);
  mt_note("%zu the same, %zu incomplete, %zu vary, %zu excused, %zu failed", tally.same,
          tally.incomplete, tally.varying, tally.excused, tally.failed);
  mt_ok(tally.same > 0);
  mt_eq_int((long long)tally.failed, 0);
}
