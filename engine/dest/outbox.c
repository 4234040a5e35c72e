/*
 * The outbox (outbox.h): its parcels in memory and as rows, and when each is tried. Who asks the ledger or a
 * target for an answer holds the parcel until it comes; one that was dropped meanwhile is freed then.
 */
#include "dest/outbox.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/heap.h"

#define ROW_VERSION 2
#define ROW_VERSION_FIRST 1 /* without a policy */
#define DETAIL_SIZE 256
#define TEXTS 12

struct parcel {
  struct ms_heap_node node; /* first; in the heap while it waits for its time */
  struct parcel *next, **slot;
  struct ms_outbox *outbox;
  uint64_t number;
  char *texts; /* what `delivery` points into */
  struct ms_delivery delivery;
  struct ms_outbox_policy policy;
  int64_t created_at_ms;
  uint32_t attempts;
  unsigned holds; /* answers that are to come */
  bool is_dropped;
  bool is_new;   /* added, not committed */
  bool is_taken; /* only its row is left */
  bool is_undelivered;
  char detail[DETAIL_SIZE]; /* of the last try */
};

struct ms_outbox {
  struct ms_outbox_options options;
  struct parcel *parcels; /* all that are in memory */
  struct ms_heap heap;
  uint64_t next_number;
  uint64_t next_order;
  size_t open_count; /* neither undelivered nor dropped */
  size_t undelivered_count;
  uint64_t delivered_count;
  unsigned flight_count;
  bool is_resumed;
};

/* ---- parcels ---- */

static void texts_of(struct ms_str *out[TEXTS], struct ms_delivery *delivery)
{
  out[0] = &delivery->target;
  out[1] = &delivery->body;
  out[2] = &delivery->attributes;
  out[3] = &delivery->group;
  out[4] = &delivery->deduplication;
  out[5] = &delivery->source;
  out[6] = &delivery->detail_type;
  out[7] = &delivery->reason;
  out[8] = &delivery->resources;
  out[9] = &delivery->lineage;
  out[10] = &delivery->secret;
  out[11] = &delivery->key;
}

static void parcel_free(struct parcel *parcel)
{
  *parcel->slot = parcel->next;
  if (parcel->next != NULL) {
    parcel->next->slot = parcel->slot;
  }
  ms_free(parcel->texts);
  ms_free(parcel);
}

/* Out of everything but the hands of those who hold it. */
static void parcel_drop(struct parcel *parcel)
{
  struct ms_outbox *outbox = parcel->outbox;
  if (!parcel->is_dropped) {
    ms_heap_remove(&outbox->heap, &parcel->node);
    outbox->undelivered_count -= parcel->is_undelivered;
    outbox->open_count -= !parcel->is_undelivered;
    parcel->is_dropped = true;
  }
  if (parcel->holds == 0) {
    parcel_free(parcel);
  }
}

/* Copies the texts of `from`; empty ones are NULL. */
static struct parcel *parcel_new(struct ms_outbox *outbox, struct ms_delivery from, uint64_t number)
{
  struct ms_str *texts[TEXTS];
  size_t size = 1;
  texts_of(texts, &from);
  for (size_t i = 0; i < TEXTS; i++) {
    size += texts[i]->len;
  }
  struct parcel *parcel = ms_calloc(1, sizeof *parcel);
  char *at = parcel == NULL ? NULL : ms_alloc(size);
  if (at == NULL) {
    ms_free(parcel);
    return NULL;
  }
  parcel->texts = at;
  for (size_t i = 0; i < TEXTS; i++) {
    if (texts[i]->len > 0) {
      memcpy(at, texts[i]->data, texts[i]->len);
    }
    texts[i]->data = texts[i]->len == 0 ? NULL : at;
    at += texts[i]->len;
  }
  parcel->delivery = from;
  parcel->outbox = outbox;
  parcel->number = number;
  parcel->slot = &outbox->parcels;
  parcel->next = outbox->parcels;
  if (parcel->next != NULL) {
    parcel->next->slot = &parcel->next;
  }
  outbox->parcels = parcel;
  outbox->open_count++;
  return parcel;
}

