/* `mstep version`. */
#include "cli/cli.h"

int ms_cmd_version(const struct ms_cli_args *args)
{
  static const char *const forms[] = {"text", "json", NULL};
  int form = ms_cli_choice(args, MS_OPTION_OUTPUT, forms);
  if (form < 0) {
    return MS_EXIT_USAGE;
  }
  printf(form == 1 ? "{\"version\":\"%s\"}\n" : "mstep %s\n", mstep_version());
  return MS_EXIT_OK;
}
