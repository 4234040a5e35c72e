/*
 * The contract of a state type: its field table, which alone drives parsing, "unknown field"
 * diagnostics and documentation, and its behaviour, which core calls. Implemented in states/, one file
 * each; the table of all is states/states.def, handed to the compiler by its caller.
 */
#ifndef MS_ASL_STATE_TYPE_H
#define MS_ASL_STATE_TYPE_H

#include "asl/machine.h"

struct ms_asl_parse;
struct ms_decision; /* core/decision.h */
struct ms_frame;    /* core/execution.h */
struct ms_command;  /* core/command.h */

/* How a field is read and what it is compiled to; the C type at its offset in brackets. */
enum ms_field_kind {
  MS_FIELD_IGNORED,        /* Type, Comment, QueryLanguage: read by the compiler itself [nothing] */
  MS_FIELD_NEXT,           /* name of a state of the same flow [uint32_t] */
  MS_FIELD_END,            /* true [nothing] */
  MS_FIELD_STRING,         /* [struct ms_str] */
  MS_FIELD_BOOLEAN,        /* [bool] */
  MS_FIELD_JSON,           /* any literal [struct ms_json] */
  MS_FIELD_PATH,           /* path or null, null = constant {} [struct ms_query *] */
  MS_FIELD_REFERENCE_PATH, /* [struct ms_query *] */
  MS_FIELD_RESULT_PATH,    /* reference path of `$` only, or null [struct ms_query *; a bool at offset2] */
  MS_FIELD_TEMPLATE,       /* payload template or JSON with expressions [struct ms_query *] */
  MS_FIELD_ASSIGN,         /* template that is an object with legal variable names [struct ms_query *] */
  MS_FIELD_INTEGER,        /* integer within min..max, or an expression [struct ms_setting] */
  MS_FIELD_NUMBER,         /* number within min..max, or an expression [struct ms_setting] */
  MS_FIELD_TEXT,           /* string, or an expression [struct ms_setting] */
  MS_FIELD_TIMESTAMP,      /* RFC 3339 string, or an expression [struct ms_setting] */
  MS_FIELD_SETTING_PATH,   /* the ...Path form of one of the four above [the same struct ms_setting] */
  MS_FIELD_TEXT_PATH,      /* ErrorPath, CausePath: path or intrinsic [the same struct ms_setting] */
  MS_FIELD_ITEMS,          /* Items: array, object or expression [struct ms_query *] */
  MS_FIELD_RETRY,          /* [in struct ms_state] */
  MS_FIELD_CATCH,          /* [in struct ms_state] */
  MS_FIELD_CHOICES,        /* [struct ms_choices] */
  MS_FIELD_BRANCHES,       /* [struct ms_branches] */
  MS_FIELD_PROCESSOR,      /* ItemProcessor, Iterator [struct ms_flow *] */
  MS_FIELD_RESOURCE,       /* Task resource ARN, checked for form [struct ms_str] */
  MS_FIELD_CREDENTIALS,    /* {"RoleArn": ...} [struct ms_query *, a TEMPLATE] */
  MS_FIELD_READER,         /* ItemReader [struct ms_json, as written; a struct ms_map_parts at offset2] */
  MS_FIELD_BATCHER,        /* ItemBatcher [likewise] */
  MS_FIELD_WRITER          /* ResultWriter [likewise] */
};

enum ms_field_flags {
  MS_FIELD_IN_JSONPATH = 1, /* legal when the state's language is JSONPath */
  MS_FIELD_IN_OTHERS = 2,   /* legal in JSONata and Lua */
  MS_FIELD_IN_ALL = 3,
  MS_FIELD_REQUIRED = 4,
  MS_FIELD_RESULT = 8,      /* expressions may use $states.result */
  MS_FIELD_OURS = 16        /* not of AWS: `validate --portable` names it */
};

struct ms_field {
  const char *name;
  enum ms_field_kind kind;
  unsigned flags;
  size_t offset;  /* in the type's struct */
  size_t offset2; /* RESULT_PATH: of the bool that says `null` */
  int64_t min, max;
};

/* A set of fields of which at most one (or exactly one) may be present; NULL-terminated. */
struct ms_field_group {
  bool is_required;
  const char *names[5];
};

