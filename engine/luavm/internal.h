/*
 * The insides of luavm, for the files of this module only.
 *
 *   ms_lua (loop thread)           functions by name, jobs by id, what is queued
 *     host  (loop thread or one worker)   owns Lua states; one job at a time enters Lua
 *       vm    (one lua_State)             of one version of one function, with its memory limit
 *         job   (one call)                a coroutine in its vm
 *
 * A host and everything below it belongs to one thread. A job crosses between threads as a message:
 * it has one owner at a time, and carries bytes while it is away from the loop thread.
 */
#ifndef MS_LUAVM_INTERNAL_H
#define MS_LUAVM_INTERNAL_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdatomic.h>

#include "base/heap.h"
#include "base/map.h"
#include "base/random.h"
#include "base/vec.h"
#include "luavm/job.h"
#include "luavm/log.h"
#include "luavm/luavm.h"
#include "luavm/pool.h"
#include "luavm/source.h"
#include "luavm/up.h"
#include "work/guard.h"
#include "work/work.h"

#define MS_LUA_RAISES /* marks what may leave by a Lua error */

#define MS_LUA_MEMORY_DEFAULT ((size_t)128 << 20)
#define MS_LUA_TIMEOUT_DEFAULT_MS (15 * 60 * 1000)
#define MS_LUA_SOURCE_MAX ((size_t)4 << 20) /* of one chunk: compiling cannot be interrupted */
#define MS_LUA_JSON_MAX ((size_t)64 << 20) /* bytes of a value that becomes JSON, roughly */
#define MS_LUA_DEPTH_MAX 512 /* of tables that become JSON: what a reader with defaults accepts */
#define MS_LUA_OUTPUT_MAX 6291556 /* of a result as text: Lambda's */
#define MS_LUA_ERROR_TYPE "Lua.Error"
#define MS_LUA_CAUSE_MAX 32768 /* characters of a cause: the API's limit */
#define MS_LUA_ERROR_MAX 256   /* characters of an error name: the API's limit */
#define MS_LUA_LINE_MAX 65536  /* bytes of one log line */
#define MS_LUA_PATH_MAX 1024
#define MS_LUA_KEY_CACHE 128
#define MS_LUA_VMS_MAX (1u << 20)
#define MS_LUA_HOOK_PREFIX "hooks/"
#define MS_LUA_SLICE_MS 10
#define MS_LUA_BUSY_MAX 16 /* preempted calls of one host: it begins no others meanwhile */
#define MS_LUA_CLOSE_MS 50 /* for __close of a call that is ended from outside */

/* What a state may do. A row of libs.def names the levels that have it. */
enum ms_lua_level {
  MS_LUA_EXPRESSION = 1, /* rules and definitions: no I/O, clock or randomness */
  MS_LUA_FUNCTION = 2,   /* handlers */
  MS_LUA_ON_REQUIRE = 4  /* in a row: no global, made when `require` asks for it */
};

struct ms_lua_job;
struct ms_lua_host;

/* Why a module could not be had: names the error if that is what ends the loading of a function. */
enum ms_lua_load_note { MS_LUA_LOAD_FINE, MS_LUA_LOAD_MISSING, MS_LUA_LOAD_SYNTAX };

