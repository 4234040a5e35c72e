/* What a function returned as an HTTP answer, and what is answered when there is none, each in its API's way. */
#include "base/error.h"
#include "base/field.h"
#include "source/web_internal.h"

static struct ms_json type_header(const char *type)
{
  struct ms_json headers = ms_json_object(1);
  if (ms_json_setc(&headers, "Content-Type", ms_json_cstring(type)) != 0) {
    ms_json_replace(&headers, MS_JSON_VALUE_NONE);
  }
  return headers;
}

/* Takes headers and body; the body NONE: out of memory. */
static struct ms_json answer_of(int status, struct ms_json headers, struct ms_json body,
                                bool is_base64)
{
  struct ms_json answer = ms_json_object(5);
  int err = ms_json_setc(&answer, "statusCode", ms_json_int(status));
  int set = ms_json_setc(&answer, "headers", headers);
  err = err != 0 ? err : set;
  set = ms_json_setc(&answer, "body", body);
  err = err != 0 ? err : set;
  set = ms_json_setc(&answer, "isBase64Encoded", ms_json_bool(is_base64));
  if (err != 0 || set != 0) {
    ms_json_replace(&answer, MS_JSON_VALUE_NONE);
  }
  return answer;
}

/* ---- failures ---- */

struct ms_json ms_web_failure(enum ms_web_kind kind, enum ms_web_failure failure)
{
  static const struct {
    int status;
    const char *body;
  } url[MS_WEB_FAILURE_COUNT] = {{403, "{\"Message\":null}"},
                                 {403, "{\"Message\":\"Forbidden\"}"},
                                 {502, "Internal Server Error"},
                                 {429, "{\"Message\":\"Rate Exceeded.\"}"},
                                 {504, "{\"Message\":\"Gateway Timeout\"}"},
                                 {413, "{\"Message\":\"Request Entity Too Large\"}"}},
    http[MS_WEB_FAILURE_COUNT] = {{404, "{\"message\":\"Not Found\"}"},
                                  {403, "{\"message\":\"Forbidden\"}"},
                                  {500, "{\"message\":\"Internal Server Error\"}"},
                                  {503, "{\"message\":\"Service Unavailable\"}"},
                                  {503, "{\"message\":\"Service Unavailable\"}"},
                                  {413, "{\"message\":\"Request Entity Too Large\"}"}},
    rest[MS_WEB_FAILURE_COUNT] = {{403, "{\"message\":\"Missing Authentication Token\"}"},
                                  {403, "{\"message\":\"Forbidden\"}"},
                                  {502, "{\"message\": \"Internal server error\"}"},
                                  {500, "{\"message\": \"Internal server error\"}"},
                                  {504, "{\"message\": \"Endpoint request timed out\"}"},
                                  {413, "{\"message\":\"Request Too Long\"}"}};
  int status = kind == MS_WEB_URL    ? url[failure].status
               : kind == MS_WEB_REST ? rest[failure].status
                                     : http[failure].status;
  const char *body = kind == MS_WEB_URL    ? url[failure].body
                     : kind == MS_WEB_REST ? rest[failure].body
                                           : http[failure].body;
  return answer_of(status, type_header("application/json"), ms_json_cstring(body), false);
}

struct ms_json ms_web_json(int status, struct ms_json body)
{
  return answer_of(status, type_header("application/json"), body, false);
}

/* ---- what a state machine says ---- */

/* Its output; of one that has failed why, as the server's fault. */
static struct ms_json ended(struct ms_json result)
{
  struct ms_str status = ms_json_text(ms_json_getc(result, "status"));
  if (ms_str_is(status, "SUCCEEDED")) {
    return ms_web_json(200, ms_json_ref(ms_json_getc(result, "output")));
  }
  static const char *const members[] = {"status", "error", "cause", "executionArn"};
  struct ms_json body = ms_json_object(4);
  int err = MSTEP_OK;
  for (size_t i = 0; i < sizeof members / sizeof *members && err == 0; i++) {
    struct ms_json value = ms_json_getc(result, members[i]);
    if (!ms_json_is_none(value)) {
      err = ms_json_setc(&body, members[i], ms_json_ref(value));
    }
  }
  struct ms_json text = err != 0 ? MS_JSON_VALUE_NONE : ms_json_print_value(body);
  ms_json_unref(body);
  return ms_web_json(ms_str_is(status, "TIMED_OUT") ? 504 : 502, text);
}

struct ms_json ms_web_started(int code, int http_status, struct ms_str text)
{
  const struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
  struct ms_json result;
  if (code != 0) {
    return ms_web_json(http_status, ms_json_string(text));
  }
  if (ms_json_parse(&result, text, &limits, NULL) != 0) {
    return MS_JSON_VALUE_NONE;
  }
  struct ms_json answer = ms_json_is_none(ms_json_getc(result, "status"))
                              ? ms_web_json(202, ms_json_string(text))
                              : ended(result);
  ms_json_unref(result);
  return answer;
}

/* ---- what a function says ---- */

/* 200, or "200" where that is taken. */
static bool read_status(int *out, struct ms_json value)
{
  int64_t status = 0;
  struct ms_str text = ms_json_text(value);
  if (ms_json_is_string(value) && text.len == 3) {
    for (size_t i = 0; i < 3; i++) {
      if (text.data[i] < '0' || text.data[i] > '9') {
        return false;
      }
      status = status * 10 + (text.data[i] - '0');
    }
  } else if (!ms_json_to_int(&status, value)) {
    return false;
  }
  *out = (int)status;
  return status >= 200 && status <= 599;
}

static bool is_scalar(struct ms_json value)
{
  return ms_json_is_string(value) || ms_json_is_number(value) || ms_json_is_bool(value);
}

