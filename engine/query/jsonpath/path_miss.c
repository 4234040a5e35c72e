/*
 * The printed form of a path, and why one found nothing, in the words that AWS takes over from
 * Jayway: "No results for path: $['a']['b']".
 */
#include "query/java_text.h"
#include "query/jsonpath/path.h"

static void print_names(struct ms_buf *out, const struct ms_path_step *step)
{
  for (uint32_t i = 0; i < step->count; i++) {
    if (i > 0) {
      ms_buf_char(out, ',');
    }
    ms_buf_char(out, step->quote);
    ms_buf_str(out, ms_json_text(step->u.names[i].name));
    ms_buf_char(out, step->quote);
  }
}

static void print_slice(struct ms_buf *out, const struct ms_path_slice *slice)
{
  if (slice->has_from) {
    ms_buf_int(out, slice->from);
  }
  ms_buf_char(out, ':');
  if (slice->has_to) {
    ms_buf_int(out, slice->to);
  }
}

static void print_step(struct ms_buf *out, const struct ms_path_step *step)
{
  if (step->kind == MS_STEP_DESCEND) {
    ms_buf_cstr(out, "..");
    return;
  }
  if (step->kind == MS_STEP_FUNCTION) {
    const struct ms_path_call *call = step->u.call;
    ms_buf_printf(out, ".%s(%s)", ms_path_function_name(call->function),
                  call->count > 0 ? "..." : "");
    return;
  }
  ms_buf_char(out, '[');
  switch (step->kind) {
  case MS_STEP_NAME:
  case MS_STEP_NAMES:
    print_names(out, step);
    break;
  case MS_STEP_INDEX:
    ms_buf_int(out, step->u.index);
    break;
  case MS_STEP_INDEXES:
    for (uint32_t i = 0; i < step->count; i++) {
      ms_buf_printf(out, i > 0 ? ",%d" : "%d", (int)step->u.indexes[i]);
    }
    break;
  case MS_STEP_SLICE:
    print_slice(out, &step->u.slice);
    break;
  default:
    ms_buf_char(out, step->kind == MS_STEP_FILTER ? '?' : '*');
    break;
  }
  ms_buf_char(out, ']');
}

static void print_steps(struct ms_buf *out, const struct ms_path *path, uint32_t from, uint32_t to)
{
  for (uint32_t i = from; i < to; i++) {
    print_step(out, &path->steps[i]);
  }
}

static void print_path(struct ms_buf *out, const struct ms_path *path, uint32_t to)
{
  ms_buf_char(out, path->root == MS_PATH_CURRENT ? '@' : '$');
  print_steps(out, path, 0, to);
}

static void not_object_text(struct ms_buf *out, const struct ms_path_miss *miss)
{
  ms_buf_cstr(out, "Expected to find an object with property ");
  print_step(out, &miss->path->steps[miss->step]);
  ms_buf_cstr(out, " in path ");
  print_path(out, miss->path, miss->step);
  ms_buf_printf(out, " but found '%s'.", ms_json_type_name(miss->node));
}

void ms_path_miss_text(struct ms_buf *out, const struct ms_path_miss *miss)
{
  const struct ms_path *path = miss->path;
  bool is_filter = miss->kind == MS_MISS_PRIMITIVE;
  switch (miss->kind) {
  case MS_MISS_VARIABLE:
    ms_buf_printf(out, "The variable '%.*s' has no value",
                  MS_STR_ARG(ms_json_text(path->variable)));
    break;
  case MS_MISS_NO_RESULT:
    ms_buf_cstr(out, "No results for path: ");
    print_path(out, path, path->count);
    break;
  case MS_MISS_PROPERTY:
    ms_buf_cstr(out, "Missing property in path ");
    print_path(out, path, miss->step + 1);
    break;
  case MS_MISS_NOT_OBJECT:
    not_object_text(out, miss);
    break;
  case MS_MISS_NULL:
    ms_buf_cstr(out, "The path ");
    print_path(out, path, miss->step);
    ms_buf_cstr(out, " is null");
    break;
  case MS_MISS_NOT_ARRAY:
  case MS_MISS_PRIMITIVE:
    ms_buf_cstr(out, "Filter: ");
    print_steps(out, path, miss->step, path->count);
    ms_buf_cstr(out, is_filter ? " can not be applied to primitives. Current context is: "
                               : " can only be applied to arrays. Current context is: ");
    ms_java_print(out, miss->node);
    break;
  default:
    ms_buf_cstr(out, miss->detail == NULL ? "" : miss->detail);
    break;
  }
}
