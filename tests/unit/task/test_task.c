/*
 * The handlers against a runtime that is played here: what each says for a request, and that what
 * is cancelled says nothing more. Mocks and host tasks are also tested through the public header.
 */
#include "task/task.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "mt.h"

#define LAMBDA_ARN "arn:aws:lambda:us-east-1:000000000000:function:charge"
#define NOW_MS 1704067200000

/* The layers above. */
struct world {
  struct ms_tasks *tasks;
  struct ms_random random;
  char *said; /* every answer, one after the other */
  struct ms_json parameters;
  /* the one function call that is out */
  ms_task_call_cb done;
  void *done_user;
  struct ms_task_call call;
  struct ms_str log; /* with which its calls end */
  const char *version;
  char *function, *arn, *payload, *context;
  int calls, cancelled;
  int invoke_err;
};

static char *text_of(struct ms_json value)
{
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  ms_json_print(&buf, value);
  char *text = mt_format("%.*s", (int)buf.len, buf.data == NULL ? "" : buf.data);
  ms_buf_deinit(&buf);
  return text;
}

static int up_answer(struct ms_task *task, const struct ms_task_answer *answer, void *user)
{
  static const char *const names[] = {"started", "submitted", "succeeded", "failed"};
  struct world *world = user;
  (void)task;
  world->said = mt_format("%s%s %s%s%s;", world->said, names[answer->type], text_of(answer->data),
                          text_of(answer->error), text_of(answer->cause));
  return 0;
}

static int up_token(const char **out, struct ms_task *task, void *user)
{
  (void)task;
  (void)user;
  *out = "token-1";
  return 0;
}

static int up_invoke(uint64_t *id, const struct ms_task_call *call, ms_task_call_cb done,
                     void *done_user, void *user)
{
  struct world *world = user;
  if (world->invoke_err != 0) {
    return world->invoke_err;
  }
  *id = 77;
  world->call = *call;
  world->function = mt_format("%.*s", MS_STR_ARG(call->function));
  world->arn = mt_format("%s", call->arn);
  world->payload = text_of(call->payload);
  world->context = text_of(call->client_context);
  world->done = done;
  world->done_user = done_user;
  world->calls++;
  return 0;
}

static void up_cancel_call(uint64_t id, void *user)
{
  struct world *world = user;
  mt_eq_int(id, 77);
  world->cancelled++;
}

static void up_call_host(struct ms_callback callback, const char *token, const char *resource,
                         struct ms_str input, void *user)
{
  struct world *world = user;
  world->said = mt_format("%shost%s %s %s %.*s;", world->said, (const char *)callback.user, token,
                          resource, MS_STR_ARG(input));
}

static int64_t up_now_ms(void *user)
{
  (void)user;
  return NOW_MS;
}

static void open_world(struct world *world)
{
  *world = (struct world){.said = mt_format("%s", "")};
  ms_random_seed(&world->random, 1);
  const struct ms_tasks_options options = {
      .up = {up_answer, up_token, up_invoke, up_cancel_call, up_call_host, up_now_ms, world},
      .random = &world->random,
      .region = "us-east-1",
      .account = "000000000000",
  };
  mt_eq_int(ms_tasks_new(&world->tasks, &options), 0);
}

static void close_world(struct world *world)
{
  ms_json_unref(world->parameters);
  ms_tasks_free(world->tasks);
}

static struct ms_task_request request_of(struct world *world, const char *parameters)
{
  ms_json_unref(world->parameters);
  mt_eq_int(ms_json_parse(&world->parameters, ms_str_c(parameters), NULL, NULL), 0);
  return (struct ms_task_request){.resource = MS_STR("arn:aws:states:::lambda:invoke"),
                                  .service = MS_STR("lambda"),
                                  .action = MS_STR("invoke"),
                                  .machine = MS_STR("m"),
                                  .state = MS_STR("T"),
                                  .parameters = world->parameters,
                                  .attempt = 1};
}

static void start(struct world *world, struct ms_task *task, const struct ms_task_request *request)
{
  *task = (struct ms_task){NULL, NULL};
  mt_eq_int(ms_tasks_start(world->tasks, task, request), 0);
}

