/* Timestamps: what is accepted and refused, Java's text, the calendar. */
#include "mt.h"

#include "base/time.h"

struct accepted {
  const char *text;
  int64_t at_ms;
  int32_t nanos;
};

static const struct accepted accepted_rows[] = {
    {"1970-01-01T00:00:00Z", 0, 0},
    {"2016-03-14T01:59:00Z", 1457920740000, 0},
    {"2016-03-14T02:59:00+01:00", 1457920740000, 0},
    {"2016-03-13T20:29:00-05:30", 1457920740000, 0},
    {"2016-03-14T01:59:00-00:00", 1457920740000, 0},
    {"2016-03-14T01:59:00+18:00", 1457855940000, 0},
    {"2016-03-14T01:59:00-18:00", 1457985540000, 0},
    {"2024-01-01T10:00:05.123Z", 1704103205123, 0},
    {"2024-01-01T10:00:05.1Z", 1704103205100, 0},
    {"2024-01-01T10:00:05.123456789Z", 1704103205123, 456789},
    {"2024-01-01T10:00:05.000000001+00:00", 1704103205000, 1},
    {"2024-02-29T23:59:59Z", 1709251199000, 0},
    {"2000-02-29T00:00:00Z", 951782400000, 0},
    {"1969-12-31T23:59:59.999Z", -1, 0},
    {"0001-01-01T00:00:00Z", -62135596800000, 0},
    {"0000-01-01T00:00:00Z", -62167219200000, 0},
    {"9999-12-31T23:59:59.999Z", 253402300799999, 0},
};

MT_TEST(base_time__accepts)
{
  for (size_t i = 0; i < sizeof accepted_rows / sizeof accepted_rows[0]; i++) {
    const struct accepted *row = &accepted_rows[i];
    int64_t at_ms = 77;
    int32_t nanos = 77;
    if (!ms_time_parse(&at_ms, &nanos, ms_str_c(row->text)) || at_ms != row->at_ms ||
        nanos != row->nanos) {
      mt_report("%s: %lld ms %d ns", row->text, (long long)at_ms, (int)nanos);
    }
  }
  int64_t at_ms = 0;
  mt_ok(ms_time_parse(&at_ms, NULL, MS_STR("2024-01-01T10:00:05.123456789Z")));
}

static const char *const refused_rows[] = {
    "",
    "Z",
    "2016-03-14",
    "2016-03-14T01:59:00",
    "2016-03-14T01:59Z",
    "2016-03-14 01:59:00Z",
    "2016-03-14t01:59:00Z",
    "2016-03-14T01:59:00z",
    "2016-03-14T01:59:00.Z",
    "2016-03-14T01:59:00,5Z",
    "2016-03-14T01:59:00.1234567891Z",
    "2016-03-14T01:59:00+01",
    "2016-03-14T01:59:00+0100",
    "2016-03-14T01:59:00+18:01",
    "2016-03-14T01:59:00+19:00",
    "2016-03-14T01:59:00+01:60",
    "2016-03-14T01:59:00+01:00:00",
    "2016-03-14T24:00:00Z",
    "2016-03-14T01:60:00Z",
    "2016-03-14T01:59:60Z",
    "2016-02-30T00:00:00Z",
    "2015-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2016-04-31T00:00:00Z",
    "2016-00-10T00:00:00Z",
    "2016-13-10T00:00:00Z",
    "2016-01-00T00:00:00Z",
    "+12016-03-14T01:59:00Z",
    "-0001-03-14T01:59:00Z",
    "2016-3-14T01:59:00Z",
    "2016-03-14T1:59:00Z",
    " 2016-03-14T01:59:00Z",
    "2016-03-14T01:59:00Z ",
    "2016-03-14T01:59:00ZZ",
    "2016-03-14T01:59:00 Z",
    "2016-03-14T-1:59:00Z",
    "20x6-03-14T01:59:00Z",
};