/* ---- rows ---- */

static void print_row(struct ms_buf *out, struct parcel *parcel)
{
  struct ms_str *texts[TEXTS];
  texts_of(texts, &parcel->delivery);
  ms_bytes_put_number(out, ROW_VERSION);
  ms_bytes_put_number(out, parcel->is_undelivered);
  ms_bytes_put_number(out, parcel->attempts);
  ms_bytes_put_signed(out, parcel->created_at_ms);
  ms_bytes_put_text(out, ms_str_c(parcel->detail));
  for (size_t i = 0; i < TEXTS; i++) {
    ms_bytes_put_text(out, *texts[i]);
  }
  const struct ms_outbox_policy *policy = &parcel->policy;
  ms_bytes_put_signed(out, policy->pause_ms);
  ms_bytes_put_signed(out, (int64_t)(policy->rate * 1000));
  ms_bytes_put_signed(out, policy->pause_max_ms);
  ms_bytes_put_signed(out, policy->age_max_ms);
  ms_bytes_put_number(out, policy->retries_max);
  ms_bytes_put_number(out, policy->has_jitter);
}

static struct ms_outbox_policy read_policy(struct ms_bytes_reader *reader)
{
  struct ms_outbox_policy policy;
  policy.pause_ms = ms_bytes_signed(reader);
  policy.rate = (double)ms_bytes_signed(reader) / 1000;
  policy.pause_max_ms = ms_bytes_signed(reader);
  policy.age_max_ms = ms_bytes_signed(reader);
  policy.retries_max = ms_bytes_number32(reader);
  policy.has_jitter = ms_bytes_number(reader) != 0;
  return policy;
}

static int put_row(struct ms_batch *batch, struct parcel *parcel)
{
  if (batch == NULL) {
    return MSTEP_OK;
  }
  char key[MS_STORE_NUMBER_SIZE];
  struct ms_buf row;
  ms_buf_init(&row, 0);
  print_row(&row, parcel);
  int err = row.error;
  if (err == 0) {
    ms_batch_put(batch, parcel->outbox->options.table, ms_store_key(key, parcel->number),
                 ms_buf_view(&row));
  }
  ms_buf_deinit(&row);
  return err;
}

static void set_detail(struct parcel *parcel, struct ms_str detail)
{
  size_t len = detail.len < DETAIL_SIZE ? detail.len : DETAIL_SIZE - 1;
  if (len > 0) {
    memcpy(parcel->detail, detail.data, len);
  }
  parcel->detail[len] = '\0';
}

static int read_row(struct ms_str key, struct ms_str value, void *user)
{
  struct ms_outbox *outbox = user;
  struct ms_delivery delivery = {.target = {NULL, 0}};
  struct ms_str *texts[TEXTS];
  texts_of(texts, &delivery);
  struct ms_bytes_reader reader;
  ms_bytes_reader_init(&reader, value);
  uint64_t version = ms_bytes_number(&reader);
  if (version < ROW_VERSION_FIRST || version > ROW_VERSION) {
    return ms_bytes_fail(&reader, "a delivery of another version");
  }
  bool is_undelivered = ms_bytes_number(&reader) != 0;
  uint32_t attempts = ms_bytes_number32(&reader);
  int64_t created_at_ms = ms_bytes_signed(&reader);
  struct ms_str detail = ms_bytes_text(&reader);
  for (size_t i = 0; i < TEXTS; i++) {
    *texts[i] = ms_bytes_text(&reader);
  }
  struct ms_outbox_policy policy =
      version == ROW_VERSION_FIRST ? MS_OUTBOX_POLICY_STANDARD : read_policy(&reader);
  if (reader.error != 0) {
    return reader.error;
  }
  struct parcel *parcel = parcel_new(outbox, delivery, ms_store_number(key));
  if (parcel == NULL) {
    return ms_error_nomem();
  }
  parcel->policy = policy;
  parcel->attempts = attempts;
  parcel->created_at_ms = created_at_ms;
  set_detail(parcel, detail);
  if (is_undelivered) {
    parcel->is_undelivered = true;
    outbox->undelivered_count++;
    outbox->open_count--;
  }
  outbox->next_number = parcel->number + 1;
  return MSTEP_OK;
}

