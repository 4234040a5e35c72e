/* What the three answers to a task share. */
#ifndef MS_API_TASK_ANSWER_H
#define MS_API_TASK_ANSWER_H

#include "api/members.h"

/* Answers with {} when what the task's answer did is durable; err: what telling it gave. */
int ms_api_task_answered(struct ms_api_call *call, int err);

#endif
