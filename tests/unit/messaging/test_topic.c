/* Topics: subscriptions, filters, envelopes, confirmation; what a store keeps. */
#include "messaging/topic.h"

#include <string.h>

#include "driver_host.h"

#define TOPIC "arn:aws:sns:us-east-1:000000000000:t"
#define QUEUE "arn:aws:sqs:us-east-1:000000000000:q"
#define SUBSCRIBE(more)                                                                            \
  "{\"TopicArn\":\"" TOPIC "\",\"Protocol\":\"sqs\",\"Endpoint\":\"" QUEUE "\"" more "}"
#define FILTER                                                                                     \
  ",\"Attributes\":{\"FilterPolicy\":\"{\\\"kind\\\":[\\\"a\\\"]}\",\"RawMessageDelivery\":"       \
  "\"true\"}"
#define PUBLISH(kind)                                                                              \
  "{\"TopicArn\":\"" TOPIC "\",\"Message\":\"hello\",\"MessageAttributes\":{\"kind\":{"            \
  "\"DataType\":\"String\",\"StringValue\":\"" kind "\"}}}"

static int try(struct driver_host *host, ms_topic_operation operation, const char *request,
               char **out)
{
  struct ms_json asked, reply = MS_JSON_VALUE_NONE;
  struct ms_queue_refusal why = {.name = NULL};
  struct ms_buf text;
  int err = ms_json_parse(&asked, ms_str_c(request), NULL, NULL);
  if (err != 0) {
    return err;
  }
  err = operation(host->driver, asked, &reply, &why);
  ms_json_unref(asked);
  if (out != NULL) {
    ms_buf_init(&text, 0);
    ms_json_print(&text, reply);
    *out = err != 0 ? mt_format("%s: %s", why.name == NULL ? "" : why.name, why.text)
                    : mt_format("%.*s", MS_STR_ARG(ms_buf_view(&text)));
    ms_buf_deinit(&text);
  }
  ms_json_unref(reply);
  return err;
}

static char *ask(struct driver_host *host, ms_topic_operation operation, const char *request)
{
  char *out = NULL;
  try(host, operation, request, &out);
  return out;
}

static void begin(struct driver_host *host, const char *url)
{
  mt_eq_int(host_open(host, &ms_topics_driver, url), 0);
  mt_eq_str(ask(host, ms_topic_create, "{\"Name\":\"t\"}"), "{\"TopicArn\":\"" TOPIC "\"}");
  mt_eq_str(ask(host, ms_topic_create, "{\"Name\":\"t\"}"), "{\"TopicArn\":\"" TOPIC "\"}");
}

MT_TEST(topic__an_envelope_gets_to_a_queue)
{
  struct driver_host host;
  begin(&host, NULL);
  mt_ok(strstr(ask(&host, ms_topic_subscribe, SUBSCRIBE("")), TOPIC ":") != NULL);
  mt_ok(strstr(ask(&host, ms_topic_publish, PUBLISH("b")), "{\"MessageId\":\"") != NULL);
  mt_eq_int(host.tried, 0);
  host_run(&host);
  mt_eq_int(host.took, 1);
  mt_eq_str(host.last.target, QUEUE);
  mt_ok(strstr(host.last.body, "{\"Type\":\"Notification\",\"MessageId\":\"") == host.last.body);
  mt_ok(strstr(host.last.body, "\"TopicArn\":\"" TOPIC "\",\"Message\":\"hello\",\"Timestamp\":"
                               "\"2024-01-01T00:00:00.000Z\",\"SignatureVersion\":\"1\"") != NULL);
  mt_ok(strstr(host.last.body,
               "\"MessageAttributes\":{\"kind\":{\"Type\":\"String\",\"Value\":\"b\"}}}") != NULL);
  mt_eq_str(host.last.attributes, "");
  host_close(&host);
}

MT_TEST(topic__filters_and_raw_delivery_after_a_restart)
{
  struct driver_host host;
  begin(&host, "memory:");
  ask(&host, ms_topic_subscribe, SUBSCRIBE(FILTER));
  host.type->close(host.driver);
  mt_eq_int(host_reopen(&host), 0);
  ask(&host, ms_topic_publish, PUBLISH("b"));
  host_run(&host);
  mt_eq_int(host.tried, 0);
  ask(&host, ms_topic_publish, PUBLISH("a"));
  host.type->close(host.driver); /* what was committed is delivered by the next one */
  mt_eq_int(host_reopen(&host), 0);
  host_run(&host);
  mt_eq_int(host.took, 1);
  mt_eq_str(host.last.body, "hello");
  mt_eq_str(host.last.attributes, "{\"kind\":{\"DataType\":\"String\",\"StringValue\":\"a\"}}");
  host_close(&host);
}

