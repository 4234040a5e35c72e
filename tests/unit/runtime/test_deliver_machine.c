/* Deliveries to state machines: started once, however often and across whatever crash they are delivered. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "life.h"
#include "mt.h"
#include "runtime/deliver.h"
#include "runtime/internal.h"

#define HOUR_MS 3600000

struct told {
  struct ms_engine *engine;
  unsigned count;
  int code;
};

static void on_told(int code, bool is_final, const char *detail, void *arg)
{
  struct told *told = arg;
  (void)is_final;
  (void)detail;
  told->count++;
  told->code = code;
  ms_engine_stop(told->engine);
}

static int deliver(struct life *life, struct told *told, const char *target, const char *name,
                   const char *body)
{
  const struct ms_delivery delivery = {.target = ms_str_c(target),
                                       .body = ms_str_c(body),
                                       .deduplication = name == NULL ? (struct ms_str){NULL, 0}
                                                                     : ms_str_c(name)};
  *told = (struct told){.engine = life->engine, .code = 1};
  return ms_engine_deliver(life->engine, &delivery, on_told, told);
}

/* Delivered, told once and durably, and not from inside the call. */
static void deliver_well(struct life *life, const char *name)
{
  struct told told;
  mt_eq_int(deliver(life, &told, MACHINE_ARN, name, "{\"n\":1}"), 0);
  mt_eq_int(told.count, 0);
  mt_eq_int(ms_engine_run(life->engine), 0);
  mt_eq_int(told.count, 1);
  mt_eq_int(told.code, 0);
}

static void make_machine(struct life *life)
{
  char arn[MS_ENGINE_ARN_SIZE];
  const struct ms_engine_machine_request request = {.name = MS_STR("m"),
                                                    .definition = MS_STR(WAITS)};
  mt_eq_int(ms_engine_machine_create(arn, life->engine, &request, NULL, NULL), 0);
}

MT_TEST(deliver_machine__the_same_delivery_starts_one_execution)
{
  struct life life;
  char url[256];
  snprintf(url, sizeof url, "sqlite:%s/s.db", mt_tmpdir());
  life_begin(&life, url, 1000000);
  make_machine(&life);
  deliver_well(&life, "e");
  deliver_well(&life, "e");
  mt_eq_int(ms_engine_abandon(life.engine), 0);
  life_begin(&life, url, 1000000);
  deliver_well(&life, "e"); /* it runs */
  life_expect_list(&life, MS_EXECUTION_RUNNING, 10, "e RUNNING;.");
  mt_eq_int(ms_engine_run_until(life.engine, 1000000 + 2 * HOUR_MS), 0);
  life_expect_list(&life, -1, 10, "e SUCCEEDED;.");
  deliver_well(&life, "e"); /* it has ended */
  life_expect_list(&life, -1, 10, "e SUCCEEDED;.");
  deliver_well(&life, "f");
  life_expect_list(&life, MS_EXECUTION_RUNNING, 10, "f RUNNING;.");
  life_end(&life);
}

MT_TEST(deliver_machine__without_a_store_and_without_a_name)
{
  struct life life;
  life_begin(&life, NULL, 1000000);
  make_machine(&life);
  deliver_well(&life, "e");
  deliver_well(&life, "e");
  deliver_well(&life, NULL);
  deliver_well(&life, NULL);
  char *list = life_list(&life, MS_EXECUTION_RUNNING, 10);
  unsigned count = 0;
  for (const char *at = list; (at = strstr(at, "RUNNING;")) != NULL; at++) {
    count++;
  }
  mt_eq_int(count, 3);
  ms_free(list);
  life_end(&life);
}

MT_TEST(deliver_machine__refusals_are_final)
{
  struct life life;
  struct told told;
  life_begin(&life, NULL, 1000000);
  make_machine(&life);
  mt_eq_int(deliver(&life, &told, MACHINE_ARN "x", NULL, "{}"), MSTEP_ENOTFOUND);
  mt_eq_int(deliver(&life, &told, MACHINE_ARN, NULL, "{"), MSTEP_ESYNTAX);
  mt_eq_int(deliver(&life, &told, MACHINE_ARN, "a b", "{}"), MSTEP_EINVALID);
  mt_eq_int(told.count, 0);
  life_end(&life);
}

/* Closed before it is durable: nobody is told. */
MT_TEST(deliver_machine__a_close_frees_what_waits)
{
  struct life life;
  struct told told;
  life_begin(&life, NULL, 1000000);
  make_machine(&life);
  mt_eq_int(deliver(&life, &told, MACHINE_ARN, "e", "{}"), 0);
  life_end(&life);
  mt_eq_int(told.count, 0);
}
