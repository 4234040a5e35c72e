/* States.Hash. */
#include "base/digest.h"
#include "base/utf8.h"
#include "query/intrinsics/call.h"

#define DATA_MAX_CHARS 10000

/* What is no string is hashed as its JSON text, as AWS does. */
int ms_call_hash(struct ms_json *out, struct ms_call_run *run, const struct ms_json *args,
                 size_t count)
{
  char hex[MS_DIGEST_HEX_SIZE];
  (void)count;
  if (!ms_json_is_string(args[1])) {
    return ms_call_invalid(run);
  }
  struct ms_json data =
      ms_json_is_string(args[0]) ? ms_json_ref(args[0]) : ms_json_print_value(args[0]);
  if (ms_json_is_none(data)) {
    return 0; /* the caller reports that memory is out */
  }
  struct ms_str text = ms_json_text(data);
  bool is_valid = ms_utf8_count_utf16(text) <= DATA_MAX_CHARS &&
                  ms_digest_hex(hex, ms_json_text(args[1]), text) == 0;
  ms_json_unref(data);
  if (!is_valid) {
    return ms_call_invalid(run);
  }
  *out = ms_json_cstring(hex);
  return 0;
}
