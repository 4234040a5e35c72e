/*
 * Files that change under a running engine: new versions, broken ones, modules and what requires them, files
 * that come and go; calls under way go on with what they began with.
 */
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"
#include "luavm/reload.h"

struct watcher {
  struct fixture f; /* first */
  const char *dir;
  char told[4096];
  int times;
  bool stops_when_told;
  bool stops_when_idle;
};

static void rearm(struct watcher *w)
{
  ms_loop_set_timer(w->f.loop, ms_lua_next_due_ms(w->f.lua));
  if (w->stops_when_idle && ms_lua_is_idle(w->f.lua)) {
    ms_loop_stop(w->f.loop);
  }
}

static void on_wake(void *user)
{
  struct watcher *w = user;
  ms_lua_on_wake(w->f.lua);
  rearm(w);
}

static void on_timer(void *user)
{
  struct watcher *w = user;
  ms_lua_on_timer(w->f.lua, ms_loop_now_ms(w->f.loop));
  rearm(w);
}

static void on_change(const struct ms_lua_change *change, void *user)
{
  static const char *const names[] = {"reloaded", "added", "removed", "broken", "rules", "file"};
  struct watcher *w = user;
  size_t len = strlen(w->told);
  if (change->kind == MS_LUA_BROKEN) {
    snprintf(w->told + len, sizeof w->told - len, "broken %s %s:%d %.*s;", change->function, change->file,
             change->line, MS_STR_ARG(change->message));
  } else if (change->kind == MS_LUA_FILE_CHANGED) {
    snprintf(w->told + len, sizeof w->told - len, "file %u/%s%s;", change->folder, change->file,
             change->is_gone ? " gone" : "");
  } else {
    snprintf(w->told + len, sizeof w->told - len, "%s %s;", names[change->kind], change->function);
  }
  w->times++;
  if (w->stops_when_told) {
    ms_loop_stop(w->f.loop);
  }
}

static void write_text(struct watcher *w, const char *name, const char *text)
{
  mt_write_file(mt_format("%s/%s", w->dir, name), text, strlen(text));
}

static void delete(struct watcher *w, const char *name)
{
  mt_eq_int(unlink(mt_format("%s/%s", w->dir, name)), 0);
}

static void prepare(struct watcher *w)
{
  static const char *const folders[] = {"functions", "functions/tool", "hooks", "lib", "lib/deep",
                                        "rules", "machines"};
  memset(w, 0, sizeof *w);
  w->dir = mt_tmpdir();
  for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
    mkdir(mt_format("%s/%s", w->dir, folders[i]), 0700);
  }
}

static void begin(struct watcher *w, unsigned workers, bool keeps_deleted)
{
  const char *dir = w->dir;
  struct ms_lua_options options = {
      .functions_dir = mt_format("%s/functions", dir), .hooks_dir = mt_format("%s/hooks", dir),
      .lib_dir = mt_format("%s/lib", dir), .rules_dir = mt_format("%s/rules", dir), .workers = workers,
      .memory_max_bytes = 16u << 20};
  mt_eq_int(ms_loop_libevent_new(&w->f.loop, NULL), 0);
  options.loop = w->f.loop;
  options.log = fixture_log;
  options.log_user = &w->f;
  mt_eq_int(ms_lua_new(&w->f.lua, &options), 0);
  const struct ms_loop_callbacks callbacks = {on_timer, NULL, on_wake, w};
  ms_loop_set_callbacks(w->f.loop, &callbacks);
  const char *const others[] = {mt_format("%s/machines", dir), NULL};
  const struct ms_lua_watch_options watch = {.changed = on_change, .user = w, .folders = others,
                                             .keeps_deleted = keeps_deleted};
  mt_eq_int(ms_lua_watch(w->f.lua, &watch), 0);
}

static void end(struct watcher *w)
{
  fixture_deinit(&w->f);
}

