/* Parallel: runs all branches on copies of its input; the result is the array of their outputs. */
#include "states/types.h"

#include <stddef.h>

struct state_parallel {
  struct ms_state base;
  struct ms_branches branches;
};

static const struct ms_field parallel_fields[] = {
    MS_FIELDS_COMMON,
    MS_FIELDS_NEXT,
    MS_FIELDS_PATHS,
    {"Branches", MS_FIELD_BRANCHES, MS_FIELD_IN_ALL | MS_FIELD_REQUIRED,
     offsetof(struct state_parallel, branches), 0, 0, 0},
    {"Parameters", MS_FIELD_TEMPLATE, MS_FIELD_IN_JSONPATH, offsetof(struct ms_state, parameters), 0, 0, 0},
    {"Arguments", MS_FIELD_TEMPLATE, MS_FIELD_IN_OTHERS, offsetof(struct ms_state, parameters), 0, 0, 0},
    MS_FIELDS_RESULT_SELECTOR,
    MS_FIELDS_RESULT_PATH,
    MS_FIELDS_OUTPUT(MS_FIELD_RESULT),
    MS_FIELDS_ASSIGN(MS_FIELD_RESULT),
    MS_FIELDS_RETRY_CATCH,
    MS_FIELDS_END};

static struct ms_flow *const *parallel_flows(const struct ms_state *state)
{
  return ((const struct state_parallel *)state)->branches.flows;
}

const struct ms_state_type ms_state_parallel = {
    .name = "Parallel",
    .size = sizeof(struct state_parallel),
    .has_next = true,
    .fields = parallel_fields,
    .flows = parallel_flows,
};
