/*
 * Object constructors and group-by, which are one thing: every pair's key is evaluated for every
 * item; items that give the same key form a group; the pair's value is evaluated once for a group.
 */
#include "query/jsonata/eval.h"

struct group_item {
  struct ms_jx value;
  struct group_item *next;
};

struct group {
  struct ms_jx key;
  uint32_t pair;
  uint32_t count;
  struct group_item *first;
  struct group_item *last;
};

struct grouping {
  struct ms_jx_eval *ev;
  const struct ms_jx_node *node;
  struct ms_jx_frame *frame;
  struct group *groups;
  uint32_t count;
  uint32_t capacity;
  struct ms_jx index; /* DICT: key -> number of the group */
};

static struct ms_jx fail_at(struct grouping *g, const char *code, struct ms_jx value)
{
  ms_jx_fail_value(g->ev, code, value);
  g->ev->error.has_pos = true;
  g->ev->error.pos = g->node->pos;
  return MS_JX_VALUE_ERROR;
}

static bool add_group(struct grouping *g, struct ms_jx key, uint32_t pair)
{
  if (g->count == g->capacity) {
    uint32_t capacity = g->capacity == 0 ? 8 : g->capacity * 2;
    struct group *groups = ms_jx_alloc(g->ev, capacity * sizeof *groups);
    if (groups == NULL) {
      return false;
    }
    if (g->count > 0) {
      memcpy(groups, g->groups, g->count * sizeof *groups);
    }
    g->groups = groups;
    g->capacity = capacity;
  }
  g->groups[g->count] = (struct group){key, pair, 0, NULL, NULL};
  return ms_jx_dict_set(g->ev, g->index, key, ms_jx_int(g->count++));
}

/* Puts an item into the group that a pair's key names. */
static bool add_item(struct grouping *g, struct ms_jx key, uint32_t pair, struct ms_jx value)
{
  struct ms_jx found = ms_jx_dict_get(g->index.u.dict, ms_jx_text(key));
  if (found.type == MS_JX_UNDEFINED) {
    found = ms_jx_int(g->count);
    if (!add_group(g, key, pair)) {
      return false;
    }
  }
  struct group *group = &g->groups[found.u.integer];
  if (group->pair != pair) {
    fail_at(g, "D1009", key);
    return false;
  }
  struct group_item *item = ms_jx_alloc(g->ev, sizeof *item);
  if (item == NULL) {
    return false;
  }
  *item = (struct group_item){value, NULL};
  if (group->last != NULL) {
    group->last->next = item;
  } else {
    group->first = item;
  }
  group->last = item;
  group->count++;
  return true;
}

static bool group_item(struct grouping *g, struct ms_jx item)
{
  struct ms_jx context = item;
  struct ms_jx_frame *frame = g->frame;
  if (item.type == MS_JX_TUPLE) {
    frame = ms_jx_tuple_frame(g->ev, frame, item.u.tuple);
    if (frame == NULL) {
      return false;
    }
    context = item.u.tuple->at;
  }
  for (uint32_t pair = 0; pair < g->node->count / 2; pair++) {
    struct ms_jx key = ms_jx_eval(g->ev, g->node->items[pair * 2], context, frame);
    if (ms_jx_is_error(key)) {
      return false;
    }
    if (key.type == MS_JX_UNDEFINED) {
      continue;
    }
    if (!ms_jx_is_string(key)) {
      fail_at(g, "T1003", key);
      return false;
    }
    if (!add_item(g, key, pair, item)) {
      return false;
    }
  }
  return true;
}

/* Joins values one by one as $append would: arrays are spread, a lone value stays what it is. */
struct joiner {
  struct ms_jx_eval *ev;
  size_t base;
  struct ms_jx only;
  uint32_t count;
};

static bool join_value(struct joiner *j, struct ms_jx value)
{
  if (value.type == MS_JX_UNDEFINED) {
    return true;
  }
  j->only = value;
  j->count++;
  bool is_array = ms_jx_is_array(value);
  size_t count = is_array ? ms_jx_count(value) : 1;
  for (size_t i = 0; i < count; i++) {
    if (!ms_jx_push(j->ev, is_array ? ms_jx_at(value, i) : value)) {
      return false;
    }
  }
  return true;
}

