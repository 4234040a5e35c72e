/* What StartExecution and StartSyncExecution share. */
#ifndef MS_API_START_H
#define MS_API_START_H

#include "api/members.h"

/* Answers with what the runtime's code means; arn: of the execution, as far as it is known. */
int ms_api_start_failed(struct ms_api_call *call, int err, struct ms_str machine, const char *arn);

#endif
