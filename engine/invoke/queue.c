/*
 * The queue of asynchronous invocations: accepting, rows of MS_TABLE_INVOCATION, and what is due. Whoever waits
 * for an answer about an event (the ledger, Lua) holds it; one that was dropped meanwhile is freed then.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/error.h"
#include "invoke/internal.h"

#define ROW_VERSION 2 /* 1 ended before is_begun */
#define TEXTS 5
#define AGAIN_MS 1000
#define STEPS_MAX 256u /* events that are looked at before others get their turn */

/* ---- events in memory ---- */

static void texts_of(struct ms_str *out[TEXTS], struct ms_queued *queued)
{
  out[0] = &queued->name.name;
  out[1] = &queued->name.qualifier;
  out[2] = &queued->payload;
  out[3] = &queued->lineage;
  out[4] = &queued->fallback;
}

static void queued_free(struct ms_queued *queued)
{
  queued->invoke->resident_bytes -= queued->size;
  *queued->slot = queued->next;
  if (queued->next != NULL) {
    queued->next->slot = queued->slot;
  }
  ms_buf_deinit(&queued->response);
  ms_free(queued->texts);
  ms_free(queued);
}

void ms_queued_drop(struct ms_queued *queued)
{
  if (!queued->is_dropped) {
    queued->is_dropped = true;
    queued->invoke->open_count--;
    ms_heap_remove(&queued->invoke->heap, &queued->node);
  }
  if (queued->holds == 0) {
    queued_free(queued);
  }
}

/* texts[i] copied in the order of texts_of. */
static struct ms_queued *queued_new(struct ms_invoke *invoke, const struct ms_str from[TEXTS])
{
  size_t size = 1;
  for (size_t i = 0; i < TEXTS; i++) {
    size += from[i].len;
  }
  struct ms_queued *queued = ms_calloc(1, sizeof *queued);
  char *at = queued == NULL ? NULL : ms_alloc(size);
  if (at == NULL) {
    ms_free(queued);
    return NULL;
  }
  struct ms_str *to[TEXTS];
  texts_of(to, queued);
  queued->texts = at;
  for (size_t i = 0; i < TEXTS; i++) {
    if (from[i].len > 0) {
      memcpy(at, from[i].data, from[i].len);
    }
    *to[i] = (struct ms_str){at, from[i].len};
    at += from[i].len;
  }
  ms_buf_init(&queued->response, 0);
  queued->invoke = invoke;
  queued->size = sizeof *queued + size;
  invoke->resident_bytes += queued->size;
  queued->slot = &invoke->queue;
  queued->next = invoke->queue;
  if (queued->next != NULL) {
    queued->next->slot = &queued->next;
  }
  invoke->queue = queued;
  invoke->open_count++;
  return queued;
}

/* ---- waiting ---- */

bool ms_invoke_is_crowded(const struct ms_invoke *invoke)
{
  return invoke->env->ledger.reader != NULL && invoke->resident_bytes > invoke->resident_max;
}

/* False: it stays in memory. */
static bool park(struct ms_queued *queued, int64_t at_ms)
{
  struct ms_invoke *invoke = queued->invoke;
  const struct ms_parked_entry entry = {at_ms, queued->number, queued->throttle_ms};
  if (!queued->is_stored || queued->is_begun || queued->holds > 0 || !ms_invoke_is_crowded(invoke) ||
      ms_parked_add(&invoke->parked, entry) != 0) {
    return false;
  }
  invoke->open_count++; /* it is still open */
  ms_queued_drop(queued);
  return true;
}

void ms_queued_wait(struct ms_queued *queued, int64_t at_ms)
{
  struct ms_invoke *invoke = queued->invoke;
  if (!park(queued, at_ms) &&
      ms_heap_add(&invoke->heap, &queued->node, at_ms, invoke->next_order++) != 0) {
    invoke->env->log(0, "invoke", "no memory: an event waits for the next start",
                     invoke->env->user);
  }
}

static void on_saved(int code, void *arg)
{
  struct ms_queued *queued = arg;
  queued->holds--;
  queued->saves--;
  queued->is_stored = code == 0 && queued->saves == 0;
  if (queued->is_dropped) {
    ms_queued_drop(queued);
  } else if (ms_heap_is_in(&queued->node)) {
    (void)park(queued, ms_heap_due_at_ms(&queued->invoke->heap, &queued->node));
  }
}

