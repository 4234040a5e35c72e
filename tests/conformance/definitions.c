/*
 * Definitions with a known verdict: what AWS took must compile, what it refused must be refused with its
 * words at its place; what linters and samples say is checked too. Also the definitions of all recorded
 * executions, and the variable references that AWS lists. What is expected to differ stands in
 * definitions-exceptions.txt, one `name: reason` a line; an entry that is not needed is a failure too.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asl/asl.h"
#include "mstep/error.h"
#include "mt.h"
#include "states/states.h"

#define EXCEPTIONS "tests/conformance/definitions-exceptions.txt"
#define AWS_PREFIX "Invalid State Machine Definition: "

/* What the compiler says to one definition. */
struct verdict {
  struct ms_diagnostics diagnostics;
  struct ms_machine *machine;
  struct ms_buf text;    /* the definition */
  struct ms_buf message; /* AWS's form of the errors */
};

static void verdict_init(struct verdict *v, struct ms_str text, bool is_express)
{
  struct ms_asl_options options = {.types = ms_states_all, .is_express = is_express};
  ms_buf_init(&v->message, MS_BUF_MAX_DEFAULT);
  mt_eq_int(ms_diagnostics_init(&v->diagnostics, 100), 0);
  int err = ms_asl_compile(&v->machine, text, &options, &v->diagnostics);
  mt_ok(err == 0 || err == MSTEP_EDEFINITION);
  if (v->diagnostics.error_count > 0) {
    ms_diagnostics_aws_message(&v->message, &v->diagnostics);
  }
}

static void verdict_deinit(struct verdict *v)
{
  ms_machine_unref(v->machine);
  ms_diagnostics_deinit(&v->diagnostics);
  ms_buf_deinit(&v->message);
  ms_buf_deinit(&v->text);
}

/* Some definitions hold a place for the ARN of an activity that was made before. */
static void fill_places(struct ms_buf *text)
{
  static const char place[] = "${0.activityArn}";
  char *at = text->data == NULL ? NULL : strstr(text->data, place);
  if (at != NULL) {
    const char *filled = mt_format("%.*s%s%s", (int)(at - text->data), text->data,
                                   "arn:aws:states:us-east-1:000000000000:activity:a",
                                   at + sizeof place - 1);
    ms_buf_reset(text);
    ms_buf_cstr(text, filled);
  }
}

/* The text as recorded where it is, else the definition written anew. */
static void verdict_of(struct verdict *v, struct ms_json recorded)
{
  struct ms_json text = ms_json_getc(recorded, "text");
  ms_buf_init(&v->text, MS_BUF_MAX_DEFAULT);
  if (ms_json_is_string(text)) {
    ms_buf_str(&v->text, ms_json_text(text));
  } else {
    ms_json_print(&v->text, ms_json_getc(recorded, "definition"));
  }
  fill_places(&v->text);
  bool is_express = ms_str_is(ms_json_text(ms_json_getc(recorded, "type")), "EXPRESS");
  verdict_init(v, ms_buf_view(&v->text), is_express);
}

/* ---- exceptions ---- */

struct exceptions {
  char *text;
};

static bool is_excepted(const struct exceptions *exceptions, const char *name)
{
  size_t len = strlen(name);
  for (const char *line = exceptions->text; line != NULL && *line != '\0';) {
    if (strncmp(line, name, len) == 0 && line[len] == ':') {
      return true;
    }
    line = strchr(line, '\n');
    line = line == NULL ? NULL : line + 1;
  }
  return false;
}

/* Reports unless the case is expected to differ; reports an exception that is not needed. */
static bool judge(const struct exceptions *exceptions, const char *name, bool is_right)
{
  bool is_expected = is_excepted(exceptions, name);
  if (is_right && is_expected) {
    mt_report("%s: listed in %s, but is right", name, EXCEPTIONS);
  }
  return is_right || is_expected;
}

/* ---- files ---- */

typedef void case_cb(const char *name, struct ms_json recorded, const struct exceptions *exceptions);

