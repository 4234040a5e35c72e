/* JSON to Lua and back: what comes in goes out, and what cannot is an error that says where. */
#include "fixture.h"

static void expect_echo(struct fixture *f, const char *text, const char *expected)
{
  struct answer a;
  fixture_call(f, &a, "echo", text, 0);
  if (a.outcome != MS_LUA_OK || strcmp(a.output, expected) != 0) {
    mt_report("%s came back as %s %s", text, a.output, a.cause);
  }
}

MT_TEST(lua_value__comes_back_as_it_went)
{
  static const char *const same[] = {
      "null", "true", "false", "0", "1", "-1", "1.0", "-0.0", "0.1", "1e300", "9223372036854775807",
      "-9223372036854775808", "123456789.125", "\"\"", "\"a\\u0000b\"", "\"\xC3\xA4\xF0\x9F\x8C\x99\"",
      "[]", "{}", "[[]]", "[{}]", "{\"a\":[]}", "{\"a\":{}}", "[1,1.0,null,true,\"x\"]", "[null]",
      "[null,null,1,null]", "{\"a\":null}", "{\"\":1}", "[[[[[[[[[[1]]]]]]]]]]", "1e999",
      "-123456789012345678901234567890123456789012345678901234567890e400",
  };
  struct fixture f;
  fixture_init(&f, (struct ms_lua_options){0}, true);
  fixture_load(&f, "echo", "return function(event) return event end");
  for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
    expect_echo(&f, same[i], same[i]);
  }
  /* Lua's integers know no -0: the sign is kept by a float. */
  expect_echo(&f, "[-0,{\"a\":-0}]", "[-0.0,{\"a\":-0.0}]");
  /* Members come back sorted by name: Lua's own order is another one in each process. */
  expect_echo(&f, "{\"b\":1,\"a\":2,\"B\":3,\"\xC3\xA4\":4,\"aa\":5}",
              "{\"B\":3,\"a\":2,\"aa\":5,\"b\":1,\"\xC3\xA4\":4}");
  fixture_deinit(&f);
}

static struct ms_json nested(unsigned depth)
{
  struct ms_json value = ms_json_int(1);
  for (unsigned i = 0; i < depth; i++) {
    struct ms_json outer = ms_json_array(1);
    mt_eq_int(ms_json_push(&outer, value), 0);
    value = outer;
  }
  return value;
}

static enum ms_lua_outcome echo_value(struct fixture *f, struct ms_json value)
{
  struct answer a = {.fixture = f};
  struct ms_lua_call call = {.function = MS_STR("echo"), .payload = value};
  mt_eq_int(ms_lua_invoke(&a.id, f->lua, &call, fixture_done, &a), 0);
  fixture_run(f);
  return a.outcome;
}

MT_TEST(lua_value__depth)
{
  struct fixture f;
  fixture_init(&f, (struct ms_lua_options){0}, true);
  fixture_load(&f, "echo", "return function(event) return event end");
  struct ms_json deep = nested(512);
  mt_eq_int(echo_value(&f, deep), MS_LUA_OK);
  ms_json_unref(deep);
  deep = nested(513);
  mt_eq_int(echo_value(&f, deep), MS_LUA_ERROR);
  ms_json_unref(deep);
  deep = nested(MS_JSON_DEPTH_MAX);
  mt_eq_int(echo_value(&f, deep), MS_LUA_ERROR);
  ms_json_unref(deep);
  fixture_deinit(&f);
}

/* Many members and items, past every small size inside. */
MT_TEST(lua_value__large)
{
  struct fixture f;
  struct ms_json big = ms_json_object(0);
  struct ms_json list = ms_json_array(0);
  fixture_init(&f, (struct ms_lua_options){0}, true);
  fixture_load(&f, "echo", "return function(event) return event end");
  for (int i = 0; i < 3000; i++) {
    char key[16];
    snprintf(key, sizeof key, "k%05d", i);
    mt_eq_int(ms_json_setc(&big, key, ms_json_int(i)), 0);
    mt_eq_int(ms_json_push(&list, ms_json_int(i)), 0);
  }
  mt_eq_int(ms_json_setc(&big, "list", list), 0);
  mt_eq_int(echo_value(&f, big), MS_LUA_OK);
  ms_json_unref(big);
  fixture_deinit(&f);
}

struct row {
  const char *body;
  const char *expected; /* output, or a piece of the cause */
};

