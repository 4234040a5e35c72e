/* See describe.h. */
#include "api/describe.h"

#include "base/error.h"

/* What METADATA_ONLY leaves out. */
static int strip(struct ms_json *object)
{
  static const char *const texts[] = {"input", "output"};
  static const char *const details[] = {"inputDetails", "outputDetails"};
  int err = ms_json_is_none(ms_json_getc(*object, "definition"))
                ? MSTEP_OK
                : ms_json_setc(object, "definition", ms_json_cstring("{}"));
  for (size_t i = 0; err == 0 && i < 2; i++) {
    if (!ms_json_is_none(ms_json_getc(*object, texts[i]))) {
      err = ms_json_remove(object, ms_str_c(texts[i]));
      err = err != 0
                ? err
                : ms_json_setc(object, details[i], ms_api_object("included", ms_json_bool(false)));
    }
  }
  return err;
}

int ms_api_describe(struct ms_api_call *call, struct ms_str arn,
                    int (*describe)(struct ms_buf *out, struct ms_engine *engine,
                                    struct ms_str arn),
                    enum ms_api_error missing)
{
  struct ms_buf text;
  ms_buf_init(&text, 0);
  int err = describe(&text, ms_api_engine(call), arn);
  if (err == 0 && !ms_str_is(ms_api_text(call, "includedData"), "METADATA_ONLY")) {
    return ms_api_reply_buf(call, &text);
  }
  if (err == MSTEP_ENOTFOUND) {
    err = ms_api_fail(call, missing, arn);
  } else if (err == 0) {
    const struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
    struct ms_json object = MS_JSON_VALUE_NONE;
    err = text.error != 0 ? text.error : ms_json_parse(&object, ms_buf_view(&text), &limits, NULL);
    err = err != 0 ? err : strip(&object);
    err = err != 0 ? err : ms_api_reply_json(call, ms_json_ref(object));
    ms_json_unref(object);
  }
  ms_buf_deinit(&text);
  return err;
}
