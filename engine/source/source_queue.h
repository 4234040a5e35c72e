/* A queue's message as the function gets it. */
#ifndef MS_SOURCE_SOURCE_QUEUE_H
#define MS_SOURCE_SOURCE_QUEUE_H

#include "source/internal.h"

/* One of Records; owned. NONE: out of memory. */
struct ms_json ms_queue_record(const struct ms_mapping *mapping,
                               const struct ms_queue_received *message);

#endif
