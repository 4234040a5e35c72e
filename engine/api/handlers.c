/* Handlers that ask for operations (mstep.call): the same table, the answer goes back into the call. */
#include "api/internal.h"
#include "base/error.h"
#include "runtime/scripts.h"

static void answer_error(struct ms_engine *engine, struct ms_lua_request *request,
                         struct ms_str reply)
{
  struct ms_json error;
  if (ms_json_parse(&error, reply, NULL, NULL) != 0) {
    ms_engine_answer(engine, request, MS_STR(""), MS_STR("InternalFailure"), reply);
    return;
  }
  struct ms_str name = ms_json_text(ms_json_getc(error, "__type"));
  ms_engine_answer(engine, request, MS_STR(""), name.len > 0 ? name : MS_STR("InternalFailure"),
                   ms_json_text(ms_json_getc(error, "message")));
  ms_json_unref(error);
}

static void on_reply(const struct ms_api_reply *reply, const struct ms_api_receiver *receiver)
{
  const struct ms_api *api = receiver->host;
  struct ms_lua_request *request = receiver->callback.user;
  if (reply->code != 0) {
    answer_error(api->engine, request, reply->text);
  } else {
    const struct ms_str none = {NULL, 0};
    ms_engine_answer(api->engine, request, reply->text, none, none);
  }
}

static void on_ask(struct ms_lua_request *request, const struct ms_engine_ask *ask, void *user)
{
  struct ms_api *api = user;
  const struct ms_api_receiver receiver = {
      .reply = on_reply, .callback = {NULL, request}, .host = api, .lineage = ask->lineage};
  int err = ms_api_call(api, ask->operation, ask->body, &receiver);
  if (err != 0) {
    ms_engine_answer(api->engine, request, MS_STR(""), MS_STR("ServiceUnavailable"),
                     ms_str_c(ms_error_text(err)));
  }
}

void ms_api_serve_handlers(struct ms_api *api)
{
  ms_engine_serve(api->engine, on_ask, api);
}
