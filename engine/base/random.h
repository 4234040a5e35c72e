/*
 * A seeded random source (xoshiro256** seeded by splitmix64): the same seed gives the same numbers
 * on every machine. Not for secrets.
 */
#ifndef MS_BASE_RANDOM_H
#define MS_BASE_RANDOM_H

#include <stdint.h>

struct ms_random {
  uint64_t state[4];
};

void ms_random_seed(struct ms_random *random, uint64_t seed);
uint64_t ms_random_next(struct ms_random *random);
double ms_random_double(struct ms_random *random);                     /* [0, 1) */
uint64_t ms_random_below(struct ms_random *random, uint64_t bound);    /* [0, bound), bound > 0 */
/* Version 4, lower case, 36 characters and a NUL. */
void ms_random_uuid(struct ms_random *random, char out[37]);
/* Version 7: begins with the time, so that later ones sort behind earlier ones. */
void ms_random_uuid_at(struct ms_random *random, char out[37], int64_t at_ms);
uint64_t ms_random_mix(uint64_t a, uint64_t b); /* a new seed from two numbers */

/* java.util.Random, which AWS's seeded functions use: nextInt(bound) after setSeed(seed). */
struct ms_java_random {
  uint64_t seed; /* 48 bits */
};
void ms_java_random_seed(struct ms_java_random *random, int64_t seed);
int32_t ms_java_random_int(struct ms_java_random *random, int32_t bound); /* [0, bound), bound > 0 */
double ms_java_random_double(struct ms_java_random *random);              /* [0, 1) */

#endif
