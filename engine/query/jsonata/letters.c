/* Case mapping letter by letter. The one rule that looks around a letter is final sigma. */
#include "query/jsonata/letters.h"

#include "base/letters.h"
#include "base/utf8.h"
#include "query/jsonata/eval.h"

static bool is_cased(uint32_t letter)
{
  return ms_letter_lower(letter) != letter || ms_letter_upper(letter) != letter;
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
  const char *text = ms_letter_upper_text(letter);
  if (text != NULL) {
    ms_buf_cstr(out, text);
    return;
  }
  put_letter(out, ms_letter_upper(letter));
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
      put_letter(&out, ms_letter_lower(letter));
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
