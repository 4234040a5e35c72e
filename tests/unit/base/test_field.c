/* Looking a field up by its name, whatever its case. */
#include "mt.h"

#include "base/field.h"

static const struct ms_field fields[] = {
    {{"Content-Type", 12}, {"a", 1}},
    {{"x-two", 5}, {"1", 1}},
    {{"X-TWO", 5}, {"2", 1}},
    {{"empty", 5}, {NULL, 0}},
};

MT_TEST(base_field__is_found_whatever_its_case)
{
  struct ms_str value = ms_field_get(fields, 4, "content-TYPE");
  mt_eq_mem(value.data, value.len, "a");
  value = ms_field_get(fields, 4, "X-Two");
  mt_eq_mem(value.data, value.len, "1");
  mt_eq_int(ms_field_count(fields, 4, "X-Two"), 2);
}

MT_TEST(base_field__missing_differs_from_empty)
{
  mt_ok(ms_field_get(fields, 4, "content-typ").data == NULL);
  mt_ok(ms_field_get(fields, 4, "content-typee").data == NULL);
  mt_ok(ms_field_get(fields, 4, "Empty").data != NULL);
  mt_eq_int(ms_field_get(fields, 4, "Empty").len, 0);
  mt_eq_int(ms_field_count(fields, 4, "none"), 0);
}

MT_TEST(base_field__only_letters_have_a_case)
{
  mt_ok(ms_field_is(MS_STR("[a]"), "[A]"));
  mt_ok(!ms_field_is(MS_STR("{"), "["));
  mt_ok(!ms_field_is(MS_STR("`"), "@"));
}
