/* What the world asks of executions: start, stop, forget. Asking about them is describe.c's. */
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "runtime/durable.h"
#include "runtime/internal.h"
#include "runtime/map_children.h"
#include "runtime/names.h"

/* ---- start ---- */

/* What a start needs, collected before anything is changed. */
struct start {
  struct ms_engine *engine;
  struct ms_engine_machine *machine;
  char uuid[37];
  struct ms_str name;
  struct ms_json input;      /* owned */
  size_t input_bytes;        /* of text */
  struct ms_json input_text; /* owned; NONE when the compact text is the same */
  struct ms_json tail;       /* owned */
  char *arn;                 /* the caller's, of MS_ENGINE_ARN_SIZE */
  const struct ms_engine_start *request;
  struct ms_callback done;
  bool is_named; /* by the caller: the name may be taken */
  bool is_sync;
  struct ms_str test_case; /* of mocks; empty: none is said */
};

static int start_read_input(struct start *start, struct ms_str text)
{
  if (text.data == NULL) {
    text = MS_STR("{}");
  }
  size_t max = start->engine->options.payload_max_bytes;
  if (max != 0 && text.len > max) {
    return ms_error(MSTEP_ETOOBIG, "the input has %zu bytes, %zu are allowed", text.len, max);
  }
  start->input_bytes = text.len;
  int err = ms_json_parse(&start->input, text, NULL, NULL);
  if (err != 0) {
    return err;
  }
  struct ms_buf compact;
  ms_buf_init(&compact, 0);
  ms_json_print(&compact, start->input);
  err = compact.error;
  if (err == 0 && !ms_str_eq(ms_buf_view(&compact), text)) {
    start->input_text = ms_json_string(text);
    err = ms_json_is_none(start->input_text) ? MSTEP_ENOMEM : MSTEP_OK;
  }
  ms_buf_deinit(&compact);
  return err == MSTEP_ENOMEM ? ms_error_nomem() : err;
}

static int start_name(struct start *start, struct ms_str name)
{
  struct ms_engine *engine = start->engine;
  bool is_express = start->machine->is_express;
  if (name.data == NULL || is_express) {
    /* What ascends is twice as cheap to keep in order on the disk. */
    ms_random_uuid_at(&engine->random, start->uuid, ms_loop_now_ms(engine->loop));
  }
  start->name = name.data == NULL ? ms_str_c(start->uuid) : name;
  int err = name.data == NULL ? MSTEP_OK : ms_name_check(name);
  if (err != 0) {
    return err;
  }
  struct ms_str prefix = ms_json_text(start->machine->prefix);
  int len = snprintf(start->arn, MS_ENGINE_ARN_SIZE, "%.*s%.*s%s%s", MS_STR_ARG(prefix),
                     MS_STR_ARG(start->name), is_express ? ":" : "", is_express ? start->uuid : "");
  if (len < 0 || len >= MS_ENGINE_ARN_SIZE) {
    return ms_error(MSTEP_ETOOBIG, "the ARN of the execution would be longer than %d bytes",
                    MS_ENGINE_ARN_SIZE - 1);
  }
  start->is_named = name.data != NULL && !is_express;
  start->tail = ms_json_cstring(start->arn + prefix.len);
  return ms_json_is_none(start->tail) ? ms_error_nomem() : MSTEP_OK;
}

int ms_run_add_done(struct ms_run *run, struct ms_callback done)
{
  if (done.fn == NULL) {
    return MSTEP_OK;
  }
  if (run->done.fn == NULL && run->more_done == NULL) {
    run->done = done;
    return MSTEP_OK;
  }
  struct ms_run_done *more = ms_alloc(sizeof *more);
  if (more == NULL) {
    return ms_error_nomem();
  }
  *more = (struct ms_run_done){done, NULL};
  struct ms_run_done **last = &run->more_done;
  while (*last != NULL) {
    last = &(*last)->next;
  }
  *last = more;
  return MSTEP_OK;
}

static int start_taken(const struct start *start)
{
  return ms_error(MSTEP_EEXISTS, "Execution Already Exists: '%s'", start->arn);
}

/* Who hears of it when that command is durable. */
static void start_tell(const struct start *start, struct ms_pending *pending)
{
  pending->accepted = start->request->accepted;
  pending->on_durable = start->request->on_durable;
  pending->arg = start->request->arg;
}

/* The name is taken: the same request again is fine while it runs. */
static int start_again(struct start *start, struct ms_run *run)
{
  int err = ms_run_wake(start->engine, run);
  if (err != 0) {
    return err;
  }
  /* It runs until its end is durable, whatever memory knows already. */
  if (ms_run_has_ended(run) || !ms_json_equal(run->core->input, start->input)) {
    return start_taken(start);
  }
  struct ms_pending *told = ms_pending_new(start->engine, NULL, MS_COMMAND_STEP);
  err = told == NULL ? ms_error_nomem() : ms_run_add_done(run, start->done);
  if (err == 0) {
    start_tell(start, told); /* behind the start itself, if that was not taken yet */
    ms_pending_push(start->engine, told);
    ms_engine_touch(start->engine);
  } else if (told != NULL) {
    ms_pending_free(start->engine, told);
  }
  return err;
}

