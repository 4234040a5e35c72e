/*
 * Inside the compiler: what its files share while one definition is read. Not for other modules, who
 * see asl.h, machine.h and state_type.h.
 *
 * The walk goes down the JSON tree once. `parse->pointer` always names the value being read; problems are
 * reported there. Transitions, assignments and references of variables are collected and checked
 * after the walk, when all names are known. Out of memory is sticky in `parse->error`: the walk
 * goes on doing little and the caller of it asks once.
 */
#ifndef MS_ASL_PARSE_H
#define MS_ASL_PARSE_H

#include "asl/asl.h"
#include "base/map.h"
#include "base/vec.h"

#define MS_ASL_MAX_TEXT ((size_t)1 << 20) /* bytes of a definition */
#define MS_ASL_MAX_NESTING 64             /* flows inside flows; bounds the recursion of the walk */
#define MS_ASL_MAX_RULE_NESTING 64        /* And, Or, Not inside each other */
#define MS_ASL_MAX_NAME 80                /* characters of a state or variable name */
#define MS_ASL_MAX_GUESSES 200000         /* comparisons spent on "Did you mean", per definition */

#define MS_ASL_SCHEMA "SCHEMA_VALIDATION_FAILED"
#define MS_ASL_NOT_PORTABLE "NOT_PORTABLE"
#define MS_ASL_MISSING_TARGET "MISSING_TRANSITION_TARGET"

/* One `States` object while it is read. Number 0 is none. */
struct ms_asl_scope {
  struct ms_flow *flow;
  uint32_t parent;      /* scope in which its owner stands */
  bool is_boundary;     /* children of a distributed Map: outer variables cannot be seen */
  bool has_end;         /* some state of it is terminal */
};

/* A place that names a state; resolved when all names are known. */
struct ms_asl_transition {
  uint32_t *slot;
  uint32_t from;          /* MS_STATE_NONE: StartAt */
  uint32_t scope;
  uint32_t target;        /* state index once resolved, or the one that was probably meant */
  struct ms_str name;
  struct ms_str pointer;
};

struct ms_asl_assignment {
  struct ms_str name;
  struct ms_str pointer;  /* of the Assign object */
  uint32_t scope;
};

/* A query inside a distributed Map's children, for the check of outer variables. */
struct ms_asl_site {
  const struct ms_query *query;
  struct ms_str pointer;
  uint32_t scope;
};

struct ms_asl_parse {
  const struct ms_asl_options *options;
  struct ms_diagnostics *diagnostics;
  struct ms_machine *machine;  /* being built */
  struct ms_arena *scratch;
  struct ms_json_map *map;
  struct ms_json root;
  struct ms_buf pointer;       /* JSON Pointer of the value being read */
  struct ms_buf text;          /* scratch for messages */
  int error;                   /* 0 or MSTEP_ENOMEM */
  uint32_t guesses_left;

  const struct ms_query_lang *jsonpath;
  bool is_machine_jsonpath;    /* the machine's own language */

  /* the state being read */
  struct ms_state *state;
  const struct ms_query_lang *lang; /* NULL: not built in, nothing is compiled */
  bool is_jsonpath;
  bool is_mixed;               /* its language clashes with the machine's: said once, not per field */

  uint32_t scope;              /* the flow being read */
  uint32_t depth;
  uint32_t boundaries;         /* distributed Maps around it */
  bool is_express;             /* of the workflow it belongs to: machine or child */
  bool has_lost_way;           /* a way out of some state could not be read: reach is not known */

  struct ms_map names;         /* scope number + state name -> index + 1; scope 0: any */
  struct ms_map variables;     /* scope number + variable -> index + 1 of who assigns it, or many */
  struct ms_map labels;
  MS_VEC(struct ms_asl_scope) scopes;
  MS_VEC(struct ms_asl_transition) transitions;
  MS_VEC(struct ms_asl_assignment) assignments;
  MS_VEC(struct ms_asl_site) sites;
  size_t state_capacity;       /* of the machine's vectors */
  size_t query_capacity;
  size_t owner_capacity;
  size_t value_capacity;
};

