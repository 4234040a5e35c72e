/* See tags.h. */
#include "messaging/tags.h"

#include "base/error.h"

static struct ms_str key_of(struct ms_json tag)
{
  struct ms_json key = ms_json_getc(tag, "Key");
  return ms_json_is_string(key) ? ms_json_text(key) : (struct ms_str){NULL, 0};
}

/* Among texts, or the keys of tags. */
static bool is_among(struct ms_json list, struct ms_str key)
{
  for (size_t i = 0; i < ms_json_count(list); i++) {
    struct ms_json one = ms_json_at(list, i);
    if (ms_str_eq(ms_json_is_string(one) ? ms_json_text(one) : key_of(one), key)) {
      return true;
    }
  }
  return false;
}

int ms_tags_change(struct ms_json *out, struct ms_json tags, struct ms_json keys,
                   struct ms_json added)
{
  *out = ms_json_array(4);
  int err = ms_json_is_none(*out) ? ms_error_nomem() : MSTEP_OK;
  for (size_t i = 0; err == 0 && i < ms_json_count(tags); i++) {
    struct ms_json tag = ms_json_at(tags, i);
    if (!is_among(keys, key_of(tag)) && !is_among(added, key_of(tag))) {
      err = ms_json_push(out, ms_json_ref(tag));
    }
  }
  for (size_t i = 0; err == 0 && i < ms_json_count(added); i++) {
    err = ms_json_push(out, ms_json_ref(ms_json_at(added, i)));
  }
  if (err != 0) {
    ms_json_replace(out, MS_JSON_VALUE_NONE);
  }
  return err;
}

int ms_tags_answer(struct ms_json *reply, struct ms_json tags)
{
  *reply = ms_json_object(1);
  return ms_json_setc(reply, "Tags", ms_json_is_array(tags) ? ms_json_ref(tags) : ms_json_array(0));
}
