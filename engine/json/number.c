/*
 * Numbers to and from text. Both directions keep away from the locale: what goes to strtod has no
 * decimal point, and from what snprintf writes only the digits and the exponent are read.
 *
 * Reading: integers within int64 are INT; others are DOUBLE when a double is near (also where digits
 * are rounded away), BIG when a double would be infinite or wrongly zero, or when it is an integer
 * past int64.
 *
 * Printing a double: the fewest digits that read back the same, and of those the nearest. Plain
 * decimals for exponents -7 to 20, with `.0` where there is no fraction so that it stays a DOUBLE;
 * `d.ddde-8`, `1e21` outside. So `1e2` comes out as `100.0`.
 */
#include "json/json.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "json/internal.h"

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 uint128;
#endif

/* Every power of ten that a double holds exactly. */
static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
#define POWER_MAX 22

/* Decimals with more places than this are left to exact arithmetic, which is then faster. */
#define SHORT_SCALE_MAX 6

/* Digits behind this many cannot change which double is nearest, only whether a tie is one. */
#define DIGITS_MAX 800

/* ---- reading ---- */

struct reading {
  bool is_negative;
  uint64_t mantissa; /* the first 19 significant digits */
  int64_t exponent;  /* of ten, for the mantissa */
  bool is_exact;     /* the mantissa holds all digits */
};

static int64_t read_exponent(struct ms_str text, size_t at)
{
  bool is_negative = text.data[at] == '-';
  if (is_negative || text.data[at] == '+') {
    at++;
  }
  int64_t exponent = 0;
  for (; at < text.len; at++) {
    if (exponent < INT64_C(1000000000000)) {
      exponent = exponent * 10 + (text.data[at] - '0');
    }
  }
  return is_negative ? -exponent : exponent;
}

static struct reading read_decimal(struct ms_str text)
{
  struct reading r = {false, 0, 0, true};
  size_t at = 0;
  if (text.data[0] == '-') {
    r.is_negative = true;
    at = 1;
  }
  bool in_fraction = false;
  int taken = 0;
  for (; at < text.len; at++) {
    char c = text.data[at];
    if (c == '.') {
      in_fraction = true;
      continue;
    }
    if (c == 'e' || c == 'E') {
      r.exponent += read_exponent(text, at + 1);
      break;
    }
    if (taken < 19) {
      r.mantissa = r.mantissa * 10 + (uint64_t)(c - '0');
      taken += r.mantissa != 0;
      r.exponent -= in_fraction;
    } else {
      r.is_exact = r.is_exact && c == '0';
      r.exponent += !in_fraction;
    }
  }
  return r;
}

#ifdef __SIZEOF_INT128__
/* Up to here powers of ten fit 64 bits. */
#define WHOLE_POWER_MAX 19

/*
 * mantissa * 10^exponent by one exact multiplication or division of 128 bits, rounded once: bits
 * that fall off are remembered in the lowest one, which is far behind those a double keeps.
 */
static bool read_exactly(double *out, uint64_t mantissa, int64_t exponent)
{
  if (exponent < -WHOLE_POWER_MAX || exponent > WHOLE_POWER_MAX || mantissa == 0) {
    return false;
  }
  uint64_t power = 1;
  for (int64_t i = exponent < 0 ? -exponent : exponent; i > 0; i--) {
    power *= 10;
  }
  int shift = 0;
  uint128 value = (uint128)mantissa * power;
  bool has_rest = false;
  if (exponent < 0) {
    for (; mantissa >> 63 == 0; mantissa <<= 1) {
      shift--;
    }
    value = ((uint128)mantissa << 64) / power;
    has_rest = value * power != (uint128)mantissa << 64;
    shift -= 64;
  }
  while (value >> 64 != 0) {
    has_rest = has_rest || (value & 1) != 0;
    value >>= 1;
    shift++;
  }
  *out = ldexp((double)((uint64_t)value | has_rest), shift);
  return true;
}
#else
static bool read_exactly(double *out, uint64_t mantissa, int64_t exponent)
{
  (void)out;
  (void)mantissa;
  (void)exponent;
  return false;
}
#endif

