/*
 * The string library: Lua's own where the time it takes is in proportion to its text, ours where it
 * is not (patterns, plain search, repetition of nothing). Results are the same.
 */
#include "luavm/internal.h"
#include "luavm/match.h"

static struct ms_str check_text(lua_State *L, int index)
{
  struct ms_str text;
  text.data = luaL_checklstring(L, index, &text.len);
  return text;
}

/* ---- rep ---- */

static int string_rep(lua_State *L)
{
  struct ms_str text = check_text(L, 1);
  lua_Integer count = luaL_checkinteger(L, 2);
  struct ms_str separator;
  separator.data = luaL_optlstring(L, 3, "", &separator.len);
  size_t piece = text.len + separator.len;
  if (count <= 0 || piece == 0) {
    lua_pushliteral(L, "");
    return 1;
  }
  if (piece < text.len || piece > (size_t)PTRDIFF_MAX / (size_t)count) {
    return luaL_error(L, "resulting string too large");
  }
  size_t total = piece * (size_t)count - separator.len;
  luaL_Buffer out;
  char *at = luaL_buffinitsize(L, &out, total);
  for (lua_Integer i = 0; i < count; i++) {
    memcpy(at, text.data, text.len);
    at += text.len;
    if (i + 1 < count) {
      memcpy(at, separator.data, separator.len);
      at += separator.len;
    }
  }
  luaL_pushresultsize(&out, total);
  return 1;
}

/* ---- find, match ---- */

/* Where a search begins, from 0; past the end by more than one it finds nothing. */
static size_t start_position(lua_Integer position, size_t len)
{
  if (position > 0) {
    return (size_t)position - 1;
  }
  if (position == 0 || position < -(lua_Integer)len) {
    return 0;
  }
  return len - (size_t)(-position);
}

static bool has_specials(struct ms_str pattern)
{
  for (size_t i = 0; i < pattern.len; i++) {
    if (pattern.data[i] != '\0' && strchr("^$*+?.([%-", pattern.data[i]) != NULL) {
      return true;
    }
  }
  return false;
}

/* memmem takes time in proportion to both, which a search by hand does not. */
static int find_plain(lua_State *L, struct ms_str text, struct ms_str wanted, size_t from)
{
  const char *found = wanted.len == 0
                          ? text.data + from
                          : memmem(text.data + from, text.len - from, wanted.data, wanted.len);
  if (found == NULL) {
    lua_pushnil(L);
    return 1;
  }
  lua_pushinteger(L, found - text.data + 1);
  lua_pushinteger(L, found - text.data + (lua_Integer)wanted.len);
  return 2;
}

static int search(lua_State *L, bool is_find)
{
  struct ms_str text = check_text(L, 1);
  struct ms_str pattern = check_text(L, 2);
  size_t from = start_position(luaL_optinteger(L, 3, 1), text.len);
  if (from > text.len) {
    lua_pushnil(L);
    return 1;
  }
  if (is_find && (lua_toboolean(L, 4) || !has_specials(pattern))) {
    return find_plain(L, text, pattern, from);
  }
  struct ms_lua_match m;
  ms_lua_match_init(&m, L, text, pattern);
  bool is_anchored = pattern.len > 0 && pattern.data[0] == '^';
  const char *p = pattern.data + is_anchored;
  for (const char *at = text.data + from; at <= m.text_end; at++) {
    const char *end = ms_lua_match_at(&m, at, p);
    if (end != NULL && is_find) {
      lua_pushinteger(L, at - text.data + 1);
      lua_pushinteger(L, end - text.data);
      return 2 + ms_lua_push_captures(&m, NULL, NULL);
    }
    if (end != NULL) {
      return ms_lua_push_captures(&m, at, end);
    }
    if (is_anchored) {
      break;
    }
  }
  lua_pushnil(L);
  return 1;
}

static int string_find(lua_State *L)
{
  return search(L, true);
}

static int string_match(lua_State *L)
{
  return search(L, false);
}

/* ---- gmatch ---- */

/* Upvalues: text, pattern, position of the next try, end of the last match (or -1). */
static int gmatch_next(lua_State *L)
{
  struct ms_lua_match m;
  struct ms_str text = check_text(L, lua_upvalueindex(1));
  struct ms_str pattern = check_text(L, lua_upvalueindex(2));
  lua_Integer last = lua_tointeger(L, lua_upvalueindex(4));
  ms_lua_match_init(&m, L, text, pattern);
  for (const char *at = text.data + lua_tointeger(L, lua_upvalueindex(3)); at <= m.text_end; at++) {
    const char *end = ms_lua_match_at(&m, at, pattern.data);
    if (end != NULL && end - text.data != last) {
      lua_pushinteger(L, end - text.data);
      lua_copy(L, -1, lua_upvalueindex(3));
      lua_replace(L, lua_upvalueindex(4));
      return ms_lua_push_captures(&m, at, end);
    }
  }
  return 0;
}

