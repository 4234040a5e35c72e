/*
 * Protocols as bytes: a request on the left, what operation it is with what input on the right; an answer
 * on the left, what goes back on the right. The requests are what botocore and the JavaScript SDK send.
 */
#include "mt.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "http/parse.h"
#include "http/protocol.h"
#include "json/json.h"

static const struct ms_http_parse_limits limits = {65536, 200, 1 << 20};

struct exchange {
  struct ms_http_parser parser;
  struct ms_http_call call;
  struct ms_http_failure failure;
};

/* text: head and body; the length of the body and a host are added. */
static int decode_as(struct exchange *x, const char *head, const char *host, const char *body)
{
  const char *text =
      mt_format("%s%sContent-Length: %zu\r\n\r\n%s", head, host, strlen(body), body);
  size_t used, at = 0, len = strlen(text);
  ms_http_parser_init(&x->parser, &limits);
  ms_http_call_init(&x->call);
  enum ms_http_parse result = MS_HTTP_MORE;
  while (result == MS_HTTP_MORE || result == MS_HTTP_HEAD) {
    result = ms_http_parser_feed(&x->parser, (struct ms_str){text + at, len - at}, &used);
    at += used;
  }
  if (result != MS_HTTP_DONE) {
    mt_fail("not a request: %s", x->parser.reason);
  }
  x->parser.message.peer = MS_STR("127.0.0.1:4711");
  x->failure = (struct ms_http_failure){0, "", ""};
  int err = ms_http_protocol_find(&x->call, &x->failure, &x->parser.message);
  return err != 0 ? err : ms_http_protocol_decode(&x->call, &x->failure, &x->parser.message);
}

static int decode(struct exchange *x, const char *head, const char *body)
{
  return decode_as(x, head, "Host: localhost:8083\r\n", body);
}

static void done(struct exchange *x)
{
  ms_http_call_deinit(&x->call);
  ms_http_parser_deinit(&x->parser);
}

static void check_call(const char *head, const char *body, const char *operation, const char *input)
{
  struct exchange x;
  int err = decode(&x, head, body);
  if (err != 0) {
    mt_fail("%s: %s %s", operation, x.failure.code, x.failure.text);
  }
  mt_eq_str(mt_format("%s:%s", x.call.service->name, x.call.operation), operation);
  struct ms_json value;
  mt_eq_int(ms_json_parse(&value, ms_buf_view(&x.call.input), NULL, NULL), 0);
  mt_eq_json(value, input);
  ms_json_unref(value);
  done(&x);
}

static void check_failure(const char *head, const char *body, int status, const char *code)
{
  struct exchange x;
  int err = decode(&x, head, body);
  if (err == 0 || x.failure.status != status || strcmp(x.failure.code, code) != 0) {
    mt_fail("wanted %d %s, got %d %s: %s", status, code, x.failure.status, x.failure.code, head);
  }
  done(&x);
}

/* Head, a blank line, body: as it would go over the wire. */
static const char *encode(struct exchange *x, int status, const char *reply)
{
  struct ms_http_answer answer;
  ms_http_answer_init(&answer);
  int err = status < 0
                ? ms_http_protocol_fail(&answer, &x->call, &x->failure, MS_STR("ID"))
                : ms_http_protocol_encode(&answer, &x->call, status, ms_str_c(reply), MS_STR("ID"));
  mt_eq_int(err, 0);
  struct ms_buf out;
  ms_buf_init(&out, 0);
  ms_buf_printf(&out, "%d\n", answer.status);
  for (size_t i = 0; i < answer.headers.count; i++) {
    ms_buf_printf(&out, "%.*s: %.*s\n", MS_STR_ARG(answer.headers.data[i].name),
                  MS_STR_ARG(answer.headers.data[i].value));
  }
  ms_buf_char(&out, '\n');
  ms_buf_str(&out, ms_buf_view(&answer.body));
  const char *text = mt_format("%s", out.data);
  ms_buf_deinit(&out);
  ms_http_answer_deinit(&answer);
  return text;
}

static void check_answer(const char *head, const char *body, int status, const char *reply,
                         const char *expected)
{
  struct exchange x;
  mt_eq_int(decode(&x, head, body), 0);
  mt_eq_str(encode(&x, status, reply), expected);
  done(&x);
}

/* ---- JSON -------------------------------------------------------------------------------------------- */

#define JSON10 "POST / HTTP/1.1\r\nContent-Type: application/x-amz-json-1.0\r\n"
#define JSON11 "POST / HTTP/1.1\r\nContent-Type: application/x-amz-json-1.1\r\n"


#define FORM_TYPE "Content-Type: application/x-www-form-urlencoded\r\n"

