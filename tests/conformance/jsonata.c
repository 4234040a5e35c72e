/*
 * The JSONata suites of the corpus: the language's own cases, the pitfalls (where implementations go
 * wrong most often; AWS's answer where the releases differ), the documentation's examples. Where this
 * engine answers otherwise on purpose, jsonata-exceptions.txt says why; a row there that is not needed
 * is a failure too.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "mt.h"
#include "query/jsonata/jsonata.h"

#define ROWS_MAX 64
#define FILES_MAX 256
#define EXCEPTIONS "tests/conformance/jsonata-exceptions.txt"

struct exception {
  const char *id;
  bool is_used;
};

static struct exception exceptions[ROWS_MAX];
static size_t exception_count;
static size_t passed;
static size_t failed;
static size_t excused;

/* Rows are: id, tab, reason. */
static void load_exceptions(void)
{
  char *line = mt_read_file(EXCEPTIONS, NULL);
  while (line != NULL && *line != '\0') {
    char *next = strchr(line, '\n');
    if (next != NULL) {
      *next++ = '\0';
    }
    char *reason = strchr(line, '\t');
    if (line[0] != '#' && line[0] != '\0') {
      mt_ok(reason != NULL && reason[1] != '\0' && exception_count < ROWS_MAX);
      *reason = '\0';
      exceptions[exception_count++] = (struct exception){line, false};
    }
    line = next;
  }
}

static struct exception *find_exception(struct ms_str id)
{
  for (size_t i = 0; i < exception_count; i++) {
    if (ms_str_is(id, exceptions[i].id)) {
      return &exceptions[i];
    }
  }
  return NULL;
}

/* The UTF-16 unit of an escape `\\uXXXX` at `at`; -1 when there is none. */
static long unit_at(const char *at)
{
  char hex[5] = {0};
  if (at[0] != '\\' || at[1] != 'u') {
    return -1;
  }
  memcpy(hex, at + 2, strnlen(at + 2, 4));
  return strtol(hex, NULL, 16);
}

/* A lone surrogate cannot be read from JSON here: U+FFFD stands for it. */
static void replace_surrogates(char *text)
{
  for (char *at = strchr(text, '\\'); at != NULL; at = strchr(at, '\\')) {
    long unit = unit_at(at);
    if (unit >= 0xD800 && unit <= 0xDBFF) {
      long low = unit_at(at + 6);
      if (low >= 0xDC00 && low <= 0xDFFF) {
        at += 12;
        continue;
      }
    }
    if (unit >= 0xD800 && unit <= 0xDFFF) {
      memcpy(at, "\\uFFFD", 6);
    }
    at += 2;
  }
}

static struct ms_json load(const char *name)
{
  size_t len;
  struct ms_json value;
  char *text = mt_read_file(mt_format("%s/jsonata/%s", mt_corpus(), name), &len);
  replace_surrogates(text);
  int err = ms_json_parse(&value, (struct ms_str){text, len}, NULL, NULL);
  if (err != 0) {
    mt_fail("%s: %s", name, ms_error_detail());
  }
  return value;
}

/* ---- one case ---- */

struct answer {
  int code;              /* 0, MS_FAILED */
  struct ms_json result; /* NONE = undefined */
  struct ms_jsonata_error error;
};

static struct ms_json find_binding(void *user, struct ms_str name)
{
  return ms_json_get(*(struct ms_json *)user, name);
}

static uint64_t number_of(struct ms_json object, const char *key, uint64_t otherwise)
{
  struct ms_json value = ms_json_getc(object, key);
  return ms_json_is_none(value) ? otherwise : (uint64_t)ms_json_number(value);
}

static struct answer evaluate(struct ms_json test, struct ms_json data, bool is_new)
{
  struct answer answer = {0, MS_JSON_VALUE_NONE, MS_JSONATA_ERROR_INIT};
  struct ms_jsonata *program;
  struct ms_arena *arena = ms_arena_new(0);
  struct ms_random random;
  struct ms_json bindings = ms_json_getc(test, "bindings");
  ms_random_seed(&random, 1);
  answer.code = ms_jsonata_compile(&program, ms_json_text(ms_json_getc(test, "expr")),
                                   is_new ? MS_JSONATA_2_2 : MS_JSONATA_2_0, &answer.error);
  if (answer.code == 0) {
    /* The suite's own limits; those of AWS would stop some cases. */
    struct ms_query_limits limits = {5000000, (uint32_t)number_of(test, "depth", 500),
                                     (size_t)512 << 20};
    struct ms_jsonata_env env = {
        .arena = arena,
        .random = &random,
        .now_ms = 1700000000000,
        .input = data,
        .limits = &limits,
        .max_value_bytes = (size_t)512 << 20,
        .variable = find_binding,
        .user = &bindings,
    };
    answer.code = ms_jsonata_eval(&answer.result, program, &env, &answer.error);
    ms_jsonata_free(program);
  }
  ms_arena_free(arena);
  return answer;
}

