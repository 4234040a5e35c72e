/*
 * What happens to files: full disks, missing rights, removal, damage, a second process, signals. Each gives
 * a clear error, loses nothing that was acknowledged, and is over when the cause is.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/random.h"
#include "mt.h"
#include "store/store.h"

#define RECORD_BYTES 20000

static struct ms_store *open_path(const char *path)
{
  struct ms_store *store = NULL;
  if (ms_store_open(&store, mt_format("sqlite:%s", path), NULL) != 0) {
    mt_fail("%s: %s", path, ms_error_detail());
  }
  return store;
}

static int commit_bytes(struct ms_store *store, size_t bytes)
{
  struct ms_batch batch;
  ms_batch_init(&batch);
  uint64_t lsn = ms_store_last_lsn(store) + 1;
  char *room = ms_buf_reserve(&batch.records, bytes);
  memset(room, (int)('a' + lsn % 26), bytes);
  ms_buf_added(&batch.records, bytes);
  int err = ms_store_commit(store, &batch, NULL);
  ms_batch_deinit(&batch);
  return err;
}

static int check_record(struct ms_str key, struct ms_str value, void *user)
{
  mt_eq_int(ms_store_number(key), ++*(uint64_t *)user);
  for (size_t i = 0; i < value.len; i++) {
    if (value.data[i] != (char)('a' + ms_store_number(key) % 26)) {
      mt_fail("frame %llu has changed", (unsigned long long)ms_store_number(key));
    }
  }
  return 0;
}

static void check_all(struct ms_store *store, uint64_t lsn)
{
  struct ms_scan all = {.table = MS_TABLE_JOURNAL};
  uint64_t last = 0;
  mt_eq_int(ms_store_last_lsn(store), lsn);
  mt_eq_int(ms_store_scan(store, &all, check_record, &last), 0);
  mt_eq_int(last, lsn);
}

static void expect_detail(const char *part)
{
  if (strstr(ms_error_detail(), part) == NULL) {
    mt_fail("\"%s\" does not say \"%s\"", ms_error_detail(), part);
  }
}

/* ---- full disks ------------------------------------------------------------------------------------------- */

static uint64_t fill(struct ms_store *store)
{
  for (;;) {
    uint64_t lsn = ms_store_last_lsn(store);
    int err = commit_bytes(store, RECORD_BYTES);
    if (err != 0) {
      mt_eq_int(err, MSTEP_EIO);
      expect_detail("disk full");
      mt_ok(ms_store_is_failed(store));
      mt_ok(lsn > 5);
      return lsn;
    }
    mt_ok(lsn < 1000);
  }
}

/* The disk is full, then it is not. */
static void fill_and_go_on(const char *path, void (*make_room)(void))
{
  struct ms_store *store = open_path(path);
  uint64_t lsn = fill(store);
  mt_eq_int(commit_bytes(store, 10), MSTEP_ESTATE);
  for (int i = 0; i < 3; i++) { /* full all the time: failing again and again does no harm */
    if (ms_store_recover(store) == 0) { /* the log went into the file: some room again */
      while (commit_bytes(store, RECORD_BYTES * 10) == 0) {
        mt_ok(ms_store_last_lsn(store) < 1000);
      }
      lsn = ms_store_last_lsn(store);
    }
    mt_ok(ms_store_is_failed(store));
  }
  make_room();
  mt_eq_int(ms_store_recover(store), 0);
  mt_ok(ms_store_last_lsn(store) >= lsn);
  lsn = ms_store_last_lsn(store);
  check_all(store, lsn);
  for (int i = 0; i < 5; i++) {
    mt_eq_int(commit_bytes(store, RECORD_BYTES), 0);
  }
  check_all(store, lsn + 5);
  ms_store_close(store);
  store = open_path(path);
  check_all(store, lsn + 5);
  ms_store_close(store);
}

