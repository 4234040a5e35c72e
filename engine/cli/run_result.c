/*
 * The result of `mstep run`. Text: the output on standard output, laid out for a person on a terminal and
 * as it is in a pipe; a failure on standard error. JSON: the answers of DescribeExecution and
 * GetExecutionHistory joined into one object.
 */
#include "cli/run_result.h"

#include <string.h>

void ms_run_result_set(struct ms_run_result *result, mstep_status status, mstep_str output,
                       mstep_str error, mstep_str cause)
{
  result->is_set = true;
  result->status = status;
  ms_text_add(&result->output, output.data, output.data != NULL ? output.len : 0);
  ms_text_add(&result->error, error.data, error.data != NULL ? error.len : 0);
  ms_text_add(&result->cause, cause.data, cause.data != NULL ? cause.len : 0);
}

void ms_run_result_deinit(struct ms_run_result *result)
{
  ms_text_deinit(&result->output);
  ms_text_deinit(&result->error);
  ms_text_deinit(&result->cause);
}

static bool print_output(const struct ms_run_result *result)
{
  struct ms_text text = {0};
  mstep_str output = ms_text_str(&result->output);
  if (result->output.is_failed) {
    ms_cli_error("could not print the output: out of memory");
    return false;
  }
  if (ms_cli_is_terminal(stdout)) {
    ms_text_indent(&text, output);
  } else {
    ms_text_add(&text, output.data, output.len);
  }
  ms_text_put(&text, "\n");
  bool is_printed = !text.is_failed && fwrite(text.data, 1, text.len, stdout) == text.len;
  ms_text_deinit(&text);
  return is_printed;
}

static void print_frame(const char *string, void *user)
{
  (void)user;
  fprintf(stderr, "    at %s\n", string);
}

/* A handler's cause is Lambda's error object: shown as message and stack. Any other is shown as it is. */
static void print_cause(const struct ms_run_result *result)
{
  mstep_str cause = ms_text_str(&result->cause);
  struct ms_text message = {0}, trace = {0};
  if (ms_text_member(&message, cause, "errorMessage")) {
    fprintf(stderr, "  %s\n", ms_text_str(&message).data);
    if (ms_text_member(&trace, cause, "stackTrace")) {
      ms_text_each_string(ms_text_str(&trace), print_frame, NULL);
    }
  } else if (cause.len > 0) {
    fprintf(stderr, "  %s\n", cause.data);
  }
  ms_text_deinit(&message);
  ms_text_deinit(&trace);
}

bool ms_run_result_text(const struct ms_run_result *result)
{
  const char *error = ms_text_str(&result->error).data;
  switch (result->status) {
  case MSTEP_SUCCEEDED:
    return print_output(result);
  case MSTEP_TIMED_OUT:
    ms_cli_error("the execution timed out");
    return true;
  case MSTEP_ABORTED:
    ms_cli_error("the execution was aborted%s%s", error[0] != '\0' ? ": " : "", error);
    return true;
  default:
    ms_cli_error("the execution failed%s%s", error[0] != '\0' ? ": " : "", error);
    print_cause(result);
    /* AWS's words do not say where a function is looked for here. */
    if (strcmp(error, "Lambda.ResourceNotFoundException") == 0) {
      ms_cli_hint("A function NAME is the file NAME.lua in functions/ beside the machine, or in "
                  "--functions DIR.");
    }
    return true;
  }
}

bool ms_run_result_json(mstep_engine *engine, const char *execution_arn, bool has_events)
{
  struct ms_text object = {0}, events = {0};
  int code = mstep_execution_describe(engine, execution_arn, ms_text_sink, &object);
  if (code == MSTEP_OK && has_events) {
    code = mstep_execution_history(engine, execution_arn, ms_text_sink, &events);
    ms_text_merge(&object, ms_text_str(&events));
  }
  ms_text_put(&object, "\n");
  bool is_whole = code == MSTEP_OK && !object.is_failed && !events.is_failed;
  if (is_whole) {
    is_whole = fwrite(object.data, 1, object.len, stdout) == object.len;
  } else {
    ms_cli_error_code(code, "could not describe the execution");
  }
  ms_text_deinit(&object);
  ms_text_deinit(&events);
  return is_whole;
}

int ms_run_exit_code(mstep_status status)
{
  switch (status) {
  case MSTEP_SUCCEEDED:
    return MS_EXIT_OK;
  case MSTEP_TIMED_OUT:
    return MS_EXIT_TIMED_OUT;
  case MSTEP_ABORTED:
    return MS_EXIT_ABORTED;
  default:
    return MS_EXIT_FAILED;
  }
}
