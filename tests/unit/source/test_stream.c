/* Change streams as sources: batches, retries, what is given up, lanes, and where reading begins anew. */
#include "stream_bed.h"

#include "messaging/queue_config.h"

#define QUEUE "arn:aws:sqs:us-east-1:000000000000:q"

/* A value "bad" makes the function fail, "item" is reported, "odd" gets an answer that makes no sense. */
static const char source[] =
    "local lines = {} "
    "return function(event) "
    "  if event.seen then return table.concat(lines, '|') end "
    "  local values, failed, odd, bad = {}, {}, false, false "
    "  for i, r in ipairs(event.Records) do "
    "    local v = r.dynamodb.NewImage.v.S "
    "    values[i] = v "
    "    bad = bad or v:find('bad') "
    "    odd = odd or v == 'odd' "
    "    if v == 'item' then failed[#failed + 1] = {itemIdentifier = r.dynamodb.SequenceNumber} "
    "end "
    "  end "
    "  lines[#lines + 1] = table.concat(values, ',') "
    "  if bad then error('no') end "
    "  if odd then return {batchItemFailures = {{itemIdentifier = ''}}} end "
    "  if #failed > 0 then return {batchItemFailures = failed} end "
    "end";

static void begin(struct stream_bed *b, const char *url)
{
  mt_eq_int(stream_bed_open(b, url), 0);
  bed_function(&b->bed, "f", source);
}

static void put(struct stream_bed *b, const char *const *values)
{
  for (; *values != NULL; values++) {
    stream_put(b, *values, *values, 0);
  }
}

#define PUT(b, ...) put((b), (const char *const[]){__VA_ARGS__, NULL})

static const char *map_with(struct stream_bed *b, const char *more)
{
  const char *text =
      stream_ask(b, ms_mapping_create,
                 mt_format("{'FunctionName':'f','EventSourceArn':'" STREAM_ARN "'%s}", more));
  if (strstr(text, "\"State\":\"Creating\"") == NULL) {
    mt_fail("%s", text);
  }
  return text;
}

static void saw(struct stream_bed *b, const char *expected)
{
  mt_eq_str(stream_seen(b), mt_format("\"%s\"", expected));
}

static void has(const char *text, const char *part)
{
  if (strstr(text, part) == NULL) {
    mt_fail("no %s in %s", part, text);
  }
}

static const char *get(struct stream_bed *b)
{
  return stream_ask(b, ms_mapping_get, mt_format("{'UUID':'%s'}", b->uuid));
}

MT_TEST(stream__comes_in_batches_in_order)
{
  struct stream_bed b;
  begin(&b, NULL);
  PUT(&b, "1", "2", "3", "4", "5");
  const char *made = map_with(&b, ",'StartingPosition':'TRIM_HORIZON','BatchSize':2");
  has(made, "\"LastProcessingResult\":\"No records processed\"");
  has(made, "\"StateTransitionReason\":\"User action\"");
  has(made, "\"DestinationConfig\":{\"OnFailure\":{}}");
  has(made, "\"MaximumRetryAttempts\":-1");
  stream_run(&b);
  saw(&b, "1,2|3,4|5");
  has(get(&b), "\"LastProcessingResult\":\"OK\"");
  PUT(&b, "6");
  stream_news(&b);
  stream_run(&b);
  saw(&b, "1,2|3,4|5|6");
  stream_bed_close(&b);
}

MT_TEST(stream__latest_begins_with_what_comes)
{
  struct stream_bed b;
  begin(&b, NULL);
  PUT(&b, "1", "2");
  map_with(&b, ",'StartingPosition':'LATEST'");
  PUT(&b, "3");
  stream_run(&b);
  saw(&b, "3");
  stream_bed_close(&b);
}

MT_TEST(stream__a_window_waits_for_more)
{
  struct stream_bed b;
  begin(&b, NULL);
  map_with(&b,
           ",'StartingPosition':'TRIM_HORIZON','BatchSize':3,'MaximumBatchingWindowInSeconds':5");
  stream_run(&b);
  PUT(&b, "1");
  stream_news(&b);
  stream_pass(&b, 4000);
  saw(&b, "");
  PUT(&b, "2");
  stream_news(&b);
  stream_pass(&b, 2000);
  saw(&b, "1,2");
  PUT(&b, "3", "4", "5");
  stream_news(&b);
  stream_pass(&b, 10);
  saw(&b, "1,2|3,4,5");
  stream_bed_close(&b);
}

