/*
 * The program `mstep`: what its commands share. It stands on include/mstep alone, as any other host
 * would: no internal header, no JSON tree. A command is a row of cmds.def and one file cmd_NAME.c.
 */
#ifndef MS_CLI_CLI_H
#define MS_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "mstep/mstep.h"

/* Exit codes, the same for every command; documented in the help of each. */
enum ms_exit {
  MS_EXIT_OK = 0,        /* succeeded */
  MS_EXIT_FAILED = 1,    /* the execution failed */
  MS_EXIT_USAGE = 2,     /* the command line, a file or the definition is wrong: nothing was run */
  MS_EXIT_TIMED_OUT = 3, /* the execution passed its TimeoutSeconds */
  MS_EXIT_ABORTED = 4    /* interrupted; what is open in a store stays so */
};

#define MS_OPTION(id, name, letter, value, commands, help) MS_OPTION_##id,
enum ms_option {
#include "cli/options.def"
  MS_OPTION_COUNT
};
#undef MS_OPTION

/* Which commands an option belongs to: a bit for each row of cmds.def. */
#define MS_CMD(id, run, operands, min, max, summary, more) MS_CMD_INDEX_##id,
enum ms_cmd_index {
#include "cli/cmds.def"
  MS_CMD_COUNT
};
#undef MS_CMD
#define MS_CMD(id, run, operands, min, max, summary, more) MS_IN_##id = 1 << MS_CMD_INDEX_##id,
enum ms_cmd_bit {
#include "cli/cmds.def"
  MS_IN_all = (1 << MS_CMD_COUNT) - 1
};
#undef MS_CMD

#define MS_CLI_OPERANDS_MAX 256

#define MS_CLI_GIVEN_MAX 256

/* A command line, taken apart. Strings are those of argv. */
struct ms_cli_args {
  const struct ms_cmd *cmd;
  const char *options[MS_OPTION_COUNT]; /* the value, "" for a switch, NULL when not given */
  const char *operands[MS_CLI_OPERANDS_MAX];
  size_t operand_count;
  struct {
    enum ms_option option;
    const char *value;
  } given[MS_CLI_GIVEN_MAX]; /* every option, as often as it was given */
  size_t given_count;
};

/* A row of cmds.def. */
struct ms_cmd {
  const char *name;
  const char *operands; /* as in the usage line: "MACHINE" */
  size_t operands_min, operands_max;
  const char *summary;                        /* one line */
  const char *more;                           /* the rest of the help: examples, exit codes */
  int (*run)(const struct ms_cli_args *args); /* gives the exit code */
};

extern const struct ms_cmd ms_cmds[MS_CMD_COUNT];

#define MS_CMD(id, run, operands, min, max, summary, more) int run(const struct ms_cli_args *args);
#include "cli/cmds.def"
#undef MS_CMD

/* ---- args.c ---- */

/* Takes argv apart for `cmd`; says what is wrong and returns false. argv[0] is the command's name. */
bool ms_cli_parse(struct ms_cli_args *out, const struct ms_cmd *cmd, int argc, char **argv);
/* The row of that name, or NULL. */
const struct ms_cmd *ms_cli_find(const char *name);
/* Says that there is no such command and which is meant. */
void ms_cli_unknown_command(const char *name);
#define MS_CLI_FAR 32
/* Is `candidate` nearer to `word` than *best (at first MS_CLI_FAR), and near enough to be meant? */
bool ms_cli_is_nearer(const char *word, const char *candidate, size_t *best);
/* Without the dashes. */
const char *ms_cli_option_name(enum ms_option option);
/* Value of an option that is a whole number of min..max: *out unchanged when not given. */
bool ms_cli_number(unsigned long long *out, const struct ms_cli_args *args, enum ms_option option,
                   unsigned long long min, unsigned long long max);
/* Index of an option's value in `words` (NULL-terminated), 0 when not given, -1 when none: said. */
int ms_cli_choice(const struct ms_cli_args *args, enum ms_option option, const char *const *words);

/* ---- cmd_help.c ---- */

void ms_cli_help(FILE *to, const struct ms_cmd *cmd); /* NULL: the program's */

/* ---- message.c ---- */

/* `mstep: error: ...` on standard error. Lower case, no full stop, says why. */
void ms_cli_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A full sentence that helps, below the error: `hint: ...`. */
void ms_cli_hint(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* `could not WHAT: DETAIL` from a code and mstep_last_error(). */
void ms_cli_error_code(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

enum ms_style {
  MS_STYLE_PLAIN,
  MS_STYLE_BOLD,
  MS_STYLE_DIM,
  MS_STYLE_RED,
  MS_STYLE_GREEN,
  MS_STYLE_YELLOW
};
/* Does `stream` lead to a terminal that may be coloured (NO_COLOR, TERM)? */
bool ms_cli_has_colour(FILE *stream);
bool ms_cli_is_terminal(FILE *stream);
/* The escape that begins a style, "" without colour. MS_STYLE_PLAIN ends all. */
const char *ms_cli_style(bool is_coloured, enum ms_style style);

#endif
