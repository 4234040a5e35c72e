/*
 * Event patterns: the JSON language in which rules, event source filters and filter policies say which
 * events they want. A pattern is compiled once and matched many times.
 *
 * The semantics are those of EventBridge's own matcher: a pattern and an event are flattened to names
 * joined by dots; a name of the pattern wants one value of the event that one of its alternatives accepts;
 * values taken from one array of the event must come from the same element of it.
 *
 * A compiled pattern is read-only and counted; the count is not atomic.
 */
#ifndef MS_MESSAGING_PATTERN_H
#define MS_MESSAGING_PATTERN_H

#include "base/buf.h"
#include "json/json.h"

/* Who speaks the language decides which operators there are and how a refusal reads. */
enum ms_pattern_dialect {
  MS_PATTERN_RULE = 1,       /* rules of event buses, archives, pipes */
  MS_PATTERN_SOURCE = 2,     /* filter criteria of event source mappings */
  MS_PATTERN_ATTRIBUTES = 4, /* filter policies on message attributes */
  MS_PATTERN_BODY = 8        /* filter policies on the message body */
};

#define MS_PATTERN_BYTES_MAX ((size_t)256 * 1024)
#define MS_PATTERN_DEPTH_MAX 512
#define MS_PATTERN_CLAUSES_MAX 1000    /* what $or may multiply to */
#define MS_PATTERN_COMPLEXITY_MAX 10   /* see ms_wildcard_complexity */
#define MS_POLICY_KEYS_MAX 5
#define MS_POLICY_COMBINATIONS_MAX 150

struct ms_pattern;

/*
 * Reads a pattern. MSTEP_EINVALID: it is not one, and `message` (may be NULL) gets the service's own text:
 *   RULE        "Event pattern is not valid. Reason: ..."
 *   SOURCE      "Invalid filter pattern definition."
 *   ATTRIBUTES, BODY  what follows "Invalid parameter: " or "Invalid parameter: Attributes Reason: ",
 *               which of the two depends on the operation: "FilterPolicy: ..."
 * MSTEP_ENOMEM.
 */
int ms_pattern_compile(struct ms_pattern **out, struct ms_str text,
                       enum ms_pattern_dialect dialect, struct ms_buf *message);
struct ms_pattern *ms_pattern_ref(struct ms_pattern *pattern);
void ms_pattern_unref(struct ms_pattern *pattern); /* NULL is fine */

/* An event that is no object matches nothing. MSTEP_ENOMEM. */
int ms_pattern_match(bool *out, const struct ms_pattern *pattern, struct ms_json event);

#endif
