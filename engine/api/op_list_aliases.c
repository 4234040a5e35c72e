/* ListAliases: in the order they were made; those of one version when it is given. */
#include "api/alias.h"
#include "base/error.h"

static const struct ms_api_member members[] = {
    MS_MEMBER_FUNCTION_NAME,
    {.name = "FunctionVersion", .kind = MS_API_STRING, .min = 1, .max = 1024},
    MS_MEMBERS_PAGE(10000),
    MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_function_name name;
  if (!ms_api_plain_function(&name, call)) {
    return MSTEP_OK;
  }
  struct ms_str version = ms_api_text(call, "FunctionVersion");
  struct ms_json aliases = ms_json_getc(ms_invoke_row(ms_api_invoke(call), name.name), "Aliases");
  struct ms_json list = ms_json_array(4);
  int err = ms_json_is_none(list) ? ms_error_nomem() : MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(aliases) && err == 0; i++) {
    struct ms_json alias = ms_json_member(aliases, i);
    struct ms_str its = ms_json_text(ms_json_getc(alias, "FunctionVersion"));
    if (version.data == NULL || ms_str_eq(version, its)) {
      err = ms_json_push(&list, ms_api_alias_show(call, &name, ms_json_key(aliases, i), alias));
    }
  }
  if (err != 0) {
    ms_json_unref(list);
    return err;
  }
  return ms_api_reply_page(call, "Aliases", list);
}

const struct ms_op ms_op_list_aliases = {members, run};
