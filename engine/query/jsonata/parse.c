/*
 * Top-down operator precedence: `nud` reads what begins an operand, `led` what goes on behind one.
 * Makes the tree as written; everything that needs to look at a finished tree is resolve.c's.
 */
#include "query/jsonata/compile.h"

#include <stdlib.h>

#include "base/buf.h"
#include "query/jsonata/regex_literal.h"

static struct ms_jx_node *expression(struct ms_jx_compiler *c, int right_power);

/* Binding power to the left, by operator; those without an infix form have 0. */
static int left_power(const struct ms_jx_token *token)
{
  if (token->type != MS_JX_TK_OPERATOR) {
    return 0;
  }
  switch (token->id) {
  case '[':
  case '(':
  case '@':
  case '#':
    return 80;
  case '.':
    return 75;
  case '{':
    return 70;
  case '*':
  case '/':
  case '%':
    return 60;
  case '+':
  case '-':
  case '&':
    return 50;
  case '=':
  case '<':
  case '>':
  case '^':
  case MS_JX_O_NOT_EQUAL:
  case MS_JX_O_LESS_EQUAL:
  case MS_JX_O_GREATER_EQUAL:
  case MS_JX_O_APPLY:
  case MS_JX_O_IN:
  case MS_JX_O_ELVIS:
  case MS_JX_O_COALESCE:
    return 40;
  case MS_JX_O_AND:
    return 30;
  case MS_JX_O_OR:
    return 25;
  case '?':
    return 20;
  case MS_JX_O_BIND:
    return 10;
  default:
    return 0;
  }
}

static bool is_at(const struct ms_jx_compiler *c, int id)
{
  return c->token.type == MS_JX_TK_OPERATOR && c->token.id == id;
}

static bool next(struct ms_jx_compiler *c, bool infix)
{
  if (ms_jx_lex(&c->lexer, infix, &c->token)) {
    if (is_at(c, '!') || is_at(c, '~')) {
      ms_jx_compile_fail(c, "S0204", c->token.pos, c->token.text);
      return false;
    }
    return true;
  }
  if (c->lexer.code == NULL) {
    ms_jx_compile_nomem(c);
  } else {
    ms_jx_compile_fail(c, c->lexer.code, c->lexer.error_pos, c->lexer.error_token);
  }
  return false;
}

/* Steps over the operator that must come now. */
static bool expect(struct ms_jx_compiler *c, int id, bool infix)
{
  if (is_at(c, id)) {
    return next(c, infix);
  }
  ms_jx_compile_fail(c, c->token.type == MS_JX_TK_END ? "S0203" : "S0202", c->token.pos,
                     c->token.text);
  char *text = ms_arena_alloc(c->arena, 1);
  if (text == NULL) {
    ms_jx_compile_nomem(c);
    return false;
  }
  *text = (char)id;
  c->error_value = ms_jx_text_value((struct ms_str){text, 1});
  return false;
}

static struct ms_jx_node *node_at(struct ms_jx_compiler *c, enum ms_jx_node_type type,
                                  const struct ms_jx_token *token)
{
  return ms_jx_compile_node(c, type, token->pos, token->text);
}

static uint32_t deeper(uint32_t depth, const struct ms_jx_node *child)
{
  return child != NULL && child->depth >= depth ? child->depth + 1 : depth;
}

/* Sets the depth of a node whose children are complete; a tree too deep ends the compilation. */
static struct ms_jx_node *complete(struct ms_jx_compiler *c, struct ms_jx_node *node)
{
  uint32_t depth = deeper(deeper(deeper(1, node->lhs), node->rhs), node->third);
  for (uint32_t i = 0; i < node->count && node->items != NULL; i++) {
    depth = deeper(depth, node->items[i]);
  }
  node->depth = depth;
  if (depth > MS_JX_TREE_DEPTH) {
    c->text = "The expression is nested too deeply";
    return ms_jx_compile_fail(c, "", node->pos, node->token);
  }
  return node;
}

/* Items of a list whose length is not known yet. */
struct items {
  struct ms_jx_node **data;
  uint32_t count;
  uint32_t capacity;
};

