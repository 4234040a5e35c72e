/*
 * Lua to JSONata, token by token: paths, variables, literals, constructors, arithmetic, comparisons and a
 * few functions. What would need a tree (or, `#`, methods, what binds differently) is refused, which costs
 * the reader a hint and not a wrong answer.
 */
#include "luavm/portable.h"

#include "luavm/scan.h"

#define DEPTH_MAX 64

struct translation {
  struct ms_buf *out;
  struct ms_lua_scanner scanner;
  struct ms_lua_token before;
  struct ms_lua_token token;
  struct ms_lua_token after;
  char closers[DEPTH_MAX]; /* what closes each bracket that is open, in JSONata */
  size_t depth;
  bool has_concat, has_sum; /* `&` binds like `+` there, and looser here */
  bool has_logic;           /* `and`, `or`: give booleans there, operands here */
  bool has_comparison;      /* since the last of them */
  bool is_refused;
};

static const struct {
  const char *lua;
  const char *jsonata;
} functions[] = {
    {"math.floor(", "$floor"},         {"math.ceil(", "$ceil"},
    {"math.abs(", "$abs"},             {"math.sqrt(", "$sqrt"},
    {"math.random()", "$random()"},    {"mstep.uuid()", "$uuid()"},
    {"mstep.json.decode(", "$parse"},  {"string.upper(", "$uppercase"},
    {"string.lower(", "$lowercase"},   {"mstep.null", "null"},
};

static bool is_word(const struct ms_lua_token *token, const char *word)
{
  return token->kind == MS_LUA_TOKEN_KEYWORD && ms_str_is(token->text, word);
}

/* Could a call or an index follow this token? */
static bool ends_operand(const struct ms_lua_token *token)
{
  return token->kind == MS_LUA_TOKEN_NAME || token->kind == MS_LUA_TOKEN_VALUE ||
         ms_lua_is_symbol(token, ")") || ms_lua_is_symbol(token, "]") || ms_lua_is_symbol(token, "}");
}

/* Takes the next token; what stands between the two goes over as it is. */
static void advance(struct translation *t)
{
  t->before = t->token;
  t->token = t->after;
  struct ms_lua_scanner ahead = t->scanner;
  ms_lua_scan(&t->after, &ahead);
  size_t from = t->scanner.at;
  t->scanner = ahead;
  struct ms_str gap = ms_str_sub(t->scanner.text, from, ahead.at - t->after.text.len);
  for (size_t i = 0; i < gap.len; i++) {
    t->is_refused = t->is_refused || gap.data[i] == '-'; /* a comment */
  }
}

static void put_gap(struct translation *t)
{
  const char *end = t->token.text.data + t->token.text.len;
  if (t->after.kind != MS_LUA_TOKEN_END && t->after.text.data > end) {
    ms_buf_put(t->out, end, (size_t)(t->after.text.data - end));
  }
}

static void open_bracket(struct translation *t, char opener, char closer)
{
  if (t->depth == DEPTH_MAX) {
    t->is_refused = true;
    return;
  }
  t->closers[t->depth++] = closer;
  ms_buf_char(t->out, opener);
}

static void close_bracket(struct translation *t)
{
  if (t->depth == 0) {
    t->is_refused = true;
    return;
  }
  ms_buf_char(t->out, t->closers[--t->depth]);
}

/* A function whose name stands here: its tokens are passed over. */
static bool put_function(struct translation *t)
{
  struct ms_str text = t->scanner.text;
  size_t at = (size_t)(t->token.text.data - text.data);
  struct ms_str rest = ms_str_sub(text, at, text.len);
  for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
    size_t len = strlen(functions[i].lua);
    if (!ms_str_has_prefix(rest, functions[i].lua)) {
      continue;
    }
    const char *end = rest.data + len;
    while (t->token.text.data + t->token.text.len < end) {
      advance(t);
    }
    if (t->token.text.data + t->token.text.len != end) {
      break; /* the name goes on: "mstep.nullable" */
    }
    ms_buf_cstr(t->out, functions[i].jsonata);
    if (functions[i].lua[len - 1] == '(') {
      open_bracket(t, '(', ')');
    }
    return true;
  }
  return false;
}

static bool is_inside(const struct translation *t, char closer)
{
  return t->depth > 0 && t->closers[t->depth - 1] == closer;
}

static void put_name(struct translation *t)
{
  if (ms_lua_is_symbol(&t->before, ".")) {
    ms_buf_printf(t->out, ms_str_is(t->token.text, "null") ? "`%.*s`" : "%.*s", MS_STR_ARG(t->token.text));
    return;
  }
  bool is_first = ms_lua_is_symbol(&t->before, "{") || ms_lua_is_symbol(&t->before, ",");
  if (is_inside(t, ']') || (is_inside(t, '}') && is_first != ms_lua_is_symbol(&t->after, "="))) {
    t->is_refused = true; /* what is an array would be flattened there; a table of both kinds */
  } else if (is_inside(t, '}') && is_first) {
    ms_buf_printf(t->out, "\"%.*s\":", MS_STR_ARG(t->token.text));
    advance(t); /* the `=` */
  } else if (!put_function(t)) {
    ms_buf_printf(t->out, "$%.*s", MS_STR_ARG(t->token.text));
  }
}

