/* What the world asks of executions: start, stop, forget. Asking about them is describe.c's. */
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "runtime/internal.h"
#include "runtime/names.h"

/* ---- start ---- */

/* What a start needs, collected before anything is changed. */
struct start {
  struct ms_engine *engine;
  struct ms_engine_machine *machine;
  char uuid[37];
  struct ms_str name;
  struct ms_json input;      /* owned */
  struct ms_json input_text; /* owned; NONE when the compact text is the same */
  char *arn;                 /* the caller's, of MS_ENGINE_ARN_SIZE */
  struct ms_callback done;
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
    ms_random_uuid(&engine->random, start->uuid);
  }
  start->name = name.data == NULL ? ms_str_c(start->uuid) : name;
  int err = name.data == NULL ? MSTEP_OK : ms_name_check(name);
  if (err != 0) {
    return err;
  }
  struct ms_str machine = ms_json_text(start->machine->name);
  int len = snprintf(start->arn, MS_ENGINE_ARN_SIZE, "arn:aws:states:%s:%s:%s:%.*s:%.*s%s%s",
                     engine->options.region, engine->options.account,
                     is_express ? "express" : "execution", MS_STR_ARG(machine),
                     MS_STR_ARG(start->name), is_express ? ":" : "", is_express ? start->uuid : "");
  if (len < 0 || len >= MS_ENGINE_ARN_SIZE) {
    return ms_error(MSTEP_ETOOBIG, "the ARN of the execution would be longer than %d bytes",
                    MS_ENGINE_ARN_SIZE - 1);
  }
  return MSTEP_OK;
}

static int run_add_done(struct ms_run *run, struct ms_callback done)
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

/* The name is taken: the same request again is fine while it runs. */
static int start_again(struct start *start, struct ms_run *run)
{
  if (run->core->status != MS_EXECUTION_RUNNING || !ms_json_equal(run->core->input, start->input)) {
    return ms_error(MSTEP_EEXISTS, "Execution Already Exists: '%s'", start->arn);
  }
  return run_add_done(run, start->done);
}

static struct ms_run *start_make_run(struct start *start)
{
  struct ms_engine *engine = start->engine;
  const struct ms_engine_machine *machine = start->machine;
  struct ms_execution_identity identity = {
      .arn = ms_json_cstring(start->arn),
      .name = ms_json_string(start->name),
      .role_arn = ms_json_ref(engine->role_arn),
      .machine_arn = ms_json_ref(machine->arn),
      .machine_name = ms_json_ref(machine->name),
      .region = ms_json_ref(engine->region),
      .input_text = ms_json_ref(start->input_text),
      .is_express = machine->is_express,
      .seed = ms_random_next(&engine->random),
  };
  struct ms_run *run = NULL;
  if (!ms_json_is_none(identity.arn) && !ms_json_is_none(identity.name)) {
    run = ms_run_new(machine->machine, &identity);
  }
  if (run == NULL) {
    ms_execution_identity_deinit(&identity);
    ms_error_nomem();
  }
  return run;
}

static int start_new(struct start *start)
{
  struct ms_engine *engine = start->engine;
  struct ms_run *run = start_make_run(start);
  if (run == NULL) {
    return MSTEP_ENOMEM;
  }
  struct ms_pending *command = ms_pending_new(engine, run, MS_COMMAND_START);
  int err = command == NULL ? ms_error_nomem() : ms_index_add(&engine->runs, run);
  if (err != 0) {
    if (command != NULL) {
      ms_pending_free(engine, command);
    }
    ms_run_unref(run);
    return err;
  }
  run->done = start->done;
  /* Known at once, before the turn: a second start with this name compares with it. */
  run->core->input = ms_json_ref(start->input);
  command->command.data = ms_json_ref(start->input);
  ms_pending_push(engine, command);
  engine->open_count++;
  ms_engine_touch(engine);
  return MSTEP_OK;
}

int ms_engine_execution_start(char arn[MS_ENGINE_ARN_SIZE], struct ms_engine *engine,
                              const struct ms_engine_start *request)
{
  struct start start = {.engine = engine, .arn = arn, .done = request->done};
  struct ms_str machine_arn = request->machine_arn;
  start.machine = ms_map_get(&engine->machines, machine_arn);
  if (start.machine == NULL) {
    return ms_error(MSTEP_ENOTFOUND, "State Machine Does Not Exist: '%.*s'",
                    MS_STR_ARG(machine_arn));
  }
  int err = start_read_input(&start, request->input);
  if (err == 0) {
    err = start_name(&start, request->name);
  }
  if (err == 0) {
    struct ms_run *run = ms_index_find(&engine->runs, ms_str_c(arn));
    err = run != NULL ? start_again(&start, run) : start_new(&start);
  }
  ms_json_unref(start.input);
  ms_json_unref(start.input_text);
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
  (void)accepted;
  struct ms_run *run = ms_run_find(engine, arn);
  if (run == NULL) {
    return MSTEP_ENOTFOUND;
  }
  if (run->core->status != MS_EXECUTION_RUNNING) {
    return MSTEP_OK;
  }
  struct ms_pending *stop = ms_pending_new(engine, run, MS_COMMAND_STOP);
  if (stop == NULL) {
    return ms_error_nomem();
  }
  if (!optional_text(&stop->command.error, error) || !optional_text(&stop->command.cause, cause)) {
    ms_pending_free(engine, stop);
    return ms_error_nomem();
  }
  ms_pending_push(engine, stop);
  ms_engine_touch(engine);
  return MSTEP_OK;
}

int ms_engine_execution_purge(struct ms_engine *engine, struct ms_str arn,
                              struct ms_callback accepted)
{
  (void)accepted;
  struct ms_run *run = ms_run_find(engine, arn);
  if (run == NULL) {
    return MSTEP_ENOTFOUND;
  }
  if (!run->is_closed) {
    return ms_error(MSTEP_ESTATE, "the execution is running");
  }
  ms_index_remove(&engine->runs, run);
  ms_run_unref(run);
  return MSTEP_OK;
}
