/*
 * One state: its name, type and language, then each member by the type's field table, then the rules
 * about sets of fields. What a single field takes is parse_field.c's and the readers' business.
 */
#include <stdint.h>

#include "asl/parse.h"
#include "base/utf8.h"

static const struct ms_state_type *find_type(const struct ms_asl_parse *parse, struct ms_str name)
{
  for (const struct ms_state_type *const *type = parse->options->types; *type != NULL; type++) {
    if (ms_str_is(name, (*type)->name)) {
      return *type;
    }
  }
  return NULL;
}

static void unknown_type(struct ms_asl_parse *parse, struct ms_str name)
{
  struct ms_asl_guess guess;
  struct ms_buf list;
  ms_asl_guess_begin(&guess, parse, name);
  ms_buf_init(&list, 4096);
  for (const struct ms_state_type *const *type = parse->options->types; *type != NULL; type++) {
    ms_buf_printf(&list, "%s%s", list.len == 0 ? "" : ", ", (*type)->name);
    ms_asl_guess_offer_c(&guess, (*type)->name);
  }
  if (list.error != 0) {
    ms_asl_nomem(parse);
  } else {
    struct ms_asl_problem problem = {.code = MS_ASL_SCHEMA, .hint = ms_asl_guess_hint(&guess)};
    ms_asl_problem(parse, &problem, "The field 'Type' should have one of these values: [%s]",
                   list.data == NULL ? "" : list.data);
  }
  ms_buf_deinit(&list);
}

static const struct ms_state_type *read_type(struct ms_asl_parse *parse, struct ms_json value)
{
  struct ms_json name = ms_json_getc(value, "Type");
  if (ms_json_is_none(name)) {
    ms_asl_error(parse, "The field 'Type' is required");
    return NULL;
  }
  const struct ms_state_type *type = find_type(parse, ms_json_text(name));
  if (type == NULL) {
    size_t mark = ms_asl_enter_c(parse, "Type");
    unknown_type(parse, ms_json_text(name));
    ms_asl_leave(parse, mark);
  }
  return type;
}

static void *lookup_name(struct ms_asl_parse *parse, uint32_t scope, struct ms_str name)
{
  struct ms_str key;
  return ms_asl_scoped_key(parse, scope, name, &key) ? ms_map_get(&parse->names, key) : NULL;
}

static void put_name(struct ms_asl_parse *parse, uint32_t scope, struct ms_str name, uint32_t index)
{
  struct ms_str key;
  void *value = (void *)((uintptr_t)index + 1);
  if (ms_asl_scoped_key(parse, scope, name, &key) &&
      ms_map_put(&parse->names, key, value, NULL) != 0) {
    ms_asl_nomem(parse);
  }
}

static void check_name(struct ms_asl_parse *parse, struct ms_str name)
{
  struct ms_asl_problem problem = {.code = "INVALID_STATE_NAME", .is_at_name = true};
  if (name.len == 0) {
    ms_asl_problem(parse, &problem, "State name cannot be empty");
  } else if (name.len > MS_ASL_MAX_NAME && ms_utf8_count(name) > MS_ASL_MAX_NAME) {
    ms_asl_problem(parse, &problem,
                   "State name '%.*s' exceeds the %d-character limit allowed by the service",
                   MS_STR_ARG(name), MS_ASL_MAX_NAME);
  }
  if (lookup_name(parse, 0, name) != NULL) {
    problem.code = "DUPLICATE_STATE_NAME";
    problem.hint = MS_STR("Names of states are unique across the whole state machine.");
    ms_asl_problem(parse, &problem, "Duplicate State name: %.*s", MS_STR_ARG(name));
  }
}

/* Makes the compiled state and gives it its number. */
static struct ms_state *add_state(struct ms_asl_parse *parse, const struct ms_state_type *type,
                                  struct ms_str name, struct ms_json name_value)
{
  struct ms_machine *machine = parse->machine;
  struct ms_state *state =
      ms_arena_calloc(machine->arena, 1, type == NULL ? sizeof *state : type->size);
  if (state == NULL || ms_vec_reserve(&machine->states, &parse->state_capacity,
                                      (size_t)machine->state_count + 1, sizeof *machine->states,
                                      UINT32_MAX - 1) != 0) {
    ms_asl_nomem(parse);
    return NULL;
  }
  state->type = type;
  state->flow = parse->scopes.data[parse->scope].flow;
  state->name_value = ms_asl_keep(parse, name_value);
  state->name = ms_asl_copy(parse, name);
  state->pointer = ms_asl_copy(parse, ms_buf_view(&parse->pointer));
  state->index = machine->state_count;
  state->next = MS_STATE_NONE;
  machine->states[machine->state_count++] = state;
  if (lookup_name(parse, 0, name) == NULL) {
    put_name(parse, 0, name, state->index);
  }
  put_name(parse, parse->scope, name, state->index);
  return state;
}

