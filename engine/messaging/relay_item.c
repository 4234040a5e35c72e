/* One delivery of a relay as bytes of a row, how long it waits, and what its dead letter says. */
#include "messaging/relay_internal.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/utf8.h"
#include "messaging/schedule_words.h"

#define FORMAT 1

#define ERROR_MAX 39u
#define ERROR_TEXT_MAX 255u

/* ---- life ---- */

static int content_make(struct ms_relay_content **out, struct ms_relay *relay,
                        const struct ms_str *texts)
{
  size_t size = sizeof **out;
  for (size_t i = 0; i < MS_RELAY_TEXT_COUNT; i++) {
    if (texts[i].len > MS_BATCH_BYTES_MAX) {
      return ms_error(MSTEP_ETOOBIG, "too large to be delivered");
    }
    size += texts[i].len;
  }
  struct ms_relay_content *content = ms_calloc(1, size);
  if (content == NULL) {
    return ms_error_nomem();
  }
  char *text = content->text;
  for (size_t i = 0; i < MS_RELAY_TEXT_COUNT; i++) {
    if (texts[i].data != NULL) {
      memcpy(text, texts[i].data, texts[i].len);
      content->texts[i] = (struct ms_str){text, texts[i].len};
      text += texts[i].len;
    }
  }
  content->size = size;
  relay->resident_bytes += size;
  *out = content;
  return MSTEP_OK;
}

static void content_free(struct ms_relay_item *item)
{
  if (item->content != NULL) {
    item->relay->resident_bytes -= item->content->size;
    ms_free(item->content);
    item->content = NULL;
  }
}

static int item_make(struct ms_relay_item **out, struct ms_relay *relay, const struct ms_str *texts)
{
  struct ms_relay_item *item = ms_calloc(1, sizeof *item);
  if (item == NULL) {
    return ms_error_nomem();
  }
  item->relay = relay;
  int err = content_make(&item->content, relay, texts);
  if (err != 0) {
    ms_free(item);
    return err;
  }
  *out = item;
  return MSTEP_OK;
}

int ms_relay_item_new(struct ms_relay_item **out, struct ms_relay *relay,
                      const struct ms_relay_entry *entry)
{
  const struct ms_delivery *delivery = &entry->delivery;
  const struct ms_str texts[MS_RELAY_TEXT_COUNT] = {
      [MS_RELAY_TEXT_TARGET] = delivery->target,
      [MS_RELAY_TEXT_BODY] = delivery->body,
      [MS_RELAY_TEXT_ATTRIBUTES] = delivery->attributes,
      [MS_RELAY_TEXT_GROUP] = delivery->group,
      [MS_RELAY_TEXT_DEDUPLICATION] = delivery->deduplication,
      [MS_RELAY_TEXT_SOURCE] = delivery->source,
      [MS_RELAY_TEXT_DETAIL_TYPE] = delivery->detail_type,
      [MS_RELAY_TEXT_REASON] = delivery->reason,
      [MS_RELAY_TEXT_HEADERS] = delivery->headers,
      [MS_RELAY_TEXT_DEAD_LETTER] = entry->dead_letter,
      [MS_RELAY_TEXT_FACTS] = entry->facts,
      [MS_RELAY_TEXT_LINEAGE] = delivery->lineage,
  };
  int err = item_make(out, relay, texts);
  if (err == 0) {
    (*out)->content->policy = entry->policy;
  }
  return err;
}

void ms_relay_item_free(struct ms_relay_item *item)
{
  if (item != NULL) {
    content_free(item);
    ms_free(item->error);
    ms_free(item);
  }
}

void ms_relay_item_rest(struct ms_relay_item *item, bool at_once)
{
  const struct ms_relay *relay = item->relay;
  if (item->is_stored && relay->env->ledger.reader != NULL &&
      (at_once || relay->resident_bytes > relay->resident_max)) {
    content_free(item);
  }
}

/* ---- errors ---- */

static int set_error(struct ms_relay_item *item, struct ms_str name, struct ms_str text)
{
  name = ms_str_sub(name, 0, ERROR_MAX);
  text = ms_str_sub(text, 0, ERROR_TEXT_MAX);
  ms_free(item->error);
  item->error = ms_alloc(name.len + text.len + 2);
  if (item->error == NULL) {
    return ms_error_nomem();
  }
  snprintf(item->error, name.len + 1, "%.*s", MS_STR_ARG(name));
  snprintf(item->error + strlen(item->error) + 1, text.len + 1, "%.*s", MS_STR_ARG(text));
  return MSTEP_OK;
}

int ms_relay_item_fail(struct ms_relay_item *item, const char *error, const char *text)
{
  return set_error(item, ms_str_c(error), ms_str_c(text == NULL ? "" : text));
}

const char *ms_relay_item_error(const struct ms_relay_item *item)
{
  return item->error == NULL ? "" : item->error;
}

const char *ms_relay_item_error_text(const struct ms_relay_item *item)
{
  return item->error == NULL ? "" : item->error + strlen(item->error) + 1;
}

