/*
 * Matchers. A regular expression is a function from a string to its first match, an object whose
 * `next` is a function to the second, and so on; the functions of fn_match.c go through literals
 * without making these objects.
 */
#include "query/jsonata/match.h"

#include "base/utf8.h"
#include "query/regex.h"

void ms_jx_matcher_init(struct ms_jx_matcher *m, struct ms_jx_eval *ev, struct ms_jx function,
                        struct ms_jx subject)
{
  memset(m, 0, sizeof *m);
  m->ev = ev;
  m->function = function;
  m->subject = subject;
}

size_t ms_jx_matcher_units(struct ms_jx_matcher *m, size_t bytes)
{
  struct ms_str s = ms_jx_text(m->subject);
  if (bytes < m->counted_bytes) {
    m->counted_bytes = 0;
    m->counted_units = 0;
  }
  m->counted_units += ms_utf8_count_utf16(ms_str_sub(s, m->counted_bytes, bytes));
  m->counted_bytes = bytes;
  return m->counted_units;
}

/* The byte offset of a UTF-16 offset, at most the string's length. */
static size_t unit_offset(struct ms_str s, double units)
{
  size_t at = 0;
  while (units > 0 && at < s.len) {
    units -= ms_utf8_next(s, &at) >= 0x10000 ? 2 : 1;
  }
  return at;
}

/*
 * One search, tried with a small bound on backtracking first: steps are spent by the bound that
 * was enough, so that many hard searches run into the limit on steps.
 */
static int search(struct ms_jx_eval *ev, struct ms_regex *regex, struct ms_str subject, size_t at,
                  struct ms_regex_span *spans, size_t count)
{
  static const uint32_t limits[] = {1000, 30000, MS_REGEX_LIMIT_DEFAULT};
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
    if (!ms_jx_spend(ev, limits[i] / 10)) {
      return -1;
    }
    int code = ms_regex_match(regex, subject, at, spans, count, limits[i]);
    if (code == 0 || code == MSTEP_ENOTFOUND) {
      return code == 0;
    }
    if (code != MSTEP_ETOOBIG) {
      ms_jx_fail_nomem(ev);
      return -1;
    }
  }
  ms_jx_fail_steps(ev);
  return -1;
}

static struct ms_jx group_list(struct ms_jx_eval *ev, struct ms_str subject,
                               const struct ms_regex_span *spans, size_t count)
{
  struct ms_jx *items;
  struct ms_jx list = ms_jx_list_new(ev, &items, count - 1);
  for (size_t i = 1; !ms_jx_is_error(list) && i < count; i++) {
    items[i - 1] = spans[i].start == MS_REGEX_UNSET
                       ? ms_jx_make(MS_JX_NULL)
                       : ms_jx_text_value(ms_str_sub(subject, spans[i].start, spans[i].end));
  }
  return list;
}

static int next_regex(struct ms_jx_matcher *m)
{
  struct ms_regex_span spans[MS_REGEX_GROUPS_MAX];
  struct ms_str subject = ms_jx_text(m->subject);
  struct ms_regex *regex = m->function.u.function->node->regex;
  size_t count = ms_regex_group_count(regex);
  bool is_first = !m->has_begun;
  m->has_begun = true;
  if (!is_first && m->at >= subject.len) {
    return 0;
  }
  int found = search(m->ev, regex, subject, m->at, spans, count);
  if (found <= 0) {
    return found;
  }
  m->start = spans[0].start;
  m->end = spans[0].end;
  m->at = m->end;
  if (!is_first && m->start == m->end) {
    ms_jx_fail(m->ev, "D1004");
    return -1;
  }
  m->match = ms_jx_text_value(ms_str_sub(subject, m->start, m->end));
  m->groups = group_list(m->ev, subject, spans, count);
  return ms_jx_is_error(m->groups) ? -1 : 1;
}