MT_TEST(stream__what_fails_too_often_goes_to_the_destination)
{
  struct stream_bed b;
  begin(&b, NULL);
  PUT(&b, "bad", "2");
  map_with(&b, ",'StartingPosition':'TRIM_HORIZON','BatchSize':1,'MaximumRetryAttempts':1,"
               "'DestinationConfig':{'OnFailure':{'Destination':'" QUEUE "'}}");
  stream_run(&b);
  saw(&b, "bad|bad|2");
  mt_eq_int(b.bed.delivery_count, 1);
  mt_eq_str(b.bed.deliveries[0].target, QUEUE);
  const char *body = b.bed.deliveries[0].body;
  const char *head = strstr(body, "\",\"functionArn\"");
  mt_ok(head != NULL);
  mt_eq_str(head,
            "\",\"functionArn\":\"arn:aws:lambda:us-east-1:000000000000:function:f\",\"condition\":"
            "\"RetryAttemptsExhausted\",\"approximateInvokeCount\":2},\"responseContext\":{"
            "\"statusCode\":200,\"executedVersion\":\"$LATEST\",\"functionError\":\"Unhandled\"},"
            "\"version\":\"1.0\",\"timestamp\":\"2024-01-01T00:00:00.250Z\","
            "\"DDBStreamBatchInfo\":{\"shardId\":\"shardId-1\","
            "\"startSequenceNumber\":\"100000000000000000001\","
            "\"endSequenceNumber\":\"100000000000000000001\","
            "\"approximateArrivalOfFirstRecord\":\"2024-01-01T00:00:00Z\","
            "\"approximateArrivalOfLastRecord\":\"2024-01-01T00:00:00Z\",\"batchSize\":1,"
            "\"streamArn\":\"" STREAM_ARN "\"}}");
  stream_bed_close(&b);
}

MT_TEST(stream__a_bucket_gets_the_records_too)
{
  struct stream_bed b;
  begin(&b, NULL);
  PUT(&b, "bad");
  map_with(&b, ",'StartingPosition':'TRIM_HORIZON','MaximumRetryAttempts':0,"
               "'DestinationConfig':{'OnFailure':{'Destination':'arn:aws:s3:::b'}}");
  stream_run(&b);
  mt_eq_int(b.bed.delivery_count, 1);
  has(b.bed.deliveries[0].body, ",\"payload\":\"{\\\"Records\\\":[{\\\"eventID\\\":\\\"0\\\"");
  has(b.bed.deliveries[0].key,
      mt_format("aws/lambda/%s/shardId-1/2024/01/01/2024-01-01T00.00.00-", b.uuid));
  stream_bed_close(&b);
}

MT_TEST(stream__bisecting_isolates_a_record)
{
  struct stream_bed b;
  begin(&b, NULL);
  PUT(&b, "1", "2", "bad", "4", "5");
  map_with(&b, ",'StartingPosition':'TRIM_HORIZON','BatchSize':4,'MaximumRetryAttempts':1,"
               "'BisectBatchOnFunctionError':true,"
               "'DestinationConfig':{'OnFailure':{'Destination':'" QUEUE "'}}");
  stream_run(&b);
  saw(&b, "1,2,bad,4|1,2|bad,4|bad|bad|4|5");
  mt_eq_int(b.bed.delivery_count, 1);
  has(b.bed.deliveries[0].body, "\"startSequenceNumber\":\"100000000000000000003\"");
  has(b.bed.deliveries[0].body, "\"approximateInvokeCount\":2");
  has(b.bed.deliveries[0].body, "\"batchSize\":1");
  stream_bed_close(&b);
}

MT_TEST(stream__goes_on_from_the_lowest_reported_item)
{
  struct stream_bed b;
  begin(&b, NULL);
  PUT(&b, "1", "item", "3", "item", "5");
  map_with(&b, ",'StartingPosition':'TRIM_HORIZON','MaximumRetryAttempts':1,"
               "'FunctionResponseTypes':['ReportBatchItemFailures'],"
               "'DestinationConfig':{'OnFailure':{'Destination':'" QUEUE "'}}");
  stream_run(&b);
  saw(&b, "1,item,3,item,5|item,3,item,5|item,3,item,5");
  mt_eq_int(b.bed.delivery_count, 1);
  has(b.bed.deliveries[0].body, "\"functionError\":null");
  has(b.bed.deliveries[0].body, "\"approximateInvokeCount\":2");
  has(b.bed.deliveries[0].body, "\"batchSize\":4");
  stream_bed_close(&b);
}