static bool add_item(struct ms_jx_compiler *c, struct items *items, struct ms_jx_node *item)
{
  if (item == NULL) {
    return false;
  }
  if (items->count == items->capacity) {
    uint32_t capacity = items->capacity == 0 ? 4 : items->capacity * 2;
    struct ms_jx_node **data = ms_jx_compile_alloc(c, capacity * sizeof *data);
    if (data == NULL) {
      return false;
    }
    if (items->count > 0) {
      memcpy(data, items->data, items->count * sizeof *data);
    }
    items->data = data;
    items->capacity = capacity;
  }
  items->data[items->count++] = item;
  return true;
}

static struct ms_jx_node *with_items(struct ms_jx_compiler *c, struct ms_jx_node *node,
                                     struct items items)
{
  node->items = items.data;
  node->count = items.count;
  return complete(c, node);
}

/* ---- operands ---- */

static struct ms_jx_node *nud_number(struct ms_jx_compiler *c, const struct ms_jx_token *token)
{
  struct ms_jx_node *node = node_at(c, MS_JX_N_LITERAL_NUMBER, token);
  struct ms_str text = ms_arena_str(c->arena, token->text);
  if (node == NULL || text.data == NULL) {
    return ms_jx_compile_nomem(c);
  }
  double number = strtod(text.data, NULL);
  if (!isfinite(number)) {
    return ms_jx_compile_fail(c, "S0102", token->pos - token->text.len, token->text);
  }
  struct ms_json exact;
  if (ms_json_parse(&exact, token->text, NULL, NULL) == 0) {
    int64_t whole;
    bool is_int = ms_json_to_int(&whole, exact);
    node->value = is_int ? ms_jx_int(whole) : ms_jx_double(number);
    ms_json_unref(exact);
    return node;
  }
  return ms_jx_compile_nomem(c);
}

static struct ms_jx_node *nud_value(struct ms_jx_compiler *c, const struct ms_jx_token *token)
{
  struct ms_jx_node *node = node_at(c, MS_JX_N_LITERAL_VALUE, token);
  if (node != NULL) {
    node->value = ms_str_is(token->text, "null") ? ms_jx_make(MS_JX_NULL)
                                                 : ms_jx_bool(ms_str_is(token->text, "true"));
  }
  return node;
}

static struct ms_jx_node *nud_string(struct ms_jx_compiler *c, const struct ms_jx_token *token,
                                     enum ms_jx_node_type type)
{
  struct ms_jx_node *node = node_at(c, type, token);
  if (node == NULL) {
    return NULL;
  }
  node->value = ms_jx_compile_string(c, token->text);
  return c->failed ? NULL : node;
}

static struct ms_jx_node *nud_variable(struct ms_jx_compiler *c, const struct ms_jx_token *token)
{
  struct ms_jx_node *node = node_at(c, MS_JX_N_VARIABLE, token);
  if (node == NULL) {
    return NULL;
  }
  node->symbol = ms_jx_compile_symbol(c, token->text);
  if (node->symbol == UINT32_MAX) {
    return NULL;
  }
  return node;
}

static struct ms_jx_node *nud_regex(struct ms_jx_compiler *c, const struct ms_jx_token *token)
{
  struct ms_jx_node *node = node_at(c, MS_JX_N_REGEX, token);
  if (node == NULL || !ms_jx_regex_literal(c, token, node)) {
    return NULL;
  }
  return node;
}

/* `( a ; b ; c )` */
static struct ms_jx_node *nud_block(struct ms_jx_compiler *c, const struct ms_jx_token *token)
{
  struct ms_jx_node *node = node_at(c, MS_JX_N_BLOCK, token);
  struct items items = {NULL, 0, 0};
  if (node == NULL) {
    return NULL;
  }
  while (!is_at(c, ')')) {
    if (!add_item(c, &items, expression(c, 0))) {
      return NULL;
    }
    if (!is_at(c, ';')) {
      break;
    }
    if (!next(c, false)) {
      return NULL;
    }
  }
  return expect(c, ')', true) ? with_items(c, node, items) : NULL;
}

/* One item of an array constructor, which may be a range. */
static struct ms_jx_node *array_item(struct ms_jx_compiler *c)
{
  struct ms_jx_node *item = expression(c, 0);
  if (item == NULL || !is_at(c, MS_JX_O_DOTDOT)) {
    return item;
  }
  struct ms_jx_node *range = node_at(c, MS_JX_N_BINARY, &c->token);
  if (range == NULL || !next(c, false)) {
    return NULL;
  }
  range->op = MS_JX_OP_RANGE;
  range->lhs = item;
  range->rhs = expression(c, 0);
  return range->rhs == NULL ? NULL : complete(c, range);
}

