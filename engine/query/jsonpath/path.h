/*
 * A compiled JSONPath in Jayway's dialect: roots, steps, filters. Read-only after compile; everything in it
 * is released by ms_path_free. Shared by the files of jsonpath/, templates and intrinsic calls;
 * other modules see query/query.h only.
 *
 *   $.store.book[?(@.price < 10)].title
 *   root DATA | NAME store | NAME book | FILTER (@.price < 10) | NAME title
 */
#ifndef MS_QUERY_JSONPATH_PATH_H
#define MS_QUERY_JSONPATH_PATH_H

#include <stdint.h>

#include "query/query.h"
#include "query/regex.h"

enum ms_path_root {
  MS_PATH_DATA,     /* $ */
  MS_PATH_CONTEXT,  /* $$ */
  MS_PATH_VARIABLE, /* $name */
  MS_PATH_CURRENT   /* @, in filters only */
};

enum ms_step_kind {
  MS_STEP_NAME,
  MS_STEP_NAMES, /* ['a','b']: as the last step one object of those members */
  MS_STEP_INDEX,
  MS_STEP_INDEXES,
  MS_STEP_SLICE,
  MS_STEP_WILDCARD,
  MS_STEP_DESCEND, /* `..`: the step behind it is applied at every depth */
  MS_STEP_FILTER,
  MS_STEP_FUNCTION /* .length() and its like; always last */
};

struct ms_path;
struct ms_filter;
struct ms_path_function;

/* A member name, with escapes resolved and, when that changed it, as it was written. */
struct ms_path_name {
  struct ms_json name;
  struct ms_json written; /* NONE when the same */
};

struct ms_path_slice {
  int32_t from, to;
  bool has_from, has_to;
};

/* name(argument, ...) at the end of a path; an argument is a path or a JSON literal. */
struct ms_path_call {
  const struct ms_path_function *function;
  uint32_t count;
  struct ms_path_argument {
    struct ms_path *path; /* NULL: value */
    struct ms_json value;
  } * arguments;
};

struct ms_path_step {
  uint8_t kind;              /* enum ms_step_kind */
  bool is_upstream_definite; /* all steps before name one node */
  char quote;                /* how a name was quoted, for messages */
  uint32_t count;            /* of names or indexes */
  struct ms_str key;         /* NAME: its text, for the fast way */
  union {
    struct ms_path_name *names;
    int32_t index;
    int32_t *indexes;
    struct ms_path_slice slice;
    struct ms_filter *filter;
    struct ms_path_call *call;
  } u;
};

struct ms_path {
  uint8_t root;      /* enum ms_path_root */
  bool is_definite;  /* names one node: the result is it, not a list */
  bool is_simple;    /* NAME and INDEX steps only */
  bool is_reference; /* a Reference Path in the sense of the language's specification */
  uint32_t count;
  struct ms_json text;     /* as written */
  struct ms_json variable; /* name of a VARIABLE root, else NONE */
  struct ms_path_step *steps;
};

/* ---- filters ---- */
enum ms_filter_op {
  MS_FILTER_OR,
  MS_FILTER_AND,
  MS_FILTER_NOT,
  MS_FILTER_EXISTS,
  MS_FILTER_MISSING, /* !@.a */
#define MS_FILTER_OPERATOR(name, text) MS_FILTER_##name,
#include "query/jsonpath/operators.def"
#undef MS_FILTER_OPERATOR
};

struct ms_filter_operand {
  struct ms_path *path;     /* NULL: one of the others */
  struct ms_regex *pattern; /* /.../ */
  struct ms_json value;     /* a literal */
  struct ms_json text;      /* a number literal as BigDecimal writes it, for comparison with text */
};

struct ms_filter {
  uint8_t op; /* enum ms_filter_op */
  uint32_t count;
  struct ms_filter **parts; /* of OR, AND, NOT */
  struct ms_filter_operand left, right;
};

/* ---- compile ---- */
struct ms_path_error {
  char message[200]; /* in Jayway's words where it has some */
};

/*
 * Compiles a path with root `$`, `$$` or `$name`. MSTEP_EINVALID fills *error; MSTEP_ENOMEM.
 * Trailing spaces are ignored. *out is owned by the caller.
 */
int ms_path_compile(struct ms_path **out, struct ms_str text, struct ms_path_error *error);
void ms_path_free(struct ms_path *path); /* NULL is fine */
void ms_path_references(const struct ms_path *path, ms_query_reference_cb cb, void *user);

