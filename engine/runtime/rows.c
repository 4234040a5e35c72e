/*
 * Rows as bytes: of executions (open, ended, about to start), of machines, and the keys by which they are
 * found. What comes back from a file is checked before it is believed. A row begins with its version;
 * those of released versions are read for ever.
 */
#include "base/error.h"
#include "runtime/durable.h"

#define ROW_VERSION 1
#define MACHINE_VERSION 3 /* 1 had no role, configuration and revision, 2 no published versions */

/* ---- keys ---- */

struct ms_str ms_key_part(char out[MS_STORE_NUMBER_SIZE], uint64_t number, uint64_t part)
{
  return ms_store_key(out, (number << MS_DURABLE_SHIFT) | part);
}

static void put_family(struct ms_buf *out, uint32_t family)
{
  for (int shift = 24; shift >= 0; shift -= 8) {
    ms_buf_char(out, (char)(family >> shift));
  }
}

void ms_key_name(struct ms_buf *out, uint32_t family, struct ms_str tail)
{
  put_family(out, family);
  ms_buf_str(out, tail);
}

void ms_key_listing(struct ms_buf *out, uint32_t family, int status, uint64_t number)
{
  char key[MS_STORE_NUMBER_SIZE];
  put_family(out, family);
  ms_buf_char(out, (char)status);
  ms_buf_str(out, ms_store_key(key, number));
}

/* ---- executions: writing ---- */

enum { ROW_IS_START = 1, ROW_IS_BUSY = 2, ROW_HAS_TEST_CASE = 4 };

static bool frame_is_busy(const struct ms_frame *frame)
{
  return frame->task != 0;
}

static bool run_is_busy(const struct ms_run *run)
{
  const struct ms_execution *core = run->core;
  bool is_busy = ms_core_runnable(core) != MS_FRAME_NONE;
  for (uint32_t i = 0; i < core->frame_count && !is_busy; i++) {
    is_busy = core->frames[i] != NULL && frame_is_busy(core->frames[i]);
  }
  return is_busy;
}

static void put_timers(struct ms_buf *out, const struct ms_execution *core)
{
  uint32_t count = core->timer_at_ms != 0;
  for (uint32_t i = 0; i < core->frame_count; i++) {
    count += core->frames[i] != NULL && core->frames[i]->timer_at_ms != 0;
  }
  ms_bytes_put_number(out, count);
  if (core->timer_at_ms != 0) {
    ms_bytes_put_number(out, 0);
    ms_bytes_put_signed(out, core->timer_at_ms);
  }
  for (uint32_t i = 0; i < core->frame_count; i++) {
    if (core->frames[i] != NULL && core->frames[i]->timer_at_ms != 0) {
      ms_bytes_put_number(out, (uint64_t)i + 1);
      ms_bytes_put_signed(out, core->frames[i]->timer_at_ms);
    }
  }
}

static void put_head(struct ms_buf *out, const struct ms_run *run, bool is_start)
{
  const struct ms_execution *core = run->core;
  bool is_open = core->status == MS_EXECUTION_RUNNING;
  struct ms_str test_case = ms_json_text(run->test_case);
  ms_buf_char(out, ROW_VERSION);
  ms_bytes_put_number(out, run->machine->id);
  ms_buf_char(out, (char)((is_start ? ROW_IS_START : 0) |
                          (is_open && !is_start && run_is_busy(run) ? ROW_IS_BUSY : 0) |
                          (test_case.len > 0 ? ROW_HAS_TEST_CASE : 0)));
  ms_buf_char(out, (char)core->status);
  ms_bytes_put_text(out, ms_json_text(run->tail));
  if (test_case.len > 0) {
    ms_bytes_put_text(out, test_case);
  }
  ms_bytes_put_fixed64(out, core->identity.seed);
  ms_bytes_put_signed(out, core->started_at_ms);
  ms_bytes_put_signed(out, core->stopped_at_ms);
  ms_bytes_put_number(out, is_start ? 0 : core->next_event - 1);
  ms_bytes_put_number(out, is_start ? 0 : run->kept->records);
  ms_bytes_put_number(out, is_start ? 0 : run->kept->chunks);
  ms_bytes_put_number(out, core->redrive_count);
  ms_bytes_put_signed(out, core->redriven_at_ms);
  if (is_open && !is_start) {
    put_timers(out, core);
  } else {
    ms_bytes_put_number(out, 0);
  }
}

