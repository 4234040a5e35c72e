/* See http.h. What the connection adds goes before what the state says of the same name. */
#include "task/http.h"

#include <stdio.h>

#include "base/base64.h"
#include "base/error.h"

#define RANGE "bytes=0-262144"
#define JSON_TYPE "application/json; charset=UTF-8"
#define FORM_TYPE "application/x-www-form-urlencoded"

/* What AWS does not let a state send, by name or, with a dash at its end, by what a name begins with. */
static const char *const forbidden[] = {"A-IM",
                                        "Accept-Charset",
                                        "Accept-Datetime",
                                        "Accept-Encoding",
                                        "Authorization",
                                        "Cache-Control",
                                        "Connection",
                                        "Content-Encoding",
                                        "Content-MD5",
                                        "Date",
                                        "Expect",
                                        "Forwarded",
                                        "From",
                                        "Host",
                                        "HTTP2-Settings",
                                        "If-Match",
                                        "If-Modified-Since",
                                        "If-None-Match",
                                        "If-Range",
                                        "If-Unmodified-Since",
                                        "Max-Forwards",
                                        "Origin",
                                        "Pragma",
                                        "Proxy-Authorization",
                                        "Referer",
                                        "Server",
                                        "TE",
                                        "Trailer",
                                        "Transfer-Encoding",
                                        "Upgrade",
                                        "Via",
                                        "Warning",
                                        "x-forwarded-",
                                        "x-amz-",
                                        "x-amzn-",
                                        NULL};

void ms_task_http_request_init(struct ms_task_http_request *request)
{
  *request = (struct ms_task_http_request){.headers = MS_JSON_VALUE_NONE};
  ms_buf_init(&request->url, 65536);
  ms_buf_init(&request->body, 0);
}

/* Secrets may be in it. */
static void wipe(struct ms_buf *buf)
{
  volatile char *at = buf->data;
  for (size_t i = 0; at != NULL && i < buf->len; i++) {
    at[i] = 0;
  }
  ms_buf_deinit(buf);
}

void ms_task_http_request_deinit(struct ms_task_http_request *request)
{
  wipe(&request->url);
  wipe(&request->body);
  ms_json_unref(request->headers);
}

/* ---- headers ---- */

static bool is_forbidden(struct ms_str name)
{
  for (size_t i = 0; forbidden[i] != NULL; i++) {
    struct ms_str row = ms_str_c(forbidden[i]);
    bool is_prefix = ms_str_has_suffix(row, "-");
    if (ms_field_same(is_prefix ? ms_str_sub(name, 0, row.len) : name, row)) {
      return true;
    }
  }
  return false;
}

/* Takes value. Replaces one of that name, however it is written. */
static int set_header(struct ms_json *headers, struct ms_str name, struct ms_json value)
{
  for (size_t i = 0; i < ms_json_count(*headers); i++) {
    if (ms_field_same(ms_json_key(*headers, i), name)) {
      return ms_json_set_key(headers, ms_json_key_value(*headers, i), value);
    }
  }
  return ms_json_set(headers, name, value);
}

static int put_state_headers(struct ms_json *headers, const char **problem, struct ms_json given)
{
  int err = MSTEP_OK;
  if (!ms_json_is_none(given) && !ms_json_is_null(given) && !ms_json_is_object(given)) {
    *problem = "The value of the field 'Headers' has an invalid format";
    return MSTEP_EINVALID;
  }
  for (size_t i = 0; i < ms_json_count(given) && err == 0; i++) {
    struct ms_json value = ms_json_member(given, i);
    if (!ms_json_is_string(value)) {
      *problem = "The value of the field 'Headers' has an invalid format";
      err = MSTEP_EINVALID;
    } else if (is_forbidden(ms_json_key(given, i))) {
      *problem = "The field 'Headers' has a header that is not supported by Step Functions";
      err = MSTEP_EINVALID;
    } else {
      err = set_header(headers, ms_json_key(given, i), ms_json_ref(value));
    }
  }
  return err;
}

