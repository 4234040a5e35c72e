/* Schedules: what is one, when it is due, in zones whose clocks change, and what was missed. */
#include "mt.h"

#include <string.h>

#include "base/error.h"
#include "base/time.h"
#include "messaging/schedule.h"

static int64_t ms(const char *text)
{
  int64_t at_ms;
  if (!ms_time_parse(&at_ms, NULL, ms_str_c(text))) {
    mt_fail("no time: %s", text);
  }
  return at_ms;
}

/* A zone that goes by its rule alone. */
static struct ms_zone *make_zone(const char *rule)
{
  static const char head[] = "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                             "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4";
  static const char body[] = "\0\0\0\0\0\0ABC";
  struct ms_zone *zone = NULL;
  struct ms_buf bytes;
  ms_buf_init(&bytes, 0);
  for (int i = 0; i < 2; i++) {
    ms_buf_put(&bytes, head, sizeof head - 1);
    ms_buf_put(&bytes, body, sizeof body);
  }
  ms_buf_printf(&bytes, "\n%s\n", rule);
  mt_eq_int(ms_zone_parse(&zone, ms_buf_view(&bytes)), 0);
  ms_buf_deinit(&bytes);
  return zone;
}

#define PARIS "CET-1CEST,M3.5.0,M10.5.0/3"
#define NEW_YORK "EST5EDT,M3.2.0,M11.1.0"

MT_TEST(messaging_schedule__rule_expressions)
{
  static const char *const good[] = {"rate(1 minute)",    "rate(2 minutes)", "rate(1 hour)",
                                     "rate(24 hours)",    "rate(1 day)",     "rate(7 days)",
                                     "cron(0 12 * * ? *)"};
  static const char *const bad[] = {"rate(10 seconds)",
                                    "rate(10 years)",
                                    "rate(1 minutes)",
                                    "rate(1 hours)",
                                    "rate(1 days)",
                                    "rate(10 minute)",
                                    "rate(10 hour)",
                                    "rate(10 day)",
                                    "rate()",
                                    "rate(10)",
                                    "rate(10 minutess)",
                                    "rate(foo minutes)",
                                    "rate(0 minutes)",
                                    "rate(-10 minutes)",
                                    "rate(10 MINUTES)",
                                    "rate( 10 minutes )",
                                    " rate(10 minutes)",
                                    "rate(10 minutes) ",
                                    "rate(1.5 minutes)",
                                    "rate(10  minutes)",
                                    "rate(9999999999 minutes)",
                                    "rate(99999999999999999999999999 minutes)",
                                    "rate 5 minutes",
                                    "RATE(5 minutes)",
                                    "at(2026-12-24T18:00:00)",
                                    "cron(0 12 * * ? *",
                                    "cron",
                                    "cron()",
                                    "(0 12 * * ? *)",
                                    "",
                                    "every(5 minutes)",
                                    "cron(0 1 * * * *)"};
  struct ms_schedule schedule;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    if (ms_schedule_parse(&schedule, ms_str_c(good[i]), MS_SCHEDULE_RULE, NULL) != 0) {
      mt_report("%s", good[i]);
    }
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct ms_buf message;
    ms_buf_init(&message, 0);
    if (ms_schedule_parse(&schedule, ms_str_c(bad[i]), MS_SCHEDULE_RULE, &message) == 0) {
      mt_report("%s", bad[i]);
    } else {
      mt_eq_str(message.data, "Parameter ScheduleExpression is not valid.");
    }
    ms_buf_deinit(&message);
  }
}