/* ---- report.c: where we are, and what is wrong there ---- */
size_t ms_asl_enter(struct ms_asl_parse *parse, struct ms_str key); /* returns the mark to leave to */
size_t ms_asl_enter_c(struct ms_asl_parse *parse, const char *key);
size_t ms_asl_enter_index(struct ms_asl_parse *parse, size_t index);
void ms_asl_leave(struct ms_asl_parse *parse, size_t mark);
void ms_asl_nomem(struct ms_asl_parse *parse);
void ms_asl_unescape(struct ms_buf *out, struct ms_str token); /* of a pointer: ~1 and ~0 undone */

struct ms_asl_problem {
  const char *code;
  enum ms_severity severity;
  struct ms_str pointer;  /* data NULL: parse->pointer */
  struct ms_str key;      /* line and column are those of this member's name, if it has data */
  struct ms_str hint;
  bool is_at_name;        /* line and column are those of the member's name, not of its value */
  bool is_placeless;      /* AWS gives no location; line and column stay */
};

void ms_asl_problem(struct ms_asl_parse *parse, const struct ms_asl_problem *problem,
                    const char *format, ...) __attribute__((format(printf, 3, 4)));
void ms_asl_vproblem(struct ms_asl_parse *parse, const struct ms_asl_problem *problem,
                     const char *format, va_list args);
