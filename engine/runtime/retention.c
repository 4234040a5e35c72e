/*
 * How long executions that have ended are kept, by their machine or by the engine's options: so long, or
 * so many of a machine. Looked at now and then while the engine runs, never because of itself: an engine
 * that has nothing else to do does not stay for it.
 */
#include "base/error.h"
#include "runtime/durable.h"

#define LOOK_MORE_MS 25 /* one look purges a bounded number: the next ones soon, or load would outrun them */
#define LOOK_FIRST_MS 1000
#define LOOK_LAST_MS 60000

static int64_t age_of(const struct ms_engine *engine, const struct ms_engine_machine *machine)
{
  return machine->retention_age_ms != 0 ? machine->retention_age_ms
                                        : engine->options.retention_age_ms;
}

static uint64_t count_of(const struct ms_engine *engine, const struct ms_engine_machine *machine)
{
  return machine->retention_count != 0 ? machine->retention_count : engine->options.retention_count;
}

/* Is it the one of its name whose settings count? */
static bool is_current(const struct ms_engine *engine, const struct ms_engine_machine *machine)
{
  return machine != NULL && ms_map_get(&engine->machines, ms_json_text(machine->arn)) == machine;
}

void ms_retention_ended(struct ms_engine *engine)
{
  if (engine->look_at_ms == 0) {
    engine->look_at_ms = ms_loop_now_ms(engine->loop) + LOOK_FIRST_MS;
  }
}

struct look {
  bool is_kept; /* something has to be looked at again */
  bool is_more; /* and soon */
};

static int look_at_machine(struct look *look, struct ms_engine *engine,
                           const struct ms_engine_machine *machine, int64_t now_ms)
{
  struct ms_str arn = ms_json_text(machine->arn);
  int64_t age_ms = age_of(engine, machine);
  uint64_t most = count_of(engine, machine), count = 0;
  int err = MSTEP_OK;
  if (age_ms > 0 && now_ms > age_ms) {
    err = ms_purge_old(&count, &look->is_more, engine, arn, now_ms - age_ms);
  }
  if (err == 0 && most > 0) {
    err = ms_purge_surplus(&count, &look->is_more, engine, machine, most);
  }
  look->is_kept = look->is_kept || look->is_more || age_ms > 0 || count > 0;
  return err;
}

/* Every machine. */
static struct look look_at_all(struct ms_engine *engine, int64_t now_ms)
{
  struct look look = {0};
  int err = ms_engine_may_write(engine);
  for (size_t i = 0; i < engine->versions.count && err == 0; i++) {
    const struct ms_engine_machine *machine = engine->versions.data[i];
    if (is_current(engine, machine)) {
      err = look_at_machine(&look, engine, machine, now_ms);
    }
  }
  if (err != 0 && ms_durable_status(engine) == 0) {
    ms_engine_log(engine, 1, "executions past their time could not be purged: %s",
                  ms_error_detail());
  }
  look.is_kept = look.is_kept || err != 0;
  look.is_more = look.is_more && err == 0;
  return look;
}

void ms_retention_on_timer(struct ms_engine *engine, int64_t now_ms)
{
  if (engine->look_at_ms == 0 || engine->look_at_ms > now_ms || engine->options.is_read_only) {
    return;
  }
  struct look look = look_at_all(engine, now_ms);
  int64_t delay_ms = engine->options.retention_age_ms / 4;
  delay_ms = delay_ms < LOOK_FIRST_MS ? LOOK_FIRST_MS : delay_ms;
  delay_ms = delay_ms > LOOK_LAST_MS ? LOOK_LAST_MS : delay_ms;
  delay_ms = look.is_more ? LOOK_MORE_MS : delay_ms;
  engine->look_at_ms = look.is_kept ? now_ms + delay_ms : 0;
}
