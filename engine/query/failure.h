/*
 * A workflow failure as data: what AWS calls Error and Cause. Filled by evaluators and state types,
 * carried to Retry and Catch. Not a C error: those are negative codes.
 */
#ifndef MS_QUERY_FAILURE_H
#define MS_QUERY_FAILURE_H

#include "json/json.h"

/* Returned by functions that may fail as data: the failure is filled. 0 is success, < 0 a C error. */
#define MS_FAILED 1

struct ms_failure {
  struct ms_json error;    /* string, or NULL/NONE when the failure has no name */
  struct ms_json cause;    /* string, NULL or NONE */
  struct ms_json location; /* string: field path of an expression that failed (EvaluationFailed), or NONE */
};

#define MS_FAILURE_INIT {MS_JSON_VALUE_NONE, MS_JSON_VALUE_NONE, MS_JSON_VALUE_NONE}

void ms_failure_deinit(struct ms_failure *failure);
/* Fills and returns MS_FAILED, or MSTEP_ENOMEM. Replaces what was there. */
int ms_fail(struct ms_failure *failure, const char *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void ms_failure_move(struct ms_failure *to, struct ms_failure *from);

#endif
