/*
 * Error codes with detail. The detail (one line of text) is kept per thread, set where the error is
 * found and passed up unchanged. Codes are those of the public header.
 */
#ifndef MS_BASE_ERROR_H
#define MS_BASE_ERROR_H

#include "mstep/error.h"

#include "base/str.h"

/* Sets this thread's detail and returns `code`, so that `return ms_error(code, ...)` reads well. */
int ms_error(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
int ms_error_nomem(void);             /* MSTEP_ENOMEM, without needing memory */
const char *ms_error_detail(void);    /* "" when none; valid until this thread's next ms_error */
void ms_error_clear(void);
const char *ms_error_text(int code);  /* static text of a code; never NULL */

#endif
