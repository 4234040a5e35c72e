/*
 * ApplyProject: what a project declares takes effect, again and changed; what it declares no more is named, after a
 * restart too. Virtual time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "mt.h"

static const char *store;
static int64_t later_ms;

static void write(const char *dir, const char *name, const char *text)
{
  FILE *out = fopen(mt_format("%s/%s", dir, name), "wb");
  fputs(text, out);
  fclose(out);
}

#define FINE "\"failed\":[]"

/* Makes `text` the project and has `part` in what is said. */
static const char *apply(struct host *host, const char *dir, const char *text, const char *part)
{
  write(dir, "mstep.lua", text);
  const char *said = call_has(host, "ApplyProject", mt_format("{\"Directory\":\"%s\"}", dir), part);
  if (strcmp(part, FINE) == 0 && strstr(said, "\"diagnostics\":[]") == NULL) {
    mt_fail("%s", said);
  }
  return said;
}

static void with_store(mstep_options *options)
{
  options->store = store;
}

static void with_store_later(mstep_options *options)
{
  options->store = store;
  options->start_at_ms = later_ms;
}

#define TOPIC "\"arn:aws:sns:us-east-1:000000000000:news\""

MT_TEST(project_calls__topics_and_subscriptions_change)
{
  struct host host;
  const char *dir = mt_tmpdir();
  host_open(&host, NULL);
  apply(&host, dir, "return { queues = { 'a' }, topics = { news = { display_name = 'one',"
                    "subscriptions = { { to = 'queue:a', filter = { kind = { 'x' } } } } } } }", FINE);
  apply(&host, dir, "return { queues = { 'a' }, topics = { news = { display_name = 'two',"
                    "subscriptions = { { to = 'queue:a', filter = { a = { b = { 'y' } } },"
                    "filter_scope = 'MessageBody', raw = true } } } } }",
        "\"changed\":[{\"kind\":\"topic\",\"name\":\"news\"},"
        "{\"kind\":\"subscription\",\"name\":\"news to queue:a\"}]");
  call_has(&host, "GetTopicAttributes", "{\"TopicArn\":" TOPIC "}", "\"DisplayName\":\"two\"");
  const char *list = call_has(&host, "ListSubscriptionsByTopic", "{\"TopicArn\":" TOPIC "}",
                              "\"SubscriptionArn\"");
  const char *arn = strstr(list, "arn:aws:sns:us-east-1:000000000000:news:");
  const char *ask = mt_format("{\"SubscriptionArn\":\"%.76s\"}", arn);
  call_has(&host, "GetSubscriptionAttributes", ask, "\"FilterPolicyScope\":\"MessageBody\"");
  call_has(&host, "GetSubscriptionAttributes", ask, "\"RawMessageDelivery\":\"true\"");
  call_has(&host, "GetSubscriptionAttributes", ask, "{\\\"a\\\":{\\\"b\\\":[\\\"y\\\"]}}");
  const char *plain = "return { queues = { 'a' }, topics = { news = { subscriptions = {"
                      "'queue:a' } } } }";
  apply(&host, dir, plain, FINE);
  const char *now =
      call_has(&host, "GetSubscriptionAttributes", ask, "\"RawMessageDelivery\":\"false\"");
  mt_ok(strstr(now, "FilterPolicy") == NULL);
  apply(&host, dir, plain, "\"added\":[],\"changed\":[]");
  apply(&host, dir, "return { queues = { 'a' }, topics = { 'news' } }",
        "\"left\":[{\"kind\":\"subscription\",\"name\":\"news to queue:a\"}]");
  host_close(&host);
}

MT_TEST(project_calls__streams_are_turned_on_later)
{
  struct host host;
  const char *dir = mt_tmpdir();
  host_open(&host, NULL);
  call_has(&host, "CreateFunction",
           "{\"FunctionName\":\"f\",\"Code\":{\"Source\":\"return print\"}}", "f");
  apply(&host, dir, "return { tables = { carts = { key = 'id' } } }", FINE);
  apply(&host, dir, "return { tables = { carts = { key = 'id', stream = 'NEW_IMAGE' } } }", FINE);
  const char *ask = "{\"TableName\":\"carts\"}";
  call_has(&host, "DescribeTable", ask, "\"StreamViewType\":\"NEW_IMAGE\"");
  call_has(&host, "DescribeTable", ask, "\"LatestStreamArn\"");
  apply(&host, dir, "return { tables = { carts = { key = 'id', stream = 'NEW_IMAGE' } } }",
        "\"added\":[],\"changed\":[]");
  apply(&host, dir, "return { tables = { carts = { key = 'id', stream = 'KEYS_ONLY' } } }", FINE);
  call_has(&host, "DescribeTable", ask, "\"StreamViewType\":\"KEYS_ONLY\"");
  host_close(&host);
}

