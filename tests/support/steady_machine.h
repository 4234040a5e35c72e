/*
 * Random definitions whose result depends on their input and on nothing else, whatever comes late, is
 * asked twice or is stopped and redriven: what the tasks answer is a function of their parameters, and of
 * failures only one kind can leave a state that runs beside others. Every one ends: transitions only lead
 * forward, and who gets no answer has a deadline.
 *
 * What a task's parameters say:
 *
 *   id     whose it is: the input's
 *   s, i   state, and where in the Maps around it
 *   r, d   retries so far, redrives so far
 *   m      plain   answers
 *          flaky   fails with X while r < x
 *          needy   fails with R while d < need: only a redrive helps
 *          twice   answers two times
 *          silent  never answers
 *          beats   sends heartbeats for a while, and then nothing
 *          late    answers behind its deadline
 *   long   the answer is long
 */
#ifndef STEADY_MACHINE_H
#define STEADY_MACHINE_H

#include "base/buf.h"
#include "base/random.h"
#include "json/json.h"

#define STEADY_REDRIVES 2 /* after so many nothing is needy any more */

/*
 * Its input is an object: id, i (text), n (0 to 5), items (numbers). Map runs read items.json of the bucket "in",
 * an array of numbers, and write to the bucket "out".
 */
void steady_machine(struct ms_buf *out, struct ms_random *random, bool is_express);

/* What is to be done with a task. */
struct steady_task {
  enum steady_mode {
    STEADY_ANSWER,
    STEADY_FAIL,
    STEADY_TWICE,
    STEADY_SILENT,
    STEADY_BEATS,
    STEADY_LATE
  } mode;
  const char *error; /* FAIL; static */
  int64_t timeout_ms; /* LATE */
  struct ms_buf output; /* else; the caller's: ms_buf_deinit */
};

#define STEADY_CAUSE "as it is meant to be"

/* redrives < 0: as the parameters say. */
void steady_task(struct steady_task *out, struct ms_str parameters, int redrives);

#endif