static struct ms_jx_node *nud_array(struct ms_jx_compiler *c, const struct ms_jx_token *token)
{
  struct ms_jx_node *node = node_at(c, MS_JX_N_ARRAY, token);
  struct items items = {NULL, 0, 0};
  if (node == NULL) {
    return NULL;
  }
  while (!is_at(c, ']')) {
    if (!add_item(c, &items, array_item(c))) {
      return NULL;
    }
    if (!is_at(c, ',')) {
      break;
    }
    if (!next(c, false)) {
      return NULL;
    }
    if (is_at(c, ']')) { /* a comma wants an operand behind it */
      add_item(c, &items, expression(c, 0));
      return NULL;
    }
  }
  return expect(c, ']', true) ? with_items(c, node, items) : NULL;
}

/* The pairs of an object constructor or a group-by, behind the `{`. */
static bool pairs(struct ms_jx_compiler *c, struct items *items)
{
  if (!is_at(c, '}')) {
    for (;;) {
      if (!add_item(c, items, expression(c, 0)) || !expect(c, ':', false) ||
          !add_item(c, items, expression(c, 0))) {
        return false;
      }
      if (!is_at(c, ',')) {
        break;
      }
      if (!next(c, false)) {
        return false;
      }
    }
  }
  return expect(c, '}', true);
}

static struct ms_jx_node *nud_object(struct ms_jx_compiler *c, const struct ms_jx_token *token)
{
  struct ms_jx_node *node = node_at(c, MS_JX_N_OBJECT, token);
  struct items items = {NULL, 0, 0};
  if (node == NULL || !pairs(c, &items)) {
    return NULL;
  }
  return with_items(c, node, items);
}

/* `| pattern | update , delete |` */
static struct ms_jx_node *nud_transform(struct ms_jx_compiler *c, const struct ms_jx_token *token)
{
  struct ms_jx_node *node = node_at(c, MS_JX_N_TRANSFORM, token);
  if (node == NULL || (node->lhs = expression(c, 0)) == NULL || !expect(c, '|', false) ||
      (node->rhs = expression(c, 0)) == NULL) {
    return NULL;
  }
  if (is_at(c, ',')) {
    if (!next(c, false) || (node->third = expression(c, 0)) == NULL) {
      return NULL;
    }
  }
  return expect(c, '|', true) ? complete(c, node) : NULL;
}

static struct ms_jx_node *nud_negate(struct ms_jx_compiler *c, const struct ms_jx_token *token)
{
  struct ms_jx_node *node = node_at(c, MS_JX_N_NEGATE, token);
  if (node == NULL || (node->lhs = expression(c, 70)) == NULL) {
    return NULL;
  }
  return complete(c, node);
}

static struct ms_jx_node *nud_operator(struct ms_jx_compiler *c, const struct ms_jx_token *token)
{
  switch (token->id) {
  case '(':
    return nud_block(c, token);
  case '[':
    return nud_array(c, token);
  case '{':
    return nud_object(c, token);
  case '|':
    return nud_transform(c, token);
  case '-':
    return nud_negate(c, token);
  case '*':
    return node_at(c, MS_JX_N_WILDCARD, token);
  case '%':
    return node_at(c, MS_JX_N_PARENT, token);
  case MS_JX_O_DESCENDANT:
    return node_at(c, MS_JX_N_DESCENDANT, token);
  case MS_JX_O_AND:
  case MS_JX_O_OR:
  case MS_JX_O_IN:
    return nud_string(c, token, MS_JX_N_OPERATOR);
  default:
    return ms_jx_compile_fail(c, "S0211", token->pos, token->text);
  }
}

static struct ms_jx_node *nud(struct ms_jx_compiler *c, const struct ms_jx_token *token)
{
  switch (token->type) {
  case MS_JX_TK_NAME:
    return nud_string(c, token, MS_JX_N_NAME);
  case MS_JX_TK_STRING:
    return nud_string(c, token, MS_JX_N_LITERAL_STRING);
  case MS_JX_TK_VARIABLE:
    return nud_variable(c, token);
  case MS_JX_TK_NUMBER:
    return nud_number(c, token);
  case MS_JX_TK_VALUE:
    return nud_value(c, token);
  case MS_JX_TK_REGEX:
    return nud_regex(c, token);
  case MS_JX_TK_OPERATOR:
    return nud_operator(c, token);
  default:
    return node_at(c, MS_JX_N_END, token);
  }
}

