/*
 * The journal: groups, limits, failure and recovery, with a store that fails on plan; on a thread of its own
 * and, where every run has to be the same, without one.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/random.h"
#include "journal/journal.h"
#include "mt.h"

#define RECORD_SIZE 8
#define RECORDS_MAX 20000

/* The side of the engine: hands out numbered records and keeps book of what it was told. */
struct owner {
  struct ms_store *store;
  struct ms_loop *loop; /* NULL: inline */
  struct ms_journal *journal;
  uint64_t next;              /* number of the next record */
  uint64_t seqs[RECORDS_MAX]; /* of each record */
  bool is_durable[RECORDS_MAX];
  bool is_failed[RECORDS_MAX];
  uint64_t checked; /* records below this one have been heard of */
  uint64_t durable_seq;
  int failures;
  int probes;
  int code;
  char detail[256];
  uint64_t lsn;
  unsigned per_turn; /* libevent: records in each turn, until `until` */
  uint64_t until;
  struct ms_random random;
};

static void on_durable(uint64_t seq, uint64_t lsn, void *user)
{
  struct owner *o = user;
  mt_eq_int(seq, o->durable_seq + 1);
  mt_ok(!ms_journal_is_failed(o->journal));
  mt_eq_int(ms_journal_durable_seq(o->journal), seq);
  mt_eq_int(ms_journal_durable_lsn(o->journal), lsn);
  o->durable_seq = seq;
  o->lsn = lsn;
  for (; o->checked < o->next && o->seqs[o->checked] <= seq; o->checked++) {
    o->is_durable[o->checked] = true;
  }
}

static void on_failed(uint64_t seq, int code, const char *detail, void *user)
{
  struct owner *o = user;
  mt_eq_int(seq, o->durable_seq + 1);
  mt_ok(ms_journal_is_failed(o->journal));
  o->failures++;
  o->code = code;
  snprintf(o->detail, sizeof o->detail, "%s", detail);
  for (; o->checked < o->next; o->checked++) { /* all behind it, the open ones too */
    o->is_failed[o->checked] = true;
  }
}

static void on_probed(int code, const char *detail, uint64_t lsn, void *user)
{
  struct owner *o = user;
  o->probes++;
  mt_eq_int(ms_journal_is_failed(o->journal), code != 0);
  mt_ok(code == 0 || detail[0] != '\0');
  if (code == 0) {
    mt_ok(lsn == o->lsn || lsn == o->lsn + 1);
    o->lsn = lsn;
    o->durable_seq = ms_journal_durable_seq(o->journal);
  }
}

/* One transition of one record: its number. */
static int add(struct owner *o)
{
  struct ms_batch *batch;
  char record[RECORD_SIZE];
  int err = ms_journal_begin(&batch, o->journal);
  if (err != 0) {
    return err;
  }
  mt_ok(o->next < RECORDS_MAX);
  ms_buf_str(&batch->records, ms_store_key(record, o->next));
  err = ms_journal_end(o->journal, &o->seqs[o->next]);
  o->next += err == 0;
  return err;
}

static void on_defer(void *user)
{
  struct owner *o = user;
  ms_journal_flush(o->journal);
}

static void on_wake(void *user)
{
  struct owner *o = user;
  ms_journal_take(o->journal);
}

static struct owner *owner_new(const char *url, const struct ms_journal_options *sizes,
                               bool is_inline)
{
  struct owner *o = mt_keep(calloc(1, sizeof *o));
  int err = ms_store_open(&o->store, url, NULL);
  if (err != 0) {
    mt_fail("%s: %s", url, ms_error_detail());
  }
  struct ms_journal_options options = sizes == NULL ? (struct ms_journal_options){0} : *sizes;
  if (!is_inline) {
    struct ms_loop_callbacks callbacks = {NULL, on_defer, on_wake, o};
    mt_eq_int(ms_loop_libevent_new(&o->loop, NULL), 0);
    ms_loop_set_callbacks(o->loop, &callbacks);
  }
  options.store = o->store;
  options.loop = o->loop;
  options.is_inline = is_inline;
  options.callbacks = (struct ms_journal_callbacks){on_durable, on_failed, on_probed, o};
  mt_eq_int(ms_journal_open(&o->journal, &options), 0);
  return o;
}

