/*
 * Resources as rows: what queues, topics, buses, rules are configured to be, a JSON text each in
 * MS_TABLE_RESOURCE under "kind\0name". And refusals in AWS's words.
 */
#ifndef MS_MESSAGING_RESOURCE_H
#define MS_MESSAGING_RESOURCE_H

#include "journal/driver.h"
#include "json/json.h"
#include "messaging/queue.h"

/* Into a change that is open; batch NULL: nothing to put. Failures are the batch's. */
void ms_resource_put(struct ms_batch *batch, const char *kind, struct ms_str name,
                     struct ms_json value);
void ms_resource_remove(struct ms_batch *batch, const char *kind, struct ms_str name);
/* A change of its own; value NONE: removes. What begin and end say. */
int ms_resource_save(const struct ms_ledger *ledger, const char *kind, struct ms_str name,
                     struct ms_json value);

/* Borrowed. */
typedef int (*ms_resource_cb)(struct ms_str name, struct ms_json value, void *user);
/* All of a kind, by their names. reader NULL: none. */
int ms_resource_scan(struct ms_store *reader, const char *kind, ms_resource_cb cb, void *user);

/* Says why and gives MSTEP_EINVALID. why may be NULL. */
int ms_refuse(struct ms_queue_refusal *why, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Copies the members of that name, a list that NULL ends; to an object. MSTEP_ENOMEM. */
int ms_resource_copy(struct ms_json *to, struct ms_json from, const char *const *names);

#endif
