/*
 * table.sort: quicksort with the median of three, in place, by heap when it goes wrong, so that no
 * input and no comparator takes more than n log n comparisons. Every comparison ticks, by the
 * length of what is compared: Lua compares strings with strcoll, and two long ones take long.
 *
 * A comparator that contradicts itself gives some order, or "invalid order function" as from Lua's
 * own; no index ever leaves the table.
 */
#include "luavm/internal.h"

#define SMALL 12 /* at most so many are sorted by insertion */

struct sort {
  lua_State *L;
  struct ms_lua_vm *vm;
  bool has_order; /* a comparator at index 2 */
};

static void get(struct sort *s, lua_Integer i)
{
  lua_geti(s->L, 1, i);
}

/* Pops the value on top into place i. */
static void set(struct sort *s, lua_Integer i)
{
  lua_seti(s->L, 1, i);
}

static uint32_t compare_ticks(lua_State *L, int a)
{
  size_t len = lua_type(L, a) == LUA_TSTRING ? lua_rawlen(L, a) : 0;
  return 16 + (len > (1u << 24) ? 1u << 24 : (uint32_t)len);
}

/* Whether the value at stack index a comes before that at b; both are negative. */
static bool is_less(struct sort *s, int a, int b)
{
  lua_State *L = s->L;
  ms_lua_tick(L, s->vm, compare_ticks(L, a));
  if (!s->has_order) {
    return lua_compare(L, a, b, LUA_OPLT) != 0;
  }
  lua_pushvalue(L, 2);
  lua_pushvalue(L, a - 1);
  lua_pushvalue(L, b - 2);
  lua_call(L, 2, 1);
  bool result = lua_toboolean(L, -1) != 0;
  lua_pop(L, 1);
  return result;
}

/* Exchanges places i and j if what is at j comes before what is at i. */
static void order_two(struct sort *s, lua_Integer i, lua_Integer j)
{
  get(s, i);
  get(s, j);
  if (is_less(s, -1, -2)) {
    set(s, i);
    set(s, j);
  } else {
    lua_pop(s->L, 2);
  }
}

static void exchange(struct sort *s, lua_Integer i, lua_Integer j)
{
  get(s, i);
  get(s, j);
  set(s, i);
  set(s, j);
}

static void sort_small(struct sort *s, lua_Integer low, lua_Integer high)
{
  for (lua_Integer i = low + 1; i <= high; i++) {
    lua_Integer at = i;
    get(s, i);
    while (at > low) {
      get(s, at - 1);
      if (!is_less(s, -2, -1)) {
        lua_pop(s->L, 1);
        break;
      }
      set(s, at);
      at--;
    }
    set(s, at);
  }
}

/* ---- by heap ---- */

static void sift_down(struct sort *s, lua_Integer low, lua_Integer root, lua_Integer count)
{
  for (;;) {
    lua_Integer child = 2 * root + 1;
    if (child >= count) {
      return;
    }
    get(s, low + child);
    if (child + 1 < count) {
      get(s, low + child + 1);
      if (is_less(s, -2, -1)) {
        lua_replace(s->L, -2);
        child++;
      } else {
        lua_pop(s->L, 1);
      }
    }
    get(s, low + root);
    if (!is_less(s, -1, -2)) {
      lua_pop(s->L, 2);
      return;
    }
    set(s, low + child);
    set(s, low + root);
    root = child;
  }
}

static void sort_by_heap(struct sort *s, lua_Integer low, lua_Integer high)
{
  lua_Integer count = high - low + 1;
  for (lua_Integer root = count / 2 - 1; root >= 0; root--) {
    sift_down(s, low, root, count);
  }
  for (lua_Integer end = count - 1; end > 0; end--) {
    exchange(s, low, low + end);
    sift_down(s, low, 0, end);
  }
}

/* ---- quicksort ---- */

/*
 * Parts low..high around the middle of three, which is then at the place returned. The ends are
 * ordered, so that they stop both scans; a comparator that lets a scan pass them is wrong.
 */
static lua_Integer part(struct sort *s, lua_Integer low, lua_Integer high)
{
  lua_State *L = s->L;
  lua_Integer middle = low + (high - low) / 2;
  order_two(s, low, middle);
  order_two(s, low, high);
  order_two(s, middle, high);
  exchange(s, middle, high - 1);
  lua_Integer i = low;
  lua_Integer j = high - 1;
  get(s, high - 1); /* the pivot stays on the stack */
  for (;;) {
    while (get(s, ++i), is_less(s, -1, -2)) {
      if (i >= high) {
        luaL_error(L, "invalid order function for sorting");
      }
      lua_pop(L, 1);
    }
    while (get(s, --j), is_less(s, -3, -1)) {
      if (j <= low) {
        luaL_error(L, "invalid order function for sorting");
      }
      lua_pop(L, 1);
    }
    if (j < i) {
      break;
    }
    set(s, i);
    set(s, j);
  }
  lua_pop(L, 3);
  exchange(s, high - 1, i);
  return i;
}

/* Recurses into the smaller part, so at most 63 deep. */
static void sort_range(struct sort *s, lua_Integer low, lua_Integer high, int budget)
{
  while (high - low >= SMALL) {
    if (budget-- == 0) {
      sort_by_heap(s, low, high);
      return;
    }
    lua_Integer pivot = part(s, low, high);
    if (pivot - low < high - pivot) {
      sort_range(s, low, pivot - 1, budget);
      low = pivot + 1;
    } else {
      sort_range(s, pivot + 1, high, budget);
      high = pivot - 1;
    }
  }
  sort_small(s, low, high);
}

int ms_lua_table_sort(lua_State *L)
{
  struct sort s = {L, ms_lua_vm_of(L), !lua_isnoneornil(L, 2)};
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_Integer count = luaL_len(L, 1);
  if (count > 1) {
    luaL_argcheck(L, count < INT32_MAX, 1, "array too big");
    if (s.has_order) {
      luaL_checktype(L, 2, LUA_TFUNCTION);
    }
    lua_settop(L, 2);
    luaL_checkstack(L, 40, "");
    int budget = 2;
    for (lua_Integer n = count; n > 1; n /= 2) {
      budget += 2;
    }
    sort_range(&s, 1, count, budget);
  }
  return 0;
}
