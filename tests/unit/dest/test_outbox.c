/*
 * The outbox in a world of its own: what is down for long does not fill memory, what cannot be delivered stays and is
 * listed by pages, and what fails on the way (memory, the store) loses nothing.
 */
#include "dest/outbox.h"

#include <stdlib.h>

#include "keeper_host.h"

#define FIRST 1000

static size_t resident_max; /* of the next outbox that is opened */

static int box_open(void **driver, const struct ms_driver_env *env)
{
  const struct ms_outbox_options options = {.env = env,
                                            .module = "test",
                                            .table = MS_TABLE_EVENT,
                                            .first = FIRST,
                                            .last = INT64_MAX,
                                            .resident_max = resident_max};
  struct ms_outbox *outbox = NULL;
  int err = ms_outbox_new(&outbox, &options);
  *driver = outbox;
  return err;
}

static void box_close(void *driver)
{
  ms_outbox_free(driver);
}

static int box_load(void *driver)
{
  return ms_outbox_load(driver);
}

static void box_resume(void *driver)
{
  ms_outbox_resume(driver);
}

static int64_t box_next_due_ms(void *driver)
{
  return ms_outbox_next_due_ms(driver);
}

static void box_on_timer(void *driver, int64_t now_ms)
{
  ms_outbox_on_timer(driver, now_ms);
}

static const struct ms_driver_type box_type = {.name = "box",
                                               .open = box_open,
                                               .close = box_close,
                                               .load = box_load,
                                               .resume = box_resume,
                                               .next_due_ms = box_next_due_ms,
                                               .on_timer = box_on_timer};

static struct driver_host *open_host(const char *url, size_t bytes)
{
  static struct driver_host host;
  resident_max = bytes;
  mt_eq_int(host_open(&host, &box_type, url), 0);
  return &host;
}

static int add(struct driver_host *host, unsigned number, size_t size, const char *suffix)
{
  struct ms_batch *batch;
  const struct ms_delivery delivery = {.target = ms_str_c(mt_format(KEEPER_DOWN "%s", suffix)),
                                       .body = keeper_body(number, size),
                                       .reason = MS_STR("a test")};
  int err = host->env.ledger.begin(&batch, host);
  err = err != 0 ? err : ms_outbox_add(host->driver, batch, &delivery, NULL);
  err = err != 0 ? err : host->env.ledger.end(host);
  if (err != 0) {
    ms_outbox_back(host->driver);
  } else {
    ms_outbox_commit(host->driver);
  }
  return err;
}

static int list(struct ms_json *out, uint64_t *next, void *driver, uint64_t after, size_t max)
{
  return ms_outbox_list(out, next, driver, after, max);
}

static int replay_all(void *driver, size_t *count)
{
  return ms_outbox_replay_all(driver, count);
}

static bool is_busy(void *driver)
{
  return ms_outbox_is_busy(driver);
}

static const struct keeper keeper = {&box_type, add, list, replay_all, is_busy};

/* MSTEP_PARCELS and MSTEP_RESIDENT in the environment make a measurement of it. */
MT_TEST(outbox__a_target_that_is_down_does_not_fill_memory)
{
  const char *text = getenv("MSTEP_PARCELS"), *limit = getenv("MSTEP_RESIDENT");
  unsigned count = text == NULL ? 3000 : (unsigned)strtoul(text, NULL, 10);
  struct driver_host *host = open_host(mt_format("sqlite:%s/s.db", mt_tmpdir()),
                                       limit == NULL ? 100000 : strtoul(limit, NULL, 10));
  unsigned long before_kb = keeper_resident_kb();
  keeper_refuse(host, false);
  keeper_add_many(&keeper, host, count, "");
  mt_note("%u parcels of 1 kB to a target that is down: %lu kB", count, keeper_resident_kb() - before_kb);
  mt_eq_int(host->took, 0);
  mt_eq_int(host_reopen_after(host), 0);
  mt_note("opened again: %lu kB", keeper_resident_kb() - before_kb);
  host->refuses = NULL;
  host_pass(host, 600000);
  mt_eq_int(host->took, count);
  mt_ok(!ms_outbox_is_busy(host->driver));
  mt_eq_int(ms_outbox_delivered_count(host->driver), count);
  host_close(host);
}

