/* See replay.h: the record, and comparing with it. */
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/sort.h"
#include "base/time.h"
#include "runtime/replay.h"

/* ---- reading ---- */

static bool read_time(int64_t *at_ms, struct ms_json value)
{
  if (ms_json_is_number(value)) {
    double ms = ms_json_number(value) * 1000;
    *at_ms = ms > -9e15 && ms < 9e15 ? (int64_t)(ms + 0.5) : 0;
    return true;
  }
  return ms_json_is_string(value) && ms_time_parse(at_ms, NULL, ms_json_text(value));
}

static bool read_id(uint32_t *id, struct ms_json value)
{
  int64_t number;
  bool is_fine = ms_json_to_int(&number, value) && number >= 0 && number < UINT32_MAX;
  *id = is_fine ? (uint32_t)number : 0;
  return is_fine;
}

static int read_event(struct ms_replay_event *out, struct ms_json event)
{
  *out = (struct ms_replay_event){.event = event, .details = MS_JSON_VALUE_NONE};
  out->type = ms_json_text(ms_json_getc(event, "type"));
  bool is_event = out->type.len > 0 && read_id(&out->id, ms_json_getc(event, "id")) && out->id > 0;
  if (!is_event || !read_id(&out->previous, ms_json_getc(event, "previousEventId"))) {
    return ms_error(MSTEP_EINVALID,
                    "this is no history: an event has no type, id or previousEventId");
  }
  if (!read_time(&out->at_ms, ms_json_getc(event, "timestamp"))) {
    return ms_error(MSTEP_EINVALID, "event %u has no timestamp that is one", (unsigned)out->id);
  }
  for (size_t i = 0; i < ms_json_count(event); i++) {
    if (ms_str_has_suffix(ms_json_key(event, i), "EventDetails")) {
      out->details = ms_json_member(event, i);
    }
  }
  return MSTEP_OK;
}

static int by_id(const void *a, const void *b)
{
  const struct ms_replay_event *x = a, *y = b;
  return x->id < y->id ? -1 : x->id > y->id;
}

static int read_events(struct ms_replay_history *out, struct ms_json list)
{
  size_t count = ms_json_count(list);
  if (!ms_json_is_array(list) || count == 0 || count >= UINT32_MAX) {
    return ms_error(MSTEP_EINVALID, "this is no history: there is no list of events");
  }
  out->events = ms_calloc(count, sizeof *out->events);
  if (out->events == NULL) {
    return ms_error_nomem();
  }
  int err = MSTEP_OK;
  for (size_t i = 0; i < count && err == 0; i++) {
    err = read_event(&out->events[i], ms_json_at(list, i));
  }
  out->count = count;
  ms_sort(out->events, count, sizeof *out->events, by_id);
  for (size_t i = 0; i < count && err == 0; i++) {
    if (out->events[i].id != i + 1) {
      err = ms_error(MSTEP_EINVALID, "the history is not whole: event %zu is missing", i + 1);
    } else if (out->events[i].previous > i) {
      err = ms_error(MSTEP_EINVALID, "this is no history: event %zu follows a later one", i + 1);
    }
  }
  return err;
}

int ms_replay_history_read(struct ms_replay_history *out, struct ms_str text)
{
  const struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
  *out = (struct ms_replay_history){.record = MS_JSON_VALUE_NONE};
  int err = ms_json_parse(&out->record, text, &limits, NULL);
  if (err != 0) {
    out->record = MS_JSON_VALUE_NONE;
    return err;
  }
  struct ms_json events = ms_json_getc(out->record, "events");
  err = read_events(out, ms_json_is_none(events) ? out->record : events);
  if (err == 0 && (!ms_str_is(out->events[0].type, "ExecutionStarted") ||
                   ms_replay_text(&out->events[0], "input").data == NULL)) {
    err = ms_error(MSTEP_EINVALID,
                   "the history has no input: it was asked for without execution data");
  }
  if (err != 0) {
    ms_replay_history_deinit(out);
  }
  return err;
}

void ms_replay_history_deinit(struct ms_replay_history *history)
{
  ms_json_unref(history->record);
  ms_free(history->events);
  *history = (struct ms_replay_history){.record = MS_JSON_VALUE_NONE};
}

/* ---- looking up ---- */

struct ms_str ms_replay_text(const struct ms_replay_event *event, const char *name)
{
  static const struct ms_str none;
  struct ms_json value = ms_json_getc(event->details, name);
  return ms_json_is_string(value) ? ms_json_text(value) : none;
}

uint32_t ms_replay_ours(const struct ms_replay_history *history, uint32_t id)
{
  if (id == 0) {
    return 0;
  }
  uint32_t ours = id <= history->count ? history->events[id - 1].ours : 0;
  return ours == 0 ? UINT32_MAX : ours;
}

struct ms_replay_event *ms_replay_after(const struct ms_replay_history *history, uint32_t previous)
{
  for (size_t i = history->first_open; i < history->count; i++) {
    struct ms_replay_event *event = &history->events[i];
    if (event->ours == 0 && ms_replay_ours(history, event->previous) == previous) {
      return event;
    }
  }
  return NULL;
}

/* ---- comparing ---- */

struct compare {
  struct ms_buf path; /* where we are, then where the first difference is */
  struct ms_str token;
};

static bool values_match(struct compare *c, struct ms_json expected, struct ms_json actual);

