/*
 * What is kept about buses and rules and asked by nobody here: UpdateEventBus, the policy of a bus, tags. Tools
 * that set things up write it and read it back.
 */
#include "base/error.h"
#include "messaging/bus_internal.h"
#include "messaging/tags.h"

static struct ms_str text_of(struct ms_json object, const char *name)
{
  struct ms_json value = ms_json_getc(object, name);
  return ms_json_is_string(value) ? ms_json_text(value) : (struct ms_str){NULL, 0};
}

/* Takes value; NONE: takes the member away. */
static int change(struct ms_bus *bus, const char *member, struct ms_json value)
{
  struct ms_json row = ms_json_ref(bus->row);
  int err = ms_json_is_none(value) ? ms_json_remove(&row, ms_str_c(member))
                                   : ms_json_setc(&row, member, value);
  if (err != 0) {
    ms_json_unref(row);
    return err;
  }
  return ms_bus_replace(bus, row);
}

/* ---- UpdateEventBus ---- */

int ms_bus_update(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                  struct ms_queue_refusal *why)
{
  static const char *const given[] = {"Description", "DeadLetterConfig", "KmsKeyIdentifier", NULL};
  static const char *const shown[] = {
      "Arn", "Name", "KmsKeyIdentifier", "Description", "DeadLetterConfig", NULL};
  struct ms_bus *bus = ms_bus_named(buses, text_of(request, "Name"), why);
  if (bus == NULL) {
    return MSTEP_EINVALID;
  }
  struct ms_json row = ms_json_ref(bus->row);
  int err = ms_resource_copy(&row, request, given);
  err = err != 0 ? err
                 : ms_json_setc(&row, "LastModifiedTime",
                                ms_json_double((double)ms_loop_now_ms(buses->env->loop) / 1000));
  if (err != 0) {
    ms_json_unref(row);
    return err;
  }
  err = ms_bus_replace(bus, row);
  if (err == 0) {
    *reply = ms_json_object(5);
    err = ms_resource_copy(reply, bus->row, shown);
  }
  return err;
}

/* ---- the policy of a bus: {"Version", "Statement": [{"Sid", ...}]} as text ---- */

/* {Type: {Key: Value}} of a request's {"Type", "Key", "Value"}. */
static int add_condition(struct ms_json *statement, struct ms_json asked)
{
  struct ms_json test = ms_json_object(1), condition = ms_json_object(1);
  int err = ms_json_set(&test, text_of(asked, "Key"), ms_json_ref(ms_json_getc(asked, "Value")));
  err = err != 0 ? err : ms_json_set(&condition, text_of(asked, "Type"), ms_json_ref(test));
  err = err != 0 ? err : ms_json_setc(statement, "Condition", ms_json_ref(condition));
  ms_json_unref(test);
  ms_json_unref(condition);
  return err;
}

