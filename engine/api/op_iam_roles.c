/*
 * Roles of IAM: Create-, Get-, List-, Update-, DeleteRole, UpdateAssumeRolePolicy, tags. In the catalog by
 * name, with their policies (op_iam_role_policies.c).
 */
#include "api/iam.h"
#include "base/error.h"
#include "runtime/runtime.h"

#define NAME MS_MEMBER_TEXT("RoleName", true, 64)
#define BOUNDARY "PermissionsBoundary"

static const struct ms_api_member create_members[] = {
    NAME,
    MS_MEMBER_TEXT("Path", false, 512),
    MS_MEMBER_TEXT("AssumeRolePolicyDocument", true, MS_IAM_DOCUMENT_MAX),
    MS_MEMBER_TEXT("Description", false, 1000),
    {.name = "MaxSessionDuration", .kind = MS_API_INTEGER, .min = 3600, .max = 43200},
    MS_MEMBER_TEXT(BOUNDARY, false, 2048),
    {.name = "Tags", .kind = MS_API_LIST, .max = 50, .members = ms_iam_tag_members},
    MS_MEMBER_END};
static const struct ms_api_member update_members[] = {
    NAME,
    MS_MEMBER_TEXT("Description", false, 1000),
    {.name = "MaxSessionDuration", .kind = MS_API_INTEGER, .min = 3600, .max = 43200},
    MS_MEMBER_END};
static const struct ms_api_member describe_members[] = {
    NAME, MS_MEMBER_TEXT("Description", true, 1000), MS_MEMBER_END};
static const struct ms_api_member boundary_members[] = {NAME, MS_MEMBER_TEXT(BOUNDARY, true, 2048),
                                                        MS_MEMBER_END};
static const struct ms_api_member assume_members[] = {
    NAME, MS_MEMBER_TEXT("PolicyDocument", true, MS_IAM_DOCUMENT_MAX), MS_MEMBER_END};
static const struct ms_api_member name_members[] = {NAME, MS_MEMBER_IAM_PAGE, MS_MEMBER_END};
static const struct ms_api_member list_members[] = {MS_MEMBER_TEXT("PathPrefix", false, 512),
                                                    MS_MEMBER_IAM_PAGE, MS_MEMBER_END};
static const struct ms_api_member tag_members[] = {NAME,
                                                   {.name = "Tags",
                                                    .kind = MS_API_LIST,
                                                    .is_required = true,
                                                    .max = 50,
                                                    .members = ms_iam_tag_members},
                                                   MS_MEMBER_END};
static const struct ms_api_member untag_members[] = {
    NAME, {.name = "TagKeys", .kind = MS_API_LIST, .is_required = true, .max = 50}, MS_MEMBER_END};

static int show_boundary(struct ms_json *out, struct ms_json role)
{
  struct ms_json arn = ms_json_getc(role, BOUNDARY), boundary = ms_json_object(2);
  if (ms_json_is_none(arn)) {
    ms_json_unref(boundary);
    return MSTEP_OK;
  }
  int err = ms_json_setc(&boundary, "PermissionsBoundaryType", ms_json_cstring("Policy"));
  err |= ms_json_setc(&boundary, "PermissionsBoundaryArn", ms_json_ref(arn));
  int set = ms_json_setc(out, BOUNDARY, boundary);
  return err != 0 ? MSTEP_ENOMEM : set;
}