MT_TEST(project_calls__targets_are_what_they_are)
{
  struct host host;
  const char *dir = mt_tmpdir();
  host_open(&host, NULL);
  apply(&host, dir, "return { queues = { 'a', 'b', 'c' }, events = { big = { pattern = { source ="
                    "{ 'x' } }, targets = { 'queue:a', 'queue:b', 'queue:c' } } } }", FINE);
  apply(&host, dir, "return { queues = { 'a', 'b', 'c' }, events = { big = { pattern = { source ="
                    "{ 'x' } }, targets = { 'queue:a', 'queue:c' } } } }",
        "\"left\":[{\"kind\":\"target\",\"name\":\"big to queue:b\"}]");
  const char *list = call_has(&host, "ListTargetsByRule", "{\"Rule\":\"big\"}", "\"queue.b\"");
  const char *first = strstr(list, ":c\"");
  mt_ok(first != NULL && strstr(first + 1, ":c\"") == NULL); /* none is there twice */
  host_close(&host);
}

MT_TEST(project_calls__what_was_declared_is_known_after_a_restart)
{
  struct host host;
  const char *dir = mt_tmpdir();
  store = mt_format("sqlite:%s/p.db", mt_tmpdir());
  host_open(&host, with_store);
  apply(&host, dir, "return { queues = { 'a', 'b' } }", FINE);
  host_close(&host);
  host_open(&host, with_store);
  apply(&host, dir, "return { queues = { 'b' } }",
        "\"left\":[{\"kind\":\"queue\",\"name\":\"a\"}],\"added\":[],\"changed\":[]");
  host_close(&host);
}

#define MACHINE "definition = { StartAt = 'P', States = { P = { Type = 'Pass', End = true } } }"

MT_TEST(project_calls__settings_of_machines_and_schedules)
{
  struct host host;
  const char *dir = mt_tmpdir();
  host_open(&host, NULL);
  apply(&host, dir, "return { queues = { 'q' }, machines = { m = { log_level = 'ERROR', " MACHINE
                    " } }, schedules = { s = { when = 'rate(1 hour)', to = 'queue:q',"
                    "missed = 'skip' } } }", FINE);
  const char *ask = "{\"stateMachineArn\":\"arn:aws:states:us-east-1:000000000000:stateMachine:m\"}";
  call_has(&host, "DescribeStateMachine", ask, "\"level\":\"ERROR\"");
  call_has(&host, "GetSchedule", "{\"Name\":\"s\"}", "\"MissedRuns\":\"skip\"");
  apply(&host, dir, "return { machines = { m = { log_level = 'ALL', " MACHINE " } } }",
        "\"changed\":[{\"kind\":\"machine\",\"name\":\"m\"}]");
  call_has(&host, "DescribeStateMachine", ask, "\"level\":\"ALL\"");
  apply(&host, dir, "return {\n machines = { m = { keeps_functions = true, " MACHINE " } } }",
        "\"line\":2,\"path\":\"/machines/m/keeps_functions\",\"message\":\"executions cannot keep");
  host_close(&host);
}

/* Of the queues all, skip, once. */
static void count_messages(struct host *host, long counts[3])
{
  static const char *const names[] = {"all", "skip", "once"};
  static const char member[] = "\"ApproximateNumberOfMessages\":\"";
  for (size_t i = 0; i < 3; i++) {
    const char *text =
        call_has(host, "GetQueueAttributes",
                 mt_format("{\"QueueUrl\":\"https://sqs.us-east-1.amazonaws.com/000000000000/%s\","
                           "\"AttributeNames\":[\"ApproximateNumberOfMessages\"]}",
                           names[i]),
                 member);
    counts[i] = strtol(strstr(text, member) + sizeof member - 1, NULL, 10);
  }
}

/* Three hours asleep: runs are caught up with, or not, as each schedule says. */
MT_TEST(project_calls__missed_runs_of_a_schedule)
{
  struct host host;
  store = mt_format("sqlite:%s/p.db", mt_tmpdir());
  const char *dir = mt_tmpdir();
  host_open(&host, with_store);
  apply(&host, dir, "return { queues = { 'all', 'skip', 'once' }, schedules = {"
                    "a = { when = 'rate(1 hour)', to = 'queue:all', missed = 'all' },"
                    "b = { when = 'rate(1 hour)', to = 'queue:skip', missed = 'skip' },"
                    "c = { when = 'rate(1 hour)', to = 'queue:once', missed = 'once' } } }", FINE);
  later_ms = mstep_engine_now_ms(host.engine) + 3 * 3600000 + 1800000;
  long before[3], after[3];
  count_messages(&host, before);
  host_close(&host);
  host_open(&host, with_store_later);
  call_has(&host, "ApplyProject", mt_format("{\"Directory\":\"%s\"}", dir), FINE);
  count_messages(&host, after);
  long skipped = after[1] - before[1];
  mt_eq_int(after[0] - before[0] - skipped, 3);
  mt_eq_int(after[2] - before[2] - skipped, 1);
  host_close(&host);
}

