/* Machines as they go on: settings that change in place, deletion, published versions, aliases. */
#include <stdio.h>

#include "base/error.h"
#include "runtime/catalog.h"
#include "runtime/durable.h"
#include "runtime/internal.h"

#define VERSIONS_MAX 1000 /* published ones of one machine, as AWS has it */

static int not_found(struct ms_str arn)
{
  return ms_error(MSTEP_ENOTFOUND, "State Machine Does Not Exist: '%.*s'", MS_STR_ARG(arn));
}

int ms_engine_arn(char arn[MS_ENGINE_ARN_SIZE], const struct ms_engine *engine, const char *type,
                  struct ms_str name)
{
  int len = snprintf(arn, MS_ENGINE_ARN_SIZE, "arn:aws:states:%s:%s:%s:%.*s",
                     engine->options.region, engine->options.account, type, MS_STR_ARG(name));
  return len < 0 || len >= MS_ENGINE_ARN_SIZE
             ? ms_error(MSTEP_ETOOBIG, "the ARN would be longer than %d bytes",
                        MS_ENGINE_ARN_SIZE - 1)
             : MSTEP_OK;
}

void ms_engine_uuid(char out[37], struct ms_engine *engine)
{
  ms_random_uuid(&engine->random, out);
}

/* ---- deletion ---- */

/* Does an execution of any version run? */
static bool is_running(struct ms_engine *engine, const struct ms_engine_machine *machine)
{
  const struct ms_engine_list list = {.machine_arn = ms_json_text(machine->arn),
                                      .status = MS_EXECUTION_RUNNING,
                                      .max_results = 1};
  struct ms_buf text;
  ms_buf_init(&text, 0);
  bool is_empty = ms_engine_execution_list(&text, engine, &list) == 0 &&
                  ms_str_has_prefix(ms_buf_view(&text), "{\"executions\":[]");
  ms_buf_deinit(&text);
  return !is_empty;
}

struct ms_engine_machine *ms_machine_current(struct ms_engine *engine, struct ms_str arn)
{
  struct ms_engine_machine *machine = ms_map_get(&engine->machines, arn);
  bool is_gone =
      machine == NULL || machine->version != 0 || (machine->is_deleted && !is_running(engine, machine));
  return is_gone ? NULL : machine;
}

bool ms_engine_machine_is_there(struct ms_engine *engine, struct ms_str arn)
{
  return ms_machine_current(engine, arn) != NULL;
}

/* What was changed in place; the row may be written again only when its definition is known. */
static int write_again(struct ms_engine *engine, const struct ms_engine_machine *machine)
{
  return engine->durable == NULL ? MSTEP_OK : ms_durable_write_machine(engine, machine);
}

/* Everything of that kind whose "machine" is this one. */
static int remove_all(struct ms_engine *engine, const char *kind, struct ms_str machine)
{
  struct ms_str name;
  struct ms_json value;
  int err = MSTEP_OK;
  for (uint64_t at = 0; err == 0 && ms_catalog_next(&name, &value, &at, engine, kind);) {
    if (ms_str_eq(ms_json_text(ms_json_getc(value, "machine")), machine)) {
      err = ms_catalog_remove(engine, kind, name);
    }
  }
  return err;
}

int ms_engine_machine_delete(struct ms_engine *engine, struct ms_str arn)
{
  struct ms_engine_machine *machine = ms_map_get(&engine->machines, arn);
  int err = ms_engine_may_write(engine);
  if (err != 0 || machine == NULL || machine->version != 0 || machine->is_deleted ||
      machine->machine == NULL) {
    return err;
  }
  machine->is_deleted = true;
  err = write_again(engine, machine);
  if (err != 0) {
    machine->is_deleted = false;
    return err;
  }
  err = remove_all(engine, "alias", arn);
  err = err != 0 ? err : remove_all(engine, "version", arn);
  return err != 0 ? err : ms_catalog_remove(engine, "tags", arn);
}

/* ---- settings ---- */

