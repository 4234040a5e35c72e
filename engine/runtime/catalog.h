/*
 * What Step Functions keeps beside machines and executions: activities, tags, versions, aliases. Each is a
 * JSON object with a kind and a name, in the order in which they were made. What the objects mean is their
 * operations' business.
 */
#ifndef MS_RUNTIME_CATALOG_H
#define MS_RUNTIME_CATALOG_H

#include "journal/driver.h"
#include "json/json.h"
#include "runtime/runtime.h"

extern const struct ms_driver_type ms_catalog_driver;

/* Borrowed until the next change; NONE: there is none. */
struct ms_json ms_catalog_get(const struct ms_engine *engine, const char *kind, struct ms_str name);
/* Takes value. One that is there already keeps its place. */
int ms_catalog_put(struct ms_engine *engine, const char *kind, struct ms_str name,
                   struct ms_json value);
/*
 * The same in a transition that the caller has begun; batch NULL: in one of its own. When that transition is taken
 * back, the catalog is to be read again: ms_durable_break.
 */
int ms_catalog_put_within(struct ms_engine *engine, struct ms_batch *batch, const char *kind,
                          struct ms_str name, struct ms_json value);
int ms_catalog_remove(struct ms_engine *engine, const char *kind, struct ms_str name);
/*
 * The first of that kind behind place *at (0: of all), and its place. False at the end. Places are greater
 * than 0 and stay what they are.
 */
bool ms_catalog_next(struct ms_str *name, struct ms_json *value, uint64_t *at,
                     const struct ms_engine *engine, const char *kind);

#endif
