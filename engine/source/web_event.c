/* The events that AWS makes of requests: payload 2.0, and 1.0 of HTTP and REST APIs. */
#include <inttypes.h>
#include <stdio.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/field.h"
#include "base/time.h"
#include "base/utf8.h"
#include "source/web_internal.h"

#define DAY_MS 86400000

/* What all events are put together from; err is sticky. */
struct draft {
  const struct ms_web *web;
  const struct ms_web_arrival *arrival;
  struct ms_json request;
  struct ms_str host, user_agent, source_ip, request_id;
  int64_t now_ms;
  char time[40];
  char trace[64];
  int err;
};

struct ms_json ms_web_text(struct ms_str text)
{
  if (ms_utf8_check(text) == text.len) {
    return ms_json_string(text.data == NULL ? MS_STR("") : text);
  }
  struct ms_buf repaired;
  ms_buf_init(&repaired, 0);
  ms_utf8_repair(&repaired, text);
  struct ms_json value =
      repaired.error != 0 ? MS_JSON_VALUE_NONE : ms_json_string(ms_buf_view(&repaired));
  ms_buf_deinit(&repaired);
  return value;
}

static void put(struct draft *d, struct ms_json *object, const char *name, struct ms_json value)
{
  int err = ms_json_setc(object, name, value);
  d->err = d->err != 0 ? d->err : err;
}

static void put_text(struct draft *d, struct ms_json *object, const char *name, struct ms_str text)
{
  put(d, object, name, ms_web_text(text));
}

static struct ms_str text_in(struct ms_json object, const char *name)
{
  return ms_json_text(ms_json_getc(object, name));
}

/* ---- parts ---- */

