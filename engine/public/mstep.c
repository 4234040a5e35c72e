/*
 * include/mstep/mstep.h: checks of arguments, and the types of the public header on one side and
 * the runtime's on the other. The only file that defines an mstep_ symbol; behaviour is the
 * runtime's.
 */
#include "mstep/mstep.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "api/api.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/utf8.h"
#include "metrics/metrics.h"
#include "runtime/runtime.h"
#include "runtime/scripts.h"

#define WORKERS_AUTO (-1)
#define WORKERS_DEFAULT_MAX 4
#define WORKERS_MAX 256
#define AWS_PAYLOAD_BYTES 262144
#define AWS_HISTORY_EVENTS 25000
#define VIRTUAL_START_MS 1704067200000 /* 2024-01-01T00:00:00Z */

struct mstep_engine {
  struct ms_engine *runtime;
  struct ms_api *api;
  mstep_log_cb log;
  void *log_user;
  mstep_change_cb changed;
  void *changed_user;
};

static struct ms_str in(mstep_str text)
{
  return (struct ms_str){text.data, text.len};
}

static mstep_str out(struct ms_str text)
{
  return (mstep_str){text.data, text.len};
}

static int missing(const char *what)
{
  return ms_error(MSTEP_EINVALID, "%s is NULL", what);
}

/* Text that becomes a JSON string: valid UTF-8, or not given. */
static int check_utf8(const char *what, struct ms_str text)
{
  if (text.data == NULL && text.len > 0) {
    return missing(what);
  }
  if (ms_utf8_check(text) != text.len) {
    return ms_error(MSTEP_EINVALID, "%s is not valid UTF-8", what);
  }
  return MSTEP_OK;
}

/* ---- library ---- */

const char *mstep_version(void)
{
  return MSTEP_VERSION_TEXT;
}

const char *mstep_strerror(int code)
{
  return ms_error_text(code);
}

const char *mstep_last_error(void)
{
  return ms_error_detail();
}

int mstep_set_allocator(const mstep_allocator *allocator)
{
  if (ms_engine_count() > 0) {
    return ms_error(MSTEP_ESTATE, "an engine exists already");
  }
  if (allocator == NULL) {
    ms_alloc_set(NULL);
    return MSTEP_OK;
  }
  if (allocator->version != MSTEP_ALLOCATOR_VERSION || allocator->resize == NULL) {
    return ms_error(MSTEP_EINVALID, "not an allocator of version %d", MSTEP_ALLOCATOR_VERSION);
  }
  ms_alloc_set(&(struct ms_allocator){allocator->resize, allocator->user});
  return MSTEP_OK;
}

/* ---- the way up: what the runtime calls ---- */

static void tell_done(struct ms_callback callback, const struct ms_engine_end *end, void *host)
{
  ((mstep_done_cb)callback.fn)(host, end->arn, (mstep_status)end->status, out(end->output),
                               out(end->error), out(end->cause), callback.user);
}

static void tell_task(struct ms_callback callback, const char *token, const char *resource,
                      struct ms_str input, void *host)
{
  ((mstep_task_cb)callback.fn)(host, token, resource, out(input), callback.user);
}

static void tell_reply(struct ms_callback callback, int status, struct ms_str reply, void *host)
{
  ((mstep_reply_cb)callback.fn)(host, status, out(reply), callback.user);
}

static void tell_post(struct ms_callback callback, void *host)
{
  ((mstep_post_cb)callback.fn)(host, callback.user);
}

static void tell_accepted(struct ms_callback callback, int code, const char *detail, void *host)
{
  ((mstep_accepted_cb)callback.fn)(host, code, detail, callback.user);
}

