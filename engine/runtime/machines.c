/* State machines: made once, by name; checked, drawn and read from files. */
#include <errno.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "runtime/catalog.h"
#include "runtime/durable.h"
#include "runtime/internal.h"
#include "runtime/names.h"
#include "states/states.h"

#define DIAGNOSTICS_MAX 100        /* as ValidateStateMachineDefinition */
#define FILE_BYTES_MAX (64u << 20) /* of a definition; AWS: 1 MB */
#define READ_PIECE 65536

/* ---- diagnostics ---- */

/* One after the other with a NUL: diagnostics need not have one. Returns where it begins. */
static size_t put_text(struct ms_buf *buf, struct ms_str text)
{
  size_t at = buf->len;
  ms_buf_str(buf, text);
  ms_buf_char(buf, '\0');
  return at;
}

static int report_one(const struct ms_diagnostic *d, ms_engine_diagnostic_cb report, void *user)
{
  struct ms_buf texts;
  ms_buf_init(&texts, 0);
  size_t message = put_text(&texts, d->message);
  size_t pointer = put_text(&texts, d->pointer);
  size_t hint = put_text(&texts, d->hint);
  int err = texts.error;
  if (err == 0) {
    struct ms_engine_diagnostic out = {.is_error = d->severity == MS_SEVERITY_ERROR,
                                       .code = d->code == NULL ? "" : d->code,
                                       .message = texts.data + message,
                                       .pointer = texts.data + pointer,
                                       .hint = texts.data + hint,
                                       .line = d->line,
                                       .column = d->column};
    report(&out, user);
  }
  ms_buf_deinit(&texts);
  return err;
}

/* Compiles and tells every problem. *out NULL on failure. */
int ms_engine_machine_compile(struct ms_machine **out, struct ms_engine *engine,
                              struct ms_str definition, unsigned checks,
                              ms_engine_diagnostic_cb report, void *user)
{
  *out = NULL;
  struct ms_diagnostics list;
  int err = ms_diagnostics_init(&list, DIAGNOSTICS_MAX);
  if (err != 0) {
    return err;
  }
  const struct ms_asl_options options = {.types = ms_states_all,
                                         .langs = engine->langs,
                                         .is_express = (checks & MS_ENGINE_EXPRESS) != 0,
                                         .is_portable = (checks & MS_ENGINE_PORTABLE) != 0};
  err = ms_asl_compile(out, definition, &options, &list);
  int report_err = 0;
  for (size_t i = 0; report != NULL && i < list.count && report_err == 0; i++) {
    report_err = report_one(&list.items[i], report, user);
  }
  if (err == MSTEP_EDEFINITION && list.count > 0) {
    const struct ms_diagnostic *first = &list.items[0];
    for (size_t i = 0; i < list.count && first->severity != MS_SEVERITY_ERROR; i++) {
      first = &list.items[i];
    }
    ms_error(err, "%.*s at %.*s", MS_STR_ARG(first->message), MS_STR_ARG(first->pointer));
  }
  ms_diagnostics_deinit(&list);
  if (err == 0 && report_err != 0) {
    ms_machine_unref(*out);
    *out = NULL;
    err = report_err;
  }
  return err;
}

/* ---- versions ---- */

#define VERSIONS_MAX ((size_t)1 << 24)
#define ARN_KIND ":stateMachine:"

struct ms_engine_machine *ms_machine_version(const struct ms_engine *engine, uint32_t id)
{
  return id == 0 || id > engine->versions.count ? NULL : engine->versions.data[id - 1];
}

static void machine_free(struct ms_engine_machine *entry)
{
  if (entry != NULL) {
    ms_machine_unref(entry->machine);
    ms_json_unref(entry->arn);
    ms_json_unref(entry->name);
    ms_json_unref(entry->prefix);
    ms_json_unref(entry->role_arn);
    ms_json_unref(entry->configuration);
    ms_json_unref(entry->revision);
    ms_json_unref(entry->key);
    ms_json_unref(entry->alias);
    ms_free(entry);
  }
}

