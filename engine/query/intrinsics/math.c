/* States.MathAdd and States.MathRandom: 32-bit integers, with Java's rounding and randomness. */
#include <math.h>

#include "query/intrinsics/call.h"

static bool is_int32(int64_t value)
{
  return value >= INT32_MIN && value <= INT32_MAX;
}

/* Java's Math.round: halves go up. */
static bool round_to_int(int64_t *out, struct ms_json value)
{
  if (value.type != MS_JSON_DOUBLE) {
    return ms_call_to_int(out, value);
  }
  double number = ms_json_number(value);
  double whole = floor(number);
  whole += number - whole >= 0.5 ? 1 : 0;
  if (!(whole >= INT32_MIN && whole <= INT32_MAX)) {
    return false;
  }
  *out = (int64_t)whole;
  return true;
}

int ms_call_math_add(struct ms_json *out, struct ms_call_run *run, const struct ms_json *args,
                     size_t count)
{
  int64_t a;
  int64_t b;
  (void)count;
  if (!round_to_int(&a, args[0]) || !round_to_int(&b, args[1]) || !is_int32(a) || !is_int32(b) ||
      !is_int32(a + b)) {
    return ms_call_invalid(run);
  }
  *out = ms_json_int(a + b);
  return 0;
}

/* [start, end); with a seed it is start + new java.util.Random(seed).nextInt(end - start). */
int ms_call_math_random(struct ms_json *out, struct ms_call_run *run, const struct ms_json *args,
                        size_t count)
{
  int64_t start;
  int64_t end;
  int64_t seed = 0;
  if (!ms_call_to_int(&start, args[0]) || !ms_call_to_int(&end, args[1]) || !is_int32(start) ||
      !is_int32(end) || !is_int32(end - start) || end <= start ||
      (count == 3 && !ms_call_to_int(&seed, args[2]))) {
    return ms_call_invalid(run);
  }
  uint64_t offset;
  if (count == 3) {
    struct ms_java_random random;
    ms_java_random_seed(&random, seed);
    offset = (uint64_t)ms_java_random_int(&random, (int32_t)(end - start));
  } else {
    offset = ms_random_below(run->env->random, (uint64_t)(end - start));
  }
  *out = ms_json_int(start + (int64_t)offset);
  return 0;
}
