/* Our string functions give what Lua's own give, results and errors, on rows and on random patterns. */
#include <lauxlib.h>
#include <lualib.h>

#include "fixture.h"

/* Runs in both; must be the same text. Errors lose their position: chunk names differ. */
static const char runner[] =
    "local function show(...)\n"
    "  local out = {}\n"
    "  for i = 1, select('#', ...) do\n"
    "    local v = select(i, ...)\n"
    "    out[i] = math.type(v) == 'float' and 'f' .. v or type(v) == 'string' and ('%q'):format(v) or tostring(v)\n"
    "  end\n"
    "  return table.concat(out, ',')\n"
    "end\n"
    "local function try(f, ...)\n"
    "  local r = table.pack(pcall(f, ...))\n"
    "  if r[1] then return show(table.unpack(r, 1, r.n)) end\n"
    "  local at, stop = tostring(r[2]):find(':%d+: ')\n"
    "  return 'error ' .. tostring(r[2]):sub(stop and stop + 1 or 1)\n"
    "end\n";

static lua_State *reference;

static const char *run_reference(const char *source)
{
  if (luaL_loadstring(reference, source) != LUA_OK || lua_pcall(reference, 0, 1, 0) != LUA_OK) {
    mt_fail("reference: %s", lua_tostring(reference, -1));
  }
  return lua_tostring(reference, -1);
}

static void compare(struct fixture *f, const char *body)
{
  struct answer a;
  char *chunk = mt_format("%s%s", runner, body);
  fixture_load(f, "s", mt_format("return function()\n%s\nend", chunk));
  fixture_call(f, &a, "s", "{}", 0);
  mt_eq_int(a.outcome, MS_LUA_OK);
  const char *expected = run_reference(chunk);
  struct ms_json text;
  mt_eq_int(ms_json_parse(&text, ms_str_c(a.output), NULL, NULL), 0);
  const char *got = ms_json_text(text).data;
  size_t same = 0;
  while (got[same] == expected[same] && got[same] != '\0') {
    same++;
  }
  if (got[same] != expected[same]) {
    same = same < 60 ? 0 : same - 60;
    mt_report("%.80s\nours:  %.200s\nLua's: %.200s", body, got + same, expected + same);
  }
  ms_json_unref(text);
  lua_settop(reference, 0);
}

static void begin(struct fixture *f)
{
  fixture_init(f, (struct ms_lua_options){0}, true);
  reference = luaL_newstate();
  luaL_openlibs(reference);
}

static void end(struct fixture *f)
{
  lua_close(reference);
  fixture_deinit(f);
}

