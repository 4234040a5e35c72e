/*
 * Rules: a rule is compiled from its row, whole, each time that something about it changes; the new one takes
 * the place of the old one when the row is written. So a failure leaves what was.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "messaging/bus_internal.h"

#define EXPRESSION_MAX 256
#define PATTERN_MAX 4096

static struct ms_str text_of(struct ms_json object, const char *name)
{
  struct ms_json value = ms_json_getc(object, name);
  return ms_json_is_string(value) ? ms_json_text(value) : (struct ms_str){NULL, 0};
}

static int64_t time_of(struct ms_json object, const char *name)
{
  int64_t value = 0;
  ms_json_to_int(&value, ms_json_getc(object, name));
  return value;
}

/* ---- life ---- */

void ms_rule_free(struct ms_rule *rule)
{
  if (rule == NULL) {
    return;
  }
  if (rule->is_in_set) {
    ms_pattern_set_remove(rule->bus->patterns, rule->set_id);
  }
  ms_heap_remove(&rule->bus->buses->schedules, &rule->node);
  for (size_t i = 0; i < MS_RULE_TARGETS_MAX; i++) {
    ms_transform_free(rule->transforms[i]);
  }
  ms_pattern_unref(rule->pattern);
  ms_json_unref(rule->row);
  ms_free(rule);
}

int ms_rule_schedule(struct ms_rule *rule)
{
  const struct ms_schedule_span span = {.created_at_ms = rule->enabled_at_ms};
  int64_t after_ms =
      rule->fired_at_ms > rule->enabled_at_ms ? rule->fired_at_ms : rule->enabled_at_ms;
  int64_t due_at_ms;
  struct ms_buses *buses = rule->bus->buses;
  if (!rule->has_schedule || !ms_schedule_next(&due_at_ms, &rule->schedule, &span, after_ms)) {
    return MSTEP_OK;
  }
  rule->due_at_ms = due_at_ms;
  return ms_heap_add(&buses->schedules, &rule->node, due_at_ms, buses->order++);
}

static int compile_rule(struct ms_rule *rule, struct ms_queue_refusal *why)
{
  struct ms_buf message;
  struct ms_str pattern = text_of(rule->rule, "EventPattern");
  struct ms_str schedule = text_of(rule->rule, "ScheduleExpression");
  bool is_enabled = !ms_str_is(text_of(rule->rule, "State"), "DISABLED");
  ms_buf_init(&message, 0);
  int err = MSTEP_OK;
  if (pattern.len > 0) {
    err = ms_pattern_compile(&rule->pattern, pattern, MS_PATTERN_RULE, &message);
    if (err == MSTEP_EINVALID) {
      err =
          ms_refuse(why, "InvalidEventPatternException", "%.*s", MS_STR_ARG(ms_buf_view(&message)));
    }
  }
  if (err == 0 && pattern.len > 0 && is_enabled) {
    err = ms_pattern_set_add(&rule->set_id, rule->bus->patterns, rule->pattern, rule);
    rule->is_in_set = err == 0;
  }
  if (err == 0 && schedule.len > 0) {
    err = ms_schedule_parse(&rule->schedule, schedule, MS_SCHEDULE_RULE, &message);
    rule->has_schedule = err == 0 && is_enabled;
    if (err == MSTEP_EINVALID) {
      err = ms_refuse(why, "ValidationException", "%.*s", MS_STR_ARG(ms_buf_view(&message)));
    }
  }
  ms_buf_deinit(&message);
  for (size_t i = 0; i < ms_json_count(rule->targets) && err == 0; i++) {
    err = ms_target_compile(&rule->transforms[i], ms_json_at(rule->targets, i), why);
  }
  return err != 0 ? err : ms_rule_schedule(rule);
}

static void unlink_rule(struct ms_bus *bus, struct ms_rule *rule)
{
  struct ms_rule **slot = &bus->rules;
  while (*slot != NULL && *slot != rule) {
    slot = &(*slot)->next;
  }
  if (*slot != NULL) {
    *slot = rule->next;
    bus->rule_count--;
  }
  ms_rule_free(rule);
}

static void link_rule(struct ms_bus *bus, struct ms_rule *rule)
{
  struct ms_rule **slot = &bus->rules;
  while (*slot != NULL && ms_str_cmp((*slot)->name, rule->name) < 0) {
    slot = &(*slot)->next;
  }
  rule->next = *slot;
  *slot = rule;
  bus->rule_count++;
}

