/*
 * include/mstep/mstep.h: engines. Options and their defaults, opening and closing, the loop, events,
 * metrics, watched files.
 */
#include "public/internal.h"

#include <stdio.h>
#include <unistd.h>

#include "api/api.h"
#include "base/alloc.h"
#include "base/error.h"
#include "metrics/metrics.h"
#include "runtime/scripts.h"

#define WORKERS_AUTO (-1)
#define WORKERS_DEFAULT_MAX 4
#define WORKERS_MAX 256
#define AWS_PAYLOAD_BYTES 262144
#define AWS_HISTORY_EVENTS 25000
#define VIRTUAL_START_MS 1704067200000 /* 2024-01-01T00:00:00Z */

int mstep_options_init(mstep_options *options, unsigned version)
{
  if (options == NULL) {
    return ms_public_missing("options");
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
  };
  ms_public_host(&to->host, engine);
  if (from->is_virtual_time && from->event_base != NULL) {
    return ms_error(MSTEP_EINVALID, "virtual time cannot join an event_base");
  }
  int err = ms_public_check_utf8("role_arn", ms_str_c(to->role_arn));
  return err != 0 ? err : worker_count(&to->workers, from);
}

static int open_parts(mstep_engine *engine, const struct ms_engine_options *options)
{
  int err = ms_engine_open(&engine->runtime, options);
  if (err == 0) {
    err = ms_api_new(&engine->api, engine->runtime, ms_public_api_up());
    if (err != 0) {
      ms_engine_close(engine->runtime);
    }
  }
  return err;
}

int mstep_engine_open(mstep_engine **out_engine, const mstep_options *options)
{
  if (out_engine == NULL) {
    return ms_public_missing("out");
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
  return engine == NULL ? ms_public_missing("engine") : ms_engine_run(engine->runtime);
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
    return ms_public_missing(engine == NULL ? "engine" : "cb");
  }
  return ms_engine_post(engine->runtime, (struct ms_callback){(void (*)(void))cb, user});
}

int64_t mstep_engine_now_ms(mstep_engine *engine)
{
  return engine == NULL ? 0 : ms_engine_now_ms(engine->runtime);
}

int mstep_engine_health(mstep_engine *engine)
{
  return engine == NULL ? ms_public_missing("engine") : ms_engine_health(engine->runtime);
}

int mstep_engine_watch(mstep_engine *engine, mstep_event_cb cb, void *user)
{
  if (engine == NULL) {
    return ms_public_missing("engine");
  }
  ms_engine_watch(engine->runtime, (struct ms_callback){(void (*)(void))cb, user});
  return MSTEP_OK;
}

int mstep_metrics(mstep_engine *engine, mstep_text_cb text, void *user)
{
  if (engine == NULL) {
    return ms_public_missing("engine");
  }
  struct ms_metrics metrics = {0};
  ms_engine_collect(&metrics, engine->runtime);
  ms_api_collect(&metrics, engine->api);
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  ms_metrics_write(&buf, &metrics);
  return ms_public_give(&buf, MSTEP_OK, text, user);
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
                                      .message = ms_public_out(change->message),
                                      .folder = change->folder};
  engine->changed(engine, &public_change, engine->changed_user);
}

int mstep_files_watch(mstep_engine *engine, const char *const *folders, mstep_change_cb cb,
                      void *user)
{
  if (engine == NULL) {
    return ms_public_missing("engine");
  }
  engine->changed = cb;
  engine->changed_user = user;
  return ms_engine_watch_files(engine->runtime, folders, cb == NULL ? NULL : tell_change, engine);
}
