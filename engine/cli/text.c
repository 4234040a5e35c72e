/*
 * Text for the program: the one growing buffer, reading of files, JSON as text. The program knows the
 * library by its public header only, so it has this one use of realloc and free of its own.
 */
#include "cli/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void *ms_cli_resize(void *data, size_t size)
{
  if (size == 0) {
    free(data);
    return NULL;
  }
  return realloc(data, size);
}

void ms_text_deinit(struct ms_text *text)
{
  ms_cli_resize(text->data, 0);
  *text = (struct ms_text){0};
}

/* Room for `more` characters and a NUL. */
static bool reserve(struct ms_text *text, size_t more)
{
  if (text->is_failed || more > MS_TEXT_MAX - text->len) {
    text->is_failed = true;
    return false;
  }
  size_t need = text->len + more + 1;
  if (need <= text->capacity) {
    return true;
  }
  size_t capacity = text->capacity < 256 ? 256 : text->capacity;
  while (capacity < need) {
    capacity *= 2;
  }
  char *data = ms_cli_resize(text->data, capacity);
  if (data == NULL) {
    text->is_failed = true;
    return false;
  }
  text->data = data;
  text->capacity = capacity;
  return true;
}

void ms_text_add(struct ms_text *text, const char *data, size_t len)
{
  if (!reserve(text, len)) {
    return;
  }
  if (len > 0) {
    memcpy(text->data + text->len, data, len);
  }
  text->len += len;
  text->data[text->len] = '\0';
}

void ms_text_put(struct ms_text *text, const char *string)
{
  ms_text_add(text, string, strlen(string));
}

void ms_text_printf(struct ms_text *text, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  int need = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (need < 0 || !reserve(text, (size_t)need)) {
    text->is_failed = true;
    return;
  }
  va_start(args, format);
  vsnprintf(text->data + text->len, (size_t)need + 1, format, args);
  va_end(args);
  text->len += (size_t)need;
}

mstep_str ms_text_str(const struct ms_text *text)
{
  mstep_str s = {text->data != NULL ? text->data : "", text->len};
  return s;
}

void ms_text_sink(mstep_str text, void *user)
{
  ms_text_add(user, text.data, text.len);
}

/* Adds what is left of a stream. 0 or errno. */
static int read_stream(struct ms_text *text, FILE *file)
{
  enum { CHUNK = 65536 };
  for (;;) {
    if (!reserve(text, CHUNK)) {
      return text->len + CHUNK > MS_TEXT_MAX ? EFBIG : ENOMEM;
    }
    errno = 0;
    size_t got = fread(text->data + text->len, 1, CHUNK, file);
    text->len += got;
    text->data[text->len] = '\0';
    if (got < CHUNK) {
      return ferror(file) ? (errno != 0 ? errno : EIO) : 0;
    }
  }
}

int ms_text_read(struct ms_text *text, const char *path)
{
  if (strcmp(path, "-") == 0) {
    return read_stream(text, stdin);
  }
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    return errno;
  }
  int code = read_stream(text, file);
  fclose(file);
  return code;
}

void ms_text_clip(struct ms_text *out, const char *string, size_t width)
{
  size_t columns = 0, at = 0, fits = 0;
  for (; string[at] != '\0' && string[at] != '\n'; at++) {
    if (((unsigned char)string[at] & 0xC0) != 0x80) {
      columns++;
    }
    if (columns < width) {
      fits = at + 1;
    }
  }
  /* A control character from a handler's message must not reach the terminal. */
  size_t end = columns <= width ? at : fits;
  for (size_t i = 0; i < end; i++) {
    unsigned char c = (unsigned char)string[i];
    ms_text_add(out, c < 0x20 || c == 0x7F ? " " : string + i, 1);
  }
  if (end < at) {
    ms_text_put(out, "…");
  }
}
