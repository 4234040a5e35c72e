/* Messages get to a worker once and come back; timers, taking back, a full queue, stopping. */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/alloc.h"
#include "base/error.h"
#include "mt.h"
#include "work/work.h"

struct worker;

struct note {
  struct ms_work_message message; /* first */
  int value;
  struct worker *done_by;
};

struct worker {
  struct ms_worker *self;
  struct pool *pool;
  int64_t due_at_ms;
  struct note *waiting;
};

struct pool {
  struct ms_loop *loop;
  struct ms_work *work;
  struct worker states[4];
  atomic_bool is_blocked; /* on_message waits while this is set */
  atomic_bool is_first_full;
  atomic_int begun;
  atomic_int woken;
  atomic_int closed;
  long sum;
  int taken;
  int stop_after;
};

static int64_t wall_ms(void)
{
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void pause_ms(int ms)
{
  struct timespec t = {0, ms * 1000000L};
  nanosleep(&t, NULL);
}

static int open_worker(void **state, struct ms_worker *worker, unsigned index, void *user)
{
  struct pool *pool = user;
  pool->states[index] = (struct worker){worker, pool, 0, NULL};
  *state = &pool->states[index];
  return 0;
}

static void close_worker(void *state)
{
  atomic_fetch_add(&((struct worker *)state)->pool->closed, 1);
}

/* Values over 1000 wait that many milliseconds more than 1000 before they come back. */
static void on_message(void *state, struct ms_work_message *message)
{
  struct worker *w = state;
  struct note *note = (struct note *)(void *)message;
  atomic_fetch_add(&w->pool->begun, 1);
  while (atomic_load(&w->pool->is_blocked)) {
    pause_ms(1);
  }
  if (note->value > 1000) {
    w->due_at_ms = wall_ms() + note->value - 1000;
    w->waiting = note;
    return;
  }
  note->value *= 2;
  note->done_by = w;
  ms_worker_reply(w->self, message);
}

static void on_worker_wake(void *state)
{
  atomic_fetch_add(&((struct worker *)state)->pool->woken, 1);
}

static int64_t next_due_ms(void *state)
{
  return ((struct worker *)state)->due_at_ms;
}

static void on_worker_timer(void *state)
{
  struct worker *w = state;
  w->due_at_ms = 0;
  ms_worker_reply(w->self, &w->waiting->message);
}

/* Worker 0 takes nothing from the common queue while the pool says so. */
static bool is_full(void *state)
{
  struct worker *w = state;
  return w == &w->pool->states[0] && atomic_load(&w->pool->is_first_full);
}

static const struct ms_work_type type = {open_worker, close_worker,    on_message, on_worker_wake,
                                         next_due_ms, on_worker_timer, is_full};

static void on_wake(void *user)
{
  struct pool *pool = user;
  for (struct ms_work_message *m = ms_work_take(pool->work), *next; m != NULL; m = next) {
    next = m->next;
    pool->sum += ((struct note *)(void *)m)->value;
    pool->taken++;
  }
  if (pool->taken >= pool->stop_after) {
    ms_loop_release(pool->loop);
  }
}

static void pool_init(struct pool *pool, unsigned workers, size_t queue_max)
{
  memset(pool, 0, sizeof *pool);
  mt_eq_int(ms_loop_libevent_new(&pool->loop, NULL), 0);
  struct ms_work_options options = {&type, pool, pool->loop, workers, queue_max};
  mt_eq_int(ms_work_new(&pool->work, &options), 0);
  struct ms_loop_callbacks callbacks = {NULL, NULL, on_wake, pool};
  ms_loop_set_callbacks(pool->loop, &callbacks);
}

static void pool_deinit(struct pool *pool)
{
  unsigned count = ms_work_count(pool->work);
  ms_work_free(pool->work);
  mt_eq_int(atomic_load(&pool->closed), count);
  ms_loop_free(pool->loop);
}

static void run_until(struct pool *pool, int taken)
{
  pool->stop_after = taken;
  ms_loop_hold(pool->loop);
  mt_eq_int(ms_loop_run(pool->loop), 0);
}

MT_TEST(work__every_message_comes_back_once)
{
  enum { COUNT = 5000 };
  static struct note notes[COUNT];
  struct pool pool;
  pool_init(&pool, 3, 0);
  for (int i = 0; i < COUNT; i++) {
    notes[i].value = 1;
    mt_eq_int(ms_work_post(pool.work, &notes[i].message), 0);
  }
  run_until(&pool, COUNT);
  mt_eq_int(pool.taken, COUNT);
  mt_eq_int(pool.sum, 2 * COUNT);
  pool_deinit(&pool);
}

MT_TEST(work__full_queue_and_taking_back)
{
  struct note notes[4] = {{.value = 1}, {.value = 2}, {.value = 3}, {.value = 4}};
  struct pool pool;
  pool_init(&pool, 1, 2);
  atomic_store(&pool.is_blocked, true);
  mt_eq_int(ms_work_post(pool.work, &notes[0].message), 0);
  while (atomic_load(&pool.begun) == 0) {
    pause_ms(1);
  }
  mt_eq_int(ms_work_post(pool.work, &notes[1].message), 0);
  mt_eq_int(ms_work_post(pool.work, &notes[2].message), 0);
  mt_eq_int(ms_work_post(pool.work, &notes[3].message), MSTEP_ETOOBIG);
  mt_ok(!ms_work_take_back(pool.work, &notes[0].message)); /* begun */
  mt_ok(ms_work_take_back(pool.work, &notes[1].message));
  mt_ok(!ms_work_take_back(pool.work, &notes[1].message));
  mt_eq_int(ms_work_post(pool.work, &notes[3].message), 0);
  atomic_store(&pool.is_blocked, false);
  run_until(&pool, 3);
  mt_eq_int(pool.sum, 2 * (1 + 3 + 4));
  pool_deinit(&pool);
}

MT_TEST(work__timers_and_wakes)
{
  struct note note = {.value = 1050};
  struct pool pool;
  pool_init(&pool, 2, 0);
  int64_t begin = wall_ms();
  mt_eq_int(ms_work_post(pool.work, &note.message), 0);
  ms_work_wake(pool.work);
  run_until(&pool, 1);
  mt_ok(wall_ms() - begin >= 50);
  for (int i = 0; i < 2000 && atomic_load(&pool.woken) < 2; i++) {
    pause_ms(1);
  }
  mt_eq_int(atomic_load(&pool.woken), 2);
  pool_deinit(&pool);
}

MT_TEST(work__for_one_worker)
{
  enum { COUNT = 200 };
  static struct note notes[COUNT];
  struct pool pool;
  pool_init(&pool, 4, 2);
  for (int i = 0; i < COUNT; i++) {
    notes[i].value = 1;
    ms_work_post_to(pool.work, (unsigned)i % 4, &notes[i].message);
    mt_ok(!ms_work_take_back(pool.work, &notes[i].message));
  }
  run_until(&pool, COUNT);
  for (int i = 0; i < COUNT; i++) {
    mt_ok(notes[i].done_by == &pool.states[i % 4]);
  }
  pool_deinit(&pool);
}

MT_TEST(work__full_worker_takes_only_its_own)
{
  enum { COUNT = 50 };
  static struct note notes[COUNT];
  static struct note own;
  struct pool pool;
  pool_init(&pool, 2, 0);
  atomic_store(&pool.is_first_full, true);
  for (int i = 0; i < COUNT; i++) {
    notes[i].value = 1;
    mt_eq_int(ms_work_post(pool.work, &notes[i].message), 0);
  }
  own.value = 1;
  ms_work_post_to(pool.work, 0, &own.message);
  run_until(&pool, COUNT + 1);
  for (int i = 0; i < COUNT; i++) {
    mt_ok(notes[i].done_by == &pool.states[1]);
  }
  mt_ok(own.done_by == &pool.states[0]);
  pool_deinit(&pool);
}

MT_TEST(work__free_with_messages_left)
{
  static struct note notes[100];
  struct pool pool;
  pool_init(&pool, 2, 0);
  for (int i = 0; i < 100; i++) {
    notes[i].value = 1;
    mt_eq_int(ms_work_post(pool.work, &notes[i].message), 0);
  }
  pool_deinit(&pool);
}

static int open_failing(void **state, struct ms_worker *worker, unsigned index, void *user)
{
  return index == 1 ? ms_error_nomem() : open_worker(state, worker, index, user);
}

MT_TEST(work__failures_of_new)
{
  struct pool pool;
  struct ms_work_type failing = type;
  memset(&pool, 0, sizeof pool);
  failing.open = open_failing;
  struct ms_work_options options = {&failing, &pool, NULL, 3, 0};
  mt_eq_int(ms_work_new(&pool.work, &options), MSTEP_ENOMEM);
  mt_eq_int(atomic_load(&pool.closed), 1);
  options.workers = 0;
  mt_eq_int(ms_work_new(&pool.work, &options), MSTEP_EINVALID);
  options.workers = 257;
  mt_eq_int(ms_work_new(&pool.work, &options), MSTEP_EINVALID);
}
