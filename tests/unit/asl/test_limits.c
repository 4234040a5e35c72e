/* Hostile and large definitions: nesting, size, NUL, repetition, and lack of memory at every point. */
#include <stdio.h>
#include <stdlib.h>

#include "asl/asl.h"
#include "asl/parse.h"
#include "asl_check.h"
#include "mstep/error.h"
#include "mt.h"
#include "states/states.h"

/* Compiles; the printed problems are kept until the case ends. */
static const char *problems(struct ms_str text, size_t max)
{
  struct ms_asl_options options = {.types = ms_states_all};
  struct ms_diagnostics list;
  struct ms_machine *machine;
  struct ms_buf out;
  mt_eq_int(ms_diagnostics_init(&list, max), 0);
  int err = ms_asl_compile(&machine, text, &options, &list);
  mt_ok(err == 0 || err == MSTEP_EDEFINITION);
  ms_machine_unref(machine);
  ms_buf_init(&out, MS_BUF_MAX_DEFAULT);
  ms_diagnostics_print(&out, &list, MS_STR(""));
  const char *printed = mt_format("%s", out.data == NULL ? "" : out.data);
  ms_buf_deinit(&out);
  ms_diagnostics_deinit(&list);
  return printed;
}

static void put(struct ms_buf *text, const char *part)
{
  for (; *part != '\0'; part++) {
    ms_buf_char(text, *part == '\'' ? '"' : *part);
  }
}

/* A machine of `depth` Parallel states inside each other. */
static void nest(struct ms_buf *text, int depth)
{
  for (int i = 0; i < depth; i++) {
    char head[128];
    snprintf(head, sizeof head,
             "{'StartAt':'%d','States':{'%d':{'Type':'Parallel','End':true,'Branches':[", i, i);
    put(text, head);
  }
  put(text, "{'StartAt':'x','States':{'x':{'Type':'Succeed'}}}");
  for (int i = 0; i < depth; i++) {
    put(text, "]}}}");
  }
}

MT_TEST(asl_limits__nesting_of_flows)
{
  struct ms_buf text;
  ms_buf_init(&text, MS_BUF_MAX_DEFAULT);
  nest(&text, MS_ASL_MAX_NESTING - 1);
  mt_eq_str(problems(ms_buf_view(&text), 100), "");
  ms_buf_reset(&text);
  nest(&text, MS_ASL_MAX_NESTING);
  const char *printed = problems(ms_buf_view(&text), 100);
  mt_ok(strstr(printed, "States are nested more than 64 deep (TOO_DEEPLY_NESTED at ") != NULL);
  ms_buf_deinit(&text);
}

static void nest_rules(struct ms_buf *text, int depth)
{
  put(text, "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Next':'B',");
  for (int i = 0; i < depth; i++) {
    put(text, "'Not':{");
  }
  put(text, "'Variable':'$.a','IsNull':true");
  for (int i = 0; i < depth; i++) {
    put(text, "}");
  }
  put(text, "}]},'B':{'Type':'Succeed'}}}");
}

MT_TEST(asl_limits__nesting_of_rules)
{
  struct ms_buf text;
  ms_buf_init(&text, MS_BUF_MAX_DEFAULT);
  nest_rules(&text, MS_ASL_MAX_RULE_NESTING);
  mt_eq_str(problems(ms_buf_view(&text), 100), "");
  ms_buf_reset(&text);
  nest_rules(&text, MS_ASL_MAX_RULE_NESTING + 1);
  const char *printed = problems(ms_buf_view(&text), 100);
  mt_ok(strstr(printed, "Rules are nested more than 64 deep (TOO_DEEPLY_NESTED at ") != NULL);
  ms_buf_deinit(&text);
}

MT_TEST(asl_limits__nesting_of_json)
{
  struct ms_buf text;
  ms_buf_init(&text, MS_BUF_MAX_DEFAULT);
  for (int i = 0; i < 200000; i++) {
    ms_buf_char(&text, '[');
  }
  const char *printed = problems(ms_buf_view(&text), 100);
  mt_ok(strstr(printed, "(TOO_DEEPLY_NESTED at [Source: ") != NULL);
  ms_buf_deinit(&text);
}

MT_TEST(asl_limits__size_of_the_text)
{
  struct ms_buf text;
  ms_buf_init(&text, MS_BUF_MAX_DEFAULT);
  put(&text, "{'StartAt':'A','States':{'A':{'Type':'Succeed'}}}");
  while (text.len < MS_ASL_MAX_TEXT) {
    ms_buf_char(&text, ' ');
  }
  mt_eq_str(problems(ms_buf_view(&text), 100), "");
  ms_buf_char(&text, ' ');
  mt_eq_str(problems(ms_buf_view(&text), 100),
            "error: Definition has 1048577 bytes, the maximum is 1048576 (SCHEMA_VALIDATION_FAILED)\n");
  ms_buf_deinit(&text);
}

MT_TEST(asl_limits__nul_in_names)
{
  const char *text = asl_text("{'StartAt':'a\\u0000b','States':{"
                              "'a\\u0000b':{'Type':'Pass','Next':'a\\u0000c'},"
                              "'a\\u0000c':{'Type':'Succeed'}}}");
  mt_eq_str(problems(ms_str_c(text), 100), "");
  static const char raw[] = "{\"a\0b\":1}";
  const char *printed = problems((struct ms_str){raw, sizeof raw - 1}, 100);
  mt_ok(strstr(printed, "INVALID_JSON_DESCRIPTION") != NULL);
}