static bool same_unordered(struct ms_json a, struct ms_json b)
{
  size_t count = ms_json_count(a);
  if (!ms_json_is_array(a) || !ms_json_is_array(b) || count != ms_json_count(b)) {
    return ms_json_equal(a, b);
  }
  bool *taken = calloc(count + 1, sizeof *taken);
  size_t found = 0;
  for (size_t i = 0; i < count; i++) {
    for (size_t j = 0; j < count; j++) {
      if (!taken[j] && ms_json_equal(ms_json_at(a, i), ms_json_at(b, j))) {
        taken[j] = true;
        found++;
        break;
      }
    }
  }
  free(taken);
  return found == count;
}

/* The limits have no code here; the suite gives them one. */
static bool same_code(const struct ms_jsonata_error *error, struct ms_str code)
{
  return ms_str_is(code, "U1001") ? error->code[0] == '\0' : ms_str_is(code, error->code);
}

static bool same_error(const struct answer *answer, struct ms_json wanted)
{
  if (answer->code != MS_FAILED) {
    return false;
  }
  if (ms_json_is_string(wanted)) {
    return same_code(&answer->error, ms_json_text(wanted));
  }
  struct ms_json message = ms_json_getc(wanted, "message");
  struct ms_json token = ms_json_getc(wanted, "token");
  struct ms_json position = ms_json_getc(wanted, "position");
  return same_code(&answer->error, ms_json_text(ms_json_getc(wanted, "code"))) &&
         (ms_json_is_none(message) || ms_json_equal(message, answer->error.message)) &&
         (ms_json_is_none(token) || ms_json_equal(token, answer->error.token)) &&
         (ms_json_is_none(position) ||
          (answer->error.has_position &&
           ms_json_number(position) == (double)answer->error.position));
}

/* The corpus writes functions in results as text. */
static bool has_function(struct ms_json wanted)
{
  struct ms_buf text;
  ms_buf_init(&text, (size_t)64 << 20);
  ms_json_print(&text, wanted);
  ms_buf_char(&text, '\0');
  bool found = ms_json_is_true(ms_json_getc(wanted, "function")) ||
               strstr(text.data, "\"<function>\"") != NULL;
  ms_buf_deinit(&text);
  return found;
}

static bool is_right(struct ms_json test, struct ms_json wanted, const struct answer *answer)
{
  struct ms_json error = ms_json_getc(wanted, "error");
  if (!ms_json_is_none(error)) {
    return same_error(answer, error);
  }
  if (has_function(wanted)) {
    return answer->code == MS_FAILED && answer->error.is_result_type; /* no JSON, as on AWS */
  }
  if (answer->code != 0) {
    return false;
  }
  struct ms_json special = ms_json_getc(wanted, "special");
  if (!ms_json_is_none(special) && ms_json_is_null(ms_json_getc(wanted, "result"))) {
    return ms_json_equal(special, answer->result); /* "Infinity", as on AWS */
  }
  if (ms_json_is_true(ms_json_getc(wanted, "undefinedResult")) ||
      ms_json_is_true(ms_json_getc(wanted, "undefined"))) {
    return ms_json_is_none(answer->result);
  }
  struct ms_json result = ms_json_getc(wanted, "result");
  return ms_json_is_true(ms_json_getc(test, "unordered")) ? same_unordered(result, answer->result)
                                                          : ms_json_equal(result, answer->result);
}

static char *text_of(struct ms_json value)
{
  struct ms_buf text;
  ms_buf_init(&text, 1 << 20);
  ms_json_print(&text, value);
  char *copy = mt_format("%.*s", (int)(text.len > 400 ? 400 : text.len),
                         text.data == NULL ? "undefined" : text.data);
  ms_buf_deinit(&text);
  return copy;
}

static const char *describe(const struct answer *answer)
{
  if (answer->code != MS_FAILED) {
    return answer->code == 0 ? text_of(answer->result) : "out of memory";
  }
  return mt_format("%s at %d token %s: %s", answer->error.code,
                   answer->error.has_position ? (int)answer->error.position : -1,
                   text_of(answer->error.token), text_of(answer->error.message));
}

