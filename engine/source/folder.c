/* The driver of watched folders: what is watched, what was told, and what is about to be. */
#include "source/folder.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "messaging/resource.h"
#include "source/folder_internal.h"

#define KIND "watched-file"
#define AGAIN_MS 200 /* a file that somebody writes is looked at again */
#define AGAIN_EIO_MS 1000
#define STEPS_MAX 64 /* files, or parts of large ones, at a time */
#define FILES_MAX 65536

/* ---- keys ---- */

/* The folder, a line's end, the path: in the maps and, behind the kind, in the store. */
static int make_key(struct ms_buf *out, const struct ms_folders *folders, size_t folder,
                    const char *path)
{
  ms_buf_reset(out);
  ms_buf_cstr(out, folders->paths[folder]);
  ms_buf_char(out, '\n');
  ms_buf_cstr(out, path);
  return out->error;
}

/* ---- candidates ---- */

static void candidate_free(struct ms_candidate *file)
{
  ms_buf_deinit(&file->digests);
  ms_free(file);
}

static void drop_candidates(struct ms_folders *folders)
{
  struct ms_str key;
  void *value;
  for (size_t pos = 0; ms_map_next(&folders->waiting, &pos, &key, &value);) {
    candidate_free(value);
  }
  ms_map_deinit(&folders->waiting);
  ms_map_init(&folders->waiting, ms_hash_process_seed());
  folders->first = NULL;
  folders->last = &folders->first;
  folders->waiting_count = 0;
  folders->due_ms = 0;
}

static void enqueue(struct ms_folders *folders, struct ms_candidate *file)
{
  file->next = NULL;
  *folders->last = file;
  folders->last = &file->next;
}

static void plan(struct ms_folders *folders, int64_t due_ms)
{
  folders->due_ms = folders->due_ms == 0 || due_ms < folders->due_ms ? due_ms : folders->due_ms;
}

static int add_candidate(struct ms_folders *folders, size_t folder, const char *path)
{
  struct ms_buf key;
  size_t len = strlen(path);
  int64_t now_ms = ms_loop_now_ms(folders->env->loop);
  ms_buf_init(&key, 0);
  int err = make_key(&key, folders, folder, path);
  struct ms_candidate *file = err != 0 ? NULL : ms_map_get(&folders->waiting, ms_buf_view(&key));
  if (err == 0 && file == NULL && folders->waiting_count < FILES_MAX) {
    file = ms_calloc(1, sizeof *file + len + 1);
    err = file == NULL ? ms_error_nomem()
                       : ms_map_put(&folders->waiting, ms_buf_view(&key), file, NULL);
    if (err != 0) {
      ms_free(file);
    } else {
      file->folder = folder;
      file->state.size = -1;
      ms_buf_init(&file->digests, 0);
      memcpy(file->path, path, len + 1);
      enqueue(folders, file);
      folders->waiting_count++;
    }
  }
  ms_buf_deinit(&key);
  plan(folders, now_ms);
  return err;
}

/* ---- marks ---- */

static struct ms_mark *find_mark(struct ms_folders *folders, struct ms_str key)
{
  return ms_map_get(&folders->marks, key);
}

static int put_mark(struct ms_folders *folders, struct ms_str key,
                    const struct ms_file_state *state)
{
  struct ms_mark *mark = find_mark(folders, key);
  if (mark == NULL) {
    mark = ms_calloc(1, sizeof *mark);
    int err = mark == NULL ? ms_error_nomem() : ms_map_put(&folders->marks, key, mark, NULL);
    if (err != 0) {
      ms_free(mark);
      return err;
    }
  }
  mark->state = *state;
  mark->seen = folders->look;
  return MSTEP_OK;
}

static void drop_marks(struct ms_folders *folders)
{
  struct ms_str key;
  void *value;
  for (size_t pos = 0; ms_map_next(&folders->marks, &pos, &key, &value);) {
    ms_free(value);
  }
  ms_map_deinit(&folders->marks);
  ms_map_init(&folders->marks, ms_hash_process_seed());
}

