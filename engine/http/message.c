/* Reading the parts of a request: headers, words of headers, percent-encoding, queries. */
#include "http/message.h"

#include "base/error.h"

struct ms_str ms_http_header(const struct ms_http_message *message, const char *name)
{
  return ms_field_get(message->headers, message->header_count, name);
}

static struct ms_str trim(struct ms_str s)
{
  while (s.len > 0 && (s.data[0] == ' ' || s.data[0] == '\t')) {
    s.data++;
    s.len--;
  }
  while (s.len > 0 && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t')) {
    s.len--;
  }
  return s;
}

bool ms_http_has_word(struct ms_str value, const char *word)
{
  for (size_t at = 0; at < value.len;) {
    size_t end = ms_str_find(value, at, ',');
    if (ms_field_is(trim(ms_str_sub(value, at, end)), word)) {
      return true;
    }
    at = end + 1;
  }
  return false;
}

struct ms_str ms_http_media_type(const struct ms_http_message *message)
{
  struct ms_str value = ms_http_header(message, "content-type");
  return trim(ms_str_sub(value, 0, ms_str_find(value, 0, ';')));
}

struct ms_str ms_http_host_name(struct ms_str host)
{
  if (host.len > 0 && host.data[0] == '[') {
    return ms_str_sub(host, 1, ms_str_find(host, 0, ']'));
  }
  return ms_str_sub(host, 0, ms_str_find(host, 0, ':'));
}

static int hex_value(char c)
{
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  c = ms_ascii_lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int ms_http_decode(struct ms_buf *out, struct ms_str text, bool is_form)
{
  for (size_t i = 0; i < text.len; i++) {
    char c = text.data[i];
    if (c == '+' && is_form) {
      c = ' ';
    } else if (c == '%') {
      int high = i + 2 < text.len ? hex_value(text.data[i + 1]) : -1;
      int low = high >= 0 ? hex_value(text.data[i + 2]) : -1;
      if (low < 0) {
        return ms_error(MSTEP_ESYNTAX, "a percent sign without two hex digits");
      }
      c = (char)(high * 16 + low);
      i += 2;
    }
    ms_buf_char(out, c);
  }
  return out->error;
}

bool ms_http_query_next(struct ms_str query, size_t *at, struct ms_field *parameter)
{
  while (*at < query.len) {
    size_t end = ms_str_find(query, *at, '&');
    struct ms_str part = ms_str_sub(query, *at, end);
    *at = end + 1;
    if (part.len > 0) {
      size_t equals = ms_str_find(part, 0, '=');
      parameter->name = ms_str_sub(part, 0, equals);
      parameter->value = ms_str_sub(part, equals + 1, part.len);
      return true;
    }
  }
  return false;
}

/* ---- endpoints --------------------------------------------------------------------------------------- */

struct ms_str ms_http_endpoint_base(struct ms_str name)
{
  size_t id = ms_str_find(name, 0, '.');
  size_t kind = ms_str_find(name, id + 1, '.');
  size_t region = ms_str_find(name, kind + 1, '.');
  struct ms_str label = ms_str_sub(name, id + 1, kind);
  bool is_endpoint = id > 0 && region < name.len &&
                     (ms_field_is(label, "lambda-url") || ms_field_is(label, "execute-api"));
  return is_endpoint ? ms_str_sub(name, region + 1, name.len) : name;
}

bool ms_http_is_endpoint(const struct ms_http_message *message)
{
  struct ms_str name = ms_http_host_name(message->host);
  return ms_http_endpoint_base(name).len != name.len ||
         ms_str_has_prefix(message->path, "/_aws/lambda-url/") ||
         ms_str_has_prefix(message->path, "/_aws/execute-api/") ||
         ms_str_has_prefix(message->path, "/restapis/");
}
