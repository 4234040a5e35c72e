/*
 * Queues as their callers in C see them: an environment of the test's own, where what is written becomes durable
 * when the test says so, and memory and ledger fail when it says so.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "messaging/queue_config.h"
#include "mt.h"

#define WAITING_MAX 64

struct world {
  struct ms_driver_env env;
  struct ms_random random;
  struct ms_queues *queues;
  struct {
    ms_durable_cb cb;
    void *arg;
  } waiting[WAITING_MAX];
  size_t count;
  bool is_full; /* the ledger refuses */
  unsigned begun;
  /* of what was told */
  int durable, received, code;
  size_t messages;
  char body[64], handle[64];
  char sequence[24];
};

static int begin(struct ms_batch **out, void *user)
{
  struct world *world = user;
  *out = NULL;
  if (world->is_full) {
    return ms_error(MSTEP_ETOOBIG, "full");
  }
  world->begun++;
  return MSTEP_OK;
}

static int end(void *user)
{
  struct world *world = user;
  world->begun--;
  return MSTEP_OK;
}

static int when_durable(ms_durable_cb cb, void *arg, void *user)
{
  struct world *world = user;
  mt_ok(world->count < WAITING_MAX);
  world->waiting[world->count].cb = cb;
  world->waiting[world->count++].arg = arg;
  return MSTEP_OK;
}

static void touch(void *user)
{
  (void)user;
}

static void settle(struct world *world, int code)
{
  size_t count = world->count;
  for (size_t i = 0; i < count; i++) {
    world->waiting[i].cb(code, world->waiting[i].arg);
  }
  memmove(world->waiting, world->waiting + count, (world->count - count) * sizeof *world->waiting);
  world->count -= count;
}

static int open_world(struct world *world)
{
  void *driver;
  *world = (struct world){.count = 0};
  int err = ms_loop_sim_new(&world->env.loop, 1700000000000);
  if (err != 0) {
    return err;
  }
  ms_random_seed(&world->random, 3);
  world->env.random = &world->random;
  world->env.region = "us-east-1";
  world->env.account = "000000000000";
  world->env.ledger = (struct ms_ledger){begin, end, when_durable, NULL, world};
  world->env.touch = touch;
  err = ms_queues_driver.open(&driver, &world->env);
  if (err != 0) {
    ms_loop_free(world->env.loop);
  }
  world->queues = err == 0 ? driver : NULL;
  return err;
}

static void close_world(struct world *world)
{
  mt_eq_int(world->begun, 0);
  ms_queues_driver.close(world->queues);
  ms_loop_free(world->env.loop);
}

static void on_durable(int code, void *arg)
{
  struct world *world = arg;
  world->durable++;
  world->code = code;
}

static void on_received(int code, const struct ms_queue_received *messages, size_t count, void *arg)
{
  struct world *world = arg;
  world->received++;
  world->code = code;
  world->messages = count;
  if (count > 0) {
    snprintf(world->body, sizeof world->body, "%.*s", MS_STR_ARG(messages[0].body));
    snprintf(world->handle, sizeof world->handle, "%s", messages[0].handle);
  }
}

static int make(struct ms_queue **out, struct world *world, const char *name)
{
  const struct ms_json none = MS_JSON_VALUE_NONE;
  struct ms_json attributes = MS_JSON_VALUE_NONE;
  if (ms_str_has_suffix(ms_str_c(name), ".fifo")) {
    int err = ms_json_parse(&attributes, MS_STR("{\"FifoQueue\":\"true\"}"), NULL, NULL);
    if (err != 0) {
      return err;
    }
  }
  int err = ms_queue_create(out, world->queues, ms_str_c(name), attributes, none, NULL);
  ms_json_unref(attributes);
  return err;
}

static int put(struct world *world, struct ms_queue *queue, const char *body)
{
  struct ms_queue_message message = {.body = ms_str_c(body), .delay_s = -1};
  if (ms_queue_is_fifo(queue)) {
    message.group = MS_STR("g");
    message.deduplication = ms_str_c(body);
  }
  return ms_queue_send(queue, &message, NULL, NULL, on_durable, world);
}

static int get(struct ms_queue_receive **out, struct world *world, struct ms_queue *queue,
               int64_t wait_ms)
{
  const struct ms_queue_request request = {.max = 10, .visibility_s = -1, .wait_ms = wait_ms};
  return ms_queue_receive(queue, &request, out, NULL, on_received, world);
}

MT_TEST(queue__nothing_is_told_before_it_is_durable)
{
  struct world world;
  struct ms_queue *queue;
  mt_eq_int(open_world(&world), 0);
  mt_eq_int(make(&queue, &world, "q"), 0);
  mt_eq_int(put(&world, queue, "a"), 0);
  mt_eq_int(get(NULL, &world, queue, 0), 0);
  mt_eq_int(world.durable + world.received, 0);
  settle(&world, 0);
  mt_eq_int(world.durable, 1);
  mt_eq_int(world.received, 1);
  mt_eq_str(world.body, "a");
  mt_eq_int(ms_queue_delete(queue, ms_str_c(world.handle), NULL, on_durable, &world), 0);
  settle(&world, 0);
  mt_eq_int(world.durable, 2);
  close_world(&world);
}

MT_TEST(queue__a_cancelled_receive_gives_back_what_it_had)
{
  struct world world;
  struct ms_queue *queue;
  struct ms_queue_receive *receive;
  mt_eq_int(open_world(&world), 0);
  mt_eq_int(make(&queue, &world, "q"), 0);
  mt_eq_int(get(&receive, &world, queue, 20000), 0);
  ms_queue_receive_cancel(receive);
  mt_eq_int(put(&world, queue, "a"), 0);
  mt_eq_int(get(&receive, &world, queue, 0), 0);
  ms_queue_receive_cancel(receive);
  settle(&world, 0);
  mt_eq_int(world.received, 0);
  mt_eq_int(get(NULL, &world, queue, 0), 0);
  settle(&world, 0);
  mt_eq_int(world.received, 1);
  mt_eq_str(world.body, "a");
  close_world(&world);
}

