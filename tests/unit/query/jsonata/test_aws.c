/* What AWS adds to the language, as it was measured there. */
#include "table.h"

MT_TEST(jsonata_aws__functions)
{
  CHECK(NULL, {"$partition([1,2,3,4,5], 2)", "[[1,2],[3,4],[5]]"}, {"$partition([0], 3)", "[[0]]"},
        {"$partition([], 2)", "undefined"}, {"$partition([1], 0)", "undefined"},
        {"$partition([1,2,3], 1.9)", "[[1],[2],[3]]"}, {"$range(0, 6, 2)", "[0,2,4,6]"},
        {"$range(1, 9, 9)", "1"}, {"$range(5, 1, -2)", "[5,3,1]"},
        {"$range(-1.7, 2, 1)", "[-1,0,1,2]"}, {"$range(1, 5)", "undefined"},
        {"$range(1, 5, -1)", "undefined"}, {"$range(1, 5, 0)", "undefined"},
        {"$range(1, 400000, 1)", "!"},
        {"$hash(\"input\", \"SHA-1\")", "\"140f86aae51ab9e1cda9b4254fe98a74eb54c1a1\""},
        {"$hash(\"input\", \"MD5\")", "\"a43c1b0aa53a0c908810c06ab1ff3967\""},
        {"$hash(\"input\")", "undefined"}, {"$hash(\"input\", \"sha1\")", "undefined"},
        {"$random(42)", "0.7275636800328681"}, {"$random(42) = $random(42)", "true"},
        {"$random() < 1 and $random() >= 0", "true"}, {"$length($uuid())", "36"},
        {"$contains($uuid(), "
         "/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)",
         "true"},
        {"$uuid() = $uuid()", "false"}, {"$parse(\"{\\\"a\\\":[1,2.50]}\").a", "[1,2.5]"},
        {"$parse(\"null\")", "null"}, {"$parse(\"{\")", "!"}, {"$parse(missing)", "undefined"},
        {"$randomSeeded(1)", "!T1006"});
}

MT_TEST(jsonata_aws__parsed_values_can_be_kept)
{
  CHECK(NULL,
        {"($p := $parse(\"{\\\"a\\\":{\\\"b\\\":\\\"text\\\"}}\"); [$p.a.b & \"!\", $p.a])",
         "[\"text!\",{\"b\":\"text\"}]"},
        {"[1..50].$parse(\"[\" & $ & \"]\")[-1]",
         "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,"
         "33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50]"});
}