MT_TEST(http_protocol__operations_by_name)
{
  check_call("POST /mstep/SendMessage HTTP/1.1\r\n" FORM_TYPE, "{\"a\":1}", "mstep:SendMessage",
             "{\"a\":1}");
  check_call("POST /mstep/states:TagResource HTTP/1.1\r\n", "", "mstep:states:TagResource", "{}");
  check_failure("GET /mstep/SendMessage HTTP/1.1\r\n", "", 405, "UnknownOperationException");
  check_failure("POST /mstep/ HTTP/1.1\r\n", "", 404, "UnknownOperationException");
  check_failure("POST /mstep/a/b HTTP/1.1\r\n", "", 404, "UnknownOperationException");
  check_failure("POST /mstep/:a HTTP/1.1\r\n", "", 404, "UnknownOperationException");
  check_failure("POST /mstep/a:b:c HTTP/1.1\r\n", "", 404, "UnknownOperationException");
  check_failure("POST /mstep/aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee:"
                "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee HTTP/1.1\r\n",
                "", 404, "UnknownOperationException");
}

MT_TEST(http_protocol__json_calls)
{
  check_call(JSON10 "X-Amz-Target: AWSStepFunctions.StartExecution\r\n", "{\"input\":\"{}\"}",
             "states:StartExecution", "{\"input\":\"{}\"}");
  check_call(JSON10 "X-Amz-Target: AmazonSQS.SendMessage\r\n", "", "sqs:SendMessage", "{}");
  check_call(JSON11 "x-amz-target: AWSEvents.PutEvents\r\n", "{}", "events:PutEvents", "{}");
  check_call(JSON10 "X-Amz-Target: DynamoDB_20120810.PutItem\r\n", "{}", "dynamodb:PutItem", "{}");
  check_call(JSON10 "X-Amz-Target: DynamoDBStreams_20120810.GetRecords\r\n", "{}",
             "dynamodbstreams:GetRecords", "{}");
  check_call(JSON10 "X-Amz-Target: Moonstep.Backup\r\n", "{}", "moonstep:Backup", "{}");
}

MT_TEST(http_protocol__json_failures)
{
  static const char unknown[] = "UnknownOperationException";
  check_failure(JSON10 "X-Amz-Target: Nothing.StartExecution\r\n", "", 400, unknown);
  check_failure(JSON10 "X-Amz-Target: AWSStepFunctions\r\n", "", 400, unknown);
  check_failure(JSON10 "X-Amz-Target: AWSStepFunctions.\r\n", "", 400, unknown);
  check_failure(JSON10 "X-Amz-Target: AWSStepFunctions.a/b\r\n", "", 400, unknown);
  check_failure(JSON10 "X-Amz-Target:\r\n", "", 400, unknown);
  check_failure("GET / HTTP/1.1\r\nX-Amz-Target: AmazonSQS.SendMessage\r\n", "", 405, unknown);
}

MT_TEST(http_protocol__json_answers)
{
  check_answer(
      JSON10 "X-Amz-Target: AWSStepFunctions.StartExecution\r\n", "", 200, "{\"a\":1.0}",
      "200\nx-amzn-RequestId: ID\nContent-Type: application/x-amz-json-1.0\n\n{\"a\":1.0}");
  check_answer(JSON11 "X-Amz-Target: AWSEvents.DeleteRule\r\n", "", 0, "",
               "200\nx-amzn-RequestId: ID\nContent-Type: application/x-amz-json-1.1\n\n{}");
  /* 2745614147 is the CRC-32 of "{}" */
  check_answer(JSON10 "X-Amz-Target: DynamoDB_20120810.PutItem\r\n", "", 200, "{}",
               "200\nx-amzn-RequestId: ID\nContent-Type: application/x-amz-json-1.0\n"
               "x-amz-crc32: 2745614147\n\n{}");
}

MT_TEST(http_protocol__json_errors)
{
  check_answer(
      JSON10 "X-Amz-Target: AWSStepFunctions.StartExecution\r\n", "", 400,
      "{\"__type\":\"ExecutionAlreadyExists\",\"message\":\"Execution Already Exists: 'a'\"}",
      "400\nx-amzn-RequestId: ID\nContent-Type: application/x-amz-json-1.0\n\n"
      "{\"__type\":\"com.amazonaws.swf.service.v2.model#ExecutionAlreadyExists\","
      "\"message\":\"Execution Already Exists: 'a'\"}");
  /* a status of its own, more members, a name with a prefix already */
  check_answer(JSON10 "X-Amz-Target: AWSStepFunctions.UpdateStateMachine\r\n", "", 409,
               "{\"__type\":\"x#ValidationException\",\"message\":\"m\",\"reason\":\"R\"}",
               "409\nx-amzn-RequestId: ID\nContent-Type: application/x-amz-json-1.0\n\n"
               "{\"__type\":\"com.amazon.coral.validate#ValidationException\",\"message\":\"m\","
               "\"reason\":\"R\"}");
  check_answer(JSON11 "X-Amz-Target: AWSEvents.PutRule\r\n", "", 0,
               "{\"__type\":\"ResourceNotFoundException\",\"message\":\"m\"}",
               "400\nx-amzn-RequestId: ID\nContent-Type: application/x-amz-json-1.1\n\n"
               "{\"__type\":\"ResourceNotFoundException\",\"message\":\"m\"}");
  check_answer(
      JSON10 "X-Amz-Target: AmazonSQS.GetQueueUrl\r\n", "", 400,
      "{\"__type\":\"QueueDoesNotExist\",\"message\":\"The specified queue does not exist.\"}",
      "400\nx-amzn-RequestId: ID\n"
      "x-amzn-query-error: AWS.SimpleQueueService.NonExistentQueue;Sender\n"
      "Content-Type: application/x-amz-json-1.0\n\n"
      "{\"__type\":\"com.amazonaws.sqs#QueueDoesNotExist\","
      "\"message\":\"The specified queue does not exist.\"}");
  /* an operation that gave no proper error */
  check_answer(JSON11 "X-Amz-Target: AWSEvents.PutRule\r\n", "", 500, "oops",
               "500\nx-amzn-RequestId: ID\nContent-Type: application/x-amz-json-1.1\n\n"
               "{\"__type\":\"InternalFailure\"}");
}

