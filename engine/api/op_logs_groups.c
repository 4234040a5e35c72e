/*
 * Groups of CloudWatch Logs: Create-, Describe-, DeleteLogGroup(s), retention, tags. A group is a name with
 * settings that are kept and shown; what functions say is in op_logs_filter.c, and each function has its
 * group, created or not.
 */
#include "api/function_config.h"
#include "api/iam.h"
#include "base/error.h"
#include "base/sort.h"
#include "runtime/runtime.h"

#define KIND "log-group"
#define NAME(required) MS_MEMBER_TEXT("logGroupName", required, 512)
#define TAGS(required)                                                                             \
  {                                                                                                \
    .name = "tags", .kind = MS_API_STRUCTURE, .is_required = required                              \
  }
#define TAGS_MAX 50
#define PAGE 50

static const struct ms_api_member create_members[] = {
    NAME(true),
    MS_MEMBER_TEXT("kmsKeyId", false, 256),
    TAGS(false),
    {.name = "logGroupClass",
     .kind = MS_API_STRING,
     .values = "STANDARD, INFREQUENT_ACCESS, DELIVERY"},
    MS_MEMBER_END};
static const struct ms_api_member name_members[] = {NAME(true), MS_MEMBER_END};
static const struct ms_api_member describe_members[] = {
    MS_MEMBER_TEXT("logGroupNamePrefix", false, 512),
    MS_MEMBER_TEXT("logGroupNamePattern", false, 512),
    {.name = "limit", .kind = MS_API_INTEGER, .min = 1, .max = 50},
    MS_MEMBER_TEXT("nextToken", false, 512),
    MS_MEMBER_END};
static const struct ms_api_member retention_members[] = {
    NAME(true),
    {.name = "retentionInDays", .kind = MS_API_INTEGER, .is_required = true},
    MS_MEMBER_END};
static const struct ms_api_member tag_members[] = {MS_MEMBER_TEXT("resourceArn", true, 1011),
                                                   TAGS(true), MS_MEMBER_END};
static const struct ms_api_member untag_members[] = {
    MS_MEMBER_TEXT("resourceArn", true, 1011),
    {.name = "tagKeys", .kind = MS_API_LIST, .is_required = true, .max = TAGS_MAX},
    MS_MEMBER_END};
static const struct ms_api_member list_tags_members[] = {MS_MEMBER_TEXT("resourceArn", true, 1011),
                                                         MS_MEMBER_END};

/* ---- which group ---- */

/* NONE: the call has been answered. */
static struct ms_json find(struct ms_api_call *call, struct ms_str name)
{
  struct ms_json group = ms_catalog_get(ms_api_engine(call), KIND, name);
  if (ms_json_is_none(group)) {
    ms_api_fail(call, MS_API_ERROR_EVENTS_NOT_FOUND,
                MS_STR("The specified log group does not exist."));
  }
  return group;
}

/* NAME of arn:aws:logs:REGION:ACCOUNT:log-group:NAME, with ":*" behind it or not. */
static struct ms_str name_of(struct ms_api_call *call)
{
  struct ms_str name = ms_api_arn_part(ms_api_text(call, "resourceArn"), 6);
  return ms_str_sub(name, 0, ms_str_find(name, 0, ':'));
}

/* Takes group; NONE: out of memory. */
static int keep(struct ms_api_call *call, struct ms_str name, struct ms_json group)
{
  return ms_api_catalog_put(call, KIND, name, group, ms_json_object(0));
}

/* ---- create, delete, retention ---- */

static bool check_name(struct ms_api_call *call)
{
  struct ms_str name = ms_api_text(call, "logGroupName");
  for (size_t i = 0; i < name.len; i++) {
    char c = ms_ascii_lower(name.data[i]);
    if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && strchr(".-_/#", c) == NULL) {
      ms_api_fail_f(
          call, MS_API_ERROR_LOGS_INVALID_PARAMETER,
          "1 validation error detected: Value '%.*s' at 'logGroupName' failed to satisfy "
          "constraint: Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+",
          MS_STR_ARG(name));
      return false;
    }
  }
  return true;
}