MT_TEST(messaging_schedule__scheduler_expressions)
{
  static const char *const good[] = {"rate(1 minutes)",         "rate(10 minute)",
                                     "rate(5 HOURS)",           "at(2026-12-24T18:00:00)",
                                     "at(2028-02-29T23:59:59)", "cron(0 12 * * ? *)"};
  static const char *const bad[] = {"at(2021-12-31T23:59:59Z)",
                                    "at(2021-12-31)",
                                    "at()",
                                    "at(2027-02-29T00:00:00)",
                                    "at(2027-13-01T00:00:00)",
                                    "at(2027-01-01 00:00:00)",
                                    "at(2027-01-01T24:00:00)",
                                    "rate(0 minutes)",
                                    "rate(10 seconds)",
                                    "cron()"};
  struct ms_schedule schedule;
  struct ms_buf message;
  ms_buf_init(&message, 0);
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    if (ms_schedule_parse(&schedule, ms_str_c(good[i]), MS_SCHEDULE_SCHEDULER, NULL) != 0) {
      mt_report("%s", good[i]);
    }
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    if (ms_schedule_parse(&schedule, ms_str_c(bad[i]), MS_SCHEDULE_SCHEDULER, NULL) == 0) {
      mt_report("%s", bad[i]);
    }
  }
  ms_schedule_parse(&schedule, MS_STR(" rate(10 minutes)"), MS_SCHEDULE_SCHEDULER, &message);
  mt_eq_str(message.data, "Invalid Schedule Expression  rate(10 minutes).");
  ms_buf_deinit(&message);
}

static void check_times(const char *expression, enum ms_schedule_dialect dialect,
                        const struct ms_schedule_span *span, const char *after,
                        const char *const wanted[4])
{
  struct ms_schedule schedule;
  int64_t times[4];
  mt_eq_int(ms_schedule_parse(&schedule, ms_str_c(expression), dialect, NULL), 0);
  size_t count = ms_schedule_upcoming(times, 4, &schedule, span, ms(after));
  for (size_t i = 0; i < 4; i++) {
    char text[MS_TIME_TEXT_SIZE] = "";
    if (i < count) {
      text[ms_time_format(text, times[i])] = '\0';
    }
    if (strcmp(text, wanted[i] == NULL ? "" : wanted[i]) != 0) {
      mt_report("%s after %s: %s instead of %s", expression, after, text,
                wanted[i] == NULL ? "nothing" : wanted[i]);
    }
  }
}

MT_TEST(messaging_schedule__rates)
{
  struct ms_schedule_span span = {.created_at_ms = ms("2026-11-23T10:00:07.500Z")};
  check_times("rate(5 minutes)", MS_SCHEDULE_RULE, &span, "2026-11-23T10:00:07.500Z",
              (const char *const[4]){"2026-11-23T10:05:07.500Z", "2026-11-23T10:10:07.500Z",
                                     "2026-11-23T10:15:07.500Z", "2026-11-23T10:20:07.500Z"});
  check_times("rate(5 minutes)", MS_SCHEDULE_SCHEDULER, &span, "2026-11-23T10:00:00Z",
              (const char *const[4]){"2026-11-23T10:00:07.500Z", "2026-11-23T10:05:07.500Z",
                                     "2026-11-23T10:10:07.500Z", "2026-11-23T10:15:07.500Z"});
  /* from the start on, up to the end, both counted */
  span.start_at_ms = ms("2026-11-24T00:00:00Z");
  span.end_at_ms = ms("2026-11-26T00:00:00Z");
  check_times("rate(1 days)", MS_SCHEDULE_SCHEDULER, &span, "2026-11-23T10:00:00Z",
              (const char *const[4]){"2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z",
                                     "2026-11-26T00:00:00Z", NULL});
  check_times("rate(1 days)", MS_SCHEDULE_SCHEDULER, &span, "2026-11-25T00:00:00Z",
              (const char *const[4]){"2026-11-26T00:00:00Z", NULL});
  /* A day is 24 hours also when the clock says 23. */
  span = (struct ms_schedule_span){.created_at_ms = ms("2026-03-28T12:00:00Z"),
                                   .zone = make_zone(PARIS)};
  check_times("rate(1 day)", MS_SCHEDULE_SCHEDULER, &span, "2026-03-28T12:00:00Z",
              (const char *const[4]){"2026-03-29T12:00:00Z", "2026-03-30T12:00:00Z",
                                     "2026-03-31T12:00:00Z", "2026-04-01T12:00:00Z"});
  ms_zone_free((struct ms_zone *)span.zone);
}