/* What says only how the answer was cut, who may run it, or is drawn by lot. */
static bool is_passed_over(struct ms_str name)
{
  static const char *const names[] = {
      "inputDetails", "outputDetails",        "assignedVariablesDetails", "roleArn",
      "mapRunArn",    "stateMachineAliasArn", "stateMachineVersionArn"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (ms_str_is(name, names[i])) {
      return true;
    }
  }
  return false;
}

static bool member_matches(struct compare *c, struct ms_str name, struct ms_json expected,
                           struct ms_json actual)
{
  size_t len = c->path.len;
  ms_json_pointer_push(&c->path, name);
  bool is_same = values_match(c, expected, actual);
  if (is_same && c->path.error == 0) {
    c->path.len = len;
    c->path.data[len] = '\0';
  }
  return is_same;
}

static bool objects_match(struct compare *c, struct ms_json expected, struct ms_json actual,
                          bool is_details)
{
  for (size_t i = 0; i < ms_json_count(expected); i++) {
    struct ms_str name = ms_json_key(expected, i);
    if (!(is_details && is_passed_over(name)) &&
        !member_matches(c, name, ms_json_member(expected, i), ms_json_get(actual, name))) {
      return false;
    }
  }
  for (size_t i = 0; i < ms_json_count(actual); i++) {
    struct ms_str name = ms_json_key(actual, i);
    if (!(is_details && is_passed_over(name)) && ms_json_is_none(ms_json_get(expected, name))) {
      ms_json_pointer_push(&c->path, name);
      return false;
    }
  }
  return true;
}

static bool arrays_match(struct compare *c, struct ms_json expected, struct ms_json actual)
{
  bool is_same = ms_json_count(expected) == ms_json_count(actual);
  for (size_t i = 0; i < ms_json_count(expected) && is_same; i++) {
    char index[24];
    snprintf(index, sizeof index, "%zu", i);
    is_same = member_matches(c, ms_str_c(index), ms_json_at(expected, i), ms_json_at(actual, i));
  }
  return is_same;
}

/* Both may be texts of JSON: then their values count. */
static bool texts_match(struct compare *c, struct ms_str expected, struct ms_str actual)
{
  const struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
  struct ms_json a = MS_JSON_VALUE_NONE, b = MS_JSON_VALUE_NONE;
  if (ms_str_eq(expected, actual) || (c->token.data != NULL && ms_str_eq(actual, c->token))) {
    return true;
  }
  bool is_json = ms_json_parse(&a, expected, &limits, NULL) == 0;
  if (is_json && ms_json_parse(&b, actual, &limits, NULL) != 0) {
    is_json = false;
    ms_json_unref(a);
  }
  if (!is_json) {
    return false;
  }
  /* Two different strings in quotes are not looked into once more. */
  bool is_same = ms_json_is_string(a) ? ms_json_equal(a, b) : values_match(c, a, b);
  ms_json_unref(a);
  ms_json_unref(b);
  return is_same;
}

static bool values_match(struct compare *c, struct ms_json expected, struct ms_json actual)
{
  if (ms_json_is_string(expected) && ms_json_is_string(actual)) {
    return texts_match(c, ms_json_text(expected), ms_json_text(actual));
  }
  if (ms_json_is_object(expected) && ms_json_is_object(actual)) {
    return objects_match(c, expected, actual, false);
  }
  if (ms_json_is_array(expected) && ms_json_is_array(actual)) {
    return arrays_match(c, expected, actual);
  }
  return ms_json_equal(expected, actual);
}

static bool events_match(struct compare *c, const struct ms_replay_event *recorded,
                         struct ms_json actual)
{
  if (!ms_str_eq(recorded->type, ms_json_text(ms_json_getc(actual, "type")))) {
    ms_buf_cstr(&c->path, "/type");
    return false;
  }
  for (size_t i = 0; i < ms_json_count(actual); i++) {
    struct ms_str name = ms_json_key(actual, i);
    if (ms_str_has_suffix(name, "EventDetails")) {
      ms_json_pointer_push(&c->path, name);
      return objects_match(c, recorded->details, ms_json_member(actual, i), true);
    }
  }
  return ms_json_count(recorded->details) == 0;
}

bool ms_replay_matches(struct ms_buf *where, const struct ms_replay_event *recorded,
                       struct ms_json actual, struct ms_str token)
{
  struct compare c = {.token = token};
  ms_buf_init(&c.path, 0);
  bool is_same = events_match(&c, recorded, actual);
  if (!is_same && where != NULL) {
    ms_buf_str(where, ms_buf_view(&c.path));
  }
  ms_buf_deinit(&c.path);
  return is_same;
}

/* Which of its threads came last at a join was an accident of the moment. */
static bool is_join(struct ms_str type)
{
  return ms_str_has_prefix(type, "Parallel") || ms_str_has_prefix(type, "Map");
}

struct ms_replay_event *ms_replay_take(struct ms_replay_history *history, struct ms_json actual,
                                       uint32_t id, uint32_t previous, struct ms_str token)
{
  struct ms_replay_event *taken = NULL;
  for (size_t i = history->first_open; i < history->count && taken == NULL; i++) {
    struct ms_replay_event *event = &history->events[i];
    if (event->ours == 0 &&
        (is_join(event->type) || ms_replay_ours(history, event->previous) == previous) &&
        ms_replay_matches(NULL, event, actual, token)) {
      taken = event;
    }
  }
  if (taken != NULL) {
    taken->ours = id;
  }
  while (history->first_open < history->count && history->events[history->first_open].ours != 0) {
    history->first_open++;
  }
  return taken;
}
