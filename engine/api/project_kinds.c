/* What each kind of thing in a project is in AWS's operations. A row of project_kinds.def each. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/project.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/time.h"
#include "messaging/table.h"

#define CODE_MAX ((size_t)4 << 20)
#define ID_TEXT_MAX 56
#define ALREADY_DIFFERENT "already exists with different attributes"

/* Adds a step that may find the thing there already. */
static void add(struct ms_project_plan *plan, const char *kind, struct ms_json name,
                const char *operation, struct ms_project_request *request, const char *exists,
                const char *instead)
{
  struct ms_project_step *step = ms_plan_add(plan, kind, name, operation, request);
  if (step != NULL) {
    step->exists = exists;
    step->instead = instead;
  }
}

static struct ms_json queue_url(struct ms_project_plan *plan, struct ms_json name)
{
  return ms_json_stringf("https://sqs.%s.amazonaws.com/%s/%.*s", plan->region, plan->account,
                         MS_STR_ARG(ms_json_text(name)));
}

static struct ms_json topic_arn(struct ms_project_plan *plan, struct ms_json name)
{
  return ms_json_stringf("arn:aws:sns:%s:%s:%.*s", plan->region, plan->account,
                         MS_STR_ARG(ms_json_text(name)));
}

/* ---- queues ---- */

static void plan_queue(struct ms_project_plan *plan, struct ms_json item)
{
  struct ms_json name = ms_json_getc(item, "QueueName");
  struct ms_project_request request = ms_request_new(plan);
  ms_request_copy(&request, "QueueName", item, "QueueName");
  ms_request_put(&request, "QueueUrl", queue_url(plan, name));
  ms_request_put(&request, "Attributes",
                 ms_project_strings(plan, ms_json_getc(item, "Attributes")));
  add(plan, "queue", name, "CreateQueue", &request, "QueueNameExists", "SetQueueAttributes");
}

static void plan_redrive(struct ms_project_plan *plan, struct ms_json item)
{
  struct ms_json name = ms_json_getc(item, "QueueName");
  struct ms_json redrive = ms_json_getc(item, "Redrive");
  int64_t count;
  if (ms_json_is_none(redrive)) {
    return;
  }
  if (!ms_json_to_int(&count, ms_json_getc(redrive, "MaxReceiveCount"))) {
    count = 10;
  }
  struct ms_json arn = ms_project_arn(plan, ms_json_getc(redrive, "To"));
  struct ms_project_request request = ms_request_new(plan);
  ms_request_put(&request, "QueueUrl", queue_url(plan, name));
  ms_request_put(
      &request, "Attributes",
      ms_api_object("RedrivePolicy",
                    ms_json_stringf("{\"deadLetterTargetArn\":\"%.*s\",\"maxReceiveCount\":%lld}",
                                    MS_STR_ARG(ms_json_text(arn)), (long long)count)));
  ms_json_unref(arn);
  add(plan, "queue", name, "SetQueueAttributes", &request, NULL, NULL);
}

/* ---- topics ---- */

/* Attributes one by one, for what was there already and was different; the step before says how many. */
static size_t plan_attributes(struct ms_project_plan *plan, const char *kind, struct ms_json name,
                              const char *operation, struct ms_json arn, struct ms_json attributes)
{
  size_t count = 0;
  for (size_t i = 0; i < ms_json_count(attributes); i++) {
    struct ms_str key = ms_json_key(attributes, i);
    if (ms_str_is(key, "FifoTopic")) {
      continue; /* for ever what it was */
    }
    struct ms_project_request request = ms_request_new(plan);
    if (!ms_json_is_none(arn)) {
      ms_request_put(&request, "TopicArn", ms_json_ref(arn));
    }
    ms_request_put(&request, "AttributeName", ms_json_string(key));
    if (!ms_json_is_null(ms_json_member(attributes, i))) {
      ms_request_put(&request, "AttributeValue", ms_json_ref(ms_json_member(attributes, i)));
    }
    struct ms_project_step *step = ms_plan_add(plan, kind, name, operation, &request);
    if (step != NULL) {
      step->take = ms_json_is_none(arn) ? "SubscriptionArn" : NULL;
    }
    count++;
  }
  return count;
}

static void plan_topic(struct ms_project_plan *plan, struct ms_json item)
{
  struct ms_json name = ms_json_getc(item, "TopicName");
  struct ms_json attributes = ms_project_strings(plan, ms_json_getc(item, "Attributes"));
  struct ms_json arn = topic_arn(plan, name);
  size_t at = plan->steps.count;
  struct ms_project_request request = ms_request_new(plan);
  ms_request_copy(&request, "Name", item, "TopicName");
  ms_request_put(&request, "Attributes", ms_json_ref(attributes));
  add(plan, "topic", name, "CreateTopic", &request, "InvalidParameterException", NULL);
  size_t more =
      plan_attributes(plan, "topic", name, "SetTopicAttributes", arn, attributes);
  if (plan->err == 0) {
    plan->steps.data[at].exists_text = ALREADY_DIFFERENT;
    plan->steps.data[at].more = more;
  }
  ms_json_unref(attributes);
  ms_json_unref(arn);
}

static const char *protocol_of(struct ms_json ref)
{
  struct ms_str kind = ms_json_text(ms_json_getc(ref, "kind"));
  struct ms_str name = ms_json_text(ms_json_getc(ref, "name"));
  return ms_str_is(kind, "queue")              ? "sqs"
         : ms_str_is(kind, "function")         ? "lambda"
         : ms_str_has_prefix(name, "https:") ? "https"
                                               : "http";
}

