/* The language: paths and sequences, predicates, constructors, binds, groups, sorts, lambdas. */
#include "table.h"

#define DATA                                                                                       \
  "{\"o\":{\"a\":1,\"b\":[1,2,3],\"e\":[],\"n\":null,\"one\":[\"only\"],\"s\":[[1,2],[3]]},"       \
  "\"list\":[{\"k\":\"x\",\"v\":1},{\"k\":\"y\",\"v\":2},{\"k\":\"x\",\"v\":3}],"                  \
  "\"deep\":{\"a\":[{\"b\":[1]},{\"b\":[2,[3]]}]}}"

MT_TEST(jsonata_eval__paths_and_singletons)
{
  CHECK(DATA, {"o.a", "1"}, {"o.b", "[1,2,3]"}, {"o.one", "[\"only\"]"}, {"o.one[0]", "\"only\""},
        {"o.e", "[]"}, {"o.n", "null"}, {"o.missing", "undefined"}, {"o.missing.more", "undefined"},
        {"list.v", "[1,2,3]"}, {"list.k[0]", "[\"x\",\"y\",\"x\"]"}, {"(list.k)[0]", "\"x\""},
        {"list[v=2].v", "2"}, {"list[v=2].v[]", "[2]"}, {"list[0].v[]", "[1]"},
        {"deep.a.b", "[1,2,[3]]"}, {"o.\"a\"", "1"}, {"o.`a`", "1"}, {"\"o\".a", "1"},
        {"list.(v * 2)", "[2,4,6]"}, {"list.[v]", "[[1],[2],[3]]"},
        {"list.{\"a\":v}[1]", "undefined"}, {"o.s", "[[1,2],[3]]"}, {"o.s[0]", "[1,2]"},
        {"o.s.$", "[1,2,3]"}, {"$.o.a", "1"}, {"$$.o.a", "1"}, {"list.v.missing", "undefined"});
}

MT_TEST(jsonata_eval__top_level_arrays)
{
  CHECK("[{\"a\":1},{\"a\":2}]", {"a", "[1,2]"}, {"$[0].a", "1"}, {"$", "[{\"a\":1},{\"a\":2}]"},
        {"$[a=2]", "{\"a\":2}"}, {"$count($)", "2"}, {"$$[1].a", "2"});
  CHECK("[]", {"$", "[]"}, {"a", "undefined"}, {"$count($)", "0"});
  CHECK(NULL, {"$", "undefined"}, {"a", "undefined"}, {"1", "1"});
}

MT_TEST(jsonata_eval__predicates)
{
  CHECK(DATA, {"list[0].v", "1"}, {"list[-1].v", "3"}, {"list[1.9].v", "2"},
        {"list[7]", "undefined"}, {"list[[0,2]].v", "[1,3]"}, {"list[k=\"x\"].v", "[1,3]"},
        {"list[v>1][0].v", "2"}, {"list[\"yes\"].v", "[1,2,3]"}, {"list[\"\"]", "undefined"},
        {"o.b[$>1]", "[2,3]"}, {"o.b[$ in [1,3]]", "[1,3]"}, {"list[missing]", "undefined"},
        {"o.b[0][0]", "1"}, {"list[$.v - 1].v", "[1,2,3]"}, {"1[0]", "1"}, {"1[1]", "undefined"},
        {"\"a\"[true]", "\"a\""});
}

MT_TEST(jsonata_eval__wildcards_and_descendants)
{
  CHECK("{\"a\":{\"b\":1,\"c\":[2,{\"b\":3}]}}", {"a.*", "[1,2,{\"b\":3}]"}, {"*.b", "1"},
        {"**.b", "[1,3]"}, {"a.**.b", "[1,3]"}, {"a.c.*", "3"}, {"missing.*", "undefined"},
        {"missing.**", "undefined"}, {"$count(**)", "6"});
}

MT_TEST(jsonata_eval__constructors)
{
  CHECK(DATA, {"[1,[2],(3)]", "[1,[2],3]"}, {"[]", "[]"}, {"[missing]", "[]"},
        {"[o.b, 4]", "[1,2,3,4]"}, {"[1..3]", "[1,2,3]"}, {"[3..1]", "[]"}, {"[1..1]", "[1]"},
        {"[0, 1..3, 9]", "[0,1,2,3,9]"}, {"{}", "{}"}, {"{\"a\":missing}", "{}"},
        {"{\"a\":[1]}", "{\"a\":[1]}"},
        {"{\"a\":1, \"b\":{\"c\":null}}", "{\"a\":1,\"b\":{\"c\":null}}"},
        {"{\"b\":1,\"10\":2,\"2\":3}", "{\"b\":1,\"10\":2,\"2\":3}"}, {"{1:2}", "!T1003"},
        {"{\"a\":1,\"a\":2}", "!D1009"}, {"{missing:1}", "{}"}, {"[1.5..2]", "!T2003"},
        {"[1..\"a\"]", "!T2004"}, {"[0..10000000]", "!D2014"});
}

