/*
 * The table of atoms, by name, kind and key. Prefixes and suffixes are found by cutting the value to each
 * length that occurs at the name; there are few, whatever the number of atoms. Ranges are compared one after
 * the other, in a row without anything else. So are wildcards that begin and end with a star: not the
 * wildcard, but a few pairs of bytes against the pairs that the value has.
 */
#include "messaging/pattern_atoms.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"

#define COUNT_MAX ((size_t)UINT32_MAX - 1)

void ms_atoms_init(struct ms_atoms *atoms)
{
  *atoms = (struct ms_atoms){.free_atom = MS_ATOM_NONE, .seed = ms_hash_process_seed()};
  ms_buf_init(&atoms->folded, 0);
}

void ms_atoms_deinit(struct ms_atoms *atoms)
{
  for (size_t i = 0; i < atoms->atoms.count; i++) {
    struct ms_atom *atom = &atoms->atoms.data[i];
    ms_pattern_unref(atom->owner);
    ms_free(atom->own);
    ms_free(atom->posts.data);
  }
  for (size_t i = 0; i < atoms->fields.count; i++) {
    ms_free(atoms->fields.data[i].prefixes.data);
    ms_free(atoms->fields.data[i].suffixes.data);
    ms_free(atoms->fields.data[i].ranges.data);
    ms_free(atoms->fields.data[i].sieves.data);
  }
  ms_free(atoms->atoms.data);
  ms_free(atoms->stamps);
  ms_free(atoms->fields.data);
  ms_free(atoms->found.data);
  ms_free(atoms->table);
  ms_buf_deinit(&atoms->folded);
}

/* ---- the table ---- */

static uint32_t hash_of(const struct ms_atoms *atoms, uint32_t node, enum ms_matcher_kind kind,
                        struct ms_str key)
{
  uint64_t where = (uint64_t)node * MS_MATCHER_KINDS + kind;
  uint64_t hash = ms_hash(key, atoms->seed + where * UINT64_C(0x9E3779B97F4A7C15));
  return (uint32_t)(hash ^ hash >> 32);
}

static uint32_t find(const struct ms_atoms *atoms, uint32_t node, enum ms_matcher_kind kind,
                     struct ms_str key)
{
  if (atoms->table_size == 0) {
    return MS_ATOM_NONE;
  }
  uint32_t hash = hash_of(atoms, node, kind, key);
  size_t mask = atoms->table_size - 1;
  for (size_t at = hash & mask;; at = (at + 1) & mask) {
    uint32_t id = atoms->table[at];
    if (id == MS_ATOM_NONE) {
      return id;
    }
    const struct ms_atom *atom = &atoms->atoms.data[id];
    if (atom->hash == hash && atom->node == node && atom->matcher->kind == kind &&
        ms_str_eq(atom->matcher->key, key)) {
      return id;
    }
  }
}

static void put(struct ms_atoms *atoms, uint32_t id)
{
  size_t mask = atoms->table_size - 1;
  size_t at = atoms->atoms.data[id].hash & mask;
  while (atoms->table[at] != MS_ATOM_NONE) {
    at = (at + 1) & mask;
  }
  atoms->table[at] = id;
}

static int make_room(struct ms_atoms *atoms)
{
  if ((atoms->used + 1) * 2 <= atoms->table_size) {
    return 0;
  }
  size_t size = atoms->table_size == 0 ? 64 : atoms->table_size * 2;
  uint32_t *table = ms_reallocarray(NULL, size, sizeof *table);
  if (table == NULL) {
    return ms_error_nomem();
  }
  memset(table, 0xFF, size * sizeof *table);
  uint32_t *old = atoms->table;
  size_t old_size = atoms->table_size;
  atoms->table = table;
  atoms->table_size = size;
  for (size_t i = 0; i < old_size; i++) {
    if (old[i] != MS_ATOM_NONE) {
      put(atoms, old[i]);
    }
  }
  ms_free(old);
  return 0;
}

static void take_out(struct ms_atoms *atoms, uint32_t id)
{
  size_t mask = atoms->table_size - 1;
  size_t gap = atoms->atoms.data[id].hash & mask;
  while (atoms->table[gap] != id) {
    gap = (gap + 1) & mask;
  }
  for (size_t at = (gap + 1) & mask; atoms->table[at] != MS_ATOM_NONE; at = (at + 1) & mask) {
    size_t home = atoms->atoms.data[atoms->table[at]].hash & mask;
    if (((at - home) & mask) >= ((at - gap) & mask)) {
      atoms->table[gap] = atoms->table[at];
      gap = at;
    }
  }
  atoms->table[gap] = MS_ATOM_NONE;
}