/* What the ARNs of its executions begin with. */
static struct ms_json machine_prefix(struct ms_str arn, bool is_express)
{
  struct ms_str kind = MS_STR(ARN_KIND);
  size_t at = 0;
  while (at + kind.len <= arn.len && memcmp(arn.data + at, kind.data, kind.len) != 0) {
    at++;
  }
  if (at + kind.len > arn.len) {
    ms_error(MSTEP_EINVALID, "not the ARN of a machine: %.*s", MS_STR_ARG(arn));
    return MS_JSON_VALUE_NONE;
  }
  struct ms_str name = ms_str_sub(arn, at + kind.len, arn.len);
  return ms_json_stringf("%.*s:%s:%.*s:", (int)at, arn.data, is_express ? "express" : "execution",
                         MS_STR_ARG(name));
}

/* Published ones are found by their number, and where an alias leads to them by both. */
static struct ms_json machine_key(const struct ms_engine_machine_request *request, struct ms_str arn)
{
  if (request->version == 0) {
    return ms_json_string(arn);
  }
  bool has_alias = request->alias.len > 0;
  return ms_json_stringf("%.*s:%.*s%s%u", MS_STR_ARG(arn), (int)request->alias.len,
                         has_alias ? request->alias.data : "", has_alias ? ":" : "",
                         (unsigned)request->version);
}

static struct ms_engine_machine *machine_new(const struct ms_engine *engine,
                                             const struct ms_engine_machine_request *request,
                                             struct ms_str arn)
{
  struct ms_engine_machine *entry = ms_calloc(1, sizeof *entry);
  if (entry == NULL) {
    return NULL;
  }
  bool has_configuration = request->configuration.data != NULL;
  *entry = (struct ms_engine_machine){
      .role_arn = request->role_arn.data == NULL ? ms_json_ref(engine->role_arn)
                                                 : ms_json_string(request->role_arn),
      .configuration =
          has_configuration ? ms_json_string(request->configuration) : MS_JSON_VALUE_NONE,
      .arn = ms_json_string(arn),
      .name = ms_json_string(request->name),
      .prefix = machine_prefix(arn, request->is_express),
      .key = machine_key(request, arn),
      .alias = request->alias.len > 0 ? ms_json_string(request->alias) : MS_JSON_VALUE_NONE,
      .version = request->version,
      .is_deleted = request->is_deleted,
      .is_express = request->is_express,
      .has_durability = request->has_durability,
      .durability = request->durability,
      .log_level = request->log_level,
      .retention_age_ms = request->retention_age_ms,
      .retention_count = request->retention_count,
  };
  if (ms_json_is_none(entry->arn) || ms_json_is_none(entry->key) ||
      (request->alias.len > 0 && ms_json_is_none(entry->alias)) || ms_json_is_none(entry->name) ||
      ms_json_is_none(entry->prefix) || ms_json_is_none(entry->role_arn) ||
      (has_configuration && ms_json_is_none(entry->configuration))) {
    machine_free(entry);
    return NULL;
  }
  return entry;
}

void ms_machines_deinit(struct ms_engine *engine)
{
  for (size_t i = 0; i < engine->versions.count; i++) {
    machine_free(engine->versions.data[i]);
  }
  ms_free(engine->versions.data);
  ms_map_deinit(&engine->machines);
}

/* Known from now on: by its id, and as the current one by its ARN. */
static int machine_enter(struct ms_engine *engine, struct ms_engine_machine *entry, uint32_t id)
{
  if (id == 0 || id > VERSIONS_MAX) {
    return ms_error(MSTEP_EIO, "a machine with the number %u", (unsigned)id);
  }
  size_t count = engine->versions.count;
  int err = id > count ? MS_VEC_RESERVE(&engine->versions, VERSIONS_MAX, id - count) : MSTEP_OK;
  if (err == 0) {
    err = ms_map_put(&engine->machines, ms_json_text(entry->key), entry, NULL);
  }
  if (err == 0) {
    while (engine->versions.count < id) {
      engine->versions.data[engine->versions.count++] = NULL;
    }
    engine->versions.data[id - 1] = entry;
    entry->id = id;
  }
  return err;
}