/* "Basic BASE64(user:password)"; owned. */
static struct ms_json basic(struct ms_json user, struct ms_json password)
{
  struct ms_buf plain, text;
  ms_buf_init(&plain, 0);
  ms_buf_init(&text, 0);
  ms_buf_str(&plain, ms_json_text(user));
  ms_buf_char(&plain, ':');
  ms_buf_str(&plain, ms_json_text(password));
  ms_buf_cstr(&text, "Basic ");
  ms_base64_encode(&text, ms_buf_view(&plain));
  struct ms_json out =
      plain.error != 0 || text.error != 0 ? MS_JSON_VALUE_NONE : ms_json_string(ms_buf_view(&text));
  wipe(&plain);
  wipe(&text);
  return out;
}

static int put_authorization(struct ms_json *headers, struct ms_json parameters,
                             struct ms_str token)
{
  struct ms_json user = ms_json_getc(parameters, "BasicAuthParameters");
  struct ms_json key = ms_json_getc(parameters, "ApiKeyAuthParameters");
  int err = MSTEP_OK;
  if (!ms_json_is_none(user)) {
    err = set_header(headers, MS_STR("Authorization"),
                     basic(ms_json_getc(user, "Username"), ms_json_getc(user, "Password")));
  } else if (!ms_json_is_none(key)) {
    err = set_header(headers, ms_json_text(ms_json_getc(key, "ApiKeyName")),
                     ms_json_ref(ms_json_getc(key, "ApiKeyValue")));
  } else if (token.len > 0) {
    err = set_header(headers, MS_STR("Authorization"),
                     ms_json_stringf("Bearer %.*s", MS_STR_ARG(token)));
  }
  return err;
}

/* HeaderParameters: [{Key, Value}]. */
static int put_header_parameters(struct ms_json *headers, struct ms_json list)
{
  int err = MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(list) && err == 0; i++) {
    struct ms_json item = ms_json_at(list, i);
    err = set_header(headers, ms_json_text(ms_json_getc(item, "Key")),
                     ms_json_ref(ms_json_getc(item, "Value")));
  }
  return err;
}

/* ---- query ---- */

static bool has_parameter(struct ms_json list, struct ms_str name)
{
  for (size_t i = 0; i < ms_json_count(list); i++) {
    if (ms_str_eq(ms_json_text(ms_json_getc(ms_json_at(list, i), "Key")), name)) {
      return true;
    }
  }
  return false;
}

struct query {
  struct ms_buf *url;
  char before;
};

static int put_query(struct query *query, struct ms_str name, struct ms_json value)
{
  struct ms_json text = ms_json_is_string(value) ? ms_json_ref(value) : ms_json_print_value(value);
  if (ms_json_is_none(text)) {
    return ms_error_nomem();
  }
  ms_task_http_pair(query->url, query->before, name, ms_json_text(text));
  query->before = '&';
  ms_json_unref(text);
  return MSTEP_OK;
}

static int put_queries(struct ms_buf *url, struct ms_json given, struct ms_json list)
{
  struct query query = {url, memchr(url->data, '?', url->len) == NULL ? '?' : '&'};
  int err = MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(given) && err == 0; i++) {
    struct ms_str name = ms_json_key(given, i);
    struct ms_json value = ms_json_member(given, i);
    if (has_parameter(list, name) || ms_json_is_null(value)) {
      continue;
    }
    if (!ms_json_is_array(value)) {
      err = put_query(&query, name, value);
    }
    for (size_t j = 0; ms_json_is_array(value) && j < ms_json_count(value) && err == 0; j++) {
      err = put_query(&query, name, ms_json_at(value, j));
    }
  }
  for (size_t i = 0; i < ms_json_count(list) && err == 0; i++) {
    struct ms_json item = ms_json_at(list, i);
    err = put_query(&query, ms_json_text(ms_json_getc(item, "Key")), ms_json_getc(item, "Value"));
  }
  return err != 0 ? err : url->error;
}

