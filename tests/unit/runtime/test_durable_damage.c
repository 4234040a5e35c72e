/*
 * One execution that cannot be read, or that breaks whenever it is gone on with: the others go on, and the engine
 * does not turn round on the spot.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "mt.h"
#include "runtime/runtime.h"
#include "store/store.h"

#define MACHINE_ARN "arn:aws:states:us-east-1:000000000000:stateMachine:m"
#define EXECUTION_ARN "arn:aws:states:us-east-1:000000000000:execution:m:"
#define WAITS                                                                                      \
  "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":10,\"Next\":\"P\"},"        \
  "\"P\":{\"Type\":\"Pass\",\"QueryLanguage\":\"JSONata\","                                        \
  "\"Output\":\"{% $length($pad('', $states.input.n, 'x')) %}\",\"End\":true}}}"

struct life {
  struct ms_engine *engine;
  unsigned done;
  unsigned complaints, stop_after; /* that many, then the loop is stopped */
  char latest[300];
};

static void on_done(struct ms_callback callback, const struct ms_engine_end *end, void *host)
{
  struct life *life = host;
  (void)callback;
  (void)end;
  life->done++;
}

static void on_log(int level, const char *module, struct ms_str line, void *host)
{
  struct life *life = host;
  (void)module;
  if (level == 0) {
    snprintf(life->latest, sizeof life->latest, "%.*s", MS_STR_ARG(line));
    if (++life->complaints == life->stop_after) {
      ms_engine_stop(life->engine);
    }
  }
}

static void open_engine(struct life *life, const char *url, int64_t start_at_ms)
{
  char arn[MS_ENGINE_ARN_SIZE];
  const struct ms_engine_options options = {
      .region = "us-east-1",
      .account = "000000000000",
      .role_arn = "arn:aws:iam::000000000000:role/r",
      .is_virtual_time = true,
      .start_at_ms = start_at_ms,
      .seed = 7,
      .store_url = url,
      .host = {.done = on_done, .log = on_log, .host = life},
  };
  *life = (struct life){0};
  mt_eq_int(ms_engine_open(&life->engine, &options), 0);
  const struct ms_engine_machine_request request = {.name = MS_STR("m"), .definition = MS_STR(WAITS)};
  mt_eq_int(ms_engine_machine_create(arn, life->engine, &request, NULL, NULL), 0);
}

static void start(struct life *life, const char *name, const char *input)
{
  char arn[MS_ENGINE_ARN_SIZE];
  const struct ms_engine_start request = {.machine_arn = MS_STR(MACHINE_ARN),
                                          .name = ms_str_c(name),
                                          .input = ms_str_c(input),
                                          .done = {(void (*)(void))on_done, NULL}};
  mt_eq_int(ms_engine_execution_start(arn, life->engine, &request), 0);
}

/* ---- a row that cannot be read -------------------------------------------------------------------------- */

static int take_row(struct ms_str key, struct ms_str value, void *user)
{
  struct ms_buf *out = user;
  ms_buf_str(out, key);
  ms_buf_str(out, value);
  return 1;
}

/* The first of the snapshots: *row gets it, and loses so many of its bytes; 0: gets them back. */
static void cut_snapshot(const char *url, struct ms_buf *row, size_t bytes)
{
  struct ms_store *store;
  struct ms_batch batch;
  const struct ms_scan scan = {.table = MS_TABLE_SNAPSHOT};
  ms_batch_init(&batch);
  mt_eq_int(ms_store_open(&store, url, NULL), 0);
  if (bytes > 0) {
    mt_eq_int(ms_store_scan(store, &scan, take_row, row), 1);
  }
  struct ms_str all = ms_buf_view(row);
  ms_batch_put(&batch, MS_TABLE_SNAPSHOT, ms_str_sub(all, 0, MS_STORE_NUMBER_SIZE),
               ms_str_sub(all, MS_STORE_NUMBER_SIZE, all.len - bytes));
  mt_eq_int(ms_store_commit(store, &batch, NULL), 0);
  ms_store_close(store);
  ms_batch_deinit(&batch);
}