static void owner_free(struct owner *o)
{
  ms_journal_close(o->journal);
  ms_store_close(o->store);
  ms_loop_free(o->loop);
}

/* To the end of a turn and of what it caused. */
static void settle(struct owner *o)
{
  if (o->loop == NULL) {
    ms_journal_flush(o->journal);
  } else {
    mt_eq_int(ms_loop_defer(o->loop), 0);
    mt_eq_int(ms_loop_run(o->loop), 0);
  }
}

struct reader {
  struct owner *owner;
  uint64_t at; /* record that is looked for */
};

/* Of a failed batch all records may be there or none; durable ones are, in their order, once. */
static int check_frame(struct ms_str key, struct ms_str value, void *user)
{
  struct reader *reader = user;
  struct owner *o = reader->owner;
  (void)key;
  mt_ok(value.len > 0 && value.len % RECORD_SIZE == 0);
  for (size_t i = 0; i < value.len; i += RECORD_SIZE) {
    uint64_t number = ms_store_number(ms_str_sub(value, i, i + RECORD_SIZE));
    for (; reader->at < number; reader->at++) {
      mt_ok(!o->is_durable[reader->at]);
    }
    mt_eq_int(reader->at, number);
    reader->at++;
  }
  return 0;
}

static void check_store(struct owner *o)
{
  struct ms_scan all = {.table = MS_TABLE_JOURNAL};
  struct reader reader = {o, 0};
  int err;
  do {
    reader.at = 0;
    err = ms_store_scan(o->store, &all, check_frame, &reader);
  } while (err == MSTEP_EIO);
  mt_eq_int(err, 0);
  for (; reader.at < o->next; reader.at++) {
    mt_ok(!o->is_durable[reader.at]);
  }
}

/* ---- groups ------------------------------------------------------------------------------------------------ */

static void lone(bool is_inline)
{
  struct owner *o = owner_new("memory:", NULL, is_inline);
  for (int i = 1; i <= 5; i++) {
    mt_eq_int(add(o), 0);
    mt_eq_int(o->durable_seq, i - 1); /* not before the turn is over */
    settle(o);
    mt_eq_int(o->durable_seq, i);
  }
  struct ms_journal_stats stats;
  ms_journal_get_stats(&stats, o->journal);
  mt_eq_int(stats.commits, 5);
  mt_eq_int(stats.transitions, 5);
  mt_eq_int(stats.bytes, 5 * RECORD_SIZE);
  settle(o); /* a turn without anything is no commit */
  mt_eq_int(ms_store_last_lsn(o->store), 5);
  owner_free(o);
}

MT_TEST(journal__a_lone_transition_is_one_commit)
{
  lone(true);
  lone(false);
}

MT_TEST(journal__a_turn_is_one_commit_up_to_the_largest_batch)
{
  struct ms_journal_options sizes = {.batch_transitions = 100};
  struct owner *o = owner_new("memory:", &sizes, true);
  for (int i = 0; i < 250; i++) {
    mt_eq_int(add(o), 0);
  }
  settle(o); /* once: what is full takes what is open with it */
  struct ms_journal_stats stats;
  ms_journal_get_stats(&stats, o->journal);
  mt_eq_int(stats.commits, 3);
  mt_eq_int(stats.largest, 100);
  mt_eq_int(o->checked, 250);
  check_store(o);
  owner_free(o);
  sizes = (struct ms_journal_options){.batch_bytes = 10 * RECORD_SIZE};
  o = owner_new("memory:", &sizes, true);
  for (int i = 0; i < 25; i++) {
    mt_eq_int(add(o), 0);
  }
  settle(o);
  mt_eq_int(ms_store_last_lsn(o->store), 3);
  owner_free(o);
}

/* Turn after turn while the store takes its time. */
static void busy_defer(void *user)
{
  struct owner *o = user;
  for (unsigned i = 0; i < 3 && o->next < o->until; i++) {
    mt_eq_int(add(o), 0);
  }
  ms_journal_flush(o->journal);
  if (o->next < o->until) {
    mt_eq_int(ms_loop_defer(o->loop), 0);
  }
}

