/* Schedules and their groups in memory. Private to the scheduler's files. */
#ifndef MS_MESSAGING_SCHEDULER_INTERNAL_H
#define MS_MESSAGING_SCHEDULER_INTERNAL_H

#include "base/heap.h"
#include "base/vec.h"
#include "messaging/relay.h"
#include "messaging/resource.h"
#include "messaging/schedule.h"
#include "messaging/scheduler.h"

#define MS_SCHEDULES_MAX ((size_t)1000000)
#define MS_SCHEDULE_GROUPS_MAX 500
#define MS_SCHEDULE_TAGS_MAX 50
#define MS_SCHEDULE_DEFAULT_GROUP "default"

struct ms_schedule_group {
  struct ms_schedule_group *next; /* by name */
  struct ms_json row;      /* as in the store: {"Group": what GetScheduleGroup shows, "Tags"} */
  struct ms_json group;    /* borrowed from it */
  struct ms_str name, arn; /* likewise */
  bool is_deleting;        /* its schedules do nothing any more, and go piece by piece */
};

/* A zone that some schedule has; kept until the driver closes. zone NULL: UTC. */
struct ms_scheduler_zone {
  struct ms_scheduler_zone *next;
  struct ms_zone *zone;
  size_t len;
  char name[];
};

/* One schedule. */
struct ms_scheduled {
  struct ms_heap_node node;
  struct ms_scheduler *scheduler;
  struct ms_json row;      /* as in the store: {"Schedule", "ChangedAt", "RunAt", "ClientToken"} */
  struct ms_json schedule; /* borrowed from it: what GetSchedule shows */
  struct ms_str group, name, arn; /* likewise */
  struct ms_schedule when;
  struct ms_schedule_span span;
  unsigned window_minutes;
  bool is_enabled, is_deleted_after;
  int missed_runs; /* enum ms_missed_runs */
  int64_t run_at_ms; /* the latest run: when it was due; 0: none since it was changed */
  int64_t due_at_ms; /* the next run; 0: none. The heap has when it is done, within the window */
};

struct ms_scheduler {
  const struct ms_driver_env *env;
  struct ms_schedule_group *groups;
  MS_VEC(struct ms_scheduled *) schedules; /* by group and name */
  struct ms_scheduler_zone *zones;
  struct ms_relay *relay;
  struct ms_heap heap;
  uint64_t order;
  int64_t sweep_at_ms; /* a group is being deleted; 0: none */
  uint64_t fired, missed;
};

/* ---- scheduler.c ---- */
struct ms_str ms_schedule_text(struct ms_json object, const char *name); /* data NULL: none */
/* False: its place would be *index. */
bool ms_scheduler_find(size_t *index, const struct ms_scheduler *scheduler, struct ms_str group,
                       struct ms_str name);
/* Puts its row, with what is known of its runs; or removes it. batch NULL: nothing to put. */
void ms_scheduled_put(struct ms_batch *batch, const struct ms_scheduled *schedule,
                      struct ms_json row);
void ms_scheduled_free(struct ms_scheduled *schedule);
void ms_scheduler_drop(struct ms_scheduler *scheduler, size_t index); /* from memory */
/* When it is next due; into the heap. MSTEP_ENOMEM. */
int ms_scheduled_arm(struct ms_scheduled *schedule);

/* ---- scheduler_check.c ---- */
int ms_schedule_check_name(struct ms_str name, struct ms_queue_refusal *why);
/* Compiles a row; takes it. It is nowhere yet. MSTEP_EINVALID, MSTEP_ENOMEM. */
int ms_scheduled_new(struct ms_scheduled **out, struct ms_scheduler *scheduler, struct ms_json row,
                     struct ms_queue_refusal *why);
/* The row of a request; old: the row that it replaces, or NONE. Takes nothing. */
int ms_scheduler_row(struct ms_json *out, struct ms_scheduler *scheduler, struct ms_json request,
                     struct ms_json old, struct ms_queue_refusal *why);
void ms_scheduler_zones_free(struct ms_scheduler *scheduler);

/* ---- scheduler_run.c ---- */
/* One change: that the run was due, what goes to the target, whether the schedule is over. */
int ms_scheduled_run(struct ms_scheduled *schedule, int64_t now_ms);

/* ---- scheduler_group.c ---- */
struct ms_schedule_group *ms_scheduler_group(struct ms_scheduler *scheduler, struct ms_str name);
int ms_scheduler_add_default(struct ms_scheduler *scheduler);
/* Takes row. */
int ms_schedule_group_install(struct ms_scheduler *scheduler, struct ms_json row);
void ms_scheduler_groups_free(struct ms_scheduler *scheduler);
/* One piece of what groups that are being deleted have. */
void ms_scheduler_sweep(struct ms_scheduler *scheduler, int64_t now_ms);

#endif