static int read_mark(struct ms_str name, struct ms_json value, void *user)
{
  struct ms_file_state state = {0};
  int64_t inode = 0;
  if (!ms_json_to_int(&state.size, ms_json_getc(value, "size")) ||
      !ms_json_to_int(&state.mtime_ns, ms_json_getc(value, "mtime")) ||
      !ms_json_to_int(&inode, ms_json_getc(value, "inode"))) {
    return MSTEP_OK; /* the file is told again */
  }
  state.inode = (uint64_t)inode;
  return put_mark(user, name, &state);
}

static struct ms_json show_mark(const struct ms_file_state *state)
{
  struct ms_json value = ms_json_object(3);
  int err = ms_json_setc(&value, "size", ms_json_int(state->size));
  err |= ms_json_setc(&value, "mtime", ms_json_int(state->mtime_ns));
  err |= ms_json_setc(&value, "inode", ms_json_int((int64_t)state->inode));
  if (err != 0) {
    ms_json_replace(&value, MS_JSON_VALUE_NONE);
  }
  return value;
}

/* ---- telling ---- */

/* The mark and the deliveries are one change. etag NULL: it has gone. */
static int announce(struct ms_folders *folders, const struct ms_candidate *file, const char *etag,
                    struct ms_str key)
{
  const struct ms_ledger *ledger = &folders->env->ledger;
  struct ms_json value = etag == NULL ? MS_JSON_VALUE_NONE : show_mark(&file->state);
  struct ms_batch *batch = NULL;
  int err = etag != NULL && ms_json_is_none(value) ? ms_error_nomem()
                                                   : ledger->begin(&batch, ledger->user);
  if (err != 0) {
    ms_json_unref(value);
    return err;
  }
  if (etag == NULL) {
    ms_resource_remove(batch, KIND, key);
  } else {
    ms_resource_put(batch, KIND, key, value);
  }
  ms_json_unref(value);
  err = ms_folder_stage(folders, batch, file, etag);
  if (err == 0 && etag != NULL) {
    err = put_mark(folders, key, &file->state);
  }
  if (err != 0 && batch != NULL) {
    batch->error = batch->error != 0 ? batch->error : err;
  }
  int end = ledger->end(ledger->user);
  err = err != 0 ? err : end;
  if (err != 0) {
    if (etag != NULL) { /* what memory knows is not what the store does: it is told again */
      ms_free(ms_map_remove(&folders->marks, key));
    }
    ms_relay_rollback(folders->relay);
    return err;
  }
  if (etag == NULL) {
    ms_free(ms_map_remove(&folders->marks, key));
  }
  ms_relay_commit(folders->relay);
  return MSTEP_OK;
}

/* What is to be done with a file; *again_ms: when it is looked at again, 0 = it is done with. */
static int settle(struct ms_folders *folders, struct ms_candidate *file, struct ms_str key,
                  int64_t now_ms, int64_t *again_ms)
{
  char etag[MS_FOLDER_ETAG_SIZE];
  const char *folder = folders->paths[file->folder];
  const struct ms_mark *mark = find_mark(folders, key);
  *again_ms = 0;
  switch (ms_folder_read(etag, file, folder, now_ms)) {
  case MS_FILE_MORE:
    *again_ms = now_ms;
    return MSTEP_OK;
  case MS_FILE_BUSY:
    *again_ms = now_ms + AGAIN_MS;
    return MSTEP_OK;
  case MS_FILE_GONE:
    /* With a folder that is away as a whole nobody has removed its files. */
    return mark == NULL || !ms_folder_exists(folder) ? MSTEP_OK
                                                     : announce(folders, file, NULL, key);
  case MS_FILE_WHOLE:
    break;
  }
  return mark != NULL && ms_folder_is_same(&mark->state, &file->state)
             ? MSTEP_OK
             : announce(folders, file, etag, key);
}

static void step(struct ms_folders *folders, struct ms_candidate *file, int64_t now_ms)
{
  struct ms_buf key;
  int64_t again_ms = 0;
  ms_buf_init(&key, 0);
  int err = make_key(&key, folders, file->folder, file->path);
  err = err != 0 ? err : settle(folders, file, ms_buf_view(&key), now_ms, &again_ms);
  if (err != 0) {
    again_ms = now_ms + AGAIN_EIO_MS;
  }
  if (again_ms != 0) {
    file->due_ms = again_ms;
    enqueue(folders, file);
  } else {
    (void)ms_map_remove(&folders->waiting, ms_buf_view(&key));
    folders->waiting_count--;
    candidate_free(file);
  }
  ms_buf_deinit(&key);
}

