/* What handlers ask of the engine: who hears it, how answers come back, what becomes of both when a call ends. */
#include "fixture.h"
#include "luavm/up.h"

enum how { AT_ONCE, LATER, NEVER };

#define WAITING_MAX 512

struct engine {
  struct fixture f; /* first */
  enum how how;
  int count;
  struct ms_lua_request *waiting[WAITING_MAX];
  char body[WAITING_MAX][256];
  int waiting_count;
  char last[1024]; /* operation and body */
};

static void answer(struct engine *e, struct ms_lua_request *request, struct ms_str body)
{
  struct ms_lua_answer answer = {.body = body};
  if (body.len > 8 && memcmp(body.data, "{\"fail\":", 8) == 0) {
    answer = (struct ms_lua_answer){.error = MS_STR("SomeException"), .message = MS_STR("no luck")};
  }
  ms_lua_answer(e->f.lua, request, &answer);
}

/* Echoes the request. */
static void serve(struct ms_lua_request *request, const struct ms_lua_asked *asked, void *user)
{
  struct engine *e = user;
  e->count++;
  mt_ok(asked->call != 0);
  mt_eq_str(asked->request_id, "req-1");
  snprintf(e->last, sizeof e->last, "%.*s %.*s", MS_STR_ARG(asked->operation), MS_STR_ARG(asked->body));
  if (e->how == AT_ONCE) {
    answer(e, request, asked->body);
    return;
  }
  mt_ok(e->waiting_count < WAITING_MAX);
  snprintf(e->body[e->waiting_count], sizeof e->body[0], "%.*s", MS_STR_ARG(asked->body));
  e->waiting[e->waiting_count++] = request;
}

static void answer_all(struct engine *e)
{
  for (int i = 0; i < e->waiting_count; i++) {
    answer(e, e->waiting[i], ms_str_c(e->body[i]));
  }
  e->waiting_count = 0;
}

static void on_wake(void *user)
{
  struct engine *e = user;
  if (e->how == LATER) {
    answer_all(e);
  }
  ms_lua_on_wake(e->f.lua);
  if (e->waiting_count > 0 && e->how == LATER) {
    ms_loop_wake(e->f.loop);
  }
  fixture_rearm(&e->f);
}

static void init(struct engine *e, unsigned workers, bool is_virtual, enum how how)
{
  memset(e, 0, sizeof *e);
  fixture_init(&e->f, (struct ms_lua_options){.workers = workers}, is_virtual);
  const struct ms_loop_callbacks callbacks = {fixture_on_timer, NULL, on_wake, e};
  ms_loop_set_callbacks(e->f.loop, &callbacks);
  e->how = how;
  ms_lua_serve(e->f.lua, serve, e);
}

MT_TEST(lua_up__answers_come_back)
{
  for (unsigned workers = 0; workers <= 2; workers += 2) {
    for (int how = AT_ONCE; how <= LATER; how++) {
      struct engine e;
      static struct answer a;
      init(&e, workers, workers == 0, (enum how)how);
      fixture_eval(&e.f, &a, "local r = mstep.call('Echo', {n = event.n, list = {}, empty = mstep.array()}) return r",
                   "{\"n\":12345678901234567890}");
      mt_eq_str(a.output, "{\"empty\":[],\"list\":{},\"n\":12345678901234567890}");
      mt_eq_int(e.count, 1);
      fixture_eval(&e.f, &a, "local r, err = mstep.call('Echo', {fail = true})\n"
                             "return {r == nil, err.errorType, err.errorMessage, tostring(err)}", "{}");
      mt_eq_str(a.output, "[true,\"SomeException\",\"no luck\",\"SomeException: no luck\"]");
      fixture_eval(&e.f, &a, "error(select(2, mstep.call('Echo', {fail = true})))", "{}");
      mt_eq_str(a.error, "SomeException");
      fixture_eval(&e.f, &a, "local co = coroutine.wrap(function() local r = mstep.call('Echo', {a = 1})\n"
                             "coroutine.yield(r.a) return mstep.call('Echo', {a = 2}).a end)\n"
                             "return {co(), co(), pcall(mstep.call, 'Echo')}", "{}");
      mt_eq_str(a.output, "[1,2,true,{}]");
      fixture_deinit(&e.f);
    }
  }
}

