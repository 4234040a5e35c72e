/* Decimal arithmetic of tables' numbers. Knows nothing of items. */
#include "messaging/table_number.h"

#define EXPONENT_MAX 126  /* 9.99E+125 is 0.999E+126 */
#define EXPONENT_MIN -129 /* 1E-130 is 0.1E-129 */

static const char not_a_number[] = "The parameter cannot be converted to a numeric value";
static const char too_long[] = "Attempting to store more than 38 significant digits in a Number";
static const char overflow[] =
    "Number overflow. Attempting to store a number with magnitude larger than supported range";
static const char underflow[] =
    "Number underflow. Attempting to store a number with magnitude smaller than supported range";

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

/* ---- text ---- */

struct reading {
  const char *why;
  bool has_digits;
  bool has_point;
  unsigned zeros; /* since the last digit that was kept */
  long long
      point; /* digits in front of the point, leading zeros not counted (or counted below 0) */
};

static void take_digit(struct ms_table_number *out, struct reading *reading, unsigned digit)
{
  reading->has_digits = true;
  if (out->count == 0 && digit == 0) {
    reading->point -= reading->has_point;
    return;
  }
  reading->point += !reading->has_point;
  if (digit == 0) {
    reading->zeros++;
    return;
  }
  if (out->count + reading->zeros >= MS_TABLE_NUMBER_DIGITS) {
    reading->why = too_long;
    return;
  }
  for (; reading->zeros > 0; reading->zeros--) {
    out->digits[out->count++] = 0;
  }
  out->digits[out->count++] = (uint8_t)digit;
}

/* *exponent: that of "e-12"; capped, since more is out of range anyway. */
static bool read_exponent(long long *exponent, struct ms_str text, size_t at)
{
  bool is_negative = at < text.len && text.data[at] == '-';
  at += at < text.len && (text.data[at] == '-' || text.data[at] == '+');
  size_t from = at;
  *exponent = 0;
  for (; at < text.len && is_digit(text.data[at]); at++) {
    *exponent = *exponent > 1000000 ? *exponent : *exponent * 10 + (text.data[at] - '0');
  }
  *exponent = is_negative ? -*exponent : *exponent;
  return at > from && at == text.len;
}

static const char *check_range(struct ms_table_number *out, long long exponent)
{
  if (out->count == 0) {
    *out = (struct ms_table_number){.count = 0};
    return NULL;
  }
  if (exponent > EXPONENT_MAX) {
    return overflow;
  }
  if (exponent < EXPONENT_MIN) {
    return underflow;
  }
  out->exponent = (int)exponent;
  return NULL;
}

const char *ms_table_number_parse(struct ms_table_number *out, struct ms_str text)
{
  struct reading reading = {.why = NULL};
  long long exponent = 0;
  size_t at = text.len > 0 && (text.data[0] == '-' || text.data[0] == '+');
  *out = (struct ms_table_number){.is_negative = at == 1 && text.data[0] == '-'};
  for (; at < text.len && reading.why == NULL; at++) {
    char c = text.data[at];
    if (c == '.' && !reading.has_point) {
      reading.has_point = true;
    } else if (is_digit(c)) {
      take_digit(out, &reading, (unsigned)(c - '0'));
    } else {
      break;
    }
  }
  if (reading.why != NULL) {
    return reading.why;
  }
  if (!reading.has_digits) {
    return not_a_number;
  }
  if (at < text.len &&
      ((text.data[at] != 'e' && text.data[at] != 'E') || !read_exponent(&exponent, text, at + 1))) {
    return not_a_number;
  }
  return check_range(out, reading.point + exponent);
}

static void print_zeros(struct ms_buf *out, int count)
{
  for (; count > 0; count--) {
    ms_buf_char(out, '0');
  }
}

void ms_table_number_print(struct ms_buf *out, const struct ms_table_number *number)
{
  int count = (int)number->count;
  if (count == 0) {
    ms_buf_char(out, '0');
    return;
  }
  if (number->is_negative) {
    ms_buf_char(out, '-');
  }
  if (number->exponent <= 0) {
    ms_buf_cstr(out, "0.");
    print_zeros(out, -number->exponent);
  }
  for (int i = 0; i < count; i++) {
    if (i > 0 && i == number->exponent) {
      ms_buf_char(out, '.');
    }
    ms_buf_char(out, (char)('0' + number->digits[i]));
  }
  print_zeros(out, number->exponent - count);
}