static void run(struct watcher *w)
{
  rearm(w);
  mt_eq_int(ms_loop_run(w->f.loop), 0);
}

/* Looks now, and lets what begins by that come to its end; what was told. */
static const char *look(struct watcher *w)
{
  w->told[0] = '\0';
  w->stops_when_idle = true;
  mt_eq_int(ms_lua_look(w->f.lua), 0);
  ms_loop_wake(w->f.loop);
  run(w);
  w->stops_when_idle = false;
  return w->told;
}

static const char *call(struct watcher *w, const char *function)
{
  static struct answer a;
  fixture_start(&w->f, &a, function, "{}", 0);
  w->stops_when_idle = true;
  run(w);
  w->stops_when_idle = false;
  mt_eq_int(a.count, 1);
  return a.outcome == MS_LUA_OK ? a.output : a.cause;
}

static const unsigned all_workers[] = {0, 2};

#define EACH_KIND(w, keeps_deleted)                                                                \
  for (size_t kind = 0; kind < 2 && (begin(w, all_workers[kind], keeps_deleted), true); kind++, end(w))

/* ---- swapping ---- */

MT_TEST(lua_reload__swaps)
{
  struct watcher w;
  prepare(&w);
  write_text(&w, "functions/f.lua", "return function() return 1 end");
  EACH_KIND(&w, false) {
    mt_eq_str(call(&w, "f"), "1");
    write_text(&w, "functions/f.lua", "return function() return 'second' end");
    mt_eq_str(look(&w), "reloaded f;");
    mt_eq_str(call(&w, "f"), "\"second\"");
    write_text(&w, "functions/f.lua", "return function() return 'second' end");
    mt_eq_str(look(&w), ""); /* the same text again is no change */
    write_text(&w, "functions/f.lua", "return function() return 1 end");
    mt_eq_str(look(&w), "reloaded f;");
  }
}

/* Files that are seconds old when the watch begins have not changed: "reloaded" is said of a change alone. */
MT_TEST(lua_reload__young_files_are_no_change)
{
  struct watcher w;
  prepare(&w);
  EACH_KIND(&w, false) {
    write_text(&w, "functions/f.lua", "return function() return 1 end");
    write_text(&w, "functions/g.lua", "return function() return 1 end");
    end(&w);
    begin(&w, all_workers[kind], false);
    mt_eq_str(look(&w), "");
    write_text(&w, "functions/g.lua", "return function() return 2 end");
    mt_eq_str(look(&w), "reloaded g;");
    mt_eq_str(look(&w), "");
    delete(&w, "functions/f.lua");
    delete(&w, "functions/g.lua");
  }
}

/* The first call of a function reads newer files than those on trial: what it has loaded stays. */
MT_TEST(lua_reload__first_call_overtakes_the_check)
{
  struct watcher w;
  prepare(&w);
  write_text(&w, "functions/f.lua", "return function() return 'zero' end");
  EACH_KIND(&w, false) {
    write_text(&w, "functions/f.lua", "return function() return 'old' end");
    mt_eq_int(ms_lua_look(w.f.lua), 0); /* the check has begun, and nobody has told of it */
    write_text(&w, "functions/f.lua", "return function() return 'newer' end");
    mt_eq_str(call(&w, "f"), "\"newer\"");
    mt_eq_str(call(&w, "f"), "\"newer\"");
    look(&w);
    mt_eq_str(w.told, "");
    mt_eq_str(call(&w, "f"), "\"newer\"");
    write_text(&w, "functions/f.lua", "return function() return 'old' end");
    mt_eq_str(look(&w), "reloaded f;");
    mt_eq_str(call(&w, "f"), "\"old\"");
  }
}

