/*
 * Filter policies of subscriptions: a pattern on a message's attributes or on its body.
 *
 * An attribute is {"Type"|"DataType": ..., "Value"|"StringValue": ...}. String is text; Number is a number;
 * String.Array is a JSON array of which any element may match; Binary is not there. A type may have a label of
 * its own behind a dot, as in Number.float.
 */
#ifndef MS_MESSAGING_POLICY_H
#define MS_MESSAGING_POLICY_H

#include "messaging/pattern.h"

struct ms_policy;

/* MSTEP_EINVALID: *message* gets the service's text, see ms_pattern_compile. An empty object matches all. */
int ms_policy_compile(struct ms_policy **out, struct ms_str text, bool on_body,
                      struct ms_buf *message);
void ms_policy_free(struct ms_policy *policy); /* NULL is fine */
/*
 * attributes: {name: attribute}, or anything else for none; body: the message. A message without attributes
 * matches no policy on attributes, a body that is no JSON object none on the body. MSTEP_ENOMEM.
 */
int ms_policy_match(bool *out, const struct ms_policy *policy, struct ms_json attributes,
                    struct ms_str body);

#endif
