/* $formatInteger and $parseInteger. */
#include "query/jsonata/functions.h"
#include "query/jsonata/picture.h"

struct ms_jx ms_jx_fn_formatInteger(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  struct ms_jx_int_format format;
  if (args[0].type == MS_JX_UNDEFINED) {
    return args[0];
  }
  if (!ms_jx_int_analyse(ev, &format, ms_jx_text(args[1]))) {
    return MS_JX_VALUE_ERROR;
  }
  double value = floor(ms_jx_number(args[0]));
  if (!isfinite(value)) {
    return ms_jx_fail_value(ev, "D1001", args[0]);
  }
  struct ms_buf out;
  ms_buf_init(&out, ev->max_value_bytes);
  if (!ms_jx_int_format(ev, &out, value, &format)) {
    ms_buf_deinit(&out);
    return MS_JX_VALUE_ERROR;
  }
  return ms_jx_take_buf(ev, &out);
}

struct ms_jx ms_jx_fn_parseInteger(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  struct ms_jx_int_format format;
  double value;
  if (args[0].type == MS_JX_UNDEFINED) {
    return args[0];
  }
  if (!ms_jx_int_analyse(ev, &format, ms_jx_text(args[1])) ||
      !ms_jx_int_parse(ev, &value, ms_jx_text(args[0]), &format)) {
    return MS_JX_VALUE_ERROR;
  }
  return ms_jx_double(value);
}