static int hex_of(char c)
{
  char lower = ms_ascii_lower(c);
  return c >= '0' && c <= '9' ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

void ms_web_unescape(struct ms_buf *out, struct ms_str text, bool is_form)
{
  for (size_t i = 0; i < text.len; i++) {
    char c = text.data[i];
    int high = c == '%' && i + 2 < text.len ? hex_of(text.data[i + 1]) : -1;
    int low = high >= 0 ? hex_of(text.data[i + 2]) : -1;
    if (low >= 0) {
      c = (char)(high * 16 + low);
      i += 2;
    } else if (is_form && c == '+') {
      c = ' ';
    }
    ms_buf_char(out, c);
  }
}

/* "12/Mar/2020:19:03:58 +0000" */
static void print_time(char out[40], int64_t at_ms)
{
  static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  int64_t year, seconds = at_ms % DAY_MS / 1000;
  int month, day;
  ms_time_civil(at_ms / DAY_MS, &year, &month, &day);
  snprintf(out, 40, "%02d/%s/%04d:%02d:%02d:%02d +0000", day, months[(month - 1) % 12], (int)year,
           (int)(seconds / 3600), (int)(seconds / 60 % 60), (int)(seconds % 60));
}

static void make_trace(struct draft *d)
{
  char digits[33] = "";
  size_t len = 0;
  for (size_t i = 0; i < d->request_id.len && len < 24; i++) {
    if (d->request_id.data[i] != '-') {
      digits[len++] = d->request_id.data[i];
    }
  }
  snprintf(d->trace, sizeof d->trace, "Root=1-%08x-%s", (unsigned)(d->now_ms / 1000), digits);
}

static struct ms_str domain_of(struct ms_str host)
{
  size_t colon = host.len;
  while (colon > 0 && host.data[colon - 1] >= '0' && host.data[colon - 1] <= '9') {
    colon--;
  }
  return colon > 0 && colon < host.len && host.data[colon - 1] == ':'
             ? ms_str_sub(host, 0, colon - 1)
             : host;
}

static struct ms_str port_of(const struct draft *d)
{
  size_t len = domain_of(d->host).len;
  bool is_tls = ms_json_is_true(ms_json_getc(d->request, "isTls"));
  return len < d->host.len ? ms_str_sub(d->host, len + 1, d->host.len)
                           : (is_tls ? MS_STR("443") : MS_STR("80"));
}

/* What a proxy says of the client, as AWS's does; names as 2.0 has them. */
static void put_forwarded(struct draft *d,
                          void (*add)(struct draft *d, void *to, const char *name,
                                      struct ms_str value),
                          void *to)
{
  bool is_tls = ms_json_is_true(ms_json_getc(d->request, "isTls"));
  add(d, to, "X-Forwarded-For", d->source_ip);
  add(d, to, "X-Forwarded-Port", port_of(d));
  add(d, to, "X-Forwarded-Proto", is_tls ? MS_STR("https") : MS_STR("http"));
  struct ms_json headers = ms_json_getc(d->request, "headers");
  struct ms_str trace = text_in(headers, "x-amzn-trace-id");
  add(d, to, "X-Amzn-Trace-Id", trace.len > 0 ? trace : ms_str_c(d->trace));
}

/* ---- the body ---- */

static bool is_text_type(struct ms_str type)
{
  char lower[128];
  size_t len = 0;
  while (len < type.len && len < sizeof lower && type.data[len] != ';' && type.data[len] != ' ') {
    lower[len] = ms_ascii_lower(type.data[len]);
    len++;
  }
  struct ms_str name = {lower, len};
  return len == 0 || ms_str_has_prefix(name, "text/") || ms_str_is(name, "application/json") ||
         ms_str_is(name, "application/xml") || ms_str_is(name, "application/javascript") ||
         ms_str_has_suffix(name, "+json") || ms_str_has_suffix(name, "+xml");
}

/* The bytes of the body; false: there are none. */
static bool read_body(struct draft *d, struct ms_buf *out)
{
  struct ms_str body = text_in(d->request, "body");
  if (ms_json_is_true(ms_json_getc(d->request, "isBase64Encoded"))) {
    int err = ms_base64_decode_lenient(out, body);
    d->err = d->err != 0 ? d->err : err;
  } else {
    ms_buf_str(out, body);
  }
  d->err = d->err != 0 ? d->err : out->error;
  return out->len > 0;
}

/* REST APIs pass text on, whatever its type is called; HTTP APIs and URLs only what is known as text. */
static void put_body(struct draft *d, struct ms_json *event, bool has_null)
{
  struct ms_buf bytes, encoded;
  struct ms_json headers = ms_json_getc(d->request, "headers");
  ms_buf_init(&bytes, 0);
  ms_buf_init(&encoded, 0);
  bool is_there = read_body(d, &bytes);
  struct ms_str body = ms_buf_view(&bytes);
  bool is_text =
      ms_utf8_check(body) == body.len &&
      (d->arrival->kind == MS_WEB_REST || is_text_type(text_in(headers, "content-type")));
  if (is_there && !is_text) {
    ms_base64_encode(&encoded, body);
    d->err = d->err != 0 ? d->err : encoded.error;
    body = ms_buf_view(&encoded);
  }
  if (is_there) {
    put(d, event, "body", ms_json_string(body));
  } else if (has_null) {
    put(d, event, "body", MS_JSON_VALUE_NULL);
  }
  put(d, event, "isBase64Encoded", ms_json_bool(is_there && !is_text));
  ms_buf_deinit(&bytes);
  ms_buf_deinit(&encoded);
}

/* ---- the query ---- */

static void read_parameter(struct draft *d, struct ms_str part, struct ms_buf *name,
                           struct ms_buf *value)
{
  size_t equals = ms_str_find(part, 0, '=');
  ms_buf_reset(name);
  ms_buf_reset(value);
  ms_web_unescape(name, ms_str_sub(part, 0, equals), true);
  ms_web_unescape(value, ms_str_sub(part, equals + 1, part.len), true);
  d->err = d->err != 0 ? d->err : name->error != 0 ? name->error : value->error;
}

/* single: values by name, joined by commas or (is_last) the last; multi (may be NULL): all of them. */
static void read_query(struct draft *d, struct ms_json *single, struct ms_json *multi, bool is_last)
{
  struct ms_str query = text_in(d->request, "rawQueryString");
  struct ms_buf name, value;
  ms_buf_init(&name, 0);
  ms_buf_init(&value, 0);
  for (size_t at = 0; at < query.len && d->err == 0;) {
    size_t end = ms_str_find(query, at, '&');
    struct ms_str part = ms_str_sub(query, at, end);
    at = end + 1;
    if (part.len == 0) {
      continue;
    }
    read_parameter(d, part, &name, &value);
    struct ms_json key = ms_web_text(ms_buf_view(&name)), text = ms_web_text(ms_buf_view(&value));
    struct ms_json before = ms_json_get(*single, ms_json_text(key));
    struct ms_json list = multi == NULL ? MS_JSON_VALUE_NONE
                                        : ms_json_get(*multi, ms_json_text(key));
    if (multi != NULL) {
      list = ms_json_is_none(list) ? ms_json_array(1) : ms_json_ref(list);
      int err = ms_json_push(&list, ms_json_ref(text));
      int set = ms_json_set(multi, ms_json_text(key), list);
      d->err = d->err != 0 ? d->err : err != 0 ? err : set;
    }
    struct ms_json joined = ms_json_is_none(before) || is_last
                                ? ms_json_ref(text)
                                : ms_json_stringf("%.*s,%.*s", MS_STR_ARG(ms_json_text(before)),
                                                  MS_STR_ARG(ms_json_text(text)));
    int set = ms_json_is_none(key) ? ms_error_nomem()
                                   : ms_json_set(single, ms_json_text(key), joined);
    d->err = d->err != 0 ? d->err : set;
    ms_json_unref(key);
    ms_json_unref(text);
  }
  ms_buf_deinit(&name);
  ms_buf_deinit(&value);
}

/* ---- payload 2.0 ---- */

static void add_lower(struct draft *d, void *to, const char *name, struct ms_str value)
{
  char lower[64];
  size_t len = 0;
  while (name[len] != '\0' && len < sizeof lower) {
    lower[len] = ms_ascii_lower(name[len]);
    len++;
  }
  int err = ms_json_set(to, (struct ms_str){lower, len}, ms_web_text(value));
  d->err = d->err != 0 ? d->err : err;
}

static void put_iam(struct draft *d, struct ms_json *context)
{
  const char *account = d->web->env->account;
  struct ms_str key = text_in(d->request, "accessKeyId");
  struct ms_json iam = ms_json_object(7), authorizer = ms_json_object(1);
  put_text(d, &iam, "accessKey", key);
  put_text(d, &iam, "accountId", ms_str_c(account));
  put_text(d, &iam, "callerId", key);
  put(d, &iam, "cognitoIdentity", MS_JSON_VALUE_NULL);
  put(d, &iam, "principalOrgId", MS_JSON_VALUE_NULL);
  put(d, &iam, "userArn", ms_json_stringf("arn:aws:iam::%s:root", account));
  put_text(d, &iam, "userId", key);
  put(d, &authorizer, "iam", iam);
  put(d, context, "authorizer", authorizer);
}

static struct ms_json context_2(struct draft *d)
{
  struct ms_json context = ms_json_object(12), http = ms_json_object(5);
  struct ms_str domain = domain_of(d->host);
  bool is_anonymous = d->arrival->kind == MS_WEB_URL && !d->arrival->is_iam;
  put_text(d, &context, "accountId",
           is_anonymous ? MS_STR("anonymous") : ms_str_c(d->web->env->account));
  put_text(d, &context, "apiId", d->arrival->api_id);
  if (d->arrival->is_iam) {
    put_iam(d, &context);
  }
  put_text(d, &context, "domainName", domain);
  put_text(d, &context, "domainPrefix", ms_str_sub(domain, 0, ms_str_find(domain, 0, '.')));
  put_text(d, &http, "method", text_in(d->request, "method"));
  put_text(d, &http, "path", d->arrival->path);
  put_text(d, &http, "protocol", text_in(d->request, "protocol"));
  put_text(d, &http, "sourceIp", d->source_ip);
  put_text(d, &http, "userAgent", d->user_agent);
  put(d, &context, "http", http);
  put_text(d, &context, "requestId", d->request_id);
  put_text(d, &context, "routeKey", d->arrival->route_key);
  put_text(d, &context, "stage", d->arrival->stage);
  put_text(d, &context, "time", ms_str_c(d->time));
  put(d, &context, "timeEpoch", ms_json_int(d->now_ms));
  return context;
}

static struct ms_json event_2(struct draft *d)
{
  struct ms_json event = ms_json_object(12), query = ms_json_object(4);
  struct ms_json headers = ms_json_ref(ms_json_getc(d->request, "headers"));
  struct ms_json cookies = ms_json_getc(d->request, "cookies");
  put_text(d, &event, "version", MS_STR("2.0"));
  put_text(d, &event, "routeKey", d->arrival->route_key);
  put_text(d, &event, "rawPath", d->arrival->path);
  put_text(d, &event, "rawQueryString", text_in(d->request, "rawQueryString"));
  if (ms_json_count(cookies) > 0) {
    put(d, &event, "cookies", ms_json_ref(cookies));
  }
  int err = ms_json_remove(&headers, MS_STR("connection"));
  d->err = d->err != 0 ? d->err : err;
  put_forwarded(d, add_lower, &headers);
  put(d, &event, "headers", headers);
  read_query(d, &query, NULL, false);
  if (ms_json_count(query) > 0) {
    put(d, &event, "queryStringParameters", query);
  } else {
    ms_json_unref(query);
  }
  put(d, &event, "requestContext", context_2(d));
  put_body(d, &event, false);
  if (!ms_json_is_none(d->arrival->parameters)) {
    put(d, &event, "pathParameters", ms_json_ref(d->arrival->parameters));
  }
  return event;
}

/* ---- payload 1.0 ---- */

struct headers_1 {
  struct ms_json single, multi;
};

static void add_header_1(struct draft *d, struct headers_1 *to, struct ms_str name,
                         struct ms_json value)
{
  struct ms_str key = name; /* as it was spelled first */
  for (size_t i = 0; i < ms_json_count(to->multi); i++) {
    struct ms_str known = ms_json_key(to->multi, i);
    key = ms_field_same(known, name) ? known : key;
  }
  struct ms_json list = ms_json_get(to->multi, key);
  list = ms_json_is_none(list) ? ms_json_array(1) : ms_json_ref(list);
  int err = ms_json_push(&list, ms_json_ref(value));
  int single = ms_json_set(&to->single, key, ms_json_ref(value));
  int multi = ms_json_set(&to->multi, key, list);
  d->err = d->err != 0 ? d->err : err != 0 ? err : single != 0 ? single : multi;
}

static void add_forwarded_1(struct draft *d, void *to, const char *name, struct ms_str value)
{
  struct headers_1 *headers = to;
  struct ms_json text = ms_web_text(value);
  struct ms_json before = ms_json_getc(headers->single, name);
  if (ms_json_is_none(before)) {
    add_header_1(d, headers, ms_str_c(name), text);
  }
  ms_json_unref(text);
}

static void read_headers_1(struct draft *d, struct headers_1 *out)
{
  struct ms_json fields = ms_json_getc(d->request, "fields");
  *out = (struct headers_1){ms_json_object(8), ms_json_object(8)};
  for (size_t i = 0; i < ms_json_count(fields) && d->err == 0; i++) {
    struct ms_json field = ms_json_at(fields, i);
    struct ms_str name = ms_json_text(ms_json_at(field, 0));
    if (!ms_field_is(name, "connection")) {
      add_header_1(d, out, name, ms_json_at(field, 1));
    }
  }
  put_forwarded(d, add_forwarded_1, out);
}

static struct ms_json identity_1(struct draft *d)
{
  static const char *const nulls[] = {
      "cognitoIdentityPoolId", "cognitoIdentityId",          "caller", "accessKey",
      "accountId",             "cognitoAuthenticationType",  "user",   "userArn",
      "principalOrgId",        "cognitoAuthenticationProvider"};
  struct ms_json identity = ms_json_object(12);
  for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++) {
    put(d, &identity, nulls[i], MS_JSON_VALUE_NULL);
  }
  put_text(d, &identity, "sourceIp", d->source_ip);
  put_text(d, &identity, "userAgent", d->user_agent);
  return identity;
}

