/* Requests of the verbs of queues, topics, buses, schedules and dead letters; messages for people. */
#include <string.h>

#include "cli/verbs.h"

/* ---- queues ---- */

/* The URL of a queue's name, into *url. */
static bool find_queue(struct ms_text *url, struct ms_verb_call *call, const char *name)
{
  struct ms_text request = {0};
  bool is_fine = true;
  if (strstr(name, "://") != NULL) {
    ms_text_put(url, name);
  } else {
    ms_text_put(&request, "{");
    ms_text_pair(&request, "QueueName", ms_arn_name(name));
    ms_text_put(&request, "}");
    is_fine = ms_client_ask(call->client, "GetQueueUrl", &request) &&
              ms_text_member(url, ms_text_str(&call->client->reply), "QueueUrl");
  }
  ms_text_deinit(&request);
  return is_fine;
}

bool ms_build_queues(struct ms_verb_call *call)
{
  ms_verb_json(call, "MaxResults", "1000");
  return true;
}

bool ms_build_queue(struct ms_verb_call *call)
{
  struct ms_text url = {0};
  bool is_fine = find_queue(&url, call, call->operands[0]);
  ms_verb_text(call, "QueueUrl", ms_text_str(&url).data);
  ms_text_deinit(&url);
  return is_fine;
}

static bool ends_with(const char *text, const char *end)
{
  size_t n = strlen(text), m = strlen(end);
  return n >= m && strcmp(text + n - m, end) == 0;
}

/* --attributes, and what the name says: NAME.fifo is FIFO. */
static void put_attributes(struct ms_verb_call *call, const char *fifo)
{
  const char *given = call->args->options[MS_OPTION_ATTRIBUTES];
  struct ms_text text = {0};
  ms_text_put(&text, given != NULL ? given : "{}");
  if (ends_with(call->operands[0], ".fifo") && strstr(ms_text_str(&text).data, fifo) == NULL) {
    struct ms_text more = {0};
    ms_text_printf(&more, "{\"%s\":\"true\"}", fifo);
    ms_text_merge(&text, ms_text_str(&more));
    ms_text_deinit(&more);
  }
  ms_verb_json(call, "Attributes", ms_text_str(&text).data);
  ms_text_deinit(&text);
}

bool ms_build_queue_create(struct ms_verb_call *call)
{
  ms_verb_text(call, "QueueName", call->operands[0]);
  put_attributes(call, "FifoQueue");
  return true;
}

static void put_fifo(struct ms_verb_call *call)
{
  const char *attributes = call->args->options[MS_OPTION_ATTRIBUTES];
  ms_verb_option(call, "MessageGroupId", MS_OPTION_GROUP);
  ms_verb_option(call, "MessageDeduplicationId", MS_OPTION_DEDUPLICATION);
  if (attributes != NULL) {
    ms_verb_json(call, "MessageAttributes", attributes);
  }
}

/* A whole number as it was given; the operation's own limits are AWS's. */
static bool put_number(struct ms_verb_call *call, const char *name, enum ms_option option)
{
  unsigned long long number = 0;
  char text[32];
  if (!ms_cli_number(&number, call->args, option, 0, 1000000000)) {
    return false;
  }
  if (call->args->options[option] != NULL) {
    snprintf(text, sizeof text, "%llu", number);
    ms_verb_json(call, name, text);
  }
  return true;
}

bool ms_build_queue_send(struct ms_verb_call *call)
{
  put_fifo(call);
  return put_number(call, "DelaySeconds", MS_OPTION_DELAY) && ms_build_queue(call) &&
         ms_verb_value(call, "MessageBody", 1, false);
}

bool ms_build_queue_receive(struct ms_verb_call *call)
{
  ms_verb_json(call, "MessageSystemAttributeNames", "[\"All\"]");
  ms_verb_json(call, "MessageAttributeNames", "[\"All\"]");
  return put_number(call, "MaxNumberOfMessages", MS_OPTION_MAX) &&
         put_number(call, "WaitTimeSeconds", MS_OPTION_WAIT_TIME) && ms_build_queue(call);
}

bool ms_build_queue_ack(struct ms_verb_call *call)
{
  ms_verb_text(call, "ReceiptHandle", call->operands[1]);
  return ms_build_queue(call);
}

bool ms_build_queue_stats(struct ms_verb_call *call)
{
  ms_verb_json(call, "AttributeNames", "[\"All\"]");
  return ms_build_queue(call);
}

static void print_message(mstep_str item, void *user)
{
  struct ms_text body = {0}, handle = {0}, id = {0};
  bool is_deleted = *(const bool *)user;
  ms_text_member(&body, item, "Body");
  ms_text_member(&handle, item, "ReceiptHandle");
  ms_text_member(&id, item, "MessageId");
  printf("%s\n", ms_text_str(&body).data);
  if (!is_deleted) {
    fprintf(stderr, "message %s, handle %s\n", ms_text_str(&id).data, ms_text_str(&handle).data);
  }
  ms_text_deinit(&body);
  ms_text_deinit(&handle);
  ms_text_deinit(&id);
}

