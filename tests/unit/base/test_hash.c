/* The hash: stable, seeded, spread. */
#include "mt.h"

#include <stdio.h>

#include "base/hash.h"

MT_TEST(base_hash__equal_bytes_hash_alike)
{
  char a[100];
  char b[101];
  for (int i = 0; i < 100; i++) {
    a[i] = b[i + 1] = (char)(i * 7);
  }
  for (size_t len = 0; len <= 100; len++) { /* alignment must not matter */
    mt_ok(ms_hash((struct ms_str){a, len}, 5) == ms_hash((struct ms_str){b + 1, len}, 5));
  }
  mt_ok(ms_hash((struct ms_str){NULL, 0}, 1) == ms_hash(MS_STR(""), 1));
}

MT_TEST(base_hash__every_byte_the_length_and_the_seed_count)
{
  char text[64] = {0};
  for (size_t len = 1; len <= 64; len++) {
    uint64_t hash = ms_hash((struct ms_str){text, len}, 1);
    mt_ok(hash != ms_hash((struct ms_str){text, len - 1}, 1));
    mt_ok(hash != ms_hash((struct ms_str){text, len}, 2));
    for (size_t i = 0; i < len; i++) {
      text[i] = 1;
      mt_ok(hash != ms_hash((struct ms_str){text, len}, 1));
      text[i] = 0;
    }
  }
}

MT_TEST(base_hash__spreads_over_a_table)
{
  /* 40,000 similar names into 65,536 places by the low and by the high bits. By chance about 10,600 fall
   * on a place that is taken. */
  static unsigned char low[65536];
  static unsigned char high[65536];
  int taken_low = 0;
  int taken_high = 0;
  for (int i = 0; i < 40000; i++) {
    char name[32];
    int len = snprintf(name, sizeof name, "member%d", i);
    uint64_t hash = ms_hash((struct ms_str){name, (size_t)len}, 9);
    taken_low += low[hash & 65535]++ > 0;
    taken_high += high[hash >> 48]++ > 0;
  }
  mt_ok(taken_low > 9800 && taken_low < 11400);
  mt_ok(taken_high > 9800 && taken_high < 11400);
}

MT_TEST(base_hash__mix_and_process_seed)
{
  mt_ok(ms_hash_mix(1, 2) != ms_hash_mix(2, 1));
  mt_ok(ms_hash_mix(0, 0) != ms_hash_mix(0, 1));
  mt_ok(ms_hash_process_seed() == ms_hash_process_seed());
}
