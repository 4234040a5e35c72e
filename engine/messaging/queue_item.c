/*
 * Where a message of a queue stands: waiting to become visible, ready, or in flight; in a standard
 * queue's list or in its group's. Nothing here needs memory but adding one, and nothing knows of
 * the store.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "messaging/queue_internal.h"

#define NEVER_MS INT64_MAX
#define BUCKETS_FIRST 16

/* ---- by number ---- */

static size_t bucket_of(const struct ms_queue *queue, uint64_t seq)
{
  return (size_t)ms_hash_mix(seq, 0x9e3779b97f4a7c15u) & (queue->bucket_count - 1);
}

static bool grow_buckets(struct ms_queue *queue)
{
  if (queue->count < queue->bucket_count) {
    return true;
  }
  size_t old_count = queue->bucket_count;
  struct ms_queue_item **old = queue->buckets;
  size_t count = old_count == 0 ? BUCKETS_FIRST : old_count * 2;
  struct ms_queue_item **buckets = ms_calloc(count, sizeof *buckets);
  if (buckets == NULL) {
    return old_count > 0; /* longer chains will do */
  }
  queue->buckets = buckets;
  queue->bucket_count = count;
  for (size_t i = 0; i < old_count; i++) {
    while (old[i] != NULL) {
      struct ms_queue_item *item = old[i];
      old[i] = item->next_in_bucket;
      size_t at = bucket_of(queue, item->seq);
      item->next_in_bucket = buckets[at];
      buckets[at] = item;
    }
  }
  ms_free(old);
  return true;
}

struct ms_queue_item *ms_queue_item_find(const struct ms_queue *queue, uint64_t seq)
{
  struct ms_queue_item *item =
      queue->bucket_count == 0 ? NULL : queue->buckets[bucket_of(queue, seq)];
  while (item != NULL && item->seq != seq) {
    item = item->next_in_bucket;
  }
  return item;
}

static void unhash(struct ms_queue *queue, const struct ms_queue_item *item)
{
  struct ms_queue_item **slot = &queue->buckets[bucket_of(queue, item->seq)];
  while (*slot != item) {
    slot = &(*slot)->next_in_bucket;
  }
  *slot = item->next_in_bucket;
}

/* ---- lists ---- */

/* Before `at`; NULL: at the end. */
static void list_insert(struct ms_queue_items *list, struct ms_queue_item *item,
                        struct ms_queue_item *at)
{
  item->next = at;
  item->prev = at == NULL ? list->last : at->prev;
  *(item->prev == NULL ? &list->first : &item->prev->next) = item;
  *(at == NULL ? &list->last : &at->prev) = item;
}

static void list_remove(struct ms_queue_items *list, struct ms_queue_item *item)
{
  *(item->prev == NULL ? &list->first : &item->prev->next) = item->next;
  *(item->next == NULL ? &list->last : &item->next->prev) = item->prev;
  item->prev = item->next = NULL;
}

/* ---- groups ---- */

static struct ms_queue_group *group_for(struct ms_queue *queue, struct ms_str name)
{
  struct ms_queue_group *group = ms_map_get(&queue->groups, name);
  if (group != NULL) {
    return group;
  }
  group = ms_calloc(1, sizeof *group + name.len + 1);
  if (group == NULL) {
    return NULL;
  }
  char *bytes = (char *)(group + 1);
  if (name.len > 0) {
    memcpy(bytes, name.data, name.len);
  }
  group->name = (struct ms_str){bytes, name.len};
  if (ms_map_put(&queue->groups, name, group, NULL) != 0) {
    ms_free(group);
    return NULL;
  }
  return group;
}

/* After any change: in the list of ready groups, or not. */
static void group_settle(struct ms_queue *queue, struct ms_queue_group *group)
{
  bool is_ready = group->in_flight == 0 && group->items.first != NULL &&
                  group->items.first->state == MS_QUEUE_READY;
  if (is_ready == group->is_ready) {
    return;
  }
  group->is_ready = is_ready;
  if (is_ready) {
    group->prev = queue->last_group;
    group->next = NULL;
    *(group->prev == NULL ? &queue->first_group : &group->prev->next) = group;
    queue->last_group = group;
  } else {
    *(group->prev == NULL ? &queue->first_group : &group->prev->next) = group->next;
    *(group->next == NULL ? &queue->last_group : &group->next->prev) = group->prev;
  }
}

static void group_release(struct ms_queue *queue, struct ms_queue_group *group)
{
  if (group->count == 0) {
    group->in_flight = 0;
    group_settle(queue, group);
    ms_map_remove(&queue->groups, group->name);
    ms_free(group);
  }
}

/* A group's messages stand in the order of their numbers, whatever became visible when. */
static void group_insert(struct ms_queue_group *group, struct ms_queue_item *item)
{
  struct ms_queue_item *at = group->items.first;
  if (group->items.last == NULL || group->items.last->seq < item->seq) {
    at = NULL;
  }
  while (at != NULL && at->seq < item->seq) {
    at = at->next;
  }
  list_insert(&group->items, item, at);
}

