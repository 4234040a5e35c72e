/*
 * The driver on a store: what a failure takes back goes from memory and from Lua, and events beyond what memory is to
 * hold are in the store alone, until they are due.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "invoke/internal.h"
#include "mt.h"
#include "store/store.h"

#define START_MS 1704067200000
#define WAITING_MAX 4096

struct waiter {
  ms_durable_cb cb;
  ms_delivered_cb delivered;
  void *arg;
};

struct world {
  struct ms_loop *loop;
  struct ms_lua *lua;
  struct ms_random random;
  struct ms_driver_env env;
  struct ms_store *store;
  struct ms_batch batch;
  struct ms_invoke *invoke;
  struct waiter waiters[WAITING_MAX];
  size_t waiter_count;
  bool is_lost;  /* what is committed from now on never gets to the store */
  bool is_stuck; /* nothing becomes durable */
  unsigned delivered, sent, refused;
  unsigned bodies[4096]; /* records by the number in their payload */
  size_t resident_most;
  char record[2048]; /* the last one */
};

static int begin(struct ms_batch **out, void *user)
{
  struct world *world = user;
  ms_batch_reset(&world->batch);
  *out = &world->batch;
  return MSTEP_OK;
}

static int end(void *user)
{
  struct world *world = user;
  int err = ms_batch_error(&world->batch);
  return err != 0 || world->is_lost ? err : ms_store_commit(world->store, &world->batch, NULL);
}

static void wait_for(struct world *world, struct waiter waiter)
{
  mt_ok(world->waiter_count < WAITING_MAX);
  world->waiters[world->waiter_count++] = waiter;
  ms_loop_defer(world->loop);
}

static int when_durable(ms_durable_cb cb, void *arg, void *user)
{
  wait_for(user, (struct waiter){.cb = cb, .arg = arg});
  return MSTEP_OK;
}

static int deliver(const struct ms_delivery *delivery, ms_delivered_cb cb, void *arg, void *user)
{
  struct world *world = user;
  struct ms_json record;
  int64_t number = 0;
  snprintf(world->record, sizeof world->record, "%.*s", MS_STR_ARG(delivery->body));
  mt_eq_int(ms_json_parse(&record, delivery->body, NULL, NULL), 0);
  ms_json_to_int(&number, ms_json_getc(record, "requestPayload"));
  ms_json_unref(record);
  mt_ok(number >= 0 && number < 4096);
  world->bodies[number]++;
  world->delivered++;
  wait_for(world, (struct waiter){.delivered = cb, .arg = arg});
  return MSTEP_OK;
}

static void settle(void *user)
{
  struct world *world = user;
  int64_t a = ms_invoke_driver.next_due_ms(world->invoke), b = ms_lua_next_due_ms(world->lua);
  ms_loop_set_timer(world->loop, a == 0 || (b != 0 && b < a) ? b : a);
  size_t bytes = world->invoke->resident_bytes;
  world->resident_most = bytes > world->resident_most ? bytes : world->resident_most;
}

static void tell(struct world *world, int code)
{
  struct waiter waiters[WAITING_MAX];
  size_t count = world->waiter_count;
  memcpy(waiters, world->waiters, count * sizeof waiters[0]);
  world->waiter_count = 0;
  for (size_t i = 0; i < count; i++) {
    if (waiters[i].cb != NULL) {
      waiters[i].cb(code, waiters[i].arg);
    } else {
      waiters[i].delivered(0, false, "", waiters[i].arg);
    }
  }
}

static void on_defer(void *user)
{
  struct world *world = user;
  if (!world->is_stuck) {
    tell(world, 0);
  }
  settle(world);
}

static void on_timer(void *user)
{
  struct world *world = user;
  ms_lua_on_timer(world->lua, ms_loop_now_ms(world->loop));
  ms_invoke_driver.on_timer(world->invoke, ms_loop_now_ms(world->loop));
  settle(world);
}

static void on_wake(void *user)
{
  struct world *world = user;
  ms_lua_on_wake(world->lua);
  settle(world);
}

static int give_lua(struct ms_lua **out, void *user)
{
  *out = ((struct world *)user)->lua;
  return MSTEP_OK;
}

static void on_log(int level, const char *module, const char *text, void *user)
{
  (void)user;
  mt_note("%d %s: %s", level, module, text);
}

