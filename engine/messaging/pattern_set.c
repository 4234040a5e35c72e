/*
 * A clause waits at one of its keys, the pivot: the key that the fewest others wait for. Of an event the atoms
 * that are true are looked up, what waits for them is collected, and only that is looked at in full.
 *
 *   waits at atoms     a key all of whose alternatives a look-up finds: at each of them
 *   waits at a name    else: whenever the event has a value of that name
 *   always             when every key may be absent
 *
 * What no look-up finds (exclusions, blocks of addresses, ...) is asked when a clause comes to it, once an event.
 */
#include "messaging/pattern_set.h"

#include "base/alloc.h"
#include "base/error.h"
#include "messaging/pattern_atoms.h"
#include "messaging/pattern_match.h"

#define COUNT_MAX ((size_t)UINT32_MAX - 1)
#define NO_KEY UINT32_MAX
#define NAME_COST                                                                                  \
  64 /* waiting at a name is as dear as that many at atoms: it comes true so often */

struct clause {
  uint32_t rule;
  uint32_t key_count;
  struct ms_clause_key *keys; /* first: into atoms; node: of the set's tree */
  uint32_t *atoms;            /* of all keys, one after the other */
  uint32_t *pivots;    /* of the pivot key, one for each alternative; NULL: waits elsewhere */
  uint32_t pivot;      /* key; NO_KEY: always */
  uint32_t built_keys; /* so far: what there is to take back */
  uint32_t built_atoms;
  uint32_t built_pivots;
  bool is_posted;
  uint64_t stamp; /* of the event for which it was last looked at */
  uint32_t next_free;
};

struct rule {
  struct ms_pattern *pattern; /* referenced; NULL: free */
  void *user;
  uint32_t *clauses;
  size_t clause_count;
  uint64_t stamp; /* of the event that it was last found to match */
  uint32_t next_free;
};

struct ms_pattern_set {
  struct ms_path_tree tree;
  struct ms_atoms atoms;
  struct ms_event_fields fields;
  MS_VEC(struct clause) clauses;
  MS_VEC(struct rule) rules;
  MS_VEC(struct ms_atom_posts) waiting; /* at names, by node */
  struct ms_atom_posts always;
  struct ms_atom_posts candidates;
  MS_VEC(void *) hits;
  uint32_t free_clause;
  uint32_t free_rule;
  size_t count;
};

struct ms_pattern_set *ms_pattern_set_new(void)
{
  struct ms_pattern_set *set = ms_calloc(1, sizeof *set);
  if (set != NULL) {
    ms_path_tree_init(&set->tree);
    ms_atoms_init(&set->atoms);
    set->free_clause = MS_ATOM_NONE;
    set->free_rule = MS_ATOM_NONE;
  }
  return set;
}

size_t ms_pattern_set_count(const struct ms_pattern_set *set)
{
  return set->count;
}

/* ---- lists ---- */

/* The order of the others does not matter. */
static void drop_post(struct ms_atom_posts *posts, uint32_t clause)
{
  for (size_t i = 0; i < posts->count; i++) {
    if (posts->data[i].clause == clause) {
      posts->data[i] = posts->data[--posts->count];
      return;
    }
  }
}

/* ---- clauses: taking apart ---- */

static void unpost(struct ms_pattern_set *set, uint32_t number)
{
  struct clause *clause = &set->clauses.data[number];
  if (clause->pivot == NO_KEY) {
    drop_post(&set->always, number);
  } else if (clause->pivots == NULL) {
    drop_post(&set->waiting.data[clause->keys[clause->pivot].node], number);
  } else {
    for (uint32_t i = 0; i < clause->keys[clause->pivot].count; i++) {
      drop_post(&set->atoms.atoms.data[clause->pivots[i]].posts, number);
    }
  }
}

