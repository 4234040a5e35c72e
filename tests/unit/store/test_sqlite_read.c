/*
 * Readers of an SQLite store where files and threads matter: beside a thread that commits, of a file that
 * nobody has open, where nothing can be written. What every reader promises is tests/suite.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "mt.h"
#include "store/sqlite_store.h"

static const char *path_of(const char *name)
{
  return mt_format("%s/%s", mt_tmpdir(), name);
}

static struct ms_store *open_path(const char *path)
{
  struct ms_store *store = NULL;
  if (ms_store_open(&store, mt_format("sqlite:%s", path), NULL) != 0) {
    mt_fail("%s: %s", path, ms_error_detail());
  }
  return store;
}

static int open_to_read(struct ms_store **out, const char *path)
{
  struct ms_store_options options = {.is_read_only = true};
  return ms_store_open(out, mt_format("sqlite:%s", path), &options);
}

static struct ms_store *must_read(const char *path)
{
  struct ms_store *store = NULL;
  if (open_to_read(&store, path) != 0) {
    mt_fail("%s: %s", path, ms_error_detail());
  }
  return store;
}

/* Frame n, and a row of the same number that says the same. */
static int commit_one(struct ms_store *store)
{
  char key[MS_STORE_NUMBER_SIZE];
  struct ms_batch batch;
  uint64_t lsn = ms_store_last_lsn(store) + 1;
  ms_batch_init(&batch);
  ms_buf_int(&batch.records, (long long)lsn);
  ms_batch_put(&batch, MS_TABLE_EXECUTION, ms_store_key(key, lsn), MS_STR("x"));
  ms_batch_put(&batch, MS_TABLE_SETTING, MS_STR("latest"), ms_store_key(key, lsn));
  int err = ms_store_commit(store, &batch, NULL);
  ms_batch_deinit(&batch);
  return err;
}

static void commit_many(struct ms_store *store, int count)
{
  for (int i = 0; i < count; i++) {
    if (commit_one(store) != 0) {
      mt_fail("commit: %s", ms_error_detail());
    }
  }
}

static int take_number(struct ms_str key, struct ms_str value, void *user)
{
  (void)key;
  *(uint64_t *)user = ms_store_number(value);
  return 0;
}

static int count_record(struct ms_str key, struct ms_str value, void *user)
{
  (void)key;
  (void)value;
  ++*(uint64_t *)user;
  return 0;
}

/* Every table says the same: `*latest` is the number of commits. 0, or an error of the store's. */
static int read_all(struct ms_store *store, uint64_t *latest)
{
  struct ms_scan executions = {.table = MS_TABLE_EXECUTION};
  struct ms_scan journal = {.table = MS_TABLE_JOURNAL};
  uint64_t rows = 0;
  uint64_t frames = 0;
  int err = ms_store_scan(store, &executions, count_record, &rows);
  if (err == 0) {
    err = ms_store_get(store, MS_TABLE_SETTING, MS_STR("latest"), take_number, latest);
  }
  if (err == 0) {
    err = ms_store_scan(store, &journal, count_record, &frames);
  }
  return err != 0 || (rows == *latest && frames == *latest) ? err : MSTEP_EINTERNAL;
}

static void expect_commits(struct ms_store *store, uint64_t count)
{
  uint64_t latest = 0;
  int err = read_all(store, &latest);
  if (err != 0) {
    mt_fail("reading: %d %s", err, ms_error_detail());
  }
  mt_eq_int(latest, count);
}

static void expect_detail(const char *part)
{
  if (strstr(ms_error_detail(), part) == NULL) {
    mt_fail("\"%s\" does not say \"%s\"", ms_error_detail(), part);
  }
}

/* ---- beside a thread that commits ------------------------------------------------------------------------ */

struct look {
  struct ms_store *reader;
  const char *copies[3];
  atomic_bool is_over;
  int err;
  uint64_t views;
  uint64_t newest;
};

