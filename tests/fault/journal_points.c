/*
 * SIGKILL at each fault point of the store and the journal, at several of its passings: what was heard to be
 * durable is there, what was not is there whole or not at all, just as far as the point says; and the next
 * process goes on from there.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fault.h"
#include "journal/journal.h"
#include "mt.h"

#ifndef MSTEP_FAULTS

MT_TEST(journal_points__are_not_in_this_build)
{
  mt_skip("the build has no fault points (MSTEP_FAULTS)");
}

#else

#define BATCHES 60
#define KEPT 5 /* frames that are left when the journal is cut */

/* ---- the process that dies ------------------------------------------------------------------------------- */

struct owner {
  struct ms_store *store;
  struct ms_loop *loop;
  struct ms_journal *journal;
  const char *copy; /* where the next copy goes */
  int out;          /* the pipe for what was heard */
  uint64_t next;    /* transition */
  uint64_t lsn;
  unsigned batches; /* still to be written */
};

static void stop(const char *what)
{
  fprintf(stderr, "# child: %s: %s\n", what, ms_error_detail());
  _exit(1);
}

static void die(enum ms_fault point)
{
  (void)point;
  raise(SIGKILL);
}

static void on_durable(uint64_t seq, uint64_t lsn, void *user)
{
  struct owner *o = user;
  (void)seq;
  if (write(o->out, &lsn, sizeof lsn) != sizeof lsn) {
    stop("write");
  }
  o->lsn = lsn;
}

static void on_failed(uint64_t seq, int code, const char *detail, void *user)
{
  (void)seq;
  (void)code;
  (void)user;
  fprintf(stderr, "# child: %s\n", detail);
  _exit(1);
}

static void on_probed(int code, const char *detail, uint64_t lsn, void *user)
{
  (void)code;
  (void)detail;
  (void)lsn;
  (void)user;
}

/* A row of its own, and the number of the latest; the frame holds the same number. */
static void add(struct owner *o)
{
  struct ms_batch *batch;
  char key[MS_STORE_NUMBER_SIZE];
  uint64_t seq;
  if (ms_journal_begin(&batch, o->journal) != 0) {
    stop("begin");
  }
  ms_store_key(key, o->next++);
  ms_buf_put(&batch->records, key, sizeof key);
  ms_batch_put(batch, MS_TABLE_EXECUTION, (struct ms_str){key, sizeof key}, MS_STR("x"));
  ms_batch_put(batch, MS_TABLE_SETTING, MS_STR("latest"), (struct ms_str){key, sizeof key});
  if (o->lsn > KEPT && o->lsn % 4 == 0) {
    ms_batch_remove_range(batch, MS_TABLE_JOURNAL, (struct ms_str){NULL, 0},
                          ms_store_key(key, o->lsn - KEPT));
  }
  if (ms_journal_end(o->journal, &seq) != 0) {
    stop("end");
  }
}

static int shrink(struct ms_store *store, void *user)
{
  bool is_done;
  (void)user;
  return ms_store_shrink(store, 1 << 16, &is_done);
}

static int backup(struct ms_store *store, void *user)
{
  struct owner *o = user;
  unlink(o->copy);
  return ms_store_backup(store, o->copy);
}

static void on_done(int code, const char *detail, void *user)
{
  (void)user;
  if (code != 0) {
    fprintf(stderr, "# child: %s\n", detail);
    _exit(1);
  }
}

static void on_defer(void *user)
{
  struct owner *o = user;
  if (o->batches > 0) {
    o->batches--;
    for (unsigned i = 0; i <= o->batches % 3; i++) {
      add(o);
    }
    if (o->batches % 8 == 0) {
      ms_journal_run_cb run = o->batches % 16 == 0 ? shrink : backup;
      if (ms_journal_call(o->journal, run, on_done, o) != 0) {
        stop("call");
      }
    }
  }
  ms_journal_flush(o->journal);
}

static void on_wake(void *user)
{
  struct owner *o = user;
  ms_journal_take(o->journal);
  if (o->batches > 0 && ms_loop_defer(o->loop) != 0) {
    stop("defer");
  }
}

static int take_number(struct ms_str key, struct ms_str value, void *user)
{
  (void)key;
  *(uint64_t *)user = ms_store_number(value);
  return 0;
}

static void child(const char *path, int out)
{
  struct ms_store_options how = {.durability = MS_DURABILITY_OS};
  struct owner o = {.out = out, .copy = mt_format("%s-copy", path), .batches = BATCHES};
  struct ms_loop_callbacks callbacks = {NULL, on_defer, on_wake, &o};
  if (ms_store_open(&o.store, mt_format("sqlite:%s", path), &how) != 0) {
    stop("open");
  }
  int err = ms_store_get(o.store, MS_TABLE_SETTING, MS_STR("latest"), take_number, &o.next);
  o.next = err == 0 ? o.next + 1 : 1;
  o.lsn = ms_store_last_lsn(o.store);
  if (ms_loop_libevent_new(&o.loop, NULL) != 0) {
    stop("loop");
  }
  ms_loop_set_callbacks(o.loop, &callbacks);
  struct ms_journal_options options = {
      .store = o.store, .loop = o.loop, .callbacks = {on_durable, on_failed, on_probed, &o}};
  if (ms_journal_open(&o.journal, &options) != 0 || ms_loop_defer(o.loop) != 0 ||
      ms_loop_run(o.loop) != 0) {
    stop("run");
  }
  ms_journal_close(o.journal);
  ms_store_close(o.store);
  _exit(0);
}

