/* See run_loop.h. */
#include "cli/run_loop.h"

#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#define DRAW_EVERY_MS 100

/*
 * Signals reach only a handler without arguments, so this is the program's one piece of shared
 * state: the engine to stop, and what has been asked for since.
 */
static mstep_engine *volatile signal_engine;
static volatile sig_atomic_t is_interrupted, is_interrupt_due, is_draw_due;

static void on_interrupt(int number)
{
  (void)number;
  if (is_interrupted) {
    /* The second time: the engine does not come back, perhaps because a handler holds the loop. */
    _exit(MS_EXIT_ABORTED);
  }
  is_interrupted = is_interrupt_due = 1;
  if (signal_engine != NULL) {
    mstep_engine_stop(signal_engine);
  }
}

/*
 * The public engine has no timers for its host; leaving the loop ten times a second does as well.
 */
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

void ms_run_loop_begin(mstep_engine *engine, const struct ms_view *view)
{
  struct sigaction action = {.sa_flags = SA_RESTART};
  sigemptyset(&action.sa_mask);
  signal_engine = engine;
  action.sa_handler = on_interrupt;
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  if (view->type != NULL && view->type->is_live) {
    action.sa_handler = on_tick;
    sigaction(SIGALRM, &action, NULL);
    set_ticking(true);
  }
}

void ms_run_loop_end(void)
{
  set_ticking(false);
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  signal_engine = NULL;
}

enum ms_loop_end ms_run_loop(mstep_engine *engine, struct ms_view *view)
{
  for (;;) {
    int code = mstep_engine_run(engine);
    if (code != MSTEP_OK) {
      ms_cli_error_code(code, "could not run the execution");
      return MS_LOOP_FAILED;
    }
    if (is_interrupt_due) {
      is_interrupt_due = 0;
      return MS_LOOP_INTERRUPTED;
    }
    if (!is_draw_due) {
      return MS_LOOP_RETURNED;
    }
    is_draw_due = 0;
    ms_view_draw(view, mstep_engine_now_ms(engine));
  }
}
