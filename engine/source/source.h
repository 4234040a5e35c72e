/*
 * Event source mappings as Lambda has them: what comes into a queue or a table's change stream is given to a
 * function in batches, until the function has done it. The driver `ms_sources_driver`; a mapping is a row of
 * MS_TABLE_RESOURCE, "event-source-mapping\0UUID".
 *
 *   Creating ──▶ Enabled ◀──▶ Enabling, Updating, Disabling ◀──▶ Disabled      Deleting ──▶ gone
 *
 * What an operation has changed counts when it is durable; then the next state is reached at once, but for
 * Disabling and Deleting, which wait for the batches that are with the function.
 *
 * Loop thread only.
 */
#ifndef MS_SOURCE_SOURCE_H
#define MS_SOURCE_SOURCE_H

#include "invoke/invoke.h"
#include "journal/driver.h"
#include "messaging/queue.h"
#include "json/json.h"

struct ms_sources; /* the driver */

extern const struct ms_driver_type ms_sources_driver;

/* What it takes from and gives to: other drivers, which live longer. */
struct ms_sources_up {
  struct ms_queues *queues;
  struct ms_invoke *invoke;
};
void ms_sources_set_up(struct ms_sources *sources,
                       const struct ms_sources_up *up); /* before load */

/*
 * Operations: AWS's members in, the reply as AWS has it out (owned). MSTEP_EINVALID: refused, *why has
 * the name of the error and its text. The change is in the ledger: answer when that is durable.
 */
typedef int (*ms_source_operation)(struct ms_sources *sources, struct ms_json request,
                                   struct ms_json *reply, struct ms_queue_refusal *why);
int ms_mapping_create(struct ms_sources *sources, struct ms_json request, struct ms_json *reply,
                      struct ms_queue_refusal *why);
int ms_mapping_get(struct ms_sources *sources, struct ms_json request, struct ms_json *reply,
                   struct ms_queue_refusal *why);
int ms_mapping_update(struct ms_sources *sources, struct ms_json request, struct ms_json *reply,
                      struct ms_queue_refusal *why);
int ms_mapping_delete(struct ms_sources *sources, struct ms_json request, struct ms_json *reply,
                      struct ms_queue_refusal *why);
int ms_mapping_list(struct ms_sources *sources, struct ms_json request, struct ms_json *reply,
                    struct ms_queue_refusal *why);

#endif
