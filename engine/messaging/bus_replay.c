/*
 * Replays: archived events of some time that a bus gets once more, in pieces; each piece and how far it came are one
 * change, so that a crash repeats nothing.
 *
 *   STARTING ──all that was archived is durable──▶ RUNNING ──▶ COMPLETED, FAILED
 *       └──────────────────┬──────────────────────────┘
 *                          ▼
 *                     CANCELLING ──▶ CANCELLED
 */
#include "base/alloc.h"
#include "base/error.h"
#include "messaging/bus_archive.h"

#define PIECE 100            /* events in one change */
#define RELAY_COUNT_MAX 2000 /* deliveries under way: then a replay waits */
#define PAUSE_MS 50
#define AFTER_TROUBLE_MS 1000
#define KEPT_MS (INT64_C(90) * 86400000) /* after its end */

static const char *const states[] = {"STARTING",  "RUNNING",   "CANCELLING",
                                     "CANCELLED", "COMPLETED", "FAILED"};

static struct ms_str text_of(struct ms_json object, const char *name)
{
  struct ms_json value = ms_json_getc(object, name);
  return ms_json_is_string(value) ? ms_json_text(value) : (struct ms_str){NULL, 0};
}

static int64_t time_of(struct ms_json object, const char *name)
{
  struct ms_json value = ms_json_getc(object, name);
  double seconds = ms_json_is_number(value) ? ms_json_number(value) : 0;
  return seconds > -1e11 && seconds < 1e11 ? (int64_t)(seconds * 1000) : 0;
}

static struct ms_json date_of(int64_t at_ms)
{
  return ms_json_double((double)at_ms / 1000);
}

/* ---- life ---- */

static struct ms_replay *find_replay(const struct ms_buses *buses, struct ms_str name)
{
  struct ms_replay *replay = buses->replays;
  while (replay != NULL && !ms_str_eq(replay->name, name)) {
    replay = replay->next;
  }
  return replay;
}

static void replay_free(struct ms_replay *replay)
{
  ms_json_unref(replay->row);
  ms_free(replay);
}

void ms_replays_free(struct ms_buses *buses)
{
  for (struct ms_replay *replay = buses->replays, *next; replay != NULL; replay = next) {
    next = replay->next;
    replay_free(replay);
  }
  buses->replays = NULL;
}

/* Takes row. */
static void take_row(struct ms_replay *replay, struct ms_json row)
{
  int64_t key = 0;
  ms_json_unref(replay->row);
  replay->row = row;
  replay->replay = ms_json_getc(row, "Replay");
  replay->name = text_of(replay->replay, "ReplayName");
  struct ms_str state = text_of(replay->replay, "State");
  replay->state = MS_REPLAY_STARTING;
  while (replay->state < MS_REPLAY_FAILED && !ms_str_is(state, states[replay->state])) {
    replay->state++;
  }
  replay->start_ms = time_of(replay->replay, "EventStartTime");
  replay->end_ms = time_of(replay->replay, "EventEndTime");
  ms_json_to_int(&key, ms_json_getc(row, "NextKey"));
  replay->next_key = (uint64_t)key;
}

static bool is_over(const struct ms_replay *replay)
{
  return replay->state == MS_REPLAY_CANCELLED || replay->state == MS_REPLAY_COMPLETED ||
         replay->state == MS_REPLAY_FAILED;
}

/* Takes row; not in the list yet. */
static int replay_new(struct ms_replay **out, struct ms_buses *buses, struct ms_json row)
{
  struct ms_replay *replay = ms_calloc(1, sizeof *replay);
  if (replay == NULL || ms_json_is_none(row)) {
    ms_json_unref(row);
    ms_free(replay);
    return ms_error_nomem();
  }
  take_row(replay, row);
  replay->due_at_ms = is_over(replay) ? 0 : ms_loop_now_ms(buses->env->loop);
  *out = replay;
  return MSTEP_OK;
}

static void link_replay(struct ms_buses *buses, struct ms_replay *replay)
{
  struct ms_replay **slot = &buses->replays;
  while (*slot != NULL && ms_str_cmp((*slot)->name, replay->name) < 0) {
    slot = &(*slot)->next;
  }
  replay->next = *slot;
  *slot = replay;
}

static int load_replay(struct ms_str name, struct ms_json row, void *user)
{
  struct ms_buses *buses = user;
  struct ms_replay *replay = NULL;
  (void)name;
  int err = replay_new(&replay, buses, ms_json_ref(row));
  if (err == 0) {
    link_replay(buses, replay);
  }
  return err;
}

