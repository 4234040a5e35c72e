/* Universal targets: which operation one means, and its request. */
#include "messaging/universal.h"

#include "base/error.h"
#include "json/json.h"

#define PREFIX "arn:aws:scheduler:::aws-sdk:"

struct service {
  const char *sdk;        /* as in the ARN */
  const char *operations; /* as in api/ops.def */
  bool is_lower;          /* members begin with a small letter */
};

static const struct service services[] = {{"sqs", "sqs", false},
                                          {"sns", "sns", false},
                                          {"sfn", "states", true},
                                          {"eventbridge", "events", false},
                                          {"lambda", "lambda", false},
                                          {"dynamodb", "dynamodb", false},
                                          {"scheduler", "scheduler", false}};

bool ms_universal_is_target(struct ms_str arn)
{
  return ms_str_has_prefix(arn, PREFIX);
}

/* NULL: not ours. */
static const struct service *service_of(struct ms_str *action, struct ms_str arn)
{
  if (!ms_universal_is_target(arn)) {
    return NULL;
  }
  size_t from = strlen(PREFIX), colon = ms_str_find(arn, from, ':');
  struct ms_str name = ms_str_sub(arn, from, colon);
  *action = ms_str_sub(arn, colon + 1, arn.len);
  for (size_t i = 0; i < sizeof services / sizeof *services && action->len > 0; i++) {
    if (ms_str_is(name, services[i].sdk)) {
      return &services[i];
    }
  }
  return NULL;
}

bool ms_universal_is_known(struct ms_str arn)
{
  struct ms_str action;
  return service_of(&action, arn) != NULL;
}

/* The value of one member; owned. A payload is text there and a value here. */
static int convert_value(struct ms_json *out, const struct service *service, struct ms_str name,
                         struct ms_json value)
{
  bool is_payload = strcmp(service->sdk, "lambda") == 0 && ms_str_is(name, "Payload");
  *out = ms_json_ref(value);
  if (!is_payload || !ms_json_is_string(value)) {
    return MSTEP_OK;
  }
  ms_json_unref(*out);
  return ms_json_parse(out, ms_json_text(value), NULL, NULL);
}

static int convert(struct ms_json *out, const struct service *service, struct ms_json input)
{
  int err = MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(input) && err == 0; i++) {
    struct ms_str key = ms_json_key(input, i);
    struct ms_json value, name = ms_json_ref(ms_json_key_value(input, i));
    if (service->is_lower && key.len > 0) {
      ms_json_unref(name);
      name = ms_json_stringf("%c%.*s", ms_ascii_lower(key.data[0]), (int)key.len - 1, key.data + 1);
    }
    err = ms_json_is_none(name) ? ms_error_nomem()
                                : convert_value(&value, service, key, ms_json_member(input, i));
    err = err != 0 ? err : ms_json_set_key(out, name, value);
    ms_json_unref(name);
  }
  return err;
}

int ms_universal_request(struct ms_buf *operation, struct ms_buf *request, struct ms_str arn,
                         struct ms_str input)
{
  struct ms_str action;
  struct ms_json parsed;
  const struct service *service = service_of(&action, arn);
  if (service == NULL) {
    return ms_error(MSTEP_EUNSUPPORTED, "no operation of ours: %.*s", MS_STR_ARG(arn));
  }
  ms_buf_printf(operation, "%s:%c", service->operations, ms_ascii_upper(action.data[0]));
  ms_buf_str(operation, ms_str_sub(action, 1, action.len));
  int err = ms_json_parse(&parsed, input, NULL, NULL);
  if (err != 0) {
    return err;
  }
  struct ms_json out = ms_json_object(ms_json_count(parsed));
  err = ms_json_is_object(parsed)
            ? convert(&out, service, parsed)
            : ms_error(MSTEP_ESYNTAX, "the input of an operation is a JSON object");
  if (err == 0) {
    ms_json_print(request, out);
  }
  ms_json_unref(out);
  ms_json_unref(parsed);
  err = err != 0 ? err : operation->error;
  return err != 0 ? err : request->error;
}
