/* Rows of resources. What is in them is their owner's. */
#include "messaging/resource.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"

static void put_key(struct ms_buf *out, const char *kind, struct ms_str name)
{
  ms_buf_cstr(out, kind);
  ms_buf_char(out, '\0');
  ms_buf_str(out, name);
}

static void change(struct ms_batch *batch, const char *kind, struct ms_str name,
                   struct ms_json value)
{
  struct ms_buf key, text;
  ms_buf_init(&key, 0);
  ms_buf_init(&text, 0);
  put_key(&key, kind, name);
  ms_json_print(&text, value);
  if (key.error != 0 || text.error != 0) {
    batch->error = batch->error != 0 ? batch->error : MSTEP_ENOMEM;
  } else if (ms_json_is_none(value)) {
    ms_batch_remove(batch, MS_TABLE_RESOURCE, ms_buf_view(&key));
  } else {
    ms_batch_put(batch, MS_TABLE_RESOURCE, ms_buf_view(&key), ms_buf_view(&text));
  }
  ms_buf_deinit(&key);
  ms_buf_deinit(&text);
}

void ms_resource_put(struct ms_batch *batch, const char *kind, struct ms_str name,
                     struct ms_json value)
{
  if (batch != NULL) {
    change(batch, kind, name, value);
  }
}

void ms_resource_remove(struct ms_batch *batch, const char *kind, struct ms_str name)
{
  ms_resource_put(batch, kind, name, MS_JSON_VALUE_NONE);
}

int ms_resource_save(const struct ms_ledger *ledger, const char *kind, struct ms_str name,
                     struct ms_json value)
{
  struct ms_batch *batch = NULL;
  int err = ledger->begin(&batch, ledger->user);
  if (err != 0) {
    return err;
  }
  ms_resource_put(batch, kind, name, value);
  return ledger->end(ledger->user);
}

/* ---- reading ---- */

struct scan {
  size_t prefix;
  ms_resource_cb cb;
  void *user;
};

static int scan_row(struct ms_str key, struct ms_str row, void *user)
{
  const struct scan *scan = user;
  const struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
  struct ms_json value;
  int err = ms_json_parse(&value, row, &limits, NULL);
  if (err != 0) {
    return err == MSTEP_ENOMEM ? err : ms_error(MSTEP_EIO, "a resource's row is damaged");
  }
  err = scan->cb(ms_str_sub(key, scan->prefix, key.len), value, scan->user);
  ms_json_unref(value);
  return err;
}

int ms_resource_scan(struct ms_store *reader, const char *kind, ms_resource_cb cb, void *user)
{
  struct scan state = {strlen(kind) + 1, cb, user};
  struct ms_buf from, to;
  if (reader == NULL) {
    return MSTEP_OK;
  }
  ms_buf_init(&from, 0);
  ms_buf_init(&to, 0);
  put_key(&from, kind, MS_STR(""));
  ms_buf_cstr(&to, kind);
  ms_buf_char(&to, '\1');
  const struct ms_scan scan = {
      .table = MS_TABLE_RESOURCE, .from = ms_buf_view(&from), .to = ms_buf_view(&to)};
  int err = from.error != 0 || to.error != 0 ? ms_error_nomem()
                                             : ms_store_scan(reader, &scan, scan_row, &state);
  ms_buf_deinit(&from);
  ms_buf_deinit(&to);
  return err;
}

/* ---- refusals and members ---- */

int ms_refuse(struct ms_queue_refusal *why, const char *name, const char *format, ...)
{
  struct ms_queue_refusal mine;
  why = why == NULL ? &mine : why;
  why->name = name;
  va_list args;
  va_start(args, format);
  vsnprintf(why->text, sizeof why->text, format, args);
  va_end(args);
  return ms_error(MSTEP_EINVALID, "%s: %s", name, why->text);
}

int ms_resource_copy(struct ms_json *to, struct ms_json from, const char *const *names)
{
  int err = MSTEP_OK;
  for (; *names != NULL && err == 0; names++) {
    struct ms_json value = ms_json_getc(from, *names);
    if (!ms_json_is_none(value) && !ms_json_is_null(value)) {
      err = ms_json_setc(to, *names, ms_json_ref(value));
    }
  }
  return err;
}
