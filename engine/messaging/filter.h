/*
 * Filter criteria of event source mappings: patterns of which one has to match a record. The record's data
 * (the body of a queue's message, the decoded data of a stream) is matched as JSON when the pattern for it is
 * an object and as text when it is an array of alternatives; data of the other kind then never matches.
 */
#ifndef MS_MESSAGING_FILTER_H
#define MS_MESSAGING_FILTER_H

#include "messaging/pattern.h"

enum ms_criteria_source {
  MS_FILTER_QUEUE,    /* data: `body`, a text */
  MS_FILTER_TABLE,    /* a table's change stream: no data of its own */
  MS_FILTER_STREAM,   /* data: `kinesis.data`, base64 of JSON, asked for as `data` beside the record's names */
  MS_FILTER_TOPIC_LOG /* a log of topics: `value`, base64 */
};

#define MS_FILTER_PATTERNS_MAX 10

struct ms_criteria;

/*
 * The texts of Filters[].Pattern. No patterns at all: every record matches. MSTEP_EINVALID with the service's
 * message: a text is no pattern, there are too many, or a stream's `data` is asked for as text. MSTEP_ENOMEM.
 */
int ms_criteria_compile(struct ms_criteria **out, const struct ms_str *patterns, size_t count,
                      enum ms_criteria_source source, struct ms_buf *message);
void ms_criteria_free(struct ms_criteria *filter); /* NULL is fine */
/* One record as the function would see it. MSTEP_ENOMEM. */
int ms_criteria_match(bool *out, const struct ms_criteria *filter, struct ms_json record);

#endif