/* ---- body ---- */

/* The state's body and, where the connection has parameters for it, those in it. */
static int merge_body(struct ms_json *out, const char **problem, struct ms_json given,
                      struct ms_json list)
{
  if (ms_json_count(list) == 0) {
    *out = ms_json_ref(given);
    return MSTEP_OK;
  }
  bool is_absent = ms_json_is_none(given) || ms_json_is_null(given);
  if (!is_absent && !ms_json_is_object(given)) {
    *problem =
        "The value of the field 'RequestBody' has to be an object: the connection has parameters "
        "for the body";
    return MSTEP_EINVALID;
  }
  *out = is_absent ? ms_json_object(ms_json_count(list)) : ms_json_ref(given);
  int err = MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(list) && err == 0; i++) {
    struct ms_json item = ms_json_at(list, i);
    err = ms_json_set(out, ms_json_text(ms_json_getc(item, "Key")),
                      ms_json_ref(ms_json_getc(item, "Value")));
  }
  return err;
}

static int put_body(struct ms_task_http_request *out, const char **problem,
                    struct ms_json parameters, struct ms_json list)
{
  struct ms_json transform = ms_json_getc(parameters, "Transform");
  struct ms_json body = MS_JSON_VALUE_NONE;
  bool is_form =
      ms_str_is(ms_json_text(ms_json_getc(transform, "RequestBodyEncoding")), "URL_ENCODED");
  int err = merge_body(&body, problem, ms_json_getc(parameters, "RequestBody"), list);
  if (err != 0 || ms_json_is_none(body) || ms_json_is_null(body)) {
    ms_json_unref(body);
    return err;
  }
  if (is_form && ms_json_is_object(body)) {
    struct ms_json options = ms_json_getc(transform, "RequestEncodingOptions");
    ms_task_http_form(&out->body, body, ms_json_text(ms_json_getc(options, "ArrayFormat")));
    err = set_header(&out->headers, MS_STR("Content-Type"), ms_json_cstring(FORM_TYPE));
  } else if (ms_json_is_string(body)) {
    ms_buf_str(&out->body, ms_json_text(body));
  } else {
    ms_json_print(&out->body, body);
  }
  ms_json_unref(body);
  return err != 0 ? err : out->body.error;
}

/* ---- the whole ---- */

static int check_call(struct ms_task_http_request *out, const char **problem,
                      struct ms_json parameters)
{
  static const char *const methods[] = {"GET",   "POST",    "PUT",  "DELETE",
                                        "PATCH", "OPTIONS", "HEAD", NULL};
  struct ms_str url = ms_json_text(ms_json_getc(parameters, "ApiEndpoint"));
  out->method = ms_json_text(ms_json_getc(parameters, "Method"));
  for (size_t i = 0; methods[i] != NULL; i++) {
    if (ms_str_is(out->method, methods[i])) {
      if (!ms_str_has_prefix(url, "https://") && !ms_str_has_prefix(url, "http://")) {
        *problem = "The value of the field 'ApiEndpoint' has an invalid format";
        return MSTEP_EINVALID;
      }
      ms_buf_str(&out->url, url);
      return out->url.error;
    }
  }
  *problem = "The value of the field 'Method' has an invalid format";
  return MSTEP_EINVALID;
}

static int put_defaults(struct ms_json *headers, const char *region)
{
  *headers = ms_json_object(8);
  int err = ms_json_setc(headers, "User-Agent",
                         ms_json_stringf("Amazon|StepFunctions|HttpInvoke|%s", region));
  err = err != 0 ? err : ms_json_setc(headers, "Range", ms_json_cstring(RANGE));
  return err != 0 ? err : ms_json_setc(headers, "Content-Type", ms_json_cstring(JSON_TYPE));
}

