/* engine/luavm/expr.c: values, errors with their places, caps, and that the same gives the same. */
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "luavm/expr.h"
#include "mt.h"
#include "query/expression.h"

#define FAILED_PREFIX "The Lua expression "

struct fixture {
  const struct ms_query_lang *lang;
  struct ms_query_env env;
  struct ms_random random;
  struct ms_query_limits limits;
  struct ms_json context, variables;
  struct ms_failure failure;
  struct ms_buf problems; /* "CODE at /pointer: message\n" */
};

static struct ms_json fixture_context(struct ms_query_env *env)
{
  return ((struct fixture *)env->user)->context;
}

static struct ms_json fixture_variable(struct ms_query_env *env, struct ms_str name)
{
  return ms_json_get(((struct fixture *)env->user)->variables, name);
}

static struct ms_json parse(const char *text)
{
  struct ms_json value = MS_JSON_VALUE_NONE;
  if (text != NULL && ms_json_parse(&value, ms_str_c(text), NULL, NULL) != 0) {
    mt_fail("%s: %s", text, ms_error_detail());
  }
  return value;
}

static void fixture_init(struct fixture *f)
{
  memset(f, 0, sizeof *f);
  mt_eq_int(ms_lua_lang_new(&f->lang), 0);
  f->limits = (struct ms_query_limits){1000000, 100, (size_t)16 << 20};
  f->context = parse("{\"State\":{\"Name\":\"S\",\"EnteredTime\":\"2024-01-01T00:00:00Z\"}}");
  f->variables = parse("{\"count\":2,\"list\":[1,2,3],\"string\":\"mine\",\"größe\":7,\"end\":8}");
  ms_random_seed(&f->random, 7);
  f->env = (struct ms_query_env){.random = &f->random,
                                 .input = parse("{\"a\":1,\"f\":1.0,\"s\":\"héllo\",\"n\":null,"
                                                "\"e\":[],\"o\":{\"z\":1,\"b\":2,\"m\":3},"
                                                "\"items\":[{\"x\":3},{\"x\":1},{\"x\":2}]}"),
                                 .context = fixture_context,
                                 .variable = fixture_variable,
                                 .user = f,
                                 .limits = &f->limits};
  ms_buf_init(&f->problems, 0);
}

static void fixture_deinit(struct fixture *f)
{
  ms_lua_lang_free(f->lang);
  ms_json_unref(f->context);
  ms_json_unref(f->variables);
  ms_json_unref(f->env.input);
  ms_json_unref(f->env.result);
  ms_json_unref(f->env.error_output);
  ms_failure_deinit(&f->failure);
  ms_buf_deinit(&f->problems);
}

static void note_problem(const char *code, struct ms_str pointer, struct ms_str message,
                         struct ms_str hint, void *user)
{
  struct fixture *f = user;
  (void)hint;
  ms_buf_printf(&f->problems, "%s at %.*s: %.*s\n", code, MS_STR_ARG(pointer), MS_STR_ARG(message));
}

static int compile(struct ms_query **out, struct fixture *f, struct ms_json value,
                   enum ms_query_kind kind, unsigned allow)
{
  struct ms_query_source source = {value, kind, allow, MS_STR("Output"), MS_STR("/States/S/Output")};
  ms_buf_reset(&f->problems);
  return f->lang->compile(out, f->lang, &source, note_problem, f);
}

/* Compiles and evaluates a field's JSON; what comes back is what evaluation says, or EDEFINITION. */
static int evaluate(struct ms_json *out, struct fixture *f, struct ms_json value)
{
  struct ms_query *query;
  *out = MS_JSON_VALUE_NONE;
  ms_failure_deinit(&f->failure);
  int err = compile(&query, f, value, MS_QUERY_TEMPLATE,
                    MS_QUERY_ALLOW_RESULT | MS_QUERY_ALLOW_ERROR_OUTPUT);
  if (err == 0) {
    err = ms_query_eval(out, query, &f->env, &f->failure);
  }
  ms_query_free(query);
  return err;
}