static int by_name(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Calls back for each file of the folder, in order of names. Returns how many there were. */
static size_t each_case(const char *folder, const char *prefix, case_cb *cb)
{
  const char *corpus = mt_corpus();
  if (corpus == NULL) {
    mt_skip("no conformance corpus: set MSTEP_CORPUS");
  }
  const char *path = mt_format("%s/%s", corpus, folder);
  struct dirent **entries;
  int count = scandir(path, &entries, NULL, NULL);
  mt_ok(count >= 0);
  char **names = malloc(((size_t)count + 1) * sizeof *names);
  size_t used = 0;
  for (int i = 0; i < count; i++) {
    const char *dot = strrchr(entries[i]->d_name, '.');
    if (dot != NULL && strcmp(dot, ".json") == 0 &&
        strncmp(entries[i]->d_name, prefix, strlen(prefix)) == 0) {
      names[used++] = mt_format("%.*s", (int)(dot - entries[i]->d_name), entries[i]->d_name);
    }
    free(entries[i]);
  }
  free(entries);
  qsort(names, used, sizeof *names, by_name);
  struct exceptions exceptions = {mt_read_file(EXCEPTIONS, NULL)};
  for (size_t i = 0; i < used; i++) {
    size_t len;
    char *text = mt_read_file(mt_format("%s/%s.json", path, names[i]), &len);
    struct ms_json recorded;
    mt_eq_int(ms_json_parse(&recorded, (struct ms_str){text, len}, NULL, NULL), 0);
    cb(names[i], recorded, &exceptions);
    ms_json_unref(recorded);
  }
  free(names);
  return used;
}

/* ---- valid ---- */

static void check_valid(const char *name, struct ms_json recorded, const struct exceptions *exceptions)
{
  struct verdict v;
  verdict_of(&v, recorded);
  bool is_right = v.diagnostics.error_count == 0;
  if (!judge(exceptions, name, is_right)) {
    mt_report("%s (%s): is refused: %s", name,
              mt_format("%.*s", MS_STR_ARG(ms_json_text(ms_json_getc(recorded, "kind")))),
              v.message.data);
  }
  verdict_deinit(&v);
}

MT_TEST(definitions__valid_ones_compile)
{
  size_t count = each_case("definitions/valid", "", check_valid);
  mt_note("%zu definitions", count);
  mt_ok(count > 700);
}

MT_TEST(definitions__of_recorded_executions_compile)
{
  size_t count = each_case("asl/cases", "", check_valid);
  mt_note("%zu definitions", count);
  mt_ok(count > 1100);
}

/* ---- invalid ---- */

static bool is_recorded_diagnostic(const struct ms_diagnostic *actual, struct ms_json recorded)
{
  struct ms_str message = ms_json_text(ms_json_getc(recorded, "message"));
  struct ms_str location = ms_json_text(ms_json_getc(recorded, "location"));
  /* Places in text that is not JSON are part of AWS's message too. */
  const char *full = actual->pointer.len > 0 && actual->pointer.data[0] == '['
                         ? mt_format("%.*s\n at %.*s", MS_STR_ARG(actual->message),
                                     MS_STR_ARG(actual->pointer))
                         : mt_format("%.*s", MS_STR_ARG(actual->message));
  return ms_str_is(ms_json_text(ms_json_getc(recorded, "code")), actual->code) &&
         ms_str_is(message, full) && ms_str_eq(location, actual->pointer);
}

/* AWS's diagnostics one by one, or its message as a whole; true where neither was recorded. */
static bool has_recorded_words(const struct verdict *v, struct ms_json recorded)
{
  struct ms_json diagnostics = ms_json_getc(recorded, "diagnostics");
  struct ms_str reason = ms_json_text(ms_json_getc(recorded, "reason"));
  if (ms_json_is_array(diagnostics)) {
    bool is_same = ms_json_count(diagnostics) == v->diagnostics.count;
    for (size_t i = 0; is_same && i < v->diagnostics.count; i++) {
      is_same = is_recorded_diagnostic(&v->diagnostics.items[i], ms_json_at(diagnostics, i));
    }
    return is_same;
  }
  if (ms_str_has_prefix(reason, AWS_PREFIX)) {
    return ms_str_eq(reason, ms_buf_view(&v->message));
  }
  return true;
}

static void check_invalid(const char *name, struct ms_json recorded, const struct exceptions *exceptions)
{
  struct verdict v;
  verdict_of(&v, recorded);
  bool is_refused = v.diagnostics.error_count > 0;
  bool is_aws = ms_str_is(ms_json_text(ms_json_getc(recorded, "kind")), "aws");
  bool is_right = is_refused && (!is_aws || has_recorded_words(&v, recorded));
  if (!judge(exceptions, name, is_right)) {
    mt_report("%s: %s\n  recorded: %.*s\n  ours:     %s", name,
              is_refused ? "is refused with other words" : "is taken",
              MS_STR_ARG(ms_json_text(ms_json_getc(recorded, "reason"))),
              v.message.data == NULL ? "" : v.message.data);
  }
  verdict_deinit(&v);
}

MT_TEST(definitions__invalid_ones_are_refused)
{
  size_t count = each_case("definitions/invalid", "", check_invalid);
  mt_note("%zu definitions", count);
  mt_ok(count > 200);
}

/* ---- variable references ---- */

static void check_references(const char *name, struct ms_json recorded,
                             const struct exceptions *exceptions)
{
  struct ms_json steps = ms_json_getc(recorded, "steps");
  struct ms_json create = ms_json_getc(ms_json_at(steps, 0), "params");
  struct ms_json expected = ms_json_getc(ms_json_getc(ms_json_at(steps, 1), "expect"),
                                         "variableReferences");
  struct verdict v;
  ms_buf_init(&v.text, MS_BUF_MAX_DEFAULT);
  ms_buf_str(&v.text, ms_json_text(ms_json_getc(create, "definition")));
  verdict_init(&v, ms_buf_view(&v.text), false);
  struct ms_json actual = v.machine == NULL ? MS_JSON_VALUE_NONE
                                            : ms_asl_variable_references(v.machine);
  /* AWS leaves the member out when there is nothing to list. */
  bool is_right = ms_json_is_none(expected)
                      ? ms_json_is_object(actual) && ms_json_count(actual) == 0
                      : ms_json_equal(actual, expected);
  if (!judge(exceptions, name, is_right)) {
    struct ms_buf text;
    ms_buf_init(&text, MS_BUF_MAX_DEFAULT);
    ms_json_print(&text, expected);
    ms_buf_cstr(&text, "\n  ours:     ");
    ms_json_print(&text, actual);
    mt_report("%s\n  recorded: %s", name, text.data);
    ms_buf_deinit(&text);
  }
  ms_json_unref(actual);
  verdict_deinit(&v);
}

MT_TEST(definitions__variable_references_as_recorded)
{
  size_t count = each_case("asl/api", "api__sfn_api_variable_references", check_references);
  mt_note("%zu definitions", count);
  mt_ok(count == 20);
}