/* Also of a clause that was not finished. */
static void drop_clause(struct ms_pattern_set *set, uint32_t number)
{
  struct clause *clause = &set->clauses.data[number];
  if (clause->is_posted) {
    unpost(set, number);
  }
  for (uint32_t i = 0; i < clause->built_pivots; i++) {
    ms_atom_release(&set->atoms, clause->pivots[i]);
  }
  for (uint32_t i = 0; i < clause->built_atoms; i++) {
    ms_atom_release(&set->atoms, clause->atoms[i]);
  }
  for (uint32_t i = 0; i < clause->built_keys; i++) {
    ms_path_tree_remove(&set->tree, clause->keys[i].node);
  }
  ms_free(clause->keys);
  ms_free(clause->atoms);
  ms_free(clause->pivots);
  *clause = (struct clause){.next_free = set->free_clause};
  set->free_clause = number;
}

static void drop_rule(struct ms_pattern_set *set, uint32_t id)
{
  struct rule *rule = &set->rules.data[id];
  for (size_t i = 0; i < rule->clause_count; i++) {
    drop_clause(set, rule->clauses[i]);
  }
  ms_free(rule->clauses);
  ms_pattern_unref(rule->pattern);
  *rule = (struct rule){.next_free = set->free_rule};
  set->free_rule = id;
}

void ms_pattern_set_remove(struct ms_pattern_set *set, uint32_t id)
{
  drop_rule(set, id);
  set->count--;
}

void ms_pattern_set_free(struct ms_pattern_set *set)
{
  if (set == NULL) {
    return;
  }
  for (uint32_t i = 0; i < set->rules.count; i++) {
    if (set->rules.data[i].pattern != NULL) {
      drop_rule(set, i);
    }
  }
  for (size_t i = 0; i < set->waiting.count; i++) {
    ms_free(set->waiting.data[i].data);
  }
  ms_free(set->waiting.data);
  ms_free(set->clauses.data);
  ms_free(set->rules.data);
  ms_free(set->always.data);
  ms_free(set->candidates.data);
  ms_free(set->hits.data);
  ms_event_fields_deinit(&set->fields);
  ms_atoms_deinit(&set->atoms);
  ms_path_tree_deinit(&set->tree);
  ms_free(set);
}

/* ---- clauses: putting together ---- */

static int make_waiting(struct ms_pattern_set *set)
{
  size_t count = set->tree.nodes.count;
  if (set->waiting.count >= count) {
    return 0;
  }
  int err = MS_VEC_RESERVE(&set->waiting, COUNT_MAX, count - set->waiting.count);
  if (err == 0) {
    memset(set->waiting.data + set->waiting.count, 0,
           (count - set->waiting.count) * sizeof *set->waiting.data);
    set->waiting.count = count;
  }
  return err;
}

static int take_clause(uint32_t *number, struct ms_pattern_set *set)
{
  if (set->free_clause != MS_ATOM_NONE) {
    *number = set->free_clause;
    set->free_clause = set->clauses.data[*number].next_free;
  } else {
    int err = MS_VEC_RESERVE(&set->clauses, COUNT_MAX, 1);
    if (err != 0) {
      return err;
    }
    *number = (uint32_t)set->clauses.count++;
  }
  set->clauses.data[*number] = (struct clause){.pivot = NO_KEY};
  return 0;
}

static int build_key(struct ms_pattern_set *set, struct clause *clause, struct ms_clause_key *key,
                     struct ms_pattern *pattern)
{
  uint32_t first = key->first;
  int err = ms_path_tree_add(&key->node, &set->tree, key->name);
  if (err != 0) {
    return err;
  }
  clause->built_keys++;
  key->first = clause->built_atoms;
  for (uint32_t i = 0; i < key->count && err == 0; i++) {
    err = ms_atom_acquire(&clause->atoms[clause->built_atoms], &set->atoms, key->node,
                          &pattern->matchers[first + i], pattern);
    clause->built_atoms += err == 0 ? 1 : 0;
  }
  return err;
}

