/*
 * $formatNumber: decimal pictures after XPath's format-number, `#,##0.00;(#,##0.00)`, with percent,
 * per-mille, exponents, and every character of the notation replaceable by options.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "query/jsonata/functions.h"
#include "query/jsonata/picture.h"

#define FRACTION_MAX 300 /* digits behind the point that a double can be asked for */

enum role {
  DECIMAL_SEPARATOR,
  GROUPING_SEPARATOR,
  EXPONENT_SEPARATOR,
  MINUS_SIGN,
  PERCENT,
  PER_MILLE,
  ZERO_DIGIT,
  DIGIT,
  PATTERN_SEPARATOR,
  ROLES
};

static const struct {
  const char *name;
  uint32_t character;
} roles[ROLES] = {
    {"decimal-separator", '.'},
    {"grouping-separator", ','},
    {"exponent-separator", 'e'},
    {"minus-sign", '-'},
    {"percent", '%'},
    {"per-mille", 0x2030},
    {"zero-digit", '0'},
    {"digit", '#'},
    {"pattern-separator", ';'},
};

/* Code points of a part of the picture. */
struct run {
  const uint32_t *data;
  size_t count;
};

struct notation {
  uint32_t at[ROLES];
  struct ms_str texts[ROLES]; /* minus-sign, percent, per-mille may be longer than one character */
};

struct sub_picture {
  struct run all;
  struct run prefix;
  struct run suffix;
  struct run active;
  struct run mantissa;
  struct run integer;
  struct run fraction;
  struct run exponent;
  bool has_exponent;
  /* analysis */
  size_t *groups; /* digits to the right of each separator in the integer part */
  size_t group_count;
  size_t regular;          /* their common distance, 0 = irregular */
  size_t *fraction_groups; /* digits to the left of each separator */
  size_t fraction_group_count;
  size_t scaling;
  size_t min_integer;
  size_t min_fraction;
  size_t max_fraction;
  size_t min_exponent;
};

static struct run sub_run(struct run run, size_t from, size_t to)
{
  to = to > run.count ? run.count : to;
  from = from > to ? to : from;
  return (struct run){run.data + from, to - from};
}

/* The first place of a character at or after from; count when there is none. */
static size_t find(struct run run, size_t from, uint32_t character)
{
  for (size_t i = from; i < run.count; i++) {
    if (run.data[i] == character) {
      return i;
    }
  }
  return run.count;
}

static size_t occurrences(struct run run, uint32_t character)
{
  size_t n = 0;
  for (size_t i = 0; i < run.count; i++) {
    n += run.data[i] == character;
  }
  return n;
}

static bool is_digit(const struct notation *n, uint32_t c)
{
  return c >= n->at[ZERO_DIGIT] && c <= n->at[ZERO_DIGIT] + 9;
}

static bool is_active(const struct notation *n, uint32_t c)
{
  return is_digit(n, c) || c == n->at[DECIMAL_SEPARATOR] || c == n->at[EXPONENT_SEPARATOR] ||
         c == n->at[GROUPING_SEPARATOR] || c == n->at[DIGIT] || c == n->at[PATTERN_SEPARATOR];
}

static size_t count_digits(const struct notation *n, struct run run, bool with_optional)
{
  size_t count = 0;
  for (size_t i = 0; i < run.count; i++) {
    count += is_digit(n, run.data[i]) || (with_optional && run.data[i] == n->at[DIGIT]);
  }
  return count;
}

/* ---- analysis ---- */

static void split_parts(const struct notation *n, struct sub_picture *p)
{
  size_t from = 0;
  size_t to = p->all.count;
  while (from < to &&
         (!is_active(n, p->all.data[from]) || p->all.data[from] == n->at[EXPONENT_SEPARATOR])) {
    from++;
  }
  while (to > from &&
         (!is_active(n, p->all.data[to - 1]) || p->all.data[to - 1] == n->at[EXPONENT_SEPARATOR])) {
    to--;
  }
  if (from == p->all.count) {
    from = 0; /* nothing active: all of it is looked at, and found wrong */
    to = p->all.count;
  }
  p->prefix = sub_run(p->all, 0, from);
  p->suffix = sub_run(p->all, to, p->all.count);
  p->active = sub_run(p->all, from, to);
  /* A separator right behind the active part counts too: an exponent without digits. */
  struct run reach = sub_run(p->all, from, to + 1);
  size_t exponent = find(reach, 0, n->at[EXPONENT_SEPARATOR]);
  p->has_exponent = exponent < reach.count;
  p->mantissa = sub_run(p->active, 0, exponent);
  p->exponent = sub_run(p->active, exponent + 1, p->active.count);
  size_t point = find(p->mantissa, 0, n->at[DECIMAL_SEPARATOR]);
  p->integer = sub_run(p->mantissa, 0, point);
  p->fraction = sub_run(p->mantissa, point + 1, p->mantissa.count);
}

