/* engine/query/jsonpath/path_parse.c, path_text.c, path.c */
#include "base/error.h"
#include "mt.h"
#include "query/jsonpath/path.h"

static struct ms_path *compile(const char *text)
{
  struct ms_path *path;
  struct ms_path_error error;
  if (ms_path_compile(&path, ms_str_c(text), &error) != 0) {
    mt_fail("%s: %s", text, error.message);
  }
  return path;
}

MT_TEST(path_parse__roots)
{
  struct ms_path *path = compile("$");
  mt_ok(path->root == MS_PATH_DATA && path->count == 0 && path->is_reference && path->is_definite);
  ms_path_free(path);
  path = compile("$$.Execution.Id");
  mt_ok(path->root == MS_PATH_CONTEXT && path->count == 2 && path->is_simple);
  ms_path_free(path);
  path = compile("$order_1.items[0]");
  mt_ok(path->root == MS_PATH_VARIABLE && path->count == 2);
  mt_eq_json(path->variable, "\"order_1\"");
  ms_path_free(path);
  path = compile("$größe");
  mt_eq_json(path->variable, "\"größe\"");
  ms_path_free(path);
}

MT_TEST(path_parse__kinds_of_steps)
{
  static const enum ms_step_kind wanted[] = {MS_STEP_NAME,     MS_STEP_NAME,     MS_STEP_NAMES,
                                             MS_STEP_INDEX,    MS_STEP_INDEXES,  MS_STEP_SLICE,
                                             MS_STEP_WILDCARD, MS_STEP_WILDCARD, MS_STEP_DESCEND,
                                             MS_STEP_NAME,     MS_STEP_FILTER,   MS_STEP_FUNCTION};
  struct ms_path *path = compile("$.a['b']['c','d'][-1][0, 2][1:].*[*]..e[?(@.f == 1)].length()");
  mt_eq_int(path->count, sizeof wanted / sizeof wanted[0]);
  for (uint32_t i = 0; i < path->count; i++) {
    mt_eq_int(path->steps[i].kind, wanted[i]);
  }
  mt_ok(!path->is_definite && !path->is_reference && !path->is_simple);
  mt_eq_int(path->steps[3].u.index, -1);
  mt_eq_int(path->steps[4].u.indexes[1], 2);
  ms_path_free(path);
}

MT_TEST(path_parse__definite_and_reference)
{
  static const struct {
    const char *text;
    bool is_definite;
    bool is_reference;
  } rows[] = {
      {"$.a.b[0]['c d'][-1]", true, true},
      {"$['a','b']", true, false},
      {"$['a','b'].c", false, false},
      {"$.a[0,1]", false, false},
      {"$.a[1:2]", false, false},
      {"$..a", false, false},
      {"$.a[*]", false, false},
      {"$.a[?(@.b)]", false, false},
      {"$.a.length()", true, false},
      {"$['a:b']", true, true},
      {"$.a:b", true, false},
      {"$.a@b", true, false},
      {"$.a,b", true, false},
      {"$.with-dash", true, true},
      {"$$.a", true, true},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct ms_path *path = compile(rows[i].text);
    if (path->is_definite != rows[i].is_definite || path->is_reference != rows[i].is_reference) {
      mt_report("%s: definite %d, reference %d", rows[i].text, path->is_definite,
                path->is_reference);
    }
    ms_path_free(path);
  }
}