int ms_replays_load(struct ms_buses *buses)
{
  return ms_resource_scan(buses->env->ledger.reader, "replay", load_replay, buses);
}

/* ---- rows ---- */

/* Its row in another state. last_ms 0: no event was replayed. reason NULL: none. NONE: out of memory. */
static struct ms_json row_of(const struct ms_replay *replay, enum ms_replay_state state,
                             uint64_t next_key, int64_t last_ms, int64_t now_ms, const char *reason)
{
  struct ms_json row = ms_json_ref(replay->row), shown = ms_json_ref(replay->replay);
  int err = ms_json_setc(&shown, "State", ms_json_cstring(states[state]));
  if (last_ms != 0) {
    err |= ms_json_setc(&shown, "EventLastReplayedTime", date_of(last_ms));
  }
  if (state >= MS_REPLAY_CANCELLED) {
    err |= ms_json_setc(&shown, "ReplayEndTime", date_of(now_ms));
  }
  if (reason != NULL) {
    err |= ms_json_setc(&shown, "StateReason", ms_json_cstring(reason));
  }
  err |= ms_json_setc(&row, "Replay", shown);
  err |= ms_json_setc(&row, "NextKey", ms_json_int((int64_t)next_key));
  if (err != 0) {
    ms_json_unref(row);
    return MS_JSON_VALUE_NONE;
  }
  return row;
}

/* A change of its own: into another state. */
static int go(struct ms_buses *buses, struct ms_replay *replay, enum ms_replay_state state,
              const char *reason)
{
  int64_t now_ms = ms_loop_now_ms(buses->env->loop);
  struct ms_json row = row_of(replay, state, replay->next_key, 0, now_ms, reason);
  int err = ms_json_is_none(row)
                ? ms_error_nomem()
                : ms_resource_save(&buses->env->ledger, "replay", replay->name, row);
  if (err != 0) {
    ms_json_unref(row);
    return err;
  }
  take_row(replay, row);
  replay->due_at_ms = is_over(replay) ? 0 : now_ms;
  return MSTEP_OK;
}

/* ---- one piece ---- */

struct piece {
  struct ms_replay *replay;
  struct ms_bus *bus;
  struct ms_batch *batch;
  struct ms_json only;
  uint64_t next_key;
  uint64_t count;
  int64_t last_ms;
};

static int again(struct piece *piece, struct ms_json event)
{
  char id[37];
  struct ms_json copy = ms_json_ref(event);
  ms_random_uuid(piece->bus->buses->env->random, id);
  int err = ms_json_setc(&copy, "id", ms_json_cstring(id));
  err |= ms_json_setc(&copy, "replay-name", ms_json_string(piece->replay->name));
  err = err != 0 ? err : ms_bus_spread(piece->bus, piece->batch, copy, true, piece->only);
  ms_json_unref(copy);
  return err;
}

static int replay_row(struct ms_str key, struct ms_str text, void *user)
{
  struct piece *piece = user;
  const struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
  struct ms_json event;
  int err = ms_json_parse(&event, text, &limits, NULL);
  if (err != 0) {
    return err == MSTEP_ENOMEM ? err : ms_error(MSTEP_EIO, "an archived event is damaged");
  }
  int64_t at_ms = ms_event_time(event, piece->replay->start_ms);
  if (at_ms >= piece->replay->start_ms && at_ms < piece->replay->end_ms) {
    err = again(piece, event);
    piece->last_ms = at_ms;
  }
  ms_json_unref(event);
  piece->next_key = ms_store_number(key) + 1;
  piece->count++;
  return err;
}

/* Stages the piece and the row that says so; takes nothing, *row is the caller's. */
static int stage_piece(struct ms_buses *buses, struct piece *piece,
                       const struct ms_archive *archive, int64_t now_ms, struct ms_json *row)
{
  struct ms_replay *replay = piece->replay;
  uint64_t end = ms_archive_key(archive, replay->end_ms + 59999);
  int err = ms_archive_scan(buses, archive, piece->next_key, end, PIECE, replay_row, piece);
  if (err == 0) {
    *row = row_of(replay, piece->count < PIECE ? MS_REPLAY_COMPLETED : MS_REPLAY_RUNNING,
                  piece->next_key, piece->last_ms, now_ms, NULL);
    err = ms_json_is_none(*row) ? ms_error_nomem() : MSTEP_OK;
  }
  ms_resource_put(piece->batch, "replay", replay->name, *row);
  return err;
}

