/*
 * `mstep run --store FILE [MACHINE]`: goes on with everything that is open in a store, and with
 * MACHINE starts one more. It ends when all have ended, or when it is interrupted: then what is
 * open stays so, and the next run goes on with it.
 */
#include <string.h>

#include "cli/deploy.h"
#include "cli/run.h"
#include "cli/run_loop.h"

static mstep_status status_of(const char *text)
{
  static const char *const names[] = {"RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"};
  for (int i = 0; i < 5; i++) {
    if (strcmp(text, names[i]) == 0) {
      return (mstep_status)i;
    }
  }
  return MSTEP_UNKNOWN;
}

static void count_end(struct ms_cli_run *run, const char *type)
{
  static const char *const ends[] = {NULL, "ExecutionSucceeded", "ExecutionFailed",
                                     "ExecutionTimedOut", "ExecutionAborted"};
  for (int i = MSTEP_SUCCEEDED; i <= MSTEP_ABORTED; i++) {
    if (strcmp(type, ends[i]) == 0) {
      run->ended[i]++;
    }
  }
}

void ms_run_store_event(struct ms_cli_run *run, const mstep_event *event)
{
  /* Its first events come before the answer to StartExecution. */
  if (run->machine != NULL && run->execution.text[0] == '\0' &&
      strcmp(event->type, "ExecutionStarted") == 0) {
    snprintf(run->execution.text, sizeof run->execution.text, "%s", event->execution_arn);
  }
  bool is_main = strcmp(event->execution_arn, run->execution.text) == 0;
  count_end(run, event->type);
  ms_view_event_of(&run->view, is_main ? NULL : ms_arn_name(event->execution_arn), event);
}

/* ---- the end ---- */

struct counting {
  unsigned long long count;
};

static void count_item(mstep_str item, void *user)
{
  struct counting *counting = user;
  (void)item;
  counting->count++;
}

/* How many are open; at most 1,000 are counted. */
static unsigned long long count_open(struct ms_client *client)
{
  struct ms_text request = {0}, page = {0};
  struct counting counting = {0};
  ms_text_put(&request, "{\"maxResults\":1000,\"statusFilter\":\"RUNNING\"}");
  if (ms_client_call(client, "ListExecutions", &request) &&
      ms_text_member(&page, ms_text_str(&client->reply), "executions")) {
    ms_text_each(ms_text_str(&page), count_item, &counting);
  }
  ms_text_deinit(&request);
  ms_text_deinit(&page);
  return counting.count;
}

static void say_interrupted(struct ms_cli_run *run)
{
  unsigned long long open = count_open(&run->client);
  if (open == 0) {
    ms_cli_error("interrupted");
    return;
  }
  ms_cli_error("interrupted: %s%llu execution%s stay%s open in %s", open == 1000 ? "at least " : "",
               open, open == 1 ? "" : "s", open == 1 ? "s" : "", run->client.store);
  ms_cli_hint("\"mstep run --store %s\" goes on with %s.", run->client.store,
              open == 1 ? "it" : "them");
}

/* The result of the execution that was started, as it stands in the store. */
static bool read_result(struct ms_cli_run *run)
{
  struct ms_text request = {0}, status = {0};
  ms_text_put(&request, "{");
  ms_text_pair(&request, "executionArn", run->execution.text);
  ms_text_put(&request, "}");
  bool is_fine = ms_client_ask(&run->client, "DescribeExecution", &request);
  if (is_fine) {
    mstep_str reply = ms_text_str(&run->client.reply);
    struct ms_text *texts[] = {&run->result.output, &run->result.error, &run->result.cause};
    static const char *const names[] = {"output", "error", "cause"};
    for (size_t i = 0; i < 3; i++) {
      ms_text_member(texts[i], reply, names[i]);
    }
    ms_text_member(&status, reply, "status");
    run->result.status = status_of(ms_text_str(&status).data);
    run->result.is_set = true;
  }
  ms_text_deinit(&request);
  ms_text_deinit(&status);
  return is_fine;
}

static int print_main(struct ms_cli_run *run, bool is_json)
{
  bool has_events = run->args->options[MS_OPTION_TRACE] != NULL;
  bool is_printed =
      read_result(run) &&
      (is_json ? ms_run_result_json(run->client.engine, run->execution.text, has_events)
               : ms_run_result_text(&run->result));
  return is_printed ? ms_run_exit_code(run->result.status) : MS_EXIT_FAILED;
}

static int print_all(const struct ms_cli_run *run, bool is_json)
{
  const unsigned long long *ended = run->ended;
  unsigned long long bad = ended[MSTEP_FAILED] + ended[MSTEP_TIMED_OUT] + ended[MSTEP_ABORTED];
  if (is_json) {
    printf("{\"succeeded\":%llu,\"failed\":%llu,\"timedOut\":%llu,\"aborted\":%llu}\n",
           ended[MSTEP_SUCCEEDED], ended[MSTEP_FAILED], ended[MSTEP_TIMED_OUT],
           ended[MSTEP_ABORTED]);
  } else if (bad + ended[MSTEP_SUCCEEDED] == 0) {
    printf("no execution is open in %s\n", run->client.store);
  } else {
    printf("%llu succeeded, %llu failed\n", ended[MSTEP_SUCCEEDED], bad);
  }
  return bad == 0 ? MS_EXIT_OK : MS_EXIT_FAILED;
}

/* ---- the whole ---- */

static bool start(struct ms_cli_run *run)
{
  struct ms_text machine = {0}, arn = {0};
  bool is_fine = ms_deploy(&run->client, &machine, run->args, run->machine) &&
                 ms_deploy_start(&run->client, run->args, ms_text_str(&machine).data);
  if (is_fine) {
    ms_text_member(&arn, ms_text_str(&run->client.reply), "executionArn");
    snprintf(run->execution.text, sizeof run->execution.text, "%s", ms_text_str(&arn).data);
  }
  ms_text_deinit(&machine);
  ms_text_deinit(&arn);
  return is_fine;
}

int ms_run_store(struct ms_cli_run *run, bool is_json)
{
  mstep_engine *engine = run->client.engine;
  if (run->machine != NULL && !start(run)) {
    return MS_EXIT_USAGE;
  }
  ms_run_loop_begin(engine, &run->view);
  enum ms_loop_end end = ms_run_loop(engine, &run->view);
  ms_run_loop_end();
  ms_view_close(&run->view, mstep_engine_now_ms(engine));
  if (end == MS_LOOP_INTERRUPTED) {
    say_interrupted(run);
    return MS_EXIT_ABORTED;
  }
  if (end == MS_LOOP_FAILED) {
    return MS_EXIT_FAILED;
  }
  return run->machine != NULL ? print_main(run, is_json) : print_all(run, is_json);
}