/* One Lua state. */
struct ms_lua_vm {
  lua_State *L;
  struct ms_lua *lua;       /* options only: read-only after ms_lua_new, whatever the thread */
  struct ms_lua_host *host; /* NULL: rules and definitions */
  struct ms_lua_code *code; /* of its function; NULL likewise */
  struct ms_lua_vm *next;   /* of the same version, in the host's list */
  struct ms_lua_job *busy;  /* was preempted in it: no other call may be in between */
  enum ms_lua_level level;
  struct ms_lua_pool pool;
  struct ms_random random;                  /* of uuids and the log stream's name */
  char log_stream[MS_LUA_VERSION_MAX + 56]; /* "" until it is asked for */
  enum ms_lua_load_note load_note;          /* what the message below says */
  char load_message[512];
  size_t used_bytes;
  size_t peak_bytes;
  size_t max_bytes;
  bool is_large;       /* the heap is: see ms_lua_vm_tune */
  bool is_full;        /* the limit refused an allocation since the last look */
  bool is_loaded;      /* the handler is in the registry */
  bool is_retired;     /* in no list, no new calls: closed when the last one ends */
  uint32_t live_count; /* calls under way */
  int handler_ref;
  const void *array_mark; /* address of the metatable of arrays */
  const void *big_mark;   /* and of big numbers */
  int idle_refs[16];      /* coroutines of calls that ended well, to be used again */
  lua_State *idle[16];
  uint32_t idle_count;
  void *cjson;         /* handle of the module's library, or NULL */
  uint64_t step_count; /* level EXPRESSION: of the call under way */
  uint64_t step_max;
  bool is_over;        /* level EXPRESSION: the steps are used up, everything raises */
  uint32_t tick_count; /* work in C since the last look at the limits */
  size_t json_max;        /* of json_work: past it the conversion stops */
  size_t json_work;    /* bytes of the value last converted to JSON, roughly and before escapes */
  struct ms_json scratch; /* held here while Lua copies from it, which may raise */
  struct ms_buf text;     /* likewise */
  /* member names lately converted, by address of the Lua string */
  struct ms_json keys[MS_LUA_KEY_CACHE];
};

enum ms_lua_kill {
  MS_LUA_KILL_NONE,
  MS_LUA_KILL_TIMEOUT,
  MS_LUA_KILL_CANCEL,
  MS_LUA_KILL_SHUTDOWN /* of what is suspended: its __close handlers are not run */
};

/* Where jobs run. */
struct ms_lua_host {
  struct ms_lua *lua;
  struct ms_lua_vm **vms; /* by index of code: lists; NULL where it has not been called here */
  size_t vm_count;
  size_t vm_capacity;
  struct ms_lua_job *job;      /* inside Lua now, or NULL */
  lua_State *volatile current; /* the coroutine that runs now: who interrupts must know */
  /* of the job inside Lua; set where signals are handled, so each is one word */
  atomic_int kill;              /* enum ms_lua_kill: every instruction raises */
  atomic_bool is_fired;         /* the guard has, since it was entered last */
  atomic_bool is_slice_over;    /* others are to have their turn */
  bool is_last_slice;           /* the guard's limit is the deadline */
  int64_t slice_ms;             /* that limit */
  struct ms_watchdog *watchdog; /* borrowed */
  struct ms_guard guard;
  bool is_suspending;      /* the yield under way is a sleep, not the handler's own */
  bool is_preempting;      /* likewise: it is none of the script's */
  bool was_preempted;      /* the job that was entered last */
  uint32_t busy_count;     /* jobs that were preempted and wait for their next slice */
  struct ms_heap sleeping; /* jobs, by the time they are to be entered again */
  uint64_t next_order;
  uint32_t number; /* 0: the loop thread's; of a worker its index + 1 */
  uint64_t vms_made;
  uint64_t tickets;
  bool is_local;            /* on the loop thread */
  struct ms_worker *worker; /* else */
};

struct ms_lua {
  struct ms_lua_options options; /* strings are copies */
  char *strings;                 /* the block that holds them */
  struct ms_map functions;       /* name -> struct ms_lua_function */
  uint32_t index_count;          /* places in hosts' lists of states */
  MS_VEC(uint32_t) free_indices;
  uint64_t last_revision;
  MS_VEC(struct ms_lua_job *) jobs;
  struct ms_lua_job *free_jobs;
  struct ms_lua_job *queue_head; /* to be begun, or FINISHED and to be told */
  struct ms_lua_job *queue_tail;
  struct ms_lua_job *waiting_head; /* workers: to be posted when their queue has room */
  struct ms_lua_job *waiting_tail;
  size_t open_count;         /* jobs whose `done` is to come */
  uint64_t call_count;       /* jobs there ever were */
  size_t held_count;         /* of these, out: the loop is held while there are any */
  struct ms_work *work;      /* NULL: 0 workers */
  atomic_size_t log_bytes;   /* of lines on their way from workers */
  atomic_size_t log_dropped; /* lines that were too many */
  uint64_t next_generation;  /* part of jobs' ids */
  bool is_delivering;        /* inside on_wake: it looks at the queue itself */
  struct ms_watchdog *watchdog;
  struct ms_lua_host local;
  ms_lua_serve_cb serve; /* NULL: there is nobody to ask */
  void *serve_user;
  struct ms_lua_request *requests;   /* that were served, until they are freed */
  struct ms_lua_request *asked_head; /* to be served */
  struct ms_lua_request **asked_tail;
  struct ms_lua_reload *reload; /* NULL: files are not watched */
  struct ms_lua_check *checks;  /* sources on trial */
  struct ms_lua_vm *rules;      /* NULL until the first rule, and after one was killed */
};

