/*
 * The evaluation: its state, frames of variables, functions as values, and the doors between the
 * files that make up the evaluator. An operation that fails records the error in the state and
 * returns ERROR (or false); whoever sees that returns at once.
 *
 * Memory. Everything is bumped off the caller's arena. Sequences grow on a stack of values and are
 * copied to the arena when their length is known. Where a call or predicate ends with a scalar, the
 * arena goes back to where it was: nothing made inside can still be seen, because variables are only
 * ever set in the frame that the expression runs in.
 */
#ifndef MS_QUERY_JSONATA_EVAL_H
#define MS_QUERY_JSONATA_EVAL_H

#include "query/jsonata/ast.h"
#include "query/jsonata/error.h"

#define MS_JX_ARGS_MAX MS_JX_PARAMS_MAX

/* Under the address sanitizer scratch that is given back is overwritten: whoever still looks, notices. */
#if defined(__SANITIZE_ADDRESS__)
#define MS_JX_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MS_JX_POISON 1
#endif
#endif
#ifndef MS_JX_POISON
#define MS_JX_POISON 0
#endif

struct ms_jx_binding {
  struct ms_jx value;
  const struct ms_jx_binding *next;
  uint32_t symbol;
};

/* Variables of a scope: the parameters of a call, then whatever was bound (the newest first). */
struct ms_jx_frame {
  struct ms_jx_frame *parent;
  const struct ms_jx_binding *head;
  const uint32_t *params;
  uint32_t count;
  struct ms_jx args[];
};

/* An item of a tuple stream. */
struct ms_jx_tuple {
  struct ms_jx at; /* the context item */
  const struct ms_jx_binding *head;
};

enum ms_jx_function_kind {
  MS_JX_FN_BUILTIN,
  MS_JX_FN_LAMBDA,
  MS_JX_FN_BOUND,    /* builtin with some arguments given */
  MS_JX_FN_COMPOSED, /* first ~> second */
  MS_JX_FN_TRANSFORM,
  MS_JX_FN_REGEX, /* called with a string: the first match */
  MS_JX_FN_NEXT   /* called without arguments: the match after one */
};

typedef struct ms_jx ms_jx_builtin_fn(struct ms_jx_eval *ev, struct ms_jx *args, size_t count);

/* A row of functions.def. */
struct ms_jx_builtin {
  const char *name;
  ms_jx_builtin_fn *call;
  uint8_t arity; /* how many arguments higher-order functions pass it */
  struct ms_jx_signature signature;
};

struct ms_jx_function {
  uint8_t kind;
  uint16_t arity;                      /* how many arguments higher-order functions pass */
  uint16_t bound_count;                /* BOUND */
  uint64_t made_at;                    /* ev->made when it was made; 0 = not in scratch memory */
  const struct ms_jx_builtin *builtin; /* BUILTIN, BOUND */
  const struct ms_jx_node *node;       /* LAMBDA, TRANSFORM, REGEX, NEXT */
  struct ms_jx input;                  /* LAMBDA, TRANSFORM: context; NEXT: the string */
  struct ms_jx_frame *frame;           /* LAMBDA, TRANSFORM */
  const uint32_t *params;              /* LAMBDA */
  const struct ms_jx_signature *signature; /* LAMBDA; NULL = takes anything */
  const struct ms_jx *bound;               /* BOUND: open places are UNSET */
  struct ms_jx first;                      /* COMPOSED */
  struct ms_jx second;
  size_t at;     /* NEXT: byte to go on from */
  bool has_call; /* called by name before; for messages: */
  uint32_t call_pos;
  struct ms_jx call_token;
};

/* In front of each piece of arena memory: how to go back to before it. */
struct ms_jx_piece {
  struct ms_jx_piece *older;
  struct ms_arena_mark arena;
  size_t bytes;
  size_t reserved; /* keeps what follows aligned */
};

/* A place to go back to. */
struct ms_jx_mark {
  char *bump;
  char *bump_end;
  struct ms_jx_piece *piece;
  uint64_t made;
  size_t bytes;
};

