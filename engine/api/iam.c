/* See iam.h. */
#include "api/iam.h"

#include <stdio.h>

#include "base/error.h"
#include "base/sigv4.h"
#include "base/time.h"
#include "runtime/runtime.h"

#define PAGE 100

const struct ms_api_member ms_iam_tag_members[] = {
    MS_MEMBER_TEXT("Key", true, 128), MS_MEMBER_TEXT("Value", false, 256), MS_MEMBER_END};

struct ms_json ms_iam_role(struct ms_api_call *call)
{
  struct ms_str name = ms_api_text(call, "RoleName");
  struct ms_json role = ms_catalog_get(ms_api_engine(call), MS_IAM_ROLE, name);
  if (ms_json_is_none(role)) {
    ms_api_fail_f(call, MS_API_ERROR_IAM_NOT_FOUND, "The role with name %.*s cannot be found.",
                  MS_STR_ARG(name));
  }
  return role;
}

struct ms_json ms_iam_policy(struct ms_api_call *call)
{
  struct ms_str arn = ms_api_text(call, "PolicyArn");
  struct ms_json policy = ms_catalog_get(ms_api_engine(call), MS_IAM_POLICY, arn);
  if (ms_json_is_none(policy)) {
    ms_api_fail_f(call, MS_API_ERROR_IAM_NOT_FOUND, "Policy %.*s was not found.", MS_STR_ARG(arn));
  }
  return policy;
}

bool ms_iam_check_name(struct ms_api_call *call, const char *member)
{
  struct ms_str name = ms_api_text(call, member);
  for (size_t i = 0; i < name.len; i++) {
    char c = ms_ascii_lower(name.data[i]);
    if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && strchr("+=,.@-_", c) == NULL) {
      ms_api_fail(call, MS_API_ERROR_IAM_VALIDATION,
                  MS_STR("The specified value for a name is invalid. It must contain only "
                         "alphanumeric characters and/or the following: +=,.@_-"));
      return false;
    }
  }
  return true;
}

bool ms_iam_check_document(struct ms_api_call *call, const char *member)
{
  struct ms_json document = MS_JSON_VALUE_NONE;
  int err = ms_json_parse(&document, ms_api_text(call, member), NULL, NULL);
  bool is_fine = err == 0 && ms_json_is_object(document);
  ms_json_unref(document);
  if (!is_fine) {
    ms_api_fail(call, MS_API_ERROR_IAM_DOCUMENT,
                err == 0 ? MS_STR("Syntax errors in policy.")
                         : MS_STR("This policy contains invalid Json"));
  }
  return is_fine;
}

static struct ms_str account_of(char arn[MS_ENGINE_ARN_SIZE], const struct ms_api_call *call)
{
  return ms_engine_arn(arn, ms_api_engine(call), "x", MS_STR("x")) != 0
             ? MS_STR("")
             : ms_api_arn_part(ms_str_c(arn), 4);
}

void ms_iam_arn(char arn[MS_IAM_ARN_SIZE], struct ms_api_call *call, const char *type,
                struct ms_str name)
{
  char other[MS_ENGINE_ARN_SIZE];
  struct ms_str path = ms_api_text(call, "Path"), account = account_of(other, call);
  snprintf(arn, MS_IAM_ARN_SIZE, "arn:aws:iam::%.*s:%s%.*s%.*s", MS_STR_ARG(account), type,
           path.len > 0 ? (int)path.len : 1, path.len > 0 ? path.data : "/", MS_STR_ARG(name));
}

/* Sixteen digits and letters, from one of the engine's ids. */
struct ms_json ms_iam_id(struct ms_api_call *call, const char *prefix)
{
  char id[37], text[18];
  size_t len = 0;
  ms_engine_uuid(id, ms_api_engine(call));
  for (size_t i = 0; id[i] != '\0' && len + 1 < sizeof text; i++) {
    if (id[i] != '-') {
      text[len++] = (char)(id[i] >= 'a' ? id[i] - 'a' + 'A' : id[i]);
    }
  }
  text[len] = '\0';
  return ms_json_stringf("%s%s", prefix, text);
}

struct ms_json ms_iam_now(const struct ms_api_call *call)
{
  char text[MS_TIME_TEXT_SIZE];
  int64_t now_ms = ms_engine_now_ms(ms_api_engine(call));
  ms_time_format(text, now_ms - now_ms % 1000);
  return ms_json_cstring(text);
}

struct ms_json ms_iam_encoded(struct ms_str document)
{
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_sigv4_encode(&text, document, false);
  struct ms_json value = text.error == 0 ? ms_json_string(ms_buf_view(&text)) : MS_JSON_VALUE_NONE;
  ms_buf_deinit(&text);
  return value;
}

static size_t number_of(struct ms_str text)
{
  size_t number = 0;
  for (size_t i = 0; i < text.len && i < 8; i++) {
    number = text.data[i] >= '0' && text.data[i] <= '9' ? number * 10 + (size_t)(text.data[i] - '0')
                                                        : number;
  }
  return number;
}

int ms_iam_page(struct ms_api_call *call, const char *member, struct ms_json items)
{
  size_t from = number_of(ms_api_text(call, "Marker"));
  size_t until = from + (size_t)ms_api_int(call, "MaxItems", PAGE);
  struct ms_json page = ms_json_array(0);
  int err = ms_json_is_none(items) || ms_json_is_none(page) ? ms_error_nomem() : MSTEP_OK;
  for (size_t i = from; err == 0 && i < until && i < ms_json_count(items); i++) {
    err = ms_json_push(&page, ms_json_ref(ms_json_at(items, i)));
  }
  bool is_more = until < ms_json_count(items);
  ms_json_unref(items);
  if (err != 0) {
    ms_json_unref(page);
    return err;
  }
  struct ms_json reply = ms_api_object(member, page);
  err = ms_json_is_none(reply) ? ms_error_nomem()
                               : ms_json_setc(&reply, "IsTruncated", ms_json_bool(is_more));
  if (err == 0 && is_more) {
    err = ms_json_setc(&reply, "Marker", ms_json_stringf("%zu", until));
  }
  if (err != 0) {
    ms_json_replace(&reply, MS_JSON_VALUE_NONE);
  }
  return ms_api_reply_json(call, reply);
}

static bool is_among(struct ms_str key, struct ms_json keys, bool are_tags)
{
  for (size_t i = 0; i < ms_json_count(keys); i++) {
    struct ms_json item = ms_json_at(keys, i);
    if (ms_str_eq(key, ms_json_text(are_tags ? ms_json_getc(item, "Key") : item))) {
      return true;
    }
  }
  return false;
}

struct ms_json ms_iam_tags_change(struct ms_json tags, struct ms_json keys, struct ms_json added)
{
  struct ms_json out = ms_json_array(4);
  bool are_tags = !ms_json_is_none(added);
  int err = ms_json_is_none(out) ? MSTEP_ENOMEM : MSTEP_OK;
  for (size_t i = 0; err == 0 && i < ms_json_count(tags); i++) {
    struct ms_json tag = ms_json_at(tags, i);
    if (!is_among(ms_json_text(ms_json_getc(tag, "Key")), keys, are_tags)) {
      err = ms_json_push(&out, ms_json_ref(tag));
    }
  }
  for (size_t i = 0; err == 0 && i < ms_json_count(added); i++) {
    err = ms_json_push(&out, ms_json_ref(ms_json_at(added, i)));
  }
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}
