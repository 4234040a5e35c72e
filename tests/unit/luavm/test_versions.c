/* Versions of functions: publishing, packages, pins, configuration; what is not needed is freed. */
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "fixture.h"

static void write_text(const char *dir, const char *name, const char *text)
{
  mt_write_file(mt_format("%s/%s", dir, name), text, strlen(text));
}

static const char *project(struct ms_lua_options *options)
{
  const char *dir = mt_tmpdir();
  static const char *const folders[] = {"functions", "functions/tool", "lib", "hooks"};
  for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
    mt_eq_int(mkdir(mt_format("%s/%s", dir, folders[i]), 0700), 0);
  }
  options->functions_dir = mt_format("%s/functions", dir);
  options->lib_dir = mt_format("%s/lib", dir);
  options->hooks_dir = mt_format("%s/hooks", dir);
  return dir;
}

/* A call with whatever the form says, from beginning to end. */
static void call(struct fixture *f, struct answer *a, struct ms_lua_call form)
{
  memset(a, 0, sizeof *a);
  a->fixture = f;
  form.request_id = "req-1";
  form.attempt = 1;
  mt_eq_int(ms_lua_invoke(&a->id, f->lua, &form, fixture_done, a), 0);
  fixture_run(f);
  mt_eq_int(a->count, 1);
}

static const char *output_of(struct fixture *f, const char *function, const char *version)
{
  static struct answer a;
  call(f, &a, (struct ms_lua_call){.function = ms_str_c(function), .version = version});
  return a.outcome == MS_LUA_OK ? a.output : a.error;
}

MT_TEST(lua_versions__published_stay)
{
  struct fixture f;
  for (unsigned workers = 0; workers <= 2; workers += 2) {
    fixture_init(&f, (struct ms_lua_options){.workers = workers}, workers == 0);
    fixture_load(&f, "f", "return function(e, c) return 'one ' .. c.function_version end");
    mt_eq_int(ms_lua_publish(f.lua, MS_STR("f"), "1"), 0);
    fixture_load(&f, "f", "return function(e, c) return 'two ' .. c.function_version end");
    mt_eq_int(ms_lua_publish(f.lua, MS_STR("f"), "2"), 0);
    fixture_load(&f, "f", "return function(e, c) return 'three ' .. c.function_version end");
    for (int again = 0; again < 2; again++) {
      mt_eq_str(output_of(&f, "f", "1"), "\"one 1\"");
      mt_eq_str(output_of(&f, "f", "2"), "\"two 2\"");
      mt_eq_str(output_of(&f, "f", "$LATEST"), "\"three $LATEST\"");
      mt_eq_str(output_of(&f, "f", NULL), "\"three $LATEST\"");
    }
    mt_eq_str(output_of(&f, "f", "3"), "Lambda.ResourceNotFoundException");
    mt_eq_int(ms_lua_unload(f.lua, MS_STR("f"), "1"), 0);
    mt_eq_str(output_of(&f, "f", "1"), "Lambda.ResourceNotFoundException");
    mt_eq_str(output_of(&f, "f", "2"), "\"two 2\"");
    mt_eq_int(ms_lua_unload(f.lua, MS_STR("f"), NULL), 0);
    mt_eq_str(output_of(&f, "f", "2"), "Lambda.ResourceNotFoundException");
    mt_ok(!ms_lua_has_function(f.lua, MS_STR("f")));
    fixture_deinit(&f);
  }
}

MT_TEST(lua_versions__refusals)
{
  struct fixture f;
  fixture_init(&f, (struct ms_lua_options){0}, true);
  mt_eq_int(ms_lua_publish(f.lua, MS_STR("f"), "1"), MSTEP_ENOTFOUND);
  fixture_load(&f, "f", "return print");
  mt_eq_int(ms_lua_publish(f.lua, MS_STR("f"), "1"), 0);
  mt_eq_int(ms_lua_publish(f.lua, MS_STR("f"), "1"), MSTEP_EEXISTS);
  mt_eq_int(ms_lua_publish(f.lua, MS_STR("f"), "$LATEST"), MSTEP_EINVALID);
  mt_eq_int(ms_lua_publish(f.lua, MS_STR("f"), ""), MSTEP_EINVALID);
  mt_eq_int(ms_lua_publish(f.lua, MS_STR("f"), "a/b"), MSTEP_EINVALID);
  mt_eq_int(ms_lua_unload(f.lua, MS_STR("f"), "7"), MSTEP_ENOTFOUND);
  mt_eq_int(ms_lua_unload(f.lua, MS_STR("g"), NULL), MSTEP_ENOTFOUND);
  fixture_deinit(&f);
}

