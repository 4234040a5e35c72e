/* Schedule expressions: reading them, and the arithmetic of when they are due. */
#include "messaging/schedule.h"

#include "base/error.h"
#include "base/time.h"

#define MINUTE_MS INT64_C(60000)
#define RATE_DIGITS_MAX 9
#define YEAR_2200_MS INT64_C(7258118400000)

/* ---- reading ---- */

static bool read_digits(int64_t *out, struct ms_str text)
{
  *out = 0;
  for (size_t i = 0; i < text.len; i++) {
    if (text.data[i] < '0' || text.data[i] > '9' || i == RATE_DIGITS_MAX) {
      return false;
    }
    *out = *out * 10 + (text.data[i] - '0');
  }
  return text.len > 0;
}

static bool is_word(struct ms_str text, const char *word, bool any_case)
{
  if (text.len != strlen(word)) {
    return false;
  }
  for (size_t i = 0; i < text.len; i++) {
    char c = any_case ? ms_ascii_lower(text.data[i]) : text.data[i];
    if (c != word[i]) {
      return false;
    }
  }
  return true;
}

/* `5 minutes`: a rule wants one minute but two minutes, the scheduler does not mind. */
static bool read_rate(struct ms_schedule *out, struct ms_str text)
{
  static const struct {
    const char *one;
    const char *many;
    int64_t ms;
  } units[] = {{"minute", "minutes", MINUTE_MS},
               {"hour", "hours", 60 * MINUTE_MS},
               {"day", "days", 1440 * MINUTE_MS}};
  int64_t value;
  size_t space = ms_str_find(text, 0, ' ');
  struct ms_str unit = ms_str_sub(text, space + 1, text.len);
  bool is_lenient = out->dialect == MS_SCHEDULE_SCHEDULER;
  if (!read_digits(&value, ms_str_sub(text, 0, space)) || value == 0) {
    return false;
  }
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    bool is_one = is_word(unit, units[i].one, is_lenient) && (value == 1 || is_lenient);
    bool is_many = is_word(unit, units[i].many, is_lenient) && (value != 1 || is_lenient);
    if (is_one || is_many) {
      out->rate_ms = value * units[i].ms;
      return true;
    }
  }
  return false;
}

/* `2026-12-24T18:00:00`, without a zone. */
static bool read_at(struct ms_schedule *out, struct ms_str text)
{
  char zoned[MS_TIME_TEXT_SIZE];
  int64_t at_ms;
  if (out->dialect != MS_SCHEDULE_SCHEDULER || text.len != sizeof "2026-12-24T18:00:00" - 1) {
    return false;
  }
  memcpy(zoned, text.data, text.len);
  zoned[text.len] = 'Z';
  if (!ms_time_parse(&at_ms, NULL, (struct ms_str){zoned, text.len + 1})) {
    return false;
  }
  out->at_local_s = at_ms / 1000;
  return true;
}

static bool read_expression(struct ms_schedule *out, struct ms_str text)
{
  size_t open = ms_str_find(text, 0, '(');
  if (text.len > MS_SCHEDULE_BYTES_MAX || text.len < open + 2 || text.data[text.len - 1] != ')') {
    return false;
  }
  struct ms_str kind = ms_str_sub(text, 0, open);
  struct ms_str inner = ms_str_sub(text, open + 1, text.len - 1);
  if (ms_str_is(kind, "rate")) {
    out->kind = MS_SCHEDULE_RATE;
    return read_rate(out, inner);
  }
  if (ms_str_is(kind, "cron")) {
    out->kind = MS_SCHEDULE_CRON;
    return ms_cron_parse(&out->cron, inner);
  }
  out->kind = MS_SCHEDULE_AT;
  return ms_str_is(kind, "at") && read_at(out, inner);
}

int ms_schedule_parse(struct ms_schedule *out, struct ms_str text, enum ms_schedule_dialect dialect,
                      struct ms_buf *message)
{
  *out = (struct ms_schedule){.dialect = dialect};
  if (read_expression(out, text)) {
    return 0;
  }
  if (message != NULL && dialect == MS_SCHEDULE_RULE) {
    ms_buf_cstr(message, "Parameter ScheduleExpression is not valid.");
  } else if (message != NULL) {
    ms_buf_cstr(message, "Invalid Schedule Expression ");
    ms_buf_str(message, text);
    ms_buf_char(message, '.');
  }
  return MSTEP_EINVALID;
}

/* ---- arithmetic ---- */

/* Times beyond any schedule are brought near, so that nothing overflows. */
static int64_t clamp(int64_t at_ms)
{
  return at_ms > YEAR_2200_MS ? YEAR_2200_MS : at_ms < -YEAR_2200_MS ? -YEAR_2200_MS : at_ms;
}

static int64_t floor_div(int64_t a, int64_t b)
{
  return a / b - (a % b < 0 ? 1 : 0);
}

/* The first time of a rate; the others follow by multiples. */
static int64_t first_of_rate(const struct ms_schedule *schedule,
                             const struct ms_schedule_span *span)
{
  int64_t start = span->start_at_ms != 0 ? span->start_at_ms : span->created_at_ms;
  return clamp(start) + (schedule->dialect == MS_SCHEDULE_RULE ? schedule->rate_ms : 0);
}