static int build_keys(struct ms_pattern_set *set, struct clause *clause, struct ms_pattern *pattern,
                      const struct ms_clause *from)
{
  size_t atoms = 0;
  for (uint32_t i = 0; i < from->count; i++) {
    atoms += from->keys[i].count;
  }
  clause->key_count = from->count;
  clause->keys = ms_reallocarray(NULL, from->count, sizeof *clause->keys);
  clause->atoms = ms_reallocarray(NULL, atoms, sizeof *clause->atoms);
  if (clause->keys == NULL || clause->atoms == NULL) {
    return ms_error_nomem();
  }
  memcpy(clause->keys, from->keys, from->count * sizeof *clause->keys);
  int err = 0;
  for (uint32_t i = 0; i < from->count && err == 0; i++) {
    err = build_key(set, clause, &clause->keys[i], pattern);
  }
  return err != 0 ? err : make_waiting(set);
}

static const struct ms_matcher *matcher_of(const struct ms_pattern_set *set,
                                           const struct clause *clause, uint32_t at)
{
  return set->atoms.atoms.data[clause->atoms[at]].matcher;
}

/* How many wait already where a clause with this pivot would; SIZE_MAX: it can be none. */
static size_t cost_of(const struct ms_pattern_set *set, const struct clause *clause,
                      const struct ms_clause_key *key, bool *is_keyed)
{
  size_t cost = 0;
  *is_keyed = !key->may_be_absent;
  for (uint32_t i = 0; i < key->count && *is_keyed; i++) {
    *is_keyed = ms_atom_is_found(matcher_of(set, clause, key->first + i));
    cost += set->atoms.atoms.data[clause->atoms[key->first + i]].posts.count;
  }
  if (key->may_be_absent) {
    return SIZE_MAX;
  }
  return *is_keyed ? cost : NAME_COST + set->waiting.data[key->node].count;
}

static bool choose_pivot(struct ms_pattern_set *set, struct clause *clause)
{
  size_t least = SIZE_MAX;
  bool is_chosen_keyed = false;
  for (uint32_t i = 0; i < clause->key_count; i++) {
    bool is_keyed;
    size_t cost = cost_of(set, clause, &clause->keys[i], &is_keyed);
    if (cost < least) {
      least = cost;
      clause->pivot = i;
      is_chosen_keyed = is_keyed;
    }
  }
  return is_chosen_keyed;
}

/* Of the keys with one alternative that the table knows, the one that the fewest wait for. */
static uint32_t choose_guard(const struct ms_pattern_set *set, const struct clause *clause)
{
  uint32_t guard = MS_ATOM_NONE;
  size_t least = SIZE_MAX;
  for (uint32_t i = 0; i < clause->key_count; i++) {
    const struct ms_clause_key *key = &clause->keys[i];
    uint32_t atom = clause->atoms[key->first];
    if (i != clause->pivot && key->count == 1 && set->atoms.atoms.data[atom].matcher->is_keyed &&
        set->atoms.atoms.data[atom].posts.count < least) {
      least = set->atoms.atoms.data[atom].posts.count;
      guard = atom;
    }
  }
  return guard;
}

static int post_at_atoms(struct ms_pattern_set *set, uint32_t number, struct ms_pattern *pattern,
                         uint32_t guard)
{
  struct clause *clause = &set->clauses.data[number];
  const struct ms_clause_key *key = &clause->keys[clause->pivot];
  clause->pivots = ms_reallocarray(NULL, key->count, sizeof *clause->pivots);
  if (clause->pivots == NULL) {
    return ms_error_nomem();
  }
  int err = 0;
  for (uint32_t i = 0; i < key->count && err == 0; i++) {
    uint32_t *pivot = &clause->pivots[i];
    err = ms_atom_acquire_found(pivot, &set->atoms, key->node,
                                matcher_of(set, clause, key->first + i), pattern);
    if (err == 0) {
      clause->built_pivots++;
      err = MS_VEC_RESERVE(&set->atoms.atoms.data[*pivot].posts, COUNT_MAX, key->count);
    }
  }
  for (uint32_t i = 0; i < key->count && err == 0; i++) { /* there is room now */
    struct ms_atom *atom = &set->atoms.atoms.data[clause->pivots[i]];
    atom->posts.data[atom->posts.count++] = (struct ms_atom_post){number, guard};
  }
  return err;
}

static int push(struct ms_atom_posts *posts, struct ms_atom_post post)
{
  int err = MS_VEC_RESERVE(posts, COUNT_MAX, 1);
  if (err == 0) {
    posts->data[posts->count++] = post;
  }
  return err;
}