/* ---- the ledger ---- */

static int change_begin(struct ms_batch **batch, struct ms_outbox *outbox)
{
  const struct ms_ledger *ledger = &outbox->options.env->ledger;
  return ledger->begin(batch, ledger->user);
}

static int change_end(struct ms_outbox *outbox)
{
  const struct ms_ledger *ledger = &outbox->options.env->ledger;
  return ledger->end(ledger->user);
}

/* Writes the row as it is now. What is lost with an error is how often it was tried. */
static int save(struct parcel *parcel)
{
  struct ms_batch *batch;
  int err = change_begin(&batch, parcel->outbox);
  if (err == 0) {
    int row_err = put_row(batch, parcel);
    err = change_end(parcel->outbox);
    err = row_err != 0 ? row_err : err;
  }
  return err;
}

/* ---- trying ---- */

static void wait_until(struct parcel *parcel, int64_t at_ms)
{
  struct ms_outbox *outbox = parcel->outbox;
  if (ms_heap_add(&outbox->heap, &parcel->node, at_ms, outbox->next_order++) != 0) {
    outbox->options.env->log(0, outbox->options.module,
                             "no memory: a delivery waits for the next start",
                             outbox->options.env->user);
  }
}

static int64_t now_of(const struct ms_outbox *outbox)
{
  return ms_loop_now_ms(outbox->options.env->loop);
}

static void taken(struct parcel *parcel)
{
  char key[MS_STORE_NUMBER_SIZE];
  struct ms_outbox *outbox = parcel->outbox;
  struct ms_batch *batch;
  outbox->delivered_count += !parcel->is_taken;
  parcel->is_taken = true;
  int err = change_begin(&batch, outbox);
  if (err == 0) {
    if (batch != NULL) {
      ms_batch_remove(batch, outbox->options.table, ms_store_key(key, parcel->number));
    }
    err = change_end(outbox);
  }
  if (err != 0) {
    wait_until(parcel, now_of(outbox) + MS_OUTBOX_PAUSE_MS); /* the row is to go, nothing else */
  } else {
    parcel_drop(parcel);
  }
}

static void undelivered(struct parcel *parcel)
{
  struct ms_outbox *outbox = parcel->outbox;
  const struct ms_driver_env *env = outbox->options.env;
  char text[640];
  snprintf(text, sizeof text, "undelivered: %.*s to %.*s: %s",
           (int)(parcel->delivery.reason.len < 150 ? parcel->delivery.reason.len : 150),
           parcel->delivery.reason.len == 0 ? "" : parcel->delivery.reason.data,
           (int)(parcel->delivery.target.len < 150 ? parcel->delivery.target.len : 150),
           parcel->delivery.target.len == 0 ? "" : parcel->delivery.target.data, parcel->detail);
  env->log(1, outbox->options.module, text, env->user);
  parcel->is_undelivered = true;
  outbox->undelivered_count++;
  outbox->open_count--;
  if (save(parcel) != 0) {
    parcel->is_undelivered = false; /* it is to be known as such durably: tried once more */
    outbox->undelivered_count--;
    outbox->open_count++;
    wait_until(parcel, now_of(outbox) + MS_OUTBOX_PAUSE_MS);
  }
}

/* Before the next try, behind so many failed ones. */
static int64_t pause_of(const struct parcel *parcel)
{
  const struct ms_outbox_policy *policy = &parcel->policy;
  double ms = (double)policy->pause_ms, most = (double)policy->pause_max_ms;
  for (uint32_t i = 0; i < parcel->attempts && ms < most && policy->rate > 1; i++) {
    ms *= policy->rate;
  }
  ms = ms < most ? ms : most;
  if (policy->has_jitter) {
    ms *= ms_random_double(parcel->outbox->options.env->random);
  }
  return ms < 1 ? 1 : (int64_t)ms;
}

