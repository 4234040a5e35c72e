/*
 * ISO-8601 / RFC 3339 timestamps as milliseconds since 1970 UTC. Pure arithmetic: reads no clock.
 */
#ifndef MS_BASE_TIME_H
#define MS_BASE_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/*
 * Accepts `2016-03-14T01:59:00Z`, a fraction of 1 to 9 digits and a numeric offset `+01:00`; the
 * letters must be upper case, the offset present, the date real. False for anything else.
 * `nanos` (may be NULL) gets the nanoseconds below the millisecond that *at_ms drops.
 */
bool ms_time_parse(int64_t *at_ms, int32_t *nanos, struct ms_str text);

#define MS_TIME_TEXT_SIZE 32
/* As Java's Instant.toString: no fraction when it is zero, else three digits; `Z`. Returns length. */
size_t ms_time_format(char out[MS_TIME_TEXT_SIZE], int64_t at_ms);
/* Always three digits: `2024-01-01T10:00:05.000Z`. */
size_t ms_time_format_ms(char out[MS_TIME_TEXT_SIZE], int64_t at_ms);

/* Calendar arithmetic for date pictures: days since 1970-01-01 to civil date and back (proleptic). */
void ms_time_civil(int64_t days, int64_t *year, int *month, int *day);
int64_t ms_time_days(int64_t year, int month, int day);

#endif
