/* Debian's cjson as handlers know it, without the ways in which it can break the process. */
#include "fixture.h"

static bool is_there(void)
{
  struct fixture f;
  static struct answer a;
  fixture_init(&f, (struct ms_lua_options){0}, true);
  fixture_eval(&f, &a, "return require('cjson')._NAME", "{}");
  fixture_deinit(&f);
  return a.outcome == MS_LUA_OK || strstr(a.cause, "lua-cjson") == NULL;
}

MT_TEST(lua_cjson__functions)
{
  static const struct fixture_row rows[] = {
      {"return require('cjson')._NAME", "\"cjson\""},
      {"local c = require('cjson') return {c.encode({1, c.null}), c.decode('{\"a\":null}')}",
       "[\"[1,null]\",{\"a\":null}]"},
      {"return require('cjson').decode('{\"a\":null}').a == mstep.null", "true"},
      {"return require('cjson') == require('cjson')", "true"},
      {"return require('cjson').decode('[')", "Expected"},
      {"local t = {} t[1] = t require('cjson').encode(t)", "Cannot serialise, excessive depth"},
      {"local t = {} for i = 1, 60 do t = {t, t} end require('cjson').encode(t)",
       "Cannot serialise, too large"},
      {"require('cjson').encode(('x'):rep(20000000))", "Cannot serialise, too large"},
      {"require('cjson').encode_max_depth(100000)", "at most 1000"},
      {"require('cjson').decode_max_depth(100000)", "at most 1000"},
      {"local c = require('cjson') return {c.decode_max_depth(5), pcall(c.decode, '[[[[[[1]]]]]]')}",
       "[5,false,\"Found too many nested data structures (6) at character 6\"]"},
      {"require('cjson').decode(('['):rep(100000))", "too many nested data structures"},
      {"local c = require('cjson') c.encode_sparse_array(true, 0, 1000000000)\n"
       "return c.encode({[1000000] = 1})",
       "\"{\\\"1000000\\\":1}\""},
      {"return require('cjson').new == nil", "true"},
      {"require('cjson').encode(print)", "type not supported"},
  };
  if (!is_there()) {
    mt_skip("lua-cjson is not installed");
  }
  fixture_rows(rows, sizeof rows / sizeof rows[0],
               (struct ms_lua_options){.memory_max_bytes = 256u << 20});
}