static void quiet(const char *function, const char *request_id, struct ms_str line, void *user)
{
  (void)function;
  (void)request_id;
  (void)line;
  (void)user;
}

static void open_driver(struct world *world)
{
  void *driver = NULL;
  mt_eq_int(ms_invoke_driver.open(&driver, &world->env), 0);
  world->invoke = driver;
  const struct ms_invoke_up up = {give_lua, world};
  ms_invoke_set_up(world->invoke, &up);
  mt_eq_int(ms_invoke_driver.load(driver), 0);
  ms_invoke_attach(world->invoke, world->lua);
}

static void open_world(struct world *world, const char *url)
{
  memset(world, 0, sizeof *world);
  ms_random_seed(&world->random, 7);
  ms_batch_init(&world->batch);
  mt_eq_int(ms_loop_sim_new(&world->loop, START_MS), 0);
  const struct ms_loop_callbacks callbacks = {on_timer, on_defer, on_wake, world};
  ms_loop_set_callbacks(world->loop, &callbacks);
  const struct ms_lua_options options = {
      .loop = world->loop, .slice_ms = -1, .seed = 1, .log = quiet};
  mt_eq_int(ms_lua_new(&world->lua, &options), 0);
  mt_eq_int(ms_store_open(&world->store, url, NULL), 0);
  world->env = (struct ms_driver_env){.loop = world->loop,
                                      .random = &world->random,
                                      .region = "us-east-1",
                                      .account = "000000000000",
                                      .ledger = {begin, end, when_durable, world->store, world},
                                      .deliver = deliver,
                                      .touch = settle,
                                      .log = on_log,
                                      .user = world};
  open_driver(world);
}

static void close_world(struct world *world)
{
  ms_invoke_driver.close(world->invoke);
  ms_lua_free(world->lua);
  ms_batch_deinit(&world->batch);
  ms_store_close(world->store);
  ms_loop_free(world->loop);
}

static void run(struct world *world)
{
  settle(world);
  mt_eq_int(ms_loop_run(world->loop), 0);
}

static void put_function(struct world *world, const char *name, const char *source,
                         const char *more)
{
  struct ms_invoke_code code = {MS_INVOKE_LATEST, MS_JSON_VALUE_NONE};
  struct ms_json row;
  mt_eq_int(ms_invoke_load_source(&code.code, world->invoke, ms_str_c(name), ms_str_c(source)), 0);
  mt_eq_int(ms_json_parse(&row,
                          ms_str_c(mt_format("{\"IsDeployed\":true,\"EventInvokeConfigs\":{"
                                             "\"$LATEST\":{\"DestinationConfig\":{\"OnSuccess\":{"
                                             "\"Destination\":\"s\"},\"OnFailure\":{\"Destination\":"
                                             "\"f\"}}}}%s}",
                                             more)),
                          NULL, NULL),
            0);
  mt_eq_int(ms_invoke_put_row(world->invoke, ms_str_c(name), row, &code, 1), 0);
  ms_json_unref(row);
  ms_json_unref(code.code);
}

static void on_sent(int code, const char *request_id, void *user)
{
  struct world *world = user;
  (void)request_id;
  world->sent += code == 0;
  world->refused += code != 0;
}

static int send_number(struct world *world, const char *name, unsigned number)
{
  const struct ms_invoke_event event = {.name = {ms_str_c(name), {"", 0}},
                                        .payload = ms_str_c(mt_format("%u", number))};
  return ms_invoke_send(world->invoke, &event, on_sent, world);
}

static bool has_function(struct world *world, const char *name)
{
  const struct ms_function_name function = {.name = ms_str_c(name)};
  return ms_invoke_has(world->invoke, &function);
}

/* ---- after a failure of the store ---- */