MT_TEST(journal__collects_while_a_commit_runs)
{
  struct owner *o =
      owner_new("faulty:1,fail=0,tear=0,read=0,delay=1000,us=2000:memory:", NULL, false);
  struct ms_loop_callbacks callbacks = {NULL, busy_defer, on_wake, o};
  ms_loop_set_callbacks(o->loop, &callbacks);
  o->until = 15000;
  settle(o);
  struct ms_journal_stats stats;
  ms_journal_get_stats(&stats, o->journal);
  mt_eq_int(stats.transitions, 15000);
  mt_ok(stats.commits < 2500); /* 5,000 turns: far fewer commits than turns */
  mt_eq_int(o->checked, 15000);
  check_store(o);
  owner_free(o);
}

/* ---- limits ------------------------------------------------------------------------------------------------- */

MT_TEST(journal__has_a_bound_on_what_waits)
{
  for (int is_inline = 0; is_inline < 2; is_inline++) {
    struct ms_journal_options sizes = {.batch_bytes = 10 * RECORD_SIZE,
                                       .waiting_bytes = 40 * RECORD_SIZE};
    struct owner *o = owner_new("memory:", &sizes, is_inline);
    int err = 0;
    for (int i = 0; i < 40; i++) {
      mt_ok(!ms_journal_is_full(o->journal));
      mt_eq_int(add(o), 0);
    }
    mt_ok(ms_journal_is_full(o->journal));
    err = add(o);
    mt_eq_int(err, MSTEP_ETOOBIG);
    settle(o);
    settle(o);
    mt_ok(!ms_journal_is_full(o->journal));
    mt_eq_int(add(o), 0);
    settle(o);
    mt_eq_int(o->checked, 41);
    check_store(o);
    owner_free(o);
  }
}

MT_TEST(journal__a_transition_that_fails_takes_only_itself_away)
{
  struct owner *o = owner_new("memory:", NULL, true);
  struct ms_batch *batch;
  uint64_t seq = 0;
  for (int i = 0; i < 2; i++) {
    mt_eq_int(ms_journal_begin(&batch, o->journal), 0);
    ms_buf_cstr(&batch->records, "half of it ");
    ms_batch_put(batch, MS_TABLE_SETTING, MS_STR("half"), MS_STR("x"));
    ms_batch_put(batch, MS_TABLE_EXECUTION, MS_STR("not a number"), MS_STR("x"));
    mt_eq_int(ms_journal_end(o->journal, &seq), MSTEP_EINVALID);
    mt_eq_int(add(o), 0);
  }
  settle(o);
  mt_eq_int(o->checked, 2);
  check_store(o);
  mt_eq_int(ms_store_get(o->store, MS_TABLE_SETTING, MS_STR("half"), NULL, NULL), MSTEP_ENOTFOUND);
  owner_free(o);
}

/* ---- failure -------------------------------------------------------------------------------------------------- */

MT_TEST(journal__a_failed_commit_fails_all_behind_it)
{
  for (int is_inline = 0; is_inline < 2; is_inline++) {
    struct ms_journal_options sizes = {.batch_transitions = 10};
    struct owner *o = owner_new("faulty:3,fail=1000,down=0:memory:", &sizes, is_inline);
    struct ms_batch *batch;
    for (int i = 0; i < 35; i++) { /* three batches posted or to be, one open */
      mt_eq_int(add(o), 0);
    }
    settle(o);
    mt_eq_int(o->failures, 1);
    mt_eq_int(o->code, MSTEP_EIO);
    mt_eq_str(o->detail, "the commit fails (a fault on plan)");
    mt_eq_int(o->checked, 35);
    mt_eq_int(ms_journal_begin(&batch, o->journal), MSTEP_ESTATE);
    mt_eq_str(ms_error_detail(), "the journal has failed: the commit fails (a fault on plan)");
    mt_eq_int(ms_journal_probe(o->journal), 0);
    mt_eq_int(ms_journal_probe(o->journal), MSTEP_ESTATE); /* one is under way */
    settle(o);
    mt_eq_int(o->probes, 1);
    mt_ok(!ms_journal_is_failed(o->journal));
    mt_eq_int(ms_journal_probe(o->journal), MSTEP_ESTATE); /* no need */
    mt_eq_int(ms_store_last_lsn(o->store), 0);
    mt_eq_int(add(o), 0); /* and it fails anew */
    settle(o);
    mt_eq_int(o->failures, 2);
    owner_free(o);
  }
}

