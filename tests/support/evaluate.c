/* See evaluate.h. */
#include "evaluate.h"

#include <string.h>

#include "base/error.h"
#include "mt.h"

static struct ms_json context_of(struct ms_query_env *env)
{
  return ((struct evaluation *)env->user)->context;
}

static struct ms_json variable_of(struct ms_query_env *env, struct ms_str name)
{
  return ms_json_get(((struct evaluation *)env->user)->variables, name);
}

static void note_problem(const char *code, struct ms_str pointer, struct ms_str message,
                         struct ms_str hint, void *user)
{
  struct evaluation *e = user;
  (void)hint;
  ms_buf_printf(&e->problems, "%s at %.*s: %.*s\n", code, MS_STR_ARG(pointer), MS_STR_ARG(message));
}

static int parse_text(struct ms_json *out, const char *text)
{
  return ms_json_parse(out, ms_str_c(text == NULL ? "{}" : text), NULL, NULL);
}

int evaluation_init(struct evaluation *e, const char *input, const char *context,
                    const char *variables)
{
  memset(e, 0, sizeof *e);
  ms_buf_init(&e->problems, MS_BUF_MAX_DEFAULT);
  ms_random_seed(&e->random, 1);
  e->env.random = &e->random;
  e->env.context = context_of;
  e->env.variable = variable_of;
  e->env.user = e;
  int err = parse_text(&e->env.input, input);
  err = err != 0 ? err : parse_text(&e->context, context);
  err = err != 0 ? err : parse_text(&e->variables, variables);
  if (err != 0) {
    evaluation_deinit(e);
  }
  return err;
}

void evaluation_deinit(struct evaluation *e)
{
  ms_json_unref(e->env.input);
  ms_json_unref(e->context);
  ms_json_unref(e->variables);
  ms_failure_deinit(&e->failure);
  ms_buf_deinit(&e->problems);
}

int evaluation_compile(struct ms_query **out, struct evaluation *e, enum ms_query_kind kind,
                       const char *field, struct ms_json value)
{
  extern const struct ms_query_lang ms_query_jsonpath;
  struct ms_query_source source = {value, kind, 0, ms_str_c(field), MS_STR("/F")};
  ms_buf_reset(&e->problems);
  return ms_query_jsonpath.compile(out, &ms_query_jsonpath, &source, note_problem, e);
}

int evaluate(struct ms_json *out, struct evaluation *e, enum ms_query_kind kind, const char *field,
             struct ms_json value)
{
  struct ms_query *query = NULL;
  *out = MS_JSON_VALUE_NONE;
  ms_failure_deinit(&e->failure);
  int err = evaluation_compile(&query, e, kind, field, value);
  if (err == 0) {
    err = ms_query_eval(out, query, &e->env, &e->failure);
  }
  ms_query_free(query);
  return err;
}

static const char *answer_text(struct ms_json value)
{
  struct ms_buf text;
  ms_buf_init(&text, MS_BUF_MAX_DEFAULT);
  ms_json_print(&text, value);
  return mt_keep(ms_buf_take(&text, NULL));
}

static bool is_answer(int err, struct ms_json value, struct ms_json cause, const char *answer)
{
  if (answer[0] == '?') {
    return err == MSTEP_EDEFINITION;
  }
  if (answer[0] == '!') {
    return err == MS_FAILED && ms_str_has_suffix(ms_json_text(cause), answer + 1);
  }
  struct ms_json wanted;
  mt_eq_int(ms_json_parse(&wanted, ms_str_c(answer), NULL, NULL), 0);
  bool is_same = err == 0 && ms_json_identical(value, wanted);
  ms_json_unref(wanted);
  return is_same;
}

static void check_row(enum ms_query_kind kind, const struct evaluation_row *row)
{
  struct evaluation e;
  struct ms_json text = ms_json_cstring(row->text);
  struct ms_json value;
  mt_eq_int(evaluation_init(&e, row->input, NULL, NULL), 0);
  if (kind == MS_QUERY_TEMPLATE) {
    struct ms_json template = ms_json_object(1);
    mt_eq_int(ms_json_setc(&template, "v.$", text), 0);
    text = template;
  }
  int err = evaluate(&value, &e, kind, "InputPath", text);
  struct ms_json result = kind == MS_QUERY_TEMPLATE ? ms_json_getc(value, "v") : value;
  if (!is_answer(err, result, e.failure.cause, row->answer)) {
    mt_report("%s on %s\n  is     %s (%d) %s\n  not    %s", row->text,
              row->input == NULL ? "{}" : row->input,
              err == 0 ? answer_text(result) : answer_text(e.failure.cause), err,
              e.problems.len > 0 ? e.problems.data : "", row->answer);
  }
  ms_json_unref(text);
  ms_json_unref(value);
  evaluation_deinit(&e);
}

void evaluation_check(enum ms_query_kind kind, const struct evaluation_row *rows, size_t count)
{
  mt_ok(count > 0);
  for (size_t i = 0; i < count; i++) {
    mt_leak_begin();
    check_row(kind, &rows[i]);
    mt_leak_end();
  }
}
