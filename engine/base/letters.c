/* Case mapping by tables (letters.def). */
#include "base/letters.h"

#include <stdbool.h>
#include <stddef.h>

struct run {
  uint32_t first;
  uint32_t last;
  int32_t step;
  int32_t delta;
};

static const struct run lower_runs[] = {
#define MS_LETTER_LOWER(first, last, step, delta) {first, last, step, delta},
#define MS_LETTER_UPPER(first, last, step, delta)
#define MS_LETTER_UPPER_TEXT(letter, text)
#include "base/letters.def"
#undef MS_LETTER_LOWER
#undef MS_LETTER_UPPER
};

static const struct run upper_runs[] = {
#define MS_LETTER_LOWER(first, last, step, delta)
#define MS_LETTER_UPPER(first, last, step, delta) {first, last, step, delta},
#include "base/letters.def"
#undef MS_LETTER_UPPER
#undef MS_LETTER_UPPER_TEXT
};

static const struct {
  uint32_t letter;
  const char *text;
} upper_texts[] = {
#define MS_LETTER_UPPER(first, last, step, delta)
#define MS_LETTER_UPPER_TEXT(letter, text) {letter, text},
#include "base/letters.def"
#undef MS_LETTER_LOWER
#undef MS_LETTER_UPPER
#undef MS_LETTER_UPPER_TEXT
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

uint32_t ms_letter_lower(uint32_t letter)
{
  return map_letter(lower_runs, sizeof lower_runs / sizeof *lower_runs, letter);
}

uint32_t ms_letter_upper(uint32_t letter)
{
  return map_letter(upper_runs, sizeof upper_runs / sizeof *upper_runs, letter);
}

const char *ms_letter_upper_text(uint32_t letter)
{
  if (letter >= upper_texts[0].letter) {
    for (size_t i = 0; i < sizeof upper_texts / sizeof *upper_texts; i++) {
      if (upper_texts[i].letter == letter) {
        return upper_texts[i].text;
      }
    }
  }
  return NULL;
}
