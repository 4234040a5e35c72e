/* Limits: AWS's defaults, hostile expressions, nothing that runs away, nothing that leaves the stack. */
#include "table.h"

static const char *message_of(const char *expression, struct ms_query_limits *limits,
                              size_t max_value_bytes)
{
  struct ms_jsonata_env env = {
      .arena = ms_arena_new(0), .limits = limits, .max_value_bytes = max_value_bytes};
  struct outcome o = evaluate_with(expression, &env, MS_JSONATA_2_0);
  const char *text = outcome_text(&o);
  if (o.code == MS_FAILED && o.error.code[0] == '\0') {
    struct ms_str message = ms_json_text(o.error.message);
    text = mt_format("%.*s", MS_STR_ARG(message));
  }
  mt_eq_int(ms_arena_used_bytes(env.arena), 0);
  outcome_deinit(&o);
  ms_arena_free(env.arena);
  return text;
}

#define MEMORY "Expression evaluation memory limit exceeded: Check for excessive memory usage"
#define TIMEOUT "Expression evaluation timeout: Check for infinite loop"
#define STACK                                                                                      \
  "Stack overflow error: Check for non-terminating recursive function. Consider rewriting as "     \
  "tail-recursive. Depth=101 max=100"

/* 1+1+...+1 */
static const char *sum_of_ones(int terms)
{
  char *text = mt_format("%*s", terms * 2 - 1, "");
  for (int i = 0; i < terms * 2 - 1; i++) {
    text[i] = i % 2 == 0 ? '1' : '+';
  }
  return text;
}

MT_TEST(jsonata_limits__those_of_aws)
{
  mt_eq_str(message_of("[1..873782] ~> $count()", NULL, 0), "873782");
  mt_eq_str(message_of("[1..873783] ~> $count()", NULL, 0), MEMORY);
  mt_eq_str(message_of("$length($pad(\"\", 4194304, \"x\"))", NULL, 0), "4194304");
  mt_eq_str(message_of("$pad(\"\", 8388608, \"x\")", NULL, 0), MEMORY);
  mt_eq_str(message_of(sum_of_ones(100), NULL, 0), "100");
  mt_eq_str(message_of(sum_of_ones(101), NULL, 0), STACK);
  mt_eq_str(message_of("($f := function($n){1 + $f($n)}; $f(1))", NULL, 0), STACK);
  struct ms_query_limits short_of_time = {1000000, 0, 0};
  mt_eq_str(message_of("($f := function($n){$f($n)}; $f(1))", &short_of_time, 0), TIMEOUT);
}

MT_TEST(jsonata_limits__hostile_expressions_stop)
{
  static const struct row rows[] = {
      {"[1..1000000000]", "!D2014"},
      {"$map([1..800000], function($x){$map([1..800000], function($y){$y})})", "!"},
      {"$reduce([1..100000], function($a,$b){$a & $a}, \"x\")", "!"},
      {"$reduce([1..1000], function($a,$b){[[$a],[$a]]}, 1)", "!"},
      {"($d := $reduce([1..60], function($a,$b){[[$a],[$a]]}, 1); $d = $reduce([1..60], "
       "function($a,$b){[[$a],[$a]]}, 1))",
       "!"},
      {"($d := $reduce([1..60], function($a,$b){[[$a],[$a]]}, 1); $string($d))", "!"},
      {"($d := $reduce([1..60], function($a,$b){[[$a],[$a]]}, 0); $boolean($d))", "!"},
      {"($d := $reduce([1..60], function($a,$b){[[$a],[$a]]}, 1); $d.**)", "!"},
      {"($d := $reduce([1..60], function($a,$b){[[$a],[$a]]}, 1); $d.x)", "!"},
      {"($d := $reduce([1..60], function($a,$b){{\"a\":$a,\"b\":$a}}, 1); $clone($d))", "!"},
      {"($d := $reduce([1..60], function($a,$b){{\"a\":$a,\"b\":$a}}, 1); $count($d.**))", "!"},
      {"$reduce([1..2000], function($a,$b){{\"a\":$a}}, 1)", "!"},
      {"$string($reduce([1..2000], function($a,$b){[[$a]]}, 1))", "!"},
      {"($f := function($g,$n){$n=0?$g:$f($g ~> $g, $n-1)}; $f($abs,60)(1))", "!"},
      {"($f := function($g,$n){$n=0?$g:$f($g ~> $abs, $n-1)}; $f($abs,5000)(1))", "!"},
      {"($f := function($g,$n){$n=0?$g:$f($map(?, $g), $n-1)}; $f($abs,5000)([1]))", "!"},
      {"$~>|$|{\"self\":$}|", "!"},
      {"$match($pad(\"\", 40, \"a\") & \"!\", /(a|aa)+$/)", "!"},
      {"$replace($pad(\"\", 30000, \"ab\"), /((a|b)*)*[^ab]/, \"\")", "!"},
      {"$pad(\"\", 1e300, \"x\")", "!"},
      {"$formatInteger(1e15, \"I\")", "!"},
      {"$sort([1..870000], function($a,$b){$a < $b})", "!"},
      {"$split($pad(\"\", 4000000, \"a\"), \"\")", "!"},
  };
  struct ms_json input = table_json("{\"a\":1}");
  for (size_t i = 0; i < COUNT_OF(rows); i++) {
    struct ms_query_limits limits = {1000000, 0, 0};
    struct ms_jsonata_env env = {.arena = ms_arena_new(0), .input = input, .limits = &limits};
    struct outcome o = evaluate_with(rows[i].expression, &env, MS_JSONATA_2_0);
    if (!outcome_is(&o, rows[i].wanted)) {
      mt_report("%s\n  got %.200s", rows[i].expression, outcome_text(&o));
    }
    outcome_deinit(&o);
    ms_arena_free(env.arena);
  }
  ms_json_unref(input);
}

