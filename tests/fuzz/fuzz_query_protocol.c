/*
 * Fuzzes bodies of the Query protocol (SQS's older clients, SNS), and of whatever else a body may be taken for,
 * without the HTTP around them: see fuzz_http.c. The first byte chooses the target and the type. What is decoded
 * is an object of JSON; what is refused has a status and a code; both can be answered.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "http/protocol.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
  if (!holds) {
    abort();
  }
}

static const struct {
  const char *path, *type, *target;
} kinds[] = {
    {"/", "application/x-www-form-urlencoded", NULL},
    {"/000000000000/q", "application/x-www-form-urlencoded; charset=utf-8", NULL},
    {"/", "application/x-amz-json-1.0", "AmazonSQS.SendMessage"},
    {"/", "application/x-amz-json-1.1", "AWSEvents.PutEvents"},
    {"/", "application/x-amz-json-1.0", "DynamoDB_20120810.PutItem"},
    {"/2015-03-31/functions/f/invocations", "application/json", NULL},
    {"/2015-03-31/event-source-mappings", "application/json", NULL},
    {"/schedules/s", "application/json", NULL},
};

static void answer(struct ms_http_call *call, const struct ms_http_failure *failure, int err)
{
  struct ms_http_answer answer;
  ms_http_answer_init(&answer);
  if (err == 0) {
    must(ms_http_protocol_encode(&answer, call, 0, MS_STR("{\"MessageId\":\"<&>\",\"Tags\":[]}"),
                                 MS_STR("ID")) == 0);
  } else {
    must(failure->status >= 400 && failure->status < 600 && failure->code[0] != '\0');
    must(ms_http_protocol_fail(&answer, call, failure, MS_STR("ID")) == 0);
  }
  must(answer.status >= 200 && answer.status <= 599);
  ms_http_answer_deinit(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size == 0) {
    return 0;
  }
  size_t kind = data[0] % (sizeof kinds / sizeof *kinds);
  struct ms_field headers[] = {
      {MS_STR("Content-Type"), ms_str_c(kinds[kind].type)},
      {MS_STR("X-Amz-Target"), ms_str_c(kinds[kind].target != NULL ? kinds[kind].target : "")}};
  struct ms_http_message message = {.method = MS_STR("POST"),
                                    .path = ms_str_c(kinds[kind].path),
                                    .host = MS_STR("h"),
                                    .minor = 1,
                                    .headers = headers,
                                    .header_count = kinds[kind].target != NULL ? 2 : 1,
                                    .body = {(const char *)data + 1, size - 1}};
  struct ms_http_call call;
  struct ms_http_failure failure = {0, "", ""};
  struct ms_json input;
  ms_http_call_init(&call);
  int err = ms_http_protocol_find(&call, &failure, &message);
  err = err != 0 ? err : ms_http_protocol_decode(&call, &failure, &message);
  must(err != MSTEP_ENOMEM);
  if (err == 0 && call.family == MS_HTTP_QUERY) {
    must(ms_json_parse(&input, ms_buf_view(&call.input), NULL, NULL) == 0);
    must(ms_json_is_object(input));
    ms_json_unref(input);
  }
  answer(&call, &failure, err);
  ms_http_call_deinit(&call);
  return 0;
}
