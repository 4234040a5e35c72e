/*
 * Reads a project's folder. What the declarations mean and what is wrong with them is said in Lua
 * (lua/mstep/project.lua), in the sandbox of definitions; here are the files around it, and the lines
 * that problems are on.
 */
#include "luavm/project.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/sort.h"
#include "luavm/internal.h"
#include "luavm/position.h"

#define STEPS_MAX 200000000u
#define NAMES_MAX 65536
#define FILE_NAME "mstep.lua"

/* ---- what lies in the folders ---- */

struct names {
  MS_VEC(char *) list;
};

static void names_deinit(struct names *names)
{
  for (size_t i = 0; i < names->list.count; i++) {
    ms_free(names->list.data[i]);
  }
  ms_free(names->list.data);
}

static int by_text(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_name(struct names *names, const char *name)
{
  int err = MS_VEC_RESERVE(&names->list, NAMES_MAX, 1);
  char *copy = err != 0 ? NULL : ms_strdupn(name, strlen(name));
  if (copy == NULL) {
    return err != 0 ? err : ms_error_nomem();
  }
  names->list.data[names->list.count++] = copy;
  return MSTEP_OK;
}

/* Files of a folder in their order; none when there is no such folder. */
static int list_folder(struct names *out, const char *path)
{
  DIR *dir = opendir(path);
  if (dir == NULL) {
    return errno == ENOMEM ? ms_error_nomem() : MSTEP_OK;
  }
  int err = MSTEP_OK;
  for (struct dirent *entry; err == 0 && (entry = readdir(dir)) != NULL;) {
    if (entry->d_name[0] != '.') {
      err = add_name(out, entry->d_name);
    }
  }
  closedir(dir);
  ms_sort(out->list.data, out->list.count, sizeof out->list.data[0], by_text);
  return err;
}

static bool has_init(const char *path, const char *name)
{
  char file[MS_LUA_PATH_MAX];
  struct stat info;
  int wanted = snprintf(file, sizeof file, "%s/%s/init.lua", path, name);
  return wanted > 0 && (size_t)wanted < sizeof file && stat(file, &info) == 0 &&
         S_ISREG(info.st_mode);
}

/* NAME.lua and, where `folders` says so, NAME/init.lua: a list of names. */
static int list_lua(struct ms_json *out, const char *dir, const char *folder, bool folders)
{
  char path[MS_LUA_PATH_MAX];
  struct names names = {{NULL, 0, 0}};
  struct ms_json list = ms_json_array(8);
  snprintf(path, sizeof path, "%s/%s", dir, folder);
  int err = list_folder(&names, path);
  for (size_t i = 0; err == 0 && i < names.list.count; i++) {
    struct ms_str name = ms_str_c(names.list.data[i]);
    bool is_file = ms_str_has_suffix(name, ".lua");
    name.len -= is_file ? strlen(".lua") : 0;
    if (ms_lua_is_name(name, false) &&
        (is_file || (folders && has_init(path, names.list.data[i])))) {
      err = ms_json_push(&list, ms_json_string(name));
    }
  }
  names_deinit(&names);
  *out = list;
  return err;
}

int ms_lua_function_files(struct ms_json *out, const struct ms_lua *lua)
{
  const char *dir = lua->options.functions_dir;
  *out = MS_JSON_VALUE_NONE;
  int err = dir == NULL ? MSTEP_OK : list_lua(out, dir, ".", true);
  if (err == 0 && ms_json_is_none(*out)) {
    *out = ms_json_array(0);
    err = ms_json_is_none(*out) ? ms_error_nomem() : MSTEP_OK;
  }
  if (err != 0) {
    ms_json_replace(out, MS_JSON_VALUE_NONE);
  }
  return err;
}

/* "order.asl.json", "order.json", "order.lua": {"name": "order", "file": "machines/order.json"} */
static int list_machines(struct ms_json *out, const char *dir)
{
  static const char *const tails[] = {".asl.json", ".json", ".lua"};
  char path[MS_LUA_PATH_MAX];
  struct names names = {{NULL, 0, 0}};
  struct ms_json list = ms_json_array(8);
  snprintf(path, sizeof path, "%s/machines", dir);
  int err = list_folder(&names, path);
  for (size_t i = 0; err == 0 && i < names.list.count; i++) {
    struct ms_str name = ms_str_c(names.list.data[i]);
    size_t tail = 0;
    while (tail < 3 && !ms_str_has_suffix(name, tails[tail])) {
      tail++;
    }
    name.len -= tail < 3 ? strlen(tails[tail]) : 0;
    if (tail < 3 && ms_lua_is_name(name, false)) {
      struct ms_json machine = ms_json_object(2);
      err = ms_json_setc(&machine, "name", ms_json_string(name));
      if (err == 0) {
        err = ms_json_setc(&machine, "file", ms_json_stringf("machines/%s", names.list.data[i]));
      }
      int pushed = ms_json_push(&list, machine);
      err = err == 0 ? pushed : err;
    }
  }
  names_deinit(&names);
  *out = list;
  return err;
}

static int list_files(struct ms_json *out, const char *dir)
{
  struct ms_json lists[4] = {MS_JSON_VALUE_NONE, MS_JSON_VALUE_NONE, MS_JSON_VALUE_NONE,
                             MS_JSON_VALUE_NONE};
  static const char *const names[] = {"functions", "hooks", "rules", "machines"};
  struct ms_json files = ms_json_object(4);
  int err = list_lua(&lists[0], dir, names[0], true);
  for (int i = 1; err == 0 && i < 3; i++) {
    err = list_lua(&lists[i], dir, names[i], false);
  }
  if (err == 0) {
    err = list_machines(&lists[3], dir);
  }
  for (int i = 0; i < 4; i++) {
    int set = ms_json_setc(&files, names[i], lists[i]);
    err = err == 0 ? set : err;
  }
  *out = files;
  return err;
}

/* ---- the script ---- */

struct run {
  struct ms_str text; /* data NULL: there is no file */
  struct ms_json files;
};

/* (light userdata run) -> what mstep.project makes of it */
static int run_script(lua_State *L)
{
  const struct run *run = lua_touserdata(L, 1);
  lua_getglobal(L, "require");
  lua_pushliteral(L, "mstep.project");
  lua_call(L, 1, 1);
  if (run->text.data == NULL) {
    lua_createtable(L, 0, 0);
  } else if (ms_lua_load_text(L, run->text.data, run->text.len, "@" FILE_NAME) != LUA_OK) {
    return lua_error(L);
  } else {
    lua_call(L, 0, 1);
  }
  if (lua_type(L, -1) != LUA_TTABLE) {
    return luaL_error(L, FILE_NAME ": it returns a %s, not a table", luaL_typename(L, -1));
  }
  ms_lua_push_json(L, run->files);
  lua_call(L, 2, 1);
  return 1;
}

/* MSTEP_ELUA: the detail is what the script died of. */
static int run_in_sandbox(struct ms_json *out, struct ms_lua *lua, struct run *run)
{
  struct ms_lua_vm *vm;
  int err = ms_lua_vm_new(&vm, lua, NULL, NULL);
  if (err != 0) {
    return err;
  }
  ms_lua_begin_steps(vm, STEPS_MAX);
  lua_pushcfunction(vm->L, run_script);
  lua_pushlightuserdata(vm->L, run);
  int status = lua_pcall(vm->L, 1, 1, 0);
  if (status == LUA_OK && !vm->is_over) {
    err = ms_lua_to_json(out, vm->L, -1);
    if (err != 0 && err != MSTEP_ENOMEM) {
      err = ms_error(MSTEP_ELUA, FILE_NAME ": the table cannot be JSON: %s", ms_error_detail());
    }
  } else if (status == LUA_ERRMEM && !vm->is_full) {
    err = ms_error_nomem();
  } else if (vm->is_over) {
    err = ms_error(MSTEP_ELUA, FILE_NAME ": the limit of instructions is passed");
  } else {
    err = ms_error(MSTEP_ELUA, "%s",
                   lua_type(vm->L, -1) == LUA_TSTRING ? lua_tostring(vm->L, -1)
                                                      : "the error is no text");
  }
  ms_lua_vm_free(vm);
  return err;
}

/* ---- diagnostics ---- */

static int add_diagnostic(struct ms_json *list, struct ms_str file, int line, struct ms_str path,
                          struct ms_str message)
{
  struct ms_json entry = ms_json_object(4);
  int err = ms_json_setc(&entry, "file", ms_json_string(file));
  if (err == 0) {
    err = ms_json_setc(&entry, "line", ms_json_int(line));
  }
  if (err == 0) {
    err = ms_json_setc(&entry, "path", ms_json_string(path));
  }
  if (err == 0) {
    err = ms_json_setc(&entry, "message", ms_json_stringf("%.*s", MS_STR_ARG(message)));
  }
  int pushed = ms_json_push(list, entry);
  return err == 0 ? pushed : err;
}

static int add_problem(struct ms_json *list, const struct ms_lua_positions *positions,
                       struct ms_json problem)
{
  struct ms_buf steps;
  struct ms_buf pointer;
  struct ms_json path = ms_json_getc(problem, "path");
  ms_buf_init(&steps, 0);
  ms_buf_init(&pointer, 0);
  for (size_t i = 0; i < ms_json_count(path); i++) {
    struct ms_str step = ms_json_text(ms_json_at(path, i));
    ms_buf_str(&steps, step);
    ms_buf_char(&steps, MS_LUA_STEP_END);
    ms_json_pointer_push(&pointer, step);
  }
  int err = steps.error != 0 || pointer.error != 0 ? ms_error_nomem() : MSTEP_OK;
  if (err == 0) {
    int line = ms_lua_positions_find(positions, ms_buf_view(&steps));
    err = add_diagnostic(list, MS_STR(FILE_NAME), line, ms_buf_view(&pointer),
                         ms_json_text(ms_json_getc(problem, "message")));
  }
  ms_buf_deinit(&steps);
  ms_buf_deinit(&pointer);
  return err;
}

static int add_problems(struct ms_json *list, struct ms_str text, struct ms_json problems)
{
  struct ms_lua_positions positions;
  int err = ms_lua_positions_read(&positions, text);
  for (size_t i = 0; err == 0 && i < ms_json_count(problems); i++) {
    err = add_problem(list, &positions, ms_json_at(problems, i));
  }
  ms_lua_positions_deinit(&positions);
  return err;
}

/* The script itself failed: "lib/x.lua:3: what". */
static int add_failure(struct ms_json *list)
{
  struct ms_str file = MS_STR(FILE_NAME);
  struct ms_str message;
  int line = 0;
  char *text = ms_strdupn(ms_error_detail(), strlen(ms_error_detail()));
  if (text == NULL) {
    return ms_error_nomem();
  }
  if (!ms_lua_split_place(&file, &line, &message, ms_str_c(text))) {
    message = ms_str_c(text);
  }
  int err = add_diagnostic(list, file, line, MS_STR(""), message);
  ms_free(text);
  return err;
}

static int finish(struct ms_json *out, struct ms_json project, struct ms_json diagnostics)
{
  struct ms_json result = ms_json_object(2);
  int err = ms_json_setc(&result, "project", project);
  int set = ms_json_setc(&result, "diagnostics", diagnostics);
  if (err != 0 || set != 0) {
    ms_json_unref(result);
    return err != 0 ? err : set;
  }
  *out = result;
  return MSTEP_OK;
}

/* What is said to lie in a file does. */
static int check_files(struct ms_json *problems, struct ms_json project, const char *dir,
                       const char *section, const char *name)
{
  struct ms_json items = ms_json_getc(project, section);
  int err = MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(items) && err == 0; i++) {
    char path[MS_LUA_PATH_MAX];
    struct stat info;
    struct ms_str file = ms_json_text(ms_json_getc(ms_json_at(items, i), "File"));
    bool is_absolute = file.len > 0 && file.data[0] == '/';
    int wanted = snprintf(path, sizeof path, "%s%s%.*s", is_absolute ? "" : dir,
                          is_absolute ? "" : "/", MS_STR_ARG(file));
    if (file.len == 0 || (wanted > 0 && (size_t)wanted < sizeof path && stat(path, &info) == 0 &&
                          S_ISREG(info.st_mode))) {
      continue;
    }
    struct ms_json steps = ms_json_array(3), problem = ms_json_object(2);
    err = ms_json_push(&steps, ms_json_cstring(section));
    err = err != 0 ? err
                   : ms_json_push(&steps, ms_json_ref(ms_json_getc(ms_json_at(items, i), name)));
    err = err != 0 ? err : ms_json_push(&steps, ms_json_cstring("file"));
    int set = ms_json_setc(&problem, "path", steps);
    err = err != 0 ? err : set;
    set = ms_json_setc(&problem, "message",
                       ms_json_stringf("there is no file '%.*s'", MS_STR_ARG(file)));
    err = err != 0 ? err : set;
    set = ms_json_push(problems, problem);
    err = err != 0 ? err : set;
  }
  return err;
}

