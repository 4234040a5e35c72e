/*
 * A lane of a stream: its records are done one batch after the other, each until the function has done it or it is
 * given up. Nothing behind a batch begins before.
 *
 *   waiting ──full, window over──▶ batch of one piece ──▶ with the function ──▶ done: gone
 *                                    ▲         ▲             │
 *                                    │         └─ pause ─────┤ failed, throttled
 *                                    └──── two halves ───────┘ failed, and to be bisected
 *                                                             no attempts left, too old: given up
 */
#include "base/alloc.h"
#include "base/error.h"
#include "source/source_table.h"

#define PAUSE_MS 250 /* before the second attempt; each is twice the one before */
#define PAUSE_MAX_MS 60000
#define KEPT_MS 86400000 /* a stream keeps nothing longer */

/* ---- records ---- */

int ms_table_lane_add(struct ms_table_lane *lane, struct ms_json value)
{
  struct ms_json change = ms_json_getc(value, "dynamodb");
  struct ms_table_record *record = ms_calloc(1, sizeof *record);
  if (record == NULL) {
    return ms_error_nomem();
  }
  ms_table_sequence_parse(&record->position, ms_json_text(ms_json_getc(change, "SequenceNumber")));
  record->created_at_ms =
      (int64_t)(ms_json_number(ms_json_getc(change, "ApproximateCreationDateTime")) * 1000);
  record->value = ms_json_ref(value);
  record->bytes = ms_json_size_bytes(value) + 1;
  if (lane->first == NULL) {
    lane->first = record;
    lane->since_ms = ms_sources_now_ms(lane->poller->mapping->sources);
  } else {
    lane->last->next = record;
  }
  lane->last = record;
  lane->count++;
  lane->poller->count++;
  lane->poller->bytes += record->bytes;
  return MSTEP_OK;
}

static void drop_first(struct ms_table_lane *lane, size_t count)
{
  for (; count > 0; count--) {
    struct ms_table_record *record = lane->first;
    lane->first = record->next;
    lane->count--;
    lane->poller->count--;
    lane->poller->bytes -= record->bytes;
    ms_json_unref(record->value);
    ms_free(record);
  }
}

void ms_table_lane_clear(struct ms_table_lane *lane)
{
  ms_source_call_forget(lane->call);
  lane->poller->mapping->running -= lane->call != NULL || lane->mark != 0;
  lane->call = NULL;
  lane->mark = 0;
  lane->is_begun = lane->is_cut = false;
  drop_first(lane, lane->count);
  lane->piece_count = 0;
  lane->is_final = false;
  lane->retry_at_ms = 0;
}

static struct ms_table_piece *piece_of(struct ms_table_lane *lane)
{
  return lane->piece_count == 0 ? NULL : &lane->pieces[lane->piece_count - 1];
}

/* The first records of the piece are through; it gets smaller, or ends. */
static void shrink(struct ms_table_lane *lane, size_t count)
{
  struct ms_table_piece *piece = piece_of(lane);
  if (lane->is_final) {
    ms_table_window_close(lane->poller);
    lane->is_final = false;
  }
  drop_first(lane, count);
  piece->count -= count;
  lane->retry_at_ms = lane->pause_ms = 0;
  if (piece->count == 0) {
    lane->piece_count--;
  }
  if (lane->piece_count == 0) {
    lane->invocations = 0;
    lane->suspects -= lane->suspects > 0;
    lane->since_ms = ms_sources_now_ms(lane->poller->mapping->sources);
  }
}

/* ---- how it ended ---- */

static void backoff(struct ms_table_lane *lane)
{
  int64_t pause_ms = lane->pause_ms == 0 ? PAUSE_MS : lane->pause_ms * 2;
  lane->pause_ms = pause_ms > PAUSE_MAX_MS ? PAUSE_MAX_MS : pause_ms;
  lane->retry_at_ms = ms_sources_now_ms(lane->poller->mapping->sources) + lane->pause_ms;
}

