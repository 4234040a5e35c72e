/*
 * The matcher: backtracking over one pattern item after another. A quantified item tries its
 * repetitions in a loop; only what follows it is matched by recursion, which is what `depth`
 * bounds.
 */
#include "luavm/match.h"

#include <ctype.h>

#define DEPTH_MAX 200

static const char *match(struct ms_lua_match *m, const char *s, const char *p);

void ms_lua_match_init(struct ms_lua_match *m, lua_State *L, struct ms_str text,
                       struct ms_str pattern)
{
  m->L = L;
  m->vm = ms_lua_vm_of(L);
  m->text = text.data;
  m->text_end = text.data + text.len;
  m->pattern_end = pattern.data + pattern.len;
  m->depth = 0;
  m->count = 0;
}

/* ---- single characters ---- */

static unsigned char byte_at(const char *p)
{
  return (unsigned char)*p;
}

/* Behind the item (a character, an escape or a set) that begins at p. */
static const char *item_end(struct ms_lua_match *m, const char *p)
{
  char first = *p++;
  if (first == '%') {
    if (p == m->pattern_end) {
      luaL_error(m->L, "malformed pattern (ends with '%%')");
    }
    return p + 1;
  }
  if (first != '[') {
    return p;
  }
  p += p < m->pattern_end && *p == '^';
  bool is_first = true; /* a bracket here is a member */
  for (;;) {
    if (p >= m->pattern_end) {
      luaL_error(m->L, "malformed pattern (missing ']')");
    }
    if (*p == ']' && !is_first) {
      return p + 1;
    }
    p += *p == '%' ? 2 : 1;
    is_first = false;
  }
}

static bool is_in_class(unsigned char c, unsigned char letter)
{
  bool is_in;
  switch (tolower(letter)) {
  case 'a':
    is_in = isalpha(c) != 0;
    break;
  case 'c':
    is_in = iscntrl(c) != 0;
    break;
  case 'd':
    is_in = isdigit(c) != 0;
    break;
  case 'g':
    is_in = isgraph(c) != 0;
    break;
  case 'l':
    is_in = islower(c) != 0;
    break;
  case 'p':
    is_in = ispunct(c) != 0;
    break;
  case 's':
    is_in = isspace(c) != 0;
    break;
  case 'u':
    is_in = isupper(c) != 0;
    break;
  case 'w':
    is_in = isalnum(c) != 0;
    break;
  case 'x':
    is_in = isxdigit(c) != 0;
    break;
  case 'z': /* of old: NUL */
    is_in = c == 0;
    break;
  default:
    return letter == c;
  }
  return isupper(letter) != 0 ? !is_in : is_in;
}

/* A set from its bracket at p to the closing one at `last`. */
static bool is_in_set(unsigned char c, const char *p, const char *last)
{
  bool found = true;
  p++;
  if (*p == '^') {
    found = false;
    p++;
  }
  while (p < last) {
    if (*p == '%') {
      if (is_in_class(c, byte_at(p + 1))) {
        return found;
      }
      p += 2;
    } else if (p[1] == '-' && p + 2 < last) {
      if (byte_at(p) <= c && c <= byte_at(p + 2)) {
        return found;
      }
      p += 3;
    } else {
      if (byte_at(p) == c) {
        return found;
      }
      p++;
    }
  }
  return !found;
}

/* Whether the character at s fits the item from p to `end`. */
static bool fits(struct ms_lua_match *m, const char *s, const char *p, const char *end)
{
  ms_lua_tick(m->L, m->vm, 2);
  if (s >= m->text_end) {
    return false;
  }
  switch (*p) {
  case '.':
    return true;
  case '%':
    return is_in_class(byte_at(s), byte_at(p + 1));
  case '[':
    ms_lua_tick(m->L, m->vm, (uint32_t)(end - p > 4096 ? 4096 : end - p));
    return is_in_set(byte_at(s), p, end - 1);
  default:
    return *p == *s;
  }
}

/* ---- captures ---- */

