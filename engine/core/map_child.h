/*
 * The children of a map run as executions of their own, seen in the events of the execution above: a view,
 * nothing of it is stored. Feed it all events from the first; it folds them with evolve and notes what
 * happens to the children of one map run. Names follow from the map run and the place, and back.
 */
#ifndef MS_CORE_MAP_CHILD_H
#define MS_CORE_MAP_CHILD_H

#include "core/core.h"

#define MS_MAP_CHILD_NAME_SIZE 37
#define MS_MAP_CHILD_NONE UINT32_MAX

/* The name (a UUID) of the child with that index. */
void ms_map_child_name(char out[MS_MAP_CHILD_NAME_SIZE], struct ms_str run_arn, uint32_t index);
/* False: no child of that map run is called so. Whether it has begun is not asked. */
bool ms_map_child_index(uint32_t *index, struct ms_str run_arn, struct ms_str name);
/* "arn:...:KIND:MACHINE/LABEL" of "arn:...:mapRun:MACHINE/LABEL:UUID", and ":SUFFIX" if there is one. */
struct ms_json ms_map_child_arn_like(struct ms_str run_arn, const char *kind, const char *suffix);
/* The child's own: an execution, or an Express one, whose name stands there twice. */
struct ms_json ms_map_child_arn(struct ms_str run_arn, bool is_express, const char *name);

struct ms_map_child {
  int64_t started_at_ms, stopped_at_ms, redriven_at_ms; /* 0: not yet */
  uint32_t redrive_count;
  uint32_t item_count;    /* of its batch; 0: there are no batches */
  uint8_t status;         /* enum ms_execution_status */
  bool waits_for_redrive; /* PENDING_REDRIVE */
};

struct ms_map_view_threads;
struct ms_map_view {
  struct ms_execution *execution; /* folded so far; owned */
  struct ms_str run_arn;          /* borrowed */
  struct ms_map_child *children;  /* those that have begun, by index */
  uint32_t count, capacity;
  uint32_t map;    /* frame of the map run; MS_FRAME_NONE: it is not open */
  bool is_express;
  /* One of them, or MS_MAP_CHILD_NONE: its values and its history, numbered from 1. */
  uint32_t wanted;
  struct ms_json input, output, error, cause;
  struct ms_events events;
  struct ms_map_view_threads *threads; /* by frame */
  uint32_t thread_count;
  uint32_t failing; /* id of the event that others hang on; 0 = none */
  bool is_aborting; /* what its frames say now is not part of its history */
};

/* identity, of the execution above, is borrowed. MSTEP_ENOMEM. */
int ms_map_view_init(struct ms_map_view *view, struct ms_machine *machine,
                     const struct ms_execution_identity *identity, struct ms_str run_arn,
                     uint32_t wanted);
int ms_map_view_add(struct ms_map_view *view, const struct ms_event *event);
void ms_map_view_deinit(struct ms_map_view *view);

#endif
