/*
 * Tokens of Lua and the names among them. No tree is built: which names are local is seen from the words
 * before them (`local`, `for`, `function`), which is enough to tell variables of a workflow from the
 * expression's own.
 */
#include "luavm/scan.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"

static bool is_letter(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static char peek(const struct ms_lua_scanner *s, size_t ahead)
{
  return s->at + ahead < s->text.len ? s->text.data[s->at + ahead] : '\0';
}

/* At '[': the level of a long bracket, or -1. */
static int bracket_level(const struct ms_lua_scanner *s)
{
  size_t equals = 0;
  while (peek(s, 1 + equals) == '=') {
    equals++;
  }
  return peek(s, 1 + equals) == '[' ? (int)equals : -1;
}

static void skip_bracket(struct ms_lua_scanner *s, int level)
{
  s->at += (size_t)level + 2;
  for (; s->at < s->text.len; s->at++) {
    if (peek(s, 0) != ']') {
      continue;
    }
    size_t equals = 0;
    while (peek(s, 1 + equals) == '=') {
      equals++;
    }
    if (equals == (size_t)level && peek(s, 1 + equals) == ']') {
      s->at += equals + 2;
      return;
    }
  }
}

/* Blanks and comments. */
static void skip_space(struct ms_lua_scanner *s)
{
  for (;;) {
    while (s->at < s->text.len && strchr(" \t\r\n\f\v", peek(s, 0)) != NULL && peek(s, 0) != '\0') {
      s->at++;
    }
    if (peek(s, 0) != '-' || peek(s, 1) != '-') {
      return;
    }
    s->at += 2;
    int level = peek(s, 0) == '[' ? bracket_level(s) : -1;
    if (level >= 0) {
      skip_bracket(s, level);
    } else {
      s->at = ms_str_find(s->text, s->at, '\n');
    }
  }
}

static void skip_string(struct ms_lua_scanner *s, char quote)
{
  s->at++;
  while (s->at < s->text.len && peek(s, 0) != quote) {
    s->at += peek(s, 0) == '\\' ? 2 : 1;
  }
  s->at = s->at < s->text.len ? s->at + 1 : s->text.len;
}

static void skip_number(struct ms_lua_scanner *s)
{
  while (is_letter(peek(s, 0)) || is_digit(peek(s, 0)) || peek(s, 0) == '.') {
    char c = peek(s, 0);
    bool is_exponent = c == 'e' || c == 'E' || c == 'p' || c == 'P';
    s->at++;
    if (is_exponent && (peek(s, 0) == '+' || peek(s, 0) == '-')) {
      s->at++;
    }
  }
}

static size_t symbol_length(const struct ms_lua_scanner *s)
{
  static const char *const symbols[] = {"...", "..", "::", "==", "~=", "<=", ">=", "//", "<<", ">>"};
  struct ms_str rest = ms_str_sub(s->text, s->at, s->text.len);
  for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
    if (ms_str_has_prefix(rest, symbols[i])) {
      return strlen(symbols[i]);
    }
  }
  return 1;
}

static bool is_keyword(struct ms_str word)
{
  static const char *const keywords[] = {
      "and", "break", "do",  "else", "elseif", "end",    "false", "for",  "function", "goto",  "if",
      "in",  "local", "nil", "not",  "or",     "repeat", "return", "then", "true",    "until", "while",
  };
  for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
    if (ms_str_is(word, keywords[i])) {
      return true;
    }
  }
  return false;
}

void ms_lua_scan(struct ms_lua_token *out, struct ms_lua_scanner *s)
{
  skip_space(s);
  size_t from = s->at;
  char c = peek(s, 0);
  out->kind = MS_LUA_TOKEN_VALUE;
  if (s->at >= s->text.len) {
    out->kind = MS_LUA_TOKEN_END;
  } else if (is_letter(c)) {
    while (is_letter(peek(s, 0)) || is_digit(peek(s, 0))) {
      s->at++;
    }
    bool is_word = is_keyword(ms_str_sub(s->text, from, s->at));
    out->kind = is_word ? MS_LUA_TOKEN_KEYWORD : MS_LUA_TOKEN_NAME;
  } else if (is_digit(c) || (c == '.' && is_digit(peek(s, 1)))) {
    skip_number(s);
  } else if (c == '"' || c == '\'') {
    skip_string(s, c);
  } else if (c == '[' && bracket_level(s) >= 0) {
    skip_bracket(s, bracket_level(s));
  } else {
    out->kind = MS_LUA_TOKEN_SYMBOL;
    s->at += symbol_length(s);
  }
  out->text = ms_str_sub(s->text, from, s->at);
}

bool ms_lua_has_keyword(struct ms_str text, const char *keyword)
{
  struct ms_lua_scanner scanner = {text, 0};
  struct ms_lua_token token;
  do {
    ms_lua_scan(&token, &scanner);
    if (token.kind == MS_LUA_TOKEN_KEYWORD && ms_str_is(token.text, keyword)) {
      return true;
    }
  } while (token.kind != MS_LUA_TOKEN_END);
  return false;
}

/* ---- names ---- */

bool ms_lua_is_symbol(const struct ms_lua_token *token, const char *symbol)
{
  return token->kind == MS_LUA_TOKEN_SYMBOL && ms_str_is(token->text, symbol);
}