/* ---- evaluate ---- */
enum ms_miss_kind {
  MS_MISS_NONE,
  MS_MISS_VARIABLE,   /* nothing assigned it */
  MS_MISS_NO_RESULT,  /* the last step found nothing */
  MS_MISS_PROPERTY,   /* an earlier one did */
  MS_MISS_NOT_OBJECT, /* a name applied to something else */
  MS_MISS_NOT_ARRAY,
  MS_MISS_NULL,
  MS_MISS_PRIMITIVE, /* a filter applied to a scalar */
  MS_MISS_LIMIT,     /* too many steps, too deep */
  MS_MISS_FUNCTION   /* a function refused its input */
};

/* Why a path found nothing; borrows from the path and the searched value. */
struct ms_path_miss {
  uint8_t kind; /* enum ms_miss_kind */
  uint32_t step;
  const struct ms_path *path;
  const char *detail;      /* LIMIT, FUNCTION: the message */
  struct ms_json node;     /* what the step was applied to */
  struct ms_json searched; /* what the root stands for */
};

/*
 * 0: *out is owned by the caller. MS_FAILED: *miss tells why. < 0: a C error. An indefinite path
 * over missing members gives [], as AWS does and Jayway alone does not.
 */
int ms_path_eval(struct ms_json *out, const struct ms_path *path, struct ms_query_env *env,
                 struct ms_path_miss *miss);
/* "No results for path: $['x']" and the like. */
void ms_path_miss_text(struct ms_buf *out, const struct ms_path_miss *miss);
/* ResultPath; path is a Reference Path into data. See ms_jsonpath_put. */
int ms_path_put(struct ms_json *out, const struct ms_path *path, struct ms_json root,
                struct ms_json value, struct ms_failure *failure);
/* Limits and refusals are not about a missing value: their text stands alone. */
static inline bool ms_path_miss_is_absence(const struct ms_path_miss *miss)
{
  return miss->kind != MS_MISS_LIMIT && miss->kind != MS_MISS_FUNCTION;
}

/* ---- for the files of this directory ---- */
#define MS_PATH_STEPS_MAX 512
#define MS_PATH_NESTING_MAX 48     /* parentheses, filters in filters */
#define MS_PATH_RECURSION_MAX 3000 /* frames of one evaluation */

/* As ms_path_compile for a path inside a filter or a function: root `@` or `$`. */
int ms_path_compile_nested(struct ms_path **out, struct ms_str text, unsigned nesting,
                           struct ms_path_error *error);
/* text is what stands between `[?(` and `)]`. */
int ms_filter_compile(struct ms_filter **out, struct ms_str text, unsigned nesting,
                      struct ms_path_error *error);
void ms_filter_free(struct ms_filter *filter);
int ms_path_error_set(struct ms_path_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Resolves Jayway's escapes of quoted names and literals. MSTEP_EINVALID for bad hex digits. */
int ms_path_unescape(struct ms_buf *out, struct ms_str text, struct ms_path_error *error);
/* Index of the unescaped `quote` behind position `from`, or text.len. */
size_t ms_path_closing_quote(struct ms_str text, size_t from, char quote);
/* Index of the bracket that closes the one at `from`, quotes (and /regexes/) skipped, or text.len. */
size_t ms_path_closing_bracket(struct ms_str text, size_t from, bool skip_regex);
/* Reads a JSON literal whose strings may be in single quotes. */
int ms_path_literal(struct ms_json *out, struct ms_str text, struct ms_path_error *error);

/* What one evaluation counts and remembers. */
struct ms_path_run {
  struct ms_query_env *env;
  struct ms_json document; /* `$` in filters */
  struct ms_path_miss *miss;
  uint64_t steps_left;
  uint32_t depth_left;
};
/* Results of the internal evaluators beside 0 and < 0. */
enum {
  MS_PATH_MISS = 1,    /* nothing there */
  MS_PATH_INVALID = 2, /* a step that cannot apply: makes the filter around it false */
  MS_PATH_FAIL = 3     /* limit or function error: ends everything */
};
/* root replaces the path's own root. is_strict: a missing member is a miss at every depth. */
int ms_path_run_eval(struct ms_json *out, const struct ms_path *path, struct ms_path_run *run,
                     struct ms_json root, bool is_strict);
/* *accepted says whether the filter takes the item; a result other than 0 ends the evaluation. */
int ms_filter_accepts(bool *accepted, const struct ms_filter *filter, struct ms_path_run *run,
                      struct ms_json item);
int ms_path_run_fail(struct ms_path_run *run, uint8_t kind, const char *detail);
int ms_path_take_step(struct ms_path_run *run); /* 0 or MS_PATH_FAIL */
/* The member of an object that a name means. Borrowed. */
struct ms_json ms_path_member(struct ms_json object, const struct ms_path_name *name);

/* Functions at the end of a path. */
const struct ms_path_function *ms_path_function_find(struct ms_str name);
const char *ms_path_function_name(const struct ms_path_function *function);
int ms_path_function_call(struct ms_json *out, const struct ms_path_call *call,
                          struct ms_path_run *run, struct ms_json node);

#endif
