/* Giving scratch memory back in the middle of a long loop, with what is still needed carried over. */
#ifndef MS_QUERY_JSONATA_COMPACT_H
#define MS_QUERY_JSONATA_COMPACT_H

#include "query/jsonata/eval.h"

/* What a loop carries from turn to turn. Zero it, and end it when the loop ends. */
struct ms_jx_carrier {
  struct ms_jx_block *block; /* holds the values carried last */
  size_t next_at;            /* scratch bytes at which it is worth doing again */
};

/*
 * Once scratch has grown by a good deal since the mark: copies the values out, goes back to the mark,
 * and makes the values point to the copies. Nothing else made since the mark may be in use. Does
 * nothing while it is not worth it or cannot be done (a function among the values). False: failed.
 */
bool ms_jx_carry(struct ms_jx_eval *ev, struct ms_jx_carrier *carrier,
                 const struct ms_jx_mark *mark, struct ms_jx *values, size_t count);
/* is_needed: a value that was carried may outlive the loop. */
void ms_jx_carrier_end(struct ms_jx_eval *ev, struct ms_jx_carrier *carrier, bool is_needed);
/* Frees what loops have handed over, at the end of an evaluation. */
void ms_jx_free_blocks(struct ms_jx_eval *ev);

#endif