/* The same when the newer file is noticed while the older one is still on trial. */
MT_TEST(lua_reload__first_call_overtakes_and_is_told)
{
  struct watcher w;
  prepare(&w);
  write_text(&w, "functions/f.lua", "return function() return 'zero' end");
  EACH_KIND(&w, false) {
    static struct answer a;
    write_text(&w, "functions/f.lua", "return function() return 'old' end");
    mt_eq_int(ms_lua_look(w.f.lua), 0);
    write_text(&w, "functions/f.lua", "return function() return 'newer' end");
    fixture_start(&w.f, &a, "f", "{}", 0);
    mt_eq_str(look(&w), "reloaded f;");
    mt_eq_str(a.output, "\"newer\"");
    mt_eq_str(call(&w, "f"), "\"newer\"");
  }
}

/* What was deployed meanwhile is not replaced by what a file said before. */
MT_TEST(lua_reload__deployment_overtakes_the_check)
{
  struct watcher w;
  prepare(&w);
  write_text(&w, "functions/f.lua", "return function() return 'zero' end");
  EACH_KIND(&w, false) {
    mt_eq_str(call(&w, "f"), kind == 0 ? "\"zero\"" : "\"file\"");
    write_text(&w, "functions/f.lua", kind == 0 ? "return function() return 'file' end" : "return function() end");
    mt_eq_int(ms_lua_look(w.f.lua), 0);
    mt_eq_int(ms_lua_load(w.f.lua, MS_STR("f"), MS_STR("return function() return 'deployed' end")), 0);
    mt_eq_str(call(&w, "f"), "\"deployed\"");
    mt_eq_str(call(&w, "f"), "\"deployed\"");
    mt_eq_str(w.told, "");
  }
}

/* Without anybody asking: by the system's own notice. */
MT_TEST(lua_reload__is_noticed)
{
  struct watcher w;
  prepare(&w);
  EACH_KIND(&w, false) {
    w.stops_when_told = true;
    write_text(&w, "functions/f.lua", mt_format("return function() return %zu end", kind));
    run(&w);
    mt_eq_str(w.told, kind == 0 ? "added f;" : "reloaded f;");
    w.told[0] = '\0';
    write_text(&w, "functions/g.lua", "return function() return 2 end");
    run(&w);
    mt_eq_str(w.told, "added g;");
    w.told[0] = '\0';
    w.stops_when_told = false;
    mt_eq_str(call(&w, "f"), mt_format("%zu", kind));
    mt_eq_int(unlink(mt_format("%s/functions/g.lua", w.dir)), 0);
    w.told[0] = '\0';
    w.stops_when_told = true;
    run(&w);
    mt_eq_str(w.told, "removed g;");
    w.told[0] = '\0';
  }
}

/* ---- broken ---- */

MT_TEST(lua_reload__broken_changes_nothing)
{
  static const struct {
    const char *text;
    const char *told;
  } rows[] = {
      {"return function()\n  x = = 1\nend", "broken f functions/f.lua:2 unexpected symbol near '=';"},
      {"local x = nil\nreturn x.y", "broken f functions/f.lua:2 attempt to index a nil value (local 'x');"},
      {"local x = 1", "broken f functions/f.lua:0 functions/f.lua returns neither a function nor a table with a "
                      "function in field 'handler';"},
      {"return require 'missing'", "broken f functions/f.lua:0 module 'missing' not found in "},
      {"while true do end", "broken f functions/f.lua:0 it takes too long to load;"},
      {"error{errorType = 'Card', errorMessage = 'no'}", "broken f functions/f.lua:0 no;"},
      {"local t = {} while true do t[#t + 1] = ('x'):rep(1 << 20) .. #t end", "broken f functions/f.lua:0 "},
  };
  struct watcher w;
  prepare(&w);
  for (size_t kind = 0; kind < 2; kind++) {
    write_text(&w, "functions/f.lua", "return function() return 'good' end");
    begin(&w, all_workers[kind], false);
    mt_eq_str(call(&w, "f"), "\"good\"");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
      if (i == 4 && kind == 1) {
        continue; /* ten seconds on a worker */
      }
      write_text(&w, "functions/f.lua", rows[i].text);
      if (strncmp(look(&w), rows[i].told, strlen(rows[i].told)) != 0) {
        mt_report("%s\n%s", rows[i].text, w.told);
      }
      mt_eq_str(call(&w, "f"), "\"good\"");
      write_text(&w, "functions/f.lua", rows[i].text);
      mt_eq_str(look(&w), ""); /* once for each content */
    }
    write_text(&w, "functions/f.lua", "return function() return 'good' end");
    mt_eq_str(look(&w), ""); /* what it is anyway */
    write_text(&w, "functions/f.lua", rows[0].text);
    mt_eq_str(look(&w), rows[0].told); /* broken again, told again */
    write_text(&w, "functions/f.lua", "return function() return 'better' end");
    mt_eq_str(look(&w), "reloaded f;");
    mt_eq_str(call(&w, "f"), "\"better\"");
    end(&w);
  }
}

