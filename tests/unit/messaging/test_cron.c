/* Cron expressions: what is one, and the next times of each kind of field. */
#include "mt.h"

#include <string.h>

#include "base/time.h"
#include "messaging/cron.h"

static int64_t seconds(const char *text)
{
  int64_t at_ms;
  if (!ms_time_parse(&at_ms, NULL, ms_str_c(text))) {
    mt_fail("no time: %s", text);
  }
  return at_ms / 1000;
}

MT_TEST(messaging_cron__valid)
{
  static const char *const rows[] = {
      "0 2 ? * SAT *",     "0 12 * * ? *",         "5,35 14 * * ? *",    "15 10 ? * 6L 2002-2005",
      "0 2 ? * SAT#3 *",   "* * ? * SAT#3 *",      "0/5 5 ? JAN 1-5 2022", "0 18 ? * MON-FRI *",
      "0 8 1 * ? *",       "0/15 * * * ? *",       "0/5 8-17 ? * MON-FRI *", "0/30 0-2 ? * mon-fri *",
      "0 0 L * ? *",       "0 0 LW * ? *",         "0 0 15W * ? *",      "0 0 ? * L *",
      "0 0 ? * FRIL *",    "0 0 ? * 2#5 *",        "*/10 */6 */2 */3 ? */4", "50-10 22-2 25-5 11-2 ? *",
      "0 0 ? * FRI-MON *", "0  0\t1 1 ?  1970,2199", "59 23 31 12 ? 2199", "0 0 1,15,31 JAN,7 ? *",
      "10-40/15 1-9/2 ? * * *"};
  struct ms_cron cron;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (!ms_cron_parse(&cron, ms_str_c(rows[i]))) {
      mt_report("%s", rows[i]);
    }
  }
}

MT_TEST(messaging_cron__invalid)
{
  static const char *const rows[] = {
      "",                  "INVALID",           "0 1 * * * *",       "0 1 ? * ? *",
      "7 20 * * NOT *",    "0 dummy ? * 1 *",   "71 8 1 * ? *",      "0 24 1 * ? *",
      "0 0 0 * ? *",       "0 0 32 * ? *",      "0 0 1 0 ? *",       "0 0 1 13 ? *",
      "0 0 ? * 0 *",       "0 0 ? * 8 *",       "0 0 1 1 ? 1969",    "0 0 1 1 ? 2200",
      "0 0 1 * ?",         "0 0 1 * ? * *",     " 0 0 1 * ? *",      "0 0 1 * ? * ",
      "0/0 0 1 * ? *",     "0/60 0 1 * ? *",    "0/ 0 1 * ? *",      "/5 0 1 * ? *",
      "1- 0 1 * ? *",      "-1 0 1 * ? *",      "1,,2 0 1 * ? *",    ", 0 1 * ? *",
      "1-2-3 0 1 * ? *",   "? 0 1 * ? *",       "0 0 L,1 * ? *",     "0 0 L-3 * ? *",
      "0 0 1W,2 * ? *",    "0 0 W * ? *",       "0 0 32W * ? *",     "0 0 ? * 6#0 *",
      "0 0 ? * 6#6 *",     "0 0 ? * 6#1,2#1 *", "0 0 ? * #1 *",      "0 0 ? * 6LW *",
      "0 0 ? * MONDAY *",  "0 0 1 JANUARY ? *", "0 0 1 * ? 2030-2020", "0 0 1 * ? 99999999999999999999",
      "0 0 ** * ? *",      "0 0 1 * ?x *",      "0x0 0 1 * ? *",     "0 0 ? * 1-8 *"};
  struct ms_cron cron;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (ms_cron_parse(&cron, ms_str_c(rows[i]))) {
      mt_report("%s", rows[i]);
    }
  }
}