int ms_task_http_build(struct ms_task_http_request *out, const char **problem,
                       struct ms_json parameters, struct ms_json connection, struct ms_str token,
                       const char *region)
{
  struct ms_json auth = ms_json_getc(connection, "AuthParameters");
  struct ms_json more = ms_json_getc(auth, "InvocationHttpParameters");
  *problem = NULL;
  int err = check_call(out, problem, parameters);
  err = err != 0 ? err : put_defaults(&out->headers, region);
  err = err != 0 ? err
                 : put_state_headers(&out->headers, problem, ms_json_getc(parameters, "Headers"));
  err = err != 0 ? err : put_body(out, problem, parameters, ms_json_getc(more, "BodyParameters"));
  err =
      err != 0 ? err : put_header_parameters(&out->headers, ms_json_getc(more, "HeaderParameters"));
  err = err != 0 ? err : put_authorization(&out->headers, auth, token);
  return err != 0 ? err
                  : put_queries(&out->url, ms_json_getc(parameters, "QueryParameters"),
                                ms_json_getc(more, "QueryStringParameters"));
}

int ms_task_http_build_token(struct ms_task_http_request *out, struct ms_json connection)
{
  struct ms_json oauth =
      ms_json_getc(ms_json_getc(connection, "AuthParameters"), "OAuthParameters");
  struct ms_json client = ms_json_getc(oauth, "ClientParameters");
  struct ms_json more = ms_json_getc(oauth, "OAuthHttpParameters");
  struct ms_json form = ms_json_object(4), merged = MS_JSON_VALUE_NONE;
  const char *problem;
  out->method = ms_json_text(ms_json_getc(oauth, "HttpMethod"));
  ms_buf_str(&out->url, ms_json_text(ms_json_getc(oauth, "AuthorizationEndpoint")));
  out->headers = ms_json_object(4);
  int err = ms_json_setc(&form, "grant_type", ms_json_cstring("client_credentials"));
  err = err != 0 ? err
                 : ms_json_setc(&form, "client_id", ms_json_ref(ms_json_getc(client, "ClientID")));
  err = err != 0 ? err
                 : ms_json_setc(&form, "client_secret",
                                ms_json_ref(ms_json_getc(client, "ClientSecret")));
  err = err != 0 ? err : merge_body(&merged, &problem, form, ms_json_getc(more, "BodyParameters"));
  err = err != 0 ? err : ms_json_setc(&out->headers, "Content-Type", ms_json_cstring(FORM_TYPE));
  err = err != 0 ? err : ms_json_setc(&out->headers, "Accept", ms_json_cstring("application/json"));
  err =
      err != 0 ? err : put_header_parameters(&out->headers, ms_json_getc(more, "HeaderParameters"));
  struct ms_json none = MS_JSON_VALUE_NONE;
  err = err != 0 ? err : put_queries(&out->url, none, ms_json_getc(more, "QueryStringParameters"));
  if (err == 0 && ms_str_is(out->method, "GET")) {
    err = put_queries(&out->url, merged, none);
  } else if (err == 0) {
    ms_task_http_form(&out->body, merged, MS_STR("REPEAT"));
    err = out->body.error;
  }
  ms_json_unref(form);
  ms_json_unref(merged);
  return err;
}

size_t ms_task_http_fields(struct ms_field fields[MS_TASK_HTTP_HEADERS_MAX],
                           const struct ms_task_http_request *request)
{
  size_t count = ms_json_count(request->headers);
  count = count < MS_TASK_HTTP_HEADERS_MAX ? count : MS_TASK_HTTP_HEADERS_MAX;
  for (size_t i = 0; i < count; i++) {
    fields[i] = (struct ms_field){ms_json_key(request->headers, i),
                                  ms_json_text(ms_json_member(request->headers, i))};
  }
  return count;
}
