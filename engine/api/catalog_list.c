/* See catalog_list.h. A token is the place of the last entry of a page. */
#include "api/catalog_list.h"

#include <stdio.h>

#include "base/error.h"

static bool read_token(uint64_t *place, struct ms_str token)
{
  *place = 0;
  for (size_t i = 0; i < token.len; i++) {
    char c = token.data[i];
    if (c < '0' || c > '9' || *place > UINT64_MAX / 100) {
      return false;
    }
    *place = *place * 10 + (uint64_t)(c - '0');
  }
  return token.data == NULL || token.len > 0;
}

int ms_api_catalog_list(struct ms_api_call *call, const struct ms_api_catalog_list *list)
{
  uint64_t place, last = 0;
  const char *token = list->token == NULL ? "nextToken" : list->token;
  if (!read_token(&place, ms_api_text(call, token))) {
    return ms_api_fail(call, MS_API_ERROR_INVALID_TOKEN, MS_STR(""));
  }
  int64_t max = ms_api_int(call, list->limit == NULL ? "maxResults" : list->limit, 0);
  size_t room = max <= 0 ? 100 : (size_t)max;
  struct ms_json items = ms_json_array(0);
  int err = ms_json_is_none(items) ? ms_error_nomem() : MSTEP_OK;
  bool is_more = false;
  struct ms_str name;
  for (struct ms_json value;
       err == 0 && !is_more &&
       ms_catalog_next(&name, &value, &place, ms_api_engine(call), list->kind);) {
    if (list->is_wanted != NULL && !list->is_wanted(call, name, value)) {
      continue;
    }
    is_more = ms_json_count(items) == room;
    if (!is_more) {
      err = ms_json_push(&items, list->item(name, value));
      last = place;
    }
  }
  struct ms_json reply = MS_JSON_VALUE_NONE;
  if (err == 0) {
    reply = ms_api_object(list->member, items);
    if (is_more) {
      err = ms_json_setc(&reply, token, ms_json_stringf("%llu", (unsigned long long)last));
    }
  } else {
    ms_json_unref(items);
  }
  if (err != 0) {
    ms_json_unref(reply);
    return err;
  }
  return ms_api_reply_json(call, reply);
}

struct ms_json ms_api_pick(struct ms_json from, const char *const *names)
{
  struct ms_json out = ms_json_object(8);
  for (; *names != NULL; names++) {
    struct ms_json value = ms_json_getc(from, *names);
    if (!ms_json_is_none(value) && ms_json_setc(&out, *names, ms_json_ref(value)) != 0) {
      ms_json_replace(&out, MS_JSON_VALUE_NONE);
      break;
    }
  }
  return out;
}

int ms_api_copy(struct ms_json *object, const struct ms_api_call *call, const char *const *names)
{
  int err = MSTEP_OK;
  for (; *names != NULL && err == 0; names++) {
    if (ms_api_has(call, *names)) {
      err = ms_json_setc(object, *names, ms_json_ref(ms_api_get(call, *names)));
    }
  }
  return err;
}

int ms_api_catalog_put(struct ms_api_call *call, const char *kind, struct ms_str name,
                       struct ms_json value, struct ms_json reply)
{
  int err = ms_json_is_none(value) || ms_json_is_none(reply) ? ms_error_nomem() : MSTEP_OK;
  if (err == 0) {
    err = ms_catalog_put(ms_api_engine(call), kind, name, ms_json_ref(value));
  }
  ms_json_unref(value);
  if (err != 0) {
    ms_json_unref(reply);
    return err;
  }
  return ms_api_finish(call, reply);
}
