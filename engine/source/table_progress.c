/*
 * How far a stream has come, as the row of its mapping: the checkpoint and, beyond it, what each lane is through with,
 * the pieces of its batch with their attempts, and the state of a window. One row, so that all of it is of one moment.
 *
 *   {"Position", "Result", "Lanes": [{"Next", "Invocations"?, "Pieces"?: [{"End", "Attempts", "IsBegun"?}]}],
 *    "Window"?: {"Start", "End", "State", "IsEarly", "Attempts"?, "IsBegun"?}}
 */
#include "base/error.h"
#include "source/source_table.h"

/* ---- what is written ---- */

static struct ms_json sequence(uint64_t position)
{
  char text[MS_TABLE_SEQUENCE_SIZE];
  ms_table_sequence_print(text, position);
  return ms_json_cstring(text);
}

static int add_piece(struct ms_json *pieces, const struct ms_table_piece *piece, uint64_t end,
                     bool is_begun)
{
  struct ms_json out = ms_json_object(2);
  int err = ms_json_setc(&out, "End", sequence(end));
  err = err != 0 ? err : ms_json_setc(&out, "Attempts", ms_json_int(piece->attempts));
  if (err == 0 && is_begun) {
    err = ms_json_setc(&out, "IsBegun", ms_json_bool(true));
  }
  if (err != 0) {
    ms_json_unref(out);
    return err;
  }
  return ms_json_push(pieces, out);
}

/* The pieces in their order, without the first `done` records, which are of the first piece. */
static int put_pieces(struct ms_json *out, const struct ms_table_lane *lane, size_t done)
{
  const struct ms_table_record *record = lane->first;
  struct ms_json pieces = ms_json_array(lane->piece_count);
  int err = ms_json_is_none(pieces) ? ms_error_nomem() : MSTEP_OK;
  for (unsigned i = lane->piece_count; i > 0 && err == 0; i--) {
    const struct ms_table_piece *piece = &lane->pieces[i - 1];
    uint64_t end = 0;
    for (size_t j = 0; j < piece->count; j++, record = record->next) {
      end = record->position;
    }
    bool is_first = i == lane->piece_count, is_over = is_first && piece->count == done;
    err = is_over ? MSTEP_OK : add_piece(&pieces, piece, end, is_first && lane->is_begun);
  }
  if (err != 0) {
    ms_json_unref(pieces);
    return err;
  }
  return ms_json_setc(out, "Pieces", pieces);
}

static int add_lane(struct ms_json *lanes, const struct ms_table_lane *lane, size_t done)
{
  struct ms_json out = ms_json_object(3);
  const struct ms_table_record *record = lane->first;
  for (size_t i = 0; i < done; i++) {
    record = record->next;
  }
  uint64_t next = record == NULL ? lane->poller->next : record->position;
  int err = ms_json_setc(&out, "Next", sequence(next < lane->next ? lane->next : next));
  bool is_over = lane->piece_count == 1 && lane->pieces[0].count == done;
  bool is_waiting = ms_json_count(lane->resumed) > 0;
  if (err == 0 && (is_waiting || (lane->piece_count > 0 && !is_over && !lane->is_final))) {
    err = ms_json_setc(&out, "Invocations", ms_json_int(lane->invocations));
    if (err == 0) {
      err = is_waiting ? ms_json_setc(&out, "Pieces", ms_json_ref(lane->resumed))
                       : put_pieces(&out, lane, done);
    }
  }
  if (err != 0) {
    ms_json_unref(out);
    return err;
  }
  return ms_json_push(lanes, out);
}

static int put_lanes(struct ms_json *out, const struct ms_table_poller *poller,
                     const struct ms_table_lane *lane, size_t done)
{
  struct ms_json lanes = ms_json_array(poller->lane_count);
  int err = ms_json_is_none(lanes) ? ms_error_nomem() : MSTEP_OK;
  for (unsigned i = 0; i < poller->lane_count && err == 0; i++) {
    err = add_lane(&lanes, &poller->lanes[i], &poller->lanes[i] == lane ? done : 0);
  }
  if (err != 0) {
    ms_json_unref(lanes);
    return err;
  }
  return ms_json_setc(out, "Lanes", lanes);
}

static int put_window(struct ms_json *out, const struct ms_table_poller *poller)
{
  const struct ms_table_window *window = &poller->window;
  const struct ms_table_lane *lane = &poller->lanes[0];
  struct ms_json value = ms_json_object(5);
  int err = ms_json_setc(&value, "Start", ms_json_int(window->start_ms));
  err = err != 0 ? err : ms_json_setc(&value, "End", ms_json_int(window->end_ms));
  err = err != 0 ? err : ms_json_setc(&value, "IsEarly", ms_json_bool(window->is_early));
  if (err == 0 && lane->is_final && lane->piece_count > 0) { /* how often its end was tried */
    err = ms_json_setc(&value, "Attempts", ms_json_int(lane->pieces[0].attempts));
    if (err == 0 && lane->is_begun) {
      err = ms_json_setc(&value, "IsBegun", ms_json_bool(true));
    }
  }
  err = err != 0 ? err : ms_json_setc(&value, "State", ms_json_ref(window->state));
  if (err != 0) {
    ms_json_unref(value);
    return err;
  }
  return ms_json_setc(out, "Window", value);
}