int ms_machine_add(struct ms_engine_machine **out, struct ms_engine *engine, uint32_t id,
                   const struct ms_engine_machine_request *request, struct ms_str arn)
{
  struct ms_engine_machine *entry = machine_new(engine, request, arn);
  if (entry == NULL) {
    return ms_error_nomem();
  }
  int err = ms_engine_machine_compile(&entry->machine, engine, request->definition,
                    request->is_express ? MS_ENGINE_EXPRESS : 0u, NULL, NULL);
  if (err == MSTEP_EDEFINITION) {
    ms_engine_log(engine, 0, "the stored definition of %.*s is not accepted any more: %s",
                  MS_STR_ARG(arn), ms_error_detail());
    err = MSTEP_OK;
  }
  err = err != 0 ? err : machine_enter(engine, entry, id);
  if (err != 0) {
    machine_free(entry);
    return err;
  }
  *out = entry;
  return MSTEP_OK;
}

/* ---- create, validate, graph ---- */

static struct ms_str configuration_of(const struct ms_engine_machine *machine)
{
  return ms_json_is_none(machine->configuration) ? MS_STR(MS_ENGINE_CONFIGURATION_DEFAULT)
                                                 : ms_json_text(machine->configuration);
}

/* AWS: who may run it does not count when it is created once more. */
static bool is_same_machine(const struct ms_engine *engine, const struct ms_engine_machine *there,
                            const struct ms_engine_machine_request *request)
{
  struct ms_str role =
      request->role_arn.data == NULL ? ms_json_text(engine->role_arn) : request->role_arn;
  return there->machine != NULL && there->is_express == request->is_express &&
         ms_str_eq(there->machine->text, request->definition) &&
         (request->configuration.data == NULL ||
          ms_str_eq(configuration_of(there), request->configuration)) &&
         (!request->is_update || (ms_str_eq(ms_json_text(there->role_arn), role) &&
                                  there->log_level == request->log_level &&
                                  there->has_durability == request->has_durability &&
                                  there->durability == request->durability &&
                                  there->retention_age_ms == request->retention_age_ms &&
                                  there->retention_count == request->retention_count));
}

/* A new version; takes `machine`. */
static int machine_create(struct ms_engine *engine, struct ms_machine *machine, struct ms_str arn,
                          const struct ms_engine_machine_request *request,
                          const struct ms_engine_machine *before)
{
  struct ms_engine_machine *entry = machine_new(engine, request, arn);
  if (entry == NULL) {
    ms_machine_unref(machine);
    return ms_error_nomem();
  }
  if (before != NULL) {
    char revision[37];
    ms_random_uuid(&engine->random, revision);
    entry->revision = ms_json_cstring(revision);
  }
  uint32_t id = (uint32_t)engine->versions.count + 1;
  entry->machine = machine;
  entry->id = id;
  entry->family = before == NULL ? id : before->family;
  entry->updated_at_ms = ms_loop_now_ms(engine->loop);
  entry->created_at_ms = before == NULL ? entry->updated_at_ms : before->created_at_ms;
  int err = before != NULL && ms_json_is_none(entry->revision) ? ms_error_nomem() : MSTEP_OK;
  if (err == 0 && engine->durable != NULL) {
    err = ms_durable_write_machine(engine, entry);
  }
  err = err != 0 ? err : machine_enter(engine, entry, id);
  if (err != 0) {
    machine_free(entry);
  }
  return err;
}

int ms_machine_publish(struct ms_engine_machine **out, struct ms_engine *engine,
                       const struct ms_engine_machine *of, uint32_t number, struct ms_str alias)
{
  const struct ms_engine_machine_request request = {
      .name = ms_json_text(of->name),
      .is_express = of->is_express,
      .role_arn = ms_json_text(of->role_arn),
      .configuration = configuration_of(of),
      .log_level = of->log_level,
      .has_durability = of->has_durability,
      .durability = of->durability,
      .retention_age_ms = of->retention_age_ms,
      .retention_count = of->retention_count,
      .version = number,
      .alias = alias,
  };
  struct ms_engine_machine *entry = machine_new(engine, &request, ms_json_text(of->arn));
  if (entry == NULL) {
    return ms_error_nomem();
  }
  uint32_t id = (uint32_t)engine->versions.count + 1;
  entry->machine = ms_machine_ref(of->machine);
  entry->id = id;
  entry->family = of->family;
  entry->revision = ms_json_ref(of->revision);
  entry->created_at_ms = of->created_at_ms;
  entry->updated_at_ms = of->updated_at_ms;
  int err = engine->durable == NULL ? MSTEP_OK : ms_durable_write_machine(engine, entry);
  err = err != 0 ? err : machine_enter(engine, entry, id);
  if (err != 0) {
    machine_free(entry);
    return err;
  }
  *out = entry;
  return MSTEP_OK;
}

