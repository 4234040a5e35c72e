/*
 * Moments from text, by a picture. The picture becomes a regular expression with a group for each
 * part; the groups become components; what is missing in front is taken from now, behind it is zero.
 */

#include "base/time.h"
#include "query/jsonata/picture.h"
#include "query/regex.h"

#define COMPONENTS "YXMxWwdDPHhmsfFZz"
#define DAY_MS 86400000.0

struct components {
  double value[sizeof COMPONENTS]; /* NaN: not there */
};

static double *component(struct components *c, char name)
{
  const char *at = strchr(COMPONENTS, name);
  return &c->value[at - COMPONENTS];
}

/* As ECMAScript sees a member: there and not zero. */
static bool is_set(struct components *c, char name)
{
  double value = *component(c, name);
  return !isnan(value) && value != 0;
}

/* ---- the expression ---- */

static void put_literal(struct ms_buf *out, struct ms_str literal)
{
  for (size_t i = 0; i < literal.len; i++) {
    if (literal.data[i] != '\0' && strchr(".*+?^${}()|[]\\/", literal.data[i]) != NULL) {
      ms_buf_char(out, '\\');
    }
    ms_buf_char(out, literal.data[i]);
  }
}

static void put_integer(struct ms_buf *out, const struct ms_jx_int_format *format)
{
  bool is_upper = format->letter_case == MS_JX_UPPER_CASE;
  switch (format->style) {
  case MS_JX_INT_LETTERS:
    ms_buf_cstr(out, is_upper ? "[A-Z]+" : "[a-z]+");
    break;
  case MS_JX_INT_ROMAN:
    ms_buf_cstr(out, is_upper ? "[MDCLXVI]+" : "[mdclxvi]+");
    break;
  case MS_JX_INT_WORDS:
    ms_jx_words_pattern(out);
    break;
  default:
    if (format->parse_width > 0) {
      ms_buf_printf(out, "[0-9]{%u}", (unsigned)format->parse_width);
    } else {
      ms_buf_cstr(out, "[0-9]+");
    }
    ms_buf_cstr(out, format->is_ordinal ? "(?:th|st|nd|rd)" : "");
    break;
  }
}

static bool put_part(struct ms_jx_eval *ev, struct ms_buf *out, const struct ms_jx_date_part *part)
{
  ms_buf_char(out, '(');
  if (part->component == '\0') {
    put_literal(out, part->literal);
  } else if (part->component == 'Z' || part->component == 'z') {
    ms_buf_cstr(out, part->component == 'z' ? "GMT" : "");
    ms_buf_cstr(out, "[-+][0-9]+");
    if (part->format.is_regular) {
      ms_buf_cstr(out, ":[0-9]+");
    }
  } else if (part->has_format) {
    if (part->format.style == MS_JX_INT_SEQUENCE) {
      ms_jx_fail_value(ev, "D3130", ms_jx_text_value(part->format.token));
      return false;
    }
    put_integer(out, &part->format);
  } else if (strchr("MxFP", part->component) != NULL) {
    ms_buf_cstr(out, "[a-zA-Z]+");
  } else {
    ms_jx_fail_value(ev, "D3133", ms_jx_copy_text(ev, (struct ms_str){&part->component, 1}));
    return false;
  }
  ms_buf_char(out, ')');
  return true;
}

/* Matches the text; 1 it fits, 0 it does not, -1 the evaluation failed. */
static int match_parts(struct ms_jx_eval *ev, const struct ms_jx_date_picture *picture,
                       struct ms_str text, struct ms_regex_span *spans)
{
  struct ms_buf pattern;
  struct ms_regex *regex = NULL;
  int result = -1;
  ms_buf_init(&pattern, (size_t)1 << 20);
  ms_buf_char(&pattern, '^');
  for (size_t i = 0; i < picture->count; i++) {
    if (!put_part(ev, &pattern, &picture->parts[i])) {
      ms_buf_deinit(&pattern);
      return -1;
    }
  }
  ms_buf_cstr(&pattern, "$");
  int code = pattern.error;
  if (code == 0) {
    code = ms_regex_compile(&regex, ms_buf_view(&pattern), MS_REGEX_CASELESS | MS_REGEX_ECMASCRIPT,
                            NULL);
  }
  if (code == 0) {
    code = ms_regex_match(regex, text, 0, spans, picture->count + 1, 100000);
    result = code == 0;
  }
  ms_regex_free(regex);
  ms_buf_deinit(&pattern);
  if (code == MSTEP_ENOMEM) {
    ms_jx_fail_nomem(ev);
    return -1;
  }
  if (!ms_jx_spend(ev, 1000)) {
    return -1;
  }
  return code == 0 ? result : 0;
}

