/* $sum and its kin, $number, rounding, roots and powers, $formatBase. */
#include <stdio.h>
#include <stdlib.h>

#include "query/jsonata/functions.h"

/* ---- aggregation ---- */

struct ms_jx ms_jx_fn_sum(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  if (args[0].type == MS_JX_UNDEFINED) {
    return args[0];
  }
  size_t items = ms_jx_count(args[0]);
  int64_t whole = 0;
  double total = 0;
  bool is_whole = true;
  for (size_t i = 0; i < items; i++) {
    struct ms_jx item = ms_jx_at(args[0], i);
    if (is_whole && item.type == MS_JX_INT &&
        !__builtin_add_overflow(whole, item.u.integer, &whole)) {
      continue;
    }
    if (is_whole) {
      /* From here on with doubles; what overflowed is in `whole` only as far as it was right. */
      is_whole = false;
      for (size_t j = 0; j < i; j++) {
        total += ms_jx_number(ms_jx_at(args[0], j));
      }
    }
    total += ms_jx_number(item);
  }
  return !ms_jx_spend(ev, items) ? MS_JX_VALUE_ERROR
                                 : (is_whole ? ms_jx_int(whole) : ms_jx_double(total));
}

struct ms_jx ms_jx_fn_count(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)ev;
  (void)count;
  return ms_jx_int((int64_t)ms_jx_count(args[0]));
}

static struct ms_jx extreme(struct ms_jx_eval *ev, struct ms_jx array, int wanted)
{
  size_t items = ms_jx_count(array);
  if (items == 0 || !ms_jx_spend(ev, items)) {
    return items == 0 ? MS_JX_VALUE_UNDEFINED : MS_JX_VALUE_ERROR;
  }
  struct ms_jx best = ms_jx_at(array, 0);
  for (size_t i = 1; i < items; i++) {
    struct ms_jx item = ms_jx_at(array, i);
    if (ms_jx_compare(item, best) == wanted) {
      best = item;
    }
  }
  return best;
}

struct ms_jx ms_jx_fn_max(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  return extreme(ev, args[0], 1);
}

struct ms_jx ms_jx_fn_min(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  return extreme(ev, args[0], -1);
}

struct ms_jx ms_jx_fn_average(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  size_t items = ms_jx_count(args[0]);
  if (items == 0) {
    return MS_JX_VALUE_UNDEFINED;
  }
  struct ms_jx sum = ms_jx_fn_sum(ev, args, count);
  return ms_jx_is_error(sum) ? sum : ms_jx_double(ms_jx_number(sum) / (double)items);
}

/* ---- conversion ---- */

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

/* -?digits(.digits)?([eE][-+]?digits)? and nothing else */
static bool is_decimal(struct ms_str s)
{
  size_t i = 0;
  i += i < s.len && s.data[i] == '-';
  size_t start = i;
  while (i < s.len && is_digit(s.data[i])) {
    i++;
  }
  if (i == start) {
    return false;
  }
  if (i + 1 < s.len && s.data[i] == '.' && is_digit(s.data[i + 1])) {
    for (i++; i < s.len && is_digit(s.data[i]); i++) {
    }
  }
  if (i < s.len && (s.data[i] | 0x20) == 'e') {
    i++;
    i += i < s.len && (s.data[i] == '-' || s.data[i] == '+');
    start = i;
    while (i < s.len && is_digit(s.data[i])) {
      i++;
    }
    if (i == start) {
      return false;
    }
  }
  return i == s.len;
}

/* 0x, 0o and 0b. False: it is none of them. */
static bool parse_radix(double *out, struct ms_str s)
{
  if (s.len < 3 || s.data[0] != '0') {
    return false;
  }
  char kind = (char)(s.data[1] | 0x20);
  unsigned radix = kind == 'x' ? 16 : (kind == 'o' ? 8 : (kind == 'b' ? 2 : 0));
  double value = 0;
  for (size_t i = 2; i < s.len; i++) {
    char c = s.data[i];
    unsigned digit =
        is_digit(c)
            ? (unsigned)(c - '0')
            : ((c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (unsigned)((c | 0x20) - 'a' + 10) : 99);
    if (digit >= radix) {
      return false;
    }
    value = value * radix + digit;
  }
  *out = value;
  return true;
}

/* A decimal text as a number: exact when whole. */
static struct ms_jx parse_decimal(struct ms_jx_eval *ev, struct ms_str text)
{
  struct ms_jx copy = ms_jx_copy_text(ev, text);
  if (ms_jx_is_error(copy)) {
    return copy;
  }
  char *end = ms_jx_alloc(ev, text.len + 1);
  if (end == NULL) {
    return MS_JX_VALUE_ERROR;
  }
  memcpy(end, text.data, text.len);
  end[text.len] = '\0';
  double number = strtod(end, NULL);
  if (!isfinite(number)) {
    return MS_JX_VALUE_UNDEFINED;
  }
  if (text.len < 20 && ms_str_find(text, 0, '.') == text.len && fabs(number) < 9e18 &&
      ms_str_find(text, 0, 'e') == text.len && ms_str_find(text, 0, 'E') == text.len &&
      number != 0) {
    return ms_jx_int(strtoll(end, NULL, 10));
  }
  return ms_jx_double(number);
}

struct ms_jx ms_jx_fn_number(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  struct ms_jx arg = args[0];
  if (arg.type == MS_JX_UNDEFINED || ms_jx_is_number(arg)) {
    return arg;
  }
  if (arg.type == MS_JX_BOOL) {
    return ms_jx_int(arg.u.boolean);
  }
  struct ms_str text = ms_jx_text(arg);
  double number;
  if (is_decimal(text)) {
    struct ms_jx value = parse_decimal(ev, text);
    if (value.type != MS_JX_UNDEFINED) {
      return value;
    }
  } else if (parse_radix(&number, text)) {
    return ms_jx_double(number);
  }
  return ms_jx_fail_arg(ev, "D3030", arg, 1);
}

/* ---- arithmetic ---- */

static struct ms_jx apply(struct ms_jx value, double (*f)(double))
{
  if (value.type == MS_JX_UNDEFINED || value.type == MS_JX_INT) {
    return value;
  }
  return ms_jx_double(f(ms_jx_number(value)));
}

struct ms_jx ms_jx_fn_floor(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)ev;
  (void)count;
  return apply(args[0], floor);
}

