/*
 * Functions as Lambda knows them: what is configured of each (a row of MS_TABLE_RESOURCE, "function\0NAME"),
 * versions and aliases, how many calls may run at a time; and the queue of asynchronous invocations, whose
 * outcome goes to destinations and dead letters. What runs a function is luavm; what its Lua may do, too.
 *
 *   send ──durable──▶ WAITING ──attempt──▶ RUNNING ──▶ success, or no attempts left, or too old:
 *                        ▲                    │         one commit: the event's row goes, its record
 *                        └── 1 min, 2 min ────┘         and dead letter stand in the outbox
 *
 * Loop thread only.
 */
#ifndef MS_INVOKE_INVOKE_H
#define MS_INVOKE_INVOKE_H

#include "dest/outbox.h"
#include "journal/driver.h"
#include "luavm/luavm.h"
#include "json/json.h"

#define MS_INVOKE_PAYLOAD_MAX ((size_t)1 << 20) /* of an asynchronous event */
#define MS_INVOKE_QUALIFIER_MAX 128u
#define MS_INVOKE_LATEST "$LATEST"
#define MS_INVOKE_RUNS_MAX 1000u /* calls of the queue at a time */
#define MS_INVOKE_LINEAGE_MAX 16 /* a function in one chain of calls */
#define MS_INVOKE_RETRIES 2      /* unless it is configured */
#define MS_INVOKE_AGE_MAX_S 21600
#define MS_INVOKE_RETRY_MS 60000 /* before the second attempt; then twice that */
#define MS_INVOKE_ACCOUNT_STANDARD 1000u /* what is shown as the account's limit when there is none */
#define MS_INVOKE_RESIDENT_BYTES ((size_t)64 << 20) /* of events in memory; beyond: in the store alone */
#define MS_INVOKE_THROTTLE_MS 1000
#define MS_INVOKE_THROTTLE_MAX_MS 300000
/* In MS_TABLE_EVENT this driver's deliveries have numbers from here to 2^63. */
#define MS_INVOKE_OUTBOX_FIRST ((uint64_t)1 << 62)

struct ms_invoke;

extern const struct ms_driver_type ms_invoke_driver; /* its driver is a struct ms_invoke */

struct ms_invoke_up {
  int (*lua)(struct ms_lua **out, void *user); /* made on first use */
  void *user;
};
void ms_invoke_set_up(struct ms_invoke *invoke, const struct ms_invoke_up *up);
/* Lua has just been made: it gets the code that is kept here. What does not load is logged. */
void ms_invoke_attach(struct ms_invoke *invoke, struct ms_lua *lua);

/* ---- names ---- */

/* Parts of what was parsed. */
struct ms_function_name {
  struct ms_str name;
  struct ms_str qualifier; /* empty: none was given */
};
/*
 * "f", "f:1", "ACCOUNT:function:f", an ARN; qualifier: given beside it, data NULL = not. MSTEP_ESYNTAX: not
 * a name; MSTEP_EINVALID: the two qualifiers differ; MSTEP_ENOTFOUND: another region's, the detail is AWS's.
 */
int ms_function_name_parse(struct ms_function_name *out, const struct ms_invoke *invoke,
                           struct ms_str text, struct ms_str qualifier);
/* The ARN; with the qualifier, $LATEST when there is none. is_plain: without any. */
void ms_function_arn(struct ms_buf *out, const struct ms_invoke *invoke,
                     const struct ms_function_name *name, bool is_plain);

/* ---- what is configured ---- */

/*
 * A function's row: an object of "Configuration" (as DescribeFunction has it), "Versions" (by number, likewise),
 * "NextVersion", "Aliases" (by name), "EventInvokeConfigs" (by qualifier),
 * "ReservedConcurrentExecutions", "IsDeployed" (its code is kept here). Borrowed; NONE: it has none.
 */
struct ms_json ms_invoke_row(const struct ms_invoke *invoke, struct ms_str name);
/* The function is there: in the project folder, deployed; and so is the version or alias. */
bool ms_invoke_has(struct ms_invoke *invoke, const struct ms_function_name *name);
/* Steps through all rows, in no order; *pos 0 at first. Name and row are borrowed. False at the end. */
bool ms_invoke_next_row(const struct ms_invoke *invoke, size_t *pos, struct ms_str *name,
                        struct ms_json *row);
