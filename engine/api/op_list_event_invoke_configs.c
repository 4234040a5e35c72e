/* ListFunctionEventInvokeConfigs: of all versions and aliases of a function, in the order they were made. */
#include "api/event_config.h"
#include "base/error.h"

static const struct ms_api_member members[] = {
    MS_MEMBER_FUNCTION_NAME,
    {.name = "MaxItems", .kind = MS_API_INTEGER, .min = 1, .max = 50},
    {.name = "Marker", .kind = MS_API_STRING, .max = 32},
    MS_MEMBER_END};

/* A marker is the qualifier's place. */
static size_t place_of(struct ms_str marker)
{
  size_t place = 0;
  for (size_t i = 0; i < marker.len && i < 9; i++) {
    char c = marker.data[i];
    place = c >= '0' && c <= '9' ? place * 10 + (size_t)(c - '0') : place;
  }
  return place;
}

static int fill(struct ms_json *out, struct ms_api_call *call, struct ms_function_name name,
                struct ms_json configs)
{
  size_t from = place_of(ms_api_text(call, "Marker"));
  size_t to = from + (size_t)ms_api_int(call, "MaxItems", 50);
  struct ms_json list = ms_json_array(4);
  int err = ms_json_is_none(list) ? ms_error_nomem() : MSTEP_OK;
  for (size_t i = from; i < to && i < ms_json_count(configs) && err == 0; i++) {
    name.qualifier = ms_json_key(configs, i);
    err = ms_json_push(&list, ms_api_event_config_show(call, &name, ms_json_member(configs, i)));
  }
  if (err != 0) {
    ms_json_unref(list);
    return err;
  }
  err = ms_json_setc(out, "FunctionEventInvokeConfigs", list);
  if (err == 0 && to < ms_json_count(configs)) {
    err = ms_json_setc(out, "NextMarker", ms_json_stringf("%zu", to));
  }
  return err;
}

static int run(struct ms_api_call *call)
{
  struct ms_function_name name;
  if (!ms_api_event_config_function(&name, call)) {
    return MSTEP_OK;
  }
  struct ms_json row = ms_invoke_row(ms_api_invoke(call), name.name);
  struct ms_json out = ms_json_object(2);
  if (fill(&out, call, name, ms_json_getc(row, "EventInvokeConfigs")) != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return ms_api_reply_json(call, out);
}

const struct ms_op ms_op_list_event_invoke_configs = {members, run};
