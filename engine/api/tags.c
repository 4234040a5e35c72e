/* See tags.h. */
#include "api/tags.h"

#include "base/error.h"
#include "runtime/catalog.h"

const struct ms_api_member ms_api_tag_members[] = {
    {.name = "key", .kind = MS_API_STRING, .is_required = true, .min = 1, .max = 128},
    {.name = "value", .kind = MS_API_STRING, .is_required = true, .max = 256},
    MS_MEMBER_END};

/* ---- settings ---- */

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
      return true;
    }
  }
  return false;
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

bool ms_api_tags_check(struct ms_api_call *call, struct ms_engine_machine_request *request,
                       struct ms_json tags)
{
  for (size_t i = 0; i < ms_json_count(tags); i++) {
    struct ms_str key = ms_json_text(ms_json_getc(ms_json_at(tags, i), "key"));
    struct ms_str value = ms_json_text(ms_json_getc(ms_json_at(tags, i), "value"));
    if (ms_str_has_prefix(key, "aws:")) {
      ms_api_fail(call, MS_API_ERROR_VALIDATION, MS_STR("aws: prefixed tag key names are not allowed for external use."));
      return false;
    }
    if (!read_tag(request, key, value)) {
      ms_api_fail_f(call, MS_API_ERROR_VALIDATION,
                    "The tag %.*s cannot be \"%.*s\": moonstep:durability is fsync, os or none; "
                    "moonstep:retention-seconds and moonstep:retention-count are numbers",
                    MS_STR_ARG(key), MS_STR_ARG(value));
      return false;
    }
  }
  return true;
}

/* ---- lists ---- */

struct ms_json ms_api_tags_of(const struct ms_api_call *call, struct ms_str arn)
{
  return ms_json_getc(ms_catalog_get(ms_api_engine(call), "tags", arn), "tags");
}

static int put_tag(struct ms_json *list, struct ms_json tag)
{
  struct ms_str key = ms_json_text(ms_json_getc(tag, "key"));
  for (size_t i = 0; i < ms_json_count(*list); i++) {
    if (ms_str_eq(ms_json_text(ms_json_getc(ms_json_at(*list, i), "key")), key)) {
      return ms_json_set_at(list, i, ms_json_ref(tag));
    }
  }
  return ms_json_push(list, ms_json_ref(tag));
}

struct ms_json ms_api_tags_merge(const struct ms_api_call *call, struct ms_str arn,
                                 struct ms_json tags)
{
  struct ms_json there = ms_api_tags_of(call, arn);
  struct ms_json list = ms_json_is_none(there) ? ms_json_array(0) : ms_json_ref(there);
  int err = ms_json_is_none(list) ? MSTEP_ENOMEM : MSTEP_OK;
  for (size_t i = 0; err == 0 && i < ms_json_count(tags); i++) {
    err = put_tag(&list, ms_json_at(tags, i));
  }
  if (err != 0) {
    ms_json_unref(list);
    ms_error_nomem();
    return MS_JSON_VALUE_NONE;
  }
  return list;
}

int ms_api_tags_set(struct ms_api_call *call, struct ms_str arn, struct ms_json tags)
{
  if (ms_json_is_none(tags)) {
    return ms_error_nomem();
  }
  if (ms_json_count(tags) == 0) {
    ms_json_unref(tags);
    return ms_catalog_remove(ms_api_engine(call), "tags", arn);
  }
  return ms_catalog_put(ms_api_engine(call), "tags", arn, ms_api_object("tags", tags));
}

int ms_api_tags_change(struct ms_api_call *call, struct ms_str arn, struct ms_json tags)
{
  struct ms_engine_machine_request settings = {.name = arn};
  if (ms_json_count(tags) > MS_API_TAGS_MAX) {
    ms_json_unref(tags);
    return ms_api_fail(call, MS_API_ERROR_TOO_MANY_TAGS, arn);
  }
  if (!ms_api_tags_check(call, &settings, tags)) {
    ms_json_unref(tags);
    return MSTEP_OK;
  }
  int err = ms_api_tags_set(call, arn, tags);
  if (err == 0) {
    err = ms_engine_machine_settle(ms_api_engine(call), arn, &settings);
  }
  return err == 0 || err == MSTEP_ENOTFOUND ? ms_api_finish(call, ms_json_object(0)) : err;
}

struct ms_str ms_api_tags_resource(struct ms_api_call *call)
{
  static const struct ms_str none;
  const char *const types[] = {"activity", "stateMachine"};
  struct ms_str given = ms_api_text(call, "resourceArn");
  bool is_activity = ms_str_eq(ms_api_arn_part(given, 5), ms_str_c(types[0]));
  struct ms_str arn = ms_api_arn(call, "resourceArn", types[!is_activity]);
  if (arn.data == NULL) {
    return none;
  }
  bool is_there =
      is_activity
          ? !ms_json_is_none(ms_catalog_get(ms_api_engine(call), "activity", arn))
          : ms_str_find(ms_api_arn_rest(arn), 0, ':') == ms_api_arn_rest(arn).len &&
                ms_engine_machine_is_there(ms_api_engine(call), arn);
  if (!is_there) {
    ms_api_fail_f(call, MS_API_ERROR_STEP_RESOURCE_NOT_FOUND, "Resource not found: '%.*s'",
                  MS_STR_ARG(arn));
    return none;
  }
  return arn;
}
