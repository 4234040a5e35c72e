/* How an execution ended, and printing it: see run_result.c. */
#ifndef MS_CLI_RUN_RESULT_H
#define MS_CLI_RUN_RESULT_H

#include "cli/cli.h"
#include "cli/text.h"

struct ms_run_result {
  bool is_set;
  mstep_status status;
  struct ms_text output, error, cause; /* output is JSON text */
};

void ms_run_result_set(struct ms_run_result *result, mstep_status status, mstep_str output,
                       mstep_str error, mstep_str cause);
void ms_run_result_deinit(struct ms_run_result *result);
/* The output on standard output, or what went wrong on standard error. */
bool ms_run_result_text(const struct ms_run_result *result);
/* DescribeExecution's answer, with `events` of GetExecutionHistory when asked for, as one line. */
bool ms_run_result_json(mstep_engine *engine, const char *execution_arn, bool has_events);
/* What the program ends with after an execution that ended so. */
int ms_run_exit_code(mstep_status status);

#endif
