/*
 * The outbox (outbox.h): when each of its parcels is tried, and what becomes of a try. Who asks the ledger or a
 * target for an answer holds the parcel until it comes; one that was dropped meanwhile is freed then. What is in
 * memory of a parcel is outbox_parcel.c's, the undelivered ones are outbox_kept.c's.
 */
#include "dest/outbox.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "dest/outbox_parcel.h"

#define STRANDED_MS 1000

/* ---- trying ---- */

static int64_t now_of(const struct ms_outbox *outbox)
{
  return ms_loop_now_ms(outbox->options.env->loop);
}

void ms_parcel_wait_until(struct ms_parcel *parcel, int64_t at_ms)
{
  struct ms_outbox *outbox = parcel->outbox;
  if (ms_heap_add(&outbox->heap, &parcel->node, at_ms, outbox->next_order++) != 0) {
    parcel->is_stranded = true; /* no memory: we look for it in a while */
    outbox->stranded_at_ms = now_of(outbox) + STRANDED_MS;
  }
  ms_parcel_rest(parcel, false);
}

/* Those for which there was no place in the heap. */
static void pick_up_stranded(struct ms_outbox *outbox, int64_t now_ms)
{
  outbox->stranded_at_ms = 0;
  for (struct ms_parcel *parcel = outbox->parcels; parcel != NULL && outbox->stranded_at_ms == 0;
       parcel = parcel->next) {
    if (parcel->is_stranded && !parcel->is_dropped) {
      parcel->is_stranded = false;
      ms_parcel_wait_until(parcel, now_ms);
    }
  }
}

static void taken(struct ms_parcel *parcel)
{
  struct ms_outbox *outbox = parcel->outbox;
  outbox->delivered_count += !parcel->is_taken;
  parcel->is_taken = true;
  if (ms_parcel_remove_row(parcel) != 0) { /* it is to go, nothing else */
    ms_parcel_wait_until(parcel, now_of(outbox) + MS_OUTBOX_PAUSE_MS);
  } else {
    ms_parcel_drop(parcel);
  }
}

static void log_undelivered(const struct ms_parcel *parcel)
{
  const struct ms_driver_env *env = parcel->outbox->options.env;
  const struct ms_delivery *delivery = &parcel->content->delivery;
  char text[640];
  snprintf(text, sizeof text, "undelivered: %.*s to %.*s: %s",
           MS_STR_ARG(ms_str_sub(delivery->reason, 0, 150)),
           MS_STR_ARG(ms_str_sub(delivery->target, 0, 150)), ms_parcel_detail(parcel));
  env->log(1, parcel->outbox->options.module, text, env->user);
}

static void undelivered(struct ms_parcel *parcel)
{
  struct ms_outbox *outbox = parcel->outbox;
  log_undelivered(parcel);
  parcel->is_undelivered = true;
  if (ms_parcel_save(parcel) != 0) {
    parcel->is_undelivered = false; /* it is to be known as such durably: tried once more */
    ms_parcel_wait_until(parcel, now_of(outbox) + MS_OUTBOX_PAUSE_MS);
    return;
  }
  outbox->undelivered_count++;
  outbox->open_count--;
  ms_parcel_rest(parcel, true);
}

/* Before the next try, behind so many failed ones. */
static int64_t pause_of(const struct ms_parcel *parcel)
{
  const struct ms_outbox_policy *policy = &parcel->content->policy;
  double ms = (double)policy->pause_ms, most = (double)policy->pause_max_ms;
  for (uint32_t i = 0; i < parcel->attempts && ms < most && policy->rate > 1; i++) {
    ms *= policy->rate;
  }
  ms = ms < most ? ms : most;
  if (policy->has_jitter) {
    ms *= ms_random_double(parcel->outbox->options.env->random);
  }
  return ms < 1 ? 1 : (int64_t)ms;
}