MT_TEST(queue__who_waits_gets_what_is_sent)
{
  struct world world;
  struct ms_queue *queue;
  mt_eq_int(open_world(&world), 0);
  mt_eq_int(make(&queue, &world, "q"), 0);
  mt_eq_int(get(NULL, &world, queue, 20000), 0);
  mt_ok(ms_queues_driver.is_busy(world.queues));
  mt_eq_int(put(&world, queue, "a"), 0);
  settle(&world, 0);
  mt_eq_int(world.received, 1);
  mt_eq_int((int)world.messages, 1);
  mt_ok(!ms_queues_driver.is_busy(world.queues));
  mt_eq_int(ms_queues_driver.next_due_ms(world.queues), 0); /* a run does not go on for messages */
  close_world(&world);
}

MT_TEST(queue__a_ledger_that_is_full_changes_nothing)
{
  static const char *const names[] = {"q", "q.fifo"};
  for (int i = 0; i < 2; i++) {
    struct world world;
    struct ms_queue *queue;
    mt_eq_int(open_world(&world), 0);
    mt_eq_int(make(&queue, &world, names[i]), 0);
    world.is_full = true;
    mt_eq_int(put(&world, queue, "a"), MSTEP_ETOOBIG);
    mt_eq_int(ms_queue_remove(queue), MSTEP_ETOOBIG);
    world.is_full = false;
    mt_eq_int(put(&world, queue, "a"), 0); /* not a duplicate of what was refused */
    world.is_full = true;
    mt_eq_int(get(NULL, &world, queue, 0), MSTEP_ETOOBIG);
    world.is_full = false;
    mt_eq_int(get(NULL, &world, queue, 0), 0);
    settle(&world, 0);
    mt_eq_int((int)world.messages, 1);
    world.is_full = true;
    mt_eq_int(ms_queue_delete(queue, ms_str_c(world.handle), NULL, NULL, NULL), MSTEP_ETOOBIG);
    mt_eq_int(ms_queue_visibility(queue, ms_str_c(world.handle), 0, NULL, NULL, NULL),
              MSTEP_ETOOBIG);
    world.is_full = false;
    mt_eq_int(ms_queue_visibility(queue, ms_str_c(world.handle), 0, NULL, NULL, NULL), 0);
    close_world(&world);
  }
}

MT_TEST(queue__a_lost_store_is_told_to_those_who_wait)
{
  struct world world;
  struct ms_queue *queue;
  mt_eq_int(open_world(&world), 0);
  mt_eq_int(make(&queue, &world, "q"), 0);
  mt_eq_int(get(NULL, &world, queue, 20000), 0);
  mt_eq_int(ms_queues_driver.load(world.queues), 0);
  mt_eq_int(world.received, 1);
  mt_eq_int(world.code, MSTEP_EIO);
  mt_ok(ms_queue_named(world.queues, MS_STR("q")) == NULL);
  close_world(&world);
}

static void on_delivered(int code, bool is_final, const char *detail, void *arg)
{
  struct world *world = arg;
  world->durable++;
  world->code = is_final ? 1000 + -code : code;
  snprintf(world->body, sizeof world->body, "%s", detail);
}

MT_TEST(queue__deliveries_are_taken_or_refused_for_good)
{
  struct world world;
  struct ms_queue *queue;
  mt_eq_int(open_world(&world), 0);
  mt_eq_int(make(&queue, &world, "q"), 0);
  struct ms_delivery delivery = {.target = MS_STR("arn:aws:sqs:us-east-1:000000000000:q"),
                                 .body = MS_STR("x")};
  mt_eq_int(ms_queue_deliver(world.queues, &delivery, on_delivered, &world), 0);
  mt_eq_int(world.durable, 0);
  settle(&world, 0);
  mt_eq_int(world.durable, 1);
  mt_eq_int(world.code, 0);
  delivery.target = MS_STR("arn:aws:sqs:us-east-1:000000000000:none");
  mt_eq_int(ms_queue_deliver(world.queues, &delivery, on_delivered, &world), 0);
  settle(&world, 0);
  mt_eq_int(world.code, 1000 - MSTEP_ENOTFOUND);
  mt_eq_str(world.body, "The specified queue does not exist.");
  mt_eq_int(ms_queue_deliver(world.queues, &delivery, on_delivered, &world),
            0); /* close frees it */
  close_world(&world);
}

/* ---- memory that runs out ---- */

static int whole_life(void *user)
{
  struct world world;
  struct ms_queue *queue = NULL;
  const char *name = user;
  int err = open_world(&world);
  if (err != 0) {
    return err;
  }
  err = make(&queue, &world, name);
  err = err != 0 ? err : put(&world, queue, "a");
  err = err != 0 ? err : put(&world, queue, "b");
  err = err != 0 ? err : get(NULL, &world, queue, 0);
  settle(&world, 0);
  err = err != 0 ? err : world.code;
  err = err != 0 ? err : ms_queue_delete(queue, ms_str_c(world.handle), NULL, on_durable, &world);
  err = err != 0 ? err : get(NULL, &world, queue, 20000);
  settle(&world, 0);
  close_world(&world);
  return err;
}

MT_TEST(queue__memory_may_run_out_anywhere)
{
  mt_oom(whole_life, "q");
  mt_oom(whole_life, "q.fifo");
}
