/*
 * The printer. What must be escaped is (quote, backslash, control characters), nothing else: text
 * beyond ASCII is printed as it is. Recursion is bounded by MS_JSON_DEPTH_MAX.
 */
#include "json/json.h"

#include "json/internal.h"

#define ONES UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

/* ---- strings ---- */

static bool needs_escape(unsigned char c)
{
  return c < 0x20 || c == '"' || c == '\\';
}

/* Offset of the next byte that must be escaped, or text.len. */
static size_t find_escape(struct ms_str text, size_t at)
{
  while (text.len - at >= 8) {
    uint64_t word;
    memcpy(&word, text.data + at, sizeof word);
    uint64_t quote = word ^ ONES * '"';
    uint64_t backslash = word ^ ONES * '\\';
    uint64_t control = word - ONES * 0x20;
    /* Exact for the lowest hit; bytes above 0x7F never count. */
    uint64_t hits =
        ((quote - ONES) & ~quote) | ((backslash - ONES) & ~backslash) | (control & ~word);
    if ((hits & HIGHS) != 0) {
      break;
    }
    at += 8;
  }
  while (at < text.len && !needs_escape((unsigned char)text.data[at])) {
    at++;
  }
  return at;
}

/* Writes the escape of one byte to `to`; its length. */
static size_t put_escape(char to[6], unsigned char c)
{
  static const char digits[] = "0123456789abcdef";
  static const char letters[] = "btn\0fr"; /* 0x08 to 0x0D; 0x0B has no letter */
  to[0] = '\\';
  if (c == '"' || c == '\\') {
    to[1] = (char)c;
    return 2;
  }
  if (c >= 0x08 && c <= 0x0D && letters[c - 0x08] != '\0') {
    to[1] = letters[c - 0x08];
    return 2;
  }
  memcpy(to + 1, "u00", 3);
  to[4] = digits[c >> 4];
  to[5] = digits[c & 15];
  return 6;
}

void ms_json_print_string(struct ms_buf *out, struct ms_str text)
{
  char *to = ms_buf_reserve(out, text.len + 2);
  if (to == NULL) {
    return;
  }
  size_t at = find_escape(text, 0);
  to[0] = '"';
  if (at > 0) {
    memcpy(to + 1, text.data, at);
  }
  if (at == text.len) {
    to[at + 1] = '"';
    ms_buf_added(out, at + 2);
    return;
  }
  ms_buf_added(out, at + 1);
  while (at < text.len) {
    char escape[6];
    ms_buf_put(out, escape, put_escape(escape, (unsigned char)text.data[at]));
    size_t next = find_escape(text, at + 1);
    ms_buf_put(out, text.data + at + 1, next - at - 1);
    at = next;
  }
  ms_buf_char(out, '"');
}

/* ---- values ---- */

/* What print and pretty print share: -1 as indent means compact. */
struct printer {
  struct ms_buf *out;
  unsigned indent;
  bool is_pretty;
};

static void print_value(const struct printer *p, struct ms_json value, unsigned level);

static void new_line(const struct printer *p, unsigned level)
{
  if (!p->is_pretty) {
    return;
  }
  size_t spaces = (size_t)p->indent * level;
  char *to = ms_buf_reserve(p->out, spaces + 1);
  if (to != NULL) {
    to[0] = '\n';
    memset(to + 1, ' ', spaces);
    ms_buf_added(p->out, spaces + 1);
  }
}

static void print_array(const struct printer *p, const struct ms_json_array *array, unsigned level)
{
  ms_buf_char(p->out, '[');
  for (uint32_t i = 0; i < array->count && p->out->error == 0; i++) {
    if (i > 0) {
      ms_buf_char(p->out, ',');
    }
    new_line(p, level + 1);
    print_value(p, array->items[i], level + 1);
  }
  if (array->count > 0) {
    new_line(p, level);
  }
  ms_buf_char(p->out, ']');
}

static void print_object(const struct printer *p, const struct ms_json_object *object,
                         unsigned level)
{
  ms_buf_char(p->out, '{');
  for (uint32_t i = 0; i < object->count && p->out->error == 0; i++) {
    if (i > 0) {
      ms_buf_char(p->out, ',');
    }
    new_line(p, level + 1);
    ms_json_print_string(p->out, ms_json_string_view(object->members[i].key));
    ms_buf_put(p->out, ": ", p->is_pretty ? 2 : 1);
    print_value(p, object->members[i].value, level + 1);
  }
  if (object->count > 0) {
    new_line(p, level);
  }
  ms_buf_char(p->out, '}');
}

