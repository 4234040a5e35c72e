/*
 * Bytes that may be anything, tried on a machine with all kinds of states: what is accepted must not
 * break what comes after. Aborts when it does. For fuzzers and for tests of damaged records.
 */
#ifndef TRIAL_H
#define TRIAL_H

#include "drive.h"
#include "record.h"

struct trial {
  struct drive drive; /* its execution has not started */
  struct record_store store;
  uint32_t accepted; /* events so far */
};

#define TRIAL_MACHINES 3

void trial_open(struct trial *trial, unsigned machine);
void trial_close(struct trial *trial);
/*
 * Lists of events, each with its length in front: read, checked, applied up to the first that is refused.
 * A state that is accepted afterwards lives on for a while. True when all was accepted.
 */
bool trial_events(struct trial *trial, struct ms_str bytes);
/* The bytes of an execution, likewise. */
bool trial_execution(struct trial *trial, struct ms_str bytes);

#endif
