/*
 * Every execution recorded on AWS that needs no service but its mocks and files in S3: run on the pure core and the
 * virtual clock, compared by status, output, error, cause and history with details.
 * What is expected to differ is listed in asl-exceptions.txt, one `name: reason` a line; an entry that
 * passes after all is a failure too.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/time.h"
#include "drive.h"
#include "match.h"
#include "mt.h"
#include "task/bucket.h"

struct run {
  struct ms_json recorded; /* the case */
  struct drive drive;
  const char *buckets; /* folder of what the recording had in S3; NULL: nothing */
  struct match match;
  struct ms_json stub; /* answer of a function that has no mock */
  uint64_t used_mocks[64]; /* by resource index: bit of each entry already answered */
};

/* ---- mocks ---- */

static bool mock_fits(struct run *run, struct ms_json mock, const struct drive_task *task)
{
  const struct ms_state *state = run->drive.machine->states[task->state];
  if (!ms_str_eq(ms_json_text(ms_json_getc(mock, "state")), state->name))
    return false;
  struct ms_json sent = ms_json_getc(mock, "parameters");
  if (ms_json_is_none(sent))
    sent = ms_json_getc(mock, "input");
  struct match match;
  match_init(&match, MS_JSON_VALUE_NONE);
  match.is_silent = true;
  bool ok = match_value(&match, "", sent, task->parameters);
  match_deinit(&match);
  return ok;
}

static bool is_state(struct run *run, struct ms_json mock, const struct drive_task *task)
{
  return ms_str_eq(ms_json_text(ms_json_getc(mock, "state")),
                   run->drive.machine->states[task->state]->name);
}

/* The first unused entry that fits exactly, else (tokens and times differ) the first of the state. */
static struct ms_json find_mock(struct run *run, const struct drive_task *task)
{
  struct ms_resource resource;
  ms_core_resource(&resource, run->drive.machine, task->state);
  struct ms_json mocks = ms_json_getc(run->recorded, "mocks");
  for (int exact = 1; exact >= 0; exact--)
    for (size_t i = 0; i < ms_json_count(mocks) && i < 64; i++) {
      if (!ms_str_eq(ms_json_key(mocks, i), resource.arn))
        continue;
      struct ms_json entries = ms_json_member(mocks, i);
      for (size_t j = 0; j < ms_json_count(entries) && j < 64; j++) {
        struct ms_json mock = ms_json_at(entries, j);
        bool fits = exact ? mock_fits(run, mock, task) : is_state(run, mock, task);
        if (fits && !(run->used_mocks[i] >> j & 1)) {
          run->used_mocks[i] |= (uint64_t)1 << j;
          return mock;
        }
      }
    }
  return MS_JSON_VALUE_NONE;
}

/* The workers were state machines of their own, made in the set-up: their name stands in there. Owned. */
static struct ms_json find_worker(struct ms_json recorded)
{
  struct ms_json setup = ms_json_print_value(ms_json_getc(recorded, "setup"));
  const char *text = ms_json_text(setup).data;
  const char *key = "\\\"WorkerName\\\": \\\"";
  const char *at = text == NULL ? NULL : strstr(text, key);
  struct ms_json worker = MS_JSON_VALUE_NONE;
  if (at != NULL) {
    at += strlen(key);
    worker = ms_json_string((struct ms_str){at, strcspn(at, "\\")});
  }
  ms_json_unref(setup);
  return worker;
}

/*
 * Some recordings have no mock but say that the function raised an exception. Its cause is compact from
 * lambda:invoke, and as the runtime wrote it from the function's own ARN. Owned; NONE when they do not.
 */
static struct ms_json stub_function(struct ms_json recorded, const struct ms_resource *resource)
{
  struct ms_json functions = ms_json_getc(recorded, "lambdas");
  struct ms_str behaviour =
      ms_json_text(ms_json_getc(ms_json_member(functions, 0), "behaviour"));
  if (ms_json_count(functions) != 1 || !ms_str_has_prefix(behaviour, "raises a Python Exception("))
    return MS_JSON_VALUE_NONE;
  const char *space = resource->kind == MS_RESOURCE_LAMBDA ? " " : "";
  struct ms_json cause = ms_json_stringf(
      "{\"errorMessage\":%s\"Some exception was raised.\",%s\"errorType\":%s\"Exception\",%s"
      "\"requestId\":%s\"1\",%s\"stackTrace\":%s[\"  File \\\"/var/task/handler.py\\\", line 2, in "
      "handler\\n    raise Exception(\\\"Some exception was raised.\\\")\\n\"]}",
      space, space, space, space, space, space, space);
  struct ms_json thrown = ms_json_object(2), mock = ms_json_object(1);
  ms_json_setc(&thrown, "error", ms_json_cstring("Exception"));
  ms_json_setc(&thrown, "cause", cause);
  ms_json_setc(&mock, "throw", thrown);
  return mock;
}

