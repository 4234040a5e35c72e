/* State machines: made once, by name; checked, drawn and read from files. */
#include <errno.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
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
static int compile(struct ms_machine **out, struct ms_engine *engine, struct ms_str definition,
                   unsigned checks, ms_engine_diagnostic_cb report, void *user)
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

/* ---- create, validate, graph ---- */

static struct ms_engine_machine *machine_new(struct ms_machine *machine, const char *arn,
                                             struct ms_str name, bool is_express)
{
  struct ms_engine_machine *entry = ms_calloc(1, sizeof *entry);
  if (entry == NULL) {
    return NULL;
  }
  entry->arn = ms_json_cstring(arn);
  entry->name = ms_json_string(name);
  entry->is_express = is_express;
  if (ms_json_is_none(entry->arn) || ms_json_is_none(entry->name)) {
    ms_json_unref(entry->arn);
    ms_json_unref(entry->name);
    ms_free(entry);
    return NULL;
  }
  entry->machine = ms_machine_ref(machine);
  return entry;
}

static void machine_free(struct ms_engine_machine *entry)
{
  ms_machine_unref(entry->machine);
  ms_json_unref(entry->arn);
  ms_json_unref(entry->name);
  ms_free(entry);
}

void ms_machines_deinit(struct ms_engine *engine)
{
  size_t at = 0;
  struct ms_str key;
  void *entry;
  while (ms_map_next(&engine->machines, &at, &key, &entry)) {
    machine_free(entry);
  }
  ms_map_deinit(&engine->machines);
}

int ms_engine_machine_create(char arn[MS_ENGINE_ARN_SIZE], struct ms_engine *engine,
                             const struct ms_engine_machine_request *request,
                             ms_engine_diagnostic_cb report, void *user)
{
  struct ms_str name = request->name, definition = request->definition;
  bool is_express = request->is_express;
  int err = ms_name_check(name);
  if (err != 0) {
    return err;
  }
  int len = snprintf(arn, MS_ENGINE_ARN_SIZE, "arn:aws:states:%s:%s:stateMachine:%.*s",
                     engine->options.region, engine->options.account, MS_STR_ARG(name));
  if (len < 0 || len >= MS_ENGINE_ARN_SIZE) {
    return ms_error(MSTEP_ETOOBIG, "the ARN of the machine would be too long");
  }
  struct ms_machine *machine;
  err = compile(&machine, engine, definition, is_express ? MS_ENGINE_EXPRESS : 0u, report, user);
  if (err != 0) {
    return err;
  }
  struct ms_engine_machine *there = ms_map_get(&engine->machines, ms_str_c(arn));
  if (there != NULL) {
    bool is_same =
        there->is_express == is_express && ms_str_eq(there->machine->text, machine->text);
    ms_machine_unref(machine);
    return is_same ? MSTEP_OK : ms_error(MSTEP_EEXISTS, "State Machine Already Exists: '%s'", arn);
  }
  struct ms_engine_machine *entry = machine_new(machine, arn, name, is_express);
  ms_machine_unref(machine);
  err =
      entry == NULL ? ms_error_nomem() : ms_map_put(&engine->machines, ms_str_c(arn), entry, NULL);
  if (err != 0 && entry != NULL) {
    machine_free(entry);
  }
  return err;
}

int ms_engine_machine_validate(struct ms_engine *engine, struct ms_str definition, unsigned checks,
                               ms_engine_diagnostic_cb report, void *user)
{
  struct ms_machine *machine;
  int err = compile(&machine, engine, definition, checks, report, user);
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
  int err = compile(&machine, engine, definition, 0, NULL, NULL);
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
