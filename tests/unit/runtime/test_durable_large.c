/*
 * Executions that write much: what one command does is tried in smaller pieces when it is more than a commit
 * can hold, and one that cannot be helped does not hold up the others.
 */
#include <string.h>

#include "base/error.h"
#include "core/execution.h"
#include "mt.h"
#include "rough_life.h"

static void limit(struct rough_life *life, size_t bytes)
{
  const struct ms_engine_journal_limits limits = {.write_bytes = bytes};
  ms_engine_set_journal_limits(life->engine, &limits);
}

/* After a Wait, or at once, so many states that each make the document longer. */
static char *growing(bool waits, unsigned states, unsigned bytes)
{
  struct ms_buf out;
  ms_buf_init(&out, 0);
  ms_buf_printf(&out, "{\"StartAt\":\"%s\",\"States\":{%s", waits ? "W" : "S0",
                waits ? "\"W\":{\"Type\":\"Wait\",\"Seconds\":5,\"Next\":\"S0\"}," : "");
  for (unsigned i = 0; i < states; i++) {
    ms_buf_printf(&out, "\"S%u\":{\"Type\":\"Pass\",\"Result\":\"", i);
    for (unsigned j = 0; j < bytes; j++) {
      ms_buf_char(&out, 'a');
    }
    ms_buf_printf(&out, "\",\"ResultPath\":\"$.x%u\",\"Next\":\"S%u\"},", i, i + 1);
  }
  ms_buf_printf(&out, "\"S%u\":{\"Type\":\"Succeed\"}}}", states);
  char *text = mt_format("%s", out.data);
  ms_buf_deinit(&out);
  return text;
}

static const char *run_growing(bool waits, size_t max_bytes, unsigned *failures)
{
  struct rough_life life = {.definition = growing(waits, 40, 1000)};
  mt_eq_int(rough_open(&life, "memory:"), 0);
  limit(&life, max_bytes);
  mt_eq_int(rough_create(&life), 0);
  const char *status = NULL;
  for (unsigned i = 0; i < 20; i++) {
    if (status == NULL) {
      const struct ms_engine_start start = {.machine_arn = MS_STR(ROUGH_MACHINE_ARN),
                                            .name = MS_STR("e"),
                                            .accepted = rough_callback()};
      mt_eq_int(ms_engine_execution_start(life.arn, life.engine, &start), 0);
    }
    rough_run(&life, 10000);
    mt_eq_int(ms_engine_store_status(life.engine), 0);
    status = rough_status(&life, ROUGH_ARN "e");
  }
  *failures = life.unknown;
  mt_eq_int(ms_engine_close(life.engine), 0);
  return status;
}

MT_TEST(durable_large__in_smaller_pieces)
{
  unsigned failures;
  mt_eq_str(run_growing(false, 0, &failures), "SUCCEEDED");
  mt_eq_int(failures, 0);
  mt_eq_str(run_growing(true, 200000, &failures), "SUCCEEDED");
  mt_eq_int(failures, 0);
  mt_eq_str(run_growing(false, 200000, &failures), "SUCCEEDED");
  mt_ok(failures > 0); /* a start that wrote too much is unknown, the next one of its machine is not */
  mt_eq_str(run_growing(true, 100000, &failures), "SUCCEEDED");
}

/* One step of it is too large. Others go on. */
MT_TEST(durable_large__stopped_when_nothing_helps)
{
  unsigned failures;
  mt_eq_str(run_growing(true, 30000, &failures), "ABORTED");

  struct rough_life life = {.definition = ROUGH_ONE_TASK, .is_silent = true, .tasks = 1};
  mt_eq_int(rough_open(&life, "memory:"), 0);
  limit(&life, 30000);
  mt_eq_int(rough_create(&life), 0);
  mt_eq_int(rough_start(&life, "e"), 0);
  rough_run(&life, 1000);
  char *text = mt_format("\"%0*d\"", 40000, 0);
  mt_eq_int(ms_engine_task_success(life.engine, ms_str_c(life.token), ms_str_c(text)), 0);
  for (unsigned i = 0; i < 20; i++) {
    rough_run(&life, 1000);
    /* Asked again after each failure, it answers the same. */
    (void)ms_engine_task_success(life.engine, ms_str_c(life.token), ms_str_c(text));
  }
  mt_eq_str(rough_status(&life, ROUGH_ARN "e"), "ABORTED");
  mt_eq_int(life.done, 1);
  life.is_silent = false;
  mt_eq_int(rough_start(&life, "f"), 0);
  rough_run(&life, 1000);
  mt_eq_str(rough_status(&life, ROUGH_ARN "f"), "SUCCEEDED");
  mt_eq_int(ms_engine_close(life.engine), 0);
}

/* No setting: 200 documents of 2 MB are more than a commit can hold, and are written one after the other. */
MT_TEST(durable_large__many_large_documents)
{
  struct rough_life life = {.definition = growing(false, 200, 1)};
  size_t size = (size_t)2 << 20;
  char *input = mt_format("{\"a\":\"%0*d\"}", (int)size, 0);
  const struct ms_engine_start start = {.machine_arn = MS_STR(ROUGH_MACHINE_ARN),
                                        .name = MS_STR("e"),
                                        .input = ms_str_c(input),
                                        .accepted = rough_callback(),
                                        .done = rough_callback()};
  mt_eq_int(rough_open(&life, "memory:"), 0);
  mt_eq_int(rough_create(&life), 0);
  mt_eq_int(ms_engine_execution_start(life.arn, life.engine, &start), 0);
  rough_run(&life, 1000);
  mt_eq_int(life.accepted, 1);
  mt_eq_int(life.done, 1);
  mt_eq_int(life.status, MS_EXECUTION_SUCCEEDED);
  mt_eq_int(ms_engine_close(life.engine), 0);
}
