/*
 * Text without regard to case, as the service does it: each letter of the pattern accepts its lower and its
 * upper form and nothing else, so the two sides are not the same thing.
 */
#include "base/letters.h"
#include "base/utf8.h"
#include "messaging/matcher.h"

#define LETTER_I_WITH_DOT 0x130 /* the one letter whose lower case is two */

/* Whether s begins, or ends, with `text`. */
static bool touches(struct ms_str text, struct ms_str s, bool at_end)
{
  return s.len >= text.len &&
         memcmp(s.data + (at_end ? s.len - text.len : 0), text.data, text.len) == 0;
}

/* How many bytes at the front or the end of s one letter of a pattern accepts; 0: it does not. */
static size_t accepted(uint32_t letter, struct ms_str s, bool at_end)
{
  char lower[4];
  char upper[4];
  struct ms_str low = letter == LETTER_I_WITH_DOT
                          ? MS_STR("i\xCC\x87")
                          : (struct ms_str){lower, ms_utf8_put(lower, ms_letter_lower(letter))};
  if (touches(low, s, at_end)) {
    return low.len;
  }
  const char *several = ms_letter_upper_text(letter);
  struct ms_str high = several != NULL
                           ? ms_str_c(several)
                           : (struct ms_str){upper, ms_utf8_put(upper, ms_letter_upper(letter))};
  return touches(high, s, at_end) ? high.len : 0;
}

size_t ms_fold_prefix(struct ms_str pattern, struct ms_str s)
{
  size_t done = 0;
  for (size_t at = 0; at < pattern.len;) {
    char c = pattern.data[at];
    if ((unsigned char)c < 0x80) { /* the forms of an ASCII letter are ASCII */
      if (done == s.len || ms_ascii_lower(s.data[done]) != ms_ascii_lower(c)) {
        return SIZE_MAX;
      }
      at++;
      done++;
      continue;
    }
    size_t len = accepted(ms_utf8_next(pattern, &at), ms_str_sub(s, done, s.len), false);
    if (len == 0) {
      return SIZE_MAX;
    }
    done += len;
  }
  return done;
}

bool ms_fold_equal(struct ms_str pattern, struct ms_str s)
{
  return ms_fold_prefix(pattern, s) == s.len;
}

bool ms_fold_suffix(struct ms_str pattern, struct ms_str s)
{
  while (pattern.len > 0) {
    do {
      pattern.len--;
    } while (((unsigned char)pattern.data[pattern.len] & 0xC0) == 0x80);
    size_t at = pattern.len;
    struct ms_str rest = {pattern.data,
                          pattern.len + 4}; /* the letter is whole: reads no further */
    size_t len = accepted(ms_utf8_next(rest, &at), s, true);
    if (len == 0) {
      return false;
    }
    s.len -= len;
  }
  return true;
}

/* Whether the letter accepts just what the letter that it folds to accepts. */
static bool is_plain(uint32_t letter, uint32_t folded)
{
  return letter != LETTER_I_WITH_DOT && ms_letter_upper_text(letter) == NULL &&
         ms_letter_lower(letter) == folded && ms_letter_upper(letter) == ms_letter_upper(folded);
}

bool ms_fold(struct ms_buf *out, struct ms_str s)
{
  bool is_sure = true;
  for (size_t at = 0; at < s.len;) {
    unsigned char c = (unsigned char)s.data[at];
    if (c < 0x80) {
      ms_buf_char(out, ms_ascii_lower((char)c));
      at++;
      continue;
    }
    char bytes[4];
    uint32_t letter = ms_utf8_next(s, &at);
    uint32_t folded = ms_letter_lower(ms_letter_upper(letter));
    ms_buf_put(out, bytes, ms_utf8_put(bytes, folded));
    is_sure &= is_plain(letter, folded);
  }
  return is_sure;
}