static int read_project(struct ms_json *out, struct ms_lua *lua, struct run *run, const char *dir)
{
  struct ms_json answer = MS_JSON_VALUE_NONE;
  struct ms_json diagnostics = ms_json_array(4);
  struct ms_json project = MS_JSON_VALUE_NULL;
  int err = run_in_sandbox(&answer, lua, run);
  if (err == MSTEP_ELUA) {
    err = add_failure(&diagnostics);
  } else if (err == 0) {
    project = ms_json_ref(ms_json_getc(answer, "project"));
    struct ms_json problems = ms_json_ref(ms_json_getc(answer, "problems"));
    err = check_files(&problems, project, dir, "functions", "FunctionName");
    err = err != 0 ? err : check_files(&problems, project, dir, "machines", "Name");
    err = err != 0 ? err : add_problems(&diagnostics, run->text, problems);
    ms_json_unref(problems);
  }
  ms_json_unref(answer);
  if (err != 0) {
    ms_json_unref(project);
    ms_json_unref(diagnostics);
    return err;
  }
  return finish(out, project, diagnostics);
}

int ms_lua_project(struct ms_json *out, struct ms_lua *lua, const char *dir)
{
  char path[MS_LUA_PATH_MAX];
  struct run run = {{NULL, 0}, MS_JSON_VALUE_NONE};
  char *text = NULL;
  size_t len = 0;
  *out = MS_JSON_VALUE_NONE;
  int wanted = snprintf(path, sizeof path, "%s/%s", dir, FILE_NAME);
  if (wanted < 0 || (size_t)wanted + 32 >= sizeof path) {
    return ms_error(MSTEP_EIO, "the path of the project is too long");
  }
  int err = ms_lua_read_file(&text, &len, path);
  if (err == 0) {
    run.text = (struct ms_str){text, len};
  }
  if (err == 0 || err == MSTEP_ENOTFOUND) {
    err = list_files(&run.files, dir);
  }
  if (err == 0) {
    err = read_project(out, lua, &run, dir);
  }
  ms_json_unref(run.files);
  ms_free(text);
  return err;
}
