/*
 * "Did you mean": the candidate nearest to a word that is not known. Distance counts insertions,
 * deletions, replacements and swaps of neighbours; case alone counts next to nothing. Work is bounded
 * for the whole definition, so that a hostile one cannot buy time with misspellings.
 */
#include "asl/parse.h"

#define HINT_MAX_LEN 96 /* longer words are not compared */

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
  unsigned least = a < b ? a : b;
  return least < c ? least : c;
}

static char lower(char c)
{
  return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Optimal string alignment distance of bytes, case ignored. Three rolling rows. */
static unsigned hint_distance(struct ms_str a, struct ms_str b)
{
  unsigned rows[3][HINT_MAX_LEN + 1];
  unsigned *before = rows[0];
  unsigned *previous = rows[1];
  unsigned *current = rows[2];
  for (size_t j = 0; j <= b.len; j++) {
    previous[j] = (unsigned)j;
  }
  for (size_t i = 1; i <= a.len; i++) {
    current[0] = (unsigned)i;
    for (size_t j = 1; j <= b.len; j++) {
      char x = lower(a.data[i - 1]);
      char y = lower(b.data[j - 1]);
      unsigned best = min3(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (x != y));
      if (i > 1 && j > 1 && x == lower(b.data[j - 2]) && y == lower(a.data[i - 2]) &&
          before[j - 2] + 1 < best) {
        best = before[j - 2] + 1;
      }
      current[j] = best;
    }
    unsigned *oldest = before;
    before = previous;
    previous = current;
    current = oldest;
  }
  return previous[b.len];
}

void ms_asl_guess_begin(struct ms_asl_guess *guess, struct ms_asl_parse *parse, struct ms_str word)
{
  /* A third of the letters may be wrong, one in short words. */
  unsigned limit = word.len < 6 ? 2 : (unsigned)(word.len / 3) + 1;
  *guess = (struct ms_asl_guess){.parse = parse, .word = word, .distance = limit};
}

void ms_asl_guess_offer(struct ms_asl_guess *guess, struct ms_str candidate)
{
  struct ms_str word = guess->word;
  size_t difference = word.len > candidate.len ? word.len - candidate.len : candidate.len - word.len;
  if (word.len == 0 || candidate.len == 0 || word.len > HINT_MAX_LEN ||
      candidate.len > HINT_MAX_LEN || difference >= guess->distance ||
      guess->parse->guesses_left == 0) {
    return;
  }
  guess->parse->guesses_left--;
  unsigned distance = hint_distance(word, candidate);
  /* A word of which nothing is left is no guess. */
  if (distance < guess->distance && distance < word.len && distance < candidate.len) {
    guess->best = candidate;
    guess->distance = distance;
  }
}

void ms_asl_guess_offer_c(struct ms_asl_guess *guess, const char *candidate)
{
  ms_asl_guess_offer(guess, ms_str_c(candidate));
}

struct ms_str ms_asl_guess_hint(struct ms_asl_guess *guess)
{
  if (guess->best.data == NULL) {
    return (struct ms_str){NULL, 0};
  }
  return ms_asl_hintf(guess->parse, "Did you mean \"%.*s\"?", MS_STR_ARG(guess->best));
}
