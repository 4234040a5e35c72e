/*
 * Queues as things that are made, described and deleted: what operations of the API call beside
 * queue.h. Changes are in the ledger when a call returns; answer when they are durable.
 */
#ifndef MS_MESSAGING_QUEUE_CONFIG_H
#define MS_MESSAGING_QUEUE_CONFIG_H

#include "messaging/queue.h"

/* The same name and, of the given attributes, the same values: the queue that is there. tags: NONE
 * or object. */
int ms_queue_create(struct ms_queue **out, struct ms_queues *queues, struct ms_str name,
                    struct ms_json attributes, struct ms_json tags, struct ms_queue_refusal *why);
int ms_queue_remove(struct ms_queue *queue);
int ms_queue_purge(struct ms_queue *queue, struct ms_queue_refusal *why);
int ms_queue_set(struct ms_queue *queue, struct ms_json attributes, struct ms_queue_refusal *why);
/* names: an array of strings, "All" among them or not. *out: an object of strings. */
int ms_queue_describe(struct ms_json *out, struct ms_queue *queue, struct ms_json names,
                      struct ms_queue_refusal *why);
struct ms_json ms_queue_tags(const struct ms_queue *queue);      /* borrowed */
int ms_queue_tag(struct ms_queue *queue, struct ms_json tags);   /* an object of strings */
int ms_queue_untag(struct ms_queue *queue, struct ms_json keys); /* an array of strings */
/* Names in order, behind `after` (data NULL: from the start), at most max; *has_more: there are
 * further ones. */
int ms_queue_list(struct ms_json *out, bool *has_more, struct ms_queues *queues,
                  struct ms_str prefix, struct ms_str after, size_t max);
/* The same of the queues whose dead letters go to this one. */
int ms_queue_sources(struct ms_json *out, bool *has_more, struct ms_queue *queue,
                     struct ms_str after, size_t max);

/* Messages of a dead letter queue go back to where they came from, or to another queue (data NULL:
 * back). */
int ms_queue_move_start(char handle[64], struct ms_queues *queues, struct ms_str source_arn,
                        struct ms_str destination_arn, unsigned per_second,
                        struct ms_queue_refusal *why);
/* *moved: how many by now. */
int ms_queue_move_cancel(uint64_t *moved, struct ms_queues *queues, struct ms_str handle,
                         struct ms_queue_refusal *why);
/* ListMessageMoveTasks's Results, the latest first. */
int ms_queue_move_list(struct ms_json *out, struct ms_queues *queues, struct ms_str source_arn,
                       size_t max, struct ms_queue_refusal *why);

#endif
