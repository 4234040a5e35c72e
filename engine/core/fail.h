/* Between exit.c, fail.c and decide.c; private to core. */
#ifndef MS_CORE_FAIL_H
#define MS_CORE_FAIL_H

#include "core/decision.h"

/* Writes StateExited and, for MS_STATE_NONE, the end of the flow. output borrowed, assigned taken. */
int ms_decision_leave(struct ms_decision *decision, const struct ms_frame *frame, struct ms_json output,
                      struct ms_json assigned, uint32_t next);
/* Writes what follows from the end of the frame's flow, which has been left already. */
int ms_decision_finish(struct ms_decision *decision, const struct ms_frame *frame);
/* Closes every task and timer that is open, then ends the execution with error and cause (taken). */
int ms_decision_end(struct ms_decision *decision, enum ms_event_type type, struct ms_json error,
                    struct ms_json cause);
/* Cuts off one child of a map run that runs; nothing when it has ended. */
int ms_decision_stop_child(struct ms_decision *decision, const struct ms_command *command);
/* After UpdateMapRun: the map run fails if more has failed already than `settings` tolerate. */
int ms_decision_lower_tolerance(struct ms_decision *decision, const struct ms_frame *map,
                                struct ms_json settings);

/* As ms_decision_fail_evaluation, but the state's own Retry and Catch have had their turn. */
int ms_decision_fail_uncaught(struct ms_decision *decision, const struct ms_frame *frame,
                              struct ms_failure *failure);

/* ---- redrive.c ---- */

/* MSTEP_ESTATE when the execution cannot be redriven. */
int ms_decision_redrive(struct ms_decision *decision);
/* The first child that is cut and waits goes on. */
int ms_decision_resume_next(struct ms_decision *decision, const struct ms_frame *parent);
/* When it times out: by the machine's TimeoutSeconds from now on, or at the end of its life. 0 = never. */
int64_t ms_decision_deadline(const struct ms_decision *decision, int64_t started_at_ms);

#endif
