/*
 * Lists of events as bytes and back.
 *
 *   version, count, first id, first time, events
 *   event: type, mask, members that the mask names
 *
 * The mask (a number of up to two bytes, the frequent bits in the first) says what differs from
 * what the event before suggests: the same frame and state, the next id, caused by the event before,
 * at the same time. Any event can be written, sensible or not: what is suggested is only shorter.
 */
#include "base/error.h"
#include "core/record_internal.h"

enum {
  HAS_DATA = 1,
  HAS_MORE = 2,
  HAS_STATE = 4,
  HAS_NUMBER = 8,
  HAS_FRAME = 16,
  HAS_PREVIOUS = 32,
  HAS_FLAGS = 64,
  HAS_DUE = 128,
  HAS_AT = 256,
  IS_HIDDEN = 512, /* id 0 */
  HAS_ID = 1024,
  MASK_MAX = 2047
};

#define EVENT_BYTES_MAX 64 /* of one without its values: 3 + 2 + 6 * 5 + 2 * 10, rounded up */
#define EVENT_BYTES_MIN 2

/* What the next event is thought to be like. */
struct suggestion {
  uint32_t id;
  uint32_t frame;
  uint32_t state;
  int64_t at_ms;
};

static void suggest_after(struct suggestion *next, const struct ms_event *event)
{
  if (event->id != 0)
    next->id = event->id + 1;
  next->frame = event->frame;
  next->state = event->state;
  next->at_ms = event->at_ms;
}

/* Differences of times wrap around, so that there are no wrong ones. */
static int64_t difference(int64_t a, int64_t b)
{
  return (int64_t)((uint64_t)a - (uint64_t)b);
}

static int64_t sum(int64_t a, int64_t b)
{
  return (int64_t)((uint64_t)a + (uint64_t)b);
}

/* ---- writing ---- */

static unsigned mask_of(const struct ms_event *event, const struct suggestion *suggested)
{
  unsigned mask = 0;
  mask |= ms_json_is_none(event->data) ? 0 : HAS_DATA;
  mask |= ms_json_is_none(event->more) ? 0 : HAS_MORE;
  mask |= event->state == suggested->state ? 0 : HAS_STATE;
  mask |= event->number == 0 ? 0 : HAS_NUMBER;
  mask |= event->frame == suggested->frame ? 0 : HAS_FRAME;
  mask |= event->previous == suggested->id - 1 ? 0 : HAS_PREVIOUS;
  mask |= event->flags == 0 ? 0 : HAS_FLAGS;
  mask |= event->due_at_ms == 0 ? 0 : HAS_DUE;
  mask |= event->at_ms == suggested->at_ms ? 0 : HAS_AT;
  if (event->id == 0)
    return mask | IS_HIDDEN;
  return mask | (event->id == suggested->id ? 0 : HAS_ID);
}

static char *put_number(char *to, uint64_t value)
{
  for (; value >= 0x80; value >>= 7)
    *to++ = (char)(value | 0x80);
  *to++ = (char)value;
  return to;
}

static char *put_signed(char *to, int64_t value)
{
  return put_number(to, ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0));
}

/* Ids of frames and states are written with one added, so that NONE is 0. */
static char *put_members(char *to, const struct ms_event *event, unsigned mask,
                         const struct suggestion *suggested)
{
  if (mask & HAS_STATE)
    to = put_number(to, event->state + 1u);
  if (mask & HAS_NUMBER)
    to = put_number(to, event->number + 1u); /* MS_STATE_NONE of StateExited is 0 */
  if (mask & HAS_FRAME)
    to = put_number(to, event->frame + 1u);
  if (mask & HAS_PREVIOUS)
    to = put_number(to, suggested->id - 1 - event->previous);
  if (mask & HAS_FLAGS)
    to = put_number(to, event->flags);
  if (mask & HAS_AT)
    to = put_signed(to, difference(event->at_ms, suggested->at_ms));
  if (mask & HAS_DUE)
    to = put_signed(to, difference(event->due_at_ms, event->at_ms));
  if (mask & HAS_ID)
    to = put_number(to, event->id);
  return to;
}

static void put_event(struct ms_record_writer *writer, const struct ms_event *event,
                      const struct suggestion *suggested)
{
  unsigned mask = mask_of(event, suggested);
  char *start = ms_buf_reserve(writer->out, EVENT_BYTES_MAX);
  if (start == NULL)
    return;
  char *to = put_number(start, event->type);
  to = put_number(to, mask);
  to = put_members(to, event, mask, suggested);
  ms_buf_added(writer->out, (size_t)(to - start));
  if (event->type == MS_EVENT_EXECUTION_STARTED && (mask & HAS_DATA))
    ms_record_put_input(writer, event->data);
  else if (mask & HAS_DATA)
    ms_record_put(writer, event->data);
  if (mask & HAS_MORE)
    ms_record_put(writer, event->more);
}

