/*
 * Queues as sources: messages are received, put together, given to the function, and deleted when it is done with
 * them. What it is not done with comes back when its visibility runs out, which is the queue's: nobody here counts
 * attempts, and no order but the queue's own is kept (of a FIFO group nothing more comes while something of it
 * is in flight).
 *
 *   received ──▶ FILLING ──full, window over──▶ WAITING ──▶ RUNNING ──▶ deleted, or left alone
 *                                                  ▲           │
 *                                                  └─throttled─┘  until the messages come back by themselves
 */
#include "source/source_queue.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/vec.h"

#define CONCURRENCY_FIRST 5u /* and so many more a minute as long as all are in use */
#define CONCURRENCY_STEP 300u
#define CONCURRENCY_MAX 1250u
#define CONCURRENCY_PAUSE_MS 60000
#define LEASE_MORE_S                                                                               \
  30 /* beside window and timeout, when the queue's visibility is too short for them */
#define PAUSE_MS 1000 /* after a throttle; then twice that */
#define RETRY_MS 50   /* after a receive that failed */
#define INVALID "InvalidParameterValueException"

struct handle {
  char id[37];
  char handle[64];
};

struct poller;

struct batch {
  struct batch *next, **slot;
  struct poller *poller;
  struct ms_json records;
  MS_VEC(struct handle) handles;
  size_t bytes;
  bool is_filling;
  int64_t close_at_ms; /* FILLING: its window is over */
  int64_t lease_until_ms;
  int64_t retry_at_ms, pause_ms;
  bool is_running;
  struct ms_source_call *call;
};

struct poller {
  struct ms_mapping *mapping;
  struct ms_queue_receive *receive; /* NULL: none */
  struct batch *batches;            /* all; the one that is filling is the first */
  size_t batch_count;
  unsigned limit;
  int64_t scaled_at_ms; /* the limit was reached then, or raised; 0: not yet */
  int64_t retry_at_ms;
  int64_t visibility_s; /* of the receive */
  bool is_draining, is_going;
};

static int64_t now_of(const struct poller *poller)
{
  return ms_sources_now_ms(poller->mapping->sources);
}

static struct ms_queue *queue_of(const struct ms_mapping *mapping)
{
  return ms_queue_find(mapping->sources->up.queues, mapping->source_arn);
}

/* ---- batches ---- */

static void batch_free(struct batch *batch)
{
  ms_source_call_forget(batch->call);
  *batch->slot = batch->next;
  if (batch->next != NULL) {
    batch->next->slot = batch->slot;
  }
  batch->poller->batch_count--;
  batch->poller->mapping->running -= batch->is_running;
  ms_json_unref(batch->records);
  ms_free(batch->handles.data);
  ms_free(batch);
}

static struct batch *batch_new(struct poller *poller)
{
  struct batch *batch = ms_calloc(1, sizeof *batch);
  struct ms_json records = ms_json_array(poller->mapping->settings.batch_size < 10 ? 1 : 10);
  if (batch == NULL || ms_json_is_none(records)) {
    ms_free(batch);
    ms_json_unref(records);
    return NULL;
  }
  int64_t now_ms = now_of(poller);
  batch->next = poller->batches;
  batch->slot = &poller->batches;
  if (batch->next != NULL) {
    batch->next->slot = &batch->next;
  }
  poller->batches = batch;
  poller->batch_count++;
  batch->poller = poller;
  batch->records = records;
  batch->is_filling = true;
  batch->close_at_ms = now_ms + poller->mapping->settings.window_ms;
  batch->lease_until_ms = now_ms + poller->visibility_s * 1000;
  return batch;
}

static struct batch *filling(const struct poller *poller)
{
  return poller->batches != NULL && poller->batches->is_filling ? poller->batches : NULL;
}

/* Takes record. */
static int batch_add(struct poller *poller, const struct ms_queue_received *message,
                     struct ms_json record)
{
  size_t bytes = ms_json_size_bytes(record) + 1;
  struct batch *batch = filling(poller);
  if (batch != NULL && batch->bytes + bytes > MS_BATCH_BYTES) {
    batch->is_filling = false;
    batch = NULL;
  }
  batch = batch == NULL ? batch_new(poller) : batch;
  int err = batch == NULL
                ? ms_error_nomem()
                : MS_VEC_RESERVE(&batch->handles,
                                 poller->mapping->settings.batch_size + MS_QUEUE_MAX_MESSAGES, 1);
  if (err != 0) {
    ms_json_unref(record);
  } else {
    err = ms_json_push(&batch->records, record);
  }
  if (err == 0) {
    struct handle *handle = &batch->handles.data[batch->handles.count++];
    memcpy(handle->id, message->id, sizeof handle->id);
    memcpy(handle->handle, message->handle, sizeof handle->handle);
    batch->bytes += bytes;
  } else if (batch != NULL && batch->handles.count == 0) {
    batch_free(batch);
  }
  return err;
}

