/*
 * Packing. One event is
 *
 *   type, mask, id - previous, [frame] [state] [number] [at - base] [due - at] [data] [more]
 *
 * where the mask says which of the bracketed are there, numbers are LEB128 (signed ones zigzag) and
 * a value is its type and its 8 bytes. The id is the place in the list plus one; an event without one does not
 * count, has IS_OURS in its type and `previous` in place of the difference. Flags are not kept.
 */
#include "runtime/history.h"

#include "base/alloc.h"
#include "base/error.h"

enum {
  HAS_NO_FRAME = 1, /* MS_FRAME_NONE; without this and HAS_FRAME it is 0 */
  HAS_FRAME = 2,
  HAS_STATE = 4,
  HAS_NUMBER = 8,
  HAS_AT = 16,
  HAS_DUE = 32,
  HAS_DATA = 64,
  HAS_MORE = 128
};

#define IS_OURS 0x80 /* types are fewer */
#define EVENT_MAX_BYTES 64 /* 2 + 4 * 5 + 2 * 10 + 2 * 10, rounded up */
#define VALUE_IS_NEGATIVE_ZERO 0x80

/* ---- writing ---- */

static unsigned char *put_number(unsigned char *to, uint64_t value)
{
  while (value >= 0x80) {
    *to++ = (unsigned char)(value | 0x80);
    value >>= 7;
  }
  *to++ = (unsigned char)value;
  return to;
}

static unsigned char *put_signed(unsigned char *to, int64_t value)
{
  return put_number(to, ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0));
}

static unsigned char *put_value(unsigned char *to, struct ms_json value)
{
  *to++ = (unsigned char)(value.type | (value.reserved != 0 ? VALUE_IS_NEGATIVE_ZERO : 0));
  memcpy(to, &value.u, sizeof value.u);
  return to + sizeof value.u;
}

static unsigned event_mask(const struct ms_event *event, int64_t base_ms)
{
  unsigned mask = 0;
  if (event->frame == MS_FRAME_NONE) {
    mask |= HAS_NO_FRAME;
  } else if (event->frame != 0) {
    mask |= HAS_FRAME;
  }
  mask |= event->state != MS_STATE_NONE ? HAS_STATE : 0;
  mask |= event->number != 0 ? HAS_NUMBER : 0;
  mask |= event->at_ms != base_ms ? HAS_AT : 0;
  mask |= event->due_at_ms != 0 ? HAS_DUE : 0;
  mask |= !ms_json_is_none(event->data) ? HAS_DATA : 0;
  mask |= !ms_json_is_none(event->more) ? HAS_MORE : 0;
  return mask;
}

static unsigned char *put_event(unsigned char *to, const struct ms_event *event, int64_t base_ms)
{
  unsigned mask = event_mask(event, base_ms);
  *to++ = (unsigned char)(event->id == 0 ? event->type | IS_OURS : event->type);
  *to++ = (unsigned char)mask;
  to = put_number(to, event->id == 0 ? event->previous : event->id - event->previous);
  if ((mask & HAS_FRAME) != 0) {
    to = put_number(to, event->frame);
  }
  if ((mask & HAS_STATE) != 0) {
    to = put_number(to, event->state);
  }
  if ((mask & HAS_NUMBER) != 0) {
    to = put_number(to, event->number);
  }
  if ((mask & HAS_AT) != 0) {
    to = put_signed(to, event->at_ms - base_ms);
  }
  if ((mask & HAS_DUE) != 0) {
    to = put_signed(to, event->due_at_ms - event->at_ms);
  }
  if ((mask & HAS_DATA) != 0) {
    to = put_value(to, event->data);
  }
  if ((mask & HAS_MORE) != 0) {
    to = put_value(to, event->more);
  }
  return to;
}

/* Room for `more` bytes. */
static int history_reserve(struct ms_history *history, uint32_t more)
{
  uint64_t needed = (uint64_t)history->len + more;
  if (needed <= history->capacity) {
    return MSTEP_OK;
  }
  uint64_t capacity = needed + needed / 2;
  if (capacity > UINT32_MAX) {
    return ms_error(MSTEP_ETOOBIG, "a history of more than 4 GB");
  }
  unsigned char *bytes = ms_realloc(history->bytes, (size_t)capacity);
  if (bytes == NULL) {
    return ms_error_nomem();
  }
  history->bytes = bytes;
  history->capacity = (uint32_t)capacity;
  return MSTEP_OK;
}