struct ms_jx_block;

struct ms_jx_eval {
  const struct ms_jsonata *program;
  struct ms_jsonata_env *env;
  /* budget */
  uint64_t steps;
  uint64_t max_steps;
  uint32_t depth;
  uint32_t max_depth;
  uint32_t nesting; /* of calls, whoever makes them: guards the C stack */
  size_t bytes;
  size_t held_bytes; /* in blocks of loops (compact.c) */
  size_t peak_bytes;
  size_t max_bytes;
  size_t max_value_bytes;
  /* memory */
  char *bump;
  char *bump_end;
  struct ms_jx_piece *piece; /* the newest */
  size_t next_chunk;
  uint64_t made; /* functions so far, to tell old from new */
  struct ms_jx_block *blocks;
  struct ms_jx *stack;
  size_t stack_count;
  size_t stack_capacity;
  struct ms_jx *stack_first; /* the part that was not allocated */
  struct ms_jx *globals;     /* by symbol: host variables and builtins, looked up once */
  struct ms_json *owned;     /* counted values made on the way, let go at the end */
  size_t owned_count;
  size_t owned_capacity;
  struct ms_jx root; /* `$$` */
  /* the call in tail position that a THUNK stands for */
  const struct ms_jx_node *thunk;
  struct ms_jx thunk_input;
  struct ms_jx_frame *thunk_frame;
  /* the failure */
  int code; /* 0, MS_FAILED or MSTEP_ENOMEM */
  struct ms_jx_error error;
};

/* ---- failures: all return ERROR ---- */
struct ms_jx ms_jx_fail(struct ms_jx_eval *ev, const char *code);
struct ms_jx ms_jx_fail_value(struct ms_jx_eval *ev, const char *code, struct ms_jx value);
struct ms_jx ms_jx_fail_arg(struct ms_jx_eval *ev, const char *code, struct ms_jx value,
                            uint32_t index);
/* Without a code: limits and the like. */
struct ms_jx ms_jx_fail_text(struct ms_jx_eval *ev, const char *text);
struct ms_jx ms_jx_fail_nomem(struct ms_jx_eval *ev);
struct ms_jx ms_jx_fail_memory_limit(struct ms_jx_eval *ev);
struct ms_jx ms_jx_fail_depth(struct ms_jx_eval *ev);
struct ms_jx ms_jx_fail_steps(struct ms_jx_eval *ev);