MT_TEST(lua_value__tables)
{
  static const struct row rows[] = {
      {"return {}", "{}"},
      {"return mstep.array()", "[]"},
      {"return mstep.array{}", "[]"},
      {"return {list = require('cjson').empty_array}", "{\"list\":[]}"},
      {"return {1, 2, 3}", "[1,2,3]"},
      {"return mstep.array{1, 2}", "[1,2]"},
      {"local t = {} t[3] = 'c' t[2] = 'b' t[1] = 'a' return t", "[\"a\",\"b\",\"c\"]"},
      {"local t = {} for i = 100, 1, -1 do t[i] = i end return #t == 100 and t[100]", "100"},
      {"return {mstep.null, 1}", "[null,1]"},
      {"return {a = mstep.null}", "{\"a\":null}"},
      {"return nil", "null"},
      {"return", "null"},
      {"return 1, 2", "1"},
      {"return 2^53", "9007199254740992.0"},
      {"return 1 // 1", "1"},
      {"return 7 / 7", "1.0"},
      {"return math.maxinteger", "9223372036854775807"},
      {"return mstep.number('1e999')", "1e999"},
      {"return tostring(event.n)", "\"1e999\""},
      {"return event.n == mstep.number('1e999')", "true"},
      {"return mstep.null == require('cjson').null", "true"},
      {"return event.missing == nil and event.null == mstep.null", "true"},
      {"table.remove(event.one) return event.one", "[]"},
      {"return mstep.is_array(event.one) and not mstep.is_array({}) and not mstep.is_array(1)",
       "true"},
      {"return setmetatable({a = 1}, {__index = {b = 2}})", "{\"a\":1}"},
      {"return setmetatable({1}, {__len = function() return 9 end})", "[1]"},
      {"return setmetatable(event.one, nil)", "[1]"},
      {"return mstep.json.encode({b = {}, a = mstep.array()})", "\"{\\\"a\\\":[],\\\"b\\\":{}}\""},
      {"return mstep.json.encode({1.0, 1}, 2)", "\"[\\n  1.0,\\n  1\\n]\""},
      {"return mstep.json.decode('{\"a\":[1.0,[]]}')", "{\"a\":[1.0,[]]}"},
      {"local v, e = mstep.json.decode('[1,') return {v == nil, type(e)}", "[true,\"string\"]"},
  };
  struct fixture f;
  struct answer a;
  fixture_init(&f, (struct ms_lua_options){0}, true);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    fixture_eval(&f, &a, rows[i].body, "{\"n\":1e999,\"null\":null,\"one\":[1]}");
    if (a.outcome != MS_LUA_OK || strcmp(a.output, rows[i].expected) != 0) {
      mt_report("%s\ngave %s %s", rows[i].body, a.output, a.cause);
    }
  }
  fixture_deinit(&f);
}

MT_TEST(lua_value__what_cannot_be_json)
{
  static const struct row rows[] = {
      {"return print", "JSON: a function cannot be JSON"},
      {"return {a = {b = {1, 2, print}}}", "at .a.b[3]: a function cannot be JSON"},
      {"return coroutine.create(print)", "a coroutine cannot be JSON"},
      {"return context", "a userdata cannot be JSON"},
      {"return {x = 0/0}", "at .x: NaN is no JSON"},
      {"return {1/0}", "at [1]: an infinite number is no JSON"},
      {"return '\\xff'", "the string is not UTF-8 (byte 1)"},
      {"return {['\\xff'] = 1}", "the string is not UTF-8"},
      {"return {a = '\\xed\\xa0\\x80'}", "at .a: the string is not UTF-8"},
      {"return {1, 2, a = 3}", "both array items and named members"},
      {"return {a = 1, [1] = 2}", "both array items and named members"},
      {"return mstep.array{a = 1}", "both array items and named members"},
      {"return {1, nil, 3}", "the array has holes"},
      {"return {[2] = 1}", "the array has holes"},
      {"return {[0] = 1}", "an array index is less than 1"},
      {"return {[1 << 62] = 1}", "the array has holes"},
      {"return {[1.5] = 1}", "a key is neither a string nor an array index"},
      {"return {[true] = 1}", "a key is neither a string nor an array index"},
      {"local t = {} t.t = t return t", "a table contains itself"},
      {"local a, b = {}, {} a[1] = b b[1] = a return a", "a table contains itself"},
      {"local t = {} for i = 1, 600 do t = {t} end return t", "tables nested too deep"},
      {"local t = {} for i = 1, 100 do t = {t, t} end return t", "Function.ResponseSizeTooLarge"},
      {"return mstep.json.encode({print})", "cannot be JSON: at [1]: a function"},
      {"return mstep.number('x')", "not a number of JSON"},
      {"return mstep.number('\"1\"')", "not a number of JSON"},
      {"return mstep.array('x')", "table expected"},
  };
  struct fixture f;
  struct answer a;
  fixture_init(&f, (struct ms_lua_options){0}, true);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    fixture_eval(&f, &a, rows[i].body, "{}");
    if (a.outcome != MS_LUA_ERROR || strstr(a.cause, rows[i].expected) == NULL) {
      mt_report("%s\ngave %d %s %s", rows[i].body, a.outcome, a.output, a.cause);
    }
  }
  fixture_eval(&f, &a, "return print", "{}");
  mt_eq_str(a.error, "Runtime.MarshalError");
  fixture_deinit(&f);
}

