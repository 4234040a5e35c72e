/* Succeed: ends its flow with its input, shaped by InputPath and OutputPath or Output. */
#include "states/types.h"

#include <stddef.h>

static const struct ms_field succeed_fields[] = {MS_FIELDS_COMMON, MS_FIELDS_PATHS,
                                                 MS_FIELDS_OUTPUT(0), MS_FIELDS_END};

const struct ms_state_type ms_state_succeed = {
    .name = "Succeed",
    .size = sizeof(struct ms_state),
    .is_terminal = true,
    .fields = succeed_fields,
};
