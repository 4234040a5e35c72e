/* Frames as evolve.c changes them: made, queued, cut, removed; private to core. */
#ifndef MS_CORE_FRAME_H
#define MS_CORE_FRAME_H

#include "core/execution.h"

void ms_frame_free(struct ms_frame *frame);

/* ---- the run queue ---- */

void ms_frame_push(struct ms_execution *execution, struct ms_frame *frame);
/* In front of all others: for a state that has more children to start at once. */
void ms_frame_push_front(struct ms_execution *execution, struct ms_frame *frame);
void ms_frame_unqueue(struct ms_execution *execution, struct ms_frame *frame);

/* ---- life ---- */

/* A new frame at the start of its flow, ready to run; input is borrowed. */
int ms_frame_add(struct ms_execution *execution, const struct ms_frame *parent,
                 const struct ms_flow *flow, uint32_t index, struct ms_json input);
/* It has no children, and if it is cut its parent has forgotten it. */
void ms_frame_remove(struct ms_execution *execution, struct ms_frame *frame);
/* No task is open any more, no timer is set. */
void ms_frame_close_task(struct ms_frame *frame);
/* Forgets the children, with those that are cut and all below them. None is running. */
void ms_frame_drop_children(struct ms_execution *execution, struct ms_frame *frame);
/* Keeps what a redrive needs of a frame that failed or was cut off; again does nothing. */
void ms_frame_cut(struct ms_execution *execution, struct ms_frame *frame);
/* Takes a cut frame off its parent's list. */
void ms_frame_uncut(struct ms_execution *execution, struct ms_frame *frame);
/* Drops all frames, or those that are not cut, and the room for more. */
void ms_frame_drop_all(struct ms_execution *execution);
void ms_frame_keep_cut(struct ms_execution *execution);

#endif
