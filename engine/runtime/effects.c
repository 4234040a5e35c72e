/*
 * Effects: what an execution asks of the world, done after the commit. Timers, tasks and the end.
 * What a task is and who answers it is open_task.c's.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "runtime/durable.h"
#include "runtime/internal.h"

#define AGAIN_MS 100 /* a timer for whose command there was no memory tries again */

/* ---- timers ---- */

static struct ms_run_timer **timer_slot(struct ms_run *run, uint32_t frame)
{
  struct ms_run_timer **slot = &run->timers;
  while (*slot != NULL && (*slot)->frame != frame) {
    slot = &(*slot)->next;
  }
  return slot;
}

int ms_run_set_timer(struct ms_engine *engine, struct ms_run *run, uint32_t frame,
                     int64_t due_at_ms)
{
  struct ms_run_timer *timer = *timer_slot(run, frame);
  if (timer == NULL) {
    timer = ms_calloc(1, sizeof *timer);
    if (timer == NULL) {
      return ms_error_nomem();
    }
    timer->run = run;
    timer->frame = frame;
    timer->next = run->timers;
    run->timers = timer;
  }
  return ms_timer_set(&engine->timers, &timer->timer, due_at_ms);
}

static void timer_clear(struct ms_engine *engine, struct ms_run *run, uint32_t frame)
{
  struct ms_run_timer **slot = timer_slot(run, frame);
  struct ms_run_timer *timer = *slot;
  if (timer != NULL) {
    *slot = timer->next;
    ms_timer_cancel(&engine->timers, &timer->timer);
    ms_free(timer);
  }
}

void ms_run_on_timer(struct ms_timer *timer, void *user)
{
  struct ms_engine *engine = user;
  struct ms_run_timer *due = (struct ms_run_timer *)(void *)timer;
  struct ms_run *run = due->run;
  struct ms_pending *pending = ms_pending_new(engine, run, MS_COMMAND_TIMER);
  if (pending == NULL) {
    /* The heap has room: this timer has just left it. */
    ms_timer_set(&engine->timers, timer, ms_loop_now_ms(engine->loop) + AGAIN_MS);
    return;
  }
  pending->command.frame = due->frame;
  ms_pending_push(engine, pending);
  timer_clear(engine, run, due->frame);
}

static void run_end(struct ms_engine *engine, struct ms_run *run)
{
  while (run->timers != NULL) {
    timer_clear(engine, run, run->timers->frame);
  }
  while (run->tasks != NULL) {
    const struct ms_command *is = &run->tasks->answer.command;
    ms_open_task_cancel(engine, run, is->frame, is->task);
  }
}

void ms_run_quiet(struct ms_engine *engine, struct ms_run *run)
{
  ms_tasks_forget(engine->tasks, true);
  run_end(engine, run);
  ms_tasks_forget(engine->tasks, false);
}

/* ---- the end ---- */

void ms_run_tell_end(struct ms_engine *engine, struct ms_run *run)
{
  struct ms_callback first = run->done;
  struct ms_run_done *more = run->more_done;
  run->done.fn = NULL;
  run->more_done = NULL;
  if (first.fn == NULL && more == NULL) {
    return;
  }
  struct ms_engine_end end;
  struct ms_buf output;
  ms_buf_init(&output, 0);
  ms_run_end_texts(&end, &output, run);
  const struct ms_engine_host *host = &engine->options.host;
  if (first.fn != NULL) {
    host->done(first, &end, host->host);
  }
  while (more != NULL) {
    struct ms_run_done *next = more->next;
    host->done(more->callback, &end, host->host);
    ms_free(more);
    more = next;
  }
  ms_buf_deinit(&output);
}

void ms_run_close(struct ms_engine *engine, struct ms_run *run)
{
  if (run->is_closed) {
    return;
  }
  run_end(engine, run);
  run->is_closed = true;
  engine->open_count--;
  if (!run->is_broken) {
    ms_collect_end(engine, run->core);
  }
  ms_retention_ended(engine);
  if (engine->durable != NULL) {
    ms_runs_remove(engine, run); /* from now on it is found in the store */
  }
  ms_watch_threads_free(run->threads);
  run->threads = NULL;
  ms_free(run->invocations);
  run->invocations = NULL;
  ms_run_tell_end(engine, run);
  if (ms_tasks_await_executions(engine->tasks)) {
    char arn[MS_ENGINE_ARN_SIZE];
    ms_run_arn(arn, run);
    ms_tasks_execution_ended(engine->tasks, ms_str_c(arn));
  }
  if (engine->durable != NULL) {
    ms_run_unref(run); /* the index's */
  }
}

void ms_run_break(struct ms_engine *engine, struct ms_run *run, int err)
{
  struct ms_execution *core = run->core;
  ms_engine_log(engine, 0, "execution %s cannot go on: %s", ms_json_text(core->identity.arn).data,
                ms_error_text(err));
  run->is_broken = true;
  if (core->status == MS_EXECUTION_RUNNING) {
    core->status = MS_EXECUTION_FAILED;
    core->stopped_at_ms = ms_loop_now_ms(engine->loop);
    ms_json_replace(&core->error, ms_json_cstring("States.Runtime"));
    ms_json_replace(&core->cause,
                    ms_json_stringf("The engine cannot go on: %s.", ms_error_text(err)));
  }
}

void ms_run_perform(struct ms_engine *engine, struct ms_run *run, const struct ms_effect *effect)
{
  int err = MSTEP_OK;
  if (run->is_closed || run->is_broken) {
    return;
  }
  if (engine->options.is_paused && effect->type != MS_EFFECT_CLOSED) {
    return; /* begun by whoever opens the store next */
  }
  switch (effect->type) {
  case MS_EFFECT_SCHEDULE_TASK:
    err = ms_open_task_start(engine, run, effect);
    break;
  case MS_EFFECT_CANCEL_TASK:
    ms_open_task_cancel(engine, run, effect->frame, effect->task);
    break;
  case MS_EFFECT_SET_TIMER:
    err = ms_run_set_timer(engine, run, effect->frame, effect->due_at_ms);
    break;
  case MS_EFFECT_CLEAR_TIMER:
    timer_clear(engine, run, effect->frame);
    break;
  case MS_EFFECT_CLOSED:
    ms_run_close(engine, run);
    break;
  }
  if (err != 0 && engine->durable != NULL) {
    ms_durable_break(engine, err);
  } else if (err != 0) {
    ms_run_break(engine, run, err);
  }
}