/* ---- Query ------------------------------------------------------------------------------------------- */

#define FORM "POST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded; charset=utf-8\r\n"
#define SQS "&Version=2012-11-05"
#define SNS "&Version=2010-03-31"

MT_TEST(http_protocol__query_calls)
{
  check_call(
      FORM,
      "Action=CreateQueue" SQS "&QueueName=q&Attribute.1.Name=DelaySeconds&"
      "Attribute.1.Value=5&Attribute.2.Name=Policy&Attribute.2.Value=%7B%22a%22%3A1%7D&"
      "Tag.1.Key=k&Tag.1.Value=v",
      "sqs:CreateQueue",
      "{\"QueueName\":\"q\",\"Attributes\":{\"DelaySeconds\":\"5\",\"Policy\":\"{\\\"a\\\":1}\"},"
      "\"tags\":{\"k\":\"v\"}}");
  check_call(FORM, "Action=TagQueue" SQS "&QueueUrl=u&Tags.1.Key=k&Tags.1.Value=", "sqs:TagQueue",
             "{\"QueueUrl\":\"u\",\"Tags\":{\"k\":\"\"}}");
  check_call(
      FORM,
      "Action=ReceiveMessage" SQS "&QueueUrl=u&MaxNumberOfMessages=10&"
      "AttributeName.2=B&AttributeName.1=A&AttributeName.10=C&WaitTimeSeconds=x",
      "sqs:ReceiveMessage",
      "{\"QueueUrl\":\"u\",\"MaxNumberOfMessages\":10,\"AttributeNames\":[\"A\",\"B\",\"C\"],"
      "\"WaitTimeSeconds\":\"x\"}");
  check_call(
      FORM,
      "Action=SendMessageBatch" SQS "&QueueUrl=u&SendMessageBatchRequestEntry.1.Id=a&"
      "SendMessageBatchRequestEntry.1.MessageBody=x+y&"
      "SendMessageBatchRequestEntry.1.DelaySeconds=3&"
      "SendMessageBatchRequestEntry.1.MessageAttribute.1.Name=n&"
      "SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.DataType=String&"
      "SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringValue=s&"
      "SendMessageBatchRequestEntry.2.Id=b",
      "sqs:SendMessageBatch",
      "{\"QueueUrl\":\"u\",\"Entries\":[{\"Id\":\"a\",\"MessageBody\":\"x y\",\"DelaySeconds\":3,"
      "\"MessageAttributes\":{\"n\":{\"DataType\":\"String\",\"StringValue\":\"s\"}}},"
      "{\"Id\":\"b\"}]}");
  check_call(FORM,
             "Action=Publish" SNS "&TopicArn=t&Message=a%0Ab&MessageAttributes.entry.1.Name=n&"
             "MessageAttributes.entry.1.Value.DataType=String&"
             "MessageAttributes.entry.1.Value.StringValue=1",
             "sns:Publish",
             "{\"TopicArn\":\"t\",\"Message\":\"a\\nb\",\"MessageAttributes\":"
             "{\"n\":{\"DataType\":\"String\",\"StringValue\":\"1\"}}}");
  check_call(FORM,
             "Action=Subscribe" SNS "&ReturnSubscriptionArn=true&Attributes.entry.1.key=k&"
             "Attributes.entry.1.value=v",
             "sns:Subscribe", "{\"ReturnSubscriptionArn\":true,\"Attributes\":{\"k\":\"v\"}}");
  check_call(FORM, "Action=CreateTopic" SNS "&Name=n&Tags.member.1.Key=k&Tags.member.1.Value=v",
             "sns:CreateTopic", "{\"Name\":\"n\",\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}]}");
  check_call(FORM, "Action=GetCallerIdentity&Version=2011-06-15", "sts:GetCallerIdentity", "{}");
}

/* The path of a queue stands for its URL; a version is known from the signature, too. */
MT_TEST(http_protocol__query_by_path_and_scope)
{
  check_call("GET /000000000000/q?Action=ReceiveMessage" SQS "&VisibilityTimeout=1 HTTP/1.1\r\n",
             "", "sqs:ReceiveMessage",
             "{\"VisibilityTimeout\":1,\"QueueUrl\":\"http://localhost:8083/000000000000/q\"}");
  check_call("GET /0/q?QueueUrl=u&Action=DeleteMessage" SQS " HTTP/1.1\r\n", "",
             "sqs:DeleteMessage", "{\"QueueUrl\":\"u\"}");
  check_call(FORM
             "Authorization: AWS4-HMAC-SHA256 Credential=A/20150830/us-east-1/sqs/aws4_request, "
             "SignedHeaders=host, Signature=0\r\n",
             "Action=ListQueues", "sqs:ListQueues", "{}");
  check_call("GET /?Action=ListTopics" SNS "&X-Amz-Signature=0 HTTP/1.1\r\n", "", "sns:ListTopics",
             "{}");
}

