/* A relay from inside. Private to the relay's files. */
#ifndef MS_MESSAGING_RELAY_INTERNAL_H
#define MS_MESSAGING_RELAY_INTERNAL_H

#include "messaging/relay_item.h"

#define MS_RELAY_RANGE_SHIFT 58

struct ms_relay {
  const struct ms_driver_env *env;
  enum ms_relay_range range;
  uint64_t last_id;
  uint64_t order;
  struct ms_relay_item *first, **last; /* all but orphans, oldest first */
  struct ms_relay_item
      *unsettled; /* nothing before it is STAGED, FRESH or ASKED; NULL: nothing is */
  struct ms_relay_item *orphans;
  struct ms_heap heap; /* DUE and DONE */
  struct ms_map lanes; /* struct ms_relay_lane */
  bool is_dropping;    /* everything: nobody moves up */
  size_t count, kept, trying;
  size_t resident_bytes, resident_max; /* of contents */
  size_t fresh; /* how many are FRESH */
  uint64_t delivered, failed; /* tries */
  bool is_asked;
  int64_t ask_again_ms;
  bool is_resumed;
};

/* It is tried at that time, and not before what was due earlier. Never fails: worst, the timer looks. */
void ms_relay_make_due(struct ms_relay_item *item, enum ms_relay_state state, int64_t due_at_ms);
void ms_relay_drop_item(struct ms_relay_item *item);
/* Writes the item, whose content is in memory, as it is now, or removes its row. */
int ms_relay_change_row(const struct ms_relay_item *item, bool is_removed);

#endif
