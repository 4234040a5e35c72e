/*
 * Group commit without a timer. Transitions go into the open batch. At the end of a turn it is posted to
 * the store thread unless a commit is running there; then it goes on collecting until that one is
 * answered, so the slower the disk, the larger the groups. A batch at its largest size is posted at once
 * and waits in the thread's queue.
 *
 *              begin/end          flush, take            thread              take
 *   (nothing) ───────────▶ open ─────────────▶ posted ──────────▶ committed ──────▶ on_durable, spare
 *                            │                   │  a commit fails   │
 *                            └───────────────────┴───────────────────┴─▶ dropped; on_failed, once
 *
 * State     entered by                 what holds
 * OPEN      open, answer(PROBE) = 0    posted jobs are those handed over and not answered, in order
 * ERROR     answer(COMMIT) != 0        nothing is open; commits still posted will fail or have failed:
 *                                      the thread refuses them (is_broken) until it gets the probe
 *
 * Invariants: seq of the open batch = last_seq + 1 when there is one; durable_seq <= last_seq; waiting =
 * bytes of posted commits and of the open batch. `store` and `is_broken` are the thread's while it runs,
 * everything else is the loop's; a job is whose turn it is.
 */
#include "journal/journal.h"

#include <assert.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/fault.h"
#include "work/work.h"

#define DETAIL_SIZE 256

enum job_type { JOB_COMMIT, JOB_PROBE, JOB_CALL };

struct job {
  struct ms_work_message message; /* first */
  struct job *next;               /* posted later */
  enum job_type type;
  struct ms_batch batch; /* COMMIT */
  uint64_t seq;
  unsigned transitions;
  bool is_run;           /* stepping: only its answer is missing */
  int64_t posted_at_us;
  ms_journal_run_cb run; /* CALL */
  ms_journal_done_cb done;
  void *user;
  int code; /* the answer */
  uint64_t lsn;
  char detail[DETAIL_SIZE];
};

struct ms_journal {
  struct ms_store *store;
  bool is_broken; /* the thread's: a commit failed since the last probe */
  struct ms_loop *loop;
  struct ms_journal_callbacks callbacks;
  size_t batch_bytes;
  unsigned batch_transitions;
  size_t waiting_max;
  struct ms_work *work; /* NULL: inline */
  struct ms_worker *worker;
  struct job *posted; /* oldest first */
  struct job **posted_end;
  unsigned posted_commits;
  struct job *open;
  struct job *spare;
  struct ms_batch_mark mark; /* of the transition that is being written */
  bool is_writing;
  bool is_stepping;
  bool is_probing;
  bool is_failed; /* ERROR */
  int code;       /* why */
  char detail[DETAIL_SIZE];
  size_t waiting;
  uint64_t last_seq;
  uint64_t durable_seq;
  uint64_t durable_lsn;
  struct ms_journal_stats stats;
  struct ms_histogram durations;
};

static void assert_state(const struct ms_journal *journal)
{
  assert(journal->durable_seq <= journal->last_seq);
  assert((journal->posted == NULL) == (journal->posted_end == &journal->posted));
  assert(journal->open == NULL || journal->open->seq == journal->last_seq + 1);
  assert(!journal->is_failed || journal->open == NULL);
  assert(!journal->is_probing || journal->is_failed);
  assert(!journal->is_writing || journal->open != NULL);
  assert(journal->posted != NULL || journal->posted_commits == 0);
  (void)journal;
}

/* ---- jobs -------------------------------------------------------------------------------------------- */

static void job_free(struct job *job)
{
  if (job != NULL) {
    ms_batch_deinit(&job->batch);
    ms_free(job);
  }
}

static struct job *job_new(struct ms_journal *journal, enum job_type type)
{
  struct job *job = journal->spare;
  journal->spare = NULL;
  if (job == NULL) {
    job = ms_calloc(1, sizeof *job);
    if (job == NULL) {
      return NULL;
    }
    ms_batch_init(&job->batch);
  }
  job->type = type;
  job->code = 0;
  job->transitions = 0;
  job->is_run = false;
  job->next = NULL;
  return job;
}

/* One is kept, with its memory, unless that is much more than a batch has as a rule. */
static void job_done(struct ms_journal *journal, struct job *job)
{
  bool is_large =
      job->batch.records.capacity + job->batch.bytes.capacity > 4 * journal->batch_bytes;
  if (journal->spare != NULL || is_large) {
    job_free(job);
    return;
  }
  ms_batch_reset(&job->batch);
  journal->spare = job;
}

