/*
 * Policies of IAM that stand by themselves: CreatePolicy, its versions, GetPolicy, ListPolicies,
 * DeletePolicy. In the catalog by ARN; at most five versions, as on AWS.
 */
#include <stdio.h>

#include "api/iam.h"
#include "base/error.h"

#define VERSIONS_MAX 5
#define ARN MS_MEMBER_TEXT("PolicyArn", true, 2048)

static const struct ms_api_member create_members[] = {
    MS_MEMBER_TEXT("PolicyName", true, 128),
    MS_MEMBER_TEXT("Path", false, 512),
    MS_MEMBER_TEXT("PolicyDocument", true, MS_IAM_DOCUMENT_MAX),
    MS_MEMBER_TEXT("Description", false, 1000),
    {.name = "Tags", .kind = MS_API_LIST, .max = 50, .members = ms_iam_tag_members},
    MS_MEMBER_END};
static const struct ms_api_member arn_members[] = {ARN, MS_MEMBER_IAM_PAGE, MS_MEMBER_END};
static const struct ms_api_member tag_members[] = {ARN,
                                                   {.name = "Tags",
                                                    .kind = MS_API_LIST,
                                                    .is_required = true,
                                                    .max = 50,
                                                    .members = ms_iam_tag_members},
                                                   MS_MEMBER_END};
static const struct ms_api_member untag_members[] = {
    ARN, {.name = "TagKeys", .kind = MS_API_LIST, .is_required = true, .max = 50}, MS_MEMBER_END};
static const struct ms_api_member version_members[] = {ARN, MS_MEMBER_TEXT("VersionId", true, 32),
                                                       MS_MEMBER_END};
static const struct ms_api_member create_version_members[] = {
    ARN,
    MS_MEMBER_TEXT("PolicyDocument", true, MS_IAM_DOCUMENT_MAX),
    {.name = "SetAsDefault", .kind = MS_API_BOOLEAN},
    MS_MEMBER_END};
static const struct ms_api_member list_members[] = {
    MS_MEMBER_TEXT("PathPrefix", false, 512),
    {.name = "Scope", .kind = MS_API_STRING, .values = "All, AWS, Local"},
    MS_MEMBER_IAM_PAGE,
    MS_MEMBER_END};

/* ---- what is shown ---- */

