/*
 * Request of the service "http": a plain HTTP request, as http/protocol_plain.c gives it, for a function's URL, a route,
 * or the code of a function.
 */
#include "api/code_link.h"
#include "api/internal.h"
#include "api/members.h"
#include "base/buf.h"
#include "base/error.h"
#include "source/web.h"

/* Of others than a server anything may come: what is not there is as good as empty. */
static const struct ms_api_member members[] = {
    {.name = "method", .kind = MS_API_STRING, .is_required = true},
    {.name = "rawPath", .kind = MS_API_STRING, .is_required = true},
    {.name = "rawQueryString", .kind = MS_API_STRING},
    {.name = "headers", .kind = MS_API_ANY},
    {.name = "fields", .kind = MS_API_ANY},
    {.name = "cookies", .kind = MS_API_ANY},
    {.name = "body", .kind = MS_API_STRING},
    {.name = "isBase64Encoded", .kind = MS_API_BOOLEAN},
    {.name = "isTls", .kind = MS_API_BOOLEAN},
    {.name = "sourceIp", .kind = MS_API_STRING},
    {.name = "protocol", .kind = MS_API_STRING},
    {.name = "host", .kind = MS_API_STRING},
    {.name = "accessKeyId", .kind = MS_API_STRING},
    {.name = "signedService", .kind = MS_API_STRING},
    {.name = "requestId", .kind = MS_API_STRING},
    MS_MEMBER_END};

static void on_reply(struct ms_json reply, void *arg)
{
  (void)ms_api_reply_json(arg, ms_json_ref(reply));
}

static struct ms_json whole(struct ms_api_call *call, int *err)
{
  struct ms_json request = ms_json_object(18);
  *err = MSTEP_OK;
  for (size_t i = 0; members[i].name != NULL && *err == 0; i++) {
    struct ms_json value = ms_api_get(call, members[i].name);
    if (!ms_json_is_none(value)) {
      *err = ms_json_setc(&request, members[i].name, ms_json_ref(value));
    }
  }
  if (*err == 0 && !ms_json_is_object(ms_json_getc(request, "headers"))) {
    *err = ms_json_setc(&request, "headers", ms_json_object(0));
  }
  return request;
}

static void on_started(const struct ms_api_reply *answer, const struct ms_api_receiver *receiver)
{
  struct ms_api_call *call = receiver->host;
  struct ms_json reply = ms_web_started(answer->code, answer->http_status, answer->text);
  if (ms_json_is_none(reply)) {
    ms_api_fail_code(call, ms_error_nomem());
  } else {
    ms_api_reply_json(call, reply);
  }
}

/* A route to a state machine: one more operation, whose answer is this one's. Takes start. */
static int start(struct ms_api_call *call, struct ms_json start)
{
  const struct ms_api_receiver receiver = {.reply = on_started, .host = call};
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_json_print(&text, ms_json_getc(start, "request"));
  int err = text.error;
  err = err != 0 ? err
                 : ms_api_call(call->api, ms_json_text(ms_json_getc(start, "operation")),
                               ms_buf_view(&text), &receiver);
  ms_buf_deinit(&text);
  ms_json_unref(start);
  return err;
}

static int run(struct ms_api_call *call)
{
  struct ms_json reply = MS_JSON_VALUE_NONE;
  if (ms_str_has_prefix(ms_api_text(call, "rawPath"), MS_API_CODE_PATH) &&
      !ms_web_is_host(ms_api_text(call, "host"))) {
    return ms_api_code_fetch(call);
  }
  struct ms_web *web = ms_engine_driver(ms_api_engine(call), &ms_web_driver);
  int err;
  struct ms_json request = whole(call, &err);
  err = err != 0 ? err : ms_web_request(&reply, web, request, on_reply, call);
  ms_json_unref(request);
  if (err == 0 && !ms_json_is_none(ms_json_getc(reply, "operation"))) {
    return start(call, reply);
  }
  return err != 0 || ms_json_is_none(reply) ? err : ms_api_reply_json(call, reply);
}

const struct ms_op ms_op_http_request = {members, run};
