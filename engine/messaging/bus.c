/* The driver of buses: the buses there are, what is read from the store, and rules that are due by the clock. */
#include "messaging/bus.h"

#include "base/alloc.h"
#include "base/error.h"
#include "messaging/bus_archive.h"
#include "metrics/metrics.h"

#define AFTER_TROUBLE_MS 1000

static struct ms_str text_of(struct ms_json object, const char *name)
{
  struct ms_json value = ms_json_getc(object, name);
  return ms_json_is_string(value) ? ms_json_text(value) : (struct ms_str){NULL, 0};
}

/* ---- which bus ---- */

struct ms_bus *ms_bus_find(struct ms_buses *buses, struct ms_str name)
{
  struct ms_bus *bus = buses->first;
  bool is_arn = ms_str_has_prefix(name, "arn:");
  if (name.data == NULL) {
    return bus;
  }
  while (bus != NULL && !ms_str_eq(is_arn ? bus->arn : bus->name, name)) {
    bus = bus->next;
  }
  return bus;
}

struct ms_bus *ms_bus_named(struct ms_buses *buses, struct ms_str name,
                            struct ms_queue_refusal *why)
{
  struct ms_bus *bus = ms_bus_find(buses, name);
  if (bus == NULL) {
    ms_refuse(why, "ResourceNotFoundException", "Event bus %.*s does not exist.", MS_STR_ARG(name));
  }
  return bus;
}

struct ms_bus *ms_bus_asked(struct ms_buses *buses, struct ms_json request,
                            struct ms_queue_refusal *why)
{
  return ms_bus_named(buses, text_of(request, "EventBusName"), why);
}

/* ---- life of a bus ---- */

static void bus_free(struct ms_bus *bus)
{
  for (struct ms_rule *rule = bus->rules, *next; rule != NULL; rule = next) {
    next = rule->next;
    ms_rule_free(rule);
  }
  ms_pattern_set_free(bus->patterns);
  ms_json_unref(bus->row);
  ms_free(bus);
}

static void take_row(struct ms_bus *bus, struct ms_json row)
{
  ms_json_replace(&bus->row, row);
  bus->name = text_of(row, "Name");
  bus->arn = text_of(row, "Arn");
}

int ms_bus_replace(struct ms_bus *bus, struct ms_json row)
{
  int err = ms_resource_save(&bus->buses->env->ledger, "bus", bus->name, row);
  if (err != 0) {
    ms_json_unref(row);
    return err;
  }
  take_row(bus, row);
  return MSTEP_OK;
}

int ms_bus_show(struct ms_json *out, const struct ms_bus *bus)
{
  *out = ms_json_ref(bus->row);
  return ms_json_remove(out, MS_STR("Tags"));
}

/* Takes row. */
static int bus_new(struct ms_bus **out, struct ms_buses *buses, struct ms_json row)
{
  struct ms_bus *bus = ms_calloc(1, sizeof *bus);
  struct ms_pattern_set *patterns = ms_pattern_set_new();
  if (bus == NULL || patterns == NULL || ms_json_is_none(row)) {
    ms_json_unref(row);
    ms_pattern_set_free(patterns);
    ms_free(bus);
    return ms_error_nomem();
  }
  bus->buses = buses;
  bus->patterns = patterns;
  take_row(bus, row);
  *out = bus;
  return MSTEP_OK;
}

static void link_bus(struct ms_buses *buses, struct ms_bus *bus)
{
  struct ms_bus **slot = &buses->first;
  while (*slot != NULL && (*slot == buses->first || ms_str_cmp((*slot)->name, bus->name) < 0)) {
    slot = &(*slot)->next;
  }
  bus->next = *slot;
  *slot = bus;
}

static struct ms_json make_row(const struct ms_buses *buses, struct ms_str name,
                               struct ms_json request)
{
  static const char *const members[] = {"Description", "DeadLetterConfig", "KmsKeyIdentifier",
                                        "Tags", NULL};
  struct ms_json row = ms_json_object(6);
  struct ms_json now = ms_json_double((double)ms_loop_now_ms(buses->env->loop) / 1000);
  int err = ms_json_setc(&row, "Name", ms_json_string(name));
  err |= ms_json_setc(&row, "Arn",
                      ms_json_stringf("arn:aws:events:%s:%s:event-bus/%.*s", buses->env->region,
                                      buses->env->account, MS_STR_ARG(name)));
  err |= ms_json_setc(&row, "CreationTime", now);
  err |= ms_json_setc(&row, "LastModifiedTime", now);
  err |= ms_resource_copy(&row, request, members);
  if (err != 0) {
    ms_json_unref(row);
    return MS_JSON_VALUE_NONE;
  }
  return row;
}

