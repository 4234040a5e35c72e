/* Paths into an event. */
#include "messaging/event_path.h"

#include "base/error.h"

struct reader {
  struct ms_str text;
  size_t at;
};

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

/* Up to the next dot or bracket. */
static bool read_plain_name(struct ms_event_step *out, struct reader *r)
{
  size_t from = r->at;
  while (r->at < r->text.len && strchr(".[]", r->text.data[r->at]) == NULL) {
    if ((unsigned char)r->text.data[r->at] <= ' ') {
      return false;
    }
    r->at++;
  }
  out->name = ms_str_sub(r->text, from, r->at);
  out->kind = ms_str_is(out->name, "*") ? MS_EVENT_STEP_ALL : MS_EVENT_STEP_NAME;
  return out->name.len > 0;
}

static bool read_quoted_name(struct ms_event_step *out, struct reader *r)
{
  char quote = r->text.data[r->at++];
  size_t end = ms_str_find(r->text, r->at, quote);
  out->kind = MS_EVENT_STEP_NAME;
  out->name = ms_str_sub(r->text, r->at, end);
  r->at = end + 1;
  return end < r->text.len;
}

static bool read_index(struct ms_event_step *out, struct reader *r)
{
  out->kind = MS_EVENT_STEP_INDEX;
  out->index = 0;
  size_t from = r->at;
  for (; r->at < r->text.len && is_digit(r->text.data[r->at]); r->at++) {
    if (out->index > UINT32_MAX) {
      return false;
    }
    out->index = out->index * 10 + (size_t)(r->text.data[r->at] - '0');
  }
  return r->at > from;
}

/* Behind the bracket. */
static bool read_bracket(struct ms_event_step *out, struct reader *r)
{
  char c = r->at < r->text.len ? r->text.data[r->at] : '\0';
  bool is_read;
  if (c == '*') {
    out->kind = MS_EVENT_STEP_ALL;
    r->at++;
    is_read = true;
  } else {
    is_read = c == '\'' || c == '"' ? read_quoted_name(out, r) : read_index(out, r);
  }
  return is_read && r->at < r->text.len && r->text.data[r->at++] == ']';
}

int ms_event_path_parse(struct ms_event_path *out, struct ms_arena *arena, struct ms_str text)
{
  struct ms_str copy = ms_arena_str(arena, text);
  *out = (struct ms_event_path){0};
  if (copy.data == NULL) {
    return ms_error_nomem();
  }
  if (text.len == 0 || text.len > MS_EVENT_PATH_BYTES_MAX || text.data[0] != '$') {
    return ms_error(MSTEP_ESYNTAX, "a path begins with $");
  }
  out->steps = ms_arena_calloc(arena, text.len, sizeof *out->steps); /* a step is a byte or more */
  if (out->steps == NULL) {
    return ms_error_nomem();
  }
  struct reader r = {copy, 1};
  while (r.at < r.text.len) {
    char c = r.text.data[r.at++];
    struct ms_event_step *step = &out->steps[out->count++];
    bool is_read = c == '.' ? read_plain_name(step, &r) : c == '[' && read_bracket(step, &r);
    if (!is_read) {
      return ms_error(MSTEP_ESYNTAX, "a path is wrong at character %zu", r.at);
    }
    out->has_star |= step->kind == MS_EVENT_STEP_ALL;
  }
  return 0;
}

static struct ms_json take_step(const struct ms_event_step *step, struct ms_json value)
{
  return step->kind == MS_EVENT_STEP_NAME ? ms_json_get(value, step->name)
                                          : ms_json_at(value, step->index);
}

/* Everything one step finds in everything found so far. */
static int spread(struct ms_json *found, const struct ms_event_step *step)
{
  struct ms_json next = ms_json_array(ms_json_count(*found));
  int err = ms_json_is_none(next) ? ms_error_nomem() : 0;
  for (size_t i = 0; i < ms_json_count(*found) && err == 0; i++) {
    struct ms_json value = ms_json_at(*found, i);
    bool is_object = ms_json_is_object(value);
    size_t count = step->kind == MS_EVENT_STEP_ALL ? ms_json_count(value) : 1;
    for (size_t j = 0; j < count && err == 0; j++) {
      struct ms_json item = step->kind != MS_EVENT_STEP_ALL ? take_step(step, value)
                            : is_object                     ? ms_json_member(value, j)
                                                            : ms_json_at(value, j);
      err = ms_json_is_none(item) ? 0 : ms_json_push(&next, ms_json_ref(item));
    }
  }
  if (err == 0) {
    ms_json_replace(found, next);
  } else {
    ms_json_unref(next);
  }
  return err;
}

static int get_all(struct ms_json *out, const struct ms_event_path *path, struct ms_json event)
{
  *out = ms_json_array(1);
  int err = ms_json_push(out, ms_json_ref(event));
  for (size_t i = 0; i < path->count && err == 0; i++) {
    err = spread(out, &path->steps[i]);
  }
  if (err != 0) {
    ms_json_unref(*out);
    *out = MS_JSON_VALUE_NONE;
  }
  return err;
}

int ms_event_path_get(struct ms_json *out, const struct ms_event_path *path, struct ms_json event)
{
  if (path->has_star) {
    return get_all(out, path, event);
  }
  for (size_t i = 0; i < path->count; i++) {
    event = take_step(&path->steps[i], event);
  }
  *out = ms_json_ref(event);
  return 0;
}
