/* Document paths: what stands there, what is put there, what a projection keeps. */
#include <stdio.h>

#include "base/error.h"
#include "base/sort.h"
#include "messaging/table_expression.h"

/* ---- looking ---- */

/* One step into a value; the first one is into the item itself. */
static struct ms_json step_into(const struct ms_table_step *step, struct ms_json value)
{
  struct ms_json inner = ms_table_inner(value);
  if (step->name.data == NULL) {
    return ms_table_is_type(value, "L") ? ms_json_at(inner, step->index) : MS_JSON_VALUE_NONE;
  }
  return ms_table_is_type(value, "M") ? ms_json_get(inner, step->name) : MS_JSON_VALUE_NONE;
}

struct ms_json ms_table_path_get(const struct ms_table_path *path, struct ms_json item)
{
  struct ms_json value = ms_json_get(item, path->steps[0].name);
  for (size_t i = 1; i < path->count && !ms_json_is_none(value); i++) {
    value = step_into(&path->steps[i], value);
  }
  return value;
}

static int cmp_step(const struct ms_table_step *a, const struct ms_table_step *b)
{
  if ((a->name.data == NULL) != (b->name.data == NULL)) {
    return a->name.data == NULL ? -1 : 1;
  }
  if (a->name.data == NULL) {
    return (a->index > b->index) - (a->index < b->index);
  }
  return ms_str_cmp(a->name, b->name);
}

int ms_table_path_cmp(const struct ms_table_path *a, const struct ms_table_path *b, bool *is_prefix)
{
  *is_prefix = false;
  for (size_t i = 0; i < a->count && i < b->count; i++) {
    int order = cmp_step(&a->steps[i], &b->steps[i]);
    if (order != 0) {
      return order;
    }
  }
  *is_prefix = true;
  return (a->count > b->count) - (a->count < b->count);
}

void ms_table_path_print(char out[128], const struct ms_table_path *path)
{
  size_t len = (size_t)snprintf(out, 128, "[");
  for (size_t i = 0; i < path->count && len < 100; i++) {
    const struct ms_table_step *step = &path->steps[i];
    const char *comma = i == 0 ? "" : ", ";
    int more = step->name.data == NULL
                   ? snprintf(out + len, 128 - len, "%s[%u]", comma, step->index)
                   : snprintf(out + len, 128 - len, "%s%.*s", comma,
                              step->name.len > 60 ? 60 : (int)step->name.len, step->name.data);
    len += (size_t)more;
  }
  snprintf(out + (len > 126 ? 126 : len), 128 - (len > 126 ? 126 : len), "]");
}

/* ---- changing ---- */

static int no_place(void)
{
  return ms_error(MSTEP_EINVALID, "no such place");
}

static int set_step(struct ms_json *value, const struct ms_table_path *path, size_t at,
                    struct ms_json new_value);

/* Members of an item or a map. Takes new_value. */
static int set_member(struct ms_json *members, const struct ms_table_path *path, size_t at,
                      struct ms_json new_value)
{
  struct ms_str name = path->steps[at].name;
  if (at + 1 == path->count) {
    return ms_json_is_none(new_value) ? ms_json_remove(members, name)
                                      : ms_json_set(members, name, new_value);
  }
  struct ms_json below = ms_json_ref(ms_json_get(*members, name));
  int err = set_step(&below, path, at + 1, new_value);
  return err != 0 ? (ms_json_unref(below), err) : ms_json_set(members, name, below);
}

/* Items of a list; one that is removed becomes null until it is swept. Takes new_value. */
static int set_item(struct ms_json *items, const struct ms_table_path *path, size_t at,
                    struct ms_json new_value)
{
  size_t index = path->steps[at].index, count = ms_json_count(*items);
  if (at + 1 == path->count) {
    if (index >= count) {
      return ms_json_is_none(new_value) ? MSTEP_OK : ms_json_push(items, new_value);
    }
    return ms_json_set_at(items, index,
                          ms_json_is_none(new_value) ? MS_JSON_VALUE_NULL : new_value);
  }
  struct ms_json below = ms_json_ref(ms_json_at(*items, index));
  int err = set_step(&below, path, at + 1, new_value);
  return err != 0 ? (ms_json_unref(below), err) : ms_json_set_at(items, index, below);
}

