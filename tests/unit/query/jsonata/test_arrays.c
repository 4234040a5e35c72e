/* Functions of arrays, objects and values in general, and those that take functions. */
#include "table.h"

MT_TEST(jsonata_arrays__append_reverse_zip)
{
  CHECK("{\"l\":[1,2]}", {"$append([1],[2,3])", "[1,2,3]"}, {"$append(1,2)", "[1,2]"},
        {"$append(missing,[1])", "[1]"}, {"$append([1],missing)", "[1]"},
        {"($append(l,[3]); l)", "[1,2]"}, {"$reverse([1,2,3])", "[3,2,1]"},
        {"$reverse([1])", "[1]"}, {"$zip([1,2],[3,4],[5])", "[[1,3,5]]"},
        {"$zip([1,2])", "[[1],[2]]"}, {"$zip()", "!T0410"}, {"$zip([1],missing)", "[]"},
        {"$count($zip([1],[1],[1],[1],[1],[1],[1],[1],[1],[1],[1],[1],[1],[1],[1],[1],[1],[1],[1],["
         "1])[0])",
         "20"},
        {"$count($shuffle([1..50]))", "50"}, {"$sum($shuffle([1..50]))", "1275"});
}

MT_TEST(jsonata_arrays__distinct_and_sort)
{
  CHECK(NULL,
        {"$distinct([1,2,1,\"1\",1.0,null,null,[1],[1],{\"a\":1},{\"a\":1}])",
         "[1,2,\"1\",null,[1],{\"a\":1}]"},
        {"$distinct(1)", "1"}, {"$distinct(missing)", "undefined"}, {"$sort([3,1,2])", "[1,2,3]"},
        {"$sort([\"b\",\"a\"])", "[\"a\",\"b\"]"}, {"$sort([1,\"a\"])", "!D3070"},
        {"$sort([{\"a\":1},{\"a\":2}])", "!D3070"}, {"$sort([{\"a\":1}])", "[{\"a\":1}]"},
        {"$sort([1,2,3], function($a,$b){$a < $b})", "[3,2,1]"},
        {"$sort([[2],[1]], function($a,$b){$a[0] > $b[0]})", "[[1],[2]]"},
        {"$sort(missing)", "undefined"}, {"$sort([1..100], function($a,$b){$a < $b})[0]", "100"});
}

MT_TEST(jsonata_arrays__objects)
{
  CHECK("{\"o\":{\"a\":1,\"b\":2},\"l\":[{\"a\":1},{\"b\":2,\"a\":3}]}",
        {"$keys(o)", "[\"a\",\"b\"]"}, {"$keys(l)", "[\"a\",\"b\"]"}, {"$keys({\"x\":1})", "\"x\""},
        {"$keys({})", "undefined"}, {"$keys(1)", "undefined"}, {"$lookup(o,\"b\")", "2"},
        {"$lookup(l,\"a\")", "[1,3]"}, {"$lookup(o,\"z\")", "undefined"},
        {"$spread(o)", "[{\"a\":1},{\"b\":2}]"}, {"$spread({\"x\":1})", "{\"x\":1}"},
        {"$spread(l)", "[{\"a\":1},{\"b\":2},{\"a\":3}]"}, {"$spread(5)", "5"},
        {"$merge(l)", "{\"a\":3,\"b\":2}"}, {"$merge([])", "{}"}, {"$merge([1])", "!T0412"},
        {"$merge(o)", "{\"a\":1,\"b\":2}"},
        {"$each(o, function($v,$k){$k & $v})", "[\"a1\",\"b2\"]"},
        {"$sift(o, function($v){$v > 1})", "{\"b\":2}"},
        {"$sift(o, function($v){$v > 9})", "undefined"},
        {"o.$sift(function($v,$k){$k = \"a\"})", "{\"a\":1}"}, {"$clone(o)", "{\"a\":1,\"b\":2}"});
}

MT_TEST(jsonata_arrays__many_members)
{
  CHECK(NULL,
        {"($o := $merge([1..500].{\"k\" & $: $}); [$o.k1, $o.k500, $count($keys($o)), $lookup($o, "
         "\"k77\")])",
         "[1,500,500,77]"},
        {"($o := $merge([[1..500].{\"k\" & $: $}, {\"k3\": \"x\"}]); [$o.k3, $count($keys($o))])",
         "[\"x\",500]"},
        {"$count(([1..1000]{$string($ % 10): $}).*)", "1000"},
        {"($o := "
         "{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9,\"j\":missing}; "
         "[$o.i, $o.j, $count($keys($o))])",
         "[9,9]"},
        {"{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9,\"a\":10}",
         "!D1009"},
        {"$keys({\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9,\"j\":10} "
         "~> |$|{},[\"a\",\"e\",\"j\"]|)",
         "[\"b\",\"c\",\"d\",\"f\",\"g\",\"h\",\"i\"]"});
}