MT_TEST(store__what_was_not_durable_is_gone_after_a_failure)
{
  static struct world world;
  open_world(&world, "memory:");
  put_function(&world, "kept", "return function(e) return e end", "");
  mt_eq_int(send_number(&world, "kept", 1), 0);
  world.is_lost = world.is_stuck = true;
  put_function(&world, "lost", "return function(e) return e end", "");
  put_function(&world, "kept", "return function(e) error('new code') end",
               ",\"ReservedConcurrentExecutions\":0");
  mt_eq_int(send_number(&world, "kept", 2), 0);
  mt_eq_int(send_number(&world, "lost", 3), 0);
  mt_ok(has_function(&world, "lost"));
  /* The store comes back; those who waited hear that it failed. */
  world.is_lost = world.is_stuck = false;
  mt_eq_int(ms_invoke_driver.load(world.invoke), 0);
  tell(&world, MSTEP_EIO);
  mt_eq_int(world.refused, 3);
  mt_ok(!has_function(&world, "lost")); /* Lua has forgotten it, too */
  mt_ok(has_function(&world, "kept"));
  mt_ok(ms_json_is_none(ms_invoke_row(world.invoke, MS_STR("lost"))));
  mt_ok(ms_json_is_none(
      ms_json_getc(ms_invoke_row(world.invoke, MS_STR("kept")), "ReservedConcurrentExecutions")));
  mt_eq_int(ms_invoke_pending(world.invoke), 1);
  mt_ok(!ms_invoke_driver.is_busy(world.invoke));
  ms_invoke_driver.resume(world.invoke);
  run(&world);
  mt_eq_int(world.delivered, 1);
  mt_eq_int(world.bodies[1], 1);
  mt_eq_int(ms_invoke_pending(world.invoke), 0);
  close_world(&world);
}

MT_TEST(store__a_load_that_fails_leaves_nothing_behind)
{
  static struct world world;
  open_world(&world, "memory:");
  put_function(&world, "f", "return function(e) return e end", "");
  for (unsigned i = 0; i < 5; i++) {
    mt_eq_int(send_number(&world, "f", i), 0);
  }
  tell(&world, 0);
  mt_eq_int(ms_invoke_pending(world.invoke), 5);
  struct ms_batch batch; /* a row that nobody can read */
  char key[MS_STORE_NUMBER_SIZE];
  ms_batch_init(&batch);
  ms_batch_put(&batch, MS_TABLE_INVOCATION, ms_store_key(key, 3), MS_STR("?"));
  mt_eq_int(ms_store_commit(world.store, &batch, NULL), 0);
  mt_ok(ms_invoke_driver.load(world.invoke) != 0);
  mt_eq_int(world.invoke->open_count, 2); /* those before it, and none of the old ones */
  ms_batch_reset(&batch);
  ms_batch_remove(&batch, MS_TABLE_INVOCATION, ms_store_key(key, 3));
  mt_eq_int(ms_store_commit(world.store, &batch, NULL), 0);
  mt_eq_int(ms_invoke_driver.load(world.invoke), 0);
  ms_invoke_driver.resume(world.invoke);
  run(&world);
  mt_eq_int(world.delivered, 4);
  ms_batch_deinit(&batch);
  close_world(&world);
}

/* ---- more than memory is to hold ---- */

#define MANY 2000

static void send_many(struct world *world)
{
  world->invoke->resident_max = 20000;
  for (unsigned i = 0; i < MANY; i++) {
    mt_eq_int(send_number(world, "f", i), 0);
    if (i % 50 == 49) {
      tell(world, 0);
    }
  }
  mt_eq_int(world->sent, MANY);
  mt_eq_int(ms_invoke_pending(world->invoke), MANY);
}

static void check_all(struct world *world)
{
  for (unsigned i = 0; i < MANY; i++) {
    if (world->bodies[i] != 1) {
      mt_fail("event %u has %u records", i, world->bodies[i]);
    }
  }
  mt_eq_int(ms_invoke_pending(world->invoke), 0);
  mt_eq_int(world->invoke->resident_bytes, 0);
  mt_ok(!ms_invoke_driver.is_busy(world->invoke));
}

MT_TEST(store__events_beyond_the_bound_are_in_the_store_alone)
{
  static struct world world;
  open_world(&world, "memory:");
  put_function(&world, "f", "return function(e) return e end", "");
  world.is_stuck = true;
  send_many(&world);
  mt_ok(world.invoke->resident_bytes < 100000);
  mt_ok(world.invoke->parked.count > MANY - 100);
  world.is_stuck = false;
  ms_invoke_driver.resume(world.invoke);
  run(&world);
  mt_eq_int(world.sent, MANY);
  check_all(&world);
  close_world(&world);
}

