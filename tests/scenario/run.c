/*
 * Runs scenario files: texts that a user could write, on the pure core and a virtual clock. The runner
 * writes the file again from its directives and compares: lines that begin with `>` (history) and `!` (effects), and the
 * `end` line, are what the engine says; all others are the scenario. tests/scenario/README.md has the
 * grammar. `run --accept FILE...` puts the engine's lines into the file: read the difference before you
 * commit it.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asl/state_type.h"
#include "base/error.h"
#include "drive.h"
#include "mt.h"

struct scenario {
  const char *file;
  struct drive drive;
  bool is_open;
  struct drive_options options;
  struct ms_core_limits limits;
  struct ms_json rules; /* answers of Lua choice rules by name */
  struct ms_buf definition;
  struct ms_buf out;
  int line;
};

static void die(const struct scenario *s, const char *why, const char *what)
{
  fprintf(stderr, "%s:%d: %s: %s\n", s->file, s->line, why, what);
  exit(1);
}

static struct ms_json parse(const struct scenario *s, const char *text)
{
  struct ms_json value;
  if (ms_json_parse(&value, ms_str_c(text), NULL, NULL) != 0)
    die(s, ms_error_detail(), text);
  return value;
}

static int answer_rule(bool *out, void *user, struct ms_str name, struct ms_json input,
                       struct ms_json context, struct ms_failure *failure)
{
  const struct scenario *s = user;
  struct ms_json answer = ms_json_get(s->rules, name);
  (void)input;
  (void)context;
  if (!ms_json_is_bool(answer))
    return ms_fail(failure, "States.Runtime", "The rule '%.*s' failed", MS_STR_ARG(name));
  *out = ms_json_is_true(answer);
  return 0;
}

static void open_machine(struct scenario *s)
{
  if (s->is_open)
    return;
  struct ms_buf problems;
  ms_buf_init(&problems, 1 << 20);
  if (drive_open(&s->drive, ms_buf_view(&s->definition), &s->options, &problems) != 0)
    die(s, "the machine does not compile", problems.len == 0 ? "" : problems.data);
  ms_buf_deinit(&problems);
  s->drive.limits = s->limits;
  s->drive.env.rule = answer_rule;
  s->drive.env.user = s;
  s->is_open = true;
}

/* ---- what the engine says ---- */

static void put_time(struct ms_buf *out, const struct scenario *s, int64_t at_ms)
{
  int64_t ms = at_ms - 1704067200000;
  ms_buf_printf(out, "%lld", (long long)(ms / 1000));
  if (ms % 1000 != 0)
    ms_buf_printf(out, ".%03d", (int)(ms % 1000));
  ms_buf_char(out, 's');
  (void)s;
}

static void put_value(struct ms_buf *out, struct ms_json value)
{
  if (ms_json_is_none(value))
    return;
  ms_buf_char(out, ' ');
  ms_json_print(out, value);
}

static void put_event(struct scenario *s, const struct ms_event *event)
{
  const struct ms_machine *machine = s->drive.machine;
  char type[64];
  ms_event_type_text(type, sizeof(type), event, machine);
  ms_buf_cstr(&s->out, "         > ");
  if (event->id != 0)
    ms_buf_printf(&s->out, "%u<%u ", event->id, event->previous);
  ms_buf_cstr(&s->out, type);
  if (event->state != MS_STATE_NONE)
    ms_buf_printf(&s->out, " %.*s", MS_STR_ARG(machine->states[event->state]->name));
  if (event->type == MS_EVENT_EXECUTION_REDRIVEN || event->type == MS_EVENT_MAP_RUN_REDRIVEN)
    ms_buf_printf(&s->out, " %u", event->number);
  if (event->type >= MS_EVENT_MAP_ITERATION_STARTED && event->type <= MS_EVENT_MAP_ITERATION_ABORTED)
    ms_buf_printf(&s->out, "[%u]", event->number);
  bool is_noise = event->type == MS_EVENT_STATE_ENTERED || event->type == MS_EVENT_PARALLEL_STARTED ||
                  event->type == MS_EVENT_MAP_STARTED || event->type == MS_EVENT_MAP_RUN_STARTED ||
                  event->type == MS_EVENT_MAP_RUN_REDRIVEN;
  if (!is_noise)
    put_value(&s->out, event->data);
  bool is_shown = event->type == MS_EVENT_STATE_EXITED || event->type == MS_EVENT_TASK_FAILED ||
                  event->type == MS_EVENT_LAMBDA_FAILED || event->type == MS_EVENT_EVALUATION_FAILED ||
                  (event->type > MS_EVENT_EXECUTION_SUCCEEDED &&
                   event->type <= MS_EVENT_EXECUTION_TIMED_OUT);
  if (is_shown)
    put_value(&s->out, event->more);
  ms_buf_char(&s->out, '\n');
}

