/*
 * ApplyProject, Moonstep's own: makes what a project's folder declares, once or again; what is there and declared
 * differently is changed, what is declared no more is left alone and named. What was declared is a row of the store, by
 * the project's name, so that this is known after a restart, too.
 *   {"Directory"} -> {"applied": [{kind, name}], "failed": [{kind, name, operation, error, message}],
 *                     "left": [{kind, name}], "added": [{kind, name}], "changed": [{kind, name}],
 *                     "removed": [{kind, name}], "diagnostics": [{file, line, path, message}]}
 * "removed" are routes and watched folders: lists that are replaced as a whole. With diagnostics, which say what is
 * wrong in mstep.lua, nothing is done at all.
 */
#include "api/internal.h"
#include "api/members.h"
#include "api/project.h"
#include "api/sqs.h"
#include "base/alloc.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/str.h"
#include "messaging/resource.h"
#include "runtime/scripts.h"

#define UUID_LEN 36

static const struct ms_api_member members[] = {
    {.name = "Directory", .kind = MS_API_STRING, .is_required = true, .min = 1, .max = 4000},
    MS_MEMBER_END};

struct apply {
  struct ms_project_plan plan;
  size_t at;
  bool is_instead; /* the step's other operation is under way */
  bool is_asked;   /* whether the thing is so already; it is not */
  struct ms_json applied, failed;
  struct ms_json record; /* {"KIND NAME": digest of its requests; "" when one has failed} */
  struct ms_json before; /* the record of the call before; NONE: there was none */
  struct ms_json kept;   /* by a step for the next */
  struct ms_json name;   /* the project's */
  char folder[4096];
};

static void apply_free(struct apply *apply)
{
  ms_plan_deinit(&apply->plan);
  ms_json_unref(apply->applied);
  ms_json_unref(apply->failed);
  ms_json_unref(apply->record);
  ms_json_unref(apply->before);
  ms_json_unref(apply->kept);
  ms_json_unref(apply->name);
  ms_free(apply);
}

static void note_error(struct apply *apply, int err)
{
  apply->plan.err = apply->plan.err != 0 ? apply->plan.err : err;
}

