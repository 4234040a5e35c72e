/*
 * Open executions that only wait, in a store: memory of the process with all of them, and how long a start
 * takes with them, up to the first timer fired. One JSON object on standard output.
 *
 *   bench_open [EXECUTIONS [DIRECTORY]]     100000, $TMPDIR or /tmp
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "core/execution.h"
#include "runtime/runtime.h"

static const char definition[] =
    "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"SecondsPath\":\"$.seconds\","
    "\"End\":true}}}";

struct bench {
  struct ms_engine *engine;
  char machine[MS_ENGINE_ARN_SIZE];
  unsigned long left;
  unsigned long accepted;
  unsigned long count;
};

static double now(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static unsigned long resident_kb(void)
{
  unsigned long size = 0, pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file == NULL || fscanf(file, "%lu %lu", &size, &pages) != 2) {
    pages = 0;
  }
  if (file != NULL) {
    fclose(file);
  }
  return pages * (unsigned long)sysconf(_SC_PAGESIZE) / 1024;
}

static void check(int err, const char *what)
{
  if (err != 0) {
    fprintf(stderr, "%s: %s: %s\n", what, ms_error_text(err), ms_error_detail());
    exit(1);
  }
}

static void nothing(void)
{
}

static void start_one(struct bench *bench, const char *input)
{
  char arn[MS_ENGINE_ARN_SIZE];
  struct ms_engine_start start = {.machine_arn = ms_str_c(bench->machine),
                                  .input = ms_str_c(input),
                                  .accepted = {nothing, NULL}};
  check(ms_engine_execution_start(arn, bench->engine, &start), "start");
}

#define AT_ONCE 10000

static void on_accepted(struct ms_callback callback, int code, const char *detail, void *host)
{
  struct bench *bench = host;
  (void)callback;
  check(code, detail);
  if (bench->left > 0) {
    bench->left--;
    start_one(bench, bench->left == 0 ? "{\"seconds\":10,\"order\":\"o-1042\"}"
                                      : "{\"seconds\":86400,\"order\":\"o-1042\"}");
  }
  if (++bench->accepted == bench->count) {
    ms_engine_stop(bench->engine);
  }
}

static void on_done(struct ms_callback callback, const struct ms_engine_end *end, void *host)
{
  (void)callback;
  (void)end;
  (void)host;
}

/* The first timer has fired. */
static void on_event(struct ms_callback callback, const struct ms_engine_event *event, void *host)
{
  struct bench *bench = host;
  (void)callback;
  (void)event;
  ms_engine_stop(bench->engine);
}

static void on_log(int level, const char *module, struct ms_str line, void *host)
{
  (void)host;
  (void)level;
  fprintf(stderr, "%s: %.*s\n", module, MS_STR_ARG(line));
}

static void open_engine(struct bench *bench, const char *url)
{
  const struct ms_engine_options options = {
      .region = "us-east-1",
      .account = "000000000000",
      .role_arn = "arn:aws:iam::000000000000:role/r",
      .store_url = url,
      .host = {on_done, NULL, NULL, NULL, on_accepted, on_event, on_log, bench},
  };
  check(ms_engine_open(&bench->engine, &options), "open");
}

static void fill(const char *url, unsigned long count)
{
  struct bench bench = {.count = count};
  open_engine(&bench, url);
  const struct ms_engine_machine_request request = {.name = MS_STR("m"),
                                                    .definition = MS_STR(definition)};
  check(ms_engine_machine_create(bench.machine, bench.engine, &request, NULL, NULL), "machine");
  unsigned long before = resident_kb();
  double from = now();
  unsigned long first = count < AT_ONCE ? count : AT_ONCE;
  bench.left = count - first;
  for (unsigned long i = 0; i < first; i++) {
    start_one(&bench, "{\"seconds\":86400,\"order\":\"o-1042\"}");
  }
  check(ms_engine_run(bench.engine), "run");
  double total = now() - from;
  printf(" \"started_per_s\": %.0f, \"resident_mb_empty\": %.1f, \"resident_mb\": %.1f,\n",
         (double)count / total, (double)before / 1024, (double)resident_kb() / 1024);
  fflush(stdout);
  check(ms_engine_close(bench.engine), "close");
}

static void reopen(const char *url)
{
  struct bench bench = {0};
  double from = now();
  open_engine(&bench, url);
  double opened = now() - from;
  unsigned long after = resident_kb();
  ms_engine_watch(bench.engine, (struct ms_callback){nothing, NULL});
  check(ms_engine_run(bench.engine), "run");
  printf(" \"open_s\": %.2f, \"first_timer_s\": %.2f, \"resident_mb_reopened\": %.1f}\n", opened,
         now() - from, (double)after / 1024);
  check(ms_engine_close(bench.engine), "close");
}

/* In a process of its own, so that memory of one does not show in the other. */
static void apart(void (*work)(const char *url, unsigned long count), const char *url,
                  unsigned long count)
{
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    work(url, count);
    fflush(stdout);
    _exit(0);
  }
  int status;
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
    exit(1);
  }
}

static void reopen_work(const char *url, unsigned long count)
{
  (void)count;
  reopen(url);
}

int main(int argc, char **argv)
{
  unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
  const char *temp = getenv("TMPDIR");
  const char *directory = argc > 2 ? argv[2] : temp != NULL ? temp : "/tmp";
  char path[512], url[600], name[600];
  static const char *const tails[] = {"", "-wal", "-shm", "-lock"};
  snprintf(path, sizeof path, "%s/bench_open.db", directory);
  snprintf(url, sizeof url, "sqlite:%s", path);
  for (int pass = 0; pass < 2; pass++) {
    if (pass == 1) {
      printf("{\"benchmark\": \"open\", \"executions\": %lu,\n", count);
      apart(fill, url, count);
      struct stat file;
      printf(" \"file_mb\": %.1f,\n", stat(path, &file) == 0 ? (double)file.st_size / 1e6 : 0);
      sleep(10);
      apart(reopen_work, url, count);
    }
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
      snprintf(name, sizeof name, "%s%s", path, tails[i]);
      unlink(name);
    }
  }
  return 0;
}