static bool has_type(struct ms_json headers)
{
  for (size_t i = 0; i < ms_json_count(headers); i++) {
    if (ms_field_is(ms_json_key(headers, i), "content-type")) {
      return true;
    }
  }
  return false;
}

static int drop_same(struct ms_json *headers, struct ms_str name)
{
  int err = MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(*headers) && err == 0; i++) {
    if (ms_field_same(ms_json_key(*headers, i), name)) {
      err = ms_json_remove(headers, ms_json_key(*headers, i));
      break;
    }
  }
  return err;
}

/* multiValueHeaders, which win over headers of the same name. False: they are of the wrong form. */
static bool merge_multi(struct ms_json *headers, struct ms_json multi, int *err)
{
  for (size_t i = 0; i < ms_json_count(multi) && *err == 0; i++) {
    struct ms_json list = ms_json_member(multi, i);
    if (!ms_json_is_array(list)) {
      return false;
    }
    for (size_t k = 0; k < ms_json_count(list); k++) {
      if (!is_scalar(ms_json_at(list, k))) {
        return false;
      }
    }
    *err = drop_same(headers, ms_json_key(multi, i));
    *err = *err != 0 ? *err : ms_json_set(headers, ms_json_key(multi, i), ms_json_ref(list));
  }
  return ms_json_is_none(multi) || ms_json_is_null(multi) || ms_json_is_object(multi);
}

/* The headers as they are sent; owned. False: of the wrong form. */
static bool read_headers(struct ms_json *out, enum ms_web_kind kind, struct ms_json result,
                         int *err)
{
  struct ms_json given = ms_json_getc(result, "headers");
  bool is_1 = kind == MS_WEB_REST || kind == MS_WEB_HTTP_1;
  if (!ms_json_is_none(given) && !ms_json_is_null(given) && !ms_json_is_object(given)) {
    return false;
  }
  for (size_t i = 0; i < ms_json_count(given); i++) {
    struct ms_json value = ms_json_member(given, i);
    if (!is_scalar(value) && !ms_json_is_null(value)) {
      return false;
    }
  }
  *out = ms_json_is_object(given) ? ms_json_ref(given) : ms_json_object(1);
  if (is_1 && !merge_multi(out, ms_json_getc(result, "multiValueHeaders"), err)) {
    return false;
  }
  if (*err == 0 && !has_type(*out)) {
    bool is_http = kind == MS_WEB_HTTP_1 || kind == MS_WEB_HTTP_2;
    *err = ms_json_setc(out, "Content-Type",
                        ms_json_cstring(is_http ? "text/plain; charset=utf-8"
                                                : "application/json"));
  }
  return true;
}

static bool read_body(struct ms_json *out, enum ms_web_kind kind, struct ms_json result)
{
  struct ms_json body = ms_json_getc(result, "body");
  if (ms_json_is_none(body) || ms_json_is_null(body)) {
    *out = ms_json_cstring("");
  } else if (ms_json_is_string(body)) {
    *out = ms_json_ref(body);
  } else if (kind == MS_WEB_REST) {
    return false;
  } else {
    *out = ms_json_print_value(body);
  }
  return true;
}

/* An object with a status. NONE: it is not one that can be sent, or *err. */
static struct ms_json said(enum ms_web_kind kind, struct ms_json result, int *err)
{
  int status;
  struct ms_json headers = MS_JSON_VALUE_NONE, body = MS_JSON_VALUE_NONE;
  if (!read_status(&status, ms_json_getc(result, "statusCode")) ||
      !read_headers(&headers, kind, result, err) || *err != 0 ||
      !read_body(&body, kind, result)) {
    ms_json_unref(headers);
    return MS_JSON_VALUE_NONE;
  }
  struct ms_json answer =
      answer_of(status, headers, body, ms_json_is_true(ms_json_getc(result, "isBase64Encoded")));
  struct ms_json cookies = ms_json_getc(result, "cookies");
  *err = ms_json_is_none(answer) ? ms_error_nomem() : MSTEP_OK;
  if (*err == 0 && (kind == MS_WEB_URL || kind == MS_WEB_HTTP_2) && ms_json_is_array(cookies)) {
    *err = ms_json_setc(&answer, "cookies", ms_json_ref(cookies));
  }
  if (*err != 0) {
    ms_json_replace(&answer, MS_JSON_VALUE_NONE);
  }
  return answer;
}

/* Payload 2.0: what has no status is the body of a 200; a string as it is, all else as JSON. */
static struct ms_json inferred(struct ms_json result)
{
  struct ms_json body =
      ms_json_is_string(result) ? ms_json_ref(result) : ms_json_print_value(result);
  return answer_of(200, type_header("application/json"), body, false);
}

struct ms_json ms_web_answer(enum ms_web_kind kind, struct ms_str payload)
{
  const struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
  struct ms_json result, answer = MS_JSON_VALUE_NONE;
  int err = ms_json_parse(&result, payload, &limits, NULL);
  if (err == MSTEP_ENOMEM) {
    return MS_JSON_VALUE_NONE;
  }
  if (err != 0) {
    return ms_web_failure(kind, MS_WEB_FAILED);
  }
  bool is_2 = kind == MS_WEB_URL || kind == MS_WEB_HTTP_2;
  if (is_2 && ms_json_is_none(ms_json_getc(result, "statusCode"))) {
    answer = inferred(result);
  } else if (ms_json_is_object(result)) {
    answer = said(kind, result, &err);
    answer = ms_json_is_none(answer) && err == 0 ? ms_web_failure(kind, MS_WEB_FAILED) : answer;
  } else {
    answer = ms_web_failure(kind, MS_WEB_FAILED);
  }
  ms_json_unref(result);
  return answer;
}