static void write_waiting(const char *url)
{
  struct life life;
  char name[8];
  const struct ms_engine_journal_limits limits = {.unsaved_bytes = 1, .trim_bytes = 1};
  open_engine(&life, url, 1000000);
  ms_engine_set_journal_limits(life.engine, &limits);
  ms_engine_set_resident_max(life.engine, 1);
  for (int i = 0; i < 6; i++) {
    snprintf(name, sizeof name, "e%d", i);
    start(&life, name, "{\"n\":3}");
  }
  mt_eq_int(ms_engine_run_until(life.engine, 1005000), 0);
  mt_eq_int(ms_engine_close(life.engine), 0);
}

MT_TEST(durable_damage__a_waiting_execution_that_cannot_be_read)
{
  const char *url = mt_format("sqlite:%s/a.db", mt_tmpdir());
  struct life life;
  struct ms_buf row, text;
  ms_buf_init(&row, 0);
  ms_buf_init(&text, 0);
  write_waiting(url);
  cut_snapshot(url, &row, 5);

  open_engine(&life, url, 1020000);
  mt_eq_int(ms_engine_run_until(life.engine, 1020000 + 150000), 0);
  mt_eq_int(life.complaints, 3); /* at once, and then each minute */
  mt_ok(strstr(life.latest, "execution e0 in sqlite:") != NULL);
  mt_eq_int(ms_engine_execution_describe(&text, life.engine, MS_STR(EXECUTION_ARN "e0")), MSTEP_EIO);
  mt_ok(strstr(ms_error_detail(), "execution e0 in sqlite:") != NULL);
  for (int i = 1; i < 6; i++) {
    ms_buf_reset(&text);
    mt_eq_int(ms_engine_execution_describe(&text, life.engine,
                                           ms_str_c(mt_format("%se%d", EXECUTION_ARN, i))),
              0);
    ms_buf_char(&text, '\0');
    mt_ok(strstr(text.data, "SUCCEEDED") != NULL);
  }
  mt_eq_int(ms_engine_close(life.engine), 0);

  cut_snapshot(url, &row, 0);
  open_engine(&life, url, 2000000);
  mt_eq_int(ms_engine_run(life.engine), 0);
  ms_buf_reset(&text);
  mt_eq_int(ms_engine_execution_describe(&text, life.engine, MS_STR(EXECUTION_ARN "e0")), 0);
  mt_eq_int(life.complaints, 0);
  mt_eq_int(ms_engine_close(life.engine), 0);
  ms_buf_deinit(&row);
  ms_buf_deinit(&text);
}

/* ---- one that breaks each time ------------------------------------------------------------------------------ */

static bool is_tight; /* no block of a million bytes or more */

static void *resize(void *user, void *block, size_t size)
{
  (void)user;
  if (size == 0) {
    free(block);
    return NULL;
  }
  return is_tight && size >= 1000000 ? NULL : realloc(block, size);
}

MT_TEST(durable_damage__what_breaks_each_time_is_tried_less_and_less_often)
{
  const char *url = mt_format("sqlite:%s/a.db", mt_tmpdir());
  struct life life;
  ms_alloc_set(&(struct ms_allocator){resize, NULL});
  open_engine(&life, url, 1000000);
  start(&life, "big", "{\"n\":3000000}");
  is_tight = true;
  mt_eq_int(ms_engine_run_until(life.engine, 1010000 + 60000), 0);
  mt_note("%u complaints: %s", life.complaints, life.latest);
  mt_ok(life.complaints >= 8 && life.complaints <= 25);
  mt_eq_int(life.done, 0);
  is_tight = false;
  mt_eq_int(ms_engine_run(life.engine), 0);
  mt_eq_int(life.done, 1);
  mt_eq_int(ms_engine_close(life.engine), 0);
  ms_alloc_set(NULL);
}
