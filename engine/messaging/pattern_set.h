/*
 * Many patterns, asked about one event at once. What many patterns ask of a name is asked once, and a pattern
 * is only looked at when the thing that is rarest about it has come true. Loop thread only; asking changes
 * scratch inside.
 */
#ifndef MS_MESSAGING_PATTERN_SET_H
#define MS_MESSAGING_PATTERN_SET_H

#include "messaging/pattern.h"

struct ms_pattern_set;

struct ms_pattern_hits {
  void *const *users; /* of the patterns that match, each once, in no order that means anything */
  size_t count;
};

struct ms_pattern_set *ms_pattern_set_new(void); /* NULL when out of memory */
void ms_pattern_set_free(struct ms_pattern_set *set); /* NULL is fine */
/* Keeps a reference. *id names the entry until it is removed. MSTEP_ENOMEM: nothing was added. */
int ms_pattern_set_add(uint32_t *id, struct ms_pattern_set *set, struct ms_pattern *pattern,
                       void *user);
void ms_pattern_set_remove(struct ms_pattern_set *set, uint32_t id);
size_t ms_pattern_set_count(const struct ms_pattern_set *set);
/*
 * *hits is borrowed until the set's next call. The same history of calls gives the same order. An event that
 * is no object matches nothing. MSTEP_ENOMEM.
 */
int ms_pattern_set_match(struct ms_pattern_hits *hits, struct ms_pattern_set *set,
                         struct ms_json event);

#endif
