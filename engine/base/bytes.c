/*
 * Numbers and strings in bytes. What records are made of them, and which version of a record this
 * is, is the caller's.
 */
#include "base/bytes.h"

#include "base/error.h"

/* ---- writing ---- */

void ms_bytes_put_number(struct ms_buf *out, uint64_t value)
{
  char *to = ms_buf_reserve(out, MS_BYTES_NUMBER_MAX);
  if (to == NULL) {
    return;
  }
  size_t len = 0;
  for (; value >= 0x80; value >>= 7) {
    to[len++] = (char)(value | 0x80);
  }
  to[len++] = (char)value;
  ms_buf_added(out, len);
}

void ms_bytes_put_signed(struct ms_buf *out, int64_t value)
{
  ms_bytes_put_number(out, ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0));
}

static void put_fixed(struct ms_buf *out, uint64_t value, size_t len)
{
  char *to = ms_buf_reserve(out, len);
  if (to == NULL) {
    return;
  }
  for (size_t i = 0; i < len; i++) {
    to[i] = (char)(value >> (8 * i));
  }
  ms_buf_added(out, len);
}

void ms_bytes_put_fixed32(struct ms_buf *out, uint32_t value)
{
  put_fixed(out, value, sizeof value);
}

void ms_bytes_put_fixed64(struct ms_buf *out, uint64_t value)
{
  put_fixed(out, value, sizeof value);
}

void ms_bytes_put_text(struct ms_buf *out, struct ms_str text)
{
  ms_bytes_put_number(out, text.len);
  ms_buf_str(out, text);
}

/* ---- reading ---- */

void ms_bytes_reader_init(struct ms_bytes_reader *reader, struct ms_str bytes)
{
  *reader = (struct ms_bytes_reader){bytes.data, bytes.len, 0, 0};
}

bool ms_bytes_is_end(const struct ms_bytes_reader *reader)
{
  return reader->at >= reader->len;
}

int ms_bytes_fail(struct ms_bytes_reader *reader, const char *what)
{
  if (reader->error == 0) {
    reader->error = ms_error(MSTEP_EIO, "%s at byte %zu of %zu", what, reader->at, reader->len);
    reader->at = reader->len;
  }
  return reader->error;
}

uint64_t ms_bytes_number(struct ms_bytes_reader *reader)
{
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (reader->at >= reader->len) {
      ms_bytes_fail(reader, "a number is cut short");
      return 0;
    }
    uint64_t byte = (unsigned char)reader->data[reader->at++];
    if (shift == 63 && byte > 1) {
      break;
    }
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      return value;
    }
  }
  ms_bytes_fail(reader, "a number of more than 64 bits");
  return 0;
}

uint32_t ms_bytes_number32(struct ms_bytes_reader *reader)
{
  uint64_t value = ms_bytes_number(reader);
  if (value > UINT32_MAX) {
    ms_bytes_fail(reader, "a number of more than 32 bits");
    return 0;
  }
  return (uint32_t)value;
}

int64_t ms_bytes_signed(struct ms_bytes_reader *reader)
{
  uint64_t value = ms_bytes_number(reader);
  return (int64_t)((value >> 1) ^ ((value & 1) != 0 ? UINT64_MAX : 0));
}

uint8_t ms_bytes_byte(struct ms_bytes_reader *reader)
{
  if (reader->at >= reader->len) {
    ms_bytes_fail(reader, "a byte is missing");
    return 0;
  }
  return (uint8_t)reader->data[reader->at++];
}

static uint64_t get_fixed(struct ms_bytes_reader *reader, size_t len)
{
  if (reader->len - reader->at < len) {
    ms_bytes_fail(reader, "a number is cut short");
    return 0;
  }
  uint64_t value = 0;
  for (size_t i = 0; i < len; i++) {
    value |= (uint64_t)(unsigned char)reader->data[reader->at++] << (8 * i);
  }
  return value;
}

uint32_t ms_bytes_fixed32(struct ms_bytes_reader *reader)
{
  return (uint32_t)get_fixed(reader, sizeof(uint32_t));
}

uint64_t ms_bytes_fixed64(struct ms_bytes_reader *reader)
{
  return get_fixed(reader, sizeof(uint64_t));
}

struct ms_str ms_bytes_text(struct ms_bytes_reader *reader)
{
  uint64_t len = ms_bytes_number(reader);
  if (len > reader->len - reader->at) {
    ms_bytes_fail(reader, "a text is cut short");
    len = 0;
  }
  if (len == 0) {
    return MS_STR("");
  }
  struct ms_str text = {reader->data + reader->at, (size_t)len};
  reader->at += (size_t)len;
  return text;
}
