/*
 * What roles have of policies: documents of their own (PutRolePolicy ...) and attached ones
 * (AttachRolePolicy ...), which may be AWS's, that nobody made here.
 */
#include "api/iam.h"
#include "base/error.h"

#define ROLE MS_MEMBER_TEXT("RoleName", true, 64)

static const struct ms_api_member put_members[] = {
    ROLE, MS_MEMBER_TEXT("PolicyName", true, 128),
    MS_MEMBER_TEXT("PolicyDocument", true, MS_IAM_DOCUMENT_MAX), MS_MEMBER_END};
static const struct ms_api_member name_members[] = {ROLE, MS_MEMBER_TEXT("PolicyName", true, 128),
                                                    MS_MEMBER_END};
static const struct ms_api_member attach_members[] = {ROLE, MS_MEMBER_TEXT("PolicyArn", true, 2048),
                                                      MS_MEMBER_END};
static const struct ms_api_member list_members[] = {ROLE, MS_MEMBER_IAM_PAGE, MS_MEMBER_END};

/* Puts the role with that member changed (takes it; NONE: out of memory). */
static int keep(struct ms_api_call *call, const char *member, struct ms_json value)
{
  struct ms_json role = ms_json_ref(ms_iam_role(call));
  if (ms_json_setc(&role, member, value) != 0) {
    ms_json_replace(&role, MS_JSON_VALUE_NONE);
  }
  return ms_api_catalog_put(call, MS_IAM_ROLE, ms_api_text(call, "RoleName"), role,
                            ms_json_object(0));
}

/* ---- its own: {name: document} ---- */

static int put(struct ms_api_call *call)
{
  struct ms_json role = ms_iam_role(call);
  if (ms_json_is_none(role) || !ms_iam_check_name(call, "PolicyName") ||
      !ms_iam_check_document(call, "PolicyDocument")) {
    return MSTEP_OK;
  }
  struct ms_json there = ms_json_getc(role, "Policies");
  struct ms_json policies = ms_json_is_none(there) ? ms_json_object(2) : ms_json_ref(there);
  if (ms_json_set(&policies, ms_api_text(call, "PolicyName"),
                  ms_json_ref(ms_api_get(call, "PolicyDocument"))) != 0) {
    ms_json_replace(&policies, MS_JSON_VALUE_NONE);
  }
  return keep(call, "Policies", policies);
}

/* NONE: answered. */
static struct ms_json find(struct ms_api_call *call)
{
  struct ms_json role = ms_iam_role(call);
  struct ms_str name = ms_api_text(call, "PolicyName");
  struct ms_json document = ms_json_get(ms_json_getc(role, "Policies"), name);
  if (!ms_json_is_none(role) && ms_json_is_none(document)) {
    ms_api_fail_f(call, MS_API_ERROR_IAM_NOT_FOUND,
                  "The role policy with name %.*s cannot be found.", MS_STR_ARG(name));
  }
  return document;
}

static int get(struct ms_api_call *call)
{
  static const char *const given[] = {"RoleName", "PolicyName", NULL};
  struct ms_json document = find(call);
  if (ms_json_is_none(document)) {
    return MSTEP_OK;
  }
  struct ms_json reply = ms_json_object(3);
  int err = ms_json_is_none(reply) ? MSTEP_ENOMEM : ms_api_copy(&reply, call, given);
  if (err == 0) {
    err = ms_json_setc(&reply, "PolicyDocument", ms_iam_encoded(ms_json_text(document)));
  }
  if (err != 0) {
    ms_json_replace(&reply, MS_JSON_VALUE_NONE);
  }
  return ms_api_reply_json(call, reply);
}

static int delete_policy(struct ms_api_call *call)
{
  if (ms_json_is_none(find(call))) {
    return MSTEP_OK;
  }
  struct ms_json policies = ms_json_ref(ms_json_getc(ms_iam_role(call), "Policies"));
  if (ms_json_remove(&policies, ms_api_text(call, "PolicyName")) != 0) {
    ms_json_replace(&policies, MS_JSON_VALUE_NONE);
  }
  return keep(call, "Policies", policies);
}

