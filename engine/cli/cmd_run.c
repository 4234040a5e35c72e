/*
 * `mstep run [MACHINE]`: opens an engine, creates the machine, starts one execution and drives it
 * to its end. With a store it also goes on with what an earlier process left: that is run_store.c.
 * What is shown meanwhile is view.h, what is printed at the end is run_result.c.
 */
#include <string.h>
#include <unistd.h>

#include "cli/answering.h"
#include "cli/deploy.h"
#include "cli/run.h"
#include "cli/run_loop.h"

#define WORKERS_MAX 64

static void on_event(mstep_engine *engine, const mstep_event *event, void *user)
{
  struct ms_cli_run *run = user;
  (void)engine;
  if (run->client.store != NULL) {
    ms_run_store_event(run, event);
  } else {
    ms_view_event(&run->view, event);
  }
}

static void on_log(int level, const char *module, mstep_str line, void *user)
{
  struct ms_cli_run *run = user;
  bool is_chatter = level >= 2 && strcmp(module, "lua") != 0;
  if (run->view.type == NULL && is_chatter) {
    return; /* quiet */
  }
  ms_view_log(&run->view, level, module, line);
}

static void on_done(mstep_engine *engine, const char *execution_arn, mstep_status status,
                    mstep_str output, mstep_str error, mstep_str cause, void *user)
{
  struct ms_cli_run *run = user;
  (void)execution_arn;
  ms_run_result_set(&run->result, status, output, error, cause);
  mstep_engine_stop(engine);
}

/* Reads what --workers, --seed, --virtual-time and --aws-compat say. */
static bool read_options(struct ms_cli_run *run)
{
  unsigned long long seed = 0, workers = 0;
  const struct ms_cli_args *args = run->args;
  bool is_virtual = args->options[MS_OPTION_VIRTUAL_TIME] != NULL;
  bool has_workers = args->options[MS_OPTION_WORKERS] != NULL;
  if (!ms_cli_number(&seed, args, MS_OPTION_SEED, 1, UINT64_MAX) ||
      !ms_cli_number(&workers, args, MS_OPTION_WORKERS, 0, WORKERS_MAX)) {
    return false;
  }
  if (is_virtual && workers > 0) {
    ms_cli_error("--virtual-time needs --workers 0: threads keep real time");
    return false;
  }
  if (is_virtual && run->client.store != NULL) {
    ms_cli_error("--virtual-time and a store do not go together: the times in a store are real");
    return false;
  }
  int code = mstep_options_init(&run->options, MSTEP_OPTIONS_VERSION);
  if (code != MSTEP_OK) {
    ms_cli_error_code(code, "could not set the options");
    return false;
  }
  ms_project_apply(&run->options, &run->project);
  run->options.seed = seed;
  run->options.is_virtual_time = is_virtual;
  run->options.is_aws_compat = args->options[MS_OPTION_AWS_COMPAT] != NULL;
  if (has_workers || is_virtual) {
    run->options.workers = (int)workers;
  }
  run->options.log = on_log;
  run->options.log_user = run;
  return ms_client_options(&run->options, args);
}

static bool open_engine(struct ms_cli_run *run)
{
  bool is_new_fine = run->machine != NULL && ms_is_machine_file(run->machine);
  if (!ms_client_open(&run->client, &run->options, MS_CLIENT_RUN, is_new_fine)) {
    return false;
  }
  int code = mstep_engine_watch(run->client.engine, on_event, run);
  if (code != MSTEP_OK) {
    ms_cli_error_code(code, "could not watch the execution");
  }
  return code == MSTEP_OK;
}

/* Reads and creates the machine. */
static bool create_machine(struct ms_cli_run *run, mstep_arn *out)
{
  static const char *const types[] = {"STANDARD", "EXPRESS", NULL};
  const char *given = run->args->options[MS_OPTION_MACHINE_NAME];
  char name[128];
  struct ms_text definition = {0};
  struct ms_problems problems = {.file = ms_machine_label(run->machine), .to = stderr};
  int type = ms_cli_choice(run->args, MS_OPTION_TYPE, types);
  ms_machine_name(name, sizeof name, run->machine);
  bool is_created = false;
  if (type >= 0 && ms_definition_read(&definition, run->client.engine, run->machine)) {
    int code = mstep_state_machine_create(out, run->client.engine, given != NULL ? given : name,
                                          ms_text_str(&definition), types[type], ms_problems_add,
                                          &problems);
    is_created = code == MSTEP_OK;
    if (!is_created && problems.error_count == 0) {
      ms_cli_error_code(code, "%s", problems.file);
    }
  }
  ms_text_deinit(&definition);
  return is_created;
}

