/* $match, $contains, $replace, $split: strings against strings and regular expressions. */
#include "base/utf8.h"
#include "query/jsonata/functions.h"
#include "query/jsonata/match.h"

/* A limit argument: negative ones fail with the code. */
static bool read_limit(struct ms_jx_eval *ev, double *out, struct ms_jx limit, const char *code,
                       uint32_t index)
{
  *out = limit.type == MS_JX_UNDEFINED ? INFINITY : ms_jx_number(limit);
  if (*out < 0) {
    ms_jx_fail_arg(ev, code, limit, index);
    return false;
  }
  return true;
}

/* Place of `what` at or after from; SIZE_MAX when there is none. */
static size_t find_text(struct ms_str s, size_t from, struct ms_str what)
{
  while (from + what.len <= s.len) {
    if (what.len == 0) {
      return from;
    }
    const char *hit = memchr(s.data + from, what.data[0], s.len - from - what.len + 1);
    if (hit == NULL) {
      break;
    }
    if (memcmp(hit, what.data, what.len) == 0) {
      return (size_t)(hit - s.data);
    }
    from = (size_t)(hit - s.data) + 1;
  }
  return SIZE_MAX;
}

struct ms_jx ms_jx_fn_match(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  double limit;
  if (args[0].type == MS_JX_UNDEFINED) {
    return args[0];
  }
  if (!read_limit(ev, &limit, args[2], "D3040", 3)) {
    return MS_JX_VALUE_ERROR;
  }
  size_t base = ev->stack_count;
  struct ms_jx_matcher m;
  ms_jx_matcher_init(&m, ev, args[1], args[0]);
  for (double n = 0; n < limit; n++) {
    int found = ms_jx_matcher_next(&m);
    if (found < 0) {
      return MS_JX_VALUE_ERROR;
    }
    if (found == 0) {
      break;
    }
    struct ms_jx object = ms_jx_dict(ev, 3);
    int64_t index = (int64_t)ms_jx_matcher_units(&m, m.start);
    if (ms_jx_is_error(object) || !ms_jx_dict_set(ev, object, MS_JX_LITERAL("match"), m.match) ||
        !ms_jx_dict_set(ev, object, MS_JX_LITERAL("index"), ms_jx_int(index)) ||
        !ms_jx_dict_set(ev, object, MS_JX_LITERAL("groups"), m.groups) || !ms_jx_push(ev, object)) {
      return MS_JX_VALUE_ERROR;
    }
  }
  return ms_jx_pop_list(ev, base, MS_JX_SEQUENCE);
}

struct ms_jx ms_jx_fn_contains(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  if (args[0].type == MS_JX_UNDEFINED || args[1].type == MS_JX_UNDEFINED) {
    return MS_JX_VALUE_UNDEFINED;
  }
  if (ms_jx_is_string(args[1])) {
    size_t at = find_text(ms_jx_text(args[0]), 0, ms_jx_text(args[1]));
    return ms_jx_bool(at != SIZE_MAX);
  }
  struct ms_jx_matcher m;
  ms_jx_matcher_init(&m, ev, args[1], args[0]);
  int found = ms_jx_matcher_next(&m);
  return found < 0 ? MS_JX_VALUE_ERROR : ms_jx_bool(found > 0);
}

/* ---- $split ---- */

static bool push_part(struct ms_jx_eval *ev, struct ms_str s, size_t from, size_t to)
{
  return ms_jx_push(ev, ms_jx_text_value(ms_str_sub(s, from, to)));
}

static bool split_by_text(struct ms_jx_eval *ev, struct ms_str s, struct ms_str separator,
                          double limit)
{
  size_t from = 0;
  double n = 0;
  if (separator.len == 0) {
    while (from < s.len && n++ < limit) {
      size_t start = from;
      ms_utf8_next(s, &from);
      if (!push_part(ev, s, start, from)) {
        return false;
      }
    }
    return true;
  }
  for (; n < limit; n++) {
    size_t at = find_text(s, from, separator);
    if (!push_part(ev, s, from, at == SIZE_MAX ? s.len : at)) {
      return false;
    }
    if (at == SIZE_MAX) {
      return true;
    }
    from = at + separator.len;
  }
  return true;
}

static bool split_by_matcher(struct ms_jx_eval *ev, struct ms_jx subject, struct ms_jx function,
                             double limit)
{
  struct ms_str s = ms_jx_text(subject);
  struct ms_jx_matcher m;
  ms_jx_matcher_init(&m, ev, function, subject);
  size_t from = 0;
  double n = 0;
  int found = limit > 0 ? ms_jx_matcher_next(&m) : 0;
  while (found > 0 && n < limit) {
    if (!push_part(ev, s, from, m.start)) {
      return false;
    }
    from = m.end;
    n++;
    found = ms_jx_matcher_next(&m);
  }
  return found >= 0 && (n >= limit || push_part(ev, s, from, s.len));
}

struct ms_jx ms_jx_fn_split(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  double limit;
  if (args[0].type == MS_JX_UNDEFINED) {
    return args[0];
  }
  if (!read_limit(ev, &limit, args[2], "D3020", 3)) {
    return MS_JX_VALUE_ERROR;
  }
  limit = isfinite(limit) && ms_jx_is_string(args[1]) ? floor(limit) : limit;
  size_t base = ev->stack_count;
  bool ok;
  if (args[1].type == MS_JX_UNDEFINED) {
    ok = ms_jx_push(ev, args[0]);
  } else if (ms_jx_is_string(args[1])) {
    ok = split_by_text(ev, ms_jx_text(args[0]), ms_jx_text(args[1]), limit);
  } else {
    ok = split_by_matcher(ev, args[0], args[1], limit);
  }
  return ok ? ms_jx_pop_list(ev, base, 0) : MS_JX_VALUE_ERROR;
}

