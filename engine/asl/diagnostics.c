/*
 * The list of problems found in a definition: keeping, ordering, printing. What is a problem is decided
 * elsewhere. Strings are copied into the list's own arena, so that a list outlives the compile.
 */
#include "asl/asl.h"

#include <stdlib.h>

#include "asl/diagnostics.h"
#include "base/alloc.h"
#include "base/utf8.h"
#include "mstep/error.h"

int ms_diagnostics_init(struct ms_diagnostics *diagnostics, size_t max)
{
  *diagnostics = (struct ms_diagnostics){.max = max};
  diagnostics->arena = ms_arena_new(0);
  return diagnostics->arena == NULL ? MSTEP_ENOMEM : 0;
}

void ms_diagnostics_deinit(struct ms_diagnostics *diagnostics)
{
  ms_free(diagnostics->items);
  ms_arena_free(diagnostics->arena);
  *diagnostics = (struct ms_diagnostics){0};
}

/* Doubles the array; kept apart from the arena, which cannot give memory back. */
static int diagnostics_grow(struct ms_diagnostics *diagnostics)
{
  /* A power of two is where the array is full: 0, 8, 16, 32 ... */
  size_t count = diagnostics->count;
  if (count != 0 && (count < 8 || (count & (count - 1)) != 0)) {
    return 0;
  }
  size_t capacity = count == 0 ? 8 : count * 2;
  void *items = ms_reallocarray(diagnostics->items, capacity, sizeof *diagnostics->items);
  if (items == NULL) {
    return MSTEP_ENOMEM;
  }
  diagnostics->items = items;
  return 0;
}

static bool diagnostics_copy(struct ms_arena *arena, struct ms_str *s)
{
  *s = ms_arena_str(arena, *s);
  return s->data != NULL;
}

int ms_diagnostics_add(struct ms_diagnostics *diagnostics, const struct ms_diagnostic *problem)
{
  if (problem->severity == MS_SEVERITY_ERROR) {
    diagnostics->error_count++;
  }
  if (diagnostics->count >= diagnostics->max) {
    diagnostics->dropped++;
    return 0;
  }
  struct ms_diagnostic copy = *problem;
  struct ms_arena *arena = diagnostics->arena;
  struct ms_str code = ms_arena_str(arena, ms_str_c(problem->code));
  if (code.data == NULL || !diagnostics_copy(arena, &copy.message) ||
      !diagnostics_copy(arena, &copy.pointer) || !diagnostics_copy(arena, &copy.hint) ||
      diagnostics_grow(diagnostics) != 0) {
    return MSTEP_ENOMEM;
  }
  copy.code = code.data;
  diagnostics->items[diagnostics->count++] = copy;
  return 0;
}

/* By place in the text; problems of the whole definition, which AWS gives no location, come last. */
static int diagnostics_compare(const void *a, const void *b)
{
  const struct ms_diagnostic *x = a;
  const struct ms_diagnostic *y = b;
  if ((x->pointer.len == 0) != (y->pointer.len == 0)) {
    return x->pointer.len == 0 ? 1 : -1;
  }
  if (x->line != y->line) {
    return x->line < y->line ? -1 : 1;
  }
  if (x->column != y->column) {
    return x->column < y->column ? -1 : 1;
  }
  return 0;
}

/* Merge sort: qsort is not stable, and two problems of one place keep the order of the walk. */
static void diagnostics_merge(struct ms_diagnostic *items, struct ms_diagnostic *scratch, size_t count)
{
  for (size_t width = 1; width < count; width *= 2) {
    for (size_t from = 0; from < count; from += 2 * width) {
      size_t middle = from + width < count ? from + width : count;
      size_t end = from + 2 * width < count ? from + 2 * width : count;
      size_t left = from;
      size_t right = middle;
      for (size_t i = from; i < end; i++) {
        bool is_left = left < middle && (right >= end || diagnostics_compare(&items[left],
                                                                             &items[right]) <= 0);
        scratch[i] = items[is_left ? left++ : right++];
      }
    }
    memcpy(items, scratch, count * sizeof *items);
  }
}

int ms_diagnostics_sort(struct ms_diagnostics *diagnostics)
{
  if (diagnostics->count < 2) {
    return 0;
  }
  struct ms_diagnostic *scratch = ms_reallocarray(NULL, diagnostics->count, sizeof *scratch);
  if (scratch == NULL) {
    return MSTEP_ENOMEM;
  }
  diagnostics_merge(diagnostics->items, scratch, diagnostics->count);
  ms_free(scratch);
  return 0;
}

/* Text of a stranger on a terminal: control characters, also those of C1, are written as escapes. */
static void print_safely(struct ms_buf *out, struct ms_str text)
{
  size_t done = 0;
  size_t pos = 0;
  while (pos < text.len) {
    size_t start = pos;
    uint32_t c = ms_utf8_next(text, &pos);
    if (c >= 0x20 && (c < 0x7f || c > 0x9f)) {
      continue;
    }
    ms_buf_str(out, ms_str_sub(text, done, start));
    ms_buf_printf(out, c == '\n' ? "\\n" : "\\u%04x", (unsigned)c);
    done = pos;
  }
  ms_buf_str(out, ms_str_sub(text, done, text.len));
}

static void print_place(struct ms_buf *out, const struct ms_diagnostic *problem, struct ms_str file)
{
  if (file.len > 0) {
    print_safely(out, file);
    ms_buf_char(out, ':');
  }
  if (problem->line > 0) {
    ms_buf_printf(out, "%u:%u:", (unsigned)problem->line, (unsigned)problem->column);
  }
  if (file.len > 0 || problem->line > 0) {
    ms_buf_char(out, ' ');
  }
}

void ms_diagnostics_print(struct ms_buf *out, const struct ms_diagnostics *diagnostics,
                          struct ms_str file)
{
  for (size_t i = 0; i < diagnostics->count; i++) {
    const struct ms_diagnostic *problem = &diagnostics->items[i];
    print_place(out, problem, file);
    ms_buf_cstr(out, problem->severity == MS_SEVERITY_ERROR ? "error: " : "warning: ");
    print_safely(out, problem->message);
    ms_buf_printf(out, " (%s", problem->code);
    if (problem->pointer.len > 0) {
      ms_buf_cstr(out, " at ");
      print_safely(out, problem->pointer);
    }
    ms_buf_char(out, ')');
    if (problem->hint.len > 0) {
      ms_buf_char(out, ' ');
      print_safely(out, problem->hint);
    }
    ms_buf_char(out, '\n');
  }
  if (diagnostics->dropped > 0) {
    ms_buf_printf(out, "... and %zu more\n", diagnostics->dropped);
  }
}

void ms_diagnostics_aws_message(struct ms_buf *out, const struct ms_diagnostics *diagnostics)
{
  ms_buf_cstr(out, "Invalid State Machine Definition: '");
  bool is_first = true;
  for (size_t i = 0; i < diagnostics->count; i++) {
    const struct ms_diagnostic *problem = &diagnostics->items[i];
    if (problem->severity != MS_SEVERITY_ERROR) {
      continue;
    }
    ms_buf_printf(out, "%s%s: ", is_first ? "" : ", ", problem->code);
    ms_buf_str(out, problem->message);
    /* Places in text that is not JSON begin with a bracket and stand on a line of their own. */
    ms_buf_cstr(out, problem->pointer.len > 0 && problem->pointer.data[0] == '[' ? "\n at " : " at ");
    ms_buf_str(out, problem->pointer.len > 0 ? problem->pointer : MS_STR("null"));
    is_first = false;
  }
  ms_buf_char(out, '\'');
}
