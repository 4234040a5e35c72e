/* What the two halves of the parser share: its states, and how it refuses. */
#ifndef MS_HTTP_PARSE_INTERNAL_H
#define MS_HTTP_PARSE_INTERNAL_H

#include "http/parse.h"

enum {
  MS_HTTP_AT_HEAD,
  MS_HTTP_AT_BODY, /* of a known length */
  MS_HTTP_AT_SIZE, /* the digits of a chunk's size */
  MS_HTTP_AT_EXTENSION,
  MS_HTTP_AT_SIZE_LF,
  MS_HTTP_AT_DATA,
  MS_HTTP_AT_DATA_CR,
  MS_HTTP_AT_DATA_LF,
  MS_HTTP_AT_TRAILER, /* the start of a line behind the last chunk */
  MS_HTTP_AT_TRAILER_NAME,
  MS_HTTP_AT_TRAILER_VALUE,
  MS_HTTP_AT_TRAILER_LF,
  MS_HTTP_AT_LAST_LF, /* of the empty line at the end */
  MS_HTTP_AT_LAST,    /* nothing more to read: DONE at the next feed */
  MS_HTTP_AT_END
};

enum ms_http_parse ms_http_parser_refuse(struct ms_http_parser *parser, int status,
                                         const char *reason);
enum ms_http_parse ms_http_parser_feed_body(struct ms_http_parser *parser, struct ms_str data,
                                            size_t *used);
bool ms_http_is_token_char(char c);
bool ms_http_is_value_char(char c);

#endif