static int run_piece(struct ms_buses *buses, struct ms_replay *replay,
                     const struct ms_archive *archive, struct ms_bus *bus, int64_t now_ms)
{
  const struct ms_ledger *ledger = &buses->env->ledger;
  uint64_t first = ms_archive_key(archive, replay->start_ms);
  struct piece piece = {.replay = replay,
                        .bus = bus,
                        .only =
                            ms_json_getc(ms_json_getc(replay->replay, "Destination"), "FilterArns"),
                        .next_key = replay->next_key > first ? replay->next_key : first};
  struct ms_json row = MS_JSON_VALUE_NONE;
  int err = ledger->begin(&piece.batch, ledger->user);
  if (err != 0) {
    return err;
  }
  err = stage_piece(buses, &piece, archive, now_ms, &row);
  if (err != 0 && piece.batch != NULL) {
    piece.batch->error = piece.batch->error != 0 ? piece.batch->error : err;
  }
  int end = ledger->end(ledger->user);
  err = err != 0 ? err : end;
  if (err != 0) {
    ms_bus_rollback(buses);
    ms_json_unref(row);
    return err;
  }
  ms_bus_commit(buses);
  take_row(replay, row);
  replay->due_at_ms = is_over(replay) ? 0 : now_ms;
  return MSTEP_OK;
}

static int run(struct ms_buses *buses, struct ms_replay *replay, int64_t now_ms)
{
  const struct ms_archive *archive =
      ms_archive_by_arn(buses, text_of(replay->replay, "EventSourceArn"));
  struct ms_bus *bus =
      ms_bus_find(buses, text_of(ms_json_getc(replay->replay, "Destination"), "Arn"));
  if (archive == NULL || bus == NULL) {
    return go(buses, replay, MS_REPLAY_FAILED,
              archive == NULL ? "The archive was deleted." : "The event bus was deleted.");
  }
  if (ms_relay_count(buses->relay) > RELAY_COUNT_MAX) {
    replay->due_at_ms = now_ms + PAUSE_MS;
    return MSTEP_OK;
  }
  return run_piece(buses, replay, archive, bus, now_ms);
}

/* ---- the clock ---- */

/* Questions are answered in their order. After a failure everything is loaded again. */
static void on_durable(int code, void *arg)
{
  struct ms_buses *buses = arg;
  (void)code;
  buses->durable++;
  for (struct ms_replay *replay = buses->replays; replay != NULL; replay = replay->next) {
    if (replay->asked != 0 && replay->asked <= buses->durable) {
      replay->due_at_ms = ms_loop_now_ms(buses->env->loop);
    }
  }
  buses->env->touch(buses->env->user);
}

/* What was archived before is read from the disk: it has to be there. */
static int start(struct ms_buses *buses, struct ms_replay *replay)
{
  const struct ms_ledger *ledger = &buses->env->ledger;
  if (replay->asked != 0) {
    return replay->asked <= buses->durable ? go(buses, replay, MS_REPLAY_RUNNING, NULL) : MSTEP_OK;
  }
  int err = ledger->when_durable(on_durable, buses, ledger->user);
  if (err == 0) {
    replay->asked = ++buses->asked;
    replay->due_at_ms = 0;
  }
  return err;
}

static int step(struct ms_buses *buses, struct ms_replay *replay, int64_t now_ms)
{
  switch (replay->state) {
  case MS_REPLAY_STARTING:
    return start(buses, replay);
  case MS_REPLAY_RUNNING:
    return run(buses, replay, now_ms);
  case MS_REPLAY_CANCELLING:
    return go(buses, replay, MS_REPLAY_CANCELLED, NULL);
  default:
    replay->due_at_ms = 0;
    return MSTEP_OK;
  }
}

void ms_replays_on_timer(struct ms_buses *buses, int64_t now_ms)
{
  for (struct ms_replay *replay = buses->replays; replay != NULL; replay = replay->next) {
    if (replay->due_at_ms != 0 && replay->due_at_ms <= now_ms && step(buses, replay, now_ms) != 0) {
      replay->due_at_ms = now_ms + AFTER_TROUBLE_MS;
    }
  }
}

