/*
 * A name and a value: a header, a parameter of a query. Names of headers are compared without
 * regard to the case of ASCII letters. Owns nothing.
 */
#ifndef MS_BASE_FIELD_H
#define MS_BASE_FIELD_H

#include "base/str.h"

struct ms_field {
  struct ms_str name;
  struct ms_str value;
};

/* Equal but for the case of ASCII letters. */
bool ms_field_is(struct ms_str name, const char *literal);
bool ms_field_same(struct ms_str a, struct ms_str b);
/* The first of that name; data NULL when there is none. */
struct ms_str ms_field_get(const struct ms_field *fields, size_t count, const char *name);
size_t ms_field_count(const struct ms_field *fields, size_t count, const char *name);

#endif