static bool is_word(const struct ms_lua_token *token, const char *keyword)
{
  return token->kind == MS_LUA_TOKEN_KEYWORD && ms_str_is(token->text, keyword);
}

enum declaring {
  DECLARING_NOTHING,
  DECLARING_LOCALS,   /* behind `local` or `for`: names up to `=`, `in` or anything else */
  DECLARING_FUNCTION, /* behind `function`: its name, if it has one */
  DECLARING_PARAMETERS
};

static enum declaring next_declaring(enum declaring now, const struct ms_lua_token *token)
{
  if (is_word(token, "local") || is_word(token, "for")) {
    return DECLARING_LOCALS;
  }
  if (is_word(token, "function")) {
    return DECLARING_FUNCTION;
  }
  if (token->kind == MS_LUA_TOKEN_NAME) {
    return now;
  }
  switch (now) {
  case DECLARING_LOCALS:
    return ms_lua_is_symbol(token, ",") || ms_lua_is_symbol(token, "<") || ms_lua_is_symbol(token, ">")
               ? now
               : DECLARING_NOTHING;
  case DECLARING_FUNCTION:
    return ms_lua_is_symbol(token, "(") ? DECLARING_PARAMETERS : now;
  case DECLARING_PARAMETERS:
    return ms_lua_is_symbol(token, ")") ? DECLARING_NOTHING : now;
  default:
    return now;
  }
}

static int find_locals(struct ms_map *locals, struct ms_str text)
{
  struct ms_lua_scanner scanner = {text, 0};
  struct ms_lua_token token;
  enum declaring declaring = DECLARING_NOTHING;
  int err = MSTEP_OK;
  do {
    ms_lua_scan(&token, &scanner);
    declaring = next_declaring(declaring, &token);
    if (token.kind == MS_LUA_TOKEN_NAME && declaring != DECLARING_NOTHING) {
      err = ms_map_put(locals, token.text, locals, NULL);
    }
  } while (err == 0 && token.kind != MS_LUA_TOKEN_END);
  return err;
}

/* Is the name in the middle one that stands for a value of its own? */
static bool is_free(const struct ms_lua_token *before, const struct ms_lua_token *token,
                    const struct ms_lua_token *after)
{
  bool is_label = ms_lua_is_symbol(before, "::") && ms_lua_is_symbol(after, "::");
  if (token->kind != MS_LUA_TOKEN_NAME || is_label || is_word(before, "goto") ||
      ms_lua_is_symbol(before, ".") || ms_lua_is_symbol(before, ":")) {
    return false;
  }
  bool is_key = ms_lua_is_symbol(after, "=") && (ms_lua_is_symbol(before, "{") || ms_lua_is_symbol(before, ",") ||
                                          ms_lua_is_symbol(before, ";"));
  bool is_attribute = ms_lua_is_symbol(before, "<") && ms_lua_is_symbol(after, ">") &&
                      (ms_str_is(token->text, "const") || ms_str_is(token->text, "close"));
  return !is_key && !is_attribute;
}

struct walk {
  struct ms_map seen; /* locals, and the free names that were told */
  ms_lua_name_cb cb;
  void *user;
  bool is_behind_states; /* the token before was `states` */
  bool is_member;        /* the two before were `states` and the dot */
};

static int tell_free(struct walk *w, struct ms_str name)
{
  if (ms_map_has(&w->seen, name)) {
    return MSTEP_OK;
  }
  if (ms_str_is(name, "states")) {
    w->is_behind_states = true;
    return MSTEP_OK;
  }
  if (ms_str_is(name, "_ENV")) {
    return w->cb(MS_LUA_NAME_WHOLE, name, w->user);
  }
  int err = ms_map_put(&w->seen, name, w, NULL);
  return err != 0 ? err : w->cb(MS_LUA_NAME_FREE, name, w->user);
}

static int walk_token(struct walk *w, const struct ms_lua_token *before,
                      const struct ms_lua_token *token, const struct ms_lua_token *after)
{
  bool was_behind = w->is_behind_states;
  bool was_member = w->is_member;
  w->is_behind_states = false;
  w->is_member = was_behind && ms_lua_is_symbol(token, ".");
  if (was_behind && !w->is_member) {
    int err = w->cb(MS_LUA_NAME_WHOLE, MS_STR("states"), w->user);
    if (err != 0) {
      return err;
    }
  }
  if (was_member && token->kind == MS_LUA_TOKEN_NAME) {
    return w->cb(MS_LUA_NAME_STATE, token->text, w->user);
  }
  return is_free(before, token, after) ? tell_free(w, token->text) : MSTEP_OK;
}

int ms_lua_names(struct ms_str text, ms_lua_name_cb cb, void *user)
{
  struct walk w = {.cb = cb, .user = user};
  ms_map_init(&w.seen, ms_hash_process_seed());
  struct ms_lua_scanner scanner = {text, 0};
  struct ms_lua_token before = {MS_LUA_TOKEN_END, {NULL, 0}};
  struct ms_lua_token token;
  struct ms_lua_token after;
  int err = find_locals(&w.seen, text);
  ms_lua_scan(&token, &scanner);
  while (err == 0) {
    ms_lua_scan(&after, &scanner);
    err = walk_token(&w, &before, &token, &after);
    if (token.kind == MS_LUA_TOKEN_END) {
      break;
    }
    before = token;
    token = after;
  }
  ms_map_deinit(&w.seen);
  return err;
}