static int next_function(struct ms_jx_matcher *m)
{
  struct ms_jx_eval *ev = m->ev;
  struct ms_jx found;
  if (m->has_begun) {
    found = ms_jx_is_function(m->next) ? ms_jx_call(ev, m->next, NULL, 0, MS_JX_NO_CONTEXT)
                                       : MS_JX_VALUE_UNDEFINED;
  } else {
    found = ms_jx_call(ev, m->function, &m->subject, 1, MS_JX_NO_CONTEXT);
  }
  m->has_begun = true;
  int truth = ms_jx_is_error(found) ? -2 : ms_jx_truth(ev, found);
  if (truth == -2) {
    return -1;
  }
  if (found.type == MS_JX_UNDEFINED || found.type == MS_JX_NULL) {
    return 0;
  }
  struct ms_jx start = ms_jx_get(found, MS_STR("start"));
  struct ms_jx end = ms_jx_get(found, MS_STR("end"));
  m->groups = ms_jx_get(found, MS_STR("groups"));
  m->next = ms_jx_get(found, MS_STR("next"));
  m->match = ms_jx_get(found, MS_STR("match"));
  if (!ms_jx_is_number(start) && !ms_jx_is_number(end) && !ms_jx_is_array(m->groups) &&
      !ms_jx_is_function(m->next)) {
    ms_jx_fail(ev, "T1010");
    return -1;
  }
  struct ms_str subject = ms_jx_text(m->subject);
  m->start = ms_jx_is_number(start) ? unit_offset(subject, ms_jx_number(start)) : 0;
  m->end = ms_jx_is_number(end) ? unit_offset(subject, ms_jx_number(end))
                                : m->start + ms_jx_text(m->match).len;
  m->end = m->end < m->start ? m->start : (m->end > subject.len ? subject.len : m->end);
  return 1;
}

int ms_jx_matcher_next(struct ms_jx_matcher *m)
{
  return m->function.u.function->kind == MS_JX_FN_REGEX ? next_regex(m) : next_function(m);
}

struct ms_jx ms_jx_matcher_object(struct ms_jx_matcher *m)
{
  struct ms_jx_eval *ev = m->ev;
  struct ms_jx next = m->next;
  if (m->function.u.function->kind == MS_JX_FN_REGEX) {
    struct ms_jx_function *f = ms_jx_new_function(ev, MS_JX_FN_NEXT);
    if (f == NULL) {
      return MS_JX_VALUE_ERROR;
    }
    f->node = m->function.u.function->node;
    f->first = m->function;
    f->input = m->subject;
    f->at = m->at;
    next = ms_jx_function_value(f);
  }
  struct ms_jx object = ms_jx_dict(ev, 5);
  int64_t start = (int64_t)ms_jx_matcher_units(m, m->start);
  int64_t end = (int64_t)ms_jx_matcher_units(m, m->end);
  bool ok = !ms_jx_is_error(object) &&
            ms_jx_dict_set(ev, object, MS_JX_LITERAL("match"), m->match) &&
            ms_jx_dict_set(ev, object, MS_JX_LITERAL("start"), ms_jx_int(start)) &&
            ms_jx_dict_set(ev, object, MS_JX_LITERAL("end"), ms_jx_int(end)) &&
            ms_jx_dict_set(ev, object, MS_JX_LITERAL("groups"), m->groups) &&
            ms_jx_dict_set(ev, object, MS_JX_LITERAL("next"), next);
  return ok ? object : MS_JX_VALUE_ERROR;
}

struct ms_jx ms_jx_regex_call(struct ms_jx_eval *ev, const struct ms_jx_function *f,
                              struct ms_jx value)
{
  struct ms_jx_matcher m;
  if (f->kind == MS_JX_FN_NEXT) {
    ms_jx_matcher_init(&m, ev, f->first, f->input);
    m.has_begun = true;
    m.at = f->at;
  } else {
    if (!ms_jx_is_string(value)) {
      return MS_JX_VALUE_UNDEFINED;
    }
    ms_jx_matcher_init(&m, ev, ms_jx_function_value((struct ms_jx_function *)(uintptr_t)f), value);
  }
  int found = ms_jx_matcher_next(&m);
  if (found <= 0) {
    return found < 0 ? MS_JX_VALUE_ERROR : MS_JX_VALUE_UNDEFINED;
  }
  return ms_jx_matcher_object(&m);
}