static struct ms_json expression(const char *text)
{
  return ms_json_stringf("{%% %s %%}", text);
}

/* answer: JSON; or "!" and how the cause goes on behind the field's name; "?" and the one problem. */
static void check(struct fixture *f, const char *text, const char *answer)
{
  struct ms_json source = expression(text);
  struct ms_json value;
  int err = evaluate(&value, f, source);
  char *got;
  if (err == 0) {
    struct ms_json printed = ms_json_print_value(value);
    got = mt_format("%.*s", MS_STR_ARG(ms_json_text(printed)));
    ms_json_unref(printed);
  } else if (err == MS_FAILED) {
    const char *intro = mt_format(FAILED_PREFIX "'%s' specified for the field 'Output' ", text);
    struct ms_str cause = ms_json_text(f->failure.cause);
    mt_eq_json(f->failure.error, "\"States.QueryEvaluationError\"");
    mt_eq_json(f->failure.location, "\"Output\"");
    mt_ok(ms_str_has_prefix(cause, intro));
    got = mt_format("!%.*s", (int)(cause.len - strlen(intro)), cause.data + strlen(intro));
  } else if (err == MSTEP_EDEFINITION) {
    got = mt_format("?%.*s", MS_STR_ARG(ms_buf_view(&f->problems)));
  } else {
    got = mt_format("error %d: %s", err, ms_error_detail());
  }
  if (strcmp(got, answer) != 0) {
    mt_report("%s\n  gives    %s\n  and not  %s", text, got, answer);
  }
  ms_json_unref(value);
  ms_json_unref(source);
}

struct row {
  const char *text;
  const char *answer;
};

static void check_rows(const struct row *rows, size_t count)
{
  struct fixture f;
  mt_leak_begin();
  fixture_init(&f);
  for (size_t i = 0; i < count; i++) {
    check(&f, rows[i].text, rows[i].answer);
  }
  fixture_deinit(&f);
  mt_leak_end();
}
#define CHECK_ROWS(rows) check_rows((rows), sizeof(rows) / sizeof(rows)[0])

MT_TEST(lua_expr__values)
{
  static const struct row rows[] = {
      {"1 + 1", "2"},
      {"7 / 2", "3.5"},
      {"6 / 2", "3.0"},
      {"7 // 2", "3"},
      {"states.input.a", "1"},
      {"states.input.f", "1.0"},
      {"states.input.s", "\"héllo\""},
      {"#states.input.s", "6"},
      {"utf8.len(states.input.s)", "5"},
      {"states.input.n", "null"},
      {"states.input.n == mstep.null", "true"},
      {"states.input.e", "[]"},
      {"{}", "{}"},
      {"mstep.array()", "[]"},
      {"{1, 2, {x = states.input.a}}", "[1,2,{\"x\":1}]"},
      {"{b = 1, a = 2}", "{\"a\":2,\"b\":1}"},
      {"states.input.o", "{\"b\":2,\"m\":3,\"z\":1}"},
      {"states.context.State.Name", "\"S\""},
      {"states['context'].State.Name .. '!'", "\"S!\""},
      {"count * 10", "20"},
      {"_ENV['größe'] + _ENV['end']", "15"},
      {"string", "\"mine\""},
      {"('x'):rep(3)", "\"xxx\""},
      {"(count or 0) + (missing or 5)", "7"},
      {"missing == nil", "true"},
      {"false", "false"},
      {"states.input.s:gsub('l', 'L')", "\"héLLo\""},
      {"mstep.json.encode({1, 2})", "\"[1,2]\""},
      {"mstep.json.decode('[1, 2]')[2]", "2"},
      {"tostring(mstep.number('123456789012345678901234567890'))",
       "\"123456789012345678901234567890\""},
      {"math.max(table.unpack(list))", "3"},
      {"select('#', table.unpack(list))", "3"},
      {"tonumber('0x10')", "16"},
      {"pcall(error, 'x')", "false"},
  };
  CHECK_ROWS(rows);
}

