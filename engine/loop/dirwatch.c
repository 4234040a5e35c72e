/*
 * Folders compared with what they were. Each file that was seen has an entry; a look marks what it
 * finds, and what is not marked has gone. News stay in the entries until they have been told, so a
 * failure on the way loses nothing.
 */
#include "loop/dirwatch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/sort.h"
#include "base/vec.h"

#define FILES_MAX 65536
#define ROOTS_MAX 64
#define DEPTH_MAX 16
#define QUIET_MS 50
#define LATEST_MS 500
#define POLL_MS 1000
#define RETRY_MS 1000
#define CLOCK_TICK_NS 20000000 /* times of files are not finer than the kernel's tick */
#define COMPARED_MAX (1 << 20)   /* larger young files count as changed */
#define EVENTS                                                                                     \
  (IN_CLOSE_WRITE | IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |              \
   IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

enum news { NEWS_NONE, NEWS_NEW, NEWS_CHANGED, NEWS_GONE };

struct file {
  int64_t mtime_ns;
  int64_t size;
  uint64_t inode;
  uint64_t content; /* hash of a young file's bytes; 0: not known */
  uint32_t seen;  /* number of the look that found it */
  bool is_recent; /* was written just before it was looked at: again, and it may look the same */
  enum news news;
};

struct root {
  char *path; /* NULL: left out */
  struct ms_map files;
  bool is_there;
};

struct ms_dirwatch {
  struct ms_dirwatch_options options;
  struct root roots[ROOTS_MAX];
  size_t root_count;
  size_t file_count;
  int inotify;         /* -1: by time alone */
  uint32_t look;       /* number of the latest */
  int64_t look_at_ns;  /* real time of it, as files have theirs */
  int64_t first_at_ms; /* of the news that were not looked at; 0: none */
  int64_t due_at_ms;
  bool *is_freed; /* set by free while the callback runs */
};

/* ---- looking ---- */

/* The path of an entry: the folder's, and what is below it. */
struct place {
  char text[PATH_MAX];
  size_t root_len; /* with the slash behind it */
  size_t len;
};

static bool is_ignored(const char *name)
{
  size_t len = strlen(name);
  return name[0] == '.' || (len > 0 && name[len - 1] == '~');
}

static int64_t mtime_ns(const struct stat *now)
{
  return (int64_t)now->st_mtim.tv_sec * 1000000000 + now->st_mtim.tv_nsec;
}

static bool is_other(const struct file *before, const struct file *now)
{
  return before->mtime_ns != now->mtime_ns || before->size != now->size ||
         before->inode != now->inode;
}

/* 0 when it cannot be read, or is too large to be read here. */
static uint64_t content_of(const char *path, const struct file *file)
{
  int fd = file->size > COMPARED_MAX ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    return 0;
  }
  char bytes[4096];
  uint64_t sum = 1;
  int64_t left = COMPARED_MAX;
  ssize_t len;
  while ((len = read(fd, bytes, sizeof bytes)) > 0 && (left -= len) >= 0) {
    sum = ms_hash_mix(sum, ms_hash((struct ms_str){bytes, (size_t)len}, 0));
  }
  close(fd);
  return len != 0 ? 0 : sum | 1;
}

/* A young file may be written again within the tick and look the same: its bytes are compared. */
static bool is_changed(const struct file *before, struct file *now, const char *path)
{
  bool is_same_stat = !is_other(before, now);
  if (now->is_recent || (before->is_recent && is_same_stat)) {
    now->content = content_of(path, now);
  }
  return !is_same_stat ||
         (before->is_recent && (before->content == 0 || before->content != now->content));
}

