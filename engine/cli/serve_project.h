/* What `mstep serve` makes of a project's folder, at its start and, with --watch, whenever files change. */
#ifndef MS_CLI_SERVE_PROJECT_H
#define MS_CLI_SERVE_PROJECT_H

#include "cli/client.h"
#include "cli/machine.h"

struct ms_serve_project {
  struct ms_client *client;
  char folder[MS_CLI_PATH_MAX];
  char machines[2 * MS_CLI_PATH_MAX], declared[2 * MS_CLI_PATH_MAX]; /* machines/, mstep.lua */
  const char *watched[3];
  bool is_busy, is_stale; /* it is being applied; and must be once more */
};

/* Checks and applies. False: said, and nothing has been changed. */
bool ms_serve_project_load(struct ms_serve_project *project, struct ms_client *client,
                           const struct ms_cli_args *args);
/* From now on what changes is loaded. False: said. */
bool ms_serve_project_watch(struct ms_serve_project *project);

#endif
