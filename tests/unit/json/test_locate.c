/* Positions of values and names, and duplicates. */
#include "mt.h"

#include "base/arena.h"
#include "base/error.h"
#include "json/json.h"

static struct ms_arena *arena;
static struct ms_json value;

static struct ms_json_map *locate(const char *text)
{
  struct ms_json_map *map;
  arena = ms_arena_new(0);
  /* The text dies before the map is asked. */
  char *copy = mt_format("%s", text);
  if (ms_json_parse_located(&value, &map, arena, ms_str_c(copy), NULL, NULL) != 0) {
    mt_fail("%s: %s", text, ms_error_detail());
  }
  memset(copy, 'x', strlen(copy));
  return map;
}

static void done(void)
{
  ms_json_unref(value);
  ms_arena_free(arena);
}

static void check(const struct ms_json_map *map, const char *pointer, bool key, unsigned line,
                  unsigned column)
{
  struct ms_json_position at;
  if (!ms_json_locate(&at, map, ms_str_c(pointer), key)) {
    mt_report("'%s' not found", pointer);
  } else if (at.line != line || at.column != column) {
    mt_report("'%s' at %u:%u, expected %u:%u", pointer, (unsigned)at.line, (unsigned)at.column,
              line, column);
  }
}

static void check_missing(const struct ms_json_map *map, const char *pointer, unsigned line,
                          unsigned column)
{
  struct ms_json_position at;
  if (ms_json_locate(&at, map, ms_str_c(pointer), true)) {
    mt_report("'%s' found", pointer);
  } else if (at.line != line || at.column != column) {
    mt_report("near '%s': %u:%u, expected %u:%u", pointer, (unsigned)at.line, (unsigned)at.column,
              line, column);
  }
}

MT_TEST(json_locate__values_and_names)
{
  struct ms_json_map *map = locate("\n"
                                   "{ \"StartAt\" : \"A\",\n"
                                   "  \"States\": {\n"
                                   "    \"A\": { \"Type\": \"Pass\", \"Tags\": [ 1, [2, {\"x\": true}], \"]\" ] },\n"
                                   "    \"a/b~c\": -1.5e3, \"\\u0041B\": null,\n"
                                   "    \"\": { \"\": 7 } } }");
  check(map, "", false, 2, 1);
  check(map, "", true, 2, 1);
  check(map, "/StartAt", false, 2, 15);
  check(map, "/StartAt", true, 2, 3);
  check(map, "/States", false, 3, 13);
  check(map, "/States/A", true, 4, 5);
  check(map, "/States/A/Type", false, 4, 20);
  check(map, "/States/A/Tags/0", false, 4, 38);
  check(map, "/States/A/Tags/1", true, 4, 41);
  check(map, "/States/A/Tags/1/1/x", false, 4, 51);
  check(map, "/States/A/Tags/2", false, 4, 59);
  check(map, "/States/a~1b~0c", false, 5, 14);
  check(map, "/States/AB", false, 5, 33);
  check(map, "/States//", false, 6, 15);
  done();
}

MT_TEST(json_locate__misses_name_the_nearest_parent)
{
  struct ms_json_map *map = locate("{\"a\": {\"b\": [10, 20]}, \"s\": \"x\"}");
  check_missing(map, "/zzz", 1, 1);
  check_missing(map, "/a/c", 1, 7);
  check_missing(map, "/a/c/d/e", 1, 7);
  check_missing(map, "/a/b/2", 1, 13);
  check_missing(map, "/a/b/-", 1, 13);
  check_missing(map, "/a/b/01", 1, 13);
  check_missing(map, "/a/b/x", 1, 13);
  check_missing(map, "/a/b/0/y", 1, 14);
  check_missing(map, "/s/0", 1, 29);
  check_missing(map, "a", 1, 1);
  done();
}

MT_TEST(json_locate__scalars_and_empty_containers)
{
  struct ms_json_map *map = locate("  42 ");
  check(map, "", false, 1, 3);
  check_missing(map, "/0", 1, 3);
  done();
  map = locate("[ ]");
  check_missing(map, "/0", 1, 1);
  done();
  map = locate("{ }");
  check_missing(map, "/a", 1, 1);
  done();
  map = locate("[\"\\\\\",\"\\\"\",1]");
  check(map, "/2", false, 1, 12);
  done();
}

