/*
 * include/mstep/mstep.h: tasks, functions, mocks, and any operation by its name.
 */
#include "public/internal.h"

#include "api/api.h"
#include "runtime/scripts.h"

int mstep_task_register(mstep_engine *engine, const char *resource, mstep_task_cb cb, void *user)
{
  if (engine == NULL || resource == NULL) {
    return ms_public_missing(engine == NULL ? "engine" : "resource");
  }
  return ms_engine_task_register(engine->runtime, ms_str_c(resource),
                                 (struct ms_callback){(void (*)(void))cb, user});
}

int mstep_mocks_load(mstep_engine *engine, mstep_str text, const char *test_case)
{
  if (engine == NULL || text.data == NULL) {
    return ms_public_missing(engine == NULL ? "engine" : "text");
  }
  return ms_engine_mocks_load(engine->runtime, ms_public_in(text), test_case);
}

int mstep_task_send_success(mstep_engine *engine, const char *token, mstep_str output)
{
  if (engine == NULL || token == NULL || output.data == NULL) {
    return ms_public_missing(engine == NULL ? "engine" : token == NULL ? "token" : "output");
  }
  return ms_engine_task_success(engine->runtime, ms_str_c(token), ms_public_in(output));
}

int mstep_task_send_failure(mstep_engine *engine, const char *token, const char *error,
                            const char *cause)
{
  if (engine == NULL || token == NULL) {
    return ms_public_missing(engine == NULL ? "engine" : "token");
  }
  int err = ms_public_check_utf8("error", ms_str_c(error));
  if (err == 0) {
    err = ms_public_check_utf8("cause", ms_str_c(cause));
  }
  return err != 0 ? err
                  : ms_engine_task_failure(engine->runtime, ms_str_c(token), ms_str_c(error),
                                           ms_str_c(cause));
}

int mstep_task_send_heartbeat(mstep_engine *engine, const char *token)
{
  if (engine == NULL || token == NULL) {
    return ms_public_missing(engine == NULL ? "engine" : "token");
  }
  return ms_engine_task_heartbeat(engine->runtime, ms_str_c(token));
}

/* ---- any operation ---- */

static void tell_call(const struct ms_api_reply *reply, const struct ms_api_receiver *receiver)
{
  ((mstep_reply_cb)receiver->callback.fn)(receiver->host, reply->code, ms_public_out(reply->text),
                                          receiver->callback.user);
}

int mstep_call(mstep_engine *engine, const char *operation, mstep_str request, mstep_reply_cb cb,
               void *user)
{
  if (engine == NULL || operation == NULL) {
    return ms_public_missing(engine == NULL ? "engine" : "operation");
  }
  const struct ms_api_receiver receiver = {
      .reply = tell_call, .callback = {(void (*)(void))cb, user}, .host = engine};
  return ms_api_call(engine->api, ms_str_c(operation), ms_public_in(request),
                     cb == NULL ? NULL : &receiver);
}

int mstep_call_cancel(mstep_engine *engine, void *user)
{
  return engine == NULL ? ms_public_missing("engine") : ms_api_cancel(engine->api, user);
}

/* ---- functions ---- */

int mstep_function_load(mstep_engine *engine, const char *name, mstep_str source)
{
  if (engine == NULL || name == NULL || source.data == NULL) {
    return ms_public_missing(engine == NULL ? "engine" : name == NULL ? "name" : "source");
  }
  return ms_engine_function_load(engine->runtime, ms_str_c(name), ms_public_in(source));
}

int mstep_function_invoke(mstep_engine *engine, const char *name, mstep_str payload,
                          mstep_reply_cb cb, void *user)
{
  if (engine == NULL || name == NULL) {
    return ms_public_missing(engine == NULL ? "engine" : "name");
  }
  return ms_engine_function_invoke(engine->runtime, ms_str_c(name), ms_public_in(payload),
                                   (struct ms_callback){(void (*)(void))cb, user});
}
