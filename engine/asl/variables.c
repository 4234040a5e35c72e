/*
 * Variables: what Assign may name, what inner scopes may not assign and what children of a distributed Map
 * cannot see; and the list of references that DescribeStateMachine shows. Values of variables are
 * run time's business.
 */
#include <stdint.h>

#include "asl/parse.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/sort.h"
#include "base/utf8.h"

/* ---- names ---- */

struct range {
  uint32_t from, to;
};

/*
 * Characters above ASCII that no identifier has: controls and signs of Latin-1, punctuation, symbols,
 * private use. A short form of Unicode's identifier rules; what is not listed is taken for a letter.
 */
static const struct range not_identifier[] = {
    {0x0080, 0x00a9},   {0x00ab, 0x00b4},     {0x00b6, 0x00b6},     {0x00b8, 0x00b9},
    {0x00bb, 0x00bf},   {0x00d7, 0x00d7},     {0x00f7, 0x00f7},     {0x02c2, 0x02c5},
    {0x2000, 0x203e},   {0x2041, 0x2053},     {0x2055, 0x2070},     {0x20a0, 0x20cf},
    {0x2190, 0x2bff},   {0x2e00, 0x2e2e},     {0x2e30, 0x2fff},     {0x3000, 0x3004},
    {0x3008, 0x3020},   {0x3030, 0x3030},     {0xd800, 0xf8ff},     {0xfe10, 0xfe1f},
    {0xfe30, 0xfe32},   {0xfe35, 0xfe4c},     {0xfe50, 0xfe6f},     {0xff00, 0xff0f},
    {0xff1a, 0xff20},   {0xff3b, 0xff3e},     {0xff40, 0xff40},     {0xff5b, 0xff65},
    {0xfff0, 0xffff},   {0x1f000, 0x1faff},   {0xe0000, 0x10ffff}};

/* May continue an identifier but not begin one: combining marks, digits of other scripts, joiners. */
static const struct range not_start[] = {
    {0x00b7, 0x00b7}, {0x0300, 0x036f}, {0x0483, 0x0487}, {0x0591, 0x05c7}, {0x0610, 0x061a},
    {0x064b, 0x0669}, {0x06d6, 0x06dc}, {0x06f0, 0x06f9}, {0x0900, 0x0903}, {0x093a, 0x094f},
    {0x0966, 0x096f}, {0x203f, 0x2040}, {0x2054, 0x2054}, {0x20d0, 0x20f0}, {0x302a, 0x302f},
    {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfe33, 0xfe34}, {0xfe4d, 0xfe4f}, {0xff10, 0xff19},
    {0xff3f, 0xff3f}};

static bool is_in(const struct range *ranges, size_t count, uint32_t c)
{
  for (size_t i = 0; i < count; i++) {
    if (c >= ranges[i].from && c <= ranges[i].to) {
      return true;
    }
  }
  return false;
}

static bool is_identifier_char(uint32_t c, bool is_start)
{
  if (c < 0x80) {
    bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_letter || (!is_start && ((c >= '0' && c <= '9') || c == '_'));
  }
  return !is_in(not_identifier, sizeof not_identifier / sizeof not_identifier[0], c) &&
         !(is_start && is_in(not_start, sizeof not_start / sizeof not_start[0], c));
}

static bool is_identifier(struct ms_str name)
{
  for (size_t pos = 0; pos < name.len;) {
    bool is_start = pos == 0;
    if (!is_identifier_char(ms_utf8_next(name, &pos), is_start)) {
      return false;
    }
  }
  return name.len > 0;
}

