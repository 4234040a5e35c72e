/* Executions through the public header: start, end, names, describe, history, stop, purge. */
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "mt.h"

#define PASS "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Pass\",\"End\":true}}}"
#define WAIT                                                                                       \
  "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":60,\"End\":true}}}"

MT_TEST(execution__ends_and_is_told_once)
{
  struct host host;
  host_open(&host, NULL);
  mt_eq_int(host_once(&host, PASS, "{\"n\": 1}"), MSTEP_SUCCEEDED);
  mt_eq_str(host.output, "{\"n\":1}");
  mt_eq_str(host.error, "");
  mt_eq_str(host.ended_arn, host.arn.text);
  host_run(&host);
  mt_eq_int(host.ended, 1);
  host_close(&host);
}

MT_TEST(execution__done_is_never_called_inside_start)
{
  struct host host;
  host_open(&host, NULL);
  mstep_arn machine = host_machine(&host, "m", PASS);
  host_start(&host, &machine, "a", NULL);
  mt_eq_int(host.ended, 0);
  mt_ok(strstr(host_describe(&host, host.arn.text), "\"status\":\"RUNNING\"") != NULL);
  host_run(&host);
  mt_eq_int(host.ended, 1);
  mt_eq_str(host.output, "{}");
  host_close(&host);
}

MT_TEST(execution__arns_have_the_form_of_aws)
{
  struct host host;
  host_open(&host, NULL);
  mstep_arn machine = host_machine(&host, "m", PASS);
  mt_eq_str(machine.text, "arn:aws:states:us-east-1:000000000000:stateMachine:m");
  host_start(&host, &machine, "first", NULL);
  mt_eq_str(host.arn.text, "arn:aws:states:us-east-1:000000000000:execution:m:first");
  host_start(&host, &machine, NULL, NULL);
  mt_eq_int(strlen(host.arn.text),
            strlen("arn:aws:states:us-east-1:000000000000:execution:m:") + 36);
  host_run(&host);
  host_close(&host);
}

MT_TEST(execution__express_arns_have_a_uuid_and_names_may_repeat)
{
  struct host host;
  host_open(&host, NULL);
  mstep_arn machine, first;
  mt_eq_int(mstep_state_machine_create(&machine, host.engine, "fast", host_str(PASS), "EXPRESS",
                                       NULL, NULL),
            0);
  const char *prefix = "arn:aws:states:us-east-1:000000000000:express:fast:same:";
  host_start(&host, &machine, "same", NULL);
  first = host.arn;
  mt_eq_int(strncmp(first.text, prefix, strlen(prefix)), 0);
  host_start(&host, &machine, "same", "{\"other\":1}");
  mt_ok(strcmp(first.text, host.arn.text) != 0);
  host_run(&host);
  mt_eq_int(host.ended, 2);
  host_close(&host);
}

MT_TEST(execution__same_name_and_input_while_running_is_the_same)
{
  struct host host;
  host_open(&host, NULL);
  mstep_arn machine = host_machine(&host, "m", WAIT), arn;
  host_start(&host, &machine, "a", "{\"n\":1}");
  host_start(&host, &machine, "a", "{ \"n\" : 1 }");
  mt_eq_int(mstep_execution_start(&arn, host.engine, machine.text, "a", host_str("{\"n\":2}"), NULL,
                                  NULL),
            MSTEP_EEXISTS);
  mt_eq_str(mstep_last_error(),
            "Execution Already Exists: 'arn:aws:states:us-east-1:000000000000:execution:m:a'");
  host_run(&host);
  mt_eq_int(host.ended, 2);
  mt_eq_int(mstep_execution_start(&arn, host.engine, machine.text, "a", host_str("{\"n\":1}"), NULL,
                                  NULL),
            MSTEP_EEXISTS);
  mt_eq_int(mstep_execution_purge(host.engine, host.arn.text), 0);
  host_start(&host, &machine, "a", "{\"n\":1}");
  host_run(&host);
  mt_eq_int(host.ended, 3);
  host_close(&host);
}

