/*
 * A flow: the object with StartAt and States, be it the machine, a branch or a Map's processor. Makes its
 * scope of names, reads its states in the order of the text and notes StartAt as a transition.
 */
#include <stdio.h>

#include "asl/parse.h"
#include "mstep/error.h"

/* In the order in which AWS's "required" messages list them. */
struct flow_field {
  const char *name;
  bool is_required;
  bool is_of[3]; /* by enum ms_flow_kind */
};

static const struct flow_field flow_fields[] = {
    {"States", true, {true, true, true}},
    {"StartAt", true, {true, true, true}},
    {"Comment", false, {true, true, true}},
    {"ProcessorConfig", false, {false, false, true}},
    {"QueryLanguage", false, {true, false, false}},
    {"TimeoutSeconds", false, {true, false, false}},
    {"Version", false, {true, false, false}},
    {NULL, false, {false, false, false}}};

static bool is_flow_field(struct ms_str key, enum ms_flow_kind kind)
{
  for (const struct flow_field *field = flow_fields; field->name != NULL; field++) {
    if (field->is_of[kind] && ms_str_is(key, field->name)) {
      return true;
    }
  }
  return false;
}

static void unknown_flow_field(struct ms_asl_parse *parse, struct ms_str key, enum ms_flow_kind kind)
{
  struct ms_asl_guess guess;
  ms_asl_guess_begin(&guess, parse, key);
  for (const struct flow_field *field = flow_fields; field->name != NULL; field++) {
    if (field->is_of[kind]) {
      ms_asl_guess_offer_c(&guess, field->name);
    }
  }
  struct ms_str hint = ms_asl_guess_hint(&guess);
  if (kind != MS_FLOW_MACHINE && ms_str_is(key, "QueryLanguage")) {
    hint = MS_STR("Set it on the states inside, or on the whole state machine.");
  }
  ms_asl_unsupported_field(parse, key, hint);
}

static void check_flow_fields(struct ms_asl_parse *parse, struct ms_json value, enum ms_flow_kind kind)
{
  size_t count = ms_json_count(value);
  for (size_t i = 0; i < count; i++) {
    struct ms_str key = ms_json_key(value, i);
    if (!is_flow_field(key, kind)) {
      unknown_flow_field(parse, key, kind);
    }
  }
  char missing[64] = "";
  size_t len = 0;
  for (const struct flow_field *field = flow_fields; field->name != NULL; field++) {
    if (field->is_required && ms_json_is_none(ms_json_getc(value, field->name))) {
      int n = snprintf(missing + len, sizeof missing - len, "%s%s", len == 0 ? "" : ", ", field->name);
      len += (size_t)n;
    }
  }
  if (len > 0) {
    parse->has_lost_way = true;
    ms_asl_error(parse, "These fields are required: [%s]", missing);
  }
}

/* Names are looked up within a scope, so the scope's number stands before the name. */
bool ms_asl_scoped_key(struct ms_asl_parse *parse, uint32_t scope, struct ms_str name,
                       struct ms_str *key)
{
  struct ms_buf *text = &parse->text;
  ms_buf_reset(text);
  ms_buf_put(text, &scope, sizeof scope);
  ms_buf_str(text, name);
  if (text->error != 0) {
    ms_asl_nomem(parse);
    return false;
  }
  *key = ms_buf_view(text);
  return true;
}

void ms_asl_expect_transition(struct ms_asl_parse *parse, uint32_t *slot, uint32_t from,
                              struct ms_json value)
{
  *slot = MS_STATE_NONE;
  if (!ms_asl_want_string(parse, value)) {
    parse->has_lost_way = true;
    return;
  }
  struct ms_asl_transition transition = {.slot = slot,
                                         .from = from,
                                         .scope = parse->scope,
                                         .target = MS_STATE_NONE,
                                         .name = ms_json_text(value),
                                         .pointer = ms_asl_here(parse)};
  if (MS_VEC_RESERVE(&parse->transitions, SIZE_MAX, 1) != 0) {
    ms_asl_nomem(parse);
    return;
  }
  parse->transitions.data[parse->transitions.count++] = transition;
}