static struct ms_json thing(struct ms_str kind, struct ms_str name)
{
  struct ms_json out = ms_json_object(5);
  int err = ms_json_setc(&out, "kind", ms_json_string(kind));
  err = err != 0 ? err : ms_json_setc(&out, "name", ms_json_string(name));
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

/* ---- the record ---- */

/* What was asked for a thing joins its digest. request NONE: it has failed, and is asked again the next time. */
static void record(struct apply *apply, struct ms_str kind, struct ms_str name,
                   struct ms_json request)
{
  char hex[MS_DIGEST_HEX_SIZE] = "";
  struct ms_buf key, text;
  ms_buf_init(&key, 0);
  ms_buf_init(&text, 0);
  ms_buf_printf(&key, "%.*s %.*s", MS_STR_ARG(kind), MS_STR_ARG(name));
  struct ms_json before = ms_json_get(apply->record, ms_buf_view(&key));
  int err = MSTEP_OK;
  if (!ms_json_is_none(request) && (ms_json_is_none(before) || ms_json_text(before).len > 0)) {
    ms_buf_str(&text, ms_json_text(before));
    ms_json_print(&text, request);
    err = text.error != 0 ? text.error
                          : ms_digest_hex(hex, MS_STR("SHA-256"), ms_buf_view(&text));
  }
  err = err != 0 ? err : key.error;
  err = err != 0 ? err : ms_json_set(&apply->record, ms_buf_view(&key), ms_json_cstring(hex));
  note_error(apply, err);
  ms_buf_deinit(&key);
  ms_buf_deinit(&text);
}

/* A thing of several steps is named once. */
static void note_applied(struct apply *apply, struct ms_str kind, struct ms_str name)
{
  struct ms_json item = thing(kind, name);
  for (size_t i = 0; i < ms_json_count(apply->applied); i++) {
    if (ms_json_equal(ms_json_at(apply->applied, i), item)) {
      ms_json_unref(item);
      return;
    }
  }
  note_error(apply, ms_json_push(&apply->applied, item));
}

/* Of a list, which is one step, each item is a thing. */
static void note_list(struct apply *apply, const struct ms_project_step *step, bool is_done)
{
  bool is_routes = ms_str_is(ms_json_text(step->name), "routes");
  struct ms_json list = ms_json_get(step->request, ms_json_text(step->name));
  for (size_t i = 0; i < ms_json_count(list); i++) {
    struct ms_json item = ms_json_at(list, i);
    struct ms_str kind = is_routes ? MS_STR("route") : MS_STR("watch");
    struct ms_str name = ms_json_text(ms_json_getc(item, is_routes ? "RouteKey" : "Declared"));
    if (is_done) {
      note_applied(apply, kind, name);
    }
    record(apply, kind, name, is_done ? item : MS_JSON_VALUE_NONE);
  }
}

static void note_done(struct apply *apply, const struct ms_project_step *step)
{
  if (strcmp(step->kind, MS_PROJECT_LIST) == 0) {
    note_list(apply, step, true);
  } else {
    note_applied(apply, ms_str_c(step->kind), ms_json_text(step->name));
  }
}

static void note_failed(struct apply *apply, const struct ms_project_step *step,
                        struct ms_json error)
{
  struct ms_json item = thing(ms_str_c(step->kind), ms_json_text(step->name));
  int err = ms_json_setc(&item, "operation", ms_json_cstring(step->operation));
  err = err != 0 ? err : ms_json_setc(&item, "error", ms_json_ref(ms_json_getc(error, "__type")));
  err = err != 0 ? err
                 : ms_json_setc(&item, "message", ms_json_ref(ms_json_getc(error, "message")));
  if (err != 0) {
    ms_json_unref(item);
  } else {
    err = ms_json_push(&apply->failed, item);
  }
  note_error(apply, err);
  if (strcmp(step->kind, MS_PROJECT_LIST) == 0) {
    note_list(apply, step, false);
  } else {
    record(apply, ms_str_c(step->kind), ms_json_text(step->name), MS_JSON_VALUE_NONE);
  }
}

/* ---- what was before ---- */

#define ROW_KIND "project"

struct wanted {
  struct ms_str name;
  struct ms_json *out;
};

static int look_at_row(struct ms_str name, struct ms_json value, void *user)
{
  struct wanted *wanted = user;
  if (ms_str_eq(name, wanted->name)) {
    ms_json_replace(wanted->out, ms_json_ref(value));
  }
  return MSTEP_OK;
}

static int read_before(struct apply *apply)
{
  struct ms_api_call *call = apply->plan.call;
  struct ms_store *reader = ms_queues_env(ms_sqs(call))->ledger.reader;
  struct wanted wanted = {ms_json_text(apply->name), &apply->before};
  apply->before = ms_json_ref(ms_json_get(call->api->applied, wanted.name));
  return ms_json_is_none(apply->before) ? ms_resource_scan(reader, ROW_KIND, look_at_row, &wanted)
                               : MSTEP_OK;
}

/* In memory, and as a row. */
static int keep_record(const struct apply *apply)
{
  struct ms_api_call *call = apply->plan.call;
  struct ms_str name = ms_json_text(apply->name);
  if (ms_json_is_none(call->api->applied)) {
    call->api->applied = ms_json_object(1);
  }
  int err = ms_json_set(&call->api->applied, name, ms_json_ref(apply->record));
  return err != 0 ? err
                  : ms_resource_save(&ms_queues_env(ms_sqs(call))->ledger, ROW_KIND, name,
                                     apply->record);
}

/* "KIND NAME" of a record into a list of things. */
static int push_key(struct ms_json *list, struct ms_str key)
{
  size_t blank = ms_str_find(key, 0, ' ');
  return ms_json_push(list, thing(ms_str_sub(key, 0, blank),
                                  ms_str_sub(key, blank < key.len ? blank + 1 : blank, key.len)));
}

static bool is_of_list(struct ms_str key)
{
  return ms_str_has_prefix(key, "route ") || ms_str_has_prefix(key, "watch ");
}

static int compare(struct ms_json *reply, struct ms_json before, struct ms_json now)
{
  struct ms_json left = ms_json_array(0), removed = ms_json_array(0), added = ms_json_array(0),
                 changed = ms_json_array(0);
  int err = MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(before) && err == 0; i++) {
    struct ms_str key = ms_json_key(before, i);
    if (ms_json_is_none(ms_json_get(now, key))) {
      err = push_key(is_of_list(key) ? &removed : &left, key);
    }
  }
  for (size_t i = 0; i < ms_json_count(now) && err == 0; i++) {
    struct ms_str key = ms_json_key(now, i);
    struct ms_json was = ms_json_get(before, key), is = ms_json_member(now, i);
    if (ms_json_text(is).len > 0 && !ms_json_equal(was, is)) {
      err = push_key(ms_json_is_none(was) ? &added : &changed, key);
    }
  }
  int set = ms_json_setc(reply, "left", left);
  err = err != 0 ? err : set;
  set = ms_json_setc(reply, "added", added);
  err = err != 0 ? err : set;
  set = ms_json_setc(reply, "changed", changed);
  err = err != 0 ? err : set;
  set = ms_json_setc(reply, "removed", removed);
  return err != 0 ? err : set;
}

