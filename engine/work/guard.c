/*
 * The watchdog and its signal.
 *
 *   IDLE --enter--> ENTERED --leave--> IDLE
 *                      | fire (watchdog or ms_guard_fire: whoever swaps the word)
 *                      v
 *                   FIRING --handler, on the guarded thread--> FIRED --leave--> IDLE
 *
 * A thread cannot leave while FIRING: it waits for its own signal, so no signal is ever late. The
 * entry's number in the word keeps a firing that was meant for one entry from hitting the next.
 *
 * The watchdog sleeps for good while nothing is entered; the first entry wakes it.
 */
#include "work/guard.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/error.h"

#define LOOK_MS 5      /* between two looks */
#define QUIET_LOOKS 20 /* looks without an entry before it sleeps for good */
#define GUARD_SIGNAL SIGURG

enum { STATE_IDLE, STATE_ENTERED, STATE_FIRING, STATE_FIRED, STATE_MASK = 3 };

struct ms_watchdog {
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t wake;
  struct ms_guard *guards;
  atomic_bool is_asleep; /* for good: enter must wake it */
  bool is_stopping;
};

/* The guard that this thread has entered; what the signal handler goes by. */
static _Thread_local struct ms_guard *volatile entered;

/*
 * ---- the signal: a disposition belongs to the whole process, so does what is known about it
 * ----
 */

static pthread_mutex_t signal_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned signal_users;
static struct sigaction signal_before;

static void forward(int number, siginfo_t *info, void *context)
{
  if ((signal_before.sa_flags & SA_SIGINFO) != 0) {
    signal_before.sa_sigaction(number, info, context);
  } else if (signal_before.sa_handler != SIG_DFL && signal_before.sa_handler != SIG_IGN) {
    signal_before.sa_handler(number);
  }
}

static void on_signal(int number, siginfo_t *info, void *context)
{
  int saved = errno;
  struct ms_guard *guard = entered;
  if (guard != NULL && (atomic_load(&guard->word) & STATE_MASK) == STATE_FIRING) {
    guard->on_fire(guard->user);
    atomic_fetch_add(&guard->word, STATE_FIRED - STATE_FIRING);
  } else {
    forward(number, info, context);
  }
  errno = saved;
}

/* A thread that blocks the signal would never be interrupted. */
static void unblock_signal(void)
{
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, GUARD_SIGNAL);
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static int use_signal(void)
{
  int err = MSTEP_OK;
  unblock_signal();
  pthread_mutex_lock(&signal_lock);
  if (signal_users == 0 && !MS_GUARD_POLLS) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    if (sigaction(GUARD_SIGNAL, &action, &signal_before) != 0) {
      err = ms_error(MSTEP_EIO, "sigaction: %s", strerror(errno));
    }
  }
  if (err == 0) {
    signal_users++;
  }
  pthread_mutex_unlock(&signal_lock);
  return err;
}

static void release_signal(void)
{
  pthread_mutex_lock(&signal_lock);
  if (--signal_users == 0 && !MS_GUARD_POLLS) {
    struct sigaction now;
    if (sigaction(GUARD_SIGNAL, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) != 0 &&
        now.sa_sigaction == on_signal) {
      sigaction(GUARD_SIGNAL, &signal_before, NULL);
    }
  }
  pthread_mutex_unlock(&signal_lock);
}

/* ---- firing ---- */

static bool fire_entry(struct ms_guard *guard, uint_fast64_t word)
{
  uint_fast64_t firing = word - STATE_ENTERED + STATE_FIRING;
  if (!atomic_compare_exchange_strong(&guard->word, &word, firing)) {
    return false;
  }
  if (MS_GUARD_POLLS) {
    atomic_fetch_add(&guard->word, STATE_FIRED - STATE_FIRING);
  } else {
    pthread_kill(guard->thread, GUARD_SIGNAL); /* it cannot have ended: it must leave first */
  }
  return true;
}

void ms_guard_fire(struct ms_guard *guard, uint64_t tag)
{
  uint_fast64_t word = atomic_load(&guard->word);
  if ((word & STATE_MASK) == STATE_ENTERED && atomic_load(&guard->tag) == tag) {
    fire_entry(guard, word); /* the tag was this entry's if the word is still the same */
  }
}

bool ms_guard_is_fired(struct ms_guard *guard)
{
  return (atomic_load_explicit(&guard->word, memory_order_acquire) & STATE_MASK) == STATE_FIRED;
}

/* ---- the watchdog ---- */