/* One that never was any good is replaced by what is new, so that calls say what is wrong today. */
MT_TEST(lua_reload__broken_from_the_beginning)
{
  struct watcher w;
  prepare(&w);
  write_text(&w, "functions/f.lua", "return )");
  begin(&w, 0, false);
  mt_ok(strstr(call(&w, "f"), "functions/f.lua:1: unexpected symbol near ')'") != NULL);
  write_text(&w, "functions/f.lua", "\nreturn ]");
  mt_eq_str(look(&w), "broken f functions/f.lua:2 unexpected symbol near ']';");
  mt_ok(strstr(call(&w, "f"), "functions/f.lua:2: unexpected symbol near ']'") != NULL);
  write_text(&w, "functions/f.lua", "return function() return 1 end");
  mt_eq_str(look(&w), "reloaded f;");
  mt_eq_str(call(&w, "f"), "1");
  write_text(&w, "functions/new.lua", "return )");
  mt_eq_str(look(&w), "broken new functions/new.lua:1 unexpected symbol near ')';");
  write_text(&w, "functions/new.lua", "return function() return 2 end");
  mt_eq_str(look(&w), "reloaded new;");
  mt_eq_str(call(&w, "new"), "2");
  end(&w);
}

/* What the chunk prints while it is tried is nobody's log. */
MT_TEST(lua_reload__is_tried_quietly)
{
  struct watcher w;
  prepare(&w);
  write_text(&w, "functions/f.lua", "return function() return 1 end");
  begin(&w, 0, false);
  call(&w, "f");
  write_text(&w, "functions/f.lua", "print 'loading' return function() return 2 end");
  mt_eq_str(look(&w), "reloaded f;");
  mt_eq_int(w.f.log_len, 0);
  mt_eq_str(call(&w, "f"), "2");
  mt_eq_str(w.f.log, "f req-1 loading\n");
  end(&w);
}

/* ---- modules ---- */