/* ---- names ---- */

static int make_fields(struct ms_atoms *atoms, uint32_t node)
{
  size_t count = (size_t)node + 1;
  if (atoms->fields.count >= count) {
    return 0;
  }
  int err = MS_VEC_RESERVE(&atoms->fields, COUNT_MAX, count - atoms->fields.count);
  if (err == 0) {
    memset(atoms->fields.data + atoms->fields.count, 0,
           (count - atoms->fields.count) * sizeof *atoms->fields.data);
    atoms->fields.count = count;
  }
  return err;
}

static size_t place_of(const struct ms_atom_lengths *lengths, size_t len)
{
  size_t at = 0;
  while (at < lengths->count && lengths->data[at].len < len) {
    at++;
  }
  return at;
}

static int add_length(struct ms_atom_lengths *lengths, size_t len)
{
  size_t at = place_of(lengths, len);
  if (at < lengths->count && lengths->data[at].len == len) {
    lengths->data[at].count++;
    return 0;
  }
  int err = MS_VEC_RESERVE(lengths, COUNT_MAX, 1);
  if (err == 0) {
    memmove(lengths->data + at + 1, lengths->data + at,
            (lengths->count - at) * sizeof *lengths->data);
    lengths->data[at] = (struct ms_atom_length){(uint32_t)len, 1};
    lengths->count++;
  }
  return err;
}

static void remove_length(struct ms_atom_lengths *lengths, size_t len)
{
  size_t at = place_of(lengths, len);
  if (--lengths->data[at].count == 0) {
    lengths->count--;
    memmove(lengths->data + at, lengths->data + at + 1,
            (lengths->count - at) * sizeof *lengths->data);
  }
}

static struct ms_atom_lengths *lengths_of(struct ms_atom_field *field, enum ms_matcher_kind kind)
{
  return kind == MS_MATCHER_PREFIX   ? &field->prefixes
         : kind == MS_MATCHER_SUFFIX ? &field->suffixes
                                     : NULL;
}

/* The longest piece between stars; empty when none has two bytes. */
static struct ms_str inner_piece(const struct ms_matcher *m)
{
  struct ms_str longest = MS_STR("");
  for (uint32_t i = 1; m->kind == MS_MATCHER_WILDCARD && i + 1 < m->wildcard->count; i++) {
    struct ms_str piece = m->wildcard->pieces[i].text;
    longest = piece.len > longest.len && piece.len > 1 ? piece : longest;
  }
  return longest;
}

static uint16_t pair_bit(const char *at)
{
  return (uint16_t)(((unsigned char)at[0] * 37u + (unsigned char)at[1] * 5u) % MS_SIEVE_BITS);
}

static struct ms_atom_sieve make_sieve(struct ms_str piece, uint32_t id)
{
  struct ms_atom_sieve sieve = {.atom = id};
  for (size_t i = 0; i < MS_SIEVE_PAIRS; i++) { /* spread over the piece */
    sieve.pairs[i] = pair_bit(piece.data + (piece.len - 2) * i / (MS_SIEVE_PAIRS - 1));
  }
  return sieve;
}

/* Into the rows and counts of the name. */
static int count_in(struct ms_atoms *atoms, uint32_t node, const struct ms_matcher *m, uint32_t id)
{
  struct ms_atom_field *field = &atoms->fields.data[node];
  struct ms_atom_lengths *lengths = m->is_keyed ? lengths_of(field, m->kind) : NULL;
  struct ms_str piece = inner_piece(m);
  int err = lengths == NULL ? 0 : add_length(lengths, m->key.len);
  if (err == 0 && m->kind == MS_MATCHER_RANGE && m->is_real) {
    err = MS_VEC_RESERVE(&field->ranges, COUNT_MAX, 1);
    if (err == 0) {
      field->ranges.data[field->ranges.count++] =
          (struct ms_atom_range){m->low_real, m->high_real, id, m->is_low_open, m->is_high_open};
    }
  }
  if (err == 0 && piece.len > 0) {
    err = MS_VEC_RESERVE(&field->sieves, COUNT_MAX, 1);
    if (err == 0) {
      field->sieves.data[field->sieves.count++] = make_sieve(piece, id);
    }
  }
  if (err == 0 && m->is_keyed) {
    field->counts[m->kind]++;
  }
  return err;
}