static bool check_name(struct ms_asl_parse *parse, struct ms_str key, struct ms_str name)
{
  struct ms_asl_problem problem = {
      .code = "INVALID_VARIABLE_NAME", .key = key,
      .hint = MS_STR("A name is a letter, then letters, digits and underscores.")};
  if (ms_str_is(name, "states")) {
    problem.code = "RESERVED_VARIABLE_NAME";
    problem.hint = (struct ms_str){NULL, 0};
    ms_asl_problem(parse, &problem, "Cannot assign to reserved variable '$states'.");
    return false;
  }
  if (!is_identifier(name)) {
    ms_asl_problem(parse, &problem,
                   "Invalid variable name '%.*s': the variable name contains invalid characters.",
                   MS_STR_ARG(name));
    return false;
  }
  if (ms_utf8_count(name) > MS_ASL_MAX_NAME) {
    problem.hint = (struct ms_str){NULL, 0};
    ms_asl_problem(parse, &problem,
                   "Invalid variable name '%.*s': the variable name has more than %d characters.",
                   MS_STR_ARG(name), MS_ASL_MAX_NAME);
    return false;
  }
  return true;
}

/* ---- assignments ---- */

/* In `variables`: more states than one assign it. */
#define MANY ((void *)UINTPTR_MAX)

static void note_assignment(struct ms_asl_parse *parse, struct ms_str name, struct ms_str pointer)
{
  struct ms_str key;
  if (!ms_asl_scoped_key(parse, parse->scope, name, &key)) {
    return;
  }
  void *self = (void *)((uintptr_t)parse->state->index + 1);
  void *known = ms_map_get(&parse->variables, key);
  if (ms_map_put(&parse->variables, key, known == NULL || known == self ? self : MANY, NULL) != 0 ||
      MS_VEC_RESERVE(&parse->assignments, SIZE_MAX, 1) != 0) {
    ms_asl_nomem(parse);
    return;
  }
  parse->assignments.data[parse->assignments.count++] =
      (struct ms_asl_assignment){.name = name, .pointer = pointer, .scope = parse->scope};
}

struct ms_query *ms_asl_assign(struct ms_asl_parse *parse, struct ms_json value, unsigned allow)
{
  if (!ms_asl_want_object(parse, value)) {
    return NULL;
  }
  struct ms_str here = ms_asl_here(parse);
  for (size_t i = 0; i < ms_json_count(value) && parse->error == 0; i++) {
    struct ms_str key = ms_json_key(value, i);
    struct ms_str name = key;
    if (parse->is_jsonpath && ms_str_has_suffix(key, ".$")) {
      name.len -= 2;
    }
    if (check_name(parse, key, name)) {
      note_assignment(parse, name, here);
    }
  }
  return ms_asl_template(parse, MS_STR("Assign"), value, allow);
}

/* Index + 1 of the state that assigns it in the scope, MANY, or NULL. */
static void *assigner_in(struct ms_asl_parse *parse, uint32_t scope, struct ms_str name)
{
  struct ms_str key;
  return ms_asl_scoped_key(parse, scope, name, &key) ? ms_map_get(&parse->variables, key) : NULL;
}

/* The parent scope that is still of the same workflow; 0 at the top and at a distributed Map. */
static uint32_t outer_scope(const struct ms_asl_parse *parse, uint32_t scope)
{
  const struct ms_asl_scope *at = &parse->scopes.data[scope];
  return at->is_boundary ? 0 : at->parent;
}

/*
 * The Parallel or Map around the inner scope may assign the same name, in Assign or in a catcher: it does
 * so when the inner variable is gone. AWS takes that.
 */
static void check_shadowing(struct ms_asl_parse *parse, const struct ms_asl_assignment *assignment)
{
  uint32_t inner = assignment->scope;
  uint32_t scope = outer_scope(parse, inner);
  for (; scope != 0; inner = scope, scope = outer_scope(parse, scope)) {
    const struct ms_state *owner = parse->scopes.data[inner].flow->owner;
    void *assigner = assigner_in(parse, scope, assignment->name);
    if (assigner == NULL || assigner == (void *)((uintptr_t)owner->index + 1)) {
      continue;
    }
    struct ms_asl_problem problem = {
        .code = MS_ASL_SCHEMA, .pointer = assignment->pointer, .key = assignment->name,
        .hint = MS_STR("Choose another name, or hand the value out in the state's output.")};
    ms_asl_problem(parse, &problem,
                   "Variable '%.*s' is assigned in an outer scope and cannot be assigned here",
                   MS_STR_ARG(assignment->name));
    return;
  }
}

