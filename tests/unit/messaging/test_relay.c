/*
 * A relay in a world of its own: what is down for long does not fill memory and stays in its order, everything that
 * is undeliverable stays and is listed by pages, and what fails on the way loses nothing.
 */
#include "messaging/relay.h"

#include <stdlib.h>

#include "keeper_host.h"

static size_t resident_max; /* of the next relay that is opened */

static int open_relay(void **driver, const struct ms_driver_env *env)
{
  struct ms_relay *relay = NULL;
  int err = ms_relay_new(&relay, env, MS_RELAY_TOPICS);
  if (err == 0) {
    ms_relay_set_resident_max(relay, resident_max);
  }
  *driver = relay;
  return err;
}

static void close_relay(void *driver)
{
  ms_relay_free(driver);
}

static int load(void *driver)
{
  return ms_relay_load(driver);
}

static void resume(void *driver)
{
  ms_relay_resume(driver);
}

static int64_t next_due_ms(void *driver)
{
  return ms_relay_next_due_ms(driver);
}

static void on_timer(void *driver, int64_t now_ms)
{
  ms_relay_on_timer(driver, now_ms);
}

static const struct ms_driver_type type = {.name = "relay",
                                           .open = open_relay,
                                           .close = close_relay,
                                           .load = load,
                                           .resume = resume,
                                           .next_due_ms = next_due_ms,
                                           .on_timer = on_timer};

static struct driver_host *open_host(const char *url, size_t bytes)
{
  static struct driver_host host;
  resident_max = bytes;
  mt_eq_int(host_open(&host, &type, url), 0);
  return &host;
}

static int add(struct driver_host *host, unsigned number, size_t size, const char *suffix)
{
  struct ms_batch *batch;
  const struct ms_relay_entry entry = {
      .delivery = {.target = ms_str_c(mt_format(KEEPER_DOWN "%s", suffix)),
                   .body = keeper_body(number, size),
                   .group = suffix[0] == '\0' ? (struct ms_str){NULL, 0} : MS_STR("g")},
      .policy = {MS_RELAY_EXPONENTIAL, 1000, 0, 1000, 60000}};
  int err = host->env.ledger.begin(&batch, host);
  err = err != 0 ? err : ms_relay_add(host->driver, batch, &entry);
  err = err != 0 ? err : host->env.ledger.end(host);
  if (err != 0) {
    ms_relay_rollback(host->driver);
  } else {
    ms_relay_commit(host->driver);
  }
  return err;
}

static int list(struct ms_json *out, uint64_t *next, void *driver, uint64_t after, size_t max)
{
  return ms_relay_list(out, next, driver, after, max);
}

static int replay_all(void *driver, size_t *count)
{
  return ms_relay_replay_all(driver, count);
}

static bool is_busy(void *driver)
{
  return ms_relay_is_busy(driver);
}

static const struct keeper keeper = {&type, add, list, replay_all, is_busy};

/* MSTEP_PARCELS and MSTEP_RESIDENT in the environment make a measurement of it. */
MT_TEST(relay__a_target_that_is_down_does_not_fill_memory)
{
  const char *text = getenv("MSTEP_PARCELS"), *limit = getenv("MSTEP_RESIDENT");
  unsigned count = text == NULL ? 3000 : (unsigned)strtoul(text, NULL, 10);
  struct driver_host *host = open_host(mt_format("sqlite:%s/s.db", mt_tmpdir()),
                                       limit == NULL ? 100000 : strtoul(limit, NULL, 10));
  unsigned long before_kb = keeper_resident_kb();
  keeper_refuse(host, false);
  keeper_add_many(&keeper, host, count, "");
  mt_note("%u deliveries of 1 kB that wait: %lu kB", count, keeper_resident_kb() - before_kb);
  mt_eq_int(ms_relay_count(host->driver), count);
  mt_eq_int(host_reopen_after(host), 0);
  host->refuses = NULL;
  host_pass(host, 120000);
  mt_eq_int(host->took, count);
  mt_ok(!ms_relay_is_busy(host->driver));
  host_close(host);
}

/* In one group: the order holds, whether the content is in memory or not, and across a restart. */
MT_TEST(relay__a_lane_that_is_down_keeps_its_order)
{
  struct driver_host *host = open_host(mt_format("sqlite:%s/s.db", mt_tmpdir()), 5000);
  keeper_refuse(host, false);
  keeper_add_many(&keeper, host, 100, ".fifo");
  host_pass(host, 30000);
  mt_eq_int(host->took, 0);
  mt_eq_int(host_reopen_after(host), 0);
  host_run(host);
  host->refuses = NULL;
  for (unsigned i = 0, took = host->took; i < 100; i++) {
    while (host->took == took) {
      ms_loop_sim_run_until(host->loop, ms_loop_now_ms(host->loop) + 1000);
      type.on_timer(host->driver, ms_loop_now_ms(host->loop));
      mt_ok(host->try_count <= 1);
      if (host->try_count == 1) {
        struct host_delivery try = host->tries[0];
        host->try_count = 0;
        mt_eq_mem(try.body, 6, mt_format("%06u", i));
        host->took++;
        try.cb(0, false, "", try.arg);
      }
    }
    took = host->took;
  }
  mt_ok(!ms_relay_is_busy(host->driver));
  host_close(host);
}

