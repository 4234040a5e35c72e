/* Choice: the first rule that holds says where to go; Default when none does. */
#include "states/types.h"

#include <stddef.h>

struct state_choice {
  struct ms_state base; /* base.next is Default, or MS_STATE_NONE */
  struct ms_choices choices;
};

static const struct ms_field choice_fields[] = {
    MS_FIELDS_COMMON,
    MS_FIELDS_PATHS,
    {"Choices", MS_FIELD_CHOICES, MS_FIELD_IN_ALL | MS_FIELD_REQUIRED,
     offsetof(struct state_choice, choices), 0, 0, 0},
    {"Default", MS_FIELD_NEXT, MS_FIELD_IN_ALL, offsetof(struct ms_state, next), 0, 0, 0},
    MS_FIELDS_OUTPUT(0),
    MS_FIELDS_ASSIGN(0),
    MS_FIELDS_END};

const struct ms_state_type ms_state_choice = {
    .name = "Choice",
    .size = sizeof(struct state_choice),
    .fields = choice_fields,
};
