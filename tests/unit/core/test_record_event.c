/* Lists of events as bytes: any event comes back bit for bit. */
#include "base/alloc.h"
#include "base/error.h"
#include "mt.h"
#include "record.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct ms_json parse(const char *text)
{
  struct ms_json value;
  mt_eq_int(ms_json_parse(&value, ms_str_c(text), NULL, NULL), 0);
  return value;
}

/* What is written is read again, with the documents known or new; events stay the caller's. */
static void round_trip(const struct ms_event *events, size_t count)
{
  struct record_store store;
  struct ms_documents written = {.next = 0}, read = {.next = 0};
  struct ms_events out = {0};
  struct ms_buf bytes;
  record_store_init(&store);
  ms_buf_init(&bytes, 0);
  mt_eq_int(ms_record_write_events(&bytes, &written, &store.io, events, count), 0);
  int status = ms_record_read_events(&out, &read, &store.io, ms_buf_view(&bytes));
  if (status != 0)
    mt_fail("%d: %s", status, ms_error_detail());
  mt_eq_int((long long)out.count, (long long)count);
  for (size_t i = 0; i < count; i++) {
    const char *member = record_event_difference(&events[i], &out.items[i]);
    if (member != NULL)
      mt_fail("%s of event %zu is another", member, i);
  }
  mt_eq_int(read.next, written.next);
  ms_events_deinit(&out);
  ms_documents_deinit(&written);
  ms_documents_deinit(&read);
  ms_buf_deinit(&bytes);
  record_store_deinit(&store);
}

static void drop(struct ms_event *events, size_t count)
{
  for (size_t i = 0; i < count; i++)
    ms_event_deinit(&events[i]);
}

MT_TEST(record_event__every_type)
{
  struct ms_event events[MS_EVENT_COUNT];
  for (uint16_t i = 0; i < MS_EVENT_COUNT; i++) {
    events[i] = (struct ms_event){.id = i % 3 == 0 ? 0 : i,
                                  .previous = i / 2,
                                  .type = i,
                                  .frame = i % 5 == 0 ? MS_FRAME_NONE : i % 4,
                                  .state = i % 7 == 0 ? MS_STATE_NONE : i % 6,
                                  .number = i % 2 == 0 ? MS_STATE_NONE : i,
                                  .flags = i % 8,
                                  .at_ms = 1704067200000 + i / 4,
                                  .due_at_ms = i % 3 == 0 ? 1704067200000 - i : 0,
                                  .data = parse("{\"a\":[1,2.0,\"x\"]}"),
                                  .more = i % 2 == 0 ? parse("\"text\"") : MS_JSON_VALUE_NONE};
    round_trip(&events[i], 1);
  }
  round_trip(events, COUNT(events));
  drop(events, COUNT(events));
}

MT_TEST(record_event__none_at_all)
{
  round_trip(NULL, 0);
}

MT_TEST(record_event__members_at_their_limits)
{
  static const uint32_t numbers[] = {0, 1, 127, 128, INT32_MAX, UINT32_MAX - 1, UINT32_MAX};
  static const int64_t times[] = {0, 1, -1, INT64_MAX, INT64_MIN, 1704067200000};
  struct ms_event events[COUNT(numbers) * COUNT(times)];
  size_t count = 0;
  for (size_t i = 0; i < COUNT(numbers); i++)
    for (size_t k = 0; k < COUNT(times); k++) {
      uint32_t other = numbers[(i + k) % COUNT(numbers)];
      events[count++] = (struct ms_event){.id = numbers[i],
                                          .previous = other,
                                          .type = (uint16_t)numbers[i],
                                          .flags = (uint16_t)other,
                                          .frame = other,
                                          .state = numbers[(i + 2 * k) % COUNT(numbers)],
                                          .number = numbers[COUNT(numbers) - 1 - i],
                                          .at_ms = times[k],
                                          .due_at_ms = times[(i + k) % COUNT(times)]};
    }
  round_trip(events, count);
  for (size_t i = 0; i < count; i++)
    round_trip(&events[i], 1);
}

static uint64_t next_random(uint64_t *state)
{
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return *state >> 11;
}

/* Mostly what is suggested, sometimes anything. */
static uint32_t pick(uint64_t *state, uint32_t usual)
{
  uint64_t dice = next_random(state) % 8;
  return dice < 6 ? usual : dice == 6 ? UINT32_MAX : (uint32_t)next_random(state);
}

