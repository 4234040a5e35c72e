/*
 * Request line and headers (RFC 9112), strictly. Lines end in CR LF and nothing else does; a control
 * character, a folded line, a blank before the colon, two lengths or a length beside chunks are each
 * something that another server has read in its own way, and a request smuggled past it: all are 400.
 * The body's framing is decided here; its bytes are parse_body.c's.
 */
#include "http/parse.h"

#include "base/alloc.h"
#include "base/error.h"
#include "http/parse_internal.h"

#define KEPT_BYTES_MAX 65536
#define BODY_START_BYTES 4096

/* ---- life -------------------------------------------------------------------------------------------- */

void ms_http_parser_init(struct ms_http_parser *parser, const struct ms_http_parse_limits *limits)
{
  memset(parser, 0, sizeof *parser);
  parser->limits = limits;
  ms_buf_init(&parser->head, limits->head_bytes);
  ms_buf_init(&parser->body, limits->body_bytes);
}

void ms_http_parser_deinit(struct ms_http_parser *parser)
{
  ms_buf_deinit(&parser->head);
  ms_buf_deinit(&parser->body);
  ms_free(parser->spans.data);
  ms_free(parser->headers.data);
}

static void keep_small(struct ms_buf *buf)
{
  if (buf->capacity > KEPT_BYTES_MAX) {
    size_t max = buf->max;
    ms_buf_deinit(buf);
    ms_buf_init(buf, max);
  } else {
    ms_buf_reset(buf);
  }
}

void ms_http_parser_reset(struct ms_http_parser *parser)
{
  keep_small(&parser->head);
  keep_small(&parser->body);
  struct ms_http_parser kept = *parser;
  memset(parser, 0, sizeof *parser);
  parser->limits = kept.limits;
  parser->head = kept.head;
  parser->body = kept.body;
  parser->spans.data = kept.spans.data;
  parser->spans.capacity = kept.spans.capacity;
  parser->headers.data = kept.headers.data;
  parser->headers.capacity = kept.headers.capacity;
}

bool ms_http_parser_is_empty(const struct ms_http_parser *parser)
{
  return parser->state == MS_HTTP_AT_HEAD && parser->head.len == 0;
}

size_t ms_http_parser_memory(const struct ms_http_parser *parser)
{
  return parser->head.capacity + parser->body.capacity;
}

enum ms_http_parse ms_http_parser_refuse(struct ms_http_parser *parser, int status,
                                         const char *reason)
{
  parser->state = MS_HTTP_AT_END;
  parser->status = status;
  parser->reason = reason;
  return MS_HTTP_REFUSED;
}

/* ---- characters -------------------------------------------------------------------------------------- */

bool ms_http_is_token_char(char c)
{
  if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) {
    return true;
  }
  return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

bool ms_http_is_value_char(char c)
{
  unsigned char byte = (unsigned char)c;
  return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

static bool is_token(struct ms_str s)
{
  for (size_t i = 0; i < s.len; i++) {
    if (!ms_http_is_token_char(s.data[i])) {
      return false;
    }
  }
  return s.len > 0;
}

static bool is_target(struct ms_str s)
{
  for (size_t i = 0; i < s.len; i++) {
    unsigned char byte = (unsigned char)s.data[i];
    if (byte <= 0x20 || byte >= 0x7f || byte == '#') {
      return false;
    }
  }
  return s.len > 0;
}

/* ---- request line ------------------------------------------------------------------------------------ */

/* Methods that a request may have; others, CONNECT and TRACE among them, are 501. */
static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"};

static bool is_known_method(struct ms_str method)
{
  for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
    if (ms_str_is(method, methods[i])) {
      return true;
    }
  }
  return false;
}

static enum ms_http_parse read_version(struct ms_http_parser *parser, struct ms_str version)
{
  bool is_version = version.len == 8 && ms_str_has_prefix(version, "HTTP/") &&
                    version.data[5] >= '0' && version.data[5] <= '9' && version.data[6] == '.' &&
                    version.data[7] >= '0' && version.data[7] <= '9';
  if (!is_version) {
    return ms_http_parser_refuse(parser, 400, "malformed request line");
  }
  if (version.data[5] != '1' || version.data[7] > '1') {
    return ms_http_parser_refuse(parser, 505, "HTTP/1.0 and HTTP/1.1 are spoken here");
  }
  parser->message.minor = (unsigned)(version.data[7] - '0');
  return MS_HTTP_MORE;
}

