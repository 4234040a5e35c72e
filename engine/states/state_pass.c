/* Pass: hands its input on, changed by a literal Result, Parameters, Output or Assign. */
#include "states/types.h"

#include <stddef.h>

struct state_pass {
  struct ms_state base;
  struct ms_json result; /* NONE when absent */
};

static const struct ms_field pass_fields[] = {
    MS_FIELDS_COMMON,
    MS_FIELDS_NEXT,
    MS_FIELDS_PATHS,
    {"Parameters", MS_FIELD_TEMPLATE, MS_FIELD_IN_JSONPATH, offsetof(struct ms_state, parameters), 0, 0, 0},
    {"Result", MS_FIELD_JSON, MS_FIELD_IN_JSONPATH, offsetof(struct state_pass, result), 0, 0, 0},
    MS_FIELDS_RESULT_PATH,
    MS_FIELDS_OUTPUT(0),
    MS_FIELDS_ASSIGN(0),
    MS_FIELDS_END};

const struct ms_state_type ms_state_pass = {
    .name = "Pass",
    .size = sizeof(struct state_pass),
    .has_next = true,
    .fields = pass_fields,
};
