/* Settings that must be numbers: one place for their checks and AWS's words about them. */
#ifndef MS_STATES_SETTING_H
#define MS_STATES_SETTING_H

#include "core/decision.h"

/*
 * A whole number within setting->min..max; absent: *out unchanged. `input` is what paths look at.
 * MS_FAILED: States.Runtime (JSONPath) or States.QueryEvaluationError.
 */
int ms_setting_integer(int64_t *out, struct ms_decision *decision, const struct ms_frame *frame,
                       const struct ms_setting *setting, struct ms_json input,
                       struct ms_failure *failure);
/* Any number within min..max. */
int ms_setting_number(double *out, struct ms_decision *decision, const struct ms_frame *frame,
                      const struct ms_setting *setting, struct ms_json input,
                      struct ms_failure *failure);

/* Fails as AWS words a result of the wrong type: expected "array", "boolean", "number". */
int ms_setting_fail_type(struct ms_failure *failure, const struct ms_query *query, const char *field,
                         const char *expected, struct ms_json value);

#endif