MT_TEST(messaging_schedule__clocks_that_go_forward)
{
  struct ms_zone *zone = make_zone(PARIS);
  struct ms_schedule_span span = {.zone = zone};
  /* 02:30 does not come on March 29. */
  check_times("cron(30 2 * * ? *)", MS_SCHEDULE_SCHEDULER, &span, "2026-03-27T12:00:00Z",
              (const char *const[4]){"2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z",
                                     "2026-03-31T00:30:00Z", "2026-04-01T00:30:00Z"});
  check_times("cron(0/30 * * * ? *)", MS_SCHEDULE_SCHEDULER, &span, "2026-03-29T00:15:00Z",
              (const char *const[4]){"2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z",
                                     "2026-03-29T01:30:00Z", "2026-03-29T02:00:00Z"});
  check_times("at(2026-03-29T02:30:00)", MS_SCHEDULE_SCHEDULER, &span, "2026-01-01T00:00:00Z",
              (const char *const[4]){NULL});
  check_times("cron(0 9 * * ? *)", MS_SCHEDULE_SCHEDULER, &span, "2026-03-27T12:00:00Z",
              (const char *const[4]){"2026-03-28T08:00:00Z", "2026-03-29T07:00:00Z",
                                     "2026-03-30T07:00:00Z", "2026-03-31T07:00:00Z"});
  ms_zone_free(zone);
}

MT_TEST(messaging_schedule__clocks_that_go_back)
{
  struct ms_zone *zone = make_zone(NEW_YORK);
  struct ms_schedule_span span = {.zone = zone};
  /* 01:30 comes twice on November 1 and counts once. */
  check_times("cron(30 1 * * ? *)", MS_SCHEDULE_SCHEDULER, &span, "2026-10-31T12:00:00Z",
              (const char *const[4]){"2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z",
                                     "2026-11-03T06:30:00Z", "2026-11-04T06:30:00Z"});
  check_times("cron(30 1 * * ? *)", MS_SCHEDULE_SCHEDULER, &span, "2026-11-01T06:00:00Z",
              (const char *const[4]){"2026-11-02T06:30:00Z", "2026-11-03T06:30:00Z",
                                     "2026-11-04T06:30:00Z", "2026-11-05T06:30:00Z"});
  check_times("cron(0/30 * * * ? *)", MS_SCHEDULE_SCHEDULER, &span, "2026-11-01T05:10:00Z",
              (const char *const[4]){"2026-11-01T05:30:00Z", "2026-11-01T07:00:00Z",
                                     "2026-11-01T07:30:00Z", "2026-11-01T08:00:00Z"});
  check_times("cron(* * * * ? *)", MS_SCHEDULE_SCHEDULER, &span, "2026-11-01T06:10:20Z",
              (const char *const[4]){"2026-11-01T07:00:00Z", "2026-11-01T07:01:00Z",
                                     "2026-11-01T07:02:00Z", "2026-11-01T07:03:00Z"});
  check_times("at(2026-11-01T01:30:00)", MS_SCHEDULE_SCHEDULER, &span, "2026-01-01T00:00:00Z",
              (const char *const[4]){"2026-11-01T05:30:00Z", NULL});
  ms_zone_free(zone);
}

MT_TEST(messaging_schedule__starts_and_ends)
{
  struct ms_schedule_span span = {.start_at_ms = ms("2026-12-01T08:00:00Z"),
                                  .end_at_ms = ms("2026-12-03T08:00:00Z")};
  check_times("cron(0 8 * * ? *)", MS_SCHEDULE_SCHEDULER, &span, "2026-11-01T00:00:00Z",
              (const char *const[4]){"2026-12-01T08:00:00Z", "2026-12-02T08:00:00Z",
                                     "2026-12-03T08:00:00Z", NULL});
  check_times("at(2026-11-05T00:00:00)", MS_SCHEDULE_SCHEDULER, &span, "2026-11-01T00:00:00Z",
              (const char *const[4]){"2026-11-05T00:00:00Z", NULL});
  check_times("at(2026-11-05T00:00:00)", MS_SCHEDULE_SCHEDULER, &span, "2026-11-05T00:00:00Z",
              (const char *const[4]){NULL});
  check_times("at(2829-01-01T00:00:00)", MS_SCHEDULE_SCHEDULER, &span, "2026-11-01T00:00:00Z",
              (const char *const[4]){"2829-01-01T00:00:00Z", NULL});
  check_times("cron(0 0 31 2 ? *)", MS_SCHEDULE_SCHEDULER, &span, "2026-11-01T00:00:00Z",
              (const char *const[4]){NULL});
}

