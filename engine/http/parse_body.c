/*
 * The body: a known number of bytes, or chunks. A chunk's size is hex digits and nothing else, its lines
 * end in CR LF; extensions are passed over, and so are trailers, which nothing here needs.
 */
#include "base/error.h"
#include "http/parse_internal.h"

#define EXTENSION_BYTES_MAX 256
#define SIZE_DIGITS_MAX 15

static enum ms_http_parse done(struct ms_http_parser *parser)
{
  parser->message.body = ms_buf_view(&parser->body);
  parser->state = MS_HTTP_AT_END;
  return MS_HTTP_DONE;
}

/* Appends what there is of `left`; false: refused. */
static bool take(struct ms_http_parser *parser, struct ms_str data, size_t *at)
{
  size_t count = data.len - *at;
  if (count > parser->left) {
    count = (size_t)parser->left;
  }
  ms_buf_put(&parser->body, data.data + *at, count);
  *at += count;
  parser->left -= count;
  if (parser->body.error == MSTEP_ENOMEM) {
    ms_http_parser_refuse(parser, 503, "out of memory");
  } else if (parser->body.error != 0) {
    ms_http_parser_refuse(parser, 413, "the body is too large");
  }
  return parser->body.error == 0;
}

static bool size_digit(struct ms_http_parser *parser, char c)
{
  char lower = ms_ascii_lower(c);
  unsigned digit;
  if (c >= '0' && c <= '9') {
    digit = (unsigned)(c - '0');
  } else if (lower >= 'a' && lower <= 'f') {
    digit = (unsigned)(lower - 'a' + 10);
  } else {
    return false;
  }
  parser->left = parser->left * 16 + digit;
  parser->digits++;
  return parser->digits <= SIZE_DIGITS_MAX;
}

static bool at_size(struct ms_http_parser *parser, char c)
{
  if (size_digit(parser, c)) {
    return true;
  }
  parser->extra_bytes = 0;
  if (parser->digits > SIZE_DIGITS_MAX || parser->digits == 0) {
    return false;
  }
  parser->state = c == '\r' ? MS_HTTP_AT_SIZE_LF : MS_HTTP_AT_EXTENSION;
  return c == '\r' || c == ';';
}

static bool at_extension(struct ms_http_parser *parser, char c)
{
  if (c == '\r') {
    parser->state = MS_HTTP_AT_SIZE_LF;
    return true;
  }
  return ms_http_is_value_char(c) && ++parser->extra_bytes <= EXTENSION_BYTES_MAX;
}

static bool at_size_end(struct ms_http_parser *parser, char c)
{
  parser->extra_bytes = 0;
  parser->digits = 0;
  parser->is_last_chunk = parser->left == 0;
  parser->state = parser->is_last_chunk ? MS_HTTP_AT_TRAILER : MS_HTTP_AT_DATA;
  return c == '\n';
}

static bool at_trailer(struct ms_http_parser *parser, char c)
{
  switch (parser->state) {
  case MS_HTTP_AT_TRAILER:
    parser->state = c == '\r' ? MS_HTTP_AT_LAST_LF : MS_HTTP_AT_TRAILER_NAME;
    return c == '\r' || ms_http_is_token_char(c);
  case MS_HTTP_AT_TRAILER_NAME:
    parser->state = c == ':' ? MS_HTTP_AT_TRAILER_VALUE : MS_HTTP_AT_TRAILER_NAME;
    return c == ':' || ms_http_is_token_char(c);
  case MS_HTTP_AT_TRAILER_VALUE:
    parser->state = c == '\r' ? MS_HTTP_AT_TRAILER_LF : MS_HTTP_AT_TRAILER_VALUE;
    return c == '\r' || ms_http_is_value_char(c);
  case MS_HTTP_AT_TRAILER_LF:
    parser->state = MS_HTTP_AT_TRAILER;
    return c == '\n';
  default: /* MS_HTTP_AT_LAST_LF */
    parser->state = MS_HTTP_AT_LAST;
    return c == '\n';
  }
}

/* One character that is not data of the body. False: it has no place there. */
static bool read_char(struct ms_http_parser *parser, char c)
{
  switch (parser->state) {
  case MS_HTTP_AT_SIZE:
    return at_size(parser, c);
  case MS_HTTP_AT_EXTENSION:
    return at_extension(parser, c);
  case MS_HTTP_AT_SIZE_LF:
    return at_size_end(parser, c);
  case MS_HTTP_AT_DATA_CR:
    parser->state = MS_HTTP_AT_DATA_LF;
    return c == '\r';
  case MS_HTTP_AT_DATA_LF:
    parser->state = MS_HTTP_AT_SIZE;
    return c == '\n';
  default:
    return at_trailer(parser, c);
  }
}

static enum ms_http_parse read_chunks(struct ms_http_parser *parser, struct ms_str data, size_t *at)
{
  while (*at < data.len && parser->state != MS_HTTP_AT_LAST) {
    if (parser->state == MS_HTTP_AT_DATA) {
      if (!take(parser, data, at)) {
        return MS_HTTP_REFUSED;
      }
      parser->state = parser->left == 0 ? MS_HTTP_AT_DATA_CR : MS_HTTP_AT_DATA;
      continue;
    }
    if (!read_char(parser, data.data[(*at)++])) {
      return ms_http_parser_refuse(parser, 400, "malformed chunk");
    }
    if (parser->is_last_chunk && ++parser->extra_bytes > parser->limits->head_bytes) {
      return ms_http_parser_refuse(parser, 431, "the trailers are too large");
    }
    if (parser->state == MS_HTTP_AT_DATA &&
        parser->left > parser->limits->body_bytes - parser->body.len) {
      return ms_http_parser_refuse(parser, 413, "the body is too large");
    }
  }
  return parser->state == MS_HTTP_AT_LAST ? done(parser) : MS_HTTP_MORE;
}

enum ms_http_parse ms_http_parser_feed_body(struct ms_http_parser *parser, struct ms_str data,
                                            size_t *used)
{
  switch (parser->state) {
  case MS_HTTP_AT_LAST:
    return done(parser);
  case MS_HTTP_AT_END:
    return MS_HTTP_REFUSED;
  case MS_HTTP_AT_BODY:
    if (!take(parser, data, used)) {
      return MS_HTTP_REFUSED;
    }
    return parser->left == 0 ? done(parser) : MS_HTTP_MORE;
  default:
    return read_chunks(parser, data, used);
  }
}