static void read_states(struct ms_asl_parse *parse, struct ms_json value)
{
  size_t mark = ms_asl_enter_c(parse, "States");
  if (ms_asl_want_object(parse, value)) {
    size_t count = ms_json_count(value);
    if (count == 0) {
      ms_asl_error(parse, "Value cannot be empty");
    }
    for (size_t i = 0; i < count && parse->error == 0; i++) {
      struct ms_str name = ms_json_key(value, i);
      size_t inner = ms_asl_enter(parse, name);
      ms_asl_state(parse, name, ms_json_key_value(value, i), ms_json_member(value, i));
      ms_asl_leave(parse, inner);
    }
  }
  ms_asl_leave(parse, mark);
}

static uint32_t add_scope(struct ms_asl_parse *parse, struct ms_flow *flow)
{
  if (MS_VEC_RESERVE(&parse->scopes, UINT32_MAX, 2) != 0) {
    ms_asl_nomem(parse);
    return 0;
  }
  if (parse->scopes.count == 0) {
    parse->scopes.data[parse->scopes.count++] = (struct ms_asl_scope){0};
  }
  struct ms_asl_scope scope = {.flow = flow, .parent = parse->scope,
                               .is_boundary = flow->is_distributed};
  parse->scopes.data[parse->scopes.count] = scope;
  return (uint32_t)parse->scopes.count++;
}

static void read_flow(struct ms_asl_parse *parse, struct ms_json value, struct ms_flow *flow)
{
  struct ms_json comment = ms_json_getc(value, "Comment");
  if (!ms_json_is_none(comment)) {
    size_t mark = ms_asl_enter_c(parse, "Comment");
    (void)ms_asl_want_string(parse, comment);
    ms_asl_leave(parse, mark);
  }
  struct ms_json start = ms_json_getc(value, "StartAt");
  struct ms_json states = ms_json_getc(value, "States");
  /* Without states there is nothing to be missed. */
  bool has_states = ms_json_is_object(states) && ms_json_count(states) > 0;
  if (!ms_json_is_none(start) && (has_states || !ms_json_is_string(start))) {
    size_t mark = ms_asl_enter_c(parse, "StartAt");
    ms_asl_expect_transition(parse, &flow->start, MS_STATE_NONE, start);
    ms_asl_leave(parse, mark);
  }
  if (!ms_json_is_none(states)) {
    read_states(parse, states);
  }
}

/* Reads what is inside with the parse set for it, and sets it back. */
static void enter_flow(struct ms_asl_parse *parse, struct ms_json value, struct ms_flow *flow)
{
  struct ms_state *state = parse->state;
  const struct ms_query_lang *lang = parse->lang;
  bool is_jsonpath = parse->is_jsonpath;
  bool is_mixed = parse->is_mixed;
  bool is_express = parse->is_express;
  uint32_t scope = parse->scope;
  uint32_t inner = add_scope(parse, flow);
  if (inner != 0) {
    parse->scope = inner;
    parse->depth++;
    parse->boundaries += flow->is_distributed;
    parse->is_express = is_express || flow->is_express;
    read_flow(parse, value, flow);
    parse->boundaries -= flow->is_distributed;
    parse->depth--;
  }
  parse->state = state;
  parse->lang = lang;
  parse->is_jsonpath = is_jsonpath;
  parse->is_mixed = is_mixed;
  parse->is_express = is_express;
  parse->scope = scope;
}

struct ms_flow *ms_asl_flow(struct ms_asl_parse *parse, struct ms_json value, enum ms_flow_kind kind,
                            const struct ms_state *owner)
{
  struct ms_flow *flow = ms_arena_calloc(parse->machine->arena, 1, sizeof *flow);
  if (flow == NULL) {
    ms_asl_nomem(parse);
    return NULL;
  }
  flow->kind = kind;
  flow->owner = owner;
  flow->start = MS_STATE_NONE;
  flow->pointer = ms_asl_copy(parse, ms_buf_view(&parse->pointer));
  if (!ms_asl_want_object(parse, value)) {
    return flow;
  }
  if (parse->depth >= MS_ASL_MAX_NESTING) {
    struct ms_asl_problem problem = {.code = "TOO_DEEPLY_NESTED"};
    ms_asl_problem(parse, &problem, "States are nested more than %d deep", MS_ASL_MAX_NESTING);
    return flow;
  }
  check_flow_fields(parse, value, kind);
  struct ms_json config = ms_json_getc(value, "ProcessorConfig");
  if (kind == MS_FLOW_PROCESSOR && !ms_json_is_none(config)) {
    ms_asl_processor_config(parse, config, flow);
  }
  enter_flow(parse, value, flow);
  return flow;
}