static void count_out(struct ms_atoms *atoms, uint32_t node, const struct ms_matcher *m,
                      uint32_t id)
{
  struct ms_atom_field *field = &atoms->fields.data[node];
  struct ms_atom_lengths *lengths = m->is_keyed ? lengths_of(field, m->kind) : NULL;
  if (lengths != NULL) {
    remove_length(lengths, m->key.len);
  }
  if (m->is_keyed) {
    field->counts[m->kind]--;
  }
  for (size_t i = 0; m->kind == MS_MATCHER_RANGE && i < field->ranges.count; i++) {
    if (field->ranges.data[i].atom == id) {
      field->ranges.data[i] = field->ranges.data[--field->ranges.count];
      break;
    }
  }
  for (size_t i = 0; m->kind == MS_MATCHER_WILDCARD && i < field->sieves.count; i++) {
    if (field->sieves.data[i].atom == id) {
      field->sieves.data[i] = field->sieves.data[--field->sieves.count];
      break;
    }
  }
}

/* ---- life ---- */

static int take_atom(uint32_t *id, struct ms_atoms *atoms)
{
  if (atoms->free_atom != MS_ATOM_NONE) {
    *id = atoms->free_atom;
    atoms->free_atom = atoms->atoms.data[*id].node;
    return 0;
  }
  int err = MS_VEC_RESERVE(&atoms->atoms, COUNT_MAX, 1);
  if (err != 0) {
    return err;
  }
  /* Doubled whenever the count is a power of two: always room for as many as there are, and more. */
  size_t count = atoms->atoms.count;
  if ((count & (count - 1)) == 0) {
    size_t room = count == 0 ? 1 : count * 2;
    uint64_t *stamps = ms_reallocarray(atoms->stamps, room, sizeof *stamps);
    if (stamps == NULL) {
      return ms_error_nomem();
    }
    atoms->stamps = stamps;
  }
  *id = (uint32_t)atoms->atoms.count++;
  atoms->atoms.data[*id] = (struct ms_atom){.refs = 0};
  return 0;
}

static void give_atom(struct ms_atoms *atoms, uint32_t id)
{
  struct ms_atom *atom = &atoms->atoms.data[id];
  atom->own = NULL;
  atom->owner = NULL;
  atom->matcher = NULL;
  atom->node = atoms->free_atom;
  atoms->free_atom = id;
}

/* `own`, when it is not NULL, is the matcher; it is the atom's on success. */
static int make_atom(uint32_t *id, struct ms_atoms *atoms, uint32_t node,
                     const struct ms_matcher *matcher, struct ms_matcher *own,
                     struct ms_pattern *owner)
{
  int err = make_room(atoms);
  if (err == 0) {
    err = make_fields(atoms, node);
  }
  if (err == 0) {
    err = take_atom(id, atoms);
  }
  if (err != 0) {
    return err;
  }
  err = count_in(atoms, node, matcher, *id);
  if (err != 0) {
    give_atom(atoms, *id);
    return err;
  }
  struct ms_atom *atom = &atoms->atoms.data[*id];
  atom->matcher = matcher;
  atom->own = own;
  atom->owner = ms_pattern_ref(owner);
  atom->node = node;
  atom->refs = 1;
  atom->hash = hash_of(atoms, node, matcher->kind, matcher->key);
  atom->asked = 0;
  atom->posts.count = 0;
  atoms->stamps[*id] = 0;
  put(atoms, *id);
  atoms->used++;
  return 0;
}

int ms_atom_acquire(uint32_t *id, struct ms_atoms *atoms, uint32_t node,
                    const struct ms_matcher *matcher, struct ms_pattern *owner)
{
  *id = find(atoms, node, matcher->kind, matcher->key);
  if (*id != MS_ATOM_NONE) {
    atoms->atoms.data[*id].refs++;
    return 0;
  }
  return make_atom(id, atoms, node, matcher, NULL, owner);
}