/* The function ends with that outcome and JSON text (an output, or an error). */
static void finish(struct world *world, enum ms_task_outcome outcome, const char *text)
{
  struct ms_json value = MS_JSON_VALUE_NONE, cause = MS_JSON_VALUE_NONE;
  if (outcome == MS_TASK_CALL_OK) {
    mt_eq_int(ms_json_parse(&value, ms_str_c(text), NULL, NULL), 0);
  } else if (text != NULL) {
    value = ms_json_cstring(text);
    cause = ms_json_cstring("{\"errorType\":\"E\"}");
  }
  const struct ms_task_call_result result = {
      outcome, outcome == MS_TASK_CALL_OK ? value : MS_JSON_VALUE_NONE,
      outcome == MS_TASK_CALL_OK ? MS_JSON_VALUE_NONE : value, cause,
      world->log, world->version};
  world->done(&result, world->done_user);
  ms_json_unref(value);
  ms_json_unref(cause);
}

MT_TEST(function__by_arn_gives_its_output_as_it_is)
{
  struct world world;
  struct ms_task task;
  open_world(&world);
  struct ms_task_request request = request_of(&world, "{\"n\":1}");
  request.kind = MS_TASK_LAMBDA;
  request.resource = MS_STR(LAMBDA_ARN ":4");
  request.attempt = 3;
  start(&world, &task, &request);
  mt_eq_str(world.function, "charge");
  mt_eq_str(world.arn, LAMBDA_ARN ":4");
  mt_eq_str(world.payload, "{\"n\":1}");
  mt_eq_int(world.call.attempt, 3);
  mt_eq_int(world.call.deadline_ms, NOW_MS + 900000);
  mt_eq_str(world.said, "");
  finish(&world, MS_TASK_CALL_OK, "[1.0]");
  mt_eq_str(world.said, "succeeded [1.0];");
  close_world(&world);
}

MT_TEST(function__by_invoke_is_wrapped)
{
  struct world world;
  struct ms_task task;
  open_world(&world);
  struct ms_task_request request = request_of(
      &world, "{\"FunctionName\":\"charge:2\",\"Payload\":[1],\"ClientContext\":\"eyJhIjoxfQ==\"}");
  start(&world, &task, &request);
  mt_eq_str(world.payload, "[1]");
  mt_eq_str(world.context, "{\"a\":1}");
  finish(&world, MS_TASK_CALL_OK, "\"done\"");
  const char *at = strstr(world.said, "\"RequestId\":\"");
  mt_ok(at != NULL);
  const char *id = mt_format("%.36s", at + 13);
  mt_eq_str(
      world.said,
      mt_format(
          "succeeded {\"ExecutedVersion\":\"2\",\"Payload\":\"done\",\"SdkHttpMetadata\":"
          "{\"AllHttpHeaders\":{\"X-Amz-Executed-Version\":[\"2\"],"
          "\"x-amzn-Remapped-Content-Length\":[\"0\"],\"Connection\":[\"keep-alive\"],"
          "\"x-amzn-RequestId\":[\"%s\"],\"Content-Length\":[\"6\"],"
          "\"Date\":[\"Mon, 01 Jan 2024 00:00:00 GMT\"],\"Content-Type\":[\"application/json\"]},"
          "\"HttpHeaders\":{\"X-Amz-Executed-Version\":\"2\","
          "\"x-amzn-Remapped-Content-Length\":\"0\",\"Connection\":\"keep-alive\","
          "\"x-amzn-RequestId\":\"%s\",\"Content-Length\":\"6\","
          "\"Date\":\"Mon, 01 Jan 2024 00:00:00 GMT\",\"Content-Type\":\"application/json\"},"
          "\"HttpStatusCode\":200},\"SdkResponseMetadata\":{\"RequestId\":\"%s\"},"
          "\"StatusCode\":200};",
          id, id, id));
  close_world(&world);
}

MT_TEST(function__log_type_tail_brings_the_log)
{
  struct world world;
  struct ms_task task;
  open_world(&world);
  world.log = MS_STR("moon");
  world.version = "7";
  struct ms_task_request request =
      request_of(&world, "{\"FunctionName\":\"charge:live\",\"LogType\":\"Tail\"}");
  start(&world, &task, &request);
  mt_ok(world.call.has_log_tail);
  finish(&world, MS_TASK_CALL_OK, "1");
  const char *end = "\"LogResult\":\"bW9vbg==\",\"Payload\":1,\"SdkHttpMetadata\":{\"AllHttpHeaders\":{"
                    "\"X-Amz-Log-Result\":[\"bW9vbg==\"],\"X-Amz-Executed-Version\":[\"7\"],";
  mt_ok(strstr(world.said, "succeeded {\"ExecutedVersion\":\"7\",") != NULL);
  mt_ok(strstr(world.said, end) != NULL);
  mt_ok(strstr(world.said, "\"HttpHeaders\":{\"X-Amz-Log-Result\":\"bW9vbg==\",") != NULL);
  close_world(&world);

  /* nobody waits for it, or nobody asked */
  static const char *const others[] = {
      "{\"FunctionName\":\"charge\",\"LogType\":\"Tail\",\"InvocationType\":\"Event\"}",
      "{\"FunctionName\":\"charge\",\"LogType\":\"None\"}", "{\"FunctionName\":\"charge\"}"};
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    open_world(&world);
    world.log = MS_STR("moon");
    request = request_of(&world, others[i]);
    start(&world, &task, &request);
    mt_ok(!world.call.has_log_tail);
    finish(&world, MS_TASK_CALL_OK, "1");
    mt_ok(strstr(world.said, "succeeded {") != NULL && strstr(world.said, "Log") == NULL);
    close_world(&world);
  }
}

