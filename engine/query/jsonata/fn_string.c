/*
 * String functions that need no regular expression. Lengths and places count code points; strings are
 * valid UTF-8 throughout.
 */
#include "base/utf8.h"
#include "query/jsonata/functions.h"
#include "query/jsonata/letters.h"

static size_t find_text(struct ms_str s, size_t from, struct ms_str what)
{
  if (what.len == 0) {
    return from;
  }
  while (from + what.len <= s.len) {
    const char *hit = memchr(s.data + from, what.data[0], s.len - from - what.len + 1);
    if (hit == NULL) {
      break;
    }
    if (memcmp(hit, what.data, what.len) == 0) {
      return (size_t)(hit - s.data);
    }
    from = (size_t)(hit - s.data) + 1;
  }
  return s.len + 1;
}

/* Byte offset of code point number n, s.len when there are fewer. */
static size_t offset_of(struct ms_str s, double n)
{
  size_t at = 0;
  for (double i = 0; i < n && at < s.len; i++) {
    do {
      at++;
    } while (at < s.len && ((unsigned char)s.data[at] & 0xC0) == 0x80);
  }
  return at;
}

/* Part of a string value: shares the bytes. */
static struct ms_jx part(struct ms_str s, size_t from, size_t to)
{
  return ms_jx_text_value(ms_str_sub(s, from, to));
}

struct ms_jx ms_jx_fn_string(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  return ms_jx_string(ev, args[0], ms_jx_is_bool(args[1]) && args[1].u.boolean ? 2 : 0);
}

struct ms_jx ms_jx_fn_length(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  struct ms_str s = ms_jx_text(args[0]);
  if (args[0].type == MS_JX_UNDEFINED) {
    return args[0];
  }
  return ms_jx_spend(ev, s.len / 64) ? ms_jx_int((int64_t)ms_utf8_count(s)) : MS_JX_VALUE_ERROR;
}

/* As ECMAScript's slice sees an index: truncated, negative from the end, within [0, length]. */
static double slice_index(double index, double length)
{
  index = isnan(index) ? 0 : trunc(index);
  if (index < 0) {
    index += length;
  }
  return index < 0 ? 0 : (index > length ? length : index);
}

struct ms_jx ms_jx_fn_substring(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  if (args[0].type == MS_JX_UNDEFINED) {
    return args[0];
  }
  struct ms_str s = ms_jx_text(args[0]);
  if (!ms_jx_spend(ev, s.len / 64)) {
    return MS_JX_VALUE_ERROR;
  }
  double length = (double)ms_utf8_count(s);
  double start = args[1].type == MS_JX_UNDEFINED ? 0 : ms_jx_number(args[1]);
  double end = length;
  if (length + start < 0) {
    start = 0;
  }
  if (args[2].type != MS_JX_UNDEFINED) {
    double wanted = ms_jx_number(args[2]);
    if (wanted <= 0) {
      return MS_JX_LITERAL("");
    }
    end = start >= 0 ? start + wanted : length + start + wanted;
  }
  size_t from = offset_of(s, slice_index(start, length));
  size_t to = offset_of(s, slice_index(end, length));
  return part(s, from, to < from ? from : to);
}

struct ms_jx ms_jx_fn_substringBefore(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)ev;
  (void)count;
  if (args[0].type == MS_JX_UNDEFINED || args[1].type == MS_JX_UNDEFINED) {
    return args[0];
  }
  struct ms_str s = ms_jx_text(args[0]);
  size_t at = find_text(s, 0, ms_jx_text(args[1]));
  return at > s.len ? args[0] : part(s, 0, at);
}

struct ms_jx ms_jx_fn_substringAfter(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)ev;
  (void)count;
  if (args[0].type == MS_JX_UNDEFINED || args[1].type == MS_JX_UNDEFINED) {
    return args[0];
  }
  struct ms_str s = ms_jx_text(args[0]);
  struct ms_str mark = ms_jx_text(args[1]);
  size_t at = find_text(s, 0, mark);
  return at > s.len ? args[0] : part(s, at + mark.len, s.len);
}