static void finish(struct apply *apply)
{
  struct ms_api_call *call = apply->plan.call;
  struct ms_json reply = ms_json_object(7);
  int err = apply->plan.err;
  err = err != 0 ? err : ms_json_setc(&reply, "applied", ms_json_ref(apply->applied));
  err = err != 0 ? err : ms_json_setc(&reply, "failed", ms_json_ref(apply->failed));
  err = err != 0 ? err : compare(&reply, apply->before, apply->record);
  err = err != 0 ? err : ms_json_setc(&reply, "diagnostics", ms_json_array(0));
  err = err != 0 ? err : keep_record(apply);
  if (err != 0) {
    ms_json_unref(reply);
  } else {
    ms_api_keep(call, reply);
    err = ms_api_accept(call, ms_api_reply_kept);
  }
  if (err != 0) {
    ms_api_fail_code(call, err);
  }
  apply_free(apply);
}

/* ---- step by step ---- */

static void next(struct apply *apply);

/* skipped: steps behind it that are not for this case. */
static void step_ended(struct apply *apply, const struct ms_project_step *step,
                       struct ms_json reply, size_t skipped)
{
  if (step->keep != NULL) {
    ms_json_replace(&apply->kept, ms_json_ref(ms_json_pointer(reply, ms_str_c(step->keep))));
  } else {
    note_done(apply, step);
  }
  apply->at += 1 + skipped;
  apply->is_instead = apply->is_asked = false;
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

static bool says_it_exists(const struct ms_project_step *step, struct ms_json error)
{
  const char *text = step->exists_text;
  return step->exists != NULL &&
         ms_str_is(ms_json_text(ms_json_getc(error, "__type")), step->exists) &&
         (text == NULL ||
          ms_str_has_suffix(ms_json_text(ms_json_getc(error, "message")), text));
}

static void step_failed(struct apply *apply, struct ms_project_step *step, struct ms_json error)
{
  bool is_there = !apply->is_instead && says_it_exists(step, error);
  if (is_there && step->instead == NULL) {
    step_ended(apply, step, error, 0);
    return;
  }
  if (is_there) {
    apply->is_instead = true;
    take_uuid(step, error);
    next(apply);
    return;
  }
  note_failed(apply, step, error);
  if (step->keep != NULL) {
    ms_json_replace(&apply->kept, MS_JSON_VALUE_NONE); /* not another thing's */
  }
  apply->at += 1 + step->more;
  apply->is_instead = apply->is_asked = false;
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
    step_ended(apply, step, reply, step->more);
  }
  ms_json_unref(reply);
}

