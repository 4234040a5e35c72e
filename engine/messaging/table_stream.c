/*
 * Change streams: records written with the changes, kept for a day, read by position. See
 * table_stream.h.
 */
#include "messaging/table_stream.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/time.h"
#include "messaging/resource.h"
#include "messaging/table_internal.h"

#define KIND "tablestream"
#define NUMBER_BITS 40 /* of a record's key; above them the stream's id */
#define TRIM_EVERY_MS 60000
#define KEPT_IN_MEMORY 100000 /* records of a stream, without a store */
#define PAGE_BYTES ((size_t)1 << 20)

static uint64_t key_of(const struct ms_table_stream *stream, uint64_t number)
{
  return (uint64_t)stream->id << NUMBER_BITS | number;
}

static struct ms_str print_key(char out[MS_STORE_NUMBER_SIZE], const struct ms_table_stream *stream,
                               uint64_t number)
{
  return ms_store_key(out, key_of(stream, number));
}

/* ---- texts ---- */

bool ms_table_start_parse(enum ms_table_start *out, struct ms_str text)
{
  static const char *const names[] = {"TRIM_HORIZON", "LATEST", "AT_SEQUENCE_NUMBER",
                                      "AFTER_SEQUENCE_NUMBER"};
  for (unsigned i = 0; i < 4; i++) {
    if (ms_str_is(text, names[i])) {
      *out = (enum ms_table_start)i;
      return true;
    }
  }
  return false;
}

size_t ms_table_sequence_print(char out[MS_TABLE_SEQUENCE_SIZE], uint64_t position)
{
  return (size_t)snprintf(out, MS_TABLE_SEQUENCE_SIZE, "1%020" PRIu64, position);
}

bool ms_table_sequence_parse(uint64_t *position, struct ms_str sequence)
{
  uint64_t number = 0;
  if (sequence.len != 21 || sequence.data[0] != '1') {
    return false;
  }
  for (size_t i = 1; i < 21; i++) {
    if (sequence.data[i] < '0' || sequence.data[i] > '9' || number > UINT64_MAX / 10 - 1) {
      return false;
    }
    number = number * 10 + (uint64_t)(sequence.data[i] - '0');
  }
  *position = number;
  return true;
}

/* ---- life ---- */

struct ms_table_stream *ms_table_stream_find(const struct ms_tables *tables, struct ms_str arn)
{
  struct ms_table_stream *stream = tables->streams;
  while (stream != NULL && !ms_str_eq(stream->arn, arn)) {
    stream = stream->next;
  }
  return stream;
}

void ms_table_stream_free(struct ms_table_stream *stream)
{
  if (stream != NULL) {
    ms_json_unref(stream->row);
    ms_free(stream);
  }
}

void ms_table_streams_free(struct ms_tables *tables)
{
  for (struct ms_table_stream *stream = tables->streams, *next; stream != NULL; stream = next) {
    next = stream->next;
    ms_table_stream_free(stream);
  }
  tables->streams = NULL;
}

static void look_at_row(struct ms_table_stream *stream)
{
  stream->arn = ms_table_text(stream->row, "Arn");
  stream->label = ms_table_text(stream->row, "Label");
  stream->table = ms_table_text(stream->row, "Table");
  stream->shard = ms_table_text(stream->row, "Shard");
  stream->view = ms_table_text(stream->row, "View");
  stream->is_open = ms_json_is_none(ms_json_getc(stream->row, "Ended"));
}

/* Takes row. */
static int stream_new(struct ms_table_stream **out, struct ms_json row)
{
  struct ms_table_stream *stream = ms_calloc(1, sizeof *stream);
  int64_t id = 0, first = 1;
  if (stream == NULL || !ms_json_to_int(&id, ms_json_getc(row, "Id")) || id <= 0 || id >= 1 << 22) {
    ms_json_unref(row);
    ms_free(stream);
    return stream == NULL || ms_json_is_none(row)
               ? ms_error_nomem()
               : ms_error(MSTEP_EIO, "a change stream's row is damaged");
  }
  ms_json_to_int(&first, ms_json_getc(row, "First"));
  stream->row = row;
  stream->id = (uint32_t)id;
  stream->first = stream->end = stream->readable = stream->asked = (uint64_t)first;
  look_at_row(stream);
  *out = stream;
  return MSTEP_OK;
}

