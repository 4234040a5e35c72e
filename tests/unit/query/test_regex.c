/* engine/query/regex.c */
#include "query/regex.h"

#include "base/error.h"
#include "mt.h"

static struct ms_regex *compile(const char *pattern, unsigned flags)
{
  struct ms_regex *regex;
  mt_eq_int(ms_regex_compile(&regex, ms_str_c(pattern), flags, NULL), 0);
  return regex;
}

static int match(const char *pattern, unsigned flags, const char *subject)
{
  struct ms_regex *regex = compile(pattern, flags);
  int result = ms_regex_match(regex, ms_str_c(subject), 0, NULL, 0, 0);
  ms_regex_free(regex);
  return result;
}

MT_TEST(regex__flags)
{
  mt_eq_int(match("b", 0, "abc"), 0);
  mt_eq_int(match("B", 0, "abc"), MSTEP_ENOTFOUND);
  mt_eq_int(match("B", MS_REGEX_CASELESS, "abc"), 0);
  mt_eq_int(match("Ä", MS_REGEX_CASELESS, "ä"), 0);
  mt_eq_int(match("^b", 0, "a\nb"), MSTEP_ENOTFOUND);
  mt_eq_int(match("^b", MS_REGEX_MULTILINE, "a\nb"), 0);
  mt_eq_int(match("a.b", 0, "a\nb"), MSTEP_ENOTFOUND);
  mt_eq_int(match("a.b", MS_REGEX_DOTALL, "a\nb"), 0);
  mt_eq_int(match("a b # c", MS_REGEX_EXTENDED, "ab"), 0);
  mt_eq_int(match("b", MS_REGEX_WHOLE, "abc"), MSTEP_ENOTFOUND);
  mt_eq_int(match("a|ab", MS_REGEX_WHOLE, "ab"), 0);
  mt_eq_int(match("^.$", 0, "\xF0\x9F\x98\x80"), 0);
  mt_eq_int(match("\\u0041", MS_REGEX_ECMASCRIPT, "A"), 0);
  mt_eq_int(match("", 0, ""), 0);
}

MT_TEST(regex__reports_spans)
{
  struct ms_regex *regex = compile("(x)?(b)(c*)", 0);
  struct ms_regex_span spans[6];
  mt_eq_int(ms_regex_group_count(regex), 4);
  mt_eq_int(ms_regex_match(regex, MS_STR("abccb"), 0, spans, 6, 0), 0);
  mt_eq_int(spans[0].start, 1);
  mt_eq_int(spans[0].end, 4);
  mt_ok(spans[1].start == MS_REGEX_UNSET && spans[1].end == MS_REGEX_UNSET);
  mt_eq_int(spans[2].start, 1);
  mt_eq_int(spans[3].end, 4);
  mt_ok(spans[4].start == MS_REGEX_UNSET && spans[5].start == MS_REGEX_UNSET);
  mt_eq_int(ms_regex_match(regex, MS_STR("abccb"), 4, spans, 1, 0), 0);
  mt_eq_int(spans[0].start, 4);
  mt_eq_int(ms_regex_match(regex, MS_STR("abccb"), 5, spans, 1, 0), MSTEP_ENOTFOUND);
  mt_eq_int(ms_regex_match(regex, MS_STR("abccb"), 6, spans, 1, 0), MSTEP_ENOTFOUND);
  ms_regex_free(regex);
}

MT_TEST(regex__takes_nul_bytes)
{
  struct ms_regex *regex;
  mt_eq_int(ms_regex_compile(&regex, (struct ms_str){"a\0b", 3}, MS_REGEX_WHOLE, NULL), 0);
  mt_eq_int(ms_regex_match(regex, (struct ms_str){"a\0b", 3}, 0, NULL, 0, 0), 0);
  mt_eq_int(ms_regex_match(regex, (struct ms_str){"a", 1}, 0, NULL, 0, 0), MSTEP_ENOTFOUND);
  ms_regex_free(regex);
}

MT_TEST(regex__refuses_bad_patterns)
{
  struct ms_regex *regex;
  size_t where = 99;
  mt_eq_int(ms_regex_compile(&regex, MS_STR("ab(c"), 0, &where), MSTEP_ESYNTAX);
  mt_ok(regex == NULL && where == 4 && ms_error_detail()[0] != '\0');
  mt_eq_int(ms_regex_compile(&regex, MS_STR("[z-a]"), 0, NULL), MSTEP_ESYNTAX);
  mt_eq_int(ms_regex_compile(&regex, MS_STR("\xFF"), 0, NULL), MSTEP_ESYNTAX);
  char nested[402];
  memset(nested, '(', 200);
  memset(nested + 200, ')', 200);
  mt_eq_int(ms_regex_compile(&regex, (struct ms_str){nested, 400}, 0, NULL), MSTEP_ESYNTAX);
  static char longest[20000];
  memset(longest, 'a', sizeof longest);
  mt_eq_int(ms_regex_compile(&regex, (struct ms_str){longest, sizeof longest}, 0, NULL),
            MSTEP_ESYNTAX);
}

MT_TEST(regex__bounds_backtracking)
{
  mt_eq_int(match("(a+)+$", 0, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"), MSTEP_ETOOBIG);
  struct ms_regex *regex = compile("(a|aa)+$", 0);
  mt_eq_int(ms_regex_match(regex, MS_STR("aaaaaaaaaaaaaaaaaab"), 0, NULL, 0, 100), MSTEP_ETOOBIG);
  ms_regex_free(regex);
}

static int compile_and_match(void *user)
{
  struct ms_regex *regex;
  (void)user;
  int err = ms_regex_compile(&regex, MS_STR("(\\w+)\\s(x|y)*"), MS_REGEX_CASELESS, NULL);
  if (err == 0) {
    err = ms_regex_match(regex, MS_STR("hello XYXYXY"), 0, NULL, 0, 0);
  }
  ms_regex_free(regex);
  return err;
}

MT_TEST(regex__survives_out_of_memory)
{
  mt_ok(mt_oom(compile_and_match, NULL) >= 4);
}