/* A version is whole: what it requires is part of it, by literal names and by others once they are met. */
MT_TEST(lua_versions__modules_are_part_of_it)
{
  struct ms_lua_options options = {0};
  const char *dir = project(&options);
  write_text(dir, "functions/f.lua", "local m = require 'm' local name = 'dyn' .. 'amic'\n"
                                     "return function() return m.value .. require(name) .. require('deep.late') end");
  write_text(dir, "lib/m.lua", "return {value = require('n')}");
  write_text(dir, "lib/n.lua", "return 'n1 '");
  write_text(dir, "lib/dynamic.lua", "return 'd1 '");
  mt_eq_int(mkdir(mt_format("%s/lib/deep", dir), 0700), 0);
  write_text(dir, "lib/deep/late.lua", "return 'l1'");
  for (options.workers = 0; options.workers <= 2; options.workers += 2) {
    struct fixture f;
    write_text(dir, "lib/n.lua", "return 'n1 '");
    write_text(dir, "lib/deep/late.lua", "return 'l1'");
    write_text(dir, "lib/dynamic.lua", "return 'd1 '");
    fixture_init(&f, options, options.workers == 0);
    mt_eq_int(ms_lua_publish(f.lua, MS_STR("f"), "1"), 0);
    write_text(dir, "lib/n.lua", "return 'n2 '");
    write_text(dir, "lib/deep/late.lua", "return 'l2'");
    mt_eq_str(output_of(&f, "f", "1"), "\"n1 d1 l1\"");
    write_text(dir, "lib/dynamic.lua", "return 'd2 '");
    mt_eq_str(output_of(&f, "f", "1"), "\"n1 d1 l1\"");
    mt_eq_int(ms_lua_unload(f.lua, MS_STR("f"), "$LATEST"), 0);
    mt_eq_str(output_of(&f, "f", "1"), "\"n1 d1 l1\"");
    mt_eq_str(output_of(&f, "f", NULL), "\"n2 d2 l2\"");
    fixture_deinit(&f);
  }
}

MT_TEST(lua_versions__hooks_are_functions)
{
  struct ms_lua_options options = {0};
  struct fixture f;
  const char *dir = project(&options);
  write_text(dir, "hooks/audit.lua", "return function(e, c) error(c.function_name) end");
  fixture_init(&f, options, true);
  static struct answer a;
  fixture_call(&f, &a, "hooks/audit", "{}", 0);
  mt_ok(strstr(a.cause, "hooks/audit.lua:1: hooks/audit") != NULL);
  mt_ok(!ms_lua_has_function(f.lua, MS_STR("audit")));
  mt_ok(!ms_lua_has_function(f.lua, MS_STR("hooks/../audit")));
  mt_ok(!ms_lua_has_function(f.lua, MS_STR("hooks/")));
  fixture_deinit(&f);
}

/* ---- packages ---- */

static int deploy(struct fixture *f, const char *version, const char *handler, size_t count,
                  const struct ms_lua_file *files)
{
  const struct ms_lua_package package = {MS_STR("f"), version, files, count, handler};
  return ms_lua_deploy(f->lua, &package);
}

#define FILE_OF(path, text) {{path, sizeof(path) - 1}, {text, sizeof(text) - 1}}

MT_TEST(lua_versions__packages)
{
  static const struct ms_lua_file files[] = {
      FILE_OF("README.md", "\xff not Lua"),
      FILE_OF("src/app.lua", "local m = require 'lib.money' return {run = function(e) return m(e) end}"),
      FILE_OF("lib/money/init.lua", "return function(n) return n * 100 end"),
      FILE_OF("index.lua", "return {handler = function() return require 'src.app'.run(2) end}"),
  };
  struct fixture f;
  static struct answer a;
  fixture_init(&f, (struct ms_lua_options){0}, true);
  mt_eq_int(deploy(&f, NULL, "src/app.run", 4, files), 0);
  fixture_call(&f, &a, "f", "3", 0);
  mt_eq_str(a.output, "300");
  mt_eq_int(deploy(&f, "9", NULL, 4, files), 0);
  mt_eq_str(output_of(&f, "f", "9"), "200");
  mt_eq_int(deploy(&f, "9", NULL, 4, files), MSTEP_EEXISTS);
  mt_eq_int(deploy(&f, NULL, "src/other.run", 4, files), MSTEP_ENOTFOUND);
  mt_eq_int(deploy(&f, NULL, NULL, 3, files), MSTEP_ENOTFOUND);
  mt_eq_int(deploy(&f, NULL, "src/app.nothing", 4, files), 0);
  fixture_call(&f, &a, "f", "3", 0);
  mt_eq_str(a.error, "Runtime.HandlerNotFound");
  mt_ok(strstr(a.cause, "functions/f/src/app.lua returns neither a function nor a table with a function in "
                        "field 'nothing'") != NULL);
  static const struct ms_lua_file broken[] = {
      FILE_OF("init.lua", "return function() end"),
      FILE_OF("part.lua", "x = 1\nreturn )"),
  };
  mt_eq_int(deploy(&f, NULL, NULL, 2, broken), MSTEP_ELUA);
  mt_ok(strstr(ms_error_detail(), "functions/f/part.lua:2: unexpected symbol near ')'") != NULL);
  fixture_deinit(&f);
}

