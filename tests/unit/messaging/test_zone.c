/* Time zones: bytes made here, hostile ones, and the system's own files where there are any. */
#include "mt.h"

#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/random.h"
#include "base/time.h"
#include "messaging/zone.h"

static void put32(struct ms_buf *out, uint32_t value)
{
  for (int shift = 24; shift >= 0; shift -= 8) {
    ms_buf_char(out, (char)(value >> shift));
  }
}

static void put64(struct ms_buf *out, int64_t value)
{
  put32(out, (uint32_t)((uint64_t)value >> 32));
  put32(out, (uint32_t)value);
}

static void put_header(struct ms_buf *out, char version, uint32_t changes, uint32_t types)
{
  ms_buf_cstr(out, "TZif");
  ms_buf_char(out, version);
  for (int i = 0; i < 15; i++) {
    ms_buf_char(out, '\0');
  }
  put32(out, 0);
  put32(out, 0);
  put32(out, 0);
  put32(out, changes);
  put32(out, types);
  put32(out, 4);
}

/* A file of version 2: changes to offsets, and a rule for what comes after. */
static void put_file(struct ms_buf *out, const int64_t *changes, const int32_t *offsets,
                     uint32_t count, int32_t first, const char *rule)
{
  put_header(out, '2', 0, 1);
  put32(out, 0);
  ms_buf_put(out, "\0\0", 2);
  ms_buf_put(out, "ABC", 4);
  put_header(out, '2', count, count + 1);
  for (uint32_t i = 0; i < count; i++) {
    put64(out, changes[i]);
  }
  for (uint32_t i = 0; i < count; i++) {
    ms_buf_char(out, (char)(i + 1));
  }
  put32(out, (uint32_t)first);
  ms_buf_put(out, "\0\0", 2);
  for (uint32_t i = 0; i < count; i++) {
    put32(out, (uint32_t)offsets[i]);
    ms_buf_put(out, "\0\0", 2);
  }
  ms_buf_put(out, "ABC", 4);
  ms_buf_printf(out, "\n%s\n", rule);
}

static struct ms_zone *make_zone(const char *rule)
{
  struct ms_zone *zone = NULL;
  struct ms_buf bytes;
  ms_buf_init(&bytes, 0);
  put_file(&bytes, NULL, NULL, 0, 0, rule);
  if (ms_zone_parse(&zone, ms_buf_view(&bytes)) != 0) {
    mt_fail("%s is refused", rule);
  }
  ms_buf_deinit(&bytes);
  return zone;
}

static int64_t seconds(const char *text)
{
  int64_t at_ms;
  mt_ok(ms_time_parse(&at_ms, NULL, ms_str_c(text)));
  return at_ms / 1000;
}

