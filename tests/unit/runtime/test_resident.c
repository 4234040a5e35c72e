/* Executions that are away come back when somebody asks for them, and go again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "mt.h"
#include "runtime/runtime.h"

#define MACHINE_ARN "arn:aws:states:us-east-1:000000000000:stateMachine:m"
#define EXECUTION_ARN "arn:aws:states:us-east-1:000000000000:execution:m:"
#define WAITS                                                                                      \
  "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":3600,\"End\":true}}}"
#define COUNT 400

static size_t blocks; /* allocated */

static void *resize(void *user, void *block, size_t size)
{
  (void)user;
  blocks += (size_t)(block == NULL && size > 0) - (size_t)(block != NULL && size == 0);
  if (size == 0) {
    free(block);
    return NULL;
  }
  return realloc(block, size);
}

static void on_done(struct ms_callback callback, const struct ms_engine_end *end, void *host)
{
  (void)callback;
  (void)end;
  ++*(unsigned *)host;
}

static void on_log(int level, const char *module, struct ms_str line, void *host)
{
  (void)level;
  (void)module;
  (void)line;
  (void)host;
}

static struct ms_engine *open_engine(unsigned *done)
{
  struct ms_engine *engine = NULL;
  char arn[MS_ENGINE_ARN_SIZE];
  const struct ms_engine_options options = {
      .region = "us-east-1",
      .account = "000000000000",
      .role_arn = "arn:aws:iam::000000000000:role/r",
      .is_virtual_time = true,
      .start_at_ms = 1000000,
      .seed = 7,
      .is_history_kept = true,
      .store_url = mt_format("sqlite:%s/a.db", mt_tmpdir()),
      .host = {.done = on_done, .log = on_log, .host = done},
  };
  const struct ms_engine_machine_request machine = {.name = MS_STR("m"),
                                                    .definition = MS_STR(WAITS)};
  mt_eq_int(ms_engine_open(&engine, &options), 0);
  mt_eq_int(ms_engine_machine_create(arn, engine, &machine, NULL, NULL), 0);
  return engine;
}

/* What asks for one that is away. */
static void ask(struct ms_engine *engine, unsigned what, unsigned n)
{
  struct ms_buf out;
  struct ms_str arn = ms_str_c(mt_format("%se%u", EXECUTION_ARN, n));
  char again[MS_ENGINE_ARN_SIZE];
  ms_buf_init(&out, 0);
  if (what == 0) {
    mt_eq_int(ms_engine_execution_describe(&out, engine, arn), 0);
  } else if (what == 1) {
    const struct ms_engine_history request = {.arn = arn};
    mt_eq_int(ms_engine_execution_history(&out, engine, &request), 0);
  } else {
    const struct ms_engine_start request = {.machine_arn = MS_STR(MACHINE_ARN),
                                            .name = ms_str_c(mt_format("e%u", n)),
                                            .input = MS_STR("[1,2,3]")};
    mt_eq_int(ms_engine_execution_start(again, engine, &request), 0);
  }
  ms_buf_deinit(&out);
}

MT_TEST(resident__what_is_looked_at_goes_away_again)
{
  unsigned done = 0;
  ms_alloc_set(&(struct ms_allocator){resize, NULL});
  struct ms_engine *engine = open_engine(&done);
  ms_engine_set_resident_max(engine, 5);
  for (unsigned n = 0; n < COUNT; n++) {
    char arn[MS_ENGINE_ARN_SIZE];
    const struct ms_engine_start request = {.machine_arn = MS_STR(MACHINE_ARN),
                                            .name = ms_str_c(mt_format("e%u", n)),
                                            .input = MS_STR("[1,2,3]"),
                                            .done = {(void (*)(void))on_done, NULL}};
    mt_eq_int(ms_engine_execution_start(arn, engine, &request), 0);
  }
  mt_eq_int(ms_engine_run_until(engine, 1010000), 0);
  for (unsigned what = 0; what < 3; what++) {
    size_t before = blocks;
    for (unsigned n = 0; n < COUNT; n++) {
      ask(engine, what, n);
    }
    mt_eq_int(ms_engine_run_until(engine, 1020000 + 1000 * what), 0);
    mt_note("%zu blocks before, %zu afterwards", before, blocks);
    mt_ok(blocks < before + COUNT / 2);
  }
  mt_eq_int(ms_engine_run(engine), 0);
  mt_eq_int(done, COUNT);
  mt_eq_int(ms_engine_close(engine), 0);
  mt_eq_int(blocks, 0);
  ms_alloc_set(NULL);
}
