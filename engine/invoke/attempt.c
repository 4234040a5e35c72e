/*
 * One attempt at an event, and what follows from its outcome: an end, another attempt later, or, when it was
 * throttled, the same attempt later.
 */
#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "invoke/internal.h"

#define AGAIN_MS 1000 /* after something of the engine's own lacked */

/* ---- configuration ---- */

/* As it is now; when the function is gone, as it was. Owned. */
static struct ms_json event_config(const struct ms_queued *queued)
{
  struct ms_json row = ms_invoke_row(queued->invoke, queued->name.name);
  struct ms_json config = ms_invoke_event_config(queued->invoke, &queued->name);
  if (!ms_json_is_none(row) || queued->fallback.len == 0) {
    return ms_json_ref(config);
  }
  struct ms_json fallback;
  if (ms_json_parse(&fallback, queued->fallback, NULL, NULL) != 0) {
    return MS_JSON_VALUE_NONE;
  }
  config = ms_json_ref(ms_json_getc(fallback, "EventInvokeConfig"));
  ms_json_unref(fallback);
  return config;
}

static int64_t number_of(struct ms_json object, const char *name, int64_t standard)
{
  int64_t value;
  return ms_json_to_int(&value, ms_json_getc(object, name)) && value >= 0 ? value : standard;
}

static int64_t too_old_at_ms(const struct ms_queued *queued, struct ms_json config)
{
  return queued->accepted_at_ms +
         1000 * number_of(config, "MaximumEventAgeInSeconds", MS_INVOKE_AGE_MAX_S);
}

/*
 * The pause behind the attempts that were made: 1, 2, 4 ... minutes, or as RetryBackoff says, which is ours:
 * IntervalSeconds, BackoffRate, MaxDelaySeconds, JitterStrategy (FULL or NONE).
 */
static int64_t pause_ms(const struct ms_queued *queued, struct ms_json config)
{
  struct ms_json backoff = ms_json_getc(config, "RetryBackoff");
  struct ms_json interval = ms_json_getc(backoff, "IntervalSeconds");
  struct ms_json rate = ms_json_getc(backoff, "BackoffRate");
  struct ms_json maximum = ms_json_getc(backoff, "MaxDelaySeconds");
  double ms = ms_json_is_number(interval) ? ms_json_number(interval) * 1000 : MS_INVOKE_RETRY_MS;
  double factor = ms_json_is_number(rate) ? ms_json_number(rate) : 2;
  ms *= pow(factor, queued->attempts > 0 ? queued->attempts - 1 : 0);
  double most = ms_json_is_number(maximum) ? ms_json_number(maximum) * 1000 : 1e12;
  ms = ms < most ? ms : most;
  if (ms_str_is(ms_json_text(ms_json_getc(backoff, "JitterStrategy")), "FULL")) {
    ms *= ms_random_double(queued->invoke->env->random);
  }
  return ms >= 0 ? (int64_t)ms : 0;
}

/* ---- later ---- */

/* An attempt that counts has failed. */
static void attempt_failed(struct ms_queued *queued)
{
  struct ms_json config = event_config(queued);
  int64_t retries = number_of(config, "MaximumRetryAttempts", MS_INVOKE_RETRIES);
  int64_t at_ms = ms_loop_now_ms(queued->invoke->env->loop) + pause_ms(queued, config);
  bool is_too_old = at_ms >= too_old_at_ms(queued, config);
  ms_json_unref(config);
  queued->throttle_ms = 0;
  queued->is_begun = queued->is_cut = false;
  if ((int64_t)queued->attempts > retries) {
    ms_queued_end(queued, MS_INVOKE_RETRIES_EXHAUSTED);
  } else if (is_too_old) {
    ms_queued_end(queued, MS_INVOKE_AGE_EXCEEDED);
  } else {
    queued->not_before_ms = at_ms;
    ms_queued_save(queued);
    ms_queued_wait(queued, at_ms);
  }
}

