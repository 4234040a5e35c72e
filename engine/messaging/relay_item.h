/* One delivery of a relay: what it holds, and how it is written. Private to the relay's files. */
#ifndef MS_MESSAGING_RELAY_ITEM_H
#define MS_MESSAGING_RELAY_ITEM_H

#include "base/heap.h"
#include "base/map.h"
#include "messaging/relay.h"

enum ms_relay_phase { MS_RELAY_TARGET, MS_RELAY_DEAD_LETTER, MS_RELAY_UNDELIVERABLE };

enum ms_relay_state {
  MS_RELAY_STAGED,
  MS_RELAY_FRESH, /* committed; nobody has asked yet when it is durable */
  MS_RELAY_ASKED,
  MS_RELAY_DUE,
  MS_RELAY_BEHIND, /* due when those before it in its lane are gone */
  MS_RELAY_TRYING,
  MS_RELAY_KEPT,  /* undeliverable */
  MS_RELAY_DONE,  /* its row is to be removed */
  MS_RELAY_ORPHAN /* was being tried when everything was loaded again: only waits for its callback */
};

/* On disk: the order of texts in a row. New ones are added at the end. */
enum ms_relay_text {
  MS_RELAY_TEXT_TARGET,
  MS_RELAY_TEXT_BODY,
  MS_RELAY_TEXT_ATTRIBUTES,
  MS_RELAY_TEXT_GROUP,
  MS_RELAY_TEXT_DEDUPLICATION,
  MS_RELAY_TEXT_SOURCE,
  MS_RELAY_TEXT_DETAIL_TYPE,
  MS_RELAY_TEXT_REASON,
  MS_RELAY_TEXT_HEADERS,
  MS_RELAY_TEXT_DEAD_LETTER,
  MS_RELAY_TEXT_FACTS,
  MS_RELAY_TEXT_LINEAGE,
  MS_RELAY_TEXT_COUNT
};

/* What goes to one FIFO target in one group: one after the other. */
struct ms_relay_lane {
  struct ms_relay_item *first, *last;
  size_t key_len;
  char key[];
};

/* What never changes. It can leave memory once the row is durable: every later row has the same. */
struct ms_relay_content {
  size_t size; /* of all of it */
  struct ms_relay_policy policy;
  struct ms_str texts[MS_RELAY_TEXT_COUNT];
  char text[]; /* all texts, one behind the other */
};

struct ms_relay_item {
  struct ms_relay_item *next, **slot; /* in the list of all, oldest first */
  struct ms_relay_lane *lane;         /* NULL: in none */
  struct ms_relay_item *lane_prev, *lane_next;
  struct ms_heap_node node;
  struct ms_relay *relay;
  uint64_t id;
  enum ms_relay_state state;
  enum ms_relay_phase phase;
  struct ms_relay_content *content; /* NULL: in its row alone */
  char *error;       /* its name and what it says, each with its NUL. NULL: none, or no memory for it */
  uint32_t attempts; /* tries so far, of this phase */
  uint32_t target_attempts; /* of the first phase, once it has ended */
  bool is_too_old;   /* the first phase ended for age, not for the number of tries */
  bool is_refused;   /* it ended at once */
  bool is_stored;    /* its row is durable: this one or an earlier one */
  int64_t created_at_ms;
};

/* ---- relay_lane.c ---- */
/* Puts it at the end of its lane, if order matters for it. MSTEP_ENOMEM. */
int ms_relay_lane_join(struct ms_map *lanes, struct ms_relay_item *item);
/* The one that is first in the lane now and was not before; NULL: none. */
struct ms_relay_item *ms_relay_lane_leave(struct ms_map *lanes, struct ms_relay_item *item);
bool ms_relay_lane_is_first(const struct ms_relay_item *item); /* so is what is in none */

/* ---- relay_item.c ---- */
/* MSTEP_ENOMEM. */
int ms_relay_item_new(struct ms_relay_item **out, struct ms_relay *relay,
                      const struct ms_relay_entry *entry);
/* From a row. MSTEP_EIO: damaged. */
int ms_relay_item_read(struct ms_relay_item **out, struct ms_relay *relay, struct ms_str row);
void ms_relay_item_write(struct ms_buf *out, const struct ms_relay_item *item);
void ms_relay_item_free(struct ms_relay_item *item);
/* Milliseconds until the next try. random: any number. */
int64_t ms_relay_item_delay_ms(const struct ms_relay_item *item, uint64_t random);
/* The body as this try has it: `<aws.scheduler.attempt-number>` is known only now. Appended. */
void ms_relay_item_body(struct ms_buf *out, const struct ms_relay_item *item);
/* Message attributes of the dead letter, appended; nothing when there are none. */
void ms_relay_item_facts(struct ms_buf *out, const struct ms_relay_item *item);
/* MSTEP_ENOMEM: it has no error then. */
int ms_relay_item_fail(struct ms_relay_item *item, const char *error, const char *text);
const char *ms_relay_item_error(const struct ms_relay_item *item); /* "": none */
const char *ms_relay_item_error_text(const struct ms_relay_item *item);
/* The content leaves memory if it may and memory is crowded, or at once. */
void ms_relay_item_rest(struct ms_relay_item *item, bool at_once);
/* The content is in memory. MSTEP_ENOMEM; MSTEP_EIO: it cannot be read now. */
int ms_relay_item_fill(struct ms_relay_item *item);

#endif
