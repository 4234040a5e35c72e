/*
 * Moving messages out of a dead letter queue, so many a second: back to the queues that they came
 * from, or into one. A task is a row, "queue move\0HANDLE", and goes on after a restart; its latest
 * count is then what was written last.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "messaging/queue_internal.h"

#define STEP_MS 100
#define PER_SECOND_MAX 500
#define KEPT_MAX 10 /* finished ones of a queue that are listed */
#define PREFIX "queue move"

enum status { RUNNING, COMPLETED, CANCELLED, FAILED };
static const char *const status_names[] = {"RUNNING", "COMPLETED", "CANCELLED", "FAILED"};

struct ms_queue_move {
  struct ms_queue_move *next; /* earlier */
  char handle[64];
  enum status status;
  unsigned per_second; /* 0: as many as may be */
  uint64_t moved, to_move;
  int64_t started_at_ms, due_at_ms;
  char *source, *destination; /* ARNs; destination NULL: back */
  char failure[64];
};

static void free_move(struct ms_queue_move *move)
{
  if (move != NULL) {
    ms_free(move->source);
    ms_free(move->destination);
    ms_free(move);
  }
}

void ms_queue_moves_free(struct ms_queues *queues)
{
  while (queues->moves != NULL) {
    struct ms_queue_move *move = queues->moves;
    queues->moves = move->next;
    free_move(move);
  }
}

/* ---- as JSON: in the store, and as ListMessageMoveTasks says it ---- */

static int describe(struct ms_json *out, const struct ms_queue_move *move, bool is_row)
{
  bool is_running = move->status == RUNNING;
  *out = ms_json_object(10);
  int err = MSTEP_OK;
  if (is_row || is_running) {
    err = ms_json_setc(out, "TaskHandle", ms_json_cstring(move->handle));
  }
  err = err != 0 ? err : ms_json_setc(out, "Status", ms_json_cstring(status_names[move->status]));
  err = err != 0 ? err : ms_json_setc(out, "SourceArn", ms_json_cstring(move->source));
  if (err == 0 && move->destination != NULL) {
    err = ms_json_setc(out, "DestinationArn", ms_json_cstring(move->destination));
  }
  if (err == 0 && move->per_second != 0) {
    err = ms_json_setc(out, "MaxNumberOfMessagesPerSecond", ms_json_int(move->per_second));
  }
  err = err != 0 ? err
                 : ms_json_setc(out, "ApproximateNumberOfMessagesMoved",
                                ms_json_int((int64_t)move->moved));
  err = err != 0 ? err
                 : ms_json_setc(out, "ApproximateNumberOfMessagesToMove",
                                ms_json_int((int64_t)move->to_move));
  if (err == 0 && move->failure[0] != '\0') {
    err = ms_json_setc(out, "FailureReason", ms_json_cstring(move->failure));
  }
  err = err != 0 ? err : ms_json_setc(out, "StartedTimestamp", ms_json_int(move->started_at_ms));
  if (err != 0) {
    ms_json_unref(*out);
    *out = MS_JSON_VALUE_NONE;
  }
  return err;
}

static struct ms_str row_key(char out[96], const struct ms_queue_move *move)
{
  int len = snprintf(out, 96, PREFIX "%c%s", '\0', move->handle);
  return (struct ms_str){out, (size_t)len};
}

/* is_gone: the row goes, too. */
static int write_move(struct ms_queues *queues, const struct ms_queue_move *move, bool is_gone)
{
  const struct ms_ledger *ledger = &queues->env.ledger;
  struct ms_batch *batch;
  struct ms_json value;
  struct ms_buf text;
  char key[96];
  int err = describe(&value, move, true);
  if (err != 0) {
    return err;
  }
  ms_buf_init(&text, 0);
  ms_json_print(&text, value);
  ms_json_unref(value);
  err = text.error != 0 ? text.error : ledger->begin(&batch, ledger->user);
  if (err == 0) {
    if (batch != NULL && is_gone) {
      ms_batch_remove(batch, MS_TABLE_RESOURCE, row_key(key, move));
    } else if (batch != NULL) {
      ms_batch_put(batch, MS_TABLE_RESOURCE, row_key(key, move), ms_buf_view(&text));
    }
    err = ledger->end(ledger->user);
  }
  ms_buf_deinit(&text);
  return err;
}