static struct ms_json principal_of(struct ms_str asked)
{
  struct ms_json out = MS_JSON_VALUE_NONE;
  if (ms_str_is(asked, "*")) {
    return ms_json_string(asked);
  }
  out = ms_json_object(1);
  if (ms_json_setc(&out, "AWS", ms_json_stringf("arn:aws:iam::%.*s:root", MS_STR_ARG(asked))) !=
      0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

static int make_statement(struct ms_json *out, const struct ms_bus *bus, struct ms_json request)
{
  struct ms_json condition = ms_json_getc(request, "Condition");
  *out = ms_json_object(6);
  int err = ms_json_setc(out, "Sid", ms_json_ref(ms_json_getc(request, "StatementId")));
  err |= ms_json_setc(out, "Effect", ms_json_cstring("Allow"));
  err |= ms_json_setc(out, "Principal", principal_of(text_of(request, "Principal")));
  err |= ms_json_setc(out, "Action", ms_json_ref(ms_json_getc(request, "Action")));
  err |= ms_json_setc(out, "Resource", ms_json_string(bus->arn));
  if (err == 0 && ms_json_is_object(condition)) {
    err = add_condition(out, condition);
  }
  if (err != 0) {
    ms_json_replace(out, MS_JSON_VALUE_NONE);
    return MSTEP_ENOMEM;
  }
  return MSTEP_OK;
}

/* The statements of the bus without the one of that id. *was: whether there was one. */
static int statements_but(struct ms_json *out, bool *was, const struct ms_bus *bus,
                          struct ms_str id)
{
  struct ms_json policy = MS_JSON_VALUE_NONE;
  struct ms_str text = text_of(bus->row, "Policy");
  int err = text.data == NULL ? MSTEP_OK : ms_json_parse(&policy, text, NULL, NULL);
  struct ms_json there = ms_json_getc(policy, "Statement");
  *out = ms_json_array(2);
  *was = false;
  err = err == MSTEP_ENOMEM || ms_json_is_none(*out) ? MSTEP_ENOMEM : MSTEP_OK;
  for (size_t i = 0; err == 0 && i < ms_json_count(there); i++) {
    struct ms_json one = ms_json_at(there, i);
    bool is_it = ms_str_eq(text_of(one, "Sid"), id);
    *was = *was || is_it;
    err = is_it ? MSTEP_OK : ms_json_push(out, ms_json_ref(one));
  }
  ms_json_unref(policy);
  if (err != 0) {
    ms_json_replace(out, MS_JSON_VALUE_NONE);
  }
  return err;
}

/* Takes statements. */
static int set_statements(struct ms_bus *bus, struct ms_json statements)
{
  struct ms_json policy = ms_json_object(2);
  struct ms_buf text;
  if (ms_json_count(statements) == 0) {
    ms_json_unref(statements);
    ms_json_unref(policy);
    return change(bus, "Policy", MS_JSON_VALUE_NONE);
  }
  int err = ms_json_setc(&policy, "Version", ms_json_cstring("2012-10-17"));
  err |= ms_json_setc(&policy, "Statement", statements);
  ms_buf_init(&text, 0);
  if (err == 0) {
    ms_json_print(&text, policy);
    err = text.error;
  }
  err = err != 0 ? MSTEP_ENOMEM : change(bus, "Policy", ms_json_string(ms_buf_view(&text)));
  ms_buf_deinit(&text);
  ms_json_unref(policy);
  return err;
}

static int put_whole(struct ms_bus *bus, struct ms_json policy, struct ms_queue_refusal *why)
{
  struct ms_json parsed = MS_JSON_VALUE_NONE;
  int err = ms_json_parse(&parsed, ms_json_text(policy), NULL, NULL);
  bool is_object = err == 0 && ms_json_is_object(parsed);
  ms_json_unref(parsed);
  if (err == MSTEP_ENOMEM) {
    return err;
  }
  return is_object ? change(bus, "Policy", ms_json_ref(policy))
                   : ms_refuse(why, "ValidationException", "Provided policy is malformed.");
}

int ms_bus_put_permission(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                          struct ms_queue_refusal *why)
{
  struct ms_bus *bus = ms_bus_asked(buses, request, why);
  struct ms_json policy = ms_json_getc(request, "Policy"), statement, statements;
  bool was;
  (void)reply;
  if (bus == NULL) {
    return MSTEP_EINVALID;
  }
  if (ms_json_is_string(policy)) {
    return put_whole(bus, policy, why);
  }
  if (text_of(request, "StatementId").len == 0 || text_of(request, "Action").len == 0 ||
      text_of(request, "Principal").len == 0) {
    return ms_refuse(why, "ValidationException",
                     "Parameters StatementId, Action and Principal must be specified.");
  }
  int err = make_statement(&statement, bus, request);
  if (err != 0) {
    return err;
  }
  err = statements_but(&statements, &was, bus, text_of(request, "StatementId"));
  err = err != 0 ? err : ms_json_push(&statements, ms_json_ref(statement));
  ms_json_unref(statement);
  if (err != 0) {
    ms_json_unref(statements);
    return err;
  }
  return set_statements(bus, statements);
}

int ms_bus_remove_permission(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                             struct ms_queue_refusal *why)
{
  struct ms_bus *bus = ms_bus_asked(buses, request, why);
  struct ms_json statements;
  bool was;
  (void)reply;
  if (bus == NULL) {
    return MSTEP_EINVALID;
  }
  if (ms_json_is_true(ms_json_getc(request, "RemoveAllPermissions"))) {
    return change(bus, "Policy", MS_JSON_VALUE_NONE);
  }
  int err = statements_but(&statements, &was, bus, text_of(request, "StatementId"));
  if (err == 0 && !was) {
    ms_json_unref(statements);
    return ms_refuse(why, "ResourceNotFoundException",
                     "Statement with the provided id does not exist.");
  }
  return err != 0 ? err : set_statements(bus, statements);
}

/* ---- tags, of buses and rules ---- */

struct tagged {
  struct ms_bus *bus;
  struct ms_rule *rule; /* NULL: the bus itself */
};

static bool find(struct tagged *out, struct ms_buses *buses, struct ms_json request,
                 struct ms_queue_refusal *why)
{
  struct ms_str arn = text_of(request, "ResourceARN");
  for (out->bus = buses->first; out->bus != NULL; out->bus = out->bus->next) {
    out->rule = NULL;
    if (ms_str_eq(out->bus->arn, arn)) {
      return true;
    }
    for (out->rule = out->bus->rules; out->rule != NULL; out->rule = out->rule->next) {
      if (ms_str_eq(out->rule->arn, arn)) {
        return true;
      }
    }
  }
  ms_refuse(why, "ResourceNotFoundException", "Resource %.*s does not exist.",
            arn.len > 300 ? 300 : (int)arn.len, arn.data);
  return false;
}

static struct ms_json tags_of(const struct tagged *on)
{
  return ms_json_getc(on->rule == NULL ? on->bus->row : on->rule->row, "Tags");
}

static int set_tags(struct ms_buses *buses, struct ms_json request, struct ms_json keys,
                    struct ms_json added, struct ms_queue_refusal *why)
{
  struct tagged on;
  struct ms_json tags, row;
  if (!find(&on, buses, request, why)) {
    return MSTEP_EINVALID;
  }
  int err = ms_tags_change(&tags, tags_of(&on), keys, added);
  if (err == 0 && ms_json_count(tags) > MS_TAGS_MAX) {
    err = ms_refuse(why, "LimitExceededException",
                    "The requested resource exceeds the maximum number allowed.");
  }
  if (err != 0) {
    ms_json_unref(tags);
    return err;
  }
  if (on.rule == NULL) {
    return change(on.bus, "Tags", tags);
  }
  row = ms_json_ref(on.rule->row);
  err = ms_json_setc(&row, "Tags", tags);
  if (err != 0) {
    ms_json_replace(&row, MS_JSON_VALUE_NONE);
  }
  return ms_rule_install(on.bus, row, false, why);
}

int ms_bus_tag(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
               struct ms_queue_refusal *why)
{
  (void)reply;
  return set_tags(buses, request, MS_JSON_VALUE_NONE, ms_json_getc(request, "Tags"), why);
}

int ms_bus_untag(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                 struct ms_queue_refusal *why)
{
  (void)reply;
  return set_tags(buses, request, ms_json_getc(request, "TagKeys"), MS_JSON_VALUE_NONE, why);
}

int ms_bus_tags(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                struct ms_queue_refusal *why)
{
  struct tagged on;
  return find(&on, buses, request, why) ? ms_tags_answer(reply, tags_of(&on)) : MSTEP_EINVALID;
}