static void tell_event(struct ms_callback callback, const struct ms_engine_event *event, void *host)
{
  const mstep_event public_event = {
      .version = 1,
      .execution_arn = event->arn,
      .type = event->type,
      .id = event->id,
      .previous_id = event->previous_id,
      .at_ms = event->at_ms,
      .state = event->state,
      .depth = event->depth,
      .thread = event->thread,
      .parent_thread = event->parent_thread,
      .index = event->index,
      .attempt = event->attempt,
      .due_at_ms = event->due_at_ms,
      .payload = out(event->payload),
      .error = event->error,
      .cause = event->cause,
  };
  ((mstep_event_cb)callback.fn)(host, &public_event, callback.user);
}

static void tell_log(int level, const char *module, struct ms_str line, void *host)
{
  mstep_engine *engine = host;
  if (engine->log != NULL) {
    engine->log(level, module, out(line), engine->log_user);
  } else if (level <= 2) {
    static const char *const names[] = {"error", "warning", "info"};
    fprintf(stderr, "mstep: %s: %s: %.*s\n", names[level < 0 ? 0 : level], module,
            MS_STR_ARG(line));
  }
}

/* ---- operations that tasks call ---- */

static void tell_task_call(const struct ms_api_reply *reply, const struct ms_api_receiver *receiver)
{
  const struct ms_task_reply told = {reply->code, reply->http_status, reply->text};
  ((ms_task_reply_cb)receiver->callback.fn)(&told, receiver->callback.user);
}

static int call_operation(struct ms_str operation, struct ms_str request, ms_task_reply_cb done,
                          void *user, void *host)
{
  mstep_engine *engine = host;
  const struct ms_api_receiver receiver = {
      .reply = tell_task_call, .callback = {(void (*)(void))done, user}, .host = engine};
  return ms_api_call(engine->api, operation, request, done == NULL ? NULL : &receiver);
}

/* ---- engine ---- */

int mstep_options_init(mstep_options *options, unsigned version)
{
  if (options == NULL) {
    return missing("options");
  }
  if (version != MSTEP_OPTIONS_VERSION) {
    return ms_error(MSTEP_EUNSUPPORTED, "options of version %u", version);
  }
  *options = (mstep_options){
      .version = version,
      .region = "us-east-1",
      .account = "000000000000",
      .workers = WORKERS_AUTO,
      .is_history_kept = 1,
  };
  return MSTEP_OK;
}

static int worker_count(unsigned *count, const mstep_options *options)
{
  int workers = options->workers;
  if (workers == WORKERS_AUTO && options->is_virtual_time) {
    workers = 0;
  } else if (workers == WORKERS_AUTO) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    workers = cores < 1 ? 1 : cores > WORKERS_DEFAULT_MAX ? WORKERS_DEFAULT_MAX : (int)cores;
  }
  if (workers < 0 || workers > WORKERS_MAX) {
    return ms_error(MSTEP_EINVALID, "workers: 0 to %d", WORKERS_MAX);
  }
  if (workers > 0 && options->is_virtual_time) {
    return ms_error(MSTEP_EINVALID, "virtual time needs workers 0: threads run in real time");
  }
  *count = (unsigned)workers;
  return MSTEP_OK;
}

static const char *or_default(const char *text, const char *standard)
{
  return text == NULL ? standard : text;
}

static size_t or_limit(size_t given, const mstep_options *options, size_t aws)
{
  return given == 0 && options->is_aws_compat ? aws : given;
}