MT_TEST(journal__a_store_that_is_away_comes_back)
{
  struct owner *o = owner_new("faulty:5,fail=1000,down=6:memory:", NULL, true);
  mt_eq_int(add(o), 0);
  settle(o);
  mt_eq_int(o->failures, 1);
  while (ms_journal_is_failed(o->journal)) {
    mt_ok(o->probes < 8);
    mt_eq_int(ms_journal_probe(o->journal), 0);
    settle(o);
  }
  mt_ok(o->probes > 1);
  owner_free(o);
}

/* A stale fence is no doubt about the disk, but what was decided with it must not become true. */
MT_TEST(journal__a_refused_commit_is_a_failed_one)
{
  struct ms_journal_options sizes = {.batch_transitions = 1};
  struct owner *o = owner_new("memory:", &sizes, true);
  struct ms_batch *batch;
  mt_eq_int(ms_journal_begin(&batch, o->journal), 0);
  ms_batch_fence(batch, 0, 77);
  ms_buf_cstr(&batch->records, "12345678");
  mt_eq_int(ms_journal_end(o->journal, &o->seqs[o->next]), 0);
  o->next++;
  mt_eq_int(add(o), 0); /* posted behind it, and open */
  mt_eq_int(add(o), 0);
  settle(o);
  mt_eq_int(o->failures, 1);
  mt_eq_int(o->code, MSTEP_ESTATE);
  mt_eq_int(ms_store_last_lsn(o->store), 0);
  mt_eq_int(ms_journal_probe(o->journal), 0);
  settle(o);
  mt_eq_int(add(o), 0);
  settle(o);
  mt_eq_int(ms_store_last_lsn(o->store), 1);
  owner_free(o);
}

static void play(uint64_t seed, bool is_inline, uint64_t turns)
{
  const char *url =
      mt_format("faulty:%llu,fail=60,tear=60,down=2,read=0%s:memory:", (unsigned long long)seed,
                is_inline ? "" : ",delay=300,us=300");
  struct ms_journal_options sizes = {.batch_transitions = 7, .waiting_bytes = 30 * RECORD_SIZE};
  struct owner *o = owner_new(url, &sizes, is_inline);
  ms_random_seed(&o->random, seed);
  for (uint64_t turn = 0; turn < turns; turn++) {
    uint64_t count = ms_random_below(&o->random, 20);
    for (uint64_t i = 0; i < count; i++) {
      int err = add(o);
      mt_ok(err == 0 || err == MSTEP_ETOOBIG ||
            (err == MSTEP_ESTATE && ms_journal_is_failed(o->journal)));
    }
    if (ms_journal_is_failed(o->journal)) {
      (void)ms_journal_probe(o->journal);
    }
    settle(o);
  }
  settle(o);
  mt_eq_int(o->checked, o->next); /* everything was heard of, one way or the other */
  check_store(o);
  if (o->failures == 0 || o->durable_seq == 0) {
    mt_note("seed %llu: %d failures", (unsigned long long)seed, o->failures);
  }
  owner_free(o);
}

MT_TEST(journal__nothing_is_lost_doubled_or_reordered)
{
  for (uint64_t seed = 1; seed <= 300; seed++) {
    play(seed, true, 100);
  }
}

MT_TEST(journal__nothing_is_lost_doubled_or_reordered_with_a_thread)
{
  for (uint64_t seed = 1; seed <= 12; seed++) {
    play(seed, false, 60);
  }
}

/* ---- calls ------------------------------------------------------------------------------------------------------ */

struct call {
  struct owner *owner;
  uint64_t lsn; /* as seen on the store thread */
  int code;
  int done;
};

static int run_call(struct ms_store *store, void *user)
{
  struct call *call = user;
  call->lsn = ms_store_last_lsn(store);
  return call->lsn == 0 ? ms_error(MSTEP_ENOTFOUND, "nothing there") : 0;
}

static void call_done(int code, const char *detail, void *user)
{
  struct call *call = user;
  call->code = code;
  call->done++;
  mt_eq_str(detail, code == 0 ? "" : "nothing there");
}

