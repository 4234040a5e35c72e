/* Moments as text: calendar components, ISO weeks, names, time zones. */

#include "base/time.h"
#include "query/jsonata/picture.h"

#define DAY_MS 86400000.0

const char *const ms_jx_months[12] = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December",
};
const char *const ms_jx_days[7] = {
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
};

/* ---- calendar ---- */

struct civil {
  int64_t days; /* since 1970 */
  int64_t year;
  int month; /* from 1 */
  int day;
};

static struct civil civil_of(double millis)
{
  struct civil c;
  c.days = (int64_t)floor(millis / DAY_MS);
  ms_time_civil(c.days, &c.year, &c.month, &c.day);
  return c;
}

/* 1 Monday ... 7 Sunday */
static int weekday_of(int64_t days)
{
  return (int)(((days + 3) % 7 + 7) % 7) + 1;
}

/* The Monday of the first week of a month: the week that has its first Thursday. */
static int64_t first_week(int64_t year, int month)
{
  int64_t first = ms_time_days(year + (month - 1) / 12, (month - 1) % 12 + 1, 1);
  int weekday = weekday_of(first);
  return weekday > 4 ? first + (8 - weekday) : first - (weekday - 1);
}

/* A month `by` months away, as months since year 0. */
static int64_t first_week_of(int64_t months)
{
  int64_t year = months >= 0 ? months / 12 : -((11 - months) / 12);
  return first_week(year, (int)(months - year * 12) + 1);
}

/* Weeks from the start of the period that `months` begins; periods are `step` months long. */
static double week_in(int64_t days, int64_t months, int step, int most)
{
  int64_t week = (days - first_week_of(months)) / 7 + 1;
  if (days < first_week_of(months)) {
    week = 0;
  }
  if (week > most) {
    return days >= first_week_of(months + step) ? 1 : (double)week;
  }
  return week < 1 ? (double)((days - first_week_of(months - step)) / 7 + 1) : (double)week;
}

/* The period whose weeks the day belongs to. */
static int64_t week_period(int64_t days, int64_t months, int step)
{
  if (days < first_week_of(months)) {
    return months - step;
  }
  return days >= first_week_of(months + step) ? months + step : months;
}

static double date_fragment(struct civil c, char component)
{
  int64_t year_months = c.year * 12;
  int64_t months = year_months + c.month - 1;
  switch (component) {
  case 'Y':
    return (double)c.year;
  case 'M':
    return c.month;
  case 'D':
    return c.day;
  case 'd':
    return (double)(c.days - ms_time_days(c.year, 1, 1) + 1);
  case 'F':
    return weekday_of(c.days);
  case 'W':
    return week_in(c.days, year_months, 12, 52);
  case 'w':
    return week_in(c.days, months, 1, 4);
  case 'X':
    return (double)(week_period(c.days, year_months, 12) / 12);
  default:
    return (double)(week_period(c.days, months, 1) % 12 + 1);
  }
}

double ms_jx_date_fragment(double millis, char component)
{
  if (strchr("YMDdFWwXx", component) != NULL) {
    return date_fragment(civil_of(millis), component);
  }
  double in_day = millis - floor(millis / DAY_MS) * DAY_MS;
  double hour = floor(in_day / 3600000);
  switch (component) {
  case 'H':
    return hour;
  case 'h':
    return fmod(hour, 12) == 0 ? 12 : fmod(hour, 12);
  case 'P':
    return hour >= 12;
  case 'm':
    return floor(fmod(in_day, 3600000) / 60000);
  case 's':
    return floor(fmod(in_day, 60000) / 1000);
  default:
    return floor(fmod(in_day, 1000));
  }
}

/* ---- formatting ---- */

struct formatter {
  struct ms_jx_eval *ev;
  struct ms_buf *out;
  double millis; /* moved by the offset */
  double offset_hours;
  double offset_minutes;
};

static void put_name(struct formatter *f, const struct ms_jx_date_part *part, const char *name)
{
  size_t len = strlen(name);
  if (part->width_max >= 0 && len > (size_t)part->width_max) {
    len = (size_t)part->width_max;
  }
  for (size_t i = 0; i < len; i++) {
    char c = name[i];
    if (part->names == MS_JX_UPPER_CASE) {
      c = ms_ascii_upper(c);
    } else if (part->names == MS_JX_LOWER_CASE) {
      c = ms_ascii_lower(c);
    }
    ms_buf_char(f->out, c);
  }
}

static bool fail_component(struct formatter *f, const char *code,
                           const struct ms_jx_date_part *part)
{
  ms_jx_fail_value(f->ev, code, ms_jx_copy_text(f->ev, (struct ms_str){&part->component, 1}));
  return false;
}

