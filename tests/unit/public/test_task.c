/*
 * Host tasks and mocks through the public header: tokens, answers, patterns, timeouts, cancelling.
 */
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "mt.h"

#define TASK_OF(resource, more)                                                                    \
  "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"" resource "\"" more     \
  ",\"End\":true}}}"
#define LAMBDA "arn:aws:lambda:us-east-1:000000000000:function:charge"

/* What the host's task callback saw, and what it is to do. */
struct worker {
  struct host *host;
  int calls;
  int fail_first; /* that many calls are answered with a failure */
  bool is_silent; /* never answers */
  char *token;
  char *resource;
  char *input;
};

static void on_task(mstep_engine *engine, const char *token, const char *resource, mstep_str input,
                    void *user)
{
  struct worker *worker = user;
  worker->calls++;
  worker->token = mt_format("%s", token);
  worker->resource = mt_format("%s", resource);
  worker->input = mt_format("%.*s", (int)input.len, input.data);
  if (worker->is_silent) {
    return;
  }
  if (worker->calls <= worker->fail_first) {
    mt_eq_int(mstep_task_send_failure(engine, token, "Busy", "try again"), 0);
  } else {
    mt_eq_int(mstep_task_send_success(engine, token, host_str("{\"paid\":true}")), 0);
  }
}

static void open_worker(struct host *host, struct worker *worker, const char *pattern)
{
  host_open(host, NULL);
  *worker = (struct worker){.host = host};
  mt_eq_int(mstep_task_register(host->engine, pattern, on_task, worker), 0);
}

MT_TEST(task__answered_from_the_callback)
{
  struct host host;
  struct worker worker;
  open_worker(&host, &worker, LAMBDA);
  mt_eq_int(host_once(&host, TASK_OF(LAMBDA, ""), "{\"n\":1}"), MSTEP_SUCCEEDED);
  mt_eq_str(host.output, "{\"paid\":true}");
  mt_eq_str(worker.resource, LAMBDA);
  mt_eq_str(worker.input, "{\"n\":1}");
  mt_eq_int(worker.calls, 1);
  host_close(&host);
}

MT_TEST(task__first_answer_wins)
{
  struct host host;
  struct worker worker;
  open_worker(&host, &worker, "*");
  mt_eq_int(host_once(&host, TASK_OF(LAMBDA, ""), NULL), MSTEP_SUCCEEDED);
  mt_eq_int(mstep_task_send_success(host.engine, worker.token, host_str("{}")), MSTEP_ENOTFOUND);
  mt_eq_int(mstep_task_send_failure(host.engine, worker.token, "E", NULL), MSTEP_ENOTFOUND);
  mt_eq_int(mstep_task_send_heartbeat(host.engine, worker.token), MSTEP_ENOTFOUND);
  mt_eq_int(mstep_task_send_success(host.engine, "no such token", host_str("{}")), MSTEP_ENOTFOUND);
  host_close(&host);
}

static void answer_twice(mstep_engine *engine, void *user)
{
  struct worker *worker = user;
  mt_eq_int(worker->calls, 1);
  mt_eq_int(mstep_task_send_success(engine, worker->token, host_str("{")), MSTEP_ESYNTAX);
  mt_eq_int(mstep_task_send_success(engine, worker->token, host_str("5")), 0);
}

static void on_task_answer_later(mstep_engine *engine, const char *token, const char *resource,
                                 mstep_str input, void *user)
{
  on_task(engine, token, resource, input, user);
  mt_eq_int(mstep_engine_post(engine, answer_twice, user), 0);
}

MT_TEST(task__an_answer_that_is_not_json_leaves_it_open)
{
  struct host host;
  struct worker worker;
  open_worker(&host, &worker, "no such resource");
  worker.is_silent = true;
  mt_eq_int(mstep_task_register(host.engine, LAMBDA, on_task_answer_later, &worker), 0);
  mt_eq_int(host_once(&host, TASK_OF(LAMBDA, ",\"TimeoutSeconds\":5"), NULL), MSTEP_SUCCEEDED);
  mt_eq_str(host.output, "5");
  mt_eq_int(mstep_engine_now_ms(host.engine), 1704067200000);
  host_close(&host);
}

