/* What of a stream outlives a crash beyond its position: attempts, halves, lanes, windows and their state. */
#include "stream_bed.h"

#define QUEUE "arn:aws:sqs:us-east-1:000000000000:q"
#define TO_QUEUE ",'DestinationConfig':{'OnFailure':{'Destination':'" QUEUE "'}}"

/* Sums what it sees, and says in a line what it was called with. A value "bad" makes it fail, "big" its state large. */
static const char source[] =
    "local lines = {} "
    "return function(event) "
    "  if event.seen then return table.concat(lines, '|') end "
    "  local state, values, bad, big = event.state or {}, {}, false, false "
    "  local before = state.sum or 'none' "
    "  for i, r in ipairs(event.Records) do "
    "    local v = r.dynamodb.NewImage.v.S "
    "    values[i] = v "
    "    bad = bad or v:find('bad') "
    "    big = big or v == 'big' "
    "    state.sum = (state.sum or 0) + (tonumber(v) or 0) "
    "  end "
    "  local line = table.concat(values, ',') "
    "  if event.window then "
    "    line = line .. ' ' .. event.window.start:sub(15, 19) .. '-' .. "
    "event.window['end']:sub(15, 19) "
    "      .. (event.isFinalInvokeForWindow and ' final' or '') "
    "      .. (event.isWindowTerminatedEarly and ' early' or '') .. ' ' .. before "
    "  end "
    "  lines[#lines + 1] = line "
    "  if bad or (event.isFinalInvokeForWindow and event.state.sum == 13) then error('no') end "
    "  if big then state.text = ('x'):rep(1048576) end "
    "  if event.window and values[1] == 'none' then return {} end "
    "  return {state = state} "
    "end";

static void begin(struct stream_bed *b)
{
  mt_eq_int(stream_bed_open(b, mt_format("sqlite:%s/s.db", mt_tmpdir())), 0);
  bed_function(&b->bed, "f", source);
}

static void map_with(struct stream_bed *b, const char *more)
{
  const char *text = stream_ask(b, ms_mapping_create,
                                mt_format("{'FunctionName':'f','EventSourceArn':'" STREAM_ARN
                                          "','StartingPosition':'TRIM_HORIZON'%s}",
                                          more));
  if (strstr(text, "\"State\":\"Creating\"") == NULL) {
    mt_fail("%s", text);
  }
}

static void put(struct stream_bed *b, const char *const *values)
{
  for (; *values != NULL; values++) {
    stream_put(b, *values, *values, 0);
  }
}

#define PUT(b, ...) put((b), (const char *const[]){__VA_ARGS__, NULL})

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

/* Nobody is told any more what was to be told to `arg` (NULL: to anybody) when it is durable. */
static void forget(struct bed *bed, const void *arg)
{
  size_t count = 0;
  for (size_t i = 0; i < bed->waiter_count; i++) {
    if (arg != NULL && bed->waiters[i].arg != arg) {
      bed->waiters[count++] = bed->waiters[i];
    }
  }
  bed->waiter_count = count;
}

/* What is only in memory is gone. */
static void crash(struct stream_bed *b)
{
  forget(&b->bed, b->sources);
  ms_sources_driver.close(b->sources);
  b->sources = NULL;
  mt_eq_int(stream_sources_open(b), 0);
}

MT_TEST(restart__attempts_go_on)
{
  struct stream_bed b;
  begin(&b);
  PUT(&b, "bad", "2", "3");
  map_with(&b, ",'BatchSize':2,'MaximumRetryAttempts':2" TO_QUEUE);
  stream_pass(&b, 10);
  for (int i = 0; i < 2; i++) { /* the first, and one more in each life */
    crash(&b);
    stream_pass(&b, 10);
  }
  stream_run(&b);
  saw(&b, "bad,2|bad,2|bad,2|3");
  mt_eq_int(b.bed.delivery_count, 1);
  has(b.bed.deliveries[0].body, "\"approximateInvokeCount\":3}");
  has(b.bed.deliveries[0].body, "\"batchSize\":2");
  stream_bed_close(&b);
}

