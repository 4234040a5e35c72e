/*
 * A hook, `hook:NAME` or `hook:NAME,TARGET`: hooks/NAME.lua gets the body as its event, and what it returns is
 * what becomes of it.
 *
 *   nil, false             filtered: delivered to nobody, and done
 *   {Destination, Record}  Record goes to that target
 *   another value          goes to TARGET; without one the hook was the destination
 *   a list                 each of its items likewise: a fan out
 *
 * The delivery is done when all of them are. When one fails all are tried again, so targets can get a record
 * more than once.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "dest/internal.h"
#include "json/json.h"

#define FAN_OUT_MAX 100u

struct hook {
  struct ms_dest_try base;
  struct ms_str next; /* TARGET; empty: none */
  struct ms_str key, lineage, secret;
  struct ms_buf texts; /* behind these */
  unsigned open;       /* deliveries that have not answered, and one while they are begun */
  int code;
  bool is_final;
  char detail[256];
};

static bool takes(struct ms_str target)
{
  return ms_str_has_prefix(target, "hook:");
}

static void hook_free(struct ms_dest_try *try)
{
  struct hook *hook = (struct hook *)(void *)try;
  ms_buf_deinit(&hook->texts);
  ms_free(hook);
}

/* One of its deliveries is over; the last one ends the try. */
static void hook_part(int code, bool is_final, const char *detail, void *arg)
{
  struct hook *hook = arg;
  if (code != 0 && (hook->code == 0 || (hook->is_final && !is_final))) {
    hook->code = code;
    hook->is_final = is_final;
    size_t len = strlen(detail);
    len = len < sizeof hook->detail ? len : sizeof hook->detail - 1;
    memcpy(hook->detail, detail, len);
    hook->detail[len] = '\0';
  }
  if (--hook->open == 0) {
    ms_dest_try_end(&hook->base, hook->code, hook->is_final, hook->detail);
  }
}

static void hook_send(struct hook *hook, struct ms_json value)
{
  struct ms_json target = ms_json_getc(value, "Destination");
  struct ms_json record = value;
  struct ms_delivery delivery = {.target = hook->next,
                                 .reason = MS_STR("hook"),
                                 .key = hook->key,
                                 .lineage = hook->lineage,
                                 .secret = hook->secret};
  if (ms_json_is_string(target)) {
    delivery.target = ms_json_text(target);
    record = ms_json_getc(value, "Record");
    record = ms_json_is_none(record) ? MS_JSON_VALUE_NULL : record;
  }
  bool is_filtered =
      ms_json_is_null(record) || (ms_json_is_bool(record) && !ms_json_is_true(record));
  if (is_filtered || delivery.target.len == 0) {
    return;
  }
  hook->open++;
  if (takes(delivery.target)) {
    hook_part(MSTEP_EINVALID, true, "a hook cannot hand on to a hook", hook);
    return;
  }
  struct ms_buf body;
  ms_buf_init(&body, 0);
  ms_json_print(&body, record);
  delivery.body = ms_buf_view(&body);
  int err =
      body.error != 0 ? body.error : ms_dests_deliver(hook->base.dests, &delivery, hook_part, hook);
  ms_buf_deinit(&body);
  if (err != 0) {
    bool may_pass = err == MSTEP_ENOMEM || err == MSTEP_EIO || err == MSTEP_ETOOBIG;
    hook_part(err, !may_pass, ms_error_detail(), hook);
  }
}

static void on_done(int code, struct ms_str text, void *arg)
{
  struct hook *hook = arg;
  struct ms_json value = MS_JSON_VALUE_NONE;
  struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
  hook->open = 1;
  char detail[256];
  if (code == 0) {
    code = ms_json_parse(&value, text, &limits, NULL);
    text = ms_str_c(ms_error_detail());
  }
  if (code == 0 && ms_json_is_array(value) && ms_json_count(value) > FAN_OUT_MAX) {
    code = ms_error(MSTEP_EINVALID, "a hook returned more than %u records", FAN_OUT_MAX);
    text = ms_str_c(ms_error_detail());
  }
  if (code == 0 && ms_json_is_array(value)) {
    for (size_t i = 0; i < ms_json_count(value); i++) {
      hook_send(hook, ms_json_at(value, i));
    }
  } else if (code == 0) {
    hook_send(hook, value);
  }
  size_t len = code == 0 ? 0 : text.len;
  len = len < sizeof detail ? len : sizeof detail - 1;
  memcpy(detail, len == 0 ? "" : text.data, len);
  detail[len] = '\0';
  ms_json_unref(value);
  hook_part(code, code == MSTEP_ENOTFOUND || code == MSTEP_EINVALID, detail, hook);
}

/* Copies one after the other; the views are set when nothing moves any more. */
static int copy_texts(struct hook *hook, struct ms_str next, const struct ms_delivery *delivery)
{
  const struct ms_str from[] = {next, delivery->key, delivery->lineage, delivery->secret};
  struct ms_str *const to[] = {&hook->next, &hook->key, &hook->lineage, &hook->secret};
  for (size_t i = 0; i < 4; i++) {
    ms_buf_str(&hook->texts, from[i]);
  }
  size_t at = 0;
  for (size_t i = 0; i < 4 && hook->texts.error == 0; i++) {
    *to[i] = from[i].len == 0 ? (struct ms_str){NULL, 0}
                              : ms_str_sub(ms_buf_view(&hook->texts), at, at + from[i].len);
    at += from[i].len;
  }
  return hook->texts.error;
}

static int deliver(struct ms_dests *dests, const struct ms_delivery *delivery, ms_delivered_cb cb,
                   void *arg)
{
  const struct ms_dest_up *up = &dests->options.up;
  struct ms_str rest = ms_str_sub(delivery->target, 5, delivery->target.len);
  size_t comma = ms_str_find(rest, 0, ',');
  if (up->hook == NULL) {
    return ms_error(MSTEP_EUNSUPPORTED, "there are no hooks");
  }
  struct hook *hook = ms_calloc(1, sizeof *hook);
  if (hook == NULL) {
    return ms_error_nomem();
  }
  ms_buf_init(&hook->texts, 0);
  ms_dest_try_begin(&hook->base, dests, cb, arg, hook_free);
  int err = copy_texts(hook, ms_str_sub(rest, comma + 1, rest.len), delivery);
  if (err == 0) {
    err = up->hook(ms_str_sub(rest, 0, comma), delivery->body, on_done, hook, up->user);
  }
  if (err != 0) {
    ms_dest_try_forget(&hook->base);
  }
  return err;
}

const struct ms_dest_type ms_dest_hook = {"hook", takes, deliver};