static int string_gmatch(lua_State *L)
{
  struct ms_str text = check_text(L, 1);
  check_text(L, 2);
  size_t from = start_position(luaL_optinteger(L, 3, 1), text.len);
  lua_settop(L, 2);
  lua_pushinteger(L, (lua_Integer)(from > text.len ? text.len + 1 : from));
  lua_pushinteger(L, -1);
  lua_pushcclosure(L, gmatch_next, 4);
  return 1;
}

/* ---- gsub ---- */

/* What stands for a match in a replacement text: %0 to %9 and %%. */
static void add_replacement_text(struct ms_lua_match *m, luaL_Buffer *out, const char *start,
                                 const char *end)
{
  lua_State *L = m->L;
  struct ms_str text = check_text(L, 3);
  size_t from = 0;
  for (;;) {
    size_t at = ms_str_find(text, from, '%');
    luaL_addlstring(out, text.data + from, at - from);
    if (at == text.len) {
      return;
    }
    char c = at + 1 < text.len ? text.data[at + 1] : '\0';
    if (c == '%') {
      luaL_addchar(out, '%');
    } else if (c == '0') {
      luaL_addlstring(out, start, (size_t)(end - start));
    } else if (c >= '1' && c <= '9') {
      ms_lua_push_capture(m, c - '1', start, end);
      luaL_tolstring(L, -1, NULL); /* a position is a number */
      lua_remove(L, -2);
      luaL_addvalue(out);
    } else {
      luaL_error(L, "invalid use of '%%' in replacement string");
    }
    from = at + 2;
  }
}

/* A buffer may lie on the stack, so what is pushed must be popped before it is added to. */
static bool add_replacement(struct ms_lua_match *m, luaL_Buffer *out, const char *start,
                            const char *end, int kind)
{
  lua_State *L = m->L;
  if (kind == LUA_TFUNCTION) {
    lua_pushvalue(L, 3);
    lua_call(L, ms_lua_push_captures(m, start, end), 1);
  } else if (kind == LUA_TTABLE) {
    ms_lua_push_capture(m, 0, start, end);
    lua_gettable(L, 3);
  } else {
    add_replacement_text(m, out, start, end);
    return true;
  }
  if (!lua_toboolean(L, -1)) {
    lua_pop(L, 1);
    luaL_addlstring(out, start, (size_t)(end - start));
    return false;
  }
  if (!lua_isstring(L, -1)) {
    luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
  }
  luaL_addvalue(out);
  return true;
}

static int string_gsub(lua_State *L)
{
  struct ms_str text = check_text(L, 1);
  struct ms_str pattern = check_text(L, 2);
  int kind = lua_type(L, 3);
  luaL_argexpected(
      L, kind == LUA_TNUMBER || kind == LUA_TSTRING || kind == LUA_TFUNCTION || kind == LUA_TTABLE,
      3, "string/function/table");
  lua_Integer max = luaL_optinteger(L, 4, (lua_Integer)text.len + 1);
  bool is_anchored = pattern.len > 0 && pattern.data[0] == '^';
  bool is_changed = false;
  lua_Integer count = 0;
  const char *at = text.data;
  const char *last = NULL;
  struct ms_lua_match m;
  luaL_Buffer out;
  ms_lua_match_init(&m, L, text, pattern);
  luaL_buffinit(L, &out);
  while (count < max) {
    const char *end = ms_lua_match_at(&m, at, pattern.data + is_anchored);
    if (end != NULL && end != last) {
      count++;
      is_changed = add_replacement(&m, &out, at, end, kind) || is_changed;
      at = last = end;
    } else if (at < m.text_end) {
      luaL_addchar(&out, *at++);
    } else {
      break;
    }
    if (is_anchored) {
      break;
    }
  }
  if (!is_changed) {
    lua_pushvalue(L, 1);
  } else {
    luaL_addlstring(&out, at, (size_t)(m.text_end - at));
    luaL_pushresult(&out);
  }
  lua_pushinteger(L, count);
  return 2;
}

int ms_lua_open_string(lua_State *L)
{
  static const char *const safe[] = {
      "byte",     "char",    "format", "len",    "lower", "pack",
      "packsize", "reverse", "sub",    "unpack", "upper", NULL,
  };
  static const luaL_Reg ours[] = {
      {"find", string_find},   {"gmatch", string_gmatch}, {"gsub", string_gsub},
      {"match", string_match}, {"rep", string_rep},       {NULL, NULL},
  };
  luaopen_string(L);
  lua_createtable(L, 0, 20);
  ms_lua_copy_fields(L, -2, safe);
  luaL_setfuncs(L, ours, 0);
  lua_remove(L, -2);
  lua_pushliteral(L, "");
  lua_getmetatable(L, -1);
  lua_pushvalue(L, -3);
  lua_setfield(L, -2, "__index");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 2);
  return 1;
}
