/* $now, $millis, $fromMillis, $toMillis. The clock is the environment's and stands still. */
#include "base/time.h"
#include "query/jsonata/functions.h"
#include "query/jsonata/picture.h"

struct ms_jx ms_jx_fn_millis(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)args;
  (void)count;
  return ms_jx_int(ev->env->now_ms);
}

struct ms_jx ms_jx_fn_now(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  return ms_jx_date_format(ev, (double)ev->env->now_ms, args[0], args[1]);
}

struct ms_jx ms_jx_fn_fromMillis(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  if (args[0].type == MS_JX_UNDEFINED) {
    return args[0];
  }
  return ms_jx_date_format(ev, ms_jx_number(args[0]), args[1], args[2]);
}

/* ---- ISO 8601 ---- */

struct scanner {
  struct ms_str s;
  size_t at;
};

/* So many digits as a number; -1: they are not there. */
static int64_t digits(struct scanner *sc, size_t count)
{
  int64_t value = 0;
  if (sc->at + count > sc->s.len) {
    return -1;
  }
  for (size_t i = 0; i < count; i++) {
    char c = sc->s.data[sc->at + i];
    if (c < '0' || c > '9') {
      return -1;
    }
    value = value * 10 + (c - '0');
  }
  sc->at += count;
  return value;
}

static bool take(struct scanner *sc, char c)
{
  if (sc->at < sc->s.len && sc->s.data[sc->at] == c) {
    sc->at++;
    return true;
  }
  return false;
}

/* `-MM-DD`, both optional. */
static bool scan_date(struct scanner *sc, int64_t *days)
{
  int64_t year = digits(sc, 4);
  int64_t month = 1;
  int64_t day = 1;
  if (year >= 0 && take(sc, '-')) {
    month = digits(sc, 2);
    if (month >= 0 && take(sc, '-')) {
      day = digits(sc, 2);
    }
  }
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > 31) {
    return false;
  }
  *days = ms_time_days(year, (int)month, 1) + day - 1;
  return true;
}

/* `Thh:mm:ss` with fraction and offset. */
static bool scan_time(struct scanner *sc, int64_t *millis)
{
  int64_t hour = digits(sc, 2);
  bool ok = hour >= 0 && hour <= 24 && take(sc, ':');
  int64_t minute = ok ? digits(sc, 2) : -1;
  ok = minute >= 0 && minute <= 59 && take(sc, ':');
  int64_t second = ok ? digits(sc, 2) : -1;
  if (second < 0 || second > 59 || (hour == 24 && (minute > 0 || second > 0))) {
    return false;
  }
  *millis = ((hour * 60 + minute) * 60 + second) * 1000;
  if (take(sc, '.')) {
    int64_t scale = 100;
    size_t start = sc->at;
    for (int64_t digit = digits(sc, 1); digit >= 0; digit = digits(sc, 1)) {
      *millis += digit * scale;
      scale /= 10;
    }
    return sc->at > start;
  }
  return true;
}

static bool scan_offset(struct scanner *sc, int64_t *millis)
{
  bool is_negative = sc->at < sc->s.len && sc->s.data[sc->at] == '-';
  if (take(sc, 'Z') || sc->at == sc->s.len) {
    return true;
  }
  if (!take(sc, '+') && !take(sc, '-')) {
    return false;
  }
  int64_t hours = digits(sc, 2);
  take(sc, ':');
  int64_t minutes = digits(sc, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) {
    return false;
  }
  *millis -= (is_negative ? -1 : 1) * (hours * 60 + minutes) * 60000;
  return true;
}

static struct ms_jx parse_iso(struct ms_jx_eval *ev, struct ms_jx text)
{
  struct scanner sc = {ms_jx_text(text), 0};
  int64_t days;
  int64_t millis = 0;
  bool ok = scan_date(&sc, &days) && (!take(&sc, 'T') || scan_time(&sc, &millis)) &&
            scan_offset(&sc, &millis) && sc.at == sc.s.len;
  return ok ? ms_jx_int(days * 86400000 + millis) : ms_jx_fail_value(ev, "D3110", text);
}

struct ms_jx ms_jx_fn_toMillis(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  if (args[0].type == MS_JX_UNDEFINED) {
    return args[0];
  }
  return args[1].type == MS_JX_UNDEFINED
             ? parse_iso(ev, args[0])
             : ms_jx_date_parse(ev, ms_jx_text(args[0]), ms_jx_text(args[1]));
}
