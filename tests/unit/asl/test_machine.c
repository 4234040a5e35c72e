/* What a definition is compiled to: numbers, links, defaults, references. */
#include "asl/asl.h"
#include "asl_check.h"
#include "mstep/error.h"
#include "mt.h"
#include "states/states.h"
#include "states/types.h"

static const struct ms_state *state_of(const struct ms_machine *machine, const char *name)
{
  const struct ms_state *state = ms_machine_find(machine, ms_str_c(name));
  mt_ok(state != NULL);
  return state;
}

static const char nested_text[] =
    "{'Comment':'c','TimeoutSeconds':30,'StartAt':'A','States':{"
    "'A':{'Type':'Pass','Next':'P'},"
    "'P':{'Type':'Parallel','Next':'M','Branches':["
    "{'StartAt':'P1','States':{'P1':{'Type':'Pass','End':true}}},"
    "{'StartAt':'P3','States':{'P2':{'Type':'Succeed'},'P3':{'Type':'Pass','Next':'P2'}}}]},"
    "'M':{'Type':'Map','End':true,'ItemProcessor':{"
    "'ProcessorConfig':{'Mode':'DISTRIBUTED','ExecutionType':'EXPRESS'},"
    "'StartAt':'M1','States':{'M1':{'Type':'Succeed'}}}}}}";

MT_TEST(asl_machine__states_are_numbered_in_text_order)
{
  static const char *const names[] = {"A", "P", "P1", "P2", "P3", "M", "M1"};
  struct ms_machine *machine = asl_machine(nested_text);
  mt_eq_int(machine->state_count, 7);
  for (uint32_t i = 0; i < 7; i++) {
    mt_eq_mem(machine->states[i]->name.data, machine->states[i]->name.len, names[i]);
    mt_eq_int(machine->states[i]->index, i);
    mt_ok(ms_str_eq(ms_json_text(machine->states[i]->name_value), machine->states[i]->name));
  }
  ms_machine_unref(machine);
}

MT_TEST(asl_machine__transitions_are_indexes)
{
  struct ms_machine *machine = asl_machine(nested_text);
  mt_eq_int(machine->flow->start, 0);
  mt_eq_int(state_of(machine, "A")->next, 1);
  mt_eq_int(state_of(machine, "P")->next, 5);
  mt_eq_int(state_of(machine, "P1")->next, MS_STATE_NONE);
  mt_eq_int(state_of(machine, "P3")->next, 3);
  mt_eq_int(state_of(machine, "P2")->next, MS_STATE_NONE);
  mt_ok(ms_machine_find(machine, MS_STR("nobody")) == NULL);
  ms_machine_unref(machine);
}

MT_TEST(asl_machine__flows_know_their_owner)
{
  struct ms_machine *machine = asl_machine(nested_text);
  const struct ms_state *parallel = state_of(machine, "P");
  const struct ms_state *map = state_of(machine, "M");
  struct ms_flow *const *branches = parallel->type->flows(parallel);
  mt_ok(branches[0]->owner == parallel && branches[1]->owner == parallel);
  mt_eq_int(branches[1]->start, 4);
  mt_eq_int(branches[1]->kind, MS_FLOW_BRANCH);
  mt_eq_mem(branches[1]->pointer.data, branches[1]->pointer.len, "/States/P/Branches/1");
  struct ms_flow *processor = map->type->flows(map)[0];
  mt_eq_int(processor->kind, MS_FLOW_PROCESSOR);
  mt_ok(processor->is_distributed && processor->is_express);
  mt_ok(!machine->flow->is_distributed && machine->flow->owner == NULL);
  mt_ok(!ms_state_is_nested(parallel));
  mt_ok(ms_state_is_nested(state_of(machine, "M1")));
  mt_eq_mem(state_of(machine, "P3")->pointer.data, state_of(machine, "P3")->pointer.len,
            "/States/P/Branches/1/States/P3");
  ms_machine_unref(machine);
}

MT_TEST(asl_machine__keeps_text_comment_and_timeout)
{
  struct ms_machine *machine = asl_machine(nested_text);
  const char *text = asl_text(nested_text);
  mt_eq_mem(machine->text.data, machine->text.len, text);
  mt_eq_mem(machine->comment.data, machine->comment.len, "c");
  mt_eq_int(machine->timeout_seconds, 30);
  mt_eq_str(machine->lang->name, "JSONPath");
  ms_machine_unref(machine);
}

MT_TEST(asl_machine__is_counted)
{
  mt_leak_begin();
  struct ms_machine *machine = asl_machine(nested_text);
  mt_ok(ms_machine_ref(machine) == machine);
  ms_machine_unref(machine);
  mt_eq_int(machine->state_count, 7);
  ms_machine_unref(machine);
  ms_machine_unref(NULL);
  mt_leak_end();
}

