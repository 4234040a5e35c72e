/*
 * Queues come and go: created, changed, purged, deleted, listed; each a row of MS_TABLE_RESOURCE,
 * "queue\0NAME". Tells nobody anything: what calls this answers when it is durable.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/sort.h"
#include "messaging/queue_internal.h"

#define NAME_MAX_LEN 80
#define PURGE_EVERY_MS 60000
#define DELETED_MS 60000 /* a name cannot be used again so long */
#define SEQ_STEP 65536

/* ---- the row ---- */

static struct ms_str row_key(char out[NAME_MAX_LEN + 16], const struct ms_queue *queue)
{
  int len = snprintf(out, NAME_MAX_LEN + 16, "queue%c%s", '\0', queue->name);
  return (struct ms_str){out, (size_t)len};
}

static void row_print(struct ms_buf *out, const struct ms_queue *queue)
{
  ms_buf_printf(out, "{\"id\":%u,\"reserved\":%llu,\"createdAt\":%lld,\"modifiedAt\":%lld,",
                queue->id, (unsigned long long)queue->reserved_seq, (long long)queue->created_at_ms,
                (long long)queue->modified_at_ms);
  ms_buf_cstr(out, "\"attributes\":");
  ms_json_print(out, queue->attributes);
  ms_buf_cstr(out, ",\"tags\":");
  ms_json_print(out, queue->tags);
  ms_buf_char(out, '}');
}

int ms_queue_put_queue(struct ms_batch *batch, const struct ms_queue *queue)
{
  char key[NAME_MAX_LEN + 16];
  struct ms_buf text;
  ms_buf_init(&text, 0);
  row_print(&text, queue);
  int err = text.error;
  if (err == 0) {
    ms_batch_put(batch, MS_TABLE_RESOURCE, row_key(key, queue), ms_buf_view(&text));
  } else {
    batch->error = batch->error != 0 ? batch->error : err;
  }
  ms_buf_deinit(&text);
  return err;
}

int ms_queue_take_seq(uint64_t *out, struct ms_batch *batch, struct ms_queue *queue)
{
  if (queue->next_seq >= MS_QUEUE_SEQ_MAX - SEQ_STEP) {
    return ms_error(MSTEP_ETOOBIG, "the queue %s has given out all its numbers", queue->name);
  }
  if (queue->next_seq == queue->reserved_seq) {
    queue->reserved_seq += SEQ_STEP;
    if (batch != NULL) {
      ms_queue_put_queue(batch, queue); /* a failure is the batch's, and shows at its end */
    }
  }
  *out = queue->next_seq++;
  return MSTEP_OK;
}

/* One change of the queue's row alone. */
static int write_queue(struct ms_queue *queue)
{
  struct ms_batch *batch;
  int err = ms_queue_begin(&batch, queue);
  if (err == 0) {
    if (batch != NULL) {
      ms_queue_put_queue(batch, queue);
    }
    err = ms_queue_end(queue);
  }
  return err;
}

/* ---- in memory ---- */

void ms_queue_free(struct ms_queue *queue)
{
  if (queue == NULL) {
    return;
  }
  struct ms_queues *queues = queue->queues;
  ms_heap_remove(&queues->due, &queue->due);
  if (queue->id < queues->by_id.count && queues->by_id.data[queue->id] == queue) {
    queues->by_id.data[queue->id] = NULL;
  }
  ms_queue_items_clear(queue);
  ms_queue_recents_clear(queue);
  ms_heap_deinit(&queue->wakes);
  ms_heap_deinit(&queue->ages);
  ms_map_deinit(&queue->groups);
  ms_map_deinit(&queue->recents);
  ms_json_unref(queue->attributes);
  ms_json_unref(queue->tags);
  ms_json_unref(queue->policy);
  ms_free(queue->buckets);
  ms_free(queue->name);
  ms_free(queue->arn);
  ms_free(queue);
}

