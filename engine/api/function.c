/* Functions as requests name them, and changes of their rows. */
#include "api/function.h"

#include "base/error.h"

#define MOST_OF_A_PAGE 50

struct ms_invoke *ms_api_invoke(const struct ms_api_call *call)
{
  return ms_engine_driver(ms_api_engine(call), &ms_invoke_driver);
}

static int fail_name(struct ms_api_call *call, const char *text)
{
  return ms_api_fail_f(
      call, MS_API_ERROR_VALIDATION,
      "1 validation error detected: Value '%s' at 'functionName' failed to satisfy constraint: "
      "Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?"
      "([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?"
      "([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?",
      text);
}

bool ms_api_function(struct ms_function_name *out, struct ms_api_call *call)
{
  struct ms_str text = ms_api_text(call, "FunctionName");
  int err = ms_function_name_parse(out, ms_api_invoke(call), text, ms_api_text(call, "Qualifier"));
  if (err == 0) {
    return true;
  }
  struct ms_str detail = ms_str_c(ms_error_detail());
  if (err == MSTEP_ENOTFOUND) {
    ms_api_fail(call, MS_API_ERROR_LAMBDA_NOT_FOUND, detail);
  } else if (err == MSTEP_EINVALID) {
    ms_api_fail(call, MS_API_ERROR_INVALID_PARAMETER_VALUE, detail);
  } else {
    struct ms_json shown =
        ms_json_stringf("%.*s", (int)(text.len < 256 ? text.len : 256), text.data);
    struct ms_buf copy;
    ms_buf_init(&copy, 0);
    ms_buf_str(&copy, ms_json_text(shown));
    fail_name(call, copy.data == NULL ? "" : copy.data);
    ms_buf_deinit(&copy);
    ms_json_unref(shown);
  }
  return false;
}

int ms_api_no_function(struct ms_api_call *call, const struct ms_function_name *name)
{
  struct ms_json arn = ms_api_function_arn(call, name, false);
  int err = ms_api_fail(call, MS_API_ERROR_RESOURCE_NOT_FOUND, ms_json_text(arn));
  ms_json_unref(arn);
  return err;
}

bool ms_api_plain_function(struct ms_function_name *out, struct ms_api_call *call)
{
  if (!ms_api_function(out, call)) {
    return false;
  }
  if (out->qualifier.len > 0) {
    ms_api_fail(call, MS_API_ERROR_INVALID_PARAMETER_VALUE,
                MS_STR("This operation is permitted on Lambda functions only. Aliases and versions "
                       "do not support this operation. Please specify either a function name or an "
                       "unqualified function ARN."));
    return false;
  }
  if (!ms_invoke_has(ms_api_invoke(call), out)) {
    ms_api_no_function(call, out);
    return false;
  }
  return true;
}

struct ms_json ms_api_function_arn(const struct ms_api_call *call,
                                   const struct ms_function_name *name, bool is_plain)
{
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_function_arn(&text, ms_api_invoke(call), name, is_plain);
  struct ms_json arn = text.error != 0 ? MS_JSON_VALUE_NONE : ms_json_string(ms_buf_view(&text));
  ms_buf_deinit(&text);
  return arn;
}

bool ms_api_revision_check(struct ms_api_call *call, struct ms_json current)
{
  struct ms_str wanted = ms_api_text(call, "RevisionId");
  if (wanted.len == 0 || ms_str_eq(wanted, ms_json_text(ms_json_getc(current, "RevisionId")))) {
    return true;
  }
  ms_api_fail(call, MS_API_ERROR_LAMBDA_PRECONDITION,
              MS_STR("The Revision Id provided does not match the latest Revision Id. Call the "
                     "GetFunction/GetAlias API to retrieve the latest Revision Id"));
  return false;
}

struct ms_json ms_api_function_row(const struct ms_api_call *call,
                                   const struct ms_function_name *name)
{
  struct ms_json row = ms_invoke_row(ms_api_invoke(call), name->name);
  return ms_json_is_none(row) ? ms_json_object(4) : ms_json_ref(row);
}

int ms_api_row_set(struct ms_json *row, const char *group, struct ms_str key, struct ms_json value)
{
  struct ms_json members = ms_json_getc(*row, group);
  members = ms_json_is_none(members) ? ms_json_object(1) : ms_json_ref(members);
  int err =
      ms_json_is_none(value) ? ms_json_remove(&members, key) : ms_json_set(&members, key, value);
  if (err != 0) {
    ms_json_unref(members);
    return err;
  }
  return ms_json_setc(row, group, members);
}

int ms_api_function_put(struct ms_api_call *call, const struct ms_function_name *name,
                        struct ms_json row, struct ms_json reply)
{
  int err = ms_json_is_none(row) || ms_json_is_none(reply)
                ? ms_error_nomem()
                : ms_invoke_put_row(ms_api_invoke(call), name->name, row, NULL, 0);
  ms_json_unref(row);
  if (err != 0) {
    ms_json_unref(reply);
    return err;
  }
  ms_api_keep(call, reply);
  return ms_api_accept(call, ms_api_reply_kept);
}

int ms_api_reply_page(struct ms_api_call *call, const char *member, struct ms_json list)
{
  if (ms_json_is_none(list)) {
    return ms_error_nomem();
  }
  int64_t wanted = ms_api_int(call, "MaxItems", MOST_OF_A_PAGE);
  size_t from = ms_str_place(ms_api_text(call, "Marker"));
  size_t to = from + (size_t)(wanted < MOST_OF_A_PAGE ? wanted : MOST_OF_A_PAGE);
  struct ms_json page = ms_json_array(4);
  int err = ms_json_is_none(page) ? ms_error_nomem() : MSTEP_OK;
  for (size_t i = from; i < to && i < ms_json_count(list) && err == 0; i++) {
    err = ms_json_push(&page, ms_json_ref(ms_json_at(list, i)));
  }
  struct ms_json out = ms_json_object(2);
  int set = ms_json_setc(&out, member, page);
  err = err != 0 ? err : set;
  if (err == 0 && to < ms_json_count(list)) {
    err = ms_json_setc(&out, "NextMarker", ms_json_stringf("%zu", to));
  }
  ms_json_unref(list);
  if (err != 0) {
    ms_json_unref(out);
    return err;
  }
  return ms_api_reply_json(call, out);
}
