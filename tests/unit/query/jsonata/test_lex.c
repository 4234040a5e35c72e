/* The scanner alone: kinds of tokens, where they end, what it refuses and where. */
#include "mt.h"
#include "query/jsonata/lex.h"

static struct ms_jx_lexer lexer_of(const char *text, bool is_new)
{
  struct ms_jx_lexer lexer = {.source = ms_str_c(text), .arena = ms_arena_new(0)};
  lexer.new_operators = is_new;
  return lexer;
}

/* The tokens of a text as `kind:text@end`, operators taken as infix after operands. */
static const char *scan(const char *text, bool is_new)
{
  static const char kinds[] = "eonvs#=r";
  struct ms_jx_lexer lexer = lexer_of(text, is_new);
  struct ms_jx_token token;
  const char *all = "";
  bool infix = false;
  bool ok = true;
  while ((ok = ms_jx_lex(&lexer, infix, &token)) && token.type != MS_JX_TK_END) {
    all = mt_format("%s%s%c:%.*s@%zu", all, all[0] == '\0' ? "" : " ", kinds[token.type],
                    MS_STR_ARG(token.text), token.pos);
    infix = token.type != MS_JX_TK_OPERATOR;
  }
  if (!ok) {
    all = mt_format("%s%s%s at %zu", all, all[0] == '\0' ? "" : " ", lexer.code, lexer.error_pos);
  }
  ms_arena_free(lexer.arena);
  return all;
}

MT_TEST(jsonata_lex__kinds_and_ends)
{
  mt_eq_str(scan("a.b", false), "n:a@1 o:.@2 n:b@3");
  mt_eq_str(scan(" $x := 12.5e3 ", false), "v:x@3 o::=@6 #:12.5e3@13");
  mt_eq_str(scan("$ $$", false), "v:@1 v:$@4");
  mt_eq_str(scan("true false null and or in", false),
            "=:true@4 =:false@10 =:null@15 o:and@19 o:or@22 o:in@25");
  mt_eq_str(scan("`a b`.c", false), "n:a b@5 o:.@6 n:c@7");
  mt_eq_str(scan("1/* x */2", false), "#:1@1 #:2@9");
  mt_eq_str(scan("h\xC3\xA9 \xCE\xBB", false), "n:h\xC3\xA9@3 n:\xCE\xBB@6");
}

MT_TEST(jsonata_lex__two_letter_operators)
{
  mt_eq_str(scan("..", false), "o:..@2");
  mt_eq_str(scan("!= >= <= ** ~>", false), "o:!=@2 o:>=@5 o:<=@8 o:**@11 o:~>@14");
  mt_eq_str(scan("??", false), "o:?@1 o:?@2");
  mt_eq_str(scan("?? ?:", true), "o:??@2 o:?:@5");
}

MT_TEST(jsonata_lex__numbers_stop_where_the_grammar_does)
{
  mt_eq_str(scan("007", false), "#:0@1 #:0@2 #:7@3");
  mt_eq_str(scan("1.", false), "#:1@1 o:.@2");
  mt_eq_str(scan("1.5.2", false), "#:1.5@3 o:.@4 #:2@5");
  mt_eq_str(scan("1e+", false), "#:1@1 n:e@2 o:+@3");
}

MT_TEST(jsonata_lex__strings_decode_escapes)
{
  mt_eq_str(scan("\"a\\n\\u0041\\ud83d\\ude00\\\"\"", false), "s:a\nA\xF0\x9F\x98\x80\"@25");
  mt_eq_str(scan("'it''s'", false), "s:it@4 s:s@7");
  mt_eq_str(scan("'\\ud83d'", false), "s:\xEF\xBF\xBD@8"); /* a lone surrogate */
}

MT_TEST(jsonata_lex__regular_expressions_only_where_an_operand_is_due)
{
  mt_eq_str(scan("/a[/]b/im", false), "r:a[/]b@9");
  mt_eq_str(scan("/a\\/b/", false), "r:a\\/b@6");
  mt_eq_str(scan("6/2", false), "#:6@1 o:/@2 #:2@3");
}

MT_TEST(jsonata_lex__refusals)
{
  mt_eq_str(scan("'abc", false), "S0101 at 4");
  mt_eq_str(scan("'a\\qb'", false), "S0103 at 3");
  mt_eq_str(scan("'\\u00g0'", false), "S0104 at 2");
  mt_eq_str(scan("`abc", false), "S0105 at 4");
  mt_eq_str(scan("1 /* x", false), "#:1@1 S0106 at 2");
  mt_eq_str(scan("//", false), "S0301 at 1");
  mt_eq_str(scan("/abc", false), "S0302 at 4");
  mt_eq_str(scan("'a\\", false), "S0103 at 3");
}

MT_TEST(jsonata_lex__a_nul_is_a_character_like_any_other)
{
  struct ms_jx_lexer lexer = lexer_of("", false);
  struct ms_jx_token token;
  lexer.source = (struct ms_str){"a\0b", 3};
  mt_ok(ms_jx_lex(&lexer, false, &token));
  mt_eq_int(token.type, MS_JX_TK_NAME);
  mt_eq_int(token.text.len, 3);
  ms_arena_free(lexer.arena);
}