/* role: room for the default. */
static int convert_options(struct ms_engine_options *to, const mstep_options *from, char role[128],
                           mstep_engine *engine)
{
  const char *account = or_default(from->account, "000000000000");
  snprintf(role, 128, "arn:aws:iam::%.12s:role/moonstep", account);
  *to = (struct ms_engine_options){
      .functions_dir = from->functions_dir,
      .lib_dir = from->lib_dir,
      .rules_dir = from->rules_dir,
      .region = or_default(from->region, "us-east-1"),
      .account = account,
      .role_arn = or_default(from->role_arn, role),
      .is_virtual_time = from->is_virtual_time != 0,
      .start_at_ms = from->start_at_ms == 0 ? VIRTUAL_START_MS : from->start_at_ms,
      .seed = from->seed,
      .lua_memory_max_bytes = from->lua_memory_max_bytes,
      .payload_max_bytes = or_limit(from->payload_max_bytes, from, AWS_PAYLOAD_BYTES),
      .history_max_events = (uint32_t)or_limit(from->history_max_events, from, AWS_HISTORY_EVENTS),
      .is_aws_compat = from->is_aws_compat != 0,
      .is_history_kept = from->is_history_kept != 0,
      .is_log_kept = from->is_log_kept != 0,
      .event_base = from->event_base,
      .store_url = from->store,
      .durability = (enum ms_durability)from->durability,
      .is_read_only = from->is_read_only != 0,
      .is_paused = from->is_paused != 0,
      .retention_age_ms = from->retention_age_ms,
      .retention_count = from->retention_count,
      .missed_runs = from->missed_runs,
      .concurrent_executions = from->concurrent_executions,
      .host = {tell_done, tell_task, tell_reply, tell_post, tell_accepted, tell_event, tell_log,
               engine, call_operation},
  };
  if (from->is_virtual_time && from->event_base != NULL) {
    return ms_error(MSTEP_EINVALID, "virtual time cannot join an event_base");
  }
  int err = check_utf8("role_arn", ms_str_c(to->role_arn));
  return err != 0 ? err : worker_count(&to->workers, from);
}

/* ---- the operations' callbacks, of the types that the functions above cast to ---- */

static void call_posted(mstep_engine *engine, void *user)
{
  (void)engine;
  ms_api_on_posted(user);
}

static void call_accepted(mstep_engine *engine, int status, const char *detail, void *user)
{
  (void)engine;
  ms_api_on_accepted(status, detail, user);
}

static void call_replied(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  (void)engine;
  ms_api_on_replied(status, in(reply), user);
}

static void call_ended(mstep_engine *engine, const char *arn, mstep_status status, mstep_str output,
                       mstep_str error, mstep_str cause, void *user)
{
  const struct ms_engine_end end = {.arn = arn,
                                    .status = (int)status,
                                    .output = in(output),
                                    .error = in(error),
                                    .cause = in(cause)};
  (void)engine;
  ms_api_on_ended(&end, user);
}

static int open_parts(mstep_engine *engine, const struct ms_engine_options *options)
{
  static const struct ms_api_up up = {(void (*)(void))call_posted, (void (*)(void))call_accepted,
                                      (void (*)(void))call_replied, (void (*)(void))call_ended};
  int err = ms_engine_open(&engine->runtime, options);
  if (err == 0) {
    err = ms_api_new(&engine->api, engine->runtime, &up);
    if (err != 0) {
      ms_engine_close(engine->runtime);
    }
  }
  return err;
}

int mstep_engine_open(mstep_engine **out_engine, const mstep_options *options)
{
  if (out_engine == NULL) {
    return missing("out");
  }
  *out_engine = NULL;
  mstep_options defaults;
  if (options == NULL) {
    mstep_options_init(&defaults, MSTEP_OPTIONS_VERSION);
    options = &defaults;
  }
  if (options->version != MSTEP_OPTIONS_VERSION) {
    return ms_error(MSTEP_EINVALID, "the options were not prepared by mstep_options_init");
  }
  mstep_engine *engine = ms_calloc(1, sizeof *engine);
  if (engine == NULL) {
    return ms_error_nomem();
  }
  engine->log = options->log;
  engine->log_user = options->log_user;
  struct ms_engine_options converted;
  char role[128];
  int err = convert_options(&converted, options, role, engine);
  if (err == 0) {
    err = open_parts(engine, &converted);
  }
  if (err != 0) {
    ms_free(engine);
    return err;
  }
  *out_engine = engine;
  return MSTEP_OK;
}

