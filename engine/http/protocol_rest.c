/*
 * REST-JSON: an operation is a method and a path of rest.def. Its input is put together from the body, the
 * segments of the path, the query and headers; where a member is the whole body, or stands in a header, the
 * rows say so.
 */
#include <stdio.h>

#include "base/error.h"
#include "base/utf8.h"
#include "http/protocol_internal.h"

#define SEGMENT_BYTES_MAX 2048

enum place { IN_QUERY, IN_HEADER, OUT_HEADER };
enum { STRING = MS_HTTP_STRING, INTEGER, BOOLEAN, LIST };

static const struct route {
  const char *service;
  const char *operation;
  const char *method;
  const char *path;
  int status;
  unsigned flags;
} routes[] = {
#define MS_REST(service, operation, method, path, status, flags)                                   \
  {#service, #operation, method, path, status, flags},
#include "http/rest.def"
#undef MS_REST
};

static const struct member {
  const char *wire;
  const char *name;
  enum place place;
  int kind;
} members[] = {
#define MS_REST_MEMBER(wire, name, place, kind) {wire, name, place, kind},
#include "http/rest_members.def"
#undef MS_REST_MEMBER
};

/* ---- paths ------------------------------------------------------------------------------------------- */

/* The next segment behind a '/'; false at the end. A '/' at the very end counts for nothing. */
static bool next_segment(struct ms_str path, size_t *at, struct ms_str *segment)
{
  if (*at + 1 >= path.len || path.data[*at] != '/') {
    return false;
  }
  size_t end = ms_str_find(path, *at + 1, '/');
  *segment = ms_str_sub(path, *at + 1, end);
  *at = end;
  return true;
}

static bool is_variable(struct ms_str segment)
{
  return segment.len > 2 && segment.data[0] == '{';
}

static bool matches(const char *pattern, struct ms_str path)
{
  struct ms_str wanted, found, whole = ms_str_c(pattern);
  size_t wanted_at = 0, found_at = 0;
  for (;;) {
    bool is_more = next_segment(path, &found_at, &found);
    if (!next_segment(whole, &wanted_at, &wanted)) {
      return !is_more;
    }
    bool is_same = is_more && found.len > 0 && (is_variable(wanted) || ms_str_eq(wanted, found));
    if (!is_same) {
      return false;
    }
  }
}

bool ms_http_rest_find(struct ms_http_call *call, const struct ms_http_message *message)
{
  for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
    const struct route *route = &routes[i];
    if (!ms_str_is(message->method, route->method) || !matches(route->path, message->path)) {
      continue;
    }
    const struct ms_http_service *service = ms_http_service_find(route->service);
    struct ms_http_identity claim;
    bool is_theirs =
        (route->flags & MS_HTTP_SIGNED_ONLY) == 0 ||
        (ms_http_sigv4_claim(&claim, message) && ms_str_is(claim.service, service->signed_as));
    if (is_theirs) {
      call->service = service;
      call->status = route->status;
      call->flags = route->flags;
      call->path = route->path;
      snprintf(call->operation, sizeof call->operation, "%s", route->operation);
      return true;
    }
  }
  return false;
}

/* ---- inwards ----------------------------------------------------------------------------------------- */

static int set_decoded(struct ms_json *input, struct ms_str name, struct ms_str text, int kind,
                       bool is_form)
{
  struct ms_buf value;
  ms_buf_init(&value, SEGMENT_BYTES_MAX);
  int err = ms_http_decode(&value, text, is_form);
  if (err == 0 && ms_utf8_check(ms_buf_view(&value)) < value.len) {
    err = MSTEP_ESYNTAX;
  }
  if (err == 0 && kind == LIST) {
    struct ms_json list = ms_json_ref(ms_json_get(*input, name));
    if (!ms_json_is_array(list)) {
      ms_json_replace(&list, ms_json_array(1));
    }
    err = ms_json_remove(input, name); /* the list is ours alone while it grows */
    if (err == 0) {
      err = ms_json_push(&list, ms_json_string(ms_buf_view(&value)));
    }
    if (err != 0) {
      ms_json_replace(&list, MS_JSON_VALUE_NONE);
    }
    err = ms_json_set(input, name, list);
  } else if (err == 0) {
    err = ms_json_set(input, name, ms_http_scalar(ms_buf_view(&value), (enum ms_http_kind)kind));
  }
  ms_buf_deinit(&value);
  return err == MSTEP_ETOOBIG ? MSTEP_ESYNTAX : err;
}

static int set_path_members(struct ms_json *input, const char *pattern, struct ms_str path)
{
  struct ms_str wanted, found, whole = ms_str_c(pattern);
  size_t wanted_at = 0, found_at = 0;
  int err = MSTEP_OK;
  while (err == 0 && next_segment(whole, &wanted_at, &wanted) &&
         next_segment(path, &found_at, &found)) {
    if (is_variable(wanted)) {
      err = set_decoded(input, ms_str_sub(wanted, 1, wanted.len - 1), found, STRING, false);
    }
  }
  return err;
}

static int set_query_members(struct ms_json *input, struct ms_str query)
{
  struct ms_field p;
  size_t at = 0;
  unsigned count = 0;
  int err = MSTEP_OK;
  while (err == 0 && ms_http_query_next(query, &at, &p)) {
    struct ms_str name = p.name;
    int kind = STRING;
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
      if (members[i].place == IN_QUERY && ms_str_is(p.name, members[i].wire)) {
        name = ms_str_c(members[i].name);
        kind = members[i].kind;
      }
    }
    bool is_frame = ms_str_has_prefix(p.name, "X-Amz-");
    if (++count > 200) {
      err = MSTEP_ESYNTAX;
    } else if (!is_frame) {
      err = set_decoded(input, name, p.value, kind, true);
    }
  }
  return err;
}

