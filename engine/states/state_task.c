/* Task: asks the world to do something and waits for its answer, with timeout and heartbeat. */
#include <stddef.h>

#include "core/decision.h"
#include "states/types.h"


static const struct ms_field task_fields[] = {
    MS_FIELDS_COMMON,
    MS_FIELDS_NEXT,
    MS_FIELDS_PATHS,
    {"Resource", MS_FIELD_RESOURCE, MS_FIELD_IN_ALL | MS_FIELD_REQUIRED,
     offsetof(struct ms_state_task_fields, resource), 0, 0, 0},
    {"Parameters", MS_FIELD_TEMPLATE, MS_FIELD_IN_JSONPATH, offsetof(struct ms_state, parameters), 0, 0, 0},
    {"Arguments", MS_FIELD_TEMPLATE, MS_FIELD_IN_OTHERS, offsetof(struct ms_state, parameters), 0, 0, 0},
    {"Credentials", MS_FIELD_CREDENTIALS, MS_FIELD_IN_ALL, offsetof(struct ms_state_task_fields, credentials), 0, 0,
     0},
    {"TimeoutSeconds", MS_FIELD_INTEGER, MS_FIELD_IN_ALL, offsetof(struct ms_state_task_fields, timeout), 0, 1,
     99999999},
    {"TimeoutSecondsPath", MS_FIELD_SETTING_PATH, MS_FIELD_IN_JSONPATH,
     offsetof(struct ms_state_task_fields, timeout), 0, 1, 99999999},
    {"HeartbeatSeconds", MS_FIELD_INTEGER, MS_FIELD_IN_ALL, offsetof(struct ms_state_task_fields, heartbeat), 0, 1,
     99999999},
    {"HeartbeatSecondsPath", MS_FIELD_SETTING_PATH, MS_FIELD_IN_JSONPATH,
     offsetof(struct ms_state_task_fields, heartbeat), 0, 1, 99999999},
    MS_FIELDS_RESULT_SELECTOR,
    MS_FIELDS_RESULT_PATH,
    MS_FIELDS_OUTPUT(MS_FIELD_RESULT),
    MS_FIELDS_ASSIGN(MS_FIELD_RESULT),
    MS_FIELDS_RETRY_CATCH,
    MS_FIELDS_END};

static const struct ms_field_group task_groups[] = {
    {false, {"TimeoutSeconds", "TimeoutSecondsPath"}},
    {false, {"HeartbeatSeconds", "HeartbeatSecondsPath"}},
    {false, {NULL}}};

const struct ms_state_type ms_state_task = {
    .name = "Task",
    .size = sizeof(struct ms_state_task_fields),
    .has_next = true,
    .fields = task_fields,
    .groups = task_groups,
};
