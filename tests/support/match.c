/* See match.h. */
#include "match.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "states/compare.h"

void match_init(struct match *match, struct ms_json wildcards)
{
  *match = (struct match){.wildcards = wildcards};
  ms_buf_init(&match->why, 1 << 20);
}

void match_deinit(struct match *match)
{
  ms_buf_deinit(&match->why);
}

bool match_glob(struct ms_str glob, struct ms_str text)
{
  return ms_compare_matches(glob, text);
}

static bool differ(struct match *match, const char *pointer, struct ms_json expected, struct ms_json actual)
{
  if (match->is_silent || match->why.len != 0)
    return false;
  ms_buf_printf(&match->why, "at %s: expected ", pointer);
  ms_json_print(&match->why, expected);
  ms_buf_cstr(&match->why, " but was ");
  if (ms_json_is_none(actual))
    ms_buf_cstr(&match->why, "absent");
  ms_json_print(&match->why, actual);
  return false;
}

static struct ms_str child_pointer(struct ms_buf *out, const char *pointer, struct ms_str key)
{
  ms_buf_init(out, 1 << 16);
  ms_buf_cstr(out, pointer);
  ms_json_pointer_push(out, key);
  return ms_buf_view(out);
}

static bool match_objects(struct match *match, const char *pointer, struct ms_json expected,
                          struct ms_json actual)
{
  bool ok = true;
  for (size_t i = 0; ok && i < ms_json_count(expected); i++) {
    struct ms_buf path;
    struct ms_str key = ms_json_key(expected, i);
    child_pointer(&path, pointer, key);
    ok = match_value(match, path.data, ms_json_member(expected, i), ms_json_get(actual, key));
    ms_buf_deinit(&path);
  }
  for (size_t i = 0; ok && i < ms_json_count(actual); i++)
    if (ms_json_is_none(ms_json_get(expected, ms_json_key(actual, i)))) {
      ok = differ(match, pointer, expected, actual);
      if (!match->is_silent)
        ms_buf_printf(&match->why, " (member '%.*s' is too many)", MS_STR_ARG(ms_json_key(actual, i)));
    }
  return ok;
}

static bool match_arrays(struct match *match, const char *pointer, struct ms_json expected,
                         struct ms_json actual)
{
  if (ms_json_count(expected) != ms_json_count(actual))
    return differ(match, pointer, expected, actual);
  for (size_t i = 0; i < ms_json_count(expected); i++) {
    char path[1024];
    snprintf(path, sizeof(path), "%s/%zu", pointer, i);
    if (!match_value(match, path, ms_json_at(expected, i), ms_json_at(actual, i)))
      return false;
  }
  return true;
}

/* Both parse: the same value. Else: the same text. */
static bool match_texts(struct ms_json expected, struct ms_json actual)
{
  if (ms_str_eq(ms_json_text(expected), ms_json_text(actual)))
    return true;
  struct ms_json a = MS_JSON_VALUE_NONE, b = MS_JSON_VALUE_NONE;
  bool ok = ms_json_parse(&a, ms_json_text(expected), NULL, NULL) == 0 &&
            ms_json_parse(&b, ms_json_text(actual), NULL, NULL) == 0 && ms_json_equal(a, b);
  ms_json_unref(a);
  ms_json_unref(b);
  return ok;
}

static bool match_parsed(struct match *match, const char *pointer, struct ms_json expected,
                         struct ms_json actual)
{
  struct ms_json value = MS_JSON_VALUE_NONE;
  if (ms_json_parse(&value, ms_json_text(actual), NULL, NULL) != 0)
    return differ(match, pointer, expected, actual);
  bool ok = match_value(match, pointer, expected, value);
  ms_json_unref(value);
  return ok;
}

bool match_value(struct match *match, const char *pointer, struct ms_json expected, struct ms_json actual)
{
  struct ms_json glob = ms_json_getc(match->wildcards, pointer);
  if (ms_json_is_string(glob)) {
    if (ms_str_is(ms_json_text(glob), "*"))
      return true;
    if (ms_json_is_string(actual) && match_glob(ms_json_text(glob), ms_json_text(actual)))
      return true;
  }
  if (!ms_json_is_string(expected) && ms_json_is_string(actual))
    return match_parsed(match, pointer, expected, actual);
  if (ms_json_is_object(expected) && ms_json_is_object(actual))
    return match_objects(match, pointer, expected, actual);
  if (ms_json_is_array(expected) && ms_json_is_array(actual))
    return match_arrays(match, pointer, expected, actual);
  if (ms_json_is_string(expected) && ms_json_is_string(actual))
    return match_texts(expected, actual) || differ(match, pointer, expected, actual);
  return ms_json_equal(expected, actual) || differ(match, pointer, expected, actual);
}

/* ---- histories ---- */

static int64_t int_of(struct ms_json event, const char *key)
{
  int64_t value = -1;
  ms_json_to_int(&value, ms_json_getc(event, key));
  return value;
}