MT_TEST(messaging_schedule__extreme_times)
{
  struct ms_schedule schedule;
  struct ms_schedule_span span = {.created_at_ms = INT64_MAX, .start_at_ms = INT64_MIN};
  int64_t at_ms;
  mt_eq_int(ms_schedule_parse(&schedule, MS_STR("rate(999999999 days)"), MS_SCHEDULE_RULE, NULL),
            0);
  mt_ok(!ms_schedule_next(&at_ms, &schedule, &span, INT64_MAX));
  ms_schedule_next(&at_ms, &schedule, &span, INT64_MIN);
  mt_eq_int(ms_schedule_parse(&schedule, MS_STR("cron(* * * * ? *)"), MS_SCHEDULE_RULE, NULL), 0);
  mt_ok(!ms_schedule_next(&at_ms, &schedule, &span, INT64_MAX));
  mt_ok(ms_schedule_next(&at_ms, &schedule, &span, INT64_MIN));
  mt_eq_int(at_ms, 0);
}

MT_TEST(messaging_schedule__what_was_missed)
{
  struct ms_schedule schedule;
  struct ms_schedule_missed missed;
  struct ms_schedule_span span = {.created_at_ms = ms("2026-01-01T00:00:00Z")};
  int64_t from = ms("2026-06-01T00:00:00Z");
  int64_t to = ms("2026-06-01T01:00:00Z");
  mt_eq_int(ms_schedule_parse(&schedule, MS_STR("rate(7 minutes)"), MS_SCHEDULE_RULE, NULL), 0);
  for (uint64_t limit = 1; limit < 12; limit++) { /* in one stroke as one by one */
    struct ms_schedule_missed one = {0};
    int64_t at_ms = from;
    ms_schedule_count_missed(&missed, &schedule, &span, from, to, limit);
    while (ms_schedule_next(&at_ms, &schedule, &span, at_ms) && at_ms <= to) {
      if (one.count == limit) {
        one.has_more = true;
        break;
      }
      one.first_ms = one.count++ == 0 ? at_ms : one.first_ms;
      one.last_ms = at_ms;
    }
    mt_eq_int(missed.count, one.count);
    mt_eq_int(missed.first_ms, one.first_ms);
    mt_eq_int(missed.last_ms, one.last_ms);
    mt_eq_int(missed.has_more, one.has_more);
  }
  ms_schedule_count_missed(&missed, &schedule, &span, from, from, 100);
  mt_eq_int(missed.count, 0);
  mt_eq_int(ms_schedule_parse(&schedule, MS_STR("rate(1 minute)"), MS_SCHEDULE_RULE, NULL), 0);
  ms_schedule_count_missed(&missed, &schedule, &span, from, ms("2126-06-01T00:00:00Z"), UINT64_MAX);
  mt_eq_int(missed.count, (ms("2126-06-01T00:00:00Z") - from) / 60000);
  mt_eq_int(ms_schedule_parse(&schedule, MS_STR("cron(0 * * * ? *)"), MS_SCHEDULE_RULE, NULL), 0);
  ms_schedule_count_missed(&missed, &schedule, &span, from, ms("2026-06-02T00:00:00Z"), 1000);
  mt_eq_int(missed.count, 24);
  ms_schedule_count_missed(&missed, &schedule, &span, from, ms("2026-06-02T00:00:00Z"), 10);
  mt_eq_int(missed.count, 10);
  mt_ok(missed.has_more && missed.last_ms == from + 10 * 3600000);
}

MT_TEST(messaging_schedule__flexible_windows)
{
  mt_eq_int(ms_schedule_spread_ms(1000, 0, 12345), 1000);
  for (uint64_t random = 0; random < 1000; random++) {
    int64_t at_ms = ms_schedule_spread_ms(1000, 15, random * UINT64_C(0x9E3779B97F4A7C15));
    mt_ok(at_ms >= 1000 && at_ms < 1000 + 15 * 60000);
  }
}
