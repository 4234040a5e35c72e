/* The driver's own structs. */
#ifndef MS_INVOKE_INTERNAL_H
#define MS_INVOKE_INTERNAL_H

#include "base/heap.h"
#include "base/map.h"
#include "invoke/invoke.h"
#include "messaging/lineage.h"

/* A function that has a row, or calls that run. */
struct ms_invoke_function {
  struct ms_json row; /* NONE: none */
  unsigned run_count;
};

enum ms_invoke_condition {
  MS_INVOKE_OPEN,
  MS_INVOKE_SUCCESS,
  MS_INVOKE_RETRIES_EXHAUSTED,
  MS_INVOKE_AGE_EXCEEDED,
  MS_INVOKE_ZERO_CONCURRENCY,
  MS_INVOKE_RECURSIVE
};

/* An asynchronous invocation until it has ended. */
struct ms_queued {
  struct ms_heap_node node; /* first; in the heap while it waits for its time */
  struct ms_queued *next, **slot;
  struct ms_invoke *invoke;
  uint64_t number;
  char request_id[37];
  struct ms_function_name name; /* in texts, with payload, lineage and fallback */
  struct ms_str payload, lineage;
  /* {"EventInvokeConfig", "DeadLetterConfig"} as of its acceptance, for when the function is gone. */
  struct ms_str fallback;
  char *texts;
  int64_t accepted_at_ms;
  int64_t not_before_ms;
  int64_t throttle_ms; /* the last pause; 0: none yet */
  uint32_t attempts;   /* that count */
  /* of the last attempt: */
  int status; /* 200, 404; 0: none yet */
  bool is_error;
  char version[72];
  struct ms_buf response;              /* JSON text */
  enum ms_invoke_condition condition;  /* not OPEN: only the commit of its end is missing */
  struct ms_invoke_function *function; /* whose run it counts as */
  ms_invoke_sent_cb sent;
  void *user;
  unsigned holds; /* answers that are to come: of the ledger, of Lua */
  unsigned saves; /* of them: that the row as it is now is durable */
  size_t size;    /* in memory */
  bool is_begun;  /* the row says that one more attempt than `attempts` has begun */
  bool is_cut;    /* it said so when it was read: that attempt ended with the process */
  bool is_stored; /* the row is durable and says all but the last pause: memory may let go of it */
  bool is_dropped;
};

/* An event that is in the store alone. */
struct ms_parked_entry {
  int64_t due_at_ms;
  uint64_t number;
  int64_t throttle_ms;
};

struct ms_parked {
  struct ms_parked_entry *data;
  size_t count, capacity;
};

/* A call that somebody waits for. */
struct ms_invoke_run {
  struct ms_invoke_run *next, **slot;
  struct ms_invoke *invoke;
  struct ms_invoke_function *function;
  ms_invoke_answer_cb done;
  void *user;
  char request_id[37];
};

/* Somebody who waits for the end of an event. */
struct ms_invoke_waiter {
  struct ms_invoke_waiter *next, **slot;
  struct ms_invoke *invoke;
  char request_id[37];
  bool is_sending; /* the event is not yet durable */
  bool is_ended;   /* record is there, and not yet durable */
  enum ms_invoke_condition condition;
  struct ms_buf record;
  ms_invoke_ended_cb ended; /* NULL: withdrawn */
  void *user;
};

struct ms_invoke {
  const struct ms_driver_env *env;
  struct ms_invoke_up up;
  struct ms_lua *lua;      /* NULL until it was attached */
  struct ms_map functions; /* by name: struct ms_invoke_function */
  struct ms_map codes;     /* without a store: files by "NAME\0VERSION", struct ms_json * */
  struct ms_queued *queue; /* all */
  struct ms_invoke_run *runs;
  struct ms_invoke_waiter *waiters;
  struct ms_heap heap;
  struct ms_parked parked;
  size_t resident_bytes, resident_max;
  unsigned account_max; /* 0: none */
  enum ms_invoke_refusal refusal;
  struct ms_invoke_counts counts;
  struct ms_outbox *outbox;
  uint64_t next_number;
  uint64_t next_order;
  uint64_t recovered_below; /* events with smaller numbers were there before this start */
  size_t open_count;  /* of the queue, without those that were dropped */
  unsigned run_count; /* of the queue's calls */
  bool is_resumed;
  bool is_going;
};