int ms_row_write(struct ms_buf *out, const struct ms_run *run, bool is_start,
                 const struct ms_document_io *io)
{
  const struct ms_execution *core = run->core;
  struct ms_documents *documents = &run->kept->documents;
  put_head(out, run, is_start);
  int err = ms_record_write_value(out, documents, io, core->identity.input_text);
  if (err == 0 && is_start) {
    /* The first event of a Standard execution has it, too. */
    err = ms_record_write_value(out, documents, io,
                                run->machine->is_express ? core->input : MS_JSON_VALUE_NONE);
  } else if (err == 0) {
    err = ms_record_write_execution(out, documents, io, core);
  }
  return err != 0 ? err : out->error;
}

/* ---- executions: reading ---- */

int ms_row_timer(uint32_t *frame, int64_t *due_at_ms, struct ms_row *row)
{
  uint32_t number = ms_bytes_number32(&row->timers);
  *frame = number == 0 ? MS_FRAME_NONE : number - 1;
  *due_at_ms = ms_bytes_signed(&row->timers);
  return row->timers.error;
}

int ms_row_read(struct ms_row *out, struct ms_str bytes)
{
  struct ms_bytes_reader reader;
  ms_bytes_reader_init(&reader, bytes);
  *out = (struct ms_row){0};
  if (ms_bytes_byte(&reader) != ROW_VERSION) {
    return ms_error(MSTEP_EIO, "a row of an execution has a version that is not known");
  }
  out->machine = ms_bytes_number32(&reader);
  uint8_t flags = ms_bytes_byte(&reader);
  out->is_start = (flags & ROW_IS_START) != 0;
  out->is_busy = (flags & ROW_IS_BUSY) != 0;
  uint8_t status = ms_bytes_byte(&reader);
  out->status = (enum ms_execution_status)status;
  out->tail = ms_bytes_text(&reader);
  if ((flags & ROW_HAS_TEST_CASE) != 0) {
    out->test_case = ms_bytes_text(&reader);
  }
  out->seed = ms_bytes_fixed64(&reader);
  out->started_at_ms = ms_bytes_signed(&reader);
  out->stopped_at_ms = ms_bytes_signed(&reader);
  out->event_count = ms_bytes_number32(&reader);
  out->records = ms_bytes_number32(&reader);
  out->chunks = ms_bytes_number32(&reader);
  out->redrive_count = ms_bytes_number32(&reader);
  out->redriven_at_ms = ms_bytes_signed(&reader);
  out->timer_count = ms_bytes_number32(&reader);
  out->timers = reader;
  for (uint32_t i = 0; i < out->timer_count && reader.error == 0; i++) {
    ms_bytes_number32(&reader);
    ms_bytes_signed(&reader);
  }
  if (status > MS_EXECUTION_ABORTED || out->tail.len == 0) {
    ms_bytes_fail(&reader, "a row of an execution is damaged");
  }
  if (reader.error == 0) {
    out->body = ms_str_sub(bytes, reader.at, bytes.len);
  }
  return reader.error;
}

static int load_body(struct ms_run *run, const struct ms_row *row, const struct ms_document_io *io)
{
  struct ms_documents *documents = &run->kept->documents;
  struct ms_bytes_reader reader;
  ms_bytes_reader_init(&reader, row->body);
  if (row->test_case.len > 0 && ms_json_is_none(run->test_case)) {
    run->test_case = ms_json_string(row->test_case);
    if (ms_json_is_none(run->test_case)) {
      return ms_error_nomem();
    }
  }
  int err = ms_record_read_value(&run->core->identity.input_text, documents, io, &reader);
  if (err == 0 && row->is_start) {
    err = ms_record_read_value(&run->core->input, documents, io, &reader);
  } else if (err == 0) {
    err = ms_record_read_execution(run->core, documents, io,
                                   ms_str_sub(row->body, reader.at, row->body.len));
  }
  return err;
}

/* Name and ARN as json strings; the name is the tail up to an Express execution's own number. */
static int make_core(struct ms_run *run, const struct ms_row *row, const struct ms_engine *engine)
{
  char arn[MS_ENGINE_ARN_SIZE];
  ms_run_arn(arn, run);
  struct ms_engine_machine *machine = run->machine;
  struct ms_str tail = ms_json_text(run->tail);
  struct ms_execution_identity identity = {
      .arn = ms_json_cstring(arn),
      .name = machine->is_express
                  ? ms_json_string(ms_str_sub(tail, 0, ms_str_find(tail, 0, ':')))
                  : ms_json_ref(run->tail),
      .role_arn = ms_json_ref(run->machine->role_arn),
      .machine_arn = ms_json_ref(machine->arn),
      .machine_name = ms_json_ref(machine->name),
      .region = ms_json_ref(engine->region),
      .is_express = machine->is_express,
      .seed = row->seed,
  };
  if (machine->machine == NULL) {
    ms_execution_identity_deinit(&identity);
    return ms_error(MSTEP_EIO, "the definition of %s does not compile", arn);
  }
  if (!ms_json_is_none(identity.arn) && !ms_json_is_none(identity.name)) {
    run->core = ms_execution_new(machine->machine, &identity);
  }
  if (run->core == NULL) {
    ms_execution_identity_deinit(&identity);
    return ms_error_nomem();
  }
  return MSTEP_OK;
}

