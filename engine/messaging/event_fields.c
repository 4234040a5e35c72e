/* Flattens an event along the names that somebody asks for; the rest is not looked at. */
#include "messaging/event_fields.h"

#include "base/alloc.h"
#include "base/error.h"

#define COUNT_MAX ((size_t)UINT32_MAX - 1)

struct walk {
  struct ms_event_fields *fields;
  const struct ms_path_tree *tree;
};

void ms_event_fields_deinit(struct ms_event_fields *fields)
{
  ms_free(fields->values.data);
  ms_free(fields->elements.data);
  ms_free(fields->slots.data);
  ms_free(fields->filled.data);
  ms_free(fields->marks.data);
  ms_free(fields->reached.data);
  ms_free(fields->next.data);
  *fields = (struct ms_event_fields){0};
}

static int add_value(struct ms_event_fields *fields, struct ms_json value, uint32_t node,
                     uint32_t element)
{
  struct ms_event_slot *slot = &fields->slots.data[node];
  int err = MS_VEC_RESERVE(&fields->values, COUNT_MAX, 1);
  if (err != 0) {
    return err;
  }
  uint32_t number = (uint32_t)fields->values.count;
  if (slot->stamp == fields->stamp) {
    fields->values.data[slot->last].next = number;
    slot->last = number;
  } else {
    if ((err = MS_VEC_RESERVE(&fields->filled, COUNT_MAX, 1)) != 0) {
      return err;
    }
    fields->filled.data[fields->filled.count++] = node;
    *slot = (struct ms_event_slot){fields->stamp, number, number};
  }
  fields->values.data[fields->values.count++] =
      (struct ms_event_value){value, element, MS_PATH_NONE};
  return 0;
}

static int add_element(uint32_t *number, struct walk *w, uint32_t parent, uint32_t array,
                       uint32_t depth)
{
  struct ms_event_fields *fields = w->fields;
  int err = MS_VEC_RESERVE(&fields->elements, COUNT_MAX, 1);
  if (err == 0) {
    *number = (uint32_t)fields->elements.count++;
    fields->elements.data[*number] = (struct ms_event_element){parent, array, 0, depth};
  }
  return err;
}

static int walk_value(struct walk *w, struct ms_json value, uint32_t node, uint32_t element);

/* A member whose name may be several steps. */
static int walk_member(struct walk *w, struct ms_str name, struct ms_json value, uint32_t node,
                       uint32_t element)
{
  bool has_dot = name.len > 0 && memchr(name.data, '.', name.len) != NULL;
  for (size_t from = 0; from <= name.len && node != MS_PATH_NONE;) {
    size_t to = has_dot ? ms_str_find(name, from, '.') : name.len;
    node = ms_path_tree_child(w->tree, node, ms_str_sub(name, from, to));
    from = to + 1;
  }
  if (node == MS_PATH_NONE) {
    return 0;
  }
  w->fields->is_dotted |= has_dot;
  return walk_value(w, value, node, element);
}

static int walk_object(struct walk *w, struct ms_json object, uint32_t node, uint32_t element)
{
  int err = 0;
  size_t count = w->tree->nodes.data[node].children == 0 ? 0 : ms_json_count(object);
  for (size_t i = 0; i < count && err == 0; i++) {
    err = walk_member(w, ms_json_key(object, i), ms_json_member(object, i), node, element);
  }
  return err;
}

static int walk_array(struct walk *w, struct ms_json array, uint32_t node, uint32_t element)
{
  const struct ms_path_node *at = &w->tree->nodes.data[node];
  uint32_t number = w->fields->arrays++;
  int err = 0;
  for (size_t i = 0; i < ms_json_count(array) && err == 0; i++) {
    struct ms_json item = ms_json_at(array, i);
    bool is_object = ms_json_is_object(item);
    if (is_object && at->children == 0) {
      continue;
    }
    uint32_t inner = element;
    if (is_object || ms_json_is_array(item)) {
      err = add_element(&inner, w, element, number, at->depth);
    }
    if (err == 0) {
      err = walk_value(w, item, node, inner);
    }
    if (inner != element) {
      w->fields->elements.data[inner].end = (uint32_t)w->fields->elements.count;
    }
  }
  return err;
}

/* Recursion goes no deeper than a JSON value may be. */
static int walk_value(struct walk *w, struct ms_json value, uint32_t node, uint32_t element)
{
  if (ms_json_is_object(value)) {
    return walk_object(w, value, node, element);
  }
  if (ms_json_is_array(value)) {
    return walk_array(w, value, node, element);
  }
  return w->tree->nodes.data[node].names == 0 ? 0 : add_value(w->fields, value, node, element);
}

static int make_slots(struct ms_event_fields *fields, size_t count)
{
  if (fields->slots.count >= count) {
    return 0;
  }
  int err = MS_VEC_RESERVE(&fields->slots, COUNT_MAX, count - fields->slots.count);
  if (err == 0) {
    memset(fields->slots.data + fields->slots.count, 0,
           (count - fields->slots.count) * sizeof *fields->slots.data);
    fields->slots.count = count;
  }
  return err;
}

int ms_event_fields_fill(struct ms_event_fields *fields, const struct ms_path_tree *tree,
                         struct ms_json event)
{
  struct walk w = {fields, tree};
  fields->values.count = 0;
  fields->elements.count = 0;
  fields->filled.count = 0;
  fields->arrays = 0;
  fields->is_dotted = false;
  fields->stamp++;
  int err = make_slots(fields, tree->nodes.count);
  uint32_t root;
  if (err == 0) {
    err = add_element(&root, &w, 0, UINT32_MAX, 0);
  }
  if (err == 0 && tree->nodes.count > 0) {
    err = walk_object(&w, event, MS_PATH_ROOT, root);
  }
  if (err == 0) {
    fields->elements.data[0].end = (uint32_t)fields->elements.count;
  }
  return err;
}