/* Streams of one table made in one millisecond would have one label. */
static int64_t free_moment(const struct ms_tables *tables, const struct ms_item_table *table,
                           int64_t at_ms)
{
  for (const struct ms_table_stream *one = tables->streams; one != NULL; one = one->next) {
    int64_t created_ms = 0;
    ms_json_to_int(&created_ms, ms_json_getc(one->row, "Created"));
    if (ms_str_eq(one->table, table->shape.name) && created_ms >= at_ms) {
      at_ms = created_ms + 1;
    }
  }
  return at_ms;
}

static struct ms_json make_row(const struct ms_item_table *table, struct ms_str view)
{
  struct ms_tables *tables = table->tables;
  int64_t at_ms = free_moment(tables, table, ms_loop_now_ms(tables->env->loop));
  char label[MS_TIME_TEXT_SIZE];
  int len = (int)ms_time_format_ms(label, at_ms) - 1; /* without the Z */
  struct ms_json row = ms_json_object(12);
  int err = ms_json_setc(
      &row, "Arn", ms_json_stringf("%.*s/stream/%.*s", MS_STR_ARG(table->shape.arn), len, label));
  err |= ms_json_setc(&row, "Label", ms_json_stringf("%.*s", len, label));
  err |= ms_json_setc(&row, "Table", ms_json_string(table->shape.name));
  err |= ms_json_setc(&row, "Shard",
                      ms_json_stringf("shardId-%020" PRId64 "-%08" PRIx64, at_ms,
                                      ms_random_next(tables->env->random) >> 32));
  err |= ms_json_setc(&row, "View", ms_json_string(view));
  err |= ms_json_setc(&row, "Id", ms_json_int(tables->next_stream_id));
  err |= ms_json_setc(&row, "Created", ms_json_int(at_ms));
  err |= ms_json_setc(&row, "KeySchema", ms_json_ref(ms_json_getc(table->shape.row, "KeySchema")));
  if (err != 0) {
    ms_json_unref(row);
    return MS_JSON_VALUE_NONE;
  }
  return row;
}

int ms_table_stream_open(struct ms_table_stream **out, struct ms_table_change *change,
                         const struct ms_item_table *table, struct ms_str view)
{
  int err = stream_new(out, make_row(table, view));
  if (err == 0) {
    ms_table_change_resource(change, KIND, (*out)->arn, (*out)->row);
  }
  return err;
}

static void plan_trim(struct ms_tables *tables, int64_t at_ms)
{
  if (tables->next_trim_ms == 0 || at_ms < tables->next_trim_ms) {
    tables->next_trim_ms = at_ms;
    tables->env->touch(tables->env->user);
  }
}

void ms_table_stream_link(struct ms_tables *tables, struct ms_table_stream *stream)
{
  struct ms_table_stream **slot = &tables->streams;
  while (*slot != NULL && ms_str_cmp((*slot)->arn, stream->arn) < 0) {
    slot = &(*slot)->next;
  }
  stream->next = *slot;
  *slot = stream;
  if (stream->id >= tables->next_stream_id) {
    tables->next_stream_id = stream->id + 1;
  }
}

/* The row with one number more; takes nothing. */
static struct ms_json row_with(const struct ms_table_stream *stream, const char *name,
                               int64_t value)
{
  struct ms_json row = ms_json_ref(stream->row);
  if (ms_json_setc(&row, name, ms_json_int(value)) != 0) {
    ms_json_unref(row);
    return MS_JSON_VALUE_NONE;
  }
  return row;
}

int ms_table_stream_end(struct ms_table_change *change, const struct ms_table_stream *stream)
{
  int64_t now_ms = ms_loop_now_ms(change->rows->env->loop);
  struct ms_json row = row_with(stream, "Ended", now_ms);
  if (ms_json_is_none(row)) {
    return ms_error_nomem();
  }
  ms_table_change_resource(change, KIND, stream->arn, row);
  ms_json_unref(row);
  return change->error;
}

void ms_table_stream_ended(struct ms_tables *tables, struct ms_table_stream *stream)
{
  int64_t now_ms = ms_loop_now_ms(tables->env->loop);
  struct ms_json row = row_with(stream, "Ended", now_ms);
  if (!ms_json_is_none(row)) { /* else it is without its date until it is loaded again */
    ms_json_replace(&stream->row, row);
    look_at_row(stream);
  }
  stream->is_open = false;
  stream->has_news = true;
  plan_trim(tables, now_ms + MS_TABLE_KEEPS_MS);
}