/* Names of all functions that have rows or are files of the project, sorted; owned. */
int ms_invoke_names(struct ms_json *out, struct ms_invoke *invoke);

/*
 * Code that goes with a change, a JSON value that is this module's own: Lua files, or a zip. NONE: it is
 * removed.
 */
struct ms_invoke_code {
  const char *version;
  struct ms_json code;
};
/*
 * Replaces a row (NONE: removes it) in one commit with the code; takes neither. What the ledger refuses has
 * changed nothing.
 */
int ms_invoke_put_row(struct ms_invoke *invoke, struct ms_str name, struct ms_json row,
                      const struct ms_invoke_code *codes, size_t code_count);
/* The code of a version that is kept, and durable; owned. NONE: none is. */
struct ms_json ms_invoke_code(const struct ms_invoke *invoke, struct ms_str name,
                              const char *version);
bool ms_invoke_is_zip(struct ms_json code);
/* The package as it came, or one made of the files, appended. MSTEP_ENOMEM, MSTEP_ETOOBIG. */
int ms_invoke_zip_bytes(struct ms_buf *out, struct ms_json code);
/* Where clients reach this engine; "": nowhere. */
const char *ms_invoke_base_url(const struct ms_invoke *invoke);
int ms_invoke_lua(struct ms_lua **out, struct ms_invoke *invoke);

/*
 * Code in Lua, not yet in the row: the function's source from now on; *code as it is to be kept, owned.
 * MSTEP_ELUA: it does not load, the old one stays; the detail says where.
 */
int ms_invoke_load_source(struct ms_json *code, struct ms_invoke *invoke, struct ms_str name,
                          struct ms_str source);
/*
 * The same from a zip; handler "file.function", empty: as luavm finds it. MSTEP_EINVALID, MSTEP_ETOOBIG: see
 * zip.h; MSTEP_ENOTFOUND: the handler's file is not in it.
 */
int ms_invoke_load_zip(struct ms_json *code, struct ms_invoke *invoke, struct ms_str name,
                       struct ms_str zip, struct ms_str handler);
/* $LATEST's zip with another handler. *code NONE: it has no zip. */
int ms_invoke_load_handler(struct ms_json *code, struct ms_invoke *invoke, struct ms_str name,
                           struct ms_str handler);
/* $LATEST, whose code may be said (else NONE), under that version too; its code, owned. */
int ms_invoke_publish(struct ms_json *code, struct ms_invoke *invoke, struct ms_str name,
                      const char *version, struct ms_json latest);
int ms_invoke_files(struct ms_json *files, struct ms_invoke *invoke, struct ms_str name);
/* A version, or (NULL) all: Lua forgets it. */
void ms_invoke_unload(struct ms_invoke *invoke, struct ms_str name, const char *version);
/* Row and code of all versions in one commit; then Lua forgets it, but for a file of the project. */
int ms_invoke_remove(struct ms_invoke *invoke, struct ms_str name);
void ms_invoke_uuid(struct ms_invoke *invoke, char out[37]);
/* What a failed change did to $LATEST in Lua is undone. */
void ms_invoke_restore(struct ms_invoke *invoke, struct ms_str name);

/* What a qualifier stands for now. */
struct ms_invoke_target {
  char version[72];
  struct ms_json configuration; /* borrowed; NONE: there is none */
};
/* Aliases with weights choose. MSTEP_ENOTFOUND. */
int ms_invoke_resolve(struct ms_invoke_target *out, struct ms_invoke *invoke,
                      const struct ms_function_name *name);
/* Fills in version, timeout and configuration of a call; config is the caller's until it has begun. */
void ms_invoke_configure(struct ms_lua_call *call, struct ms_lua_config *config,
                         const struct ms_invoke_target *target);

/* ---- how many at a time ---- */

/* Of calls that run, of the whole account. 0: as many as come. */
void ms_invoke_set_account_max(struct ms_invoke *invoke, unsigned count);
unsigned ms_invoke_account_max(const struct ms_invoke *invoke); /* AWS's 1,000 when there is none */
/* What is left of it for functions without a reservation; that of `except` is not counted. */
int64_t ms_invoke_unreserved(const struct ms_invoke *invoke, struct ms_str except);

