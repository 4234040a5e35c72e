/*
 * Timestamps as text and civil dates as numbers. The calendar is the proleptic Gregorian one;
 * leap seconds do not exist (`:60` is refused, as Java refuses it). Reads no clock.
 */
#include "base/time.h"

#include <stdio.h>

#define DAY_MS INT64_C(86400000)
#define DAYS_PER_ERA 146097 /* 400 years */
#define EPOCH_DAY 719468    /* days from 0000-03-01 to 1970-01-01 */

/* The largest offset from UTC that Java's ZoneOffset knows. */
#define OFFSET_MAX_MINUTES (18 * 60)

/* Years begin in March here, so that the leap day is the last of its year. */
void ms_time_civil(int64_t days, int64_t *year, int *month, int *day)
{
  /* Split off whole eras before adding, so that no int64 overflows. */
  int64_t era = days / DAYS_PER_ERA;
  int64_t rest = days % DAYS_PER_ERA + EPOCH_DAY;
  era += rest / DAYS_PER_ERA;
  rest %= DAYS_PER_ERA;
  if (rest < 0) {
    rest += DAYS_PER_ERA;
    era--;
  }
  int64_t year_of_era = (rest - rest / 1460 + rest / 36524 - rest / 146096) / 365;
  int64_t day_of_year = rest - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t march_month = (5 * day_of_year + 2) / 153;
  *day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1);
  *month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
  *year = year_of_era + era * 400 + (*month <= 2);
}

int64_t ms_time_days(int64_t year, int month, int day)
{
  year -= month <= 2;
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  int64_t year_of_era = year - era * 400;
  int64_t march_month = month > 2 ? month - 3 : month + 9;
  int64_t day_of_year = (153 * march_month + 2) / 5 + day - 1;
  int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * DAYS_PER_ERA + day_of_era - EPOCH_DAY;
}

static int days_in_month(int64_t year, int month)
{
  static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && is_leap ? 29 : days[month - 1];
}

struct scanner {
  const char *at;
  const char *end;
  bool is_bad;
};

static bool scan_char(struct scanner *s, char c)
{
  if (s->at < s->end && *s->at == c) {
    s->at++;
    return true;
  }
  return false;
}

static void scan_required(struct scanner *s, char c)
{
  if (!scan_char(s, c)) {
    s->is_bad = true;
  }
}

/* Exactly `count` digits with a value in [low, high]. */
static int scan_number(struct scanner *s, int count, int low, int high)
{
  int value = 0;
  for (int i = 0; i < count; i++) {
    if (s->at == s->end || *s->at < '0' || *s->at > '9') {
      s->is_bad = true;
      return low;
    }
    value = value * 10 + (*s->at++ - '0');
  }
  if (value < low || value > high) {
    s->is_bad = true;
    return low;
  }
  return value;
}

/* Behind the point: 1 to 9 digits, as nanoseconds. */
static int32_t scan_fraction(struct scanner *s)
{
  int32_t nanos = 0;
  int digits = 0;
  while (s->at < s->end && *s->at >= '0' && *s->at <= '9' && digits < 9) {
    nanos = nanos * 10 + (*s->at++ - '0');
    digits++;
  }
  if (digits == 0) {
    s->is_bad = true;
  }
  for (; digits < 9; digits++) {
    nanos *= 10;
  }
  return nanos;
}

/* `Z` or `+hh:mm`, in minutes east. */
static int scan_offset(struct scanner *s)
{
  if (scan_char(s, 'Z')) {
    return 0;
  }
  int sign = 1;
  if (scan_char(s, '-')) {
    sign = -1;
  } else {
    scan_required(s, '+');
  }
  int hours = scan_number(s, 2, 0, 18);
  scan_required(s, ':');
  int minutes = hours * 60 + scan_number(s, 2, 0, 59);
  if (minutes > OFFSET_MAX_MINUTES) {
    s->is_bad = true;
  }
  return sign * minutes;
}

bool ms_time_parse(int64_t *at_ms, int32_t *nanos, struct ms_str text)
{
  struct scanner s = {text.data, text.data + text.len, text.len == 0};
  if (s.is_bad) {
    return false;
  }
  int year = scan_number(&s, 4, 0, 9999);
  scan_required(&s, '-');
  int month = scan_number(&s, 2, 1, 12);
  scan_required(&s, '-');
  int day = scan_number(&s, 2, 1, days_in_month(year, month));
  scan_required(&s, 'T');
  int hour = scan_number(&s, 2, 0, 23);
  scan_required(&s, ':');
  int minute = scan_number(&s, 2, 0, 59);
  scan_required(&s, ':');
  int second = scan_number(&s, 2, 0, 59);
  int32_t fraction = scan_char(&s, '.') ? scan_fraction(&s) : 0;
  int offset = scan_offset(&s);
  if (s.is_bad || s.at != s.end) {
    return false;
  }
  int64_t minutes = ms_time_days(year, month, day) * 1440 + hour * 60 + minute - offset;
  *at_ms = (minutes * 60 + second) * 1000 + fraction / 1000000;
  if (nanos != NULL) {
    *nanos = fraction % 1000000;
  }
  return true;
}

static size_t format_instant(char out[MS_TIME_TEXT_SIZE], int64_t at_ms, bool always_ms)
{
  int64_t days = at_ms / DAY_MS;
  int64_t rest = at_ms % DAY_MS;
  if (rest < 0) {
    rest += DAY_MS;
    days--;
  }
  int64_t year;
  int month, day;
  ms_time_civil(days, &year, &month, &day);
  /* Java: four digits at least, a sign where there are more or the year is negative. */
  const char *sign = year > 9999 ? "+" : year < 0 ? "-" : "";
  char fraction[8] = "";
  if (always_ms || rest % 1000 != 0) {
    snprintf(fraction, sizeof fraction, ".%03d", (int)(rest % 1000));
  }
  int second = (int)(rest / 1000);
  int len = snprintf(out, MS_TIME_TEXT_SIZE, "%s%04lld-%02d-%02dT%02d:%02d:%02d%sZ", sign,
                     (long long)(year < 0 ? -year : year), month, day, second / 3600,
                     second / 60 % 60, second % 60, fraction);
  return len < 0 ? 0 : (size_t)len;
}

size_t ms_time_format(char out[MS_TIME_TEXT_SIZE], int64_t at_ms)
{
  return format_instant(out, at_ms, false);
}

size_t ms_time_format_ms(char out[MS_TIME_TEXT_SIZE], int64_t at_ms)
{
  return format_instant(out, at_ms, true);
}
