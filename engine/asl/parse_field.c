/*
 * What each kind of field takes and what it is compiled to: one reader per enum ms_field_kind. Readers
 * write into the state at the row's offset. Fields with a structure of their own have a file of
 * their own (choice, retry, map, resource).
 */
#include "asl/parse.h"
#include "base/time.h"
#include "mstep/error.h"

typedef void field_reader(struct ms_asl_parse *parse, const struct ms_field *field,
                          struct ms_json value);

/* ---- what the machine keeps ---- */

struct ms_json ms_asl_keep(struct ms_asl_parse *parse, struct ms_json value)
{
  struct ms_machine *machine = parse->machine;
  if (ms_vec_reserve(&machine->values, &parse->value_capacity, (size_t)machine->value_count + 1,
                     sizeof *machine->values, UINT32_MAX - 1) != 0) {
    ms_asl_nomem(parse);
    return MS_JSON_VALUE_NONE;
  }
  machine->values[machine->value_count++] = ms_json_ref(value);
  return value;
}

struct ms_str ms_asl_copy(struct ms_asl_parse *parse, struct ms_str text)
{
  struct ms_str copy = ms_arena_str(parse->machine->arena, text);
  if (copy.data == NULL) {
    ms_asl_nomem(parse);
  }
  return copy;
}

static int reserve_query(struct ms_asl_parse *parse)
{
  struct ms_machine *machine = parse->machine;
  size_t needed = (size_t)machine->query_count + 1;
  int err = ms_vec_reserve(&machine->queries, &parse->query_capacity, needed,
                           sizeof *machine->queries, UINT32_MAX - 1);
  if (err == 0) {
    err = ms_vec_reserve(&machine->query_states, &parse->owner_capacity, needed,
                         sizeof *machine->query_states, UINT32_MAX - 1);
  }
  return err;
}

/* Only children of a distributed Map can see too little: elsewhere no place is kept. */
static void note_site(struct ms_asl_parse *parse, const struct ms_query *query)
{
  if (parse->boundaries == 0) {
    return;
  }
  if (MS_VEC_RESERVE(&parse->sites, SIZE_MAX, 1) != 0) {
    ms_asl_nomem(parse);
    return;
  }
  parse->sites.data[parse->sites.count++] =
      (struct ms_asl_site){.query = query, .pointer = ms_asl_here(parse), .scope = parse->scope};
}

struct ms_query *ms_asl_query(struct ms_asl_parse *parse, struct ms_str field, struct ms_json value,
                              enum ms_query_kind kind, unsigned allow)
{
  if (parse->lang == NULL || parse->error != 0) {
    return NULL;
  }
  if (reserve_query(parse) != 0) {
    ms_asl_nomem(parse);
    return NULL;
  }
  allow |= parse->options->is_portable ? MS_QUERY_PORTABLE : 0u;
  struct ms_query_source source = {.value = value, .kind = kind, .allow = allow, .field = field,
                                   .pointer = ms_buf_view(&parse->pointer)};
  struct ms_query *query = NULL;
  int err = parse->lang->compile(&query, parse->lang, &source, ms_asl_query_report, parse);
  if (err != 0) {
    if (err != MSTEP_EDEFINITION) {
      ms_asl_nomem(parse);
    }
    return NULL;
  }
  struct ms_machine *machine = parse->machine;
  machine->query_states[machine->query_count] = parse->state->index;
  machine->queries[machine->query_count++] = query;
  note_site(parse, query);
  return query;
}

bool ms_asl_is_expression(struct ms_str text)
{
  return ms_str_has_prefix(text, "{%") || ms_str_has_suffix(text, "%}");
}

/* ---- small helpers ---- */

static void *slot_at(struct ms_asl_parse *parse, size_t offset)
{
  return (char *)parse->state + offset;
}

static struct ms_str name_of(const struct ms_field *field)
{
  return ms_str_c(field->name);
}

