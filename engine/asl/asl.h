/*
 * Definition text -> diagnostics and a compiled machine. Parses, validates and compiles in one pass over
 * the JSON tree, reports every problem it finds and compiles only when there is no error.
 */
#ifndef MS_ASL_ASL_H
#define MS_ASL_ASL_H

#include "asl/machine.h"
#include "asl/state_type.h"

enum ms_severity { MS_SEVERITY_ERROR, MS_SEVERITY_WARNING };

/*
 * One problem. Strings live as long as the list. A location is written as AWS does: member names as they
 * are, array indexes in brackets, "/" for the whole, `/States/C/Choices[0]/Next`; empty where AWS gives
 * none; `[Source: (String)"..."; line: 1, column: 4]` for text that is not JSON (in AWS's message such a
 * place follows the words as "\n at ").
 */
struct ms_diagnostic {
  enum ms_severity severity;
  const char *code;        /* AWS's: "SCHEMA_VALIDATION_FAILED", "MISSING_TRANSITION_TARGET" ... */
  struct ms_str message;   /* AWS's wording where recorded, without the " at /pointer" */
  struct ms_str pointer;   /* the location */
  struct ms_str hint;      /* a full sentence, or empty: "Did you mean \"Next\"?" */
  uint32_t line, column;   /* of the value or the name at fault, from 1; 0: no such place */
};

struct ms_diagnostics {
  struct ms_arena *arena;
  struct ms_diagnostic *items; /* in order of the text, those of the whole definition last */
  size_t count;
  size_t error_count;
  size_t max;                  /* more are dropped and counted */
  size_t dropped;
};

int ms_diagnostics_init(struct ms_diagnostics *diagnostics, size_t max);
void ms_diagnostics_deinit(struct ms_diagnostics *diagnostics);
/* `file:line:column: error: message (CODE at /pointer)` and the hint, one problem a line. */
void ms_diagnostics_print(struct ms_buf *out, const struct ms_diagnostics *diagnostics, struct ms_str file);
/* AWS's: `Invalid State Machine Definition: 'CODE: text at /pointer, CODE: ...'`. */
void ms_diagnostics_aws_message(struct ms_buf *out, const struct ms_diagnostics *diagnostics);

struct ms_asl_options {
  const struct ms_state_type *const *types; /* NULL-terminated: ms_states_all */
  const struct ms_query_lang *const *langs; /* more languages (Lua), NULL-terminated; may be NULL */
  bool is_express;                          /* check what an Express machine may not have */
  bool is_portable;                         /* report what AWS would not accept: NOT_PORTABLE */
};

/*
 * Compiles. *out gets a machine with one reference, or NULL when there is an error; `diagnostics`
 * (may be NULL) gets all problems, warnings too. MSTEP_EDEFINITION: it has errors. MSTEP_ENOMEM.
 */
int ms_asl_compile(struct ms_machine **out, struct ms_str text, const struct ms_asl_options *options,
                   struct ms_diagnostics *diagnostics);

/* variableReferences of DescribeStateMachine: {state name: [variable names, sorted]}. */
struct ms_json ms_asl_variable_references(const struct ms_machine *machine);

/* The machine as text for Mermaid (stateDiagram-v2) or Graphviz. */
void ms_asl_graph_mermaid(struct ms_buf *out, const struct ms_machine *machine);
void ms_asl_graph_dot(struct ms_buf *out, const struct ms_machine *machine);

#endif