static void send(struct apply *apply, const char *operation, struct ms_json request,
                 void (*reply)(const struct ms_api_reply *, const struct ms_api_receiver *))
{
  struct ms_project_plan *plan = &apply->plan;
  const struct ms_api_receiver receiver = {.reply = reply, .host = apply};
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_json_print(&text, request);
  plan->err = plan->err != 0 ? plan->err : text.error;
  if (plan->err == 0) {
    plan->err = ms_api_call(plan->call->api, ms_str_c(operation), ms_buf_view(&text), &receiver);
  }
  ms_buf_deinit(&text);
  if (plan->err != 0) {
    finish(apply);
  }
}

static const char *operation_of(const struct apply *apply, const struct ms_project_step *step)
{
  return apply->is_instead ? step->instead : step->operation;
}

static void on_probe(const struct ms_api_reply *answer, const struct ms_api_receiver *receiver)
{
  struct apply *apply = receiver->host;
  struct ms_project_step *step = &apply->plan.steps.data[apply->at];
  struct ms_json reply = MS_JSON_VALUE_NONE;
  note_error(apply, ms_json_parse(&reply, answer->text, NULL, NULL));
  if (answer->code == 0 &&
      ms_project_is_so(operation_of(apply, step), step->request, reply)) {
    step_ended(apply, step, reply, step->more);
  } else {
    apply->is_asked = true;
    next(apply);
  }
  ms_json_unref(reply);
}

/* It is declared as it was when it was last made. */
static bool is_declared_alike(struct apply *apply, const struct ms_project_step *step)
{
  struct ms_buf key;
  ms_buf_init(&key, 0);
  ms_buf_printf(&key, "%s %.*s", step->kind, MS_STR_ARG(ms_json_text(step->name)));
  note_error(apply, key.error);
  struct ms_json was = ms_json_get(apply->before, ms_buf_view(&key));
  bool is_alike = ms_json_text(was).len > 0 &&
                  ms_json_equal(was, ms_json_get(apply->record, ms_buf_view(&key)));
  ms_buf_deinit(&key);
  return is_alike;
}

static void next(struct apply *apply)
{
  struct ms_project_plan *plan = &apply->plan;
  if (plan->err != 0 || apply->at == plan->steps.count) {
    finish(apply);
    return;
  }
  struct ms_project_step *step = &plan->steps.data[apply->at];
  const char *operation = operation_of(apply, step), *probe = NULL;
  struct ms_json question = MS_JSON_VALUE_NONE;
  if (step->take != NULL && !ms_json_is_none(apply->kept)) {
    plan->err = ms_json_setc(&step->request, step->take, ms_json_ref(apply->kept));
  }
  if (!apply->is_asked && is_declared_alike(apply, step)) {
    probe = ms_project_probe(&question, plan, operation, step->request);
  }
  if (probe != NULL) {
    send(apply, probe, question, on_probe);
  } else {
    send(apply, operation, step->request, on_reply);
  }
  ms_json_unref(question);
}

/* ---- the operation ---- */

static int refuse(struct ms_api_call *call, struct ms_json diagnostics)
{
  static const char *const lists[] = {"applied", "failed", "left", "added", "changed", "removed"};
  struct ms_json reply = ms_api_object("diagnostics", ms_json_ref(diagnostics));
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    if (ms_json_setc(&reply, lists[i], ms_json_array(0)) != 0) {
      ms_json_replace(&reply, MS_JSON_VALUE_NONE);
      break;
    }
  }
  return ms_api_reply_json(call, reply);
}

/* Steps that change nothing, or only what is there, are not what is declared. */
static bool is_query(const struct ms_project_step *step)
{
  return step->keep != NULL || strcmp(step->operation, "UpdateTable") == 0;
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
  apply->record = ms_json_object(16);
  apply->before = MS_JSON_VALUE_NONE;
  struct ms_json name = ms_json_getc(project, "name");
  apply->name = ms_json_is_string(name) ? ms_json_ref(name) : ms_json_cstring("default");
  note_error(apply, read_before(apply));
  ms_project_plan(&apply->plan, project);
  for (size_t i = 0; i < apply->plan.steps.count; i++) {
    const struct ms_project_step *step = &apply->plan.steps.data[i];
    if (strcmp(step->kind, MS_PROJECT_LIST) != 0 && !is_query(step)) {
      record(apply, ms_str_c(step->kind), ms_json_text(step->name), step->request);
    }
  }
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
