/*
 * Executions that survive: between the turn and the journal. Only an engine with a store has one.
 *
 *   turn.c    each command's events ──ms_durable_write──▶ batch of the journal     durable_write.c
 *   engine.c  end of a turn ──ms_durable_flush──▶ the store thread                 durable.c
 *             its answer ──ms_durable_settle──▶ held turns are performed, in order
 *   after a start, or when the store has failed and is back: ms_durable_recover    recover.c
 *   what only waits goes away and comes back                                       resident.c
 *   what has ended is read where it lies                                           archive.c
 *
 *   OPEN ──a commit fails──▶ FAILED ──a probe finds the store well──▶ recover ──▶ OPEN
 *     └───memory ran out halfway──▶ AHEAD ──all that was written is durable────▲
 *
 * What is where in the store:
 *   journal    records: START, EVENTS, PURGED (durable_write.c); cut behind what rows hold
 *   machine    a row for each version of a machine, by its id
 *   snapshot   a row for each open execution that was saved, by its number
 *   execution  a row for each one that has ended, by its number
 *   name       family and tail -> number, of ended ones
 *   listing    family, status, number -> when it ended, of ended ones
 *   history    number and chunk -> units: each the event bytes of one record
 *   payload    number and document -> text of a large value
 *   setting    next_execution
 */
#ifndef MS_RUNTIME_DURABLE_H
#define MS_RUNTIME_DURABLE_H

#include "core/record.h"
#include "journal/journal.h"
#include "runtime/internal.h"

/* Of a number: room for chunks or documents of one execution. */
#define MS_DURABLE_SHIFT 20
#define MS_DURABLE_NUMBER_MAX (((uint64_t)1 << (63 - MS_DURABLE_SHIFT)) - 1)

#define MS_NOT_LISTED (-1)

#define MS_TURN_STEPS 512 /* of one execution at a time */

/* What memory holds of an execution for the sake of the store, while it is not away. */
struct ms_kept {
  struct ms_run *run;
  struct ms_documents documents;
  /* Units of history not yet in a row: written, of them durable, of them in a row that is not durable. */
  struct ms_buf log;
  size_t weight; /* bytes that one more step may write, by what the latest have written or got */
  size_t log_durable;
  size_t log_saved;
  uint32_t records;       /* in the journal, ever */
  uint32_t records_saved; /* that the latest snapshot covers */
  uint32_t chunks;        /* rows of history, ever */
  uint32_t chunks_durable;
  uint32_t snapshots_held; /* written and not durable */
  int listed_status; /* of one that had ended and is to go on; MS_NOT_LISTED */
  /* Has records that no row covers; the one with the oldest first. */
  struct ms_kept *next_unsaved, *previous_unsaved;
  uint64_t unsaved_lsn;      /* frames up to this one are not needed by it */
  uint64_t unsaved_at_bytes; /* durable.written_bytes at that time */
  bool is_unsaved;
  /* Nothing of it is under way; the longest first. */
  struct ms_kept *next_idle, *previous_idle;
  bool is_idle;
};

enum ms_durable_state { MS_DURABLE_OPEN, MS_DURABLE_AHEAD, MS_DURABLE_FAILED };

/* One that is purged, which is not durable yet. */
struct ms_purging {
  uint64_t number;
  uint64_t seq;
};

/* Goes on in smaller pieces: an execution by its number, new ones by their machine. */
struct ms_careful {
  uint64_t key;
  uint32_t steps;
};
#define MS_CAREFUL_MAX 16

/* Somebody who waits for the end of an execution that memory has lost. */
struct ms_waiter {
  struct ms_waiter *next;
  struct ms_callback callback;
  char arn[MS_ENGINE_ARN_SIZE];
};

