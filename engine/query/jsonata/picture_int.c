/* Integer pictures: `#,##0`, `I`, `a`, `w`, `Ww;o`, digits of any script; both ways. */

#include "base/utf8.h"
#include "query/jsonata/picture.h"

/* The zeros of the decimal digit families that pictures may use. */
static const uint32_t zeros[] = {
    0x0030, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6,
    0x0C66, 0x0CE6, 0x0D66, 0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0,
    0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620,
    0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
};

static uint32_t family_of(uint32_t character)
{
  for (size_t i = 0; i < sizeof zeros / sizeof *zeros; i++) {
    if (character >= zeros[i] && character <= zeros[i] + 9) {
      return zeros[i];
    }
  }
  return 0;
}

static uint32_t gcd(uint32_t a, uint32_t b)
{
  while (b != 0) {
    uint32_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

/* The distance at which one separator repeats from the right, or 0. */
static uint32_t regular_distance(const struct ms_jx_separator *separators, uint32_t count)
{
  if (count == 0) {
    return 0;
  }
  uint32_t factor = separators[0].position;
  for (uint32_t i = 1; i < count; i++) {
    if (separators[i].character != separators[0].character) {
      return 0;
    }
    factor = gcd(factor, separators[i].position);
  }
  for (uint32_t i = 1; i <= count; i++) {
    bool is_there = false;
    for (uint32_t j = 0; j < count; j++) {
      is_there = is_there || separators[j].position == i * factor;
    }
    if (!is_there) {
      return 0;
    }
  }
  return factor;
}

static bool is_plain_digits(struct ms_str s)
{
  size_t i = 0;
  while (i < s.len && s.data[i] >= '0' && s.data[i] <= '9') {
    i++;
  }
  return i == s.len && s.len > 0;
}

/* A pattern of digits: read from the right, as separators count from there. */
static bool analyse_decimal(struct ms_jx_eval *ev, struct ms_jx_int_format *out)
{
  struct ms_str s = out->token;
  if (is_plain_digits(s)) {
    out->zero = '0';
    out->mandatory_digits = (uint32_t)s.len;
    return true;
  }
  size_t count = ms_utf8_count(s);
  uint32_t *characters = ms_jx_alloc(ev, count * sizeof *characters);
  out->separators = ms_jx_alloc(ev, count * sizeof *out->separators);
  if (characters == NULL || out->separators == NULL || !ms_jx_spend(ev, count)) {
    return false;
  }
  size_t at = 0;
  for (size_t i = 0; i < count; i++) {
    characters[i] = ms_utf8_next(s, &at);
  }
  uint32_t position = 0;
  for (size_t i = count; i > 0; i--) {
    uint32_t character = characters[i - 1];
    uint32_t zero = family_of(character);
    if (zero != 0) {
      if (out->zero != 0 && out->zero != zero) {
        ms_jx_fail(ev, "D3131");
        return false;
      }
      out->zero = zero;
      out->mandatory_digits++;
      position++;
    } else if (character == '#') {
      out->optional_digits++;
      position++;
    } else {
      out->separators[out->separator_count++] = (struct ms_jx_separator){position, character};
    }
  }
  if (out->mandatory_digits == 0) {
    out->style = MS_JX_INT_SEQUENCE;
    return true;
  }
  uint32_t distance = regular_distance(out->separators, out->separator_count);
  if (distance > 0) {
    out->is_regular = true;
    out->separators[0].position = distance;
    out->separator_count = 1;
  }
  return true;
}

bool ms_jx_int_analyse(struct ms_jx_eval *ev, struct ms_jx_int_format *out, struct ms_str picture)
{
  static const struct {
    const char *text;
    enum ms_jx_int_style style;
    enum ms_jx_case letter_case;
  } named[] = {
      {"A", MS_JX_INT_LETTERS, MS_JX_UPPER_CASE}, {"a", MS_JX_INT_LETTERS, MS_JX_LOWER_CASE},
      {"I", MS_JX_INT_ROMAN, MS_JX_UPPER_CASE},   {"i", MS_JX_INT_ROMAN, MS_JX_LOWER_CASE},
      {"W", MS_JX_INT_WORDS, MS_JX_UPPER_CASE},   {"Ww", MS_JX_INT_WORDS, MS_JX_TITLE_CASE},
      {"w", MS_JX_INT_WORDS, MS_JX_LOWER_CASE},
  };
  memset(out, 0, sizeof *out);
  out->token = picture;
  for (size_t i = picture.len; i > 0; i--) {
    if (picture.data[i - 1] == ';') {
      out->is_ordinal = i < picture.len && picture.data[i] == 'o';
      out->token.len = i - 1;
      break;
    }
  }
  bool may_be_named = out->token.len <= 2 && out->token.len > 0 && out->token.data[0] >= 'A';
  for (size_t i = 0; may_be_named && i < sizeof named / sizeof *named; i++) {
    if (ms_str_is(out->token, named[i].text)) {
      out->style = named[i].style;
      out->letter_case = named[i].letter_case;
      return true;
    }
  }
  return analyse_decimal(ev, out);
}

/* ---- formatting ---- */

static void put_letters(struct ms_buf *out, double value, char first)
{
  char letters[256];
  size_t at = sizeof letters;
  while (value > 0 && at > 0) {
    letters[--at] = (char)(first + (int)fmod(value - 1, 26));
    value = floor((value - 1) / 26);
  }
  ms_buf_put(out, letters + at, sizeof letters - at);
}

static const struct {
  int value;
  const char *text;
} roman[] = {
    {1000, "m"}, {900, "cm"}, {500, "d"}, {400, "cd"}, {100, "c"}, {90, "xc"}, {50, "l"},
    {40, "xl"},  {10, "x"},   {9, "ix"},  {5, "v"},    {4, "iv"},  {1, "i"},
};

static void put_roman(struct ms_jx_eval *ev, struct ms_buf *out, double value, bool is_upper)
{
  for (size_t i = 0; i < sizeof roman / sizeof *roman; i++) {
    while (value >= roman[i].value && out->error == 0 && ms_jx_spend(ev, 1)) {
      for (const char *p = roman[i].text; *p != '\0'; p++) {
        ms_buf_char(out, is_upper ? ms_ascii_upper(*p) : *p);
      }
      value -= roman[i].value;
    }
  }
}

static void put_character(struct ms_buf *out, uint32_t character)
{
  char bytes[4];
  ms_buf_put(out, bytes, ms_utf8_put(bytes, character));
}

/* Separators that stand right before the digit with `left` digits from here to the end. */
static void put_separators(struct ms_buf *out, const struct ms_jx_int_format *format, size_t left,
                           size_t digits)
{
  if (format->is_regular) {
    if (left < digits && left % format->separators[0].position == 0) {
      put_character(out, format->separators[0].character);
    }
    return;
  }
  for (uint32_t i = format->separator_count; i > 0; i--) {
    if (left < digits && format->separators[i - 1].position == left) {
      put_character(out, format->separators[i - 1].character);
    }
  }
}

static const char *ordinal_suffix(const char *digits, size_t count)
{
  char last = digits[count - 1];
  if (count > 1 && digits[count - 2] == '1') {
    return "th";
  }
  return last == '1' ? "st" : (last == '2' ? "nd" : (last == '3' ? "rd" : "th"));
}

/* A whole number's digits; very large ones in the form of a double. */
static size_t print_digits(char text[40], double value)
{
  if (value >= 1e15) {
    return ms_jx_print_double(text, value);
  }
  char reversed[16];
  size_t count = 0;
  for (uint64_t rest = (uint64_t)value; rest > 0 || count == 0; rest /= 10) {
    reversed[count++] = (char)('0' + rest % 10);
  }
  for (size_t i = 0; i < count; i++) {
    text[i] = reversed[count - 1 - i];
  }
  return count;
}

static void put_decimal(struct ms_jx_eval *ev, struct ms_buf *out, double value,
                        const struct ms_jx_int_format *format)
{
  char text[40];
  size_t count = print_digits(text, value);
  size_t padding = format->mandatory_digits > count ? format->mandatory_digits - count : 0;
  size_t digits = padding + count;
  if (!ms_jx_spend(ev, padding / 8)) {
    return;
  }
  for (size_t i = 0; i < digits && out->error == 0; i++) {
    char digit = i < padding ? '0' : text[i - padding];
    if (format->separator_count > 0) {
      put_separators(out, format, digits - i, digits);
    }
    if (format->zero == '0') {
      ms_buf_char(out, digit);
    } else if (digit >= '0' && digit <= '9') {
      put_character(out, format->zero + (uint32_t)(digit - '0'));
    } else {
      ms_buf_char(out, digit);
    }
  }
  if (!format->is_regular) {
    put_separators(out, format, 0, digits);
  }
  if (format->is_ordinal) {
    ms_buf_cstr(out, ordinal_suffix(text, count)); /* padding is no `1` before the last digit */
  }
}

bool ms_jx_int_format(struct ms_jx_eval *ev, struct ms_buf *out, double value,
                      const struct ms_jx_int_format *format)
{
  bool is_upper = format->letter_case == MS_JX_UPPER_CASE;
  if (format->style == MS_JX_INT_SEQUENCE) {
    ms_jx_fail_value(ev, "D3130", ms_jx_text_value(format->token));
    return false;
  }
  if (value < 0) {
    ms_buf_char(out, '-');
    value = -value;
  }
  switch (format->style) {
  case MS_JX_INT_LETTERS:
    put_letters(out, value, is_upper ? 'A' : 'a');
    break;
  case MS_JX_INT_ROMAN:
    put_roman(ev, out, value, is_upper);
    break;
  case MS_JX_INT_WORDS:
    ms_jx_words_put(out, value, format->is_ordinal, format->letter_case);
    break;
  default:
    put_decimal(ev, out, value, format);
    break;
  }
  return ev->code == 0;
}

/* ---- parsing ---- */

static double parse_letters(struct ms_str text, char first)
{
  double value = 0;
  for (size_t i = 0; i < text.len; i++) {
    value = value * 26 + (text.data[i] - first + 1);
  }
  return value;
}

static int roman_digit(char c)
{
  for (size_t i = 0; i < sizeof roman / sizeof *roman; i++) {
    if (roman[i].text[1] == '\0' && roman[i].text[0] == ms_ascii_lower(c)) {
      return roman[i].value;
    }
  }
  return 0;
}

static double parse_roman(struct ms_str text)
{
  double value = 0;
  int largest = 1;
  for (size_t i = text.len; i > 0; i--) {
    int digit = roman_digit(text.data[i - 1]);
    if (digit == 0) {
      return NAN;
    }
    value += digit < largest ? -digit : digit;
    largest = digit > largest ? digit : largest;
  }
  return value;
}

/* Digits as parseInt reads them, separators dropped first. */
static double parse_decimal(struct ms_str text, const struct ms_jx_int_format *format)
{
  double value = 0;
  bool has_digits = false;
  bool is_negative = false;
  if (format->is_ordinal && text.len >= 2) {
    text.len -= 2;
  }
  for (size_t at = 0; at < text.len;) {
    uint32_t character = ms_utf8_next(text, &at);
    bool is_separator = format->is_regular && character == ',';
    for (uint32_t i = 0; !format->is_regular && i < format->separator_count; i++) {
      is_separator = is_separator || character == format->separators[i].character;
    }
    if (is_separator) {
      continue;
    }
    if (!has_digits && !is_negative && (character == '-' || character == '+')) {
      is_negative = character == '-';
      continue;
    }
    if (character < format->zero || character > format->zero + 9) {
      break;
    }
    has_digits = true;
    value = value * 10 + (character - format->zero);
  }
  return has_digits ? (is_negative ? -value : value) : NAN;
}

static bool parse_words(struct ms_jx_eval *ev, double *out, struct ms_str text)
{
  struct ms_jx copy = ms_jx_copy_text(ev, text);
  if (ms_jx_is_error(copy) || !ms_jx_spend(ev, text.len)) {
    return false;
  }
  char *lower = (char *)(uintptr_t)copy.u.text;
  for (size_t i = 0; i < text.len; i++) {
    lower[i] = ms_ascii_lower(lower[i]);
  }
  *out = ms_jx_words_parse(ms_jx_text(copy));
  return true;
}

bool ms_jx_int_parse(struct ms_jx_eval *ev, double *out, struct ms_str text,
                     const struct ms_jx_int_format *format)
{
  switch (format->style) {
  case MS_JX_INT_LETTERS:
    *out = parse_letters(text, format->letter_case == MS_JX_UPPER_CASE ? 'A' : 'a');
    return true;
  case MS_JX_INT_ROMAN:
    *out = parse_roman(text);
    return true;
  case MS_JX_INT_WORDS:
    return parse_words(ev, out, text);
  case MS_JX_INT_SEQUENCE:
    ms_jx_fail_value(ev, "D3130", ms_jx_text_value(format->token));
    return false;
  default:
    *out = parse_decimal(text, format);
    return true;
  }
}