static char *text_of(struct ms_json row, const char *name)
{
  struct ms_str text = ms_json_text(ms_json_getc(row, name));
  return text.len == 0 ? NULL : ms_strdupn(text.data, text.len);
}

static int64_t number_of(struct ms_json row, const char *name)
{
  int64_t value = 0;
  ms_json_to_int(&value, ms_json_getc(row, name));
  return value;
}

/* In the order of their start: the latest first. */
static void link_move(struct ms_queues *queues, struct ms_queue_move *move)
{
  struct ms_queue_move **slot = &queues->moves;
  while (*slot != NULL && (*slot)->started_at_ms > move->started_at_ms) {
    slot = &(*slot)->next;
  }
  move->next = *slot;
  *slot = move;
}

static int load_move(struct ms_queues *queues, struct ms_json row)
{
  struct ms_queue_move *move = ms_calloc(1, sizeof *move);
  if (move == NULL) {
    return ms_error_nomem();
  }
  struct ms_str status = ms_json_text(ms_json_getc(row, "Status"));
  for (int i = 0; i < 4; i++) {
    move->status = ms_str_is(status, status_names[i]) ? (enum status)i : move->status;
  }
  move->source = text_of(row, "SourceArn");
  move->destination = text_of(row, "DestinationArn");
  if (move->source == NULL ||
      (move->destination == NULL && !ms_json_is_none(ms_json_getc(row, "DestinationArn")))) {
    free_move(move);
    return ms_error_nomem();
  }
  snprintf(move->handle, sizeof move->handle, "%.*s",
           MS_STR_ARG(ms_json_text(ms_json_getc(row, "TaskHandle"))));
  snprintf(move->failure, sizeof move->failure, "%.*s",
           MS_STR_ARG(ms_json_text(ms_json_getc(row, "FailureReason"))));
  move->per_second = (unsigned)number_of(row, "MaxNumberOfMessagesPerSecond");
  move->moved = (uint64_t)number_of(row, "ApproximateNumberOfMessagesMoved");
  move->to_move = (uint64_t)number_of(row, "ApproximateNumberOfMessagesToMove");
  move->started_at_ms = number_of(row, "StartedTimestamp");
  move->due_at_ms = move->status == RUNNING ? ms_queue_now_ms(queues) : 0;
  link_move(queues, move);
  return MSTEP_OK;
}

static int on_row(struct ms_str key, struct ms_str value, void *user)
{
  struct ms_json row;
  (void)key;
  int err = ms_json_parse(&row, value, NULL, NULL);
  if (err == 0) {
    err = load_move(user, row);
    ms_json_unref(row);
  }
  return err;
}

int ms_queue_moves_load(struct ms_queues *queues)
{
  const struct ms_scan rows = {.table = MS_TABLE_RESOURCE,
                               .from = {PREFIX, sizeof PREFIX},
                               .to = {PREFIX "\1", sizeof PREFIX}};
  return ms_store_scan(queues->env.ledger.reader, &rows, on_row, queues);
}

/* ---- a step ---- */

static void finish(struct ms_queues *queues, struct ms_queue_move *move, enum status status,
                   const char *failure)
{
  move->status = status;
  move->due_at_ms = 0;
  snprintf(move->failure, sizeof move->failure, "%s", failure);
  write_move(queues, move, false); /* lost: it finds nothing to move when it goes on */
}

static struct ms_queue *target_of(struct ms_queues *queues, const struct ms_queue_move *move,
                                  struct ms_queue *from, const struct ms_queue_item *item)
{
  struct ms_queue_row row;
  struct ms_buf copy;
  if (move->destination != NULL) {
    return ms_queue_find(queues, ms_str_c(move->destination));
  }
  ms_buf_init(&copy, 0);
  struct ms_queue *target =
      ms_queue_item_row(&row, &copy, from, item) == 0 && row.dead_letter_source.data != NULL
          ? ms_queue_find(queues, row.dead_letter_source)
          : NULL;
  ms_buf_deinit(&copy);
  return target;
}