static struct ms_str frame_name(const struct scenario *s, uint32_t id)
{
  if (id == MS_FRAME_NONE)
    return MS_STR("execution");
  const struct ms_frame *frame = ms_execution_frame(s->drive.execution, id);
  return frame == NULL ? MS_STR("-") : frame->state->name;
}

static void put_effect(struct scenario *s, const struct ms_effect *effect)
{
  struct ms_str name = frame_name(s, effect->frame);
  ms_buf_cstr(&s->out, "         ! ");
  switch (effect->type) {
  case MS_EFFECT_SCHEDULE_TASK:
    ms_buf_printf(&s->out, "task %.*s", MS_STR_ARG(s->drive.machine->states[effect->state]->name));
    put_value(&s->out, effect->parameters);
    break;
  case MS_EFFECT_CANCEL_TASK:
    ms_buf_printf(&s->out, "cancel #%u", effect->task);
    break;
  case MS_EFFECT_SET_TIMER:
    ms_buf_printf(&s->out, "timer %.*s ", MS_STR_ARG(name));
    put_time(&s->out, s, effect->due_at_ms);
    break;
  case MS_EFFECT_CLEAR_TIMER:
    ms_buf_cstr(&s->out, "clear timer");
    break;
  case MS_EFFECT_CLOSED:
    ms_buf_cstr(&s->out, "closed");
    break;
  }
  ms_buf_char(&s->out, '\n');
}

static void put_end(struct scenario *s)
{
  const struct ms_execution *execution = s->drive.execution;
  ms_buf_printf(&s->out, "end      %s", ms_execution_status_text(execution->status));
  put_value(&s->out, execution->output);
  put_value(&s->out, execution->error);
  put_value(&s->out, execution->cause);
  ms_buf_char(&s->out, '\n');
}

/* ---- directives ---- */

/* Cuts the next word off *text. */
static char *word(char **text)
{
  char *start = *text + strspn(*text, " ");
  char *end = start + strcspn(start, " ");
  *text = *end == '\0' ? end : end + 1;
  *end = '\0';
  return start;
}

/* "Name" or "Name#2": the outstanding task of that state, the n-th of several. */
static struct drive_task *find_task(struct scenario *s, char *name)
{
  char *hash = strchr(name, '#');
  int nth = hash == NULL ? 1 : (int)strtol(hash + 1, NULL, 10);
  if (hash != NULL)
    *hash = '\0';
  for (size_t i = 0; i < s->drive.task_count; i++) {
    struct drive_task *task = &s->drive.tasks[i];
    if (ms_str_is(s->drive.machine->states[task->state]->name, name) && --nth == 0)
      return task;
  }
  die(s, "no such task is outstanding", name);
  return NULL;
}

static void set_clock(struct scenario *s, const char *text)
{
  char *end;
  double seconds = strtod(text, &end);
  if (end == text)
    die(s, "not a time", text);
  int64_t at_ms = 1704067200000 + (int64_t)(seconds * 1000 + 0.5);
  const struct drive_timer *timer = drive_next_timer(&s->drive);
  if (timer != NULL && timer->due_at_ms < at_ms)
    die(s, "a timer is due before", text);
  s->drive.env.now_ms = at_ms;
}