MT_TEST(store__they_are_so_after_a_start_and_between_their_attempts)
{
  static struct world world;
  open_world(&world, "memory:");
  put_function(&world, "f",
               "local n = 0 return function(e, c) if c.attempt < 3 then error('no') end return e end",
               "");
  world.is_stuck = true;
  send_many(&world);
  ms_invoke_driver.close(world.invoke);
  world.waiter_count = 0;
  world.is_stuck = false;
  open_driver(&world);
  world.invoke->resident_max = 20000;
  mt_eq_int(ms_invoke_driver.load(world.invoke), 0);
  mt_ok(world.invoke->resident_bytes < 25000);
  mt_eq_int(ms_invoke_pending(world.invoke), MANY);
  ms_invoke_driver.resume(world.invoke);
  run(&world);
  check_all(&world);
  mt_eq_int(ms_loop_now_ms(world.loop) - START_MS, 180000);
  close_world(&world);
}

MT_TEST(store__throttled_ones_wait_there_too)
{
  static struct world world;
  open_world(&world, "memory:");
  put_function(&world, "f",
               "local mstep = require 'mstep' return function(e) mstep.sleep(0.01) return e end",
               ",\"ReservedConcurrentExecutions\":100");
  world.is_stuck = true;
  send_many(&world);
  world.is_stuck = false;
  ms_invoke_driver.resume(world.invoke);
  run(&world);
  check_all(&world);
  mt_ok(ms_invoke_counts(world.invoke)->throttles > 0);
  close_world(&world);
}

/* ---- how many at a time ---- */

static void on_answer(const struct ms_invoke_answer *answer, void *user)
{
  struct world *world = user;
  world->delivered += answer->code == 0;
}

MT_TEST(store__the_account_has_a_limit_for_those_without_a_reservation)
{
  static struct world world;
  open_world(&world, "memory:");
  const char *sleeps = "local mstep = require 'mstep' return function() mstep.sleep(1) return 1 end";
  put_function(&world, "f", sleeps, "");
  put_function(&world, "g", sleeps, ",\"ReservedConcurrentExecutions\":2");
  ms_invoke_set_account_max(world.invoke, 5);
  ms_invoke_driver.resume(world.invoke);
  struct ms_invoke_request request = {.name = {MS_STR("f"), {"", 0}},
                                      .payload = MS_JSON_VALUE_NULL,
                                      .client_context = MS_JSON_VALUE_NONE};
  for (int i = 0; i < 3; i++) {
    mt_eq_int(ms_invoke_call(world.invoke, &request, on_answer, &world), 0);
  }
  mt_eq_int(ms_invoke_call(world.invoke, &request, on_answer, &world), MSTEP_ESTATE);
  mt_eq_int(ms_invoke_refusal(world.invoke), MS_INVOKE_FULL_ACCOUNT);
  struct ms_invoke_function *task;
  mt_eq_int(ms_invoke_enter(&task, world.invoke, MS_STR("f")), MSTEP_ESTATE);
  request.name.name = MS_STR("g");
  mt_eq_int(ms_invoke_enter(&task, world.invoke, MS_STR("g")), 0); /* a task of an execution */
  mt_eq_int(ms_invoke_call(world.invoke, &request, on_answer, &world), 0);
  mt_eq_int(ms_invoke_call(world.invoke, &request, on_answer, &world), MSTEP_ESTATE);
  mt_eq_int(ms_invoke_refusal(world.invoke), MS_INVOKE_FULL_RESERVED);
  ms_invoke_leave(world.invoke, task, false);
  mt_eq_int(ms_invoke_call(world.invoke, &request, on_answer, &world), 0);
  run(&world);
  mt_eq_int(world.delivered, 5);
  mt_eq_int(ms_invoke_counts(world.invoke)->throttles, 3);
  close_world(&world);
}

MT_TEST(store__a_call_in_a_loop_is_refused_unless_it_is_allowed)
{
  static struct world world;
  open_world(&world, "memory:");
  put_function(&world, "f", "return function() return 1 end", "");
  ms_invoke_driver.resume(world.invoke);
  struct ms_invoke_request request = {
      .name = {MS_STR("f"), {"", 0}},
      .payload = MS_JSON_VALUE_NULL,
      .client_context = MS_JSON_VALUE_NONE,
      .lineage = MS_STR("{\"arn:aws:lambda:us-east-1:000000000000:function:f\":16}")};
  mt_eq_int(ms_invoke_call(world.invoke, &request, on_answer, &world), MSTEP_ESTATE);
  mt_eq_int(ms_invoke_refusal(world.invoke), MS_INVOKE_LOOP);
  put_function(&world, "f", "return function() return 1 end", ",\"RecursiveLoop\":\"Allow\"");
  mt_eq_int(ms_invoke_call(world.invoke, &request, on_answer, &world), 0);
  run(&world);
  mt_eq_int(world.delivered, 1);
  close_world(&world);
}