/* Activities that no worker answers had been deleted. */
static int check_task(void *user, const struct ms_resource *resource, struct ms_json parameters,
                      struct ms_failure *failure)
{
  const struct run *run = user;
  (void)parameters;
  if (resource->kind != MS_RESOURCE_ACTIVITY ||
      !ms_json_is_none(ms_json_get(ms_json_getc(run->recorded, "mocks"), resource->arn)))
    return 0;
  return ms_fail(failure, "States.Runtime", "The activity %.*s does not exist.",
                 MS_STR_ARG(resource->arn));
}

static struct ms_json text_of(struct ms_json value)
{
  return ms_json_is_string(value) || ms_json_is_none(value) || ms_json_is_null(value)
             ? ms_json_ref(value)
             : ms_json_print_value(value);
}

static int send_outcome(struct run *run, struct ms_command command, struct ms_json mock)
{
  struct ms_json thrown = ms_json_getc(mock, "throw");
  if (ms_json_is_none(thrown)) {
    command.type = MS_COMMAND_TASK_SUCCEEDED;
    command.data = ms_json_getc(mock, "return");
    return drive_command(&run->drive, &command);
  }
  command.type = MS_COMMAND_TASK_FAILED;
  command.error = ms_json_getc(thrown, "error");
  struct ms_json cause = ms_json_getc(thrown, "cause_text");
  command.cause = text_of(ms_json_is_none(cause) ? ms_json_getc(thrown, "cause") : cause);
  int status = drive_command(&run->drive, &command);
  ms_json_unref(command.cause);
  return status;
}

/* A Map reads or writes. */
static int answer_map(struct run *run, const struct drive_task *task)
{
  struct ms_command command = {.frame = task->frame, .task = task->task};
  bool is_read = ms_str_is(ms_json_text(ms_json_getc(task->parameters, "action")), "read");
  int status = is_read ? ms_bucket_read(&command.data, run->buckets, task->parameters)
                       : ms_bucket_write(&command.data, run->buckets, task->parameters);
  command.type = status == 0 ? MS_COMMAND_TASK_SUCCEEDED : MS_COMMAND_TASK_FAILED;
  if (status != 0) {
    command.error = ms_json_cstring(is_read ? "States.ItemReaderFailed" : "States.ResultWriterFailed");
    command.cause = ms_json_cstring(ms_error_detail());
  }
  struct ms_json data = command.data, error = command.error, cause = command.cause;
  status = drive_command(&run->drive, &command);
  ms_json_unref(data);
  ms_json_unref(error);
  ms_json_unref(cause);
  return status;
}

/* Answers one outstanding task. 1: it is one that never answers. */
static int answer(struct run *run, size_t index)
{
  struct drive_task task = run->drive.tasks[index];
  struct ms_command command = {.frame = task.frame, .task = task.task};
  struct ms_resource resource;
  ms_core_resource(&resource, run->drive.machine, task.state);
  if (resource.kind == MS_RESOURCE_MAP)
    return answer_map(run, &task);
  struct ms_json mock = find_mock(run, &task);
  if (ms_json_is_none(mock)) {
    ms_json_replace(&run->stub, stub_function(run->recorded, &resource));
    mock = run->stub;
  }
  if (ms_json_is_none(mock)) {
    run->drive.tasks[index].state |= 0x80000000u; /* nobody answers it */
    return 1;
  }
  bool is_silent = !ms_json_is_none(ms_json_getc(mock, "timed_out"));
  struct ms_json submitted = ms_json_getc(mock, "submitted");
  int status = 0;
  if (resource.kind == MS_RESOURCE_ACTIVITY) {
    command.type = MS_COMMAND_TASK_STARTED;
    command.data = find_worker(run->recorded);
    status = drive_command(&run->drive, &command);
    ms_json_unref(command.data);
    command.data = MS_JSON_VALUE_NONE;
  }
  if (status == 0 && !ms_json_is_none(submitted)) {
    command.type = MS_COMMAND_TASK_SUBMITTED;
    command.data = submitted;
    status = drive_command(&run->drive, &command);
  }
  if (is_silent) {
    for (size_t i = 0; i < run->drive.task_count; i++)
      if (run->drive.tasks[i].frame == task.frame && run->drive.tasks[i].task == task.task)
        run->drive.tasks[i].state |= 0x80000000u;
    return status == 0 ? 1 : status;
  }
  return status == 0 ? send_outcome(run, command, mock) : status;
}