/* Restarted every three minutes, what runs every five runs all the same; the rule too. */
MT_TEST(project_calls__restarts_do_not_put_off_schedules)
{
  struct host host;
  store = mt_format("sqlite:%s/p.db", mt_tmpdir());
  const char *dir = mt_tmpdir();
  const char *text = "return { queues = { 'all', 'skip', 'once' }, schedules = {"
                     "s = { when = 'rate(5 minutes)', to = 'queue:all' } }, events = {"
                     "r = { schedule = 'rate(5 minutes)', targets = { 'queue:once' } } } }";
  host_open(&host, with_store);
  apply(&host, dir, text, FINE);
  later_ms = mstep_engine_now_ms(host.engine);
  host_close(&host);
  long counts[3] = {0, 0, 0};
  for (int i = 0; i < 4; i++) {
    later_ms += 180000;
    host_open(&host, with_store_later);
    apply(&host, dir, text, "\"added\":[],\"changed\":[]");
    count_messages(&host, counts);
    host_close(&host);
  }
  mt_eq_int(counts[0], 3); /* at once, and twice after five minutes */
  mt_eq_int(counts[2], 2);
}

/* What is as it was declared is not touched; what somebody else changed or removed is as declared again. */
MT_TEST(project_calls__what_is_so_already_is_not_touched)
{
  static const char *const asks[][2] = {
      {"GetSchedule", "{\"Name\":\"s\"}"},
      {"GetFunctionConfiguration", "{\"FunctionName\":\"f\"}"},
      {"GetFunctionEventInvokeConfig", "{\"FunctionName\":\"f\"}"},
      {"DescribeRule", "{\"Name\":\"r\"}"},
      {"DescribeArchive", "{\"ArchiveName\":\"b\"}"},
      {"ListEventSourceMappings", "{}"},
      {"DescribeStateMachine",
       "{\"stateMachineArn\":\"arn:aws:states:us-east-1:000000000000:stateMachine:m\"}"},
      {"GetQueueAttributes", "{\"QueueUrl\":\"https://sqs.us-east-1.amazonaws.com/000000000000/a\","
                             "\"AttributeNames\":[\"LastModifiedTimestamp\",\"RedrivePolicy\"]}"}};
  enum { COUNT = sizeof asks / sizeof asks[0] };
  const char *before[COUNT];
  struct host host;
  store = mt_format("sqlite:%s/p.db", mt_tmpdir());
  const char *dir = mt_tmpdir();
  write(dir, "f.lua", "return function() return 'f' end");
  const char *text =
      "return { queues = { 'd', a = { dead_letter = 'queue:d', max_receives = 3 } }, buses = { b = { archive = '7d' } },"
      "functions = { f = { file = 'f.lua', timeout = 9, retries = 1, environment = { A = 'b' } } },"
      "machines = { m = { " MACHINE " } }, sources = { { from = 'queue:a', to = 'function:f',"
      "batch_size = 3 } }, schedules = { s = { when = 'rate(5 minutes)', to = 'queue:a', input ="
      "{ a = 1 } } }, events = { r = { pattern = { source = { 'x' } }, targets = { 'queue:d' } } } }";
  host_open(&host, with_store);
  apply(&host, dir, text, FINE);
  for (size_t i = 0; i < COUNT; i++) {
    before[i] = call(&host, asks[i][0], asks[i][1]);
    mt_ok(strstr(before[i], "__type") == NULL);
  }
  later_ms = mstep_engine_now_ms(host.engine) + 60000;
  host_close(&host);
  host_open(&host, with_store_later);
  apply(&host, dir, text, FINE);
  for (size_t i = 0; i < COUNT; i++) {
    mt_eq_str(call(&host, asks[i][0], asks[i][1]), before[i]);
  }
  call(&host, "DeleteSchedule", asks[0][1]);
  call(&host, "DisableRule", asks[3][1]);
  call(&host, "RemoveTargets", "{\"Rule\":\"r\",\"Ids\":[\"queue.d\"]}");
  call(&host, "UpdateFunctionConfiguration", "{\"FunctionName\":\"f\",\"Timeout\":8}");
  apply(&host, dir, text, FINE);
  call_has(&host, asks[0][0], asks[0][1], "rate(5 minutes)");
  call_has(&host, asks[3][0], asks[3][1], "ENABLED");
  call_has(&host, "ListTargetsByRule", "{\"Rule\":\"r\"}", "queue.d");
  call_has(&host, asks[1][0], asks[1][1], "\"Timeout\":9");
  host_close(&host);
}

