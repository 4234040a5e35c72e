/* Names: 1 to 80 characters, and not those that mean something in an ARN, a path or a pattern. */
#include "runtime/names.h"

#include "base/error.h"
#include "base/utf8.h"

#define NAME_CHARS_MAX 80

static bool name_refuses(uint32_t c)
{
  if (c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0xfffe || c == 0xffff || c == 0x10ffff) {
    return true;
  }
  /* Unicode's white space, as Java's regular expressions and people see it. */
  if (c == ' ' || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
      c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000) {
    return true;
  }
  return c < 0x80 && strchr("<>{}[]?*\"#%\\^|~`$&,;:/", (int)c) != NULL;
}

int ms_name_check(struct ms_str name)
{
  size_t count = 0;
  bool is_fine = ms_utf8_check(name) == name.len;
  for (size_t at = 0; is_fine && at < name.len && count <= NAME_CHARS_MAX; count++) {
    is_fine = !name_refuses(ms_utf8_next(name, &at));
  }
  if (!is_fine || count == 0 || count > NAME_CHARS_MAX) {
    return ms_error(MSTEP_EINVALID, "Invalid Name: '%.*s'", MS_STR_ARG(name));
  }
  return MSTEP_OK;
}

int ms_region_check(struct ms_str region)
{
  bool is_fine = region.len > 0 && region.len <= 32;
  for (size_t i = 0; is_fine && i < region.len; i++) {
    char c = region.data[i];
    is_fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  }
  if (!is_fine) {
    return ms_error(MSTEP_EINVALID, "'%.*s' is not a region", MS_STR_ARG(region));
  }
  return MSTEP_OK;
}

int ms_account_check(struct ms_str account)
{
  bool is_fine = account.len == 12;
  for (size_t i = 0; is_fine && i < account.len; i++) {
    is_fine = account.data[i] >= '0' && account.data[i] <= '9';
  }
  if (!is_fine) {
    return ms_error(MSTEP_EINVALID, "'%.*s' is not an account: 12 digits", MS_STR_ARG(account));
  }
  return MSTEP_OK;
}
