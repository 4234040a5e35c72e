/* What evolve.c needs of execution.c; private to core. */
#ifndef MS_CORE_FRAME_H
#define MS_CORE_FRAME_H

#include "core/execution.h"

void ms_frame_free(struct ms_frame *frame);
void ms_frame_drop_children(struct ms_frame *frame);

#endif
