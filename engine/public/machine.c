/*
 * include/mstep/mstep.h: definitions (state machines, graphs, expressions) and what runs of them:
 * executions, their histories, replay.
 */
#include "public/internal.h"

#include <limits.h>

#include "api/api.h"
#include "base/error.h"

/* ---- state machines ---- */

int mstep_state_machine_create(mstep_arn *out_arn, mstep_engine *engine, const char *name,
                               mstep_str definition, const char *type,
                               mstep_diagnostic_cb diagnostics, void *user)
{
  if (out_arn == NULL || engine == NULL || name == NULL || definition.data == NULL) {
    return ms_public_missing(out_arn == NULL  ? "out"
                             : engine == NULL ? "engine"
                             : name == NULL   ? "name"
                                              : "definition");
  }
  bool is_express;
  int err = ms_public_read_type(&is_express, type);
  struct ms_public_report report = {diagnostics, user};
  return err != 0 ? err
                  : ms_engine_machine_create(out_arn->text, engine->runtime,
                                             &(struct ms_engine_machine_request){
                                                 .name = ms_str_c(name),
                                                 .definition = ms_public_in(definition),
                                                 .is_express = is_express,
                                             },
                                             ms_public_diagnostic, &report);
}

int mstep_state_machine_update(mstep_engine *engine, const char *state_machine_arn,
                               mstep_str definition, mstep_diagnostic_cb diagnostics, void *user)
{
  if (engine == NULL || state_machine_arn == NULL || definition.data == NULL) {
    return ms_public_missing(engine == NULL              ? "engine"
                             : state_machine_arn == NULL ? "state_machine_arn"
                                                         : "definition");
  }
  struct ms_public_report report = {diagnostics, user};
  return ms_api_machine_update(engine->runtime, ms_str_c(state_machine_arn),
                               ms_public_in(definition), ms_public_diagnostic, &report);
}

static int validate(mstep_engine *engine, mstep_str definition, const char *type, unsigned checks,
                    mstep_diagnostic_cb diagnostics, void *user)
{
  if (engine == NULL || definition.data == NULL) {
    return ms_public_missing(engine == NULL ? "engine" : "definition");
  }
  bool is_express;
  int err = ms_public_read_type(&is_express, type);
  struct ms_public_report report = {diagnostics, user};
  return err != 0 ? err
                  : ms_engine_machine_validate(engine->runtime, ms_public_in(definition),
                                               checks | (is_express ? MS_ENGINE_EXPRESS : 0u),
                                               ms_public_diagnostic, &report);
}

int mstep_state_machine_validate(mstep_engine *engine, mstep_str definition, const char *type,
                                 mstep_diagnostic_cb diagnostics, void *user)
{
  return validate(engine, definition, type, 0, diagnostics, user);
}

int mstep_state_machine_validate_portable(mstep_engine *engine, mstep_str definition,
                                          const char *type, mstep_diagnostic_cb diagnostics,
                                          void *user)
{
  return validate(engine, definition, type, MS_ENGINE_PORTABLE, diagnostics, user);
}

int mstep_state_machine_graph(mstep_engine *engine, mstep_str definition, const char *format,
                              mstep_text_cb text, void *user)
{
  if (engine == NULL || definition.data == NULL || format == NULL) {
    return ms_public_missing(engine == NULL ? "engine" : format == NULL ? "format" : "definition");
  }
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  int err = ms_engine_machine_graph(&buf, engine->runtime, ms_public_in(definition), format);
  return ms_public_give(&buf, err, text, user);
}

int mstep_definition_read(mstep_engine *engine, const char *path, mstep_text_cb text, void *user)
{
  if (engine == NULL || path == NULL) {
    return ms_public_missing(engine == NULL ? "engine" : "path");
  }
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  int err = ms_engine_definition_read(&buf, engine->runtime, path);
  return ms_public_give(&buf, err, text, user);
}

/* ---- expressions ---- */

int mstep_expression_evaluate(mstep_engine *engine, const mstep_expression *expression,
                              mstep_text_cb text, void *user)
{
  if (engine == NULL || expression == NULL) {
    return ms_public_missing(engine == NULL ? "engine" : "expression");
  }
  if (expression->version != MSTEP_EXPRESSION_VERSION) {
    return ms_error(MSTEP_EINVALID, "not an expression of version %d", MSTEP_EXPRESSION_VERSION);
  }
  if (expression->language == NULL || expression->text.data == NULL) {
    return ms_public_missing(expression->language == NULL ? "language" : "text");
  }
  const struct ms_engine_expression converted = {
      .language = ms_str_c(expression->language),
      .dialect = ms_str_c(expression->dialect),
      .text = ms_public_in(expression->text),
      .input = ms_public_in(expression->input),
      .variables = ms_public_in(expression->variables),
  };
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  int err = ms_public_check_utf8("text", converted.text);
  err = err != 0 ? err : ms_engine_evaluate(&buf, engine->runtime, &converted);
  bool is_nothing = err == 0 && buf.error == 0 && buf.len == 0;
  return ms_public_give(&buf, err, is_nothing ? NULL : text, user);
}

