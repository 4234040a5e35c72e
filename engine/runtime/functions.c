/*
 * The engine's Lua: made when something first needs it, so that a machine without functions starts
 * fast. Hands functions down to the tasks, rules down to the core, and serves Invoke.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "runtime/internal.h"

static void lua_log(const char *function, const char *request_id, struct ms_str line, void *user)
{
  struct ms_engine *engine = user;
  (void)request_id;
  struct ms_buf text;
  ms_buf_init(&text, 0);
  if (function != NULL && function[0] != '\0') {
    ms_buf_printf(&text, "%s: ", function);
  }
  ms_buf_str(&text, line);
  const struct ms_engine_host *host = &engine->options.host;
  host->log(2, "lua", text.error == 0 ? ms_buf_view(&text) : line, host->host);
  ms_buf_deinit(&text);
}

int ms_engine_lua(struct ms_lua **out, struct ms_engine *engine)
{
  int err = MSTEP_OK;
  if (engine->lua == NULL) {
    const struct ms_lua_options options = {
        .loop = engine->loop,
        .functions_dir = engine->options.functions_dir,
        .lib_dir = engine->options.lib_dir,
        .rules_dir = engine->options.rules_dir,
        .workers = engine->options.workers,
        .memory_max_bytes = engine->options.lua_memory_max_bytes,
        .seed = ms_random_next(&engine->random),
        .log = lua_log,
        .log_user = engine,
    };
    err = ms_lua_new(&engine->lua, &options);
    if (err != 0) {
      engine->lua = NULL;
    }
  }
  *out = engine->lua;
  return err;
}

int ms_engine_rule(bool *out, void *user, struct ms_str name, struct ms_json input,
                   struct ms_json context, struct ms_failure *failure)
{
  struct ms_lua *lua;
  int err = ms_engine_lua(&lua, user);
  return err != 0 ? err : ms_lua_rule(out, lua, name, input, context, failure);
}

/* ---- for tasks ---- */

/* Bridges the two `done` types; freed when it has been called, or with the engine. */
struct ms_function_call {
  struct ms_function_call *next, **slot;
  ms_task_call_cb done;
  void *user;
};

static void call_free(struct ms_function_call *call)
{
  *call->slot = call->next;
  if (call->next != NULL) {
    call->next->slot = call->slot;
  }
  ms_free(call);
}

static void on_function_done(const struct ms_lua_result *result, void *user)
{
  static const enum ms_task_outcome outcomes[] = {[MS_LUA_OK] = MS_TASK_CALL_OK,
                                                  [MS_LUA_ERROR] = MS_TASK_CALL_ERROR,
                                                  [MS_LUA_TIMEOUT] = MS_TASK_CALL_TIMEOUT,
                                                  [MS_LUA_MEMORY] = MS_TASK_CALL_MEMORY,
                                                  [MS_LUA_CANCELLED] = MS_TASK_CALL_CANCELLED,
                                                  [MS_LUA_MISSING] = MS_TASK_CALL_MISSING};
  struct ms_function_call *call = user;
  const struct ms_task_call_result out = {outcomes[result->outcome], result->output, result->error,
                                          result->cause};
  call->done(&out, call->user);
  call_free(call);
}

int ms_engine_invoke(uint64_t *id, const struct ms_task_call *call, ms_task_call_cb done,
                     void *done_user, void *user)
{
  struct ms_engine *engine = user;
  struct ms_lua *lua;
  int err = ms_engine_lua(&lua, engine);
  if (err != 0) {
    return err;
  }
  struct ms_function_call *bridge = ms_alloc(sizeof *bridge);
  if (bridge == NULL) {
    return ms_error_nomem();
  }
  *bridge = (struct ms_function_call){engine->calls, &engine->calls, done, done_user};
  if (bridge->next != NULL) {
    bridge->next->slot = &bridge->next;
  }
  engine->calls = bridge;
  const struct ms_lua_call lua_call = {.function = call->function,
                                       .payload = call->payload,
                                       .request_id = call->request_id,
                                       .arn = call->arn,
                                       .deadline_ms = call->deadline_ms,
                                       .attempt = call->attempt,
                                       .client_context = call->client_context};
  err = ms_lua_invoke(id, lua, &lua_call, on_function_done, bridge);
  if (err != 0) {
    call_free(bridge);
  }
  return err;
}

void ms_engine_cancel_call(uint64_t id, void *user)
{
  struct ms_engine *engine = user;
  ms_lua_cancel(engine->lua, id);
}