int mstep_engine_close(mstep_engine *engine)
{
  if (engine == NULL) {
    return MSTEP_OK;
  }
  int err = ms_engine_close(engine->runtime);
  if (err == 0) {
    ms_api_free(engine->api);
    ms_free(engine);
  }
  return err;
}

int mstep_engine_run(mstep_engine *engine)
{
  return engine == NULL ? missing("engine") : ms_engine_run(engine->runtime);
}

void mstep_engine_stop(mstep_engine *engine)
{
  if (engine != NULL) {
    ms_engine_stop(engine->runtime);
  }
}

int mstep_engine_post(mstep_engine *engine, mstep_post_cb cb, void *user)
{
  if (engine == NULL || cb == NULL) {
    return missing(engine == NULL ? "engine" : "cb");
  }
  return ms_engine_post(engine->runtime, (struct ms_callback){(void (*)(void))cb, user});
}

int64_t mstep_engine_now_ms(mstep_engine *engine)
{
  return engine == NULL ? 0 : ms_engine_now_ms(engine->runtime);
}

int mstep_engine_health(mstep_engine *engine)
{
  return engine == NULL ? missing("engine") : ms_engine_health(engine->runtime);
}

int mstep_engine_watch(mstep_engine *engine, mstep_event_cb cb, void *user)
{
  if (engine == NULL) {
    return missing("engine");
  }
  ms_engine_watch(engine->runtime, (struct ms_callback){(void (*)(void))cb, user});
  return MSTEP_OK;
}

/* ---- state machines ---- */

struct report {
  mstep_diagnostic_cb cb;
  void *user;
};

static void tell_diagnostic(const struct ms_engine_diagnostic *d, void *user)
{
  const struct report *report = user;
  if (report->cb != NULL) {
    const mstep_diagnostic public_diagnostic = {
        .version = 1,
        .is_error = d->is_error,
        .code = d->code,
        .message = d->message,
        .pointer = d->pointer,
        .hint = d->hint,
        .line = d->line,
        .column = d->column,
    };
    report->cb(&public_diagnostic, report->user);
  }
}

static int read_type(bool *is_express, const char *type)
{
  *is_express = type != NULL && strcmp(type, "EXPRESS") == 0;
  if (type != NULL && !*is_express && strcmp(type, "STANDARD") != 0) {
    return ms_error(MSTEP_EINVALID, "'%s' is neither STANDARD nor EXPRESS", type);
  }
  return MSTEP_OK;
}

int mstep_state_machine_create(mstep_arn *out_arn, mstep_engine *engine, const char *name,
                               mstep_str definition, const char *type,
                               mstep_diagnostic_cb diagnostics, void *user)
{
  if (out_arn == NULL || engine == NULL || name == NULL || definition.data == NULL) {
    return missing(out_arn == NULL  ? "out"
                   : engine == NULL ? "engine"
                   : name == NULL   ? "name"
                                    : "definition");
  }
  bool is_express;
  int err = read_type(&is_express, type);
  struct report report = {diagnostics, user};
  return err != 0 ? err
                  : ms_engine_machine_create(out_arn->text, engine->runtime,
                                             &(struct ms_engine_machine_request){
                                                 .name = ms_str_c(name),
                                                 .definition = in(definition),
                                                 .is_express = is_express,
                                             },
                                             tell_diagnostic, &report);
}

int mstep_state_machine_update(mstep_engine *engine, const char *state_machine_arn,
                               mstep_str definition, mstep_diagnostic_cb diagnostics, void *user)
{
  if (engine == NULL || state_machine_arn == NULL || definition.data == NULL) {
    return missing(engine == NULL              ? "engine"
                   : state_machine_arn == NULL ? "state_machine_arn"
                                               : "definition");
  }
  struct report report = {diagnostics, user};
  return ms_api_machine_update(engine->runtime, ms_str_c(state_machine_arn), in(definition),
                               tell_diagnostic, &report);
}

