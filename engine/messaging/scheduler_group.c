/* Groups of schedules: their rows, their tags, and how they go with all that is in them. */
#include "base/alloc.h"
#include "base/error.h"
#include "messaging/scheduler_internal.h"

#define SWEEP_COUNT 500 /* schedules in one change */
#define AFTER_TROUBLE_MS 1000

/* ---- life ---- */

struct ms_schedule_group *ms_scheduler_group(struct ms_scheduler *scheduler, struct ms_str name)
{
  struct ms_schedule_group *group = scheduler->groups;
  while (group != NULL && !ms_str_eq(group->name, name)) {
    group = group->next;
  }
  return group;
}

static struct ms_schedule_group *group_by_arn(struct ms_scheduler *scheduler, struct ms_str arn)
{
  struct ms_schedule_group *group = scheduler->groups;
  while (group != NULL && !ms_str_eq(group->arn, arn)) {
    group = group->next;
  }
  return group;
}

static void group_free(struct ms_schedule_group *group)
{
  ms_json_unref(group->row);
  ms_free(group);
}

static void take_row(struct ms_schedule_group *group, struct ms_json row)
{
  group->row = row;
  group->group = ms_json_getc(row, "Group");
  group->name = ms_schedule_text(group->group, "Name");
  group->arn = ms_schedule_text(group->group, "Arn");
  group->is_deleting = ms_str_is(ms_schedule_text(group->group, "State"), "DELETING");
}

int ms_schedule_group_install(struct ms_scheduler *scheduler, struct ms_json row)
{
  struct ms_schedule_group *group = ms_calloc(1, sizeof *group);
  struct ms_schedule_group **slot = &scheduler->groups;
  if (group == NULL || ms_json_is_none(row)) {
    ms_json_unref(row);
    ms_free(group);
    return ms_error_nomem();
  }
  take_row(group, row);
  while (*slot != NULL && ms_str_cmp((*slot)->name, group->name) < 0) {
    slot = &(*slot)->next;
  }
  if (*slot != NULL && ms_str_eq((*slot)->name, group->name)) {
    struct ms_schedule_group *old = *slot; /* the default one, when it has tags */
    *slot = old->next;
    group_free(old);
  }
  group->next = *slot;
  *slot = group;
  if (group->is_deleting) {
    scheduler->sweep_at_ms = ms_loop_now_ms(scheduler->env->loop);
  }
  return MSTEP_OK;
}

void ms_scheduler_groups_free(struct ms_scheduler *scheduler)
{
  for (struct ms_schedule_group *group = scheduler->groups, *next; group != NULL; group = next) {
    next = group->next;
    group_free(group);
  }
  scheduler->groups = NULL;
}

/* ---- rows ---- */

static struct ms_json make_row(const struct ms_scheduler *scheduler, struct ms_str name,
                               struct ms_json tags)
{
  struct ms_json row = ms_json_object(2), group = ms_json_object(5);
  struct ms_json now = ms_json_double((double)ms_loop_now_ms(scheduler->env->loop) / 1000);
  int err = ms_json_setc(&group, "Arn",
                         ms_json_stringf("arn:aws:scheduler:%s:%s:schedule-group/%.*s",
                                         scheduler->env->region, scheduler->env->account,
                                         MS_STR_ARG(name)));
  err |= ms_json_setc(&group, "CreationDate", now);
  err |= ms_json_setc(&group, "LastModificationDate", now);
  err |= ms_json_setc(&group, "Name", ms_json_string(name));
  err |= ms_json_setc(&group, "State", ms_json_cstring("ACTIVE"));
  err |= ms_json_setc(&row, "Group", group);
  err |= ms_json_setc(&row, "Tags", ms_json_is_array(tags) ? ms_json_ref(tags) : ms_json_array(0));
  if (err != 0) {
    ms_json_unref(row);
    return MS_JSON_VALUE_NONE;
  }
  return row;
}

int ms_scheduler_add_default(struct ms_scheduler *scheduler)
{
  return ms_schedule_group_install(
      scheduler, make_row(scheduler, MS_STR(MS_SCHEDULE_DEFAULT_GROUP), MS_JSON_VALUE_NONE));
}

static int save(const struct ms_scheduler *scheduler, struct ms_json row)
{
  return ms_resource_save(&scheduler->env->ledger, "schedule-group",
                          ms_schedule_text(ms_json_getc(row, "Group"), "Name"), row);
}

/* With another value of one member of its row; takes value. */
static int change(struct ms_scheduler *scheduler, struct ms_schedule_group *group,
                  const char *member, struct ms_json value)
{
  struct ms_json row = ms_json_ref(group->row);
  int err = ms_json_setc(&row, member, value);
  err = err != 0 ? err : save(scheduler, row);
  if (err != 0) {
    ms_json_unref(row);
    return err;
  }
  ms_json_unref(group->row);
  take_row(group, row);
  return MSTEP_OK;
}

/* ---- operations ---- */