static void limit_files(rlim_t bytes)
{
  struct rlimit limit;
  getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = bytes;
  mt_eq_int(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void unlimit_files(void)
{
  limit_files(RLIM_INFINITY);
}

MT_TEST(store_file__a_limit_on_file_size)
{
  signal(SIGXFSZ, SIG_IGN);
  limit_files(500000);
  fill_and_go_on(mt_format("%s/a.db", mt_tmpdir()), unlimit_files);
}

static void remove_ballast(void)
{
  mt_eq_int(unlink(mt_format("%s/disk/ballast", mt_tmpdir())), 0);
}

MT_TEST(store_file__a_full_disk)
{
  const char *disk = mt_format("%s/disk", mt_tmpdir());
  static const char zeros[5000000];
  mt_eq_int(mkdir(disk, 0777), 0);
  if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
      mount("tmpfs", disk, "tmpfs", 0, "size=8m") != 0) {
    mt_skip("may not mount a small disk");
  }
  mt_write_file(mt_format("%s/ballast", disk), zeros, sizeof zeros);
  fill_and_go_on(mt_format("%s/a.db", disk), remove_ballast);
  mt_eq_int(umount(disk), 0);
}

MT_TEST(store_file__no_room_for_a_new_file)
{
  struct ms_store *store = NULL;
  signal(SIGXFSZ, SIG_IGN);
  limit_files(5000);
  mt_eq_int(ms_store_open(&store, mt_format("sqlite:%s/a.db", mt_tmpdir()), NULL), MSTEP_EIO);
  expect_detail("disk full");
  unlimit_files();
  store = open_path(mt_format("%s/a.db", mt_tmpdir()));
  mt_eq_int(commit_bytes(store, 100), 0);
  ms_store_close(store);
}

/* ---- rights ------------------------------------------------------------------------------------------------ */

static void drop_rights(const char *directory)
{
  chmod(directory, 0777);
  if (geteuid() == 0 && seteuid(65534) != 0) {
    mt_skip("is root and may not become anybody else");
  }
}

/* Sanitizers look at their own process when it ends, and are not allowed to otherwise. */
static void regain_rights(void)
{
  if (getuid() == 0) {
    mt_eq_int(seteuid(0), 0);
    prctl(PR_SET_DUMPABLE, 1);
  }
}

MT_TEST(store_file__a_directory_that_cannot_be_written)
{
  const char *directory = mt_format("%s/d", mt_tmpdir());
  const char *path = mt_format("%s/a.db", directory);
  struct ms_store *store = NULL;
  mt_eq_int(mkdir(directory, 0777), 0);
  drop_rights(mt_tmpdir());
  mt_eq_int(geteuid() == 65534 ? 0 : chmod(directory, 0555), 0);
  mt_eq_int(ms_store_open(&store, mt_format("sqlite:%s", path), NULL), MSTEP_EIO);
  regain_rights();
  expect_detail(mt_format("cannot write %s-lock: Permission denied", path));
}

MT_TEST(store_file__a_file_that_cannot_be_written)
{
  const char *path = mt_format("%s/a.db", mt_tmpdir());
  struct ms_store *store = open_path(path);
  mt_eq_int(commit_bytes(store, 100), 0);
  ms_store_close(store);
  mt_eq_int(chmod(path, 0444), 0);
  mt_eq_int(chmod(mt_format("%s-lock", path), 0666), 0);
  drop_rights(mt_tmpdir());
  mt_eq_int(ms_store_open(&store, mt_format("sqlite:%s", path), NULL), MSTEP_EIO);
  regain_rights();
  expect_detail(mt_format("%s cannot be written", path));
}

/* ---- files that go away -------------------------------------------------------------------------------------- */

MT_TEST(store_file__removed_under_it)
{
  const char *path = mt_format("%s/a.db", mt_tmpdir());
  struct ms_store *store = open_path(path);
  mt_eq_int(commit_bytes(store, 100), 0);
  mt_eq_int(unlink(path), 0);
  mt_eq_int(commit_bytes(store, 100), MSTEP_EIO);
  expect_detail(mt_format("%s was moved or removed while it was open", path));
  mt_eq_int(ms_store_recover(store), MSTEP_EIO);
  expect_detail("No such file");
  mt_ok(access(path, F_OK) != 0); /* and no empty one was made in its place */
  mt_eq_int(commit_bytes(store, 100), MSTEP_ESTATE);
  ms_store_close(store);
}

MT_TEST(store_file__away_and_back)
{
  const char *path = mt_format("%s/a.db", mt_tmpdir());
  const char *aside = mt_format("%s/aside.db", mt_tmpdir());
  struct ms_store *store = open_path(path);
  mt_eq_int(commit_bytes(store, 100), 0);
  mt_eq_int(rename(path, aside), 0);
  mt_eq_int(commit_bytes(store, 100), MSTEP_EIO);
  mt_eq_int(ms_store_recover(store), MSTEP_EIO);
  mt_eq_int(rename(aside, path), 0);
  mt_eq_int(ms_store_recover(store), 0);
  mt_ok(ms_store_last_lsn(store) == 1 || ms_store_last_lsn(store) == 2); /* outcome was unknown */
  uint64_t lsn = ms_store_last_lsn(store);
  mt_eq_int(commit_bytes(store, 100), 0);
  check_all(store, lsn + 1);
  ms_store_close(store);
}

MT_TEST(store_file__another_store_in_its_place)
{
  const char *path = mt_format("%s/a.db", mt_tmpdir());
  const char *other = mt_format("%s/b.db", mt_tmpdir());
  struct ms_store *store = open_path(other);
  for (int i = 0; i < 3; i++) {
    mt_eq_int(commit_bytes(store, 100), 0);
  }
  ms_store_close(store);
  store = open_path(path);
  mt_eq_int(commit_bytes(store, 100), 0);
  mt_eq_int(rename(other, path), 0);
  mt_eq_int(commit_bytes(store, 100), MSTEP_EIO);
  mt_eq_int(ms_store_recover(store), MSTEP_EIO);
  expect_detail("is another file than the one that was open");
  ms_store_close(store);
}

MT_TEST(store_file__its_log_removed)
{
  const char *path = mt_format("%s/a.db", mt_tmpdir());
  struct ms_store *store = open_path(path);
  mt_eq_int(commit_bytes(store, 100), 0);
  mt_eq_int(unlink(mt_format("%s-wal", path)), 0);
  mt_eq_int(commit_bytes(store, 100), MSTEP_EIO);
  expect_detail(mt_format("%s-wal was moved or removed", path));
  mt_eq_int(ms_store_recover(store), 0); /* the open log was carried into the file */
  uint64_t lsn = ms_store_last_lsn(store);
  mt_ok(lsn == 1 || lsn == 2);
  mt_eq_int(commit_bytes(store, 100), 0);
  ms_store_close(store);
  store = open_path(path);
  check_all(store, lsn + 1);
  ms_store_close(store);
}

/* ---- damage ------------------------------------------------------------------------------------------------- */

static int count_record(struct ms_str key, struct ms_str value, void *user)
{
  (void)key;
  if (value.len != 300) {
    mt_fail("a record has %zu bytes", value.len);
  }
  for (size_t i = 0; i < value.len; i++) {
    if (value.data[i] != 'v') {
      mt_fail("a damaged record was delivered");
    }
  }
  ++*(size_t *)user;
  return 0;
}

/* 0 and *count, or the error that says what is wrong; *is_found when ms_store_check sees it too. */
static int read_everything(const char *path, size_t *count, bool *is_found)
{
  static const unsigned tables[] = {MS_TABLE_JOURNAL, MS_TABLE_SETTING, MS_TABLE_EXECUTION};
  struct ms_store *store = NULL;
  struct ms_store_options options = {.durability = MS_DURABILITY_NONE, .must_exist = true};
  int err = ms_store_open(&store, mt_format("sqlite:%s", path), &options);
  *count = 0;
  *is_found = err != 0;
  for (int i = 0; i < 3 && err == 0; i++) {
    struct ms_scan all = {.table = tables[i]};
    err = ms_store_scan(store, &all, count_record, count);
  }
  *is_found = *is_found || ms_store_check(store) != 0;
  ms_store_close(store);
  return err;
}

static void write_sample(const char *path)
{
  struct ms_store *store = open_path(path);
  struct ms_batch batch;
  struct ms_str value = ms_str_c(memset(mt_keep(calloc(1, 301)), 'v', 300));
  char key[MS_STORE_NUMBER_SIZE];
  ms_batch_init(&batch);
  for (unsigned i = 0; i < 60; i++) {
    ms_buf_str(&batch.records, value);
    ms_batch_put(&batch, MS_TABLE_SETTING, ms_str_c(mt_format("key %u", i)), value);
    ms_batch_put(&batch, MS_TABLE_EXECUTION, ms_store_key(key, i), value);
    mt_eq_int(ms_store_commit(store, &batch, NULL), 0);
    ms_batch_reset(&batch);
  }
  ms_batch_deinit(&batch);
  ms_store_close(store);
}

/* Writes the sample again with some bytes changed; true when reading says that something is wrong. */
static bool is_noticed(const char *path, char *bytes, size_t len, size_t at, size_t count)
{
  size_t seen = 0;
  for (size_t i = at; i < at + count && i < len; i++) {
    bytes[i] = (char)~bytes[i];
  }
  mt_write_file(path, bytes, len);
  unlink(mt_format("%s-wal", path));
  ms_error_clear();
  bool is_found;
  int err = read_everything(path, &seen, &is_found);
  for (size_t i = at; i < at + count && i < len; i++) {
    bytes[i] = (char)~bytes[i];
  }
  if ((err == 0 && seen != 180 && !is_found) || (err != 0 && !is_found)) {
    mt_fail("bytes %zu to %zu damaged: %zu of 180 records are there, without an error", at,
            at + count, seen);
  }
  if (err != 0 && (ms_error_detail()[0] == '\0' || err == MSTEP_EINTERNAL)) {
    mt_fail("bytes %zu to %zu damaged: no detail (%d)", at, at + count, err);
  }
  return is_found;
}

MT_TEST(store_file__damaged_pages_never_deliver_wrong_records)
{
  const char *path = mt_format("%s/a.db", mt_tmpdir());
  size_t len = 0;
  size_t noticed = 0;
  size_t rounds = 0;
  write_sample(path);
  char *bytes = mt_read_file(path, &len);
  mt_ok(len > 60 * 900);
  struct ms_random random;
  ms_random_seed(&random, 5);
  for (size_t at = 0; at < len; at += 1 + (size_t)ms_random_below(&random, 400)) {
    size_t count = ms_random_below(&random, 2) == 0 ? 1 : (size_t)ms_random_below(&random, 5000);
    noticed += is_noticed(path, bytes, len, at, count);
    rounds++;
  }
  mt_note("%zu of %zu damages noticed, the rest where nothing is", noticed, rounds);
  mt_ok(noticed > rounds / 2);
}

MT_TEST(store_file__a_file_cut_short_is_noticed)
{
  const char *path = mt_format("%s/a.db", mt_tmpdir());
  size_t len = 0;
  size_t seen = 0;
  write_sample(path);
  const char *bytes = mt_read_file(path, &len);
  for (size_t cut = 1; cut < len; cut += 1017) {
    mt_write_file(path, bytes, len - cut);
    bool is_found;
    int err = read_everything(path, &seen, &is_found);
    mt_ok(err != 0 || seen == 180);
    mt_ok(cut < 4096 || err != 0);
  }
}

/* ---- others ---------------------------------------------------------------------------------------------------- */

MT_TEST(store_file__a_second_process_is_told_who_has_it)
{
  const char *path = mt_format("%s/a.db", mt_tmpdir());
  struct ms_store *store = NULL;
  int ends[2];
  char ready = 0;
  mt_eq_int(pipe(ends), 0);
  pid_t pid = fork();
  if (pid == 0) {
    store = open_path(path);
    _exit(commit_bytes(store, 100) != 0 || write(ends[1], "r", 1) != 1 || pause() != 0);
  }
  mt_eq_int(read(ends[0], &ready, 1), 1);
  mt_eq_int(ms_store_open(&store, mt_format("sqlite:%s", path), NULL), MSTEP_ESTATE);
  mt_eq_str(ms_error_detail(), mt_format("%s is in use by process %ld", path, (long)pid));
  mt_eq_int(kill(pid, SIGKILL), 0);
  mt_eq_int(waitpid(pid, NULL, 0), pid);
  store = open_path(path);
  check_all(store, 1);
  ms_store_close(store);
}

static void on_signal(int number)
{
  (void)number;
}

MT_TEST(store_file__signals_in_a_commit)
{
  const char *path = mt_format("%s/a.db", mt_tmpdir());
  struct sigaction action = {.sa_handler = on_signal}; /* calls are interrupted, not begun again */
  struct itimerval often = {{0, 200}, {0, 200}};
  struct itimerval never = {{0, 0}, {0, 0}};
  mt_eq_int(sigaction(SIGALRM, &action, NULL), 0);
  struct ms_store *store = open_path(path);
  mt_eq_int(setitimer(ITIMER_REAL, &often, NULL), 0);
  for (int i = 0; i < 200; i++) {
    int err = commit_bytes(store, RECORD_BYTES);
    if (err != 0) {
      mt_fail("commit %d: %s", i, ms_error_detail());
    }
  }
  mt_eq_int(setitimer(ITIMER_REAL, &never, NULL), 0);
  check_all(store, 200);
  ms_store_close(store);
}