/* On the store thread, or where there is none. */
static void run_job(struct ms_journal *journal, struct job *job)
{
  job->detail[0] = '\0';
  if (job->type == JOB_COMMIT && journal->is_broken) {
    job->code = MSTEP_ESTATE;
    return;
  }
  ms_error_clear();
  switch (job->type) {
  case JOB_COMMIT:
    job->code = ms_store_commit(journal->store, &job->batch, &job->lsn);
    journal->is_broken = job->code != 0;
    break;
  case JOB_PROBE:
    job->code = ms_store_recover(journal->store);
    journal->is_broken = job->code != 0;
    job->lsn = ms_store_last_lsn(journal->store);
    break;
  case JOB_CALL:
    job->code = job->run(journal->store, job->user);
    break;
  }
  if (job->code != 0) {
    snprintf(job->detail, sizeof job->detail, "%s", ms_error_detail());
  }
}

/* A full queue leaves the job with the caller. */
static int post(struct ms_journal *journal, struct job *job)
{
  int err = journal->work == NULL ? 0 : ms_work_post(journal->work, &job->message);
  if (err != 0) {
    return err;
  }
  if (journal->posted == NULL && journal->work != NULL) {
    ms_loop_hold(journal->loop);
  }
  job->posted_at_us = journal->loop == NULL ? 0 : ms_loop_clock_us(journal->loop);
  *journal->posted_end = job;
  journal->posted_end = &job->next;
  journal->posted_commits += job->type == JOB_COMMIT;
  return 0;
}

static void post_open(struct ms_journal *journal)
{
  struct job *job = journal->open;
  assert(!journal->is_writing && job->transitions > 0);
  if (post(journal, job) == 0) { /* else it stays open, and the next turn tries again */
    journal->open = NULL;
    journal->last_seq = job->seq;
    MS_FAULT(journal_post);
  }
}

/* ---- answers ------------------------------------------------------------------------------------------ */

static void drop_open(struct ms_journal *journal)
{
  struct job *job = journal->open;
  if (job != NULL) {
    journal->waiting -= ms_batch_size(&job->batch);
    journal->last_seq = job->seq; /* its number was given out */
    journal->open = NULL;
    journal->is_writing = false;
    job_done(journal, job);
  }
}

static void commit_answered(struct ms_journal *journal, struct job *job)
{
  size_t size = ms_batch_size(&job->batch);
  assert(journal->waiting >= size && journal->posted_commits > 0);
  journal->waiting -= size;
  journal->posted_commits--;
  if (job->code == 0) {
    assert(!journal->is_failed && job->seq == journal->durable_seq + 1);
    MS_FAULT(journal_answered);
    journal->durable_seq = job->seq;
    journal->durable_lsn = job->lsn;
    journal->stats.commits++;
    journal->stats.transitions += job->transitions;
    journal->stats.bytes += size;
    if (journal->loop != NULL) {
      ms_histogram_add(&journal->durations,
                       ms_loop_clock_us(journal->loop) - job->posted_at_us);
    }
    if (job->transitions > journal->stats.largest) {
      journal->stats.largest = job->transitions;
    }
    journal->callbacks.on_durable(job->seq, job->lsn, journal->callbacks.user);
  } else if (!journal->is_failed) { /* those behind it fail with it, unheard */
    drop_open(journal);
    journal->is_failed = true;
    journal->code = job->code;
    journal->stats.failures++;
    snprintf(journal->detail, sizeof journal->detail, "%s", job->detail);
    journal->callbacks.on_failed(job->seq, job->code, journal->detail, journal->callbacks.user);
  }
}

static void probe_answered(struct ms_journal *journal, struct job *job)
{
  assert(journal->is_failed && journal->is_probing && journal->posted_commits == 0);
  journal->is_probing = false;
  if (job->code == 0) {
    journal->is_failed = false;
    journal->durable_seq = journal->last_seq;
    journal->durable_lsn = job->lsn;
  } else {
    journal->code = job->code;
    snprintf(journal->detail, sizeof journal->detail, "%s", job->detail);
  }
  journal->callbacks.on_probed(job->code, job->detail, job->lsn, journal->callbacks.user);
}

