/*
 * The table of all state types, for those who compile definitions. To add a type: one file
 * state_x.c that exports `const struct ms_state_type ms_state_x`, one row in states.def.
 */
#ifndef MS_STATES_STATES_H
#define MS_STATES_STATES_H

#include "asl/state_type.h"

extern const struct ms_state_type *const ms_states_all[]; /* NULL-terminated */

#endif