MT_TEST(lua_expr__chunks)
{
  static const struct row rows[] = {
      {"local x = states.input.a return x + 1", "2"},
      {"return states.input.a", "1"},
      {"local t = {}\\nfor i, item in ipairs(states.input.items) do t[i] = item.x end\\n"
       "table.sort(t)\\nreturn t", "[1,2,3]"},
      {"if states.input.a > 0 then return 'yes' end return 'no'", "\"yes\""},
      {"local function fact(n) return n < 2 and 1 or n * fact(n - 1) end return fact(10)", "3628800"},
      {"do return 5 end", "5"},
      {"local kind <const> = 3 return kind", "3"},
      {"::top:: do return 4 end", "4"},
      {"-- nothing here\\nreturn 6 -- nor here", "6"},
  };
  struct fixture f;
  fixture_init(&f);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char *text = mt_format("%s", rows[i].text);
    for (char *at = strstr(text, "\\n"); at != NULL; at = strstr(at, "\\n")) {
      memcpy(at, " \n", 2);
    }
    check(&f, text, rows[i].answer);
  }
  fixture_deinit(&f);
}

MT_TEST(lua_expr__failures_say_why_and_where)
{
  static const struct row rows[] = {
      {"nil", "!returned nothing (undefined)."},
      {"states.input.missing", "!returned nothing (undefined)."},
      {"if false then return 1 end", "!returned nothing (undefined)."},
      {"states.input.o.x.y",
       "!threw an error during evaluation: line 1: attempt to index a nil value (field 'x')"},
      {"missing + 1",
       "!threw an error during evaluation: line 1: attempt to perform arithmetic on a nil value "
       "(global 'missing')"},
      {"local x = 1\n\nreturn x.y.z",
       "!threw an error during evaluation: line 3: attempt to index a number value (local 'x')"},
      {"error('no stock')", "!threw an error during evaluation: line 1: no stock"},
      {"error('no stock', 0)", "!threw an error during evaluation: no stock"},
      {"error({code = 7})", "!threw an error during evaluation: {\"code\":7}"},
      {"error(print)", "!threw an error during evaluation: (error object is a nil value)"},
      {"error('\\xff', 0)", "!threw an error during evaluation: \xEF\xBF\xBD"},
      {"assert(false, 'told so')", "!threw an error during evaluation: line 1: told so"},
      {"pairs", "!returned an unsupported result type: a function cannot be JSON."},
      {"{a = {pairs}}", "!returned an unsupported result type: at .a[1]: a function cannot be JSON."},
      {"0 / 0", "!returned an unsupported result type: NaN is no JSON."},
      {"'\\xff'", "!returned an unsupported result type: the string is not UTF-8 (byte 1)."},
  };
  CHECK_ROWS(rows);
}

MT_TEST(lua_expr__problems_say_where)
{
#define AT "?INVALID_LUA_EXPRESSION at /States/S/Output: "
#define NOT_HERE "?UNSUPPORTED_LUA_EXPRESSION at /States/S/Output: "
  static const struct row rows[] = {
      {"1 +", AT "Lua syntax error at line 1, column 4: unexpected symbol near <eof>\n"},
      {"1 +++", AT "Lua syntax error at line 1, column 4: unexpected symbol near '+'\n"},
      {"local x = 'a\nb' return x",
       AT "Lua syntax error at line 1, column 11: unfinished string near ''a'\n"},
      {"1 + * 2", AT "Lua syntax error at line 1, column 5: unexpected symbol near '*'\n"},
      {"héllo + 1", AT "Lua syntax error at line 1, column 2: <eof> expected near '<\\195>'\n"},
      {"'é' + + 2", AT "Lua syntax error at line 1, column 7: unexpected symbol near '+'\n"},
      {"local x = 1\nreturn x x",
       AT "Lua syntax error at line 2, column 10: <eof> expected near 'x'\n"},
      {"{1, 2", AT "Lua syntax error at line 1, column 6: '}' expected near <eof>\n"},
      {"'open", AT "Lua syntax error at line 1, column 6: unfinished string near <eof>\n"},
      {"", AT "The Lua expression is empty\n"},
      {"x = 1", AT "The Lua chunk has no 'return'\n"},
      {"states.inptu.x", NOT_HERE "Field 'states.inptu' does not exist.\n"},
      {"for = 1", AT "Lua syntax error at line 1, column 5: <name> expected near '='\n"},
  };
  CHECK_ROWS(rows);
}

