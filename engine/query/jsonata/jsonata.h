/*
 * JSONata 2.x: expression text compiled once into a program, evaluated any number of times. This is
 * the lower door, for `mstep eval` and the conformance suite; definitions go through
 * ms_query_jsonata (query.h), which stands on this one.
 *
 *   text --ms_jsonata_compile--> struct ms_jsonata (read-only) --ms_jsonata_eval(env)--> value
 *
 * Pure: the clock, randomness and variables come from the environment.
 */
#ifndef MS_QUERY_JSONATA_JSONATA_H
#define MS_QUERY_JSONATA_JSONATA_H

#include "base/arena.h"
#include "base/random.h"
#include "query/query.h"
#include "json/json.h"

struct ms_jsonata; /* a compiled expression */

/* Syntax that is accepted. */
enum ms_jsonata_version {
  MS_JSONATA_2_0, /* what AWS takes: 2.0.6 */
  MS_JSONATA_2_2  /* current releases: `?:` and `??` too */
};

/* What went wrong, at compile or evaluation. */
struct ms_jsonata_error {
  char code[8];        /* "T2001"; "" for limits and other errors that have none */
  bool is_result_type; /* the result is a function */
  bool has_position;
  uint32_t position;    /* UTF-16 units from the start, behind the token, as the reference counts */
  struct ms_json token; /* the symbol or function named by the message, or NONE */
  struct ms_json message; /* without the code */
};

#define MS_JSONATA_ERROR_INIT                                                                      \
  {                                                                                                \
    {0}, false, false, 0, MS_JSON_VALUE_NONE, MS_JSON_VALUE_NONE                                   \
  }

void ms_jsonata_error_deinit(struct ms_jsonata_error *error);

/*
 * Compiles. Error (may not be NULL) is filled when MS_FAILED comes back: the text is not an expression.
 * MSTEP_ENOMEM otherwise. *out owned by the caller.
 */
int ms_jsonata_compile(struct ms_jsonata **out, struct ms_str text, enum ms_jsonata_version version,
                       struct ms_jsonata_error *error);
void ms_jsonata_free(struct ms_jsonata *program);                /* NULL is fine */
struct ms_str ms_jsonata_text(const struct ms_jsonata *program); /* the expression, borrowed */

/* What an evaluation sees. Zero it, then fill what is needed. */
struct ms_jsonata_env {
  struct ms_arena *arena;               /* scratch, rewound to where it was; required */
  struct ms_random *random;             /* $random, $shuffle, $uuid; required by these only */
  int64_t now_ms;                       /* $now, $millis */
  struct ms_json input;                 /* `$` and `$$`; NONE = undefined */
  const struct ms_query_limits *limits; /* NULL = AWS's */
  size_t max_value_bytes;               /* of one built array or string, 8 a number; 0 = AWS's */
  /* A variable by name (without `$`), borrowed until the evaluation ends; NONE = unbound. NULL = none. */
  struct ms_json (*variable)(void *user, struct ms_str name);
  void *user;
  /* In a state machine instead: `$states` is made of this, other variables are asked of it. */
  struct ms_query_env *query;
  /* Filled by the evaluation. */
  size_t used_bytes; /* the most scratch held at once */
};

#define MS_JSONATA_DEPTH_MAX 1000 /* env->limits may not ask for more: the C stack is the reason */

/*
 * 0: *out is the result (owned by the caller), NONE when it is undefined. MS_FAILED: the expression
 * failed, *error is filled. MSTEP_ENOMEM otherwise.
 */
int ms_jsonata_eval(struct ms_json *out, const struct ms_jsonata *program,
                    struct ms_jsonata_env *env, struct ms_jsonata_error *error);

/* Which members of `$states` an expression refers to; more than one may be set. */
enum ms_jsonata_states {
  MS_JSONATA_STATES_INPUT = 1,
  MS_JSONATA_STATES_CONTEXT = 2,
  MS_JSONATA_STATES_RESULT = 4,
  MS_JSONATA_STATES_ERROR_OUTPUT = 8,
  MS_JSONATA_STATES_WHOLE = 16 /* `$states` otherwise than by a member */
};

/* A reference that a state machine may not make. name: "phone", "$states.result"; is_member: of `$states`. */
typedef void (*ms_jsonata_check_cb)(struct ms_str name, bool is_member, void *user);
/*
 * Static checks for a program that runs in a state: paths that begin at the context item, which does
 * not exist there; members of `$states` that are unknown or not in `allow` (of enum ms_query_allow).
 * Calls cb for each name once; MSTEP_ENOMEM.
 */
int ms_jsonata_check(const struct ms_jsonata *program, unsigned allow, ms_jsonata_check_cb cb,
                     void *user);

/* Told of each variable that is not bound inside the expression and is no built-in function. */
void ms_jsonata_references(const struct ms_jsonata *program, ms_query_reference_cb cb, void *user);

#endif