MT_TEST(function__payload_absent_or_null)
{
  struct world world;
  struct ms_task task;
  open_world(&world);
  struct ms_task_request request = request_of(&world, "{\"FunctionName\":\"f\"}");
  start(&world, &task, &request);
  mt_eq_str(world.payload, "{}");
  finish(&world, MS_TASK_CALL_OK, "null");
  mt_ok(strstr(world.said, "\"ExecutedVersion\":\"$LATEST\",\"Payload\":null,") != NULL);
  request = request_of(&world, "{\"FunctionName\":\"f\",\"Payload\":null}");
  start(&world, &task, &request);
  mt_eq_str(world.payload, "null");
  finish(&world, MS_TASK_CALL_OK, "null");
  close_world(&world);
}

MT_TEST(function__names_that_cannot_be_are_not_found)
{
  struct world world;
  struct ms_task task;
  open_world(&world);
  struct ms_task_request request = request_of(&world, "{\"FunctionName\":\"../x\"}");
  start(&world, &task, &request);
  mt_eq_int(world.calls, 0);
  mt_ok(strstr(world.said,
               "failed \"Lambda.ResourceNotFoundException\"\"Function not found: "
               "arn:aws:lambda:us-east-1:000000000000:function:../x:$LATEST (Service: AWSLambda; "
               "Status Code: 404; Error Code: ResourceNotFoundException; Request ID: ") != NULL);
  close_world(&world);
}

MT_TEST(function__a_name_far_too_long_is_cut_between_characters)
{
  struct world world;
  struct ms_task task;
  open_world(&world);
  char *name = mt_format("%s", "");
  for (int i = 0; i < 300; i++) {
    name = mt_format("%s\xc3\xa9", name);
  }
  struct ms_task_request request = request_of(&world, mt_format("{\"FunctionName\":\"%s\"}", name));
  start(&world, &task, &request);
  mt_ok(strstr(world.said, "\xc3\xa9:$LATEST (Service: AWSLambda;") != NULL);
  mt_ok(strlen(world.said) < 700);
  close_world(&world);
}

MT_TEST(function__failures)
{
  const struct {
    enum ms_task_outcome outcome;
    const char *error, *said;
  } rows[] = {
      {MS_TASK_CALL_ERROR, "Declined", "failed \"Declined\"\"{\\\"errorType\\\":\\\"E\\\"}\";"},
      {MS_TASK_CALL_MISSING, "Lambda.X", "failed \"Lambda.X\"\"{\\\"errorType\\\":\\\"E\\\"}\";"},
      {MS_TASK_CALL_MEMORY, NULL, "failed \"Lambda.Unknown\""},
      {MS_TASK_CALL_TIMEOUT, NULL, "failed \"Sandbox.Timedout\""},
      {MS_TASK_CALL_CANCELLED, NULL, "failed \"Lambda.Unknown\""},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct world world;
    struct ms_task task;
    open_world(&world);
    struct ms_task_request request = request_of(&world, "{\"FunctionName\":\"f\"}");
    start(&world, &task, &request);
    finish(&world, rows[i].outcome, rows[i].error);
    if (strncmp(world.said, rows[i].said, strlen(rows[i].said)) != 0) {
      mt_report("row %zu: %s", i, world.said);
    }
    close_world(&world);
  }
}

