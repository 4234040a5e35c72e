/*
 * Tasks: from a Resource ARN to whoever does the work. A handler is one file task_x.c and one row
 * of tasks.def; the first that handles a request gets it. Responsible for talking to the worker;
 * not for timeouts, heartbeats, retries and tokens, which are the runtime's and the core's.
 *
 * What lies above (Lua, the host's callbacks, the queue of answers) is handed down in struct
 * ms_task_up. Loop thread only.
 */
#ifndef MS_TASK_TASK_H
#define MS_TASK_TASK_H

#include "base/random.h"
#include "json/json.h"

struct ms_tasks;
struct ms_task_handler;
struct ms_httpc;

enum ms_task_kind {
  MS_TASK_SERVICE,
  MS_TASK_LAMBDA,
  MS_TASK_ACTIVITY,
  MS_TASK_MAP /* a Map reads its items or writes its results: bucket.h */
};
enum ms_task_pattern {
  MS_TASK_REQUEST, /* the answer is the result */
  MS_TASK_SYNC,    /* .sync: submitted, then the job's result */
  MS_TASK_TOKEN    /* .waitForTaskToken: submitted, then whatever SendTaskSuccess says */
};

/* What is asked. Borrowed for the time of start. */
struct ms_task_request {
  struct ms_str resource; /* ARN as in the definition */
  enum ms_task_kind kind;
  enum ms_task_pattern pattern;
  struct ms_str service; /* SERVICE: "lambda", "aws-sdk:s3" */
  struct ms_str action;  /* SERVICE: "invoke", without the pattern's suffix */
  struct ms_str name;    /* LAMBDA, ACTIVITY: of the function or activity */
  struct ms_str machine; /* names, for mocks */
  struct ms_str state;
  struct ms_json parameters; /* or the input, of LAMBDA and ACTIVITY */
  int64_t deadline_ms;       /* the task's own timeout; 0 = none */
  unsigned attempt;          /* from 1 */
  bool is_started;           /* ACTIVITY: a worker has it already */
  bool is_submitted;         /* SYNC, TOKEN: it was said before, by a process that is gone */
  bool is_again;             /* a process that is gone may have begun it */
  struct ms_json execution;  /* ARNs: strings, or NONE */
  struct ms_json machine_arn;
  struct ms_str url;         /* routed to there; else empty */
  struct ms_str test_case;   /* of mocks, that the execution was started for; else empty */
  uint32_t *invocation;      /* calls of this state in this execution so far; NULL unless wanted */
};

/* An open task, embedded in the runtime's record of it. */
struct ms_task {
  const struct ms_task_handler *handler;
  void *data; /* the handler's */
};

enum ms_task_answer_type {
  MS_TASK_STARTED,   /* activities: somebody took it */
  MS_TASK_SUBMITTED, /* SYNC, TOKEN: the call was made; data */
  MS_TASK_SUCCEEDED, /* data */
  MS_TASK_FAILED     /* error, cause: strings or NONE */
};

struct ms_task_answer {
  enum ms_task_answer_type type;
  struct ms_json data; /* all borrowed */
  struct ms_json error;
  struct ms_json cause;
};

/*
 * What a host registers: a function of a type that only the public layer knows, and its user
 * pointer.
 */
struct ms_callback {
  void (*fn)(void);
  void *user;
};

enum ms_task_outcome {
  MS_TASK_CALL_OK,
  MS_TASK_CALL_ERROR,   /* error, cause */
  MS_TASK_CALL_TIMEOUT, /* killed at its deadline */
  MS_TASK_CALL_MEMORY,
  MS_TASK_CALL_CANCELLED,
  MS_TASK_CALL_MISSING /* no such function */
};

struct ms_task_call {
  struct ms_str function;
  struct ms_json payload;
  struct ms_json client_context;
  const char *request_id;
  const char *arn;
  int64_t deadline_ms;
  unsigned attempt;
  bool has_log_tail; /* LogType: Tail */
};

struct ms_task_call_result {
  enum ms_task_outcome outcome;
  struct ms_json output; /* all borrowed */
  struct ms_json error;
  struct ms_json cause;
  struct ms_str log_tail; /* when it was asked for */
  const char *version;    /* that ran; NULL: nobody knows */
};

typedef void (*ms_task_call_cb)(const struct ms_task_call_result *result, void *user);

/* What one of our own operations answers: its reply, or {"__type", "message"}. */
struct ms_task_reply {
  int code; /* MSTEP_OK, or what comes nearest to AWS's error */
  int http_status;
  struct ms_str text; /* borrowed */
};
typedef void (*ms_task_reply_cb)(const struct ms_task_reply *reply, void *user);