static enum ms_http_parse read_request_line(struct ms_http_parser *parser, struct ms_str line)
{
  if (line.len == 0) {
    if (parser->had_empty_line) {
      return ms_http_parser_refuse(parser, 400, "empty lines before the request line");
    }
    parser->had_empty_line = true; /* some clients send one behind a body */
    ms_buf_reset(&parser->head);
    return MS_HTTP_MORE;
  }
  size_t method_end = ms_str_find(line, 0, ' ');
  size_t target_end = ms_str_find(line, method_end + 1, ' ');
  struct ms_str method = ms_str_sub(line, 0, method_end);
  struct ms_str target = ms_str_sub(line, method_end + 1, target_end);
  if (!is_token(method) || !is_target(target) || target_end >= line.len) {
    return ms_http_parser_refuse(parser, 400, "malformed request line");
  }
  parser->method_len = method.len;
  parser->target_at = (size_t)(target.data - parser->head.data);
  parser->target_len = target.len;
  parser->is_line_read = true;
  if (read_version(parser, ms_str_sub(line, target_end + 1, line.len)) == MS_HTTP_REFUSED) {
    return MS_HTTP_REFUSED;
  }
  if (!is_known_method(method)) {
    return ms_http_parser_refuse(parser, 501, "unknown method");
  }
  return MS_HTTP_MORE;
}

static bool is_authority(struct ms_str s)
{
  for (size_t i = 0; i < s.len; i++) {
    char c = s.data[i];
    bool is_legal = ms_http_is_token_char(c) || c == ':' || c == '[' || c == ']';
    if (!is_legal) {
      return false;
    }
  }
  return true;
}

/* "http://host/path": as sent to proxies; every server must know it. */
static bool read_absolute(struct ms_http_parser *parser, struct ms_str *target)
{
  static const char *const schemes[] = {"http://", "https://"};
  for (size_t i = 0; i < 2; i++) {
    size_t len = strlen(schemes[i]);
    if (ms_field_is(ms_str_sub(*target, 0, len), schemes[i])) {
      struct ms_str rest = ms_str_sub(*target, len, target->len);
      size_t slash = ms_str_find(rest, 0, '/');
      size_t mark = ms_str_find(rest, 0, '?');
      size_t end = slash < mark ? slash : mark;
      parser->message.host = ms_str_sub(rest, 0, end);
      *target = ms_str_sub(rest, end, rest.len);
      return parser->message.host.len > 0 && is_authority(parser->message.host);
    }
  }
  return false;
}

static bool read_target(struct ms_http_parser *parser)
{
  struct ms_http_message *message = &parser->message;
  struct ms_str target = {parser->head.data + parser->target_at, parser->target_len};
  message->method = (struct ms_str){parser->head.data, parser->method_len};
  if (ms_str_is(target, "*")) {
    message->path = target;
    return ms_str_is(message->method, "OPTIONS");
  }
  if (target.data[0] != '/' && !read_absolute(parser, &target)) {
    return false;
  }
  size_t mark = ms_str_find(target, 0, '?');
  message->path = mark == 0 ? MS_STR("/") : ms_str_sub(target, 0, mark);
  if (mark < target.len) {
    message->query = ms_str_sub(target, mark + 1, target.len);
    message->query.data = target.data + mark + 1;
  }
  return true;
}

/* ---- headers ----------------------------------------------------------------------------------------- */

static enum ms_http_parse read_header_line(struct ms_http_parser *parser, struct ms_str line)
{
  if (line.data[0] == ' ' || line.data[0] == '\t') {
    return ms_http_parser_refuse(parser, 400, "a header is folded");
  }
  size_t colon = ms_str_find(line, 0, ':');
  struct ms_str name = ms_str_sub(line, 0, colon);
  if (colon == line.len || !is_token(name)) {
    return ms_http_parser_refuse(parser, 400, "malformed header");
  }
  size_t from = colon + 1;
  size_t to = line.len;
  while (from < to && (line.data[from] == ' ' || line.data[from] == '\t')) {
    from++;
  }
  while (to > from && (line.data[to - 1] == ' ' || line.data[to - 1] == '\t')) {
    to--;
  }
  for (size_t i = from; i < to; i++) {
    if (!ms_http_is_value_char(line.data[i])) {
      return ms_http_parser_refuse(parser, 400, "a control character in a header");
    }
  }
  int err = MS_VEC_RESERVE(&parser->spans, parser->limits->header_count, 1);
  if (err != 0) {
    return err == MSTEP_ENOMEM ? ms_http_parser_refuse(parser, 503, "out of memory")
                               : ms_http_parser_refuse(parser, 431, "too many headers");
  }
  size_t base = (size_t)(line.data - parser->head.data);
  parser->spans.data[parser->spans.count++] =
      (struct ms_http_span){base, name.len, base + from, to - from};
  return MS_HTTP_MORE;
}

