/*
 * Driving an engine for somebody who watches: signals end it, a live view is drawn ten times a
 * second.
 */
#ifndef MS_CLI_RUN_LOOP_H
#define MS_CLI_RUN_LOOP_H

#include "cli/cli.h"
#include "cli/view.h"

enum ms_loop_end {
  MS_LOOP_RETURNED,    /* nothing is left to do, or a callback stopped the engine */
  MS_LOOP_INTERRUPTED, /* SIGINT or SIGTERM; told once, the second one ends the process */
  MS_LOOP_FAILED       /* said */
};

/* From here to ms_run_loop_end signals are caught. */
void ms_run_loop_begin(mstep_engine *engine, const struct ms_view *view);
enum ms_loop_end ms_run_loop(mstep_engine *engine, struct ms_view *view);
void ms_run_loop_end(void);

#endif
