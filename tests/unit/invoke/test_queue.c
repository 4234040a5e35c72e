/* What becomes of an asynchronous invocation: every row of the tables of outcomes and of dead letters. */
#include "bed.h"

#define ID "11111111-2222-4333-8444-555555555555"
#define ARN "arn:aws:lambda:us-east-1:000000000000:function:"
#define OK "return function(event) return {done = true} end"
#define FAIL "return function(event) error({errorType = 'Oops', errorMessage = 'bad'}) end"
#define TO                                                                                         \
  "'EventInvokeConfigs':{'$LATEST':{%s'DestinationConfig':{'OnSuccess':{'Destination':'s'},"       \
  "'OnFailure':{'Destination':'f'}}}}"
#define DLQ "'Configuration':{'DeadLetterConfig':{'TargetArn':'q'}}"

static void configure(struct bed *bed, const char *name, const char *settings, const char *more)
{
  bed_row(bed, name, mt_format("{" TO "%s}", settings, more));
}

/* The record of the first delivery. */
static struct ms_json record(struct bed *bed)
{
  struct ms_json out;
  mt_ok(bed->delivery_count > 0);
  mt_eq_int(ms_json_parse(&out, ms_str_c(bed->deliveries[0].body), NULL, NULL), 0);
  return out;
}

static void check(struct bed *bed, const char *pointer, const char *expected)
{
  struct ms_json value = record(bed);
  struct ms_json part = ms_json_pointer(value, ms_str_c(pointer));
  if (expected == NULL) {
    mt_ok(ms_json_is_none(part));
  } else {
    mt_eq_json(part, expected);
  }
  ms_json_unref(value);
}

static void check_failure(struct bed *bed, const char *condition, int count)
{
  mt_eq_str(bed->deliveries[0].target, "f");
  check(bed, "/requestContext/condition", mt_format("\"%s\"", condition));
  check(bed, "/requestContext/approximateInvokeCount", mt_format("%d", count));
}

MT_TEST(queue__success)
{
  struct bed bed;
  mt_eq_int(bed_open(&bed), 0);
  bed_function(&bed, "f", OK);
  configure(&bed, "f", "", "," DLQ);
  mt_eq_int(bed_send(&bed, "f", "", "{\"a\":[1,2.0]}"), 0);
  mt_eq_int(bed.delivery_count, 0);
  bed_run(&bed);
  mt_eq_int(bed.delivery_count, 1); /* no dead letter */
  mt_eq_str(bed.deliveries[0].target, "s");
  mt_eq_str(bed.deliveries[0].body,
            "{\"version\":\"1.0\",\"timestamp\":\"2024-01-01T00:00:00.000Z\",\"requestContext\":{"
            "\"requestId\":\"" ID "\",\"functionArn\":\"" ARN
            "f:$LATEST\",\"condition\":\"Success\",\"approximateInvokeCount\":1},"
            "\"requestPayload\":{\"a\":[1,2.0]},\"responseContext\":{\"statusCode\":200,"
            "\"executedVersion\":\"$LATEST\"},\"responsePayload\":{\"done\":true}}");
  mt_eq_str(bed.deliveries[0].attributes, "");
  mt_eq_str(bed.deliveries[0].source, "lambda");
  mt_eq_str(bed.deliveries[0].detail_type, "Lambda Function Invocation Result - Success");
  mt_eq_str(bed.deliveries[0].resources, "[\"s\",\"" ARN "f:$LATEST\"]");
  mt_eq_str(bed.deliveries[0].lineage, "{\"" ARN "f\":1}");
  mt_eq_str(bed.deliveries[0].key, "aws/lambda/async/f/2024/01/01/2024-01-01T00.00.00-" ID);
  mt_eq_int(ms_invoke_pending(bed.invoke), 0);
  bed_close(&bed);
}

