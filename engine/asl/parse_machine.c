/*
 * The door: text in, machine or diagnostics out. Sets up and tears down the parse, checks what concerns
 * the definition as a whole and knows which query languages there are. Flows and states are read in
 * parse_flow.c and parse_state.c.
 */
#include "asl/diagnostics.h"
#include "asl/parse.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"

static const struct ms_query_lang *find_language(const struct ms_asl_parse *parse, struct ms_str name)
{
  const struct ms_query_lang *lang = ms_query_lang_find(name);
  const struct ms_query_lang *const *more = parse->options->langs;
  for (size_t i = 0; lang == NULL && more != NULL && more[i] != NULL; i++) {
    if (ms_str_is(name, more[i]->name)) {
      lang = more[i];
    }
  }
  return lang;
}

static void unknown_language(struct ms_asl_parse *parse, struct ms_str name)
{
  struct ms_asl_guess guess;
  ms_asl_guess_begin(&guess, parse, name);
  ms_asl_guess_offer_c(&guess, "JSONPath");
  ms_asl_guess_offer_c(&guess, "JSONata");
  const struct ms_query_lang *const *more = parse->options->langs;
  for (size_t i = 0; more != NULL && more[i] != NULL; i++) {
    ms_asl_guess_offer_c(&guess, more[i]->name);
  }
  /* The list is AWS's; languages of ours are in the hint. */
  struct ms_asl_problem problem = {.code = MS_ASL_SCHEMA, .hint = ms_asl_guess_hint(&guess)};
  ms_asl_problem(parse, &problem, "Value should be one of the following: [JSONPath, JSONata]");
}

/* A language that was handed in is not one of AWS's. */
static void not_portable_language(struct ms_asl_parse *parse, const struct ms_query_lang *lang)
{
  if (parse->options->is_portable) {
    struct ms_asl_problem problem = {
        .code = MS_ASL_NOT_PORTABLE,
        .hint = MS_STR("Write \"JSONata\" here and the expressions in JSONata.")};
    ms_asl_problem(parse, &problem, "AWS does not know the query language '%s'", lang->name);
  }
}

/*
 * The language of a QueryLanguage field. As on AWS, a value that is not exactly "JSONPath" makes the
 * owner one of the other kind, so that a misspelling is not followed by a complaint about each field.
 */
const struct ms_query_lang *ms_asl_language(struct ms_asl_parse *parse, struct ms_json value,
                                            bool *is_jsonpath)
{
  *is_jsonpath = false;
  size_t mark = ms_asl_enter_c(parse, "QueryLanguage");
  const struct ms_query_lang *lang = NULL;
  if (ms_asl_want_string(parse, value)) {
    struct ms_str name = ms_json_text(value);
    lang = find_language(parse, name);
    *is_jsonpath = lang != NULL && lang == parse->jsonpath;
    if (lang == NULL && ms_str_is(name, "JSONata")) {
      struct ms_asl_problem problem = {.code = "UNSUPPORTED"};
      ms_asl_problem(parse, &problem, "query language 'JSONata' is not built in");
    } else if (lang == NULL) {
      unknown_language(parse, name);
    } else if (ms_query_lang_find(name) == NULL) {
      not_portable_language(parse, lang);
    }
  }
  ms_asl_leave(parse, mark);
  return lang;
}

static void read_version(struct ms_asl_parse *parse, struct ms_json value)
{
  static const char *const versions[] = {"1.0", NULL};
  if (!ms_json_is_none(value)) {
    size_t mark = ms_asl_enter_c(parse, "Version");
    (void)ms_asl_want_one_of(parse, value, versions);
    ms_asl_leave(parse, mark);
  }
}

static void read_timeout(struct ms_asl_parse *parse, struct ms_json value)
{
  if (!ms_json_is_none(value)) {
    size_t mark = ms_asl_enter_c(parse, "TimeoutSeconds");
    /* 0 is taken by AWS; here it means none. */
    (void)ms_asl_want_integer(parse, value, 0, 99999999, &parse->machine->timeout_seconds);
    ms_asl_leave(parse, mark);
  }
}

/* Takes the next token off a pointer; false at its end. */
static bool next_token(struct ms_str *pointer, struct ms_str *token)
{
  if (pointer->len == 0) {
    return false;
  }
  size_t end = ms_str_find(*pointer, 1, '/');
  *token = ms_str_sub(*pointer, 1, end);
  *pointer = ms_str_sub(*pointer, end, pointer->len);
  return true;
}

