/*
 * The hash: input is read 16 bytes at a time, each half is combined with a secret and the state,
 * and the two are multiplied to 128 bits whose halves are folded together. The seed is in both
 * factors, so who does not know it cannot choose factors that cancel.
 */
#include "base/hash.h"

#define SECRET_A UINT64_C(0xA0761D6478BD642F)
#define SECRET_B UINT64_C(0xE7037ED1A0B428DB)
#define SECRET_C UINT64_C(0x8EBC6AF09C88C6E3)

static uint64_t multiply_fold(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
  __extension__ unsigned __int128 product = (unsigned __int128)a * b;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
  uint64_t low = (a & UINT32_MAX) * (b & UINT32_MAX);
  uint64_t cross1 = (a >> 32) * (b & UINT32_MAX);
  uint64_t cross2 = (a & UINT32_MAX) * (b >> 32);
  uint64_t middle = (low >> 32) + (cross1 & UINT32_MAX) + (cross2 & UINT32_MAX);
  uint64_t high = (a >> 32) * (b >> 32) + (cross1 >> 32) + (cross2 >> 32) + (middle >> 32);
  return (a * b) ^ high;
#endif
}

static uint64_t read64(const char *p)
{
  uint64_t word;
  memcpy(&word, p, sizeof word);
  return word;
}

static uint64_t read32(const char *p)
{
  uint32_t word;
  memcpy(&word, p, sizeof word);
  return word;
}

uint64_t ms_hash_mix(uint64_t a, uint64_t b)
{
  return multiply_fold(a ^ SECRET_A, b ^ SECRET_B);
}

uint64_t ms_hash(struct ms_str data, uint64_t seed)
{
  const char *p = data.data;
  size_t left = data.len;
  uint64_t state = seed ^ multiply_fold(seed ^ SECRET_A, SECRET_B);
  while (left > 16) {
    state = multiply_fold(read64(p) ^ SECRET_B ^ state, read64(p + 8) ^ SECRET_C ^ state);
    p += 16;
    left -= 16;
  }
  uint64_t a = 0;
  uint64_t b = 0;
  if (left >= 8) {
    a = read64(p);
    b = read64(p + left - 8);
  } else if (left >= 4) {
    a = read32(p);
    b = read32(p + left - 4);
  } else if (left > 0) {
    a = (uint64_t)(unsigned char)p[0] << 16 | (uint64_t)(unsigned char)p[left / 2] << 8 |
        (unsigned char)p[left - 1];
  }
  state = multiply_fold(a ^ SECRET_B ^ state, b ^ SECRET_C ^ seed);
  return multiply_fold(state ^ SECRET_A, data.len ^ SECRET_B ^ seed);
}

uint64_t ms_hash_process_seed(void)
{
  static const char here;
  return ms_hash_mix((uint64_t)(uintptr_t)&here, (uint64_t)(uintptr_t)&memcpy);
}
