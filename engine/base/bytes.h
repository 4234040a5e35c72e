/*
 * Numbers and strings in bytes, for what is written to disk: numbers are LEB128, signed ones zigzag,
 * strings a length and their bytes. Writing appends to a buffer, whose failure is sticky. So is the
 * reader's: after the first thing that is not there, everything reads as zero and `error` is set.
 */
#ifndef MS_BASE_BYTES_H
#define MS_BASE_BYTES_H

#include <stdbool.h>

#include "base/buf.h"

#define MS_BYTES_NUMBER_MAX 10 /* bytes that one number takes at most */

void ms_bytes_put_number(struct ms_buf *out, uint64_t value);
void ms_bytes_put_signed(struct ms_buf *out, int64_t value);
void ms_bytes_put_fixed32(struct ms_buf *out, uint32_t value); /* little-endian */
void ms_bytes_put_fixed64(struct ms_buf *out, uint64_t value);
void ms_bytes_put_text(struct ms_buf *out, struct ms_str text); /* data NULL is the same as "" */

struct ms_bytes_reader {
  const char *data;
  size_t len;
  size_t at;
  int error; /* MSTEP_EIO once something was cut short or malformed */
};

void ms_bytes_reader_init(struct ms_bytes_reader *reader, struct ms_str bytes);
bool ms_bytes_is_end(const struct ms_bytes_reader *reader); /* also after an error */
uint64_t ms_bytes_number(struct ms_bytes_reader *reader);
uint32_t ms_bytes_number32(struct ms_bytes_reader *reader); /* larger ones are an error */
int64_t ms_bytes_signed(struct ms_bytes_reader *reader);
uint8_t ms_bytes_byte(struct ms_bytes_reader *reader);
uint32_t ms_bytes_fixed32(struct ms_bytes_reader *reader);
uint64_t ms_bytes_fixed64(struct ms_bytes_reader *reader);
struct ms_str ms_bytes_text(struct ms_bytes_reader *reader); /* borrowed */
/* Sets the error, with a detail, unless there is one. Returns it. */
int ms_bytes_fail(struct ms_bytes_reader *reader, const char *what);

#endif
