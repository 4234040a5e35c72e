/*
 * Complaints of the query languages reach the right place: code, location, line and column. Their words are
 * the languages' own business.
 */
#include "asl/asl.h"
#include "asl_check.h"
#include "mt.h"
#include "states/states.h"

struct place_row {
  const char *definition;
  const char *expected; /* "line:column CODE location", one problem a line */
};

static void check_places(const struct place_row *row)
{
  struct ms_asl_options options = {.types = ms_states_all};
  struct ms_diagnostics list;
  struct ms_machine *machine;
  struct ms_buf out;
  mt_eq_int(ms_diagnostics_init(&list, 100), 0);
  (void)ms_asl_compile(&machine, ms_str_c(asl_text(row->definition)), &options, &list);
  ms_buf_init(&out, MS_BUF_MAX_DEFAULT);
  for (size_t i = 0; i < list.count; i++) {
    ms_buf_printf(&out, "%u:%u %s %.*s\n", list.items[i].line, list.items[i].column,
                  list.items[i].code, MS_STR_ARG(list.items[i].pointer));
  }
  const char *actual = out.data == NULL ? "" : out.data;
  if (strcmp(actual, row->expected) != 0) {
    mt_report("%s\n  expected: %s\n  actual:   %s", row->definition, row->expected, actual);
  }
  ms_buf_deinit(&out);
  ms_machine_unref(machine);
  ms_diagnostics_deinit(&list);
}

#define PASS(fields) "{'StartAt':'A','States':{'A':{'Type':'Pass','End':true," fields "}}}"
#define JSONATA(state) "{'QueryLanguage':'JSONata','StartAt':'A','States':{'A':{" state ",'End':true}}}"

MT_TEST(asl_places__of_jsonpath)
{
  static const struct place_row rows[] = {
      {PASS("'InputPath':'no path'"), "1:68 SCHEMA_VALIDATION_FAILED /States/A/InputPath\n"},
      {PASS("'ResultPath':'$.a[*]'"), "1:69 SCHEMA_VALIDATION_FAILED /States/A/ResultPath\n"},
      {PASS("\n'Parameters':{'ok':1,\n'a.$':'no path'}"),
       "2:14 SCHEMA_VALIDATION_FAILED /States/A/Parameters\n"},
      {PASS("'Assign':{'x.$':'States.Nothing()'}"), "1:65 SCHEMA_VALIDATION_FAILED /States/A/Assign\n"},
      {"{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Variable':'x','IsNull':true,"
       "'Next':'B'},{'Variable':'$','StringEqualsPath':'y','Next':'B'}]},'B':{'Type':'Succeed'}}}",
       "1:70 SCHEMA_VALIDATION_FAILED /States/A/Choices[0]/Variable\n"
       "1:135 SCHEMA_VALIDATION_FAILED /States/A/Choices[1]/StringEqualsPath\n"}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    check_places(&rows[i]);
  }
}

MT_TEST(asl_places__of_jsonata)
{
  static const struct place_row rows[] = {
      {JSONATA("'Type':'Pass','Output':{'a':['{% 1 + %}']}"),
       "1:86 INVALID_JSONATA_EXPRESSION /States/A/Output/a[0]\n"},
      {JSONATA("'Type':'Pass','Output':'{% $states.result %}'"),
       "1:80 UNSUPPORTED_JSONATA_EXPRESSION /States/A/Output\n"},
      {JSONATA("'Type':'Pass','Output':{'v':'{% phone %}'}"),
       "1:85 UNSUPPORTED_JSONATA_EXPRESSION /States/A/Output/v\n"},
      {JSONATA("'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
               "'Output':'{% $states.result %}','Assign':{'x':'{% $states.result %}'}"),
       ""},
      {JSONATA("'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
               "'Arguments':'{% $states.result %}'"),
       "1:127 UNSUPPORTED_JSONATA_EXPRESSION /States/A/Arguments\n"},
      {"{'QueryLanguage':'JSONata','StartAt':'A','States':{'A':{'Type':'Task','End':true,"
       "'Resource':'arn:aws:states:::lambda:invoke','Catch':[{'ErrorEquals':['x'],'Next':'B',"
       "'Output':'{% $states.errorOutput %}','Assign':{'e':'{% $states.errorOutput.Error %}'}}]},"
       "'B':{'Type':'Pass','Output':'{% $states.errorOutput %}','End':true}}}",
       "1:284 UNSUPPORTED_JSONATA_EXPRESSION /States/B/Output\n"}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    check_places(&rows[i]);
  }
}
