/*
 * A request as it stood on the wire, parsed and checked, and how its parts are read. Whoever looks
 * into a request (signatures, protocols) sees this and no socket. Owns nothing.
 */
#ifndef MS_HTTP_MESSAGE_H
#define MS_HTTP_MESSAGE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/field.h"

struct ms_http_message {
  struct ms_str method; /* "GET", as sent */
  struct ms_str path;   /* begins with '/', percent-encoded as sent; "*" of OPTIONS */
  struct ms_str query;  /* behind the '?', as sent; data NULL when there was no '?' */
  struct ms_str host;   /* of the target or the Host header; data NULL: HTTP/1.0 without */
  unsigned minor;       /* HTTP/1.minor */
  const struct ms_field *headers;
  size_t header_count;
  struct ms_str body;
  struct ms_str peer; /* "127.0.0.1:4711" */
  bool is_tls;
  bool is_loopback; /* the peer is on this machine */
};

/* The first of that name, whatever its case; data NULL when there is none. */
struct ms_str ms_http_header(const struct ms_http_message *message, const char *name);
/* Whether a comma-separated header has that word, whatever its case. */
bool ms_http_has_word(struct ms_str value, const char *word);
/* The media type of Content-Type, without parameters and blanks. */
struct ms_str ms_http_media_type(const struct ms_http_message *message);
/* The host without its port and without brackets. */
struct ms_str ms_http_host_name(struct ms_str host);

/*
 * Is it for an address that users gave functions (ID.lambda-url.REGION.NAME, ID.execute-api.REGION.NAME, and the
 * same as paths below /_aws/), whatever else it looks like? Then it is no call of an API.
 */
bool ms_http_is_endpoint(const struct ms_http_message *message);
/* What is left of such a host name: NAME. Any other as it is. */
struct ms_str ms_http_endpoint_base(struct ms_str host_name);

/*
 * Appends text with %XX undone; is_form: '+' is a space, too. MSTEP_ESYNTAX: an escape is cut short or
 * has other characters than hex digits.
 */
int ms_http_decode(struct ms_buf *out, struct ms_str text, bool is_form);

/*
 * Steps through "a=1&b=2": start with *at = 0; false at the end. Names and values as sent; empty parts
 * are passed over.
 */
bool ms_http_query_next(struct ms_str query, size_t *at, struct ms_field *parameter);

#endif