MT_TEST(task__a_week_of_retries_takes_no_time)
{
  struct host host;
  struct worker worker;
  open_worker(&host, &worker, "*");
  worker.fail_first = 7;
  mt_eq_int(
      host_once(&host,
                TASK_OF(LAMBDA, ",\"Retry\":[{\"ErrorEquals\":[\"Busy\"],\"IntervalSeconds\":86400,"
                                "\"BackoffRate\":1,\"MaxAttempts\":8}]"),
                NULL),
      MSTEP_SUCCEEDED);
  mt_eq_int(worker.calls, 8);
  mt_eq_int(mstep_engine_now_ms(host.engine), 1704067200000 + 7 * 86400000LL);
  host_close(&host);
}

MT_TEST(task__unanswered_it_times_out)
{
  struct host host;
  struct worker worker;
  open_worker(&host, &worker, "*");
  worker.is_silent = true;
  mt_eq_int(host_once(&host, TASK_OF(LAMBDA, ",\"TimeoutSeconds\":90"), NULL), MSTEP_FAILED);
  mt_eq_str(host.error, "States.Timeout");
  mt_eq_int(mstep_engine_now_ms(host.engine), 1704067200000 + 90000);
  mt_eq_int(mstep_task_send_success(host.engine, worker.token, host_str("{}")), MSTEP_ENOTFOUND);
  host_close(&host);
}

struct beat {
  struct worker worker;
  int left;
};

static void beat(mstep_engine *engine, const mstep_event *event, void *user)
{
  struct beat *state = user;
  if (state->left > 0 && strcmp(event->type, "WaitStateExited") == 0) {
    state->left--;
    mt_eq_int(mstep_task_send_heartbeat(engine, state->worker.token), 0);
  }
}

/* A ticking branch beside the task: heartbeats keep it alive for three ticks, then it starves. */
MT_TEST(task__heartbeats_put_the_deadline_off)
{
  struct host host;
  struct beat state = {.left = 3};
  open_worker(&host, &state.worker, "*");
  state.worker.is_silent = true;
  mt_eq_int(mstep_engine_watch(host.engine, beat, &state), 0);
  mt_eq_int(
      host_once(
          &host,
          "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Parallel\",\"End\":true,\"Branches\":["
          "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"" LAMBDA
          "\",\"HeartbeatSeconds\":10,\"TimeoutSeconds\":1000,\"End\":true}}},"
          "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":7,\"Next\":\"L\"},"
          "\"L\":{\"Type\":\"Pass\",\"Next\":\"W\"}}}]}}}",
          NULL),
      MSTEP_FAILED);
  mt_eq_int(state.left, 0);
  mt_eq_int(mstep_engine_now_ms(host.engine), 1704067200000 + 31000); /* 3 * 7 + 10 seconds */
  host_close(&host);
}

MT_TEST(task__without_a_handler_says_how_to_answer_it)
{
  struct host host;
  host_open(&host, NULL);
  mt_eq_int(host_once(&host,
                      TASK_OF("arn:aws:states:::apigateway:invoke",
                              ",\"Parameters\":{\"ApiEndpoint\":\"x\",\"Method\":\"GET\"}"),
                      NULL),
            MSTEP_FAILED);
  mt_eq_str(host.error, "States.Runtime");
  mt_ok(strstr(host.cause, "arn:aws:states:::apigateway:invoke") != NULL);
  mt_ok(strstr(host.cause, "mstep_task_register") != NULL);
  mt_ok(strstr(host.cause, "--mocks") != NULL);
  host_close(&host);
}

static void answer_with(mstep_engine *engine, const char *token, const char *resource,
                        mstep_str input, void *user)
{
  (void)resource;
  (void)input;
  mt_eq_int(mstep_task_send_success(engine, token, host_str(user)), 0);
}