/* Rewrites the number as `digits e exponent` and leaves the rest to strtod. */
static double read_slowly(struct ms_str text)
{
  char buffer[DIGITS_MAX + 32];
  size_t len = 0;
  int64_t exponent = 0;
  bool in_fraction = false;
  bool is_cut = false;
  for (size_t at = text.data[0] == '-'; at < text.len; at++) {
    char c = text.data[at];
    if (c == '.') {
      in_fraction = true;
    } else if (c == 'e' || c == 'E') {
      exponent += read_exponent(text, at + 1);
      break;
    } else if (len == 0 && c == '0') {
      exponent -= in_fraction;
    } else if (len < DIGITS_MAX) {
      buffer[len++] = c;
      exponent -= in_fraction;
    } else {
      is_cut = is_cut || c != '0';
      exponent += !in_fraction;
    }
  }
  if (len == 0) {
    return 0;
  }
  if (is_cut) {
    /* A last digit that says "a little more than this". */
    buffer[len++] = '1';
    exponent--;
  }
  exponent = exponent > 99999 ? 99999 : exponent < -99999 ? -99999 : exponent;
  snprintf(buffer + len, sizeof buffer - len, "e%d", (int)exponent);
  return strtod(buffer, NULL);
}

double ms_json_double_from_text(struct ms_str text)
{
  struct reading r = read_decimal(text);
  double number;
  /* Both operands exact, one rounding: the result is the nearest double. */
  if (r.is_exact && r.mantissa <= UINT64_C(1) << 53 && r.exponent >= -POWER_MAX &&
      r.exponent <= POWER_MAX) {
    number = (double)r.mantissa;
    number = r.exponent < 0 ? number / powers[-r.exponent] : number * powers[r.exponent];
  } else if (r.mantissa == 0) {
    number = 0;
  } else if (!r.is_exact || !read_exactly(&number, r.mantissa, r.exponent)) {
    number = read_slowly(text);
  }
  return r.is_negative ? -number : number;
}

static bool is_zero_text(struct ms_str text)
{
  for (size_t i = 0; i < text.len && text.data[i] != 'e' && text.data[i] != 'E'; i++) {
    if (text.data[i] >= '1' && text.data[i] <= '9') {
      return false;
    }
  }
  return true;
}

static struct ms_json integer_from_text(struct ms_str text)
{
  bool is_negative = text.data[0] == '-';
  uint64_t limit = is_negative ? UINT64_C(1) << 63 : (UINT64_C(1) << 63) - 1;
  uint64_t value = 0;
  for (size_t i = is_negative; i < text.len; i++) {
    unsigned digit = (unsigned)(text.data[i] - '0');
    /* 18 digits always fit. */
    if (i >= 18 && value > (limit - digit) / 10) {
      return ms_json_big(text);
    }
    value = value * 10 + digit;
  }
  struct ms_json result = ms_json_int((int64_t)(is_negative ? 0 - value : value));
  if (is_negative && value == 0) {
    result.reserved = MS_JSON_NEGATIVE_ZERO;
  }
  return result;
}

struct ms_json ms_json_number_from_text(struct ms_str text, bool is_integer)
{
  if (is_integer) {
    return integer_from_text(text);
  }
  double number = ms_json_double_from_text(text);
  if (!isfinite(number) || (number == 0 && !is_zero_text(text))) {
    return ms_json_big(text);
  }
  return ms_json_double(number);
}

/* ---- printing ---- */

struct decimal {
  char digits[24]; /* no leading zeros and no trailing ones */
  int count;
  int exponent; /* of the first digit: d.ddd * 10^exponent */
};

static void strip_zeros(struct decimal *d)
{
  while (d->count > 1 && d->digits[d->count - 1] == '0') {
    d->count--;
  }
}