/* Into {"M": ...} or {"L": ...}. Takes new_value. */
static int set_step(struct ms_json *value, const struct ms_table_path *path, size_t at,
                    struct ms_json new_value)
{
  bool is_index = path->steps[at].name.data == NULL;
  if (!ms_table_is_type(*value, is_index ? "L" : "M")) {
    ms_json_unref(new_value);
    return no_place();
  }
  struct ms_json inner = ms_json_ref(ms_table_inner(*value));
  int err =
      is_index ? set_item(&inner, path, at, new_value) : set_member(&inner, path, at, new_value);
  if (err != 0) {
    ms_json_unref(inner);
    return err;
  }
  return ms_json_setc(value, is_index ? "L" : "M", inner);
}

int ms_table_path_set(struct ms_json *item, const struct ms_table_path *path, struct ms_json value)
{
  return set_member(item, path, 0, value);
}

int ms_table_path_sweep(struct ms_json *item, const struct ms_table_path *path)
{
  const struct ms_table_path parent = {path->steps, path->count - 1};
  if (path->count < 2 || path->steps[path->count - 1].name.data != NULL) {
    return MSTEP_OK;
  }
  struct ms_json list = ms_table_inner(ms_table_path_get(&parent, *item));
  struct ms_json left = ms_json_array(ms_json_count(list));
  int err = ms_json_is_none(left) ? ms_error_nomem() : MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(list) && err == 0; i++) {
    if (!ms_json_is_null(ms_json_at(list, i))) {
      err = ms_json_push(&left, ms_json_ref(ms_json_at(list, i)));
    }
  }
  if (err != 0 || ms_json_count(left) == ms_json_count(list)) {
    ms_json_unref(left);
    return err;
  }
  struct ms_json value = ms_table_value(MS_STR("L"), left);
  return ms_json_is_none(value) ? ms_error_nomem() : ms_table_path_set(item, &parent, value);
}

/* ---- projections ---- */

static int compare_paths(const void *a, const void *b)
{
  bool is_prefix;
  return ms_table_path_cmp(a, b, &is_prefix);
}

void ms_table_path_sort(struct ms_table_paths *paths)
{
  ms_sort(paths->items, paths->count, sizeof *paths->items, compare_paths);
}

/* Paths [from, to) agree in their first `depth` steps; they are sorted. */
static size_t group_end(const struct ms_table_paths *paths, size_t from, size_t to, size_t depth)
{
  size_t end = from + 1;
  while (end < to &&
         cmp_step(&paths->items[from].steps[depth], &paths->items[end].steps[depth]) == 0) {
    end++;
  }
  return end;
}

static struct ms_json project_value(struct ms_json value, const struct ms_table_paths *paths,
                                    size_t from, size_t to, size_t depth, int *err);

/* Members of an item or map (into an object), items of a list (into an array). */
static int project_parts(struct ms_json *out, struct ms_json inner,
                         const struct ms_table_paths *paths, size_t from, size_t to, size_t depth)
{
  bool is_list = ms_json_is_array(inner);
  int err = MSTEP_OK;
  for (size_t end; from < to && err == 0; from = end) {
    const struct ms_table_step *step = &paths->items[from].steps[depth];
    end = group_end(paths, from, to, depth);
    if ((step->name.data == NULL) != is_list) {
      continue;
    }
    struct ms_json part = is_list ? ms_json_at(inner, step->index) : ms_json_get(inner, step->name);
    if (ms_json_is_none(part)) {
      continue;
    }
    part = project_value(part, paths, from, end, depth + 1, &err);
    if (err == 0 && !ms_json_is_none(part)) {
      err = is_list ? ms_json_push(out, part) : ms_json_set(out, step->name, part);
    }
  }
  return err;
}

