/*
 * Memory of executions that wait: bytes from the allocator for each, beyond its document, history
 * included. The document is measured by itself: the same text parsed once per execution. One JSON
 * object on standard output.
 *
 *   bench_waiting [EXECUTIONS]
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "mstep/mstep.h"
#include "json/json.h"

static const char definition[] =
    "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":86400,\"End\":true}}}";
static const char task_definition[] =
    "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":"
    "\"arn:aws:states:us-east-1:000000000000:activity:work\",\"TimeoutSeconds\":86400,\"End\":true}"
    "}}";
static const char input[] = "{\"order\":\"o-1042\",\"total\":129.5}";

/* Bytes in use, with what the allocator itself adds to each block. */
static size_t used_bytes(void)
{
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

static void check(int err, const char *what)
{
  if (err != 0) {
    fprintf(stderr, "%s: %s (%s)\n", what, mstep_strerror(err), mstep_last_error());
    exit(1);
  }
}

static size_t document_bytes(long count)
{
  struct ms_json *values = ms_calloc((size_t)count, sizeof *values);
  size_t before = used_bytes();
  for (long i = 0; i < count; i++) {
    check(ms_json_parse(&values[i], MS_STR(input), NULL, NULL), "parse");
  }
  size_t each = (used_bytes() - before) / (size_t)count;
  for (long i = 0; i < count; i++) {
    ms_json_unref(values[i]);
  }
  ms_free(values);
  return each;
}

/* Lets the loop go round often enough for all that was started to get to its Wait. */
static void go_round(mstep_engine *engine, void *user)
{
  int *rounds = user;
  if (--*rounds > 0) {
    check(mstep_engine_post(engine, go_round, rounds), "post");
  } else {
    mstep_engine_stop(engine);
  }
}

static void run_rounds(mstep_engine *engine, int rounds)
{
  check(mstep_engine_post(engine, go_round, &rounds), "post");
  check(mstep_engine_run(engine), "run");
}

static void never_answer(mstep_engine *engine, const char *token, const char *resource,
                         mstep_str task_input, void *user)
{
  (void)engine;
  (void)token;
  (void)resource;
  (void)task_input;
  (void)user;
}

static size_t execution_bytes(long count, const char *machine_text, int is_history_kept)
{
  mstep_options options;
  check(mstep_options_init(&options, MSTEP_OPTIONS_VERSION), "options");
  options.workers = 0;
  options.seed = 1;
  options.is_history_kept = is_history_kept;
  mstep_engine *engine;
  check(mstep_engine_open(&engine, &options), "open");
  mstep_arn machine, arn;
  check(mstep_state_machine_create(&machine, engine, "waiting",
                                   (mstep_str){machine_text, strlen(machine_text)}, NULL, NULL,
                                   NULL),
        "machine");
  check(mstep_task_register(engine, "*", never_answer, NULL), "register");
  size_t before = used_bytes();
  for (long i = 0; i < count; i++) {
    check(mstep_execution_start(&arn, engine, machine.text, NULL,
                                (mstep_str){input, sizeof input - 1}, NULL, NULL),
          "start");
    if (i % 1000 == 999 || i + 1 == count) {
      run_rounds(engine, 16);
    }
  }
  size_t each = (used_bytes() - before) / (size_t)count;
  check(mstep_engine_close(engine), "close");
  return each;
}

int main(int argc, char **argv)
{
  long count = argc > 1 ? strtol(argv[1], NULL, 10) : 100000;
  size_t document = document_bytes(count);
  size_t kept = execution_bytes(count, definition, 1);
  size_t plain = execution_bytes(count, definition, 0);
  size_t task = execution_bytes(count, task_definition, 1);
  printf("{\"bench\":\"waiting\",\"executions\":%ld,\"document_text_bytes\":%zu,\"document_bytes\":"
         "%zu,"
         "\"execution_bytes\":%zu,\"execution_bytes_beyond_document\":%zu,"
         "\"without_history_beyond_document\":%zu,\"waiting_for_host_beyond_document\":%zu}\n",
         count, sizeof input - 1, document, kept, kept - document, plain - document,
         task - document);
  return 0;
}
