/* Calls from outside: results, errors, sleeping, cancelling, what a context holds. */
#include "fixture.h"

MT_TEST(lua_invoke__returns_result)
{
  struct fixture f;
  struct answer a;
  fixture_init(&f, (struct ms_lua_options){0}, true);
  fixture_eval(&f, &a, "return {sum = event.a + event.b, list = event.list}",
               "{\"a\":1,\"b\":2.5,\"list\":[]}");
  mt_eq_int(a.outcome, MS_LUA_OK);
  mt_eq_str(a.output, "{\"list\":[],\"sum\":3.5}");
  fixture_deinit(&f);
}

MT_TEST(lua_invoke__text_error)
{
  struct fixture f;
  struct answer a;
  fixture_init(&f, (struct ms_lua_options){0}, true);
  fixture_eval(&f, &a, "local function charge() error('no money') end charge() return 1", "{}");
  mt_eq_int(a.outcome, MS_LUA_ERROR);
  mt_eq_str(a.error, "Lua.Error");
  mt_eq_str(a.cause, "{\"errorMessage\":\"functions/eval.lua:3: no money\",\"errorType\":\"Lua.Error\","
                     "\"requestId\":\"req-1\",\"stackTrace\":[\"[C]: in function 'error'\","
                     "\"functions/eval.lua:3: in local 'charge'\","
                     "\"functions/eval.lua:3: in function <functions/eval.lua:2>\"]}");
  fixture_deinit(&f);
}

MT_TEST(lua_invoke__sleeps_on_virtual_time)
{
  struct fixture f;
  struct answer a;
  fixture_init(&f, (struct ms_lua_options){0}, true);
  fixture_eval(&f, &a, "local t = mstep.now() mstep.sleep(30) return mstep.now() - t", "{}");
  mt_eq_int(a.outcome, MS_LUA_OK);
  mt_eq_str(a.output, "30.0");
  mt_eq_int(a.at_ms, FIXTURE_START_MS + 30000);
  fixture_deinit(&f);
}
