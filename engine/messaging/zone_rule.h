/* The rule by which a zone goes on for ever: POSIX's TZ text, `CET-1CEST,M3.5.0,M10.5.0/3`. */
#ifndef MS_MESSAGING_ZONE_RULE_H
#define MS_MESSAGING_ZONE_RULE_H

#include <stdint.h>

#include "base/str.h"

struct ms_zone_day {
  enum {
    MS_ZONE_DAY_JULIAN,  /* 1 to 365, February 29 is not counted */
    MS_ZONE_DAY_OF_YEAR, /* 0 to 365 */
    MS_ZONE_DAY_WEEKDAY  /* the weekday's nth time in the month; the 5th is the last */
  } kind;
  int day;
  int month;
  int week;
  int32_t time_s; /* on the clock before the change; may lie on another day */
};

struct ms_zone_rule {
  int32_t standard_s; /* ahead of UTC */
  int32_t summer_s;   /* the same when there is no summer time */
  bool has_summer;
  struct ms_zone_day start;
  struct ms_zone_day end;
};

bool ms_zone_rule_parse(struct ms_zone_rule *out, struct ms_str text);
int32_t ms_zone_rule_offset_s(const struct ms_zone_rule *rule, int64_t at_s);

#endif