/* SCHEMA_VALIDATION_FAILED at the value being read. */
void ms_asl_error(struct ms_asl_parse *parse, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void ms_asl_warn(struct ms_asl_parse *parse, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A callback for query languages; user is the parse. */
void ms_asl_query_report(const char *code, struct ms_str pointer, struct ms_str message,
                         struct ms_str hint, void *user);
/* A copy of the current pointer that lives as long as the parse. */
struct ms_str ms_asl_here(struct ms_asl_parse *parse);
/* "a", "b" formatted for a hint; lives until the diagnostics are read (scratch). */
struct ms_str ms_asl_hintf(struct ms_asl_parse *parse, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Frequent complaints, with AWS's words. */
void ms_asl_expected(struct ms_asl_parse *parse, const char *type); /* "[STRING]", "Integer" */
void ms_asl_unsupported_field(struct ms_asl_parse *parse, struct ms_str field, struct ms_str hint);
/* The value at the current place is of a field that AWS does not know; said when portability is asked for. */
void ms_asl_ours(struct ms_asl_parse *parse, struct ms_str field, struct ms_str hint);
void ms_asl_other_language(struct ms_asl_parse *parse, struct ms_str field, bool is_of_jsonpath);
/* Each checks one value at the current place and returns whether it is right. */
bool ms_asl_want_string(struct ms_asl_parse *parse, struct ms_json value);
bool ms_asl_want_object(struct ms_asl_parse *parse, struct ms_json value);
bool ms_asl_want_array(struct ms_asl_parse *parse, struct ms_json value);
bool ms_asl_want_boolean(struct ms_asl_parse *parse, struct ms_json value);
bool ms_asl_want_integer(struct ms_asl_parse *parse, struct ms_json value, int64_t min, int64_t max,
                         int64_t *out);
bool ms_asl_want_number(struct ms_asl_parse *parse, struct ms_json value, double min, double max);
/* `choices` is a NULL-terminated list; returns the index or -1. */
int ms_asl_want_one_of(struct ms_asl_parse *parse, struct ms_json value, const char *const *choices);

/* ---- hint.c: what was probably meant ---- */
struct ms_asl_guess {
  struct ms_asl_parse *parse;
  struct ms_str word;
  struct ms_str best;
  unsigned distance; /* of best */
};
void ms_asl_guess_begin(struct ms_asl_guess *guess, struct ms_asl_parse *parse, struct ms_str word);
void ms_asl_guess_offer(struct ms_asl_guess *guess, struct ms_str candidate);
void ms_asl_guess_offer_c(struct ms_asl_guess *guess, const char *candidate);
/* `Did you mean "Next"?`, or empty. */
struct ms_str ms_asl_guess_hint(struct ms_asl_guess *guess);

/* ---- syntax.c: text that is not JSON ---- */
void ms_asl_syntax_error(struct ms_asl_parse *parse, struct ms_str text,
                         const struct ms_json_position *where, int error);

/* ---- parse_machine.c ---- */
const struct ms_query_lang *ms_asl_language(struct ms_asl_parse *parse, struct ms_json value,
                                            bool *is_jsonpath);

/* ---- parse_flow.c ---- */
/* Reads a machine, branch or processor at the current place; NULL when memory is out. */
struct ms_flow *ms_asl_flow(struct ms_asl_parse *parse, struct ms_json value, enum ms_flow_kind kind,
                            const struct ms_state *owner);
void ms_asl_expect_transition(struct ms_asl_parse *parse, uint32_t *slot, uint32_t from,
                              struct ms_json value);
bool ms_asl_scoped_key(struct ms_asl_parse *parse, uint32_t scope, struct ms_str name,
                       struct ms_str *key);

/* ---- parse_state.c, parse_field.c ---- */
void ms_asl_state(struct ms_asl_parse *parse, struct ms_str name, struct ms_json name_value,
                  struct ms_json value);
void ms_asl_field(struct ms_asl_parse *parse, const struct ms_field *field, struct ms_json value);
struct ms_query *ms_asl_query(struct ms_asl_parse *parse, struct ms_str field, struct ms_json value,
                              enum ms_query_kind kind, unsigned allow);
/* Keeps a value for the life of the machine. */
struct ms_json ms_asl_keep(struct ms_asl_parse *parse, struct ms_json value);
struct ms_str ms_asl_copy(struct ms_asl_parse *parse, struct ms_str text); /* into the machine */
/* True when text has the marks of an expression, `{%` before or `%}` behind. */
bool ms_asl_is_expression(struct ms_str text);
/* Path fields of a template's owner: InputPath and the like. */
struct ms_query *ms_asl_template(struct ms_asl_parse *parse, struct ms_str field,
                                 struct ms_json value, unsigned allow);
/* `{"a": ...}` of Assign: names are checked and remembered. */
struct ms_query *ms_asl_assign(struct ms_asl_parse *parse, struct ms_json value, unsigned allow);
/* ResultPath of a state or catcher. */
void ms_asl_result_path(struct ms_asl_parse *parse, struct ms_json value, struct ms_query **out,
                        bool *is_discarding);

/* ---- readers of one kind of field each ---- */
void ms_asl_choices(struct ms_asl_parse *parse, struct ms_json value, struct ms_choices *out);
void ms_asl_retry(struct ms_asl_parse *parse, struct ms_json value);
void ms_asl_catch(struct ms_asl_parse *parse, struct ms_json value);
void ms_asl_processor(struct ms_asl_parse *parse, struct ms_json value, struct ms_flow **out);
void ms_asl_processor_config(struct ms_asl_parse *parse, struct ms_json value, struct ms_flow *flow);
void ms_asl_reader(struct ms_asl_parse *parse, struct ms_json value, struct ms_map_parts *out);
void ms_asl_batcher(struct ms_asl_parse *parse, struct ms_json value, struct ms_map_parts *out);
void ms_asl_writer(struct ms_asl_parse *parse, struct ms_json value, struct ms_map_parts *out);
void ms_asl_label(struct ms_asl_parse *parse, struct ms_json value, struct ms_str *out);
void ms_asl_resource(struct ms_asl_parse *parse, struct ms_json value, struct ms_str *out);

/* ---- warnings.c ---- */
bool ms_asl_looks_dynamic(struct ms_str text); /* like a path or an intrinsic call */
void ms_asl_warn_template(struct ms_asl_parse *parse, struct ms_json value);
void ms_asl_warn_literal(struct ms_asl_parse *parse, const char *field, struct ms_json value);

/* ---- after the walk ---- */
void ms_asl_resolve(struct ms_asl_parse *parse);          /* reachability.c: targets and reach */
void ms_asl_check_variables(struct ms_asl_parse *parse);  /* variables.c */

#endif
