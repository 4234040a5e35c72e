/*
 * The recorded executions of intrinsic functions, evaluated without an engine: a chain of one JSONPath Pass
 * state is its Parameters, ResultPath and OutputPath.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "evaluate.h"
#include "mt.h"

static const char *text_of(struct ms_json value)
{
  struct ms_buf text;
  ms_buf_init(&text, MS_BUF_MAX_DEFAULT);
  ms_json_print(&text, value);
  return mt_keep(ms_buf_take(&text, NULL));
}

/* {Execution: {Name, Input}, StateMachine: {Id, Name}} of the recorded names. */
static struct ms_json context_of(struct ms_json entry)
{
  struct ms_str machine = ms_json_text(ms_json_getc(entry, "stateMachineName"));
  struct ms_json context = ms_json_object(2);
  struct ms_json execution = ms_json_object(2);
  struct ms_json state_machine = ms_json_object(2);
  mt_eq_int(ms_json_setc(&execution, "Name", ms_json_ref(ms_json_getc(entry, "executionName"))), 0);
  mt_eq_int(ms_json_setc(&execution, "Input", ms_json_ref(ms_json_getc(entry, "input"))), 0);
  mt_eq_int(ms_json_setc(&state_machine, "Id",
                         ms_json_stringf("arn:aws:states:us-east-1:000000000000:stateMachine:%.*s",
                                         MS_STR_ARG(machine))),
            0);
  mt_eq_int(ms_json_setc(&state_machine, "Name", ms_json_string(machine)), 0);
  mt_eq_int(ms_json_setc(&context, "Execution", execution), 0);
  mt_eq_int(ms_json_setc(&context, "StateMachine", state_machine), 0);
  return context;
}

static int run_pass(struct ms_json *out, struct evaluation *e, struct ms_json state)
{
  struct ms_json path = ms_json_getc(state, "ResultPath");
  struct ms_json output_path = ms_json_getc(state, "OutputPath");
  int err = evaluate(out, e, MS_QUERY_TEMPLATE, "Parameters", ms_json_getc(state, "Parameters"));
  if (err == 0 && !ms_json_is_none(path)) {
    struct ms_query *query;
    mt_eq_int(evaluation_compile(&query, e, MS_QUERY_REFERENCE_PATH, "ResultPath", path), 0);
    err = ms_jsonpath_put(out, query, e->env.input, *out, &e->failure);
    ms_query_free(query);
  }
  if (err == 0 && !ms_json_is_none(output_path)) {
    ms_json_replace(&e->env.input, *out);
    err = evaluate(out, e, MS_QUERY_PATH, "OutputPath", output_path);
  }
  return err;
}

/* Only a whole-document wildcard matters here: what is random was recorded as a placeholder. */
static bool is_random(struct ms_json entry)
{
  struct ms_json wildcards = ms_json_getc(entry, "wildcards");
  return !ms_json_is_none(ms_json_get(wildcards, MS_STR("/output/FunctionResult")));
}

static bool check_case(const char *path)
{
  size_t len;
  const char *text = mt_read_file(path, &len);
  struct ms_json entry;
  struct evaluation e;
  mt_eq_int(ms_json_parse(&entry, (struct ms_str){text, len}, NULL, NULL), 0);
  struct ms_json states = ms_json_getc(ms_json_getc(entry, "definition"), "States");
  struct ms_json state = ms_json_member(states, 0);
  struct ms_json wanted = ms_json_getc(ms_json_getc(entry, "expect"), "output");
  bool is_checked = ms_json_count(states) == 1 &&
                    ms_json_is_object(ms_json_getc(state, "Parameters")) &&
                    ms_json_is_none(ms_json_getc(state, "QueryLanguage"));
  if (is_checked) {
    struct ms_json value = MS_JSON_VALUE_NONE;
    mt_eq_int(evaluation_init(&e, NULL, NULL, NULL), 0);
    ms_json_replace(&e.env.input, ms_json_ref(ms_json_getc(entry, "input")));
    ms_json_replace(&e.context, context_of(entry));
    int err = run_pass(&value, &e, state);
    if (err != 0 || (!is_random(entry) && !ms_json_equal(value, wanted))) {
      mt_report("%s\n  is     %s %s\n  not    %s", text_of(ms_json_getc(state, "Parameters")),
                err == 0 ? text_of(value) : "failed", text_of(e.failure.cause), text_of(wanted));
    }
    ms_json_unref(value);
    evaluation_deinit(&e);
  }
  ms_json_unref(entry);
  return is_checked;
}

MT_TEST(intrinsics__answer_as_recorded)
{
  const char *corpus = mt_corpus();
  size_t count = 0;
  if (corpus == NULL) {
    mt_skip("no corpus: set MSTEP_CORPUS");
  }
  const char *directory = mt_format("%s/asl/cases", corpus);
  DIR *dir = opendir(directory);
  mt_ok(dir != NULL);
  for (struct dirent *file = readdir(dir); file != NULL; file = readdir(dir)) {
    if (strncmp(file->d_name, "intrinsic_functions__", 21) == 0) {
      count += check_case(mt_format("%s/%s", directory, file->d_name)) ? 1 : 0;
    }
  }
  closedir(dir);
  mt_note("%zu executions", count);
  mt_ok(count >= 100);
}
