/*
 * What only Map has: its processor and ProcessorConfig, Label, and the objects that say where items come
 * from and where results go. Those objects are checked by tables here and kept as written; their
 * paths, numbers and templates are compiled into struct ms_map_parts.
 */
#include "asl/parse.h"
#include "base/utf8.h"

enum part_kind {
  PART_ENUM,      /* string, one of `choices` */
  PART_INTEGER,   /* min..max, or an expression */
  PART_PATH,      /* reference path */
  PART_TEMPLATE,
  PART_STRING,
  PART_STRINGS,   /* array of strings */
  PART_OBJECT     /* checked by its owner */
};

struct part {
  const char *name;
  enum part_kind kind;
  unsigned flags; /* of enum ms_field_flags */
  const char *const *choices;
  int64_t min, max;
  size_t to; /* of struct ms_map_parts: TO(member); 0: only checked */
};

#define TO(member) (offsetof(struct ms_map_parts, member) + 1)
#define PART_END {NULL, PART_OBJECT, 0, NULL, 0, 0, 0}

static const char *const input_types[] = {"CSV", "JSON", "JSONL", "PARQUET", "MANIFEST", NULL};
static const char *const read_transformations[] = {"NONE", "LOAD_AND_FLATTEN", NULL};
static const char *const manifest_types[] = {"S3_INVENTORY", "ATHENA_DATA", NULL};
static const char *const header_locations[] = {"FIRST_ROW", "GIVEN", NULL};
static const char *const delimiters[] = {"COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB", NULL};
static const char *const write_transformations[] = {"NONE", "COMPACT", "FLATTEN", NULL};
static const char *const output_types[] = {"JSON", "JSONL", NULL};
static const char *const modes[] = {"INLINE", "DISTRIBUTED", NULL};
static const char *const execution_types[] = {"STANDARD", "EXPRESS", NULL};

static const struct part reader_parts[] = {
    {"Resource", PART_STRING, MS_FIELD_IN_ALL | MS_FIELD_REQUIRED, NULL, 0, 0, 0},
    {"Parameters", PART_TEMPLATE, MS_FIELD_IN_JSONPATH, NULL, 0, 0, TO(reader_parameters)},
    {"Arguments", PART_TEMPLATE, MS_FIELD_IN_OTHERS, NULL, 0, 0, TO(reader_parameters)},
    {"ReaderConfig", PART_OBJECT, MS_FIELD_IN_ALL, NULL, 0, 0, 0},
    PART_END};

static const struct part reader_config_parts[] = {
    {"InputType", PART_ENUM, MS_FIELD_IN_ALL, input_types, 0, 0, 0},
    {"Transformation", PART_ENUM, MS_FIELD_IN_ALL, read_transformations, 0, 0, 0},
    {"ManifestType", PART_ENUM, MS_FIELD_IN_ALL, manifest_types, 0, 0, 0},
    {"CSVHeaderLocation", PART_ENUM, MS_FIELD_IN_ALL, header_locations, 0, 0, 0},
    {"CSVHeaders", PART_STRINGS, MS_FIELD_IN_ALL, NULL, 0, 0, 0},
    {"CSVDelimiter", PART_ENUM, MS_FIELD_IN_ALL, delimiters, 0, 0, 0},
    {"MaxItems", PART_INTEGER, MS_FIELD_IN_ALL, NULL, 0, INT64_MAX, TO(reader_max_items)}, /* clipped when read */
    {"MaxItemsPath", PART_PATH, MS_FIELD_IN_JSONPATH, NULL, INT64_MIN, INT64_MAX, TO(reader_max_items)},
    {"ItemsPointer", PART_STRING, MS_FIELD_IN_ALL, NULL, 0, 0, 0},
    PART_END};

static const struct part batcher_parts[] = {
    {"MaxItemsPerBatch", PART_INTEGER, MS_FIELD_IN_ALL, NULL, 1, INT32_MAX, TO(batch_items)},
    {"MaxItemsPerBatchPath", PART_PATH, MS_FIELD_IN_JSONPATH, NULL, 1, INT32_MAX, TO(batch_items)},
    {"MaxInputBytesPerBatch", PART_INTEGER, MS_FIELD_IN_ALL, NULL, 1, 262144, TO(batch_bytes)},
    {"MaxInputBytesPerBatchPath", PART_PATH, MS_FIELD_IN_JSONPATH, NULL, 1, 262144, TO(batch_bytes)},
    {"BatchInput", PART_TEMPLATE, MS_FIELD_IN_ALL, NULL, 0, 0, TO(batch_input)},
    PART_END};