/* ---- records ---- */

static bool shows(const struct ms_table_stream *stream, bool is_new)
{
  return ms_str_is(stream->view, "NEW_AND_OLD_IMAGES") ||
         ms_str_is(stream->view, is_new ? "NEW_IMAGE" : "OLD_IMAGE");
}

/* "dynamodb" of a record. */
static struct ms_json make_change(const struct ms_item_table *table, struct ms_json old,
                                  struct ms_json new_item)
{
  const struct ms_table_stream *stream = table->stream;
  struct ms_json key = ms_table_key_of(table, ms_json_is_none(new_item) ? old : new_item);
  size_t size = ms_table_item_size(key);
  char sequence[MS_TABLE_SEQUENCE_SIZE];
  struct ms_json out = ms_json_object(8);
  int64_t now_ms = ms_loop_now_ms(table->tables->env->loop);
  ms_table_sequence_print(sequence, stream->end);
  int err = ms_json_setc(&out, "ApproximateCreationDateTime", ms_json_int(now_ms / 1000));
  err |= ms_json_setc(&out, "Keys", key);
  if (!ms_json_is_none(new_item) && shows(stream, true)) {
    err |= ms_json_setc(&out, "NewImage", ms_json_ref(new_item));
    size += ms_table_item_size(new_item);
  }
  if (!ms_json_is_none(old) && shows(stream, false)) {
    err |= ms_json_setc(&out, "OldImage", ms_json_ref(old));
    size += ms_table_item_size(old);
  }
  err |= ms_json_setc(&out, "SequenceNumber", ms_json_cstring(sequence));
  err |= ms_json_setc(&out, "SizeBytes", ms_json_int((int64_t)size));
  err |= ms_json_setc(&out, "StreamViewType", ms_json_string(stream->view));
  if (err != 0) {
    ms_json_unref(out);
    return MS_JSON_VALUE_NONE;
  }
  return out;
}

static int set_service(struct ms_json *record)
{
  struct ms_json who = ms_json_object(2);
  int err = ms_json_setc(&who, "type", ms_json_cstring("Service"));
  err |= ms_json_setc(&who, "principalId", ms_json_cstring("dynamodb.amazonaws.com"));
  return err != 0 ? (ms_json_unref(who), err) : ms_json_setc(record, "userIdentity", who);
}

static struct ms_json make_record(const struct ms_item_table *table, struct ms_json old,
                                  struct ms_json new_item, bool is_expired)
{
  const struct ms_driver_env *env = table->tables->env;
  const char *name =
      ms_json_is_none(old) ? "INSERT" : (ms_json_is_none(new_item) ? "REMOVE" : "MODIFY");
  struct ms_json out = ms_json_object(9);
  uint64_t high = ms_random_next(env->random), low = ms_random_next(env->random);
  int err = ms_json_setc(&out, "eventID", ms_json_stringf("%016" PRIx64 "%016" PRIx64, high, low));
  err |= ms_json_setc(&out, "eventName", ms_json_cstring(name));
  err |= ms_json_setc(&out, "eventVersion", ms_json_cstring("1.1"));
  err |= ms_json_setc(&out, "eventSource", ms_json_cstring("aws:dynamodb"));
  err |= ms_json_setc(&out, "awsRegion", ms_json_cstring(env->region));
  err |= ms_json_setc(&out, "dynamodb", make_change(table, old, new_item));
  err |= is_expired ? set_service(&out) : MSTEP_OK;
  if (err != 0) {
    ms_json_unref(out);
    return MS_JSON_VALUE_NONE;
  }
  return out;
}

void ms_table_stream_record(struct ms_table_change *change, const struct ms_item_table *table,
                            struct ms_json old, struct ms_json new_item, bool is_expired)
{
  struct ms_table_stream *stream = table->stream;
  char key[MS_STORE_NUMBER_SIZE];
  struct ms_json record = make_record(table, old, new_item, is_expired);
  int64_t now_ms = ms_loop_now_ms(table->tables->env->loop);
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_bytes_put_signed(&text, now_ms);
  ms_json_print(&text, record);
  if (ms_json_is_none(record) || text.error != 0) {
    change->error = ms_error_nomem();
  } else {
    ms_table_change_put(change, MS_TABLE_CHANGE, print_key(key, stream, stream->end),
                        ms_buf_view(&text));
  }
  ms_json_unref(record);
  ms_buf_deinit(&text);
  stream->end++;
  if (change->rows->env->ledger.reader == NULL && stream->end - stream->first > KEPT_IN_MEMORY) {
    ms_table_change_remove(change, MS_TABLE_CHANGE, print_key(key, stream, stream->first++));
  }
  plan_trim(table->tables, now_ms + MS_TABLE_KEEPS_MS);
}

