/*
 * Error detail, one fixed buffer per thread: setting it needs no memory, so it also works when
 * memory is what is missing. Longer details are cut.
 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

#define DETAIL_SIZE 1024

static _Thread_local char detail[DETAIL_SIZE];

int ms_error(int code, const char *format, ...)
{
  /* An argument may be the old detail: format aside, then copy. */
  char text[DETAIL_SIZE];
  va_list args;
  va_start(args, format);
  int len = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (len < 0) {
    text[0] = '\0';
    len = 0;
  }
  size_t size = (size_t)len < sizeof text ? (size_t)len + 1 : sizeof text;
  memcpy(detail, text, size);
  return code;
}

int ms_error_nomem(void)
{
  memcpy(detail, "out of memory", sizeof "out of memory");
  return MSTEP_ENOMEM;
}

const char *ms_error_detail(void)
{
  return detail;
}

void ms_error_clear(void)
{
  detail[0] = '\0';
}

const char *ms_error_text(int code)
{
  switch (code) {
#define MS_ERROR(name, text)                                                                       \
  case name:                                                                                       \
    return text;
#include "base/errors.def"
#undef MS_ERROR
  default:
    return "unknown error";
  }
}