MT_TEST(stream__an_answer_that_makes_no_sense_is_a_failure)
{
  struct stream_bed b;
  begin(&b, NULL);
  PUT(&b, "odd", "2");
  map_with(&b, ",'StartingPosition':'TRIM_HORIZON','BatchSize':1,'MaximumRetryAttempts':3,"
               "'FunctionResponseTypes':['ReportBatchItemFailures'],"
               "'DestinationConfig':{'OnFailure':{'Destination':'" QUEUE "'}}");
  stream_run(&b);
  saw(&b, "odd|odd|odd|odd|2");
  has(b.bed.deliveries[0].body, "\"approximateInvokeCount\":4");
  has(b.bed.deliveries[0].body, "\"functionError\":null");
  stream_bed_close(&b);
}

MT_TEST(stream__what_is_too_old_is_given_up)
{
  struct stream_bed b;
  begin(&b, NULL);
  stream_put(&b, "a", "old", 61);
  stream_put(&b, "b", "older", 61);
  PUT(&b, "3");
  map_with(&b, ",'StartingPosition':'TRIM_HORIZON','MaximumRecordAgeInSeconds':60,"
               "'DestinationConfig':{'OnFailure':{'Destination':'" QUEUE "'}}");
  stream_run(&b);
  saw(&b, "3");
  mt_eq_int(b.bed.delivery_count, 1);
  has(b.bed.deliveries[0].body, "\"condition\":\"RecordAgeExceeded\",\"approximateInvokeCount\":1},"
                                "\"version\"");
  has(b.bed.deliveries[0].body, "\"batchSize\":2");
  stream_bed_close(&b);
}

MT_TEST(stream__grows_too_old_while_it_is_tried)
{
  struct stream_bed b;
  begin(&b, NULL);
  PUT(&b, "bad");
  map_with(&b, ",'StartingPosition':'TRIM_HORIZON','BatchSize':1,'MaximumRecordAgeInSeconds':60,"
               "'DestinationConfig':{'OnFailure':{'Destination':'" QUEUE "'}}");
  stream_run(&b);
  has(b.bed.deliveries[0].body,
      "\"condition\":\"RecordAgeExceeded\",\"approximateInvokeCount\":8}");
  PUT(&b, "2");
  stream_news(&b);
  stream_run(&b);
  has(stream_seen(&b), "bad|2\"");
  stream_bed_close(&b);
}

MT_TEST(stream__a_throttle_is_no_attempt)
{
  struct stream_bed b;
  begin(&b, NULL);
  bed_row(&b.bed, "f", "{'ReservedConcurrentExecutions':0}");
  PUT(&b, "1");
  map_with(&b, ",'StartingPosition':'TRIM_HORIZON','MaximumRetryAttempts':0,"
               "'DestinationConfig':{'OnFailure':{'Destination':'" QUEUE "'}}");
  stream_pass(&b, 20000);
  bed_row(&b.bed, "f", "{}");
  stream_run(&b);
  saw(&b, "1");
  mt_eq_int(b.bed.delivery_count, 0);
  stream_bed_close(&b);
}

MT_TEST(stream__lanes_do_not_wait_for_each_other)
{
  struct stream_bed b;
  begin(&b, NULL);
  map_with(&b, ",'StartingPosition':'TRIM_HORIZON','BatchSize':1,'ParallelizationFactor':10");
  stream_put(&b, "a", "bad", 0);
  stream_put(&b, "a", "never", 0);
  for (int i = 0; i < 9; i++) { /* not all can be of the first one's lane */
    stream_put(&b, mt_format("k%d", i), mt_format("%d", i), 0);
  }
  stream_news(&b);
  stream_pass(&b, 5000);
  const char *seen = stream_seen(&b);
  mt_ok(strstr(seen, "never") == NULL);
  int others = 0;
  for (int i = 0; i < 9; i++) {
    others += strchr(seen, '0' + i) != NULL;
  }
  mt_ok(others > 0);
  stream_bed_close(&b);
}

