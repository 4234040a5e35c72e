/*
 * What `mstep eval` keeps from one expression to the next, and the prompt that asks for them.
 */
#ifndef MS_CLI_EVAL_H
#define MS_CLI_EVAL_H

#include "cli/cli.h"
#include "cli/text.h"

struct ms_eval {
  mstep_engine *engine;
  const char *language; /* as the library calls it: "JSONata" */
  const char *dialect;
  bool is_pretty;
  bool are_many;        /* an expression without a value prints an empty line */
  struct ms_text input;
  struct ms_text variables;
};

/* Evaluates and prints; what is wrong is said. Gives the exit code. */
int ms_eval_print(struct ms_eval *eval, const char *expression);
/* The language of that name, in lower case: NULL when there is none. */
const char *ms_eval_language(const char *name);
/* Replaces the input by JSON text or @FILE or "-": false, and it is said, when it cannot be. */
bool ms_eval_set_input(struct ms_eval *eval, const char *given);

/* Reads expressions from standard input until its end or :quit. Gives the exit code. */
int ms_eval_prompt(struct ms_eval *eval);

#endif