/* ---- what the function said ---- */

static void delete_message(const struct ms_mapping *mapping, const char *handle)
{
  struct ms_queue *queue = queue_of(mapping);
  if (queue != NULL) {
    /* What cannot be deleted comes again: at least once. */
    (void)ms_queue_delete(queue, ms_str_c(handle), NULL, NULL, NULL);
  }
}

static bool knows(struct ms_str identifier, const void *arg)
{
  const struct batch *batch = arg;
  for (size_t i = 0; i < batch->handles.count; i++) {
    if (ms_str_is(identifier, batch->handles.data[i].id)) {
      return true;
    }
  }
  return false;
}

static bool is_among(struct ms_json failed, const char *id)
{
  for (size_t i = 0; i < ms_json_count(failed); i++) {
    if (ms_str_is(ms_json_text(ms_json_at(failed, i)), id)) {
      return true;
    }
  }
  return false;
}

static void delete_done(const struct batch *batch, const struct ms_source_answer *answer)
{
  const struct ms_mapping *mapping = batch->poller->mapping;
  enum ms_response response = answer->code == 0 ? MS_RESPONSE_SUCCESS : MS_RESPONSE_FAILURE;
  struct ms_json failed = MS_JSON_VALUE_NONE;
  if (answer->code == 0 && mapping->settings.has_item_failures &&
      ms_response_read(&response, &failed, answer->payload, knows, batch) != 0) {
    response = MS_RESPONSE_FAILURE;
  }
  for (size_t i = 0; response != MS_RESPONSE_FAILURE && i < batch->handles.count; i++) {
    if (!is_among(failed, batch->handles.data[i].id)) {
      delete_message(mapping, batch->handles.data[i].handle);
    }
  }
  ms_json_unref(failed);
}

static void go(struct ms_mapping *mapping);

static void on_answer(const struct ms_source_answer *answer, void *arg)
{
  struct batch *batch = arg;
  struct ms_mapping *mapping = batch->poller->mapping;
  batch->call = NULL;
  delete_done(batch, answer);
  batch_free(batch);
  go(mapping);
}

/* ---- giving to the function ---- */

/* How many batches may be with the function. */
static unsigned limit_of(struct poller *poller)
{
  const struct ms_mapping_settings *settings = &poller->mapping->settings;
  int64_t now_ms = now_of(poller);
  if (settings->concurrency != 0) {
    return settings->concurrency;
  }
  if (poller->mapping->running == 0) {
    poller->limit = CONCURRENCY_FIRST;
    poller->scaled_at_ms = 0;
  } else if (poller->mapping->running >= poller->limit && poller->limit < CONCURRENCY_MAX) {
    if (poller->scaled_at_ms == 0) {
      poller->scaled_at_ms = now_ms;
    } else if (now_ms - poller->scaled_at_ms >= CONCURRENCY_PAUSE_MS) {
      poller->scaled_at_ms = now_ms;
      poller->limit += CONCURRENCY_STEP;
      poller->limit = poller->limit > CONCURRENCY_MAX ? CONCURRENCY_MAX : poller->limit;
    }
  }
  return poller->limit;
}

static void run(struct batch *batch, int64_t now_ms)
{
  struct ms_mapping *mapping = batch->poller->mapping;
  int err = ms_source_call_new(&batch->call, mapping, batch->records, on_answer, batch);
  if (err == 0) {
    batch->is_running = true;
    mapping->running++;
  } else {
    batch->pause_ms = batch->pause_ms == 0 ? PAUSE_MS : batch->pause_ms * 2;
    batch->retry_at_ms = now_ms + batch->pause_ms;
  }
}

static void run_waiting(struct poller *poller, int64_t now_ms)
{
  for (struct batch *batch = poller->batches, *next; batch != NULL; batch = next) {
    next = batch->next;
    bool waits = !batch->is_filling && !batch->is_running;
    if (waits && batch->lease_until_ms <= now_ms) {
      batch_free(batch); /* its messages are there again */
    } else if (waits && batch->retry_at_ms <= now_ms &&
               poller->mapping->running < limit_of(poller)) {
      run(batch, now_ms);
    }
  }
}

