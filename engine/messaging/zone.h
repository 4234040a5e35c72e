/*
 * Time zones: what a clock on the wall shows, from the compiled files of the time zone database (TZif, RFC
 * 8536). Parsing and asking are pure; reading a file is a function of its own.
 *
 * A local time is counted as if it were UTC: seconds from 1970-01-01T00:00:00 on that clock.
 */
#ifndef MS_MESSAGING_ZONE_H
#define MS_MESSAGING_ZONE_H

#include <stdint.h>

#include "base/str.h"

struct ms_zone; /* NULL wherever one is asked for: UTC */

#define MS_ZONE_BYTES_MAX ((size_t)1 << 20)

/* MSTEP_ESYNTAX: these are no zone's bytes. MSTEP_ENOMEM. */
int ms_zone_parse(struct ms_zone **out, struct ms_str bytes);
void ms_zone_free(struct ms_zone *zone);
/* Seconds by which the zone's clock is ahead of UTC. */
int32_t ms_zone_offset_s(const struct ms_zone *zone, int64_t at_s);
/*
 * The times at which the zone's clock shows this, the earlier first: 1; none in the hour that is left out when
 * clocks go forward; 2 in the one that comes twice when they go back.
 */
size_t ms_zone_from_local(int64_t out[2], const struct ms_zone *zone, int64_t local_s);

/* Europe/Paris and the like: letters, digits, `+`, `-`, `_` between slashes. */
bool ms_zone_name_is_valid(struct ms_str name);
/*
 * Reads the system's file of a zone; *out is NULL for UTC, which needs none. MSTEP_ENOTFOUND: there is no such
 * zone. MSTEP_EIO, MSTEP_ESYNTAX, MSTEP_ENOMEM.
 */
int ms_zone_load(struct ms_zone **out, struct ms_str name);

#endif