MT_TEST(queue__error_is_retried_after_one_and_two_minutes)
{
  struct bed bed;
  mt_eq_int(bed_open(&bed), 0);
  bed_function(&bed, "f", FAIL);
  configure(&bed, "f", "", "," DLQ);
  mt_eq_int(bed_send(&bed, "f", "", "{\"n\":1}"), 0);
  bed_run(&bed);
  mt_eq_int(bed_passed_ms(&bed), 180000);
  mt_eq_int(bed.delivery_count, 2);
  int letter = strcmp(bed.deliveries[0].target, "q") == 0 ? 0 : 1; /* both, independently */
  mt_eq_str(bed.deliveries[letter].target, "q");
  mt_eq_str(bed.deliveries[letter].body, "{\"n\":1}");
  mt_eq_str(bed.deliveries[letter].attributes,
            "{\"RequestID\":{\"DataType\":\"String\",\"StringValue\":\"" ID
            "\"},\"ErrorCode\":{\"DataType\":\"Number\",\"StringValue\":\"200\"},\"ErrorMessage\":{"
            "\"DataType\":\"String\",\"StringValue\":\"bad\"}}");
  bed.deliveries[0] = bed.deliveries[1 - letter];
  check_failure(&bed, "RetriesExhausted", 3);
  mt_eq_str(bed.deliveries[0].detail_type, "Lambda Function Invocation Result - Failure");
  check(&bed, "/responseContext",
        "{\"statusCode\":200,\"executedVersion\":\"$LATEST\",\"functionError\":\"Unhandled\"}");
  check(&bed, "/responsePayload/errorType", "\"Oops\"");
  check(&bed, "/responsePayload/requestId", "\"" ID "\"");
  bed_close(&bed);
}

MT_TEST(queue__success_after_an_error_counts_as_one)
{
  struct bed bed;
  mt_eq_int(bed_open(&bed), 0);
  bed_function(&bed, "f",
               "return function(event, context) if context.attempt < 2 then error('x') end "
               "return context.aws_request_id end");
  configure(&bed, "f", "", "");
  mt_eq_int(bed_send(&bed, "f", "", "{}"), 0);
  bed_run(&bed);
  mt_eq_int(bed_passed_ms(&bed), 60000);
  mt_eq_str(bed.deliveries[0].target, "s");
  check(&bed, "/requestContext/approximateInvokeCount", "1");
  check(&bed, "/responsePayload", "\"" ID "\""); /* the same in all attempts */
  bed_close(&bed);
}

MT_TEST(queue__age_looks_ahead)
{
  static const struct {
    int age, count;
  } rows[] = {{60, 1}, {90, 2}, {180, 2}};
  for (size_t i = 0; i < 3; i++) {
    struct bed bed;
    mt_eq_int(bed_open(&bed), 0);
    bed_function(&bed, "f", FAIL);
    configure(&bed, "f", mt_format("'MaximumEventAgeInSeconds':%d,", rows[i].age), "");
    mt_eq_int(bed_send(&bed, "f", "", "{}"), 0);
    bed_run(&bed);
    mt_eq_int(bed.delivery_count, 1);
    check_failure(&bed, "EventAgeExceeded", rows[i].count);
    check(&bed, "/responseContext/statusCode", "200");
    check(&bed, "/responsePayload/errorMessage", "\"bad\"");
    bed_close(&bed);
  }
}

MT_TEST(queue__number_of_retries)
{
  for (int retries = 0; retries < 3; retries++) {
    struct bed bed;
    mt_eq_int(bed_open(&bed), 0);
    bed_function(&bed, "f", FAIL);
    configure(&bed, "f", mt_format("'MaximumRetryAttempts':%d,", retries), "");
    mt_eq_int(bed_send(&bed, "f", "", "{}"), 0);
    bed_run(&bed);
    check_failure(&bed, "RetriesExhausted", retries + 1);
    bed_close(&bed);
  }
}

MT_TEST(queue__own_backoff)
{
  struct bed bed;
  mt_eq_int(bed_open(&bed), 0);
  bed_function(&bed, "f", FAIL);
  configure(&bed, "f",
            "'MaximumRetryAttempts':4,'RetryBackoff':{'IntervalSeconds':2,'BackoffRate':3,"
            "'MaxDelaySeconds':10},",
            "");
  mt_eq_int(bed_send(&bed, "f", "", "{}"), 0);
  bed_run(&bed);
  mt_eq_int(bed_passed_ms(&bed), 2000 + 6000 + 10000 + 10000);
  check_failure(&bed, "RetriesExhausted", 5);
  bed_close(&bed);
}

