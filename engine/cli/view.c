/* What views share: choosing one, classes of events, durations. The views are view_*.c. */
#include "cli/view.h"

#include <string.h>

#include "cli/text.h"

void ms_view_open(struct ms_view *out, bool is_quiet, bool is_trace, bool is_many)
{
  *out = (struct ms_view){.to = stderr, .is_coloured = ms_cli_has_colour(stderr)};
  if (is_quiet) {
    return;
  }
  if (is_trace) {
    out->type = &ms_view_trace;
  } else if (!is_many && ms_cli_is_terminal(stdout) && ms_cli_is_terminal(stderr)) {
    out->type = &ms_view_tree;
  } else {
    out->type = &ms_view_lines;
  }
}

void ms_view_event(struct ms_view *view, const mstep_event *event)
{
  if (view->started_at_ms == 0) {
    view->started_at_ms = event->at_ms;
  }
  if (view->type != NULL) {
    view->type->event(view, event);
  }
}

void ms_view_event_of(struct ms_view *view, const char *name, const mstep_event *event)
{
  bool is_live = view->type != NULL && view->type->is_live;
  view->name = name;
  if (name == NULL || !is_live) {
    ms_view_event(view, event);
  } else if (ms_moment_of(event) == MS_MOMENT_ENDED) {
    /* The tree is that of one execution: of the others it is told how they ended. */
    struct ms_text line = {0};
    ms_text_printf(&line, "%s: %s", name, event->type);
    ms_view_log(view, event->error[0] != '\0' ? 1 : 2, "run", ms_text_str(&line));
    ms_text_deinit(&line);
  }
}

void ms_view_draw(struct ms_view *view, int64_t now_ms)
{
  if (view->type != NULL && view->type->draw != NULL) {
    view->type->draw(view, now_ms);
  }
}

void ms_view_log(struct ms_view *view, int level, const char *module, mstep_str line)
{
  static const enum ms_style styles[] = {MS_STYLE_RED, MS_STYLE_YELLOW, MS_STYLE_DIM, MS_STYLE_DIM};
  enum ms_style style = styles[level >= 0 && level < 4 ? level : 3];
  if (view->type != NULL && view->type->is_live) {
    fputs("\r\033[J", view->to);
  }
  fprintf(view->to, "%s[%s]%s %.*s\n", ms_cli_style(view->is_coloured, style), module,
          ms_cli_style(view->is_coloured, MS_STYLE_PLAIN), (int)line.len, line.data);
}

void ms_view_close(struct ms_view *view, int64_t now_ms)
{
  if (view->type != NULL) {
    view->type->close(view, now_ms);
  }
}

static bool ends_with(const char *text, const char *end)
{
  size_t n = strlen(text), m = strlen(end);
  return n >= m && strcmp(text + n - m, end) == 0;
}

static bool starts_with(const char *text, const char *start)
{
  return strncmp(text, start, strlen(start)) == 0;
}

static enum ms_moment moment_of_ours(const char *type)
{
  if (strcmp(type, "MoonstepWaitScheduled") == 0) {
    return MS_MOMENT_WAITING;
  }
  if (strcmp(type, "MoonstepRetryScheduled") == 0) {
    return MS_MOMENT_RETRY;
  }
  if (strcmp(type, "MoonstepBranchSucceeded") == 0) {
    return MS_MOMENT_PART_DONE;
  }
  return strcmp(type, "MoonstepThreadAborted") == 0 ? MS_MOMENT_PART_ABORTED : MS_MOMENT_OTHER;
}

static enum ms_moment moment_of_iteration(const char *type)
{
  if (ends_with(type, "Succeeded")) {
    return MS_MOMENT_PART_DONE;
  }
  if (ends_with(type, "Failed")) {
    return MS_MOMENT_PART_FAILED;
  }
  return ends_with(type, "Aborted") ? MS_MOMENT_PART_ABORTED : MS_MOMENT_OTHER;
}

enum ms_moment ms_moment_of(const mstep_event *event)
{
  static const struct {
    const char *end;
    enum ms_moment moment;
  } endings[] = {
      {"StateEntered", MS_MOMENT_ENTERED}, {"StateExited", MS_MOMENT_EXITED},
      {"StateAborted", MS_MOMENT_ABORTED}, {"StateStarted", MS_MOMENT_RESTARTED},
      {"Scheduled", MS_MOMENT_SCHEDULED},  {"Failed", MS_MOMENT_FAILED},
      {"TimedOut", MS_MOMENT_FAILED},
  };
  const char *type = event->type;
  if (starts_with(type, "Moonstep")) {
    return moment_of_ours(type);
  }
  if (starts_with(type, "Execution")) {
    bool is_start = strcmp(type, "ExecutionStarted") == 0 || strcmp(type, "ExecutionRedriven") == 0;
    return is_start ? MS_MOMENT_STARTED : MS_MOMENT_ENDED;
  }
  if (starts_with(type, "MapIteration")) {
    return moment_of_iteration(type);
  }
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    if (ends_with(type, endings[i].end)) {
      return endings[i].moment;
    }
  }
  return MS_MOMENT_OTHER;
}

void ms_duration_text(char *out, size_t size, int64_t ms)
{
  long long s = ms < 0 ? 0 : (long long)(ms / 1000);
  long long tenths = ms < 0 ? 0 : (long long)(ms % 1000 / 100);
  if (s < 60) {
    snprintf(out, size, "%lld.%llds", s, tenths);
  } else if (s < 3600) {
    snprintf(out, size, "%lldm %02llds", s / 60, s % 60);
  } else if (s < 86400) {
    snprintf(out, size, "%lldh %02lldm", s / 3600, s % 3600 / 60);
  } else {
    snprintf(out, size, "%lldd %02lldh", s / 86400, s % 86400 / 3600);
  }
}
