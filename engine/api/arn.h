/* ARNs as requests give them. */
#ifndef MS_API_ARN_H
#define MS_API_ARN_H

#include "api/call.h"

#define MS_API_ARN_MAX 256
#define MS_API_LONG_ARN_MAX 2000

/*
 * Member `name` as an ARN of Step Functions whose resource is of that type ("stateMachine",
 * "execution"). data NULL: the call has been answered with InvalidArn.
 */
struct ms_str ms_api_arn(struct ms_api_call *call, const char *name, const char *type);
/* What follows the type: "order", "order:first". */
struct ms_str ms_api_arn_rest(struct ms_str arn);
/* The part between colon `index` and the next one; empty when there are fewer. */
struct ms_str ms_api_arn_part(struct ms_str arn, int index);

#endif
