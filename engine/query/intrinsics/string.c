/* States.Format and States.StringSplit. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/utf8.h"
#include "query/intrinsics/call.h"
#include "query/java_text.h"

#define FORMAT_MAX_BYTES ((size_t)16 << 20)
#define CODE_POINTS 0x110000

/*
 * Copies the template to `text`, values in place of `{}`. `\` takes the next of {}'\ as it is. Stops at
 * what is no template: *problem says why. *used counts the values asked for, also past the last.
 */
static void fill_template(struct ms_buf *text, size_t *used, const char **problem,
                          const struct ms_json *args, size_t count)
{
  struct ms_str template = ms_json_text(args[0]);
  *used = 0;
  *problem = NULL;
  for (size_t i = 0; i < template.len; i++) {
    char c = template.data[i];
    char next = i + 1 < template.len ? template.data[i + 1] : '\0';
    if (c == '\\' && next != '\0' && strchr("{}'\\", next) != NULL) {
      ms_buf_char(text, next);
      i++;
    } else if (c == '}') {
      *problem = "matching '{' not found for '}'";
      return;
    } else if (c != '{') {
      ms_buf_char(text, c);
    } else if (next != '}') {
      *problem = "matching '}' not found for '{'";
      return;
    } else {
      ++*used;
      i++;
      if (*used < count) {
        ms_java_print(text, args[*used]);
      }
    }
  }
}

int ms_call_format(struct ms_json *out, struct ms_call_run *run, const struct ms_json *args,
                   size_t count)
{
  if (!ms_json_is_string(args[0])) {
    return ms_call_invalid(run);
  }
  struct ms_buf text;
  size_t used;
  const char *problem;
  ms_buf_init(&text, FORMAT_MAX_BYTES);
  fill_template(&text, &used, &problem, args, count);
  int err = text.error;
  if (problem != NULL) {
    err = ms_call_fail(run, "Invalid template in States.Format: %s.", problem);
  } else if (used + 1 != count) {
    err = ms_call_invalid(run);
  }
  if (err == 0) {
    *out = ms_json_string(ms_buf_view(&text));
  }
  ms_buf_deinit(&text);
  return err;
}

/* ---- States.StringSplit ---- */

/* A set of code points, one bit each. Only the part that ASCII needs, unless there are others. */
struct point_set {
  uint8_t ascii[16];
  uint8_t *all; /* NULL: ASCII only */
};

static int fill_set(struct point_set *set, struct ms_str points)
{
  memset(set, 0, sizeof *set);
  size_t pos = 0;
  while (pos < points.len) {
    uint32_t point = ms_utf8_next(points, &pos);
    if (point < 128) {
      set->ascii[point / 8] |= (uint8_t)(1u << point % 8);
      continue;
    }
    if (set->all == NULL) {
      set->all = ms_calloc(CODE_POINTS / 8, 1);
      if (set->all == NULL) {
        return ms_error_nomem();
      }
    }
    set->all[point / 8] |= (uint8_t)(1u << point % 8);
  }
  return 0;
}

static bool set_has(const struct point_set *set, uint32_t point)
{
  const uint8_t *bits = point < 128 ? set->ascii : set->all;
  return bits != NULL && (bits[point / 8] >> point % 8 & 1) != 0;
}

static int push_token(struct ms_json *list, struct ms_str token)
{
  return token.len == 0 ? 0 : ms_json_push(list, ms_json_string(token));
}

static int split(struct ms_json *list, struct ms_str text, const struct point_set *delimiters)
{
  size_t begin = 0;
  size_t pos = 0;
  int err = 0;
  while (pos < text.len && err == 0) {
    size_t here = pos;
    if (set_has(delimiters, ms_utf8_next(text, &pos))) {
      err = push_token(list, ms_str_sub(text, begin, here));
      begin = pos;
    }
  }
  return err != 0 ? err : push_token(list, ms_str_sub(text, begin, text.len));
}

int ms_call_string_split(struct ms_json *out, struct ms_call_run *run, const struct ms_json *args,
                         size_t count)
{
  (void)count;
  if (!ms_json_is_string(args[0]) || !ms_json_is_string(args[1])) {
    return ms_call_invalid(run);
  }
  struct point_set delimiters;
  struct ms_json list = ms_json_array(0);
  int err = fill_set(&delimiters, ms_json_text(args[1]));
  if (err == 0) {
    err =
        ms_json_is_none(list) ? ms_error_nomem() : split(&list, ms_json_text(args[0]), &delimiters);
  }
  ms_free(delimiters.all);
  if (err != 0) {
    ms_json_unref(list);
    return err;
  }
  *out = list;
  return 0;
}
