/*
 * Which family a request belongs to, and what all families share: the table of services, headers of
 * answers, and the two forms of JSON-RPC, which need no more than that.
 *
 *   X-Amz-Target ─▶ JSON;  Action= in a form or a query ─▶ Query;  a path of rest.def ─▶ REST;  else plain
 */
#include "http/protocol.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/crc32.h"
#include "base/error.h"
#include "http/protocol_internal.h"

static const struct ms_http_service services[] = {
#define MS_HTTP_SERVICE(name, signed_as, target, json, query, xmlns, prefix, flags)                \
  {#name, signed_as, target, json, query, xmlns, prefix, flags},
#include "http/services.def"
#undef MS_HTTP_SERVICE
};

static const struct query_code {
  const char *name;
  const char *service;
  const char *code;
  int status;
  const char *suffix;
} query_codes[] = {
#define MS_QUERY_ERROR_CODE(name, service, code, status, suffix)                                   \
  {name, #service, code, status, suffix},
#include "http/query_errors.def"
#undef MS_QUERY_ERROR_CODE
};

static const struct status_row {
  const char *code;
  const char *service;
  int status;
} status_rows[] = {
#define MS_HTTP_STATUS(code, service, status) {code, #service, status},
#include "http/statuses.def"
#undef MS_HTTP_STATUS
};

static const struct {
  const char *json_code;
  int json_status;
  int rest_status;
  const char *query_code;
  int query_status;
} auth_codes[] = {
    {NULL, 0, 0, NULL, 0},
#define MS_AUTH(id, json_code, json_status, rest_status, query_code, query_status, text)           \
  {json_code, json_status, rest_status, query_code, query_status},
#include "http/auth.def"
#undef MS_AUTH
};

/* ---- services ---------------------------------------------------------------------------------------- */

const struct ms_http_service *ms_http_service_at(size_t index)
{
  return index < sizeof services / sizeof services[0] ? &services[index] : NULL;
}

const struct ms_http_service *ms_http_service_find(const char *name)
{
  for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
    if (strcmp(services[i].name, name) == 0) {
      return &services[i];
    }
  }
  return NULL;
}

struct ms_str ms_http_query_code(const struct ms_http_service *service, struct ms_str code,
                                 int *status, const char **suffix)
{
  *suffix = "";
  for (size_t i = 0; i < sizeof query_codes / sizeof query_codes[0]; i++) {
    const struct query_code *row = &query_codes[i];
    if (strcmp(row->service, service->name) == 0 && ms_str_is(code, row->name)) {
      *status = row->status;
      *suffix = row->suffix;
      return ms_str_c(row->code);
    }
  }
  static const char tail[] = "Exception";
  return ms_str_has_suffix(code, tail) ? ms_str_sub(code, 0, code.len - (sizeof tail - 1)) : code;
}

/* ---- calls and answers ------------------------------------------------------------------------------- */

void ms_http_call_init(struct ms_http_call *call)
{
  memset(call, 0, sizeof *call);
  call->status = 200;
  ms_buf_init(&call->input, 0);
}

void ms_http_call_deinit(struct ms_http_call *call)
{
  ms_buf_deinit(&call->input);
}

void ms_http_answer_init(struct ms_http_answer *answer)
{
  memset(answer, 0, sizeof *answer);
  ms_buf_init(&answer->body, 0);
}

void ms_http_answer_deinit(struct ms_http_answer *answer)
{
  ms_buf_deinit(&answer->body);
  ms_arena_free(answer->texts);
  ms_free(answer->headers.data);
}

void ms_http_answer_header(struct ms_http_answer *answer, struct ms_str name, struct ms_str value)
{
  int err = MS_VEC_RESERVE(&answer->headers, MS_HTTP_ANSWER_HEADERS_MAX, 1);
  if (err != 0) {
    answer->error = err;
    return;
  }
  answer->headers.data[answer->headers.count++] = (struct ms_field){name, value};
}

void ms_http_answer_copy(struct ms_http_answer *answer, struct ms_str name, struct ms_str value)
{
  if (answer->texts == NULL) {
    answer->texts = ms_arena_new(0);
  }
  struct ms_str name_copy = {NULL, 0}, value_copy = {NULL, 0};
  if (answer->texts != NULL) {
    name_copy = ms_arena_str(answer->texts, name);
    value_copy = ms_arena_str(answer->texts, value);
  }
  if (name_copy.data == NULL || value_copy.data == NULL) {
    answer->error = MSTEP_ENOMEM;
    return;
  }
  ms_http_answer_header(answer, name_copy, value_copy);
}

void ms_http_answer_replace(struct ms_http_answer *answer, struct ms_str name, struct ms_str value)
{
  for (size_t i = 0; i < answer->headers.count; i++) {
    if (ms_str_eq(answer->headers.data[i].name, name)) {
      answer->headers.count--;
      answer->headers.data[i] = answer->headers.data[answer->headers.count];
      break;
    }
  }
  ms_http_answer_copy(answer, name, value);
}

int ms_http_fail(struct ms_http_failure *failure, int err, int status, const char *code,
                 const char *text)
{
  *failure = (struct ms_http_failure){status, code, text};
  return err;
}

struct ms_json ms_http_scalar(struct ms_str text, enum ms_http_kind kind)
{
  struct ms_json number = MS_JSON_VALUE_NONE;
  if (kind == MS_HTTP_BOOLEAN && (ms_str_is(text, "true") || ms_str_is(text, "false"))) {
    return ms_json_bool(ms_str_is(text, "true"));
  }
  if (kind == MS_HTTP_INTEGER && ms_json_parse(&number, text, NULL, NULL) == MSTEP_OK) {
    if (number.type == MS_JSON_INT) {
      return number;
    }
    ms_json_unref(number);
  }
  return ms_json_string(text);
}

/* ---- finding ----------------------------------------------------------------------------------------- */

static bool copy_operation(struct ms_http_call *call, struct ms_str name)
{
  for (size_t i = 0; i < name.len; i++) {
    char lower = ms_ascii_lower(name.data[i]);
    if ((lower < 'a' || lower > 'z') && (lower < '0' || lower > '9')) {
      return false;
    }
  }
  if (name.len == 0 || name.len >= sizeof call->operation) {
    return false;
  }
  memcpy(call->operation, name.data, name.len);
  call->operation[name.len] = '\0';
  return true;
}

static int find_target(struct ms_http_call *call, struct ms_http_failure *failure,
                       const struct ms_http_message *message, struct ms_str target)
{
  call->family = MS_HTTP_JSON;
  call->is_json_1_1 = ms_str_is(ms_http_media_type(message), "application/x-amz-json-1.1");
  size_t dot = ms_str_find(target, 0, '.');
  struct ms_str prefix = ms_str_sub(target, 0, dot);
  for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
    const struct ms_http_service *service = &services[i];
    if (service->target != NULL && ms_str_is(prefix, service->target)) {
      call->service = service;
    }
  }
  if (call->service == NULL) {
    return ms_http_fail(failure, MSTEP_ENOTFOUND, 400, "UnknownOperationException",
                        "This service is not here: the README names those that are.");
  }
  if (!copy_operation(call, ms_str_sub(target, dot + 1, target.len))) {
    return ms_http_fail(failure, MSTEP_ENOTFOUND, 400, "UnknownOperationException", "");
  }
  if (!ms_str_is(message->method, "POST")) {
    return ms_http_fail(failure, MSTEP_ENOTFOUND, 405, "UnknownOperationException",
                        "Operations are called with POST.");
  }
  return MSTEP_OK;
}

