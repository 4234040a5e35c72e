/* See record.h. */
#include "record.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

/* ---- documents ---- */

static int grow_store(struct record_store *store, uint32_t number)
{
  if (number < store->capacity)
    return 0;
  uint32_t capacity = number + 16;
  char **texts = ms_reallocarray(store->texts, capacity, sizeof texts[0]);
  if (texts == NULL)
    return ms_error_nomem();
  memset(texts + store->capacity, 0, (capacity - store->capacity) * sizeof texts[0]);
  store->texts = texts;
  store->capacity = capacity;
  return 0;
}

static int put_document(uint32_t number, struct ms_str text, void *user)
{
  struct record_store *store = user;
  store->puts++;
  if (store->fail_with != 0)
    return ms_error(store->fail_with, "told to fail");
  if (number > 1000000)
    return ms_error(MSTEP_ETOOBIG, "too many documents");
  int status = grow_store(store, number);
  char *copy = status == 0 ? ms_strdupn(text.data, text.len) : NULL;
  if (copy == NULL)
    return ms_error_nomem();
  ms_free(store->texts[number]);
  store->texts[number] = copy;
  store->count = number >= store->count ? number + 1 : store->count;
  return 0;
}

static int get_document(struct ms_json *out, uint32_t number, void *user)
{
  struct record_store *store = user;
  struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
  store->gets++;
  if (store->fail_with != 0)
    return ms_error(store->fail_with, "told to fail");
  if (number >= store->count || store->texts[number] == NULL)
    return ms_error(MSTEP_EIO, "there is no document %u", (unsigned)number);
  return ms_json_parse(out, ms_str_c(store->texts[number]), &limits, NULL);
}

void record_store_init(struct record_store *store)
{
  *store = (struct record_store){.io = {put_document, get_document, store}};
}

void record_store_deinit(struct record_store *store)
{
  for (uint32_t i = 0; i < store->count; i++)
    ms_free(store->texts[i]);
  ms_free(store->texts);
}

/* ---- comparing ---- */

#define COMPARE(member)                                                                            \
  if (a->member != b->member)                                                                      \
  return #member
#define COMPARE_VALUE(member)                                                                      \
  if (!record_is_same(a->member, b->member))                                                       \
  return #member

bool record_is_same(struct ms_json a, struct ms_json b)
{
  if (a.type != b.type || a.tag != b.tag || a.reserved != b.reserved || a.aux != b.aux)
    return false;
  switch (a.type) {
  case MS_JSON_NONE:
  case MS_JSON_NULL:
    return true;
  case MS_JSON_BOOL:
    return a.u.boolean == b.u.boolean;
  case MS_JSON_INT:
    return a.u.integer == b.u.integer;
  case MS_JSON_DOUBLE:
    return memcmp(&a.u.number, &b.u.number, sizeof a.u.number) == 0;
  default:
    return ms_json_identical(a, b);
  }
}

const char *record_event_difference(const struct ms_event *a, const struct ms_event *b)
{
  COMPARE(id);
  COMPARE(previous);
  COMPARE(type);
  COMPARE(flags);
  COMPARE(frame);
  COMPARE(state);
  COMPARE(number);
  COMPARE(at_ms);
  COMPARE(due_at_ms);
  COMPARE_VALUE(data);
  COMPARE_VALUE(more);
  return NULL;
}

/*
 * The bytes of two structs must be the same once what is known to differ is wiped out. So a member that
 * is new, and that nobody writes or reads, is noticed without a line for it here.
 */
#define WIPE(member) memset(&(member), 0, sizeof(member))

static void wipe_children(struct ms_children *children)
{
  WIPE(children->run_arn);
  WIPE(children->input);
  WIPE(children->items);
  WIPE(children->failures);
  WIPE(children->dates);
}

static bool children_rest_is_same(const struct ms_children *a, const struct ms_children *b)
{
  struct ms_children one, other;
  memcpy(&one, a, sizeof one);
  memcpy(&other, b, sizeof other);
  wipe_children(&one);
  wipe_children(&other);
  return memcmp(&one, &other, sizeof one) == 0;
}

static bool frame_rest_is_same(const struct ms_frame *a, const struct ms_frame *b)
{
  struct ms_frame pair[2];
  memcpy(&pair[0], a, sizeof pair[0]);
  memcpy(&pair[1], b, sizeof pair[1]);
  for (int i = 0; i < 2; i++) {
    WIPE(pair[i].input);
    WIPE(pair[i].variables);
    WIPE(pair[i].first_input);
    WIPE(pair[i].parameters);
    WIPE(pair[i].task_details);
    WIPE(pair[i].attempts);
    WIPE(pair[i].next_ready);
    WIPE(pair[i].previous_ready);
    WIPE(pair[i].children);
  }
  return memcmp(&pair[0], &pair[1], sizeof pair[0]) == 0;
}

static bool execution_rest_is_same(const struct ms_execution *a, const struct ms_execution *b)
{
  struct ms_execution pair[2];
  memcpy(&pair[0], a, sizeof pair[0]);
  memcpy(&pair[1], b, sizeof pair[1]);
  for (int i = 0; i < 2; i++) {
    WIPE(pair[i].identity);
    WIPE(pair[i].input);
    WIPE(pair[i].output);
    WIPE(pair[i].error);
    WIPE(pair[i].cause);
    WIPE(pair[i].frames);
    WIPE(pair[i].free_frames);
    WIPE(pair[i].frame_capacity);
  }
  return memcmp(&pair[0], &pair[1], sizeof pair[0]) == 0;
}

