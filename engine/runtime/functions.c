/*
 * The engine's Lua: made when something first needs it, so that a machine without functions starts
 * fast. Hands functions down to the tasks, rules down to the core, and serves Invoke.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "invoke/invoke.h"
#include "luavm/project.h"
#include "luavm/reload.h"
#include "luavm/up.h"
#include "runtime/logs.h"
#include "source/source.h"
#include "source/web.h"

/* Everything is kept for those who ask for logs; what a handler printed is told to the host, too. */
static void lua_log(const struct ms_lua_log_record *record, void *user)
{
  struct ms_engine *engine = user;
  if (engine->logs != NULL && record->function[0] != '\0') {
    ms_logs_add(engine->logs, record);
  }
  if (record->kind != MS_LUA_LOG_LINE) {
    return;
  }
  struct ms_buf text;
  ms_buf_init(&text, 0);
  if (record->function[0] != '\0') {
    ms_buf_printf(&text, "%s: ", record->function);
  }
  ms_buf_str(&text, record->message);
  const struct ms_engine_host *host = &engine->options.host;
  host->log(2, "lua", text.error == 0 ? ms_buf_view(&text) : record->message, host->host);
  ms_buf_deinit(&text);
}

static struct ms_invoke *invoke_of(const struct ms_engine *engine)
{
  return ms_engine_driver(engine, &ms_invoke_driver);
}

/* A project's hooks lie beside its functions. */
static int hooks_dir(struct ms_buf *out, const struct ms_engine *engine)
{
  if (engine->options.functions_dir != NULL) {
    ms_buf_printf(out, "%s/../hooks", engine->options.functions_dir);
  }
  return out->error;
}

/* ---- what handlers ask for ---- */

static void on_asked(struct ms_lua_request *request, const struct ms_lua_asked *asked, void *user)
{
  const struct ms_engine *engine = user;
  const struct ms_engine_ask ask = {asked->operation, asked->body, ms_str_c(asked->lineage)};
  engine->ask(request, &ask, engine->ask_user);
}

void ms_engine_serve(struct ms_engine *engine, ms_engine_ask_cb ask, void *user)
{
  engine->ask = ask;
  engine->ask_user = user;
  if (engine->lua != NULL) {
    ms_lua_serve(engine->lua, ask == NULL ? NULL : on_asked, engine);
  }
}

void ms_engine_answer(struct ms_engine *engine, struct ms_lua_request *request, struct ms_str body,
                      struct ms_str error, struct ms_str message)
{
  const struct ms_lua_answer answer = {body, error, message};
  ms_lua_answer(engine->lua, request, &answer);
  ms_engine_touch(engine);
}

/* ---- a project's folder ---- */

int ms_engine_project(struct ms_json *out, struct ms_engine *engine, const char *folder)
{
  struct ms_lua *lua;
  int err = ms_engine_lua(&lua, engine);
  return err != 0 ? err : ms_lua_project(out, lua, folder);
}

static void on_change(const struct ms_lua_change *change, void *user)
{
  static const char *const kinds[] = {
      [MS_LUA_RELOADED] = "RELOADED", [MS_LUA_ADDED] = "ADDED",
      [MS_LUA_REMOVED] = "REMOVED",   [MS_LUA_BROKEN] = "BROKEN",
      [MS_LUA_RULES_LOADED] = "RULES_LOADED", [MS_LUA_FILE_CHANGED] = "FILE"};
  struct ms_engine *engine = user;
  const struct ms_engine_change out = {.kind = kinds[change->kind],
                                       .function = change->function,
                                       .file = change->file,
                                       .line = change->line,
                                       .message = change->message,
                                       .folder = change->folder};
  engine->changed(&out, engine->changed_user);
}

int ms_engine_watch_files(struct ms_engine *engine, const char *const *folders,
                          ms_engine_change_cb changed, void *user)
{
  struct ms_lua *lua;
  int err = ms_engine_lua(&lua, engine);
  if (err != 0) {
    return err;
  }
  engine->changed = changed;
  engine->changed_user = user;
  const struct ms_lua_watch_options options = {
      .changed = on_change, .user = engine, .folders = folders};
  err = ms_lua_watch(lua, changed == NULL ? NULL : &options);
  ms_engine_touch(engine);
  return err;
}