/* ---- loading, trimming ---- */

static int take_number(struct ms_str key, struct ms_str value, void *user)
{
  (void)value;
  *(uint64_t *)user = ms_store_number(key) & (((uint64_t)1 << NUMBER_BITS) - 1);
  return 1;
}

static int load_stream(struct ms_str name, struct ms_json row, void *user)
{
  struct ms_table_stream *stream = NULL;
  (void)name;
  int err = stream_new(&stream, ms_json_ref(row));
  if (err == 0) {
    ms_table_stream_link(user, stream);
  }
  return err;
}

/* Where it ends; and the table that writes it. */
static int find_end(struct ms_tables *tables, struct ms_table_stream *stream)
{
  char from[MS_STORE_NUMBER_SIZE], to[MS_STORE_NUMBER_SIZE];
  struct ms_item_table *table = ms_table_named(tables, stream->table);
  const struct ms_scan scan = {.table = MS_TABLE_CHANGE,
                               .from = print_key(from, stream, stream->first),
                               .to = ms_store_key(to, (uint64_t)(stream->id + 1) << NUMBER_BITS),
                               .is_reverse = true};
  uint64_t last = 0;
  int err = ms_table_rows_scan(&tables->rows, &scan, take_number, &last);
  if (err > 0) {
    stream->end = stream->readable = stream->asked = last + 1;
    err = MSTEP_OK;
  }
  if (stream->is_open && table != NULL) {
    table->stream = stream;
  }
  return err;
}

int ms_table_streams_load(struct ms_tables *tables)
{
  int err = ms_resource_scan(tables->env->ledger.reader, KIND, load_stream, tables);
  for (struct ms_table_stream *one = tables->streams; one != NULL && err == 0; one = one->next) {
    err = find_end(tables, one);
  }
  tables->next_trim_ms = tables->streams == NULL ? 0 : ms_loop_now_ms(tables->env->loop) + 1;
  return err;
}

struct horizon {
  int64_t until_ms;  /* records of before that go */
  int64_t oldest_ms; /* of the first that stays; 0: none does */
  uint64_t first;
};

static int look_at_age(struct ms_str key, struct ms_str value, void *user)
{
  struct horizon *horizon = user;
  struct ms_bytes_reader reader;
  ms_bytes_reader_init(&reader, value);
  int64_t at_ms = ms_bytes_signed(&reader);
  uint64_t number;
  take_number(key, value, &number);
  if (at_ms > horizon->until_ms) {
    horizon->oldest_ms = at_ms;
    return 1;
  }
  horizon->first = number + 1;
  return MSTEP_OK;
}

/* Removes what is too old, and a stream that ended and has nothing left. *gone: that is so. */
static int trim_stream(struct ms_tables *tables, struct ms_table_stream *stream,
                       struct horizon *horizon, bool *gone)
{
  char from[MS_STORE_NUMBER_SIZE], to[MS_STORE_NUMBER_SIZE];
  int64_t ended_ms = 0;
  bool has_ended = ms_json_to_int(&ended_ms, ms_json_getc(stream->row, "Ended"));
  const struct ms_scan scan = {.table = MS_TABLE_CHANGE,
                               .from = print_key(from, stream, stream->first),
                               .to = print_key(to, stream, stream->readable)};
  horizon->first = stream->first;
  horizon->oldest_ms = stream->readable < stream->end ? ms_loop_now_ms(tables->env->loop) : 0;
  int err = ms_table_rows_scan(&tables->rows, &scan, look_at_age, horizon);
  *gone = has_ended && ended_ms <= horizon->until_ms;
  if (err < 0 || (horizon->first == stream->first && !*gone)) {
    return err < 0 ? err : MSTEP_OK;
  }
  struct ms_table_change change;
  ms_table_change_init(&change, &tables->rows);
  ms_table_change_range(&change, MS_TABLE_CHANGE, print_key(from, stream, stream->first),
                        print_key(to, stream, *gone ? stream->end : horizon->first));
  struct ms_json row =
      *gone ? MS_JSON_VALUE_NONE : row_with(stream, "First", (int64_t)horizon->first);
  if (!*gone && ms_json_is_none(row)) {
    return ms_error_nomem();
  }
  ms_table_change_resource(&change, KIND, stream->arn, row);
  err = ms_table_change_commit(&change);
  if (err != 0 || *gone) {
    ms_json_unref(row);
    *gone = err == 0;
    return err;
  }
  ms_json_replace(&stream->row, row);
  look_at_row(stream);
  stream->first = horizon->first;
  return MSTEP_OK;
}

