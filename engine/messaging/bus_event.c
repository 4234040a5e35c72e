/* Events: how they come in, what they look like, where they go. */
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/time.h"
#include "messaging/bus_archive.h"

#define ENTRIES_MAX 10

static struct ms_str text_of(struct ms_json object, const char *name)
{
  struct ms_json value = ms_json_getc(object, name);
  return ms_json_is_string(value) ? ms_json_text(value) : (struct ms_str){NULL, 0};
}

/* ---- what an event looks like ---- */

int ms_bus_make_event(struct ms_json *out, struct ms_buses *buses, struct ms_str source,
                      struct ms_str detail_type, int64_t at_ms, struct ms_json resources,
                      struct ms_json detail)
{
  char id[37], time[MS_TIME_TEXT_SIZE];
  struct ms_json event = ms_json_object(9);
  ms_random_uuid(buses->env->random, id);
  ms_time_format(time, at_ms / 1000 * 1000);
  int err = ms_json_setc(&event, "version", ms_json_cstring("0"));
  err |= ms_json_setc(&event, "id", ms_json_cstring(id));
  err |= ms_json_setc(&event, "detail-type", ms_json_string(detail_type));
  err |= ms_json_setc(&event, "source", ms_json_string(source));
  err |= ms_json_setc(&event, "account", ms_json_cstring(buses->env->account));
  err |= ms_json_setc(&event, "time", ms_json_cstring(time));
  err |= ms_json_setc(&event, "region", ms_json_cstring(buses->env->region));
  err |= ms_json_setc(&event, "resources",
                      ms_json_is_array(resources) ? ms_json_ref(resources) : ms_json_array(0));
  err |= ms_json_setc(&event, "detail", ms_json_ref(detail));
  if (err != 0) {
    ms_json_unref(event);
    return ms_error_nomem();
  }
  *out = event;
  return MSTEP_OK;
}

/* ---- where it goes ---- */

static bool is_listed(struct ms_json arns, struct ms_str arn)
{
  for (size_t i = 0; i < ms_json_count(arns); i++) {
    if (ms_str_eq(ms_json_text(ms_json_at(arns, i)), arn)) {
      return true;
    }
  }
  return ms_json_count(arns) == 0;
}

int ms_bus_spread(struct ms_bus *bus, struct ms_batch *batch, struct ms_json event, bool may_hop,
                  struct ms_json only)
{
  struct ms_pattern_hits hits;
  struct ms_buf text;
  int err = ms_pattern_set_match(&hits, bus->patterns, event);
  if (err != 0) {
    return err;
  }
  ms_buf_init(&text, 0);
  bus->buses->staged_counts.events++;
  if (hits.count > 0) {
    ms_json_print(&text, event);
    err = text.error;
  }
  for (size_t i = 0; i < hits.count && err == 0; i++) {
    struct ms_rule *rule = hits.users[i];
    if (is_listed(only, rule->arn)) {
      err = ms_rule_fire(rule, batch, event, ms_buf_view(&text), may_hop);
      bus->buses->staged_counts.matches++;
    }
  }
  err = err != 0 ? err : ms_archives_add(bus, batch, event, &text);
  ms_buf_deinit(&text);
  return err;
}

/* One change: what one event on a bus leads to. */
static int spread_one(struct ms_bus *bus, struct ms_json event, bool may_hop)
{
  const struct ms_ledger *ledger = &bus->buses->env->ledger;
  struct ms_batch *batch = NULL;
  int err = ledger->begin(&batch, ledger->user);
  if (err != 0) {
    return err;
  }
  err = ms_bus_spread(bus, batch, event, may_hop, MS_JSON_VALUE_NONE);
  if (err != 0 && batch != NULL) {
    batch->error = batch->error != 0 ? batch->error : err;
  }
  int end = ledger->end(ledger->user);
  err = err != 0 ? err : end;
  if (err != 0) {
    ms_bus_rollback(bus->buses);
    return err;
  }
  ms_bus_commit(bus->buses);
  return MSTEP_OK;
}

/* ---- PutEvents ---- */

static struct ms_json entry_failed(const char *code, const char *message)
{
  struct ms_json out = ms_json_object(2);
  int err = ms_json_setc(&out, "ErrorCode", ms_json_cstring(code));
  if ((err | ms_json_setc(&out, "ErrorMessage", ms_json_cstring(message))) != 0) {
    ms_json_unref(out);
    return MS_JSON_VALUE_NONE;
  }
  return out;
}

/* NULL: there is nothing wrong with it, as far as one sees without its detail. */
static const char *missing_member(struct ms_json entry)
{
  static const char *const members[] = {"Source", "DetailType", "Detail"};
  for (size_t i = 0; i < 3; i++) {
    if (text_of(entry, members[i]).len == 0) {
      return members[i];
    }
  }
  return NULL;
}