MT_TEST(record_event__random_lists)
{
  struct ms_event events[40];
  struct ms_json values[4] = {parse("{}"), parse("[{\"k\":-0}]"), parse("\"s\""), parse("[]")};
  uint64_t state = 1;
  for (int round = 0; round < 2000; round++) {
    size_t count = next_random(&state) % COUNT(events);
    for (uint32_t i = 0; i < count; i++)
      events[i] = (struct ms_event){.id = pick(&state, i + 1),
                                    .previous = pick(&state, i),
                                    .type = (uint16_t)pick(&state, 5),
                                    .flags = (uint16_t)pick(&state, 0),
                                    .frame = pick(&state, 0),
                                    .state = pick(&state, 3),
                                    .number = pick(&state, 0),
                                    .at_ms = (int64_t)next_random(&state),
                                    .due_at_ms = pick(&state, 0),
                                    .data = values[next_random(&state) % 4],
                                    .more = pick(&state, 0) == 0 ? MS_JSON_VALUE_NONE
                                                                 : values[next_random(&state) % 4]};
    round_trip(events, count);
  }
  drop((struct ms_event[]){{.data = values[0], .more = values[1]},
                           {.data = values[2], .more = values[3]}},
       2);
}

/* ---- size ---- */

MT_TEST(record_event__what_is_suggested_costs_nothing)
{
  struct ms_event events[3] = {{.id = 7,
                                .previous = 6,
                                .type = MS_EVENT_LAMBDA_SCHEDULED,
                                .frame = 0,
                                .state = 2,
                                .number = 1,
                                .at_ms = 1704067200000},
                               {.id = 8,
                                .previous = 7,
                                .type = MS_EVENT_LAMBDA_STARTED,
                                .frame = 0,
                                .state = 2,
                                .at_ms = 1704067200000},
                               {.id = 9,
                                .previous = 8,
                                .type = MS_EVENT_LAMBDA_SUCCEEDED,
                                .frame = 0,
                                .state = 2,
                                .at_ms = 1704067200000}};
  struct ms_buf bytes;
  ms_buf_init(&bytes, 0);
  mt_eq_int(ms_record_write_events(&bytes, NULL, NULL, events, 1), 0);
  size_t first = bytes.len;
  ms_buf_reset(&bytes);
  mt_eq_int(ms_record_write_events(&bytes, NULL, NULL, events, 3), 0);
  mt_eq_int((long long)(bytes.len - first), 4);
  ms_buf_deinit(&bytes);
}

/* ---- what is wrong ---- */

static int read_bytes(const char *data, size_t len)
{
  struct ms_events out = {0};
  struct ms_documents documents = {.next = 0};
  struct record_store store;
  record_store_init(&store);
  int status = ms_record_read_events(&out, &documents, &store.io, (struct ms_str){data, len});
  mt_ok(status == 0 || out.count == 0);
  ms_events_deinit(&out);
  ms_documents_deinit(&documents);
  record_store_deinit(&store);
  return status;
}

MT_TEST(record_event__unknown_versions_and_masks)
{
  mt_eq_int(read_bytes("", 0), MSTEP_EIO);
  mt_eq_int(read_bytes("\x02\x00\x00\x00", 4), MSTEP_EIO);
  mt_eq_str(ms_error_detail(), "events of an unknown version at byte 1 of 4");
  mt_eq_int(read_bytes("\x01\x00\x00\x00", 4), 0);
  mt_eq_int(read_bytes("\x01\x00\x00\x00\x00", 5), MSTEP_EIO);
  mt_eq_str(ms_error_detail(), "bytes behind the last event at byte 4 of 5");
  mt_eq_int(read_bytes("\x01\x01\x00\x00\x05\x00", 6), 0);
  mt_eq_int(read_bytes("\x01\x01\x00\x00\x05\x80\x10", 7), MSTEP_EIO);
  mt_eq_str(ms_error_detail(), "an event with unknown members at byte 7 of 7");
  mt_eq_int(read_bytes("\x01\xff\xff\x03\x00\x00\x05\x00", 8), MSTEP_EIO);
  mt_eq_str(ms_error_detail(), "fewer events than were written at byte 6 of 8");
}

MT_TEST(record_event__a_failure_leaves_what_was_there)
{
  struct ms_events out = {0};
  ms_events_add(&out)->data = parse("[1]");
  mt_eq_int(ms_record_read_events(&out, NULL, NULL, MS_STR("\x01\x02\x00\x00\x05\x01\x0b\x05\x01")),
            MSTEP_EIO);
  mt_eq_int((long long)out.count, 1);
  mt_eq_json(out.items[0].data, "[1]");
  ms_events_deinit(&out);
}