static int run_to_end(struct run *run)
{
  for (int steps = 0; steps < 10000 && run->drive.execution->status == MS_EXECUTION_RUNNING; steps++) {
    size_t next = 0;
    while (next < run->drive.task_count && (run->drive.tasks[next].state & 0x80000000u))
      next++;
    int status = next < run->drive.task_count ? answer(run, next) : drive_fire(&run->drive);
    if (status == MSTEP_ENOTFOUND)
      return 0; /* it waits for somebody who never comes */
    if (status < 0)
      return status;
  }
  return 0;
}

/* ---- comparison ---- */

static bool compare_texts(struct run *run, const char *key, struct ms_json actual)
{
  struct ms_json expected = ms_json_getc(ms_json_getc(run->recorded, "expect"), key);
  char pointer[64];
  snprintf(pointer, sizeof(pointer), "/%s", key);
  if (ms_json_is_none(expected) || ms_json_is_null(expected))
    return ms_json_is_none(actual) || ms_json_is_null(actual) ||
           match_value(&run->match, pointer, expected, actual);
  return match_value(&run->match, pointer, expected, actual);
}

static bool compare(struct run *run)
{
  struct ms_json expect = ms_json_getc(run->recorded, "expect");
  const struct ms_execution *execution = run->drive.execution;
  struct ms_json status = ms_json_cstring(ms_execution_status_text(execution->status));
  bool ok = match_value(&run->match, "/status", ms_json_getc(expect, "status"), status);
  ms_json_unref(status);
  if (ok)
    ok = compare_texts(run, "error", execution->error);
  if (ok)
    ok = compare_texts(run, "cause", execution->cause);
  if (ok && !ms_json_is_none(ms_json_getc(expect, "output"))) {
    ok = match_value(&run->match, "/output", ms_json_getc(expect, "output"), execution->output);
  }
  struct ms_json recorded = ms_json_getc(expect, "history");
  if (ok && ms_json_is_array(recorded)) {
    struct ms_json history = drive_history(&run->drive);
    ok = match_history(&run->match, "/history", recorded, history,
                       ms_json_is_true(ms_json_getc(expect, "unordered_history")) ||
                           ms_json_is_true(ms_json_getc(run->recorded, "unordered_history")));
    if (!ok && getenv("MT_VERBOSE") != NULL) {
      struct ms_buf text;
      ms_buf_init(&text, 1 << 24);
      ms_json_print_pretty(&text, history, 1);
      fprintf(stderr, "%s\n", text.data);
      ms_buf_deinit(&text);
    }
    ms_json_unref(history);
  }
  return ok;
}

static const char *text_at(struct ms_json object, const char *key)
{
  return mt_format("%.*s", MS_STR_ARG(ms_json_text(ms_json_getc(object, key))));
}

static struct ms_json definition_text(struct ms_json recorded)
{
  struct ms_json text = ms_json_getc(recorded, "definition_text");
  return ms_json_is_string(text) ? ms_json_ref(text)
                                 : ms_json_print_value(ms_json_getc(recorded, "definition"));
}

/* Two recordings depend on the day: "now (UTC) + N days" stands in their input. 0 = any time will do. */
static int64_t start_of(struct ms_json recorded)
{
  struct ms_json dynamic = ms_json_getc(recorded, "dynamic_input");
  long days;
  int64_t at_ms;
  int32_t nanos;
  if (sscanf(text_at(dynamic, "/start_at"), "now (UTC) + %ld days", &days) != 1 ||
      !ms_time_parse(&at_ms, &nanos,
                     ms_json_text(ms_json_getc(ms_json_getc(recorded, "input"), "start_at"))))
    return 0;
  return at_ms - (int64_t)days * 86400000;
}

/* The objects that the set-up put into S3, as files. */
static const char *make_buckets(struct ms_json recorded)
{
  struct ms_json setup = ms_json_getc(recorded, "setup");
  const char *folder = NULL;
  for (size_t i = 0; i < ms_json_count(setup); i++) {
    struct ms_json call = ms_json_at(setup, i), params = ms_json_getc(call, "params");
    if (!ms_str_is(ms_json_text(ms_json_getc(call, "service")), "s3"))
      continue;
    if (folder == NULL)
      folder = mt_format("%s/%s", mt_tmpdir(), text_at(recorded, "name"));
    if (ms_str_is(ms_json_text(ms_json_getc(call, "op")), "PutObject"))
      mt_ok(ms_bucket_store(folder, ms_json_text(ms_json_getc(params, "Bucket")),
                            ms_json_text(ms_json_getc(params, "Key")),
                            ms_json_text(ms_json_getc(params, "Body"))) == 0);
  }
  return folder;
}

