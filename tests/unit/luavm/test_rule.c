/* Choice rules and definitions: found, called, pure, and ended at their limits. */
#include <sys/stat.h>

#include "fixture.h"

static const char rules_text[] =
    "local lib = require 'shop'\n"
    "return {\n"
    "  is_vip = function(input) return input.points > lib.vip_points end,\n"
    "  context = function(_, context) return context.Execution.Name == 'x' end,\n"
    "  number = function() return 1 end,\n"
    "  raises = function(input)\n"
    "    return input.missing.field end,\n"
    "  spins = function() while true do end end,\n"
    "  spins_in_pcall = function() while true do pcall(function() while true do end end) end end,\n"
    "  spins_in_coroutine = function()\n"
    "    while true do pcall(coroutine.wrap(function() while true do end end)) end end,\n"
    "  handler_spins = function()\n"
    "    xpcall(function() while true do end end, function() while true do end end) return true end,\n"
    "  nests = function() local function f() while true do pcall(f) end end f() end,\n"
    "  pattern = function() return (('a'):rep(100000)):find('.-.-.-.-b') ~= nil end,\n"
    "  sorts = function() local s, t = ('a'):rep(100000), {} for i = 1, 1000 do t[i] = s end table.sort(t) return true end,\n"
    "  fills = function() local s = 'x' while true do s = s .. s end end,\n"
    "  grows_global = function() counter = 1 return true end,\n"
    "  grows_lib = function() string.x = 1 return true end,\n"
    "  sets_raw = function() rawset(string, 'x', 1) return true end,\n"
    "  sets_own_raw = function() return rawset({}, 'x', 1).x == 1 end,\n"
    "  reaches = function() return not (os or io or debug or load or print or package or dofile or collectgarbage\n"
    "    or math.random or require('mstep').sleep or require('mstep').now) end,\n"
    "  nulls = function(input) return input.none == require('mstep').null end,\n"
    "  gets = function() return getmetatable('') == false and getmetatable(string) == false end,\n"
    "  spends = function() for i = 1, 100000 do end return true end,\n"
    "  nested = {deep = function() return true end},\n"
    "}\n";

static void write_text(const char *dir, const char *name, const char *text)
{
  mt_write_file(mt_format("%s/%s", dir, name), text, strlen(text));
}

static void begin(struct fixture *f)
{
  const char *dir = mt_tmpdir();
  mt_eq_int(mkdir(mt_format("%s/rules", dir), 0700), 0);
  mt_eq_int(mkdir(mt_format("%s/lib", dir), 0700), 0);
  write_text(dir, "rules/rules.lua", rules_text);
  write_text(dir, "rules/single.lua", "return function(input) return input.yes end");
  write_text(dir, "rules/broken.lua", "return {\n  x = = 1 }");
  write_text(dir, "rules/spinning.lua", "while true do end");
  write_text(dir, "rules/a.lua", "return {b = 1}");
  write_text(dir, "lib/shop.lua", "return {vip_points = 100}");
  struct ms_lua_options options = {.rules_dir = mt_format("%s/rules", dir),
                                   .lib_dir = mt_format("%s/lib", dir),
                                   .memory_max_bytes = 64u << 20};
  fixture_init(f, options, true);
}

/* 1, 0, or what the failure says. */
static const char *ask(struct fixture *f, const char *name, const char *input)
{
  struct ms_failure failure = MS_FAILURE_INIT;
  struct ms_json value;
  struct ms_json context;
  bool result = true;
  mt_eq_int(ms_json_parse(&value, ms_str_c(input), NULL, NULL), 0);
  mt_eq_int(ms_json_parse(&context, MS_STR("{\"Execution\":{\"Name\":\"x\"}}"), NULL, NULL), 0);
  int err = ms_lua_rule(&result, f->lua, ms_str_c(name), value, context, &failure);
  ms_json_unref(value);
  ms_json_unref(context);
  const char *text = result ? "true" : "false";
  if (err == MS_FAILED) {
    mt_ok(!result);
    mt_eq_str(ms_json_text(failure.error).data, "States.Runtime");
    text = mt_format("%s", ms_json_text(failure.cause).data);
  } else {
    mt_eq_int(err, 0);
  }
  ms_failure_deinit(&failure);
  return text;
}