/* Counted as text: one byte more than the limit is too much, whatever the value is made of. */
MT_TEST(lua_value__size_of_the_result)
{
  static const struct {
    const char *body;
    size_t size;
  } rows[] = {
      {"return ('x'):rep(998)", 1000},
      {"return ('\\1'):rep(100)", 602},
      {"local t = mstep.array() for i = 1, 500 do t[i] = 1 end return t", 1001},
      {"local t = mstep.array() for i = 1, 100 do t[i] = -1.0000000000000002e-300 end return t", 2501},
      {"local t = mstep.array() for i = 1, 100 do t[i] = {} end return t", 301},
      {"return {mstep.number(('9'):rep(900))}", 902},
      {"return {[('k'):rep(200)] = mstep.null}", 209},
  };
  struct fixture f;
  static struct answer a;
  fixture_init(&f, (struct ms_lua_options){0}, true);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    fixture_load(&f, "f", mt_format("local mstep = require 'mstep' return function() %s end", rows[i].body));
    for (size_t less = 0; less < 2; less++) {
      memset(&a, 0, sizeof a);
      a.fixture = &f;
      const struct ms_lua_call call = {.function = MS_STR("f"), .attempt = 1,
                                       .output_max_bytes = rows[i].size - less};
      mt_eq_int(ms_lua_invoke(&a.id, f.lua, &call, fixture_done, &a), 0);
      fixture_run(&f);
      if (strcmp(a.error, less == 0 ? "" : "Function.ResponseSizeTooLarge") != 0) {
        mt_report("%s with %zu: %s (%zu bytes)", rows[i].body, call.output_max_bytes, a.error, strlen(a.output));
      }
    }
  }
  fixture_deinit(&f);
}

MT_TEST(lua_value__client_context_and_context)
{
  struct fixture f;
  struct answer a = {.fixture = &f};
  struct ms_lua_call call = {.function = MS_STR("f"),
                             .request_id = "the-request",
                             .arn = "arn:f",
                             .attempt = 3,
                             .deadline_ms = FIXTURE_START_MS + 9000};
  fixture_init(&f, (struct ms_lua_options){.memory_max_bytes = 64u << 20}, true);
  fixture_load(&f, "f",
               "return function(event, context)\n"
               "  require('mstep').sleep(2)\n"
               "  local all = {}\n"
               "  for k, v in pairs(context) do all[k] = type(v) == 'function' and 'function' or v end\n"
               "  all.log_stream_name = all.log_stream_name:gsub('%x+$', function(x) return ' ' .. #x end)\n"
               "  all.left = context.get_remaining_time_in_millis()\n"
               "  all.left2 = context:remaining_ms()\n"
               "  all.unknown = context.nothing == nil\n"
               "  all.change = pcall(function() context.x = 1 end)\n"
               "  kept = kept or context\n"
               "  all.stale = kept ~= context and select(2, pcall(function() return kept.attempt end))\n"
               "  return all end");
  mt_eq_int(ms_json_parse(&call.client_context, MS_STR("{\"custom\":[1]}"), NULL, NULL), 0);
  mt_eq_int(ms_json_parse(&call.identity, MS_STR("{\"cognitoIdentityId\":\"id\"}"), NULL, NULL), 0);
  mt_eq_int(ms_lua_invoke(&a.id, f.lua, &call, fixture_done, &a), 0);
  fixture_run(&f);
  mt_eq_str(a.output,
            "{\"attempt\":3,\"aws_request_id\":\"the-request\",\"change\":false,"
            "\"client_context\":{\"custom\":[1]},\"deadline_ms\":1700000009000,"
            "\"function_name\":\"f\",\"function_version\":\"$LATEST\","
            "\"get_remaining_time_in_millis\":\"function\",\"identity\":{\"cognitoIdentityId\":\"id\"},\"invoked_function_arn\":\"arn:f\","
            "\"left\":7000,\"left2\":7000,\"log\":\"function\",\"log_group_name\":\"/aws/lambda/f\","
            "\"log_stream_name\":\"2023/11/14/[$LATEST] 32\",\"memory_limit_in_mb\":64,"
            "\"remaining_ms\":\"function\",\"stale\":false,\"unknown\":true}");
  ms_json_unref(call.client_context);
  ms_json_unref(call.identity);
  fixture_call(&f, &a, "f", "{}", 0);
  mt_ok(strstr(a.output, "the call of this context has ended") != NULL);
  fixture_deinit(&f);
}