/* Hundreds wait at once; each hears its own answer. */
MT_TEST(lua_up__many_at_once)
{
  enum { COUNT = 400 };
  static struct answer answers[COUNT];
  for (unsigned workers = 0; workers <= 2; workers += 2) {
    static struct engine e;
    init(&e, workers, false, LATER);
    fixture_load(&e.f, "f", "local mstep = require 'mstep' return function(event)\n"
                            "for i = 1, 5 do local r = mstep.call('Echo', {n = event, i = i})\n"
                            "if r.n ~= event or r.i ~= i then return 'wrong' end end return event end");
    for (int i = 0; i < COUNT; i++) {
      fixture_start(&e.f, &answers[i], "f", mt_format("%d", i), 0);
    }
    fixture_run(&e.f);
    for (int i = 0; i < COUNT; i++) {
      mt_eq_str(answers[i].output, mt_format("%d", i));
    }
    mt_eq_int(e.count, COUNT * 5);
    fixture_deinit(&e.f);
  }
}

MT_TEST(lua_up__nobody_to_ask)
{
  struct fixture f;
  static struct answer a;
  fixture_init(&f, (struct ms_lua_options){0}, true);
  fixture_eval(&f, &a, "local r, err = mstep.call('X') return tostring(err)", "{}");
  mt_eq_str(a.output, "\"ServiceUnavailable: there is no engine to ask\"");
  fixture_deinit(&f);
}

/* The call's time is up before the answer comes: it ends, and the late answer harms nobody. */
MT_TEST(lua_up__late_answers)
{
  for (unsigned workers = 0; workers <= 2; workers += 2) {
    static struct engine e;
    static struct answer a;
    init(&e, workers, false, NEVER);
    fixture_load(&e.f, "f", "local mstep = require 'mstep' return function() return mstep.call('X', {late = 1}) end");
    for (int i = 0; i < 3; i++) {
      fixture_call(&e.f, &a, "f", "{}", 40);
      mt_eq_int(a.outcome, MS_LUA_TIMEOUT);
    }
    mt_eq_int(e.waiting_count, 3);
    fixture_load(&e.f, "g", "local mstep = require 'mstep' return function() return mstep.call('X', {mine = 1}) end");
    fixture_start(&e.f, &a, "g", "{}", 0); /* may be in the slot of one of those */
    while (e.waiting_count < 4) {
      on_wake(&e);
    }
    e.how = LATER;
    answer_all(&e);
    fixture_run(&e.f);
    mt_eq_str(a.output, "{\"mine\":1}");
    fixture_deinit(&e.f);
  }
}

MT_TEST(lua_up__cancelled_and_freed_while_waiting)
{
  for (unsigned workers = 0; workers <= 2; workers += 2) {
    static struct engine e;
    static struct answer answers[6];
    init(&e, workers, false, NEVER);
    fixture_load(&e.f, "f", "local mstep = require 'mstep' return function() return mstep.call('X', {a = 1}) end");
    for (int i = 0; i < 6; i++) {
      fixture_start(&e.f, &answers[i], "f", "{}", 0);
    }
    while (e.waiting_count < 6) {
      on_wake(&e);
    }
    ms_lua_cancel(e.f.lua, answers[0].id);
    while (!answers[0].is_told) {
      on_wake(&e);
    }
    mt_eq_int(answers[0].outcome, MS_LUA_CANCELLED);
    answer(&e, e.waiting[0], MS_STR("{}"));
    answer(&e, e.waiting[1], MS_STR("{}")); /* on its way when all is freed */
    fixture_deinit(&e.f);
  }
}

