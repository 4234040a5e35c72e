/*
 * The program that the crash tests kill: a host of the public header that starts the executions of the plan in
 * a store, does with them what the plan says, and writes down what it was told. Run again on the same
 * directory it goes on, as a host has to: what it does not know to be done it does again.
 *
 * It writes by write(2) to files opened with O_APPEND: what was written survives the process.
 *
 *   dir/e.db    the store
 *   dir/notes   "accepted 7", "ended 7 1", "redriven 7", "stopped 7", "purging 7", "purged 7"
 *   dir/starts  a line for each start of a task: execution, where, redrive, attempt, id
 *   dir/log     what the engine logs, with its level; "refused ...", what it answered while its store failed
 */
#ifndef CRASH_CHILD_H
#define CRASH_CHILD_H

#include <stdbool.h>
#include <stddef.h>

struct crash_life {
  const char *dir;
  unsigned count;      /* of executions */
  int durability;      /* mstep_durability */
  size_t resident_max; /* executions that wait and stay in memory; 0 = the engine's choice */
  unsigned starts_max; /* that are under way at a time */
  bool is_patient;     /* a store that fails is waited for; else it ends the process */
  bool is_stoppable;   /* SIGTERM ends it in good order: CRASH_TERMINATED */
};

enum crash_note {
  CRASH_ACCEPTED,
  CRASH_ENDED,
  CRASH_REDRIVE_ACCEPTED,
  CRASH_STOP_ACCEPTED,
  CRASH_PURGING, /* about to ask for it */
  CRASH_PURGE_ACCEPTED,
  CRASH_NOTES
};

/* What was written about one execution. */
struct crash_noted {
  bool has[CRASH_NOTES];
  int status; /* the latest that it ended with */
};

#define CRASH_TERMINATED 3

/* Runs until all is done: 0. Else says why on standard error, and what it returns is not 0. */
int crash_child(const struct crash_life *life);
/* notes[count] of what was written; false and a failed check when a line makes no sense. */
void crash_read_notes(struct crash_noted *notes, unsigned count, const char *dir);

#endif
