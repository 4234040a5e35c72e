/*
 * JSON to Lua and back, without a detour through text.
 *
 *   null               light userdata NULL: mstep.null, cjson.null
 *   integer, double    integer, float: 1 and 1.0 stay apart; -0, which no integer of Lua is, is -0.0
 *   number past both   userdata "mstep.number" that keeps the text
 *   array              table with the array mark as its metatable, so that an empty one stays []
 *   object             plain table; going back its members are sorted by name: Lua's own order
 *                      differs from process to process
 *
 * Going back, a table without the mark is an array when its keys are 1..n and n > 0. Holes, keys of
 * both kinds, other keys, functions, NaN, strings that are not UTF-8 and cycles are errors that
 * name the place. Metamethods are not called.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/utf8.h"
#include "luavm/internal.h"

#define PATH_SIZE 256
#define MEMBERS_MAX ((size_t)4 << 20)
#define NODE_BYTES 4

const char ms_lua_empty_array = 0;
static const char array_key = 0; /* addresses that are keys in the registry */
static const char big_key = 0;

/* ---- big numbers ---- */

static int big_tostring(lua_State *L)
{
  luaL_checkudata(L, 1, "mstep.number");
  lua_getiuservalue(L, 1, 1);
  return 1;
}

static int big_eq(lua_State *L)
{
  bool is_equal =
      luaL_testudata(L, 1, "mstep.number") != NULL && luaL_testudata(L, 2, "mstep.number") != NULL;
  if (is_equal) {
    lua_getiuservalue(L, 1, 1);
    lua_getiuservalue(L, 2, 1);
    is_equal = lua_rawequal(L, -1, -2);
  }
  lua_pushboolean(L, is_equal);
  return 1;
}

static void push_big(lua_State *L, struct ms_str text)
{
  lua_newuserdatauv(L, 0, 1);
  lua_pushlstring(L, text.data, text.len);
  lua_setiuservalue(L, -2, 1);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &big_key);
  lua_setmetatable(L, -2);
}

void ms_lua_value_open(lua_State *L)
{
  static const luaL_Reg big[] = {{"__tostring", big_tostring}, {"__eq", big_eq}, {NULL, NULL}};
  struct ms_lua_vm *vm = ms_lua_vm_of(L);
  luaL_newmetatable(L, "mstep.number");
  luaL_setfuncs(L, big, 0);
  lua_pushliteral(L, "mstep.number");
  lua_setfield(L, -2, "__metatable");
  vm->big_mark = lua_topointer(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &big_key);
  lua_createtable(L, 0, 2);
  lua_pushliteral(L, "mstep.array");
  lua_setfield(L, -2, "__name");
  lua_pushliteral(L, "mstep.array"); /* out of reach: who could change it could plant a finalizer */
  lua_setfield(L, -2, "__metatable");
  vm->array_mark = lua_topointer(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &array_key);
}

void ms_lua_push_array_mark(lua_State *L)
{
  lua_rawgetp(L, LUA_REGISTRYINDEX, &array_key);
}

/* ---- JSON to Lua ---- */

/* Recursion is bounded by the depth that values have. */
static void push_value(lua_State *L, struct ms_json value)
{
  struct ms_str text;
  switch (value.type) {
  case MS_JSON_BOOL:
    lua_pushboolean(L, value.u.boolean);
    return;
  case MS_JSON_INT:
    if (ms_json_is_negative_zero(value)) {
      lua_pushnumber(L, -0.0);
    } else {
      lua_pushinteger(L, value.u.integer);
    }
    return;
  case MS_JSON_DOUBLE:
    lua_pushnumber(L, value.u.number);
    return;
  case MS_JSON_BIG:
    push_big(L, ms_json_text(value));
    return;
  case MS_JSON_STRING:
    text = ms_json_text(value);
    lua_pushlstring(L, text.data, text.len);
    return;
  case MS_JSON_ARRAY:
  case MS_JSON_OBJECT:
    ms_lua_push_json(L, value);
    return;
  default:
    lua_pushlightuserdata(L, NULL);
  }
}

static int size_hint(size_t count)
{
  return count > INT32_MAX ? INT32_MAX : (int)count;
}

