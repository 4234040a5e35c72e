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

/* Whether one of eight bytes must be escaped; those above 0x7F never count. */
static inline bool word_needs_escape(uint64_t word)
{
  uint64_t quote = word ^ ONES * '"';
  uint64_t backslash = word ^ ONES * '\\';
  uint64_t control = word - ONES * 0x20;
  uint64_t hits = ((quote - ONES) & ~quote) | ((backslash - ONES) & ~backslash) | (control & ~word);
  return (hits & HIGHS) != 0;
}

/* Offset of the next byte that must be escaped, or text.len. */
static size_t find_escape(struct ms_str text, size_t at)
{
  while (text.len - at >= 8) {
    uint64_t word;
    memcpy(&word, text.data + at, sizeof word);
    if (word_needs_escape(word)) {
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
    if (ms_json_is_negative_zero(value)) {
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

/* ---- compact ---- */

/*
 * Compact text is what is written most: to the journal, to the world, to be measured. It goes straight
 * into the buffer's memory as long as there is room for sure; whatever may not fit takes the way through
 * the buffer's functions, which also know what to do when it is full.
 */
struct cursor {
  struct ms_buf *out;
  char *at;
  char *end; /* room up to here, and a byte for the NUL behind it */
};

static void cursor_load(struct cursor *c)
{
  const struct ms_buf *out = c->out;
  size_t room = 0;
  if (out->error == 0 && out->data != NULL) {
    room = out->capacity - out->len - 1;
    room = room < out->max - out->len ? room : out->max - out->len;
  }
  c->at = out->data == NULL ? NULL : out->data + out->len;
  c->end = c->at == NULL ? NULL : c->at + room;
}

static void cursor_store(const struct cursor *c)
{
  if (c->at != NULL) {
    c->out->len = (size_t)(c->at - c->out->data);
    *c->at = '\0';
  }
}

static inline size_t cursor_room(const struct cursor *c)
{
  return (size_t)(c->end - c->at);
}

static void compact_char(struct cursor *c, char byte)
{
  if (c->at < c->end) {
    *c->at++ = byte;
    return;
  }
  cursor_store(c);
  ms_buf_char(c->out, byte);
  cursor_load(c);
}

/* False: a byte must be escaped; what was copied is of no use then. */
static bool copy_plain(char *to, struct ms_str text)
{
  size_t at = 0;
  for (; text.len - at >= 8; at += 8) {
    uint64_t word;
    memcpy(&word, text.data + at, sizeof word);
    if (word_needs_escape(word)) {
      return false;
    }
    memcpy(to + at, &word, sizeof word);
  }
  for (; at < text.len; at++) {
    if (needs_escape((unsigned char)text.data[at])) {
      return false;
    }
    to[at] = text.data[at];
  }
  return true;
}

static void compact_string(struct cursor *c, struct ms_str text)
{
  if (cursor_room(c) > text.len + 2 && copy_plain(c->at + 1, text)) {
    c->at[0] = '"';
    c->at[text.len + 1] = '"';
    c->at += text.len + 2;
    return;
  }
  cursor_store(c);
  ms_json_print_string(c->out, text);
  cursor_load(c);
}

#define NUMBER_ROOM 40 /* of any INT and DOUBLE, with the NUL that print_double adds */

static void compact_int(struct cursor *c, int64_t integer)
{
  char digits[24];
  size_t at = sizeof digits;
  uint64_t rest = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
  do {
    digits[--at] = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest != 0);
  if (integer < 0) {
    digits[--at] = '-';
  }
  memcpy(c->at, digits + at, sizeof digits - at);
  c->at += sizeof digits - at;
}

static void compact_scalar(struct cursor *c, struct ms_json value)
{
  if (value.type == MS_JSON_STRING) {
    compact_string(c, ms_json_string_view(value.u.string));
    return;
  }
  if (value.type == MS_JSON_INT && value.reserved == 0 && cursor_room(c) >= NUMBER_ROOM) {
    compact_int(c, value.u.integer);
    return;
  }
  if (value.type == MS_JSON_DOUBLE && cursor_room(c) >= NUMBER_ROOM) {
    c->at += ms_json_print_double(c->at, value.u.number);
    return;
  }
  cursor_store(c);
  print_scalar(c->out, value);
  cursor_load(c);
}

static void compact_value(struct cursor *c, struct ms_json value);

static void compact_array(struct cursor *c, const struct ms_json_array *array)
{
  compact_char(c, '[');
  for (uint32_t i = 0; i < array->count && c->out->error == 0; i++) {
    if (i > 0) {
      compact_char(c, ',');
    }
    compact_value(c, array->items[i]);
  }
  compact_char(c, ']');
}

static void compact_object(struct cursor *c, const struct ms_json_object *object)
{
  compact_char(c, '{');
  for (uint32_t i = 0; i < object->count && c->out->error == 0; i++) {
    if (i > 0) {
      compact_char(c, ',');
    }
    compact_string(c, ms_json_string_view(object->members[i].key));
    compact_char(c, ':');
    compact_value(c, object->members[i].value);
  }
  compact_char(c, '}');
}

static void compact_value(struct cursor *c, struct ms_json value)
{
  if (value.type == MS_JSON_ARRAY) {
    compact_array(c, value.u.array);
  } else if (value.type == MS_JSON_OBJECT) {
    compact_object(c, value.u.object);
  } else {
    compact_scalar(c, value);
  }
}

void ms_json_print(struct ms_buf *out, struct ms_json value)
{
  struct cursor c = {out, NULL, NULL};
  cursor_load(&c);
  compact_value(&c, value);
  cursor_store(&c);
}

/* ---- pretty ---- */

struct printer {
  struct ms_buf *out;
  unsigned indent;
};

static void print_value(const struct printer *p, struct ms_json value, unsigned level);

static void new_line(const struct printer *p, unsigned level)
{
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
    ms_buf_put(p->out, ": ", 2);
    print_value(p, object->members[i].value, level + 1);
  }
  if (object->count > 0) {
    new_line(p, level);
  }
  ms_buf_char(p->out, '}');
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

void ms_json_print_pretty(struct ms_buf *out, struct ms_json value, unsigned indent)
{
  struct printer p = {out, indent};
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
