/*
 * Interrupts a thread that has been in one place for too long, without costing the thread anything
 * while it is not: no clock is read and no flag polled on the way in and out.
 *
 * A thread *enters* its guard with a time limit and *leaves* it. A watchdog thread looks at the
 * guards every few milliseconds; past the limit, or when somebody asks, it sends the thread a
 * signal (SIGURG), whose handler calls on_fire on that very thread, between two of its
 * instructions. on_fire may do only what a signal handler may. It is never called outside of enter
 * and leave, and at most once between them.
 *
 * SIGURG is ignored by default and passed on to whoever had a handler for it before; it must not be
 * blocked in a guarded thread, so ms_watchdog_new unblocks it in the thread that calls it. Under the
 * thread sanitizer, which delays signals, there is none: on_fire is not called and the guarded code
 * polls ms_guard_is_fired (MS_GUARD_POLLS).
 */
#ifndef MS_WORK_GUARD_H
#define MS_WORK_GUARD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#if defined(__SANITIZE_THREAD__)
#define MS_GUARD_POLLS 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MS_GUARD_POLLS 1
#endif
#endif
#ifndef MS_GUARD_POLLS
#define MS_GUARD_POLLS 0
#endif

struct ms_watchdog;

typedef void (*ms_guard_cb)(void *user);

/* One guarded thread. Must stay where it is until it is taken away. */
struct ms_guard {
  atomic_uint_fast64_t word;    /* number of the entry * 4 + state */
  atomic_int_fast64_t limit_ms; /* of this entry */
  atomic_uint_fast64_t tag;     /* what the entry is about: for ms_guard_fire */
  pthread_t thread;             /* set before the entry is published */
  ms_guard_cb on_fire;
  void *user;
  struct ms_watchdog *watchdog;
  struct ms_guard *next; /* the watchdog's list; under its lock, as what follows */
  uint64_t seen_entry;
  int64_t seen_at_ms;
};

int ms_watchdog_new(struct ms_watchdog **out); /* starts the thread. MSTEP_ENOMEM, MSTEP_EIO */
void ms_watchdog_free(struct ms_watchdog *watchdog); /* no guard is left; NULL is fine */

void ms_guard_init(struct ms_guard *guard, struct ms_watchdog *watchdog, ms_guard_cb on_fire,
                   void *user);
void ms_guard_deinit(struct ms_guard *guard); /* not entered */
/* limit_ms <= 0: at the next look. No guard may be entered on this thread already. */
void ms_guard_enter(struct ms_guard *guard, int64_t limit_ms, uint64_t tag);
/* True when it fired since enter. */
bool ms_guard_leave(struct ms_guard *guard);
/*
 * Fires if it is entered with this tag; any thread. Returns soon, the signal may still be on its
 * way.
 */
void ms_guard_fire(struct ms_guard *guard, uint64_t tag);
bool ms_guard_is_fired(struct ms_guard *guard); /* the guarded thread, between enter and leave */

#endif