static int link_queue(struct ms_queues *queues, struct ms_queue *queue, uint32_t id)
{
  size_t more = id >= queues->by_id.count ? id + 1 - queues->by_id.count : 0;
  int err = MS_VEC_RESERVE(&queues->by_id, MS_QUEUE_ID_MAX, more);
  err = err != 0 ? err : ms_heap_add(&queues->due, &queue->due, INT64_MAX, id);
  err = err != 0 ? err : ms_map_put(&queues->by_name, ms_str_c(queue->name), queue, NULL);
  if (err != 0) {
    return err;
  }
  while (queues->by_id.count <= id) {
    queues->by_id.data[queues->by_id.count++] = NULL;
  }
  queues->by_id.data[id] = queue;
  queue->id = id;
  queue->due_at_ms = INT64_MAX;
  return MSTEP_OK;
}

/* Not linked yet: nobody finds it. */
static struct ms_queue *queue_new(struct ms_queues *queues, struct ms_str name)
{
  struct ms_queue *queue = ms_calloc(1, sizeof *queue);
  if (queue == NULL) {
    return NULL;
  }
  queue->queues = queues;
  queue->id = UINT32_MAX;
  queue->next_seq = queue->reserved_seq = 1;
  ms_heap_init(&queue->wakes);
  ms_heap_init(&queue->ages);
  ms_map_init(&queue->groups, ms_hash_process_seed());
  ms_map_init(&queue->recents, ms_hash_process_seed());
  struct ms_buf arn;
  ms_buf_init(&arn, 0);
  ms_buf_printf(&arn, "arn:aws:sqs:%s:%s:%.*s", queues->env.region, queues->env.account,
                MS_STR_ARG(name));
  queue->name = ms_strdupn(name.data, name.len);
  queue->arn = ms_buf_take(&arn, NULL);
  ms_buf_deinit(&arn);
  if (queue->name == NULL || queue->arn == NULL) {
    ms_queue_free(queue);
    return NULL;
  }
  queue->settings.is_fifo = ms_str_has_suffix(name, ".fifo");
  return queue;
}

/* ---- creating ---- */

static bool is_name(struct ms_str name)
{
  size_t len = ms_str_has_suffix(name, ".fifo") ? name.len - 5 : name.len;
  for (size_t i = 0; i < len; i++) {
    char c = name.data[i];
    bool is_fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '-' || c == '_';
    if (!is_fine) {
      return false;
    }
  }
  return len > 0 && name.len <= NAME_MAX_LEN;
}

static int check_name(struct ms_str name, struct ms_json attributes, struct ms_queue_refusal *why)
{
  struct ms_json fifo = ms_json_getc(attributes, "FifoQueue");
  bool is_asked = ms_str_is(ms_json_text(fifo), "true");
  if (!ms_json_is_none(fifo) && !is_asked) {
    return ms_queue_refuse(why, "InvalidAttributeValue",
                           "Invalid value for the parameter FifoQueue.");
  }
  bool is_fifo = ms_str_has_suffix(name, ".fifo");
  if (is_asked && (!is_fifo || !is_name(name))) {
    return ms_queue_refuse(
        why, "InvalidParameterValueException",
        "The name of a FIFO queue can only include alphanumeric characters, hyphens, or "
        "underscores, must end with .fifo suffix and be 1 to 80 in length");
  }
  return is_asked || (is_name(name) && !is_fifo)
             ? MSTEP_OK
             : ms_queue_refuse(why, "InvalidParameterValueException",
                               "Can only include alphanumeric characters, hyphens, or underscores. "
                               "1 to 80 in length");
}

/* The name of a queue that was deleted a moment ago. Forgets those that are older. */
static bool is_buried(struct ms_queues *queues, struct ms_str name)
{
  int64_t now_ms = ms_queue_now_ms(queues);
  bool is_found = false;
  for (size_t i = queues->graves.count; i-- > 0;) {
    struct ms_queue_grave *grave = &queues->graves.data[i];
    if (now_ms - grave->deleted_at_ms >= DELETED_MS) {
      ms_free(grave->name);
      *grave = queues->graves.data[--queues->graves.count];
    } else if (ms_str_is(name, grave->name)) {
      is_found = true;
    }
  }
  return is_found;
}