static void remove_group(struct ms_scheduler *scheduler, struct ms_str name)
{
  struct ms_schedule_group **slot = &scheduler->groups;
  while (!ms_str_eq((*slot)->name, name)) {
    slot = &(*slot)->next;
  }
  struct ms_schedule_group *group = *slot;
  *slot = group->next;
  group_free(group);
}

int ms_scheduler_create_group(struct ms_scheduler *scheduler, struct ms_json request,
                              struct ms_json *reply, struct ms_queue_refusal *why)
{
  struct ms_str name = ms_schedule_text(request, "Name");
  size_t count = 0;
  for (const struct ms_schedule_group *at = scheduler->groups; at != NULL; at = at->next) {
    count++;
  }
  int err = ms_schedule_check_name(name, why);
  if (err != 0) {
    return err;
  }
  if (ms_scheduler_group(scheduler, name) != NULL) {
    return ms_refuse(why, "ConflictException", "Schedule group %.*s already exists.",
                     MS_STR_ARG(name));
  }
  if (count >= MS_SCHEDULE_GROUPS_MAX) {
    return ms_refuse(why, "ServiceQuotaExceededException",
                     "The maximum number of schedule groups has been reached.");
  }
  struct ms_json tags = ms_json_getc(request, "Tags");
  if (ms_json_count(tags) > MS_SCHEDULE_TAGS_MAX) {
    return ms_refuse(why, "ValidationException", "A resource can have %d tags.",
                     MS_SCHEDULE_TAGS_MAX);
  }
  struct ms_json row = make_row(scheduler, name, tags);
  *reply = ms_json_object(1);
  struct ms_json arn = ms_json_getc(ms_json_getc(row, "Group"), "Arn");
  err = ms_json_is_none(row) ? ms_error_nomem()
                             : ms_json_setc(reply, "ScheduleGroupArn", ms_json_ref(arn));
  err = err != 0 ? err : ms_schedule_group_install(scheduler, ms_json_ref(row));
  if (err == 0) {
    err = save(scheduler, row);
    if (err != 0) {
      remove_group(scheduler, name);
    }
  }
  ms_json_unref(row);
  return err;
}

/* NULL: *why says so. */
static struct ms_schedule_group *asked(struct ms_scheduler *scheduler, struct ms_json request,
                                       struct ms_queue_refusal *why)
{
  struct ms_str name = ms_schedule_text(request, "Name");
  struct ms_schedule_group *group = ms_scheduler_group(scheduler, name);
  if (group == NULL) {
    ms_refuse(why, "ResourceNotFoundException", "Schedule group %.*s does not exist.",
              MS_STR_ARG(name));
  }
  return group;
}

int ms_scheduler_get_group(struct ms_scheduler *scheduler, struct ms_json request,
                           struct ms_json *reply, struct ms_queue_refusal *why)
{
  const struct ms_schedule_group *group = asked(scheduler, request, why);
  *reply = group == NULL ? MS_JSON_VALUE_NONE : ms_json_ref(group->group);
  return group == NULL ? MSTEP_EINVALID : MSTEP_OK;
}

int ms_scheduler_delete_group(struct ms_scheduler *scheduler, struct ms_json request,
                              struct ms_json *reply, struct ms_queue_refusal *why)
{
  struct ms_schedule_group *group = asked(scheduler, request, why);
  (void)reply;
  if (group == NULL || group->is_deleting) {
    return group == NULL ? MSTEP_EINVALID : MSTEP_OK;
  }
  if (ms_str_is(group->name, MS_SCHEDULE_DEFAULT_GROUP)) {
    return ms_refuse(why, "ValidationException", "The default schedule group cannot be deleted.");
  }
  struct ms_json shown = ms_json_ref(group->group);
  int err = ms_json_setc(&shown, "State", ms_json_cstring("DELETING"));
  if (err != 0) {
    ms_json_unref(shown);
    return err;
  }
  err = change(scheduler, group, "Group", shown);
  if (err != 0) {
    return err;
  }
  size_t index;
  ms_scheduler_find(&index, scheduler, group->name, MS_STR(""));
  for (; index < scheduler->schedules.count &&
         ms_str_eq(scheduler->schedules.data[index]->group, group->name);
       index++) {
    ms_heap_remove(&scheduler->heap, &scheduler->schedules.data[index]->node);
  }
  scheduler->sweep_at_ms = ms_loop_now_ms(scheduler->env->loop);
  scheduler->env->touch(scheduler->env->user);
  return MSTEP_OK;
}

/* ---- what is deleted ---- */

