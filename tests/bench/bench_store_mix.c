/*
 * What the engine has a store do: commits of 1,000 transitions of 300 bytes, 200 of which end an execution
 * and leave a row in each of four tables (a history of 1,200 bytes among them), the journal cut behind.
 * The executions that are there before make the trees as deep as they are after a while. One JSON object on
 * standard output; `us_per_transition` is the time that the store's thread spends.
 *
 *   bench_store_mix [COMMITS [EXECUTIONS-BEFORE [DIRECTORY]]]     200, 200000, $TMPDIR or /tmp
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/random.h"
#include "store/store.h"

#define TRANSITIONS 1000
#define RECORD_BYTES 300
#define ENDED 200
#define HISTORY_BYTES 1200
#define EXECUTION_BYTES 250
#define LISTING_BYTES 60
#define MACHINES 8
#define TRIM_BYTES (4 << 20)

struct mix {
  struct ms_store *store;
  struct ms_batch batch;
  struct ms_random random;
  uint64_t executions;
  uint64_t journal_bytes; /* since the journal was cut */
  uint64_t keep_from;     /* the frame that was the latest then */
  bool is_named_in_order;
  double cpu; /* seconds in commits */
};

static void fail(const char *what)
{
  fprintf(stderr, "%s: %s\n", what, ms_error_detail());
  exit(1);
}