MT_TEST(lua_up__wrong_use)
{
  static const struct {
    const char *body;
    const char *expected;
  } rows[] = {
      {"mstep.call('no name')", "no name of an operation"},
      {"mstep.call('')", "no name of an operation"},
      {"mstep.call(('x'):rep(65))", "no name of an operation"},
      {"mstep.call('X', {print})", "cannot be JSON: at [1]"},
      {"mstep.call('X', ('x'):rep(17 << 20))", "the request is larger than 16 MB"},
      {"table.sort({2, 1}, function() mstep.call('X') end)", "cannot wait for an answer here"},
      {"table.sort({2, 1}, coroutine.wrap(function() mstep.call('X') end))", "cannot sleep here"},
  };
  static struct engine e;
  static struct answer a;
  init(&e, 0, true, AT_ONCE);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    fixture_eval(&e.f, &a, rows[i].body, "{}");
    if (a.outcome != MS_LUA_ERROR || strstr(a.cause, rows[i].expected) == NULL) {
      mt_report("%s\n%s", rows[i].body, a.cause);
    }
  }
  mt_eq_int(e.count, 0);
  fixture_eval(&e.f, &a, "pcall(table.sort, {2, 1}, coroutine.wrap(function() mstep.call('X') end)) mstep.sleep(1) return 1",
               "{}");
  mt_eq_str(a.output, "1");
  mt_eq_int(e.count, 0); /* what could not wait was not asked */
  fixture_load(&e.f, "early", "require('mstep').call('X')");
  fixture_call(&e.f, &a, "early", "{}", 0);
  mt_ok(strstr(a.cause, "cannot wait for an answer here") != NULL);
  fixture_deinit(&e.f);
}

/* ---- the modules on top ---- */

static const char *reply_text;

static void serve_text(struct ms_lua_request *request, const struct ms_lua_asked *asked, void *user)
{
  struct engine *e = user;
  size_t len = strlen(e->last);
  snprintf(e->last + len, sizeof e->last - len, "%s%.*s %.*s", len == 0 ? "" : "; ",
           MS_STR_ARG(asked->operation), MS_STR_ARG(asked->body));
  bool is_url = ms_str_is(asked->operation, "GetQueueUrl");
  const struct ms_lua_answer answer = {
      .body = ms_str_c(is_url ? "{\"QueueUrl\":\"http://h/q\"}" : reply_text)};
  ms_lua_answer(e->f.lua, request, &answer);
}

