/* Calls that somebody waits for: RequestResponse. */
#include "base/alloc.h"
#include "base/error.h"
#include "invoke/internal.h"

static void run_free(struct ms_invoke_run *run)
{
  *run->slot = run->next;
  if (run->next != NULL) {
    run->next->slot = run->slot;
  }
  ms_free(run);
}

void ms_invoke_runs_deinit(struct ms_invoke *invoke)
{
  while (invoke->runs != NULL) {
    run_free(invoke->runs);
  }
}

void ms_invoke_failure_text(struct ms_buf *out, const struct ms_lua_result *result)
{
  struct ms_str cause = ms_json_text(result->cause);
  if (cause.len > 0 && cause.data[0] == '{') {
    ms_buf_str(out, cause); /* in Lambda's form already */
    return;
  }
  ms_buf_cstr(out, "{\"errorMessage\":");
  ms_json_print_string(out, cause);
  ms_buf_cstr(out, ",\"errorType\":");
  ms_json_print_string(out, ms_json_text(result->error));
  ms_buf_char(out, '}');
}

static void on_done(const struct ms_lua_result *result, void *user)
{
  struct ms_invoke_run *run = user;
  struct ms_invoke *invoke = run->invoke;
  struct ms_buf text;
  ms_buf_init(&text, 0);
  if (result->outcome == MS_LUA_OK) {
    ms_json_print(&text, result->output);
  } else {
    ms_invoke_failure_text(&text, result);
  }
  int code = result->outcome == MS_LUA_OK        ? MSTEP_OK
             : result->outcome == MS_LUA_MISSING ? MSTEP_ENOTFOUND
                                                 : MSTEP_ELUA;
  const struct ms_invoke_answer answer = {.code = text.error != 0 ? text.error : code,
                                          .payload = ms_buf_view(&text),
                                          .version = result->version == NULL ? MS_INVOKE_LATEST
                                                                             : result->version,
                                          .request_id = run->request_id,
                                          .log_tail = result->log_tail};
  ms_invoke_end_run(invoke, run->function, code != 0);
  run->done(&answer, run->user);
  run_free(run);
  ms_buf_deinit(&text);
  ms_invoke_go(invoke);
}

static int start(struct ms_invoke_run *run, struct ms_lua *lua,
                 const struct ms_invoke_request *request, const struct ms_invoke_target *target)
{
  struct ms_invoke *invoke = run->invoke;
  struct ms_lua_config config;
  struct ms_buf arn, lineage;
  uint64_t id;
  ms_buf_init(&arn, 0);
  ms_buf_init(&lineage, 0);
  int err = ms_invoke_lineage(&lineage, invoke, request->name.name, request->lineage);
  ms_function_arn(&arn, invoke, &request->name, request->name.qualifier.len == 0);
  struct ms_lua_call call = {.function = request->name.name,
                             .payload = request->payload,
                             .request_id = run->request_id,
                             .arn = arn.data,
                             .lineage = lineage.data,
                             .attempt = 1,
                             .client_context = request->client_context,
                             .has_log_tail = request->has_log_tail};
  ms_invoke_configure(&call, &config, target);
  err = err != 0 ? err : arn.error;
  err = err != 0 ? err : ms_lua_invoke(&id, lua, &call, on_done, run);
  ms_buf_deinit(&arn);
  ms_buf_deinit(&lineage);
  return err;
}

int ms_invoke_call(struct ms_invoke *invoke, const struct ms_invoke_request *request,
                   ms_invoke_answer_cb done, void *user)
{
  struct ms_lua *lua;
  struct ms_invoke_target target = {MS_INVOKE_LATEST, MS_JSON_VALUE_NONE};
  struct ms_str qualifier = request->name.qualifier;
  int err = ms_invoke_lua(&lua, invoke);
  err = err != 0 ? err : ms_invoke_resolve(&target, invoke, &request->name);
  bool is_there = err == 0;
  bool is_plain = qualifier.len == 0 || ms_str_is(qualifier, MS_INVOKE_LATEST);
  if (err == MSTEP_ENOTFOUND && is_plain) {
    err = MSTEP_OK; /* Lua says what is missing */
  }
  if (err != 0) {
    return err;
  }
  struct ms_invoke_function *function =
      is_there ? ms_invoke_function_get(invoke, request->name.name, true) : NULL;
  if (is_there && function == NULL) {
    return ms_error_nomem();
  }
  if (ms_invoke_is_loop(invoke, request->name.name, request->lineage)) {
    invoke->refusal = MS_INVOKE_LOOP;
    return ms_error(MSTEP_ESTATE, "Recursive invocation detected");
  }
  err = is_there ? ms_invoke_room(invoke, function) : MSTEP_OK;
  if (err != 0) {
    return err;
  }
  struct ms_invoke_run *run = ms_calloc(1, sizeof *run);
  if (run == NULL) {
    return ms_error_nomem();
  }
  *run = (struct ms_invoke_run){invoke->runs, &invoke->runs, invoke, function, done, user, ""};
  if (run->next != NULL) {
    run->next->slot = &run->next;
  }
  invoke->runs = run;
  ms_random_uuid(invoke->env->random, run->request_id);
  err = start(run, lua, request, &target);
  if (err != 0) {
    run_free(run);
  } else {
    ms_invoke_begin_run(invoke, function);
    invoke->env->touch(invoke->env->user);
  }
  return err;
}
