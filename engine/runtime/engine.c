/*
 * The engine object: builds everything from options and takes it down again; its place in the loop.
 * What happens in a turn is turn.c's.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "luavm/expr.h"
#include "runtime/activities.h"
#include "runtime/deliver.h"
#include "runtime/durable.h"
#include "runtime/internal.h"
#include "runtime/names.h"

static atomic_uint open_engines;

/* Its address tells threads apart without a thread library. */
static _Thread_local char this_thread;

unsigned ms_engine_count(void)
{
  return atomic_load(&open_engines);
}

bool ms_engine_is_loop_thread(const struct ms_engine *engine)
{
  return engine->thread == &this_thread;
}

void ms_engine_log(struct ms_engine *engine, int level, const char *format, ...)
{
  struct ms_buf line;
  ms_buf_init(&line, 0);
  va_list args;
  va_start(args, format);
  ms_buf_vprintf(&line, format, args);
  va_end(args);
  const struct ms_engine_host *host = &engine->options.host;
  if (line.error == 0) {
    host->log(level, "runtime", ms_buf_view(&line), host->host);
  }
  ms_buf_deinit(&line);
}

/* ---- the loop's callbacks ---- */

/* Of two times, either of which may be 0: never. */
static int64_t earlier(int64_t a, int64_t b)
{
  return a == 0 || (b != 0 && b < a) ? b : a;
}

/* Lets the loop end when nothing is open, and simulated time jump when only deadlines are left. */
static void engine_settle(struct ms_engine *engine)
{
  bool is_waiting = (engine->open_count > 0 && !engine->options.is_paused &&
                     !engine->options.is_read_only) ||
                    ms_drivers_are_busy(engine) || engine->invocations != NULL ||
                    engine->calls != NULL;
  int64_t due_ms = engine->lua == NULL ? 0 : ms_lua_next_due_ms(engine->lua);
  due_ms = earlier(due_ms, ms_drivers_next_due_ms(engine));
  due_ms = earlier(due_ms, engine->dests == NULL ? 0 : ms_dests_next_due_ms(engine->dests));
  due_ms = earlier(due_ms, ms_durable_next_due_ms(engine));
  due_ms = earlier(due_ms, is_waiting ? engine->look_at_ms : 0);
  if (ms_timers_arm(&engine->timers, due_ms) != 0) {
    ms_engine_log(engine, 0, "no memory for the loop's timer");
  }
  bool may_jump = engine->options.is_virtual_time && engine->timers.armed_at_ms != 0;
  bool is_held = is_waiting && !may_jump;
  if (is_held != engine->is_held) {
    engine->is_held = is_held;
    if (is_held) {
      ms_loop_hold(engine->loop);
    } else {
      ms_loop_release(engine->loop);
    }
  }
  if (engine->first_pending != NULL && ms_durable_is_ready(engine)) {
    ms_loop_defer(engine->loop);
  }
}

int ms_engine_may_write(const struct ms_engine *engine)
{
  return engine->options.is_read_only
             ? ms_error(MSTEP_ESTATE, "the store was opened to be read only")
             : ms_durable_status(engine);
}

int ms_engine_set_base_url(struct ms_engine *engine, struct ms_str url)
{
  size_t scheme = ms_str_has_prefix(url, "http://") ? 7 : ms_str_has_prefix(url, "https://") ? 8 : 0;
  while (url.len > scheme && url.data[url.len - 1] == '/') {
    url.len--;
  }
  bool is_fine = url.len == 0 || (scheme > 0 && url.len > scheme);
  for (size_t i = 0; i < url.len; i++) { /* it goes into JSON and URLs as it is */
    unsigned char c = (unsigned char)url.data[i];
    is_fine = is_fine && c > ' ' && c < 0x7f && strchr("\"\\<>?#&", c) == NULL;
  }
  if (!is_fine || url.len >= sizeof engine->base_url) {
    return ms_error(MSTEP_EINVALID, "not the address of a server");
  }
  memcpy(engine->base_url, url.data, url.len);
  engine->base_url[url.len] = '\0';
  return MSTEP_OK;
}

void ms_engine_touch(struct ms_engine *engine)
{
  if (engine->busy == 0) {
    engine_settle(engine);
  }
}

static void on_defer(void *user)
{
  struct ms_engine *engine = user;
  engine->busy++;
  ms_durable_resume(engine);
  ms_drivers_resume(engine);
  ms_engine_turn(engine);
  engine->busy--;
  engine_settle(engine);
}

static void on_timer(void *user)
{
  struct ms_engine *engine = user;
  engine->busy++;
  ms_timers_fire(&engine->timers);
  if (engine->lua != NULL) {
    ms_lua_on_timer(engine->lua, ms_loop_now_ms(engine->loop));
  }
  ms_drivers_on_timer(engine);
  if (engine->dests != NULL) {
    ms_dests_on_timer(engine->dests, ms_loop_now_ms(engine->loop));
  }
  ms_durable_on_timer(engine);
  ms_retention_on_timer(engine, ms_loop_now_ms(engine->loop));
  engine->busy--;
  engine_settle(engine);
}

