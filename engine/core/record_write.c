/*
 * The state of an execution as bytes. record_read.c reads what is written here, member by member in
 * the same order; a test compares all members of what comes back.
 *
 *   version, next document
 *   status, input, output, error, cause, times, counters
 *   frame count, ids to use again, run queue
 *   frames by id: parent, index, status, flags, mask, state, ...
 *
 * A frame's flow is its state's. Ids of frames have one added, so that NONE is 0.
 */
#include "core/record_internal.h"

static void put_time(struct ms_record_writer *writer, int64_t at_ms, int64_t base_ms)
{
  ms_bytes_put_signed(writer->out, (int64_t)((uint64_t)at_ms - (uint64_t)base_ms));
}

static void put_double(struct ms_record_writer *writer, double number)
{
  uint64_t bits;
  memcpy(&bits, &number, sizeof bits);
  ms_bytes_put_fixed64(writer->out, bits);
}

/* Lists of ids mostly go up by one: what is written is how far each is from that. */
static void put_id(struct ms_record_writer *writer, uint32_t id, uint32_t *expected)
{
  ms_bytes_put_signed(writer->out, (int64_t)id - *expected);
  *expected = id + 1;
}

/* A run queue, or a list of children that are cut. */
static void put_list(struct ms_record_writer *writer, const struct ms_execution *execution,
                     uint32_t first)
{
  uint32_t count = 0, expected = 0;
  for (uint32_t id = first; id != MS_FRAME_NONE; id = execution->frames[id]->next_ready)
    count++;
  ms_bytes_put_number(writer->out, count);
  for (uint32_t id = first; id != MS_FRAME_NONE; id = execution->frames[id]->next_ready)
    put_id(writer, id, &expected);
}

static void put_dates(struct ms_record_writer *writer, const struct ms_children *children,
                      const struct ms_execution *execution)
{
  for (size_t i = 0; i < children->started_count * (size_t)2; i++)
    put_time(writer, children->dates[i], execution->started_at_ms);
}

static void put_children(struct ms_record_writer *writer, const struct ms_children *children,
                         const struct ms_execution *execution)
{
  struct ms_buf *out = writer->out;
  ms_bytes_put_number(out, children->count);
  ms_bytes_put_number(out, children->started_count);
  ms_bytes_put_number(out, children->running_count);
  ms_bytes_put_number(out, children->done_count);
  ms_bytes_put_number(out, children->failed_count);
  ms_bytes_put_number(out, children->concurrency);
  ms_bytes_put_number(out, children->last_exit);
  put_list(writer, execution, children->cut_first);
  ms_bytes_put_number(out, children->waiting_count);
  ms_bytes_put_number(out, children->redrive_count);
  ms_record_put(writer, children->run_arn);
  ms_record_put(writer, children->input);
  ms_record_put(writer, children->items);
  put_double(writer, children->tolerated_count);
  put_double(writer, children->tolerated_percentage);
  bool has_failures = !ms_json_is_none(children->failures);
  ms_bytes_put_number(out, (children->is_map_run ? MS_RECORD_IS_MAP_RUN : 0u) |
                               (children->is_pairs ? MS_RECORD_IS_PAIRS : 0u) |
                               (children->is_prepared ? MS_RECORD_IS_PREPARED : 0u) |
                               (children->is_batched ? MS_RECORD_IS_BATCHED : 0u) |
                               (children->is_failing ? MS_RECORD_IS_FAILING : 0u) |
                               (children->dates != NULL ? MS_RECORD_HAS_DATES : 0u) |
                               (has_failures ? MS_RECORD_HAS_FAILURES : 0u));
  if (has_failures)
    ms_record_put(writer, children->failures);
  if (children->dates != NULL)
    put_dates(writer, children, execution);
  for (uint32_t i = 0; i < children->count; i++)
    ms_record_put(writer, children->outputs[i]);
}

static void put_task(struct ms_record_writer *writer, const struct ms_frame *frame)
{
  struct ms_buf *out = writer->out;
  ms_bytes_put_number(out, frame->task);
  ms_bytes_put_number(out, frame->timeout_seconds);
  ms_bytes_put_number(out, frame->heartbeat_seconds);
  put_time(writer, frame->timeout_at_ms, frame->entered_at_ms);
  put_time(writer, frame->heartbeat_at_ms, frame->entered_at_ms);
  ms_record_put(writer, frame->parameters);
  ms_record_put(writer, frame->task_details);
}

static bool has_task(const struct ms_frame *frame)
{
  return frame->task != 0 || frame->timeout_seconds != 0 || frame->heartbeat_seconds != 0 ||
         frame->timeout_at_ms != 0 || frame->heartbeat_at_ms != 0 ||
         !ms_json_is_none(frame->parameters) || !ms_json_is_none(frame->task_details);
}

