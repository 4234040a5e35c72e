/*
 * Matchers of numbers. Numbers are equal when their values are, however they are written; those that fit in
 * neither 64 bits nor a double are equal when their texts are.
 */
#include <math.h>

#include "messaging/matcher.h"

#define REAL_MAX ((int64_t)1 << 53)

struct ms_str ms_number_key(char out[MS_NUMBER_KEY_MAX], struct ms_json number)
{
  int64_t integer;
  if (number.type == MS_JSON_BIG) {
    return ms_json_text(number);
  }
  if (ms_json_to_int(&integer, number)) {
    out[0] = 'i';
    memcpy(out + 1, &integer, sizeof integer);
    return (struct ms_str){out, 1 + sizeof integer};
  }
  double real = ms_json_number(number);
  out[0] = 'd';
  memcpy(out + 1, &real, sizeof real);
  return (struct ms_str){out, 1 + sizeof real};
}

bool ms_match_number(const struct ms_matcher *m, struct ms_json value)
{
  char key[MS_NUMBER_KEY_MAX];
  return ms_json_is_number(value) && ms_str_eq(ms_number_key(key, value), m->key);
}

/* A bound may be infinite, when it was written larger than any double. */
static int compare(struct ms_json value, struct ms_json bound)
{
  if (bound.type == MS_JSON_DOUBLE && isinf(bound.u.number)) {
    return bound.u.number > 0 ? -1 : 1;
  }
  return ms_json_cmp_number(value, bound);
}

bool ms_number_is_real(double *out, struct ms_json number)
{
  *out = number.type == MS_JSON_INT ? (double)number.u.integer : number.u.number;
  return number.type == MS_JSON_DOUBLE ||
         (number.type == MS_JSON_INT && number.u.integer <= REAL_MAX &&
          number.u.integer >= -REAL_MAX);
}

bool ms_match_range(const struct ms_matcher *m, struct ms_json value)
{
  double real;
  if (!ms_json_is_number(value)) {
    return false;
  }
  if (m->is_real && ms_number_is_real(&real, value)) {
    return (m->is_low_open ? real > m->low_real : real >= m->low_real) &&
           (m->is_high_open ? real < m->high_real : real <= m->high_real);
  }
  if (m->has_low) {
    int order = compare(value, m->low);
    if (order < 0 || (order == 0 && m->is_low_open)) {
      return false;
    }
  }
  if (m->has_high) {
    int order = compare(value, m->high);
    if (order > 0 || (order == 0 && m->is_high_open)) {
      return false;
    }
  }
  return true;
}
