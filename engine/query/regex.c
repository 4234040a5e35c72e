/*
 * The wrapper around PCRE2, 8-bit, interpreted (no JIT: the core maps no executable memory). All
 * memory comes from base/alloc.h through a general context.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "query/regex.h"

#include <pcre2.h>

#include "base/alloc.h"
#include "base/error.h"

#define HEAP_LIMIT_KIB 20000 /* of one match; backtracking memory is taken from the heap */
#define DEPTH_LIMIT 100000   /* nested backtracking points of one match */
#define PATTERN_MAX_BYTES 16384
#define PATTERN_NEST_MAX 100 /* parentheses: bounds the compiler's recursion */

struct ms_regex {
  pcre2_general_context *general;
  pcre2_code *code;
  pcre2_match_context *match;
  pcre2_match_data *data; /* reused; a regex belongs to one thread */
  uint32_t group_count;   /* with group 0 */
};

static void *regex_alloc(size_t size, void *user)
{
  (void)user;
  return ms_alloc(size);
}

static void regex_free(void *block, void *user)
{
  (void)user;
  ms_free(block);
}

static uint32_t compile_options(unsigned flags)
{
  uint32_t options = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C;
  options |= (flags & MS_REGEX_CASELESS) != 0 ? PCRE2_CASELESS : 0;
  options |= (flags & MS_REGEX_MULTILINE) != 0 ? PCRE2_MULTILINE : 0;
  options |= (flags & MS_REGEX_DOTALL) != 0 ? PCRE2_DOTALL : 0;
  options |= (flags & MS_REGEX_EXTENDED) != 0 ? PCRE2_EXTENDED : 0;
  options |= (flags & MS_REGEX_WHOLE) != 0 ? PCRE2_ANCHORED | PCRE2_ENDANCHORED : 0;
  if ((flags & MS_REGEX_ECMASCRIPT) != 0) {
    options |= PCRE2_ALT_BSUX | PCRE2_MATCH_UNSET_BACKREF | PCRE2_DOLLAR_ENDONLY;
  }
  return options;
}

static int compile_code(struct ms_regex *regex, struct ms_str pattern, unsigned flags,
                        size_t *where)
{
  pcre2_compile_context *context = pcre2_compile_context_create(regex->general);
  if (context == NULL) {
    return ms_error_nomem();
  }
  pcre2_set_parens_nest_limit(context, PATTERN_NEST_MAX);
  if ((flags & MS_REGEX_ECMASCRIPT) != 0) {
    pcre2_set_compile_extra_options(context, PCRE2_EXTRA_ALT_BSUX);
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
  }
  int code = 0;
  PCRE2_SIZE offset = 0;
  PCRE2_SPTR text = (PCRE2_SPTR)(pattern.len == 0 ? "" : pattern.data);
  regex->code = pcre2_compile(text, pattern.len, compile_options(flags), &code, &offset, context);
  pcre2_compile_context_free(context);
  if (regex->code != NULL) {
    return 0;
  }
  if (code == PCRE2_ERROR_HEAP_FAILED) {
    return ms_error_nomem();
  }
  if (where != NULL) {
    *where = offset;
  }
  unsigned char message[120];
  pcre2_get_error_message(code, message, sizeof message);
  return ms_error(MSTEP_ESYNTAX, "%s", (const char *)message);
}

int ms_regex_compile(struct ms_regex **out, struct ms_str pattern, unsigned flags, size_t *where)
{
  *out = NULL;
  if (where != NULL) {
    *where = 0;
  }
  if (pattern.len > PATTERN_MAX_BYTES) {
    return ms_error(MSTEP_ESYNTAX, "the pattern is longer than %d bytes", PATTERN_MAX_BYTES);
  }
  struct ms_regex *regex = ms_calloc(1, sizeof *regex);
  if (regex == NULL) {
    return ms_error_nomem();
  }
  int err = MSTEP_ENOMEM;
  regex->general = pcre2_general_context_create(regex_alloc, regex_free, NULL);
  if (regex->general != NULL) {
    err = compile_code(regex, pattern, flags, where);
  }
  if (err == 0) {
    regex->match = pcre2_match_context_create(regex->general);
    regex->data = pcre2_match_data_create_from_pattern(regex->code, regex->general);
    if (regex->match == NULL || regex->data == NULL) {
      err = MSTEP_ENOMEM;
    }
  }
  if (err != 0) {
    ms_regex_free(regex);
    return err == MSTEP_ENOMEM ? ms_error_nomem() : err;
  }
  pcre2_set_heap_limit(regex->match, HEAP_LIMIT_KIB);
  pcre2_set_depth_limit(regex->match, DEPTH_LIMIT);
  regex->group_count = pcre2_get_ovector_count(regex->data);
  *out = regex;
  return 0;
}

void ms_regex_free(struct ms_regex *regex)
{
  if (regex == NULL) {
    return;
  }
  pcre2_match_data_free(regex->data);
  pcre2_match_context_free(regex->match);
  pcre2_code_free(regex->code);
  pcre2_general_context_free(regex->general);
  ms_free(regex);
}

size_t ms_regex_group_count(const struct ms_regex *regex)
{
  return regex->group_count < MS_REGEX_GROUPS_MAX ? regex->group_count : MS_REGEX_GROUPS_MAX;
}

static int match_error(int code)
{
  switch (code) {
  case PCRE2_ERROR_NOMATCH:
    return MSTEP_ENOTFOUND;
  case PCRE2_ERROR_MATCHLIMIT:
  case PCRE2_ERROR_DEPTHLIMIT:
  case PCRE2_ERROR_HEAPLIMIT:
    return ms_error(MSTEP_ETOOBIG, "the regular expression takes too many steps");
  case PCRE2_ERROR_NOMEMORY:
    return ms_error_nomem();
  default:
    return ms_error(MSTEP_EINTERNAL, "regular expression error %d", code);
  }
}

int ms_regex_match(struct ms_regex *regex, struct ms_str subject, size_t start,
                   struct ms_regex_span *spans, size_t count, uint32_t limit)
{
  if (start > subject.len) {
    return MSTEP_ENOTFOUND;
  }
  pcre2_set_match_limit(regex->match, limit == 0 ? MS_REGEX_LIMIT_DEFAULT : limit);
  PCRE2_SPTR text = (PCRE2_SPTR)(subject.len == 0 ? "" : subject.data);
  int code = pcre2_match(regex->code, text, subject.len, start, PCRE2_NO_UTF_CHECK, regex->data,
                         regex->match);
  if (code < 0) {
    return match_error(code);
  }
  const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(regex->data);
  for (size_t i = 0; i < count; i++) {
    bool is_set = i < regex->group_count && offsets[2 * i] != PCRE2_UNSET;
    spans[i].start = is_set ? offsets[2 * i] : MS_REGEX_UNSET;
    spans[i].end = is_set ? offsets[2 * i + 1] : MS_REGEX_UNSET;
  }
  return 0;
}
