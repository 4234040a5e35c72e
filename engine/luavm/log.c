/*
 * The log of functions: from a script, or from what happens to its call, to whoever takes records.
 * Workers' records travel as messages, limited in their sum: a handler that only prints must not fill
 * the memory. The last lines of a call that asked for them stay with it (LogType: Tail).
 */
#include "luavm/log.h"

#include <stdio.h>
#include <time.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/time.h"
#include "luavm/internal.h"

#define LOG_BYTES_MAX ((size_t)8 << 20) /* of records that the loop has not taken */
#define TRACE_LINES_MAX 24

/* ---- text ---- */

const char *ms_lua_log_level_name(enum ms_lua_log_level level)
{
  static const char *const names[] = {"", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
  return names[level];
}

static void print_line(struct ms_buf *out, const struct ms_lua_log_record *record)
{
  if (record->level != MS_LUA_LOG_PLAIN) {
    char time_text[MS_TIME_TEXT_SIZE];
    ms_time_format_ms(time_text, record->at_ms);
    ms_buf_printf(out, "[%s]\t%s\t%s\t", ms_lua_log_level_name(record->level), time_text,
                  record->request_id);
  }
  ms_buf_str(out, record->message);
  ms_buf_char(out, '\n');
}

void ms_lua_log_print(struct ms_buf *out, const struct ms_lua_log_record *record)
{
  switch (record->kind) {
  case MS_LUA_LOG_LINE:
    print_line(out, record);
    break;
  case MS_LUA_LOG_FAILURE:
    ms_buf_str(out, record->message);
    ms_buf_char(out, '\n');
    break;
  case MS_LUA_LOG_START:
    ms_buf_printf(out, "START RequestId: %s Version: %s\n", record->request_id, record->version);
    break;
  case MS_LUA_LOG_END:
    ms_buf_printf(out, "END RequestId: %s\n", record->request_id);
    break;
  case MS_LUA_LOG_REPORT:
    ms_buf_printf(out, "REPORT RequestId: %s\t", record->request_id);
    ms_buf_str(out, record->message);
    ms_buf_char(out, '\n');
    break;
  }
}

/* ---- to whoever listens; the loop thread ---- */

static void tell(struct ms_lua *lua, const struct ms_lua_log_record *record)
{
  const struct ms_lua_options *options = &lua->options;
  if (options->record != NULL) {
    options->record(record, options->log_user);
  } else if (record->kind != MS_LUA_LOG_LINE) {
    return;
  } else if (options->log != NULL) {
    options->log(record->function, record->request_id, record->message, options->log_user);
  } else {
    fprintf(stderr, "%s %s %.*s\n", record->function, record->request_id,
            MS_STR_ARG(record->message));
  }
}

/* ---- from workers ---- */

struct log_message {
  struct ms_lua_message message; /* first */
  size_t size;
  struct ms_lua_log_record record; /* its texts are behind it */
  char text[];
};

static const char *copy_text(char **at, const char *text)
{
  size_t size = strlen(text) + 1;
  const char *copy = memcpy(*at, text, size);
  *at += size;
  return copy;
}

static void post(struct ms_lua_host *host, const struct ms_lua_log_record *record)
{
  struct ms_lua *lua = host->lua;
  size_t size = strlen(record->function) + strlen(record->version) + strlen(record->request_id) +
                record->message.len + 3;
  struct log_message *message = NULL;
  if (atomic_load(&lua->log_bytes) <= LOG_BYTES_MAX) {
    message = ms_alloc(sizeof *message + size);
  }
  if (message == NULL) {
    atomic_fetch_add(&lua->log_dropped, 1);
    return;
  }
  char *at = message->text;
  message->message.kind = MS_LUA_MESSAGE_LOG;
  message->size = sizeof *message + size;
  message->record = *record;
  message->record.function = copy_text(&at, record->function);
  message->record.version = copy_text(&at, record->version);
  message->record.request_id = copy_text(&at, record->request_id);
  message->record.message.data = at;
  if (record->message.len > 0) {
    memcpy(at, record->message.data, record->message.len);
  }
  atomic_fetch_add(&lua->log_bytes, message->size);
  ms_worker_reply(host->worker, &message->message.message);
}

void ms_lua_log_take(struct ms_lua *lua, struct ms_lua_message *taken)
{
  struct log_message *message = (struct log_message *)(void *)taken;
  atomic_fetch_sub(&lua->log_bytes, message->size);
  tell(lua, &message->record);
  ms_free(message);
  size_t dropped = atomic_exchange(&lua->log_dropped, 0);
  if (dropped > 0) {
    char text[64];
    int len = snprintf(text, sizeof text, "%zu lines were too many and are lost", dropped);
    const struct ms_lua_log_record record = {.kind = MS_LUA_LOG_LINE,
                                             .level = MS_LUA_LOG_WARN,
                                             .function = "",
                                             .version = "",
                                             .request_id = "",
                                             .at_ms = ms_loop_now_ms(lua->options.loop),
                                             .message = {text, (size_t)len}};
    tell(lua, &record);
  }
}

/* ---- the tail that stays with the call ---- */

static void add_to_tail(struct ms_buf *tail, const struct ms_lua_log_record *record)
{
  ms_lua_log_print(tail, record);
  if (tail->error != 0) {
    ms_buf_reset(tail); /* out of memory: what comes next may find some */
  } else if (tail->len > 2 * MS_LUA_LOG_TAIL_BYTES) {
    size_t before = tail->len - MS_LUA_LOG_TAIL_BYTES;
    memmove(tail->data, tail->data + before, MS_LUA_LOG_TAIL_BYTES);
    tail->len = MS_LUA_LOG_TAIL_BYTES;
  }
}

struct ms_str ms_lua_log_tail(const struct ms_lua_job *job)
{
  struct ms_str text = ms_buf_view(&job->tail_text);
  size_t from = text.len > MS_LUA_LOG_TAIL_BYTES ? text.len - MS_LUA_LOG_TAIL_BYTES : 0;
  return ms_str_sub(text, from, text.len);
}

/* ---- records ---- */

/* Says it to the call's tail and to whoever takes records. */
static void say(struct ms_lua_host *host, struct ms_lua_job *job, enum ms_lua_log_kind kind,
                enum ms_lua_log_level level, struct ms_str message)
{
  if (job->is_check) {
    return;
  }
  const struct ms_lua_log_record record = {.kind = kind,
                                           .level = level,
                                           .function = job->code->name,
                                           .version = job->code->version,
                                           .request_id = job->request_id,
                                           .at_ms = ms_lua_host_now_ms(host),
                                           .message = message};
  if (job->has_log_tail) {
    add_to_tail(&job->tail_text, &record);
  }
  if (kind != MS_LUA_LOG_LINE && !host->lua->options.has_platform_records) {
    return;
  }
  if (host->is_local) {
    tell(host->lua, &record);
  } else {
    post(host, &record);
  }
}

void ms_lua_log_line(lua_State *L, enum ms_lua_log_level level, struct ms_str line)
{
  struct ms_lua_host *host = ms_lua_vm_of(L)->host;
  if (host == NULL || host->job == NULL) {
    return; /* rules and definitions have nothing to say */
  }
  if (line.len > MS_LUA_LINE_MAX) {
    line.len = MS_LUA_LINE_MAX;
  }
  say(host, host->job, MS_LUA_LOG_LINE, level, line);
}

/* ---- of the platform ---- */

static bool is_watched(const struct ms_lua_host *host, const struct ms_lua_job *job)
{
  return job->has_log_tail || host->lua->options.has_platform_records;
}

int64_t ms_lua_monotonic_us(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void ms_lua_log_begin(struct ms_lua_host *host, struct ms_lua_job *job)
{
  if (is_watched(host, job)) {
    job->begun_at_us = ms_lua_monotonic_us();
    say(host, job, MS_LUA_LOG_START, MS_LUA_LOG_PLAIN, (struct ms_str){NULL, 0});
  }
}

static void print_timeout(struct ms_buf *text, const struct ms_lua_host *host,
                          const struct ms_lua_job *job)
{
  char time_text[MS_TIME_TEXT_SIZE];
  ms_time_format_ms(time_text, ms_lua_host_now_ms(host));
  ms_buf_printf(text, "%s %s Task timed out after %.2f seconds\n", time_text, job->request_id,
                (double)(job->deadline_ms - job->started_at_ms) / 1000);
}

/* "[ERROR] Card.Declined: no money", and the trace below it */
static void print_failure(struct ms_buf *text, const struct ms_lua_job *job)
{
  ms_buf_cstr(text, "[ERROR] ");
  ms_buf_str(text, ms_json_text(job->error));
  struct ms_json cause;
  if (ms_json_parse(&cause, ms_json_text(job->cause), NULL, NULL) != 0 ||
      !ms_json_is_string(ms_json_getc(cause, "errorMessage"))) {
    ms_buf_cstr(text, ": ");
    ms_buf_str(text, ms_json_text(job->cause));
    ms_json_unref(cause);
    return;
  }
  ms_buf_cstr(text, ": ");
  ms_buf_str(text, ms_json_text(ms_json_getc(cause, "errorMessage")));
  struct ms_json trace = ms_json_getc(cause, "stackTrace");
  for (size_t i = 0; i < ms_json_count(trace) && i < TRACE_LINES_MAX; i++) {
    ms_buf_cstr(text, "\n  ");
    ms_buf_str(text, ms_json_text(ms_json_at(trace, i)));
  }
  ms_json_unref(cause);
}

static void say_failure(struct ms_lua_host *host, struct ms_lua_job *job)
{
  struct ms_buf text;
  ms_buf_init(&text, 0);
  if (job->outcome == MS_LUA_TIMEOUT) {
    print_timeout(&text, host, job);
  } else {
    print_failure(&text, job);
  }
  if (text.error == 0) {
    say(host, job, MS_LUA_LOG_FAILURE, MS_LUA_LOG_ERROR, ms_buf_view(&text));
  }
  ms_buf_deinit(&text);
}

/* Megabytes begun, as Lambda reports them. */
static size_t megabytes(size_t bytes)
{
  return (bytes + ((size_t)1 << 20) - 1) >> 20;
}

static void say_report(struct ms_lua_host *host, struct ms_lua_job *job)
{
  char text[256];
  int64_t us = job->duration_us;
  int len = snprintf(text, sizeof text,
                     "Duration: %lld.%02d ms\tBilled Duration: %lld ms\tMemory Size: %zu MB\t"
                     "Max Memory Used: %zu MB\t",
                     (long long)(us / 1000), (int)(us % 1000 / 10), (long long)((us + 999) / 1000),
                     job->vm->max_bytes >> 20, megabytes(job->vm->peak_bytes));
  if (job->init_us >= 0) {
    len += snprintf(text + len, sizeof text - (size_t)len, "Init Duration: %lld.%02d ms\t",
                    (long long)(job->init_us / 1000), (int)(job->init_us % 1000 / 10));
  }
  if (job->outcome == MS_LUA_TIMEOUT) {
    len += snprintf(text + len, sizeof text - (size_t)len, "Status: timeout");
  } else if (job->outcome == MS_LUA_MEMORY) {
    len += snprintf(text + len, sizeof text - (size_t)len,
                    "Status: error\tError Type: Runtime.OutOfMemory");
  }
  say(host, job, MS_LUA_LOG_REPORT, MS_LUA_LOG_PLAIN, (struct ms_str){text, (size_t)len});
}

void ms_lua_log_end(struct ms_lua_host *host, struct ms_lua_job *job)
{
  job->memory_max_bytes = job->vm->peak_bytes;
  if (!is_watched(host, job) || job->is_check) {
    return;
  }
  job->duration_us = ms_lua_monotonic_us() - job->begun_at_us;
  if (job->outcome != MS_LUA_OK) {
    say_failure(host, job);
  }
  say(host, job, MS_LUA_LOG_END, MS_LUA_LOG_PLAIN, (struct ms_str){NULL, 0});
  say_report(host, job);
}
