/*
 * Intrinsic functions: `States.Format('{}', $.a)` compiled into a tree of calls, and the contract of a
 * function. To add one: a C function in the file of its family, a row in functions.def.
 */
#ifndef MS_QUERY_INTRINSICS_CALL_H
#define MS_QUERY_INTRINSICS_CALL_H

#include "query/jsonpath/path.h"

struct ms_call;

#define MS_CALL_NESTING_MAX 10
#define MS_CALL_ARGUMENTS_MAX 1000
#define MS_CALL_ANY_COUNT UINT16_MAX

/* ---- compile and evaluate ---- */

/* Whether a field's text is to be read as a call and not as a path. */
bool ms_call_is_call(struct ms_str text);
/*
 * Compiles one call that is all of the text. MSTEP_EINVALID fills *error; MSTEP_ENOMEM. is_text:
 * only functions that give a string (Fail's ErrorPath and CausePath).
 */
int ms_call_compile(struct ms_call **out, struct ms_str text, bool is_text,
                    struct ms_path_error *error);
void ms_call_free(struct ms_call *call); /* NULL is fine */
/* 0, MS_FAILED with States.Runtime, or < 0. */
int ms_call_eval(struct ms_json *out, const struct ms_call *call, struct ms_query_env *env,
                 struct ms_failure *failure);
struct ms_str ms_call_text(const struct ms_call *call); /* as written; borrowed */
void ms_call_references(const struct ms_call *call, ms_query_reference_cb cb, void *user);

/* ---- the contract of a function ---- */

/* One evaluation, as functions see it. */
struct ms_call_run {
  struct ms_query_env *env;
  struct ms_failure *failure;
  struct ms_str source; /* the field's text, for messages */
  const char *name;     /* of the function that runs: "MathAdd" */
};

/* args: `count` values that are not NONE, borrowed. 0 with *out owned; the result of the two below; < 0. */
typedef int (*ms_call_function)(struct ms_json *out, struct ms_call_run *run,
                                const struct ms_json *args, size_t count);

/* "There was an error ...: <source>. Invalid arguments in States.<name>". MS_FAILED or MSTEP_ENOMEM. */
int ms_call_invalid(struct ms_call_run *run);
/* The same with a sentence of its own at the end. */
int ms_call_fail(struct ms_call_run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The fraction cut off. False for what is no number or does not fit. */
bool ms_call_to_int(int64_t *out, struct ms_json value);

#define MS_FUNCTION(name, min, max, is_text, function) ms_call_function_type function;
typedef int ms_call_function_type(struct ms_json *out, struct ms_call_run *run,
                                  const struct ms_json *args, size_t count);
#include "query/intrinsics/functions.def"
#undef MS_FUNCTION

#endif