MT_TEST(lua_up__modules)
{
  static const struct {
    const char *body;
    const char *reply;
    const char *asked;
    const char *output;
  } rows[] = {
      {"return mstep.invoke('f', {n = 1})", "{\"StatusCode\":200,\"Payload\":[1]}",
       "Invoke {\"FunctionName\":\"f\",\"Payload\":{\"n\":1}}", "[1]"},
      {"return mstep.invoke('f', nil, {type = 'Event', qualifier = 'live'})", "{\"StatusCode\":202}",
       "Invoke {\"FunctionName\":\"f\",\"InvocationType\":\"Event\",\"Payload\":null,\"Qualifier\":\"live\"}", "true"},
      {"local r, e = mstep.invoke('f') return {r == nil, e.errorType, e.errorMessage}",
       "{\"FunctionError\":\"Unhandled\",\"Payload\":{\"errorType\":\"E\",\"errorMessage\":\"m\"}}",
       "Invoke {\"FunctionName\":\"f\",\"Payload\":null}", "[true,\"E\",\"m\"]"},
      {"return mstep.queue('q'):send({a = 1}, {DelaySeconds = 5})", "{\"MessageId\":\"id\"}",
       "GetQueueUrl {\"QueueName\":\"q\"}; SendMessage {\"DelaySeconds\":5,\"MessageBody\":\"{\\\"a\\\":1}\","
       "\"QueueUrl\":\"http://h/q\"}", "\"id\""},
      {"local q = mstep.queue('arn:aws:sqs:r:a:q') local m = q:receive({WaitTimeSeconds = 1}) return #m", "{}",
       "GetQueueUrl {\"QueueName\":\"q\"}; ReceiveMessage {\"QueueUrl\":\"http://h/q\",\"WaitTimeSeconds\":1}", "0"},
      {"local q = mstep.queue('http://x/y') return {q:delete({ReceiptHandle = 'h'}), q:extend('h', 9)}", "{}",
       "DeleteMessage {\"QueueUrl\":\"http://x/y\",\"ReceiptHandle\":\"h\"}; ChangeMessageVisibility "
       "{\"QueueUrl\":\"http://x/y\",\"ReceiptHandle\":\"h\",\"VisibilityTimeout\":9}", "[true,true]"},
      {"return mstep.queue('http://x/y'):send_batch({'a', {1}}).Failed", "{\"Failed\":[]}",
       "SendMessageBatch {\"Entries\":[{\"Id\":\"1\",\"MessageBody\":\"a\"},{\"Id\":\"2\",\"MessageBody\":\"[1]\"}],"
       "\"QueueUrl\":\"http://x/y\"}", "[]"},
      {"return mstep.topic('t'):publish('hi', {Subject = 's'})", "{\"MessageId\":\"id\"}",
       "Publish {\"Message\":\"hi\",\"Subject\":\"s\",\"TopicArn\":\"arn:aws:sns:us-east-1:000000000000:t\"}", "\"id\""},
      {"return mstep.bus():put('Order Placed', {id = 1}, {Source = 'shop'})",
       "{\"FailedEntryCount\":0,\"Entries\":[{\"EventId\":\"e\"}]}",
       "PutEvents {\"Entries\":[{\"Detail\":\"{\\\"id\\\":1}\",\"DetailType\":\"Order Placed\",\"EventBusName\":\"default\","
       "\"Source\":\"shop\"}]}", "\"e\""},
      {"local r, e = mstep.bus('b'):put('T') return tostring(e)",
       "{\"FailedEntryCount\":1,\"Entries\":[{\"ErrorCode\":\"C\",\"ErrorMessage\":\"m\"}]}",
       "PutEvents {\"Entries\":[{\"Detail\":\"{}\",\"DetailType\":\"T\",\"EventBusName\":\"b\",\"Source\":\"f\"}]}",
       "\"C: m\""},
      {"return mstep.execution.start('m', {1}, {name = 'n'})", "{\"executionArn\":\"arn:x\"}",
       "StartExecution {\"input\":\"[1]\",\"name\":\"n\",\"stateMachineArn\":"
       "\"arn:aws:states:us-east-1:000000000000:stateMachine:m\"}", "\"arn:x\""},
      {"return mstep.execution.start_sync('arn:aws:states:r:a:stateMachine:m')",
       "{\"status\":\"SUCCEEDED\",\"output\":\"[]\"}",
       "StartSyncExecution {\"input\":\"{}\",\"stateMachineArn\":\"arn:aws:states:r:a:stateMachine:m\"}", "[]"},
      {"return tostring(select(2, mstep.execution.start_sync('m')))",
       "{\"status\":\"FAILED\",\"error\":\"E\",\"cause\":\"c\"}",
       "StartSyncExecution {\"input\":\"{}\",\"stateMachineArn\":\"arn:aws:states:us-east-1:000000000000:stateMachine:m\"}",
       "\"E: c\""},
      {"return mstep.execution.stop('arn:e', 'E')", "{}", "StopExecution {\"error\":\"E\",\"executionArn\":\"arn:e\"}",
       "true"},
      {"return {mstep.task.success('t', {a = 1}), mstep.task.failure('t', 'E'), mstep.task.heartbeat('t')}", "{}",
       "SendTaskSuccess {\"output\":\"{\\\"a\\\":1}\",\"taskToken\":\"t\"}; SendTaskFailure "
       "{\"error\":\"E\",\"taskToken\":\"t\"}; SendTaskHeartbeat {\"taskToken\":\"t\"}", "[true,true,true]"},
      {"return mstep.table('t'):put({id = 'a', n = 1.5, list = {1, 'x'}, o = {k = true}, z = mstep.null,\n"
       "s = mstep.attribute.raw({SS = {'q'}})}, {ConditionExpression = 'id = :v', values = {[':v'] = 2}})", "{}",
       "PutItem {\"ConditionExpression\":\"id = :v\",\"ExpressionAttributeValues\":{\":v\":{\"N\":\"2\"}},\"Item\":{"
       "\"id\":{\"S\":\"a\"},\"list\":{\"L\":[{\"N\":\"1\"},{\"S\":\"x\"}]},\"n\":{\"N\":\"1.5\"},\"o\":{\"M\":{\"k\":"
       "{\"BOOL\":true}}},\"s\":{\"SS\":[\"q\"]},\"z\":{\"NULL\":true}},\"TableName\":\"t\"}", "true"},
      {"return mstep.table('t'):get({id = 1})",
       "{\"Item\":{\"id\":{\"N\":\"1\"},\"f\":{\"BOOL\":false},\"l\":{\"L\":[{\"S\":\"x\"}]},\"z\":{\"NULL\":true}}}",
       "GetItem {\"Key\":{\"id\":{\"N\":\"1\"}},\"TableName\":\"t\"}", "{\"f\":false,\"id\":1,\"l\":[\"x\"],\"z\":null}"},
      {"return {mstep.table('t'):get({id = 1}) == nil, #mstep.table('t'):query({Limit = 1})}", "{}",
       "GetItem {\"Key\":{\"id\":{\"N\":\"1\"}},\"TableName\":\"t\"}; Query {\"Limit\":1,\"TableName\":\"t\"}", "[true,0]"},
      {"return pcall(mstep.queue, '') == false and pcall(mstep.topic) == false and pcall(mstep.invoke, 1) == false", "{}",
       "", "true"},
  };
  static struct engine e;
  static struct answer a;
  init(&e, 0, true, AT_ONCE);
  ms_lua_serve(e.f.lua, serve_text, &e);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    e.last[0] = '\0';
    reply_text = rows[i].reply;
    fixture_eval(&e.f, &a, rows[i].body, "{}");
    const char *got = a.outcome == MS_LUA_OK ? a.output : a.cause;
    if (strcmp(e.last, rows[i].asked) != 0 || strcmp(got, rows[i].output) != 0) {
      mt_report("%s\nasked %s\nnot   %s\ngave %s", rows[i].body, e.last, rows[i].asked, got);
    }
  }
  fixture_deinit(&e.f);
}

