/*
 * An outbox: deliveries that are durable from the commit of what caused them until their target has taken
 * them, tried again with growing pauses, and never lost: what cannot be delivered stays, can be listed
 * and sent again. A part of a driver, which calls it in its own functions of the same names.
 *
 *   ledger begin, ms_batch_put ..., ms_outbox_add ..., end
 *        ──▶ ms_outbox_commit: delivered when durable      (end failed: ms_outbox_back)
 *
 * WAITING ──try──▶ taken: gone
 *    ▲  └─────────▶ not taken: WAITING until the next pause is over
 *    └──replay── UNDELIVERED ◀── refused for good, or too old
 */
#ifndef MS_DEST_OUTBOX_H
#define MS_DEST_OUTBOX_H

#include "journal/driver.h"
#include "json/json.h"

#define MS_OUTBOX_PAUSE_MS 1000 /* before the second try; each is twice the one before */
#define MS_OUTBOX_PAUSE_MAX_MS 300000
#define MS_OUTBOX_AGE_MAX_MS 86400000 /* then it is undelivered */
#define MS_OUTBOX_FLIGHT_MAX 256u     /* tries at a time */
#define MS_OUTBOX_RESIDENT_BYTES ((size_t)64 << 20)

struct ms_outbox;

struct ms_outbox_options {
  const struct ms_driver_env *env; /* borrowed */
  const char *module;              /* for the log */
  unsigned table; /* of NUMBER keys; the rows in [first, last) are the outbox's own */
  uint64_t first, last;
  /*
   * With a store, what is to be delivered beyond so many bytes is in its row alone; 0: MS_OUTBOX_RESIDENT_BYTES.
   */
  size_t resident_max;
};

int ms_outbox_new(struct ms_outbox **out, const struct ms_outbox_options *options);
void ms_outbox_free(struct ms_outbox *outbox); /* NULL is fine */
/* Drops what memory has and reads the rows; nothing is delivered before resume. */
int ms_outbox_load(struct ms_outbox *outbox);
void ms_outbox_resume(struct ms_outbox *outbox);
int64_t ms_outbox_next_due_ms(const struct ms_outbox *outbox);
void ms_outbox_on_timer(struct ms_outbox *outbox, int64_t now_ms);
bool ms_outbox_is_busy(const struct ms_outbox *outbox); /* something is to be delivered */

/* How a delivery is tried again. */
struct ms_outbox_policy {
  int64_t pause_ms;     /* before the second try */
  double rate;          /* each pause is so many times the one before; at least 1 */
  int64_t pause_max_ms;
  int64_t age_max_ms;   /* then it is undelivered */
  uint32_t retries_max; /* likewise, after so many more tries; 0xffffffff: any number */
  bool has_jitter;      /* a pause is by chance anything up to that */
};
#define MS_OUTBOX_POLICY_STANDARD                                                                  \
  ((struct ms_outbox_policy){MS_OUTBOX_PAUSE_MS, 2, MS_OUTBOX_PAUSE_MAX_MS, MS_OUTBOX_AGE_MAX_MS,  \
                             UINT32_MAX, false})

/*
 * Between the ledger's begin and end; batch as begin gave it. policy NULL: the standard. MSTEP_ENOMEM. Copies.
 */
int ms_outbox_add(struct ms_outbox *outbox, struct ms_batch *batch,
                  const struct ms_delivery *delivery, const struct ms_outbox_policy *policy);
/* After end: what was added is delivered once it is durable. Memory that lacks delays it. */
void ms_outbox_commit(struct ms_outbox *outbox);
void ms_outbox_back(struct ms_outbox *outbox); /* end failed, or was not reached */

size_t ms_outbox_undelivered_count(const struct ms_outbox *outbox);
uint64_t ms_outbox_delivered_count(const struct ms_outbox *outbox); /* since it was made */
/*
 * Undelivered ones as {"Id", "Target", "Reason", "Error", "Attempts", "CreatedAt", "Body"}, oldest first,
 * with numbers above `after`. *next: the last one's number when there are more, else 0.
 */
int ms_outbox_list(struct ms_json *out, uint64_t *next, struct ms_outbox *outbox, uint64_t after,
                   size_t max);
/*
 * Begins anew with one of them. MSTEP_ENOTFOUND: not undelivered. To be durable when the ledger says so.
 */
int ms_outbox_replay(struct ms_outbox *outbox, uint64_t number);
/* The same with all; *count gets how many. */
int ms_outbox_replay_all(struct ms_outbox *outbox, size_t *count);
/* Forgets one of them for good. MSTEP_ENOTFOUND. To be durable when the ledger says so. */
int ms_outbox_purge(struct ms_outbox *outbox, uint64_t number);
int ms_outbox_purge_all(struct ms_outbox *outbox, size_t *count);

#endif
