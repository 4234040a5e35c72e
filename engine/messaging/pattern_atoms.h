/*
 * What patterns ask, each question once: an atom is a matcher at a name, shared by all who ask the same. From
 * a value the atoms that accept it are found by a table (KEYED kinds), without asking them one by one.
 */
#ifndef MS_MESSAGING_PATTERN_ATOMS_H
#define MS_MESSAGING_PATTERN_ATOMS_H

#include "messaging/pattern_internal.h"

#define MS_ATOM_NONE UINT32_MAX

struct ms_atom {
  const struct ms_matcher *matcher; /* inside `owner`, or own */
  struct ms_matcher *own;           /* of an atom that no pattern has as it stands */
  struct ms_pattern *owner;         /* referenced; NULL: the atom is free */
  uint32_t node;                    /* of the path tree; of a free atom: the next free one */
  uint32_t refs;
  uint32_t hash;
  uint64_t stamp; /* of the event that is_true speaks of */
  bool is_true;
  MS_VEC(uint32_t) posts; /* what to look at when it comes true; the set's business */
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

/* What there is to look up at one name. */
struct ms_atom_field {
  uint32_t counts[MS_MATCHER_KINDS]; /* of KEYED atoms */
  struct ms_atom_lengths prefixes;
  struct ms_atom_lengths suffixes;
};

struct ms_atoms {
  MS_VEC(struct ms_atom) atoms;
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
 * An atom that is true whenever this matcher accepts, perhaps oftener, and that can be looked up: the
 * matcher's own, or its first or last piece. False: there is none.
 */
bool ms_atom_has_key(const struct ms_matcher *matcher);
int ms_atom_acquire_keyed(uint32_t *id, struct ms_atoms *atoms, uint32_t node,
                          const struct ms_matcher *matcher, struct ms_pattern *owner);
/* Fills `found` with the KEYED atoms of the node that accept the value. MSTEP_ENOMEM. */
int ms_atoms_look_up(struct ms_atoms *atoms, uint32_t node, struct ms_json value);

#endif