int64_t ms_replays_next_due_ms(const struct ms_buses *buses)
{
  int64_t due_at_ms = 0;
  for (const struct ms_replay *replay = buses->replays; replay != NULL; replay = replay->next) {
    if (replay->due_at_ms != 0 && (due_at_ms == 0 || replay->due_at_ms < due_at_ms)) {
      due_at_ms = replay->due_at_ms;
    }
  }
  return due_at_ms;
}

bool ms_replays_are_busy(const struct ms_buses *buses)
{
  const struct ms_replay *replay = buses->replays;
  while (replay != NULL && is_over(replay)) {
    replay = replay->next;
  }
  return replay != NULL;
}

/* ---- operations ---- */

static struct ms_json make_row(const struct ms_buses *buses, struct ms_json request, int64_t now_ms)
{
  static const char *const members[] = {"ReplayName",  "Description",    "EventSourceArn",
                                        "Destination", "EventStartTime", "EventEndTime",
                                        NULL};
  struct ms_json row = ms_json_object(2), replay = ms_json_object(12);
  int err = ms_resource_copy(&replay, request, members);
  err |= ms_json_setc(&replay, "ReplayArn",
                      ms_json_stringf("arn:aws:events:%s:%s:replay/%.*s", buses->env->region,
                                      buses->env->account,
                                      MS_STR_ARG(text_of(request, "ReplayName"))));
  err |= ms_json_setc(&replay, "State", ms_json_cstring("STARTING"));
  err |= ms_json_setc(&replay, "ReplayStartTime", date_of(now_ms));
  err |= ms_json_setc(&row, "Replay", replay);
  err |= ms_json_setc(&row, "NextKey", ms_json_int(0));
  if (err != 0) {
    ms_json_unref(row);
    return MS_JSON_VALUE_NONE;
  }
  return row;
}

static struct ms_str last_part(struct ms_str arn)
{
  size_t slash = ms_str_find(arn, 0, '/');
  return slash == arn.len ? arn : ms_str_sub(arn, slash + 1, arn.len);
}

static int check_place(struct ms_buses *buses, struct ms_json request, struct ms_queue_refusal *why)
{
  struct ms_str source = text_of(request, "EventSourceArn");
  struct ms_str bus = text_of(ms_json_getc(request, "Destination"), "Arn");
  const struct ms_archive *archive = ms_archive_by_arn(buses, source);
  if (!ms_str_has_prefix(bus, "arn:") || ms_bus_find(buses, bus) == NULL) {
    return ms_refuse(why, "ResourceNotFoundException", "Event bus %.*s does not exist.",
                     MS_STR_ARG(last_part(bus)));
  }
  if (archive == NULL) {
    return ms_refuse(why, "ValidationException",
                     "Parameter EventSourceArn is not valid. Reason: Archive %.*s does not exist.",
                     MS_STR_ARG(last_part(source)));
  }
  return ms_str_eq(archive->bus_arn, bus)
             ? MSTEP_OK
             : ms_refuse(why, "ValidationException",
                         "Parameter Destination.Arn is not valid. Reason: Cross event bus replay "
                         "is not permitted.");
}

static int check(struct ms_buses *buses, struct ms_json request, struct ms_queue_refusal *why)
{
  struct ms_str name = text_of(request, "ReplayName");
  size_t count = 0;
  if (!ms_rule_name_is_valid(name) || name.len > 64) {
    return ms_refuse(why, "ValidationException",
                     "1 validation error detected: Value '%.*s' at 'replayName' failed to satisfy "
                     "constraint: Member must satisfy regular expression pattern: "
                     "[\\.\\-_A-Za-z0-9]+",
                     MS_STR_ARG(name));
  }
  if (find_replay(buses, name) != NULL) {
    return ms_refuse(why, "ResourceAlreadyExistsException", "Replay %.*s already exists.",
                     MS_STR_ARG(name));
  }
  int err = check_place(buses, request, why);
  if (err != 0) {
    return err;
  }
  if (time_of(request, "EventStartTime") >= time_of(request, "EventEndTime")) {
    return ms_refuse(why, "ValidationException",
                     "Parameter EventEndTime is not valid. Reason: EventStartTime must be before "
                     "EventEndTime.");
  }
  for (const struct ms_replay *at = buses->replays; at != NULL; at = at->next) {
    count += !is_over(at);
  }
  return count >= MS_REPLAYS_MAX
             ? ms_refuse(why, "LimitExceededException",
                         "The requested resource exceeds the maximum number allowed.")
             : MSTEP_OK;
}