static int64_t monotonic_ms(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* True when the guard is entered. */
static bool look_at(struct ms_guard *guard, int64_t now_ms)
{
  uint_fast64_t word = atomic_load(&guard->word);
  if ((word & STATE_MASK) == STATE_IDLE) {
    return false;
  }
  uint64_t entry = word / (STATE_MASK + 1);
  if (entry != guard->seen_entry) {
    guard->seen_entry = entry;
    guard->seen_at_ms = now_ms;
  }
  if ((word & STATE_MASK) == STATE_ENTERED &&
      now_ms - guard->seen_at_ms >= atomic_load(&guard->limit_ms)) {
    fire_entry(guard, word);
  }
  return true;
}

/* Under the lock. Waits for the next look, or for good. */
static void wait_for_look(struct ms_watchdog *w, bool is_quiet)
{
  if (is_quiet) {
    atomic_store(&w->is_asleep, true);
    /* An entry from before it was set did not wake us: look once more. */
    for (struct ms_guard *guard = w->guards; guard != NULL; guard = guard->next) {
      if ((atomic_load(&guard->word) & STATE_MASK) != STATE_IDLE) {
        atomic_store(&w->is_asleep, false);
      }
    }
    while (atomic_load(&w->is_asleep) && !w->is_stopping) {
      pthread_cond_wait(&w->wake, &w->lock);
    }
    atomic_store(&w->is_asleep, false);
    return;
  }
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += LOOK_MS * 1000000L;
  if (until.tv_nsec >= 1000000000L) {
    until.tv_nsec -= 1000000000L;
    until.tv_sec++;
  }
  pthread_cond_timedwait(&w->wake, &w->lock, &until);
}

static void *watch(void *user)
{
  struct ms_watchdog *w = user;
  int quiet = 0;
  pthread_mutex_lock(&w->lock);
  while (!w->is_stopping) {
    int64_t now_ms = monotonic_ms();
    bool is_any = false;
    for (struct ms_guard *guard = w->guards; guard != NULL; guard = guard->next) {
      is_any = look_at(guard, now_ms) || is_any;
    }
    quiet = is_any ? 0 : quiet + 1;
    wait_for_look(w, quiet > QUIET_LOOKS);
    quiet = quiet > QUIET_LOOKS ? 0 : quiet;
  }
  pthread_mutex_unlock(&w->lock);
  return NULL;
}

/* A thread of the library's own takes none of the host's signals. */
static int start_thread(struct ms_watchdog *w)
{
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int number = pthread_create(&w->thread, NULL, watch, w);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return number == 0 ? MSTEP_OK : ms_error(MSTEP_EIO, "pthread_create: %s", strerror(number));
}

static void init_monotonic(pthread_cond_t *cond)
{
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(cond, &attributes);
  pthread_condattr_destroy(&attributes);
}

int ms_watchdog_new(struct ms_watchdog **out)
{
  *out = NULL;
  struct ms_watchdog *w = ms_calloc(1, sizeof *w);
  if (w == NULL) {
    return ms_error_nomem();
  }
  pthread_mutex_init(&w->lock, NULL);
  init_monotonic(&w->wake);
  atomic_init(&w->is_asleep, false);
  int err = use_signal();
  if (err == 0) {
    err = start_thread(w);
    if (err != 0) {
      release_signal();
    }
  }
  if (err != 0) {
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    ms_free(w);
    return err;
  }
  *out = w;
  return MSTEP_OK;
}

void ms_watchdog_free(struct ms_watchdog *w)
{
  if (w == NULL) {
    return;
  }
  pthread_mutex_lock(&w->lock);
  w->is_stopping = true;
  pthread_cond_signal(&w->wake);
  pthread_mutex_unlock(&w->lock);
  pthread_join(w->thread, NULL);
  release_signal();
  pthread_cond_destroy(&w->wake);
  pthread_mutex_destroy(&w->lock);
  ms_free(w);
}

static void wake(struct ms_watchdog *w)
{
  pthread_mutex_lock(&w->lock);
  atomic_store(&w->is_asleep, false);
  pthread_cond_signal(&w->wake);
  pthread_mutex_unlock(&w->lock);
}

/* ---- guards ---- */

void ms_guard_init(struct ms_guard *guard, struct ms_watchdog *watchdog, ms_guard_cb on_fire,
                   void *user)
{
  memset(guard, 0, sizeof *guard);
  atomic_init(&guard->word, STATE_IDLE);
  atomic_init(&guard->limit_ms, 0);
  atomic_init(&guard->tag, 0);
  guard->on_fire = on_fire;
  guard->user = user;
  guard->watchdog = watchdog;
  pthread_mutex_lock(&watchdog->lock);
  guard->next = watchdog->guards;
  watchdog->guards = guard;
  pthread_mutex_unlock(&watchdog->lock);
}

void ms_guard_deinit(struct ms_guard *guard)
{
  struct ms_watchdog *w = guard->watchdog;
  if (w == NULL) {
    return;
  }
  pthread_mutex_lock(&w->lock);
  struct ms_guard **link = &w->guards;
  while (*link != guard) {
    link = &(*link)->next;
  }
  *link = guard->next;
  pthread_mutex_unlock(&w->lock);
  guard->watchdog = NULL;
}

void ms_guard_enter(struct ms_guard *guard, int64_t limit_ms, uint64_t tag)
{
  uint_fast64_t word = atomic_load_explicit(&guard->word, memory_order_relaxed);
  guard->thread = pthread_self();
  entered = guard;
  atomic_store_explicit(&guard->limit_ms, limit_ms, memory_order_relaxed);
  atomic_store_explicit(&guard->tag, tag, memory_order_relaxed);
  atomic_store(&guard->word, word + STATE_MASK + 1 + STATE_ENTERED);
  if (atomic_load(&guard->watchdog->is_asleep)) {
    wake(guard->watchdog);
  }
}

bool ms_guard_leave(struct ms_guard *guard)
{
  uint_fast64_t word = atomic_load_explicit(&guard->word, memory_order_relaxed);
  uint_fast64_t idle = word & ~(uint_fast64_t)STATE_MASK;
  if ((word & STATE_MASK) == STATE_ENTERED &&
      atomic_compare_exchange_strong(&guard->word, &word, idle)) {
    entered = NULL;
    return false;
  }
  while ((atomic_load(&guard->word) & STATE_MASK) != STATE_FIRED) {
    unblock_signal(); /* somebody may have blocked it since */
    sched_yield();    /* our own signal is on its way */
  }
  entered = NULL;
  atomic_store(&guard->word, idle);
  return true;
}
