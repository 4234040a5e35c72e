/*
 * Fuzzes JSONPath, payload templates and intrinsic functions. The first line of an input is the
 * text of a field (or a whole template), the rest the document it is evaluated on.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/utf8.h"
#include "query/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ms_json context_of(struct ms_query_env *env)
{
  return env->input;
}

static struct ms_json variable_of(struct ms_query_env *env, struct ms_str name)
{
  return ms_str_is(name, "v") ? env->input : MS_JSON_VALUE_NONE;
}

static void ignore_problem(const char *code, struct ms_str pointer, struct ms_str message,
                           struct ms_str hint, void *user)
{
  (void)code;
  (void)pointer;
  (void)hint;
  *(size_t *)user += ms_utf8_check(message) == message.len ? 1 : 0;
}

static void ignore_name(struct ms_str name, void *user)
{
  *(size_t *)user += name.len;
}

static void must(bool holds)
{
  if (!holds) {
    abort();
  }
}

/* What every evaluation promises: a value, or a failure with both its parts. */
static void check_outcome(int err, struct ms_json value, const struct ms_failure *failure)
{
  if (err == 0) {
    must(!ms_json_is_none(value));
  } else {
    must(err == MS_FAILED && ms_json_is_string(failure->error) &&
         ms_json_is_string(failure->cause));
    struct ms_str cause = ms_json_text(failure->cause);
    must(ms_utf8_check(cause) == cause.len);
  }
}

static void check_put(const struct ms_query *query, struct ms_query_env *env)
{
  struct ms_failure failure = MS_FAILURE_INIT;
  struct ms_json put;
  int err = ms_jsonpath_put(&put, query, env->input, ms_json_int(7), &failure);
  if (err != MSTEP_EINVALID) {
    check_outcome(err, put, &failure);
  }
  if (err == 0) {
    /* What was put is found there. */
    struct ms_query_env after = *env;
    struct ms_json found = MS_JSON_VALUE_NONE;
    after.input = put;
    must(ms_jsonpath_lookup(&found, query, &after) == 0 && ms_json_equal(found, ms_json_int(7)));
    ms_json_unref(found);
  }
  ms_json_unref(put);
  ms_failure_deinit(&failure);
}

static void run(enum ms_query_kind kind, struct ms_json text, struct ms_query_env *env)
{
  struct ms_query_source source = {text, kind, 0, MS_STR("F"), MS_STR("/F")};
  const struct ms_query_lang *lang = ms_query_lang_find(MS_STR("JSONPath"));
  struct ms_query *query;
  size_t count = 0;
  int err = lang->compile(&query, lang, &source, ignore_problem, &count);
  if (err != 0) {
    must(query == NULL && (err == MSTEP_ENOMEM || (err == MSTEP_EDEFINITION && count > 0)));
    return;
  }
  struct ms_failure failure = MS_FAILURE_INIT;
  struct ms_json value;
  err = ms_query_eval(&value, query, env, &failure);
  check_outcome(err, value, &failure);
  ms_json_unref(value);
  ms_failure_deinit(&failure);
  ms_query_references(query, ignore_name, &count);
  if (kind == MS_QUERY_REFERENCE_PATH) {
    check_put(query, env);
  }
  ms_query_free(query);
}

/* The text as the member of a template, or as a template when it is a JSON object. */
static void run_template(struct ms_json text, struct ms_query_env *env)
{
  struct ms_json template = MS_JSON_VALUE_NONE;
  if (ms_json_parse(&template, ms_json_text(text), NULL, NULL) != 0) {
    template = ms_json_object(1);
    must(ms_json_setc(&template, "v.$", ms_json_ref(text)) == 0);
  }
  run(MS_QUERY_TEMPLATE, template, env);
  ms_json_unref(template);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const struct ms_query_limits limits = {20000, 0, 0};
  struct ms_str all = {(const char *)data, size};
  size_t line = ms_str_find(all, 0, '\n');
  struct ms_str field = ms_str_sub(all, 0, line);
  struct ms_random random;
  if (size > 65536 || ms_utf8_check(field) != field.len) {
    return 0;
  }
  ms_random_seed(&random, 1);
  struct ms_query_env env = {
      .random = &random, .context = context_of, .variable = variable_of, .limits = &limits};
  struct ms_str document = ms_str_sub(all, line + 1, size);
  if (ms_json_parse(&env.input, document, NULL, NULL) != 0) {
    must(ms_json_parse(
             &env.input,
             MS_STR("{\"a\":[{\"b\":1,\"c\":\"x\"},{\"b\":\"1\"},[2,null]],\"d\":{\"e\":1.5}}"),
             NULL, NULL) == 0);
  }
  struct ms_json text = ms_json_string(field);
  run(MS_QUERY_PATH, text, &env);
  run(MS_QUERY_REFERENCE_PATH, text, &env);
  run(MS_QUERY_PATH_OR_CALL, text, &env);
  run_template(text, &env);
  ms_json_unref(text);
  ms_json_unref(env.input);
  return 0;
}
