/* See lineage.h. */
#include "messaging/lineage.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/digest.h"
#include "base/error.h"
#include "json/json.h"

#define HASH_SIZE 9
#define COUNT_MAX 1000000

static int hash_of(char out[HASH_SIZE], struct ms_str name)
{
  unsigned char bytes[MS_SHA256_SIZE];
  char text[2 * MS_SHA256_SIZE + 1];
  if (!ms_str_has_prefix(name, "arn:")) { /* it came from a header */
    snprintf(out, HASH_SIZE, "%.*s", MS_STR_ARG(ms_str_sub(name, 0, HASH_SIZE - 1)));
    return MSTEP_OK;
  }
  int err = ms_digest_sha256(bytes, name);
  if (err == 0) {
    ms_digest_print_hex(text, bytes, sizeof bytes);
    memcpy(out, text, HASH_SIZE - 1);
    out[HASH_SIZE - 1] = '\0';
  }
  return err;
}

/* Owned; an empty object when it is none. NONE: no memory. */
static struct ms_json parse(struct ms_str lineage)
{
  struct ms_json value;
  if (lineage.len == 0) {
    return ms_json_object(1);
  }
  int err = ms_json_parse(&value, lineage, NULL, NULL);
  if (err == MSTEP_ENOMEM) {
    return MS_JSON_VALUE_NONE;
  }
  if (err != 0 || !ms_json_is_object(value)) {
    ms_json_unref(err == 0 ? value : MS_JSON_VALUE_NONE);
    return ms_json_object(1);
  }
  return value;
}

static int64_t number_of(struct ms_json value)
{
  int64_t count;
  return ms_json_to_int(&count, value) && count > 0 && count < COUNT_MAX ? count : 0;
}

/* The name under which it is counted: its ARN, or its hash. */
static struct ms_json find(struct ms_json lineage, struct ms_str arn, char hash[HASH_SIZE],
                           struct ms_str *name)
{
  struct ms_json value = ms_json_get(lineage, arn);
  *name = arn;
  if (ms_json_is_none(value) && ms_json_count(lineage) > 0 && hash_of(hash, arn) == 0) {
    value = ms_json_getc(lineage, hash);
    *name = ms_json_is_none(value) ? arn : ms_str_c(hash);
  }
  return value;
}

int64_t ms_lineage_count(struct ms_str lineage, struct ms_str arn)
{
  char hash[HASH_SIZE];
  struct ms_str name;
  if (lineage.len == 0) {
    return 0;
  }
  struct ms_json object = parse(lineage);
  int64_t count = number_of(find(object, arn, hash, &name));
  ms_json_unref(object);
  return count;
}

int ms_lineage_next(struct ms_buf *out, struct ms_str lineage, struct ms_str arn)
{
  char hash[HASH_SIZE];
  struct ms_str name;
  struct ms_json object = parse(lineage);
  struct ms_json value = find(object, arn, hash, &name);
  int err = ms_json_is_none(object) ? ms_error_nomem() : MSTEP_OK;
  if (err == 0 &&
      (!ms_json_is_none(value) || ms_json_count(object) < MS_LINEAGE_FUNCTIONS_MAX)) {
    err = ms_json_set(&object, name, ms_json_int(number_of(value) + 1));
  }
  ms_json_print(out, object);
  ms_json_unref(object);
  return err != 0 ? err : out->error;
}

int ms_lineage_print_header(struct ms_buf *out, struct ms_str lineage, struct ms_random *random)
{
  struct ms_json object = parse(lineage);
  int err = ms_json_is_none(object) ? ms_error_nomem() : MSTEP_OK;
  size_t count = ms_json_count(object);
  if (count > 0) {
    ms_buf_printf(out,
                  "Root=1-%08" PRIx32 "-%016" PRIx64 "%08" PRIx32 ";Parent=%016" PRIx64
                  ";Sampled=0;Lineage=",
                  (uint32_t)ms_random_next(random), ms_random_next(random),
                  (uint32_t)ms_random_next(random), ms_random_next(random));
  }
  for (size_t i = 0; i < count && err == 0; i++) {
    char hash[HASH_SIZE];
    err = hash_of(hash, ms_json_key(object, i));
    ms_buf_printf(out, "%s1:%s:%" PRId64, i == 0 ? "" : "|", hash,
                  number_of(ms_json_member(object, i)));
  }
  ms_json_unref(object);
  return err != 0 ? err : out->error;
}

/* "1:HASH:count". False: something else. */
static bool read_part(char hash[HASH_SIZE], int64_t *count, struct ms_str part)
{
  size_t first = ms_str_find(part, 0, ':'), second = ms_str_find(part, first + 1, ':');
  *count = 0;
  if (second >= part.len || second - first != HASH_SIZE) {
    return false;
  }
  for (size_t i = first + 1; i < second; i++) {
    char c = part.data[i];
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
      return false;
    }
    hash[i - first - 1] = c;
  }
  hash[HASH_SIZE - 1] = '\0';
  for (size_t i = second + 1; i < part.len; i++) {
    if (part.data[i] < '0' || part.data[i] > '9' || *count >= COUNT_MAX / 10) {
      return false;
    }
    *count = *count * 10 + (part.data[i] - '0');
  }
  return *count > 0;
}

static struct ms_str field_of(struct ms_str header, const char *name)
{
  for (size_t from = 0; from < header.len;) {
    size_t end = ms_str_find(header, from, ';');
    struct ms_str field = ms_str_sub(header, from, end);
    if (ms_str_has_prefix(field, name)) {
      return ms_str_sub(field, strlen(name), field.len);
    }
    from = end + 1;
  }
  return (struct ms_str){NULL, 0};
}

int ms_lineage_read_header(struct ms_buf *out, struct ms_str header)
{
  struct ms_str text = field_of(header, "Lineage=");
  unsigned count = 0;
  for (size_t from = 0; from < text.len && count < MS_LINEAGE_FUNCTIONS_MAX;) {
    size_t end = ms_str_find(text, from, '|');
    char hash[HASH_SIZE];
    int64_t runs;
    if (read_part(hash, &runs, ms_str_sub(text, from, end))) {
      ms_buf_printf(out, "%s\"%s\":%" PRId64, count++ == 0 ? "{" : ",", hash, runs);
    }
    from = end + 1;
  }
  ms_buf_cstr(out, count > 0 ? "}" : "");
  return out->error;
}