static const char *open_capture(struct ms_lua_match *m, const char *s, const char *p,
                                ptrdiff_t kind)
{
  if (m->count >= MS_LUA_CAPTURES_MAX) {
    luaL_error(m->L, "too many captures");
  }
  m->captures[m->count].start = s;
  m->captures[m->count].len = kind;
  m->count++;
  const char *end = match(m, s, p);
  if (end == NULL) {
    m->count--;
  }
  return end;
}

static const char *close_capture(struct ms_lua_match *m, const char *s, const char *p)
{
  int index = m->count - 1;
  while (index >= 0 && m->captures[index].len != MS_LUA_CAPTURE_OPEN) {
    index--;
  }
  if (index < 0) {
    luaL_error(m->L, "invalid pattern capture");
  }
  m->captures[index].len = s - m->captures[index].start;
  const char *end = match(m, s, p);
  if (end == NULL) {
    m->captures[index].len = MS_LUA_CAPTURE_OPEN;
  }
  return end;
}

static const char *match_again(struct ms_lua_match *m, const char *s, unsigned char digit)
{
  int index = digit - '1';
  if (index < 0 || index >= m->count || m->captures[index].len == MS_LUA_CAPTURE_OPEN) {
    luaL_error(m->L, "invalid capture index %%%d", index + 1);
  }
  /* A position capture has no text: Lua takes its mark for a length nothing can have. */
  ptrdiff_t len = m->captures[index].len;
  if (len < 0 || m->text_end - s < len) {
    return NULL;
  }
  ms_lua_tick(m->L, m->vm, (uint32_t)(len / 16 > 65536 ? 65536 : len / 16));
  return memcmp(m->captures[index].start, s, (size_t)len) == 0 ? s + len : NULL;
}

/* ---- special items ---- */

/* `%bxy`, p at the x. */
static const char *match_balance(struct ms_lua_match *m, const char *s, const char *p)
{
  if (p + 1 >= m->pattern_end) {
    luaL_error(m->L, "malformed pattern (missing arguments to '%%b')");
  }
  if (s >= m->text_end || *s != *p) {
    return NULL;
  }
  size_t open = 1;
  for (s++; s < m->text_end; s++) {
    ms_lua_tick(m->L, m->vm, 1);
    if (*s == p[1]) {
      if (--open == 0) {
        return s + 1;
      }
    } else if (*s == *p) {
      open++;
    }
  }
  return NULL;
}

/* `%f[set]`, p at the bracket: the end of the item if s is at the set's border. */
static const char *match_frontier(struct ms_lua_match *m, const char *s, const char *p)
{
  if (p >= m->pattern_end || *p != '[') {
    luaL_error(m->L, "missing '[' after '%%f' in pattern");
  }
  const char *end = item_end(m, p);
  unsigned char before = s == m->text ? '\0' : byte_at(s - 1);
  unsigned char here = s < m->text_end ? byte_at(s) : '\0';
  return !is_in_set(before, p, end - 1) && is_in_set(here, p, end - 1) ? end : NULL;
}

static const char *match_most(struct ms_lua_match *m, const char *s, const char *p, const char *end)
{
  ptrdiff_t count = 0;
  while (fits(m, s + count, p, end)) {
    count++;
  }
  for (; count >= 0; count--) {
    const char *found = match(m, s + count, end + 1);
    if (found != NULL) {
      return found;
    }
  }
  return NULL;
}

static const char *match_least(struct ms_lua_match *m, const char *s, const char *p,
                               const char *end)
{
  for (;;) {
    const char *found = match(m, s, end + 1);
    if (found != NULL) {
      return found;
    }
    if (!fits(m, s, p, end)) {
      return NULL;
    }
    s++;
  }
}

/* ---- the pattern ---- */

/* What became of one item. */
enum step { STEP_ON, STEP_DONE };

