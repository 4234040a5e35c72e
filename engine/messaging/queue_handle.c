/*
 * Receipt handles: which receive of which message. Deleting and making visible go by them. A handle
 * is good for the latest receive only, also after a restart: the receive count is durable before it
 * is given out.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "base/hash.h"
#include "messaging/queue_handle.h"

#define PREFIX "AQEB"
#define SHOWN_MAX 200
#define VISIBILITY_MAX_S 43200
#define INVALID "InvalidParameterValueException"

struct handle {
  uint64_t seq;
  uint32_t receives;
};

/* Told apart from what somebody made up, and from a queue of the same number in another store. */
static uint32_t seal(const struct ms_queue *queue, uint64_t seq, uint32_t receives)
{
  uint64_t hash = ms_hash_mix(seq + 1, receives + (uint64_t)queue->created_at_ms);
  return (uint32_t)ms_hash_mix(hash, queue->id + 77u);
}

/* In hexadecimal: neither writing nor reading one needs memory. */
void ms_queue_handle_print(char out[64], const struct ms_queue *queue, uint64_t seq,
                           uint32_t receives)
{
  snprintf(out, 64, PREFIX "%08" PRIx32 "%016" PRIx64 "%08" PRIx32 "%08" PRIx32, queue->id, seq,
           receives, seal(queue, seq, receives));
}

static bool read_hex(uint64_t *out, struct ms_str text)
{
  *out = 0;
  for (size_t i = 0; i < text.len; i++) {
    char c = text.data[i];
    if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f')) {
      return false;
    }
    *out = *out << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
  }
  return true;
}

static bool read_handle(struct handle *out, const struct ms_queue *queue, struct ms_str text)
{
  static const size_t ends[] = {4, 12, 28, 36, 44};
  uint64_t parts[4];
  bool is_read = text.len == 44 && ms_str_has_prefix(text, PREFIX);
  for (int i = 0; i < 4 && is_read; i++) {
    is_read = read_hex(&parts[i], ms_str_sub(text, ends[i], ends[i + 1]));
  }
  if (!is_read) {
    return false;
  }
  *out = (struct handle){parts[1], (uint32_t)parts[2]};
  return parts[0] == queue->id && parts[3] == seal(queue, out->seq, out->receives);
}

static int check_handle(struct handle *out, const struct ms_queue *queue, struct ms_str text,
                        struct ms_queue_refusal *why)
{
  if (why != NULL) {
    why->name = NULL;
  }
  return read_handle(out, queue, text)
             ? MSTEP_OK
             : ms_queue_refuse(why, "ReceiptHandleIsInvalid",
                               "The input receipt handle \"%.*s\" is not a valid receipt handle.",
                               text.len > SHOWN_MAX ? SHOWN_MAX : (int)text.len, text.data);
}

static int bad_handle(struct ms_queue_refusal *why, struct ms_str text, const char *reason)
{
  return ms_queue_refuse(why, INVALID,
                         "Value %.*s for parameter ReceiptHandle is invalid. Reason: %s",
                         MS_STR_ARG(text), reason);
}

/* ---- deleting ---- */

static int delete_item(struct ms_queue *queue, struct ms_queue_item *item)
{
  struct ms_batch *batch;
  int err = ms_queue_begin(&batch, queue);
  if (err == 0) {
    if (batch != NULL) {
      ms_queue_remove_rows(batch, queue, item->seq);
    }
    err = ms_queue_end(queue);
  }
  if (err == 0) {
    queue->queues->counts.deleted++;
    ms_queue_item_drop(queue, item);
    ms_queue_serve(queue); /* the group of a FIFO queue goes on */
    ms_queue_touch(queue);
  }
  return err;
}

