/*
 * Deduplication: what a FIFO queue has accepted in the last five minutes, by deduplication id.
 * Outlives the message, and the process: each has a row.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "messaging/queue_internal.h"

struct ms_queue_recent *ms_queue_recent_find(struct ms_queue *queue, struct ms_str key,
                                             int64_t now_ms)
{
  struct ms_queue_recent *recent = ms_map_get(&queue->recents, key);
  return recent != NULL && now_ms - recent->at_ms < MS_QUEUE_DEDUPLICATION_MS ? recent : NULL;
}

struct ms_queue_recent *ms_queue_recent_add(struct ms_queue *queue, struct ms_str key,
                                            const char *id, uint64_t seq, int64_t at_ms)
{
  struct ms_queue_recent *recent = ms_calloc(1, sizeof *recent + key.len + 1);
  if (recent == NULL) {
    return NULL;
  }
  char *bytes = (char *)(recent + 1);
  if (key.len > 0) {
    memcpy(bytes, key.data, key.len);
  }
  recent->key = (struct ms_str){bytes, key.len};
  recent->seq = seq;
  recent->at_ms = at_ms;
  snprintf(recent->id, sizeof recent->id, "%s", id);
  if (ms_map_put(&queue->recents, key, recent, NULL) != 0) {
    ms_free(recent);
    return NULL;
  }
  *(queue->last_recent == NULL ? &queue->first_recent : &queue->last_recent->next) = recent;
  queue->last_recent = recent;
  return recent;
}

/* One that took this key over later keeps it. */
static void forget(struct ms_queue *queue, struct ms_queue_recent *recent)
{
  if (ms_map_get(&queue->recents, recent->key) == recent) {
    ms_map_remove(&queue->recents, recent->key);
  }
  ms_free(recent);
}

void ms_queue_recent_undo(struct ms_queue *queue, struct ms_queue_recent *latest)
{
  struct ms_queue_recent *before = NULL, *at = queue->first_recent;
  while (at != latest) {
    before = at;
    at = at->next;
  }
  *(before == NULL ? &queue->first_recent : &before->next) = NULL;
  queue->last_recent = before;
  forget(queue, latest);
}

void ms_queue_recents_expire(struct ms_queue *queue, int64_t now_ms)
{
  struct ms_batch *batch;
  if (queue->first_recent == NULL ||
      now_ms - queue->first_recent->at_ms < MS_QUEUE_DEDUPLICATION_MS ||
      ms_queue_begin(&batch, queue) != 0) {
    return;
  }
  struct ms_queue_recent *end = queue->first_recent;
  while (end != NULL && now_ms - end->at_ms >= MS_QUEUE_DEDUPLICATION_MS) {
    if (batch != NULL) {
      ms_queue_remove_recent(batch, queue, end->seq);
    }
    end = end->next;
  }
  if (ms_queue_end(queue) != 0) {
    return;
  }
  while (queue->first_recent != end) {
    struct ms_queue_recent *recent = queue->first_recent;
    queue->first_recent = recent->next;
    forget(queue, recent);
  }
  queue->last_recent = end == NULL ? NULL : queue->last_recent;
}

void ms_queue_recents_clear(struct ms_queue *queue)
{
  while (queue->first_recent != NULL) {
    struct ms_queue_recent *recent = queue->first_recent;
    queue->first_recent = recent->next;
    forget(queue, recent);
  }
  queue->last_recent = NULL;
}