static int start_make_core(struct start *start, struct ms_run *run)
{
  struct ms_engine *engine = start->engine;
  const struct ms_engine_machine *machine = start->machine;
  struct ms_execution_identity identity = {
      .arn = ms_json_cstring(start->arn),
      .name = machine->is_express ? ms_json_string(start->name) : ms_json_ref(start->tail),
      .role_arn = ms_json_ref(machine->role_arn),
      .machine_arn = ms_json_ref(machine->arn),
      .machine_name = ms_json_ref(machine->name),
      .region = ms_json_ref(engine->region),
      .input_text = ms_json_ref(start->input_text),
      .is_express = machine->is_express,
      .is_sync = start->is_sync,
      .seed = ms_random_next(&engine->random),
  };
  if (!ms_json_is_none(identity.arn) && !ms_json_is_none(identity.name)) {
    run->core = ms_execution_new(machine->machine, &identity);
  }
  if (run->core == NULL) {
    ms_execution_identity_deinit(&identity);
    return ms_error_nomem();
  }
  if (engine->durable == NULL) {
    run->number = ++engine->next_number;
    return MSTEP_OK;
  }
  run->kept = ms_kept_new(run);
  if (run->kept == NULL) {
    return ms_error_nomem();
  }
  run->kept->weight = start->input_bytes;
  return MSTEP_OK;
}

static int start_queue(struct start *start, struct ms_run *run)
{
  struct ms_engine *engine = start->engine;
  int err = start_make_core(start, run);
  if (err != 0) {
    return err;
  }
  if (start->test_case.len > 0) {
    run->test_case = ms_json_string(start->test_case);
    if (ms_json_is_none(run->test_case)) {
      return ms_error_nomem();
    }
  }
  struct ms_pending *command = ms_pending_new(engine, run, MS_COMMAND_START);
  if (command == NULL) {
    return ms_error_nomem();
  }
  err = ms_runs_add(engine, ms_run_ref(run));
  if (err != 0) {
    ms_pending_free(engine, command);
    ms_run_unref(run);
    return err;
  }
  run->done = start->done;
  /* Known at once, before the turn: a second start with this name compares with it. */
  run->core->input = ms_json_ref(start->input);
  command->command.data = ms_json_ref(start->input);
  start_tell(start, command);
  ms_pending_push(engine, command);
  engine->open_count++;
  ms_engine_touch(engine);
  return MSTEP_OK;
}

static int start_new(struct start *start)
{
  struct ms_json tail = ms_json_ref(start->tail);
  struct ms_run *run = ms_run_new(start->machine, tail);
  if (run == NULL) {
    ms_json_unref(tail);
    return ms_error_nomem();
  }
  int err = start_queue(start, run);
  ms_run_unref(run);
  return err;
}

/* Is there one that has ended and had this name? */
static int start_check_name(struct start *start)
{
  struct ms_engine *engine = start->engine;
  if (engine->durable == NULL || !start->is_named) {
    return MSTEP_OK;
  }
  int err = ms_archive_has(engine, start->machine, ms_json_text(start->tail));
  return err == MSTEP_ENOTFOUND ? MSTEP_OK : err == 0 ? start_taken(start) : err;
}

/* While there are mocks, `ARN#CASE` says which of their test cases answers, as in Step Functions Local. */
static int start_test_case(struct start *start, struct ms_str *machine_arn, struct ms_str given)
{
  size_t hash = ms_str_find(given, 0, '#');
  *machine_arn = given;
  if (hash == given.len || !ms_tasks_wants_invocations(start->engine->tasks)) {
    return MSTEP_OK;
  }
  *machine_arn = ms_str_sub(given, 0, hash);
  start->test_case = ms_str_sub(given, hash + 1, given.len);
  return ms_tasks_has_test_case(start->engine->tasks, start->test_case)
             ? MSTEP_OK
             : ms_error(MSTEP_EINVALID, "There is no test case '%.*s' in the mocks.",
                        MS_STR_ARG(start->test_case));
}