static void close_full(struct poller *poller, int64_t now_ms)
{
  struct batch *batch = filling(poller);
  if (batch != NULL &&
      (batch->handles.count >= poller->mapping->settings.batch_size ||
       batch->close_at_ms <= now_ms || batch->bytes >= MS_BATCH_BYTES || poller->is_draining)) {
    batch->is_filling = false;
  }
}

/* ---- receiving ---- */

static void on_received(int code, const struct ms_queue_received *messages, size_t count, void *arg)
{
  struct poller *poller = arg;
  struct ms_mapping *mapping = poller->mapping;
  poller->receive = NULL;
  if (code != 0) {
    poller->retry_at_ms = now_of(poller) + RETRY_MS;
    mapping->sources->env->touch(mapping->sources->env->user);
    return;
  }
  for (size_t i = 0; i < count; i++) {
    struct ms_json record = ms_queue_record(mapping, &messages[i]);
    bool matches = true;
    int err = ms_json_is_none(record) ? MSTEP_ENOMEM : MSTEP_OK;
    if (err == 0 && mapping->criteria != NULL) {
      err = ms_criteria_match(&matches, mapping->criteria, record);
    }
    if (err == 0 && matches) {
      batch_add(poller, &messages[i], record); /* without memory for it, it comes again */
      continue;
    }
    ms_json_unref(record);
    if (err == 0) {
      delete_message(mapping, messages[i].handle);
    }
  }
  go(mapping);
}

static int64_t timeout_s(const struct ms_mapping *mapping)
{
  struct ms_invoke_target target;
  return ms_invoke_resolve(&target, mapping->sources->up.invoke, &mapping->function) == 0
             ? ms_mapping_int(target.configuration, "Timeout", 0)
             : 0;
}

static bool has_room(struct poller *poller)
{
  return filling(poller) != NULL || poller->batch_count < limit_of(poller);
}

static void receive(struct poller *poller, int64_t now_ms)
{
  const struct ms_mapping *mapping = poller->mapping;
  const struct batch *batch = filling(poller);
  struct ms_queue *queue = queue_of(mapping);
  if (queue == NULL) {
    return; /* until there is one again, which next_due_ms finds out */
  }
  size_t left = mapping->settings.batch_size - (batch == NULL ? 0 : batch->handles.count);
  int64_t needed_s = mapping->settings.window_ms / 1000 + timeout_s(mapping);
  poller->visibility_s = ms_queue_visibility_s(queue);
  if (needed_s > poller->visibility_s) {
    poller->visibility_s = needed_s + LEASE_MORE_S;
  }
  const struct ms_queue_request request = {
      .max = left > MS_QUEUE_MAX_MESSAGES ? MS_QUEUE_MAX_MESSAGES : (unsigned)left,
      .visibility_s = poller->visibility_s,
      .is_background = true};
  if (ms_queue_receive(queue, &request, &poller->receive, NULL, on_received, poller) != 0) {
    poller->receive = NULL;
    poller->retry_at_ms = now_ms + RETRY_MS;
  }
}

/* ---- the kind ---- */

static void go(struct ms_mapping *mapping)
{
  struct poller *poller = mapping->poller;
  int64_t now_ms = now_of(poller);
  if (poller->is_going) {
    return;
  }
  poller->is_going = true;
  close_full(poller, now_ms);
  run_waiting(poller, now_ms);
  if (!poller->is_draining && poller->receive == NULL && poller->retry_at_ms <= now_ms &&
      has_room(poller)) {
    receive(poller, now_ms);
  }
  poller->is_going = false;
  mapping->sources->env->touch(mapping->sources->env->user);
  if (poller->is_draining && poller->batches == NULL) {
    ms_mapping_settle(mapping); /* which frees the poller */
  }
}

static int64_t earlier(int64_t a, int64_t b)
{
  return a == 0 || (b != 0 && b < a) ? b : a;
}