MT_TEST(task__the_latest_pattern_that_matches_wins)
{
  struct host host;
  host_open(&host, NULL);
  char any[] = "\"any\"", lambda[] = "\"lambda\"", charge[] = "\"charge\"", again[] = "\"again\"";
  mstep_engine *engine = host.engine;
  mt_eq_int(mstep_task_register(engine, LAMBDA, answer_with, charge), 0);
  mt_eq_int(mstep_task_register(engine, "arn:aws:lambda:*:function:*", answer_with, lambda), 0);
  mt_eq_int(mstep_task_register(engine, "arn:aws:sqs*", answer_with, any), 0);
  mstep_arn machine = host_machine(&host, "m", TASK_OF(LAMBDA, ""));
  host_start(&host, &machine, NULL, NULL);
  host_run(&host);
  mt_eq_str(host.output, "\"lambda\"");
  mt_eq_int(mstep_task_register(engine, "arn:aws:lambda:*:function:*", NULL, NULL), 0);
  host_start(&host, &machine, NULL, NULL);
  host_run(&host);
  mt_eq_str(host.output, "\"charge\"");
  mt_eq_int(mstep_task_register(engine, "*:charge", answer_with, any), 0);
  mt_eq_int(mstep_task_register(engine, LAMBDA, answer_with, again),
            0); /* the same again is the latest */
  host_start(&host, &machine, NULL, NULL);
  host_run(&host);
  mt_eq_str(host.output, "\"again\"");
  host_close(&host);
}

MT_TEST(task__token_of_the_context_is_the_one_that_answers)
{
  struct host host;
  struct worker worker;
  open_worker(&host, &worker, "*");
  mt_eq_int(host_once(&host,
                      TASK_OF("arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                              ",\"Parameters\":{\"QueueUrl\":\"q\",\"MessageBody\":{\"token.$\":"
                              "\"$$.Task.Token\"}}"),
                      NULL),
            MSTEP_SUCCEEDED);
  mt_ok(strstr(worker.input, worker.token) != NULL);
  mt_ok(strlen(worker.token) >= 36);
  mt_ok(strstr(host_history(&host, host.arn.text), "\"TaskSubmitted\"") != NULL);
  mt_eq_str(host.output, "{\"paid\":true}");
  host_close(&host);
}

MT_TEST(task__activities_are_started_by_their_worker)
{
  struct host host;
  struct worker worker;
  open_worker(&host, &worker, HOST_ACTIVITY);
  mt_eq_int(host_once(&host, HOST_TASK, NULL), MSTEP_SUCCEEDED);
  const char *history = host_history(&host, host.arn.text);
  mt_ok(strstr(history, "\"ActivityScheduled\"") != NULL);
  mt_ok(strstr(history, "\"ActivityStarted\"") != NULL);
  mt_ok(strstr(history, "\"ActivitySucceeded\"") != NULL);
  host_close(&host);
}

/* A branch fails: the other one's task is cancelled and its token is dead. */
MT_TEST(task__cancelled_with_its_branch)
{
  struct host host;
  struct worker worker;
  open_worker(&host, &worker, "*");
  worker.is_silent = true;
  mt_eq_int(
      host_once(
          &host,
          "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Parallel\",\"End\":true,\"Branches\":["
          "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"" LAMBDA
          "\",\"End\":true}}},"
          "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":7,\"Next\":\"F\"},"
          "\"F\":{\"Type\":\"Fail\",\"Error\":\"Other\"}}}]}}}",
          NULL),
      MSTEP_FAILED);
  mt_eq_str(host.error, "Other");
  mt_eq_int(worker.calls, 1);
  mt_eq_int(mstep_task_send_success(host.engine, worker.token, host_str("{}")), MSTEP_ENOTFOUND);
  host_close(&host);
}

