/* `mstep run`: what its two ways, in memory and on a store, share. */
#ifndef MS_CLI_RUN_H
#define MS_CLI_RUN_H

#include "cli/client.h"
#include "cli/machine.h"
#include "cli/run_result.h"
#include "cli/view.h"

struct ms_cli_run {
  const struct ms_cli_args *args;
  const char *machine; /* the operand; NULL: none */
  struct ms_project project;
  mstep_options options;
  struct ms_client client; /* has the engine */
  struct ms_view view;
  mstep_arn execution; /* the one that was started */
  struct ms_run_result result;
  /* With a store: how many have ended since, by mstep_status. */
  unsigned long long ended[MSTEP_ABORTED + 1];
};

/* ---- run_store.c ---- */

/* From the open engine to the end of everything that is open, or an interruption. Exit code. */
int ms_run_store(struct ms_cli_run *run, bool is_json);
void ms_run_store_event(struct ms_cli_run *run, const mstep_event *event);

#endif
