/*
 * Query languages: one contract for JSONPath, JSONata and Lua. A field of a definition is compiled
 * once, when its machine is; it is evaluated in `decide`, any number of times, with everything it may
 * see in `struct ms_query_env`. Pure: no clock, randomness or I/O but what env carries.
 *
 *   definition text --compile--> struct ms_query (read-only) --eval(env)--> value | failure
 *
 * To add a language: one folder exporting `const struct ms_query_lang`, one row in langs.def.
 */
#ifndef MS_QUERY_QUERY_H
#define MS_QUERY_QUERY_H

#include "base/arena.h"
#include "base/random.h"
#include "json/json.h"
#include "query/failure.h"

struct ms_query_lang;

/* What a field takes, which decides the syntax that is accepted. */
enum ms_query_kind {
  MS_QUERY_PATH,           /* JSONPath: any path, `$$` and `$var` roots too (InputPath, OutputPath) */
  MS_QUERY_REFERENCE_PATH, /* JSONPath: names exactly one node (ItemsPath, SecondsPath, Variable ...) */
  MS_QUERY_PATH_OR_CALL,   /* JSONPath: reference path or intrinsic call (ErrorPath, CausePath) */
  MS_QUERY_TEMPLATE,       /* any JSON; JSONPath: `"x.$"` members; others: `{% %}` strings */
  MS_QUERY_EXPRESSION      /* other languages: one `{% %}` string */
};

/* Which members of `$states` a field may use, beside input and context (JSONata, Lua). */
enum ms_query_allow {
  MS_QUERY_ALLOW_RESULT = 1,
  MS_QUERY_ALLOW_ERROR_OUTPUT = 2,
  MS_QUERY_PORTABLE = 4 /* no member: what AWS would not take is a problem, with a hint how to write it */
};

struct ms_query_source {
  struct ms_json value;       /* the field's value in the definition; borrowed */
  enum ms_query_kind kind;
  unsigned allow;             /* of enum ms_query_allow */
  struct ms_str field;        /* its name as messages say it: "InputPath", "Parameters", "Output" */
  struct ms_str pointer;      /* JSON pointer of the field in the definition */
};

/* Told of each problem found in a source. code: AWS's diagnostic code; pointer: full JSON pointer. */
typedef void (*ms_query_report_cb)(const char *code, struct ms_str pointer, struct ms_str message,
                                   struct ms_str hint, void *user);
/* Told of each variable a query refers to (`$name`), without the `$`. */
typedef void (*ms_query_reference_cb)(struct ms_str name, void *user);

/* What an evaluation sees. Borrowed from the decision; callbacks return borrowed values. */
struct ms_query_env {
  struct ms_arena *arena;      /* scratch, rewound by the caller */
  struct ms_random *random;    /* States.UUID, MathRandom, $random, $uuid */
  int64_t now_ms;              /* $now, $millis */
  struct ms_json input;        /* JSONPath: `$`; others: $states.input */
  struct ms_json result;       /* $states.result or NONE */
  struct ms_json error_output; /* $states.errorOutput or NONE */
  /* The Context Object, built on first use. NONE on out of memory. */
  struct ms_json (*context)(struct ms_query_env *env);
  /* A variable by name; NONE when nothing assigned it. */
  struct ms_json (*variable)(struct ms_query_env *env, struct ms_str name);
  void *user;                  /* for the two callbacks */
  const struct ms_query_limits *limits; /* NULL = defaults */
};

struct ms_query_limits {
  uint64_t max_steps;     /* evaluation steps of one expression */
  uint32_t max_depth;     /* nesting of one expression's evaluation */
  size_t max_bytes;       /* memory held by one evaluation */
};

/* A compiled query. Languages embed it first in a struct of their own; read-only after compile. */
struct ms_query {
  const struct ms_query_lang *lang;
  enum ms_query_kind kind;
};

struct ms_query_lang {
  const char *name; /* value of "QueryLanguage" */
  /*
   * Compiles; *out owned by the caller. On MSTEP_EDEFINITION at least one problem was reported;
   * MSTEP_ENOMEM otherwise. `lang` is the row itself, for languages that carry state (Lua).
   */
  int (*compile)(struct ms_query **out, const struct ms_query_lang *lang,
                 const struct ms_query_source *source, ms_query_report_cb report, void *user);
  /* *out owned by the caller; MS_FAILED fills *failure; < 0 is a C error. Never NONE on success. */
  int (*eval)(struct ms_json *out, const struct ms_query *query, struct ms_query_env *env,
              struct ms_failure *failure);
  void (*references)(const struct ms_query *query, ms_query_reference_cb cb, void *user);
  void (*free)(struct ms_query *query);
  /* Source text of a query that is one path or expression, as messages quote it; "" for templates. NULL: none. */
  struct ms_str (*text)(const struct ms_query *query);
};

/* Languages built in, by name ("JSONPath", "JSONata"); NULL when unknown. */
const struct ms_query_lang *ms_query_lang_find(struct ms_str name);

/* Dispatch on the query's own language. eval of a NULL query is a C error. */
int ms_query_eval(struct ms_json *out, const struct ms_query *query, struct ms_query_env *env,
                  struct ms_failure *failure);
void ms_query_references(const struct ms_query *query, ms_query_reference_cb cb, void *user);
void ms_query_free(struct ms_query *query); /* NULL is fine */
struct ms_str ms_query_text(const struct ms_query *query); /* borrowed; "" when its language has none */

/* ---- JSONPath's own doors, for fields with rules of their own ---- */

/* Source text of a JSONPath query of kind PATH, REFERENCE_PATH or PATH_OR_CALL ("$.a"); borrowed. */
struct ms_str ms_jsonpath_text(const struct ms_query *query);
/* Looks a path up without a failure for a miss: for IsPresent, Choice and Wait, which word their own
 * errors. 0 found (*out owned by the caller), MSTEP_ENOTFOUND missing, other < 0 a C error. */
int ms_jsonpath_lookup(struct ms_json *out, const struct ms_query *query, struct ms_query_env *env);
/*
 * ResultPath: puts value (taken) into a copy of `root` at the reference path; missing objects on the way are
 * made. MS_FAILED with States.ReferencePathConflict where a step does not apply. *out owned.
 */
int ms_jsonpath_put(struct ms_json *out, const struct ms_query *path, struct ms_json root,
                    struct ms_json value, struct ms_failure *failure);

#endif
