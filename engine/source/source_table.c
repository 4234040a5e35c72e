/*
 * Change streams of tables as sources: records are read page by page and handed to lanes by what item they are of.
 * What all lanes are through with is the checkpoint, a row of its own: after a crash reading begins there, so that
 * records may come again and none is left out.
 */
#include "source/source_table.h"

#include "base/alloc.h"
#include "base/error.h"

#define PAGE 1000
#define PAGES 8                     /* in one turn of the loop */
#define BYTES_MAX ((size_t)8 << 20) /* read ahead */
#define RETRY_MS 50
#define SUSPECTS 8 /* of a lane: the checkpoint is at most so many batches behind what ran */
#define INVALID "InvalidParameterValueException"

/* ---- the checkpoint ---- */

uint64_t ms_table_checkpoint(const struct ms_table_poller *poller, const struct ms_table_lane *lane,
                             size_t done)
{
  uint64_t position = poller->next;
  for (unsigned i = 0; i < poller->lane_count; i++) {
    const struct ms_table_record *record = poller->lanes[i].first;
    for (size_t skip = &poller->lanes[i] == lane ? done : 0; skip > 0; skip--) {
      record = record->next;
    }
    if (record != NULL && record->position < position) {
      position = record->position;
    }
  }
  return position;
}

void ms_table_put_position(struct ms_batch *batch, const struct ms_mapping *mapping,
                           uint64_t position, const char *result)
{
  char sequence[MS_TABLE_SEQUENCE_SIZE];
  if (batch == NULL) {
    return;
  }
  ms_table_sequence_print(sequence, position);
  struct ms_json row = ms_json_object(2);
  int err = ms_json_setc(&row, "Position", ms_json_cstring(sequence));
  err = err != 0 ? err : ms_json_setc(&row, "Result", ms_json_cstring(result));
  if (err != 0) {
    batch->error = batch->error != 0 ? batch->error : MSTEP_ENOMEM;
  } else {
    ms_table_put_row(batch, mapping, row);
  }
  ms_json_unref(row);
}

void ms_table_put_row(struct ms_batch *batch, const struct ms_mapping *mapping, struct ms_json row)
{
  ms_resource_put(batch, MS_POSITION_KIND, mapping->uuid, row);
}

/* What was passed over because no filter wanted it is through, too. */
static void save_position(struct ms_table_poller *poller)
{
  struct ms_mapping *mapping = poller->mapping;
  const struct ms_ledger *ledger = &mapping->sources->env->ledger;
  uint64_t position = ms_table_checkpoint(poller, NULL, 0);
  struct ms_batch *batch;
  if (position == mapping->position) {
    return;
  }
  struct ms_json row = ms_table_progress(poller, position, NULL, 0, true);
  if (ms_json_is_none(row) || ledger->begin(&batch, ledger->user) != 0) {
    ms_json_unref(row);
    return;
  }
  ms_table_put_row(batch, mapping, row);
  if (ledger->end(ledger->user) == 0) {
    mapping->position = position;
    ms_json_replace(&mapping->progress, ms_json_ref(row));
  }
  ms_json_unref(row);
}

static int begin(struct ms_batch *batch, struct ms_mapping *mapping, struct ms_queue_refusal *why)
{
  const struct ms_str none = {NULL, 0};
  struct ms_json shards;
  struct ms_str text = ms_json_text(ms_json_getc(mapping->row, "StartingPosition"));
  struct ms_tables *tables = mapping->sources->up.tables;
  enum ms_table_start start = ms_str_is(text, "LATEST") ? MS_TABLE_LATEST : MS_TABLE_TRIM_HORIZON;
  const struct ms_source_streams *streams = mapping->sources->up.streams;
  int err = streams->shards(&shards, tables, mapping->source_arn, why);
  if (err != 0) {
    return err;
  }
  struct ms_str shard = ms_json_text(ms_json_getc(ms_json_at(shards, 0), "ShardId"));
  err = streams->seek(&mapping->position, tables, mapping->source_arn, shard, start, none, why);
  ms_json_unref(shards);
  if (err == 0) {
    ms_table_put_position(batch, mapping, mapping->position, mapping->result);
  }
  return err;
}

static void end(struct ms_batch *batch, struct ms_mapping *mapping)
{
  ms_resource_remove(batch, MS_POSITION_KIND, mapping->uuid);
}

/* ---- reading ---- */

/* Where the record is, so that what could not be taken is read again. */
static uint64_t position_of(struct ms_json record, uint64_t standard)
{
  struct ms_json change = ms_json_getc(record, "dynamodb");
  uint64_t position;
  return ms_table_sequence_parse(&position, ms_json_text(ms_json_getc(change, "SequenceNumber")))
             ? position
             : standard;
}