MT_TEST(project_calls__code_in_another_file)
{
  struct host host;
  const char *dir = mt_tmpdir();
  host_open(&host, NULL);
  write(dir, "one.lua", "return function() return 'one' end");
  write(dir, "two.lua", "return function() return 'two' end");
  apply(&host, dir, "return { functions = { f = { file = 'one.lua', timeout = 9 } } }", FINE);
  call_has(&host, "Invoke", "{\"FunctionName\":\"f\"}", "one");
  call_has(&host, "GetFunctionConfiguration", "{\"FunctionName\":\"f\"}", "\"Timeout\":9");
  apply(&host, dir, "return { functions = { f = { file = 'two.lua' } } }",
        "\"changed\":[{\"kind\":\"function\",\"name\":\"f\"}]");
  call_has(&host, "Invoke", "{\"FunctionName\":\"f\"}", "two");
  apply(&host, dir, "return { functions = {\n f = { file = 'three.lua' } } }",
        "\"line\":2,\"path\":\"/functions/f/file\",\"message\":\"there is no file 'three.lua'\"");
  host_close(&host);
}

static const char *request(struct host *host, const char *path, const char *body, const char *part)
{
  return call_has(
      host, "http:Request",
      mt_format("{\"method\":\"POST\",\"rawPath\":\"%s\",\"host\":\"x\",\"sourceIp\":\"1.2.3.4\","
                "\"protocol\":\"HTTP/1.1\",\"requestId\":\"r\",\"body\":\"%s\"}",
                path, body),
      part);
}

MT_TEST(project_calls__routes_reach_machines)
{
  struct host host;
  const char *dir = mt_tmpdir();
  host_open(&host, NULL);
  apply(&host, dir, "return { machines = { m = { " MACHINE " }, x = { type = 'EXPRESS', " MACHINE
                    " }, bad = { type = 'EXPRESS', definition = { StartAt = 'F', States = { F = {"
                    "Type = 'Fail', Error = 'No', Cause = 'why' } } } } }, routes = {"
                    "{ 'POST /start', to = 'machine:m' }, { 'POST /run', to = 'machine:x', sync ="
                    "true }, { 'POST /bad', to = 'machine:bad', sync = true } } }",
        "{\"kind\":\"route\",\"name\":\"POST /start\"}");
  request(&host, "/start", "{\\\"a\\\":1}", "\"statusCode\":202");
  request(&host, "/start", "", "\\\"executionArn\\\":\\\"arn:aws:states:us-east-1:000000000000:execution:m:");
  request(&host, "/start", "nothing", "\"statusCode\":400");
  mt_ok(strstr(request(&host, "/run", "{\\\"a\\\":1}", "\"statusCode\":200"), "{\\\"a\\\":1}") != NULL);
  mt_ok(strstr(request(&host, "/run", "", "\"statusCode\":200"), "rawPath") != NULL);
  request(&host, "/bad", "{}", "\\\"error\\\":\\\"No\\\"");
  call_has(&host, "DeleteStateMachine",
           "{\"stateMachineArn\":\"arn:aws:states:us-east-1:000000000000:stateMachine:m\"}", "{}");
  request(&host, "/start", "{}", "StateMachineDoesNotExist");
  apply(&host, dir, "return { machines = { m = { " MACHINE " } }, routes = {\n"
                    "{ 'POST /x', to = 'machine:m', sync = true },\n{ 'POST /y' },\n"
                    "{ 'POST /z', to = 'queue:q' } } }",
        "\"line\":2,\"path\":\"/routes/1\",\"message\":\"'sync' needs a machine of type EXPRESS");
  const char *wrong = call(&host, "ApplyProject", mt_format("{\"Directory\":\"%s\"}", dir));
  mt_ok(strstr(wrong, "needs either 'fn' or 'to'") != NULL);
  mt_ok(strstr(wrong, "a queue cannot be here, only function, machine") != NULL);
  apply(&host, dir, "return {}", "\"removed\":[{\"kind\":\"route\",\"name\":\"POST /start\"}");
  host_close(&host);
}