/* ---- components ---- */

/* Number of a name in a list, from 1, compared up to the picture's width; NaN: it is not there. */
static double find_name(const char *const *names, int count, const struct ms_jx_date_part *part,
                        struct ms_str text)
{
  for (int i = 0; i < count; i++) {
    struct ms_str name = ms_str_c(names[i]);
    if (part->width_max > 0 && name.len > (size_t)part->width_max) {
      name.len = (size_t)part->width_max;
    }
    if (ms_str_eq(name, text)) {
      return i + 1;
    }
  }
  return NAN;
}

static double parse_digits(struct ms_str s)
{
  double value = 0;
  size_t i = s.len > 0 && (s.data[0] == '-' || s.data[0] == '+');
  for (; i < s.len && s.data[i] >= '0' && s.data[i] <= '9'; i++) {
    value = value * 10 + (s.data[i] - '0');
  }
  return s.len > 0 && s.data[0] == '-' ? -value : value;
}

/* Minutes east of UTC. */
static double parse_zone(const struct ms_jx_date_part *part, struct ms_str text)
{
  if (part->component == 'z') {
    text = ms_str_sub(text, 3, text.len);
  }
  size_t split = part->format.is_regular ? ms_str_find(text, 0, ':') : 3;
  size_t minutes = part->format.is_regular ? split + 1 : 3;
  return parse_digits(ms_str_sub(text, 0, split)) * 60 +
         parse_digits(ms_str_sub(text, minutes, text.len));
}

/* Fractions of a second: the first three digits count. */
static double parse_fraction(struct ms_str text)
{
  double value = 0;
  for (size_t i = 0; i < 3; i++) {
    value = value * 10 + (i < text.len ? text.data[i] - '0' : 0);
  }
  return value;
}

static bool parse_part(struct ms_jx_eval *ev, const struct ms_jx_date_part *part,
                       struct ms_str text, double *out)
{
  char name = part->component;
  if (name == 'Z' || name == 'z') {
    *out = parse_zone(part, text);
  } else if (name == 'P') {
    bool is_pm = ms_str_is(text, "pm") || ms_str_is(text, "PM");
    *out = is_pm ? 1 : (ms_str_is(text, "am") || ms_str_is(text, "AM") ? 0 : NAN);
  } else if (part->names != MS_JX_NOT_NAMED) {
    *out = name == 'F' ? find_name(ms_jx_days, 7, part, text)
                       : find_name(ms_jx_months, 12, part, text);
  } else if (name == 'f' && text.len > 3 && part->format.style == MS_JX_INT_DECIMAL) {
    *out = parse_fraction(text);
  } else {
    return ms_jx_int_parse(ev, out, text, &part->format);
  }
  return true;
}

/* ---- from components to a moment ---- */

/* Are components given, and none but those of `type`? */
static bool is_type(struct components *c, const char *all, const char *type)
{
  bool has_any = false;
  for (const char *p = all; *p != '\0'; p++) {
    if (is_set(c, *p)) {
      if (strchr(type, *p) == NULL) {
        return false;
      }
      has_any = true;
    }
  }
  return has_any;
}

/* Days since 1970 of a month that may lie outside 0..11. */
static double days_of(double year, double month, double day)
{
  double extra = floor(month / 12);
  year += extra;
  month -= extra * 12;
  if (!(fabs(year) < 300000)) {
    return NAN;
  }
  return (double)ms_time_days((int64_t)year, (int)month + 1, 1) + day - 1;
}

