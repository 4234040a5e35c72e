/* Fail: ends its flow with an Error and a Cause, literal, by path, by intrinsic or by expression. */
#include "states/types.h"

#include <stddef.h>

struct state_fail {
  struct ms_state base;
  struct ms_setting error;
  struct ms_setting cause;
};

static const struct ms_field fail_fields[] = {
    MS_FIELDS_COMMON,
    {"Error", MS_FIELD_TEXT, MS_FIELD_IN_ALL, offsetof(struct state_fail, error), 0, 0, 0},
    {"ErrorPath", MS_FIELD_TEXT_PATH, MS_FIELD_IN_JSONPATH, offsetof(struct state_fail, error), 0, 0, 0},
    {"Cause", MS_FIELD_TEXT, MS_FIELD_IN_ALL, offsetof(struct state_fail, cause), 0, 0, 0},
    {"CausePath", MS_FIELD_TEXT_PATH, MS_FIELD_IN_JSONPATH, offsetof(struct state_fail, cause), 0, 0, 0},
    MS_FIELDS_END};

static const struct ms_field_group fail_groups[] = {
    {false, {"Error", "ErrorPath"}}, {false, {"Cause", "CausePath"}}, {false, {NULL}}};

const struct ms_state_type ms_state_fail = {
    .name = "Fail",
    .size = sizeof(struct state_fail),
    .is_terminal = true,
    .fields = fail_fields,
    .groups = fail_groups,
};
