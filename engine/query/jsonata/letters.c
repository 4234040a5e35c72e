/* Case mapping by tables (letters.def). The one rule that looks around a letter is final sigma. */
#include "query/jsonata/letters.h"

#include "base/utf8.h"
#include "query/jsonata/eval.h"

struct run {
  uint32_t first;
  uint32_t last;
  int32_t step;
  int32_t delta;
};

static const struct run lower_runs[] = {
#define MS_JX_LOWER(first, last, step, delta) {first, last, step, delta},
#define MS_JX_UPPER(first, last, step, delta)
#define MS_JX_UPPER_TEXT(letter, text)
#include "query/jsonata/letters.def"
#undef MS_JX_LOWER
#undef MS_JX_UPPER
};

static const struct run upper_runs[] = {
#define MS_JX_LOWER(first, last, step, delta)
#define MS_JX_UPPER(first, last, step, delta) {first, last, step, delta},
#include "query/jsonata/letters.def"
#undef MS_JX_UPPER
#undef MS_JX_UPPER_TEXT
};

static const struct {
  uint32_t letter;
  const char *text;
} upper_texts[] = {
#define MS_JX_UPPER(first, last, step, delta)
#define MS_JX_UPPER_TEXT(letter, text) {letter, text},
#include "query/jsonata/letters.def"
#undef MS_JX_LOWER
#undef MS_JX_UPPER
#undef MS_JX_UPPER_TEXT
};

static uint32_t map_letter(const struct run *runs, size_t count, uint32_t letter)
{
  size_t low = 0;
  while (low < count) {
    size_t middle = low + (count - low) / 2;
    if (letter > runs[middle].last) {
      low = middle + 1;
    } else if (letter < runs[middle].first) {
      count = middle;
    } else {
      bool is_in = (letter - runs[middle].first) % (uint32_t)runs[middle].step == 0;
      return is_in ? (uint32_t)((int64_t)letter + runs[middle].delta) : letter;
    }
  }
  return letter;
}

static uint32_t to_lower(uint32_t letter)
{
  return map_letter(lower_runs, sizeof lower_runs / sizeof *lower_runs, letter);
}

static uint32_t to_upper(uint32_t letter)
{
  return map_letter(upper_runs, sizeof upper_runs / sizeof *upper_runs, letter);
}

static bool is_cased(uint32_t letter)
{
  return to_lower(letter) != letter || to_upper(letter) != letter;
}

/* A capital sigma behind a letter and before none becomes the final form. */
static bool is_final_sigma(struct ms_str s, size_t at, size_t next, uint32_t before)
{
  (void)at;
  if (!is_cased(before)) {
    return false;
  }
  return next >= s.len || !is_cased(ms_utf8_next(s, &next));
}

static void put_letter(struct ms_buf *out, uint32_t letter)
{
  char bytes[4];
  ms_buf_put(out, bytes, ms_utf8_put(bytes, letter));
}

static void put_upper(struct ms_buf *out, uint32_t letter)
{
  if (letter >= upper_texts[0].letter) {
    for (size_t i = 0; i < sizeof upper_texts / sizeof *upper_texts; i++) {
      if (upper_texts[i].letter == letter) {
        ms_buf_cstr(out, upper_texts[i].text);
        return;
      }
    }
  }
  put_letter(out, to_upper(letter));
}

static struct ms_jx change_letters(struct ms_jx_eval *ev, struct ms_str s, bool is_upper)
{
  struct ms_buf out;
  ms_buf_init(&out, ev->max_value_bytes);
  uint32_t before = 0;
  for (size_t at = 0; at < s.len;) {
    size_t start = at;
    uint32_t letter = ms_utf8_next(s, &at);
    if (is_upper) {
      put_upper(&out, letter);
    } else if (letter == 0x0130) {
      ms_buf_cstr(&out, "i\xCC\x87"); /* I with a dot: the dot stays */
    } else if (letter == 0x03A3 && is_final_sigma(s, start, at, before)) {
      put_letter(&out, 0x03C2);
    } else {
      put_letter(&out, to_lower(letter));
    }
    before = letter;
  }
  return ms_jx_take_buf(ev, &out);
}

struct ms_jx ms_jx_change_case(struct ms_jx_eval *ev, struct ms_jx text, bool is_upper)
{
  struct ms_str s = ms_jx_text(text);
  struct ms_jx copy = ms_jx_copy_text(ev, s);
  if (ms_jx_is_error(copy) || !ms_jx_spend(ev, s.len / 16)) {
    return MS_JX_VALUE_ERROR;
  }
  char *out = (char *)(uintptr_t)copy.u.text;
  for (size_t i = 0; i < s.len; i++) {
    unsigned char c = (unsigned char)s.data[i];
    if (c >= 0x80) {
      return change_letters(ev, s, is_upper);
    }
    if (is_upper ? (c >= 'a' && c <= 'z') : (c >= 'A' && c <= 'Z')) {
      out[i] = (char)(c ^ 0x20);
    }
  }
  return copy;
}
