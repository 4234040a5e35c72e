/*
 * ApplyProject, Moonstep's own: makes what a project's folder declares, once or again; what is there and declared
 * differently is changed, what is declared no more is left alone and named.
 *   {"Directory"} -> {"applied": [{kind, name}], "failed": [{kind, name, operation, error, message}],
 *                     "left": [{kind, name}], "diagnostics": [{file, line, path, message}]}
 * With diagnostics, which say what is wrong in mstep.lua, nothing is done at all.
 */
#include "api/internal.h"
#include "api/members.h"
#include "api/project.h"
#include "api/sqs.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "runtime/scripts.h"

#define UUID_LEN 36

static const struct ms_api_member members[] = {
    {.name = "Directory", .kind = MS_API_STRING, .is_required = true, .min = 1, .max = 4000},
    MS_MEMBER_END};

struct apply {
  struct ms_project_plan plan;
  size_t at;
  bool is_instead; /* the step's other operation is under way */
  struct ms_json applied, failed;
  struct ms_json kept; /* by a step for the next */
  char folder[4096];
};

static void apply_free(struct apply *apply)
{
  ms_plan_deinit(&apply->plan);
  ms_json_unref(apply->applied);
  ms_json_unref(apply->failed);
  ms_json_unref(apply->kept);
  ms_free(apply);
}

static struct ms_json thing(const struct ms_project_step *step)
{
  struct ms_json out = ms_json_object(5);
  int err = ms_json_setc(&out, "kind", ms_json_cstring(step->kind));
  err = err != 0 ? err : ms_json_setc(&out, "name", ms_json_ref(step->name));
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

/* A thing of several steps is named once. */
static void note_applied(struct apply *apply, const struct ms_project_step *step)
{
  if (strcmp(step->kind, MS_PROJECT_LIST) == 0) {
    return;
  }
  struct ms_json item = thing(step);
  for (size_t i = 0; i < ms_json_count(apply->applied); i++) {
    if (ms_json_equal(ms_json_at(apply->applied, i), item)) {
      ms_json_unref(item);
      return;
    }
  }
  int err = ms_json_push(&apply->applied, item);
  apply->plan.err = apply->plan.err != 0 ? apply->plan.err : err;
}

static void note_failed(struct apply *apply, const struct ms_project_step *step,
                        struct ms_json error)
{
  struct ms_json item = thing(step);
  int err = ms_json_setc(&item, "operation", ms_json_cstring(step->operation));
  err = err != 0 ? err : ms_json_setc(&item, "error", ms_json_ref(ms_json_getc(error, "__type")));
  err = err != 0 ? err
                 : ms_json_setc(&item, "message", ms_json_ref(ms_json_getc(error, "message")));
  if (err != 0) {
    ms_json_unref(item);
  } else {
    err = ms_json_push(&apply->failed, item);
  }
  apply->plan.err = apply->plan.err != 0 ? apply->plan.err : err;
}

/* What was applied by the call before and is not there any more. */
static struct ms_json left_of(const struct apply *apply, struct ms_json before)
{
  struct ms_json left = ms_json_array(0);
  for (size_t i = 0; i < ms_json_count(before); i++) {
    struct ms_json item = ms_json_at(before, i);
    bool is_there = false;
    for (size_t k = 0; k < apply->plan.steps.count && !is_there; k++) {
      const struct ms_project_step *step = &apply->plan.steps.data[k];
      is_there = ms_str_is(ms_json_text(ms_json_getc(item, "kind")), step->kind) &&
                 ms_json_equal(ms_json_getc(item, "name"), step->name);
    }
    if (!is_there && ms_json_push(&left, ms_json_ref(item)) != 0) {
      ms_json_replace(&left, MS_JSON_VALUE_NONE);
    }
  }
  return left;
}

static void finish(struct apply *apply)
{
  struct ms_api_call *call = apply->plan.call;
  struct ms_api *api = call->api;
  struct ms_json reply = ms_json_object(4);
  int err = apply->plan.err;
  err = err != 0 ? err : ms_json_setc(&reply, "applied", ms_json_ref(apply->applied));
  err = err != 0 ? err : ms_json_setc(&reply, "failed", ms_json_ref(apply->failed));
  err = err != 0 ? err : ms_json_setc(&reply, "left", left_of(apply, api->applied));
  err = err != 0 ? err : ms_json_setc(&reply, "diagnostics", ms_json_array(0));
  if (err != 0) {
    ms_json_unref(reply);
    ms_api_fail_code(call, err);
  } else {
    ms_json_replace(&api->applied, ms_json_ref(apply->applied));
    ms_api_reply_json(call, reply);
  }
  apply_free(apply);
}

/* ---- step by step ---- */

static void next(struct apply *apply);

static void step_ended(struct apply *apply, const struct ms_project_step *step,
                       struct ms_json reply)
{
  if (step->keep != NULL) {
    ms_json_replace(&apply->kept, ms_json_ref(ms_json_pointer(reply, ms_str_c(step->keep))));
  } else {
    note_applied(apply, step);
  }
  apply->at++;
  apply->is_instead = false;
  next(apply);
}

/* A mapping that is there is named by its UUID at the end of the message. */
static void take_uuid(struct ms_project_step *step, struct ms_json error)
{
  struct ms_str text = ms_json_text(ms_json_getc(error, "message"));
  if (text.len > UUID_LEN) {
    struct ms_str uuid = ms_str_sub(text, text.len - UUID_LEN, text.len);
    (void)ms_json_setc(&step->request, "UUID", ms_json_string(uuid));
  }
}

static void step_failed(struct apply *apply, struct ms_project_step *step, struct ms_json error)
{
  bool is_there = step->exists != NULL && !apply->is_instead &&
                  ms_str_is(ms_json_text(ms_json_getc(error, "__type")), step->exists);
  if (is_there && step->instead == NULL) {
    step_ended(apply, step, error);
    return;
  }
  if (is_there) {
    apply->is_instead = true;
    take_uuid(step, error);
    next(apply);
    return;
  }
  note_failed(apply, step, error);
  apply->at++;
  apply->is_instead = false;
  next(apply);
}

static void on_reply(const struct ms_api_reply *answer, const struct ms_api_receiver *receiver)
{
  struct apply *apply = receiver->host;
  struct ms_project_step *step = &apply->plan.steps.data[apply->at];
  struct ms_json reply = MS_JSON_VALUE_NONE;
  int err = ms_json_parse(&reply, answer->text, NULL, NULL);
  apply->plan.err = apply->plan.err != 0 ? apply->plan.err : err;
  if (answer->code != 0) {
    step_failed(apply, step, reply);
  } else {
    step_ended(apply, step, reply);
  }
  ms_json_unref(reply);
}

static void next(struct apply *apply)
{
  struct ms_project_plan *plan = &apply->plan;
  if (plan->err != 0 || apply->at == plan->steps.count) {
    finish(apply);
    return;
  }
  struct ms_project_step *step = &plan->steps.data[apply->at];
  struct ms_buf text;
  ms_buf_init(&text, 0);
  if (step->take != NULL && !ms_json_is_none(apply->kept)) {
    plan->err = ms_json_setc(&step->request, step->take, ms_json_ref(apply->kept));
  }
  ms_json_print(&text, step->request);
  const struct ms_api_receiver receiver = {.reply = on_reply, .host = apply};
  const char *operation = apply->is_instead ? step->instead : step->operation;
  plan->err = plan->err != 0 ? plan->err : text.error;
  if (plan->err == 0) {
    plan->err = ms_api_call(plan->call->api, ms_str_c(operation), ms_buf_view(&text), &receiver);
  }
  ms_buf_deinit(&text);
  if (plan->err != 0) {
    finish(apply);
  }
}

/* ---- the operation ---- */

static int refuse(struct ms_api_call *call, struct ms_json diagnostics)
{
  static const char *const lists[] = {"applied", "failed", "left"};
  struct ms_json reply = ms_api_object("diagnostics", ms_json_ref(diagnostics));
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    if (ms_json_setc(&reply, lists[i], ms_json_array(0)) != 0) {
      ms_json_replace(&reply, MS_JSON_VALUE_NONE);
      break;
    }
  }
  return ms_api_reply_json(call, reply);
}