/* ---- memory ---- */

static void serve_echo(struct ms_lua_request *request, const struct ms_lua_asked *asked, void *user)
{
  const struct ms_lua_answer answer = {.body = asked->body};
  ms_lua_answer(*(struct ms_lua **)user, request, &answer);
}

static void note(const struct ms_lua_result *result, void *user)
{
  *(enum ms_lua_outcome *)user = result->outcome;
}

static int ask_once(void *user)
{
  struct ms_loop *loop;
  struct ms_lua *lua = NULL;
  (void)user;
  int err = ms_loop_sim_new(&loop, 1700000000000);
  if (err != 0) {
    return err;
  }
  const struct ms_lua_options options = {.loop = loop};
  err = ms_lua_new(&lua, &options);
  enum ms_lua_outcome outcome = MS_LUA_OK;
  if (err == 0) {
    ms_lua_serve(lua, serve_echo, &lua);
    err = ms_lua_load(lua, MS_STR("f"), MS_STR("local mstep = require 'mstep'\n"
                                               "return function() return mstep.call('Echo', {a = 'x'}).a end"));
  }
  if (err == 0) {
    uint64_t id;
    const struct ms_lua_call call = {.function = MS_STR("f"), .attempt = 1};
    err = ms_lua_invoke(&id, lua, &call, note, &outcome);
  }
  for (int i = 0; err == 0 && i < 10 && !ms_lua_is_idle(lua); i++) {
    ms_lua_on_wake(lua);
    ms_lua_on_timer(lua, 1700000000000);
  }
  if (err == 0 && outcome != MS_LUA_OK) {
    err = outcome == MS_LUA_MEMORY ? MSTEP_ENOMEM : -100;
  }
  ms_lua_free(lua);
  ms_loop_free(loop);
  return err;
}

MT_TEST(lua_up__every_allocation_fails)
{
  mt_oom(ask_once, NULL);
}
