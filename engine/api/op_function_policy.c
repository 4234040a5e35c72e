/*
 * AddPermission, RemovePermission, GetPolicy: who may invoke a function, or one of its versions or aliases. Kept and
 * shown, for the tools that ask; nobody is refused because of it.
 */
#include "api/function.h"
#include "base/error.h"

static const char group[] = "Policies"; /* of a row: {qualifier: {"RevisionId", "Statement": [...]}} */

static const struct ms_api_member add_members[] = {
    MS_MEMBER_FUNCTION_NAME,
    MS_MEMBER_QUALIFIER,
    {.name = "StatementId", .kind = MS_API_STRING, .is_required = true, .min = 1, .max = 100},
    {.name = "Action", .kind = MS_API_STRING, .is_required = true},
    {.name = "Principal", .kind = MS_API_STRING, .is_required = true},
    {.name = "SourceArn", .kind = MS_API_STRING},
    {.name = "SourceAccount", .kind = MS_API_STRING, .max = 12},
    {.name = "EventSourceToken", .kind = MS_API_STRING, .max = 256},
    {.name = "PrincipalOrgID", .kind = MS_API_STRING, .min = 12, .max = 34},
    {.name = "FunctionUrlAuthType", .kind = MS_API_STRING, .values = "NONE, AWS_IAM"},
    {.name = "InvokedViaFunctionUrl", .kind = MS_API_BOOLEAN},
    {.name = "RevisionId", .kind = MS_API_STRING},
    MS_MEMBER_END};
static const struct ms_api_member remove_members[] = {
    MS_MEMBER_FUNCTION_NAME,
    MS_MEMBER_QUALIFIER,
    {.name = "StatementId", .kind = MS_API_STRING, .is_required = true, .min = 1, .max = 100},
    {.name = "RevisionId", .kind = MS_API_STRING},
    MS_MEMBER_END};
static const struct ms_api_member get_members[] = {MS_MEMBER_FUNCTION_NAME, MS_MEMBER_QUALIFIER,
                                                   MS_MEMBER_END};

/* The function, version or alias, and its policy (borrowed). False: the call has been answered. */
static bool find(struct ms_function_name *name, struct ms_json *policy, struct ms_api_call *call)
{
  if (!ms_api_function(name, call)) {
    return false;
  }
  if (!ms_invoke_has(ms_api_invoke(call), name)) {
    ms_api_no_function(call, name);
    return false;
  }
  struct ms_json row = ms_invoke_row(ms_api_invoke(call), name->name);
  struct ms_str key = name->qualifier.len == 0 ? MS_STR(MS_INVOKE_LATEST) : name->qualifier;
  *policy = ms_json_get(ms_json_getc(row, group), key);
  struct ms_str revision = ms_api_text(call, "RevisionId");
  if (revision.len > 0 &&
      !ms_str_eq(revision, ms_json_text(ms_json_getc(*policy, "RevisionId")))) {
    ms_api_fail(call, MS_API_ERROR_LAMBDA_PRECONDITION,
                MS_STR("The RevisionId provided does not match the latest RevisionId. Call the "
                       "GetPolicy API to retrieve the latest RevisionId for your resource."));
    return false;
  }
  return true;
}

static int not_found(struct ms_api_call *call, const char *text)
{
  return ms_api_fail(call, MS_API_ERROR_LAMBDA_NOT_FOUND, ms_str_c(text));
}

/* ---- statements ---- */

static struct ms_json principal_of(struct ms_api_call *call)
{
  struct ms_str text = ms_api_text(call, "Principal");
  bool is_account = text.len == 12;
  for (size_t i = 0; i < text.len && is_account; i++) {
    is_account = text.data[i] >= '0' && text.data[i] <= '9';
  }
  if (ms_str_is(text, "*")) {
    return ms_json_string(text);
  }
  if (is_account) {
    return ms_api_object("AWS", ms_json_stringf("arn:aws:iam::%.*s:root", MS_STR_ARG(text)));
  }
  return ms_api_object(ms_str_has_prefix(text, "arn:") ? "AWS" : "Service", ms_json_string(text));
}