static int validate(mstep_engine *engine, mstep_str definition, const char *type, unsigned checks,
                    mstep_diagnostic_cb diagnostics, void *user)
{
  if (engine == NULL || definition.data == NULL) {
    return missing(engine == NULL ? "engine" : "definition");
  }
  bool is_express;
  int err = read_type(&is_express, type);
  struct report report = {diagnostics, user};
  return err != 0 ? err
                  : ms_engine_machine_validate(engine->runtime, in(definition),
                                               checks | (is_express ? MS_ENGINE_EXPRESS : 0u),
                                               tell_diagnostic, &report);
}

int mstep_state_machine_validate(mstep_engine *engine, mstep_str definition, const char *type,
                                 mstep_diagnostic_cb diagnostics, void *user)
{
  return validate(engine, definition, type, 0, diagnostics, user);
}

int mstep_state_machine_validate_portable(mstep_engine *engine, mstep_str definition, const char *type,
                                          mstep_diagnostic_cb diagnostics, void *user)
{
  return validate(engine, definition, type, MS_ENGINE_PORTABLE, diagnostics, user);
}

/* Hands text to the caller and drops it. */
static int give_text(struct ms_buf *text, int err, mstep_text_cb cb, void *user)
{
  if (err == 0 && text->error != 0) {
    err = text->error;
  }
  if (err == 0 && cb != NULL) {
    cb(out(ms_buf_view(text)), user);
  }
  ms_buf_deinit(text);
  return err;
}

int mstep_state_machine_graph(mstep_engine *engine, mstep_str definition, const char *format,
                              mstep_text_cb text, void *user)
{
  if (engine == NULL || definition.data == NULL || format == NULL) {
    return missing(engine == NULL ? "engine" : format == NULL ? "format" : "definition");
  }
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  int err = ms_engine_machine_graph(&buf, engine->runtime, in(definition), format);
  return give_text(&buf, err, text, user);
}

int mstep_definition_read(mstep_engine *engine, const char *path, mstep_text_cb text, void *user)
{
  if (engine == NULL || path == NULL) {
    return missing(engine == NULL ? "engine" : "path");
  }
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  int err = ms_engine_definition_read(&buf, engine->runtime, path);
  return give_text(&buf, err, text, user);
}

/* ---- expressions ---- */

int mstep_expression_evaluate(mstep_engine *engine, const mstep_expression *expression,
                              mstep_text_cb text, void *user)
{
  if (engine == NULL || expression == NULL) {
    return missing(engine == NULL ? "engine" : "expression");
  }
  if (expression->version != MSTEP_EXPRESSION_VERSION) {
    return ms_error(MSTEP_EINVALID, "not an expression of version %d", MSTEP_EXPRESSION_VERSION);
  }
  if (expression->language == NULL || expression->text.data == NULL) {
    return missing(expression->language == NULL ? "language" : "text");
  }
  const struct ms_engine_expression converted = {
      .language = ms_str_c(expression->language),
      .dialect = ms_str_c(expression->dialect),
      .text = in(expression->text),
      .input = in(expression->input),
      .variables = in(expression->variables),
  };
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  int err = check_utf8("text", converted.text);
  err = err != 0 ? err : ms_engine_evaluate(&buf, engine->runtime, &converted);
  bool is_nothing = err == 0 && buf.error == 0 && buf.len == 0;
  return give_text(&buf, err, is_nothing ? NULL : text, user);
}

/* ---- executions ---- */

static const struct ms_callback no_callback;

int mstep_execution_start(mstep_arn *out_arn, mstep_engine *engine, const char *state_machine_arn,
                          const char *name, mstep_str input, mstep_done_cb done, void *user)
{
  if (out_arn == NULL || engine == NULL || state_machine_arn == NULL) {
    return missing(out_arn == NULL ? "out" : engine == NULL ? "engine" : "state_machine_arn");
  }
  const struct ms_engine_start start = {.machine_arn = ms_str_c(state_machine_arn),
                                        .name = ms_str_c(name),
                                        .input = in(input),
                                        .done = {(void (*)(void))done, user}};
  return ms_engine_execution_start(out_arn->text, engine->runtime, &start);
}

