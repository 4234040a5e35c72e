/* Is a message what SQS would take: its body, its attributes, what goes with FIFO; and the MD5 of
 * attributes. */
#include <inttypes.h>

#include "base/base64.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/utf8.h"
#include "messaging/queue_internal.h"

#define ATTRIBUTES_MAX 10
#define ATTRIBUTE_NAME_MAX 256
#define FIFO_ID_MAX 128
#define SHOWN_MAX 128 /* bytes of a value that a refusal repeats */
#define DELAY_MAX_S 900

#define INVALID "InvalidParameterValueException"

static int shown(struct ms_str text)
{
  return text.len > SHOWN_MAX ? SHOWN_MAX : (int)text.len;
}

/* ---- characters ---- */

static bool is_legal(struct ms_str text)
{
  if (ms_utf8_check(text) != text.len) {
    return false;
  }
  for (size_t at = 0; at < text.len;) {
    uint32_t c = ms_utf8_next(text, &at);
    if ((c < 0x20 && c != 9 && c != 10 && c != 13) || c == 0xfffe || c == 0xffff) {
      return false;
    }
  }
  return true;
}

static int check_legal(struct ms_str text, struct ms_queue_refusal *why)
{
  return is_legal(text) ? MSTEP_OK
                        : ms_queue_refuse(why, "InvalidMessageContents",
                                          "Invalid characters found. Valid unicode characters are "
                                          "#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | "
                                          "#x10000 to #x10FFFF");
}

/* ---- attributes ---- */

static bool is_attribute_name(struct ms_str name)
{
  char before = '.';
  for (size_t i = 0; i < name.len; i++) {
    char c = name.data[i];
    bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '_' || c == '-';
    if (!is_word && (c != '.' || before == '.')) {
      return false;
    }
    before = c;
  }
  if (before == '.' || name.len > ATTRIBUTE_NAME_MAX) {
    return false;
  }
  static const char *const reserved[] = {"aws.", "amazon."};
  for (int i = 0; i < 2; i++) {
    size_t len = strlen(reserved[i]), at = 0;
    while (at < len && at < name.len && ms_ascii_lower(name.data[at]) == reserved[i][at]) {
      at++;
    }
    if (at == len) {
      return false;
    }
  }
  return true;
}

static bool has_type(struct ms_str type, const char *name)
{
  size_t len = strlen(name);
  return ms_str_has_prefix(type, name) && (type.len == len || type.data[len] == '.');
}

static bool is_number(struct ms_str text)
{
  size_t at = 0, digits = 0;
  if (at < text.len && (text.data[at] == '-' || text.data[at] == '+')) {
    at++;
  }
  for (bool has_point = false; at < text.len; at++) {
    char c = text.data[at];
    if (c >= '0' && c <= '9') {
      digits++;
    } else if (c == '.' && !has_point) {
      has_point = true;
    } else {
      break;
    }
  }
  if (digits > 0 && at < text.len && (text.data[at] == 'e' || text.data[at] == 'E')) {
    at++;
    at += at < text.len && (text.data[at] == '-' || text.data[at] == '+');
    digits = 0;
    for (; at < text.len && text.data[at] >= '0' && text.data[at] <= '9'; at++) {
      digits++;
    }
  }
  return digits > 0 && at == text.len;
}

/* The value as it is counted and hashed; of a Binary one, `decoded` gets the bytes. */
static int value_of(struct ms_str *out, struct ms_buf *decoded, struct ms_json attribute)
{
  bool is_binary = has_type(ms_json_text(ms_json_getc(attribute, "DataType")), "Binary");
  *out = ms_json_text(ms_json_getc(attribute, is_binary ? "BinaryValue" : "StringValue"));
  if (!is_binary) {
    return MSTEP_OK;
  }
  ms_buf_reset(decoded);
  int err = ms_base64_decode(decoded, *out);
  *out = ms_buf_view(decoded);
  return err;
}

