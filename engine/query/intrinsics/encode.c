/* States.Base64Encode and States.Base64Decode. */
#include "base/base64.h"
#include "base/error.h"
#include "base/utf8.h"
#include "query/intrinsics/call.h"

#define DATA_MAX_CHARS 10000
#define RESULT_MAX_BYTES ((size_t)1 << 20)

static bool is_data(struct ms_json value)
{
  return ms_json_is_string(value) && ms_utf8_count_utf16(ms_json_text(value)) <= DATA_MAX_CHARS;
}

int ms_call_base64_encode(struct ms_json *out, struct ms_call_run *run, const struct ms_json *args,
                          size_t count)
{
  struct ms_buf text;
  (void)count;
  if (!is_data(args[0])) {
    return ms_call_invalid(run);
  }
  ms_buf_init(&text, RESULT_MAX_BYTES);
  ms_base64_encode(&text, ms_json_text(args[0]));
  int err = text.error;
  *out = err == 0 ? ms_json_string(ms_buf_view(&text)) : MS_JSON_VALUE_NONE;
  ms_buf_deinit(&text);
  return err;
}

int ms_call_base64_decode(struct ms_json *out, struct ms_call_run *run, const struct ms_json *args,
                          size_t count)
{
  struct ms_buf bytes;
  struct ms_buf text;
  (void)count;
  if (!is_data(args[0])) {
    return ms_call_invalid(run);
  }
  ms_buf_init(&bytes, RESULT_MAX_BYTES);
  ms_buf_init(&text, RESULT_MAX_BYTES);
  int err = ms_base64_decode_lenient(&bytes, ms_json_text(args[0]));
  if (err == 0) {
    ms_utf8_repair(&text, ms_buf_view(&bytes));
    err = bytes.error != 0 ? bytes.error : text.error;
  }
  if (err == 0) {
    *out = ms_json_string(ms_buf_view(&text));
  }
  ms_buf_deinit(&bytes);
  ms_buf_deinit(&text);
  return err == MSTEP_ESYNTAX || err == MSTEP_EINVALID ? ms_call_invalid(run) : err;
}