MT_TEST(stream__what_no_filter_wants_is_passed_over)
{
  struct stream_bed b;
  begin(&b, NULL);
  PUT(&b, "1", "want", "3");
  map_with(&b, ",'StartingPosition':'TRIM_HORIZON','FilterCriteria':{'Filters':[{'Pattern':"
               "'{\\\"dynamodb\\\":{\\\"NewImage\\\":{\\\"v\\\":{\\\"S\\\":[\\\"want\\\"]}}}}'}]}");
  stream_run(&b);
  saw(&b, "want");
  stream_bed_close(&b);
}

MT_TEST(stream__goes_on_where_it_was)
{
  struct stream_bed b;
  begin(&b, mt_format("sqlite:%s/s.db", mt_tmpdir()));
  PUT(&b, "1", "2");
  map_with(&b, ",'StartingPosition':'TRIM_HORIZON','BatchSize':2");
  stream_run(&b);
  PUT(&b, "bad3", "4"); /* is tried, and not done */
  stream_news(&b);
  stream_pass(&b, 300);
  const char *shown = get(&b);
  has(shown, "\"LastProcessingResult\":\"PROBLEM: Function call failed\"");
  saw(&b, "1,2|bad3,4|bad3,4");
  ms_sources_driver.close(b.sources);
  b.sources = NULL;
  mt_eq_int(stream_sources_open(&b), 0);
  mt_eq_str(strstr(get(&b), "\"UUID\""), strstr(shown, "\"UUID\""));
  stream_pass(&b, 10);
  saw(&b, "1,2|bad3,4|bad3,4|bad3,4");
  stream_bed_close(&b);
}

MT_TEST(stream__is_disabled_and_changed_where_it_stands)
{
  struct stream_bed b;
  begin(&b, NULL);
  PUT(&b, "1");
  map_with(&b, ",'StartingPosition':'TRIM_HORIZON'");
  stream_run(&b);
  has(stream_ask(&b, ms_mapping_update, mt_format("{'UUID':'%s','Enabled':false}", b.uuid)),
      "\"State\":\"Disabling\"");
  stream_run(&b);
  has(get(&b), "\"State\":\"Disabled\"");
  PUT(&b, "2", "3", "4");
  stream_news(&b);
  stream_run(&b);
  saw(&b, "1");
  has(stream_ask(&b, ms_mapping_update,
                 mt_format("{'UUID':'%s','Enabled':true,'BatchSize':2,'ParallelizationFactor':1}",
                           b.uuid)),
      "\"State\":\"Enabling\"");
  stream_run(&b);
  saw(&b, "1|2,3|4");
  has(stream_ask(&b, ms_mapping_update, mt_format("{'UUID':'%s','BatchSize':5}", b.uuid)),
      "\"State\":\"Updating\"");
  stream_run(&b);
  has(get(&b), "\"State\":\"Enabled\"");
  PUT(&b, "5", "6", "7");
  stream_news(&b);
  stream_run(&b);
  saw(&b, "1|2,3|4|5,6,7");
  has(stream_ask(&b, ms_mapping_delete, mt_format("{'UUID':'%s'}", b.uuid)), "Deleting");
  stream_run(&b);
  has(get(&b), "The resource you requested does not exist.");
  stream_bed_close(&b);
}

MT_TEST(stream__refuses_as_lambda_does)
{
  static const char *const cases[][2] = {
      {"",
       "Value null at 'startingPosition' failed to satisfy constraint: Member must not be null."},
      {",'StartingPosition':'AT_TIMESTAMP'",
       "Unsupported starting position for arn type: " STREAM_ARN},
      {",'StartingPosition':'LATEST','ScalingConfig':{'MaximumConcurrency':2}",
       "Unsupported 'scalingConfig' parameter for given event source mapping type."},
      {",'StartingPosition':'LATEST','DestinationConfig':{'OnFailure':{'Destination':"
       "'arn:aws:lambda:us-east-1:000000000000:function:g'}}",
       "is invalid."},
      {",'StartingPosition':'LATEST','FilterCriteria':{'Filters':[{'Pattern':'single-string'}]}",
       "Invalid filter pattern definition."},
      {",'StartingPosition':'LATEST','MaximumRecordAgeInSeconds':59", "MaximumRecordAgeInSeconds"},
      {",'StartingPosition':'LATEST','EventSourceArn':'arn:aws:dynamodb:us-east-1:000000000000:"
       "table/x/"
       "stream/y'",
       "Stream not found: arn:aws:dynamodb:us-east-1:000000000000:table/x/stream/y"},
  };
  struct stream_bed b;
  begin(&b, NULL);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    has(stream_ask(
            &b, ms_mapping_create,
            mt_format("{'FunctionName':'f','EventSourceArn':'" STREAM_ARN "'%s}", cases[i][0])),
        cases[i][1]);
  }
  map_with(&b, ",'StartingPosition':'LATEST'");
  has(stream_ask(&b, ms_mapping_create,
                 "{'FunctionName':'f','EventSourceArn':'" STREAM_ARN
                 "','StartingPosition':'LATEST'}"),
      "ResourceConflictException: The event source arn (\" " STREAM_ARN
      " \") and function (\" f \") provided mapping already exists. Please update or delete the "
      "existing mapping with UUID ");
  stream_bed_close(&b);
}

