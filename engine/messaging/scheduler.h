/*
 * EventBridge Scheduler: the driver `ms_scheduler_driver`. Schedules in groups, each with one target, to which
 * something is sent whenever the schedule is due: once, at a rate, or by a clock of any time zone.
 *
 * Operations take the request of AWS's API and give its answer. They change memory and write into the ledger; what
 * they say may leave when that is durable. Loop thread.
 */
#ifndef MS_MESSAGING_SCHEDULER_H
#define MS_MESSAGING_SCHEDULER_H

#include "journal/driver.h"
#include "messaging/queue.h"
#include "json/json.h"

struct ms_scheduler; /* the driver */

struct ms_relay;

extern const struct ms_driver_type ms_scheduler_driver;

/*
 * *reply is the caller's; NONE: there is nothing to say ({}). MSTEP_EINVALID: refused, see *why.
 * MSTEP_ENOMEM, MSTEP_EIO, MSTEP_ETOOBIG: nothing was done.
 */
typedef int (*ms_scheduler_operation)(struct ms_scheduler *scheduler, struct ms_json request,
                                      struct ms_json *reply, struct ms_queue_refusal *why);

int ms_scheduler_create(struct ms_scheduler *scheduler, struct ms_json request,
                        struct ms_json *reply, struct ms_queue_refusal *why);
int ms_scheduler_update(struct ms_scheduler *scheduler, struct ms_json request,
                        struct ms_json *reply, struct ms_queue_refusal *why);
int ms_scheduler_get(struct ms_scheduler *scheduler, struct ms_json request, struct ms_json *reply,
                     struct ms_queue_refusal *why);
int ms_scheduler_delete(struct ms_scheduler *scheduler, struct ms_json request,
                        struct ms_json *reply, struct ms_queue_refusal *why);
int ms_scheduler_list(struct ms_scheduler *scheduler, struct ms_json request, struct ms_json *reply,
                      struct ms_queue_refusal *why);
int ms_scheduler_create_group(struct ms_scheduler *scheduler, struct ms_json request,
                              struct ms_json *reply, struct ms_queue_refusal *why);
int ms_scheduler_get_group(struct ms_scheduler *scheduler, struct ms_json request,
                           struct ms_json *reply, struct ms_queue_refusal *why);
int ms_scheduler_delete_group(struct ms_scheduler *scheduler, struct ms_json request,
                              struct ms_json *reply, struct ms_queue_refusal *why);
int ms_scheduler_list_groups(struct ms_scheduler *scheduler, struct ms_json request,
                             struct ms_json *reply, struct ms_queue_refusal *why);
int ms_scheduler_tag(struct ms_scheduler *scheduler, struct ms_json request, struct ms_json *reply,
                     struct ms_queue_refusal *why);
int ms_scheduler_untag(struct ms_scheduler *scheduler, struct ms_json request,
                       struct ms_json *reply, struct ms_queue_refusal *why);
int ms_scheduler_list_tags(struct ms_scheduler *scheduler, struct ms_json request,
                           struct ms_json *reply, struct ms_queue_refusal *why);

/* Its deliveries under way. */
struct ms_relay *ms_scheduler_relay(const struct ms_scheduler *scheduler);

#endif
