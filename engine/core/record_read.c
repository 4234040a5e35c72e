/*
 * The state of an execution from the bytes that record_write.c made. What is read has the right
 * shape when it is here: ids in range, links whole, counts not more than there are bytes. Whether
 * it makes sense is record_check.c's to say.
 */
#include <math.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/record_internal.h"

#define FRAME_BYTES_MIN 12 /* a count that is too large is seen before memory is taken */

static int64_t get_time(struct ms_record_reader *reader, int64_t base_ms)
{
  return (int64_t)((uint64_t)ms_bytes_signed(reader->bytes) + (uint64_t)base_ms);
}

static double get_double(struct ms_record_reader *reader)
{
  uint64_t bits = ms_bytes_fixed64(reader->bytes);
  double number;
  memcpy(&number, &bits, sizeof number);
  if (!isfinite(number))
    ms_bytes_fail(reader->bytes, "not a number of JSON");
  return number;
}

static unsigned get_mask(struct ms_record_reader *reader, unsigned max)
{
  uint32_t mask = ms_bytes_number32(reader->bytes);
  if (mask > max)
    ms_bytes_fail(reader->bytes, "unknown members");
  return mask;
}

static size_t bytes_left(const struct ms_record_reader *reader)
{
  return reader->bytes->len - reader->bytes->at;
}

/* ---- lists of ids ---- */

/* The next id of a list of them; UINT32_MAX when it is none of a frame. */
static uint32_t get_id(struct ms_record_reader *reader, uint32_t *expected, uint32_t count)
{
  int64_t id = get_time(reader, *expected);
  if (id < 0 || id >= count) {
    ms_bytes_fail(reader->bytes, "the id of no frame");
    return MS_FRAME_NONE;
  }
  *expected = (uint32_t)id + 1;
  return (uint32_t)id;
}

/* The ids of a list of frames that are in none yet; links them. *first is NONE when it is empty. */
static int get_list(struct ms_record_reader *reader, const struct ms_execution *execution,
                    bool is_queue, uint32_t *first, uint32_t *last)
{
  uint32_t count = ms_bytes_number32(reader->bytes);
  uint32_t expected = 0;
  *first = *last = MS_FRAME_NONE;
  for (uint32_t i = 0; i < count && reader->bytes->error == 0; i++) {
    uint32_t id = get_id(reader, &expected, execution->frame_count);
    struct ms_frame *frame = ms_execution_frame(execution, id);
    if (frame == NULL || frame->is_queued || frame->is_cut)
      return ms_bytes_fail(reader->bytes, "a list of frames that is broken");
    frame->is_queued = is_queue;
    frame->is_cut = !is_queue;
    frame->previous_ready = is_queue ? *last : MS_FRAME_NONE;
    frame->next_ready = MS_FRAME_NONE;
    if (*first == MS_FRAME_NONE)
      *first = id;
    else
      execution->frames[*last]->next_ready = id;
    *last = id;
  }
  return reader->bytes->error;
}

/* ---- frames ---- */

static int get_dates(struct ms_children *children, struct ms_record_reader *reader,
                     const struct ms_execution *execution)
{
  if (children->started_count > children->count || children->count == 0)
    return ms_bytes_fail(reader->bytes, "dates of children that are not there");
  children->dates = ms_calloc((size_t)children->count * 2, sizeof *children->dates);
  if (children->dates == NULL)
    return ms_error_nomem();
  for (size_t i = 0; i < children->started_count * (size_t)2; i++)
    children->dates[i] = get_time(reader, execution->started_at_ms);
  return reader->bytes->error;
}

static int get_children(struct ms_frame *frame, struct ms_record_reader *reader,
                        const struct ms_execution *execution)
{
  struct ms_bytes_reader *bytes = reader->bytes;
  uint32_t count = ms_bytes_number32(bytes);
  if (count > bytes_left(reader))
    return ms_bytes_fail(bytes, "fewer outputs than were written");
  struct ms_children *children =
      ms_calloc(1, sizeof *children + (size_t)count * sizeof children->outputs[0]);
  if (children == NULL)
    return ms_error_nomem();
  frame->children = children;
  children->count = count;
  children->started_count = ms_bytes_number32(bytes);
  children->running_count = ms_bytes_number32(bytes);
  children->done_count = ms_bytes_number32(bytes);
  children->failed_count = ms_bytes_number32(bytes);
  children->concurrency = ms_bytes_number32(bytes);
  children->last_exit = ms_bytes_number32(bytes);
  get_list(reader, execution, false, &children->cut_first, &children->cut_last);
  children->waiting_count = ms_bytes_number32(bytes);
  children->redrive_count = ms_bytes_number32(bytes);
  children->run_arn = ms_record_get(reader);
  children->input = ms_record_get(reader);
  children->items = ms_record_get(reader);
  children->tolerated_count = get_double(reader);
  children->tolerated_percentage = get_double(reader);
  unsigned mask = get_mask(reader, MS_RECORD_CHILDREN_MAX);
  children->is_map_run = (mask & MS_RECORD_IS_MAP_RUN) != 0;
  children->is_pairs = (mask & MS_RECORD_IS_PAIRS) != 0;
  children->is_prepared = (mask & MS_RECORD_IS_PREPARED) != 0;
  children->is_batched = (mask & MS_RECORD_IS_BATCHED) != 0;
  if (mask & MS_RECORD_HAS_FAILURES)
    children->failures = ms_record_get(reader);
  children->is_failing = (mask & MS_RECORD_IS_FAILING) != 0;
  int status = mask & MS_RECORD_HAS_DATES ? get_dates(children, reader, execution) : 0;
  if (status != 0)
    return status;
  for (uint32_t i = 0; i < count && bytes->error == 0; i++)
    children->outputs[i] = ms_record_get(reader);
  return bytes->error;
}

