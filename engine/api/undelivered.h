/* What was not delivered, wherever in the engine: of functions, buses, topics, schedules. */
#ifndef MS_API_UNDELIVERED_H
#define MS_API_UNDELIVERED_H

#include "api/members.h"

enum ms_undelivered_change { MS_UNDELIVERED_REPLAY, MS_UNDELIVERED_PURGE };

/* A page, each item with an Id that is of that kind alone ("3" of functions, "buses:3"); token as below. */
int ms_undelivered_list(struct ms_json *out, struct ms_json *next_token, struct ms_api_call *call,
                        struct ms_str token, size_t max);
/* One of them, MSTEP_ENOTFOUND; or all, id data NULL. *count: how many more. */
int ms_undelivered_change(size_t *count, struct ms_api_call *call, struct ms_str id,
                          enum ms_undelivered_change change);
/* Changes those of the member "ids", or all, and answers {member: how many, "unknownIds"?}. */
int ms_undelivered_run(struct ms_api_call *call, enum ms_undelivered_change change,
                       const char *member);

#endif
