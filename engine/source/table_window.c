/*
 * Tumbling windows: records are of the window in which they arrived, what the function returns as its state is given
 * to it with the next batch of the window, and at the window's end it is called once more, with the state alone.
 * A state above 1 MB ends the window early.
 */
#include "base/error.h"
#include "base/time.h"
#include "source/source_table.h"

#define STATE_BYTES 1048576

static int64_t floor_ms(int64_t at_ms, int64_t length_ms)
{
  int64_t rest = at_ms % length_ms;
  return at_ms - (rest < 0 ? rest + length_ms : rest);
}

bool ms_table_window_has(const struct ms_table_poller *poller, const struct ms_table_record *record)
{
  const struct ms_table_window *window = &poller->window;
  return !window->is_open || record->created_at_ms < window->end_ms;
}

int ms_table_window_open(struct ms_table_poller *poller, const struct ms_table_record *record)
{
  int64_t length_ms = poller->mapping->settings.tumble_ms;
  if (length_ms == 0 || poller->window.is_open) {
    return MSTEP_OK;
  }
  struct ms_json state = ms_json_object(0);
  if (ms_json_is_none(state)) {
    return ms_error_nomem();
  }
  int64_t start_ms = floor_ms(record->created_at_ms, length_ms);
  poller->window = (struct ms_table_window){true, false, start_ms, start_ms + length_ms, state};
  return MSTEP_OK;
}

void ms_table_window_close(struct ms_table_poller *poller)
{
  if (poller->window.is_open) {
    ms_json_unref(poller->window.state);
    poller->window = (struct ms_table_window){.state = MS_JSON_VALUE_NONE};
  }
}

bool ms_table_window_ends(const struct ms_table_poller *poller, int64_t now_ms)
{
  const struct ms_table_window *window = &poller->window;
  const struct ms_table_record *next = poller->lanes[0].first;
  if (!window->is_open) {
    return false;
  }
  if (window->is_early) {
    return true;
  }
  return next != NULL ? !ms_table_window_has(poller, next)
                      : poller->is_idle && now_ms >= window->end_ms;
}

enum ms_response ms_table_window_take(struct ms_table_poller *poller, struct ms_str payload)
{
  struct ms_json value, state;
  enum ms_response response = MS_RESPONSE_FAILURE;
  if (ms_json_parse(&value, payload, NULL, NULL) != 0) {
    return response;
  }
  state = ms_json_getc(value, "state");
  if (ms_json_is_object(state) || (ms_json_is_array(state) && ms_json_count(state) == 0)) {
    /* an empty table of Lua may come as an array */
    state = ms_json_is_array(state) ? ms_json_object(0) : ms_json_ref(state);
    if (!ms_json_is_none(state)) {
      ms_json_replace(&poller->window.state, state);
      poller->window.is_early = ms_json_size_bytes(state) > STATE_BYTES;
      response = MS_RESPONSE_SUCCESS;
    }
  }
  ms_json_unref(value);
  return response;
}

/* ---- what the function, and the destination, see of it ---- */

static struct ms_json show_times(const struct ms_table_window *window)
{
  char start[MS_TIME_TEXT_SIZE], end[MS_TIME_TEXT_SIZE];
  struct ms_json out = ms_json_object(2);
  ms_time_format(start, window->start_ms);
  ms_time_format(end, window->end_ms);
  int err = ms_json_setc(&out, "start", ms_json_cstring(start));
  err = err != 0 ? err : ms_json_setc(&out, "end", ms_json_cstring(end));
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

int ms_table_window_show(struct ms_json *event, const struct ms_table_poller *poller, bool is_final,
                         bool has_source)
{
  const struct ms_table_window *window = &poller->window;
  int err = ms_json_setc(event, "window", show_times(window));
  err = err != 0 ? err : ms_json_setc(event, "state", ms_json_ref(window->state));
  if (err == 0 && has_source) {
    err = ms_json_setc(event, "shardId", ms_json_cstring(poller->shard));
    err = err != 0
              ? err
              : ms_json_setc(event, "eventSourceARN", ms_json_string(poller->mapping->source_arn));
  }
  err = err != 0 ? err : ms_json_setc(event, "isFinalInvokeForWindow", ms_json_bool(is_final));
  return err != 0 ? err
                  : ms_json_setc(event, "isWindowTerminatedEarly", ms_json_bool(window->is_early));
}
