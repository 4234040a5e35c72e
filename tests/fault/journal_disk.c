/*
 * A journal on a file that something happens to: each time the owner hears a clear error, nothing is accepted
 * until a probe succeeds, nothing that was durable is lost, and it goes on without being opened again. What
 * happens to the store alone is store_file.c.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "journal/journal.h"
#include "mt.h"

#define RECORD_BYTES 20000

struct owner {
  struct ms_store *store;
  struct ms_journal *journal;
  uint64_t lsn; /* of what is durable */
  int failures;
  int code; /* of the last probe */
  char detail[256];
  int out; /* a pipe that hears what is durable; -1: none */
};

static void on_durable(uint64_t seq, uint64_t lsn, void *user)
{
  struct owner *o = user;
  (void)seq;
  mt_eq_int(lsn, o->lsn + 1);
  o->lsn = lsn;
  if (o->out >= 0 && write(o->out, &lsn, sizeof lsn) != sizeof lsn) {
    _exit(1);
  }
}

static void on_failed(uint64_t seq, int code, const char *detail, void *user)
{
  struct owner *o = user;
  (void)seq;
  mt_eq_int(code, MSTEP_EIO);
  snprintf(o->detail, sizeof o->detail, "%s", detail);
  o->failures++;
}

/* A commit that failed may have been done all the same. */
static void on_probed(int code, const char *detail, uint64_t lsn, void *user)
{
  struct owner *o = user;
  o->code = code;
  snprintf(o->detail, sizeof o->detail, "%s", detail);
  if (code == 0) {
    mt_ok(lsn == o->lsn || lsn == o->lsn + 1);
    o->lsn = lsn;
  }
}

static struct owner *owner_new(const char *path)
{
  struct owner *o = mt_keep(calloc(1, sizeof *o));
  o->out = -1;
  if (ms_store_open(&o->store, mt_format("sqlite:%s", path), NULL) != 0) {
    mt_fail("%s: %s", path, ms_error_detail());
  }
  o->lsn = ms_store_last_lsn(o->store);
  struct ms_journal_options options = {
      .store = o->store, .callbacks = {on_durable, on_failed, on_probed, o}, .is_inline = true};
  mt_eq_int(ms_journal_open(&o->journal, &options), 0);
  return o;
}

static void owner_free(struct owner *o)
{
  ms_journal_close(o->journal);
  ms_store_close(o->store);
}

/* A turn of one transition: it is durable, or has failed. */
static bool turn(struct owner *o, size_t bytes)
{
  struct ms_batch *batch;
  char key[MS_STORE_NUMBER_SIZE];
  uint64_t seq;
  int failures = o->failures;
  mt_eq_int(ms_journal_begin(&batch, o->journal), 0);
  memset(ms_buf_reserve(&batch->records, bytes), 'x', bytes);
  ms_buf_added(&batch->records, bytes);
  ms_batch_put(batch, MS_TABLE_EXECUTION, ms_store_key(key, o->lsn + 1), MS_STR("x"));
  mt_eq_int(ms_journal_end(o->journal, &seq), 0);
  ms_journal_flush(o->journal);
  return o->failures == failures;
}

static void expect_detail(const struct owner *o, const char *part)
{
  if (strstr(o->detail, part) == NULL) {
    mt_fail("\"%s\" does not say \"%s\"", o->detail, part);
  }
}

static void expect_refusal(struct owner *o, const char *part)
{
  struct ms_batch *batch;
  mt_ok(ms_journal_is_failed(o->journal));
  mt_eq_int(ms_journal_begin(&batch, o->journal), MSTEP_ESTATE);
  mt_ok(strstr(ms_error_detail(), "the journal has failed") != NULL);
  expect_detail(o, part);
}

static int probe(struct owner *o)
{
  mt_eq_int(ms_journal_probe(o->journal), 0);
  ms_journal_flush(o->journal);
  mt_eq_int(ms_journal_is_failed(o->journal), o->code != 0);
  return o->code;
}

static int count_record(struct ms_str key, struct ms_str value, void *user)
{
  (void)value;
  mt_eq_int(ms_store_number(key), ++*(uint64_t *)user);
  return 0;
}

/* Every frame that was heard of, and the row that went with it. */
static void check_store(struct ms_store *store, uint64_t lsn)
{
  struct ms_scan journal = {.table = MS_TABLE_JOURNAL};
  struct ms_scan executions = {.table = MS_TABLE_EXECUTION};
  uint64_t frames = 0;
  uint64_t rows = 0;
  mt_eq_int(ms_store_scan(store, &journal, count_record, &frames), 0);
  mt_eq_int(ms_store_scan(store, &executions, count_record, &rows), 0);
  mt_eq_int(frames, lsn);
  mt_eq_int(rows, lsn);
}

