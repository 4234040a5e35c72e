/* The driver: all mappings, their states, what is due. */
#include "base/alloc.h"
#include "base/error.h"
#include "source/internal.h"
#include "metrics/metrics.h"

#define SETTLE_RETRY_MS 50

int64_t ms_sources_now_ms(const struct ms_sources *sources)
{
  return ms_loop_now_ms(sources->env->loop);
}

/* A stream has more: whoever reads it goes on. */
static void on_news(struct ms_str stream_arn, void *user)
{
  struct ms_sources *sources = user;
  for (struct ms_mapping *one = sources->first, *next; one != NULL; one = next) {
    next = one->next;
    if (one->poller != NULL && one->type->on_news != NULL &&
        ms_str_eq(one->source_arn, stream_arn)) {
      one->type->on_news(one);
    }
  }
}

void ms_sources_set_up(struct ms_sources *sources, const struct ms_sources_up *up)
{
  sources->up = *up;
  if (up->streams != NULL) {
    up->streams->listen(up->tables, on_news, sources);
  }
}

/* ---- states ---- */

/* No memory for a poller: tried again, the mapping stays what it is. */
static void begin_polling(struct ms_mapping *mapping)
{
  if (mapping->poller == NULL && mapping->type->open(mapping) != 0) {
    mapping->sources->settle_at_ms = ms_sources_now_ms(mapping->sources) + SETTLE_RETRY_MS;
    return;
  }
  mapping->state = MS_MAPPING_ENABLED;
  mapping->type->go(mapping);
}

static void end_polling(struct ms_mapping *mapping)
{
  bool is_gone = mapping->state == MS_MAPPING_DELETING;
  if (mapping->poller != NULL && !mapping->type->drain(mapping)) {
    return;
  }
  if (is_gone) {
    ms_mapping_unlink(mapping);
    ms_mapping_free(mapping);
    return;
  }
  if (mapping->poller != NULL) {
    mapping->type->close(mapping);
  }
  mapping->state = MS_MAPPING_DISABLED;
}

void ms_mapping_settle(struct ms_mapping *mapping)
{
  bool is_settled = (mapping->state == MS_MAPPING_ENABLED && mapping->poller != NULL) ||
                    mapping->state == MS_MAPPING_DISABLED;
  if (mapping->sources->is_settling || is_settled) {
    return; /* what was changed last is not durable yet, or there is nothing to do */
  }
  if (mapping->is_enabled && mapping->state != MS_MAPPING_DELETING) {
    if (mapping->type->is_stream && mapping->poller != NULL) { /* how it is read may be another */
      if (!mapping->type->drain(mapping)) {
        return;
      }
      mapping->type->close(mapping);
    }
    begin_polling(mapping);
  } else {
    end_polling(mapping);
  }
}

static void settle_all(struct ms_sources *sources)
{
  for (struct ms_mapping *one = sources->first, *next; one != NULL; one = next) {
    next = one->next;
    ms_mapping_settle(one);
  }
}

static void on_durable(int code, void *arg)
{
  struct ms_sources *sources = arg;
  sources->is_settling = false;
  if (code == 0 && sources->settle_at_ms != 0) {
    ms_sources_settle(sources); /* for what came meanwhile */
  } else if (code == 0 && sources->is_resumed) {
    settle_all(sources);
    sources->env->touch(sources->env->user);
  } /* else everything is loaded anew */
}

void ms_sources_settle(struct ms_sources *sources)
{
  const struct ms_ledger *ledger = &sources->env->ledger;
  sources->settle_at_ms = 0;
  if (sources->is_settling) {
    sources->settle_at_ms = ms_sources_now_ms(sources);
  } else if (ledger->when_durable(on_durable, sources, ledger->user) == 0) {
    sources->is_settling = true;
  } else {
    sources->settle_at_ms = ms_sources_now_ms(sources) + SETTLE_RETRY_MS;
  }
  sources->env->touch(sources->env->user);
}

/* ---- life ---- */

static void drop_all(struct ms_sources *sources)
{
  while (sources->first != NULL) {
    struct ms_mapping *mapping = sources->first;
    sources->first = mapping->next;
    ms_mapping_free(mapping);
  }
}

static int sources_open(void **driver, const struct ms_driver_env *env)
{
  struct ms_sources *sources = ms_calloc(1, sizeof *sources);
  if (sources == NULL) {
    return ms_error_nomem();
  }
  sources->env = env;
  *driver = sources;
  return MSTEP_OK;
}

