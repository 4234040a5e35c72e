/*
 * The latest lines of functions' logs, in memory: a ring of bytes. What is older than its size is forgotten; a store
 * keeps none.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "runtime/logs.h"

#define LOGS_BYTES_MAX ((size_t)8 << 20)
#define LINE_COST 64 /* of an empty line, so that those are bounded, too */

struct log_line {
  struct log_line *next;
  uint64_t number;
  int64_t at_ms;
  size_t size;
  struct ms_str function, version, request_id, message; /* behind it */
};

struct ms_logs {
  struct log_line *first, *last;
  uint64_t next_number;
  size_t bytes;
};

int ms_logs_new(struct ms_logs **out, const struct ms_engine *engine)
{
  /* Numbers go on over restarts, so that who follows a log misses nothing and sees nothing twice. */
  int64_t now_ms = ms_loop_now_ms(engine->loop);
  *out = ms_calloc(1, sizeof **out);
  if (*out == NULL) {
    return ms_error_nomem();
  }
  (*out)->next_number = (uint64_t)(now_ms > 0 ? now_ms : 1) << 16;
  return MSTEP_OK;
}

static void drop_first(struct ms_logs *logs)
{
  struct log_line *line = logs->first;
  logs->first = line->next;
  if (logs->first == NULL) {
    logs->last = NULL;
  }
  logs->bytes -= line->size;
  ms_free(line);
}

void ms_logs_free(struct ms_logs *logs)
{
  while (logs != NULL && logs->first != NULL) {
    drop_first(logs);
  }
  ms_free(logs);
}

static struct ms_str put(char **at, struct ms_str text)
{
  struct ms_str copy = {*at, text.len};
  if (text.len > 0) {
    memcpy(*at, text.data, text.len);
  }
  *at += text.len;
  return copy;
}

void ms_logs_add(struct ms_logs *logs, const struct ms_lua_log_record *record)
{
  struct ms_str function = ms_str_c(record->function), version = ms_str_c(record->version);
  struct ms_str request_id = ms_str_c(record->request_id);
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_lua_log_print(&text, record);
  size_t size = function.len + version.len + request_id.len + text.len;
  struct log_line *line = text.error != 0 ? NULL : ms_alloc(sizeof *line + size);
  if (line != NULL) { /* without memory the line is lost, not the call */
    char *at = (char *)(line + 1);
    *line = (struct log_line){.number = logs->next_number++,
                              .at_ms = record->at_ms,
                              .size = size + LINE_COST,
                              .function = put(&at, function),
                              .version = put(&at, version),
                              .request_id = put(&at, request_id),
                              .message = put(&at, ms_buf_view(&text))};
    *(logs->last == NULL ? &logs->first : &logs->last->next) = line;
    logs->last = line;
    logs->bytes += line->size;
  }
  while (logs->bytes > LOGS_BYTES_MAX) {
    drop_first(logs);
  }
  ms_buf_deinit(&text);
}

/* ---- asking ---- */

static bool has_words(struct ms_str text, struct ms_str words)
{
  for (size_t i = 0; i + words.len <= text.len; i++) {
    if (memcmp(text.data + i, words.data, words.len) == 0) {
      return true;
    }
  }
  return false;
}

static bool is_wanted(const struct log_line *line, const struct ms_engine_log_query *query)
{
  return line->number > query->after && line->at_ms >= query->from_ms &&
         (query->until_ms == 0 || line->at_ms <= query->until_ms) &&
         (query->function.data == NULL || ms_str_eq(line->function, query->function)) &&
         (query->request_id.data == NULL || ms_str_eq(line->request_id, query->request_id)) &&
         (query->words.len == 0 || has_words(line->message, query->words));
}

static struct ms_json line_json(const struct log_line *line)
{
  struct ms_json out = ms_json_object(6);
  int err = ms_json_setc(&out, "eventId",
                         ms_json_stringf("%020llu", (unsigned long long)line->number));
  err = err != 0 ? err : ms_json_setc(&out, "function", ms_json_string(line->function));
  err = err != 0 ? err : ms_json_setc(&out, "version", ms_json_string(line->version));
  err = err != 0 ? err : ms_json_setc(&out, "requestId", ms_json_string(line->request_id));
  err = err != 0 ? err : ms_json_setc(&out, "timestamp", ms_json_int(line->at_ms));
  /* A handler may print bytes that are no text. */
  err = err != 0 ? err
                 : ms_json_setc(&out, "message",
                                ms_json_stringf("%.*s", MS_STR_ARG(line->message)));
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

int ms_engine_logs(struct ms_json *out, uint64_t *next, struct ms_engine *engine,
                   const struct ms_engine_log_query *query)
{
  size_t count = 0;
  int err = MSTEP_OK;
  *next = 0;
  *out = ms_json_array(0);
  if (ms_json_is_none(*out)) {
    return ms_error_nomem();
  }
  const struct log_line *line = engine->logs == NULL ? NULL : engine->logs->first;
  uint64_t last = 0;
  for (; line != NULL && err == 0; line = line->next) {
    if (!is_wanted(line, query)) {
      continue;
    }
    if (count == query->max) {
      *next = last;
      break;
    }
    struct ms_json item = line_json(line);
    err = ms_json_is_none(item) ? ms_error_nomem() : ms_json_push(out, item);
    last = line->number;
    count++;
  }
  if (err != 0) {
    ms_json_replace(out, MS_JSON_VALUE_NONE);
  }
  return err;
}