/* The checkpoint goes on, in one change with what the destination gets (failure NULL: nothing). */
static int write(struct ms_table_lane *lane, size_t count, const struct ms_table_failure *failure,
                 bool is_window_over)
{
  struct ms_mapping *mapping = lane->poller->mapping;
  struct ms_sources *sources = mapping->sources;
  const struct ms_ledger *ledger = &sources->env->ledger;
  struct ms_outbox *outbox = ms_invoke_outbox(sources->up.invoke);
  struct ms_batch *batch = NULL;
  struct ms_batch_mark mark = {0};
  uint64_t position = ms_table_checkpoint(lane->poller, lane, count);
  struct ms_json row = ms_table_progress(lane->poller, position, lane, count, !is_window_over);
  int err = ms_json_is_none(row) ? ms_error_nomem() : ledger->begin(&batch, ledger->user);
  if (err != 0) {
    ms_json_unref(row);
    return err;
  }
  if (batch != NULL) {
    mark = ms_batch_mark(batch);
  }
  ms_table_put_row(batch, mapping, row);
  err = failure == NULL ? MSTEP_OK : ms_table_failure_add(batch, failure);
  if (err != 0 && batch != NULL) {
    ms_batch_back(batch, mark);
  }
  int end = ledger->end(ledger->user);
  err = err != 0 ? err : end;
  if (err != 0) {
    ms_json_unref(row);
    ms_outbox_back(outbox);
    return err;
  }
  mapping->position = position;
  ms_json_replace(&mapping->progress, row);
  ms_outbox_commit(outbox);
  return MSTEP_OK;
}

static void done(struct ms_table_lane *lane, size_t count)
{
  /* A checkpoint that cannot be written now is written with the next: records may come again. */
  (void)write(lane, count, NULL, lane->is_final);
  shrink(lane, count);
}

/* False: it could not be written, and is tried once more as a whole. */
static bool give_up(struct ms_table_lane *lane, const struct ms_table_failure *failure)
{
  if (write(lane, failure->count, failure, lane->is_final) != 0) {
    backoff(lane);
    return false;
  }
  shrink(lane, failure->count);
  return true;
}

/* Attempts outlive a crash; what cannot be written now would be tried again, no more. */
static void note(struct ms_table_lane *lane)
{
  (void)write(lane, 0, NULL, false);
}

static void fail(struct ms_table_lane *lane, const struct ms_source_answer *answer, bool has_error)
{
  const struct ms_mapping_settings *settings = &lane->poller->mapping->settings;
  struct ms_table_piece *piece = piece_of(lane);
  lane->poller->mapping->result = MS_RESULT_PROBLEM;
  if (settings->is_bisected && piece->count > 1 && lane->piece_count < MS_TABLE_PIECES_MAX) {
    struct ms_table_piece half = {piece->count / 2, piece->attempts};
    piece->count -= half.count;
    lane->pieces[lane->piece_count++] = half;
    lane->retry_at_ms = lane->pause_ms = 0;
    note(lane);
    return;
  }
  piece->attempts++;
  if (settings->retries >= 0 && piece->attempts > settings->retries) {
    const struct ms_table_failure failure = {lane,   piece->count, false, piece->attempts,
                                             answer, has_error};
    give_up(lane, &failure);
  } else {
    note(lane);
    backoff(lane);
  }
}

/* ---- what the function said ---- */

static bool knows(struct ms_str identifier, const void *arg)
{
  const struct ms_table_lane *lane = arg;
  const struct ms_table_record *record = lane->first;
  uint64_t position;
  if (!ms_table_sequence_parse(&position, identifier)) {
    return false;
  }
  for (size_t i = 0; i < lane->pieces[lane->piece_count - 1].count; i++, record = record->next) {
    if (record->position == position) {
      return true;
    }
  }
  return false;
}

/* How many records there are before the first that failed. */
static size_t count_before(const struct ms_table_lane *lane, struct ms_json failed)
{
  uint64_t lowest = UINT64_MAX, position;
  size_t count = 0;
  for (size_t i = 0; i < ms_json_count(failed); i++) {
    if (ms_table_sequence_parse(&position, ms_json_text(ms_json_at(failed, i))) &&
        position < lowest) {
      lowest = position;
    }
  }
  for (const struct ms_table_record *record = lane->first; record->position < lowest;
       record = record->next) {
    count++;
  }
  return count;
}

