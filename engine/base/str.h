/*
 * A borrowed run of bytes with its length: the form in which all text crosses functions. NUL bytes
 * are legal inside. Owns nothing.
 */
#ifndef MS_BASE_STR_H
#define MS_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct ms_str {
  const char *data; /* not NUL-terminated; may be NULL only when len is 0 */
  size_t len;       /* bytes */
};

#define MS_STR(literal) ((struct ms_str){(literal), sizeof(literal) - 1})
#define MS_STR_ARG(s) (int)(s).len, (s).data /* for "%.*s" */

static inline struct ms_str ms_str_c(const char *text)
{
  return (struct ms_str){text, text == NULL ? 0 : strlen(text)};
}

static inline bool ms_str_eq(struct ms_str a, struct ms_str b)
{
  return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* ASCII letters only, whatever the locale; other bytes come back unchanged. */
static inline char ms_ascii_lower(char c)
{
  return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline char ms_ascii_upper(char c)
{
  return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

bool ms_str_is(struct ms_str s, const char *literal);
bool ms_str_has_prefix(struct ms_str s, const char *prefix);
bool ms_str_has_suffix(struct ms_str s, const char *suffix);
int ms_str_cmp(struct ms_str a, struct ms_str b);       /* byte order, shorter first */
int ms_str_cmp_utf16(struct ms_str a, struct ms_str b); /* as Java's compareTo: UTF-16 code units */
struct ms_str ms_str_sub(struct ms_str s, size_t from, size_t to); /* [from, to), clamped */
/* Position of the first byte `c` at or after `from`; s.len when there is none. */
size_t ms_str_find(struct ms_str s, size_t from, char c);
/* The number that its digits make, the first nine; 0 without any. For tokens of pages. */
size_t ms_str_place(struct ms_str s);

#endif