/* ---- Invoke and UpdateFunctionCode ---- */

int ms_engine_function_load(struct ms_engine *engine, struct ms_str name, struct ms_str source)
{
  struct ms_lua *lua;
  int err = ms_engine_lua(&lua, engine);
  return err != 0 ? err : ms_lua_load(lua, name, source);
}

static void invocation_free(struct ms_invocation *invocation)
{
  *invocation->slot = invocation->next;
  if (invocation->next != NULL) {
    invocation->next->slot = invocation->slot;
  }
  ms_free(invocation);
}

/* A function's own error is Lambda's JSON already; others are put into its form. */
static void failure_text(struct ms_buf *out, const struct ms_lua_result *result)
{
  struct ms_str cause = ms_json_text(result->cause);
  if (result->outcome == MS_LUA_ERROR && cause.len > 0 && cause.data[0] == '{') {
    ms_buf_str(out, cause);
    return;
  }
  ms_buf_cstr(out, "{\"errorMessage\":");
  ms_json_print_string(out, cause);
  ms_buf_cstr(out, ",\"errorType\":");
  ms_json_print_string(out, ms_json_text(result->error));
  ms_buf_char(out, '}');
}

static void on_invocation_done(const struct ms_lua_result *result, void *user)
{
  struct ms_invocation *invocation = user;
  const struct ms_engine_host *host = &invocation->engine->options.host;
  struct ms_callback reply = invocation->reply;
  struct ms_buf text;
  ms_buf_init(&text, 0);
  if (result->outcome == MS_LUA_OK) {
    ms_json_print(&text, result->output);
  } else {
    failure_text(&text, result);
  }
  static const int codes[] = {[MS_LUA_OK] = MSTEP_OK,          [MS_LUA_ERROR] = MSTEP_ELUA,
                              [MS_LUA_TIMEOUT] = MSTEP_ELUA,   [MS_LUA_MEMORY] = MSTEP_ELUA,
                              [MS_LUA_CANCELLED] = MSTEP_ELUA, [MS_LUA_MISSING] = MSTEP_ENOTFOUND};
  int status = text.error != 0 ? text.error : codes[result->outcome];
  invocation_free(invocation);
  if (reply.fn != NULL) {
    host->reply(reply, status, ms_buf_view(&text), host->host);
  }
  ms_buf_deinit(&text);
}

static int invocation_start(struct ms_invocation *invocation, struct ms_lua *lua,
                            struct ms_str name, struct ms_json payload)
{
  struct ms_engine *engine = invocation->engine;
  char request_id[37], arn[400];
  ms_random_uuid(&engine->random, request_id);
  snprintf(arn, sizeof arn, "arn:aws:lambda:%s:%s:function:%.*s", engine->options.region,
           engine->options.account, MS_STR_ARG(name));
  const struct ms_lua_call call = {.function = name,
                                   .payload = payload,
                                   .request_id = request_id,
                                   .arn = arn,
                                   .attempt = 1,
                                   .client_context = MS_JSON_VALUE_NONE};
  return ms_lua_invoke(&invocation->id, lua, &call, on_invocation_done, invocation);
}

int ms_engine_function_invoke(struct ms_engine *engine, struct ms_str name, struct ms_str payload,
                              struct ms_callback reply)
{
  struct ms_lua *lua;
  int err = ms_engine_lua(&lua, engine);
  if (err != 0) {
    return err;
  }
  struct ms_json value;
  err = ms_json_parse(&value, payload.data == NULL ? MS_STR("{}") : payload, NULL, NULL);
  if (err != 0) {
    return err;
  }
  struct ms_invocation *invocation = ms_alloc(sizeof *invocation);
  if (invocation == NULL) {
    ms_json_unref(value);
    return ms_error_nomem();
  }
  *invocation = (struct ms_invocation){engine->invocations, &engine->invocations, engine, reply, 0};
  if (invocation->next != NULL) {
    invocation->next->slot = &invocation->next;
  }
  engine->invocations = invocation;
  err = invocation_start(invocation, lua, name, value);
  ms_json_unref(value);
  if (err != 0) {
    invocation_free(invocation);
  } else {
    ms_engine_touch(engine);
  }
  return err;
}

void ms_functions_deinit(struct ms_engine *engine)
{
  ms_lua_free(engine->lua);
  engine->lua = NULL;
  while (engine->invocations != NULL) {
    invocation_free(engine->invocations);
  }
  while (engine->calls != NULL) {
    call_free(engine->calls);
  }
}