static void read_language(struct ms_asl_parse *parse, struct ms_state *state, struct ms_json value)
{
  struct ms_json language = ms_json_getc(value, "QueryLanguage");
  parse->is_mixed = false;
  parse->lang = parse->machine->lang;
  parse->is_jsonpath = parse->is_machine_jsonpath;
  if (!ms_json_is_none(language)) {
    parse->lang = ms_asl_language(parse, language, &parse->is_jsonpath);
  }
  state->lang = parse->lang;
  if (parse->is_jsonpath && !parse->is_machine_jsonpath) {
    const struct ms_query_lang *whole = parse->machine->lang;
    parse->is_mixed = true;
    struct ms_asl_problem problem = {.code = MS_ASL_SCHEMA, .key = MS_STR("QueryLanguage")};
    ms_asl_problem(parse, &problem,
                   "'QueryLanguage' can not be 'JSONPath' if set to '%s' for whole state machine",
                   whole == NULL ? "JSONata" : whole->name);
  }
}

static const struct ms_field *find_field(const struct ms_state_type *type, struct ms_str key)
{
  for (const struct ms_field *field = type->fields; field->name != NULL; field++) {
    if (ms_str_is(key, field->name)) {
      return field;
    }
  }
  return NULL;
}

/* "Task, Parallel and Map states have it.", or empty. */
static struct ms_str elsewhere_hint(struct ms_asl_parse *parse, const struct ms_state_type *type,
                                    struct ms_str key)
{
  if (type->is_terminal && (ms_str_is(key, "Next") || ms_str_is(key, "End"))) {
    return MS_STR("A state of this type is always an end.");
  }
  struct ms_buf list;
  struct ms_str hint = {NULL, 0};
  ms_buf_init(&list, 4096);
  for (const struct ms_state_type *const *at = parse->options->types; *at != NULL; at++) {
    if (find_field(*at, key) != NULL) {
      ms_buf_printf(&list, "%s%s", list.len == 0 ? "" : ", ", (*at)->name);
    }
  }
  if (list.error != 0) {
    ms_asl_nomem(parse);
  } else if (list.len > 0) {
    hint = ms_asl_hintf(parse, "Only states of these types have it: %s.", list.data);
  }
  ms_buf_deinit(&list);
  return hint;
}

static void unknown_field(struct ms_asl_parse *parse, const struct ms_state_type *type,
                          struct ms_str key)
{
  struct ms_str hint = elsewhere_hint(parse, type, key);
  if (hint.data != NULL) {
    ms_asl_unsupported_field(parse, key, hint);
    return;
  }
  unsigned legal = parse->is_jsonpath ? MS_FIELD_IN_JSONPATH : MS_FIELD_IN_OTHERS;
  struct ms_asl_guess guess;
  ms_asl_guess_begin(&guess, parse, key);
  for (const struct ms_field *field = type->fields; field->name != NULL; field++) {
    if ((field->flags & legal) != 0) {
      ms_asl_guess_offer_c(&guess, field->name);
    }
  }
  ms_asl_unsupported_field(parse, key, ms_asl_guess_hint(&guess));
}

static void read_fields(struct ms_asl_parse *parse, const struct ms_state_type *type,
                        struct ms_json value)
{
  unsigned legal = parse->is_jsonpath ? MS_FIELD_IN_JSONPATH : MS_FIELD_IN_OTHERS;
  size_t count = ms_json_count(value);
  for (size_t i = 0; i < count && parse->error == 0; i++) {
    struct ms_str key = ms_json_key(value, i);
    const struct ms_field *field = find_field(type, key);
    if (field == NULL) {
      unknown_field(parse, type, key);
    } else if ((field->flags & legal) == 0) {
      ms_asl_other_language(parse, key, (field->flags & MS_FIELD_IN_JSONPATH) != 0);
    } else {
      if ((field->flags & MS_FIELD_OURS) != 0) {
        size_t mark = ms_asl_enter(parse, key);
        ms_asl_ours(parse, key, MS_STR("Take it out, or run the machine here."));
        ms_asl_leave(parse, mark);
      }
      ms_asl_field(parse, field, ms_json_member(value, i));
    }
  }
}

static void check_required(struct ms_asl_parse *parse, const struct ms_state_type *type,
                           struct ms_json value)
{
  struct ms_buf missing;
  ms_buf_init(&missing, 4096);
  for (const struct ms_field *field = type->fields; field->name != NULL; field++) {
    if ((field->flags & MS_FIELD_REQUIRED) != 0 && ms_json_is_none(ms_json_getc(value, field->name))) {
      ms_buf_printf(&missing, "%s%s", missing.len == 0 ? "" : ", ", field->name);
    }
  }
  if (missing.error != 0) {
    ms_asl_nomem(parse);
  } else if (missing.len > 0) {
    ms_asl_error(parse, "These fields are required: [%s]", missing.data);
  }
  ms_buf_deinit(&missing);
}

