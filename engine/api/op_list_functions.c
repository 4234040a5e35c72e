/* ListFunctions: those that were created and those of the project's folder, by name. */
#include "api/function_config.h"
#include "base/error.h"

static const struct ms_api_member members[] = {
    {.name = "MaxItems", .kind = MS_API_INTEGER, .min = 1, .max = 10000},
    {.name = "Marker", .kind = MS_API_STRING, .max = 256},
    MS_MEMBER_END};

/* The marker is the last name of the page before. */
static int fill(struct ms_json *list, struct ms_json *marker, struct ms_api_call *call,
                struct ms_json names)
{
  struct ms_str after = ms_api_text(call, "Marker");
  size_t asked = (size_t)ms_api_int(call, "MaxItems", 50);
  size_t max = asked < 50 ? asked : 50;
  int err = MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(names) && err == 0; i++) {
    struct ms_function_name name = {.name = ms_json_text(ms_json_at(names, i))};
    if ((after.data != NULL && ms_str_cmp(name.name, after) <= 0) ||
        !ms_invoke_has(ms_api_invoke(call), &name)) {
      continue;
    }
    if (ms_json_count(*list) == max) {
      return MSTEP_OK;
    }
    struct ms_json row = ms_invoke_row(ms_api_invoke(call), name.name);
    err = ms_json_push(list,
                       ms_api_configuration_show(call, &name, ms_json_getc(row, "Configuration")));
    *marker = i + 1 < ms_json_count(names) ? ms_json_at(names, i) : MS_JSON_VALUE_NONE;
  }
  *marker = MS_JSON_VALUE_NONE;
  return err;
}

static int run(struct ms_api_call *call)
{
  struct ms_json names, marker = MS_JSON_VALUE_NONE;
  int err = ms_invoke_names(&names, ms_api_invoke(call));
  if (err != 0) {
    return err;
  }
  struct ms_json list = ms_json_array(8);
  err = fill(&list, &marker, call, names);
  if (err != 0) {
    ms_json_replace(&list, MS_JSON_VALUE_NONE);
  }
  struct ms_json out = ms_json_is_none(list) ? list : ms_api_object("Functions", list);
  if (!ms_json_is_none(marker) && ms_json_setc(&out, "NextMarker", ms_json_ref(marker)) != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  ms_json_unref(names);
  return ms_api_reply_json(call, out);
}

const struct ms_op ms_op_list_functions = {members, run};
