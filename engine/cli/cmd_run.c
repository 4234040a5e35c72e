/*
 * `mstep run MACHINE`: opens an engine, creates the machine, starts one execution and drives it to its
 * end. What is shown meanwhile is view.h, what is printed at the end is run_result.c.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/machine.h"
#include "cli/run_result.h"
#include "cli/text.h"
#include "cli/view.h"

#define DRAW_EVERY_MS 100
#define WORKERS_MAX 64

struct run {
  const struct ms_cli_args *args;
  struct ms_project project;
  mstep_options options;
  mstep_engine *engine;
  struct ms_view view;
  mstep_arn execution;
  struct ms_run_result result;
};

/*
 * Signals reach only a handler without arguments, so this is the program's one piece of shared state:
 * the engine to stop, and what has been asked for since.
 */
static mstep_engine *volatile signal_engine;
static volatile sig_atomic_t is_interrupted, is_draw_due;

static void on_interrupt(int number)
{
  (void)number;
  if (is_interrupted) {
    /* The second time: the engine does not come back, perhaps because a handler holds the loop. */
    _exit(MS_EXIT_ABORTED);
  }
  is_interrupted = 1;
  if (signal_engine != NULL) {
    mstep_engine_stop(signal_engine);
  }
}

/* The public engine has no timers for its host; leaving the loop ten times a second does as well. */
static void on_tick(int number)
{
  (void)number;
  is_draw_due = 1;
  if (signal_engine != NULL) {
    mstep_engine_stop(signal_engine);
  }
}

static void set_ticking(bool is_on)
{
  struct itimerval every = {{0, 0}, {0, 0}};
  if (is_on) {
    every.it_interval.tv_usec = every.it_value.tv_usec = DRAW_EVERY_MS * 1000;
  }
  setitimer(ITIMER_REAL, &every, NULL);
}

static void catch_signals(struct run *run)
{
  struct sigaction action = {.sa_flags = SA_RESTART};
  sigemptyset(&action.sa_mask);
  signal_engine = run->engine;
  action.sa_handler = on_interrupt;
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  if (run->view.type != NULL && run->view.type->is_live) {
    action.sa_handler = on_tick;
    sigaction(SIGALRM, &action, NULL);
    set_ticking(true);
  }
}

static void release_signals(void)
{
  set_ticking(false);
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  signal_engine = NULL;
}

static void on_event(mstep_engine *engine, const mstep_event *event, void *user)
{
  struct run *run = user;
  (void)engine;
  ms_view_event(&run->view, event);
}

static void on_log(int level, const char *module, mstep_str line, void *user)
{
  struct run *run = user;
  ms_view_log(&run->view, level, module, line);
}

static void on_done(mstep_engine *engine, const char *execution_arn, mstep_status status,
                    mstep_str output, mstep_str error, mstep_str cause, void *user)
{
  struct run *run = user;
  (void)execution_arn;
  ms_run_result_set(&run->result, status, output, error, cause);
  mstep_engine_stop(engine);
}

/* Reads what --workers, --seed and --virtual-time say. */
static bool read_options(struct run *run)
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
  int code = mstep_options_init(&run->options, MSTEP_OPTIONS_VERSION);
  if (code != MSTEP_OK) {
    ms_cli_error_code(code, "could not set the options");
    return false;
  }
  ms_project_apply(&run->options, &run->project);
  run->options.seed = seed;
  run->options.is_virtual_time = is_virtual;
  if (has_workers || is_virtual) {
    run->options.workers = (int)workers;
  }
  run->options.log = on_log;
  run->options.log_user = run;
  return true;
}

static bool open_engine(struct run *run)
{
  int code = mstep_engine_open(&run->engine, &run->options);
  if (code != MSTEP_OK) {
    ms_cli_error_code(code, "could not start the engine");
    return false;
  }
  code = mstep_engine_watch(run->engine, on_event, run);
  if (code != MSTEP_OK) {
    ms_cli_error_code(code, "could not watch the execution");
  }
  return code == MSTEP_OK;
}

/* --mocks FILE[#CASE] */
static bool load_mocks(struct run *run)
{
  const char *given = run->args->options[MS_OPTION_MOCKS];
  char path[MS_CLI_PATH_MAX];
  if (given == NULL) {
    return true;
  }
  const char *hash = strrchr(given, '#');
  size_t len = hash != NULL ? (size_t)(hash - given) : strlen(given);
  struct ms_text text = {0};
  snprintf(path, sizeof path, "%.*s", (int)(len < sizeof path ? len : sizeof path - 1), given);
  int error = ms_text_read(&text, path);
  if (error != 0) {
    ms_cli_error("could not read the mocks \"%s\": %s", path, strerror(error));
    ms_text_deinit(&text);
    return false;
  }
  int code = mstep_mocks_load(run->engine, ms_text_str(&text), hash != NULL ? hash + 1 : NULL);
  ms_text_deinit(&text);
  if (code != MSTEP_OK) {
    ms_cli_error_code(code, "could not use the mocks \"%s\"", path);
  }
  return code == MSTEP_OK;
}

