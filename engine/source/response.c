/* What functions say of the records of a batch: {"batchItemFailures": [{"itemIdentifier": "..."}]}. */
#include "base/error.h"
#include "source/internal.h"

/* An empty response, or none, means that all went well. */
static bool is_empty(struct ms_json value)
{
  return ms_json_is_null(value) || ms_json_is_none(value) ||
         (ms_json_is_string(value) && ms_json_text(value).len == 0) ||
         ((ms_json_is_object(value) || ms_json_is_array(value)) && ms_json_count(value) == 0);
}

/* MSTEP_EINVALID: not of that form. */
static int read_items(struct ms_json *failed, struct ms_json items,
                      bool (*knows)(struct ms_str identifier, const void *batch), const void *batch)
{
  int err = MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(items) && err == 0; i++) {
    struct ms_json id = ms_json_getc(ms_json_at(items, i), "itemIdentifier");
    bool is_known =
        ms_json_is_string(id) && ms_json_text(id).len > 0 && knows(ms_json_text(id), batch);
    err = is_known ? ms_json_push(failed, ms_json_ref(id)) : MSTEP_EINVALID;
  }
  return err;
}

static int read_value(enum ms_response *out, struct ms_json *failed, struct ms_json value,
                      bool (*knows)(struct ms_str identifier, const void *batch), const void *batch)
{
  struct ms_json items = ms_json_getc(value, "batchItemFailures");
  *out = MS_RESPONSE_FAILURE;
  if (is_empty(value) || (ms_json_is_object(value) && is_empty(items))) {
    *out = MS_RESPONSE_SUCCESS;
    return MSTEP_OK;
  }
  if (!ms_json_is_array(items)) {
    return MSTEP_OK;
  }
  *failed = ms_json_array(ms_json_count(items));
  int err = ms_json_is_none(*failed) ? ms_error_nomem() : read_items(failed, items, knows, batch);
  if (err != 0) {
    ms_json_replace(failed, MS_JSON_VALUE_NONE);
    return err == MSTEP_EINVALID ? MSTEP_OK : err;
  }
  *out = MS_RESPONSE_PARTIAL;
  return MSTEP_OK;
}

int ms_response_read(enum ms_response *out, struct ms_json *failed, struct ms_str payload,
                     bool (*knows)(struct ms_str identifier, const void *batch), const void *batch)
{
  struct ms_json value = MS_JSON_VALUE_NONE;
  *failed = MS_JSON_VALUE_NONE;
  int err = ms_json_parse(&value, payload, NULL, NULL);
  if (err != 0) {
    *out = MS_RESPONSE_FAILURE;
    return err == MSTEP_ENOMEM ? err : MSTEP_OK;
  }
  err = read_value(out, failed, value, knows, batch);
  ms_json_unref(value);
  return err;
}