/* Those of the state that was left stand there until the next is entered; they count for nothing. */
static bool has_attempts(const struct ms_frame *frame)
{
  return frame->attempts != NULL && frame->status != MS_FRAME_READY &&
         frame->status != MS_FRAME_ENDED;
}

static unsigned mask_of(const struct ms_frame *frame)
{
  unsigned mask = 0;
  mask |= frame->is_hidden ? MS_RECORD_IS_HIDDEN : 0;
  mask |= frame->is_started ? MS_RECORD_IS_STARTED : 0;
  mask |= frame->is_submitted ? MS_RECORD_IS_SUBMITTED : 0;
  mask |= has_attempts(frame) ? MS_RECORD_HAS_ATTEMPTS : 0;
  mask |= has_task(frame) ? MS_RECORD_HAS_TASK : 0;
  mask |= frame->timer_at_ms != 0 ? MS_RECORD_HAS_TIMER : 0;
  mask |= frame->children != NULL ? MS_RECORD_HAS_CHILDREN : 0;
  mask |= ms_json_is_none(frame->first_input) ? 0 : MS_RECORD_HAS_FIRST_INPUT;
  mask |= frame->is_cut && frame->parent == MS_FRAME_NONE ? MS_RECORD_IS_CUT : 0;
  return mask;
}

static void put_frame(struct ms_record_writer *writer, const struct ms_frame *frame,
                      const struct ms_execution *execution)
{
  struct ms_buf *out = writer->out;
  unsigned mask = mask_of(frame);
  ms_bytes_put_number(out, frame->parent + 1u);
  ms_bytes_put_number(out, frame->index);
  ms_bytes_put_number(out, frame->status);
  ms_bytes_put_number(out, mask);
  ms_bytes_put_number(out, frame->state->index);
  ms_record_put(writer, frame->input);
  ms_record_put(writer, frame->variables);
  if (mask & MS_RECORD_HAS_FIRST_INPUT)
    ms_record_put(writer, frame->first_input);
  put_time(writer, frame->entered_at_ms, execution->started_at_ms);
  ms_bytes_put_number(out, frame->entered_id);
  ms_bytes_put_number(out, frame->entered_previous);
  ms_bytes_put_number(out, frame->previous);
  ms_bytes_put_number(out, frame->retry_count);
  if (mask & MS_RECORD_HAS_ATTEMPTS)
    for (uint32_t i = 0; i < frame->state->retrier_count; i++)
      ms_bytes_put_number(out, frame->attempts[i]);
  if (mask & MS_RECORD_HAS_TASK)
    put_task(writer, frame);
  if (mask & MS_RECORD_HAS_TIMER)
    put_time(writer, frame->timer_at_ms, frame->entered_at_ms);
  if (mask & MS_RECORD_HAS_CHILDREN)
    put_children(writer, frame->children, execution);
}

static void put_head(struct ms_record_writer *writer, const struct ms_execution *execution)
{
  struct ms_buf *out = writer->out;
  ms_bytes_put_number(out, MS_RECORD_VERSION);
  ms_bytes_put_number(out, writer->documents == NULL ? 0 : writer->documents->next);
  ms_bytes_put_number(out, execution->status);
  ms_record_put_input(writer, execution->input);
  ms_record_put(writer, execution->output);
  ms_record_put(writer, execution->error);
  ms_record_put(writer, execution->cause);
  ms_bytes_put_signed(out, execution->started_at_ms);
  put_time(writer, execution->stopped_at_ms, execution->started_at_ms);
  put_time(writer, execution->redriven_at_ms, execution->started_at_ms);
  put_time(writer, execution->timer_at_ms, execution->started_at_ms);
  ms_bytes_put_number(out, execution->redrive_count);
  ms_bytes_put_number(out, execution->next_event);
  ms_bytes_put_number(out, execution->next_task);
  ms_bytes_put_number(out, execution->turn);
}

int ms_record_write_execution(struct ms_buf *out, struct ms_documents *documents,
                              const struct ms_document_io *io, const struct ms_execution *execution)
{
  struct ms_record_writer writer;
  uint32_t expected = 0;
  ms_record_writer_init(&writer, out, documents, io);
  put_head(&writer, execution);
  ms_bytes_put_number(out, execution->frame_count);
  ms_bytes_put_number(out, execution->free_count);
  for (uint32_t i = 0; i < execution->free_count; i++)
    put_id(&writer, execution->free_frames[i], &expected);
  put_list(&writer, execution, execution->ready_first);
  for (uint32_t i = 0; i < execution->frame_count && writer.error == 0; i++)
    if (execution->frames[i] != NULL)
      put_frame(&writer, execution->frames[i], execution);
  return ms_record_writer_error(&writer);
}
