/*
 * The engine: machines, executions, the turn, and everything they need, built from options. What
 * the public functions call; they add argument checks and the types of the public header. Loop
 * thread only, unless a comment says "any thread".
 */
#ifndef MS_RUNTIME_RUNTIME_H
#define MS_RUNTIME_RUNTIME_H

#include "base/buf.h"
#include "task/task.h"

struct ms_engine;

/* How an execution ended; texts are valid during the call. data NULL where there is none. */
struct ms_engine_end {
  const char *arn;
  int status; /* enum ms_execution_status */
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
  void (*event)(struct ms_callback callback, const struct ms_engine_event *event, void *host);
  void (*log)(int level, const char *module, struct ms_str line, void *host);
  void *host;
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
  bool is_history_kept;
  void *event_base;
  struct ms_engine_host host;
};

/* ---- engine ---- */

int ms_engine_open(struct ms_engine **out, const struct ms_engine_options *options);
int ms_engine_close(struct ms_engine *engine); /* MSTEP_ESTATE from a callback */
int ms_engine_run(struct ms_engine *engine);
void ms_engine_stop(struct ms_engine *engine); /* any thread; signal handlers */
int ms_engine_post(struct ms_engine *engine, struct ms_callback callback); /* any thread */
int64_t ms_engine_now_ms(struct ms_engine *engine);
void ms_engine_watch(struct ms_engine *engine, struct ms_callback callback); /* fn NULL ends it */
/* Engines that are open in this process. */
unsigned ms_engine_count(void);

/* ---- machines ---- */

#define MS_ENGINE_ARN_SIZE 513

typedef void (*ms_engine_diagnostic_cb)(const struct ms_engine_diagnostic *diagnostic, void *user);

int ms_engine_machine_create(char arn[MS_ENGINE_ARN_SIZE], struct ms_engine *engine,
                             struct ms_str name, struct ms_str definition, bool is_express,
                             ms_engine_diagnostic_cb report, void *user);
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

/* name, input: data NULL = none given. */
int ms_engine_execution_start(char arn[MS_ENGINE_ARN_SIZE], struct ms_engine *engine,
                              struct ms_str machine_arn, struct ms_str name, struct ms_str input,
                              struct ms_callback done);
int ms_engine_execution_stop(struct ms_engine *engine, struct ms_str arn, struct ms_str error,
                             struct ms_str cause);
int ms_engine_execution_describe(struct ms_buf *out, struct ms_engine *engine, struct ms_str arn);
int ms_engine_execution_history(struct ms_buf *out, struct ms_engine *engine, struct ms_str arn);
int ms_engine_execution_purge(struct ms_engine *engine, struct ms_str arn);

/* ---- tasks; the three answers: any thread ---- */

int ms_engine_task_register(struct ms_engine *engine, struct ms_str pattern,
                            struct ms_callback callback);
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