static void step(struct ms_queues *queues, struct ms_queue_move *move, int64_t now_ms)
{
  struct ms_queue *from = ms_queue_find(queues, ms_str_c(move->source));
  unsigned a_second = move->per_second == 0 ? PER_SECOND_MAX : move->per_second;
  unsigned count = a_second * STEP_MS / 1000;
  int64_t pause_ms = count == 0 ? 1000 / a_second : STEP_MS;
  move->due_at_ms = now_ms + pause_ms;
  if (from == NULL) {
    finish(queues, move, FAILED, "AWS.SimpleQueueService.NonExistentQueue");
    return;
  }
  ms_queue_refresh(from);
  for (unsigned i = 0; i < (count == 0 ? 1 : count); i++) {
    struct ms_queue_item *item = ms_queue_item_next(from);
    struct ms_queue *to = item == NULL ? NULL : target_of(queues, move, from, item);
    if (item == NULL) {
      finish(queues, move, COMPLETED, "");
      break;
    }
    if (to == NULL || to == from || to->settings.is_fifo != from->settings.is_fifo) {
      finish(queues, move, FAILED, "CouldNotDetermineMessageSource");
      break;
    }
    if (ms_queue_transfer(to, from, item, true) != 0) {
      break; /* the next step tries again */
    }
    move->moved++;
    ms_queue_serve(to);
    ms_queue_touch(to);
  }
  ms_queue_touch(from);
}

int64_t ms_queue_moves_due_ms(const struct ms_queues *queues)
{
  int64_t due_ms = 0;
  for (const struct ms_queue_move *move = queues->moves; move != NULL; move = move->next) {
    if (move->due_at_ms != 0 && (due_ms == 0 || move->due_at_ms < due_ms)) {
      due_ms = move->due_at_ms;
    }
  }
  return due_ms;
}

void ms_queue_moves_on_timer(struct ms_queues *queues, int64_t now_ms)
{
  for (struct ms_queue_move *move = queues->moves; move != NULL; move = move->next) {
    if (move->due_at_ms != 0 && move->due_at_ms <= now_ms) {
      step(queues, move, now_ms);
    }
  }
}

/* ---- calls ---- */

static bool has_sources(struct ms_queue *queue)
{
  const struct ms_queues *queues = queue->queues;
  for (size_t i = 0; i < queues->by_id.count; i++) {
    const struct ms_queue *source = queues->by_id.data[i];
    if (source != NULL && ms_str_is(source->settings.dead_letter_arn, queue->arn)) {
      return true;
    }
  }
  return false;
}

static struct ms_queue *find_source(struct ms_queues *queues, struct ms_str arn,
                                    struct ms_queue_refusal *why)
{
  struct ms_queue *source = ms_queue_find(queues, arn);
  if (source == NULL) {
    ms_queue_refuse(why, "ResourceNotFoundException",
                    "The resource that you specified for the SourceArn parameter doesn't exist.");
  }
  return source;
}

static int check_start(struct ms_queue *source, struct ms_str destination, unsigned per_second,
                       struct ms_queue_refusal *why)
{
  struct ms_queues *queues = source->queues;
  if (!has_sources(source)) {
    return ms_queue_refuse(why, "InvalidParameterValueException",
                           "Source queue must be configured as a Dead Letter Queue.");
  }
  struct ms_queue *to = destination.data == NULL ? NULL : ms_queue_find(queues, destination);
  if (destination.data != NULL && to == NULL) {
    return ms_queue_refuse(
        why, "ResourceNotFoundException",
        "The resource that you specified for the DestinationArn parameter doesn't exist.");
  }
  if (to == source) {
    return ms_queue_refuse(why, "InvalidParameterValueException",
                           "Source queue arn and destination queue arn cannot be the same.");
  }
  if (per_second > PER_SECOND_MAX) {
    return ms_queue_refuse(
        why, "InvalidParameterValueException",
        "Value %u for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: "
        "The value must be between 1 and 500.",
        per_second);
  }
  for (const struct ms_queue_move *move = queues->moves; move != NULL; move = move->next) {
    if (move->status == RUNNING && strcmp(move->source, source->arn) == 0) {
      return ms_queue_refuse(why, "UnsupportedOperation",
                             "There is already a task running. Only one active task is allowed for "
                             "a source queue arn at a given time.");
    }
  }
  return MSTEP_OK;
}