/* POST /mstep/OPERATION or /mstep/SERVICE:OPERATION, whatever the content type: curl says it sends a form. */
static int find_named(struct ms_http_call *call, struct ms_http_failure *failure,
                      const struct ms_http_message *message, struct ms_str name)
{
  size_t colon = ms_str_find(name, 0, ':');
  struct ms_str service = ms_str_sub(name, 0, colon);
  bool has_service = colon < name.len;
  call->family = MS_HTTP_JSON;
  call->service = ms_http_service_find("mstep");
  bool is_name =
      has_service ? copy_operation(call, service) &&
                        copy_operation(call, ms_str_sub(name, colon + 1, name.len)) &&
                        name.len < sizeof call->operation
                  : copy_operation(call, name);
  if (!is_name) {
    return ms_http_fail(failure, MSTEP_ENOTFOUND, 404, "UnknownOperationException",
                        "Operations are called with POST /mstep/OPERATION.");
  }
  memcpy(call->operation, name.data, name.len);
  call->operation[name.len] = '\0';
  if (!ms_str_is(message->method, "POST")) {
    return ms_http_fail(failure, MSTEP_ENOTFOUND, 405, "UnknownOperationException",
                        "Operations are called with POST.");
  }
  return MSTEP_OK;
}

int ms_http_protocol_find(struct ms_http_call *call, struct ms_http_failure *failure,
                          const struct ms_http_message *message)
{
  static const char named[] = "/mstep/";
  struct ms_str target = ms_http_header(message, "x-amz-target");
  bool is_endpoint = ms_http_is_endpoint(message);
  if (!is_endpoint && target.data != NULL) {
    return find_target(call, failure, message, target);
  }
  if (!is_endpoint && ms_str_has_prefix(message->path, named)) {
    return find_named(call, failure, message,
                      ms_str_sub(message->path, sizeof named - 1, message->path.len));
  }
  if (!is_endpoint && ms_http_query_is(message)) {
    call->family = MS_HTTP_QUERY;
    return ms_http_query_find(call, failure, message);
  }
  if (!is_endpoint && ms_http_rest_find(call, message)) {
    call->family = MS_HTTP_REST;
    return MSTEP_OK;
  }
  call->family = MS_HTTP_PLAIN;
  call->service = ms_http_service_find("http");
  copy_operation(call, MS_STR("Request"));
  return MSTEP_OK;
}

