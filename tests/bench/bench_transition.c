/*
 * Transitions a second on one core, in memory, through the public header: machines of Pass and
 * Choice states, and machines of one Lua task after the other. Counted in processor time. One JSON
 * object on standard output.
 *
 *   bench_transition [EXECUTIONS [TASK-EXECUTIONS]]
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mstep/mstep.h"

#define STATES 100  /* of a chain; half of them Pass, half Choice */
#define TASKS 20    /* of a Lua chain */
#define AT_ONCE 100 /* executions open together */
#define DEFINITION_MAX 65536

static const char input[] = "{\"order\":{\"id\":\"o-1042\",\"total\":129.5,\"currency\":\"EUR\","
                            "\"items\":[{\"sku\":\"A-1\",\"count\":2},"
                            "{\"sku\":\"B-7\",\"count\":1}],\"address\":{\"street\":\"Main Street "
                            "1\",\"city\":\"Utrecht\",\"zip\":"
                            "\"3511\"}},\"customer\":{\"id\":77,\"tier\":\"gold\",\"since\":\"2019-"
                            "04-01T00:00:00Z\"},\"n\":7,\"tags\":"
                            "[\"new\",\"web\"],\"notes\":\"leave at the door, ring twice\"}";

struct counter {
  long ended, failed;
};

/* Seconds of processor time: what one core does, whoever else wants it. */
static double now_seconds(void)
{
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void on_done(mstep_engine *engine, const char *arn, mstep_status status, mstep_str output,
                    mstep_str error, mstep_str cause, void *user)
{
  struct counter *counter = user;
  (void)output;
  counter->ended++;
  if (status != MSTEP_SUCCEEDED) {
    if (counter->failed++ == 0) {
      fprintf(stderr, "%.*s: %.*s\n", (int)error.len, error.data, (int)cause.len, cause.data);
    }
  }
  mstep_execution_purge(engine, arn);
}

static void check(int err, const char *what)
{
  if (err != 0) {
    fprintf(stderr, "%s: %s (%s)\n", what, mstep_strerror(err), mstep_last_error());
    exit(1);
  }
}

static size_t put_state(char *to, size_t room, int i, int count, bool is_task)
{
  char next[64];
  snprintf(next, sizeof next, "s%d", i + 1);
  const char *go = i + 1 < count ? next : "end";
  int len;
  if (is_task) {
    len =
        snprintf(to, room,
                 ",\"s%d\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:lambda:us-east-1:000000000000:"
                 "function:echo\",\"Next\":\"%s\"}",
                 i, go);
  } else if (i % 2 == 0) {
    len = snprintf(
        to, room,
        ",\"s%d\":{\"Type\":\"Pass\",\"Result\":%d,\"ResultPath\":\"$.step\",\"Next\":\"%s\"}", i,
        i, go);
  } else {
    len = snprintf(
        to, room,
        ",\"s%d\":{\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$.n\",\"NumericLessThan\":5,"
        "\"Next\":\"end\"},{\"Variable\":\"$.customer.tier\",\"StringEquals\":\"silver\",\"Next\":"
        "\"end\"},{\"Variable\":\"$.n\",\"NumericEquals\":7,\"Next\":\"%s\"}]}",
        i, go);
  }
  return (size_t)len;
}

static void make_machine(mstep_arn *arn, mstep_engine *engine, const char *name, int count,
                         bool is_task)
{
  static char text[DEFINITION_MAX];
  size_t len = (size_t)snprintf(text, sizeof text,
                                "{\"StartAt\":\"s0\",\"States\":{\"end\":{\"Type\":\"Succeed\"}");
  for (int i = 0; i < count; i++) {
    len += put_state(text + len, sizeof text - len, i, count, is_task);
  }
  len += (size_t)snprintf(text + len, sizeof text - len, "}}");
  check(mstep_state_machine_create(arn, engine, name, (mstep_str){text, len}, NULL, NULL, NULL),
        name);
}

/* Seconds for that many executions. */
static double run_many(mstep_engine *engine, const mstep_arn *machine, mstep_str with,
                       long executions)
{
  struct counter counter = {0, 0};
  double start = now_seconds();
  for (long i = 0; i < executions; i++) {
    mstep_arn arn;
    check(mstep_execution_start(&arn, engine, machine->text, NULL, with, on_done, &counter),
          "start");
    if ((i + 1) % AT_ONCE == 0 || i + 1 == executions) {
      check(mstep_engine_run(engine), "run");
    }
  }
  double seconds = now_seconds() - start;
  if (counter.ended != executions || counter.failed != 0) {
    fprintf(stderr, "%ld of %ld executions ended, %ld failed\n", counter.ended, executions,
            counter.failed);
    exit(1);
  }
  return seconds;
}

static mstep_engine *open_engine(bool is_history_kept)
{
  mstep_options options;
  check(mstep_options_init(&options, MSTEP_OPTIONS_VERSION), "options");
  options.workers = 0;
  options.seed = 1;
  options.is_history_kept = is_history_kept;
  mstep_engine *engine;
  check(mstep_engine_open(&engine, &options), "open");
  return engine;
}

static const mstep_str document = {input, sizeof input - 1};
static const mstep_str small_document = {"{\"n\":7}", 7};

static double chain_rate(long executions, bool is_history_kept)
{
  mstep_engine *engine = open_engine(is_history_kept);
  mstep_arn machine;
  make_machine(&machine, engine, "chain", STATES, false);
  run_many(engine, &machine, document, AT_ONCE); /* warm */
  double rate =
      (double)executions * (STATES + 1) / run_many(engine, &machine, document, executions);
  check(mstep_engine_close(engine), "close");
  return rate;
}

static double task_rate(long executions, mstep_str with)
{
  static const char source[] = "return function(event, context) return event end";
  mstep_engine *engine = open_engine(true);
  check(mstep_function_load(engine, "echo", (mstep_str){source, sizeof source - 1}), "function");
  mstep_arn machine;
  make_machine(&machine, engine, "tasks", TASKS, true);
  run_many(engine, &machine, with, AT_ONCE);
  double rate = (double)executions * TASKS / run_many(engine, &machine, with, executions);
  check(mstep_engine_close(engine), "close");
  return rate;
}

int main(int argc, char **argv)
{
  long executions = argc > 1 ? strtol(argv[1], NULL, 10) : 20000;
  long task_executions = argc > 2 ? strtol(argv[2], NULL, 10) : 20000;
  double kept = chain_rate(executions, true);
  double plain = chain_rate(executions, false);
  double tasks = task_executions > 0 ? task_rate(task_executions, small_document) : 0;
  double large = task_executions > 0 ? task_rate(task_executions, document) : 0;
  printf("{\"bench\":\"transition\",\"document_bytes\":%zu,\"transitions_per_second\":%.0f,"
         "\"transitions_per_second_without_history\":%.0f,\"lua_tasks_per_second\":%.0f,"
         "\"lua_tasks_per_second_with_document\":%.0f}\n",
         document.len, kept, plain, tasks, large);
  return 0;
}