/* There was no room for it: uses up no attempt, and is not worth a commit. */
static void attempt_throttled(struct ms_queued *queued)
{
  struct ms_json config = event_config(queued);
  int64_t pause = queued->throttle_ms == 0 ? MS_INVOKE_THROTTLE_MS : 2 * queued->throttle_ms;
  queued->throttle_ms = pause < MS_INVOKE_THROTTLE_MAX_MS ? pause : MS_INVOKE_THROTTLE_MAX_MS;
  int64_t at_ms = ms_loop_now_ms(queued->invoke->env->loop) + queued->throttle_ms;
  bool is_too_old = at_ms >= too_old_at_ms(queued, config);
  ms_json_unref(config);
  if (is_too_old) {
    ms_queued_end(queued, MS_INVOKE_AGE_EXCEEDED);
  } else {
    if (queued->is_begun) { /* it has not */
      queued->is_begun = false;
      ms_queued_save(queued);
    }
    ms_queued_wait(queued, at_ms);
  }
}

/* ---- attempts that end with the process ---- */

/*
 * An event that was there when the engine started may be what ended the last run of it: its attempts are written down
 * before they begin. So one that takes the process with it each time has an end, too. Others are spared the
 * commit, which is why the first time does not count.
 */
static bool must_mark(const struct ms_queued *queued)
{
  const struct ms_invoke *invoke = queued->invoke;
  return !queued->is_begun && queued->number < invoke->recovered_below &&
         invoke->env->ledger.reader != NULL;
}

static void on_marked(int code, void *arg)
{
  struct ms_queued *queued = arg;
  struct ms_invoke *invoke = queued->invoke;
  queued->holds--;
  invoke->run_count--;
  if (queued->is_dropped) {
    ms_queued_drop(queued);
  } else if (code == 0) {
    queued->is_stored = true;
    ms_queued_attempt(queued);
  } /* else load brings back what there is */
  ms_invoke_go(invoke);
}

/* Takes its place among those that run meanwhile, so that not all of them are in memory at once. */
static int mark(struct ms_queued *queued)
{
  const struct ms_ledger *ledger = &queued->invoke->env->ledger;
  struct ms_batch *batch;
  int err = ledger->begin(&batch, ledger->user);
  if (err != 0) {
    return err;
  }
  queued->is_begun = true;
  queued->is_stored = false;
  int put_err = ms_queued_put_row(batch, queued);
  err = ledger->end(ledger->user);
  err = put_err != 0 ? put_err : err;
  err = err != 0 ? err : ledger->when_durable(on_marked, queued, ledger->user);
  if (err == 0) {
    queued->holds++;
    queued->invoke->run_count++;
  } else {
    queued->is_begun = false;
  }
  return err;
}

/* What Lambda says of a runtime that went away. */
static void attempt_cut(struct ms_queued *queued)
{
  struct ms_invoke_target target;
  struct ms_buf *response = &queued->response;
  const char *version =
      ms_invoke_resolve(&target, queued->invoke, &queued->name) == 0 ? target.version : "";
  ms_buf_reset(response);
  ms_buf_printf(response,
                "{\"errorType\":\"Runtime.ExitError\",\"errorMessage\":\"RequestId: %s Error: "
                "Runtime exited without providing a reason\"}",
                queued->request_id);
  if (response->error != 0) {
    ms_buf_reset(response);
    ms_queued_wait(queued, ms_loop_now_ms(queued->invoke->env->loop) + AGAIN_MS);
    return;
  }
  snprintf(queued->version, sizeof queued->version, "%s",
           version[0] == '\0' ? MS_INVOKE_LATEST : version);
  queued->attempts++;
  queued->is_stored = false;
  queued->status = 200;
  queued->is_error = true;
  attempt_failed(queued);
}

/* ---- running ---- */

