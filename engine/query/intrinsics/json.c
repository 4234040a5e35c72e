/* States.StringToJson, States.JsonToString and States.JsonMerge. */
#include "base/error.h"
#include "query/intrinsics/call.h"

static bool is_blank(struct ms_str text)
{
  for (size_t i = 0; i < text.len; i++) {
    char c = text.data[i];
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
      return false;
    }
  }
  return true;
}

int ms_call_string_to_json(struct ms_json *out, struct ms_call_run *run, const struct ms_json *args,
                           size_t count)
{
  (void)count;
  if (!ms_json_is_string(args[0])) {
    return ms_call_invalid(run);
  }
  if (is_blank(ms_json_text(args[0]))) {
    *out = MS_JSON_VALUE_NULL;
    return 0;
  }
  int err = ms_json_parse(out, ms_json_text(args[0]), NULL, NULL);
  if (err == MSTEP_ENOMEM) {
    return err;
  }
  if (err != 0) {
    return ms_call_fail(run, "Cannot convert String to Json in States.StringToJson, caused by: %s",
                        ms_error_detail());
  }
  if (out->type == MS_JSON_INT && out->u.integer == 0) {
    *out = ms_json_int(0); /* "-0" is 0 */
  }
  return 0;
}

int ms_call_json_to_string(struct ms_json *out, struct ms_call_run *run, const struct ms_json *args,
                           size_t count)
{
  (void)run;
  (void)count;
  *out = ms_json_print_value(args[0]);
  return 0;
}

/* Shallow. The third argument would ask for a deep merge, which AWS refuses; what is no boolean is false. */
int ms_call_json_merge(struct ms_json *out, struct ms_call_run *run, const struct ms_json *args,
                       size_t count)
{
  (void)count;
  if (!ms_json_is_object(args[0]) || !ms_json_is_object(args[1]) || ms_json_is_true(args[2])) {
    return ms_call_invalid(run);
  }
  struct ms_json merged = ms_json_ref(args[0]);
  for (size_t i = 0; i < ms_json_count(args[1]); i++) {
    int err = ms_json_set_key(&merged, ms_json_key_value(args[1], i),
                              ms_json_ref(ms_json_member(args[1], i)));
    if (err != 0) {
      ms_json_unref(merged);
      return err;
    }
  }
  *out = merged;
  return 0;
}