/* Empty when the case passes, else why not. */
static void run_case(struct ms_buf *why, struct ms_json recorded)
{
  struct run run = {.recorded = recorded, .buckets = make_buckets(recorded)};
  struct ms_json definition = definition_text(recorded);
  struct drive_options options = {
      .machine_name = text_at(recorded, "stateMachineName"),
      .execution_name = text_at(recorded, "executionName"),
      .role_arn = text_at(recorded, "roleArn"),
      .is_express = ms_str_is(ms_json_text(ms_json_getc(recorded, "type")), "EXPRESS"),
      .is_sync = !ms_json_is_none(ms_json_getc(ms_json_getc(recorded, "expect"), "response")),
      .start_at_ms = start_of(recorded),
      .seed = 1};
  struct ms_buf problems;
  ms_buf_init(&problems, 1 << 16);
  int status = drive_open(&run.drive, ms_json_text(definition), &options, &problems);
  ms_json_unref(definition);
  if (status != 0) {
    ms_buf_printf(why, "does not compile: %s", problems.len == 0 ? "?" : problems.data);
    ms_buf_deinit(&problems);
    return;
  }
  ms_buf_deinit(&problems);
  run.drive.env.check_task = check_task;
  run.drive.env.user = &run;
  match_init(&run.match, ms_json_getc(recorded, "wildcards"));
  struct ms_json input = ms_json_getc(recorded, "input");
  struct ms_json empty = ms_json_object(0);
  status = drive_start(&run.drive, ms_json_is_none(input) ? empty : input);
  if (status == 0 && !ms_json_is_true(ms_json_getc(recorded, "still_running")))
    status = run_to_end(&run);
  if (status != 0)
    ms_buf_printf(why, "engine error %d", status);
  else if (!compare(&run))
    ms_buf_str(why, ms_buf_view(&run.match.why));
  else if (!drive_check(&run.drive))
    ms_buf_str(why, ms_buf_view(&run.drive.problem));
  ms_json_unref(empty);
  ms_json_unref(run.stub);
  match_deinit(&run.match);
  drive_close(&run.drive);
}

/* ---- all of them ---- */

static bool is_wanted(struct ms_json recorded)
{
  struct ms_str class = ms_json_text(ms_json_getc(recorded, "class"));
  return ms_str_is(class, "pure") || ms_str_is(class, "mock") || ms_str_is(class, "s3");
}

static bool is_exception(const char *list, const char *name)
{
  char *key = mt_format("\n%s:", name);
  return strstr(list, key) != NULL;
}

static int compare_names(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t list_files(char ***out, const char *folder)
{
  DIR *dir = opendir(folder);
  size_t count = 0, capacity = 0;
  char **names = NULL;
  for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
    if (strstr(entry->d_name, ".json") == NULL)
      continue;
    if (count == capacity) {
      capacity = capacity == 0 ? 1024 : capacity * 2;
      names = realloc(names, capacity * sizeof(*names));
    }
    names[count++] = strdup(entry->d_name);
  }
  if (dir != NULL)
    closedir(dir);
  if (count != 0)
    qsort(names, count, sizeof(*names), compare_names);
  *out = names;
  return count;
}

MT_TEST(asl__recorded_executions)
{
  const char *corpus = mt_corpus();
  if (corpus == NULL)
    mt_skip("no recorded executions here");
  char *folder = mt_format("%s/asl/cases", corpus);
  char *list = mt_format("\n%s", mt_read_file(mt_format("%s/tests/conformance/asl-exceptions.txt",
                                                       mt_source_root()),
                                             NULL));
  const char *only = getenv("MT_CASE");
  char **names;
  size_t count = list_files(&names, folder), ran = 0, failed = 0, excused = 0;
  for (size_t i = 0; i < count; i++) {
    if (only != NULL && strstr(names[i], only) == NULL)
      continue;
    size_t len;
    char *text = mt_read_file(mt_format("%s/%s", folder, names[i]), &len);
    struct ms_json recorded;
    if (ms_json_parse(&recorded, (struct ms_str){text, len}, NULL, NULL) != 0)
      mt_fail("%s does not parse", names[i]);
    if (is_wanted(recorded)) {
      struct ms_buf why;
      ms_buf_init(&why, 1 << 20);
      const char *name = text_at(recorded, "name");
      run_case(&why, recorded);
      bool is_expected = is_exception(list, name);
      ran++;
      excused += is_expected;
      if ((why.len != 0) != is_expected) {
        failed++;
        mt_report("%s: %.700s", name, why.len == 0 ? "passes, but is listed as an exception" : why.data);
      }
      ms_buf_deinit(&why);
    }
    ms_json_unref(recorded);
    free(names[i]);
  }
  free(names);
  mt_note("%zu executions, %zu excused, %zu failed", ran, excused, failed);
  mt_ok(ran > 0);
  mt_eq_int((long long)failed, 0);
}
