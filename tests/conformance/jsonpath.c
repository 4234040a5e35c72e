/*
 * The JSONPath suites of the corpus: every selector on its document, compared with what Jayway and
 * AWS answered. Where this engine answers otherwise on purpose, jsonpath-exceptions.txt says what it
 * answers and why; a row there that is not needed is a failure too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "evaluate.h"
#include "mt.h"

#define ROWS_MAX 256
#define EXCEPTIONS "tests/conformance/jsonpath-exceptions.txt"

struct exception {
  struct ms_json selector;
  const char *answer; /* "reject", "fail" or JSON */
  bool is_used;
};

static struct exception exceptions[ROWS_MAX];
static size_t exception_count;

/* Rows are: selector as JSON, tab, answer, tab, reason. */
static void load_exceptions(void)
{
  char *line = mt_read_file(EXCEPTIONS, NULL);
  while (line != NULL && *line != '\0') {
    char *next = strchr(line, '\n');
    if (next != NULL) {
      *next++ = '\0';
    }
    char *answer = strchr(line, '\t');
    char *reason = answer == NULL ? NULL : strchr(answer + 1, '\t');
    if (line[0] == '"') {
      mt_ok(reason != NULL && reason[1] != '\0' && exception_count < ROWS_MAX);
      *answer++ = '\0';
      *reason = '\0';
      struct exception *row = &exceptions[exception_count++];
      mt_eq_int(ms_json_parse(&row->selector, ms_str_c(line), NULL, NULL), 0);
      row->answer = answer;
    }
    line = next;
  }
}

static struct exception *exception_of(struct ms_json selector)
{
  for (size_t i = 0; i < exception_count; i++) {
    if (ms_json_equal(exceptions[i].selector, selector)) {
      return &exceptions[i];
    }
  }
  return NULL;
}

static struct ms_json load(const char *name)
{
  const char *corpus = mt_corpus();
  if (corpus == NULL) {
    mt_skip("no corpus: set MSTEP_CORPUS");
  }
  size_t len;
  const char *text = mt_read_file(mt_format("%s/jsonpath/%s", corpus, name), &len);
  struct ms_json root;
  mt_eq_int(ms_json_parse(&root, (struct ms_str){text, len}, NULL, NULL), 0);
  return root;
}

static const char *text_of(struct ms_json value)
{
  struct ms_buf text;
  ms_buf_init(&text, MS_BUF_MAX_DEFAULT);
  ms_json_print(&text, value);
  return mt_keep(ms_buf_take(&text, NULL));
}

/* What we answer, as text: "reject", "fail" or the JSON. *value is the caller's. */
static const char *answer_of(struct ms_json *value, struct ms_json selector,
                             struct ms_json document, const char **cause)
{
  struct evaluation e;
  *cause = "";
  mt_eq_int(evaluation_init(&e, NULL, NULL, NULL), 0);
  ms_json_replace(&e.env.input, ms_json_ref(document));
  int err = evaluate(value, &e, MS_QUERY_PATH, "InputPath", selector);
  const char *answer = err == MSTEP_EDEFINITION ? "reject" : "fail";
  if (err == 0) {
    answer = text_of(*value);
  } else if (err == MS_FAILED) {
    struct ms_str text = ms_json_text(e.failure.cause);
    *cause = mt_format("%.*s", MS_STR_ARG(text));
  } else {
    mt_eq_int(err, MSTEP_EDEFINITION);
  }
  evaluation_deinit(&e);
  return answer;
}

static bool same_answer(const char *answer, struct ms_json value, const char *wanted_kind,
                        struct ms_json wanted)
{
  return wanted_kind != NULL ? strcmp(answer, wanted_kind) == 0
                             : !ms_json_is_none(value) && ms_json_equal(value, wanted);
}

/* The part of AWS's text that Jayway words, where it names no Java class. */
static bool is_comparable(const char *message)
{
  return strncmp(message, "No results", 10) == 0 || strncmp(message, "Missing", 7) == 0 ||
         strncmp(message, "Filter:", 7) == 0 || strncmp(message, "The path", 8) == 0;
}

static void check_cause(struct ms_json selector, const char *cause, const char *message)
{
  const char *wanted =
      mt_format("Invalid path '%.*s' : %s", MS_STR_ARG(ms_json_text(selector)), message);
  if (is_comparable(message) && strcmp(cause, wanted) != 0) {
    mt_report("%s: cause\n  is     %s\n  not    %s", text_of(selector), cause, wanted);
  }
}

