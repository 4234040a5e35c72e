/*
 * The outbox in a world of its own: what is down for long does not fill memory, what cannot be delivered stays and is
 * listed by pages, and what fails on the way (memory, the store) loses nothing.
 */
#include "dest/outbox.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/random.h"
#include "driver_host.h"

#define FIRST 1000
#define DOWN "arn:aws:sqs:us-east-1:000000000000:down"

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

static int add(struct driver_host *host, unsigned number, size_t size)
{
  static char body[HOST_TEXT_MAX];
  struct ms_batch *batch;
  memset(body, 'x', sizeof body);
  int len = snprintf(body, sizeof body, "%06u", number);
  const struct ms_delivery delivery = {
      .target = MS_STR(DOWN),
      .body = {body, size < (size_t)len ? (size_t)len : size},
      .reason = MS_STR("a test")};
  body[len] = ' ';
  int err = host->env.ledger.begin(&batch, host);
  err = err != 0 ? err : ms_outbox_add(host->driver, batch, &delivery, NULL);
  if (err == 0) {
    err = host->env.ledger.end(host);
  }
  if (err != 0) {
    ms_outbox_back(host->driver);
  } else {
    ms_outbox_commit(host->driver);
  }
  return err;
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
    mt_eq_int(ms_outbox_list(&page, &after, host->driver, after, page_size), 0);
    mt_ok(ms_json_count(page) <= page_size);
    for (size_t i = 0; i < ms_json_count(page); i++, seen++) {
      struct ms_json item = ms_json_at(page, i);
      struct ms_str body = ms_json_text(ms_json_getc(item, "Body"));
      mt_eq_mem(body.data, 6, mt_format("%06u", seen));
      mt_eq_int(ms_json_text(ms_json_getc(item, "Error")).len, strlen("it said no"));
    }
    ms_json_unref(page);
  } while (after != 0);
  mt_eq_int(seen, expected);
}

static void many(struct driver_host *host, unsigned count, unsigned from)
{
  for (unsigned i = from; i < from + count; i++) {
    mt_eq_int(add(host, i, 1000), 0);
    if (i % 200 == 199) {
      host_run(host);
    }
  }
  host_run(host);
}

/* MSTEP_PARCELS and MSTEP_RESIDENT in the environment make a measurement of it. */
MT_TEST(outbox__a_target_that_is_down_does_not_fill_memory)
{
  const char *text = getenv("MSTEP_PARCELS"), *limit = getenv("MSTEP_RESIDENT");
  unsigned count = text == NULL ? 3000 : (unsigned)strtoul(text, NULL, 10);
  struct driver_host *host = open_host(mt_format("sqlite:%s/s.db", mt_tmpdir()),
                                       limit == NULL ? 100000 : strtoul(limit, NULL, 10));
  unsigned long before_kb = resident_kb();
  refuse(host, false);
  many(host, count, 0);
  mt_note("%u parcels of 1 kB to a target that is down: %lu kB", count, resident_kb() - before_kb);
  mt_eq_int(host->took, 0);
  mt_eq_int(host_reopen_after(host), 0);
  mt_note("opened again: %lu kB", resident_kb() - before_kb);
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
    refuse(host, true);
    many(host, 1200, 0);
    mt_eq_int(ms_outbox_undelivered_count(host->driver), 1200);
    mt_ok(!ms_outbox_is_busy(host->driver));
    list_all(host, 1200, 100);
    if (i == 2) {
      mt_eq_int(host_reopen_after(host), 0);
      list_all(host, 1200, 1200);
    }
    mt_eq_int(ms_outbox_replay_all(host->driver, &count), 0);
    mt_eq_int(count, 1200);
    host_run(host);
    list_all(host, 1200, 1000);
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
    list_all(host, 0, 10);
    if (i == 2) {
      mt_eq_int(host_reopen_after(host), 0);
      list_all(host, 0, 10);
    }
    host_close(host);
  }
}

/* A store that refuses keeps everything as it was; once it is back, all is delivered. */
MT_TEST(outbox__a_store_that_refuses)
{
  struct driver_host *host = open_host(mt_format("sqlite:%s/s.db", mt_tmpdir()), 1);
  size_t count;
  refuse(host, true);
  many(host, 3, 0);
  host->is_broken = true;
  mt_eq_int(add(host, 9, 10), MSTEP_EIO);
  mt_eq_int(ms_outbox_replay_all(host->driver, &count), MSTEP_EIO);
  mt_eq_int(count, 0);
  mt_eq_int(ms_outbox_purge(host->driver, 1), MSTEP_EIO);
  list_all(host, 3, 10);
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
  char key[MS_STORE_NUMBER_SIZE];
  struct ms_batch batch;
  size_t count;
  struct ms_json page;
  uint64_t next;
  refuse(host, true);
  many(host, 1, 0);
  ms_batch_init(&batch);
  ms_batch_put(&batch, MS_TABLE_EVENT, ms_store_key(key, FIRST + 1), MS_STR("\x09"));
  mt_eq_int(ms_store_commit(host->store, &batch, NULL), 0);
  ms_batch_deinit(&batch);
  mt_eq_int(ms_outbox_list(&page, &next, host->driver, 0, 10), MSTEP_EIO);
  mt_eq_int(ms_outbox_replay_all(host->driver, &count), MSTEP_EIO);
  mt_eq_int(ms_outbox_undelivered_count(host->driver), 1);
  mt_eq_int(ms_outbox_purge_all(host->driver, &count), 0);
  host_close(host);
}

static int one_life(void *user)
{
  struct driver_host *host = user;
  struct ms_json page;
  uint64_t next;
  size_t count;
  resident_max = 1;
  int err = host_open(host, &box_type, "memory:");
  if (err == 0) {
    refuse(host, true);
    err = add(host, 0, 100);
    err = err != 0 ? err : add(host, 1, 100);
    host_run(host);
    host_pass(host, 5000);
    int list_err = ms_outbox_list(&page, &next, host->driver, 0, 1);
    if (list_err == 0) {
      ms_json_unref(page);
    }
    err = err != 0 ? err : list_err;
    host->refuses = NULL;
    int replay_err = ms_outbox_replay_all(host->driver, &count);
    err = err != 0 ? err : replay_err;
    host_pass(host, 5000);
    mt_oom_over();
    (void)ms_outbox_replay_all(host->driver, &count); /* what could not be begun */
    host_pass(host, 600000);
    if (err == 0) {
      mt_eq_int(host->took, 2);
    }
    mt_ok(!ms_outbox_is_busy(host->driver));
  }
  host_close(host);
  return err;
}

MT_TEST(outbox__without_memory)
{
  static struct driver_host host;
  mt_oom(one_life, &host);
}