static void take_response(struct ms_table_lane *lane, const struct ms_source_answer *answer)
{
  struct ms_mapping *mapping = lane->poller->mapping;
  enum ms_response response = MS_RESPONSE_SUCCESS;
  struct ms_json failed = MS_JSON_VALUE_NONE;
  if (mapping->settings.has_item_failures &&
      ms_response_read(&response, &failed, answer->payload, knows, lane) != 0) {
    backoff(lane); /* no memory to read it */
    return;
  }
  if (response == MS_RESPONSE_SUCCESS && lane->poller->window.is_open && !lane->is_final) {
    response = ms_table_window_take(lane->poller, answer->payload);
  }
  if (response == MS_RESPONSE_SUCCESS) {
    mapping->result = MS_RESULT_OK;
    done(lane, piece_of(lane)->count);
  } else if (response == MS_RESPONSE_FAILURE) {
    fail(lane, answer, false);
  } else {
    size_t count = count_before(lane, failed);
    if (count > 0) { /* what is left is a batch of its own, with all of its retries */
      piece_of(lane)->attempts = 0;
      if (lane->poller->window.is_open) {
        ms_table_window_take(lane->poller, answer->payload);
      }
      done(lane, count);
    } else {
      piece_of(lane)->attempts++;
    }
    if (mapping->settings.retries >= 0 && piece_of(lane)->attempts > mapping->settings.retries) {
      piece_of(lane)->attempts--;
      fail(lane, answer, false);
    } else {
      mapping->result = MS_RESULT_PROBLEM;
      note(lane);
      backoff(lane);
    }
  }
  ms_json_unref(failed);
}

static void on_answer(const struct ms_source_answer *answer, void *arg)
{
  struct ms_table_lane *lane = arg;
  struct ms_mapping *mapping = lane->poller->mapping;
  lane->call = NULL;
  mapping->running--;
  lane->invocations++;
  bool was_begun = lane->is_begun;
  lane->is_begun = false;
  if (answer->code == 0) {
    take_response(lane, answer);
  } else if (answer->code == MSTEP_ENOTFOUND || answer->code == MSTEP_ENOMEM) {
    mapping->result = MS_RESULT_PROBLEM;
    if (was_begun) { /* such an attempt does not count */
      note(lane);
    }
    backoff(lane);
  } else {
    fail(lane, answer, true);
  }
  ms_table_go(mapping);
}

/* ---- giving to the function ---- */

/* How many of those that wait make a batch. is_full: no more would fit. */
static size_t gather(bool *is_full, const struct ms_table_lane *lane)
{
  size_t max = lane->poller->mapping->settings.batch_size, count = 0, bytes = 0;
  const struct ms_table_record *record = lane->first;
  while (record != NULL && count < max && ms_table_window_has(lane->poller, record) &&
         (count == 0 || bytes + record->bytes <= MS_BATCH_BYTES)) {
    bytes += record->bytes;
    count++;
    record = record->next;
  }
  *is_full = count == max || record != NULL;
  return count;
}

/* Until when records are waited for to make a batch of them. */
static int64_t batch_ends_ms(const struct ms_table_lane *lane)
{
  const struct ms_table_poller *poller = lane->poller;
  int64_t end_ms = lane->since_ms + poller->mapping->settings.window_ms;
  return poller->window.is_open && poller->window.end_ms < end_ms ? poller->window.end_ms : end_ms;
}

/* False: more may come, or there is no memory. */
static bool begin_batch(struct ms_table_lane *lane, int64_t now_ms)
{
  bool is_full;
  size_t count = 0;
  bool is_final = ms_table_window_ends(lane->poller, now_ms);
  if (!is_final) {
    if (lane->count == 0) {
      return false;
    }
    if (ms_table_window_open(lane->poller, lane->first) != 0) {
      backoff(lane);
      return false;
    }
    count = gather(&is_full, lane);
    if (!is_full && now_ms < batch_ends_ms(lane)) {
      return false;
    }
  }
  lane->is_final = is_final;
  lane->pieces[0] = (struct ms_table_piece){count, 0};
  lane->piece_count = 1;
  lane->invocations = 0;
  lane->retry_at_ms = lane->pause_ms = 0;
  return true;
}

static int64_t max_age_ms(const struct ms_table_lane *lane)
{
  int64_t age_ms = lane->poller->mapping->settings.max_age_ms;
  return age_ms < 0 || age_ms > KEPT_MS ? KEPT_MS : age_ms;
}

static size_t count_expired(const struct ms_table_lane *lane, size_t count, int64_t now_ms)
{
  int64_t age_ms = max_age_ms(lane);
  const struct ms_table_record *record = lane->first;
  size_t expired = 0;
  while (expired < count && now_ms - record->created_at_ms > age_ms) {
    expired++;
    record = record->next;
  }
  return expired;
}

