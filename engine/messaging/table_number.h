/*
 * Numbers of tables: decimal, up to 38 digits, magnitudes from 1E-130 to 9.99...E+125, exact. Text
 * in,
 * plain text out; compared by value; added and subtracted; as bytes that sort as the numbers do.
 */
#ifndef MS_MESSAGING_TABLE_NUMBER_H
#define MS_MESSAGING_TABLE_NUMBER_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

#define MS_TABLE_NUMBER_DIGITS 38
#define MS_TABLE_NUMBER_BYTES 24 /* of the bytes that sort, at most */

/* 0.d1d2... times 10 to the exponent; d1 and the last digit are not 0. count 0: zero. */
struct ms_table_number {
  bool is_negative;
  int exponent;
  unsigned count;
  uint8_t digits[MS_TABLE_NUMBER_DIGITS];
};

/* NULL, or what is wrong with it, in the service's words (then MSTEP_EINVALID in the caller's). */
const char *ms_table_number_parse(struct ms_table_number *out, struct ms_str text);
void ms_table_number_print(struct ms_buf *out, const struct ms_table_number *number);
int ms_table_number_cmp(const struct ms_table_number *a, const struct ms_table_number *b);
/* a + b, or a - b. What the result is too large, too small or too long for, as parse does. */
const char *ms_table_number_add(struct ms_table_number *out, const struct ms_table_number *a,
                                const struct ms_table_number *b, bool is_minus);
/* Bytes whose order is that of the numbers; how many. */
size_t ms_table_number_bytes(unsigned char out[MS_TABLE_NUMBER_BYTES],
                             const struct ms_table_number *number);
/* As the service counts them for an item's size. */
size_t ms_table_number_size(const struct ms_table_number *number);

#endif
