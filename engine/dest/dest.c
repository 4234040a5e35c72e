/* Which kind a target is of; tries that are under way; the HTTP client. */
#include "dest/dest.h"

#include "base/alloc.h"
#include "base/error.h"
#include "dest/internal.h"

#define MS_DEST(name, symbol) extern const struct ms_dest_type symbol;
#include "dest/dests.def"
#undef MS_DEST

static const struct ms_dest_type *const types[] = {
#define MS_DEST(name, symbol) &symbol,
#include "dest/dests.def"
#undef MS_DEST
};

/* ---- ARNs ---- */

/* The index-th field, from 0. data NULL: there are fewer. */
static struct ms_str arn_field(struct ms_str arn, unsigned index)
{
  size_t from = 0;
  for (; index > 0; index--) {
    size_t colon = ms_str_find(arn, from, ':');
    if (colon == arn.len) {
      return (struct ms_str){NULL, 0};
    }
    from = colon + 1;
  }
  return ms_str_sub(arn, from, ms_str_find(arn, from, ':'));
}

bool ms_dest_is_arn(struct ms_str target, const char *service)
{
  return ms_str_has_prefix(target, "arn:") && ms_str_is(arn_field(target, 2), service);
}

struct ms_str ms_dest_arn_resource(struct ms_str arn)
{
  struct ms_str field = arn_field(arn, 5);
  return field.data == NULL ? (struct ms_str){"", 0}
                            : ms_str_sub(arn, (size_t)(field.data - arn.data), arn.len);
}

/* ---- tries ---- */

void ms_dest_try_begin(struct ms_dest_try *try, struct ms_dests *dests, ms_delivered_cb cb,
                       void *arg, void (*free)(struct ms_dest_try *try))
{
  *try = (struct ms_dest_try){dests->tries, &dests->tries, dests, cb, arg, free};
  if (try->next != NULL) {
    try->next->slot = &try->next;
  }
  dests->tries = try;
}

static void try_unlink(struct ms_dest_try *try)
{
  *try->slot = try->next;
  if (try->next != NULL) {
    try->next->slot = try->slot;
  }
}

void ms_dest_try_end(struct ms_dest_try *try, int code, bool is_final, const char *detail)
{
  try_unlink(try);
  try->cb(code, is_final, detail, try->arg);
  try->free(try);
}

void ms_dest_try_forget(struct ms_dest_try *try)
{
  try_unlink(try);
  try->free(try);
}

struct answer {
  struct ms_dest_try base;
  int code;
  bool is_final;
  char detail[256];
};

static void answer_free(struct ms_dest_try *try)
{
  ms_free(try);
}

int ms_dest_answer_later(struct ms_dests *dests, int code, bool is_final, const char *detail,
                         ms_delivered_cb cb, void *arg)
{
  struct answer *answer = ms_calloc(1, sizeof *answer);
  if (answer == NULL) {
    return ms_error_nomem();
  }
  answer->code = code;
  answer->is_final = is_final;
  size_t len = strlen(detail);
  memcpy(answer->detail, detail, len < sizeof answer->detail ? len : sizeof answer->detail - 1);
  ms_dest_try_begin(&answer->base, dests, cb, arg, answer_free);
  dests->answer_due_ms = ms_loop_now_ms(dests->options.loop);
  return MSTEP_OK;
}

/* Callbacks may begin new tries, which stand in front: the list is gone through until none is left. */
static void give_answers(struct ms_dests *dests)
{
  dests->answer_due_ms = 0;
  struct ms_dest_try *try = dests->tries;
  while (try != NULL) {
    if (try->free != answer_free) {
      try = try->next;
      continue;
    }
    struct answer *answer = (struct answer *)(void *)try;
    ms_dest_try_end(try, answer->code, answer->is_final, answer->detail);
    try = dests->answer_due_ms == 0 ? dests->tries : NULL;
  }
}

int ms_dest_up(ms_dest_way way, const char *what, struct ms_dests *dests,
               const struct ms_delivery *delivery, ms_delivered_cb cb, void *arg)
{
  return way == NULL ? ms_error(MSTEP_EUNSUPPORTED, "there are no %s to deliver to yet: %.*s", what,
                                MS_STR_ARG(delivery->target))
                     : way(delivery, cb, arg, dests->options.up.user);
}

/* ---- the HTTP client ---- */

static int set_client_timer(int64_t due_at_ms, void *user)
{
  struct ms_dests *dests = user;
  dests->client_due_ms = due_at_ms;
  return MSTEP_OK;
}

int ms_dests_http(struct ms_httpc **out, struct ms_dests *dests)
{
  int err = MSTEP_OK;
  if (dests->client == NULL) {
    const struct ms_httpc_options options = {
        .loop = dests->options.loop, .set_timer = set_client_timer, .user = dests};
    err = ms_httpc_new(&dests->client, &options);
    if (err != 0) {
      dests->client = NULL;
    }
  }
  *out = dests->client;
  return err;
}

int64_t ms_dests_next_due_ms(const struct ms_dests *dests)
{
  int64_t a = dests->client_due_ms, b = dests->answer_due_ms;
  return a == 0 || (b != 0 && b < a) ? b : a;
}

void ms_dests_on_timer(struct ms_dests *dests, int64_t now_ms)
{
  if (dests->client_due_ms != 0 && dests->client_due_ms <= now_ms) {
    dests->client_due_ms = 0;
    ms_httpc_on_timer(dests->client);
  }
  if (dests->answer_due_ms != 0 && dests->answer_due_ms <= now_ms) {
    give_answers(dests);
  }
}

/* ---- life ---- */

int ms_dests_new(struct ms_dests **out, const struct ms_dests_options *options)
{
  *out = ms_calloc(1, sizeof **out);
  if (*out == NULL) {
    return ms_error_nomem();
  }
  (*out)->options = *options;
  return MSTEP_OK;
}

void ms_dests_free(struct ms_dests *dests)
{
  if (dests == NULL) {
    return;
  }
  ms_httpc_free(dests->client);
  while (dests->tries != NULL) {
    ms_dest_try_forget(dests->tries);
  }
  ms_free(dests);
}

/* ---- delivering ---- */

static const struct ms_dest_type *type_of(struct ms_str target)
{
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    if (types[i]->takes(target)) {
      return types[i];
    }
  }
  return NULL;
}

bool ms_dest_is_target(struct ms_str target)
{
  return type_of(target) != NULL;
}

int ms_dests_deliver(struct ms_dests *dests, const struct ms_delivery *delivery, ms_delivered_cb cb,
                     void *arg)
{
  const struct ms_dest_type *type = type_of(delivery->target);
  return type == NULL ? ms_error(MSTEP_EINVALID, "not a target: %.*s", MS_STR_ARG(delivery->target))
                      : type->deliver(dests, delivery, cb, arg);
}