/* One that is there, asked for again. */
static int same_again(struct ms_queue **out, struct ms_queue *queue, struct ms_json attributes,
                      struct ms_queue_refusal *why)
{
  for (size_t i = 0; i < ms_json_count(attributes); i++) {
    struct ms_str name = ms_json_key(attributes, i);
    struct ms_str value = ms_json_text(ms_json_member(attributes, i));
    if (!ms_str_eq(ms_queue_attribute(queue, name), value)) {
      return ms_queue_refuse(why, "QueueNameExists",
                             "A queue already exists with the same name and a different value for "
                             "attribute %.*s",
                             name.len > 100 ? 100 : (int)name.len, name.data);
    }
  }
  *out = queue;
  return MSTEP_OK;
}

static int build(struct ms_queue *queue, struct ms_json attributes, struct ms_json tags,
                 struct ms_queue_refusal *why)
{
  int err = ms_queue_attributes_check(queue, attributes, true, why);
  if (err != 0) {
    return err;
  }
  queue->attributes = ms_json_is_none(attributes) ? ms_json_object(0) : ms_json_ref(attributes);
  queue->tags = ms_json_is_none(tags) ? ms_json_object(0) : ms_json_ref(tags);
  if (ms_json_is_none(queue->attributes) || ms_json_is_none(queue->tags)) {
    return ms_error_nomem();
  }
  queue->created_at_ms = queue->modified_at_ms = ms_queue_now_ms(queue->queues);
  return ms_queue_settings_read(queue, queue->attributes, why);
}

int ms_queue_create(struct ms_queue **out, struct ms_queues *queues, struct ms_str name,
                    struct ms_json attributes, struct ms_json tags, struct ms_queue_refusal *why)
{
  struct ms_queue *queue = ms_queue_named(queues, name);
  int err = check_name(name, attributes, why);
  if (err != 0) {
    return err;
  }
  if (queue != NULL) {
    err = ms_queue_attributes_check(queue, attributes, true, why);
    return err != 0 ? err : same_again(out, queue, attributes, why);
  }
  if (is_buried(queues, name)) {
    return ms_queue_refuse(why, "QueueDeletedRecently",
                           "You must wait 60 seconds after deleting a queue before you can create "
                           "another with the same name.");
  }
  queue = queue_new(queues, name);
  if (queue == NULL) {
    return ms_error_nomem();
  }
  err = build(queue, attributes, tags, why);
  err = err != 0 ? err : link_queue(queues, queue, (uint32_t)queues->by_id.count);
  err = err != 0 ? err : write_queue(queue);
  if (err != 0) {
    if (ms_queue_named(queues, name) == queue) {
      ms_map_remove(&queues->by_name, name);
    }
    ms_queue_free(queue);
    return err;
  }
  *out = queue;
  return MSTEP_OK;
}

/* ---- changing ---- */

/* attributes that are "" are taken away. */
static int merged(struct ms_json *out, struct ms_json old, struct ms_json changes)
{
  int err = MSTEP_OK;
  *out = ms_json_ref(old);
  for (size_t i = 0; i < ms_json_count(changes) && err == 0; i++) {
    struct ms_str name = ms_json_key(changes, i);
    struct ms_json value = ms_json_member(changes, i);
    err = ms_json_text(value).len == 0 ? ms_json_remove(out, name)
                                       : ms_json_set(out, name, ms_json_ref(value));
  }
  return err;
}

int ms_queue_set(struct ms_queue *queue, struct ms_json attributes, struct ms_queue_refusal *why)
{
  struct ms_json old = queue->attributes, changed = MS_JSON_VALUE_NONE;
  int64_t modified_at_ms = queue->modified_at_ms;
  int err = ms_queue_attributes_check(queue, attributes, false, why);
  err = err != 0 ? err : merged(&changed, old, attributes);
  err = err != 0 ? err : ms_queue_settings_read(queue, changed, why);
  if (err == 0) {
    queue->attributes = changed;
    queue->modified_at_ms = ms_queue_now_ms(queue->queues);
    err = write_queue(queue);
  }
  if (err != 0) {
    queue->attributes = old;
    queue->modified_at_ms = modified_at_ms;
    ms_queue_settings_read(queue, old, NULL);
    ms_json_unref(changed);
    return err;
  }
  ms_json_unref(old);
  ms_queue_touch(queue);
  return MSTEP_OK;
}