MT_TEST(asl_machine__paths)
{
  struct ms_machine *machine = asl_machine(
      "{'StartAt':'A','States':{"
      "'A':{'Type':'Pass','InputPath':null,'OutputPath':'$.o','ResultPath':null,'Next':'B'},"
      "'B':{'Type':'Pass','ResultPath':'$','Next':'C'},"
      "'C':{'Type':'Pass','ResultPath':'$.r','Result':{'a.$':'$'},'End':true}}}");
  const struct ms_state *a = state_of(machine, "A");
  mt_ok(a->input_path != NULL && a->output_path != NULL);
  mt_eq_int(a->input_path->kind, MS_QUERY_TEMPLATE);
  mt_eq_int(a->output_path->kind, MS_QUERY_PATH);
  mt_ok(a->is_discarding && a->result_path == NULL);
  const struct ms_state *b = state_of(machine, "B");
  mt_ok(!b->is_discarding && b->result_path == NULL);
  const struct ms_state *c = state_of(machine, "C");
  mt_ok(c->result_path != NULL && c->input_path == NULL && c->parameters == NULL);
  ms_machine_unref(machine);
}

MT_TEST(asl_machine__retriers_and_catchers)
{
  struct ms_machine *machine = asl_machine(
      "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
      "'Retry':[{'ErrorEquals':['x','y']},{'ErrorEquals':['z'],'IntervalSeconds':3,'MaxAttempts':0,"
      "'BackoffRate':1.5,'MaxDelaySeconds':9,'JitterStrategy':'FULL'}],"
      "'Catch':[{'ErrorEquals':['x'],'Next':'B'},"
      "{'ErrorEquals':['States.ALL'],'Next':'B','ResultPath':null,'Assign':{'v':1}}],"
      "'End':true},'B':{'Type':'Fail'}}}");
  const struct ms_state *a = state_of(machine, "A");
  mt_eq_int(a->retrier_count, 2);
  mt_eq_int(a->retriers[0].error_count, 2);
  mt_eq_mem(a->retriers[0].errors[1].data, a->retriers[0].errors[1].len, "y");
  mt_eq_int(a->retriers[0].interval_seconds, 1);
  mt_eq_int(a->retriers[0].max_attempts, 3);
  mt_ok(a->retriers[0].backoff_rate == 2.0);
  mt_eq_int(a->retriers[0].max_delay_seconds, 0);
  mt_eq_int(a->retriers[0].jitter, MS_JITTER_NONE);
  mt_eq_int(a->retriers[1].interval_seconds, 3);
  mt_eq_int(a->retriers[1].max_attempts, 0);
  mt_ok(a->retriers[1].backoff_rate == 1.5);
  mt_eq_int(a->retriers[1].max_delay_seconds, 9);
  mt_eq_int(a->retriers[1].jitter, MS_JITTER_FULL);
  mt_eq_int(a->catcher_count, 2);
  mt_eq_int(a->catchers[0].next, 1);
  mt_ok(!a->catchers[0].is_discarding && a->catchers[0].result_path == NULL);
  mt_ok(a->catchers[1].is_discarding && a->catchers[1].assign != NULL);
  ms_machine_unref(machine);
}

/* The settings of a state by the row of its field, as the run time sees them. */
static const struct ms_setting *setting_of(const struct ms_state *state, const char *name)
{
  for (const struct ms_field *field = state->type->fields; field->name != NULL; field++) {
    if (strcmp(field->name, name) == 0) {
      return (const void *)((const char *)state + field->offset);
    }
  }
  return NULL;
}

MT_TEST(asl_machine__settings)
{
  struct ms_machine *machine =
      asl_machine("{'StartAt':'A','States':{'A':{'Type':'Wait','Seconds':5,'Next':'B'},"
                  "'B':{'Type':'Wait','SecondsPath':'$.s','Next':'C'},"
                  "'C':{'Type':'Wait','Timestamp':'2024-01-01T00:00:00Z','Next':'D'},"
                  "'D':{'Type':'Fail','CausePath':'$.c'}}}");
  const struct ms_setting *seconds = setting_of(state_of(machine, "A"), "Seconds");
  mt_eq_int(seconds->kind, MS_SETTING_LITERAL);
  mt_eq_json(seconds->literal, "5");
  mt_eq_str(seconds->field, "Seconds");
  mt_eq_int(seconds->max, 99999999);
  seconds = setting_of(state_of(machine, "B"), "Seconds");
  mt_eq_int(seconds->kind, MS_SETTING_QUERY);
  mt_eq_str(seconds->field, "SecondsPath");
  mt_ok(seconds->query != NULL);
  mt_eq_int(seconds->max, 99999999);
  mt_eq_int(setting_of(state_of(machine, "C"), "Seconds")->kind, MS_SETTING_ABSENT);
  mt_eq_json(setting_of(state_of(machine, "C"), "Timestamp")->literal, "\"2024-01-01T00:00:00Z\"");
  mt_eq_str(setting_of(state_of(machine, "D"), "Cause")->field, "CausePath");
  mt_eq_int(setting_of(state_of(machine, "D"), "Error")->kind, MS_SETTING_ABSENT);
  ms_machine_unref(machine);
}

