/*
 * Payload templates. Objects inside arrays are templates, strings are not: only a member whose name
 * ends in ".$" is computed, and the suffix is dropped from the result.
 */
#include "query/template.h"

#include "base/alloc.h"
#include "base/error.h"

#define POINTER_MAX_BYTES ((size_t)1 << 20)
#define TEXT_MAX_BYTES ((size_t)64 << 20)
#define SUFFIX ".$"

struct compiler {
  ms_query_report_cb report;
  void *user;
  struct ms_buf pointer; /* of the value being compiled */
  bool has_problem;
};

static int compile_node(struct ms_template *out, struct compiler *c, struct ms_json value);

static int report(struct compiler *c, struct ms_str message, const char *hint)
{
  if (c->pointer.error != 0) {
    return ms_error_nomem();
  }
  c->has_problem = true;
  c->report("SCHEMA_VALIDATION_FAILED", ms_buf_view(&c->pointer), message, ms_str_c(hint), c->user);
  return 0;
}

static int report_text(struct compiler *c, struct ms_str key, const char *hint)
{
  struct ms_buf message;
  ms_buf_init(&message, TEXT_MAX_BYTES);
  ms_buf_printf(&message,
                "The value for the field '%.*s' must be a valid JSONPath or a valid intrinsic "
                "function call",
                MS_STR_ARG(key));
  int err = message.error != 0 ? ms_error_nomem() : report(c, ms_buf_view(&message), hint);
  ms_buf_deinit(&message);
  return err;
}

static int report_collision(struct compiler *c, struct ms_str key, struct ms_str stripped)
{
  struct ms_buf message;
  ms_buf_init(&message, TEXT_MAX_BYTES);
  ms_buf_printf(&message, "The fields '%.*s' and '%.*s' give the same member", MS_STR_ARG(stripped),
                MS_STR_ARG(key));
  int err = message.error != 0 ? ms_error_nomem() : report(c, ms_buf_view(&message), NULL);
  ms_buf_deinit(&message);
  return err;
}

int ms_template_compile_text(struct ms_template *out, struct ms_str text,
                             struct ms_path_error *error)
{
  if (ms_call_is_call(text)) {
    out->kind = MS_TEMPLATE_CALL;
    return ms_call_compile(&out->u.call, text, false, error);
  }
  out->kind = MS_TEMPLATE_PATH;
  return ms_path_compile(&out->u.path, text, error);
}

/* The member `"key": value` with key ending in ".$". */
static int compile_computed(struct ms_template_member *out, struct compiler *c,
                            struct ms_json object, size_t index)
{
  struct ms_str key = ms_json_key(object, index);
  struct ms_json value = ms_json_member(object, index);
  struct ms_str stripped = ms_str_sub(key, 0, key.len - (sizeof SUFFIX - 1));
  struct ms_path_error error = {"It must be a string"};
  if (!ms_json_is_none(ms_json_get(object, stripped))) {
    return report_collision(c, key, stripped);
  }
  out->key = ms_json_string(stripped);
  if (ms_json_is_none(out->key)) {
    return ms_error_nomem();
  }
  int err = MSTEP_EINVALID;
  if (ms_json_is_string(value)) {
    err = ms_template_compile_text(&out->node, ms_json_text(value), &error);
  }
  if (err == MSTEP_EINVALID) {
    return report_text(c, key, error.message);
  }
  out->node.value = ms_json_ref(ms_json_key_value(object, index));
  return err;
}

static int compile_member(struct ms_template_member *out, struct compiler *c, struct ms_json parent,
                          size_t index)
{
  size_t length = c->pointer.len;
  struct ms_json value;
  if (ms_json_is_object(parent)) {
    struct ms_str key = ms_json_key(parent, index);
    if (ms_str_has_suffix(key, SUFFIX)) {
      return compile_computed(out, c, parent, index);
    }
    out->key = ms_json_ref(ms_json_key_value(parent, index));
    ms_json_pointer_push(&c->pointer, key);
    value = ms_json_member(parent, index);
  } else {
    ms_json_pointer_push_index(&c->pointer, index);
    value = ms_json_at(parent, index);
  }
  int err = compile_node(&out->node, c, value);
  c->pointer.len = length;
  return err;
}

static int compile_container(struct ms_template *out, struct compiler *c, struct ms_json value)
{
  size_t count = ms_json_count(value);
  bool is_constant = true;
  int err = 0;
  out->kind = ms_json_is_object(value) ? MS_TEMPLATE_OBJECT : MS_TEMPLATE_ARRAY;
  out->u.members = ms_calloc(count, sizeof *out->u.members);
  if (out->u.members == NULL || count > UINT32_MAX) {
    return ms_error_nomem();
  }
  for (size_t i = 0; i < count && err == 0; i++) {
    struct ms_template_member *member = &out->u.members[i];
    out->count++;
    err = compile_member(member, c, value, i);
    is_constant = is_constant && member->node.kind == MS_TEMPLATE_VALUE;
  }
  if (err == 0 && is_constant) {
    ms_template_deinit(out);
    out->value = ms_json_ref(value);
  }
  return err;
}

