/*
 * The life of a compiled path and what can be said of it without evaluating: release, variables
 * it refers to.
 */
#include "query/jsonpath/path.h"

#include "base/alloc.h"

static void free_call(struct ms_path_call *call)
{
  if (call == NULL) {
    return;
  }
  for (uint32_t i = 0; i < call->count; i++) {
    ms_path_free(call->arguments[i].path);
    ms_json_unref(call->arguments[i].value);
  }
  ms_free(call->arguments);
  ms_free(call);
}

static void free_step(struct ms_path_step *step)
{
  switch (step->kind) {
  case MS_STEP_NAME:
  case MS_STEP_NAMES:
    for (uint32_t i = 0; i < step->count; i++) {
      ms_json_unref(step->u.names[i].name);
      ms_json_unref(step->u.names[i].written);
    }
    ms_free(step->u.names);
    break;
  case MS_STEP_INDEXES:
    ms_free(step->u.indexes);
    break;
  case MS_STEP_FILTER:
    ms_filter_free(step->u.filter);
    break;
  case MS_STEP_FUNCTION:
    free_call(step->u.call);
    break;
  default:
    break;
  }
}

void ms_path_free(struct ms_path *path)
{
  if (path == NULL) {
    return;
  }
  for (uint32_t i = 0; i < path->count; i++) {
    free_step(&path->steps[i]);
  }
  ms_json_unref(path->text);
  ms_json_unref(path->variable);
  ms_free(path->steps);
  ms_free(path);
}

void ms_path_references(const struct ms_path *path, ms_query_reference_cb cb, void *user)
{
  /* Paths inside filters have no variables: their `$` is the root of the whole path. */
  if (path->root == MS_PATH_VARIABLE) {
    cb(ms_json_text(path->variable), user);
  }
}

struct ms_json ms_path_member(struct ms_json object, const struct ms_path_name *name)
{
  struct ms_json member = ms_json_get(object, ms_json_text(name->name));
  if (ms_json_is_none(member) && !ms_json_is_none(name->written)) {
    /* AWS finds a member whose name holds the backslashes of the path. */
    member = ms_json_get(object, ms_json_text(name->written));
  }
  return member;
}
