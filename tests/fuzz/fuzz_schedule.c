/*
 * Fuzzes schedule expressions and the bytes of time zones. The first line of an input is an expression, the
 * rest the bytes of a zone, or nothing. Times that are due rise, and a moment is among those at which its own
 * clock shows what it shows.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "messaging/schedule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
  if (!holds) {
    abort();
  }
}

static void check_zone(const struct ms_zone *zone, int64_t at_s)
{
  int64_t times[2];
  int32_t offset_s = ms_zone_offset_s(zone, at_s);
  size_t count = ms_zone_from_local(times, zone, at_s + offset_s);
  must(offset_s > -93600 && offset_s < 93600);
  must(count == 1 || count == 2);
  must(count == 1 ? times[0] == at_s : times[0] < times[1]);
}

static void check_times(const struct ms_schedule *schedule, const struct ms_schedule_span *span,
                        int64_t after_ms)
{
  struct ms_schedule_missed missed;
  int64_t times[8];
  size_t count = ms_schedule_upcoming(times, 8, schedule, span, after_ms);
  for (size_t i = 0; i < count; i++) {
    must(times[i] > (i == 0 ? after_ms : times[i - 1]));
    if (schedule->kind == MS_SCHEDULE_CRON) {
      int64_t again;
      int64_t local_s = times[i] / 1000 + ms_zone_offset_s(span->zone, times[i] / 1000);
      must(ms_cron_next(&again, &schedule->cron, local_s - 60 - local_s % 60) &&
           again == local_s - local_s % 60);
    }
  }
  if (count > 1) {
    ms_schedule_count_missed(&missed, schedule, span, after_ms, times[count - 1], 100);
    must(missed.count == count && missed.first_ms == times[0] &&
         missed.last_ms == times[count - 1]);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const int64_t moments[] = {0,  1774748700000, 1793509200000,
                                    -1, 4102444800000, 7258118399999};
  struct ms_str input = {(const char *)data, size};
  size_t line = ms_str_find(input, 0, '\n');
  struct ms_schedule schedule;
  struct ms_zone *zone = NULL;
  bool has_zone = line < size && ms_zone_parse(&zone, ms_str_sub(input, line + 1, size)) == 0;
  struct ms_schedule_span span = {.created_at_ms = 1700000000000, .zone = has_zone ? zone : NULL};
  for (int dialect = 0; dialect < 2; dialect++) {
    int err = ms_schedule_parse(&schedule, ms_str_sub(input, 0, line),
                                (enum ms_schedule_dialect)dialect, NULL);
    must(err == 0 || err == MSTEP_EINVALID);
    for (size_t i = 0; i < sizeof moments / sizeof *moments && err == 0; i++) {
      check_times(&schedule, &span, moments[i]);
    }
  }
  for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
    check_zone(span.zone, moments[i] / 1000);
  }
  ms_zone_free(zone);
  return 0;
}