/* ---- what may follow an operand ---- */

/* The signature `<...>` behind a parameter list, up to the `{`. */
static bool signature(struct ms_jx_compiler *c, struct ms_jx_node *node)
{
  size_t start = c->token.pos;
  struct ms_buf text;
  ms_buf_init(&text, 4096);
  int depth = 1;
  ms_buf_char(&text, '<');
  while (depth > 0 && !is_at(c, '{') && c->token.type != MS_JX_TK_END) {
    if (!next(c, false)) {
      ms_buf_deinit(&text);
      return false;
    }
    depth += is_at(c, '<') ? 1 : (is_at(c, '>') ? -1 : 0);
    ms_buf_str(&text, c->token.text);
  }
  struct ms_jx_signature *out = ms_jx_compile_alloc(c, sizeof *out);
  bool ok = expect(c, '>', false);
  if (ok && text.error != 0) {
    ms_jx_compile_nomem(c);
    ok = false;
  }
  if (ok && out != NULL) {
    size_t offset = 0;
    struct ms_str value = MS_STR("");
    struct ms_str copy = ms_arena_str(c->arena, ms_buf_view(&text));
    const char *code = ms_jx_signature_parse(out, copy, &offset, &value);
    if (code != NULL) {
      ms_jx_compile_fail(c, code, start + offset, MS_STR(""));
      c->error_value = ms_jx_text_value(value);
      ok = false;
    }
    node->signature = out;
  }
  ms_buf_deinit(&text);
  return ok && out != NULL;
}

/* Turns a call of `function` or its Greek form into a lambda: parameters, signature, body. */
static struct ms_jx_node *lambda(struct ms_jx_compiler *c, struct ms_jx_node *node)
{
  uint32_t *params = ms_jx_compile_alloc(c, (node->count + 1) * sizeof *params);
  if (params == NULL) {
    return NULL;
  }
  for (uint32_t i = 0; i < node->count; i++) {
    const struct ms_jx_node *arg = node->items[i];
    if (arg->type != MS_JX_N_VARIABLE) {
      ms_jx_compile_fail(c, "S0208", arg->pos, arg->token);
      c->error_value = ms_jx_int((int64_t)i + 1);
      return NULL;
    }
    params[i] = arg->symbol;
    c->program->symbols[arg->symbol].is_bound = true;
  }
  node->type = MS_JX_N_LAMBDA;
  node->params = params;
  node->items = NULL;
  if (is_at(c, '<') && !signature(c, node)) {
    return NULL;
  }
  if (!expect(c, '{', false) || (node->lhs = expression(c, 0)) == NULL || !expect(c, '}', true)) {
    return NULL;
  }
  return complete(c, node);
}

static struct ms_jx_node *led_call(struct ms_jx_compiler *c, const struct ms_jx_token *token,
                                   struct ms_jx_node *left)
{
  struct ms_jx_node *node = node_at(c, MS_JX_N_CALL, token);
  struct items items = {NULL, 0, 0};
  if (node == NULL) {
    return NULL;
  }
  node->lhs = left;
  while (!is_at(c, ')')) {
    struct ms_jx_node *arg;
    if (is_at(c, '?')) {
      node->type = MS_JX_N_PARTIAL;
      arg = node_at(c, MS_JX_N_PLACEHOLDER, &c->token);
      if (!next(c, false)) {
        return NULL;
      }
    } else {
      arg = expression(c, 0);
    }
    if (!add_item(c, &items, arg)) {
      return NULL;
    }
    if (!is_at(c, ',')) {
      break;
    }
    if (!next(c, false)) {
      return NULL;
    }
    if (is_at(c, ')')) {
      return expression(c, 0);
    }
  }
  if (!expect(c, ')', true)) {
    return NULL;
  }
  node = with_items(c, node, items);
  bool is_lambda = node != NULL && left->type == MS_JX_N_NAME &&
                   (ms_str_is(left->token, "function") || ms_str_is(left->token, "\xCE\xBB"));
  return is_lambda ? lambda(c, node) : node;
}

