/* Function URLs: found by their id, and what their CORS configuration adds. */
#include "base/error.h"
#include "base/field.h"
#include "source/web_internal.h"

#define ID_LEN 32

void ms_web_url_id(struct ms_web *web, char out[MS_WEB_URL_ID_SIZE])
{
  for (size_t i = 0; i < ID_LEN; i++) {
    out[i] = "abcdefghijklmnopqrstuvwxyz234567"[ms_random_next(web->env->random) >> 59];
  }
  out[ID_LEN] = '\0';
}

/* An id is a label of the host's name; addresses have no names below them, but localhost has. */
struct ms_json ms_web_url(const struct ms_web *web, struct ms_str id)
{
  const char *base = web->env->base_url, *region = web->env->region;
  if (base == NULL || base[0] == '\0') {
    return ms_json_stringf("https://%.*s.lambda-url.%s.on.aws/", MS_STR_ARG(id), region);
  }
  struct ms_str url = ms_str_c(base);
  size_t host = ms_str_has_prefix(url, "https://") ? 8 : 7;
  size_t end = ms_str_find(url, host, '/');
  struct ms_str name = ms_str_sub(url, host, end), path = ms_str_sub(url, end, url.len);
  size_t colon = name.len;
  while (colon > 0 && name.data[colon - 1] != ':' && name.data[colon - 1] != ']') {
    colon--;
  }
  bool has_port = colon > 0 && name.data[colon - 1] == ':';
  struct ms_str port = has_port ? ms_str_sub(name, colon - 1, name.len) : MS_STR("");
  name.len = has_port ? colon - 1 : name.len;
  bool is_address = name.len > 0;
  for (size_t i = 0; i < name.len; i++) {
    is_address = is_address && strchr("0123456789.:[]abcdef", name.data[i]) != NULL &&
                 (name.data[0] == '[' || name.data[i] == '.' ||
                  (name.data[i] >= '0' && name.data[i] <= '9'));
  }
  name = is_address ? MS_STR("localhost") : name;
  return ms_json_stringf("%.*s%.*s.lambda-url.%s.%.*s%.*s%.*s/", (int)host, url.data,
                         MS_STR_ARG(id), region, MS_STR_ARG(name), MS_STR_ARG(port),
                         MS_STR_ARG(path));
}

/* All rows are looked at: a thousand functions cost a few dozen microseconds. */
bool ms_web_url_find(struct ms_web_url *out, const struct ms_web *web, struct ms_str id)
{
  struct ms_str name;
  struct ms_json row;
  for (size_t pos = 0; ms_invoke_next_row(web->invoke, &pos, &name, &row);) {
    struct ms_json configs = ms_json_getc(row, MS_WEB_URLS);
    for (size_t i = 0; i < ms_json_count(configs); i++) {
      struct ms_json config = ms_json_member(configs, i);
      struct ms_str its = ms_json_text(ms_json_getc(config, "UrlId"));
      if (its.len > 0 && ms_field_same(its, id)) {
        struct ms_str qualifier = ms_json_key(configs, i);
        bool is_latest = ms_str_is(qualifier, MS_INVOKE_LATEST);
        out->name = (struct ms_function_name){name, is_latest ? MS_STR("") : qualifier};
        out->config = config;
        return true;
      }
    }
  }
  return false;
}

/* ---- CORS ---- */

static bool has_word(struct ms_json list, struct ms_str word)
{
  for (size_t i = 0; i < ms_json_count(list); i++) {
    struct ms_str one = ms_json_text(ms_json_at(list, i));
    if (ms_str_is(one, "*") || ms_field_same(one, word)) {
      return true;
    }
  }
  return false;
}

static struct ms_json joined(struct ms_json list)
{
  struct ms_buf text;
  ms_buf_init(&text, 0);
  for (size_t i = 0; i < ms_json_count(list); i++) {
    ms_buf_cstr(&text, i == 0 ? "" : ",");
    ms_buf_str(&text, ms_json_text(ms_json_at(list, i)));
  }
  struct ms_json value =
      text.error != 0 ? MS_JSON_VALUE_NONE : ms_json_string(ms_buf_view(&text));
  ms_buf_deinit(&text);
  return value;
}

