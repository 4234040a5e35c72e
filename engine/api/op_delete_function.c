/* DeleteFunction: a version, or all there is of it. A function that is a file of the project stays one. */
#include "api/function_config.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_MEMBER_FUNCTION_NAME, MS_MEMBER_QUALIFIER,
                                               MS_MEMBER_END};

/* Adds the names of the aliases that go to the version. */
static void add_aliases(struct ms_buf *out, struct ms_json aliases, struct ms_str version)
{
  bool is_first = true;
  for (size_t i = 0; i < ms_json_count(aliases); i++) {
    struct ms_json alias = ms_json_member(aliases, i);
    struct ms_json weights =
        ms_json_getc(ms_json_getc(alias, "RoutingConfig"), "AdditionalVersionWeights");
    if (!ms_str_eq(ms_json_text(ms_json_getc(alias, "FunctionVersion")), version) &&
        ms_json_is_none(ms_json_get(weights, version))) {
      continue;
    }
    ms_buf_cstr(out, is_first ? "" : ", ");
    ms_buf_str(out, ms_json_key(aliases, i));
    is_first = false;
  }
}

/* MSTEP_ESTATE: the call has been answered with the aliases that still go to the version. */
static int check_free(struct ms_api_call *call, struct ms_json row, struct ms_str version)
{
  struct ms_buf names;
  ms_buf_init(&names, 0);
  add_aliases(&names, ms_json_getc(row, "Aliases"), version);
  struct ms_str all = ms_buf_view(&names);
  int err = names.error;
  if (err == 0 && all.len > 0) {
    ms_api_fail_f(call, MS_API_ERROR_LAMBDA_CONFLICT,
                  "Unable to delete version because the following aliases reference it: [%.*s]",
                  MS_STR_ARG(all));
    err = MSTEP_ESTATE;
  }
  ms_buf_deinit(&names);
  return err;
}

static int delete_version(struct ms_api_call *call, const struct ms_function_name *name)
{
  char version[72];
  struct ms_json row = ms_api_function_row(call, name);
  bool is_there = !ms_json_is_none(ms_json_get(ms_json_getc(row, "Versions"), name->qualifier));
  if (!is_there || name->qualifier.len >= sizeof version) {
    ms_json_unref(row);
    return ms_api_no_function(call, name);
  }
  int err = check_free(call, row, name->qualifier);
  if (err != 0) {
    ms_json_unref(row);
    return err == MSTEP_ESTATE ? MSTEP_OK : err;
  }
  memcpy(version, name->qualifier.data, name->qualifier.len);
  version[name->qualifier.len] = '\0';
  if (ms_api_row_set(&row, "Versions", name->qualifier, MS_JSON_VALUE_NONE) != 0) {
    ms_json_replace(&row, MS_JSON_VALUE_NONE);
  }
  const struct ms_invoke_code code = {version, MS_JSON_VALUE_NONE};
  ms_invoke_unload(ms_api_invoke(call), name->name, version);
  return ms_api_function_put_code(call, name, row, ms_json_object(0), &code, 1);
}

static int run(struct ms_api_call *call)
{
  struct ms_function_name name;
  if (!ms_api_function(&name, call)) {
    return MSTEP_OK;
  }
  struct ms_invoke *invoke = ms_api_invoke(call);
  if (!ms_invoke_has(invoke, &name)) {
    return ms_api_no_function(call, &name);
  }
  if (name.qualifier.len > 0) {
    return ms_str_is(name.qualifier, MS_INVOKE_LATEST)
               ? ms_api_fail(call, MS_API_ERROR_INVALID_PARAMETER_VALUE,
                             MS_STR("$LATEST version cannot be deleted without deleting the "
                                    "function."))
               : delete_version(call, &name);
  }
  int err = ms_invoke_remove(invoke, name.name);
  if (err != 0) {
    return err;
  }
  ms_api_keep(call, ms_json_object(0));
  return ms_api_accept(call, ms_api_reply_kept);
}

const struct ms_op ms_op_delete_function = {members, run};
