/*
 * Compiles and evaluates one query outside any machine: what stands for the input, the Context Object and
 * the variables is given as JSON.
 */
#ifndef EVALUATE_H
#define EVALUATE_H

#include "query/query.h"

struct evaluation {
  struct ms_query_env env; /* env.input, env.random and env.limits may be set between evaluations */
  struct ms_random random;
  struct ms_json context;    /* object */
  struct ms_json variables;  /* object: name -> value */
  struct ms_failure failure; /* of the last evaluation */
  struct ms_buf problems;    /* of the last compilation: "CODE at /pointer: message\n" */
};

/* Texts are JSON, or NULL: {} for input and context, no variables. MSTEP_ENOMEM or what parsing says. */
int evaluation_init(struct evaluation *e, const char *input, const char *context,
                    const char *variables);
void evaluation_deinit(struct evaluation *e);
/* The query's field is named `field` and lies at "/F". */
int evaluation_compile(struct ms_query **out, struct evaluation *e, enum ms_query_kind kind,
                       const char *field, struct ms_json value);
/* Compiles, evaluates and frees. 0, MS_FAILED, MSTEP_EDEFINITION or another C error. */
int evaluate(struct ms_json *out, struct evaluation *e, enum ms_query_kind kind, const char *field,
             struct ms_json value);

/*
 * A table of evaluations. `answer` is JSON, or "!" and how the cause of the failure must end, or "?" for
 * a text that must not compile. `input` NULL is {}.
 */
struct evaluation_row {
  const char *text;
  const char *input;
  const char *answer;
};
/* Each text is a whole field of this kind; for MS_QUERY_TEMPLATE that of a member `"v.$"`. */
void evaluation_check(enum ms_query_kind kind, const struct evaluation_row *rows, size_t count);

#endif