MT_TEST(http_protocol__query_failures)
{
  check_failure(FORM, "Action=ListQueues", 400, "NoSuchVersion");
  check_failure(FORM, "Action=ListQueues&Version=1", 400, "NoSuchVersion");
  check_failure(FORM, "Action=" SQS, 400, "InvalidAction");
  check_failure(FORM, "Action=a%20b" SQS, 400, "InvalidAction");
  check_failure(FORM, "Action=ListQueues" SQS "&a=%", 400, "MalformedQueryString");
  check_failure(FORM, "Action=ListQueues" SQS "&a=%ff", 400, "MalformedQueryString");
  check_failure(FORM, "Action=ListQueues" SQS "&\xff=a", 400, "MalformedQueryString");
  check_failure(FORM, "Action=ListQueues" SQS "&a.b.c.d.e.f.g.h.i.j.k=1", 400,
                "MalformedQueryString");
  struct ms_buf many;
  ms_buf_init(&many, 0);
  ms_buf_cstr(&many, "Action=ListQueues" SQS);
  for (int i = 0; i < 3000; i++) {
    ms_buf_printf(&many, "&A.%d=x", i);
  }
  check_failure(FORM, many.data, 400, "MalformedQueryString");
  ms_buf_deinit(&many);
}

#define XML "<?xml version=\"1.0\"?>"
#define SQSNS " xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\">"
#define SNSNS " xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">"
#define META "<ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata>"
#define OK200 "200\nx-amzn-RequestId: ID\nContent-Type: text/xml\n\n" XML

MT_TEST(http_protocol__query_answers)
{
  check_answer(FORM, "Action=DeleteQueue" SQS, 200, "{}",
               OK200 "<DeleteQueueResponse" SQSNS META "</DeleteQueueResponse>");
  check_answer(FORM, "Action=ReceiveMessage" SQS, 200, "{}",
               OK200 "<ReceiveMessageResponse" SQSNS
                     "<ReceiveMessageResult></ReceiveMessageResult>" META
                     "</ReceiveMessageResponse>");
  check_answer(
      FORM, "Action=ReceiveMessage" SQS, 200,
      "{\"Messages\":[{\"MessageId\":\"m\",\"Body\":\"a<b>&\\\"c\\\"\\r\\u0001\",\"Attributes\":"
      "{\"SentTimestamp\":\"1\"},\"MessageAttributes\":{\"n\":{\"DataType\":\"String\","
      "\"StringValue\":\"s\"}}}]}",
      OK200 "<ReceiveMessageResponse" SQSNS "<ReceiveMessageResult><Message>"
            "<MessageId>m</MessageId><Body>a&lt;b&gt;&amp;&quot;c&quot;&#xD;\xef\xbf\xbd</Body>"
            "<Attribute><Name>SentTimestamp</Name><Value>1</Value></Attribute>"
            "<MessageAttribute><Name>n</Name><Value><DataType>String</DataType>"
            "<StringValue>s</StringValue></Value></MessageAttribute></Message>"
            "</ReceiveMessageResult>" META "</ReceiveMessageResponse>");
  check_answer(FORM, "Action=DeleteMessageBatch" SQS, 200,
               "{\"Successful\":[{\"Id\":\"a\"}],\"Failed\":[{\"Id\":\"b\",\"SenderFault\":true}]}",
               OK200 "<DeleteMessageBatchResponse" SQSNS "<DeleteMessageBatchResult>"
                     "<DeleteMessageBatchResultEntry><Id>a</Id></DeleteMessageBatchResultEntry>"
                     "<BatchResultErrorEntry><Id>b</Id><SenderFault>true</SenderFault>"
                     "</BatchResultErrorEntry></DeleteMessageBatchResult>" META
                     "</DeleteMessageBatchResponse>");
  check_answer(FORM, "Action=ListTopics" SNS, 200,
               "{\"Topics\":[{\"TopicArn\":\"t\"}],\"NextToken\":null}",
               OK200 "<ListTopicsResponse" SNSNS "<ListTopicsResult><Topics><member>"
                     "<TopicArn>t</TopicArn></member></Topics></ListTopicsResult>" META
                     "</ListTopicsResponse>");
  check_answer(FORM, "Action=GetTopicAttributes" SNS, 200, "{\"Attributes\":{\"Owner\":\"0\"}}",
               OK200 "<GetTopicAttributesResponse" SNSNS "<GetTopicAttributesResult><Attributes>"
                     "<entry><key>Owner</key><value>0</value></entry></Attributes>"
                     "</GetTopicAttributesResult>" META "</GetTopicAttributesResponse>");
  /* a name that could not be an element's is left out */
  check_answer(FORM, "Action=DeleteTopic" SNS, 200, "{\"a><b\":1,\"c\":2}",
               OK200 "<DeleteTopicResponse" SNSNS
                     "<DeleteTopicResult><c>2</c></DeleteTopicResult>" META
                     "</DeleteTopicResponse>");
}

