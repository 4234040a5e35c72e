/* What the files queue*.c share: queues and their messages in memory. See queue.h and README.md. */
#ifndef MS_MESSAGING_QUEUE_INTERNAL_H
#define MS_MESSAGING_QUEUE_INTERNAL_H

#include "base/heap.h"
#include "base/map.h"
#include "base/vec.h"
#include "messaging/queue.h"
#include "messaging/queue_config.h"

#define MS_QUEUE_ID_MAX ((uint32_t)1 << 22)        /* the half above is that of deduplication */
#define MS_QUEUE_SEQ_MAX (((uint64_t)1 << 39) - 1) /* two rows each */
#define MS_QUEUE_IN_FLIGHT_MAX 120000
#define MS_QUEUE_BODY_MAX 1048576
#define MS_QUEUE_BATCH_MAX 1048576 /* bytes of all messages of one batch */
#define MS_QUEUE_DEDUPLICATION_MS 300000
#define MS_QUEUE_BODIES_MAX ((size_t)64 << 20) /* bytes kept in memory when there is a store */

enum ms_queue_state { MS_QUEUE_DELAYED, MS_QUEUE_READY, MS_QUEUE_IN_FLIGHT };

struct ms_queue_group;

/* A message. In both heaps as long as it lives, so that no change of state needs memory. */
struct ms_queue_item {
  struct ms_heap_node wake; /* when it becomes visible; READY: never */
  struct ms_heap_node age;  /* since when its retention counts */
  struct ms_queue_item *next_in_bucket;
  struct ms_queue_item *prev,
      *next;                    /* in the queue's ready list; FIFO: of its group, but in flight */
  struct ms_queue_group *group; /* FIFO */
  uint64_t seq;
  int64_t received_at_ms; /* latest */
  int64_t first_received_ms;
  uint32_t receives;
  uint8_t state; /* enum ms_queue_state */
  uint32_t len;
  char *data; /* the row of what does not change; NULL: only in the store */
};

struct ms_queue_items {
  struct ms_queue_item *first, *last;
};

/* Messages of one MessageGroupId, in order. Ready: none is in flight and the first is visible. */
struct ms_queue_group {
  struct ms_queue_items items;
  size_t count; /* those in flight too */
  uint32_t in_flight;
  bool is_ready;
  struct ms_queue_group *prev, *next; /* of the ready ones */
  struct ms_str name;                 /* the bytes follow the struct */
};

/* A message that was accepted in the last five minutes, by its deduplication id. */
struct ms_queue_recent {
  struct ms_queue_recent *next; /* later */
  int64_t at_ms;
  uint64_t seq;
  char id[37];
  struct ms_str key; /* the bytes follow the struct */
};

/* What the attributes say, as numbers. */
struct ms_queue_settings {
  int64_t delay_s, retention_s, wait_s, visibility_s;
  size_t max_bytes;
  bool is_fifo, has_content_deduplication, is_deduplicated_by_group;
  unsigned max_receives;         /* 0: no dead letter queue */
  struct ms_str dead_letter_arn; /* in the queue's attributes */
};

struct ms_queue {
  struct ms_queues *queues;
  uint32_t id;
  char *name, *arn;
  struct ms_json attributes, tags; /* objects of strings, as they were set */
  struct ms_json policy;           /* of RedrivePolicy, parsed; NONE */
  struct ms_queue_settings settings;
  int64_t created_at_ms, modified_at_ms, purged_at_ms;
  uint64_t next_seq, reserved_seq;

  struct ms_queue_item **buckets; /* by seq */
  size_t bucket_count, count;
  struct ms_heap wakes, ages;
  size_t state_count[3];
  struct ms_queue_items ready;                     /* standard */
  struct ms_map groups;                            /* FIFO */
  struct ms_queue_group *first_group, *last_group; /* ready ones */
  struct ms_map recents;
  struct ms_queue_recent *first_recent, *last_recent;
  struct ms_queue_receive *first_waiter, *last_waiter;
  struct ms_heap_node due;
  int64_t due_at_ms;
  int64_t retry_at_ms; /* the ledger was full: those who wait are served then; 0 */
};