static void work(struct ms_folders *folders, int64_t now_ms)
{
  size_t count = folders->waiting_count;
  folders->due_ms = 0;
  for (size_t i = 0, steps = 0; i < count; i++) {
    struct ms_candidate *file = folders->first;
    folders->first = file->next;
    if (folders->first == NULL) {
      folders->last = &folders->first;
    }
    if (file->due_ms <= now_ms && steps < STEPS_MAX) {
      steps++;
      step(folders, file, now_ms);
    } else {
      enqueue(folders, file);
    }
  }
  for (const struct ms_candidate *file = folders->first; file != NULL; file = file->next) {
    plan(folders, file->due_ms < now_ms ? now_ms : file->due_ms);
  }
}

/* ---- looking ---- */

/* Without a store nobody knows what was told before: what is there now was. */
static int on_file(struct ms_folders *folders, size_t folder, const char *path,
                   const struct ms_file_state *state)
{
  struct ms_buf key;
  ms_buf_init(&key, 0);
  int err = make_key(&key, folders, folder, path);
  struct ms_mark *mark = err != 0 ? NULL : find_mark(folders, ms_buf_view(&key));
  if (mark != NULL) {
    mark->seen = folders->look;
  }
  if (err == 0 && mark == NULL && folders->env->ledger.reader == NULL && folders->look == 1) {
    err = put_mark(folders, ms_buf_view(&key), state);
  } else if (err == 0 && (mark == NULL || !ms_folder_is_same(&mark->state, state))) {
    err = add_candidate(folders, folder, path);
  }
  ms_buf_deinit(&key);
  return err;
}

static int find_gone(struct ms_folders *folders, size_t folder)
{
  struct ms_str key, path = ms_str_c(folders->paths[folder]);
  void *value;
  int err = MSTEP_OK;
  for (size_t pos = 0; err == 0 && ms_map_next(&folders->marks, &pos, &key, &value);) {
    const struct ms_mark *mark = value;
    size_t end = ms_str_find(key, 0, '\n');
    if (mark->seen != folders->look && ms_str_eq(ms_str_sub(key, 0, end), path)) {
      struct ms_str below = ms_str_sub(key, end + 1, key.len);
      char *copy = ms_strdupn(below.data, below.len);
      err = copy == NULL ? ms_error_nomem() : add_candidate(folders, folder, copy);
      ms_free(copy);
    }
  }
  return err;
}

int ms_folders_look(struct ms_folders *folders)
{
  int err = MSTEP_OK;
  folders->look++;
  for (size_t i = 0; i < folders->path_count && err == 0; i++) {
    err = ms_folder_walk(folders, i, on_file);
    if (err == 0) {
      err = find_gone(folders, i);
    } else if (err == MSTEP_ENOTFOUND) {
      err = MSTEP_OK; /* it may come */
    }
  }
  folders->env->touch(folders->env->user);
  return err;
}

size_t ms_folders_pending(const struct ms_folders *folders)
{
  return folders->waiting_count;
}

static void on_changes(const struct ms_dirwatch_change *changes, size_t count, void *user)
{
  struct ms_folders *folders = user;
  int err = MSTEP_OK;
  for (size_t i = 0; i < count && err == 0; i++) {
    err = add_candidate(folders, changes[i].root, changes[i].path);
  }
  if (err != 0) {
    folders->look_at_ms = ms_loop_now_ms(folders->env->loop) + AGAIN_EIO_MS;
  }
  folders->env->touch(folders->env->user);
}

/* ---- watches ---- */

static struct ms_str text_in(struct ms_json object, const char *name)
{
  return ms_json_text(ms_json_getc(object, name));
}

static int refuse(struct ms_json row, const char *why)
{
  struct ms_str folder = text_in(row, "Folder");
  return ms_error(MSTEP_EINVALID, "watch of '%.*s': %s", folder.len > 200 ? 200 : (int)folder.len,
                  folder.data == NULL ? "" : folder.data, why);
}