static int take_record(struct ms_table_poller *poller, struct ms_json record)
{
  struct ms_mapping *mapping = poller->mapping;
  bool matches = true;
  int err =
      mapping->criteria == NULL ? MSTEP_OK : ms_criteria_match(&matches, mapping->criteria, record);
  if (err != 0 || !matches) {
    return err;
  }
  struct ms_json keys = ms_json_getc(ms_json_getc(record, "dynamodb"), "Keys");
  size_t lane = poller->lane_count == 1 ? 0 : ms_json_hash(keys, 0) % poller->lane_count;
  return position_of(record, UINT64_MAX) < poller->lanes[lane].next
             ? MSTEP_OK /* was done before; only what other lanes have not done is read for */
             : ms_table_lane_add(&poller->lanes[lane], record);
}

/* Takes what it can of the records; false: there is no memory for the rest, which is read again. */
static bool take_records(struct ms_table_poller *poller, const struct ms_table_page *page)
{
  for (size_t i = 0; i < ms_json_count(page->records); i++) {
    struct ms_json record = ms_json_at(page->records, i);
    if (take_record(poller, record) != 0) {
      poller->next = position_of(record, poller->next);
      return false;
    }
  }
  poller->next = page->next;
  return true;
}

static void read_page(struct ms_table_poller *poller, size_t max)
{
  struct ms_mapping *mapping = poller->mapping;
  struct ms_table_page page;
  struct ms_queue_refusal why;
  const struct ms_sources_up *up = &mapping->sources->up;
  int err = up->streams->read(&page, up->tables, mapping->source_arn, poller->next, max, 0, &why);
  if (err == MSTEP_EINVALID) {
    poller->is_idle = true; /* the stream is gone */
    return;
  }
  bool is_empty = err == 0 && ms_json_count(page.records) == 0;
  if (err != 0 || !take_records(poller, &page)) {
    poller->retry_at_ms = ms_sources_now_ms(mapping->sources) + RETRY_MS;
  }
  if (err == 0) {
    ms_json_unref(page.records);
  }
  poller->is_idle = is_empty;
}

size_t ms_table_room(const struct ms_table_poller *poller)
{
  size_t max = poller->mapping->settings.batch_size * poller->lane_count;
  return poller->count >= max || poller->bytes >= BYTES_MAX ? 0 : max - poller->count;
}

/* ---- the kind ---- */

static void read_more(struct ms_table_poller *poller, int64_t now_ms)
{
  size_t room;
  for (int pages = 0; pages < PAGES && !poller->is_idle && poller->retry_at_ms <= now_ms &&
                      (room = ms_table_room(poller)) > 0;
       pages++) {
    read_page(poller, room > PAGE ? PAGE : room);
  }
  save_position(poller);
}

void ms_table_go(struct ms_mapping *mapping)
{
  struct ms_table_poller *poller = mapping->poller;
  int64_t now_ms = ms_sources_now_ms(mapping->sources);
  if (poller->is_going) {
    return;
  }
  poller->is_going = true;
  for (unsigned i = 0; i < poller->lane_count && !poller->is_draining; i++) {
    ms_table_lane_go(&poller->lanes[i], now_ms);
  }
  if (!poller->is_draining) {
    read_more(poller, now_ms);
  }
  for (unsigned i = 0; i < poller->lane_count && !poller->is_draining; i++) {
    ms_table_lane_go(&poller->lanes[i], now_ms);
  }
  poller->is_going = false;
  mapping->sources->env->touch(mapping->sources->env->user);
  if (poller->is_draining && mapping->running == 0) {
    ms_mapping_settle(mapping); /* which frees the poller */
  }
}

void ms_table_on_marked(int code, void *arg)
{
  struct ms_sources *sources = arg;
  sources->marks_durable++;
  if (code != 0) {
    return; /* everything is loaded anew */
  }
  for (struct ms_mapping *one = sources->first, *next; one != NULL; one = next) {
    struct ms_table_poller *poller = one->type->is_stream ? one->poller : NULL;
    bool is_marked = false;
    next = one->next;
    for (unsigned i = 0; poller != NULL && i < poller->lane_count; i++) {
      struct ms_table_lane *lane = &poller->lanes[i];
      if (lane->mark != 0 && lane->mark <= sources->marks_durable) {
        ms_table_lane_marked(lane);
        is_marked = true;
      }
    }
    if (is_marked) {
      ms_table_go(one);
    }
  }
}

static int64_t earlier(int64_t a, int64_t b)
{
  return a == 0 || (b != 0 && b < a) ? b : a;
}

static int64_t next_due_ms(const struct ms_mapping *mapping)
{
  const struct ms_table_poller *poller = mapping->poller;
  int64_t due_ms = 0;
  if (poller->is_draining) {
    return 0;
  }
  for (unsigned i = 0; i < poller->lane_count; i++) {
    due_ms = earlier(due_ms, ms_table_lane_due_ms(&poller->lanes[i]));
  }
  bool may_read = !poller->is_idle && ms_table_room(poller) > 0;
  return may_read ? earlier(due_ms, poller->retry_at_ms == 0 ? 1 : poller->retry_at_ms) : due_ms;
}

