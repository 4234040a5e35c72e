/* Functions from files, their folders and the project's modules; new versions; what is missing or broken. */
#include <sys/stat.h>

#include "fixture.h"

static void write_text(const char *dir, const char *name, const char *text)
{
  mt_write_file(mt_format("%s/%s", dir, name), text, strlen(text));
}

static void make_dir(const char *dir, const char *name)
{
  mt_eq_int(mkdir(mt_format("%s/%s", dir, name), 0700), 0);
}

static const char *project(struct ms_lua_options *options)
{
  const char *dir = mt_tmpdir();
  make_dir(dir, "functions");
  make_dir(dir, "functions/tool");
  make_dir(dir, "lib");
  make_dir(dir, "lib/deep");
  *options = (struct ms_lua_options){.functions_dir = mt_format("%s/functions/", dir),
                                     .lib_dir = mt_format("%s/lib", dir)};
  return dir;
}

MT_TEST(lua_registry__files_and_modules)
{
  struct ms_lua_options options;
  struct fixture f;
  static struct answer a;
  const char *dir = project(&options);
  write_text(dir, "functions/plain.lua", "return function(e) return e end");
  write_text(dir, "functions/tool/init.lua", "local h = require 'helper' return {handler = function(e) return h.double(e) end}");
  write_text(dir, "functions/tool/helper.lua", "return {double = function(n) return 2 * n end}");
  write_text(dir, "functions/uses.lua", "local m = require 'money' local d = require 'deep.er' local e = require 'deep'\n"
                                        "return function() return {m.cents(3), d, e  , m == require 'money'} end");
  write_text(dir, "lib/money.lua", "local name = ... return {cents = function(n) return name .. n * 100 end}");
  write_text(dir, "lib/deep/er.lua", "return 'er'");
  write_text(dir, "lib/deep/init.lua", "return 'init'");
  fixture_init(&f, options, true);
  fixture_call(&f, &a, "plain", "[1]", 0);
  mt_eq_str(a.output, "[1]");
  fixture_call(&f, &a, "tool", "4", 0);
  mt_eq_str(a.output, "8");
  fixture_call(&f, &a, "uses", "4", 0);
  mt_eq_str(a.output, "[\"money300\",\"er\",\"init\",true]");
  mt_ok(ms_lua_has_function(f.lua, MS_STR("plain")));
  mt_ok(ms_lua_has_function(f.lua, MS_STR("tool")));
  mt_ok(!ms_lua_has_function(f.lua, MS_STR("helper")));
  fixture_deinit(&f);
}

MT_TEST(lua_registry__missing_and_broken)
{
  struct ms_lua_options options;
  struct fixture f;
  static struct answer a;
  const char *dir = project(&options);
  write_text(dir, "functions/syntax.lua", "return function()\n  x = = 1\nend");
  write_text(dir, "functions/raises.lua", "local x = nil\nreturn x.y");
  write_text(dir, "functions/nothing.lua", "local x = 1");
  write_text(dir, "functions/table.lua", "return {handle = print}");
  write_text(dir, "functions/lost.lua", "require 'no.such.module'");
  write_text(dir, "functions/ring.lua", "require 'a'");
  write_text(dir, "lib/a.lua", "require 'b'");
  write_text(dir, "lib/b.lua", "require 'a'");
  write_text(dir, "lib/broken.lua", "return )");
  write_text(dir, "functions/uses_broken.lua", "require 'broken'");
  write_text(dir, "functions/binary.lua", "\x1bLua");
  static const struct {
    const char *name;
    const char *error;
    const char *cause;
  } rows[] = {
      {"none", "Lambda.ResourceNotFoundException",
       "Function not found: arn:aws:lambda:us-east-1:000000000000:function:f"},
      {"../functions/syntax", "Lambda.ResourceNotFoundException", "Function not found"},
      {"", "Lambda.ResourceNotFoundException", "Function not found"},
      {"a/b", "Lambda.ResourceNotFoundException", "Function not found"},
      {"..", "Lambda.ResourceNotFoundException", "Function not found"},
      {"syntax", "Runtime.UserCodeSyntaxError", "functions/syntax.lua:2: unexpected symbol near '='"},
      {"raises", "Lua.Error", "functions/raises.lua:2: attempt to index a nil value (local 'x')"},
      {"nothing", "Runtime.HandlerNotFound", "functions/nothing.lua returns neither a function nor"},
      {"table", "Runtime.HandlerNotFound", "functions/table.lua returns neither a function nor"},
      {"lost", "Runtime.ImportModuleError", "module 'no.such.module' not found in "},
      {"ring", "Lua.Error", "module 'a' requires itself while it is loaded"},
      {"uses_broken", "Runtime.UserCodeSyntaxError", "lib/broken.lua:1: unexpected symbol near ')'"},
      {"binary", "Runtime.UserCodeSyntaxError", "attempt to load a binary chunk"},
  };
  fixture_init(&f, options, true);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    for (int again = 0; again < 2; again++) {
      fixture_call(&f, &a, rows[i].name, "{}", 0);
      if (a.outcome != MS_LUA_MISSING || strcmp(a.error, rows[i].error) != 0 ||
          strstr(a.cause, rows[i].cause) == NULL) {
        mt_report("%s: %d %s %s", rows[i].name, a.outcome, a.error, a.cause);
      }
    }
  }
  write_text(dir, "functions/none.lua", "return function() return 'here now' end");
  fixture_call(&f, &a, "none", "{}", 0);
  mt_eq_str(a.output, "\"here now\"");
  fixture_deinit(&f);
}