static struct ms_json arn_of(const struct ms_folders *folders, struct ms_str kind,
                             struct ms_str name)
{
  static const struct {
    const char *kind, *service, *before;
  } kinds[] = {{"function", "lambda", "function:"},
               {"queue", "sqs", ""},
               {"topic", "sns", ""},
               {"bus", "events", "event-bus/"},
               {"machine", "states", "stateMachine:"}};
  const struct ms_driver_env *env = folders->env;
  if (ms_str_is(kind, "http")) {
    return ms_json_string(name);
  }
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if (ms_str_is(kind, kinds[i].kind)) {
      return ms_json_stringf("arn:aws:%s:%s:%s:%s%.*s", kinds[i].service, env->region,
                             env->account, kinds[i].before, MS_STR_ARG(name));
    }
  }
  return ms_json_stringf("%.*s:%.*s", MS_STR_ARG(kind), MS_STR_ARG(name));
}

static int read_target(struct ms_watch *watch, const struct ms_folders *folders,
                       struct ms_json row)
{
  struct ms_json to = ms_json_getc(row, "To"), target = ms_json_getc(row, "Target");
  struct ms_str function = text_in(row, "FunctionName");
  if (function.len > 0) {
    watch->target = arn_of(folders, MS_STR("function"), function);
  } else if (ms_json_is_object(to)) {
    watch->target = arn_of(folders, text_in(to, "kind"), text_in(to, "name"));
  } else if (ms_json_text(target).len > 0) {
    watch->target = ms_json_ref(target);
  } else {
    return refuse(row, "needs a function or another target");
  }
  return ms_json_is_none(watch->target) ? ms_error_nomem() : MSTEP_OK;
}

static int read_events(struct ms_watch *watch, struct ms_json row)
{
  struct ms_json events = ms_json_getc(row, "Events");
  size_t count = ms_json_count(events);
  watch->wants_created = count == 0;
  for (size_t i = 0; i < count; i++) {
    struct ms_str name = ms_json_text(ms_json_at(events, i));
    if (ms_str_is(name, "ObjectCreated")) {
      watch->wants_created = true;
    } else if (ms_str_is(name, "ObjectRemoved")) {
      watch->wants_removed = true;
    } else {
      return refuse(row, "events are ObjectCreated and ObjectRemoved");
    }
  }
  return MSTEP_OK;
}

/* The path from the root, without "." and "..": the same folder has the same marks from wherever we are started. */
static int make_path(struct ms_buf *out, const struct ms_folders *folders, struct ms_str folder)
{
  char cwd[PATH_MAX];
  struct ms_buf whole;
  ms_buf_init(&whole, 0);
  if (folder.data[0] != '/') {
    bool is_below = folders->dir == NULL || folders->dir[0] != '/';
    ms_buf_printf(&whole, "%s/", is_below && getcwd(cwd, sizeof cwd) != NULL ? cwd : "");
    ms_buf_printf(&whole, "%s/", folders->dir == NULL ? "" : folders->dir);
  }
  ms_buf_str(&whole, folder);
  struct ms_str text = ms_buf_view(&whole);
  for (size_t at = 0; at < text.len;) {
    size_t end = ms_str_find(text, at, '/');
    struct ms_str part = ms_str_sub(text, at, end);
    at = end + 1;
    if (ms_str_is(part, "..")) {
      while (out->len > 0 && out->data[--out->len] != '/') {
        /* the part before goes, with its slash */
      }
      if (out->data != NULL) {
        out->data[out->len] = '\0';
      }
    } else if (part.len > 0 && !ms_str_is(part, ".")) {
      ms_buf_char(out, '/');
      ms_buf_str(out, part);
    }
  }
  if (out->len == 0) {
    ms_buf_char(out, '/');
  }
  int err = whole.error != 0 ? whole.error : out->error;
  ms_buf_deinit(&whole);
  return err;
}

