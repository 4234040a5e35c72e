/*
 * The program `mstep`: finds the command, takes its arguments apart, runs it. Each command is a row of
 * cmds.def and a file cmd_NAME.c; nothing here knows what any of them does.
 */
#include <string.h>

#include "cli/cli.h"

#define MS_CMD(id, run, operands, min, max, summary, more)                                         \
  {#id, operands, min, max, summary, more, run},
const struct ms_cmd ms_cmds[MS_CMD_COUNT] = {
#include "cli/cmds.def"
};
#undef MS_CMD

/* `--version` and `--help` are what people type first, whatever a program calls its commands. */
static const char *command_name(const char *word)
{
  if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
    return "version";
  }
  if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
    return "help";
  }
  return word;
}

int main(int argc, char **argv)
{
  if (argc < 2) {
    ms_cli_help(stderr, NULL);
    return MS_EXIT_USAGE;
  }
  const char *name = command_name(argv[1]);
  const struct ms_cmd *cmd = ms_cli_find(name);
  if (cmd == NULL) {
    ms_cli_unknown_command(name);
    return MS_EXIT_USAGE;
  }
  struct ms_cli_args args;
  if (!ms_cli_parse(&args, cmd, argc - 1, argv + 1)) {
    return MS_EXIT_USAGE;
  }
  int code = MS_EXIT_OK;
  if (args.options[MS_OPTION_HELP] != NULL) {
    ms_cli_help(stdout, cmd);
  } else {
    code = cmd->run(&args);
  }
  if (fflush(stdout) != 0 || ferror(stdout)) {
    ms_cli_error("could not write to standard output");
    return code == MS_EXIT_OK ? MS_EXIT_FAILED : code;
  }
  return code;
}