MT_TEST(json_locate__columns_count_code_points)
{
  struct ms_json_map *map = locate("{\"\xC3\xA9\xF0\x9F\x98\x80\": [1, \"\xE2\x82\xAC\", 2]}");
  check(map, "/\xC3\xA9\xF0\x9F\x98\x80/2", false, 1, 17);
  done();
}

MT_TEST(json_locate__duplicates)
{
  struct ms_json_map *map = locate("{\"a\": 1, \"x\": [0, {\"k/y\": 1, \"k/y\": 2, \"k/y\": 3}],\n"
                                   " \"\\u0061\": 4}");
  mt_eq_int(ms_json_duplicate_count(map), 3);
  mt_eq_str(ms_json_duplicate(map, 0).data, "/x/1/k~1y");
  mt_eq_str(ms_json_duplicate(map, 1).data, "/x/1/k~1y");
  mt_eq_str(ms_json_duplicate(map, 2).data, "/a");
  mt_eq_int(ms_json_duplicate(map, 3).len, 0);
  /* The position is that of the last, whose value counts. */
  check(map, "/a", true, 2, 2);
  check(map, "/a", false, 2, 12);
  check(map, "/x/1/k~1y", true, 1, 40);
  done();
  map = locate("{\"a\":{\"a\":{}},\"b\":[{\"a\":1},{\"a\":1}]}");
  mt_eq_int(ms_json_duplicate_count(map), 0);
  done();
}

MT_TEST(json_locate__a_wrong_text_has_no_map)
{
  struct ms_arena *own = ms_arena_new(0);
  struct ms_json_map *map = (struct ms_json_map *)(void *)own;
  struct ms_json out;
  struct ms_json_position where;
  mt_eq_int(ms_json_parse_located(&out, &map, own, MS_STR("[1,]"), NULL, &where), MSTEP_ESYNTAX);
  mt_ok(map == NULL);
  mt_eq_int(where.column, 4);
  mt_eq_int(ms_json_duplicate_count(NULL), 0);
  ms_arena_free(own);
}

/* Every value of a document is found where the parser would begin to read it. */
static void check_each(const struct ms_json_map *map, struct ms_str text, struct ms_json at,
                       struct ms_buf *pointer)
{
  struct ms_json_position position;
  struct ms_json again;
  mt_ok(ms_json_locate(&position, map, ms_buf_view(pointer), false));
  /* The rest of the text from there, cut to each length until it parses to the same value. */
  size_t end = position.offset + 1;
  for (; end <= text.len; end++) {
    struct ms_str piece = ms_str_sub(text, position.offset, end);
    if (ms_json_parse(&again, piece, NULL, NULL) == 0) {
      bool is_same = ms_json_identical(again, at);
      ms_json_unref(again);
      if (is_same) {
        break;
      }
    }
  }
  if (end > text.len) {
    mt_report("'%s' is not at %zu", pointer->data == NULL ? "" : pointer->data, position.offset);
  }
  for (size_t i = 0; i < ms_json_count(at); i++) {
    size_t len = pointer->len;
    if (ms_json_is_object(at)) {
      ms_json_pointer_push(pointer, ms_json_key(at, i));
      check_each(map, text, ms_json_member(at, i), pointer);
    } else {
      ms_json_pointer_push_index(pointer, i);
      check_each(map, text, ms_json_at(at, i), pointer);
    }
    pointer->len = len;
  }
}

MT_TEST(json_locate__every_value_of_a_document)
{
  const char *text = " [ {\"a\\\"b\":[true,false , null],\"\":{\"~\":\"}\",\"/\":\"\\\\\"}} ,\t-12.5e+3,"
                     "[[[]]],\"[\",{\"}\":{}},\r\n0]";
  struct ms_json_map *map = locate(text);
  struct ms_buf pointer;
  ms_buf_init(&pointer, 0);
  check_each(map, ms_str_c(text), value, &pointer);
  ms_buf_deinit(&pointer);
  done();
}