static int row_name(struct ms_buf *out, const struct ms_bus *bus, struct ms_str name)
{
  ms_buf_str(out, bus->name);
  ms_buf_char(out, '\0');
  ms_buf_str(out, name);
  return out->error;
}

static int save(const struct ms_bus *bus, struct ms_str name, struct ms_json row)
{
  struct ms_buf key;
  ms_buf_init(&key, 0);
  int err = row_name(&key, bus, name);
  if (err == 0) {
    err = ms_resource_save(&bus->buses->env->ledger, "rule", ms_buf_view(&key), row);
  }
  ms_buf_deinit(&key);
  return err;
}

int ms_rule_install(struct ms_bus *bus, struct ms_json row, bool is_saved,
                    struct ms_queue_refusal *why)
{
  struct ms_rule *rule = ms_calloc(1, sizeof *rule);
  if (rule == NULL || ms_json_is_none(row)) {
    ms_json_unref(row);
    ms_free(rule);
    return ms_error_nomem();
  }
  rule->bus = bus;
  rule->row = row;
  rule->rule = ms_json_getc(row, "Rule");
  rule->targets = ms_json_getc(row, "Targets");
  rule->name = text_of(rule->rule, "Name");
  rule->arn = text_of(rule->rule, "Arn");
  rule->enabled_at_ms = time_of(row, "EnabledAt");
  rule->fired_at_ms = time_of(row, "FiredAt");
  int err = ms_json_count(rule->targets) > MS_RULE_TARGETS_MAX ? MSTEP_ETOOBIG : MSTEP_OK;
  err = err != 0 ? err : compile_rule(rule, why);
  if (err == 0 && !is_saved) {
    err = save(bus, rule->name, row);
  }
  if (err != 0) {
    ms_rule_free(rule);
    return err;
  }
  struct ms_rule *old = ms_rule_find(bus, rule->name);
  if (old != NULL) {
    unlink_rule(bus, old);
  }
  link_rule(bus, rule);
  bus->buses->env->touch(bus->buses->env->user);
  return MSTEP_OK;
}

/* ---- which ---- */

struct ms_rule *ms_rule_find(struct ms_bus *bus, struct ms_str name)
{
  struct ms_rule *rule = bus->rules;
  while (rule != NULL && !ms_str_eq(rule->name, name)) {
    rule = rule->next;
  }
  return rule;
}

struct ms_rule *ms_rule_asked(struct ms_bus *bus, struct ms_json request, const char *member,
                              struct ms_queue_refusal *why)
{
  struct ms_str name = text_of(request, member);
  struct ms_rule *rule = bus == NULL ? NULL : ms_rule_find(bus, name);
  if (bus != NULL && rule == NULL) {
    ms_refuse(why, "ResourceNotFoundException", "Rule %.*s does not exist on EventBus %.*s.",
              MS_STR_ARG(name), MS_STR_ARG(bus->name));
  }
  return rule;
}

/* ---- operations ---- */

bool ms_rule_name_is_valid(struct ms_str name)
{
  for (size_t i = 0; i < name.len; i++) {
    char c = name.data[i];
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
          c == '-' || c == '_')) {
      return false;
    }
  }
  return name.len > 0;
}

static int check_rule(const struct ms_bus *bus, struct ms_json request,
                      struct ms_queue_refusal *why)
{
  struct ms_str pattern = text_of(request, "EventPattern");
  struct ms_str schedule = text_of(request, "ScheduleExpression");
  if (!ms_rule_name_is_valid(text_of(request, "Name")) ||
      text_of(request, "Name").len > MS_RULE_NAME_MAX) {
    return ms_refuse(why, "ValidationException",
                     "Value '%.*s' at 'name' failed to satisfy constraint: Member must satisfy "
                     "regular expression pattern: [\\.\\-_A-Za-z0-9]+",
                     MS_STR_ARG(text_of(request, "Name")));
  }
  if (pattern.len == 0 && schedule.len == 0) {
    return ms_refuse(why, "ValidationException",
                     "Parameter(s) EventPattern or ScheduleExpression must be specified.");
  }
  if (pattern.len > PATTERN_MAX || schedule.len > EXPRESSION_MAX) {
    return ms_refuse(why, "ValidationException", "Member must have length less than or equal to %d",
                     pattern.len > PATTERN_MAX ? PATTERN_MAX : EXPRESSION_MAX);
  }
  if (schedule.len > 0 && bus != bus->buses->first) {
    return ms_refuse(why, "ValidationException",
                     "ScheduleExpression is supported only on the default event bus.");
  }
  if (bus->rule_count >= MS_RULES_MAX &&
      ms_rule_find((struct ms_bus *)bus, text_of(request, "Name")) == NULL) {
    return ms_refuse(why, "LimitExceededException",
                     "The requested resource exceeds the maximum number allowed.");
  }
  return MSTEP_OK;
}

