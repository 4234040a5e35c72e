/* The record of an invocation that has ended, member by member as Lambda writes it. */
#include "base/time.h"
#include "invoke/internal.h"

static const char *const condition_names[] = {[MS_INVOKE_OPEN] = "",
                                              [MS_INVOKE_SUCCESS] = "Success",
                                              [MS_INVOKE_RETRIES_EXHAUSTED] = "RetriesExhausted",
                                              [MS_INVOKE_AGE_EXCEEDED] = "EventAgeExceeded",
                                              [MS_INVOKE_ZERO_CONCURRENCY] =
                                                  "ZeroReservedConcurrency",
                                              [MS_INVOKE_RECURSIVE] = "RecursiveInvocation"};

const char *ms_invoke_condition_name(enum ms_invoke_condition condition)
{
  return condition_names[condition];
}

static void print_response(struct ms_buf *out, const struct ms_queued *queued)
{
  if (queued->status != 200) { /* nothing ran: throttled all the time, or not there */
    ms_buf_printf(out, ",\"responseContext\":{\"statusCode\":%d}",
                  queued->status == 0 ? 429 : queued->status);
    return;
  }
  ms_buf_cstr(out, ",\"responseContext\":{\"statusCode\":200,\"executedVersion\":");
  ms_json_print_string(out, ms_str_c(queued->version));
  ms_buf_cstr(out, queued->is_error ? ",\"functionError\":\"Unhandled\"}" : "}");
  if (queued->response.len > 0) {
    ms_buf_cstr(out, ",\"responsePayload\":");
    ms_buf_str(out, ms_buf_view(&queued->response));
  }
}

void ms_invoke_record(struct ms_buf *out, const struct ms_queued *queued,
                      enum ms_invoke_condition condition, int64_t now_ms)
{
  char time_text[MS_TIME_TEXT_SIZE];
  struct ms_buf arn;
  ms_time_format_ms(time_text, now_ms);
  ms_buf_init(&arn, 0);
  ms_function_arn(&arn, queued->invoke, &queued->name, false);
  ms_buf_printf(out, "{\"version\":\"1.0\",\"timestamp\":\"%s\",\"requestContext\":{\"requestId\":",
                time_text);
  ms_json_print_string(out, ms_str_c(queued->request_id));
  ms_buf_cstr(out, ",\"functionArn\":");
  ms_json_print_string(out, ms_buf_view(&arn));
  /* A success counts as one, whatever was before it. */
  ms_buf_printf(out, ",\"condition\":\"%s\",\"approximateInvokeCount\":%u},\"requestPayload\":",
                condition_names[condition],
                condition == MS_INVOKE_SUCCESS ? 1u : (unsigned)queued->attempts);
  ms_buf_str(out, queued->payload);
  if (condition != MS_INVOKE_ZERO_CONCURRENCY && condition != MS_INVOKE_RECURSIVE) {
    print_response(out, queued);
  }
  ms_buf_char(out, '}');
  out->error = out->error != 0 ? out->error : arn.error;
  ms_buf_deinit(&arn);
}
