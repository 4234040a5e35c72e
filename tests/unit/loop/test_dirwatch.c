/* Folders that change: what is told, how often, with inotify and by time alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "loop/dirwatch.h"
#include "mt.h"

struct fixture {
  struct ms_loop *loop;
  struct ms_dirwatch *watch;
  const char *dir;
  char told[4096];
  int times;
  int stop_after; /* tellings; 0: never */
  bool frees;
};

static void rearm(struct fixture *f)
{
  ms_loop_set_timer(f->loop, ms_dirwatch_next_due_ms(f->watch));
}

static void on_timer(void *user)
{
  struct fixture *f = user;
  ms_dirwatch_on_timer(f->watch, ms_loop_now_ms(f->loop));
  rearm(f);
}

static void on_wake(void *user)
{
  rearm(user);
}

static void on_change(const struct ms_dirwatch_change *changes, size_t count, void *user)
{
  static const char *const names[] = {"new", "changed", "gone"};
  struct fixture *f = user;
  f->times++;
  for (size_t i = 0; i < count; i++) {
    size_t len = strlen(f->told);
    snprintf(f->told + len, sizeof f->told - len, "%s %u/%s;", names[changes[i].kind],
             changes[i].root, changes[i].path);
  }
  if (f->frees) {
    ms_dirwatch_free(f->watch);
    f->watch = NULL;
  }
  if (f->times == f->stop_after) {
    ms_loop_stop(f->loop);
  }
}

static void write_text(struct fixture *f, const char *name, const char *text)
{
  mt_write_file(mt_format("%s/%s", f->dir, name), text, strlen(text));
}

static void make_dir(struct fixture *f, const char *name)
{
  mt_eq_int(mkdir(mt_format("%s/%s", f->dir, name), 0700), 0);
}

static void pause_ms(int ms)
{
  struct timespec t = {0, ms * 1000000L};
  nanosleep(&t, NULL);
}

/* Folders a and b, a/deep, c is not there; with a file each. Files are old enough to be compared by time. */
static void init(struct fixture *f, bool is_polling)
{
  memset(f, 0, sizeof *f);
  f->dir = mt_tmpdir();
  make_dir(f, "a");
  make_dir(f, "a/deep");
  make_dir(f, "b");
  write_text(f, "a/one.lua", "1");
  write_text(f, "a/deep/two.lua", "2");
  write_text(f, "b/three.lua", "3");
  pause_ms(40);
  mt_eq_int(ms_loop_libevent_new(&f->loop, NULL), 0);
  const char *const roots[] = {mt_format("%s/a/", f->dir), mt_format("%s/b", f->dir), NULL,
                               mt_format("%s/c", f->dir)};
  const struct ms_dirwatch_options options = {.loop = f->loop, .roots = roots, .root_count = 4,
                                              .is_polling = is_polling, .quiet_ms = 30,
                                              .poll_ms = 20, .cb = on_change, .user = f};
  mt_eq_int(ms_dirwatch_new(&f->watch, &options), 0);
  const struct ms_loop_callbacks callbacks = {on_timer, NULL, on_wake, f};
  ms_loop_set_callbacks(f->loop, &callbacks);
}

static void deinit(struct fixture *f)
{
  ms_dirwatch_free(f->watch);
  ms_loop_free(f->loop);
}

/* Runs until so many tellings; what was told. */
static const char *run(struct fixture *f, int times)
{
  f->told[0] = '\0';
  f->times = 0;
  f->stop_after = times;
  rearm(f);
  mt_eq_int(ms_loop_run(f->loop), 0);
  return f->told;
}

static void expect_all_kinds(bool is_polling)
{
  struct fixture f;
  init(&f, is_polling);
  write_text(&f, "a/one.lua", "one");
  mt_eq_str(run(&f, 1), "changed 0/one.lua;");
  pause_ms(40);
  write_text(&f, "b/four.lua", "4");
  run(&f, 1); /* one.lua may be told again: it had just been written when it was looked at */
  mt_ok(strstr(f.told, "new 1/four.lua;") != NULL);
  mt_eq_int(unlink(mt_format("%s/a/deep/two.lua", f.dir)), 0);
  run(&f, 1);
  mt_ok(strstr(f.told, "gone 0/deep/two.lua;") != NULL);
  make_dir(&f, "a/more");
  make_dir(&f, "a/more/deeper");
  write_text(&f, "a/more/deeper/five.lua", "5");
  run(&f, 1);
  mt_ok(strstr(f.told, "new 0/more/deeper/five.lua;") != NULL);
  pause_ms(40);
  write_text(&f, "a/more/deeper/five.lua", "five"); /* the new folder is watched too */
  run(&f, 1);
  mt_ok(strstr(f.told, "changed 0/more/deeper/five.lua;") != NULL);
  deinit(&f);
}

MT_TEST(dirwatch__all_kinds)
{
  expect_all_kinds(false);
}

MT_TEST(dirwatch__all_kinds_by_time)
{
  expect_all_kinds(true);
}

