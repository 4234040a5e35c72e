/*
 * The one reading of a request's bytes. Takes what arrives, in pieces of any size, and gives a message or
 * a refusal: everything that two servers could read differently is refused, before anybody acts on it.
 * Pure: no socket, no clock.
 *
 *                 feed                  feed                     feed
 *   (nothing) ──────────▶ line, headers ────▶ HEAD, body or chunks ────▶ DONE
 *                              │                      │
 *                              └──────────────────────┴─────▶ REFUSED: status and reason
 */
#ifndef MS_HTTP_PARSE_H
#define MS_HTTP_PARSE_H

#include "base/vec.h"
#include "http/message.h"

struct ms_http_parse_limits {
  size_t head_bytes; /* request line and headers; trailers have as much again */
  unsigned header_count;
  size_t body_bytes;
};

enum ms_http_parse {
  MS_HTTP_MORE,   /* everything was taken, the request is not complete */
  MS_HTTP_HEAD,   /* line and headers are; feed again, with what is left, for the body */
  MS_HTTP_DONE,   /* all of it is; what is left belongs to the next request */
  MS_HTTP_REFUSED /* never comes right: `status` and `reason` */
};

/* Offsets into `head`, which moves while it grows. */
struct ms_http_span {
  size_t name, name_len, value, value_len;
};

struct ms_http_parser {
  const struct ms_http_parse_limits *limits; /* borrowed */
  unsigned state;
  struct ms_buf head;
  struct ms_buf body;
  MS_VEC(struct ms_http_span) spans;
  MS_VEC(struct ms_field) headers;
  size_t line_at; /* where the line that is being read begins in head */
  size_t method_len, target_at, target_len;
  uint64_t left;      /* of the body, or of the chunk */
  size_t extra_bytes; /* of trailers, and of one chunk's extension */
  unsigned digits;    /* of the chunk's size */
  bool is_line_read;
  bool had_empty_line; /* one before the request line is passed over */
  bool is_last_chunk;
  /* From HEAD on. */
  struct ms_http_message message; /* peer and is_tls are the connection's to fill in */
  bool is_chunked;
  bool has_body;
  bool is_keep_alive;
  bool is_continue_expected;
  /* REFUSED. */
  int status;
  const char *reason; /* static text */
};

void ms_http_parser_init(struct ms_http_parser *parser, const struct ms_http_parse_limits *limits);
void ms_http_parser_deinit(struct ms_http_parser *parser);
/* For the next request; keeps a little memory. */
void ms_http_parser_reset(struct ms_http_parser *parser);
/* Nothing of a request has arrived. */
bool ms_http_parser_is_empty(const struct ms_http_parser *parser);
/*
 * *used gets how much of data was taken. Out of memory is a refusal with status 503. Not to be fed after
 * DONE or REFUSED.
 */
enum ms_http_parse ms_http_parser_feed(struct ms_http_parser *parser, struct ms_str data,
                                       size_t *used);
/* Bytes held for it. */
size_t ms_http_parser_memory(const struct ms_http_parser *parser);

#endif
