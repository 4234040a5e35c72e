/* `mstep version`. */
#include "cli/cli.h"

int ms_cmd_version(const struct ms_cli_args *args)
{
  (void)args;
  printf("mstep %s\n", mstep_version());
  return MS_EXIT_OK;
}