static bool start(struct ms_cli_run *run, const char *machine_arn)
{
  struct ms_text input = {0};
  bool is_started = false;
  if (ms_cli_input(&input, run->args, run->machine)) {
    int code = mstep_execution_start(&run->execution, run->client.engine, machine_arn,
                                     run->args->options[MS_OPTION_NAME], ms_text_str(&input),
                                     on_done, run);
    is_started = code == MSTEP_OK;
    if (code == MSTEP_ESYNTAX) {
      ms_cli_error_code(code, "the input is not valid JSON");
      if (input.len > 0 && input.data[0] != '{' && access(input.data, R_OK) == 0) {
        ms_cli_hint("Did you mean --input @%s?", input.data);
      }
    } else if (!is_started) {
      ms_cli_error_code(code, "could not start the execution");
    }
  }
  ms_text_deinit(&input);
  return is_started;
}

/* Drives the execution to its end; Ctrl-C stops it as StopExecution would. */
static bool drive(struct ms_cli_run *run)
{
  bool is_interrupted = false;
  while (!run->result.is_set) {
    enum ms_loop_end end = ms_run_loop(run->client.engine, &run->view);
    if (end == MS_LOOP_FAILED) {
      return false;
    }
    if (end == MS_LOOP_INTERRUPTED) {
      is_interrupted = true;
      mstep_execution_stop(run->client.engine, run->execution.text, "Interrupted",
                           "The execution was interrupted from the command line.");
    } else if (!run->result.is_set && !is_interrupted) {
      ms_cli_error("the execution cannot go on: nothing is due and no task is being worked on");
      return false;
    }
  }
  return true;
}

/* From the open engine to the printed result. */
static int run_machine(struct ms_cli_run *run, bool is_json)
{
  mstep_arn machine;
  mstep_engine *engine = run->client.engine;
  if (!create_machine(run, &machine) || !start(run, machine.text)) {
    return MS_EXIT_USAGE;
  }
  ms_run_loop_begin(engine, &run->view);
  bool is_driven = drive(run);
  ms_run_loop_end();
  ms_view_close(&run->view, mstep_engine_now_ms(engine));
  if (!is_driven) {
    return MS_EXIT_FAILED;
  }
  bool is_printed;
  if (is_json) {
    bool has_events = run->args->options[MS_OPTION_TRACE] != NULL;
    is_printed = ms_run_result_json(engine, run->execution.text, has_events);
  } else {
    is_printed = ms_run_result_text(&run->result);
  }
  return is_printed ? ms_run_exit_code(run->result.status) : MS_EXIT_FAILED;
}

/*
 * What is to be run, and where its folders are: without a definition's file in the current folder.
 */
static bool find_work(struct ms_cli_run *run)
{
  const struct ms_cli_args *args = run->args;
  run->machine = args->operand_count > 0 ? args->operands[0] : NULL;
  if (!ms_client_find(&run->client, args, false)) {
    return false;
  }
  if (args->options[MS_OPTION_VIRTUAL_TIME] != NULL && args->options[MS_OPTION_STORE] == NULL) {
    run->client.store = NULL; /* the environment's store is for real time */
  }
  if (run->machine == NULL && run->client.store == NULL) {
    ms_cli_error("\"mstep run\" needs MACHINE, or --store FILE to go on with what is open there");
    ms_cli_hint("\"mstep help run\" explains it.");
    return false;
  }
  bool is_file =
      run->machine != NULL && (run->client.store == NULL || ms_is_machine_file(run->machine));
  return ms_project_find(&run->project, args, is_file ? run->machine : "./") && read_options(run);
}

int ms_cmd_run(const struct ms_cli_args *args)
{
  static const char *const forms[] = {"text", "json", NULL};
  struct ms_cli_run run = {.args = args};
  int form = ms_cli_choice(args, MS_OPTION_OUTPUT, forms);
  int code = MS_EXIT_USAGE;
  if (form < 0 || !find_work(&run)) {
    return code;
  }
  bool is_quiet = form == 1 || args->options[MS_OPTION_QUIET] != NULL;
  ms_view_open(&run.view, is_quiet, args->options[MS_OPTION_TRACE] != NULL, run.machine == NULL);
  if (open_engine(&run) && ms_client_answering(&run.client, run.args, NULL)) {
    code = run.client.store != NULL ? ms_run_store(&run, form == 1) : run_machine(&run, form == 1);
  }
  ms_client_close(&run.client);
  ms_run_result_deinit(&run.result);
  return code;
}
