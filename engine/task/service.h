/*
 * Service integrations that are carried out by our own operations: from a state's parameters to a request,
 * from the reply to a result, or to an error as Step Functions names it. Not who asks and who waits: that
 * is task_service.c's and task_execution.c's.
 */
#ifndef MS_TASK_SERVICE_H
#define MS_TASK_SERVICE_H

#include "task/internal.h"

struct ms_task_service {
  const char *integration;
  const char *sdk;
  const char *operations;
  const char *prefix;
  const char *sdk1;
  const char *unmodelled;
  const char *sdk2;
  bool is_lower;
  const char *content_type;
  const char *texts; /* names with blanks between */
};

/* One call as its state made it. */
struct ms_task_service_request {
  const struct ms_task_service *service;
  bool is_sdk; /* aws-sdk: */
  struct ms_str action;
};

/* False: of no service here. */
bool ms_task_service_find(struct ms_task_service_request *out,
                          const struct ms_task_request *request);

/* "states:StartExecution", as a string value. */
struct ms_json ms_task_service_operation(const struct ms_task_service_request *call);

/* Parameters as the operation takes them; owned. NONE: out of memory. */
struct ms_json ms_task_service_parameters(const struct ms_task_service_request *call,
                                          struct ms_json parameters);

/* The text that a parameter has which is to be text: itself, or its JSON. Owned. */
struct ms_json ms_task_service_text(struct ms_json value);

/* What the state gets of a reply. */
int ms_task_service_result(struct ms_json *out, struct ms_tasks *tasks,
                           const struct ms_task_service_request *call, struct ms_str reply);
/* The reply's members only, PascalCase, dates as Step Functions has them. Takes value. */
struct ms_json ms_task_service_members(const struct ms_task_service_request *call,
                                       struct ms_json value);

/* Answers the task with what failed. */
void ms_task_service_fail(struct ms_tasks *tasks, struct ms_task *task,
                          const struct ms_task_service_request *call,
                          const struct ms_task_reply *reply);

/*
 * The name of a task's child whose state gives none: the same when the task is begun again, so that there is
 * one child. A UUID as text.
 */
int ms_task_child_name(char out[37], struct ms_tasks *tasks, struct ms_task *task);

#endif
