/* The table functions: results as from Lua's own, and order from any comparator. */
#include "fixture.h"

MT_TEST(lua_table__functions)
{
  static const struct fixture_row rows[] = {
      {"return table.concat({1, 2.5, 'x'}, '-')", "\"1-2.5-x\""},
      {"return table.concat({}, '-')", "\"\""},
      {"return table.concat({1, 2, 3}, ',', 2, 3)", "\"2,3\""},
      {"return table.concat({1, 2, 3}, ',', 3, 2)", "\"\""},
      {"return table.concat({[math.maxinteger] = 'x'}, '', math.maxinteger, math.maxinteger)", "\"x\""},
      {"return table.concat({1, {}, 3})", "invalid value (at index 2) in table for 'concat'"},
      {"return table.concat(setmetatable({}, {__index = function(_, i) return i end}), ',', 1, 3)",
       "\"1,2,3\""},
      {"local t = {1, 3} table.insert(t, 2, 2) table.insert(t, 4) return t", "[1,2,3,4]"},
      {"local t = {} table.insert(t, 1, 'a') return t", "[\"a\"]"},
      {"table.insert({1, 2}, 4, 1)", "position out of bounds"},
      {"table.insert({1, 2}, 0, 1)", "position out of bounds"},
      {"table.insert({1}, 1, 2, 3)", "wrong number of arguments to 'insert'"},
      {"table.insert({1})", "wrong number of arguments to 'insert'"},
      {"table.insert(nil, 1)", "table expected"},
      {"local t = {1, 2, 3} return {table.remove(t, 1), table.remove(t), t}", "[1,3,[2]]"},
      {"local t = {} return {table.remove(t) == nil, table.remove(t, 0) == nil}", "[true,true]"},
      {"local t = {1, 2} return {table.remove(t, 3) == nil, t}", "[true,[1,2]]"},
      {"table.remove({1, 2}, 4)", "position out of bounds"},
      {"return table.move({1, 2, 3}, 1, 3, 2)", "[1,1,2,3]"},
      {"return table.move({1, 2, 3}, 2, 3, 1)", "[2,3,3]"},
      {"return table.move({1, 2, 3}, 1, 3, 1, {9})", "[1,2,3]"},
      {"return table.move({1, 2, 3}, 1, 0, 5)", "[1,2,3]"},
      {"table.move({}, 1, math.maxinteger, 2)", "destination wrap around"},
      {"table.move({}, math.mininteger, 0, 2)", "too many elements to move"},
      {"return {table.unpack({1, 2, 3}, 2)}", "[2,3]"},
      {"return table.pack(1, nil).n", "2"},
      {"local t = {3, 1, 2} table.sort(t) return t", "[1,2,3]"},
      {"local t = {3, 1, 2} table.sort(t, function(a, b) return a > b end) return t", "[3,2,1]"},
      {"local t = {'b', 'a', 'C'} table.sort(t) return t", "[\"C\",\"a\",\"b\"]"},
      {"local t = {1, 'a'} table.sort(t) return t", "attempt to compare"},
      {"table.sort({1, 2, 3}, 1)", "function expected"},
      {"local t = {} table.sort(t) return t", "{}"},
      {"return next(table) ~= nil and table.foreach == nil", "true"},
  };
  FIXTURE_ROWS(rows);
}

/* Many shapes of input; the sum tells a lost item, the walk a wrong order. */
static const char sorter[] =
    "local shapes = {\n"
    "  function(i, n) return i end, function(i, n) return n - i end, function(i, n) return 1 end,\n"
    "  function(i, n) return i % 2 end, function(i, n) return i % 7 end,\n"
    "  function(i, n) return i < n / 2 and i or n - i end, function(i, n) return i * 7919 % 10007 end,\n"
    "  function(i, n) return math.random(1000) end }\n"
    "for s, shape in ipairs(shapes) do\n"
    "  for _, n in ipairs{0, 1, 2, 3, 11, 12, 13, 14, 50, 100, 1000, 5000} do\n"
    "    for _, order in ipairs{false, function(a, b) return a > b end} do\n"
    "      local t, sum = {}, 0\n"
    "      for i = 1, n do t[i] = shape(i, n) sum = sum + t[i] end\n"
    "      if order then table.sort(t, order) else table.sort(t) end\n"
    "      for i = 1, n do sum = sum - t[i] end\n"
    "      for i = 2, n do\n"
    "        if order and t[i - 1] < t[i] or not order and t[i - 1] > t[i] then return {s, n, 'order'} end\n"
    "      end\n"
    "      if sum ~= 0 or #t ~= n then return {s, n, 'items'} end\n"
    "    end\n"
    "  end\n"
    "end\n"
    "return 'sorted'";

MT_TEST(lua_table__sort_any_shape)
{
  static const struct fixture_row rows[] = {{sorter, "\"sorted\""}};
  FIXTURE_ROWS(rows);
}

/* Comparators that contradict themselves end, in some order or in an error; no item leaves the table. */
MT_TEST(lua_table__sort_wrong_comparators)
{
  static const struct fixture_row rows[] = {
      {"local orders = {function() return true end, function() return false end,\n"
       "  function() return math.random() < 0.5 end, function(a, b) return a <= b end}\n"
       "for _, order in ipairs(orders) do for n = 1, 200 do\n"
       "  local t = {} for i = 1, n do t[i] = i end\n"
       "  local ok, why = pcall(table.sort, t, order)\n"
       "  if not ok and not why:find('invalid order function') then return why end\n"
       "  if ok then local seen = {} for i = 1, n do seen[t[i]] = true end\n"
       "    for i = 1, n do if not seen[i] then return {'lost', i} end end end\n"
       "end end return 'fine'",
       "\"fine\""},
      {"local t = {} for i = 1, 100 do t[i] = i end\n"
       "return pcall(table.sort, t, function(a, b) error('x') end)",
       "false"},
      {"local t = {} for i = 1, 100 do t[i] = (i * 37) % 101 end\n" /* changed while it is sorted */
       "local ok = pcall(table.sort, t, function(a, b) t[50] = nil return (a or 0) < (b or 0) end)\n"
       "return type(ok)",
       "\"boolean\""},
  };
  FIXTURE_ROWS(rows);
}
