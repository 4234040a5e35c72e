/* Looking for a field by its name. */
#include "base/field.h"

bool ms_field_same(struct ms_str a, struct ms_str b)
{
  if (a.len != b.len) {
    return false;
  }
  for (size_t i = 0; i < a.len; i++) {
    if (ms_ascii_lower(a.data[i]) != ms_ascii_lower(b.data[i])) {
      return false;
    }
  }
  return true;
}

bool ms_field_is(struct ms_str name, const char *literal)
{
  return ms_field_same(name, ms_str_c(literal));
}

struct ms_str ms_field_get(const struct ms_field *fields, size_t count, const char *name)
{
  struct ms_str wanted = ms_str_c(name);
  for (size_t i = 0; i < count; i++) {
    if (ms_field_same(fields[i].name, wanted)) {
      struct ms_str value = fields[i].value;
      return value.data == NULL ? MS_STR("") : value;
    }
  }
  return (struct ms_str){NULL, 0};
}

size_t ms_field_count(const struct ms_field *fields, size_t count, const char *name)
{
  struct ms_str wanted = ms_str_c(name);
  size_t found = 0;
  for (size_t i = 0; i < count; i++) {
    found += ms_field_same(fields[i].name, wanted) ? 1 : 0;
  }
  return found;
}