/* In the place of what the function has said. */
static int put_header(struct ms_json *headers, const char *name, struct ms_json value)
{
  for (size_t i = ms_json_count(*headers); i-- > 0;) {
    if (ms_field_is(ms_json_key(*headers, i), name)) {
      int err = ms_json_remove(headers, ms_json_key(*headers, i));
      if (err != 0) {
        ms_json_unref(value);
        return err;
      }
    }
  }
  return ms_json_setc(headers, name, value);
}

static int put_list(struct ms_json *headers, const char *name, struct ms_json list)
{
  return ms_json_count(list) == 0 ? MSTEP_OK : put_header(headers, name, joined(list));
}

static int put_origin(struct ms_json *headers, struct ms_json cors, struct ms_str origin)
{
  bool is_trusting = ms_json_is_true(ms_json_getc(cors, "AllowCredentials"));
  struct ms_json origins = ms_json_getc(cors, "AllowOrigins");
  bool is_any = has_word(origins, MS_STR("")) && !is_trusting;
  int err = put_header(headers, "Access-Control-Allow-Origin",
                       is_any ? ms_json_cstring("*") : ms_web_text(origin));
  if (err == 0 && !is_any) {
    err = put_header(headers, "Vary", ms_json_cstring("Origin"));
  }
  if (err == 0 && is_trusting) {
    err = put_header(headers, "Access-Control-Allow-Credentials", ms_json_cstring("true"));
  }
  return err;
}

static bool is_allowed(struct ms_json cors, struct ms_str origin)
{
  return ms_json_is_object(cors) && origin.len > 0 &&
         has_word(ms_json_getc(cors, "AllowOrigins"), origin);
}

int ms_web_url_cors(struct ms_json *reply, struct ms_json cors, struct ms_str origin)
{
  if (!is_allowed(cors, origin)) {
    return MSTEP_OK;
  }
  struct ms_json headers = ms_json_ref(ms_json_getc(*reply, "headers"));
  int err = put_origin(&headers, cors, origin);
  if (err == 0) {
    err = put_list(&headers, "Access-Control-Expose-Headers", ms_json_getc(cors, "ExposeHeaders"));
  }
  if (err != 0) {
    ms_json_unref(headers);
    return err;
  }
  return ms_json_setc(reply, "headers", headers);
}

static int put_preflight(struct ms_json *headers, struct ms_json cors, struct ms_str origin)
{
  struct ms_json age = ms_json_getc(cors, "MaxAge");
  int err = put_origin(headers, cors, origin);
  if (err == 0) {
    err = put_list(headers, "Access-Control-Allow-Methods", ms_json_getc(cors, "AllowMethods"));
  }
  if (err == 0) {
    err = put_list(headers, "Access-Control-Allow-Headers", ms_json_getc(cors, "AllowHeaders"));
  }
  if (err == 0 && ms_json_is_number(age)) {
    err = put_header(headers, "Access-Control-Max-Age", ms_json_print_value(age));
  }
  return err;
}

int ms_web_url_preflight(struct ms_json *reply, struct ms_json cors, struct ms_json request)
{
  struct ms_json given = ms_json_getc(request, "headers");
  struct ms_str origin = ms_json_text(ms_json_getc(given, "origin"));
  *reply = MS_JSON_VALUE_NONE;
  if (!ms_json_is_object(cors) || origin.len == 0 ||
      !ms_str_is(ms_json_text(ms_json_getc(request, "method")), "OPTIONS") ||
      ms_json_is_none(ms_json_getc(given, "access-control-request-method"))) {
    return MSTEP_OK;
  }
  struct ms_json headers = ms_json_object(6), answer = ms_json_object(3);
  int err = is_allowed(cors, origin) ? put_preflight(&headers, cors, origin) : MSTEP_OK;
  int set = ms_json_setc(&answer, "statusCode", ms_json_int(200));
  set |= ms_json_setc(&answer, "headers", headers);
  set |= ms_json_setc(&answer, "body", ms_json_cstring(""));
  if (err != 0 || set != 0) {
    ms_json_unref(answer);
    return ms_error_nomem();
  }
  *reply = answer;
  return MSTEP_OK;
}
