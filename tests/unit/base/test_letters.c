/* Upper and lower case of letters: one of each kind of run in the table. */
#include "mt.h"

#include <string.h>

#include "base/letters.h"

MT_TEST(base_letters__lower_and_upper)
{
  static const struct {
    uint32_t lower;
    uint32_t upper;
  } pairs[] = {{'a', 'A'},       {'z', 'Z'},       {0xE9, 0xC9},     {0x161, 0x160},
               {0x3C9, 0x3A9},   {0x436, 0x416},   {0x2C65, 0x23A},  {0x1E01, 0x1E00},
               {0xFF41, 0xFF21}, {0x10428, 0x10400}};
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    mt_eq_int(ms_letter_upper(pairs[i].lower), pairs[i].upper);
    mt_eq_int(ms_letter_lower(pairs[i].upper), pairs[i].lower);
    mt_eq_int(ms_letter_lower(pairs[i].lower), pairs[i].lower);
    mt_eq_int(ms_letter_upper(pairs[i].upper), pairs[i].upper);
  }
  mt_eq_int(ms_letter_upper('1'), '1');
  mt_eq_int(ms_letter_lower(0x10FFFF), 0x10FFFF);
}

MT_TEST(base_letters__upper_case_of_several_letters)
{
  mt_eq_str(ms_letter_upper_text(0xDF), "SS");
  mt_ok(ms_letter_upper_text('a') == NULL);
  mt_ok(ms_letter_upper_text(0x10000) == NULL);
}