/* What a version consists of can be taken out, kept, and brought back. */
MT_TEST(lua_versions__files_come_back)
{
  struct ms_lua_options options = {0};
  const char *dir = project(&options);
  struct fixture f;
  struct ms_json list;
  write_text(dir, "functions/tool/init.lua", "return function() return require('own') .. require 'shared' end");
  write_text(dir, "functions/tool/own.lua", "return 'own '");
  write_text(dir, "lib/shared.lua", "return 'shared \xff' and 'shared'");
  fixture_init(&f, options, true);
  mt_eq_int(ms_lua_publish(f.lua, MS_STR("tool"), "1"), 0);
  mt_eq_int(ms_lua_files(&list, f.lua, MS_STR("tool"), "1"), 0);
  mt_eq_int(ms_json_count(list), 3);
  struct ms_json main = ms_json_at(list, 0);
  mt_eq_json(main, "{\"path\":\"init.lua\",\"text\":\"return function() return require('own') .. "
                   "require 'shared' end\"}");
  struct ms_lua_file files[3];
  for (size_t i = 0; i < 3; i++) {
    struct ms_json file = ms_json_at(list, i);
    bool is_text = !ms_json_is_none(ms_json_getc(file, "text"));
    mt_eq_int(is_text, strcmp(ms_json_text(ms_json_getc(file, "path")).data, "shared.lua") != 0);
    files[i] = (struct ms_lua_file){ms_json_text(ms_json_getc(file, "path")),
                                    is_text ? ms_json_text(ms_json_getc(file, "text"))
                                            : MS_STR("return 'shared'")};
  }
  mt_eq_int(deploy(&f, "1", NULL, 3, files), 0);
  mt_eq_str(output_of(&f, "f", "1"), "\"own shared\"");
  ms_json_unref(list);
  mt_eq_int(ms_lua_files(&list, f.lua, MS_STR("tool"), "2"), MSTEP_ENOTFOUND);
  mt_eq_int(ms_lua_files(&list, f.lua, MS_STR("none"), NULL), MSTEP_ENOTFOUND);
  fixture_deinit(&f);
}

/* ---- pins ---- */

MT_TEST(lua_versions__pins)
{
  struct fixture f;
  static struct answer a;
  fixture_init(&f, (struct ms_lua_options){0}, true);
  mt_eq_int(ms_lua_pin(f.lua, MS_STR("f")), 0);
  fixture_load(&f, "f", "n = 0 return function() n = n + 1 return 'one ' .. n end");
  uint64_t revision = ms_lua_pin(f.lua, MS_STR("f"));
  mt_ok(revision != 0);
  mt_eq_int(ms_lua_pin(f.lua, MS_STR("f")), revision);
  fixture_load(&f, "f", "n = 0 return function() n = n + 1 return 'two ' .. n end");
  for (int i = 1; i <= 2; i++) {
    call(&f, &a, (struct ms_lua_call){.function = MS_STR("f"), .revision = revision});
    mt_eq_str(a.output, mt_format("\"one %d\"", i)); /* both states stay warm */
    mt_eq_str(output_of(&f, "f", NULL), mt_format("\"two %d\"", i));
  }
  ms_lua_unpin(f.lua, MS_STR("f"), revision);
  call(&f, &a, (struct ms_lua_call){.function = MS_STR("f"), .revision = revision});
  mt_eq_str(a.output, "\"one 3\"");
  ms_lua_unpin(f.lua, MS_STR("f"), revision);
  call(&f, &a, (struct ms_lua_call){.function = MS_STR("f"), .revision = revision});
  mt_eq_str(a.error, "Lambda.ResourceNotFoundException");
  ms_lua_unpin(f.lua, MS_STR("f"), revision);
  mt_eq_str(output_of(&f, "f", NULL), "\"two 3\"");
  fixture_deinit(&f);
}

/* ---- configuration ---- */

static struct ms_json parse(const char *text)
{
  struct ms_json value;
  mt_eq_int(ms_json_parse(&value, ms_str_c(text), NULL, NULL), 0);
  return value;
}