/* Six letters that are the same for the same resource. */
static void make_resource_id(char out[7], struct ms_str resource)
{
  uint64_t hash = 14695981039346656037u;
  for (size_t i = 0; i < resource.len; i++) {
    hash = (hash ^ (unsigned char)resource.data[i]) * 1099511628211u;
  }
  for (size_t i = 0; i < 6; i++, hash /= 36) {
    out[i] = "0123456789abcdefghijklmnopqrstuvwxyz"[hash % 36];
  }
  out[6] = '\0';
}

static struct ms_json context_1(struct draft *d)
{
  struct ms_json context = ms_json_object(18);
  struct ms_str domain = domain_of(d->host);
  bool is_rest = d->arrival->kind == MS_WEB_REST;
  char resource_id[7];
  make_resource_id(resource_id, d->arrival->resource);
  put_text(d, &context, "accountId", ms_str_c(d->web->env->account));
  put_text(d, &context, "apiId", d->arrival->api_id);
  put_text(d, &context, "domainName", domain);
  put_text(d, &context, "domainPrefix", ms_str_sub(domain, 0, ms_str_find(domain, 0, '.')));
  put_text(d, &context, "extendedRequestId", d->request_id);
  put_text(d, &context, "httpMethod", text_in(d->request, "method"));
  put(d, &context, "identity", identity_1(d));
  put_text(d, &context, "path", d->arrival->path);
  put_text(d, &context, "protocol", text_in(d->request, "protocol"));
  put_text(d, &context, "requestId", d->request_id);
  put_text(d, &context, "requestTime", ms_str_c(d->time));
  put(d, &context, "requestTimeEpoch", ms_json_int(d->now_ms));
  put(d, &context, "resourceId", is_rest ? ms_json_cstring(resource_id) : MS_JSON_VALUE_NULL);
  put_text(d, &context, "resourcePath", d->arrival->resource);
  put_text(d, &context, "stage", d->arrival->stage);
  return context;
}