/* All of a subscription's attributes, so that what is said no more is taken back: null. */
static struct ms_json subscription_attributes(struct ms_project_plan *plan, struct ms_json item)
{
  struct ms_project_request attributes = ms_request_new(plan);
  bool is_body = ms_str_is(ms_json_text(ms_json_getc(item, "FilterPolicyScope")), "MessageBody");
  if (is_body) { /* before the policy, which may be for bodies only; else behind it */
    ms_request_copy(&attributes, "FilterPolicyScope", item, "FilterPolicyScope");
  }
  ms_request_put(&attributes, "FilterPolicy", MS_JSON_VALUE_NULL);
  ms_request_text(&attributes, "FilterPolicy", item, "FilterPolicy");
  if (!is_body) {
    ms_request_put(&attributes, "FilterPolicyScope", MS_JSON_VALUE_NULL);
    ms_request_copy(&attributes, "FilterPolicyScope", item, "FilterPolicyScope");
  }
  bool is_raw = ms_json_is_true(ms_json_getc(item, "RawMessageDelivery"));
  ms_request_put(&attributes, "RawMessageDelivery", ms_json_cstring(is_raw ? "true" : "false"));
  ms_request_put(&attributes, "RedrivePolicy", MS_JSON_VALUE_NULL);
  if (!ms_json_is_none(ms_json_getc(item, "DeadLetter"))) {
    struct ms_json arn = ms_project_arn(plan, ms_json_getc(item, "DeadLetter"));
    ms_request_put(&attributes, "RedrivePolicy",
                   ms_json_stringf("{\"deadLetterTargetArn\":\"%.*s\"}",
                                   MS_STR_ARG(ms_json_text(arn))));
    ms_json_unref(arn);
  }
  return attributes.value;
}

static struct ms_json without_nulls(struct ms_project_plan *plan, struct ms_json object)
{
  struct ms_project_request out = ms_request_new(plan);
  for (size_t i = 0; i < ms_json_count(object) && plan->err == 0; i++) {
    if (!ms_json_is_null(ms_json_member(object, i))) {
      plan->err = ms_json_set(&out.value, ms_json_key(object, i),
                              ms_json_ref(ms_json_member(object, i)));
    }
  }
  return out.value;
}

/* attributes NONE: none, and what is asked is the ARN alone. */
static struct ms_json subscribe(struct ms_project_plan *plan, struct ms_json topic,
                                struct ms_json to, struct ms_json attributes)
{
  struct ms_project_request request = ms_request_new(plan);
  ms_request_put(&request, "TopicArn", topic_arn(plan, topic));
  ms_request_put(&request, "Protocol", ms_json_cstring(protocol_of(to)));
  ms_request_put(&request, "Endpoint", ms_project_arn(plan, to));
  ms_request_put(&request, "ReturnSubscriptionArn", ms_json_bool(true));
  if (!ms_json_is_none(attributes)) {
    ms_request_put(&request, "Attributes", without_nulls(plan, attributes));
  }
  return request.value;
}

static struct ms_json ends(struct ms_project_plan *plan, struct ms_json from, struct ms_json to)
{
  struct ms_json ref = ms_project_ref_text(to);
  struct ms_json name = ms_json_stringf("%.*s to %.*s", MS_STR_ARG(ms_json_text(from)),
                                        MS_STR_ARG(ms_json_text(ref)));
  if (plan->err == 0 && (ms_json_is_none(ref) || ms_json_is_none(name))) {
    plan->err = ms_error_nomem();
  }
  ms_json_unref(ref);
  return name;
}

static void plan_subscription(struct ms_project_plan *plan, struct ms_json topic,
                              struct ms_json item)
{
  struct ms_json to = ms_json_getc(item, "To"), name = ends(plan, topic, to);
  struct ms_json attributes = subscription_attributes(plan, item);
  struct ms_project_request first = {plan, subscribe(plan, topic, to, attributes)};
  size_t at = plan->steps.count;
  add(plan, "subscription", name, "Subscribe", &first, "InvalidParameterException", NULL);
  struct ms_project_request again = {plan, subscribe(plan, topic, to, MS_JSON_VALUE_NONE)};
  struct ms_project_step *step = ms_plan_add(plan, "subscription", name, "Subscribe", &again);
  if (step != NULL) {
    step->keep = "/SubscriptionArn";
  }
  size_t more = plan_attributes(plan, "subscription", name, "SetSubscriptionAttributes",
                                MS_JSON_VALUE_NONE, attributes);
  if (plan->err == 0) {
    plan->steps.data[at].exists_text = ALREADY_DIFFERENT;
    plan->steps.data[at].more = more + 1;
  }
  ms_json_unref(attributes);
  ms_json_unref(name);
}

static void plan_subscriptions(struct ms_project_plan *plan, struct ms_json item)
{
  struct ms_json list = ms_json_getc(item, "Subscriptions");
  for (size_t i = 0; i < ms_json_count(list); i++) {
    plan_subscription(plan, ms_json_getc(item, "TopicName"), ms_json_at(list, i));
  }
}

/* ---- buses, tables ---- */

