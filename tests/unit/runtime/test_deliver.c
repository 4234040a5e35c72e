/*
 * Functions and asynchronous invocations in a store: an engine is closed in the middle, another one opens the
 * same file and ends what was accepted.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "invoke/invoke.h"
#include "mt.h"
#include "runtime/runtime.h"

#define START_MS 1704067200000

static void on_log(int level, const char *module, struct ms_str line, void *host)
{
  (void)level;
  (void)host;
  mt_note("%s: %.*s", module, MS_STR_ARG(line));
}

static struct ms_engine *open_engine(const char *url, int64_t start_at_ms)
{
  struct ms_engine *engine;
  const struct ms_engine_options options = {.region = "us-east-1",
                                            .account = "000000000000",
                                            .role_arn = "arn:aws:iam::000000000000:role/r",
                                            .is_virtual_time = true,
                                            .start_at_ms = start_at_ms,
                                            .seed = 7,
                                            .store_url = url,
                                            .host = {.log = on_log}};
  int err = ms_engine_open(&engine, &options);
  mt_eq_str(err == 0 ? "" : ms_error_detail(), "");
  return engine;
}

static struct ms_invoke *invoke_of(struct ms_engine *engine)
{
  return ms_engine_driver(engine, &ms_invoke_driver);
}

static void put(struct ms_engine *engine, const char *source)
{
  struct ms_json files, row;
  char *text = mt_format("{\"IsDeployed\":true,\"EventInvokeConfigs\":{\"$LATEST\":{"
                         "\"DestinationConfig\":{\"OnFailure\":{\"Destination\":\"file:%s/out\"},"
                         "\"OnSuccess\":{\"Destination\":\"file:%s/out\"}}}}}",
                         mt_tmpdir(), mt_tmpdir());
  mt_eq_int(ms_json_parse(&row, ms_str_c(text), NULL, NULL), 0);
  mt_eq_int(ms_invoke_load_source(&files, invoke_of(engine), MS_STR("f"), ms_str_c(source)), 0);
  const struct ms_invoke_code code = {MS_INVOKE_LATEST, files};
  mt_eq_int(ms_invoke_put_row(invoke_of(engine), MS_STR("f"), row, &code, 1), 0);
  ms_json_unref(files);
  ms_json_unref(row);
}

static void on_sent(int code, const char *request_id, void *user)
{
  (void)request_id;
  mt_eq_int(code, 0);
  ms_engine_stop(user);
}

static void send_one(struct ms_engine *engine, const char *id)
{
  const struct ms_invoke_event event = {
      .name = {MS_STR("f"), {"", 0}}, .payload = MS_STR("{\"n\":1}"), .request_id = id};
  mt_eq_int(ms_invoke_send(invoke_of(engine), &event, on_sent, engine), 0);
}

static char *record(const char *stamp, const char *id)
{
  return mt_try_read_file(
      mt_format("%s/out/aws/lambda/async/f/2024/01/01/2024-01-01T%s-%s", mt_tmpdir(), stamp, id),
      NULL);
}

MT_TEST(reopen__an_accepted_event_survives)
{
  const char *url = mt_format("sqlite:%s/s.db", mt_tmpdir());
  struct ms_engine *engine = open_engine(url, START_MS);
  put(engine, "return function() error('x') end");
  send_one(engine, "11111111-2222-4333-8444-555555555555");
  mt_eq_int(ms_engine_run(engine), 0); /* until it is accepted, no further */
  mt_eq_int(ms_invoke_pending(invoke_of(engine)), 1);
  mt_eq_int(ms_engine_close(engine), 0);
  engine = open_engine(url, START_MS + 30000); /* its code is back, too */
  mt_eq_int(ms_engine_run(engine), 0);
  mt_eq_int(ms_invoke_pending(invoke_of(engine)), 0);
  mt_ok(ms_engine_now_ms(engine) >= START_MS + 180000);
  mt_eq_int(ms_engine_close(engine), 0);
  bool is_there = record("00.03.00", "11111111-2222-4333-8444-555555555555") != NULL ||
                  record("00.03.30", "11111111-2222-4333-8444-555555555555") != NULL;
  mt_ok(is_there);
}

MT_TEST(reopen__undelivered_stays)
{
  const char *url = mt_format("sqlite:%s/s.db", mt_tmpdir());
  struct ms_engine *engine = open_engine(url, START_MS);
  put(engine, "return function() return 1 end");
  mt_write_file(mt_format("%s/out", mt_tmpdir()), "a file", 6); /* no folder can be made */
  send_one(engine, "11111111-2222-4333-8444-555555555556");
  mt_eq_int(ms_engine_run(engine), 0);
  mt_eq_int(ms_engine_run(engine), 0); /* a day of tries */
  mt_eq_int(ms_outbox_undelivered_count(ms_invoke_outbox(invoke_of(engine))), 1);
  mt_eq_int(ms_engine_close(engine), 0);
  remove(mt_format("%s/out", mt_tmpdir()));
  engine = open_engine(url, START_MS + 90000000);
  size_t count;
  mt_eq_int(ms_outbox_undelivered_count(ms_invoke_outbox(invoke_of(engine))), 1);
  mt_eq_int(ms_outbox_replay_all(ms_invoke_outbox(invoke_of(engine)), &count), 0);
  mt_eq_int(count, 1);
  mt_eq_int(ms_engine_run(engine), 0);
  mt_eq_int(ms_outbox_undelivered_count(ms_invoke_outbox(invoke_of(engine))), 0);
  mt_eq_int(ms_engine_close(engine), 0);
  mt_ok(record("00.00.00", "11111111-2222-4333-8444-555555555556") != NULL);
}