/* ---- executions ---- */

static const struct ms_callback no_callback;

int mstep_execution_start(mstep_arn *out_arn, mstep_engine *engine, const char *state_machine_arn,
                          const char *name, mstep_str input, mstep_done_cb done, void *user)
{
  if (out_arn == NULL || engine == NULL || state_machine_arn == NULL) {
    return ms_public_missing(out_arn == NULL  ? "out"
                             : engine == NULL ? "engine"
                                              : "state_machine_arn");
  }
  const struct ms_engine_start start = {.machine_arn = ms_str_c(state_machine_arn),
                                        .name = ms_str_c(name),
                                        .input = ms_public_in(input),
                                        .done = {(void (*)(void))done, user}};
  return ms_engine_execution_start(out_arn->text, engine->runtime, &start);
}

int mstep_execution_stop(mstep_engine *engine, const char *execution_arn, const char *error,
                         const char *cause)
{
  if (engine == NULL || execution_arn == NULL) {
    return ms_public_missing(engine == NULL ? "engine" : "execution_arn");
  }
  int err = ms_public_check_utf8("error", ms_str_c(error));
  if (err == 0) {
    err = ms_public_check_utf8("cause", ms_str_c(cause));
  }
  return err != 0 ? err
                  : ms_engine_execution_stop(engine->runtime, ms_str_c(execution_arn),
                                             ms_str_c(error), ms_str_c(cause), no_callback);
}

int mstep_execution_describe(mstep_engine *engine, const char *execution_arn, mstep_text_cb text,
                             void *user)
{
  if (engine == NULL || execution_arn == NULL) {
    return ms_public_missing(engine == NULL ? "engine" : "execution_arn");
  }
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  int err = ms_engine_execution_describe(&buf, engine->runtime, ms_str_c(execution_arn));
  return ms_public_give(&buf, err, text, user);
}

int mstep_execution_history(mstep_engine *engine, const char *execution_arn, mstep_text_cb text,
                            void *user)
{
  if (engine == NULL || execution_arn == NULL) {
    return ms_public_missing(engine == NULL ? "engine" : "execution_arn");
  }
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  const struct ms_engine_history all = {.arn = ms_str_c(execution_arn), .max_results = UINT_MAX};
  int err = ms_engine_execution_history(&buf, engine->runtime, &all);
  return ms_public_give(&buf, err, text, user);
}

int mstep_history_replay(mstep_engine *engine, const mstep_replay *replay,
                         mstep_diagnostic_cb diagnostics, mstep_text_cb text, void *user)
{
  if (engine == NULL || replay == NULL) {
    return ms_public_missing(engine == NULL ? "engine" : "replay");
  }
  if (replay->version != MSTEP_REPLAY_VERSION) {
    return ms_error(MSTEP_EINVALID, "not a replay of version %d", MSTEP_REPLAY_VERSION);
  }
  if (replay->definition.data == NULL || replay->history.data == NULL) {
    return ms_public_missing(replay->definition.data == NULL ? "definition" : "history");
  }
  struct ms_engine_replay request = {.definition = ms_public_in(replay->definition),
                                     .history = ms_public_in(replay->history),
                                     .execution_arn = ms_str_c(replay->execution_arn)};
  struct ms_public_report report = {diagnostics, user};
  int err = ms_public_read_type(&request.is_express, replay->type);
  err = err != 0 ? err : ms_public_check_utf8("execution_arn", request.execution_arn);
  if (err != 0) {
    return err;
  }
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  err = ms_engine_history_replay(&buf, engine->runtime, &request, ms_public_diagnostic, &report);
  return ms_public_give(&buf, err, text, user);
}

int mstep_execution_purge(mstep_engine *engine, const char *execution_arn)
{
  if (engine == NULL || execution_arn == NULL) {
    return ms_public_missing(engine == NULL ? "engine" : "execution_arn");
  }
  return ms_engine_execution_purge(engine->runtime, ms_str_c(execution_arn), no_callback);
}
