/* Memory runs out at every allocation in turn, while compiling and while evaluating. */
#include "table.h"

static struct ms_json input;

static void ignore(struct ms_str name, bool is_member, void *user)
{
  (void)name;
  (void)is_member;
  (void)user;
}

static int compile_and_evaluate(void *user)
{
  const char *expression = user;
  struct ms_jsonata *program = NULL;
  struct ms_jsonata_error error = MS_JSONATA_ERROR_INIT;
  struct ms_random random;
  ms_random_seed(&random, 1);
  struct ms_jsonata_env env = {.arena = ms_arena_new(0), .random = &random, .input = input};
  struct ms_json result = MS_JSON_VALUE_NONE;
  int code = env.arena == NULL
                 ? MSTEP_ENOMEM
                 : ms_jsonata_compile(&program, ms_str_c(expression), MS_JSONATA_2_0, &error);
  if (code == 0) {
    code = ms_jsonata_check(program, 0, ignore, NULL) == MSTEP_ENOMEM ? MSTEP_ENOMEM : 0;
  }
  if (code == 0) {
    code = ms_jsonata_eval(&result, program, &env, &error);
  }
  ms_json_unref(result);
  ms_jsonata_error_deinit(&error);
  ms_jsonata_free(program);
  ms_arena_free(env.arena);
  return code == MS_FAILED ? 0 : code; /* a failed expression is an outcome like any other */
}

MT_TEST(jsonata_oom__every_allocation)
{
  static const char *const expressions[] = {
      "$$.a.b + 1",
      "$$.list[v > 1].{\"k\": k, \"v\": [v, v]}",
      "$$.list{k: $sum(v)}",
      "$$.list^(>v, k).k",
      "$$.list@$x#$i[$x.v = 2].{\"i\": $i}",
      "$$.list.(%.list[0].v)",
      "$$.list.k.%.v",
      "($f := function($n)<n:n>{$n = 0 ? [] : $append($f($n-1), {\"n\": $n})}; $f(5))",
      "($f := function($n,$a){$n = 0 ? $a : $f($n-1, $append($a, [$n, $n & \"x\"]))}; "
      "$count($f(230, [])))",
      "$count($reduce([1..230], function($a,$b){$append($a, {\"k\": $b})}, []))",
      "$ ~> |list|{\"w\": v * 2}, \"k\"|",
      "$map([1..60], function($x){$string($x)})",
      "$replace(\"a1b2\", /([a-z])(\\d)/, \"$2$1\") & $match(\"aXbX\", /X/).index",
      "$replace(\"ab\", /b/, function($m){$uppercase($m.match)})",
      "$split(\"a, b\", /, /) ~> $join(\"-\")",
      "$uppercase(\"\xC3\xA9\xC3\x9F\") & $base64encode(\"\xE2\x82\xAC\") & $encodeUrl(\"\xC3\xA9 "
      "\") & $decodeUrl(\"%20\")",
      "$formatNumber(1234.5, \"#,##0.00\") & $formatInteger(1234, \"w\") & $formatInteger(12, "
      "\"I\")",
      "$fromMillis(0, \"[Y0001]-[M01]-[D01] [FNn]\") & $toMillis(\"2017-1-2\", \"[Y]-[M]-[D]\")",
      "$parse(\"{\\\"a\\\":[1,2]}\").a",
      "$hash(\"a\", \"MD5\") & $uuid() & $random()",
      "$partition([1..9], 2) ~> $count()",
      "$distinct([1..40]) ~> $count()",
      "$sort([3,1,2], function($a,$b){$a > $b})",
      "$merge([1..20].{\"k\" & $: $})",
      "$substring(?, 1)(\"abc\") & ($uppercase ~> $length)(\"ab\")",
      "$error(\"some words\")",
      "1 + \"a\"",
      "$nothing(1)",
      "/(/",
      "1 +",
      "$states.input.a + phone",
      "\"\\u0041\\n\" & `b c`",
      "[1..200].($ & \"\")",
  };
  input = table_json("{\"a\":{\"b\":1},\"list\":[{\"k\":\"x\",\"v\":1},{\"k\":\"y\",\"v\":2},{"
                     "\"k\":\"x\",\"v\":3}]}");
  for (size_t i = 0; i < COUNT_OF(expressions); i++) {
    mt_oom(compile_and_evaluate, (void *)(uintptr_t)expressions[i]);
  }
  ms_json_unref(input);
}