/* ---- references ---- */

struct outer_check {
  struct ms_asl_parse *parse;
  const struct ms_asl_site *site;
};

static void check_outer_reference(struct ms_str name, void *user)
{
  struct outer_check *check = user;
  struct ms_asl_parse *parse = check->parse;
  bool is_outside = false;
  for (uint32_t scope = check->site->scope; scope != 0; scope = parse->scopes.data[scope].parent) {
    if (assigner_in(parse, scope, name) != NULL) {
      if (!is_outside) {
        return;
      }
      struct ms_asl_problem problem = {
          .code = MS_ASL_SCHEMA, .pointer = check->site->pointer,
          .hint = MS_STR("Pass it to each child in the Map's \"ItemSelector\".")};
      ms_asl_problem(parse, &problem,
                     "Variable '%.*s' belongs to the parent workflow and cannot be used inside a "
                     "distributed Map",
                     MS_STR_ARG(name));
      return;
    }
    is_outside = is_outside || parse->scopes.data[scope].is_boundary;
  }
}

void ms_asl_check_variables(struct ms_asl_parse *parse)
{
  for (size_t i = 0; i < parse->assignments.count && parse->error == 0; i++) {
    check_shadowing(parse, &parse->assignments.data[i]);
  }
  for (size_t i = 0; i < parse->sites.count && parse->error == 0; i++) {
    struct outer_check check = {parse, &parse->sites.data[i]};
    ms_query_references(parse->sites.data[i].query, check_outer_reference, &check);
  }
}

/* ---- variableReferences ---- */

struct reference {
  uint32_t state;
  struct ms_str name; /* in the query, which outlives this */
};

struct references {
  MS_VEC(struct reference) items;
  uint32_t state;
  int error;
};

static void collect_reference(struct ms_str name, void *user)
{
  struct references *references = user;
  if (references->error != 0 || MS_VEC_RESERVE(&references->items, SIZE_MAX, 1) != 0) {
    references->error = MSTEP_ENOMEM;
    return;
  }
  references->items.data[references->items.count++] = (struct reference){references->state, name};
}

static int compare_references(const void *a, const void *b)
{
  const struct reference *x = a;
  const struct reference *y = b;
  if (x->state != y->state) {
    return x->state < y->state ? -1 : 1;
  }
  return ms_str_cmp(x->name, y->name);
}

/* Names of one state, from *pos on, without doubles. */
static struct ms_json names_of_state(const struct references *references, size_t *pos)
{
  const struct reference *items = references->items.data;
  uint32_t state = items[*pos].state;
  struct ms_json names = ms_json_array(4);
  int err = 0;
  for (size_t i = *pos; i < references->items.count && items[i].state == state; i++) {
    *pos = i + 1;
    bool is_double = i > 0 && items[i - 1].state == state && ms_str_eq(items[i - 1].name, items[i].name);
    if (!is_double && err == 0) {
      err = ms_json_push(&names, ms_json_string(items[i].name));
    }
  }
  if (err != 0) {
    ms_json_replace(&names, MS_JSON_VALUE_NONE);
  }
  return names;
}

struct ms_json ms_asl_variable_references(const struct ms_machine *machine)
{
  struct references references = {.error = 0};
  for (uint32_t i = 0; i < machine->query_count; i++) {
    references.state = machine->query_states[i];
    ms_query_references(machine->queries[i], collect_reference, &references);
  }
  struct ms_json out = MS_JSON_VALUE_NONE;
  if (references.error == 0) {
    out = ms_json_object(4);
    if (references.items.count > 1) {
      ms_sort(references.items.data, references.items.count, sizeof *references.items.data,
            compare_references);
    }
    for (size_t pos = 0; pos < references.items.count && !ms_json_is_none(out);) {
      uint32_t state = references.items.data[pos].state;
      if (ms_json_set(&out, machine->states[state]->name, names_of_state(&references, &pos)) != 0) {
        ms_json_replace(&out, MS_JSON_VALUE_NONE);
      }
    }
  }
  ms_free(references.items.data);
  return out;
}
