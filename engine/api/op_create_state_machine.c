/*
 * CreateStateMachine. Idempotent: the same name, definition, type and logging again is the same
 * answer. roleArn may be left out here; AWS asks for it.
 */
#include "api/machine.h"
#include "base/error.h"
#include "runtime/names.h"

static const struct ms_api_member tag_members[] = {
    {.name = "key", .kind = MS_API_STRING, .min = 1, .max = 128},
    {.name = "value", .kind = MS_API_STRING, .max = 256},
    MS_MEMBER_END};

static const struct ms_api_member members[] = {
    {.name = "name", .kind = MS_API_STRING, .is_required = true, .min = 1, .max = MS_API_NAME_MAX},
    MS_MEMBER_DEFINITION(true),
    {.name = "type", .kind = MS_API_STRING, .values = "STANDARD, EXPRESS"},
    {.name = "tags", .kind = MS_API_LIST, .members = tag_members},
    MS_MEMBERS_OF_MACHINE,
    MS_MEMBER_END};

/*
 * Settings that AWS has no member for are tags, so that every client can give them:
 * moonstep:durability (fsync, os, none), moonstep:retention-seconds, moonstep:retention-count.
 */
static bool read_count(uint64_t *out, struct ms_str text)
{
  uint64_t value = 0;
  for (size_t i = 0; i < text.len; i++) {
    if (text.data[i] < '0' || text.data[i] > '9' || value > INT64_MAX / 100000) {
      return false;
    }
    value = value * 10 + (uint64_t)(text.data[i] - '0');
  }
  *out = value;
  return text.len > 0;
}

static bool read_durability(struct ms_engine_machine_request *request, struct ms_str text)
{
  static const char *const names[] = {[MS_DURABILITY_FSYNC] = "fsync",
                                      [MS_DURABILITY_OS] = "os",
                                      [MS_DURABILITY_NONE] = "none"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (ms_str_is(text, names[i])) {
      request->has_durability = true;
      request->durability = (enum ms_durability)i;
    }
  }
  return request->has_durability;
}

static bool read_tag(struct ms_engine_machine_request *request, struct ms_str key,
                     struct ms_str value)
{
  uint64_t number = 0;
  if (ms_str_is(key, "moonstep:durability")) {
    return read_durability(request, value);
  }
  if (ms_str_is(key, "moonstep:retention-seconds")) {
    bool is_fine = read_count(&number, value);
    request->retention_age_ms = (int64_t)number * 1000;
    return is_fine;
  }
  if (ms_str_is(key, "moonstep:retention-count")) {
    return read_count(&request->retention_count, value);
  }
  return !ms_str_has_prefix(key, "moonstep:");
}

/* The first tag that does not hold; NONE: all do. */
static struct ms_json read_tags(struct ms_engine_machine_request *request, struct ms_json tags)
{
  for (size_t i = 0; i < ms_json_count(tags); i++) {
    struct ms_json tag = ms_json_at(tags, i);
    if (!read_tag(request, ms_json_text(ms_json_getc(tag, "key")),
                  ms_json_text(ms_json_getc(tag, "value")))) {
      return tag;
    }
  }
  return MS_JSON_VALUE_NONE;
}

static int created(struct ms_api_call *call)
{
  struct ms_json arn = ms_api_kept(call);
  struct ms_json date =
      ms_api_described(call, ms_engine_machine_describe, ms_json_text(arn), "creationDate");
  struct ms_json reply = ms_api_object("stateMachineArn", ms_json_ref(arn));
  if (ms_json_setc(&reply, "creationDate", date) != 0) {
    ms_json_unref(reply);
    return ms_error_nomem();
  }
  return ms_api_reply_json(call, reply);
}

static int run(struct ms_api_call *call)
{
  struct ms_str name = ms_api_text(call, "name");
  if (ms_name_check(name) != 0) {
    return ms_api_fail(call, MS_API_ERROR_INVALID_NAME, name);
  }
  if (!ms_api_machine_check(call)) {
    return MSTEP_OK;
  }
  struct ms_engine_machine_request request = {
      .name = name,
      .definition = ms_api_text(call, "definition"),
      .is_express = ms_str_is(ms_api_text(call, "type"), "EXPRESS"),
      .role_arn = ms_api_text(call, "roleArn"),
  };
  struct ms_json wrong = read_tags(&request, ms_api_get(call, "tags"));
  if (!ms_json_is_none(wrong)) {
    return ms_api_fail_f(call, MS_API_ERROR_VALIDATION,
                         "The tag %.*s cannot be \"%.*s\": moonstep:durability is fsync, os or none; "
                         "moonstep:retention-seconds and moonstep:retention-count are numbers",
                         MS_STR_ARG(ms_json_text(ms_json_getc(wrong, "key"))),
                         MS_STR_ARG(ms_json_text(ms_json_getc(wrong, "value"))));
  }
  static const struct ms_str none;
  return ms_api_machine_make(call, none, &request, created);
}

const struct ms_op ms_op_create_state_machine = {members, run};