MT_TEST(restart__halves_stay_halves)
{
  struct stream_bed b;
  begin(&b);
  PUT(&b, "1", "bad", "3", "4", "5");
  map_with(&b,
           ",'BatchSize':4,'MaximumRetryAttempts':1,'BisectBatchOnFunctionError':true" TO_QUEUE);
  stream_pass(&b, 10); /* bad alone has failed, and waits */
  saw(&b, "1,bad,3,4|1,bad|1|bad");
  crash(&b);
  stream_run(&b);
  saw(&b, "1,bad,3,4|1,bad|1|bad|bad|3,4|5");
  mt_eq_int(b.bed.delivery_count, 1);
  has(b.bed.deliveries[0].body, "\"approximateInvokeCount\":2}");
  has(b.bed.deliveries[0].body, "\"startSequenceNumber\":\"100000000000000000002\"");
  stream_bed_close(&b);
}

MT_TEST(restart__lanes_do_not_do_again_what_they_did)
{
  struct stream_bed b;
  begin(&b);
  map_with(&b, ",'BatchSize':1,'ParallelizationFactor':10");
  stream_put(&b, "a", "bad", 0);
  for (int i = 0; i < 9; i++) {
    stream_put(&b, mt_format("k%d", i), mt_format("%d", i), 0);
  }
  stream_news(&b);
  stream_pass(&b, 10);
  crash(&b);
  stream_pass(&b, 10);
  const char *seen = stream_seen(&b);
  for (char digit = '0'; digit < '9'; digit++) {
    const char *first = strchr(seen, digit);
    mt_ok(first == NULL || strchr(first + 1, digit) == NULL);
  }
  mt_ok(strstr(seen, "bad|") != NULL);
  stream_bed_close(&b);
}

/* ---- batches that end the process ---- */

#define POISON                                                                                     \
  "local mstep = require('mstep') local lines = {} "                                               \
  "return function(event) "                                                                        \
  "  if event.seen then return table.concat(lines, '|') end "                                      \
  "  for i, r in ipairs(event.Records) do "                                                        \
  "    local v = r.dynamodb.NewImage.v.S lines[#lines + 1] = v "                                   \
  "    if v == 'poison' then mstep.sleep(10) end "                                                 \
  "  end "                                                                                         \
  "end"

/* As `kill -9` while a function runs: Lua is gone, too. */
static void kill_all(struct stream_bed *b)
{
  struct bed *bed = &b->bed;
  void *driver = NULL;
  forget(bed, NULL);
  ms_sources_driver.close(b->sources);
  b->sources = NULL;
  ms_invoke_driver.close(bed->invoke);
  ms_lua_free(bed->lua);
  const struct ms_lua_options options = {
      .loop = bed->loop, .slice_ms = -1, .seed = 1, .log = bed_quiet};
  mt_eq_int(ms_lua_new(&bed->lua, &options), 0);
  bed_function(bed, "f", POISON);
  mt_eq_int(ms_invoke_driver.open(&driver, &bed->env), 0);
  bed->invoke = driver;
  const struct ms_invoke_up up = {bed_lua, bed};
  ms_invoke_set_up(bed->invoke, &up);
  ms_invoke_attach(bed->invoke, bed->lua);
  mt_eq_int(ms_invoke_driver.load(bed->invoke), 0);
  ms_invoke_driver.resume(bed->invoke);
  mt_eq_int(stream_sources_open(b), 0);
}

/* Each life ends while the function has the record; how many there are until it is given up. */
static unsigned count_lives(struct stream_bed *b)
{
  unsigned lives = 0;
  for (; lives < 10; lives++) {
    stream_pass(b, 1000);
    if (b->bed.delivery_count > 0) {
      break;
    }
    kill_all(b);
  }
  return lives;
}