/* ---- rows ---- */

void ms_relay_item_write(struct ms_buf *out, const struct ms_relay_item *item)
{
  ms_bytes_put_number(out, FORMAT);
  ms_bytes_put_number(out, item->phase);
  ms_bytes_put_number(out, item->content->policy.backoff);
  ms_bytes_put_number(out, item->content->policy.retries);
  ms_bytes_put_signed(out, item->content->policy.max_age_ms);
  ms_bytes_put_signed(out, item->content->policy.min_delay_ms);
  ms_bytes_put_signed(out, item->content->policy.max_delay_ms);
  ms_bytes_put_number(out, item->attempts);
  ms_bytes_put_number(out, item->target_attempts);
  ms_bytes_put_number(out, (item->is_too_old ? 1u : 0u) | (item->is_refused ? 2u : 0u));
  ms_bytes_put_signed(out, item->created_at_ms);
  ms_bytes_put_text(out, ms_str_c(ms_relay_item_error(item)));
  ms_bytes_put_text(out, ms_str_c(ms_relay_item_error_text(item)));
  ms_bytes_put_number(out, MS_RELAY_TEXT_COUNT);
  for (size_t i = 0; i < MS_RELAY_TEXT_COUNT; i++) {
    ms_bytes_put_number(out, item->content->texts[i].data != NULL);
    if (item->content->texts[i].data != NULL) {
      ms_bytes_put_text(out, item->content->texts[i]);
    }
  }
}

/* A row's parts, borrowed. */
struct row {
  struct ms_relay_item head;
  struct ms_relay_policy policy;
  struct ms_str error, error_text;
  struct ms_str texts[MS_RELAY_TEXT_COUNT];
};

static void read_head(struct row *row, struct ms_bytes_reader *reader)
{
  struct ms_relay_item *head = &row->head;
  if (ms_bytes_number(reader) != FORMAT) {
    ms_bytes_fail(reader, "format of a delivery");
  }
  uint64_t phase = ms_bytes_number(reader);
  uint64_t backoff = ms_bytes_number(reader);
  if (phase > MS_RELAY_UNDELIVERABLE || backoff > MS_RELAY_LINEAR) {
    ms_bytes_fail(reader, "phase of a delivery");
  }
  head->phase = (enum ms_relay_phase)phase;
  row->policy.backoff = (enum ms_relay_backoff)backoff;
  row->policy.retries = ms_bytes_number32(reader);
  row->policy.max_age_ms = ms_bytes_signed(reader);
  row->policy.min_delay_ms = ms_bytes_signed(reader);
  row->policy.max_delay_ms = ms_bytes_signed(reader);
  head->attempts = ms_bytes_number32(reader);
  head->target_attempts = ms_bytes_number32(reader);
  uint64_t flags = ms_bytes_number(reader);
  head->is_too_old = (flags & 1) != 0;
  head->is_refused = (flags & 2) != 0;
  head->created_at_ms = ms_bytes_signed(reader);
  row->error = ms_bytes_text(reader);
  row->error_text = ms_bytes_text(reader);
}

static int read_row(struct row *row, struct ms_str bytes)
{
  struct ms_bytes_reader reader;
  *row = (struct row){.policy = {.retries = 0}};
  ms_bytes_reader_init(&reader, bytes);
  read_head(row, &reader);
  uint64_t count = ms_bytes_number(&reader);
  for (uint64_t i = 0; i < count && reader.error == 0; i++) {
    bool is_there = ms_bytes_number(&reader) != 0;
    struct ms_str text = is_there ? ms_bytes_text(&reader) : (struct ms_str){NULL, 0};
    if (i < MS_RELAY_TEXT_COUNT) {
      row->texts[i] = text;
    }
  }
  return reader.error;
}

int ms_relay_item_read(struct ms_relay_item **out, struct ms_relay *relay, struct ms_str bytes)
{
  struct row row;
  int err = read_row(&row, bytes);
  err = err != 0 ? err : item_make(out, relay, row.texts);
  if (err != 0) {
    return err;
  }
  struct ms_relay_item *item = *out;
  row.head.relay = relay;
  row.head.content = item->content;
  *item = row.head;
  item->content->policy = row.policy;
  err = row.error.len == 0 ? MSTEP_OK : set_error(item, row.error, row.error_text);
  if (err != 0) {
    ms_relay_item_free(item);
  }
  return err;
}

static int read_content(struct ms_str key, struct ms_str bytes, void *user)
{
  (void)key;
  struct ms_relay_item *item = user;
  struct row row;
  int err = read_row(&row, bytes);
  err = err != 0 ? err : content_make(&item->content, item->relay, row.texts);
  if (err == 0) {
    item->content->policy = row.policy;
  }
  return err;
}