static unsigned allow_of(const struct ms_field *field)
{
  return (field->flags & MS_FIELD_RESULT) != 0 ? MS_QUERY_ALLOW_RESULT : 0;
}

static void read_query(struct ms_asl_parse *parse, const struct ms_field *field,
                       struct ms_json value, enum ms_query_kind kind)
{
  struct ms_query **slot = slot_at(parse, field->offset);
  *slot = ms_asl_query(parse, name_of(field), value, kind, allow_of(field));
}

/* The setting, told what it is called and may be. */
static struct ms_setting *begin_setting(struct ms_asl_parse *parse, const struct ms_field *field)
{
  struct ms_setting *setting = slot_at(parse, field->offset);
  setting->field = field->name;
  setting->min = field->min;
  setting->max = field->max;
  return setting;
}

static void set_query(struct ms_setting *setting, struct ms_query *query)
{
  setting->kind = MS_SETTING_QUERY;
  setting->query = query;
}

static void set_literal(struct ms_setting *setting, struct ms_json literal)
{
  setting->kind = MS_SETTING_LITERAL;
  setting->literal = literal;
}

/* Reads an expression where the language has them; false: the value is a literal. */
static bool read_expression(struct ms_asl_parse *parse, const struct ms_field *field,
                            struct ms_json value)
{
  if (parse->is_jsonpath || !ms_json_is_string(value) ||
      !ms_asl_is_expression(ms_json_text(value))) {
    return false;
  }
  struct ms_query *query =
      ms_asl_query(parse, name_of(field), value, MS_QUERY_EXPRESSION, allow_of(field));
  set_query(begin_setting(parse, field), query);
  return true;
}

/* `"Seconds": "$.x"`: says which field takes the path. True when it was said. */
static bool refuse_path(struct ms_asl_parse *parse, const struct ms_field *field,
                        struct ms_json value, const char *type)
{
  if (!ms_json_is_string(value) || !ms_asl_looks_dynamic(ms_json_text(value))) {
    return false;
  }
  struct ms_asl_problem problem = {.code = MS_ASL_SCHEMA};
  if (parse->is_jsonpath) {
    problem.hint = ms_asl_hintf(parse, "Use \"%sPath\" to read the value from a path.", field->name);
  } else {
    problem.hint = MS_STR("Use an expression in {% %}.");
  }
  ms_asl_problem(parse, &problem, "Expected value of type %s", type);
  return true;
}

/* ---- the readers ---- */

static void read_ignored(struct ms_asl_parse *parse, const struct ms_field *field,
                         struct ms_json value)
{
  if (ms_str_is(name_of(field), "Comment")) {
    (void)ms_asl_want_string(parse, value);
  }
}

static void read_next(struct ms_asl_parse *parse, const struct ms_field *field, struct ms_json value)
{
  ms_asl_expect_transition(parse, slot_at(parse, field->offset), parse->state->index, value);
}

static void read_end(struct ms_asl_parse *parse, const struct ms_field *field, struct ms_json value)
{
  (void)field;
  (void)ms_asl_want_boolean(parse, value);
}

static void read_string(struct ms_asl_parse *parse, const struct ms_field *field,
                        struct ms_json value)
{
  struct ms_str *slot = slot_at(parse, field->offset);
  if (ms_str_is(name_of(field), "Label")) {
    ms_asl_label(parse, value, slot);
  } else if (ms_asl_want_string(parse, value)) {
    *slot = ms_asl_copy(parse, ms_json_text(value));
  }
}

static void read_boolean(struct ms_asl_parse *parse, const struct ms_field *field,
                         struct ms_json value)
{
  if (ms_asl_want_boolean(parse, value)) {
    *(bool *)slot_at(parse, field->offset) = ms_json_is_true(value);
  }
}

static void read_json(struct ms_asl_parse *parse, const struct ms_field *field, struct ms_json value)
{
  *(struct ms_json *)slot_at(parse, field->offset) = ms_asl_keep(parse, value);
  ms_asl_warn_literal(parse, field->name, value);
}

