/*
 * The journal: what the loop thread has decided becomes durable, many decisions in one commit, without
 * the loop waiting. Memory may run ahead of the disk; the outside world never does: an effect is held
 * until the number (`seq`) of the batch that caused it is durable.
 *
 *   OPEN ──a commit fails──▶ ERROR ──ms_journal_probe, the store answers──▶ OPEN
 *
 * A failed commit fails that batch and all behind it, whether posted or still open; their outcome is
 * not known. In ERROR nothing is accepted. When the probe succeeds, on_probed tells how far the
 * journal goes, and the owner reads back what is there before it goes on.
 *
 * Belongs to the loop thread. All callbacks come from ms_journal_flush, ms_journal_take and
 * ms_journal_close, never from inside another call.
 */
#ifndef MS_JOURNAL_JOURNAL_H
#define MS_JOURNAL_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "loop/loop.h"
#include "metrics/metrics.h"
#include "store/store.h"

struct ms_journal;

#define MS_JOURNAL_BATCH_BYTES ((size_t)2 << 20) /* standard sizes: see struct ms_journal_options */
#define MS_JOURNAL_BATCH_TRANSITIONS 2000u
#define MS_JOURNAL_WAITING_BYTES ((size_t)64 << 20)

struct ms_journal_callbacks {
  /* Everything up to and with `seq` is durable; lsn of its frame. */
  void (*on_durable)(uint64_t seq, uint64_t lsn, void *user);
  /* Everything from `seq` on has failed. detail: borrowed text. OPEN -> ERROR. */
  void (*on_failed)(uint64_t seq, int code, const char *detail, void *user);
  /* A probe is answered; code 0: ERROR -> OPEN, and the journal ends with `lsn`. */
  void (*on_probed)(int code, const char *detail, uint64_t lsn, void *user);
  void *user;
};

struct ms_journal_options {
  struct ms_store *store; /* borrowed; not to be touched while the journal is open */
  struct ms_loop *loop;   /* borrowed; held while something is on the thread. NULL: see is_inline */
  struct ms_journal_callbacks callbacks;
  size_t batch_bytes; /* a batch that has as many is closed; 0 = standard, as below */
  unsigned batch_transitions;
  size_t waiting_bytes; /* bound on what is not durable yet */
  bool is_inline;       /* no thread: flush commits. For simulation, which has to repeat itself */
};

struct ms_journal_stats {
  uint64_t commits;
  uint64_t transitions;
  uint64_t bytes;
  uint64_t failures;
  uint64_t largest; /* transitions in one commit */
};

/* Starts the store thread. MSTEP_ENOMEM, MSTEP_EIO. */
int ms_journal_open(struct ms_journal **out, const struct ms_journal_options *options);
/*
 * Commits what was accepted, waits for it, delivers what there is to deliver, ends the thread. The store
 * is the owner's again. NULL is fine.
 */
void ms_journal_close(struct ms_journal *journal);
/*
 * Inline: from now on flush only hands over, and each step is half of a commit: it is done, or it is answered.
 * So a simulation sees what a thread makes of it. False: nothing was handed over.
 */
void ms_journal_set_stepping(struct ms_journal *journal, bool is_stepping);
bool ms_journal_step(struct ms_journal *journal);
bool ms_journal_is_idle(const struct ms_journal *journal); /* nothing is open or handed over */
/* Forgets what was not handed over yet, as if the process had died now; to be closed next. For tests. */
void ms_journal_abandon(struct ms_journal *journal);

/*
 * One transition: begin, write into the batch, end. *seq is what its effects wait for. A failed end has
 * taken away what the transition wrote, nothing else.
 *
 * MSTEP_ESTATE   in ERROR, with the detail of what failed
 * MSTEP_ETOOBIG  from begin: too much waits; again after on_durable
 */
int ms_journal_begin(struct ms_batch **out, struct ms_journal *journal);
int ms_journal_end(struct ms_journal *journal, uint64_t *seq);

/* The end of a turn, from the loop's on_defer: hands over what was written unless a commit is running. */
void ms_journal_flush(struct ms_journal *journal);
/* From the loop's on_wake: answers of the store thread, then the next commit. */
void ms_journal_take(struct ms_journal *journal);

bool ms_journal_is_failed(const struct ms_journal *journal);
bool ms_journal_is_full(const struct ms_journal *journal);
uint64_t ms_journal_durable_seq(const struct ms_journal *journal);
uint64_t ms_journal_durable_lsn(const struct ms_journal *journal);
void ms_journal_get_stats(struct ms_journal_stats *out, const struct ms_journal *journal);
/* Of commits, from when they were handed over to their answer; empty where there is no loop. Lives with the journal. */
const struct ms_histogram *ms_journal_durations(const struct ms_journal *journal);

/* In ERROR: has the store looked at again. MSTEP_ESTATE: not in ERROR, or a probe is under way. */
int ms_journal_probe(struct ms_journal *journal);

/*
 * Runs `run` with the store on its thread, after everything that was handed over before, then `done` on the
 * loop with what it returned: reading, shrinking. `run` may not commit, and touches nothing of the loop's.
 */
typedef int (*ms_journal_run_cb)(struct ms_store *store, void *user);
typedef void (*ms_journal_done_cb)(int code, const char *detail, void *user);
int ms_journal_call(struct ms_journal *journal, ms_journal_run_cb run, ms_journal_done_cb done,
                    void *user);

#endif
