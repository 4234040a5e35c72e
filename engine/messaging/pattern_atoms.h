/*
 * What patterns ask, each question once: an atom is a matcher at a name, shared by all who ask the same. From
 * a value the atoms that accept it are found without asking them one by one: by a table (KEYED kinds), or by a
 * sweep over rows that hold the least that is needed (ranges, wildcards).
 */
#ifndef MS_MESSAGING_PATTERN_ATOMS_H
#define MS_MESSAGING_PATTERN_ATOMS_H

#include "messaging/pattern_internal.h"

#define MS_ATOM_NONE UINT32_MAX

struct ms_atom_post {
  uint32_t clause;
  uint32_t guard; /* an atom that must be true too, or MS_ATOM_NONE: mostly spares a look at the clause */
};

struct ms_atom_posts { /* a MS_VEC with a name */
  struct ms_atom_post *data;
  size_t count;
  size_t capacity;
};

struct ms_atom {
  const struct ms_matcher *matcher; /* inside `owner`, or own */
  struct ms_matcher *own;           /* of an atom that no pattern has as it stands */
  struct ms_pattern *owner;         /* referenced; NULL: the atom is free */
  uint32_t node;                    /* of the path tree; of a free atom: the next free one */
  uint32_t refs;
  uint32_t hash;
  uint64_t asked; /* stamp of the event for which it was asked, when no look-up found it */
  bool is_true;   /* for that event */
  struct ms_atom_posts posts; /* what to look at when it comes true; the set's business */
};

struct ms_atom_length { /* of prefixes or suffixes at one name */
  uint32_t len;
  uint32_t count;
};

struct ms_atom_lengths { /* rising; a MS_VEC with a name */
  struct ms_atom_length *data;
  size_t count;
  size_t capacity;
};

/* Of a range, what a sweep over all of them needs. */
struct ms_atom_range {
  double low;
  double high;
  uint32_t atom;
  bool is_low_open;
  bool is_high_open;
};

/*
 * Of a wildcard, pairs of bytes that a value must have, as bits of the set of pairs that it has. Most values
 * fall through.
 */
#define MS_SIEVE_PAIRS 4
#define MS_SIEVE_BITS 1024

struct ms_atom_sieve {
  uint16_t pairs[MS_SIEVE_PAIRS];
  uint32_t atom;
};

/* What there is to look up at one name. */
struct ms_atom_field {
  uint32_t counts[MS_MATCHER_KINDS]; /* of KEYED atoms */
  struct ms_atom_lengths prefixes;
  struct ms_atom_lengths suffixes;
  MS_VEC(struct ms_atom_range) ranges;
  MS_VEC(struct ms_atom_sieve) sieves;
};

struct ms_atoms {
  MS_VEC(struct ms_atom) atoms;
  uint64_t *stamps; /* of the event for which an atom was last found; as many as there is room for atoms */
  MS_VEC(struct ms_atom_field) fields; /* by node */
  MS_VEC(uint32_t) found;              /* of the last look-up */
  uint32_t *table;
  size_t table_size;
  size_t used;
  uint32_t free_atom;
  uint64_t seed;
  struct ms_buf folded;
};

void ms_atoms_init(struct ms_atoms *atoms);
void ms_atoms_deinit(struct ms_atoms *atoms);
/* MSTEP_ENOMEM: nothing was taken. The matcher is inside the pattern. */
int ms_atom_acquire(uint32_t *id, struct ms_atoms *atoms, uint32_t node,
                    const struct ms_matcher *matcher, struct ms_pattern *owner);
void ms_atom_release(struct ms_atoms *atoms, uint32_t id);
/*
 * An atom that is true whenever this matcher accepts, perhaps oftener, and that a look-up finds: the matcher's
 * own, or that of a wildcard's first or last piece. False: there is none.
 */
bool ms_atom_is_found(const struct ms_matcher *matcher);
int ms_atom_acquire_found(uint32_t *id, struct ms_atoms *atoms, uint32_t node,
                          const struct ms_matcher *matcher, struct ms_pattern *owner);
/* Fills `found` with the atoms of the node that accept the value and can be found. MSTEP_ENOMEM. */
int ms_atoms_look_up(struct ms_atoms *atoms, uint32_t node, struct ms_json value);

#endif
