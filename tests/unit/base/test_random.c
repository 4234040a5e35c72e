/* Random numbers: fixed sequences, ranges, java.util.Random. */
#include "mt.h"

#include <string.h>

#include "base/random.h"

MT_TEST(base_random__a_seed_fixes_the_sequence)
{
  struct ms_random a;
  struct ms_random b;
  ms_random_seed(&a, 1);
  ms_random_seed(&b, 1);
  for (int i = 0; i < 100; i++) {
    mt_ok(ms_random_next(&a) == ms_random_next(&b));
  }
  ms_random_seed(&b, 2);
  mt_ok(ms_random_next(&a) != ms_random_next(&b));
}

MT_TEST(base_random__state_and_output_follow_the_published_generators)
{
  /* splitmix64 from 0 and, worked by hand from xoshiro256**'s definition, its outputs for the
   * state 1, 2, 3, 4. */
  struct ms_random r;
  ms_random_seed(&r, 0);
  mt_ok(r.state[0] == UINT64_C(0xE220A8397B1DCDAF));
  mt_ok(r.state[1] == UINT64_C(0x6E789E6AA1B965F4));
  r = (struct ms_random){{1, 2, 3, 4}};
  mt_ok(ms_random_next(&r) == 11520);
  mt_ok(ms_random_next(&r) == 0);
  mt_ok(ms_random_next(&r) == 1509978240);
  mt_ok(ms_random_next(&r) == UINT64_C(1215971899390074240));
}

MT_TEST(base_random__ranges)
{
  struct ms_random r;
  ms_random_seed(&r, 99);
  int seen[10] = {0};
  for (int i = 0; i < 10000; i++) {
    double d = ms_random_double(&r);
    mt_ok(d >= 0 && d < 1);
    uint64_t n = ms_random_below(&r, 10);
    mt_ok(n < 10);
    seen[n]++;
  }
  for (int i = 0; i < 10; i++) {
    mt_ok(seen[i] > 800 && seen[i] < 1200);
  }
  mt_eq_int(ms_random_below(&r, 1), 0);
  mt_ok(ms_random_below(&r, UINT64_MAX) < UINT64_MAX);
}

MT_TEST(base_random__uuids)
{
  struct ms_random r;
  ms_random_seed(&r, 5);
  char last[37] = "";
  for (int i = 0; i < 1000; i++) {
    char uuid[37];
    ms_random_uuid(&r, uuid);
    mt_eq_int(strlen(uuid), 36);
    mt_eq_int(uuid[14], '4');
    mt_ok(strchr("89ab", uuid[19]) != NULL);
    for (int k = 0; k < 36; k++) {
      bool is_dash = k == 8 || k == 13 || k == 18 || k == 23;
      mt_ok(is_dash ? uuid[k] == '-' : strchr("0123456789abcdef", uuid[k]) != NULL);
    }
    mt_ok(strcmp(uuid, last) != 0);
    memcpy(last, uuid, sizeof last);
  }
}

MT_TEST(base_random__mix_depends_on_both_and_their_order)
{
  mt_ok(ms_random_mix(1, 2) != ms_random_mix(2, 1));
  mt_ok(ms_random_mix(1, 2) != ms_random_mix(1, 3));
  mt_ok(ms_random_mix(0, 0) != 0);
}

MT_TEST(base_random__java_doubles)
{
  struct ms_java_random r;
  ms_java_random_seed(&r, 42);
  mt_ok(ms_java_random_double(&r) == 0.7275636800328681);
  ms_java_random_seed(&r, 0);
  mt_ok(ms_java_random_double(&r) == 0.730967787376657);
}

/* What OpenJDK 17 prints for three nextInt(100), then the bounds named, then nextDouble(). */
struct java_row {
  int64_t seed;
  int32_t below_100[3];
  int32_t below_16;
  int32_t below_2_30;
  int32_t below_2_30_plus_1;
  int32_t below_max;
  double next_double;
};

static const struct java_row java_rows[] = {
    {42, {30, 63, 48}, 0, 331484985, 595021505, 1519796918, 0.6655489517945736},
    {0, {60, 48, 29}, 9, 684421757, 663681053, 1182054491, 0.11700660880722513},
    {-1, {13, 25, 79}, 8, 710907802, 894294477, 857465478, 0.8261659004768312},
    {123456789, {65, 0, 83}, 4, 419303145, 465137554, 1918435533, 0.4254900030738369},
    {INT64_MIN, {60, 48, 29}, 9, 684421757, 663681053, 1182054491, 0.11700660880722513},
    {INT64_MAX, {13, 25, 79}, 8, 710907802, 894294477, 857465478, 0.8261659004768312},
};

MT_TEST(base_random__java_sequences)
{
  for (size_t i = 0; i < sizeof java_rows / sizeof java_rows[0]; i++) {
    const struct java_row *row = &java_rows[i];
    struct ms_java_random r;
    ms_java_random_seed(&r, row->seed);
    for (int k = 0; k < 3; k++) {
      mt_eq_int(ms_java_random_int(&r, 100), row->below_100[k]);
    }
    mt_eq_int(ms_java_random_int(&r, 16), row->below_16);
    mt_eq_int(ms_java_random_int(&r, 1 << 30), row->below_2_30);
    mt_eq_int(ms_java_random_int(&r, (1 << 30) + 1), row->below_2_30_plus_1);
    mt_eq_int(ms_java_random_int(&r, INT32_MAX), row->below_max);
    mt_ok(ms_java_random_double(&r) == row->next_double);
  }
}

MT_TEST(base_random__java_bounds)
{
  struct ms_java_random r;
  static const int32_t bounds[] = {1, 2, 3, 7, 16, 1 << 30, (1 << 30) + 1, INT32_MAX};
  for (size_t b = 0; b < sizeof bounds / sizeof bounds[0]; b++) {
    ms_java_random_seed(&r, -(int64_t)b);
    for (int i = 0; i < 1000; i++) {
      int32_t n = ms_java_random_int(&r, bounds[b]);
      mt_ok(n >= 0 && n < bounds[b]);
    }
  }
}

MT_TEST(base_random__uuid_at_begins_with_the_time)
{
  struct ms_random random;
  char early[37], late[37];
  ms_random_seed(&random, 5);
  ms_random_uuid_at(&random, late, 1732380000001);
  ms_random_uuid_at(&random, early, 1732380000000);
  mt_ok(strcmp(early, late) < 0);
  mt_eq_int(strlen(late), 36);
  mt_eq_int(late[14], '7');
  mt_ok(strchr("89ab", late[19]) != NULL);
  late[14] = '\0';
  mt_eq_str(late, "019359e4-ff01-");
}