static void do_task(struct scenario *s, const char *verb, char *rest)
{
  struct drive_task *task = find_task(s, word(&rest));
  struct ms_command command = {.frame = task->frame, .task = task->task};
  if (strcmp(verb, "fail") == 0) {
    command.type = MS_COMMAND_TASK_FAILED;
    char *error = word(&rest);
    command.error = strcmp(error, "null") == 0 ? MS_JSON_VALUE_NULL : ms_json_cstring(error);
    if (*rest != '\0')
      command.cause = parse(s, rest);
  } else {
    command.type = strcmp(verb, "succeed") == 0     ? MS_COMMAND_TASK_SUCCEEDED
                   : strcmp(verb, "submitted") == 0 ? MS_COMMAND_TASK_SUBMITTED
                   : strcmp(verb, "started") == 0   ? MS_COMMAND_TASK_STARTED
                                                    : MS_COMMAND_TASK_HEARTBEAT;
    if (*rest != '\0')
      command.data = parse(s, rest);
  }
  if (drive_command(&s->drive, &command) != 0)
    die(s, "engine error", ms_error_detail());
  ms_json_unref(command.data);
  ms_json_unref(command.error);
  ms_json_unref(command.cause);
}

/* An answer with a task serial of the past, to the machine's own thread: nothing may come of it. */
static void do_late(struct scenario *s, char *rest)
{
  struct ms_command command = {.type = MS_COMMAND_TASK_SUCCEEDED,
                               .task = (uint32_t)strtoul(rest, NULL, 10),
                               .data = MS_JSON_VALUE_NULL};
  if (drive_command(&s->drive, &command) != 0)
    die(s, "engine error", ms_error_detail());
}

static void do_stop(struct scenario *s, char *rest)
{
  char *error = word(&rest);
  struct ms_command command = {.type = MS_COMMAND_STOP};
  if (*error != '\0')
    command.error = ms_json_cstring(error);
  if (*rest != '\0')
    command.cause = parse(s, rest);
  if (drive_command(&s->drive, &command) != 0)
    die(s, "engine error", ms_error_detail());
  ms_json_unref(command.error);
  ms_json_unref(command.cause);
}

/* A refusal is what the engine says, too. */
static void do_redrive(struct scenario *s)
{
  struct ms_command command = {.type = MS_COMMAND_REDRIVE};
  int status = drive_command(&s->drive, &command);
  if (status == MSTEP_ESTATE)
    ms_buf_printf(&s->out, "         ! refused: %s\n", ms_error_detail());
  else if (status != 0)
    die(s, "engine error", ms_error_detail());
}

static void do_step(struct scenario *s, char *line)
{
  char *rest = line + 1;
  char *time = word(&rest);
  rest += strspn(rest, " ");
  char *verb = word(&rest);
  rest += strspn(rest, " ");
  open_machine(s);
  size_t before = s->drive.history.count;
  set_clock(s, time);
  if (strcmp(verb, "start") == 0) {
    struct ms_json input = *rest == '\0' ? ms_json_object(0) : parse(s, rest);
    if (drive_start(&s->drive, input) != 0)
      die(s, "engine error", ms_error_detail());
    ms_json_unref(input);
  } else if (strcmp(verb, "timer") == 0) {
    if (drive_fire(&s->drive) != 0)
      die(s, "no timer is set", "timer");
  } else if (strcmp(verb, "late") == 0) {
    do_late(s, rest);
  } else if (strcmp(verb, "redrive") == 0) {
    do_redrive(s);
  } else if (strcmp(verb, "stop") == 0) {
    do_stop(s, rest);
  } else if (strstr(" succeed fail submitted started heartbeat ", mt_format(" %s ", verb)) != NULL) {
    do_task(s, verb, rest);
  } else {
    die(s, "not a verb", verb);
  }
  for (size_t i = before; i < s->drive.history.count; i++)
    put_event(s, &s->drive.history.items[i]);
  for (size_t i = 0; i < s->drive.effects.count; i++)
    put_effect(s, &s->drive.effects.items[i]);
  if (!drive_check(&s->drive))
    die(s, "effects and pending disagree", s->drive.problem.data);
}

