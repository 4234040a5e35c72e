/* Reads and applies the rule of a time zone. */
#include "messaging/zone_rule.h"

#include "base/time.h"

#define DAY_S 86400

struct reader {
  struct ms_str text;
  size_t at;
};

static char peek(const struct reader *r)
{
  return r->at < r->text.len ? r->text.data[r->at] : '\0';
}

static bool take(struct reader *r, char c)
{
  if (peek(r) != c) {
    return false;
  }
  r->at++;
  return true;
}

static bool read_number(int *out, struct reader *r, int max)
{
  size_t from = r->at;
  *out = 0;
  while (peek(r) >= '0' && peek(r) <= '9') {
    *out = *out * 10 + (peek(r) - '0');
    r->at++;
    if (*out > max) {
      return false;
    }
  }
  return r->at > from;
}

/* Letters, or anything between angle brackets. */
static bool skip_name(struct reader *r)
{
  size_t from = r->at;
  if (take(r, '<')) {
    while (peek(r) != '>') {
      if (peek(r) == '\0') {
        return false;
      }
      r->at++;
    }
    return take(r, '>');
  }
  while ((peek(r) >= 'A' && peek(r) <= 'Z') || (peek(r) >= 'a' && peek(r) <= 'z')) {
    r->at++;
  }
  return r->at - from >= 3;
}

/* [+-]hh[:mm[:ss]] */
static bool read_time(int32_t *out, struct reader *r, int max_hours)
{
  int hours;
  int minutes = 0;
  int seconds = 0;
  bool is_negative = take(r, '-');
  if (!is_negative) {
    take(r, '+');
  }
  if (!read_number(&hours, r, max_hours)) {
    return false;
  }
  if (take(r, ':') &&
      (!read_number(&minutes, r, 59) || (take(r, ':') && !read_number(&seconds, r, 59)))) {
    return false;
  }
  *out = hours * 3600 + minutes * 60 + seconds;
  *out = is_negative ? -*out : *out;
  return true;
}

static bool read_date(struct ms_zone_day *out, struct reader *r)
{
  if (take(r, 'J')) {
    out->kind = MS_ZONE_DAY_JULIAN;
    return read_number(&out->day, r, 365) && out->day >= 1;
  }
  if (!take(r, 'M')) {
    out->kind = MS_ZONE_DAY_OF_YEAR;
    return read_number(&out->day, r, 365);
  }
  out->kind = MS_ZONE_DAY_WEEKDAY;
  return read_number(&out->month, r, 12) && out->month >= 1 && take(r, '.') &&
         read_number(&out->week, r, 5) && out->week >= 1 && take(r, '.') &&
         read_number(&out->day, r, 6);
}

static bool read_day(struct ms_zone_day *out, struct reader *r)
{
  out->time_s = 2 * 3600;
  return take(r, ',') && read_date(out, r) && (!take(r, '/') || read_time(&out->time_s, r, 167));
}

bool ms_zone_rule_parse(struct ms_zone_rule *out, struct ms_str text)
{
  struct reader r = {text, 0};
  int32_t west;
  *out = (struct ms_zone_rule){0};
  if (!skip_name(&r) || !read_time(&west, &r, 24)) {
    return false;
  }
  out->standard_s = -west;
  out->summer_s = out->standard_s;
  if (r.at == text.len) {
    return true;
  }
  if (!skip_name(&r)) {
    return false;
  }
  out->has_summer = true;
  out->summer_s = out->standard_s + 3600;
  if (peek(&r) != ',') {
    if (!read_time(&west, &r, 24)) {
      return false;
    }
    out->summer_s = -west;
  }
  return read_day(&out->start, &r) && read_day(&out->end, &r) && r.at == text.len;
}

static bool is_leap(int64_t year)
{
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days since 1970 of the day in that year. */
static int64_t day_in_year(const struct ms_zone_day *day, int64_t year)
{
  int64_t first = ms_time_days(year, 1, 1);
  if (day->kind == MS_ZONE_DAY_OF_YEAR) {
    return first + day->day;
  }
  if (day->kind == MS_ZONE_DAY_JULIAN) {
    return first + day->day - 1 + (is_leap(year) && day->day >= 60 ? 1 : 0);
  }
  int64_t month = ms_time_days(year, day->month, 1);
  int64_t next =
      day->month == 12 ? ms_time_days(year + 1, 1, 1) : ms_time_days(year, day->month + 1, 1);
  int64_t weekday = ((month + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday; Sunday is 0 */
  int64_t at = month + (day->day - weekday + 7) % 7 + (day->week - 1) * 7;
  return at >= next ? at - 7 : at;
}

int32_t ms_zone_rule_offset_s(const struct ms_zone_rule *rule, int64_t at_s)
{
  int64_t year;
  int month;
  int day;
  if (!rule->has_summer) {
    return rule->standard_s;
  }
  int64_t local_s = at_s + rule->standard_s;
  ms_time_civil(local_s / DAY_S - (local_s % DAY_S < 0 ? 1 : 0), &year, &month, &day);
  int64_t start = day_in_year(&rule->start, year) * DAY_S + rule->start.time_s - rule->standard_s;
  int64_t end = day_in_year(&rule->end, year) * DAY_S + rule->end.time_s - rule->summer_s;
  bool is_summer = start < end ? at_s >= start && at_s < end : at_s >= start || at_s < end;
  return is_summer ? rule->summer_s : rule->standard_s;
}