MT_TEST(jsonata_limits__tail_calls_take_no_room)
{
  struct ms_query_limits limits = {100000000, 100, 100000};
  mt_eq_str(
      message_of("($f := function($n){$n = 0 ? \"done\" : $f($n-1)}; $f(300000))", &limits, 0),
      "\"done\"");
  mt_eq_str(message_of("($f := function($n,$s){$n = 0 ? $s : $f($n-1, $substring($s & \"x\", 1))}; "
                       "$f(100000, \"abc\"))",
                       &limits, 0),
            "\"xxx\"");
  mt_eq_str(message_of("($e := function($n){$n = 0 ? true : $o($n-1)}; $o := function($n){$n = 0 ? "
                       "false : $e($n-1)}; $e(200001))",
                       &limits, 0),
            "false");
}

MT_TEST(jsonata_limits__calls_that_end_with_scalars_leave_nothing)
{
  struct ms_query_limits limits = {100000000, 100, 100000};
  mt_eq_str(
      message_of("$sum($map([1..2000], function($x){$length($string([$x, $x, $x]))}))", &limits, 0),
      "28679");
  mt_eq_str(message_of("$count([1..3000][$contains($string([$, $]), \"7\")])", &limits, 0), "813");
  mt_eq_str(
      message_of("($f := function($n){$n < 2 ? $n : $f($n-1) + $f($n-2)}; $f(16))", &limits, 0),
      "987");
}

MT_TEST(jsonata_limits__asked_for)
{
  struct ms_query_limits steps = {1000, 0, 0};
  struct ms_query_limits depth = {0, 10, 0};
  struct ms_query_limits bytes = {0, 0, 20000};
  mt_eq_str(message_of("$sum([1..700])", &steps, 0), "245350");
  mt_eq_str(message_of("$map([1..900], function($x){$x + 1 + 2})", &steps, 0), TIMEOUT);
  mt_eq_str(message_of(sum_of_ones(10), &depth, 0), "10");
  mt_ok(strstr(message_of(sum_of_ones(11), &depth, 0), "Depth=11 max=10") != NULL);
  mt_eq_str(message_of("[1..2000]", &bytes, 0), MEMORY);
  mt_eq_str(message_of("$count([1..100])", NULL, 800), "100");
  mt_eq_str(message_of("$count([1..101])", NULL, 800), MEMORY);
}

MT_TEST(jsonata_limits__depth_has_a_ceiling)
{
  struct ms_query_limits limits = {0, 4000000000u, 0};
  const char *text = message_of("($f := function($n){1 + $f($n)}; $f(1))", &limits, 0);
  mt_ok(strstr(text, "max=1000") != NULL);
}
