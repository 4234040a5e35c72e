/* The table of state types, from states.def. */
#include "states/states.h"

#include "states/types.h"

#define MS_STATE(symbol) &symbol,
const struct ms_state_type *const ms_states_all[] = {
#include "states/states.def"
    NULL};
#undef MS_STATE