MT_TEST(path_parse__refuses)
{
  static const struct {
    const char *text;
    const char *message;
  } rows[] = {
      {"", "Path must start with '$'"},
      {"a.b", "Path must start with '$'"},
      {" $.a", "Path must start with '$'"},
      {"@.a", "Path must start with '$'"},
      {"$.", "Path must not end with a '.' or '..'"},
      {"$..", "Path must not end with a '.' or '..'"},
      {"$...a", "Character '.' on position 3 is not valid."},
      {"$. a", "Could not parse token starting at position 2"},
      {"$1", "Illegal character at position 1 expected '.' or '['"},
      {"$$$", "Illegal character at position 2 expected '.' or '['"},
      {"$$a", "Illegal character at position 2 expected '.' or '['"},
      {"$ .a", "Illegal character at position 1 expected '.' or '['"},
      {"$.a b",
       "Use bracket notion ['my prop'] if your property contains blank characters. position: 2"},
      {"$[", "Could not parse token starting at position 1. Expected ?, ', 0-9, * "},
      {"$.a[", "Could not parse token starting at position 3. Expected ?, ', 0-9, * "},
      {"$[]", "Could not parse token starting at position 1. Expected ?, ', 0-9, * "},
      {"$[a]", "Could not parse token starting at position 1. Expected ?, ', 0-9, * "},
      {"$[1a]", "Could not parse token starting at position 1. Expected ?, ', 0-9, * "},
      {"$[1", "Could not parse token starting at position 1. Expected ?, ', 0-9, * "},
      {"$[1,]", "Failed to parse token in ArrayIndexOperation: "},
      {"$[2147483648]", "Failed to parse token in ArrayIndexOperation: 2147483648"},
      {"$[--1]", "Failed to parse token in ArrayIndexOperation: --1"},
      {"$[:]", "Failed to parse SliceOperation: :"},
      {"$[::2]", "Failed to parse SliceOperation: ::2"},
      {"$[1 :2]", "Failed to parse SliceOperation: 1 :2"},
      {"$['a]", "Property has not been closed - missing closing '"},
      {"$['a' 'b']",
       "Property must be separated by comma or Property must be terminated close square "
       "bracket at index 4"},
      {"$['a',]", "Found empty property at index 6"},
      {"$['a',1]", "Found empty property at index 6"},
      {"$['\\uZZZZ']", "Unable to parse unicode value: ZZZZ"},
      {"$[*,1]", "Expected wildcard token to end with ']' on position 3"},
      {"$['a']b", "Could not parse token starting at position 6"},
      {"$['a']x.y", "Could not parse token starting at position 6"},
      {"$.a.nosuch()", "Function with name: nosuch does not exist."},
      {"$.a.length(", "Arguments to function: 'length' are not closed properly."},
      {"$.a.length().b", "A function must end the path, position 12"},
      {"$.max(1, x)", "Not a JSON value: x"},
      {"$[?@.a]", "Could not parse token starting at position 1. Expected ?, ', 0-9, * "},
      {"$[?(@.a]", "Could not parse token starting at position 1. Expected ?, ', 0-9, * "},
      {"$[(@.length-1)]", "Could not parse token starting at position 1. Expected ?, ', 0-9, * "},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct ms_path *path;
    struct ms_path_error error = {""};
    int err = ms_path_compile(&path, ms_str_c(rows[i].text), &error);
    if (err != MSTEP_EINVALID || path != NULL || strcmp(error.message, rows[i].message) != 0) {
      mt_report("%s\n  is     %d %s\n  not    %s", rows[i].text, err, error.message,
                rows[i].message);
    }
    ms_path_free(path);
  }
}

/* Texts made of one piece many times, where a parser without bounds would recurse or grow. */
static int compile_repeated(const char *start, const char *piece, size_t count, const char *end)
{
  struct ms_buf text;
  struct ms_path *path;
  struct ms_path_error error;
  ms_buf_init(&text, MS_BUF_MAX_DEFAULT);
  ms_buf_cstr(&text, start);
  for (size_t i = 0; i < count; i++) {
    ms_buf_cstr(&text, piece);
  }
  ms_buf_cstr(&text, end);
  int err = ms_path_compile(&path, ms_buf_view(&text), &error);
  ms_path_free(path);
  ms_buf_deinit(&text);
  return err;
}

MT_TEST(path_parse__bounds_hostile_texts)
{
  mt_eq_int(compile_repeated("$", ".a", 512, ""), 0);
  mt_eq_int(compile_repeated("$", ".a", 513, ""), MSTEP_EINVALID);
  mt_eq_int(compile_repeated("$[?(", "(", 100000, ""), MSTEP_EINVALID);
  mt_eq_int(compile_repeated("$[?(", "!", 100000, "@.a)]"), MSTEP_EINVALID);
  mt_eq_int(compile_repeated("$", "[?(@", 100000, ""), MSTEP_EINVALID);
  mt_eq_int(compile_repeated("$[?(@.a", "[?(@.a", 30, ""), MSTEP_EINVALID);
  mt_eq_int(compile_repeated("$[?(@.a == 1", " || @.a == 1", 4000, ")]"), 0);
  mt_eq_int(compile_repeated("$[?(@.a == 1", " || @.a == 1", 5000, ")]"), MSTEP_EINVALID);
  mt_eq_int(compile_repeated("$[0", ",0", 4000, "]"), 0);
  mt_eq_int(compile_repeated("$[0", ",0", 5000, "]"), MSTEP_EINVALID);
  mt_eq_int(compile_repeated("$.", "max($.", 1000, ""), MSTEP_EINVALID);
  mt_eq_int(compile_repeated("$[?(@ in ", "[", 100000, ")]"), MSTEP_EINVALID);
}

static int compile_all(void *user)
{
  static const char *const texts[] = {
      "$order.a['b\\'c',\"d\"][0,1][?(@.x == 'y' && !(@.z =~ /q/i) || @.k in ['a',1])]..e",
      "$['a\\u0041'].max($.b, [1,2], 'x')", "$[?(!@.a)]", "$[?(@.a", "$.a[0,x]"};
  (void)user;
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    struct ms_path *path;
    struct ms_path_error error;
    int err = ms_path_compile(&path, ms_str_c(texts[i]), &error);
    ms_path_free(path);
    if (err != 0 && err != MSTEP_EINVALID) {
      return err;
    }
  }
  return 0;
}

MT_TEST(path_parse__survives_out_of_memory)
{
  mt_ok(mt_oom(compile_all, NULL) > 30);
}
