/*
 * Seeded hashing of bytes. Fast, of good quality, not cryptographic. Where keys come from outside,
 * give a seed the sender does not know (ms_hash_process_seed); where the result must be the same on
 * every run, give a constant.
 */
#ifndef MS_BASE_HASH_H
#define MS_BASE_HASH_H

#include <stdint.h>

#include "base/str.h"

uint64_t ms_hash(struct ms_str data, uint64_t seed);
/* Combines two hashes; the order matters. */
uint64_t ms_hash_mix(uint64_t a, uint64_t b);
/*
 * A seed that differs from process to process where addresses are randomised, and costs no system
 * call. Only for the layout of tables: nothing that is printed or stored may depend on it.
 */
uint64_t ms_hash_process_seed(void);

#endif