/* ---- limits.c ---- */
/* Ends or preempts what runs on the host: for the guard, in a signal handler. user: the host. */
void ms_lua_interrupt(void *user);
/* Real milliseconds until the job must be killed. */
int64_t ms_lua_left_ms(const struct ms_lua_host *host, const struct ms_lua_job *job);
/* The guard, around each way into Lua: a slice of what is left, or all of left_ms. */
void ms_lua_guard_enter(struct ms_lua_host *host, struct ms_lua_job *job, int64_t left_ms,
                        bool is_last);
bool ms_lua_guard_leave(struct ms_lua_host *host); /* true when it fired */
/* What runs cannot be preempted: it goes on for another slice. */
void ms_lua_next_slice(struct ms_lua_host *host);
/* Arms a coroutine in a host that has been interrupted: its next instruction yields or raises. */
void ms_lua_arm(lua_State *L);
void ms_lua_disarm(lua_State *L);
/* Control goes to a coroutine: what struck before its time is its business. */
static inline void ms_lua_pass_on(struct ms_lua_host *host, lua_State *co)
{
  host->current = co;
  atomic_signal_fence(memory_order_seq_cst);
  if (atomic_load_explicit(&host->is_fired, memory_order_relaxed)) {
    ms_lua_arm(co);
  }
}
bool ms_lua_is_killed(struct ms_lua_vm *vm); /* interrupted, or out of steps */
MS_LUA_RAISES void ms_lua_check_limits(lua_State *L);
/* Counts work done in C, where no hook can interrupt: about one unit a nanosecond. */
MS_LUA_RAISES static inline void ms_lua_tick(lua_State *L, struct ms_lua_vm *vm, uint32_t units)
{
  vm->tick_count += units;
  if (vm->tick_count >= 8192) {
    ms_lua_check_limits(L);
  }
}
/* The instructions of one run of a rule or definition. */
void ms_lua_begin_steps(struct ms_lua_vm *vm, uint64_t max);

/* ---- vm.c ---- */
/* host and code NULL: for rules and definitions. A reference to code is taken. */
int ms_lua_vm_new(struct ms_lua_vm **out, struct ms_lua *lua, struct ms_lua_host *host,
                  struct ms_lua_code *code);
void ms_lua_vm_free(struct ms_lua_vm *vm); /* NULL is fine */
/* after a call: sets the collector's pace to the heap's size */
void ms_lua_vm_tune(struct ms_lua_vm *vm);
/* "2026/11/23/[$LATEST]0123...": of this state */
const char *ms_lua_vm_log_stream(struct ms_lua_vm *vm);
/* The extra space of each coroutine has its vm's address; bit 0 marks those that a job runs in. */
static inline struct ms_lua_vm *ms_lua_vm_of(lua_State *L)
{
  return (struct ms_lua_vm *)(*(uintptr_t *)lua_getextraspace(L) & ~(uintptr_t)1);
}
static inline bool ms_lua_is_job_coroutine(lua_State *L)
{
  return (*(uintptr_t *)lua_getextraspace(L) & 1) != 0;
}
/* A coroutine for a call, from the stock or new: anchored by *ref. MSTEP_ENOMEM. */
int ms_lua_vm_take_coroutine(struct ms_lua_vm *vm, lua_State **co, int *ref);
/* Gives it back; a coroutine that did not end well is let go. */
void ms_lua_vm_give_coroutine(struct ms_lua_vm *vm, lua_State *co, int ref, bool is_usable);

/* ---- sandbox.c ---- */
MS_LUA_RAISES void ms_lua_sandbox_open(lua_State *L); /* fills the state's globals for its level */
/* Copies the fields named (NULL-terminated) from the table at `from` to the table on top. */
MS_LUA_RAISES void ms_lua_copy_fields(lua_State *L, int from, const char *const *names);
/* Replaces the table on top by one that can only be read. */
MS_LUA_RAISES void ms_lua_freeze(lua_State *L);
/*
 * Makes a library that is there on `require` only and pushes it; false when there is none of this
 * name.
 */