MT_TEST(execution__refused_starts)
{
  struct host host;
  host_open(&host, NULL);
  mstep_arn machine = host_machine(&host, "m", PASS), arn;
  const struct {
    const char *machine, *name, *input;
    int expected;
  } rows[] = {
      {"arn:aws:states:us-east-1:000000000000:stateMachine:other", NULL, "{}", MSTEP_ENOTFOUND},
      {machine.text, "with space", "{}", MSTEP_EINVALID},
      {machine.text, "", "{}", MSTEP_EINVALID},
      {machine.text, "a/b", "{}", MSTEP_EINVALID},
      {machine.text, "\xff", "{}", MSTEP_EINVALID},
      {machine.text, NULL, "", MSTEP_ESYNTAX},
      {machine.text, NULL, "{", MSTEP_ESYNTAX},
      {machine.text, NULL, "\"\\ud800\"", MSTEP_ESYNTAX},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    int err = mstep_execution_start(&arn, host.engine, rows[i].machine, rows[i].name,
                                    host_str(rows[i].input), host_done, &host);
    if (err != rows[i].expected) {
      mt_report("row %zu: %d, not %d (%s)", i, err, rows[i].expected, mstep_last_error());
    }
  }
  host_run(&host);
  mt_eq_int(host.ended, 0);
  host_close(&host);
}

static void small_payloads(mstep_options *options)
{
  options->payload_max_bytes = 16;
}

MT_TEST(execution__input_past_the_limit_is_refused)
{
  struct host host;
  host_open(&host, small_payloads);
  mstep_arn machine = host_machine(&host, "m", PASS), arn;
  mt_eq_int(mstep_execution_start(&arn, host.engine, machine.text, NULL,
                                  host_str("\"12345678901234\""), host_done, &host),
            0);
  mt_eq_int(mstep_execution_start(&arn, host.engine, machine.text, NULL,
                                  host_str("\"123456789012345\""), host_done, &host),
            MSTEP_ETOOBIG);
  host_run(&host);
  mt_eq_int(host.ended, 1);
  host_close(&host);
}

MT_TEST(execution__describe_has_the_form_of_aws)
{
  struct host host;
  host_open(&host, NULL);
  mstep_arn machine = host_machine(&host, "m", WAIT);
  host_start(&host, &machine, "a", "{\"b\": [1.0, 2]}");
  host_run(&host);
  mt_eq_str(
      host_describe(&host, host.arn.text),
      "{\"executionArn\":\"arn:aws:states:us-east-1:000000000000:execution:m:a\","
      "\"stateMachineArn\":\"arn:aws:states:us-east-1:000000000000:stateMachine:m\","
      "\"name\":\"a\",\"status\":\"SUCCEEDED\",\"startDate\":1704067200.0,\"stopDate\":1704067260."
      "0,"
      "\"input\":\"{\\\"b\\\": [1.0, 2]}\",\"inputDetails\":{\"included\":true},"
      "\"output\":\"{\\\"b\\\":[1.0,2]}\",\"outputDetails\":{\"included\":true},\"redriveCount\":0,"
      "\"redriveStatus\":\"NOT_REDRIVABLE\","
      "\"redriveStatusReason\":\"Execution is SUCCEEDED and cannot be redriven\"}");
  host_close(&host);
}

MT_TEST(execution__history_has_the_form_of_aws)
{
  struct host host;
  host_open(&host, NULL);
  mstep_arn machine = host_machine(&host, "m", WAIT);
  host_start(&host, &machine, "a", "1");
  host_run(&host);
  mt_eq_str(
      host_history(&host, host.arn.text),
      "{\"events\":[{\"timestamp\":1704067200.0,\"type\":\"ExecutionStarted\",\"id\":1,"
      "\"previousEventId\":0,\"executionStartedEventDetails\":{\"input\":\"1\",\"inputDetails\":"
      "{\"truncated\":false},\"roleArn\":\"arn:aws:iam::000000000000:role/moonstep\"}},"
      "{\"timestamp\":1704067200.0,\"type\":\"WaitStateEntered\",\"id\":2,\"previousEventId\":0,"
      "\"stateEnteredEventDetails\":{\"name\":\"W\",\"input\":\"1\",\"inputDetails\":{"
      "\"truncated\":"
      "false}}},{\"timestamp\":1704067260.0,\"type\":\"WaitStateExited\",\"id\":3,"
      "\"previousEventId\":2,"
      "\"stateExitedEventDetails\":{\"name\":\"W\",\"output\":\"1\",\"outputDetails\":{"
      "\"truncated\":"
      "false}}},{\"timestamp\":1704067260.0,\"type\":\"ExecutionSucceeded\",\"id\":4,"
      "\"previousEventId\":3,\"executionSucceededEventDetails\":{\"output\":\"1\","
      "\"outputDetails\":"
      "{\"truncated\":false}}}]}");
  host_close(&host);
}

static void no_history(mstep_options *options)
{
  options->is_history_kept = 0;
}