void ms_queued_save(struct ms_queued *queued)
{
  const struct ms_ledger *ledger = &queued->invoke->env->ledger;
  struct ms_batch *batch;
  queued->is_stored = false;
  if (ledger->begin(&batch, ledger->user) != 0) {
    return;
  }
  int err = ms_queued_put_row(batch, queued);
  err = ledger->end(ledger->user) != 0 ? MSTEP_EIO : err;
  if (err == 0 && ms_invoke_is_crowded(queued->invoke) &&
      ledger->when_durable(on_saved, queued, ledger->user) == 0) {
    queued->holds++;
    queued->saves++;
  }
}

/* ---- rows ---- */

static void print_row(struct ms_buf *out, const struct ms_queued *queued)
{
  ms_bytes_put_number(out, ROW_VERSION);
  ms_bytes_put_text(out, ms_str_c(queued->request_id));
  ms_bytes_put_signed(out, queued->accepted_at_ms);
  ms_bytes_put_signed(out, queued->not_before_ms);
  ms_bytes_put_signed(out, queued->throttle_ms);
  ms_bytes_put_number(out, queued->attempts);
  ms_bytes_put_number(out, (uint64_t)queued->status);
  ms_bytes_put_number(out, queued->is_error);
  ms_bytes_put_text(out, ms_str_c(queued->version));
  ms_bytes_put_text(out, ms_buf_view(&queued->response));
  struct ms_str *texts[TEXTS];
  texts_of(texts, (struct ms_queued *)(uintptr_t)queued);
  for (size_t i = 0; i < TEXTS; i++) {
    ms_bytes_put_text(out, *texts[i]);
  }
  ms_bytes_put_number(out, queued->is_begun);
}

int ms_queued_put_row(struct ms_batch *batch, const struct ms_queued *queued)
{
  if (batch == NULL) {
    return MSTEP_OK;
  }
  char key[MS_STORE_NUMBER_SIZE];
  struct ms_buf row;
  ms_buf_init(&row, 0);
  print_row(&row, queued);
  int err = row.error;
  if (err == 0) {
    ms_batch_put(batch, MS_TABLE_INVOCATION, ms_store_key(key, queued->number), ms_buf_view(&row));
  }
  ms_buf_deinit(&row);
  return err;
}

static void copy_text(char *out, size_t size, struct ms_str text)
{
  size_t len = text.len < size ? text.len : size - 1;
  if (len > 0) {
    memcpy(out, text.data, len);
  }
  out[len] = '\0';
}

/* What a row says, up to the texts. Its version. */
static uint64_t read_head(struct ms_queued *row, struct ms_bytes_reader *reader)
{
  uint64_t version = ms_bytes_number(reader);
  if (version == 0 || version > ROW_VERSION) {
    ms_bytes_fail(reader, "an invocation of another version");
  }
  copy_text(row->request_id, sizeof row->request_id, ms_bytes_text(reader));
  row->accepted_at_ms = ms_bytes_signed(reader);
  row->not_before_ms = ms_bytes_signed(reader);
  row->throttle_ms = ms_bytes_signed(reader);
  return version;
}

/* The event in memory, whether that is crowded or not. */
static int read_event(struct ms_str key, struct ms_str value, void *user)
{
  struct ms_invoke *invoke = user;
  struct ms_queued row = {.number = ms_store_number(key)};
  struct ms_bytes_reader reader;
  ms_bytes_reader_init(&reader, value);
  uint64_t version = read_head(&row, &reader);
  row.attempts = ms_bytes_number32(&reader);
  row.status = (int)ms_bytes_number32(&reader);
  row.is_error = ms_bytes_number(&reader) != 0;
  copy_text(row.version, sizeof row.version, ms_bytes_text(&reader));
  struct ms_str response = ms_bytes_text(&reader);
  struct ms_str texts[TEXTS];
  for (size_t i = 0; i < TEXTS; i++) {
    texts[i] = ms_bytes_text(&reader);
  }
  row.is_cut = version > 1 && ms_bytes_number(&reader) != 0;
  struct ms_queued *queued = reader.error != 0 ? NULL : queued_new(invoke, texts);
  if (queued == NULL) {
    return reader.error != 0 ? reader.error : ms_error_nomem();
  }
  queued->number = row.number;
  memcpy(queued->request_id, row.request_id, sizeof row.request_id);
  queued->accepted_at_ms = row.accepted_at_ms;
  queued->not_before_ms = row.not_before_ms;
  queued->throttle_ms = row.throttle_ms;
  queued->attempts = row.attempts;
  queued->status = row.status;
  queued->is_error = row.is_error;
  queued->is_begun = queued->is_cut = row.is_cut;
  queued->is_stored = true;
  memcpy(queued->version, row.version, sizeof row.version);
  ms_buf_str(&queued->response, response);
  return queued->response.error;
}