/*
 * Whether the pointer is that of a state, and not of something of the same name in somebody's payload:
 * /States/NAME, and from a state on /Branches/0, /ItemProcessor or /Iterator and again.
 */
static bool is_state_pointer(struct ms_str pointer)
{
  struct ms_str token;
  while (next_token(&pointer, &token) && ms_str_is(token, "States") && next_token(&pointer, &token)) {
    if (!next_token(&pointer, &token)) {
      return true;
    }
    bool is_branch = ms_str_is(token, "Branches") && next_token(&pointer, &token);
    if (!is_branch && !ms_str_is(token, "ItemProcessor") && !ms_str_is(token, "Iterator")) {
      return false;
    }
  }
  return false;
}

/* The member's name, as it is. */
static struct ms_str last_name(struct ms_asl_parse *parse, struct ms_str pointer)
{
  size_t slash = pointer.len;
  while (slash > 0 && pointer.data[slash - 1] != '/') {
    slash--;
  }
  struct ms_buf name;
  ms_buf_init(&name, MS_BUF_MAX_DEFAULT);
  ms_asl_unescape(&name, ms_str_sub(pointer, slash, pointer.len));
  struct ms_str copy = ms_arena_str(parse->scratch, ms_buf_view(&name));
  if (name.error != 0 || copy.data == NULL) {
    ms_asl_nomem(parse);
  }
  ms_buf_deinit(&name);
  return copy;
}

static void report_duplicates(struct ms_asl_parse *parse)
{
  size_t count = ms_json_duplicate_count(parse->map);
  size_t room = parse->diagnostics->max - parse->diagnostics->count;
  for (size_t i = 0; i < count && i < room + 1 && parse->error == 0; i++) {
    struct ms_str pointer = ms_json_duplicate(parse->map, i);
    struct ms_str name = last_name(parse, pointer);
    if (is_state_pointer(pointer)) {
      struct ms_asl_problem problem = {
          .code = "DUPLICATE_STATE_NAME", .pointer = pointer, .is_at_name = true,
          .hint = MS_STR("The last one of them would win.")};
      ms_asl_problem(parse, &problem, "Duplicate State name: %.*s", MS_STR_ARG(name));
    } else {
      struct ms_asl_problem problem = {
          .code = "DUPLICATE_FIELD", .severity = MS_SEVERITY_WARNING, .pointer = pointer,
          .is_at_name = true};
      ms_asl_problem(parse, &problem, "Field '%.*s' stands more than once; the last one is used",
                     MS_STR_ARG(name));
    }
  }
}

static void not_an_object(struct ms_asl_parse *parse)
{
  struct ms_asl_problem problem = {.code = MS_ASL_SCHEMA, .is_placeless = true};
  ms_asl_problem(parse, &problem, "Definition must be a valid JSON object");
}

static void read_root(struct ms_asl_parse *parse)
{
  if (!ms_json_is_object(parse->root)) {
    not_an_object(parse);
    return;
  }
  struct ms_machine *machine = parse->machine;
  struct ms_json language = ms_json_getc(parse->root, "QueryLanguage");
  machine->lang = parse->jsonpath;
  parse->is_machine_jsonpath = true;
  if (!ms_json_is_none(language)) {
    machine->lang = ms_asl_language(parse, language, &parse->is_machine_jsonpath);
  }
  read_version(parse, ms_json_getc(parse->root, "Version"));
  read_timeout(parse, ms_json_getc(parse->root, "TimeoutSeconds"));
  struct ms_json comment = ms_json_getc(parse->root, "Comment");
  if (ms_json_is_string(comment)) {
    machine->comment = ms_asl_copy(parse, ms_json_text(comment));
  }
  report_duplicates(parse);
  machine->flow = ms_asl_flow(parse, parse->root, MS_FLOW_MACHINE, NULL);
  ms_asl_resolve(parse);
  ms_asl_check_variables(parse);
}

static bool is_blank(struct ms_str text)
{
  for (size_t i = 0; i < text.len; i++) {
    if (strchr(" \t\r\n", text.data[i]) == NULL || text.data[i] == '\0') {
      return false;
    }
  }
  return true;
}

