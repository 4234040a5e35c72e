/*
 * The evaluation's state: where memory comes from, what is spent, how it fails; and the door through
 * which an evaluation is entered.
 */
#include "base/alloc.h"
#include "query/jsonata/compact.h"
#include "query/jsonata/eval.h"

#define CHUNK_FIRST ((size_t)1024)
#define CHUNK_LARGEST ((size_t)64 << 10)
#define STACK_FIRST 48 /* values that need no allocation */
#define GLOBALS_FIRST 24

/* AWS: nesting of 100, a second of time, arrays of 873,782 numbers. Steps stand for time. */
#define MAX_STEPS 20000000
#define MAX_DEPTH 100
#define MAX_BYTES ((size_t)64 << 20)
#define MAX_VALUE_BYTES 6990256

/* ---- failures ---- */

struct ms_jx ms_jx_fail(struct ms_jx_eval *ev, const char *code)
{
  if (ev->code == 0) {
    ev->code = MS_FAILED;
    ev->error = (struct ms_jx_error){.code = code};
  }
  return MS_JX_VALUE_ERROR;
}

struct ms_jx ms_jx_fail_value(struct ms_jx_eval *ev, const char *code, struct ms_jx value)
{
  if (ev->code == 0) {
    ms_jx_fail(ev, code);
    ev->error.value = value;
  }
  return MS_JX_VALUE_ERROR;
}

struct ms_jx ms_jx_fail_arg(struct ms_jx_eval *ev, const char *code, struct ms_jx value,
                            uint32_t index)
{
  if (ev->code == 0) {
    ms_jx_fail_value(ev, code, value);
    ev->error.index = index;
  }
  return MS_JX_VALUE_ERROR;
}

struct ms_jx ms_jx_fail_text(struct ms_jx_eval *ev, const char *text)
{
  if (ev->code == 0) {
    ms_jx_fail(ev, "");
    ev->error.text = text;
  }
  return MS_JX_VALUE_ERROR;
}

struct ms_jx ms_jx_fail_nomem(struct ms_jx_eval *ev)
{
  ev->code = MSTEP_ENOMEM;
  return MS_JX_VALUE_ERROR;
}

struct ms_jx ms_jx_fail_memory_limit(struct ms_jx_eval *ev)
{
  return ms_jx_fail_text(
      ev, "Expression evaluation memory limit exceeded: Check for excessive memory usage");
}

struct ms_jx ms_jx_fail_depth(struct ms_jx_eval *ev)
{
  if (ev->code == 0) {
    ms_jx_fail_text(ev,
                    "Stack overflow error: Check for non-terminating recursive function. Consider "
                    "rewriting as tail-recursive. Depth={{value}} max={{value2}}");
    ev->error.value = ms_jx_int((int64_t)ev->max_depth + 1);
    ev->error.value2 = ms_jx_int(ev->max_depth);
  }
  return MS_JX_VALUE_ERROR;
}

struct ms_jx ms_jx_fail_steps(struct ms_jx_eval *ev)
{
  return ms_jx_fail_text(ev, "Expression evaluation timeout: Check for infinite loop");
}

/* ---- memory ---- */

void *ms_jx_alloc_slow(struct ms_jx_eval *ev, size_t size)
{
  size_t chunk = size > ev->next_chunk ? size : ev->next_chunk;
  size_t used = ev->bytes + ev->held_bytes;
  if (chunk > ev->max_bytes || used > ev->max_bytes - chunk) {
    chunk = size; /* the last of it */
    if (chunk > ev->max_bytes || used > ev->max_bytes - chunk) {
      ms_jx_fail_memory_limit(ev);
      return NULL;
    }
  }
  struct ms_arena_mark mark = ms_arena_mark(ev->env->arena);
  struct ms_jx_piece *piece = ms_arena_alloc(ev->env->arena, sizeof *piece + chunk);
  if (piece == NULL) {
    ms_jx_fail_nomem(ev);
    return NULL;
  }
  *piece = (struct ms_jx_piece){ev->piece, mark, ev->bytes, 0};
  ev->piece = piece;
  ev->bytes += chunk;
  if (used + chunk > ev->peak_bytes) {
    ev->peak_bytes = used + chunk;
  }
  if (ev->next_chunk < CHUNK_LARGEST) {
    ev->next_chunk *= 2;
  }
  char *memory = (char *)(piece + 1);
  if (chunk == size && (size_t)(ev->bump_end - ev->bump) >= 512) {
    return memory; /* a large piece: what is left of the present chunk is still good */
  }
  ev->bump = memory + size;
  ev->bump_end = memory + chunk;
  return memory;
}

void ms_jx_rewind_slow(struct ms_jx_eval *ev, const struct ms_jx_mark *mark)
{
  struct ms_jx_piece *piece = ev->piece;
  while (piece->older != mark->piece) {
    piece = piece->older;
  }
  /* The piece is part of what is given back: copy first. */
  struct ms_jx_piece oldest = *piece;
  ev->piece = oldest.older;
  ev->bytes = oldest.bytes;
  ms_arena_rewind(ev->env->arena, oldest.arena);
}