/* Of each queue the latest few are kept. */
static void forget_old(struct ms_queues *queues, const char *source)
{
  unsigned count = 0;
  for (struct ms_queue_move **slot = &queues->moves; *slot != NULL;) {
    struct ms_queue_move *move = *slot;
    bool is_old = strcmp(move->source, source) == 0 && ++count > KEPT_MAX;
    if (is_old && write_move(queues, move, true) == 0) {
      *slot = move->next;
      free_move(move);
    } else {
      slot = &move->next;
    }
  }
}

int ms_queue_move_start(char handle[64], struct ms_queues *queues, struct ms_str source_arn,
                        struct ms_str destination_arn, unsigned per_second,
                        struct ms_queue_refusal *why)
{
  struct ms_queue *source = find_source(queues, source_arn, why);
  int err = source == NULL ? MSTEP_EINVALID : check_start(source, destination_arn, per_second, why);
  struct ms_queue_move *move = err != 0 ? NULL : ms_calloc(1, sizeof *move);
  if (move == NULL) {
    return err != 0 ? err : ms_error_nomem();
  }
  move->started_at_ms = move->due_at_ms = ms_queue_now_ms(queues);
  move->per_second = per_second;
  move->to_move = source->count;
  move->source = ms_strdupn(source_arn.data, source_arn.len);
  if (destination_arn.data != NULL) {
    move->destination = ms_strdupn(destination_arn.data, destination_arn.len);
  }
  char uuid[37];
  ms_random_uuid(queues->env.random, uuid);
  snprintf(move->handle, sizeof move->handle, "AQEC%s", uuid);
  bool is_short =
      move->source == NULL || (destination_arn.data != NULL && move->destination == NULL);
  err = is_short ? ms_error_nomem() : write_move(queues, move, false);
  if (err != 0) {
    free_move(move);
    return err;
  }
  link_move(queues, move);
  forget_old(queues, move->source);
  snprintf(handle, 64, "%s", move->handle);
  queues->env.touch(queues->env.user);
  return MSTEP_OK;
}

int ms_queue_move_cancel(uint64_t *moved, struct ms_queues *queues, struct ms_str handle,
                         struct ms_queue_refusal *why)
{
  struct ms_queue_move *move = queues->moves;
  while (move != NULL && !(ms_str_is(handle, move->handle) && move->status == RUNNING)) {
    move = move->next;
  }
  if (move == NULL) {
    return ms_queue_refuse(why, "ResourceNotFoundException", "Task does not exist.");
  }
  *moved = move->moved;
  finish(queues, move, CANCELLED, "");
  return MSTEP_OK;
}

int ms_queue_move_list(struct ms_json *out, struct ms_queues *queues, struct ms_str source_arn,
                       size_t max, struct ms_queue_refusal *why)
{
  if (find_source(queues, source_arn, why) == NULL) {
    return MSTEP_EINVALID;
  }
  *out = ms_json_array(max);
  int err = ms_json_is_none(*out) ? ms_error_nomem() : MSTEP_OK;
  for (const struct ms_queue_move *move = queues->moves;
       move != NULL && err == 0 && ms_json_count(*out) < max; move = move->next) {
    struct ms_json value;
    if (ms_str_is(source_arn, move->source)) {
      err = describe(&value, move, false);
      err = err != 0 ? err : ms_json_push(out, value);
    }
  }
  if (err != 0) {
    ms_json_unref(*out);
    *out = MS_JSON_VALUE_NONE;
  }
  return err;
}
