/* Packed histories: what goes in comes out, and how small it is. */
#include "runtime/history.h"

#include <stdio.h>

#include "base/error.h"
#include "base/random.h"
#include "mt.h"
#include "json/json.h"

#define BASE_MS 1700000000000

static struct ms_json random_value(struct ms_random *random)
{
  switch (ms_random_below(random, 8)) {
  case 0:
    return MS_JSON_VALUE_NULL;
  case 1:
    return ms_json_bool(true);
  case 2:
    return ms_json_int((int64_t)ms_random_next(random));
  case 3:
    return ms_json_double(ms_random_double(random) * -1e300);
  case 4:
    return ms_json_stringf("text %u", (unsigned)ms_random_below(random, 1000));
  case 5: {
    struct ms_json zero;
    mt_eq_int(ms_json_parse(&zero, MS_STR("-0"), NULL, NULL), 0);
    return zero;
  }
  case 6: {
    struct ms_json list;
    mt_eq_int(ms_json_parse(&list, MS_STR("[1,{\"a\":1.0},12345678901234567890123]"), NULL, NULL),
              0);
    return list;
  }
  default:
    return MS_JSON_VALUE_NONE;
  }
}

static uint32_t random_number(struct ms_random *random)
{
  static const uint32_t some[] = {0, 1, 127, 128, 16384, UINT32_MAX - 1, UINT32_MAX};
  return some[ms_random_below(random, sizeof some / sizeof some[0])];
}

static struct ms_event random_event(struct ms_random *random, uint32_t id)
{
  struct ms_event event = {.id = id,
                           .previous = (uint32_t)ms_random_below(random, id),
                           .type = (uint16_t)ms_random_below(random, MS_EVENT_COUNT),
                           .frame = random_number(random),
                           .state = random_number(random),
                           .number = random_number(random),
                           .at_ms = BASE_MS};
  switch (ms_random_below(random, 4)) {
  case 0:
    event.at_ms += (int64_t)ms_random_below(random, 1u << 30);
    break;
  case 1:
    event.at_ms = INT64_MIN / 4;
    break;
  default:
    break;
  }
  if (ms_random_below(random, 2) == 0) {
    event.due_at_ms = event.at_ms + 1 + (int64_t)ms_random_below(random, 1u << 30);
  }
  event.data = random_value(random);
  event.more = random_value(random);
  return event;
}

MT_TEST(history__what_goes_in_comes_out)
{
  mt_leak_begin();
  struct ms_random random;
  ms_random_seed(&random, 5);
  struct ms_history history = {NULL, 0, 0, 0, false};
  struct ms_event originals[500];
  for (uint32_t i = 0; i < 500; i++) {
    struct ms_event event = random_event(&random, i + 1);
    originals[i] = event;
    ms_json_ref(event.data);
    ms_json_ref(event.more);
    mt_eq_int(ms_history_append(&history, &event, 1, BASE_MS), 0);
  }
  struct ms_history_reader reader = {&history, BASE_MS, 0, 0};
  struct ms_event got;
  uint32_t count = 0;
  while (ms_history_next(&got, &reader)) {
    const struct ms_event *was = &originals[count++];
    mt_eq_int(got.id, was->id);
    mt_eq_int(got.previous, was->previous);
    mt_eq_int(got.type, was->type);
    mt_eq_int(got.frame, was->frame);
    mt_eq_int(got.state, was->state);
    mt_eq_int(got.number, was->number);
    mt_eq_int(got.at_ms, was->at_ms);
    mt_eq_int(got.due_at_ms, was->due_at_ms);
    mt_ok(ms_json_identical(got.data, was->data) || ms_json_is_none(was->data));
    mt_eq_int(got.data.type, was->data.type);
    mt_eq_int(got.data.reserved, was->data.reserved);
    mt_ok(ms_json_identical(got.more, was->more) || ms_json_is_none(was->more));
    ms_event_deinit(&originals[count - 1]);
  }
  mt_eq_int(count, 500);
  ms_history_deinit(&history);
  mt_leak_end();
}

MT_TEST(history__ours_are_not_kept)
{
  struct ms_history history = {NULL, 0, 0, 0, false};
  struct ms_event events[3] = {
      {.id = 1, .at_ms = BASE_MS, .data = ms_json_cstring("a")},
      {.id = 0, .previous = 1, .at_ms = BASE_MS, .data = ms_json_cstring("b")},
      {.id = 2, .previous = 1, .at_ms = BASE_MS, .data = ms_json_cstring("c")},
  };
  mt_eq_int(ms_history_append(&history, events, 3, BASE_MS), 0);
  mt_eq_int(history.count, 2);
  mt_ok(ms_json_is_none(events[0].data) && ms_json_is_none(events[1].data)); /* taken */
  mt_ok(history.len <= 30);
  mt_eq_int(history.capacity, history.len); /* nothing spare */
  ms_history_deinit(&history);
}

MT_TEST(history__a_gap_in_the_ids_is_a_broken_invariant)
{
  struct ms_history history = {NULL, 0, 0, 0, false};
  struct ms_event event = {.id = 2, .previous = 1};
  mt_eq_int(ms_history_append(&history, &event, 1, 0), MSTEP_EINTERNAL);
  mt_eq_int(history.count, 0);
  ms_history_deinit(&history);
}

static int append_some(void *user)
{
  (void)user;
  struct ms_history history = {NULL, 0, 0, 0, false};
  int err = 0;
  for (uint32_t i = 0; i < 20 && err == 0; i++) {
    struct ms_event event = {.id = i + 1, .previous = i, .data = ms_json_int(i)};
    err = ms_history_append(&history, &event, 1, 0);
    mt_eq_int(history.count, err == 0 ? i + 1 : i);
  }
  ms_history_deinit(&history);
  return err;
}

MT_TEST(history__out_of_memory)
{
  mt_ok(mt_oom(append_some, NULL) > 1);
}