/* What an update does not say stays as it was. */
static void inherit(struct ms_engine_machine_request *request,
                    const struct ms_engine_machine *there)
{
  if (!request->has_durability) {
    request->has_durability = there->has_durability;
    request->durability = there->durability;
  }
  if (request->retention_age_ms == 0) {
    request->retention_age_ms = there->retention_age_ms;
  }
  if (request->retention_count == 0) {
    request->retention_count = there->retention_count;
  }
}

int ms_engine_machine_create(char arn[MS_ENGINE_ARN_SIZE], struct ms_engine *engine,
                             const struct ms_engine_machine_request *request,
                             ms_engine_diagnostic_cb report, void *user)
{
  int err = ms_engine_may_write(engine);
  err = err != 0 ? err : ms_name_check(request->name);
  if (err != 0) {
    return err;
  }
  int len = snprintf(arn, MS_ENGINE_ARN_SIZE, "arn:aws:states:%s:%s" ARN_KIND "%.*s",
                     engine->options.region, engine->options.account, MS_STR_ARG(request->name));
  if (len < 0 || len >= MS_ENGINE_ARN_SIZE) {
    return ms_error(MSTEP_ETOOBIG, "the ARN of the machine would be too long");
  }
  struct ms_machine *machine;
  err = ms_engine_machine_compile(&machine, engine, request->definition, request->is_express ? MS_ENGINE_EXPRESS : 0u,
                report, user);
  if (err != 0) {
    return err;
  }
  struct ms_engine_machine *there = ms_map_get(&engine->machines, ms_str_c(arn));
  if (there != NULL && there->is_deleted && ms_machine_current(engine, ms_str_c(arn)) != NULL) {
    ms_machine_unref(machine);
    return ms_error(MSTEP_ESTATE, "State Machine is being deleted: '%s'", arn);
  }
  there = there != NULL && there->is_deleted ? NULL : there; /* the name is free again */
  struct ms_engine_machine_request inherited = *request;
  if (there != NULL && request->is_update) {
    inherit(&inherited, there);
    request = &inherited;
  }
  bool is_same = there != NULL && is_same_machine(engine, there, request);
  bool may_replace =
      there == NULL || (request->is_update && there->is_express == request->is_express);
  if (is_same || !may_replace) {
    ms_machine_unref(machine);
    return is_same ? MSTEP_OK : ms_error(MSTEP_EEXISTS, "State Machine Already Exists: '%s'", arn);
  }
  err = request->is_published ? ms_machine_has_room(engine, ms_str_c(arn)) : MSTEP_OK;
  if (err != 0) {
    ms_machine_unref(machine);
    return err;
  }
  return machine_create(engine, machine, ms_str_c(arn), request, there);
}

/* ---- list, describe ---- */

#define LIST_DEFAULT 100
#define LIST_MAX 1000

static void put_member(struct ms_buf *out, const char *key, struct ms_json value)
{
  ms_buf_printf(out, "\"%s\":", key);
  ms_json_print(out, value);
}

static void put_machine(struct ms_buf *out, const struct ms_engine_machine *machine)
{
  put_member(out, "stateMachineArn", machine->key);
  ms_buf_char(out, ',');
  put_member(out, "name", machine->name);
  ms_buf_printf(out, ",\"type\":\"%s\",", machine->is_express ? "EXPRESS" : "STANDARD");
  put_member(out, "creationDate", ms_json_double((double)machine->created_at_ms / 1000));
}