void ms_show_messages(struct ms_verb_call *call)
{
  struct ms_text messages = {0};
  bool is_deleted = call->args->options[MS_OPTION_DELETE] != NULL;
  ms_text_member(&messages, ms_text_str(&call->client->reply), "Messages");
  ms_text_each(ms_text_str(&messages), print_message, &is_deleted);
  ms_text_deinit(&messages);
}

static void print_attribute(mstep_str name, mstep_str value, void *user)
{
  struct ms_text text = {0};
  (void)user;
  ms_text_value(&text, value);
  printf("%-40.*s %s\n", (int)name.len, name.data, ms_text_str(&text).data);
  ms_text_deinit(&text);
}

void ms_show_attributes(struct ms_verb_call *call)
{
  struct ms_text attributes = {0};
  ms_text_member(&attributes, ms_text_str(&call->client->reply), "Attributes");
  ms_text_each_member(ms_text_str(&attributes), print_attribute, NULL);
  ms_text_deinit(&attributes);
}

/* ---- what delete means for messages that were received ---- */

struct deleting {
  struct ms_client *client;
  const char *url;
  bool is_fine;
};

static void delete_message(mstep_str item, void *user)
{
  struct deleting *deleting = user;
  struct ms_text handle = {0}, request = {0};
  ms_text_member(&handle, item, "ReceiptHandle");
  ms_text_put(&request, "{");
  ms_text_pair(&request, "QueueUrl", deleting->url);
  ms_text_pair(&request, "ReceiptHandle", ms_text_str(&handle).data);
  ms_text_put(&request, "}");
  deleting->is_fine =
      ms_client_ask(deleting->client, "DeleteMessage", &request) && deleting->is_fine;
  ms_text_deinit(&handle);
  ms_text_deinit(&request);
}

bool ms_after_receive(struct ms_verb_call *call)
{
  struct ms_text messages = {0}, url = {0};
  if (call->args->options[MS_OPTION_DELETE] == NULL) {
    return true;
  }
  ms_text_member(&messages, ms_text_str(&call->client->reply), "Messages");
  ms_text_member(&url, ms_text_str(call->request), "QueueUrl");
  struct deleting deleting = {call->client, ms_text_str(&url).data, true};
  ms_text_each(ms_text_str(&messages), delete_message, &deleting);
  ms_text_deinit(&messages);
  ms_text_deinit(&url);
  return deleting.is_fine;
}

/* ---- targets: "queue:NAME" and such ---- */

/* Region and account are those of any ARN that this server has: a topic's, or the default bus's. */
static bool put_place(struct ms_text *out, struct ms_verb_call *call, const char *service)
{
  struct ms_text request = {0}, arn = {0};
  ms_text_put(&request, "{}");
  bool is_fine = ms_client_ask(call->client, "DescribeEventBus", &request) &&
                 ms_text_member(&arn, ms_text_str(&call->client->reply), "Arn");
  const char *region = arn.data, *account = NULL, *end = NULL;
  for (int i = 0; i < 3 && region != NULL; i++) {
    region = strchr(region, ':') == NULL ? NULL : strchr(region, ':') + 1;
  }
  account = region == NULL ? NULL : strchr(region, ':');
  end = account == NULL ? NULL : strchr(account + 1, ':');
  is_fine = is_fine && end != NULL;
  if (is_fine) {
    ms_text_printf(out, "arn:aws:%s:%.*s:", service, (int)(end - region), region);
  }
  ms_text_deinit(&request);
  ms_text_deinit(&arn);
  return is_fine;
}

bool ms_verb_target(struct ms_text *out, struct ms_verb_call *call, const char *target)
{
  static const struct {
    const char *kind, *service, *before;
  } kinds[] = {{"queue:", "sqs", ""},
               {"function:", "lambda", "function:"},
               {"topic:", "sns", ""},
               {"machine:", "states", "stateMachine:"},
               {"bus:", "events", "event-bus/"}};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    size_t len = strlen(kinds[i].kind);
    if (strncmp(target, kinds[i].kind, len) == 0) {
      bool is_fine = put_place(out, call, kinds[i].service);
      ms_text_printf(out, "%s%s", kinds[i].before, target + len);
      return is_fine;
    }
  }
  ms_text_put(out, target);
  return true;
}

/* ---- topics ---- */

bool ms_build_topic(struct ms_verb_call *call)
{
  struct ms_text arn = {0};
  bool is_fine = ms_verb_find(&arn, call, "ListTopics", "Topics", "TopicArn", call->operands[0]);
  ms_verb_text(call, "TopicArn", ms_text_str(&arn).data);
  ms_text_deinit(&arn);
  return is_fine;
}

bool ms_build_topic_create(struct ms_verb_call *call)
{
  ms_verb_text(call, "Name", call->operands[0]);
  put_attributes(call, "FifoTopic");
  return true;
}