MT_TEST(lua_versions__configuration)
{
  for (unsigned workers = 0; workers <= 2; workers += 2) {
    struct fixture f;
    static struct answer a;
    fixture_init(&f, (struct ms_lua_options){.workers = workers}, workers == 0);
    fixture_load(&f, "f", "local made = os.getenv('COLOR') n = 0\n"
                          "return function(e, c) n = n + 1\n"
                          "return {made, os.getenv('COLOR'), os.getenv('EMPTY') or require('mstep').null, c.memory_limit_in_mb, n} end");
    struct ms_lua_config config = {64u << 20, parse("{\"COLOR\":\"red\",\"EMPTY\":\"\"}")};
    struct ms_lua_call form = {.function = MS_STR("f"), .config = &config};
    call(&f, &a, form);
    mt_eq_str(a.output, "[\"red\",\"red\",\"\",64,1]");
    ms_json_replace(&config.environment, parse("{\"COLOR\":\"red\",\"EMPTY\":\"\"}"));
    for (int i = 2; workers == 0 && i < 4; i++) {
      form.config = i == 2 ? &config : NULL; /* the same: the state stays warm */
      call(&f, &a, form);
      mt_eq_str(a.output, mt_format("[\"red\",\"red\",\"\",64,%d]", i));
    }
    form.config = &config;
    mt_eq_int(ms_lua_publish(f.lua, MS_STR("f"), "1"), 0);
    ms_json_replace(&config.environment, parse("{\"COLOR\":\"blue\"}"));
    config.memory_max_bytes = 0;
    call(&f, &a, form);
    mt_eq_str(a.output, "[\"blue\",\"blue\",null,128,1]");
    form.config = NULL;
    form.version = "1";
    call(&f, &a, form);
    mt_eq_str(a.output, "[\"red\",\"red\",\"\",64,1]");
    fixture_load(&f, "f", "return function() return os.getenv('COLOR') end");
    mt_eq_str(output_of(&f, "f", NULL), "\"blue\""); /* code and configuration change apart */
    form.config = &config;
    form.version = NULL;
    ms_json_replace(&config.environment, parse("{\"A=B\":\"x\"}"));
    call(&f, &a, form);
    mt_eq_int(a.outcome, MS_LUA_MISSING);
    mt_ok(strstr(a.cause, "'A=B' is no variable of an environment") != NULL);
    ms_json_unref(config.environment);
    fixture_deinit(&f);
  }
}

/* ---- memory ---- */

/* Counts bytes in use, from all threads. */
static _Atomic size_t used_bytes;

static void *counting_resize(void *user, void *ptr, size_t size)
{
  (void)user;
  size_t before = ptr == NULL ? 0 : malloc_usable_size(ptr);
  void *moved = NULL;
  if (size == 0) {
    free(ptr);
  } else {
    moved = realloc(ptr, size);
  }
  size_t after = moved == NULL ? 0 : malloc_usable_size(moved);
  if (size == 0 || moved != NULL) {
    atomic_fetch_add(&used_bytes, after);
    atomic_fetch_sub(&used_bytes, before);
  }
  return moved;
}

/* Versions come and go a thousand times: what is in use at the end is what one takes. */
MT_TEST(lua_versions__old_ones_are_freed)
{
  static const struct ms_allocator counting = {counting_resize, NULL};
  ms_alloc_set(&counting);
  for (unsigned workers = 0; workers <= 2; workers += 2) {
    struct fixture f;
    fixture_init(&f, (struct ms_lua_options){.workers = workers}, workers == 0);
    size_t before = 0;
    for (int i = 0; i < 400; i++) {
      fixture_load(&f, "f", mt_format("local pad = '%0512d' return function() return %d end", i, i));
      mt_eq_int(ms_lua_publish(f.lua, MS_STR("f"), "1"), 0);
      mt_eq_str(output_of(&f, "f", "1"), mt_format("%d", i));
      mt_eq_str(output_of(&f, "f", NULL), mt_format("%d", i));
      mt_eq_int(ms_lua_unload(f.lua, MS_STR("f"), "1"), 0);
      if (i == 100) {
        before = atomic_load(&used_bytes);
      }
    }
    for (int i = 0; i < 5000 && atomic_load(&used_bytes) > before + 65536; i++) {
      struct timespec pause = {0, 1000000}; /* workers close theirs in their own time */
      nanosleep(&pause, NULL);
    }
    size_t after = atomic_load(&used_bytes);
    if (after > before + 65536) {
      mt_fail("%zu bytes, then %zu", before, after);
    }
    fixture_deinit(&f);
  }
}