static int append_one(struct ms_history *history, struct ms_event *event, int64_t base_ms)
{
  if (event->id != 0 && event->id != history->count + 1) {
    return ms_error(MSTEP_EINTERNAL, "event %u comes after event %u", (unsigned)event->id,
                    (unsigned)history->count);
  }
  unsigned char bytes[EVENT_MAX_BYTES];
  uint32_t len = (uint32_t)(put_event(bytes, event, base_ms) - bytes);
  int err = history_reserve(history, len);
  if (err != 0) {
    return err;
  }
  memcpy(history->bytes + history->len, bytes, len);
  history->len += len;
  history->count += event->id != 0;
  event->data = event->more = MS_JSON_VALUE_NONE;
  return MSTEP_OK;
}

/*
 * Its first events are often all that an execution has for a long time: it may be one of a million
 * that wait.
 */
static void history_fit(struct ms_history *history)
{
  unsigned char *bytes = history->len == 0 ? NULL : ms_realloc(history->bytes, history->len);
  if (bytes != NULL) {
    history->bytes = bytes;
    history->capacity = history->len;
  }
}

int ms_history_append(struct ms_history *history, struct ms_event *events, size_t count,
                      int64_t base_ms)
{
  bool is_first = history->len == 0;
  int err = MSTEP_OK;
  for (size_t i = 0; i < count; i++) {
    if (err == 0 && (events[i].id != 0 || history->keeps_all)) {
      err = append_one(history, &events[i], base_ms);
    }
    ms_event_deinit(&events[i]);
    events[i].data = events[i].more = MS_JSON_VALUE_NONE;
  }
  if (is_first) {
    history_fit(history);
  }
  return err;
}

/* ---- reading ---- */

static uint64_t get_number(struct ms_history_reader *reader)
{
  uint64_t value = 0;
  unsigned shift = 0;
  unsigned char byte;
  do {
    byte = reader->history->bytes[reader->at++];
    value |= (uint64_t)(byte & 0x7f) << shift;
    shift += 7;
  } while ((byte & 0x80) != 0);
  return value;
}

static int64_t get_signed(struct ms_history_reader *reader)
{
  uint64_t value = get_number(reader);
  return (int64_t)((value >> 1) ^ ((value & 1) != 0 ? UINT64_MAX : 0));
}

static struct ms_json get_value(struct ms_history_reader *reader)
{
  const unsigned char *from = reader->history->bytes + reader->at;
  struct ms_json value = MS_JSON_VALUE_NONE;
  value.type = from[0] & 0x7f;
  value.reserved = (from[0] & VALUE_IS_NEGATIVE_ZERO) != 0;
  memcpy(&value.u, from + 1, sizeof value.u);
  reader->at += 1 + (uint32_t)sizeof value.u;
  return value;
}

bool ms_history_next(struct ms_event *out, struct ms_history_reader *reader)
{
  if (reader->at >= reader->history->len) {
    return false;
  }
  const unsigned char *head = reader->history->bytes + reader->at;
  unsigned mask = head[1];
  reader->at += 2;
  bool is_ours = (head[0] & IS_OURS) != 0;
  *out = (struct ms_event){.type = head[0] & (unsigned char)~IS_OURS,
                           .id = is_ours ? 0 : ++reader->index};
  uint32_t number = (uint32_t)get_number(reader);
  out->previous = is_ours ? number : out->id - number;
  out->frame = (mask & HAS_NO_FRAME) != 0 ? MS_FRAME_NONE
               : (mask & HAS_FRAME) != 0  ? (uint32_t)get_number(reader)
                                          : 0;
  out->state = (mask & HAS_STATE) != 0 ? (uint32_t)get_number(reader) : MS_STATE_NONE;
  out->number = (mask & HAS_NUMBER) != 0 ? (uint32_t)get_number(reader) : 0;
  out->at_ms = reader->base_ms + ((mask & HAS_AT) != 0 ? get_signed(reader) : 0);
  out->due_at_ms = (mask & HAS_DUE) != 0 ? out->at_ms + get_signed(reader) : 0;
  out->data = (mask & HAS_DATA) != 0 ? get_value(reader) : MS_JSON_VALUE_NONE;
  out->more = (mask & HAS_MORE) != 0 ? get_value(reader) : MS_JSON_VALUE_NONE;
  return true;
}

void ms_history_deinit(struct ms_history *history)
{
  struct ms_history_reader reader = {history, 0, 0, 0};
  struct ms_event event;
  while (ms_history_next(&event, &reader)) {
    ms_event_deinit(&event);
  }
  ms_free(history->bytes);
  *history = (struct ms_history){NULL, 0, 0, 0, false};
}