struct ms_durable {
  struct ms_store *store;   /* the store thread's while the journal is open */
  struct ms_store *reader;  /* the loop's */
  struct ms_journal *journal; /* NULL: read only */
  enum ms_durable_state state;
  char detail[256]; /* why it FAILED */
  uint64_t next_number;
  uint64_t reserved_number; /* numbers below it may have been given out */
  struct ms_turn *held, *held_last; /* oldest first */
  struct ms_kept *first_unsaved, *last_unsaved;
  struct ms_kept *first_idle, *last_idle;
  size_t idle_count;
  size_t idle_max;
  uint64_t written_bytes; /* of records, since the engine was opened */
  uint64_t trimmed_lsn;   /* asked for */
  uint64_t trimmed_at_bytes;
  uint64_t unsaved_bytes_max, trim_bytes_min;
  size_t log_bytes_max;
  size_t write_bytes_max; /* of one command */
  struct ms_careful careful[MS_CAREFUL_MAX]; /* the latest that have written more than that */
  unsigned careful_count;
  uint64_t too_large; /* number of an execution of which one step does; 0 = none */
  bool is_patient; /* what is not urgent waits for PATIENCE_MS */
  bool is_urgent; /* something was written for which somebody waits */
  int64_t flush_at_ms; /* PATIENCE_MS after something that is not urgent; 0 = nothing waits */
  int64_t commit_ms;  /* see struct ms_engine_journal_limits */
  int64_t step_at_ms; /* of the journal; 0 = it has nothing to do */
  int64_t probe_at_ms; /* when the store is looked at again; 0 = not planned */
  int64_t probe_delay_ms;
  int64_t reloaded_at_ms; /* 0: never */
  int64_t break_delay_ms; /* before the next reading anew, while it breaks again and again */
  bool is_probing;
  bool is_probe_fine;
  bool must_resume; /* recovered; tasks and steps are still to be begun */
  uint64_t last_seq; /* of the latest change */
  struct ms_waiter *waiters;
  MS_VEC(struct ms_purging) purging; /* oldest first */
  struct ms_buf row, key, unit; /* scratch */
  uint64_t overdue_count; /* timers that fell due before the latest recovery */
  int64_t overdue_ms;     /* how late the latest of them is */
};

/* ---- durable.c ---- */
int ms_durable_open(struct ms_engine *engine);
void ms_durable_close(struct ms_engine *engine);
/* 0, or MSTEP_ESTATE with the detail: commands are not taken now. */
int ms_durable_status(const struct ms_engine *engine);
/* May a command be taken? Always without a store. Not while FAILED or AHEAD, nor while too much waits for the disk. */
bool ms_durable_is_ready(const struct ms_engine *engine);
void ms_durable_hold(struct ms_engine *engine); /* the turn that was made goes to the held ones */
/* The same, and what was written goes to the store thread. */
void ms_durable_flush(struct ms_engine *engine);
void ms_durable_take(struct ms_engine *engine); /* from on_wake */
int64_t ms_durable_next_due_ms(const struct ms_engine *engine); /* 0 = nothing is due */
void ms_durable_on_timer(struct ms_engine *engine);
/* Memory is not what the journal says any more: everything is to be read anew. */
void ms_durable_break(struct ms_engine *engine, int err);
/* One change that is no command's: begin, put, end. */
int ms_durable_begin(struct ms_batch **out, struct ms_engine *engine);
int ms_durable_end(struct ms_engine *engine);
/* Has somebody wait for the end of an execution that is not in memory. */
int ms_durable_add_waiter(struct ms_engine *engine, struct ms_str arn, struct ms_callback callback);

struct ms_row;

/* ---- durable_write.c ---- */
enum ms_durable_record { MS_RECORD_START = 1, MS_RECORD_EVENTS = 2, MS_RECORD_PURGED = 3 };
/* The record of what the entry did, and the rows of an execution that ended by it. */
int ms_durable_write(struct ms_engine *engine, struct ms_turn_entry *entry);
/* A row that holds all of it: of the journal nothing is needed any more. */
int ms_durable_snapshot(struct ms_engine *engine, struct ms_run *run);
/*
 * Takes all of it out of the store: payloads, and with its row what is found by that, too. A record says
 * so to whoever reads the journal, which may still have its beginning.
 */
int ms_durable_write_purged(struct ms_engine *engine, struct ms_batch *batch, uint64_t number,
                            const struct ms_row *row);
int ms_durable_write_machine(struct ms_engine *engine, const struct ms_engine_machine *machine);
void ms_unsaved_add(struct ms_durable *durable, struct ms_kept *kept, uint64_t lsn);
void ms_unsaved_remove(struct ms_durable *durable, struct ms_kept *kept);
/* Where documents of this execution are. */
struct ms_durable_documents {
  struct ms_batch *batch; /* NULL: only reading */
  struct ms_store *reader;
  uint64_t number;
};
struct ms_document_io ms_durable_io(struct ms_durable_documents *documents);

