/*
 * Evaluation of a path: one loop while steps name one node, recursion only where they branch or
 * descend. Values on the way are borrowed; what is emitted is counted. Every node visited costs a
 * step of the budget, every frame one of the depth.
 */
#include "base/error.h"
#include "query/jsonpath/path.h"

#define STEPS_DEFAULT 2000000

/* One evaluation of one path; filters open more of them under the same run. */
struct visit {
  struct ms_path_run *run;
  const struct ms_path *path;
  bool is_strict;
  struct ms_json list;   /* results of an indefinite path */
  struct ms_json result; /* of a definite one; NONE when there is none */
};

static int eval_from(struct visit *v, uint32_t at, struct ms_json node);

int ms_path_run_fail(struct ms_path_run *run, uint8_t kind, const char *detail)
{
  run->miss->kind = kind;
  run->miss->detail = detail;
  return MS_PATH_FAIL;
}

int ms_path_take_step(struct ms_path_run *run)
{
  if (run->steps_left == 0) {
    return ms_path_run_fail(run, MS_MISS_LIMIT, "The evaluation took too many steps");
  }
  run->steps_left--;
  return 0;
}

static int enter(struct ms_path_run *run)
{
  if (run->depth_left == 0) {
    return ms_path_run_fail(run, MS_MISS_LIMIT, "The evaluation nests too deeply");
  }
  run->depth_left--;
  return ms_path_take_step(run);
}

static int miss(struct visit *v, enum ms_miss_kind kind, uint32_t at, struct ms_json node)
{
  struct ms_path_miss *m = v->run->miss;
  m->kind = (uint8_t)kind;
  m->path = v->path;
  m->step = at;
  m->node = node;
  return kind == MS_MISS_PRIMITIVE ? MS_PATH_INVALID : MS_PATH_MISS;
}

/* Takes the value. */
static int emit(struct visit *v, struct ms_json value)
{
  if (!v->path->is_definite) {
    return ms_json_push(&v->list, value);
  }
  if (ms_json_is_none(value)) {
    return ms_error_nomem();
  }
  ms_json_replace(&v->result, value);
  return 0;
}

/* Goes on behind step `at`, or emits when it was the last. */
static int follow(struct visit *v, uint32_t at, struct ms_json node)
{
  if (at + 1 == v->path->count) {
    return emit(v, ms_json_ref(node));
  }
  return eval_from(v, at + 1, node);
}

/* What a missing member means: 0 goes on without it. */
static int missing_member(struct visit *v, uint32_t at, struct ms_json node)
{
  bool is_last = at + 1 == v->path->count;
  const struct ms_path_step *step = &v->path->steps[at];
  if (is_last) {
    return v->is_strict ? miss(v, MS_MISS_NO_RESULT, at, node) : 0;
  }
  bool must_exist = step->is_upstream_definite && step->kind == MS_STEP_NAME;
  return must_exist || v->is_strict ? miss(v, MS_MISS_PROPERTY, at, node) : 0;
}

static int not_object(struct visit *v, uint32_t at, struct ms_json node)
{
  return v->path->steps[at].is_upstream_definite ? miss(v, MS_MISS_NOT_OBJECT, at, node) : 0;
}

static int not_array(struct visit *v, uint32_t at, struct ms_json node)
{
  if (!v->path->steps[at].is_upstream_definite) {
    return 0;
  }
  return miss(v, ms_json_is_null(node) ? MS_MISS_NULL : MS_MISS_NOT_ARRAY, at, node);
}

/* Borrowed; NONE when out of range. */
static struct ms_json item_at(struct ms_json array, int32_t index)
{
  size_t count = ms_json_count(array);
  int64_t at = index < 0 ? (int64_t)count + index : index;
  return at < 0 ? MS_JSON_VALUE_NONE : ms_json_at(array, (size_t)at);
}

