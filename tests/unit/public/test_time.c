/* Time: virtual runs repeat bit for bit, real ones wait, and the loop may be the host's. */
#include <event2/event.h>
#include <string.h>
#include <time.h>

#include "host.h"
#include "mt.h"

#define WAIT_MS(n)                                                                                 \
  "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":" #n ",\"End\":true}}}"

/*
 * Retries with jitter, branches, a Map, UUIDs and random numbers: all that could differ between
 * runs.
 */
#define VARIED                                                                                     \
  "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Parallel\",\"Next\":\"M\",\"Branches\":["      \
  "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:lambda:us-east-" \
  "1:000000000000:function:f\","                                                                   \
  "\"Retry\":[{\"ErrorEquals\":[\"Busy\"],\"IntervalSeconds\":3600,\"MaxAttempts\":6,"             \
  "\"JitterStrategy\":\"FULL\"}],\"End\":true}}},"                                                 \
  "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":604800,\"End\":true}}}]},"  \
  "\"M\":{\"Type\":\"Map\",\"ItemsPath\":\"$\",\"ItemProcessor\":{\"StartAt\":\"R\",\"States\":{"  \
  "\"R\":{\"Type\":\"Pass\","                                                                      \
  "\"Parameters\":{\"id.$\":\"States.UUID()\",\"n.$\":\"States.MathRandom(0, "                     \
  "1000000)\"},\"End\":true}}},\"End\":true}}}"

static void busy_five_times(mstep_engine *engine, const char *token, const char *resource,
                            mstep_str input, void *user)
{
  int *calls = user;
  (void)resource;
  (void)input;
  if (++*calls <= 5) {
    mt_eq_int(mstep_task_send_failure(engine, token, "Busy", NULL), 0);
  } else {
    mt_eq_int(mstep_task_send_success(engine, token, host_str("{}")), 0);
  }
}

static uint64_t test_seed;

static void use_seed(mstep_options *options)
{
  options->seed = test_seed;
}

/* The whole record of a run: history and description. */
static const char *varied_run(uint64_t seed)
{
  struct host host;
  int calls = 0;
  test_seed = seed;
  host_open(&host, use_seed);
  mt_eq_int(mstep_task_register(host.engine, "*", busy_five_times, &calls), 0);
  mt_eq_int(host_once(&host, VARIED, "{\"n\":1}"), MSTEP_SUCCEEDED);
  mt_eq_int(calls, 6);
  const char *text =
      mt_format("%s %s", host_history(&host, host.arn.text), host_describe(&host, host.arn.text));
  host_close(&host);
  return text;
}

MT_TEST(time__the_same_seed_gives_the_same_history)
{
  const char *first = varied_run(42);
  mt_ok(strstr(first, "\"stopDate\":1704672000.0") != NULL); /* a week later */
  for (int i = 0; i < 3; i++) {
    mt_eq_str(varied_run(42), first);
  }
  mt_ok(strcmp(varied_run(43), first) != 0);
}

static double seconds(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

MT_TEST(time__a_virtual_year_takes_no_time)
{
  struct host host;
  host_open(&host, NULL);
  double start = seconds();
  mt_eq_int(host_once(&host, WAIT_MS(31536000), NULL), MSTEP_SUCCEEDED);
  mt_ok(seconds() - start < 5);
  mt_eq_int(mstep_engine_now_ms(host.engine), 1704067200000 + 31536000000);
  host_close(&host);
}

static void note_end(mstep_engine *engine, const char *arn, mstep_status status, mstep_str output,
                     mstep_str error, mstep_str cause, void *user)
{
  char *order = user;
  (void)engine;
  (void)status;
  (void)output;
  (void)error;
  (void)cause;
  strncat(order, strrchr(arn, ':') + 1, 1);
}

MT_TEST(time__equal_deadlines_fire_in_start_order)
{
  struct host host;
  host_open(&host, NULL);
  mstep_arn machine = host_machine(&host, "m", WAIT_MS(60)), arn;
  char order[32] = "";
  for (char name[] = "a"; name[0] <= 'z'; name[0]++) {
    mt_eq_int(mstep_execution_start(&arn, host.engine, machine.text, name, host_str("{}"), note_end,
                                    order),
              0);
  }
  host_run(&host);
  mt_eq_str(order, "abcdefghijklmnopqrstuvwxyz");
  host_close(&host);
}

static void real_time(mstep_options *options)
{
  options->is_virtual_time = 0;
}

MT_TEST(time__real_waits_wait)
{
  struct host host;
  host_open(&host, real_time);
  double start = seconds();
  int64_t start_ms = mstep_engine_now_ms(host.engine);
  mt_ok(start_ms / 1000 >= (int64_t)time(NULL) - 2);
  mt_eq_int(host_once(&host, WAIT_MS(1), NULL), MSTEP_SUCCEEDED);
  mt_ok(seconds() - start >= 0.99 && seconds() - start < 20);
  mt_ok(mstep_engine_now_ms(host.engine) >= start_ms + 1000);
  host_close(&host);
}

static struct event_base *test_base;

static void join_base(mstep_options *options)
{
  options->is_virtual_time = 0;
  options->event_base = test_base;
}

static void break_base(mstep_engine *engine, const char *arn, mstep_status status, mstep_str output,
                       mstep_str error, mstep_str cause, void *user)
{
  host_done(engine, arn, status, output, error, cause, user);
  event_base_loopbreak(test_base);
}

/* The host runs its own loop; the engine's work happens in it. */
MT_TEST(time__joins_the_hosts_event_base)
{
  struct host host;
  test_base = event_base_new();
  host_open(&host, join_base);
  mstep_arn machine = host_machine(&host, "m", WAIT_MS(1)), arn;
  mt_eq_int(mstep_execution_start(&arn, host.engine, machine.text, NULL, host_str("3"), break_base,
                                  &host),
            0);
  mt_ok(event_base_dispatch(test_base) >= 0);
  mt_eq_int(host.ended, 1);
  mt_eq_str(host.output, "3");
  host_close(&host);
  event_base_free(test_base);
}

static void stop_engine(mstep_engine *engine, void *user)
{
  (void)user;
  mstep_engine_stop(engine);
}

MT_TEST(time__stop_ends_the_run_and_the_next_goes_on)
{
  struct host host;
  host_open(&host, real_time);
  mstep_arn machine = host_machine(&host, "m", WAIT_MS(1));
  host_start(&host, &machine, NULL, NULL);
  mt_eq_int(mstep_engine_post(host.engine, stop_engine, NULL), 0);
  host_run(&host);
  mt_eq_int(host.ended, 0);
  host_run(&host);
  mt_eq_int(host.ended, 1);
  host_close(&host);
}

static void misuse(mstep_engine *engine, void *user)
{
  int *count = user;
  mt_eq_int(mstep_engine_run(engine), MSTEP_ESTATE);
  mt_eq_int(mstep_engine_close(engine), MSTEP_ESTATE);
  ++*count;
}

MT_TEST(time__run_and_close_are_refused_in_callbacks)
{
  struct host host;
  int count = 0;
  host_open(&host, NULL);
  mt_eq_int(mstep_engine_post(host.engine, misuse, &count), 0);
  mt_eq_int(count, 0);
  host_run(&host);
  mt_eq_int(count, 1);
  host_close(&host);
}
