/* Random numbers begin from the engine's seed: the same run gives the same numbers, another seed others. */
#include "fixture.h"

static void numbers(char out[4096], uint64_t seed, const char *function)
{
  struct fixture f;
  static struct answer a;
  fixture_init(&f, (struct ms_lua_options){.seed = seed}, true);
  fixture_load(&f, function, "return function() return {math.random(1000000), math.random(), math.random(5)} end");
  fixture_call(&f, &a, function, "{}", 0);
  mt_eq_int(a.outcome, MS_LUA_OK);
  mt_ok(strlen(a.output) < 4096);
  memcpy(out, a.output, strlen(a.output) + 1);
  fixture_deinit(&f);
}

MT_TEST(lua_math__random_repeats)
{
  char first[4096];
  char again[4096];
  numbers(first, 7, "f");
  numbers(again, 7, "f");
  mt_eq_str(first, again);
  numbers(again, 8, "f");
  mt_ok(strcmp(first, again) != 0);
  numbers(again, 7, "g"); /* functions do not throw the same dice */
  mt_ok(strcmp(first, again) != 0);
}

MT_TEST(lua_math__functions)
{
  static const struct fixture_row rows[] = {
      {"return {math.floor(1.5), math.max(1, 2.5), math.type(1), math.tointeger(2.0), 7 // 2, math.ult(1, -1)}",
       "[1,2.5,\"integer\",2,3,true]"},
      {"math.randomseed(1) local a = math.random(1000) math.randomseed(1) return a == math.random(1000)",
       "true"},
      {"return math.pi > 3.14", "true"},
  };
  FIXTURE_ROWS(rows);
}