/* As editors save: a new file beside it, renamed over it, with a backup; told once and as a change. */
MT_TEST(dirwatch__saved_by_an_editor)
{
  struct fixture f;
  init(&f, false);
  write_text(&f, "a/.one.lua.swp", "x");
  mt_eq_int(rename(mt_format("%s/a/one.lua", f.dir), mt_format("%s/a/one.lua~", f.dir)), 0);
  write_text(&f, "a/.one.new", "other");
  mt_eq_int(rename(mt_format("%s/a/.one.new", f.dir), mt_format("%s/a/one.lua", f.dir)), 0);
  mt_eq_str(run(&f, 1), "changed 0/one.lua;");
  deinit(&f);
}

/* Written in many small pieces: one telling, when it is quiet. */
MT_TEST(dirwatch__many_writes_are_one)
{
  struct fixture f;
  init(&f, false);
  for (int i = 0; i < 20; i++) {
    write_text(&f, "a/one.lua", mt_format("%d", i));
    write_text(&f, mt_format("a/n%02d.lua", i), "x");
  }
  run(&f, 1);
  mt_ok(strncmp(f.told, "new 0/n00.lua;new 0/n01.lua;", 28) == 0);
  mt_ok(strstr(f.told, "changed 0/one.lua;") != NULL);
  deinit(&f);
}

MT_TEST(dirwatch__folder_that_comes_and_goes)
{
  struct fixture f;
  init(&f, false);
  make_dir(&f, "c");
  write_text(&f, "c/six.lua", "6");
  mt_eq_str(run(&f, 1), "new 3/six.lua;");
  mt_eq_int(unlink(mt_format("%s/c/six.lua", f.dir)), 0);
  mt_eq_int(rmdir(mt_format("%s/c", f.dir)), 0);
  run(&f, 1);
  mt_ok(strstr(f.told, "gone 3/six.lua;") != NULL);
  make_dir(&f, "c");
  write_text(&f, "c/six.lua", "6");
  mt_eq_str(run(&f, 1), "new 3/six.lua;");
  deinit(&f);
}

/* Two writes of the same length in one tick of the kernel's clock cannot be told apart by time. */
MT_TEST(dirwatch__written_again_at_once)
{
  struct fixture f;
  init(&f, false);
  write_text(&f, "a/one.lua", "a");
  mt_eq_int(ms_dirwatch_look(f.watch), 0);
  write_text(&f, "a/one.lua", "b");
  mt_eq_int(ms_dirwatch_look(f.watch), 0);
  mt_eq_str(f.told, "changed 0/one.lua;changed 0/one.lua;");
  deinit(&f);
}

/* A file that is younger than the clock's tick is compared by what is in it. */
MT_TEST(dirwatch__young_files)
{
  struct fixture f;
  init(&f, false);
  write_text(&f, "a/one.lua", "2");
  mt_eq_str((f.told[0] = '\0', ms_dirwatch_look(f.watch), f.told), "changed 0/one.lua;");
  mt_eq_str((f.told[0] = '\0', ms_dirwatch_look(f.watch), f.told), "");
  write_text(&f, "a/one.lua", "3");
  mt_eq_str((f.told[0] = '\0', ms_dirwatch_look(f.watch), f.told), "changed 0/one.lua;");
  deinit(&f);
}

MT_TEST(dirwatch__links)
{
  struct fixture f;
  init(&f, false);
  mt_eq_int(symlink(".", mt_format("%s/a/self", f.dir)), 0);
  mt_eq_int(symlink("/nonexistent", mt_format("%s/a/broken", f.dir)), 0);
  mt_eq_int(symlink("../b/three.lua", mt_format("%s/a/linked.lua", f.dir)), 0);
  mt_eq_str(run(&f, 1), "new 0/linked.lua;");
  deinit(&f);
}

MT_TEST(dirwatch__freed_in_its_callback)
{
  struct fixture f;
  init(&f, false);
  f.frees = true;
  write_text(&f, "a/one.lua", "one");
  mt_eq_str(run(&f, 1), "changed 0/one.lua;");
  deinit(&f);
}

static int left;

static void *failing_resize(void *user, void *ptr, size_t size)
{
  (void)user;
  if (size == 0) {
    free(ptr);
    return NULL;
  }
  return left-- == 0 ? NULL : realloc(ptr, size);
}

/* One look in which that allocation fails. */
static int look_with(struct ms_dirwatch *watch, int failing)
{
  static const struct ms_allocator allocator = {failing_resize, NULL};
  left = failing;
  ms_alloc_set(&allocator);
  int err = ms_dirwatch_look(watch);
  ms_alloc_set(NULL);
  mt_ok(err == 0 || err == MSTEP_ENOMEM);
  return err;
}

MT_TEST(dirwatch__lack_of_memory_loses_nothing)
{
  struct fixture f;
  struct ms_dirwatch_options options = {.root_count = 65};
  mt_eq_int(ms_dirwatch_new(&f.watch, &options), MSTEP_ETOOBIG);
  init(&f, true);
  write_text(&f, "a/one.lua", "one");
  write_text(&f, "a/x.lua", "x");
  for (int i = 0; i < 6; i++) {
    look_with(f.watch, i);
  }
  mt_ok(strstr(f.told, "changed 0/one.lua;") != NULL);
  mt_ok(strstr(f.told, "new 0/x.lua;") != NULL);
  deinit(&f);
}
