/* What became of the items of a map run: counted from its frame, and said when it ends. */
#ifndef MS_CORE_MAP_RUN_H
#define MS_CORE_MAP_RUN_H

#include "core/decision.h"

struct ms_map_run_counts {
  uint64_t pending, running, succeeded, failed, aborted, total; /* failed: not those that were stopped */
  uint64_t pending_redrive; /* failed or stopped, and waits for its turn in a redrive */
};

/*
 * Goes through the children that are cut, in their order and after those that wait: was this one a failure, or
 * was it cut off? *at starts at 0.
 */
bool ms_map_run_is_failure(size_t *at, const struct ms_children *children,
                           const struct ms_frame *child);
/*
 * items: those of batches; executions: iterations. failed_now: a child that is about to be one of those that
 * failed, or NULL. frame has children.
 */
void ms_map_run_count(struct ms_map_run_counts *items, struct ms_map_run_counts *executions,
                      const struct ms_execution *execution, const struct ms_frame *frame,
                      const struct ms_frame *failed_now);
/*
 * {"mapRunArn", "status", "maxConcurrency", "toleratedFailureCount", "toleratedFailurePercentage",
 * "redriveCount", "itemCounts", "executionCounts"}, members as DescribeMapRun has them. Owned.
 */
int ms_map_run_summary(struct ms_json *out, const struct ms_execution *execution,
                       const struct ms_frame *frame, const char *status,
                       const struct ms_frame *failed_now);
/* Writes MAP_RUN_ENDED when the frame is in a map run that this decision has not ended yet. */
int ms_decision_end_map_run(struct ms_decision *decision, const struct ms_frame *frame,
                            const char *status, const struct ms_frame *failed_now);
/*
 * Too many children failed: ends the map run, if it is one, and makes *failure the error. MS_FAILED.
 * failed_now as above.
 */
int ms_decision_exceed_map_run(struct ms_decision *decision, const struct ms_frame *frame,
                               const struct ms_frame *failed_now, struct ms_failure *failure);
/* The frame of the map run with that ARN; NULL: it is none of those that are open. */
const struct ms_frame *ms_map_run_find(const struct ms_execution *execution, struct ms_str arn);

#endif