struct ms_queue_evict {
  uint32_t queue_id;
  uint64_t seq;
};

struct ms_queue_grave {
  char *name;
  int64_t deleted_at_ms;
};

struct ms_queue_soon {
  ms_durable_cb cb;
  void *arg;
};

struct ms_queue_move;
struct ms_queue_delivery;

struct ms_queues {
  struct ms_driver_env env;
  struct ms_map by_name;
  MS_VEC(struct ms_queue *) by_id;      /* NULL: deleted */
  MS_VEC(struct ms_queue_grave) graves; /* names of queues deleted in the last minute */
  struct ms_heap due;                   /* queues */
  struct ms_heap polls;                 /* receives that wait */
  struct ms_queue_receive *receives;    /* all that wait or are about to be handed out */
  struct ms_queue_delivery *deliveries;
  struct ms_queue_move *moves;
  struct ms_str lineage; /* of who sends now */
  size_t body_bytes, bodies_max;
  struct {
    uint64_t sent, received, deleted, dead_lettered;
  } counts;
  MS_VEC(struct ms_queue_evict) evicts;
  size_t evicts_asked;
  /* Without a store: who is to be called soon; one deferral for all of them. */
  MS_VEC(struct ms_queue_soon) soons;
  bool is_soon_asked;
};

/* ---- queue_row.c: a message as bytes ---- */

struct ms_queue_row {
  char id[37];
  int64_t sent_at_ms;
  int64_t kept_from_ms;  /* retention counts from here */
  int64_t visible_at_ms; /* of one that was delayed */
  struct ms_str body, attributes, group, deduplication, trace, dead_letter_source;
};

void ms_queue_row_print(struct ms_buf *out, const struct ms_queue_row *row);
int ms_queue_row_read(struct ms_queue_row *out, struct ms_str bytes); /* borrows; MSTEP_EIO */
void ms_queue_put_item(struct ms_batch *batch, const struct ms_queue *queue,
                       const struct ms_queue_item *item);
void ms_queue_put_state(struct ms_batch *batch, const struct ms_queue *queue,
                        const struct ms_queue_item *item);
int ms_queue_read_state(struct ms_queue_item *item, int64_t *visible_at_ms, struct ms_str bytes);
void ms_queue_remove_rows(struct ms_batch *batch, const struct ms_queue *queue, uint64_t seq);
void ms_queue_put_recent(struct ms_batch *batch, const struct ms_queue *queue,
                         const struct ms_queue_recent *recent);
void ms_queue_remove_recent(struct ms_batch *batch, const struct ms_queue *queue, uint64_t seq);
void ms_queue_remove_all_rows(struct ms_batch *batch, const struct ms_queue *queue,
                              bool has_recents);
void ms_queue_print_sequence(char out[24], uint64_t seq);
/* The item's bytes, from memory or (then in *copy) from the store. */
int ms_queue_item_row(struct ms_queue_row *out, struct ms_buf *copy, struct ms_queue *queue,
                      const struct ms_queue_item *item);

/* ---- queue_item.c: where a message stands ---- */

/* Takes row bytes. NULL: no memory; `data` is still the caller's. */
struct ms_queue_item *ms_queue_item_add(struct ms_queue *queue, uint64_t seq, char *data,
                                        size_t len, const struct ms_queue_row *row,
                                        int64_t visible_at_ms);
void ms_queue_item_drop(struct ms_queue *queue, struct ms_queue_item *item); /* and frees */
struct ms_queue_item *ms_queue_item_find(const struct ms_queue *queue, uint64_t seq);
/* is_first: before the others, where it came from. */
void ms_queue_item_set(struct ms_queue *queue, struct ms_queue_item *item,
                       enum ms_queue_state state, int64_t visible_at_ms, bool is_first);