static const char *children_difference(const struct ms_children *a, const struct ms_children *b)
{
  COMPARE(count);
  COMPARE(started_count);
  COMPARE(running_count);
  COMPARE(done_count);
  COMPARE(failed_count);
  COMPARE(concurrency);
  COMPARE(last_exit);
  COMPARE(cut_first);
  COMPARE(cut_last);
  COMPARE(waiting_count);
  COMPARE(redrive_count);
  COMPARE_VALUE(run_arn);
  COMPARE_VALUE(input);
  COMPARE_VALUE(failures);
  COMPARE_VALUE(items);
  COMPARE(tolerated_count);
  COMPARE(tolerated_percentage);
  COMPARE(is_map_run);
  COMPARE(is_pairs);
  COMPARE(is_failing);
  if ((a->dates == NULL) != (b->dates == NULL) ||
      (a->dates != NULL && memcmp(a->dates, b->dates, a->count * 2 * sizeof *a->dates) != 0))
    return "dates";
  for (uint32_t i = 0; i < a->count; i++)
    COMPARE_VALUE(outputs[i]);
  return children_rest_is_same(a, b) ? NULL : "a member of the children that nobody knows";
}

static const char *task_difference(const struct ms_frame *a, const struct ms_frame *b)
{
  COMPARE(task);
  COMPARE(timeout_seconds);
  COMPARE(heartbeat_seconds);
  COMPARE(timeout_at_ms);
  COMPARE(heartbeat_at_ms);
  COMPARE_VALUE(parameters);
  COMPARE_VALUE(task_details);
  COMPARE(timer_at_ms);
  bool is_outside = a->status == MS_FRAME_READY || a->status == MS_FRAME_ENDED;
  if (!is_outside && (a->attempts == NULL) != (b->attempts == NULL))
    return "attempts"; /* outside of a state there are those of the state before */
  for (uint32_t i = 0; !is_outside && a->attempts != NULL && i < a->state->retrier_count; i++)
    COMPARE(attempts[i]);
  if ((a->children == NULL) != (b->children == NULL))
    return "children";
  return a->children == NULL ? NULL : children_difference(a->children, b->children);
}

static const char *frame_difference(const struct ms_frame *a, const struct ms_frame *b)
{
  COMPARE(id);
  COMPARE(parent);
  COMPARE(index);
  COMPARE(status);
  COMPARE(is_hidden);
  COMPARE(is_queued);
  COMPARE(is_started);
  COMPARE(is_submitted);
  COMPARE(is_cut);
  COMPARE(flow);
  COMPARE(state);
  COMPARE_VALUE(input);
  COMPARE_VALUE(variables);
  COMPARE_VALUE(first_input);
  COMPARE(entered_at_ms);
  COMPARE(entered_id);
  COMPARE(entered_previous);
  COMPARE(previous);
  COMPARE(retry_count);
  if (a->is_queued || a->is_cut)
    COMPARE(next_ready);
  if (a->is_queued)
    COMPARE(previous_ready);
  const char *member = task_difference(a, b);
  if (member != NULL)
    return member;
  return frame_rest_is_same(a, b) ? NULL : "a member of the frame that nobody knows";
}

static const char *frames_difference(const struct ms_execution *a, const struct ms_execution *b)
{
  COMPARE(frame_count);
  COMPARE(free_count);
  COMPARE(ready_first);
  COMPARE(ready_last);
  for (uint32_t i = 0; i < a->free_count; i++)
    COMPARE(free_frames[i]);
  for (uint32_t i = 0; i < a->frame_count; i++) {
    if ((a->frames[i] == NULL) != (b->frames[i] == NULL))
      return "frames";
    const char *member = a->frames[i] == NULL ? NULL : frame_difference(a->frames[i], b->frames[i]);
    if (member != NULL)
      return member;
  }
  return NULL;
}

const char *record_execution_difference(const struct ms_execution *a, const struct ms_execution *b)
{
  COMPARE(status);
  COMPARE_VALUE(input);
  COMPARE_VALUE(output);
  COMPARE_VALUE(error);
  COMPARE_VALUE(cause);
  COMPARE(started_at_ms);
  COMPARE(stopped_at_ms);
  COMPARE(redriven_at_ms);
  COMPARE(redrive_count);
  COMPARE(timer_at_ms);
  COMPARE(next_event);
  COMPARE(next_task);
  COMPARE(turn);
  const char *member = frames_difference(a, b);
  if (member != NULL)
    return member;
  return execution_rest_is_same(a, b) ? NULL : "a member of the execution that nobody knows";
}

struct ms_execution *record_twin(const struct ms_execution *execution)
{
  struct ms_execution_identity identity = execution->identity;
  struct ms_execution *twin = ms_execution_new(execution->machine, &identity);
  struct ms_json values[] = {identity.arn,         identity.name,         identity.role_arn,
                             identity.machine_arn, identity.machine_name, identity.region,
                             identity.input_text};
  for (size_t i = 0; twin != NULL && i < sizeof values / sizeof values[0]; i++)
    ms_json_ref(values[i]);
  return twin;
}
