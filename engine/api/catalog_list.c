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
  for (struct ms_json value; err == 0 && !is_more && ms_catalog_next(&name, &value, &place,
                                                                     ms_api_engine(call), list->kind);) {
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
      err = ms_json_setc(&reply, token,
                         ms_json_stringf("%llu", (unsigned long long)last));
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
