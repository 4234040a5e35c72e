/* What an outbox could not deliver: listed, sent again, forgotten. With a store each is in its row alone. */
#include <stdio.h>

#include "base/error.h"
#include "dest/outbox_parcel.h"

static bool is_kept(const struct ms_parcel *parcel)
{
  return parcel->is_undelivered && !parcel->is_dropped;
}

static struct ms_json print(struct ms_parcel *parcel)
{
  char id[24];
  const struct ms_delivery *delivery = &parcel->content->delivery;
  snprintf(id, sizeof id, "%llu",
           (unsigned long long)(parcel->number - parcel->outbox->options.first));
  struct ms_json out = ms_json_object(7);
  int err = ms_json_setc(&out, "Id", ms_json_cstring(id));
  err = err != 0 ? err : ms_json_setc(&out, "Target", ms_json_string(delivery->target));
  err = err != 0 ? err : ms_json_setc(&out, "Reason", ms_json_string(delivery->reason));
  err = err != 0 ? err
                 : ms_json_setc(&out, "Error", ms_json_stringf("%s", ms_parcel_detail(parcel)));
  err = err != 0 ? err : ms_json_setc(&out, "Attempts", ms_json_int(parcel->attempts));
  err = err != 0
            ? err
            : ms_json_setc(&out, "CreatedAt", ms_json_double((double)parcel->created_at_ms / 1000));
  err = err != 0 ? err : ms_json_setc(&out, "Body", ms_json_string(delivery->body));
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

static int push(struct ms_json *out, struct ms_parcel *parcel)
{
  int err = ms_parcel_fill(parcel);
  err = err != 0 ? err : ms_json_push(out, print(parcel));
  ms_parcel_rest(parcel, true);
  return err;
}

int ms_outbox_list(struct ms_json *out, uint64_t *next, struct ms_outbox *outbox, uint64_t after,
                   size_t max)
{
  *next = 0;
  *out = ms_json_array(4);
  int err = ms_json_is_none(*out) ? ms_error_nomem() : MSTEP_OK;
  for (struct ms_parcel *parcel = outbox->parcels; parcel != NULL && err == 0;
       parcel = parcel->next) {
    uint64_t number = parcel->number - outbox->options.first;
    if (!is_kept(parcel) || number <= after) {
      continue;
    }
    if (ms_json_count(*out) == max) {
      *next = after;
      break;
    }
    err = push(out, parcel);
    after = number;
  }
  if (err != 0) {
    ms_json_replace(out, MS_JSON_VALUE_NONE);
  }
  return err;
}

/* Its row says so, too, as soon as there is room for that. */
static int replay(struct ms_parcel *parcel, bool is_row_needed)
{
  struct ms_outbox *outbox = parcel->outbox;
  const uint32_t attempts = parcel->attempts;
  const int64_t created_at_ms = parcel->created_at_ms;
  int64_t now_ms = ms_loop_now_ms(outbox->options.env->loop);
  int err = ms_parcel_fill(parcel);
  if (err != 0) {
    return err;
  }
  parcel->is_undelivered = false;
  parcel->attempts = 0;
  parcel->created_at_ms = now_ms;
  err = ms_parcel_save(parcel);
  if (err != 0 && (is_row_needed || err != MSTEP_ETOOBIG)) {
    parcel->is_undelivered = true;
    parcel->attempts = attempts;
    parcel->created_at_ms = created_at_ms;
    ms_parcel_rest(parcel, true);
    return err;
  }
  outbox->undelivered_count--;
  outbox->open_count++;
  ms_parcel_wait_until(parcel, now_ms);
  return MSTEP_OK;
}

static int replay_one(struct ms_parcel *parcel)
{
  return replay(parcel, true);
}

/*
 * More than waits for the disk at a time begins anew in memory alone: after a crash it is undelivered again.
 */
static int replay_of_many(struct ms_parcel *parcel)
{
  return replay(parcel, false);
}

static int purge(struct ms_parcel *parcel)
{
  int err = ms_parcel_remove_row(parcel);
  if (err == 0) {
    ms_parcel_drop(parcel);
  }
  return err;
}

static int do_one(struct ms_outbox *outbox, uint64_t number, int (*what)(struct ms_parcel *parcel))
{
  for (struct ms_parcel *parcel = outbox->parcels; parcel != NULL; parcel = parcel->next) {
    if (parcel->number == number + outbox->options.first && is_kept(parcel)) {
      int err = what(parcel);
      outbox->options.env->touch(outbox->options.env->user);
      return err;
    }
  }
  return ms_error(MSTEP_ENOTFOUND, "there is no such undelivered record");
}

static int do_all(struct ms_outbox *outbox, size_t *count, int (*what)(struct ms_parcel *parcel))
{
  *count = 0;
  int err = MSTEP_OK;
  for (struct ms_parcel *parcel = outbox->parcels, *next; parcel != NULL && err == 0;
       parcel = next) {
    next = parcel->next;
    if (is_kept(parcel)) {
      err = what(parcel);
      *count += err == 0;
    }
  }
  outbox->options.env->touch(outbox->options.env->user);
  return err;
}

int ms_outbox_replay(struct ms_outbox *outbox, uint64_t number)
{
  return do_one(outbox, number, replay_one);
}

int ms_outbox_replay_all(struct ms_outbox *outbox, size_t *count)
{
  return do_all(outbox, count, replay_of_many);
}

int ms_outbox_purge(struct ms_outbox *outbox, uint64_t number)
{
  return do_one(outbox, number, purge);
}

int ms_outbox_purge_all(struct ms_outbox *outbox, size_t *count)
{
  return do_all(outbox, count, purge);
}
