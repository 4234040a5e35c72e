/* Compilation: what is refused, with code, place and token; what the tree comes to. */
#include "table.h"

#include "query/jsonata/ast.h"

struct refusal {
  const char *text;
  const char *code;
  int position;
  const char *token; /* JSON, or NULL */
  const char *message;
};

static void check_refusal(const struct refusal *r)
{
  struct ms_jsonata *program = NULL;
  struct ms_jsonata_error error = MS_JSONATA_ERROR_INIT;
  int code = ms_jsonata_compile(&program, ms_str_c(r->text), MS_JSONATA_2_0, &error);
  struct ms_json token = table_json(r->token);
  if (code != MS_FAILED || strcmp(error.code, r->code) != 0 ||
      (error.has_position ? (int)error.position : -1) != r->position ||
      !ms_json_equal(token, error.token) ||
      (r->message != NULL && !ms_str_is(ms_json_text(error.message), r->message))) {
    struct ms_str message = ms_json_text(error.message);
    mt_report("%s: %d %s at %d: %.*s", r->text, code, error.code,
              error.has_position ? (int)error.position : -1, MS_STR_ARG(message));
  }
  ms_json_unref(token);
  ms_jsonata_error_deinit(&error);
  ms_jsonata_free(program);
}

MT_TEST(jsonata_parse__refusals)
{
  static const struct refusal refusals[] = {
      {"1 +", "S0207", 3, "\"(end)\"", "Unexpected end of expression"},
      {"", "S0207", 0, "\"(end)\"", NULL},
      {"a[1,2)", "S0202", 4, "\",\"", "Expected \"]\", got \",\""},
      {"(1", "S0203", 2, "\"(end)\"", "Expected \")\" before end of expression"},
      {"{\"a\":}", "S0211", 6, "\"}\"", "The symbol \"}\" cannot be used as a unary operator"},
      {"1 2", "S0201", 3, "\"2\"", NULL},
      {"x := 1", "S0212", 1, "\"x\"", NULL},
      {"function(x){1}", "S0208", 10, "\"x\"",
       "Parameter 1 of function definition must be a variable name (start with $)"},
      {"a@x", "S0214", 3, "\"@\"",
       "The right side of \"@\" must be a variable name (start with $)"},
      {"a[0]@$x", "S0215", 5, NULL, NULL},
      {"a^(b)@$x", "S0216", 6, NULL, NULL},
      {"%", "S0217", 1, "\"parent\"", NULL},
      {"a.1", "S0213", 3, NULL,
       "The literal value 1 cannot be used as a step within a path expression"},
      {"[1]{\"a\":1}[0]", "S0209", 11, NULL, NULL},
      {"a{\"a\":1}{\"b\":2}", "S0210", 9, NULL, NULL},
      {"1 ! 2", "S0204", 3, "\"!\"", "Unknown operator: \"!\""},
      {"1e999", "S0102", 0, "\"1e999\"", NULL},
      {"a ?? b", "S0211", 4, "\"?\"", NULL},
      {"[1,]", "S0211", 4, "\"]\"", NULL},
      {"function($x)<n{$x}", "S0202", 15, "\"{\"", NULL},
      {"function($x)<s<n>:s>{$x}", "S0401", 15, NULL, NULL},
      {"function($x)<(sa<n>):s>{$x}", "S0402", 14, NULL, NULL},
      {"\"\xF0\x9F\x98\x80\" 1", "S0201", 6, "\"1\"", NULL}, /* places count UTF-16 units */
  };
  for (size_t i = 0; i < COUNT_OF(refusals); i++) {
    check_refusal(&refusals[i]);
  }
}

MT_TEST(jsonata_parse__invalid_regular_expression)
{
  struct ms_jsonata *program;
  struct ms_jsonata_error error;
  mt_eq_int(ms_jsonata_compile(&program, MS_STR("/(a/"), MS_JSONATA_2_0, &error), MS_FAILED);
  mt_eq_str(error.code, "S0302"); /* the bracket hides the end */
  ms_jsonata_error_deinit(&error);
  mt_eq_int(ms_jsonata_compile(&program, MS_STR("/*a/"), MS_JSONATA_2_0, &error), MS_FAILED);
  mt_eq_str(error.code, "S0106");
  ms_jsonata_error_deinit(&error);
  mt_eq_int(ms_jsonata_compile(&program, MS_STR("/a{{x/"), MS_JSONATA_2_0, &error), MS_FAILED);
  ms_jsonata_error_deinit(&error);
  mt_eq_int(ms_jsonata_compile(&program, MS_STR("/+{{value/"), MS_JSONATA_2_0, &error), MS_FAILED);
  ms_jsonata_error_deinit(&error);
  mt_eq_int(ms_jsonata_compile(&program, MS_STR("/+/"), MS_JSONATA_2_0, &error), MS_FAILED);
  mt_eq_str(error.code, "");
  mt_ok(ms_str_has_prefix(ms_json_text(error.message), "Invalid regular expression: "));
  ms_jsonata_error_deinit(&error);
}