MT_TEST(task__tokens_differ)
{
  struct host host;
  struct worker worker;
  open_worker(&host, &worker, "*");
  mstep_arn machine = host_machine(&host, "m", TASK_OF(LAMBDA, ""));
  char *tokens[50];
  for (int i = 0; i < 50; i++) {
    host_start(&host, &machine, NULL, NULL);
    host_run(&host);
    tokens[i] = worker.token;
    for (int j = 0; j < i; j++) {
      mt_ok(strcmp(tokens[i], tokens[j]) != 0);
    }
  }
  host_close(&host);
}

/* ---- mocks ---- */

#define MOCKS(cases, responses)                                                                    \
  "{\"StateMachines\":{\"m\":{\"TestCases\":{" cases "}}},\"MockedResponses\":{" responses "}}"
#define PAY                                                                                        \
  "\"Pay\":{\"0\":{\"Throw\":{\"Error\":\"Busy\",\"Cause\":\"c\"}},\"1-2\":{\"Throw\":{\"Error\":" \
  "\"Busy\"}},"                                                                                    \
  "\"3\":{\"Return\":{\"paid\":1.0}}}"

MT_TEST(mocks__answer_by_invocation)
{
  struct host host;
  host_open(&host, NULL);
  mt_eq_int(mstep_mocks_load(host.engine, host_str(MOCKS("\"C\":{\"T\":\"Pay\"}", PAY)), NULL), 0);
  const char *machine =
      TASK_OF("arn:aws:states:::lambda:invoke",
              ",\"Parameters\":{\"FunctionName\":\"f\"},\"Retry\":[{\"ErrorEquals\":"
              "[\"Busy\"],\"MaxAttempts\":3}]");
  mt_eq_int(host_once(&host, machine, NULL), MSTEP_SUCCEEDED);
  mt_eq_str(host.output, "{\"paid\":1.0}");
  mt_ok(strstr(host_history(&host, host.arn.text), "\"error\":\"Busy\",\"cause\":\"c\"") != NULL);
  /* Each execution counts for itself. */
  mt_eq_int(host_once(&host, machine, NULL), MSTEP_SUCCEEDED);
  host_close(&host);
}

MT_TEST(mocks__run_out)
{
  struct host host;
  host_open(&host, NULL);
  mt_eq_int(mstep_mocks_load(host.engine, host_str(MOCKS("\"C\":{\"T\":\"Pay\"}", PAY)), "m/C"), 0);
  mt_eq_int(
      host_once(&host,
                TASK_OF(LAMBDA,
                        ",\"Retry\":[{\"ErrorEquals\":[\"Busy\"]}],\"Catch\":[{\"ErrorEquals\":"
                        "[\"Busy\"],\"Next\":\"T\"}]"),
                NULL),
      MSTEP_SUCCEEDED);
  mstep_arn machine =
      host_machine(&host, "loop",
                   "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"" LAMBDA
                   "\",\"Catch\":[{\"ErrorEquals\":[\"Busy\"],\"Next\":\"T\"},{\"ErrorEquals\":"
                   "[\"Never\"],\"Next\":\"E\"}],\"Next\":\"T\"},\"E\":{\"Type\":\"Succeed\"}}}");
  host_start(&host, &machine, NULL, NULL);
  host_run(&host);
  mt_eq_int(host.status, MSTEP_FAILED);
  mt_eq_str(host.error, "States.Runtime");
  mt_ok(strstr(host.cause, "invocation 4") != NULL);
  host_close(&host);
}

MT_TEST(mocks__token_and_sync_are_submitted_first)
{
  struct host host;
  host_open(&host, NULL);
  mt_eq_int(mstep_mocks_load(
                host.engine,
                host_str(MOCKS("\"C\":{\"T\":\"R\"}", "\"R\":{\"0\":{\"Return\":\"done\"}}")), "C"),
            0);
  mt_eq_int(
      host_once(&host,
                TASK_OF("arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                        ",\"Parameters\":{\"QueueUrl\":\"q\",\"MessageBody.$\":\"$$.Task.Token\"}"),
                NULL),
      MSTEP_SUCCEEDED);
  mt_eq_str(host.output, "\"done\"");
  const char *history = host_history(&host, host.arn.text);
  const char *submitted = strstr(history, "\"TaskSubmitted\"");
  mt_ok(submitted != NULL && strstr(submitted, "\"TaskSucceeded\"") != NULL);
  host_close(&host);
}