/* The oldest posted job has its answer. */
static void answered(struct ms_journal *journal, struct job *job)
{
  assert(journal->posted == job); /* one thread: answers are in order */
  journal->posted = job->next;
  if (journal->posted == NULL) {
    journal->posted_end = &journal->posted;
    if (journal->work != NULL) {
      ms_loop_release(journal->loop);
    }
  }
  if (job->type == JOB_COMMIT) {
    commit_answered(journal, job);
  } else if (job->type == JOB_PROBE) {
    probe_answered(journal, job);
  } else {
    job->done(job->code, job->detail, job->user);
  }
  job_done(journal, job);
  assert_state(journal);
}

static void run_posted(struct ms_journal *journal)
{
  while (journal->posted != NULL) {
    if (!journal->posted->is_run) {
      run_job(journal, journal->posted);
    }
    answered(journal, journal->posted);
  }
}

/* ---- the loop's side ------------------------------------------------------------------------------------ */

int ms_journal_begin(struct ms_batch **out, struct ms_journal *journal)
{
  assert_state(journal);
  assert(!journal->is_writing);
  if (journal->is_failed) {
    return ms_error(MSTEP_ESTATE, "the journal has failed: %s", journal->detail);
  }
  struct job *job = journal->open;
  if (job != NULL && (ms_batch_size(&job->batch) >= journal->batch_bytes ||
                      job->transitions >= journal->batch_transitions)) {
    post_open(journal);
    job = journal->open;
  }
  if (journal->waiting >= journal->waiting_max) {
    return ms_error(MSTEP_ETOOBIG, "%zu bytes wait for the disk", journal->waiting);
  }
  if (job == NULL) {
    job = job_new(journal, JOB_COMMIT);
    if (job == NULL) {
      return ms_error_nomem();
    }
    job->seq = journal->last_seq + 1;
    journal->open = job;
  }
  journal->mark = ms_batch_mark(&job->batch);
  journal->is_writing = true;
  *out = &job->batch;
  return 0;
}

int ms_journal_end(struct ms_journal *journal, uint64_t *seq)
{
  assert_state(journal);
  assert(journal->is_writing);
  struct job *job = journal->open;
  int err = ms_batch_error(&job->batch);
  journal->is_writing = false;
  if (err != 0) {
    ms_batch_back(&job->batch, journal->mark);
    if (job->transitions == 0) {
      journal->open = NULL;
      job_done(journal, job);
    }
    return err;
  }
  job->transitions++;
  journal->waiting +=
      ms_batch_size(&job->batch) - journal->mark.records_len - journal->mark.bytes_len;
  *seq = job->seq;
  return 0;
}

void ms_journal_flush(struct ms_journal *journal)
{
  bool is_inline = journal->work == NULL && !journal->is_stepping;
  assert_state(journal);
  assert(!journal->is_writing);
  if (is_inline) {
    run_posted(journal); /* full ones: else the open one would stay behind them, and nobody comes for it */
  }
  if (journal->open != NULL && journal->posted_commits == 0) {
    post_open(journal);
  }
  if (is_inline) {
    run_posted(journal);
  }
}

void ms_journal_set_stepping(struct ms_journal *journal, bool is_stepping)
{
  assert(journal->work == NULL);
  journal->is_stepping = is_stepping;
}

bool ms_journal_step(struct ms_journal *journal)
{
  struct job *job = journal->posted;
  if (job == NULL || journal->work != NULL) {
    return false;
  }
  if (!job->is_run) {
    run_job(journal, job);
    job->is_run = true;
  } else {
    answered(journal, job);
    ms_journal_flush(journal);
  }
  return true;
}

bool ms_journal_is_idle(const struct ms_journal *journal)
{
  return journal->posted == NULL && journal->open == NULL;
}

void ms_journal_take(struct ms_journal *journal)
{
  if (journal->work == NULL) {
    return;
  }
  struct ms_work_message *message = ms_work_take(journal->work);
  while (message != NULL) {
    struct ms_work_message *next = message->next;
    answered(journal, (struct job *)(void *)message);
    message = next;
  }
  ms_journal_flush(journal);
}

int ms_journal_probe(struct ms_journal *journal)
{
  assert_state(journal);
  if (!journal->is_failed || journal->is_probing) {
    return ms_error(MSTEP_ESTATE, journal->is_failed ? "the store is being probed"
                                                     : "the journal has not failed");
  }
  struct job *job = job_new(journal, JOB_PROBE);
  if (job == NULL) {
    return ms_error_nomem();
  }
  int err = post(journal, job);
  if (err != 0) {
    job_done(journal, job);
    return err;
  }
  journal->is_probing = true;
  return 0;
}