static bool is_skipped(struct ms_str key, bool with_ids)
{
  return ms_str_is(key, "timestamp") ||
         (!with_ids && (ms_str_is(key, "id") || ms_str_is(key, "previousEventId")));
}

static bool match_event(struct match *match, const char *pointer, struct ms_json expected,
                        struct ms_json actual, bool with_ids)
{
  for (size_t i = 0; i < ms_json_count(expected); i++) {
    struct ms_str key = ms_json_key(expected, i);
    if (is_skipped(key, with_ids))
      continue;
    char path[256];
    snprintf(path, sizeof(path), "%s/%.*s", pointer, MS_STR_ARG(key));
    if (!match_value(match, path, ms_json_member(expected, i), ms_json_get(actual, key)))
      return false;
  }
  for (size_t i = 0; i < ms_json_count(actual); i++)
    if (ms_json_is_none(ms_json_get(expected, ms_json_key(actual, i))))
      return differ(match, pointer, expected, actual);
  return true;
}

static bool match_in_order(struct match *match, const char *pointer, struct ms_json expected,
                           struct ms_json actual)
{
  size_t count = ms_json_count(expected);
  for (size_t i = 0; i < count; i++) {
    char path[128];
    snprintf(path, sizeof(path), "%s/%zu", pointer, i);
    if (!match_event(match, path, ms_json_at(expected, i), ms_json_at(actual, i), true))
      return false;
  }
  return count == ms_json_count(actual) || differ(match, pointer, expected, actual);
}

/* Where a join took its previous id from is the accident of which thread came last. */
static bool is_join(struct ms_json event)
{
  struct ms_str type = ms_json_text(ms_json_getc(event, "type"));
  return ms_str_has_prefix(type, "Parallel") || ms_str_has_prefix(type, "Map");
}

/*
 * Each expected event, in order, takes the first actual event that looks the same and hangs on the
 * event that its own predecessor was mapped to. Causes come before effects in both lists.
 */
static bool match_by_cause(struct match *match, const char *pointer, struct ms_json expected,
                           struct ms_json actual)
{
  size_t count = ms_json_count(expected);
  if (count != ms_json_count(actual))
    return differ(match, pointer, expected, actual);
  int64_t *mapped = calloc(count + 2, sizeof(*mapped));
  bool *used = calloc(count + 1, sizeof(*used));
  bool ok = true;
  match->is_silent = true;
  for (size_t i = 0; ok && i < count; i++) {
    struct ms_json event = ms_json_at(expected, i);
    char path[128];
    snprintf(path, sizeof(path), "%s/%zu", pointer, i);
    int64_t previous = int_of(event, "previousEventId");
    ok = false;
    for (size_t j = 0; !ok && j < count; j++) {
      struct ms_json other = ms_json_at(actual, j);
      if (used[j] || !match_event(match, path, event, other, false))
        continue;
      bool is_free = is_join(event) || previous < 0 || previous > (int64_t)count;
      if (!is_free && mapped[previous] != int_of(other, "previousEventId"))
        continue;
      used[j] = ok = true;
      int64_t id = int_of(event, "id");
      if (id >= 0 && id <= (int64_t)count)
        mapped[id] = int_of(other, "id");
    }
  }
  match->is_silent = false;
  free(mapped);
  free(used);
  return ok;
}

/* The recording dropped repeated events and the order: each expected one is there, and no other. */
static bool match_as_set(struct match *match, const char *pointer, struct ms_json expected,
                         struct ms_json actual)
{
  size_t count = ms_json_count(expected), others = ms_json_count(actual);
  bool *used = calloc(others + 1, sizeof(*used));
  bool ok = true;
  match->is_silent = true;
  for (size_t i = 0; ok && i < count; i++) {
    char path[128];
    snprintf(path, sizeof(path), "%s/%zu", pointer, i);
    ok = false;
    for (size_t j = 0; j < others; j++)
      if (match_event(match, path, ms_json_at(expected, i), ms_json_at(actual, j), false))
        ok = used[j] = true;
  }
  for (size_t j = 0; ok && j < others; j++)
    ok = used[j] || is_join(ms_json_at(actual, j));
  match->is_silent = false;
  free(used);
  return ok || differ(match, pointer, expected, actual);
}

static bool has_threads(struct ms_json events)
{
  for (size_t i = 0; i < ms_json_count(events); i++) {
    struct ms_str type = ms_json_text(ms_json_getc(ms_json_at(events, i), "type"));
    if (ms_str_is(type, "ParallelStateStarted") || ms_str_is(type, "MapStateStarted"))
      return true;
  }
  return false;
}

bool match_history(struct match *match, const char *pointer, struct ms_json expected,
                   struct ms_json actual, bool is_unordered)
{
  if (is_unordered)
    return match_as_set(match, pointer, expected, actual);
  if (match_in_order(match, pointer, expected, actual))
    return true;
  if (!has_threads(expected) || !match_by_cause(match, pointer, expected, actual))
    return false;
  ms_buf_reset(&match->why);
  return true;
}