/* ['a','b'] as the last step: one object of the members that are there. */
static int eval_merge(struct visit *v, uint32_t at, struct ms_json node)
{
  const struct ms_path_step *step = &v->path->steps[at];
  struct ms_json merged = ms_json_object(step->count);
  if (ms_json_is_none(merged)) {
    return ms_error_nomem();
  }
  for (uint32_t i = 0; i < step->count; i++) {
    struct ms_json member = ms_path_member(node, &step->u.names[i]);
    int err = 0;
    if (!ms_json_is_none(member)) {
      err = ms_json_set_key(&merged, step->u.names[i].name, ms_json_ref(member));
    } else if (v->is_strict) {
      err = miss(v, MS_MISS_NO_RESULT, at, node);
    }
    if (err != 0) {
      ms_json_unref(merged);
      return err;
    }
  }
  return emit(v, merged);
}

static int eval_names(struct visit *v, uint32_t at, struct ms_json node)
{
  const struct ms_path_step *step = &v->path->steps[at];
  if (!ms_json_is_object(node)) {
    return not_object(v, at, node);
  }
  if (at + 1 == v->path->count) {
    return eval_merge(v, at, node);
  }
  int err = 0;
  for (uint32_t i = 0; i < step->count && err == 0; i++) {
    struct ms_json member = ms_path_member(node, &step->u.names[i]);
    err = ms_json_is_none(member) ? missing_member(v, at, node) : follow(v, at, member);
  }
  return err;
}

static int eval_indexes(struct visit *v, uint32_t at, struct ms_json node)
{
  const struct ms_path_step *step = &v->path->steps[at];
  if (!ms_json_is_array(node)) {
    return not_array(v, at, node);
  }
  int err = 0;
  for (uint32_t i = 0; i < step->count && err == 0; i++) {
    struct ms_json item = item_at(node, step->u.indexes[i]);
    err = ms_json_is_none(item) ? 0 : follow(v, at, item);
  }
  return err;
}

/*
 * Jayway's three kinds: `from:` and `:to` count a negative bound from the end; `from:to` does not, it
 * runs over the numbers in between and takes negative ones as indexes from the end ([-2:2] of three
 * gives items 1, 2, 0, 1).
 */
static int eval_slice(struct visit *v, uint32_t at, struct ms_json node)
{
  const struct ms_path_slice *slice = &v->path->steps[at].u.slice;
  if (!ms_json_is_array(node)) {
    return not_array(v, at, node);
  }
  int64_t count = (int64_t)ms_json_count(node);
  int64_t from = slice->has_from ? slice->from : 0;
  int64_t to = slice->has_to ? slice->to : count;
  if (!slice->has_to && from < 0) {
    from = from + count < 0 ? 0 : from + count;
  }
  if (!slice->has_from && to < 0) {
    to += count;
  }
  from = from < -count ? -count : from;
  to = to > count ? count : to;
  int err = 0;
  for (int64_t i = from; i < to && err == 0; i++) {
    err = follow(v, at, item_at(node, (int32_t)i));
  }
  return err;
}

static int eval_wildcard(struct visit *v, uint32_t at, struct ms_json node)
{
  size_t count = ms_json_count(node);
  bool is_object = ms_json_is_object(node);
  int err = 0;
  for (size_t i = 0; i < count && err == 0; i++) {
    err = ms_path_take_step(v->run);
    if (err == 0) {
      err = follow(v, at, is_object ? ms_json_member(node, i) : ms_json_at(node, i));
    }
    if (err == MS_PATH_MISS && !v->is_strict) {
      err = 0;
    }
  }
  return err;
}

static int eval_filter(struct visit *v, uint32_t at, struct ms_json node)
{
  const struct ms_path_step *step = &v->path->steps[at];
  bool accepted = false;
  if (ms_json_is_object(node)) {
    int err = ms_filter_accepts(&accepted, step->u.filter, v->run, node);
    return err == 0 && accepted ? follow(v, at, node) : err;
  }
  if (!ms_json_is_array(node)) {
    return step->is_upstream_definite ? miss(v, MS_MISS_PRIMITIVE, at, node) : 0;
  }
  size_t count = ms_json_count(node);
  int err = 0;
  for (size_t i = 0; i < count && err == 0; i++) {
    struct ms_json item = ms_json_at(node, i);
    err = ms_filter_accepts(&accepted, step->u.filter, v->run, item);
    if (err == 0 && accepted) {
      err = follow(v, at, item);
    }
  }
  return err;
}