MT_TEST(lua_registry__load_swaps_versions)
{
  struct fixture f;
  static struct answer sleeping;
  static struct answer a;
  fixture_init(&f, (struct ms_lua_options){0}, true);
  fixture_load(&f, "f", "return function() require('mstep').sleep(5) return 'old' end");
  fixture_start(&f, &sleeping, "f", "{}", 0);
  ms_lua_on_wake(f.lua); /* it sleeps in the old version */
  fixture_load(&f, "f", "return function() return 'new' end");
  fixture_call(&f, &a, "f", "{}", 0);
  mt_eq_str(a.output, "\"new\"");
  mt_eq_str(sleeping.output, "\"old\"");
  mt_eq_int(ms_lua_load(f.lua, MS_STR("f"), MS_STR("return )")), MSTEP_ELUA);
  mt_ok(strstr(ms_error_detail(), "functions/f.lua:1:") != NULL);
  fixture_call(&f, &a, "f", "{}", 0);
  mt_eq_str(a.output, "\"new\"");
  mt_eq_int(ms_lua_load(f.lua, MS_STR("../f"), MS_STR("return 1")), MSTEP_EINVALID);
  mt_eq_int(ms_lua_load(f.lua, MS_STR("a.b"), MS_STR("return 1")), MSTEP_EINVALID);
  fixture_deinit(&f);
}

/* A warm state: globals of a function stay between its calls, and are its own. */
MT_TEST(lua_registry__states_are_apart)
{
  struct fixture f;
  static struct answer a;
  fixture_init(&f, (struct ms_lua_options){0}, true);
  fixture_load(&f, "f", "n = 0 string.mine = 1 return function() n = n + 1 return n end");
  fixture_load(&f, "g", "return function() return {n == nil, string.mine == nil, _G.n == nil} end");
  fixture_call(&f, &a, "f", "{}", 0);
  fixture_call(&f, &a, "f", "{}", 0);
  mt_eq_str(a.output, "2");
  fixture_call(&f, &a, "g", "{}", 0);
  mt_eq_str(a.output, "[true,true,true]");
  fixture_deinit(&f);
}

/* What a handler sees is what is named here; nothing that reaches out of the state. */
MT_TEST(lua_registry__allow_list)
{
  static const struct fixture_row rows[] = {
      {"local n = {} for k in pairs(_G) do n[#n + 1] = k end table.sort(n) return table.concat(n, ' ')",
       "\"_G _VERSION assert collectgarbage coroutine error getmetatable ipairs load math next os pairs pcall "
       "print rawequal rawget rawlen rawset require select setmetatable string table tonumber tostring "
       "type utf8 xpcall\""},
      {"local n = {} for k in pairs(string) do n[#n + 1] = k end table.sort(n) return table.concat(n, ' ')",
       "\"byte char find format gmatch gsub len lower match pack packsize rep reverse sub unpack upper\""},
      {"return require('string') == string and require('_G') == nil", "module '_G' not found"},
      {"return load('return 1 + 1')()", "2"},
      {"return load('return x', 'c', 't', {x = 5})()", "5"},
      {"local f, e = load('\\27Lua') return {f == nil, e}",
       "[true,\"attempt to load a binary chunk (mode is 't')\"]"},
      {"local f, e = load('return 1', 'x', 'b') return {f == nil, e}",
       "[true,\"only text chunks can be loaded here\"]"},
      {"local i = 0 return load(function() i = i + 1 return ({'return ', '7'})[i] end)()", "7"},
      {"load(function() return {} end)", "reader function must return a string"},
      {"load(1.5 and nil)", "function expected"},
      {"local f, e = load(('x'):rep(5000000)) return e", "\"chunk too large\""},
      {"return collectgarbage('count') > 1 and collectgarbage() == 0 and collectgarbage('step') ~= nil",
       "true"},
      {"collectgarbage('stop')", "invalid option 'stop'"},
      {"return getmetatable(setmetatable({}, {__metatable = 'locked'}))", "\"locked\""},
      {"setmetatable(setmetatable({}, {__metatable = 'locked'}), {})", "cannot change a protected metatable"},
      {"setmetatable({}, 1)", "nil or table expected"},
      {"setmetatable('', {})", "table expected"},
      {"require('../x')", "'../x' cannot name a module"},
      {"require('a..b')", "'a..b' cannot name a module"},
      {"require('nothing')", "module 'nothing' not found: there is no lib folder"},
      {"return {xpcall(function(...) return ... end, print, 1, 2)}", "[true,1,2]"},
      {"return {xpcall(error, function(e) return e .. '!' end, 'x')}", "[false,\"x!\"]"},
      {"return ({xpcall(error, function(e) error('again') end, 'x')})[1]", "false"},
      {"xpcall(print)", "function expected"},
  };
  FIXTURE_ROWS(rows);
}
