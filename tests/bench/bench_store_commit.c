/*
 * Commits a second of the stores, in one run with a raw file that gets the same frames: 1, 64 and 1,024
 * records of 300 bytes in each commit. One JSON object on standard output.
 *
 *   bench_store_commit [SECONDS-EACH [DIRECTORY]]     1 s, $TMPDIR or /tmp
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "store/frame.h"
#include "store/store.h"

#define RECORD_BYTES 300
#define SAMPLES_MAX 400000

struct target {
  const char *name;
  const char *scheme; /* NULL = a raw file */
  enum ms_durability durability;
};

static const struct target targets[] = {
    {"raw_fsync", NULL, MS_DURABILITY_FSYNC},  {"sqlite_fsync", "sqlite", MS_DURABILITY_FSYNC},
    {"sqlite_os", "sqlite", MS_DURABILITY_OS}, {"sqlite_none", "sqlite", MS_DURABILITY_NONE},
    {"memory", "memory", MS_DURABILITY_NONE},
};

struct raw {
  int fd;
  uint64_t lsn;
  struct ms_buf frame;
};

static void fail(const char *what)
{
  fprintf(stderr, "%s: %s\n", what, ms_error_detail());
  exit(1);
}

static double now(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
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

static void raw_commit(struct raw *raw, struct ms_str records)
{
  ms_buf_reset(&raw->frame);
  ms_frame_write(&raw->frame, ++raw->lsn, records);
  if (write(raw->fd, raw->frame.data, raw->frame.len) != (ssize_t)raw->frame.len ||
      fdatasync(raw->fd) != 0) {
    perror("raw file");
    exit(1);
  }
}

static int compare(const void *a, const void *b)
{
  double x = *(const double *)a;
  double y = *(const double *)b;
  return (x > y) - (x < y);
}

static size_t run(const struct target *target, const char *path, const struct ms_batch *batch,
                  double seconds, double *samples)
{
  struct ms_store *store = NULL;
  struct raw raw = {.fd = -1};
  ms_buf_init(&raw.frame, 0);
  char url[600];
  if (target->scheme != NULL) {
    struct ms_store_options options = {.durability = target->durability};
    snprintf(url, sizeof url, "%s:%s", target->scheme,
             strcmp(target->scheme, "sqlite") == 0 ? path : "");
    if (ms_store_open(&store, url, &options) != 0) {
      fail("open");
    }
  } else if ((raw.fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600)) < 0) {
    perror(path);
    exit(1);
  }
  size_t count = 0;
  double end = now() + seconds;
  for (double from = now(); from < end && count < SAMPLES_MAX; count++) {
    if (store == NULL) {
      raw_commit(&raw, ms_buf_view(&batch->records));
    } else if (ms_store_commit(store, batch, NULL) != 0) {
      fail("commit");
    }
    double to = now();
    samples[count] = to - from;
    from = to;
  }
  ms_store_close(store);
  ms_buf_deinit(&raw.frame);
  if (raw.fd >= 0) {
    close(raw.fd);
  }
  return count;
}

static void bench(const struct target *target, const char *directory, unsigned records,
                  double seconds, bool is_first)
{
  static double samples[SAMPLES_MAX];
  static const char *const suffixes[] = {"", "-wal", "-shm", "-lock"};
  char path[512];
  char file[520];
  struct ms_batch batch;
  ms_batch_init(&batch);
  for (unsigned i = 0; i < records; i++) {
    char *room = ms_buf_reserve(&batch.records, RECORD_BYTES);
    memset(room, (int)('a' + i % 26), RECORD_BYTES);
    ms_buf_added(&batch.records, RECORD_BYTES);
  }
  snprintf(path, sizeof path, "%s/bench_store_%ld", directory, (long)getpid());
  double before = written_bytes();
  size_t count = run(target, path, &batch, seconds, samples);
  double written = written_bytes() - before;
  double total = 0;
  for (size_t i = 0; i < count; i++) {
    total += samples[i];
  }
  qsort(samples, count, sizeof samples[0], compare);
  printf(
      "%s\n  {\"store\": \"%s\", \"records_per_commit\": %u, \"records_per_s\": %.0f, "
      "\"commits_per_s\": %.0f, \"p50_us\": %.0f, \"p99_us\": %.0f, \"written_per_record\": %.0f}",
      is_first ? "" : ",", target->name, records, (double)count * records / total,
      (double)count / total, samples[count / 2] * 1e6, samples[count * 99 / 100] * 1e6,
      written / ((double)count * records));
  fflush(stdout);
  for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
    snprintf(file, sizeof file, "%s%s", path, suffixes[i]);
    unlink(file);
  }
  ms_batch_deinit(&batch);
}

int main(int argc, char **argv)
{
  static const unsigned sizes[] = {1, 64, 1024};
  double seconds = argc > 1 ? strtod(argv[1], NULL) : 1;
  const char *directory = argc > 2 ? argv[2] : getenv("TMPDIR");
  directory = directory == NULL ? "/tmp" : directory;
  printf("{\"bench\": \"store_commit\", \"record_bytes\": %d, \"results\": [", RECORD_BYTES);
  for (size_t size = 0; size < sizeof sizes / sizeof sizes[0]; size++) {
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
      bench(&targets[i], directory, sizes[size], seconds, size == 0 && i == 0);
    }
  }
  printf("\n]}\n");
  return 0;
}