/* Reads and creates the machine. */
static bool create_machine(struct run *run, mstep_arn *out)
{
  const char *path = run->args->operands[0];
  char name[128];
  struct ms_text definition = {0};
  struct ms_problems problems = {.file = ms_machine_label(path), .to = stderr};
  ms_machine_name(name, sizeof name, path);
  bool is_created = false;
  if (ms_definition_read(&definition, run->engine, path)) {
    int code = mstep_state_machine_create(out, run->engine, name, ms_text_str(&definition), NULL,
                                          ms_problems_add, &problems);
    is_created = code == MSTEP_OK;
    if (!is_created && problems.error_count == 0) {
      ms_cli_error_code(code, "%s", problems.file);
    }
  }
  ms_text_deinit(&definition);
  return is_created;
}

/* --input JSON|@FILE|- */
static bool read_input(struct run *run, struct ms_text *out)
{
  const char *given = run->args->options[MS_OPTION_INPUT];
  if (given == NULL) {
    ms_text_put(out, "{}");
    return true;
  }
  bool is_file = given[0] == '@' || strcmp(given, "-") == 0;
  if (!is_file) {
    ms_text_put(out, given);
    return true;
  }
  const char *path = given[0] == '@' ? given + 1 : given;
  if (strcmp(path, "-") == 0 && strcmp(run->args->operands[0], "-") == 0) {
    ms_cli_error("standard input cannot be both the machine and its input");
    return false;
  }
  int error = ms_text_read(out, path);
  if (error != 0) {
    ms_cli_error("could not read the input \"%s\": %s", path, strerror(error));
  }
  return error == 0;
}

static bool start(struct run *run, const char *machine_arn)
{
  struct ms_text input = {0};
  bool is_started = false;
  if (read_input(run, &input)) {
    int code = mstep_execution_start(&run->execution, run->engine, machine_arn,
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
static bool drive(struct run *run)
{
  bool is_stopped = false;
  while (!run->result.is_set) {
    int code = mstep_engine_run(run->engine);
    if (is_interrupted && !is_stopped && !run->result.is_set) {
      is_stopped = true;
      code = mstep_execution_stop(run->engine, run->execution.text, "Interrupted",
                                  "The execution was interrupted from the command line.");
    } else if (is_draw_due) {
      is_draw_due = 0;
      ms_view_draw(&run->view, mstep_engine_now_ms(run->engine));
    } else if (code == MSTEP_OK && !run->result.is_set && !is_interrupted) {
      ms_cli_error("the execution cannot go on: nothing is due and no task is being worked on");
      return false;
    }
    if (code != MSTEP_OK) {
      ms_cli_error_code(code, "could not run the execution");
      return false;
    }
  }
  return true;
}

static int exit_code_of(mstep_status status)
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

/* From the open engine to the printed result. */
static int run_machine(struct run *run, bool is_json)
{
  mstep_arn machine;
  if (!load_mocks(run) || !create_machine(run, &machine) || !start(run, machine.text)) {
    return MS_EXIT_USAGE;
  }
  catch_signals(run);
  bool is_driven = drive(run);
  release_signals();
  ms_view_close(&run->view, mstep_engine_now_ms(run->engine));
  if (!is_driven) {
    return MS_EXIT_FAILED;
  }
  bool is_printed;
  if (is_json) {
    bool has_events = run->args->options[MS_OPTION_TRACE] != NULL;
    is_printed = ms_run_result_json(run->engine, run->execution.text, has_events);
  } else {
    is_printed = ms_run_result_text(&run->result);
  }
  return is_printed ? exit_code_of(run->result.status) : MS_EXIT_FAILED;
}

int ms_cmd_run(const struct ms_cli_args *args)
{
  static const char *const forms[] = {"text", "json", NULL};
  struct run run = {.args = args};
  int form = ms_cli_choice(args, MS_OPTION_OUTPUT, forms);
  int code = MS_EXIT_USAGE;
  if (form < 0 || !ms_project_find(&run.project, args, args->operands[0]) || !read_options(&run)) {
    return code;
  }
  bool is_quiet = form == 1 || args->options[MS_OPTION_QUIET] != NULL;
  ms_view_open(&run.view, is_quiet, args->options[MS_OPTION_TRACE] != NULL);
  if (open_engine(&run)) {
    code = run_machine(&run, form == 1);
  }
  mstep_engine_close(run.engine);
  ms_run_result_deinit(&run.result);
  return code;
}
