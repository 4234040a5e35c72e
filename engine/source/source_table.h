/* What the files of change streams share: records on their way, lanes, and what is told of those given up. */
#ifndef MS_SOURCE_SOURCE_TABLE_H
#define MS_SOURCE_SOURCE_TABLE_H

#include "messaging/table_stream.h"
#include "source/internal.h"

#define MS_TABLE_LANES_MAX 10
#define MS_TABLE_PIECES_MAX 32 /* halves of halves of a batch */
#define MS_TABLE_SHARD_SIZE 66

struct ms_table_record {
  struct ms_table_record *next;
  uint64_t position;
  int64_t created_at_ms;
  size_t bytes;
  struct ms_json value; /* as the function gets it */
};

/* Records of a batch that are given to the function together. */
struct ms_table_piece {
  size_t count;
  uint32_t attempts; /* that count against MaximumRetryAttempts */
};

struct ms_table_poller;

/* Records of the same item are in the same lane, and done in their order. */
struct ms_table_lane {
  struct ms_table_poller *poller;
  struct ms_table_record *first, *last; /* those of the pieces, then those that wait */
  size_t count, bytes;
  struct ms_table_piece pieces[MS_TABLE_PIECES_MAX]; /* the last is done first */
  unsigned piece_count;
  uint32_t invocations; /* of the batch */
  bool is_final;        /* the batch, of no records, is the end of a window */
  uint64_t next;        /* what comes before was done before the engine was started */
  /*
   * Batches that may be what ended the last run of the engine: their attempts are written down before they begin, so
   * that one which takes the process with it each time is given up, too.
   */
  unsigned suspects;
  uint64_t mark; /* 0: none is on its way to the store */
  bool is_begun; /* the row says that the function has the piece */
  bool is_cut;   /* it said so when it was read */
  struct ms_json resumed; /* pieces of an earlier start, until their records are there; or NONE */
  int64_t since_ms;     /* when the first that waits came */
  int64_t retry_at_ms, pause_ms;
  struct ms_source_call *call; /* NULL: nothing is with the function */
};

/* The window that the shard is in. Only where there is one lane. */
struct ms_table_window {
  bool is_open, is_early; /* its state was too large */
  int64_t start_ms, end_ms;
  struct ms_json state; /* an object; NONE: it is not open */
};

struct ms_table_poller {
  struct ms_mapping *mapping;
  char shard[MS_TABLE_SHARD_SIZE];
  uint64_t next; /* to be read */
  size_t count, bytes;
  bool is_idle; /* all was read: until there is news */
  bool is_draining, is_going;
  int64_t retry_at_ms; /* of reading */
  struct ms_table_window window;
  unsigned lane_count;
  struct ms_table_lane lanes[MS_TABLE_LANES_MAX];
};

/* ---- table_lane.c ---- */
int ms_table_lane_add(struct ms_table_lane *lane, struct ms_json value);
void ms_table_lane_go(struct ms_table_lane *lane, int64_t now_ms);
/* What the function gets of its first records; owned. NONE: out of memory. */
struct ms_json ms_table_event(const struct ms_table_lane *lane, size_t count);
int64_t ms_table_lane_due_ms(const struct ms_table_lane *lane); /* 0: waits for others */
void ms_table_lane_clear(struct ms_table_lane *lane);
/* Its attempt is written down. */
void ms_table_lane_marked(struct ms_table_lane *lane);

/* ---- source_table.c ---- */
/* Where reading would begin anew if the first `done` records of that lane (NULL: none) were done. */
uint64_t ms_table_checkpoint(const struct ms_table_poller *poller, const struct ms_table_lane *lane,
                             size_t done);
void ms_table_put_position(struct ms_batch *batch, const struct ms_mapping *mapping,
                           uint64_t position, const char *result);
void ms_table_put_row(struct ms_batch *batch, const struct ms_mapping *mapping, struct ms_json row);
void ms_table_go(struct ms_mapping *mapping);
/* For the ledger; arg: the driver. */
void ms_table_on_marked(int code, void *arg);
size_t ms_table_room(const struct ms_table_poller *poller); /* how many records may be read */

/* ---- table_progress.c ---- */
/*
 * The row if the first `done` records of that lane (NULL: none) were done; owned. NONE: out of memory.
 * has_window: the window goes on.
 */
struct ms_json ms_table_progress(const struct ms_table_poller *poller, uint64_t position,
                                 const struct ms_table_lane *lane, size_t done, bool has_window);
void ms_table_resume(struct ms_table_poller *poller, struct ms_json row);
/* The pieces that the lane had; false: not all of their records were read. is_full: nor will be, now. */
bool ms_table_lane_resume(struct ms_table_lane *lane, bool is_full);

/* ---- table_window.c ---- */
/* Whether the record may be in a batch now: of the open window, or there is none. */
bool ms_table_window_has(const struct ms_table_poller *poller,
                         const struct ms_table_record *record);
int ms_table_window_open(struct ms_table_poller *poller, const struct ms_table_record *record);
void ms_table_window_close(struct ms_table_poller *poller);
bool ms_table_window_ends(const struct ms_table_poller *poller, int64_t now_ms);
/* The state that the function returned; FAILURE: there is none in it. */
enum ms_response ms_table_window_take(struct ms_table_poller *poller, struct ms_str payload);
/* Adds the members of windows. has_source: those of the event, else of what a destination gets. */
int ms_table_window_show(struct ms_json *event, const struct ms_table_poller *poller, bool is_final,
                         bool has_source);

/* ---- table_failure.c ---- */
struct ms_table_failure {
  const struct ms_table_lane *lane;
  size_t count; /* of its first records */
  bool is_age;  /* RecordAgeExceeded */
  uint32_t invocations;
  const struct ms_source_answer *answer; /* of the last call; NULL: none */
  bool has_error;                        /* the function failed, and did not just say so */
};
/* Into the change and the outbox, when the mapping has a destination. MSTEP_ENOMEM. */
int ms_table_failure_add(struct ms_batch *batch, const struct ms_table_failure *failure);

#endif
