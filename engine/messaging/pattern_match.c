/*
 * Does an event satisfy a clause? Where arrays of objects play no part, each key by itself. Else the keys are
 * taken in order, and what is carried along is the elements that earlier keys have chosen, as far as later
 * keys can be inside them; those elements lie on one path, so one of them stands for all. The time is in
 * proportion to the values that the keys have.
 */
#include "messaging/pattern_match.h"

#include "base/error.h"

#define COUNT_MAX ((size_t)UINT32_MAX - 1)
#define PAIRS_MAX                                                                                  \
  1000000 /* element pairs that are compared for one key of an event with dotted names */

/* ---- elements ---- */

static uint32_t project(const struct ms_event_fields *fields, uint32_t element, uint32_t shared)
{
  while (element != 0 && fields->elements.data[element].depth > shared) {
    element = fields->elements.data[element].parent;
  }
  return element;
}

/* The nearest element around the value that was reached; MS_PATH_NONE: there is none. */
static uint32_t find_reached(const struct ms_event_fields *fields, uint32_t element)
{
  for (;;) {
    if (fields->marks.data[element].is_reached == fields->mark) {
      return element;
    }
    if (element == 0) {
      return MS_PATH_NONE;
    }
    element = fields->elements.data[element].parent;
  }
}

static int reach_next(struct ms_event_fields *fields, uint32_t element)
{
  struct ms_event_mark *mark = &fields->marks.data[element];
  if (mark->is_next == fields->mark) {
    return 0;
  }
  int err = MS_VEC_RESERVE(&fields->next, COUNT_MAX, 1);
  if (err == 0) {
    mark->is_next = fields->mark;
    fields->next.data[fields->next.count++] = element;
  }
  return err;
}

/* Two elements exclude each other when, at some array, they are in different ones of its elements. */
static bool is_consistent(const struct ms_event_fields *fields, uint32_t a, uint32_t b)
{
  const struct ms_event_element *elements = fields->elements.data;
  uint32_t below_a = 0;
  uint32_t below_b = 0;
  while (a != b) { /* a parent's number is the smaller one */
    if (a > b) {
      below_a = a;
      a = elements[a].parent;
    } else {
      below_b = b;
      b = elements[b].parent;
    }
  }
  return below_a == 0 || below_b == 0 || elements[below_a].array != elements[below_b].array;
}

/*
 * A value outside of all that was reached. It can go with an element only when some name of the event was
 * dotted, for then one name may be in two places. Of two elements that do not exclude each other the value's
 * own is carried on, unless it is around the other.
 */
static int reach_across(struct ms_event_fields *fields, uint32_t element, uint32_t shared,
                        size_t *pairs)
{
  int err = 0;
  for (size_t i = 0; i < fields->reached.count && err == 0 && *pairs < PAIRS_MAX; i++) {
    uint32_t other = fields->reached.data[i];
    (*pairs)++;
    if (is_consistent(fields, element, other)) {
      bool is_around = other >= element && other < fields->elements.data[element].end;
      err = reach_next(fields, project(fields, is_around ? other : element, shared));
    }
  }
  return err;
}

/* ---- keys ---- */

static bool is_accepted(const struct ms_clause_view *view, const struct ms_clause_key *key,
                        struct ms_json value)
{
  for (uint32_t i = 0; i < key->count; i++) {
    if (ms_matcher_accepts(view->matcher(view, key->first + i), value)) {
      return true;
    }
  }
  return false;
}

static int take_values(struct ms_event_fields *fields, const struct ms_clause_view *view,
                       const struct ms_clause_key *key)
{
  size_t pairs = 0;
  int err = 0;
  for (uint32_t i = ms_event_first(fields, key->node); i != MS_PATH_NONE && err == 0;
       i = fields->values.data[i].next) {
    const struct ms_event_value *value = &fields->values.data[i];
    if (!is_accepted(view, key, value->json)) {
      continue;
    }
    if (find_reached(fields, value->element) != MS_PATH_NONE) {
      err = reach_next(fields, project(fields, value->element, key->shared));
    } else if (fields->is_dotted) {
      err = reach_across(fields, value->element, key->shared, &pairs);
    }
  }
  return err;
}