static struct ms_jx join_finish(struct joiner *j)
{
  if (j->count <= 1) {
    j->ev->stack_count = j->base;
    return j->only;
  }
  return ms_jx_pop_list(j->ev, j->base, 0);
}

/* What the value of a group sees: its only item, or all of them joined. */
static struct ms_jx group_context(struct ms_jx_eval *ev, const struct group *group)
{
  struct joiner j = {ev, ev->stack_count, MS_JX_VALUE_UNDEFINED, 0};
  for (const struct group_item *item = group->first; item != NULL; item = item->next) {
    if (!join_value(&j, item->value)) {
      return MS_JX_VALUE_ERROR;
    }
  }
  return join_finish(&j);
}

static bool has_name(const struct ms_jx_binding *head, const struct ms_jx_binding *stop,
                     uint32_t symbol)
{
  for (; head != stop; head = head->next) {
    if (head->symbol == symbol) {
      return true;
    }
  }
  return false;
}

static struct ms_jx find_name(const struct ms_jx_tuple *tuple, uint32_t symbol)
{
  for (const struct ms_jx_binding *b = tuple->head; b != NULL; b = b->next) {
    if (b->symbol == symbol) {
      return b->value;
    }
  }
  return MS_JX_VALUE_UNDEFINED;
}

/* What a name (0: the context) holds in all tuples of a group, joined. */
static struct ms_jx reduce_name(struct ms_jx_eval *ev, const struct group *group, uint32_t symbol)
{
  struct joiner j = {ev, ev->stack_count, MS_JX_VALUE_UNDEFINED, 0};
  for (const struct group_item *item = group->first; item != NULL; item = item->next) {
    const struct ms_jx_tuple *tuple = item->value.u.tuple;
    if (!join_value(&j, symbol == 0 ? tuple->at : find_name(tuple, symbol))) {
      return MS_JX_VALUE_ERROR;
    }
  }
  return join_finish(&j);
}

/* Several tuples into one: a frame where every name holds what it held in any of them. */
static struct ms_jx_frame *reduce_tuples(struct ms_jx_eval *ev, const struct group *group,
                                         struct ms_jx_frame *parent, struct ms_jx *at)
{
  struct ms_jx_frame *frame = ms_jx_new_frame(ev, parent, 0);
  if (frame == NULL) {
    return NULL;
  }
  *at = reduce_name(ev, group, 0);
  if (ms_jx_is_error(*at)) {
    return NULL;
  }
  for (const struct group_item *item = group->first; item != NULL; item = item->next) {
    const struct ms_jx_binding *b = item->value.u.tuple->head;
    for (; b != NULL; b = b->next) {
      if (has_name(frame->head, NULL, b->symbol)) {
        continue;
      }
      struct ms_jx value = reduce_name(ev, group, b->symbol);
      if (ms_jx_is_error(value) || !ms_jx_bind(ev, frame, b->symbol, value)) {
        return NULL;
      }
    }
  }
  return frame;
}

static struct ms_jx build(struct grouping *g)
{
  struct ms_jx_eval *ev = g->ev;
  struct ms_jx result = ms_jx_dict(ev, g->count);
  if (ms_jx_is_error(result)) {
    return result;
  }
  for (uint32_t i = 0; i < g->count; i++) {
    const struct group *group = &g->groups[i];
    struct ms_jx_frame *frame = g->frame;
    struct ms_jx context;
    if (group->first->value.type == MS_JX_TUPLE) {
      frame = reduce_tuples(ev, group, frame, &context);
      if (frame == NULL) {
        return MS_JX_VALUE_ERROR;
      }
    } else {
      context = group_context(ev, group);
      if (ms_jx_is_error(context)) {
        return context;
      }
    }
    struct ms_jx value = ms_jx_eval(ev, g->node->items[group->pair * 2 + 1], context, frame);
    if (ms_jx_is_error(value)) {
      return value;
    }
    if (value.type != MS_JX_UNDEFINED && !ms_jx_dict_set(ev, result, group->key, value)) {
      return MS_JX_VALUE_ERROR;
    }
  }
  return result;
}

