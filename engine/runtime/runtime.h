/*
 * The engine: machines, executions, the turn, and everything they need, built from options. What
 * the public functions call; they add argument checks and the types of the public header. Loop
 * thread only, unless a comment says "any thread".
 */
#ifndef MS_RUNTIME_RUNTIME_H
#define MS_RUNTIME_RUNTIME_H

#include "base/buf.h"
#include "store/batch.h"
#include "task/task.h"

struct ms_engine;

#define MS_ENGINE_UNKNOWN (-1) /* a status: the store failed before the start was durable */

/* How an execution ended; texts are valid during the call. data NULL where there is none. */
struct ms_engine_end {
  const char *arn;
  int status; /* enum ms_execution_status, or MS_ENGINE_UNKNOWN */
  struct ms_str output;
  struct ms_str error;
  struct ms_str cause;
};

/* One event for the watcher; as mstep_event. */
struct ms_engine_event {
  const char *arn;
  const char *type;
  uint64_t id;
  uint64_t previous_id;
  int64_t at_ms;
  const char *state;
  unsigned depth;
  unsigned thread;
  unsigned parent_thread;
  int64_t index;
  unsigned attempt;
  int64_t due_at_ms;
  struct ms_str payload;
  const char *error;
  const char *cause;
};

struct ms_engine_diagnostic {
  bool is_error;
  const char *code;
  const char *message;
  const char *pointer;
  const char *hint;
  unsigned line, column;
};

/*
 * The way up: the public layer knows the types of the functions that users gave, the runtime only
 * keeps them. Called on the loop thread, never from inside the call that took the function.
 */
struct ms_engine_host {
  void (*done)(struct ms_callback callback, const struct ms_engine_end *end, void *host);
  void (*task)(struct ms_callback callback, const char *token, const char *resource,
               struct ms_str input, void *host);
  void (*reply)(struct ms_callback callback, int status, struct ms_str reply, void *host);
  void (*post)(struct ms_callback callback, void *host);
  /*
   * What a call took is durable (code 0), or nobody knows (MSTEP_EIO: the store failed; asking again with
   * the same name is safe).
   */
  void (*accepted)(struct ms_callback callback, int code, const char *detail, void *host);
  void (*event)(struct ms_callback callback, const struct ms_engine_event *event, void *host);
  void (*log)(int level, const char *module, struct ms_str line, void *host);
  void *host;
  /* An operation by its name, for tasks: see struct ms_task_up. NULL: none can be called. */
  int (*call)(struct ms_str operation, struct ms_str request, ms_task_reply_cb done, void *user,
              void *host);
};

/* As mstep_options, with every default decided. Strings are copied; NULL: none. */
struct ms_engine_options {
  const char *functions_dir;
  const char *lib_dir;
  const char *rules_dir;
  const char *region;
  const char *account;
  const char *role_arn;
  unsigned workers;
  bool is_virtual_time;
  int64_t start_at_ms;
  uint64_t seed;
  size_t lua_memory_max_bytes;
  size_t payload_max_bytes;
  uint32_t history_max_events;
  bool is_aws_compat; /* AWS's other quotas too: how long executions live, redrives, variables */
  bool is_log_kept; /* see ms_engine_logs */
  bool is_history_kept;
  void *event_base;
  const char *store_url; /* NULL: memory is all there is, nothing survives */
  enum ms_durability durability;
  bool is_read_only; /* only asks: nothing is started, another process may have the store open */
  bool is_paused;    /* takes commands and makes them durable; tasks, timers and waits are not begun */
  /* Of machines that do not say otherwise; 0 = for ever, any number. */
  int64_t retention_age_ms;
  uint64_t retention_count;
  int missed_runs; /* enum ms_missed_runs */
  unsigned concurrent_executions; /* of functions; 0: no limit */
  struct ms_engine_host host;
};

/* ---- engine ---- */

#define MS_ENGINE_BASE_URL_SIZE 256

int ms_engine_open(struct ms_engine **out, const struct ms_engine_options *options);
int ms_engine_close(struct ms_engine *engine); /* MSTEP_ESTATE from a callback */
/*
 * For tests of crashes: closes it, and what was not handed to the store is lost, as if the process had been
 * killed.
 */