MT_TEST(http_protocol__query_errors)
{
  check_answer(
      FORM, "Action=GetQueueUrl" SQS, 400,
      "{\"__type\":\"com.amazonaws.sqs#QueueDoesNotExist\","
      "\"message\":\"The specified queue does not exist.\"}",
      "400\nx-amzn-RequestId: ID\nContent-Type: text/xml\n\n" XML "<ErrorResponse" SQSNS
      "<Error><Type>Sender</Type><Code>AWS.SimpleQueueService.NonExistentQueue</Code>"
      "<Message>The specified queue does not exist. for this wsdl version.</Message><Detail/>"
      "</Error><RequestId>ID</RequestId></ErrorResponse>");
  check_answer(
      FORM, "Action=Publish" SNS, 400, "{\"__type\":\"NotFoundException\",\"message\":\"<x>\"}",
      "404\nx-amzn-RequestId: ID\nContent-Type: text/xml\n\n" XML "<ErrorResponse" SNSNS
      "<Error><Type>Sender</Type><Code>NotFound</Code><Message>&lt;x&gt;</Message><Detail/>"
      "</Error><RequestId>ID</RequestId></ErrorResponse>");
  check_answer(FORM, "Action=Publish" SNS, 500,
               "{\"__type\":\"SomethingNewException\",\"message\":\"m\"}",
               "500\nx-amzn-RequestId: ID\nContent-Type: text/xml\n\n" XML "<ErrorResponse" SNSNS
               "<Error><Type>Receiver</Type><Code>SomethingNew</Code><Message>m</Message><Detail/>"
               "</Error><RequestId>ID</RequestId></ErrorResponse>");
  struct exchange x;
  mt_ok(decode(&x, FORM, "Action=ListQueues&Version=1") != 0);
  mt_eq_str(
      encode(&x, -1, NULL),
      "400\nx-amzn-RequestId: ID\nContent-Type: text/xml\n\n" XML "<ErrorResponse><Error>"
      "<Type>Sender</Type><Code>NoSuchVersion</Code><Message>This service is not here, or not in "
      "this version: the README names those that are.</Message><Detail/></Error><RequestId>ID</RequestId></ErrorResponse>");
  done(&x);
}

/* ---- REST -------------------------------------------------------------------------------------------- */

#define SCHEDULER                                                                                  \
  "Authorization: AWS4-HMAC-SHA256 Credential=A/20150830/us-east-1/scheduler/aws4_request, "       \
  "SignedHeaders=host, Signature=0\r\n"

MT_TEST(http_protocol__rest_calls)
{
  check_call("POST /2015-03-31/functions/f/invocations HTTP/1.1\r\n",
             "{\"a\":[1.0,12345678901234567890]}", "lambda:Invoke",
             "{\"Payload\":{\"a\":[1.0,12345678901234567890]},\"FunctionName\":\"f\"}");
  check_call(
      "POST /2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A0%3Afunction%3Af/invocations"
      "?Qualifier=%24LATEST HTTP/1.1\r\nX-Amz-Invocation-Type: Event\r\nX-Amz-Log-Type: Tail\r\n",
      "", "lambda:Invoke",
      "{\"Qualifier\":\"$LATEST\",\"InvocationType\":\"Event\",\"LogType\":\"Tail\","
      "\"FunctionName\":\"arn:aws:lambda:us-east-1:0:function:f\"}");
  check_call("GET /2015-03-31/functions/?MaxItems=5&Marker=m HTTP/1.1\r\n", "",
             "lambda:ListFunctions", "{\"MaxItems\":5,\"Marker\":\"m\"}");
  check_call("POST /2015-03-31/functions HTTP/1.1\r\n", "{\"FunctionName\":\"f\"}",
             "lambda:CreateFunction", "{\"FunctionName\":\"f\"}");
  /* the path goes before the body */
  check_call("PUT /2015-03-31/functions/f/aliases/a HTTP/1.1\r\n", "{\"Name\":\"b\",\"x\":1}",
             "lambda:UpdateAlias", "{\"Name\":\"a\",\"x\":1,\"FunctionName\":\"f\"}");
  check_call("DELETE /2017-03-31/tags/arn%3Aa?tagKeys=x&tagKeys=y%20z HTTP/1.1\r\n", "",
             "lambda:UntagResource", "{\"TagKeys\":[\"x\",\"y z\"],\"Resource\":\"arn:a\"}");
  check_call("DELETE /schedules/s?groupName=g&clientToken=t HTTP/1.1\r\n" SCHEDULER, "",
             "scheduler:DeleteSchedule",
             "{\"GroupName\":\"g\",\"ClientToken\":\"t\",\"Name\":\"s\"}");
  check_call("GET /schedules?ScheduleGroup=g HTTP/1.1\r\n" SCHEDULER, "", "scheduler:ListSchedules",
             "{\"GroupName\":\"g\"}");
}

