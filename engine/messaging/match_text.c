/* Matchers of text, of what is present, and of everything but; and the table of all kinds. */
#include "messaging/matcher.h"

const ms_matcher_test ms_matcher_tests[MS_MATCHER_KINDS] = {
#define MS_MATCHER(kind, test, look_up) [MS_MATCHER_##kind] = test,
#include "messaging/matchers.def"
#undef MS_MATCHER
};

const enum ms_look_up ms_matcher_look_ups[MS_MATCHER_KINDS] = {
#define MS_MATCHER(kind, test, look_up) [MS_MATCHER_##kind] = look_up,
#include "messaging/matchers.def"
#undef MS_MATCHER
};

bool ms_match_exact(const struct ms_matcher *m, struct ms_json value)
{
  return ms_json_is_string(value) && ms_str_eq(ms_json_text(value), m->text);
}

/* true, false, null: the key is the word. */
bool ms_match_literal(const struct ms_matcher *m, struct ms_json value)
{
  switch (m->key.data[0]) {
  case 't':
    return ms_json_is_true(value);
  case 'f':
    return ms_json_is_bool(value) && !ms_json_is_true(value);
  default:
    return ms_json_is_null(value);
  }
}

bool ms_match_prefix(const struct ms_matcher *m, struct ms_json value)
{
  struct ms_str text = ms_json_text(value);
  return ms_json_is_string(value) && text.len >= m->text.len &&
         memcmp(text.data, m->text.data, m->text.len) == 0;
}

bool ms_match_suffix(const struct ms_matcher *m, struct ms_json value)
{
  struct ms_str text = ms_json_text(value);
  return ms_json_is_string(value) && text.len >= m->text.len &&
         memcmp(text.data + text.len - m->text.len, m->text.data, m->text.len) == 0;
}

bool ms_match_folded(const struct ms_matcher *m, struct ms_json value)
{
  return ms_json_is_string(value) && ms_fold_equal(m->text, ms_json_text(value));
}

bool ms_match_prefix_folded(const struct ms_matcher *m, struct ms_json value)
{
  return ms_json_is_string(value) && ms_fold_prefix(m->text, ms_json_text(value)) != SIZE_MAX;
}

bool ms_match_suffix_folded(const struct ms_matcher *m, struct ms_json value)
{
  return ms_json_is_string(value) && ms_fold_suffix(m->text, ms_json_text(value));
}

bool ms_match_wildcard(const struct ms_matcher *m, struct ms_json value)
{
  return ms_json_is_string(value) && ms_wildcard_accepts(m->wildcard, ms_json_text(value));
}

bool ms_match_exists(const struct ms_matcher *m, struct ms_json value)
{
  (void)m;
  return !ms_json_is_none(value);
}

/* Absence is decided where the event is known as a whole; a value is never absent. */
bool ms_match_absent(const struct ms_matcher *m, struct ms_json value)
{
  (void)m;
  return ms_json_is_none(value);
}

bool ms_match_but(const struct ms_matcher *m, struct ms_json value)
{
  for (size_t i = 0; i < m->count; i++) {
    if (ms_matcher_accepts(&m->list[i], value)) {
      return false;
    }
  }
  return true;
}

/* The texts that are excluded are sorted. */
bool ms_match_but_text(const struct ms_matcher *m, struct ms_json value)
{
  if (!ms_json_is_string(value)) {
    return true;
  }
  struct ms_str text = ms_json_text(value);
  size_t low = 0;
  size_t high = m->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = ms_str_cmp(text, m->list[middle].text);
    if (order == 0) {
      return false;
    }
    if (order < 0) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return true;
}
