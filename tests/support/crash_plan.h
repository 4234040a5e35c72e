/*
 * What the executions of the crash tests do, and what is known of them beforehand: number n gives an execution
 * its name, its input, how often its tasks fail, what becomes of it and what it returns. Nothing here asks
 * the engine.
 */
#ifndef CRASH_PLAN_H
#define CRASH_PLAN_H

#include "base/buf.h"

#define CRASH_MACHINE "crash"
#define CRASH_ARN(kind) "arn:aws:states:us-east-1:000000000000:" kind
#define CRASH_MACHINE_ARN CRASH_ARN("stateMachine:" CRASH_MACHINE)
#define CRASH_ACTIVITY CRASH_ARN("activity:hand")

/* What somebody does with it besides starting it. */
enum crash_kind { CRASH_PLAIN, CRASH_REDRIVEN, CRASH_STOPPED, CRASH_PURGED };

/* Where tasks are started; a task of the Map is AT_EACH and its index. */
enum crash_at { CRASH_AT_FIRST, CRASH_AT_BRANCH, CRASH_AT_HAND, CRASH_AT_DOOMED, CRASH_AT_EACH };

enum crash_kind crash_kind(unsigned n);
unsigned crash_items(unsigned n); /* of its Map */
/* How often that task fails before it succeeds; of Doomed, before its redrive. */
unsigned crash_failures(unsigned n, unsigned at);
/* One for "First:", one for each index of "Each": what the functions write; crash_at, or -1. */
int crash_at(const char *text);

extern const char crash_definition[];
void crash_input(struct ms_buf *out, unsigned n);
void crash_output(struct ms_buf *out, unsigned n);
/* Writes the functions into dir/functions. */
void crash_write_functions(const char *dir);

/* How many events of a type an execution has that nobody stops; all of them by NULL. */
unsigned crash_event_count(unsigned n, const char *type);

#endif
