/* The same start twice: the second one is told nothing that is not true of the first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "mt.h"
#include "runtime/runtime.h"

#define MACHINE_ARN "arn:aws:states:us-east-1:000000000000:stateMachine:m"
#define PASS "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Pass\",\"End\":true}}}"
#define STARTS 300 /* more than one turn takes */

struct record {
  unsigned accepted[STARTS + 1]; /* in which order */
  unsigned next;
  unsigned done;
};

static void on_accepted(struct ms_callback callback, int code, const char *detail, void *host)
{
  struct record *record = host;
  (void)detail;
  mt_eq_int(code, 0);
  record->accepted[(size_t)((char *)callback.user - (char *)record)] = ++record->next;
}

static void on_done(struct ms_callback callback, const struct ms_engine_end *end, void *host)
{
  struct record *record = host;
  (void)callback;
  (void)end;
  record->done++;
}

static void on_log(int level, const char *module, struct ms_str line, void *host)
{
  (void)level;
  (void)host;
  mt_note("%s: %.*s", module, MS_STR_ARG(line));
}

static struct ms_engine *open_engine(struct record *record, const char *url)
{
  struct ms_engine *engine = NULL;
  const struct ms_engine_options options = {
      .region = "us-east-1",
      .account = "000000000000",
      .role_arn = "arn:aws:iam::000000000000:role/r",
      .is_virtual_time = true,
      .start_at_ms = 1000000,
      .seed = 7,
      .store_url = url,
      .host = {.done = on_done, .accepted = on_accepted, .log = on_log, .host = record},
  };
  mt_eq_int(ms_engine_open(&engine, &options), 0);
  char arn[MS_ENGINE_ARN_SIZE];
  const struct ms_engine_machine_request request = {.name = MS_STR("m"),
                                                    .definition = MS_STR(PASS)};
  mt_eq_int(ms_engine_machine_create(arn, engine, &request, NULL, NULL), 0);
  return engine;
}

static int start(struct ms_engine *engine, struct record *record, unsigned name, unsigned slot)
{
  char arn[MS_ENGINE_ARN_SIZE], text[16];
  snprintf(text, sizeof text, "e%u", name);
  const struct ms_callback accepted = {(void (*)(void))on_accepted, (char *)record + slot};
  const struct ms_engine_start request = {.machine_arn = MS_STR(MACHINE_ARN),
                                          .name = ms_str_c(text),
                                          .accepted = accepted,
                                          .done = accepted};
  return ms_engine_execution_start(arn, engine, &request);
}

static void start_twice(const char *url)
{
  struct record record = {0};
  struct ms_engine *engine = open_engine(&record, url);
  for (unsigned i = 0; i < STARTS; i++) {
    mt_eq_int(start(engine, &record, i, i), 0);
  }
  mt_eq_int(start(engine, &record, STARTS - 1, STARTS), 0);
  mt_eq_int(ms_engine_run(engine), 0);
  mt_eq_int(record.next, STARTS + 1);
  mt_eq_int(record.done, STARTS + 1);
  mt_eq_int(record.accepted[STARTS - 1], STARTS);
  mt_eq_int(record.accepted[STARTS], STARTS + 1);
  mt_eq_int(start(engine, &record, 0, 0), MSTEP_EEXISTS);
  ms_engine_close(engine);
}

MT_TEST(start_again__accepted_behind_the_first)
{
  start_twice(mt_format("sqlite:%s/a.db", mt_tmpdir()));
}

MT_TEST(start_again__accepted_behind_the_first_without_a_store)
{
  start_twice(NULL);
}
