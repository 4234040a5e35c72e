/*
 * Regular expressions for the query languages: the one place that knows PCRE2. A pattern is
 * compiled once with its expression; matching is bounded, so that a pattern that backtracks without
 * end is an error and not a hang. Offsets are bytes.
 */
#ifndef MS_QUERY_REGEX_H
#define MS_QUERY_REGEX_H

#include <stdint.h>

#include "base/str.h"

struct ms_regex;

enum ms_regex_flag {
  MS_REGEX_CASELESS = 1,   /* i */
  MS_REGEX_MULTILINE = 2,  /* m: ^ and $ at line ends */
  MS_REGEX_DOTALL = 4,     /* s: . takes newlines too */
  MS_REGEX_EXTENDED = 8,   /* x: blanks and comments in the pattern are dropped */
  MS_REGEX_WHOLE = 16,     /* matches only when the whole subject does, as Java's matches() */
  MS_REGEX_ECMASCRIPT = 32 /* \uHHHH, \u{H} and empty unset groups, as in JavaScript */
};

/* Groups that a match reports at most, group 0 included. */
#define MS_REGEX_GROUPS_MAX 100
/* For a group that took no part in the match. */
#define MS_REGEX_UNSET ((size_t)-1)
#define MS_REGEX_LIMIT_DEFAULT 1000000 /* backtracking points of one match */

struct ms_regex_span {
  size_t start;
  size_t end;
};

/*
 * pattern is UTF-8. MSTEP_ESYNTAX: the detail says what is wrong, *where (may be NULL) at which
 * byte. MSTEP_ENOMEM. *out is owned by the caller and may be shared by evaluations of one thread.
 */
int ms_regex_compile(struct ms_regex **out, struct ms_str pattern, unsigned flags, size_t *where);
void ms_regex_free(struct ms_regex *regex); /* NULL is fine */

/* Capturing groups plus one, at most MS_REGEX_GROUPS_MAX. */
size_t ms_regex_group_count(const struct ms_regex *regex);

/*
 * Looks for the first match at or after byte `start`, which lies on a code point; subject is valid UTF-8.
 * spans: `count` of them are filled, group 0 first, those past the pattern's groups as unset; may be
 * NULL with 0. limit 0 = MS_REGEX_LIMIT_DEFAULT. 0 found, MSTEP_ENOTFOUND no match, MSTEP_ETOOBIG the
 * limit was reached, MSTEP_ENOMEM.
 */
int ms_regex_match(struct ms_regex *regex, struct ms_str subject, size_t start,
                   struct ms_regex_span *spans, size_t count, uint32_t limit);

#endif