/* The index of the folder's path among those that are there; it becomes one of them. */
static int take_path(size_t *out, struct ms_folders *folders, struct ms_str folder)
{
  struct ms_buf path;
  size_t len;
  ms_buf_init(&path, 0);
  int err = make_path(&path, folders, folder);
  char *text = err != 0 ? NULL : ms_buf_take(&path, &len);
  if (text == NULL) {
    ms_buf_deinit(&path);
    return ms_error_nomem();
  }
  for (*out = 0; *out < folders->path_count; ++*out) {
    if (strcmp(folders->paths[*out], text) == 0) {
      ms_free(text);
      return MSTEP_OK;
    }
  }
  folders->paths[folders->path_count++] = text;
  return MSTEP_OK;
}

static int read_watch(struct ms_watch *watch, struct ms_folders *folders, struct ms_json row)
{
  struct ms_str folder = text_in(row, "Folder");
  *watch = (struct ms_watch){.bucket = text_in(row, "Bucket"),
                             .prefix = text_in(row, "Prefix"),
                             .suffix = text_in(row, "Suffix"),
                             .id = text_in(row, "Id")};
  if (folder.len == 0 || ms_str_find(folder, 0, '\n') < folder.len ||
      ms_str_find(folder, 0, '\0') < folder.len) {
    return refuse(row, "needs a folder");
  }
  if (watch->bucket.len == 0) { /* as the folder is called */
    while (folder.len > 1 && folder.data[folder.len - 1] == '/') {
      folder.len--;
    }
    size_t slash = folder.len;
    while (slash > 0 && folder.data[slash - 1] != '/') {
      slash--;
    }
    watch->bucket = ms_str_sub(folder, slash, folder.len);
  }
  for (size_t i = 0; i < watch->bucket.len; i++) {
    if ((unsigned char)watch->bucket.data[i] < ' ' ||
        strchr("\"\\/", watch->bucket.data[i]) != NULL) {
      return refuse(row, "that is no name of a bucket");
    }
  }
  watch->id = watch->id.len == 0 ? watch->bucket : watch->id;
  int err = read_events(watch, row);
  err = err != 0 ? err : read_target(watch, folders, row);
  return err != 0 ? err : take_path(&watch->folder, folders, text_in(row, "Folder"));
}

static void drop_watches(struct ms_folders *folders)
{
  ms_dirwatch_free(folders->dirwatch);
  folders->dirwatch = NULL;
  drop_candidates(folders);
  for (size_t i = 0; i < folders->watch_count; i++) {
    ms_json_unref(folders->watches[i].target);
  }
  for (size_t i = 0; i < folders->path_count; i++) {
    ms_free(folders->paths[i]);
  }
  ms_free(folders->watches);
  ms_free(folders->paths);
  folders->watches = NULL;
  folders->paths = NULL;
  folders->watch_count = folders->path_count = 0;
  ms_json_replace(&folders->document, MS_JSON_VALUE_NONE);
}

static int begin_watching(struct ms_folders *folders)
{
  const struct ms_dirwatch_options options = {.loop = folders->env->loop,
                                              .roots = (const char *const *)folders->paths,
                                              .root_count = folders->path_count,
                                              .cb = on_changes,
                                              .user = folders};
  int err = folders->path_count == 0 ? MSTEP_OK : ms_dirwatch_new(&folders->dirwatch, &options);
  return err != 0 ? err : ms_folders_look(folders);
}

int ms_folders_put(struct ms_folders *folders, struct ms_json watches)
{
  size_t count = ms_json_count(watches);
  if (!ms_json_is_array(watches) || count > MS_WATCHES_MAX) {
    return ms_error(MSTEP_EINVALID, "watches must be a list of at most %d", MS_WATCHES_MAX);
  }
  struct ms_folders next = *folders; /* only what is new of it is used */
  next.watches = ms_calloc(count + 1, sizeof *next.watches);
  next.paths = ms_calloc(count + 1, sizeof *next.paths);
  next.path_count = next.watch_count = 0;
  int err = next.watches == NULL || next.paths == NULL ? ms_error_nomem() : MSTEP_OK;
  for (size_t i = 0; i < count && err == 0; i++) {
    err = read_watch(&next.watches[i], &next, ms_json_at(watches, i));
    next.watch_count++;
  }
  if (err != 0) {
    struct ms_folders failed = {.watches = next.watches,
                                .paths = next.paths,
                                .watch_count = next.watch_count,
                                .path_count = next.path_count};
    drop_watches(&failed);
    return err;
  }
  drop_watches(folders);
  folders->watches = next.watches;
  folders->watch_count = next.watch_count;
  folders->paths = next.paths;
  folders->path_count = next.path_count;
  folders->document = ms_json_ref(watches);
  return begin_watching(folders);
}

