/* Requests of the verbs of queues, topics, buses, schedules and dead letters; messages for people. */
#include <string.h>

#include "cli/deploy.h"
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
    is_fine = ms_client_call(call->client, "GetQueueUrl", &request);
    if (is_fine) {
      ms_text_member(url, ms_text_str(&call->client->reply), "QueueUrl");
    } else {
      ms_verb_say(call, "queue", name);
    }
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
static bool put_attributes(struct ms_verb_call *call, const char *fifo)
{
  const char *given = call->args->options[MS_OPTION_ATTRIBUTES];
  struct ms_text text = {0};
  if (given != NULL && !ms_cli_check_json(given, "value of --attributes")) {
    return false;
  }
  ms_text_put(&text, given != NULL ? given : "{}");
  if (ends_with(call->operands[0], ".fifo") && strstr(ms_text_str(&text).data, fifo) == NULL) {
    struct ms_text more = {0};
    ms_text_printf(&more, "{\"%s\":\"true\"}", fifo);
    ms_text_merge(&text, ms_text_str(&more));
    ms_text_deinit(&more);
  }
  ms_verb_json(call, "Attributes", ms_text_str(&text).data);
  ms_text_deinit(&text);
  return true;
}

bool ms_build_queue_create(struct ms_verb_call *call)
{
  ms_verb_text(call, "QueueName", call->operands[0]);
  return put_attributes(call, "FifoQueue");
}

static bool put_fifo(struct ms_verb_call *call)
{
  const char *attributes = call->args->options[MS_OPTION_ATTRIBUTES];
  ms_verb_option(call, "MessageGroupId", MS_OPTION_GROUP);
  ms_verb_option(call, "MessageDeduplicationId", MS_OPTION_DEDUPLICATION);
  if (attributes != NULL && !ms_cli_check_json(attributes, "value of --attributes")) {
    return false;
  }
  if (attributes != NULL) {
    ms_verb_json(call, "MessageAttributes", attributes);
  }
  return true;
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
  return put_fifo(call) && put_number(call, "DelaySeconds", MS_OPTION_DELAY) &&
         ms_build_queue(call) && ms_verb_value(call, "MessageBody", 1, false);
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
  return put_attributes(call, "FifoTopic");
}

static const char *protocol_of(const char *target)
{
  return strncmp(target, "https:", 6) == 0          ? "https"
         : strncmp(target, "http:", 5) == 0         ? "http"
         : strncmp(target, "arn:aws:sqs:", 12) == 0 ? "sqs"
                                                    : "lambda";
}

bool ms_build_topic_subscribe(struct ms_verb_call *call)
{
  struct ms_text target = {0};
  bool is_fine = ms_build_topic(call) && ms_verb_target(&target, call, call->operands[1]) &&
                 ms_verb_target_check(call, ms_text_str(&target).data);
  ms_verb_text(call, "Protocol", protocol_of(ms_text_str(&target).data));
  ms_verb_text(call, "Endpoint", ms_text_str(&target).data);
  ms_verb_json(call, "ReturnSubscriptionArn", "true");
  ms_text_deinit(&target);
  return is_fine;
}

bool ms_build_topic_publish(struct ms_verb_call *call)
{
  ms_verb_option(call, "Subject", MS_OPTION_SUBJECT);
  return put_fifo(call) && ms_build_topic(call) && ms_verb_value(call, "Message", 1, false);
}

/* ---- buses ---- */

/* PutEvents takes events for a bus that is not there, and they are lost. */
static bool is_bus(struct ms_verb_call *call, const char *name)
{
  struct ms_text request = {0};
  bool is_fine = true;
  if (name != NULL) {
    ms_text_put(&request, "{");
    ms_text_pair(&request, "Name", name);
    ms_text_put(&request, "}");
    is_fine = ms_client_call(call->client, "DescribeEventBus", &request);
    if (!is_fine) {
      ms_verb_say(call, "bus", name);
    }
  }
  ms_text_deinit(&request);
  return is_fine;
}

static bool find_bus(struct ms_verb_call *call)
{
  return is_bus(call, call->args->options[MS_OPTION_BUS]);
}

bool ms_build_bus_create(struct ms_verb_call *call)
{
  ms_verb_text(call, "Name", call->operands[0]);
  return true;
}

/* DeleteEventBus is content with a bus that is not there. */
bool ms_build_bus_delete(struct ms_verb_call *call)
{
  return is_bus(call, call->operands[0]) && ms_build_bus_create(call);
}

static void print_event(mstep_str item, void *user)
{
  struct ms_text id = {0};
  (void)user;
  if (ms_text_member(&id, item, "EventId")) {
    printf("%s\n", ms_text_str(&id).data);
  }
  ms_text_deinit(&id);
}

/* The ids of those that were taken; ms_verb_outcome says why others were not. */
void ms_show_events(struct ms_verb_call *call)
{
  struct ms_text entries = {0};
  ms_text_member(&entries, ms_text_str(&call->client->reply), "Entries");
  ms_text_each(ms_text_str(&entries), print_event, NULL);
  ms_text_deinit(&entries);
}

bool ms_build_bus_put(struct ms_verb_call *call)
{
  struct ms_text entry = {0};
  struct ms_verb_call inner = *call;
  inner.request = &entry;
  ms_text_put(&entry, "{");
  ms_verb_text(&inner, "Source", call->operands[0]);
  ms_verb_text(&inner, "DetailType", call->operands[1]);
  ms_verb_option(&inner, "EventBusName", MS_OPTION_BUS);
  bool is_fine = find_bus(call) && ms_verb_value(&inner, "Detail", 2, false);
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
  return find_bus(call);
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
  bool is_fine = ms_verb_target(&arn, call, call->operands[2]) &&
                 ms_verb_target_check(call, ms_text_str(&arn).data) && ms_build_schedule(call);
  inner.request = &target;
  ms_text_put(&target, "{");
  ms_verb_text(&inner, "Arn", ms_text_str(&arn).data);
  ms_verb_text(&inner, "RoleArn", role != NULL ? role : "arn:aws:iam::000000000000:role/moonstep");
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
  bool is_fine = ms_verb_target(&arn, call, ms_text_str(&target).data) &&
                 ms_verb_target_check(call, ms_text_str(&arn).data);
  ms_verb_text(call, "SourceArn", ms_text_str(&arn).data);
  ms_text_deinit(&target);
  ms_text_deinit(&arn);
  return is_fine;
}