/* Goes on, and all of it is there when the file is opened again. */
static void go_on(struct owner *o, const char *path)
{
  for (int i = 0; i < 5; i++) {
    mt_ok(turn(o, RECORD_BYTES));
  }
  uint64_t lsn = o->lsn;
  check_store(o->store, lsn);
  owner_free(o);
  struct owner *again = owner_new(path);
  mt_eq_int(again->lsn, lsn);
  check_store(again->store, lsn);
  owner_free(again);
}

/* ---- room ------------------------------------------------------------------------------------------------- */

static void limit_files(rlim_t bytes)
{
  struct rlimit limit;
  getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = bytes;
  mt_eq_int(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

MT_TEST(journal_disk__is_full_and_has_room_again)
{
  const char *path = mt_format("%s/a.db", mt_tmpdir());
  signal(SIGXFSZ, SIG_IGN);
  limit_files(500000);
  struct owner *o = owner_new(path);
  while (turn(o, RECORD_BYTES)) {
    mt_ok(o->lsn < 1000);
  }
  mt_ok(o->lsn > 5);
  for (int i = 0; i < 20 && o->failures < 4; i++) {
    expect_refusal(o, "disk full");
    if (probe(o) == 0) { /* the log went into the file: room for a little more */
      while (turn(o, RECORD_BYTES * 10)) {
        mt_ok(o->lsn < 1000);
      }
    } else {
      expect_detail(o, "disk full");
    }
  }
  limit_files(RLIM_INFINITY);
  mt_eq_int(probe(o), 0);
  go_on(o, path);
}

/* ---- files and rights ---------------------------------------------------------------------------------------- */

MT_TEST(journal_disk__the_file_is_removed_and_put_back)
{
  const char *path = mt_format("%s/a.db", mt_tmpdir());
  const char *aside = mt_format("%s/aside.db", mt_tmpdir());
  struct owner *o = owner_new(path);
  mt_ok(turn(o, 100) && turn(o, 100));
  mt_eq_int(rename(path, aside), 0);
  mt_ok(!turn(o, 100));
  expect_refusal(o, "a.db was moved or removed while it was open");
  for (int i = 0; i < 3; i++) {
    mt_eq_int(probe(o), MSTEP_EIO);
    expect_refusal(o, "No such file");
  }
  mt_eq_int(rename(aside, path), 0);
  mt_eq_int(probe(o), 0);
  mt_ok(o->lsn >= 2);
  go_on(o, path);
}

MT_TEST(journal_disk__the_directory_is_removed_and_put_back)
{
  const char *directory = mt_format("%s/d", mt_tmpdir());
  const char *aside = mt_format("%s/aside", mt_tmpdir());
  const char *path = mt_format("%s/a.db", directory);
  mt_eq_int(mkdir(directory, 0777), 0);
  struct owner *o = owner_new(path);
  mt_ok(turn(o, 100) && turn(o, 100));
  mt_eq_int(rename(directory, aside), 0); /* as when a disk goes away */
  mt_ok(!turn(o, 100));
  expect_refusal(o, "was moved or removed");
  mt_eq_int(probe(o), MSTEP_EIO);
  mt_eq_int(rename(aside, directory), 0);
  mt_eq_int(probe(o), 0);
  go_on(o, path);
}

static void set_rights(const char *directory, const char *path, bool is_writable)
{
  if (is_writable && getuid() == 0) {
    mt_eq_int(seteuid(0), 0);
    prctl(PR_SET_DUMPABLE, 1); /* sanitizers look at their own process when it ends */
  }
  mt_eq_int(chmod(directory, is_writable ? 0755 : 0555), 0);
  mt_eq_int(chmod(path, is_writable ? 0644 : 0444), 0);
  if (!is_writable && getuid() == 0 && seteuid(65534) != 0) {
    mt_skip("is root and may not become anybody else");
  }
}

MT_TEST(journal_disk__rights_are_taken_and_given_back)
{
  const char *directory = mt_format("%s/d", mt_tmpdir());
  const char *path = mt_format("%s/a.db", directory);
  mt_eq_int(mkdir(directory, 0755), 0);
  chmod(mt_tmpdir(), 0755);
  struct owner *o = owner_new(path);
  mt_ok(turn(o, 100));
  set_rights(directory, path, false);
  mt_ok(turn(o, 100)); /* what is open stays open */
  mt_eq_int(unlink(mt_format("%s-wal", path)), -1);
  set_rights(directory, path, true);
  mt_eq_int(unlink(mt_format("%s-wal", path)), 0);
  mt_ok(!turn(o, 100));
  set_rights(directory, path, false);
  int code = probe(o);
  set_rights(directory, path, true);
  mt_eq_int(code, MSTEP_EIO);
  expect_refusal(o, "cannot be written");
  mt_eq_int(probe(o), 0);
  mt_ok(o->lsn >= 2);
  go_on(o, path);
}

/* ---- damage -------------------------------------------------------------------------------------------------- */

/*
 * Turns every byte of the file behind the first page, where its format stands. In a process of its own:
 * closing a file takes away the locks that SQLite has on it in this one.
 */
static void damage(const char *path)
{
  int status = 0;
  pid_t pid = fork();
  mt_ok(pid >= 0);
  if (pid == 0) {
    size_t len = 0;
    char *bytes = mt_read_file(path, &len);
    FILE *file = fopen(path, "r+b"); /* the same file, not a new one in its place */
    for (size_t i = 4096; i < len; i++) {
      bytes[i] = (char)~bytes[i];
    }
    bool is_done = file != NULL && fseek(file, 4096, SEEK_SET) == 0 &&
                   fwrite(bytes + 4096, 1, len - 4096, file) == len - 4096 && fclose(file) == 0;
    _exit(is_done ? 0 : 1);
  }
  mt_eq_int(waitpid(pid, &status, 0), pid);
  mt_eq_int(status, 0);
}

/* A damaged file is not taken for a good one, and when it has been put right it is. */
MT_TEST(journal_disk__pages_are_damaged_and_put_right)
{
  const char *path = mt_format("%s/a.db", mt_tmpdir());
  struct ms_scan journal = {.table = MS_TABLE_JOURNAL};
  bool is_done = false;
  uint64_t frames = 0;
  struct owner *o = owner_new(path);
  for (int i = 0; i < 10; i++) {
    mt_ok(turn(o, RECORD_BYTES));
  }
  while (!is_done) { /* all is in the file */
    mt_eq_int(ms_store_shrink(o->store, 1 << 20, &is_done), 0);
  }
  uint64_t lsn = o->lsn;
  signal(SIGXFSZ, SIG_IGN);
  limit_files(0);
  mt_ok(!turn(o, 100));
  limit_files(RLIM_INFINITY);
  damage(path);
  for (int i = 0; i < 3; i++) {
    mt_eq_int(probe(o), MSTEP_EIO);
    expect_refusal(o, "a.db is damaged");
    mt_eq_int(ms_store_scan(o->store, &journal, count_record, &frames), MSTEP_EIO);
  }
  mt_eq_int(frames, 0);
  damage(path); /* the other way round */
  mt_eq_int(probe(o), 0);
  mt_eq_int(o->lsn, lsn);
  go_on(o, path);
}

/* ---- being told to end --------------------------------------------------------------------------------------- */

static volatile sig_atomic_t is_told;

static void on_term(int number)
{
  (void)number;
  is_told = 1;
}

/* Commits until it is told to end; in order, or by dying of it. */
static void child(const char *path, int out, bool is_orderly)
{
  if (is_orderly) {
    struct sigaction action = {.sa_handler = on_term}; /* calls are interrupted, not begun again */
    sigaction(SIGTERM, &action, NULL);
  }
  struct owner *o = owner_new(path);
  o->out = out;
  while (!is_told) {
    if (!turn(o, RECORD_BYTES)) {
      fprintf(stderr, "# child: %s\n", o->detail);
      _exit(1);
    }
  }
  owner_free(o);
  _exit(0);
}

static uint64_t run_and_end(const char *path, bool is_orderly, unsigned us, uint64_t before)
{
  int ends[2];
  int status = 0;
  uint64_t lsn;
  mt_eq_int(pipe(ends), 0);
  pid_t pid = fork();
  mt_ok(pid >= 0);
  if (pid == 0) {
    close(ends[0]);
    child(path, ends[1], is_orderly);
  }
  close(ends[1]);
  if (read(ends[0], &lsn, sizeof lsn) == (ssize_t)sizeof lsn) { /* it is at work */
    before = lsn;
  }
  usleep(us);
  mt_eq_int(kill(pid, SIGTERM), 0);
  while (read(ends[0], &lsn, sizeof lsn) == (ssize_t)sizeof lsn) {
    mt_eq_int(lsn, before + 1);
    before = lsn;
  }
  close(ends[0]);
  mt_eq_int(waitpid(pid, &status, 0), pid);
  mt_ok(is_orderly ? WIFEXITED(status) && WEXITSTATUS(status) == 0
                   : WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
  return before;
}

static void end_often(bool is_orderly)
{
  const char *path = mt_format("%s/a.db", mt_tmpdir());
  uint64_t lsn = 0;
  for (unsigned i = 0; i < 15; i++) {
    uint64_t heard = run_and_end(path, is_orderly, i * i * 97, lsn);
    mt_ok(is_orderly == (access(mt_format("%s-wal", path), F_OK) != 0)); /* closed, or not */
    struct owner *o = owner_new(path);
    lsn = o->lsn;
    mt_ok(lsn == heard || (!is_orderly && lsn == heard + 1));
    check_store(o->store, lsn);
    owner_free(o);
  }
}

MT_TEST(journal_disk__told_to_end_in_a_commit)
{
  end_often(true);
}

MT_TEST(journal_disk__ended_in_a_commit)
{
  end_often(false);
}
