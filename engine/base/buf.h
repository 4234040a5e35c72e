/*
 * A growing byte buffer with a maximum. Failure is sticky: after an allocation fails or the
 * maximum is passed every further call does nothing, and the writer asks once, at the end.
 */
#ifndef MS_BASE_BUF_H
#define MS_BASE_BUF_H

#include <stdarg.h>
#include <stdint.h>

#include "base/str.h"

struct ms_buf {
  char *data;       /* NUL-terminated whenever not NULL */
  size_t len;       /* bytes used, without the NUL */
  size_t capacity;
  size_t max;       /* largest len ever allowed */
  int error;        /* 0, MSTEP_ENOMEM or MSTEP_ETOOBIG */
};

#define MS_BUF_MAX_DEFAULT ((size_t)1 << 30)

/* Allocates nothing. max_bytes 0 = MS_BUF_MAX_DEFAULT. */
void ms_buf_init(struct ms_buf *buf, size_t max_bytes);
void ms_buf_deinit(struct ms_buf *buf);
void ms_buf_reset(struct ms_buf *buf);                   /* empty again, keeps memory, clears error */
void ms_buf_put(struct ms_buf *buf, const void *data, size_t len);
void ms_buf_str(struct ms_buf *buf, struct ms_str s);
void ms_buf_cstr(struct ms_buf *buf, const char *text);
void ms_buf_char(struct ms_buf *buf, char c);
void ms_buf_int(struct ms_buf *buf, int64_t value);
void ms_buf_printf(struct ms_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void ms_buf_vprintf(struct ms_buf *buf, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
char *ms_buf_reserve(struct ms_buf *buf, size_t len);    /* room for len more; NULL on failure */
void ms_buf_added(struct ms_buf *buf, size_t len);       /* that many bytes were written there */
/* Hands the memory to the caller (ms_free); the buffer is empty after. NULL when error is set. */
char *ms_buf_take(struct ms_buf *buf, size_t *len);

static inline struct ms_str ms_buf_view(const struct ms_buf *buf)
{
  return (struct ms_str){buf->data, buf->len};
}

#endif