static void run_case(struct ms_json test, struct ms_json data)
{
  struct ms_str id = ms_json_text(ms_json_getc(test, "id"));
  struct ms_json wanted = test;
  /* The documentation is that of the newest release. */
  bool is_new =
      ms_json_is_true(ms_json_getc(test, "newAfter206")) || ms_str_has_prefix(id, "docs/");
  struct ms_json older = ms_json_getc(test, "jsonata206");
  struct ms_json aws = ms_json_getc(test, "aws");
  if (ms_json_is_object(older)) {
    wanted = older; /* the pitfalls: AWS answers as 2.0.6 */
  }
  struct answer answer = evaluate(test, data, is_new);
  bool ok = is_right(test, wanted, &answer);
  bool is_refused = !ms_json_is_none(aws) && !ms_json_is_true(ms_json_getc(aws, "allowed"));
  if (ms_str_has_prefix(ms_json_text(ms_json_getc(test, "expr")), "$eval(") ||
      (is_refused && !is_new)) {
    /* $eval: there is no such function. */
    ok = answer.code == MS_FAILED && strcmp(answer.error.code, "T1006") == 0;
  }
  struct exception *exception = find_exception(id);
  if (exception != NULL) {
    exception->is_used = exception->is_used || !ok;
    excused += !ok;
    passed += ok;
  } else if (ok) {
    passed++;
  } else {
    failed++;
    mt_report("%.*s: %s\n  wanted %s\n  got    %s", MS_STR_ARG(id),
              text_of(ms_json_getc(test, "expr")), text_of(wanted), describe(&answer));
  }
  ms_json_unref(answer.result);
  ms_jsonata_error_deinit(&answer.error);
}

static int by_name(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static void run_group(const char *name)
{
  struct ms_json cases = load(mt_format("cases/%s", name));
  for (size_t i = 0; i < ms_json_count(cases); i++) {
    struct ms_json test = ms_json_at(cases, i);
    struct ms_json dataset = ms_json_getc(test, "dataset");
    struct ms_json data = ms_json_ref(ms_json_getc(test, "data"));
    if (ms_json_is_string(dataset)) {
      data = load(mt_format("datasets/%.*s.json", MS_STR_ARG(ms_json_text(dataset))));
    }
    run_case(test, data);
    ms_json_unref(data);
  }
  ms_json_unref(cases);
}

static void begin(void)
{
  if (mt_corpus() == NULL) {
    mt_skip("no conformance corpus: set MSTEP_CORPUS");
  }
  load_exceptions();
}

static void finish(const char *prefix)
{
  mt_note("%zu passed, %zu excused, %zu failed", passed, excused, failed);
  for (size_t i = 0; i < exception_count; i++) {
    bool is_pitfall = strncmp(exceptions[i].id, "pitfalls/", 9) == 0;
    bool is_doc = strncmp(exceptions[i].id, "docs/", 5) == 0;
    const char *kind = is_pitfall ? "pitfalls" : (is_doc ? "docs" : "cases");
    if (strcmp(kind, prefix) == 0 && !exceptions[i].is_used) {
      mt_report("%s: the exception is not needed", exceptions[i].id);
    }
  }
}

MT_TEST(jsonata__language_suite)
{
  begin();
  char *names[FILES_MAX];
  size_t count = 0;
  DIR *dir = opendir(mt_format("%s/jsonata/cases", mt_corpus()));
  mt_ok(dir != NULL);
  for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
    if (strstr(entry->d_name, ".json") != NULL && count < FILES_MAX) {
      names[count++] = mt_format("%s", entry->d_name);
    }
  }
  closedir(dir);
  qsort(names, count, sizeof *names, by_name);
  for (size_t i = 0; i < count; i++) {
    run_group(names[i]);
  }
  finish("cases");
  struct ms_json pitfalls = load("pitfalls.json");
  struct ms_json docs = load("docs-examples.json");
  size_t others = ms_json_count(ms_json_getc(pitfalls, "cases")) + ms_json_count(docs);
  mt_ok(exception_count * 100 < passed + failed + excused + others);
  ms_json_unref(pitfalls);
  ms_json_unref(docs);
}

MT_TEST(jsonata__pitfalls)
{
  begin();
  struct ms_json all = load("pitfalls.json");
  struct ms_json cases = ms_json_getc(all, "cases");
  for (size_t i = 0; i < ms_json_count(cases); i++) {
    run_case(ms_json_at(cases, i), ms_json_getc(all, "data"));
  }
  ms_json_unref(all);
  finish("pitfalls");
}

MT_TEST(jsonata__documentation_examples)
{
  begin();
  struct ms_json cases = load("docs-examples.json");
  for (size_t i = 0; i < ms_json_count(cases); i++) {
    struct ms_json test = ms_json_at(cases, i);
    run_case(test, ms_json_getc(test, "data"));
  }
  ms_json_unref(cases);
  finish("docs");
}
