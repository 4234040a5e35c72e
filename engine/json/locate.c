/*
 * From a JSON pointer to line and column. The map is a copy of the text: a lookup walks it from the
 * start, skipping what lies beside the path. Diagnostics are few and definitions small, so this is
 * cheaper than recording a place for each value of each text that has no error in it.
 *
 * The text has been parsed, so the walk trusts its syntax and only ever looks for ends.
 */
#include "json/json.h"

#include "base/error.h"
#include "json/internal.h"

struct duplicate {
  struct duplicate *next;
  struct ms_str pointer;
};

struct ms_json_map {
  struct ms_arena *arena;
  struct ms_str text;
  struct duplicate *first;
  struct duplicate *last;
  size_t count;
};

struct ms_json_map *ms_json_map_new(struct ms_arena *arena, struct ms_str text)
{
  struct ms_json_map *map = ms_arena_calloc(arena, 1, sizeof *map);
  if (map == NULL) {
    return NULL;
  }
  map->arena = arena;
  map->text = ms_arena_str(arena, text);
  return map->text.data == NULL ? NULL : map;
}

int ms_json_map_add_duplicate(struct ms_json_map *map, struct ms_str pointer)
{
  struct duplicate *duplicate = ms_arena_alloc(map->arena, sizeof *duplicate);
  struct ms_str copy = ms_arena_str(map->arena, pointer);
  if (duplicate == NULL || copy.data == NULL) {
    return MSTEP_ENOMEM;
  }
  *duplicate = (struct duplicate){NULL, copy};
  if (map->last == NULL) {
    map->first = duplicate;
  } else {
    map->last->next = duplicate;
  }
  map->last = duplicate;
  map->count++;
  return MSTEP_OK;
}

size_t ms_json_duplicate_count(const struct ms_json_map *map)
{
  return map == NULL ? 0 : map->count;
}

struct ms_str ms_json_duplicate(const struct ms_json_map *map, size_t index)
{
  const struct duplicate *duplicate = map == NULL ? NULL : map->first;
  for (; duplicate != NULL && index > 0; index--) {
    duplicate = duplicate->next;
  }
  return duplicate == NULL ? MS_STR("") : duplicate->pointer;
}

void ms_json_position_of(struct ms_json_position *out, struct ms_str text, size_t offset)
{
  *out = (struct ms_json_position){offset, 1, 1};
  for (size_t i = 0; i < offset && i < text.len; i++) {
    if (text.data[i] == '\n') {
      out->line++;
      out->column = 1;
    } else if (((unsigned char)text.data[i] & 0xC0) != 0x80) {
      out->column++;
    }
  }
}

/* ---- walking text that is known to be valid ---- */

static size_t skip_space(struct ms_str text, size_t at)
{
  while (at < text.len && strchr(" \t\r\n", text.data[at]) != NULL && text.data[at] != '\0') {
    at++;
  }
  return at;
}

/* Behind the string that begins at `at`. */
static size_t skip_string(struct ms_str text, size_t at)
{
  for (at++; at < text.len && text.data[at] != '"'; at++) {
    at += text.data[at] == '\\';
  }
  return at < text.len ? at + 1 : text.len;
}

/* Behind the value that begins at `at`. */
static size_t skip_value(struct ms_str text, size_t at)
{
  size_t depth = 0;
  while (at < text.len) {
    char c = text.data[at];
    if (c == '"') {
      at = skip_string(text, at);
    } else if (c == '[' || c == '{') {
      depth++;
      at++;
      continue;
    } else if (c == ']' || c == '}') {
      depth--;
      at++;
    } else if (depth > 0) {
      at++;
      continue;
    } else {
      while (at < text.len && strchr(",]} \t\r\n", text.data[at]) == NULL) {
        at++;
      }
    }
    if (depth == 0) {
      break;
    }
  }
  return at;
}

/* Where a value and, in an object, its name begin. */
struct place {
  size_t value;
  size_t key;
};

/* From a name's opening quote to its value. */
static size_t value_of_name(struct ms_str text, size_t at)
{
  at = skip_space(text, skip_string(text, at)); /* at the colon */
  return skip_space(text, at + 1);
}

static bool name_matches(const struct ms_json_map *map, size_t at, struct ms_str token)
{
  size_t end = skip_string(map->text, at);
  struct ms_str raw = ms_str_sub(map->text, at + 1, end - 1);
  if (ms_str_find(raw, 0, '\\') == raw.len) {
    return ms_json_pointer_token_is(token, raw);
  }
  struct ms_arena_mark mark = ms_arena_mark(map->arena);
  char *name = ms_arena_alloc(map->arena, raw.len + 1);
  bool is_match = false;
  if (name != NULL) {
    size_t len = ms_json_unescape(name, raw);
    is_match = ms_json_pointer_token_is(token, (struct ms_str){name, len});
  }
  ms_arena_rewind(map->arena, mark);
  return is_match;
}

/* One step down from the container that begins at `at`. */
static bool step(struct place *out, const struct ms_json_map *map, size_t at, struct ms_str token)
{
  struct ms_str text = map->text;
  bool is_object = text.data[at] == '{';
  if (!is_object && text.data[at] != '[') {
    return false;
  }
  size_t wanted = is_object ? SIZE_MAX : ms_json_pointer_index(token);
  bool is_found = false;
  at = skip_space(text, at + 1);
  for (size_t index = 0; at < text.len && text.data[at] != ']' && text.data[at] != '}'; index++) {
    struct place here = {at, at};
    bool is_match = index == wanted;
    if (is_object) {
      is_match = name_matches(map, at, token);
      here.value = value_of_name(text, at);
    }
    /* Of names that occur more than once the last is meant, as in the value. */
    if (is_match) {
      *out = here;
      is_found = true;
    }
    at = skip_space(text, skip_value(text, here.value));
    at = at < text.len && text.data[at] == ',' ? skip_space(text, at + 1) : at;
  }
  return is_found;
}

bool ms_json_locate(struct ms_json_position *out, const struct ms_json_map *map,
                    struct ms_str pointer, bool key)
{
  struct ms_str text = map->text;
  size_t root = skip_space(text, 0);
  struct place place = {root, root};
  bool is_found = true;
  size_t at = 0;
  while (at < pointer.len && is_found) {
    size_t end = ms_str_find(pointer, at + 1, '/');
    is_found =
        pointer.data[at] == '/' && step(&place, map, place.value, ms_str_sub(pointer, at + 1, end));
    at = end;
  }
  ms_json_position_of(out, text, key && is_found ? place.key : place.value);
  return is_found;
}
