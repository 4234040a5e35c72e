/*
 * What the compiler hands to a query language: kind, permissions, field and place of each source; and
 * that a language handed in by the caller is found, and its complaints passed on.
 */
#include <stdio.h>

#include "asl/asl.h"
#include "asl_check.h"
#include "base/alloc.h"
#include "base/error.h"
#include "mt.h"
#include "states/states.h"

/* A language that writes down what it is asked to compile. */
static struct ms_buf noted;

static int note_compile(struct ms_query **out, const struct ms_query_lang *lang,
                        const struct ms_query_source *source, ms_query_report_cb report, void *user)
{
  static const char *const kinds[] = {"path", "reference", "path-or-call", "template", "expression"};
  ms_buf_printf(&noted, "%.*s %s %.*s%s%s = ", MS_STR_ARG(source->pointer), kinds[source->kind],
                MS_STR_ARG(source->field), (source->allow & MS_QUERY_ALLOW_RESULT) != 0 ? " result" : "",
                (source->allow & MS_QUERY_ALLOW_ERROR_OUTPUT) != 0 ? " error" : "");
  ms_json_print(&noted, source->value);
  ms_buf_char(&noted, '\n');
  if (ms_str_is(ms_json_text(source->value), "{% bad %}")) {
    report("BAD_LUA", source->pointer, MS_STR("is bad"), MS_STR("Make it good."), user);
    return MSTEP_EDEFINITION;
  }
  struct ms_query *query = ms_calloc(1, sizeof *query);
  if (query == NULL) {
    return ms_error_nomem();
  }
  query->lang = lang;
  query->kind = source->kind;
  *out = query;
  return 0;
}

static void note_references(const struct ms_query *query, ms_query_reference_cb cb, void *user)
{
  (void)query;
  cb(MS_STR("seen"), user);
}

static void note_free(struct ms_query *query)
{
  ms_free(query);
}

static const struct ms_query_lang lua = {
    .name = "Lua", .compile = note_compile, .references = note_references, .free = note_free};
static const struct ms_query_lang *const langs[] = {&lua, NULL};

/* Compiles with the language handed in; the printed problems are kept until the case ends. */
static const char *compile_with_lua(const char *definition, struct ms_machine **machine)
{
  struct ms_asl_options options = {.types = ms_states_all, .langs = langs};
  struct ms_diagnostics list;
  struct ms_buf out;
  ms_buf_init(&noted, MS_BUF_MAX_DEFAULT);
  ms_buf_init(&out, MS_BUF_MAX_DEFAULT);
  mt_eq_int(ms_diagnostics_init(&list, 100), 0);
  (void)ms_asl_compile(machine, ms_str_c(asl_text(definition)), &options, &list);
  ms_diagnostics_print(&out, &list, MS_STR(""));
  const char *printed = mt_format("%s", out.data == NULL ? "" : out.data);
  ms_buf_deinit(&out);
  ms_diagnostics_deinit(&list);
  return printed;
}

MT_TEST(asl_sources__of_a_task)
{
  struct ms_machine *machine;
  mt_eq_str(compile_with_lua(
                "{'QueryLanguage':'Lua','StartAt':'A','States':{'A':{'Type':'Task',"
                "'Resource':'arn:aws:states:::lambda:invoke','Arguments':{'a':'{% 1 %}'},"
                "'TimeoutSeconds':'{% 2 %}','HeartbeatSeconds':3,'Credentials':{'RoleArn':'r'},"
                "'Assign':{'v':4},'Output':'{% 5 %}','Catch':[{'ErrorEquals':['x'],'Next':'B',"
                "'Output':6,'Assign':{'w':7}}],'End':true},'B':{'Type':'Fail','Error':'{% 8 %}',"
                "'Cause':'plain'}}}",
                &machine),
            "");
  mt_eq_str(noted.data,
            "/States/A/Arguments template Arguments = {\"a\":\"{% 1 %}\"}\n"
            "/States/A/TimeoutSeconds expression TimeoutSeconds = \"{% 2 %}\"\n"
            "/States/A/Credentials template Credentials = {\"RoleArn\":\"r\"}\n"
            "/States/A/Assign template Assign result = {\"v\":4}\n"
            "/States/A/Output template Output result = \"{% 5 %}\"\n"
            "/States/A/Catch/0/Output template Output error = 6\n"
            "/States/A/Catch/0/Assign template Assign error = {\"w\":7}\n"
            "/States/B/Error expression Error = \"{% 8 %}\"\n");
  mt_ok(machine->lang == &lua && machine->states[0]->lang == &lua);
  ms_machine_unref(machine);
  ms_buf_deinit(&noted);
}