static int note_file(struct ms_dirwatch *w, struct root *root, const struct place *place,
                     const struct stat *now)
{
  struct ms_str path = {place->text + place->root_len, place->len - place->root_len};
  struct file *file = ms_map_get(&root->files, path);
  struct file found = {
      .mtime_ns = mtime_ns(now),
      .size = (int64_t)now->st_size,
      .inode = (uint64_t)now->st_ino,
      .seen = w->look,
      .news = NEWS_NEW,
      .is_recent = mtime_ns(now) > w->look_at_ns - CLOCK_TICK_NS,
  };
  if (file == NULL) {
    if (w->file_count >= FILES_MAX) {
      return ms_error(MSTEP_ETOOBIG, "%s: more than %d files to watch", root->path, FILES_MAX);
    }
    file = ms_alloc(sizeof *file);
    int err = file == NULL ? ms_error_nomem() : ms_map_put(&root->files, path, file, NULL);
    if (err != 0) {
      ms_free(file);
      return err;
    }
    w->file_count++;
    found.content = found.is_recent ? content_of(place->text, &found) : 0;
    *file = found;
    return MSTEP_OK;
  }
  enum news news = file->news;
  bool is_news = is_changed(file, &found, place->text);
  if (news == NEWS_GONE || (news == NEWS_NONE && is_news)) {
    news = NEWS_CHANGED;
  }
  *file = found;
  file->news = news;
  return MSTEP_OK;
}

static int look_into(struct ms_dirwatch *w, struct root *root, struct place *place, unsigned depth);

static int look_at(struct ms_dirwatch *w, struct root *root, struct place *place, unsigned depth)
{
  struct stat now;
  if (lstat(place->text, &now) != 0) {
    return MSTEP_OK; /* gone meanwhile: inotify says so again, or the next look */
  }
  bool is_link = S_ISLNK(now.st_mode);
  if (is_link && stat(place->text, &now) != 0) {
    return MSTEP_OK;
  }
  if (S_ISREG(now.st_mode)) {
    return note_file(w, root, place, &now);
  }
  /* folders behind links are left out: they may lead anywhere, in circles too */
  return S_ISDIR(now.st_mode) && !is_link && depth < DEPTH_MAX
             ? look_into(w, root, place, depth + 1)
             : MSTEP_OK;
}

static int look_into(struct ms_dirwatch *w, struct root *root, struct place *place, unsigned depth)
{
  if (w->inotify >= 0 && inotify_add_watch(w->inotify, place->text, EVENTS) < 0 &&
      errno == ENOSPC) {
    w->options.is_polling = true; /* the system has no more: the rest by time */
  }
  DIR *dir = opendir(place->text);
  if (dir == NULL) {
    return errno == ENOMEM ? ms_error_nomem() : MSTEP_OK;
  }
  size_t len = place->len;
  int err = MSTEP_OK;
  for (struct dirent *entry; err == 0 && (entry = readdir(dir)) != NULL;) {
    size_t name_len = strlen(entry->d_name);
    if (is_ignored(entry->d_name) || len + 1 + name_len >= sizeof place->text) {
      continue;
    }
    place->text[len] = '/';
    memcpy(place->text + len + 1, entry->d_name, name_len + 1);
    place->len = len + 1 + name_len;
    err = look_at(w, root, place, depth);
  }
  closedir(dir);
  place->len = len;
  place->text[len] = '\0';
  return err;
}

static int look_at_root(struct ms_dirwatch *w, struct root *root)
{
  struct place place;
  struct stat now;
  bool is_found = stat(root->path, &now) == 0;
  root->is_there = is_found && S_ISDIR(now.st_mode);
  place.len = strlen(root->path);
  place.root_len = place.len + 1;
  memcpy(place.text, root->path, place.len + 1);
  if (is_found && S_ISREG(now.st_mode)) {
    const char *slash = strrchr(root->path, '/');
    place.root_len = slash == NULL ? 0 : (size_t)(slash - root->path) + 1;
    return note_file(w, root, &place, &now);
  }
  if (!root->is_there) {
    return MSTEP_OK;
  }
  return look_into(w, root, &place, 0);
}

static void note_gone(struct ms_dirwatch *w, struct root *root)
{
  size_t pos = 0;
  struct ms_str path;
  void *value;
  while (ms_map_next(&root->files, &pos, &path, &value)) {
    struct file *file = value;
    if (file->seen != w->look) {
      file->news = NEWS_GONE;
    }
  }
}