static int look_once(struct look *look)
{
  uint64_t first = 0;
  uint64_t second = 0;
  int err = ms_store_view_begin(look->reader);
  if (err != 0) {
    return err;
  }
  err = read_all(look->reader, &first);
  if (err == 0) {
    err = read_all(look->reader, &second);
  }
  bool is_same =
      first == second && first >= look->newest && first == ms_store_last_lsn(look->reader);
  ms_store_view_end(look->reader);
  look->newest = first;
  look->views++;
  return err != 0 || is_same ? err : MSTEP_EINTERNAL;
}

static void *look_on(void *user)
{
  struct look *look = user;
  unsigned copies = 0;
  while (look->err == 0 && !atomic_load(&look->is_over)) {
    look->err = look_once(look);
    if (look->err == 0 && copies < 3 && look->views > 5 * (copies + 1)) {
      look->err = ms_store_backup(look->reader, look->copies[copies++]);
    }
  }
  return NULL;
}

MT_TEST(sqlite_read__beside_a_thread_that_commits)
{
  struct ms_store *store = open_path(path_of("a.db"));
  struct look look = {.err = 0};
  pthread_t thread;
  commit_many(store, 1);
  mt_eq_int(ms_store_reader(&look.reader, store), 0);
  for (int i = 0; i < 3; i++) {
    look.copies[i] = path_of(mt_format("copy%d.db", i));
  }
  mt_eq_int(pthread_create(&thread, NULL, look_on, &look), 0);
  for (int i = 0; i < 500; i++) { /* as many as it takes for the copies, and some */
    commit_many(store, 1);
    if (i == 499 && access(look.copies[2], F_OK) != 0) {
      i = 0;
    }
  }
  atomic_store(&look.is_over, true);
  mt_eq_int(pthread_join(thread, NULL), 0);
  mt_eq_int(look.err, 0);
  mt_ok(look.views > 10);
  ms_store_close(look.reader);
  ms_store_close(store);
  uint64_t last = 0;
  for (int i = 0; i < 3; i++) {
    uint64_t commits = 0;
    store = open_path(look.copies[i]);
    mt_eq_int(ms_store_check(store), 0);
    mt_eq_int(read_all(store, &commits), 0);
    mt_ok(commits >= last);
    last = commits;
    ms_store_close(store);
  }
}

MT_TEST(sqlite_read__space_comes_back_when_the_view_has_ended)
{
  struct ms_store *store = open_path(path_of("a.db"));
  struct ms_store *reader = NULL;
  bool is_done = true;
  commit_many(store, 10);
  mt_eq_int(ms_store_reader(&reader, store), 0);
  mt_eq_int(ms_store_view_begin(reader), 0);
  commit_many(store, 10);
  time_t from = time(NULL);
  mt_eq_int(ms_store_shrink(store, 1 << 20, &is_done), 0);
  mt_ok(!is_done);
  mt_ok(time(NULL) - from < MS_SQLITE_BUSY_MS / 1000 - 1); /* and does not wait for it */
  expect_commits(reader, 10);
  ms_store_view_end(reader);
  mt_eq_int(ms_store_shrink(store, 1 << 20, &is_done), 0);
  mt_ok(is_done);
  expect_commits(reader, 20);
  ms_store_close(reader);
  ms_store_close(store);
}

/* ---- files that nobody has open --------------------------------------------------------------------------- */

/* Commits and is killed: the log has to be recovered by whoever comes next. */
static void leave_log(const char *path, int count)
{
  pid_t pid = fork();
  mt_ok(pid >= 0);
  if (pid == 0) {
    commit_many(open_path(path), count);
    raise(SIGKILL);
  }
  mt_eq_int(waitpid(pid, NULL, 0), pid);
}

static void make(const char *path, int count)
{
  struct ms_store *store = open_path(path);
  commit_many(store, count);
  ms_store_close(store);
}

