/*
 * ARNs: of the form arn:PARTITION:states:REGION:ACCOUNT:TYPE:REST. Whether a thing exists is not
 * asked here.
 */
#include "api/arn.h"

#define ARN_COLONS 6 /* before what follows the type */

struct ms_str ms_api_arn_rest(struct ms_str arn)
{
  size_t at = 0;
  for (int i = 0; i < ARN_COLONS; i++) {
    at = ms_str_find(arn, at, ':') + 1;
    if (at > arn.len) {
      return MS_STR("");
    }
  }
  return ms_str_sub(arn, at, arn.len);
}

struct ms_str ms_api_arn_part(struct ms_str arn, int index)
{
  size_t at = 0;
  for (int i = 0; i < index; i++) {
    at = ms_str_find(arn, at, ':') + 1;
    if (at > arn.len) {
      return MS_STR("");
    }
  }
  return ms_str_sub(arn, at, ms_str_find(arn, at, ':'));
}

struct ms_str ms_api_arn(struct ms_api_call *call, const char *name, const char *type)
{
  static const struct ms_str none;
  struct ms_str arn = ms_api_text(call, name);
  if (!ms_str_has_prefix(arn, "arn:") || !ms_str_is(ms_api_arn_part(arn, 2), "states") ||
      ms_api_arn_rest(arn).len == 0) {
    ms_api_fail_f(call, MS_API_ERROR_INVALID_ARN, "Invalid ARN prefix: %.*s", MS_STR_ARG(arn));
    return none;
  }
  struct ms_str kind = ms_api_arn_part(arn, 5);
  if (!ms_str_is(kind, type)) {
    ms_api_fail_f(call, MS_API_ERROR_INVALID_ARN, "Resource type not valid in this context: %.*s",
                  MS_STR_ARG(kind));
    return none;
  }
  return arn;
}