int ms_engine_abandon(struct ms_engine *engine);
int ms_engine_run(struct ms_engine *engine);
/* On virtual time: up to that moment. MSTEP_ESTATE on real time. See ms_loop_sim_run_until. */
int ms_engine_run_until(struct ms_engine *engine, int64_t end_at_ms);
void ms_engine_stop(struct ms_engine *engine); /* any thread; signal handlers */
int ms_engine_post(struct ms_engine *engine, struct ms_callback callback); /* any thread */
int64_t ms_engine_now_ms(struct ms_engine *engine);
/* MSTEP_EIO with the detail: the store has failed, nothing is taken now. */
int ms_engine_health(const struct ms_engine *engine);
int64_t ms_engine_clock_us(struct ms_engine *engine); /* as ms_loop_clock_us */
void ms_engine_watch(struct ms_engine *engine, struct ms_callback callback); /* fn NULL ends it */
/*
 * Where clients reach the engine, "http://host:port", for addresses in answers and messages; empty: nowhere, AWS's
 * names are used. MSTEP_EINVALID: not of that form.
 */
int ms_engine_set_base_url(struct ms_engine *engine, struct ms_str url);
/*
 * `accepted` is called when everything that calls have taken so far is durable; fn NULL: nothing.
 * MSTEP_ENOMEM.
 */
int ms_engine_accept(struct ms_engine *engine, struct ms_callback accepted);
/* With a store: so many executions that only wait stay in memory, the others in the store alone. */
void ms_engine_set_resident_max(struct ms_engine *engine, size_t count);
/* When the engine saves executions and cuts its journal; 0 = as it is. */
struct ms_engine_journal_limits {
  uint64_t unsaved_bytes; /* of records that a start would have to read: then the oldest are saved */
  uint64_t trim_bytes;    /* written since the journal was cut: then it is cut again */
  size_t log_bytes;       /* of one execution's history in memory: then it is saved */
  size_t write_bytes;     /* of one command: what writes more is tried in smaller pieces */
  int64_t commit_ms;      /* on virtual time: half as long as a commit takes; 0 = none at all */
  bool is_patient;        /* on virtual time, too, what is not urgent waits for other things to commit */
};
void ms_engine_set_journal_limits(struct ms_engine *engine,
                                  const struct ms_engine_journal_limits *limits);
/* Engines that are open in this process. */
unsigned ms_engine_count(void);

struct ms_driver_type;
/* The driver of that type (its own struct): what operations of its service call. */
void *ms_engine_driver(const struct ms_engine *engine, const struct ms_driver_type *type);

/* ---- machines ---- */

#define MS_ENGINE_ARN_SIZE 513

typedef void (*ms_engine_diagnostic_cb)(const struct ms_engine_diagnostic *diagnostic, void *user);

/* What an Express machine leaves in its history; AWS's log levels. */
enum ms_log_level { MS_LOG_OFF, MS_LOG_FATAL, MS_LOG_ERROR, MS_LOG_ALL };

#define MS_ENGINE_CONFIGURATION_DEFAULT                                                            \
  "{\"loggingConfiguration\":{\"level\":\"OFF\",\"includeExecutionData\":false},"                     \
  "\"tracingConfiguration\":{\"enabled\":false},"                                                  \
  "\"encryptionConfiguration\":{\"type\":\"AWS_OWNED_KEY\"}}"

struct ms_engine_machine_request {
  struct ms_str name;
  struct ms_str definition;
  bool is_express;
  struct ms_str role_arn; /* data NULL: the engine's */
  /*
   * More members of DescribeStateMachine, as one JSON object: loggingConfiguration, tracingConfiguration,
   * encryptionConfiguration. data NULL: AWS's defaults; of a machine that is there already, whatever it has.
   */
  struct ms_str configuration;
  enum ms_log_level log_level; /* EXPRESS */
  /*
   * A machine of this name with another definition gets the new one (UpdateStateMachine); executions
   * that run keep theirs. Without it that is MSTEP_EEXISTS.
   */
  bool is_update;
  bool is_published; /* a version is made of it next: MSTEP_ETOOBIG, and nothing changes, when it has too many */
  /* Of an update: what is not given stays. */
  bool has_durability; /* else the engine's */
  enum ms_durability durability;
  int64_t retention_age_ms; /* 0 = the engine's */
  uint64_t retention_count;
  /* Of what is read from a store: see struct ms_engine_machine. */
  uint32_t version;
  struct ms_str alias;
  bool is_deleted;
};
int ms_engine_machine_create(char arn[MS_ENGINE_ARN_SIZE], struct ms_engine *engine,
                             const struct ms_engine_machine_request *request,
                             ms_engine_diagnostic_cb report, void *user);
/* ListStateMachines, DescribeStateMachine: the answers as JSON text. */
int ms_engine_machine_list(struct ms_buf *out, struct ms_engine *engine, unsigned max_results,
                           struct ms_str next_token);
int ms_engine_machine_describe(struct ms_buf *out, struct ms_engine *engine, struct ms_str arn);
/* DescribeStateMachineForExecution: the version that this execution runs. */
int ms_engine_machine_describe_for(struct ms_buf *out, struct ms_engine *engine,
                                   struct ms_str execution_arn);
