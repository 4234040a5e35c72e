/*
 * The check of a signature, step by step as AWS does it: is there one, is it complete, is its scope right,
 * is its date near, is the key known, and does what we calculate match. Every header that decides over the
 * request (host, and all x-amz-*) must be among the signed ones: else somebody on the way could
 * change an operation under a signature that holds.
 */
#include "http/sigv4.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/sigv4.h"
#include "base/time.h"

#define EXPIRES_MAX_S 604800

/* The parts of a signature, wherever they stood. */
struct claim {
  struct ms_str credential;
  struct ms_str signed_headers;
  struct ms_str signature;
  struct ms_str date; /* YYYYMMDDTHHMMSSZ */
  struct ms_str day;  /* of the credential */
  int64_t at_ms;
  int64_t expires_ms;             /* presigned: how long; else -1 */
  char signed_headers_text[1024]; /* decoded, of a presigned one */
};

static const char *const texts[] = {
    "",
#define MS_AUTH(id, json_code, json_status, rest_status, query_code, query_status, text) text,
#include "http/auth.def"
#undef MS_AUTH
};

static bool refuse(struct ms_http_identity *out, enum ms_http_auth auth)
{
  out->auth = auth;
  snprintf(out->text, sizeof out->text, "%s", texts[auth]);
  return false;
}

static bool __attribute__((format(printf, 3, 4)))
refuse_with(struct ms_http_identity *out, enum ms_http_auth auth, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  out->auth = auth;
  vsnprintf(out->text, sizeof out->text, format, args);
  va_end(args);
  return false;
}

/* ---- where it stands --------------------------------------------------------------------------------- */

static struct ms_str trim(struct ms_str s)
{
  while (s.len > 0 && (s.data[0] == ' ' || s.data[0] == '\t')) {
    s = ms_str_sub(s, 1, s.len);
  }
  while (s.len > 0 && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t')) {
    s.len--;
  }
  return s;
}

static bool take_once(struct ms_str *slot, struct ms_str value)
{
  bool is_first = slot->data == NULL;
  *slot = value;
  return is_first && value.len > 0;
}

static bool read_header(struct ms_http_identity *out, struct claim *claim, struct ms_str header)
{
  size_t space = ms_str_find(header, 0, ' ');
  bool is_whole = ms_str_is(ms_str_sub(header, 0, space), MS_SIGV4_ALGORITHM);
  for (size_t at = space + 1; is_whole && at < header.len;) {
    size_t end = ms_str_find(header, at, ',');
    struct ms_str part = trim(ms_str_sub(header, at, end));
    size_t equals = ms_str_find(part, 0, '=');
    struct ms_str name = ms_str_sub(part, 0, equals);
    struct ms_str value = ms_str_sub(part, equals + 1, part.len);
    if (ms_str_is(name, "Credential")) {
      is_whole = take_once(&claim->credential, value);
    } else if (ms_str_is(name, "SignedHeaders")) {
      is_whole = take_once(&claim->signed_headers, value);
    } else if (ms_str_is(name, "Signature")) {
      is_whole = take_once(&claim->signature, value);
    } else {
      is_whole = false;
    }
    at = end + 1;
  }
  if (!is_whole || claim->credential.data == NULL || claim->signed_headers.data == NULL ||
      claim->signature.data == NULL) {
    return refuse_with(out, MS_HTTP_AUTH_INCOMPLETE,
                       "Authorization header requires the algorithm '%s' and one each of the "
                       "'Credential', 'SignedHeaders' and 'Signature' parameters.",
                       MS_SIGV4_ALGORITHM);
  }
  return true;
}

/* Decodes into `text`; false: malformed or too long. */
static bool decode_into(struct ms_str *out, char *text, size_t size, struct ms_str value)
{
  struct ms_buf buf;
  ms_buf_init(&buf, size - 1);
  bool is_decoded = ms_http_decode(&buf, value, false) == MSTEP_OK && buf.len > 0;
  if (is_decoded) {
    memcpy(text, buf.data, buf.len);
    text[buf.len] = '\0';
    *out = (struct ms_str){text, buf.len};
  }
  ms_buf_deinit(&buf);
  return is_decoded;
}

static bool read_number(int64_t *out, struct ms_str text)
{
  int64_t number = 0;
  for (size_t i = 0; i < text.len; i++) {
    if (text.data[i] < '0' || text.data[i] > '9' || i > 9) {
      return false;
    }
    number = number * 10 + (text.data[i] - '0');
  }
  *out = number;
  return text.len > 0;
}

