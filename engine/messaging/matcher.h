/*
 * One alternative of a pattern, compiled: does it accept a value of the event? A kind of matcher is a row of
 * matchers.def and one function. The value is always a leaf: text, number, true, false or null.
 */
#ifndef MS_MESSAGING_MATCHER_H
#define MS_MESSAGING_MATCHER_H

#include "messaging/pattern.h"

enum ms_matcher_kind {
#define MS_MATCHER(kind, test, look_up) MS_MATCHER_##kind,
#include "messaging/matchers.def"
#undef MS_MATCHER
  MS_MATCHER_KINDS
};

/*
 * How a set of patterns finds the matchers that accept a value. KEYED: the value leads to the matcher's
 * `key` by way of a table. TRIED: only by asking it.
 */
enum ms_look_up { MS_LOOK_UP_KEYED, MS_LOOK_UP_TRIED };

struct ms_address {
  uint8_t bytes[16];
  uint8_t size; /* 4, 16; 0: no address */
};

/* A text of literal pieces with runs of anything between them. */
struct ms_wildcard_piece {
  struct ms_str text;
  const uint32_t *borders; /* for each length, its longest proper border: the search never goes back */
};

struct ms_wildcard {
  const struct ms_wildcard_piece *pieces;
  uint32_t count; /* stars are between them; a star at an end makes an empty piece */
};

struct ms_matcher {
  enum ms_matcher_kind kind;
  /*
   * What tells it from others of its kind: equal keys mean equal matchers. Of KEYED kinds it is what a
   * value is looked up by.
   */
  struct ms_str key;
  struct ms_str text; /* operand of the text kinds */
  bool is_keyed;      /* a FOLDED one may be of a text that cannot be folded for a look-up */
  bool has_low, has_high;
  bool is_low_open, is_high_open;
  struct ms_json low, high; /* RANGE: scalars */
  double low_real, high_real; /* the same; infinite where there is none */
  bool is_real;               /* and nothing is lost by it */
  const struct ms_address *addresses; /* ADDRESS, HOST: lowest and highest */
  const struct ms_wildcard *wildcard;
  const struct ms_matcher *list; /* BUT: what is excluded; BUT_TEXT: texts, sorted */
  size_t count;
};

/* A row's function. */
typedef bool (*ms_matcher_test)(const struct ms_matcher *m, struct ms_json value);
extern const ms_matcher_test ms_matcher_tests[MS_MATCHER_KINDS];
extern const enum ms_look_up ms_matcher_look_ups[MS_MATCHER_KINDS];

static inline bool ms_matcher_accepts(const struct ms_matcher *m, struct ms_json value)
{
  return ms_matcher_tests[m->kind](m, value);
}

#define MS_MATCHER(kind, test, look_up)                                                            \
  bool test(const struct ms_matcher *m, struct ms_json value);
#include "messaging/matchers.def"
#undef MS_MATCHER

/* ---- numbers ---- */
#define MS_NUMBER_KEY_MAX 17
/* Writes what equal numbers have in common; big ones that fit nowhere give their text. */
struct ms_str ms_number_key(char out[MS_NUMBER_KEY_MAX], struct ms_json number);

/* What a double holds exactly, as such. False: it does not. */
bool ms_number_is_real(double *out, struct ms_json number);

/* ---- addresses ---- */
/* Its bytes: what a HOST is looked up by. */
static inline struct ms_str ms_address_key(const struct ms_address *address)
{
  return (struct ms_str){(const char *)address->bytes, address->size};
}
/* As the service reads an IPv4 or IPv6 literal. False: it looks like none, or is none. */
bool ms_address_parse(struct ms_address *out, struct ms_str text);
bool ms_address_looks_like_one(struct ms_str text);
/* The last address of the block that begins with `first` and has that many fixed bits. */
struct ms_address ms_address_last(struct ms_address first, unsigned bits);

/* ---- wildcards ---- */
/*
 * NULL, or why the text is no wildcard, to be followed by *at, which counts as if the text stood in quotes.
 */
const char *ms_wildcard_check(struct ms_str text, size_t *at);
/* NULL when out of memory. The text has been checked. */
const struct ms_wildcard *ms_wildcard_compile(struct ms_arena *arena, struct ms_str text);
bool ms_wildcard_accepts(const struct ms_wildcard *w, struct ms_str text);
/*
 * How many beginnings of the pattern can fit one text at once, at most `max`: the service refuses patterns
 * by it. 0 when out of memory. `budget` bounds the work of many calls; what it does not allow counts as
 * simple.
 */
#define MS_WILDCARD_BUDGET 4096
unsigned ms_wildcard_complexity(struct ms_arena *arena, struct ms_str text, unsigned max,
                                size_t *budget);

/* ---- case ---- */
/* Whether each letter of s is the lower or the upper form of the letter of `pattern` at its place. */
bool ms_fold_equal(struct ms_str pattern, struct ms_str s);
/* How many bytes of s, from its front or its end, the whole pattern covers; SIZE_MAX when it does not. */
size_t ms_fold_prefix(struct ms_str pattern, struct ms_str s);
bool ms_fold_suffix(struct ms_str pattern, struct ms_str s);
/*
 * Appends s so that what a pattern accepts comes out as the pattern does. False: this text as a pattern does
 * not accept all that comes out like it.
 */
bool ms_fold(struct ms_buf *out, struct ms_str s);

#endif
