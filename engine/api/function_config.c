/* Configurations of functions, put together and shown; publishing. */
#include "api/function_config.h"

#include <stdio.h>

#include "base/error.h"
#include "base/time.h"

const struct ms_api_member ms_api_environment_members[] = {
    {.name = "Variables", .kind = MS_API_STRUCTURE}, MS_MEMBER_END};
const struct ms_api_member ms_api_dead_letter_members[] = {
    {.name = "TargetArn", .kind = MS_API_STRING, .max = 2048}, MS_MEMBER_END};

/* ---- changing ---- */

struct ms_json ms_api_new_revision(struct ms_api_call *call)
{
  char uuid[37];
  ms_invoke_uuid(ms_api_invoke(call), uuid);
  return ms_json_cstring(uuid);
}

/* {} keeps what there is, {"TargetArn": ""} takes it away. */
static int set_dead_letter(struct ms_json *out, struct ms_api_call *call)
{
  struct ms_json target = ms_json_getc(ms_api_get(call, "DeadLetterConfig"), "TargetArn");
  if (!ms_json_is_string(target)) {
    return MSTEP_OK;
  }
  return ms_json_text(target).len == 0
             ? ms_json_remove(out, MS_STR("DeadLetterConfig"))
             : ms_json_setc(out, "DeadLetterConfig",
                            ms_api_object("TargetArn", ms_json_ref(target)));
}