static bool read_query(struct ms_http_identity *out, struct claim *claim, struct ms_str query)
{
  size_t at = 0;
  struct ms_field p;
  struct ms_str algorithm = {NULL, 0}, expires = {NULL, 0};
  bool is_whole = true;
  while (is_whole && ms_http_query_next(query, &at, &p)) {
    if (ms_str_is(p.name, "X-Amz-Algorithm")) {
      is_whole = take_once(&algorithm, p.value);
    } else if (ms_str_is(p.name, "X-Amz-Credential")) {
      is_whole = take_once(&claim->credential, p.value) &&
                 decode_into(&claim->credential, out->credential, sizeof out->credential, p.value);
    } else if (ms_str_is(p.name, "X-Amz-SignedHeaders")) {
      is_whole = take_once(&claim->signed_headers, p.value) &&
                 decode_into(&claim->signed_headers, claim->signed_headers_text,
                             sizeof claim->signed_headers_text, p.value);
    } else if (ms_str_is(p.name, "X-Amz-Signature")) {
      is_whole = take_once(&claim->signature, p.value);
    } else if (ms_str_is(p.name, "X-Amz-Date")) {
      is_whole = take_once(&claim->date, p.value);
    } else if (ms_str_is(p.name, "X-Amz-Expires")) {
      is_whole = take_once(&expires, p.value);
    }
  }
  int64_t seconds = 0;
  if (!is_whole || !ms_str_is(algorithm, MS_SIGV4_ALGORITHM) || claim->credential.len == 0 ||
      claim->signed_headers.len == 0 || claim->signature.len == 0 || claim->date.len == 0 ||
      !read_number(&seconds, expires) || seconds < 1 || seconds > EXPIRES_MAX_S) {
    return refuse_with(
        out, MS_HTTP_AUTH_INCOMPLETE,
        "A presigned request requires one each of X-Amz-Algorithm, X-Amz-Credential, "
        "X-Amz-Date, X-Amz-Expires (1 to %d), X-Amz-SignedHeaders and "
        "X-Amz-Signature.",
        EXPIRES_MAX_S);
  }
  claim->expires_ms = seconds * 1000;
  return true;
}

static bool has_query_signature(struct ms_str query)
{
  size_t at = 0;
  struct ms_field p;
  while (ms_http_query_next(query, &at, &p)) {
    if (ms_str_is(p.name, "X-Amz-Signature") || ms_str_is(p.name, "X-Amz-Credential")) {
      return true;
    }
  }
  return false;
}

/* access key / day / region / service / aws4_request */
static bool read_credential(struct ms_http_identity *out, struct claim *claim)
{
  struct ms_str parts[6];
  size_t count = 0;
  for (size_t at = 0; at <= claim->credential.len && count < 6;) {
    size_t slash = ms_str_find(claim->credential, at, '/');
    parts[count++] = ms_str_sub(claim->credential, at, slash);
    at = slash + 1;
  }
  bool is_whole = count == 5 && ms_str_is(parts[4], "aws4_request") && parts[1].len == 8;
  for (size_t i = 0; i < count; i++) {
    is_whole = is_whole && parts[i].len > 0;
  }
  if (!is_whole) {
    return refuse_with(out, MS_HTTP_AUTH_INCOMPLETE,
                       "Credential must have exactly 5 slash-delimited elements, e.g. "
                       "keyid/date/region/service/term");
  }
  out->access_key_id = parts[0];
  claim->day = parts[1];
  out->region = parts[2];
  out->service = parts[3];
  return true;
}

static bool read_claim(struct ms_http_identity *out, struct claim *claim,
                       const struct ms_http_message *message)
{
  size_t count = ms_field_count(message->headers, message->header_count, "authorization");
  bool is_presigned = has_query_signature(message->query);
  if (count == 0 && !is_presigned) {
    return refuse(out, MS_HTTP_AUTH_MISSING);
  }
  if (count > 1 || (count == 1 && is_presigned)) {
    return refuse_with(out, MS_HTTP_AUTH_INCOMPLETE,
                       "Only one way of authentication is allowed in a request.");
  }
  claim->expires_ms = -1;
  bool is_read = is_presigned ? read_query(out, claim, message->query)
                              : read_header(out, claim, ms_http_header(message, "authorization"));
  return is_read && read_credential(out, claim);
}

bool ms_http_sigv4_claim(struct ms_http_identity *out, const struct ms_http_message *message)
{
  struct claim claim = {0};
  memset(out, 0, sizeof *out);
  return read_claim(out, &claim, message);
}

/* ---- its date ---------------------------------------------------------------------------------------- */