static int create(struct ms_api_call *call)
{
  static const char *const given[] = {"logGroupName", "kmsKeyId", "tags", "logGroupClass", NULL};
  struct ms_str name = ms_api_text(call, "logGroupName");
  if (!check_name(call)) {
    return MSTEP_OK;
  }
  if (!ms_json_is_none(ms_catalog_get(ms_api_engine(call), KIND, name))) {
    return ms_api_fail(call, MS_API_ERROR_EVENTS_EXISTS,
                       MS_STR("The specified log group already exists"));
  }
  struct ms_json group = ms_json_object(6);
  int err = ms_json_setc(&group, "logGroupClass", ms_json_cstring("STANDARD"));
  err = err != 0 ? err : ms_api_copy(&group, call, given);
  err = err != 0 ? err
                 : ms_json_setc(&group, "creationTime",
                                ms_json_int(ms_engine_now_ms(ms_api_engine(call))));
  if (err != 0) {
    ms_json_replace(&group, MS_JSON_VALUE_NONE);
  }
  return keep(call, name, group);
}

static int delete_group(struct ms_api_call *call)
{
  struct ms_str name = ms_api_text(call, "logGroupName");
  if (ms_json_is_none(find(call, name))) {
    return MSTEP_OK;
  }
  int err = ms_catalog_remove(ms_api_engine(call), KIND, name);
  return err != 0 ? err : ms_api_finish(call, ms_json_object(0));
}

static bool is_retention(int64_t days)
{
  static const short allowed[] = {1,   3,   5,   7,   14,   30,   60,   90,   120,  150,  180,
                                  365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653};
  for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
    if (days == allowed[i]) {
      return true;
    }
  }
  return false;
}

static int put_retention(struct ms_api_call *call)
{
  struct ms_str name = ms_api_text(call, "logGroupName");
  int64_t days = ms_api_int(call, "retentionInDays", 0);
  struct ms_json group = ms_json_ref(find(call, name));
  if (ms_json_is_none(group)) {
    return MSTEP_OK;
  }
  if (!is_retention(days)) {
    ms_json_unref(group);
    return ms_api_fail_f(call, MS_API_ERROR_LOGS_INVALID_PARAMETER,
                         "1 validation error detected: Value '%lld' at 'retentionInDays' failed to "
                         "satisfy constraint: Member must satisfy enum value set",
                         (long long)days);
  }
  if (ms_json_setc(&group, "retentionInDays", ms_json_int(days)) != 0) {
    ms_json_replace(&group, MS_JSON_VALUE_NONE);
  }
  return keep(call, name, group);
}

static int delete_retention(struct ms_api_call *call)
{
  struct ms_str name = ms_api_text(call, "logGroupName");
  struct ms_json group = ms_json_ref(find(call, name));
  if (ms_json_is_none(group)) {
    return MSTEP_OK;
  }
  if (ms_json_remove(&group, MS_STR("retentionInDays")) != 0) {
    ms_json_replace(&group, MS_JSON_VALUE_NONE);
  }
  return keep(call, name, group);
}

/* ---- describe ---- */

