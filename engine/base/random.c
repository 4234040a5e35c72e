/*
 * Seeded random numbers: xoshiro256** for ours, and the 48-bit linear congruential generator that
 * java.util.Random documents, because AWS's seeded functions give its numbers.
 */
#include "base/random.h"

#include <stddef.h>

static uint64_t splitmix(uint64_t *state)
{
  uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
  z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
  return z ^ z >> 31;
}

static uint64_t rotate_left(uint64_t x, unsigned bits)
{
  return x << bits | x >> (64 - bits);
}

void ms_random_seed(struct ms_random *random, uint64_t seed)
{
  for (int i = 0; i < 4; i++) {
    random->state[i] = splitmix(&seed);
  }
}

uint64_t ms_random_next(struct ms_random *random)
{
  uint64_t *s = random->state;
  uint64_t result = rotate_left(s[1] * 5, 7) * 9;
  uint64_t t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotate_left(s[3], 45);
  return result;
}

double ms_random_double(struct ms_random *random)
{
  return (double)(ms_random_next(random) >> 11) * 0x1.0p-53;
}

uint64_t ms_random_below(struct ms_random *random, uint64_t bound)
{
  if (bound == 0) {
    return 0;
  }
  /* The lowest 2^64 mod bound numbers would come up once too often. */
  uint64_t skip = (0 - bound) % bound;
  uint64_t value;
  do {
    value = ms_random_next(random);
  } while (value < skip);
  return value % bound;
}

static void uuid_text(char out[37], uint64_t high, uint64_t low)
{
  static const char digits[] = "0123456789abcdef";
  low = (low & ~(UINT64_C(3) << 62)) | UINT64_C(2) << 62;
  size_t at = 0;
  for (int i = 0; i < 32; i++) {
    if (i == 8 || i == 12 || i == 16 || i == 20) {
      out[at++] = '-';
    }
    uint64_t half = i < 16 ? high : low;
    out[at++] = digits[half >> (60 - 4 * (i % 16)) & 15];
  }
  out[at] = '\0';
}

void ms_random_uuid(struct ms_random *random, char out[37])
{
  uint64_t high = ms_random_next(random);
  uint64_t low = ms_random_next(random);
  uuid_text(out, (high & ~UINT64_C(0xF000)) | UINT64_C(0x4000), low);
}

void ms_random_uuid_at(struct ms_random *random, char out[37], int64_t at_ms)
{
  uint64_t tail = ms_random_next(random) & UINT64_C(0xFFF);
  uint64_t low = ms_random_next(random);
  uuid_text(out, (uint64_t)at_ms << 16 | UINT64_C(0x7000) | tail, low);
}

uint64_t ms_random_mix(uint64_t a, uint64_t b)
{
  uint64_t state = a;
  uint64_t first = splitmix(&state);
  state = first ^ b;
  return splitmix(&state);
}

#define JAVA_MASK ((UINT64_C(1) << 48) - 1)
#define JAVA_MULTIPLIER UINT64_C(0x5DEECE66D)

void ms_java_random_seed(struct ms_java_random *random, int64_t seed)
{
  random->seed = ((uint64_t)seed ^ JAVA_MULTIPLIER) & JAVA_MASK;
}

/* The top `bits` (at most 32) of the next state, before Java's cast to a signed int. */
static uint32_t java_next(struct ms_java_random *random, unsigned bits)
{
  random->seed = (random->seed * JAVA_MULTIPLIER + 0xB) & JAVA_MASK;
  return (uint32_t)(random->seed >> (48 - bits));
}

int32_t ms_java_random_int(struct ms_java_random *random, int32_t bound)
{
  if (bound <= 0) {
    return 0;
  }
  uint32_t n = (uint32_t)bound;
  uint32_t bits = java_next(random, 31);
  if ((n & (n - 1)) == 0) {
    return (int32_t)((uint64_t)n * bits >> 31);
  }
  /* Java asks for overflow of bits - value + (bound - 1) in a signed int: at or above 2^31. */
  uint32_t value = bits % n;
  while (bits - value + (n - 1) >= UINT32_C(0x80000000)) {
    bits = java_next(random, 31);
    value = bits % n;
  }
  return (int32_t)value;
}

double ms_java_random_double(struct ms_java_random *random)
{
  uint64_t high = java_next(random, 26);
  uint64_t low = java_next(random, 27);
  return (double)(high << 27 | low) * 0x1.0p-53;
}