static void print_scalar(struct ms_buf *out, struct ms_json value)
{
  char text[40];
  switch (value.type) {
  case MS_JSON_NULL:
    ms_buf_put(out, "null", 4);
    break;
  case MS_JSON_BOOL:
    ms_buf_put(out, value.u.boolean ? "true" : "false", value.u.boolean ? 4 : 5);
    break;
  case MS_JSON_INT:
    if (value.reserved == MS_JSON_NEGATIVE_ZERO && value.u.integer == 0) {
      ms_buf_put(out, "-0", 2);
    } else {
      ms_buf_int(out, value.u.integer);
    }
    break;
  case MS_JSON_DOUBLE:
    ms_buf_put(out, text, ms_json_print_double(text, value.u.number));
    break;
  case MS_JSON_BIG:
    ms_buf_str(out, ms_json_text(value));
    break;
  case MS_JSON_STRING:
    ms_json_print_string(out, ms_json_text(value));
    break;
  default:
    break;
  }
}

static void print_value(const struct printer *p, struct ms_json value, unsigned level)
{
  if (value.type == MS_JSON_ARRAY) {
    print_array(p, value.u.array, level);
  } else if (value.type == MS_JSON_OBJECT) {
    print_object(p, value.u.object, level);
  } else {
    print_scalar(p->out, value);
  }
}

void ms_json_print(struct ms_buf *out, struct ms_json value)
{
  struct printer p = {out, 0, false};
  print_value(&p, value, 0);
}

void ms_json_print_pretty(struct ms_buf *out, struct ms_json value, unsigned indent)
{
  struct printer p = {out, indent, true};
  print_value(&p, value, 0);
}

struct ms_json ms_json_print_value(struct ms_json value)
{
  struct ms_buf buf;
  ms_buf_init(&buf, SIZE_MAX);
  ms_json_print(&buf, value);
  struct ms_json text = buf.error == 0 ? ms_json_string(ms_buf_view(&buf)) : MS_JSON_VALUE_NONE;
  ms_buf_deinit(&buf);
  return text;
}

/* ---- sizes ---- */

static size_t string_size(struct ms_str text)
{
  size_t size = text.len + 2;
  for (size_t at = find_escape(text, 0); at < text.len; at = find_escape(text, at + 1)) {
    char escape[6];
    size += put_escape(escape, (unsigned char)text.data[at]) - 1;
  }
  return size;
}

static size_t scalar_size(struct ms_json value)
{
  char bytes[64];
  /* Printed into memory of our own: nothing can fail. */
  struct ms_buf buf = {bytes, 0, sizeof bytes, sizeof bytes - 1, 0};
  print_scalar(&buf, value);
  return buf.len;
}

bool ms_json_fits(struct ms_json value, size_t max_bytes)
{
  uint64_t weight = ms_json_weight(value);
  /* Nothing prints to more than 16 bytes for one of weight (a number: 26 for 2), and a bit around. */
  if (weight * 16 + 64 <= max_bytes)
    return true;
  return weight <= max_bytes && ms_json_size_bytes(value) <= max_bytes;
}

size_t ms_json_size_bytes(struct ms_json value)
{
  size_t size = 2; /* brackets; commas are counted with the items */
  switch (value.type) {
  case MS_JSON_ARRAY:
    for (uint32_t i = 0; i < value.u.array->count; i++) {
      size += ms_json_size_bytes(value.u.array->items[i]) + (i > 0);
    }
    return size;
  case MS_JSON_OBJECT:
    for (uint32_t i = 0; i < value.u.object->count; i++) {
      const struct ms_json_pair *pair = &value.u.object->members[i];
      size += string_size(ms_json_string_view(pair->key)) + 1;
      size += ms_json_size_bytes(pair->value) + (i > 0);
    }
    return size;
  case MS_JSON_STRING:
    return string_size(ms_json_text(value));
  case MS_JSON_BIG:
    return ms_json_text(value).len;
  default:
    return scalar_size(value);
  }
}