MT_TEST(queue__timeout_is_an_error)
{
  struct bed bed;
  mt_eq_int(bed_open(&bed), 0);
  bed_function(&bed, "f", "local mstep = require 'mstep' return function() mstep.sleep(10) end");
  configure(&bed, "f", "'MaximumRetryAttempts':0,", ",'Configuration':{'Timeout':1}");
  mt_eq_int(bed_send(&bed, "f", "", "{}"), 0);
  bed_run(&bed);
  check_failure(&bed, "RetriesExhausted", 1);
  check(&bed, "/responsePayload",
        "{\"errorMessage\":\"RequestId: " ID
        " Error: Task timed out after 1.00 seconds\",\"errorType\":\"Sandbox.Timedout\"}");
  bed_close(&bed);
}

MT_TEST(queue__zero_concurrency)
{
  struct bed bed;
  mt_eq_int(bed_open(&bed), 0);
  bed_function(&bed, "f", OK);
  configure(&bed, "f", "", ",'ReservedConcurrentExecutions':0," DLQ);
  mt_eq_int(bed_send(&bed, "f", "", "{}"), 0);
  bed_run(&bed);
  mt_eq_int(bed_passed_ms(&bed), 0);
  mt_eq_int(bed.delivery_count, 2);
  int letter = strcmp(bed.deliveries[0].target, "q") == 0 ? 0 : 1;
  mt_eq_str(bed.deliveries[letter].attributes,
            "{\"RequestID\":{\"DataType\":\"String\",\"StringValue\":\"" ID
            "\"},\"ErrorMessage\":{\"DataType\":\"String\",\"StringValue\":\"Function not invoked. "
            "Function isconfigured with zero reserved concurrent executions\"}}");
  bed.deliveries[0] = bed.deliveries[1 - letter];
  check_failure(&bed, "ZeroReservedConcurrency", 0);
  check(&bed, "/responseContext", NULL);
  check(&bed, "/responsePayload", NULL);
  bed_close(&bed);
}

MT_TEST(queue__throttles_use_up_no_attempt)
{
  struct bed bed;
  mt_eq_int(bed_open(&bed), 0);
  bed_function(&bed, "f",
               "local mstep = require 'mstep' return function() mstep.sleep(10) return 1 end");
  configure(&bed, "f", "'MaximumRetryAttempts':0,", ",'ReservedConcurrentExecutions':1");
  mt_eq_int(bed_send(&bed, "f", "", "1"), 0);
  mt_eq_int(bed_send(&bed, "f", "", "2"), 0);
  bed_run(&bed);
  mt_eq_int(bed.delivery_count, 2);
  mt_eq_str(bed.deliveries[1].target, "s");
  /* refused at 0, 1, 3 and 7 s; begun at 15 s */
  mt_eq_int(bed.deliveries[1].at_ms - BED_START_MS, 25000);
  bed_close(&bed);
}

MT_TEST(queue__throttled_until_too_old)
{
  struct bed bed;
  mt_eq_int(bed_open(&bed), 0);
  bed_function(&bed, "f",
               "local mstep = require 'mstep' return function() mstep.sleep(300) return 1 end");
  configure(&bed, "f", "'MaximumEventAgeInSeconds':60,", ",'ReservedConcurrentExecutions':1," DLQ);
  mt_eq_int(bed_send(&bed, "f", "", "1"), 0);
  mt_eq_int(bed_send(&bed, "f", "", "2"), 0);
  bed_run(&bed);
  mt_eq_int(bed.delivery_count, 3);
  int letter = strcmp(bed.deliveries[0].target, "q") == 0 ? 0 : 1;
  mt_eq_str(bed.deliveries[letter].attributes,
            "{\"RequestID\":{\"DataType\":\"String\",\"StringValue\":\"" ID
            "\"},\"ErrorCode\":{\"DataType\":\"Number\",\"StringValue\":\"429\"},\"ErrorMessage\":{"
            "\"DataType\":\"String\",\"StringValue\":\"Rate Exceeded.\"}}");
  bed.deliveries[0] = bed.deliveries[1 - letter];
  check_failure(&bed, "EventAgeExceeded", 0);
  check(&bed, "/responseContext", "{\"statusCode\":429}");
  check(&bed, "/responsePayload", NULL);
  mt_eq_str(bed.deliveries[2].target, "s"); /* who runs is not interrupted by its age */
  bed_close(&bed);
}

