/*
 * Fields of the languages whose expressions stand in `{% %}`: any JSON in which such strings, at any
 * depth, are computed. Finds them, keeps them compiled, puts the results in their places and words the
 * failures as AWS does; what an expression is and does is its language's, a struct ms_expression_type.
 *
 *   const struct ms_query_lang ms_query_x = MS_EXPRESSION_LANG("X", x_compile) with
 *   x_compile = ms_expression_compile(out, lang, &x_type, source, report, user)
 */
#ifndef MS_QUERY_EXPRESSION_H
#define MS_QUERY_EXPRESSION_H

#include "query/query.h"

/* While a field is compiled, and while it is evaluated. */
struct ms_expression_compiler;
struct ms_expression_evaluation;

/* What a language brings. A program is its own compiled form of one expression. */
struct ms_expression_type {
  const char *name;         /* in messages: "JSONata" */
  const char *invalid_code; /* diagnostic of what is no expression: "INVALID_JSONATA_EXPRESSION" */
  /* text: between the delimiters, without blanks at its ends. Problems go to ms_expression_report;
   * *program may be NULL then. MSTEP_ENOMEM or another C error. */
  int (*compile)(void **program, struct ms_expression_compiler *compiler, struct ms_str text);
  /* 0: *out is owned by the caller, NONE when there is no value. MS_FAILED: from ms_expression_fail. */
  int (*eval)(struct ms_json *out, const void *program, struct ms_query_env *env,
              struct ms_expression_evaluation *evaluation);
  void (*free)(void *program); /* NULL is fine */
  void (*references)(const void *program, ms_query_reference_cb cb, void *user);
  struct ms_str (*text)(const void *program);
};

/* ---- for a language's compile ---- */

/* Tells a problem at the expression; hint may be NULL. 0 or MSTEP_ENOMEM. */
int ms_expression_report(struct ms_expression_compiler *compiler, const char *code,
                         struct ms_str message, const char *hint);
/* The row that is compiling, and the field's enum ms_query_allow. */
const struct ms_query_lang *ms_expression_lang(const struct ms_expression_compiler *compiler);
unsigned ms_expression_allow(const struct ms_expression_compiler *compiler);

/* ---- for a language's eval ---- */

/*
 * Fills the failure: "The X expression 'TEXT' specified for the field 'FIELD' " and what the format says, with
 * the place as its location. MS_FAILED or MSTEP_ENOMEM.
 */
int ms_expression_fail(struct ms_expression_evaluation *evaluation, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- struct ms_query_lang, but for the name ---- */

int ms_expression_compile(struct ms_query **out, const struct ms_query_lang *lang,
                          const struct ms_expression_type *type,
                          const struct ms_query_source *source, ms_query_report_cb report,
                          void *user);
int ms_expression_eval(struct ms_json *out, const struct ms_query *query, struct ms_query_env *env,
                       struct ms_failure *failure);
void ms_expression_references(const struct ms_query *query, ms_query_reference_cb cb, void *user);
void ms_expression_free(struct ms_query *query);
struct ms_str ms_expression_text(const struct ms_query *query);

#define MS_EXPRESSION_LANG(name_, compile_) \
  {.name = (name_), .compile = (compile_), .eval = ms_expression_eval,             \
   .references = ms_expression_references, .free = ms_expression_free, .text = ms_expression_text}

/* As ms_expression_eval, but an expression without a value is no failure: *out is NONE. */
int ms_expression_eval_optional(struct ms_json *out, const struct ms_query *query,
                                struct ms_query_env *env, struct ms_failure *failure);

#endif
