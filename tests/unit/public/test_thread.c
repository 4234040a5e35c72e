/*
 * Other threads: answers, posts and stops while the loop runs; meant for the thread sanitizer too.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "mt.h"

#define EXECUTIONS 400
#define THREADS 3

/* Tokens handed from the loop thread to the answering threads. */
struct office {
  mstep_engine *engine;
  pthread_mutex_t lock;
  pthread_cond_t filled;
  char *tokens[EXECUTIONS];
  int count, taken;
  bool is_closed;
  _Atomic int posts;
};

static void on_task(mstep_engine *engine, const char *token, const char *resource, mstep_str input,
                    void *user)
{
  struct office *office = user;
  (void)engine;
  (void)resource;
  (void)input;
  pthread_mutex_lock(&office->lock);
  office->tokens[office->count++] = strdup(token);
  pthread_cond_signal(&office->filled);
  pthread_mutex_unlock(&office->lock);
}

static void on_post(mstep_engine *engine, void *user)
{
  struct office *office = user;
  mt_ok(engine == office->engine);
  office->posts++;
}

/* NULL when there will be no more. */
static char *next_token(struct office *office)
{
  char *token = NULL;
  pthread_mutex_lock(&office->lock);
  while (office->taken == office->count && !office->is_closed) {
    pthread_cond_wait(&office->filled, &office->lock);
  }
  if (office->taken < office->count) {
    token = office->tokens[office->taken++];
  }
  pthread_mutex_unlock(&office->lock);
  return token;
}

static void *answer(void *user)
{
  struct office *office = user;
  char *token;
  int turn = 0;
  while ((token = next_token(office)) != NULL) {
    int err = mstep_task_send_heartbeat(office->engine, token);
    err |= mstep_engine_post(office->engine, on_post, office);
    if (turn++ % 4 == 3) {
      err |= mstep_task_send_failure(office->engine, token, "Denied", "by a thread");
    } else {
      err |= mstep_task_send_success(office->engine, token, host_str("{\"by\":\"a thread\"}"));
    }
    err |= mstep_task_send_success(office->engine, token,
                                   host_str("{}")); /* late: queued and dropped */
    if (err != 0 ||
        mstep_task_send_success(office->engine, token, host_str("{")) != MSTEP_ESYNTAX) {
      abort();
    }
    free(token);
  }
  return NULL;
}

struct ends {
  int succeeded, failed;
};

static void on_done(mstep_engine *engine, const char *arn, mstep_status status, mstep_str output,
                    mstep_str error, mstep_str cause, void *user)
{
  struct ends *ends = user;
  (void)engine;
  (void)arn;
  (void)error;
  if (status == MSTEP_SUCCEEDED) {
    ends->succeeded++;
    mt_eq_mem(output.data, output.len, "{\"by\":\"a thread\"}");
  } else {
    ends->failed++;
    mt_eq_mem(cause.data, cause.len, "by a thread");
  }
}

static void real_time(mstep_options *options)
{
  options->is_virtual_time = 0;
}

static void answer_all(void (*tune)(mstep_options *options))
{
  struct host host;
  host_open(&host, tune);
  struct office office = {
      .engine = host.engine, .lock = PTHREAD_MUTEX_INITIALIZER, .filled = PTHREAD_COND_INITIALIZER};
  struct ends ends = {0, 0};
  mt_eq_int(mstep_task_register(host.engine, "*", on_task, &office), 0);
  mstep_arn machine = host_machine(&host, "m", HOST_TASK), arn;
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) {
    mt_eq_int(pthread_create(&threads[i], NULL, answer, &office), 0);
  }
  for (int i = 0; i < EXECUTIONS; i++) {
    mt_eq_int(mstep_execution_start(&arn, host.engine, machine.text, NULL, host_str("{}"), on_done,
                                    &ends),
              0);
  }
  host_run(&host); /* returns when the last one has been answered */
  mt_eq_int(ends.succeeded + ends.failed, EXECUTIONS);
  mt_ok(ends.failed > 0 && ends.succeeded > ends.failed);
  pthread_mutex_lock(&office.lock);
  office.is_closed = true;
  pthread_cond_broadcast(&office.filled);
  pthread_mutex_unlock(&office.lock);
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
  }
  host_run(&host); /* the late answers */
  mt_eq_int(office.posts, EXECUTIONS);
  host_close(&host);
}

MT_TEST(thread__answers_from_other_threads)
{
  answer_all(real_time);
}

MT_TEST(thread__answers_from_other_threads_on_virtual_time)
{
  answer_all(NULL);
}

static void *stop_later(void *user)
{
  usleep(20000);
  mstep_engine_stop(user);
  return NULL;
}

MT_TEST(thread__stop_from_another_thread)
{
  struct host host;
  host_open(&host, real_time);
  mstep_arn machine = host_machine(
      &host, "m",
      "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":3600,\"End\":true}}}");
  host_start(&host, &machine, NULL, NULL);
  pthread_t thread;
  mt_eq_int(pthread_create(&thread, NULL, stop_later, host.engine), 0);
  host_run(&host);
  pthread_join(thread, NULL);
  mt_eq_int(host.ended, 0);
  host_close(&host);
}

static mstep_engine *signalled;

static void on_signal(int number)
{
  (void)number;
  mstep_engine_stop(signalled);
}

MT_TEST(thread__stop_from_a_signal_handler)
{
  struct host host;
  host_open(&host, real_time);
  call_has(&host, "CreateActivity", "{\"name\":\"work\"}", HOST_ACTIVITY);
  mstep_arn machine = host_machine(&host, "m", HOST_TASK);
  host_start(&host, &machine, NULL, NULL);
  signalled = host.engine;
  signal(SIGUSR1, on_signal);
  raise(SIGUSR1);
  host_run(&host);
  mt_eq_int(host.ended, 0);
  mt_eq_int(mstep_execution_stop(host.engine, host.arn.text, NULL, NULL), 0);
  host_run(&host);
  mt_eq_int(host.ended, 1);
  host_close(&host);
}

MT_TEST(thread__what_was_posted_and_never_taken_is_freed)
{
  struct host host;
  mt_leak_begin();
  host_open(&host, NULL);
  struct office office = {.engine = host.engine};
  mt_eq_int(mstep_engine_post(host.engine, on_post, &office), 0);
  host_close(&host);
  mt_eq_int(office.posts, 0);
  mt_leak_end();
}