/* ---- operations ---- */

static bool is_name(struct ms_str name)
{
  for (size_t i = 0; i < name.len; i++) {
    char c = name.data[i];
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
          c == '.' || c == '-' || c == '_')) {
      return false;
    }
  }
  return name.len > 0 && name.len <= MS_BUS_NAME_MAX;
}

int ms_bus_create(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                  struct ms_queue_refusal *why)
{
  struct ms_str name = text_of(request, "Name");
  struct ms_bus *bus;
  size_t count = 0;
  if (!is_name(name)) {
    return ms_refuse(why, "ValidationException", "Parameter Name is not valid.");
  }
  if (ms_bus_find(buses, name) != NULL) {
    return ms_refuse(why, "ResourceAlreadyExistsException", "Event bus %.*s already exists.",
                     MS_STR_ARG(name));
  }
  for (bus = buses->first; bus != NULL; bus = bus->next) {
    count++;
  }
  if (count >= MS_BUSES_MAX) {
    return ms_refuse(why, "LimitExceededException",
                     "The requested resource exceeds the maximum number allowed.");
  }
  int err = bus_new(&bus, buses, make_row(buses, name, request));
  if (err != 0) {
    return err;
  }
  *reply = ms_json_object(2);
  err = ms_json_setc(reply, "EventBusArn", ms_json_ref(ms_json_getc(bus->row, "Arn")));
  err = err != 0 ? err : ms_resource_save(&buses->env->ledger, "bus", bus->name, bus->row);
  if (err != 0) {
    bus_free(bus);
    return err;
  }
  link_bus(buses, bus);
  return MSTEP_OK;
}

int ms_bus_delete(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                  struct ms_queue_refusal *why)
{
  struct ms_str name = text_of(request, "Name");
  struct ms_bus *bus = ms_bus_find(buses, name);
  (void)reply;
  if (bus == NULL) {
    return MSTEP_OK;
  }
  if (bus == buses->first) {
    return ms_refuse(why, "ValidationException", "Cannot delete event bus default.");
  }
  if (bus->rules != NULL) {
    return ms_refuse(why, "ValidationException", "Event bus can't be deleted since it has rules.");
  }
  int err = ms_resource_save(&buses->env->ledger, "bus", bus->name, MS_JSON_VALUE_NONE);
  if (err == 0) {
    struct ms_bus **slot = &buses->first;
    while (*slot != bus) {
      slot = &(*slot)->next;
    }
    *slot = bus->next;
    bus_free(bus);
  }
  return err;
}

int ms_bus_describe(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                    struct ms_queue_refusal *why)
{
  const struct ms_bus *bus = ms_bus_named(buses, text_of(request, "Name"), why);
  return bus == NULL ? MSTEP_EINVALID : ms_bus_show(reply, bus);
}

int ms_bus_test_pattern(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                        struct ms_queue_refusal *why)
{
  static const char *const needed[] = {"id",   "detail-type", "source",   "account",
                                       "time", "region",      "resources"};
  struct ms_pattern *pattern;
  struct ms_json event;
  struct ms_buf message;
  bool is_match = false;
  (void)buses;
  int err = ms_json_parse(&event, text_of(request, "Event"), NULL, NULL);
  if (err != 0) {
    return err == MSTEP_ENOMEM
               ? err
               : ms_refuse(why, "ValidationException",
                           "Parameter Event is not valid. Reason: Event is not a valid JSON");
  }
  for (size_t i = 0; i < sizeof needed / sizeof *needed && err == 0; i++) {
    if (ms_json_is_none(ms_json_getc(event, needed[i]))) {
      err = ms_refuse(why, "ValidationException",
                      "Parameter Event is not valid. Reason: Event must contain %s", needed[i]);
    }
  }
  ms_buf_init(&message, 0);
  if (err == 0) {
    err = ms_pattern_compile(&pattern, text_of(request, "EventPattern"), MS_PATTERN_RULE, &message);
    if (err == 0) {
      err = ms_pattern_match(&is_match, pattern, event);
      ms_pattern_unref(pattern);
    } else if (err == MSTEP_EINVALID) {
      ms_refuse(why, "InvalidEventPatternException", "%.*s", MS_STR_ARG(ms_buf_view(&message)));
    }
  }
  ms_buf_deinit(&message);
  ms_json_unref(event);
  if (err == 0) {
    *reply = ms_json_object(1);
    err = ms_json_setc(reply, "Result", ms_json_bool(is_match));
  }
  return err;
}

/* ---- the clock ---- */

