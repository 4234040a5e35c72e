/*
 * Create-, Get-, Update- and DeleteFunctionUrlConfig, ListFunctionUrlConfigs: the address at which a function, or an
 * alias of it, answers HTTP. What comes in there is source/web.c's.
 */
#include "api/function.h"
#include "base/error.h"
#include "base/time.h"
#include "source/web.h"

#define MEMBER_ALIAS                                                                               \
  {                                                                                                \
    .name = "Qualifier", .kind = MS_API_STRING, .min = 1, .max = 128                               \
  }
#define MEMBER_MODE                                                                                \
  {                                                                                                \
    .name = "InvokeMode", .kind = MS_API_STRING, .values = "BUFFERED, RESPONSE_STREAM"             \
  }
#define MEMBER_CORS                                                                                \
  {                                                                                                \
    .name = "Cors", .kind = MS_API_STRUCTURE, .members = cors_members                              \
  }

static const struct ms_api_member cors_members[] = {
    {.name = "AllowCredentials", .kind = MS_API_BOOLEAN},
    {.name = "AllowHeaders", .kind = MS_API_LIST, .max = 100},
    {.name = "AllowMethods", .kind = MS_API_LIST, .max = 6},
    {.name = "AllowOrigins", .kind = MS_API_LIST, .max = 100},
    {.name = "ExposeHeaders", .kind = MS_API_LIST, .max = 100},
    {.name = "MaxAge", .kind = MS_API_INTEGER, .max = 86400},
    MS_MEMBER_END};
static const struct ms_api_member create_members[] = {
    MS_MEMBER_FUNCTION_NAME,
    MEMBER_ALIAS,
    {.name = "AuthType", .kind = MS_API_STRING, .is_required = true, .values = "NONE, AWS_IAM"},
    MEMBER_MODE,
    MEMBER_CORS,
    MS_MEMBER_END};
static const struct ms_api_member update_members[] = {
    MS_MEMBER_FUNCTION_NAME,
    MEMBER_ALIAS,
    {.name = "AuthType", .kind = MS_API_STRING, .values = "NONE, AWS_IAM"},
    MEMBER_MODE,
    MEMBER_CORS,
    MS_MEMBER_END};
static const struct ms_api_member plain_members[] = {MS_MEMBER_FUNCTION_NAME, MEMBER_ALIAS,
                                                     MS_MEMBER_END};
static const struct ms_api_member list_members[] = {MS_MEMBER_FUNCTION_NAME, MS_MEMBERS_PAGE(50),
                                                    MS_MEMBER_END};

static struct ms_web *web_of(const struct ms_api_call *call)
{
  return ms_engine_driver(ms_api_engine(call), &ms_web_driver);
}

/* Of an alias, or of the function itself; versions have none. False: the call has been answered. */
static bool read_name(struct ms_function_name *out, struct ms_api_call *call)
{
  if (!ms_api_function(out, call)) {
    return false;
  }
  bool is_number = out->qualifier.len > 0;
  for (size_t i = 0; i < out->qualifier.len; i++) {
    is_number = is_number && out->qualifier.data[i] >= '0' && out->qualifier.data[i] <= '9';
  }
  if (is_number || ms_str_is(out->qualifier, MS_INVOKE_LATEST)) {
    ms_api_fail_f(call, MS_API_ERROR_VALIDATION,
                  "1 validation error detected: Value '%.*s' at 'qualifier' failed to satisfy "
                  "constraint: Member must satisfy regular expression pattern: "
                  "((?!^\\d+$)^[0-9a-zA-Z-_]+$)",
                  MS_STR_ARG(out->qualifier));
    return false;
  }
  return true;
}

static struct ms_str key_of(const struct ms_function_name *name)
{
  return name->qualifier.len == 0 ? MS_STR(MS_INVOKE_LATEST) : name->qualifier;
}

/* Borrowed. NONE: there is none, and the call has been answered. */
static struct ms_json find(struct ms_api_call *call, const struct ms_function_name *name)
{
  struct ms_json row = ms_invoke_row(ms_api_invoke(call), name->name);
  struct ms_json config = ms_json_get(ms_json_getc(row, MS_WEB_URLS), key_of(name));
  if (ms_json_is_none(config)) {
    ms_api_fail(call, MS_API_ERROR_LAMBDA_NOT_FOUND,
                MS_STR("The resource you requested does not exist."));
  }
  return config;
}