/* What was reached and has no value of the key inside, goes on as it is. */
static int take_absence(struct ms_event_fields *fields, const struct ms_clause_key *key)
{
  for (uint32_t i = ms_event_first(fields, key->node); i != MS_PATH_NONE;
       i = fields->values.data[i].next) {
    uint32_t element = fields->values.data[i].element;
    while (fields->marks.data[element].has_value != fields->mark) {
      fields->marks.data[element].has_value = fields->mark;
      element = fields->elements.data[element].parent;
    }
  }
  int err = 0;
  for (size_t i = 0; i < fields->reached.count && err == 0; i++) {
    uint32_t element = fields->reached.data[i];
    if (fields->marks.data[element].has_value != fields->mark) {
      err = reach_next(fields, project(fields, element, key->shared));
    }
  }
  return err;
}

static int prepare(struct ms_event_fields *fields)
{
  size_t count = fields->elements.count;
  int err = 0;
  if (fields->marks.count < count) {
    err = MS_VEC_RESERVE(&fields->marks, COUNT_MAX, count - fields->marks.count);
    if (err == 0) {
      memset(fields->marks.data + fields->marks.count, 0,
             (count - fields->marks.count) * sizeof *fields->marks.data);
      fields->marks.count = count;
    }
  }
  fields->reached.count = 0;
  return err != 0 ? err : MS_VEC_RESERVE(&fields->reached, COUNT_MAX, 1);
}

/* A new stamp for the marks; when they run out all are wiped. */
static void new_mark(struct ms_event_fields *fields)
{
  if (++fields->mark == 0) {
    memset(fields->marks.data, 0, fields->marks.count * sizeof *fields->marks.data);
    fields->mark = 1;
  }
}

int ms_clause_holds_in_arrays(bool *out, struct ms_event_fields *fields,
                              const struct ms_clause_view *view)
{
  int err = prepare(fields);
  *out = false;
  if (err != 0) {
    return err;
  }
  fields->reached.data[fields->reached.count++] = 0;
  for (uint32_t i = 0; i < view->count && fields->reached.count > 0; i++) {
    const struct ms_clause_key *key = &view->keys[i];
    new_mark(fields);
    for (size_t j = 0; j < fields->reached.count; j++) {
      fields->marks.data[fields->reached.data[j]].is_reached = fields->mark;
    }
    fields->next.count = 0;
    err = take_values(fields, view, key);
    if (err == 0 && key->may_be_absent) {
      err = take_absence(fields, key);
    }
    if (err != 0) {
      return err;
    }
    /* The two lists change places. */
    uint32_t *data = fields->reached.data;
    size_t capacity = fields->reached.capacity;
    fields->reached.data = fields->next.data;
    fields->reached.count = fields->next.count;
    fields->reached.capacity = fields->next.capacity;
    fields->next.data = data;
    fields->next.capacity = capacity;
  }
  *out = fields->reached.count > 0;
  return 0;
}

bool ms_key_holds(const struct ms_event_fields *fields, const struct ms_clause_view *view,
                  const struct ms_clause_key *key)
{
  uint32_t first = ms_event_first(fields, key->node);
  if (first == MS_PATH_NONE) {
    return key->may_be_absent;
  }
  for (uint32_t i = first; i != MS_PATH_NONE; i = fields->values.data[i].next) {
    if (is_accepted(view, key, fields->values.data[i].json)) {
      return true;
    }
  }
  return false;
}

/* ---- one pattern ---- */

static const struct ms_matcher *matcher_of_pattern(const struct ms_clause_view *view,
                                                   uint32_t number)
{
  const struct ms_pattern *pattern = view->user;
  return &pattern->matchers[number];
}

static int clause_holds(bool *out, const struct ms_pattern *pattern, const struct ms_clause *clause,
                        struct ms_event_fields *fields)
{
  struct ms_clause_view view = {clause->keys, clause->count, matcher_of_pattern, pattern};
  if (!ms_event_is_flat(fields)) {
    return ms_clause_holds_in_arrays(out, fields, &view);
  }
  *out = true;
  for (uint32_t i = 0; i < clause->count && *out; i++) {
    *out = ms_key_holds(fields, &view, &clause->keys[i]);
  }
  return 0;
}

int ms_pattern_match(bool *out, const struct ms_pattern *pattern, struct ms_json event)
{
  struct ms_event_fields fields = {0};
  *out = false;
  if (!ms_json_is_object(event)) {
    return 0;
  }
  int err = ms_event_fields_fill(&fields, &pattern->tree, event);
  for (size_t i = 0; i < pattern->clause_count && err == 0 && !*out; i++) {
    err = clause_holds(out, pattern, &pattern->clauses[i], &fields);
  }
  ms_event_fields_deinit(&fields);
  return err;
}