MT_TEST(journal__calls_come_after_what_was_handed_over)
{
  for (int is_inline = 0; is_inline < 2; is_inline++) {
    struct owner *o = owner_new("memory:", NULL, is_inline);
    struct call call = {.owner = o};
    mt_eq_int(ms_journal_call(o->journal, run_call, call_done, &call), 0);
    mt_eq_int(call.done, 0); /* never from inside */
    settle(o);
    mt_eq_int(call.done, 1);
    mt_eq_int(call.code, MSTEP_ENOTFOUND);
    mt_eq_int(add(o), 0);
    settle(o);
    mt_eq_int(ms_journal_call(o->journal, run_call, call_done, &call), 0);
    settle(o);
    mt_eq_int(call.done, 2);
    mt_eq_int(call.code, 0);
    mt_eq_int(call.lsn, 1);
    owner_free(o);
  }
}

MT_TEST(journal__calls_are_answered_while_it_has_failed)
{
  struct owner *o = owner_new("faulty:3,fail=1000,read=0:memory:", NULL, false);
  struct call call = {.owner = o};
  mt_eq_int(add(o), 0);
  settle(o);
  mt_eq_int(o->failures, 1);
  mt_eq_int(ms_journal_call(o->journal, run_call, call_done, &call), 0);
  settle(o);
  mt_eq_int(call.done, 1);
  owner_free(o);
}

/* ---- life --------------------------------------------------------------------------------------------------------- */

MT_TEST(journal__closing_commits_what_was_accepted)
{
  for (int is_inline = 0; is_inline < 2; is_inline++) {
    struct ms_journal_options sizes = {.batch_transitions = 10};
    struct owner *o =
        owner_new("faulty:1,fail=0,tear=0,read=0,delay=1000,us=500:memory:", &sizes, is_inline);
    struct call call = {.owner = o};
    for (int i = 0; i < 95; i++) {
      mt_eq_int(add(o), 0);
    }
    mt_eq_int(ms_journal_call(o->journal, run_call, call_done, &call), 0);
    ms_journal_close(o->journal);
    o->journal = NULL;
    mt_eq_int(o->checked, 95);
    mt_eq_int(call.done, 1);
    check_store(o);
    mt_eq_int(ms_store_last_lsn(o->store), 10);
    ms_store_close(o->store);
    ms_loop_free(o->loop);
  }
}

MT_TEST(journal__goes_on_in_a_file)
{
  const char *url = mt_format("sqlite:%s/a.db", mt_tmpdir());
  for (int round = 0; round < 3; round++) {
    struct owner *o = owner_new(url, NULL, false);
    mt_eq_int(ms_journal_durable_lsn(o->journal), round);
    mt_eq_int(add(o), 0);
    settle(o);
    mt_eq_int(o->lsn, round + 1);
    owner_free(o);
  }
}

static void ignore_durable(uint64_t seq, uint64_t lsn, void *user)
{
  (void)lsn;
  *(uint64_t *)user = seq;
}

static void ignore_failed(uint64_t seq, int code, const char *detail, void *user)
{
  (void)seq;
  (void)detail;
  (void)user;
  mt_eq_int(code, MSTEP_ENOMEM);
}

static void ignore_probed(int code, const char *detail, uint64_t lsn, void *user)
{
  (void)code;
  (void)detail;
  (void)lsn;
  (void)user;
}

static int use_journal(void *user)
{
  struct ms_store *store = NULL;
  struct ms_journal *journal = NULL;
  struct ms_batch *batch;
  uint64_t durable = 0;
  uint64_t seq = 0;
  (void)user;
  int err = ms_store_open(&store, "memory:", NULL);
  struct ms_journal_options options = {
      .store = store,
      .is_inline = true,
      .callbacks = {ignore_durable, ignore_failed, ignore_probed, &durable}};
  if (err == 0) {
    err = ms_journal_open(&journal, &options);
  }
  for (int i = 0; i < 4 && err == 0; i++) {
    err = ms_journal_begin(&batch, journal);
    if (err == 0) {
      ms_buf_cstr(&batch->records,
                  "some records, enough of them to make the buffer grow at some time");
      ms_batch_put(batch, MS_TABLE_SETTING, MS_STR("key"), MS_STR("value"));
      err = ms_journal_end(journal, &seq);
    }
    if (err == 0 && i % 2 == 1) {
      ms_journal_flush(journal);
      err = durable == seq ? 0 : MSTEP_ENOMEM;
    }
  }
  ms_journal_close(journal);
  ms_store_close(store);
  return err;
}

MT_TEST(journal__survives_every_failing_allocation)
{
  mt_ok(mt_oom(use_journal, NULL) > 5);
}
