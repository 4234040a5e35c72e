/*
 * Loops that build a value bit by bit ($reduce with $append or `&`, tail recursion with an
 * accumulator) leave a copy of all but the last version behind in scratch memory: a quadratic amount.
 * From time to time the last version is copied to a block of its own and the rest is given back. The
 * cost is in proportion to what is given back, so it never dominates.
 */
#include "query/jsonata/compact.h"

#include "base/alloc.h"

#define FIRST_AT ((size_t)256 << 10)

struct ms_jx_block {
  struct ms_jx_block *next;
  size_t size;
  _Alignas(16) char data[];
};

struct copier {
  struct ms_jx_eval *ev;
  const struct ms_jx_mark *mark;
  size_t budget; /* bytes that the copy may take */
  char *at;
};

static size_t rounded(size_t size)
{
  return (size + 15) & ~(size_t)15;
}

/* ---- how much ---- */

static bool measure(struct copier *c, struct ms_jx value, unsigned depth);

static bool take(struct copier *c, size_t size)
{
  if (size > c->budget) {
    return false;
  }
  c->budget -= size;
  return true;
}

static bool measure_dict(struct copier *c, const struct ms_jx_dict *dict, unsigned depth)
{
  if (!take(c, rounded(sizeof *dict) + rounded(dict->count * sizeof *dict->members) +
                   rounded(dict->index_size * sizeof *dict->index))) {
    return false;
  }
  for (uint32_t i = 0; i < dict->count; i++) {
    if (!measure(c, dict->members[i].key, depth + 1) ||
        !measure(c, dict->members[i].value, depth + 1)) {
      return false;
    }
  }
  return true;
}

/* Takes a value's size off the budget; false: too large, or it cannot be moved. */
static bool measure(struct copier *c, struct ms_jx value, unsigned depth)
{
  if (depth > MS_JSON_DEPTH_MAX) {
    return false;
  }
  switch (value.type) {
  case MS_JX_TEXT:
    return take(c, rounded(value.len));
  case MS_JX_DICT:
    return measure_dict(c, value.u.dict, depth);
  case MS_JX_FUNCTION:
    return value.u.function->made_at <= c->mark->made;
  case MS_JX_LIST:
    if (!take(c, rounded(value.len * sizeof value))) {
      return false;
    }
    for (uint32_t i = 0; i < value.len; i++) {
      if (!measure(c, value.u.items[i], depth + 1)) {
        return false;
      }
    }
    return true;
  default:
    return ms_jx_is_stable(value);
  }
}

/* ---- copying; the room is there ---- */

static void *place(struct copier *c, const void *from, size_t size)
{
  char *to = c->at;
  c->at += rounded(size);
  if (size > 0) {
    memcpy(to, from, size);
  }
  return to;
}

static struct ms_jx copy(struct copier *c, struct ms_jx value)
{
  if (value.type == MS_JX_TEXT) {
    value.u.text = place(c, value.u.text, value.len);
  } else if (value.type == MS_JX_LIST) {
    struct ms_jx *items = place(c, value.u.items, value.len * sizeof *items);
    for (uint32_t i = 0; i < value.len; i++) {
      items[i] = copy(c, items[i]);
    }
    value.u.items = items;
  } else if (value.type == MS_JX_DICT) {
    struct ms_jx_dict *dict = place(c, value.u.dict, sizeof *dict);
    dict->members = place(c, dict->members, dict->count * sizeof *dict->members);
    dict->capacity = dict->count;
    if (dict->index != NULL) {
      dict->index = place(c, dict->index, dict->index_size * sizeof *dict->index);
    }
    for (uint32_t i = 0; i < dict->count; i++) {
      dict->members[i].key = copy(c, dict->members[i].key);
      dict->members[i].value = copy(c, dict->members[i].value);
    }
    value.u.dict = dict;
  }
  return value;
}

/* ---- the doors ---- */

static void drop_block(struct ms_jx_eval *ev, struct ms_jx_block *block)
{
  if (block != NULL) {
    ev->held_bytes -= block->size;
    ms_free(block);
  }
}

bool ms_jx_carry(struct ms_jx_eval *ev, struct ms_jx_carrier *carrier,
                 const struct ms_jx_mark *mark, struct ms_jx *values, size_t count)
{
  size_t grown = ev->bytes - mark->bytes;
  if (grown < FIRST_AT || grown < carrier->next_at) {
    return true;
  }
  struct copier c = {ev, mark, grown / 2, NULL};
  bool can_move = true;
  for (size_t i = 0; i < count && can_move; i++) {
    can_move = measure(&c, values[i], 0);
  }
  carrier->next_at = grown * 2; /* when it cannot be done, or is not worth it yet */
  if (!can_move) {
    return true;
  }
  size_t size = grown / 2 - c.budget;
  struct ms_jx_block *block = ms_alloc(sizeof *block + size);
  if (block == NULL) {
    ms_jx_fail_nomem(ev);
    return false;
  }
  block->size = size;
  c.at = block->data;
  for (size_t i = 0; i < count; i++) {
    values[i] = copy(&c, values[i]);
  }
  drop_block(ev, carrier->block);
  carrier->block = block;
  carrier->next_at = size * 4;
  ev->held_bytes += size;
  ms_jx_rewind(ev, mark);
  return true;
}

void ms_jx_carrier_end(struct ms_jx_eval *ev, struct ms_jx_carrier *carrier, bool is_needed)
{
  if (carrier->block != NULL && is_needed) {
    carrier->block->next = ev->blocks;
    ev->blocks = carrier->block;
  } else {
    drop_block(ev, carrier->block);
  }
  carrier->block = NULL;
}

void ms_jx_free_blocks(struct ms_jx_eval *ev)
{
  while (ev->blocks != NULL) {
    struct ms_jx_block *block = ev->blocks;
    ev->blocks = block->next;
    ms_free(block);
  }
}
