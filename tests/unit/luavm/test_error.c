/* What becomes of what a handler raises. */
#include <dirent.h>

#include "fixture.h"

MT_TEST(lua_error__forms)
{
  static const struct {
    const char *body;
    const char *error;
    const char *cause; /* the beginning */
  } rows[] = {
      {"error{Error = 'A.B', Cause = 'why'}", "A.B", "why"},
      {"error{Error = 'A.B', Cause = {n = 1}}", "A.B", "{\"n\":1}"},
      {"error{Error = 'A.B', Cause = 12}", "A.B", "12"},
      {"error{Error = 12}", "12", ""},
      {"error{errorType = 'T', errorMessage = 'm'}", "T",
       "{\"errorMessage\":\"m\",\"errorType\":\"T\",\"requestId\":\"req-1\",\"stackTrace\":[\"[C]: in function 'error'\","
       "\"functions/eval.lua:3: in function <functions/eval.lua:2>\"]}"},
      {"error{errorType = 'T'}", "T", "{\"errorMessage\":\"\",\"errorType\":\"T\""},
      {"error{errorMessage = 'm'}", "Lua.Error", "{\"errorMessage\":\"m\",\"errorType\":\"Lua.Error\""},
      {"error{Cause = 'c'}", "Lua.Error", "{\"errorMessage\":\"c\",\"errorType\":\"Lua.Error\""},
      {"error('text', 0)", "Lua.Error", "{\"errorMessage\":\"text\",\"errorType\":\"Lua.Error\""},
      {"error('text')", "Lua.Error", "{\"errorMessage\":\"functions/eval.lua:3: text\""},
      {"error({1, 2})", "Lua.Error", "{\"errorMessage\":\"[1,2]\""},
      {"error({a = print})", "Lua.Error", "{\"errorMessage\":\"table: 0x"},
      {"error(nil)", "Lua.Error", "{\"errorMessage\":\"nil\""},
      {"error()", "Lua.Error", "{\"errorMessage\":\"nil\""},
      {"error(true)", "Lua.Error", "{\"errorMessage\":\"true\""},
      {"error(mstep.null)", "Lua.Error", "{\"errorMessage\":\"userdata: "},
      {"error(setmetatable({}, {__tostring = function() return 'mine' end}))", "Lua.Error",
       "{\"errorMessage\":\"mine\""},
      {"error(setmetatable({}, {__tostring = function() error('in it') end}))", "Lua.Error",
       "{\"errorMessage\":\"the error object's __tostring failed\""},
      {"error(setmetatable({}, {__tostring = function() return {} end}))", "Lua.Error",
       "{\"errorMessage\":\"the error object's __tostring failed\""},
      {"error('bad \\xff\\xfe bytes', 0)", "Lua.Error",
       "{\"errorMessage\":\"bad \xEF\xBF\xBD\xEF\xBF\xBD bytes\""},
      {"local x = nil; x.y = 1", "Lua.Error",
       "{\"errorMessage\":\"functions/eval.lua:3: attempt to index a nil value (local 'x')\""},
      {"return nil + 1", "Lua.Error",
       "{\"errorMessage\":\"functions/eval.lua:3: attempt to perform arithmetic on a nil value\""},
      {"local t = setmetatable({}, {__index = function(t, k) error('no ' .. k, 0) end}) return t.x",
       "Lua.Error", "{\"errorMessage\":\"no x\""},
  };
  struct fixture f;
  static struct answer a;
  fixture_init(&f, (struct ms_lua_options){0}, true);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    fixture_eval(&f, &a, rows[i].body, "{}");
    if (a.outcome != MS_LUA_ERROR || strcmp(a.error, rows[i].error) != 0 ||
        strncmp(a.cause, rows[i].cause, strlen(rows[i].cause)) != 0) {
      mt_report("%s\n%d %s %s", rows[i].body, a.outcome, a.error, a.cause);
    }
  }
  fixture_deinit(&f);
}