/* ---- attempts that end with the process ---- */

#define SLEEPER "local mstep = require('mstep') return function(e) mstep.sleep(5) return e end"

/* As if the process had been killed: nothing is told, nothing written; what is on the store comes back. */
static void crash(struct world *world)
{
  ms_invoke_driver.close(world->invoke);
  ms_lua_free(world->lua);
  world->waiter_count = 0;
  const struct ms_lua_options options = {
      .loop = world->loop, .slice_ms = -1, .seed = 1, .log = quiet};
  mt_eq_int(ms_lua_new(&world->lua, &options), 0);
  open_driver(world);
  ms_invoke_driver.resume(world->invoke);
}

static void run_for(struct world *world, int64_t ms)
{
  settle(world);
  mt_eq_int(ms_loop_sim_run_until(world->loop, ms_loop_now_ms(world->loop) + ms), 0);
}

/* How often the handler began until the event was given up. */
MT_TEST(store__an_event_that_ends_the_process_each_time_is_given_up)
{
  static struct world world;
  unsigned kills = 0;
  open_world(&world, "memory:");
  put_function(&world, "f", SLEEPER, "");
  ms_invoke_driver.resume(world.invoke);
  mt_eq_int(send_number(&world, "f", 7), 0);
  for (unsigned i = 0; i < 1000 && kills < 20 && ms_invoke_pending(world.invoke) > 0; i++) {
    run_for(&world, 1000);
    if (world.invoke->run_count > 0) {
      kills++;
      crash(&world);
      mt_eq_int(ms_invoke_pending(world.invoke), kills < 4);
    }
  }
  mt_eq_int(kills, 4); /* the first, which nobody could know of, and three attempts */
  run(&world);
  mt_eq_int(world.bodies[7], 1);
  mt_ok(strstr(world.record, "\"condition\":\"RetriesExhausted\",\"approximateInvokeCount\":3}") !=
        NULL);
  mt_ok(strstr(world.record,
               "\"responseContext\":{\"statusCode\":200,\"executedVersion\":\"$LATEST\","
               "\"functionError\":\"Unhandled\"},\"responsePayload\":{\"errorType\":"
               "\"Runtime.ExitError\",") != NULL);
  close_world(&world);
}

/* An attempt that was written down and found no room has not begun. */
MT_TEST(store__throttled_ones_are_not_cut)
{
  static struct world world;
  open_world(&world, "memory:");
  put_function(&world, "f", SLEEPER, ",\"ReservedConcurrentExecutions\":1");
  mt_eq_int(send_number(&world, "f", 1), 0);
  mt_eq_int(send_number(&world, "f", 2), 0);
  tell(&world, 0);
  crash(&world);
  run_for(&world, 10); /* one runs, the other was written down and finds no room */
  crash(&world);
  run(&world);
  mt_eq_int(world.bodies[1] + world.bodies[2], 2);
  mt_eq_int(world.invoke->counts.dropped, 0);
  close_world(&world);
}

/* A row from before there was a mark is read as one without. */
MT_TEST(store__rows_of_the_version_before_are_read)
{
  static struct world world;
  static const char row[] = "\x01\x01r\x00\x00\x00\x00\x00\x00\x00\x00\x01\x66\x00\x03[9]\x00\x00";
  char key[MS_STORE_NUMBER_SIZE];
  open_world(&world, "memory:");
  put_function(&world, "f", "return function(e) return e end", "");
  struct ms_batch batch;
  ms_batch_init(&batch);
  ms_batch_put(&batch, MS_TABLE_INVOCATION, ms_store_key(key, 3),
               (struct ms_str){row, sizeof row - 1});
  mt_eq_int(ms_store_commit(world.store, &batch, NULL), 0);
  ms_batch_deinit(&batch);
  mt_eq_int(ms_invoke_driver.load(world.invoke), 0);
  mt_eq_int(ms_invoke_pending(world.invoke), 1);
  mt_ok(!world.invoke->queue->is_cut);
  ms_invoke_driver.resume(world.invoke);
  close_world(&world);
}