MT_TEST(execution__history_not_kept_is_empty)
{
  struct host host;
  host_open(&host, no_history);
  mt_eq_int(host_once(&host, WAIT, NULL), MSTEP_SUCCEEDED);
  mt_eq_str(host_history(&host, host.arn.text), "{\"events\":[]}");
  host_close(&host);
}

MT_TEST(execution__failed_with_error_and_cause)
{
  struct host host;
  host_open(&host, NULL);
  mt_eq_int(host_once(&host,
                      "{\"StartAt\":\"F\",\"States\":{\"F\":{\"Type\":\"Fail\",\"Error\":\"E\","
                      "\"Cause\":\"why\"}}}",
                      NULL),
            MSTEP_FAILED);
  mt_eq_str(host.error, "E");
  mt_eq_str(host.cause, "why");
  mt_eq_str(host.output, "");
  const char *text = host_describe(&host, host.arn.text);
  mt_ok(strstr(text, "\"error\":\"E\",\"cause\":\"why\"") != NULL);
  mt_ok(strstr(text, "\"redriveStatus\":\"REDRIVABLE\"}") != NULL);
  mt_ok(strstr(text, "\"output\"") == NULL);
  host_close(&host);
}

MT_TEST(execution__machine_timeout_is_timed_out)
{
  struct host host;
  host_open(&host, NULL);
  mt_eq_int(host_once(&host,
                      "{\"StartAt\":\"W\",\"TimeoutSeconds\":30,\"States\":{\"W\":{\"Type\":"
                      "\"Wait\",\"Seconds\":"
                      "60,\"End\":true}}}",
                      NULL),
            MSTEP_TIMED_OUT);
  mt_eq_int(mstep_engine_now_ms(host.engine), 1704067200000 + 30000);
  host_close(&host);
}

static void stop_it(mstep_engine *engine, void *user)
{
  struct host *host = user;
  mt_eq_int(mstep_execution_stop(engine, host->arn.text, "Stopped", "by hand"), 0);
}

MT_TEST(execution__stopped_is_aborted)
{
  struct host host;
  host_open(&host, NULL);
  call_has(&host, "CreateActivity", "{\"name\":\"work\"}", HOST_ACTIVITY);
  mstep_arn machine = host_machine(&host, "m", HOST_TASK);
  host_start(&host, &machine, "a", NULL);
  mt_eq_int(mstep_execution_stop(host.engine, host.arn.text, "Stopped", "by hand"), 0);
  mt_eq_int(host.ended, 0);
  host_run(&host);
  mt_eq_int(host.status, MSTEP_ABORTED);
  mt_eq_str(host.error, "Stopped");
  mt_eq_str(host.cause, "by hand");
  mt_eq_int(mstep_execution_stop(host.engine, host.arn.text, NULL, NULL), 0); /* ended already */
  host_run(&host);
  mt_eq_int(host.ended, 1);
  mt_eq_int(mstep_execution_stop(host.engine, "arn:no", NULL, NULL), MSTEP_ENOTFOUND);
  host_close(&host);
}

MT_TEST(execution__stopped_while_waiting_leaves_no_timer)
{
  struct host host;
  host_open(&host, NULL);
  mstep_arn machine = host_machine(&host, "m", WAIT);
  host_start(&host, &machine, "a", NULL);
  mt_eq_int(mstep_engine_post(host.engine, stop_it, &host), 0);
  host_run(&host);
  mt_eq_int(host.status, MSTEP_ABORTED);
  mt_eq_int(mstep_engine_now_ms(host.engine),
            1704067200000); /* time did not jump to the Wait's end */
  host_close(&host);
}

MT_TEST(execution__purge_forgets)
{
  struct host host;
  host_open(&host, NULL);
  mstep_arn machine = host_machine(&host, "m", PASS);
  host_start(&host, &machine, "a", NULL);
  mt_eq_int(mstep_execution_purge(host.engine, host.arn.text), MSTEP_ESTATE);
  host_run(&host);
  mt_eq_int(mstep_execution_purge(host.engine, host.arn.text), 0);
  const char *text;
  mt_eq_int(mstep_execution_describe(host.engine, host.arn.text, host_text, &text),
            MSTEP_ENOTFOUND);
  mt_eq_int(mstep_execution_purge(host.engine, host.arn.text), MSTEP_ENOTFOUND);
  host_close(&host);
}

