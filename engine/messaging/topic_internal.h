/* Topics and subscriptions in memory. Private to the topic's files. */
#ifndef MS_MESSAGING_TOPIC_INTERNAL_H
#define MS_MESSAGING_TOPIC_INTERNAL_H

#include "base/map.h"
#include "messaging/policy.h"
#include "messaging/relay.h"
#include "messaging/resource.h"
#include "messaging/topic.h"

#define MS_TOPIC_PAGE 100 /* topics or subscriptions, in one answer of a list */

struct ms_subscription {
  struct ms_subscription *next; /* of its topic, oldest first */
  struct ms_topic *topic;
  struct ms_json row; /* {"SubscriptionArn", "TopicArn", "Protocol", "Endpoint", "Owner", "Token", "Attributes"} */
  struct ms_str arn, protocol, endpoint; /* borrowed from it, as are these */
  struct ms_str token; /* data NULL: confirmed */
  struct ms_json attributes;
  struct ms_policy *policy; /* NULL: everything */
  bool is_raw;
};

struct ms_topic {
  struct ms_topic *next; /* by ARN */
  struct ms_json row;    /* {"TopicArn", "Attributes", "Tags"?} */
  struct ms_str arn;     /* borrowed from it */
  struct ms_json attributes;
  bool is_fifo;
  struct ms_subscription *subscriptions;
};

#define MS_TOPIC_RECENT_MS 300000

/* A message that a FIFO topic remembers. */
struct ms_topic_recent {
  struct ms_topic_recent *next; /* oldest first */
  int64_t until_ms;
  char id[37], sequence[24];
  size_t key_len;
  char key[];
};

struct ms_topics {
  const struct ms_driver_env *env;
  struct ms_topic *first;
  struct ms_relay *relay;
  struct ms_topic_wait *waits;
  int64_t sequence;
  uint64_t published;
  struct ms_str lineage; /* of who publishes now */
  struct ms_map recents; /* by key */
  struct ms_topic_recent *recent_first, **recent_last;
  int64_t recent_again_ms; /* not looked at before */
};

struct ms_str ms_topic_text(struct ms_json object, const char *name); /* data NULL: none */
/* By the request's `member`; NULL: *why says so. */
struct ms_topic *ms_topic_asked(struct ms_topics *topics, struct ms_json request,
                                const char *member, struct ms_queue_refusal *why);

/* ---- topic_subscription.c ---- */
/* Compiles a row and puts it in the place of what its ARN had; takes row. */
int ms_subscription_install(struct ms_topic *topic, struct ms_topics *topics, struct ms_json row,
                            bool is_saved, struct ms_queue_refusal *why);
void ms_subscription_free(struct ms_subscription *subscription);

/* ---- topic_recent.c ---- */
void ms_topic_recents_init(struct ms_topics *topics);
void ms_topic_recents_clear(struct ms_topics *topics); /* in memory */
int ms_topic_recents_load(struct ms_topics *topics);
int64_t ms_topic_recents_due_ms(const struct ms_topics *topics); /* 0: nothing runs out */
void ms_topic_recents_expire(struct ms_topics *topics, int64_t now_ms);
/* What a message is known by, appended. */
int ms_topic_recent_key(struct ms_buf *out, const struct ms_topic *topic, struct ms_str group,
                        struct ms_str id);
const struct ms_topic_recent *ms_topic_recent_find(const struct ms_topics *topics,
                                                   struct ms_str key); /* NULL: none */
/* A new one, without id and sequence; taken back when the message was not published after all. */
int ms_topic_recent_add(struct ms_topic_recent **out, struct ms_topics *topics, struct ms_str key);
void ms_topic_recent_take_back(struct ms_topics *topics, struct ms_topic_recent *recent);
int ms_topic_recent_put(struct ms_batch *batch, const struct ms_topic_recent *recent);

/* ---- topic_publish.c ---- */
/* Asks the endpoint of a subscription to confirm it. */
int ms_topic_ask_to_confirm(struct ms_topics *topics, const struct ms_subscription *subscription);
void ms_topic_waits_free(struct ms_topics *topics);

#endif