/* number / 10^scale */
static void put_number(struct decimal *out, uint64_t number, int scale)
{
  char reversed[24];
  int count = 0;
  for (; number != 0; number /= 10) {
    reversed[count++] = (char)('0' + number % 10);
  }
  for (int i = 0; i < count; i++) {
    out->digits[i] = reversed[count - 1 - i];
  }
  out->count = count;
  out->exponent = count - 1 - scale;
  strip_zeros(out);
}

/*
 * Most doubles in documents are decimals of few digits: scale by powers of ten until a whole number
 * divides back to the value. Below 10^15 the rounding of the product is under a quarter, so the
 * whole number found is the right one, and the first found has the fewest digits.
 */
static bool find_short_decimal(struct decimal *out, double value)
{
  if (value >= 1e15 || value < 1e-5) {
    return false;
  }
  for (int scale = 0; scale <= SHORT_SCALE_MAX; scale++) {
    double scaled = value * powers[scale];
    if (scaled >= 1e15) {
      return false;
    }
    uint64_t whole = (uint64_t)(scaled + 0.5);
    if ((double)whole / powers[scale] != value) {
      continue;
    }
    put_number(out, whole, scale);
    return true;
  }
  return false;
}

#ifdef __SIZEOF_INT128__
/* Doubles in this range times ten to the 17 - (digits before the point) fit 128 bits exactly. */
#define EXACT_LOW 1e-5
#define EXACT_HIGH 0x1p53

/*
 * The whole numbers n for which n / 10^scale reads back as the value, and how the value itself lies
 * among them: whole + a fraction, of which `above_half` says -1, 0, 1 against one half.
 */
struct candidates {
  uint64_t low;
  uint64_t high;
  uint64_t whole;
  int above_half;
  bool has_fraction;
};

static struct candidates find_candidates(double value, int scale)
{
  int exponent;
  uint64_t mantissa = (uint64_t)ldexp(frexp(value, &exponent), 53);
  /* value = mantissa / 2^(53 - exponent); all below in units of a quarter of its last bit. */
  int shift = 53 - exponent + 2;
  uint128 power = 1;
  for (int i = 0; i < scale; i++) {
    power *= 10;
  }
  uint128 unit = (uint128)1 << shift;
  uint128 middle = power * (4 * mantissa);
  /* Doubles below a power of two are twice as near. A tie reads as the even mantissa. */
  bool is_even = (mantissa & 1) == 0;
  uint128 least = power * (4 * mantissa - (mantissa == UINT64_C(1) << 52 ? 1 : 2));
  uint128 most = power * (4 * mantissa + 2);
  struct candidates c;
  uint128 rest = least & (unit - 1);
  c.low = (uint64_t)(least >> shift) + (rest != 0 || !is_even);
  rest = most & (unit - 1);
  c.high = (uint64_t)(most >> shift) - (rest == 0 && !is_even);
  rest = middle & (unit - 1);
  c.whole = (uint64_t)(middle >> shift);
  c.above_half = (rest > unit / 2) - (rest < unit / 2);
  c.has_fraction = rest != 0;
  return c;
}

/* The nearest multiple of `step` to the value, divided by it; ties go to the even one. */
static uint64_t nearest_multiple(const struct candidates *c, uint64_t step)
{
  uint64_t quotient = c->whole / step;
  uint64_t rest = c->whole % step;
  int against_half;
  if (step == 1) {
    against_half = c->above_half;
  } else if (rest == step / 2) {
    against_half = c->has_fraction;
  } else {
    against_half = rest > step / 2 ? 1 : -1;
  }
  return quotient + (against_half > 0 || (against_half == 0 && (quotient & 1) == 1));
}

/* The shortest decimal by exact arithmetic, for the range where it fits. */
static bool find_exactly(struct decimal *out, double value)
{
  if (!(value >= EXACT_LOW && value < EXACT_HIGH)) {
    return false;
  }
  int scale = 16;
  for (double x = value; x >= 10; x /= 10) {
    scale--;
  }
  for (double x = value; x < 1; x *= 10) {
    scale++;
  }
  scale = scale > 21 ? 21 : scale;
  struct candidates c = find_candidates(value, scale);
  uint64_t step = 1;
  while (c.high / (step * 10) * (step * 10) >= c.low) {
    step *= 10;
    scale--;
  }
  uint64_t number = nearest_multiple(&c, step);
  if (number * step < c.low) {
    number++;
  } else if (number * step > c.high) {
    number--;
  }
  put_number(out, number, scale);
  return true;
}
#else
static bool find_exactly(struct decimal *out, double value)
{
  (void)out;
  (void)value;
  return false;
}
#endif

