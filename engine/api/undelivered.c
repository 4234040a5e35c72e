/* See undelivered.h. An id is the number that its owner gave it, behind the owner's name. */
#include "api/undelivered.h"

#include <stdio.h>

#include "base/error.h"
#include "invoke/invoke.h"
#include "messaging/bus.h"
#include "messaging/relay.h"
#include "messaging/scheduler.h"
#include "messaging/topic.h"
#include "source/folder.h"

static const char *const relays[] = {"buses", "topics", "schedules", "folders"};

#define OWNERS (sizeof relays / sizeof relays[0] + 1)

static struct ms_relay *relay_of(struct ms_api_call *call, size_t owner)
{
  struct ms_engine *engine = ms_api_engine(call);
  return owner == 1   ? ms_buses_relay(ms_engine_driver(engine, &ms_buses_driver))
         : owner == 2 ? ms_topics_relay(ms_engine_driver(engine, &ms_topics_driver))
         : owner == 3 ? ms_scheduler_relay(ms_engine_driver(engine, &ms_scheduler_driver))
                      : ms_folders_relay(ms_engine_driver(engine, &ms_folders_driver));
}

static struct ms_outbox *outbox_of(struct ms_api_call *call)
{
  return ms_invoke_outbox(ms_engine_driver(ms_api_engine(call), &ms_invoke_driver));
}

/* "12", "buses:12" */
static bool read_id(size_t *owner, uint64_t *number, struct ms_str text)
{
  size_t colon = ms_str_find(text, 0, ':');
  struct ms_str digits = colon < text.len ? ms_str_sub(text, colon + 1, text.len) : text;
  *number = 0;
  *owner = 0;
  for (size_t i = 1; i < OWNERS && colon < text.len; i++) {
    *owner = ms_str_is(ms_str_sub(text, 0, colon), relays[i - 1]) ? i : *owner;
  }
  for (size_t i = 0; i < digits.len; i++) {
    if (digits.data[i] < '0' || digits.data[i] > '9') {
      return false;
    }
    *number = *number * 10 + (uint64_t)(digits.data[i] - '0');
  }
  return digits.len > 0 && digits.len <= 18 && (colon == text.len || *owner > 0);
}

static struct ms_json print_id(size_t owner, uint64_t number)
{
  return owner == 0
             ? ms_json_stringf("%llu", (unsigned long long)number)
             : ms_json_stringf("%s:%llu", relays[owner - 1], (unsigned long long)number);
}

/* ---- listing ---- */

static int push_all(struct ms_json *out, struct ms_json page, size_t owner)
{
  int err = MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(page) && err == 0; i++) {
    size_t ignored;
    uint64_t number;
    struct ms_json item = ms_json_ref(ms_json_at(page, i));
    read_id(&ignored, &number, ms_json_text(ms_json_getc(item, "Id")));
    err = ms_json_setc(&item, "Id", print_id(owner, number));
    if (err != 0) {
      ms_json_unref(item);
    } else {
      err = ms_json_push(out, item);
    }
  }
  return err;
}

int ms_undelivered_list(struct ms_json *out, struct ms_json *next_token, struct ms_api_call *call,
                        struct ms_str token, size_t max)
{
  size_t owner = 0;
  uint64_t after = 0, next = 0;
  *next_token = MS_JSON_VALUE_NONE;
  if (token.len > 0 && !read_id(&owner, &after, token)) {
    owner = OWNERS;
  }
  *out = ms_json_array(4);
  int err = ms_json_is_none(*out) ? ms_error_nomem() : MSTEP_OK;
  for (; owner < OWNERS && err == 0; owner++, after = 0) {
    struct ms_json page;
    size_t room = max - ms_json_count(*out);
    if (room == 0) { /* the next owner's may be none: then the last page is empty */
      *next_token = print_id(owner, 0);
      break;
    }
    err = owner == 0 ? ms_outbox_list(&page, &next, outbox_of(call), after, room)
                     : ms_relay_list(&page, &next, relay_of(call, owner), after, room);
    if (err != 0) {
      break;
    }
    err = push_all(out, page, owner);
    ms_json_unref(page);
    if (next != 0) {
      *next_token = print_id(owner, next);
      break;
    }
  }
  if (err != 0) {
    ms_json_replace(out, MS_JSON_VALUE_NONE);
  }
  return err;
}

/* ---- changing ---- */

static int change_all(size_t *count, struct ms_api_call *call, enum ms_undelivered_change change)
{
  bool is_replay = change == MS_UNDELIVERED_REPLAY;
  int err = MSTEP_OK;
  for (size_t owner = 0; owner < OWNERS && err == 0; owner++) {
    size_t some = 0;
    if (owner == 0) {
      err = is_replay ? ms_outbox_replay_all(outbox_of(call), &some)
                      : ms_outbox_purge_all(outbox_of(call), &some);
    } else {
      err = is_replay ? ms_relay_replay_all(relay_of(call, owner), &some)
                      : ms_relay_purge_all(relay_of(call, owner), &some);
    }
    *count += some;
  }
  return err;
}