int ms_engine_machine_settle(struct ms_engine *engine, struct ms_str arn,
                             const struct ms_engine_machine_request *settings)
{
  struct ms_engine_machine *machine = ms_machine_current(engine, arn);
  if (machine == NULL || machine->machine == NULL) {
    return not_found(arn);
  }
  const struct ms_engine_machine before = *machine;
  machine->has_durability = settings->has_durability;
  machine->durability = settings->durability;
  machine->retention_age_ms = settings->retention_age_ms;
  machine->retention_count = settings->retention_count;
  bool is_same = before.has_durability == machine->has_durability &&
                 before.durability == machine->durability &&
                 before.retention_age_ms == machine->retention_age_ms &&
                 before.retention_count == machine->retention_count;
  int err = is_same ? MSTEP_OK : write_again(engine, machine);
  if (err != 0) {
    *machine = before;
  } else if (!is_same) {
    ms_retention_ended(engine); /* what is past its new time is looked for soon */
    ms_engine_touch(engine);
  }
  return err;
}

/* ---- published versions ---- */

struct ms_engine_machine *ms_machine_route(struct ms_engine *engine, struct ms_str arn)
{
  struct ms_engine_machine *machine = ms_map_get(&engine->machines, arn);
  if (machine == NULL || machine->version == 0) {
    return ms_machine_current(engine, arn);
  }
  return ms_json_is_none(ms_catalog_get(engine, "version", arn)) ? NULL : machine;
}

/* The version that was published of this revision; NULL: none was, or it was deleted. */
static const struct ms_engine_machine *published_of(struct ms_engine *engine,
                                                    const struct ms_engine_machine *revision)
{
  struct ms_str name;
  struct ms_json value;
  int64_t of;
  for (uint64_t at = 0; ms_catalog_next(&name, &value, &at, engine, "version");) {
    if (ms_json_to_int(&of, ms_json_getc(value, "of")) && of == (int64_t)revision->id) {
      return ms_map_get(&engine->machines, name);
    }
  }
  return NULL;
}

/* Numbers are not given again, whatever was deleted. */
static uint32_t next_number(const struct ms_engine *engine, const struct ms_engine_machine *machine)
{
  uint32_t last = 0;
  for (size_t i = 0; i < engine->versions.count; i++) {
    const struct ms_engine_machine *other = engine->versions.data[i];
    if (other != NULL && other->family == machine->family && other->version > last) {
      last = other->version;
    }
  }
  return last + 1;
}

static size_t published_count(struct ms_engine *engine, struct ms_str machine_arn)
{
  size_t count = 0;
  struct ms_str name;
  struct ms_json value;
  for (uint64_t at = 0; ms_catalog_next(&name, &value, &at, engine, "version");) {
    count += ms_str_eq(ms_json_text(ms_json_getc(value, "machine")), machine_arn);
  }
  return count;
}

int ms_machine_has_room(struct ms_engine *engine, struct ms_str machine_arn)
{
  return published_count(engine, machine_arn) < VERSIONS_MAX
             ? MSTEP_OK
             : ms_error(MSTEP_ETOOBIG, "A state machine can have %d published versions.", VERSIONS_MAX);
}

static int describe_version(struct ms_json *out, struct ms_engine *engine,
                            const struct ms_engine_machine *revision, struct ms_str description)
{
  *out = ms_json_object(4);
  int err = ms_json_setc(out, "machine", ms_json_ref(revision->arn));
  err = err != 0 ? err : ms_json_setc(out, "of", ms_json_int(revision->id));
  err = err != 0 ? err
                 : ms_json_setc(out, "creationDate",
                                ms_json_double((double)ms_loop_now_ms(engine->loop) / 1000));
  if (err == 0 && description.len > 0) {
    err = ms_json_setc(out, "description", ms_json_string(description));
  }
  return err;
}