/* Takes it; an empty object is null. */
static void put_map(struct draft *d, struct ms_json *event, const char *name, struct ms_json map)
{
  if (ms_json_count(map) > 0) {
    put(d, event, name, map);
    return;
  }
  ms_json_unref(map);
  put(d, event, name, MS_JSON_VALUE_NULL);
}

static struct ms_json event_1(struct draft *d)
{
  struct ms_json event = ms_json_object(14);
  struct ms_json query = ms_json_object(4), multi_query = ms_json_object(4);
  struct headers_1 headers;
  bool is_rest = d->arrival->kind == MS_WEB_REST;
  read_headers_1(d, &headers);
  read_query(d, &query, &multi_query, true);
  if (!is_rest) {
    put_text(d, &event, "version", MS_STR("1.0"));
  }
  put_text(d, &event, "resource", d->arrival->resource);
  put_text(d, &event, "path", is_rest ? d->arrival->below : d->arrival->path);
  put_text(d, &event, "httpMethod", text_in(d->request, "method"));
  put_map(d, &event, "headers", headers.single);
  put_map(d, &event, "multiValueHeaders", headers.multi);
  put_map(d, &event, "queryStringParameters", query);
  put_map(d, &event, "multiValueQueryStringParameters", multi_query);
  put(d, &event, "requestContext", context_1(d));
  put_map(d, &event, "pathParameters", ms_json_ref(d->arrival->parameters));
  put(d, &event, "stageVariables", MS_JSON_VALUE_NULL);
  put_body(d, &event, true);
  return event;
}

struct ms_json ms_web_event(const struct ms_web *web, const struct ms_web_arrival *arrival)
{
  struct ms_json headers = ms_json_getc(arrival->request, "headers");
  struct draft draft = {.web = web,
                        .arrival = arrival,
                        .request = arrival->request,
                        .host = text_in(arrival->request, "host"),
                        .user_agent = text_in(headers, "user-agent"),
                        .source_ip = text_in(arrival->request, "sourceIp"),
                        .request_id = text_in(arrival->request, "requestId"),
                        .now_ms = ms_loop_now_ms(web->env->loop)};
  print_time(draft.time, draft.now_ms);
  make_trace(&draft);
  bool is_1 = arrival->kind == MS_WEB_REST || arrival->kind == MS_WEB_HTTP_1;
  struct ms_json event = is_1 ? event_1(&draft) : event_2(&draft);
  if (draft.err != 0) {
    ms_json_replace(&event, MS_JSON_VALUE_NONE);
  }
  return event;
}