void ms_lua_push_json(lua_State *L, struct ms_json value)
{
  luaL_checkstack(L, 4, "JSON nested too deep");
  size_t count = ms_json_count(value);
  if (ms_json_is_array(value)) {
    lua_createtable(L, size_hint(count), 0);
    for (size_t i = 0; i < count; i++) {
      push_value(L, ms_json_at(value, i));
      lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    ms_lua_push_array_mark(L);
    lua_setmetatable(L, -2);
  } else if (ms_json_is_object(value)) {
    lua_createtable(L, 0, size_hint(count));
    for (size_t i = 0; i < count; i++) {
      struct ms_str key = ms_json_key(value, i);
      lua_pushlstring(L, key.data, key.len);
      push_value(L, ms_json_member(value, i));
      lua_rawset(L, -3);
    }
  } else {
    push_value(L, value);
  }
}

/* ---- Lua to JSON ---- */

struct member {
  struct ms_str key; /* bytes of the Lua string, which the table keeps alive */
  struct ms_json value;
};

struct reader {
  lua_State *L;
  struct ms_lua_vm *vm;
  MS_VEC(struct member) members; /* of all objects under construction, the innermost last */
  size_t work;                   /* bytes so far */
  uint32_t depth;
  size_t path_len; /* built from the end while an error goes up */
  char path[PATH_SIZE];
  const void *tables[MS_LUA_DEPTH_MAX + 1]; /* that are being converted, outermost first */
};

static int read_value(struct reader *r, struct ms_json *out);

static int fail(struct reader *r, const char *what)
{
  r->path_len = 0;
  return ms_error(MSTEP_EINVALID, "%s", what);
}

/* Puts a step before the path. */
static void note_step(struct reader *r, const char *step, size_t len)
{
  size_t room = PATH_SIZE - r->path_len;
  if (len > room) {
    return; /* the innermost steps say most */
  }
  memmove(r->path + len, r->path, r->path_len);
  memcpy(r->path, step, len);
  r->path_len += len;
}

static void note_key(struct reader *r, struct ms_str key)
{
  if (key.len < 64) {
    note_step(r, key.data, key.len);
    note_step(r, ".", 1);
  } else {
    note_step(r, ".?", 2);
  }
}

static void note_index(struct reader *r, lua_Integer index)
{
  char step[32];
  int len = snprintf(step, sizeof step, "[%lld]", (long long)index);
  note_step(r, step, (size_t)len);
}

static int add_work(struct reader *r, size_t bytes)
{
  if (bytes > r->vm->json_max - r->work) {
    return ms_error(MSTEP_ETOOBIG, "larger than %zu bytes", r->vm->json_max);
  }
  if (ms_lua_is_killed(r->vm)) {
    return ms_error(MSTEP_ETIMEOUT, "the call is killed");
  }
  r->work += bytes;
  return MSTEP_OK;
}

static int check_string(struct reader *r, struct ms_str text)
{
  size_t good = ms_utf8_check(text);
  if (good != text.len) {
    char what[64];
    snprintf(what, sizeof what, "the string is not UTF-8 (byte %zu)", good + 1);
    return fail(r, what);
  }
  return add_work(r, text.len + NODE_BYTES);
}

static struct ms_str string_at(lua_State *L, int index)
{
  struct ms_str text;
  text.data = lua_tolstring(L, index, &text.len);
  return text;
}

static int read_string(struct reader *r, struct ms_json *out)
{
  struct ms_str text = string_at(r->L, -1);
  int err = check_string(r, text);
  if (err == 0) {
    *out = ms_json_string(text);
    err = ms_json_is_none(*out) ? ms_error_nomem() : MSTEP_OK;
  }
  return err;
}

static int read_number(struct reader *r, struct ms_json *out)
{
  if (lua_isinteger(r->L, -1)) {
    *out = ms_json_int(lua_tointeger(r->L, -1));
  } else {
    double number = lua_tonumber(r->L, -1);
    if (!isfinite(number)) {
      return fail(r, isnan(number) ? "NaN is no JSON" : "an infinite number is no JSON");
    }
    *out = ms_json_double(number);
  }
  return add_work(r, NODE_BYTES);
}

static int read_userdata(struct reader *r, struct ms_json *out)
{
  if (lua_islightuserdata(r->L, -1)) {
    const void *address = lua_touserdata(r->L, -1);
    if (address == NULL) {
      *out = MS_JSON_VALUE_NULL;
      return add_work(r, NODE_BYTES);
    }
    if (address == &ms_lua_empty_array) {
      *out = ms_json_array(0);
      return ms_json_is_none(*out) ? MSTEP_ENOMEM : add_work(r, NODE_BYTES);
    }
  } else if (lua_getmetatable(r->L, -1)) {
    bool is_big = lua_topointer(r->L, -1) == r->vm->big_mark;
    lua_pop(r->L, 1);
    if (is_big) {
      lua_getiuservalue(r->L, -1, 1);
      struct ms_str text = string_at(r->L, -1);
      int err = ms_json_parse(out, text, &MS_JSON_LIMITS_OWN, NULL);
      lua_pop(r->L, 1);
      return err != 0 ? err : add_work(r, text.len + NODE_BYTES);
    }
  }
  return fail(r, "a userdata cannot be JSON");
}

/* ---- tables ---- */

/*
 * Is there nothing but the keys 1..count, in whatever order? The key that was read is on the
 * stack.
 */
static int check_array(struct reader *r, lua_Integer *count)
{
  lua_State *L = r->L;
  lua_Integer seen = 0;
  lua_Integer largest = 0;
  lua_pop(L, 2);
  lua_pushnil(L);
  while (lua_next(L, -2) != 0) {
    lua_pop(L, 1);
    if (!lua_isinteger(L, -1)) {
      bool is_string = lua_type(L, -1) == LUA_TSTRING;
      lua_pop(L, 1);
      return fail(r, is_string ? "the table has both array items and named members"
                               : "a key is neither a string nor an array index");
    }
    lua_Integer index = lua_tointeger(L, -1);
    seen++;
    largest = index > largest ? index : largest;
    if (index < 1) {
      lua_pop(L, 1);
      return fail(r, "an array index is less than 1");
    }
  }
  *count = seen;
  if (largest != seen) {
    return fail(r, "the array has holes: use mstep.null for missing items");
  }
  return MSTEP_OK;
}

/* Items in order of their index, when the table's own order was another. `array` is empty again. */
static int read_items_by_index(struct reader *r, struct ms_json *array)
{
  lua_Integer count;
  int err = check_array(r, &count);
  ms_json_replace(array, MS_JSON_VALUE_NONE);
  if (err != 0) {
    return err;
  }
  *array = ms_json_array((size_t)count);
  for (lua_Integer i = 1; i <= count; i++) {
    struct ms_json item = MS_JSON_VALUE_NONE;
    lua_rawgeti(r->L, -1, i);
    err = read_value(r, &item);
    lua_pop(r->L, 1);
    if (err != 0) {
      note_index(r, i);
      return err;
    }
    err = ms_json_push(array, item);
    if (err != 0) {
      return err;
    }
  }
  return MSTEP_OK;
}

/* The first key and value are on the stack, the table below. The common case takes one pass. */
static int read_items(struct reader *r, struct ms_json *array)
{
  lua_State *L = r->L;
  size_t start = r->work;
  lua_Integer expected = 1;
  *array = ms_json_array((size_t)lua_rawlen(L, -3));
  do {
    if (!lua_isinteger(L, -2) || lua_tointeger(L, -2) != expected) {
      r->work = start;
      return read_items_by_index(r, array);
    }
    struct ms_json item = MS_JSON_VALUE_NONE;
    int err = read_value(r, &item);
    if (err == 0) {
      err = ms_json_push(array, item);
    } else {
      note_index(r, expected);
    }
    if (err != 0) {
      lua_pop(L, 2);
      return err;
    }
    lua_pop(L, 1);
    expected++;
  } while (lua_next(L, -2) != 0);
  return MSTEP_OK;
}

static int compare_members(const void *a, const void *b)
{
  return ms_str_cmp(((const struct member *)a)->key, ((const struct member *)b)->key);
}

static void sort_members(struct member *members, size_t count)
{
  if (count > 16) {
    qsort(members, count, sizeof *members, compare_members);
    return;
  }
  for (size_t i = 1; i < count; i++) {
    struct member moved = members[i];
    size_t at = i;
    while (at > 0 && ms_str_cmp(members[at - 1].key, moved.key) > 0) {
      members[at] = members[at - 1];
      at--;
    }
    members[at] = moved;
  }
}

/*
 * A member's name as a value, borrowed from the cache: handlers return the same names again and
 * again.
 */
static struct ms_json key_value(struct ms_lua_vm *vm, struct ms_str key)
{
  struct ms_json *slot = &vm->keys[((uintptr_t)key.data >> 4) % MS_LUA_KEY_CACHE];
  if (!ms_json_is_string(*slot) || !ms_str_eq(ms_json_text(*slot), key)) {
    ms_json_replace(slot, ms_json_string(key));
  }
  return *slot;
}

static int build_object(struct reader *r, struct ms_json *out, size_t from)
{
  size_t count = r->members.count - from;
  struct member *members = count == 0 ? NULL : r->members.data + from;
  sort_members(members, count);
  *out = ms_json_object(count);
  int err = ms_json_is_none(*out) ? MSTEP_ENOMEM : MSTEP_OK;
  for (size_t i = 0; i < count; i++) {
    if (err == 0) {
      err = ms_json_set_key(out, key_value(r->vm, members[i].key), members[i].value);
    } else {
      ms_json_unref(members[i].value);
    }
  }
  r->members.count = from;
  return err;
}

/* The first key and value are on the stack, the table below. */
static int read_members(struct reader *r, struct ms_json *object)
{
  lua_State *L = r->L;
  size_t from = r->members.count;
  int err = MSTEP_OK;
  do {
    struct member member = {{NULL, 0}, MS_JSON_VALUE_NONE};
    if (lua_type(L, -2) != LUA_TSTRING) {
      err = fail(r, lua_isinteger(L, -2) ? "the table has both array items and named members"
                                         : "a key is neither a string nor an array index");
    } else {
      member.key = string_at(L, -2);
      err = check_string(r, member.key);
      if (err == 0) {
        err = read_value(r, &member.value);
        if (err != 0) {
          note_key(r, member.key);
        }
      }
    }
    if (err == 0) {
      err = MS_VEC_RESERVE(&r->members, MEMBERS_MAX, 1);
      if (err == 0) {
        r->members.data[r->members.count++] = member;
      } else {
        ms_json_unref(member.value);
      }
    }
    lua_pop(L, err == 0 ? 1 : 2);
  } while (err == 0 && lua_next(L, -2) != 0);
  if (err == 0) {
    return build_object(r, object, from);
  }
  while (r->members.count > from) {
    ms_json_unref(r->members.data[--r->members.count].value);
  }
  return err;
}

static bool is_cycle(const struct reader *r, const void *table)
{
  for (uint32_t i = 0; i < r->depth; i++) {
    if (r->tables[i] == table) {
      return true;
    }
  }
  return false;
}

static bool has_array_mark(struct reader *r)
{
  if (!lua_getmetatable(r->L, -1)) {
    return false;
  }
  bool is_marked = lua_topointer(r->L, -1) == r->vm->array_mark;
  lua_pop(r->L, 1);
  return is_marked;
}

static int read_table(struct reader *r, struct ms_json *out)
{
  lua_State *L = r->L;
  const void *table = lua_topointer(L, -1);
  if (r->depth >= MS_LUA_DEPTH_MAX || !lua_checkstack(L, 6)) {
    return fail(r, is_cycle(r, table) ? "a table contains itself" : "tables nested too deep");
  }
  int err = add_work(r, NODE_BYTES);
  if (err != 0) {
    return err;
  }
  bool is_array = has_array_mark(r);
  r->tables[r->depth++] = table;
  lua_pushnil(L);
  if (lua_next(L, -2) == 0) {
    *out = is_array ? ms_json_array(0) : ms_json_object(0);
    err = ms_json_is_none(*out) ? MSTEP_ENOMEM : MSTEP_OK;
  } else if (is_array || lua_isinteger(L, -2)) {
    err = read_items(r, out);
  } else {
    err = read_members(r, out);
  }
  r->depth--;
  return err;
}

static int read_by_type(struct reader *r, struct ms_json *out)
{
  switch (lua_type(r->L, -1)) {
  case LUA_TNIL: /* only as the whole value: tables have none */
    *out = MS_JSON_VALUE_NULL;
    return MSTEP_OK;
  case LUA_TBOOLEAN:
    *out = ms_json_bool(lua_toboolean(r->L, -1) != 0);
    return add_work(r, NODE_BYTES);
  case LUA_TNUMBER:
    return read_number(r, out);
  case LUA_TSTRING:
    return read_string(r, out);
  case LUA_TTABLE:
    return read_table(r, out);
  case LUA_TLIGHTUSERDATA:
  case LUA_TUSERDATA:
    return read_userdata(r, out);
  case LUA_TFUNCTION:
    return fail(r, "a function cannot be JSON");
  default:
    return fail(r, "a coroutine cannot be JSON");
  }
}

/* The value on top, which stays. *out is NONE before, and after a failure. */
static int read_value(struct reader *r, struct ms_json *out)
{
  int err = read_by_type(r, out);
  if (err != 0) {
    ms_json_replace(out, MS_JSON_VALUE_NONE);
  }
  return err;
}

int ms_lua_to_json(struct ms_json *out, lua_State *L, int index)
{
  struct reader r;
  *out = MS_JSON_VALUE_NONE;
  if (!lua_checkstack(L, 6)) {
    return ms_error_nomem();
  }
  r.L = L;
  r.vm = ms_lua_vm_of(L);
  memset(&r.members, 0, sizeof r.members);
  r.work = 0;
  r.depth = 0;
  r.path_len = 0;
  lua_pushvalue(L, index);
  int err = read_value(&r, out);
  lua_pop(L, 1);
  ms_free(r.members.data);
  r.vm->json_work = r.work;
  if (err != 0 && r.path_len > 0) {
    return ms_error(err, "at %.*s: %s", (int)r.path_len, r.path, ms_error_detail());
  }
  return err;
}