/* Besides what an outbox says: the code that buses have for it. */
static void check_codes(struct driver_host *host)
{
  struct ms_json page;
  uint64_t next;
  mt_eq_int(ms_relay_list(&page, &next, host->driver, 0, 1000), 0);
  for (size_t i = 0; i < ms_json_count(page); i++) {
    struct ms_str code = ms_json_text(ms_json_getc(ms_json_at(page, i), "ErrorCode"));
    mt_eq_mem(code.data, code.len, "CONNECTION_FAILURE");
  }
  ms_json_unref(page);
}

MT_TEST(relay__undeliverable_ones_stay_all_of_them)
{
  const char *const urls[] = {NULL, "memory:", mt_format("sqlite:%s/s.db", mt_tmpdir())};
  for (size_t i = 0; i < 3; i++) {
    struct driver_host *host = open_host(urls[i], 1);
    size_t count;
    keeper_refuse(host, true);
    keeper_add_many(&keeper, host, 1400, "");
    mt_ok(!ms_relay_is_busy(host->driver));
    mt_eq_int(ms_relay_count(host->driver), 0);
    keeper_list_all(&keeper, host, 1400, 100);
    check_codes(host);
    if (i == 2) {
      mt_eq_int(host_reopen_after(host), 0);
      keeper_list_all(&keeper, host, 1400, 1400);
    }
    mt_eq_int(ms_relay_purge(host->driver, 1400), 0);
    mt_eq_int(ms_relay_purge(host->driver, 1400), MSTEP_ENOTFOUND);
    host->refuses = NULL;
    host->took = 0;
    mt_eq_int(ms_relay_replay(host->driver, 1), 0);
    host_run(host);
    mt_eq_int(host->took, 1);
    mt_eq_mem(host->last.body, 6, "000000");
    mt_eq_int(ms_relay_purge_all(host->driver, &count), 0);
    mt_eq_int(count, 1398);
    keeper_list_all(&keeper, host, 0, 10);
    host_close(host);
  }
}

MT_TEST(relay__a_store_that_refuses)
{
  struct driver_host *host = open_host(mt_format("sqlite:%s/s.db", mt_tmpdir()), 1);
  size_t count;
  keeper_refuse(host, true);
  keeper_add_many(&keeper, host, 3, "");
  host->is_broken = true;
  mt_eq_int(add(host, 9, 10, ""), MSTEP_EIO);
  mt_eq_int(ms_relay_replay_all(host->driver, &count), MSTEP_EIO);
  mt_eq_int(count, 0);
  mt_eq_int(ms_relay_purge(host->driver, 1), MSTEP_EIO);
  keeper_list_all(&keeper, host, 3, 10);
  host->is_broken = false;
  mt_eq_int(ms_relay_replay_all(host->driver, &count), 0);
  mt_eq_int(count, 3);
  host->refuses = NULL;
  host->took = 0;
  type.on_timer(host->driver, ms_loop_now_ms(host->loop));
  host->is_broken = true; /* taken, but that cannot be written: not delivered a second time */
  for (size_t i = 0; i < 3; i++) {
    host->tries[i].cb(0, false, "", host->tries[i].arg);
  }
  host->try_count = 0;
  host->is_broken = false;
  host_pass(host, 10000);
  mt_eq_int(host->took, 0);
  mt_ok(!ms_relay_is_busy(host->driver));
  mt_eq_int(host_reopen_after(host), 0);
  mt_ok(!ms_relay_is_busy(host->driver));
  keeper_list_all(&keeper, host, 0, 10);
  host_close(host);
}

/* A row that cannot be read now is not given up. */
MT_TEST(relay__a_row_that_cannot_be_read)
{
  struct driver_host *host = open_host(mt_format("sqlite:%s/s.db", mt_tmpdir()), 1);
  const uint64_t number = ((uint64_t)MS_RELAY_TOPICS << 58) + 1;
  struct ms_json page;
  uint64_t next;
  size_t count;
  keeper_refuse(host, true);
  keeper_add_many(&keeper, host, 1, "");
  keeper_spoil(host, number);
  mt_eq_int(ms_relay_list(&page, &next, host->driver, 0, 10), MSTEP_EIO);
  mt_eq_int(ms_relay_replay_all(host->driver, &count), MSTEP_EIO);
  mt_eq_int(ms_relay_purge_all(host->driver, &count), 0);
  mt_eq_int(count, 1);
  host_close(host);
}

static int one_life(void *host)
{
  resident_max = 1;
  return keeper_life(&keeper, host);
}

MT_TEST(relay__without_memory)
{
  static struct driver_host host;
  mt_oom(one_life, &host);
}
