/*
 * The pool. One lock for the queue and the workers' states, one for the replies. A worker that
 * finds nothing to do marks itself idle and waits on its own condition; who posts wakes the idle
 * worker with the lowest number, so that under little load the same worker, with warm caches, does
 * everything.
 *
 * Messages are taken one at a time: one that takes long must not hold others that an idle worker
 * could do.
 */
#include "work/work.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/error.h"

#define WORKERS_MAX 256
#define QUEUE_DEFAULT 65536
#define WAIT_MAX_MS 60000 /* the wall clock may jump: look again */

struct list {
  struct ms_work_message *head;
  struct ms_work_message *tail;
};

struct ms_worker {
  struct ms_work *work;
  void *state;
  pthread_t thread;
  pthread_cond_t wake;
  struct list own; /* posted to this worker alone; under the lock, as what follows */
  bool is_idle;    /* waits and nobody has woken it */
  bool is_woken;   /* on_wake is to be called */
};

struct ms_work {
  const struct ms_work_type *type;
  struct ms_loop *loop;
  pthread_mutex_t lock;
  struct list queue;
  size_t queue_count;
  size_t queue_max;
  bool is_stopping;
  pthread_mutex_t reply_lock;
  struct list replies;
  unsigned opened;  /* workers with a state */
  unsigned started; /* workers with a thread */
  unsigned count;
  struct ms_worker workers[];
};

/* ---- lists ---- */

static void append(struct list *list, struct ms_work_message *message)
{
  message->next = NULL;
  message->previous = list->tail;
  if (list->tail == NULL) {
    list->head = message;
  } else {
    list->tail->next = message;
  }
  list->tail = message;
}

static void unlink_message(struct list *list, struct ms_work_message *message)
{
  if (message->previous == NULL) {
    list->head = message->next;
  } else {
    message->previous->next = message->next;
  }
  if (message->next == NULL) {
    list->tail = message->previous;
  } else {
    message->next->previous = message->previous;
  }
}

/* ---- workers ---- */

static int64_t wall_ms(void)
{
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Under the lock: until somebody wakes this worker or wait_ms have passed; negative: for good. */
static void wait_idle(struct ms_worker *worker, int64_t wait_ms)
{
  struct ms_work *work = worker->work;
  struct timespec until;
  worker->is_idle = true;
  if (wait_ms < 0) {
    while (worker->is_idle && !work->is_stopping) {
      pthread_cond_wait(&worker->wake, &work->lock);
    }
  } else {
    wait_ms = wait_ms > WAIT_MAX_MS ? WAIT_MAX_MS : wait_ms;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(wait_ms / 1000);
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
      until.tv_nsec -= 1000000000L;
      until.tv_sec++;
    }
    int status = 0;
    while (worker->is_idle && !work->is_stopping && status != ETIMEDOUT) {
      status = pthread_cond_timedwait(&worker->wake, &work->lock, &until);
    }
  }
  worker->is_idle = false;
}

/* Under the lock: wakes the idle worker with the lowest number, or none. */
static void wake_one(struct ms_work *work)
{
  for (unsigned i = 0; i < work->count; i++) {
    if (work->workers[i].is_idle) {
      work->workers[i].is_idle = false;
      pthread_cond_signal(&work->workers[i].wake);
      return;
    }
  }
}

/* The next message for this worker, taken out of its queue; NULL: none that it would have. */
static struct ms_work_message *next_message(struct ms_worker *worker)
{
  struct ms_work *work = worker->work;
  struct ms_work_message *message = worker->own.head;
  if (message != NULL) {
    unlink_message(&worker->own, message);
    return message;
  }
  message = work->queue.head;
  if (message == NULL) {
    return NULL;
  }
  if (work->type->is_full != NULL && work->type->is_full(worker->state)) {
    wake_one(work); /* the wake that was meant for whoever takes it may have come here */
    return NULL;
  }
  unlink_message(&work->queue, message);
  message->is_queued = false;
  work->queue_count--;
  return message;
}

/* One thing to do, or a wait; the lock is held before and after. */
static void turn(struct ms_worker *worker)
{
  struct ms_work *work = worker->work;
  const struct ms_work_type *type = work->type;
  int64_t due_at_ms = type->next_due_ms == NULL ? 0 : type->next_due_ms(worker->state);
  int64_t wait_ms = due_at_ms == 0 ? -1 : due_at_ms - wall_ms();
  struct ms_work_message *message = next_message(worker);
  bool is_woken = worker->is_woken;
  worker->is_woken = false;
  bool is_due = due_at_ms != 0 && wait_ms <= 0;
  if (message == NULL && !is_woken && !is_due) {
    wait_idle(worker, wait_ms);
    return;
  }
  pthread_mutex_unlock(&work->lock);
  if (is_woken && type->on_wake != NULL) {
    type->on_wake(worker->state);
  }
  if (is_due) {
    type->on_timer(worker->state);
  }
  if (message != NULL) {
    type->on_message(worker->state, message);
  }
  pthread_mutex_lock(&work->lock);
}

static void *run_worker(void *user)
{
  struct ms_worker *worker = user;
  pthread_mutex_lock(&worker->work->lock);
  while (!worker->work->is_stopping) {
    turn(worker);
  }
  pthread_mutex_unlock(&worker->work->lock);
  return NULL;
}