/* `x[]` marks the step; `x[y]` is a predicate. */
static struct ms_jx_node *led_filter(struct ms_jx_compiler *c, const struct ms_jx_token *token,
                                     struct ms_jx_node *left)
{
  if (is_at(c, ']')) {
    struct ms_jx_node *step = left;
    while (step->type == MS_JX_N_FILTER) {
      step = step->lhs;
    }
    step->flags |= MS_JX_F_KEEP;
    return next(c, true) ? left : NULL;
  }
  struct ms_jx_node *node = node_at(c, MS_JX_N_FILTER, token);
  if (node == NULL || (node->rhs = expression(c, 0)) == NULL || !expect(c, ']', true)) {
    return NULL;
  }
  node->lhs = left;
  return complete(c, node);
}

static struct ms_jx_node *led_order(struct ms_jx_compiler *c, const struct ms_jx_token *token,
                                    struct ms_jx_node *left)
{
  struct ms_jx_node *node = node_at(c, MS_JX_N_ORDER, token);
  struct items items = {NULL, 0, 0};
  if (node == NULL || !expect(c, '(', false)) {
    return NULL;
  }
  node->lhs = left;
  for (;;) {
    bool descending = is_at(c, '>');
    if ((descending || is_at(c, '<')) && !next(c, false)) {
      return NULL;
    }
    struct ms_jx_node *term = expression(c, 0);
    if (!add_item(c, &items, term)) {
      return NULL;
    }
    /* The flag sits on the term as written; resolve.c copies it to what the term becomes. */
    term->flags |= descending ? MS_JX_F_DESCENDING : 0;
    if (!is_at(c, ',')) {
      break;
    }
    if (!next(c, false)) {
      return NULL;
    }
  }
  /* As in the reference, a `/` right behind the clause begins a regular expression. */
  return expect(c, ')', false) ? with_items(c, node, items) : NULL;
}

static struct ms_jx_node *led_group(struct ms_jx_compiler *c, const struct ms_jx_token *token,
                                    struct ms_jx_node *left)
{
  struct ms_jx_node *node = node_at(c, MS_JX_N_GROUP, token);
  struct items items = {NULL, 0, 0};
  if (node == NULL || !pairs(c, &items)) {
    return NULL;
  }
  node->lhs = left;
  return with_items(c, node, items);
}

static struct ms_jx_node *led_bind(struct ms_jx_compiler *c, const struct ms_jx_token *token,
                                   struct ms_jx_node *left)
{
  if (left->type != MS_JX_N_VARIABLE) {
    return ms_jx_compile_fail(c, "S0212", left->pos, left->token);
  }
  struct ms_jx_node *node = node_at(c, MS_JX_N_BIND, token);
  if (node == NULL || (node->rhs = expression(c, 9)) == NULL) {
    return NULL;
  }
  node->symbol = left->symbol;
  c->program->symbols[left->symbol].is_bound = true;
  return complete(c, node);
}

/* `step@$name` and `step#$name` */
static struct ms_jx_node *led_name(struct ms_jx_compiler *c, const struct ms_jx_token *token,
                                   struct ms_jx_node *left)
{
  struct ms_jx_node *node = node_at(c, token->id == '@' ? MS_JX_N_FOCUS : MS_JX_N_INDEX, token);
  struct ms_jx_node *name = node == NULL ? NULL : expression(c, 80);
  if (name == NULL) {
    return NULL;
  }
  if (name->type != MS_JX_N_VARIABLE) {
    return ms_jx_compile_fail(c, "S0214", name->pos, token->text);
  }
  node->lhs = left;
  node->symbol = name->symbol;
  c->program->symbols[name->symbol].is_bound = true;
  return complete(c, node);
}

static struct ms_jx_node *led_condition(struct ms_jx_compiler *c, const struct ms_jx_token *token,
                                        struct ms_jx_node *left)
{
  struct ms_jx_node *node = node_at(c, MS_JX_N_CONDITION, token);
  if (node == NULL || (node->rhs = expression(c, 0)) == NULL) {
    return NULL;
  }
  node->lhs = left;
  if (is_at(c, ':')) {
    if (!next(c, false) || (node->third = expression(c, 0)) == NULL) {
      return NULL;
    }
  }
  return complete(c, node);
}

