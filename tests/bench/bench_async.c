/*
 * Asynchronous invocations on a store with fsync: accepted per second, and ended with their record in a queue, by so
 * many callers at once, each of which waits until one event is accepted before it sends the next.
 *
 *   bench_async [DIRECTORY] [SECONDS]
 *   bench_async --backlog N [DIRECTORY]     N events while nothing runs, then worked off, without records: the memory
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "mstep/mstep.h"

#define CALLERS_MAX 1024
#define CONFIG                                                                                     \
  "{\"FunctionName\":\"f\",\"DestinationConfig\":{\"OnSuccess\":{\"Destination\":"                 \
  "\"arn:aws:sqs:us-east-1:000000000000:q\"}}}"
#define FUNCTION                                                                                   \
  "{\"FunctionName\":\"f\",\"Code\":{\"Source\":\"return function(e) return {ok = true} end\"}}"
#define EVENT                                                                                      \
  "{\"FunctionName\":\"f\",\"InvocationType\":\"Event\",\"Payload\":{\"order\":\"2f8e1c55\","      \
  "\"customer\":\"c-100234\",\"total\":129.9,\"items\":[{\"sku\":\"A-1\",\"count\":2},"            \
  "{\"sku\":\"B-7\",\"count\":1}]}}"

struct bench {
  mstep_engine *engine;
  double until_s;
  unsigned long long accepted, left; /* left: of a backlog, to be sent */
  unsigned under_way;
  int is_backlog;
};

static double now_s(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static long memory_mb(void)
{
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

static void check(int status, mstep_str reply)
{
  if (status != 0) {
    fprintf(stderr, "%.*s\n", (int)reply.len, reply.data);
    exit(1);
  }
}

static void call(mstep_engine *engine, const char *operation, const char *request,
                 mstep_reply_cb cb, void *user)
{
  if (mstep_call(engine, operation, (mstep_str){request, strlen(request)}, cb, user) != 0) {
    fprintf(stderr, "%s: %s\n", operation, mstep_last_error());
    exit(1);
  }
}

static void on_configured(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  (void)user;
  check(status, reply);
  mstep_engine_stop(engine);
}

static void configure(mstep_engine *engine, const char *operation, const char *request)
{
  call(engine, operation, request, on_configured, NULL);
  mstep_engine_run(engine);
}

static int goes_on(struct bench *bench)
{
  if (bench->is_backlog ? bench->left > 0 : now_s() < bench->until_s) {
    bench->left -= bench->left > 0;
    return 1;
  }
  if (--bench->under_way == 0 && bench->is_backlog) {
    mstep_engine_stop(bench->engine);
  }
  return 0; /* the engine goes on until every event has ended */
}

static void on_accepted(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  struct bench *bench = user;
  if (reply.data != NULL) {
    check(status, reply);
    bench->accepted++;
  }
  if (goes_on(bench)) {
    call(engine, "Invoke", EVENT, on_accepted, bench);
  }
}

static void begin(struct bench *bench, unsigned callers)
{
  bench->under_way = callers;
  for (unsigned i = 0; i < callers; i++) {
    on_accepted(bench->engine, 0, (mstep_str){NULL, 0}, bench);
  }
}

static void open_engine(struct bench *bench, const char *path, int is_paused)
{
  char url[600];
  mstep_options options;
  snprintf(url, sizeof url, "sqlite:%s", path);
  mstep_options_init(&options, MSTEP_OPTIONS_VERSION);
  options.store = url;
  options.workers = 0;
  options.is_paused = is_paused;
  if (mstep_engine_open(&bench->engine, &options) != 0) {
    fprintf(stderr, "%s\n", mstep_last_error());
    exit(1);
  }
}

static void measure(struct bench *bench, unsigned callers, double seconds)
{
  double began_s = now_s();
  bench->accepted = 0;
  bench->until_s = began_s + seconds;
  begin(bench, callers);
  mstep_engine_run(bench->engine); /* until nothing is open */
  double took_s = now_s() - began_s;
  printf("{\"callers\":%u,\"accepted_per_s\":%.0f,\"ended_per_s\":%.0f,\"events\":%llu,"
         "\"memory_mb\":%ld}\n",
         callers, (double)bench->accepted / seconds, (double)bench->accepted / took_s,
         bench->accepted, memory_mb());
}

static void measure_backlog(struct bench *bench, unsigned long long count, const char *path)
{
  double began_s = now_s();
  bench->is_backlog = 1;
  bench->left = count;
  begin(bench, 1024);
  mstep_engine_run(bench->engine);
  double took_s = now_s() - began_s;
  printf("{\"backlog\":%llu,\"accepted_per_s\":%.0f,\"memory_mb\":%ld}\n", count,
         (double)count / took_s, memory_mb());
  mstep_engine_close(bench->engine);
  began_s = now_s();
  open_engine(bench, path, 0);
  double open_s = now_s() - began_s;
  mstep_engine_run(bench->engine);
  took_s = now_s() - began_s;
  printf("{\"backlog\":%llu,\"open_s\":%.2f,\"ended_per_s\":%.0f,\"memory_mb\":%ld}\n", count,
         open_s, (double)count / took_s, memory_mb());
}

int main(int argc, char **argv)
{
  static const unsigned counts[] = {1, 64, 1024};
  static struct bench bench;
  char path[512];
  int has_backlog = argc > 2 && strcmp(argv[1], "--backlog") == 0;
  const char *dir = has_backlog ? (argc > 3 ? argv[3] : "/tmp") : (argc > 1 ? argv[1] : "/tmp");
  double seconds = !has_backlog && argc > 2 ? strtod(argv[2], NULL) : 3;
  snprintf(path, sizeof path, "%s/bench_async.%d.db", dir, (int)getpid());
  open_engine(&bench, path, 0);
  configure(bench.engine, "sqs:CreateQueue", "{\"QueueName\":\"q\"}");
  configure(bench.engine, "CreateFunction", FUNCTION);
  if (has_backlog) {
    mstep_engine_close(bench.engine);
    open_engine(&bench, path, 1);
    measure_backlog(&bench, strtoull(argv[2], NULL, 10), path);
  } else {
    configure(bench.engine, "PutFunctionEventInvokeConfig", CONFIG);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
      measure(&bench, counts[i], seconds);
    }
  }
  mstep_engine_close(bench.engine);
  for (int i = 0; i < 3; i++) {
    char file[600];
    snprintf(file, sizeof file, "%s%s", path, i == 0 ? "" : i == 1 ? "-wal" : "-shm");
    unlink(file);
  }
  return 0;
}
