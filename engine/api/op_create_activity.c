/* CreateActivity. Idempotent by name; only another encryption is another activity. */
#include "api/machine.h"
#include "api/tags.h"
#include "base/error.h"
#include "runtime/catalog.h"
#include "runtime/names.h"

static const struct ms_api_member members[] = {
    {.name = "name", .kind = MS_API_STRING, .is_required = true, .min = 1, .max = MS_API_NAME_MAX},
    MS_MEMBER_TAGS(false),
    {.name = "encryptionConfiguration",
     .kind = MS_API_STRUCTURE,
     .members = ms_api_encryption_members},
    MS_MEMBER_END};

/* What DescribeActivity answers. */
static struct ms_json make_activity(struct ms_api_call *call, const char *arn)
{
  struct ms_json encryption = ms_api_get(call, "encryptionConfiguration");
  struct ms_json object = ms_api_object("activityArn", ms_json_cstring(arn));
  int err = ms_json_setc(&object, "name", ms_json_ref(ms_api_get(call, "name")));
  err = err != 0 ? err
                 : ms_json_setc(&object, "creationDate",
                                ms_api_date(ms_engine_now_ms(ms_api_engine(call))));
  err = err != 0 ? err
                 : ms_json_setc(&object, "encryptionConfiguration",
                                ms_json_is_none(encryption)
                                    ? ms_api_object("type", ms_json_cstring("AWS_OWNED_KEY"))
                                    : ms_json_ref(encryption));
  if (err != 0) {
    ms_json_unref(object);
    return MS_JSON_VALUE_NONE;
  }
  return object;
}

static int answer(struct ms_api_call *call, struct ms_json activity)
{
  struct ms_json reply =
      ms_api_object("activityArn", ms_json_ref(ms_json_getc(activity, "activityArn")));
  if (ms_json_setc(&reply, "creationDate", ms_json_ref(ms_json_getc(activity, "creationDate"))) !=
      0) {
    ms_json_unref(reply);
    return ms_error_nomem();
  }
  return ms_api_finish(call, reply);
}

static int create(struct ms_api_call *call, struct ms_str arn)
{
  struct ms_json tags = ms_api_get(call, "tags");
  int err = ms_json_count(tags) == 0 ? MSTEP_OK : ms_api_tags_set(call, arn, ms_json_ref(tags));
  struct ms_json activity = err == 0 ? make_activity(call, arn.data) : MS_JSON_VALUE_NONE;
  err = err != 0 ? err
                 : ms_catalog_put(ms_api_engine(call), "activity", arn, ms_json_ref(activity));
  err = err != 0 ? err : answer(call, activity);
  ms_json_unref(activity);
  return err;
}

static int run(struct ms_api_call *call)
{
  struct ms_str name = ms_api_text(call, "name");
  if (ms_name_check(name) != 0) {
    return ms_api_fail(call, MS_API_ERROR_INVALID_NAME, name);
  }
  char arn[MS_ENGINE_ARN_SIZE];
  int err = ms_engine_arn(arn, ms_api_engine(call), "activity", name);
  if (err != 0) {
    return err;
  }
  struct ms_json there = ms_catalog_get(ms_api_engine(call), "activity", ms_str_c(arn));
  struct ms_json encryption = ms_api_get(call, "encryptionConfiguration");
  if (!ms_json_is_none(there)) {
    bool is_same = ms_json_is_none(encryption) ||
                   ms_json_equal(encryption, ms_json_getc(there, "encryptionConfiguration"));
    return is_same ? answer(call, there)
                   : ms_api_fail(call, MS_API_ERROR_ACTIVITY_ALREADY_EXISTS, ms_str_c(arn));
  }
  struct ms_engine_machine_request ignored = {.name = name};
  struct ms_json tags = ms_api_get(call, "tags");
  if (ms_json_count(tags) > MS_API_TAGS_MAX) {
    return ms_api_fail(call, MS_API_ERROR_TOO_MANY_TAGS, ms_str_c(arn));
  }
  return ms_api_tags_check(call, &ignored, tags) ? create(call, ms_str_c(arn)) : MSTEP_OK;
}

const struct ms_op ms_op_create_activity = {members, run};