MT_TEST(jsonata_eval__operators)
{
  CHECK(DATA, {"1+2*3", "7"}, {"(1+2)*3", "9"}, {"7/2", "3.5"}, {"6/2", "3"}, {"7%3", "1"},
        {"-7%3", "-1"}, {"5.5%2", "1.5"}, {"0.1+0.2", "0.30000000000000004"},
        {"1/0", "\"Infinity\""}, {"-1/0", "\"-Infinity\""}, {"0/0", "\"NaN\""},
        {"1+missing", "undefined"}, {"-missing", "undefined"}, {"1+\"a\"", "!T2002"},
        {"\"a\"+1", "!T2001"}, {"-\"a\"", "!D1002"}, {"(1/0)+1", "!D1001"},
        {"9223372036854775807 + 0", "9223372036854775807"},
        {"9007199254740993", "9007199254740993"},
        {"9223372036854775807 * 2", "18446744073709552000.0"}, {"- -5", "5"}, {"1 = 1.0", "true"},
        {"[1,{\"a\":2}] = [1,{\"a\":2}]", "true"}, {"1 = \"1\"", "false"},
        {"missing = missing", "false"}, {"missing != 1", "false"}, {"null = null", "true"},
        {"1 < 2", "true"}, {"\"b\" > \"a\"", "true"}, {"1 < \"a\"", "!T2009"},
        {"1 < null", "!T2010"}, {"1 < missing", "undefined"},
        {"\"a\" & 1 & true & null & missing", "\"a1truenull\""}, {"0.1+0.2 & \"\"", "\"0.3\""},
        {"1 in [1,2]", "true"}, {"\"a\" in \"a\"", "true"}, {"[1] in [[1]]", "false"},
        {"missing in [1]", "false"}, {"true and missing", "false"}, {"missing or 1", "true"},
        {"false and $error(\"no\")", "false"}, {"true or $error(\"no\")", "true"},
        {"o.a ? \"y\" : \"n\"", "\"y\""}, {"o.e ? 1", "undefined"}, {"[0] ? 1 : 2", "2"});
}

MT_TEST(jsonata_eval__strings_compare_by_utf16_units)
{
  CHECK(NULL, {"\"\xF0\x9F\x98\x80\" < \"\xEF\xBF\xBD\"", "true"}, {"\"a\" < \"b\"", "true"});
}

MT_TEST(jsonata_eval__names_that_are_operators)
{
  CHECK("{\"and\":1,\"or\":2,\"in\":3}", {"and + or + in", "6"}, {"and and and", "true"},
        {"{\"and\":1}.and", "1"}, {"in in [3]", "true"});
}

MT_TEST(jsonata_eval__variables_and_blocks)
{
  CHECK(DATA, {"($x := 1; $x + 1)", "2"}, {"($x := 1; ($x := 2); $x)", "1"}, {"$x := 5", "5"},
        {"($x := $y := 2; $x + $y)", "4"}, {"()", "undefined"}, {"(1; 2;)", "2"},
        {"$undefined", "undefined"}, {"($x := 1; ($x := missing; $x))", "undefined"},
        {"list.($t := v; $t * $t)", "[1,4,9]"}, {"($f := function(){$x}; $x := 3; $f())", "3"});
}

MT_TEST(jsonata_eval__lambdas)
{
  CHECK(DATA, {"function($x){$x*2}(4)", "8"}, {"\xCE\xBB($x,$y){$x+$y}(1,2)", "3"},
        {"function($x,$y){$y}(1)", "undefined"}, {"function($x){$x}(1,2,3)", "1"},
        {"($add := function($a){function($b){$a+$b}}; $add(1)(2))", "3"},
        {"($f := function($n){$n <= 1 ? 1 : $n * $f($n-1)}; $f(10))", "3628800"},
        {"($e := function($n){$n=0 ? true : $d($n-1)}; $d := function($n){$n=0 ? false : "
         "$e($n-1)}; $e(20001))",
         "false"},
        {"o.(function(){a}())", "1"}, {"($f := $sum; $f([1,2]))", "3"}, {"$nothing(1)", "!T1006"},
        {"sum(o.b)", "!T1005"}, {"1(2)", "!T1006"}, {"$substring(?, 0, 2)(\"hello\")", "\"he\""},
        {"(function($a,$b){$a-$b})(?, 1)(5)", "4"}, {"(function($a,$b){$a-$b})(10, ?)(4)", "6"},
        {"$sum(?)([1,2])", "3"}, {"unknown(?)", "!T1008"}, {"sum(?)", "!T1007"});
}