static const struct part writer_parts[] = {
    {"Resource", PART_STRING, MS_FIELD_IN_ALL, NULL, 0, 0, 0},
    {"Parameters", PART_TEMPLATE, MS_FIELD_IN_JSONPATH, NULL, 0, 0, TO(writer_parameters)},
    {"Arguments", PART_TEMPLATE, MS_FIELD_IN_OTHERS, NULL, 0, 0, TO(writer_parameters)},
    {"WriterConfig", PART_OBJECT, MS_FIELD_IN_ALL, NULL, 0, 0, 0},
    PART_END};

static const struct part writer_config_parts[] = {
    {"Transformation", PART_ENUM, MS_FIELD_IN_ALL, write_transformations, 0, 0, 0},
    {"OutputType", PART_ENUM, MS_FIELD_IN_ALL, output_types, 0, 0, 0},
    PART_END};

static const struct part processor_config_parts[] = {
    {"Mode", PART_ENUM, MS_FIELD_IN_ALL, modes, 0, 0, 0},
    {"ExecutionType", PART_ENUM, MS_FIELD_IN_ALL, execution_types, 0, 0, 0},
    PART_END};

/* ---- the walk over one such object ---- */

static bool has(struct ms_json object, const char *name)
{
  return !ms_json_is_none(ms_json_getc(object, name));
}

static bool text_is(struct ms_json object, const char *name, const char *text)
{
  return ms_str_is(ms_json_text(ms_json_getc(object, name)), text);
}

static void read_strings(struct ms_asl_parse *parse, struct ms_json value)
{
  if (!ms_asl_want_array(parse, value)) {
    return;
  }
  for (size_t i = 0; i < ms_json_count(value); i++) {
    size_t mark = ms_asl_enter_index(parse, i);
    (void)ms_asl_want_string(parse, ms_json_at(value, i));
    ms_asl_leave(parse, mark);
  }
}

static void keep_query(const struct part *part, struct ms_query *query, struct ms_map_parts *out)
{
  if (out == NULL || part->to == 0) {
    return;
  }
  void *slot = (char *)out + part->to - 1;
  if (part->kind == PART_TEMPLATE) {
    *(struct ms_query **)slot = query;
  } else {
    *(struct ms_setting *)slot = (struct ms_setting){.kind = MS_SETTING_QUERY, .query = query, .field = part->name,
                                                     .min = part->min, .max = part->max};
  }
}

static void keep_number(const struct part *part, int64_t number, struct ms_map_parts *out)
{
  if (out != NULL && part->to != 0) {
    *(struct ms_setting *)(void *)((char *)out + part->to - 1) =
        (struct ms_setting){.kind = MS_SETTING_LITERAL, .literal = ms_json_int(number), .field = part->name,
                            .min = part->min, .max = part->max};
  }
}

/* out NULL: nothing is kept. */
static void read_part(struct ms_asl_parse *parse, const struct part *part, struct ms_json value,
                      struct ms_map_parts *out)
{
  struct ms_str name = ms_str_c(part->name);
  int64_t number;
  switch (part->kind) {
  case PART_ENUM:
    (void)ms_asl_want_one_of(parse, value, part->choices);
    break;
  case PART_INTEGER:
    if (!parse->is_jsonpath && ms_json_is_string(value) &&
        ms_asl_is_expression(ms_json_text(value))) {
      keep_query(part, ms_asl_query(parse, name, value, MS_QUERY_EXPRESSION, 0), out);
    } else if (ms_asl_want_integer(parse, value, part->min, part->max, &number)) {
      keep_number(part, number, out);
    }
    break;
  case PART_PATH:
    if (ms_asl_want_string(parse, value)) {
      keep_query(part, ms_asl_query(parse, name, value, MS_QUERY_REFERENCE_PATH, 0), out);
    }
    break;
  case PART_TEMPLATE:
    keep_query(part, ms_asl_template(parse, name, value, 0), out);
    break;
  case PART_STRING:
    (void)ms_asl_want_string(parse, value);
    break;
  case PART_STRINGS:
    read_strings(parse, value);
    break;
  case PART_OBJECT:
    (void)ms_asl_want_object(parse, value);
    break;
  }
}