MT_TEST(topic__an_endpoint_confirms)
{
  struct driver_host host;
  begin(&host, NULL);
  mt_eq_str(ask(&host, ms_topic_subscribe,
                "{\"TopicArn\":\"" TOPIC
                "\",\"Protocol\":\"http\",\"Endpoint\":\"http://localhost/x\"}"),
            "{\"SubscriptionArn\":\"pending confirmation\"}");
  ask(&host, ms_topic_publish, PUBLISH("a"));
  host_run(&host);
  mt_eq_int(host.tried, 1);
  mt_ok(strstr(host.last.headers, "\"x-amz-sns-message-type\":\"SubscriptionConfirmation\"") !=
        NULL);
  char *token = strstr(host.last.body, "\"Token\":\"") + 9;
  token[36] = '\0';
  mt_eq_str(ask(&host, ms_topic_confirm, "{\"TopicArn\":\"" TOPIC "\",\"Token\":\"x\"}"),
            "InvalidParameterException: Invalid token");
  mt_ok(strstr(ask(&host, ms_topic_confirm,
                   mt_format("{\"TopicArn\":\"" TOPIC "\",\"Token\":\"%s\"}", token)),
               "{\"SubscriptionArn\":\"" TOPIC ":") != NULL);
  ask(&host, ms_topic_publish, PUBLISH("a"));
  host_run(&host);
  mt_eq_int(host.tried, 2);
  mt_ok(strstr(host.last.headers, "\"x-amz-sns-message-type\":\"Notification\"") != NULL);
  host_close(&host);
}

MT_TEST(topic__functions_forms_and_refusals)
{
  struct driver_host host;
  begin(&host, NULL);
  ask(&host, ms_topic_subscribe,
      "{\"TopicArn\":\"" TOPIC "\",\"Protocol\":\"lambda\",\"Endpoint\":"
      "\"arn:aws:lambda:us-east-1:000000000000:function:f\"}");
  ask(&host, ms_topic_publish,
      "{\"TopicArn\":\"" TOPIC "\",\"MessageStructure\":\"json\",\"Message\":"
      "\"{\\\"default\\\":\\\"d\\\",\\\"lambda\\\":\\\"l\\\"}\"}");
  host_run(&host);
  mt_ok(strstr(host.last.body,
               "{\"Records\":[{\"EventSource\":\"aws:sns\",\"EventVersion\":\"1.0\","
               "\"EventSubscriptionArn\":\"" TOPIC ":") == host.last.body);
  mt_ok(strstr(host.last.body, "\"Subject\":null,\"Message\":\"l\"") != NULL);
  mt_eq_str(ask(&host, ms_topic_publish, "{\"TopicArn\":\"" TOPIC "\",\"Message\":\"\"}"),
            "InvalidParameterException: Invalid parameter: Empty message");
  mt_eq_str(ask(&host, ms_topic_publish, "{\"TopicArn\":\"x\",\"Message\":\"m\"}"),
            "NotFoundException: Topic does not exist");
  mt_ok(strstr(ask(&host, ms_topic_publish_batch,
                   "{\"TopicArn\":\"" TOPIC "\",\"PublishBatchRequestEntries\":["
                   "{\"Id\":\"1\",\"Message\":\"m\"},{\"Id\":\"2\",\"Message\":\"\"}]}"),
               "\"Failed\":[{\"Code\":\"InvalidParameter\",\"Message\":\"Invalid parameter: Empty "
               "message\",\"SenderFault\":true,\"Id\":\"2\"}]") != NULL);
  host_close(&host);
}

#define TAG "{\"ResourceArn\":\"" TOPIC "\",\"Tags\":[{\"Key\":\"a\",\"Value\":\"1\"}]}"

static int whole_life(void *user)
{
  struct driver_host *host = user;
  int err = host_open(host, &ms_topics_driver, "memory:");
  err = err != 0 ? err : try(host, ms_topic_create, "{\"Name\":\"t\"}", NULL);
  err = err != 0 ? err : try(host, ms_topic_subscribe, SUBSCRIBE(FILTER), NULL);
  err = err != 0 ? err : try(host, ms_topic_publish, PUBLISH("a"), NULL);
  err = err != 0 ? err : try(host, ms_topic_tag, TAG, NULL);
  if (err == 0) {
    host_pass(host, 5000);
    host->type->close(host->driver);
    err = host_reopen(host);
  }
  host_close(host);
  return err;
}

MT_TEST(topic__out_of_memory)
{
  static struct driver_host host;
  mt_oom(whole_life, &host);
}
