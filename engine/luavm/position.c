/*
 * A walk over the tokens of a file. Only constructors are followed: a value that some call makes has
 * the line of the member that it is given to.
 */
#include "luavm/position.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"
#include "luavm/scan.h"

#define DEPTH_MAX 32

struct walk {
  struct ms_lua_positions *out;
  struct ms_lua_scanner scanner;
  struct ms_lua_token token; /* the next one */
  const char *counted;       /* lines are counted up to here */
  int line;
  struct ms_buf path;
  unsigned depth;
  int err;
};

static void next(struct walk *w)
{
  ms_lua_scan(&w->token, &w->scanner);
}

static bool is(const struct walk *w, const char *symbol)
{
  return ms_lua_is_symbol(&w->token, symbol);
}

static bool is_word(const struct walk *w, const char *word)
{
  return w->token.kind == MS_LUA_TOKEN_KEYWORD && ms_str_is(w->token.text, word);
}

static bool opens_block(const struct walk *w)
{
  return is_word(w, "function") || is_word(w, "do") || is_word(w, "if") || is_word(w, "repeat");
}

static bool closes_block(const struct walk *w)
{
  return is_word(w, "end") || is_word(w, "until");
}

static int line_of(struct walk *w, struct ms_str text)
{
  for (; w->counted < text.data; w->counted++) {
    w->line += *w->counted == '\n';
  }
  return w->line;
}

/* ---- members ---- */

static void put_step(struct walk *w, struct ms_str step)
{
  ms_buf_str(&w->path, step);
  ms_buf_char(&w->path, MS_LUA_STEP_END);
}

static void note(struct walk *w, int line)
{
  int err = w->path.error != 0
                ? MSTEP_ENOMEM
                : ms_map_put(&w->out->lines, ms_buf_view(&w->path), (void *)(uintptr_t)line, NULL);
  w->err = w->err == 0 ? err : w->err;
}

static void read_table(struct walk *w);

/* To the comma behind the value, or to the brace that ends the table. */
static void skip_value(struct walk *w)
{
  unsigned open = 0;
  if (is(w, "{")) {
    read_table(w);
  }
  for (; w->token.kind != MS_LUA_TOKEN_END; next(w)) {
    if (open == 0 && (is(w, ",") || is(w, ";") || is(w, "}"))) {
      return;
    }
    bool opens = is(w, "(") || is(w, "{") || is(w, "[") || opens_block(w);
    bool closes = is(w, ")") || is(w, "}") || is(w, "]") || closes_block(w);
    open += opens;
    open -= closes && open > 0;
  }
}

/* The text of a literal string; other values as they are written. */
static struct ms_str literal(struct ms_str text)
{
  bool is_quoted = text.len >= 2 && (text.data[0] == '"' || text.data[0] == '\'');
  return is_quoted ? ms_str_sub(text, 1, text.len - 1) : text;
}

/* At the beginning of a member: its key, and the token behind the '='. Positional: false. */
static bool read_key(struct walk *w, struct ms_str *key)
{
  struct walk before = *w;
  if (w->token.kind == MS_LUA_TOKEN_NAME) {
    *key = w->token.text;
    next(w);
  } else if (is(w, "[")) {
    next(w);
    *key = literal(w->token.text);
    next(w);
    if (is(w, "]")) {
      next(w);
    }
  } else {
    return false;
  }
  if (is(w, "=")) {
    next(w);
    return true;
  }
  w->scanner = before.scanner;
  w->token = before.token;
  return false;
}

static void read_member(struct walk *w, size_t *position)
{
  char number[24];
  struct ms_str key;
  size_t len = w->path.len;
  int line = line_of(w, w->token.text);
  if (!read_key(w, &key)) {
    int written = snprintf(number, sizeof number, "%zu", ++*position);
    key = (struct ms_str){number, (size_t)written};
  }
  put_step(w, key);
  note(w, line);
  skip_value(w);
  w->path.len = len;
}

/* At '{'; ends behind '}'. */
static void read_table(struct walk *w)
{
  size_t position = 0;
  next(w);
  if (++w->depth > DEPTH_MAX) {
    w->depth--;
    return; /* its members have the line of the table */
  }
  while (w->token.kind != MS_LUA_TOKEN_END && !is(w, "}")) {
    read_member(w, &position);
    if (is(w, ",") || is(w, ";")) {
      next(w);
    }
  }
  w->depth--;
  next(w);
}

/* ---- the table that is returned ---- */

/* Goes behind the `return` of the file itself; false: there is none. */
static bool find_return(struct walk *w)
{
  unsigned open = 0;
  for (next(w); w->token.kind != MS_LUA_TOKEN_END; next(w)) {
    if (open == 0 && is_word(w, "return")) {
      next(w);
      return true;
    }
    open += opens_block(w);
    open -= closes_block(w) && open > 0;
  }
  return false;
}

/* Goes to the '{' of NAME = { */
static bool find_assignment(struct walk *w, struct ms_str name)
{
  w->scanner.at = 0;
  for (next(w); w->token.kind != MS_LUA_TOKEN_END; next(w)) {
    if (w->token.kind != MS_LUA_TOKEN_NAME || !ms_str_eq(w->token.text, name)) {
      continue;
    }
    struct walk here = *w;
    next(w);
    if (is(w, "=")) {
      next(w);
      if (is(w, "{")) {
        return true;
      }
    }
    w->scanner = here.scanner;
  }
  return false;
}

int ms_lua_positions_read(struct ms_lua_positions *out, struct ms_str text)
{
  struct walk w = {.out = out, .scanner = {text, 0}, .counted = text.data, .line = 1};
  ms_map_init(&out->lines, 0);
  ms_buf_init(&w.path, 0);
  bool is_found = find_return(&w);
  if (is_found && w.token.kind == MS_LUA_TOKEN_NAME) {
    is_found = find_assignment(&w, w.token.text);
  }
  if (is_found && is(&w, "{")) {
    line_of(&w, w.token.text);
    read_table(&w);
  }
  ms_buf_deinit(&w.path);
  return w.err;
}

void ms_lua_positions_deinit(struct ms_lua_positions *positions)
{
  ms_map_deinit(&positions->lines);
}

int ms_lua_positions_find(const struct ms_lua_positions *positions, struct ms_str path)
{
  while (path.len > 0) {
    void *line = ms_map_get(&positions->lines, path);
    if (line != NULL) {
      return (int)(uintptr_t)line;
    }
    path.len--;
    while (path.len > 0 && path.data[path.len - 1] != MS_LUA_STEP_END) {
      path.len--;
    }
  }
  return 0;
}