void ms_atom_release(struct ms_atoms *atoms, uint32_t id)
{
  struct ms_atom *atom = &atoms->atoms.data[id];
  if (--atom->refs > 0) {
    return;
  }
  take_out(atoms, id);
  atoms->used--;
  count_out(atoms, atom->node, atom->matcher, id);
  ms_pattern_unref(atom->owner);
  ms_free(atom->own);
  give_atom(atoms, id);
}

/* The piece of a wildcard that a value must begin or end with. */
static bool outer_piece(struct ms_matcher *out, const struct ms_matcher *matcher)
{
  if (matcher->kind != MS_MATCHER_WILDCARD) {
    return false;
  }
  const struct ms_wildcard *w = matcher->wildcard;
  struct ms_str first = w->pieces[0].text;
  struct ms_str last = w->pieces[w->count - 1].text;
  *out = ms_compile_text(first.len >= last.len ? MS_MATCHER_PREFIX : MS_MATCHER_SUFFIX,
                         first.len >= last.len ? first : last);
  return out->key.len > 0;
}

bool ms_atom_is_found(const struct ms_matcher *matcher)
{
  struct ms_matcher piece;
  return matcher->is_keyed || (matcher->kind == MS_MATCHER_RANGE && matcher->is_real) ||
         outer_piece(&piece, matcher) || inner_piece(matcher).len > 0;
}

int ms_atom_acquire_found(uint32_t *id, struct ms_atoms *atoms, uint32_t node,
                          const struct ms_matcher *matcher, struct ms_pattern *owner)
{
  struct ms_matcher piece;
  if (matcher->is_keyed || !outer_piece(&piece, matcher)) {
    return ms_atom_acquire(id, atoms, node, matcher, owner);
  }
  *id = find(atoms, node, piece.kind, piece.key);
  if (*id != MS_ATOM_NONE) {
    atoms->atoms.data[*id].refs++;
    return 0;
  }
  struct ms_matcher *own = ms_alloc(sizeof *own);
  if (own == NULL) {
    return ms_error_nomem();
  }
  *own = piece;
  int err = make_atom(id, atoms, node, own, own, owner);
  if (err != 0) {
    ms_free(own);
  }
  return err;
}

/* ---- looking up ---- */

static int push_found(struct ms_atoms *atoms, uint32_t id)
{
  int err = MS_VEC_RESERVE(&atoms->found, COUNT_MAX, 1);
  if (err == 0) {
    atoms->found.data[atoms->found.count++] = id;
  }
  return err;
}

static int take_found(struct ms_atoms *atoms, uint32_t node, enum ms_matcher_kind kind,
                      struct ms_str key)
{
  uint32_t id = find(atoms, node, kind, key);
  return id == MS_ATOM_NONE ? 0 : push_found(atoms, id);
}

static int look_up_affixes(struct ms_atoms *atoms, uint32_t node, struct ms_str text)
{
  const struct ms_atom_field *field = &atoms->fields.data[node];
  int err = 0;
  for (size_t i = 0; i < field->prefixes.count && err == 0; i++) {
    size_t len = field->prefixes.data[i].len;
    if (len > text.len) {
      break;
    }
    err = take_found(atoms, node, MS_MATCHER_PREFIX, ms_str_sub(text, 0, len));
  }
  for (size_t i = 0; i < field->suffixes.count && err == 0; i++) {
    size_t len = field->suffixes.data[i].len;
    if (len > text.len) {
      break;
    }
    err = take_found(atoms, node, MS_MATCHER_SUFFIX, ms_str_sub(text, text.len - len, text.len));
  }
  return err;
}

/* The table knows the folded text; whether the letters' forms are those of the pattern is asked then. */
static int look_up_folded(struct ms_atoms *atoms, uint32_t node, struct ms_json value)
{
  ms_buf_reset(&atoms->folded);
  ms_fold(&atoms->folded, ms_json_text(value));
  if (atoms->folded.error != 0) {
    return ms_error_nomem();
  }
  size_t before = atoms->found.count;
  int err = take_found(atoms, node, MS_MATCHER_FOLDED, ms_buf_view(&atoms->folded));
  if (err == 0 && atoms->found.count > before) {
    const struct ms_atom *atom = &atoms->atoms.data[atoms->found.data[before]];
    if (!ms_matcher_accepts(atom->matcher, value)) {
      atoms->found.count = before;
    }
  }
  return err;
}