static struct ms_json show(struct ms_json policy)
{
  static const char *const names[] = {"PolicyName",  "PolicyId",   "Arn",        "Path",
                                      "Description", "CreateDate", "UpdateDate", "DefaultVersionId",
                                      "Tags",        NULL};
  struct ms_json out = ms_api_pick(policy, names);
  int err =
      ms_json_is_none(out) ? MSTEP_ENOMEM : ms_json_setc(&out, "IsAttachable", ms_json_bool(true));
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

static struct ms_json show_version(struct ms_json policy, struct ms_json version,
                                   bool with_document)
{
  static const char *const names[] = {"VersionId", "CreateDate", NULL};
  struct ms_str standard = ms_json_text(ms_json_getc(policy, "DefaultVersionId"));
  bool is_default = ms_str_eq(standard, ms_json_text(ms_json_getc(version, "VersionId")));
  struct ms_json out = ms_api_pick(version, names);
  int err = ms_json_is_none(out) ? MSTEP_ENOMEM
                                 : ms_json_setc(&out, "IsDefaultVersion", ms_json_bool(is_default));
  if (err == 0 && with_document) {
    err = ms_json_setc(&out, "Document",
                       ms_iam_encoded(ms_json_text(ms_json_getc(version, "Document"))));
  }
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

/* ---- versions: [{VersionId, CreateDate, Document}], the oldest first ---- */

/* Appends one of the request's document to *policy. */
static int add_version(struct ms_json *policy, struct ms_api_call *call, int64_t number,
                       bool is_default)
{
  struct ms_json there = ms_json_getc(*policy, "Versions");
  struct ms_json versions = ms_json_is_none(there) ? ms_json_array(1) : ms_json_ref(there);
  struct ms_json version = ms_api_object("VersionId", ms_json_stringf("v%lld", (long long)number));
  int err = ms_json_is_none(version) ? MSTEP_ENOMEM
                                     : ms_json_setc(&version, "CreateDate", ms_iam_now(call));
  if (err == 0) {
    err = ms_json_setc(&version, "Document", ms_json_ref(ms_api_get(call, "PolicyDocument")));
  }
  if (err == 0 && is_default) {
    err = ms_json_setc(policy, "DefaultVersionId", ms_json_ref(ms_json_getc(version, "VersionId")));
  }
  if (err == 0) {
    err = ms_json_push(&versions, version);
  } else {
    ms_json_unref(version);
  }
  if (err != 0) {
    ms_json_replace(&versions, MS_JSON_VALUE_NONE);
  }
  err = ms_json_setc(policy, "Versions", versions);
  return err != 0 ? err : ms_json_setc(policy, "LastVersion", ms_json_int(number));
}

/* Place of VersionId among the versions. False: the call has been answered. */
static bool find_version(size_t *place, struct ms_api_call *call, struct ms_json policy)
{
  struct ms_str id = ms_api_text(call, "VersionId");
  struct ms_json versions = ms_json_getc(policy, "Versions");
  for (*place = 0; *place < ms_json_count(versions); ++*place) {
    struct ms_json version = ms_json_at(versions, *place);
    if (ms_str_eq(ms_json_text(ms_json_getc(version, "VersionId")), id)) {
      return true;
    }
  }
  ms_api_fail_f(call, MS_API_ERROR_IAM_NOT_FOUND,
                "Policy %.*s version %.*s does not exist or is not attachable.",
                MS_STR_ARG(ms_api_text(call, "PolicyArn")), MS_STR_ARG(id));
  return false;
}

/* ---- operations ---- */

static int fill(struct ms_json *policy, struct ms_api_call *call, const char *arn)
{
  static const char *const given[] = {"PolicyName", "Path", "Description", "Tags", NULL};
  struct ms_json now = ms_iam_now(call);
  int err = ms_json_setc(policy, "Path", ms_json_cstring("/"));
  err = err != 0 ? err : ms_api_copy(policy, call, given);
  err = err != 0 ? err : ms_json_setc(policy, "PolicyId", ms_iam_id(call, "ANPA"));
  err = err != 0 ? err : ms_json_setc(policy, "Arn", ms_json_cstring(arn));
  err = err != 0 ? err : ms_json_setc(policy, "CreateDate", ms_json_ref(now));
  err = err != 0 ? err : ms_json_setc(policy, "UpdateDate", ms_json_ref(now));
  ms_json_unref(now);
  return err != 0 ? err : add_version(policy, call, 1, true);
}

static int create(struct ms_api_call *call)
{
  struct ms_str name = ms_api_text(call, "PolicyName");
  if (!ms_iam_check_name(call, "PolicyName") || !ms_iam_check_document(call, "PolicyDocument")) {
    return MSTEP_OK;
  }
  char arn[MS_IAM_ARN_SIZE];
  ms_iam_arn(arn, call, "policy", name);
  if (!ms_json_is_none(ms_catalog_get(ms_api_engine(call), MS_IAM_POLICY, ms_str_c(arn)))) {
    return ms_api_fail_f(call, MS_API_ERROR_IAM_EXISTS,
                         "A policy called %.*s already exists. Duplicate names are not allowed.",
                         MS_STR_ARG(name));
  }
  struct ms_json policy = ms_json_object(12);
  if (fill(&policy, call, arn) != 0) {
    ms_json_replace(&policy, MS_JSON_VALUE_NONE);
  }
  struct ms_json shown = ms_json_is_none(policy) ? policy : ms_api_object("Policy", show(policy));
  return ms_api_catalog_put(call, MS_IAM_POLICY, ms_str_c(arn), policy, shown);
}

static int get(struct ms_api_call *call)
{
  struct ms_json policy = ms_iam_policy(call);
  return ms_json_is_none(policy) ? MSTEP_OK
                                 : ms_api_reply_json(call, ms_api_object("Policy", show(policy)));
}

static int list(struct ms_api_call *call)
{
  struct ms_json items = ms_json_array(8), policy;
  bool is_ours = !ms_str_is(ms_api_text(call, "Scope"), "AWS");
  struct ms_str arn;
  uint64_t place = 0;
  while (is_ours && !ms_json_is_none(items) &&
         ms_catalog_next(&arn, &policy, &place, ms_api_engine(call), MS_IAM_POLICY)) {
    if (ms_json_push(&items, show(policy)) != 0) {
      ms_json_replace(&items, MS_JSON_VALUE_NONE);
    }
  }
  return ms_iam_page(call, "Policies", items);
}

static bool is_attached(struct ms_api_call *call, struct ms_str arn)
{
  struct ms_str name;
  struct ms_json role;
  uint64_t place = 0;
  while (ms_catalog_next(&name, &role, &place, ms_api_engine(call), MS_IAM_ROLE)) {
    struct ms_json attached = ms_json_getc(role, "AttachedPolicies");
    for (size_t i = 0; i < ms_json_count(attached); i++) {
      if (ms_str_eq(ms_json_text(ms_json_getc(ms_json_at(attached, i), "PolicyArn")), arn)) {
        return true;
      }
    }
  }
  return false;
}

static int delete_policy(struct ms_api_call *call)
{
  struct ms_str arn = ms_api_text(call, "PolicyArn");
  if (ms_json_is_none(ms_iam_policy(call))) {
    return MSTEP_OK;
  }
  if (is_attached(call, arn)) {
    return ms_api_fail(call, MS_API_ERROR_IAM_CONFLICT,
                       MS_STR("Cannot delete a policy attached to entities."));
  }
  int err = ms_catalog_remove(ms_api_engine(call), MS_IAM_POLICY, arn);
  return err != 0 ? err : ms_api_finish(call, ms_json_object(0));
}

static int create_version(struct ms_api_call *call)
{
  struct ms_json policy = ms_iam_policy(call);
  if (ms_json_is_none(policy) || !ms_iam_check_document(call, "PolicyDocument")) {
    return MSTEP_OK;
  }
  if (ms_json_count(ms_json_getc(policy, "Versions")) >= VERSIONS_MAX) {
    return ms_api_fail(call, MS_API_ERROR_IAM_LIMIT,
                       MS_STR("A managed policy can have up to 5 versions. Before you create a new "
                              "version, you must delete an existing version."));
  }
  int64_t number = 0;
  ms_json_to_int(&number, ms_json_getc(policy, "LastVersion"));
  struct ms_json changed = ms_json_ref(policy), shown = MS_JSON_VALUE_NONE;
  if (add_version(&changed, call, number + 1, ms_api_bool(call, "SetAsDefault", false)) == 0) {
    struct ms_json versions = ms_json_getc(changed, "Versions");
    struct ms_json last = ms_json_at(versions, ms_json_count(versions) - 1);
    shown = ms_api_object("PolicyVersion", show_version(changed, last, false));
  }
  return ms_api_catalog_put(call, MS_IAM_POLICY, ms_api_text(call, "PolicyArn"), changed, shown);
}

static int get_version(struct ms_api_call *call)
{
  struct ms_json policy = ms_iam_policy(call);
  size_t place;
  if (ms_json_is_none(policy) || !find_version(&place, call, policy)) {
    return MSTEP_OK;
  }
  struct ms_json version = ms_json_at(ms_json_getc(policy, "Versions"), place);
  return ms_api_reply_json(call,
                           ms_api_object("PolicyVersion", show_version(policy, version, true)));
}

/* The newest first, as IAM lists them. */
static int list_versions(struct ms_api_call *call)
{
  struct ms_json policy = ms_iam_policy(call);
  if (ms_json_is_none(policy)) {
    return MSTEP_OK;
  }
  struct ms_json versions = ms_json_getc(policy, "Versions"), items = ms_json_array(4);
  for (size_t i = ms_json_count(versions); i > 0 && !ms_json_is_none(items); i--) {
    if (ms_json_push(&items, show_version(policy, ms_json_at(versions, i - 1), false)) != 0) {
      ms_json_replace(&items, MS_JSON_VALUE_NONE);
    }
  }
  return ms_iam_page(call, "Versions", items);
}

static int set_default(struct ms_api_call *call)
{
  struct ms_json policy = ms_iam_policy(call);
  size_t place;
  if (ms_json_is_none(policy) || !find_version(&place, call, policy)) {
    return MSTEP_OK;
  }
  struct ms_json changed = ms_json_ref(policy);
  if (ms_json_setc(&changed, "DefaultVersionId", ms_json_ref(ms_api_get(call, "VersionId"))) != 0) {
    ms_json_replace(&changed, MS_JSON_VALUE_NONE);
  }
  return ms_api_catalog_put(call, MS_IAM_POLICY, ms_api_text(call, "PolicyArn"), changed,
                            ms_json_object(0));
}

static int delete_version(struct ms_api_call *call)
{
  struct ms_json policy = ms_iam_policy(call);
  size_t place;
  if (ms_json_is_none(policy) || !find_version(&place, call, policy)) {
    return MSTEP_OK;
  }
  if (ms_str_eq(ms_api_text(call, "VersionId"),
                ms_json_text(ms_json_getc(policy, "DefaultVersionId")))) {
    return ms_api_fail(call, MS_API_ERROR_IAM_CONFLICT,
                       MS_STR("Cannot delete the default version of a policy."));
  }
  struct ms_json versions = ms_json_getc(policy, "Versions"), left = ms_json_array(4);
  for (size_t i = 0; i < ms_json_count(versions) && !ms_json_is_none(left); i++) {
    if (i != place && ms_json_push(&left, ms_json_ref(ms_json_at(versions, i))) != 0) {
      ms_json_replace(&left, MS_JSON_VALUE_NONE);
    }
  }
  struct ms_json changed = ms_json_ref(policy);
  if (ms_json_setc(&changed, "Versions", left) != 0) {
    ms_json_replace(&changed, MS_JSON_VALUE_NONE);
  }
  return ms_api_catalog_put(call, MS_IAM_POLICY, ms_api_text(call, "PolicyArn"), changed,
                            ms_json_object(0));
}

/* ---- tags ---- */

static int set_tags(struct ms_api_call *call, struct ms_json keys, struct ms_json added)
{
  struct ms_json policy = ms_json_ref(ms_iam_policy(call));
  if (ms_json_is_none(policy)) {
    return MSTEP_OK;
  }
  struct ms_json tags = ms_iam_tags_change(ms_json_getc(policy, "Tags"), keys, added);
  if (ms_json_setc(&policy, "Tags", tags) != 0) {
    ms_json_replace(&policy, MS_JSON_VALUE_NONE);
  }
  return ms_api_catalog_put(call, MS_IAM_POLICY, ms_api_text(call, "PolicyArn"), policy,
                            ms_json_object(0));
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
  struct ms_json policy = ms_iam_policy(call);
  if (ms_json_is_none(policy)) {
    return MSTEP_OK;
  }
  struct ms_json tags = ms_json_getc(policy, "Tags");
  return ms_iam_page(call, "Tags", ms_json_is_none(tags) ? ms_json_array(0) : ms_json_ref(tags));
}

const struct ms_op ms_op_iam_tag_policy = {tag_members, tag};
const struct ms_op ms_op_iam_untag_policy = {untag_members, untag};
const struct ms_op ms_op_iam_list_policy_tags = {arn_members, list_tags};
const struct ms_op ms_op_iam_create_policy = {create_members, create};
const struct ms_op ms_op_iam_get_policy = {arn_members, get};
const struct ms_op ms_op_iam_list_policies = {list_members, list};
const struct ms_op ms_op_iam_delete_policy = {arn_members, delete_policy};
const struct ms_op ms_op_iam_create_policy_version = {create_version_members, create_version};
const struct ms_op ms_op_iam_get_policy_version = {version_members, get_version};
const struct ms_op ms_op_iam_list_policy_versions = {arn_members, list_versions};
const struct ms_op ms_op_iam_set_default_policy_version = {version_members, set_default};
const struct ms_op ms_op_iam_delete_policy_version = {version_members, delete_version};