/* Adds Condition[kind][name] when the request has the member. */
static int add_condition(struct ms_json *conditions, struct ms_api_call *call, const char *member,
                         const char *kind, const char *name)
{
  if (!ms_api_has(call, member)) {
    return MSTEP_OK;
  }
  struct ms_json value = ms_api_get(call, member);
  struct ms_json text = ms_json_is_bool(value)
                            ? ms_json_cstring(ms_json_is_true(value) ? "true" : "false")
                            : ms_json_ref(value);
  return ms_api_row_set(conditions, kind, ms_str_c(name), text);
}

static struct ms_json condition_of(struct ms_api_call *call)
{
  struct ms_json out = ms_json_object(2);
  int err = add_condition(&out, call, "SourceAccount", "StringEquals", "AWS:SourceAccount");
  err = err != 0 ? err
                 : add_condition(&out, call, "EventSourceToken", "StringEquals",
                                 "lambda:EventSourceToken");
  err = err != 0 ? err
                 : add_condition(&out, call, "FunctionUrlAuthType", "StringEquals",
                                 "lambda:FunctionUrlAuthType");
  err = err != 0
            ? err
            : add_condition(&out, call, "PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID");
  err = err != 0 ? err
                 : add_condition(&out, call, "InvokedViaFunctionUrl", "Bool",
                                 "lambda:InvokedViaFunctionUrl");
  err = err != 0 ? err : add_condition(&out, call, "SourceArn", "ArnLike", "AWS:SourceArn");
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

/* Owned; NONE: no memory. */
static struct ms_json statement_of(struct ms_api_call *call, const struct ms_function_name *name)
{
  struct ms_json out = ms_json_object(6);
  int err = ms_json_setc(&out, "Sid", ms_json_ref(ms_api_get(call, "StatementId")));
  err = err != 0 ? err : ms_json_setc(&out, "Effect", ms_json_cstring("Allow"));
  err = err != 0 ? err : ms_json_setc(&out, "Principal", principal_of(call));
  err = err != 0 ? err : ms_json_setc(&out, "Action", ms_json_ref(ms_api_get(call, "Action")));
  err = err != 0 ? err
                 : ms_json_setc(&out, "Resource",
                                ms_api_function_arn(call, name, name->qualifier.len == 0));
  struct ms_json condition = condition_of(call);
  if (err == 0 && ms_json_count(condition) > 0) {
    err = ms_json_setc(&out, "Condition", ms_json_ref(condition));
  }
  if (err != 0 || ms_json_is_none(condition)) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  ms_json_unref(condition);
  return out;
}

/* The row with these statements (takes; NONE: no memory) as the policy; without any, without one. Owned. */
static struct ms_json row_with(struct ms_api_call *call, const struct ms_function_name *name,
                               struct ms_json statements)
{
  char uuid[37];
  struct ms_json row = ms_api_function_row(call, name);
  struct ms_str key = name->qualifier.len == 0 ? MS_STR(MS_INVOKE_LATEST) : name->qualifier;
  struct ms_json policy = MS_JSON_VALUE_NONE;
  int err = ms_json_is_none(statements) ? MSTEP_ENOMEM : MSTEP_OK;
  if (ms_json_count(statements) > 0) {
    ms_invoke_uuid(ms_api_invoke(call), uuid);
    policy = ms_api_object("RevisionId", ms_json_cstring(uuid));
    err = ms_json_setc(&policy, "Statement", statements);
  } else {
    ms_json_unref(statements);
  }
  err = err != 0 ? err : ms_api_row_set(&row, group, key, ms_json_ref(policy));
  ms_json_unref(policy);
  if (err != 0) {
    ms_json_replace(&row, MS_JSON_VALUE_NONE);
  }
  return row;
}

/* ---- operations ---- */

/* The index of the statement with the request's id; the count: there is none. */
static size_t index_of(struct ms_json statements, struct ms_api_call *call)
{
  size_t i = 0;
  while (i < ms_json_count(statements) &&
         !ms_str_eq(ms_json_text(ms_json_getc(ms_json_at(statements, i), "Sid")),
                    ms_api_text(call, "StatementId"))) {
    i++;
  }
  return i;
}

static int add(struct ms_api_call *call)
{
  struct ms_function_name name;
  struct ms_json policy;
  if (!find(&name, &policy, call)) {
    return MSTEP_OK;
  }
  struct ms_json old = ms_json_getc(policy, "Statement");
  if (index_of(old, call) < ms_json_count(old)) {
    return ms_api_fail_f(call, MS_API_ERROR_LAMBDA_CONFLICT,
                         "The statement id (%.*s) provided already exists. Please provide a new "
                         "statement id, or remove the existing statement.",
                         MS_STR_ARG(ms_api_text(call, "StatementId")));
  }
  struct ms_json statement = statement_of(call, &name);
  struct ms_json statements = ms_json_is_none(old) ? ms_json_array(1) : ms_json_ref(old);
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_json_print(&text, statement);
  struct ms_json reply = text.error != 0 || ms_json_is_none(statement)
                             ? MS_JSON_VALUE_NONE
                             : ms_api_object("Statement", ms_json_string(ms_buf_view(&text)));
  ms_buf_deinit(&text);
  if (ms_json_push(&statements, statement) != 0) {
    ms_json_replace(&statements, MS_JSON_VALUE_NONE);
  }
  return ms_api_function_put(call, &name, row_with(call, &name, statements), reply);
}

static int remove_one(struct ms_api_call *call)
{
  struct ms_function_name name;
  struct ms_json policy;
  if (!find(&name, &policy, call)) {
    return MSTEP_OK;
  }
  struct ms_json old = ms_json_getc(policy, "Statement");
  size_t at = index_of(old, call), count = ms_json_count(old);
  if (at == count) {
    return not_found(call, count == 0 ? "No policy is associated with the given resource."
                                      : "Statement is not found in resource policy.");
  }
  struct ms_json statements = ms_json_array(count);
  for (size_t i = 0; i < count; i++) {
    if (i != at && ms_json_push(&statements, ms_json_ref(ms_json_at(old, i))) != 0) {
      ms_json_unref(statements);
      return ms_error_nomem();
    }
  }
  return ms_api_function_put(call, &name, row_with(call, &name, statements), ms_json_object(0));
}

static int get(struct ms_api_call *call)
{
  struct ms_function_name name;
  struct ms_json policy;
  struct ms_buf text;
  if (!find(&name, &policy, call)) {
    return MSTEP_OK;
  }
  if (ms_json_is_none(policy)) {
    return not_found(call, "The resource you requested does not exist.");
  }
  ms_buf_init(&text, 0);
  ms_buf_cstr(&text, "{\"Version\":\"2012-10-17\",\"Id\":\"default\",\"Statement\":");
  ms_json_print(&text, ms_json_getc(policy, "Statement"));
  ms_buf_char(&text, '}');
  struct ms_json out = text.error != 0
                           ? MS_JSON_VALUE_NONE
                           : ms_api_object("Policy", ms_json_string(ms_buf_view(&text)));
  ms_buf_deinit(&text);
  if (ms_json_setc(&out, "RevisionId", ms_json_ref(ms_json_getc(policy, "RevisionId"))) != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return ms_api_reply_json(call, out);
}

const struct ms_op ms_op_add_permission = {add_members, add};
const struct ms_op ms_op_remove_permission = {remove_members, remove_one};
const struct ms_op ms_op_get_policy = {get_members, get};