static void print_group(struct ms_buf *out, const struct ms_field_group *group)
{
  ms_buf_char(out, '[');
  for (size_t i = 0; i < 5 && group->names[i] != NULL; i++) {
    ms_buf_printf(out, "%s%s", i == 0 ? "" : ", ", group->names[i]);
  }
  ms_buf_char(out, ']');
}

static void check_group(struct ms_asl_parse *parse, const struct ms_field_group *group,
                        struct ms_json value)
{
  size_t present = 0;
  for (size_t i = 0; i < 5 && group->names[i] != NULL; i++) {
    present += !ms_json_is_none(ms_json_getc(value, group->names[i]));
  }
  if (present == 1 || (present == 0 && !group->is_required)) {
    return;
  }
  struct ms_buf list;
  ms_buf_init(&list, 4096);
  print_group(&list, group);
  if (list.error != 0) {
    ms_asl_nomem(parse);
  } else {
    ms_asl_error(parse,
                 present == 0 ? "This object should have only one of the following fields: %s"
                              : "There should only be one of the following fields: %s",
                 list.data);
  }
  ms_buf_deinit(&list);
}

/* AWS has the same words for both and for neither. `End: false` is as good as no End. */
static void check_next(struct ms_asl_parse *parse, const struct ms_state_type *type,
                       struct ms_json value)
{
  struct ms_json end = ms_json_getc(value, "End");
  bool has_next = !ms_json_is_none(ms_json_getc(value, "Next"));
  bool is_false = ms_json_is_bool(end) && !ms_json_is_true(end);
  bool has_end = !ms_json_is_none(end) && (has_next || !is_false);
  parse->has_lost_way = parse->has_lost_way || (has_end && !ms_json_is_bool(end));
  if (!type->has_next || has_next != has_end) {
    return;
  }
  struct ms_asl_problem problem = {.code = MS_ASL_SCHEMA};
  if (!has_next) {
    parse->has_lost_way = true;
    problem.hint = MS_STR("Add \"Next\" with the name of a state, or \"End\": true.");
  }
  ms_asl_problem(parse, &problem,
                 "This object should have only one of the following fields: [Next, End]");
}

static void note_end(struct ms_asl_parse *parse, const struct ms_state *state, struct ms_json value)
{
  bool is_terminal = state->type == NULL || state->type->is_terminal ||
                     (state->type->has_next && ms_json_is_true(ms_json_getc(value, "End")));
  struct ms_asl_scope *scope = &parse->scopes.data[parse->scope];
  scope->has_end = scope->has_end || is_terminal;
}

/* Of a state whose type is not known only the way out is read, so that what follows it counts as reached. */
static void read_unknown(struct ms_asl_parse *parse, struct ms_state *state, struct ms_json value)
{
  struct ms_json next = ms_json_getc(value, "Next");
  if (ms_json_is_string(next)) {
    size_t mark = ms_asl_enter_c(parse, "Next");
    ms_asl_expect_transition(parse, &state->next, state->index, next);
    ms_asl_leave(parse, mark);
  }
}

static void read_known(struct ms_asl_parse *parse, struct ms_state *state, struct ms_json value)
{
  const struct ms_state_type *type = state->type;
  read_fields(parse, type, value);
  check_required(parse, type, value);
  check_next(parse, type, value);
  for (const struct ms_field_group *group = type->groups; group != NULL && group->names[0] != NULL;
       group++) {
    check_group(parse, group, value);
  }
  if (type->validate != NULL && type->validate(parse, state) != 0) {
    ms_asl_nomem(parse);
  }
}

void ms_asl_state(struct ms_asl_parse *parse, struct ms_str name, struct ms_json name_value,
                  struct ms_json value)
{
  check_name(parse, name);
  bool is_object = ms_asl_want_object(parse, value);
  const struct ms_state_type *type = is_object ? read_type(parse, value) : NULL;
  struct ms_state *state = add_state(parse, type, name, name_value);
  if (state == NULL) {
    return;
  }
  parse->state = state;
  read_language(parse, state, value);
  note_end(parse, state, value);
  if (type == NULL) {
    parse->has_lost_way = true;
    read_unknown(parse, state, value);
  } else {
    read_known(parse, state, value);
  }
}

void ms_asl_report(struct ms_asl_parse *parse, const struct ms_state *state, const char *field,
                   const char *code, const char *format, ...)
{
  /* Called while the state is being read: the place is that of its object. */
  (void)state;
  size_t mark = parse->pointer.len;
  if (field != NULL) {
    (void)ms_asl_enter_c(parse, field);
  }
  va_list args;
  va_start(args, format);
  ms_asl_vproblem(parse, &(struct ms_asl_problem){.code = code}, format, args);
  va_end(args);
  ms_asl_leave(parse, mark);
}

bool ms_asl_is_express(const struct ms_asl_parse *parse)
{
  return parse->is_express;
}
