/*
 * Java's text forms. Only those that AWS's answers expose; see java_text.h.
 */
#include "query/java_text.h"

#include "base/error.h"

#define NUMBER_MAX_BYTES 1024
#define EXPONENT_MAX 100000 /* larger ones are no number here */

/* A decimal as BigDecimal holds it: digits * 10^-scale. */
struct decimal {
  bool is_negative;
  struct ms_str digits; /* without leading zeros, at least one */
  int64_t scale;
  char memory[NUMBER_MAX_BYTES];
};

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static bool read_exponent(int64_t *exponent, struct ms_str text, size_t *pos)
{
  size_t i = *pos;
  *exponent = 0;
  if (i == text.len) {
    return true;
  }
  if (text.data[i] != 'e' && text.data[i] != 'E') {
    return false;
  }
  i++;
  bool is_negative = i < text.len && text.data[i] == '-';
  i += i < text.len && (text.data[i] == '-' || text.data[i] == '+') ? 1 : 0;
  size_t first = i;
  for (; i < text.len && is_digit(text.data[i]); i++) {
    *exponent = *exponent * 10 + (text.data[i] - '0');
    if (*exponent > EXPONENT_MAX) {
      return false;
    }
  }
  *exponent = is_negative ? -*exponent : *exponent;
  *pos = i;
  return i > first;
}

/* [sign] digits [. digits] [e [sign] digits], a digit on one side of the point at least. */
static bool read_decimal(struct decimal *out, struct ms_str text)
{
  size_t pos = 0;
  size_t count = 0;
  size_t seen = 0;
  int64_t fraction = 0;
  bool has_point = false;
  if (text.len >= NUMBER_MAX_BYTES) {
    return false;
  }
  out->is_negative = text.len > 0 && text.data[0] == '-';
  pos += text.len > 0 && (text.data[0] == '-' || text.data[0] == '+') ? 1 : 0;
  for (; pos < text.len && (is_digit(text.data[pos]) || (text.data[pos] == '.' && !has_point));
       pos++) {
    char c = text.data[pos];
    if (c == '.') {
      has_point = true;
      continue;
    }
    seen++;
    fraction += has_point ? 1 : 0;
    if (count > 0 || c != '0') {
      out->memory[count++] = c;
    }
  }
  int64_t exponent;
  if (seen == 0 || !read_exponent(&exponent, text, &pos) || pos != text.len) {
    return false;
  }
  if (count == 0) {
    out->memory[count++] = '0';
    out->is_negative = false;
  }
  out->digits = (struct ms_str){out->memory, count};
  out->scale = fraction - exponent;
  return true;
}

static void print_decimal(struct ms_buf *out, const struct decimal *d)
{
  int64_t count = (int64_t)d->digits.len;
  int64_t adjusted = count - 1 - d->scale;
  if (d->is_negative) {
    ms_buf_char(out, '-');
  }
  if (d->scale == 0) {
    ms_buf_str(out, d->digits);
  } else if (d->scale > 0 && adjusted >= -6) {
    if (count > d->scale) {
      ms_buf_put(out, d->digits.data, (size_t)(count - d->scale));
      ms_buf_char(out, '.');
      ms_buf_put(out, d->digits.data + (count - d->scale), (size_t)d->scale);
    } else {
      ms_buf_cstr(out, "0.");
      for (int64_t i = count; i < d->scale; i++) {
        ms_buf_char(out, '0');
      }
      ms_buf_str(out, d->digits);
    }
  } else {
    ms_buf_char(out, d->digits.data[0]);
    if (count > 1) {
      ms_buf_char(out, '.');
      ms_buf_put(out, d->digits.data + 1, (size_t)(count - 1));
    }
    ms_buf_printf(out, adjusted > 0 ? "E+%lld" : "E%lld", (long long)adjusted);
  }
}

static int decimal_value(struct ms_json *value, const struct decimal *d)
{
  char text[NUMBER_MAX_BYTES + 32];
  struct ms_buf buf;
  ms_buf_init(&buf, sizeof text);
  if (d->is_negative) {
    ms_buf_char(&buf, '-');
  }
  ms_buf_str(&buf, d->digits);
  if (d->scale != 0) {
    ms_buf_printf(&buf, "e%lld", (long long)-d->scale);
  }
  int err = buf.error != 0 ? buf.error : ms_json_parse(value, ms_buf_view(&buf), NULL, NULL);
  ms_buf_deinit(&buf);
  return err;
}

int ms_java_decimal(struct ms_buf *out, struct ms_json *value, struct ms_str text)
{
  struct decimal decimal;
  if (!read_decimal(&decimal, text)) {
    return MSTEP_EINVALID;
  }
  if (value != NULL) {
    int err = decimal_value(value, &decimal);
    if (err != 0) {
      return err == MSTEP_ENOMEM ? err : MSTEP_EINVALID;
    }
  }
  print_decimal(out, &decimal);
  return out->error;
}

/* Double.toString: a fraction always, an exponent outside [1e-3, 1e7). */
static int double_decimal(struct ms_buf *out, double number)
{
  char shortest[40];
  struct decimal d;
  size_t len = ms_json_print_double(shortest, number);
  if (!read_decimal(&d, (struct ms_str){shortest, len})) {
    return MSTEP_EINVALID;
  }
  size_t count = d.digits.len;
  while (count > 1 && d.digits.data[count - 1] == '0') {
    count--;
    d.scale--;
  }
  d.digits.len = count;
  int64_t adjusted = (int64_t)count - 1 - d.scale;
  bool is_plain = adjusted >= -3 && adjusted < 7;
  /* At least one digit of fraction, which BigDecimal then keeps. */
  int64_t wanted = is_plain ? 1 : 1 - adjusted;
  while (d.scale < wanted && d.digits.len < sizeof d.memory) {
    d.memory[d.digits.len++] = '0';
    d.scale++;
  }
  print_decimal(out, &d);
  return out->error;
}

int ms_java_number(struct ms_buf *out, struct ms_json number)
{
  switch (number.type) {
  case MS_JSON_INT:
    ms_buf_int(out, number.u.integer);
    return out->error;
  case MS_JSON_DOUBLE:
    return double_decimal(out, number.u.number);
  default:
    return ms_java_decimal(out, NULL, ms_json_text(number));
  }
}

void ms_java_print(struct ms_buf *out, struct ms_json value)
{
  size_t count = ms_json_count(value);
  switch (value.type) {
  case MS_JSON_STRING:
    ms_buf_str(out, ms_json_text(value));
    break;
  case MS_JSON_ARRAY:
    ms_buf_char(out, '[');
    for (size_t i = 0; i < count; i++) {
      ms_buf_cstr(out, i > 0 ? ", " : "");
      ms_java_print(out, ms_json_at(value, i));
    }
    ms_buf_char(out, ']');
    break;
  case MS_JSON_OBJECT:
    ms_buf_char(out, '{');
    for (size_t i = 0; i < count; i++) {
      ms_buf_cstr(out, i > 0 ? ", " : "");
      ms_buf_str(out, ms_json_key(value, i));
      ms_buf_char(out, '=');
      ms_java_print(out, ms_json_member(value, i));
    }
    ms_buf_char(out, '}');
    break;
  default:
    ms_json_print(out, value);
    break;
  }
}