/* When the current version was made, and AWS's revisionId of it: "" before the first update. */
int ms_engine_machine_revision(int64_t *updated_at_ms, char revision[37], struct ms_engine *engine,
                               struct ms_str arn);
/* There, or still being deleted. */
bool ms_engine_machine_is_there(struct ms_engine *engine, struct ms_str arn);
/*
 * Executions that run go on; nothing new is started. When the last has ended the machine is gone, and its
 * name may be used again.
 */
int ms_engine_machine_delete(struct ms_engine *engine, struct ms_str arn);
/*
 * A version of what is current, with the next number; of one revision there is one. revision, description:
 * data NULL = not given. MSTEP_ESTATE: another revision is current.
 */
int ms_engine_machine_publish(char arn[MS_ENGINE_ARN_SIZE], struct ms_engine *engine,
                              struct ms_str machine_arn, struct ms_str revision,
                              struct ms_str description);
/* Durability and retention, as `settings` has them, from now on. */
int ms_engine_machine_settle(struct ms_engine *engine, struct ms_str arn,
                             const struct ms_engine_machine_request *settings);
/* The ARN of a thing of Step Functions with that name: type "stateMachine", "activity". */
int ms_engine_arn(char arn[MS_ENGINE_ARN_SIZE], const struct ms_engine *engine, const char *type,
                  struct ms_str name);
/* A new id, by the engine's seed. */
void ms_engine_uuid(char out[37], struct ms_engine *engine);
/* What a definition is checked for. */
enum ms_engine_checks {
  MS_ENGINE_EXPRESS = 1, /* as an Express machine */
  MS_ENGINE_PORTABLE = 2 /* what AWS would not accept is an error, too */
};
int ms_engine_machine_validate(struct ms_engine *engine, struct ms_str definition, unsigned checks,
                               ms_engine_diagnostic_cb report, void *user);
/* format: "mermaid" or "dot". */
int ms_engine_machine_graph(struct ms_buf *out, struct ms_engine *engine, struct ms_str definition,
                            const char *format);
/* A file's definition: JSON as it stands, or what the table of a `.lua` file becomes. */
int ms_engine_definition_read(struct ms_buf *out, struct ms_engine *engine, const char *path);

/* ---- expressions ---- */

/* As mstep_expression. Texts with NULL data: not given. */
struct ms_engine_expression {
  struct ms_str language;
  struct ms_str dialect;
  struct ms_str text;
  struct ms_str input;
  struct ms_str variables;
};
/* Appends the value as JSON text; nothing when there is none. */
int ms_engine_evaluate(struct ms_buf *out, struct ms_engine *engine,
                       const struct ms_engine_expression *expression);

/* ---- executions ---- */

/* name, input: data NULL = none given. callbacks: fn NULL = none. */
struct ms_engine_start {
  struct ms_str machine_arn;
  struct ms_str name;
  struct ms_str input;
  struct ms_callback accepted; /* once, unless the call fails */
  void (*on_durable)(int code, void *arg); /* the same for the engine's own; NULL = nobody */
  void *arg;
  struct ms_callback done;     /* once, unless the call fails or the engine is closed before */
  /* StartSyncExecution: leaves nothing in a store, and is not begun again after a crash. EXPRESS. */
  bool is_sync;
};
int ms_engine_execution_start(char arn[MS_ENGINE_ARN_SIZE], struct ms_engine *engine,
                              const struct ms_engine_start *start);
/* Hears of the end of one that runs; has it ended, soon. */
int ms_engine_execution_wait(struct ms_engine *engine, struct ms_str arn, struct ms_callback done);
int ms_engine_execution_stop(struct ms_engine *engine, struct ms_str arn, struct ms_str error,
                             struct ms_str cause, struct ms_callback accepted);
/*
 * Goes on where it failed, was stopped or timed out. MSTEP_ESTATE when it runs, has succeeded, is of an
 * Express machine, or had too many events (AWS's ExecutionNotRedrivable, with its text).
 */
int ms_engine_execution_redrive(struct ms_engine *engine, struct ms_str arn,
                                struct ms_callback accepted);
/* Its figures of this moment, added to what is there. The histograms are borrowed until the next call of any kind. */
struct ms_metrics;
void ms_engine_collect(struct ms_metrics *metrics, struct ms_engine *engine);

int ms_engine_execution_describe(struct ms_buf *out, struct ms_engine *engine, struct ms_str arn);

/* DescribeMapRun. MSTEP_ENOTFOUND. */
int ms_engine_map_run_describe(struct ms_buf *out, struct ms_engine *engine, struct ms_str arn);
/*
 * UpdateMapRun: {"concurrency"?, "toleratedCount"?, "toleratedPercentage"?}, borrowed. MSTEP_ENOTFOUND;
 * MSTEP_ESTATE: it does not run.
 */
