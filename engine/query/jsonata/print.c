/*
 * Values as text: JSON as $string and `&` write it (numbers in ECMAScript's form, fractions cut to 15
 * digits so that 0.1 + 0.2 reads 0.3), and the short form for error messages.
 */
#include "query/jsonata/value.h"

#include <stdio.h>
#include <stdlib.h>

#include "query/jsonata/eval.h"

struct printer {
  struct ms_buf *out;
  struct ms_jx_eval *ev; /* NULL: no limits but the buffer's */
  unsigned indent;
  bool is_rounded; /* fractions to 15 digits */
};

/* Splits a shortest decimal text into digits and the place of the point: 0.d1d2.. * 10^point. */
static size_t split_digits(char digits[40], int *point, const char *text)
{
  size_t count = 0;
  int exponent = 0;
  bool after_point = false;
  int whole = 0;
  for (const char *p = text; *p != '\0'; p++) {
    if (*p == 'e' || *p == 'E') {
      exponent = (int)strtol(p + 1, NULL, 10);
      break;
    }
    if (*p == '.') {
      after_point = true;
    } else if (*p != '-') {
      if (count == 0 && *p == '0') {
        whole -= after_point ? 1 : 0;
        continue;
      }
      digits[count++] = *p;
      whole += after_point ? 0 : 1;
    }
  }
  while (count > 1 && digits[count - 1] == '0') {
    count--;
  }
  *point = whole + exponent;
  return count;
}

/* Number::toString of ECMAScript: plain digits from 1e-6 up to 1e21, else an exponent. */
static size_t format_digits(char out[40], const char *digits, size_t count, int point)
{
  size_t n = 0;
  if (point > 0 && point <= 21) {
    for (int i = 0; i < point || (size_t)i < count; i++) {
      if (i == point) {
        out[n++] = '.';
      }
      out[n++] = (size_t)i < count ? digits[i] : '0';
    }
  } else if (point > -6 && point <= 0) {
    memcpy(out, "0.", 2);
    n = 2;
    for (int i = point; i < 0; i++) {
      out[n++] = '0';
    }
    memcpy(out + n, digits, count);
    n += count;
  } else {
    out[n++] = digits[0];
    if (count > 1) {
      out[n++] = '.';
      memcpy(out + n, digits + 1, count - 1);
      n += count - 1;
    }
    n += (size_t)snprintf(out + n, 8, "e%+d", point - 1);
  }
  return n;
}

size_t ms_jx_print_double(char out[40], double value)
{
  if (value == 0) {
    out[0] = '0';
    return 1;
  }
  char text[48];
  char digits[40];
  size_t len = ms_json_print_double(text, fabs(value));
  text[len] = '\0';
  int point;
  size_t count = split_digits(digits, &point, text);
  size_t sign = value < 0;
  out[0] = '-';
  return sign + format_digits(out + sign, digits, count, point);
}

static void put_number(struct printer *p, struct ms_jx value)
{
  if (value.type == MS_JX_INT) {
    ms_buf_int(p->out, value.u.integer);
    return;
  }
  double number = ms_jx_number(value);
  if (!isfinite(number)) {
    if (p->ev != NULL && isinf(number)) {
      ms_jx_fail_value(p->ev, "D1001", value);
    }
    ms_buf_cstr(p->out, "null");
    return;
  }
  char text[48];
  if (p->is_rounded && number != floor(number)) {
    snprintf(text, sizeof text, "%.15g", number);
    number = strtod(text, NULL);
  }
  size_t len = ms_jx_print_double(text, number);
  ms_buf_put(p->out, text, len);
}

static void new_line(struct printer *p, unsigned depth)
{
  if (p->indent > 0) {
    ms_buf_char(p->out, '\n');
    for (unsigned i = 0; i < depth * p->indent; i++) {
      ms_buf_char(p->out, ' ');
    }
  }
}

static void put(struct printer *p, struct ms_jx value, unsigned depth);

static void put_array(struct printer *p, struct ms_jx value, unsigned depth)
{
  size_t count = ms_jx_count(value);
  ms_buf_char(p->out, '[');
  for (size_t i = 0; i < count && p->out->error == 0; i++) {
    if (i > 0) {
      ms_buf_char(p->out, ',');
    }
    new_line(p, depth + 1);
    put(p, ms_jx_at(value, i), depth + 1);
  }
  if (count > 0) {
    new_line(p, depth);
  }
  ms_buf_char(p->out, ']');
}

static void put_object(struct printer *p, struct ms_jx value, unsigned depth)
{
  size_t count = ms_jx_member_count(value);
  ms_buf_char(p->out, '{');
  for (size_t i = 0; i < count && p->out->error == 0; i++) {
    if (i > 0) {
      ms_buf_char(p->out, ',');
    }
    new_line(p, depth + 1);
    ms_json_print_string(p->out, ms_jx_text(ms_jx_member_key(value, i)));
    ms_buf_cstr(p->out, p->indent > 0 ? ": " : ":");
    put(p, ms_jx_member_value(value, i), depth + 1);
  }
  if (count > 0) {
    new_line(p, depth);
  }
  ms_buf_char(p->out, '}');
}

static void put(struct printer *p, struct ms_jx value, unsigned depth)
{
  if (p->ev != NULL && !ms_jx_spend(p->ev, 1)) {
    return;
  }
  if (depth > MS_JSON_DEPTH_MAX) {
    if (p->ev != NULL) {
      ms_jx_fail_depth(p->ev);
    }
    return;
  }
  switch (value.type) {
  case MS_JX_BOOL:
    ms_buf_cstr(p->out, value.u.boolean ? "true" : "false");
    break;
  case MS_JX_INT:
  case MS_JX_DOUBLE:
  case MS_JX_BIG:
    put_number(p, value);
    break;
  case MS_JX_STRING:
  case MS_JX_TEXT:
    ms_json_print_string(p->out, ms_jx_text(value));
    break;
  case MS_JX_ARRAY:
  case MS_JX_LIST:
    put_array(p, value, depth);
    break;
  case MS_JX_OBJECT:
  case MS_JX_DICT:
    put_object(p, value, depth);
    break;
  case MS_JX_FUNCTION:
    ms_buf_cstr(p->out, p->is_rounded ? "\"\"" : "{}");
    break;
  default:
    ms_buf_cstr(p->out, "null");
    break;
  }
}

bool ms_jx_print(struct ms_jx_eval *ev, struct ms_buf *out, struct ms_jx value, unsigned indent)
{
  struct printer p = {out, ev, indent, true};
  put(&p, value, 0);
  return ev->code == 0;
}

void ms_jx_print_message(struct ms_buf *out, struct ms_jx value)
{
  struct printer p = {out, NULL, 0, false};
  put(&p, value, 0);
}