void ms_table_streams_trim(struct ms_tables *tables, int64_t now_ms)
{
  int64_t next_ms = 0;
  for (struct ms_table_stream **slot = &tables->streams; *slot != NULL;) {
    struct ms_table_stream *stream = *slot;
    struct horizon horizon = {.until_ms = now_ms - MS_TABLE_KEEPS_MS};
    bool gone = false;
    int64_t ended_ms = 0;
    int err = trim_stream(tables, stream, &horizon, &gone);
    if (gone) {
      *slot = stream->next;
      ms_table_stream_free(stream);
      continue;
    }
    int64_t oldest_ms = horizon.oldest_ms;
    if (ms_json_to_int(&ended_ms, ms_json_getc(stream->row, "Ended")) &&
        (oldest_ms == 0 || ended_ms < oldest_ms)) {
      oldest_ms = ended_ms;
    }
    int64_t due_ms = err != 0 ? now_ms : oldest_ms + MS_TABLE_KEEPS_MS;
    due_ms = due_ms < now_ms + TRIM_EVERY_MS ? now_ms + TRIM_EVERY_MS : due_ms;
    if ((err != 0 || oldest_ms != 0) && (next_ms == 0 || due_ms < next_ms)) {
      next_ms = due_ms;
    }
    slot = &stream->next;
  }
  tables->next_trim_ms = next_ms;
}

/* ---- news ---- */

void ms_table_streams_asked(void *user)
{
  struct ms_tables *tables = user;
  for (struct ms_table_stream *one = tables->streams; one != NULL; one = one->next) {
    one->asked = one->end;
  }
}

void ms_table_streams_durable(void *user)
{
  struct ms_tables *tables = user;
  for (struct ms_table_stream *one = tables->streams, *next; one != NULL; one = next) {
    next = one->next;
    bool has_news = one->asked > one->readable || one->has_news;
    one->readable = one->asked > one->readable ? one->asked : one->readable;
    one->has_news = false;
    if (has_news && tables->news != NULL) {
      tables->news(one->arn, tables->news_user);
    }
  }
}

void ms_table_stream_listen(struct ms_tables *tables, ms_table_news_cb cb, void *user)
{
  tables->news = cb;
  tables->news_user = user;
}

/* ---- reading ---- */

static struct ms_table_stream *stream_asked(const struct ms_tables *tables, struct ms_str arn,
                                            struct ms_queue_refusal *why)
{
  struct ms_table_stream *stream = ms_table_stream_find(tables, arn);
  if (stream == NULL) {
    ms_refuse(why, "ResourceNotFoundException",
              "Requested resource not found: Stream: %.*s not found",
              arn.len > 300 ? 300 : (int)arn.len, arn.data);
  }
  return stream;
}

bool ms_table_stream_exists(const struct ms_tables *tables, struct ms_str arn)
{
  return ms_table_stream_find(tables, arn) != NULL;
}

int ms_table_stream_shards(struct ms_json *out, const struct ms_tables *tables, struct ms_str arn,
                           struct ms_queue_refusal *why)
{
  const struct ms_table_stream *stream = stream_asked(tables, arn, why);
  char text[MS_TABLE_SEQUENCE_SIZE];
  if (stream == NULL) {
    return MSTEP_EINVALID;
  }
  struct ms_json range = ms_json_object(2), shard = ms_json_object(2);
  ms_table_sequence_print(text, stream->first);
  int err = ms_json_setc(&range, "StartingSequenceNumber", ms_json_cstring(text));
  if (!stream->is_open) {
    ms_table_sequence_print(text, stream->end == stream->first ? stream->end : stream->end - 1);
    err |= ms_json_setc(&range, "EndingSequenceNumber", ms_json_cstring(text));
  }
  err |= ms_json_setc(&shard, "ShardId", ms_json_string(stream->shard));
  err |= ms_json_setc(&shard, "SequenceNumberRange", range);
  *out = ms_json_array(1);
  err = err != 0 ? (ms_json_unref(shard), MSTEP_ENOMEM) : ms_json_push(out, shard);
  if (err != 0) {
    ms_json_unref(*out);
    *out = MS_JSON_VALUE_NONE;
  }
  return err;
}