static int check_attribute(size_t *bytes, struct ms_str name, struct ms_json attribute,
                           struct ms_queue_refusal *why)
{
  struct ms_str type = ms_json_text(ms_json_getc(attribute, "DataType"));
  int len = shown(name);
  if (!is_attribute_name(name)) {
    return ms_queue_refuse(why, INVALID, "Message (user) attribute name '%.*s' is invalid.", len,
                           name.data);
  }
  if (type.len == 0) {
    return ms_queue_refuse(why, INVALID,
                           "The message attribute '%.*s' must contain non-empty message attribute "
                           "type.",
                           len, name.data);
  }
  if (!has_type(type, "String") && !has_type(type, "Number") && !has_type(type, "Binary")) {
    return ms_queue_refuse(why, INVALID,
                           "The message attribute '%.*s' has an invalid message attribute type, "
                           "the set of supported type prefixes is Binary, Number, and String.",
                           len, name.data);
  }
  struct ms_buf decoded;
  struct ms_str value;
  ms_buf_init(&decoded, 0);
  int err = value_of(&value, &decoded, attribute);
  if (err == MSTEP_ENOMEM) {
    ms_buf_deinit(&decoded);
    return err;
  }
  if (err != 0 || value.len == 0) {
    err = ms_queue_refuse(why, INVALID,
                          "The message attribute '%.*s' must contain non-empty message attribute "
                          "value for message attribute type '%.*s'.",
                          len, name.data, shown(type), type.data);
  } else if (has_type(type, "Number") && !is_number(value)) {
    err = ms_queue_refuse(why, INVALID,
                          "Can't cast the value of message (user) attribute '%.*s' to a number.",
                          len, name.data);
  } else if (has_type(type, "String")) {
    err = check_legal(value, why);
  }
  *bytes += name.len + type.len + value.len;
  ms_buf_deinit(&decoded);
  return err;
}

static int check_attributes(size_t *bytes, struct ms_json attributes, struct ms_queue_refusal *why)
{
  size_t count = ms_json_count(attributes);
  int err = MSTEP_OK;
  if (count > ATTRIBUTES_MAX) {
    return ms_queue_refuse(why, INVALID,
                           "Number of message attributes [%zu] exceeds the allowed maximum [%d].",
                           count, ATTRIBUTES_MAX);
  }
  for (size_t i = 0; i < count && err == 0; i++) {
    err = check_attribute(bytes, ms_json_key(attributes, i), ms_json_member(attributes, i), why);
  }
  return err;
}

/* ---- FIFO ---- */

static int check_fifo_id(struct ms_str id, const char *name, struct ms_queue_refusal *why)
{
  bool is_fine = id.len >= 1 && id.len <= FIFO_ID_MAX;
  for (size_t i = 0; i < id.len && is_fine; i++) {
    is_fine = id.data[i] > ' ' && id.data[i] < 0x7f;
  }
  return is_fine ? MSTEP_OK
                 : ms_queue_refuse(why, INVALID,
                                   "Value %.*s for parameter %s is invalid. Reason: %s can only "
                                   "include alphanumeric and punctuation characters. 1 to 128 in "
                                   "length.",
                                   shown(id), id.data, name, name);
}

static int check_fifo(const struct ms_queue *queue, const struct ms_queue_message *message,
                      struct ms_queue_refusal *why)
{
  if (message->group.data == NULL) {
    return ms_queue_refuse(why, "MissingRequiredParameterException",
                           "The request must contain the parameter MessageGroupId.");
  }
  if (message->delay_s > 0) {
    return ms_queue_refuse(why, INVALID,
                           "Value %" PRId64 " for parameter DelaySeconds is invalid. Reason: The "
                           "request include parameter that is not valid for this queue type.",
                           message->delay_s);
  }
  if (message->deduplication.data == NULL && !queue->settings.has_content_deduplication) {
    return ms_queue_refuse(why, INVALID,
                           "The queue should either have ContentBasedDeduplication enabled or "
                           "MessageDeduplicationId provided explicitly");
  }
  return MSTEP_OK;
}

