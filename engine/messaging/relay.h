/*
 * A relay: deliveries under way to targets, durable. A delivery is a row in MS_TABLE_EVENT; it is tried when
 * that row is durable, again after a while when it failed, and when that has no sense any more it goes to
 * its dead-letter target. What cannot be delivered there either is kept as undeliverable, listed and replayed
 * by hand. At least once: a crash between a delivery and the removal of its row delivers again.
 *
 *   staged ──commit──▶ fresh ──durable──▶ due ──deliver──▶ gone
 *                                          ▲ │ failed: backoff      │ final, too often, too old
 *                                          └─┘                      ▼
 *                                                   due, to the dead-letter target ──▶ undeliverable
 *
 * Each owner has a relay of its own, in a range of keys of its own. Loop thread.
 */
#ifndef MS_MESSAGING_RELAY_H
#define MS_MESSAGING_RELAY_H

#include "journal/driver.h"
#include "json/json.h"

struct ms_relay;

/* On disk: who owns which keys of MS_TABLE_EVENT. Bits 61 and 62 of a key are clear: the rest is others'. */
enum ms_relay_range { MS_RELAY_BUSES, MS_RELAY_TOPICS, MS_RELAY_SCHEDULES, MS_RELAY_FOLDERS };

#define MS_RELAY_RESIDENT_BYTES ((size_t)64 << 20)

enum ms_relay_backoff {
  MS_RELAY_EXPONENTIAL, /* with jitter: between half of the delay and all of it */
  MS_RELAY_PHASES,      /* three at once, two after min, ten rising to max, then max */
  MS_RELAY_LINEAR       /* from min to max in equal steps */
};

struct ms_relay_policy {
  enum ms_relay_backoff backoff;
  uint32_t retries;     /* after the first try */
  int64_t max_age_ms;   /* 0: any */
  int64_t min_delay_ms; /* of the first retry */
  int64_t max_delay_ms;
};

/* All is copied. */
struct ms_relay_entry {
  struct ms_delivery delivery;
  struct ms_relay_policy policy;
  struct ms_str dead_letter; /* ARN; data NULL: none */
  /*
   * JSON object of texts which become attributes of the dead letter, to which ERROR_CODE and what else a bus says
   * is added. data NULL: a dead letter has no attributes but the delivery's.
   */
  struct ms_str facts;
  const char *error; /* not NULL: cannot be tried at all, because of this ERROR_CODE; see error_text */
  const char *error_text;
};

/* What the keys of `range` hold is read by ms_relay_load. MSTEP_ENOMEM. */
int ms_relay_new(struct ms_relay **out, const struct ms_driver_env *env,
                  enum ms_relay_range range);
void ms_relay_free(struct ms_relay *relay); /* NULL is fine */
int ms_relay_load(struct ms_relay *relay);
void ms_relay_resume(struct ms_relay *relay);

/*
 * Stages a delivery and puts its row into batch (may be NULL), which is the caller's change. Then, once the change
 * has ended, commit; when it was not made, rollback. MSTEP_ENOMEM, MSTEP_ETOOBIG.
 */
int ms_relay_add(struct ms_relay *relay, struct ms_batch *batch,
                  const struct ms_relay_entry *entry);
void ms_relay_commit(struct ms_relay *relay);
void ms_relay_rollback(struct ms_relay *relay);

int64_t ms_relay_next_due_ms(const struct ms_relay *relay);
void ms_relay_on_timer(struct ms_relay *relay, int64_t now_ms);
bool ms_relay_is_busy(const struct ms_relay *relay); /* undeliverable ones do not count */
size_t ms_relay_count(const struct ms_relay *relay); /* of those under way */
/* With a store, what is under way beyond so many bytes is in its row alone. Standard: MS_RELAY_RESIDENT_BYTES. */
void ms_relay_set_resident_max(struct ms_relay *relay, size_t bytes);
void ms_relay_collect(const struct ms_relay *relay, struct ms_metrics *metrics);

/*
 * What is undeliverable, as an outbox's (dest/outbox.h) with "ErrorCode" besides, oldest first, with ids above
 * `after`. *next: the last one's id when there are more, else 0.
 */
int ms_relay_list(struct ms_json *out, uint64_t *next, struct ms_relay *relay, uint64_t after,
                  size_t max);
/* Tries it again from the beginning. MSTEP_ENOTFOUND; MSTEP_ENOMEM, MSTEP_EIO, MSTEP_ETOOBIG. */
int ms_relay_replay(struct ms_relay *relay, uint64_t id);
/* Forgets it for good. The same. */
int ms_relay_purge(struct ms_relay *relay, uint64_t id);
/*
 * With all of them; *count: how many. What is replayed is not delivered twice, but more than waits for the disk at
 * a time is undeliverable again after a crash.
 */
int ms_relay_replay_all(struct ms_relay *relay, size_t *count);
int ms_relay_purge_all(struct ms_relay *relay, size_t *count);

#endif
