/* `mstep wait EXECUTION`: asks until it has ended; how it ended is the exit code. */
#include <string.h>
#include <time.h>

#include "cli/client.h"
#include "cli/table.h"

#define PAUSE_FIRST_MS 20
#define PAUSE_MAX_MS 1000

static int exit_of(const char *status)
{
  static const struct {
    const char *status;
    int exit;
  } rows[] = {{"SUCCEEDED", MS_EXIT_OK},
              {"FAILED", MS_EXIT_FAILED},
              {"TIMED_OUT", MS_EXIT_TIMED_OUT},
              {"ABORTED", MS_EXIT_ABORTED}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (strcmp(rows[i].status, status) == 0) {
      return rows[i].exit;
    }
  }
  return -1; /* not yet */
}

static void sleep_ms(long long ms)
{
  const struct timespec pause = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
  nanosleep(&pause, NULL);
}

static void print_end(struct ms_client *client, int exit, bool is_json)
{
  struct ms_text output = {0}, error = {0}, cause = {0};
  mstep_str reply = ms_text_str(&client->reply);
  if (is_json) {
    printf("%.*s\n", (int)reply.len, reply.data);
  } else if (exit == MS_EXIT_OK && ms_text_member(&output, reply, "output")) {
    printf("%s\n", ms_text_str(&output).data);
  } else if (exit != MS_EXIT_OK) {
    ms_text_member(&error, reply, "error");
    ms_text_member(&cause, reply, "cause");
    ms_cli_error("the execution did not succeed: %s%s%s", ms_text_str(&error).data,
                 cause.len > 0 ? ": " : "", ms_text_str(&cause).data);
  }
  ms_text_deinit(&output);
  ms_text_deinit(&error);
  ms_text_deinit(&cause);
}

/* One look. With a store the file is opened anew: another process writes it. */
static int look(const struct ms_cli_args *args, struct ms_text *arn, bool is_json)
{
  struct ms_client client;
  struct ms_text request = {0}, status = {0};
  if (!ms_client_start(&client, args, MS_CLIENT_READ)) {
    return MS_EXIT_USAGE;
  }
  int exit = MS_EXIT_USAGE;
  bool is_fine = arn->len > 0 || ms_client_execution(&client, arn, args->operands[0]);
  ms_text_put(&request, "{");
  ms_text_pair(&request, "executionArn", ms_text_str(arn).data);
  ms_text_put(&request, "}");
  if (is_fine && ms_client_ask(&client, "DescribeExecution", &request)) {
    ms_text_member(&status, ms_text_str(&client.reply), "status");
    exit = exit_of(ms_text_str(&status).data);
    if (exit >= 0) {
      print_end(&client, exit, is_json);
    }
  }
  ms_text_deinit(&request);
  ms_text_deinit(&status);
  ms_client_close(&client);
  return exit;
}

int ms_cmd_wait(const struct ms_cli_args *args)
{
  static const char *const forms[] = {"text", "json", NULL};
  const char *timeout = args->options[MS_OPTION_TIMEOUT];
  long long left_ms = timeout == NULL ? 0 : ms_cli_duration_parse(timeout);
  int form = ms_cli_choice(args, MS_OPTION_OUTPUT, forms);
  if (left_ms < 0) {
    ms_cli_error("--timeout must be a time like 30s, 5m or 12h, not \"%s\"", timeout);
  }
  if (form < 0 || left_ms < 0) {
    return MS_EXIT_USAGE;
  }
  struct ms_text arn = {0};
  long long pause_ms = PAUSE_FIRST_MS;
  int exit;
  while ((exit = look(args, &arn, form == 1)) < 0) {
    if (timeout != NULL && left_ms <= 0) {
      ms_cli_error("the execution is still RUNNING after %s", timeout);
      exit = MS_EXIT_USAGE;
      break;
    }
    if (timeout != NULL && pause_ms > left_ms) {
      pause_ms = left_ms;
    }
    sleep_ms(pause_ms);
    left_ms -= pause_ms;
    pause_ms = 2 * pause_ms < PAUSE_MAX_MS ? 2 * pause_ms : PAUSE_MAX_MS;
  }
  ms_text_deinit(&arn);
  return exit;
}