static int set_header_members(struct ms_json *input, const struct ms_http_message *message)
{
  int err = MSTEP_OK;
  for (size_t i = 0; err == 0 && i < sizeof members / sizeof members[0]; i++) {
    if (members[i].place != IN_HEADER) {
      continue;
    }
    struct ms_str value = ms_http_header(message, members[i].wire);
    if (value.data != NULL) {
      err = ms_json_setc(input, members[i].name, ms_json_stringf("%.*s", MS_STR_ARG(value)));
    }
  }
  return err;
}

/* AWS's words for a payload that is no JSON. */
static int fail_payload(struct ms_http_call *call, struct ms_http_failure *failure,
                        struct ms_str body, const struct ms_json_position *where)
{
  struct ms_buf complaint;
  ms_buf_init(&complaint, 0);
  ms_json_print_complaint(&complaint, body, where);
  snprintf(call->text, sizeof call->text,
           "Could not parse request body into json: Could not parse payload into json: %s",
           complaint.data == NULL ? "" : complaint.data);
  ms_buf_deinit(&complaint);
  return ms_http_fail(failure, MSTEP_ESYNTAX, 400, "InvalidRequestContentException", call->text);
}

/* The value of a payload's member, or the object whose members are the input's. */
static int parse_body(struct ms_json *body, struct ms_http_call *call,
                      struct ms_http_failure *failure, const struct ms_http_message *message)
{
  bool is_payload = (call->flags & MS_HTTP_PAYLOAD) != 0;
  *body = MS_JSON_VALUE_NONE;
  if (message->body.len == 0) {
    return MSTEP_OK;
  }
  struct ms_json_position where = {0, 0, 0};
  int err = ms_json_parse(body, message->body, NULL, &where);
  if (err == MSTEP_ENOMEM) {
    return err;
  }
  if (err != 0 && is_payload) {
    return fail_payload(call, failure, message->body, &where);
  }
  if (err != 0 || (!is_payload && !ms_json_is_object(*body))) {
    ms_json_replace(body, MS_JSON_VALUE_NONE);
    return ms_http_fail(failure, MSTEP_ESYNTAX, 400, "SerializationException",
                        "Could not parse request body into json.");
  }
  return MSTEP_OK;
}

int ms_http_rest_decode(struct ms_http_call *call, struct ms_http_failure *failure,
                        const struct ms_http_message *message)
{
  struct ms_json body;
  int err = parse_body(&body, call, failure, message);
  if (err != 0) {
    return err;
  }
  struct ms_json input;
  if ((call->flags & MS_HTTP_PAYLOAD) != 0) {
    input = ms_json_object(4);
    if (!ms_json_is_none(body)) {
      err = ms_json_setc(&input, "Payload", body); /* takes it */
    }
  } else {
    input = ms_json_is_none(body) ? ms_json_object(4) : body;
  }
  if (err == 0) {
    err = set_query_members(&input, message->query);
  }
  if (err == 0) {
    err = set_header_members(&input, message);
  }
  if (err == 0) {
    err = set_path_members(&input, call->path, message->path);
  }
  if (err == 0) {
    ms_json_print(&call->input, input);
    err = call->input.error;
  }
  ms_json_unref(input);
  if (err == MSTEP_ESYNTAX) {
    return ms_http_fail(failure, err, 400, "SerializationException",
                        "A parameter of the request cannot be read.");
  }
  return err;
}

/* ---- outwards ---------------------------------------------------------------------------------------- */

static void put_out_headers(struct ms_http_answer *answer, struct ms_json reply)
{
  for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
    struct ms_json value = ms_json_getc(reply, members[i].name);
    if (members[i].place == OUT_HEADER && ms_json_is_string(value)) {
      ms_http_answer_copy(answer, ms_str_c(members[i].wire), ms_json_text(value));
    }
  }
}

static int encode_payload(struct ms_http_answer *answer, struct ms_str reply)
{
  struct ms_json object;
  struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
  int err = ms_json_parse(&object, reply, &limits, NULL);
  if (err != 0) {
    return err;
  }
  int64_t status;
  if (ms_json_to_int(&status, ms_json_getc(object, "StatusCode")) && status >= 200 &&
      status < 600) {
    answer->status = (int)status;
  }
  put_out_headers(answer, object);
  struct ms_str id = ms_json_text(ms_json_getc(object, "RequestId"));
  if (id.len > 0) { /* the one that the handler sees, not this request's */
    ms_http_answer_replace(answer, MS_STR("x-amzn-RequestId"), id);
  }
  ms_json_print(&answer->body, ms_json_getc(object, "Payload"));
  ms_json_unref(object);
  return answer->body.error;
}

int ms_http_rest_encode(struct ms_http_answer *answer, const struct ms_http_call *call,
                        struct ms_str reply)
{
  int err = MSTEP_OK;
  if ((call->flags & MS_HTTP_PAYLOAD) != 0 && strcmp(call->operation, "Invoke") == 0) {
    err = encode_payload(answer, reply);
  } else if (answer->status != 204) {
    ms_buf_str(&answer->body, reply.len == 0 ? MS_STR("{}") : reply);
    err = answer->body.error;
  }
  ms_http_answer_header(answer, MS_STR("Content-Type"), MS_STR("application/json"));
  return err;
}
