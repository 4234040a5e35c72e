/*
 * Compilation from end to end: parse, resolve, variable names to symbols, built-ins found by name.
 * The program owns an arena with its tree, the counted strings of its literals and names, and its
 * regular expressions.
 */
#include "query/jsonata/compile.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "query/jsonata/check.h"
#include "query/jsonata/error.h"
#include "query/jsonata/eval.h"
#include "query/regex.h"

struct ms_jx_node *ms_jx_compile_fail(struct ms_jx_compiler *c, const char *code, size_t pos,
                                      struct ms_str token)
{
  if (!c->failed) {
    c->failed = true;
    memcpy(c->code, code, strlen(code) + 1);
    c->pos = pos;
    c->error_token = token.len == 0 ? MS_JX_VALUE_UNDEFINED : ms_jx_text_value(token);
  }
  return NULL;
}

struct ms_jx_node *ms_jx_compile_nomem(struct ms_jx_compiler *c)
{
  c->failed = true;
  c->out_of_memory = true;
  return NULL;
}

void *ms_jx_compile_alloc(struct ms_jx_compiler *c, size_t size)
{
  void *memory = ms_arena_calloc(c->arena, 1, size);
  if (memory == NULL) {
    ms_jx_compile_nomem(c);
  }
  return memory;
}

struct ms_jx_node *ms_jx_compile_node(struct ms_jx_compiler *c, enum ms_jx_node_type type,
                                      size_t pos, struct ms_str token)
{
  struct ms_jx_node *node = ms_jx_compile_alloc(c, sizeof *node);
  if (node != NULL) {
    node->type = (uint8_t)type;
    node->pos = (uint32_t)pos;
    node->token = token;
    node->depth = 1;
  }
  return node;
}

uint32_t ms_jx_compile_symbol(struct ms_jx_compiler *c, struct ms_str name)
{
  struct ms_jsonata *program = c->program;
  void *known = ms_map_get(&c->names, name);
  if (known != NULL) {
    return (uint32_t)((uintptr_t)known - 1);
  }
  if (program->symbol_count == c->symbol_capacity) {
    uint32_t capacity = c->symbol_capacity == 0 ? 8 : c->symbol_capacity * 2;
    struct ms_jx_symbol *symbols = ms_jx_compile_alloc(c, capacity * sizeof *symbols);
    if (symbols == NULL) {
      return UINT32_MAX;
    }
    if (program->symbol_count > 0) {
      memcpy(symbols, program->symbols, program->symbol_count * sizeof *symbols);
    }
    program->symbols = symbols;
    c->symbol_capacity = capacity;
  }
  uint32_t number = program->symbol_count;
  if (ms_map_put(&c->names, name, (void *)((uintptr_t)number + 1), NULL) != 0) {
    ms_jx_compile_nomem(c);
    return UINT32_MAX;
  }
  program->symbols[number].name = name;
  program->symbols[number].builtin = ms_jx_builtin_find(name);
  program->symbol_count++;
  return number;
}

struct ms_jx ms_jx_compile_string(struct ms_jx_compiler *c, struct ms_str text)
{
  struct ms_jsonata *program = c->program;
  if (program->owned_count == program->owned_capacity) {
    size_t capacity = program->owned_capacity == 0 ? 8 : program->owned_capacity * 2;
    struct ms_json *owned = ms_reallocarray(program->owned, capacity, sizeof *owned);
    if (owned == NULL) {
      ms_jx_compile_nomem(c);
      return MS_JX_VALUE_UNDEFINED;
    }
    program->owned = owned;
    program->owned_capacity = capacity;
  }
  struct ms_json value = ms_json_string(text);
  if (ms_json_is_none(value)) {
    ms_jx_compile_nomem(c);
    return MS_JX_VALUE_UNDEFINED;
  }
  program->owned[program->owned_count++] = value;
  return ms_jx_from_json(value);
}

static int report(struct ms_jx_compiler *c, struct ms_jsonata_error *error)
{
  if (c->out_of_memory) {
    return MSTEP_ENOMEM;
  }
  struct ms_jx_error parts = {
      .code = c->code,
      .text = c->text,
      .has_pos = c->pos != SIZE_MAX,
      .pos = c->pos,
      .token = c->error_token,
      .value = c->error_value,
  };
  return ms_jx_error_fill(error, &parts, c->program->text);
}

static int compile(struct ms_jsonata *program, struct ms_jsonata_error *error,
                   enum ms_jsonata_version version)
{
  struct ms_jx_compiler c;
  memset(&c, 0, sizeof c);
  c.program = program;
  c.arena = program->arena;
  c.lexer.source = program->text;
  c.lexer.arena = program->arena;
  c.lexer.new_operators = version >= MS_JSONATA_2_2;
  ms_map_init(&c.names, ms_hash_process_seed());
  bool ok = ms_jx_compile_symbol(&c, MS_STR("")) == 0 && ms_jx_compile_symbol(&c, MS_STR("$")) == 1;
  struct ms_jx_node *root = ok ? ms_jx_parse(&c) : NULL;
  if (root != NULL) {
    root = ms_jx_resolve(&c, root);
  }
  ms_map_deinit(&c.names);
  program->root = root;
  if (root == NULL) {
    return report(&c, error);
  }
  program->states = ms_jx_states_used(program);
  return ms_jx_find_free(program);
}

static int refuse_bytes(struct ms_jsonata_error *error, size_t at)
{
  struct ms_jx_error parts = {
      .code = "",
      .text = "The expression is not valid UTF-8 from byte {{value}} on",
      .value = ms_jx_int((int64_t)at),
  };
  return ms_jx_error_fill(error, &parts, MS_STR(""));
}

int ms_jsonata_compile(struct ms_jsonata **out, struct ms_str text, enum ms_jsonata_version version,
                       struct ms_jsonata_error *error)
{
  *out = NULL;
  struct ms_arena *arena = ms_arena_new(0);
  struct ms_jsonata *program = arena == NULL ? NULL : ms_arena_calloc(arena, 1, sizeof *program);
  if (program == NULL) {
    ms_arena_free(arena);
    return MSTEP_ENOMEM;
  }
  program->arena = arena;
  program->text = ms_arena_str(arena, text);
  int code = MSTEP_ENOMEM;
  if (program->text.data != NULL) {
    size_t valid = ms_utf8_check(text);
    code = valid == text.len ? compile(program, error, version) : refuse_bytes(error, valid);
  }
  if (code != 0) {
    ms_jsonata_free(program);
    return code;
  }
  *out = program;
  return 0;
}

void ms_jsonata_free(struct ms_jsonata *program)
{
  if (program == NULL) {
    return;
  }
  for (size_t i = 0; i < program->owned_count; i++) {
    ms_json_unref(program->owned[i]);
  }
  ms_free(program->owned);
  for (size_t i = 0; i < program->regex_count; i++) {
    ms_regex_free(program->regexes[i]);
  }
  ms_free(program->regexes);
  ms_arena_free(program->arena); /* the program is in it */
}

struct ms_str ms_jsonata_text(const struct ms_jsonata *program)
{
  return program->text;
}

void ms_jsonata_references(const struct ms_jsonata *program, ms_query_reference_cb cb, void *user)
{
  for (uint32_t i = 2; i < program->symbol_count; i++) {
    const struct ms_jx_symbol *symbol = &program->symbols[i];
    if (symbol->is_free && symbol->builtin == NULL) {
      cb(symbol->name, user);
    }
  }
}