static void not_taken(struct ms_parcel *parcel, bool is_final)
{
  const struct ms_outbox_policy *policy = &parcel->content->policy;
  int64_t now_ms = now_of(parcel->outbox), pause_ms = pause_of(parcel);
  bool is_over = parcel->attempts >= policy->retries_max ||
                 now_ms + pause_ms >= parcel->created_at_ms + policy->age_max_ms;
  parcel->attempts++;
  if (is_final || is_over) {
    undelivered(parcel);
    return;
  }
  (void)ms_parcel_save(parcel);
  ms_parcel_wait_until(parcel, now_ms + pause_ms);
}

static void go(struct ms_outbox *outbox);

static void on_delivered(int code, bool is_final, const char *detail, void *arg)
{
  struct ms_parcel *parcel = arg;
  struct ms_outbox *outbox = parcel->outbox;
  parcel->holds--;
  outbox->flight_count--;
  if (parcel->is_dropped) {
    ms_parcel_drop(parcel);
  } else if (code == 0) {
    taken(parcel);
  } else {
    ms_parcel_set_detail(parcel, ms_str_c(detail));
    not_taken(parcel, is_final);
  }
  go(outbox);
}

static void try_parcel(struct ms_parcel *parcel)
{
  struct ms_outbox *outbox = parcel->outbox;
  const struct ms_driver_env *env = outbox->options.env;
  if (parcel->is_taken) {
    taken(parcel);
    return;
  }
  int err = ms_parcel_fill(parcel);
  if (err != 0) {
    env->log(0, outbox->options.module, ms_error_detail(), env->user);
    ms_parcel_wait_until(parcel, now_of(outbox) + MS_OUTBOX_PAUSE_MS);
    return;
  }
  parcel->holds++;
  outbox->flight_count++;
  err = env->deliver(&parcel->content->delivery, on_delivered, parcel, env->user);
  if (err != 0) {
    parcel->holds--;
    outbox->flight_count--;
    bool may_pass = err == MSTEP_ENOMEM || err == MSTEP_EIO || err == MSTEP_ETOOBIG;
    ms_parcel_set_detail(parcel, ms_str_c(ms_error_detail()));
    not_taken(parcel, !may_pass);
  }
}

/* Tries what is due, as far as there is room. */
static void go(struct ms_outbox *outbox)
{
  int64_t now_ms = now_of(outbox);
  if (outbox->stranded_at_ms != 0 && outbox->stranded_at_ms <= now_ms) {
    pick_up_stranded(outbox, now_ms);
  }
  while (outbox->is_resumed && outbox->flight_count < MS_OUTBOX_FLIGHT_MAX) {
    struct ms_heap_node *node = ms_heap_take_due(&outbox->heap, now_ms);
    if (node == NULL) {
      break;
    }
    try_parcel((struct ms_parcel *)(void *)node);
  }
}

static void on_durable(int code, void *arg)
{
  struct ms_parcel *parcel = arg;
  struct ms_outbox *outbox = parcel->outbox;
  parcel->holds--;
  if (parcel->is_dropped) {
    ms_parcel_drop(parcel);
  } else if (code == 0) {
    parcel->is_stored = true;
    ms_parcel_wait_until(parcel, now_of(outbox));
    go(outbox);
  } /* else load brings back what there is */
}

/* ---- what the driver calls ---- */

int ms_outbox_add(struct ms_outbox *outbox, struct ms_batch *batch,
                  const struct ms_delivery *delivery, const struct ms_outbox_policy *policy)
{
  struct ms_parcel *parcel =
      ms_parcel_new(outbox, delivery, policy == NULL ? &MS_OUTBOX_POLICY_STANDARD : policy,
                    outbox->next_number);
  if (parcel == NULL) {
    return ms_error_nomem();
  }
  parcel->is_new = true;
  parcel->created_at_ms = now_of(outbox);
  int err = ms_parcel_put_row(batch, parcel);
  if (err != 0) {
    ms_parcel_drop(parcel);
    return err;
  }
  outbox->next_number++;
  outbox->new_ones = outbox->new_ones == NULL ? parcel : outbox->new_ones;
  return MSTEP_OK;
}

