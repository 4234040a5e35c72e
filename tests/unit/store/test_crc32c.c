/* CRC-32C: published values, and the two ways of computing it against each other. */
#include "base/random.h"
#include "mt.h"
#include "store/crc32c.h"

static uint32_t bitwise(const unsigned char *p, size_t len)
{
  uint32_t crc = ~0u;
  for (size_t i = 0; i < len; i++) {
    crc ^= p[i];
    for (int bit = 0; bit < 8; bit++) {
      crc = (crc & 1) != 0 ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
    }
  }
  return ~crc;
}

MT_TEST(store_crc32c__published_values)
{
  unsigned char zeros[32] = {0};
  unsigned char ones[32];
  for (int i = 0; i < 32; i++) {
    ones[i] = 0xff;
  }
  uint32_t (*const ways[])(uint32_t, const void *, size_t) = {ms_crc32c, ms_crc32c_portable};
  for (int i = 0; i < 2; i++) {
    mt_eq_int(ways[i](0, "123456789", 9), 0xe3069283);
    mt_eq_int(ways[i](0, zeros, 32), 0x8a9136aa);
    mt_eq_int(ways[i](0, ones, 32), 0x62a8ab43);
    mt_eq_int(ways[i](0, NULL, 0), 0);
  }
}

MT_TEST(store_crc32c__every_way_gives_the_same)
{
  unsigned char data[200];
  struct ms_random random;
  ms_random_seed(&random, 3);
  for (size_t i = 0; i < sizeof data; i++) {
    data[i] = (unsigned char)ms_random_next(&random);
  }
  for (size_t from = 0; from < 9; from++) {
    for (size_t len = 0; len + from <= sizeof data; len++) {
      uint32_t expected = bitwise(data + from, len);
      mt_eq_int(ms_crc32c(0, data + from, len), expected);
      mt_eq_int(ms_crc32c_portable(0, data + from, len), expected);
      size_t part = len / 3;
      mt_eq_int(ms_crc32c(ms_crc32c(0, data + from, part), data + from + part, len - part),
                expected);
    }
  }
}
