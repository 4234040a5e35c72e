/*
 * Lineage: how often each function has run on the way to an event, so that loops are seen. A JSON object
 * {ARN: count}; on queues it is the Lineage of an AWSTraceHeader, "1:HASH:count|...", where functions are named by
 * eight digits of a hash of their ARN, and stay so when it is read back. Pure.
 */
#ifndef MS_MESSAGING_LINEAGE_H
#define MS_MESSAGING_LINEAGE_H

#include "base/buf.h"
#include "base/random.h"

#define MS_LINEAGE_FUNCTIONS_MAX 64 /* that are counted; loops longer than that are not seen */

/* How often it ran; arn: of the function, without a version. Anything that is no lineage counts nothing. */
int64_t ms_lineage_count(struct ms_str lineage, struct ms_str arn);
/* The lineage with one more run of that function, appended. MSTEP_ENOMEM. */
int ms_lineage_next(struct ms_buf *out, struct ms_str lineage, struct ms_str arn);
/* As a trace header, appended; nothing when there is none. MSTEP_ENOMEM. */
int ms_lineage_print_header(struct ms_buf *out, struct ms_str lineage, struct ms_random *random);
/* The lineage in a trace header, appended; nothing when there is none in it. MSTEP_ENOMEM. */
int ms_lineage_read_header(struct ms_buf *out, struct ms_str header);

#endif