MT_TEST(queue__function_is_gone)
{
  struct bed bed;
  mt_eq_int(bed_open(&bed), 0);
  bed_function(&bed, "f", OK);
  configure(&bed, "f", "", "," DLQ);
  mt_eq_int(bed_send(&bed, "f", "", "{}"), 0);
  mt_eq_int(ms_lua_unload(bed.lua, MS_STR("f"), NULL), 0);
  mt_eq_int(ms_invoke_put_row(bed.invoke, MS_STR("f"), MS_JSON_VALUE_NONE, NULL, 0), 0);
  bed_run(&bed);
  mt_eq_int(bed.delivery_count, 2);
  int letter = strcmp(bed.deliveries[0].target, "q") == 0 ? 0 : 1;
  mt_eq_str(bed.deliveries[letter].attributes,
            "{\"RequestID\":{\"DataType\":\"String\",\"StringValue\":\"" ID
            "\"},\"ErrorCode\":{\"DataType\":\"Number\",\"StringValue\":\"404\"},\"ErrorMessage\":{"
            "\"DataType\":\"String\",\"StringValue\":\"Function not found: " ARN "f:$LATEST\"}}");
  bed.deliveries[0] = bed.deliveries[1 - letter];
  check_failure(&bed, "RetriesExhausted", 3);
  check(&bed, "/responseContext", "{\"statusCode\":404}");
  check(&bed, "/responsePayload", NULL);
  bed_close(&bed);
}

MT_TEST(queue__recursion_is_stopped_at_16)
{
  for (int count = 15; count <= 16; count++) {
    struct bed bed;
    mt_eq_int(bed_open(&bed), 0);
    bed_function(&bed, "f", OK);
    configure(&bed, "f", "", "");
    const struct ms_invoke_event event = {.name = {MS_STR("f"), {"", 0}},
                                          .payload = MS_STR("{}"),
                                          .lineage =
                                              ms_str_c(mt_format("{\"" ARN "f\":%d}", count))};
    mt_eq_int(ms_invoke_send(bed.invoke, &event, NULL, NULL), 0);
    bed_run(&bed);
    check(&bed, "/requestContext/condition",
          count == 15 ? "\"Success\"" : "\"RecursiveInvocation\"");
    mt_eq_str(bed.deliveries[0].lineage, mt_format("{\"" ARN "f\":%d}", count + 1));
    bed_close(&bed);
  }
}

MT_TEST(queue__aliases_inherit_nothing)
{
  struct bed bed;
  mt_eq_int(bed_open(&bed), 0);
  bed_function(&bed, "f", OK);
  mt_eq_int(ms_lua_publish(bed.lua, MS_STR("f"), "1"), 0);
  bed_function(&bed, "f", FAIL);
  bed_row(&bed, "f",
          "{'Configuration':{},'Versions':{'1':{}},'Aliases':{'live':{'FunctionVersion':'1'}},"
          "'EventInvokeConfigs':{'$LATEST':{'DestinationConfig':{'OnFailure':{'Destination':'l'}}},"
          "'1':{'DestinationConfig':{'OnSuccess':{'Destination':'v'}}},"
          "'live':{'DestinationConfig':{'OnSuccess':{'Destination':'a'}}}}}");
  mt_eq_int(bed_send(&bed, "f", "live", "{}"), 0);
  bed_run(&bed);
  mt_eq_int(bed.delivery_count, 1);
  mt_eq_str(bed.deliveries[0].target, "a");
  check(&bed, "/requestContext/functionArn", "\"" ARN "f:live\"");
  check(&bed, "/responseContext/executedVersion", "\"1\"");
  mt_eq_int(bed_send(&bed, "f", "2", "{}"), MSTEP_ENOTFOUND);
  mt_eq_int(bed_send(&bed, "g", "", "{}"), MSTEP_ENOTFOUND);
  bed_close(&bed);
}

