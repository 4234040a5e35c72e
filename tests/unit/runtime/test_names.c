/* Names, regions and accounts. */
#include "runtime/names.h"

#include "base/error.h"
#include "mt.h"

MT_TEST(names__by_the_rules_of_aws)
{
  static const char eighty[] =
      "12345678901234567890123456789012345678901234567890123456789012345678901234567890";
  const struct {
    struct ms_str name;
    bool is_fine;
  } rows[] = {
      {MS_STR("a"), true},
      {MS_STR("Order-1042_v2.final"), true},
      {MS_STR("a(b)+c=d@e!"), true},
      {MS_STR("\xc3\xa9t\xc3\xa9"), true}, /* été */
      {MS_STR("\xf0\x9f\x9a\x80"), true},  /* a rocket */
      {MS_STR(""), false},
      {MS_STR("a b"), false},
      {MS_STR("a\tb"), false},
      {MS_STR("a\0b"), false},
      {MS_STR("a\x7f"), false},
      {MS_STR("a\xc2\x85"), false},         /* U+0085 */
      {MS_STR("a\xc2\xa0"), false},         /* no-break space */
      {MS_STR("a\xe3\x80\x80"), false},     /* ideographic space */
      {MS_STR("a\xef\xbf\xbe"), false},     /* U+FFFE */
      {MS_STR("a\xf4\x8f\xbf\xbf"), false}, /* U+10FFFF */
      {MS_STR("a\xff"), false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if ((ms_name_check(rows[i].name) == 0) != rows[i].is_fine) {
      mt_report("row %zu", i);
    }
  }
  for (const char *c = "<>{}[]?*\"#%\\^|~`$&,;:/"; *c != '\0'; c++) {
    mt_eq_int(ms_name_check((struct ms_str){c, 1}), MSTEP_EINVALID);
  }
  mt_eq_int(ms_name_check(ms_str_c(eighty)), 0);
  mt_eq_int(
      ms_name_check(MS_STR(
          "x12345678901234567890123456789012345678901234567890123456789012345678901234567890")),
      MSTEP_EINVALID);
  mt_eq_int(ms_name_check(MS_STR("a/b")), MSTEP_EINVALID);
  mt_eq_str(ms_error_detail(), "Invalid Name: 'a/b'");
}

MT_TEST(names__regions_and_accounts)
{
  mt_eq_int(ms_region_check(MS_STR("eu-central-1")), 0);
  mt_eq_int(ms_region_check(MS_STR("EU")), MSTEP_EINVALID);
  mt_eq_int(ms_region_check(MS_STR("")), MSTEP_EINVALID);
  mt_eq_int(ms_account_check(MS_STR("123456789012")), 0);
  mt_eq_int(ms_account_check(MS_STR("12345678901")), MSTEP_EINVALID);
  mt_eq_int(ms_account_check(MS_STR("12345678901a")), MSTEP_EINVALID);
}
