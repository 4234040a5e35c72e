/* GetFunction: configuration, code and reserved concurrency. */
#include "api/code_link.h"
#include "api/function_config.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_MEMBER_FUNCTION_NAME, MS_MEMBER_QUALIFIER,
                                               MS_MEMBER_END};

static struct ms_json code_of(struct ms_api_call *call, const struct ms_function_name *name,
                              const char *version)
{
  struct ms_json out = ms_api_object("RepositoryType", ms_json_cstring("S3"));
  struct ms_json link = ms_api_code_link(call, name->name, version);
  if (!ms_json_is_none(link) && ms_json_setc(&out, "Location", link) != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

static int run(struct ms_api_call *call)
{
  struct ms_function_name name;
  struct ms_invoke_target target;
  if (!ms_api_function(&name, call)) {
    return MSTEP_OK;
  }
  if (ms_invoke_resolve(&target, ms_api_invoke(call), &name) != 0) {
    return ms_api_no_function(call, &name);
  }
  struct ms_json shown = ms_api_configuration_show(call, &name, target.configuration);
  struct ms_json out = ms_json_is_none(shown) ? shown : ms_api_object("Configuration", shown);
  struct ms_json row = ms_invoke_row(ms_api_invoke(call), name.name);
  struct ms_json reserved = ms_json_getc(row, "ReservedConcurrentExecutions");
  struct ms_json tags = ms_json_getc(row, "Tags");
  int err = ms_json_setc(&out, "Code", code_of(call, &name, target.version));
  if (err == 0 && ms_json_count(tags) > 0) {
    err = ms_json_setc(&out, "Tags", ms_json_ref(tags));
  }
  if (err == 0 && !ms_json_is_none(reserved)) {
    err = ms_json_setc(&out, "Concurrency",
                       ms_api_object("ReservedConcurrentExecutions", ms_json_ref(reserved)));
  }
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return ms_api_reply_json(call, out);
}

const struct ms_op ms_op_get_function = {members, run};