int ms_engine_lua(struct ms_lua **out, struct ms_engine *engine)
{
  int err = MSTEP_OK;
  if (engine->lua == NULL) {
    struct ms_buf hooks;
    ms_buf_init(&hooks, 0);
    err = hooks_dir(&hooks, engine);
    const struct ms_lua_options options = {
        .loop = engine->loop,
        .functions_dir = engine->options.functions_dir,
        .lib_dir = engine->options.lib_dir,
        .rules_dir = engine->options.rules_dir,
        .hooks_dir = hooks.data,
        .workers = engine->options.workers,
        .memory_max_bytes = engine->options.lua_memory_max_bytes,
        .seed = ms_random_next(&engine->random),
        .slice_ms = engine->options.is_virtual_time ? -1 : 0, /* runs repeat in every detail */
        .region = engine->options.region,
        .record = lua_log,
        .has_platform_records = engine->logs != NULL,
        .log_user = engine,
    };
    err = err != 0 ? err : ms_lua_new(&engine->lua, &options);
    ms_buf_deinit(&hooks);
    if (err != 0) {
      engine->lua = NULL;
    } else {
      ms_lua_serve(engine->lua, engine->ask == NULL ? NULL : on_asked, engine);
    }
    if (err == 0 && invoke_of(engine) != NULL) {
      ms_invoke_attach(invoke_of(engine), engine->lua);
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
  struct ms_engine *engine;
  struct ms_invoke_function *counts_at; /* NULL: nowhere */
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
                                          result->cause, result->log_tail, result->version};
  if (call->counts_at != NULL) {
    ms_invoke_leave(invoke_of(call->engine), call->counts_at, result->outcome != MS_LUA_OK);
  }
  call->done(&out, call->user);
  call_free(call);
}

/* As the function is configured; what is missing shows when it is called. MSTEP_ESTATE: no room for it. */
static int configure_task(struct ms_lua_call *out, struct ms_lua_config *config,
                          struct ms_function_call *bridge, const struct ms_task_call *call)
{
  struct ms_engine *engine = bridge->engine;
  struct ms_function_name name = {.name = call->function};
  struct ms_invoke_target target;
  const struct ms_str none = {NULL, 0};
  if (call->arn != NULL &&
      ms_function_name_parse(&name, invoke_of(engine), ms_str_c(call->arn), none) != 0) {
    name.name = call->function;
    name.qualifier = none;
  }
  if (ms_invoke_resolve(&target, invoke_of(engine), &name) != 0) {
    return MSTEP_OK;
  }
  ms_invoke_configure(out, config, &target);
  return ms_invoke_enter(&bridge->counts_at, invoke_of(engine), name.name);
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
  *bridge = (struct ms_function_call){.next = engine->calls,
                                      .slot = &engine->calls,
                                      .engine = engine,
                                      .done = done,
                                      .user = done_user};
  if (bridge->next != NULL) {
    bridge->next->slot = &bridge->next;
  }
  engine->calls = bridge;
  struct ms_lua_call lua_call = {.function = call->function,
                                 .payload = call->payload,
                                 .request_id = call->request_id,
                                 .arn = call->arn,
                                 .deadline_ms = call->deadline_ms,
                                 .attempt = call->attempt,
                                 .client_context = call->client_context,
                                 .has_log_tail = call->has_log_tail};
  struct ms_lua_config config;
  err = configure_task(&lua_call, &config, bridge, call);
  if (err != 0) {
    bridge->counts_at = NULL;
  } else {
    err = ms_lua_invoke(id, lua, &lua_call, on_function_done, bridge);
  }
  if (err != 0) {
    if (bridge->counts_at != NULL) {
      ms_invoke_leave(invoke_of(engine), bridge->counts_at, true);
    }
    call_free(bridge);
  }
  return err;
}

int ms_engine_invoke_later(const struct ms_task_call *call, void *user)
{
  struct ms_invoke *invoke = invoke_of(user);
  struct ms_invoke_event event = {.request_id = call->request_id};
  const struct ms_str none = {NULL, 0};
  struct ms_buf payload;
  int err = ms_function_name_parse(&event.name, invoke, ms_str_c(call->arn), none);
  ms_buf_init(&payload, 0);
  ms_json_print(&payload, call->payload);
  event.payload = payload.len == 0 ? MS_STR("{}") : ms_buf_view(&payload);
  err = err != 0 ? err : payload.error;
  err = err != 0 ? err : ms_invoke_send(invoke, &event, NULL, NULL);
  ms_buf_deinit(&payload);
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

static void on_invocation_done(const struct ms_invoke_answer *answer, void *user)
{
  struct ms_invocation *invocation = user;
  const struct ms_engine_host *host = &invocation->engine->options.host;
  struct ms_callback reply = invocation->reply;
  invocation_free(invocation);
  if (reply.fn != NULL) {
    host->reply(reply, answer->code, answer->payload, host->host);
  }
}

int ms_engine_function_invoke(struct ms_engine *engine, struct ms_str name, struct ms_str payload,
                              struct ms_callback reply)
{
  struct ms_invoke_request request = {.client_context = MS_JSON_VALUE_NONE};
  struct ms_invoke *invoke = invoke_of(engine);
  int err = ms_function_name_parse(&request.name, invoke, name, (struct ms_str){NULL, 0});
  if (err == 0) {
    err = ms_json_parse(&request.payload, payload.data == NULL ? MS_STR("{}") : payload, NULL,
                        NULL);
  }
  if (err != 0) {
    return err;
  }
  struct ms_invocation *invocation = ms_alloc(sizeof *invocation);
  if (invocation == NULL) {
    ms_json_unref(request.payload);
    return ms_error_nomem();
  }
  *invocation = (struct ms_invocation){engine->invocations, &engine->invocations, engine, reply};
  if (invocation->next != NULL) {
    invocation->next->slot = &invocation->next;
  }
  engine->invocations = invocation;
  err = ms_invoke_call(invoke, &request, on_invocation_done, invocation);
  ms_json_unref(request.payload);
  if (err != 0) {
    invocation_free(invocation);
  } else {
    ms_engine_touch(engine);
  }
  return err;
}

/* ---- for destinations ---- */

/* A hook's call, until it is answered. */
struct ms_hook_call {
  struct ms_hook_call *next, **slot;
  ms_dest_hook_cb done;
  void *arg;
};

static void hook_call_free(struct ms_hook_call *call)
{
  *call->slot = call->next;
  if (call->next != NULL) {
    call->next->slot = call->slot;
  }
  ms_free(call);
}

static void on_hook_done(const struct ms_lua_result *result, void *user)
{
  struct ms_hook_call *call = user;
  struct ms_buf text;
  ms_buf_init(&text, 0);
  if (result->outcome == MS_LUA_OK) {
    ms_json_print(&text, result->output);
  } else {
    ms_buf_str(&text, ms_json_text(result->cause));
  }
  static const int codes[] = {[MS_LUA_OK] = MSTEP_OK,          [MS_LUA_ERROR] = MSTEP_ELUA,
                              [MS_LUA_TIMEOUT] = MSTEP_ELUA,   [MS_LUA_MEMORY] = MSTEP_ELUA,
                              [MS_LUA_CANCELLED] = MSTEP_ELUA, [MS_LUA_MISSING] = MSTEP_ENOTFOUND};
  call->done(text.error != 0 ? text.error : codes[result->outcome], ms_buf_view(&text), call->arg);
  ms_buf_deinit(&text);
  hook_call_free(call);
}

int ms_engine_hook(struct ms_str name, struct ms_str record, ms_dest_hook_cb done, void *arg,
                   void *user)
{
  struct ms_engine *engine = user;
  struct ms_lua *lua;
  struct ms_json payload = MS_JSON_VALUE_NONE;
  char function[160], request_id[37];
  int err = ms_engine_lua(&lua, engine);
  if (err == 0 && (name.len == 0 || name.len > 140 || memchr(name.data, '/', name.len) != NULL)) {
    err = ms_error(MSTEP_EINVALID, "not a hook: %.*s", MS_STR_ARG(name));
  }
  err = err != 0 ? err : ms_json_parse(&payload, record, NULL, NULL);
  struct ms_hook_call *call = err != 0 ? NULL : ms_alloc(sizeof *call);
  if (call == NULL) {
    ms_json_unref(payload);
    return err != 0 ? err : ms_error_nomem();
  }
  *call = (struct ms_hook_call){engine->hook_calls, &engine->hook_calls, done, arg};
  if (call->next != NULL) {
    call->next->slot = &call->next;
  }
  engine->hook_calls = call;
  ms_random_uuid(&engine->random, request_id);
  snprintf(function, sizeof function, "hooks/%.*s", MS_STR_ARG(name));
  const struct ms_lua_call lua_call = {.function = ms_str_c(function),
                                       .payload = payload,
                                       .request_id = request_id,
                                       .attempt = 1,
                                       .client_context = MS_JSON_VALUE_NONE};
  uint64_t id;
  err = ms_lua_invoke(&id, lua, &lua_call, on_hook_done, call);
  ms_json_unref(payload);
  if (err != 0) {
    hook_call_free(call);
  }
  return err;
}

static int up_lua(struct ms_lua **out, void *user)
{
  return ms_engine_lua(out, user);
}

void ms_functions_init(struct ms_engine *engine)
{
  const struct ms_invoke_up up = {up_lua, engine};
  if (engine->options.is_log_kept && ms_logs_new(&engine->logs, engine) != 0) {
    engine->logs = NULL; /* no logs then */
  }
  static const struct ms_source_streams streams = {ms_table_stream_exists, ms_table_stream_shards,
                                                   ms_table_stream_seek, ms_table_stream_read,
                                                   ms_table_stream_listen};
  const struct ms_sources_up sources_up = {.queues = ms_engine_driver(engine, &ms_queues_driver),
                                           .invoke = invoke_of(engine),
                                           .streams = &streams,
                                           .tables = ms_engine_driver(engine, &ms_tables_driver)};
  ms_invoke_set_up(invoke_of(engine), &up);
  ms_invoke_set_account_max(invoke_of(engine), engine->options.concurrent_executions);
  ms_sources_set_up(ms_engine_driver(engine, &ms_sources_driver), &sources_up);
  ms_web_set_up(ms_engine_driver(engine, &ms_web_driver), invoke_of(engine));
}

void ms_functions_deinit(struct ms_engine *engine)
{
  ms_lua_free(engine->lua);
  engine->lua = NULL;
  ms_logs_free(engine->logs);
  engine->logs = NULL;
  while (engine->invocations != NULL) {
    invocation_free(engine->invocations);
  }
  while (engine->calls != NULL) {
    call_free(engine->calls);
  }
  while (engine->hook_calls != NULL) {
    hook_call_free(engine->hook_calls);
  }
}
