/*
 * InvokeEvent, Moonstep's own: Invoke with InvocationType Event that is answered when the event has ended.
 * {"FunctionName", "Qualifier"?, "Payload"?} -> {"RequestId", "Condition", "Record"}; the record is the one that
 * destinations get, whether there are any or not. Condition: "Success", "RetriesExhausted", ...
 */
#include "api/function.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_MEMBER_FUNCTION_NAME, MS_MEMBER_QUALIFIER,
                                               {.name = "Payload", .kind = MS_API_ANY},
                                               MS_MEMBER_END};

static void ended(int code, const char *condition, struct ms_str record, void *user)
{
  struct ms_api_call *call = user;
  if (code != 0) {
    ms_api_fail_code(call, code);
    return;
  }
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_buf_cstr(&text, "{\"RequestId\":");
  ms_json_print_string(&text, ms_json_text(ms_api_kept(call)));
  ms_buf_printf(&text, ",\"Condition\":\"%s\",\"Record\":", condition);
  ms_buf_str(&text, record);
  ms_buf_char(&text, '}');
  ms_api_reply_buf(call, &text);
}

/* Nobody waits any more; the event goes on. */
static void cancel(struct ms_api_call *call, void *waiter)
{
  ms_invoke_wait_cancel(waiter);
  ms_api_reply_text(call, MS_STR("{}"));
}

static int send(struct ms_api_call *call, const struct ms_function_name *name)
{
  struct ms_invoke *invoke = ms_api_invoke(call);
  struct ms_json payload = ms_json_getc(ms_api_get(call, NULL), "Payload");
  struct ms_invoke_waiter *waiter = NULL;
  char request_id[37];
  struct ms_buf text;
  ms_invoke_uuid(invoke, request_id);
  ms_api_keep(call, ms_json_cstring(request_id));
  ms_buf_init(&text, 0);
  ms_json_print(&text, payload);
  const struct ms_invoke_event event = {.name = *name,
                                        .payload = text.len == 0 ? MS_STR("{}")
                                                                 : ms_buf_view(&text),
                                        .lineage = ms_api_lineage(call),
                                        .request_id = request_id};
  int err = text.error != 0 ? text.error
                            : ms_invoke_send_and_wait(&waiter, invoke, &event, ended, call);
  if (err == 0) {
    ms_api_on_cancel(call, cancel, waiter);
  }
  ms_buf_deinit(&text);
  return err;
}

static int run(struct ms_api_call *call)
{
  struct ms_function_name name;
  if (!ms_api_function(&name, call)) {
    return MSTEP_OK;
  }
  return ms_invoke_has(ms_api_invoke(call), &name) ? send(call, &name)
                                                   : ms_api_no_function(call, &name);
}

const struct ms_op ms_op_invoke_event = {members, run};
