/* UTF-8: strict validation (no surrogates, no overlong forms, at most U+10FFFF) and stepping. */
#ifndef MS_BASE_UTF8_H
#define MS_BASE_UTF8_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* Offset of the first byte that is not valid UTF-8; s.len when all of it is. */
size_t ms_utf8_check(struct ms_str s);
/* Appends s; each byte that is not valid UTF-8 becomes U+FFFD, as in Java's new String(bytes, UTF_8). */
void ms_utf8_repair(struct ms_buf *out, struct ms_str s);
/* Reads one code point of *valid* UTF-8 at *pos and moves *pos behind it. */
uint32_t ms_utf8_next(struct ms_str s, size_t *pos);
/* Writes 1 to 4 bytes and returns how many. */
size_t ms_utf8_put(char out[4], uint32_t code_point);
size_t ms_utf8_count(struct ms_str s);       /* code points of valid UTF-8 */
size_t ms_utf8_count_utf16(struct ms_str s); /* UTF-16 code units of valid UTF-8 */

#endif