/* ---- memory ---- */
void *ms_jx_alloc_slow(struct ms_jx_eval *ev, size_t size);
/* Scratch memory, aligned for values; NULL: the evaluation failed. */
static inline void *ms_jx_alloc(struct ms_jx_eval *ev, size_t size)
{
  size = ((size | 1) + 15) & ~(size_t)15; /* never nothing: NULL means failure */
  if ((size_t)(ev->bump_end - ev->bump) >= size) {
    void *memory = ev->bump;
    ev->bump += size;
    return memory;
  }
  return ms_jx_alloc_slow(ev, size);
}
static inline struct ms_jx_mark ms_jx_mark(const struct ms_jx_eval *ev)
{
  return (struct ms_jx_mark){ev->bump, ev->bump_end, ev->piece, ev->made, ev->bytes};
}
void ms_jx_rewind_slow(struct ms_jx_eval *ev, const struct ms_jx_mark *mark);
static inline void ms_jx_rewind(struct ms_jx_eval *ev, const struct ms_jx_mark *mark)
{
#if MS_JX_POISON
  if (mark->bump != NULL) {
    char *end = ev->piece == mark->piece ? ev->bump : mark->bump_end;
    memset(mark->bump, 0xDB, (size_t)(end - mark->bump));
  }
#endif
  ev->bump = mark->bump;
  ev->bump_end = mark->bump_end;
  if (ev->piece != mark->piece) {
    ms_jx_rewind_slow(ev, mark);
  }
}
/* Does the value lie outside scratch memory? Then a rewind cannot hurt it. */
static inline bool ms_jx_is_stable(struct ms_jx v)
{
  return v.type <= MS_JX_OBJECT;
}
/* A function about to be filled; NULL: the evaluation failed. */
struct ms_jx_function *ms_jx_new_function(struct ms_jx_eval *ev, enum ms_jx_function_kind kind);
static inline struct ms_jx ms_jx_function_value(struct ms_jx_function *function)
{
  struct ms_jx v = ms_jx_make(MS_JX_FUNCTION);
  v.u.function = function;
  return v;
}
/* Spends n steps; false: the evaluation failed. */
static inline bool ms_jx_spend(struct ms_jx_eval *ev, uint64_t n)
{
  ev->steps += n;
  if (ev->steps > ev->max_steps) {
    ms_jx_fail_steps(ev);
    return false;
  }
  return true;
}
bool ms_jx_push_slow(struct ms_jx_eval *ev, struct ms_jx value);
static inline bool ms_jx_push(struct ms_jx_eval *ev, struct ms_jx value)
{
  if (ev->stack_count < ev->stack_capacity) {
    ev->stack[ev->stack_count++] = value;
    return true;
  }
  return ms_jx_push_slow(ev, value);
}
/* What was pushed since `base`, popped: as a list with those flags, or ERROR. */
struct ms_jx ms_jx_pop_list(struct ms_jx_eval *ev, size_t base, uint8_t flags);
/* The same as an expression's value: undefined, the only item, or a sequence. */
struct ms_jx ms_jx_pop_sequence(struct ms_jx_eval *ev, size_t base);
/* Keeps a counted value (taken) until the end of the evaluation; false: out of memory. */
bool ms_jx_own(struct ms_jx_eval *ev, struct ms_json value);

/* ---- evaluation (eval*.c) ---- */
struct ms_jx ms_jx_lookup(struct ms_jx_eval *ev, uint32_t symbol, struct ms_jx_frame *frame);
struct ms_jx ms_jx_eval_node(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                             struct ms_jx input, struct ms_jx_frame *frame);
/*
 * Evaluates a node; what most operands are, a literal or a member of the context item, without a
 * call. A name is two levels deep, as it is a path of one step.
 */
static inline struct ms_jx ms_jx_eval(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                                      struct ms_jx input, struct ms_jx_frame *frame)
{
  if (node->quick == MS_JX_QUICK_NONE || ev->depth + 1 >= ev->max_depth) {
    return ms_jx_eval_node(ev, node, input, frame);
  }
  if (node->quick == MS_JX_QUICK_LITERAL) {
    return node->value;
  }
  if (node->quick == MS_JX_QUICK_VARIABLE) {
    struct ms_jx value = ms_jx_lookup(ev, node->symbol, frame);
    if ((value.flags & MS_JX_SEQUENCE) == 0) {
      return value;
    }
  } else if (input.type == MS_JX_OBJECT) {
    return ms_jx_from_json(ms_json_get(ms_jx_as_json(input), node->token));
  }
  return ms_jx_eval_node(ev, node, input, frame);
}
struct ms_jx ms_jx_eval_path(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                             struct ms_jx input, struct ms_jx_frame *frame);
struct ms_jx ms_jx_eval_simple_path(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                                    struct ms_jx input, struct ms_jx_frame *frame);
/* One step over a tuple stream, or over the first items of one. */
struct ms_jx ms_jx_eval_tuples(struct ms_jx_eval *ev, const struct ms_jx_node *step,
                               struct ms_jx input, struct ms_jx_frame *frame);
/* The context items of a tuple stream, as a sequence. */
struct ms_jx ms_jx_tuple_items(struct ms_jx_eval *ev, struct ms_jx tuples);
struct ms_jx ms_jx_eval_sort(struct ms_jx_eval *ev, const struct ms_jx_node *sort,
                             struct ms_jx input, struct ms_jx_frame *frame);