static int compile_node(struct ms_template *out, struct compiler *c, struct ms_json value)
{
  if (ms_json_is_object(value) || ms_json_is_array(value)) {
    return compile_container(out, c, value);
  }
  out->kind = MS_TEMPLATE_VALUE;
  out->value = ms_json_ref(value);
  return 0;
}

int ms_template_compile(struct ms_template *out, const struct ms_query_source *source,
                        ms_query_report_cb report_cb, void *user)
{
  struct compiler c = {.report = report_cb, .user = user};
  memset(out, 0, sizeof *out);
  ms_buf_init(&c.pointer, POINTER_MAX_BYTES);
  ms_buf_str(&c.pointer, source->pointer);
  int err = compile_node(out, &c, source->value);
  err = err == 0 ? c.pointer.error : err;
  ms_buf_deinit(&c.pointer);
  if (err != 0) {
    return err;
  }
  return c.has_problem ? MSTEP_EDEFINITION : 0;
}

void ms_template_deinit(struct ms_template *node)
{
  switch (node->kind) {
  case MS_TEMPLATE_PATH:
    ms_path_free(node->u.path);
    break;
  case MS_TEMPLATE_CALL:
    ms_call_free(node->u.call);
    break;
  case MS_TEMPLATE_OBJECT:
  case MS_TEMPLATE_ARRAY:
    for (uint32_t i = 0; i < node->count; i++) {
      ms_json_unref(node->u.members[i].key);
      ms_template_deinit(&node->u.members[i].node);
    }
    ms_free(node->u.members);
    break;
  default:
    break;
  }
  ms_json_unref(node->value);
  memset(node, 0, sizeof *node);
}

/* ---- evaluate ---- */

static int fail_path(const struct ms_template *node, const struct ms_path_miss *miss,
                     struct ms_failure *failure)
{
  struct ms_buf text;
  ms_buf_init(&text, TEXT_MAX_BYTES);
  ms_buf_printf(&text, "The JSONPath '%.*s' specified for the field '%.*s' ",
                MS_STR_ARG(ms_json_text(node->u.path->text)),
                MS_STR_ARG(ms_json_text(node->value)));
  if (ms_path_miss_is_absence(miss) && miss->kind != MS_MISS_VARIABLE) {
    ms_buf_cstr(&text, "could not be found in the input '");
    ms_json_print(&text, miss->searched);
    ms_buf_char(&text, '\'');
  } else {
    ms_buf_cstr(&text, "could not be evaluated: ");
    ms_path_miss_text(&text, miss);
  }
  int err = text.error != 0
                ? ms_error_nomem()
                : ms_fail(failure, "States.Runtime", "%.*s", MS_STR_ARG(ms_buf_view(&text)));
  ms_buf_deinit(&text);
  return err;
}

static int eval_container(struct ms_json *out, const struct ms_template *node,
                          struct ms_query_env *env, struct ms_failure *failure)
{
  bool is_object = node->kind == MS_TEMPLATE_OBJECT;
  struct ms_json result = is_object ? ms_json_object(node->count) : ms_json_array(node->count);
  int err = ms_json_is_none(result) ? ms_error_nomem() : 0;
  for (uint32_t i = 0; i < node->count && err == 0; i++) {
    const struct ms_template_member *member = &node->u.members[i];
    struct ms_json value = MS_JSON_VALUE_NONE;
    err = ms_template_eval(&value, &member->node, env, failure);
    if (err == 0) {
      err = is_object ? ms_json_set_key(&result, member->key, value) : ms_json_push(&result, value);
    }
    if (err == MSTEP_ETOOBIG) {
      err = ms_fail(failure, "States.Runtime",
                    "The payload template gives a value that nests too "
                    "deeply");
    }
  }
  if (err != 0) {
    ms_json_unref(result);
    return err;
  }
  *out = result;
  return 0;
}

int ms_template_eval(struct ms_json *out, const struct ms_template *node, struct ms_query_env *env,
                     struct ms_failure *failure)
{
  struct ms_path_miss miss;
  int err;
  *out = MS_JSON_VALUE_NONE;
  switch (node->kind) {
  case MS_TEMPLATE_PATH:
    err = ms_path_eval(out, node->u.path, env, &miss);
    return err == MS_FAILED ? fail_path(node, &miss, failure) : err;
  case MS_TEMPLATE_CALL:
    return ms_call_eval(out, node->u.call, env, failure);
  case MS_TEMPLATE_VALUE:
    *out = ms_json_ref(node->value);
    return 0;
  default:
    return eval_container(out, node, env, failure);
  }
}

void ms_template_references(const struct ms_template *node, ms_query_reference_cb cb, void *user)
{
  switch (node->kind) {
  case MS_TEMPLATE_PATH:
    ms_path_references(node->u.path, cb, user);
    break;
  case MS_TEMPLATE_CALL:
    ms_call_references(node->u.call, cb, user);
    break;
  case MS_TEMPLATE_OBJECT:
  case MS_TEMPLATE_ARRAY:
    for (uint32_t i = 0; i < node->count; i++) {
      ms_template_references(&node->u.members[i].node, cb, user);
    }
    break;
  default:
    break;
  }
}