int ms_undelivered_change(size_t *count, struct ms_api_call *call, struct ms_str id,
                          enum ms_undelivered_change change)
{
  bool is_replay = change == MS_UNDELIVERED_REPLAY;
  size_t owner;
  uint64_t number;
  int err;
  if (id.data == NULL) {
    return change_all(count, call, change);
  }
  if (!read_id(&owner, &number, id)) {
    return MSTEP_ENOTFOUND;
  }
  if (owner == 0) {
    err = is_replay ? ms_outbox_replay(outbox_of(call), number)
                    : ms_outbox_purge(outbox_of(call), number);
  } else {
    err = is_replay ? ms_relay_replay(relay_of(call, owner), number)
                    : ms_relay_purge(relay_of(call, owner), number);
  }
  *count += err == 0;
  return err;
}

/*
 * More may be asked for than waits for the disk at a time. Then what was changed becomes durable first, and the call
 * goes on where it was.
 */
#define STUCK_MAX 3

struct progress {
  int64_t count;
  int64_t next;           /* of the ids */
  int64_t stuck;          /* waits in a row that brought nothing */
  struct ms_json unknown; /* ids */
};

static int64_t kept_number(struct ms_api_call *call, const char *name)
{
  struct ms_json value = ms_json_getc(ms_api_kept(call), name);
  return ms_json_is_none(value) ? 0 : (int64_t)ms_json_number(value);
}

static int recall(struct progress *done, struct ms_api_call *call)
{
  struct ms_json unknown = ms_json_getc(ms_api_kept(call), "unknown");
  *done = (struct progress){.count = kept_number(call, "count"),
                            .next = kept_number(call, "next"),
                            .stuck = kept_number(call, "stuck"),
                            .unknown = ms_json_is_none(unknown) ? ms_json_array(0)
                                                                : ms_json_ref(unknown)};
  return ms_json_is_none(done->unknown) ? ms_error_nomem() : MSTEP_OK;
}

/* Takes done->unknown. */
static int keep(struct ms_api_call *call, const struct progress *done)
{
  struct ms_json state = ms_json_object(4);
  int err = ms_json_setc(&state, "unknown", done->unknown);
  err = err != 0 ? err : ms_json_setc(&state, "count", ms_json_int(done->count));
  err = err != 0 ? err : ms_json_setc(&state, "next", ms_json_int(done->next));
  err = err != 0 ? err : ms_json_setc(&state, "stuck", ms_json_int(done->stuck));
  if (err != 0) {
    ms_json_unref(state);
    return err;
  }
  ms_api_keep(call, state);
  return MSTEP_OK;
}

/* As far as there is room. */
static int change_named(struct progress *done, size_t *count, struct ms_api_call *call,
                        struct ms_json ids, enum ms_undelivered_change change)
{
  int err = MSTEP_OK;
  for (; (size_t)done->next < ms_json_count(ids) && err == 0; done->next += err == 0) {
    struct ms_json id = ms_json_at(ids, (size_t)done->next);
    if (ms_json_is_string(id)) {
      err = ms_undelivered_change(count, call, ms_json_text(id), change);
      err = err == MSTEP_ENOTFOUND ? ms_json_push(&done->unknown, ms_json_ref(id)) : err;
    }
  }
  return err;
}

/* {member: count}, and which ids were unknown, if any. Takes done->unknown. */
static int answer(struct ms_api_call *call, const char *member, const struct progress *done)
{
  struct ms_json reply = ms_api_object(member, ms_json_int(done->count));
  if (ms_json_count(done->unknown) == 0) {
    ms_json_unref(done->unknown);
  } else if (ms_json_setc(&reply, "unknownIds", done->unknown) != 0) {
    ms_json_replace(&reply, MS_JSON_VALUE_NONE);
  }
  return ms_api_finish(call, reply);
}

static int go_on_replaying(struct ms_api_call *call)
{
  return ms_undelivered_run(call, MS_UNDELIVERED_REPLAY, "replayedCount");
}

static int go_on_purging(struct ms_api_call *call)
{
  return ms_undelivered_run(call, MS_UNDELIVERED_PURGE, "purgedCount");
}

int ms_undelivered_run(struct ms_api_call *call, enum ms_undelivered_change change,
                       const char *member)
{
  struct ms_json ids = ms_api_get(call, "ids");
  struct progress done;
  size_t count = 0;
  int err = recall(&done, call);
  if (err != 0) {
    return err;
  }
  err = ms_json_is_none(ids)
            ? ms_undelivered_change(&count, call, (struct ms_str){NULL, 0}, change)
            : change_named(&done, &count, call, ids, change);
  done.count += (int64_t)count;
  done.stuck = count > 0 ? 0 : done.stuck + 1;
  if (err == MSTEP_ETOOBIG && done.stuck <= STUCK_MAX) {
    err = keep(call, &done);
    return err != 0 ? err
                    : ms_api_accept(call, change == MS_UNDELIVERED_REPLAY ? go_on_replaying
                                                                          : go_on_purging);
  }
  if (err != 0) {
    ms_json_unref(done.unknown);
    return err;
  }
  return answer(call, member, &done);
}