/* ---- states ---- */

static void stand_up(struct ms_queue *queue, struct ms_queue_item *item)
{
  queue->state_count[item->state]--;
  if (item->group == NULL) {
    if (item->state == MS_QUEUE_READY) {
      list_remove(&queue->ready, item);
    }
  } else if (item->state == MS_QUEUE_IN_FLIGHT) {
    item->group->in_flight--;
  } else {
    list_remove(&item->group->items, item);
  }
}

static void sit_down(struct ms_queue *queue, struct ms_queue_item *item, bool is_first)
{
  queue->state_count[item->state]++;
  if (item->group == NULL) {
    if (item->state == MS_QUEUE_READY) {
      list_insert(&queue->ready, item, is_first ? queue->ready.first : NULL);
    }
  } else if (item->state == MS_QUEUE_IN_FLIGHT) {
    item->group->in_flight++;
  } else {
    group_insert(item->group, item);
  }
}

void ms_queue_item_set(struct ms_queue *queue, struct ms_queue_item *item,
                       enum ms_queue_state state, int64_t visible_at_ms, bool is_first)
{
  stand_up(queue, item);
  item->state = (uint8_t)state;
  /* Takes the slot that it gives up: cannot fail. */
  ms_heap_remove(&queue->wakes, &item->wake);
  ms_heap_add(&queue->wakes, &item->wake, state == MS_QUEUE_READY ? NEVER_MS : visible_at_ms,
              item->seq);
  sit_down(queue, item, is_first);
  if (item->group != NULL) {
    group_settle(queue, item->group);
  }
}

int64_t ms_queue_item_visible_at_ms(const struct ms_queue *queue, const struct ms_queue_item *item)
{
  return ms_heap_due_at_ms(&queue->wakes, &item->wake);
}

int64_t ms_queue_item_kept_from_ms(const struct ms_queue *queue, const struct ms_queue_item *item)
{
  return ms_heap_due_at_ms(&queue->ages, &item->age);
}

struct ms_queue_item *ms_queue_item_next(struct ms_queue *queue)
{
  return queue->settings.is_fifo
             ? (queue->first_group == NULL ? NULL : queue->first_group->items.first)
             : queue->ready.first;
}

struct ms_queue_item *ms_queue_item_behind(struct ms_queue_group *group)
{
  struct ms_queue_item *item = group->items.first;
  return item != NULL && item->state == MS_QUEUE_READY ? item : NULL;
}

/* ---- life ---- */

struct ms_queue_item *ms_queue_item_add(struct ms_queue *queue, uint64_t seq, char *data,
                                        size_t len, const struct ms_queue_row *row,
                                        int64_t visible_at_ms)
{
  struct ms_queue_item *item = ms_calloc(1, sizeof *item);
  if (item == NULL || !grow_buckets(queue)) {
    ms_free(item);
    return NULL;
  }
  item->seq = seq;
  item->state = visible_at_ms > 0 ? MS_QUEUE_DELAYED : MS_QUEUE_READY;
  if (queue->settings.is_fifo && (item->group = group_for(queue, row->group)) == NULL) {
    ms_free(item);
    return NULL;
  }
  int err =
      ms_heap_add(&queue->wakes, &item->wake, visible_at_ms > 0 ? visible_at_ms : NEVER_MS, seq);
  err = err != 0 ? err : ms_heap_add(&queue->ages, &item->age, row->kept_from_ms, seq);
  if (err != 0) {
    ms_heap_remove(&queue->wakes, &item->wake);
    if (item->group != NULL) {
      group_release(queue, item->group);
    }
    ms_free(item);
    return NULL;
  }
  item->data = data;
  item->len = (uint32_t)len;
  queue->queues->body_bytes += data == NULL ? 0 : len;
  size_t at = bucket_of(queue, seq);
  item->next_in_bucket = queue->buckets[at];
  queue->buckets[at] = item;
  queue->count++;
  sit_down(queue, item, false);
  if (item->group != NULL) {
    item->group->count++;
    group_settle(queue, item->group);
  }
  return item;
}

void ms_queue_item_forget_body(struct ms_queue *queue, struct ms_queue_item *item)
{
  if (item->data != NULL) {
    queue->queues->body_bytes -= item->len;
    ms_free(item->data);
    item->data = NULL;
  }
}

void ms_queue_item_drop(struct ms_queue *queue, struct ms_queue_item *item)
{
  stand_up(queue, item);
  ms_heap_remove(&queue->wakes, &item->wake);
  ms_heap_remove(&queue->ages, &item->age);
  unhash(queue, item);
  queue->count--;
  if (item->group != NULL) {
    item->group->count--;
    group_settle(queue, item->group);
    group_release(queue, item->group);
  }
  ms_queue_item_forget_body(queue, item);
  ms_free(item);
}

void ms_queue_items_clear(struct ms_queue *queue)
{
  for (size_t i = 0; i < queue->bucket_count; i++) {
    while (queue->buckets[i] != NULL) {
      ms_queue_item_drop(queue, queue->buckets[i]);
    }
  }
}