/* The rules that concern the sub-picture's marks; NULL or an error code. Of several the last counts. */
static const char *check_marks(const struct notation *n, const struct sub_picture *p)
{
  const char *code = NULL;
  size_t percents = occurrences(p->all, n->at[PERCENT]);
  size_t per_milles = occurrences(p->all, n->at[PER_MILLE]);
  code = occurrences(p->all, n->at[DECIMAL_SEPARATOR]) > 1 ? "D3081" : code;
  code = percents > 1 ? "D3082" : code;
  code = per_milles > 1 ? "D3083" : code;
  code = percents > 0 && per_milles > 0 ? "D3084" : code;
  code = count_digits(n, p->mantissa, true) == 0 ? "D3085" : code;
  for (size_t i = 0; i < p->active.count; i++) {
    code = is_active(n, p->active.data[i]) ? code : "D3086";
  }
  return code;
}

/* The rules on grouping separators. */
static const char *check_groups(const struct notation *n, const struct sub_picture *p,
                                const char *code)
{
  uint32_t group = n->at[GROUPING_SEPARATOR];
  size_t point = find(p->all, 0, n->at[DECIMAL_SEPARATOR]);
  if (point < p->all.count) {
    if ((point > 0 && p->all.data[point - 1] == group) ||
        (point + 1 < p->all.count && p->all.data[point + 1] == group)) {
      code = "D3087";
    }
  } else if (p->integer.count > 0 && p->integer.data[p->integer.count - 1] == group) {
    code = "D3088";
  }
  for (size_t i = 0; i + 1 < p->all.count; i++) {
    if (p->all.data[i] == group && p->all.data[i + 1] == group) {
      code = "D3089";
    }
  }
  return code;
}

/* The rules on the order of digits, and on exponents. */
static const char *check_order(const struct notation *n, const struct sub_picture *p,
                               const char *code)
{
  size_t optional = find(p->integer, 0, n->at[DIGIT]);
  if (optional < p->integer.count && count_digits(n, sub_run(p->integer, 0, optional), false) > 0) {
    code = "D3090";
  }
  size_t last = p->fraction.count;
  while (last > 0 && p->fraction.data[last - 1] != n->at[DIGIT]) {
    last--;
  }
  if (last > 0 && count_digits(n, sub_run(p->fraction, last, p->fraction.count), false) > 0) {
    code = "D3091";
  }
  bool has_mark = occurrences(p->all, n->at[PERCENT]) + occurrences(p->all, n->at[PER_MILLE]) > 0;
  if (p->has_exponent && p->exponent.count > 0 && has_mark) {
    code = "D3092";
  }
  if (p->has_exponent &&
      (p->exponent.count == 0 || count_digits(n, p->exponent, false) < p->exponent.count)) {
    code = "D3093";
  }
  return code;
}

/* Digits on one side of each grouping separator. */
static bool group_positions(struct ms_jx_eval *ev, const struct notation *n, struct run run,
                            bool to_left, size_t **out, size_t *out_count)
{
  *out = ms_jx_alloc(ev, run.count * sizeof **out);
  *out_count = 0;
  if (*out == NULL) {
    return false;
  }
  for (size_t i = 0; i < run.count; i++) {
    if (run.data[i] == n->at[GROUPING_SEPARATOR]) {
      struct run side = to_left ? sub_run(run, 0, i) : sub_run(run, i, run.count);
      (*out)[(*out_count)++] = count_digits(n, side, true);
    }
  }
  return ms_jx_spend(ev, run.count);
}

static size_t common_distance(const size_t *positions, size_t count)
{
  size_t factor = 0;
  for (size_t i = 0; i < count; i++) {
    size_t a = positions[i];
    for (size_t b = factor; b != 0;) {
      size_t rest = a % b;
      a = b;
      b = rest;
    }
    factor = a;
  }
  for (size_t i = 1; i <= count; i++) {
    bool is_there = false;
    for (size_t j = 0; j < count; j++) {
      is_there = is_there || positions[j] == i * factor;
    }
    if (!is_there) {
      return 0;
    }
  }
  return factor;
}

