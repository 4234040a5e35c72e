/* DeleteAlias: no error when there is none. */
#include "api/alias.h"
#include "base/error.h"
#include "source/web.h"

static const struct ms_api_member members[] = {MS_MEMBER_FUNCTION_NAME, MS_MEMBER_ALIAS_NAME,
                                               MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_function_name name;
  if (!ms_api_plain_function(&name, call)) {
    return MSTEP_OK;
  }
  struct ms_json row = ms_api_function_row(call, &name);
  struct ms_str alias = ms_api_text(call, "Name");
  bool has_url = !ms_json_is_none(ms_json_get(ms_json_getc(row, MS_WEB_URLS), alias));
  if (ms_api_row_set(&row, "Aliases", alias, MS_JSON_VALUE_NONE) != 0 ||
      (has_url && ms_api_row_set(&row, MS_WEB_URLS, alias, MS_JSON_VALUE_NONE) != 0)) {
    ms_json_replace(&row, MS_JSON_VALUE_NONE);
  }
  return ms_api_function_put(call, &name, row, ms_json_object(0));
}

const struct ms_op ms_op_delete_alias = {members, run};