struct ms_queue_item *ms_queue_item_next(struct ms_queue *queue); /* to be received; NULL */
/* The next one of the same group, in one receive. */
struct ms_queue_item *ms_queue_item_behind(struct ms_queue_group *group);
int64_t ms_queue_item_visible_at_ms(const struct ms_queue *queue, const struct ms_queue_item *item);
int64_t ms_queue_item_kept_from_ms(const struct ms_queue *queue, const struct ms_queue_item *item);
void ms_queue_items_clear(struct ms_queue *queue);
void ms_queue_item_forget_body(struct ms_queue *queue, struct ms_queue_item *item);

/* ---- queue_recent.c: deduplication ---- */

struct ms_queue_recent *ms_queue_recent_find(struct ms_queue *queue, struct ms_str key,
                                             int64_t now_ms);
struct ms_queue_recent *ms_queue_recent_add(struct ms_queue *queue, struct ms_str key,
                                            const char *id, uint64_t seq, int64_t at_ms);
void ms_queue_recent_undo(struct ms_queue *queue, struct ms_queue_recent *latest);
void ms_queue_recents_expire(struct ms_queue *queue, int64_t now_ms);
void ms_queue_recents_clear(struct ms_queue *queue);

/* ---- queue.c ---- */

/* Sets *why and the error's detail; MSTEP_EINVALID. */
int ms_queue_refuse(struct ms_queue_refusal *why, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
struct ms_queue *ms_queue_by_id(const struct ms_queues *queues, uint32_t id);
int64_t ms_queue_now_ms(const struct ms_queues *queues);
void ms_queue_touch(struct ms_queue *queue); /* something may be due at another time */
int ms_queue_when_durable(struct ms_queue *queue, ms_durable_cb durable, void *arg);
int ms_queue_begin(struct ms_batch **out, struct ms_queue *queue);
int ms_queue_end(struct ms_queue *queue);
/* What has become visible by now is, and what is too old goes: first of all whatever uses a queue.
 */
void ms_queue_refresh(struct ms_queue *queue);
void ms_queue_free(struct ms_queue *queue);

/* ---- queue_life.c: queues come and go, as rows too ---- */

int ms_queue_put_queue(struct ms_batch *batch, const struct ms_queue *queue);
int ms_queue_load_all(struct ms_queues *queues);
/* The number of the next message. Writes, now and then, how far numbers may have been given out. */
int ms_queue_take_seq(uint64_t *out, struct ms_batch *batch, struct ms_queue *queue);

/* ---- queue_attributes.c ---- */

int ms_queue_settings_read(struct ms_queue *queue, struct ms_json attributes,
                           struct ms_queue_refusal *why);
int ms_queue_attributes_check(struct ms_queue *queue, struct ms_json attributes, bool is_new,
                              struct ms_queue_refusal *why);
/* What the queue has for that attribute; data NULL: nothing. */
struct ms_str ms_queue_attribute(const struct ms_queue *queue, struct ms_str name);

/* ---- queue_check.c: messages ---- */

int ms_queue_message_check(const struct ms_queue *queue, const struct ms_queue_message *message,
                           struct ms_queue_refusal *why);

/* ---- queue_send.c ---- */

/* A message as it is, with another number, into another queue, in the same change. */
int ms_queue_transfer(struct ms_queue *to, struct ms_queue *from, struct ms_queue_item *item,
                      bool is_redrive);
void ms_queue_note_body(struct ms_queue *queue, const struct ms_queue_item *item);

/* ---- queue_receive.c ---- */

void ms_queue_serve(struct ms_queue *queue); /* those who wait */
void ms_queue_polls_end(struct ms_queues *queues, int64_t now_ms);
void ms_queue_waiters_fail(struct ms_queue *queue, int code);
void ms_queue_receives_free(struct ms_queues *queues);
bool ms_queue_receives_are_busy(const struct ms_queues *queues);

/* ---- queue_deliver.c, queue_move.c ---- */

void ms_queue_deliveries_free(struct ms_queues *queues);
int64_t ms_queue_moves_due_ms(const struct ms_queues *queues);
void ms_queue_moves_on_timer(struct ms_queues *queues, int64_t now_ms);
void ms_queue_moves_free(struct ms_queues *queues);
int ms_queue_moves_load(struct ms_queues *queues);

#endif
