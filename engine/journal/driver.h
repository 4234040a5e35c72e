/*
 * Drivers: the durable parts of the engine beside executions (queues, topics, buses, asynchronous
 * invocations, tables ...), and what each is given. A driver keeps its state in memory and as rows of the
 * store, which it writes in the commits of the journal; it writes no records there.
 *
 *   call ──▶ state in memory, ms_ledger begin, ms_batch_put ..., end
 *        ──▶ ms_ledger_when_durable(...) ──▶ the reply, the delivery: whatever leaves
 *
 * Memory may run ahead of the disk, the outside world never does: what a driver answers, hands out or
 * delivers waits for when_durable. When the store fails, what was not durable is lost: the runtime calls
 * `load` once the store is back, and the driver drops what it has in memory and reads its rows.
 *
 * Without a store everything works the same in memory; rows are not written and when_durable calls soon.
 *
 * All on the loop thread. Callbacks never come from inside the call that took them.
 */
#ifndef MS_JOURNAL_DRIVER_H
#define MS_JOURNAL_DRIVER_H

#include "base/random.h"
#include "journal/journal.h"
#include "loop/loop.h"
#include "metrics/metrics.h"
#include "store/store.h"

/* code 0: durable. MSTEP_EIO: the store failed, the outcome is not known. */
typedef void (*ms_durable_cb)(int code, void *arg);

struct ms_ledger {
  /*
   * One change: begin, ms_batch_put and _remove, end. Without a store *out is NULL: nothing to put.
   * MSTEP_EIO while the store has failed, MSTEP_ETOOBIG while too much waits for the disk: refuse the call.
   * A failed end has taken the change away; what memory was changed by then is to be put back.
   */
  int (*begin)(struct ms_batch **out, void *user);
  int (*end)(void *user);
  /*
   * cb is called when everything written so far is durable; never after the driver's close, which finds
   * what it waits for by itself. MSTEP_ENOMEM.
   */
  int (*when_durable)(ms_durable_cb cb, void *arg, void *user);
  struct ms_store *reader; /* NULL without a store; for reading, in `load` and later */
  void *user;
};

/*
 * Something that is to get to a target, whatever it is: function, queue, topic, bus, state machine, HTTP
 * endpoint, hook. Above the drivers; each uses it for its own targets.
 */
struct ms_delivery {
  struct ms_str target;      /* ARN, or https://... */
  struct ms_str body;        /* text as the target gets it: payload, message, detail */
  struct ms_str attributes;  /* JSON object of message attributes in SQS's form; data NULL = none */
  struct ms_str group;       /* FIFO; data NULL = none */
  struct ms_str deduplication;
  struct ms_str source;      /* bus: Source and DetailType of the event */
  struct ms_str detail_type;
  struct ms_str reason;      /* for a log: "destination of function f" */
  /* Where they mean something; data NULL = none. */
  struct ms_str headers;     /* HTTP: JSON object {name: text} */
  struct ms_str resources;   /* bus: JSON array, the event's resources */
  struct ms_str lineage;     /* function: JSON object {ARN: how often it ran on the way here} */
  struct ms_str secret;      /* HTTP: what the body is signed with */
  struct ms_str key;         /* folder: the file's path below it */
};

/*
 * code 0: the target has taken it, durably. Else it has not, and trying again makes sense unless
 * is_final (no such target, too large, refused). detail: for a log or a dead letter.
 */
typedef void (*ms_delivered_cb)(int code, bool is_final, const char *detail, void *arg);

struct ms_driver_env {
  struct ms_loop *loop;
  struct ms_random *random;
  const char *region, *account;
  const char *base_url; /* of addresses that answers contain: "http://127.0.0.1:4566"; NULL or "": AWS's */
  int missed_runs; /* enum ms_missed_runs of messaging/schedule.h */
  struct ms_ledger ledger;
  /*
   * One try; everything is copied. cb once. On an error cb is not called: MSTEP_ENOMEM, MSTEP_EIO and
   * MSTEP_ETOOBIG pass, any other is final (no such kind of target, MSTEP_EUNSUPPORTED: not yet).
   */
  int (*deliver)(const struct ms_delivery *delivery, ms_delivered_cb cb, void *arg, void *user);
  /* After something was made due outside of on_timer: the loop is to look at next_due_ms again. */
  void (*touch)(void *user);
  void (*log)(int level, const char *module, const char *text, void *user);
  void *user;
};

/* A row of runtime/drivers.def. `driver` is the driver's own struct. */
struct ms_driver_type {
  const char *name;
  int (*open)(void **driver, const struct ms_driver_env *env); /* env is valid until close */
  void (*close)(void *driver);                                 /* NULL is fine; nobody is called */
  /* Drops what memory has and reads the rows. Those who wait for an answer hear MSTEP_EIO. NULL = none */
  int (*load)(void *driver);
  /* After load, once everybody is there: what is to be delivered goes on. NULL = nothing does. */
  void (*resume)(void *driver);
  int64_t (*next_due_ms)(void *driver); /* wall time; 0 = nothing is due. NULL likewise */
  void (*on_timer)(void *driver, int64_t now_ms);
  /* Is something under way that keeps an engine from being done (mstep_engine_run)? NULL = never */
  bool (*is_busy)(void *driver);
  /* Its figures, for whoever watches (metrics/README.md). NULL = none */
  void (*collect)(void *driver, struct ms_metrics *metrics);
};

#endif