int ms_row_load(struct ms_run *run, const struct ms_row *row, const struct ms_engine *engine,
                struct ms_store *reader)
{
  struct ms_durable_documents documents = {NULL, reader, run->number};
  struct ms_document_io io = ms_durable_io(&documents);
  run->kept = ms_kept_new(run);
  int err = run->kept == NULL ? ms_error_nomem() : make_core(run, row, engine);
  if (err == 0) {
    run->kept->records = run->kept->records_saved = row->records;
    run->kept->chunks = run->kept->chunks_durable = row->chunks;
    err = load_body(run, row, &io);
  }
  if (err != 0) {
    ms_execution_free(run->core);
    ms_kept_free(run->kept);
    run->core = NULL;
    run->kept = NULL;
  }
  return err;
}

/* ---- machines ---- */

void ms_row_machine_write(struct ms_buf *out, const struct ms_engine_machine *machine)
{
  ms_buf_char(out, MACHINE_VERSION);
  ms_bytes_put_number(out, machine->family);
  ms_bytes_put_text(out, ms_json_text(machine->arn));
  ms_bytes_put_text(out, ms_json_text(machine->name));
  ms_buf_char(out, (char)machine->is_express);
  ms_buf_char(out, (char)(machine->has_durability ? machine->durability + 1 : 0));
  ms_buf_char(out, (char)machine->log_level);
  ms_bytes_put_signed(out, machine->created_at_ms);
  ms_bytes_put_signed(out, machine->updated_at_ms);
  ms_bytes_put_signed(out, machine->retention_age_ms);
  ms_bytes_put_number(out, machine->retention_count);
  ms_bytes_put_text(out, machine->machine->text);
  ms_bytes_put_text(out, ms_json_text(machine->role_arn));
  ms_bytes_put_text(out, ms_json_text(machine->configuration));
  ms_bytes_put_text(out, ms_json_text(machine->revision));
  ms_bytes_put_number(out, machine->version);
  ms_bytes_put_text(out, ms_json_text(machine->alias));
  ms_buf_char(out, (char)machine->is_deleted);
}

/* What versions of the row brought later; empty texts are none. */
static void machine_read_more(struct ms_engine_machine_request *request, struct ms_machine_row *out,
                              struct ms_bytes_reader *reader)
{
  static const struct ms_str none;
  struct ms_str role = ms_bytes_text(reader), configuration = ms_bytes_text(reader);
  request->role_arn = role.len == 0 ? none : role;
  request->configuration = configuration.len == 0 ? none : configuration;
  out->revision = ms_bytes_text(reader);
}

int ms_row_machine_read(struct ms_engine_machine_request *request, struct ms_machine_row *out,
                        struct ms_str bytes)
{
  struct ms_bytes_reader reader;
  ms_bytes_reader_init(&reader, bytes);
  uint8_t version = ms_bytes_byte(&reader);
  if (version == 0 || version > MACHINE_VERSION) {
    return ms_error(MSTEP_EIO, "a row of a machine has a version that is not known");
  }
  out->family = ms_bytes_number32(&reader);
  out->arn = ms_bytes_text(&reader);
  request->name = ms_bytes_text(&reader);
  request->is_express = ms_bytes_byte(&reader) != 0;
  uint8_t durability = ms_bytes_byte(&reader), level = ms_bytes_byte(&reader);
  request->has_durability = durability != 0;
  request->durability = (enum ms_durability)(durability == 0 ? 0 : durability - 1);
  request->log_level = (enum ms_log_level)level;
  out->created_at_ms = ms_bytes_signed(&reader);
  out->updated_at_ms = ms_bytes_signed(&reader);
  request->retention_age_ms = ms_bytes_signed(&reader);
  request->retention_count = ms_bytes_number(&reader);
  request->definition = ms_bytes_text(&reader);
  if (version >= 2) {
    machine_read_more(request, out, &reader);
  }
  if (version >= 3) {
    request->version = ms_bytes_number32(&reader);
    request->alias = ms_bytes_text(&reader);
    request->is_deleted = ms_bytes_byte(&reader) != 0;
  }
  if (durability > MS_DURABILITY_NONE + 1 || level > MS_LOG_ALL || out->family == 0) {
    ms_bytes_fail(&reader, "a row of a machine is damaged");
  }
  return reader.error;
}