struct ms_json ms_table_event(const struct ms_table_lane *lane, size_t count)
{
  const struct ms_table_record *record = lane->first;
  struct ms_json records = ms_json_array(count), event = ms_json_object(7);
  int err = ms_json_is_none(records) ? ms_error_nomem() : MSTEP_OK;
  for (size_t i = 0; i < count && err == 0; i++, record = record->next) {
    err = ms_json_push(&records, ms_json_ref(record->value));
  }
  err = err != 0 ? err : ms_json_setc(&event, "Records", ms_json_ref(records));
  if (err == 0 && lane->poller->window.is_open) {
    err = ms_table_window_show(&event, lane->poller, lane->is_final, true);
  }
  ms_json_unref(records);
  if (err != 0) {
    ms_json_replace(&event, MS_JSON_VALUE_NONE);
  }
  return event;
}

/* ---- attempts that end with the process ---- */

/* It was written down that the function has the piece, which it has not. */
static void take_back(struct ms_table_lane *lane)
{
  if (lane->is_begun) {
    lane->is_begun = false;
    note(lane);
  }
}

void ms_table_lane_marked(struct ms_table_lane *lane)
{
  lane->mark = 0;
  lane->poller->mapping->running--;
  if (lane->poller->is_draining) {
    take_back(lane);
  }
}

static void mark(struct ms_table_lane *lane)
{
  struct ms_mapping *mapping = lane->poller->mapping;
  struct ms_sources *sources = mapping->sources;
  const struct ms_ledger *ledger = &sources->env->ledger;
  lane->is_begun = true;
  int err = write(lane, 0, NULL, false);
  if (err == 0 && ledger->when_durable(ms_table_on_marked, sources, ledger->user) == 0) {
    lane->mark = ++sources->marks;
    mapping->running++;
    return;
  }
  if (err == 0) {
    take_back(lane);
  }
  lane->is_begun = false;
  backoff(lane);
}

/* What Lambda says of a runtime that went away. */
static void cut(struct ms_table_lane *lane)
{
  char id[37];
  ms_random_uuid(lane->poller->mapping->sources->env->random, id);
  const struct ms_source_answer answer = {MSTEP_ELUA, {"", 0}, "$LATEST", id};
  lane->is_cut = false;
  lane->invocations++;
  fail(lane, &answer, true);
}

static void run(struct ms_table_lane *lane, size_t count)
{
  struct ms_mapping *mapping = lane->poller->mapping;
  struct ms_json event = ms_table_event(lane, count);
  int err = ms_json_is_none(event)
                ? ms_error_nomem()
                : ms_source_call_event(&lane->call, mapping, event, on_answer, lane);
  ms_json_unref(event);
  if (err == 0) {
    mapping->running++;
  } else { /* throttled, or there is no such function: does not count */
    mapping->result = MS_RESULT_PROBLEM;
    take_back(lane);
    backoff(lane);
  }
}

void ms_table_lane_go(struct ms_table_lane *lane, int64_t now_ms)
{
  while (lane->call == NULL && lane->mark == 0 && lane->retry_at_ms <= now_ms) {
    if (ms_json_count(lane->resumed) > 0 &&
        !ms_table_lane_resume(lane, ms_table_room(lane->poller) == 0)) {
      return;
    }
    if (lane->piece_count == 0 && !begin_batch(lane, now_ms)) {
      return;
    }
    if (lane->is_cut) {
      cut(lane);
      continue;
    }
    size_t count = piece_of(lane)->count;
    size_t expired = count_expired(lane, count, now_ms);
    bool is_late = lane->is_final && now_ms - lane->poller->window.end_ms > max_age_ms(lane);
    if (expired == 0 && !is_late) {
      if (lane->suspects > 0 && !lane->is_begun) {
        mark(lane);
      } else {
        run(lane, count);
      }
    } else {
      const struct ms_table_failure failure = {lane, expired, true, lane->invocations, NULL, false};
      give_up(lane, &failure);
    }
  }
}

int64_t ms_table_lane_due_ms(const struct ms_table_lane *lane)
{
  bool is_full;
  const struct ms_table_window *window = &lane->poller->window;
  if (lane->call != NULL || lane->mark != 0 || ms_json_count(lane->resumed) > 0) {
    return 0;
  }
  if (lane->count == 0 && lane->piece_count == 0) {
    return !window->is_open ? 0 : window->is_early ? 1 : lane->poller->is_idle ? window->end_ms : 0;
  }
  if (lane->piece_count > 0 || lane->retry_at_ms != 0) {
    return lane->retry_at_ms == 0 ? 1 : lane->retry_at_ms;
  }
  gather(&is_full, lane);
  return is_full ? 1 : batch_ends_ms(lane);
}
