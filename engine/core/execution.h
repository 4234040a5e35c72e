/*
 * The state of one execution: what `evolve` makes of its history. Frames are its threads of control: one
 * for the machine, one for each branch and iteration that is running.
 *
 *          step             step                        command or timer
 *   READY -------> ENTERED -------> WAITING | TASK | CHILDREN -------> READY in the next state
 *                     ^                         |
 *                     +--- timer --- RETRYING <-+ failed, and a retrier matches
 *
 *   READY, ENTERED and CHILDREN-with-news stand in the run queue, in the order in which they got there.
 *   WAITING and RETRYING have a timer. TASK has an open task and, once started, maybe a timer.
 *   CHILDREN of a Map may have a task, too: it reads items, or writes results, and no iteration runs.
 *   ENDED: the flow reached its end; the frame goes when its parent has taken the output.
 *
 *   Any of them can be *cut*: it failed, or something around it did, or the execution ended badly. A cut
 *   frame does nothing (no task, no timer, not in the run queue); its status is READY, ENTERED, CHILDREN
 *   or ENDED and says where a redrive goes on. It is kept until the state above is left or tried again.
 *   An execution that FAILED, TIMED_OUT or was ABORTED keeps its cut frames and nothing else; one that
 *   SUCCEEDED, and every Express one, keeps none.
 */
/*
 * record_write.c writes every member of ms_execution (but machine and identity), ms_frame and
 * ms_children; record_read.c reads them, record_check.c says what they may be. A new member goes there,
 * too, with a new version of the format once one is released.
 */
#ifndef MS_CORE_EXECUTION_H
#define MS_CORE_EXECUTION_H

#include "core/event.h"

enum ms_execution_status {
  MS_EXECUTION_RUNNING,
  MS_EXECUTION_SUCCEEDED,
  MS_EXECUTION_FAILED,
  MS_EXECUTION_TIMED_OUT,
  MS_EXECUTION_ABORTED
};

enum ms_frame_status {
  MS_FRAME_READY,    /* to enter frame->state with frame->input */
  MS_FRAME_WAITING,  /* in a Wait state */
  MS_FRAME_TASK,     /* a task is scheduled or started */
  MS_FRAME_CHILDREN, /* branches or iterations are running; a Map with a task: it reads or writes */
  MS_FRAME_RETRYING, /* between two attempts */
  MS_FRAME_ENTERED,  /* to run its state, for the first time or again */
  MS_FRAME_ENDED
};

/* What a Parallel or Map state knows of its branches or iterations. */
struct ms_children {
  uint32_t count;         /* branches, or items */
  uint32_t started_count; /* iterations started so far, in index order */
  uint32_t running_count;
  uint32_t done_count;    /* succeeded, failed, or stopped alone */
  uint32_t failed_count;
  uint32_t concurrency;   /* most at once */
  uint32_t last_exit;     /* event id: last state exit of the iteration that ended last */
  /* Children that are cut, a list in the order in which they were: linked by next_ready. */
  uint32_t cut_first, cut_last; /* MS_FRAME_NONE = there are none */
  uint32_t waiting_count; /* so many at its head wait for their turn in a redrive; 0 before one */
  uint32_t redrive_count; /* of the map run */
  struct ms_json run_arn; /* of the map run; NONE before it has started */
  struct ms_json input;   /* effective input of the state */
  struct ms_json items;   /* Map */
  struct ms_json failures; /* map run: array of [index, error, cause], or NONE */
  int64_t *dates; /* map run whose results are written: two for each, begin and end (0: not yet); or NULL */
  double tolerated_count;      /* < 0: not given */
  double tolerated_percentage; /* < 0: not given */
  bool is_map_run;
  bool is_pairs;          /* items are {Key, Value} of an object */
  bool is_prepared;       /* items are what iterations get */
  bool is_batched;        /* items are batches: {Items, BatchInput?} */
  bool is_failing;        /* map run: more failed than may; it fails once its results are written */
  struct ms_json outputs[]; /* by index; NONE until done */
};