static int load_event(struct ms_str key, struct ms_str value, void *user)
{
  struct ms_invoke *invoke = user;
  invoke->next_number = ms_store_number(key) + 1;
  if (!ms_invoke_is_crowded(invoke)) {
    return read_event(key, value, user);
  }
  struct ms_queued row = {.number = ms_store_number(key)};
  struct ms_bytes_reader reader;
  ms_bytes_reader_init(&reader, value);
  (void)read_head(&row, &reader);
  const struct ms_parked_entry entry = {row.not_before_ms, row.number, row.throttle_ms};
  int err = reader.error != 0 ? reader.error : ms_parked_add(&invoke->parked, entry);
  invoke->open_count += err == 0;
  return err;
}

void ms_invoke_queue_drop(struct ms_invoke *invoke)
{
  for (struct ms_queued *queued = invoke->queue, *next; queued != NULL; queued = next) {
    next = queued->next;
    ms_queued_drop(queued);
  }
  invoke->open_count = 0;
  ms_parked_clear(&invoke->parked);
}

int ms_invoke_queue_load(struct ms_invoke *invoke)
{
  const struct ms_scan scan = {.table = MS_TABLE_INVOCATION};
  int err = ms_store_scan(invoke->env->ledger.reader, &scan, load_event, invoke);
  for (struct ms_queued *queued = invoke->queue; queued != NULL && err == 0;
       queued = queued->next) {
    if (!queued->is_dropped) {
      err = ms_heap_add(&invoke->heap, &queued->node, queued->not_before_ms, queued->number);
    }
  }
  invoke->next_order = invoke->next_number;
  invoke->recovered_below = invoke->next_number;
  return err;
}

void ms_invoke_queue_deinit(struct ms_invoke *invoke)
{
  while (invoke->queue != NULL) {
    queued_free(invoke->queue);
  }
  ms_parked_clear(&invoke->parked);
}

/* ---- accepting ---- */

static void on_sent(int code, void *arg)
{
  struct ms_queued *queued = arg;
  struct ms_invoke *invoke = queued->invoke;
  ms_invoke_sent_cb sent = queued->sent;
  void *user = queued->user;
  char request_id[37];
  memcpy(request_id, queued->request_id, sizeof request_id);
  queued->holds--;
  if (queued->is_dropped) {
    ms_queued_drop(queued);
  } else if (code == 0) {
    queued->is_stored = true;
    ms_queued_wait(queued, ms_loop_now_ms(invoke->env->loop));
  } /* else load brings back what there is */
  if (sent != NULL) {
    sent(code, request_id, user);
  }
  ms_invoke_go(invoke);
}

/* What the function's configuration says now; empty when it says nothing. */
static int fallback_text(struct ms_buf *out, const struct ms_invoke *invoke,
                         const struct ms_function_name *name, const struct ms_invoke_target *target)
{
  struct ms_json config = ms_invoke_event_config(invoke, name);
  struct ms_json letter = ms_json_getc(target->configuration, "DeadLetterConfig");
  if (ms_json_is_none(config) && ms_json_is_none(letter)) {
    return MSTEP_OK;
  }
  struct ms_json object = ms_json_object(2);
  int err = ms_json_is_none(object) ? ms_error_nomem() : MSTEP_OK;
  if (err == 0 && !ms_json_is_none(config)) {
    err = ms_json_setc(&object, "EventInvokeConfig", ms_json_ref(config));
  }
  if (err == 0 && !ms_json_is_none(letter)) {
    err = ms_json_setc(&object, "DeadLetterConfig", ms_json_ref(letter));
  }
  ms_json_print(out, object);
  ms_json_unref(object);
  return err != 0 ? err : out->error;
}

static int store_new(struct ms_queued *queued)
{
  const struct ms_ledger *ledger = &queued->invoke->env->ledger;
  struct ms_batch *batch;
  int err = ledger->begin(&batch, ledger->user);
  if (err != 0) {
    return err;
  }
  int put_err = ms_queued_put_row(batch, queued);
  err = ledger->end(ledger->user);
  err = put_err != 0 ? put_err : err;
  return err != 0 ? err : ledger->when_durable(on_sent, queued, ledger->user);
}

