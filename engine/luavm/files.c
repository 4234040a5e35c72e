/*
 * Files and their names: what may name a function or a module, a whole file as text, how a chunk is
 * called in messages.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "luavm/internal.h"

bool ms_lua_is_name(struct ms_str name, bool dots)
{
  if (name.len == 0 || name.len > MS_LUA_NAME_MAX) {
    return false;
  }
  bool after_dot = true;
  for (size_t i = 0; i < name.len; i++) {
    char c = name.data[i];
    bool is_dot = dots && c == '.';
    if ((is_dot && after_dot) || !(is_dot || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                   (c >= '0' && c <= '9') || c == '_' || c == '-')) {
      return false;
    }
    after_dot = is_dot;
  }
  return !after_dot;
}

static int read_stream(char **text, size_t *len, FILE *file, const char *path)
{
  struct ms_buf buf;
  ms_buf_init(&buf, MS_LUA_SOURCE_MAX);
  int err = MSTEP_OK;
  for (;;) {
    char *room = ms_buf_reserve(&buf, 4096);
    if (room == NULL) {
      err = buf.error == MSTEP_ETOOBIG
                ? ms_error(MSTEP_ETOOBIG, "%s is larger than %zu bytes", path, MS_LUA_SOURCE_MAX)
                : ms_error_nomem();
      break;
    }
    size_t got = fread(room, 1, 4096, file);
    ms_buf_added(&buf, got);
    if (got == 0) {
      if (ferror(file)) {
        err = ms_error(MSTEP_EIO, "%s: %s", path, strerror(errno));
      }
      break;
    }
  }
  if (err == 0) {
    *text = ms_buf_take(&buf, len);
    err = *text == NULL ? ms_error_nomem() : MSTEP_OK;
  }
  ms_buf_deinit(&buf);
  return err;
}

int ms_lua_read_file(char **text, size_t *len, const char *path)
{
  *text = NULL;
  *len = 0;
  FILE *file = fopen(path, "re");
  if (file == NULL) {
    if (errno == ENOMEM) {
      return ms_error_nomem();
    }
    int code = errno == ENOENT || errno == ENOTDIR ? MSTEP_ENOTFOUND : MSTEP_EIO;
    return ms_error(code, "%s: %s", path, strerror(errno));
  }
  int err = read_stream(text, len, file, path);
  fclose(file);
  return err;
}

/* The last part of a path: messages name functions/x.lua, wherever the folder is. */
struct ms_str ms_lua_base_name(const char *path)
{
  struct ms_str base = ms_str_c(path);
  while (base.len > 1 && base.data[base.len - 1] == '/') {
    base.len--;
  }
  for (size_t i = base.len; i > 1; i--) {
    if (base.data[i - 2] == '/') {
      return ms_str_sub(base, i - 1, base.len);
    }
  }
  return base;
}

char *ms_lua_format(const char *format, ...)
{
  struct ms_buf buf;
  va_list args;
  ms_buf_init(&buf, 0);
  va_start(args, format);
  ms_buf_vprintf(&buf, format, args);
  va_end(args);
  size_t len;
  char *text = ms_buf_take(&buf, &len);
  ms_buf_deinit(&buf);
  return text;
}

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

bool ms_lua_split_place(struct ms_str *file, int *line, struct ms_str *message, struct ms_str text)
{
  size_t colon = ms_str_find(text, 0, ':');
  size_t end = colon + 1;
  int64_t number = 0;
  while (end < text.len && is_digit(text.data[end]) && number < 100000000) {
    number = number * 10 + (text.data[end++] - '0');
  }
  if (end == colon + 1 || end >= text.len || text.data[end] != ':') {
    return false;
  }
  *file = ms_str_sub(text, 0, colon);
  *line = (int)number;
  *message = ms_str_sub(text, end + 1, text.len);
  while (message->len > 0 && message->data[0] == ' ') {
    *message = ms_str_sub(*message, 1, message->len);
  }
  return true;
}