static void read_path(struct ms_asl_parse *parse, const struct ms_field *field, struct ms_json value)
{
  if (ms_json_is_null(value)) {
    struct ms_json empty = ms_json_object(0);
    if (ms_json_is_none(empty)) {
      ms_asl_nomem(parse);
      return;
    }
    read_query(parse, field, empty, MS_QUERY_TEMPLATE);
    ms_json_unref(empty);
  } else if (ms_asl_want_string(parse, value)) {
    read_query(parse, field, value, MS_QUERY_PATH);
  }
}

static void read_reference_path(struct ms_asl_parse *parse, const struct ms_field *field,
                                struct ms_json value)
{
  if (ms_asl_want_string(parse, value)) {
    read_query(parse, field, value, MS_QUERY_REFERENCE_PATH);
  }
}

void ms_asl_result_path(struct ms_asl_parse *parse, struct ms_json value, struct ms_query **out,
                        bool *is_discarding)
{
  if (ms_json_is_null(value)) {
    *is_discarding = true;
    return;
  }
  if (!ms_asl_want_string(parse, value)) {
    return;
  }
  struct ms_str text = ms_json_text(value);
  bool is_path = text.len > 0 && text.data[0] == '$';
  if (is_path && text.len > 1 && text.data[1] != '.' && text.data[1] != '[') {
    ms_asl_error(parse, "The value for the field 'ResultPath' must be a Reference Path of the state "
                        "input: '$$' and variables cannot be written to");
    return;
  }
  struct ms_query *query =
      ms_asl_query(parse, MS_STR("ResultPath"), value, MS_QUERY_REFERENCE_PATH, 0);
  *out = text.len == 1 ? NULL : query; /* `$` is the default: replace all */
}

static void read_result_path(struct ms_asl_parse *parse, const struct ms_field *field,
                             struct ms_json value)
{
  ms_asl_result_path(parse, value, slot_at(parse, field->offset), slot_at(parse, field->offset2));
}

struct ms_query *ms_asl_template(struct ms_asl_parse *parse, struct ms_str field,
                                 struct ms_json value, unsigned allow)
{
  if (parse->is_jsonpath) {
    ms_asl_warn_template(parse, value);
  }
  return ms_asl_query(parse, field, value, MS_QUERY_TEMPLATE, allow);
}

static void read_template(struct ms_asl_parse *parse, const struct ms_field *field,
                          struct ms_json value)
{
  struct ms_query **slot = slot_at(parse, field->offset);
  *slot = ms_asl_template(parse, name_of(field), value, allow_of(field));
}

static void read_assign(struct ms_asl_parse *parse, const struct ms_field *field,
                        struct ms_json value)
{
  struct ms_query **slot = slot_at(parse, field->offset);
  *slot = ms_asl_assign(parse, value, allow_of(field));
}

static void read_integer(struct ms_asl_parse *parse, const struct ms_field *field,
                         struct ms_json value)
{
  int64_t number;
  if (!read_expression(parse, field, value) && !refuse_path(parse, field, value, "Integer") &&
      ms_asl_want_integer(parse, value, field->min, field->max, &number)) {
    set_literal(begin_setting(parse, field), ms_json_int(number));
  }
}

static void read_number(struct ms_asl_parse *parse, const struct ms_field *field,
                        struct ms_json value)
{
  if (!read_expression(parse, field, value) && !refuse_path(parse, field, value, "Number") &&
      ms_asl_want_number(parse, value, (double)field->min, (double)field->max)) {
    set_literal(begin_setting(parse, field), ms_asl_keep(parse, value));
  }
}

static void read_text(struct ms_asl_parse *parse, const struct ms_field *field, struct ms_json value)
{
  if (!read_expression(parse, field, value) && ms_asl_want_string(parse, value)) {
    set_literal(begin_setting(parse, field), ms_asl_keep(parse, value));
    ms_asl_warn_literal(parse, field->name, value);
  }
}

