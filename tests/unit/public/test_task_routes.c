/*
 * Resources that are routed elsewhere, what goes to an endpoint of AWS, and test cases of mocks that an execution
 * says itself.
 */
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "mt.h"
#include "peer.h"

#define TASK(resource, arguments)                                                                  \
  "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::" resource \
  "\",\"Parameters\":" arguments ",\"End\":true}}}"
#define SEND TASK("sqs:sendMessage", "{\"QueueUrl\":\"q\",\"MessageBody\":\"b\"}")
#define SECRET TASK("aws-sdk:secretsmanager:getSecretValue", "{\"SecretId\":\"s\"}")

static void real_time(mstep_options *options)
{
  options->is_virtual_time = 0;
}

static mstep_status run(struct host *host, const char *definition)
{
  static int number;
  mstep_arn machine = host_machine(host, mt_format("m%d", ++number), definition);
  int before = host->ended;
  host_start(host, &machine, NULL, "{}");
  for (int i = 0; i < 1000 && host->ended == before; i++)
    host_run(host);
  mt_eq_int(host->ended, before + 1);
  return host->status;
}

static void on_task(mstep_engine *engine, const char *token, const char *resource, mstep_str input,
                    void *user)
{
  (void)resource;
  (void)input;
  (void)user;
  mstep_task_send_success(engine, token, host_str("\"host\""));
}

MT_TEST(task_routes__to_functions_hosts_and_nobody)
{
  struct host host;
  host_open(&host, NULL);
  const char source[] = "return function(input) return {got = input.MessageBody} end";
  mt_eq_int(mstep_function_load(host.engine, "stand_in", host_str(source)), 0);
  mt_eq_str(call(&host, "SetTaskRoutes",
                 "{\"routes\":{\"arn:aws:states:::sqs:*\":\"function:stand_in\",\"*:sns:*\":\"host\","
                 "\"arn:aws:states:::events:*\":\"mock\",\"*\":\"engine\"}}"),
            "{}");
  mt_eq_int(run(&host, SEND), MSTEP_SUCCEEDED);
  mt_eq_str(host.output, "{\"got\":\"b\"}");
  const char *publish = TASK("sns:publish", "{\"TopicArn\":\"t\",\"Message\":\"m\"}");
  mt_eq_int(run(&host, publish), MSTEP_FAILED);
  mt_eq_str(host.error, "States.Runtime"); /* there is no host for it */
  mt_eq_int(mstep_task_register(host.engine, "*", on_task, NULL), 0);
  mt_eq_int(run(&host, publish), MSTEP_SUCCEEDED);
  mt_eq_str(host.output, "\"host\"");
  mt_eq_int(run(&host, TASK("events:putEvents", "{\"Entries\":[]}")), MSTEP_FAILED);
  text_has(host.cause, "--mocks");
  text_has(call(&host, "SetTaskRoutes", "{\"routes\":{\"x\":\"nowhere\"}}"),
           "{\"__type\":\"ValidationException\"");
  text_has(call(&host, "SetTaskRoutes", "{\"awsEndpoint\":\"ftp://x\"}"),
           "{\"__type\":\"ValidationException\"");
  host_close(&host);
}

MT_TEST(task_routes__to_a_url)
{
  struct host host;
  struct peer peer;
  host_open(&host, real_time);
  peer_start(&peer, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}");
  call(&host, "SetTaskRoutes", mt_format("{\"routes\":{\"*\":\"http://127.0.0.1:%d/tasks\"}}", peer.port));
  mt_eq_int(run(&host, SEND), MSTEP_SUCCEEDED);
  peer_join(&peer);
  text_has(peer.got[0], "POST /tasks HTTP");
  text_has(peer.got[0], "\r\n\r\n{\"QueueUrl\":\"q\",\"MessageBody\":\"b\"}");
  mt_eq_str(host.output, "{\"a\":1}");
  host_close(&host);
}

static void fails(const char *body, const char *error)
{
  struct host host;
  struct peer peer;
  host_open(&host, real_time);
  peer_start(&peer, mt_format("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                              "X-Amz-Function-Error: Unhandled\r\nContent-Length: %zu\r\n\r\n%s",
                              strlen(body), body));
  call(&host, "SetTaskRoutes",
       mt_format("{\"routes\":{\"*\":\"http://127.0.0.1:%d/2015-03-31/functions/f/invocations\"}}",
                 peer.port));
  mt_eq_int(run(&host, SEND), MSTEP_FAILED);
  peer_join(&peer);
  mt_eq_str(host.error, error);
  mt_eq_str(host.cause, body);
  host_close(&host);
}

