/*
 * Lambda's TagResource, UntagResource and ListTags: tags of functions, in their rows. Those of event source
 * mappings are source's.
 */
#include "api/event_source.h"
#include "api/function_config.h"
#include "base/error.h"

#define TAGS_MAX 50

static const struct ms_api_member tag_members[] = {
    {.name = "Resource", .kind = MS_API_STRING, .is_required = true, .min = 1, .max = 256},
    {.name = "Tags", .kind = MS_API_STRUCTURE, .is_required = true},
    MS_MEMBER_END};
static const struct ms_api_member untag_members[] = {
    {.name = "Resource", .kind = MS_API_STRING, .is_required = true, .min = 1, .max = 256},
    {.name = "TagKeys", .kind = MS_API_LIST, .is_required = true},
    MS_MEMBER_END};
static const struct ms_api_member list_members[] = {
    {.name = "Resource", .kind = MS_API_STRING, .is_required = true, .min = 1, .max = 256},
    MS_MEMBER_END};

static bool is_mapping(const struct ms_api_call *call)
{
  return ms_mapping_is_arn(ms_api_text(call, "Resource"));
}

/* The function, whose ARN was given without a version. False: the call has been answered. */
static bool find(struct ms_function_name *name, struct ms_api_call *call)
{
  struct ms_str arn = ms_api_text(call, "Resource");
  const struct ms_str none = {NULL, 0};
  int err = ms_str_has_prefix(arn, "arn:")
                ? ms_function_name_parse(name, ms_api_invoke(call), arn, none)
                : MSTEP_ESYNTAX;
  if (err != 0) {
    ms_api_fail_f(call, MS_API_ERROR_VALIDATION, "1 validation error detected: Value '%.*s' at "
                  "'resource' failed to satisfy constraint: Member must be the ARN of a function",
                  (int)(arn.len < 256 ? arn.len : 256), arn.data);
    return false;
  }
  if (name->qualifier.len > 0) {
    ms_api_fail(call, MS_API_ERROR_INVALID_PARAMETER_VALUE,
                MS_STR("Tags on function aliases and versions are not supported. Please specify a "
                       "function ARN."));
    return false;
  }
  if (!ms_invoke_has(ms_api_invoke(call), name)) {
    ms_api_fail_f(call, MS_API_ERROR_LAMBDA_NOT_FOUND, "Function not found: %.*s", MS_STR_ARG(arn));
    return false;
  }
  return true;
}

bool ms_api_function_tags_check(struct ms_api_call *call, struct ms_json tags)
{
  bool are_fine = ms_json_count(tags) <= TAGS_MAX;
  if (!are_fine) {
    ms_api_fail(call, MS_API_ERROR_INVALID_PARAMETER_VALUE,
                MS_STR("Number of tags exceeds resource tag limit."));
  }
  for (size_t i = 0; i < ms_json_count(tags) && are_fine; i++) {
    struct ms_str key = ms_json_key(tags, i);
    struct ms_json value = ms_json_member(tags, i);
    are_fine = key.len > 0 && key.len <= 128 && ms_json_is_string(value) &&
               ms_json_text(value).len <= 256 && !ms_str_has_prefix(key, "aws:");
    if (!are_fine) {
      ms_api_fail(call, MS_API_ERROR_INVALID_PARAMETER_VALUE,
                  MS_STR("Tag keys have 1 to 128 characters and do not begin with aws:, values are "
                         "texts of up to 256."));
    }
  }
  return are_fine;
}

/* Puts the row with these tags; takes them, NONE: no memory. */
static int put(struct ms_api_call *call, const struct ms_function_name *name, struct ms_json tags)
{
  struct ms_json row = ms_api_function_row(call, name);
  int err = ms_json_is_none(tags) ? MSTEP_ENOMEM : ms_json_setc(&row, "Tags", tags);
  if (err != 0) {
    ms_json_replace(&row, MS_JSON_VALUE_NONE);
  }
  return ms_api_function_put(call, name, row, ms_json_object(0));
}

static struct ms_json tags_of(struct ms_api_call *call, const struct ms_function_name *name)
{
  struct ms_json tags = ms_json_getc(ms_invoke_row(ms_api_invoke(call), name->name), "Tags");
  return ms_json_is_none(tags) ? ms_json_object(2) : ms_json_ref(tags);
}

static int tag(struct ms_api_call *call)
{
  struct ms_function_name name;
  struct ms_json more = ms_api_get(call, "Tags");
  if (is_mapping(call)) {
    return ms_api_function_tags_check(call, more) ? ms_api_mapping(call, ms_mapping_tag) : MSTEP_OK;
  }
  if (!find(&name, call) || !ms_api_function_tags_check(call, more)) {
    return MSTEP_OK;
  }
  struct ms_json tags = tags_of(call, &name);
  int err = MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(more) && err == 0; i++) {
    err = ms_json_set(&tags, ms_json_key(more, i), ms_json_ref(ms_json_member(more, i)));
  }
  if (err == 0 && !ms_api_function_tags_check(call, tags)) {
    ms_json_unref(tags);
    return MSTEP_OK;
  }
  if (err != 0) {
    ms_json_replace(&tags, MS_JSON_VALUE_NONE);
  }
  return put(call, &name, tags);
}

static int untag(struct ms_api_call *call)
{
  struct ms_function_name name;
  struct ms_json keys = ms_api_get(call, "TagKeys");
  if (is_mapping(call)) {
    return ms_api_mapping(call, ms_mapping_untag);
  }
  if (!find(&name, call)) {
    return MSTEP_OK;
  }
  struct ms_json tags = tags_of(call, &name);
  int err = MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(keys) && err == 0; i++) {
    err = ms_json_remove(&tags, ms_json_text(ms_json_at(keys, i)));
  }
  if (err != 0) {
    ms_json_replace(&tags, MS_JSON_VALUE_NONE);
  }
  return put(call, &name, tags);
}

static int list(struct ms_api_call *call)
{
  struct ms_function_name name;
  if (is_mapping(call)) {
    return ms_api_mapping(call, ms_mapping_list_tags);
  }
  return find(&name, call) ? ms_api_reply_json(call, ms_api_object("Tags", tags_of(call, &name)))
                           : MSTEP_OK;
}

const struct ms_op ms_op_function_tag = {tag_members, tag};
const struct ms_op ms_op_function_untag = {untag_members, untag};
const struct ms_op ms_op_function_list_tags = {list_members, list};
