/*
 * Durable transitions a second through the journal: 1, 64 and 1,024 executions at a time, each of which goes
 * on when its last transition is durable. 300 bytes each. The fsync of the same disk, for comparison, is
 * bench_store_commit's. One JSON object on standard output.
 *
 *   bench_journal [SECONDS-EACH [DIRECTORY]]     1 s, $TMPDIR or /tmp
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "journal/journal.h"

#define RECORD_BYTES 300
#define CONCURRENT_MAX 1024
#define SAMPLES_MAX 2000000

struct bench {
  struct ms_loop *loop;
  struct ms_journal *journal;
  unsigned concurrent;
  unsigned idle;                    /* executions that may take their next step */
  uint64_t waiting[CONCURRENT_MAX]; /* seq that an execution waits for; 0 = none */
  double since[CONCURRENT_MAX];
  double end;
  double *samples;
  size_t count;
};

static void check(int err, const char *what)
{
  if (err != 0) {
    fprintf(stderr, "%s: %s\n", what, ms_error_detail());
    exit(1);
  }
}

static double now(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void step(struct bench *bench, unsigned i)
{
  struct ms_batch *batch;
  check(ms_journal_begin(&batch, bench->journal), "begin");
  char *room = ms_buf_reserve(&batch->records, RECORD_BYTES);
  if (room != NULL) {
    memset(room, 'x', RECORD_BYTES);
    ms_buf_added(&batch->records, RECORD_BYTES);
  }
  check(ms_journal_end(bench->journal, &bench->waiting[i]), "end");
  bench->since[i] = now();
}

static void on_durable(uint64_t seq, uint64_t lsn, void *user)
{
  struct bench *bench = user;
  double time = now();
  (void)lsn;
  for (unsigned i = 0; i < bench->concurrent; i++) {
    if (bench->waiting[i] != 0 && bench->waiting[i] <= seq) {
      bench->waiting[i] = 0;
      if (bench->count < SAMPLES_MAX) {
        bench->samples[bench->count++] = time - bench->since[i];
      }
      if (time < bench->end) {
        step(bench, i);
      }
    }
  }
}

static void on_failed(uint64_t seq, int code, const char *detail, void *user)
{
  (void)seq;
  (void)code;
  (void)user;
  fprintf(stderr, "commit: %s\n", detail);
  exit(1);
}

static void on_probed(int code, const char *detail, uint64_t lsn, void *user)
{
  (void)code;
  (void)detail;
  (void)lsn;
  (void)user;
}

static void on_defer(void *user)
{
  struct bench *bench = user;
  ms_journal_flush(bench->journal);
}

static void on_wake(void *user)
{
  struct bench *bench = user;
  ms_journal_take(bench->journal);
}

static int compare(const void *a, const void *b)
{
  double x = *(const double *)a;
  double y = *(const double *)b;
  return (x > y) - (x < y);
}

static void run(struct bench *bench, const char *path, const char *name,
                enum ms_durability durability, double seconds)
{
  struct ms_store *store = NULL;
  char url[600];
  struct ms_store_options how = {.durability = durability};
  struct ms_loop_callbacks callbacks = {NULL, on_defer, on_wake, bench};
  snprintf(url, sizeof url, "sqlite:%s", path);
  check(ms_store_open(&store, url, &how), "open");
  check(ms_loop_libevent_new(&bench->loop, NULL), "loop");
  ms_loop_set_callbacks(bench->loop, &callbacks);
  struct ms_journal_options options = {
      .store = store, .loop = bench->loop, .callbacks = {on_durable, on_failed, on_probed, bench}};
  check(ms_journal_open(&bench->journal, &options), "journal");
  double from = now();
  bench->end = from + seconds;
  bench->count = 0;
  for (unsigned i = 0; i < bench->concurrent; i++) {
    step(bench, i);
  }
  check(ms_loop_defer(bench->loop), "defer");
  check(ms_loop_run(bench->loop), "run");
  double total = now() - from;
  struct ms_journal_stats stats;
  ms_journal_get_stats(&stats, bench->journal);
  qsort(bench->samples, bench->count, sizeof bench->samples[0], compare);
  printf("  {\"durability\": \"%s\", \"concurrent\": %u, \"transitions_per_s\": %.0f, "
         "\"commits_per_s\": %.0f, \"per_commit\": %.1f, \"p50_us\": %.0f, \"p99_us\": %.0f}",
         name, bench->concurrent, (double)stats.transitions / total, (double)stats.commits / total,
         (double)stats.transitions / (double)stats.commits, bench->samples[bench->count / 2] * 1e6,
         bench->samples[bench->count * 99 / 100] * 1e6);
  ms_journal_close(bench->journal);
  ms_store_close(store);
  ms_loop_free(bench->loop);
}

int main(int argc, char **argv)
{
  static const unsigned sizes[] = {1, 64, 1024};
  static const char *const names[] = {"fsync", "os", "none"};
  static const char *const suffixes[] = {"", "-lock"};
  static struct bench bench;
  static double samples[SAMPLES_MAX];
  double seconds = argc > 1 ? strtod(argv[1], NULL) : 1;
  const char *directory = argc > 2 ? argv[2] : getenv("TMPDIR");
  char path[512];
  char file[520];
  bench.samples = samples;
  snprintf(path, sizeof path, "%s/bench_journal_%ld", directory == NULL ? "/tmp" : directory,
           (long)getpid());
  printf("{\"bench\": \"journal\", \"record_bytes\": %d, \"results\": [\n", RECORD_BYTES);
  for (int size = 0; size < 3; size++) {
    for (int durability = 0; durability < 3; durability++) {
      bench.concurrent = sizes[size];
      run(&bench, path, names[durability], (enum ms_durability)durability, seconds);
      printf("%s\n", size == 2 && durability == 2 ? "" : ",");
      fflush(stdout);
      for (int i = 0; i < 2; i++) {
        snprintf(file, sizeof file, "%s%s", path, suffixes[i]);
        unlink(file);
      }
    }
  }
  printf("]}\n");
  return 0;
}