static bool do_limit(struct scenario *s, const char *verb, const char *text)
{
  struct ms_core_limits *limits = &s->limits;
  const struct {
    const char *verb;
    uint32_t *number;
    size_t *bytes;
  } rows[] = {{"payload-limit", NULL, &limits->payload_bytes},
              {"variables-limit", NULL, &limits->variables_bytes},
              {"history-limit", &limits->history_events, NULL},
              {"standard-limit", &limits->execution_seconds_standard, NULL},
              {"express-limit", &limits->execution_seconds_express, NULL},
              {"redrive-limit", &limits->redrive_seconds, NULL},
              {"map-run-redrives", &limits->map_run_redrives, NULL}};
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    if (strcmp(verb, rows[i].verb) != 0)
      continue;
    if (rows[i].bytes != NULL)
      *rows[i].bytes = strtoull(text, NULL, 10);
    else
      *rows[i].number = (uint32_t)strtoul(text, NULL, 10);
    s->drive.limits = s->limits; /* also in the middle of a run */
    return true;
  }
  return false;
}

static void do_line(struct scenario *s, char *line)
{
  char *rest = line;
  if (*line == '@') {
    do_step(s, line);
    return;
  }
  char *verb = word(&rest);
  if (strcmp(verb, "seed") == 0)
    s->options.seed = strtoull(rest, NULL, 10);
  else if (strcmp(verb, "express") == 0)
    s->options.is_express = true;
  else if (do_limit(s, verb, rest))
    return;
  else if (strcmp(verb, "rule") == 0) {
    char *name = word(&rest);
    ms_json_setc(&s->rules, name, parse(s, rest));
  } else if (*verb != '\0' && *verb != '#')
    die(s, "not a directive", verb);
}

static bool is_generated(const char *line)
{
  line += strspn(line, " ");
  return *line == '>' || *line == '!' || strncmp(line, "end", 3) == 0;
}

/* The whole file again, with the engine's lines in their places. */
static void render(struct scenario *s, const char *text)
{
  bool in_machine = false;
  while (*text != '\0') {
    size_t len = strcspn(text, "\n");
    char *line = mt_format("%.*s", (int)len, text);
    s->line++;
    bool is_blank = strspn(line, " \t") == len;
    if (in_machine && is_blank)
      in_machine = false;
    if (!is_generated(line) || in_machine)
      ms_buf_printf(&s->out, "%s\n", line);
    if (strncmp(line, "machine ", 8) == 0 || in_machine) {
      ms_buf_printf(&s->definition, "%s\n", in_machine ? line : line + 8);
      in_machine = true;
    } else if (strncmp(line, "end", 3) == 0) {
      put_end(s);
    } else if (!is_generated(line) && !is_blank) {
      do_line(s, line);
    }
    text += len + (text[len] == '\n');
  }
}

static int compare(const struct scenario *s, const char *expected)
{
  const char *actual = s->out.data;
  int line = 1;
  while (*expected != '\0' || *actual != '\0') {
    size_t e = strcspn(expected, "\n"), a = strcspn(actual, "\n");
    if (e != a || memcmp(expected, actual, e) != 0) {
      printf("%s:%d:\n-%.*s\n+%.*s\n\nthe whole of it now:\n%s", s->file, line, (int)e, expected, (int)a,
             actual, s->out.data);
      return 1;
    }
    expected += e + (expected[e] == '\n');
    actual += a + (actual[a] == '\n');
    line++;
  }
  return 0;
}

static int run_file(const char *file, bool is_accepting)
{
  struct scenario s = {.file = file, .limits = drive_limits(), .rules = ms_json_object(0)};
  ms_buf_init(&s.definition, 1 << 20);
  ms_buf_init(&s.out, 1 << 24);
  char *text = mt_read_file(file, NULL);
  render(&s, text);
  if (!s.is_open)
    die(&s, "no step in the scenario", file);
  int status = 0;
  if (is_accepting)
    mt_write_file(file, s.out.data, s.out.len);
  else
    status = compare(&s, text);
  printf("%s %s\n", status == 0 ? "ok" : "not ok", file);
  drive_close(&s.drive);
  ms_json_unref(s.rules);
  ms_buf_deinit(&s.definition);
  ms_buf_deinit(&s.out);
  return status;
}

int main(int argc, char **argv)
{
  bool is_accepting = argc > 1 && strcmp(argv[1], "--accept") == 0;
  int status = argc < 2;
  for (int i = is_accepting ? 2 : 1; i < argc; i++)
    status |= run_file(argv[i], is_accepting);
  return status;
}