static int row_at(struct ms_json *out, const struct ms_rule *rule, int64_t fired_at_ms)
{
  struct ms_json row = ms_json_ref(rule->row);
  int err = ms_json_setc(&row, "FiredAt", ms_json_int(fired_at_ms));
  if (err != 0) {
    ms_json_unref(row);
    return err;
  }
  *out = row;
  return MSTEP_OK;
}

static int stage_scheduled(struct ms_rule *rule, struct ms_batch *batch, int64_t due_at_ms)
{
  struct ms_buses *buses = rule->bus->buses;
  struct ms_json event, detail = ms_json_object(0), resources = ms_json_array(1);
  struct ms_buf text;
  int err = ms_json_push(&resources, ms_json_string(rule->arn));
  err = err != 0 ? err
                 : ms_bus_make_event(&event, buses, MS_STR("aws.events"), MS_STR("Scheduled Event"),
                                     due_at_ms, resources, detail);
  ms_json_unref(resources);
  ms_json_unref(detail);
  if (err != 0) {
    return err;
  }
  ms_buf_init(&text, 0);
  ms_json_print(&text, event);
  err = text.error != 0 ? text.error : ms_rule_fire(rule, batch, event, ms_buf_view(&text), true);
  ms_buf_deinit(&text);
  ms_json_unref(event);
  return err;
}

/* One change: that it was due, and what goes to its targets; when it was missed, only the first. */
static int fire_scheduled(struct ms_rule *rule, int64_t run_at_ms, bool is_due)
{
  struct ms_buses *buses = rule->bus->buses;
  const struct ms_ledger *ledger = &buses->env->ledger;
  struct ms_json row;
  struct ms_batch *batch = NULL;
  struct ms_buf key;
  int err = row_at(&row, rule, run_at_ms);
  if (err != 0) {
    return err;
  }
  err = ledger->begin(&batch, ledger->user);
  if (err != 0) {
    ms_json_unref(row);
    return err;
  }
  ms_buf_init(&key, 0);
  ms_buf_str(&key, rule->bus->name);
  ms_buf_char(&key, '\0');
  ms_buf_str(&key, rule->name);
  err = key.error;
  if (err == 0 && is_due) {
    err = stage_scheduled(rule, batch, run_at_ms);
  }
  ms_resource_put(batch, "rule", ms_buf_view(&key), row);
  ms_buf_deinit(&key);
  if (err != 0 && batch != NULL) {
    batch->error = batch->error != 0 ? batch->error : err;
  }
  int end = ledger->end(ledger->user);
  err = err != 0 ? err : end;
  if (err != 0) {
    ms_json_unref(row);
    ms_relay_rollback(buses->relay);
    return err;
  }
  ms_relay_commit(buses->relay);
  ms_json_replace(&rule->row, row); /* what is borrowed from it is shared by both */
  rule->fired_at_ms = run_at_ms;
  buses->fired += is_due;
  buses->missed += !is_due;
  return MSTEP_OK;
}

static void fire_due(struct ms_buses *buses, int64_t now_ms)
{
  int64_t due_at_ms, run_at_ms;
  struct ms_heap_node *node;
  for (unsigned i = 0; i < MS_RUNS_AT_ONCE; i++) {
    node = ms_heap_peek(&buses->schedules, &due_at_ms);
    if (node == NULL || due_at_ms > now_ms) {
      return;
    }
    struct ms_rule *rule =
        (struct ms_rule *)(void *)((char *)node - offsetof(struct ms_rule, node));
    const struct ms_schedule_span span = {.created_at_ms = rule->enabled_at_ms};
    ms_heap_remove(&buses->schedules, node);
    bool is_due = ms_schedule_pick(&run_at_ms, &rule->schedule, &span, rule->due_at_ms, now_ms,
                                   (enum ms_missed_runs)buses->env->missed_runs);
    if (fire_scheduled(rule, run_at_ms, is_due) != 0) {
      ms_heap_add(&buses->schedules, node, now_ms + AFTER_TROUBLE_MS, buses->order++);
    } else {
      ms_rule_schedule(rule); /* there is room: one was just taken out */
    }
  }
}

/* ---- the driver ---- */

static void drop_all(struct ms_buses *buses)
{
  for (struct ms_bus *bus = buses->first, *next; bus != NULL; bus = next) {
    next = bus->next;
    bus_free(bus);
  }
  buses->first = NULL;
  ms_replays_free(buses);
  ms_archives_free(buses);
  buses->expire_again_ms = 0;
}

static int add_default(struct ms_buses *buses)
{
  struct ms_bus *bus;
  int err = bus_new(&bus, buses, make_row(buses, MS_STR("default"), MS_JSON_VALUE_NONE));
  if (err == 0) {
    link_bus(buses, bus);
  }
  return err;
}