MT_TEST(lua_reload__modules_reload_who_requires_them)
{
  struct watcher w;
  prepare(&w);
  for (size_t kind = 0; kind < 2; kind++) {
    write_text(&w, "lib/money.lua", "return 'm1 '");
    write_text(&w, "lib/deep/init.lua", "return require 'money' .. 'd1 '");
    write_text(&w, "functions/direct.lua", "local m = require 'money' return function() return m end");
    write_text(&w, "functions/indirect.lua", "local d = require('deep') return function() return d end");
    write_text(&w, "functions/late.lua", "return function() return require(('MONEY'):lower()) end");
    write_text(&w, "functions/other.lua", "return function() return 'other' end");
    write_text(&w, "functions/tool/init.lua", "local o = require 'own' return function() return o end");
    write_text(&w, "functions/tool/own.lua", "return 'o1'");
    begin(&w, all_workers[kind], false);
    call(&w, "direct");
    call(&w, "indirect");
    call(&w, "late");
    call(&w, "other");
    call(&w, "tool");
    write_text(&w, "lib/money.lua", "return 'm2 '");
    look(&w);
    mt_eq_int(strlen(w.told), strlen("reloaded direct;reloaded indirect;reloaded late;"));
    mt_ok(strstr(w.told, "reloaded indirect;") != NULL);
    mt_eq_str(call(&w, "direct"), "\"m2 \"");
    mt_eq_str(call(&w, "indirect"), "\"m2 d1 \"");
    mt_eq_str(call(&w, "late"), "\"m2 \"");
    write_text(&w, "lib/deep/init.lua", "return require 'money' .. 'd2 '");
    mt_eq_str(look(&w), "reloaded indirect;");
    mt_eq_str(call(&w, "indirect"), "\"m2 d2 \"");
    write_text(&w, "functions/tool/own.lua", "return 'o2'");
    mt_eq_str(look(&w), "reloaded tool;");
    mt_eq_str(call(&w, "tool"), "\"o2\"");
    write_text(&w, "lib/deep.lua", "return 'shadow'"); /* goes before deep/init.lua */
    mt_eq_str(look(&w), "reloaded indirect;");
    mt_eq_str(call(&w, "indirect"), "\"shadow\"");
    delete(&w, "lib/deep.lua");
    mt_eq_str(look(&w), "reloaded indirect;");
    end(&w);
  }
}

/* Many functions, one broken module: told once. When it is whole again, all have it. */
MT_TEST(lua_reload__broken_module)
{
  struct watcher w;
  prepare(&w);
  write_text(&w, "lib/money.lua", "return 1");
  for (int i = 0; i < 5; i++) {
    write_text(&w, mt_format("functions/f%d.lua", i), "local m = require 'money' return function() return m end");
  }
  EACH_KIND(&w, false) {
    for (int i = 0; i < 5; i++) {
      call(&w, mt_format("f%d", i));
    }
    write_text(&w, "lib/money.lua", "return 1,\n");
    look(&w);
    mt_ok(strncmp(w.told, "broken f", 8) == 0);
    mt_ok(strstr(w.told, " lib/money.lua:2 unexpected symbol near <eof>;") == w.told + 9);
    mt_eq_int(strchr(w.told, ';')[1], '\0');
    mt_eq_str(call(&w, "f3"), "1");
    delete(&w, "lib/money.lua");
    mt_ok(strstr(look(&w), "module 'money' not found") != NULL);
    mt_eq_str(call(&w, "f3"), "1");
    write_text(&w, "lib/money.lua", "return 2");
    look(&w);
    mt_eq_int(strlen(w.told), 5 * strlen("reloaded f0;"));
    mt_eq_str(call(&w, "f3"), "2");
    write_text(&w, "lib/money.lua", "return 1");
    look(&w);
  }
}

/* ---- coming and going ---- */

MT_TEST(lua_reload__deleted_functions)
{
  struct watcher w;
  for (size_t keeps = 0; keeps < 2; keeps++) {
    prepare(&w);
    write_text(&w, "functions/f.lua", "return function() return 1 end");
    write_text(&w, "hooks/h.lua", "return function() return 2 end");
    begin(&w, 2, keeps == 1);
    call(&w, "f");
    call(&w, "hooks/h");
    mt_eq_int(ms_lua_load(w.f.lua, MS_STR("mem"), MS_STR("return function() return 3 end")), 0);
    write_text(&w, "functions/mem.lua", "return function() return 4 end");
    mt_eq_str(look(&w), "reloaded mem;"); /* who writes last wins */
    mt_eq_int(ms_lua_load(w.f.lua, MS_STR("mem"), MS_STR("return function() return 5 end")), 0);
    delete(&w, "functions/mem.lua");
    mt_eq_str(look(&w), "");
    mt_eq_str(call(&w, "mem"), "5");
    delete(&w, "functions/f.lua");
    mt_eq_str(look(&w), keeps == 1 ? "" : "removed f;");
    mt_eq_int(ms_lua_has_function(w.f.lua, MS_STR("f")), keeps == 1);
    delete(&w, "hooks/h.lua");
    mt_eq_str(look(&w), keeps == 1 ? "" : "removed hooks/h;");
    write_text(&w, "functions/f.lua", "return function() return 6 end");
    mt_eq_str(look(&w), keeps == 1 ? "reloaded f;" : "added f;");
    mt_eq_str(call(&w, "f"), "6");
    end(&w);
  }
}