struct ms_json ms_queue_tags(const struct ms_queue *queue)
{
  return queue->tags;
}

static int replace_tags(struct ms_queue *queue, struct ms_json tags, int err)
{
  struct ms_json old = queue->tags;
  if (err == 0) {
    queue->tags = tags;
    err = write_queue(queue);
    queue->tags = err == 0 ? tags : old;
  }
  ms_json_unref(err == 0 ? old : tags);
  return err;
}

int ms_queue_tag(struct ms_queue *queue, struct ms_json tags)
{
  struct ms_json changed = ms_json_ref(queue->tags);
  int err = MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(tags) && err == 0; i++) {
    err = ms_json_set(&changed, ms_json_key(tags, i), ms_json_ref(ms_json_member(tags, i)));
  }
  return replace_tags(queue, changed, err);
}

int ms_queue_untag(struct ms_queue *queue, struct ms_json keys)
{
  struct ms_json changed = ms_json_ref(queue->tags);
  int err = MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(keys) && err == 0; i++) {
    err = ms_json_remove(&changed, ms_json_text(ms_json_at(keys, i)));
  }
  return replace_tags(queue, changed, err);
}

int ms_queue_purge(struct ms_queue *queue, struct ms_queue_refusal *why)
{
  struct ms_batch *batch;
  int64_t now_ms = ms_queue_now_ms(queue->queues);
  if (queue->purged_at_ms != 0 && now_ms - queue->purged_at_ms < PURGE_EVERY_MS) {
    return ms_queue_refuse(why, "PurgeQueueInProgress",
                           "Only one PurgeQueue operation on %s is allowed every 60 seconds.",
                           queue->name);
  }
  int err = ms_queue_begin(&batch, queue);
  if (err == 0) {
    if (batch != NULL) {
      ms_queue_remove_all_rows(batch, queue, false);
    }
    err = ms_queue_end(queue);
  }
  if (err == 0) {
    queue->purged_at_ms = now_ms;
    ms_queue_items_clear(queue);
    ms_queue_touch(queue);
  }
  return err;
}

/* Without memory for it the name can be used again at once: no harm. */
static void bury(struct ms_queues *queues, const struct ms_queue *queue)
{
  char *name = ms_strdupn(queue->name, strlen(queue->name));
  if (name == NULL || MS_VEC_RESERVE(&queues->graves, MS_QUEUE_ID_MAX, 1) != 0) {
    ms_free(name);
    return;
  }
  queues->graves.data[queues->graves.count++] =
      (struct ms_queue_grave){name, ms_queue_now_ms(queues)};
}

int ms_queue_remove(struct ms_queue *queue)
{
  struct ms_queues *queues = queue->queues;
  struct ms_batch *batch;
  char key[NAME_MAX_LEN + 16];
  int err = ms_queue_begin(&batch, queue);
  if (err == 0) {
    if (batch != NULL) {
      ms_batch_remove(batch, MS_TABLE_RESOURCE, row_key(key, queue));
      ms_queue_remove_all_rows(batch, queue, true);
    }
    err = ms_queue_end(queue);
  }
  if (err == 0) {
    bury(queues, queue);
    ms_map_remove(&queues->by_name, ms_str_c(queue->name));
    ms_queue_waiters_fail(queue, MSTEP_ENOTFOUND);
    ms_queue_free(queue);
    queues->env.touch(queues->env.user);
  }
  return err;
}

/* ---- listing ---- */

static int by_name(const void *a, const void *b)
{
  const struct ms_queue *const *left = a, *const *right = b;
  return strcmp((*left)->name, (*right)->name);
}