static void put_value(struct translation *t)
{
  struct ms_str text = t->token.text;
  char first = text.data[0];
  if (first == '[' || ms_str_find(text, 0, '\\') < text.len) {
    t->is_refused = true;
  } else if (first == '\'' || first == '"') {
    if (first == '\'' && ms_str_find(text, 0, '"') < text.len) {
      ms_buf_str(t->out, text);
    } else {
      ms_buf_printf(t->out, "\"%.*s\"", (int)(text.len - 2), text.data + 1);
    }
  } else if (text.len > 1 && (text.data[1] == 'x' || text.data[1] == 'X')) {
    t->is_refused = true;
  } else {
    ms_buf_str(t->out, text);
  }
}

/* `[3]` counts from 1 here and from 0 there. */
static void put_index(struct translation *t)
{
  struct ms_str text = t->after.text;
  unsigned long index = 0;
  bool is_index = ends_operand(&t->before);
  advance(t);
  if (!is_index || t->token.kind != MS_LUA_TOKEN_VALUE || text.len > 9 || !ms_lua_is_symbol(&t->after, "]")) {
    t->is_refused = true;
    return;
  }
  for (size_t i = 0; i < text.len; i++) {
    bool is_digit = text.data[i] >= '0' && text.data[i] <= '9';
    t->is_refused = t->is_refused || !is_digit;
    index = index * 10 + (is_digit ? (unsigned long)(text.data[i] - '0') : 0);
  }
  t->is_refused = t->is_refused || index == 0;
  ms_buf_printf(t->out, "[%lu]", index - 1);
  advance(t);
}

static void put_table(struct translation *t)
{
  struct ms_lua_scanner ahead = t->scanner;
  struct ms_lua_token second;
  ms_lua_scan(&second, &ahead);
  bool is_object = ms_lua_is_symbol(&t->after, "}") ||
                   (t->after.kind == MS_LUA_TOKEN_NAME && ms_lua_is_symbol(&second, "="));
  open_bracket(t, is_object ? '{' : '[', is_object ? '}' : ']');
}

static const char *operator_of(const struct ms_lua_token *token)
{
  static const char *const pairs[][2] = {{"==", "="}, {"~=", "!="}, {"<", "<"}, {"<=", "<="},
                                         {">", ">"},  {">=", ">="}, {"..", "&"}, {"+", "+"},
                                         {"-", "-"},  {"*", "*"},   {"/", "/"}, {",", ","},
                                         {".", "."}};
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    if (ms_lua_is_symbol(token, pairs[i][0])) {
      return pairs[i][1];
    }
  }
  return NULL;
}

static void put_operator(struct translation *t)
{
  const char *operator = operator_of(&t->token);
  if (operator == NULL) {
    t->is_refused = true;
    return;
  }
  bool is_item = operator[0] == ',' && is_inside(t, '}');
  t->is_refused = t->is_refused || (is_item && t->after.kind != MS_LUA_TOKEN_NAME);
  t->has_concat = t->has_concat || operator[0] == '&';
  t->has_sum = t->has_sum || operator[0] == '+' || operator[0] == '-';
  t->has_comparison = t->has_comparison || strchr("=!<>", operator[0]) != NULL;
  ms_buf_cstr(t->out, operator);
}

static void put_symbol(struct translation *t)
{
  if (ms_lua_is_symbol(&t->token, "{")) {
    t->is_refused = t->is_refused || ends_operand(&t->before);
    put_table(t);
  } else if (ms_lua_is_symbol(&t->token, "(")) {
    t->is_refused = t->is_refused || ends_operand(&t->before); /* a call */
    open_bracket(t, '(', ')');
  } else if (ms_lua_is_symbol(&t->token, "[")) {
    put_index(t);
  } else if (ms_lua_is_symbol(&t->token, ")") || ms_lua_is_symbol(&t->token, "}")) {
    close_bracket(t);
  } else {
    put_operator(t);
  }
}

/* Only between comparisons, whose results are booleans in both. */
static void put_keyword(struct translation *t)
{
  if (is_word(&t->token, "and") || is_word(&t->token, "or")) {
    t->is_refused = t->is_refused || t->depth > 0 || !t->has_comparison;
    t->has_comparison = false;
    t->has_logic = true;
  } else if (!is_word(&t->token, "true") && !is_word(&t->token, "false")) {
    t->is_refused = true;
  }
  ms_buf_str(t->out, t->token.text);
}

bool ms_lua_to_jsonata(struct ms_buf *out, struct ms_str expression)
{
  struct translation t = {.out = out, .scanner = {expression, 0}};
  t.token.kind = MS_LUA_TOKEN_END;
  t.after.kind = MS_LUA_TOKEN_END;
  advance(&t);
  advance(&t);
  while (t.token.kind != MS_LUA_TOKEN_END && !t.is_refused) {
    switch (t.token.kind) {
    case MS_LUA_TOKEN_NAME:
      put_name(&t);
      break;
    case MS_LUA_TOKEN_VALUE:
      put_value(&t);
      break;
    case MS_LUA_TOKEN_KEYWORD:
      put_keyword(&t);
      break;
    default:
      put_symbol(&t);
      break;
    }
    put_gap(&t);
    advance(&t);
  }
  return !t.is_refused && t.depth == 0 && !(t.has_concat && t.has_sum) &&
         !(t.has_logic && !t.has_comparison);
}