static void check_case(struct ms_json entry, struct ms_json shared_document, bool with_messages)
{
  struct ms_json selector = ms_json_getc(entry, "selector");
  struct ms_json document = ms_json_getc(entry, "document");
  struct ms_json jayway = ms_json_getc(entry, "jayway");
  struct ms_json value;
  const char *cause;
  if (ms_json_is_none(document)) {
    document = shared_document;
  }
  jayway = ms_json_is_none(jayway) ? entry : jayway;
  const char *kind = !ms_json_is_none(ms_json_getc(jayway, "compileError")) ? "reject"
                     : !ms_json_is_none(ms_json_getc(jayway, "error"))      ? "fail"
                                                                            : NULL;
  const char *answer = answer_of(&value, selector, document, &cause);
  struct exception *exception = exception_of(selector);
  if (same_answer(answer, value, kind, ms_json_getc(jayway, "result"))) {
    if (with_messages && kind != NULL && strcmp(kind, "fail") == 0) {
      struct ms_str message = ms_json_text(ms_json_getc(jayway, "message"));
      check_cause(selector, cause, mt_format("%.*s", MS_STR_ARG(message)));
    }
  } else if (exception == NULL || strcmp(exception->answer, answer) != 0) {
    mt_report("%s on %.300s\n  is     %.300s %s\n  not    %.300s", text_of(selector),
              text_of(document), answer, cause, text_of(jayway));
  } else {
    exception->is_used = true;
  }
  ms_json_unref(value);
}

static void check_all(struct ms_json cases, struct ms_json document, bool with_messages)
{
  size_t count = ms_json_count(cases);
  mt_ok(count > 0);
  for (size_t i = 0; i < count; i++) {
    check_case(ms_json_at(cases, i), document, with_messages);
  }
  mt_note("%zu selectors", count);
}

/* One case, so that a row of exceptions counts as used by any of the suites. */
MT_TEST(jsonpath__answers_as_jayway)
{
  struct ms_json empty = ms_json_object(0);
  struct ms_json probes = load("aws-dialect-probes.json");
  struct ms_json suite = load("jayway-vs-cts.json");
  struct ms_json filters = load("jayway-cts-filters-parenthesised.json");
  load_exceptions();
  check_all(ms_json_getc(probes, "cases"), ms_json_getc(probes, "document"), true);
  check_all(suite, empty, false);
  check_all(filters, empty, false);
  for (size_t i = 0; i < exception_count; i++) {
    if (!exceptions[i].is_used) {
      mt_report(EXCEPTIONS ": not needed: %s", text_of(exceptions[i].selector));
    }
    ms_json_unref(exceptions[i].selector);
  }
  ms_json_unref(empty);
  ms_json_unref(probes);
  ms_json_unref(suite);
  ms_json_unref(filters);
}

static void check_template(struct ms_json template, struct ms_json input, struct ms_json wanted)
{
  struct evaluation e;
  struct ms_json value;
  mt_eq_int(evaluation_init(&e, NULL, NULL, NULL), 0);
  ms_json_replace(&e.env.input, ms_json_ref(input));
  int err = evaluate(&value, &e, MS_QUERY_TEMPLATE, "Parameters", template);
  if (err != 0 || !ms_json_equal(value, wanted)) {
    mt_report("%s\n  is     %s %s\n  not    %s", text_of(template),
              err == 0 ? text_of(value) : "failed", text_of(e.failure.cause), text_of(wanted));
  }
  ms_json_unref(value);
  evaluation_deinit(&e);
}

/* What AWS itself answered: paths of a template's member, and whole Parameters. */
MT_TEST(jsonpath__answers_as_recorded)
{
  struct ms_json cases = load("aws-recorded.json");
  size_t checked = 0;
  for (size_t i = 0; i < ms_json_count(cases); i++) {
    struct ms_json entry = ms_json_at(cases, i);
    struct ms_json path = ms_json_getc(entry, "path");
    struct ms_json states = ms_json_getc(ms_json_getc(entry, "definition"), "States");
    struct ms_json template = ms_json_object(1);
    if (!ms_json_is_none(path)) {
      mt_eq_int(ms_json_setc(&template, "item.$", ms_json_ref(path)), 0);
    } else {
      struct ms_json parameters = ms_json_getc(ms_json_member(states, 0), "Parameters");
      ms_json_replace(&template, ms_json_ref(parameters));
    }
    if (!ms_json_is_none(template)) {
      check_template(template, ms_json_getc(entry, "input"), ms_json_getc(entry, "output"));
      checked++;
    }
    ms_json_unref(template);
  }
  mt_ok(checked >= 14);
  ms_json_unref(cases);
}
