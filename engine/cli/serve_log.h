/* The log of `mstep serve`: lines on standard error, as text or JSON. */
#ifndef MS_CLI_SERVE_LOG_H
#define MS_CLI_SERVE_LOG_H

#include "cli/cli.h"
#include "cli/text.h"

struct ms_serve_log {
  int level; /* lines up to it are written: 0 error, 1 warning, 2 info, 3 debug */
  bool is_json;
};

/* --log-format, --log-level. False: said. */
bool ms_serve_log_init(struct ms_serve_log *log, const struct ms_cli_args *args);
/* An mstep_log_cb and an mstep_event_cb; user: the log. */
void ms_serve_log_line(int level, const char *module, mstep_str message, void *user);
void ms_serve_log_event(mstep_engine *engine, const mstep_event *event, void *user);
/* Where it listens, which is written at every level. */
void ms_serve_log_ready(const struct ms_serve_log *log, const char *text);

#endif