static void get_task(struct ms_frame *frame, struct ms_record_reader *reader)
{
  struct ms_bytes_reader *bytes = reader->bytes;
  frame->task = ms_bytes_number32(bytes);
  frame->timeout_seconds = ms_bytes_number32(bytes);
  frame->heartbeat_seconds = ms_bytes_number32(bytes);
  frame->timeout_at_ms = get_time(reader, frame->entered_at_ms);
  frame->heartbeat_at_ms = get_time(reader, frame->entered_at_ms);
  frame->parameters = ms_record_get(reader);
  frame->task_details = ms_record_get(reader);
}

static int get_attempts(struct ms_frame *frame, struct ms_record_reader *reader)
{
  uint32_t count = frame->state->retrier_count;
  if (count == 0)
    return ms_bytes_fail(reader->bytes, "retries of a state that has none");
  frame->attempts = ms_calloc(count, sizeof frame->attempts[0]);
  if (frame->attempts == NULL)
    return ms_error_nomem();
  for (uint32_t i = 0; i < count; i++)
    frame->attempts[i] = ms_bytes_number32(reader->bytes);
  return reader->bytes->error;
}

/* What only some frames have. */
static int get_rest(struct ms_frame *frame, struct ms_record_reader *reader,
                    const struct ms_execution *execution, unsigned mask)
{
  int status = reader->bytes->error;
  if (status == 0 && (mask & MS_RECORD_HAS_ATTEMPTS))
    status = get_attempts(frame, reader);
  if (status == 0 && (mask & MS_RECORD_HAS_TASK))
    get_task(frame, reader);
  if (status == 0 && (mask & MS_RECORD_HAS_TIMER))
    frame->timer_at_ms = get_time(reader, frame->entered_at_ms);
  if (status == 0 && (mask & MS_RECORD_HAS_CHILDREN))
    status = get_children(frame, reader, execution);
  return status != 0 ? status : reader->bytes->error;
}

static int get_frame(struct ms_frame *frame, struct ms_record_reader *reader,
                     const struct ms_execution *execution)
{
  struct ms_bytes_reader *bytes = reader->bytes;
  frame->parent = ms_bytes_number32(bytes) - 1;
  frame->index = ms_bytes_number32(bytes);
  uint32_t status = ms_bytes_number32(bytes);
  unsigned mask = get_mask(reader, MS_RECORD_FRAME_MAX);
  uint32_t state = ms_bytes_number32(bytes);
  if (status > MS_FRAME_ENDED || state >= execution->machine->state_count)
    return ms_bytes_fail(bytes, "a frame that is nowhere");
  if (mask & MS_RECORD_IS_CUT) {
    if (frame->id != 0 || frame->is_queued || frame->is_cut)
      return ms_bytes_fail(bytes, "a frame that is cut and is not");
    frame->is_cut = true;
    frame->next_ready = frame->previous_ready = MS_FRAME_NONE;
  }
  frame->status = (uint8_t)status;
  frame->is_hidden = (mask & MS_RECORD_IS_HIDDEN) != 0;
  frame->is_started = (mask & MS_RECORD_IS_STARTED) != 0;
  frame->is_submitted = (mask & MS_RECORD_IS_SUBMITTED) != 0;
  frame->state = execution->machine->states[state];
  frame->flow = frame->state->flow;
  frame->input = ms_record_get(reader);
  frame->variables = ms_record_get(reader);
  if (mask & MS_RECORD_HAS_FIRST_INPUT)
    frame->first_input = ms_record_get(reader);
  frame->entered_at_ms = get_time(reader, execution->started_at_ms);
  frame->entered_id = ms_bytes_number32(bytes);
  frame->entered_previous = ms_bytes_number32(bytes);
  frame->previous = ms_bytes_number32(bytes);
  frame->retry_count = ms_bytes_number32(bytes);
  return get_rest(frame, reader, execution, mask);
}