MT_TEST(lua_reload__other_folders)
{
  struct watcher w;
  prepare(&w);
  begin(&w, 0, false);
  write_text(&w, "machines/order.json", "{}");
  write_text(&w, "functions/notes.txt", "x");
  mt_eq_str(look(&w), "file 0/order.json;");
  delete(&w, "machines/order.json");
  mt_eq_str(look(&w), "file 0/order.json gone;");
  mt_eq_int(ms_lua_watch(w.f.lua, NULL), 0);
  mt_eq_int(ms_lua_look(w.f.lua), MSTEP_ESTATE);
  end(&w);
}

/* ---- rules ---- */

static const char *rule(struct watcher *w, const char *name)
{
  struct ms_failure failure = MS_FAILURE_INIT;
  bool is_true;
  int err = ms_lua_rule(&is_true, w->f.lua, ms_str_c(name), MS_JSON_VALUE_NULL, MS_JSON_VALUE_NULL, &failure);
  ms_failure_deinit(&failure);
  return err != 0 ? "failed" : is_true ? "true" : "false";
}

MT_TEST(lua_reload__rules)
{
  struct watcher w;
  prepare(&w);
  write_text(&w, "lib/limit.lua", "return true");
  write_text(&w, "rules/vip.lua", "local l = require 'limit' return {is = function() return l end}");
  begin(&w, 0, false);
  write_text(&w, "rules/other.lua", "return )");
  mt_eq_str(look(&w), ""); /* nobody has asked for rules so far */
  mt_eq_str(rule(&w, "vip.is"), "true");
  write_text(&w, "lib/limit.lua", "return false");
  mt_eq_str(look(&w), "rules ;");
  mt_eq_str(rule(&w, "vip.is"), "false");
  write_text(&w, "rules/vip.lua", "return {\n  is = = 1}");
  mt_eq_str(look(&w), "broken  rules/vip.lua:2 unexpected symbol near '=';");
  mt_eq_str(rule(&w, "vip.is"), "false");
  write_text(&w, "rules/vip.lua", "return {\n  is = = 1}");
  mt_eq_str(look(&w), "");
  write_text(&w, "rules/vip.lua", "while true do end");
  mt_eq_str(look(&w), "broken  :0 the limit of instructions is passed;");
  write_text(&w, "rules/vip.lua", "return {is = function() return true end}");
  mt_eq_str(look(&w), "rules ;");
  mt_eq_str(rule(&w, "vip.is"), "true");
  delete(&w, "rules/vip.lua");
  mt_eq_str(look(&w), "rules ;");
  mt_eq_str(rule(&w, "vip.is"), "failed");
  end(&w);
}

/* ---- calls under way ---- */

static const char *numbered(int number)
{
  return mt_format("local mine = %d local theirs = require 'shared'\n"
                   "return function(e)\n"
                   "  local first = mine\n"
                   "  if e.sleep then require('mstep').sleep(0.03) else\n"
                   "    local t = os.clock() + 0.015 while os.clock() < t do end end\n"
                   "  return {first, mine, theirs, require('late')} end",
                   number);
}

/*
 * Calls that sleep, calls that compute and are preempted, and calls in the queue, while the file changes all
 * the time: each gives the version that it began with, whole, and none is lost.
 */
