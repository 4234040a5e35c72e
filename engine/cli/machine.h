/*
 * What `run`, `validate` and `graph` share: where a machine's Lua code lies, reading a definition, and
 * saying what is wrong with it.
 */
#ifndef MS_CLI_MACHINE_H
#define MS_CLI_MACHINE_H

#include "cli/cli.h"
#include "cli/text.h"

#define MS_CLI_PATH_MAX 4096

/* Folders of a machine's Lua code; "" where there is none. */
struct ms_project {
  char functions[MS_CLI_PATH_MAX];
  char lib[MS_CLI_PATH_MAX];
  char rules[MS_CLI_PATH_MAX];
};

/*
 * Finds them: --functions, --lib and --rules as given, else below --project, else beside `machine`, else
 * in the folder above it. A folder that was named must exist: false, and it is said.
 */
bool ms_project_find(struct ms_project *out, const struct ms_cli_args *args, const char *machine);
/* Puts them into an engine's options; the project must outlive the engine's opening. */
void ms_project_apply(mstep_options *options, const struct ms_project *project);

/* An engine that only reads and checks definitions of `machine`'s project; NULL: it is said why. */
mstep_engine *ms_checker_open(const struct ms_cli_args *args, const char *machine);

/* Adds the definition's JSON text: a file, a .lua file's table, "-". False: it is said. */
bool ms_definition_read(struct ms_text *out, mstep_engine *engine, const char *path);
/* Name of a machine from its file: "dir/order.asl.json" is "order". Characters AWS refuses become "-". */
void ms_machine_name(char *out, size_t size, const char *path);
/* How messages name it: the path, "<stdin>" for "-". */
const char *ms_machine_label(const char *path);

/* Problems of one definition, as they are found. */
struct ms_problems {
  const char *file;
  FILE *to;             /* lines go here, unless `json` is set */
  struct ms_text *json; /* diagnostics as members of a JSON array, without the brackets */
  size_t error_count, warning_count;
};
/* An mstep_diagnostic_cb; `user` is a struct ms_problems. */
void ms_problems_add(const mstep_diagnostic *diagnostic, void *user);

#endif