/* Whether the step behind `..` is tried on this container. */
static int descend_applies(bool *applies, struct visit *v, const struct ms_path_step *step,
                           bool is_last, struct ms_json node)
{
  bool is_object = ms_json_is_object(node);
  *applies = false;
  switch (step->kind) {
  case MS_STEP_NAME:
  case MS_STEP_NAMES:
    *applies = is_object;
    if (is_object && (step->kind == MS_STEP_NAME || is_last)) {
      for (uint32_t i = 0; i < step->count && *applies; i++) {
        *applies = !ms_json_is_none(ms_path_member(node, &step->u.names[i]));
      }
    }
    return 0;
  case MS_STEP_INDEX:
  case MS_STEP_INDEXES:
  case MS_STEP_SLICE:
    *applies = !is_object;
    return 0;
  case MS_STEP_WILDCARD:
    *applies = true;
    return 0;
  case MS_STEP_FILTER:
    /* Of an array too, Jayway asks whether the array itself passes. */
    return ms_filter_accepts(applies, step->u.filter, v->run, node);
  default:
    return 0;
  }
}

/* Applies step `at` to node and to everything below it, parents first. */
static int descend(struct visit *v, uint32_t at, struct ms_json node)
{
  bool is_object = ms_json_is_object(node);
  if (!is_object && !ms_json_is_array(node)) {
    return 0;
  }
  bool applies = false;
  int err = enter(v->run);
  if (err != 0) {
    return err;
  }
  err = descend_applies(&applies, v, &v->path->steps[at], at + 1 == v->path->count, node);
  if (err == 0 && applies) {
    err = eval_from(v, at, node);
  }
  size_t count = ms_json_count(node);
  for (size_t i = 0; i < count && err == 0; i++) {
    err = descend(v, at, is_object ? ms_json_member(node, i) : ms_json_at(node, i));
  }
  v->run->depth_left++;
  return err;
}

static int eval_function(struct visit *v, uint32_t at, struct ms_json node)
{
  struct ms_json value = MS_JSON_VALUE_NONE;
  int err = ms_path_function_call(&value, v->path->steps[at].u.call, v->run, node);
  return err == 0 ? emit(v, value) : err;
}

static int eval_branch(struct visit *v, uint32_t at, struct ms_json node)
{
  switch (v->path->steps[at].kind) {
  case MS_STEP_NAMES:
    return eval_names(v, at, node);
  case MS_STEP_INDEXES:
    return eval_indexes(v, at, node);
  case MS_STEP_SLICE:
    return eval_slice(v, at, node);
  case MS_STEP_WILDCARD:
    return eval_wildcard(v, at, node);
  case MS_STEP_DESCEND:
    return descend(v, at + 1, node);
  case MS_STEP_FILTER:
    return eval_filter(v, at, node);
  default:
    return eval_function(v, at, node);
  }
}

/* NAME or INDEX: *node becomes what it names, NONE when it names nothing and that is no error. */
static int single_step(struct visit *v, uint32_t at, struct ms_json *node)
{
  const struct ms_path_step *step = &v->path->steps[at];
  struct ms_json parent = *node;
  *node = MS_JSON_VALUE_NONE;
  if (step->kind == MS_STEP_NAME) {
    if (!ms_json_is_object(parent)) {
      return not_object(v, at, parent);
    }
    *node = ms_path_member(parent, &step->u.names[0]);
    return ms_json_is_none(*node) ? missing_member(v, at, parent) : 0;
  }
  if (!ms_json_is_array(parent)) {
    return not_array(v, at, parent);
  }
  *node = item_at(parent, step->u.index);
  return 0;
}

static int eval_from(struct visit *v, uint32_t at, struct ms_json node)
{
  int err = enter(v->run);
  for (; err == 0 && at < v->path->count; at++) {
    uint8_t kind = v->path->steps[at].kind;
    if (kind != MS_STEP_NAME && kind != MS_STEP_INDEX) {
      err = eval_branch(v, at, node);
      break;
    }
    err = single_step(v, at, &node);
    if (err != 0 || ms_json_is_none(node)) {
      break;
    }
  }
  if (err == 0 && at == v->path->count) {
    err = emit(v, ms_json_ref(node));
  }
  if (err != MS_PATH_FAIL) {
    v->run->depth_left++;
  }
  return err;
}