/* ---- the driver ---- */

static int folders_open(void **driver, const struct ms_driver_env *env)
{
  struct ms_folders *folders = ms_calloc(1, sizeof *folders);
  if (folders == NULL) {
    return ms_error_nomem();
  }
  folders->env = env;
  folders->document = MS_JSON_VALUE_NONE;
  folders->last = &folders->first;
  ms_map_init(&folders->marks, ms_hash_process_seed());
  ms_map_init(&folders->waiting, ms_hash_process_seed());
  int err = ms_relay_new(&folders->relay, env, MS_RELAY_FOLDERS);
  if (err != 0) {
    ms_free(folders);
    return err;
  }
  *driver = folders;
  return MSTEP_OK;
}

static void folders_close(void *driver)
{
  struct ms_folders *folders = driver;
  if (folders == NULL) {
    return;
  }
  drop_watches(folders);
  drop_marks(folders);
  ms_map_deinit(&folders->waiting);
  ms_map_deinit(&folders->marks);
  ms_relay_free(folders->relay);
  ms_free(folders->dir);
  ms_free(folders);
}

static int folders_load(void *driver)
{
  struct ms_folders *folders = driver;
  folders->is_resumed = false;
  drop_marks(folders);
  int err = ms_relay_load(folders->relay);
  err = err != 0 ? err : ms_resource_scan(folders->env->ledger.reader, KIND, read_mark, folders);
  return err != 0 || folders->path_count == 0 ? err : ms_folders_look(folders);
}

static void folders_resume(void *driver)
{
  struct ms_folders *folders = driver;
  folders->is_resumed = true;
  ms_relay_resume(folders->relay);
}

struct ms_relay *ms_folders_relay(struct ms_folders *folders)
{
  return folders->relay;
}

static int64_t folders_next_due_ms(void *driver)
{
  const struct ms_folders *folders = driver;
  const int64_t times[] = {folders->due_ms, folders->look_at_ms, ms_relay_next_due_ms(folders->relay),
                           ms_dirwatch_next_due_ms(folders->dirwatch)};
  int64_t due_ms = 0;
  for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
    due_ms = times[i] != 0 && (due_ms == 0 || times[i] < due_ms) ? times[i] : due_ms;
  }
  return due_ms;
}

static void folders_on_timer(void *driver, int64_t now_ms)
{
  struct ms_folders *folders = driver;
  ms_dirwatch_on_timer(folders->dirwatch, now_ms);
  if (folders->look_at_ms != 0 && folders->look_at_ms <= now_ms) {
    folders->look_at_ms = ms_folders_look(folders) == 0 ? 0 : now_ms + AGAIN_EIO_MS;
  }
  if (folders->due_ms != 0 && folders->due_ms <= now_ms) {
    work(folders, now_ms);
  }
  ms_relay_on_timer(folders->relay, now_ms);
}

static bool folders_are_busy(void *driver)
{
  const struct ms_folders *folders = driver;
  return folders->waiting_count > 0 || ms_relay_is_busy(folders->relay);
}

static void folders_collect(void *driver, struct ms_metrics *metrics)
{
  ms_relay_collect(((const struct ms_folders *)driver)->relay, metrics);
}

const struct ms_driver_type ms_folders_driver = {.name = "folders",
                                                 .open = folders_open,
                                                 .close = folders_close,
                                                 .load = folders_load,
                                                 .resume = folders_resume,
                                                 .next_due_ms = folders_next_due_ms,
                                                 .on_timer = folders_on_timer,
                                                 .is_busy = folders_are_busy,
                                                 .collect = folders_collect};

int ms_folders_set_up(struct ms_folders *folders, const char *dir)
{
  char *copy = dir == NULL ? NULL : ms_strdupn(dir, strlen(dir));
  if (dir != NULL && copy == NULL) {
    return ms_error_nomem();
  }
  ms_free(folders->dir);
  folders->dir = copy;
  return MSTEP_OK;
}