static void not_taken(struct parcel *parcel, bool is_final)
{
  const struct ms_outbox_policy *policy = &parcel->policy;
  int64_t now_ms = now_of(parcel->outbox), pause_ms = pause_of(parcel);
  bool is_over = parcel->attempts >= policy->retries_max ||
                 now_ms + pause_ms >= parcel->created_at_ms + policy->age_max_ms;
  parcel->attempts++;
  if (is_final || is_over) {
    undelivered(parcel);
    return;
  }
  (void)save(parcel);
  wait_until(parcel, now_ms + pause_ms);
}

static void go(struct ms_outbox *outbox);

static void on_delivered(int code, bool is_final, const char *detail, void *arg)
{
  struct parcel *parcel = arg;
  struct ms_outbox *outbox = parcel->outbox;
  parcel->holds--;
  outbox->flight_count--;
  if (parcel->is_dropped) {
    parcel_drop(parcel);
  } else if (code == 0) {
    taken(parcel);
  } else {
    set_detail(parcel, ms_str_c(detail));
    not_taken(parcel, is_final);
  }
  go(outbox);
}

static void try_parcel(struct parcel *parcel)
{
  struct ms_outbox *outbox = parcel->outbox;
  const struct ms_driver_env *env = outbox->options.env;
  if (parcel->is_taken) {
    taken(parcel);
    return;
  }
  parcel->holds++;
  outbox->flight_count++;
  int err = env->deliver(&parcel->delivery, on_delivered, parcel, env->user);
  if (err != 0) {
    parcel->holds--;
    outbox->flight_count--;
    bool may_pass = err == MSTEP_ENOMEM || err == MSTEP_EIO || err == MSTEP_ETOOBIG;
    set_detail(parcel, ms_str_c(ms_error_detail()));
    not_taken(parcel, !may_pass);
  }
}

/* Tries what is due, as far as there is room. */
static void go(struct ms_outbox *outbox)
{
  int64_t now_ms = now_of(outbox);
  while (outbox->is_resumed && outbox->flight_count < MS_OUTBOX_FLIGHT_MAX) {
    struct ms_heap_node *node = ms_heap_take_due(&outbox->heap, now_ms);
    if (node == NULL) {
      break;
    }
    try_parcel((struct parcel *)(void *)node);
  }
}

static void on_durable(int code, void *arg)
{
  struct parcel *parcel = arg;
  struct ms_outbox *outbox = parcel->outbox;
  parcel->holds--;
  if (parcel->is_dropped) {
    parcel_drop(parcel);
  } else if (code == 0) {
    wait_until(parcel, now_of(outbox));
    go(outbox);
  } /* else load brings back what there is */
}

/* ---- what the driver calls ---- */

int ms_outbox_add(struct ms_outbox *outbox, struct ms_batch *batch,
                  const struct ms_delivery *delivery, const struct ms_outbox_policy *policy)
{
  struct parcel *parcel = parcel_new(outbox, *delivery, outbox->next_number);
  if (parcel == NULL) {
    return ms_error_nomem();
  }
  parcel->is_new = true;
  parcel->policy = policy == NULL ? MS_OUTBOX_POLICY_STANDARD : *policy;
  parcel->created_at_ms = now_of(outbox);
  int err = put_row(batch, parcel);
  if (err != 0) {
    parcel_drop(parcel);
  } else {
    outbox->next_number++;
  }
  return err;
}

/* New ones stand in front. */
void ms_outbox_commit(struct ms_outbox *outbox)
{
  const struct ms_ledger *ledger = &outbox->options.env->ledger;
  for (struct parcel *parcel = outbox->parcels; parcel != NULL && parcel->is_new;
       parcel = parcel->next) {
    parcel->is_new = false;
    if (ledger->when_durable(on_durable, parcel, ledger->user) == 0) {
      parcel->holds++;
    } else {
      /* Nobody tells when it is durable, but in a while it will be, or the store has failed. */
      wait_until(parcel, now_of(outbox) + MS_OUTBOX_PAUSE_MAX_MS);
    }
  }
}