/* The value rounded to `precision` digits, not stripped. */
static void round_to(struct decimal *out, double value, int precision)
{
  char text[48];
  snprintf(text, sizeof text, "%.*e", precision - 1, value);
  out->count = 0;
  const char *at = text;
  for (; *at != 'e'; at++) {
    if (*at >= '0' && *at <= '9') {
      out->digits[out->count++] = *at;
    }
  }
  out->exponent = (int)strtol(at + 1, NULL, 10);
}

static bool reads_back(const struct decimal *d, double value)
{
  char text[48];
  snprintf(text, sizeof text, "%.*se%d", d->count, d->digits, d->exponent - d->count + 1);
  return strtod(text, NULL) == value;
}

/* Adds one in the last place. False when that would need one more digit. */
static bool step_up(struct decimal *d)
{
  for (int i = d->count - 1; i >= 0; i--) {
    if (d->digits[i] != '9') {
      d->digits[i]++;
      return true;
    }
    d->digits[i] = '0';
  }
  return false;
}

static void find_shortest(struct decimal *out, double value)
{
  if (find_short_decimal(out, value) || find_exactly(out, value)) {
    return;
  }
  /* Below the normal range doubles hold fewer than 15 digits. */
  int exponent;
  bool is_power_of_two = frexp(value, &exponent) == 0.5;
  for (int precision = value < DBL_MIN ? 1 : DBL_DIG; precision < 17; precision++) {
    round_to(out, value, precision);
    if (reads_back(out, value)) {
      strip_zeros(out);
      return;
    }
    /* Above a power of two doubles lie twice as far apart as below it, so of two decimals of 16
     * digits the one above can be right although the one below is nearer. */
    if (precision == 16 && is_power_of_two && step_up(out) && reads_back(out, value)) {
      strip_zeros(out);
      return;
    }
  }
  round_to(out, value, 17);
  strip_zeros(out);
}

static char *put_bytes(char *to, const char *from, int count)
{
  memcpy(to, from, (size_t)count);
  return to + count;
}

static char *put_zeros(char *to, int count)
{
  memset(to, '0', (size_t)count);
  return to + count;
}

static char *put_plain(char *to, const struct decimal *d)
{
  if (d->exponent < 0) {
    to = put_bytes(to, "0.", 2);
    to = put_zeros(to, -d->exponent - 1);
    return put_bytes(to, d->digits, d->count);
  }
  int whole = d->exponent + 1;
  if (d->count <= whole) {
    to = put_bytes(to, d->digits, d->count);
    to = put_zeros(to, whole - d->count);
    return put_bytes(to, ".0", 2);
  }
  to = put_bytes(to, d->digits, whole);
  *to++ = '.';
  return put_bytes(to, d->digits + whole, d->count - whole);
}

size_t ms_json_print_double(char out[40], double value)
{
  char *to = out;
  if (signbit(value)) {
    *to++ = '-';
    value = -value;
  }
  if (value == 0 || !isfinite(value)) {
    /* A value is never infinite or NaN; were it, the text would still be JSON. */
    to = put_bytes(to, "0.0", 3);
    *to = '\0';
    return (size_t)(to - out);
  }
  struct decimal d;
  find_shortest(&d, value);
  if (d.exponent >= -7 && d.exponent <= 20) {
    to = put_plain(to, &d);
  } else {
    *to++ = d.digits[0];
    if (d.count > 1) {
      *to++ = '.';
      to = put_bytes(to, d.digits + 1, d.count - 1);
    }
    to += snprintf(to, 8, "e%d", d.exponent);
  }
  *to = '\0';
  return (size_t)(to - out);
}
