/* Signatures: how arguments are fitted, and what a hostile signature costs. */
#include "table.h"

MT_TEST(jsonata_signature__fitting)
{
  CHECK("\"ctx\"", {"function($a,$b)<s-n:x>{[$a,$b]}(1)", "[\"ctx\",1]"},
        {"function($a,$b)<s-n:x>{[$a,$b]}(\"x\",1)", "[\"x\",1]"},
        {"function($a,$b)<s?n:x>{[$a,$b]}(1)", "[1]"},
        {"function($a,$b)<n?s?:x>{[$a,$b]}(1,\"x\")", "[1,\"x\"]"},
        {"function($a)<a:x>{$a}(1)", "[1]"}, {"function($a)<a<s>:x>{$a}(\"x\")", "[\"x\"]"},
        {"function($a)<a<s>:x>{$a}(1)", "!T0412"},
        {"function($a)<a<s>:x>{$a}([\"a\",1])", "!T0412"}, {"function($a)<a<n>:x>{$a}([])", "[]"},
        {"function($a)<a<n>:x>{$a}(missing)", "undefined"}, {"function($a)<o:x>{$a}({})", "{}"},
        {"function($a)<o:x>{$a}([])", "!T0410"}, {"function($a)<l:x>{$type($a)}(null)", "\"null\""},
        {"function($a)<b:x>{$a}(1)", "!T0410"}, {"function($a)<j:x>{$a}($sum)", "!T0410"},
        {"function($a)<x:x>{$type($a)}($sum)", "\"function\""},
        {"function($a)<(sb):x>{$a}(true)", "true"},
        {"function($a)<f:x>{$a(1)}(function($x){$x+1})", "2"},
        {"function($a)<f<n:n>:x>{$a(1)}(function($x){$x+1})", "2"}, {"function()<:n>{1}()", "1"},
        {"function()<:n>{1}(2)", "!T0410"}, {"function($a,$b)<n+:x>{$a & $b}(1,2,3)", "\"12\""},
        {"function($a)<n:x>{$a}(1,2)", "!T0410"}, {"function($a)<s-:s>{$a}()", "\"ctx\""});
}

MT_TEST(jsonata_signature__many_repeated_parameters_are_bounded)
{
  struct ms_jsonata_env env = {.arena = ms_arena_new(0)};
  struct ms_buf text;
  ms_buf_init(&text, 1 << 16);
  ms_buf_cstr(&text, "function($a)<n+n+n+n+n+n+n+n+n+n+n+n+n+n+n+s:x>{$a}(1");
  for (int i = 0; i < 300; i++) {
    ms_buf_cstr(&text, ",1");
  }
  ms_buf_cstr(&text, ")");
  struct outcome o = evaluate_with(text.data, &env, MS_JSONATA_2_0);
  mt_ok(outcome_is(&o, "!"));
  outcome_deinit(&o);
  ms_buf_deinit(&text);
  ms_arena_free(env.arena);
}