/* From inside `done`: purge this one, start the next. */
static void purge_and_start(mstep_engine *engine, const char *arn, mstep_status status,
                            mstep_str output, mstep_str error, mstep_str cause, void *user)
{
  struct host *host = user;
  host_done(engine, arn, status, output, error, cause, host);
  mt_eq_int(mstep_execution_purge(engine, host->ended_arn), 0);
  if (host->ended < 100) {
    mstep_arn next;
    mt_eq_int(mstep_execution_start(&next, engine,
                                    "arn:aws:states:us-east-1:000000000000:stateMachine:m", NULL,
                                    host_str("{}"), purge_and_start, host),
              0);
  }
}

MT_TEST(execution__done_may_purge_and_start)
{
  struct host host;
  host_open(&host, NULL);
  mstep_arn machine = host_machine(&host, "m", WAIT);
  mt_eq_int(mstep_execution_start(&host.arn, host.engine, machine.text, NULL, host_str("{}"),
                                  purge_and_start, &host),
            0);
  host_run(&host);
  mt_eq_int(host.ended, 100);
  mt_eq_int(mstep_engine_now_ms(host.engine), 1704067200000 + 100 * 60000);
  host_close(&host);
}

static void as_aws(mstep_options *options)
{
  options->is_aws_compat = 1;
}

MT_TEST(execution__a_machine_that_loops_shares_the_engine)
{
  struct host host;
  host_open(&host, as_aws);
  mstep_arn loop =
      host_machine(&host, "loop",
                   "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Next\":\"B\"},"
                   "\"B\":{\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$.x\",\"IsPresent\":"
                   "true,\"Next\":\"E\"}],\"Default\":\"A\"},\"E\":{\"Type\":\"Succeed\"}}}");
  mstep_arn pass = host_machine(&host, "pass", PASS);
  host_start(&host, &loop, "endless", NULL);
  mstep_arn endless = host.arn;
  host_start(&host, &pass, "short", NULL);
  host_run(&host);
  mt_eq_int(host.ended, 2);
  mt_eq_str(host.ended_arn, endless.text); /* the short one did not wait for it */
  mt_eq_int(host.status, MSTEP_FAILED);
  mt_ok(strstr(host.cause, "25000") != NULL);
  host_close(&host);
}

MT_TEST(execution__closing_while_they_run)
{
  struct host host;
  mt_leak_begin();
  host_open(&host, NULL);
  mstep_arn wait = host_machine(&host, "wait", WAIT), task = host_machine(&host, "task", HOST_TASK);
  for (int i = 0; i < 50; i++) {
    host_start(&host, i % 2 == 0 ? &wait : &task, NULL, NULL);
  }
  host_close(&host);
  mt_eq_int(host.ended, 0);
  mt_leak_end();
}

/* ---- limits of AWS, where they are asked for ---- */

static mstep_arn express_machine(struct host *host, const char *definition)
{
  mstep_arn arn;
  mt_eq_int(mstep_state_machine_create(&arn, host->engine, "express", host_str(definition), "EXPRESS",
                                       NULL, NULL),
            0);
  return arn;
}

MT_TEST(execution__large_payloads_only_without_the_limits_of_aws)
{
  char *input = mt_format("\"%0300000d\"", 7);
  struct host host;
  mstep_arn arn;
  host_open(&host, NULL);
  mstep_arn pass = host_machine(&host, "pass", PASS);
  host_start(&host, &pass, "large", input);
  host_run(&host);
  mt_eq_int(host.status, MSTEP_SUCCEEDED);
  host_close(&host);
  host_open(&host, as_aws);
  pass = host_machine(&host, "pass", PASS);
  mt_eq_int(mstep_execution_start(&arn, host.engine, pass.text, "large", host_str(input), NULL, NULL),
            MSTEP_ETOOBIG);
  host_close(&host);
}

MT_TEST(execution__express_ends_after_five_minutes_with_the_limits_of_aws)
{
  const char *wait = "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":600,\"End\":true}}}";
  struct host host;
  host_open(&host, NULL);
  mstep_arn express = express_machine(&host, wait);
  host_start(&host, &express, NULL, NULL);
  host_run(&host);
  mt_eq_int(host.status, MSTEP_SUCCEEDED);
  host_close(&host);
  host_open(&host, as_aws);
  express = express_machine(&host, wait);
  int64_t started_at_ms = mstep_engine_now_ms(host.engine);
  host_start(&host, &express, NULL, NULL);
  host_run(&host);
  mt_eq_int(host.status, MSTEP_TIMED_OUT);
  mt_eq_int(mstep_engine_now_ms(host.engine) - started_at_ms, 300000);
  host_close(&host);
}
