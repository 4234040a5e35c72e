/*
 * The values of one event that patterns look at, by the name's node in their tree, with the elements of
 * arrays that each came from. Scratch: reused from event to event, forgotten by a stamp.
 */
#ifndef MS_MESSAGING_EVENT_FIELDS_H
#define MS_MESSAGING_EVENT_FIELDS_H

#include "json/json.h"
#include "messaging/path_tree.h"

/*
 * An element of an array that is itself an object or an array, in the order of the event; element 0 is the
 * event. Those inside it are numbered from it to `end`.
 */
struct ms_event_element {
  uint32_t parent;
  uint32_t array; /* which array: two elements of one array exclude each other */
  uint32_t end;
  uint32_t depth; /* steps of the array's name */
};

struct ms_event_value {
  struct ms_json json; /* borrowed from the event */
  uint32_t element;
  uint32_t next; /* of the same name; MS_PATH_NONE ends */
};

struct ms_event_slot {
  uint64_t stamp; /* of the event that filled it */
  uint32_t first;
  uint32_t last;
};

struct ms_event_mark { /* of an element, in ms_clause_holds: stamps */
  uint32_t is_reached;
  uint32_t is_next;
  uint32_t has_value;
};

struct ms_event_fields {
  MS_VEC(struct ms_event_value) values;
  MS_VEC(struct ms_event_element) elements;
  MS_VEC(struct ms_event_slot) slots; /* one a node of the tree */
  MS_VEC(uint32_t) filled;            /* nodes that have values, in order */
  MS_VEC(struct ms_event_mark) marks;
  MS_VEC(uint32_t) reached; /* elements, for ms_clause_holds */
  MS_VEC(uint32_t) next;
  uint64_t stamp;
  uint32_t mark;
  uint32_t arrays;
  bool is_dotted; /* a name of the event had a dot: one name may be in two places */
};

void ms_event_fields_deinit(struct ms_event_fields *fields); /* of one that was zeroed */
/* Fills it from an object. MSTEP_ENOMEM. */
int ms_event_fields_fill(struct ms_event_fields *fields, const struct ms_path_tree *tree,
                         struct ms_json event);
/* The first value of a node; MS_PATH_NONE: there is none. */
static inline uint32_t ms_event_first(const struct ms_event_fields *fields, uint32_t node)
{
  const struct ms_event_slot *slot = &fields->slots.data[node];
  return slot->stamp == fields->stamp ? slot->first : MS_PATH_NONE;
}
/* Whether arrays play no part: every value is there once and for all. */
static inline bool ms_event_is_flat(const struct ms_event_fields *fields)
{
  return fields->elements.count == 1;
}

#endif
