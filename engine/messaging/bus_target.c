/* Targets of rules: what may be asked of one, and what it gets of an event. */
#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "base/hash.h"
#include "messaging/bus_internal.h"

#define RETRIES_MAX 185
#define AGE_MAX_S 86400
#define MIN_DELAY_MS 1000
#define MAX_DELAY_MS 480000

static struct ms_str text_of(struct ms_json object, const char *name)
{
  struct ms_json value = ms_json_getc(object, name);
  return ms_json_is_string(value) ? ms_json_text(value) : (struct ms_str){NULL, 0};
}

static int check_retries(struct ms_json target, struct ms_queue_refusal *why)
{
  struct ms_json policy = ms_json_getc(target, "RetryPolicy");
  int64_t value;
  struct ms_json retries = ms_json_getc(policy, "MaximumRetryAttempts");
  struct ms_json age = ms_json_getc(policy, "MaximumEventAgeInSeconds");
  if (!ms_json_is_none(retries) &&
      (!ms_json_to_int(&value, retries) || value < 0 || value > RETRIES_MAX)) {
    return ms_refuse(why, "ValidationException",
                     "RetryPolicy.MaximumRetryAttempts must be between 0 and 185");
  }
  if (!ms_json_is_none(age) && (!ms_json_to_int(&value, age) || value < 60 || value > AGE_MAX_S)) {
    return ms_refuse(why, "ValidationException",
                     "RetryPolicy.MaximumEventAgeInSeconds must be between 60 and 86400");
  }
  return MSTEP_OK;
}

int ms_target_compile(struct ms_transform **out, struct ms_json target,
                      struct ms_queue_refusal *why)
{
  struct ms_str id = text_of(target, "Id");
  struct ms_str path = text_of(target, "InputPath");
  struct ms_json map = ms_json_getc(target, "InputTransformer");
  struct ms_str input = text_of(target, "Input");
  *out = NULL;
  if (id.len == 0 || id.len > 64 || text_of(target, "Arn").len == 0) {
    return ms_refuse(why, "ValidationException", "A target needs an Id and an Arn");
  }
  if ((path.data != NULL) + (input.data != NULL) + ms_json_is_object(map) > 1) {
    return ms_refuse(
        why, "ValidationException",
        "Only one of Input, InputPath, or InputTransformer must be provided for target %.*s.",
        MS_STR_ARG(id));
  }
  int err = check_retries(target, why);
  if (err != 0) {
    return err;
  }
  if (input.data != NULL) {
    struct ms_json parsed;
    err = ms_json_parse(&parsed, input, NULL, NULL);
    if (err == 0) {
      ms_json_unref(parsed);
    }
    return err == 0 || err == MSTEP_ENOMEM
               ? err
               : ms_refuse(why, "ValidationException", "JSON syntax error in input for target %.*s",
                           MS_STR_ARG(id));
  }
  struct ms_buf message;
  ms_buf_init(&message, 0);
  if (path.data != NULL) {
    err = ms_transform_path(out, path, id, &message);
  } else if (ms_json_is_object(map)) {
    err = ms_transform_template(out, ms_json_getc(map, "InputPathsMap"),
                                text_of(map, "InputTemplate"), id, &message);
  }
  if (err == MSTEP_EINVALID) {
    err = ms_refuse(why, "ValidationException", "%.*s", MS_STR_ARG(ms_buf_view(&message)));
  }
  ms_buf_deinit(&message);
  return err;
}

/* ---- what it gets ---- */

static struct ms_relay_policy policy_of(struct ms_json target)
{
  struct ms_json policy = ms_json_getc(target, "RetryPolicy");
  int64_t retries = RETRIES_MAX, age_s = AGE_MAX_S;
  ms_json_to_int(&retries, ms_json_getc(policy, "MaximumRetryAttempts"));
  ms_json_to_int(&age_s, ms_json_getc(policy, "MaximumEventAgeInSeconds"));
  return (struct ms_relay_policy){MS_RELAY_EXPONENTIAL, (uint32_t)retries, age_s * 1000,
                                  MIN_DELAY_MS, MAX_DELAY_MS};
}