MS_LUA_RAISES bool ms_lua_open_lib(lua_State *L, const char *name);
bool ms_lua_is_lib(struct ms_str name); /* a row of libs.def */
/* Pushes the chunk as a function; text only. Returns a LUA_ status; the message is then on top. */
int ms_lua_load_text(lua_State *L, const char *text, size_t len, const char *chunk);

/* ---- files.c ---- */
struct ms_str ms_lua_base_name(const char *path); /* last part of a path, for messages */
/*
 * Reads a file of at most MS_LUA_SOURCE_MAX bytes. MSTEP_ENOTFOUND, MSTEP_EIO, MSTEP_ETOOBIG,
 * _ENOMEM.
 */
int ms_lua_read_file(char **text, size_t *len, const char *path);
/* Module or function names: no way out of the folder. `dots`: "a.b" is a/b. */
bool ms_lua_is_name(struct ms_str name, bool dots);
/* "lib/money.lua:3: what" in its parts; false: the text begins otherwise. */
bool ms_lua_split_place(struct ms_str *file, int *line, struct ms_str *message, struct ms_str text);
char *ms_lua_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- value.c ---- */
MS_LUA_RAISES void ms_lua_value_open(lua_State *L); /* metatables of arrays and big numbers */
MS_LUA_RAISES void ms_lua_push_json(lua_State *L, struct ms_json value);
/* the metatable that makes a table an array */
MS_LUA_RAISES void ms_lua_push_array_mark(lua_State *L);
/*
 * The value at `index` as JSON; vm->json_work says about how large. Never raises. MSTEP_EINVALID: the detail says what and where,
 * MSTEP_ETOOBIG, MSTEP_ETIMEOUT (the call is killed meanwhile), MSTEP_ENOMEM.
 */
int ms_lua_to_json(struct ms_json *out, lua_State *L, int index);
extern const char ms_lua_empty_array; /* its address as light userdata is cjson.empty_array */

/* ---- error.c ---- */
/* Message handler of calls: notes in the job what ran, while it is still on the stack. */
int ms_lua_note_trace(lua_State *L);
/*
 * Fills the job's error and cause from the error object on top; runs its __tostring if it has
 * one.
 */