static struct ms_json rule_arn(const struct ms_bus *bus, struct ms_str name)
{
  const struct ms_driver_env *env = bus->buses->env;
  bool is_default = bus == bus->buses->first;
  return ms_json_stringf("arn:aws:events:%s:%s:rule/%.*s%s%.*s", env->region, env->account,
                         is_default ? 0 : (int)bus->name.len, bus->name.data, is_default ? "" : "/",
                         MS_STR_ARG(name));
}

/* The row of a rule with these parts; takes rule and targets. NONE: out of memory. */
static struct ms_json make_row(struct ms_json rule, struct ms_json targets, struct ms_json tags,
                               int64_t enabled_at_ms, int64_t fired_at_ms)
{
  struct ms_json row = ms_json_object(5);
  int err = ms_json_setc(&row, "Rule", rule);
  err |= ms_json_setc(&row, "Targets", targets);
  err |= ms_json_setc(&row, "EnabledAt", ms_json_int(enabled_at_ms));
  err |= ms_json_setc(&row, "FiredAt", ms_json_int(fired_at_ms));
  err |= ms_json_count(tags) == 0 ? MSTEP_OK : ms_json_setc(&row, "Tags", ms_json_ref(tags));
  if (err != 0) {
    ms_json_unref(row);
    return MS_JSON_VALUE_NONE;
  }
  return row;
}

int ms_bus_put_rule(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                    struct ms_queue_refusal *why)
{
  static const char *const members[] = {
      "Name", "EventPattern", "ScheduleExpression", "State", "Description", "RoleArn", NULL};
  struct ms_bus *bus = ms_bus_asked(buses, request, why);
  int err = bus == NULL ? MSTEP_EINVALID : check_rule(bus, request, why);
  if (err != 0) {
    return err;
  }
  struct ms_rule *old = ms_rule_find(bus, text_of(request, "Name"));
  struct ms_json rule = ms_json_object(8), arn = rule_arn(bus, text_of(request, "Name"));
  err = ms_json_setc(&rule, "State", ms_json_cstring("ENABLED"));
  err |= ms_resource_copy(&rule, request, members);
  err |= ms_json_setc(&rule, "Arn", ms_json_ref(arn));
  err |= ms_json_setc(&rule, "EventBusName", ms_json_string(bus->name));
  err |= ms_json_is_none(arn) ? MSTEP_ENOMEM : 0;
  if (err != 0) {
    ms_json_unref(rule);
    rule = MS_JSON_VALUE_NONE;
  }
  struct ms_json targets = old == NULL ? ms_json_array(0) : ms_json_ref(old->targets);
  /* tags are given to a new rule; TagResource changes them */
  struct ms_json tags = ms_json_getc(old == NULL ? request : old->row, "Tags");
  struct ms_json row = make_row(rule, targets, tags, ms_loop_now_ms(buses->env->loop), 0);
  err = ms_rule_install(bus, row, false, why);
  if (err == 0) {
    *reply = ms_json_object(1);
    err = ms_json_setc(reply, "RuleArn", ms_json_ref(arn));
  }
  ms_json_unref(arn);
  return err;
}

int ms_bus_delete_rule(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                       struct ms_queue_refusal *why)
{
  struct ms_bus *bus = ms_bus_asked(buses, request, why);
  struct ms_rule *rule = bus == NULL ? NULL : ms_rule_find(bus, text_of(request, "Name"));
  (void)reply;
  if (bus == NULL || rule == NULL) {
    return bus == NULL ? MSTEP_EINVALID : MSTEP_OK;
  }
  if (ms_json_count(rule->targets) > 0) {
    return ms_refuse(why, "ValidationException", "Rule can't be deleted since it has targets.");
  }
  int err = save(bus, rule->name, MS_JSON_VALUE_NONE);
  if (err == 0) {
    unlink_rule(bus, rule);
  }
  return err;
}

int ms_bus_describe_rule(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                         struct ms_queue_refusal *why)
{
  struct ms_rule *rule = ms_rule_asked(ms_bus_asked(buses, request, why), request, "Name", why);
  *reply = rule == NULL ? MS_JSON_VALUE_NONE : ms_json_ref(rule->rule);
  return rule == NULL ? MSTEP_EINVALID : MSTEP_OK;
}