int ms_engine_map_run_update(struct ms_engine *engine, struct ms_str arn, struct ms_json settings,
                             struct ms_callback accepted);

/* ListExecutions, newest first. max_results 0 = 100, at most 1000. */
struct ms_engine_list {
  struct ms_str machine_arn; /* data NULL: of all machines */
  int status;                /* enum ms_execution_status, or -1: any */
  unsigned max_results;
  struct ms_str next_token; /* data NULL: from the start. MSTEP_EINVALID: not one of ours */
};
int ms_engine_execution_list(struct ms_buf *out, struct ms_engine *engine,
                             const struct ms_engine_list *list);

/*
 * ListExecutions of a map run: its children that have begun, newest first. MSTEP_ENOTFOUND; MSTEP_EINVALID: the
 * token.
 */
struct ms_engine_children_list {
  struct ms_str map_run_arn;
  int status;         /* as above; MS_ENGINE_PENDING_REDRIVE */
  int redrive_filter; /* 1: those that were redriven; 0: the others; -1: all */
  unsigned max_results;
  struct ms_str next_token;
};
#define MS_ENGINE_PENDING_REDRIVE 5
int ms_engine_children_list(struct ms_buf *out, struct ms_engine *engine,
                            const struct ms_engine_children_list *list);

/* GetExecutionHistory. max_results 0 = 100, at most 1000; UINT_MAX: all, in one answer. */
struct ms_engine_history {
  struct ms_str arn;
  unsigned max_results;
  bool is_reverse;
  bool is_without_data; /* includeExecutionData false */
  struct ms_str next_token;
};
int ms_engine_execution_history(struct ms_buf *out, struct ms_engine *engine,
                                const struct ms_engine_history *history);

/* A recorded history against a definition as it is now: replay.c. Texts with NULL data: not given. */
struct ms_engine_replay {
  struct ms_str definition;
  bool is_express;
  struct ms_str history;       /* GetExecutionHistory's answer */
  struct ms_str execution_arn; /* where the definition asks for names */
};
/*
 * {"result": "SAME" | "DIFFERENT" | "INCOMPLETE", "events", "compared"} and, when they differ, "eventId",
 * "location", "expected", "actual", "context". MSTEP_EDEFINITION; MSTEP_ESYNTAX, MSTEP_EINVALID: no history.
 */
int ms_engine_history_replay(struct ms_buf *out, struct ms_engine *engine,
                             const struct ms_engine_replay *request,
                             ms_engine_diagnostic_cb report, void *user);

/* Forgets one that has ended, with its history and payloads. MSTEP_ESTATE while it runs. */
int ms_engine_execution_purge(struct ms_engine *engine, struct ms_str arn,
                              struct ms_callback accepted);
/*
 * The same for all that ended before, of one machine or (data NULL) of all: at most 1,000 at a time, *count
 * gets how many. When all is accepted and *count was not 0, call again.
 */
int ms_engine_purge_before(uint64_t *count, struct ms_engine *engine, struct ms_str machine_arn,
                           int64_t stopped_before_ms, struct ms_callback accepted);
/* Gives back the disk space of what was purged, in pieces; then `accepted`. */
int ms_engine_shrink(struct ms_engine *engine, struct ms_callback accepted);
int ms_engine_store_size(struct ms_engine *engine, uint64_t *bytes); /* on disk */
/* A copy of the store as of now, in a new file. MSTEP_ESTATE without a store. */
int ms_engine_backup(struct ms_engine *engine, const char *path);
/* MSTEP_OK while the store takes commits; else MSTEP_EIO and the detail of what failed. */
int ms_engine_store_status(struct ms_engine *engine);

/* ---- tasks; the three answers: any thread ---- */

int ms_engine_task_register(struct ms_engine *engine, struct ms_str pattern,
                            struct ms_callback callback);
/* See ms_tasks_set_routes. */
int ms_engine_routes_set(struct ms_engine *engine, struct ms_json routes, struct ms_str aws_endpoint);
int ms_engine_mocks_load(struct ms_engine *engine, struct ms_str text, const char *test_case);
int ms_engine_task_success(struct ms_engine *engine, struct ms_str token, struct ms_str output);
int ms_engine_task_failure(struct ms_engine *engine, struct ms_str token, struct ms_str error,
                           struct ms_str cause);
int ms_engine_task_heartbeat(struct ms_engine *engine, struct ms_str token);

/* ---- functions ---- */

int ms_engine_function_load(struct ms_engine *engine, struct ms_str name, struct ms_str source);
int ms_engine_function_invoke(struct ms_engine *engine, struct ms_str name, struct ms_str payload,
                              struct ms_callback reply);

#endif