/* The keys of one item's object, as members without values yet. */
static bool set_keys(struct grouping *g, struct ms_jx result, struct ms_jx item)
{
  for (uint32_t i = 0; i < g->node->count; i += 2) {
    struct ms_jx key = ms_jx_eval(g->ev, g->node->items[i], item, g->frame);
    if (ms_jx_is_error(key)) {
      return false;
    }
    struct ms_jx_member *member = &result.u.dict->members[i / 2];
    *member = (struct ms_jx_member){key, ms_jx_make(MS_JX_UNSET)};
    if (key.type == MS_JX_UNDEFINED) {
      member->key = MS_JX_LITERAL("");
      member->value = key; /* no member: its value is not evaluated */
    } else if (!ms_jx_is_string(key)) {
      fail_at(g, "T1003", key);
      return false;
    }
  }
  return true;
}

/* Two pairs must not give the same key. */
static bool check_keys(struct grouping *g, const struct ms_jx_dict *dict)
{
  struct ms_jx seen = dict->count > 8 ? ms_jx_dict(g->ev, dict->count) : MS_JX_VALUE_UNDEFINED;
  if (ms_jx_is_error(seen)) {
    return false;
  }
  for (uint32_t i = 0; i < dict->count; i++) {
    const struct ms_jx_member *member = &dict->members[i];
    bool is_known = false;
    if (member->value.type == MS_JX_UNDEFINED) {
      continue;
    }
    if (dict->count > 8) {
      is_known = ms_jx_dict_find(seen.u.dict, ms_jx_text(member->key)) >= 0;
      if (!ms_jx_dict_set(g->ev, seen, member->key, member->value)) {
        return false;
      }
    }
    for (uint32_t j = 0; j < i && dict->count <= 8; j++) {
      is_known = is_known || (dict->members[j].value.type != MS_JX_UNDEFINED &&
                              ms_str_eq(ms_jx_text(dict->members[j].key), ms_jx_text(member->key)));
    }
    if (is_known) {
      fail_at(g, "D1009", member->key);
      return false;
    }
  }
  return true;
}

/* One item: each pair gives one member. All keys come first, as errors in them do. */
static struct ms_jx construct(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                              struct ms_jx item, struct ms_jx_frame *frame)
{
  struct grouping g = {ev, node, frame, NULL, 0, 0, MS_JX_VALUE_UNDEFINED};
  struct ms_jx result = ms_jx_dict(ev, node->count / 2);
  if (ms_jx_is_error(result) || !set_keys(&g, result, item)) {
    return MS_JX_VALUE_ERROR;
  }
  struct ms_jx_dict *dict = result.u.dict;
  dict->count = node->count / 2;
  if (!check_keys(&g, dict)) {
    return MS_JX_VALUE_ERROR;
  }
  for (uint32_t i = 0; i < dict->count; i++) {
    if (dict->members[i].value.type == MS_JX_UNSET) {
      dict->members[i].value = ms_jx_eval(ev, node->items[i * 2 + 1], item, frame);
      if (ms_jx_is_error(dict->members[i].value)) {
        return MS_JX_VALUE_ERROR;
      }
    }
  }
  return ms_jx_dict_settle(ev, dict) ? result : MS_JX_VALUE_ERROR;
}

struct ms_jx ms_jx_eval_group(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                              struct ms_jx input, struct ms_jx_frame *frame)
{
  bool is_array = ms_jx_is_array(input);
  size_t count = is_array ? ms_jx_count(input) : 1;
  struct ms_jx only = MS_JX_VALUE_UNDEFINED;
  if (count == 1) {
    only = is_array ? ms_jx_at(input, 0) : input;
  }
  if (count <= 1 && only.type != MS_JX_TUPLE) {
    return construct(ev, node, only, frame);
  }
  struct grouping g = {ev, node, frame, NULL, 0, 0, ms_jx_dict(ev, 0)};
  if (ms_jx_is_error(g.index)) {
    return g.index;
  }
  for (size_t i = 0; i < count; i++) {
    if (!group_item(&g, ms_jx_at(input, i))) {
      return MS_JX_VALUE_ERROR;
    }
  }
  return build(&g);
}