static void on_message(struct ms_engine *engine, const struct ms_message *message)
{
  const struct ms_engine_host *host = &engine->options.host;
  ms_durable_resume(engine); /* what is asked may be about a task that was not begun again yet */
  if (message->type == MS_MESSAGE_POST) {
    host->post(message->callback, host->host);
    return;
  }
  if (ms_open_task_message(engine, message) != 0) {
    ms_engine_log(engine, 3, "an answer to a task was dropped: %s", ms_error_detail());
  }
}

static void on_wake(void *user)
{
  struct ms_engine *engine = user;
  engine->busy++;
  struct ms_message *message = ms_inbox_take(&engine->inbox);
  while (message != NULL) {
    struct ms_message *next = message->next;
    on_message(engine, message);
    ms_free(message);
    message = next;
  }
  if (engine->lua != NULL) {
    ms_lua_on_wake(engine->lua);
  }
  ms_durable_take(engine);
  engine->busy--;
  engine_settle(engine);
  if (atomic_exchange(&engine->is_stopping, false)) {
    ms_loop_stop(engine->loop);
  }
}

/* ---- run, stop, post ---- */

int ms_engine_run(struct ms_engine *engine)
{
  if (engine->busy > 0) {
    return ms_error(MSTEP_ESTATE, "the engine cannot be run from a callback");
  }
  engine_settle(engine);
  return ms_loop_run(engine->loop);
}

int ms_engine_run_until(struct ms_engine *engine, int64_t end_at_ms)
{
  if (engine->busy > 0 || !engine->options.is_virtual_time) {
    return ms_error(MSTEP_ESTATE, engine->busy > 0 ? "the engine cannot be run from a callback"
                                                   : "the engine's time is not virtual");
  }
  engine_settle(engine);
  return ms_loop_sim_run_until(engine->loop, end_at_ms);
}

void ms_engine_stop(struct ms_engine *engine)
{
  atomic_store(&engine->is_stopping, true);
  ms_loop_wake(engine->loop);
}

int ms_engine_post(struct ms_engine *engine, struct ms_callback callback)
{
  int err = ms_inbox_put(&engine->inbox,
                         &(struct ms_message){.type = MS_MESSAGE_POST, .callback = callback});
  return err != 0 ? err : ms_loop_wake(engine->loop);
}

int64_t ms_engine_clock_us(struct ms_engine *engine)
{
  return ms_loop_clock_us(engine->loop);
}

int64_t ms_engine_now_ms(struct ms_engine *engine)
{
  return ms_loop_now_ms(engine->loop);
}

void ms_engine_watch(struct ms_engine *engine, struct ms_callback callback)
{
  engine->watcher = callback;
}

/* ---- options ---- */

static int copy_text(const char **text)
{
  if (*text != NULL) {
    *text = ms_strdupn(*text, strlen(*text));
    if (*text == NULL) {
      return ms_error_nomem();
    }
  }
  return MSTEP_OK;
}

#define TEXTS 7

static void options_texts(struct ms_engine_options *options, const char **texts[TEXTS])
{
  texts[0] = &options->functions_dir;
  texts[1] = &options->lib_dir;
  texts[2] = &options->rules_dir;
  texts[3] = &options->region;
  texts[4] = &options->account;
  texts[5] = &options->role_arn;
  texts[6] = &options->store_url;
}

static void options_deinit(struct ms_engine_options *options)
{
  const char **texts[TEXTS];
  options_texts(options, texts);
  for (size_t i = 0; i < TEXTS; i++) {
    ms_free((void *)(uintptr_t)*texts[i]);
  }
}

static int options_copy(struct ms_engine_options *out, const struct ms_engine_options *from)
{
  *out = *from;
  const char **texts[TEXTS];
  options_texts(out, texts);
  for (size_t i = 0; i < TEXTS; i++) {
    int err = copy_text(texts[i]);
    if (err != 0) {
      for (; i < TEXTS; i++) {
        *texts[i] = NULL; /* not copied: not ours to free */
      }
      return err;
    }
  }
  return MSTEP_OK;
}

/* ---- open, close ---- */

static int engine_seed(struct ms_engine *engine)
{
  uint64_t seed = engine->options.seed;
  if (seed == 0 && getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed) {
    return ms_error(MSTEP_EIO, "no entropy: %s", strerror(errno));
  }
  ms_random_seed(&engine->random, seed);
  return MSTEP_OK;
}

static void engine_init_core(struct ms_engine *engine)
{
  engine->limits = engine->options.is_aws_compat ? MS_CORE_LIMITS_AWS : MS_CORE_LIMITS_DEFAULT;
  engine->limits.payload_bytes = engine->options.payload_max_bytes;
  engine->limits.history_events = engine->options.history_max_events;
  engine->env = (struct ms_core_env){
      .arena = engine->arena, .limits = &engine->limits, .rule = ms_engine_rule,
      .check_task = ms_activities_check, .user = engine};
}