static int post(struct ms_pattern_set *set, uint32_t number, struct ms_pattern *pattern)
{
  struct clause *clause = &set->clauses.data[number];
  bool is_found = choose_pivot(set, clause);
  uint32_t guard = choose_guard(set, clause);
  int err;
  if (is_found) {
    err = post_at_atoms(set, number, pattern, guard);
  } else if (clause->pivot == NO_KEY) {
    err = push(&set->always, (struct ms_atom_post){number, guard});
  } else {
    err = push(&set->waiting.data[clause->keys[clause->pivot].node],
               (struct ms_atom_post){number, guard});
  }
  clause->is_posted = err == 0;
  return err;
}

static int add_clause(struct ms_pattern_set *set, uint32_t id, const struct ms_clause *from)
{
  struct rule *rule = &set->rules.data[id];
  uint32_t number;
  int err = take_clause(&number, set);
  if (err != 0) {
    return err;
  }
  rule->clauses[rule->clause_count++] = number;
  set->clauses.data[number].rule = id;
  err = build_keys(set, &set->clauses.data[number], rule->pattern, from);
  return err != 0 ? err : post(set, number, rule->pattern);
}

static int take_rule(uint32_t *id, struct ms_pattern_set *set)
{
  if (set->free_rule != MS_ATOM_NONE) {
    *id = set->free_rule;
    set->free_rule = set->rules.data[*id].next_free;
    return 0;
  }
  int err = MS_VEC_RESERVE(&set->rules, COUNT_MAX, 1);
  if (err == 0) {
    *id = (uint32_t)set->rules.count++;
  }
  return err;
}

int ms_pattern_set_add(uint32_t *id, struct ms_pattern_set *set, struct ms_pattern *pattern,
                       void *user)
{
  int err = take_rule(id, set);
  if (err != 0) {
    return err;
  }
  struct rule *rule = &set->rules.data[*id];
  *rule = (struct rule){.pattern = ms_pattern_ref(pattern), .user = user};
  rule->clauses = ms_reallocarray(NULL, pattern->clause_count, sizeof *rule->clauses);
  err = rule->clauses == NULL ? ms_error_nomem() : 0;
  for (size_t i = 0; i < pattern->clause_count && err == 0; i++) {
    err = add_clause(set, *id, &pattern->clauses[i]);
  }
  if (err != 0) {
    drop_rule(set, *id);
    return err;
  }
  set->count++;
  return 0;
}

/* ---- asking ---- */

static int collect(struct ms_pattern_set *set, const struct ms_atom_posts *posts)
{
  int err = MS_VEC_RESERVE(&set->candidates, COUNT_MAX, posts->count);
  if (err == 0 && posts->count > 0) {
    memcpy(set->candidates.data + set->candidates.count, posts->data,
           posts->count * sizeof *posts->data);
    set->candidates.count += posts->count;
  }
  return err;
}

static int look_up_values(struct ms_pattern_set *set, uint32_t node)
{
  uint64_t *stamps = set->atoms.stamps;
  int err = 0;
  for (uint32_t i = ms_event_first(&set->fields, node); i != MS_PATH_NONE && err == 0;
       i = set->fields.values.data[i].next) {
    err = ms_atoms_look_up(&set->atoms, node, set->fields.values.data[i].json);
    for (size_t j = 0; j < set->atoms.found.count && err == 0; j++) {
      uint32_t id = set->atoms.found.data[j];
      if (stamps[id] != set->fields.stamp) {
        stamps[id] = set->fields.stamp;
        err = collect(set, &set->atoms.atoms.data[id].posts);
      }
    }
  }
  return err;
}

static int look_up_event(struct ms_pattern_set *set)
{
  set->candidates.count = 0;
  int err = collect(set, &set->always);
  for (size_t i = 0; i < set->fields.filled.count && err == 0; i++) {
    uint32_t node = set->fields.filled.data[i];
    err = look_up_values(set, node);
    if (err == 0) {
      err = collect(set, &set->waiting.data[node]);
    }
  }
  return err;
}