struct ms_jx ms_jx_fn_ceil(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)ev;
  (void)count;
  return apply(args[0], ceil);
}

struct ms_jx ms_jx_fn_abs(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)ev;
  (void)count;
  if (args[0].type == MS_JX_INT && args[0].u.integer != INT64_MIN) {
    return ms_jx_int(args[0].u.integer < 0 ? -args[0].u.integer : args[0].u.integer);
  }
  return args[0].type == MS_JX_UNDEFINED ? args[0] : ms_jx_double(fabs(ms_jx_number(args[0])));
}

/* value * 10^places, by way of its decimal text so that no binary error comes in. */
static double shift(double value, double places)
{
  char text[96];
  char digits[48];
  size_t len = ms_jx_print_double(digits, value);
  double exponent = 0;
  for (size_t i = 0; i < len; i++) {
    if (digits[i] == 'e') {
      digits[len] = '\0';
      exponent = strtod(digits + i + 1, NULL);
      len = i;
    }
  }
  snprintf(text, sizeof text, "%.*se%.0f", (int)len, digits, exponent + places);
  return strtod(text, NULL);
}

/* Half to even, at a number of decimal places. */
double ms_jx_round(double value, double places)
{
  if (!isfinite(value)) {
    return value;
  }
  double shifted = places != 0 ? shift(value, places) : value;
  double result = floor(shifted + 0.5);
  if (shifted + 0.5 == shifted || fabs(shifted) >= 4503599627370496.0) {
    result = shifted; /* whole already */
  } else if (shifted == 0.49999999999999994) {
    result = 0; /* the sum above would round up */
  }
  double rest = result - shifted;
  if (fabs(rest) == 0.5 && fabs(fmod(result, 2)) == 1) {
    result -= 1;
  }
  if (places != 0 && isfinite(result)) {
    result = shift(result, -places);
  }
  return result == 0 ? 0 : result;
}

struct ms_jx ms_jx_fn_round(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)ev;
  (void)count;
  if (args[0].type == MS_JX_UNDEFINED) {
    return args[0];
  }
  double places = args[1].type == MS_JX_UNDEFINED ? 0 : ms_jx_number(args[1]);
  if (args[0].type == MS_JX_INT && places >= 0) {
    return args[0];
  }
  return ms_jx_double(ms_jx_round(ms_jx_number(args[0]), places));
}

struct ms_jx ms_jx_fn_sqrt(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  if (args[0].type == MS_JX_UNDEFINED) {
    return args[0];
  }
  double value = ms_jx_number(args[0]);
  return value < 0 ? ms_jx_fail_arg(ev, "D3060", args[0], 1) : ms_jx_double(sqrt(value));
}

struct ms_jx ms_jx_fn_power(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  if (args[0].type == MS_JX_UNDEFINED) {
    return args[0];
  }
  double exponent = args[1].type == MS_JX_UNDEFINED ? NAN : ms_jx_number(args[1]);
  double result = pow(ms_jx_number(args[0]), exponent);
  if (!isfinite(result)) {
    ms_jx_fail_arg(ev, "D3061", args[0], 1);
    ev->error.value2 = args[1];
    return MS_JX_VALUE_ERROR;
  }
  return ms_jx_double(result);
}

/* ---- $formatBase ---- */

struct ms_jx ms_jx_fn_formatBase(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  if (args[0].type == MS_JX_UNDEFINED) {
    return args[0];
  }
  double radix = args[1].type == MS_JX_UNDEFINED ? 10 : ms_jx_round(ms_jx_number(args[1]), 0);
  if (!(radix >= 2 && radix <= 36)) {
    return ms_jx_fail_value(ev, "D3100", ms_jx_double(radix));
  }
  if (args[0].type == MS_JX_INT && radix == 10) {
    return ms_jx_string(ev, args[0], 0);
  }
  double value = ms_jx_round(ms_jx_number(args[0]), 0);
  if (!isfinite(value)) {
    return ms_jx_copy_text(ev,
                           ms_str_c(isnan(value) ? "NaN" : (value < 0 ? "-Infinity" : "Infinity")));
  }
  if (radix == 10) {
    return ms_jx_string(ev, ms_jx_double(value), 0);
  }
  char text[1100];
  size_t at = sizeof text;
  double rest = fabs(value);
  do {
    int digit = (int)fmod(rest, radix);
    text[--at] = (char)(digit < 10 ? '0' + digit : 'a' + digit - 10);
    rest = floor(rest / radix);
  } while (rest >= 1 && at > 1);
  if (value < 0) {
    text[--at] = '-';
  }
  return ms_jx_copy_text(ev, (struct ms_str){text + at, sizeof text - at});
}
