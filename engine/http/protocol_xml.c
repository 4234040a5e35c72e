/*
 * The Query protocol, outwards: JSON becomes XML. Members are elements; lists and maps are written as
 * query.def says, or as most services do. Text that XML cannot hold is replaced, not sent.
 */
#include "base/error.h"
#include "base/utf8.h"
#include "http/protocol_internal.h"

enum { STRING = MS_HTTP_STRING, INTEGER, BOOLEAN, LIST, MAP, ENTRY };

static const struct element {
  const char *name;
  const char *operation; /* "": any */
  const char *service;
  const char *wire;
  int kind;
  const char *key;
  const char *value;
} elements[] = {
#define MS_QUERY_IN(wire, operation, service, name, kind, key, value)
#define MS_QUERY_OUT(name, operation, service, wire, kind, key, value)                             \
  {name, operation, #service, wire, kind, key, value},
#include "http/query.def"
#undef MS_QUERY_IN
#undef MS_QUERY_OUT
};

struct writer {
  struct ms_buf *out;
  const struct ms_http_call *call;
};

/* ---- text -------------------------------------------------------------------------------------------- */

static const char *escape_of(unsigned char c)
{
  switch (c) {
  case '<':
    return "&lt;";
  case '>':
    return "&gt;";
  case '&':
    return "&amp;";
  case '"':
    return "&quot;";
  case '\r':
    return "&#xD;";
  case '\t':
  case '\n':
    return NULL;
  default:
    return c < 0x20 ? "\xef\xbf\xbd" : NULL; /* no XML text has these */
  }
}

static void put_text(struct ms_buf *out, struct ms_str text)
{
  size_t from = 0;
  for (size_t i = 0; i < text.len; i++) {
    const char *escape = escape_of((unsigned char)text.data[i]);
    if (escape != NULL) {
      ms_buf_str(out, ms_str_sub(text, from, i));
      ms_buf_cstr(out, escape);
      from = i + 1;
    }
  }
  ms_buf_str(out, ms_str_sub(text, from, text.len));
}

/* A name out of a reply: only what can be the name of an element is one. */
static bool is_name(struct ms_str name)
{
  for (size_t i = 0; i < name.len; i++) {
    char lower = ms_ascii_lower(name.data[i]);
    bool is_letter = (lower >= 'a' && lower <= 'z') || lower == '_';
    bool is_other = (lower >= '0' && lower <= '9') || lower == '-' || lower == '.';
    if (!is_letter && (i == 0 || !is_other)) {
      return false;
    }
  }
  return name.len > 0;
}

static void open_tag(struct ms_buf *out, struct ms_str name)
{
  ms_buf_char(out, '<');
  ms_buf_str(out, name);
  ms_buf_char(out, '>');
}

static void close_tag(struct ms_buf *out, struct ms_str name)
{
  ms_buf_cstr(out, "</");
  ms_buf_str(out, name);
  ms_buf_char(out, '>');
}

static void put_element(struct ms_buf *out, const char *name, struct ms_str text)
{
  open_tag(out, ms_str_c(name));
  put_text(out, text);
  close_tag(out, ms_str_c(name));
}

/* ---- values ------------------------------------------------------------------------------------------ */

static const struct element *find_element(const struct writer *w, struct ms_str name)
{
  for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++) {
    const struct element *e = &elements[i];
    bool is_any = e->operation[0] == '\0' || strcmp(e->operation, w->call->operation) == 0;
    if (is_any && strcmp(e->service, w->call->service->name) == 0 && ms_str_is(name, e->name)) {
      return e;
    }
  }
  return NULL;
}

static void put_value(struct writer *w, struct ms_json value);

static void put_list(struct writer *w, struct ms_json list, struct ms_str tag)
{
  for (size_t i = 0; i < ms_json_count(list); i++) {
    open_tag(w->out, tag);
    put_value(w, ms_json_at(list, i));
    close_tag(w->out, tag);
  }
}

static void put_map(struct writer *w, struct ms_json map, const struct element *e)
{
  for (size_t i = 0; i < ms_json_count(map); i++) {
    open_tag(w->out, ms_str_c(e->wire));
    put_element(w->out, e->key, ms_json_key(map, i));
    open_tag(w->out, ms_str_c(e->value));
    put_value(w, ms_json_member(map, i));
    close_tag(w->out, ms_str_c(e->value));
    close_tag(w->out, ms_str_c(e->wire));
  }
}