int ms_http_protocol_decode(struct ms_http_call *call, struct ms_http_failure *failure,
                            const struct ms_http_message *message)
{
  switch (call->family) {
  case MS_HTTP_QUERY:
    return ms_http_query_decode(call, failure, message);
  case MS_HTTP_REST:
    return ms_http_rest_decode(call, failure, message);
  case MS_HTTP_PLAIN:
    return ms_http_plain_decode(call, message);
  case MS_HTTP_JSON:
    break;
  }
  ms_buf_str(&call->input, message->body.len == 0 ? MS_STR("{}") : message->body);
  return call->input.error;
}

/* ---- JSON -------------------------------------------------------------------------------------------- */

/* Errors that come from in front of a service have a name of their own. */
static const char *error_prefix(const struct ms_http_service *service, struct ms_str code)
{
  static const char *const common[] = {
      "SerializationException",
      "UnknownOperationException",
      "AccessDeniedException",
      "InvalidSignatureException",
      "IncompleteSignatureException",
      "UnrecognizedClientException",
      "MissingAuthenticationTokenException",
      "InternalFailure",
      "ServiceUnavailable",
      "RequestExpired",
      "InvalidParameterValueException",
      "ThrottlingException",
      "MissingRequiredParameterException",
  };
  if (service == NULL || service->error_prefix[0] == '\0') {
    return "";
  }
  if (ms_str_is(code, "ValidationException")) {
    return "com.amazon.coral.validate#";
  }
  for (size_t i = 0; i < sizeof common / sizeof common[0]; i++) {
    if (ms_str_is(code, common[i])) {
      return "com.amazon.coral.service#";
    }
  }
  return service->error_prefix;
}

static void json_headers(struct ms_http_answer *answer, const struct ms_http_call *call)
{
  bool is_1_1 =
      call->service == NULL ? call->is_json_1_1 : strcmp(call->service->json_version, "1.1") == 0;
  ms_http_answer_header(answer, MS_STR("Content-Type"),
                        is_1_1 ? MS_STR("application/x-amz-json-1.1")
                               : MS_STR("application/x-amz-json-1.0"));
  if (call->service != NULL && (call->service->flags & MS_HTTP_CRC32) != 0) {
    char text[16];
    int len =
        snprintf(text, sizeof text, "%lu", (unsigned long)ms_crc32(ms_buf_view(&answer->body)));
    ms_http_answer_copy(answer, MS_STR("x-amz-crc32"), (struct ms_str){text, (size_t)len});
  }
}

/* The reply's members, but for those that are written another way; `message` by the name given. */
static void put_members(struct ms_buf *out, struct ms_json reply, const char *skipped,
                        struct ms_str message_name)
{
  for (size_t i = 0; i < ms_json_count(reply); i++) {
    struct ms_str key = ms_json_key(reply, i);
    if (ms_str_is(key, "__type") || ms_str_is(key, skipped)) {
      continue;
    }
    ms_buf_char(out, ',');
    ms_json_print_string(out, ms_str_is(key, "message") ? message_name : key);
    ms_buf_char(out, ':');
    ms_json_print(out, ms_json_member(reply, i));
  }
}