MT_TEST(lua_expr__templates)
{
  struct fixture f;
  fixture_init(&f);
  struct ms_json source =
      parse("{\"k\":{\"list\":[\"{% states.input.a %}\",2,{\"x\":\"{% count %}\"}],\"plain\":\"a {% b %} c\"},"
            "\"{% key %}\":1,\"c.$\":\"$.a\"}");
  struct ms_json value;
  mt_eq_int(evaluate(&value, &f, source), 0);
  mt_eq_json(value, "{\"k\":{\"list\":[1,2,{\"x\":2}],\"plain\":\"a {% b %} c\"},\"{% key %}\":1,"
                    "\"c.$\":\"$.a\"}");
  ms_json_unref(value);
  ms_json_unref(source);
  source = parse("{\"k\":{\"list\":[1,\"{% nil %}\"]}}");
  mt_eq_int(evaluate(&value, &f, source), MS_FAILED);
  mt_eq_json(f.failure.location, "\"Output/k/list[1]\"");
  mt_eq_json(f.failure.cause, "\"The Lua expression 'nil' specified for the field "
                              "'Output/k/list[1]' returned nothing (undefined).\"");
  ms_json_unref(source);
  source = parse("{\"k\":{\"list\":[1,\"{% 1 + %}\",\"{% x\",\"y %}\"]}}");
  mt_eq_int(evaluate(&value, &f, source), MSTEP_EDEFINITION);
  mt_eq_mem(f.problems.data, f.problems.len,
            "INVALID_LUA_EXPRESSION at /States/S/Output/k/list/1: Lua syntax error at line 1, column 4: "
            "unexpected symbol near <eof>\n"
            "INVALID_LUA_EXPRESSION at /States/S/Output/k/list/2: Lua expression is not terminated by "
            "'%}'\n"
            "INVALID_LUA_EXPRESSION at /States/S/Output/k/list/3: Lua expression does not begin with "
            "'{%'\n");
  ms_json_unref(source);
  fixture_deinit(&f);
}

MT_TEST(lua_expr__result_and_error_output_where_allowed)
{
  struct fixture f;
  struct ms_query *query;
  struct ms_json value;
  fixture_init(&f);
  f.env.result = parse("{\"r\":[5]}");
  f.env.error_output = parse("{\"Error\":\"E\",\"Cause\":\"C\"}");
  check(&f, "states.result.r[1]", "5");
  check(&f, "states.errorOutput.Error", "\"E\"");
  struct ms_json source = expression("states.result.r");
  mt_eq_int(compile(&query, &f, source, MS_QUERY_TEMPLATE, MS_QUERY_ALLOW_ERROR_OUTPUT),
            MSTEP_EDEFINITION);
  mt_eq_mem(f.problems.data, f.problems.len,
            "UNSUPPORTED_LUA_EXPRESSION at /States/S/Output: Field 'states.result' is not available "
            "here.\n");
  ms_json_unref(source);
  /* Nor by a way that cannot be seen beforehand. */
  source = expression("local k = 'result' return states[k] == nil and states.input.a");
  mt_eq_int(compile(&query, &f, source, MS_QUERY_EXPRESSION, 0), 0);
  mt_eq_int(ms_query_eval(&value, query, &f.env, &f.failure), 0);
  mt_eq_json(value, "1");
  ms_query_free(query);
  ms_json_unref(source);
  fixture_deinit(&f);
}

