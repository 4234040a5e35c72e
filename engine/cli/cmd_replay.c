/*
 * `mstep replay HISTORY --machine FILE`: would an execution with this history go the same way
 * today? The engine compares; here the first difference is shown.
 */
#include <string.h>

#include "cli/cli.h"
#include "cli/machine.h"
#include "cli/text.h"

#define VALUE_COLUMNS 400

struct replay {
  const struct ms_cli_args *args;
  const char *history; /* the file's name */
  const char *machine;
  mstep_engine *engine;
  struct ms_text definition, record;
  struct ms_text result;
  struct ms_problems problems;
};

static void take_result(mstep_str text, void *user)
{
  struct replay *replay = user;
  ms_text_add(&replay->result, text.data, text.len);
}

static void take_problem(const mstep_diagnostic *diagnostic, void *user)
{
  struct replay *replay = user;
  if (diagnostic->is_error) {
    ms_problems_add(diagnostic, &replay->problems);
  }
}

/* ---- for people ---- */

/* "#7<6 TaskStateExited {...}" */
static void print_event(const char *mark, mstep_str event)
{
  struct ms_text type = {0}, details = {0}, clipped = {0};
  if (ms_text_member(&type, event, "type")) {
    ms_text_details(&details, event);
    ms_text_clip(&clipped, ms_text_str(&details).data, VALUE_COLUMNS);
    printf("%s #%.0f<%.0f %s%s%s\n", mark, ms_text_number(event, "id", 0),
           ms_text_number(event, "previousEventId", 0), ms_text_str(&type).data,
           clipped.len > 0 ? " " : "", ms_text_str(&clipped).data);
  } else {
    printf("%s nothing\n", mark);
  }
  ms_text_deinit(&type);
  ms_text_deinit(&details);
  ms_text_deinit(&clipped);
}

static void print_context(mstep_str event, void *user)
{
  (void)user;
  print_event(" ", event);
}

static void print_difference(mstep_str result)
{
  struct ms_text context = {0}, expected = {0}, actual = {0}, where = {0};
  ms_text_member(&where, result, "location");
  printf("event %.0f would be another one%s%s:\n", ms_text_number(result, "eventId", 0),
         where.len > 0 ? ", at " : "", ms_text_str(&where).data);
  if (ms_text_member(&context, result, "context")) {
    ms_text_each(ms_text_str(&context), print_context, NULL);
  }
  ms_text_member(&expected, result, "expected");
  ms_text_member(&actual, result, "actual");
  print_event("-", ms_text_str(&expected));
  print_event("+", ms_text_str(&actual));
  ms_text_deinit(&context);
  ms_text_deinit(&expected);
  ms_text_deinit(&actual);
  ms_text_deinit(&where);
}

static void print_result(mstep_str result, bool is_different)
{
  struct ms_text reason = {0};
  if (is_different) {
    print_difference(result);
  } else if (ms_text_member(&reason, result, "reason")) {
    printf("the same for %.0f of %.0f events: %s\n", ms_text_number(result, "compared", 0),
           ms_text_number(result, "events", 0), ms_text_str(&reason).data);
  } else {
    printf("the same: %.0f events\n", ms_text_number(result, "events", 0));
  }
  ms_text_deinit(&reason);
}

/* ---- the work ---- */

static bool open_engine(struct replay *replay)
{
  struct ms_project project;
  mstep_options options;
  if (!ms_project_find(&project, replay->args, replay->machine)) {
    return false;
  }
  int code = mstep_options_init(&options, MSTEP_OPTIONS_VERSION);
  if (code == MSTEP_OK) {
    ms_project_apply(&options, &project);
    options.workers = 0;
    options.is_aws_compat = replay->args->options[MS_OPTION_AWS_COMPAT] != NULL;
    code = mstep_engine_open(&replay->engine, &options);
  }
  if (code != MSTEP_OK) {
    ms_cli_error_code(code, "could not start the engine");
  }
  return code == MSTEP_OK;
}

static bool read_history(struct replay *replay)
{
  if (strcmp(replay->history, "-") == 0 && strcmp(replay->machine, "-") == 0) {
    ms_cli_error("standard input cannot be both the machine and the history");
    return false;
  }
  int error = ms_text_read(&replay->record, replay->history);
  if (error != 0) {
    ms_cli_error("could not read the history \"%s\": %s", replay->history, strerror(error));
  }
  return error == 0;
}

static bool compare(struct replay *replay, const char *type)
{
  replay->problems = (struct ms_problems){.file = ms_machine_label(replay->machine), .to = stderr};
  const mstep_replay request = {.version = MSTEP_REPLAY_VERSION,
                                .definition = ms_text_str(&replay->definition),
                                .type = type,
                                .history = ms_text_str(&replay->record),
                                .execution_arn = replay->args->options[MS_OPTION_EXECUTION]};
  int code = mstep_history_replay(replay->engine, &request, take_problem, take_result, replay);
  if (code != MSTEP_OK && replay->problems.error_count == 0) {
    ms_cli_error_code(code, "could not replay \"%s\"", replay->history);
  }
  return code == MSTEP_OK && !replay->result.is_failed;
}

static int run_replay(struct replay *replay, const char *type, bool is_json)
{
  if (!open_engine(replay) || !read_history(replay) ||
      !ms_definition_read(&replay->definition, replay->engine, replay->machine) ||
      !compare(replay, type)) {
    return MS_EXIT_USAGE;
  }
  struct ms_text word = {0};
  mstep_str result = ms_text_str(&replay->result);
  ms_text_member(&word, result, "result");
  bool is_different = strcmp(ms_text_str(&word).data, "DIFFERENT") == 0;
  if (is_json) {
    printf("%s\n", result.data);
  } else {
    print_result(result, is_different);
  }
  ms_text_deinit(&word);
  return is_different ? MS_EXIT_FAILED : MS_EXIT_OK;
}

int ms_cmd_replay(const struct ms_cli_args *args)
{
  static const char *const forms[] = {"text", "json", NULL};
  static const char *const types[] = {"STANDARD", "EXPRESS", NULL};
  struct replay replay = {.args = args,
                          .history = args->operands[0],
                          .machine = args->options[MS_OPTION_REPLAY_MACHINE]};
  int form = ms_cli_choice(args, MS_OPTION_OUTPUT, forms);
  int type = ms_cli_choice(args, MS_OPTION_TYPE, types);
  if (form < 0 || type < 0) {
    return MS_EXIT_USAGE;
  }
  if (replay.machine == NULL) {
    ms_cli_error("\"mstep replay\" needs --machine FILE, the definition as it is now");
    return MS_EXIT_USAGE;
  }
  int code = run_replay(&replay, types[type], form == 1);
  mstep_engine_close(replay.engine);
  ms_text_deinit(&replay.definition);
  ms_text_deinit(&replay.record);
  ms_text_deinit(&replay.result);
  return code;
}