/* The task's own timeout ends the function; what that means is the core's to say. */
MT_TEST(function__killed_with_its_task_says_nothing)
{
  struct world world;
  struct ms_task task;
  open_world(&world);
  struct ms_task_request request = request_of(&world, "{\"FunctionName\":\"f\"}");
  request.deadline_ms = NOW_MS + 3000;
  start(&world, &task, &request);
  mt_eq_int(world.call.deadline_ms, NOW_MS + 3000);
  finish(&world, MS_TASK_CALL_TIMEOUT, "Sandbox.Timedout");
  mt_eq_str(world.said, "");
  ms_tasks_cancel(world.tasks, &task); /* the core's timer */
  mt_eq_int(world.cancelled, 0);
  close_world(&world);
}

MT_TEST(function__cancelled_says_nothing_more)
{
  struct world world;
  struct ms_task task;
  open_world(&world);
  struct ms_task_request request = request_of(&world, "{\"FunctionName\":\"f\"}");
  start(&world, &task, &request);
  ms_tasks_cancel(world.tasks, &task);
  mt_eq_int(world.cancelled, 1);
  finish(&world, MS_TASK_CALL_CANCELLED, NULL);
  mt_eq_str(world.said, "");
  start(&world, &task, &request);
  ms_tasks_detach(world.tasks, &task); /* answered by token: the function may finish */
  mt_eq_int(world.cancelled, 1);
  finish(&world, MS_TASK_CALL_OK, "1");
  mt_eq_str(world.said, "");
  close_world(&world);
}

MT_TEST(function__for_a_token_is_only_submitted)
{
  struct world world;
  struct ms_task task;
  open_world(&world);
  struct ms_task_request request = request_of(&world, "{\"FunctionName\":\"f\"}");
  request.pattern = MS_TASK_TOKEN;
  start(&world, &task, &request);
  finish(&world, MS_TASK_CALL_OK, "\"ignored\"");
  mt_eq_int(strncmp(world.said, "submitted {\"ExecutedVersion\"", 28), 0);
  ms_tasks_cancel(world.tasks, &task); /* the call is over: there is nothing to stop */
  mt_eq_int(world.cancelled, 0);
  /* One that fails fails the task. */
  start(&world, &task, &request);
  world.said = mt_format("%s", "");
  finish(&world, MS_TASK_CALL_ERROR, "E");
  mt_eq_int(strncmp(world.said, "failed \"E\"", 10), 0);
  close_world(&world);
}

MT_TEST(function__event_and_dry_run_are_answered_at_once)
{
  struct world world;
  struct ms_task task;
  open_world(&world);
  struct ms_task_request request =
      request_of(&world, "{\"FunctionName\":\"f\",\"InvocationType\":\"Event\",\"Payload\":1}");
  start(&world, &task, &request);
  mt_eq_int(world.calls, 1);
  mt_ok(strstr(world.said, "\"StatusCode\":202") != NULL);
  world.said = mt_format("%s", "");
  finish(&world, MS_TASK_CALL_ERROR, "E"); /* nobody hears of it */
  mt_eq_str(world.said, "");
  request = request_of(&world, "{\"FunctionName\":\"f\",\"InvocationType\":\"DryRun\"}");
  start(&world, &task, &request);
  mt_eq_int(world.calls, 1);
  mt_ok(strstr(world.said, "\"StatusCode\":204") != NULL);
  close_world(&world);
}

MT_TEST(function__freed_while_it_runs)
{
  struct world world;
  struct ms_task task;
  mt_leak_begin();
  open_world(&world);
  struct ms_task_request request = request_of(&world, "{\"FunctionName\":\"f\"}");
  start(&world, &task, &request);
  close_world(&world);
  mt_leak_end();
}

static void some_function(void) {}

MT_TEST(host__asked_before_functions_and_after_mocks)
{
  struct world world;
  struct ms_task task;
  open_world(&world);
  char one[] = "1";
  struct ms_callback callback = {some_function, one};
  mt_eq_int(ms_tasks_register(world.tasks, MS_STR("*lambda*"), callback), 0);
  struct ms_task_request request = request_of(&world, "{\"FunctionName\":\"f\"}");
  start(&world, &task, &request);
  mt_eq_str(world.said, "host1 token-1 arn:aws:states:::lambda:invoke {\"FunctionName\":\"f\"};");
  mt_eq_int(world.calls, 0);
  mt_eq_int(
      ms_tasks_mocks(world.tasks,
                     MS_STR("{\"StateMachines\":{\"x\":{\"TestCases\":{\"c\":{\"T\":\"r\"}}}},"
                            "\"MockedResponses\":{\"r\":{\"0\":{\"Return\":5}}}}"),
                     NULL),
      0);
  world.said = mt_format("%s", "");
  uint32_t invocation = 0;
  request.invocation = &invocation;
  start(&world, &task, &request);
  mt_eq_str(world.said, "succeeded 5;");
  mt_eq_int(invocation, 1);
  close_world(&world);
}