MT_TEST(stream__many_records)
{
  struct stream_bed b;
  begin(&b, NULL);
  for (int i = 0; i < STREAM_MAX; i++) {
    stream_put(&b, mt_format("k%d", i), "x", 0);
  }
  map_with(&b, ",'StartingPosition':'TRIM_HORIZON','BatchSize':7,'ParallelizationFactor':3");
  stream_run(&b);
  const char *seen = stream_seen(&b);
  size_t count = 0;
  for (const char *at = seen; *at != '\0'; at++) {
    count += *at == 'x';
  }
  mt_eq_int(count, STREAM_MAX);
  stream_bed_close(&b);
}

/* ---- memory that runs out ---- */

static int parse(struct ms_json *out, const char *text)
{
  return ms_json_parse(out, ms_str_c(text), NULL, NULL);
}

static int create(struct stream_bed *b, const char *text)
{
  struct ms_json request, reply = MS_JSON_VALUE_NONE;
  struct ms_queue_refusal why;
  int err = parse(&request, text);
  if (err == 0) {
    err = ms_mapping_create(b->sources, request, &reply, &why);
    ms_json_unref(request);
    ms_json_unref(reply);
  }
  return err;
}

static int close_poor(struct stream_bed *b, int err)
{
  ms_sources_driver.close(b->sources);
  ms_queues_driver.close(b->queues);
  bed_close(&b->bed);
  ms_batch_deinit(&b->batch);
  return err == 0 ? MSTEP_OK : MSTEP_ENOMEM;
}

static int stream_life(void *user)
{
  struct stream_bed *b = user;
  int err = stream_bed_open(b, NULL);
  if (err != 0) {
    return err;
  }
  err = ms_lua_load(b->bed.lua, MS_STR("f"), MS_STR("return function() error('no') end"));
  err = err != 0
            ? err
            : create(b, "{\"FunctionName\":\"f\",\"EventSourceArn\":\"" STREAM_ARN
                        "\",\"StartingPosition\":\"TRIM_HORIZON\",\"MaximumRetryAttempts\":0,"
                        "\"DestinationConfig\":{\"OnFailure\":{\"Destination\":\"" QUEUE "\"}}}");
  if (err == 0) {
    b->bed.has_oom = b->bed.has_limit = true;
    stream_run(b);
  }
  return close_poor(b, err);
}

MT_TEST(stream__memory_runs_out)
{
  struct stream_bed b;
  mt_oom(stream_life, &b);
}

static int queue_life(void *user)
{
  struct stream_bed *b = user;
  struct ms_queue *queue = NULL;
  struct ms_json attributes = MS_JSON_VALUE_NONE;
  const struct ms_queue_message message = {.body = MS_STR("hello"), .delay_s = -1};
  int err = stream_bed_open(b, NULL);
  if (err != 0) {
    return err;
  }
  err = ms_lua_load(b->bed.lua, MS_STR("f"), MS_STR("return function(e) return e end"));
  err = err != 0 ? err : parse(&attributes, "{\"MessageRetentionPeriod\":\"60\"}");
  err = err != 0
            ? err
            : ms_queue_create(&queue, b->queues, MS_STR("q"), attributes, MS_JSON_VALUE_NONE, NULL);
  ms_json_unref(attributes);
  err = err != 0 ? err : create(b, "{\"FunctionName\":\"f\",\"EventSourceArn\":\"" QUEUE "\"}");
  err = err != 0 ? err : ms_queue_send(queue, &message, NULL, NULL, NULL, NULL);
  if (err == 0) {
    b->bed.has_oom = b->bed.has_limit = true;
    stream_run(b);
  }
  return close_poor(b, err);
}

MT_TEST(stream__memory_runs_out_with_queues)
{
  struct stream_bed b;
  mt_oom(queue_life, &b);
}