MT_TEST(mocks__states_that_are_not_named_go_on_to_others)
{
  struct host host;
  struct worker worker;
  open_worker(&host, &worker, "*");
  mt_eq_int(mstep_mocks_load(host.engine,
                             host_str(MOCKS("\"C\":{\"A\":\"R\"}", "\"R\":{\"0\":{\"Return\":1}}")),
                             NULL),
            0);
  mt_eq_int(
      host_once(&host,
                "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Task\",\"Resource\":\"" LAMBDA
                "\",\"Next\":\"B\"},\"B\":{\"Type\":\"Task\",\"Resource\":\"" LAMBDA
                "\",\"End\":true}}}",
                NULL),
      MSTEP_SUCCEEDED);
  mt_eq_int(worker.calls, 1);
  mt_eq_str(worker.input, "1");
  host_close(&host);
}

MT_TEST(mocks__files_that_are_wrong)
{
  struct host host;
  host_open(&host, NULL);
  const struct {
    const char *text, *test_case;
    int expected;
  } rows[] = {
      {"{", NULL, MSTEP_ESYNTAX},
      {"{}", NULL, MSTEP_EINVALID},
      {"{\"StateMachines\":{},\"MockedResponses\":{}}", NULL, MSTEP_ENOTFOUND},
      {MOCKS("\"C\":{}", ""), "D", MSTEP_ENOTFOUND},
      {MOCKS("\"C\":{}", ""), "other/C", MSTEP_ENOTFOUND},
      {MOCKS("\"C\":{},\"D\":{}", ""), NULL, MSTEP_EINVALID},
      {MOCKS("\"C\":{\"T\":\"R\"}", ""), "C", MSTEP_EINVALID},
      {MOCKS("\"C\":{\"T\":1}", "\"R\":{\"0\":{\"Return\":1}}"), "C", MSTEP_EINVALID},
      {MOCKS("\"C\":{\"T\":\"R\"}", "\"R\":{}"), "C", MSTEP_EINVALID},
      {MOCKS("\"C\":{\"T\":\"R\"}", "\"R\":{\"x\":{\"Return\":1}}"), "C", MSTEP_EINVALID},
      {MOCKS("\"C\":{\"T\":\"R\"}", "\"R\":{\"2-1\":{\"Return\":1}}"), "C", MSTEP_EINVALID},
      {MOCKS("\"C\":{\"T\":\"R\"}", "\"R\":{\"1-\":{\"Return\":1}}"), "C", MSTEP_EINVALID},
      {MOCKS("\"C\":{\"T\":\"R\"}", "\"R\":{\"0\":{}}"), "C", MSTEP_EINVALID},
      {MOCKS("\"C\":{\"T\":\"R\"}", "\"R\":{\"0\":{\"Return\":1,\"Throw\":{\"Error\":\"E\"}}}"),
       "C", MSTEP_EINVALID},
      {MOCKS("\"C\":{\"T\":\"R\"}", "\"R\":{\"0\":{\"Throw\":{}}}"), "C", MSTEP_EINVALID},
      {MOCKS("\"C\":{\"T\":\"R\"}", "\"R\":{\"0\":{\"Return\":null}}"), "C", 0},
      {MOCKS("\"C\":{},\"D\":{}", ""), "m/D", 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    int err = mstep_mocks_load(host.engine, host_str(rows[i].text), rows[i].test_case);
    if (err != rows[i].expected) {
      mt_report("row %zu: %d, not %d (%s)", i, err, rows[i].expected, mstep_last_error());
    }
  }
  host_close(&host);
}