MT_TEST(sqlite_read__a_file_that_nobody_has_open)
{
  const char *path = path_of("a.db");
  make(path, 3);
  mt_eq_int(unlink(mt_format("%s-lock", path)), 0);
  struct ms_store *reader = must_read(path);
  mt_ok(access(mt_format("%s-lock", path), F_OK) != 0); /* it takes none */
  expect_commits(reader, 3);
  struct ms_store *store = open_path(path); /* and keeps nobody out */
  commit_many(store, 2);
  expect_commits(reader, 5);
  ms_store_close(store);
  expect_commits(reader, 5);
  ms_store_close(reader);
  store = open_path(path);
  expect_commits(store, 5);
  ms_store_close(store);
}

MT_TEST(sqlite_read__a_log_that_a_killed_process_left)
{
  const char *path = path_of("a.db");
  leave_log(path, 7);
  mt_eq_int(access(mt_format("%s-wal", path), F_OK), 0);
  struct ms_store *reader = must_read(path);
  expect_commits(reader, 7);
  ms_store_close(reader);
  mt_eq_int(access(mt_format("%s-wal", path), F_OK), 0); /* left for one who may write */
  struct ms_store *store = open_path(path);
  expect_commits(store, 7);
  ms_store_close(store);
}

MT_TEST(sqlite_read__refuses_what_is_no_store)
{
  struct ms_store *reader = NULL;
  const char *path = path_of("a.db");
  mt_eq_int(open_to_read(&reader, path_of("none.db")), MSTEP_ENOTFOUND);
  mt_ok(access(path_of("none.db"), F_OK) != 0);
  mt_write_file(path_of("text"), "Dear diary, ", 12);
  mt_eq_int(open_to_read(&reader, path_of("text")), MSTEP_EINVALID);
  mt_write_file(path_of("empty.db"), "", 0);
  mt_eq_int(open_to_read(&reader, path_of("empty.db")), MSTEP_ENOTFOUND);
  expect_detail("holds no store yet");
  make(path, 1);
  size_t len = 0;
  char *bytes = mt_read_file(path, &len);
  bytes[63] = 99; /* user_version */
  mt_write_file(path, bytes, len);
  mt_eq_int(open_to_read(&reader, path), MSTEP_EUNSUPPORTED);
  expect_detail("was written by a newer version of Moonstep (format 99;");
}

/* ---- where nothing can be written ------------------------------------------------------------------------- */

static const char *make_directory(void)
{
  const char *directory = path_of("d #1?%41");
  mt_eq_int(mkdir(directory, 0755), 0);
  chmod(mt_tmpdir(), 0755);
  return directory;
}

/* Others may read the store's files, which are made for their owner alone. */
static void drop_rights(const char *directory)
{
  static const char *const ends[] = {"", "-wal", "-shm", "-lock"};
  for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
    mt_ok(chmod(mt_format("%s/a.db%s", directory, ends[i]), 0644) == 0 || errno == ENOENT);
  }
  mt_eq_int(chmod(directory, 0555), 0);
  if (geteuid() == 0 && seteuid(65534) != 0) {
    mt_skip("is root and may not become anybody else");
  }
}

static void regain_rights(const char *directory)
{
  if (getuid() == 0) {
    mt_eq_int(seteuid(0), 0);
    prctl(PR_SET_DUMPABLE, 1); /* sanitizers look at their own process when it ends */
  }
  mt_eq_int(chmod(directory, 0755), 0);
}

MT_TEST(sqlite_read__a_directory_that_cannot_be_written)
{
  const char *directory = make_directory();
  const char *path = mt_format("%s/a.db", directory);
  make(path, 4);
  drop_rights(directory);
  struct ms_store *reader = must_read(path);
  expect_commits(reader, 4);
  mt_eq_int(ms_store_view_begin(reader), 0);
  expect_commits(reader, 4);
  ms_store_view_end(reader);
  mt_eq_int(ms_store_check(reader), 0);
  mt_eq_int(ms_store_backup(reader, mt_format("%s/b.db", directory)), MSTEP_EIO);
  regain_rights(directory);
  mt_eq_int(ms_store_backup(reader, mt_format("%s/b.db", directory)), 0);
  expect_commits(reader, 4);
  make(path, 2); /* somebody with more rights writes: what is read without a log is out of date */
  uint64_t latest = 0;
  mt_eq_int(read_all(reader, &latest), MSTEP_EIO);
  expect_detail("has changed while it was read");
  mt_eq_int(ms_store_view_begin(reader), MSTEP_EIO);
  mt_eq_int(ms_store_recover(reader), 0);
  expect_commits(reader, 6);
  ms_store_close(reader);
}

