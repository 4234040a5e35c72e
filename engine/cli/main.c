/*
 * The program `mstep`: finds the command, takes its arguments apart, runs it. Each command is a row of
 * cmds.def and a file cmd_NAME.c; nothing here knows what any of them does.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
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

#ifdef MSTEP_FAULTS
static void die(enum ms_fault point)
{
  (void)point;
  raise(SIGKILL);
}

/* Tests of crashes: MSTEP_FAULT=NAME:NUMBER kills the program when it passes that point so often. */
static bool arm_fault(void)
{
  enum ms_fault point;
  unsigned after;
  const char *text = getenv("MSTEP_FAULT");
  if (text == NULL) {
    return true;
  }
  if (ms_fault_parse(&point, &after, text) != 0) {
    ms_cli_error("MSTEP_FAULT=%s: no fault point", text);
    return false;
  }
  ms_fault_arm(point, after, die);
  return true;
}
#else
static bool arm_fault(void)
{
  return true;
}
#endif

int main(int argc, char **argv)
{
  if (!arm_fault()) {
    return MS_EXIT_USAGE;
  }
  if (argc < 2) {
    ms_cli_help(stderr, NULL);
    return MS_EXIT_USAGE;
  }
  const char *name = command_name(argv[1]);
  const struct ms_cmd *cmd = ms_cli_find(name);
  if (cmd == NULL && name[0] == '-') {
    ms_cli_error("there is no command \"%s\"", name);
    ms_cli_hint("Options stand behind the command, as in \"mstep list --store FILE\".");
    return MS_EXIT_USAGE;
  }
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