static struct ms_json show(const struct ms_api_call *call, const struct ms_function_name *name,
                           struct ms_json config, bool has_modified)
{
  static const char *const members[] = {"AuthType", "Cors", "CreationTime", "InvokeMode",
                                        "LastModifiedTime"};
  struct ms_json out = ms_json_object(7);
  int err = ms_json_setc(&out, "FunctionUrl",
                         ms_web_url(web_of(call), ms_json_text(ms_json_getc(config, "UrlId"))));
  int set =
      ms_json_setc(&out, "FunctionArn", ms_api_function_arn(call, name, name->qualifier.len == 0));
  err = err != 0 ? err : set;
  for (size_t i = 0; i < sizeof members / sizeof members[0] - !has_modified && err == 0; i++) {
    struct ms_json value = ms_json_getc(config, members[i]);
    err = ms_json_is_none(value) ? MSTEP_OK : ms_json_setc(&out, members[i], ms_json_ref(value));
  }
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

/* What was asked, over what there was (NONE: nothing). */
static struct ms_json make(struct ms_api_call *call, struct ms_json before)
{
  static const char *const members[] = {"AuthType", "InvokeMode", "Cors"};
  struct ms_json config = ms_json_is_none(before) ? ms_json_object(6) : ms_json_ref(before);
  char now[MS_TIME_TEXT_SIZE], id[MS_WEB_URL_ID_SIZE];
  int err = MSTEP_OK;
  ms_time_format_ms(now, ms_engine_now_ms(ms_api_engine(call)));
  if (ms_json_is_none(before)) {
    ms_web_url_id(web_of(call), id);
    err = ms_json_setc(&config, "UrlId", ms_json_cstring(id));
    err = err != 0 ? err : ms_json_setc(&config, "CreationTime", ms_json_cstring(now));
    err = err != 0 ? err : ms_json_setc(&config, "InvokeMode", ms_json_cstring("BUFFERED"));
  }
  for (size_t i = 0; i < sizeof members / sizeof members[0] && err == 0; i++) {
    if (ms_api_has(call, members[i])) {
      err = ms_json_setc(&config, members[i], ms_json_ref(ms_api_get(call, members[i])));
    }
  }
  err = err != 0 ? err : ms_json_setc(&config, "LastModifiedTime", ms_json_cstring(now));
  if (err != 0) {
    ms_json_replace(&config, MS_JSON_VALUE_NONE);
  }
  return config;
}

/* config is taken; NONE: out of memory. */
static int put(struct ms_api_call *call, const struct ms_function_name *name, struct ms_json config,
               bool has_modified)
{
  struct ms_json row = ms_api_function_row(call, name);
  struct ms_json reply =
      ms_json_is_none(config) ? MS_JSON_VALUE_NONE : show(call, name, config, has_modified);
  if (ms_json_is_none(config) || ms_api_row_set(&row, MS_WEB_URLS, key_of(name), config) != 0) {
    ms_json_replace(&row, MS_JSON_VALUE_NONE);
  }
  return ms_api_function_put(call, name, row, reply);
}

static int create(struct ms_api_call *call)
{
  struct ms_function_name name;
  if (!read_name(&name, call)) {
    return MSTEP_OK;
  }
  if (!ms_invoke_has(ms_api_invoke(call), &name)) {
    return ms_api_fail(call, MS_API_ERROR_LAMBDA_NOT_FOUND, MS_STR("Function does not exist"));
  }
  struct ms_json row = ms_invoke_row(ms_api_invoke(call), name.name);
  if (!ms_json_is_none(ms_json_get(ms_json_getc(row, MS_WEB_URLS), key_of(&name)))) {
    struct ms_json arn = ms_api_function_arn(call, &name, name.qualifier.len == 0);
    int err = ms_api_fail_f(call, MS_API_ERROR_LAMBDA_CONFLICT,
                            "Failed to create function url config for [functionArn = %.*s]. Error "
                            "message:  FunctionUrlConfig exists for this Lambda function",
                            MS_STR_ARG(ms_json_text(arn)));
    ms_json_unref(arn);
    return err;
  }
  return put(call, &name, make(call, MS_JSON_VALUE_NONE), false);
}

static int update(struct ms_api_call *call)
{
  struct ms_function_name name;
  if (!read_name(&name, call)) {
    return MSTEP_OK;
  }
  struct ms_json config = find(call, &name);
  return ms_json_is_none(config) ? MSTEP_OK : put(call, &name, make(call, config), true);
}

static int get(struct ms_api_call *call)
{
  struct ms_function_name name;
  if (!read_name(&name, call)) {
    return MSTEP_OK;
  }
  struct ms_json config = find(call, &name);
  return ms_json_is_none(config) ? MSTEP_OK
                                 : ms_api_reply_json(call, show(call, &name, config, true));
}

static int delete(struct ms_api_call *call)
{
  struct ms_function_name name;
  if (!read_name(&name, call) || ms_json_is_none(find(call, &name))) {
    return MSTEP_OK;
  }
  struct ms_json row = ms_api_function_row(call, &name);
  if (ms_api_row_set(&row, MS_WEB_URLS, key_of(&name), MS_JSON_VALUE_NONE) != 0) {
    ms_json_replace(&row, MS_JSON_VALUE_NONE);
  }
  return ms_api_function_put(call, &name, row, ms_json_object(0));
}

static int list(struct ms_api_call *call)
{
  struct ms_function_name name;
  if (!ms_api_function(&name, call)) {
    return MSTEP_OK;
  }
  if (!ms_invoke_has(ms_api_invoke(call), &name)) {
    return ms_api_fail(call, MS_API_ERROR_LAMBDA_NOT_FOUND, MS_STR("Function does not exist"));
  }
  struct ms_json configs = ms_json_getc(ms_invoke_row(ms_api_invoke(call), name.name), MS_WEB_URLS);
  struct ms_json urls = ms_json_array(2);
  int err = MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(configs) && err == 0; i++) {
    struct ms_str key = ms_json_key(configs, i);
    name.qualifier = ms_str_is(key, MS_INVOKE_LATEST) ? MS_STR("") : key;
    err = ms_json_push(&urls, show(call, &name, ms_json_member(configs, i), true));
  }
  if (err != 0) {
    ms_json_replace(&urls, MS_JSON_VALUE_NONE);
  }
  return ms_api_reply_page(call, "FunctionUrlConfigs", urls);
}

const struct ms_op ms_op_create_function_url = {create_members, create};
const struct ms_op ms_op_get_function_url = {plain_members, get};
const struct ms_op ms_op_update_function_url = {update_members, update};
const struct ms_op ms_op_delete_function_url = {plain_members, delete};
const struct ms_op ms_op_list_function_urls = {list_members, list};
