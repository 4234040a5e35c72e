/* One delivery of an outbox: what memory has of it, and its row. Private to the outbox's files. */
#ifndef MS_DEST_OUTBOX_PARCEL_H
#define MS_DEST_OUTBOX_PARCEL_H

#include "base/heap.h"
#include "dest/outbox.h"

/* What never changes. It can leave memory once its row is durable: every later row has the same. */
struct ms_parcel_content {
  size_t size; /* of all of it */
  struct ms_delivery delivery;
  struct ms_outbox_policy policy;
  char texts[]; /* what `delivery` points into */
};

struct ms_parcel {
  struct ms_heap_node node; /* first; in the heap while it waits for its time */
  struct ms_parcel *next, **slot;
  struct ms_outbox *outbox;
  uint64_t number;
  struct ms_parcel_content *content; /* NULL: in its row alone */
  char *detail;                      /* of the last try; NULL: none, or there was no memory for it */
  int64_t created_at_ms;
  uint32_t attempts;
  unsigned holds; /* answers that are to come */
  bool is_dropped;
  bool is_new;    /* added, not committed */
  bool is_stored; /* its row is durable: this one or an earlier one */
  bool is_taken;  /* only its row is left */
  bool is_undelivered;
  bool is_stranded; /* waits, but is not in the heap: see stranded_at_ms */
};

struct ms_outbox {
  struct ms_outbox_options options;
  struct ms_parcel *parcels, **last; /* all that there are, oldest first */
  struct ms_parcel *new_ones;        /* the first that is not committed */
  struct ms_heap heap;
  uint64_t next_number;
  uint64_t next_order;
  size_t resident_bytes; /* of contents */
  size_t open_count;     /* neither undelivered nor dropped */
  size_t undelivered_count;
  uint64_t delivered_count;
  unsigned flight_count;
  int64_t stranded_at_ms; /* 0: none is */
  bool is_resumed;
};

/* Last of the outbox's. Copies; empty texts are NULL. NULL: no memory. */
struct ms_parcel *ms_parcel_new(struct ms_outbox *outbox, const struct ms_delivery *delivery,
                                const struct ms_outbox_policy *policy, uint64_t number);
void ms_parcel_free(struct ms_parcel *parcel);
/* Out of everything but the hands of those who hold it. */
void ms_parcel_drop(struct ms_parcel *parcel);
const char *ms_parcel_detail(const struct ms_parcel *parcel);
void ms_parcel_set_detail(struct ms_parcel *parcel, struct ms_str detail);

/* The content leaves memory if it may and memory is crowded, or at once. */
void ms_parcel_rest(struct ms_parcel *parcel, bool at_once);
/* The content is in memory. MSTEP_ENOMEM; MSTEP_EIO: it cannot be read now. */
int ms_parcel_fill(struct ms_parcel *parcel);

/* With its content in memory: the row as it is now. What is lost with an error is how often it was tried. */
int ms_parcel_put_row(struct ms_batch *batch, struct ms_parcel *parcel);
int ms_parcel_save(struct ms_parcel *parcel);
int ms_parcel_remove_row(struct ms_parcel *parcel);
/* Of ms_store_scan: appends what a row says. user: the outbox. */
int ms_parcel_load(struct ms_str key, struct ms_str row, void *user);

/* ---- outbox.c ---- */
void ms_parcel_wait_until(struct ms_parcel *parcel, int64_t at_ms);

#endif
