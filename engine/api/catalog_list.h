/* What operations do with the runtime's catalog: put things into it, show them, list them. */
#ifndef MS_API_CATALOG_LIST_H
#define MS_API_CATALOG_LIST_H

#include "api/members.h"
#include "runtime/catalog.h"

/*
 * Answers with {member: [...], nextToken?}: what `item` makes (owned; NONE: out of memory) of each entry of
 * that kind that `is_wanted`, NULL: all.
 */
struct ms_api_catalog_list {
  const char *kind;
  const char *member;
  bool (*is_wanted)(const struct ms_api_call *call, struct ms_str name, struct ms_json value);
  struct ms_json (*item)(struct ms_str name, struct ms_json value);
  const char *limit; /* name of the member that says how many; NULL: "maxResults" */
  const char *token; /* likewise; NULL: "nextToken" */
};
int ms_api_catalog_list(struct ms_api_call *call, const struct ms_api_catalog_list *list);

/* An object of these members of `from`, as far as it has them. NONE: out of memory. */
struct ms_json ms_api_pick(struct ms_json from, const char *const *names);
/* Sets members of *object from the request, as far as it has them. */
int ms_api_copy(struct ms_json *object, const struct ms_api_call *call, const char *const *names);
/* Puts value (takes; NONE: out of memory) and answers with reply (takes; likewise) when it is durable. */
int ms_api_catalog_put(struct ms_api_call *call, const char *kind, struct ms_str name,
                       struct ms_json value, struct ms_json reply);

#endif