static void json_error(struct ms_http_answer *answer, const struct ms_http_call *call,
                       const struct ms_http_error *error)
{
  const struct ms_http_service *service = call->service;
  ms_buf_cstr(&answer->body, "{\"__type\":\"");
  ms_buf_cstr(&answer->body, error_prefix(service, error->code));
  struct ms_buf quoted;
  ms_buf_init(&quoted, 0);
  ms_json_print_string(&quoted, error->code);
  ms_buf_str(&answer->body, ms_str_sub(ms_buf_view(&quoted), 1, quoted.len));
  put_members(&answer->body, error->reply, "", MS_STR("message"));
  ms_buf_char(&answer->body, '}');
  ms_buf_deinit(&quoted);
  if (service != NULL && (service->flags & MS_HTTP_QUERY_ERROR) != 0) {
    int status = 0;
    const char *suffix;
    struct ms_str code = ms_http_query_code(service, error->code, &status, &suffix);
    struct ms_buf value;
    ms_buf_init(&value, 0);
    ms_buf_str(&value, code);
    ms_buf_cstr(&value, error->status < 500 ? ";Sender" : ";Receiver");
    ms_http_answer_copy(answer, MS_STR("x-amzn-query-error"), ms_buf_view(&value));
    ms_buf_deinit(&value);
  }
  json_headers(answer, call);
}

/* Lambda writes it large in a few. */
static struct ms_str message_name(struct ms_str code)
{
  bool is_large = ms_str_is(code, "ResourceNotFoundException") ||
                  ms_str_is(code, "PreconditionFailedException") ||
                  ms_str_is(code, "ProvisionedConcurrencyConfigNotFoundException");
  return is_large ? MS_STR("Message") : MS_STR("message");
}

static void rest_error(struct ms_http_answer *answer, const struct ms_http_call *call,
                       const struct ms_http_error *error)
{
  struct ms_buf *out = &answer->body;
  bool has_type = call->service != NULL && (call->service->flags & MS_HTTP_ERROR_TYPE) != 0;
  ms_buf_char(out, '{');
  size_t from = out->len;
  if (has_type) {
    ms_buf_cstr(out, ",\"Type\":");
    ms_buf_cstr(out, error->status < 500 ? "\"User\"" : "\"Service\"");
  }
  put_members(out, error->reply, has_type ? "Type" : "",
              has_type ? message_name(error->code) : MS_STR("message"));
  if (out->error == 0 && out->len > from) {
    memmove(out->data + from, out->data + from + 1, out->len - from - 1); /* the first comma */
    out->len--;
    out->data[out->len] = '\0';
  }
  ms_buf_char(out, '}');
  ms_http_answer_header(answer, MS_STR("Content-Type"), MS_STR("application/json"));
  ms_http_answer_copy(answer, MS_STR("x-amzn-ErrorType"), error->code);
  if (error->status == 429) {
    ms_http_answer_header(answer, MS_STR("Retry-After"), MS_STR("1"));
  }
}

/* ---- encoding ---------------------------------------------------------------------------------------- */

static int encode_error(struct ms_http_answer *answer, const struct ms_http_call *call,
                        const struct ms_http_error *error, struct ms_str request_id)
{
  answer->status = error->status;
  int err = MSTEP_OK;
  switch (call->family) {
  case MS_HTTP_JSON:
    json_error(answer, call, error);
    break;
  case MS_HTTP_QUERY:
    err = ms_http_query_error(answer, call, error, request_id);
    break;
  case MS_HTTP_REST:
  case MS_HTTP_PLAIN:
    rest_error(answer, call, error);
    break;
  }
  return err;
}

/* Parses what an operation answered; NONE when it is no object. */
static struct ms_json parse_reply(struct ms_str reply, int *err)
{
  struct ms_json value = MS_JSON_VALUE_NONE;
  struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
  *err = ms_json_parse(&value, reply.len == 0 ? MS_STR("{}") : reply, &limits, NULL);
  if (*err == 0 && !ms_json_is_object(value)) {
    ms_json_unref(value);
    return MS_JSON_VALUE_NONE;
  }
  return value;
}