static int open_poller(struct ms_mapping *mapping)
{
  struct ms_queue_refusal why;
  struct ms_json shards;
  struct ms_table_poller *poller = ms_calloc(1, sizeof *poller);
  if (poller == NULL) {
    return ms_error_nomem();
  }
  const struct ms_sources_up *up = &mapping->sources->up;
  int err = up->streams->shards(&shards, up->tables, mapping->source_arn, &why);
  if (err == 0) {
    struct ms_str shard = ms_json_text(ms_json_getc(ms_json_at(shards, 0), "ShardId"));
    size_t len = shard.len < sizeof poller->shard ? shard.len : sizeof poller->shard - 1;
    memcpy(poller->shard, shard.data, len);
    ms_json_unref(shards);
  } else if (err != MSTEP_EINVALID) { /* a stream that is gone has nothing more to say */
    ms_free(poller);
    return err;
  }
  bool may_have_ended = mapping->sources->env->ledger.reader != NULL &&
                        mapping->settings.retries >= 0 && ms_json_is_object(mapping->progress);
  poller->mapping = mapping;
  poller->next = mapping->position;
  poller->lane_count = mapping->settings.lanes;
  for (unsigned i = 0; i < poller->lane_count; i++) {
    poller->lanes[i].poller = poller;
    poller->lanes[i].resumed = MS_JSON_VALUE_NONE;
    poller->lanes[i].suspects = may_have_ended ? SUSPECTS : 0;
  }
  poller->window.state = MS_JSON_VALUE_NONE;
  ms_table_resume(poller, mapping->progress);
  mapping->poller = poller;
  return MSTEP_OK;
}

static void close_poller(struct ms_mapping *mapping)
{
  struct ms_table_poller *poller = mapping->poller;
  for (unsigned i = 0; i < poller->lane_count; i++) {
    ms_table_lane_clear(&poller->lanes[i]);
    ms_json_unref(poller->lanes[i].resumed);
  }
  ms_table_window_close(poller);
  ms_free(poller);
  mapping->poller = NULL;
}

/* What is with the function ends there; the rest is read again, from the checkpoint on. */
static bool drain(struct ms_mapping *mapping)
{
  struct ms_table_poller *poller = mapping->poller;
  poller->is_draining = true;
  return mapping->running == 0;
}

static bool is_busy(const struct ms_mapping *mapping)
{
  const struct ms_table_poller *poller = mapping->poller;
  return mapping->running > 0 || (poller->count > 0 && !poller->is_draining);
}

static int check(struct ms_json row, struct ms_queue_refusal *why)
{
  int64_t age_s = ms_mapping_int(row, "MaximumRecordAgeInSeconds", -1);
  if (age_s >= 0 && age_s < 60) {
    return ms_refuse(why, INVALID,
                     "MaximumRecordAgeInSeconds must be -1 or a number from 60 to 604800.");
  }
  bool has_windows = ms_mapping_int(row, "TumblingWindowInSeconds", 0) > 0;
  if (has_windows && ms_mapping_int(row, "ParallelizationFactor", 1) > 1) {
    return ms_refuse(why, INVALID,
                     "ParallelizationFactor greater than 1 and TumblingWindowInSeconds cannot be "
                     "set together.");
  }
  return !has_windows || ms_json_is_none(ms_json_getc(row, "FilterCriteria"))
             ? MSTEP_OK
             : ms_refuse(why, INVALID,
                         "FilterCriteria and TumblingWindowInSeconds cannot be set together.");
}

static int exists(struct ms_sources *sources, struct ms_json row, struct ms_queue_refusal *why)
{
  struct ms_str arn = ms_json_text(ms_json_getc(row, "EventSourceArn"));
  return sources->up.streams->exists(sources->up.tables, arn)
             ? MSTEP_OK
             : ms_refuse(why, INVALID, "Stream not found: %.*s", MS_STR_ARG(arn));
}

static void on_news(struct ms_mapping *mapping)
{
  struct ms_table_poller *poller = mapping->poller;
  poller->is_idle = false;
  ms_table_go(mapping);
}

const struct ms_source_type ms_source_table = {
    .service = "dynamodb",
    .reason = "User action",
    .batch_size = 100,
    .criteria = MS_FILTER_TABLE,
    .is_stream = true,
    .check = check,
    .exists = exists,
    .begin = begin,
    .end = end,
    .open = open_poller,
    .close = close_poller,
    .go = ms_table_go,
    .next_due_ms = next_due_ms,
    .on_news = on_news,
    .drain = drain,
    .is_busy = is_busy,
};