MT_TEST(queue__a_record_that_does_not_fit_goes_without_payloads)
{
  struct bed bed;
  mt_eq_int(bed_open(&bed), 0);
  bed_function(&bed, "f", FAIL);
  bed_row(&bed, "f",
          "{'EventInvokeConfigs':{'$LATEST':{'MaximumRetryAttempts':0,'DestinationConfig':{"
          "'OnFailure':{'Destination':'arn:aws:sns:us-east-1:000000000000:t'}}}}}");
  char *text = ms_alloc(262145);
  memset(text, '1', 262144);
  text[0] = text[262143] = '"';
  text[262144] = '\0';
  mt_eq_int(bed_send(&bed, "f", "", text), 0);
  ms_free(text);
  bed_run(&bed);
  check(&bed, "/requestContext/condition", "\"RetriesExhausted\"");
  check(&bed, "/requestPayload", NULL);
  check(&bed, "/responsePayload", NULL);
  check(&bed, "/responseContext/statusCode", "200");
  bed_close(&bed);
}

MT_TEST(queue__too_large)
{
  struct bed bed;
  mt_eq_int(bed_open(&bed), 0);
  bed_function(&bed, "f", OK);
  char *text = ms_alloc(MS_INVOKE_PAYLOAD_MAX + 2);
  memset(text, '1', MS_INVOKE_PAYLOAD_MAX + 1);
  text[MS_INVOKE_PAYLOAD_MAX + 1] = '\0';
  mt_eq_int(bed_send(&bed, "f", "", text), MSTEP_ETOOBIG);
  ms_free(text);
  bed_close(&bed);
}

MT_TEST(queue__undelivered_is_listed_and_replayed)
{
  struct bed bed;
  mt_eq_int(bed_open(&bed), 0);
  bed_function(&bed, "f", OK);
  configure(&bed, "f", "", "");
  bed.failures = 3; /* 1, 2 and 4 s later */
  mt_eq_int(bed_send(&bed, "f", "", "{}"), 0);
  bed_run(&bed);
  mt_eq_int(bed_passed_ms(&bed), 7000);
  mt_eq_int(bed.delivery_count, 4);
  mt_eq_str(bed.deliveries[3].body, bed.deliveries[0].body);
  bed.failures = 1;
  bed.is_final = true;
  mt_eq_int(bed_send(&bed, "f", "", "{}"), 0);
  bed_run(&bed);
  struct ms_outbox *outbox = ms_invoke_outbox(bed.invoke);
  mt_eq_int(ms_outbox_undelivered_count(outbox), 1);
  struct ms_json list;
  uint64_t next;
  mt_eq_int(ms_outbox_list(&list, &next, outbox, 0, 10), 0);
  mt_eq_int(ms_json_count(list), 1);
  struct ms_json one = ms_json_at(list, 0);
  mt_eq_str(bed_text(ms_json_text(ms_json_getc(one, "Target"))), "s");
  mt_eq_str(bed_text(ms_json_text(ms_json_getc(one, "Reason"))), "destination of " ARN "f:$LATEST");
  mt_eq_str(bed_text(ms_json_text(ms_json_getc(one, "Error"))), "no");
  mt_eq_str(bed_text(ms_json_text(ms_json_getc(one, "Id"))), "2");
  ms_json_unref(list);
  mt_eq_int(ms_outbox_replay(outbox, 1), MSTEP_ENOTFOUND);
  mt_eq_int(ms_outbox_replay(outbox, 2), 0);
  bed_run(&bed);
  mt_eq_int(bed.delivery_count, 6);
  mt_eq_int(ms_outbox_undelivered_count(outbox), 0);
  mt_ok(!ms_invoke_driver.is_busy(bed.invoke));
  bed_close(&bed);
}