/* The library's own threads take none of the host's signals but the guards' (guard.h). */
static int start_worker(struct ms_worker *worker)
{
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&worker->wake, &attributes);
  pthread_condattr_destroy(&attributes);
  sigset_t blocked;
  sigset_t before;
  sigfillset(&blocked);
  sigdelset(&blocked, SIGURG);
  pthread_sigmask(SIG_SETMASK, &blocked, &before);
  int number = pthread_create(&worker->thread, NULL, run_worker, worker);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (number != 0) {
    pthread_cond_destroy(&worker->wake);
    return ms_error(MSTEP_EIO, "pthread_create: %s", strerror(number));
  }
  return MSTEP_OK;
}

/* ---- life ---- */

int ms_work_new(struct ms_work **out, const struct ms_work_options *options)
{
  *out = NULL;
  unsigned count = options->workers;
  if (count == 0 || count > WORKERS_MAX) {
    return ms_error(MSTEP_EINVALID, "%u workers: 1 to %d", count, WORKERS_MAX);
  }
  struct ms_work *work = ms_calloc(1, sizeof *work + count * sizeof work->workers[0]);
  if (work == NULL) {
    return ms_error_nomem();
  }
  work->type = options->type;
  work->loop = options->loop;
  work->count = count;
  work->queue_max = options->queue_max == 0 ? QUEUE_DEFAULT : options->queue_max;
  pthread_mutex_init(&work->lock, NULL);
  pthread_mutex_init(&work->reply_lock, NULL);
  int err = MSTEP_OK;
  for (unsigned i = 0; err == 0 && i < count; i++) {
    work->workers[i].work = work;
    if (options->type->open != NULL) {
      err = options->type->open(&work->workers[i].state, &work->workers[i], i, options->user);
    }
    work->opened += err == 0;
  }
  for (unsigned i = 0; err == 0 && i < count; i++) {
    err = start_worker(&work->workers[i]);
    work->started += err == 0;
  }
  if (err != 0) {
    ms_work_free(work);
    return err;
  }
  *out = work;
  return MSTEP_OK;
}

void ms_work_stop(struct ms_work *work)
{
  pthread_mutex_lock(&work->lock);
  work->is_stopping = true;
  for (unsigned i = 0; i < work->started; i++) {
    pthread_cond_signal(&work->workers[i].wake);
  }
  pthread_mutex_unlock(&work->lock);
}

void ms_work_join(struct ms_work *work)
{
  ms_work_stop(work);
  for (unsigned i = 0; i < work->started; i++) {
    pthread_join(work->workers[i].thread, NULL);
    pthread_cond_destroy(&work->workers[i].wake);
  }
  work->started = 0;
}

void ms_work_free(struct ms_work *work)
{
  if (work == NULL) {
    return;
  }
  ms_work_join(work);
  for (unsigned i = 0; i < work->opened; i++) {
    if (work->type->close != NULL) {
      work->type->close(work->workers[i].state);
    }
  }
  pthread_mutex_destroy(&work->reply_lock);
  pthread_mutex_destroy(&work->lock);
  ms_free(work);
}

/* ---- loop thread ---- */

int ms_work_post(struct ms_work *work, struct ms_work_message *message)
{
  pthread_mutex_lock(&work->lock);
  bool is_full = work->queue_count >= work->queue_max;
  if (!is_full) {
    append(&work->queue, message);
    message->is_queued = true;
    work->queue_count++;
    wake_one(work);
  }
  pthread_mutex_unlock(&work->lock);
  return is_full ? ms_error(MSTEP_ETOOBIG, "the queue of the workers is full") : MSTEP_OK;
}

void ms_work_post_to(struct ms_work *work, unsigned index, struct ms_work_message *message)
{
  struct ms_worker *worker = &work->workers[index];
  pthread_mutex_lock(&work->lock);
  append(&worker->own, message);
  message->is_queued = false;
  if (worker->is_idle) {
    worker->is_idle = false;
    pthread_cond_signal(&worker->wake);
  }
  pthread_mutex_unlock(&work->lock);
}

bool ms_work_take_back(struct ms_work *work, struct ms_work_message *message)
{
  pthread_mutex_lock(&work->lock);
  bool is_queued = message->is_queued;
  if (is_queued) {
    unlink_message(&work->queue, message);
    message->is_queued = false;
    work->queue_count--;
  }
  pthread_mutex_unlock(&work->lock);
  return is_queued;
}

struct ms_work_message *ms_work_take(struct ms_work *work)
{
  pthread_mutex_lock(&work->reply_lock);
  struct ms_work_message *head = work->replies.head;
  work->replies = (struct list){NULL, NULL};
  pthread_mutex_unlock(&work->reply_lock);
  return head;
}

void ms_work_wake(struct ms_work *work)
{
  pthread_mutex_lock(&work->lock);
  for (unsigned i = 0; i < work->count; i++) {
    work->workers[i].is_woken = true;
    work->workers[i].is_idle = false;
    pthread_cond_signal(&work->workers[i].wake);
  }
  pthread_mutex_unlock(&work->lock);
}

unsigned ms_work_count(const struct ms_work *work)
{
  return work->count;
}

void *ms_work_state(struct ms_work *work, unsigned index)
{
  return work->workers[index].state;
}

/* ---- workers ---- */

void ms_worker_reply(struct ms_worker *worker, struct ms_work_message *message)
{
  struct ms_work *work = worker->work;
  pthread_mutex_lock(&work->reply_lock);
  bool is_first = work->replies.head == NULL;
  append(&work->replies, message);
  pthread_mutex_unlock(&work->reply_lock);
  if (is_first) {
    /* a loop that is being freed takes no more; nothing is lost by that */
    ms_loop_wake(work->loop);
  }
}