/* Whether it was killed; *heard is the last commit it was told of. */
static bool run_child(const char *path, enum ms_fault point, unsigned after, uint64_t *heard)
{
  int ends[2];
  int status = 0;
  uint64_t lsn;
  mt_eq_int(pipe(ends), 0);
  pid_t pid = fork();
  mt_ok(pid >= 0);
  if (pid == 0) {
    close(ends[0]);
    ms_fault_arm(point, after, die);
    child(path, ends[1]);
  }
  close(ends[1]);
  while (read(ends[0], &lsn, sizeof lsn) == (ssize_t)sizeof lsn) {
    mt_eq_int(lsn, *heard + 1);
    *heard = lsn;
  }
  close(ends[0]);
  mt_eq_int(waitpid(pid, &status, 0), pid);
  if (WIFSIGNALED(status)) {
    mt_eq_int(WTERMSIG(status), SIGKILL);
    return true;
  }
  mt_eq_int(WEXITSTATUS(status), 0);
  return false;
}

/* ---- what it left ------------------------------------------------------------------------------------------ */

static int check_row(struct ms_str key, struct ms_str value, void *user)
{
  (void)value;
  mt_eq_int(ms_store_number(key), ++*(uint64_t *)user);
  return 0;
}

static int check_frame(struct ms_str key, struct ms_str value, void *user)
{
  uint64_t *transition = user; /* the last one of the frame before */
  (void)key;
  mt_ok(value.len > 0 && value.len % MS_STORE_NUMBER_SIZE == 0);
  for (size_t at = 0; at < value.len; at += MS_STORE_NUMBER_SIZE) {
    uint64_t number = ms_store_number((struct ms_str){value.data + at, MS_STORE_NUMBER_SIZE});
    mt_ok(*transition == 0 || number == *transition + 1);
    *transition = number;
  }
  return 0;
}

/* Every table says the same; returns the number of the last commit. */
static uint64_t check_store(const char *path)
{
  struct ms_store *store = NULL;
  struct ms_scan executions = {.table = MS_TABLE_EXECUTION};
  struct ms_scan journal = {.table = MS_TABLE_JOURNAL};
  uint64_t latest = 0;
  uint64_t rows = 0;
  uint64_t transition = 0;
  if (ms_store_open(&store, mt_format("sqlite:%s", path), NULL) != 0) {
    mt_fail("does not open again: %s", ms_error_detail());
  }
  uint64_t lsn = ms_store_last_lsn(store);
  int err = ms_store_get(store, MS_TABLE_SETTING, MS_STR("latest"), take_number, &latest);
  mt_eq_int(err, lsn == 0 ? MSTEP_ENOTFOUND : 0);
  mt_eq_int(ms_store_scan(store, &executions, check_row, &rows), 0);
  mt_eq_int(ms_store_scan(store, &journal, check_frame, &transition), 0);
  mt_ok(rows == latest && transition == latest);
  mt_eq_int(ms_store_check(store), 0);
  ms_store_close(store);
  return lsn;
}

/*
 * Kills at the first, second, ... passing. At least `least` and at most `most` commits are there that
 * nobody was told of.
 */
static void fire(enum ms_fault point, uint64_t least, uint64_t most)
{
  static const unsigned turns[] = {1, 2, 3, 7, 20};
  unsigned kills = 0;
  for (size_t i = 0; i < sizeof turns / sizeof turns[0]; i++) {
    const char *path = mt_format("%s/%s-%u.db", mt_tmpdir(), ms_fault_name(point), turns[i]);
    uint64_t heard = 0;
    if (!run_child(path, point, turns[i], &heard)) {
      break;
    }
    kills++;
    uint64_t lsn = check_store(path);
    if (lsn < heard + least || lsn > heard + most) {
      mt_fail("%s:%u: %llu commits were heard of, %llu are there", ms_fault_name(point), turns[i],
              (unsigned long long)heard, (unsigned long long)lsn);
    }
    heard = lsn;
    mt_ok(!run_child(path, point, 0, &heard)); /* the next one goes on, to its end */
    mt_ok(heard > lsn + BATCHES / 2);          /* some went together */
    mt_eq_int(check_store(path), heard);
  }
  mt_ok(kills >= 2);
  mt_note("%u kills", kills);
}

MT_TEST(journal_points__before_a_commit)
{
  fire(MS_FAULT_store_commit_begin, 0, 0);
}

MT_TEST(journal_points__in_a_commit)
{
  fire(MS_FAULT_store_commit_written, 0, 0);
}

MT_TEST(journal_points__after_a_commit)
{
  fire(MS_FAULT_store_commit_done, 1, 1);
}

MT_TEST(journal_points__while_the_journal_is_cut)
{
  fire(MS_FAULT_store_trim, 0, 0);
}

MT_TEST(journal_points__while_space_is_given_back)
{
  fire(MS_FAULT_store_shrink, 0, 1);
}

/* A copy without its name is none, and the next one is not held up by it. */
MT_TEST(journal_points__before_a_copy_has_its_name)
{
  const char *path = mt_format("%s/a.db", mt_tmpdir());
  const char *copy = mt_format("%s-copy", path);
  uint64_t heard = 0;
  mt_ok(run_child(path, MS_FAULT_store_copied, 1, &heard));
  mt_ok(access(copy, F_OK) != 0);
  mt_ok(access(mt_format("%s-partial", copy), F_OK) == 0);
  fire(MS_FAULT_store_copied, 0, 1);
  heard = check_store(path);
  mt_ok(!run_child(path, MS_FAULT_store_copied, 0, &heard));
  mt_ok(access(mt_format("%s-partial", copy), F_OK) != 0);
  check_store(copy);
}

MT_TEST(journal_points__when_a_batch_is_handed_over)
{
  fire(MS_FAULT_journal_post, 0, 1);
}

MT_TEST(journal_points__before_anybody_hears_that_a_batch_is_durable)
{
  fire(MS_FAULT_journal_answered, 1, 1);
}

#endif