MS_LUA_RAISES void ms_lua_describe(lua_State *L, struct ms_lua_job *job);
/* The outcome when memory was missing: the error object cannot be trusted to say anything. */
void ms_lua_set_memory(struct ms_lua_job *job, const struct ms_lua_vm *vm);
bool ms_lua_is_memory_error(lua_State *L, int status); /* the error object is on top */
/* Lambda's error JSON of what is no error of a script's, as a string value. NONE: no memory. */
struct ms_json ms_lua_error_json(struct ms_str type, struct ms_str message);
/* Ends a job with a name and a formatted message in Lambda's form. */
void ms_lua_job_fail(struct ms_lua_job *job, enum ms_lua_outcome outcome, const char *error,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));
/* As Lua's own when memory is out; recognised wherever it comes to the end of a call. */
MS_LUA_RAISES int ms_lua_raise_memory(lua_State *L);
/* Raises {errorType = type, errorMessage = ...}. */
MS_LUA_RAISES int ms_lua_raise(lua_State *L, const char *type, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- job.c ---- */
int ms_lua_job_new(struct ms_lua_job **out, struct ms_lua *lua, const struct ms_lua_call *call);
void ms_lua_job_free(struct ms_lua *lua, struct ms_lua_job *job);     /* back to the stock */
struct ms_lua_job *ms_lua_job_by_id(struct ms_lua *lua, uint64_t id); /* NULL: over */
void ms_lua_jobs_deinit(struct ms_lua *lua);

/* ---- enter.c ---- */
/* Begins or goes on with a job; true when it has ended: outcome and values are set. */
bool ms_lua_enter(struct ms_lua_host *host, struct ms_lua_job *job);
/* Ends a job from outside that is suspended or has not begun; its outcome is set. */
void ms_lua_abandon(struct ms_lua_host *host, struct ms_lua_job *job, enum ms_lua_kill kill);
void ms_lua_host_init(struct ms_lua_host *host, struct ms_lua *lua, struct ms_watchdog *watchdog,
                      bool is_local);
void ms_lua_host_deinit(struct ms_lua_host *host);
int64_t ms_lua_host_now_ms(const struct ms_lua_host *host);
/* Gives up states of stale versions; the host's thread. */
void ms_lua_host_sweep(struct ms_lua_host *host);
/* Suspends the running job until due_at_ms; then `then` (NULL: nothing) goes on. */
MS_LUA_RAISES int ms_lua_suspend(lua_State *L, int64_t due_at_ms, lua_KFunction then);

/* ---- worker.c ---- */
int ms_lua_workers_new(struct ms_lua *lua);
void ms_lua_workers_free(struct ms_lua *lua);
/* Hands a job to the workers. MSTEP_ETOOBIG: not now; MSTEP_ENOMEM. */
int ms_lua_workers_post(struct ms_lua *lua, struct ms_lua_job *job);
/* Ends a job that is out as soon as can be. True: no worker had begun it, it is ours again. */
bool ms_lua_workers_cancel(struct ms_lua *lua, struct ms_lua_job *job);
/* What a job brought back becomes values of the loop thread. */
void ms_lua_workers_unpack(struct ms_lua_job *job);

/* ---- up.c ---- */
MS_LUA_RAISES int ms_lua_core_call(lua_State *L); /* (operation, body) -> ok, body or error, message */
/* Sends what the job, which is suspended now, has asked. */
void ms_lua_up_send(struct ms_lua_host *host, struct ms_lua_job *job);
/* The call could not be suspended after all: what it was to ask is not sent. */
void ms_lua_up_drop(struct ms_lua_job *job);
/* The job is over: what it asked interests nobody. */
void ms_lua_up_forget(struct ms_lua_host *host, struct ms_lua_job *job);
/* A request or its end, on the loop thread. */
void ms_lua_up_take(struct ms_lua *lua, struct ms_lua_message *message);
void ms_lua_up_serve(struct ms_lua *lua); /* hands on what has been taken */
/* The job that goes on with the answer, on the thread that has it; NULL: it does not wait any more. */
struct ms_lua_job *ms_lua_up_arrive(struct ms_lua_host *host, struct ms_lua_message *message);
void ms_lua_up_free(struct ms_lua *lua);

/* ---- luavm.c ---- */
/* 0 workers: the job, which was suspended, has its turn when the loop comes round. */
void ms_lua_go_on(struct ms_lua *lua, struct ms_lua_job *job);

/* ---- log.c ---- */
/* Hands a worker's record on and frees it. */
void ms_lua_log_take(struct ms_lua *lua, struct ms_lua_message *message);
struct ms_str ms_lua_log_tail(const struct ms_lua_job *job);
/* A line from the running call. */
void ms_lua_log_line(lua_State *L, enum ms_lua_log_level level, struct ms_str line);
/* Around a call: START; what it failed of, END and REPORT. */
void ms_lua_log_begin(struct ms_lua_host *host, struct ms_lua_job *job);
void ms_lua_log_end(struct ms_lua_host *host, struct ms_lua_job *job);
int64_t ms_lua_monotonic_us(void);

/* ---- require.c ---- */
/* A library or a module that is compiled in: no file can take its place. */
bool ms_lua_is_builtin(struct ms_str name);
/* The error object on top is that of a module that could not be had: how Lambda calls it. Else NULL. */
const char *ms_lua_load_error(lua_State *L);
MS_LUA_RAISES int ms_lua_require(lua_State *L);
/* Pushes the chunk of a file; false and nothing when there is no such file. */
MS_LUA_RAISES bool ms_lua_load_file(lua_State *L, const char *path, const char *chunk);

/* ---- lib_*.c ---- */
/* the globals that are no library; a table on top */
MS_LUA_RAISES int ms_lua_open_base(lua_State *L);
#define MS_LUA_LIB(name, levels, open) int open(lua_State *L);
#include "luavm/libs.def"
#undef MS_LUA_LIB
MS_LUA_RAISES int ms_lua_table_sort(lua_State *L); /* sort.c */
MS_LUA_RAISES void ms_lua_context_open(lua_State *L);
MS_LUA_RAISES void ms_lua_context_push(lua_State *L, struct ms_lua_job *job);

#endif