/* The current version whose family comes next after `family`; NULL at the end. */
static const struct ms_engine_machine *next_family(struct ms_engine *engine, uint32_t family)
{
  for (size_t i = family; i < engine->versions.count; i++) {
    const struct ms_engine_machine *first = engine->versions.data[i];
    if (first != NULL && first->family == first->id) {
      const struct ms_engine_machine *now = ms_machine_current(engine, ms_json_text(first->arn));
      if (now != NULL && now->family == first->family) {
        return now;
      }
    }
  }
  return NULL;
}

int ms_engine_machine_list(struct ms_buf *out, struct ms_engine *engine, unsigned max_results,
                           struct ms_str next_token)
{
  unsigned max = max_results == 0 ? LIST_DEFAULT : max_results > LIST_MAX ? LIST_MAX : max_results;
  unsigned family = 0;
  char text[16];
  snprintf(text, sizeof text, "%.*s", MS_STR_ARG(next_token));
  int used = 0;
  if (next_token.data != NULL && (sscanf(text, "%u%n", &family, &used) != 1 ||
                                  (size_t)used != next_token.len || family == 0)) {
    return ms_error(MSTEP_EINVALID, "Invalid Token: '%.*s'", MS_STR_ARG(next_token));
  }
  const struct ms_engine_machine *machine = next_family(engine, family);
  ms_buf_cstr(out, "{\"stateMachines\":[");
  for (unsigned i = 0; i < max && machine != NULL; i++) {
    ms_buf_cstr(out, i == 0 ? "{" : ",{");
    put_machine(out, machine);
    ms_buf_char(out, '}');
    family = machine->family;
    machine = next_family(engine, family);
  }
  ms_buf_char(out, ']');
  if (machine != NULL) {
    ms_buf_printf(out, ",\"nextToken\":\"%u\"", family);
  }
  ms_buf_char(out, '}');
  return out->error;
}

/* The members of both descriptions but for ARN, type and dates. */
static int put_version(struct ms_buf *out, const struct ms_engine_machine *machine)
{
  struct ms_json definition = ms_json_string(machine->machine->text);
  struct ms_json references = ms_asl_variable_references(machine->machine);
  struct ms_str configuration = configuration_of(machine);
  bool has_all = !ms_json_is_none(definition) && !ms_json_is_none(references);
  put_member(out, "definition", definition);
  ms_buf_char(out, ',');
  put_member(out, "roleArn", machine->role_arn);
  ms_buf_char(out, ',');
  ms_buf_str(out, ms_str_sub(configuration, 1, configuration.len - 1)); /* its members */
  if (ms_json_is_string(machine->revision)) {
    ms_buf_char(out, ',');
    put_member(out, "revisionId", machine->revision);
  }
  if (ms_json_count(references) > 0) {
    ms_buf_char(out, ',');
    put_member(out, "variableReferences", references);
  }
  ms_json_unref(definition);
  ms_json_unref(references);
  return has_all ? out->error : ms_error_nomem();
}

static const struct ms_engine_machine *find_current(struct ms_engine *engine, struct ms_str arn)
{
  const struct ms_engine_machine *machine = ms_machine_route(engine, arn);
  if (machine == NULL || machine->machine == NULL) {
    ms_error(MSTEP_ENOTFOUND, "State Machine Does Not Exist: '%.*s'", MS_STR_ARG(arn));
    return NULL;
  }
  return machine;
}

int ms_engine_machine_describe(struct ms_buf *out, struct ms_engine *engine, struct ms_str arn)
{
  const struct ms_engine_machine *machine = find_current(engine, arn);
  if (machine == NULL) {
    return MSTEP_ENOTFOUND;
  }
  ms_buf_char(out, '{');
  put_machine(out, machine);
  struct ms_json description = ms_json_getc(ms_catalog_get(engine, "version", arn), "description");
  if (ms_json_is_string(description)) {
    ms_buf_char(out, ',');
    put_member(out, "description", description);
  }
  ms_buf_printf(out, ",\"status\":\"%s\",", machine->is_deleted ? "DELETING" : "ACTIVE");
  int err = put_version(out, machine);
  ms_buf_char(out, '}');
  return err;
}