static void unknown_part(struct ms_asl_parse *parse, const struct part *parts, struct ms_str key)
{
  struct ms_asl_guess guess;
  ms_asl_guess_begin(&guess, parse, key);
  for (const struct part *part = parts; part->name != NULL; part++) {
    ms_asl_guess_offer_c(&guess, part->name);
  }
  ms_asl_unsupported_field(parse, key, ms_asl_guess_hint(&guess));
}

/* Checks the object at the current place against its table; false when it is no object. */
static bool read_parts(struct ms_asl_parse *parse, const struct part *parts, struct ms_json value,
                       struct ms_map_parts *out)
{
  unsigned legal = parse->is_jsonpath ? MS_FIELD_IN_JSONPATH : MS_FIELD_IN_OTHERS;
  if (!ms_asl_want_object(parse, value)) {
    return false;
  }
  for (size_t i = 0; i < ms_json_count(value) && parse->error == 0; i++) {
    struct ms_str key = ms_json_key(value, i);
    const struct part *part = parts;
    while (part->name != NULL && !ms_str_is(key, part->name)) {
      part++;
    }
    if (part->name == NULL) {
      unknown_part(parse, parts, key);
    } else if ((part->flags & legal) == 0) {
      ms_asl_other_language(parse, key, (part->flags & MS_FIELD_IN_JSONPATH) != 0);
    } else {
      size_t mark = ms_asl_enter(parse, key);
      read_part(parse, part, ms_json_member(value, i), out);
      ms_asl_leave(parse, mark);
    }
  }
  for (const struct part *part = parts; part->name != NULL; part++) {
    if ((part->flags & MS_FIELD_REQUIRED) != 0 && !has(value, part->name)) {
      ms_asl_error(parse, "These fields are required: [%s]", part->name);
    }
  }
  return true;
}

static void only_one(struct ms_asl_parse *parse, struct ms_json value, const char *a, const char *b)
{
  if (has(value, a) && has(value, b)) {
    ms_asl_error(parse, "There should only be one of the following fields: [%s, %s]", a, b);
  }
}

/* Resource of a reader or writer: `arn:PARTITION:states:::s3:ACTION`. */
static void check_s3_resource(struct ms_asl_parse *parse, struct ms_json value,
                              const char *const *actions)
{
  struct ms_json resource = ms_json_getc(value, "Resource");
  if (!ms_json_is_string(resource)) {
    return;
  }
  struct ms_str text = ms_json_text(resource);
  size_t partition_end = ms_str_find(text, 4, ':');
  struct ms_str rest = ms_str_sub(text, partition_end, text.len);
  for (size_t i = 0; ms_str_has_prefix(text, "arn:") && actions[i] != NULL; i++) {
    if (ms_str_is(rest, actions[i])) {
      return;
    }
  }
  size_t mark = ms_asl_enter_c(parse, "Resource");
  struct ms_asl_problem problem = {
      .code = MS_ASL_SCHEMA, .hint = ms_asl_hintf(parse, "Use \"arn:aws%s\".", actions[0])};
  ms_asl_problem(parse, &problem, "The field 'Resource' does not match any of the allowed values");
  ms_asl_leave(parse, mark);
}

/* ---- ItemReader ---- */

static void check_csv(struct ms_asl_parse *parse, struct ms_json config)
{
  bool is_csv = text_is(config, "InputType", "CSV");
  bool has_location = has(config, "CSVHeaderLocation");
  if (is_csv && !has_location) {
    ms_asl_error(parse, "The field 'CSVHeaderLocation' is required");
  }
  bool is_other = has(config, "InputType") && !is_csv && !text_is(config, "InputType", "MANIFEST");
  for (const char *const *name = (const char *const[]){"CSVHeaderLocation", "CSVHeaders",
                                                       "CSVDelimiter", NULL};
       is_other && *name != NULL; name++) {
    if (has(config, *name)) {
      ms_asl_unsupported_field(parse, ms_str_c(*name),
                               MS_STR("It belongs to the InputType \"CSV\"."));
    }
  }
  if (text_is(config, "CSVHeaderLocation", "GIVEN") && !has(config, "CSVHeaders")) {
    ms_asl_error(parse, "These fields are required: [CSVHeaders]");
  }
  if (text_is(config, "CSVHeaderLocation", "FIRST_ROW") && has(config, "CSVHeaders")) {
    ms_asl_unsupported_field(parse, MS_STR("CSVHeaders"),
                             MS_STR("It belongs to the CSVHeaderLocation \"GIVEN\"."));
  }
}