static void on_done(const struct ms_lua_result *result, void *user)
{
  struct ms_queued *queued = user;
  struct ms_invoke *invoke = queued->invoke;
  queued->holds--;
  invoke->run_count--;
  ms_invoke_end_run(invoke, queued->function, result->outcome != MS_LUA_OK);
  if (queued->is_dropped) {
    ms_queued_drop(queued);
    ms_invoke_go(invoke);
    return;
  }
  queued->attempts++;
  queued->is_stored = false;
  queued->status = 200;
  queued->is_error = result->outcome != MS_LUA_OK;
  snprintf(queued->version, sizeof queued->version, "%s",
           result->version == NULL ? MS_INVOKE_LATEST : result->version);
  ms_buf_reset(&queued->response);
  if (queued->is_error) {
    ms_invoke_failure_text(&queued->response, result);
  } else {
    ms_json_print(&queued->response, result->output);
  }
  if (queued->response.error != 0) { /* at least once: no memory for the answer means again */
    queued->attempts--;
    ms_buf_reset(&queued->response);
    ms_queued_wait(queued, ms_loop_now_ms(invoke->env->loop) + AGAIN_MS);
  } else if (queued->is_error) {
    attempt_failed(queued);
  } else {
    ms_queued_end(queued, MS_INVOKE_SUCCESS);
  }
  ms_invoke_go(invoke);
}

static int start(struct ms_queued *queued, struct ms_lua *lua,
                 const struct ms_invoke_target *target)
{
  struct ms_invoke *invoke = queued->invoke;
  struct ms_lua_config config;
  struct ms_json payload;
  struct ms_buf arn, lineage;
  uint64_t id;
  const struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
  int err = ms_json_parse(&payload, queued->payload, &limits, NULL);
  if (err != 0) {
    return err;
  }
  ms_buf_init(&arn, 0);
  ms_buf_init(&lineage, 0);
  ms_function_arn(&arn, invoke, &queued->name, queued->name.qualifier.len == 0);
  err = ms_invoke_lineage(&lineage, invoke, queued->name.name, queued->lineage);
  struct ms_lua_call call = {.function = queued->name.name,
                             .payload = payload,
                             .request_id = queued->request_id,
                             .arn = arn.data,
                             .lineage = lineage.data,
                             .attempt = queued->attempts + 1,
                             .client_context = MS_JSON_VALUE_NONE};
  ms_invoke_configure(&call, &config, target);
  err = err != 0 ? err : arn.error;
  err = err != 0 ? err : ms_lua_invoke(&id, lua, &call, on_done, queued);
  ms_buf_deinit(&arn);
  ms_buf_deinit(&lineage);
  ms_json_unref(payload);
  return err;
}

/* The function, or this version of it, is not there: an attempt like any other. */
static void attempt_missing(struct ms_queued *queued)
{
  queued->attempts++;
  queued->is_stored = false;
  queued->status = 404;
  queued->is_error = true;
  queued->version[0] = '\0';
  ms_buf_reset(&queued->response);
  attempt_failed(queued);
}

void ms_queued_attempt(struct ms_queued *queued)
{
  struct ms_invoke *invoke = queued->invoke;
  struct ms_invoke_target target;
  struct ms_lua *lua;
  if (queued->is_cut) {
    attempt_cut(queued);
    return;
  }
  struct ms_invoke_function *function = ms_invoke_function_get(invoke, queued->name.name, true);
  int err = function == NULL ? ms_error_nomem() : ms_invoke_lua(&lua, invoke);
  err = err != 0 ? err : ms_invoke_resolve(&target, invoke, &queued->name);
  if (err == MSTEP_ENOTFOUND) {
    attempt_missing(queued);
    return;
  }
  if (err == 0 && ms_invoke_reserved(function) == 0) {
    invoke->counts.throttles++;
    ms_queued_end(queued, MS_INVOKE_ZERO_CONCURRENCY);
    return;
  }
  if (err == 0 && ms_invoke_is_loop(invoke, queued->name.name, queued->lineage)) {
    ms_queued_end(queued, MS_INVOKE_RECURSIVE);
    return;
  }
  if (err == 0 && ms_invoke_room(invoke, function) != 0) {
    attempt_throttled(queued);
    return;
  }
  bool is_marking = err == 0 && must_mark(queued);
  err = err != 0 ? err : is_marking ? mark(queued) : start(queued, lua, &target);
  if (err != 0) {
    ms_queued_wait(queued, ms_loop_now_ms(invoke->env->loop) + AGAIN_MS);
    return;
  }
  if (is_marking) {
    return;
  }
  queued->function = function;
  queued->holds++;
  ms_invoke_begin_run(invoke, function);
  invoke->run_count++;
}