MT_TEST(jsonata_eval__signatures_of_lambdas)
{
  CHECK(NULL, {"function($x)<n:n>{$x}(\"a\")", "!T0410"}, {"function($x)<a<n>:a>{$x}(1)", "[1]"},
        {"function($x)<a<n>:a>{$x}([1,\"a\"])", "!T0412"},
        {"\"c\".function($x)<s-:s>{$x}()", "undefined"},
        {"{\"a\":\"c\"}.a.(function($x)<s-:s>{$x & \"!\"}())", "\"c!\""},
        {"{\"a\":1}.a.(function($x)<s-:s>{$x}())", "!T0411"},
        {"function($x,$y)<nn?:n>{$y}(1)", "undefined"},
        {"function($x)<(ns):x>{$x}(true)", "!T0410"}, {"function($x,$y)<n+n:n>{$y}(1,2)", "2"},
        {"function($f)<f:x>{$f(1)}($string)", "\"1\""});
}

MT_TEST(jsonata_eval__application)
{
  CHECK(DATA, {"o.b ~> $sum", "6"}, {"o.b ~> $sum()", "6"},
        {"\"a,b\" ~> $split(\",\")", "[\"a\",\"b\"]"},
        {"($f := $sum ~> $string; $f([1,2]))", "\"3\""},
        {"o.b ~> $map(function($x){$x+1}) ~> $sum", "9"}, {"1 ~> 2", "!T2006"},
        {"missing ~> $exists", "false"});
}

MT_TEST(jsonata_eval__groups)
{
  CHECK(DATA, {"list{k: v}", "{\"x\":[1,3],\"y\":2}"}, {"list{k: $sum(v)}", "{\"x\":4,\"y\":2}"},
        {"list{k: $count($)}", "{\"x\":2,\"y\":1}"},
        {"list.{k: v}", "[{\"x\":1},{\"y\":2},{\"x\":3}]"}, {"missing{\"a\":1}", "{\"a\":1}"},
        {"list{v: k}", "!T1003"}, {"list{k: v, \"x\": 1}", "!D1009"}, {"o{\"n\": a}", "{\"n\":1}"});
}

MT_TEST(jsonata_eval__sorting)
{
  CHECK("[{\"n\":\"b\",\"v\":2},{\"n\":\"a\",\"v\":2},{\"n\":\"c\"},{\"n\":\"d\",\"v\":1}]",
        {"$^(v).n", "[\"d\",\"b\",\"a\",\"c\"]"}, {"$^(>v).n", "[\"b\",\"a\",\"d\",\"c\"]"},
        {"$^(>v, <n).n", "[\"a\",\"b\",\"d\",\"c\"]"}, {"$^(n)[0].n", "\"a\""},
        {"$^(v > 1)", "!T2008"}, {"$^($.(v ? v : n))", "!T2007"});
}

MT_TEST(jsonata_eval__binds_of_focus_and_index)
{
  CHECK("{\"loans\":[{\"b\":1,\"c\":\"p\"},{\"b\":2,\"c\":\"q\"}],\"books\":[{\"i\":1,\"t\":\"A\"},"
        "{\"i\":2,\"t\":\"B\"}]}",
        {"loans@$l.books@$b[$l.b=$b.i].{$l.c: $b.t}", "[{\"p\":\"A\"},{\"q\":\"B\"}]"},
        {"loans#$i.($i & c)", "[\"0p\",\"1q\"]"}, {"loans#$i[$i=1].c", "\"q\""},
        {"loans[c=\"q\"]#$i.($i & c)", "\"0q\""}, {"books^(>i)#$i.($i & t)", "[\"0B\",\"1A\"]"},
        {"loans@$l.books@$b[$l.b=$b.i]{$l.c: $b.t}", "{\"p\":\"A\",\"q\":\"B\"}"});
}

