/* mstep.core by way of `require "mstep"`: JSON text, arrays, numbers, time and log. Values are test_value.c's. */
#include "fixture.h"

MT_TEST(lua_core__json)
{
  static const struct fixture_row rows[] = {
      {"return mstep.json.encode(nil)", "\"null\""},
      {"return mstep.json.encode({a = {}, b = mstep.array(), c = 1.0, d = 1, e = mstep.null})",
       "\"{\\\"a\\\":{},\\\"b\\\":[],\\\"c\\\":1.0,\\\"d\\\":1,\\\"e\\\":null}\""},
      {"local t = '{\"a\":[],\"b\":{},\"c\":1e999,\"d\":\"\\\\u0000\"}'\n"
       "return mstep.json.encode(mstep.json.decode(t)) == t", "true"},
      {"return mstep.json.encode(1, 17)", "0 to 16"},
      {"return mstep.json.encode()", "value expected"},
      {"return {select('#', mstep.json.decode('nope')), (mstep.json.decode('nope'))} ~= nil", "true"},
      {"return select(2, mstep.json.decode('{\"a\":\\n x}'))", "line 2"},
      {"return mstep.json.decode(('['):rep(600))", "null"},
      {"return mstep.json.decode(12)", "12"},
      {"mstep.json.decode({})", "string expected"},
      {"return mstep.number('12')", "12"},
      {"return mstep.number('12.0')", "12.0"},
      {"mstep.number('null')", "not a number of JSON"},
      {"mstep.number('[]')", "not a number of JSON"},
      {"mstep.array(setmetatable({}, {}))", "has a metatable already"},
      {"local a = mstep.array{1} return mstep.array(a) == a", "true"},
  };
  struct fixture f;
  static struct answer a;
  fixture_init(&f, (struct ms_lua_options){0}, true);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    fixture_eval(&f, &a, rows[i].body, "{}");
    const char *got = a.outcome == MS_LUA_OK ? a.output : a.cause;
    if (strstr(got, rows[i].expected) == NULL) {
      mt_report("%s\ngave %s", rows[i].body, got);
    }
  }
  fixture_deinit(&f);
}

MT_TEST(lua_core__log_and_print)
{
  struct fixture f;
  static struct answer a;
  fixture_init(&f, (struct ms_lua_options){0}, true);
  fixture_eval(&f, &a,
               "print('a', 1, 2.5, nil, true) context.log('b') context:log('c')\n"
               "mstep.log('d') mstep.log('e', {n = 1}) mstep.log({1}) return 1",
               "{}");
  mt_eq_str(a.output, "1");
  mt_eq_str(f.log, "eval req-1 a\t1\t2.5\tnil\ttrue\neval req-1 b\neval req-1 c\neval req-1 d\n"
                   "eval req-1 e {\"n\":1}\neval req-1 [1]\n");
  fixture_deinit(&f);
}

MT_TEST(lua_core__errors)
{
  struct fixture f;
  static struct answer a;
  fixture_init(&f, (struct ms_lua_options){0}, true);
  fixture_eval(&f, &a, "mstep.fail('Card.Declined', 'no money')", "{}");
  mt_eq_str(a.error, "Card.Declined");
  mt_eq_str(a.cause, "no money");
  fixture_eval(&f, &a, "mstep.fail('Card.Declined', {code = 7})", "{}");
  mt_eq_str(a.cause, "{\"code\":7}");
  fixture_eval(&f, &a, "error(mstep.error('Bad.Input', 'n is missing'))", "{}");
  mt_eq_str(a.error, "Bad.Input");
  mt_ok(strstr(a.cause, "{\"errorMessage\":\"n is missing\",\"errorType\":\"Bad.Input\",\"requestId\":\"req-1\",\"stackTrace\":[") == a.cause);
  fixture_eval(&f, &a, "return tostring(mstep.error('Bad.Input', 'n is missing'))", "{}");
  mt_eq_str(a.output, "\"Bad.Input: n is missing\"");
  fixture_eval(&f, &a, "mstep.fail()", "{}");
  mt_ok(strstr(a.cause, "string expected") != NULL);
  fixture_deinit(&f);
}