static bool read_length(uint64_t *out, struct ms_str value)
{
  uint64_t length = 0;
  if (value.len == 0 || value.len > 18) {
    return false;
  }
  for (size_t i = 0; i < value.len; i++) {
    if (value.data[i] < '0' || value.data[i] > '9') {
      return false;
    }
    length = length * 10 + (uint64_t)(value.data[i] - '0');
  }
  *out = length;
  return true;
}

/* What the headers say that the server itself goes by. */
struct framing {
  struct ms_str length, encoding, host, expect;
  unsigned length_count, encoding_count, host_count;
  bool is_close, is_keep_alive;
};

static void note_header(struct framing *framing, const struct ms_field *header)
{
  switch (header->name.len) {
  case 4:
    if (ms_field_is(header->name, "host")) {
      framing->host = header->value;
      framing->host_count++;
    }
    break;
  case 6:
    if (ms_field_is(header->name, "expect")) {
      framing->expect = header->value;
    }
    break;
  case 10:
    if (ms_field_is(header->name, "connection")) {
      framing->is_close = framing->is_close || ms_http_has_word(header->value, "close");
      framing->is_keep_alive =
          framing->is_keep_alive || ms_http_has_word(header->value, "keep-alive");
    }
    break;
  case 14:
    if (ms_field_is(header->name, "content-length")) {
      framing->length = header->value;
      framing->length_count++;
    }
    break;
  case 17:
    if (ms_field_is(header->name, "transfer-encoding")) {
      framing->encoding = header->value;
      framing->encoding_count++;
    }
    break;
  default:
    break;
  }
}

static enum ms_http_parse decide_framing(struct ms_http_parser *parser,
                                         const struct framing *framing)
{
  if (framing->encoding_count > 0) {
    if (framing->length_count > 0) {
      return ms_http_parser_refuse(parser, 400, "Content-Length beside Transfer-Encoding");
    }
    if (framing->encoding_count > 1 || parser->message.minor == 0) {
      return ms_http_parser_refuse(parser, 400, "ambiguous Transfer-Encoding");
    }
    if (!ms_field_is(framing->encoding, "chunked")) {
      return ms_http_parser_refuse(parser, 501, "chunked is the only Transfer-Encoding");
    }
    parser->is_chunked = true;
    parser->has_body = true;
    return MS_HTTP_MORE;
  }
  if (framing->length_count == 0) {
    return MS_HTTP_MORE;
  }
  if (framing->length_count > 1 || !read_length(&parser->left, framing->length)) {
    return ms_http_parser_refuse(parser, 400, "ambiguous Content-Length");
  }
  if (parser->left > parser->limits->body_bytes) {
    return ms_http_parser_refuse(parser, 413, "the body is too large");
  }
  parser->has_body = parser->left > 0;
  return MS_HTTP_MORE;
}

static enum ms_http_parse decide_rest(struct ms_http_parser *parser, const struct framing *framing)
{
  struct ms_http_message *message = &parser->message;
  if (framing->host_count > 1 || (framing->host_count == 0 && message->minor > 0) ||
      !is_authority(framing->host)) {
    return ms_http_parser_refuse(parser, 400, "exactly one Host is needed");
  }
  if (message->host.data == NULL) { /* a target's own host goes before the header's */
    message->host = framing->host;
  }
  if (framing->expect.data != NULL && !ms_field_is(framing->expect, "100-continue")) {
    return ms_http_parser_refuse(parser, 417, "unknown expectation");
  }
  parser->is_continue_expected =
      framing->expect.data != NULL && message->minor > 0 && parser->has_body;
  parser->is_keep_alive = !framing->is_close && (message->minor > 0 || framing->is_keep_alive);
  return MS_HTTP_MORE;
}

