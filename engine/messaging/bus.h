/*
 * Event buses: the driver `ms_buses_driver`. Events that are put on a bus go to the targets of every rule whose
 * pattern they match; rules with a schedule make events of their own. Semantics are EventBridge's.
 *
 * Operations take the request of AWS's API and give its answer. They change memory and write into the ledger;
 * what they say may leave when that is durable. Loop thread.
 */
#ifndef MS_MESSAGING_BUS_H
#define MS_MESSAGING_BUS_H

#include "journal/driver.h"
#include "messaging/queue.h"
#include "json/json.h"

struct ms_buses; /* the driver */

struct ms_relay;

extern const struct ms_driver_type ms_buses_driver;

/*
 * *reply is the caller's; NONE: there is nothing to say ({}). MSTEP_EINVALID: refused, see *why.
 * MSTEP_ENOMEM, MSTEP_EIO, MSTEP_ETOOBIG: nothing was done.
 */
typedef int (*ms_bus_operation)(struct ms_buses *buses, struct ms_json request,
                                struct ms_json *reply, struct ms_queue_refusal *why);

int ms_bus_put_events(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                      struct ms_queue_refusal *why);
int ms_bus_put_rule(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                    struct ms_queue_refusal *why);
int ms_bus_delete_rule(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                       struct ms_queue_refusal *why);
int ms_bus_describe_rule(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                         struct ms_queue_refusal *why);
int ms_bus_list_rules(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                      struct ms_queue_refusal *why);
int ms_bus_enable_rule(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                       struct ms_queue_refusal *why);
int ms_bus_disable_rule(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                        struct ms_queue_refusal *why);
int ms_bus_put_targets(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                       struct ms_queue_refusal *why);
int ms_bus_remove_targets(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                          struct ms_queue_refusal *why);
int ms_bus_list_targets(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                        struct ms_queue_refusal *why);
int ms_bus_list_rule_names(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                           struct ms_queue_refusal *why);
int ms_bus_create(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                  struct ms_queue_refusal *why);
int ms_bus_delete(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                  struct ms_queue_refusal *why);
int ms_bus_describe(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                    struct ms_queue_refusal *why);
int ms_bus_list(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                struct ms_queue_refusal *why);
int ms_bus_update(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                  struct ms_queue_refusal *why);
int ms_bus_put_permission(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                          struct ms_queue_refusal *why);
int ms_bus_remove_permission(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                             struct ms_queue_refusal *why);
int ms_bus_tag(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
               struct ms_queue_refusal *why);
int ms_bus_untag(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                 struct ms_queue_refusal *why);
int ms_bus_tags(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                struct ms_queue_refusal *why);
int ms_bus_create_archive(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                          struct ms_queue_refusal *why);
int ms_bus_describe_archive(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                            struct ms_queue_refusal *why);
int ms_bus_update_archive(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                          struct ms_queue_refusal *why);
int ms_bus_delete_archive(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                          struct ms_queue_refusal *why);
int ms_bus_list_archives(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                         struct ms_queue_refusal *why);
int ms_bus_start_replay(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                        struct ms_queue_refusal *why);
int ms_bus_describe_replay(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                           struct ms_queue_refusal *why);
int ms_bus_list_replays(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                        struct ms_queue_refusal *why);
int ms_bus_cancel_replay(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                         struct ms_queue_refusal *why);
int ms_bus_test_pattern(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                        struct ms_queue_refusal *why);

/*
 * An event of the engine's own on the default bus ("aws.states"): detail is a JSON object, resource an ARN.
 * Nothing is done when nobody has a rule. MSTEP_ENOMEM, MSTEP_EIO, MSTEP_ETOOBIG.
 */
int ms_bus_publish(struct ms_buses *buses, const char *source, const char *detail_type,
                   struct ms_str resource, struct ms_json detail);
bool ms_bus_has_rules(const struct ms_buses *buses); /* on the default bus, or archives */

/*
 * As ms_driver_env.deliver, for arn:aws:events:...:event-bus/...: body is the detail of an event from `source`;
 * without a source it is an event of another bus, whole.
 */
int ms_bus_deliver(struct ms_buses *buses, const struct ms_delivery *delivery, ms_delivered_cb cb,
                   void *arg);

/* Its deliveries under way. */
struct ms_relay *ms_buses_relay(const struct ms_buses *buses);

#endif
