/*
 * Wildcards: literal pieces with stars between them. The first piece is a prefix, the last a suffix, each of
 * the others is found at its first place behind the one before; a search never steps back, so a match takes
 * time in proportion to the text whatever the pattern.
 */
#include "messaging/matcher.h"

const char *ms_wildcard_check(struct ms_str text, size_t *at)
{
  for (size_t i = 0; i < text.len; i++) {
    *at = i + 1; /* behind the quote */
    char next = i + 1 < text.len ? text.data[i + 1] : '\0';
    if (text.data[i] == '*' && next == '*') {
      return "Consecutive wildcard characters at pos";
    }
    if (text.data[i] == '\\') {
      if (next != '*' && next != '\\') {
        return "Invalid escape character at pos";
      }
      i++;
    }
  }
  return NULL;
}

static const uint32_t *make_borders(struct ms_arena *arena, struct ms_str piece)
{
  uint32_t *borders = ms_arena_alloc(arena, (piece.len + 1) * sizeof *borders);
  if (borders == NULL) {
    return NULL;
  }
  borders[0] = 0;
  if (piece.len > 0) {
    borders[1] = 0;
  }
  uint32_t border = 0;
  for (size_t i = 1; i < piece.len; i++) {
    while (border > 0 && piece.data[i] != piece.data[border]) {
      border = borders[border];
    }
    border += piece.data[i] == piece.data[border] ? 1 : 0;
    borders[i + 1] = border;
  }
  return borders;
}

static size_t count_stars(struct ms_str text)
{
  size_t stars = 0;
  for (size_t i = 0; i < text.len; i++) {
    stars += text.data[i] == '*' ? 1 : 0;
    i += text.data[i] == '\\' ? 1 : 0;
  }
  return stars;
}

const struct ms_wildcard *ms_wildcard_compile(struct ms_arena *arena, struct ms_str text)
{
  size_t count = count_stars(text) + 1;
  struct ms_wildcard *w = ms_arena_alloc(arena, sizeof *w);
  struct ms_wildcard_piece *pieces = ms_arena_calloc(arena, count, sizeof *pieces);
  char *bytes = ms_arena_alloc(arena, text.len + 1);
  if (w == NULL || pieces == NULL || bytes == NULL) {
    return NULL;
  }
  *w = (struct ms_wildcard){pieces, (uint32_t)count};
  size_t at = 0;
  for (size_t i = 0; i < count; i++) {
    struct ms_str *piece = &pieces[i].text;
    *piece = (struct ms_str){bytes, 0};
    while (at < text.len && text.data[at] != '*') {
      at += text.data[at] == '\\' ? 1 : 0;
      bytes[piece->len++] = text.data[at++];
    }
    at++; /* the star */
    bytes += piece->len;
    bool is_inner = i > 0 && i + 1 < count;
    if (is_inner && (pieces[i].borders = make_borders(arena, *piece)) == NULL) {
      return NULL;
    }
  }
  return w;
}

/* Behind the first place of the piece in text[from, to); SIZE_MAX when there is none. */
static size_t find_piece(const struct ms_wildcard_piece *piece, struct ms_str text, size_t from,
                         size_t to)
{
  uint32_t matched = 0;
  for (size_t i = from; i < to; i++) {
    if (matched == 0) { /* mostly nothing fits: let the library look for the first byte */
      const char *first = memchr(text.data + i, piece->text.data[0], to - i);
      if (first == NULL) {
        return SIZE_MAX;
      }
      i = (size_t)(first - text.data);
    }
    while (matched > 0 && text.data[i] != piece->text.data[matched]) {
      matched = piece->borders[matched];
    }
    matched += text.data[i] == piece->text.data[matched] ? 1 : 0;
    if (matched == piece->text.len) {
      return i + 1;
    }
  }
  return SIZE_MAX;
}

bool ms_wildcard_accepts(const struct ms_wildcard *w, struct ms_str text)
{
  struct ms_str first = w->pieces[0].text;
  struct ms_str last = w->pieces[w->count - 1].text;
  if (w->count == 1) {
    return ms_str_eq(first, text);
  }
  if (text.len < first.len + last.len || memcmp(text.data, first.data, first.len) != 0 ||
      memcmp(text.data + text.len - last.len, last.data, last.len) != 0) {
    return false;
  }
  size_t at = first.len;
  for (uint32_t i = 1; i + 1 < w->count; i++) {
    at = find_piece(&w->pieces[i], text, at, text.len - last.len);
    if (at == SIZE_MAX) {
      return false;
    }
  }
  return true;
}