bool ms_jx_push_slow(struct ms_jx_eval *ev, struct ms_jx value)
{
  size_t capacity = ev->stack_capacity * 2;
  if (capacity * sizeof *ev->stack > ev->max_bytes) {
    ms_jx_fail_memory_limit(ev);
    return false;
  }
  struct ms_jx *old = ev->stack == ev->stack_first ? NULL : ev->stack;
  struct ms_jx *stack = ms_realloc(old, capacity * sizeof *stack);
  if (stack == NULL) {
    ms_jx_fail_nomem(ev);
    return false;
  }
  if (old == NULL) {
    memcpy(stack, ev->stack, ev->stack_count * sizeof *stack);
  }
  ev->stack = stack;
  ev->stack_capacity = capacity;
  ev->stack[ev->stack_count++] = value;
  return true;
}

struct ms_jx ms_jx_pop_list(struct ms_jx_eval *ev, size_t base, uint8_t flags)
{
  struct ms_jx list = ms_jx_list(ev, ev->stack + base, ev->stack_count - base);
  ev->stack_count = base;
  if (!ms_jx_is_error(list)) {
    list.flags = flags;
  }
  return list;
}

struct ms_jx ms_jx_pop_sequence(struct ms_jx_eval *ev, size_t base)
{
  size_t count = ev->stack_count - base;
  if (count <= 1) {
    ev->stack_count = base;
    return count == 0 ? MS_JX_VALUE_UNDEFINED : ev->stack[base];
  }
  return ms_jx_pop_list(ev, base, MS_JX_SEQUENCE);
}

bool ms_jx_own(struct ms_jx_eval *ev, struct ms_json value)
{
  if (ms_json_is_none(value)) {
    ms_jx_fail_nomem(ev);
    return false;
  }
  if (ev->owned_count == ev->owned_capacity) {
    size_t capacity = ev->owned_capacity == 0 ? 8 : ev->owned_capacity * 2;
    struct ms_json *owned = ms_reallocarray(ev->owned, capacity, sizeof *owned);
    if (owned == NULL) {
      ms_json_unref(value);
      ms_jx_fail_nomem(ev);
      return false;
    }
    ev->owned = owned;
    ev->owned_capacity = capacity;
  }
  ev->owned[ev->owned_count++] = value;
  return true;
}

/* ---- entry ---- */

static void set_limits(struct ms_jx_eval *ev, const struct ms_jsonata_env *env)
{
  const struct ms_query_limits none = {0, 0, 0};
  const struct ms_query_limits *limits = env->limits == NULL ? &none : env->limits;
  ev->max_steps = limits->max_steps == 0 ? MAX_STEPS : limits->max_steps;
  ev->max_depth = limits->max_depth == 0 ? MAX_DEPTH : limits->max_depth;
  if (ev->max_depth > MS_JSONATA_DEPTH_MAX) {
    ev->max_depth = MS_JSONATA_DEPTH_MAX;
  }
  ev->max_bytes = limits->max_bytes == 0 ? MAX_BYTES : limits->max_bytes;
  ev->max_value_bytes = env->max_value_bytes == 0 ? MAX_VALUE_BYTES : env->max_value_bytes;
}

static struct ms_jx run(struct ms_jx_eval *ev)
{
  const struct ms_jsonata *program = ev->program;
  struct ms_jx_frame frame = {NULL, NULL, NULL, 0};
  ev->root = ms_jx_from_json(ev->env->input);
  struct ms_jx input = ev->root;
  if (input.type == MS_JX_ARRAY) {
    /* An array is one input, not a sequence of inputs. */
    input = ms_jx_list(ev, &ev->root, 1);
    if (ms_jx_is_error(input)) {
      return input;
    }
    input.flags = MS_JX_SEQUENCE | MS_JX_OUTER;
  }
  return ms_jx_eval(ev, program->root, input, &frame);
}

int ms_jsonata_eval(struct ms_json *out, const struct ms_jsonata *program,
                    struct ms_jsonata_env *env, struct ms_jsonata_error *error)
{
  struct ms_jx stack[STACK_FIRST];
  struct ms_jx globals[GLOBALS_FIRST];
  struct ms_jx_eval ev;
  memset(&ev, 0, sizeof ev);
  ev.program = program;
  ev.env = env;
  ev.next_chunk = CHUNK_FIRST;
  ev.stack = ev.stack_first = stack;
  ev.stack_capacity = STACK_FIRST;
  ev.globals = globals;
  set_limits(&ev, env);
  *out = MS_JSON_VALUE_NONE;
  struct ms_arena_mark mark = ms_arena_mark(env->arena);
  if (program->symbol_count > GLOBALS_FIRST) {
    ev.globals = ms_jx_alloc(&ev, program->symbol_count * sizeof *ev.globals);
  }
  if (ev.globals != NULL) {
    for (uint32_t i = 0; i < program->symbol_count; i++) {
      ev.globals[i].type = MS_JX_UNSET;
    }
    struct ms_jx result = run(&ev);
    if (!ms_jx_is_error(result)) {
      ms_jx_to_json(&ev, out, result);
    }
  }
  env->used_bytes = ev.peak_bytes;
  if (ev.code == MS_FAILED) {
    ev.code = ms_jx_error_fill(error, &ev.error, program->text);
  }
  for (size_t i = 0; i < ev.owned_count; i++) {
    ms_json_unref(ev.owned[i]);
  }
  ms_free(ev.owned);
  ms_jx_free_blocks(&ev);
  if (ev.stack != stack) {
    ms_free(ev.stack);
  }
  ms_arena_rewind(env->arena, mark);
  return ev.code;
}