/* Those that fall through the sieve are asked, and only those that accept are found. */
static int sweep_wildcards(struct ms_atoms *atoms, uint32_t node, struct ms_json value)
{
  const struct ms_atom_field *field = &atoms->fields.data[node];
  struct ms_str text = ms_json_text(value);
  uint64_t pairs[MS_SIEVE_BITS / 64] = {0};
  for (size_t i = 0; i + 1 < text.len; i++) {
    uint16_t bit = pair_bit(text.data + i);
    pairs[bit / 64] |= UINT64_C(1) << bit % 64;
  }
  int err = 0;
  for (size_t i = 0; i < field->sieves.count && err == 0; i++) {
    const struct ms_atom_sieve *sieve = &field->sieves.data[i];
    bool is_through = true;
    for (size_t j = 0; j < MS_SIEVE_PAIRS && is_through; j++) {
      is_through = (pairs[sieve->pairs[j] / 64] >> sieve->pairs[j] % 64 & 1) != 0;
    }
    if (is_through && ms_matcher_accepts(atoms->atoms.data[sieve->atom].matcher, value)) {
      err = push_found(atoms, sieve->atom);
    }
  }
  return err;
}

static int sweep_ranges(struct ms_atoms *atoms, uint32_t node, struct ms_json value)
{
  const struct ms_atom_field *field = &atoms->fields.data[node];
  double real;
  bool is_real = ms_number_is_real(&real, value);
  int err = 0;
  for (size_t i = 0; i < field->ranges.count && err == 0; i++) {
    const struct ms_atom_range *range = &field->ranges.data[i];
    bool is_in = is_real ? (range->is_low_open ? real > range->low : real >= range->low) &&
                               (range->is_high_open ? real < range->high : real <= range->high)
                         : ms_matcher_accepts(atoms->atoms.data[range->atom].matcher, value);
    if (is_in) {
      err = push_found(atoms, range->atom);
    }
  }
  return err;
}

static int look_up_number(struct ms_atoms *atoms, uint32_t node, struct ms_json value)
{
  const struct ms_atom_field *field = &atoms->fields.data[node];
  char key[MS_NUMBER_KEY_MAX];
  int err = 0;
  if (field->counts[MS_MATCHER_NUMBER] > 0) {
    err = take_found(atoms, node, MS_MATCHER_NUMBER, ms_number_key(key, value));
  }
  return err != 0 || field->ranges.count == 0 ? err : sweep_ranges(atoms, node, value);
}

static int look_up_host(struct ms_atoms *atoms, uint32_t node, struct ms_str text)
{
  struct ms_address address;
  return ms_address_parse(&address, text)
             ? take_found(atoms, node, MS_MATCHER_HOST, ms_address_key(&address))
             : 0;
}

static int look_up_text(struct ms_atoms *atoms, uint32_t node, struct ms_json value)
{
  const struct ms_atom_field *field = &atoms->fields.data[node];
  struct ms_str text = ms_json_text(value);
  int err =
      field->counts[MS_MATCHER_EXACT] == 0 ? 0 : take_found(atoms, node, MS_MATCHER_EXACT, text);
  if (err == 0 && field->counts[MS_MATCHER_FOLDED] > 0) {
    err = look_up_folded(atoms, node, value);
  }
  if (err == 0 && field->counts[MS_MATCHER_HOST] > 0) {
    err = look_up_host(atoms, node, text);
  }
  if (err == 0 && field->sieves.count > 0) {
    err = sweep_wildcards(atoms, node, value);
  }
  return err != 0 ? err : look_up_affixes(atoms, node, text);
}

int ms_atoms_look_up(struct ms_atoms *atoms, uint32_t node, struct ms_json value)
{
  const struct ms_atom_field *field = &atoms->fields.data[node];
  int err = 0;
  atoms->found.count = 0;
  if (field->counts[MS_MATCHER_EXISTS] > 0) {
    err = take_found(atoms, node, MS_MATCHER_EXISTS, MS_STR(""));
  }
  if (err != 0) {
    return err;
  }
  if (ms_json_is_string(value)) {
    return look_up_text(atoms, node, value);
  }
  if (ms_json_is_number(value)) {
    return look_up_number(atoms, node, value);
  }
  if (field->counts[MS_MATCHER_LITERAL] > 0) {
    const char *word = ms_json_is_null(value) ? "null" : ms_json_is_true(value) ? "true" : "false";
    return take_found(atoms, node, MS_MATCHER_LITERAL, ms_str_c(word));
  }
  return 0;
}
