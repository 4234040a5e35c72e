/* One delivery of a relay as bytes of a row, how long it waits, and what its dead letter says. */
#include "messaging/relay_item.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/utf8.h"
#include "messaging/schedule_words.h"

#define FORMAT 1

/* ---- life ---- */

static int item_make(struct ms_relay_item **out, const struct ms_str *texts)
{
  size_t size = 1;
  for (size_t i = 0; i < MS_RELAY_TEXT_COUNT; i++) {
    if (texts[i].len > MS_BATCH_BYTES_MAX) {
      return ms_error(MSTEP_ETOOBIG, "too large to be delivered");
    }
    size += texts[i].len;
  }
  struct ms_relay_item *item = ms_calloc(1, sizeof *item);
  char *text = ms_alloc(size);
  if (item == NULL || text == NULL) {
    ms_free(item);
    ms_free(text);
    return ms_error_nomem();
  }
  item->text = text;
  for (size_t i = 0; i < MS_RELAY_TEXT_COUNT; i++) {
    if (texts[i].data != NULL) {
      memcpy(text, texts[i].data, texts[i].len);
      item->texts[i] = (struct ms_str){text, texts[i].len};
      text += texts[i].len;
    }
  }
  *out = item;
  return MSTEP_OK;
}

int ms_relay_item_new(struct ms_relay_item **out, const struct ms_relay_entry *entry)
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
  int err = item_make(out, texts);
  if (err == 0) {
    (*out)->policy = entry->policy;
  }
  return err;
}

void ms_relay_item_free(struct ms_relay_item *item)
{
  if (item != NULL) {
    ms_free(item->text);
    ms_free(item);
  }
}

void ms_relay_item_fail(struct ms_relay_item *item, const char *error, const char *text)
{
  snprintf(item->error, sizeof item->error, "%s", error);
  snprintf(item->error_text, sizeof item->error_text, "%s", text == NULL ? "" : text);
}

/* ---- rows ---- */

void ms_relay_item_write(struct ms_buf *out, const struct ms_relay_item *item)
{
  ms_bytes_put_number(out, FORMAT);
  ms_bytes_put_number(out, item->phase);
  ms_bytes_put_number(out, item->policy.backoff);
  ms_bytes_put_number(out, item->policy.retries);
  ms_bytes_put_signed(out, item->policy.max_age_ms);
  ms_bytes_put_signed(out, item->policy.min_delay_ms);
  ms_bytes_put_signed(out, item->policy.max_delay_ms);
  ms_bytes_put_number(out, item->attempts);
  ms_bytes_put_number(out, item->target_attempts);
  ms_bytes_put_number(out, (item->is_too_old ? 1u : 0u) | (item->is_refused ? 2u : 0u));
  ms_bytes_put_signed(out, item->created_at_ms);
  ms_bytes_put_text(out, ms_str_c(item->error));
  ms_bytes_put_text(out, ms_str_c(item->error_text));
  ms_bytes_put_number(out, MS_RELAY_TEXT_COUNT);
  for (size_t i = 0; i < MS_RELAY_TEXT_COUNT; i++) {
    ms_bytes_put_number(out, item->texts[i].data != NULL);
    if (item->texts[i].data != NULL) {
      ms_bytes_put_text(out, item->texts[i]);
    }
  }
}

static void read_head(struct ms_relay_item *head, struct ms_bytes_reader *reader)
{
  if (ms_bytes_number(reader) != FORMAT) {
    ms_bytes_fail(reader, "format of a delivery");
  }
  uint64_t phase = ms_bytes_number(reader);
  uint64_t backoff = ms_bytes_number(reader);
  if (phase > MS_RELAY_UNDELIVERABLE || backoff > MS_RELAY_LINEAR) {
    ms_bytes_fail(reader, "phase of a delivery");
  }
  head->phase = (enum ms_relay_phase)phase;
  head->policy.backoff = (enum ms_relay_backoff)backoff;
  head->policy.retries = ms_bytes_number32(reader);
  head->policy.max_age_ms = ms_bytes_signed(reader);
  head->policy.min_delay_ms = ms_bytes_signed(reader);
  head->policy.max_delay_ms = ms_bytes_signed(reader);
  head->attempts = ms_bytes_number32(reader);
  head->target_attempts = ms_bytes_number32(reader);
  uint64_t flags = ms_bytes_number(reader);
  head->is_too_old = (flags & 1) != 0;
  head->is_refused = (flags & 2) != 0;
  head->created_at_ms = ms_bytes_signed(reader);
  struct ms_str error = ms_bytes_text(reader);
  snprintf(head->error, sizeof head->error, "%.*s", MS_STR_ARG(error));
  error = ms_bytes_text(reader);
  snprintf(head->error_text, sizeof head->error_text, "%.*s", MS_STR_ARG(error));
}

int ms_relay_item_read(struct ms_relay_item **out, struct ms_str row)
{
  struct ms_bytes_reader reader;
  struct ms_relay_item head = {0};
  struct ms_str texts[MS_RELAY_TEXT_COUNT] = {{NULL, 0}};
  ms_bytes_reader_init(&reader, row);
  read_head(&head, &reader);
  uint64_t count = ms_bytes_number(&reader);
  for (uint64_t i = 0; i < count && reader.error == 0; i++) {
    bool is_there = ms_bytes_number(&reader) != 0;
    struct ms_str text = is_there ? ms_bytes_text(&reader) : (struct ms_str){NULL, 0};
    if (i < MS_RELAY_TEXT_COUNT) {
      texts[i] = text;
    }
  }
  if (reader.error != 0) {
    return reader.error;
  }
  int err = item_make(out, texts);
  if (err == 0) {
    head.text = (*out)->text;
    memcpy(head.texts, (*out)->texts, sizeof head.texts);
    **out = head;
  }
  return err;
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
  const struct ms_relay_policy *policy = &item->policy;
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
  ms_schedule_words_fill(out, item->texts[MS_RELAY_TEXT_BODY], &words);
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
  if (item->texts[MS_RELAY_TEXT_FACTS].data == NULL) {
    return;
  }
  int err = ms_json_parse(&facts, item->texts[MS_RELAY_TEXT_FACTS], NULL, NULL);
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
  put_attribute(out, "ERROR_CODE", ms_str_c(item->error));
  put_attribute(out, "ERROR_MESSAGE",
                ms_str_c(item->error_text[0] == '\0' ? item->error : item->error_text));
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