static void plan_archive(struct ms_project_plan *plan, struct ms_json name, int64_t seconds)
{
  struct ms_project_request request = ms_request_new(plan);
  ms_request_put(&request, "ArchiveName", ms_json_ref(name));
  ms_request_put(&request, "EventSourceArn",
                 ms_json_stringf("arn:aws:events:%s:%s:event-bus/%.*s", plan->region,
                                 plan->account, MS_STR_ARG(ms_json_text(name))));
  ms_request_put(&request, "RetentionDays", ms_json_int((seconds + 86399) / 86400));
  add(plan, "archive", name, "CreateArchive", &request, "ResourceAlreadyExistsException",
      "UpdateArchive");
}

static void plan_bus(struct ms_project_plan *plan, struct ms_json item)
{
  struct ms_json name = ms_json_getc(item, "Name");
  int64_t seconds;
  if (!ms_str_is(ms_json_text(name), "default")) {
    struct ms_project_request request = ms_request_new(plan);
    ms_request_copy(&request, "Name", item, "Name");
    ms_request_copy(&request, "Description", item, "Description");
    add(plan, "bus", name, "CreateEventBus", &request, "ResourceAlreadyExistsException", NULL);
  }
  if (ms_json_to_int(&seconds, ms_json_getc(item, "ArchiveSeconds"))) {
    plan_archive(plan, name, seconds);
  }
}

/* One key of a table: its schema and its type. */
static void put_key(struct ms_project_plan *plan, struct ms_json *schema, struct ms_json *types,
                    struct ms_json key, const char *role)
{
  struct ms_project_request element = ms_request_new(plan), type = ms_request_new(plan);
  ms_request_copy(&element, "AttributeName", key, "Name");
  ms_request_put(&element, "KeyType", ms_json_cstring(role));
  ms_request_copy(&type, "AttributeName", key, "Name");
  ms_request_put(&type, "AttributeType", ms_json_cstring("S"));
  ms_request_copy(&type, "AttributeType", key, "Type");
  int err = ms_json_push(schema, element.value);
  int failed = ms_json_push(types, type.value);
  if (plan->err == 0) {
    plan->err = err != 0 ? err : failed;
  }
}

static void plan_expiry(struct ms_project_plan *plan, struct ms_json item)
{
  struct ms_project_request request = ms_request_new(plan), setting = ms_request_new(plan);
  ms_request_put(&setting, "Enabled", ms_json_bool(true));
  ms_request_copy(&setting, "AttributeName", item, "TimeToLiveAttribute");
  ms_request_copy(&request, "TableName", item, "TableName");
  ms_request_put(&request, "TimeToLiveSpecification", setting.value);
  add(plan, "table", ms_json_getc(item, "TableName"), "UpdateTimeToLive", &request,
      "ValidationException", NULL); /* it is so already */
}

static struct ms_json stream_of(struct ms_project_plan *plan, struct ms_json item)
{
  struct ms_project_request stream = ms_request_new(plan);
  bool is_on = !ms_json_is_none(ms_json_getc(item, "StreamViewType"));
  ms_request_put(&stream, "StreamEnabled", ms_json_bool(is_on));
  ms_request_copy(&stream, "StreamViewType", item, "StreamViewType");
  return stream.value;
}

static void plan_stream(struct ms_project_plan *plan, struct ms_json item)
{
  struct ms_project_request request = ms_request_new(plan);
  ms_request_copy(&request, "TableName", item, "TableName");
  ms_request_put(&request, "StreamSpecification", stream_of(plan, item));
  add(plan, "table", ms_json_getc(item, "TableName"), "UpdateTable", &request, NULL, NULL);
}

/* A stream of a table that is there: on, or with another view, which ends the one that it has. */
static void plan_stream_change(struct ms_project_plan *plan, struct ms_json item)
{
  struct ms_tables *tables = ms_engine_driver(ms_api_engine(plan->call), &ms_tables_driver);
  struct ms_queue_refusal why = {.name = NULL};
  struct ms_json wanted = ms_json_getc(item, "StreamViewType"), reply = MS_JSON_VALUE_NONE;
  struct ms_project_request describe = ms_request_new(plan);
  ms_request_copy(&describe, "TableName", item, "TableName");
  int err = plan->err != 0 || ms_json_is_none(wanted)
                ? MSTEP_EINVALID
                : ms_table_describe(tables, describe.value, &reply, &why);
  struct ms_json there = ms_json_getc(ms_json_getc(ms_json_getc(reply, "Table"), "StreamSpecification"),
                                      "StreamViewType");
  if (err == MSTEP_ENOMEM) {
    plan->err = err;
  } else if (err == 0 && !ms_json_equal(there, wanted)) {
    struct ms_project_request none = ms_request_new(plan);
    ms_request_copy(&none, "TableName", item, "TableName");
    if (!ms_json_is_none(there)) {
      plan_stream(plan, none.value);
    }
    plan_stream(plan, item);
    ms_json_unref(none.value);
  }
  ms_json_unref(reply);
  ms_json_unref(describe.value);
}

