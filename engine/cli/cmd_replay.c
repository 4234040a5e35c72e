/* stub */
#include "cli/cli.h"
int ms_cmd_replay(const struct ms_cli_args *args)
{
  (void)args;
  return MS_EXIT_USAGE;
}