/* What only looks like a path of ours is somebody's route. */
MT_TEST(http_protocol__rest_paths_are_matched_whole)
{
  static const char *const others[] = {
      "GET /schedules HTTP/1.1\r\n",
      "GET /2015-03-31/functions/f/other HTTP/1.1\r\n",
      "PATCH /2015-03-31/functions/f HTTP/1.1\r\n",
      "GET /2015-03-31/functions//configuration HTTP/1.1\r\n",
      "GET /2015-03-31/function HTTP/1.1\r\n",
      "GET / HTTP/1.1\r\n",
  };
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    struct exchange x;
    mt_eq_int(decode(&x, others[i], ""), 0);
    mt_eq_str(mt_format("%s:%s", x.call.service->name, x.call.operation), "http:Request");
    done(&x);
  }
}

MT_TEST(http_protocol__rest_failures)
{
  check_failure("POST /2015-03-31/functions/f/invocations HTTP/1.1\r\n", "{a", 400,
                "InvalidRequestContentException");
  check_failure("POST /2015-03-31/functions HTTP/1.1\r\n", "{a", 400, "SerializationException");
  check_failure("POST /2015-03-31/functions HTTP/1.1\r\n", "[]", 400, "SerializationException");
  check_failure("GET /2015-03-31/functions/%zz HTTP/1.1\r\n", "", 400, "SerializationException");
  check_failure("GET /2015-03-31/functions/%ff HTTP/1.1\r\n", "", 400, "SerializationException");
  check_failure("GET /2015-03-31/functions?Marker=%c3 HTTP/1.1\r\n", "", 400,
                "SerializationException");
}

MT_TEST(http_protocol__rest_answers)
{
#define JSONTYPE "Content-Type: application/json\n"
  check_answer(
      "POST /2015-03-31/functions/f/invocations HTTP/1.1\r\n", "", 200,
      "{\"StatusCode\":200,\"ExecutedVersion\":\"$LATEST\",\"FunctionError\":\"Unhandled\","
      "\"LogResult\":\"bG9n\",\"Payload\":{\"errorType\":\"E\",\"n\":1.0}}",
      "200\nx-amzn-RequestId: ID\nX-Amz-Function-Error: Unhandled\nX-Amz-Log-Result: bG9n\n"
      "X-Amz-Executed-Version: $LATEST\n" JSONTYPE "\n{\"errorType\":\"E\",\"n\":1.0}");
  check_answer("POST /2015-03-31/functions/f/invocations HTTP/1.1\r\n", "", 0,
               "{\"StatusCode\":202}", "202\nx-amzn-RequestId: ID\n" JSONTYPE "\n");
  check_answer("POST /2015-03-31/functions/f/invocations HTTP/1.1\r\n", "", 0,
               "{\"StatusCode\":200,\"Payload\":null}",
               "200\nx-amzn-RequestId: ID\n" JSONTYPE "\nnull");
  check_answer("POST /2015-03-31/functions HTTP/1.1\r\n", "", 200, "{\"FunctionName\":\"f\"}",
               "201\nx-amzn-RequestId: ID\n" JSONTYPE "\n{\"FunctionName\":\"f\"}");
  check_answer("DELETE /2015-03-31/functions/f HTTP/1.1\r\n", "", 200, "{}",
               "204\nx-amzn-RequestId: ID\n" JSONTYPE "\n");
}

MT_TEST(http_protocol__statuses_by_name)
{
  static const struct {
    const char *head;
    const char *reply;
    int status;
  } rows[] = {
      {"GET /2015-03-31/functions/f HTTP/1.1\r\n", "{\"__type\":\"ResourceNotFoundException\"}",
       404},
      {"GET /2015-03-31/functions/f HTTP/1.1\r\n", "{\"__type\":\"TooManyRequestsException\"}",
       429},
      {"GET /2015-03-31/functions/f HTTP/1.1\r\n", "{\"__type\":\"ValidationException\"}", 400},
      {"GET /schedules HTTP/1.1\r\n" SCHEDULER, "{\"__type\":\"ConflictException\"}", 409},
      {JSON10 "X-Amz-Target: AWSStepFunctions.A\r\n", "{\"__type\":\"x#ConflictException\"}", 409},
      {JSON10 "X-Amz-Target: AWSStepFunctions.A\r\n", "{\"__type\":\"InvalidArn\"}", 400},
      {JSON10 "X-Amz-Target: AWSEvents.A\r\n", "{\"__type\":\"ResourceNotFoundException\"}", 400},
      {JSON10 "X-Amz-Target: AWSEvents.A\r\n", "{\"__type\":\"InternalException\"}", 500},
      {"GET /route HTTP/1.1\r\n", "{\"__type\":\"NotFoundException\"}", 404},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct exchange x;
    mt_eq_int(decode(&x, rows[i].head, ""), 0);
    const char *answer = encode(&x, 0, rows[i].reply);
    if (strtol(answer, NULL, 10) != rows[i].status) {
      mt_report("%s: %.3s", rows[i].reply, answer);
    }
    done(&x);
  }
}

