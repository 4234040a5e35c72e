/* Operations that answer with what the runtime says of one thing. */
#ifndef MS_API_DESCRIBE_H
#define MS_API_DESCRIBE_H

#include "api/members.h"

/* missing: the error when there is no such thing. Honours includedData. */
int ms_api_describe(struct ms_api_call *call, struct ms_str arn,
                    int (*describe)(struct ms_buf *out, struct ms_engine *engine,
                                    struct ms_str arn),
                    enum ms_api_error missing);

#endif
