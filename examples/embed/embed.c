/*
 * The smallest program with an engine inside: a state machine whose task is a function of this program.
 *
 *   cc embed.c $(pkg-config --cflags --libs mstep) -o embed && ./embed
 *
 * An engine has one thread, the one that opened it: callbacks run there, inside mstep_engine_run. A task
 * may be answered later and from any thread; here it is answered at once.
 */
#include <stdio.h>
#include <string.h>

#include <mstep/mstep.h>

static const char definition[] =
    "{"
    "  \"StartAt\": \"Greet\","
    "  \"States\": {"
    "    \"Greet\": {"
    "      \"Type\": \"Task\","
    "      \"Resource\": \"arn:aws:lambda:us-east-1:000000000000:function:greet\","
    "      \"Retry\": [{\"ErrorEquals\": [\"Shy\"], \"IntervalSeconds\": 1}],"
    "      \"End\": true"
    "    }"
    "  }"
    "}";

static mstep_str text(const char *string)
{
  mstep_str s = {string, strlen(string)};
  return s;
}

/* The task: input and answer are JSON text; the token says which task is answered. */
static void greet(mstep_engine *engine, const char *token, const char *resource, mstep_str input,
                  void *user)
{
  int *calls = user;
  (void)resource;
  printf("task:   %.*s\n", (int)input.len, input.data);
  if (++*calls == 1) {
    mstep_task_send_failure(engine, token, "Shy", "not yet");
  } else {
    mstep_task_send_success(engine, token, text("\"hello, moon\""));
  }
}

static void done(mstep_engine *engine, const char *execution_arn, mstep_status status,
                 mstep_str output, mstep_str error, mstep_str cause, void *user)
{
  int *exit_code = user;
  (void)engine;
  (void)execution_arn;
  (void)cause;
  if (status == MSTEP_SUCCEEDED) {
    printf("output: %.*s\n", (int)output.len, output.data);
    *exit_code = 0;
  } else {
    printf("failed: %.*s\n", (int)error.len, error.data != NULL ? error.data : "");
  }
}

int main(void)
{
  mstep_engine *engine = NULL;
  mstep_options options;
  mstep_arn machine, execution;
  int calls = 0, exit_code = 1;

  mstep_options_init(&options, MSTEP_OPTIONS_VERSION);
  options.workers = 0; /* no Lua handlers, so no threads for them */
  options.is_virtual_time =
      1; /* the second before the retry takes no time; leave out for real time */

  if (mstep_engine_open(&engine, &options) != MSTEP_OK ||
      mstep_task_register(engine, "arn:aws:lambda:*:function:greet", greet, &calls) != MSTEP_OK ||
      mstep_state_machine_create(&machine, engine, "hello", text(definition), NULL, NULL, NULL) !=
          MSTEP_OK ||
      mstep_execution_start(&execution, engine, machine.text, NULL, text("{\"name\": \"moon\"}"),
                            done, &exit_code) != MSTEP_OK ||
      mstep_engine_run(engine) != MSTEP_OK) {
    fprintf(stderr, "error: %s\n", mstep_last_error());
  }
  mstep_engine_close(engine);
  return exit_code;
}
