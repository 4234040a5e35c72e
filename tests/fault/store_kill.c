/*
 * kill -9 while a process commits: whatever was acknowledged is there, whatever was not is there whole or
 * not at all, and the file opens. MT_ROUNDS sets how many times (40).
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/random.h"
#include "mt.h"
#include "store/store.h"

#define KEPT 50 /* frames that are left when the journal is cut */

static int rounds(void)
{
  const char *text = getenv("MT_ROUNDS");
  return text == NULL ? 40 : (int)strtol(text, NULL, 10);
}

/* What commit number `lsn` writes: its size and bytes follow from the number. */
static void write_records(struct ms_buf *out, uint64_t lsn)
{
  struct ms_random random;
  ms_random_seed(&random, lsn);
  size_t words = (size_t)ms_random_below(&random, lsn % 10 == 0 ? 20000 : 100) + 1;
  for (size_t i = 0; i < words; i++) {
    uint64_t word = ms_random_next(&random);
    ms_buf_put(out, &word, sizeof word);
  }
}

static void build(struct ms_batch *batch, uint64_t lsn)
{
  char key[MS_STORE_NUMBER_SIZE];
  char from[MS_STORE_NUMBER_SIZE];
  ms_batch_reset(batch);
  write_records(&batch->records, lsn);
  ms_batch_put(batch, MS_TABLE_SETTING, MS_STR("latest"), ms_store_key(key, lsn));
  ms_batch_put(batch, MS_TABLE_EXECUTION, ms_store_key(key, lsn), MS_STR("x"));
  if (lsn % 100 == 0) {
    ms_batch_remove_range(batch, MS_TABLE_JOURNAL, (struct ms_str){NULL, 0},
                          ms_store_key(from, lsn - KEPT));
  }
}

/* Commits until it is killed; every acknowledged number goes into the pipe. */
static void child(const char *url, enum ms_durability durability, int out)
{
  struct ms_store_options options = {.durability = durability};
  struct ms_store *store = NULL;
  struct ms_batch batch;
  ms_batch_init(&batch);
  if (ms_store_open(&store, url, &options) != 0) {
    fprintf(stderr, "# child: %s\n", ms_error_detail());
    _exit(1);
  }
  for (;;) {
    uint64_t lsn = 0;
    bool is_done;
    build(&batch, ms_store_last_lsn(store) + 1);
    if (ms_store_commit(store, &batch, &lsn) != 0 || write(out, &lsn, sizeof lsn) != sizeof lsn) {
      fprintf(stderr, "# child: %s\n", ms_error_detail());
      _exit(1);
    }
    if (lsn % 150 == 0 && ms_store_shrink(store, 1 << 16, &is_done) != 0) {
      _exit(1);
    }
  }
}

/* The last number that a child acknowledged before it was killed; `before` when none. */
static uint64_t run_and_kill(const char *url, enum ms_durability durability, uint64_t us,
                             uint64_t before)
{
  int ends[2];
  mt_eq_int(pipe(ends), 0);
  pid_t pid = fork();
  mt_ok(pid >= 0);
  if (pid == 0) {
    close(ends[0]);
    child(url, durability, ends[1]);
  }
  close(ends[1]);
  struct timespec rest = {(time_t)(us / 1000000), (long)(us % 1000000) * 1000};
  nanosleep(&rest, NULL);
  mt_eq_int(kill(pid, SIGKILL), 0);
  uint64_t lsn;
  while (read(ends[0], &lsn, sizeof lsn) == (ssize_t)sizeof lsn) {
    mt_eq_int(lsn, before + 1);
    before = lsn;
  }
  close(ends[0]);
  int status = 0;
  mt_eq_int(waitpid(pid, &status, 0), pid);
  mt_ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  return before;
}

struct reader {
  uint64_t next;
  struct ms_buf expected;
};