MT_TEST(base_time__refuses)
{
  for (size_t i = 0; i < sizeof refused_rows / sizeof refused_rows[0]; i++) {
    int64_t at_ms = 77;
    if (ms_time_parse(&at_ms, NULL, ms_str_c(refused_rows[i]))) {
      mt_report("accepted: '%s'", refused_rows[i]);
    }
    mt_eq_int(at_ms, 77);
  }
  int64_t at_ms;
  mt_ok(!ms_time_parse(&at_ms, NULL, MS_STR("2016-03-14T01:59:00Z\0")));
  mt_ok(!ms_time_parse(&at_ms, NULL, (struct ms_str){NULL, 0}));
  /* Every prefix of a good text is refused, and none is read past its end. */
  for (size_t len = 0; len < sizeof "2024-01-01T10:00:05.123+01:00" - 1; len++) {
    mt_ok(!ms_time_parse(&at_ms, NULL, (struct ms_str){"2024-01-01T10:00:05.123+01:00", len}));
  }
}

struct formatted {
  int64_t at_ms;
  const char *text;    /* Instant.ofEpochMilli(at_ms).toString() of OpenJDK 17 */
  const char *text_ms;
};

static const struct formatted formatted_rows[] = {
    {0, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"},
    {-1, "1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"},
    {1, "1970-01-01T00:00:00.001Z", "1970-01-01T00:00:00.001Z"},
    {1000, "1970-01-01T00:00:01Z", "1970-01-01T00:00:01.000Z"},
    {951782400000, "2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000Z"},
    {-62135596800000, "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"},
    {-62167219200001, "-0001-12-31T23:59:59.999Z", "-0001-12-31T23:59:59.999Z"},
    {253402300799999, "9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"},
    {253402300800000, "+10000-01-01T00:00:00Z", "+10000-01-01T00:00:00.000Z"},
    {INT64_MAX, "+292278994-08-17T07:12:55.807Z", "+292278994-08-17T07:12:55.807Z"},
    {INT64_MIN, "-292275055-05-16T16:47:04.192Z", "-292275055-05-16T16:47:04.192Z"},
};

MT_TEST(base_time__formats_as_java)
{
  for (size_t i = 0; i < sizeof formatted_rows / sizeof formatted_rows[0]; i++) {
    const struct formatted *row = &formatted_rows[i];
    char out[MS_TIME_TEXT_SIZE];
    size_t len = ms_time_format(out, row->at_ms);
    mt_eq_str(out, row->text);
    mt_eq_int(len, ms_str_c(out).len);
    len = ms_time_format_ms(out, row->at_ms);
    mt_eq_str(out, row->text_ms);
    mt_eq_int(len, ms_str_c(out).len);
  }
}

MT_TEST(base_time__civil_and_days_are_inverse)
{
  int64_t year = 0;
  int month = 0;
  int day = 0;
  int64_t days = ms_time_days(-800, 1, 1);
  int64_t end = ms_time_days(2800, 1, 1);
  int last_day = 31;
  for (; days < end; days++) {
    ms_time_civil(days, &year, &month, &day);
    mt_ok(ms_time_days(year, month, day) == days);
    mt_ok(day == last_day + 1 || (day == 1 && last_day >= 28));
    last_day = day;
  }
  mt_eq_int(ms_time_days(1970, 1, 1), 0);
  mt_eq_int(ms_time_days(2000, 3, 1), 11017);
  mt_eq_int(ms_time_days(1969, 12, 31), -1);
  ms_time_civil(INT64_MAX / 86400000, &year, &month, &day);
  mt_ok(year == 292278994 && month == 8 && day == 17);
}

MT_TEST(base_time__far_days_do_not_overflow)
{
  static const int64_t far[] = {INT64_MAX, INT64_MIN, INT64_MAX / 2, INT64_MIN / 2};
  for (size_t i = 0; i < sizeof far / sizeof far[0]; i++) {
    int64_t year;
    int month;
    int day;
    ms_time_civil(far[i], &year, &month, &day);
    mt_ok(month >= 1 && month <= 12 && day >= 1 && day <= 31);
  }
}