static const char *protocol_of(const char *target)
{
  return strncmp(target, "https:", 6) == 0        ? "https"
         : strncmp(target, "http:", 5) == 0       ? "http"
         : strncmp(target, "arn:aws:sqs:", 12) == 0 ? "sqs"
                                                  : "lambda";
}

bool ms_build_topic_subscribe(struct ms_verb_call *call)
{
  struct ms_text target = {0};
  bool is_fine = ms_build_topic(call) && ms_verb_target(&target, call, call->operands[1]);
  ms_verb_text(call, "Protocol", protocol_of(ms_text_str(&target).data));
  ms_verb_text(call, "Endpoint", ms_text_str(&target).data);
  ms_verb_json(call, "ReturnSubscriptionArn", "true");
  ms_text_deinit(&target);
  return is_fine;
}

bool ms_build_topic_publish(struct ms_verb_call *call)
{
  put_fifo(call);
  ms_verb_option(call, "Subject", MS_OPTION_SUBJECT);
  return ms_build_topic(call) && ms_verb_value(call, "Message", 1, false);
}

/* ---- buses ---- */

bool ms_build_bus_put(struct ms_verb_call *call)
{
  struct ms_text entry = {0};
  struct ms_verb_call inner = *call;
  inner.request = &entry;
  ms_text_put(&entry, "{");
  ms_verb_text(&inner, "Source", call->operands[0]);
  ms_verb_text(&inner, "DetailType", call->operands[1]);
  ms_verb_option(&inner, "EventBusName", MS_OPTION_BUS);
  bool is_fine = ms_verb_value(&inner, "Detail", 2, false);
  ms_text_put(&entry, "}");
  ms_text_put(call->request, "\"Entries\":[");
  ms_text_put(call->request, ms_text_str(&entry).data);
  ms_text_put(call->request, "]");
  ms_text_deinit(&entry);
  return is_fine;
}

bool ms_build_bus_rules(struct ms_verb_call *call)
{
  ms_verb_option(call, "EventBusName", MS_OPTION_BUS);
  return true;
}

bool ms_build_bus_test(struct ms_verb_call *call)
{
  return ms_verb_value(call, "EventPattern", 0, false) && ms_verb_value(call, "Event", 1, false);
}

/* ---- schedules ---- */

bool ms_build_schedules(struct ms_verb_call *call)
{
  ms_verb_option(call, "GroupName", MS_OPTION_SCHEDULE_GROUP);
  return true;
}

bool ms_build_schedule(struct ms_verb_call *call)
{
  ms_verb_text(call, "Name", call->operands[0]);
  ms_verb_option(call, "GroupName", MS_OPTION_SCHEDULE_GROUP);
  return true;
}

bool ms_build_schedule_create(struct ms_verb_call *call)
{
  struct ms_text target = {0}, arn = {0};
  struct ms_verb_call inner = *call;
  const char *role = call->args->options[MS_OPTION_ROLE];
  bool is_fine = ms_verb_target(&arn, call, call->operands[2]) && ms_build_schedule(call);
  inner.request = &target;
  ms_text_put(&target, "{");
  ms_verb_text(&inner, "Arn", ms_text_str(&arn).data);
  ms_verb_text(&inner, "RoleArn",
               role != NULL ? role : "arn:aws:iam::000000000000:role/moonstep");
  ms_verb_option(&inner, "Input", MS_OPTION_SCHEDULE_INPUT);
  ms_text_put(&target, "}");
  ms_verb_text(call, "ScheduleExpression", call->operands[1]);
  ms_verb_option(call, "ScheduleExpressionTimezone", MS_OPTION_TIMEZONE);
  ms_verb_json(call, "FlexibleTimeWindow", "{\"Mode\":\"OFF\"}");
  ms_verb_json(call, "Target", ms_text_str(&target).data);
  ms_text_deinit(&target);
  ms_text_deinit(&arn);
  return is_fine;
}

/* ---- dead letters ---- */

bool ms_build_replay(struct ms_verb_call *call)
{
  for (size_t i = 0; i < call->operand_count; i++) {
    ms_text_put(call->request, i == 0 ? "\"ids\":[" : ",");
    ms_text_quote(call->request, call->operands[i]);
  }
  ms_text_put(call->request, call->operand_count > 0 ? "]" : "");
  return true;
}

bool ms_build_move(struct ms_verb_call *call)
{
  struct ms_text target = {0}, arn = {0};
  bool is_arn = strncmp(call->operands[0], "arn:", 4) == 0;
  ms_text_printf(&target, "%s%s", is_arn ? "" : "queue:", call->operands[0]);
  bool is_fine = ms_verb_target(&arn, call, ms_text_str(&target).data);
  ms_verb_text(call, "SourceArn", ms_text_str(&arn).data);
  ms_text_deinit(&target);
  ms_text_deinit(&arn);
  return is_fine;
}
