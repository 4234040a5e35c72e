/*
 * Children of map runs as the API shows executions: listed, described, with a history. All of it is read from
 * the events of the execution above (core/map_child.h), so it costs as much as that one's history is long.
 */
#ifndef MS_RUNTIME_MAP_CHILDREN_H
#define MS_RUNTIME_MAP_CHILDREN_H

#include "runtime/internal.h"

/* Has the machine a distributed Map? Then all events of its executions are kept. */
bool ms_map_children_has_any(const struct ms_machine *machine);
/* Is that the ARN of a child? No name of a machine has a '/'. */
bool ms_map_child_is(struct ms_str arn);
/* DescribeExecution. MSTEP_ENOTFOUND. */
int ms_map_child_describe(struct ms_buf *out, struct ms_engine *engine, struct ms_str arn);
/* GetExecutionHistory, from the event from_id on (0: the first) at most `max`. MSTEP_ENOTFOUND. */
int ms_map_child_history(struct ms_buf *out, struct ms_engine *engine,
                         const struct ms_engine_history *request, uint64_t from_id, uint64_t max);
/* StopExecution: as ms_engine_execution_stop. */
int ms_map_child_stop(struct ms_engine *engine, struct ms_str arn, struct ms_str error,
                      struct ms_str cause, struct ms_callback accepted);

/* ---- history_page.c ---- */
/* Every event of the execution that may be shown, in order, until on_event fails. */
int ms_history_each(struct ms_engine *engine, struct ms_run *run,
                    int (*on_event)(const struct ms_event *event, void *user), void *user);

#endif