static void plan_table(struct ms_project_plan *plan, struct ms_json item)
{
  struct ms_json schema = ms_json_array(2), types = ms_json_array(2);
  struct ms_project_request request = ms_request_new(plan);
  put_key(plan, &schema, &types, ms_json_getc(item, "PartitionKey"), "HASH");
  if (!ms_json_is_none(ms_json_getc(item, "SortKey"))) {
    put_key(plan, &schema, &types, ms_json_getc(item, "SortKey"), "RANGE");
  }
  ms_request_copy(&request, "TableName", item, "TableName");
  ms_request_put(&request, "KeySchema", schema);
  ms_request_put(&request, "AttributeDefinitions", types);
  ms_request_put(&request, "BillingMode", ms_json_cstring("PAY_PER_REQUEST"));
  if (!ms_json_is_none(ms_json_getc(item, "StreamViewType"))) {
    ms_request_put(&request, "StreamSpecification", stream_of(plan, item));
  }
  add(plan, "table", ms_json_getc(item, "TableName"), "CreateTable", &request,
      "ResourceInUseException", NULL);
  plan_stream_change(plan, item);
  if (!ms_json_is_none(ms_json_getc(item, "TimeToLiveAttribute"))) {
    plan_expiry(plan, item);
  }
}

/* ---- machines ---- */

static struct ms_json definition_of(struct ms_project_plan *plan, struct ms_json item)
{
  struct ms_str file = ms_json_text(ms_json_getc(item, "File"));
  struct ms_json definition = ms_json_getc(item, "Definition");
  if (file.len == 0) {
    return ms_json_is_string(definition) ? ms_json_ref(definition)
                                         : ms_json_print_value(definition);
  }
  char path[4096];
  struct ms_buf text;
  ms_buf_init(&text, 0);
  snprintf(path, sizeof path, "%s/%.*s", plan->folder, MS_STR_ARG(file));
  int err = ms_engine_definition_read(&text, ms_api_engine(plan->call), path);
  struct ms_json value =
      err != 0 || text.error != 0 ? MS_JSON_VALUE_NONE : ms_json_string(ms_buf_view(&text));
  ms_buf_deinit(&text);
  if (err != 0 && plan->err == 0) {
    plan->err = err;
  }
  return value;
}

static void put_tag(struct ms_project_plan *plan, struct ms_json *tags, const char *key,
                    struct ms_json value)
{
  if (ms_json_is_none(value)) {
    return;
  }
  struct ms_project_request tag = ms_request_new(plan);
  ms_request_put(&tag, "key", ms_json_cstring(key));
  ms_request_put(&tag, "value",
                 ms_json_is_string(value) ? ms_json_ref(value) : ms_json_print_value(value));
  int err = ms_json_push(tags, tag.value);
  if (plan->err == 0) {
    plan->err = err;
  }
}

/* An executions' log of its own, as AWS's console makes it. */
static void put_logging(struct ms_project_request *request, struct ms_json item)
{
  struct ms_project_plan *plan = request->plan;
  struct ms_project_request logging = ms_request_new(plan);
  struct ms_json name = ms_json_getc(item, "Name"), destinations = ms_json_array(1);
  struct ms_json group = ms_api_object(
      "logGroupArn",
      ms_json_stringf("arn:aws:logs:%s:%s:log-group:/aws/vendedlogs/states/%.*s:*", plan->region,
                      plan->account, MS_STR_ARG(ms_json_text(name))));
  int err = ms_json_push(&destinations, ms_api_object("cloudWatchLogsLogGroup", group));
  plan->err = plan->err != 0 ? plan->err : err;
  ms_request_copy(&logging, "level", item, "LogLevel");
  ms_request_put(&logging, "includeExecutionData", ms_json_bool(true));
  ms_request_put(&logging, "destinations", destinations);
  ms_request_put(request, "loggingConfiguration", logging.value);
}

static void plan_machine(struct ms_project_plan *plan, struct ms_json item)
{
  struct ms_json name = ms_json_getc(item, "Name"), tags = ms_json_array(0);
  struct ms_json retention = ms_json_getc(item, "Retention");
  struct ms_project_request request = ms_request_new(plan);
  ms_request_copy(&request, "name", item, "Name");
  ms_request_put(&request, "stateMachineArn",
                 ms_json_stringf("arn:aws:states:%s:%s:stateMachine:%.*s", plan->region,
                                 plan->account, MS_STR_ARG(ms_json_text(name))));
  ms_request_put(&request, "definition", definition_of(plan, item));
  ms_request_copy(&request, "type", item, "Type");
  if (!ms_json_is_none(ms_json_getc(item, "LogLevel"))) {
    put_logging(&request, item);
  }
  put_tag(plan, &tags, "moonstep:durability", ms_json_getc(item, "Durability"));
  put_tag(plan, &tags, "moonstep:retention-seconds", ms_json_getc(retention, "AgeSeconds"));
  put_tag(plan, &tags, "moonstep:retention-count", ms_json_getc(retention, "Count"));
  ms_request_put(&request, "tags", tags);
  add(plan, "machine", name, "CreateStateMachine", &request, "StateMachineAlreadyExists",
      "UpdateStateMachine");
}

/* ---- functions ---- */

static void plan_event_config(struct ms_project_plan *plan, struct ms_json item,
                              struct ms_json config)
{
  struct ms_project_request request = ms_request_new(plan), routes = ms_request_new(plan);
  ms_request_copy(&request, "FunctionName", item, "FunctionName");
  ms_request_copy(&request, "MaximumRetryAttempts", config, "MaximumRetryAttempts");
  ms_request_copy(&request, "MaximumEventAgeInSeconds", config, "MaximumEventAgeInSeconds");
  ms_request_copy(&request, "RetryBackoff", config, "Backoff");
  ms_request_target(&routes, "OnSuccess", "Destination", config, "OnSuccess");
  ms_request_target(&routes, "OnFailure", "Destination", config, "OnFailure");
  ms_request_put(&request, "DestinationConfig", routes.value);
  add(plan, "function", ms_json_getc(item, "FunctionName"), "PutFunctionEventInvokeConfig",
      &request, NULL, NULL);
}

