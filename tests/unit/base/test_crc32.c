/* The checksum against the published value of its check text. */
#include "base/crc32.h"
#include "mt.h"

MT_TEST(crc32__known)
{
  mt_ok(ms_crc32(MS_STR("123456789")) == 0xcbf43926u);
  mt_ok(ms_crc32(MS_STR("")) == 0);
  mt_ok(ms_crc32((struct ms_str){"\0", 1}) == 0xd202ef8du);
}