MT_TEST(host__patterns)
{
  const struct {
    const char *pattern, *resource;
    bool matches;
  } rows[] = {
      {"a:b", "a:b", true},
      {"a:b", "a:bc", false},
      {"a:b", "a:", false},
      {"*", "", true},
      {"*", "anything", true},
      {"a*c", "abc", true},
      {"a*c", "ac", true},
      {"a*c", "acb", false},
      {"*b*", "abc", true},
      {"*b*", "ac", false},
      {"a**c", "abbc", true},
      {"*aab", "aaaab", true},
      {"a*b*c", "aXbYbZc", true},
      {"a*b*c", "aXbYcZ", false},
      {"", "", true},
      {"", "x", false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct world world;
    struct ms_task task;
    char one[] = "1";
    open_world(&world);
    mt_eq_int(ms_tasks_register(world.tasks, ms_str_c(rows[i].pattern),
                                (struct ms_callback){some_function, one}),
              0);
    struct ms_task_request request = request_of(&world, "1");
    request.service = MS_STR("other");
    request.resource = ms_str_c(rows[i].resource);
    start(&world, &task, &request);
    if ((strncmp(world.said, "host1", 5) == 0) != rows[i].matches) {
      mt_report("'%s' and '%s': %s", rows[i].pattern, rows[i].resource, world.said);
    }
    close_world(&world);
  }
}

/* Every handler in turn, with failing memory: an error, or an answer, and no leak. */
static int start_each(void *user)
{
  (void)user;
  struct world world = {.said = mt_format("%s", "")};
  struct ms_task task = {NULL, NULL};
  ms_random_seed(&world.random, 1);
  const struct ms_tasks_options options = {
      .up = {up_answer, up_token, up_invoke, up_cancel_call, up_call_host, up_now_ms, &world},
      .random = &world.random,
      .region = "us-east-1",
      .account = "000000000000",
  };
  int err = ms_tasks_new(&world.tasks, &options);
  if (err != 0) {
    return err;
  }
  err = ms_json_parse(&world.parameters, MS_STR("{\"FunctionName\":\"f\",\"Payload\":[1,2],\"LogType\":\"Tail\"}"),
                      NULL, NULL);
  struct ms_task_request request = {.resource = MS_STR("arn:aws:states:::lambda:invoke"),
                                    .service = MS_STR("lambda"),
                                    .action = MS_STR("invoke"),
                                    .pattern = MS_TASK_TOKEN,
                                    .state = MS_STR("T"),
                                    .machine = MS_STR("m"),
                                    .parameters = world.parameters};
  if (err == 0) {
    err = ms_tasks_start(world.tasks, &task, &request);
  }
  if (err == 0) {
    const struct ms_task_call_result result = {MS_TASK_CALL_OK, world.parameters,
                                               MS_JSON_VALUE_NONE, MS_JSON_VALUE_NONE,
                                               MS_STR("a log"), "$LATEST"};
    world.done(&result, world.done_user);
    err = strncmp(world.said, "submitted {", 11) == 0 ? 0 : MSTEP_ENOMEM;
  }
  char one[] = "1";
  if (err == 0) {
    err = ms_tasks_register(world.tasks, MS_STR("*"), (struct ms_callback){some_function, one});
  }
  if (err == 0) {
    err = ms_tasks_start(world.tasks, &task, &request);
  }
  if (err == 0) {
    err = ms_tasks_mocks(world.tasks,
                         MS_STR("{\"StateMachines\":{\"x\":{\"TestCases\":{\"c\":{\"T\":\"r\"}}}},"
                                "\"MockedResponses\":{\"r\":{\"0\":{\"Throw\":{\"Error\":\"E\","
                                "\"Cause\":{\"a\":1}}}}}}"),
                         NULL);
  }
  if (err == 0) {
    err = ms_tasks_start(world.tasks, &task, &request);
  }
  close_world(&world);
  return err;
}

/* ---- our own operations ---- */

struct operation {
  ms_task_reply_cb done;
  void *user;
  char *name, *request;
};

static struct operation operation;

static int up_call(struct ms_str name, struct ms_json request, ms_task_reply_cb done, void *done_user,
                   void *user)
{
  (void)user;
  operation = (struct operation){done, done_user, mt_format("%.*s", MS_STR_ARG(name)), text_of(request)};
  return 0;
}

static void replied(int code, const char *text)
{
  const struct ms_task_reply reply = {code, code == 0 ? 200 : 400, ms_str_c(text)};
  operation.done(&reply, operation.user);
}

/* A child, from its start to its end, with failing memory: the task always hears something, once. */
static int child(void *user)
{
  (void)user;
  struct world world = {.said = mt_format("%s", "")};
  struct ms_task task = {NULL, NULL};
  ms_random_seed(&world.random, 1);
  const struct ms_tasks_options options = {.up = {.answer = up_answer,
                                                  .token = up_token,
                                                  .now_ms = up_now_ms,
                                                  .user = &world,
                                                  .call = up_call},
                                           .random = &world.random,
                                           .region = "us-east-1",
                                           .account = "000000000000"};
  int err = ms_tasks_new(&world.tasks, &options);
  if (err != 0)
    return err;
  err = ms_json_parse(&world.parameters, MS_STR("{\"StateMachineArn\":\"m\",\"Input\":{\"a\":1}}"), NULL, NULL);
  const struct ms_task_request request = {.resource = MS_STR("arn:aws:states:::states:startExecution.sync"),
                                          .service = MS_STR("states"),
                                          .action = MS_STR("startExecution"),
                                          .pattern = MS_TASK_SYNC,
                                          .state = MS_STR("T"),
                                          .machine = MS_STR("m"),
                                          .parameters = world.parameters};
  err = err != 0 ? err : ms_tasks_start(world.tasks, &task, &request);
  if (err == 0) {
    replied(0, "{\"executionArn\":\"e\",\"startDate\":1.5}");
    if (strstr(world.said, "failed") == NULL) {
      replied(0, "{\"executionArn\":\"e\",\"status\":\"RUNNING\"}");
      ms_tasks_execution_ended(world.tasks, MS_STR("e"));
    }
    if (strstr(world.said, "failed") == NULL)
      replied(0, "{\"executionArn\":\"e\",\"status\":\"FAILED\",\"error\":\"E\"}");
    err = strstr(world.said, "failed \"States.TaskFailed\"\"{") != NULL ? 0 : MSTEP_ENOMEM;
    if (strstr(world.said, "failed") == NULL)
      mt_fail("nothing was said: %s", world.said);
  }
  close_world(&world);
  return err;
}

MT_TEST(service__a_child_out_of_memory)
{
  mt_eq_int(child(NULL), 0);
  mt_ok(mt_oom(child, NULL) > 20);
}

/* What is cancelled takes its child with it; what is only forgotten leaves it. */
MT_TEST(service__cancelled_and_forgotten)
{
  for (int is_forgotten = 0; is_forgotten < 2; is_forgotten++) {
    struct world world = {.said = mt_format("%s", "")};
    struct ms_task task = {NULL, NULL};
    ms_random_seed(&world.random, 1);
    const struct ms_tasks_options options = {.up = {.answer = up_answer,
                                                    .token = up_token,
                                                    .now_ms = up_now_ms,
                                                    .user = &world,
                                                    .call = up_call},
                                             .random = &world.random,
                                             .region = "us-east-1",
                                             .account = "000000000000"};
    mt_eq_int(ms_tasks_new(&world.tasks, &options), 0);
    struct ms_task_request request = request_of(&world, "{\"StateMachineArn\":\"m\",\"Name\":\"n\"}");
    request.resource = MS_STR("arn:aws:states:::states:startExecution.sync");
    request.service = MS_STR("states");
    request.action = MS_STR("startExecution");
    request.pattern = MS_TASK_SYNC;
    start(&world, &task, &request);
    mt_eq_str(operation.name, "states:StartExecution");
    mt_eq_str(operation.request, "{\"stateMachineArn\":\"m\",\"name\":\"n\"}");
    ms_tasks_forget(world.tasks, is_forgotten != 0);
    ms_tasks_cancel(world.tasks, &task);
    ms_tasks_forget(world.tasks, false);
    replied(0, "{\"executionArn\":\"e\",\"startDate\":1.5}"); /* it had begun */
    mt_eq_str(operation.name, is_forgotten ? "states:StartExecution" : "states:StopExecution");
    mt_eq_str(world.said, "");
    close_world(&world);
  }
}

MT_TEST(task__out_of_memory)
{
  mt_eq_int(start_each(NULL), 0);
  mt_ok(mt_oom(start_each, NULL) > 50);
}