struct ms_json ms_table_progress(const struct ms_table_poller *poller, uint64_t position,
                                 const struct ms_table_lane *lane, size_t done, bool has_window)
{
  struct ms_json row = ms_json_object(4);
  int err = ms_json_setc(&row, "Position", sequence(position));
  err = err != 0 ? err : ms_json_setc(&row, "Result", ms_json_cstring(poller->mapping->result));
  err = err != 0 ? err : put_lanes(&row, poller, lane, done);
  if (err == 0 && has_window && poller->window.is_open) {
    err = put_window(&row, poller);
  }
  if (err != 0) {
    ms_json_replace(&row, MS_JSON_VALUE_NONE);
  }
  return row;
}

/* ---- what is read ---- */

static uint64_t position_of(struct ms_json object, const char *name)
{
  uint64_t position;
  struct ms_json text = ms_json_getc(object, name);
  return ms_json_is_string(text) && ms_table_sequence_parse(&position, ms_json_text(text))
             ? position
             : 0;
}

static void resume_window(struct ms_table_poller *poller, struct ms_json value)
{
  struct ms_table_lane *lane = &poller->lanes[0];
  int64_t attempts = ms_mapping_int(value, "Attempts", -1);
  struct ms_json state = ms_json_getc(value, "State");
  if (!ms_json_is_object(value) || poller->mapping->settings.tumble_ms == 0 ||
      !ms_json_is_object(state)) {
    return;
  }
  poller->window = (struct ms_table_window){
      .is_open = true,
      .is_early = ms_json_is_true(ms_json_getc(value, "IsEarly")),
      .start_ms = ms_mapping_int(value, "Start", 0),
      .end_ms = ms_mapping_int(value, "End", 0),
      .state = ms_json_ref(state),
  };
  if (attempts >= 0) {
    lane->pieces[0] = (struct ms_table_piece){0, (uint32_t)attempts};
    lane->piece_count = 1;
    lane->is_final = true;
    lane->is_cut = ms_json_is_true(ms_json_getc(value, "IsBegun"));
  }
}

void ms_table_resume(struct ms_table_poller *poller, struct ms_json row)
{
  struct ms_json lanes = ms_json_getc(row, "Lanes");
  if (ms_json_count(lanes) == poller->lane_count) { /* else records are in other lanes now */
    for (unsigned i = 0; i < poller->lane_count; i++) {
      struct ms_json lane = ms_json_at(lanes, i);
      poller->lanes[i].next = position_of(lane, "Next");
      poller->lanes[i].invocations = (uint32_t)ms_mapping_int(lane, "Invocations", 0);
      poller->lanes[i].resumed = ms_json_ref(ms_json_getc(lane, "Pieces"));
    }
  }
  resume_window(poller, ms_json_getc(row, "Window"));
}

bool ms_table_lane_resume(struct ms_table_lane *lane, bool is_full)
{
  size_t count = ms_json_count(lane->resumed);
  uint64_t end = position_of(ms_json_at(lane->resumed, count - 1), "End");
  if (!lane->poller->is_idle && !is_full && (lane->first == NULL || lane->last->position < end)) {
    return false; /* there is more of the batch to be read */
  }
  const struct ms_table_record *record = lane->first;
  lane->piece_count = 0;
  for (size_t i = 0; i < count && i < MS_TABLE_PIECES_MAX; i++) {
    struct ms_json from = ms_json_at(lane->resumed, i);
    struct ms_table_piece piece = {0, (uint32_t)ms_mapping_int(from, "Attempts", 0)};
    end = position_of(from, "End");
    for (; record != NULL && record->position <= end; record = record->next) {
      piece.count++;
    }
    if (piece.count > 0) {
      lane->is_cut |= i == 0 && ms_json_is_true(ms_json_getc(from, "IsBegun"));
      lane->pieces[lane->piece_count++] = piece;
    }
  }
  for (unsigned i = 0; i < lane->piece_count / 2; i++) { /* the last is done first */
    struct ms_table_piece piece = lane->pieces[i];
    lane->pieces[i] = lane->pieces[lane->piece_count - 1 - i];
    lane->pieces[lane->piece_count - 1 - i] = piece;
  }
  ms_json_replace(&lane->resumed, MS_JSON_VALUE_NONE);
  return true;
}