static int status_of(const struct ms_http_call *call, struct ms_str code)
{
  const char *service = call->service == NULL ? "any" : call->service->name;
  for (size_t i = 0; i < sizeof status_rows / sizeof status_rows[0]; i++) {
    const struct status_row *row = &status_rows[i];
    if ((strcmp(row->service, "any") == 0 || strcmp(row->service, service) == 0) &&
        ms_str_is(code, row->code)) {
      return row->status;
    }
  }
  return 400;
}

static int encode_reply_error(struct ms_http_answer *answer, const struct ms_http_call *call,
                              int status, struct ms_str reply, struct ms_str request_id)
{
  int err;
  struct ms_json object = parse_reply(reply, &err);
  if (err == MSTEP_ENOMEM) {
    return err;
  }
  struct ms_str code = ms_json_text(ms_json_getc(object, "__type"));
  size_t mark = ms_str_find(code, 0, '#');
  struct ms_json text = ms_json_getc(object, "message");
  struct ms_http_error error = {
      .reply = object,
      .code = code.len == 0     ? MS_STR("InternalFailure")
              : mark < code.len ? ms_str_sub(code, mark + 1, code.len)
                                : code,
      .text = ms_json_text(ms_json_is_none(text) ? ms_json_getc(object, "Message") : text),
      .status = status,
  };
  if (status == 0) {
    error.status = status_of(call, error.code);
  }
  err = encode_error(answer, call, &error, request_id);
  ms_json_unref(object);
  return err;
}

static int encode_reply(struct ms_http_answer *answer, const struct ms_http_call *call, int status,
                        struct ms_str reply, struct ms_str request_id)
{
  answer->status = status;
  int err = MSTEP_OK;
  struct ms_json object;
  switch (call->family) {
  case MS_HTTP_JSON:
    ms_buf_str(&answer->body, reply.len == 0 ? MS_STR("{}") : reply);
    json_headers(answer, call);
    break;
  case MS_HTTP_QUERY:
    object = parse_reply(reply, &err);
    if (err == 0) {
      err = ms_http_query_encode(answer, call, object, request_id);
      ms_json_unref(object);
    }
    break;
  case MS_HTTP_REST:
    err = ms_http_rest_encode(answer, call, reply);
    break;
  case MS_HTTP_PLAIN:
    err = ms_http_plain_encode(answer, reply);
    break;
  }
  return err;
}

static int settle(const struct ms_http_answer *answer, int err)
{
  if (err == 0) {
    err = answer->body.error != 0 ? answer->body.error : answer->error;
  }
  return err == 0 ? MSTEP_OK : ms_error_nomem();
}

int ms_http_protocol_encode(struct ms_http_answer *answer, const struct ms_http_call *call,
                            int status, struct ms_str reply, struct ms_str request_id)
{
  bool is_error = status >= 400 || (status == 0 && ms_str_has_prefix(reply, "{\"__type\""));
  if (!is_error && (status == 0 || status == 200)) {
    status = call->status;
  }
  ms_http_answer_header(answer, MS_STR("x-amzn-RequestId"), request_id);
  int err = is_error ? encode_reply_error(answer, call, status, reply, request_id)
                     : encode_reply(answer, call, status, reply, request_id);
  return settle(answer, err);
}

int ms_http_protocol_fail(struct ms_http_answer *answer, const struct ms_http_call *call,
                          const struct ms_http_failure *failure, struct ms_str request_id)
{
  struct ms_json object = ms_json_object(1);
  int err = failure->text[0] == '\0'
                ? MSTEP_OK
                : ms_json_setc(&object, "message", ms_json_stringf("%s", failure->text));
  struct ms_http_error error = {object, ms_str_c(failure->code), ms_str_c(failure->text),
                                failure->status};
  ms_http_answer_header(answer, MS_STR("x-amzn-RequestId"), request_id);
  if (err == 0) {
    err = encode_error(answer, call, &error, request_id);
  }
  ms_json_unref(object);
  return settle(answer, err);
}

void ms_http_protocol_auth(struct ms_http_failure *failure, const struct ms_http_call *call,
                           const struct ms_http_identity *identity)
{
  enum ms_http_auth auth = identity->auth;
  *failure = (struct ms_http_failure){auth_codes[auth].json_status, auth_codes[auth].json_code,
                                      identity->text};
  if (call->family == MS_HTTP_QUERY) {
    failure->status = auth_codes[auth].query_status;
    failure->code = auth_codes[auth].query_code;
  } else if (call->family != MS_HTTP_JSON) {
    failure->status = auth_codes[auth].rest_status;
  }
}