MT_TEST(queue__a_dead_target_ends_in_the_list_after_a_day)
{
  struct bed bed;
  mt_eq_int(bed_open(&bed), 0);
  bed.has_oom = true; /* too many to write down */
  bed_function(&bed, "f", OK);
  configure(&bed, "f", "", "");
  bed.failures = 100000;
  mt_eq_int(bed_send(&bed, "f", "", "{}"), 0);
  bed_run(&bed);
  mt_ok(bed_passed_ms(&bed) > MS_OUTBOX_AGE_MAX_MS - MS_OUTBOX_PAUSE_MAX_MS - 1);
  mt_ok(bed_passed_ms(&bed) < MS_OUTBOX_AGE_MAX_MS);
  mt_eq_int(ms_outbox_undelivered_count(ms_invoke_outbox(bed.invoke)), 1);
  bed_close(&bed);
}

MT_TEST(queue__closing_in_the_middle_leaves_nothing)
{
  mt_leak_begin();
  for (int step = 0; step < 3; step++) {
    struct bed bed;
    mt_eq_int(bed_open(&bed), 0);
    bed_function(&bed, "f", FAIL);
    configure(&bed, "f", "", "," DLQ);
    mt_eq_int(bed_send(&bed, "f", "", "{}"), 0);
    if (step > 0) {
      bed_on_defer(&bed);
    }
    if (step > 1) {
      bed_on_wake(&bed);
    }
    bed_close(&bed);
  }
  mt_leak_end();
}

static int oom_body(void *user)
{
  struct bed bed;
  (void)user;
  int err = bed_open(&bed);
  if (err != 0) {
    return err;
  }
  bed.has_oom = true;
  bed.has_limit = true;
  struct ms_json row = MS_JSON_VALUE_NONE;
  err = ms_lua_load(bed.lua, MS_STR("f"), MS_STR(FAIL));
  if (err == 0) {
    err = ms_json_parse(&row,
                        MS_STR("{\"EventInvokeConfigs\":{\"$LATEST\":{\"MaximumRetryAttempts\":0,"
                               "\"DestinationConfig\":{\"OnFailure\":{\"Destination\":\"f\"}}}}}"),
                        NULL, NULL);
  }
  err = err != 0 ? err : ms_invoke_put_row(bed.invoke, MS_STR("f"), row, NULL, 0);
  ms_json_unref(row);
  err = err != 0 ? err : bed_send(&bed, "f", "", "{\"a\":1}");
  if (err == 0 && ms_loop_run(bed.loop) != 0) {
    err = MSTEP_ENOMEM;
  }
  bed_close(&bed);
  return err;
}

MT_TEST(queue__memory)
{
  mt_oom(oom_body, NULL);
}

/* ---- recorded records ---- */

/* Is `text` matched by a glob of '*'? */
static bool is_glob(const char *glob, const char *text)
{
  for (; *glob != '\0' && *glob != '*'; glob++, text++) {
    if (*glob != *text) {
      return false;
    }
  }
  if (*glob == '\0') {
    return *text == '\0';
  }
  do {
    if (is_glob(glob + 1, text)) {
      return true;
    }
  } while (*text++ != '\0');
  return false;
}

static bool is_like(struct ms_json ours, struct ms_json theirs, struct ms_json wildcards,
                    const char *at)
{
  struct ms_json glob = ms_json_getc(wildcards, at);
  if (ms_json_is_string(glob)) {
    return is_glob(bed_text(ms_json_text(glob)), bed_text(ms_json_text(ours)));
  }
  if (strcmp(at, "/record/responsePayload/stackTrace") == 0) {
    return ms_json_is_array(ours); /* another language's */
  }
  if (strcmp(at, "/record/timestamp") == 0) {
    return ms_json_text(ours).len == 24;
  }
  if (ms_json_is_object(theirs)) {
    bool is_same = ms_json_count(ours) == ms_json_count(theirs);
    for (size_t i = 0; i < ms_json_count(theirs) && is_same; i++) {
      struct ms_str key = ms_json_key(theirs, i);
      is_same = is_like(ms_json_get(ours, key), ms_json_member(theirs, i), wildcards,
                        mt_format("%s/%.*s", at, MS_STR_ARG(key)));
    }
    return is_same;
  }
  return !ms_json_is_none(ours) && ms_json_equal(ours, theirs);
}