int ms_invoke_send(struct ms_invoke *invoke, const struct ms_invoke_event *event,
                   ms_invoke_sent_cb sent, void *user)
{
  if (event->payload.len > MS_INVOKE_PAYLOAD_MAX) {
    return ms_error(MSTEP_ETOOBIG,
                    "%zu byte payload is too large for the Event invocation type (limit %zu bytes)",
                    event->payload.len, MS_INVOKE_PAYLOAD_MAX);
  }
  struct ms_invoke_target target;
  int err = ms_invoke_resolve(&target, invoke, &event->name);
  struct ms_buf fallback;
  ms_buf_init(&fallback, 0);
  err = err != 0 ? err : fallback_text(&fallback, invoke, &event->name, &target);
  const struct ms_str texts[TEXTS] = {event->name.name, event->name.qualifier, event->payload,
                                      event->lineage, ms_buf_view(&fallback)};
  struct ms_queued *queued = err != 0 ? NULL : queued_new(invoke, texts);
  ms_buf_deinit(&fallback);
  if (queued == NULL) {
    return err != 0 ? err : ms_error_nomem();
  }
  if (event->request_id != NULL) {
    copy_text(queued->request_id, sizeof queued->request_id, ms_str_c(event->request_id));
  } else {
    ms_random_uuid(invoke->env->random, queued->request_id);
  }
  queued->number = invoke->next_number++;
  queued->accepted_at_ms = ms_loop_now_ms(invoke->env->loop);
  queued->not_before_ms = queued->accepted_at_ms;
  queued->sent = sent;
  queued->user = user;
  err = store_new(queued);
  if (err != 0) {
    ms_queued_drop(queued); /* a row that is there all the same runs after the next start */
  } else {
    invoke->counts.received++;
    queued->holds++;
  }
  return err;
}

/* ---- what is due ---- */

int64_t ms_invoke_queue_due_ms(const struct ms_invoke *invoke)
{
  int64_t due_ms = 0;
  const struct ms_parked_entry *first = ms_parked_first(&invoke->parked);
  bool is_there = ms_heap_peek(&invoke->heap, &due_ms) != NULL;
  return first != NULL && (!is_there || first->due_at_ms < due_ms) ? first->due_at_ms
         : is_there                                                ? due_ms
                                                                   : 0;
}

/* One that was in the store alone, in memory again. NULL: it cannot be read now, or is gone. */
static struct ms_queued *unpark(struct ms_invoke *invoke)
{
  char key[MS_STORE_NUMBER_SIZE];
  struct ms_parked_entry entry = ms_parked_take(&invoke->parked);
  struct ms_queued *before = invoke->queue;
  int err = ms_store_get(invoke->env->ledger.reader, MS_TABLE_INVOCATION,
                         ms_store_key(key, entry.number), read_event, invoke);
  struct ms_queued *queued = invoke->queue == before ? NULL : invoke->queue;
  if (err != 0 && queued != NULL) {
    ms_queued_drop(queued);
    queued = NULL;
  }
  if (queued != NULL) {
    invoke->open_count--; /* counted twice */
    queued->throttle_ms = entry.throttle_ms;
    return queued;
  }
  entry.due_at_ms = ms_loop_now_ms(invoke->env->loop) + AGAIN_MS;
  if (err == MSTEP_ENOTFOUND || ms_parked_add(&invoke->parked, entry) != 0) {
    invoke->open_count--;
    invoke->env->log(0, "invoke", "an event cannot be read from the store", invoke->env->user);
  }
  return NULL;
}

static struct ms_queued *take_due(struct ms_invoke *invoke, int64_t now_ms)
{
  int64_t due_ms = 0;
  const struct ms_parked_entry *first = ms_parked_first(&invoke->parked);
  bool is_there = ms_heap_peek(&invoke->heap, &due_ms) != NULL;
  if (first != NULL && first->due_at_ms <= now_ms && (!is_there || first->due_at_ms < due_ms)) {
    return unpark(invoke);
  }
  return (struct ms_queued *)(void *)ms_heap_take_due(&invoke->heap, now_ms);
}

void ms_invoke_go(struct ms_invoke *invoke)
{
  if (invoke->is_going || !invoke->is_resumed) {
    return;
  }
  invoke->is_going = true;
  int64_t now_ms = ms_loop_now_ms(invoke->env->loop);
  for (unsigned i = 0; i < STEPS_MAX && invoke->run_count < MS_INVOKE_RUNS_MAX; i++) {
    int64_t due_ms = ms_invoke_queue_due_ms(invoke);
    if (due_ms == 0 || due_ms > now_ms) {
      break;
    }
    struct ms_queued *queued = take_due(invoke, now_ms);
    if (queued == NULL) {
      continue;
    }
    if (queued->condition != MS_INVOKE_OPEN) {
      ms_queued_end(queued, queued->condition);
    } else {
      ms_queued_attempt(queued);
    }
  }
  invoke->is_going = false;
  invoke->env->touch(invoke->env->user);
}
