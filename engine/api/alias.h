/* What the operations on aliases share. */
#ifndef MS_API_ALIAS_H
#define MS_API_ALIAS_H

#include "api/function.h"

extern const struct ms_api_member ms_api_routing_members[];

#define MS_MEMBER_ALIAS_NAME                                                                       \
  {                                                                                                \
    .name = "Name", .kind = MS_API_STRING, .is_required = true, .min = 1, .max = 128               \
  }
#define MS_MEMBER_ROUTING                                                                          \
  {                                                                                                \
    .name = "RoutingConfig", .kind = MS_API_STRUCTURE, .members = ms_api_routing_members           \
  }

/* The alias "Name" of the function; borrowed, NONE: the call has been answered. */
struct ms_json ms_api_alias(struct ms_function_name *out, struct ms_api_call *call);
/* As Lambda shows it; owned. */
struct ms_json ms_api_alias_show(const struct ms_api_call *call,
                                 const struct ms_function_name *name, struct ms_str alias_name,
                                 struct ms_json alias);
/* `old` (NONE: a new one) with what the request sets, put and answered. */
int ms_api_alias_put(struct ms_api_call *call, const struct ms_function_name *name,
                     struct ms_json old);

#endif
