/* engine/luavm/portable.c: what is written in JSONata, and what is left alone because it would differ. */
#include "luavm/portable.h"
#include "mt.h"

static void check(const char *lua, const char *jsonata)
{
  struct ms_buf out;
  ms_buf_init(&out, 0);
  bool is_there = ms_lua_to_jsonata(&out, ms_str_c(lua));
  mt_eq_int(out.error, 0);
  const char *got = is_there ? mt_format("%.*s", MS_STR_ARG(ms_buf_view(&out))) : "";
  if (strcmp(got, jsonata) != 0) {
    mt_report("%s\n  becomes  %s\n  and not  %s", lua, got, jsonata);
  }
  ms_buf_deinit(&out);
}

MT_TEST(lua_portable__written_in_jsonata)
{
  check("states.input.a.b", "$states.input.a.b");
  check("count", "$count");
  check("count + 1 * (x.y - 2)", "$count + 1 * ($x.y - 2)");
  check("states.input.list[1].name", "$states.input.list[0].name");
  check("'a' .. name .. \"b\"", "\"a\" & $name & \"b\"");
  check("'say \"x\"'", "'say \"x\"'");
  check("states.result.n >= 10 and name ~= 'x'", "$states.result.n >= 10 and $name != \"x\"");
  check("a == 1 or b < 2 or c <= 3", "$a = 1 or $b < 2 or $c <= 3");
  check("{a = states.input.a, b = {c = 1.5e3, d = true}}",
        "{\"a\": $states.input.a, \"b\": {\"c\": 1.5e3, \"d\": true}}");
  check("{1, 2, {x = y}}", "[1, 2, {\"x\": $y}]");
  check("{}", "{}");
  check("math.floor(x / 2)", "$floor($x / 2)");
  check("string.upper(name)", "$uppercase($name)");
  check("mstep.uuid()", "$uuid()");
  check("{note = mstep.null}", "{\"note\": null}");
  check("-x", "-$x");
  check("x.null", "$x.`null`");
}

MT_TEST(lua_portable__refused_where_it_would_differ)
{
  static const char *const refused[] = {
      "#x", "not x", "x or 1", "x and y == 1", "(x == 1 or 2) + 1", "x == 1 and y", "x // 2", "x % 2",
      "x ^ 2", "x & 1", "f(x)", "s:upper()", "x[i]", "x['k']", "x[0]", "x[1.5]", "{x, y}", "{x + 1}",
      "{['k'] = 1}", "{1, a = 2}", "{a = 1, 2}", "{a = 1, b}", "{[1] = 2}", "'a\\n'", "[[x]]", "0x10",
      "nil", "x == nil", "'n' .. 1 + 2", "x -- comment", "math.random(6)", "math.max(1, 2)",
      "function() end", "x.y { 1 }", "\"a\" 'b'  (", ")", "x;", "mstep.nullable(",
  };
  for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
    check(refused[i], "");
  }
  check(mt_format("%0100d", 0), mt_format("%0100d", 0));
  char deep[400];
  memset(deep, '(', sizeof deep);
  deep[sizeof deep - 1] = '\0';
  check(deep, "");
}
