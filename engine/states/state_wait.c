/* Wait: goes on after a number of seconds or at a timestamp. */
#include "states/types.h"

#include <stddef.h>

struct state_wait {
  struct ms_state base;
  struct ms_setting seconds;
  struct ms_setting timestamp;
};

static const struct ms_field wait_fields[] = {
    MS_FIELDS_COMMON,
    MS_FIELDS_NEXT,
    MS_FIELDS_PATHS,
    {"Seconds", MS_FIELD_INTEGER, MS_FIELD_IN_ALL, offsetof(struct state_wait, seconds), 0, 0, 99999999},
    {"SecondsPath", MS_FIELD_SETTING_PATH, MS_FIELD_IN_JSONPATH, offsetof(struct state_wait, seconds), 0,
     0, 99999999},
    {"Timestamp", MS_FIELD_TIMESTAMP, MS_FIELD_IN_ALL, offsetof(struct state_wait, timestamp), 0, 0, 0},
    {"TimestampPath", MS_FIELD_SETTING_PATH, MS_FIELD_IN_JSONPATH,
     offsetof(struct state_wait, timestamp), 0, 0, 0},
    MS_FIELDS_OUTPUT(0),
    MS_FIELDS_ASSIGN(0),
    MS_FIELDS_END};

static const struct ms_field_group wait_groups[] = {
    {true, {"SecondsPath", "Seconds", "TimestampPath", "Timestamp"}}, {false, {NULL}}};

const struct ms_state_type ms_state_wait = {
    .name = "Wait",
    .size = sizeof(struct state_wait),
    .has_next = true,
    .fields = wait_fields,
    .groups = wait_groups,
};