static int check_frame(struct ms_str key, struct ms_str value, void *user)
{
  struct reader *reader = user;
  mt_ok(reader->next == 0 || ms_store_number(key) == reader->next); /* no gap */
  reader->next = ms_store_number(key) + 1;
  ms_buf_reset(&reader->expected);
  write_records(&reader->expected, ms_store_number(key));
  mt_ok(ms_str_eq(value, ms_buf_view(&reader->expected)));
  return 0;
}

static int check_latest(struct ms_str key, struct ms_str value, void *user)
{
  (void)key;
  mt_eq_int(ms_store_number(value), *(uint64_t *)user);
  return 0;
}

static int check_execution(struct ms_str key, struct ms_str value, void *user)
{
  uint64_t *next = user;
  (void)value;
  mt_eq_int(ms_store_number(key), (*next)++);
  return 0;
}

/* Every table says the same of what was the last commit; returns it. */
static uint64_t check_store(const char *url)
{
  struct ms_store *store = NULL;
  if (ms_store_open(&store, url, NULL) != 0) {
    mt_fail("does not open again: %s", ms_error_detail());
  }
  uint64_t lsn = ms_store_last_lsn(store);
  struct reader reader = {0};
  ms_buf_init(&reader.expected, 0);
  struct ms_scan journal = {.table = MS_TABLE_JOURNAL};
  mt_eq_int(ms_store_scan(store, &journal, check_frame, &reader), 0);
  ms_buf_deinit(&reader.expected);
  if (lsn > 0) {
    uint64_t next = 1;
    mt_eq_int(reader.next, lsn + 1);
    mt_eq_int(ms_store_get(store, MS_TABLE_SETTING, MS_STR("latest"), check_latest, &lsn), 0);
    struct ms_scan executions = {.table = MS_TABLE_EXECUTION};
    mt_eq_int(ms_store_scan(store, &executions, check_execution, &next), 0);
    mt_eq_int(next, lsn + 1);
  }
  ms_store_close(store);
  return lsn;
}

static void kill_rounds(enum ms_durability durability, int count)
{
  const char *url = mt_format("sqlite:%s/a.db", mt_tmpdir());
  struct ms_random random;
  uint64_t lsn = 0;
  uint64_t slowness = 1; /* a busy machine gets more time, or every kill would come before the first commit */
  ms_random_seed(&random, (uint64_t)durability);
  for (int i = 0; i < count; i++) {
    uint64_t us = 2000 + ms_random_below(&random, i % 8 == 0 ? 200000 : 30000);
    uint64_t before = lsn;
    uint64_t acknowledged = run_and_kill(url, durability, us * slowness, lsn);
    lsn = check_store(url);
    mt_ok(lsn == acknowledged || lsn == acknowledged + 1);
    slowness = lsn == before && slowness < 64 ? slowness * 2 : slowness;
  }
  mt_ok(lsn > (uint64_t)count); /* it was killed while it worked */
  mt_note("%d kills, %llu commits", count, (unsigned long long)lsn);
}

MT_TEST(store_kill__fsync)
{
  kill_rounds(MS_DURABILITY_FSYNC, rounds());
}

MT_TEST(store_kill__os)
{
  kill_rounds(MS_DURABILITY_OS, rounds() / 2);
}

MT_TEST(store_kill__none)
{
  kill_rounds(MS_DURABILITY_NONE, rounds() / 2);
}

/* Killed while the file is being made: the next one makes it. */
MT_TEST(store_kill__at_the_first_opening)
{
  struct ms_random random;
  ms_random_seed(&random, 99);
  for (int i = 0; i < rounds(); i++) {
    const char *url = mt_format("sqlite:%s/new%d.db", mt_tmpdir(), i);
    uint64_t acknowledged =
        run_and_kill(url, MS_DURABILITY_FSYNC, ms_random_below(&random, 6000), 0);
    uint64_t lsn = check_store(url);
    mt_ok(lsn == acknowledged || lsn == acknowledged + 1);
  }
}