static void read_reader_config(struct ms_asl_parse *parse, struct ms_json config,
                               struct ms_map_parts *out)
{
  if (!read_parts(parse, reader_config_parts, config, out)) {
    return;
  }
  only_one(parse, config, "MaxItems", "MaxItemsPath");
  check_csv(parse, config);
  struct ms_json pointer = ms_json_getc(config, "ItemsPointer");
  if (ms_json_is_string(pointer)) {
    struct ms_str text = ms_json_text(pointer);
    size_t mark = ms_asl_enter_c(parse, "ItemsPointer");
    if (text.len > 0 && text.data[0] != '/') {
      ms_asl_error(parse, "Value is not a valid JSON Pointer");
    } else if (text.len >= 2000) {
      ms_asl_error(parse, "Value has more than 2000 characters");
    }
    ms_asl_leave(parse, mark);
  }
}

void ms_asl_reader(struct ms_asl_parse *parse, struct ms_json value, struct ms_map_parts *out)
{
  static const char *const actions[] = {":states:::s3:getObject", ":states:::s3:listObjectsV2", NULL};
  if (!read_parts(parse, reader_parts, value, out)) {
    return;
  }
  check_s3_resource(parse, value, actions);
  struct ms_json config = ms_json_getc(value, "ReaderConfig");
  bool is_file = ms_str_has_suffix(ms_json_text(ms_json_getc(value, "Resource")), ":s3:getObject");
  if (is_file && ms_json_is_none(config)) {
    ms_asl_error(parse, "These fields are required: [ReaderConfig]");
  }
  if (ms_json_is_object(config)) {
    size_t mark = ms_asl_enter_c(parse, "ReaderConfig");
    if (is_file && !has(config, "InputType")) {
      ms_asl_error(parse, "The field 'InputType' is required");
    }
    read_reader_config(parse, config, out);
    ms_asl_leave(parse, mark);
  }
}

void ms_asl_batcher(struct ms_asl_parse *parse, struct ms_json value, struct ms_map_parts *out)
{
  if (!read_parts(parse, batcher_parts, value, out)) {
    return;
  }
  only_one(parse, value, "MaxItemsPerBatch", "MaxItemsPerBatchPath");
  only_one(parse, value, "MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath");
  if (!has(value, "MaxItemsPerBatch") && !has(value, "MaxItemsPerBatchPath") &&
      !has(value, "MaxInputBytesPerBatch") && !has(value, "MaxInputBytesPerBatchPath")) {
    ms_asl_error(parse, "This object should have at least one of the following fields: "
                        "[MaxItemsPerBatch, MaxItemsPerBatchPath, MaxInputBytesPerBatch, "
                        "MaxInputBytesPerBatchPath]");
  }
}

void ms_asl_writer(struct ms_asl_parse *parse, struct ms_json value, struct ms_map_parts *out)
{
  static const char *const actions[] = {":states:::s3:putObject", NULL};
  if (!read_parts(parse, writer_parts, value, out)) {
    return;
  }
  check_s3_resource(parse, value, actions);
  bool has_place = has(value, "Parameters") || has(value, "Arguments");
  if (!has(value, "WriterConfig") && !has(value, "Resource")) {
    ms_asl_error(parse, "This object should have at least one of the following fields: "
                        "[Resource, WriterConfig]");
  } else if (has_place && !has(value, "Resource")) {
    ms_asl_error(parse, "These fields are required: [Resource]");
  } else if (has(value, "Resource") && !has_place) {
    ms_asl_error(parse, "These fields are required: [%s]",
                 parse->is_jsonpath ? "Parameters" : "Arguments");
  }
  struct ms_json config = ms_json_getc(value, "WriterConfig");
  if (ms_json_is_object(config)) {
    size_t mark = ms_asl_enter_c(parse, "WriterConfig");
    (void)read_parts(parse, writer_config_parts, config, NULL);
    ms_asl_leave(parse, mark);
  }
}

/* ---- ItemProcessor ---- */