static int64_t next_due_ms(const struct ms_mapping *mapping)
{
  struct poller *poller = mapping->poller;
  unsigned limit =
      mapping->settings.concurrency != 0 ? mapping->settings.concurrency : poller->limit;
  bool is_saturated = mapping->running >= limit;
  int64_t due_ms = 0;
  for (const struct batch *batch = poller->batches; batch != NULL; batch = batch->next) {
    if (batch->is_filling) {
      due_ms = earlier(due_ms, batch->close_at_ms);
    } else if (!batch->is_running) {
      int64_t at_ms = is_saturated || batch->retry_at_ms > batch->lease_until_ms
                          ? batch->lease_until_ms
                          : batch->retry_at_ms;
      due_ms = earlier(due_ms, at_ms == 0 ? 1 : at_ms);
    }
  }
  if (is_saturated && mapping->settings.concurrency == 0 && poller->scaled_at_ms != 0 &&
      limit < CONCURRENCY_MAX) {
    due_ms = earlier(due_ms, poller->scaled_at_ms + CONCURRENCY_PAUSE_MS);
  }
  bool may_receive = !poller->is_draining && poller->receive == NULL &&
                     (filling(poller) != NULL || poller->batch_count < limit);
  return may_receive && queue_of(mapping) != NULL
             ? earlier(due_ms, poller->retry_at_ms == 0 ? 1 : poller->retry_at_ms)
             : due_ms;
}

static int open_poller(struct ms_mapping *mapping)
{
  struct poller *poller = ms_calloc(1, sizeof *poller);
  if (poller == NULL) {
    return ms_error_nomem();
  }
  poller->mapping = mapping;
  poller->limit = CONCURRENCY_FIRST;
  mapping->poller = poller;
  return MSTEP_OK;
}

static void close_poller(struct ms_mapping *mapping)
{
  struct poller *poller = mapping->poller;
  if (poller->receive != NULL) {
    ms_queue_receive_cancel(poller->receive);
  }
  while (poller->batches != NULL) {
    batch_free(poller->batches);
  }
  ms_free(poller);
  mapping->poller = NULL;
}

static bool drain(struct ms_mapping *mapping)
{
  struct poller *poller = mapping->poller;
  if (!poller->is_draining) {
    poller->is_draining = true;
    if (poller->receive != NULL) {
      ms_queue_receive_cancel(poller->receive);
      poller->receive = NULL;
    }
    close_full(poller, now_of(poller));
    run_waiting(poller, now_of(poller));
  }
  return poller->batches == NULL;
}

static bool is_busy(const struct ms_mapping *mapping)
{
  const struct poller *poller = mapping->poller;
  return poller->batches != NULL;
}

/* ---- what may be asked ---- */

static int check(struct ms_json row, struct ms_queue_refusal *why)
{
  int64_t size = ms_mapping_int(row, "BatchSize", 10);
  int64_t window_s = ms_mapping_int(row, "MaximumBatchingWindowInSeconds", 0);
  struct ms_str arn = ms_json_text(ms_json_getc(row, "EventSourceArn"));
  if (window_s > 0 && ms_str_has_suffix(arn, ".fifo")) {
    return ms_refuse(why, INVALID, "Batching window is not supported for FIFO queues");
  }
  if (size > 10 && window_s == 0) {
    return ms_refuse(
        why, INVALID,
        "Maximum batch window in seconds must be greater than 0 if maximum batch size is "
        "greater than 10");
  }
  return MSTEP_OK;
}

static int exists(struct ms_sources *sources, struct ms_json row, struct ms_queue_refusal *why)
{
  const struct ms_str none = {NULL, 0};
  struct ms_invoke_target target;
  struct ms_function_name name;
  struct ms_queue *queue =
      ms_queue_find(sources->up.queues, ms_json_text(ms_json_getc(row, "EventSourceArn")));
  if (queue == NULL) {
    return ms_refuse(why, INVALID,
                     "Error occurred while ReceiveMessage. SQS Error Code: "
                     "AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified "
                     "queue does not exist.");
  }
  struct ms_str arn = ms_json_text(ms_json_getc(row, "FunctionArn"));
  int64_t visibility_s = ms_queue_visibility_s(queue), seconds = 0;
  if (ms_function_name_parse(&name, sources->up.invoke, arn, none) == 0 &&
      ms_invoke_resolve(&target, sources->up.invoke, &name) == 0) {
    seconds = ms_mapping_int(target.configuration, "Timeout", 0);
  }
  return seconds <= visibility_s
             ? MSTEP_OK
             : ms_refuse(why, INVALID,
                         "Queue visibility timeout: %lld seconds is less than Function timeout: "
                         "%lld seconds",
                         (long long)visibility_s, (long long)seconds);
}

const struct ms_source_type ms_source_queue = {
    .service = "sqs",
    .reason = "USER_INITIATED",
    .batch_size = 10,
    .criteria = MS_FILTER_QUEUE,
    .check = check,
    .exists = exists,
    .open = open_poller,
    .close = close_poller,
    .go = go,
    .next_due_ms = next_due_ms,
    .drain = drain,
    .is_busy = is_busy,
};