static void read_timestamp(struct ms_asl_parse *parse, const struct ms_field *field,
                           struct ms_json value)
{
  int64_t at_ms;
  if (read_expression(parse, field, value) || !ms_asl_want_string(parse, value)) {
    return;
  }
  if (ms_time_parse(&at_ms, NULL, ms_json_text(value))) {
    set_literal(begin_setting(parse, field), ms_asl_keep(parse, value));
    return;
  }
  struct ms_asl_problem problem = {
      .code = MS_ASL_SCHEMA, .hint = MS_STR("Write it as \"2030-01-31T12:00:00Z\".")};
  if (ms_asl_looks_dynamic(ms_json_text(value)) && parse->is_jsonpath) {
    problem.hint = ms_asl_hintf(parse, "Use \"%sPath\" to read the value from a path.", field->name);
  }
  ms_asl_problem(parse, &problem, "String does not match RFC3339 timestamp");
}

static void read_setting_path(struct ms_asl_parse *parse, const struct ms_field *field,
                              struct ms_json value)
{
  if (ms_asl_want_string(parse, value)) {
    set_query(begin_setting(parse, field),
              ms_asl_query(parse, name_of(field), value, MS_QUERY_REFERENCE_PATH, 0));
  }
}

static void read_text_path(struct ms_asl_parse *parse, const struct ms_field *field,
                           struct ms_json value)
{
  if (ms_asl_want_string(parse, value)) {
    set_query(begin_setting(parse, field),
              ms_asl_query(parse, name_of(field), value, MS_QUERY_PATH_OR_CALL, 0));
  }
}

static void read_items(struct ms_asl_parse *parse, const struct ms_field *field, struct ms_json value)
{
  if (ms_json_is_string(value)) {
    read_query(parse, field, value, MS_QUERY_EXPRESSION);
  } else if (ms_json_is_array(value) || ms_json_is_object(value)) {
    read_query(parse, field, value, MS_QUERY_TEMPLATE);
  } else {
    ms_asl_expected(parse, "[ARRAY, OBJECT, STRING]");
  }
}

static void read_retry(struct ms_asl_parse *parse, const struct ms_field *field, struct ms_json value)
{
  (void)field;
  ms_asl_retry(parse, value);
}

static void read_catch(struct ms_asl_parse *parse, const struct ms_field *field, struct ms_json value)
{
  (void)field;
  ms_asl_catch(parse, value);
}

static void read_choices(struct ms_asl_parse *parse, const struct ms_field *field,
                         struct ms_json value)
{
  ms_asl_choices(parse, value, slot_at(parse, field->offset));
}

static void read_branches(struct ms_asl_parse *parse, const struct ms_field *field,
                          struct ms_json value)
{
  struct ms_branches *out = slot_at(parse, field->offset);
  const struct ms_state *owner = parse->state;
  if (!ms_asl_want_array(parse, value)) {
    return;
  }
  size_t count = ms_json_count(value);
  if (count == 0) {
    ms_asl_error(parse, "Value cannot be empty");
    return;
  }
  out->flows = ms_arena_calloc(parse->machine->arena, count, sizeof *out->flows);
  if (out->flows == NULL) {
    ms_asl_nomem(parse);
    return;
  }
  for (size_t i = 0; i < count && parse->error == 0; i++) {
    size_t mark = ms_asl_enter_index(parse, i);
    out->flows[i] = ms_asl_flow(parse, ms_json_at(value, i), MS_FLOW_BRANCH, owner);
    ms_asl_leave(parse, mark);
  }
  out->count = (uint32_t)count;
}

static void read_processor(struct ms_asl_parse *parse, const struct ms_field *field,
                           struct ms_json value)
{
  ms_asl_processor(parse, value, slot_at(parse, field->offset));
}

