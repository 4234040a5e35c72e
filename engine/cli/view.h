/*
 * What a person sees while an execution runs: a view hears every event and writes to standard error. Four
 * of them: none (--quiet, -o json), lines (a pipe), trace (--trace), a live tree (a terminal).
 */
#ifndef MS_CLI_VIEW_H
#define MS_CLI_VIEW_H

#include "cli/cli.h"

struct ms_view;

struct ms_view_type {
  bool is_live; /* wants `draw` ten times a second */
  void (*event)(struct ms_view *view, const mstep_event *event);
  void (*draw)(struct ms_view *view, int64_t now_ms); /* may be NULL */
  void (*close)(struct ms_view *view, int64_t now_ms);
};

struct ms_view {
  const struct ms_view_type *type;
  FILE *to;
  bool is_coloured;
  int64_t started_at_ms; /* of the execution; 0 = not yet */
  struct ms_tree *tree;  /* of the live view */
  const char *name;      /* of the execution of the event being shown; NULL: the one that was started */
};

/* How an execution is to be shown. Falls back to lines when the tree finds no memory. */
/* is_many: of many executions, of which none is the one that matters. */
void ms_view_open(struct ms_view *out, bool is_quiet, bool is_trace, bool is_many);
void ms_view_event(struct ms_view *view, const mstep_event *event);
/* An event of another execution than the one that was started; name NULL: of that one after all. */
void ms_view_event_of(struct ms_view *view, const char *name, const mstep_event *event);
void ms_view_draw(struct ms_view *view, int64_t now_ms);
/* A line of the log, which must not tear the tree. */
void ms_view_log(struct ms_view *view, int level, const char *module, mstep_str line);
void ms_view_close(struct ms_view *view, int64_t now_ms);

extern const struct ms_view_type ms_view_lines;
extern const struct ms_view_type ms_view_trace;
extern const struct ms_view_type ms_view_tree;

/* What an event is about, whatever its state's type. */
enum ms_moment {
  MS_MOMENT_OTHER,
  MS_MOMENT_STARTED, /* ExecutionStarted */
  MS_MOMENT_ENTERED, /* a state */
  MS_MOMENT_EXITED,
  MS_MOMENT_ABORTED,
  MS_MOMENT_SCHEDULED, /* a task's attempt */
  MS_MOMENT_FAILED,    /* an attempt, an evaluation, a Parallel or Map */
  MS_MOMENT_WAITING,   /* a Wait: due_at_ms */
  MS_MOMENT_RETRY,     /* the next attempt is at due_at_ms */
  MS_MOMENT_RESTARTED, /* a Parallel or Map begins its work, again perhaps */
  MS_MOMENT_PART_DONE, /* an iteration or branch ended well */
  MS_MOMENT_PART_FAILED,
  MS_MOMENT_PART_ABORTED,
  MS_MOMENT_ENDED /* the execution, in whatever way */
};
enum ms_moment ms_moment_of(const mstep_event *event);

/* "1.5s", "2m 05s", "3h 04m", "5d 01h". */
void ms_duration_text(char *out, size_t size, int64_t ms);

#endif