int mstep_execution_stop(mstep_engine *engine, const char *execution_arn, const char *error,
                         const char *cause)
{
  if (engine == NULL || execution_arn == NULL) {
    return missing(engine == NULL ? "engine" : "execution_arn");
  }
  int err = check_utf8("error", ms_str_c(error));
  if (err == 0) {
    err = check_utf8("cause", ms_str_c(cause));
  }
  return err != 0 ? err
                  : ms_engine_execution_stop(engine->runtime, ms_str_c(execution_arn),
                                             ms_str_c(error), ms_str_c(cause), no_callback);
}

int mstep_execution_describe(mstep_engine *engine, const char *execution_arn, mstep_text_cb text,
                             void *user)
{
  if (engine == NULL || execution_arn == NULL) {
    return missing(engine == NULL ? "engine" : "execution_arn");
  }
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  int err = ms_engine_execution_describe(&buf, engine->runtime, ms_str_c(execution_arn));
  return give_text(&buf, err, text, user);
}

int mstep_metrics(mstep_engine *engine, mstep_text_cb text, void *user)
{
  if (engine == NULL) {
    return missing("engine");
  }
  struct ms_metrics metrics = {0};
  ms_engine_collect(&metrics, engine->runtime);
  ms_api_collect(&metrics, engine->api);
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  ms_metrics_write(&buf, &metrics);
  return give_text(&buf, MSTEP_OK, text, user);
}

int mstep_execution_history(mstep_engine *engine, const char *execution_arn, mstep_text_cb text,
                            void *user)
{
  if (engine == NULL || execution_arn == NULL) {
    return missing(engine == NULL ? "engine" : "execution_arn");
  }
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  const struct ms_engine_history all = {.arn = ms_str_c(execution_arn), .max_results = UINT_MAX};
  int err = ms_engine_execution_history(&buf, engine->runtime, &all);
  return give_text(&buf, err, text, user);
}

int mstep_history_replay(mstep_engine *engine, const mstep_replay *replay,
                         mstep_diagnostic_cb diagnostics, mstep_text_cb text, void *user)
{
  if (engine == NULL || replay == NULL) {
    return missing(engine == NULL ? "engine" : "replay");
  }
  if (replay->version != MSTEP_REPLAY_VERSION) {
    return ms_error(MSTEP_EINVALID, "not a replay of version %d", MSTEP_REPLAY_VERSION);
  }
  if (replay->definition.data == NULL || replay->history.data == NULL) {
    return missing(replay->definition.data == NULL ? "definition" : "history");
  }
  struct ms_engine_replay request = {.definition = in(replay->definition),
                                     .history = in(replay->history),
                                     .execution_arn = ms_str_c(replay->execution_arn)};
  struct report report = {diagnostics, user};
  int err = read_type(&request.is_express, replay->type);
  err = err != 0 ? err : check_utf8("execution_arn", request.execution_arn);
  if (err != 0) {
    return err;
  }
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  err = ms_engine_history_replay(&buf, engine->runtime, &request, tell_diagnostic, &report);
  return give_text(&buf, err, text, user);
}

int mstep_execution_purge(mstep_engine *engine, const char *execution_arn)
{
  if (engine == NULL || execution_arn == NULL) {
    return missing(engine == NULL ? "engine" : "execution_arn");
  }
  return ms_engine_execution_purge(engine->runtime, ms_str_c(execution_arn), no_callback);
}

/* ---- tasks ---- */

int mstep_task_register(mstep_engine *engine, const char *resource, mstep_task_cb cb, void *user)
{
  if (engine == NULL || resource == NULL) {
    return missing(engine == NULL ? "engine" : "resource");
  }
  return ms_engine_task_register(engine->runtime, ms_str_c(resource),
                                 (struct ms_callback){(void (*)(void))cb, user});
}