static bool put_component(struct formatter *f, const struct ms_jx_date_part *part)
{
  double value = ms_jx_date_fragment(f->millis, part->component);
  if (part->component == 'Y' && part->year_digits >= 0 && part->names == MS_JX_NOT_NAMED) {
    value = fmod(value, pow(10, (double)part->year_digits));
  }
  if (part->names == MS_JX_NOT_NAMED) {
    return ms_jx_int_format(f->ev, f->out, value, &part->format);
  }
  if (part->component == 'M' || part->component == 'x') {
    put_name(f, part, ms_jx_months[(int)value - 1]);
  } else if (part->component == 'F') {
    put_name(f, part, ms_jx_days[(int)value - 1]);
  } else {
    return fail_component(f, "D3133", part);
  }
  return true;
}

static bool put_zone(struct formatter *f, const struct ms_jx_date_part *part)
{
  double offset = f->offset_hours * 100 + f->offset_minutes;
  uint32_t digits = part->format.mandatory_digits;
  if (!part->format.is_regular && (digits < 1 || digits > 4)) {
    ms_jx_fail_value(f->ev, "D3134", ms_jx_int(digits));
    return false;
  }
  if (offset == 0 && part->is_traditional) {
    ms_buf_char(f->out, 'Z');
    return true;
  }
  if (part->component == 'z') {
    ms_buf_cstr(f->out, "GMT");
  }
  if (offset >= 0) {
    ms_buf_char(f->out, '+');
  }
  if (part->format.is_regular || digits == 3 || digits == 4) {
    return ms_jx_int_format(f->ev, f->out, offset, &part->format);
  }
  if (!ms_jx_int_format(f->ev, f->out, f->offset_hours, &part->format)) {
    return false;
  }
  if (f->offset_minutes != 0) {
    ms_buf_printf(f->out, ":%02.0f", f->offset_minutes);
  }
  return true;
}

static bool put_part(struct formatter *f, const struct ms_jx_date_part *part)
{
  switch (part->component) {
  case '\0':
    ms_buf_str(f->out, part->literal);
    return true;
  case 'Z':
  case 'z':
    return put_zone(f, part);
  case 'P': {
    bool is_pm = ms_jx_date_fragment(f->millis, 'P') != 0;
    bool is_upper = part->names == MS_JX_UPPER_CASE;
    ms_buf_cstr(f->out, is_pm ? (is_upper ? "PM" : "pm") : (is_upper ? "AM" : "am"));
    return true;
  }
  case 'C':
  case 'E':
    ms_buf_cstr(f->out, "ISO");
    return true;
  default:
    if (!part->has_format && part->names == MS_JX_NOT_NAMED) {
      return fail_component(f, "D3132", part);
    }
    return put_component(f, part);
  }
}

/* `+hhmm` as parseInt reads it: its hundreds are hours. */
static void read_timezone(struct formatter *f, struct ms_jx timezone)
{
  struct ms_str s = ms_jx_text(timezone);
  double value = 0;
  size_t i = 0;
  while (i < s.len && s.data[i] == ' ') {
    i++;
  }
  bool is_negative = i < s.len && s.data[i] == '-';
  i += i < s.len && (s.data[i] == '-' || s.data[i] == '+');
  for (; i < s.len && s.data[i] >= '0' && s.data[i] <= '9'; i++) {
    value = value * 10 + (s.data[i] - '0');
  }
  value = is_negative ? -value : value;
  f->offset_hours = floor(value / 100);
  f->offset_minutes = fmod(value, 100);
}

struct ms_jx ms_jx_date_format(struct ms_jx_eval *ev, double millis, struct ms_jx picture,
                               struct ms_jx timezone)
{
  struct ms_jx_date_picture parts;
  struct ms_buf out;
  struct formatter f = {ev, &out, millis, 0, 0};
  struct ms_str text = picture.type == MS_JX_UNDEFINED
                           ? MS_STR("[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]")
                           : ms_jx_text(picture);
  if (timezone.type != MS_JX_UNDEFINED) {
    read_timezone(&f, timezone);
  }
  f.millis += (60 * f.offset_hours + f.offset_minutes) * 60000;
  if (!(fabs(f.millis) <= 8.64e15)) {
    return ms_jx_fail_value(ev, "D1001", ms_jx_double(millis));
  }
  if (!ms_jx_date_analyse(ev, &parts, text)) {
    return MS_JX_VALUE_ERROR;
  }
  ms_buf_init(&out, ev->max_value_bytes);
  for (size_t i = 0; i < parts.count; i++) {
    if (!put_part(&f, &parts.parts[i])) {
      ms_buf_deinit(&out);
      return MS_JX_VALUE_ERROR;
    }
  }
  return ms_jx_take_buf(ev, &out);
}