MT_TEST(restart__a_batch_that_ends_the_process_each_time_is_given_up)
{
  struct stream_bed b;
  begin(&b);
  bed_function(&b.bed, "f", POISON);
  PUT(&b, "poison", "2", "3");
  map_with(&b, ",'BatchSize':2,'MaximumRetryAttempts':1" TO_QUEUE);
  mt_eq_int(count_lives(&b), 3); /* the first could not be known of */
  has(b.bed.deliveries[0].body, "\"condition\":\"RetryAttemptsExhausted\"");
  has(b.bed.deliveries[0].body, "\"approximateInvokeCount\":2}");
  has(b.bed.deliveries[0].body, "\"functionError\":\"Unhandled\"");
  has(b.bed.deliveries[0].body, "\"batchSize\":2");
  stream_run(&b);
  saw(&b, "3");
  stream_bed_close(&b);
}

MT_TEST(restart__and_bisected_before)
{
  struct stream_bed b;
  begin(&b);
  bed_function(&b.bed, "f", POISON);
  PUT(&b, "1", "poison", "3", "4");
  map_with(&b,
           ",'BatchSize':4,'MaximumRetryAttempts':0,'BisectBatchOnFunctionError':true" TO_QUEUE);
  mt_eq_int(count_lives(&b), 4); /* unknown, all four, the first two, it alone */
  has(b.bed.deliveries[0].body, "\"batchSize\":1");
  has(b.bed.deliveries[0].body, "\"startSequenceNumber\":\"100000000000000000002\"");
  stream_run(&b);
  mt_eq_int(b.bed.delivery_count, 1);
  saw(&b, "3|4");
  stream_bed_close(&b);
}

/* What was in no way begun, or has ended, is not taken for one that was cut. */
MT_TEST(restart__crashes_between_batches_cost_no_attempt)
{
  struct stream_bed b;
  begin(&b);
  map_with(&b, ",'BatchSize':1,'MaximumRetryAttempts':0" TO_QUEUE);
  for (int i = 0; i < 12; i++) {
    stream_put(&b, "k", mt_format("%d", i), 0);
    crash(&b);
    stream_news(&b);
    stream_pass(&b, 1000);
  }
  mt_eq_int(b.bed.delivery_count, 0);
  saw(&b, "0|1|2|3|4|5|6|7|8|9|10|11");
  stream_bed_close(&b);
}

MT_TEST(window__state_goes_along_and_ends_with_it)
{
  struct stream_bed b;
  begin(&b);
  map_with(&b, ",'BatchSize':2,'TumblingWindowInSeconds':60");
  PUT(&b, "1", "2", "3");
  stream_news(&b);
  stream_pass(&b, 10);
  saw(&b, "1,2 00:00-01:00 none|3 00:00-01:00 3");
  crash(&b); /* the state is not lost */
  stream_pass(&b, 61000);
  saw(&b, "1,2 00:00-01:00 none|3 00:00-01:00 3| 00:00-01:00 final 6");
  PUT(&b, "7");
  stream_news(&b);
  stream_pass(&b, 10);
  has(stream_seen(&b), "final 6|7 01:00-02:00 none\"");
  stream_bed_close(&b);
}

MT_TEST(window__ends_before_what_is_of_the_next)
{
  struct stream_bed b;
  begin(&b);
  stream_put(&b, "a", "1", 0);
  stream_put(&b, "a", "2", -59);
  stream_put(&b, "a", "3", -60);
  map_with(&b, ",'BatchSize':10,'TumblingWindowInSeconds':60");
  stream_pass(&b, 10);
  saw(&b, "1,2 00:00-01:00 none| 00:00-01:00 final 3|3 01:00-02:00 none");
  stream_bed_close(&b);
}

MT_TEST(window__ends_early_when_its_state_is_large)
{
  struct stream_bed b;
  begin(&b);
  PUT(&b, "1", "big", "3");
  map_with(&b, ",'BatchSize':2,'TumblingWindowInSeconds':60");
  stream_pass(&b, 10);
  saw(&b, "1,big 00:00-01:00 none| 00:00-01:00 final early 1|3 00:00-01:00 none");
  stream_bed_close(&b);
}

