/*
 * Queues on a store with fsync: send, and receive + delete, per second, by so many callers at once, each of
 * which waits for the answer of one call before it makes the next.
 *
 *   bench_queue [DIRECTORY] [SECONDS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mstep/mstep.h"

#define CALLERS_MAX 1024
#define URL "\"QueueUrl\":\"https://sqs.us-east-1.amazonaws.com/000000000000/q\""

struct bench;

struct caller {
  struct bench *bench;
  char handle[64];
};

struct bench {
  mstep_engine *engine;
  double until_s;
  unsigned callers, under_way;
  unsigned long long done;
  struct caller all[CALLERS_MAX];
};

static double now_s(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void call(struct caller *caller, const char *operation, const char *request,
                 mstep_reply_cb cb)
{
  if (mstep_call(caller->bench->engine, operation, (mstep_str){request, strlen(request)}, cb,
                 caller) != 0) {
    fprintf(stderr, "%s: %s\n", operation, mstep_last_error());
    exit(1);
  }
}

/* False: the time is over. */
static int goes_on(struct bench *bench)
{
  if (now_s() < bench->until_s) {
    return 1;
  }
  if (--bench->under_way == 0) {
    mstep_engine_stop(bench->engine);
  }
  return 0;
}

static void check(int status, mstep_str reply)
{
  if (status != 0) {
    fprintf(stderr, "%.*s\n", (int)reply.len, reply.data);
    exit(1);
  }
}

static void on_sent(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  static const char request[] =
      "{" URL
      ",\"MessageBody\":\"A message of about one hundred bytes, which is what many of those "
      "that are sent to queues have in them.\"}";
  struct caller *caller = user;
  (void)engine;
  if (reply.data != NULL) {
    check(status, reply);
    caller->bench->done++;
  }
  if (goes_on(caller->bench)) {
    call(caller, "sqs:SendMessage", request, on_sent);
  }
}

static void on_deleted(mstep_engine *engine, int status, mstep_str reply, void *user);

static void on_received(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  static const char name[] = "\"ReceiptHandle\":\"";
  struct caller *caller = user;
  char request[256];
  (void)engine;
  check(status, reply);
  const char *at = memmem(reply.data, reply.len, name, sizeof name - 1);
  if (at == NULL) { /* the queue is empty */
    caller->bench->until_s = 0;
    goes_on(caller->bench);
    return;
  }
  at += sizeof name - 1;
  snprintf(request, sizeof request, "{" URL ",\"ReceiptHandle\":\"%.*s\"}", (int)strcspn(at, "\""),
           at);
  call(caller, "sqs:DeleteMessage", request, on_deleted);
}

static void on_deleted(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  struct caller *caller = user;
  (void)engine;
  if (reply.data != NULL) {
    check(status, reply);
    caller->bench->done++;
  }
  if (goes_on(caller->bench)) {
    call(caller, "sqs:ReceiveMessage", "{" URL "}", on_received);
  }
}

static double run(struct bench *bench, unsigned callers, double seconds, mstep_reply_cb first)
{
  double began_s = now_s();
  bench->until_s = began_s + seconds;
  bench->callers = bench->under_way = callers;
  bench->done = 0;
  for (unsigned i = 0; i < callers; i++) {
    bench->all[i].bench = bench;
    first(bench->engine, 0, (mstep_str){NULL, 0}, &bench->all[i]);
  }
  mstep_engine_run(bench->engine);
  return (double)bench->done / (now_s() - began_s);
}

static void on_created(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  (void)user;
  check(status, reply);
  mstep_engine_stop(engine);
}

int main(int argc, char **argv)
{
  static const unsigned counts[] = {1, 64, 1024};
  static struct bench bench;
  char path[512], url[600];
  double seconds = argc > 2 ? strtod(argv[2], NULL) : 3;
  snprintf(path, sizeof path, "%s/bench_queue.%d.db", argc > 1 ? argv[1] : "/tmp", (int)getpid());
  snprintf(url, sizeof url, "sqlite:%s", path);
  mstep_options options;
  mstep_options_init(&options, MSTEP_OPTIONS_VERSION);
  options.store = url;
  if (mstep_engine_open(&bench.engine, &options) != 0) {
    fprintf(stderr, "%s\n", mstep_last_error());
    return 1;
  }
  static const char create[] = "{\"QueueName\":\"q\"}";
  mstep_call(bench.engine, "sqs:CreateQueue", (mstep_str){create, sizeof create - 1}, on_created,
             NULL);
  mstep_engine_run(bench.engine);
  printf("%8s %14s %22s\n", "callers", "sends/s", "receives + deletes/s");
  for (int i = 0; i < 3; i++) {
    double sends = run(&bench, counts[i], seconds, on_sent);
    double receives = run(&bench, counts[i], seconds, on_deleted);
    printf("%8u %14.0f %22.0f\n", counts[i], sends, receives);
    fflush(stdout);
  }
  mstep_engine_close(bench.engine);
  unlink(path);
  snprintf(url, sizeof url, "%s-wal", path);
  unlink(url);
  snprintf(url, sizeof url, "%s-shm", path);
  unlink(url);
  return 0;
}
