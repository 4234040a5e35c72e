/*
 * A parcel: its content, in memory or in its row alone, and how that row is written and read. When it is tried is
 * outbox.c's.
 */
#include "dest/outbox_parcel.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/error.h"

#define ROW_VERSION 2
#define ROW_VERSION_FIRST 1 /* without a policy */
#define DETAIL_MAX 255u
#define TEXTS 12

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

/* ---- in memory ---- */

static struct ms_parcel_content *content_new(struct ms_outbox *outbox, struct ms_delivery from,
                                             const struct ms_outbox_policy *policy)
{
  struct ms_str *texts[TEXTS];
  struct ms_parcel_content *content;
  size_t size = sizeof *content;
  texts_of(texts, &from);
  for (size_t i = 0; i < TEXTS; i++) {
    size += texts[i]->len;
  }
  content = ms_alloc(size);
  if (content == NULL) {
    return NULL;
  }
  char *at = content->texts;
  for (size_t i = 0; i < TEXTS; i++) {
    if (texts[i]->len > 0) {
      memcpy(at, texts[i]->data, texts[i]->len);
    }
    texts[i]->data = texts[i]->len == 0 ? NULL : at;
    at += texts[i]->len;
  }
  content->size = size;
  content->delivery = from;
  content->policy = *policy;
  outbox->resident_bytes += size;
  return content;
}

static void content_free(struct ms_parcel *parcel)
{
  if (parcel->content != NULL) {
    parcel->outbox->resident_bytes -= parcel->content->size;
    ms_free(parcel->content);
    parcel->content = NULL;
  }
}

static void append(struct ms_outbox *outbox, struct ms_parcel *parcel)
{
  parcel->outbox = outbox;
  parcel->next = NULL;
  parcel->slot = outbox->last;
  *outbox->last = parcel;
  outbox->last = &parcel->next;
  outbox->open_count++;
}

struct ms_parcel *ms_parcel_new(struct ms_outbox *outbox, const struct ms_delivery *delivery,
                                const struct ms_outbox_policy *policy, uint64_t number)
{
  struct ms_parcel *parcel = ms_calloc(1, sizeof *parcel);
  struct ms_parcel_content *content =
      parcel == NULL ? NULL : content_new(outbox, *delivery, policy);
  if (content == NULL) {
    ms_free(parcel);
    return NULL;
  }
  parcel->content = content;
  parcel->number = number;
  append(outbox, parcel);
  return parcel;
}

void ms_parcel_free(struct ms_parcel *parcel)
{
  struct ms_outbox *outbox = parcel->outbox;
  *parcel->slot = parcel->next;
  if (parcel->next != NULL) {
    parcel->next->slot = parcel->slot;
  } else {
    outbox->last = parcel->slot;
  }
  outbox->new_ones = outbox->new_ones == parcel ? parcel->next : outbox->new_ones;
  content_free(parcel);
  ms_free(parcel->detail);
  ms_free(parcel);
}

void ms_parcel_drop(struct ms_parcel *parcel)
{
  struct ms_outbox *outbox = parcel->outbox;
  if (!parcel->is_dropped) {
    ms_heap_remove(&outbox->heap, &parcel->node);
    outbox->undelivered_count -= parcel->is_undelivered;
    outbox->open_count -= !parcel->is_undelivered;
    parcel->is_dropped = true;
  }
  if (parcel->holds == 0) {
    ms_parcel_free(parcel);
  }
}

const char *ms_parcel_detail(const struct ms_parcel *parcel)
{
  return parcel->detail == NULL ? "" : parcel->detail;
}

void ms_parcel_set_detail(struct ms_parcel *parcel, struct ms_str detail)
{
  size_t len = detail.len < DETAIL_MAX ? detail.len : DETAIL_MAX;
  char *copy = len == 0 ? NULL : ms_alloc(len + 1);
  ms_free(parcel->detail);
  parcel->detail = copy;
  if (copy != NULL) {
    memcpy(copy, detail.data, len);
    copy[len] = '\0';
  }
}

static bool is_crowded(const struct ms_outbox *outbox)
{
  return outbox->resident_bytes > outbox->options.resident_max;
}

void ms_parcel_rest(struct ms_parcel *parcel, bool at_once)
{
  bool may = parcel->is_stored && parcel->outbox->options.env->ledger.reader != NULL;
  if (may && (at_once || is_crowded(parcel->outbox))) {
    content_free(parcel);
  }
}

/* ---- rows ---- */