/* ---- $replace ---- */

/* The value of up to `digits` digits at *at; -1 when there are none. */
static long read_digits(struct ms_str s, size_t at, size_t digits)
{
  long value = -1;
  for (size_t i = at; i < s.len && i < at + digits && s.data[i] >= '0' && s.data[i] <= '9'; i++) {
    value = (value < 0 ? 0 : value) * 10 + (s.data[i] - '0');
  }
  return value;
}

static size_t digit_count(size_t n)
{
  size_t digits = 1;
  for (; n >= 10; n /= 10) {
    digits++;
  }
  return digits;
}

/*
 * `$n` behind the `$` at *at: as many digits as the number of groups has, one less when that names
 * none of them.
 */
static void put_group(struct ms_buf *out, struct ms_str template, size_t *at, struct ms_jx groups)
{
  size_t count = ms_jx_count(groups);
  size_t digits = digit_count(count);
  long index = read_digits(template, *at, digits);
  if (digits > 1 && index > (long)count) {
    index = read_digits(template, *at, digits - 1);
  }
  if (index < 0) {
    ms_buf_char(out, '$');
    return;
  }
  if (index >= 1 && index <= (long)count) {
    ms_buf_str(out, ms_jx_text(ms_jx_at(groups, (size_t)index - 1)));
  }
  *at += digit_count((size_t)index);
}

static void put_template(struct ms_buf *out, struct ms_str template, const struct ms_jx_matcher *m)
{
  size_t at = 0;
  while (at < template.len) {
    size_t dollar = ms_str_find(template, at, '$');
    ms_buf_put(out, template.data + at, dollar - at);
    at = dollar + 1;
    if (at > template.len) {
      return;
    }
    char c = at < template.len ? template.data[at] : '\0';
    if (c == '$' && at < template.len) {
      ms_buf_char(out, '$');
      at++;
    } else if (c == '0') {
      ms_buf_str(out, ms_jx_text(m->match));
      at++;
    } else {
      put_group(out, template, &at, m->groups);
    }
  }
}

static bool put_replacement(struct ms_jx_matcher *m, struct ms_buf *out, struct ms_jx replacement)
{
  if (ms_jx_is_string(replacement)) {
    put_template(out, ms_jx_text(replacement), m);
    return true;
  }
  struct ms_jx object = ms_jx_matcher_object(m);
  struct ms_jx value = ms_jx_is_error(object)
                           ? object
                           : ms_jx_call(m->ev, replacement, &object, 1, MS_JX_NO_CONTEXT);
  if (ms_jx_is_error(value)) {
    return false;
  }
  if (!ms_jx_is_string(value)) {
    ms_jx_fail_value(m->ev, "D3012", value);
    return false;
  }
  ms_buf_str(out, ms_jx_text(value));
  return true;
}

static bool replace_matches(struct ms_jx_eval *ev, struct ms_buf *out, struct ms_jx *args,
                            double limit)
{
  struct ms_str s = ms_jx_text(args[0]);
  struct ms_jx_matcher m;
  ms_jx_matcher_init(&m, ev, args[1], args[0]);
  size_t from = 0;
  int found = limit > 0 ? ms_jx_matcher_next(&m) : 0;
  for (double n = 0; found > 0 && n < limit && out->error == 0;) {
    if (m.start > from) {
      ms_buf_put(out, s.data + from, m.start - from);
    }
    if (!put_replacement(&m, out, args[2])) {
      return false;
    }
    from = m.start + ms_jx_text(m.match).len;
    from = from > s.len ? s.len : from;
    found = ++n < limit ? ms_jx_matcher_next(&m) : 0;
  }
  ms_buf_put(out, s.data + from, s.len - from);
  return found >= 0;
}

static bool replace_text(struct ms_jx_eval *ev, struct ms_buf *out, struct ms_jx *args,
                         double limit)
{
  struct ms_str s = ms_jx_text(args[0]);
  struct ms_str pattern = ms_jx_text(args[1]);
  size_t from = 0;
  for (double n = 0; n < limit && out->error == 0; n++) {
    size_t at = find_text(s, from, pattern);
    if (at == SIZE_MAX) {
      break;
    }
    ms_buf_put(out, s.data + from, at - from);
    ms_buf_str(out, ms_jx_text(args[2]));
    from = at + pattern.len;
  }
  ms_buf_put(out, s.data + from, s.len - from);
  return ms_jx_spend(ev, s.len / 64);
}

struct ms_jx ms_jx_fn_replace(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  double limit;
  if (args[0].type == MS_JX_UNDEFINED || args[1].type == MS_JX_UNDEFINED) {
    return args[0];
  }
  if (ms_jx_is_string(args[1]) && ms_jx_text(args[1]).len == 0) {
    return ms_jx_fail_arg(ev, "D3010", args[1], 2);
  }
  if (!read_limit(ev, &limit, args[3], "D3011", 4)) {
    return MS_JX_VALUE_ERROR;
  }
  struct ms_buf out;
  ms_buf_init(&out, ev->max_value_bytes);
  bool ok = ms_jx_is_string(args[1]) ? replace_text(ev, &out, args, limit)
                                     : replace_matches(ev, &out, args, limit);
  if (!ok) {
    ms_buf_deinit(&out);
    return MS_JX_VALUE_ERROR;
  }
  return ms_jx_take_buf(ev, &out);
}
