/*
 * JSONPath as a query language: one compiled query is a template node, whose root is a bare path or
 * call for the fields that are not templates. Words the failures and diagnostics of those fields.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "query/template.h"

#define TEXT_MAX_BYTES ((size_t)64 << 20)

struct jsonpath_query {
  struct ms_query base;
  struct ms_template root;
};

const struct ms_query_lang ms_query_jsonpath;

static const struct jsonpath_query *query_of(const struct ms_query *query)
{
  return (const struct jsonpath_query *)query;
}

/* ---- compile ---- */

static int report_field(const struct ms_query_source *source, const char *hint,
                        ms_query_report_cb report, void *user)
{
  struct ms_buf message;
  ms_buf_init(&message, TEXT_MAX_BYTES);
  switch (source->kind) {
  case MS_QUERY_PATH:
    ms_buf_cstr(&message, "Value is not a valid JSONPath");
    break;
  case MS_QUERY_REFERENCE_PATH:
    ms_buf_cstr(&message, "Value is not a Reference Path");
    break;
  default:
    ms_buf_printf(&message,
                  "The value for the field '%.*s' must be a valid JSONPath or a valid intrinsic "
                  "function call",
                  MS_STR_ARG(source->field));
    break;
  }
  int err = message.error != 0 ? ms_error_nomem() : MSTEP_EDEFINITION;
  if (err == MSTEP_EDEFINITION) {
    report("SCHEMA_VALIDATION_FAILED", source->pointer, ms_buf_view(&message), ms_str_c(hint),
           user);
  }
  ms_buf_deinit(&message);
  return err;
}

/* What a field of this kind may not have although it parses. NULL: nothing. */
static const char *kind_problem(const struct ms_query_source *source, const struct ms_path *path)
{
  if (source->kind != MS_QUERY_PATH && !path->is_reference) {
    return "A Reference Path names one node: only member names and array indexes may follow the "
           "root.";
  }
  if (path->root != MS_PATH_DATA && ms_str_is(source->field, "ResultPath")) {
    return "ResultPath writes into the state's own input: neither the Context Object nor a "
           "variable "
           "can be its root.";
  }
  return NULL;
}

static int compile_field(struct ms_template *root, const struct ms_query_source *source,
                         ms_query_report_cb report, void *user)
{
  struct ms_path_error error = {"It must be a string."};
  struct ms_str text = ms_json_text(source->value);
  int err = MSTEP_EINVALID;
  if (!ms_json_is_string(source->value)) {
    return report_field(source, error.message, report, user);
  }
  if (source->kind == MS_QUERY_PATH_OR_CALL && ms_call_is_call(text)) {
    root->kind = MS_TEMPLATE_CALL;
    err = ms_call_compile(&root->u.call, text, true, &error);
  } else {
    root->kind = MS_TEMPLATE_PATH;
    err = ms_path_compile(&root->u.path, text, &error);
    const char *problem = err == 0 ? kind_problem(source, root->u.path) : NULL;
    if (problem != NULL) {
      return report_field(source, problem, report, user);
    }
  }
  if (err == MSTEP_EINVALID) {
    return report_field(source, error.message, report, user);
  }
  if (err == 0) {
    root->value = ms_json_string(source->field);
    err = ms_json_is_none(root->value) ? ms_error_nomem() : 0;
  }
  return err;
}

static void jsonpath_free(struct ms_query *query)
{
  struct jsonpath_query *self = (struct jsonpath_query *)query;
  ms_template_deinit(&self->root);
  ms_free(self);
}

static int jsonpath_compile(struct ms_query **out, const struct ms_query_lang *lang,
                            const struct ms_query_source *source, ms_query_report_cb report,
                            void *user)
{
  *out = NULL;
  if (source->kind == MS_QUERY_EXPRESSION) {
    return ms_error(MSTEP_EINVALID, "JSONPath has no expressions");
  }
  struct jsonpath_query *self = ms_calloc(1, sizeof *self);
  if (self == NULL) {
    return ms_error_nomem();
  }
  self->base.lang = lang;
  self->base.kind = source->kind;
  int err = source->kind == MS_QUERY_TEMPLATE
                ? ms_template_compile(&self->root, source, report, user)
                : compile_field(&self->root, source, report, user);
  if (err != 0) {
    jsonpath_free(&self->base);
    return err;
  }
  *out = &self->base;
  return 0;
}

/* ---- evaluate ---- */

static int fail_path(const struct ms_path *path, const struct ms_path_miss *miss,
                     struct ms_failure *failure)
{
  struct ms_buf text;
  ms_buf_init(&text, TEXT_MAX_BYTES);
  ms_path_miss_text(&text, miss);
  int err = text.error != 0
                ? ms_error_nomem()
                : ms_fail(failure, "States.Runtime", "Invalid path '%.*s' : %.*s",
                          MS_STR_ARG(ms_json_text(path->text)), MS_STR_ARG(ms_buf_view(&text)));
  ms_buf_deinit(&text);
  return err;
}

static int jsonpath_eval(struct ms_json *out, const struct ms_query *query,
                         struct ms_query_env *env, struct ms_failure *failure)
{
  const struct jsonpath_query *self = query_of(query);
  if (query->kind != MS_QUERY_PATH && query->kind != MS_QUERY_REFERENCE_PATH) {
    return ms_template_eval(out, &self->root, env, failure);
  }
  struct ms_path_miss miss;
  int err = ms_path_eval(out, self->root.u.path, env, &miss);
  return err == MS_FAILED ? fail_path(self->root.u.path, &miss, failure) : err;
}

static void jsonpath_references(const struct ms_query *query, ms_query_reference_cb cb, void *user)
{
  ms_template_references(&query_of(query)->root, cb, user);
}

struct ms_str ms_jsonpath_text(const struct ms_query *query)
{
  const struct ms_template *root = &query_of(query)->root;
  if (query->lang != &ms_query_jsonpath) {
    return MS_STR("");
  }
  if (root->kind == MS_TEMPLATE_CALL) {
    return ms_call_text(root->u.call);
  }
  return root->kind == MS_TEMPLATE_PATH ? ms_json_text(root->u.path->text) : MS_STR("");
}

int ms_jsonpath_lookup(struct ms_json *out, const struct ms_query *query, struct ms_query_env *env)
{
  const struct ms_template *root = &query_of(query)->root;
  struct ms_path_miss miss;
  *out = MS_JSON_VALUE_NONE;
  if (query->lang != &ms_query_jsonpath || root->kind != MS_TEMPLATE_PATH) {
    return ms_error(MSTEP_EINVALID, "lookup of what is no path");
  }
  int err = ms_path_eval(out, root->u.path, env, &miss);
  return err == MS_FAILED ? MSTEP_ENOTFOUND : err;
}

int ms_jsonpath_put(struct ms_json *out, const struct ms_query *query, struct ms_json root,
                    struct ms_json value, struct ms_failure *failure)
{
  const struct ms_template *node = &query_of(query)->root;
  *out = MS_JSON_VALUE_NONE;
  if (query->lang != &ms_query_jsonpath || node->kind != MS_TEMPLATE_PATH ||
      !node->u.path->is_reference || node->u.path->root != MS_PATH_DATA) {
    ms_json_unref(value);
    return ms_error(MSTEP_EINVALID, "a value can be put at a Reference Path only");
  }
  return ms_path_put(out, node->u.path, root, value, failure);
}

const struct ms_query_lang ms_query_jsonpath = {
    "JSONPath",          jsonpath_compile, jsonpath_eval,
    jsonpath_references, jsonpath_free,    ms_jsonpath_text,
};