struct ms_frame {
  uint32_t id;     /* place in execution->frames */
  uint32_t parent; /* MS_FRAME_NONE for the machine's own */
  uint32_t index;  /* branch or iteration number */
  uint8_t status;  /* enum ms_frame_status */
  bool is_hidden;  /* child of a distributed map: its events are not in this history */
  bool is_queued;
  bool is_started; /* TASK: somebody works on it */
  bool is_submitted; /* TASK: the call itself was answered; .sync, .waitForTaskToken */
  bool is_cut;     /* see above */
  const struct ms_flow *flow;
  const struct ms_state *state;
  struct ms_json input;     /* raw input of the state */
  struct ms_json variables; /* of this scope: object, or NONE */
  struct ms_json first_input; /* Express child of a map run: a redrive begins it anew; else NONE */
  int64_t entered_at_ms;
  uint32_t entered_id;      /* event id of StateEntered */
  uint32_t entered_previous;/* its previousEventId */
  uint32_t previous;        /* id of the last event of this thread */
  uint32_t retry_count;     /* all retries of this visit */
  uint32_t *attempts;       /* retries used, by retrier; NULL until one is */
  uint32_t next_ready, previous_ready; /* run queue; is_cut: next_ready is the next cut sibling */
  /* TASK */
  uint32_t task;            /* serial, 0 = none */
  uint32_t timeout_seconds; /* 0 = none */
  uint32_t heartbeat_seconds;
  int64_t timeout_at_ms;    /* 0 until started */
  int64_t heartbeat_at_ms;
  struct ms_json parameters;
  struct ms_json task_details; /* `more` of the scheduled event */
  /* WAITING, RETRYING, TASK */
  int64_t timer_at_ms;      /* 0 = none */
  struct ms_children *children;
};

/* Who an execution is; set once, before the first command. All strings; NONE where unknown. */
struct ms_execution_identity {
  struct ms_json arn;
  struct ms_json name;
  struct ms_json role_arn;
  struct ms_json machine_arn;
  struct ms_json machine_name;
  struct ms_json region;
  struct ms_json input_text; /* the input as it was sent; NONE = compact text of the value */
  bool is_express;
  bool is_sync; /* StartSyncExecution: the Context Object has no RedriveCount */
  uint64_t seed;
};

struct ms_execution {
  struct ms_machine *machine; /* referenced */
  struct ms_execution_identity identity;
  enum ms_execution_status status;
  struct ms_json input;
  struct ms_json output; /* SUCCEEDED */
  struct ms_json error;  /* string, NULL or NONE */
  struct ms_json cause;
  int64_t started_at_ms;
  int64_t stopped_at_ms;
  int64_t redriven_at_ms; /* last time; 0 = never */
  uint32_t redrive_count;
  int64_t timer_at_ms;   /* when it times out; 0 = never */
  uint32_t next_event;   /* id of the next public event */
  uint32_t next_task;    /* serial of the next task */
  uint64_t turn;         /* decisions taken; seeds randomness */
  struct ms_frame **frames;
  uint32_t frame_count;
  uint32_t frame_capacity;
  uint32_t *free_frames; /* stack of ids to use again */
  uint32_t free_count;
  uint32_t ready_first, ready_last; /* run queue; MS_FRAME_NONE = empty */
};

/* identity's values are taken. NULL when out of memory (then nothing is taken: the caller unrefs). */
struct ms_execution *ms_execution_new(struct ms_machine *machine,
                                      const struct ms_execution_identity *identity);
void ms_execution_free(struct ms_execution *execution); /* NULL is fine */
void ms_execution_identity_deinit(struct ms_execution_identity *identity);
const char *ms_execution_status_text(enum ms_execution_status status); /* "RUNNING" ... */
/* NULL when there is no such frame (any more). */
struct ms_frame *ms_execution_frame(const struct ms_execution *execution, uint32_t id);
/* Checks the invariants of the drawing above with assert(); free in release builds. */
void ms_execution_assert_state(const struct ms_execution *execution);
/* Bytes held beyond the documents: for benchmarks and limits. */
size_t ms_execution_size_bytes(const struct ms_execution *execution);

#endif
