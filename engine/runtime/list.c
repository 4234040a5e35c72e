/*
 * ListExecutions: newest first, of one machine or of all, with one status or any. Open executions are in
 * memory, ended ones in rows (with a store), and the page is the newest of both that are older than
 * where the page before ended: numbers are given out in the order of the starts.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/sort.h"
#include "runtime/catalog.h"
#include "runtime/durable.h"

#define PAGE_DEFAULT 100
#define PAGE_MAX 1000

struct item {
  uint64_t number;
  struct ms_run *run; /* in memory; NULL: in a row */
};

struct listing {
  struct ms_engine *engine;
  const struct ms_engine_list *request;
  uint32_t family; /* 0: of all machines */
  uint32_t version;    /* number of a published one; 0: of all */
  struct ms_str alias; /* name; empty: of all */
  uint64_t below;  /* numbers from this one on have been told */
  size_t max;
  MS_VEC(struct item) items;
  size_t row_count; /* of one scan */
  bool may_repeat;  /* one may be in memory and in a row: what was done last is not durable, or not told */
};

/* ---- candidates ---- */

static bool item_is_before(const struct item *a, const struct item *b)
{
  return a->number > b->number;
}

/* A heap whose top is the oldest of the newest max + 1. */
static void heap_down(struct listing *l, size_t at)
{
  struct item *items = l->items.data;
  for (;;) {
    size_t child = 2 * at + 1;
    if (child >= l->items.count) {
      return;
    }
    if (child + 1 < l->items.count && item_is_before(&items[child], &items[child + 1])) {
      child++;
    }
    if (!item_is_before(&items[at], &items[child])) {
      return;
    }
    struct item swap = items[at];
    items[at] = items[child];
    items[child] = swap;
    at = child;
  }
}

/* Of two the row stays: it is durable. */
static bool is_repeated(struct listing *l, const struct item *item)
{
  for (size_t i = 0; l->may_repeat && i < l->items.count; i++) {
    if (l->items.data[i].number == item->number) {
      l->items.data[i].run = item->run == NULL ? NULL : l->items.data[i].run;
      return true;
    }
  }
  return false;
}

