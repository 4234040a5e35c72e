/* Copies of an SQLite store as files: their names, what is left behind, disks without room. */
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "mt.h"
#include "store/store.h"

static const char *path_of(const char *name)
{
  return mt_format("%s/%s", mt_tmpdir(), name);
}

static struct ms_store *open_sample(unsigned frames)
{
  struct ms_store *store = NULL;
  struct ms_batch batch;
  ms_batch_init(&batch);
  mt_eq_int(ms_store_open(&store, mt_format("sqlite:%s", path_of("a.db")), NULL), 0);
  for (unsigned i = 0; i < frames; i++) {
    memset(ms_buf_reserve(&batch.records, 20000), 'x', 20000);
    ms_buf_added(&batch.records, 20000);
    mt_eq_int(ms_store_commit(store, &batch, NULL), 0);
    ms_batch_reset(&batch);
  }
  ms_batch_deinit(&batch);
  return store;
}

static void expect_frames(const char *path, uint64_t frames)
{
  struct ms_store *copy = NULL;
  mt_eq_int(ms_store_open(&copy, mt_format("sqlite:%s", path), NULL), 0);
  mt_eq_int(ms_store_last_lsn(copy), frames);
  mt_eq_int(ms_store_check(copy), 0);
  ms_store_close(copy);
}

static void expect_detail(const char *part)
{
  if (strstr(ms_error_detail(), part) == NULL) {
    mt_fail("\"%s\" does not say \"%s\"", ms_error_detail(), part);
  }
}

static bool is_there(const char *path)
{
  struct stat info;
  return lstat(path, &info) == 0;
}

MT_TEST(sqlite_backup__leaves_nothing_but_the_copy)
{
  struct ms_store *store = open_sample(3);
  const char *copy = path_of("copy.db");
  mt_eq_int(ms_store_backup(store, copy), 0);
  mt_ok(!is_there(mt_format("%s-partial", copy)));
  mt_ok(!is_there(mt_format("%s-partial-journal", copy)));
  mt_ok(!is_there(mt_format("%s-wal", copy)));
  mt_ok(!is_there(mt_format("%s-lock", copy)));
  expect_frames(copy, 3);
  ms_store_close(store);
}

MT_TEST(sqlite_backup__never_writes_over_a_file)
{
  struct ms_store *store = open_sample(1);
  mt_write_file(path_of("text"), "Dear diary, ", 12);
  mt_eq_int(symlink(path_of("text"), path_of("link")), 0);
  mt_eq_int(ms_store_backup(store, path_of("text")), MSTEP_EEXISTS);
  mt_eq_int(ms_store_backup(store, path_of("link")), MSTEP_EEXISTS);
  mt_eq_int(ms_store_backup(store, path_of("a.db")), MSTEP_EEXISTS);
  mt_eq_str(mt_read_file(path_of("text"), NULL), "Dear diary, ");
  mt_ok(!is_there(path_of("text-partial")));
  mt_eq_int(ms_store_backup(store, ""), MSTEP_EINVALID);
  mt_eq_int(ms_store_backup(store, mt_tmpdir()), MSTEP_EEXISTS);
  ms_store_close(store);
}

MT_TEST(sqlite_backup__takes_over_what_a_killed_process_left)
{
  struct ms_store *store = open_sample(2);
  const char *copy = path_of("copy.db");
  const char *partial = mt_format("%s-partial", copy);
  mt_write_file(partial, "half of a copy", 14);
  int fd = open(partial, O_RDWR);
  mt_eq_int(flock(fd, LOCK_EX), 0);
  mt_eq_int(ms_store_backup(store, copy), MSTEP_ESTATE); /* not left: it is being written */
  mt_eq_str(mt_read_file(partial, NULL), "half of a copy");
  close(fd);
  mt_eq_int(ms_store_backup(store, copy), 0);
  expect_frames(copy, 2);
  mt_ok(!is_there(partial));
  ms_store_close(store);
}

MT_TEST(sqlite_backup__removes_what_it_could_not_finish)
{
  struct ms_store *store = open_sample(50);
  const char *copy = path_of("copy.db");
  struct rlimit limit;
  signal(SIGXFSZ, SIG_IGN);
  getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = 300000;
  mt_eq_int(setrlimit(RLIMIT_FSIZE, &limit), 0);
  mt_eq_int(ms_store_backup(store, copy), MSTEP_EIO);
  expect_detail("disk full");
  expect_detail("copy.db");
  limit.rlim_cur = limit.rlim_max;
  mt_eq_int(setrlimit(RLIMIT_FSIZE, &limit), 0);
  mt_ok(!is_there(copy));
  mt_ok(!is_there(mt_format("%s-partial", copy)));
  mt_ok(!ms_store_is_failed(store));
  mt_eq_int(ms_store_backup(store, copy), 0);
  expect_frames(copy, 50);
  ms_store_close(store);
}