static void check_distributed(struct ms_asl_parse *parse, struct ms_json value)
{
  if (!has(value, "ExecutionType")) {
    ms_asl_error(parse, "These fields are required: [ExecutionType]");
  }
  /* Also inside the Express children of another distributed Map. */
  if (parse->is_express) {
    size_t mark = ms_asl_enter_c(parse, "Mode");
    ms_asl_error(parse, "The field 'Mode' with value 'DISTRIBUTED' is not supported inside 'EXPRESS' "
                        "state machines");
    ms_asl_leave(parse, mark);
  }
}

void ms_asl_processor_config(struct ms_asl_parse *parse, struct ms_json value, struct ms_flow *flow)
{
  size_t mark = ms_asl_enter_c(parse, "ProcessorConfig");
  if (read_parts(parse, processor_config_parts, value, NULL)) {
    flow->is_distributed = text_is(value, "Mode", "DISTRIBUTED");
    flow->is_express = text_is(value, "ExecutionType", "EXPRESS");
    if (flow->is_distributed) {
      check_distributed(parse, value);
    } else if (has(value, "ExecutionType")) {
      ms_asl_unsupported_field(parse, MS_STR("ExecutionType"),
                               MS_STR("It belongs to the Mode \"DISTRIBUTED\"."));
    }
  }
  ms_asl_leave(parse, mark);
}

static void warn_no_effect(struct ms_asl_parse *parse, const struct ms_state *state)
{
  static const char *const names[] = {"ItemReader", "ItemBatcher", "ResultWriter"};
  struct ms_json written = ms_json_pointer(parse->root, state->pointer);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (has(written, names[i])) {
      struct ms_asl_problem problem = {
          .code = "NO_EFFECT",
          .severity = MS_SEVERITY_WARNING,
          .pointer = ms_asl_hintf(parse, "%.*s/%s", MS_STR_ARG(state->pointer), names[i]),
          .is_at_name = true,
          .hint = MS_STR("Set \"Mode\": \"DISTRIBUTED\" in the \"ProcessorConfig\".")};
      ms_asl_problem(parse, &problem, "The field '%s' has no effect on an inline Map", names[i]);
    }
  }
}

void ms_asl_processor(struct ms_asl_parse *parse, struct ms_json value, struct ms_flow **out)
{
  const struct ms_state *state = parse->state;
  *out = ms_asl_flow(parse, value, MS_FLOW_PROCESSOR, state);
  if (*out != NULL && !(*out)->is_distributed) {
    warn_no_effect(parse, state);
  }
}

/* ---- Label ---- */

static bool is_label_char(uint32_t c)
{
  if (c <= 0x20 || (c >= 0x7f && c <= 0x9f)) {
    return false;
  }
  return c >= 0x80 || strchr("<>{}[]?*\"#%\\^|~`$&,;:/", (int)c) == NULL;
}

static void check_label(struct ms_asl_parse *parse, struct ms_str label)
{
  struct ms_asl_problem problem = {.code = "INVALID_LABEL_NAME"};
  if (label.len == 0) {
    ms_asl_problem(parse, &problem, "Label cannot be empty");
  } else if (ms_utf8_count(label) > 40) {
    ms_asl_problem(parse, &problem,
                   "Label '%.*s' exceeds the 40-character limit allowed by the service",
                   MS_STR_ARG(label));
  }
  for (size_t pos = 0; pos < label.len;) {
    uint32_t c = ms_utf8_next(label, &pos);
    if (!is_label_char(c)) {
      ms_asl_problem(parse, &problem, "Label contains the invalid character U+%04X", (unsigned)c);
      return;
    }
  }
}

void ms_asl_label(struct ms_asl_parse *parse, struct ms_json value, struct ms_str *out)
{
  if (!ms_asl_want_string(parse, value)) {
    return;
  }
  struct ms_str label = ms_json_text(value);
  check_label(parse, label);
  if (ms_map_has(&parse->labels, label)) {
    struct ms_asl_problem problem = {.code = "DUPLICATE_LABEL_NAME"};
    ms_asl_problem(parse, &problem, "Duplicate Label name: %.*s", MS_STR_ARG(label));
  } else if (ms_map_put(&parse->labels, label, parse, NULL) != 0) {
    ms_asl_nomem(parse);
  }
  *out = ms_asl_copy(parse, label);
}
