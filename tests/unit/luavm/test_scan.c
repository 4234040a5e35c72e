/* engine/luavm/scan.c: tokens, and names of the outside. */
#include "luavm/scan.h"

#include "base/buf.h"
#include "base/error.h"
#include "mt.h"

static void check_tokens(const char *text, const char *expected)
{
  static const char letters[] = {'E', 'N', 'K', 'V', 'S'};
  struct ms_lua_scanner scanner = {ms_str_c(text), 0};
  struct ms_lua_token token;
  struct ms_buf out;
  ms_buf_init(&out, 0);
  do {
    ms_lua_scan(&token, &scanner);
    ms_buf_printf(&out, "%c(%.*s)", letters[token.kind], MS_STR_ARG(token.text));
  } while (token.kind != MS_LUA_TOKEN_END);
  mt_eq_str(out.data, expected);
  ms_buf_deinit(&out);
}

MT_TEST(lua_scan__tokens)
{
  check_tokens("", "E()");
  check_tokens(" a_1 and\n2 ", "N(a_1)K(and)V(2)E()");
  check_tokens("a.b:c..d...", "N(a)S(.)N(b)S(:)N(c)S(..)N(d)S(...)E()");
  check_tokens("1.5e-3 .5 0x1p+4 3..2", "V(1.5e-3)V(.5)V(0x1p+4)V(3..2)E()");
  check_tokens("'a\\'b' \"c\\\\\" 'd", "V('a\\'b')V(\"c\\\\\")V('d)E()");
  check_tokens("[[a]b]] [==[x]]]=]]==] [=x", "V([[a]b]])V([==[x]]]=]]==])S([)S(=)N(x)E()");
  check_tokens("a--b\nc--[[d\n]]e--[=x\nf --", "N(a)N(c)N(e)N(f)E()");
  check_tokens("==~=<=>=//<<>>::=<", "S(==)S(~=)S(<=)S(>=)S(//)S(<<)S(>>)S(::)S(=)S(<)E()");
  check_tokens("'\\", "V('\\)E()");
  check_tokens("[[", "V([[)E()");
  check_tokens("\xc3\xa9", "S(\xc3)S(\xa9)E()");
}

static int add_name(enum ms_lua_name_kind kind, struct ms_str name, void *user)
{
  static const char *const kinds[] = {"", "states.", "whole "};
  ms_buf_printf(user, "%s%.*s;", kinds[kind], MS_STR_ARG(name));
  return ms_str_is(name, "stop") ? MSTEP_EINVALID : 0;
}

static void check_names(const char *text, int result, const char *expected)
{
  struct ms_buf out;
  ms_buf_init(&out, 0);
  mt_eq_int(ms_lua_names(ms_str_c(text), add_name, &out), result);
  mt_eq_str(out.data == NULL ? "" : out.data, expected);
  ms_buf_deinit(&out);
}

MT_TEST(lua_scan__names)
{
  check_names("", 0, "");
  check_names("a + b.c + a", 0, "a;b;");
  check_names("states.input.x + states . context", 0, "states.input;states.context;");
  check_names("states['input']", 0, "whole states;");
  check_names("f(states)", 0, "f;whole states;");
  check_names("states", 0, "whole states;");
  check_names("_ENV.x", 0, "whole _ENV;");
  check_names("local states = 1 return states.x", 0, "");
  check_names("{a = b; c = d, e}", 0, "b;d;e;");
  check_names("a == b", 0, "a;b;");
  check_names("local a <const>, b <close> = c < d", 0, "c;d;");
  check_names("function(a, ...) return a, b end", 0, "b;");
  check_names("local function f(x) return f(x - y) end", 0, "y;");
  check_names("for i = n, m do end for k, v in p(q) do r(k) end", 0, "n;m;p;q;r;");
  check_names("goto a ::a:: b()", 0, "b;");
  check_names("a, stop, b", MSTEP_EINVALID, "a;stop;");
}

MT_TEST(lua_scan__keywords)
{
  mt_ok(ms_lua_has_keyword(MS_STR("if x then return 1 end"), "return"));
  mt_ok(!ms_lua_has_keyword(MS_STR("x = 'return' -- return"), "return"));
}

/* Whatever the text is, the scan ends. */
MT_TEST(lua_scan__any_bytes)
{
  char text[64];
  uint32_t state = 1;
  for (int round = 0; round < 20000; round++) {
    static const char bytes[] = "[]=-'\"\\.:<>{}()ae10 \n\xff";
    size_t len = 0;
    for (; len < sizeof text - 1; len++) {
      state = state * 1664525u + 1013904223u;
      text[len] = bytes[(state >> 16) % sizeof bytes]; /* NUL too */
    }
    struct ms_buf out;
    ms_buf_init(&out, 0);
    mt_eq_int(ms_lua_names((struct ms_str){text, len}, add_name, &out), 0);
    ms_buf_deinit(&out);
  }
}