/* ---- frames without their members ---- */

/* Frames, zeroed, for all ids that are not to be used again. is_free: of frame_count. */
static int make_frames(struct ms_execution *execution, struct ms_record_reader *reader,
                       bool *is_free)
{
  uint32_t expected = 0;
  for (uint32_t i = 0; i < execution->free_count; i++) {
    uint32_t id = get_id(reader, &expected, execution->frame_count);
    if (id == MS_FRAME_NONE || is_free[id])
      return ms_bytes_fail(reader->bytes, "an id that is free twice");
    is_free[id] = true;
    execution->free_frames[i] = id;
  }
  for (uint32_t i = 0; i < execution->frame_count; i++) {
    if (is_free[i])
      continue;
    execution->frames[i] = ms_calloc(1, sizeof *execution->frames[i]);
    if (execution->frames[i] == NULL)
      return ms_error_nomem();
    execution->frames[i]->id = i;
  }
  return 0;
}

static int allocate_frames(struct ms_execution *execution, struct ms_record_reader *reader)
{
  uint32_t count = ms_bytes_number32(reader->bytes);
  uint32_t free_count = ms_bytes_number32(reader->bytes);
  if (free_count > count || count > UINT32_MAX / 4 ||
      free_count + (uint64_t)(count - free_count) * FRAME_BYTES_MIN > bytes_left(reader))
    return ms_bytes_fail(reader->bytes, "fewer frames than were written");
  uint32_t capacity = count == 0 ? 0 : 1;
  while (capacity < count)
    capacity *= 2;
  if (capacity == 0)
    return 0;
  execution->frames = ms_calloc(capacity, sizeof execution->frames[0]);
  execution->free_frames = ms_calloc(capacity, sizeof execution->free_frames[0]);
  bool *is_free = ms_calloc(count, sizeof *is_free);
  int status = ms_error_nomem();
  if (execution->frames != NULL && execution->free_frames != NULL && is_free != NULL) {
    execution->frame_count = count;
    execution->frame_capacity = capacity;
    execution->free_count = free_count;
    status = make_frames(execution, reader, is_free);
  }
  ms_free(is_free);
  return status;
}

/* ---- the execution ---- */

static int get_head(struct ms_execution *execution, struct ms_record_reader *reader)
{
  struct ms_bytes_reader *bytes = reader->bytes;
  if (ms_bytes_byte(bytes) != MS_RECORD_VERSION)
    return ms_bytes_fail(bytes, "an execution of an unknown version");
  uint32_t next_document = ms_bytes_number32(bytes);
  if (reader->documents != NULL && reader->documents->next < next_document)
    reader->documents->next = next_document;
  uint32_t status = ms_bytes_number32(bytes);
  if (status > MS_EXECUTION_ABORTED)
    return ms_bytes_fail(bytes, "an execution of an unknown status");
  execution->status = (enum ms_execution_status)status;
  execution->input = ms_record_get_input(reader);
  execution->output = ms_record_get(reader);
  execution->error = ms_record_get(reader);
  execution->cause = ms_record_get(reader);
  execution->started_at_ms = ms_bytes_signed(bytes);
  execution->stopped_at_ms = get_time(reader, execution->started_at_ms);
  execution->redriven_at_ms = get_time(reader, execution->started_at_ms);
  execution->timer_at_ms = get_time(reader, execution->started_at_ms);
  execution->redrive_count = ms_bytes_number32(bytes);
  execution->next_event = ms_bytes_number32(bytes);
  execution->next_task = ms_bytes_number32(bytes);
  execution->turn = ms_bytes_number(bytes);
  return bytes->error;
}

int ms_record_read_execution(struct ms_execution *execution, struct ms_documents *documents,
                             const struct ms_document_io *io, struct ms_str bytes)
{
  struct ms_bytes_reader in;
  struct ms_record_reader reader;
  ms_bytes_reader_init(&in, bytes);
  ms_record_reader_init(&reader, &in, documents, io);
  int status = get_head(execution, &reader);
  if (status == 0)
    status = allocate_frames(execution, &reader);
  if (status == 0)
    status = get_list(&reader, execution, true, &execution->ready_first, &execution->ready_last);
  for (uint32_t i = 0; status == 0 && i < execution->frame_count; i++)
    if (execution->frames[i] != NULL)
      status = get_frame(execution->frames[i], &reader, execution);
  if (status == 0 && !ms_bytes_is_end(&in))
    status = ms_bytes_fail(&in, "bytes behind the last frame");
  return status == 0 ? ms_record_check_execution(execution) : status;
}
