/* What the files of the Map state share. */
#ifndef MS_STATES_MAP_H
#define MS_STATES_MAP_H

#include "core/decision.h"
#include "states/types.h"

/* Items as they came, before ItemSelector and ItemBatcher. */
struct ms_map_source {
  struct ms_json items;
  bool is_pairs;      /* members of an object, {"Key", "Value"} each */
  struct ms_str text; /* $$.Map.Item.Source */
};

/* ---- map_items.c ---- */
/* An object's members as items. */
int ms_map_pairs(struct ms_json *out, struct ms_json object);
/* What the iteration gets: the item, or ItemSelector made of it; *out owned. */
int ms_map_select(struct ms_json *out, struct ms_decision *decision, const struct ms_frame *frame,
                  const struct ms_map_source *source, uint32_t index, struct ms_failure *failure);
/*
 * Writes MAP_ITEMS: ItemSelector and ItemBatcher applied to all of them. MS_FAILED: a field could not be
 * evaluated. *is_too_large: an item does not fit into a batch, and nothing was written.
 */
int ms_map_prepare(bool *is_too_large, struct ms_decision *decision, const struct ms_frame *frame,
                   const struct ms_map_source *source, struct ms_failure *failure);

/* ---- map_task.c ---- */
bool ms_map_reads(const struct ms_decision *decision, const struct ms_state_map_fields *state);
/* What is asked of whoever reads: {"action": "read", ...}, see task/bucket.h; *out owned. */
int ms_map_read_request(struct ms_json *out, struct ms_decision *decision,
                        const struct ms_frame *frame, struct ms_json input,
                        struct ms_failure *failure);
/* Takes request. */
int ms_map_schedule(struct ms_decision *decision, const struct ms_frame *frame,
                    struct ms_json request);
/* Is there a bucket that results go to? The second: and is this no trial? */
bool ms_map_has_bucket(const struct ms_state_map_fields *state);
bool ms_map_writes(const struct ms_decision *decision, const struct ms_state_map_fields *state);
int ms_map_write_request(struct ms_json *out, struct ms_decision *decision,
                         const struct ms_frame *frame, struct ms_failure *failure);

/* ---- map_result.c ---- */
/* The outputs in the form of WriterConfig: what the state's result is, or a file of it; *out owned. */
int ms_map_succeeded(struct ms_json *out, const struct ms_decision *decision,
                     const struct ms_frame *frame);
/* Records of the iterations that failed or were stopped, and of those that never ran; *out owned. */
int ms_map_failed(struct ms_json *out, const struct ms_decision *decision,
                  const struct ms_frame *frame);
int ms_map_pending(struct ms_json *out, const struct ms_decision *decision,
                  const struct ms_frame *frame);

#endif
