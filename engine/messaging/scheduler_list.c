/* Lists of schedules and of groups, page by page. */
#include "base/error.h"
#include "messaging/scheduler_internal.h"

#define PAGE_MAX 100

static bool has_prefix(struct ms_str name, struct ms_str prefix)
{
  return name.len >= prefix.len && ms_str_eq(ms_str_sub(name, 0, prefix.len), prefix);
}

static size_t limit_of(struct ms_json request)
{
  int64_t limit = PAGE_MAX;
  ms_json_to_int(&limit, ms_json_getc(request, "MaxResults"));
  return limit < 1 || limit > PAGE_MAX ? PAGE_MAX : (size_t)limit;
}

/* Takes items and token (NONE: it was the last page). */
static int answer(struct ms_json *reply, const char *member, struct ms_json items,
                  struct ms_json token)
{
  struct ms_json out = ms_json_object(2);
  int err = ms_json_setc(&out, member, items);
  if (!ms_json_is_none(token)) {
    err |= ms_json_setc(&out, "NextToken", token);
  }
  if (err != 0) {
    ms_json_unref(out);
    return ms_error_nomem();
  }
  *reply = out;
  return MSTEP_OK;
}

/* ---- schedules ---- */

static struct ms_json summary_of(const struct ms_scheduled *schedule)
{
  static const char *const members[] = {"Arn",  "CreationDate", "GroupName", "LastModificationDate",
                                        "Name", "State",        NULL};
  static const char *const arn[] = {"Arn", NULL};
  struct ms_json out = ms_json_object(7), target = ms_json_object(1);
  int err = ms_resource_copy(&out, schedule->schedule, members);
  err |= ms_resource_copy(&target, ms_json_getc(schedule->schedule, "Target"), arn);
  err |= ms_json_setc(&out, "Target", target);
  if (err != 0) {
    ms_json_unref(out);
    return MS_JSON_VALUE_NONE;
  }
  return out;
}

/* A token is GROUP/NAME of the first one that did not fit. */
static size_t first_of(const struct ms_scheduler *scheduler, struct ms_str group,
                       struct ms_str token)
{
  size_t index, slash = ms_str_find(token, 0, '/');
  struct ms_str none = MS_STR("");
  if (token.data == NULL) {
    ms_scheduler_find(&index, scheduler, group.data == NULL ? none : group, none);
  } else {
    ms_scheduler_find(&index, scheduler, ms_str_sub(token, 0, slash),
                      ms_str_sub(token, slash + 1, token.len));
  }
  return index;
}

static int list_from(struct ms_scheduler *scheduler, struct ms_json request, size_t index,
                     struct ms_json *reply)
{
  struct ms_str group = ms_schedule_text(request, "GroupName");
  struct ms_str prefix = ms_schedule_text(request, "NamePrefix");
  struct ms_str state = ms_schedule_text(request, "State");
  size_t limit = limit_of(request);
  struct ms_json items = ms_json_array(0);
  int err = MSTEP_OK;
  for (; index < scheduler->schedules.count && err == 0; index++) {
    const struct ms_scheduled *at = scheduler->schedules.data[index];
    if (group.data != NULL && !ms_str_eq(at->group, group)) {
      break;
    }
    if (!has_prefix(at->name, prefix) ||
        (state.data != NULL && !ms_str_eq(ms_schedule_text(at->schedule, "State"), state))) {
      continue;
    }
    if (ms_json_count(items) == limit) {
      return answer(reply, "Schedules", items,
                    ms_json_stringf("%.*s/%.*s", MS_STR_ARG(at->group), MS_STR_ARG(at->name)));
    }
    err = ms_json_push(&items, summary_of(at));
  }
  if (err != 0) {
    ms_json_unref(items);
    return err;
  }
  return answer(reply, "Schedules", items, MS_JSON_VALUE_NONE);
}

int ms_scheduler_list(struct ms_scheduler *scheduler, struct ms_json request, struct ms_json *reply,
                      struct ms_queue_refusal *why)
{
  struct ms_str group = ms_schedule_text(request, "GroupName");
  if (group.data != NULL && ms_scheduler_group(scheduler, group) == NULL) {
    return ms_refuse(why, "ResourceNotFoundException", "Schedule group %.*s does not exist.",
                     MS_STR_ARG(group));
  }
  return list_from(scheduler, request,
                   first_of(scheduler, group, ms_schedule_text(request, "NextToken")), reply);
}

/* ---- groups ---- */

int ms_scheduler_list_groups(struct ms_scheduler *scheduler, struct ms_json request,
                             struct ms_json *reply, struct ms_queue_refusal *why)
{
  struct ms_str prefix = ms_schedule_text(request, "NamePrefix");
  struct ms_str token = ms_schedule_text(request, "NextToken");
  struct ms_json items = ms_json_array(0);
  int err = MSTEP_OK;
  (void)why;
  for (const struct ms_schedule_group *at = scheduler->groups; at != NULL && err == 0;
       at = at->next) {
    if (!has_prefix(at->name, prefix) || (token.data != NULL && ms_str_cmp(at->name, token) < 0)) {
      continue;
    }
    if (ms_json_count(items) == limit_of(request)) {
      return answer(reply, "ScheduleGroups", items, ms_json_string(at->name));
    }
    err = ms_json_push(&items, ms_json_ref(at->group));
  }
  if (err != 0) {
    ms_json_unref(items);
    return err;
  }
  return answer(reply, "ScheduleGroups", items, MS_JSON_VALUE_NONE);
}