static void check_depth(const char *open, const char *middle, const char *close, int times)
{
  struct ms_buf text;
  struct ms_jsonata *program = NULL;
  struct ms_jsonata_error error = MS_JSONATA_ERROR_INIT;
  ms_buf_init(&text, 1 << 24);
  for (int i = 0; i < times; i++) {
    ms_buf_cstr(&text, open);
  }
  ms_buf_cstr(&text, middle);
  for (int i = 0; i < times; i++) {
    ms_buf_cstr(&text, close);
  }
  int code = ms_jsonata_compile(&program, ms_buf_view(&text), MS_JSONATA_2_0, &error);
  if (times < 150 ? code != 0 : code != MS_FAILED) {
    mt_report("%s %d times: %d", open, times, code);
  }
  ms_jsonata_error_deinit(&error);
  ms_jsonata_free(program);
  ms_buf_deinit(&text);
}

MT_TEST(jsonata_parse__depth_is_bounded)
{
  static const char *const shapes[][3] = {
      {"(", "1", ")"},       {"[", "1", "]"},
      {"{\"a\":", "1", "}"}, {"-", "x", ""},
      {"1+", "1", ""},       {"1+(", "1", ")"},
      {"a.", "a", ""},       {"a[", "0", "]"},
      {"", "a", "[0]"},      {"function($x){", "1", "}"},
      {"f(", "1", ")"},      {"$x:=", "1", ""},
      {"1?", "1", ":1"},     {"|a|", "{}", "|"},
      {"a^(", "b", ")"},     {"x~>", "$f", ""},
      {"a{", "b", ":1}"},    {"", "a", "@$x.b"},
  };
  for (size_t i = 0; i < COUNT_OF(shapes); i++) {
    check_depth(shapes[i][0], shapes[i][1], shapes[i][2], 100);
    check_depth(shapes[i][0], shapes[i][1], shapes[i][2], 100000);
  }
}

MT_TEST(jsonata_parse__version_switch)
{
  struct ms_jsonata_env env = {.arena = ms_arena_new(0)};
  struct outcome o =
      evaluate_with("[0 ?: 1, 0 ?? 1, missing ?? 2, false ?: 3]", &env, MS_JSONATA_2_2);
  mt_eq_json(o.result, "[1,0,2,3]");
  outcome_deinit(&o);
  ms_arena_free(env.arena);
}

static void collect(struct ms_str name, void *user)
{
  const char **all = user;
  *all = mt_format("%s %.*s", *all, MS_STR_ARG(name));
}

static void collect_check(struct ms_str name, bool is_member, void *user)
{
  const char **all = user;
  *all = mt_format("%s %s%.*s", *all, is_member ? "$states." : "", MS_STR_ARG(name));
}

static const char *references_of(const char *text, bool checks, unsigned allow)
{
  struct ms_jsonata *program;
  struct ms_jsonata_error error;
  const char *all = "";
  mt_eq_int(ms_jsonata_compile(&program, ms_str_c(text), MS_JSONATA_2_0, &error), 0);
  if (checks) {
    mt_eq_int(ms_jsonata_check(program, allow, collect_check, &all), 0);
  } else {
    ms_jsonata_references(program, collect, &all);
  }
  ms_jsonata_free(program);
  return all;
}

MT_TEST(jsonata_parse__references_are_the_free_variables)
{
  mt_eq_str(references_of("$a + $b.c[$d]", false, 0), " a b d");
  mt_eq_str(references_of("($x := $y; $x + $sum($z))", false, 0), " y z");
  mt_eq_str(references_of("$map($l, function($v){$v + $w})", false, 0), " l w");
  mt_eq_str(references_of("a@$p.b#$q[$p = $q]", false, 0), "");
  mt_eq_str(references_of("($x := $x + 1; $x)", false, 0), " x"); /* the outer one first */
}

MT_TEST(jsonata_parse__static_checks)
{
  unsigned none = 0;
  mt_eq_str(references_of("$states.input.a + phone", true, none), " phone");
  mt_eq_str(references_of("$states.input[x = y]^(z){k: v}", true, none), "");
  mt_eq_str(references_of("$$.a & $ & $states.context.b", true, none), " $$ $");
  mt_eq_str(references_of("$states.result & $states.errorOutput.Error & $states.foo", true, none),
            " $states.result $states.errorOutput $states.foo");
  mt_eq_str(references_of("$states.result", true, MS_QUERY_ALLOW_RESULT), "");
  mt_eq_str(references_of("$map($states.input.l, function($v){name})", true, none), " name");
  mt_eq_str(references_of("phone & phone", true, none), " phone");
  mt_eq_str(references_of("$states.input ~> |a.b|{\"c\": d}|", true, none), "");
}