MT_TEST(messaging_zone__rules)
{
  static const struct {
    const char *rule;
    const char *at;
    int32_t offset_s;
  } rows[] = {
      {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T00:59:59Z", 3600},
      {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T01:00:00Z", 7200},
      {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T00:59:59Z", 7200},
      {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T01:00:00Z", 3600},
      {"EST5EDT,M3.2.0,M11.1.0", "2026-03-08T06:59:59Z", -18000},
      {"EST5EDT,M3.2.0,M11.1.0", "2026-03-08T07:00:00Z", -14400},
      {"EST5EDT,M3.2.0,M11.1.0", "2026-11-01T06:00:00Z", -18000},
      /* the other half of the world: summer over the turn of the year */
      {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-12-31T23:00:00Z", 39600},
      {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-07-01T00:00:00Z", 36000},
      /* an hour that differs otherwise, names in brackets, negative summer time */
      {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2027-01-01T00:00:00Z", 39600},
      {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-06-01T00:00:00Z", 37800},
      {"IST-1GMT0,M10.5.0,M3.5.0/1", "2026-07-01T00:00:00Z", 3600},
      {"IST-1GMT0,M10.5.0,M3.5.0/1", "2026-01-01T00:00:00Z", 0},
      {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00:00Z", -3600},
      {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T00:59:59Z", -7200},
      /* days of the year, with and without February 29 */
      {"XXX0YYY,J60,J300", "2028-03-01T01:59:59Z", 0},
      {"XXX0YYY,J60,J300", "2028-03-01T02:00:00Z", 3600},
      {"XXX0YYY,59,300", "2028-02-29T02:00:00Z", 3600},
      {"XXX0YYY,59,300", "2027-03-01T01:59:59Z", 0},
      {"MST7", "2026-07-01T00:00:00Z", -25200},
      {"<+0545>-5:45", "2026-07-01T00:00:00Z", 20700},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct ms_zone *zone = make_zone(rows[i].rule);
    int32_t offset_s = ms_zone_offset_s(zone, seconds(rows[i].at));
    if (offset_s != rows[i].offset_s) {
      mt_report("%s at %s: %d", rows[i].rule, rows[i].at, offset_s);
    }
    ms_zone_free(zone);
  }
}

MT_TEST(messaging_zone__local_times)
{
  struct ms_zone *zone = make_zone("CET-1CEST,M3.5.0,M10.5.0/3");
  int64_t times[2];
  mt_eq_int(ms_zone_from_local(times, zone, seconds("2026-03-29T02:00:00Z")), 0);
  mt_eq_int(ms_zone_from_local(times, zone, seconds("2026-03-29T02:59:59Z")), 0);
  mt_eq_int(ms_zone_from_local(times, zone, seconds("2026-03-29T03:00:00Z")), 1);
  mt_eq_int(times[0], seconds("2026-03-29T01:00:00Z"));
  mt_eq_int(ms_zone_from_local(times, zone, seconds("2026-10-25T02:30:00Z")), 2);
  mt_eq_int(times[0], seconds("2026-10-25T00:30:00Z"));
  mt_eq_int(times[1], seconds("2026-10-25T01:30:00Z"));
  mt_eq_int(ms_zone_from_local(times, zone, seconds("2026-10-25T03:00:00Z")), 1);
  mt_eq_int(times[0], seconds("2026-10-25T02:00:00Z"));
  mt_eq_int(ms_zone_from_local(times, NULL, 42), 1);
  mt_eq_int(times[0], 42);
  mt_eq_int(ms_zone_offset_s(NULL, 42), 0);
  ms_zone_free(zone);
}

/* A whole day left out, a day that came twice, and no rule behind them. */
MT_TEST(messaging_zone__changes)
{
  struct ms_zone *zone = NULL;
  struct ms_buf bytes;
  int64_t times[2];
  int64_t changes[] = {seconds("2000-01-01T00:00:00Z"), seconds("2010-01-01T00:00:00Z")};
  static const int32_t offsets[] = {43200, -43200};
  ms_buf_init(&bytes, 0);
  put_file(&bytes, changes, offsets, 2, -43200, "");
  mt_eq_int(ms_zone_parse(&zone, ms_buf_view(&bytes)), 0);
  mt_eq_int(ms_zone_offset_s(zone, changes[0] - 1), -43200);
  mt_eq_int(ms_zone_offset_s(zone, changes[0]), 43200);
  mt_eq_int(ms_zone_offset_s(zone, changes[1] + 1000000000), -43200);
  mt_eq_int(ms_zone_from_local(times, zone, seconds("1999-12-31T18:00:00Z")), 0);
  mt_eq_int(ms_zone_from_local(times, zone, seconds("2010-01-01T06:00:00Z")), 2);
  mt_eq_int(times[1] - times[0], 86400);
  ms_zone_free(zone);
  ms_buf_deinit(&bytes);
}

MT_TEST(messaging_zone__wrong_bytes)
{
  static const char *const rules[] = {"C",
                                      "CE-1",
                                      "CET",
                                      "CET-25",
                                      "CET-1:60",
                                      "CET-1CE,",
                                      "CET-1CEST",
                                      "CET-1CEST,M3.5.0",
                                      "<CET-1",
                                      "CET-1CEST,M13.1.0,M1.1.0",
                                      "CET-1CEST,M1.6.0,M1.1.0",
                                      "CET-1CEST,M1.1.7,M1.1.0",
                                      "CET-1CEST,J0,J1",
                                      "CET-1CEST,J366,J1",
                                      "CET-1CEST,M3.5.0/168,M1.1.0",
                                      "CET-1 "};
  struct ms_zone *zone = NULL;
  struct ms_buf bytes;
  ms_buf_init(&bytes, 0);
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
    ms_buf_reset(&bytes);
    put_file(&bytes, NULL, NULL, 0, 0, rules[i]);
    if (ms_zone_parse(&zone, ms_buf_view(&bytes)) != MSTEP_ESYNTAX) {
      mt_report("%s", rules[i]);
    }
  }
  int64_t changes[] = {10, 10};
  static const int32_t offsets[] = {0, 0};
  static const int32_t far[] = {0, 100000};
  ms_buf_reset(&bytes);
  put_file(&bytes, changes, offsets, 2, 0, "");
  mt_eq_int(ms_zone_parse(&zone, ms_buf_view(&bytes)), MSTEP_ESYNTAX);
  changes[1] = 11;
  ms_buf_reset(&bytes);
  put_file(&bytes, changes, far, 2, 0, "");
  mt_eq_int(ms_zone_parse(&zone, ms_buf_view(&bytes)), MSTEP_ESYNTAX);
  ms_buf_reset(&bytes);
  put_file(&bytes, changes, offsets, 2, 0, "");
  mt_eq_int(ms_zone_parse(&zone, ms_buf_view(&bytes)), 0);
  ms_zone_free(zone);
  for (size_t len = 0; len < bytes.len; len++) { /* cut anywhere */
    mt_eq_int(ms_zone_parse(&zone, (struct ms_str){bytes.data, len}), MSTEP_ESYNTAX);
  }
  ms_buf_deinit(&bytes);
}

MT_TEST(messaging_zone__names)
{
  static const char *const good[] = {"Europe/Paris", "America/Argentina/Buenos_Aires", "EST5EDT",
                                     "Etc/GMT+5", "UTC"};
  static const char *const bad[] = {"",     "/etc/passwd", "../x", "Europe/../x", "Europe/",
                                    "a//b", "Europe/.x",   "a b",  "a%b",         "+x"};
  struct ms_zone *zone = NULL;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    mt_ok(ms_zone_name_is_valid(ms_str_c(good[i])));
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    mt_ok(!ms_zone_name_is_valid(ms_str_c(bad[i])));
    mt_eq_int(ms_zone_load(&zone, ms_str_c(bad[i])), MSTEP_ENOTFOUND);
  }
  mt_ok(!ms_zone_name_is_valid((struct ms_str){"a\0b", 3}));
  mt_eq_int(ms_zone_load(&zone, MS_STR("UTC")), 0);
  mt_ok(zone == NULL);
  mt_eq_int(ms_zone_load(&zone, MS_STR("Nowhere/Town")), MSTEP_ENOTFOUND);
}

MT_TEST(messaging_zone__files_of_the_system)
{
  static const struct {
    const char *name;
    const char *at;
    int32_t offset_s;
  } rows[] = {
      {"Europe/Paris", "2026-07-01T00:00:00Z", 7200},
      {"Europe/Paris", "1942-07-01T00:00:00Z", 7200},
      {"America/New_York", "2026-12-01T00:00:00Z", -18000},
      {"America/New_York", "2090-07-01T00:00:00Z", -14400},
      {"Asia/Kolkata", "2026-07-01T00:00:00Z", 19800},
      {"Australia/Lord_Howe", "2026-01-15T00:00:00Z", 39600},
      {"Pacific/Apia", "2011-12-31T00:00:00Z", 50400},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct ms_zone *zone = NULL;
    int err = ms_zone_load(&zone, ms_str_c(rows[i].name));
    if (err == MSTEP_ENOTFOUND) {
      mt_skip("no time zone database here");
    }
    mt_eq_int(err, 0);
    int32_t offset_s = ms_zone_offset_s(zone, seconds(rows[i].at));
    if (offset_s != rows[i].offset_s) {
      mt_report("%s at %s: %d", rows[i].name, rows[i].at, offset_s);
    }
    ms_zone_free(zone);
  }
}

/* Every moment is among those at which its own clock shows what it shows. */
MT_TEST(messaging_zone__there_and_back)
{
  static const char *const rules[] = {"CET-1CEST,M3.5.0,M10.5.0/3", "AEST-10AEDT,M10.1.0,M4.1.0/3",
                                      "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "XXX0YYY,59,300"};
  struct ms_random random;
  ms_random_seed(&random, 3);
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
    struct ms_zone *zone = make_zone(rules[i]);
    for (int j = 0; j < 20000; j++) {
      int64_t times[2];
      int64_t at = (int64_t)ms_random_below(&random, UINT64_C(7000000000));
      size_t count = ms_zone_from_local(times, zone, at + ms_zone_offset_s(zone, at));
      mt_ok(count > 0 && (times[0] == at || (count == 2 && times[1] == at)));
      mt_ok(count == 1 || times[0] < times[1]);
    }
    ms_zone_free(zone);
  }
}

static int parse_once(void *user)
{
  struct ms_zone *zone = NULL;
  struct ms_buf *bytes = user;
  int err = ms_zone_parse(&zone, ms_buf_view(bytes));
  if (err == 0) {
    ms_zone_free(zone);
  }
  return err;
}

MT_TEST(messaging_zone__memory_runs_out)
{
  struct ms_buf bytes;
  int64_t changes[] = {10, 20};
  static const int32_t offsets[] = {0, 3600};
  ms_buf_init(&bytes, 0);
  put_file(&bytes, changes, offsets, 2, 0, "CET-1");
  mt_ok(mt_oom(parse_once, &bytes) == 3);
  ms_buf_deinit(&bytes);
}
