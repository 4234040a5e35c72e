/*
 * ResultPath: a value put into a document at a Reference Path. The document is not touched: the
 * containers on the way are copied, everything beside them is shared.
 */
#include "base/error.h"
#include "query/jsonpath/path.h"

#define TEXT_MAX_BYTES ((size_t)64 << 20)

/* The child a step names in node; NONE when there is none, also where the step does not apply. */
static struct ms_json child_of(const struct ms_path_step *step, struct ms_json node)
{
  if (step->kind == MS_STEP_NAME) {
    return ms_path_member(node, &step->u.names[0]);
  }
  int64_t index = step->u.index;
  index += index < 0 ? (int64_t)ms_json_count(node) : 0;
  bool is_item = ms_json_is_array(node) && index >= 0;
  return is_item ? ms_json_at(node, (size_t)index) : MS_JSON_VALUE_NONE;
}

/* A name applies to an object, or to nothing, of which it makes one; an index to an item that is there. */
static bool applies(const struct ms_path_step *step, struct ms_json node)
{
  if (step->kind == MS_STEP_NAME) {
    return ms_json_is_object(node) || ms_json_is_none(node);
  }
  return !ms_json_is_none(child_of(step, node));
}

static int fail_conflict(struct ms_failure *failure, const struct ms_path *path, uint32_t at,
                         struct ms_json node)
{
  struct ms_buf text;
  const struct ms_path_step *step = &path->steps[at];
  ms_buf_init(&text, TEXT_MAX_BYTES);
  if (at == 0 && !ms_json_is_array(node) && !ms_json_is_object(node)) {
    ms_buf_printf(&text, "Unable to apply ReferencePath %.*s to input ",
                  MS_STR_ARG(ms_json_text(path->text)));
  } else if (step->kind == MS_STEP_NAME) {
    ms_buf_printf(&text, "Unable to apply step \"%.*s\" to input ", MS_STR_ARG(step->key));
  } else {
    ms_buf_printf(&text, "Unable to apply step \"[%d]\" to input ", (int)step->u.index);
  }
  if (ms_json_is_none(node)) {
    ms_buf_cstr(&text, "{}"); /* an object that the path was about to make */
  }
  ms_json_print(&text, node);
  int err = text.error != 0 ? ms_error_nomem()
                            : ms_fail(failure, "States.ReferencePathConflict", "%.*s",
                                      MS_STR_ARG(ms_buf_view(&text)));
  ms_buf_deinit(&text);
  return err;
}

/* The member's own name: the one that is there when the path's spelling means it. */
static struct ms_json key_of(const struct ms_path_name *name, struct ms_json object)
{
  bool as_written = !ms_json_is_none(name->written) &&
                    ms_json_is_none(ms_json_get(object, ms_json_text(name->name))) &&
                    !ms_json_is_none(ms_json_get(object, ms_json_text(name->written)));
  return as_written ? name->written : name->name;
}

/* *value (taken) becomes a copy of node with itself as the child that step names. */
static int put_child(struct ms_json *value, const struct ms_path_step *step, struct ms_json node)
{
  struct ms_json child = *value;
  struct ms_json parent;
  *value = MS_JSON_VALUE_NONE;
  if (step->kind == MS_STEP_NAME) {
    struct ms_json key = key_of(&step->u.names[0], node);
    parent = ms_json_is_none(node) ? ms_json_object(1) : ms_json_ref(node);
    if (ms_json_is_none(parent)) {
      ms_json_unref(child);
      return ms_error_nomem();
    }
    int err = ms_json_set_key(&parent, key, child);
    *value = parent;
    return err;
  }
  int64_t index = step->u.index;
  index += index < 0 ? (int64_t)ms_json_count(node) : 0;
  parent = ms_json_ref(node);
  int err = ms_json_set_at(&parent, (size_t)index, child);
  *value = parent;
  return err;
}

int ms_path_put(struct ms_json *out, const struct ms_path *path, struct ms_json root,
                struct ms_json value, struct ms_failure *failure)
{
  struct ms_json nodes[MS_PATH_STEPS_MAX];
  struct ms_json node = root;
  int err = 0;
  *out = MS_JSON_VALUE_NONE;
  if (ms_json_is_none(value)) {
    return ms_error_nomem();
  }
  for (uint32_t i = 0; i < path->count && err == 0; i++) {
    nodes[i] = node;
    if (!applies(&path->steps[i], node)) {
      err = fail_conflict(failure, path, i, node);
    }
    node = child_of(&path->steps[i], node);
  }
  for (uint32_t i = path->count; i > 0 && err == 0; i--) {
    err = put_child(&value, &path->steps[i - 1], nodes[i - 1]);
  }
  if (err == MSTEP_ETOOBIG) {
    err = ms_fail(failure, "States.Runtime", "The result nests too deeply");
  }
  if (err != 0) {
    ms_json_unref(value);
    return err;
  }
  *out = value;
  return 0;
}
