/*
 * Progress as plain lines, for pipes, files and CI: when, which state, what happened. And --trace, which
 * shows every event of the history with its ids and payload.
 */
#include <string.h>

#include "cli/text.h"
#include "cli/view.h"

#define CAUSE_COLUMNS 100 /* a cause may be a page long; the whole one is in the history */
#define PAYLOAD_COLUMNS 400

static void begin_line(struct ms_text *line, const struct ms_view *view, const mstep_event *event)
{
  int64_t ms = event->at_ms - view->started_at_ms;
  const char *dim = ms_cli_style(view->is_coloured, MS_STYLE_DIM);
  const char *plain = ms_cli_style(view->is_coloured, MS_STYLE_PLAIN);
  ms_text_printf(line, "%s%7lld.%03llds%s  %*s", dim, (long long)(ms / 1000),
                 (long long)(ms % 1000), plain, (int)(2 * (event->depth < 16 ? event->depth : 16)),
                 "");
  if (view->name != NULL) {
    ms_text_printf(line, "%s: ", view->name);
  }
}

static void end_line(struct ms_text *line, const struct ms_view *view)
{
  ms_text_put(line, "\n");
  if (!line->is_failed) {
    fwrite(line->data, 1, line->len, view->to);
  }
  ms_text_deinit(line);
}

/* A state's name, with the number of its branch or iteration in front. */
static void add_place(struct ms_text *line, const mstep_event *event)
{
  if (event->depth > 0 && event->index >= 0) {
    ms_text_printf(line, "[%lld] ", (long long)event->index);
  }
  ms_text_put(line, event->state);
}

static void add_error(struct ms_text *line, const struct ms_view *view, const mstep_event *event)
{
  struct ms_text message = {0};
  mstep_str cause = {event->cause, strlen(event->cause)};
  ms_text_printf(line, "%sfailed%s", ms_cli_style(view->is_coloured, MS_STYLE_RED),
                 ms_cli_style(view->is_coloured, MS_STYLE_PLAIN));
  if (event->error[0] != '\0') {
    ms_text_printf(line, ": %s", event->error);
  }
  /* A handler's cause is Lambda's error object: its message says enough here. */
  if (!ms_text_member(&message, cause, "errorMessage")) {
    ms_text_put(&message, event->cause);
  }
  if (message.len > 0) {
    ms_text_put(line, ": ");
    ms_text_clip(line, message.data, CAUSE_COLUMNS);
  }
  ms_text_deinit(&message);
}

/* What a line says after the state's name; false when the event deserves none. */
static bool add_moment(struct ms_text *line, const struct ms_view *view, const mstep_event *event)
{
  char duration[32];
  ms_duration_text(duration, sizeof duration, event->due_at_ms - event->at_ms);
  switch (ms_moment_of(event)) {
  case MS_MOMENT_ENTERED:
    return true;
  case MS_MOMENT_SCHEDULED:
    ms_text_printf(line, ": attempt %u", event->attempt);
    return event->attempt > 1;
  case MS_MOMENT_FAILED:
    ms_text_put(line, ": ");
    add_error(line, view, event);
    return true;
  case MS_MOMENT_WAITING:
    ms_text_printf(line, ": waits %s", duration);
    return true;
  case MS_MOMENT_RETRY:
    ms_text_printf(line, ": attempt %u in %s", event->attempt + 1, duration);
    return true;
  case MS_MOMENT_ENDED:
    /* Of the one that was started it is told at the very end. */
    if (event->error[0] != '\0') {
      add_error(line, view, event);
    } else {
      ms_text_put(line, strcmp(event->type, "ExecutionSucceeded") == 0 ? "succeeded" : event->type);
    }
    return view->name != NULL;
  default:
    return false;
  }
}

static void lines_event(struct ms_view *view, const mstep_event *event)
{
  struct ms_text line = {0};
  begin_line(&line, view, event);
  add_place(&line, event);
  if (add_moment(&line, view, event)) {
    end_line(&line, view);
  } else {
    ms_text_deinit(&line);
  }
}

static void lines_close(struct ms_view *view, int64_t now_ms)
{
  (void)now_ms;
  fflush(view->to);
}

const struct ms_view_type ms_view_lines = {.event = lines_event, .close = lines_close};

static void trace_event(struct ms_view *view, const mstep_event *event)
{
  struct ms_text line = {0};
  begin_line(&line, view, event);
  if (event->id != 0) {
    ms_text_printf(&line, "#%llu<%llu ", (unsigned long long)event->id,
                   (unsigned long long)event->previous_id);
  }
  ms_text_printf(&line, "%s%s%s", ms_cli_style(view->is_coloured, MS_STYLE_BOLD), event->type,
                 ms_cli_style(view->is_coloured, MS_STYLE_PLAIN));
  if (event->state[0] != '\0') {
    ms_text_put(&line, " ");
    add_place(&line, event);
  }
  if (event->error[0] != '\0' || event->cause[0] != '\0') {
    ms_text_put(&line, " ");
    add_error(&line, view, event);
  }
  if (event->due_at_ms != 0) {
    char duration[32];
    ms_duration_text(duration, sizeof duration, event->due_at_ms - event->at_ms);
    ms_text_printf(&line, " due in %s", duration);
  }
  if (event->payload.data != NULL) {
    struct ms_text payload = {0};
    ms_text_add(&payload, event->payload.data, event->payload.len);
    ms_text_put(&line, " ");
    ms_text_clip(&line, payload.data != NULL ? payload.data : "", PAYLOAD_COLUMNS);
    ms_text_deinit(&payload);
  }
  end_line(&line, view);
}

const struct ms_view_type ms_view_trace = {.event = trace_event, .close = lines_close};
