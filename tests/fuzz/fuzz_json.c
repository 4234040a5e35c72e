/*
 * Any bytes as JSON: refused with a position inside the text, or accepted, and then everything the
 * module says of a value must hold. abort() is the finding.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/utf8.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
  if (!holds) {
    abort();
  }
}

static void check_refusal(int err, struct ms_str text, const struct ms_json_position *where)
{
  require(err == MSTEP_ESYNTAX || err == MSTEP_ETOOBIG);
  require(where->offset <= text.len && where->line >= 1 && where->column >= 1);
  require(ms_error_detail()[0] != '\0');
}

static void check_same(struct ms_json value, struct ms_str text)
{
  struct ms_json again;
  struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
  require(ms_json_parse(&again, text, &limits, NULL) == 0);
  require(ms_json_identical(value, again));
  require(ms_json_equal(value, again));
  require(ms_json_hash(value, 1) == ms_json_hash(again, 1));
  ms_json_unref(again);
}

static void check_print(struct ms_json value)
{
  struct ms_buf first;
  struct ms_buf second;
  ms_buf_init(&first, 0);
  ms_buf_init(&second, 0);
  ms_json_print(&first, value);
  require(first.error == 0 && first.len == ms_json_size_bytes(value));
  require(ms_utf8_check(ms_buf_view(&first)) == first.len);
  check_same(value, ms_buf_view(&first));
  ms_json_print_pretty(&second, value, 1);
  check_same(value, ms_buf_view(&second));
  ms_buf_deinit(&first);
  ms_buf_deinit(&second);
}

/* Every value is at its pointer, in the value and in the text. */
static void check_paths(const struct ms_json_map *map, struct ms_json root, struct ms_json value,
                        struct ms_buf *pointer)
{
  struct ms_json_position where;
  struct ms_json found = ms_json_pointer(root, ms_buf_view(pointer));
  require(ms_json_identical(found, value));
  require(ms_json_locate(&where, map, ms_buf_view(pointer), false));
  size_t len = pointer->len;
  for (size_t i = 0; i < ms_json_count(value) && i < 8; i++) {
    if (ms_json_is_object(value)) {
      ms_json_pointer_push(pointer, ms_json_key(value, i));
      check_paths(map, root, ms_json_member(value, i), pointer);
    } else {
      ms_json_pointer_push_index(pointer, i);
      check_paths(map, root, ms_json_at(value, i), pointer);
    }
    pointer->len = len;
  }
}

static void check_located(struct ms_json value, struct ms_str text)
{
  struct ms_arena *arena = ms_arena_new(0);
  struct ms_json_map *map;
  struct ms_json again;
  struct ms_buf pointer;
  require(arena != NULL);
  require(ms_json_parse_located(&again, &map, arena, text, NULL, NULL) == 0);
  require(ms_json_identical(value, again));
  for (size_t i = 0; i < ms_json_duplicate_count(map); i++) {
    struct ms_json_position where;
    ms_json_locate(&where, map, ms_json_duplicate(map, i), true);
    require(where.offset < text.len);
  }
  ms_buf_init(&pointer, 0);
  if (text.len < 2000) { /* each look-up walks the text */
    check_paths(map, again, again, &pointer);
  }
  ms_buf_deinit(&pointer);
  ms_json_unref(again);
  ms_arena_free(arena);
}

/* Changing a copy leaves the original. */
static void check_copy(struct ms_json value)
{
  struct ms_json copy = ms_json_ref(value);
  size_t count = ms_json_count(value);
  if (ms_json_is_array(copy)) {
    require(ms_json_push(&copy, ms_json_int(1)) == 0);
  } else if (ms_json_is_object(copy)) {
    require(ms_json_set(&copy, MS_STR("\0new"), ms_json_int(1)) == 0);
    require(count == 0 || ms_json_remove(&copy, ms_json_key(value, count - 1)) == 0);
  }
  require(ms_json_count(value) == count);
  ms_json_unref(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct ms_str text = {(const char *)data, size};
  struct ms_json_position where = {0, 0, 0};
  struct ms_json value;
  int err = ms_json_parse(&value, text, NULL, &where);
  if (err != 0) {
    require(ms_json_is_none(value));
    check_refusal(err, text, &where);
    return 0;
  }
  check_print(value);
  check_located(value, text);
  check_copy(value);
  ms_json_unref(value);
  return 0;
}
