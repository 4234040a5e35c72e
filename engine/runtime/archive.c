/*
 * Executions that have ended, where they lie: found by ARN, as rows or as runs of their own that are in
 * no index. Reading only, on the loop's own handle.
 */
#include "base/error.h"
#include "runtime/durable.h"

static int not_found(struct ms_str arn)
{
  return ms_error(MSTEP_ENOTFOUND, "Execution Does Not Exist: '%.*s'", MS_STR_ARG(arn));
}

static int read_number(struct ms_str key, struct ms_str value, void *user)
{
  (void)key;
  if (value.len != MS_STORE_NUMBER_SIZE) {
    return ms_error(MSTEP_EIO, "the name of an execution leads nowhere");
  }
  *(uint64_t *)user = ms_store_number(value);
  return MSTEP_OK;
}

static int find_name(uint64_t *number, struct ms_engine *engine,
                     const struct ms_engine_machine *machine, struct ms_str tail)
{
  struct ms_durable *durable = engine->durable;
  ms_buf_reset(&durable->key);
  ms_key_name(&durable->key, machine->family, tail);
  if (durable->key.error != 0) {
    return ms_error_nomem();
  }
  if (durable->key.len > MS_STORE_KEY_MAX) {
    return MSTEP_ENOTFOUND;
  }
  int err = ms_store_get(durable->reader, MS_TABLE_NAME, ms_buf_view(&durable->key), read_number,
                         number);
  return err == 0 && ms_purge_is_asked(durable, *number) ? MSTEP_ENOTFOUND : err;
}

int ms_archive_has(struct ms_engine *engine, const struct ms_engine_machine *machine,
                   struct ms_str tail)
{
  uint64_t number;
  return find_name(&number, engine, machine, tail);
}

static int copy_row(struct ms_str key, struct ms_str value, void *user)
{
  struct ms_buf *out = user;
  (void)key;
  ms_buf_reset(out);
  ms_buf_str(out, value);
  return out->error;
}

static bool begins_with(struct ms_str text, struct ms_str prefix)
{
  return text.len >= prefix.len && memcmp(text.data, prefix.data, prefix.len) == 0;
}

/*
 * The machine whose executions have ARNs that begin so, and the number of the one with this ARN. A name
 * may have been given again after a machine was deleted: the latest comes first.
 */
static int find_number(uint64_t *number, struct ms_engine_machine **machine,
                       struct ms_engine *engine, struct ms_str arn)
{
  int err = MSTEP_ENOTFOUND;
  for (size_t i = engine->versions.count; i > 0 && err == MSTEP_ENOTFOUND; i--) {
    *machine = engine->versions.data[i - 1];
    if (*machine != NULL && (*machine)->id == (*machine)->family &&
        begins_with(arn, ms_json_text((*machine)->prefix))) {
      struct ms_str tail = ms_str_sub(arn, ms_json_text((*machine)->prefix).len, arn.len);
      err = find_name(number, engine, *machine, tail);
    }
  }
  return err;
}

int ms_archive_find(struct ms_row *out, uint64_t *number, struct ms_engine_machine **machine,
                    struct ms_engine *engine, struct ms_str arn)
{
  struct ms_durable *durable = engine->durable;
  int err = find_number(number, machine, engine, arn);
  if (err == 0) {
    char key[MS_STORE_NUMBER_SIZE];
    err = ms_store_get(durable->reader, MS_TABLE_EXECUTION, ms_store_key(key, *number), copy_row,
                       &durable->row);
  }
  if (err == 0) {
    err = ms_row_read(out, ms_buf_view(&durable->row));
  }
  if (err == 0) {
    *machine = ms_machine_version(engine, out->machine);
    err = *machine == NULL ? ms_error(MSTEP_EIO, "the machine of an execution is missing") : 0;
  }
  return err == MSTEP_ENOTFOUND ? not_found(arn) : err;
}

int ms_archive_load(struct ms_run **out, struct ms_engine *engine, struct ms_str arn)
{
  struct ms_row row;
  uint64_t number;
  struct ms_engine_machine *machine;
  int err = ms_archive_find(&row, &number, &machine, engine, arn);
  if (err != 0) {
    return err;
  }
  struct ms_json tail = ms_json_string(row.tail);
  struct ms_run *run = ms_json_is_none(tail) ? NULL : ms_run_new(machine, tail);
  if (run == NULL) {
    ms_json_unref(tail);
    return ms_error_nomem();
  }
  run->number = number;
  run->is_closed = true;
  err = ms_row_load(run, &row, engine, engine->durable->reader);
  if (err != 0) {
    ms_run_unref(run);
    return err;
  }
  run->kept->listed_status = (int)row.status;
  *out = run;
  return MSTEP_OK;
}