static void read_resource(struct ms_asl_parse *parse, const struct ms_field *field,
                          struct ms_json value)
{
  ms_asl_resource(parse, value, slot_at(parse, field->offset));
}

static void read_credentials(struct ms_asl_parse *parse, const struct ms_field *field,
                             struct ms_json value)
{
  if (!ms_asl_want_object(parse, value)) {
    return;
  }
  struct ms_json role = ms_json_getc(value, "RoleArn");
  struct ms_json dynamic = ms_json_getc(value, "RoleArn.$");
  if (ms_json_is_none(role) && (ms_json_is_none(dynamic) || !parse->is_jsonpath)) {
    ms_asl_error(parse, "The field 'RoleArn' is required but was missing");
    return;
  }
  if (!ms_json_is_none(role)) {
    size_t mark = ms_asl_enter_c(parse, "RoleArn");
    bool is_string = ms_asl_want_string(parse, role);
    ms_asl_leave(parse, mark);
    if (!is_string) {
      return;
    }
  }
  read_template(parse, field, value);
}

static void read_reader(struct ms_asl_parse *parse, const struct ms_field *field, struct ms_json value)
{
  *(struct ms_json *)slot_at(parse, field->offset) = ms_asl_keep(parse, value);
  ms_asl_reader(parse, value, slot_at(parse, field->offset2));
}

static void read_batcher(struct ms_asl_parse *parse, const struct ms_field *field,
                         struct ms_json value)
{
  *(struct ms_json *)slot_at(parse, field->offset) = ms_asl_keep(parse, value);
  ms_asl_batcher(parse, value, slot_at(parse, field->offset2));
}

static void read_writer(struct ms_asl_parse *parse, const struct ms_field *field, struct ms_json value)
{
  *(struct ms_json *)slot_at(parse, field->offset) = ms_asl_keep(parse, value);
  ms_asl_writer(parse, value, slot_at(parse, field->offset2));
}

static field_reader *const field_readers[] = {
    [MS_FIELD_IGNORED] = read_ignored,
    [MS_FIELD_NEXT] = read_next,
    [MS_FIELD_END] = read_end,
    [MS_FIELD_STRING] = read_string,
    [MS_FIELD_BOOLEAN] = read_boolean,
    [MS_FIELD_JSON] = read_json,
    [MS_FIELD_PATH] = read_path,
    [MS_FIELD_REFERENCE_PATH] = read_reference_path,
    [MS_FIELD_RESULT_PATH] = read_result_path,
    [MS_FIELD_TEMPLATE] = read_template,
    [MS_FIELD_ASSIGN] = read_assign,
    [MS_FIELD_INTEGER] = read_integer,
    [MS_FIELD_NUMBER] = read_number,
    [MS_FIELD_TEXT] = read_text,
    [MS_FIELD_TIMESTAMP] = read_timestamp,
    [MS_FIELD_SETTING_PATH] = read_setting_path,
    [MS_FIELD_TEXT_PATH] = read_text_path,
    [MS_FIELD_ITEMS] = read_items,
    [MS_FIELD_RETRY] = read_retry,
    [MS_FIELD_CATCH] = read_catch,
    [MS_FIELD_CHOICES] = read_choices,
    [MS_FIELD_BRANCHES] = read_branches,
    [MS_FIELD_PROCESSOR] = read_processor,
    [MS_FIELD_RESOURCE] = read_resource,
    [MS_FIELD_CREDENTIALS] = read_credentials,
    [MS_FIELD_READER] = read_reader,
    [MS_FIELD_BATCHER] = read_batcher,
    [MS_FIELD_WRITER] = read_writer,
};

void ms_asl_field(struct ms_asl_parse *parse, const struct ms_field *field, struct ms_json value)
{
  size_t mark = ms_asl_enter(parse, name_of(field));
  field_readers[field->kind](parse, field, value);
  ms_asl_leave(parse, mark);
}