MT_TEST(asl_sources__of_other_states)
{
  struct ms_machine *machine;
  mt_eq_str(
      compile_with_lua(
          "{'QueryLanguage':'Lua','StartAt':'C','States':{"
          "'C':{'Type':'Choice','Choices':[{'Condition':'{% a %}','Next':'P','Output':1,"
          "'Assign':{'x':2}},{'Condition':false,'Next':'M'}],'Default':'P','Output':3},"
          "'P':{'Type':'Pass','Output':4,'Assign':{'y':5},'Next':'M'},"
          "'M':{'Type':'Map','Items':'{% b %}','ItemSelector':{'s':6},'MaxConcurrency':'{% c %}',"
          "'Output':7,'ItemReader':{'Resource':'arn:aws:states:::s3:getObject','Arguments':{'r':8},"
          "'ReaderConfig':{'InputType':'JSON','MaxItems':'{% d %}'}},'ItemBatcher':{"
          "'MaxItemsPerBatch':'{% e %}','BatchInput':9},'ItemProcessor':{'ProcessorConfig':{"
          "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'W','States':{"
          "'W':{'Type':'Wait','Timestamp':'{% f %}','End':true}}},'End':true}}}",
          &machine),
      "");
  mt_eq_str(noted.data, "/States/C/Choices/0/Condition expression Condition = \"{% a %}\"\n"
                        "/States/C/Choices/0/Assign template Assign = {\"x\":2}\n"
                        "/States/C/Choices/0/Output template Output = 1\n"
                        "/States/C/Output template Output = 3\n"
                        "/States/P/Output template Output = 4\n"
                        "/States/P/Assign template Assign = {\"y\":5}\n"
                        "/States/M/Items expression Items = \"{% b %}\"\n"
                        "/States/M/ItemSelector template ItemSelector = {\"s\":6}\n"
                        "/States/M/MaxConcurrency expression MaxConcurrency = \"{% c %}\"\n"
                        "/States/M/Output template Output result = 7\n"
                        "/States/M/ItemReader/Arguments template Arguments = {\"r\":8}\n"
                        "/States/M/ItemReader/ReaderConfig/MaxItems expression MaxItems = \"{% d %}\"\n"
                        "/States/M/ItemBatcher/MaxItemsPerBatch expression MaxItemsPerBatch = \"{% e %}\"\n"
                        "/States/M/ItemBatcher/BatchInput template BatchInput = 9\n"
                        "/States/M/ItemProcessor/States/W/Timestamp expression Timestamp = \"{% f %}\"\n");
  ms_machine_unref(machine);
  ms_buf_deinit(&noted);
}

MT_TEST(asl_sources__state_of_another_language)
{
  struct ms_machine *machine;
  mt_eq_str(compile_with_lua("{'StartAt':'A','States':{'A':{'Type':'Pass','InputPath':'$.a','Next':'B'},"
                             "'B':{'Type':'Pass','QueryLanguage':'Lua','Output':'{% x %}','End':true}}}",
                             &machine),
            "");
  mt_eq_str(noted.data, "/States/B/Output template Output = \"{% x %}\"\n");
  mt_eq_str(machine->states[0]->lang->name, "JSONPath");
  mt_ok(machine->states[1]->lang == &lua);
  struct ms_json references = ms_asl_variable_references(machine);
  mt_eq_json(references, "{\"B\":[\"seen\"]}");
  ms_json_unref(references);
  ms_machine_unref(machine);
  ms_buf_deinit(&noted);
}

MT_TEST(asl_sources__complaints_are_passed_on)
{
  struct ms_machine *machine;
  mt_eq_str(compile_with_lua("{'QueryLanguage':'Lua','StartAt':'A','States':{'A':{'Type':'Choice',"
                             "'Choices':[{'Condition':'{% bad %}','Next':'A'}],'Default':'B'},"
                             "'B':{'Type':'Succeed'}}}",
                             &machine),
            "1:93: error: is bad (BAD_LUA at /States/A/Choices[0]/Condition) Make it good.\n");
  mt_ok(machine == NULL);
  ms_buf_deinit(&noted);
}

MT_TEST(asl_sources__unknown_language_names_it_too)
{
  struct ms_machine *machine;
  mt_eq_str(compile_with_lua("{'QueryLanguage':'lua','StartAt':'A','States':{'A':{'Type':'Succeed'}}}",
                             &machine),
            "1:18: error: Value should be one of the following: [JSONPath, JSONata] "
            "(SCHEMA_VALIDATION_FAILED at /QueryLanguage) Did you mean \"Lua\"?\n");
  ms_buf_deinit(&noted);
}