/* ---- rows.c ---- */
/* What is read first of an execution's row, its snapshot or the record of its start. */
struct ms_row {
  uint32_t machine; /* id of its version */
  bool is_start;    /* nothing but a start: no state follows */
  bool is_busy;     /* not only timers are pending */
  enum ms_execution_status status;
  struct ms_str tail;
  struct ms_str test_case; /* of mocks; empty: it was started for none */
  uint64_t seed;
  int64_t started_at_ms;
  int64_t stopped_at_ms;
  uint32_t event_count;
  uint32_t records;
  uint32_t chunks;
  uint32_t redrive_count;
  int64_t redriven_at_ms;
  uint32_t timer_count;
  struct ms_bytes_reader timers; /* frame, due: ms_row_timer */
  struct ms_str body;            /* input as it was sent, then the start's input or the state */
};
int ms_row_write(struct ms_buf *out, const struct ms_run *run, bool is_start,
                 const struct ms_document_io *io);
int ms_row_read(struct ms_row *out, struct ms_str bytes); /* borrowed from bytes */
/* The next of its timers. */
int ms_row_timer(uint32_t *frame, int64_t *due_at_ms, struct ms_row *row);
/* Makes `run`, which is away, what the row says. */
int ms_row_load(struct ms_run *run, const struct ms_row *row, const struct ms_engine *engine,
                struct ms_store *reader);
struct ms_str ms_key_part(char out[MS_STORE_NUMBER_SIZE], uint64_t number, uint64_t part);
void ms_key_name(struct ms_buf *out, uint32_t family, struct ms_str tail);
void ms_key_listing(struct ms_buf *out, uint32_t family, int status, uint64_t number);
void ms_row_machine_write(struct ms_buf *out, const struct ms_engine_machine *machine);
struct ms_machine_row { /* what a request for it does not have */
  uint32_t family;
  struct ms_str arn;
  int64_t created_at_ms;
  int64_t updated_at_ms;
  struct ms_str revision; /* empty: of the first version */
};
int ms_row_machine_read(struct ms_engine_machine_request *request, struct ms_machine_row *out,
                        struct ms_str bytes);

/* ---- resident.c ---- */
struct ms_kept *ms_kept_new(struct ms_run *run);
void ms_kept_free(struct ms_kept *kept); /* NULL is fine */
void ms_kept_saved(struct ms_kept *kept); /* its latest snapshot but those held is durable */
/* Brings it back if it is away. */
int ms_run_wake(struct ms_engine *engine, struct ms_run *run);
/* Is anything of it under way? If not it stands in the line of those that may go away. */
void ms_run_rest(struct ms_engine *engine, struct ms_run *run);
void ms_run_unrest(struct ms_engine *engine, struct ms_run *run);
/* Saves, sends away and cuts the journal, a little each turn. */
void ms_durable_tidy(struct ms_engine *engine);

/* ---- recover.c ---- */
/* Reads what is open into memory, which holds nothing, and lets it go on. */
int ms_durable_recover(struct ms_engine *engine);
/*
 * After it, once whoever answers tasks had the time to say so: tasks in flight are started again, with
 * token and attempt as they were.
 */
void ms_durable_resume(struct ms_engine *engine);
/* Who waits for an execution that memory had lost: goes on waiting, or hears how it ended. */
int ms_durable_settle_waiters(struct ms_engine *engine);
/* Forgets all that memory holds of executions; who waits for one keeps waiting. */
void ms_durable_drop_all(struct ms_engine *engine);

/* ---- purge.c ---- */
/* Is it asked for already? Then it is as good as gone. */
bool ms_purge_is_asked(const struct ms_durable *durable, uint64_t number);
/* Forgets those that are durable. */
void ms_purge_settle(struct ms_durable *durable, uint64_t durable_seq);

/* ---- archive.c ---- */
/* MSTEP_OK: one of this machine with that tail has ended. MSTEP_ENOTFOUND. */
int ms_archive_has(struct ms_engine *engine, const struct ms_engine_machine *machine,
                   struct ms_str tail);
/* The row of one that has ended, copied into durable.row. MSTEP_ENOTFOUND. */
int ms_archive_find(struct ms_row *out, uint64_t *number, struct ms_engine_machine **machine,
                    struct ms_engine *engine, struct ms_str arn);
/* One that has ended as a run of its own, not in the index; the caller's. */
int ms_archive_load(struct ms_run **out, struct ms_engine *engine, struct ms_str arn);

#endif