int ms_engine_machine_describe_for(struct ms_buf *out, struct ms_engine *engine,
                                   struct ms_str execution_arn)
{
  struct ms_run *run;
  int err = ms_run_get(&run, engine, execution_arn);
  if (err != 0) {
    return err;
  }
  const struct ms_engine_machine *machine = run->machine;
  if (machine->machine == NULL) {
    err = ms_error(MSTEP_EDEFINITION, "the stored definition is not accepted any more");
  } else {
    ms_buf_char(out, '{');
    put_member(out, "stateMachineArn", machine->arn);
    ms_buf_char(out, ',');
    put_member(out, "name", machine->name);
    ms_buf_char(out, ',');
    put_member(out, "updateDate", ms_json_double((double)machine->updated_at_ms / 1000));
    ms_buf_char(out, ',');
    err = put_version(out, machine);
    ms_buf_char(out, '}');
  }
  ms_run_unref(run);
  return err;
}

int ms_engine_machine_revision(int64_t *updated_at_ms, char revision[37], struct ms_engine *engine,
                               struct ms_str arn)
{
  const struct ms_engine_machine *machine = find_current(engine, arn);
  if (machine == NULL) {
    return MSTEP_ENOTFOUND;
  }
  *updated_at_ms = machine->updated_at_ms;
  snprintf(revision, 37, "%.*s", MS_STR_ARG(ms_json_text(machine->revision)));
  return MSTEP_OK;
}

int ms_engine_machine_validate(struct ms_engine *engine, struct ms_str definition, unsigned checks,
                               ms_engine_diagnostic_cb report, void *user)
{
  struct ms_machine *machine;
  int err = ms_engine_machine_compile(&machine, engine, definition, checks, report, user);
  ms_machine_unref(machine);
  return err;
}

int ms_engine_machine_graph(struct ms_buf *out, struct ms_engine *engine, struct ms_str definition,
                            const char *format)
{
  bool is_dot = strcmp(format, "dot") == 0;
  if (!is_dot && strcmp(format, "mermaid") != 0) {
    return ms_error(MSTEP_EINVALID, "'%s' is not a format: \"mermaid\" or \"dot\"", format);
  }
  struct ms_machine *machine;
  int err = ms_engine_machine_compile(&machine, engine, definition, 0, NULL, NULL);
  if (err != 0) {
    return err;
  }
  if (is_dot) {
    ms_asl_graph_dot(out, machine);
  } else {
    ms_asl_graph_mermaid(out, machine);
  }
  ms_machine_unref(machine);
  return out->error;
}

/* ---- files ---- */

static int read_file(struct ms_buf *out, const char *path)
{
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    return ms_error(MSTEP_EIO, "%s: %s", path, strerror(errno));
  }
  size_t got;
  do {
    char *to = ms_buf_reserve(out, READ_PIECE);
    got = to == NULL ? 0 : fread(to, 1, READ_PIECE, file);
    ms_buf_added(out, got);
  } while (got > 0);
  int err = out->error;
  if (err == 0 && ferror(file)) {
    err = ms_error(MSTEP_EIO, "%s: %s", path, strerror(errno));
  } else if (err == MSTEP_ETOOBIG) {
    err = ms_error(err, "%s: longer than %u bytes", path, FILE_BYTES_MAX);
  }
  fclose(file);
  return err;
}

int ms_engine_definition_read(struct ms_buf *out, struct ms_engine *engine, const char *path)
{
  struct ms_buf text;
  ms_buf_init(&text, FILE_BYTES_MAX);
  int err = read_file(&text, path);
  if (err != 0) {
    goto out;
  }
  if (!ms_str_has_suffix(ms_str_c(path), ".lua")) {
    ms_buf_str(out, ms_buf_view(&text));
    err = out->error;
    goto out;
  }
  struct ms_lua *lua;
  err = ms_engine_lua(&lua, engine);
  if (err == 0) {
    struct ms_json table;
    err = ms_lua_table(&table, lua, ms_buf_view(&text), path);
    if (err == 0) {
      /* On many lines, so that the positions of diagnostics say something. */
      ms_json_print_pretty(out, table, 2);
      ms_json_unref(table);
      err = out->error;
    }
  }
out:
  ms_buf_deinit(&text);
  return err;
}