static int set_state(struct ms_buses *buses, struct ms_json request, const char *state,
                     struct ms_queue_refusal *why)
{
  struct ms_bus *bus = ms_bus_asked(buses, request, why);
  struct ms_rule *old = ms_rule_asked(bus, request, "Name", why);
  if (old == NULL) {
    return MSTEP_EINVALID;
  }
  struct ms_json rule = ms_json_ref(old->rule);
  if (ms_json_setc(&rule, "State", ms_json_cstring(state)) != 0) {
    ms_json_unref(rule);
    return ms_error_nomem();
  }
  return ms_rule_install(bus,
                         make_row(rule, ms_json_ref(old->targets), ms_json_getc(old->row, "Tags"),
                                  ms_loop_now_ms(buses->env->loop), old->fired_at_ms),
                         false, why);
}

int ms_bus_enable_rule(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                       struct ms_queue_refusal *why)
{
  (void)reply;
  return set_state(buses, request, "ENABLED", why);
}

int ms_bus_disable_rule(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                        struct ms_queue_refusal *why)
{
  (void)reply;
  return set_state(buses, request, "DISABLED", why);
}

/* ---- targets ---- */

static size_t find_target(struct ms_json targets, struct ms_str id)
{
  size_t i = 0;
  while (i < ms_json_count(targets) && !ms_str_eq(text_of(ms_json_at(targets, i), "Id"), id)) {
    i++;
  }
  return i;
}

static int failed_none(struct ms_json *reply)
{
  *reply = ms_json_object(2);
  int err = ms_json_setc(reply, "FailedEntryCount", ms_json_int(0));
  return err | ms_json_setc(reply, "FailedEntries", ms_json_array(0));
}

static int reinstall(struct ms_bus *bus, const struct ms_rule *old, struct ms_json targets,
                     struct ms_json *reply, struct ms_queue_refusal *why)
{
  int err =
      ms_rule_install(bus,
                      make_row(ms_json_ref(old->rule), targets, ms_json_getc(old->row, "Tags"),
                               old->enabled_at_ms, old->fired_at_ms),
                      false, why);
  return err != 0 ? err : failed_none(reply);
}

int ms_bus_put_targets(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                       struct ms_queue_refusal *why)
{
  struct ms_bus *bus = ms_bus_asked(buses, request, why);
  struct ms_rule *old = ms_rule_asked(bus, request, "Rule", why);
  struct ms_json asked = ms_json_getc(request, "Targets");
  if (old == NULL) {
    return MSTEP_EINVALID;
  }
  struct ms_json targets = ms_json_ref(old->targets);
  int err = MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(asked) && err == 0; i++) {
    struct ms_json target = ms_json_at(asked, i);
    size_t at = find_target(targets, text_of(target, "Id"));
    err = at < ms_json_count(targets) ? ms_json_set_at(&targets, at, ms_json_ref(target))
                                      : ms_json_push(&targets, ms_json_ref(target));
  }
  if (err == 0 && ms_json_count(targets) > MS_RULE_TARGETS_MAX) {
    err = ms_refuse(why, "LimitExceededException",
                    "The requested resource exceeds the maximum number allowed.");
  }
  if (err != 0) {
    ms_json_unref(targets);
    return err;
  }
  return reinstall(bus, old, targets, reply, why);
}

static bool is_listed(struct ms_json texts, struct ms_str text)
{
  for (size_t i = 0; i < ms_json_count(texts); i++) {
    if (ms_str_eq(ms_json_text(ms_json_at(texts, i)), text)) {
      return true;
    }
  }
  return false;
}

int ms_bus_remove_targets(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                          struct ms_queue_refusal *why)
{
  struct ms_bus *bus = ms_bus_asked(buses, request, why);
  struct ms_rule *old = ms_rule_asked(bus, request, "Rule", why);
  if (old == NULL) {
    return MSTEP_EINVALID;
  }
  struct ms_json targets = ms_json_array(MS_RULE_TARGETS_MAX);
  for (size_t i = 0; i < ms_json_count(old->targets); i++) {
    struct ms_json target = ms_json_at(old->targets, i);
    if (!is_listed(ms_json_getc(request, "Ids"), text_of(target, "Id")) &&
        ms_json_push(&targets, ms_json_ref(target)) != 0) {
      ms_json_unref(targets);
      return ms_error_nomem();
    }
  }
  return reinstall(bus, old, targets, reply, why);
}
