/*
 * What a rule's target gets of an event: a part of it (InputPath), or a text made from parts (InputTransformer).
 *
 * In a template `<name>` stands for what the path of that name finds. Outside of quotes it becomes JSON, within
 * them text: of an object or array the JSON without its inner quotes. What a path does not find is "" or
 * nothing. These names are there without a path:
 *   aws.events.rule-arn, aws.events.rule-name   of the rule that matched
 *   aws.events.event.ingestion-time             when the bus took the event
 *   aws.events.event                            the event without its detail; JSON in any place
 *   aws.events.event.json                       the event; JSON in any place
 * The result must be one JSON value, or strings one below the other.
 */
#ifndef MS_MESSAGING_TRANSFORM_H
#define MS_MESSAGING_TRANSFORM_H

#include "base/buf.h"
#include "json/json.h"

#define MS_TRANSFORM_PATHS_MAX 100
#define MS_TRANSFORM_TEMPLATE_MAX 8192

struct ms_transform;

/* MSTEP_EINVALID: `message` (may be NULL) says why, naming the target. MSTEP_ENOMEM. */
int ms_transform_path(struct ms_transform **out, struct ms_str path, struct ms_str target,
                      struct ms_buf *message);
/* paths: {name: path}, or NONE. */
int ms_transform_template(struct ms_transform **out, struct ms_json paths, struct ms_str text,
                          struct ms_str target, struct ms_buf *message);
void ms_transform_free(struct ms_transform *transform); /* NULL is fine */

struct ms_transform_context {
  struct ms_str rule_arn;
  struct ms_str rule_name;
  int64_t ingested_at_ms;
};

/*
 * Appends what the target gets. MSTEP_ESYNTAX: the template gave no JSON, which is for the dead-letter queue;
 * what it gave is in `out` nevertheless. MSTEP_ETOOBIG: past the buffer's maximum. MSTEP_ENOMEM.
 */
int ms_transform_apply(struct ms_buf *out, const struct ms_transform *transform,
                       struct ms_json event, const struct ms_transform_context *context);

#endif