MT_TEST(http_protocol__rest_errors)
{
  check_answer("GET /2015-03-31/functions/f HTTP/1.1\r\n", "", 404,
               "{\"__type\":\"ResourceNotFoundException\",\"message\":\"Function not found: f\"}",
               "404\nx-amzn-RequestId: ID\n" JSONTYPE
               "x-amzn-ErrorType: ResourceNotFoundException\n\n"
               "{\"Type\":\"User\",\"Message\":\"Function not found: f\"}");
  check_answer(
      "POST /2015-03-31/functions/f/invocations HTTP/1.1\r\n", "", 429,
      "{\"__type\":\"TooManyRequestsException\",\"Reason\":\"R\",\"message\":\"Rate Exceeded.\"}",
      "429\nx-amzn-RequestId: ID\n" JSONTYPE
      "x-amzn-ErrorType: TooManyRequestsException\nRetry-After: 1\n\n"
      "{\"Type\":\"User\",\"Reason\":\"R\",\"message\":\"Rate Exceeded.\"}");
  check_answer("GET /schedules HTTP/1.1\r\n" SCHEDULER, "", 404,
               "{\"__type\":\"ResourceNotFoundException\",\"Message\":\"m\"}",
               "404\nx-amzn-RequestId: ID\n" JSONTYPE
               "x-amzn-ErrorType: ResourceNotFoundException\n\n"
               "{\"Message\":\"m\"}");
  struct exchange x;
  mt_ok(decode(&x, "POST /2015-03-31/functions/f/invocations HTTP/1.1\r\n", "x") != 0);
  mt_eq_str(
      encode(&x, -1, NULL),
      "400\nx-amzn-RequestId: ID\n" JSONTYPE "x-amzn-ErrorType: InvalidRequestContentException\n\n"
      "{\"Type\":\"User\",\"message\":\"Could not parse request body into json: Could not parse "
      "payload into json: Unrecognized token 'x': was expecting (JSON String, Number, Array, "
      "Object "
      "or token 'null', 'true' or 'false')\"}");
  done(&x);
}

/* ---- plain ------------------------------------------------------------------------------------------- */

MT_TEST(http_protocol__plain_requests)
{
  check_call(
      "POST /a%2Fb?x=1&x=2 HTTP/1.1\r\nX-One: a\r\nx-one: b\r\nCookie: c=1; d=2\r\n"
      "Content-Type: text/plain\r\n",
      "text", "http:Request",
      "{\"method\":\"POST\",\"rawPath\":\"/a%2Fb\",\"rawQueryString\":\"x=1&x=2\","
      "\"sourceIp\":\"127.0.0.1\",\"protocol\":\"HTTP/1.1\",\"host\":\"localhost:8083\","
      "\"accessKeyId\":\"\",\"signedService\":\"\",\"requestId\":\"\",\"isTls\":false,"
      "\"cookies\":[\"c=1\",\"d=2\"],"
      "\"headers\":{\"x-one\":\"a,b\",\"content-type\":\"text/plain\",\"host\":\"localhost:8083\","
      "\"content-length\":\"4\"},"
      "\"fields\":[[\"X-One\",\"a\"],[\"x-one\",\"b\"],[\"Cookie\",\"c=1; d=2\"],"
      "[\"Content-Type\",\"text/plain\"],[\"Host\",\"localhost:8083\"],[\"Content-Length\",\"4\"]],"
      "\"body\":\"text\",\"isBase64Encoded\":false}");
  check_call(
      "PUT / HTTP/1.1\r\nContent-Type: application/octet-stream\r\n", "\x01z", "http:Request",
      "{\"method\":\"PUT\",\"rawPath\":\"/\",\"rawQueryString\":\"\","
      "\"sourceIp\":\"127.0.0.1\",\"protocol\":\"HTTP/1.1\",\"host\":\"localhost:8083\","
      "\"accessKeyId\":\"\",\"signedService\":\"\",\"requestId\":\"\",\"isTls\":false,"
      "\"headers\":{\"content-type\":\"application/octet-stream\",\"host\":\"localhost:8083\","
      "\"content-length\":\"2\"},"
      "\"fields\":[[\"Content-Type\",\"application/octet-stream\"],[\"Host\",\"localhost:8083\"],"
      "[\"Content-Length\",\"2\"]],\"body\":\"AXo=\",\"isBase64Encoded\":true}");
}

