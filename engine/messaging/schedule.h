/*
 * Schedule expressions and the times at which they are due: rate(5 minutes), cron(0 8 ? * MON-FRI *),
 * at(2026-12-24T18:00:00). Pure: the time and the zone are handed in.
 *
 * On a zone's clock a time that is left out when clocks go forward does not come, and one that comes twice
 * counts the first time. A rate counts real time, whatever the clocks do.
 */
#ifndef MS_MESSAGING_SCHEDULE_H
#define MS_MESSAGING_SCHEDULE_H

#include "base/buf.h"
#include "messaging/cron.h"
#include "messaging/zone.h"

enum ms_schedule_dialect {
  MS_SCHEDULE_RULE,     /* of a bus: no at(), 1 minute but 2 minutes, first due one rate after its creation */
  MS_SCHEDULE_SCHEDULER /* first due at its start, or its creation */
};

struct ms_schedule {
  enum { MS_SCHEDULE_RATE, MS_SCHEDULE_CRON, MS_SCHEDULE_AT } kind;
  enum ms_schedule_dialect dialect;
  int64_t rate_ms;
  int64_t at_local_s;
  struct ms_cron cron;
};

#define MS_SCHEDULE_BYTES_MAX 256

/* MSTEP_EINVALID: `message` (may be NULL) gets the service's text. */
int ms_schedule_parse(struct ms_schedule *out, struct ms_str text,
                      enum ms_schedule_dialect dialect, struct ms_buf *message);

/* What goes with an expression. A time of 0 is none. */
struct ms_schedule_span {
  int64_t created_at_ms; /* or enabled: rates count from it */
  int64_t start_at_ms;   /* not due before; at() does not care */
  int64_t end_at_ms;     /* nor behind this */
  const struct ms_zone *zone;
};

/* When it is next due, later than after_ms. False: never again. */
bool ms_schedule_next(int64_t *out_ms, const struct ms_schedule *schedule,
                      const struct ms_schedule_span *span, int64_t after_ms);
/* The next times, at most `max`; how many there are. */
size_t ms_schedule_upcoming(int64_t *out_ms, size_t max, const struct ms_schedule *schedule,
                            const struct ms_schedule_span *span, int64_t after_ms);

struct ms_schedule_missed {
  uint64_t count;   /* times later than after_ms and not later than until_ms */
  int64_t first_ms; /* of them; 0: there are none */
  int64_t last_ms;
  bool has_more; /* the count stopped at the limit, and so did last_ms */
};

/* What was due while nobody looked; counts no further than `limit`. */
void ms_schedule_count_missed(struct ms_schedule_missed *out, const struct ms_schedule *schedule,
                              const struct ms_schedule_span *span, int64_t after_ms,
                              int64_t until_ms, uint64_t limit);

enum ms_missed_runs { /* runs that fell due while nobody looked */
  MS_MISSED_ONCE,     /* one, for the last of them */
  MS_MISSED_SKIP,     /* none */
  MS_MISSED_ALL       /* each, one after the other */
};

#define MS_RUNS_AT_ONCE 1000 /* of all schedules, before anything else gets its turn */
#define MS_SCHEDULE_GRACE_MS 60000 /* a run so late is still in time */

/*
 * What is to be done at now_ms about a run that was due at due_at_ms: true: the run of *run_at_ms; false: none, but
 * those up to *run_at_ms count as done.
 */
bool ms_schedule_pick(int64_t *run_at_ms, const struct ms_schedule *schedule,
                      const struct ms_schedule_span *span, int64_t due_at_ms, int64_t now_ms,
                      enum ms_missed_runs missed);

#define MS_SCHEDULE_WINDOW_MAX 1440 /* minutes */
/* A time within a flexible window behind the due time, chosen by a random number. */
int64_t ms_schedule_spread_ms(int64_t due_at_ms, unsigned window_minutes, uint64_t random);

#endif
