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
  int64_t since_ms;     /* when the first that waits came */
  int64_t retry_at_ms, pause_ms;
  struct ms_source_call *call; /* NULL: nothing is with the function */
};

struct ms_table_poller {
  struct ms_mapping *mapping;
  char shard[MS_TABLE_SHARD_SIZE];
  uint64_t next; /* to be read */
  size_t count, bytes;
  bool is_idle; /* all was read: until there is news */
  bool is_draining, is_going;
  int64_t retry_at_ms; /* of reading */
  unsigned lane_count;
  struct ms_table_lane lanes[MS_TABLE_LANES_MAX];
};

/* ---- table_lane.c ---- */
int ms_table_lane_add(struct ms_table_lane *lane, struct ms_json value);
void ms_table_lane_go(struct ms_table_lane *lane, int64_t now_ms);
int64_t ms_table_lane_due_ms(const struct ms_table_lane *lane); /* 0: waits for others */
void ms_table_lane_clear(struct ms_table_lane *lane);

/* ---- source_table.c ---- */
/* Where reading would begin anew if the first `done` records of that lane (NULL: none) were done. */
uint64_t ms_table_checkpoint(const struct ms_table_poller *poller, const struct ms_table_lane *lane,
                             size_t done);
void ms_table_put_position(struct ms_batch *batch, const struct ms_mapping *mapping,
                           uint64_t position, const char *result);
void ms_table_go(struct ms_mapping *mapping);

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