MT_TEST(sqlite_read__a_log_where_nothing_can_be_written)
{
  const char *directory = make_directory();
  const char *path = mt_format("%s/a.db", directory);
  struct ms_store *reader = NULL;
  leave_log(path, 4);
  mt_eq_int(unlink(mt_format("%s-shm", path)), 0);
  drop_rights(directory);
  int err = open_to_read(&reader, path);
  regain_rights(directory);
  mt_eq_int(err, MSTEP_EIO);
  expect_detail("was not closed in order, and its log cannot be read where");
  reader = must_read(path);
  expect_commits(reader, 4);
  ms_store_close(reader);
}

/* The index of a log that a process with more rights has open can be read, even if not written. */
MT_TEST(sqlite_read__beside_one_that_may_write)
{
  const char *directory = make_directory();
  const char *path = mt_format("%s/a.db", directory);
  struct ms_store *store = open_path(path);
  commit_many(store, 4);
  drop_rights(directory);
  struct ms_store *reader = must_read(path);
  expect_commits(reader, 4);
  commit_many(store, 2);
  expect_commits(reader, 6);
  regain_rights(directory);
  ms_store_close(reader);
  ms_store_close(store);
}

/* ---- what goes away ---------------------------------------------------------------------------------------- */

MT_TEST(sqlite_read__a_reader_notices_that_files_were_removed)
{
  const char *path = path_of("a.db");
  struct ms_store *store = open_path(path);
  struct ms_store *reader = NULL;
  uint64_t latest = 0;
  commit_many(store, 3);
  mt_eq_int(ms_store_reader(&reader, store), 0);
  mt_eq_int(unlink(mt_format("%s-wal", path)), 0);
  mt_eq_int(read_all(reader, &latest), MSTEP_EIO);
  expect_detail("-wal was moved or removed");
  mt_eq_int(commit_one(store), MSTEP_EIO);
  mt_eq_int(ms_store_recover(store), 0); /* although the reader has the old log open */
  uint64_t commits = ms_store_last_lsn(store);
  mt_ok(commits == 3 || commits == 4);
  commit_many(store, 2);
  mt_eq_int(ms_store_recover(reader), 0);
  expect_commits(reader, commits + 2);
  mt_eq_int(unlink(path), 0);
  mt_eq_int(read_all(reader, &latest), MSTEP_EIO);
  mt_eq_int(ms_store_recover(reader), MSTEP_EIO);
  mt_eq_int(read_all(reader, &latest), MSTEP_EIO);
  expect_detail("could not be opened again");
  ms_store_close(reader);
  ms_store_close(store);
}

MT_TEST(sqlite_read__a_log_that_a_view_needs_is_not_let_go)
{
  const char *path = path_of("a.db");
  struct ms_store *store = open_path(path);
  struct ms_store *reader = NULL;
  commit_many(store, 3);
  mt_eq_int(ms_store_reader(&reader, store), 0);
  mt_eq_int(ms_store_view_begin(reader), 0);
  commit_many(store, 20);
  mt_eq_int(unlink(mt_format("%s-wal", path)), 0);
  mt_eq_int(commit_one(store), MSTEP_EIO);
  mt_eq_int(ms_store_recover(store), MSTEP_EIO);
  expect_detail("cannot be let go");
  mt_ok(ms_store_is_failed(store));
  ms_store_view_end(reader);
  mt_eq_int(ms_store_recover(store), 0);
  mt_ok(ms_store_last_lsn(store) >= 23);
  uint64_t commits = ms_store_last_lsn(store);
  ms_store_close(reader);
  ms_store_close(store);
  store = open_path(path);
  expect_commits(store, commits);
  ms_store_close(store);
}
