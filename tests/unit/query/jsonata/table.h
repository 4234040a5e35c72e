/*
 * Tables of JSONata expressions and what they give, shared by the tests beside this file. `wanted` is
 * JSON, "undefined", or "!" and the code of an error ("!T2001"; "!" alone: an error without a code).
 */
#ifndef MS_TESTS_JSONATA_TABLE_H
#define MS_TESTS_JSONATA_TABLE_H

#include <string.h>

#include "base/error.h"
#include "mt.h"
#include "query/jsonata/jsonata.h"

struct row {
  const char *expression;
  const char *wanted;
};

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))
#define NOW_MS 1511265600000 /* 2017-11-21T12:00:00Z */

static inline struct ms_json table_json(const char *text)
{
  struct ms_json value = MS_JSON_VALUE_NONE;
  if (text != NULL && ms_json_parse(&value, ms_str_c(text), NULL, NULL) != 0) {
    mt_fail("not JSON: %s", text);
  }
  return value;
}

struct outcome {
  int code;
  struct ms_json result;
  struct ms_jsonata_error error;
};

static inline struct outcome evaluate_with(const char *expression, struct ms_jsonata_env *env,
                                           enum ms_jsonata_version version)
{
  struct outcome o = {0, MS_JSON_VALUE_NONE, MS_JSONATA_ERROR_INIT};
  struct ms_jsonata *program = NULL;
  struct ms_random random;
  ms_random_seed(&random, 7);
  env->random = &random;
  env->now_ms = NOW_MS;
  o.code = ms_jsonata_compile(&program, ms_str_c(expression), version, &o.error);
  if (o.code == 0) {
    o.code = ms_jsonata_eval(&o.result, program, env, &o.error);
  }
  ms_jsonata_free(program);
  return o;
}

static inline void outcome_deinit(struct outcome *o)
{
  ms_json_unref(o->result);
  ms_jsonata_error_deinit(&o->error);
}

static inline const char *outcome_text(const struct outcome *o)
{
  if (o->code == MS_FAILED) {
    struct ms_str message = ms_json_text(o->error.message);
    return mt_format("!%s (%.*s)", o->error.code, MS_STR_ARG(message));
  }
  if (o->code != 0) {
    return ms_error_text(o->code);
  }
  struct ms_buf text;
  ms_buf_init(&text, 1 << 20);
  ms_json_print(&text, o->result);
  const char *copy = text.len == 0 ? "undefined" : mt_format("%.*s", (int)text.len, text.data);
  ms_buf_deinit(&text);
  return copy;
}

static inline bool outcome_is(const struct outcome *o, const char *wanted)
{
  if (wanted[0] == '!') {
    return o->code == MS_FAILED && strcmp(o->error.code, wanted + 1) == 0;
  }
  return o->code == 0 && strcmp(outcome_text(o), wanted) == 0;
}

static inline void check_rows(const struct row *rows, size_t count, const char *data)
{
  struct ms_json input = table_json(data);
  for (size_t i = 0; i < count; i++) {
    struct ms_query_limits limits = {0, 300, 0};
    struct ms_jsonata_env env = {.arena = ms_arena_new(0), .input = input, .limits = &limits};
    struct outcome o = evaluate_with(rows[i].expression, &env, MS_JSONATA_2_0);
    if (!outcome_is(&o, rows[i].wanted)) {
      mt_report("%s\n  wanted %s\n  got    %s", rows[i].expression, rows[i].wanted,
                outcome_text(&o));
    }
    outcome_deinit(&o);
    ms_arena_free(env.arena);
  }
  ms_json_unref(input);
}

#define CHECK(data, ...)                                                                           \
  do {                                                                                             \
    static const struct row rows[] = {__VA_ARGS__};                                                \
    check_rows(rows, COUNT_OF(rows), (data));                                                      \
  } while (0)

#endif