static int64_t next_of_rate(const struct ms_schedule *schedule, const struct ms_schedule_span *span,
                            int64_t after_ms)
{
  int64_t first = first_of_rate(schedule, span);
  if (after_ms < first) {
    return first;
  }
  return first + (floor_div(after_ms - first, schedule->rate_ms) + 1) * schedule->rate_ms;
}

/*
 * The clock is stepped from one fitting minute to the next until the first moment that shows it lies behind
 * after_ms. In the hour that comes for the second time all of them lie before.
 */
static bool next_of_cron(int64_t *out_ms, const struct ms_schedule *schedule,
                         const struct ms_schedule_span *span, int64_t after_ms)
{
  int64_t after_s = floor_div(after_ms, 1000);
  int64_t local_s = after_s + ms_zone_offset_s(span->zone, after_s);
  local_s -= 60; /* a minute that has begun may be due when after_ms lies right before it */
  while (ms_cron_next(&local_s, &schedule->cron, local_s)) {
    int64_t times[2];
    if (ms_zone_from_local(times, span->zone, local_s) > 0 && times[0] * 1000 > after_ms) {
      *out_ms = times[0] * 1000;
      return true;
    }
  }
  return false;
}

static bool next_of_at(int64_t *out_ms, const struct ms_schedule *schedule,
                       const struct ms_schedule_span *span, int64_t after_ms)
{
  int64_t times[2];
  if (ms_zone_from_local(times, span->zone, schedule->at_local_s) == 0) {
    return false;
  }
  *out_ms = times[0] * 1000;
  return *out_ms > after_ms;
}

bool ms_schedule_next(int64_t *out_ms, const struct ms_schedule *schedule,
                      const struct ms_schedule_span *span, int64_t after_ms)
{
  if (schedule->kind == MS_SCHEDULE_AT) {
    return next_of_at(out_ms, schedule, span, after_ms);
  }
  after_ms = clamp(after_ms);
  if (span->start_at_ms != 0 && after_ms < span->start_at_ms) {
    after_ms = clamp(span->start_at_ms) - 1; /* the start itself counts */
  }
  if (schedule->kind == MS_SCHEDULE_RATE) {
    *out_ms = next_of_rate(schedule, span, after_ms);
  } else if (!next_of_cron(out_ms, schedule, span, after_ms)) {
    return false;
  }
  return *out_ms < YEAR_2200_MS && (span->end_at_ms == 0 || *out_ms <= span->end_at_ms);
}

size_t ms_schedule_upcoming(int64_t *out_ms, size_t max, const struct ms_schedule *schedule,
                            const struct ms_schedule_span *span, int64_t after_ms)
{
  size_t count = 0;
  while (count < max && ms_schedule_next(&out_ms[count], schedule, span, after_ms)) {
    after_ms = out_ms[count++];
  }
  return count;
}

void ms_schedule_count_missed(struct ms_schedule_missed *out, const struct ms_schedule *schedule,
                              const struct ms_schedule_span *span, int64_t after_ms,
                              int64_t until_ms, uint64_t limit)
{
  int64_t at_ms;
  *out = (struct ms_schedule_missed){0};
  while (ms_schedule_next(&at_ms, schedule, span, after_ms) && at_ms <= until_ms) {
    if (out->count == limit) {
      out->has_more = true;
      return;
    }
    out->first_ms = out->count == 0 ? at_ms : out->first_ms;
    out->last_ms = at_ms;
    out->count++;
    after_ms = at_ms;
    if (schedule->kind == MS_SCHEDULE_RATE && limit > 1) { /* the rest at one stroke */
      int64_t end = span->end_at_ms != 0 && span->end_at_ms < until_ms ? span->end_at_ms : until_ms;
      uint64_t more = (uint64_t)((clamp(end) - at_ms) / schedule->rate_ms);
      out->has_more = more > limit - 1;
      out->count += out->has_more ? limit - 1 : more;
      out->last_ms = at_ms + (int64_t)(out->count - 1) * schedule->rate_ms;
      return;
    }
  }
}

#define PICK_STEPS 100000

bool ms_schedule_pick(int64_t *run_at_ms, const struct ms_schedule *schedule,
                      const struct ms_schedule_span *span, int64_t due_at_ms, int64_t now_ms,
                      enum ms_missed_runs missed)
{
  struct ms_schedule_missed more;
  *run_at_ms = due_at_ms;
  if (missed == MS_MISSED_ALL || now_ms - due_at_ms <= MS_SCHEDULE_GRACE_MS) {
    return true;
  }
  do {
    ms_schedule_count_missed(&more, schedule, span, *run_at_ms, now_ms, PICK_STEPS);
    *run_at_ms = more.count > 0 ? more.last_ms : *run_at_ms;
  } while (more.has_more);
  return missed == MS_MISSED_ONCE || now_ms - *run_at_ms <= MS_SCHEDULE_GRACE_MS;
}

int64_t ms_schedule_spread_ms(int64_t due_at_ms, unsigned window_minutes, uint64_t random)
{
  uint64_t window_ms = (uint64_t)window_minutes * (uint64_t)MINUTE_MS;
  return window_ms == 0 ? due_at_ms : due_at_ms + (int64_t)(random % window_ms);
}
