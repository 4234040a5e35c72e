/*
 * The syntax tree: made by parse.c as it is written, rewritten by resolve.c into what the evaluator
 * runs (paths with steps and stages, tail calls, ancestors). Everything lies in the program's arena;
 * read-only once compiled.
 */
#ifndef MS_QUERY_JSONATA_AST_H
#define MS_QUERY_JSONATA_AST_H

#include "query/jsonata/jsonata.h"
#include "query/jsonata/signature.h"
#include "query/jsonata/value.h"

struct ms_regex;

enum ms_jx_node_type {
  /* written and run */
  MS_JX_N_NAME, /* value: the name */
  MS_JX_N_LITERAL_STRING,
  MS_JX_N_LITERAL_NUMBER,
  MS_JX_N_LITERAL_VALUE, /* true, false, null */
  MS_JX_N_VARIABLE,      /* symbol; 0 is `$` */
  MS_JX_N_WILDCARD,
  MS_JX_N_DESCENDANT,
  MS_JX_N_PARENT, /* slot */
  MS_JX_N_REGEX,  /* regex */
  MS_JX_N_BINARY, /* op, lhs, rhs */
  MS_JX_N_AND,
  MS_JX_N_OR,
  MS_JX_N_NEGATE,      /* lhs */
  MS_JX_N_ARRAY,       /* items */
  MS_JX_N_OBJECT,      /* items: key, value, key, value ... */
  MS_JX_N_CONDITION,   /* lhs ? rhs : third; third may be NULL */
  MS_JX_N_ELVIS,       /* lhs ?: rhs */
  MS_JX_N_COALESCE,    /* lhs ?? rhs */
  MS_JX_N_BLOCK,       /* items */
  MS_JX_N_BIND,        /* symbol := rhs */
  MS_JX_N_CALL,        /* lhs(items) */
  MS_JX_N_PARTIAL,     /* lhs(items), some of them PLACEHOLDER */
  MS_JX_N_PLACEHOLDER, /* the `?` of a partial application */
  MS_JX_N_LAMBDA,      /* params, signature, lhs: the body */
  MS_JX_N_APPLY,       /* lhs ~> rhs */
  MS_JX_N_TRANSFORM,   /* |lhs|rhs,third|; third may be NULL */
  MS_JX_N_PATH,        /* items: steps */
  MS_JX_N_SORT,        /* a step: items with `descending` flags */
  /* written only */
  MS_JX_N_DOT,      /* lhs . rhs */
  MS_JX_N_FILTER,   /* lhs [ rhs ] */
  MS_JX_N_GROUP,    /* lhs { items } */
  MS_JX_N_ORDER,    /* lhs ^( items ) */
  MS_JX_N_FOCUS,    /* lhs @ symbol */
  MS_JX_N_INDEX,    /* lhs # symbol */
  MS_JX_N_OPERATOR, /* `and`, `or`, `in` where a name may stand */
  MS_JX_N_END       /* end of text where an operand was due */
};

enum ms_jx_node_flag {
  MS_JX_F_KEEP = 1,        /* `[]` follows: keep a single item in its array */
  MS_JX_F_KEEP_PATH = 2,   /* on a path: some step has it */
  MS_JX_F_CONS = 4,        /* array constructor that begins or ends a path */
  MS_JX_F_TUPLE = 8,       /* step or path that carries bound names along */
  MS_JX_F_SIMPLE = 16,     /* path of plain names (the first may be a variable) */
  MS_JX_F_TAIL = 32,       /* a call in tail position */
  MS_JX_F_DESCENDING = 64, /* sort term */
  MS_JX_F_BINDS = 128,     /* may assign a variable in the frame it runs in */
  MS_JX_F_STEP = 256       /* its stages are those of a path's step: the path applies them */
};

enum ms_jx_op {
  MS_JX_OP_ADD,
  MS_JX_OP_SUBTRACT,
  MS_JX_OP_MULTIPLY,
  MS_JX_OP_DIVIDE,
  MS_JX_OP_MODULO,
  MS_JX_OP_EQUAL,
  MS_JX_OP_NOT_EQUAL,
  MS_JX_OP_LESS,
  MS_JX_OP_LESS_EQUAL,
  MS_JX_OP_GREATER,
  MS_JX_OP_GREATER_EQUAL,
  MS_JX_OP_CONCAT,
  MS_JX_OP_RANGE,
  MS_JX_OP_IN
};

/* Nodes on which nothing hangs and whose value is at hand. */
enum ms_jx_quick {
  MS_JX_QUICK_NONE,
  MS_JX_QUICK_LITERAL, /* value */
  MS_JX_QUICK_NAME,    /* a path that is one name: token */
  MS_JX_QUICK_VARIABLE /* symbol, not 0 */
};

struct ms_jx_node;

/* What a `%` refers to: the input of the step that is `level` steps back, known by its symbol. */
struct ms_jx_slot {
  uint32_t symbol;
  int32_t level;
  struct ms_jx_slot *next; /* in the list of a node that still seeks it */
};

/* A predicate, or the numbering `#$i` that comes after one. */
struct ms_jx_stage {
  struct ms_jx_stage *next;
  struct ms_jx_node *predicate; /* NULL: an index */
  uint32_t symbol;
  uint32_t pos;
};

struct ms_jx_node {
  uint8_t type;   /* enum ms_jx_node_type */
  uint8_t op;     /* enum ms_jx_op */
  uint16_t flags; /* enum ms_jx_node_flag */
  uint8_t quick;  /* enum ms_jx_quick */
  uint32_t pos;   /* byte offset behind its token */
  uint32_t symbol;
  uint32_t count;      /* of items */
  struct ms_str token; /* as it is named in messages */
  struct ms_jx value;
  struct ms_jx_node *lhs;
  struct ms_jx_node *rhs;
  struct ms_jx_node *third;
  struct ms_jx_node **items;
  struct ms_jx_stage *stages;  /* predicates and indexes, in order */
  struct ms_jx_node *group;    /* an OBJECT */
  uint32_t focus;              /* symbol bound by `@`, 0 = none */
  uint32_t index;              /* symbol bound by `#`, 0 = none */
  struct ms_jx_slot *ancestor; /* bound to this step's input */
  struct ms_jx_slot *slot;     /* of PARENT */
  struct ms_jx_slot *seeking;  /* slots not resolved inside this node */
  uint32_t *params;            /* of LAMBDA: symbols; `count` of them */
  const struct ms_jx_signature *signature;
  struct ms_regex *regex;
  uint32_t depth; /* of the tree below */
};

/* A variable name of the program. Symbol 0 stands for `$`, 1 for `$$`. */
struct ms_jx_symbol {
  struct ms_str name;
  bool is_bound;                        /* some parameter, `:=`, `@` or `#` binds it */
  bool is_free;                         /* referred to where nothing in the expression binds it */
  const struct ms_jx_function *builtin; /* the built-in of this name, or NULL */
};

struct ms_jsonata {
  struct ms_arena *arena;
  struct ms_str text;
  struct ms_jx_node *root;
  struct ms_jx_symbol *symbols;
  uint32_t symbol_count;
  struct ms_json *owned; /* counted strings of the program */
  size_t owned_count;
  size_t owned_capacity;
  struct ms_regex **regexes;
  size_t regex_count;
  size_t regex_capacity;
  unsigned states; /* members of `$states` that are used: enum ms_jsonata_states */
};

#endif
