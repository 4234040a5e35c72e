/*
 * Queues on an engine's store, called from C: bodies that memory does not keep are read back, and what is
 * delivered to a queue is in it.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "messaging/queue_internal.h"
#include "mt.h"
#include "runtime/deliver.h"
#include "runtime/internal.h"

#define COUNT 30
#define BODY 400

struct world {
  struct ms_engine *engine;
  struct ms_queues *queues;
  unsigned durable, received, delivered;
  int next; /* number of the message that is to come */
};

static void on_log(int level, const char *module, struct ms_str line, void *host)
{
  (void)level;
  (void)host;
  mt_note("%s: %.*s", module, MS_STR_ARG(line));
}

static void open_world(struct world *world, const char *url)
{
  const struct ms_engine_options options = {.region = "us-east-1",
                                            .account = "000000000000",
                                            .role_arn = "arn:aws:iam::000000000000:role/r",
                                            .is_virtual_time = true,
                                            .start_at_ms = 1700000000000,
                                            .seed = 7,
                                            .store_url = url,
                                            .host = {.log = on_log}};
  *world = (struct world){.next = 0};
  mt_eq_int(ms_engine_open(&world->engine, &options), 0);
  world->queues = ms_engine_driver(world->engine, &ms_queues_driver);
}

static void on_durable(int code, void *arg)
{
  struct world *world = arg;
  mt_eq_int(code, 0);
  world->durable++;
}

static const char *body_of(int number)
{
  static char body[BODY + 1];
  memset(body, 'a' + number % 26, BODY);
  snprintf(body, sizeof body, "%d ", number);
  body[strlen(body)] = 'x';
  body[BODY] = '\0';
  return body;
}

static void send_all(struct world *world)
{
  struct ms_queue *queue = ms_queue_named(world->queues, MS_STR("q"));
  for (int i = 0; i < COUNT; i++) {
    const struct ms_queue_message message = {.body = ms_str_c(body_of(i)), .delay_s = -1};
    mt_eq_int(ms_queue_send(queue, &message, NULL, NULL, on_durable, world), 0);
  }
  mt_eq_int(ms_engine_run(world->engine), 0);
  mt_eq_int(world->durable, COUNT);
}

static void on_received(int code, const struct ms_queue_received *messages, size_t count, void *arg)
{
  struct world *world = arg;
  mt_eq_int(code, 0);
  for (size_t i = 0; i < count; i++) {
    mt_eq_mem(messages[i].body.data, messages[i].body.len, body_of(world->next++));
  }
  world->received++;
}

static void receive_all(struct world *world)
{
  const struct ms_queue_request request = {.max = 10, .visibility_s = 0};
  for (int i = 0; i < COUNT / 10; i++) {
    struct ms_queue *queue = ms_queue_named(world->queues, MS_STR("q"));
    mt_eq_int(ms_queue_receive(queue, &request, NULL, NULL, on_received, world), 0);
    mt_eq_int(ms_engine_run(world->engine), 0);
  }
  mt_eq_int(world->next, COUNT);
}

MT_TEST(queue_store__bodies_that_memory_does_not_keep_are_read_back)
{
  const struct ms_json none = MS_JSON_VALUE_NONE;
  struct world world;
  struct ms_queue *queue;
  const char *url = mt_format("sqlite:%s/s.db", mt_tmpdir());
  open_world(&world, url);
  world.queues->bodies_max = 10 * BODY;
  mt_eq_int(ms_queue_create(&queue, world.queues, MS_STR("q"), none, none, NULL), 0);
  send_all(&world);
  mt_ok(world.queues->body_bytes <= 10 * BODY);
  mt_ok(world.queues->body_bytes > 5 * BODY);
  receive_all(&world);
  mt_eq_int(ms_engine_close(world.engine), 0);
  open_world(&world, url);
  receive_all(&world);
  mt_eq_int(ms_engine_close(world.engine), 0);
}

static void on_delivered(int code, bool is_final, const char *detail, void *arg)
{
  struct world *world = arg;
  (void)is_final;
  (void)detail;
  mt_eq_int(code, 0);
  world->delivered++;
}

MT_TEST(queue_store__a_delivery_to_a_queue_is_a_message)
{
  const struct ms_json none = MS_JSON_VALUE_NONE;
  const struct ms_queue_request request = {.visibility_s = -1};
  struct world world;
  struct ms_queue *queue;
  open_world(&world, NULL);
  mt_eq_int(ms_queue_create(&queue, world.queues, MS_STR("q"), none, none, NULL), 0);
  const struct ms_delivery delivery = {.target = MS_STR("arn:aws:sqs:us-east-1:000000000000:q"),
                                       .body = ms_str_c(body_of(0))};
  mt_eq_int(ms_engine_deliver(world.engine, &delivery, on_delivered, &world), 0);
  mt_eq_int(world.delivered, 0);
  mt_eq_int(ms_engine_run(world.engine), 0);
  mt_eq_int(world.delivered, 1);
  mt_eq_int(ms_queue_receive(ms_queue_named(world.queues, MS_STR("q")), &request, NULL, NULL,
                             on_received, &world),
            0);
  mt_eq_int(ms_engine_run(world.engine), 0);
  mt_eq_int(world.next, 1);
  mt_eq_int(ms_engine_close(world.engine), 0);
}
