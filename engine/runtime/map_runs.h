/*
 * Map runs by their ARN: a row of the catalog for each (kind "map-run"), written in the commit that begins,
 * ends or redrives it. Of one that runs, the row says whose it is; the figures are in its execution.
 */
#ifndef MS_RUNTIME_MAP_RUNS_H
#define MS_RUNTIME_MAP_RUNS_H

#include "runtime/internal.h"

#define MS_MAP_RUN_KIND "map-run"

/* What the entry's events say of map runs, into the transition that has these events; NULL: there is no store. */
int ms_map_runs_note(struct ms_engine *engine, struct ms_batch *batch,
                     const struct ms_turn_entry *entry);
/* Their rows go with the execution; tail: what follows the machine's name in its ARN. */
int ms_map_runs_forget(struct ms_engine *engine, struct ms_str machine, struct ms_str tail);

#endif