static void put_facts(struct ms_buf *out, struct ms_str rule_arn, struct ms_str target_arn)
{
  ms_buf_cstr(out, "{\"RULE_ARN\":");
  ms_json_print_string(out, rule_arn);
  ms_buf_cstr(out, ",\"TARGET_ARN\":");
  ms_json_print_string(out, target_arn);
  ms_buf_char(out, '}');
}

/*
 * The name of an execution that a rule starts for an event: each time that it is delivered the same. data NULL: the
 * event has no id that could stand in a name.
 */
static struct ms_str execution_name(char out[64], const struct ms_rule *rule, struct ms_json target,
                                    struct ms_json event)
{
  struct ms_str id = text_of(event, "id");
  uint64_t hash = ms_hash_mix(ms_hash(rule->arn, 0), ms_hash(text_of(target, "Id"), 0));
  bool is_uuid = id.len == 36;
  for (size_t i = 0; i < id.len && is_uuid; i++) {
    char c = ms_ascii_lower(id.data[i]);
    is_uuid = (c >= 'a' && c <= 'f') || (c >= '0' && c <= '9') || c == '-';
  }
  if (!is_uuid) {
    return (struct ms_str){NULL, 0};
  }
  int len = snprintf(out, 64, "%.36s_%016" PRIx64, id.data, hash);
  return (struct ms_str){out, (size_t)len};
}

static int fire_target(struct ms_rule *rule, size_t index, struct ms_batch *batch,
                       struct ms_json event, struct ms_str text)
{
  struct ms_json target = ms_json_at(rule->targets, index);
  struct ms_buf body, facts;
  char name[64];
  ms_buf_init(&body, 0);
  ms_buf_init(&facts, 0);
  struct ms_relay_entry entry = {
      .delivery = {.target = text_of(target, "Arn"),
                   .body = text,
                   .group = text_of(ms_json_getc(target, "SqsParameters"), "MessageGroupId"),
                   .reason = rule->arn},
      .policy = policy_of(target),
      .dead_letter = text_of(ms_json_getc(target, "DeadLetterConfig"), "Arn")};
  int err = MSTEP_OK;
  if (ms_str_has_prefix(entry.delivery.target, "arn:aws:states:")) {
    entry.delivery.deduplication = execution_name(name, rule, target, event);
  }
  if (text_of(target, "Input").data != NULL) {
    entry.delivery.body = text_of(target, "Input");
  } else if (rule->transforms[index] != NULL) {
    const struct ms_transform_context context = {rule->arn, rule->name,
                                                 ms_loop_now_ms(rule->bus->buses->env->loop)};
    err = ms_transform_apply(&body, rule->transforms[index], event, &context);
    entry.delivery.body = body.data == NULL ? MS_STR("") : ms_buf_view(&body);
    if (err == MSTEP_ESYNTAX) {
      entry.error = "INVALID_JSON";
      entry.error_text = "The input transformer gave no JSON";
      err = MSTEP_OK;
    }
  }
  put_facts(&facts, rule->arn, entry.delivery.target);
  entry.facts = ms_buf_view(&facts);
  err = err != 0 ? err : facts.error;
  err = err != 0 ? err : ms_relay_add(rule->bus->buses->relay, batch, &entry);
  ms_buf_deinit(&body);
  ms_buf_deinit(&facts);
  return err;
}

static bool is_bus(struct ms_json target)
{
  struct ms_str arn = text_of(target, "Arn");
  return ms_str_has_prefix(arn, "arn:aws:events:");
}

int ms_rule_fire(struct ms_rule *rule, struct ms_batch *batch, struct ms_json event,
                 struct ms_str text, bool may_hop)
{
  int err = MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(rule->targets) && err == 0; i++) {
    if (may_hop || !is_bus(ms_json_at(rule->targets, i))) {
      err = fire_target(rule, i, batch, event, text);
    }
  }
  return err;
}
