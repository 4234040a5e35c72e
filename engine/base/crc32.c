/* CRC-32, bit by bit: for answers, which are short. The journal's is crc32c.c, which is fast. */
#include "base/crc32.h"

uint32_t ms_crc32(struct ms_str data)
{
  uint32_t crc = 0xffffffffu;
  for (size_t i = 0; i < data.len; i++) {
    crc ^= (unsigned char)data.data[i];
    for (int bit = 0; bit < 8; bit++) {
      crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1)));
    }
  }
  return ~crc;
}