/* The id that the first public event has, or would have. */
static uint32_t first_id(const struct ms_event *events, size_t count)
{
  for (size_t i = 0; i < count; i++)
    if (events[i].id != 0)
      return events[i].id;
  return count == 0 ? 0 : events[0].previous + 1;
}

int ms_record_write_events(struct ms_buf *out, struct ms_documents *documents,
                           const struct ms_document_io *io, const struct ms_event *events,
                           size_t count)
{
  struct ms_record_writer writer;
  struct suggestion suggested = {first_id(events, count), 0, MS_STATE_NONE,
                                 count == 0 ? 0 : events[0].at_ms};
  ms_record_writer_init(&writer, out, documents, io);
  ms_bytes_put_number(out, MS_RECORD_VERSION);
  ms_bytes_put_number(out, count);
  ms_bytes_put_number(out, suggested.id);
  ms_bytes_put_signed(out, suggested.at_ms);
  for (size_t i = 0; i < count && writer.error == 0; i++) {
    put_event(&writer, &events[i], &suggested);
    suggest_after(&suggested, &events[i]);
  }
  return ms_record_writer_error(&writer);
}

/* ---- reading ---- */

static uint16_t get_number16(struct ms_bytes_reader *bytes)
{
  uint32_t value = ms_bytes_number32(bytes);
  if (value <= UINT16_MAX)
    return (uint16_t)value;
  ms_bytes_fail(bytes, "a number of more than 16 bits");
  return 0;
}

static void get_event(struct ms_event *event, struct ms_record_reader *reader,
                      const struct suggestion *suggested)
{
  struct ms_bytes_reader *bytes = reader->bytes;
  event->type = get_number16(bytes);
  uint32_t mask = ms_bytes_number32(bytes);
  if (mask > MASK_MAX)
    ms_bytes_fail(bytes, "an event with unknown members");
  event->state = mask & HAS_STATE ? ms_bytes_number32(bytes) - 1 : suggested->state;
  event->number = mask & HAS_NUMBER ? ms_bytes_number32(bytes) - 1 : 0;
  event->frame = mask & HAS_FRAME ? ms_bytes_number32(bytes) - 1 : suggested->frame;
  event->previous = suggested->id - 1 - (mask & HAS_PREVIOUS ? ms_bytes_number32(bytes) : 0);
  event->flags = mask & HAS_FLAGS ? get_number16(bytes) : 0;
  event->at_ms = sum(suggested->at_ms, mask & HAS_AT ? ms_bytes_signed(bytes) : 0);
  event->due_at_ms = mask & HAS_DUE ? sum(event->at_ms, ms_bytes_signed(bytes)) : 0;
  event->id = mask & IS_HIDDEN ? 0 : mask & HAS_ID ? ms_bytes_number32(bytes) : suggested->id;
  if (mask & HAS_DATA)
    event->data = event->type == MS_EVENT_EXECUTION_STARTED ? ms_record_get_input(reader)
                                                            : ms_record_get(reader);
  if (mask & HAS_MORE)
    event->more = ms_record_get(reader);
}

static int read_list(struct ms_events *out, struct ms_record_reader *reader)
{
  struct ms_bytes_reader *bytes = reader->bytes;
  if (ms_bytes_byte(bytes) != MS_RECORD_VERSION)
    return ms_bytes_fail(bytes, "events of an unknown version");
  uint64_t count = ms_bytes_number(bytes);
  struct suggestion suggested = {.frame = 0, .state = MS_STATE_NONE};
  suggested.id = ms_bytes_number32(bytes);
  suggested.at_ms = ms_bytes_signed(bytes);
  if (count > (bytes->len - bytes->at) / EVENT_BYTES_MIN)
    return ms_bytes_fail(bytes, "fewer events than were written");
  for (uint64_t i = 0; i < count && bytes->error == 0; i++) {
    struct ms_event *event = ms_events_add(out);
    if (event == NULL)
      return ms_error_nomem();
    get_event(event, reader, &suggested);
    suggest_after(&suggested, event);
  }
  if (bytes->error == 0 && !ms_bytes_is_end(bytes))
    return ms_bytes_fail(bytes, "bytes behind the last event");
  return bytes->error;
}

int ms_record_read_events(struct ms_events *out, struct ms_documents *documents,
                          const struct ms_document_io *io, struct ms_str bytes)
{
  struct ms_bytes_reader reader;
  struct ms_record_reader values;
  size_t before = out->count;
  ms_bytes_reader_init(&reader, bytes);
  ms_record_reader_init(&values, &reader, documents, io);
  int status = read_list(out, &values);
  while (status != 0 && out->count > before)
    ms_event_deinit(&out->items[--out->count]);
  return status;
}