struct ms_jx ms_jx_fn_lowercase(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  return args[0].type == MS_JX_UNDEFINED ? args[0] : ms_jx_change_case(ev, args[0], false);
}

struct ms_jx ms_jx_fn_uppercase(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  return args[0].type == MS_JX_UNDEFINED ? args[0] : ms_jx_change_case(ev, args[0], true);
}

/* Runs of blanks become one space; none at the ends. */
struct ms_jx ms_jx_fn_trim(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  if (args[0].type == MS_JX_UNDEFINED) {
    return args[0];
  }
  struct ms_jx copy = ms_jx_copy_text(ev, ms_jx_text(args[0]));
  if (ms_jx_is_error(copy) || !ms_jx_spend(ev, copy.len / 32)) {
    return MS_JX_VALUE_ERROR;
  }
  char *out = (char *)(uintptr_t)copy.u.text;
  size_t len = 0;
  for (size_t i = 0; i < copy.len; i++) {
    char c = copy.u.text[i];
    bool is_blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!is_blank) {
      out[len++] = c;
    } else if (len > 0 && out[len - 1] != ' ') {
      out[len++] = ' ';
    }
  }
  if (len > 0 && out[len - 1] == ' ') {
    len--;
  }
  copy.len = (uint32_t)len;
  return copy;
}

struct ms_jx ms_jx_fn_pad(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  if (args[0].type == MS_JX_UNDEFINED) {
    return args[0];
  }
  struct ms_str s = ms_jx_text(args[0]);
  struct ms_str fill = ms_jx_text(args[2]);
  double width = args[1].type == MS_JX_UNDEFINED ? 0 : trunc(ms_jx_number(args[1]));
  double missing = fabs(width) - (double)ms_utf8_count(s);
  if (fill.len == 0) {
    fill = MS_STR(" ");
  }
  if (!(missing > 0)) {
    return args[0];
  }
  if (missing > (double)ev->max_value_bytes || !ms_jx_spend(ev, (uint64_t)missing / 16)) {
    return ms_jx_fail_memory_limit(ev);
  }
  struct ms_buf out;
  ms_buf_init(&out, ev->max_value_bytes);
  if (width > 0) {
    ms_buf_str(&out, s);
  }
  size_t at = 0;
  for (double i = 0; i < missing; i++) {
    size_t from = at;
    ms_utf8_next(fill, &at);
    ms_buf_put(&out, fill.data + from, at - from);
    at = at == fill.len ? 0 : at;
  }
  if (width < 0) {
    ms_buf_str(&out, s);
  }
  return ms_jx_take_buf(ev, &out);
}

struct ms_jx ms_jx_fn_join(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  if (args[0].type == MS_JX_UNDEFINED) {
    return args[0];
  }
  struct ms_str separator = ms_jx_text(args[1]);
  size_t items = ms_jx_count(args[0]);
  size_t total = 0;
  if (!ms_jx_spend(ev, items)) {
    return MS_JX_VALUE_ERROR;
  }
  for (size_t i = 0; i < items; i++) {
    total += ms_jx_text(ms_jx_at(args[0], i)).len + (i > 0 ? separator.len : 0);
    if (total > ev->max_value_bytes || total > MS_JX_MAX_LEN) {
      return ms_jx_fail_memory_limit(ev);
    }
  }
  char *text = ms_jx_alloc(ev, total);
  if (text == NULL) {
    return MS_JX_VALUE_ERROR;
  }
  size_t at = 0;
  for (size_t i = 0; i < items; i++) {
    struct ms_str item = ms_jx_text(ms_jx_at(args[0], i));
    if (i > 0 && separator.len > 0) {
      memcpy(text + at, separator.data, separator.len);
      at += separator.len;
    }
    if (item.len > 0) {
      memcpy(text + at, item.data, item.len);
      at += item.len;
    }
  }
  return ms_jx_text_value((struct ms_str){text, total});
}
