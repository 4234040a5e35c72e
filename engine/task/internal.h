/* What the handlers share: the registry's members and the ways to answer. */
#ifndef MS_TASK_INTERNAL_H
#define MS_TASK_INTERNAL_H

#include "base/map.h"
#include "base/vec.h"
#include "task/task.h"

#define MS_TASK(symbol) extern const struct ms_task_handler symbol;
#include "task/tasks.def"
#undef MS_TASK

/* task_host.c */
struct ms_task_registration {
  char *pattern; /* owned */
  size_t pattern_len;
  struct ms_callback callback;
};

/* task_mock.c */
struct ms_task_mocks {
  struct ms_json config;   /* the file, checked; NONE when none is loaded */
  struct ms_json machines; /* {machine name: {state name: response name}} of the test case */
};

struct ms_task_function_call;
struct ms_task_service_call;
struct ms_task_http_call;
struct ms_task_aws_call;

struct ms_tasks {
  struct ms_task_up up;
  struct ms_random *random;
  const char *region;
  const char *account;
  MS_VEC(struct ms_task_registration) registrations; /* latest last */
  struct ms_task_mocks mocks;
  struct ms_task_function_call *calls; /* under way, cancelled ones too */
  struct ms_task_service_call *service_calls; /* likewise, and those that wait for an execution's end */
  struct ms_map waiting; /* ARN of an execution: struct ms_task_service_call, the first of a list */
  struct ms_task_http_call *http_calls; /* under way */
  struct ms_json http_tokens; /* of OAuth, by the ARN of a connection; NONE: none yet */
  struct ms_task_aws_call *aws_calls;   /* likewise */
  struct ms_json routes;       /* NONE: none */
  struct ms_json aws_endpoint; /* likewise */
  bool is_forgetting;
};

static inline int ms_task_answer(struct ms_tasks *tasks, struct ms_task *task,
                                 enum ms_task_answer_type type, struct ms_json data)
{
  struct ms_task_answer answer = {type, data, MS_JSON_VALUE_NONE, MS_JSON_VALUE_NONE};
  return tasks->up.answer(task, &answer, tasks->up.user);
}

/* For handlers with nothing to stop. */
void ms_task_ignore(struct ms_tasks *tasks, struct ms_task *task);

/* Answers FAILED; a NONE is left out. */
void ms_task_fail(struct ms_tasks *tasks, struct ms_task *task, struct ms_json error,
                  struct ms_json cause);
/* The same with text; out of memory the cause is lost, not the failure. */
void ms_task_failf(struct ms_tasks *tasks, struct ms_task *task, const char *error,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));

/* SYNC and TOKEN: says SUBMITTED with a service's bare answer. 0 or MSTEP_ENOMEM. */
int ms_task_submit(struct ms_tasks *tasks, struct ms_task *task);

/* ---- route.c ---- */
/*
 * True: *out answers the request, which may have been changed for it; NULL: nobody may. False: whoever would
 * without routes.
 */
bool ms_task_route(const struct ms_task_handler **out, struct ms_task_request *request,
                   const struct ms_tasks *tasks);

/* ---- task_host.c ---- */
bool ms_task_matches(struct ms_str pattern, struct ms_str text); /* `*`: any run of characters */

/* ---- task_aws.c ---- */
void ms_task_aws_calls_free(struct ms_tasks *tasks);

/* ---- task_http.c ---- */
void ms_task_http_calls_free(struct ms_tasks *tasks);

/* ---- task_service.c ---- */
void ms_task_service_calls_free(struct ms_tasks *tasks);

/* ---- service_result.c: what AWS wraps around a service's answer ---- */

struct ms_task_service_result {
  const char *request_id;
  int64_t now_ms;
  int http_status;
  size_t content_length;
  const char *executed_version; /* Lambda, or NULL */
  const char *content_type;     /* NULL: application/json */
  struct ms_str table_reply;    /* of DynamoDB, which has more headers; else no data */
  const char *log_result;       /* Lambda with LogType: Tail, or NULL */
};
/* Adds SdkHttpMetadata and SdkResponseMetadata to *object. */
int ms_task_add_sdk_members(struct ms_json *object, const struct ms_task_service_result *result);

/* ---- function_name.c ---- */

struct ms_task_function_name {
  struct ms_str name;
  struct ms_str qualifier; /* empty: $LATEST */
};
/* NAME, NAME:Q, ACCOUNT:function:NAME[:Q] or an ARN. False when it is none of these. */
bool ms_task_function_name(struct ms_task_function_name *out, struct ms_str text);

#endif