/* Why a call was MSTEP_ESTATE just now. */
enum ms_invoke_refusal { MS_INVOKE_FULL_RESERVED, MS_INVOKE_FULL_ACCOUNT, MS_INVOKE_LOOP };
enum ms_invoke_refusal ms_invoke_refusal(const struct ms_invoke *invoke);

/*
 * A call that is somebody else's, as a task of an execution: counts from enter to leave. MSTEP_ESTATE: there is
 * no room for it.
 */
struct ms_invoke_function;
int ms_invoke_enter(struct ms_invoke_function **out, struct ms_invoke *invoke, struct ms_str name);
void ms_invoke_leave(struct ms_invoke *invoke, struct ms_invoke_function *function, bool is_error);

/* Since the start, of all functions. */
struct ms_invoke_counts {
  uint64_t invocations, successes, errors, throttles;
  uint64_t received; /* asynchronous events */
  uint64_t dropped;  /* of them: without an attempt that ended well */
  uint64_t aged_out; /* of these: too old for another one */
  uint64_t recursions;
};
const struct ms_invoke_counts *ms_invoke_counts(const struct ms_invoke *invoke);

/* ---- calls that are waited for ---- */

struct ms_invoke_request {
  struct ms_function_name name;
  struct ms_json payload;
  struct ms_json client_context; /* or NONE */
  bool has_log_tail;
  struct ms_str lineage; /* as in ms_delivery; data NULL = none */
};

struct ms_invoke_answer {
  int code;              /* 0; MSTEP_ELUA: the function failed; MSTEP_ENOTFOUND: it is missing */
  struct ms_str payload; /* JSON text: the result, or the error in Lambda's form */
  const char *version;
  const char *request_id;
  struct ms_str log_tail;
};
typedef void (*ms_invoke_answer_cb)(const struct ms_invoke_answer *answer, void *user);

/*
 * MSTEP_ESTATE: throttled, or a loop, see ms_invoke_refusal. MSTEP_ENOTFOUND: no such version or alias. On an
 * error done is not called.
 */
int ms_invoke_call(struct ms_invoke *invoke, const struct ms_invoke_request *request,
                   ms_invoke_answer_cb done, void *user);

/* ---- asynchronous invocations ---- */

struct ms_invoke_event {
  struct ms_function_name name;
  struct ms_str payload;  /* JSON text */
  struct ms_str lineage;  /* as in ms_delivery; data NULL = none */
  const char *request_id; /* NULL: a new one */
};
/* code 0: durable. request_id is the event's, of all its attempts. */
typedef void (*ms_invoke_sent_cb)(int code, const char *request_id, void *user);

/*
 * Everything is copied. MSTEP_ENOTFOUND: no such function, version or alias; MSTEP_ETOOBIG: the payload, or the
 * store is behind; MSTEP_ENOMEM, MSTEP_EIO. sent (may be NULL) is then not called.
 */
int ms_invoke_send(struct ms_invoke *invoke, const struct ms_invoke_event *event,
                   ms_invoke_sent_cb sent, void *user);

/*
 * ms_invoke_send of an event with a request_id, and who waits for its end hears its record once that is durable: as
 * destinations get it, whether there are any or not. code: as in sent, of the event or of its end. Nothing when it is
 * withdrawn, or the driver closes.
 */
struct ms_invoke_waiter;
typedef void (*ms_invoke_ended_cb)(int code, const char *condition, struct ms_str record,
                                   void *user);
int ms_invoke_send_and_wait(struct ms_invoke_waiter **out, struct ms_invoke *invoke,
                            const struct ms_invoke_event *event, ms_invoke_ended_cb ended,
                            void *user);
void ms_invoke_wait_cancel(struct ms_invoke_waiter *waiter);

/* Records and dead letters on their way, and those that did not get there. */
struct ms_outbox *ms_invoke_outbox(struct ms_invoke *invoke);
/* Events that wait or run. */
size_t ms_invoke_pending(const struct ms_invoke *invoke);

#endif
