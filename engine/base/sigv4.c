/*
 * Signature Version 4 as AWS writes it down. The path is encoded once more than it was on the wire,
 * as all services but S3 have it; a query is decoded and encoded again, so that escapes in either case
 * and characters that needed none come out alike. What a request must look like, and what a wrong one
 * is answered with, is not decided here.
 */
#include "base/sigv4.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/sort.h"
#include "base/time.h"
#include "base/vec.h"

/* ---- encoding ---------------------------------------------------------------------------------------- */

static bool is_unreserved(char c)
{
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '~';
}

static void encode_char(struct ms_buf *out, char c)
{
  static const char digits[] = "0123456789ABCDEF";
  if (is_unreserved(c)) {
    ms_buf_char(out, c);
    return;
  }
  unsigned char byte = (unsigned char)c;
  char escape[3] = {'%', digits[byte >> 4], digits[byte & 15]};
  ms_buf_put(out, escape, sizeof escape);
}

void ms_sigv4_encode(struct ms_buf *out, struct ms_str text, bool keep_slash)
{
  for (size_t i = 0; i < text.len; i++) {
    if (keep_slash && text.data[i] == '/') {
      ms_buf_char(out, '/');
    } else {
      encode_char(out, text.data[i]);
    }
  }
}

static int hex_value(char c)
{
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  c = ms_ascii_lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void recode(struct ms_buf *out, struct ms_str text)
{
  for (size_t i = 0; i < text.len; i++) {
    char c = text.data[i];
    if (c == '%' && i + 2 < text.len) {
      int high = hex_value(text.data[i + 1]);
      int low = hex_value(text.data[i + 2]);
      if (high >= 0 && low >= 0) {
        c = (char)(high * 16 + low);
        i += 2;
      }
    }
    encode_char(out, c);
  }
}

/* ---- query ------------------------------------------------------------------------------------------- */

struct parameter {
  struct ms_str name; /* encoded */
  struct ms_str value;
};

static int compare_parameters(const void *a, const void *b)
{
  const struct parameter *left = a;
  const struct parameter *right = b;
  int order = ms_str_cmp(left->name, right->name);
  return order != 0 ? order : ms_str_cmp(left->value, right->value);
}

static size_t count_parameters(struct ms_str query)
{
  size_t count = 1;
  for (size_t i = 0; i < query.len; i++) {
    count += query.data[i] == '&' ? 1 : 0;
  }
  return count;
}

/* Encoded parameters, one behind the other in `text`; their places are valid once it is full. */
static size_t split_query(struct parameter *parameters, struct ms_buf *text, struct ms_str query)
{
  size_t count = 0;
  for (size_t at = 0; at < query.len;) {
    size_t end = ms_str_find(query, at, '&');
    struct ms_str part = ms_str_sub(query, at, end);
    at = end + 1;
    size_t equals = ms_str_find(part, 0, '=');
    struct ms_str name = ms_str_sub(part, 0, equals);
    if (part.len == 0 || ms_str_is(name, "X-Amz-Signature")) {
      continue;
    }
    size_t from = text->len;
    recode(text, name);
    size_t middle = text->len;
    recode(text, ms_str_sub(part, equals + 1, part.len));
    if (text->error != 0) {
      return 0;
    }
    parameters[count].name = (struct ms_str){text->data + from, middle - from};
    parameters[count].value = (struct ms_str){text->data + middle, text->len - middle};
    count++;
  }
  return count;
}

static int write_query(struct ms_buf *out, struct ms_str query, size_t max)
{
  struct parameter *parameters = ms_calloc(max, sizeof *parameters);
  struct ms_buf text;
  ms_buf_init(&text, 0);
  /* All at once, so that it does not move. */
  bool is_roomy = ms_buf_reserve(&text, 3 * query.len) != NULL;
  if (parameters == NULL || !is_roomy) {
    ms_free(parameters);
    ms_buf_deinit(&text);
    return ms_error_nomem();
  }
  size_t count = split_query(parameters, &text, query);
  ms_sort(parameters, count, sizeof *parameters, compare_parameters);
  for (size_t i = 0; i < count; i++) {
    if (i > 0) {
      ms_buf_char(out, '&');
    }
    ms_buf_str(out, parameters[i].name);
    ms_buf_char(out, '=');
    ms_buf_str(out, parameters[i].value);
  }
  int err = text.error;
  ms_free(parameters);
  ms_buf_deinit(&text);
  return err;
}

static void canonical_query(struct ms_buf *out, struct ms_str query)
{
  if (query.len == 0 || out->error != 0) {
    return;
  }
  size_t max = count_parameters(query);
  int err = max > MS_SIGV4_QUERY_MAX
                ? ms_error(MSTEP_ETOOBIG, "more than %d parameters", MS_SIGV4_QUERY_MAX)
                : write_query(out, query, max);
  if (err != 0 && out->error == 0) {
    out->error = err;
  }
}

/* ---- headers ----------------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
  return c == ' ' || c == '\t';
}

/* Without blanks around it, and each run of blanks inside as one space. */
static void squeeze(struct ms_buf *out, struct ms_str value)
{
  while (value.len > 0 && is_blank(value.data[value.len - 1])) {
    value.len--;
  }
  bool was_blank = true;
  for (size_t i = 0; i < value.len; i++) {
    bool blank = is_blank(value.data[i]);
    if (!blank) {
      ms_buf_char(out, value.data[i]);
    } else if (!was_blank) {
      ms_buf_char(out, ' ');
    }
    was_blank = blank;
  }
}

static void canonical_header(struct ms_buf *out, const struct ms_sigv4_request *request,
                             struct ms_str name)
{
  ms_buf_str(out, name);
  ms_buf_char(out, ':');
  bool is_first = true;
  for (size_t i = 0; i < request->header_count; i++) {
    if (!ms_field_same(request->headers[i].name, name)) {
      continue;
    }
    if (!is_first) {
      ms_buf_char(out, ',');
    }
    is_first = false;
    squeeze(out, request->headers[i].value);
  }
  ms_buf_char(out, '\n');
}

void ms_sigv4_canonical(struct ms_buf *out, const struct ms_sigv4_request *request,
                        struct ms_str signed_headers)
{
  ms_buf_str(out, request->method);
  ms_buf_char(out, '\n');
  ms_sigv4_encode(out, request->path.len == 0 ? MS_STR("/") : request->path, true);
  ms_buf_char(out, '\n');
  canonical_query(out, request->query);
  ms_buf_char(out, '\n');
  for (size_t at = 0; at < signed_headers.len;) {
    size_t end = ms_str_find(signed_headers, at, ';');
    canonical_header(out, request, ms_str_sub(signed_headers, at, end));
    at = end + 1;
  }
  ms_buf_char(out, '\n');
  ms_buf_str(out, signed_headers);
  ms_buf_char(out, '\n');
  ms_buf_str(out, request->payload_hash);
}

/* ---- signature --------------------------------------------------------------------------------------- */

static void wipe(void *data, size_t len)
{
  volatile unsigned char *bytes = data;
  for (size_t i = 0; i < len; i++) {
    bytes[i] = 0;
  }
}

static struct ms_str key_str(const unsigned char key[MS_SHA256_SIZE])
{
  return (struct ms_str){(const char *)key, MS_SHA256_SIZE};
}

static int signing_key(unsigned char key[MS_SHA256_SIZE], struct ms_str secret,
                       const struct ms_sigv4_scope *scope)
{
  struct ms_buf start;
  ms_buf_init(&start, 0);
  ms_buf_reserve(&start, 4 + secret.len); /* at once: no copy of the secret is left behind */
  ms_buf_cstr(&start, "AWS4");
  ms_buf_str(&start, secret);
  int err = start.error != 0 ? ms_error_nomem() : MSTEP_OK;
  if (err == 0) {
    err = ms_digest_hmac_sha256(key, ms_buf_view(&start), ms_str_sub(scope->date, 0, 8));
  }
  const struct ms_str steps[] = {scope->region, scope->service, MS_STR("aws4_request")};
  for (size_t i = 0; err == 0 && i < sizeof steps / sizeof steps[0]; i++) {
    unsigned char next[MS_SHA256_SIZE];
    err = ms_digest_hmac_sha256(next, key_str(key), steps[i]);
    memcpy(key, next, sizeof next);
    wipe(next, sizeof next);
  }
  if (start.data != NULL) {
    wipe(start.data, start.len);
  }
  ms_buf_deinit(&start);
  return err;
}

static int string_to_sign(struct ms_buf *out, const struct ms_sigv4_scope *scope,
                          struct ms_str canonical)
{
  char hash[MS_SIGV4_SIGNATURE_SIZE];
  int err = ms_sigv4_payload_hash(hash, canonical);
  if (err != 0) {
    return err;
  }
  ms_buf_cstr(out, MS_SIGV4_ALGORITHM "\n");
  ms_buf_str(out, scope->date);
  ms_buf_char(out, '\n');
  ms_buf_str(out, ms_str_sub(scope->date, 0, 8));
  ms_buf_char(out, '/');
  ms_buf_str(out, scope->region);
  ms_buf_char(out, '/');
  ms_buf_str(out, scope->service);
  ms_buf_cstr(out, "/aws4_request\n");
  ms_buf_cstr(out, hash);
  return out->error != 0 ? ms_error_nomem() : MSTEP_OK;
}

int ms_sigv4_signature(char out[MS_SIGV4_SIGNATURE_SIZE], struct ms_str secret,
                       const struct ms_sigv4_scope *scope, struct ms_str canonical)
{
  unsigned char key[MS_SHA256_SIZE] = {0};
  unsigned char signature[MS_SHA256_SIZE];
  struct ms_buf text;
  ms_buf_init(&text, 0);
  int err = string_to_sign(&text, scope, canonical);
  if (err == 0) {
    err = signing_key(key, secret, scope);
  }
  if (err == 0) {
    err = ms_digest_hmac_sha256(signature, key_str(key), ms_buf_view(&text));
  }
  if (err == 0) {
    ms_digest_print_hex(out, signature, sizeof signature);
  }
  wipe(key, sizeof key);
  ms_buf_deinit(&text);
  return err;
}

int ms_sigv4_payload_hash(char out[MS_SIGV4_SIGNATURE_SIZE], struct ms_str payload)
{
  unsigned char hash[MS_SHA256_SIZE];
  int err = ms_digest_sha256(hash, payload);
  if (err == 0) {
    ms_digest_print_hex(out, hash, sizeof hash);
  }
  return err;
}

bool ms_sigv4_date(char out[MS_SIGV4_DATE_SIZE], int64_t at_ms)
{
  int64_t seconds = at_ms / 1000 - (at_ms % 1000 < 0 ? 1 : 0);
  int64_t days = seconds / 86400 - (seconds % 86400 < 0 ? 1 : 0);
  int64_t rest = seconds - days * 86400;
  int64_t year;
  int month, day;
  ms_time_civil(days, &year, &month, &day);
  if (year < 0 || year > 9999) {
    out[0] = '\0';
    return false;
  }
  /* Room for what the compiler thinks could come. */
  char text[80];
  snprintf(text, sizeof text, "%04d%02d%02dT%02d%02d%02dZ", (int)year, month, day,
           (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
  memcpy(out, text, MS_SIGV4_DATE_SIZE - 1);
  out[MS_SIGV4_DATE_SIZE - 1] = '\0';
  return true;
}