MT_TEST(window__a_failing_end_goes_to_the_destination)
{
  struct stream_bed b;
  begin(&b);
  PUT(&b, "13", "bad");
  map_with(&b, ",'BatchSize':1,'TumblingWindowInSeconds':60,'MaximumRetryAttempts':1" TO_QUEUE);
  stream_pass(&b, 60100); /* its end has been tried once */
  mt_eq_int(b.bed.delivery_count, 1);
  has(b.bed.deliveries[0].body,
      ",\"timeWindowInfo\":{\"window\":{\"start\":\"2024-01-01T00:00:00Z\",\"end\":"
      "\"2024-01-01T00:01:00Z\"},\"state\":{\"sum\":13},\"isFinalInvokeForWindow\":false,"
      "\"isWindowTerminatedEarly\":false}}");
  crash(&b);
  stream_run(&b);
  mt_eq_int(b.bed.delivery_count, 2);
  has(b.bed.deliveries[1].body,
      "\"DDBStreamBatchInfo\":{\"shardId\":\"shardId-1\",\"streamArn\":\"" STREAM_ARN
      "\"},\"timeWindowInfo\":{\"window\"");
  has(b.bed.deliveries[1].body, "\"approximateInvokeCount\":2}");
  has(b.bed.deliveries[1].body, "\"isFinalInvokeForWindow\":true");
  saw(&b, "13 00:00-01:00 none|bad 00:00-01:00 13|bad 00:00-01:00 13| 00:00-01:00 final 13| "
          "00:00-01:00 final 13");
  stream_bed_close(&b);
}

MT_TEST(window__an_answer_without_state_is_a_failure)
{
  struct stream_bed b;
  begin(&b);
  PUT(&b, "none");
  map_with(&b, ",'TumblingWindowInSeconds':60,'MaximumRetryAttempts':0" TO_QUEUE);
  stream_pass(&b, 10);
  mt_eq_int(b.bed.delivery_count, 1);
  has(b.bed.deliveries[0].body, "\"functionError\":null");
  stream_bed_close(&b);
}

MT_TEST(window__goes_with_one_lane_and_without_filters)
{
  struct stream_bed b;
  begin(&b);
  const char *head = "{'FunctionName':'f','EventSourceArn':'" STREAM_ARN
                     "','StartingPosition':'LATEST','TumblingWindowInSeconds':60,";
  has(stream_ask(&b, ms_mapping_create, mt_format("%s'ParallelizationFactor':2}", head)),
      "InvalidParameterValueException: ParallelizationFactor");
  has(stream_ask(&b, ms_mapping_create,
                 mt_format("%s'FilterCriteria':{'Filters':[{'Pattern':'{}'}]}}", head)),
      "InvalidParameterValueException: FilterCriteria");
  stream_bed_close(&b);
}

static int window_life(void *user)
{
  struct stream_bed *b = user;
  struct ms_json request, reply = MS_JSON_VALUE_NONE;
  struct ms_queue_refusal why;
  int err = stream_bed_open(b, NULL);
  if (err != 0) {
    return err;
  }
  err = ms_lua_load(b->bed.lua, MS_STR("f"), MS_STR("return function() error('no') end"));
  err = err != 0
            ? err
            : ms_json_parse(&request,
                            MS_STR("{\"FunctionName\":\"f\",\"EventSourceArn\":\"" STREAM_ARN
                                   "\",\"StartingPosition\":\"TRIM_HORIZON\","
                                   "\"TumblingWindowInSeconds\":1,\"MaximumRetryAttempts\":0,"
                                   "\"DestinationConfig\":{\"OnFailure\":{\"Destination\":\"" QUEUE
                                   "\"}}}"),
                            NULL, NULL);
  if (err == 0) {
    err = ms_mapping_create(b->sources, request, &reply, &why);
    ms_json_unref(request);
    ms_json_unref(reply);
  }
  if (err == 0) {
    b->bed.has_oom = b->bed.has_limit = true;
    stream_run(b);
  }
  ms_sources_driver.close(b->sources);
  ms_queues_driver.close(b->queues);
  bed_close(&b->bed);
  ms_batch_deinit(&b->batch);
  return err == 0 ? MSTEP_OK : MSTEP_ENOMEM;
}

MT_TEST(window__memory_runs_out)
{
  struct stream_bed b;
  mt_oom(window_life, &b);
}