static void add_name(struct ms_str name, void *user)
{
  ms_buf_printf(user, "%.*s ", MS_STR_ARG(name));
}

static void check_references(struct fixture *f, const char *text, const char *names)
{
  struct ms_query *query;
  struct ms_buf found;
  ms_buf_init(&found, 0);
  struct ms_json source = expression(text);
  mt_eq_int(compile(&query, f, source, MS_QUERY_EXPRESSION, 3), 0);
  ms_query_references(query, add_name, &found);
  struct ms_str quoted = ms_query_text(query);
  mt_eq_mem(quoted.data, quoted.len, text);
  mt_eq_mem(found.data == NULL ? "" : found.data, found.len, names);
  ms_buf_deinit(&found);
  ms_query_free(query);
  ms_json_unref(source);
}

MT_TEST(lua_expr__references)
{
  struct fixture f;
  fixture_init(&f);
  check_references(&f, "count + count2.x", "count count2 ");
  check_references(&f, "states.input.count", "");
  check_references(&f, "{count = other, [third] = 4, fourth}", "other third fourth ");
  check_references(&f, "local a, b <const> = x, y for i, j in pairs(z) do b2(a, i, j) end return b",
                   "x y z b2 ");
  check_references(&f, "local f = function(p, q) return p .. q .. r end return f(1):m(s.t)", "r s ");
  check_references(&f, "'a b' .. [[c d]] .. \"e\\\" f\" .. g -- h\n.. 0x1p4 .. 1e5", "g ");
  check_references(&f, "goto done ::done:: return u", "u ");
  check_references(&f, "table.concat({a, string.format('%d', b)})", "a b ");
  fixture_deinit(&f);
}

MT_TEST(lua_expr__nothing_outside_is_in_sight)
{
  static const struct row rows[] = {
      {"os == nil and io == nil and require == nil and load == nil and print == nil", "true"},
      {"debug == nil and package == nil and coroutine == nil and collectgarbage == nil", "true"},
      {"setmetatable == nil and getmetatable == nil and rawset == nil and _G == nil", "true"},
      {"math.randomseed == nil", "true"},
      {"mstep.now == nil and mstep.sleep == nil and mstep.log == nil", "true"},
      {"string.format('%p', {})", "!threw an error during evaluation: line 1: there are no addresses "
                                  "here: '%p'"},
  };
  struct fixture f;
  fixture_init(&f);
  ms_json_replace(&f.variables, parse("{}"));
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    check(&f, rows[i].text, rows[i].answer);
  }
  fixture_deinit(&f);
}

MT_TEST(lua_expr__nothing_is_kept)
{
  static const struct row rows[] = {
      {"x = 1 return x", "!threw an error during evaluation: line 1: 'x' cannot be set: an expression "
                         "changes nothing; write 'local x'"},
      {"count = count + 1 return count",
       "!threw an error during evaluation: line 1: 'count' cannot be set: an expression changes nothing; "
       "write 'local count'"},
      {"local a = states.input.items a[1] = nil a.new = 1 return 1", "1"},
      {"#states.input.items", "3"},
      {"states.input.items.new == nil", "true"},
      {"local l = list table.insert(l, 9) return #list", "4"},
      {"#list", "3"},
      {"local t = table t.concat = nil return 1",
       "!threw an error during evaluation: line 1: 'concat' cannot be set: what is here changes nothing"},
      {"table.insert(math, 1) return 1",
       "!threw an error during evaluation: '1' cannot be set: what is here changes nothing"},
      {"_ENV.y = 1 return 1", "!threw an error during evaluation: line 1: 'y' cannot be set: an expression "
                              "changes nothing; write 'local y'"},
  };
  CHECK_ROWS(rows);
}