int ms_relay_item_fill(struct ms_relay_item *item)
{
  char key[MS_STORE_NUMBER_SIZE];
  if (item->content != NULL) {
    return MSTEP_OK;
  }
  int err = ms_store_get(item->relay->env->ledger.reader, MS_TABLE_EVENT,
                         ms_store_key(key, item->id), read_content, item);
  return err == MSTEP_ENOTFOUND ? ms_error(MSTEP_EIO, "the row of a delivery is not there") : err;
}

/* ---- how long ---- */

#define AT_ONCE 3 /* of MS_RELAY_PHASES */
#define AT_MIN 2
#define RISING 10

static int64_t doubled(int64_t delay_ms, uint32_t times, int64_t max_ms)
{
  for (uint32_t i = 0; i < times && delay_ms < max_ms; i++) {
    delay_ms *= 2;
  }
  return delay_ms < max_ms ? delay_ms : max_ms;
}

int64_t ms_relay_item_delay_ms(const struct ms_relay_item *item, uint64_t random)
{
  const struct ms_relay_policy *policy = &item->content->policy;
  uint32_t retry = item->attempts == 0 ? 0 : item->attempts - 1; /* of which this is the number */
  int64_t span = policy->max_delay_ms - policy->min_delay_ms;
  if (item->phase == MS_RELAY_DEAD_LETTER) {
    return doubled(1000, retry, 300000);
  }
  switch (policy->backoff) {
  case MS_RELAY_PHASES:
    if (retry < AT_ONCE) {
      return 0;
    }
    retry -= AT_ONCE;
    if (retry < AT_MIN) {
      return policy->min_delay_ms;
    }
    retry -= AT_MIN;
    return retry < RISING ? doubled(policy->min_delay_ms, retry, policy->max_delay_ms)
                          : policy->max_delay_ms;
  case MS_RELAY_LINEAR:
    return policy->retries < 2 || retry >= policy->retries
               ? policy->max_delay_ms
               : policy->min_delay_ms + span * (int64_t)retry / (int64_t)(policy->retries - 1);
  case MS_RELAY_EXPONENTIAL:
    break;
  }
  int64_t delay_ms = doubled(policy->min_delay_ms, retry, policy->max_delay_ms);
  return delay_ms <= 1 ? delay_ms
                       : delay_ms / 2 + (int64_t)(random % (uint64_t)(delay_ms - delay_ms / 2 + 1));
}

/* ---- what is sent ---- */

void ms_relay_item_body(struct ms_buf *out, const struct ms_relay_item *item)
{
  char number[16];
  uint32_t tries = item->phase == MS_RELAY_TARGET ? item->attempts : item->target_attempts;
  snprintf(number, sizeof number, "%u", tries == 0 ? 1 : tries);
  const struct ms_schedule_words words = {.attempt_number = ms_str_c(number)};
  ms_schedule_words_fill(out, item->content->texts[MS_RELAY_TEXT_BODY], &words);
}

/* ---- what a dead letter says ---- */

static void put_attribute(struct ms_buf *out, const char *name, struct ms_str value)
{
  ms_buf_printf(out, "%s\"%s\":{\"DataType\":\"String\",\"StringValue\":",
                out->len > 0 && out->data[out->len - 1] == '{' ? "" : ",", name);
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_utf8_repair(&text, value);
  ms_json_print_string(out, ms_buf_view(&text));
  out->error = out->error != 0 ? out->error : text.error;
  ms_buf_deinit(&text);
  ms_buf_char(out, '}');
}

void ms_relay_item_facts(struct ms_buf *out, const struct ms_relay_item *item)
{
  struct ms_json facts = MS_JSON_VALUE_NONE;
  if (item->content->texts[MS_RELAY_TEXT_FACTS].data == NULL) {
    return;
  }
  int err = ms_json_parse(&facts, item->content->texts[MS_RELAY_TEXT_FACTS], NULL, NULL);
  if (err != 0) {
    out->error = MSTEP_ENOMEM;
    return;
  }
  ms_buf_char(out, '{');
  for (size_t i = 0; i < ms_json_count(facts); i++) {
    char name[64];
    snprintf(name, sizeof name, "%.*s", MS_STR_ARG(ms_json_key(facts, i)));
    put_attribute(out, name, ms_json_text(ms_json_member(facts, i)));
  }
  ms_json_unref(facts);
  const char *error = ms_relay_item_error(item), *text = ms_relay_item_error_text(item);
  put_attribute(out, "ERROR_CODE", ms_str_c(error));
  put_attribute(out, "ERROR_MESSAGE", ms_str_c(text[0] == '\0' ? error : text));
  if (!item->is_refused) {
    char number[24];
    snprintf(number, sizeof number, "%u",
             item->target_attempts == 0 ? 0 : item->target_attempts - 1);
    put_attribute(out, "EXHAUSTED_RETRY_CONDITION",
                  item->is_too_old ? MS_STR("MaximumEventAgeInSeconds")
                                   : MS_STR("MaximumRetryAttempts"));
    put_attribute(out, "RETRY_ATTEMPTS", ms_str_c(number));
  }
  ms_buf_char(out, '}');
}
