/* Whether the values of an event satisfy a clause: the one implementation, for one pattern and for many. */
#ifndef MS_MESSAGING_PATTERN_MATCH_H
#define MS_MESSAGING_PATTERN_MATCH_H

#include "messaging/pattern_internal.h"

/* A clause whose matchers are asked for by number; keys[i].first + j is the number of an alternative. */
struct ms_clause_view {
  const struct ms_clause_key *keys;
  uint32_t count;
  const struct ms_matcher *(*matcher)(const struct ms_clause_view *view, uint32_t number);
  const void *user;
};

/* One key by itself: enough where ms_event_is_flat. */
bool ms_key_holds(const struct ms_event_fields *fields, const struct ms_clause_view *view,
                  const struct ms_clause_key *key);
/* The whole clause, with values of one array from the same element. MSTEP_ENOMEM. */
int ms_clause_holds_in_arrays(bool *out, struct ms_event_fields *fields,
                              const struct ms_clause_view *view);

#endif