MT_TEST(lua_expr__order_is_that_of_keys)
{
  static const struct row rows[] = {
      {"local t = {} for k in pairs({zeta = 1, alpha = 2, beta = 3, [2] = 1, [1.5] = 2, [true] = 0}) do "
       "t[#t + 1] = tostring(k) end return table.concat(t, ' ')",
       "\"1.5 2 alpha beta zeta true\""},
      {"local t = {} for k, v in pairs({5, 6, 7}) do t[#t + 1] = k * 10 + v end return t", "[15,26,37]"},
      {"local t, n = {a = 1, b = 2, c = 3}, 0 for k in pairs(t) do n = n + 1 t.b = nil end return n", "2"},
      {"next({})", "!returned nothing (undefined)."},
      {"(next({q = 1, c = 2, x = 3}))", "\"c\""},
      {"(next({q = 1, c = 2, x = 3}, 'c'))", "\"q\""},
      {"next({q = 1}, 'q') == nil", "true"},
      {"tostring({}) .. tostring(pairs) .. tostring(mstep.null)", "\"tablefunctionnull\""},
      {"string.format('%s|%5s|%-3d|%%|%q', {}, mstep.null, 7, 'x')", "\"table| null|7  |%|\\\"x\\\"\""},
      {"('%s'):format({})", "\"table\""},
      {"local t = {} t[{}] = 1 for k in pairs(t) do end return 1",
       "!threw an error during evaluation: line 1: a table as a key has no order here"},
  };
  CHECK_ROWS(rows);
}

MT_TEST(lua_expr__random_is_the_executions)
{
  char first[200];
  struct fixture f;
  struct ms_json value;
  struct ms_json source = expression("{math.random(), math.random(6), math.random(-5, 5), math.random(0), "
                                     "math.random(math.mininteger, math.maxinteger), mstep.uuid()}");
  for (int round = 0; round < 2; round++) {
    fixture_init(&f);
    mt_eq_int(evaluate(&value, &f, source), 0);
    mt_ok(ms_json_number(ms_json_at(value, 0)) < 1);
    mt_ok(ms_json_number(ms_json_at(value, 1)) >= 1 && ms_json_number(ms_json_at(value, 1)) <= 6);
    mt_ok(ms_json_number(ms_json_at(value, 2)) >= -5 && ms_json_number(ms_json_at(value, 2)) <= 5);
    mt_eq_int(ms_json_text(ms_json_at(value, 5)).len, 36);
    struct ms_json text = ms_json_print_value(value);
    if (round == 0) {
      snprintf(first, sizeof first, "%.*s", MS_STR_ARG(ms_json_text(text)));
    } else {
      mt_eq_mem(ms_json_text(text).data, ms_json_text(text).len, first);
    }
    ms_json_unref(text);
    ms_json_unref(value);
    check(&f, "math.random(2, 1)", "!threw an error during evaluation: line 1: bad argument #2 to 'random' "
                                   "(interval is empty)");
    f.env.random = NULL;
    check(&f, "math.random()", "!threw an error during evaluation: line 1: there are no random numbers "
                               "here");
    fixture_deinit(&f);
  }
  ms_json_unref(source);
}

#define TIMEOUT                                                                                   \
  "!threw an error during evaluation: Expression evaluation timeout: Check for infinite loop"
#define MEMORY                                                                                    \
  "!threw an error during evaluation: Expression evaluation memory limit exceeded: Check for "    \
  "excessive memory usage"

MT_TEST(lua_expr__runaways_end)
{
  static const struct row rows[] = {
      {"while true do end return 1", TIMEOUT},
      {"while true do pcall(function() while true do end end) end return 1", TIMEOUT},
      {"('a'):rep(30):find(('a-'):rep(30) .. 'b')", TIMEOUT},
      {"local function f() return f() end return f()", TIMEOUT},
      {"local t = {} for i = 1, 1e9 do t[i] = i end return t", TIMEOUT},
      {"local t = {} for i = 1, 5000 do t[i] = i end for i = 1, 1e9 do next(t) end return 1", TIMEOUT},
      {"('x'):rep(1e9)", MEMORY},
      {"local s = 'x' while true do s = s .. s end return s", MEMORY},
      {"local t = {} for i = 1, 100 do t[i] = ('x'):rep(1e6 + i) end return t", MEMORY},
      {"1 + 1", "2"}, /* and the next is none the worse */
      {"count", "2"},
  };
  CHECK_ROWS(rows);
}

