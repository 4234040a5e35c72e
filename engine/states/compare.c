/*
 * Choice's comparison operators. A value of the wrong type makes a rule false, never an error; a missing
 * value is the caller's business.
 */
#include "states/compare.h"

#include "base/time.h"

static bool relation_holds(enum ms_compare_relation relation, int order)
{
  switch (relation) {
  case MS_COMPARE_EQ:
    return order == 0;
  case MS_COMPARE_LT:
    return order < 0;
  case MS_COMPARE_GT:
    return order > 0;
  case MS_COMPARE_LE:
    return order <= 0;
  case MS_COMPARE_GE:
    return order >= 0;
  }
  return false;
}

static bool compare_timestamps(enum ms_compare_relation relation, struct ms_json a, struct ms_json b)
{
  int64_t a_ms, b_ms;
  int32_t a_nanos, b_nanos;
  if (!ms_json_is_string(a) || !ms_json_is_string(b) ||
      !ms_time_parse(&a_ms, &a_nanos, ms_json_text(a)) ||
      !ms_time_parse(&b_ms, &b_nanos, ms_json_text(b)))
    return false;
  int order = a_ms != b_ms ? (a_ms < b_ms ? -1 : 1) : (a_nanos > b_nanos) - (a_nanos < b_nanos);
  return relation_holds(relation, order);
}

/* One character of the pattern at *at: *is_star for an unescaped `*`. */
static char pattern_char(struct ms_str pattern, size_t *at, bool *is_star)
{
  char c = pattern.data[(*at)++];
  *is_star = c == '*';
  if (c == '\\' && *at < pattern.len)
    c = pattern.data[(*at)++];
  return c;
}

/* Greedy with one point of return: linear in text times stars, no recursion. */
bool ms_compare_matches(struct ms_str pattern, struct ms_str text)
{
  size_t p = 0, t = 0, star_p = SIZE_MAX, star_t = 0;
  while (t < text.len) {
    size_t next = p;
    bool is_star = false;
    char c = p < pattern.len ? pattern_char(pattern, &next, &is_star) : '\0';
    if (p < pattern.len && is_star) {
      star_p = p = next;
      star_t = t;
    } else if (p < pattern.len && c == text.data[t]) {
      p = next;
      t++;
    } else if (star_p != SIZE_MAX) {
      p = star_p;
      t = ++star_t;
    } else {
      return false;
    }
  }
  while (p < pattern.len && pattern.data[p] == '*')
    p++;
  return p == pattern.len;
}

static bool is_timestamp(struct ms_json value)
{
  int64_t at_ms;
  int32_t nanos;
  return ms_json_is_string(value) && ms_time_parse(&at_ms, &nanos, ms_json_text(value));
}

static bool has_type(enum ms_compare_family family, struct ms_json value)
{
  switch (family) {
  case MS_COMPARE_IS_NULL:
    return ms_json_is_null(value);
  case MS_COMPARE_IS_PRESENT:
    return !ms_json_is_none(value);
  case MS_COMPARE_IS_NUMERIC:
    return ms_json_is_number(value);
  case MS_COMPARE_IS_STRING:
    return ms_json_is_string(value);
  case MS_COMPARE_IS_BOOLEAN:
    return ms_json_is_bool(value);
  default:
    return is_timestamp(value);
  }
}

bool ms_compare_holds(const struct ms_rule *rule, struct ms_json value, struct ms_json operand)
{
  switch (rule->family) {
  case MS_COMPARE_STRING:
    return ms_json_is_string(value) && ms_json_is_string(operand) &&
           relation_holds(rule->relation,
                          ms_str_cmp_utf16(ms_json_text(value), ms_json_text(operand)));
  case MS_COMPARE_NUMERIC:
    return ms_json_is_number(value) && ms_json_is_number(operand) &&
           relation_holds(rule->relation, ms_json_cmp_number(value, operand));
  case MS_COMPARE_BOOLEAN:
    return ms_json_is_bool(value) && ms_json_is_bool(operand) &&
           value.u.boolean == operand.u.boolean;
  case MS_COMPARE_TIMESTAMP:
    return compare_timestamps(rule->relation, value, operand);
  case MS_COMPARE_MATCHES:
    return ms_json_is_string(value) && ms_json_is_string(operand) &&
           ms_compare_matches(ms_json_text(operand), ms_json_text(value));
  default:
    return ms_json_is_bool(operand) && has_type(rule->family, value) == operand.u.boolean;
  }
}
