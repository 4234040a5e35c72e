/* Archives of buses, and their replays. Private to the bus's files. */
#ifndef MS_MESSAGING_BUS_ARCHIVE_H
#define MS_MESSAGING_BUS_ARCHIVE_H

#include "messaging/bus_internal.h"

#define MS_ARCHIVES_MAX 100
#define MS_REPLAYS_MAX 10 /* at a time */

/*
 * An event that was archived. Without a store it stays in its archive's list, with a text; else only from when it is
 * staged to when it is committed, without.
 */
struct ms_archived {
  struct ms_archived *next;
  struct ms_archive *archive;
  uint64_t key;
  size_t len;
  char text[];
};

struct ms_archive {
  struct ms_archive *next; /* by name */
  struct ms_json row;      /* as in the store: {"Archive": what DescribeArchive shows, "Number"} */
  struct ms_json archive;  /* borrowed from it */
  struct ms_str name, arn, bus_arn; /* likewise */
  struct ms_pattern *pattern;       /* NULL: every event */
  unsigned number;                  /* its events' keys begin with it */
  int64_t retention_ms;             /* 0: for ever */
  uint64_t next_sequence;
  uint64_t count, bytes;
  uint64_t oldest_key;               /* 0: there is none */
  struct ms_archived *events, *last; /* without a store: in the order of their keys */
};

enum ms_replay_state {
  MS_REPLAY_STARTING,
  MS_REPLAY_RUNNING,
  MS_REPLAY_CANCELLING,
  MS_REPLAY_CANCELLED,
  MS_REPLAY_COMPLETED,
  MS_REPLAY_FAILED
};

struct ms_replay {
  struct ms_replay *next; /* by name */
  struct ms_json row;     /* as in the store: {"Replay": what DescribeReplay shows, "NextKey"} */
  struct ms_json replay;  /* borrowed from it */
  struct ms_str name;     /* likewise */
  enum ms_replay_state state;
  int64_t start_ms, end_ms; /* events from ... up to, without */
  uint64_t next_key;        /* the first that was not looked at */
  uint64_t asked;    /* STARTING: the number of its question whether all is durable; 0: not asked */
  int64_t due_at_ms; /* what it does next; 0: it is over */
};

/* ---- bus_archive.c ---- */
struct ms_archive *ms_archive_by_arn(struct ms_buses *buses, struct ms_str arn);
/* The first key of that archive's events of that time or later. */
uint64_t ms_archive_key(const struct ms_archive *archive, int64_t at_ms);
/* When an event says that it was; now_ms if it does not. */
int64_t ms_event_time(struct ms_json event, int64_t now_ms);
/* Stages an event of the bus for the archives that want it. text: printed when it is needed, once. */
int ms_archives_add(struct ms_bus *bus, struct ms_batch *batch, struct ms_json event,
                    struct ms_buf *text);
bool ms_archives_want(const struct ms_bus *bus); /* has it any? */
/* Events of an archive with keys in [from, to), at most `limit`; a callback that is not 0 stops. */
int ms_archive_scan(struct ms_buses *buses, const struct ms_archive *archive, uint64_t from,
                    uint64_t to, uint64_t limit, ms_record_cb cb, void *user);
int64_t ms_archives_next_due_ms(const struct ms_buses *buses);
void ms_archives_on_timer(struct ms_buses *buses, int64_t now_ms);
int ms_archives_load(struct ms_buses *buses);
void ms_archives_free(struct ms_buses *buses);
/* The end of a change, for what was staged of deliveries and archived events. */
void ms_bus_commit(struct ms_buses *buses);
void ms_bus_rollback(struct ms_buses *buses);

/* ---- bus_replay.c ---- */
int64_t ms_replays_next_due_ms(const struct ms_buses *buses);
void ms_replays_on_timer(struct ms_buses *buses, int64_t now_ms);
bool ms_replays_are_busy(const struct ms_buses *buses);
int ms_replays_load(struct ms_buses *buses);
void ms_replays_free(struct ms_buses *buses);

#endif