static void print_row(struct ms_buf *out, struct ms_parcel *parcel)
{
  struct ms_str *texts[TEXTS];
  texts_of(texts, &parcel->content->delivery);
  ms_bytes_put_number(out, ROW_VERSION);
  ms_bytes_put_number(out, parcel->is_undelivered);
  ms_bytes_put_number(out, parcel->attempts);
  ms_bytes_put_signed(out, parcel->created_at_ms);
  ms_bytes_put_text(out, ms_str_c(ms_parcel_detail(parcel)));
  for (size_t i = 0; i < TEXTS; i++) {
    ms_bytes_put_text(out, *texts[i]);
  }
  const struct ms_outbox_policy *policy = &parcel->content->policy;
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

int ms_parcel_put_row(struct ms_batch *batch, struct ms_parcel *parcel)
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

int ms_parcel_save(struct ms_parcel *parcel)
{
  const struct ms_ledger *ledger = &parcel->outbox->options.env->ledger;
  struct ms_batch *batch;
  int err = ledger->begin(&batch, ledger->user);
  if (err == 0) {
    int row_err = ms_parcel_put_row(batch, parcel);
    err = ledger->end(ledger->user);
    err = row_err != 0 ? row_err : err;
  }
  return err;
}

int ms_parcel_remove_row(struct ms_parcel *parcel)
{
  const struct ms_ledger *ledger = &parcel->outbox->options.env->ledger;
  char key[MS_STORE_NUMBER_SIZE];
  struct ms_batch *batch;
  int err = ledger->begin(&batch, ledger->user);
  if (err == 0) {
    if (batch != NULL) {
      ms_batch_remove(batch, parcel->outbox->options.table, ms_store_key(key, parcel->number));
    }
    err = ledger->end(ledger->user);
  }
  return err;
}

/* What changes, into `parcel`; `detail` is borrowed. */
static void read_head(struct ms_parcel *parcel, struct ms_str *detail, uint64_t *version,
                      struct ms_bytes_reader *reader)
{
  *version = ms_bytes_number(reader);
  if (*version < ROW_VERSION_FIRST || *version > ROW_VERSION) {
    ms_bytes_fail(reader, "a delivery of another version");
  }
  parcel->is_undelivered = ms_bytes_number(reader) != 0;
  parcel->attempts = ms_bytes_number32(reader);
  parcel->created_at_ms = ms_bytes_signed(reader);
  *detail = ms_bytes_text(reader);
}

static int read_content(struct ms_parcel_content **out, struct ms_outbox *outbox, uint64_t version,
                        struct ms_bytes_reader *reader)
{
  struct ms_delivery delivery = {.target = {NULL, 0}};
  struct ms_str *texts[TEXTS];
  texts_of(texts, &delivery);
  for (size_t i = 0; i < TEXTS; i++) {
    *texts[i] = ms_bytes_text(reader);
  }
  struct ms_outbox_policy policy =
      version == ROW_VERSION_FIRST ? MS_OUTBOX_POLICY_STANDARD : read_policy(reader);
  if (reader->error != 0) {
    return reader->error;
  }
  *out = content_new(outbox, delivery, &policy);
  return *out == NULL ? ms_error_nomem() : MSTEP_OK;
}

static int read_row(struct ms_str key, struct ms_str row, void *user)
{
  (void)key;
  struct ms_parcel *parcel = user;
  struct ms_parcel ignored = {0};
  struct ms_bytes_reader reader;
  struct ms_str detail;
  uint64_t version;
  ms_bytes_reader_init(&reader, row);
  read_head(&ignored, &detail, &version, &reader);
  return reader.error != 0 ? reader.error
                           : read_content(&parcel->content, parcel->outbox, version, &reader);
}

int ms_parcel_fill(struct ms_parcel *parcel)
{
  const struct ms_outbox_options *options = &parcel->outbox->options;
  char key[MS_STORE_NUMBER_SIZE];
  if (parcel->content != NULL) {
    return MSTEP_OK;
  }
  int err = ms_store_get(options->env->ledger.reader, options->table,
                         ms_store_key(key, parcel->number), read_row, parcel);
  return err == MSTEP_ENOTFOUND ? ms_error(MSTEP_EIO, "the row of a delivery is not there") : err;
}

int ms_parcel_load(struct ms_str key, struct ms_str row, void *user)
{
  struct ms_outbox *outbox = user;
  struct ms_bytes_reader reader;
  struct ms_str detail;
  uint64_t version;
  struct ms_parcel *parcel = ms_calloc(1, sizeof *parcel);
  if (parcel == NULL) {
    return ms_error_nomem();
  }
  ms_bytes_reader_init(&reader, row);
  read_head(parcel, &detail, &version, &reader);
  int err = reader.error;
  if (err == 0 && !parcel->is_undelivered && !is_crowded(outbox)) {
    err = read_content(&parcel->content, outbox, version, &reader);
  }
  if (err != 0) {
    ms_free(parcel);
    return err;
  }
  parcel->number = ms_store_number(key);
  parcel->is_stored = true;
  ms_parcel_set_detail(parcel, detail);
  append(outbox, parcel);
  outbox->undelivered_count += parcel->is_undelivered;
  outbox->open_count -= parcel->is_undelivered;
  outbox->next_number = parcel->number + 1;
  return MSTEP_OK;
}