static int add_item(struct listing *l, struct item item)
{
  if (is_repeated(l, &item)) {
    return MSTEP_OK;
  }
  struct item *items = l->items.data;
  if (l->items.count == l->max + 1) {
    if (item_is_before(&item, &items[0])) {
      items[0] = item;
      heap_down(l, 0);
    }
    return MSTEP_OK;
  }
  int err = MS_VEC_RESERVE(&l->items, PAGE_MAX + 1, 1);
  if (err != 0) {
    return err;
  }
  size_t at = l->items.count++;
  items = l->items.data;
  while (at > 0 && item_is_before(&items[(at - 1) / 2], &item)) {
    items[at] = items[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  items[at] = item;
  return MSTEP_OK;
}

static enum ms_execution_status status_of(const struct ms_run *run)
{
  return run->core != NULL && ms_run_has_ended(run) ? run->core->status : MS_EXECUTION_RUNNING;
}

static bool is_of(const struct listing *l, const struct ms_engine_machine *machine)
{
  return machine != NULL && (l->family == 0 || machine->family == l->family) &&
         (l->version == 0 || machine->version == l->version) &&
         (l->alias.len == 0 || ms_str_eq(ms_json_text(machine->alias), l->alias));
}

static int collect_runs(struct listing *l)
{
  uint32_t at = 0;
  struct ms_run *run;
  int err = MSTEP_OK;
  while (err == 0 && (run = ms_index_next(&l->engine->runs, &at)) != NULL) {
    bool is_wanted = run->number != 0 && run->number < l->below &&
                     is_of(l, run->machine) &&
                     (l->request->status < 0 || (int)status_of(run) == l->request->status);
    if (is_wanted) {
      err = add_item(l, (struct item){run->number, run});
    }
  }
  return err;
}

/* ---- rows ---- */

#define ENOUGH 1 /* stops a scan */

static int on_listing(struct ms_str key, struct ms_str value, void *user)
{
  struct listing *l = user;
  (void)value;
  if (key.len < MS_STORE_NUMBER_SIZE) {
    return ms_error(MSTEP_EIO, "the list of executions is damaged");
  }
  uint64_t number = ms_store_number(ms_str_sub(key, key.len - MS_STORE_NUMBER_SIZE, key.len));
  int err = add_item(l, (struct item){number, NULL});
  return err != 0 ? err : ++l->row_count > l->max ? ENOUGH : MSTEP_OK;
}

static int on_execution(struct ms_str key, struct ms_str value, void *user)
{
  struct listing *l = user;
  struct ms_row row;
  int err = ms_row_read(&row, value);
  if (err == 0 && is_of(l, ms_machine_version(l->engine, row.machine)) &&
      (l->request->status < 0 || (int)row.status == l->request->status)) {
    return on_listing(key, value, user);
  }
  return err;
}

static int collect_scan(struct listing *l, unsigned table, struct ms_str from, struct ms_str to,
                        ms_record_cb cb)
{
  const struct ms_scan scan = {.table = table, .from = from, .to = to, .is_reverse = true};
  l->row_count = 0;
  int err = ms_store_scan(l->engine->durable->reader, &scan, cb, l);
  return err == ENOUGH ? MSTEP_OK : err;
}

static int collect_status(struct listing *l, int status)
{
  struct ms_buf from, to;
  ms_buf_init(&from, 0);
  ms_buf_init(&to, 0);
  ms_key_listing(&from, l->family, status, 0);
  ms_key_listing(&to, l->family, status, l->below);
  int err = from.error != 0 || to.error != 0 ? ms_error_nomem()
                                             : collect_scan(l, MS_TABLE_LISTING, ms_buf_view(&from),
                                                            ms_buf_view(&to), on_listing);
  ms_buf_deinit(&from);
  ms_buf_deinit(&to);
  return err;
}

static int collect_rows(struct listing *l)
{
  if (l->request->status == MS_EXECUTION_RUNNING) {
    return MSTEP_OK;
  }
  if (l->family == 0 || l->version != 0 || l->alias.len > 0) {
    char to[MS_STORE_NUMBER_SIZE];
    return collect_scan(l, MS_TABLE_EXECUTION, MS_STR(""), ms_store_key(to, l->below),
                        on_execution);
  }
  int err = MSTEP_OK;
  for (int status = MS_EXECUTION_SUCCEEDED; status <= MS_EXECUTION_ABORTED && err == 0; status++) {
    if (l->request->status < 0 || l->request->status == status) {
      err = collect_status(l, status);
    }
  }
  return err;
}

/* ---- writing ---- */

static int copy_row(struct ms_str key, struct ms_str value, void *user)
{
  struct ms_buf *out = user;
  (void)key;
  ms_buf_reset(out);
  ms_buf_str(out, value);
  return out->error;
}

static int read_row(struct ms_row *out, struct listing *l, unsigned table, uint64_t number)
{
  struct ms_durable *durable = l->engine->durable;
  char key[MS_STORE_NUMBER_SIZE];
  int err = ms_store_get(durable->reader, table, ms_store_key(key, number), copy_row,
                         &durable->row);
  return err != 0 ? err : ms_row_read(out, ms_buf_view(&durable->row));
}

static void row_of_run(struct ms_row *out, const struct ms_run *run)
{
  const struct ms_execution *core = run->core;
  *out = (struct ms_row){.machine = run->machine->id,
                         .status = status_of(run),
                         .tail = ms_json_text(run->tail),
                         .started_at_ms = core->started_at_ms,
                         .stopped_at_ms = core->stopped_at_ms,
                         .redrive_count = core->redrive_count,
                         .redriven_at_ms = core->redriven_at_ms};
}

static void put_date(struct ms_buf *out, const char *key, int64_t at_ms)
{
  struct ms_json date = ms_json_double((double)at_ms / 1000);
  ms_buf_printf(out, ",\"%s\":", key);
  ms_json_print(out, date);
}

/* Takes arn; NONE: nothing. */
static void put_arn(struct ms_buf *out, const char *key, struct ms_json arn)
{
  if (!ms_json_is_none(arn)) {
    ms_buf_printf(out, ",\"%s\":", key);
    ms_json_print(out, arn);
    ms_json_unref(arn);
  }
}

static int put_item(struct ms_buf *out, struct listing *l, const struct ms_row *row)
{
  const struct ms_engine_machine *machine = ms_machine_version(l->engine, row->machine);
  if (machine == NULL) {
    return ms_error(MSTEP_EIO, "the machine of an execution is missing");
  }
  struct ms_str prefix = ms_json_text(machine->prefix), name = row->tail;
  if (machine->is_express) {
    name = ms_str_sub(name, 0, ms_str_find(name, 0, ':'));
  }
  struct ms_json arn = ms_json_stringf("%.*s%.*s", MS_STR_ARG(prefix), MS_STR_ARG(row->tail));
  struct ms_json title = ms_json_string(name);
  if (ms_json_is_none(arn) || ms_json_is_none(title)) {
    ms_json_unref(arn);
    ms_json_unref(title);
    return ms_error_nomem();
  }
  ms_buf_cstr(out, "{\"executionArn\":");
  ms_json_print(out, arn);
  ms_buf_cstr(out, ",\"stateMachineArn\":");
  ms_json_print(out, machine->arn);
  put_arn(out, "stateMachineVersionArn", ms_machine_version_arn(machine));
  put_arn(out, "stateMachineAliasArn", ms_machine_alias_arn(machine));
  ms_buf_cstr(out, ",\"name\":");
  ms_json_print(out, title);
  ms_buf_printf(out, ",\"status\":\"%s\"", ms_execution_status_text(row->status));
  put_date(out, "startDate", row->started_at_ms);
  if (row->status != MS_EXECUTION_RUNNING) {
    put_date(out, "stopDate", row->stopped_at_ms);
  }
  ms_buf_printf(out, ",\"redriveCount\":%u", (unsigned)row->redrive_count);
  if (row->redrive_count > 0) {
    put_date(out, "redriveDate", row->redriven_at_ms);
  }
  ms_buf_cstr(out, "}");
  ms_json_unref(arn);
  ms_json_unref(title);
  return out->error;
}

static int write_item(struct ms_buf *out, struct listing *l, const struct item *item)
{
  struct ms_row row;
  int err = MSTEP_OK;
  if (item->run == NULL) {
    err = read_row(&row, l, MS_TABLE_EXECUTION, item->number);
  } else if (item->run->core == NULL) {
    err = read_row(&row, l, MS_TABLE_SNAPSHOT, item->number);
  } else {
    row_of_run(&row, item->run);
  }
  return err != 0 ? err : put_item(out, l, &row);
}

static int by_number(const void *a, const void *b)
{
  const struct item *first = a, *second = b;
  return first->number > second->number ? -1 : first->number < second->number;
}

static int write_page(struct ms_buf *out, struct listing *l)
{
  size_t count = l->items.count < l->max ? l->items.count : l->max;
  int err = MSTEP_OK;
  ms_sort(l->items.data, l->items.count, sizeof l->items.data[0], by_number);
  ms_buf_cstr(out, "{\"executions\":[");
  for (size_t i = 0; i < count && err == 0; i++) {
    ms_buf_cstr(out, i == 0 ? "" : ",");
    err = write_item(out, l, &l->items.data[i]);
  }
  ms_buf_cstr(out, "]");
  if (l->items.count > l->max) {
    ms_buf_printf(out, ",\"nextToken\":\"%llu\"",
                  (unsigned long long)l->items.data[count - 1].number);
  }
  ms_buf_cstr(out, "}");
  return err != 0 ? err : out->error;
}

/* With a store: what rows there are, as of one moment. */
static int list_rows(struct ms_buf *out, struct listing *l)
{
  int err = collect_rows(l);
  return err != 0 ? err : write_page(out, l);
}

/* ---- the whole ---- */

static int read_request(struct listing *l)
{
  const struct ms_engine_list *request = l->request;
  l->max = request->max_results == 0          ? PAGE_DEFAULT
           : request->max_results > PAGE_MAX ? PAGE_MAX
                                              : request->max_results;
  l->below = MS_DURABLE_NUMBER_MAX;
  if (request->next_token.data != NULL) {
    char text[32];
    char *end;
    snprintf(text, sizeof text, "%.*s", MS_STR_ARG(request->next_token));
    l->below = strtoull(text, &end, 10);
    if (request->next_token.len == 0 || request->next_token.len >= sizeof text || *end != '\0' ||
        l->below == 0 || l->below > MS_DURABLE_NUMBER_MAX) {
      return ms_error(MSTEP_EINVALID, "Invalid Token: '%.*s'", MS_STR_ARG(request->next_token));
    }
  }
  if (request->machine_arn.data != NULL) {
    struct ms_json alias = ms_catalog_get(l->engine, "alias", request->machine_arn);
    const struct ms_engine_machine *machine =
        ms_map_get(&l->engine->machines, ms_json_is_none(alias)
                                             ? request->machine_arn
                                             : ms_json_text(ms_json_getc(alias, "machine")));
    if (machine == NULL) {
      return ms_error(MSTEP_ENOTFOUND, "State Machine Does Not Exist: '%.*s'",
                      MS_STR_ARG(request->machine_arn));
    }
    l->family = machine->family;
    l->version = machine->version;
    l->alias = ms_json_text(ms_json_getc(alias, "name"));
  }
  return MSTEP_OK;
}

int ms_engine_execution_list(struct ms_buf *out, struct ms_engine *engine,
                             const struct ms_engine_list *request)
{
  struct listing l = {.engine = engine, .request = request};
  struct ms_durable *durable = engine->durable;
  int err = ms_durable_status(engine);
  err = err != 0 ? err : read_request(&l);
  err = err != 0 ? err : collect_runs(&l);
  if (durable != NULL) {
    l.may_repeat = durable->held != NULL || engine->first_pending != NULL;
    err = err != 0 ? err : ms_store_view_begin(durable->reader);
    if (err == 0) {
      err = list_rows(out, &l);
      ms_store_view_end(durable->reader);
    }
  } else if (err == 0) {
    err = write_page(out, &l);
  }
  ms_free(l.items.data);
  return err;
}
