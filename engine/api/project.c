/* Plans: requests put together, references to ARNs. See project.h. */
#include "api/project.h"

#include "base/alloc.h"
#include "base/error.h"

/* ---- requests ---- */

static void fail(struct ms_project_plan *plan, int err)
{
  if (plan->err == 0) {
    plan->err = err;
  }
}

struct ms_project_request ms_request_new(struct ms_project_plan *plan)
{
  struct ms_project_request request = {plan, ms_json_object(8)};
  if (ms_json_is_none(request.value)) {
    fail(plan, ms_error_nomem());
  }
  return request;
}

void ms_request_put(struct ms_project_request *request, const char *name, struct ms_json value)
{
  if (request->plan->err != 0) {
    ms_json_unref(value);
    return;
  }
  int err =
      ms_json_is_none(value) ? ms_error_nomem() : ms_json_setc(&request->value, name, value);
  if (err != 0) {
    fail(request->plan, err);
  }
}

void ms_request_copy(struct ms_project_request *request, const char *to, struct ms_json item,
                     const char *member)
{
  struct ms_json value = ms_json_getc(item, member);
  if (!ms_json_is_none(value)) {
    ms_request_put(request, to, ms_json_ref(value));
  }
}

void ms_request_text(struct ms_project_request *request, const char *to, struct ms_json item,
                     const char *member)
{
  struct ms_json value = ms_json_getc(item, member);
  if (!ms_json_is_none(value)) {
    ms_request_put(request, to, ms_json_print_value(value));
  }
}

struct ms_json ms_project_strings(struct ms_project_plan *plan, struct ms_json object)
{
  struct ms_project_request out = ms_request_new(plan);
  for (size_t i = 0; i < ms_json_count(object); i++) {
    struct ms_json value = ms_json_member(object, i);
    struct ms_json text =
        ms_json_is_string(value) ? ms_json_ref(value) : ms_json_print_value(value);
    int err = ms_json_is_none(text) || plan->err != 0
                  ? MSTEP_ENOMEM
                  : ms_json_set(&out.value, ms_json_key(object, i), text);
    if (err != 0) {
      fail(plan, err);
    }
  }
  return out.value;
}

/* ---- references ---- */

struct ms_json ms_project_arn(struct ms_project_plan *plan, struct ms_json ref)
{
  static const struct {
    const char *kind, *service, *before;
  } kinds[] = {{"function", "lambda", "function:"}, {"queue", "sqs", ""},
               {"topic", "sns", ""},                {"bus", "events", "event-bus/"},
               {"table", "dynamodb", "table/"},     {"machine", "states", "stateMachine:"}};
  struct ms_str kind = ms_json_text(ms_json_getc(ref, "kind"));
  struct ms_str name = ms_json_text(ms_json_getc(ref, "name"));
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (ms_str_is(kind, kinds[i].kind)) {
      return ms_json_stringf("arn:aws:%s:%s:%s:%s%.*s", kinds[i].service, plan->region,
                             plan->account, kinds[i].before, MS_STR_ARG(name));
    }
  }
  if (ms_str_is(kind, "hook")) {
    return ms_json_stringf("hook:%.*s", MS_STR_ARG(name));
  }
  if (ms_str_is(kind, "folder")) {
    bool is_absolute = name.len > 0 && name.data[0] == '/';
    return is_absolute ? ms_json_stringf("file:%.*s", MS_STR_ARG(name))
                       : ms_json_stringf("file:%s/%.*s", plan->folder, MS_STR_ARG(name));
  }
  return ms_json_string(name);
}

struct ms_json ms_project_ref_text(struct ms_json ref)
{
  struct ms_str kind = ms_json_text(ms_json_getc(ref, "kind"));
  struct ms_str name = ms_json_text(ms_json_getc(ref, "name"));
  return ms_str_is(kind, "http") ? ms_json_string(name)
                                 : ms_json_stringf("%.*s:%.*s", MS_STR_ARG(kind), MS_STR_ARG(name));
}

void ms_request_target(struct ms_project_request *request, const char *to, const char *name,
                       struct ms_json item, const char *member)
{
  struct ms_json ref = ms_json_getc(item, member);
  if (!ms_json_is_none(ref)) {
    ms_request_put(request, to, ms_api_object(name, ms_project_arn(request->plan, ref)));
  }
}

/* ---- steps ---- */

struct ms_project_step *ms_plan_add(struct ms_project_plan *plan, const char *kind,
                                    struct ms_json name, const char *operation,
                                    struct ms_project_request *request)
{
  int err =
      plan->err != 0 ? plan->err : MS_VEC_RESERVE(&plan->steps, MS_PROJECT_STEPS_MAX, 1);
  if (err != 0) {
    ms_json_unref(request->value);
    fail(plan, err);
    return NULL;
  }
  struct ms_project_step *step = &plan->steps.data[plan->steps.count++];
  *step = (struct ms_project_step){.kind = kind,
                                   .name = ms_json_ref(name),
                                   .operation = operation,
                                   .request = request->value};
  return step;
}

void ms_plan_deinit(struct ms_project_plan *plan)
{
  for (size_t i = 0; i < plan->steps.count; i++) {
    ms_json_unref(plan->steps.data[i].name);
    ms_json_unref(plan->steps.data[i].request);
  }
  ms_free(plan->steps.data);
}
