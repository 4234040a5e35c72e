/*
 * A project's folder, applied: its document (ms_lua_project) becomes a list of operations, one after the other, each of
 * which makes a thing as it is declared, whether it is there or not. How a kind of thing becomes operations is a row
 * of project_kinds.def; who carries them out is op_apply_project.c.
 */
#ifndef MS_API_PROJECT_H
#define MS_API_PROJECT_H

#include "api/call.h"
#include "base/vec.h"

#define MS_PROJECT_STEPS_MAX 100000
#define MS_PROJECT_LIST "list" /* the kind of what is no thing of its own: all routes, all watched folders */

/* One operation. Texts that are char arrays or constants are not owned. */
struct ms_project_step {
  const char *kind;         /* "queue", for messages */
  struct ms_json name;      /* of the thing */
  const char *operation;
  struct ms_json request;
  const char *exists;       /* the error that says that it is there already; NULL: none does */
  const char *exists_text;  /* what that error's message must have in it; NULL: nothing */
  const char *instead;      /* the operation that then makes it so, with the same request; NULL: it is fine */
  size_t more;              /* steps behind this one that are taken only when it was there already */
  const char *keep;         /* JSON pointer in the answer, kept for the next step's `take` */
  const char *take;         /* the member of the request that gets what was kept */
};

struct ms_project_plan {
  struct ms_api_call *call;
  const char *folder;
  const char *region, *account;
  MS_VEC(struct ms_project_step) steps;
  int err;               /* sticky: out of memory, or a file that cannot be read */
};

/* A request that is put together; failure sticks to the plan. */
struct ms_project_request {
  struct ms_project_plan *plan;
  struct ms_json value;
};
struct ms_project_request ms_request_new(struct ms_project_plan *plan);
void ms_request_put(struct ms_project_request *request, const char *name,
                    struct ms_json value); /* takes; NONE: out of memory */
/* The item's member of that name, if it is there, under `to`. */
void ms_request_copy(struct ms_project_request *request, const char *to, struct ms_json item,
                     const char *member);
/* The same as JSON text, as AWS has patterns and inputs. */
void ms_request_text(struct ms_project_request *request, const char *to, struct ms_json item,
                     const char *member);
/* An object of strings: numbers and booleans become texts. */
struct ms_json ms_project_strings(struct ms_project_plan *plan, struct ms_json object);
/* "KIND:NAME" of a REF, as the project says it. */
struct ms_json ms_project_ref_text(struct ms_json ref);
/* What a REF is to AWS: an ARN, a URL. */
struct ms_json ms_project_arn(struct ms_project_plan *plan, struct ms_json ref);
/* {NAME: ARN of the item's member}, if it is there. */
void ms_request_target(struct ms_project_request *request, const char *to, const char *name,
                       struct ms_json item, const char *member);

/* Takes the request. The step, to say more of it; NULL: no memory. */
struct ms_project_step *ms_plan_add(struct ms_project_plan *plan, const char *kind,
                                    struct ms_json name, const char *operation,
                                    struct ms_project_request *request);
void ms_plan_deinit(struct ms_project_plan *plan);

/*
 * The operation that asks whether `operation` with that request would change nothing, and what it is asked; NULL: none does.
 * is_so: its answer says so; what was not declared before and is not now is nobody's concern.
 */
const char *ms_project_probe(struct ms_json *question, struct ms_project_plan *plan,
                             const char *operation, struct ms_json request);
bool ms_project_is_so(const char *operation, struct ms_json request, struct ms_json answer);

/* Fills the plan from a document. */
void ms_project_plan(struct ms_project_plan *plan, struct ms_json project);

#endif
