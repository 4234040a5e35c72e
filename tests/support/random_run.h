/*
 * A random machine under random commands, one after the other: answers, failures, timers, now and then a
 * stop, and redrives of what ended badly. Some values are long enough to be documents. The caller gives
 * each command to the execution.
 */
#ifndef RANDOM_RUN_H
#define RANDOM_RUN_H

#include "base/random.h"
#include "drive.h"

struct random_run {
  struct drive drive;
  struct ms_random random;
  struct ms_command command; /* the next one; its values belong to the run */
  uint32_t redrives;         /* at most */
  uint32_t steps;
};

/* 0, or why the machine does not compile. */
int random_run_open(struct random_run *run, uint64_t seed);
void random_run_close(struct random_run *run);
/* Makes run->command, and moves the clock for it. False when the execution is over, or lasts too long. */
bool random_run_next(struct random_run *run);

#endif