/* A member that has an operation of its own. */
static void plan_setting(struct ms_project_plan *plan, struct ms_json item, const char *member,
                         const char *operation)
{
  if (!ms_json_is_none(ms_json_getc(item, member))) {
    struct ms_project_request request = ms_request_new(plan);
    ms_request_copy(&request, "FunctionName", item, "FunctionName");
    ms_request_copy(&request, member, item, member);
    add(plan, "function", ms_json_getc(item, "FunctionName"), operation, &request, NULL, NULL);
  }
}

static struct ms_json read_text(struct ms_project_plan *plan, struct ms_str file)
{
  struct ms_buf text;
  char path[PATH_MAX];
  ms_buf_init(&text, CODE_MAX);
  bool is_absolute = file.len > 0 && file.data[0] == '/';
  int wanted = is_absolute ? snprintf(path, sizeof path, "%.*s", MS_STR_ARG(file))
                           : snprintf(path, sizeof path, "%s/%.*s", plan->folder, MS_STR_ARG(file));
  FILE *in = wanted < 0 || (size_t)wanted >= sizeof path ? NULL : fopen(path, "rb");
  int err = in == NULL ? ms_error(MSTEP_EIO, "%s cannot be read", path) : MSTEP_OK;
  char part[4096];
  for (size_t got; err == 0 && (got = fread(part, 1, sizeof part, in)) > 0;) {
    ms_buf_str(&text, (struct ms_str){part, got});
    err = text.error;
  }
  if (in != NULL) {
    fclose(in);
  }
  struct ms_json value = err != 0 ? MS_JSON_VALUE_NONE : ms_json_string(ms_buf_view(&text));
  if (plan->err == 0 && err != 0) {
    plan->err = err;
  }
  ms_buf_deinit(&text);
  return value;
}

/* Code that lies elsewhere than in functions/. */
static void plan_code(struct ms_project_plan *plan, struct ms_json item)
{
  struct ms_project_request request = ms_request_new(plan);
  struct ms_json source = read_text(plan, ms_json_text(ms_json_getc(item, "File")));
  ms_request_copy(&request, "FunctionName", item, "FunctionName");
  ms_request_put(&request, "Role", ms_json_stringf("arn:aws:iam::%s:role/moonstep", plan->account));
  ms_request_put(&request, "Code", ms_api_object("Source", ms_json_ref(source)));
  ms_request_put(&request, "Source", source);
  add(plan, "function", ms_json_getc(item, "FunctionName"), "CreateFunction", &request,
      "ResourceConflictException", "UpdateFunctionCode");
}

static void plan_function(struct ms_project_plan *plan, struct ms_json item)
{
  static const char *const copied[] = {"FunctionName", "Description", "Handler",
                                       "Timeout",      "MemorySize",  "Environment"};
  if (!ms_json_is_none(ms_json_getc(item, "File"))) {
    plan_code(plan, item);
  }
  struct ms_project_request request = ms_request_new(plan);
  for (size_t i = 0; i < sizeof copied / sizeof *copied; i++) {
    ms_request_copy(&request, copied[i], item, copied[i]);
  }
  ms_request_target(&request, "DeadLetterConfig", "TargetArn", item, "DeadLetter");
  if (ms_json_count(request.value) > 1) {
    add(plan, "function", ms_json_getc(item, "FunctionName"), "UpdateFunctionConfiguration",
        &request, NULL, NULL);
  } else {
    ms_json_unref(request.value); /* it lies in its folder, that is all */
  }
  plan_setting(plan, item, "ReservedConcurrentExecutions", "PutFunctionConcurrency");
  plan_setting(plan, item, "RecursiveLoop", "PutFunctionRecursionConfig");
  struct ms_json config = ms_json_getc(item, "EventInvokeConfig");
  if (ms_json_count(config) > 0) {
    plan_event_config(plan, item, config);
  }
}

/* ---- rules ---- */

static const char *state_of(struct ms_json item)
{
  struct ms_json enabled = ms_json_getc(item, "Enabled");
  return ms_json_is_bool(enabled) && !ms_json_is_true(enabled) ? "DISABLED" : "ENABLED";
}

/* Input as text: what is a string already stays it. */
static void put_input(struct ms_project_request *request, struct ms_json item)
{
  ms_request_text(request, "Input", item, "Input");
}

/*
 * The Id of a target is made of what it is, so that another order, or one that is gone, does not turn one target
 * into another: "queue.failed". A second one of the same name has a number.
 */
static struct ms_json target_id(struct ms_project_plan *plan, struct ms_json list, size_t index)
{
  struct ms_json ref = ms_json_getc(ms_json_at(list, index), "To");
  struct ms_json text = ms_project_ref_text(ref);
  struct ms_buf id;
  size_t twins = 0;
  ms_buf_init(&id, 0);
  for (size_t i = 0; i < index; i++) {
    twins += ms_json_equal(ms_json_getc(ms_json_at(list, i), "To"), ref);
  }
  struct ms_str from = ms_json_text(text);
  size_t skip = from.len > ID_TEXT_MAX ? from.len - ID_TEXT_MAX : 0; /* of addresses the end says most */
  for (size_t i = skip; i < from.len; i++) {
    char c = from.data[i];
    bool is_fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '-' || c == '_';
    ms_buf_char(&id, is_fine ? c : '.');
  }
  if (twins > 0) {
    ms_buf_printf(&id, ".%zu", twins + 1);
  }
  struct ms_json value = ms_json_is_none(text) || id.error != 0 ? MS_JSON_VALUE_NONE
                                                               : ms_json_string(ms_buf_view(&id));
  if (ms_json_is_none(value) && plan->err == 0) {
    plan->err = ms_error_nomem();
  }
  ms_json_unref(text);
  ms_buf_deinit(&id);
  return value;
}