/* Those that ended long ago; a failure leaves them for the next time. */
static void forget_old(struct ms_buses *buses, int64_t now_ms)
{
  for (struct ms_replay **slot = &buses->replays, *replay; (replay = *slot) != NULL;) {
    int64_t end_ms = time_of(replay->replay, "ReplayEndTime");
    if (is_over(replay) && end_ms + KEPT_MS < now_ms &&
        ms_resource_save(&buses->env->ledger, "replay", replay->name, MS_JSON_VALUE_NONE) == 0) {
      *slot = replay->next;
      replay_free(replay);
    } else {
      slot = &replay->next;
    }
  }
}

static int answer(struct ms_json *reply, const struct ms_replay *replay, const char *const *members)
{
  *reply = ms_json_object(4);
  return ms_resource_copy(reply, replay->replay, members);
}

int ms_bus_start_replay(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                        struct ms_queue_refusal *why)
{
  static const char *const members[] = {"ReplayArn", "State", "ReplayStartTime", NULL};
  int64_t now_ms = ms_loop_now_ms(buses->env->loop);
  struct ms_replay *replay = NULL;
  forget_old(buses, now_ms);
  int err = check(buses, request, why);
  err = err != 0 ? err : replay_new(&replay, buses, make_row(buses, request, now_ms));
  if (err != 0) {
    return err;
  }
  err = answer(reply, replay, members);
  err = err != 0 ? err : ms_resource_save(&buses->env->ledger, "replay", replay->name, replay->row);
  if (err != 0) {
    replay_free(replay);
    return err;
  }
  link_replay(buses, replay);
  buses->env->touch(buses->env->user);
  return MSTEP_OK;
}

/* NULL: *why says so. */
static struct ms_replay *asked(struct ms_buses *buses, struct ms_json request,
                               struct ms_queue_refusal *why)
{
  struct ms_str name = text_of(request, "ReplayName");
  struct ms_replay *replay = find_replay(buses, name);
  if (replay == NULL) {
    ms_refuse(why, "ResourceNotFoundException", "Replay %.*s does not exist.", MS_STR_ARG(name));
  }
  return replay;
}

int ms_bus_cancel_replay(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                         struct ms_queue_refusal *why)
{
  static const char *const members[] = {"ReplayArn", "State", "StateReason", NULL};
  struct ms_replay *replay = asked(buses, request, why);
  if (replay == NULL) {
    return MSTEP_EINVALID;
  }
  if (replay->state != MS_REPLAY_STARTING && replay->state != MS_REPLAY_RUNNING) {
    return ms_refuse(why, "IllegalStatusException",
                     "Replay %.*s is not in a valid state for this operation.",
                     MS_STR_ARG(replay->name));
  }
  int err = go(buses, replay, MS_REPLAY_CANCELLING, NULL);
  if (err == 0) {
    buses->env->touch(buses->env->user);
    err = answer(reply, replay, members);
  }
  return err;
}

int ms_bus_describe_replay(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                           struct ms_queue_refusal *why)
{
  const struct ms_replay *replay = asked(buses, request, why);
  *reply = replay == NULL ? MS_JSON_VALUE_NONE : ms_json_ref(replay->replay);
  return replay == NULL ? MSTEP_EINVALID : MSTEP_OK;
}

static struct ms_json summary_of(const struct ms_replay *replay)
{
  static const char *const members[] = {"ReplayName",      "EventSourceArn",
                                        "State",           "StateReason",
                                        "EventStartTime",  "EventEndTime",
                                        "ReplayStartTime", "EventLastReplayedTime",
                                        "ReplayEndTime",   NULL};
  struct ms_json out = ms_json_object(9);
  if (ms_resource_copy(&out, replay->replay, members) != 0) {
    ms_json_unref(out);
    return MS_JSON_VALUE_NONE;
  }
  return out;
}

int ms_bus_list_replays(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                        struct ms_queue_refusal *why)
{
  struct ms_str source = text_of(request, "EventSourceArn"), state = text_of(request, "State");
  struct ms_bus_page page;
  (void)why;
  ms_bus_page_begin(&page, request);
  for (const struct ms_replay *at = buses->replays; at != NULL; at = at->next) {
    if ((source.data == NULL || ms_str_eq(source, text_of(at->replay, "EventSourceArn"))) &&
        (state.data == NULL || ms_str_is(state, states[at->state])) &&
        ms_bus_page_wants(&page, at->name)) {
      ms_bus_page_add(&page, summary_of(at));
    }
  }
  return ms_bus_page_end(&page, "Replays", reply);
}