static void read_text(struct ms_asl_parse *parse, struct ms_str text)
{
  struct ms_json_limits limits = MS_JSON_LIMITS_DEFAULT;
  struct ms_json_position where = {0};
  if (text.len > MS_ASL_MAX_TEXT) {
    struct ms_asl_problem problem = {.code = MS_ASL_SCHEMA, .is_placeless = true};
    ms_asl_problem(parse, &problem, "Definition has %zu bytes, the maximum is %zu", text.len,
                   MS_ASL_MAX_TEXT);
    return;
  }
  if (is_blank(text)) {
    not_an_object(parse);
    return;
  }
  int err = ms_json_parse_located(&parse->root, &parse->map, parse->scratch, text, &limits, &where);
  if (err == MSTEP_ENOMEM) {
    ms_asl_nomem(parse);
  } else if (err != 0) {
    ms_asl_syntax_error(parse, text, &where, err);
  } else {
    read_root(parse);
  }
}

static int parse_init(struct ms_asl_parse *parse, struct ms_str text)
{
  parse->scratch = ms_arena_new(0);
  struct ms_arena *arena = ms_arena_new(0);
  struct ms_machine *machine = arena == NULL ? NULL : ms_arena_calloc(arena, 1, sizeof *machine);
  if (machine == NULL) {
    ms_arena_free(arena);
    return ms_error_nomem();
  }
  machine->references = 1;
  machine->arena = arena;
  machine->text = ms_arena_str(arena, text);
  parse->machine = machine;
  parse->jsonpath = ms_query_lang_find(MS_STR("JSONPath"));
  ms_buf_init(&parse->pointer, MS_BUF_MAX_DEFAULT);
  ms_buf_init(&parse->text, MS_BUF_MAX_DEFAULT);
  uint64_t seed = ms_hash_process_seed();
  ms_map_init(&parse->names, seed);
  ms_map_init(&parse->variables, seed);
  ms_map_init(&parse->labels, seed);
  parse->is_express = parse->options->is_express;
  parse->guesses_left = MS_ASL_MAX_GUESSES;
  return parse->scratch == NULL || machine->text.data == NULL ? ms_error_nomem() : 0;
}

static void parse_deinit(struct ms_asl_parse *parse)
{
  ms_buf_deinit(&parse->pointer);
  ms_buf_deinit(&parse->text);
  ms_map_deinit(&parse->names);
  ms_map_deinit(&parse->variables);
  ms_map_deinit(&parse->labels);
  ms_free(parse->scopes.data);
  ms_free(parse->transitions.data);
  ms_free(parse->assignments.data);
  ms_free(parse->sites.data);
  ms_json_unref(parse->root);
  ms_arena_free(parse->scratch);
  ms_machine_unref(parse->machine);
}

/* The first error is what an API without diagnostics can still say. */
static int definition_error(const struct ms_diagnostics *diagnostics)
{
  for (size_t i = 0; i < diagnostics->count; i++) {
    const struct ms_diagnostic *problem = &diagnostics->items[i];
    if (problem->severity == MS_SEVERITY_ERROR) {
      return ms_error(MSTEP_EDEFINITION, "%s: %.*s at %.*s", problem->code,
                      MS_STR_ARG(problem->message), MS_STR_ARG(problem->pointer));
    }
  }
  return ms_error(MSTEP_EDEFINITION, "%zu errors", diagnostics->error_count);
}

static int compile(struct ms_machine **out, struct ms_str text, const struct ms_asl_options *options,
                   struct ms_diagnostics *diagnostics)
{
  struct ms_asl_parse parse = {.options = options, .diagnostics = diagnostics};
  size_t errors_before = diagnostics->error_count;
  int err = parse_init(&parse, text);
  if (err == 0) {
    read_text(&parse, text);
    err = parse.error != 0 ? ms_error_nomem() : ms_diagnostics_sort(diagnostics);
  }
  if (err == 0 && diagnostics->error_count > errors_before) {
    err = definition_error(diagnostics);
  }
  if (err == 0) {
    *out = parse.machine;
    parse.machine = NULL;
  }
  parse_deinit(&parse);
  return err;
}

int ms_asl_compile(struct ms_machine **out, struct ms_str text, const struct ms_asl_options *options,
                   struct ms_diagnostics *diagnostics)
{
  *out = NULL;
  if (diagnostics != NULL) {
    return compile(out, text, options, diagnostics);
  }
  struct ms_diagnostics own;
  int err = ms_diagnostics_init(&own, 1);
  if (err == 0) {
    err = compile(out, text, options, &own);
    ms_diagnostics_deinit(&own);
  }
  return err;
}
