/*
 * What `mstep serve` writes to standard error while it runs: what the engine says and what becomes of
 * executions, a line each, for people or as JSON. Payloads and causes are never in it: they may hold secrets, and
 * are in the history for those who may see that.
 */
#include "cli/serve_log.h"

#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/time.h"
#include "base/utf8.h"

static const char *const levels[] = {"error", "warning", "info", "debug", NULL};

static int64_t wall_ms(void)
{
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* One write a line, so that lines of two processes do not mix. */
static void write_line(const struct ms_text *line)
{
  if (!line->is_failed) {
    fwrite(line->data, 1, line->len, stderr);
    fflush(stderr);
  }
}

/* What functions print may have several lines, and bytes that are no text. */
static void put_clean(struct ms_text *out, const char *text)
{
  for (; *text != '\0'; text++) {
    unsigned char c = (unsigned char)*text;
    if (c == '\n') {
      ms_text_put(out, "\n    ");
    } else if ((c < 0x20 && c != '\t') || c == 0x7f) {
      ms_text_put(out, "?");
    } else {
      ms_text_add(out, text, 1);
    }
  }
}

static void begin_json(struct ms_text *line, int level, const char *module)
{
  char time[MS_TIME_TEXT_SIZE];
  ms_time_format_ms(time, wall_ms());
  ms_text_put(line, "{");
  ms_text_pair(line, "time", time);
  ms_text_pair(line, "level", levels[level]);
  ms_text_pair(line, "module", module);
}

static int clamp(int level)
{
  return level < 0 ? 0 : level > 3 ? 3 : level;
}

void ms_serve_log_line(int level, const char *module, mstep_str message, void *user)
{
  const struct ms_serve_log *log = user;
  struct ms_text line = {0};
  struct ms_buf text;
  level = clamp(level);
  if (level > log->level) {
    return;
  }
  while (message.len > 0 && message.data[message.len - 1] == '\n') {
    message.len--;
  }
  ms_buf_init(&text, 0);
  ms_utf8_repair(&text, (struct ms_str){message.data, message.len});
  const char *clean = text.len == 0 ? "" : text.data;
  if (log->is_json) {
    begin_json(&line, level, module);
    ms_text_pair(&line, "message", clean);
    ms_text_put(&line, "}\n");
  } else {
    ms_text_printf(&line, "mstep: %s: %s: ", levels[level], module);
    put_clean(&line, clean);
    ms_text_put(&line, "\n");
  }
  write_line(&line);
  ms_text_deinit(&line);
  ms_buf_deinit(&text);
}

/* ---- executions ---- */

static bool ends_with(const char *text, const char *end)
{
  size_t len = strlen(text), end_len = strlen(end);
  return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static int level_of(const mstep_event *event)
{
  static const char *const bad[] = {"Failed", "TimedOut", "Aborted"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    if (ends_with(event->type, bad[i])) {
      return 1;
    }
  }
  bool is_end = strcmp(event->type, "ExecutionStarted") == 0 ||
                strcmp(event->type, "ExecutionSucceeded") == 0 ||
                strcmp(event->type, "ExecutionRedriven") == 0;
  return is_end ? 2 : 3;
}

static void put_json_event(struct ms_text *line, const mstep_event *event, int level)
{
  begin_json(line, level, "execution");
  ms_text_pair(line, "message", event->type);
  ms_text_pair(line, "executionArn", event->execution_arn);
  if (event->state[0] != '\0') {
    ms_text_pair(line, "state", event->state);
  }
  if (event->id != 0) {
    ms_text_printf(line, ",\"eventId\":%llu", (unsigned long long)event->id);
  }
  if (event->attempt > 1) {
    ms_text_printf(line, ",\"attempt\":%u", event->attempt);
  }
  if (event->error[0] != '\0') {
    ms_text_pair(line, "error", event->error);
  }
  ms_text_put(line, "}\n");
}

static void put_text_event(struct ms_text *line, const mstep_event *event, int level)
{
  ms_text_printf(line, "mstep: %s: execution: %s %s", levels[level], event->execution_arn,
                 event->type);
  if (event->state[0] != '\0') {
    ms_text_put(line, ", state ");
    put_clean(line, event->state);
  }
  if (event->error[0] != '\0') {
    ms_text_put(line, ", error ");
    put_clean(line, event->error);
  }
  ms_text_put(line, "\n");
}

void ms_serve_log_event(mstep_engine *engine, const mstep_event *event, void *user)
{
  const struct ms_serve_log *log = user;
  int level = level_of(event);
  struct ms_text line = {0};
  (void)engine;
  if (level > log->level) {
    return;
  }
  if (log->is_json) {
    put_json_event(&line, event, level);
  } else {
    put_text_event(&line, event, level);
  }
  write_line(&line);
  ms_text_deinit(&line);
}

void ms_serve_log_ready(const struct ms_serve_log *log, const char *text)
{
  if (log->is_json) {
    const mstep_str line = {text, strlen(text)};
    struct ms_serve_log all = {.level = 3, .is_json = true};
    ms_serve_log_line(2, "serve", line, &all);
  } else {
    fprintf(stderr, "%s\n", text);
    fflush(stderr);
  }
}

bool ms_serve_log_init(struct ms_serve_log *log, const struct ms_cli_args *args)
{
  static const char *const forms[] = {"text", "json", NULL};
  bool has_own = args->options[MS_OPTION_LOG_FORMAT] != NULL; /* else as all commands: --output */
  int form = ms_cli_choice(args, has_own ? MS_OPTION_LOG_FORMAT : MS_OPTION_OUTPUT, forms);
  int level = ms_cli_choice(args, MS_OPTION_LOG_LEVEL, levels);
  log->is_json = form == 1;
  log->level = args->options[MS_OPTION_LOG_LEVEL] == NULL ? 2 : level;
  return form >= 0 && level >= 0;
}
