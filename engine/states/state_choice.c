/* Choice: the first rule that holds says where to go; Default when none does. */
#include "base/error.h"
#include "core/decision.h"
#include "states/compare.h"
#include "states/setting.h"
#include "states/types.h"

#include <stddef.h>
#include <stdio.h>

struct state_choice {
  struct ms_state base; /* base.next is Default, or MS_STATE_NONE */
  struct ms_choices choices;
};

static const struct ms_field choice_fields[] = {
    MS_FIELDS_COMMON,
    MS_FIELDS_PATHS,
    {"Choices", MS_FIELD_CHOICES, MS_FIELD_IN_ALL | MS_FIELD_REQUIRED,
     offsetof(struct state_choice, choices), 0, 0, 0},
    {"Default", MS_FIELD_NEXT, MS_FIELD_IN_ALL, offsetof(struct ms_state, next), 0, 0, 0},
    MS_FIELDS_OUTPUT(0),
    MS_FIELDS_ASSIGN(0),
    MS_FIELDS_END};

/* What the rules of one visit are evaluated with. */
struct choice {
  struct ms_decision *decision;
  const struct ms_frame *frame;
  struct ms_json input; /* effective input */
  struct ms_failure *failure;
};

/* A path of a rule; a miss is a failure, whatever Default says. *out owned. */
static int look_up(struct ms_json *out, struct choice *choice, const struct ms_query *path)
{
  int status = ms_jsonpath_lookup(
      out, path, ms_decision_query(choice->decision, choice->frame, choice->input));
  if (status != MSTEP_ENOTFOUND)
    return status;
  return ms_fail(choice->failure, "States.Runtime",
                 "Invalid path '%.*s': The choice state's condition path references an invalid "
                 "value.",
                 MS_STR_ARG(ms_jsonpath_text(path)));
}

static int compare(bool *out, struct choice *choice, const struct ms_rule *rule)
{
  struct ms_json value = MS_JSON_VALUE_NONE, operand = MS_JSON_VALUE_NONE;
  int status;
  if (rule->family == MS_COMPARE_IS_PRESENT) {
    status = ms_jsonpath_lookup(
        &value, rule->variable, ms_decision_query(choice->decision, choice->frame, choice->input));
    status = status == MSTEP_ENOTFOUND ? 0 : status;
  } else {
    status = look_up(&value, choice, rule->variable);
  }
  if (status == 0 && rule->operand.kind == MS_SETTING_QUERY)
    status = look_up(&operand, choice, rule->operand.query);
  else if (status == 0)
    operand = ms_json_ref(rule->operand.literal);
  if (status == 0)
    *out = ms_compare_holds(rule, value, operand);
  ms_json_unref(value);
  ms_json_unref(operand);
  return status;
}

static int condition(bool *out, struct choice *choice, const struct ms_rule *rule)
{
  struct ms_json value = MS_JSON_VALUE_NONE;
  int status = ms_decision_setting(&value, choice->decision, choice->frame, &rule->operand,
                                   choice->frame->input, choice->failure);
  if (status == 0 && !ms_json_is_bool(value))
    status = ms_setting_fail_type(choice->failure, rule->operand.query, "Condition", "boolean", value);
  *out = ms_json_is_true(value);
  ms_json_unref(value);
  return status;
}

static int call_function(bool *out, struct choice *choice, const struct ms_rule *rule)
{
  const struct ms_core_env *env = choice->decision->env;
  if (env->rule == NULL)
    return ms_fail(choice->failure, "States.Runtime",
                   "The rule '%.*s' needs a rules folder, and there is none",
                   MS_STR_ARG(rule->function));
  struct ms_query_env *query = ms_decision_query(choice->decision, choice->frame, choice->input);
  struct ms_json context = query->context(query);
  return ms_json_is_none(context) ? ms_error_nomem()
                                  : env->rule(out, env->user, rule->function, choice->input,
                                              context, choice->failure);
}

static int holds(bool *out, struct choice *choice, const struct ms_rule *rule);

/* And, Or, Not: left to right, no further than needed. Depth is bounded by the definition's. */
static int combine(bool *out, struct choice *choice, const struct ms_rule *rule)
{
  bool stops_at = rule->kind != MS_RULE_AND;
  int status = 0;
  *out = !stops_at;
  for (uint32_t i = 0; i < rule->child_count; i++) {
    status = holds(out, choice, &rule->children[i]);
    if (status != 0 || *out == stops_at)
      break;
  }
  if (rule->kind == MS_RULE_NOT)
    *out = !*out;
  return status;
}

static int holds(bool *out, struct choice *choice, const struct ms_rule *rule)
{
  switch (rule->kind) {
  case MS_RULE_COMPARE:
    return compare(out, choice, rule);
  case MS_RULE_CONDITION:
    return condition(out, choice, rule);
  case MS_RULE_FUNCTION:
    return call_function(out, choice, rule);
  default:
    return combine(out, choice, rule);
  }
}

/* Puts "Choices[i]/" in front of where an expression failed. */
static void locate(struct ms_failure *failure, uint32_t index)
{
  if (!ms_json_is_string(failure->location))
    return;
  ms_json_replace(&failure->location,
                  ms_json_stringf("Choices[%u]/%.*s", (unsigned)index,
                                  MS_STR_ARG(ms_json_text(failure->location))));
}

/* The first rule that holds, or NULL. */
static int find_rule(const struct ms_rule **out, struct choice *choice)
{
  const struct ms_choices *choices = &((const struct state_choice *)choice->frame->state)->choices;
  *out = NULL;
  for (uint32_t i = 0; i < choices->count; i++) {
    bool is_true = false;
    int status = holds(&is_true, choice, &choices->rules[i]);
    if (status != 0) {
      locate(choice->failure, i);
      return status;
    }
    if (is_true) {
      *out = &choices->rules[i];
      return 0;
    }
  }
  return 0;
}

static int leave_by(struct choice *choice, const struct ms_rule *rule)
{
  const struct ms_state *state = choice->frame->state;
  struct ms_exit how = {.output = choice->input,
                        .assign_root = choice->input,
                        .assign = state->assign,
                        .output_query = state->output,
                        .next = state->next};
  char field[32] = "";
  if (rule != NULL) {
    const struct ms_choices *choices = &((const struct state_choice *)state)->choices;
    snprintf(field, sizeof(field), "Choices[%u]/", (unsigned)(rule - choices->rules));
    how.assign = rule->assign;
    how.output_query = rule->output;
    how.next = rule->next;
    how.field = field;
  }
  return ms_decision_exit(choice->decision, choice->frame, &how);
}

static int choice_enter(struct ms_decision *decision, const struct ms_frame *frame)
{
  struct ms_failure failure = MS_FAILURE_INIT;
  struct choice choice = {decision, frame, MS_JSON_VALUE_NONE, &failure};
  const struct ms_rule *rule = NULL;
  int status = ms_decision_input(&choice.input, decision, frame, &failure);
  if (status == 0)
    status = find_rule(&rule, &choice);
  if (status == 0 && rule == NULL && frame->state->next == MS_STATE_NONE)
    status = ms_fail(&failure, "States.Runtime",
                     "Failed to transition out of the state. The state does not point to a next "
                     "state.");
  if (status == 0)
    status = leave_by(&choice, rule);
  else
    status = ms_decision_settle(decision, frame, status, &failure);
  ms_json_unref(choice.input);
  ms_failure_deinit(&failure);
  return status;
}

const struct ms_state_type ms_state_choice = {
    .name = "Choice",
    .size = sizeof(struct state_choice),
    .fields = choice_fields,
    .enter = choice_enter,
};