int mstep_mocks_load(mstep_engine *engine, mstep_str text, const char *test_case)
{
  if (engine == NULL || text.data == NULL) {
    return missing(engine == NULL ? "engine" : "text");
  }
  return ms_engine_mocks_load(engine->runtime, in(text), test_case);
}

int mstep_task_send_success(mstep_engine *engine, const char *token, mstep_str output)
{
  if (engine == NULL || token == NULL || output.data == NULL) {
    return missing(engine == NULL ? "engine" : token == NULL ? "token" : "output");
  }
  return ms_engine_task_success(engine->runtime, ms_str_c(token), in(output));
}

int mstep_task_send_failure(mstep_engine *engine, const char *token, const char *error,
                            const char *cause)
{
  if (engine == NULL || token == NULL) {
    return missing(engine == NULL ? "engine" : "token");
  }
  int err = check_utf8("error", ms_str_c(error));
  if (err == 0) {
    err = check_utf8("cause", ms_str_c(cause));
  }
  return err != 0 ? err
                  : ms_engine_task_failure(engine->runtime, ms_str_c(token), ms_str_c(error),
                                           ms_str_c(cause));
}

int mstep_task_send_heartbeat(mstep_engine *engine, const char *token)
{
  if (engine == NULL || token == NULL) {
    return missing(engine == NULL ? "engine" : "token");
  }
  return ms_engine_task_heartbeat(engine->runtime, ms_str_c(token));
}

/* ---- any operation ---- */

static void tell_call(const struct ms_api_reply *reply, const struct ms_api_receiver *receiver)
{
  ((mstep_reply_cb)receiver->callback.fn)(receiver->host, reply->code, out(reply->text),
                                          receiver->callback.user);
}

int mstep_call(mstep_engine *engine, const char *operation, mstep_str request, mstep_reply_cb cb,
               void *user)
{
  if (engine == NULL || operation == NULL) {
    return missing(engine == NULL ? "engine" : "operation");
  }
  const struct ms_api_receiver receiver = {
      .reply = tell_call, .callback = {(void (*)(void))cb, user}, .host = engine};
  return ms_api_call(engine->api, ms_str_c(operation), in(request), cb == NULL ? NULL : &receiver);
}

int mstep_call_cancel(mstep_engine *engine, void *user)
{
  return engine == NULL ? missing("engine") : ms_api_cancel(engine->api, user);
}

/* ---- files that change ---- */

static void tell_change(const struct ms_engine_change *change, void *user)
{
  mstep_engine *engine = user;
  const mstep_change public_change = {.version = 1,
                                      .kind = change->kind,
                                      .function = change->function,
                                      .file = change->file,
                                      .line = change->line,
                                      .message = out(change->message),
                                      .folder = change->folder};
  engine->changed(engine, &public_change, engine->changed_user);
}

int mstep_files_watch(mstep_engine *engine, const char *const *folders, mstep_change_cb cb,
                      void *user)
{
  if (engine == NULL) {
    return missing("engine");
  }
  engine->changed = cb;
  engine->changed_user = user;
  return ms_engine_watch_files(engine->runtime, folders, cb == NULL ? NULL : tell_change, engine);
}

/* ---- functions ---- */

int mstep_function_load(mstep_engine *engine, const char *name, mstep_str source)
{
  if (engine == NULL || name == NULL || source.data == NULL) {
    return missing(engine == NULL ? "engine" : name == NULL ? "name" : "source");
  }
  return ms_engine_function_load(engine->runtime, ms_str_c(name), in(source));
}

int mstep_function_invoke(mstep_engine *engine, const char *name, mstep_str payload,
                          mstep_reply_cb cb, void *user)
{
  if (engine == NULL || name == NULL) {
    return missing(engine == NULL ? "engine" : "name");
  }
  return ms_engine_function_invoke(engine->runtime, ms_str_c(name), in(payload),
                                   (struct ms_callback){(void (*)(void))cb, user});
}
