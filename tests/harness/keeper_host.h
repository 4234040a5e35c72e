/*
 * What the tests of things that keep deliveries (outbox, relay) have in common: bodies that are counted, a target that
 * is down, looking through what is kept, and one life of which every allocation fails once.
 */
#ifndef KEEPER_HOST_H
#define KEEPER_HOST_H

#include <unistd.h>

#include "driver_host.h"

#define KEEPER_DOWN "arn:aws:sqs:us-east-1:000000000000:down"

/* One kind of keeper; `driver` is the host's. */
struct keeper {
  const struct ms_driver_type *type;
  int (*add)(struct driver_host *host, unsigned number, size_t size, const char *suffix);
  int (*list)(struct ms_json *out, uint64_t *next, void *driver, uint64_t after, size_t max);
  int (*replay_all)(void *driver, size_t *count);
  bool (*is_busy)(void *driver);
};

/* Its number, then as many letters as make it so long. Until the next call. */
static inline struct ms_str keeper_body(unsigned number, size_t size)
{
  static char body[HOST_TEXT_MAX];
  memset(body, 'x', sizeof body);
  int len = snprintf(body, sizeof body, "%06u", number);
  body[len] = ' ';
  return (struct ms_str){body, size < (size_t)len ? (size_t)len : size};
}

static inline void keeper_refuse(struct driver_host *host, bool is_final)
{
  host->refuses = "down";
  host->code = MSTEP_EIO;
  host->is_final = is_final;
}

static inline unsigned long keeper_resident_kb(void)
{
  unsigned long pages = 0, all = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file != NULL) {
    mt_ok(fscanf(file, "%lu %lu", &all, &pages) == 2);
    fclose(file);
  }
  return pages * (unsigned long)sysconf(_SC_PAGESIZE) / 1024;
}

/* So many of 1 kB, numbered from 0. */
static inline void keeper_add_many(const struct keeper *keeper, struct driver_host *host,
                                   unsigned count, const char *suffix)
{
  for (unsigned i = 0; i < count; i++) {
    mt_eq_int(keeper->add(host, i, 1000, suffix), 0);
    if (i % 200 == 199) {
      host_run(host);
    }
  }
  host_run(host);
}

/* What is kept is so many from 0 in their order, whatever the size of a page. */
static inline void keeper_list_all(const struct keeper *keeper, struct driver_host *host,
                                   unsigned expected, size_t page_size)
{
  unsigned seen = 0;
  uint64_t after = 0;
  do {
    struct ms_json page;
    mt_eq_int(keeper->list(&page, &after, host->driver, after, page_size), 0);
    mt_ok(ms_json_count(page) <= page_size);
    for (size_t i = 0; i < ms_json_count(page); i++, seen++) {
      struct ms_json item = ms_json_at(page, i);
      struct ms_str error = ms_json_text(ms_json_getc(item, "Error"));
      mt_eq_mem(ms_json_text(ms_json_getc(item, "Body")).data, 6, mt_format("%06u", seen));
      mt_eq_mem(error.data, error.len, "it said no");
    }
    ms_json_unref(page);
  } while (after != 0);
  mt_eq_int(seen, expected);
}

/* Makes a row unreadable. */
static inline void keeper_spoil(struct driver_host *host, uint64_t number)
{
  char key[MS_STORE_NUMBER_SIZE];
  struct ms_batch batch;
  ms_batch_init(&batch);
  ms_batch_put(&batch, MS_TABLE_EVENT, ms_store_key(key, number), MS_STR("\x09"));
  mt_eq_int(ms_store_commit(host->store, &batch, NULL), 0);
  ms_batch_deinit(&batch);
}

/* Two are refused for good, listed, begun anew and taken: for mt_oom. */
static inline int keeper_life(const struct keeper *keeper, struct driver_host *host)
{
  struct ms_json page;
  uint64_t next;
  size_t count;
  int err = host_open(host, keeper->type, "memory:");
  if (err == 0) {
    keeper_refuse(host, true);
    err = keeper->add(host, 0, 100, ".fifo");
    err = err != 0 ? err : keeper->add(host, 1, 100, "");
    host_run(host);
    host_pass(host, 5000);
    int list_err = keeper->list(&page, &next, host->driver, 0, 1);
    if (list_err == 0) {
      ms_json_unref(page);
    }
    err = err != 0 ? err : list_err;
    host->refuses = NULL;
    int replay_err = keeper->replay_all(host->driver, &count);
    err = err != 0 ? err : replay_err;
    host_pass(host, 5000);
    mt_oom_over();
    (void)keeper->replay_all(host->driver, &count); /* what could not be begun */
    host_pass(host, 600000);
    if (err == 0) {
      mt_eq_int(host->took, 2);
    }
    mt_ok(!keeper->is_busy(host->driver));
  }
  host_close(host);
  return err;
}

#endif