/* ---- complexity ---- */

/*
 * The pattern is read as an automaton: state i is "the first i symbols fit what was read". A set of states
 * is what one text can lead to. All sets that texts lead to are visited, as long as there are few.
 */
#define SETS_MAX 256
#define SET_STATES_MAX 32 /* of one set: more are too many for any limit */

struct state_set {
  uint32_t states[SET_STATES_MAX];
  unsigned count;
};

struct automaton {
  const uint16_t *symbols; /* a byte, or STAR */
  uint32_t count;
  struct state_set *sets;
  size_t set_count;
};

#define STAR 256

static void add_state(struct state_set *set, uint32_t state)
{
  for (unsigned i = 0; i < set->count; i++) {
    if (set->states[i] == state) {
      return;
    }
  }
  if (set->count < SET_STATES_MAX) {
    unsigned at = set->count++;
    while (at > 0 && set->states[at - 1] > state) {
      set->states[at] = set->states[at - 1];
      at--;
    }
    set->states[at] = state;
  }
}

/* With the state itself, the one behind a star that follows: a star fits nothing too. */
static void enter_state(const struct automaton *a, struct state_set *set, uint32_t state)
{
  add_state(set, state);
  if (state < a->count && a->symbols[state] == STAR) {
    add_state(set, state + 1);
  }
}

static void step_set(const struct automaton *a, struct state_set *out, const struct state_set *from,
                     int byte)
{
  out->count = 0;
  for (unsigned i = 0; i < from->count; i++) {
    uint32_t state = from->states[i];
    if (state > 0 && a->symbols[state - 1] == STAR) {
      add_state(out, state);
    }
    if (state < a->count && a->symbols[state] == byte) {
      enter_state(a, out, state + 1);
    }
  }
}

static void visit_set(struct automaton *a, const struct state_set *set)
{
  size_t size = set->count * sizeof *set->states;
  for (size_t i = 0; i < a->set_count; i++) {
    if (a->sets[i].count == set->count && memcmp(a->sets[i].states, set->states, size) == 0) {
      return;
    }
  }
  if (set->count > 0 && a->set_count < SETS_MAX) {
    a->sets[a->set_count++] = *set;
  }
}

static const uint16_t *read_symbols(struct ms_arena *arena, struct ms_str text, uint32_t *count)
{
  uint16_t *symbols = ms_arena_alloc(arena, (text.len + 1) * sizeof *symbols);
  *count = 0;
  for (size_t i = 0; i < text.len && symbols != NULL; i++) {
    if (text.data[i] == '*') {
      symbols[(*count)++] = STAR;
    } else {
      i += text.data[i] == '\\' ? 1 : 0;
      symbols[(*count)++] = (unsigned char)text.data[i];
    }
  }
  return symbols;
}

static unsigned explore(struct automaton *a, unsigned max)
{
  unsigned most = 0;
  struct state_set set = {{0}, 0};
  enter_state(a, &set, 0);
  visit_set(a, &set);
  for (size_t i = 0; i < a->set_count && most < max; i++) {
    for (unsigned j = 0; j < a->sets[i].count; j++) {
      uint32_t state = a->sets[i].states[j];
      if (state < a->count && a->symbols[state] != STAR) {
        step_set(a, &set, &a->sets[i], a->symbols[state]);
        most = set.count > most ? set.count : most;
        visit_set(a, &set);
      }
    }
    step_set(a, &set, &a->sets[i], -1); /* a byte that fits only stars */
    visit_set(a, &set);
  }
  return most > max ? max : most;
}

unsigned ms_wildcard_complexity(struct ms_arena *arena, struct ms_str text, unsigned max,
                                size_t *budget)
{
  struct automaton a = {0};
  /* A text of n symbols has at most n beginnings, and without stars only one fits at a time. */
  if (count_stars(text) == 0 || text.len < max || *budget < SETS_MAX) {
    return 1;
  }
  struct ms_arena_mark mark = ms_arena_mark(arena);
  a.symbols = read_symbols(arena, text, &a.count);
  a.sets = ms_arena_alloc(arena, SETS_MAX * sizeof *a.sets);
  unsigned most = 0;
  if (a.symbols != NULL && a.sets != NULL) {
    most = explore(&a, max);
    most = most == 0 ? 1 : most;
    *budget -= a.set_count;
  }
  ms_arena_rewind(arena, mark);
  return most;
}
