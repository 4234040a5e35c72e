/*
 * Topics: the driver `ms_topics_driver`. What is published goes to every subscription whose filter policy it
 * passes. Semantics are SNS's; operations take the request of its API, as buses' do (bus.h). Loop thread.
 */
#ifndef MS_MESSAGING_TOPIC_H
#define MS_MESSAGING_TOPIC_H

#include "journal/driver.h"
#include "json/json.h"
#include "messaging/queue.h"

struct ms_topics; /* the driver */

struct ms_relay;

extern const struct ms_driver_type ms_topics_driver;

/* *reply is the caller's; NONE: {}. MSTEP_EINVALID: refused, see *why. Else nothing was done. */
typedef int (*ms_topic_operation)(struct ms_topics *topics, struct ms_json request,
                                  struct ms_json *reply, struct ms_queue_refusal *why);

int ms_topic_create(struct ms_topics *topics, struct ms_json request, struct ms_json *reply,
                    struct ms_queue_refusal *why);
int ms_topic_delete(struct ms_topics *topics, struct ms_json request, struct ms_json *reply,
                    struct ms_queue_refusal *why);
int ms_topic_list(struct ms_topics *topics, struct ms_json request, struct ms_json *reply,
                  struct ms_queue_refusal *why);
int ms_topic_get_attributes(struct ms_topics *topics, struct ms_json request,
                            struct ms_json *reply, struct ms_queue_refusal *why);
int ms_topic_set_attribute(struct ms_topics *topics, struct ms_json request, struct ms_json *reply,
                           struct ms_queue_refusal *why);
int ms_topic_tag(struct ms_topics *topics, struct ms_json request, struct ms_json *reply,
                 struct ms_queue_refusal *why);
int ms_topic_untag(struct ms_topics *topics, struct ms_json request, struct ms_json *reply,
                   struct ms_queue_refusal *why);
int ms_topic_tags(struct ms_topics *topics, struct ms_json request, struct ms_json *reply,
                  struct ms_queue_refusal *why);
int ms_topic_subscribe(struct ms_topics *topics, struct ms_json request, struct ms_json *reply,
                       struct ms_queue_refusal *why);
int ms_topic_confirm(struct ms_topics *topics, struct ms_json request, struct ms_json *reply,
                     struct ms_queue_refusal *why);
int ms_topic_unsubscribe(struct ms_topics *topics, struct ms_json request, struct ms_json *reply,
                         struct ms_queue_refusal *why);
int ms_topic_list_subscriptions(struct ms_topics *topics, struct ms_json request,
                                struct ms_json *reply, struct ms_queue_refusal *why);
int ms_subscription_get_attributes(struct ms_topics *topics, struct ms_json request,
                                   struct ms_json *reply, struct ms_queue_refusal *why);
int ms_subscription_set_attribute(struct ms_topics *topics, struct ms_json request,
                                  struct ms_json *reply, struct ms_queue_refusal *why);
int ms_topic_publish(struct ms_topics *topics, struct ms_json request, struct ms_json *reply,
                     struct ms_queue_refusal *why);
int ms_topic_publish_batch(struct ms_topics *topics, struct ms_json request, struct ms_json *reply,
                           struct ms_queue_refusal *why);

/* What is published from now on, until the next of these, comes from a function with that lineage; borrowed. */
void ms_topics_set_lineage(struct ms_topics *topics, struct ms_str lineage);

/* As ms_driver_env.deliver, for arn:aws:sns:...: the body is the message. */
int ms_topic_deliver(struct ms_topics *topics, const struct ms_delivery *delivery,
                     ms_delivered_cb cb, void *arg);

/* Its deliveries under way. */
struct ms_relay *ms_topics_relay(const struct ms_topics *topics);

#endif
