/*
 * The configuration of asynchronous invocation of one function, version or alias, as kept in the function's
 * row and as answered. Ours beside AWS's: RetryBackoff {IntervalSeconds, BackoffRate, MaxDelaySeconds,
 * JitterStrategy}, with which there may be more than two retries, and SigningSecret of a destination, which
 * is never shown.
 */
#ifndef MS_API_EVENT_CONFIG_H
#define MS_API_EVENT_CONFIG_H

#include "api/function.h"

extern const struct ms_api_member ms_api_event_config_members[];

/*
 * The configuration that the request asks for; old: what it changes, NONE: it replaces. Owned. NONE: the
 * call has been answered, or *err says why not.
 */
struct ms_json ms_api_event_config_new(int *err, struct ms_api_call *call,
                                       const struct ms_function_name *name, struct ms_json old);
/* As it is answered; owned, NONE: no memory. */
struct ms_json ms_api_event_config_show(const struct ms_api_call *call,
                                        const struct ms_function_name *name, struct ms_json config);
/* Of exactly that qualifier; borrowed. NONE: it has none. */
struct ms_json ms_api_event_config_of(const struct ms_api_call *call,
                                      const struct ms_function_name *name);
struct ms_str ms_api_event_config_key(const struct ms_function_name *name);
int ms_api_no_event_config(struct ms_api_call *call, const struct ms_function_name *name);
/* Is there anything in the request to be set? False: the call has been answered. */
bool ms_api_event_config_check(struct ms_api_call *call);
/* The function is there, and the version or alias. False: the call has been answered. */
bool ms_api_event_config_function(struct ms_function_name *out, struct ms_api_call *call);

#endif