int ms_engine_execution_start(char arn[MS_ENGINE_ARN_SIZE], struct ms_engine *engine,
                              const struct ms_engine_start *request)
{
  struct start start = {
      .engine = engine, .arn = arn, .request = request, .done = request->done,
      .is_sync = request->is_sync};
  int err = ms_engine_may_write(engine);
  if (err != 0) {
    return err;
  }
  struct ms_str machine_arn;
  err = start_test_case(&start, &machine_arn, request->machine_arn);
  err = err != 0 ? err : ms_machine_start_route(&start.machine, engine, machine_arn);
  if (err != 0) {
    return err;
  }
  if (start.is_sync && !start.machine->is_express) {
    return ms_error(MSTEP_EUNSUPPORTED, "This operation is not supported by this type of state machine");
  }
  if (start.machine->is_deleted) {
    return ms_error(MSTEP_ESTATE, "State Machine is being deleted: '%.*s'",
                    MS_STR_ARG(request->machine_arn));
  }
  if (start.machine->machine == NULL) {
    return ms_error(MSTEP_ENOTFOUND, "State Machine Does Not Exist: '%.*s'",
                    MS_STR_ARG(request->machine_arn));
  }
  err = start_read_input(&start, request->input);
  if (err == 0) {
    err = start_name(&start, request->name);
  }
  if (err == 0) {
    struct ms_run *run = ms_index_find(&engine->runs, ms_str_c(arn));
    if (run != NULL) {
      err = start_again(&start, ms_run_ref(run));
      ms_run_rest(engine, run);
      ms_run_unref(run);
    } else {
      err = start_check_name(&start);
      err = err != 0 ? err : start_new(&start);
    }
  }
  ms_json_unref(start.tail);
  ms_json_unref(start.input);
  ms_json_unref(start.input_text);
  return err;
}

/* Its end is told by the next turn. */
static int wait_ended(struct ms_engine *engine, struct ms_run *run, struct ms_callback done)
{
  struct ms_pending *tell = ms_pending_new(engine, run, MS_COMMAND_STEP);
  if (tell == NULL) {
    return ms_error_nomem();
  }
  int err = ms_run_add_done(run, done);
  if (err != 0) {
    ms_pending_free(engine, tell);
    return err;
  }
  tell->is_more = true;
  ms_pending_push(engine, tell);
  ms_engine_touch(engine);
  return MSTEP_OK;
}

int ms_engine_execution_wait(struct ms_engine *engine, struct ms_str arn, struct ms_callback done)
{
  struct ms_run *run;
  int err = ms_run_get(&run, engine, arn);
  if (err == 0) {
    err = run->is_closed ? wait_ended(engine, run, done) : ms_run_add_done(run, done);
    ms_run_rest(engine, run);
    ms_run_unref(run);
  }
  return err;
}

/* ---- stop, purge ---- */

/* NONE for text that was not given; false when out of memory. */
static bool optional_text(struct ms_json *out, struct ms_str text)
{
  *out = text.data == NULL ? MS_JSON_VALUE_NONE : ms_json_string(text);
  return text.data == NULL || !ms_json_is_none(*out);
}

int ms_engine_execution_stop(struct ms_engine *engine, struct ms_str arn, struct ms_str error,
                             struct ms_str cause, struct ms_callback accepted)
{
  struct ms_run *run;
  int err = ms_engine_may_write(engine);
  if (err == 0 && ms_map_child_is(arn)) {
    return ms_map_child_stop(engine, arn, error, cause, accepted);
  }
  err = err != 0 ? err : ms_run_get(&run, engine, arn);
  if (err != 0) {
    return err;
  }
  struct ms_pending *stop = ms_pending_new(engine, run, MS_COMMAND_STOP);
  ms_run_unref(run);
  if (stop == NULL) {
    return ms_error_nomem();
  }
  if (!optional_text(&stop->command.error, error) || !optional_text(&stop->command.cause, cause)) {
    ms_pending_free(engine, stop);
    return ms_error_nomem();
  }
  stop->accepted = accepted;
  ms_pending_push(engine, stop);
  ms_engine_touch(engine);
  return MSTEP_OK;
}

/* ---- redrive ---- */

/* Found by its ARN again, and open. */
static int redrive_open(struct ms_engine *engine, struct ms_run *run)
{
  if (engine->durable != NULL) {
    int err = ms_runs_add(engine, ms_run_ref(run));
    if (err != 0) {
      ms_run_unref(run);
      return err;
    }
  }
  run->is_closed = false;
  engine->open_count++;
  return MSTEP_OK;
}

static int redrive_queue(struct ms_engine *engine, struct ms_run *run, struct ms_callback accepted)
{
  const char *reason;
  if (!run->is_closed || run->is_broken ||
      !ms_core_redrivable(&reason, run->core, &engine->limits, ms_loop_now_ms(engine->loop))) {
    return ms_error(MSTEP_ESTATE, "%s", run->is_closed && !run->is_broken
                                            ? reason
                                            : "Execution is RUNNING and cannot be redriven");
  }
  struct ms_pending *redrive = ms_pending_new(engine, run, MS_COMMAND_REDRIVE);
  if (redrive == NULL) {
    return ms_error_nomem();
  }
  int err = redrive_open(engine, run);
  if (err != 0) {
    ms_pending_free(engine, redrive);
    return err;
  }
  redrive->accepted = accepted;
  ms_pending_push(engine, redrive);
  ms_engine_touch(engine);
  return MSTEP_OK;
}

int ms_engine_execution_redrive(struct ms_engine *engine, struct ms_str arn,
                                struct ms_callback accepted)
{
  struct ms_run *run;
  int err = ms_engine_may_write(engine);
  err = err != 0 ? err : ms_run_get(&run, engine, arn);
  if (err == 0) {
    err = redrive_queue(engine, run, accepted);
    ms_run_unref(run);
  }
  return err;
}
