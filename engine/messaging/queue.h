/*
 * Queues: the driver `ms_queues_driver`, and what others call to send to queues and to receive from
 * them. Semantics are SQS's: visibility, delay, retention, long polls, FIFO groups and
 * deduplication, dead letters.
 *
 * A `struct ms_queue *` is good until the next turn of the loop: find it again, do not keep it.
 * Loop thread. Calls change memory and write into the ledger; what they say may leave when that is
 * durable: either through their `durable` callback, or ms_ledger.when_durable once for many calls.
 * Callbacks never come from inside the call that took them.
 */
#ifndef MS_MESSAGING_QUEUE_H
#define MS_MESSAGING_QUEUE_H

#include "journal/driver.h"
#include "json/json.h"

struct ms_queues; /* the driver */
struct ms_queue;
struct ms_queue_receive;

extern const struct ms_driver_type ms_queues_driver;

#define MS_QUEUE_MAX_MESSAGES 10 /* of one receive, and of a batch */

/* Why a call was refused, as SQS says it. Out parameters of this type may be NULL. */
struct ms_queue_refusal {
  const char *name; /* JSON name of the error: "QueueDoesNotExist"; NULL: none, see the code */
  char text[512];
};

/* What the driver was given: region, account, ledger. */
const struct ms_driver_env *ms_queues_env(const struct ms_queues *queues);

/* ---- which queue ---- */

struct ms_queue *ms_queue_find(struct ms_queues *queues,
                               struct ms_str arn); /* NULL: there is none */
struct ms_queue *ms_queue_named(struct ms_queues *queues, struct ms_str name);
/* By "https://host/account/name"; the host is passed over. */
struct ms_queue *ms_queue_at(struct ms_queues *queues, struct ms_str url);
const char *ms_queue_name(const struct ms_queue *queue);
const char *ms_queue_arn(const struct ms_queue *queue);
bool ms_queue_is_fifo(const struct ms_queue *queue);
int64_t ms_queue_visibility_s(const struct ms_queue *queue); /* its VisibilityTimeout */

/* ---- sending ---- */

/* Texts with data NULL: none. All is copied. */
struct ms_queue_message {
  struct ms_str body;
  struct ms_json attributes; /* {"name": {"DataType", "StringValue" | "BinaryValue"}}; NONE */
  struct ms_str group;
  struct ms_str deduplication;
  struct ms_str trace; /* AWSTraceHeader */
  int64_t delay_s;     /* -1: as the queue says */
};

struct ms_queue_sent {
  char id[37];
  char body_md5[33];
  char attributes_md5[33]; /* "" without attributes */
  char trace_md5[33];      /* likewise */
  char sequence[24];       /* FIFO; else "" */
};

/*
 * Sends one message. *sent (may be NULL) is filled at once. A duplicate within the deduplication
 * window is fine, and gets what the first one got. durable (may be NULL) is called when it will not
 * be lost.
 *
 * MSTEP_EINVALID   refused, see *why
 * MSTEP_ENOMEM, MSTEP_EIO, MSTEP_ETOOBIG (too much waits for the disk): not sent, `durable` is not
 * called
 */
int ms_queue_send(struct ms_queue *queue, const struct ms_queue_message *message,
                  struct ms_queue_sent *sent, struct ms_queue_refusal *why, ms_durable_cb durable,
                  void *arg);

/* ---- receiving ---- */

struct ms_queue_request {
  unsigned max;          /* 1 to 10; 0 = 1 */
  int64_t visibility_s;  /* -1: as the queue says */
  int64_t wait_ms;       /* a long poll; -1: as the queue says */
  struct ms_str attempt; /* ReceiveRequestAttemptId; taken, without effect yet */
  /* Waits as long as it takes, whatever wait_ms is, and keeps no run of the engine going. */
  bool is_background;
};

/* Borrowed during the callback. */
struct ms_queue_received {
  char id[37];
  char handle[64];
  struct ms_str body;
  struct ms_json attributes; /* message attributes as they were sent; NONE */
  struct ms_str group;       /* data NULL: none, like the next three */
  struct ms_str deduplication;
  struct ms_str trace;
  struct ms_str dead_letter_source; /* ARN of the queue that it was moved from */
  char sequence[24];                /* FIFO; else "" */
  int64_t sent_at_ms;
  int64_t first_received_ms;
  unsigned receives; /* how often by now, 1 = the first time */
};

/*
 * code 0: `count` messages, which are in flight from now on; 0 when there were none in all that
 * time. They come when their receive count is durable. Else nothing was received.
 */
typedef void (*ms_queue_received_cb)(int code, const struct ms_queue_received *messages,
                                     size_t count, void *arg);

/*
 * cb once, later, unless cancelled or the driver is closed. *out (may be NULL) is for cancelling,
 * good until cb. MSTEP_EINVALID (*why: OverLimit), MSTEP_ENOMEM, MSTEP_EIO, MSTEP_ETOOBIG: cb is
 * not called.
 */
int ms_queue_receive(struct ms_queue *queue, const struct ms_queue_request *request,
                     struct ms_queue_receive **out, struct ms_queue_refusal *why,
                     ms_queue_received_cb cb, void *arg);
/* Nobody waits any more: what was about to be handed out is visible again. cb is not called. */
void ms_queue_receive_cancel(struct ms_queue_receive *receive);

/*
 * What is sent from now on, until the next of these, comes from a function with that lineage (lineage.h; borrowed,
 * data NULL: it does not): it goes along as AWSTraceHeader.
 */
void ms_queues_set_lineage(struct ms_queues *queues, struct ms_str lineage);

/* By the handle of a receive. Deleting what is gone already is fine. MSTEP_EINVALID: see *why. */
int ms_queue_delete(struct ms_queue *queue, struct ms_str handle, struct ms_queue_refusal *why,
                    ms_durable_cb durable, void *arg);
/* Visible in so many seconds from now; 0: at once. */
int ms_queue_visibility(struct ms_queue *queue, struct ms_str handle, int64_t visibility_s,
                        struct ms_queue_refusal *why, ms_durable_cb durable, void *arg);

/* ---- from everywhere: as ms_driver_env.deliver, for arn:aws:sqs:... ---- */

int ms_queue_deliver(struct ms_queues *queues, const struct ms_delivery *delivery,
                     ms_delivered_cb cb, void *arg);

/*
 * Hexadecimal MD5 of message attributes as SQS computes it. names: NULL = all. MSTEP_EINVALID: they
 * are not of the form above.
 */
int ms_queue_attributes_md5(char out[33], struct ms_json attributes);

#endif