void ms_outbox_commit(struct ms_outbox *outbox)
{
  const struct ms_ledger *ledger = &outbox->options.env->ledger;
  struct ms_parcel *parcel = outbox->new_ones;
  outbox->new_ones = NULL;
  for (; parcel != NULL; parcel = parcel->next) {
    parcel->is_new = false;
    if (ledger->when_durable(on_durable, parcel, ledger->user) == 0) {
      parcel->holds++;
    } else {
      /* Nobody tells when it is durable, but in a while it will be, or the store has failed. */
      ms_parcel_wait_until(parcel, now_of(outbox) + MS_OUTBOX_PAUSE_MAX_MS);
    }
  }
}

void ms_outbox_back(struct ms_outbox *outbox)
{
  while (outbox->new_ones != NULL) {
    ms_parcel_drop(outbox->new_ones); /* the next one is the first then */
  }
}

size_t ms_outbox_undelivered_count(const struct ms_outbox *outbox)
{
  return outbox->undelivered_count;
}

uint64_t ms_outbox_delivered_count(const struct ms_outbox *outbox)
{
  return outbox->delivered_count;
}

int64_t ms_outbox_next_due_ms(const struct ms_outbox *outbox)
{
  int64_t due_ms = 0;
  if (!outbox->is_resumed || outbox->flight_count >= MS_OUTBOX_FLIGHT_MAX ||
      ms_heap_peek(&outbox->heap, &due_ms) == NULL) {
    due_ms = 0;
  }
  int64_t stranded_ms = outbox->is_resumed ? outbox->stranded_at_ms : 0;
  return stranded_ms != 0 && (due_ms == 0 || stranded_ms < due_ms) ? stranded_ms : due_ms;
}

void ms_outbox_on_timer(struct ms_outbox *outbox, int64_t now_ms)
{
  (void)now_ms;
  go(outbox);
}

bool ms_outbox_is_busy(const struct ms_outbox *outbox)
{
  return outbox->is_resumed && outbox->open_count > 0;
}

/* ---- life ---- */

int ms_outbox_new(struct ms_outbox **out, const struct ms_outbox_options *options)
{
  *out = ms_calloc(1, sizeof **out);
  if (*out == NULL) {
    return ms_error_nomem();
  }
  (*out)->options = *options;
  if (options->resident_max == 0) {
    (*out)->options.resident_max = MS_OUTBOX_RESIDENT_BYTES;
  }
  (*out)->next_number = options->first + 1;
  (*out)->last = &(*out)->parcels;
  ms_heap_init(&(*out)->heap);
  return MSTEP_OK;
}

void ms_outbox_free(struct ms_outbox *outbox)
{
  if (outbox == NULL) {
    return;
  }
  ms_heap_deinit(&outbox->heap);
  while (outbox->parcels != NULL) {
    ms_parcel_free(outbox->parcels);
  }
  ms_free(outbox);
}

int ms_outbox_load(struct ms_outbox *outbox)
{
  const struct ms_outbox_options *options = &outbox->options;
  struct ms_store *reader = options->env->ledger.reader;
  outbox->is_resumed = false;
  if (reader == NULL) {
    return MSTEP_OK;
  }
  for (struct ms_parcel *parcel = outbox->parcels, *next; parcel != NULL; parcel = next) {
    next = parcel->next;
    ms_parcel_drop(parcel);
  }
  char from[MS_STORE_NUMBER_SIZE], to[MS_STORE_NUMBER_SIZE];
  const struct ms_scan scan = {.table = options->table,
                               .from = ms_store_key(from, options->first),
                               .to = ms_store_key(to, options->last)};
  int err = ms_store_scan(reader, &scan, ms_parcel_load, outbox);
  int64_t now_ms = now_of(outbox);
  for (struct ms_parcel *parcel = outbox->parcels; parcel != NULL && err == 0;
       parcel = parcel->next) {
    if (!parcel->is_undelivered && !parcel->is_dropped) {
      err = ms_heap_add(&outbox->heap, &parcel->node, now_ms, parcel->number);
    }
  }
  return err != 0 ? err : ms_loop_defer(options->env->loop);
}

void ms_outbox_resume(struct ms_outbox *outbox)
{
  outbox->is_resumed = true;
  go(outbox);
}