MT_TEST(messaging_cron__next_times)
{
  /* Times are taken as they are printed: a clock without a zone. The last one empty: never again. */
  static const struct {
    const char *cron;
    const char *after;
    const char *next[3];
  } rows[] = {
      {"0 12 * * ? *", "2026-11-23T11:59:59Z", {"2026-11-23T12:00:00Z", "2026-11-24T12:00:00Z", "2026-11-25T12:00:00Z"}},
      {"0 12 * * ? *", "2026-11-23T12:00:00Z", {"2026-11-24T12:00:00Z", "2026-11-25T12:00:00Z", "2026-11-26T12:00:00Z"}},
      {"0/25 23 * * ? *", "2026-12-31T23:10:00Z", {"2026-12-31T23:25:00Z", "2026-12-31T23:50:00Z", "2027-01-01T23:00:00Z"}},
      {"50-10/20 0 1 1 ? *", "2026-06-01T00:00:00Z", {"2027-01-01T00:10:00Z", "2027-01-01T00:50:00Z", "2028-01-01T00:10:00Z"}},
      /* days of the month */
      {"0 0 31 * ? *", "2026-01-31T00:00:00Z", {"2026-03-31T00:00:00Z", "2026-05-31T00:00:00Z", "2026-07-31T00:00:00Z"}},
      {"0 0 29 2 ? *", "2026-01-01T00:00:00Z", {"2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z", "2036-02-29T00:00:00Z"}},
      {"0 0 29 2 ? *", "2096-02-29T00:00:00Z", {"2104-02-29T00:00:00Z", "2108-02-29T00:00:00Z", "2112-02-29T00:00:00Z"}},
      {"30 1 L * ? *", "2028-01-31T02:00:00Z", {"2028-02-29T01:30:00Z", "2028-03-31T01:30:00Z", "2028-04-30T01:30:00Z"}},
      {"0 0 LW * ? *", "2026-01-01T00:00:00Z", {"2026-01-30T00:00:00Z", "2026-02-27T00:00:00Z", "2026-03-31T00:00:00Z"}},
      {"0 0 15W * ? *", "2026-02-01T00:00:00Z", {"2026-02-16T00:00:00Z", "2026-03-16T00:00:00Z", "2026-04-15T00:00:00Z"}},
      {"0 0 1W 8,11 ? *", "2026-07-01T00:00:00Z", {"2026-08-03T00:00:00Z", "2026-11-02T00:00:00Z", "2027-08-02T00:00:00Z"}},
      {"0 0 31W * ? *", "2026-05-01T00:00:00Z", {"2026-05-29T00:00:00Z", "2026-07-31T00:00:00Z", "2026-08-31T00:00:00Z"}},
      /* days of the week */
      {"0 18 ? * MON-FRI *", "2026-11-27T18:00:00Z", {"2026-11-30T18:00:00Z", "2026-12-01T18:00:00Z", "2026-12-02T18:00:00Z"}},
      {"0 0 ? * FRI-MON *", "2026-11-23T00:00:00Z", {"2026-11-27T00:00:00Z", "2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z"}},
      {"0 0 ? * 1 *", "2026-11-23T00:00:00Z", {"2026-11-29T00:00:00Z", "2026-12-06T00:00:00Z", "2026-12-13T00:00:00Z"}},
      {"0 0 ? * L *", "2026-11-23T00:00:00Z", {"2026-11-28T00:00:00Z", "2026-12-05T00:00:00Z", "2026-12-12T00:00:00Z"}},
      {"0 2 ? * SAT#3 *", "2026-11-01T00:00:00Z", {"2026-11-21T02:00:00Z", "2026-12-19T02:00:00Z", "2027-01-16T02:00:00Z"}},
      {"0 2 ? * 2#5 *", "2026-11-01T00:00:00Z", {"2026-11-30T02:00:00Z", "2027-03-29T02:00:00Z", "2027-05-31T02:00:00Z"}},
      {"15 10 ? * 6L *", "2026-11-01T00:00:00Z", {"2026-11-27T10:15:00Z", "2026-12-25T10:15:00Z", "2027-01-29T10:15:00Z"}},
      {"0 0 ? * 1L 2", "2026-01-01T00:00:00Z", {NULL}},
      /* months, years, ends */
      {"0 0 1 11-2 ? *", "2026-11-23T00:00:00Z", {"2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z"}},
      {"15 10 ? * 6L 2002-2005", "2026-01-01T00:00:00Z", {""}},
      {"0 0 31 2 ? *", "2026-01-01T00:00:00Z", {""}},
      {"59 23 31 12 ? *", "2199-12-31T23:58:00Z", {"2199-12-31T23:59:00Z", "", NULL}},
      {"0 0 1 1 ? 2190/5", "2026-01-01T00:00:00Z", {"2190-01-01T00:00:00Z", "2195-01-01T00:00:00Z", ""}},
      {"0 0 1 1 ? *", "1901-01-01T00:00:00Z", {"1970-01-01T00:00:00Z", "1971-01-01T00:00:00Z", "1972-01-01T00:00:00Z"}},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct ms_cron cron;
    if (!ms_cron_parse(&cron, ms_str_c(rows[i].cron))) {
      mt_ok(rows[i].next[0] == NULL);
      continue;
    }
    int64_t at = seconds(rows[i].after);
    for (int j = 0; j < 3 && rows[i].next[j] != NULL; j++) {
      char text[MS_TIME_TEXT_SIZE] = "";
      if (ms_cron_next(&at, &cron, at)) {
        text[ms_time_format(text, at * 1000)] = '\0';
      }
      if (strcmp(text, rows[i].next[j]) != 0) {
        mt_report("%s: %s instead of %s", rows[i].cron, text, rows[i].next[j]);
      }
      if (*text == '\0') {
        break;
      }
    }
  }
}

/* Against the plain definition: each minute of two years is asked whether it fits. */
static bool fits(const struct ms_cron *cron, int64_t at)
{
  int64_t next;
  return ms_cron_next(&next, cron, at - 60) && next == at;
}

MT_TEST(messaging_cron__steps_leave_nothing_out)
{
  static const char *const rows[] = {"7/13 */5 2W * ? *", "0 0,12 ? 2-3 TUE,3#2 *", "1 2 ? * 4L *"};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct ms_cron cron;
    if (!ms_cron_parse(&cron, ms_str_c(rows[i]))) {
      continue;
    }
    int64_t at = seconds("2027-01-01T00:00:00Z");
    int64_t end = seconds("2027-04-01T00:00:00Z");
    int64_t next = at - 60;
    size_t found = 0;
    for (ms_cron_next(&next, &cron, next); at < end; at += 60) {
      bool is_due = next == at;
      mt_ok(fits(&cron, at) == is_due);
      if (is_due) {
        found++;
        ms_cron_next(&next, &cron, next);
      }
    }
    mt_ok(found >= 3);
  }
}