static int begin(struct ms_api_call *call, struct ms_str folder, struct ms_json project)
{
  struct apply *apply = ms_calloc(1, sizeof *apply);
  if (apply == NULL) {
    return ms_error_nomem();
  }
  const struct ms_driver_env *env = ms_queues_env(ms_sqs(call));
  memcpy(apply->folder, folder.data, folder.len);
  apply->plan.call = call;
  apply->plan.folder = apply->folder;
  apply->plan.region = env->region;
  apply->plan.account = env->account;
  apply->applied = ms_json_array(0);
  apply->failed = ms_json_array(0);
  ms_project_plan(&apply->plan, project);
  if (apply->plan.err != 0) {
    int err = apply->plan.err;
    apply_free(apply);
    return err;
  }
  next(apply);
  return MSTEP_OK;
}

static int run(struct ms_api_call *call)
{
  struct ms_str folder = ms_api_text(call, "Directory");
  struct ms_json document;
  char path[4096];
  memcpy(path, folder.data, folder.len);
  path[folder.len] = '\0';
  int err = ms_engine_project(&document, ms_api_engine(call), path);
  if (err != 0) {
    return err;
  }
  struct ms_json diagnostics = ms_json_getc(document, "diagnostics");
  err = ms_json_count(diagnostics) > 0
            ? refuse(call, diagnostics)
            : begin(call, folder, ms_json_getc(document, "project"));
  ms_json_unref(document);
  return err;
}

const struct ms_op ms_op_apply_project = {members, run};