static enum ms_http_parse finish_head(struct ms_http_parser *parser)
{
  size_t count = parser->spans.count;
  if (!read_target(parser)) {
    return ms_http_parser_refuse(parser, 400, "malformed target");
  }
  if (MS_VEC_RESERVE(&parser->headers, parser->limits->header_count, count) != 0) {
    return ms_http_parser_refuse(parser, 503, "out of memory");
  }
  struct framing framing = {0};
  for (size_t i = 0; i < count; i++) {
    const struct ms_http_span *span = &parser->spans.data[i];
    struct ms_field *header = &parser->headers.data[i];
    header->name = (struct ms_str){parser->head.data + span->name, span->name_len};
    header->value = (struct ms_str){parser->head.data + span->value, span->value_len};
    note_header(&framing, header);
  }
  parser->headers.count = count;
  parser->message.headers = parser->headers.data;
  parser->message.header_count = count;
  if (decide_framing(parser, &framing) == MS_HTTP_REFUSED ||
      decide_rest(parser, &framing) == MS_HTTP_REFUSED) {
    return MS_HTTP_REFUSED;
  }
  if (parser->has_body && !parser->is_chunked) {
    size_t start = parser->left < BODY_START_BYTES ? (size_t)parser->left : BODY_START_BYTES;
    ms_buf_reserve(&parser->body, start);
  }
  parser->state = !parser->has_body    ? MS_HTTP_AT_LAST
                  : parser->is_chunked ? MS_HTTP_AT_SIZE
                                       : MS_HTTP_AT_BODY;
  return MS_HTTP_HEAD;
}

/* ---- lines ------------------------------------------------------------------------------------------- */

/* A whole line with its end, from line_at on. */
static enum ms_http_parse read_line(struct ms_http_parser *parser)
{
  struct ms_str line = ms_str_sub(ms_buf_view(&parser->head), parser->line_at, parser->head.len);
  if (line.len < 2 || line.data[line.len - 2] != '\r') {
    return ms_http_parser_refuse(parser, 400, "a line ends without CR");
  }
  line.len -= 2;
  if (ms_str_find(line, 0, '\r') < line.len) {
    return ms_http_parser_refuse(parser, 400, "a CR inside a line");
  }
  enum ms_http_parse result;
  if (!parser->is_line_read) {
    result = read_request_line(parser, line);
  } else if (line.len == 0) {
    result = finish_head(parser);
  } else {
    result = read_header_line(parser, line);
  }
  parser->line_at = parser->head.len;
  return result;
}

static enum ms_http_parse head_is_full(struct ms_http_parser *parser)
{
  if (parser->head.error == MSTEP_ENOMEM) {
    return ms_http_parser_refuse(parser, 503, "out of memory");
  }
  return parser->is_line_read ? ms_http_parser_refuse(parser, 431, "the headers are too large")
                              : ms_http_parser_refuse(parser, 414, "the request line is too long");
}

static enum ms_http_parse feed_head(struct ms_http_parser *parser, struct ms_str data, size_t *used)
{
  size_t at = 0;
  enum ms_http_parse result = MS_HTTP_MORE;
  while (at < data.len && result == MS_HTTP_MORE) {
    size_t end = ms_str_find(data, at, '\n');
    bool is_line = end < data.len;
    size_t to = is_line ? end + 1 : data.len;
    ms_buf_put(&parser->head, data.data + at, to - at);
    if (parser->head.error != 0) {
      result = head_is_full(parser);
    } else if (is_line) {
      result = read_line(parser);
    } else if (!parser->is_line_read && parser->head.data[0] != '\r' &&
               !ms_http_is_token_char(parser->head.data[0])) {
      /* Not HTTP at all (a TLS greeting, say): no need to wait for the end of the line. */
      result = ms_http_parser_refuse(parser, 400, "malformed request line");
    }
    at = to;
  }
  *used = at;
  return result;
}

enum ms_http_parse ms_http_parser_feed(struct ms_http_parser *parser, struct ms_str data,
                                       size_t *used)
{
  *used = 0;
  if (parser->state == MS_HTTP_AT_HEAD) {
    return feed_head(parser, data, used);
  }
  return ms_http_parser_feed_body(parser, data, used);
}