static int look(struct ms_dirwatch *w)
{
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  w->look++;
  w->look_at_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
  for (size_t i = 0; i < w->root_count; i++) {
    struct root *root = &w->roots[i];
    int err = root->path == NULL ? MSTEP_OK : look_at_root(w, root);
    if (err != 0) {
      return err;
    }
    note_gone(w, root);
  }
  return MSTEP_OK;
}

/* ---- telling ---- */

struct changes {
  MS_VEC(struct ms_dirwatch_change) list;
};

static int by_place(const void *a, const void *b)
{
  const struct ms_dirwatch_change *x = a;
  const struct ms_dirwatch_change *y = b;
  return x->root != y->root ? (x->root < y->root ? -1 : 1) : strcmp(x->path, y->path);
}

static int collect(struct changes *out, struct root *root, unsigned number)
{
  size_t pos = 0;
  struct ms_str path;
  void *value;
  while (ms_map_next(&root->files, &pos, &path, &value)) {
    const struct file *file = value;
    if (file->news == NEWS_NONE) {
      continue;
    }
    int err = MS_VEC_RESERVE(&out->list, FILES_MAX, 1);
    if (err != 0) {
      return err;
    }
    out->list.data[out->list.count++] =
        (struct ms_dirwatch_change){file->news == NEWS_NEW    ? MS_DIRWATCH_NEW
                                    : file->news == NEWS_GONE ? MS_DIRWATCH_GONE
                                                              : MS_DIRWATCH_CHANGED,
                                    number, path.data};
  }
  return MSTEP_OK;
}

/* What has been told is no news any more; what has gone is forgotten. */
static void settle(struct ms_dirwatch *w)
{
  for (size_t i = 0; i < w->root_count; i++) {
    size_t pos = 0;
    struct ms_str path;
    void *value;
    struct root *root = &w->roots[i];
    while (ms_map_next(&root->files, &pos, &path, &value)) {
      struct file *file = value;
      if (file->news == NEWS_GONE) {
        ms_map_remove(&root->files, path);
        ms_free(file);
        w->file_count--;
        pos = 0; /* a removal may move what has not been seen */
      } else {
        file->news = NEWS_NONE;
      }
    }
  }
}

static int tell(struct ms_dirwatch *w)
{
  struct changes changes = {{NULL, 0, 0}};
  int err = MSTEP_OK;
  for (size_t i = 0; err == 0 && i < w->root_count; i++) {
    err = collect(&changes, &w->roots[i], (unsigned)i);
  }
  if (err == 0 && changes.list.count > 0) {
    bool is_freed = false;
    ms_sort(changes.list.data, changes.list.count, sizeof changes.list.data[0], by_place);
    w->is_freed = &is_freed;
    w->options.cb(changes.list.data, changes.list.count, w->options.user);
    if (!is_freed) {
      w->is_freed = NULL;
      settle(w);
    }
  }
  ms_free(changes.list.data);
  return err;
}

/* When to look again although nothing says so. */
static void schedule(struct ms_dirwatch *w, int64_t now_ms)
{
  bool is_missing = false;
  for (size_t i = 0; i < w->root_count; i++) {
    is_missing = is_missing || (w->roots[i].path != NULL && !w->roots[i].is_there);
  }
  w->first_at_ms = 0;
  w->due_at_ms = w->options.is_polling || is_missing ? now_ms + w->options.poll_ms : 0;
}

int ms_dirwatch_look(struct ms_dirwatch *w)
{
  int64_t now_ms = ms_loop_now_ms(w->options.loop);
  int err = look(w);
  schedule(w, now_ms);
  if (err == 0) {
    err = tell(w);
  }
  if (err == MSTEP_ENOMEM) {
    w->due_at_ms = now_ms + RETRY_MS; /* not freed: the callback was not called */
  }
  return err;
}

/* ---- when ---- */