MT_TEST(jsonata_arrays__values)
{
  CHECK("{\"n\":null}", {"$boolean(0)", "false"}, {"$boolean(\"0\")", "true"},
        {"$boolean([])", "false"}, {"$boolean([0,1])", "true"}, {"$boolean({})", "false"},
        {"$boolean($sum)", "false"}, {"$boolean(missing)", "undefined"},
        {"$not(missing)", "undefined"}, {"$not(n)", "true"}, {"$boolean(1/0)", "!D1001"},
        {"$exists(n)", "true"}, {"$exists(missing)", "false"}, {"$type(n)", "\"null\""},
        {"$type([])", "\"array\""}, {"$type($sum)", "\"function\""}, {"$type(/a/)", "\"function\""},
        {"$type(missing)", "undefined"}, {"$error(\"e\")", "!D3137"}, {"$error()", "!D3137"},
        {"$assert(true)", "undefined"}, {"$assert(false, \"why\")", "!D3141"},
        {"$eval(\"1\")", "!T1006"});
}

MT_TEST(jsonata_arrays__higher_order)
{
  CHECK(
      "{\"l\":[1,2,3]}", {"$map(l, function($x){$x*2})", "[2,4,6]"},
      {"$map([1], function($x){$x})", "1"}, {"$map([], function($x){$x})", "undefined"},
      {"$map(l, function($x,$i,$a){$i & \"/\" & $count($a)})", "[\"0/3\",\"1/3\",\"2/3\"]"},
      {"$map(l, $string)", "[\"1\",\"2\",\"3\"]"}, {"$map(l, 1)", "!T0410"},
      {"$map(5, function($x){$x+1})", "6"}, {"$map(l, function($x){missing})", "undefined"},
      {"$filter(l, function($x){$x>1})", "[2,3]"}, {"$filter(l, function($x){$x=2})", "2"},
      {"$filter(missing, function($x){1})", "undefined"}, {"$single(l, function($x){$x=2})", "2"},
      {"$single(l)", "!D3138"}, {"$single(l, function($x){$x>5})", "!D3139"},
      {"$reduce(l, function($a,$b){$a+$b})", "6"}, {"$reduce(l, function($a,$b){$a+$b}, 10)", "16"},
      {"$reduce([], function($a,$b){1})", "undefined"}, {"$reduce([], function($a,$b){1}, 7)", "7"},
      {"$reduce(l, function($a){1})", "!D3050"},
      {"$reduce(l, function($a,$b,$i){$a & $i}, \"\")", "\"012\""}, {"$map(l, $sum)", "[1,2,3]"},
      {"$filter([[],[0],[1]], $boolean)", "[1]"}, {"l ~> $map(?, function($x){$x+1})", "[2,3,4]"});
}

MT_TEST(jsonata_arrays__loops_that_build_values)
{
  /* Far more is made on the way than may be held at once. */
  CHECK(
      NULL, {"$length($reduce([1..30000], function($a,$b){$a & \"x\"}))", "30000"},
      {"$count($reduce([1..4000], function($a,$b){$append($a, {\"k\":$b})}, []))", "4000"},
      {"$reduce([1..4000], function($a,$b){$append($a, {\"k\":$b,\"s\":\"v\" & $b})}, [])[-1]",
       "{\"k\":4000,\"s\":\"v4000\"}"},
      {"($f := function($n,$a){$n = 0 ? $a : $f($n-1, $append($a, {\"n\":$n}))}; $f(3000, "
       "[])[2999].n)",
       "1"},
      {"($f := function($n,$s){$n = 0 ? $length($s) : $f($n-1, $s & \"ab\")}; $f(20000, \"\"))",
       "40000"},
      {"$merge($reduce([1..800], function($a,$b){$merge([$a, {\"k\" & $b: $b}])}, {})).k77", "77"},
      {"($f := function($n,$g){$n = 0 ? $g(1) : $f($n-1, function($x){$x + $n})}; $f(5000, "
       "$string))",
       "2"});
}