static int check_ids(const struct ms_queue *queue, const struct ms_queue_message *message,
                     struct ms_queue_refusal *why)
{
  int err = queue->settings.is_fifo ? check_fifo(queue, message, why) : MSTEP_OK;
  if (err == 0 && !queue->settings.is_fifo && message->deduplication.data != NULL) {
    err = ms_queue_refuse(why, INVALID,
                          "Value %.*s for parameter MessageDeduplicationId is invalid. Reason: The "
                          "request includes a parameter that is not valid for this queue type.",
                          shown(message->deduplication), message->deduplication.data);
  }
  if (err == 0 && message->group.data != NULL) {
    err = check_fifo_id(message->group, "MessageGroupId", why);
  }
  if (err == 0 && message->deduplication.data != NULL) {
    err = check_fifo_id(message->deduplication, "MessageDeduplicationId", why);
  }
  return err;
}

/* ---- all of it ---- */

int ms_queue_message_check(const struct ms_queue *queue, const struct ms_queue_message *message,
                           struct ms_queue_refusal *why)
{
  size_t bytes = message->body.len;
  if (message->body.len == 0) {
    return ms_queue_refuse(why, "MissingRequiredParameterException",
                           "The request must contain the parameter MessageBody.");
  }
  if (message->delay_s != -1 && (message->delay_s < 0 || message->delay_s > DELAY_MAX_S)) {
    return ms_queue_refuse(why, INVALID,
                           "Value %" PRId64 " for parameter DelaySeconds is invalid. Reason: "
                           "DelaySeconds must be >= 0 and <= 900.",
                           message->delay_s);
  }
  int err = check_ids(queue, message, why);
  err = err != 0 ? err : check_attributes(&bytes, message->attributes, why);
  if (err == 0 && bytes > queue->settings.max_bytes) {
    err =
        ms_queue_refuse(why, INVALID,
                        "One or more parameters are invalid. Reason: Message must be shorter than "
                        "%zu bytes.",
                        queue->settings.max_bytes);
  }
  return err != 0 ? err : check_legal(message->body, why);
}

/* ---- the hash ---- */

static void put_counted(struct ms_buf *out, struct ms_str text)
{
  const unsigned char len[4] = {(unsigned char)(text.len >> 24), (unsigned char)(text.len >> 16),
                                (unsigned char)(text.len >> 8), (unsigned char)text.len};
  ms_buf_put(out, len, sizeof len);
  ms_buf_str(out, text);
}

static int put_attribute(struct ms_buf *out, struct ms_buf *decoded, struct ms_str name,
                         struct ms_json attribute)
{
  struct ms_str type = ms_json_text(ms_json_getc(attribute, "DataType")), value;
  int err = value_of(&value, decoded, attribute);
  put_counted(out, name);
  put_counted(out, type);
  ms_buf_char(out, has_type(type, "Binary") ? 2 : 1);
  put_counted(out, value);
  return err;
}

/* In the order of the names: at most a few, so each next one is looked for. */
int ms_queue_attributes_md5(char out[33], struct ms_json attributes)
{
  struct ms_buf bytes, decoded;
  char hex[MS_DIGEST_HEX_SIZE];
  size_t count = ms_json_count(attributes);
  struct ms_str done = {NULL, 0};
  int err = MSTEP_OK;
  out[0] = '\0';
  ms_buf_init(&bytes, 0);
  ms_buf_init(&decoded, 0);
  for (size_t n = 0; n < count && err == 0; n++) {
    size_t next = count;
    for (size_t i = 0; i < count; i++) {
      struct ms_str name = ms_json_key(attributes, i);
      bool is_later = done.data == NULL || ms_str_cmp(name, done) > 0;
      if (is_later && (next == count || ms_str_cmp(name, ms_json_key(attributes, next)) < 0)) {
        next = i;
      }
    }
    done = ms_json_key(attributes, next);
    err = put_attribute(&bytes, &decoded, done, ms_json_member(attributes, next));
  }
  err = err != 0 ? err : bytes.error;
  err = err != 0 || count == 0 ? err : ms_digest_hex(hex, MS_STR("MD5"), ms_buf_view(&bytes));
  if (err == 0 && count > 0) {
    memcpy(out, hex, 33);
  }
  ms_buf_deinit(&bytes);
  ms_buf_deinit(&decoded);
  return err == 0 || err == MSTEP_ENOMEM
             ? err
             : ms_error(MSTEP_EINVALID, "these are no message attributes");
}
