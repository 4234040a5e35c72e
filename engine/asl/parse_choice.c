/*
 * Choices: rules, their comparisons and nesting. A rule has exactly one of And, Or, Not, Variable,
 * Condition and (ours) Rule; only the rules of Choices itself have Next, Assign and Output.
 */
#include "asl/parse.h"
#include "base/time.h"

struct comparison {
  const char *name;
  enum ms_compare_family family;
  enum ms_compare_relation relation;
  bool is_path;
};

static const struct comparison comparisons[] = {
#define MS_COMPARISON(name, family, relation, is_path) \
  {name, MS_COMPARE_##family, MS_COMPARE_##relation, is_path},
#include "asl/comparisons.def"
#undef MS_COMPARISON
    {NULL, 0, 0, false}};

/* Members that decide, and the languages they are for. */
enum { SELECT_AND, SELECT_OR, SELECT_NOT, SELECT_VARIABLE, SELECT_CONDITION, SELECT_RULE, SELECT_COUNT };

static const struct selector {
  const char *name;
  unsigned flags;
} selectors[SELECT_COUNT + 1] = {{"And", MS_FIELD_IN_JSONPATH},     {"Or", MS_FIELD_IN_JSONPATH},
                                 {"Not", MS_FIELD_IN_JSONPATH},     {"Variable", MS_FIELD_IN_JSONPATH},
                                 {"Condition", MS_FIELD_IN_OTHERS}, {"Rule", MS_FIELD_IN_ALL | MS_FIELD_OURS},
                                 {NULL, 0}};

/* What one look over the members of a rule finds. */
struct rule_members {
  int selector;                    /* of the enum above, or -1 */
  uint32_t selector_count;
  const struct comparison *comparison;
  uint32_t comparison_count;
  bool has_unknown;                /* something was misspelled: do not also say what is missing */
};

static const struct comparison *find_comparison(struct ms_str key)
{
  for (const struct comparison *row = comparisons; row->name != NULL; row++) {
    if (ms_str_is(key, row->name)) {
      return row;
    }
  }
  return NULL;
}

static int find_selector(struct ms_str key)
{
  for (int i = 0; selectors[i].name != NULL; i++) {
    if (ms_str_is(key, selectors[i].name)) {
      return i;
    }
  }
  return -1;
}

static void unknown_member(struct ms_asl_parse *parse, struct ms_str key, bool is_top)
{
  struct ms_asl_guess guess;
  ms_asl_guess_begin(&guess, parse, key);
  for (const struct selector *row = selectors; row->name != NULL; row++) {
    ms_asl_guess_offer_c(&guess, row->name);
  }
  for (const struct comparison *row = comparisons; parse->is_jsonpath && row->name != NULL; row++) {
    ms_asl_guess_offer_c(&guess, row->name);
  }
  if (is_top) {
    ms_asl_guess_offer_c(&guess, "Next");
    ms_asl_guess_offer_c(&guess, "Assign");
  }
  struct ms_str hint = ms_asl_guess_hint(&guess);
  if (!is_top && (ms_str_is(key, "Next") || ms_str_is(key, "Assign") || ms_str_is(key, "Output"))) {
    hint = MS_STR("Only the rule that stands in Choices itself may have it.");
  }
  ms_asl_unsupported_field(parse, key, hint);
}

/* Members that are neither selector nor comparison; false when the name is none of them. */
static bool is_plain_member(struct ms_asl_parse *parse, struct ms_str key, bool is_top)
{
  if (ms_str_is(key, "Comment")) {
    return true;
  }
  if (!is_top) {
    return false;
  }
  if (ms_str_is(key, "Output") && parse->is_jsonpath) {
    ms_asl_other_language(parse, key, false);
  }
  return ms_str_is(key, "Next") || ms_str_is(key, "Assign") || ms_str_is(key, "Output");
}

static struct rule_members look_over(struct ms_asl_parse *parse, struct ms_json value, bool is_top)
{
  unsigned legal = parse->is_jsonpath ? MS_FIELD_IN_JSONPATH : MS_FIELD_IN_OTHERS;
  struct rule_members members = {.selector = -1};
  size_t count = ms_json_count(value);
  for (size_t i = 0; i < count; i++) {
    struct ms_str key = ms_json_key(value, i);
    int selector = find_selector(key);
    const struct comparison *comparison = find_comparison(key);
    if (selector >= 0) {
      members.selector = selector;
      members.selector_count++;
      if ((selectors[selector].flags & legal) == 0) {
        ms_asl_other_language(parse, key, (selectors[selector].flags & MS_FIELD_IN_JSONPATH) != 0);
        members.has_unknown = true;
      }
    } else if (comparison != NULL) {
      members.comparison = comparison;
      members.comparison_count++;
    } else if (!is_plain_member(parse, key, is_top)) {
      unknown_member(parse, key, is_top);
      members.has_unknown = true;
    }
  }
  return members;
}

/* Names the comparisons that are present: AWS's list has all of them and says less. */
static void too_many_comparisons(struct ms_asl_parse *parse, struct ms_json value)
{
  struct ms_buf list;
  ms_buf_init(&list, 4096);
  for (size_t i = 0; i < ms_json_count(value); i++) {
    const struct comparison *comparison = find_comparison(ms_json_key(value, i));
    if (comparison != NULL) {
      ms_buf_printf(&list, "%s%s", list.len == 0 ? "" : ", ", comparison->name);
    }
  }
  if (list.error != 0) {
    ms_asl_nomem(parse);
  } else {
    ms_asl_error(parse, "There should only be one of the following fields: [%s]", list.data);
  }
  ms_buf_deinit(&list);
}

/* Whether the rule has one way to decide, so that it can be read. */
static bool check_members(struct ms_asl_parse *parse, const struct rule_members *members,
                          struct ms_json value)
{
  if (members->selector_count != 1) {
    if (!members->has_unknown || members->selector_count > 1) {
      ms_asl_error(parse, "The object must have only one of the following fields, "
                          "[And, Or, Not, Variable, Condition]");
    }
    return false;
  }
  unsigned legal = parse->is_jsonpath ? MS_FIELD_IN_JSONPATH : MS_FIELD_IN_OTHERS;
  if ((selectors[members->selector].flags & legal) == 0) {
    return false;
  }
  if (members->selector != SELECT_VARIABLE && members->comparison_count > 0) {
    ms_asl_unsupported_field(parse, ms_str_c(members->comparison->name),
                             MS_STR("A comparison needs \"Variable\" beside it."));
    return false;
  }
  if (members->selector == SELECT_VARIABLE && members->comparison_count > 1) {
    too_many_comparisons(parse, value);
    return false;
  }
  if (members->selector == SELECT_VARIABLE && members->comparison_count == 0) {
    if (!members->has_unknown) {
      struct ms_asl_problem problem = {
          .code = MS_ASL_SCHEMA, .hint = MS_STR("Add one, such as \"StringEquals\" or \"IsPresent\".")};
      ms_asl_problem(parse, &problem, "A comparison operator is required");
    }
    return false;
  }
  return true;
}

/* `\*` and `\\` are the only escapes of StringMatches. */
static void check_pattern(struct ms_asl_parse *parse, struct ms_str pattern)
{
  for (size_t i = 0; i < pattern.len; i++) {
    if (pattern.data[i] != '\\') {
      continue;
    }
    i++;
    if (i >= pattern.len || (pattern.data[i] != '*' && pattern.data[i] != '\\')) {
      struct ms_asl_problem problem = {
          .code = MS_ASL_SCHEMA,
          .hint = MS_STR("Only \\* and \\\\ are escapes, written \"\\\\*\" and \"\\\\\\\\\" in JSON.")};
      ms_asl_problem(parse, &problem, "The pattern has an invalid escape sequence");
      return;
    }
  }
}

static bool check_operand(struct ms_asl_parse *parse, enum ms_compare_family family,
                          struct ms_json value)
{
  int64_t at_ms;
  switch (family) {
  case MS_COMPARE_STRING:
    return ms_asl_want_string(parse, value);
  case MS_COMPARE_MATCHES:
    if (!ms_asl_want_string(parse, value)) {
      return false;
    }
    check_pattern(parse, ms_json_text(value));
    return true;
  case MS_COMPARE_NUMERIC:
    if (!ms_json_is_number(value)) {
      ms_asl_expected(parse, "Number");
      return false;
    }
    return true;
  case MS_COMPARE_TIMESTAMP:
    if (!ms_asl_want_string(parse, value)) {
      return false;
    }
    if (!ms_time_parse(&at_ms, NULL, ms_json_text(value))) {
      ms_asl_error(parse, "String does not match RFC3339 timestamp");
      return false;
    }
    return true;
  default: /* BooleanEquals and the type tests */
    return ms_asl_want_boolean(parse, value);
  }
}

static bool has_path_form(enum ms_compare_family family)
{
  return family == MS_COMPARE_STRING || family == MS_COMPARE_TIMESTAMP;
}

static void read_comparison(struct ms_asl_parse *parse, const struct comparison *comparison,
                            struct ms_json value, struct ms_rule *rule)
{
  size_t mark = ms_asl_enter_c(parse, "Variable");
  struct ms_json variable = ms_json_getc(value, "Variable");
  if (ms_asl_want_string(parse, variable)) {
    rule->variable = ms_asl_query(parse, MS_STR("Variable"), variable, MS_QUERY_PATH, 0);
  }
  ms_asl_leave(parse, mark);
  rule->kind = MS_RULE_COMPARE;
  rule->family = comparison->family;
  rule->relation = comparison->relation;
  rule->operand.field = comparison->name;
  struct ms_json operand = ms_json_getc(value, comparison->name);
  mark = ms_asl_enter_c(parse, comparison->name);
  if (comparison->is_path) {
    if (ms_asl_want_string(parse, operand)) {
      rule->operand.kind = MS_SETTING_QUERY;
      rule->operand.query = ms_asl_query(parse, ms_str_c(comparison->name), operand,
                                         MS_QUERY_REFERENCE_PATH, 0);
    }
  } else if (check_operand(parse, comparison->family, operand)) {
    rule->operand.kind = MS_SETTING_LITERAL;
    rule->operand.literal = ms_asl_keep(parse, operand);
    if (has_path_form(comparison->family)) {
      ms_asl_warn_literal(parse, comparison->name, operand);
    }
  }
  ms_asl_leave(parse, mark);
}

static void read_condition(struct ms_asl_parse *parse, struct ms_json value, struct ms_rule *rule)
{
  rule->kind = MS_RULE_CONDITION;
  rule->operand.field = "Condition";
  if (ms_json_is_bool(value)) {
    rule->operand.kind = MS_SETTING_LITERAL;
    rule->operand.literal = value;
  } else if (ms_json_is_string(value)) {
    rule->operand.kind = MS_SETTING_QUERY;
    rule->operand.query = ms_asl_query(parse, MS_STR("Condition"), value, MS_QUERY_EXPRESSION, 0);
  } else {
    ms_asl_expected(parse, "[BOOLEAN, STRING]");
  }
}

static bool is_name_start(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* "file.function" or deeper: Lua names with dots between. */
static bool is_function_path(struct ms_str text)
{
  size_t parts = 0;
  bool is_start = true;
  for (size_t i = 0; i < text.len; i++) {
    char c = text.data[i];
    if (is_start) {
      if (!is_name_start(c)) {
        return false;
      }
      parts++;
      is_start = false;
    } else if (c == '.') {
      is_start = true;
    } else if (!is_name_start(c) && !(c >= '0' && c <= '9')) {
      return false;
    }
  }
  return parts >= 2 && !is_start;
}

static void read_function(struct ms_asl_parse *parse, struct ms_json value, struct ms_rule *rule)
{
  rule->kind = MS_RULE_FUNCTION;
  ms_asl_ours(parse, MS_STR("Rule"),
              parse->is_jsonpath
                  ? MS_STR("Write it as comparisons, or with \"QueryLanguage\": \"JSONata\" as "
                           "\"Condition\": \"{% ... %}\".")
                  : MS_STR("Write it as \"Condition\": \"{% ... %}\" in JSONata."));
  if (!ms_asl_want_string(parse, value)) {
    return;
  }
  if (!is_function_path(ms_json_text(value))) {
    struct ms_asl_problem problem = {
        .code = MS_ASL_SCHEMA,
        .hint = MS_STR("Name a file of the rules folder and a function in it: \"rules.is_vip\".")};
    ms_asl_problem(parse, &problem, "The value for the field 'Rule' must be the name of a function");
    return;
  }
  rule->function = ms_asl_copy(parse, ms_json_text(value));
}

static void read_rule(struct ms_asl_parse *parse, struct ms_json value, struct ms_rule *rule,
                      uint32_t depth);

static void read_nested(struct ms_asl_parse *parse, struct ms_json value, struct ms_rule *rule,
                        uint32_t depth)
{
  if (depth >= MS_ASL_MAX_RULE_NESTING) {
    struct ms_asl_problem problem = {.code = "TOO_DEEPLY_NESTED"};
    ms_asl_problem(parse, &problem, "Rules are nested more than %d deep", MS_ASL_MAX_RULE_NESTING);
    return;
  }
  bool is_list = rule->kind != MS_RULE_NOT;
  if (is_list && !ms_asl_want_array(parse, value)) {
    return;
  }
  size_t count = is_list ? ms_json_count(value) : 1;
  if (count == 0) {
    ms_asl_error(parse, "Value cannot be empty");
    return;
  }
  rule->children = ms_arena_calloc(parse->machine->arena, count, sizeof *rule->children);
  if (rule->children == NULL) {
    ms_asl_nomem(parse);
    return;
  }
  rule->child_count = (uint32_t)count;
  for (size_t i = 0; i < count && parse->error == 0; i++) {
    size_t mark = parse->pointer.len;
    if (is_list) {
      (void)ms_asl_enter_index(parse, i);
    }
    read_rule(parse, is_list ? ms_json_at(value, i) : value, &rule->children[i], depth + 1);
    ms_asl_leave(parse, mark);
  }
}

static void read_selected(struct ms_asl_parse *parse, const struct rule_members *members,
                          struct ms_json value, struct ms_rule *rule, uint32_t depth)
{
  const char *name = selectors[members->selector].name;
  if (members->selector == SELECT_VARIABLE) {
    read_comparison(parse, members->comparison, value, rule);
    return;
  }
  size_t mark = ms_asl_enter_c(parse, name);
  struct ms_json selected = ms_json_getc(value, name);
  if (members->selector == SELECT_CONDITION) {
    read_condition(parse, selected, rule);
  } else if (members->selector == SELECT_RULE) {
    read_function(parse, selected, rule);
  } else {
    rule->kind = members->selector == SELECT_AND  ? MS_RULE_AND
                 : members->selector == SELECT_OR ? MS_RULE_OR
                                                  : MS_RULE_NOT;
    read_nested(parse, selected, rule, depth);
  }
  ms_asl_leave(parse, mark);
}

/* depth 0: a rule of Choices itself. */
static void read_rule(struct ms_asl_parse *parse, struct ms_json value, struct ms_rule *rule,
                      uint32_t depth)
{
  rule->next = MS_STATE_NONE;
  if (!ms_asl_want_object(parse, value)) {
    return;
  }
  struct rule_members members = look_over(parse, value, depth == 0);
  if (check_members(parse, &members, value)) {
    read_selected(parse, &members, value, rule, depth);
  }
}

/* What only a rule of Choices has. */
static void read_outcome(struct ms_asl_parse *parse, struct ms_json value, struct ms_rule *rule)
{
  struct ms_json next = ms_json_getc(value, "Next");
  struct ms_json assign = ms_json_getc(value, "Assign");
  struct ms_json output = ms_json_getc(value, "Output");
  if (ms_json_is_none(next)) {
    parse->has_lost_way = true;
    ms_asl_error(parse, "These fields are required: [Next]");
  } else {
    size_t mark = ms_asl_enter_c(parse, "Next");
    ms_asl_expect_transition(parse, &rule->next, parse->state->index, next);
    ms_asl_leave(parse, mark);
  }
  if (!ms_json_is_none(assign)) {
    size_t mark = ms_asl_enter_c(parse, "Assign");
    rule->assign = ms_asl_assign(parse, assign, 0);
    ms_asl_leave(parse, mark);
  }
  if (!ms_json_is_none(output) && !parse->is_jsonpath) {
    size_t mark = ms_asl_enter_c(parse, "Output");
    rule->output = ms_asl_template(parse, MS_STR("Output"), output, 0);
    ms_asl_leave(parse, mark);
  }
}

void ms_asl_choices(struct ms_asl_parse *parse, struct ms_json value, struct ms_choices *out)
{
  size_t count = ms_json_count(value);
  if (!ms_asl_want_array(parse, value) || count == 0) {
    parse->has_lost_way = true;
    if (ms_json_is_array(value)) {
      ms_asl_error(parse, "Value cannot be empty");
    }
    return;
  }
  out->rules = ms_arena_calloc(parse->machine->arena, count, sizeof *out->rules);
  if (out->rules == NULL) {
    ms_asl_nomem(parse);
    return;
  }
  out->count = (uint32_t)count;
  for (size_t i = 0; i < count && parse->error == 0; i++) {
    size_t mark = ms_asl_enter_index(parse, i);
    struct ms_json rule = ms_json_at(value, i);
    read_rule(parse, rule, &out->rules[i], 0);
    if (ms_json_is_object(rule)) {
      read_outcome(parse, rule, &out->rules[i]);
    } else {
      parse->has_lost_way = true;
    }
    ms_asl_leave(parse, mark);
  }
}