static int list_some(struct ms_json *out, bool *has_more, struct ms_queue **queues, size_t count,
                     struct ms_str after, size_t max)
{
  *out = ms_json_array(count < max ? count : max);
  *has_more = false;
  ms_sort(queues, count, sizeof *queues, by_name);
  int err = ms_json_is_none(*out) ? ms_error_nomem() : MSTEP_OK;
  for (size_t i = 0; i < count && err == 0 && !*has_more; i++) {
    struct ms_str name = ms_str_c(queues[i]->name);
    if (after.data != NULL && ms_str_cmp(name, after) <= 0) {
      continue;
    }
    if (ms_json_count(*out) == max) {
      *has_more = true;
    } else {
      err = ms_json_push(out, ms_json_string(name));
    }
  }
  if (err != 0) {
    ms_json_unref(*out);
    *out = MS_JSON_VALUE_NONE;
  }
  return err;
}

/* Those that begin with prefix and send their dead letters to `target`; NULL: whether or not. */
static int list_where(struct ms_json *out, bool *has_more, const struct ms_queues *queues,
                      struct ms_str prefix, const struct ms_queue *target, struct ms_str after,
                      size_t max)
{
  struct ms_queue **found = ms_calloc(queues->by_id.count + 1, sizeof *found);
  size_t count = 0;
  if (found == NULL) {
    return ms_error_nomem();
  }
  for (size_t i = 0; i < queues->by_id.count; i++) {
    struct ms_queue *queue = queues->by_id.data[i];
    if (queue != NULL && ms_str_eq(ms_str_sub(ms_str_c(queue->name), 0, prefix.len), prefix) &&
        (target == NULL || ms_str_is(queue->settings.dead_letter_arn, target->arn))) {
      found[count++] = queue;
    }
  }
  int err = list_some(out, has_more, found, count, after, max);
  ms_free(found);
  return err;
}

int ms_queue_list(struct ms_json *out, bool *has_more, struct ms_queues *queues,
                  struct ms_str prefix, struct ms_str after, size_t max)
{
  return list_where(out, has_more, queues, prefix, NULL, after, max);
}

int ms_queue_sources(struct ms_json *out, bool *has_more, struct ms_queue *queue,
                     struct ms_str after, size_t max)
{
  return list_where(out, has_more, queue->queues, MS_STR(""), queue, after, max);
}

/* ---- from the store ---- */

static int64_t whole(struct ms_json object, const char *name)
{
  int64_t value = 0;
  ms_json_to_int(&value, ms_json_getc(object, name));
  return value;
}

static int load_queue(struct ms_queues *queues, struct ms_str name, struct ms_json row)
{
  struct ms_queue *queue = queue_new(queues, name);
  if (queue == NULL) {
    return ms_error_nomem();
  }
  int64_t id = whole(row, "id");
  queue->created_at_ms = whole(row, "createdAt");
  queue->modified_at_ms = whole(row, "modifiedAt");
  queue->next_seq = queue->reserved_seq = (uint64_t)whole(row, "reserved");
  queue->attributes = ms_json_ref(ms_json_getc(row, "attributes"));
  queue->tags = ms_json_ref(ms_json_getc(row, "tags"));
  bool is_fine = id >= 0 && id < MS_QUEUE_ID_MAX && queue->next_seq > 0 &&
                 queue->next_seq <= MS_QUEUE_SEQ_MAX && is_name(name) &&
                 ms_json_is_object(queue->attributes) && ms_json_is_object(queue->tags) &&
                 ms_queue_by_id(queues, (uint32_t)id) == NULL;
  int err = is_fine ? ms_queue_settings_read(queue, queue->attributes, NULL)
                    : ms_error(MSTEP_EIO, "the row of queue %s is damaged", queue->name);
  err = err != 0 ? err : link_queue(queues, queue, (uint32_t)id);
  if (err != 0) {
    ms_queue_free(queue);
  }
  return err;
}

static int on_queue_row(struct ms_str key, struct ms_str value, void *user)
{
  const struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
  struct ms_json row;
  int err = ms_json_parse(&row, value, &limits, NULL);
  if (err == 0) {
    err = load_queue(user, ms_str_sub(key, sizeof "queue", key.len), row);
    ms_json_unref(row);
  }
  return err;
}