/* ---- order ---- */

static int cmp_magnitude(const struct ms_table_number *a, const struct ms_table_number *b)
{
  if (a->exponent != b->exponent) {
    return a->exponent < b->exponent ? -1 : 1;
  }
  for (unsigned i = 0; i < a->count && i < b->count; i++) {
    if (a->digits[i] != b->digits[i]) {
      return a->digits[i] < b->digits[i] ? -1 : 1;
    }
  }
  return (a->count > b->count) - (a->count < b->count);
}

static int sign_of(const struct ms_table_number *number)
{
  return number->count == 0 ? 0 : number->is_negative ? -1 : 1;
}

int ms_table_number_cmp(const struct ms_table_number *a, const struct ms_table_number *b)
{
  int left = sign_of(a), right = sign_of(b);
  if (left != right) {
    return left < right ? -1 : 1;
  }
  return left == 0 ? 0 : left * cmp_magnitude(a, b);
}

/* Sign, exponent, two digits a byte, an end that is smaller than all digits; all but the sign turned
 * round for negative ones. */
size_t ms_table_number_bytes(unsigned char out[MS_TABLE_NUMBER_BYTES],
                             const struct ms_table_number *number)
{
  size_t len = 0;
  out[len++] = (unsigned char)(sign_of(number) + 1);
  if (number->count == 0) {
    return len;
  }
  unsigned char mask = number->is_negative ? 0xff : 0;
  unsigned exponent = (unsigned)(number->exponent - EXPONENT_MIN);
  out[len++] = (unsigned char)(exponent >> 8) ^ mask;
  out[len++] = (unsigned char)(exponent & 0xff) ^ mask;
  for (unsigned i = 0; i < number->count; i += 2) {
    unsigned low = i + 1 < number->count ? number->digits[i + 1] : 0;
    out[len++] = (unsigned char)(number->digits[i] * 10u + low + 1) ^ mask;
  }
  out[len++] = mask;
  return len;
}

size_t ms_table_number_size(const struct ms_table_number *number)
{
  return number->count == 0 ? 1 : (number->count + 1) / 2 + 1 + number->is_negative;
}

/* ---- sums ---- */

/* Fixed point: place i counts 10 to the (i + LOWEST). */
#define LOWEST (EXPONENT_MIN - MS_TABLE_NUMBER_DIGITS)
#define PLACES (EXPONENT_MAX - LOWEST + 2)

static void spread(int places[PLACES], const struct ms_table_number *number, int sign)
{
  for (unsigned i = 0; i < number->count; i++) {
    places[number->exponent - 1 - (int)i - LOWEST] += sign * number->digits[i];
  }
}

/* Places between 0 and 9 again; gives the sign of what is left over at the top. */
static int carry(int places[PLACES])
{
  int over = 0;
  for (int i = 0; i < PLACES; i++) {
    int value = places[i] + over;
    over = value < 0 ? -1 : value / 10;
    places[i] = value - over * 10;
  }
  return over;
}

static const char *collect(struct ms_table_number *out, const int places[PLACES])
{
  int top = PLACES - 1, low = 0;
  while (top >= 0 && places[top] == 0) {
    top--;
  }
  while (low < top && places[low] == 0) {
    low++;
  }
  if (top >= 0 && top - low + 1 > MS_TABLE_NUMBER_DIGITS) {
    return too_long;
  }
  for (int i = top; i >= low && top >= 0; i--) {
    out->digits[out->count++] = (uint8_t)places[i];
  }
  return check_range(out, top + 1 + LOWEST);
}

const char *ms_table_number_add(struct ms_table_number *out, const struct ms_table_number *a,
                                const struct ms_table_number *b, bool is_minus)
{
  int places[PLACES] = {0};
  struct ms_table_number sum = {.count = 0};
  spread(places, a, a->is_negative ? -1 : 1);
  spread(places, b, b->is_negative == is_minus ? 1 : -1);
  if (carry(places) < 0) { /* below zero: the other way round */
    for (int i = 0; i < PLACES; i++) {
      places[i] = 0;
    }
    spread(places, a, a->is_negative ? 1 : -1);
    spread(places, b, b->is_negative == is_minus ? -1 : 1);
    carry(places);
    sum.is_negative = true;
  }
  const char *why = collect(&sum, places);
  *out = sum;
  return why;
}
