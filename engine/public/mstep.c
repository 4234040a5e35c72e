/*
 * include/mstep/mstep.h: what concerns the library as a whole, and the checks and conversions that the
 * other files here share. Not the engine (engine.c).
 */
#include "public/internal.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/utf8.h"

const char *mstep_version(void)
{
  return MSTEP_VERSION_TEXT;
}

const char *mstep_strerror(int code)
{
  return ms_error_text(code);
}

const char *mstep_last_error(void)
{
  return ms_error_detail();
}

int mstep_set_allocator(const mstep_allocator *allocator)
{
  if (ms_engine_count() > 0) {
    return ms_error(MSTEP_ESTATE, "an engine exists already");
  }
  if (allocator == NULL) {
    ms_alloc_set(NULL);
    return MSTEP_OK;
  }
  if (allocator->version != MSTEP_ALLOCATOR_VERSION || allocator->resize == NULL) {
    return ms_error(MSTEP_EINVALID, "not an allocator of version %d", MSTEP_ALLOCATOR_VERSION);
  }
  ms_alloc_set(&(struct ms_allocator){allocator->resize, allocator->user});
  return MSTEP_OK;
}

/* ---- shared by the files here ---- */

int ms_public_missing(const char *what)
{
  return ms_error(MSTEP_EINVALID, "%s is NULL", what);
}

int ms_public_check_utf8(const char *what, struct ms_str text)
{
  if (text.data == NULL && text.len > 0) {
    return ms_public_missing(what);
  }
  if (ms_utf8_check(text) != text.len) {
    return ms_error(MSTEP_EINVALID, "%s is not valid UTF-8", what);
  }
  return MSTEP_OK;
}

int ms_public_give(struct ms_buf *text, int err, mstep_text_cb cb, void *user)
{
  if (err == 0 && text->error != 0) {
    err = text->error;
  }
  if (err == 0 && cb != NULL) {
    cb(ms_public_out(ms_buf_view(text)), user);
  }
  ms_buf_deinit(text);
  return err;
}

int ms_public_read_type(bool *is_express, const char *type)
{
  *is_express = type != NULL && strcmp(type, "EXPRESS") == 0;
  if (type != NULL && !*is_express && strcmp(type, "STANDARD") != 0) {
    return ms_error(MSTEP_EINVALID, "'%s' is neither STANDARD nor EXPRESS", type);
  }
  return MSTEP_OK;
}

void ms_public_diagnostic(const struct ms_engine_diagnostic *d, void *user)
{
  const struct ms_public_report *report = user;
  if (report->cb != NULL) {
    const mstep_diagnostic public_diagnostic = {
        .version = 1,
        .is_error = d->is_error,
        .code = d->code,
        .message = d->message,
        .pointer = d->pointer,
        .hint = d->hint,
        .line = d->line,
        .column = d->column,
    };
    report->cb(&public_diagnostic, report->user);
  }
}