/* A handler that gives what the recorded one gave. */
static const char *handler_of(struct ms_json record)
{
  struct ms_json payload = ms_json_getc(record, "responsePayload");
  struct ms_json message = ms_json_getc(payload, "errorMessage");
  if (ms_json_is_string(message)) {
    return mt_format("return function() error({errorType = '%s', errorMessage = '%s'}) end",
                     bed_text(ms_json_text(ms_json_getc(payload, "errorType"))),
                     bed_text(ms_json_text(message)));
  }
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_json_print(&text, payload);
  char *source = mt_format("return function() return require('cjson').decode([==[%s]==]) end",
                           text.len == 0 ? "null" : text.data);
  ms_buf_deinit(&text);
  return source;
}

static void check_recorded(const char *name)
{
  struct ms_json file;
  size_t len;
  const char *path = mt_format("%s/lambda/destinations/%s.json", mt_corpus(), name);
  const char *text = mt_read_file(path, &len);
  mt_eq_int(ms_json_parse(&file, (struct ms_str){text, len}, NULL, NULL), 0);
  struct ms_json theirs = ms_json_getc(file, "record");
  struct ms_json context = ms_json_getc(theirs, "requestContext");
  const char *condition = bed_text(ms_json_text(ms_json_getc(context, "condition")));
  int64_t count = 0;
  ms_json_to_int(&count, ms_json_getc(context, "approximateInvokeCount"));
  bool is_age = strcmp(condition, "EventAgeExceeded") == 0;
  bool is_zero = strcmp(condition, "ZeroReservedConcurrency") == 0;
  struct bed bed;
  mt_eq_int(bed_open(&bed), 0);
  bed_function(&bed, "f", handler_of(theirs));
  configure(&bed, "f",
            is_age ? mt_format("'MaximumEventAgeInSeconds':%d,", count == 1 ? 60 : 90)
                   : mt_format("'MaximumRetryAttempts':%d,", count > 0 ? (int)count - 1 : 2),
            is_zero ? ",'ReservedConcurrentExecutions':0" : "");
  struct ms_buf payload;
  ms_buf_init(&payload, 0);
  ms_json_print(&payload, ms_json_getc(theirs, "requestPayload"));
  mt_eq_int(bed_send(&bed, "f", "", payload.data), 0);
  ms_buf_deinit(&payload);
  bed_run(&bed);
  mt_eq_int(bed.delivery_count, 1);
  struct ms_json ours = record(&bed);
  struct ms_json wildcards = ms_json_getc(file, "wildcards");
  if (is_zero) { /* recorded without wildcards: names are placeholders */
    struct ms_json its = ms_json_getc(ours, "requestContext");
    mt_eq_int(ms_json_count(ours), ms_json_count(theirs));
    mt_eq_int(ms_json_count(its), ms_json_count(context));
    mt_eq_str(bed_text(ms_json_text(ms_json_getc(its, "condition"))), condition);
  } else if (!is_like(ours, theirs, wildcards, "/record")) {
    mt_report("%s: %s", name, bed.deliveries[0].body);
  }
  struct ms_json envelope = ms_json_getc(file, "envelope");
  if (ms_json_is_object(envelope)) {
    mt_eq_str(bed.deliveries[0].source, bed_text(ms_json_text(ms_json_getc(envelope, "source"))));
    mt_eq_str(bed.deliveries[0].detail_type,
              bed_text(ms_json_text(ms_json_getc(envelope, "detail-type"))));
  }
  ms_json_unref(ours);
  ms_json_unref(file);
  bed_close(&bed);
}

MT_TEST(queue__recorded_records)
{
  static const char *const names[] = {
      "lambda__reserved_concurrency__1",
      "lambda_destinations__assess_lambda_destination_invocation__payload0__1",
      "lambda_destinations__assess_lambda_destination_invocation__payload1__1",
      "lambda_destinations__invoke_lambda_eventbridge__1",
      "lambda_destinations__invoke_lambda_eventbridge__2",
      "lambda_destinations__lambda_destination_default_retries__1",
      "lambda_destinations__maxeventage__1",
      "lambda_destinations__maxeventage__2",
      "lambda_destinations__retries__1"};
  if (mt_corpus() == NULL) {
    mt_skip("there is no corpus");
  }
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    check_recorded(names[i]);
  }
}