static int engine_open_loop(struct ms_engine *engine)
{
  const struct ms_engine_options *options = &engine->options;
  int err = options->is_virtual_time ? ms_loop_sim_new(&engine->loop, options->start_at_ms)
                                     : ms_loop_libevent_new(&engine->loop, options->event_base);
  if (err == 0) {
    const struct ms_loop_callbacks callbacks = {on_timer, on_defer, on_wake, engine};
    ms_loop_set_callbacks(engine->loop, &callbacks);
    ms_timers_init(&engine->timers, engine->loop, ms_run_on_timer, engine);
  }
  return err;
}

static int engine_open_parts(struct ms_engine *engine)
{
  int err = engine_seed(engine);
  if (err == 0) {
    err = ms_lua_lang_new(&engine->langs[0]);
  }
  if (err == 0) {
    err = engine_open_loop(engine);
  }
  if (err == 0) {
    engine->arena = ms_arena_new(0);
    engine->region = ms_json_cstring(engine->options.region);
    engine->role_arn = ms_json_cstring(engine->options.role_arn);
    bool has_all = engine->arena != NULL && !ms_json_is_none(engine->region) &&
                   !ms_json_is_none(engine->role_arn);
    err = has_all ? MSTEP_OK : ms_error_nomem();
  }
  if (err == 0) {
    engine_init_core(engine);
    struct ms_tasks_options tasks = {.random = &engine->random,
                                     .region = engine->options.region,
                                     .account = engine->options.account};
    ms_open_task_up(&tasks.up, engine);
    err = ms_tasks_new(&engine->tasks, &tasks);
  }
  err = err != 0 ? err : ms_turn_ready(engine);
  err = err != 0 ? err : ms_durable_open(engine);
  return err != 0 ? err : ms_drivers_open(engine);
}

int ms_engine_open(struct ms_engine **out, const struct ms_engine_options *options)
{
  *out = NULL;
  int err = ms_region_check(ms_str_c(options->region));
  if (err == 0) {
    err = ms_account_check(ms_str_c(options->account));
  }
  if (err != 0) {
    return err;
  }
  struct ms_engine *engine = ms_calloc(1, sizeof *engine);
  if (engine == NULL) {
    return ms_error_nomem();
  }
  engine->thread = &this_thread;
  /* What runs on virtual time repeats itself, in the order in which executions are read back, too. */
  uint64_t seed = options->is_virtual_time ? options->seed : ms_hash_process_seed();
  ms_map_init(&engine->machines, seed);
  ms_index_init(&engine->runs, seed, ms_run_is);
  ms_index_init(&engine->tokens, seed, ms_open_task_is);
  ms_inbox_init(&engine->inbox);
  atomic_fetch_add(&open_engines, 1);
  err = options_copy(&engine->options, options);
  if (err == 0) {
    err = engine_open_parts(engine);
  }
  if (err != 0) {
    ms_engine_close(engine);
    return err;
  }
  *out = engine;
  return MSTEP_OK;
}

static void engine_close_runs(struct ms_engine *engine)
{
  struct ms_run *run;
  uint32_t at = 0;
  while ((run = ms_index_next(&engine->runs, &at)) != NULL) {
    ms_run_quiet(engine, run);
    ms_run_unref(run);
  }
  ms_queue_deinit(engine);
  ms_index_deinit(&engine->runs);
  ms_index_deinit(&engine->tokens);
}

int ms_engine_close(struct ms_engine *engine)
{
  if (engine == NULL) {
    return MSTEP_OK;
  }
  if (engine->busy > 0) {
    return ms_error(MSTEP_ESTATE, "the engine cannot be closed from a callback");
  }
  ms_drivers_close(engine);
  ms_durable_close(engine);
  engine_close_runs(engine);
  ms_deliver_deinit(engine); /* behind the tasks that it has requests of */
  ms_functions_deinit(engine);
  ms_tasks_free(engine->tasks);
  ms_machines_deinit(engine);
  ms_lua_lang_free(engine->langs[0]); /* the machines were compiled with it */
  ms_inbox_deinit(&engine->inbox);
  ms_turns_deinit(engine);
  ms_timers_deinit(&engine->timers);
  ms_loop_free(engine->loop);
  ms_arena_free(engine->arena);
  ms_json_unref(engine->region);
  ms_json_unref(engine->role_arn);
  options_deinit(&engine->options);
  ms_free(engine);
  atomic_fetch_sub(&open_engines, 1);
  return MSTEP_OK;
}

int ms_engine_abandon(struct ms_engine *engine)
{
  if (engine != NULL && engine->busy == 0 && engine->durable != NULL &&
      engine->durable->journal != NULL) {
    ms_journal_abandon(engine->durable->journal);
  }
  return ms_engine_close(engine);
}