/* Stages of a step over one value, as far as they are predicates. */
struct ms_jx ms_jx_eval_stages(struct ms_jx_eval *ev, const struct ms_jx_stage *stage,
                               struct ms_jx value, struct ms_jx_frame *frame);
/* A predicate over a value; always an array. */
struct ms_jx ms_jx_eval_filter(struct ms_jx_eval *ev, const struct ms_jx_node *predicate,
                               struct ms_jx input, struct ms_jx_frame *frame);
struct ms_jx ms_jx_eval_group(struct ms_jx_eval *ev, const struct ms_jx_node *pairs,
                              struct ms_jx input, struct ms_jx_frame *frame);
struct ms_jx ms_jx_eval_binary(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                               struct ms_jx input, struct ms_jx_frame *frame);
struct ms_jx ms_jx_eval_call(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                             struct ms_jx input, struct ms_jx_frame *frame,
                             const struct ms_jx *first);
struct ms_jx ms_jx_eval_partial(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                                struct ms_jx input, struct ms_jx_frame *frame);
struct ms_jx ms_jx_eval_lambda(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                               struct ms_jx input, struct ms_jx_frame *frame);
struct ms_jx ms_jx_eval_apply(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                              struct ms_jx input, struct ms_jx_frame *frame);
struct ms_jx ms_jx_transform(struct ms_jx_eval *ev, const struct ms_jx_function *transform,
                             struct ms_jx value);
/* A fresh frame; NULL: the evaluation failed. */
struct ms_jx_frame *ms_jx_new_frame(struct ms_jx_eval *ev, struct ms_jx_frame *parent,
                                    uint32_t count);
bool ms_jx_bind(struct ms_jx_eval *ev, struct ms_jx_frame *frame, uint32_t symbol,
                struct ms_jx value);
/* A frame with the names that a tuple carries. */
struct ms_jx_frame *ms_jx_tuple_frame(struct ms_jx_eval *ev, struct ms_jx_frame *parent,
                                      const struct ms_jx_tuple *tuple);

/* ---- functions as values (call.c) ---- */
/* The context of calls that functions and `~>` make: null, as the reference has it. */
#define MS_JX_NO_CONTEXT ms_jx_make(MS_JX_NULL)
/* Calls a function with arguments that are already evaluated. */
struct ms_jx ms_jx_call(struct ms_jx_eval *ev, struct ms_jx function, struct ms_jx *args,
                        size_t count, struct ms_jx context);
/* The same for higher-order functions: passes no more arguments than the function takes. */
struct ms_jx ms_jx_call_with(struct ms_jx_eval *ev, struct ms_jx function, struct ms_jx a,
                             struct ms_jx b, struct ms_jx c);
size_t ms_jx_arity(struct ms_jx function);
const struct ms_jx_function *ms_jx_builtin_find(struct ms_str name); /* NULL when unknown */

/* ---- operators that functions use too (operators.c) ---- */
/* Half to even at a number of decimal places. */
double ms_jx_round(double value, double places);
/* What $boolean makes of a value: -1 undefined, 0, 1; -2 when it fails (an infinite number). */
int ms_jx_truth(struct ms_jx_eval *ev, struct ms_jx value);
/* A number that is neither NaN nor infinite; the latter fails with D1001 (-1). */
int ms_jx_check_number(struct ms_jx_eval *ev, struct ms_jx value);
struct ms_jx ms_jx_string(struct ms_jx_eval *ev, struct ms_jx value, unsigned indent);
struct ms_jx ms_jx_append(struct ms_jx_eval *ev, struct ms_jx a, struct ms_jx b);
/* The items of one value or a member by name, over arrays too ($lookup, a name step). */
struct ms_jx ms_jx_lookup_name(struct ms_jx_eval *ev, struct ms_jx input, struct ms_str name);
/* [first..last]; fails when it is too long. */
struct ms_jx ms_jx_range(struct ms_jx_eval *ev, int64_t first, int64_t last);

#endif