MT_TEST(lua_reload__calls_keep_their_version)
{
  enum { ROUNDS = 12, EACH = 4 };
  static struct answer answers[ROUNDS][EACH * 2];
  struct watcher w;
  prepare(&w);
  for (size_t kind = 0; kind < 2; kind++) {
    write_text(&w, "functions/f.lua", numbered(0));
    write_text(&w, "lib/shared.lua", "return 0");
    write_text(&w, "lib/late.lua", "return 0");
    begin(&w, all_workers[kind], false);
    for (int round = 0; round < ROUNDS; round++) {
      for (int i = 0; i < EACH * 2; i++) {
        fixture_start(&w.f, &answers[round][i], "f", i % 2 == 0 ? "{\"sleep\":true}" : "{}", 0);
      }
      write_text(&w, "functions/f.lua", numbered(round + 1));
      write_text(&w, "lib/shared.lua", mt_format("return %d", round + 1));
      write_text(&w, "lib/late.lua", mt_format("return %d", round + 1));
      w.told[0] = '\0';
      mt_eq_int(ms_lua_look(w.f.lua), 0);
      while (w.told[0] == '\0') { /* the calls go on meanwhile, and beyond */
        w.stops_when_told = true;
        run(&w);
        w.stops_when_told = false;
      }
      mt_eq_str(w.told, "reloaded f;");
    }
    w.stops_when_idle = true;
    run(&w);
    w.stops_when_idle = false;
    for (int round = 0; round < ROUNDS; round++) {
      for (int i = 0; i < EACH * 2; i++) {
        mt_eq_int(answers[round][i].count, 1);
        mt_eq_str(answers[round][i].output, mt_format("[%d,%d,%d,%d]", round, round, round, round));
      }
    }
    end(&w);
  }
}

/* Freed while sources are on trial. */
MT_TEST(lua_reload__ends_in_the_middle)
{
  struct watcher w;
  prepare(&w);
  write_text(&w, "functions/f.lua", "return function() return 1 end");
  EACH_KIND(&w, false) {
    call(&w, "f");
    write_text(&w, "functions/f.lua", "local t = os.clock() + 0.05 while os.clock() < t do end return print");
    mt_eq_int(ms_lua_look(w.f.lua), 0);
    if (kind == 1) {
      mt_eq_int(ms_lua_watch(w.f.lua, NULL), 0);
    }
    write_text(&w, "functions/f.lua", "return function() return 1 end");
  }
}

/* ---- memory ---- */

static int look_without_memory(void *user)
{
  struct watcher *w = user;
  struct ms_loop *loop;
  struct ms_lua *lua = NULL;
  int err = ms_loop_sim_new(&loop, 1700000000000);
  if (err != 0) {
    return err;
  }
  const struct ms_lua_options options = {.loop = loop, .functions_dir = mt_format("%s/functions", w->dir),
                                         .lib_dir = mt_format("%s/lib", w->dir)};
  const struct ms_lua_watch_options watch = {.changed = on_change, .user = w};
  write_text(w, "functions/f.lua", "local m = require 'm' return function() return 1 end");
  err = ms_lua_new(&lua, &options);
  if (err == 0 && !ms_lua_has_function(lua, MS_STR("f"))) {
    err = MSTEP_ENOMEM;
  }
  if (err == 0) {
    err = ms_lua_watch(lua, &watch);
  }
  if (err == 0) {
    write_text(w, "functions/f.lua", "local m = require 'm' return function() return 22 end");
    w->told[0] = '\0';
    err = ms_lua_look(lua);
    ms_lua_on_wake(lua);
    if (err == 0 && strcmp(w->told, "reloaded f;") != 0) {
      err = MSTEP_ENOMEM; /* it is tried again, or reported as out of memory */
    }
  }
  ms_lua_free(lua);
  ms_loop_free(loop);
  return err;
}

MT_TEST(lua_reload__every_allocation_fails)
{
  struct watcher w;
  prepare(&w);
  write_text(&w, "lib/m.lua", "return 1");
  mt_oom(look_without_memory, &w);
}