static void put_member(struct writer *w, struct ms_str name, struct ms_json value)
{
  const struct element *e = find_element(w, name);
  if (ms_json_is_null(value) || !is_name(name)) {
    return;
  }
  if (e != NULL && e->kind == LIST && ms_json_is_array(value)) {
    put_list(w, value, ms_str_c(e->wire));
  } else if (e != NULL && e->kind == MAP && ms_json_is_object(value)) {
    put_map(w, value, e);
  } else {
    open_tag(w->out, name);
    if (e != NULL && e->kind == ENTRY && ms_json_is_object(value)) {
      put_map(w, value, e);
    } else {
      put_value(w, value);
    }
    close_tag(w->out, name);
  }
}

/* Recursion is bounded by the depth of JSON values. */
static void put_value(struct writer *w, struct ms_json value)
{
  if (ms_json_is_object(value)) {
    for (size_t i = 0; i < ms_json_count(value); i++) {
      put_member(w, ms_json_key(value, i), ms_json_member(value, i));
    }
  } else if (ms_json_is_array(value)) {
    put_list(w, value, MS_STR("member"));
  } else if (ms_json_is_string(value)) {
    put_text(w->out, ms_json_text(value));
  } else if (!ms_json_is_null(value)) {
    ms_json_print(w->out, value); /* numbers, true, false */
  }
}

/* ---- answers ----------------------------------------------------------------------------------------- */

static void put_headers(struct ms_http_answer *answer)
{
  ms_http_answer_header(answer, MS_STR("Content-Type"), MS_STR("text/xml"));
}

/*
 * Clients look for the result of an operation that has one also when there is nothing in it, as of an empty queue.
 * What SQS only does has none; SNS writes one always.
 */
static bool has_result(const struct ms_http_call *call, struct ms_json reply)
{
  struct ms_str name = ms_str_c(call->operation);
  return ms_json_count(reply) > 0 || strcmp(call->service->name, "sqs") != 0 ||
         ms_str_has_prefix(name, "Receive") || ms_str_has_prefix(name, "Get") ||
         ms_str_has_prefix(name, "List");
}

int ms_http_query_encode(struct ms_http_answer *answer, const struct ms_http_call *call,
                         struct ms_json reply, struct ms_str request_id)
{
  struct ms_buf *out = &answer->body;
  struct writer w = {out, call};
  const char *name = call->operation;
  ms_buf_printf(out, "<?xml version=\"1.0\"?><%sResponse xmlns=\"%s\">", name,
                call->service->xml_namespace);
  if (has_result(call, reply)) {
    ms_buf_printf(out, "<%sResult>", name);
    put_value(&w, reply);
    ms_buf_printf(out, "</%sResult>", name);
  }
  ms_buf_cstr(out, "<ResponseMetadata>");
  put_element(out, "RequestId", request_id);
  ms_buf_printf(out, "</ResponseMetadata></%sResponse>", name);
  put_headers(answer);
  return out->error;
}

int ms_http_query_error(struct ms_http_answer *answer, const struct ms_http_call *call,
                        const struct ms_http_error *error, struct ms_str request_id)
{
  struct ms_buf *out = &answer->body;
  int status = error->status;
  const char *suffix = "";
  struct ms_str code = call->service == NULL
                           ? error->code
                           : ms_http_query_code(call->service, error->code, &status, &suffix);
  answer->status = status;
  ms_buf_cstr(out, "<?xml version=\"1.0\"?><ErrorResponse");
  if (call->service != NULL) {
    ms_buf_printf(out, " xmlns=\"%s\"", call->service->xml_namespace);
  }
  ms_buf_cstr(out, "><Error>");
  put_element(out, "Type", status < 500 ? MS_STR("Sender") : MS_STR("Receiver"));
  put_element(out, "Code", code);
  ms_buf_cstr(out, "<Message>");
  put_text(out, error->text);
  ms_buf_cstr(out, suffix);
  ms_buf_cstr(out, "</Message><Detail/></Error>");
  put_element(out, "RequestId", request_id);
  ms_buf_cstr(out, "</ErrorResponse>");
  put_headers(answer);
  return out->error;
}
