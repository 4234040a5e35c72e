/* Numbers in English words, cardinal and ordinal, and back. */

#include "query/jsonata/picture.h"

static const char *const few[] = {
    "Zero",     "One",     "Two",     "Three",     "Four",     "Five",     "Six",
    "Seven",    "Eight",   "Nine",    "Ten",       "Eleven",   "Twelve",   "Thirteen",
    "Fourteen", "Fifteen", "Sixteen", "Seventeen", "Eighteen", "Nineteen",
};
static const char *const ordinals[] = {
    "Zeroth",     "First",     "Second",    "Third",       "Fourth",     "Fifth",      "Sixth",
    "Seventh",    "Eighth",    "Ninth",     "Tenth",       "Eleventh",   "Twelfth",    "Thirteenth",
    "Fourteenth", "Fifteenth", "Sixteenth", "Seventeenth", "Eighteenth", "Nineteenth",
};
static const char *const decades[] = {
    "Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy", "Eighty", "Ninety",
};
static const char *const magnitudes[] = {"Thousand", "Million", "Billion", "Trillion"};

enum { FEW = 20, DECADES = 8, MAGNITUDES = 4 };

struct speaker {
  struct ms_buf *out;
  enum ms_jx_case letter_case;
};

static void say(const struct speaker *s, const char *word)
{
  for (const char *p = word; *p != '\0'; p++) {
    char c = *p;
    if (s->letter_case == MS_JX_UPPER_CASE) {
      c = ms_ascii_upper(c);
    } else if (s->letter_case == MS_JX_LOWER_CASE) {
      c = ms_ascii_lower(c);
    }
    ms_buf_char(s->out, c);
  }
}

/* `follows`: something larger was said before. */
static void say_number(const struct speaker *s, double number, bool follows, bool is_ordinal);

static void say_small(const struct speaker *s, int number, bool follows, bool is_ordinal)
{
  say(s, follows ? " and " : "");
  if (number < FEW) {
    say(s, is_ordinal ? ordinals[number] : few[number]);
    return;
  }
  const char *decade = decades[number / 10 - 2];
  if (number % 10 == 0 && is_ordinal) {
    char text[16];
    size_t len = strlen(decade) - 1; /* twenty, twentieth */
    memcpy(text, decade, len);
    memcpy(text + len, "ieth", 5);
    say(s, text);
    return;
  }
  say(s, decade);
  if (number % 10 != 0) {
    say(s, "-");
    say_small(s, number % 10, false, is_ordinal);
  }
}

static void say_rest(const struct speaker *s, double rest, bool is_ordinal)
{
  if (rest > 0) {
    say_number(s, rest, true, is_ordinal);
  } else if (is_ordinal) {
    say(s, "th");
  }
}

static void say_number(const struct speaker *s, double number, bool follows, bool is_ordinal)
{
  if (number < 100) {
    say_small(s, (int)number, follows, is_ordinal);
    return;
  }
  say(s, follows ? ", " : "");
  if (number < 1000) {
    say(s, few[(int)number / 100]);
    say(s, " Hundred");
    say_rest(s, fmod(number, 100), is_ordinal);
    return;
  }
  int magnitude = (int)floor(log10(number) / 3);
  if (magnitude > MAGNITUDES) {
    magnitude = MAGNITUDES;
  }
  double factor = pow(10, magnitude * 3);
  double count = floor(number / factor);
  say_number(s, count, false, false);
  say(s, " ");
  say(s, magnitudes[magnitude - 1]);
  say_rest(s, number - count * factor, is_ordinal);
}

void ms_jx_words_put(struct ms_buf *out, double value, bool is_ordinal, enum ms_jx_case letter_case)
{
  struct speaker s = {out, letter_case};
  say_number(&s, value, false, is_ordinal);
}

/* ---- the way back ---- */

/* Is `text` the word, whatever its case; `cut` letters of the word replaced by `ending`. */
static bool is_word(struct ms_str text, const char *word, size_t cut, const char *ending)
{
  size_t stem = strlen(word) - cut;
  size_t tail = strlen(ending);
  if (text.len != stem + tail) {
    return false;
  }
  for (size_t i = 0; i < stem; i++) {
    if (text.data[i] != ms_ascii_lower(word[i])) {
      return false;
    }
  }
  return memcmp(text.data + stem, ending, tail) == 0;
}

static double word_value(struct ms_str word)
{
  for (int i = 0; i < FEW; i++) {
    if (is_word(word, few[i], 0, "") || is_word(word, ordinals[i], 0, "")) {
      return i;
    }
  }
  for (int i = 0; i < DECADES; i++) {
    if (is_word(word, decades[i], 0, "") || is_word(word, decades[i], 1, "ieth")) {
      return (i + 2) * 10;
    }
  }
  if (is_word(word, "Hundred", 0, "") || is_word(word, "Hundred", 0, "th")) {
    return 100;
  }
  for (int i = 0; i < MAGNITUDES; i++) {
    if (is_word(word, magnitudes[i], 0, "") || is_word(word, magnitudes[i], 0, "th")) {
      return pow(10, (i + 1) * 3);
    }
  }
  return NAN;
}

/* Takes the next word and what divides it from the one after: `, `, ` and `, a blank or hyphen. */
static struct ms_str next_word(struct ms_str text, size_t *at)
{
  size_t start = *at;
  size_t i = start;
  while (i < text.len && text.data[i] != ' ' && text.data[i] != '-' &&
         !(text.data[i] == ',' && i + 1 < text.len && text.data[i + 1] == ' ')) {
    i++;
  }
  struct ms_str word = ms_str_sub(text, start, i);
  struct ms_str rest = ms_str_sub(text, i, text.len);
  if (ms_str_has_prefix(rest, ", ")) {
    *at = i + 2;
  } else if (ms_str_has_prefix(rest, " and ")) {
    *at = i + 5;
  } else {
    *at = i + 1;
  }
  return word;
}

double ms_jx_words_parse(struct ms_str text)
{
  /* Sum of the segments closed so far; the open one: `two hundred` before `thousand`. */
  double closed = 0;
  double open = 0;
  for (size_t at = 0; at <= text.len;) {
    double value = word_value(next_word(text, &at));
    if (isnan(value)) {
      return NAN;
    }
    if (value < 100) {
      if (open >= 1000) {
        closed += open;
        open = 0;
      }
      open += value;
    } else {
      open *= value;
    }
  }
  return closed + open;
}

void ms_jx_words_pattern(struct ms_buf *out)
{
  struct speaker s = {out, MS_JX_LOWER_CASE};
  ms_buf_cstr(out, "(?:");
  for (int i = 0; i < FEW; i++) {
    say(&s, ordinals[i]);
    say(&s, "|");
    say(&s, few[i]);
    say(&s, "|");
  }
  for (int i = 0; i < DECADES; i++) {
    say(&s, decades[i]);
    ms_buf_char(out, '|');
    ms_buf_printf(out, "%.*sieth|", (int)strlen(decades[i]) - 1, decades[i]);
  }
  for (int i = 0; i < MAGNITUDES; i++) {
    ms_buf_printf(out, "%sth|%s|", magnitudes[i], magnitudes[i]);
  }
  ms_buf_cstr(out, "hundredth|hundred|and|[\\-, ])+");
}