static int64_t time_of_entry(struct ms_json entry, int64_t now_ms)
{
  struct ms_json time = ms_json_getc(entry, "Time");
  int64_t at_ms;
  if (ms_json_is_number(time)) {
    double seconds = ms_json_number(time);
    return seconds > -1e11 && seconds < 1e11 ? (int64_t)(seconds * 1000) : now_ms;
  }
  return ms_json_is_string(time) && ms_time_parse(&at_ms, NULL, ms_json_text(time)) ? at_ms
                                                                                    : now_ms;
}

static struct ms_json event_id(struct ms_json event)
{
  struct ms_json out = ms_json_object(1);
  if (ms_json_setc(&out, "EventId", ms_json_ref(ms_json_getc(event, "id"))) != 0) {
    ms_json_unref(out);
    return MS_JSON_VALUE_NONE;
  }
  return out;
}

/* Appends what is answered for an entry. *has_failed: it was refused by itself. */
static int put_entry(struct ms_buses *buses, struct ms_batch *batch, struct ms_json entry,
                     struct ms_json *answers, bool *has_failed)
{
  char message[128];
  struct ms_json detail = MS_JSON_VALUE_NONE, event;
  const char *missing = missing_member(entry);
  *has_failed = true;
  if (missing != NULL) {
    snprintf(message, sizeof message,
             "Parameter %s is not valid. Reason: %s is a required argument.", missing, missing);
    return ms_json_push(answers, entry_failed("InvalidArgument", message));
  }
  if (ms_str_has_prefix(text_of(entry, "Source"), "aws.")) {
    return ms_json_push(answers,
                        entry_failed("NotAuthorizedForSource", "Not authorized for the source."));
  }
  int err = ms_json_parse(&detail, text_of(entry, "Detail"), NULL, NULL);
  if (err == MSTEP_ENOMEM) {
    return err;
  }
  if (err != 0 || !ms_json_is_object(detail)) {
    ms_json_unref(err != 0 ? MS_JSON_VALUE_NONE : detail);
    return ms_json_push(answers, entry_failed("MalformedDetail", "Detail is malformed."));
  }
  *has_failed = false;
  err = ms_bus_make_event(&event, buses, text_of(entry, "Source"), text_of(entry, "DetailType"),
                          time_of_entry(entry, ms_loop_now_ms(buses->env->loop)),
                          ms_json_getc(entry, "Resources"), detail);
  ms_json_unref(detail);
  if (err != 0) {
    return err;
  }
  struct ms_bus *bus = ms_bus_find(buses, text_of(entry, "EventBusName"));
  err = ms_json_push(answers, event_id(event));
  if (err == 0 && bus != NULL) {
    err = ms_bus_spread(bus, batch, event, true, MS_JSON_VALUE_NONE);
  }
  ms_json_unref(event);
  return err;
}

static size_t size_of_entry(struct ms_json entry)
{
  struct ms_json resources = ms_json_getc(entry, "Resources");
  size_t size = ms_json_is_none(ms_json_getc(entry, "Time")) ? 0 : 14;
  size += text_of(entry, "Source").len + text_of(entry, "DetailType").len +
          text_of(entry, "Detail").len;
  for (size_t i = 0; i < ms_json_count(resources); i++) {
    size += ms_json_text(ms_json_at(resources, i)).len;
  }
  return size;
}

static int check_entries(struct ms_json entries, struct ms_queue_refusal *why)
{
  size_t size = 0, count = ms_json_count(entries);
  if (!ms_json_is_array(entries) || count < 1 || count > ENTRIES_MAX) {
    return ms_refuse(why, "ValidationException",
                     "1 validation error detected: Value at 'entries' failed to satisfy "
                     "constraint: Member must have length %s than or equal to %d",
                     count < 1 ? "greater" : "less", count < 1 ? 1 : ENTRIES_MAX);
  }
  for (size_t i = 0; i < count; i++) {
    size += size_of_entry(ms_json_at(entries, i));
  }
  return size > MS_BUS_EVENT_BYTES_MAX
             ? ms_refuse(why, "ValidationException",
                         "Total size of the entries in the request is over the limit.")
             : MSTEP_OK;
}

static int put_all(struct ms_buses *buses, struct ms_batch *batch, struct ms_json entries,
                   struct ms_json *reply)
{
  struct ms_json answers = ms_json_array(ms_json_count(entries));
  int64_t failed = 0;
  int err = MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(entries) && err == 0; i++) {
    bool has_failed = false;
    err = put_entry(buses, batch, ms_json_at(entries, i), &answers, &has_failed);
    failed += has_failed;
  }
  *reply = ms_json_object(2);
  int set = ms_json_setc(reply, "FailedEntryCount", ms_json_int(failed));
  set |= ms_json_setc(reply, "Entries", answers);
  return err != 0 ? err : set;
}