static struct ms_json rule_target(struct ms_project_plan *plan, struct ms_json list, size_t index)
{
  struct ms_json item = ms_json_at(list, index);
  struct ms_project_request target = ms_request_new(plan);
  ms_request_put(&target, "Id", target_id(plan, list, index));
  ms_request_put(&target, "Arn", ms_project_arn(plan, ms_json_getc(item, "To")));
  put_input(&target, item);
  ms_request_copy(&target, "InputPath", item, "InputPath");
  ms_request_copy(&target, "InputTransformer", item, "InputTransformer");
  ms_request_copy(&target, "RetryPolicy", item, "RetryPolicy");
  ms_request_target(&target, "DeadLetterConfig", "Arn", item, "DeadLetter");
  return target.value;
}

/* One by one: each is a thing that may be declared no more. */
static void plan_targets(struct ms_project_plan *plan, struct ms_json rule, struct ms_json bus,
                         struct ms_json list)
{
  for (size_t i = 0; i < ms_json_count(list); i++) {
    struct ms_json targets = ms_json_array(1);
    int err = ms_json_push(&targets, rule_target(plan, list, i));
    plan->err = plan->err != 0 ? plan->err : err;
    struct ms_json name = ends(plan, rule, ms_json_getc(ms_json_at(list, i), "To"));
    struct ms_project_request request = ms_request_new(plan);
    ms_request_put(&request, "Rule", ms_json_ref(rule));
    ms_request_copy(&request, "EventBusName", bus, "name");
    ms_request_put(&request, "Targets", targets);
    add(plan, "target", name, "PutTargets", &request, NULL, NULL);
    ms_json_unref(name);
  }
}

static void plan_rule(struct ms_project_plan *plan, struct ms_json item)
{
  struct ms_json name = ms_json_getc(item, "Name"), bus = ms_json_getc(item, "Bus");
  struct ms_project_request request = ms_request_new(plan);
  ms_request_copy(&request, "Name", item, "Name");
  ms_request_copy(&request, "EventBusName", bus, "name");
  ms_request_copy(&request, "Description", item, "Description");
  ms_request_text(&request, "EventPattern", item, "EventPattern");
  ms_request_copy(&request, "ScheduleExpression", item, "ScheduleExpression");
  ms_request_put(&request, "State", ms_json_cstring(state_of(item)));
  add(plan, "rule", name, "PutRule", &request, NULL, NULL);
  plan_targets(plan, name, bus, ms_json_getc(item, "Targets"));
}

/* ---- schedules ---- */

static void put_date(struct ms_project_request *request, const char *name, struct ms_json item)
{
  int64_t at_ms;
  int32_t nanos;
  struct ms_json text = ms_json_getc(item, name);
  if (ms_json_is_string(text) && ms_time_parse(&at_ms, &nanos, ms_json_text(text))) {
    ms_request_put(request, name, ms_api_date(at_ms));
  } else if (!ms_json_is_none(text)) {
    ms_request_put(request, name, ms_json_ref(text)); /* the operation says what is wrong */
  }
}

static struct ms_json schedule_target(struct ms_project_plan *plan, struct ms_json item)
{
  struct ms_json to = ms_json_getc(item, "To");
  struct ms_project_request target = ms_request_new(plan);
  ms_request_put(&target, "Arn", ms_project_arn(plan, to));
  ms_request_put(&target, "RoleArn",
                 ms_json_stringf("arn:aws:iam::%s:role/moonstep", plan->account));
  put_input(&target, item);
  ms_request_copy(&target, "RetryPolicy", item, "RetryPolicy");
  ms_request_target(&target, "DeadLetterConfig", "Arn", item, "DeadLetter");
  if (ms_str_is(ms_json_text(ms_json_getc(to, "kind")), "bus")) {
    struct ms_project_request event = ms_request_new(plan);
    ms_request_put(&event, "DetailType", ms_json_cstring("Scheduled Event"));
    ms_request_put(&event, "Source", ms_json_cstring("moonstep.schedule"));
    ms_request_put(&target, "EventBridgeParameters", event.value);
  }
  return target.value;
}

static void plan_schedule(struct ms_project_plan *plan, struct ms_json item)
{
  static const char *const copied[] = {"Name", "ScheduleExpression", "ScheduleExpressionTimezone",
                                       "Description"};
  struct ms_project_request request = ms_request_new(plan);
  for (size_t i = 0; i < sizeof copied / sizeof *copied; i++) {
    ms_request_copy(&request, copied[i], item, copied[i]);
  }
  ms_request_copy(&request, "MissedRuns", item, "Missed");
  put_date(&request, "StartDate", item);
  put_date(&request, "EndDate", item);
  ms_request_put(&request, "State", ms_json_cstring(state_of(item)));
  ms_request_put(&request, "FlexibleTimeWindow", ms_api_object("Mode", ms_json_cstring("OFF")));
  ms_request_put(&request, "Target", schedule_target(plan, item));
  add(plan, "schedule", ms_json_getc(item, "Name"), "CreateSchedule", &request,
      "ConflictException", "UpdateSchedule");
}