/* The last schedules of the group, so that the others keep their places; and the group, when they were all. */
static int sweep_group(struct ms_scheduler *scheduler, struct ms_schedule_group **slot)
{
  struct ms_schedule_group *group = *slot;
  const struct ms_ledger *ledger = &scheduler->env->ledger;
  struct ms_batch *batch = NULL;
  size_t first, end;
  ms_scheduler_find(&first, scheduler, group->name, MS_STR(""));
  for (end = first; end < scheduler->schedules.count &&
                    ms_str_eq(scheduler->schedules.data[end]->group, group->name);) {
    end++;
  }
  bool is_last = end - first <= SWEEP_COUNT;
  first = is_last ? first : end - SWEEP_COUNT;
  int err = ledger->begin(&batch, ledger->user);
  if (err != 0) {
    return err;
  }
  for (size_t i = first; i < end; i++) {
    ms_scheduled_put(batch, scheduler->schedules.data[i], MS_JSON_VALUE_NONE);
  }
  if (is_last) {
    ms_resource_remove(batch, "schedule-group", group->name);
  }
  err = ledger->end(ledger->user);
  if (err != 0) {
    return err;
  }
  while (end > first) {
    ms_scheduler_drop(scheduler, --end);
  }
  if (is_last) {
    *slot = group->next;
    group_free(group);
  }
  return MSTEP_OK;
}

void ms_scheduler_sweep(struct ms_scheduler *scheduler, int64_t now_ms)
{
  struct ms_schedule_group **slot = &scheduler->groups;
  while (*slot != NULL && !(*slot)->is_deleting) {
    slot = &(*slot)->next;
  }
  if (*slot == NULL) {
    scheduler->sweep_at_ms = 0;
    return;
  }
  scheduler->sweep_at_ms = sweep_group(scheduler, slot) == 0 ? now_ms : now_ms + AFTER_TROUBLE_MS;
}

/* ---- tags ---- */

/* NULL: *why says so. */
static struct ms_schedule_group *tagged(struct ms_scheduler *scheduler, struct ms_json request,
                                        struct ms_queue_refusal *why)
{
  struct ms_str arn = ms_schedule_text(request, "ResourceArn");
  struct ms_schedule_group *group = group_by_arn(scheduler, arn);
  if (group == NULL) {
    ms_refuse(why, "ResourceNotFoundException", "Resource %.*s does not exist.", MS_STR_ARG(arn));
  }
  return group;
}

static bool has_tag(struct ms_json tags, struct ms_str key)
{
  for (size_t i = 0; i < ms_json_count(tags); i++) {
    if (ms_str_eq(ms_schedule_text(ms_json_at(tags, i), "Key"), key)) {
      return true;
    }
  }
  return false;
}

static bool has_text(struct ms_json texts, struct ms_str text)
{
  for (size_t i = 0; i < ms_json_count(texts); i++) {
    if (ms_str_eq(ms_json_text(ms_json_at(texts, i)), text)) {
      return true;
    }
  }
  return false;
}

/* Those of the group that are neither in `tags` nor named in `keys`, and then `tags`. */
static int merge(struct ms_json *out, const struct ms_schedule_group *group, struct ms_json tags,
                 struct ms_json keys)
{
  struct ms_json old = ms_json_getc(group->row, "Tags");
  int err = MSTEP_OK;
  *out = ms_json_array(ms_json_count(old));
  for (size_t i = 0; i < ms_json_count(old) && err == 0; i++) {
    struct ms_json tag = ms_json_at(old, i);
    struct ms_str key = ms_schedule_text(tag, "Key");
    err = has_tag(tags, key) || has_text(keys, key) ? 0 : ms_json_push(out, ms_json_ref(tag));
  }
  for (size_t i = 0; i < ms_json_count(tags) && err == 0; i++) {
    err = ms_json_push(out, ms_json_ref(ms_json_at(tags, i)));
  }
  if (err != 0) {
    ms_json_unref(*out);
  }
  return err;
}

static int retag(struct ms_scheduler *scheduler, struct ms_json request,
                 struct ms_queue_refusal *why)
{
  struct ms_schedule_group *group = tagged(scheduler, request, why);
  struct ms_json tags;
  if (group == NULL) {
    return MSTEP_EINVALID;
  }
  int err = merge(&tags, group, ms_json_getc(request, "Tags"), ms_json_getc(request, "TagKeys"));
  if (err != 0) {
    return err;
  }
  if (ms_json_count(tags) > MS_SCHEDULE_TAGS_MAX) {
    ms_json_unref(tags);
    return ms_refuse(why, "ValidationException", "A resource can have %d tags.",
                     MS_SCHEDULE_TAGS_MAX);
  }
  return change(scheduler, group, "Tags", tags);
}

int ms_scheduler_tag(struct ms_scheduler *scheduler, struct ms_json request, struct ms_json *reply,
                     struct ms_queue_refusal *why)
{
  (void)reply;
  return retag(scheduler, request, why);
}

int ms_scheduler_untag(struct ms_scheduler *scheduler, struct ms_json request,
                       struct ms_json *reply, struct ms_queue_refusal *why)
{
  (void)reply;
  return retag(scheduler, request, why);
}

int ms_scheduler_list_tags(struct ms_scheduler *scheduler, struct ms_json request,
                           struct ms_json *reply, struct ms_queue_refusal *why)
{
  const struct ms_schedule_group *group = tagged(scheduler, request, why);
  if (group == NULL) {
    return MSTEP_EINVALID;
  }
  *reply = ms_json_object(1);
  return ms_json_setc(reply, "Tags", ms_json_ref(ms_json_getc(group->row, "Tags")));
}
