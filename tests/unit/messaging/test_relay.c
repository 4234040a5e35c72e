/*
 * A relay in a world of its own: what is down for long does not fill memory and stays in its order, everything that
 * is undeliverable stays and is listed by pages, and what fails on the way loses nothing.
 */
#include "messaging/relay.h"

#include <stdlib.h>
#include <unistd.h>

#include "driver_host.h"

#define DOWN "arn:aws:sqs:us-east-1:000000000000:down"

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
  static char body[HOST_TEXT_MAX];
  struct ms_batch *batch;
  memset(body, 'x', sizeof body);
  int len = snprintf(body, sizeof body, "%06u", number);
  body[len] = ' ';
  const struct ms_relay_entry entry = {
      .delivery = {.target = ms_str_c(mt_format(DOWN "%s", suffix)),
                   .body = {body, size},
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

static void many(struct driver_host *host, unsigned count, const char *suffix)
{
  for (unsigned i = 0; i < count; i++) {
    mt_eq_int(add(host, i, 1000, suffix), 0);
    if (i % 200 == 199) {
      host_run(host);
    }
  }
  host_run(host);
}

static void refuse(struct driver_host *host, bool is_final)
{
  host->refuses = "down";
  host->code = MSTEP_EIO;
  host->is_final = is_final;
}

static unsigned long resident_kb(void)
{
  unsigned long pages = 0, all = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file != NULL) {
    mt_ok(fscanf(file, "%lu %lu", &all, &pages) == 2);
    fclose(file);
  }
  return pages * (unsigned long)sysconf(_SC_PAGESIZE) / 1024;
}

static void list_all(struct driver_host *host, unsigned expected, size_t page_size)
{
  unsigned seen = 0;
  uint64_t after = 0;
  do {
    struct ms_json page;
    mt_eq_int(ms_relay_list(&page, &after, host->driver, after, page_size), 0);
    mt_ok(ms_json_count(page) <= page_size);
    for (size_t i = 0; i < ms_json_count(page); i++, seen++) {
      struct ms_json item = ms_json_at(page, i);
      mt_eq_mem(ms_json_text(ms_json_getc(item, "Body")).data, 6, mt_format("%06u", seen));
      struct ms_str error = ms_json_text(ms_json_getc(item, "Error"));
      struct ms_str code = ms_json_text(ms_json_getc(item, "ErrorCode"));
      mt_eq_mem(error.data, error.len, "it said no");
      mt_eq_mem(code.data, code.len, "CONNECTION_FAILURE");
    }
    ms_json_unref(page);
  } while (after != 0);
  mt_eq_int(seen, expected);
}

/* MSTEP_PARCELS and MSTEP_RESIDENT in the environment make a measurement of it. */
MT_TEST(relay__a_target_that_is_down_does_not_fill_memory)
{
  const char *text = getenv("MSTEP_PARCELS"), *limit = getenv("MSTEP_RESIDENT");
  unsigned count = text == NULL ? 3000 : (unsigned)strtoul(text, NULL, 10);
  struct driver_host *host = open_host(mt_format("sqlite:%s/s.db", mt_tmpdir()),
                                       limit == NULL ? 100000 : strtoul(limit, NULL, 10));
  unsigned long before_kb = resident_kb();
  refuse(host, false);
  many(host, count, "");
  mt_note("%u deliveries of 1 kB that wait: %lu kB", count, resident_kb() - before_kb);
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
  refuse(host, false);
  many(host, 100, ".fifo");
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

MT_TEST(relay__undeliverable_ones_stay_all_of_them)
{
  const char *const urls[] = {NULL, "memory:", mt_format("sqlite:%s/s.db", mt_tmpdir())};
  for (size_t i = 0; i < 3; i++) {
    struct driver_host *host = open_host(urls[i], 1);
    size_t count;
    refuse(host, true);
    many(host, 1400, "");
    mt_ok(!ms_relay_is_busy(host->driver));
    mt_eq_int(ms_relay_count(host->driver), 0);
    list_all(host, 1400, 100);
    if (i == 2) {
      mt_eq_int(host_reopen_after(host), 0);
      list_all(host, 1400, 1400);
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
    list_all(host, 0, 10);
    host_close(host);
  }
}

MT_TEST(relay__a_store_that_refuses)
{
  struct driver_host *host = open_host(mt_format("sqlite:%s/s.db", mt_tmpdir()), 1);
  size_t count;
  refuse(host, true);
  many(host, 3, "");
  host->is_broken = true;
  mt_eq_int(add(host, 9, 10, ""), MSTEP_EIO);
  mt_eq_int(ms_relay_replay_all(host->driver, &count), MSTEP_EIO);
  mt_eq_int(count, 0);
  mt_eq_int(ms_relay_purge(host->driver, 1), MSTEP_EIO);
  list_all(host, 3, 10);
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
  list_all(host, 0, 10);
  host_close(host);
}

/* A row that cannot be read now is not given up. */
MT_TEST(relay__a_row_that_cannot_be_read)
{
  struct driver_host *host = open_host(mt_format("sqlite:%s/s.db", mt_tmpdir()), 1);
  const uint64_t number = ((uint64_t)MS_RELAY_TOPICS << 58) + 1;
  char key[MS_STORE_NUMBER_SIZE];
  struct ms_batch batch;
  struct ms_json page;
  uint64_t next;
  size_t count;
  refuse(host, true);
  many(host, 1, "");
  ms_batch_init(&batch);
  ms_batch_put(&batch, MS_TABLE_EVENT, ms_store_key(key, number), MS_STR("\x09"));
  mt_eq_int(ms_store_commit(host->store, &batch, NULL), 0);
  ms_batch_deinit(&batch);
  mt_eq_int(ms_relay_list(&page, &next, host->driver, 0, 10), MSTEP_EIO);
  mt_eq_int(ms_relay_replay_all(host->driver, &count), MSTEP_EIO);
  mt_eq_int(ms_relay_purge_all(host->driver, &count), 0);
  mt_eq_int(count, 1);
  host_close(host);
}

static int one_life(void *user)
{
  struct driver_host *host = user;
  struct ms_json page;
  uint64_t next;
  size_t count;
  resident_max = 1;
  int err = host_open(host, &type, "memory:");
  if (err == 0) {
    refuse(host, true);
    err = add(host, 0, 100, ".fifo");
    err = err != 0 ? err : add(host, 1, 100, "");
    host_run(host);
    host_pass(host, 5000);
    int list_err = ms_relay_list(&page, &next, host->driver, 0, 1);
    if (list_err == 0) {
      ms_json_unref(page);
    }
    err = err != 0 ? err : list_err;
    host->refuses = NULL;
    int replay_err = ms_relay_replay_all(host->driver, &count);
    err = err != 0 ? err : replay_err;
    host_pass(host, 5000);
    mt_oom_over();
    (void)ms_relay_replay_all(host->driver, &count); /* what could not be begun */
    host_pass(host, 600000);
    if (err == 0) {
      mt_eq_int(host->took, 2);
    }
    mt_ok(!ms_relay_is_busy(host->driver));
  }
  host_close(host);
  return err;
}

MT_TEST(relay__without_memory)
{
  static struct driver_host host;
  mt_oom(one_life, &host);
}