MT_TEST(task_routes__a_lambda_endpoint_says_that_a_function_failed)
{
  fails("{\"errorMessage\":\"no\",\"errorType\":\"Declined\"}", "Declined");
  fails("[]", "Lambda.Unknown");
}

MT_TEST(task_routes__to_aws)
{
  struct host host;
  struct peer peer;
  setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
  setenv("AWS_SECRET_ACCESS_KEY", "hidden", 1);
  host_open(&host, real_time);
  mt_eq_int(run(&host, SECRET), MSTEP_FAILED);
  mt_eq_str(host.error, "States.Runtime"); /* no endpoint */
  peer_start(&peer, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"SecretString\":\"x\"} ");
  call(&host, "SetTaskRoutes", mt_format("{\"awsEndpoint\":\"http://127.0.0.1:%d/{service}/{region}\"}", peer.port));
  mt_eq_int(run(&host, SECRET), MSTEP_SUCCEEDED);
  peer_join(&peer);
  text_has(peer.got[0], "POST /secretsmanager/us-east-1/ HTTP");
  text_has(peer.got[0], "X-Amz-Target: secretsmanager.GetSecretValue\r\n");
  text_has(peer.got[0], "Content-Type: application/x-amz-json-1.1\r\n");
  text_has(peer.got[0], "Credential=AKID/");
  text_has(peer.got[0], "/us-east-1/secretsmanager/aws4_request");
  text_has(peer.got[0], "\r\n\r\n{\"SecretId\":\"s\"}");
  mt_eq_str(host.output, "{\"SecretString\":\"x\"}");
  peer_start(&peer, "HTTP/1.1 400 Bad\r\nContent-Length: 61\r\n\r\n"
                    "{\"__type\":\"com.x#ResourceNotFoundException\",\"Message\":\"gone\"} ");
  call(&host, "SetTaskRoutes",
       mt_format("{\"routes\":{\"*:sqs:*\":\"aws\"},\"awsEndpoint\":\"http://127.0.0.1:%d\"}", peer.port));
  mt_eq_int(run(&host, SECRET), MSTEP_FAILED);
  peer_join(&peer);
  mt_eq_str(host.error, "SecretsManager.ResourceNotFoundException");
  text_has(host.cause, "gone (Service: SecretsManager, Status Code: 400, Request ID: ");
  mt_eq_int(run(&host, SEND), MSTEP_FAILED); /* nobody listens any more */
  mt_eq_str(host.error, "SQS.SdkClientException");
  host_close(&host);
}

MT_TEST(task_routes__test_cases_of_mocks)
{
  static const char mocks[] =
      "{\"StateMachines\":{\"m\":{\"TestCases\":{\"good\":{\"T\":\"ok\"},\"bad\":{\"T\":\"no\"}}}},"
      "\"MockedResponses\":{\"ok\":{\"0\":{\"Return\":1}},\"no\":{\"0\":{\"Throw\":{\"Error\":\"E\",\"Cause\":\"c\"}}}}}";
  struct host host;
  host_open(&host, NULL);
  mt_eq_int(mstep_mocks_load(host.engine, host_str(mocks), ""), 0);
  mstep_arn machine = host_machine(&host, "m", SEND);
  static const char *const cases[] = {"good", "bad"};
  for (int i = 0; i < 2; i++) {
    text_has(call(&host, "StartExecution",
                  mt_format("{\"stateMachineArn\":\"%s#%s\",\"name\":\"%s\"}", machine.text,
                            cases[i], cases[i])),
             "executionArn");
    host_run(&host);
  }
  text_has(call(&host, "DescribeExecution",
                "{\"executionArn\":\"arn:aws:states:us-east-1:000000000000:execution:m:good\"}"),
           "\"output\":\"1\"");
  text_has(call(&host, "DescribeExecution",
                "{\"executionArn\":\"arn:aws:states:us-east-1:000000000000:execution:m:bad\"}"),
           "\"error\":\"E\"");
  text_has(
      call(&host, "StartExecution", mt_format("{\"stateMachineArn\":\"%s#none\"}", machine.text)),
      "There is no test case 'none' in the mocks.");
  host_close(&host);
}