void ms_outbox_back(struct ms_outbox *outbox)
{
  while (outbox->parcels != NULL && outbox->parcels->is_new) {
    parcel_drop(outbox->parcels);
  }
}

size_t ms_outbox_undelivered_count(const struct ms_outbox *outbox)
{
  return outbox->undelivered_count;
}

uint64_t ms_outbox_delivered_count(const struct ms_outbox *outbox)
{
  return outbox->delivered_count;
}

int64_t ms_outbox_next_due_ms(const struct ms_outbox *outbox)
{
  int64_t due_ms = 0;
  bool may_go = outbox->is_resumed && outbox->flight_count < MS_OUTBOX_FLIGHT_MAX;
  return may_go && ms_heap_peek(&outbox->heap, &due_ms) != NULL ? due_ms : 0;
}

void ms_outbox_on_timer(struct ms_outbox *outbox, int64_t now_ms)
{
  (void)now_ms;
  go(outbox);
}

bool ms_outbox_is_busy(const struct ms_outbox *outbox)
{
  return outbox->is_resumed && outbox->open_count > 0;
}

/* ---- the undelivered ---- */

static struct ms_json describe(struct parcel *parcel)
{
  char id[24];
  snprintf(id, sizeof id, "%llu",
           (unsigned long long)(parcel->number - parcel->outbox->options.first));
  struct ms_json out = ms_json_object(7);
  int err = ms_json_setc(&out, "Id", ms_json_cstring(id));
  err = err != 0 ? err : ms_json_setc(&out, "Target", ms_json_string(parcel->delivery.target));
  err = err != 0 ? err : ms_json_setc(&out, "Reason", ms_json_string(parcel->delivery.reason));
  err = err != 0 ? err : ms_json_setc(&out, "Error", ms_json_stringf("%s", parcel->detail));
  err = err != 0 ? err : ms_json_setc(&out, "Attempts", ms_json_int(parcel->attempts));
  err = err != 0
            ? err
            : ms_json_setc(&out, "CreatedAt", ms_json_double((double)parcel->created_at_ms / 1000));
  err = err != 0 ? err : ms_json_setc(&out, "Body", ms_json_string(parcel->delivery.body));
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

/* The undelivered one with the lowest number above `after`; NULL: none. */
static struct parcel *next_undelivered(struct ms_outbox *outbox, uint64_t after)
{
  struct parcel *best = NULL;
  for (struct parcel *parcel = outbox->parcels; parcel != NULL; parcel = parcel->next) {
    bool counts = parcel->is_undelivered && !parcel->is_dropped && parcel->number > after;
    if (counts && (best == NULL || parcel->number < best->number)) {
      best = parcel;
    }
  }
  return best;
}

int ms_outbox_list(struct ms_json *out, uint64_t *next, struct ms_outbox *outbox, uint64_t after,
                   size_t max)
{
  *next = 0;
  *out = ms_json_array(4);
  after += outbox->options.first;
  struct parcel *parcel = next_undelivered(outbox, after);
  int err = ms_json_is_none(*out) ? ms_error_nomem() : MSTEP_OK;
  while (err == 0 && parcel != NULL && ms_json_count(*out) < max) {
    err = ms_json_push(out, describe(parcel));
    after = parcel->number;
    parcel = next_undelivered(outbox, after);
  }
  if (err != 0) {
    ms_json_replace(out, MS_JSON_VALUE_NONE);
  } else if (parcel != NULL) {
    *next = after - outbox->options.first;
  }
  return err;
}

static int replay(struct parcel *parcel)
{
  struct ms_outbox *outbox = parcel->outbox;
  const uint32_t attempts = parcel->attempts;
  const int64_t created_at_ms = parcel->created_at_ms;
  parcel->is_undelivered = false;
  parcel->attempts = 0;
  parcel->created_at_ms = now_of(outbox);
  int err = save(parcel);
  if (err != 0) {
    parcel->is_undelivered = true;
    parcel->attempts = attempts;
    parcel->created_at_ms = created_at_ms;
    return err;
  }
  outbox->undelivered_count--;
  outbox->open_count++;
  wait_until(parcel, now_of(outbox));
  outbox->options.env->touch(outbox->options.env->user);
  return MSTEP_OK;
}

static int purge(struct parcel *parcel)
{
  char key[MS_STORE_NUMBER_SIZE];
  struct ms_outbox *outbox = parcel->outbox;
  struct ms_batch *batch;
  int err = change_begin(&batch, outbox);
  if (err == 0) {
    if (batch != NULL) {
      ms_batch_remove(batch, outbox->options.table, ms_store_key(key, parcel->number));
    }
    err = change_end(outbox);
  }
  if (err == 0) {
    parcel_drop(parcel);
  }
  return err;
}

static int do_one(struct ms_outbox *outbox, uint64_t number, int (*what)(struct parcel *parcel))
{
  for (struct parcel *parcel = outbox->parcels; parcel != NULL; parcel = parcel->next) {
    if (parcel->number == number + outbox->options.first && parcel->is_undelivered &&
        !parcel->is_dropped) {
      return what(parcel);
    }
  }
  return ms_error(MSTEP_ENOTFOUND, "there is no such undelivered record");
}

static int do_all(struct ms_outbox *outbox, size_t *count, int (*what)(struct parcel *parcel))
{
  *count = 0;
  int err = MSTEP_OK;
  for (struct parcel *parcel = outbox->parcels, *next; parcel != NULL && err == 0; parcel = next) {
    next = parcel->next;
    if (parcel->is_undelivered && !parcel->is_dropped) {
      err = what(parcel);
      *count += err == 0;
    }
  }
  return err;
}

int ms_outbox_replay(struct ms_outbox *outbox, uint64_t number)
{
  return do_one(outbox, number, replay);
}

int ms_outbox_replay_all(struct ms_outbox *outbox, size_t *count)
{
  return do_all(outbox, count, replay);
}

int ms_outbox_purge(struct ms_outbox *outbox, uint64_t number)
{
  return do_one(outbox, number, purge);
}

int ms_outbox_purge_all(struct ms_outbox *outbox, size_t *count)
{
  return do_all(outbox, count, purge);
}

/* ---- life ---- */

int ms_outbox_new(struct ms_outbox **out, const struct ms_outbox_options *options)
{
  *out = ms_calloc(1, sizeof **out);
  if (*out == NULL) {
    return ms_error_nomem();
  }
  (*out)->options = *options;
  (*out)->next_number = options->first + 1;
  ms_heap_init(&(*out)->heap);
  return MSTEP_OK;
}

void ms_outbox_free(struct ms_outbox *outbox)
{
  if (outbox == NULL) {
    return;
  }
  ms_heap_deinit(&outbox->heap);
  while (outbox->parcels != NULL) {
    parcel_free(outbox->parcels);
  }
  ms_free(outbox);
}

int ms_outbox_load(struct ms_outbox *outbox)
{
  const struct ms_outbox_options *options = &outbox->options;
  struct ms_store *reader = options->env->ledger.reader;
  outbox->is_resumed = false;
  if (reader == NULL) {
    return MSTEP_OK;
  }
  for (struct parcel *parcel = outbox->parcels, *next; parcel != NULL; parcel = next) {
    next = parcel->next;
    parcel_drop(parcel);
  }
  char from[MS_STORE_NUMBER_SIZE], to[MS_STORE_NUMBER_SIZE];
  const struct ms_scan scan = {.table = options->table,
                               .from = ms_store_key(from, options->first),
                               .to = ms_store_key(to, options->last)};
  int err = ms_store_scan(reader, &scan, read_row, outbox);
  int64_t now_ms = now_of(outbox);
  for (struct parcel *parcel = outbox->parcels; parcel != NULL && err == 0; parcel = parcel->next) {
    if (!parcel->is_undelivered && !parcel->is_dropped) {
      err = ms_heap_add(&outbox->heap, &parcel->node, now_ms, parcel->number);
    }
  }
  return err != 0 ? err : ms_loop_defer(options->env->loop);
}

void ms_outbox_resume(struct ms_outbox *outbox)
{
  outbox->is_resumed = true;
  go(outbox);
}
