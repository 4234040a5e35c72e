/*
 * AWS Signature Version 4, the arithmetic: canonical request, string to sign, signing key, signature.
 * Used by who signs (httpc) and by who checks (http). Pure: reads no clock, keeps no secret.
 */
#ifndef MS_BASE_SIGV4_H
#define MS_BASE_SIGV4_H

#include "base/buf.h"
#include "base/field.h"

#define MS_SIGV4_ALGORITHM "AWS4-HMAC-SHA256"
#define MS_SIGV4_UNSIGNED "UNSIGNED-PAYLOAD"
#define MS_SIGV4_SIGNATURE_SIZE 65 /* 64 hex digits and a NUL */
#define MS_SIGV4_DATE_SIZE 17      /* 20150830T123600Z and a NUL */
#define MS_SIGV4_QUERY_MAX 1024    /* parameters of a query; more are MSTEP_ETOOBIG */

struct ms_sigv4_request {
  struct ms_str method;
  struct ms_str path;  /* as on the wire, percent-encoded once; empty is "/" */
  struct ms_str query; /* as on the wire, without the '?' */
  const struct ms_field *headers;
  size_t header_count;
  struct ms_str payload_hash; /* 64 hex digits or MS_SIGV4_UNSIGNED */
};

/* What a signature is good for. */
struct ms_sigv4_scope {
  struct ms_str date; /* YYYYMMDDTHHMMSSZ; its first eight characters are the day */
  struct ms_str region;
  struct ms_str service;
};

/*
 * Appends the canonical request. signed_headers: lower case, sorted, "host;x-amz-date"; a name that the
 * request does not have counts as empty. X-Amz-Signature is left out of the query.
 */
void ms_sigv4_canonical(struct ms_buf *out, const struct ms_sigv4_request *request,
                        struct ms_str signed_headers);
/* Of a canonical request. Wipes the keys that it derives. */
int ms_sigv4_signature(char out[MS_SIGV4_SIGNATURE_SIZE], struct ms_str secret,
                       const struct ms_sigv4_scope *scope, struct ms_str canonical);
/* 64 hex digits of the payload. */
int ms_sigv4_payload_hash(char out[MS_SIGV4_SIGNATURE_SIZE], struct ms_str payload);
/* "20150830T123600Z". False, and an empty text, for years outside 0000 to 9999. */
bool ms_sigv4_date(char out[MS_SIGV4_DATE_SIZE], int64_t at_ms);

/* Appends text with everything but unreserved characters as %XX; '/' stays when keep_slash. */
void ms_sigv4_encode(struct ms_buf *out, struct ms_str text, bool keep_slash);

#endif
