/* ListVersionsByFunction: $LATEST and all that were published. */
#include "api/function_config.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_MEMBER_FUNCTION_NAME, MS_MEMBERS_PAGE(10000),
                                               MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_function_name name;
  if (!ms_api_plain_function(&name, call)) {
    return MSTEP_OK;
  }
  struct ms_json row = ms_invoke_row(ms_api_invoke(call), name.name);
  struct ms_json versions = ms_json_getc(row, "Versions");
  struct ms_json list = ms_json_array(4);
  name.qualifier = MS_STR(MS_INVOKE_LATEST);
  int err = ms_json_push(
      &list, ms_api_configuration_show(call, &name, ms_json_getc(row, "Configuration")));
  for (size_t i = 0; i < ms_json_count(versions) && err == 0; i++) {
    name.qualifier = ms_json_key(versions, i);
    err = ms_json_push(&list, ms_api_configuration_show(call, &name, ms_json_member(versions, i)));
  }
  if (err != 0) {
    ms_json_unref(list);
    return err;
  }
  return ms_api_reply_page(call, "Versions", list);
}

const struct ms_op ms_op_list_versions = {members, run};