/* An item that is a character or a set, with what follows it. */
static enum step match_item(struct ms_lua_match *m, const char **s, const char **p,
                            const char **found)
{
  const char *end = item_end(m, *p);
  char quantifier = end < m->pattern_end ? *end : '\0';
  switch (quantifier) {
  case '*':
    *found = match_most(m, *s, *p, end);
    return STEP_DONE;
  case '+':
    *found = fits(m, *s, *p, end) ? match_most(m, *s + 1, *p, end) : NULL;
    return STEP_DONE;
  case '-':
    *found = match_least(m, *s, *p, end);
    return STEP_DONE;
  case '?':
    if (fits(m, *s, *p, end)) {
      *found = match(m, *s + 1, end + 1);
      if (*found != NULL) {
        return STEP_DONE;
      }
    }
    *p = end + 1;
    return STEP_ON;
  default:
    if (!fits(m, *s, *p, end)) {
      *found = NULL;
      return STEP_DONE;
    }
    *s += 1;
    *p = end;
    return STEP_ON;
  }
}

/* An item that begins with `%`. */
static enum step match_escape(struct ms_lua_match *m, const char **s, const char **p,
                              const char **found)
{
  char kind = *p + 1 < m->pattern_end ? (*p)[1] : '\0';
  const char *next = NULL;
  if (kind == 'b') {
    next = match_balance(m, *s, *p + 2);
    *s = next;
    *p += 4;
  } else if (kind == 'f') {
    next = match_frontier(m, *s, *p + 2);
    *p = next;
  } else if (kind >= '0' && kind <= '9') {
    next = match_again(m, *s, (unsigned char)kind);
    *s = next;
    *p += 2;
  } else {
    return match_item(m, s, p, found);
  }
  *found = NULL;
  return next == NULL ? STEP_DONE : STEP_ON;
}

static const char *match_from(struct ms_lua_match *m, const char *s, const char *p)
{
  const char *found = NULL;
  while (p < m->pattern_end) {
    enum step step;
    if (*p == '(') {
      bool is_position = p + 1 < m->pattern_end && p[1] == ')';
      return is_position ? open_capture(m, s, p + 2, MS_LUA_CAPTURE_POSITION)
                         : open_capture(m, s, p + 1, MS_LUA_CAPTURE_OPEN);
    }
    if (*p == ')') {
      return close_capture(m, s, p + 1);
    }
    if (*p == '$' && p + 1 == m->pattern_end) {
      return s == m->text_end ? s : NULL;
    }
    step = *p == '%' ? match_escape(m, &s, &p, &found) : match_item(m, &s, &p, &found);
    if (step == STEP_DONE) {
      return found;
    }
  }
  return s;
}

static const char *match(struct ms_lua_match *m, const char *s, const char *p)
{
  ms_lua_tick(m->L, m->vm, 8);
  if (++m->depth > DEPTH_MAX) {
    luaL_error(m->L, "pattern too complex");
  }
  const char *end = match_from(m, s, p);
  m->depth--;
  return end;
}

const char *ms_lua_match_at(struct ms_lua_match *m, const char *at, const char *pattern)
{
  m->depth = 0;
  m->count = 0;
  return match(m, at, pattern);
}

/* ---- results ---- */

void ms_lua_push_capture(struct ms_lua_match *m, int index, const char *start, const char *end)
{
  if (index >= m->count) {
    if (index != 0) {
      luaL_error(m->L, "invalid capture index %%%d", index + 1);
    }
    lua_pushlstring(m->L, start, (size_t)(end - start));
    return;
  }
  ptrdiff_t len = m->captures[index].len;
  if (len == MS_LUA_CAPTURE_OPEN) {
    luaL_error(m->L, "unfinished capture");
  }
  if (len == MS_LUA_CAPTURE_POSITION) {
    lua_pushinteger(m->L, m->captures[index].start - m->text + 1);
  } else {
    lua_pushlstring(m->L, m->captures[index].start, (size_t)len);
  }
}

int ms_lua_push_captures(struct ms_lua_match *m, const char *start, const char *end)
{
  int count = m->count == 0 && start != NULL ? 1 : m->count;
  luaL_checkstack(m->L, count, "too many captures");
  for (int i = 0; i < count; i++) {
    ms_lua_push_capture(m, i, start, end);
  }
  return count;
}