int ms_path_run_eval(struct ms_json *out, const struct ms_path *path, struct ms_path_run *run,
                     struct ms_json root, bool is_strict)
{
  struct visit v = {run, path, is_strict, MS_JSON_VALUE_NONE, MS_JSON_VALUE_NONE};
  *out = MS_JSON_VALUE_NONE;
  if (!path->is_definite) {
    v.list = ms_json_array(0);
    if (ms_json_is_none(v.list)) {
      return ms_error_nomem();
    }
  }
  int err = eval_from(&v, 0, root);
  if (err == 0 && path->is_definite && ms_json_is_none(v.result)) {
    err = miss(&v, MS_MISS_NO_RESULT, path->count - 1, root);
  }
  if (err != 0) {
    ms_json_unref(v.list);
    ms_json_unref(v.result);
    return err;
  }
  *out = path->is_definite ? v.result : v.list;
  return 0;
}

/* NAME and INDEX steps only: no list, no count, no frame. NONE when something is missing. */
static struct ms_json eval_simple(const struct ms_path *path, struct ms_json node)
{
  for (uint32_t i = 0; i < path->count; i++) {
    const struct ms_path_step *step = &path->steps[i];
    if (step->kind == MS_STEP_INDEX) {
      node = item_at(node, step->u.index);
      continue;
    }
    struct ms_json member = ms_json_get(node, step->key);
    node = ms_json_is_none(member) && !ms_json_is_none(step->u.names[0].written)
               ? ms_path_member(node, &step->u.names[0])
               : member;
  }
  return node;
}

static struct ms_json root_of(const struct ms_path *path, struct ms_query_env *env)
{
  switch (path->root) {
  case MS_PATH_CONTEXT:
    return env->context(env);
  case MS_PATH_VARIABLE:
    return env->variable(env, ms_json_text(path->variable));
  default:
    return env->input;
  }
}

/*
 * AWS answers [] where an indefinite path meets something missing, but fails where it meets
 * something that is there and is no array (recorded: $[1:] of an object).
 */
static bool is_empty_result(const struct ms_path *path, int err, const struct ms_path_miss *m)
{
  return err == MS_PATH_MISS && !path->is_definite && m->kind != MS_MISS_NOT_ARRAY;
}

int ms_path_eval(struct ms_json *out, const struct ms_path *path, struct ms_query_env *env,
                 struct ms_path_miss *miss_out)
{
  struct ms_json root = root_of(path, env);
  *out = MS_JSON_VALUE_NONE;
  if (path->is_simple) {
    struct ms_json found = eval_simple(path, root);
    if (!ms_json_is_none(found)) {
      *out = ms_json_ref(found);
      return 0;
    }
  }
  memset(miss_out, 0, sizeof *miss_out);
  miss_out->searched = root;
  miss_out->path = path;
  if (ms_json_is_none(root)) {
    if (path->root == MS_PATH_CONTEXT) {
      return ms_error_nomem();
    }
    miss_out->kind = MS_MISS_VARIABLE;
    return MS_FAILED;
  }
  bool is_limited = env->limits != NULL && env->limits->max_steps > 0;
  uint64_t steps = is_limited ? env->limits->max_steps : STEPS_DEFAULT;
  struct ms_path_run run = {env, root, miss_out, steps, MS_PATH_RECURSION_MAX};
  int err = ms_path_run_eval(out, path, &run, root, false);
  if (err == MSTEP_ETOOBIG) {
    err = ms_path_run_fail(&run, MS_MISS_LIMIT, "The result nests too deeply");
  }
  if (err <= 0) {
    return err;
  }
  if (is_empty_result(path, err, miss_out)) {
    *out = ms_json_array(0);
    return ms_json_is_none(*out) ? ms_error_nomem() : 0;
  }
  return MS_FAILED;
}