static struct ms_jx_node *binary(struct ms_jx_compiler *c, const struct ms_jx_token *token,
                                 struct ms_jx_node *left, enum ms_jx_node_type type,
                                 enum ms_jx_op op)
{
  /* The right operand of these two is read to the end of the expression. */
  bool is_open = type == MS_JX_N_ELVIS || type == MS_JX_N_COALESCE;
  struct ms_jx_node *node = node_at(c, type, token);
  if (node == NULL || (node->rhs = expression(c, is_open ? 0 : left_power(token))) == NULL) {
    return NULL;
  }
  node->op = (uint8_t)op;
  node->lhs = left;
  return complete(c, node);
}

static struct ms_jx_node *led(struct ms_jx_compiler *c, const struct ms_jx_token *token,
                              struct ms_jx_node *left)
{
  switch (token->id) {
  case '(':
    return led_call(c, token, left);
  case '[':
    return led_filter(c, token, left);
  case '{':
    return led_group(c, token, left);
  case '^':
    return led_order(c, token, left);
  case '@':
  case '#':
    return led_name(c, token, left);
  case '?':
    return led_condition(c, token, left);
  case MS_JX_O_BIND:
    return led_bind(c, token, left);
  case '.':
    return binary(c, token, left, MS_JX_N_DOT, 0);
  case '+':
    return binary(c, token, left, MS_JX_N_BINARY, MS_JX_OP_ADD);
  case '-':
    return binary(c, token, left, MS_JX_N_BINARY, MS_JX_OP_SUBTRACT);
  case '*':
    return binary(c, token, left, MS_JX_N_BINARY, MS_JX_OP_MULTIPLY);
  case '/':
    return binary(c, token, left, MS_JX_N_BINARY, MS_JX_OP_DIVIDE);
  case '%':
    return binary(c, token, left, MS_JX_N_BINARY, MS_JX_OP_MODULO);
  case '=':
    return binary(c, token, left, MS_JX_N_BINARY, MS_JX_OP_EQUAL);
  case '<':
    return binary(c, token, left, MS_JX_N_BINARY, MS_JX_OP_LESS);
  case '>':
    return binary(c, token, left, MS_JX_N_BINARY, MS_JX_OP_GREATER);
  case '&':
    return binary(c, token, left, MS_JX_N_BINARY, MS_JX_OP_CONCAT);
  case MS_JX_O_NOT_EQUAL:
    return binary(c, token, left, MS_JX_N_BINARY, MS_JX_OP_NOT_EQUAL);
  case MS_JX_O_LESS_EQUAL:
    return binary(c, token, left, MS_JX_N_BINARY, MS_JX_OP_LESS_EQUAL);
  case MS_JX_O_GREATER_EQUAL:
    return binary(c, token, left, MS_JX_N_BINARY, MS_JX_OP_GREATER_EQUAL);
  case MS_JX_O_IN:
    return binary(c, token, left, MS_JX_N_BINARY, MS_JX_OP_IN);
  case MS_JX_O_AND:
    return binary(c, token, left, MS_JX_N_AND, 0);
  case MS_JX_O_OR:
    return binary(c, token, left, MS_JX_N_OR, 0);
  case MS_JX_O_APPLY:
    return binary(c, token, left, MS_JX_N_APPLY, 0);
  case MS_JX_O_ELVIS:
    return binary(c, token, left, MS_JX_N_ELVIS, 0);
  default:
    return binary(c, token, left, MS_JX_N_COALESCE, 0);
  }
}

/* An expression whose operators bind tighter than right_power; NULL on failure. */
static struct ms_jx_node *expression(struct ms_jx_compiler *c, int right_power)
{
  if (++c->depth > MS_JX_PARSE_DEPTH) {
    c->text = "The expression is nested too deeply";
    return ms_jx_compile_fail(c, "", c->token.pos, c->token.text);
  }
  struct ms_jx_token token = c->token;
  if (!next(c, true)) {
    return NULL;
  }
  struct ms_jx_node *left = nud(c, &token);
  while (left != NULL && right_power < left_power(&c->token)) {
    token = c->token;
    if (!next(c, false)) {
      return NULL;
    }
    left = led(c, &token, left);
  }
  c->depth--;
  return left;
}

struct ms_jx_node *ms_jx_parse(struct ms_jx_compiler *c)
{
  if (!next(c, false)) {
    return NULL;
  }
  struct ms_jx_node *root = expression(c, 0);
  if (root != NULL && c->token.type != MS_JX_TK_END) {
    return ms_jx_compile_fail(c, "S0201", c->token.pos, c->token.text);
  }
  return root;
}
