/*
 * FIFO topics' memory of what was published: for five minutes the same deduplication id is the same message, before
 * filters. A row "topic-recent\0ARN\0[GROUP\0]ID" each, written with the message, so that a restart forgets none.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "messaging/topic_internal.h"

static const char kind[] = "topic-recent";

void ms_topic_recents_init(struct ms_topics *topics)
{
  ms_map_init(&topics->recents, ms_hash_process_seed());
  topics->recent_last = &topics->recent_first;
}

void ms_topic_recents_clear(struct ms_topics *topics)
{
  for (struct ms_topic_recent *recent = topics->recent_first, *next; recent != NULL;
       recent = next) {
    next = recent->next;
    ms_free(recent);
  }
  topics->recent_first = NULL;
  topics->recent_last = &topics->recent_first;
  ms_map_deinit(&topics->recents);
  ms_map_init(&topics->recents, ms_hash_process_seed());
}

int ms_topic_recent_key(struct ms_buf *out, const struct ms_topic *topic, struct ms_str group,
                        struct ms_str id)
{
  ms_buf_str(out, topic->arn);
  ms_buf_put(out, "", 1);
  if (ms_str_is(ms_topic_text(topic->attributes, "FifoThroughputScope"), "MessageGroup")) {
    ms_buf_str(out, group);
    ms_buf_put(out, "", 1);
  }
  ms_buf_str(out, id);
  return out->error;
}

const struct ms_topic_recent *ms_topic_recent_find(const struct ms_topics *topics,
                                                   struct ms_str key)
{
  const struct ms_topic_recent *recent = ms_map_get(&topics->recents, key);
  return recent != NULL && recent->until_ms > ms_loop_now_ms(topics->env->loop) ? recent : NULL;
}

int ms_topic_recent_add(struct ms_topic_recent **out, struct ms_topics *topics, struct ms_str key)
{
  struct ms_topic_recent *recent = ms_calloc(1, sizeof *recent + key.len);
  void *old = NULL;
  if (recent == NULL || ms_map_put(&topics->recents, key, recent, &old) != 0) {
    ms_free(recent);
    return ms_error_nomem();
  }
  memcpy(recent->key, key.data, key.len);
  recent->key_len = key.len;
  recent->until_ms = ms_loop_now_ms(topics->env->loop) + MS_TOPIC_RECENT_MS;
  *topics->recent_last = recent;
  topics->recent_last = &recent->next;
  *out = recent; /* an old one has run out, and goes when its turn comes */
  return MSTEP_OK;
}

void ms_topic_recent_take_back(struct ms_topics *topics, struct ms_topic_recent *recent)
{
  struct ms_topic_recent **at = &topics->recent_first;
  while (*at != recent) { /* it is the last one: only what fails comes here */
    at = &(*at)->next;
  }
  *at = NULL;
  topics->recent_last = at;
  ms_map_remove(&topics->recents, (struct ms_str){recent->key, recent->key_len});
  ms_free(recent);
}

int ms_topic_recent_put(struct ms_batch *batch, const struct ms_topic_recent *recent)
{
  if (batch == NULL) {
    return MSTEP_OK;
  }
  struct ms_json row = ms_json_object(3);
  int err = ms_json_setc(&row, "MessageId", ms_json_cstring(recent->id));
  err = err != 0 ? err : ms_json_setc(&row, "SequenceNumber", ms_json_cstring(recent->sequence));
  err = err != 0 ? err : ms_json_setc(&row, "Until", ms_json_int(recent->until_ms));
  if (err == 0) {
    ms_resource_put(batch, kind, (struct ms_str){recent->key, recent->key_len}, row);
  }
  ms_json_unref(row);
  return err;
}

static void copy(char *out, size_t size, struct ms_str text)
{
  snprintf(out, size, "%.*s", (int)(text.len < size ? text.len : size - 1),
           text.len == 0 ? "" : text.data);
}

static int load_one(struct ms_str name, struct ms_json row, void *user)
{
  struct ms_topics *topics = user;
  struct ms_topic_recent *recent = NULL;
  int err = ms_topic_recent_add(&recent, topics, name);
  if (err == 0) {
    copy(recent->id, sizeof recent->id, ms_topic_text(row, "MessageId"));
    copy(recent->sequence, sizeof recent->sequence, ms_topic_text(row, "SequenceNumber"));
    ms_json_to_int(&recent->until_ms, ms_json_getc(row, "Until"));
  }
  return err;
}

int ms_topic_recents_load(struct ms_topics *topics)
{
  return ms_resource_scan(topics->env->ledger.reader, kind, load_one, topics);
}

int64_t ms_topic_recents_due_ms(const struct ms_topics *topics)
{
  return topics->recent_first == NULL ? 0
         : topics->recent_again_ms > topics->recent_first->until_ms
             ? topics->recent_again_ms
             : topics->recent_first->until_ms;
}

/* What has run out, in one commit. After a restart the list is in no order: then some go later than they could. */
void ms_topic_recents_expire(struct ms_topics *topics, int64_t now_ms)
{
  const struct ms_ledger *ledger = &topics->env->ledger;
  struct ms_topic_recent *first = topics->recent_first;
  struct ms_batch *batch;
  if (first == NULL || ms_topic_recents_due_ms(topics) > now_ms) {
    return;
  }
  topics->recent_again_ms = now_ms + 1000;
  if (ledger->begin(&batch, ledger->user) != 0) {
    return;
  }
  unsigned count = 0;
  const struct ms_topic_recent *end = first;
  for (; end != NULL && end->until_ms <= now_ms && count < 1000; end = end->next, count++) {
    struct ms_str key = {end->key, end->key_len};
    if (batch != NULL && ms_map_get(&topics->recents, key) == end) {
      ms_resource_remove(batch, kind, key);
    }
  }
  if (ledger->end(ledger->user) != 0) {
    return;
  }
  while (topics->recent_first != end) {
    struct ms_topic_recent *recent = topics->recent_first;
    struct ms_str key = {recent->key, recent->key_len};
    if (ms_map_get(&topics->recents, key) == recent) {
      ms_map_remove(&topics->recents, key);
    }
    topics->recent_first = recent->next;
    ms_free(recent);
  }
  topics->recent_last = topics->recent_first == NULL ? &topics->recent_first : topics->recent_last;
}
