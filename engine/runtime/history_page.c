/*
 * GetExecutionHistory: pages of events, in either direction, from wherever they are: packed in memory
 * (no store), in the log of an execution that is in memory, in rows. Nothing that is not durable is
 * shown. The token says where the next page begins: `ID` of its first event and, with a store, which
 * row it is in.
 */
#include <limits.h>
#include <stdio.h>

#include "base/error.h"
#include "runtime/durable.h"
#include "runtime/map_children.h"

#define PAGE_DEFAULT 100
#define PAGE_MAX 1000

/* One answer under way. */
struct page {
  struct ms_engine *engine;
  struct ms_run *run;
  const struct ms_engine_history *request;
  struct ms_buf *out;
  struct ms_events events; /* of one row */
  struct ms_buf bytes;     /* likewise */
  uint64_t left;           /* events that it may still have */
  uint64_t from_id;        /* first event wanted; 0: from the start */
  uint32_t chunk;          /* where that is */
  uint32_t next_id;        /* of the next page; 0: there is none */
  uint32_t next_chunk;
  bool has_any;
};

/* ---- one event ---- */

/* The first event says by which version and alias it was started. */
static int add_arns(struct ms_json *described, const struct ms_engine_machine *machine)
{
  static const char *const member = "executionStartedEventDetails";
  struct ms_json details = ms_json_ref(ms_json_getc(*described, member));
  struct ms_json alias = ms_machine_alias_arn(machine), version = ms_machine_version_arn(machine);
  int err = MSTEP_OK;
  if (!ms_json_is_none(alias)) {
    err = ms_json_setc(&details, "stateMachineAliasArn", alias);
  }
  if (err == 0) {
    err = ms_json_setc(&details, "stateMachineVersionArn", version);
  } else {
    ms_json_unref(version);
  }
  if (err != 0) {
    ms_json_unref(details);
    return err;
  }
  return ms_json_setc(described, member, details);
}

static void page_describe(struct page *page, const struct ms_event *event)
{
  struct ms_json described = ms_event_describe(event, page->run->core);
  if (event->type == MS_EVENT_EXECUTION_STARTED && page->run->machine->version != 0 &&
      add_arns(&described, page->run->machine) != 0) {
    ms_json_replace(&described, MS_JSON_VALUE_NONE);
  }
  if (ms_json_is_none(described)) {
    page->out->error = MSTEP_ENOMEM;
    return;
  }
  if (page->request->is_without_data) {
    ms_event_hide_data(&described);
  }
  ms_buf_cstr(page->out, page->has_any ? "," : "");
  ms_json_print(page->out, described);
  ms_json_unref(described);
  page->has_any = true;
}

/* False: the page is full. */
static bool page_add(struct page *page, const struct ms_event *event, uint32_t chunk)
{
  if (event->id == 0) {
    return true;
  }
  bool is_before = page->request->is_reverse ? page->from_id != 0 && event->id > page->from_id
                                             : event->id < page->from_id;
  if (is_before) {
    return true;
  }
  if (page->left == 0) {
    page->next_id = event->id;
    page->next_chunk = chunk;
    return false;
  }
  page->left--;
  page_describe(page, event);
  return page->out->error == 0;
}

static bool page_add_events(struct page *page, uint32_t chunk)
{
  size_t count = page->events.count;
  for (size_t i = 0; i < count; i++) {
    size_t at = page->request->is_reverse ? count - 1 - i : i;
    if (!page_add(page, &page->events.items[at], chunk)) {
      return false;
    }
  }
  return true;
}

/* ---- without a store ---- */

static int page_from_memory(struct page *page)
{
  struct ms_history_reader reader = {&page->run->history, page->run->core->started_at_ms, 0, 0};
  struct ms_event event;
  if (!page->request->is_reverse) {
    while (ms_history_next(&event, &reader) && page_add(page, &event, 0)) {
    }
    return page->out->error;
  }
  /* From the start up to each piece's end: the events are as long as they are. */
  uint32_t last = page->run->history.count;
  if (page->from_id != 0 && page->from_id < last) {
    last = (uint32_t)page->from_id;
  }
  uint64_t wanted = page->left < last ? page->left : last;
  int err = MSTEP_OK;
  while (err == 0 && ms_history_next(&event, &reader) && event.id <= last) {
    if (event.id != 0 && event.id + wanted > last) {
      struct ms_event *copy = ms_events_add(&page->events);
      err = copy == NULL ? ms_error_nomem() : MSTEP_OK;
      if (copy != NULL) {
        *copy = event;
        copy->data = ms_json_ref(event.data);
        copy->more = ms_json_ref(event.more);
      }
    }
  }
  if (err == 0 && page_add_events(page, 0) && wanted < last) {
    page->next_id = last - (uint32_t)wanted;
  }
  return err != 0 ? err : page->out->error;
}

/* ---- with a store ---- */

static int decode_units(struct page *page, struct ms_str bytes)
{
  struct ms_durable_documents documents = {NULL, page->engine->durable->reader, page->run->number};
  struct ms_document_io io = ms_durable_io(&documents);
  struct ms_bytes_reader reader;
  ms_bytes_reader_init(&reader, bytes);
  ms_events_clear(&page->events);
  int err = MSTEP_OK;
  while (err == 0 && !ms_bytes_is_end(&reader)) {
    struct ms_str unit = ms_bytes_text(&reader);
    struct ms_documents seen = {.input = ms_json_ref(page->run->core->input)};
    err = reader.error != 0 ? reader.error : ms_record_read_events(&page->events, &seen, &io, unit);
    ms_documents_deinit(&seen);
  }
  return err;
}