MT_TEST(asl_machine__choices)
{
  struct ms_machine *machine = asl_machine(
      "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':["
      "{'Variable':'$.a','NumericGreaterThanEquals':1.50,'Next':'B','Assign':{'x':1}},"
      "{'And':[{'Variable':'$.a','StringLessThanPath':'$.b'},{'Not':{'Rule':'rules.vip'}}],"
      "'Next':'A'}],'Default':'B'},'B':{'Type':'Succeed'}}}");
  const struct ms_state *a = state_of(machine, "A");
  const struct ms_choices *choices = (const void *)setting_of(a, "Choices");
  mt_eq_int(choices->count, 2);
  const struct ms_rule *rule = &choices->rules[0];
  mt_eq_int(rule->kind, MS_RULE_COMPARE);
  mt_eq_int(rule->family, MS_COMPARE_NUMERIC);
  mt_eq_int(rule->relation, MS_COMPARE_GE);
  mt_eq_int(rule->operand.kind, MS_SETTING_LITERAL);
  mt_eq_json(rule->operand.literal, "1.50");
  mt_eq_int(rule->next, 1);
  mt_ok(rule->variable != NULL && rule->assign != NULL && rule->output == NULL);
  rule = &choices->rules[1];
  mt_eq_int(rule->kind, MS_RULE_AND);
  mt_eq_int(rule->child_count, 2);
  mt_eq_int(rule->next, 0);
  mt_eq_int(rule->children[0].operand.kind, MS_SETTING_QUERY);
  mt_eq_str(rule->children[0].operand.field, "StringLessThanPath");
  mt_eq_int(rule->children[0].next, MS_STATE_NONE);
  mt_eq_int(rule->children[1].kind, MS_RULE_NOT);
  mt_eq_int(rule->children[1].children[0].kind, MS_RULE_FUNCTION);
  const struct ms_rule *function = &rule->children[1].children[0];
  mt_eq_mem(function->function.data, function->function.len, "rules.vip");
  mt_eq_int(a->next, 1);
  ms_machine_unref(machine);
}

MT_TEST(asl_machine__map_keeps_reader_as_written)
{
  struct ms_machine *machine = asl_machine(
      "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'Label':'lab','MaxConcurrency':4,"
      "'ItemReader':{'Resource':'arn:aws:states:::s3:getObject','ReaderConfig':{'InputType':'JSON'},"
      "'Parameters':{'Bucket.$':'$.b'}},"
      "'ItemProcessor':{'ProcessorConfig':{'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},"
      "'StartAt':'B','States':{'B':{'Type':'Succeed'}}}}}}");
  const struct ms_state_map_fields *map = (const void *)state_of(machine, "A");
  mt_eq_json(map->item_reader,
             "{\"Resource\":\"arn:aws:states:::s3:getObject\",\"ReaderConfig\":{\"InputType\":"
             "\"JSON\"},\"Parameters\":{\"Bucket.$\":\"$.b\"}}");
  mt_eq_mem(map->label.data, map->label.len, "lab");
  mt_eq_json(map->max_concurrency.literal, "4");
  mt_ok(ms_json_is_none(map->item_batcher));
  ms_machine_unref(machine);
}

MT_TEST(asl_machine__variable_references)
{
  struct ms_machine *machine = asl_machine(
      "{'StartAt':'A','States':{'A':{'Type':'Pass','Assign':{'x':1,'y.$':'$zeta'},"
      "'Parameters':{'b.$':'$beta.c','a.$':'States.Format(`{}`, $alpha)','lit':'$no','b2.$':'$beta'},"
      "'Next':'M'},"
      "'M':{'Type':'Map','ItemsPath':'$items','End':true,'ItemReader':{"
      "'Resource':'arn:aws:states:::s3:getObject','ReaderConfig':{'InputType':'JSON',"
      "'MaxItemsPath':'$most'}},'ItemProcessor':{"
      "'ProcessorConfig':{'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},"
      "'StartAt':'B','States':{'B':{'Type':'Succeed'}}}}}}");
  struct ms_json references = ms_asl_variable_references(machine);
  mt_eq_json(references, "{\"A\":[\"alpha\",\"beta\",\"zeta\"],\"M\":[\"items\",\"most\"]}");
  ms_json_unref(references);
  ms_machine_unref(machine);
}

MT_TEST(asl_machine__no_variable_references)
{
  struct ms_machine *machine = asl_machine("{'StartAt':'A','States':{'A':{'Type':'Succeed'}}}");
  struct ms_json references = ms_asl_variable_references(machine);
  mt_eq_json(references, "{}");
  ms_json_unref(references);
  ms_machine_unref(machine);
}

MT_TEST(asl_machine__compiles_without_a_list_of_problems)
{
  struct ms_asl_options options = {.types = ms_states_all};
  struct ms_machine *machine;
  mt_leak_begin();
  mt_eq_int(ms_asl_compile(&machine, MS_STR("{}"), &options, NULL), MSTEP_EDEFINITION);
  mt_ok(machine == NULL);
  const char *text = asl_text("{'StartAt':'A','States':{'A':{'Type':'Succeed'}}}");
  mt_eq_int(ms_asl_compile(&machine, ms_str_c(text), &options, NULL), 0);
  ms_machine_unref(machine);
  mt_leak_end();
}