/* "20150830T123600Z" */
static bool parse_date(int64_t *at_ms, struct ms_str date)
{
  if (date.len != 16 || date.data[8] != 'T' || date.data[15] != 'Z') {
    return false;
  }
  char text[32];
  int len = snprintf(text, sizeof text, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", date.data, date.data + 4,
                     date.data + 6, date.data + 9, date.data + 11, date.data + 13);
  return ms_time_parse(at_ms, NULL, (struct ms_str){text, (size_t)len});
}

static bool check_date(struct ms_http_identity *out, struct claim *claim,
                       const struct ms_http_message *message)
{
  if (claim->expires_ms < 0) {
    claim->date = ms_http_header(message, "x-amz-date");
    if (claim->date.data == NULL) {
      claim->date = ms_http_header(message, "date");
    }
  }
  if (!parse_date(&claim->at_ms, claim->date)) {
    return refuse_with(out, MS_HTTP_AUTH_INCOMPLETE,
                       "Authorization requires a valid 'X-Amz-Date' of the form YYYYMMDDTHHMMSSZ.");
  }
  if (!ms_str_eq(claim->day, ms_str_sub(claim->date, 0, 8))) {
    return refuse_with(out, MS_HTTP_AUTH_WRONG,
                       "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of "
                       "date from HTTP: '%.*s' != '%.8s', from '%.*s'.",
                       MS_STR_ARG(claim->day), claim->date.data, MS_STR_ARG(claim->date));
  }
  return true;
}

static bool check_time(struct ms_http_identity *out, const struct claim *claim,
                       const struct ms_http_sigv4 *check)
{
  bool is_presigned = claim->expires_ms >= 0;
  int64_t good_ms = is_presigned ? claim->expires_ms : check->skew_ms;
  char now[MS_SIGV4_DATE_SIZE], limit[MS_SIGV4_DATE_SIZE];
  int minutes = (int)(check->skew_ms / 60000);
  ms_sigv4_date(now, check->now_ms);
  if (claim->at_ms - check->now_ms > check->skew_ms) {
    ms_sigv4_date(limit, check->now_ms + check->skew_ms);
    return refuse_with(out, MS_HTTP_AUTH_WRONG,
                       "Signature not yet current: %.*s is still later than %s (%s + %d min.)",
                       MS_STR_ARG(claim->date), limit, now, minutes);
  }
  if (check->now_ms - claim->at_ms <= good_ms) {
    return true;
  }
  if (is_presigned) {
    return refuse(out, MS_HTTP_AUTH_EXPIRED);
  }
  ms_sigv4_date(limit, check->now_ms - check->skew_ms);
  return refuse_with(out, MS_HTTP_AUTH_WRONG,
                     "Signature expired: %.*s is now earlier than %s (%s - %d min.)",
                     MS_STR_ARG(claim->date), limit, now, minutes);
}

/* ---- what it covers ---------------------------------------------------------------------------------- */

static bool check_scope(struct ms_http_identity *out, const struct ms_http_sigv4 *check)
{
  if (check->region != NULL && !ms_str_is(out->region, check->region)) {
    return refuse_with(out, MS_HTTP_AUTH_WRONG,
                       "Credential should be scoped to a valid region, not '%.*s'. ",
                       out->region.len < 64 ? (int)out->region.len : 64, out->region.data);
  }
  if (check->service != NULL && !ms_str_is(out->service, check->service)) {
    return refuse_with(out, MS_HTTP_AUTH_WRONG,
                       "Credential should be scoped to correct service: '%s'. ", check->service);
  }
  return true;
}

static bool is_signed(struct ms_str signed_headers, struct ms_str name)
{
  for (size_t at = 0; at < signed_headers.len;) {
    size_t end = ms_str_find(signed_headers, at, ';');
    if (ms_field_same(ms_str_sub(signed_headers, at, end), name)) {
      return true;
    }
    at = end + 1;
  }
  return false;
}

/* Lower case, in order, none twice. */
static bool is_in_form(struct ms_str signed_headers)
{
  struct ms_str before = {NULL, 0};
  for (size_t at = 0; at <= signed_headers.len;) {
    size_t end = ms_str_find(signed_headers, at, ';');
    struct ms_str name = ms_str_sub(signed_headers, at, end);
    if (name.len == 0 || (before.data != NULL && ms_str_cmp(before, name) >= 0)) {
      return false;
    }
    for (size_t i = 0; i < name.len; i++) {
      if (name.data[i] != ms_ascii_lower(name.data[i])) {
        return false;
      }
    }
    before = name;
    at = end + 1;
  }
  return true;
}

