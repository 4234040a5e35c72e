/*
 * Cron expressions of six fields: minutes, hours, day of the month, month, day of the week, year. Everything is
 * on one clock; what time zones do to it is schedule.h's business.
 */
#ifndef MS_MESSAGING_CRON_H
#define MS_MESSAGING_CRON_H

#include <stdint.h>

#include "base/str.h"

#define MS_CRON_YEAR_MIN 1970
#define MS_CRON_YEAR_MAX 2199

enum ms_cron_day { /* what decides on a day */
  MS_CRON_DAYS,          /* bits of `days` */
  MS_CRON_LAST,          /* L: the month's last day */
  MS_CRON_LAST_WORKDAY,  /* LW: its last that is neither Saturday nor Sunday */
  MS_CRON_NEAR_WORKDAY,  /* nW: the working day nearest to the `number`th, within the month */
  MS_CRON_WEEKDAYS,      /* bits of `weekdays` */
  MS_CRON_LAST_WEEKDAY,  /* nL: the month's last `weekday` */
  MS_CRON_NTH_WEEKDAY    /* n#k: the month's `number`th `weekday` */
};

struct ms_cron {
  uint64_t minutes;
  uint32_t hours;
  uint32_t days;    /* bits 1 to 31 */
  uint16_t months;  /* bits 1 to 12 */
  uint8_t weekdays; /* bits 1, Sunday, to 7 */
  uint64_t years[4];
  enum ms_cron_day kind;
  uint8_t number;
  uint8_t weekday;
};

/* What stands between the parentheses. */
bool ms_cron_parse(struct ms_cron *out, struct ms_str fields);
/* The first full minute behind `after_s` that fits. False: there is none up to the last year. */
bool ms_cron_next(int64_t *out_s, const struct ms_cron *cron, int64_t after_s);

#endif
