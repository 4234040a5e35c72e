/* Finds the file of a time zone. The only part of schedules that touches the disk. */
#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"
#include "messaging/zone.h"

#define DIRECTORY "/usr/share/zoneinfo/"
#define NAME_MAX_LEN 64

bool ms_zone_name_is_valid(struct ms_str name)
{
  bool at_start = true; /* of a part */
  if (name.len == 0 || name.len > NAME_MAX_LEN) {
    return false;
  }
  for (size_t i = 0; i < name.len; i++) {
    char c = ms_ascii_lower(name.data[i]);
    bool is_letter = c >= 'a' && c <= 'z';
    bool is_inner = (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '_';
    if (c == '/' ? at_start : !is_letter && (at_start || !is_inner)) {
      return false;
    }
    at_start = c == '/';
  }
  return !at_start;
}

static bool is_utc(struct ms_str name)
{
  static const char *const names[] = {"UTC", "Etc/UTC", "GMT", "Etc/GMT", "Etc/UCT", "UCT", "Zulu"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (ms_str_is(name, names[i])) {
      return true;
    }
  }
  return false;
}

static int read_all(struct ms_buf *out, FILE *file)
{
  char block[4096];
  size_t len;
  while ((len = fread(block, 1, sizeof block, file)) > 0) {
    ms_buf_put(out, block, len);
  }
  if (ferror(file) != 0) {
    return ms_error(MSTEP_EIO, "a time zone cannot be read");
  }
  return out->error == MSTEP_ENOMEM ? ms_error_nomem() : out->error;
}

int ms_zone_load(struct ms_zone **out, struct ms_str name)
{
  char path[sizeof DIRECTORY + NAME_MAX_LEN];
  struct ms_buf bytes;
  *out = NULL;
  if (!ms_zone_name_is_valid(name)) {
    return ms_error(MSTEP_ENOTFOUND, "%.*s is no time zone", MS_STR_ARG(name));
  }
  if (is_utc(name)) {
    return 0;
  }
  snprintf(path, sizeof path, DIRECTORY "%.*s", MS_STR_ARG(name));
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    return ms_error(MSTEP_ENOTFOUND, "%.*s is no time zone", MS_STR_ARG(name));
  }
  ms_buf_init(&bytes, MS_ZONE_BYTES_MAX);
  int err = read_all(&bytes, file);
  fclose(file);
  if (err == 0) {
    err = ms_zone_parse(out, ms_buf_view(&bytes));
  }
  ms_buf_deinit(&bytes);
  return err;
}