/* NONE: nothing of it is asked for. */
static struct ms_json project_value(struct ms_json value, const struct ms_table_paths *paths,
                                    size_t from, size_t to, size_t depth, int *err)
{
  if (paths->items[from].count == depth) {
    return ms_json_ref(value);
  }
  struct ms_json inner = ms_table_inner(value);
  bool is_list = ms_table_is_type(value, "L");
  if (!is_list && !ms_table_is_type(value, "M")) {
    return MS_JSON_VALUE_NONE;
  }
  struct ms_json parts = is_list ? ms_json_array(0) : ms_json_object(0);
  *err = ms_json_is_none(parts) ? ms_error_nomem()
                                : project_parts(&parts, inner, paths, from, to, depth);
  if (*err != 0 || ms_json_count(parts) == 0) {
    ms_json_unref(parts);
    return MS_JSON_VALUE_NONE;
  }
  struct ms_json out = ms_table_value(ms_table_type(value), parts);
  *err = ms_json_is_none(out) ? ms_error_nomem() : MSTEP_OK;
  return out;
}

int ms_table_project(struct ms_json *out, const struct ms_table_paths *paths, struct ms_json item)
{
  struct ms_json parts = ms_json_object(0);
  int err = ms_json_is_none(parts) ? ms_error_nomem()
                                   : project_parts(&parts, item, paths, 0, paths->count, 0);
  if (err != 0) {
    ms_json_unref(parts);
    return err;
  }
  *out = parts;
  return MSTEP_OK;
}

static int refuse_overlap(struct ms_table_reader *reader, const struct ms_table_path *a,
                          const struct ms_table_path *b)
{
  char one[128], two[128];
  ms_table_path_print(one, a);
  ms_table_path_print(two, b);
  return ms_table_reader_refuse(
      reader,
      "Two document paths overlap with each other; must remove or rewrite "
      "one of these paths; path one: %s, path two: %s",
      one, two);
}

/* Sorts them; two of which one begins with the other stand beside each other then. */
static int check_overlap(struct ms_table_reader *reader, struct ms_table_paths *paths)
{
  ms_table_path_sort(paths);
  for (size_t i = 1; i < paths->count; i++) {
    bool is_prefix;
    ms_table_path_cmp(&paths->items[i - 1], &paths->items[i], &is_prefix);
    if (is_prefix) {
      return refuse_overlap(reader, &paths->items[i - 1], &paths->items[i]);
    }
  }
  return MSTEP_OK;
}

int ms_table_projection_parse(struct ms_table_paths *out, struct ms_table_words *words,
                              struct ms_json request, struct ms_queue_refusal *why)
{
  struct ms_table_reader reader;
  *out = (struct ms_table_paths){.count = 0};
  if (!ms_json_is_string(ms_json_getc(request, "ProjectionExpression"))) {
    return MSTEP_OK;
  }
  int err = ms_table_reader_init(&reader, words, request, "ProjectionExpression", why);
  if (err == 0) { /* a path and a comma have two characters at least */
    out->items = ms_arena_calloc(words->arena, reader.text.len / 2 + 1, sizeof *out->items);
    err = out->items == NULL ? ms_error_nomem() : MSTEP_OK;
  }
  while (err == 0) {
    err = ms_table_reader_path(&out->items[out->count], &reader);
    out->count += err == 0;
    if (err != 0 || !ms_table_reader_is(&reader, ",")) {
      break;
    }
    ms_table_reader_step(&reader);
  }
  if (err == 0 && reader.token != MS_TOKEN_END) {
    err = ms_table_reader_syntax(&reader);
  }
  return err != 0 ? err : check_overlap(&reader, out);
}

int ms_table_update_paths(struct ms_table_paths *out, struct ms_arena *arena,
                          const struct ms_table_action *actions)
{
  size_t count = 0;
  for (const struct ms_table_action *one = actions; one != NULL; one = one->next) {
    count++;
  }
  *out = (struct ms_table_paths){.items = ms_arena_calloc(arena, count + 1, sizeof *out->items)};
  for (const struct ms_table_action *one = actions; one != NULL && out->items != NULL;
       one = one->next) {
    out->items[out->count++] = one->path;
  }
  ms_table_path_sort(out);
  return out->items == NULL ? ms_error_nomem() : MSTEP_OK;
}