/* What the layers above give. */
struct ms_task_up {
  /*
   * The world's word on a task; never calls back at once. After SUCCEEDED and FAILED, which cannot
   * fail, the task is gone. STARTED and SUBMITTED may be MSTEP_ENOMEM.
   */
  int (*answer)(struct ms_task *task, const struct ms_task_answer *answer, void *user);
  /* The token that answers this task, made when there is none yet. Lives as long as the task. */
  int (*token)(const char **out, struct ms_task *task, void *user);
  /*
   * Starts a function; done comes exactly once and never from inside, unless the engine is closed.
   */
  int (*invoke)(uint64_t *id, const struct ms_task_call *call, ms_task_call_cb done,
                void *done_user, void *user);
  void (*cancel_call)(uint64_t id, void *user);
  void (*call_host)(struct ms_callback callback, const char *token, const char *resource,
                    struct ms_str input, void *user);
  int64_t (*now_ms)(void *user);
  void *user;
  /*
   * ACTIVITY: it waits for a worker, who is given it with its token; MSTEP_ENOTFOUND: no such activity.
   * What is withdrawn waits no more. NULL: nobody asks for tasks.
   */
  int (*offer)(struct ms_task *task, const struct ms_task_request *request, void *user);
  void (*withdraw)(struct ms_task *task, void *user);
  /*
   * Carries out an operation of ours ("states:StartExecution"). done (NULL: nobody asks) comes exactly once
   * and never from inside, unless the engine is closed. NULL: there are none.
   */
  int (*call)(struct ms_str operation, struct ms_json request, ms_task_reply_cb done,
              void *done_user, void *user);
  /* The engine's HTTP client. NULL: there is none. */
  int (*http)(struct ms_httpc **out, void *user);
  /* A connection with its secrets, by its ARN; owned. MSTEP_ENOTFOUND. */
  int (*connection)(struct ms_json *out, struct ms_str arn, void *user);
  /*
   * InvocationType Event: queued, durable with what is written next; its retries and destinations follow. NULL: it
   * is invoked and nobody waits. MSTEP_ENOTFOUND: no such function.
   */
  int (*invoke_later)(const struct ms_task_call *call, void *user);
  /* BUCKET/KEY of S3 is a file below it; gives NULL where there are none. */
  const char *(*buckets_dir)(void *user);
};

struct ms_task_handler {
  const char *name;
  bool (*handles)(const struct ms_tasks *tasks, const struct ms_task_request *request);
  /* Begins the work; answers through `up`, now or later. An error: nothing has begun. */
  int (*start)(struct ms_tasks *tasks, struct ms_task *task, const struct ms_task_request *request);
  /* Nobody waits any more: no answer may come after. */
  void (*cancel)(struct ms_tasks *tasks, struct ms_task *task);
  /* Somebody else answered (its token): the work may go on, its result is not wanted. */
  void (*detach)(struct ms_tasks *tasks, struct ms_task *task);
};

struct ms_tasks_options {
  struct ms_task_up up;
  struct ms_random *random; /* borrowed: ids of requests */
  const char *region;       /* borrowed, as account */
  const char *account;
};

int ms_tasks_new(struct ms_tasks **out, const struct ms_tasks_options *options);
void ms_tasks_free(
    struct ms_tasks *tasks); /* after the functions have been stopped; NULL is fine */

/* Finds the handler and starts; a request that nobody handles is answered with a failure. */
int ms_tasks_start(struct ms_tasks *tasks, struct ms_task *task,
                   const struct ms_task_request *request);
void ms_tasks_cancel(struct ms_tasks *tasks, struct ms_task *task);
void ms_tasks_detach(struct ms_tasks *tasks, struct ms_task *task);

/*
 * Host tasks: an exact ARN or a pattern with `*`. The latest that matches wins; fn NULL takes away.
 */
int ms_tasks_register(struct ms_tasks *tasks, struct ms_str pattern, struct ms_callback callback);
/*
 * Mocks, in the format of Step Functions Local. test_case: "MACHINE/CASE", "CASE" or NULL when
 * there is only one; "" when executions say theirs (ARN#CASE). MSTEP_EINVALID, MSTEP_ENOTFOUND with a detail. Replaces what was loaded.
 */
int ms_tasks_mocks(struct ms_tasks *tasks, struct ms_str text, const char *test_case);
/*
 * Where resources are answered: routes is an object {pattern: target} (see route.c; NONE: none), aws_endpoint
 * a URL with {service} and {region} (empty: nothing goes to AWS). MSTEP_EINVALID with a detail.
 */
int ms_tasks_set_routes(struct ms_tasks *tasks, struct ms_json routes, struct ms_str aws_endpoint);
/* Would a task of that activity wait for a worker, neither routed elsewhere nor answered by host or mocks? */
bool ms_tasks_asks_workers(const struct ms_tasks *tasks, struct ms_str activity);
bool ms_tasks_await_executions(const struct ms_tasks *tasks);
/* An execution has ended: tasks that wait for it (startExecution.sync) go on. */
void ms_tasks_execution_ended(struct ms_tasks *tasks, struct ms_str arn);
/*
 * While it is true, cancelled tasks are only forgotten: what they began elsewhere goes on, since they will be
 * started again.
 */
void ms_tasks_forget(struct ms_tasks *tasks, bool is_forgetting);
/* Does any machine have that case? */
bool ms_tasks_has_test_case(const struct ms_tasks *tasks, struct ms_str test_case);
/* True when requests are to carry `invocation`. */
bool ms_tasks_wants_invocations(const struct ms_tasks *tasks);

#endif