/* ---- sources ---- */

static void put_mapping_filters(struct ms_project_request *request, struct ms_json item)
{
  struct ms_json filters = ms_json_getc(item, "Filters");
  struct ms_json list = ms_json_array(ms_json_count(filters));
  if (ms_json_is_none(filters)) {
    ms_json_unref(list);
    return;
  }
  for (size_t i = 0; i < ms_json_count(filters); i++) {
    int err = ms_json_push(
        &list, ms_api_object("Pattern", ms_json_print_value(ms_json_at(filters, i))));
    if (request->plan->err == 0) {
      request->plan->err = err;
    }
  }
  ms_request_put(request, "FilterCriteria", ms_api_object("Filters", list));
}

static void put_mapping(struct ms_project_request *request, struct ms_json item)
{
  static const char *const copied[] = {
      "BatchSize",          "MaximumBatchingWindowInSeconds", "BisectBatchOnFunctionError",
      "MaximumRetryAttempts", "MaximumRecordAgeInSeconds",      "ParallelizationFactor",
      "StartingPosition",   "Enabled"};
  struct ms_project_plan *plan = request->plan;
  ms_request_put(request, "FunctionName", ms_project_arn(plan, ms_json_getc(item, "To")));
  for (size_t i = 0; i < sizeof copied / sizeof *copied; i++) {
    ms_request_copy(request, copied[i], item, copied[i]);
  }
  put_mapping_filters(request, item);
  if (ms_json_is_true(ms_json_getc(item, "ReportBatchItemFailures"))) {
    struct ms_json types = ms_json_array(1);
    int err = ms_json_push(&types, ms_json_cstring("ReportBatchItemFailures"));
    plan->err = plan->err != 0 ? plan->err : err;
    ms_request_put(request, "FunctionResponseTypes", types);
  }
  if (!ms_json_is_none(ms_json_getc(item, "MaximumConcurrency"))) {
    struct ms_project_request scaling = ms_request_new(plan);
    ms_request_copy(&scaling, "MaximumConcurrency", item, "MaximumConcurrency");
    ms_request_put(request, "ScalingConfig", scaling.value);
  }
  if (!ms_json_is_none(ms_json_getc(item, "OnFailure"))) {
    struct ms_project_request routes = ms_request_new(plan);
    ms_request_target(&routes, "OnFailure", "Destination", item, "OnFailure");
    ms_request_put(request, "DestinationConfig", routes.value);
  }
}

static void plan_mapping(struct ms_project_plan *plan, struct ms_json item, bool is_table)
{
  struct ms_json from = ms_json_getc(item, "From");
  struct ms_project_request request = ms_request_new(plan);
  put_mapping(&request, item);
  if (is_table) { /* the stream's ARN is the table's to say */
    struct ms_project_request describe = ms_request_new(plan);
    ms_request_copy(&describe, "TableName", from, "name");
    struct ms_project_step *step =
        ms_plan_add(plan, "table", ms_json_getc(from, "name"), "DescribeTable", &describe);
    if (step != NULL) {
      step->keep = "/Table/LatestStreamArn";
    }
    if (ms_json_is_none(ms_json_getc(item, "StartingPosition"))) {
      ms_request_put(&request, "StartingPosition", ms_json_cstring("LATEST"));
    }
  } else {
    ms_request_put(&request, "EventSourceArn", ms_project_arn(plan, from));
  }
  struct ms_project_step *step = ms_plan_add(plan, "source", ms_json_getc(from, "name"),
                                             "CreateEventSourceMapping", &request);
  if (step != NULL) {
    step->exists = "ResourceConflictException";
    step->instead = "UpdateEventSourceMapping";
    step->take = is_table ? "EventSourceArn" : NULL;
  }
}

/* Executions of a machine, and events of a bus, by a rule whose name is made of both ends. */
static void plan_source_rule(struct ms_project_plan *plan, struct ms_json item, bool is_machine)
{
  struct ms_json from = ms_json_getc(item, "From"), to = ms_json_getc(item, "To");
  struct ms_json bus = is_machine ? MS_JSON_VALUE_NONE : from;
  struct ms_json name = ms_json_stringf("%.*s-to-%.*s", MS_STR_ARG(ms_json_text(ms_json_getc(from, "name"))),
                                        MS_STR_ARG(ms_json_text(ms_json_getc(to, "name"))));
  struct ms_json arn = ms_project_arn(plan, from);
  struct ms_json filters = ms_json_getc(item, "Filters");
  struct ms_project_request request = ms_request_new(plan);
  ms_request_put(&request, "Name", ms_json_ref(name));
  ms_request_copy(&request, "EventBusName", bus, "name");
  if (ms_json_count(filters) > 0) {
    ms_request_put(&request, "EventPattern", ms_json_print_value(ms_json_at(filters, 0)));
  } else if (is_machine) {
    ms_request_put(&request, "EventPattern",
                   ms_json_stringf("{\"source\":[\"aws.states\"],\"detail\":{\"stateMachineArn\":[\"%.*s\"]}}",
                                   MS_STR_ARG(ms_json_text(arn))));
  } else {
    ms_request_put(&request, "EventPattern",
                   ms_json_stringf("{\"account\":[\"%s\"]}", plan->account));
  }
  ms_request_put(&request, "State", ms_json_cstring(state_of(item)));
  add(plan, "rule", name, "PutRule", &request, NULL, NULL);
  struct ms_json list = ms_json_array(1);
  struct ms_json target = ms_api_object("To", ms_json_ref(to));
  int err = ms_json_push(&list, target);
  plan->err = plan->err != 0 ? plan->err : err;
  plan_targets(plan, name, bus, list);
  ms_json_unref(list);
  ms_json_unref(arn);
  ms_json_unref(name);
}

