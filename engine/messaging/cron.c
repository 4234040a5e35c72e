/* Cron expressions: reading the fields into sets of bits, and stepping from a time to the next in them. */
#include "messaging/cron.h"

#include "base/time.h"

#define FIELDS 6
#define DAY_S 86400

struct field {
  int min;
  int max;
  int step_max;
  int bit_zero;      /* the value of bit 0 */
  const char *names; /* of three letters each, from `min` on */
};

static const struct field minute_field = {0, 59, 59, 0, NULL};
static const struct field hour_field = {0, 23, 23, 0, NULL};
static const struct field day_field = {1, 31, 31, 0, NULL};
static const struct field month_field = {1, 12, 12, 0, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"};
static const struct field weekday_field = {1, 7, 7, 0, "SUNMONTUEWEDTHUFRISAT"};
static const struct field year_field = {MS_CRON_YEAR_MIN, MS_CRON_YEAR_MAX, 229, MS_CRON_YEAR_MIN,
                                        NULL};

/* ---- reading ---- */

static bool read_number(int *out, struct ms_str *text)
{
  size_t at = 0;
  *out = 0;
  while (at < text->len && text->data[at] >= '0' && text->data[at] <= '9') {
    *out = *out * 10 + (text->data[at++] - '0');
    if (*out > 9999) {
      return false;
    }
  }
  *text = ms_str_sub(*text, at, text->len);
  return at > 0;
}

static bool read_name(int *out, struct ms_str *text, const struct field *field)
{
  for (int i = 0; field->names != NULL && text->len >= 3 && i <= field->max - field->min; i++) {
    const char *name = field->names + (size_t)i * 3;
    bool is_it = true;
    for (int j = 0; j < 3; j++) {
      is_it &= ms_ascii_upper(text->data[j]) == name[j];
    }
    if (is_it) {
      *out = field->min + i;
      *text = ms_str_sub(*text, 3, text->len);
      return true;
    }
  }
  return false;
}

/* A number or a name within the field's bounds, from the front of the text. */
static bool read_value(int *out, struct ms_str *text, const struct field *field)
{
  return (read_name(out, text, field) || read_number(out, text)) && *out >= field->min &&
         *out <= field->max;
}

static bool take(struct ms_str *text, char c)
{
  if (text->len == 0 || ms_ascii_upper(text->data[0]) != c) {
    return false;
  }
  *text = ms_str_sub(*text, 1, text->len);
  return true;
}

static void set_bit(uint64_t bits[4], int number)
{
  bits[number / 64] |= UINT64_C(1) << number % 64;
}

static bool has_bit(const uint64_t bits[4], int number)
{
  return (bits[number / 64] >> number % 64 & 1) != 0;
}

/* `*`, `a`, `a-b`. Without a second bound *last stays what it was. */
static bool read_bounds(int *first, int *last, struct ms_str *text, const struct field *field)
{
  if (take(text, '*')) {
    *first = field->min;
    *last = field->max;
    return true;
  }
  return read_value(first, text, field) && (!take(text, '-') || read_value(last, text, field));
}

/* Bounds, perhaps with `/step`. A range may run past the end and on from the beginning; years do not. */
static bool read_range(uint64_t bits[4], struct ms_str text, const struct field *field)
{
  int first;
  int last = -1;
  int step = 1;
  if (!read_bounds(&first, &last, &text, field)) {
    return false;
  }
  if (take(&text, '/')) {
    if (!read_number(&step, &text) || step == 0 || step > field->step_max) {
      return false;
    }
    last = last < 0 ? field->max : last;
  }
  last = last < 0 ? first : last;
  if (text.len > 0 || (last < first && field == &year_field)) {
    return false;
  }
  int size = field->max - field->min + 1;
  int end = last < first ? last + size : last;
  for (int i = first; i <= end; i += step) {
    set_bit(bits, (i > field->max ? i - size : i) - field->bit_zero);
  }
  return true;
}

static bool read_set(uint64_t bits[4], struct ms_str text, const struct field *field)
{
  memset(bits, 0, 4 * sizeof *bits);
  for (size_t from = 0; from <= text.len;) {
    size_t to = ms_str_find(text, from, ',');
    if (!read_range(bits, ms_str_sub(text, from, to), field)) {
      return false;
    }
    from = to + 1;
  }
  return true;
}

/* Days of the month. L, LW and nW stand alone. */
static bool read_days(struct ms_cron *cron, struct ms_str text)
{
  uint64_t bits[4];
  struct ms_str rest = text;
  int number;
  if (take(&rest, 'L')) {
    cron->kind = take(&rest, 'W') ? MS_CRON_LAST_WORKDAY : MS_CRON_LAST;
    return rest.len == 0;
  }
  if (read_value(&number, &rest, &day_field) && take(&rest, 'W')) {
    cron->kind = MS_CRON_NEAR_WORKDAY;
    cron->number = (uint8_t)number;
    return rest.len == 0;
  }
  cron->kind = MS_CRON_DAYS;
  if (!read_set(bits, text, &day_field)) {
    return false;
  }
  cron->days = (uint32_t)bits[0];
  return true;
}

/* Days of the week. L alone is Saturday; nL and n#k stand alone. */
static bool read_weekdays(struct ms_cron *cron, struct ms_str text)
{
  uint64_t bits[4];
  struct ms_str rest = text;
  int number;
  cron->kind = MS_CRON_WEEKDAYS;
  if (ms_str_is(text, "L") || ms_str_is(text, "l")) {
    cron->weekdays = 1 << 7;
    return true;
  }
  if (read_value(&number, &rest, &weekday_field)) {
    cron->weekday = (uint8_t)number;
    if (take(&rest, 'L')) {
      cron->kind = MS_CRON_LAST_WEEKDAY;
      return rest.len == 0;
    }
    if (take(&rest, '#')) {
      cron->kind = MS_CRON_NTH_WEEKDAY;
      bool is_read = read_number(&number, &rest) && number >= 1 && number <= 5;
      cron->number = (uint8_t)number;
      return is_read && rest.len == 0;
    }
  }
  if (!read_set(bits, text, &weekday_field)) {
    return false;
  }
  cron->weekdays = (uint8_t)bits[0];
  return true;
}

static bool split_fields(struct ms_str fields[FIELDS], struct ms_str text)
{
  int count = 0;
  for (size_t from = 0; from < text.len;) {
    size_t to = from;
    while (to < text.len && text.data[to] != ' ' && text.data[to] != '\t') {
      to++;
    }
    if (to > from) {
      if (count == FIELDS) {
        return false;
      }
      fields[count++] = ms_str_sub(text, from, to);
    }
    from = to + 1;
  }
  bool has_edges = text.len > 0 && text.data[0] > ' ' && text.data[text.len - 1] > ' ';
  return count == FIELDS && has_edges;
}

bool ms_cron_parse(struct ms_cron *out, struct ms_str text)
{
  struct ms_str fields[FIELDS];
  uint64_t minutes[4];
  uint64_t hours[4];
  uint64_t months[4];
  *out = (struct ms_cron){0};
  if (!split_fields(fields, text) || !read_set(minutes, fields[0], &minute_field) ||
      !read_set(hours, fields[1], &hour_field) || !read_set(months, fields[3], &month_field) ||
      !read_set(out->years, fields[5], &year_field)) {
    return false;
  }
  out->minutes = minutes[0];
  out->hours = (uint32_t)hours[0];
  out->months = (uint16_t)months[0];
  bool any_day = ms_str_is(fields[2], "?");
  bool any_weekday = ms_str_is(fields[4], "?");
  if (any_day == any_weekday) {
    return false;
  }
  return any_weekday ? read_days(out, fields[2]) : read_weekdays(out, fields[4]);
}

/* ---- stepping ---- */

struct month {
  int64_t first; /* day since 1970 */
  int length;
};

static int weekday_of(int64_t day) /* 1, Sunday, to 7 */
{
  return (int)(((day + 4) % 7 + 7) % 7) + 1;
}

static struct month month_of(int64_t year, int month)
{
  int64_t first = ms_time_days(year, month, 1);
  int64_t next = month == 12 ? ms_time_days(year + 1, 1, 1) : ms_time_days(year, month + 1, 1);
  return (struct month){first, (int)(next - first)};
}

/* The working day nearest to a day of the month, without leaving the month. */
static int near_workday(struct month month, int day)
{
  int weekday = weekday_of(month.first + day - 1);
  if (weekday == 7) {
    return day == 1 ? 3 : day - 1;
  }
  if (weekday == 1) {
    return day == month.length ? day - 2 : day + 1;
  }
  return day;
}

static uint32_t days_by_weekday(const struct ms_cron *cron, struct month month)
{
  uint32_t days = 0;
  for (int day = 1; day <= month.length; day++) {
    if ((cron->weekdays >> weekday_of(month.first + day - 1) & 1) != 0) {
      days |= UINT32_C(1) << day;
    }
  }
  return days;
}

/* The days of a month that fit, as bits. */
static uint32_t days_in(const struct ms_cron *cron, struct month month)
{
  int weekday = weekday_of(month.first);
  int day = 0;
  switch (cron->kind) {
  case MS_CRON_DAYS:
    return cron->days & (uint32_t)((UINT64_C(2) << month.length) - 1);
  case MS_CRON_WEEKDAYS:
    return days_by_weekday(cron, month);
  case MS_CRON_LAST:
    day = month.length;
    break;
  case MS_CRON_LAST_WORKDAY:
    day = near_workday(month, month.length);
    break;
  case MS_CRON_NEAR_WORKDAY:
    day = cron->number > month.length ? 0 : near_workday(month, cron->number);
    break;
  case MS_CRON_NTH_WEEKDAY:
    day = 1 + (cron->weekday - weekday + 7) % 7 + (cron->number - 1) * 7;
    break;
  case MS_CRON_LAST_WEEKDAY:
    day = 29 + (cron->weekday - weekday + 7) % 7;
    day -= day > month.length ? 7 : 0;
    break;
  }
  return day < 1 || day > month.length ? 0 : UINT32_C(1) << day;
}

/* The first minute of a day at or behind `from` (minutes since midnight); -1: there is none. */
static int minute_of_day(const struct ms_cron *cron, int from)
{
  int minute = from % 60;
  for (int hour = from / 60; hour < 24; hour++) {
    if ((cron->hours >> hour & 1) != 0) {
      for (; minute < 60; minute++) {
        if ((cron->minutes >> minute & 1) != 0) {
          return hour * 60 + minute;
        }
      }
    }
    minute = 0;
  }
  return -1;
}

static bool next_in_month(int64_t *out_s, const struct ms_cron *cron, struct month month,
                          int64_t from_s)
{
  uint32_t days = days_in(cron, month);
  for (int day = 1; day <= month.length; day++) {
    int64_t start_s = (month.first + day - 1) * DAY_S;
    if ((days >> day & 1) == 0 || start_s + DAY_S <= from_s) {
      continue;
    }
    int minute = minute_of_day(cron, from_s > start_s ? (int)((from_s - start_s) / 60) : 0);
    if (minute >= 0) {
      *out_s = start_s + (int64_t)minute * 60;
      return true;
    }
  }
  return false;
}

bool ms_cron_next(int64_t *out_s, const struct ms_cron *cron, int64_t after_s)
{
  int64_t first_s = ms_time_days(MS_CRON_YEAR_MIN, 1, 1) * DAY_S;
  int64_t end_s = ms_time_days(MS_CRON_YEAR_MAX + 1, 1, 1) * DAY_S;
  if (after_s >= end_s) {
    return false;
  }
  int64_t from_s = after_s < first_s ? first_s : after_s - after_s % 60 + 60;
  int64_t year;
  int month;
  int day;
  ms_time_civil(from_s / DAY_S, &year, &month, &day);
  for (; year <= MS_CRON_YEAR_MAX; year++, month = 1) {
    for (; has_bit(cron->years, (int)year - MS_CRON_YEAR_MIN) && month <= 12; month++) {
      if ((cron->months >> month & 1) != 0 &&
          next_in_month(out_s, cron, month_of(year, month), from_s)) {
        return true;
      }
    }
  }
  return false;
}