static bool analyse(struct ms_jx_eval *ev, const struct notation *n, struct sub_picture *p)
{
  split_parts(n, p);
  const char *code = check_order(n, p, check_groups(n, p, check_marks(n, p)));
  if (code != NULL) {
    ms_jx_fail(ev, code);
    return false;
  }
  if (!group_positions(ev, n, p->integer, false, &p->groups, &p->group_count) ||
      !group_positions(ev, n, p->fraction, true, &p->fraction_groups, &p->fraction_group_count)) {
    return false;
  }
  p->regular = common_distance(p->groups, p->group_count);
  p->min_integer = count_digits(n, p->integer, false);
  p->scaling = p->min_integer;
  p->min_fraction = count_digits(n, p->fraction, false);
  p->max_fraction = count_digits(n, p->fraction, true);
  if (p->min_integer == 0 && p->max_fraction == 0) {
    if (p->has_exponent) {
      p->min_fraction = 1;
      p->max_fraction = 1;
    } else {
      p->min_integer = 1;
    }
  }
  if (p->has_exponent && p->min_integer == 0 && occurrences(p->integer, n->at[DIGIT]) > 0) {
    p->min_integer = 1;
  }
  if (p->min_integer == 0 && p->min_fraction == 0) {
    p->min_fraction = 1;
  }
  p->min_exponent = p->has_exponent ? count_digits(n, p->exponent, false) : 0;
  return true;
}

/* ---- formatting ---- */

static void put_character(struct ms_buf *out, uint32_t character)
{
  char bytes[4];
  ms_buf_put(out, bytes, ms_utf8_put(bytes, character));
}

static void put_run(struct ms_buf *out, struct run run)
{
  for (size_t i = 0; i < run.count; i++) {
    put_character(out, run.data[i]);
  }
}

static void put_digit(struct ms_buf *out, const struct notation *n, char digit)
{
  put_character(out, digit >= '0' && digit <= '9' ? n->at[ZERO_DIGIT] + (uint32_t)(digit - '0')
                                                  : (unsigned char)digit);
}

/* The integer part: padded with zeros, separators in between. */
static void put_integer(struct ms_buf *out, const struct notation *n, const struct sub_picture *p,
                        struct ms_str digits)
{
  size_t total = digits.len > p->min_integer ? digits.len : p->min_integer;
  for (size_t i = 0; i < total && out->error == 0; i++) {
    size_t left = total - i; /* digits from here on */
    bool is_group = false;
    if (p->regular > 0) {
      is_group = i > 0 && left % p->regular == 0;
    } else {
      for (size_t j = 0; j < p->group_count; j++) {
        is_group = is_group || p->groups[j] == left;
      }
    }
    if (is_group) {
      put_character(out, n->at[GROUPING_SEPARATOR]);
    }
    put_digit(out, n, i < total - digits.len ? '0' : digits.data[i - (total - digits.len)]);
  }
}

static void put_fraction(struct ms_buf *out, const struct notation *n, const struct sub_picture *p,
                         struct ms_str digits)
{
  size_t total = digits.len > p->min_fraction ? digits.len : p->min_fraction;
  if (total == 0) {
    return;
  }
  if (find(p->all, 0, n->at[DECIMAL_SEPARATOR]) == p->all.count) {
    total--; /* no point in the picture: the reference takes the last character away */
  }
  put_character(out, n->at[DECIMAL_SEPARATOR]);
  for (size_t i = 0; i < total && out->error == 0; i++) {
    for (size_t j = 0; j < p->fraction_group_count; j++) {
      if (p->fraction_groups[j] == i && i > 0) {
        put_character(out, n->at[GROUPING_SEPARATOR]);
      }
    }
    put_digit(out, n, i < digits.len ? digits.data[i] : '0');
  }
  for (size_t j = 0; j < p->fraction_group_count; j++) {
    if (p->fraction_groups[j] >= total) {
      put_character(out, n->at[GROUPING_SEPARATOR]);
    }
  }
}

static void put_exponent(struct ms_buf *out, const struct notation *n, const struct sub_picture *p,
                         int exponent)
{
  char text[16];
  int len = snprintf(text, sizeof text, "%d", abs(exponent));
  put_character(out, n->at[EXPONENT_SEPARATOR]);
  if (exponent < 0) {
    ms_buf_str(out, n->texts[MINUS_SIGN]);
  }
  for (size_t i = (size_t)len; i < p->min_exponent; i++) {
    put_digit(out, n, '0');
  }
  for (int i = 0; i < len; i++) {
    put_digit(out, n, text[i]);
  }
}

/* Brings the mantissa to as many integer digits as the picture has. */
static int scale(double *mantissa, size_t scaling)
{
  double most = pow(10, (double)scaling);
  double least = pow(10, (double)scaling - 1);
  int exponent = 0;
  if (*mantissa == 0) {
    return 0;
  }
  while (*mantissa < least && exponent > -400) {
    *mantissa *= 10;
    exponent--;
  }
  while (*mantissa > most && exponent < 400) {
    *mantissa /= 10;
    exponent++;
  }
  return exponent;
}

