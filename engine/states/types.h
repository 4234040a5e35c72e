/* What the state types export, and the compiled structs that more than one file reads. */
#ifndef MS_STATES_TYPES_H
#define MS_STATES_TYPES_H

#include "asl/state_type.h"

#define MS_STATE(symbol) extern const struct ms_state_type symbol;
#include "states/states.def"
#undef MS_STATE

struct ms_state_map_fields {
  struct ms_state base;
  struct ms_flow *processor;
  struct ms_query *items_path;    /* JSONPath */
  struct ms_query *items;         /* other languages */
  struct ms_query *item_selector; /* ItemSelector, or Parameters of old */
  struct ms_setting max_concurrency;
  struct ms_setting tolerated_count;
  struct ms_setting tolerated_percentage;
  struct ms_json item_reader; /* these three as written */
  struct ms_json item_batcher;
  struct ms_json result_writer;
  struct ms_map_parts parts; /* what is compiled of them */
  struct ms_str label;
};

#endif