static void sources_close(void *driver)
{
  struct ms_sources *sources = driver;
  if (sources != NULL) {
    if (sources->up.streams != NULL) {
      sources->up.streams->listen(sources->up.tables, NULL, NULL);
    }
    drop_all(sources);
    ms_source_calls_free(sources);
    ms_free(sources);
  }
}

static int load_row(struct ms_str uuid, struct ms_json row, void *user)
{
  struct ms_sources *sources = user;
  struct ms_mapping *mapping;
  (void)uuid;
  int err = ms_mapping_new(&mapping, sources, ms_json_ref(row));
  if (err == 0) {
    mapping->state = mapping->is_enabled ? MS_MAPPING_ENABLED : MS_MAPPING_DISABLED;
    ms_mapping_link(mapping);
  }
  return err;
}

static int load_position(struct ms_str uuid, struct ms_json row, void *user)
{
  static const char *const results[] = {MS_RESULT_OK, MS_RESULT_PROBLEM};
  struct ms_mapping *mapping = ms_mapping_find(user, uuid);
  if (mapping != NULL) {
    struct ms_str result = ms_json_text(ms_json_getc(row, "Result"));
    ms_table_sequence_parse(&mapping->position, ms_json_text(ms_json_getc(row, "Position")));
    ms_json_replace(&mapping->progress, ms_json_ref(row));
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
      mapping->result = ms_str_is(result, results[i]) ? results[i] : mapping->result;
    }
  }
  return MSTEP_OK;
}

static int sources_load(void *driver)
{
  struct ms_sources *sources = driver;
  struct ms_store *reader = sources->env->ledger.reader;
  sources->is_resumed = false;
  drop_all(sources);
  int err = ms_resource_scan(reader, MS_MAPPING_KIND, load_row, sources);
  return err != 0 ? err : ms_resource_scan(reader, MS_POSITION_KIND, load_position, sources);
}

static void sources_resume(void *driver)
{
  struct ms_sources *sources = driver;
  sources->is_resumed = true;
  settle_all(sources);
}

/* ---- what is due ---- */

static int64_t sources_next_due_ms(void *driver)
{
  const struct ms_sources *sources = driver;
  int64_t due_ms = sources->is_settling ? 0 : sources->settle_at_ms;
  for (const struct ms_mapping *one = sources->first; one != NULL; one = one->next) {
    int64_t at_ms = one->poller == NULL ? 0 : one->type->next_due_ms(one);
    due_ms = at_ms != 0 && (due_ms == 0 || at_ms < due_ms) ? at_ms : due_ms;
  }
  return sources->is_resumed ? due_ms : 0;
}

static void sources_on_timer(void *driver, int64_t now_ms)
{
  struct ms_sources *sources = driver;
  if (!sources->is_settling && sources->settle_at_ms != 0 && sources->settle_at_ms <= now_ms) {
    ms_sources_settle(sources);
  }
  for (struct ms_mapping *one = sources->first, *next; one != NULL; one = next) {
    next = one->next;
    int64_t due_ms = one->poller == NULL ? 0 : one->type->next_due_ms(one);
    if (due_ms != 0 && due_ms <= now_ms) {
      one->type->go(one);
    }
  }
}

static bool sources_is_busy(void *driver)
{
  const struct ms_sources *sources = driver;
  bool is_busy = sources->is_settling || (sources->is_resumed && sources->settle_at_ms != 0);
  for (const struct ms_mapping *one = sources->first; one != NULL && !is_busy; one = one->next) {
    is_busy = one->poller != NULL && one->type->is_busy(one);
  }
  return is_busy;
}

static void sources_collect(void *driver, struct ms_metrics *metrics)
{
  const struct ms_sources *sources = driver;
  ms_metrics_set(metrics, MS_METRIC_MAPPING_BATCHES, sources->counts.batches);
  ms_metrics_set(metrics, MS_METRIC_MAPPING_RECORDS, sources->counts.records);
  ms_metrics_set(metrics, MS_METRIC_MAPPING_FAILURES, sources->counts.failures);
}

const struct ms_driver_type ms_sources_driver = {
    .name = "sources",
    .open = sources_open,
    .close = sources_close,
    .load = sources_load,
    .resume = sources_resume,
    .next_due_ms = sources_next_due_ms,
    .on_timer = sources_on_timer,
    .is_busy = sources_is_busy,
    .collect = sources_collect,
};
