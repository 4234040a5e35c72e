/* Pages of what the runtime's catalog has. */
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

#endif