static void on_events(int fd, unsigned events, void *user)
{
  struct ms_dirwatch *w = user;
  char buffer[4096];
  (void)events;
  while (read(fd, buffer, sizeof buffer) > 0) {
    /* what they say is found out by looking */
  }
  int64_t now_ms = ms_loop_now_ms(w->options.loop);
  if (w->first_at_ms == 0) {
    w->first_at_ms = now_ms;
  }
  int64_t latest_ms = w->first_at_ms + w->options.latest_ms;
  int64_t due_at_ms = now_ms + w->options.quiet_ms;
  w->due_at_ms = due_at_ms < latest_ms ? due_at_ms : latest_ms;
  ms_loop_wake(w->options.loop);
}

int64_t ms_dirwatch_next_due_ms(const struct ms_dirwatch *w)
{
  return w == NULL ? 0 : w->due_at_ms;
}

void ms_dirwatch_on_timer(struct ms_dirwatch *w, int64_t now_ms)
{
  if (w != NULL && w->due_at_ms != 0 && w->due_at_ms <= now_ms) {
    ms_dirwatch_look(w);
  }
}

/* ---- life ---- */

static int64_t or_default(int64_t value, int64_t standard)
{
  return value > 0 ? value : standard;
}

static int copy_roots(struct ms_dirwatch *w)
{
  for (size_t i = 0; i < w->root_count; i++) {
    const char *path = w->options.roots[i];
    size_t len = path == NULL ? 0 : strlen(path);
    ms_map_init(&w->roots[i].files, 0);
    while (len > 1 && path[len - 1] == '/') {
      len--;
    }
    if (len >= PATH_MAX) {
      return ms_error(MSTEP_ETOOBIG, "the path of a folder is too long");
    }
    w->roots[i].path = path == NULL ? NULL : ms_strdupn(path, len);
    if (path != NULL && w->roots[i].path == NULL) {
      return ms_error_nomem();
    }
  }
  w->options.roots = NULL;
  return MSTEP_OK;
}

/* Without inotify there is time: no failure. */
static int start_inotify(struct ms_dirwatch *w)
{
  w->inotify = w->options.is_polling ? -1 : inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (w->inotify < 0) {
    w->options.is_polling = true;
    return MSTEP_OK;
  }
  return ms_loop_watch(w->options.loop, w->inotify, MS_LOOP_READ, on_events, w);
}

int ms_dirwatch_new(struct ms_dirwatch **out, const struct ms_dirwatch_options *options)
{
  *out = NULL;
  if (options->root_count > ROOTS_MAX) {
    return ms_error(MSTEP_ETOOBIG, "more than %d folders to watch", ROOTS_MAX);
  }
  struct ms_dirwatch *w = ms_calloc(1, sizeof *w);
  if (w == NULL) {
    return ms_error_nomem();
  }
  w->options = *options;
  w->options.quiet_ms = or_default(options->quiet_ms, QUIET_MS);
  w->options.latest_ms = or_default(options->latest_ms, LATEST_MS);
  w->options.poll_ms = or_default(options->poll_ms, POLL_MS);
  w->root_count = options->root_count;
  w->inotify = -1;
  int err = copy_roots(w);
  if (err == 0) {
    err = start_inotify(w);
  }
  if (err == 0) {
    err = look(w);
  }
  if (err != 0) {
    ms_dirwatch_free(w);
    return err;
  }
  settle(w);
  schedule(w, ms_loop_now_ms(w->options.loop));
  *out = w;
  return MSTEP_OK;
}

void ms_dirwatch_free(struct ms_dirwatch *w)
{
  if (w == NULL) {
    return;
  }
  if (w->is_freed != NULL) {
    *w->is_freed = true;
  }
  if (w->inotify >= 0) {
    ms_loop_watch(w->options.loop, w->inotify, 0, NULL, NULL);
    close(w->inotify);
  }
  for (size_t i = 0; i < w->root_count; i++) {
    size_t pos = 0;
    struct ms_str path;
    void *file;
    while (ms_map_next(&w->roots[i].files, &pos, &path, &file)) {
      ms_free(file);
    }
    ms_map_deinit(&w->roots[i].files);
    ms_free(w->roots[i].path);
  }
  ms_free(w);
}
