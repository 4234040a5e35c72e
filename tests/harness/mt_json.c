/* Comparison of JSON values with JSON text. Linked only into tests that ask for it. */
#include "mt.h"

#include <stdlib.h>

#include "json/json.h"

static char *printed(struct ms_json value)
{
  struct ms_buf buf;
  ms_buf_init(&buf, MS_BUF_MAX_DEFAULT);
  ms_json_print(&buf, value);
  char *text = mt_format("%.*s", (int)buf.len, buf.data == NULL ? "(no value)" : buf.data);
  if (buf.len == 0) {
    text = mt_format("(no value)");
  }
  ms_buf_deinit(&buf);
  return text;
}

void mt_eq_json_at(const char *file, int line, const char *what, const struct ms_json *value,
                   const char *text, bool exact)
{
  struct ms_json expected = MS_JSON_VALUE_NONE;
  if (ms_json_parse(&expected, ms_str_c(text), NULL, NULL) != 0) {
    mt_fail_at(file, line, "the expected text is no JSON: %s", text);
  }
  bool same = exact ? ms_json_identical(*value, expected) : ms_json_equal(*value, expected);
  if (!same) {
    mt_fail_at(file, line, "%s\n  is       %s\n  expected %s", what, printed(*value), text);
  }
  ms_json_unref(expected);
}