/* Without a limit and with one, without a store and with one, it is the same. */
MT_TEST(outbox__undelivered_ones_stay_all_of_them)
{
  const char *const urls[] = {NULL, "memory:", mt_format("sqlite:%s/s.db", mt_tmpdir())};
  for (size_t i = 0; i < 3; i++) {
    struct driver_host *host = open_host(urls[i], 1);
    size_t count;
    keeper_refuse(host, true);
    keeper_add_many(&keeper, host, 1200, "");
    mt_eq_int(ms_outbox_undelivered_count(host->driver), 1200);
    mt_ok(!ms_outbox_is_busy(host->driver));
    keeper_list_all(&keeper, host, 1200, 100);
    if (i == 2) {
      mt_eq_int(host_reopen_after(host), 0);
      keeper_list_all(&keeper, host, 1200, 1200);
    }
    mt_eq_int(ms_outbox_replay_all(host->driver, &count), 0);
    mt_eq_int(count, 1200);
    host_run(host);
    keeper_list_all(&keeper, host, 1200, 1000);
    mt_eq_int(ms_outbox_purge(host->driver, 1200), 0);
    mt_eq_int(ms_outbox_purge(host->driver, 1200), MSTEP_ENOTFOUND);
    host->refuses = NULL;
    host->took = 0;
    mt_eq_int(ms_outbox_replay(host->driver, 1), 0);
    host_run(host);
    mt_eq_int(host->took, 1);
    mt_eq_mem(host->last.body, 6, "000000");
    mt_eq_int(ms_outbox_purge_all(host->driver, &count), 0);
    mt_eq_int(count, 1198);
    keeper_list_all(&keeper, host, 0, 10);
    if (i == 2) {
      mt_eq_int(host_reopen_after(host), 0);
      keeper_list_all(&keeper, host, 0, 10);
    }
    host_close(host);
  }
}

/* A store that refuses keeps everything as it was; once it is back, all is delivered. */
MT_TEST(outbox__a_store_that_refuses)
{
  struct driver_host *host = open_host(mt_format("sqlite:%s/s.db", mt_tmpdir()), 1);
  size_t count;
  keeper_refuse(host, true);
  keeper_add_many(&keeper, host, 3, "");
  host->is_broken = true;
  mt_eq_int(add(host, 9, 10, ""), MSTEP_EIO);
  mt_eq_int(ms_outbox_replay_all(host->driver, &count), MSTEP_EIO);
  mt_eq_int(count, 0);
  mt_eq_int(ms_outbox_purge(host->driver, 1), MSTEP_EIO);
  keeper_list_all(&keeper, host, 3, 10);
  host->is_broken = false;
  mt_eq_int(ms_outbox_replay_all(host->driver, &count), 0);
  host->refuses = NULL;
  host->is_broken = true; /* taken, but that cannot be written: not delivered a second time */
  host_run(host);
  host->is_broken = false;
  host_pass(host, 10000);
  mt_eq_int(host->took, 3);
  mt_ok(!ms_outbox_is_busy(host->driver));
  mt_eq_int(ms_outbox_undelivered_count(host->driver), 0);
  host_close(host);
}

/* A row that cannot be read now is tried later. */
MT_TEST(outbox__a_row_that_cannot_be_read)
{
  struct driver_host *host = open_host(mt_format("sqlite:%s/s.db", mt_tmpdir()), 1);
  size_t count;
  struct ms_json page;
  uint64_t next;
  keeper_refuse(host, true);
  keeper_add_many(&keeper, host, 1, "");
  keeper_spoil(host, FIRST + 1);
  mt_eq_int(ms_outbox_list(&page, &next, host->driver, 0, 10), MSTEP_EIO);
  mt_eq_int(ms_outbox_replay_all(host->driver, &count), MSTEP_EIO);
  mt_eq_int(ms_outbox_undelivered_count(host->driver), 1);
  mt_eq_int(ms_outbox_purge_all(host->driver, &count), 0);
  host_close(host);
}

static int one_life(void *host)
{
  resident_max = 1;
  return keeper_life(&keeper, host);
}

MT_TEST(outbox__without_memory)
{
  static struct driver_host host;
  mt_oom(one_life, &host);
}