static double moment(struct components *c)
{
  double year = *component(c, 'Y');
  if (year >= 0 && year <= 99) {
    year += 1900; /* as ECMAScript's Date.UTC */
  }
  double days = days_of(year, *component(c, 'M'), *component(c, 'D'));
  double millis = days * DAY_MS + *component(c, 'H') * 3600000 + *component(c, 'm') * 60000 +
                  *component(c, 's') * 1000 + *component(c, 'f');
  double zone = is_set(c, 'Z') ? *component(c, 'Z') : (is_set(c, 'z') ? *component(c, 'z') : 0);
  return millis - zone * 60000;
}

/* Fills what the text did not give. False: there is a hole in it. */
static bool fill(struct components *c, const char *names, double now)
{
  bool has_begun = false;
  bool has_ended = false;
  for (const char *p = names; *p != '\0'; p++) {
    double *value = component(c, *p);
    if (!isnan(*value)) {
      if (has_ended) {
        return false;
      }
      has_begun = true;
    } else if (has_begun) {
      *value = *p == 'M' || *p == 'D' || *p == 'd' ? 1 : 0;
      has_ended = true;
    } else {
      *value = ms_jx_date_fragment(now, *p);
    }
  }
  return true;
}

static struct ms_jx resolve(struct ms_jx_eval *ev, struct components *c)
{
  static const char dates[] = "YXMxWwdD";
  static const char times[] = "PHhmsf";
  bool by_month = is_type(c, dates, "YMD");
  bool by_day = !by_month && is_type(c, dates, "Yd");
  bool by_month_week = is_type(c, dates, "Xxw");
  bool by_week = !by_month_week && is_type(c, dates, "XW");
  bool is_24 = is_type(c, times, "Hmsf");
  bool is_12 = !is_24 && is_type(c, times, "Phmsf");
  char names[16];
  const char *date = by_day ? "YD" : (by_month_week ? "XxwF" : (by_week ? "XWF" : "YMD"));
  size_t len = strlen(date);
  memcpy(names, date, len);
  memcpy(names + len, is_12 ? "Phmsf" : "Hmsf", is_12 ? 6 : 5);
  if (!fill(c, names, (double)ev->env->now_ms) || by_month_week || by_week) {
    return ms_jx_fail(ev, "D3136");
  }
  double *month = component(c, 'M');
  *month = *month > 0 ? *month - 1 : 0;
  if (by_day) {
    *month = 0;
    *component(c, 'D') = *component(c, 'd');
  }
  if (is_12) {
    double hour = *component(c, 'h');
    *component(c, 'H') = (hour == 12 ? 0 : hour) + (*component(c, 'P') == 1 ? 12 : 0);
  }
  return ms_jx_double(moment(c));
}

struct ms_jx ms_jx_date_parse(struct ms_jx_eval *ev, struct ms_str text, struct ms_str picture)
{
  struct ms_jx_date_picture parts;
  if (!ms_jx_date_analyse(ev, &parts, picture)) {
    return MS_JX_VALUE_ERROR;
  }
  if (parts.count + 1 > MS_REGEX_GROUPS_MAX) {
    return ms_jx_fail_memory_limit(ev);
  }
  struct ms_regex_span spans[MS_REGEX_GROUPS_MAX];
  int found = match_parts(ev, &parts, text, spans);
  if (found <= 0) {
    return found < 0 ? MS_JX_VALUE_ERROR : MS_JX_VALUE_UNDEFINED;
  }
  struct components c;
  for (size_t i = 0; i < sizeof COMPONENTS; i++) {
    c.value[i] = NAN;
  }
  bool has_any = false;
  for (size_t i = 0; i < parts.count; i++) {
    const struct ms_jx_date_part *part = &parts.parts[i];
    if (part->component == '\0') {
      continue;
    }
    has_any = true;
    if (!parse_part(ev, part, ms_str_sub(text, spans[i + 1].start, spans[i + 1].end),
                    component(&c, part->component))) {
      return MS_JX_VALUE_ERROR;
    }
  }
  return has_any ? resolve(ev, &c) : MS_JX_VALUE_UNDEFINED;
}