/* Members of a group as they are shown; `group` NONE: one that a function has. */
static struct ms_json show(struct ms_api_call *call, struct ms_str name, struct ms_json group)
{
  static const char *const names[] = {"creationTime", "retentionInDays", "kmsKeyId",
                                      "logGroupClass", NULL};
  char arn[MS_ENGINE_ARN_SIZE];
  int err = ms_engine_arn(arn, ms_api_engine(call), "x", MS_STR("x"));
  struct ms_str region = ms_api_arn_part(ms_str_c(arn), 3);
  struct ms_str account = ms_api_arn_part(ms_str_c(arn), 4);
  struct ms_json out = ms_api_pick(group, names);
  err = err != 0 ? err : ms_json_setc(&out, "logGroupName", ms_json_string(name));
  for (int with_star = 0; err == 0 && with_star < 2; with_star++) {
    err =
        ms_json_setc(&out, with_star ? "arn" : "logGroupArn",
                     ms_json_stringf("arn:aws:logs:%.*s:%.*s:log-group:%.*s%s", MS_STR_ARG(region),
                                     MS_STR_ARG(account), MS_STR_ARG(name), with_star ? ":*" : ""));
  }
  err = err != 0 ? err : ms_json_setc(&out, "metricFilterCount", ms_json_int(0));
  err = err != 0 ? err : ms_json_setc(&out, "storedBytes", ms_json_int(0));
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

static int add_created(struct ms_json *names, struct ms_api_call *call)
{
  struct ms_str name;
  struct ms_json group;
  uint64_t place = 0;
  int err = MSTEP_OK;
  while (err == 0 && ms_catalog_next(&name, &group, &place, ms_api_engine(call), KIND)) {
    err = ms_json_set(names, name, ms_json_ref(group));
  }
  return err;
}

static int add_functions(struct ms_json *names, struct ms_api_call *call)
{
  struct ms_json functions;
  int err = ms_invoke_names(&functions, ms_api_invoke(call));
  if (err != 0) {
    return err;
  }
  for (size_t i = 0; err == 0 && i < ms_json_count(functions); i++) {
    struct ms_json name =
        ms_json_stringf("/aws/lambda/%.*s", MS_STR_ARG(ms_json_text(ms_json_at(functions, i))));
    if (ms_json_is_none(name)) {
      err = MSTEP_ENOMEM;
    } else if (ms_json_is_none(ms_json_get(*names, ms_json_text(name)))) {
      err = ms_json_set(names, ms_json_text(name), ms_json_object(0));
    }
    ms_json_unref(name);
  }
  ms_json_unref(functions);
  return err;
}

static bool is_wanted(struct ms_api_call *call, struct ms_str name)
{
  struct ms_str prefix = ms_api_text(call, "logGroupNamePrefix");
  struct ms_str part = ms_api_text(call, "logGroupNamePattern"),
                after = ms_api_text(call, "nextToken");
  for (size_t i = 0; i < prefix.len; i++) {
    if (i >= name.len || prefix.data[i] != name.data[i]) {
      return false;
    }
  }
  bool has_part = part.len == 0;
  for (size_t i = 0; !has_part && i + part.len <= name.len; i++) {
    has_part = memcmp(name.data + i, part.data, part.len) == 0;
  }
  return has_part && (after.data == NULL || ms_str_cmp(name, after) > 0);
}

/* The least wanted name behind `after`; the last place of names when there is none. */
static size_t next_of(struct ms_api_call *call, struct ms_json names, struct ms_str after)
{
  size_t best = ms_json_count(names);
  for (size_t i = 0; i < ms_json_count(names); i++) {
    struct ms_str name = ms_json_key(names, i);
    if (is_wanted(call, name) && (after.data == NULL || ms_str_cmp(name, after) > 0) &&
        (best == ms_json_count(names) || ms_str_cmp(name, ms_json_key(names, best)) < 0)) {
      best = i;
    }
  }
  return best;
}

/* A page by name; its token is the last name of the page before. */
static int fill_page(struct ms_json *reply, struct ms_api_call *call, struct ms_json names)
{
  struct ms_json page = ms_json_array(8);
  struct ms_str last = {NULL, 0};
  size_t max = (size_t)ms_api_int(call, "limit", PAGE), at;
  int err = ms_json_is_none(page) ? MSTEP_ENOMEM : MSTEP_OK;
  while (err == 0 && ms_json_count(page) < max &&
         (at = next_of(call, names, last)) < ms_json_count(names)) {
    last = ms_json_key(names, at);
    err = ms_json_push(&page, show(call, last, ms_json_member(names, at)));
  }
  bool is_more =
      err == 0 && ms_json_count(page) == max && next_of(call, names, last) < ms_json_count(names);
  if (err != 0) {
    ms_json_replace(&page, MS_JSON_VALUE_NONE);
  }
  err = ms_json_setc(reply, "logGroups", page);
  return err != 0 || !is_more ? err : ms_json_setc(reply, "nextToken", ms_json_string(last));
}

static int describe(struct ms_api_call *call)
{
  struct ms_json names = ms_json_object(8), reply = ms_json_object(2);
  int err = add_created(&names, call);
  err = err != 0 ? err : add_functions(&names, call);
  err = err != 0 ? err : fill_page(&reply, call, names);
  ms_json_unref(names);
  if (err != 0) {
    ms_json_replace(&reply, MS_JSON_VALUE_NONE);
  }
  return ms_api_reply_json(call, reply);
}

/* ---- tags: {key: value} ---- */

static int tag(struct ms_api_call *call)
{
  struct ms_str name = name_of(call);
  struct ms_json group = ms_json_ref(find(call, name)), added = ms_api_get(call, "tags");
  if (ms_json_is_none(group)) {
    return MSTEP_OK;
  }
  struct ms_json there = ms_json_getc(group, "tags");
  struct ms_json tags = ms_json_is_none(there) ? ms_json_object(2) : ms_json_ref(there);
  int err = MSTEP_OK;
  for (size_t i = 0; err == 0 && i < ms_json_count(added); i++) {
    err =
        ms_json_set_key(&tags, ms_json_key_value(added, i), ms_json_ref(ms_json_member(added, i)));
  }
  if (err != 0) {
    ms_json_replace(&tags, MS_JSON_VALUE_NONE);
  }
  if (ms_json_setc(&group, "tags", tags) != 0) {
    ms_json_replace(&group, MS_JSON_VALUE_NONE);
  }
  return keep(call, name, group);
}

static int untag(struct ms_api_call *call)
{
  struct ms_str name = name_of(call);
  struct ms_json group = ms_json_ref(find(call, name)), keys = ms_api_get(call, "tagKeys");
  if (ms_json_is_none(group)) {
    return MSTEP_OK;
  }
  struct ms_json tags = ms_json_ref(ms_json_getc(group, "tags"));
  int err = MSTEP_OK;
  for (size_t i = 0; err == 0 && !ms_json_is_none(tags) && i < ms_json_count(keys); i++) {
    err = ms_json_remove(&tags, ms_json_text(ms_json_at(keys, i)));
  }
  if (err == 0 && !ms_json_is_none(tags)) {
    err = ms_json_setc(&group, "tags", ms_json_ref(tags));
  }
  ms_json_unref(tags);
  if (err != 0) {
    ms_json_replace(&group, MS_JSON_VALUE_NONE);
  }
  return keep(call, name, group);
}

static int reply_tags(struct ms_api_call *call, struct ms_str name)
{
  struct ms_json group = find(call, name);
  if (ms_json_is_none(group)) {
    return MSTEP_OK;
  }
  struct ms_json tags = ms_json_getc(group, "tags");
  return ms_api_reply_json(
      call, ms_api_object("tags", ms_json_is_none(tags) ? ms_json_object(0) : ms_json_ref(tags)));
}

static int list_tags(struct ms_api_call *call)
{
  return reply_tags(call, name_of(call));
}

static int list_tags_by_name(struct ms_api_call *call)
{
  return reply_tags(call, ms_api_text(call, "logGroupName"));
}

const struct ms_op ms_op_logs_create_group = {create_members, create};
const struct ms_op ms_op_logs_delete_group = {name_members, delete_group};
const struct ms_op ms_op_logs_describe_groups = {describe_members, describe};
const struct ms_op ms_op_logs_put_retention = {retention_members, put_retention};
const struct ms_op ms_op_logs_delete_retention = {name_members, delete_retention};
const struct ms_op ms_op_logs_tag = {tag_members, tag};
const struct ms_op ms_op_logs_untag = {untag_members, untag};
const struct ms_op ms_op_logs_list_tags = {list_tags_members, list_tags};
const struct ms_op ms_op_logs_list_tags_by_name = {name_members, list_tags_by_name};
