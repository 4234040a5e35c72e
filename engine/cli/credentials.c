/* See credentials.h. A file that others may read is refused, as ssh refuses such keys. */
#include "cli/credentials.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "cli/cli.h"

#define FILE_MAX ((size_t)64 << 10)

static bool read_file(struct ms_buf *out, const char *path)
{
  struct stat info;
  FILE *file = fopen(path, "rb");
  if (file == NULL || fstat(fileno(file), &info) != 0) {
    ms_cli_error("could not read %s: %s", path, strerror(errno));
    if (file != NULL) {
      fclose(file);
    }
    return false;
  }
  bool is_private = (info.st_mode & (S_IRWXG | S_IRWXO)) == 0;
  char *to = is_private ? ms_buf_reserve(out, FILE_MAX) : NULL;
  if (to != NULL) {
    ms_buf_added(out, fread(to, 1, FILE_MAX, file));
  }
  fclose(file);
  if (!is_private) {
    ms_cli_error("%s has secrets and others may read it", path);
    ms_cli_hint("Say chmod 600 %s.", path);
  }
  return is_private && out->error == 0;
}

static struct ms_str trim(struct ms_str text)
{
  while (text.len > 0 && strchr(" \t\r", text.data[0]) != NULL) {
    text.data++;
    text.len--;
  }
  while (text.len > 0 && strchr(" \t\r", text.data[text.len - 1]) != NULL) {
    text.len--;
  }
  return text;
}

/* One line of a profile; the secret follows its id, or the other way round. */
static void read_line(struct ms_credentials *out, struct ms_str *id, struct ms_str *secret,
                      struct ms_str line)
{
  size_t equals = ms_str_find(line, 0, '=');
  struct ms_str name = trim(ms_str_sub(line, 0, equals));
  struct ms_str value = trim(ms_str_sub(line, equals + 1, line.len));
  if (line.len > 0 && line.data[0] == '[') {
    *id = *secret = (struct ms_str){NULL, 0};
  } else if (ms_str_eq(name, MS_STR("aws_access_key_id"))) {
    *id = value;
  } else if (ms_str_eq(name, MS_STR("aws_secret_access_key"))) {
    *secret = value;
  }
  if (id->len > 0 && secret->len > 0 && out->count < MS_CREDENTIALS_MAX) {
    out->keys[out->count].id = *id;
    out->keys[out->count++].secret = *secret;
    *id = *secret = (struct ms_str){NULL, 0};
  }
}

bool ms_credentials_read(struct ms_credentials *out, const char *path)
{
  struct ms_str id = {NULL, 0}, secret = {NULL, 0};
  ms_buf_init(&out->text, FILE_MAX);
  out->count = 0;
  if (!read_file(&out->text, path)) {
    return false;
  }
  struct ms_str text = ms_buf_view(&out->text);
  for (size_t at = 0; at < text.len;) {
    size_t end = ms_str_find(text, at, '\n');
    read_line(out, &id, &secret, trim(ms_str_sub(text, at, end)));
    at = end + 1;
  }
  if (out->count == 0) {
    ms_cli_error("%s has no aws_access_key_id with an aws_secret_access_key", path);
  }
  return out->count > 0;
}

void ms_credentials_deinit(struct ms_credentials *credentials)
{
  volatile char *bytes = credentials->text.data;
  for (size_t i = 0; bytes != NULL && i < credentials->text.len; i++) {
    bytes[i] = 0;
  }
  ms_buf_deinit(&credentials->text);
  credentials->count = 0;
}

int ms_credentials_find(struct ms_str *secret, const struct ms_credentials *credentials,
                        struct ms_str id)
{
  for (size_t i = 0; i < credentials->count; i++) {
    if (ms_str_eq(credentials->keys[i].id, id)) {
      *secret = credentials->keys[i].secret;
      return MSTEP_OK;
    }
  }
  return MSTEP_ENOTFOUND;
}