static int list(struct ms_api_call *call)
{
  struct ms_json role = ms_iam_role(call);
  if (ms_json_is_none(role)) {
    return MSTEP_OK;
  }
  struct ms_json policies = ms_json_getc(role, "Policies"), names = ms_json_array(4);
  for (size_t i = 0; i < ms_json_count(policies) && !ms_json_is_none(names); i++) {
    if (ms_json_push(&names, ms_json_ref(ms_json_key_value(policies, i))) != 0) {
      ms_json_replace(&names, MS_JSON_VALUE_NONE);
    }
  }
  return ms_iam_page(call, "PolicyNames", names);
}

/* ---- attached: [{PolicyName, PolicyArn}] ---- */

/* The attached ones without that of `arn`; *had says whether it was there. NONE: out of memory. */
static struct ms_json without(bool *had, struct ms_json attached, struct ms_str arn)
{
  struct ms_json out = ms_json_array(4);
  *had = false;
  for (size_t i = 0; i < ms_json_count(attached) && !ms_json_is_none(out); i++) {
    struct ms_json item = ms_json_at(attached, i);
    if (ms_str_eq(ms_json_text(ms_json_getc(item, "PolicyArn")), arn)) {
      *had = true;
    } else if (ms_json_push(&out, ms_json_ref(item)) != 0) {
      ms_json_replace(&out, MS_JSON_VALUE_NONE);
    }
  }
  return out;
}

static struct ms_json attachment(struct ms_str arn)
{
  struct ms_str name = arn;
  for (size_t i = arn.len; i > 0 && arn.data[i - 1] != '/'; i--) {
    name = ms_str_sub(arn, i - 1, arn.len);
  }
  struct ms_json out = ms_api_object("PolicyName", ms_json_string(name));
  if (ms_json_is_none(out) || ms_json_setc(&out, "PolicyArn", ms_json_string(arn)) != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

static int attach(struct ms_api_call *call)
{
  struct ms_str arn = ms_api_text(call, "PolicyArn");
  struct ms_json role = ms_iam_role(call);
  bool is_theirs = ms_str_has_prefix(arn, "arn:aws:iam::aws:policy/"), had;
  if (ms_json_is_none(role) || (!is_theirs && ms_json_is_none(ms_iam_policy(call)))) {
    return MSTEP_OK;
  }
  struct ms_json attached = without(&had, ms_json_getc(role, "AttachedPolicies"), arn);
  if (!ms_json_is_none(attached) && ms_json_push(&attached, attachment(arn)) != 0) {
    ms_json_replace(&attached, MS_JSON_VALUE_NONE);
  }
  return keep(call, "AttachedPolicies", attached);
}

static int detach(struct ms_api_call *call)
{
  struct ms_str arn = ms_api_text(call, "PolicyArn");
  struct ms_json role = ms_iam_role(call);
  if (ms_json_is_none(role)) {
    return MSTEP_OK;
  }
  bool had;
  struct ms_json attached = without(&had, ms_json_getc(role, "AttachedPolicies"), arn);
  if (!had && !ms_json_is_none(attached)) {
    ms_json_unref(attached);
    return ms_api_fail_f(call, MS_API_ERROR_IAM_NOT_FOUND, "Policy %.*s was not found.",
                         MS_STR_ARG(arn));
  }
  return keep(call, "AttachedPolicies", attached);
}

static int list_attached(struct ms_api_call *call)
{
  struct ms_json role = ms_iam_role(call);
  if (ms_json_is_none(role)) {
    return MSTEP_OK;
  }
  struct ms_json attached = ms_json_getc(role, "AttachedPolicies");
  return ms_iam_page(call, "AttachedPolicies",
                     ms_json_is_none(attached) ? ms_json_array(0) : ms_json_ref(attached));
}

const struct ms_op ms_op_iam_put_role_policy = {put_members, put};
const struct ms_op ms_op_iam_get_role_policy = {name_members, get};
const struct ms_op ms_op_iam_delete_role_policy = {name_members, delete_policy};
const struct ms_op ms_op_iam_list_role_policies = {list_members, list};
const struct ms_op ms_op_iam_attach_role_policy = {attach_members, attach};
const struct ms_op ms_op_iam_detach_role_policy = {attach_members, detach};
const struct ms_op ms_op_iam_list_attached_role_policies = {list_members, list_attached};