static bool check_headers(struct ms_http_identity *out, const struct claim *claim,
                          const struct ms_http_message *message)
{
  if (!is_in_form(claim->signed_headers)) {
    return refuse_with(out, MS_HTTP_AUTH_INCOMPLETE,
                       "SignedHeaders must be lower-case names in order, separated by semicolons.");
  }
  if (!is_signed(claim->signed_headers, MS_STR("host"))) {
    return refuse_with(out, MS_HTTP_AUTH_WRONG,
                       "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  }
  for (size_t i = 0; i < message->header_count; i++) {
    struct ms_str name = message->headers[i].name;
    if (ms_field_is(ms_str_sub(name, 0, 6), "x-amz-") && !is_signed(claim->signed_headers, name)) {
      return refuse_with(out, MS_HTTP_AUTH_WRONG,
                         "'%.*s' must be a 'SignedHeader' in the AWS Authorization.",
                         name.len < 64 ? (int)name.len : 64, name.data);
    }
  }
  return true;
}

static bool payload_hash(struct ms_http_identity *out, char hash[MS_SIGV4_SIGNATURE_SIZE],
                         struct ms_str *used, const struct ms_http_message *message,
                         const struct ms_http_sigv4 *check, int *err)
{
  struct ms_str given = ms_http_header(message, "x-amz-content-sha256");
  if (given.data != NULL && ms_str_is(given, MS_SIGV4_UNSIGNED)) {
    *used = given;
    return check->is_unsigned_payload_allowed ||
           refuse_with(out, MS_HTTP_AUTH_WRONG,
                       "An unsigned payload is taken over TLS or on this machine only.");
  }
  if (ms_str_has_prefix(given, "STREAMING-")) {
    return refuse_with(out, MS_HTTP_AUTH_WRONG, "Signed chunks are not supported.");
  }
  *err = ms_sigv4_payload_hash(hash, message->body);
  *used = ms_str_c(hash);
  if (*err == 0 && given.data != NULL && !ms_digest_is_same(given, *used)) {
    return refuse_with(out, MS_HTTP_AUTH_WRONG,
                       "The provided 'x-amz-content-sha256' does not match what was computed.");
  }
  return *err == 0;
}

static bool check_signature(struct ms_http_identity *out, const struct claim *claim,
                            const struct ms_http_message *message,
                            const struct ms_http_sigv4 *check, int *err)
{
  struct ms_str secret, used;
  char hash[MS_SIGV4_SIGNATURE_SIZE] = "", signature[MS_SIGV4_SIGNATURE_SIZE] = "";
  *err = check->lookup(&secret, out->access_key_id, check->user);
  if (*err == MSTEP_ENOTFOUND) {
    *err = 0;
    return refuse(out, MS_HTTP_AUTH_UNKNOWN_KEY);
  }
  if (*err != 0 || !payload_hash(out, hash, &used, message, check, err)) {
    return false;
  }
  const struct ms_sigv4_request request = {message->method,  message->path,         message->query,
                                           message->headers, message->header_count, used};
  const struct ms_sigv4_scope scope = {claim->date, out->region, out->service};
  struct ms_buf canonical;
  ms_buf_init(&canonical, 0);
  ms_sigv4_canonical(&canonical, &request, claim->signed_headers);
  *err = canonical.error;
  if (*err == 0) {
    *err = ms_sigv4_signature(signature, secret, &scope, ms_buf_view(&canonical));
  }
  ms_buf_deinit(&canonical);
  if (*err == MSTEP_ETOOBIG) {
    *err = 0;
    return refuse_with(out, MS_HTTP_AUTH_WRONG, "The query has too many parameters.");
  }
  return *err == 0 && (ms_digest_is_same(claim->signature, ms_str_c(signature)) ||
                       refuse(out, MS_HTTP_AUTH_MISMATCH));
}

int ms_http_sigv4_check(struct ms_http_identity *out, const struct ms_http_message *message,
                        const struct ms_http_sigv4 *check)
{
  struct claim claim = {0};
  int err = 0;
  memset(out, 0, sizeof *out);
  bool holds = read_claim(out, &claim, message) && check_date(out, &claim, message) &&
               check_scope(out, check) && check_headers(out, &claim, message) &&
               check_time(out, &claim, check) && check_signature(out, &claim, message, check, &err);
  if (holds && check->replays != NULL && claim.expires_ms < 0 &&
      ms_http_replays_note(check->replays, claim.signature, check->now_ms,
                           claim.at_ms + check->skew_ms)) {
    refuse(out, MS_HTTP_AUTH_REPLAYED);
  }
  return err;
}
