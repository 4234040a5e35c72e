/* What handlers ask for, what they log, events that are waited for, projects: through mstep_call. */
#include <stdio.h>
#include <string.h>

#include "calls.h"
#include "mt.h"

static void load(struct host *host, const char *name, const char *source)
{
  mt_eq_int(mstep_function_load(host->engine, name, host_str(source)), 0);
}

static void with_logs(mstep_options *options)
{
  options->is_log_kept = 1;
}

MT_TEST(script_calls__handlers_ask)
{
  struct host host;
  host_open(&host, with_logs);
  call(&host, "CreateQueue", "{\"QueueName\":\"q\"}");
  load(&host, "ask",
       "local m = require 'mstep'\n"
       "return function(e)\n"
       "  local sent = m.call('SendMessage', {QueueUrl = e.url, MessageBody = 'hello'})\n"
       "  local none, err = m.call('GetQueueUrl', {QueueName = 'none'})\n"
       "  local bad, why = m.call('NoSuchThing', {})\n"
       "  return {id = #sent.MessageId, err = err.errorType, why = why.errorType}\n"
       "end");
  call_has(&host, "Invoke",
           "{\"FunctionName\":\"ask\",\"Payload\":{\"url\":"
           "\"https://sqs.us-east-1.amazonaws.com/000000000000/q\"}}",
           "\"Payload\":{\"err\":\"QueueDoesNotExist\",\"id\":36,\"why\":"
           "\"UnknownOperationException\"}");
  call_has(&host, "ReceiveMessage",
           "{\"QueueUrl\":\"https://sqs.us-east-1.amazonaws.com/000000000000/q\"}", "\"hello\"");
  host_close(&host);
}

MT_TEST(script_calls__FilterLogEvents)
{
  struct host host;
  host_open(&host, with_logs);
  load(&host, "talk", "return function(e) print('said ' .. e) return e end");
  load(&host, "other", "return function(e) print('not me') return e end");
  call(&host, "Invoke", "{\"FunctionName\":\"talk\",\"Payload\":1}");
  call(&host, "Invoke", "{\"FunctionName\":\"other\",\"Payload\":1}");
  call(&host, "Invoke", "{\"FunctionName\":\"talk\",\"Payload\":2}");
  const char *all = call(&host, "FilterLogEvents", "{\"logGroupName\":\"/aws/lambda/talk\"}");
  mt_ok(strstr(all, "said 1\\n") != NULL && strstr(all, "said 2\\n") != NULL);
  mt_ok(strstr(all, "not me") == NULL && strstr(all, "nextToken") == NULL);
  call_has(&host, "FilterLogEvents",
           "{\"logGroupName\":\"/aws/lambda/talk\",\"filterPattern\":\"\\\"said 2\\\"\"}",
           "{\"events\":[{\"logStreamName\":\"2024/01/01/[$LATEST]moonstep\"");
  call_has(&host, "FilterLogEvents", "{\"logGroupName\":\"/aws/lambda/talk\",\"limit\":1}",
           "\"nextToken\"");
  call_has(&host, "FilterLogEvents", "{\"logGroupName\":\"/aws/lambda/none\"}", "\"events\":[]");
  call_has(&host, "FilterLogEvents", "{\"logGroupName\":\"elsewhere\"}", "\"events\":[]");
  host_close(&host);
}

MT_TEST(script_calls__InvokeEvent)
{
  struct host host;
  host_open(&host, with_logs);
  load(&host, "fine", "return function(e) return e + 1 end");
  load(&host, "bad", "return function(e) error {Error = 'NoMoon', Cause = 'clouds'} end");
  call_has(&host, "InvokeEvent", "{\"FunctionName\":\"fine\",\"Payload\":1}",
           "\"Condition\":\"Success\"");
  call_has(&host, "InvokeEvent", "{\"FunctionName\":\"fine\",\"Payload\":1}",
           "\"responsePayload\":2");
  call_has(&host, "InvokeEvent", "{\"FunctionName\":\"bad\"}",
           "\"Condition\":\"RetriesExhausted\""); /* after three minutes of virtual time */
  call_has(&host, "InvokeEvent", "{\"FunctionName\":\"none\"}", "ResourceNotFoundException");
  host_close(&host);
}

MT_TEST(script_calls__ApplyProject)
{
  struct host host;
  host_open(&host, with_logs);
  const char *dir = mt_tmpdir();
  const char *file = mt_format("%s/mstep.lua", dir);
  FILE *out = fopen(file, "wb");
  fputs("return { queues = { 'a', b = { delay = 3 } }, buses = { 'events' } }", out);
  fclose(out);
  const char *request = mt_format("{\"Directory\":\"%s\"}", dir);
  call_has(
      &host, "ApplyProject", request,
      "{\"applied\":[{\"kind\":\"queue\",\"name\":\"a\"},{\"kind\":\"queue\",\"name\":\"b\"},"
      "{\"kind\":\"bus\",\"name\":\"events\"}],\"failed\":[],\"left\":[],\"added\":["
      "{\"kind\":\"queue\",\"name\":\"a\"},{\"kind\":\"queue\",\"name\":\"b\"},"
      "{\"kind\":\"bus\",\"name\":\"events\"}],\"changed\":[],\"removed\":[],\"diagnostics\":[]}");
  out = fopen(file, "wb");
  fputs("return { queues = { b = { delay = 4 } } }", out);
  fclose(out);
  call_has(&host, "ApplyProject", request,
           "\"left\":[{\"kind\":\"queue\",\"name\":\"a\"},{\"kind\":\"bus\",\"name\":\"events\"}]");
  call_has(
      &host, "GetQueueAttributes",
      "{\"QueueUrl\":\"https://sqs.us-east-1.amazonaws.com/000000000000/b\",\"AttributeNames\":["
      "\"DelaySeconds\"]}",
      "\"DelaySeconds\":\"4\"");
  out = fopen(file, "wb");
  fputs("return {\n queues = { b = { dealy = 4 } } }", out);
  fclose(out);
  call_has(&host, "ApplyProject", request, "\"diagnostics\":[{\"file\":\"mstep.lua\",\"line\":2");
  host_close(&host);
}
