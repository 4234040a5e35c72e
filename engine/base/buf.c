/*
 * The growing buffer. Doubles its memory; one byte is always kept for the terminating NUL, so that
 * data can be handed to functions that want a C string.
 */
#include "base/buf.h"

#include <stdio.h>

#include "base/alloc.h"
#include "mstep/error.h"

#define FIRST_CAPACITY 64

void ms_buf_init(struct ms_buf *buf, size_t max_bytes)
{
  size_t max = max_bytes == 0 ? MS_BUF_MAX_DEFAULT : max_bytes;
  *buf = (struct ms_buf){NULL, 0, 0, max > SIZE_MAX / 2 ? SIZE_MAX / 2 : max, 0};
}

void ms_buf_deinit(struct ms_buf *buf)
{
  ms_free(buf->data);
  *buf = (struct ms_buf){NULL, 0, 0, buf->max, 0};
}

void ms_buf_reset(struct ms_buf *buf)
{
  buf->len = 0;
  buf->error = 0;
  if (buf->data != NULL) {
    buf->data[0] = '\0';
  }
}

static char *reserve_more(struct ms_buf *buf, size_t len)
{
  if (len > buf->max || buf->len > buf->max - len) {
    buf->error = MSTEP_ETOOBIG;
    return NULL;
  }
  size_t needed = buf->len + len + 1;
  size_t capacity = buf->capacity < FIRST_CAPACITY ? FIRST_CAPACITY : buf->capacity;
  while (capacity < needed) {
    capacity *= 2; /* cannot overflow: max is at most SIZE_MAX / 2 */
  }
  char *data = ms_realloc(buf->data, capacity);
  if (data == NULL) {
    buf->error = MSTEP_ENOMEM;
    return NULL;
  }
  buf->data = data;
  buf->capacity = capacity;
  return data + buf->len;
}

char *ms_buf_reserve(struct ms_buf *buf, size_t len)
{
  if (buf->error != 0) {
    return NULL;
  }
  if (len < buf->capacity - buf->len && len <= buf->max - buf->len) {
    return buf->data + buf->len;
  }
  return reserve_more(buf, len);
}

void ms_buf_added(struct ms_buf *buf, size_t len)
{
  if (buf->error == 0) {
    buf->len += len;
    buf->data[buf->len] = '\0';
  }
}

void ms_buf_put(struct ms_buf *buf, const void *data, size_t len)
{
  char *to = ms_buf_reserve(buf, len);
  if (to == NULL) {
    return;
  }
  if (len > 0) {
    memcpy(to, data, len);
  }
  ms_buf_added(buf, len);
}

void ms_buf_str(struct ms_buf *buf, struct ms_str s)
{
  ms_buf_put(buf, s.data, s.len);
}

void ms_buf_cstr(struct ms_buf *buf, const char *text)
{
  ms_buf_put(buf, text, strlen(text));
}

void ms_buf_char(struct ms_buf *buf, char c)
{
  char *to = ms_buf_reserve(buf, 1);
  if (to != NULL) {
    *to = c;
    ms_buf_added(buf, 1);
  }
}

void ms_buf_int(struct ms_buf *buf, int64_t value)
{
  char digits[24];
  size_t at = sizeof digits;
  uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  do {
    digits[--at] = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest != 0);
  if (value < 0) {
    digits[--at] = '-';
  }
  ms_buf_put(buf, digits + at, sizeof digits - at);
}

void ms_buf_printf(struct ms_buf *buf, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  ms_buf_vprintf(buf, format, args);
  va_end(args);
}

void ms_buf_vprintf(struct ms_buf *buf, const char *format, va_list args)
{
  if (buf->error != 0) {
    return;
  }
  va_list again;
  va_copy(again, args);
  size_t room = buf->capacity - buf->len;
  int len = vsnprintf(room == 0 ? NULL : buf->data + buf->len, room, format, args);
  if (len < 0) {
    buf->error = MSTEP_EINVALID;
  } else if ((size_t)len < room && (size_t)len <= buf->max - buf->len) {
    buf->len += (size_t)len;
  } else {
    char *to = ms_buf_reserve(buf, (size_t)len);
    if (to != NULL) {
      vsnprintf(to, (size_t)len + 1, format, again);
      buf->len += (size_t)len;
    }
  }
  if (buf->error != 0 && room > 0) {
    buf->data[buf->len] = '\0';
  }
  va_end(again);
}

char *ms_buf_take(struct ms_buf *buf, size_t *len)
{
  /* An empty buffer still gives a string, so that NULL always means failure. */
  if (ms_buf_reserve(buf, 0) == NULL) {
    ms_buf_deinit(buf);
    if (len != NULL) {
      *len = 0;
    }
    return NULL;
  }
  char *data = buf->data;
  data[buf->len] = '\0';
  if (len != NULL) {
    *len = buf->len;
  }
  *buf = (struct ms_buf){NULL, 0, 0, buf->max, 0};
  return data;
}
