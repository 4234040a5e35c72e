/* Events and executions as JSON with every member, to be compared and to be read by people. */
#ifndef RECORD_DUMP_H
#define RECORD_DUMP_H

#include "core/core.h"

/* NONE: out of memory. Values that are NONE are left out. */
struct ms_json record_dump_event(const struct ms_event *event);
struct ms_json record_dump_events(const struct ms_event *events, size_t count);
/* All but machine and identity. */
struct ms_json record_dump_execution(const struct ms_execution *execution);

#endif