int ms_table_stream_seek(uint64_t *position, const struct ms_tables *tables, struct ms_str arn,
                         struct ms_str shard, enum ms_table_start start, struct ms_str sequence,
                         struct ms_queue_refusal *why)
{
  const struct ms_table_stream *stream = stream_asked(tables, arn, why);
  if (stream == NULL) {
    return MSTEP_EINVALID;
  }
  if (!ms_str_eq(shard, stream->shard)) {
    return ms_refuse(why, "ResourceNotFoundException",
                     "Requested resource not found: Shard does not exist");
  }
  if (start == MS_TABLE_TRIM_HORIZON || start == MS_TABLE_LATEST) {
    *position = start == MS_TABLE_LATEST ? stream->end : stream->first;
    return MSTEP_OK;
  }
  if (!ms_table_sequence_parse(position, sequence)) {
    return ms_table_invalid(why, "Invalid SequenceNumber");
  }
  *position += start == MS_TABLE_AFTER;
  if (*position < stream->first) {
    return ms_refuse(why, "TrimmedDataAccessException",
                     "The operation attempted to read past the oldest stream record in a shard.");
  }
  if (*position > stream->end) {
    return ms_table_invalid(why, "Invalid SequenceNumber");
  }
  return MSTEP_OK;
}

struct page {
  struct ms_table_page *out;
  const struct ms_table_stream *stream;
  size_t max, max_bytes, bytes;
};

static int read_record(struct ms_str key, struct ms_str value, void *user)
{
  struct page *page = user;
  struct ms_bytes_reader reader;
  struct ms_json record = MS_JSON_VALUE_NONE;
  if (ms_json_count(page->out->records) == page->max || page->bytes >= page->max_bytes) {
    return 1;
  }
  ms_bytes_reader_init(&reader, value);
  ms_bytes_signed(&reader);
  page->bytes += value.len;
  int err = ms_table_row_parse(&record, ms_str_sub(value, reader.at, value.len));
  err = err != 0 ? err : ms_json_setc(&record, "eventSourceARN", ms_json_string(page->stream->arn));
  if (err != 0) {
    ms_json_unref(record);
    return err;
  }
  take_number(key, value, &page->out->next);
  page->out->next++;
  return ms_json_push(&page->out->records, record);
}

int ms_table_stream_read(struct ms_table_page *out, struct ms_tables *tables, struct ms_str arn,
                         uint64_t position, size_t max, size_t max_bytes,
                         struct ms_queue_refusal *why)
{
  const struct ms_table_stream *stream = stream_asked(tables, arn, why);
  char from[MS_STORE_NUMBER_SIZE], to[MS_STORE_NUMBER_SIZE];
  *out = (struct ms_table_page){.records = MS_JSON_VALUE_NONE};
  if (stream == NULL) {
    return MSTEP_EINVALID;
  }
  out->is_trimmed = position < stream->first;
  out->next = out->is_trimmed ? stream->first : position;
  out->records = ms_json_array(0);
  struct page page = {out, stream, max, max_bytes == 0 ? PAGE_BYTES : max_bytes, 0};
  int err = ms_json_is_none(out->records) ? ms_error_nomem() : MSTEP_OK;
  if (err == 0 && out->next < stream->readable) {
    const struct ms_scan scan = {.table = MS_TABLE_CHANGE,
                                 .from = print_key(from, stream, out->next),
                                 .to = print_key(to, stream, stream->readable)};
    err = ms_table_rows_scan(&tables->rows, &scan, read_record, &page);
    err = err > 0 ? MSTEP_OK : err;
  }
  if (err != 0) {
    ms_json_unref(out->records);
    out->records = MS_JSON_VALUE_NONE;
  }
  out->is_end = err == 0 && !stream->is_open && out->next >= stream->end;
  return err;
}
