/* What a relay could not deliver: listed, tried again, forgotten. With a store each is in its row alone. */
#include "base/error.h"
#include "messaging/relay_internal.h"

static uint64_t id_of(const struct ms_relay_item *item)
{
  return item->id - ((uint64_t)item->relay->range << MS_RELAY_RANGE_SHIFT);
}

static struct ms_json describe(const struct ms_relay_item *item)
{
  uint32_t attempts = item->target_attempts != 0 ? item->target_attempts : item->attempts;
  double created_at_s = (double)item->created_at_ms / 1000;
  struct ms_json out = ms_json_object(8);
  int err =
      ms_json_setc(&out, "Id", ms_json_stringf("%llu", (unsigned long long)id_of(item)));
  err |= ms_json_setc(&out, "Target", ms_json_string(item->content->texts[MS_RELAY_TEXT_TARGET]));
  err |= ms_json_setc(&out, "Reason", ms_json_string(item->content->texts[MS_RELAY_TEXT_REASON]));
  err |= ms_json_setc(&out, "Error", ms_json_stringf("%s", ms_relay_item_error_text(item)));
  err |= ms_json_setc(&out, "ErrorCode", ms_json_stringf("%s", ms_relay_item_error(item)));
  err |= ms_json_setc(&out, "Attempts", ms_json_int(attempts));
  err |= ms_json_setc(&out, "CreatedAt", ms_json_double(created_at_s));
  err |= ms_json_setc(&out, "Body", ms_json_string(item->content->texts[MS_RELAY_TEXT_BODY]));
  if (err != 0) {
    ms_json_unref(out);
    return MS_JSON_VALUE_NONE;
  }
  return out;
}

static int push(struct ms_json *out, struct ms_relay_item *item)
{
  int err = ms_relay_item_fill(item);
  err = err != 0 ? err : ms_json_push(out, describe(item));
  ms_relay_item_rest(item, true);
  return err;
}

int ms_relay_list(struct ms_json *out, uint64_t *next, struct ms_relay *relay, uint64_t after,
                  size_t max)
{
  *next = 0;
  *out = ms_json_array(4);
  int err = ms_json_is_none(*out) ? ms_error_nomem() : MSTEP_OK;
  for (struct ms_relay_item *item = relay->first; item != NULL && err == 0; item = item->next) {
    if (item->state != MS_RELAY_KEPT || id_of(item) <= after) {
      continue;
    }
    if (ms_json_count(*out) == max) {
      *next = after;
      return MSTEP_OK;
    }
    err = push(out, item);
    after = id_of(item);
  }
  if (err != 0) {
    ms_json_replace(out, MS_JSON_VALUE_NONE);
  }
  return err;
}

/* From the beginning, as far as memory is concerned. The error goes when the next one comes. */
static void begin_anew(struct ms_relay_item *item)
{
  item->phase = MS_RELAY_TARGET;
  item->attempts = item->target_attempts = 0;
  item->is_too_old = item->is_refused = false;
  item->created_at_ms = ms_loop_now_ms(item->relay->env->loop);
}

/* Its row says so, too, as soon as there is room for that. */
static int replay(struct ms_relay_item *item, bool is_row_needed)
{
  struct ms_relay *relay = item->relay;
  int err = ms_relay_item_fill(item);
  if (err != 0) {
    return err;
  }
  const struct ms_relay_item before = *item;
  begin_anew(item);
  err = ms_relay_change_row(item, false);
  if (err != 0 && (is_row_needed || err != MSTEP_ETOOBIG)) {
    *item = before;
    ms_relay_item_rest(item, true);
    return err;
  }
  relay->kept--;
  ms_relay_make_due(item, MS_RELAY_DUE, item->created_at_ms);
  relay->env->touch(relay->env->user);
  return MSTEP_OK;
}

static int replay_one(struct ms_relay_item *item)
{
  return replay(item, true);
}

/* More than waits for the disk at a time begins anew in memory alone: after a crash it is kept again. */
static int replay_of_many(struct ms_relay_item *item)
{
  return replay(item, false);
}

static int purge(struct ms_relay_item *item)
{
  int err = ms_relay_change_row(item, true);
  if (err == 0) {
    ms_relay_drop_item(item);
  }
  return err;
}

static int do_one(struct ms_relay *relay, uint64_t id, int (*what)(struct ms_relay_item *item))
{
  for (struct ms_relay_item *item = relay->first; item != NULL; item = item->next) {
    if (id_of(item) == id && item->state == MS_RELAY_KEPT) {
      return what(item);
    }
  }
  return ms_error(MSTEP_ENOTFOUND, "there is no such undeliverable message");
}

static int do_all(struct ms_relay *relay, size_t *count, int (*what)(struct ms_relay_item *item))
{
  int err = MSTEP_OK;
  *count = 0;
  for (struct ms_relay_item *item = relay->first, *next; item != NULL && err == 0; item = next) {
    next = item->next;
    if (item->state == MS_RELAY_KEPT) {
      err = what(item);
      *count += err == 0;
    }
  }
  return err;
}

int ms_relay_replay(struct ms_relay *relay, uint64_t id)
{
  return do_one(relay, id, replay_one);
}

int ms_relay_purge(struct ms_relay *relay, uint64_t id)
{
  return do_one(relay, id, purge);
}

int ms_relay_replay_all(struct ms_relay *relay, size_t *count)
{
  return do_all(relay, count, replay_of_many);
}

int ms_relay_purge_all(struct ms_relay *relay, size_t *count)
{
  return do_all(relay, count, purge);
}