MT_TEST(jsonata_eval__parent)
{
  CHECK("{\"acc\":{\"name\":\"F\",\"order\":[{\"id\":1,\"item\":[{\"p\":10},{\"p\":20}]},{\"id\":2,"
        "\"item\":{\"p\":30}}]}}",
        {"acc.order.item.{\"o\":%.id,\"p\":p}",
         "[{\"o\":1,\"p\":10},{\"o\":1,\"p\":20},{\"o\":2,\"p\":30}]"},
        {"acc.order.item.%.%.name", "[\"F\",\"F\",\"F\"]"}, {"acc.order.item[%.id=2].p", "30"},
        {"acc.order.item^(>%.id).p", "[30,10,20]"}, {"acc.order.(item).%.id", "[1,1,2]"},
        {"%", "!S0217"}, {"acc.%.%", "!S0217"});
}

MT_TEST(jsonata_eval__transforms)
{
  CHECK("{\"a\":{\"list\":[{\"p\":1,\"q\":2},{\"p\":3}]}}",
        {"$ ~> |a.list|{\"s\":p+1}|",
         "{\"a\":{\"list\":[{\"p\":1,\"q\":2,\"s\":2},{\"p\":3,\"s\":4}]}}"},
        {"($ ~> |a.list|{\"p\":9},[\"q\"]|).a.list", "[{\"p\":9},{\"p\":9}]"},
        {"($ ~> |a.list|{},\"p\"|; a.list.p)", "[1,3]"}, {"a ~> |list|5|", "!T2011"},
        {"a ~> |list|{},5|", "!T2012"}, {"missing ~> |a|{}|", "undefined"},
        {"1 ~> |a|{}|", "!T0410"}, {"($ ~> |a|{\"n\":$count(list)}|).a.n", "2"});
}

MT_TEST(jsonata_eval__regular_expressions_are_functions)
{
  CHECK(NULL, {"/b+/(\"abbc\").match", "\"bb\""}, {"/b+/(\"abbc\").start", "1"},
        {"/(b)(x)?/(\"abc\").groups", "[\"b\",null]"}, {"/x/(\"abc\")", "undefined"},
        {"/b/(\"abcb\").next().start", "3"}, {"/b/(\"ab\").next()", "undefined"},
        {"$contains(\"abc\", /B/i)", "true"}, {"$sum ~> /x/", "!"});
}

MT_TEST(jsonata_eval__what_is_no_json_is_refused)
{
  struct ms_jsonata_env env = {.arena = ms_arena_new(0)};
  static const char *const functions[] = {
      "$sum", "function($x){$x}", "/a/", "[$sum]", "{\"f\":$sum}", "|a|{}|", "$sum ~> $string"};
  for (size_t i = 0; i < COUNT_OF(functions); i++) {
    struct outcome o = evaluate_with(functions[i], &env, MS_JSONATA_2_0);
    mt_eq_int(o.code, MS_FAILED);
    mt_ok(o.error.is_result_type);
    outcome_deinit(&o);
  }
  ms_arena_free(env.arena);
}

MT_TEST(jsonata_eval__input_passes_through_untouched)
{
  CHECK("{\"a\":1.0,\"b\":12345678901234567890123,\"c\":[-0,1e2]}", {"a", "1.0"}, {"a + 0", "1"},
        {"b", "12345678901234567890123"}, {"c", "[-0,100.0]"}, {"[a]", "[1.0]"}, {"a = 1", "true"});
}

static struct ms_json find_variable(void *user, struct ms_str name)
{
  return ms_json_get(*(struct ms_json *)user, name);
}

MT_TEST(jsonata_eval__host_variables)
{
  struct ms_json bindings = table_json("{\"v\":{\"a\":[1,2]},\"sum\":5}");
  struct ms_jsonata_env env = {
      .arena = ms_arena_new(0), .variable = find_variable, .user = &bindings};
  struct outcome o =
      evaluate_with("[$v.a[1], $sum, ($v := 3; $v), $exists($w)]", &env, MS_JSONATA_2_0);
  mt_eq_json(o.result, "[2,5,3,false]");
  outcome_deinit(&o);
  ms_arena_free(env.arena);
  ms_json_unref(bindings);
}

MT_TEST(jsonata_eval__runs_repeat)
{
  struct ms_jsonata_env env = {.arena = ms_arena_new(0)};
  const char *text = "[$random(), $uuid(), $shuffle([1..20]), $now(), $millis()]";
  struct outcome a = evaluate_with(text, &env, MS_JSONATA_2_0);
  struct outcome b = evaluate_with(text, &env, MS_JSONATA_2_0);
  mt_eq_int(a.code, 0);
  mt_ok(ms_json_identical(a.result, b.result));
  outcome_deinit(&a);
  outcome_deinit(&b);
  ms_arena_free(env.arena);
}