/* An atom's truth for the event as a whole. What look-ups find is known by now. */
static bool is_atom_true(struct ms_pattern_set *set, uint32_t id)
{
  if (set->atoms.stamps[id] == set->fields.stamp) {
    return true;
  }
  struct ms_atom *atom = &set->atoms.atoms.data[id];
  if (atom->matcher->is_keyed) {
    return false;
  }
  if (atom->asked != set->fields.stamp) {
    atom->asked = set->fields.stamp;
    atom->is_true = false;
    uint32_t i = ms_event_first(&set->fields, atom->node);
    for (; i != MS_PATH_NONE && !atom->is_true; i = set->fields.values.data[i].next) {
      atom->is_true = ms_matcher_accepts(atom->matcher, set->fields.values.data[i].json);
    }
  }
  return atom->is_true;
}

static bool is_key_true(struct ms_pattern_set *set, const struct clause *clause,
                        const struct ms_clause_key *key)
{
  if (set->fields.slots.data[key->node].stamp != set->fields.stamp) {
    return key->may_be_absent;
  }
  for (uint32_t i = 0; i < key->count; i++) {
    if (is_atom_true(set, clause->atoms[key->first + i])) {
      return true;
    }
  }
  return false;
}

struct view_user {
  const struct ms_pattern_set *set;
  const struct clause *clause;
};

static const struct ms_matcher *matcher_of_view(const struct ms_clause_view *view, uint32_t number)
{
  const struct view_user *user = view->user;
  return matcher_of(user->set, user->clause, number);
}

/*
 * Each key by itself; that is all there is to it unless arrays play a part. Then it must hold too, except that
 * what is absent from one element may be present in another.
 */
static int clause_holds(bool *out, struct ms_pattern_set *set, const struct clause *clause)
{
  bool is_flat = ms_event_is_flat(&set->fields);
  *out = true;
  for (uint32_t i = 0; i < clause->key_count && *out; i++) {
    const struct ms_clause_key *key = &clause->keys[i];
    *out = is_key_true(set, clause, key) || (!is_flat && key->may_be_absent);
  }
  if (!*out || is_flat) {
    return 0;
  }
  struct view_user user = {set, clause};
  struct ms_clause_view view = {clause->keys, clause->key_count, matcher_of_view, &user};
  return ms_clause_holds_in_arrays(out, &set->fields, &view);
}

static int take_hit(struct ms_pattern_set *set, struct rule *rule)
{
  rule->stamp = set->fields.stamp;
  int err = MS_VEC_RESERVE(&set->hits, COUNT_MAX, 1);
  if (err == 0) {
    set->hits.data[set->hits.count++] = rule->user;
  }
  return err;
}

/* A clause may have waited at several things, and a rule may have several clauses. */
static int look_at(struct ms_pattern_set *set, struct clause *clause)
{
  struct rule *rule = &set->rules.data[clause->rule];
  bool holds;
  if (clause->stamp == set->fields.stamp || rule->stamp == set->fields.stamp) {
    return 0;
  }
  clause->stamp = set->fields.stamp;
  int err = clause_holds(&holds, set, clause);
  return err == 0 && holds ? take_hit(set, rule) : err;
}

int ms_pattern_set_match(struct ms_pattern_hits *hits, struct ms_pattern_set *set,
                         struct ms_json event)
{
  *hits = (struct ms_pattern_hits){0};
  set->hits.count = 0;
  if (!ms_json_is_object(event) || set->count == 0) {
    return 0;
  }
  int err = ms_event_fields_fill(&set->fields, &set->tree, event);
  if (err == 0) {
    err = look_up_event(set);
  }
  for (size_t i = 0; i < set->candidates.count && err == 0; i++) {
    struct ms_atom_post post = set->candidates.data[i];
    if (post.guard == MS_ATOM_NONE || set->atoms.stamps[post.guard] == set->fields.stamp) {
      err = look_at(set, &set->clauses.data[post.clause]);
    }
  }
  if (err == 0) {
    *hits = (struct ms_pattern_hits){set->hits.data, set->hits.count};
  }
  return err;
}