static int copy_chunk(struct ms_str key, struct ms_str value, void *user)
{
  struct ms_buf *out = user;
  (void)key;
  ms_buf_reset(out);
  ms_buf_str(out, value);
  return out->error;
}

/* Row `chunk`; the one behind the last row is the log. */
static int page_load(struct page *page, uint32_t chunk)
{
  const struct ms_kept *kept = page->run->kept;
  if (chunk == kept->chunks_durable) {
    return decode_units(page, ms_str_sub(ms_buf_view(&kept->log), 0, kept->log_durable));
  }
  char key[MS_STORE_NUMBER_SIZE];
  int err = ms_store_get(page->engine->durable->reader, MS_TABLE_HISTORY,
                         ms_key_part(key, page->run->number, chunk), copy_chunk, &page->bytes);
  if (err == MSTEP_ENOTFOUND) {
    return ms_error(MSTEP_EIO, "a part of the history is missing");
  }
  return err != 0 ? err : decode_units(page, ms_buf_view(&page->bytes));
}

static uint64_t last_id(const struct page *page)
{
  uint64_t last = 0;
  for (size_t i = 0; i < page->events.count; i++) {
    last = page->events.items[i].id > last ? page->events.items[i].id : last;
  }
  return last;
}

static int page_from_store(struct page *page)
{
  uint32_t count = page->run->kept->chunks_durable + 1;
  uint32_t done = 0;
  if (page->from_id != 0 && page->chunk < count) {
    done = page->request->is_reverse ? count - 1 - page->chunk : page->chunk;
  }
  bool is_found = done == 0 || !page->request->is_reverse, goes_on = true;
  int err = MSTEP_OK;
  while (done < count && goes_on && err == 0) {
    uint32_t chunk = page->request->is_reverse ? count - 1 - done : done;
    err = page_load(page, chunk);
    if (err == 0 && !is_found && last_id(page) < page->from_id) {
      done--; /* what was the log when the token was made has become two rows since */
      is_found = done == 0;
      continue;
    }
    is_found = true;
    goes_on = err == 0 && page_add_events(page, chunk);
    done++;
  }
  return err != 0 ? err : page->out->error;
}

/* ---- all of them ---- */

int ms_history_each(struct ms_engine *engine, struct ms_run *run,
                    int (*on_event)(const struct ms_event *event, void *user), void *user)
{
  struct page page = {.engine = engine, .run = run};
  struct ms_history_reader reader = {&run->history, run->core->started_at_ms, 0, 0};
  struct ms_event event;
  int err = MSTEP_OK;
  while (engine->durable == NULL && err == 0 && ms_history_next(&event, &reader)) {
    err = on_event(&event, user);
  }
  uint32_t chunks = engine->durable == NULL ? 0 : run->kept->chunks_durable + 1;
  ms_buf_init(&page.bytes, 0);
  for (uint32_t chunk = 0; err == 0 && chunk < chunks; chunk++) {
    err = page_load(&page, chunk);
    for (size_t i = 0; err == 0 && i < page.events.count; i++) {
      err = on_event(&page.events.items[i], user);
    }
  }
  ms_buf_deinit(&page.bytes);
  ms_events_deinit(&page.events);
  return err;
}

/* ---- the whole ---- */

static int read_token(struct page *page)
{
  struct ms_str token = page->request->next_token;
  char text[64];
  unsigned id, chunk;
  int used = 0;
  if (token.data == NULL) {
    return MSTEP_OK;
  }
  snprintf(text, sizeof text, "%.*s", MS_STR_ARG(token));
  if (token.len >= sizeof text || sscanf(text, "%u.%u%n", &id, &chunk, &used) != 2 ||
      (size_t)used != token.len || id == 0) {
    return ms_error(MSTEP_EINVALID, "Invalid Token: '%.*s'", MS_STR_ARG(token));
  }
  page->from_id = id;
  page->chunk = chunk;
  return MSTEP_OK;
}

static int page_write(struct page *page)
{
  ms_buf_cstr(page->out, "{\"events\":[");
  int err = page->engine->durable == NULL ? page_from_memory(page) : page_from_store(page);
  ms_buf_cstr(page->out, "]");
  if (page->next_id != 0) {
    ms_buf_printf(page->out, ",\"nextToken\":\"%u.%u\"", (unsigned)page->next_id,
                  (unsigned)page->next_chunk);
  }
  ms_buf_cstr(page->out, "}");
  return err;
}

int ms_engine_execution_history(struct ms_buf *out, struct ms_engine *engine,
                                const struct ms_engine_history *request)
{
  struct page page = {.engine = engine, .request = request, .out = out};
  unsigned max = request->max_results == 0 ? PAGE_DEFAULT : request->max_results;
  page.left = max == UINT_MAX ? UINT64_MAX : max > PAGE_MAX ? PAGE_MAX : max;
  int err = read_token(&page);
  if (err == 0 && ms_map_child_is(request->arn)) {
    return ms_map_child_history(out, engine, request, page.from_id, page.left);
  }
  err = err != 0 ? err : ms_run_get(&page.run, engine, request->arn);
  if (err != 0) {
    return err;
  }
  ms_buf_init(&page.bytes, 0);
  err = page_write(&page);
  ms_buf_deinit(&page.bytes);
  ms_events_deinit(&page.events);
  ms_run_rest(engine, page.run);
  ms_run_unref(page.run);
  if (out->error == MSTEP_ENOMEM) {
    return ms_error_nomem();
  }
  return err != 0 ? err : out->error;
}
