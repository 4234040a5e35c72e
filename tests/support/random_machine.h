/* Random but valid definitions from a seed, for property tests. */
#ifndef RANDOM_MACHINE_H
#define RANDOM_MACHINE_H

#include "base/buf.h"
#include "base/random.h"

/* Appends the JSON text of a state machine with all state types in it, nested to a bounded depth. */
void random_machine(struct ms_buf *out, struct ms_random *random);

#endif
