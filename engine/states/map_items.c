/* What the iterations of a Map get: ItemSelector and ItemBatcher. */
#include "base/error.h"
#include "states/map.h"
#include "states/setting.h"

int ms_map_pairs(struct ms_json *out, struct ms_json object)
{
  *out = ms_json_array(ms_json_count(object));
  int status = 0;
  for (size_t i = 0; status == 0 && i < ms_json_count(object); i++) {
    struct ms_json pair = ms_json_object(2);
    status = ms_json_setc(&pair, "Key", ms_json_ref(ms_json_key_value(object, i)));
    if (status == 0)
      status = ms_json_setc(&pair, "Value", ms_json_ref(ms_json_member(object, i)));
    if (status == 0)
      status = ms_json_push(out, pair);
    else
      ms_json_unref(pair);
  }
  if (status != 0)
    ms_json_unref(*out);
  return status;
}

/* ---- ItemSelector ---- */

/* $$.Map.Item of one iteration; owned, NONE when out of memory. */
static struct ms_json item_context(const struct ms_map_source *source, uint32_t index)
{
  struct ms_json item = ms_json_object(4);
  struct ms_json value = ms_json_at(source->items, index);
  int status = ms_json_setc(&item, "Index", ms_json_int(index));
  if (status == 0 && source->is_pairs) {
    status = ms_json_setc(&item, "Key", ms_json_ref(ms_json_getc(value, "Key")));
    value = ms_json_getc(value, "Value");
  }
  if (status == 0)
    status = ms_json_setc(&item, "Value", ms_json_ref(value));
  if (status == 0)
    status = ms_json_setc(&item, "Source", ms_json_string(source->text));
  if (status == 0)
    return item;
  ms_json_unref(item);
  return MS_JSON_VALUE_NONE;
}

int ms_map_select(struct ms_json *out, struct ms_decision *decision, const struct ms_frame *frame,
                  const struct ms_map_source *source, uint32_t index, struct ms_failure *failure)
{
  const struct ms_state_map_fields *state = (const struct ms_state_map_fields *)frame->state;
  if (state->item_selector == NULL) {
    *out = ms_json_ref(ms_json_at(source->items, index));
    return 0;
  }
  struct ms_json item = item_context(source, index);
  if (ms_json_is_none(item))
    return ms_error_nomem();
  ms_decision_forget_context(decision);
  decision->item = item;
  int status = ms_query_eval(out, state->item_selector,
                             ms_decision_query(decision, frame, frame->children->input), failure);
  ms_decision_forget_context(decision);
  decision->item = MS_JSON_VALUE_NONE;
  ms_json_unref(item);
  return status;
}

static int select_all(struct ms_json *out, struct ms_decision *decision,
                      const struct ms_frame *frame, const struct ms_map_source *source,
                      struct ms_failure *failure)
{
  const struct ms_state_map_fields *state = (const struct ms_state_map_fields *)frame->state;
  uint32_t count = (uint32_t)ms_json_count(source->items);
  if (state->item_selector == NULL) {
    *out = ms_json_ref(source->items);
    return 0;
  }
  *out = ms_json_array(count);
  int status = 0;
  for (uint32_t i = 0; status == 0 && i < count; i++) {
    struct ms_json item = MS_JSON_VALUE_NONE;
    status = ms_map_select(&item, decision, frame, source, i, failure);
    if (status == 0)
      status = ms_json_push(out, item);
  }
  if (status != 0) {
    ms_json_unref(*out);
    *out = MS_JSON_VALUE_NONE;
  }
  return status;
}

/* ---- ItemBatcher ---- */

/* How a batch may be, and the text of one without items. */
struct batching {
  int64_t max_items; /* 0: any number */
  size_t max_bytes;  /* of the text of an iteration's input; 0: any */
  size_t empty_bytes;
  struct ms_json input; /* BatchInput, or NONE; owned */
};