/* An address that a user gave a function is no API, whatever the request looks like. */
MT_TEST(http_protocol__endpoints_are_plain)
{
  static const char *const heads[] = {
      "POST / HTTP/1.1\r\nX-Amz-Target: AmazonSQS.ListQueues\r\n",
      "GET /2015-03-31/functions HTTP/1.1\r\n",
      "GET /?Action=ListQueues&Version=2012-11-05 HTTP/1.1\r\n",
  };
  for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
    struct ms_http_message message = {.host = MS_STR("ab.lambda-url.us-east-1.localhost:4566"),
                                      .path = MS_STR("/")};
    mt_ok(ms_http_is_endpoint(&message));
    message.host = MS_STR("api.Execute-API.us-east-1.localhost");
    mt_ok(ms_http_is_endpoint(&message));
    message.host = MS_STR("localhost:4566");
    mt_ok(!ms_http_is_endpoint(&message));
    message.host = MS_STR(".lambda-url.us-east-1.localhost");
    mt_ok(!ms_http_is_endpoint(&message));
    message.host = MS_STR("ab.lambda-url.localhost");
    mt_ok(!ms_http_is_endpoint(&message));
    message.path = MS_STR("/_aws/lambda-url/ab/");
    mt_ok(ms_http_is_endpoint(&message));
    struct exchange x;
    const char *host = "Host: ab.lambda-url.us-east-1.localhost:4566\r\n";
    mt_eq_int(decode_as(&x, heads[i], host, ""), 0);
    mt_eq_int((int)x.call.family, MS_HTTP_PLAIN);
    done(&x);
  }
}

MT_TEST(http_protocol__plain_answers)
{
  check_answer("GET /a HTTP/1.1\r\n", "", 0,
               "{\"statusCode\":201,\"headers\":{\"Content-Type\":\"text/"
               "plain\",\"X\":[\"1\",\"2\"],\"N\":3},"
               "\"cookies\":[\"a=b\"],\"body\":\"hello\"}",
               "201\nx-amzn-RequestId: ID\nContent-Type: text/plain\nX: 1\nX: 2\nN: 3\n"
               "Set-Cookie: a=b\n\nhello");
  check_answer("GET /a HTTP/1.1\r\n", "", 0, "{\"body\":\"AXo=\",\"isBase64Encoded\":true}",
               "200\nx-amzn-RequestId: ID\n" JSONTYPE "\n\x01z");
  check_answer("GET /a HTTP/1.1\r\n", "", 404,
               "{\"__type\":\"NotFoundException\",\"message\":\"Not Found\"}",
               "404\nx-amzn-RequestId: ID\n" JSONTYPE "x-amzn-ErrorType: NotFoundException\n\n"
               "{\"message\":\"Not Found\"}");
}

/* ---- all --------------------------------------------------------------------------------------------- */

static const char *const samples[][3] = {
    {JSON10 "X-Amz-Target: AmazonSQS.GetQueueUrl\r\n", "{}", "{\"__type\":\"QueueDoesNotExist\"}"},
    {FORM, "Action=TagQueue" SQS "&QueueUrl=u&Tags.1.Key=k&Tags.1.Value=v&AttributeName.1=A",
     "{\"Tags\":{\"a\":\"b\"}}"},
    {FORM, "Action=Publish" SNS "&a.member.1=x", "{\"__type\":\"NotFoundException\"}"},
    {"POST /2015-03-31/functions/f/invocations?Qualifier=1&tagKeys=a&tagKeys=b HTTP/1.1\r\n", "{}",
     "{\"StatusCode\":200,\"LogResult\":\"a\",\"Payload\":1}"},
    {"POST /x HTTP/1.1\r\nCookie: a=b\r\n", "x", "{\"headers\":{\"a\":\"b\"},\"body\":\"x\"}"},
};

static int round_trip(const char *const sample[3])
{
  struct ms_http_message message = {.method = MS_STR("POST"), .peer = MS_STR("1:2")};
  struct ms_http_call call;
  struct ms_http_failure failure;
  struct ms_http_answer answer;
  struct ms_http_parser parser;
  const char *text = sample[0];
  size_t used;
  char request[600];
  int len = snprintf(request, sizeof request, "%sHost: h\r\nContent-Length: %zu\r\n\r\n%s", text,
                     strlen(sample[1]), sample[1]);
  ms_http_parser_init(&parser, &limits);
  ms_http_call_init(&call);
  ms_http_answer_init(&answer);
  enum ms_http_parse result =
      ms_http_parser_feed(&parser, (struct ms_str){request, (size_t)len}, &used);
  int err = MSTEP_ENOMEM;
  if (result == MS_HTTP_HEAD) {
    result = ms_http_parser_feed(
        &parser, ms_str_sub((struct ms_str){request, (size_t)len}, used, (size_t)len), &used);
  }
  if (result == MS_HTTP_DONE) {
    message = parser.message;
    err = ms_http_protocol_find(&call, &failure, &message);
    if (err == 0) {
      err = ms_http_protocol_decode(&call, &failure, &message);
    }
    if (err == 0) {
      err = ms_http_protocol_encode(&answer, &call, 0, ms_str_c(sample[2]), MS_STR("ID"));
    }
  }
  ms_http_answer_deinit(&answer);
  ms_http_call_deinit(&call);
  ms_http_parser_deinit(&parser);
  return err;
}

static int round_trips(void *user)
{
  (void)user;
  int err = 0;
  for (size_t i = 0; err == 0 && i < sizeof samples / sizeof samples[0]; i++) {
    err = round_trip(samples[i]);
  }
  return err;
}

MT_TEST(http_protocol__out_of_memory)
{
  mt_ok(mt_oom(round_trips, NULL) > 50);
}