MT_TEST(lua_error__cut_to_the_limits)
{
  static const char *const bodies[] = {
      "error(('x'):rep(100000))",
      "error(('\\1'):rep(100000))", /* six characters each */
      "error(('\xC3\xA4'):rep(100000))",
      "error{errorType = ('t'):rep(1000), errorMessage = ('\"'):rep(50000)}",
      "local function f(n) if n == 0 then error(('x'):rep(40000)) end f(n - 1) return 1 end f(150)",
      "error{Error = ('e'):rep(1000), Cause = ('c'):rep(100000)}",
  };
  struct fixture f;
  static struct answer a;
  fixture_init(&f, (struct ms_lua_options){0}, true);
  for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
    fixture_eval(&f, &a, bodies[i], "{}");
    mt_eq_int(a.outcome, MS_LUA_ERROR);
    mt_ok(strlen(a.error) <= 256);
    size_t chars = 0;
    for (const char *p = a.cause; *p != '\0'; p++) {
      chars += ((unsigned char)*p & 0xC0) != 0x80;
    }
    if (chars > 32768 || chars < 32000) {
      mt_report("%s: %zu characters", bodies[i], chars);
    }
    if (i < 5) {
      struct ms_json json;
      if (ms_json_parse(&json, ms_str_c(a.cause), NULL, NULL) != 0) {
        mt_report("%s: %s", bodies[i], ms_error_detail());
      }
      ms_json_unref(json);
    }
  }
  fixture_deinit(&f);
}

MT_TEST(lua_error__trace_names_lines)
{
  struct fixture f;
  static struct answer a;
  fixture_init(&f, (struct ms_lua_options){0}, true);
  fixture_load(&f, "pay",
               "local M = {}\n"
               "function M.charge(card)\n"
               "  error('declined')\n"
               "end\n"
               "local function order(event)\n"
               "  M.charge(event.card)\n"
               "  return 1\n"
               "end\n"
               "return function(event)\n"
               "  local ok = order(event)\n"
               "  return ok\n"
               "end\n");
  fixture_call(&f, &a, "pay", "{}", 0);
  mt_eq_str(a.cause, "{\"errorMessage\":\"functions/pay.lua:3: declined\",\"errorType\":\"Lua.Error\","
                     "\"requestId\":\"req-1\",\"stackTrace\":[\"[C]: in function 'error'\","
                     "\"functions/pay.lua:3: in field 'charge'\","
                     "\"functions/pay.lua:6: in upvalue 'order'\","
                     "\"functions/pay.lua:10: in function <functions/pay.lua:9>\"]}");
  fixture_deinit(&f);
}

/* Failures that were recorded: a function of ours that fails so has the same members, and values that are told. */
MT_TEST(lua_error__as_recorded)
{
  const char *corpus = mt_corpus();
  if (corpus == NULL) {
    mt_skip("no corpus");
  }
  const char *folder = mt_format("%s/lambda/destinations", corpus);
  DIR *dir = opendir(folder);
  mt_ok(dir != NULL);
  struct fixture f;
  static struct answer a;
  fixture_init(&f, (struct ms_lua_options){0}, true);
  fixture_load(&f, "f", "return function(e) error{errorType = e.errorType, errorMessage = e.errorMessage} end");
  int count = 0;
  for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
    struct ms_json recorded;
    struct ms_json ours;
    if (strstr(entry->d_name, ".json") == NULL) {
      continue;
    }
    size_t len;
    const char *text = mt_read_file(mt_format("%s/%s", folder, entry->d_name), &len);
    mt_eq_int(ms_json_parse(&recorded, (struct ms_str){text, len}, NULL, NULL), 0);
    struct ms_json payload = ms_json_pointer(recorded, MS_STR("/record/responsePayload"));
    struct ms_str type = ms_json_text(ms_json_getc(payload, "errorType"));
    if (type.len > 0 && !ms_str_is(type, "Sandbox.Timedout")) {
      struct ms_json printed = ms_json_print_value(payload);
      fixture_call(&f, &a, "f", ms_json_text(printed).data, 0);
      mt_eq_int(ms_json_parse(&ours, ms_str_c(a.cause), NULL, NULL), 0);
      mt_eq_str(a.error, ms_json_text(ms_json_getc(payload, "errorType")).data);
      mt_eq_int(ms_json_count(ours), ms_json_count(payload));
      for (size_t i = 0; i < ms_json_count(payload); i++) {
        mt_ok(ms_json_get(ours, ms_json_key(payload, i)).type == ms_json_member(payload, i).type);
      }
      ms_json_unref(printed);
      ms_json_unref(ours);
      count++;
    }
    ms_json_unref(recorded);
  }
  closedir(dir);
  fixture_deinit(&f);
  mt_note("%d recorded failures", count);
  mt_ok(count > 0);
}
