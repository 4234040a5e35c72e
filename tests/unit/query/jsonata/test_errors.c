/* Errors of evaluation: code, place, token, and the words a user reads. */
#include "table.h"

struct failure {
  const char *expression;
  const char *code;
  int position;        /* -1: none */
  const char *token;   /* JSON, or NULL */
  const char *message; /* or NULL */
};

MT_TEST(jsonata_errors__places_and_words)
{
  static const struct failure failures[] = {
      {"1 + \"a\"", "T2002", 3, "\"+\"",
       "The right side of the \"+\" operator must evaluate to a number"},
      {"  (null * 2)", "T2001", 9, "\"*\"",
       "The left side of the \"*\" operator must evaluate to a number"},
      {"1 < \"a\"", "T2009", 3, "\"<\"",
       "The values 1 and \"a\" either side of operator \"<\" must be of the same data type"},
      {"$sum([1,\"a\"])", "T0412", 5, "\"sum\"",
       "Argument 1 of function \"sum\" must be an array of \"numbers\""},
      {"$length(5)", "T0410", 8, "\"length\"",
       "Argument 1 of function \"length\" does not match function signature"},
      {"$substring(\"a\", 1, 2, 3)", "T0410", 11, "\"substring\"",
       "Argument 4 of function \"substring\" does not match function signature"},
      {"$unknown(1)", "T1006", 9, "\"unknown\"", "Attempted to invoke a non-function"},
      {"sum(1)", "T1005", 4, "\"sum\"", "Attempted to invoke a non-function. Did you mean $sum?"},
      {"$error(\"my words\")", "D3137", 7, "\"error\"", "my words"},
      {"-\"x\"", "D1002", 1, "\"-\"", "Cannot negate a non-numeric value: \"x\""},
      {"{1: 2}", "T1003", 1, NULL, "Key in object structure must evaluate to a string; got: 1"},
      {"true and $error(\"x\")", "D3137", 8, "\"and\"", "x"},
      {"[1..20000000]", "D2014", 4, "\"..\"",
       "The size of the sequence allocated by the range operator (..) must not exceed 1e6.  "
       "Attempted to "
       "allocate 20000000."},
      {"($f := function($x){$x + \"a\"}; $f(1))", "T2002", 34, "\"+\"", NULL},
      {"\"\xF0\x9F\x98\x80\" & (1 + null)", "T2002", 11, "\"+\"", NULL},
      {"$decodeUrl(\"%\")", "D3140", 11, "\"decodeUrl\"",
       "Malformed URL passed to $decodeUrl(): \"%\""},
      {"$number(\"x\")", "D3030", 8, "\"number\"", "Unable to cast value to a number: \"x\""},
  };
  for (size_t i = 0; i < COUNT_OF(failures); i++) {
    const struct failure *f = &failures[i];
    struct ms_jsonata_env env = {.arena = ms_arena_new(0), .max_value_bytes = (size_t)1 << 30};
    struct outcome o = evaluate_with(f->expression, &env, MS_JSONATA_2_0);
    struct ms_json token = table_json(f->token);
    if (o.code != MS_FAILED || strcmp(o.error.code, f->code) != 0 ||
        (o.error.has_position ? (int)o.error.position : -1) != f->position ||
        !ms_json_equal(token, o.error.token) ||
        (f->message != NULL && !ms_str_is(ms_json_text(o.error.message), f->message))) {
      mt_report("%s: %s at %d", f->expression, outcome_text(&o), (int)o.error.position);
    }
    ms_json_unref(token);
    outcome_deinit(&o);
    ms_arena_free(env.arena);
  }
}

MT_TEST(jsonata_errors__long_values_are_cut)
{
  struct ms_jsonata_env env = {.arena = ms_arena_new(0)};
  struct outcome o =
      evaluate_with("$number($pad(\"\", 100000, \"\xC3\xA9\"))", &env, MS_JSONATA_2_0);
  mt_eq_int(o.code, MS_FAILED);
  mt_ok(ms_json_text(o.error.message).len < 20000);
  outcome_deinit(&o);
  /* A doubling list has 2^60 leaves in sixty cells. */
  o = evaluate_with("($f := function($s,$n){$n=0?$s:$f([[$s],[$s]],$n-1)}; {$f(1,60): 1})", &env,
                    MS_JSONATA_2_0);
  mt_eq_str(o.error.code, "T1003");
  outcome_deinit(&o);
  ms_arena_free(env.arena);
}