/* As GetRole shows it; a list has no tags. */
static struct ms_json show(struct ms_json role, bool with_tags)
{
  static const char *const names[] = {
      "Path", "RoleName", "RoleId", "Arn", "CreateDate", "Description", "MaxSessionDuration", NULL};
  struct ms_json tags = ms_json_getc(role, "Tags");
  struct ms_json out = ms_api_pick(role, names);
  int err = ms_json_is_none(out)
                ? MSTEP_ENOMEM
                : ms_json_setc(
                      &out, "AssumeRolePolicyDocument",
                      ms_iam_encoded(ms_json_text(ms_json_getc(role, "AssumeRolePolicyDocument"))));
  err = err != 0 ? err : show_boundary(&out, role);
  if (err == 0 && with_tags && ms_json_count(tags) > 0) {
    err = ms_json_setc(&out, "Tags", ms_json_ref(tags));
  }
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

/* Takes role; NONE: out of memory. */
static int keep(struct ms_api_call *call, struct ms_json role, struct ms_json reply)
{
  return ms_api_catalog_put(call, MS_IAM_ROLE, ms_api_text(call, "RoleName"), role, reply);
}

static int fill(struct ms_json *role, struct ms_api_call *call)
{
  static const char *const given[] = {
      "Path",   "RoleName", "AssumeRolePolicyDocument", "Tags", "MaxSessionDuration", "Description",
      BOUNDARY, NULL};
  char arn[MS_IAM_ARN_SIZE];
  ms_iam_arn(arn, call, "role", ms_api_text(call, "RoleName"));
  int err = ms_json_setc(role, "Path", ms_json_cstring("/"));
  err = err != 0 ? err : ms_json_setc(role, "MaxSessionDuration", ms_json_int(3600));
  err = err != 0 ? err : ms_api_copy(role, call, given);
  err = err != 0 ? err : ms_json_setc(role, "RoleId", ms_iam_id(call, "AROA"));
  err = err != 0 ? err : ms_json_setc(role, "Arn", ms_json_cstring(arn));
  return err != 0 ? err : ms_json_setc(role, "CreateDate", ms_iam_now(call));
}

static int create(struct ms_api_call *call)
{
  struct ms_str name = ms_api_text(call, "RoleName");
  if (!ms_iam_check_name(call, "RoleName") ||
      !ms_iam_check_document(call, "AssumeRolePolicyDocument")) {
    return MSTEP_OK;
  }
  if (!ms_json_is_none(ms_catalog_get(ms_api_engine(call), MS_IAM_ROLE, name))) {
    return ms_api_fail_f(call, MS_API_ERROR_IAM_EXISTS, "Role with name %.*s already exists.",
                         MS_STR_ARG(name));
  }
  struct ms_json role = ms_json_object(12);
  if (fill(&role, call) != 0) {
    ms_json_replace(&role, MS_JSON_VALUE_NONE);
  }
  struct ms_json shown = ms_json_is_none(role) ? role : ms_api_object("Role", show(role, true));
  return keep(call, role, shown);
}

static int get(struct ms_api_call *call)
{
  struct ms_json role = ms_iam_role(call);
  return ms_json_is_none(role) ? MSTEP_OK
                               : ms_api_reply_json(call, ms_api_object("Role", show(role, true)));
}

static int list(struct ms_api_call *call)
{
  struct ms_str prefix = ms_api_text(call, "PathPrefix"), name;
  struct ms_json items = ms_json_array(8), role;
  uint64_t place = 0;
  while (!ms_json_is_none(items) &&
         ms_catalog_next(&name, &role, &place, ms_api_engine(call), MS_IAM_ROLE)) {
    struct ms_str path = ms_json_text(ms_json_getc(role, "Path"));
    bool is_wanted = prefix.len <= path.len &&
                     memcmp(prefix.data == NULL ? "" : prefix.data, path.data, prefix.len) == 0;
    if (is_wanted && ms_json_push(&items, show(role, false)) != 0) {
      ms_json_replace(&items, MS_JSON_VALUE_NONE);
    }
  }
  return ms_iam_page(call, "Roles", items);
}

static int update(struct ms_api_call *call)
{
  static const char *const given[] = {"Description", "MaxSessionDuration", NULL};
  struct ms_json role = ms_json_ref(ms_iam_role(call));
  if (ms_json_is_none(role)) {
    return MSTEP_OK;
  }
  if (ms_api_copy(&role, call, given) != 0) {
    ms_json_replace(&role, MS_JSON_VALUE_NONE);
  }
  return keep(call, role, ms_json_object(0));
}

/* The same of its description alone, and with the role as the answer. */
static int update_description(struct ms_api_call *call)
{
  struct ms_json role = ms_json_ref(ms_iam_role(call));
  if (ms_json_is_none(role)) {
    return MSTEP_OK;
  }
  if (ms_json_setc(&role, "Description", ms_json_ref(ms_api_get(call, "Description"))) != 0) {
    ms_json_replace(&role, MS_JSON_VALUE_NONE);
  }
  struct ms_json shown = ms_json_is_none(role) ? role : ms_api_object("Role", show(role, true));
  return keep(call, role, shown);
}

static int put_boundary(struct ms_api_call *call)
{
  struct ms_json role = ms_json_ref(ms_iam_role(call));
  if (ms_json_is_none(role)) {
    return MSTEP_OK;
  }
  if (ms_json_setc(&role, BOUNDARY, ms_json_ref(ms_api_get(call, BOUNDARY))) != 0) {
    ms_json_replace(&role, MS_JSON_VALUE_NONE);
  }
  return keep(call, role, ms_json_object(0));
}

static int delete_boundary(struct ms_api_call *call)
{
  struct ms_json role = ms_json_ref(ms_iam_role(call));
  if (ms_json_is_none(role)) {
    return MSTEP_OK;
  }
  if (ms_json_remove(&role, MS_STR(BOUNDARY)) != 0) {
    ms_json_replace(&role, MS_JSON_VALUE_NONE);
  }
  return keep(call, role, ms_json_object(0));
}

static int update_assume(struct ms_api_call *call)
{
  struct ms_json role = ms_json_ref(ms_iam_role(call));
  if (ms_json_is_none(role) || !ms_iam_check_document(call, "PolicyDocument")) {
    ms_json_unref(role);
    return MSTEP_OK;
  }
  if (ms_json_setc(&role, "AssumeRolePolicyDocument",
                   ms_json_ref(ms_api_get(call, "PolicyDocument"))) != 0) {
    ms_json_replace(&role, MS_JSON_VALUE_NONE);
  }
  return keep(call, role, ms_json_object(0));
}

static int delete_role(struct ms_api_call *call)
{
  struct ms_json role = ms_iam_role(call);
  if (ms_json_is_none(role)) {
    return MSTEP_OK;
  }
  if (ms_json_count(ms_json_getc(role, "Policies")) > 0) {
    return ms_api_fail(call, MS_API_ERROR_IAM_CONFLICT,
                       MS_STR("Cannot delete entity, must delete policies first."));
  }
  if (ms_json_count(ms_json_getc(role, "AttachedPolicies")) > 0) {
    return ms_api_fail(call, MS_API_ERROR_IAM_CONFLICT,
                       MS_STR("Cannot delete entity, must detach all policies first."));
  }
  int err = ms_catalog_remove(ms_api_engine(call), MS_IAM_ROLE, ms_api_text(call, "RoleName"));
  return err != 0 ? err : ms_api_finish(call, ms_json_object(0));
}

/* ---- tags ---- */

static int set_tags(struct ms_api_call *call, struct ms_json keys, struct ms_json added)
{
  struct ms_json role = ms_json_ref(ms_iam_role(call));
  if (ms_json_is_none(role)) {
    return MSTEP_OK;
  }
  if (ms_json_setc(&role, "Tags", ms_iam_tags_change(ms_json_getc(role, "Tags"), keys, added)) !=
      0) {
    ms_json_replace(&role, MS_JSON_VALUE_NONE);
  }
  return keep(call, role, ms_json_object(0));
}

static int tag(struct ms_api_call *call)
{
  struct ms_json tags = ms_api_get(call, "Tags");
  return set_tags(call, tags, tags);
}

static int untag(struct ms_api_call *call)
{
  return set_tags(call, ms_api_get(call, "TagKeys"), MS_JSON_VALUE_NONE);
}

static int list_tags(struct ms_api_call *call)
{
  struct ms_json role = ms_iam_role(call);
  if (ms_json_is_none(role)) {
    return MSTEP_OK;
  }
  struct ms_json tags = ms_json_getc(role, "Tags");
  return ms_iam_page(call, "Tags", ms_json_is_none(tags) ? ms_json_array(0) : ms_json_ref(tags));
}

/* There are no machines that could wear a role. */
static int list_profiles(struct ms_api_call *call)
{
  return ms_json_is_none(ms_iam_role(call))
             ? MSTEP_OK
             : ms_iam_page(call, "InstanceProfiles", ms_json_array(0));
}

const struct ms_op ms_op_iam_create_role = {create_members, create};
const struct ms_op ms_op_iam_get_role = {name_members, get};
const struct ms_op ms_op_iam_list_roles = {list_members, list};
const struct ms_op ms_op_iam_update_role = {update_members, update};
const struct ms_op ms_op_iam_update_role_description = {describe_members, update_description};
const struct ms_op ms_op_iam_put_boundary = {boundary_members, put_boundary};
const struct ms_op ms_op_iam_delete_boundary = {name_members, delete_boundary};
const struct ms_op ms_op_iam_update_assume_role_policy = {assume_members, update_assume};
const struct ms_op ms_op_iam_delete_role = {name_members, delete_role};
const struct ms_op ms_op_iam_tag_role = {tag_members, tag};
const struct ms_op ms_op_iam_untag_role = {untag_members, untag};
const struct ms_op ms_op_iam_list_role_tags = {name_members, list_tags};
const struct ms_op ms_op_iam_list_instance_profiles_for_role = {name_members, list_profiles};
