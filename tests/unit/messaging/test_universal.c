/* Universal targets of schedules: which operation, and its request. */
#include "messaging/universal.h"

#include <string.h>

#include "base/error.h"
#include "mt.h"

#define PREFIX "arn:aws:scheduler:::aws-sdk:"

struct request {
  const char *arn, *input;
  int err;
  const char *operation, *request;
};

static int make(void *user)
{
  const struct request *row = user;
  struct ms_buf operation, request;
  ms_buf_init(&operation, 0);
  ms_buf_init(&request, 0);
  int err = ms_universal_request(&operation, &request, ms_str_c(row->arn), ms_str_c(row->input));
  if (err == 0) {
    mt_eq_str(mt_format("%.*s", MS_STR_ARG(ms_buf_view(&operation))), row->operation);
    mt_eq_str(mt_format("%.*s", MS_STR_ARG(ms_buf_view(&request))), row->request);
  }
  ms_buf_deinit(&operation);
  ms_buf_deinit(&request);
  return err;
}

static struct request rows[] = {
    {PREFIX "sqs:sendMessage", "{\"QueueUrl\":\"u\"}", 0, "sqs:SendMessage",
     "{\"QueueUrl\":\"u\"}"},
    {PREFIX "sfn:startExecution", "{\"StateMachineArn\":\"a\",\"Input\":\"{}\"}", 0,
     "states:StartExecution", "{\"stateMachineArn\":\"a\",\"input\":\"{}\"}"},
    {PREFIX "lambda:invoke", "{\"FunctionName\":\"f\",\"Payload\":\"{\\\"n\\\":[1]}\"}", 0,
     "lambda:Invoke", "{\"FunctionName\":\"f\",\"Payload\":{\"n\":[1]}}"},
    {PREFIX "lambda:invoke", "{\"Payload\":{\"n\":1}}", 0, "lambda:Invoke",
     "{\"Payload\":{\"n\":1}}"},
    {PREFIX "eventbridge:putEvents", "{\"\":1}", 0, "events:PutEvents", "{\"\":1}"},
    {PREFIX "lambda:invoke", "{\"Payload\":\"{\"}", MSTEP_ESYNTAX, NULL, NULL},
    {PREFIX "sqs:sendMessage", "[]", MSTEP_ESYNTAX, NULL, NULL},
    {PREFIX "sqs:sendMessage", "", MSTEP_ESYNTAX, NULL, NULL},
    {PREFIX "ec2:stopInstances", "{}", MSTEP_EUNSUPPORTED, NULL, NULL},
    {PREFIX "sqs:", "{}", MSTEP_EUNSUPPORTED, NULL, NULL},
    {PREFIX "sqs", "{}", MSTEP_EUNSUPPORTED, NULL, NULL},
    {PREFIX, "{}", MSTEP_EUNSUPPORTED, NULL, NULL},
    {"arn:aws:sqs:r:a:q", "{}", MSTEP_EUNSUPPORTED, NULL, NULL},
};

MT_TEST(universal__requests)
{
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    mt_eq_int(make(&rows[i]), rows[i].err);
    mt_eq_int(ms_universal_is_known(ms_str_c(rows[i].arn)), rows[i].err != MSTEP_EUNSUPPORTED);
  }
}

MT_TEST(universal__out_of_memory)
{
  mt_oom(make, &rows[1]);
  mt_oom(make, &rows[2]);
}