static double now(clockid_t clock)
{
  struct timespec time;
  clock_gettime(clock, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Bytes this process has sent towards the disk. */
static double written_bytes(void)
{
  char line[128];
  double bytes = 0;
  FILE *file = fopen("/proc/self/io", "r");
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    if (strncmp(line, "wchar: ", 7) == 0) {
      bytes = strtod(line + 7, NULL);
    }
  }
  if (file != NULL) {
    fclose(file);
  }
  return bytes;
}

static double file_mb(const char *path, const char *suffix)
{
  char name[600];
  struct stat info;
  snprintf(name, sizeof name, "%s%s", path, suffix);
  return stat(name, &info) == 0 ? (double)info.st_size / 1048576 : 0;
}

/* Rows of one execution that has ended. Half of the bytes do not compress or repeat. */
static void add_execution(struct mix *mix)
{
  char bytes[HISTORY_BYTES];
  char id[MS_STORE_NUMBER_SIZE];
  char key[MS_STORE_NUMBER_SIZE];
  char text[64];
  uint64_t number = ++mix->executions;
  memset(bytes, 'h', sizeof bytes);
  for (size_t i = 0; i + sizeof(uint64_t) <= sizeof bytes / 2; i += sizeof(uint64_t)) {
    uint64_t word = ms_random_next(&mix->random);
    memcpy(bytes + i, &word, sizeof word);
  }
  ms_store_key(id, number);
  ms_batch_put(&mix->batch, MS_TABLE_EXECUTION, (struct ms_str){id, sizeof id},
               (struct ms_str){bytes, EXECUTION_BYTES});
  ms_batch_put(&mix->batch, MS_TABLE_HISTORY, ms_store_key(key, number << 20),
               (struct ms_str){bytes, HISTORY_BYTES});
  int len = snprintf(text, sizeof text, "M%u", (unsigned)(number % MACHINES));
  memcpy(text + len, id, sizeof id);
  ms_batch_put(&mix->batch, MS_TABLE_LISTING, (struct ms_str){text, (size_t)len + sizeof id},
               (struct ms_str){bytes, LISTING_BYTES});
  uint64_t first = mix->is_named_in_order ? number : ms_random_next(&mix->random);
  len = snprintf(text, sizeof text, "%u:%016llx-%016llx", (unsigned)(number % MACHINES),
                 (unsigned long long)first, (unsigned long long)ms_random_next(&mix->random));
  ms_batch_put(&mix->batch, MS_TABLE_NAME, (struct ms_str){text, (size_t)len},
               (struct ms_str){id, sizeof id});
}

static void add_transitions(struct mix *mix)
{
  for (int i = 0; i < TRANSITIONS; i++) {
    char *room = ms_buf_reserve(&mix->batch.records, RECORD_BYTES);
    memset(room, 'a' + i % 26, RECORD_BYTES);
    ms_buf_added(&mix->batch.records, RECORD_BYTES);
  }
}

static void cut_journal(struct mix *mix)
{
  char key[MS_STORE_NUMBER_SIZE];
  mix->journal_bytes += TRANSITIONS * RECORD_BYTES;
  if (mix->journal_bytes >= TRIM_BYTES) {
    if (mix->keep_from > 0) {
      ms_batch_remove_range(&mix->batch, MS_TABLE_JOURNAL, (struct ms_str){NULL, 0},
                            ms_store_key(key, mix->keep_from));
    }
    mix->keep_from = ms_store_last_lsn(mix->store);
    mix->journal_bytes = 0;
  }
}

static double commit(struct mix *mix)
{
  double from = now(CLOCK_MONOTONIC);
  double cpu = now(CLOCK_THREAD_CPUTIME_ID);
  if (ms_store_commit(mix->store, &mix->batch, NULL) != 0) {
    fail("commit");
  }
  mix->cpu += now(CLOCK_THREAD_CPUTIME_ID) - cpu;
  double to = now(CLOCK_MONOTONIC);
  ms_batch_reset(&mix->batch);
  return to - from;
}

static int compare(const void *a, const void *b)
{
  double x = *(const double *)a;
  double y = *(const double *)b;
  return (x > y) - (x < y);
}

static void open_mix(struct mix *mix, const char *path, enum ms_durability durability)
{
  struct ms_store_options options = {.durability = durability};
  char url[600];
  snprintf(url, sizeof url, "sqlite:%s", path);
  if (ms_store_open(&mix->store, url, &options) != 0) {
    fail("open");
  }
}

static void fill(struct mix *mix, const char *path, unsigned executions)
{
  open_mix(mix, path, MS_DURABILITY_NONE);
  while (mix->executions < executions) {
    for (int i = 0; i < 1000; i++) {
      add_execution(mix);
    }
    commit(mix);
  }
  ms_store_close(mix->store);
}

static void run(const char *path, unsigned commits, unsigned before, bool is_named_in_order,
                enum ms_durability durability)
{
  static const char *const suffixes[] = {"", "-wal", "-shm", "-lock"};
  struct mix mix = {.is_named_in_order = is_named_in_order};
  double *samples = calloc(commits, sizeof *samples);
  double total = 0;
  ms_batch_init(&mix.batch);
  ms_random_seed(&mix.random, 7);
  fill(&mix, path, before);
  double size = file_mb(path, "");
  double log = 0;
  open_mix(&mix, path, durability);
  double written = written_bytes();
  mix.cpu = 0;
  for (unsigned i = 0; i < commits; i++) {
    add_transitions(&mix);
    for (int k = 0; k < ENDED; k++) {
      add_execution(&mix);
    }
    cut_journal(&mix);
    samples[i] = commit(&mix);
    total += samples[i];
    log = file_mb(path, "-wal") > log ? file_mb(path, "-wal") : log;
  }
  written = written_bytes() - written;
  ms_store_close(mix.store);
  ms_batch_deinit(&mix.batch);
  qsort(samples, commits, sizeof *samples, compare);
  double transitions = (double)commits * TRANSITIONS;
  printf("  {\"durability\": \"%s\", \"names\": \"%s\", \"us_per_transition\": %.2f, "
         "\"cpu_us_per_transition\": %.2f, "
         "\"transitions_per_s\": %.0f, \"rows_per_s\": %.0f, \"commit_p50_ms\": %.2f, "
         "\"commit_p99_ms\": %.2f, \"commit_max_ms\": %.2f, \"written_per_transition\": %.0f, "
         "\"mb_before\": %.1f, \"mb_after\": %.1f, \"log_mb\": %.1f}",
         durability == MS_DURABILITY_FSYNC ? "fsync" : "os",
         is_named_in_order ? "in order" : "random", total * 1e6 / transitions,
         mix.cpu * 1e6 / transitions, transitions / total,
         (double)commits * (4 * ENDED + 1) / total, samples[commits / 2] * 1e3,
         samples[commits * 99 / 100] * 1e3, samples[commits - 1] * 1e3, written / transitions, size,
         file_mb(path, ""), log);
  fflush(stdout);
  free(samples);
  for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
    char file[600];
    snprintf(file, sizeof file, "%s%s", path, suffixes[i]);
    unlink(file);
  }
}

int main(int argc, char **argv)
{
  unsigned commits = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 200;
  unsigned before = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 200000;
  const char *directory = argc > 3 ? argv[3] : getenv("TMPDIR");
  char path[512];
  snprintf(path, sizeof path, "%s/bench_mix_%ld", directory == NULL ? "/tmp" : directory,
           (long)getpid());
  printf("{\"bench\": \"store_mix\", \"transitions_per_commit\": %d, \"executions_before\": %u, "
         "\"results\": [\n",
         TRANSITIONS, before);
  run(path, commits, before, true, MS_DURABILITY_FSYNC);
  printf(",\n");
  run(path, commits, before, false, MS_DURABILITY_FSYNC);
  printf(",\n");
  run(path, commits, before, false, MS_DURABILITY_OS);
  printf("\n]}\n");
  return 0;
}
