/*
 * The compiled state machine: what a definition text becomes. Read-only after compile, shared by all
 * executions that started with it, counted. It is a tree: a machine has a flow (`StartAt` + `States`),
 * a flow has states, Parallel and Map states have flows of their own. All states of the machine, nested
 * ones too, also stand in one array in the order of the text: a state's index there is its number in
 * events, and is the same each time the same text is compiled.
 */
#ifndef MS_ASL_MACHINE_H
#define MS_ASL_MACHINE_H

#include "base/arena.h"
#include "json/json.h"
#include "query/query.h"

struct ms_state_type;
struct ms_flow;

#define MS_STATE_NONE UINT32_MAX /* "no state": the end of a flow */

/* A field that is absent, a literal, or found out at run time by a path or an expression. */
enum ms_setting_kind { MS_SETTING_ABSENT, MS_SETTING_LITERAL, MS_SETTING_QUERY };

struct ms_setting {
  enum ms_setting_kind kind;
  struct ms_json literal;  /* LITERAL: checked for type and range at compile */
  struct ms_query *query;  /* QUERY: of the Path form, or a `{% %}` expression */
  const char *field;       /* the name it was given under: "Seconds", "SecondsPath"; static */
  int64_t min, max;        /* range for numbers that are found at run time */
};

enum ms_jitter { MS_JITTER_NONE, MS_JITTER_FULL };

struct ms_retrier {
  struct ms_str *errors; /* ErrorEquals */
  uint32_t error_count;
  uint32_t interval_seconds;  /* default 1 */
  uint32_t max_attempts;      /* default 3; 0 = never */
  double backoff_rate;        /* default 2.0 */
  uint32_t max_delay_seconds; /* 0 = none */
  enum ms_jitter jitter;
};

struct ms_catcher {
  struct ms_str *errors;
  uint32_t error_count;
  uint32_t next;                /* state index */
  struct ms_query *result_path; /* JSONPath; NULL = `$` */
  bool is_discarding;           /* "ResultPath": null */
  struct ms_query *output;      /* other languages */
  struct ms_query *assign;
};

/* How a Choice rule decides. */
enum ms_rule_kind {
  MS_RULE_COMPARE,   /* Variable + operator */
  MS_RULE_AND,
  MS_RULE_OR,
  MS_RULE_NOT,       /* one child */
  MS_RULE_CONDITION, /* JSONata, Lua: Condition */
  MS_RULE_FUNCTION   /* ours: "Rule": "rules.is_vip", a Lua function of the project's rules folder */
};

enum ms_compare_family {
  MS_COMPARE_STRING,
  MS_COMPARE_NUMERIC,
  MS_COMPARE_BOOLEAN,
  MS_COMPARE_TIMESTAMP,
  MS_COMPARE_MATCHES,
  MS_COMPARE_IS_NULL,
  MS_COMPARE_IS_PRESENT,
  MS_COMPARE_IS_NUMERIC,
  MS_COMPARE_IS_STRING,
  MS_COMPARE_IS_BOOLEAN,
  MS_COMPARE_IS_TIMESTAMP
};

enum ms_compare_relation {
  MS_COMPARE_EQ,
  MS_COMPARE_LT,
  MS_COMPARE_GT,
  MS_COMPARE_LE,
  MS_COMPARE_GE
};

struct ms_rule {
  enum ms_rule_kind kind;
  enum ms_compare_family family;     /* COMPARE */
  enum ms_compare_relation relation; /* COMPARE */
  struct ms_query *variable;         /* COMPARE */
  struct ms_setting operand;         /* COMPARE: literal or the ...Path form. CONDITION: boolean or query */
  struct ms_str function;            /* FUNCTION: "rules.is_vip" */
  struct ms_rule *children;          /* AND, OR, NOT */
  uint32_t child_count;
  uint32_t next;                     /* of a top rule; MS_STATE_NONE in nested ones */
  struct ms_query *assign;
  struct ms_query *output;           /* other languages than JSONPath */
};

struct ms_choices {
  struct ms_rule *rules;
  uint32_t count;
};

/* One compiled state: what every type has. A type's own struct embeds it first. NULL query = absent. */
struct ms_state {
  const struct ms_state_type *type;
  const struct ms_flow *flow;        /* the `States` it stands in */
  const struct ms_query_lang *lang;
  struct ms_str name;
  struct ms_json name_value;         /* the same as a string value, for events */
  struct ms_str pointer;             /* JSON pointer in the definition */
  uint32_t index;                    /* in machine->states */
  uint32_t next;                     /* index, or MS_STATE_NONE for `End: true` and terminal types */
  struct ms_query *input_path;       /* null in the definition: compiled to the constant {} */
  struct ms_query *parameters;       /* Parameters or Arguments */
  struct ms_query *result_selector;
  struct ms_query *result_path;      /* NULL and not discarding = `$` */
  bool is_discarding;                /* "ResultPath": null */
  struct ms_query *output_path;
  struct ms_query *output;           /* Output */
  struct ms_query *assign;
  struct ms_retrier *retriers;
  uint32_t retrier_count;
  struct ms_catcher *catchers;
  uint32_t catcher_count;
};

/* What is compiled of ItemReader, ItemBatcher and ResultWriter. */
struct ms_map_parts {
  struct ms_query *reader_parameters; /* Parameters or Arguments; NULL: none */
  struct ms_setting reader_max_items;
  struct ms_setting batch_items; /* MaxItemsPerBatch */
  struct ms_setting batch_bytes; /* MaxInputBytesPerBatch */
  struct ms_query *batch_input;
  struct ms_query *writer_parameters;
};

enum ms_flow_kind { MS_FLOW_MACHINE, MS_FLOW_BRANCH, MS_FLOW_PROCESSOR };

struct ms_flow {
  enum ms_flow_kind kind;
  const struct ms_state *owner; /* the Parallel or Map state; NULL for the machine's own */
  uint32_t start;               /* index of StartAt */
  struct ms_str pointer;
  bool is_distributed;          /* PROCESSOR: Mode DISTRIBUTED */
  bool is_express;              /* PROCESSOR: ExecutionType EXPRESS */
};

struct ms_branches {
  struct ms_flow **flows;
  uint32_t count;
};

struct ms_machine {
  uint32_t references;
  struct ms_arena *arena;          /* owns all of the tree but the queries and values listed below */
  struct ms_str text;              /* the definition, byte for byte */
  struct ms_str comment;
  const struct ms_query_lang *lang;
  struct ms_flow *flow;
  struct ms_state **states;        /* of all flows */
  uint32_t state_count;
  int64_t timeout_seconds;         /* 0 = none */
  /* What the arena cannot free, released with the machine. */
  struct ms_query **queries;
  uint32_t *query_states;          /* index of the state that queries[i] stands in */
  uint32_t query_count;
  struct ms_json *values;
  uint32_t value_count;
};

struct ms_machine *ms_machine_ref(struct ms_machine *machine);
void ms_machine_unref(struct ms_machine *machine); /* NULL is fine */
const struct ms_state *ms_machine_find(const struct ms_machine *machine, struct ms_str name);
/* True when `state` stands in a flow that is, or lies inside, a Parallel or Map state. */
bool ms_state_is_nested(const struct ms_state *state);

#endif