struct ms_state_type {
  const char *name;                    /* value of "Type" */
  size_t size;                         /* of this type's compiled struct */
  bool has_next;                       /* takes exactly one of Next and End */
  bool is_terminal;                    /* Succeed, Fail */
  const struct ms_field *fields;       /* ends with a row whose name is NULL */
  const struct ms_field_group *groups; /* ends with names[0] == NULL; NULL = none */
  /* Checks what the table cannot say; reports through ms_asl_report. Returns 0 or MSTEP_ENOMEM. */
  int (*validate)(struct ms_asl_parse *parse, const struct ms_state *state);
  /* Behaviour. Both write events; neither changes the execution. See core/decision.h. */
  int (*enter)(struct ms_decision *decision, const struct ms_frame *frame);
  int (*on_command)(struct ms_decision *decision, const struct ms_frame *frame,
                    const struct ms_command *command);
  /* Parallel, Map: the flows inside, branches in order; NULL for other types. */
  struct ms_flow *const *(*flows)(const struct ms_state *state);
  /* Map: are results written somewhere when a map run ends, well or not? NULL for other types. */
  bool (*writes_results)(const struct ms_state *state);
};

/* Reports a problem at `field` of the state (NULL: the state itself) from a validate callback. */
void ms_asl_report(struct ms_asl_parse *parse, const struct ms_state *state, const char *field,
                   const char *code, const char *format, ...) __attribute__((format(printf, 5, 6)));
bool ms_asl_is_express(const struct ms_asl_parse *parse); /* compiled for an Express machine */

/* ---- rows that several types share ---- */
#define MS_FIELDS_COMMON                                          \
  {"Type", MS_FIELD_IGNORED, MS_FIELD_IN_ALL | MS_FIELD_REQUIRED, 0, 0, 0, 0}, \
      {"Comment", MS_FIELD_IGNORED, MS_FIELD_IN_ALL, 0, 0, 0, 0}, \
      {"QueryLanguage", MS_FIELD_IGNORED, MS_FIELD_IN_ALL, 0, 0, 0, 0}
#define MS_FIELDS_NEXT                                                                     \
  {"Next", MS_FIELD_NEXT, MS_FIELD_IN_ALL, offsetof(struct ms_state, next), 0, 0, 0}, \
      {"End", MS_FIELD_END, MS_FIELD_IN_ALL, 0, 0, 0, 0}
#define MS_FIELDS_PATHS                                                                     \
  {"InputPath", MS_FIELD_PATH, MS_FIELD_IN_JSONPATH, offsetof(struct ms_state, input_path), 0, 0, 0}, \
      {"OutputPath", MS_FIELD_PATH, MS_FIELD_IN_JSONPATH, offsetof(struct ms_state, output_path), 0, 0, 0}
#define MS_FIELDS_RESULT_PATH                                                 \
  {"ResultPath", MS_FIELD_RESULT_PATH, MS_FIELD_IN_JSONPATH,                  \
   offsetof(struct ms_state, result_path), offsetof(struct ms_state, is_discarding), 0, 0}
#define MS_FIELDS_RESULT_SELECTOR                                  \
  {"ResultSelector", MS_FIELD_TEMPLATE, MS_FIELD_IN_JSONPATH,      \
   offsetof(struct ms_state, result_selector), 0, 0, 0}
#define MS_FIELDS_ASSIGN(flags) \
  {"Assign", MS_FIELD_ASSIGN, MS_FIELD_IN_ALL | (flags), offsetof(struct ms_state, assign), 0, 0, 0}
#define MS_FIELDS_OUTPUT(flags) \
  {"Output", MS_FIELD_TEMPLATE, MS_FIELD_IN_OTHERS | (flags), offsetof(struct ms_state, output), 0, 0, 0}
#define MS_FIELDS_RETRY_CATCH                                        \
  {"Retry", MS_FIELD_RETRY, MS_FIELD_IN_ALL, 0, 0, 0, 0},            \
      {"Catch", MS_FIELD_CATCH, MS_FIELD_IN_ALL, 0, 0, 0, 0}
#define MS_FIELDS_END {NULL, MS_FIELD_IGNORED, 0, 0, 0, 0, 0}

#endif
