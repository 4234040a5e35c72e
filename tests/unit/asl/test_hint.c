/* "Did you mean": which candidates are near enough, and that guessing costs no more than it may. */
#include "asl/asl.h"
#include "asl/parse.h"
#include "mt.h"

static const char *guess(const char *word, const char *const *candidates)
{
  struct ms_asl_parse parse = {.guesses_left = 100};
  struct ms_asl_guess guess;
  ms_asl_guess_begin(&guess, &parse, ms_str_c(word));
  for (size_t i = 0; candidates[i] != NULL; i++) {
    ms_asl_guess_offer_c(&guess, candidates[i]);
  }
  return guess.best.data == NULL ? "" : guess.best.data;
}

MT_TEST(asl_hint__finds_the_nearest)
{
  static const char *const fields[] = {"Next", "End", "Type", "ResultPath", "ResultSelector",
                                       "TimeoutSeconds", "TimeoutSecondsPath", NULL};
  static const struct {
    const char *word, *expected;
  } rows[] = {{"Nxt", "Next"},           {"Nextt", "Next"},
              {"Netx", "Next"},          {"next", "Next"},
              {"NEXT", "Next"},          {"Ned", "End"},
              {"resultpath", "ResultPath"}, {"ResultPaht", "ResultPath"},
              {"ResultPatch", "ResultPath"}, {"TimeoutSecond", "TimeoutSeconds"},
              {"TimoutSecondPath", "TimeoutSecondsPath"}, {"Foo", ""},
              {"x", ""},                 {"", ""},
              {"Completely", ""}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const char *actual = guess(rows[i].word, fields);
    if (strcmp(actual, rows[i].expected) != 0) {
      mt_report("%s: expected \"%s\", got \"%s\"", rows[i].word, rows[i].expected, actual);
    }
  }
}

MT_TEST(asl_hint__long_words_are_left_alone)
{
  static char word[200];
  static const char *const candidates[] = {word, NULL};
  memset(word, 'a', sizeof word - 1);
  mt_eq_str(guess(mt_format("%s%s", word, "b"), candidates), "");
}

MT_TEST(asl_hint__spends_what_it_has)
{
  struct ms_asl_parse parse = {.guesses_left = 1};
  struct ms_asl_guess guess;
  ms_asl_guess_begin(&guess, &parse, MS_STR("Nextt"));
  ms_asl_guess_offer_c(&guess, "Nexxxt");
  mt_eq_int(parse.guesses_left, 0);
  ms_asl_guess_offer_c(&guess, "Next");
  mt_ok(guess.best.data == NULL || ms_str_is(guess.best, "Nexxxt"));
}