static void close_buses(void *driver)
{
  struct ms_buses *buses = driver;
  if (buses != NULL) {
    drop_all(buses);
    ms_bus_waits_free(buses);
    ms_relay_free(buses->relay);
    ms_heap_deinit(&buses->schedules);
    ms_free(buses);
  }
}

static int open_buses(void **driver, const struct ms_driver_env *env)
{
  struct ms_buses *buses = ms_calloc(1, sizeof *buses);
  if (buses == NULL) {
    return ms_error_nomem();
  }
  buses->env = env;
  ms_heap_init(&buses->schedules);
  int err = ms_relay_new(&buses->relay, env, MS_RELAY_BUSES);
  err = err != 0 ? err : add_default(buses);
  if (err != 0) {
    close_buses(buses);
    return err;
  }
  *driver = buses;
  return MSTEP_OK;
}

static int load_bus(struct ms_str name, struct ms_json row, void *user)
{
  struct ms_buses *buses = user;
  struct ms_bus *bus = ms_bus_find(buses, name);
  if (bus != NULL) { /* the default one is there before it is read */
    take_row(bus, ms_json_ref(row));
    return MSTEP_OK;
  }
  int err = bus_new(&bus, buses, ms_json_ref(row));
  if (err == 0) {
    link_bus(buses, bus);
  }
  return err;
}

static int load_rule(struct ms_str name, struct ms_json row, void *user)
{
  struct ms_buses *buses = user;
  struct ms_bus *bus = ms_bus_find(buses, ms_str_sub(name, 0, ms_str_find(name, 0, '\0')));
  return bus == NULL ? MSTEP_OK : ms_rule_install(bus, ms_json_ref(row), true, NULL);
}

static int load_buses(void *driver)
{
  struct ms_buses *buses = driver;
  struct ms_store *reader = buses->env->ledger.reader;
  if (reader == NULL) {
    return MSTEP_OK;
  }
  drop_all(buses);
  int err = add_default(buses);
  err = err != 0 ? err : ms_resource_scan(reader, "bus", load_bus, buses);
  err = err != 0 ? err : ms_resource_scan(reader, "rule", load_rule, buses);
  err = err != 0 ? err : ms_archives_load(buses);
  err = err != 0 ? err : ms_replays_load(buses);
  return err != 0 ? err : ms_relay_load(buses->relay);
}

static void resume_buses(void *driver)
{
  ms_relay_resume(((struct ms_buses *)driver)->relay);
}

static int64_t earlier(int64_t a, int64_t b)
{
  return a == 0 || (b != 0 && b < a) ? b : a;
}

static int64_t next_due_ms(void *driver)
{
  struct ms_buses *buses = driver;
  int64_t due_at_ms = 0;
  if (ms_heap_peek(&buses->schedules, &due_at_ms) == NULL) {
    due_at_ms = 0;
  }
  due_at_ms = earlier(due_at_ms, ms_archives_next_due_ms(buses));
  due_at_ms = earlier(due_at_ms, ms_replays_next_due_ms(buses));
  return earlier(due_at_ms, ms_relay_next_due_ms(buses->relay));
}

static void on_timer(void *driver, int64_t now_ms)
{
  struct ms_buses *buses = driver;
  fire_due(buses, now_ms);
  ms_archives_on_timer(buses, now_ms);
  ms_replays_on_timer(buses, now_ms);
  ms_relay_on_timer(buses->relay, now_ms);
}

static bool is_busy(void *driver)
{
  const struct ms_buses *buses = driver;
  return ms_replays_are_busy(buses) || ms_relay_is_busy(buses->relay);
}

static void collect(void *driver, struct ms_metrics *metrics)
{
  const struct ms_buses *buses = driver;
  ms_metrics_set(metrics, MS_METRIC_BUS_EVENTS, buses->counts.events);
  ms_metrics_set(metrics, MS_METRIC_BUS_MATCHES, buses->counts.matches);
  ms_metrics_set(metrics, MS_METRIC_SCHEDULE_FIRED, buses->fired);
  ms_metrics_set(metrics, MS_METRIC_SCHEDULE_MISSED, buses->missed);
  ms_relay_collect(buses->relay, metrics);
}

const struct ms_driver_type ms_buses_driver = {
    .name = "buses",
    .open = open_buses,
    .close = close_buses,
    .load = load_buses,
    .resume = resume_buses,
    .next_due_ms = next_due_ms,
    .on_timer = on_timer,
    .is_busy = is_busy,
    .collect = collect,
};

struct ms_relay *ms_buses_relay(const struct ms_buses *buses)
{
  return buses->relay;
}