/* ---- functions.c ---- */
struct ms_invoke_function *ms_invoke_function_get(struct ms_invoke *invoke, struct ms_str name,
                                                  bool must_make);     /* NULL: none, no memory */
void ms_invoke_functions_drop(struct ms_invoke *invoke); /* what memory has of rows, and Lua of code */
int ms_invoke_functions_load(struct ms_invoke *invoke);
void ms_invoke_functions_deinit(struct ms_invoke *invoke);
/* The event invoke config of exactly that qualifier; borrowed, NONE: none. */
struct ms_json ms_invoke_event_config(const struct ms_invoke *invoke,
                                      const struct ms_function_name *name);

/* ---- limits.c ---- */
int64_t ms_invoke_reserved(const struct ms_invoke_function *function); /* -1: not reserved */
/* MSTEP_ESTATE: none; then the refusal says why. */
int ms_invoke_room(struct ms_invoke *invoke, const struct ms_invoke_function *function);
/* Has it run too often on the way here? */
bool ms_invoke_is_loop(struct ms_invoke *invoke, struct ms_str name, struct ms_str lineage);
/* What it hands on, appended. */
int ms_invoke_lineage(struct ms_buf *out, const struct ms_invoke *invoke, struct ms_str name,
                      struct ms_str lineage);
/* function NULL: one that is not there, which is not counted. */
void ms_invoke_begin_run(struct ms_invoke *invoke, struct ms_invoke_function *function);
void ms_invoke_end_run(struct ms_invoke *invoke, struct ms_invoke_function *function,
                       bool is_error);

/* ---- parked.c ---- */
int ms_parked_add(struct ms_parked *parked, struct ms_parked_entry entry);
const struct ms_parked_entry *ms_parked_first(const struct ms_parked *parked); /* NULL: none */
struct ms_parked_entry ms_parked_take(struct ms_parked *parked);               /* there is one */
void ms_parked_clear(struct ms_parked *parked);

/* ---- queue.c ---- */
void ms_invoke_queue_drop(struct ms_invoke *invoke); /* what memory has */
int ms_invoke_queue_load(struct ms_invoke *invoke);
/* When the next event is due; 0: none is waiting. */
int64_t ms_invoke_queue_due_ms(const struct ms_invoke *invoke);
bool ms_invoke_is_crowded(const struct ms_invoke *invoke); /* more in memory than there should be */
void ms_invoke_queue_deinit(struct ms_invoke *invoke);
void ms_invoke_go(struct ms_invoke *invoke); /* begins what is due */
void ms_queued_drop(struct ms_queued *queued);
/* Waits until then, in memory or, when that is crowded, in the store alone: then *queued is gone. */
void ms_queued_wait(struct ms_queued *queued, int64_t at_ms);
/* Writes the row as it is now. When the ledger refuses, what is lost is how often it was tried. */
void ms_queued_save(struct ms_queued *queued);
int ms_queued_put_row(struct ms_batch *batch, const struct ms_queued *queued);

/* ---- attempt.c ---- */
void ms_queued_attempt(struct ms_queued *queued);

/* ---- ending.c ---- */
void ms_queued_end(struct ms_queued *queued, enum ms_invoke_condition condition);

/* The name of a condition: "RetriesExhausted". */
const char *ms_invoke_condition_name(enum ms_invoke_condition condition);

/* ---- waiter.c ---- */
/* The event has ended, in the commit that is being made. */
void ms_invoke_tell_end(struct ms_queued *queued, enum ms_invoke_condition condition);
void ms_invoke_waiters_deinit(struct ms_invoke *invoke);

/* ---- record.c ---- */
/* The invocation record, as Lambda prints it. */
void ms_invoke_record(struct ms_buf *out, const struct ms_queued *queued,
                      enum ms_invoke_condition condition, int64_t now_ms);

/* ---- call.c ---- */
void ms_invoke_runs_deinit(struct ms_invoke *invoke);
/* The error of a call that did not end well, in Lambda's form. */
void ms_invoke_failure_text(struct ms_buf *out, const struct ms_lua_result *result);

#endif