MT_TEST(lua_expr__deep_recursion_is_an_error)
{
  struct fixture f;
  struct ms_json value;
  fixture_init(&f);
  struct ms_json source = expression("local function f(n) return 1 + f(n + 1) end return f(1)");
  f.limits.max_steps = 100000000;
  f.limits.max_bytes = (size_t)256 << 20;
  mt_eq_int(evaluate(&value, &f, source), MS_FAILED);
  mt_ok(strstr(ms_json_text(f.failure.cause).data, "stack overflow") != NULL);
  ms_json_unref(source);
  fixture_deinit(&f);
}

/* A query that was compiled before another one took the Lua state with it. */
MT_TEST(lua_expr__queries_survive_a_kill)
{
  struct fixture f;
  struct ms_query *query;
  struct ms_json value;
  fixture_init(&f);
  struct ms_json source = expression("states.input.a + count");
  mt_eq_int(compile(&query, &f, source, MS_QUERY_EXPRESSION, 0), 0);
  for (int round = 0; round < 3; round++) {
    mt_eq_int(ms_query_eval(&value, query, &f.env, &f.failure), 0);
    mt_eq_json(value, "3");
    check(&f, "while true do end return 1", TIMEOUT);
    check(&f, "('x'):rep(1e9)", MEMORY);
  }
  ms_query_free(query);
  ms_json_unref(source);
  fixture_deinit(&f);
}

/* What was left behind by others does not count against an evaluation. */
MT_TEST(lua_expr__memory_cap_is_each_ones_own)
{
  struct fixture f;
  struct ms_query *query;
  struct ms_json value;
  fixture_init(&f);
  struct ms_json source = expression("#('x'):rep(5000000)");
  mt_eq_int(compile(&query, &f, source, MS_QUERY_EXPRESSION, 0), 0);
  for (int round = 0; round < 20; round++) {
    mt_eq_int(ms_query_eval(&value, query, &f.env, &f.failure), 0);
    mt_eq_json(value, "5000000");
  }
  ms_query_free(query);
  ms_json_unref(source);
  fixture_deinit(&f);
}

static int evaluate_under_failure(void *user)
{
  struct fixture *f = user;
  struct ms_json value = MS_JSON_VALUE_NONE;
  struct ms_query *query = NULL;
  struct ms_query_source source = {f->env.result, MS_QUERY_TEMPLATE, 0, MS_STR("Output"), MS_STR("/O")};
  const struct ms_query_lang *lang;
  ms_failure_deinit(&f->failure);
  int err = ms_lua_lang_new(&lang);
  if (err == 0) {
    err = lang->compile(&query, lang, &source, note_problem, f);
  }
  if (err == 0) {
    err = ms_query_eval(&value, query, &f->env, &f->failure);
  }
  ms_query_free(query);
  ms_json_unref(value);
  ms_lua_lang_free(lang);
  ms_failure_deinit(&f->failure);
  ms_buf_deinit(&f->problems);
  ms_buf_init(&f->problems, 0);
  return err == MS_FAILED || err == MSTEP_EDEFINITION ? 0 : err;
}

MT_TEST(lua_expr__out_of_memory)
{
  static const char *const fields[] = {
      "{\"a\":[\"{% states.input.items %}\",{\"n\":\"{% local n = count return {n, list, "
      "states.context} %}\"}]}",
      "\"{% error('no') %}\"",
      "\"{% 1 + %}\"",
      "\"{% states.what %}\"",
  };
  for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
    struct fixture f;
    fixture_init(&f);
    f.env.result = parse(fields[i]); /* no field looks at it */
    mt_oom(evaluate_under_failure, &f);
    fixture_deinit(&f);
  }
}