static void plan_source(struct ms_project_plan *plan, struct ms_json item)
{
  struct ms_str kind = ms_json_text(ms_json_getc(ms_json_getc(item, "From"), "kind"));
  if (ms_str_is(kind, "queue") || ms_str_is(kind, "table")) {
    plan_mapping(plan, item, ms_str_is(kind, "table"));
  } else if (ms_str_is(kind, "topic")) {
    plan_subscription(plan, ms_json_getc(ms_json_getc(item, "From"), "name"), item);
  } else if (ms_str_is(kind, "bus") || ms_str_is(kind, "machine")) {
    plan_source_rule(plan, item, ms_str_is(kind, "machine"));
  } /* routes to functions, and folders, are among the document's routes and watches */
}

/* ---- routes and folders: lists that take the place of those that were ---- */

static void plan_list(struct ms_project_plan *plan, struct ms_json project, const char *member,
                      const char *operation, struct ms_json list)
{
  struct ms_project_request request = ms_request_new(plan);
  if (strcmp(member, "routes") == 0) { /* they are one API, called like the project */
    ms_request_copy(&request, "apiId", project, "name");
  }
  struct ms_json name = ms_json_cstring(member);
  ms_request_put(&request, member, list);
  add(plan, MS_PROJECT_LIST, name, operation, &request, NULL, NULL);
  ms_json_unref(name);
}

static struct ms_json watch_of(struct ms_project_plan *plan, struct ms_json item)
{
  static const char *const copied[] = {"FunctionName", "Bucket", "Prefix", "Suffix", "Events",
                                       "Id"};
  struct ms_project_request watch = ms_request_new(plan);
  struct ms_str folder = ms_json_text(ms_json_getc(item, "Folder"));
  for (size_t i = 0; i < sizeof copied / sizeof *copied; i++) {
    ms_request_copy(&watch, copied[i], item, copied[i]);
  }
  ms_request_copy(&watch, "Declared", item, "Folder");
  char path[PATH_MAX]; /* of the project from the root: watches have no other place to begin */
  bool is_absolute = (folder.len > 0 && folder.data[0] == '/') ||
                     realpath(plan->folder, path) == NULL;
  ms_request_put(&watch, "Folder",
                 is_absolute ? ms_json_string(folder)
                             : ms_json_stringf("%s/%.*s", path, MS_STR_ARG(folder)));
  if (!ms_json_is_none(ms_json_getc(item, "To"))) {
    ms_request_put(&watch, "Target", ms_project_arn(plan, ms_json_getc(item, "To")));
  }
  return watch.value;
}

/* Machines are called by their ARNs. */
static struct ms_json route_of(struct ms_project_plan *plan, struct ms_json item)
{
  static const char *const copied[] = {"RouteKey", "FunctionName",    "PayloadFormatVersion",
                                       "Stage",    "TimeoutInMillis", "Sync"};
  struct ms_project_request route = ms_request_new(plan);
  for (size_t i = 0; i < sizeof copied / sizeof *copied; i++) {
    ms_request_copy(&route, copied[i], item, copied[i]);
  }
  if (!ms_json_is_none(ms_json_getc(item, "To"))) {
    ms_request_put(&route, "StateMachineArn", ms_project_arn(plan, ms_json_getc(item, "To")));
  }
  return route.value;
}

static void plan_lists(struct ms_project_plan *plan, struct ms_json project)
{
  struct ms_json declared = ms_json_getc(project, "routes");
  struct ms_json routes = ms_json_array(ms_json_count(declared));
  for (size_t i = 0; i < ms_json_count(declared); i++) {
    int err = ms_json_push(&routes, route_of(plan, ms_json_at(declared, i)));
    plan->err = plan->err != 0 ? plan->err : err;
  }
  struct ms_json items = ms_json_getc(project, "watches");
  struct ms_json watches = ms_json_array(ms_json_count(items));
  for (size_t i = 0; i < ms_json_count(items); i++) {
    int err = ms_json_push(&watches, watch_of(plan, ms_json_at(items, i)));
    plan->err = plan->err != 0 ? plan->err : err;
  }
  plan_list(plan, project, "routes", "PutRoutes", routes);
  plan_list(plan, project, "watches", "PutWatches", watches);
}

/* ---- all ---- */

struct kind {
  const char *section;
  void (*plan)(struct ms_project_plan *plan, struct ms_json item);
};

#define MS_PROJECT_KIND(section, function) {section, function},
static const struct kind kinds[] = {
#include "api/project_kinds.def"
};
#undef MS_PROJECT_KIND

void ms_project_plan(struct ms_project_plan *plan, struct ms_json project)
{
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    struct ms_json items = ms_json_getc(project, kinds[i].section);
    for (size_t k = 0; k < ms_json_count(items); k++) {
      kinds[i].plan(plan, ms_json_at(items, k));
    }
  }
  plan_lists(plan, project);
}