static int plan_batches(struct batching *out, struct ms_decision *decision,
                        const struct ms_frame *frame, struct ms_failure *failure)
{
  const struct ms_map_parts *parts = &((const struct ms_state_map_fields *)frame->state)->parts;
  struct ms_json input = frame->children->input;
  int64_t max_bytes = 0;
  *out = (struct batching){.input = MS_JSON_VALUE_NONE};
  int status = ms_setting_integer(&out->max_items, decision, frame, &parts->batch_items, input, failure);
  if (status == 0)
    status = ms_setting_integer(&max_bytes, decision, frame, &parts->batch_bytes, input, failure);
  if (status == 0 && parts->batch_input != NULL)
    status = ms_query_eval(&out->input, parts->batch_input,
                           ms_decision_query(decision, frame, input), failure);
  size_t limit = decision->env->limits->payload_bytes;
  out->max_bytes = max_bytes == 0 ? limit : (size_t)max_bytes;
  out->empty_bytes = sizeof "{\"Items\":[]}" - 1;
  if (status == 0 && !ms_json_is_none(out->input))
    out->empty_bytes += sizeof "\"BatchInput\":," - 1 + ms_json_size_bytes(out->input);
  return status;
}

/* Takes items. */
static int push_batch(struct ms_json *batches, const struct batching *batching, struct ms_json items)
{
  struct ms_json batch = ms_json_object(2);
  int status = 0;
  if (!ms_json_is_none(batching->input))
    status = ms_json_setc(&batch, "BatchInput", ms_json_ref(batching->input));
  if (status == 0)
    status = ms_json_setc(&batch, "Items", items);
  else
    ms_json_unref(items);
  if (status == 0)
    return ms_json_push(batches, batch);
  ms_json_unref(batch);
  return status;
}

/* How many of the items from `from` on go into one batch; 0: the first is too large for any. */
static size_t batch_size(const struct batching *batching, struct ms_json items, size_t from)
{
  size_t bytes = batching->empty_bytes, count = 0, total = ms_json_count(items) - from;
  while (count < total && (batching->max_items == 0 || count < (size_t)batching->max_items)) {
    if (batching->max_bytes != 0) {
      bytes += ms_json_size_bytes(ms_json_at(items, from + count)) + (count > 0);
      if (bytes > batching->max_bytes)
        break;
    }
    count++;
  }
  return count;
}

static int make_batches(struct ms_json *out, bool *is_too_large, const struct batching *batching,
                        struct ms_json items)
{
  int status = 0;
  *out = ms_json_array(4);
  for (size_t from = 0; status == 0 && from < ms_json_count(items);) {
    size_t count = batch_size(batching, items, from);
    if (count == 0) {
      *is_too_large = true;
      return 0;
    }
    struct ms_json batch = ms_json_array(count);
    for (size_t i = 0; status == 0 && i < count; i++)
      status = ms_json_push(&batch, ms_json_ref(ms_json_at(items, from + i)));
    if (status == 0)
      status = push_batch(out, batching, batch);
    else
      ms_json_unref(batch);
    from += count;
  }
  return status;
}

static int batch_all(struct ms_json *items, bool *is_too_large, struct ms_decision *decision,
                     const struct ms_frame *frame, struct ms_failure *failure)
{
  struct batching batching;
  struct ms_json batches = MS_JSON_VALUE_NONE;
  int status = plan_batches(&batching, decision, frame, failure);
  if (status == 0)
    status = make_batches(&batches, is_too_large, &batching, *items);
  ms_json_unref(batching.input);
  if (status == 0)
    ms_json_replace(items, batches);
  else
    ms_json_unref(batches);
  return status;
}

int ms_map_prepare(bool *is_too_large, struct ms_decision *decision, const struct ms_frame *frame,
                   const struct ms_map_source *source, struct ms_failure *failure)
{
  bool is_batched =
      !ms_json_is_none(((const struct ms_state_map_fields *)frame->state)->item_batcher);
  struct ms_json items = MS_JSON_VALUE_NONE, more = MS_JSON_VALUE_NONE;
  *is_too_large = false;
  int status = select_all(&items, decision, frame, source, failure);
  if (status == 0 && is_batched)
    status = batch_all(&items, is_too_large, decision, frame, failure);
  if (status == 0 && is_batched && !*is_too_large) {
    more = ms_json_object(1);
    status = ms_json_setc(&more, "batched", ms_json_bool(true));
  }
  struct ms_event *event = NULL;
  if (status == 0 && !*is_too_large)
    event = ms_decision_hidden(decision, MS_EVENT_MAP_ITEMS, frame);
  if (event == NULL) {
    ms_json_unref(items);
    ms_json_unref(more);
    return status == 0 && !*is_too_large ? ms_error_nomem() : status;
  }
  event->number = (uint32_t)ms_json_count(items);
  event->data = items;
  event->more = more;
  return 0;
}