MT_TEST(asl_limits__invalid_utf8)
{
  static const char raw[] = "{\"StartAt\":\"\xff\xfe\"}";
  const char *printed = problems((struct ms_str){raw, sizeof raw - 1}, 100);
  mt_ok(strstr(printed, "INVALID_JSON_DESCRIPTION") != NULL);
  mt_ok(strstr(printed, "\xff") == NULL);
}

/* Each of thousands of states has a target that is misspelled: guessing is bounded, and so is all else. */
MT_TEST(asl_limits__thousands_of_mistakes)
{
  struct ms_buf text;
  ms_buf_init(&text, MS_BUF_MAX_DEFAULT);
  put(&text, "{'StartAt':'state 0','States':{");
  for (int i = 0; i < 12000; i++) {
    char state[128];
    snprintf(state, sizeof state, "%s'state %d':{'Type':'Pass','Next':'stete %d','Foo':1,'Foo':2}",
             i == 0 ? "" : ",", i, i + 1);
    put(&text, state);
  }
  put(&text, "}}");
  mt_ok(text.len < MS_ASL_MAX_TEXT);
  const char *printed = problems(ms_buf_view(&text), 50);
  mt_ok(strstr(printed, "... and ") != NULL);
  ms_buf_deinit(&text);
}

MT_TEST(asl_limits__ten_thousand_states)
{
  struct ms_buf text;
  ms_buf_init(&text, MS_BUF_MAX_DEFAULT);
  put(&text, "{'StartAt':'0','States':{");
  for (int i = 0; i < 10000; i++) {
    char state[128];
    snprintf(state, sizeof state, "'%d':{'Type':'Wait','Seconds':%d,'Next':'%d'},", i, i, i + 1);
    put(&text, state);
  }
  put(&text, "'10000':{'Type':'Succeed'}}}");
  mt_eq_str(problems(ms_buf_view(&text), 100), "");
  ms_buf_deinit(&text);
}

struct oom_case {
  struct ms_str text;
  bool is_valid;
};

static int compile_once(void *user)
{
  const struct oom_case *c = user;
  struct ms_asl_options options = {.types = ms_states_all};
  struct ms_diagnostics list;
  struct ms_machine *machine = NULL;
  int err = ms_diagnostics_init(&list, 100);
  if (err != 0) {
    return err;
  }
  err = ms_asl_compile(&machine, c->text, &options, &list);
  if (err == 0) {
    struct ms_json references = ms_asl_variable_references(machine);
    err = ms_json_is_none(references) ? MSTEP_ENOMEM : 0;
    ms_json_unref(references);
  }
  ms_machine_unref(machine);
  ms_diagnostics_deinit(&list);
  return err == MSTEP_EDEFINITION && !c->is_valid ? 0 : err;
}

MT_TEST(asl_limits__lack_of_memory_in_a_valid_definition)
{
  struct oom_case c = {.is_valid = true};
  c.text = ms_str_c(asl_text(
      "{'Comment':'c','StartAt':'A','States':{"
      "'A':{'Type':'Choice','Choices':[{'And':[{'Variable':'$.a','StringEquals':'b'},"
      "{'Not':{'Rule':'rules.x'}}],'Next':'B','Assign':{'v.$':'$w'}}],'Default':'B'},"
      "'B':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke','InputPath':null,"
      "'Parameters':{'a.$':'States.Format(`{}`, $.x)','w':'$.y'},'ResultPath':'$.r',"
      "'TimeoutSeconds':5,'Credentials':{'RoleArn.$':'$.role'},"
      "'Retry':[{'ErrorEquals':['States.ALL']}],"
      "'Catch':[{'ErrorEquals':['x'],'Next':'C','Assign':{'z':1}}],'Next':'D'},"
      "'C':{'Type':'Fail','Error':'e','CausePath':'$.c'},"
      "'D':{'Type':'Map','Label':'l','End':true,'ItemReader':{'Resource':'arn:aws:states:::s3:getObject',"
      "'ReaderConfig':{'InputType':'CSV','CSVHeaderLocation':'FIRST_ROW','MaxItemsPath':'$m'}},"
      "'ItemProcessor':{'ProcessorConfig':{'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},"
      "'StartAt':'E','States':{'E':{'Type':'Pass','Parameters':{'q.$':'$inner'},'End':true}}}}}}"));
  mt_ok(mt_oom(compile_once, &c) > 100);
}

MT_TEST(asl_limits__lack_of_memory_in_a_faulty_definition)
{
  struct oom_case c = {.is_valid = false};
  c.text = ms_str_c(asl_text(
      "{'StartAt':'Q','Extra':1,'Extra':2,'QueryLanguage':'jsonpath','States':{"
      "'A':{'Type':'Psas','Next':'B'},'A':{'Type':'Pass','Next':'Bb','InputPath':'x['},"
      "'B':{'Type':'Wait','Seconds':'$.x','Timestamp':1},"
      "'C':{'Type':'Choice','Choices':[{'Variable':'$.a','StringEqual':'b','Next':'B'},{'And':[]}]},"
      "'D':{'Type':'Task','Resource':'arn:aws:states:::sqs:sendMesage','Retry':[{}],'Catch':[{}],"
      "'Assign':{'states':1,'a b':2}},"
      "'E':{'Type':'Map','Label':'a b','ItemReader':{'Resourc':1},'ItemBatcher':{},'ResultWriter':{},"
      "'ItemProcessor':{'StartAt':'A','States':{'A':{'Type':'Fail','Error':1}}}}}}"));
  mt_ok(mt_oom(compile_once, &c) > 100);
}

MT_TEST(asl_limits__lack_of_memory_in_text_that_is_not_json)
{
  struct oom_case c = {.text = MS_STR("{\"a\":1,}"), .is_valid = false};
  mt_ok(mt_oom(compile_once, &c) > 0);
}
