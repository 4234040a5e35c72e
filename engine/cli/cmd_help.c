/* `mstep help [COMMAND]` and `--help`: everything is made of the rows of cmds.def and options.def. */
#include <string.h>

#include "cli/cli.h"

struct option_help {
  const char *name;
  char letter;
  const char *value;
  int commands;
  const char *help;
};

#define MS_OPTION(id, name, letter, value, commands, help) {name, letter, value, commands, help},
static const struct option_help option_helps[MS_OPTION_COUNT] = {
#include "cli/options.def"
};
#undef MS_OPTION

static void help_program(FILE *to)
{
  fputs("usage: mstep COMMAND [ARGUMENTS]\n\n"
        "Moonstep runs AWS Step Functions state machines on this machine, with tasks written in "
        "Lua.\n\n"
        "commands:\n",
        to);
  for (size_t i = 0; i < MS_CMD_COUNT; i++) {
    fprintf(to, "  %-11s %s\n", ms_cmds[i].name, ms_cmds[i].summary);
  }
  fputs("\n\"mstep help COMMAND\" or \"mstep COMMAND --help\" says more.\n\n"
        "examples:\n"
        "  mstep run order.asl.json --input @input.json\n"
        "  mstep validate order.asl.json\n\n"
        "exit codes:\n"
        "  0  succeeded\n"
        "  1  the execution failed\n"
        "  2  the command line, a file or the definition is wrong\n"
        "  3  the execution timed out\n"
        "  4  the execution was aborted\n",
        to);
}

static void help_option(FILE *to, const struct option_help *option)
{
  char left[64];
  char letter[8] = "    ";
  if (option->letter != 0) {
    snprintf(letter, sizeof letter, "-%c, ", option->letter);
  }
  const char *space = option->value[0] != '\0' ? " " : "";
  snprintf(left, sizeof left, "%s--%s%s%s", letter, option->name, space, option->value);
  fprintf(to, "  %-27s  %s\n", left, option->help);
}

void ms_cli_help(FILE *to, const struct ms_cmd *cmd)
{
  if (cmd == NULL) {
    help_program(to);
    return;
  }
  const char *space = cmd->operands[0] != '\0' ? " " : "";
  fprintf(to, "usage: mstep %s%s%s [OPTIONS]\n\n%s\n\noptions:\n", cmd->name, space, cmd->operands,
          cmd->summary);
  for (size_t i = 0; i < MS_OPTION_COUNT; i++) {
    if ((option_helps[i].commands & (1 << (cmd - ms_cmds))) != 0) {
      help_option(to, &option_helps[i]);
    }
  }
  fprintf(to, "\n%s", cmd->more);
}

int ms_cmd_help(const struct ms_cli_args *args)
{
  if (args->operand_count == 0) {
    ms_cli_help(stdout, NULL);
    return MS_EXIT_OK;
  }
  const struct ms_cmd *cmd = ms_cli_find(args->operands[0]);
  if (cmd == NULL) {
    ms_cli_unknown_command(args->operands[0]);
    return MS_EXIT_USAGE;
  }
  ms_cli_help(stdout, cmd);
  return MS_EXIT_OK;
}
