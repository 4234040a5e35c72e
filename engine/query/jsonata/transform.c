/*
 * The transform operator `|pattern|update,delete|`: a deep copy of its argument, in which the objects
 * that the pattern finds are changed in place, so that later matches see earlier changes. And $clone.
 */
#include "query/jsonata/call.h"
#include "query/jsonata/functions.h"

/* Objects become dictionaries of their own; everything that cannot change is shared. */
static struct ms_jx deep_copy(struct ms_jx_eval *ev, struct ms_jx value, unsigned depth)
{
  if (depth > MS_JSON_DEPTH_MAX) {
    return ms_jx_fail_depth(ev);
  }
  if (ms_jx_is_array(value)) {
    struct ms_jx *items;
    size_t count = ms_jx_count(value);
    struct ms_jx copy = ms_jx_list_new(ev, &items, count);
    for (size_t i = 0; !ms_jx_is_error(copy) && i < count; i++) {
      items[i] = deep_copy(ev, ms_jx_at(value, i), depth + 1);
      if (ms_jx_is_error(items[i])) {
        return items[i];
      }
    }
    return copy;
  }
  if (!ms_jx_is_object(value)) {
    return value;
  }
  size_t count = ms_jx_member_count(value);
  struct ms_jx copy = ms_jx_spend(ev, count + 1) ? ms_jx_dict(ev, count) : MS_JX_VALUE_ERROR;
  for (size_t i = 0; !ms_jx_is_error(copy) && i < count; i++) {
    struct ms_jx member = deep_copy(ev, ms_jx_member_value(value, i), depth + 1);
    if (ms_jx_is_error(member) || !ms_jx_dict_set(ev, copy, ms_jx_member_key(value, i), member)) {
      return MS_JX_VALUE_ERROR;
    }
  }
  return copy;
}

struct ms_jx ms_jx_fn_clone(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  return deep_copy(ev, args[0], 0);
}

struct edit {
  struct ms_jx_eval *ev;
  const struct ms_jx_node *node;
  struct ms_jx_frame *frame;
};

static bool fail_edit(struct edit *e, const char *code, const struct ms_jx_node *clause,
                      struct ms_jx value)
{
  ms_jx_fail_value(e->ev, code, value);
  e->ev->error.has_pos = true;
  e->ev->error.pos = clause->pos;
  return false;
}

static bool update_match(struct edit *e, struct ms_jx match)
{
  struct ms_jx update = ms_jx_eval(e->ev, e->node->rhs, match, e->frame);
  if (ms_jx_is_error(update)) {
    return false;
  }
  if (update.type == MS_JX_UNDEFINED) {
    return true;
  }
  if (!ms_jx_is_object(update)) {
    return fail_edit(e, "T2011", e->node->rhs, update);
  }
  size_t count = match.type == MS_JX_DICT ? ms_jx_member_count(update) : 0;
  for (size_t i = 0; i < count; i++) {
    if (!ms_jx_dict_set(e->ev, match, ms_jx_member_key(update, i), ms_jx_member_value(update, i))) {
      return false;
    }
  }
  return true;
}

static bool delete_from(struct edit *e, struct ms_jx match)
{
  struct ms_jx names = ms_jx_eval(e->ev, e->node->third, match, e->frame);
  if (ms_jx_is_error(names)) {
    return false;
  }
  bool is_array = ms_jx_is_array(names);
  size_t count = is_array ? ms_jx_count(names) : names.type != MS_JX_UNDEFINED;
  for (size_t i = 0; i < count; i++) {
    if (!ms_jx_is_string(is_array ? ms_jx_at(names, i) : names)) {
      return fail_edit(e, "T2012", e->node->third, names);
    }
  }
  for (size_t i = 0; i < count && match.type == MS_JX_DICT; i++) {
    ms_jx_dict_remove(e->ev, match.u.dict, ms_jx_text(is_array ? ms_jx_at(names, i) : names));
  }
  return ms_jx_spend(e->ev, count);
}

struct ms_jx ms_jx_transform(struct ms_jx_eval *ev, const struct ms_jx_function *transform,
                             struct ms_jx value)
{
  if (value.type == MS_JX_UNDEFINED) {
    return value;
  }
  if (!ms_jx_is_array(value) && !ms_jx_is_object(value)) {
    return ms_jx_fail_arg(ev, "T0410", value, 1);
  }
  struct edit e = {ev, transform->node, ms_jx_new_frame(ev, transform->frame, 0)};
  struct ms_jx copy = e.frame == NULL ? MS_JX_VALUE_ERROR : deep_copy(ev, value, 0);
  if (ms_jx_is_error(copy)) {
    return copy;
  }
  struct ms_jx matches = ms_jx_eval(ev, transform->node->lhs, copy, e.frame);
  if (ms_jx_is_error(matches)) {
    return matches;
  }
  bool is_array = ms_jx_is_array(matches);
  size_t count = is_array ? ms_jx_count(matches) : matches.type != MS_JX_UNDEFINED;
  for (size_t i = 0; i < count; i++) {
    struct ms_jx match = is_array ? ms_jx_at(matches, i) : matches;
    if (!update_match(&e, match) || (transform->node->third != NULL && !delete_from(&e, match))) {
      return MS_JX_VALUE_ERROR;
    }
  }
  return copy;
}