int ms_queue_delete(struct ms_queue *queue, struct ms_str text, struct ms_queue_refusal *why,
                    ms_durable_cb durable, void *arg)
{
  struct handle handle;
  int err = check_handle(&handle, queue, text, why);
  if (err != 0) {
    return err;
  }
  ms_queue_refresh(queue);
  struct ms_queue_item *item = ms_queue_item_find(queue, handle.seq);
  bool is_latest = item != NULL && item->receives == handle.receives;
  if (queue->settings.is_fifo && item != NULL &&
      (!is_latest || item->state != MS_QUEUE_IN_FLIGHT)) {
    return bad_handle(why, text, "The receipt handle has expired.");
  }
  err = is_latest ? delete_item(queue, item) : MSTEP_OK;
  return err != 0 ? err : ms_queue_when_durable(queue, durable, arg);
}

/* ---- visibility ---- */

int ms_queue_show(struct ms_queue *queue, struct ms_queue_item *item, int64_t visible_at_ms)
{
  struct ms_batch *batch;
  int64_t now_ms = ms_queue_now_ms(queue->queues);
  int64_t before_ms = ms_queue_item_visible_at_ms(queue, item);
  bool is_now = visible_at_ms <= now_ms;
  ms_queue_item_set(queue, item, is_now ? MS_QUEUE_READY : MS_QUEUE_IN_FLIGHT, visible_at_ms, true);
  int err = ms_queue_begin(&batch, queue);
  if (err == 0) {
    if (batch != NULL) {
      ms_queue_put_state(batch, queue, item);
    }
    err = ms_queue_end(queue);
  }
  if (err != 0) {
    ms_queue_item_set(queue, item, MS_QUEUE_IN_FLIGHT, before_ms, true);
    return err;
  }
  if (is_now && queue->first_waiter != NULL) {
    queue->retry_at_ms = now_ms; /* they are served then */
  }
  ms_queue_touch(queue);
  return MSTEP_OK;
}

static int check_in_flight(const struct ms_queue *queue, const struct ms_queue_item *item,
                           uint32_t receives, struct ms_str text, struct ms_queue_refusal *why)
{
  if (item == NULL) {
    return bad_handle(why, text,
                      "Message does not exist or is not available for visibility timeout change.");
  }
  if (item->receives != receives || item->state != MS_QUEUE_IN_FLIGHT) {
    return queue->settings.is_fifo ? bad_handle(why, text, "The receipt handle has expired.")
                                   : ms_queue_refuse(why, "MessageNotInflight",
                                                     "The message referred to isn't in flight.");
  }
  return MSTEP_OK;
}

int ms_queue_visibility(struct ms_queue *queue, struct ms_str text, int64_t visibility_s,
                        struct ms_queue_refusal *why, ms_durable_cb durable, void *arg)
{
  struct handle handle;
  int err = check_handle(&handle, queue, text, why);
  if (err == 0 && (visibility_s < 0 || visibility_s > VISIBILITY_MAX_S)) {
    err = ms_queue_refuse(why, INVALID,
                          "Value %" PRId64 " for parameter VisibilityTimeout is invalid. Reason: "
                          "VisibilityTimeout must be an integer between 0 and 43200",
                          visibility_s);
  }
  if (err != 0) {
    return err;
  }
  ms_queue_refresh(queue);
  struct ms_queue_item *item = ms_queue_item_find(queue, handle.seq);
  int64_t now_ms = ms_queue_now_ms(queue->queues);
  err = check_in_flight(queue, item, handle.receives, text, why);
  if (err == 0 && visibility_s > 0 &&
      now_ms + visibility_s * 1000 > item->received_at_ms + VISIBILITY_MAX_S * 1000) {
    err = ms_queue_refuse(
        why, INVALID,
        "Value %" PRId64 " for parameter VisibilityTimeout is invalid. Reason: "
        "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]",
        visibility_s);
  }
  err = err != 0 ? err : ms_queue_show(queue, item, now_ms + visibility_s * 1000);
  return err != 0 ? err : ms_queue_when_durable(queue, durable, arg);
}