static void put_number(struct ms_buf *out, const struct notation *n, const struct sub_picture *p,
                       double value)
{
  char text[FRACTION_MAX + 340];
  int exponent = 0;
  if (occurrences(p->all, n->at[PERCENT]) > 0) {
    value *= 100;
  } else if (occurrences(p->all, n->at[PER_MILLE]) > 0) {
    value *= 1000;
  }
  if (p->min_exponent > 0) {
    exponent = scale(&value, p->scaling);
  }
  size_t places = p->max_fraction > FRACTION_MAX ? FRACTION_MAX : p->max_fraction;
  int len =
      snprintf(text, sizeof text, "%.*f", (int)places, ms_jx_round(value, (double)p->max_fraction));
  struct ms_str all = {text, (size_t)len};
  size_t point = ms_str_find(all, 0, '.');
  struct ms_str integer = ms_str_sub(all, 0, point);
  struct ms_str fraction = ms_str_sub(all, point + 1, all.len);
  while (integer.len > 0 && integer.data[0] == '0') {
    integer = ms_str_sub(integer, 1, integer.len);
  }
  while (fraction.len > 0 && fraction.data[fraction.len - 1] == '0') {
    fraction.len--;
  }
  put_integer(out, n, p, integer);
  put_fraction(out, n, p, fraction);
  if (p->min_exponent > 0) {
    put_exponent(out, n, p, exponent);
  }
}

/* ---- the function ---- */

static void read_options(struct notation *n, struct ms_jx options)
{
  for (int i = 0; i < ROLES; i++) {
    struct ms_str text = ms_jx_text(ms_jx_get(options, ms_str_c(roles[i].name)));
    n->at[i] = roles[i].character;
    n->texts[i] = i == MINUS_SIGN ? MS_STR("-") : MS_STR("");
    if (text.len > 0) {
      size_t at = 0;
      n->at[i] = ms_utf8_next(text, &at);
      n->texts[i] = text;
    }
  }
}

static bool read_picture(struct ms_jx_eval *ev, struct run *out, struct ms_str picture)
{
  size_t count = ms_utf8_count(picture);
  uint32_t *data = ms_jx_alloc(ev, count * sizeof *data);
  if (data == NULL || !ms_jx_spend(ev, count)) {
    return false;
  }
  size_t at = 0;
  for (size_t i = 0; i < count; i++) {
    data[i] = ms_utf8_next(picture, &at);
  }
  *out = (struct run){data, count};
  return true;
}

/* Splits into one or two sub-pictures; the second is that of negative numbers. */
static bool read_sub_pictures(struct ms_jx_eval *ev, const struct notation *n, struct run picture,
                              struct sub_picture pictures[2], size_t *count)
{
  size_t split = find(picture, 0, n->at[PATTERN_SEPARATOR]);
  *count = split < picture.count ? 2 : 1;
  pictures[0].all = sub_run(picture, 0, split);
  if (*count == 2) {
    pictures[1].all = sub_run(picture, split + 1, picture.count);
    if (occurrences(pictures[1].all, n->at[PATTERN_SEPARATOR]) > 0) {
      ms_jx_fail(ev, "D3080");
      return false;
    }
  }
  return analyse(ev, n, &pictures[0]) && (*count == 1 || analyse(ev, n, &pictures[1]));
}

struct ms_jx ms_jx_fn_formatNumber(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  if (args[0].type == MS_JX_UNDEFINED) {
    return args[0];
  }
  struct notation n;
  struct run picture;
  struct sub_picture pictures[2] = {{.scaling = 0}};
  size_t picture_count;
  read_options(&n, args[2]);
  if (!read_picture(ev, &picture, ms_jx_text(args[1])) ||
      !read_sub_pictures(ev, &n, picture, pictures, &picture_count)) {
    return MS_JX_VALUE_ERROR;
  }
  double value = ms_jx_number(args[0]);
  bool is_negative = value < 0;
  const struct sub_picture *p = &pictures[is_negative && picture_count == 2];
  struct ms_buf out;
  ms_buf_init(&out, ev->max_value_bytes);
  if (is_negative && picture_count == 1) {
    ms_buf_str(&out, n.texts[MINUS_SIGN]);
  }
  put_run(&out, p->prefix);
  if (isfinite(value)) {
    put_number(&out, &n, p, fabs(value));
  } else {
    ms_buf_cstr(&out, isnan(value) ? "NaN" : "Infinity");
  }
  put_run(&out, p->suffix);
  return ms_jx_take_buf(ev, &out);
}