int ms_engine_machine_publish(char arn[MS_ENGINE_ARN_SIZE], struct ms_engine *engine,
                              struct ms_str machine_arn, struct ms_str revision,
                              struct ms_str description)
{
  const struct ms_engine_machine *machine = ms_machine_current(engine, machine_arn);
  int err = ms_engine_may_write(engine);
  if (err != 0) {
    return err;
  }
  if (machine == NULL || machine->machine == NULL || machine->is_deleted) {
    return not_found(machine_arn);
  }
  struct ms_str now = ms_json_is_none(machine->revision) ? MS_STR("INITIAL")
                                                         : ms_json_text(machine->revision);
  if (revision.len > 0 && !ms_str_eq(revision, now)) {
    return ms_error(MSTEP_ESTATE,
                    "Failed to publish the State Machine version for revision %.*s. The current "
                    "State Machine revision is %.*s.",
                    MS_STR_ARG(revision), MS_STR_ARG(now));
  }
  const struct ms_engine_machine *there = published_of(engine, machine);
  if (there == NULL) {
    struct ms_engine_machine *made = NULL;
    struct ms_json value = MS_JSON_VALUE_NONE;
    err = ms_machine_has_room(engine, ms_json_text(machine->arn));
    err = err != 0 ? err : describe_version(&value, engine, machine, description);
    err = err != 0 ? err : ms_machine_publish(&made, engine, machine, next_number(engine, machine),
                                            MS_STR(""));
    err = err != 0 ? err
                   : ms_catalog_put(engine, "version", ms_json_text(made->key), ms_json_ref(value));
    ms_json_unref(value);
    there = made;
  }
  if (err == 0) {
    snprintf(arn, MS_ENGINE_ARN_SIZE, "%.*s", MS_STR_ARG(ms_json_text(there->key)));
  }
  return err;
}

/* ---- aliases ---- */

/* One of the versions that the alias routes to, by their weights. */
static struct ms_str choose_version(struct ms_engine *engine, struct ms_json alias)
{
  struct ms_json routes = ms_json_getc(alias, "routingConfiguration");
  int64_t at = (int64_t)ms_random_below(&engine->random, 100), weight;
  for (size_t i = 0; i < ms_json_count(routes); i++) {
    struct ms_json route = ms_json_at(routes, i);
    if (ms_json_to_int(&weight, ms_json_getc(route, "weight")) && (at -= weight) < 0) {
      return ms_json_text(ms_json_getc(route, "stateMachineVersionArn"));
    }
  }
  return (struct ms_str){NULL, 0};
}

int ms_machine_start_route(struct ms_engine_machine **out, struct ms_engine *engine,
                           struct ms_str arn)
{
  *out = ms_machine_route(engine, arn);
  struct ms_json alias = *out != NULL ? MS_JSON_VALUE_NONE : ms_catalog_get(engine, "alias", arn);
  if (ms_json_is_none(alias)) {
    return *out != NULL ? MSTEP_OK : not_found(arn);
  }
  struct ms_engine_machine *version = ms_machine_route(engine, choose_version(engine, alias));
  if (version == NULL || version->machine == NULL) {
    return not_found(arn);
  }
  struct ms_str name = ms_json_text(ms_json_getc(alias, "name"));
  struct ms_json key = ms_json_stringf("%.*s:%u", MS_STR_ARG(arn), (unsigned)version->version);
  if (ms_json_is_none(key)) {
    return ms_error_nomem();
  }
  *out = ms_map_get(&engine->machines, ms_json_text(key));
  ms_json_unref(key);
  return *out != NULL ? MSTEP_OK : ms_machine_publish(out, engine, version, version->version, name);
}

struct ms_json ms_machine_version_arn(const struct ms_engine_machine *machine)
{
  if (machine->version == 0 || ms_json_is_none(machine->alias)) {
    return machine->version == 0 ? MS_JSON_VALUE_NONE : ms_json_ref(machine->key);
  }
  return ms_json_stringf("%.*s:%u", MS_STR_ARG(ms_json_text(machine->arn)),
                         (unsigned)machine->version);
}

struct ms_json ms_machine_alias_arn(const struct ms_engine_machine *machine)
{
  return ms_json_is_none(machine->alias)
             ? MS_JSON_VALUE_NONE
             : ms_json_stringf("%.*s:%.*s", MS_STR_ARG(ms_json_text(machine->arn)),
                               MS_STR_ARG(ms_json_text(machine->alias)));
}