int ms_journal_call(struct ms_journal *journal, ms_journal_run_cb run, ms_journal_done_cb done,
                    void *user)
{
  assert_state(journal);
  struct job *job = job_new(journal, JOB_CALL);
  if (job == NULL) {
    return ms_error_nomem();
  }
  job->run = run;
  job->done = done;
  job->user = user;
  int err = post(journal, job);
  if (err != 0) {
    job_done(journal, job);
  }
  return err;
}

bool ms_journal_is_failed(const struct ms_journal *journal)
{
  return journal->is_failed;
}

bool ms_journal_is_full(const struct ms_journal *journal)
{
  return journal->waiting >= journal->waiting_max;
}

uint64_t ms_journal_durable_seq(const struct ms_journal *journal)
{
  return journal->durable_seq;
}

uint64_t ms_journal_durable_lsn(const struct ms_journal *journal)
{
  return journal->durable_lsn;
}

void ms_journal_get_stats(struct ms_journal_stats *out, const struct ms_journal *journal)
{
  *out = journal->stats;
}

const struct ms_histogram *ms_journal_durations(const struct ms_journal *journal)
{
  return &journal->durations;
}

/* ---- life ------------------------------------------------------------------------------------------------ */

static int open_worker(void **state, struct ms_worker *worker, unsigned index, void *user)
{
  struct ms_journal *journal = user;
  (void)index;
  journal->worker = worker;
  *state = journal;
  return 0;
}

static void on_message(void *state, struct ms_work_message *message)
{
  struct ms_journal *journal = state;
  run_job(journal, (struct job *)(void *)message);
  ms_worker_reply(journal->worker, message);
}

static const struct ms_work_type store_thread = {.open = open_worker, .on_message = on_message};

int ms_journal_open(struct ms_journal **out, const struct ms_journal_options *options)
{
  struct ms_journal *journal = ms_calloc(1, sizeof *journal);
  if (journal == NULL) {
    return ms_error_nomem();
  }
  journal->store = options->store;
  journal->loop = options->loop;
  journal->callbacks = options->callbacks;
  journal->batch_bytes = options->batch_bytes == 0 ? MS_JOURNAL_BATCH_BYTES : options->batch_bytes;
  journal->batch_transitions =
      options->batch_transitions == 0 ? MS_JOURNAL_BATCH_TRANSITIONS : options->batch_transitions;
  journal->waiting_max =
      options->waiting_bytes == 0 ? MS_JOURNAL_WAITING_BYTES : options->waiting_bytes;
  journal->posted_end = &journal->posted;
  journal->durable_lsn = ms_store_last_lsn(options->store);
  if (!options->is_inline) {
    struct ms_work_options work = {&store_thread, journal, options->loop, 1, 0};
    int err = ms_work_new(&journal->work, &work);
    if (err != 0) {
      ms_free(journal);
      return err;
    }
  }
  *out = journal;
  return 0;
}

/* From here on the store is the loop's: jobs that were not begun are run in place. */
static void end_thread(struct ms_journal *journal)
{
  bool is_held = journal->posted != NULL;
  ms_work_join(journal->work);
  struct ms_work_message *message = ms_work_take(journal->work);
  ms_work_free(journal->work);
  journal->work = NULL;
  while (message != NULL) {
    struct ms_work_message *next = message->next;
    answered(journal, (struct job *)(void *)message);
    message = next;
  }
  if (is_held) {
    ms_loop_release(journal->loop);
  }
}

void ms_journal_abandon(struct ms_journal *journal)
{
  assert_state(journal);
  assert(!journal->is_writing);
  drop_open(journal);
  journal->is_broken = journal->is_broken || journal->work == NULL; /* nor what was not begun */
}

void ms_journal_close(struct ms_journal *journal)
{
  if (journal == NULL) {
    return;
  }
  assert_state(journal);
  assert(!journal->is_writing);
  if (journal->work != NULL) {
    end_thread(journal);
  }
  do {
    ms_journal_flush(journal);
    run_posted(journal);
  } while (journal->open != NULL);
  job_free(journal->spare);
  ms_free(journal);
}