MT_TEST(lua_rule__answers)
{
  static const struct {
    const char *name;
    const char *input;
    const char *expected;
  } rows[] = {
      {"rules.is_vip", "{\"points\":101}", "true"},
      {"rules.is_vip", "{\"points\":100}", "false"},
      {"rules.context", "{}", "true"},
      {"rules.nulls", "{\"none\":null}", "true"},
      {"rules.reaches", "{}", "true"},
      {"rules.gets", "{}", "true"},
      {"rules.spends", "{}", "true"},
      {"single", "{\"yes\":true}", "true"},
      {"single", "{\"yes\":false}", "false"},
      {"single", "{}", "The rule 'single' failed: the rule returned a nil, not a boolean"},
      {"rules.number", "{}", "The rule 'rules.number' failed: the rule returned a number, not a boolean"},
      {"rules.raises", "{}",
       "The rule 'rules.raises' failed: rules/rules.lua:7: attempt to index a nil value (field 'missing')"},
      {"rules.none", "{}", "The rule 'rules.none' failed: there is no such function in the rule file"},
      {"a.b", "{}", "The rule 'a.b' failed: there is no such function in the rule file"},
      {"none.x", "{}", "The rule 'none.x' failed: there is no rule file rules/none.lua"},
      {"../x", "{}", "'../x' cannot name a rule"},
      {"broken.x", "{}", "The rule 'broken.x' failed: rules/broken.lua:2: unexpected symbol near '='"},
      {"rules.grows_global", "{}",
       "The rule 'rules.grows_global' failed: rules/rules.lua:18: 'counter' cannot be set: what is here changes nothing"},
      {"rules.grows_lib", "{}",
       "The rule 'rules.grows_lib' failed: rules/rules.lua:19: 'x' cannot be set: what is here changes nothing"},
      {"rules.sets_raw", "{}",
       "The rule 'rules.sets_raw' failed: rules/rules.lua:20: attempt to change a read-only table"},
      {"rules.sets_own_raw", "{}", "true"},
      {"rules.is_vip", "{\"points\":1000}", "true"},
  };
  struct fixture f;
  begin(&f);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const char *got = ask(&f, rows[i].name, rows[i].input);
    if (strcmp(got, rows[i].expected) != 0) {
      mt_report("%s: %s", rows[i].name, got);
    }
  }
  fixture_deinit(&f);
}

/* By instructions, not by time; afterwards rules work as before. */
MT_TEST(lua_rule__limits)
{
  static const char *const names[] = {"rules.spins",        "rules.spins_in_pcall",
                                      "rules.spins_in_coroutine", "rules.handler_spins",
                                      "rules.nests",        "rules.pattern",
                                      "rules.sorts",        "spinning"};
  struct fixture f;
  begin(&f);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    int64_t began = fixture_real_ms();
    const char *expected =
        mt_format("The rule '%s' failed: its limit of instructions is passed", names[i]);
    const char *got = ask(&f, names[i], "{}");
    if (strcmp(got, expected) != 0) {
      mt_report("%s: %s", names[i], got);
    }
    if (fixture_real_ms() - began > 5000) {
      mt_report("%s took %lld ms", names[i], (long long)(fixture_real_ms() - began));
    }
    mt_eq_str(ask(&f, "rules.is_vip", "{\"points\":101}"), "true");
  }
  mt_eq_str(ask(&f, "rules.fills", "{}"), "The rule 'rules.fills' failed: not enough memory");
  mt_eq_str(ask(&f, "rules.is_vip", "{\"points\":101}"), "true");
  fixture_deinit(&f);
}

MT_TEST(lua_rule__no_folder)
{
  struct fixture f;
  fixture_init(&f, (struct ms_lua_options){0}, true);
  mt_eq_str(ask(&f, "rules.x", "{}"), "The rule 'rules.x' failed: there is no folder of rules");
  fixture_deinit(&f);
}

MT_TEST(lua_table__definitions)
{
  struct fixture f;
  struct ms_json value;
  begin(&f);
  mt_eq_int(ms_lua_table(&value, f.lua,
                         MS_STR("local lib = require 'shop'\n"
                                "return {StartAt = 'A', States = {A = {Type = 'Pass', End = true, Result = "
                                "{n = lib.vip_points, list = require('mstep').array()}}}}"),
                         "m.lua"),
            0);
  mt_eq_json(value, "{\"StartAt\":\"A\",\"States\":{\"A\":{\"End\":true,\"Result\":{\"list\":[],\"n\":100},"
                    "\"Type\":\"Pass\"}}}");
  ms_json_unref(value);
  static const struct {
    const char *source;
    const char *detail;
  } rows[] = {
      {"return 1", "m.lua: the chunk returned a number, not a table"},
      {"return {", "m.lua:1: unexpected symbol near <eof>"},
      {"local x\nreturn x.y", "m.lua:2: attempt to index a nil value (local 'x')"},
      {"return {a = print}", "m.lua: the table cannot be JSON"},
      {"return {a = function() end}", "m.lua: the table cannot be JSON: at .a: a function cannot be JSON"},
      {"while true do end", "the limit of instructions is passed"},
      {"local s = 'x' while true do s = s .. s end", "not enough memory"},
      {"x = 1 return {}", "'x' cannot be set"},
      {"return {t = os.time()}", "attempt to index a nil value (global 'os')"},
      {"error({1})", "the error is no text"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    int err = ms_lua_table(&value, f.lua, ms_str_c(rows[i].source), "m.lua");
    bool is_fine = i == 3 ? err == 0 : err == MSTEP_ELUA && strstr(ms_error_detail(), rows[i].detail) != NULL;
    if (!is_fine) {
      mt_report("%s: %d %s", rows[i].source, err, ms_error_detail());
    }
    ms_json_unref(value);
  }
  fixture_deinit(&f);
}