struct ms_json ms_api_configuration_new(struct ms_api_call *call, struct ms_json old)
{
  static const char *const copied[] = {"Description",   "Handler",       "Role",
                                       "Runtime",       "Timeout",       "MemorySize",
                                       "Environment",   "Architectures", "EphemeralStorage",
                                       "TracingConfig", "LoggingConfig"};
  struct ms_json out = ms_json_is_none(old) ? ms_json_object(12) : ms_json_ref(old);
  int err = ms_json_is_none(out) ? MSTEP_ENOMEM : MSTEP_OK;
  if (ms_json_is_none(old) && err == 0) {
    err = ms_json_setc(&out, "Timeout", ms_json_int(3));
    err = err != 0 ? err : ms_json_setc(&out, "MemorySize", ms_json_int(128));
  }
  for (size_t i = 0; i < sizeof copied / sizeof copied[0] && err == 0; i++) {
    if (ms_api_has(call, copied[i])) {
      err = ms_json_setc(&out, copied[i], ms_json_ref(ms_api_get(call, copied[i])));
    }
  }
  err = err != 0 ? err : set_dead_letter(&out, call);
  err = err != 0 ? err : ms_json_setc(&out, "RevisionId", ms_api_new_revision(call));
  int64_t now_ms = ms_engine_now_ms(ms_api_engine(call));
  err = err != 0 ? err : ms_json_setc(&out, "LastModified", ms_json_int(now_ms));
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

/* ---- showing ---- */

static int set(struct ms_json *out, const char *name, struct ms_json configuration,
               struct ms_json standard)
{
  struct ms_json value = ms_json_getc(configuration, name);
  if (ms_json_is_none(value)) {
    return ms_json_setc(out, name, standard);
  }
  ms_json_unref(standard);
  return ms_json_setc(out, name, ms_json_ref(value));
}

/* What is the same of all functions here, but for what was asked for. */
static int set_constants(struct ms_json *out, struct ms_json configuration, struct ms_str name)
{
  struct ms_json constants;
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_buf_printf(&text,
                "{\"TracingConfig\":{\"Mode\":\"PassThrough\"},\"PackageType\":\"Zip\","
                "\"Architectures\":[\"x86_64\"],\"EphemeralStorage\":{\"Size\":512},"
                "\"SnapStart\":{\"ApplyOn\":\"None\",\"OptimizationStatus\":\"Off\"},"
                "\"State\":\"Active\",\"LastUpdateStatus\":\"Successful\","
                "\"LoggingConfig\":{\"LogFormat\":\"Text\",\"LogGroup\":\"/aws/lambda/%.*s\"}}",
                MS_STR_ARG(name));
  int err =
      text.error != 0 ? text.error : ms_json_parse(&constants, ms_buf_view(&text), NULL, NULL);
  ms_buf_deinit(&text);
  if (err != 0) {
    return err;
  }
  for (size_t i = 0; i < ms_json_count(constants) && err == 0; i++) {
    struct ms_str key = ms_json_key(constants, i);
    struct ms_json own = ms_json_get(configuration, key);
    err = ms_json_set(
        out, key, ms_json_ref(ms_json_is_none(own) ? ms_json_member(constants, i) : own));
  }
  ms_json_unref(constants);
  return err;
}

struct ms_json ms_api_configuration_show(const struct ms_api_call *call,
                                         const struct ms_function_name *name,
                                         struct ms_json configuration)
{
  char time_text[MS_TIME_TEXT_SIZE];
  struct ms_invoke_target target;
  int64_t at_ms = 0;
  ms_json_to_int(&at_ms, ms_json_getc(configuration, "LastModified"));
  size_t len = ms_time_format_ms(time_text, at_ms);
  bool is_known = ms_invoke_resolve(&target, ms_api_invoke(call), name) == 0;
  struct ms_json out = ms_json_object(24);
  int err = ms_json_setc(&out, "FunctionName", ms_json_string(name->name));
  err = err != 0 ? err
                 : ms_json_setc(&out, "FunctionArn",
                                ms_api_function_arn(call, name, name->qualifier.len == 0));
  err = err != 0 ? err : set(&out, "Runtime", configuration, ms_json_cstring("provided.al2023"));
  err = err != 0 ? err
                 : set(&out, "Role", configuration,
                       ms_json_cstring("arn:aws:iam::000000000000:role/moonstep"));
  err = err != 0 ? err : set(&out, "Handler", configuration, ms_json_cstring("handler"));
  err = err != 0 ? err : set(&out, "CodeSize", configuration, ms_json_int(0));
  err = err != 0 ? err : set(&out, "Description", configuration, ms_json_cstring(""));
  err = err != 0 ? err : set(&out, "Timeout", configuration, ms_json_int(900));
  err = err != 0 ? err : set(&out, "MemorySize", configuration, ms_json_int(128));
  err = err != 0 ? err
                 : ms_json_setc(&out, "LastModified",
                                ms_json_stringf("%.*s+0000", (int)len - 1, time_text));
  err = err != 0 ? err : set(&out, "CodeSha256", configuration, ms_json_cstring(""));
  bool is_number =
      name->qualifier.len > 0 && name->qualifier.data[0] >= '0' && name->qualifier.data[0] <= '9';
  err = err != 0    ? err
        : is_number ? ms_json_setc(&out, "Version", ms_json_string(name->qualifier))
                    : ms_json_setc(&out, "Version",
                                   ms_json_cstring(is_known ? target.version : MS_INVOKE_LATEST));
  static const char *const optional[] = {"Environment", "DeadLetterConfig"};
  for (size_t i = 0; i < 2 && err == 0; i++) {
    struct ms_json value = ms_json_getc(configuration, optional[i]);
    err = ms_json_is_none(value) ? MSTEP_OK : ms_json_setc(&out, optional[i], ms_json_ref(value));
  }
  err = err != 0 ? err : set(&out, "RevisionId", configuration, ms_json_cstring(""));
  err = err != 0 ? err : set_constants(&out, configuration, name->name);
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

int ms_api_configuration_say_new(struct ms_json *reply)
{
  if (ms_json_is_none(*reply)) {
    return MSTEP_OK;
  }
  int err = ms_json_remove(reply, MS_STR("LastUpdateStatus"));
  err = err != 0 ? err : ms_json_setc(reply, "State", ms_json_cstring("Pending"));
  err = err != 0 ? err
                 : ms_json_setc(reply, "StateReason",
                                ms_json_cstring("The function is being created."));
  return err != 0 ? err : ms_json_setc(reply, "StateReasonCode", ms_json_cstring("Creating"));
}

int ms_api_configuration_say_changed(struct ms_json *reply)
{
  if (ms_json_is_none(*reply)) {
    return MSTEP_OK;
  }
  int err = ms_json_setc(reply, "LastUpdateStatus", ms_json_cstring("InProgress"));
  err = err != 0 ? err
                 : ms_json_setc(reply, "LastUpdateStatusReason",
                                ms_json_cstring("The function is being created."));
  return err != 0 ? err
                  : ms_json_setc(reply, "LastUpdateStatusReasonCode", ms_json_cstring("Creating"));
}

/* ---- publishing ---- */

/* The last version when it is what $LATEST is; data NULL: it is not, or there is none. */
static struct ms_str unchanged_version(struct ms_json row, struct ms_json configuration)
{
  struct ms_json versions = ms_json_getc(row, "Versions");
  size_t count = ms_json_count(versions);
  static const struct ms_str none;
  if (count == 0) {
    return none;
  }
  struct ms_json last = ms_json_member(versions, count - 1);
  static const char *const same[] = {"CodeSha256",  "Timeout",          "MemorySize", "Handler",
                                     "Environment", "DeadLetterConfig", "Role",       "Runtime"};
  for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
    struct ms_json a = ms_json_getc(last, same[i]), b = ms_json_getc(configuration, same[i]);
    bool is_same =
        ms_json_is_none(a) ? ms_json_is_none(b) : !ms_json_is_none(b) && ms_json_equal(a, b);
    if (!is_same) {
      return none;
    }
  }
  return ms_json_key(versions, count - 1);
}

/* What $LATEST is configured as, with the code that it has now. Owned. */
static int latest(struct ms_json *out, struct ms_json row, struct ms_api_call *call,
                  struct ms_str name, struct ms_json code)
{
  struct ms_json files = MS_JSON_VALUE_NONE;
  struct ms_json configuration = ms_json_getc(row, "Configuration");
  *out = ms_json_is_none(configuration) ? ms_json_object(4) : ms_json_ref(configuration);
  int err = MSTEP_OK;
  if (!ms_invoke_is_zip(code)) { /* a file of the project may have changed */
    err = ms_invoke_files(&files, ms_api_invoke(call), name);
    code = files;
  }
  err = err != 0 ? err : ms_api_configuration_code(out, call, code);
  ms_json_unref(files);
  if (err == 0 && ms_api_has(call, "Description")) {
    err = ms_json_setc(out, "Description", ms_json_ref(ms_api_get(call, "Description")));
  }
  int64_t now_ms = ms_engine_now_ms(ms_api_engine(call));
  return err != 0 ? err : ms_json_setc(out, "LastModified", ms_json_int(now_ms));
}

static int publish(struct ms_json *reply, struct ms_json *row, struct ms_invoke_code *code,
                   char version[24], struct ms_api_call *call, const struct ms_function_name *name,
                   struct ms_json latest_code)
{
  struct ms_json configuration;
  int64_t number = 1;
  *reply = MS_JSON_VALUE_NONE;
  int err = latest(&configuration, *row, call, name->name, latest_code);
  struct ms_str same = err != 0 ? (struct ms_str){NULL, 0} : unchanged_version(*row, configuration);
  struct ms_function_name published = {name->name, same};
  version[0] = '\0';
  if (err == 0 && same.data != NULL) {
    *reply = ms_api_configuration_show(call, &published,
                                       ms_json_get(ms_json_getc(*row, "Versions"), same));
    ms_json_unref(configuration);
    return MSTEP_OK;
  }
  ms_json_to_int(&number, ms_json_getc(*row, "NextVersion"));
  snprintf(version, 24, "%lld", (long long)number);
  published.qualifier = ms_str_c(version);
  *code = (struct ms_invoke_code){version, MS_JSON_VALUE_NONE};
  err = err != 0 ? err
                 : ms_invoke_publish(&code->code, ms_api_invoke(call), name->name, version,
                                     latest_code);
  if (err == 0) {
    *reply = ms_api_configuration_show(call, &published, configuration);
    err = ms_api_row_set(row, "Versions", published.qualifier, ms_json_ref(configuration));
    err = err != 0 ? err : ms_json_setc(row, "NextVersion", ms_json_int(number + 1));
  }
  ms_json_unref(configuration);
  return err;
}

int ms_api_publish(struct ms_json *reply, struct ms_json *row, struct ms_invoke_code *code,
                   char version[24], struct ms_api_call *call, const struct ms_function_name *name,
                   struct ms_json latest_code)
{
  struct ms_json kept = ms_json_is_none(latest_code)
                            ? ms_invoke_code(ms_api_invoke(call), name->name, MS_INVOKE_LATEST)
                            : ms_json_ref(latest_code);
  int err = publish(reply, row, code, version, call, name, kept);
  ms_json_unref(kept);
  return err;
}

int ms_api_function_put_code(struct ms_api_call *call, const struct ms_function_name *name,
                             struct ms_json row, struct ms_json reply,
                             const struct ms_invoke_code *codes, size_t count)
{
  struct ms_invoke *invoke = ms_api_invoke(call);
  int err = ms_json_is_none(row) || ms_json_is_none(reply)
                ? ms_error_nomem()
                : ms_invoke_put_row(invoke, name->name, row, codes, count);
  for (size_t i = 0; i < count; i++) {
    bool is_latest = strcmp(codes[i].version, MS_INVOKE_LATEST) == 0;
    if (err != 0 && is_latest) {
      ms_invoke_restore(invoke, name->name);
    } else if (err != 0) {
      ms_invoke_unload(invoke, name->name, codes[i].version);
    }
    ms_json_unref(codes[i].code);
  }
  ms_json_unref(row);
  if (err != 0) {
    ms_json_unref(reply);
    return err;
  }
  ms_api_keep(call, reply);
  return ms_api_accept(call, ms_api_reply_kept);
}