int ms_bus_put_events(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                      struct ms_queue_refusal *why)
{
  const struct ms_ledger *ledger = &buses->env->ledger;
  struct ms_json entries = ms_json_getc(request, "Entries");
  struct ms_batch *batch = NULL;
  int err = check_entries(entries, why);
  err = err != 0 ? err : ledger->begin(&batch, ledger->user);
  if (err != 0) {
    return err;
  }
  err = put_all(buses, batch, entries, reply);
  if (err != 0 && batch != NULL) {
    batch->error = batch->error != 0 ? batch->error : err;
  }
  int end = ledger->end(ledger->user);
  err = err != 0 ? err : end;
  if (err != 0) {
    ms_bus_rollback(buses);
    ms_json_replace(reply, MS_JSON_VALUE_NONE);
    return err;
  }
  ms_bus_commit(buses);
  return MSTEP_OK;
}

/* ---- from the engine itself ---- */

bool ms_bus_has_rules(const struct ms_buses *buses)
{
  return buses->first != NULL &&
         (ms_pattern_set_count(buses->first->patterns) > 0 || ms_archives_want(buses->first));
}

int ms_bus_publish(struct ms_buses *buses, const char *source, const char *detail_type,
                   struct ms_str resource, struct ms_json detail)
{
  struct ms_json event, resources = ms_json_array(1);
  if (!ms_bus_has_rules(buses)) {
    ms_json_unref(resources);
    return MSTEP_OK;
  }
  int err = ms_json_push(&resources, ms_json_string(resource));
  err = err != 0 ? err
                 : ms_bus_make_event(&event, buses, ms_str_c(source), ms_str_c(detail_type),
                                     ms_loop_now_ms(buses->env->loop), resources, detail);
  ms_json_unref(resources);
  if (err == 0) {
    err = spread_one(buses->first, event, true);
    ms_json_unref(event);
  }
  return err;
}

/* A delivery that waits for the disk, or for its turn to hear that it was refused. */
struct ms_bus_wait {
  struct ms_bus_wait *next, **slot;
  ms_delivered_cb cb;
  void *arg;
};

static void on_durable(int code, void *arg)
{
  struct ms_bus_wait *wait = arg;
  *wait->slot = wait->next;
  if (wait->next != NULL) {
    wait->next->slot = wait->slot;
  }
  wait->cb(code, false, code == 0 ? "" : "the store failed", wait->arg);
  ms_free(wait);
}

void ms_bus_waits_free(struct ms_buses *buses)
{
  for (struct ms_bus_wait *wait = buses->waits, *next; wait != NULL; wait = next) {
    next = wait->next;
    ms_free(wait);
  }
  buses->waits = NULL;
}

static int event_of(struct ms_json *out, struct ms_buses *buses, const struct ms_delivery *delivery)
{
  struct ms_json body;
  int err = ms_json_parse(&body, delivery->body, NULL, NULL);
  if (err != 0) {
    return err;
  }
  if (!ms_json_is_object(body)) {
    ms_json_unref(body);
    return ms_error(MSTEP_ESYNTAX, "Detail is malformed.");
  }
  if (delivery->source.data == NULL) {
    *out = body;
    return MSTEP_OK;
  }
  struct ms_json resources = MS_JSON_VALUE_NONE;
  if (delivery->resources.data != NULL) {
    err = ms_json_parse(&resources, delivery->resources, NULL, NULL);
  }
  if (err == 0) {
    err = ms_bus_make_event(out, buses, delivery->source, delivery->detail_type,
                            ms_loop_now_ms(buses->env->loop), resources, body);
    ms_json_unref(resources);
  }
  ms_json_unref(body);
  return err;
}

int ms_bus_deliver(struct ms_buses *buses, const struct ms_delivery *delivery, ms_delivered_cb cb,
                   void *arg)
{
  const struct ms_ledger *ledger = &buses->env->ledger;
  struct ms_bus *bus = ms_bus_find(buses, delivery->target);
  struct ms_json event;
  if (bus == NULL) {
    return ms_error(MSTEP_ENOTFOUND, "Event bus %.*s does not exist.",
                    MS_STR_ARG(delivery->target));
  }
  struct ms_bus_wait *wait = ms_calloc(1, sizeof *wait);
  if (wait == NULL) {
    return ms_error_nomem();
  }
  int err = event_of(&event, buses, delivery);
  if (err == 0) {
    err = spread_one(bus, event, delivery->source.data != NULL);
    ms_json_unref(event);
  }
  wait->cb = cb;
  wait->arg = arg;
  err = err != 0 ? err : ledger->when_durable(on_durable, wait, ledger->user);
  if (err != 0) {
    ms_free(wait);
    return err;
  }
  wait->next = buses->waits;
  wait->slot = &buses->waits;
  if (wait->next != NULL) {
    wait->next->slot = &wait->next;
  }
  buses->waits = wait;
  return MSTEP_OK;
}
