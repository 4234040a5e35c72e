/* See rough_life.h. */
#include "rough_life.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "mt.h"

static void on_done(struct ms_callback callback, const struct ms_engine_end *end, void *host)
{
  struct rough_life *life = host;
  (void)callback;
  life->done++;
  life->status = end->status;
}

static void on_accepted(struct ms_callback callback, int code, const char *detail, void *host)
{
  struct rough_life *life = host;
  (void)callback;
  (void)detail;
  mt_ok(code == 0 || code == MSTEP_EIO);
  life->accepted += code == 0;
  life->unknown += code != 0;
}

static void answer(struct rough_life *life, const char *token, bool is_busy)
{
  int err = is_busy
                ? ms_engine_task_failure(life->engine, ms_str_c(token), MS_STR("Busy"), MS_STR("c"))
                : ms_engine_task_success(life->engine, ms_str_c(token), MS_STR("[1,2]"));
  mt_ok(err == 0 || err == MSTEP_ENOMEM || err == MSTEP_EIO || err == MSTEP_ENOTFOUND);
  if ((err == MSTEP_ENOMEM || err == MSTEP_EIO) && life->refused_count < 8) {
    snprintf(life->refused[life->refused_count++], sizeof life->refused[0], "%s", token);
  }
}

void rough_answer_again(struct rough_life *life)
{
  unsigned count = life->refused_count;
  char tokens[8][128];
  memcpy(tokens, life->refused, sizeof tokens);
  life->refused_count = 0;
  for (unsigned i = 0; i < count; i++) {
    answer(life, tokens[i], false);
  }
}

static void on_task(struct ms_callback callback, const char *token, const char *resource,
                    struct ms_str input, void *host)
{
  struct rough_life *life = host;
  (void)callback;
  (void)resource;
  (void)input;
  life->tasks++;
  snprintf(life->token, sizeof life->token, "%s", token);
  if (!life->is_silent) {
    answer(life, token, life->tasks == 1);
  }
}

static void on_event(struct ms_callback callback, const struct ms_engine_event *event, void *host)
{
  (void)callback;
  (void)event;
  (void)host;
}

static void on_log(int level, const char *module, struct ms_str line, void *host)
{
  (void)level;
  (void)module;
  (void)line;
  (void)host;
}

struct ms_callback rough_callback(void)
{
  return (struct ms_callback){(void (*)(void))on_log, NULL};
}

int rough_open(struct rough_life *life, const char *url)
{
  const struct ms_engine_options options = {
      .region = "us-east-1",
      .account = "000000000000",
      .role_arn = "arn:aws:iam::000000000000:role/r",
      .is_virtual_time = true,
      .start_at_ms = 1704067200000,
      .seed = 7,
      .is_history_kept = true,
      .store_url = url,
      .durability = MS_DURABILITY_NONE,
      .functions_dir = life->functions_dir,
      .host = {on_done, on_task, NULL, NULL, on_accepted, on_event, on_log, life, NULL},
  };
  int err = ms_engine_open(&life->engine, &options);
  return err != 0 ? err
                  : ms_engine_task_register(life->engine, MS_STR("*"), rough_callback());
}

int rough_create(struct rough_life *life)
{
  char arn[MS_ENGINE_ARN_SIZE];
  const struct ms_engine_machine_request request = {
      .name = MS_STR("m"), .definition = ms_str_c(life->definition),
      .is_express = life->is_express,
      .log_level = MS_LOG_ALL,
      .is_update = true};
  return ms_engine_machine_create(arn, life->engine, &request, NULL, NULL);
}

int rough_start(struct rough_life *life, const char *name)
{
  const struct ms_engine_start begin = {.machine_arn = MS_STR(ROUGH_MACHINE_ARN),
                                        .name = ms_str_c(name),
                                        .input = MS_STR("[1,2]"),
                                        .accepted = rough_callback(),
                                        .done = rough_callback()};
  int err = ms_engine_execution_start(life->arn, life->engine, &begin);
  life->waits += err == 0;
  return err;
}

void rough_run(struct rough_life *life, int64_t ms)
{
  mt_eq_int(ms_engine_run_until(life->engine, ms_engine_now_ms(life->engine) + ms), 0);
}

int rough_look(struct rough_life *life, const char *arn, bool *has_succeeded)
{
  struct ms_buf out;
  ms_buf_init(&out, 0);
  int err = ms_engine_execution_describe(&out, life->engine, ms_str_c(arn));
  *has_succeeded = err == 0 && strstr(out.data, "\"status\":\"SUCCEEDED\"") != NULL;
  ms_buf_deinit(&out);
  return err;
}

const char *rough_status(struct rough_life *life, const char *arn)
{
  static const char *const statuses[] = {"RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"};
  struct ms_buf out;
  const char *status = NULL;
  ms_buf_init(&out, 0);
  if (ms_engine_execution_describe(&out, life->engine, ms_str_c(arn)) == 0) {
    for (size_t i = 0; i < 5 && status == NULL; i++) {
      const char *text = mt_format("\"status\":\"%s\"", statuses[i]);
      status = strstr(out.data, text) != NULL ? statuses[i] : NULL;
    }
  }
  ms_buf_deinit(&out);
  return status;
}