static const char *const rows[] = {
    "return try(string.find, 'hello', 'l')",
    "return try(string.find, 'hello', 'l', -1)",
    "return try(string.find, 'hello', '', 10)",
    "return try(string.find, 'hello', '', 6)",
    "return try(string.find, '', '')",
    "return try(string.find, 'a.b', '.', 2, true)",
    "return try(string.find, 'a+b', '+', 1, true)",
    "return try(string.find, 'a\\0b', '\\0')",
    "return try(string.find, 'a\\0b', '%z')",
    "return try(string.find, 'hello', '(l)(l)')",
    "return try(string.find, 'hello', '()ll()')",
    "return try(string.find, 'hello', '^h')",
    "return try(string.find, 'hello', '^e')",
    "return try(string.find, 'hello', 'o$')",
    "return try(string.find, 'hel$lo', 'l$l')",
    "return try(string.match, 'key = value', '^(%w+)%s*=%s*(%w+)$')",
    "return try(string.match, '2024-02-29', '(%d+)-(%d+)-(%d+)')",
    "return try(string.match, 'THE (quick) fox', '%((%a+)%)')",
    "return try(string.match, 'a(b(c)d)e', '%b()')",
    "return try(string.match, 'THE (quick) fox', '%f[%a]%a+%f[%A]', 5)",
    "return try(string.match, 'aXbX', '(%a)X%1')",
    "return try(string.match, 'abab', '(ab)%1')",
    "return try(string.match, 'abc', '()')",
    "return try(string.match, '', '()')",
    "return try(string.match, 'x]', '[]]')",
    "return try(string.match, 'x^-', '[%^%-]+')",
    "return try(string.match, 'a-c', '[a%-c]+')",
    "return try(string.match, 'b', '[a-c]')",
    "return try(string.match, '-', '[a-]')",
    "return try(string.match, 'xyz', '[^a-c]+')",
    "return try(string.match, 'aaa', 'a-')",
    "return try(string.match, 'aaab', 'a-b')",
    "return try(string.match, 'aaa', 'a?a?a?a?')",
    "return try(string.gsub, 'hello world', 'o', '0')",
    "return try(string.gsub, 'hello world', 'o', '0', 1)",
    "return try(string.gsub, 'hello', '', '-')",
    "return try(string.gsub, 'hello world', '(%w+)', '<%1>')",
    "return try(string.gsub, 'hello world', '%w+', '%0 %0', 1)",
    "return try(string.gsub, 'abc', '%w', '%%')",
    "return try(string.gsub, 'abc', '%w', '%1')",
    "return try(string.gsub, 'abc', '()b', '%1')",
    "return try(string.gsub, 'abc', 'b', {b = 'B'})",
    "return try(string.gsub, 'abc', '%w', {a = 1, b = false})",
    "return try(string.gsub, 'abc', '(a)(b)', function(x, y) return y .. x end)",
    "return try(string.gsub, 'abc', 'b', function() return nil end)",
    "return try(string.gsub, 'abc', '^a', 'x')",
    "return try(string.gsub, 'aaa', '^a', 'x')",
    "return try(string.gsub, 'abc', 'b', 12)",
    "return try(string.gsub, 'abc def', '%f[%w]%w+', string.upper)",
    "return try(string.gsub, 'abc', 'b', '%2')",
    "return try(string.gsub, 'abc', 'b', '%x')",
    "return try(string.gsub, 'abc', 'b', '%')",
    "return try(string.gsub, 'abc', 'b', function() return {} end)",
    "return try(string.gsub, 'abc', 'b', true)",
    "return try(string.gsub, 'abc', 'b')",
    "return try(string.gsub, 'a\\0b', '%z', '0')",
    "return try(string.find, 'a', '[')",
    "return try(string.find, 'a', '[a')",
    "return try(string.find, 'a', '[^')",
    "return try(string.find, 'a', '[%')",
    "return try(string.find, 'a', '%')",
    "return try(string.find, 'a', '(a')",
    "return try(string.find, 'a', 'a)')",
    "return try(string.find, 'a', '%1')",
    "return try(string.find, 'a', '(a)%2')",
    "return try(string.find, 'a', '(a%1)')",
    "return try(string.find, 'a', '%b')",
    "return try(string.find, 'a', '%bx')",
    "return try(string.find, 'a', '%f')",
    "return try(string.find, 'a', ('(a?)'):rep(33))",
    "return try(string.find, ('a'):rep(300), ('a?'):rep(300) .. 'b')",
    "return try(string.find, nil, 'a')",
    "return try(string.find, 'a')",
    "return try(string.find, 12, 2)",
    "return try(string.rep, 'ab', 3)",
    "return try(string.rep, 'ab', 3, ',')",
    "return try(string.rep, 'ab', 0)",
    "return try(string.rep, 'ab', -1)",
    "return try(string.rep, '', 5, ',')",
    "return try(string.rep, 'x', 1, ',')",
    "return try(string.rep, 'xx', 1 << 62)",
    "return try(string.rep, 'x', 'y')",
    "local t = {} for k, v in string.gmatch('a=1, b=2', '(%w+)=(%w+)') do t[#t+1] = k .. v end return show(table.unpack(t))",
    "local t = {} for w in string.gmatch('one two', '%a+') do t[#t+1] = w end return show(table.unpack(t))",
    "local t = {} for p in string.gmatch('abc', '()') do t[#t+1] = p end return show(table.unpack(t))",
    "local t = {} for w in string.gmatch('abc', '') do t[#t+1] = w end return show(table.unpack(t))",
    "local t = {} for w in string.gmatch('^a^b', '^a') do t[#t+1] = w end return show(table.unpack(t))",
    "local t = {} for w in string.gmatch('abcabc', 'b', 3) do t[#t+1] = w end return show(table.unpack(t))",
    "local t = {} for w in string.gmatch('abcabc', 'b', -2) do t[#t+1] = w end return show(table.unpack(t))",
    "local t = {} for w in string.gmatch('abc', 'b', 20) do t[#t+1] = w end return show(table.unpack(t))",
    "local n = 0 for c in string.char(0,1,9,31,32,47,48,65,90,97,122,126,127,128,200,255):gmatch('[%a%d%p%s%c]') do n = n + 1 end return show(n)",
    "return show(('x'):rep(3), ('%d'):format(3), #('abc'), ('abc'):upper(), ('a'):byte())",
    "return show('10' + 1, '3' * '4')",
};

MT_TEST(lua_string__rows)
{
  struct fixture f;
  begin(&f);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    compare(&f, rows[i]);
  }
  end(&f);
}

/* Classes of every byte. */
MT_TEST(lua_string__classes)
{
  struct fixture f;
  begin(&f);
  compare(&f, "local out = {} for class in ('acdglpsuwxACDGLPSUWX'):gmatch('.') do\n"
              "for c = 0, 255 do out[#out + 1] = string.find(string.char(c), '%' .. class) and 1 or 0 end end\n"
              "return table.concat(out)");
  end(&f);
}

/* Patterns and texts from a small alphabet, by the same generator in both. */
MT_TEST(lua_string__random_patterns)
{
  static const char body[] =
      "local seed = %d\n"
      "local function rnd(n) seed = (seed * 1103515245 + 12345) & 0x7fffffff return (seed >> 8) %% n end\n"
      "local parts = {'a','b','.','%%a','[ab]','[^a]','(',')','()','*','+','-','?','%%1','%%bab','%%f[a]','^','$','%%d','a-','(a)','%%','['}\n"
      "local out = {}\n"
      "for i = 1, 120 do\n"
      "  local p, t = '', ''\n"
      "  for j = 1, rnd(6) + 1 do p = p .. parts[rnd(#parts) + 1] end\n"
      "  for j = 1, rnd(9) do t = t .. ('ab1'):sub(rnd(3) + 1):sub(1, 1) end\n"
      "  out[#out + 1] = p .. ' ' .. t .. ': ' .. try(string.find, t, p) .. ';' .. try(string.match, t, p, rnd(5) - 2)\n"
      "    .. ';' .. try(string.gsub, t, p, '<%%0%%1>') .. ';' .. try(function() local r = '' for x, y in t:gmatch(p) do r = r .. '|' .. show(x, y) end return r end)\n"
      "end\n"
      "return table.concat(out, '\\n')";
  struct fixture f;
  begin(&f);
  for (int seed = 1; seed <= 60; seed++) {
    compare(&f, mt_format(body, seed * 7919));
  }
  end(&f);
}
