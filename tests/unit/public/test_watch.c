/* mstep_engine_watch: every event, its thread's place in the tree, attempts and deadlines. */
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "mt.h"

struct record {
  char *text;
  size_t len, capacity;
  const char *only; /* types that begin with this; NULL = all */
  int count;
};

static void on_event(mstep_engine *engine, const mstep_event *event, void *user)
{
  struct record *record = user;
  (void)engine;
  record->count++;
  if (record->only != NULL && strncmp(event->type, record->only, strlen(record->only)) != 0) {
    return;
  }
  record->text = mt_format("%s%llu<%llu %s %s d%u t%u p%u i%lld a%u", record->text,
                           (unsigned long long)event->id, (unsigned long long)event->previous_id,
                           event->type, event->state, event->depth, event->thread,
                           event->parent_thread, (long long)event->index, event->attempt);
  if (event->due_at_ms != 0) {
    record->text =
        mt_format("%s due+%lld", record->text, (long long)(event->due_at_ms - event->at_ms));
  }
  record->text =
      mt_format("%s %.*s%s%s\n", record->text, (int)event->payload.len,
                event->payload.data == NULL ? "" : event->payload.data, event->error, event->cause);
}

static void open_watched(struct host *host, struct record *record)
{
  host_open(host, NULL);
  *record = (struct record){.text = mt_format("%s", "")};
  mt_eq_int(mstep_engine_watch(host->engine, on_event, record), 0);
}

MT_TEST(watch__a_flow)
{
  struct host host;
  struct record record;
  open_watched(&host, &record);
  mt_eq_int(
      host_once(
          &host,
          "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":5,\"Next\":\"F\"},"
          "\"F\":{\"Type\":\"Fail\",\"Error\":\"E\",\"Cause\":\"C\"}}}",
          "1"),
      MSTEP_FAILED);
  mt_eq_str(record.text, "1<0 ExecutionStarted  d0 t0 p0 i-1 a1 1\n"
                         "2<0 WaitStateEntered W d0 t0 p0 i-1 a1 1\n"
                         "0<2 MoonstepWaitScheduled W d0 t0 p0 i-1 a1 due+5000 \n"
                         "3<2 WaitStateExited W d0 t0 p0 i-1 a1 1\n"
                         "4<3 FailStateEntered F d0 t0 p0 i-1 a1 1\n"
                         "5<4 ExecutionFailed  d0 t0 p0 i-1 a1 EC\n");
  host_close(&host);
}

MT_TEST(watch__branches_and_iterations)
{
  struct host host;
  struct record record;
  open_watched(&host, &record);
  record.only = "PassStateEntered";
  mt_eq_int(
      host_once(
          &host,
          "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Parallel\",\"End\":true,\"Branches\":["
          "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true}}},"
          "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"End\":true,\"MaxConcurrency\":"
          "1,"
          "\"ItemProcessor\":{\"StartAt\":\"B\",\"States\":{\"B\":{\"Type\":\"Pass\",\"End\":true}}"
          "}}}}]}}}",
          "[7,8]"),
      MSTEP_SUCCEEDED);
  const char *expected[] = {"PassStateEntered A d1 ", "PassStateEntered B d2 ",
                            "PassStateEntered B d2 "};
  const char *at = record.text;
  for (int i = 0; i < 3; i++) {
    at = strstr(at, expected[i]);
    mt_ok(at != NULL);
    at++;
  }
  mt_ok(strstr(record.text, "A d1 t1 p0 i0 a1 [7,8]") != NULL);
  mt_ok(strstr(record.text, "p2 i0 a1 7\n") != NULL); /* the Map's thread is branch 1 = thread 2 */
  mt_ok(strstr(record.text, "p2 i1 a1 8\n") != NULL);
  host_close(&host);
}

static void busy_twice(mstep_engine *engine, const char *token, const char *resource,
                       mstep_str input, void *user)
{
  int *calls = user;
  (void)resource;
  (void)input;
  if (++*calls <= 2) {
    mstep_task_send_failure(engine, token, "Busy", "later");
  } else {
    mstep_task_send_success(engine, token, host_str("{}"));
  }
}

MT_TEST(watch__attempts_count_retries)
{
  struct host host;
  struct record record;
  int calls = 0;
  open_watched(&host, &record);
  mt_eq_int(mstep_task_register(host.engine, "*", busy_twice, &calls), 0);
  mt_eq_int(
      host_once(
          &host,
          "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"" HOST_ACTIVITY
          "\",\"Retry\":[{\"ErrorEquals\":[\"Busy\"]}],\"End\":true}}}",
          "1"),
      MSTEP_SUCCEEDED);
  mt_eq_str(record.text, "1<0 ExecutionStarted  d0 t0 p0 i-1 a1 1\n"
                         "2<0 TaskStateEntered T d0 t0 p0 i-1 a1 1\n"
                         "3<2 ActivityScheduled T d0 t0 p0 i-1 a1 1\n"
                         "4<3 ActivityStarted T d0 t0 p0 i-1 a1 \n"
                         "5<4 ActivityFailed T d0 t0 p0 i-1 a1 Busylater\n"
                         "0<5 MoonstepRetryScheduled T d0 t0 p0 i-1 a1 due+1000 Busy\n"
                         "0<5 MoonstepRetryStarted T d0 t0 p0 i-1 a2 \n"
                         "6<5 ActivityScheduled T d0 t0 p0 i-1 a2 1\n"
                         "7<6 ActivityStarted T d0 t0 p0 i-1 a2 \n"
                         "8<7 ActivityFailed T d0 t0 p0 i-1 a2 Busylater\n"
                         "0<8 MoonstepRetryScheduled T d0 t0 p0 i-1 a2 due+2000 Busy\n"
                         "0<8 MoonstepRetryStarted T d0 t0 p0 i-1 a3 \n"
                         "9<8 ActivityScheduled T d0 t0 p0 i-1 a3 1\n"
                         "10<9 ActivityStarted T d0 t0 p0 i-1 a3 \n"
                         "11<10 ActivitySucceeded T d0 t0 p0 i-1 a3 {}\n"
                         "12<11 TaskStateExited T d0 t0 p0 i-1 a3 {}\n"
                         "13<12 ExecutionSucceeded  d0 t0 p0 i-1 a1 {}\n");
  host_close(&host);
}

/* Watching does not change what happens, and ids go on without gaps in what is told. */
MT_TEST(watch__sees_what_the_history_holds)
{
  struct host host;
  struct record record;
  const char *machine =
      "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"End\":true,\"ItemProcessor\":{"
      "\"StartAt\":\"W\","
      "\"States\":{\"W\":{\"Type\":\"Wait\",\"SecondsPath\":\"$\",\"End\":true}}}}}}";
  host_open(&host, NULL);
  mt_eq_int(host_once(&host, machine, "[3,1,2]"), MSTEP_SUCCEEDED);
  const char *plain = host_history(&host, host.arn.text);
  host_close(&host);
  open_watched(&host, &record);
  record.only = "Moonstep";
  mt_eq_int(host_once(&host, machine, "[3,1,2]"), MSTEP_SUCCEEDED);
  mt_eq_str(host_history(&host, host.arn.text), plain);
  int seen = record.count;
  mt_eq_int(mstep_engine_watch(host.engine, NULL, NULL), 0);
  host_once(&host, machine, "[1]");
  mt_eq_int(record.count, seen);
  host_close(&host);
}