struct loading {
  struct ms_queues *queues;
  struct ms_queue_item *latest;
  struct ms_queue *queue;
  int64_t now_ms;
};

static int load_recent(struct ms_queue *queue, uint64_t seq, struct ms_str value)
{
  struct ms_bytes_reader reader;
  ms_bytes_reader_init(&reader, value);
  int64_t at_ms = ms_bytes_signed(&reader);
  struct ms_str id = ms_bytes_text(&reader), key = ms_bytes_text(&reader);
  char text[37];
  if (reader.error != 0) {
    return reader.error;
  }
  snprintf(text, sizeof text, "%.*s", MS_STR_ARG(id));
  return ms_queue_recent_add(queue, key, text, seq, at_ms) == NULL ? ms_error_nomem() : MSTEP_OK;
}

static int load_item(struct loading *loading, struct ms_queue *queue, uint64_t seq,
                     struct ms_str value)
{
  struct ms_queue_row row;
  int err = ms_queue_row_read(&row, value);
  if (err != 0) {
    return err;
  }
  char *data = NULL;
  if (queue->queues->body_bytes < queue->queues->bodies_max) {
    data = ms_strdupn(value.data, value.len);
    if (data == NULL) {
      return ms_error_nomem();
    }
  }
  int64_t visible_at_ms = row.visible_at_ms > loading->now_ms ? row.visible_at_ms : 0;
  loading->latest = ms_queue_item_add(queue, seq, data, value.len, &row, visible_at_ms);
  loading->queue = queue;
  if (loading->latest == NULL) {
    ms_free(data);
    return ms_error_nomem();
  }
  return MSTEP_OK;
}

/* In flight for as long as it had left. */
static int load_state(struct loading *loading, const struct ms_queue *queue, uint64_t seq,
                      struct ms_str value)
{
  struct ms_queue_item *item = loading->latest;
  int64_t visible_at_ms;
  if (item == NULL || item->seq != seq || loading->queue != queue) {
    return MSTEP_OK;
  }
  int err = ms_queue_read_state(item, &visible_at_ms, value);
  if (err == 0 && item->receives > 0) {
    bool is_in_flight = visible_at_ms > loading->now_ms;
    ms_queue_item_set(loading->queue, item, is_in_flight ? MS_QUEUE_IN_FLIGHT : MS_QUEUE_READY,
                      visible_at_ms, false);
  }
  return err;
}

static int on_message_row(struct ms_str key, struct ms_str value, void *user)
{
  struct loading *loading = user;
  uint64_t number = ms_store_number(key);
  uint32_t id = (uint32_t)(number >> 40);
  uint64_t seq = (number & (((uint64_t)1 << 40) - 1)) / 2;
  struct ms_queue *queue = ms_queue_by_id(loading->queues, id & (MS_QUEUE_ID_MAX - 1));
  if (queue == NULL) {
    return MSTEP_OK;
  }
  if ((id & MS_QUEUE_ID_MAX) != 0) {
    return load_recent(queue, seq, value);
  }
  return number % 2 == 0 ? load_item(loading, queue, seq, value)
                         : load_state(loading, queue, seq, value);
}

int ms_queue_load_all(struct ms_queues *queues)
{
  struct ms_store *reader = queues->env.ledger.reader;
  struct loading loading = {.queues = queues, .now_ms = ms_queue_now_ms(queues)};
  const struct ms_scan rows = {.table = MS_TABLE_RESOURCE,
                               .from = {"queue", sizeof "queue"},
                               .to = {"queue\1", sizeof "queue"}};
  const struct ms_scan messages = {.table = MS_TABLE_MESSAGE};
  int err = ms_store_scan(reader, &rows, on_queue_row, queues);
  err = err != 0 ? err : ms_store_scan(reader, &messages, on_message_row, &loading);
  for (size_t i = 0; i < queues->by_id.count && err == 0; i++) {
    if (queues->by_id.data[i] != NULL) {
      ms_queue_touch(queues->by_id.data[i]);
    }
  }
  return err != 0 ? err : ms_queue_moves_load(queues);
}
