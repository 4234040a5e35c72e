/*
 * Shared by the files of this module: the handle behind mstep_engine, and what every function of the
 * public header does with its arguments. Nothing here is for other modules.
 */
#ifndef MS_PUBLIC_INTERNAL_H
#define MS_PUBLIC_INTERNAL_H

#include "base/buf.h"
#include "base/str.h"
#include "mstep/mstep.h"
#include "runtime/runtime.h"

struct ms_api;
struct ms_api_up;

struct mstep_engine {
  struct ms_engine *runtime;
  struct ms_api *api;
  mstep_log_cb log;
  void *log_user;
  mstep_change_cb changed;
  void *changed_user;
};

/* Who is told of diagnostics: `user` of ms_public_diagnostic. */
struct ms_public_report {
  mstep_diagnostic_cb cb;
  void *user;
};

static inline struct ms_str ms_public_in(mstep_str text)
{
  return (struct ms_str){text.data, text.len};
}

static inline mstep_str ms_public_out(struct ms_str text)
{
  return (mstep_str){text.data, text.len};
}

/* MSTEP_EINVALID: that argument is NULL. */
int ms_public_missing(const char *what);
/* Text that becomes a JSON string: valid UTF-8, or not given. */
int ms_public_check_utf8(const char *what, struct ms_str text);
/* Hands text to the caller (cb may be NULL) when err is 0, and drops it. */
int ms_public_give(struct ms_buf *text, int err, mstep_text_cb cb, void *user);
/* "STANDARD" (or NULL), "EXPRESS", or MSTEP_EINVALID. */
int ms_public_read_type(bool *is_express, const char *type);
/* user: the struct ms_public_report. */
void ms_public_diagnostic(const struct ms_engine_diagnostic *d, void *user);

/* The host's functions, as the runtime and the operations call them. */
void ms_public_host(struct ms_engine_host *host, mstep_engine *engine);
const struct ms_api_up *ms_public_api_up(void);

#endif
