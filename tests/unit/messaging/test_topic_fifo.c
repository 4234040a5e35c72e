/* FIFO topics: what was published is known for five minutes, and goes to FIFO queues in its order. */
#include "messaging/topic.h"

#include <string.h>

#include "driver_host.h"

#define TOPIC "arn:aws:sns:us-east-1:000000000000:t.fifo"
#define QUEUE "arn:aws:sqs:us-east-1:000000000000:q.fifo"

static char *ask(struct driver_host *host, ms_topic_operation operation, const char *request)
{
  struct ms_json asked, reply = MS_JSON_VALUE_NONE;
  struct ms_queue_refusal why = {.name = NULL};
  struct ms_buf text;
  mt_eq_int(ms_json_parse(&asked, ms_str_c(request), NULL, NULL), 0);
  int err = operation(host->driver, asked, &reply, &why);
  ms_buf_init(&text, 0);
  ms_json_print(&text, reply);
  char *out = err != 0 ? mt_format("%d %s: %s", err, why.name == NULL ? "" : why.name, why.text)
                       : mt_format("%.*s", MS_STR_ARG(ms_buf_view(&text)));
  ms_buf_deinit(&text);
  ms_json_unref(asked);
  ms_json_unref(reply);
  return out;
}

static void begin(struct driver_host *host, const char *url, const char *attributes)
{
  mt_eq_int(host_open(host, &ms_topics_driver, url), 0);
  ask(host, ms_topic_create,
      mt_format("{\"Name\":\"t.fifo\",\"Attributes\":{\"FifoTopic\":\"true\"%s}}", attributes));
  mt_ok(strstr(ask(host, ms_topic_subscribe,
                   "{\"TopicArn\":\"" TOPIC "\",\"Protocol\":\"sqs\",\"Endpoint\":\"" QUEUE
                   "\",\"Attributes\":{\"RawMessageDelivery\":\"true\"}}"),
               TOPIC ":") != NULL);
}

static char *publish(struct driver_host *host, const char *group, const char *id, const char *text)
{
  char *out = ask(host, ms_topic_publish,
                  mt_format("{\"TopicArn\":\"" TOPIC "\",\"Message\":\"%s\",\"MessageGroupId\":"
                            "\"%s\",\"MessageDeduplicationId\":\"%s\"}",
                            text, group, id));
  mt_ok(strstr(out, "\"SequenceNumber\":\"1") != NULL);
  return out;
}

MT_TEST(topic_fifo__the_same_id_is_the_same_message_for_five_minutes)
{
  struct driver_host host;
  begin(&host, "memory:", "");
  char *first = publish(&host, "g", "1", "a");
  mt_eq_str(publish(&host, "g", "1", "b"), first);
  mt_eq_str(publish(&host, "h", "1", "c"), first);
  mt_ok(strcmp(publish(&host, "g", "2", "d"), first) != 0);
  host_run(&host);
  mt_eq_int(host.took, 2);
  host.type->close(host.driver);
  mt_eq_int(host_reopen(&host), 0);
  host_pass(&host, 299000);
  mt_eq_str(publish(&host, "g", "1", "e"), first); /* a restart forgets nothing */
  host_pass(&host, 1001);
  mt_ok(strcmp(publish(&host, "g", "1", "f"), first) != 0);
  host_run(&host);
  mt_eq_int(host.took, 3);
  mt_eq_str(host.last.body, "f");
  host_close(&host);
}

MT_TEST(topic_fifo__groups_apart_where_the_topic_says_so)
{
  struct driver_host host;
  begin(&host, NULL, ",\"FifoThroughputScope\":\"MessageGroup\"");
  char *first = publish(&host, "g", "1", "a");
  mt_ok(strcmp(publish(&host, "h", "1", "b"), first) != 0);
  mt_eq_str(publish(&host, "g", "1", "c"), first);
  host_pass(&host, 310000);
  mt_eq_int(host.took, 2);
  mt_eq_int(host.type->next_due_ms(host.driver), 0); /* nothing is kept for ever */
  host_close(&host);
}

MT_TEST(topic_fifo__what_was_not_written_was_not_published)
{
  struct driver_host host;
  begin(&host, "memory:", "");
  host.is_broken = true;
  char *out = ask(&host, ms_topic_publish,
                  "{\"TopicArn\":\"" TOPIC "\",\"Message\":\"a\",\"MessageGroupId\":\"g\","
                  "\"MessageDeduplicationId\":\"1\"}");
  mt_ok(strstr(out, "MessageId") == NULL);
  host.is_broken = false;
  publish(&host, "g", "1", "a");
  host_run(&host);
  mt_eq_int(host.took, 1);
  host_close(&host);
}

/* The bodies of what was tried, in their order. */
static void run_noting(struct driver_host *host, char *order, size_t size, int64_t ms)
{
  int64_t end_ms = ms_loop_now_ms(host->loop) + ms;
  unsigned tried = host->tried;
  while (ms_loop_now_ms(host->loop) <= end_ms) {
    for (size_t i = 0; i < host->try_count; i++) {
      size_t len = strlen(order);
      snprintf(order + len, size - len, "%s", host->tries[i].body);
    }
    if (host->durable_count > 0) {
      ms_durable_cb cb = host->durable[0].cb;
      void *arg = host->durable[0].arg;
      memmove(host->durable, host->durable + 1, --host->durable_count * sizeof *host->durable);
      cb(0, arg);
      continue;
    }
    size_t count = host->try_count;
    for (; count > 0; count--) {
      struct host_delivery try = host->tries[0];
      memmove(host->tries, host->tries + 1, --host->try_count * sizeof *host->tries);
      bool refused = host->refuses != NULL && strcmp(try.body, host->refuses) == 0;
      try.cb(refused ? MSTEP_EIO : 0, false, "no", try.arg);
    }
    int64_t due_ms = host->type->next_due_ms(host->driver);
    if (due_ms == 0) {
      break;
    }
    ms_loop_sim_run_until(host->loop, due_ms);
    host->type->on_timer(host->driver, due_ms);
  }
  mt_ok(host->tried >= tried);
}

MT_TEST(topic_fifo__who_is_behind_a_failure_waits_in_the_group)
{
  struct driver_host host;
  char order[512] = "";
  begin(&host, "memory:", "");
  publish(&host, "g", "1", "A");
  publish(&host, "g", "2", "B");
  publish(&host, "h", "3", "X");
  publish(&host, "g", "4", "C");
  host.refuses = "A";
  run_noting(&host, order, sizeof order, 3000);
  mt_ok(strchr(order, 'X') != NULL);
  mt_ok(strchr(order, 'B') == NULL && strchr(order, 'C') == NULL);
  host.type->close(host.driver);
  mt_eq_int(host_reopen(&host), 0); /* and so after a restart */
  host.refuses = NULL;
  order[0] = '\0';
  run_noting(&host, order, sizeof order, 60000);
  mt_eq_str(order, "ABC");
  host_close(&host);
}
