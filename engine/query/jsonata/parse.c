/*
 * Top-down operator precedence: `nud` reads what begins an operand, `led` what goes on behind one.
 * Makes the tree as written; everything that needs to look at a finished tree is resolve.c's.
 */
#include "query/jsonata/parse.h"

#include "base/buf.h"

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

bool ms_jx_parse_at(const struct ms_jx_compiler *c, int id)
{
  return c->token.type == MS_JX_TK_OPERATOR && c->token.id == id;
}

bool ms_jx_parse_next(struct ms_jx_compiler *c, bool infix)
{
  if (ms_jx_lex(&c->lexer, infix, &c->token)) {
    if (ms_jx_parse_at(c, '!') || ms_jx_parse_at(c, '~')) {
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
bool ms_jx_parse_expect(struct ms_jx_compiler *c, int id, bool infix)
{
  if (ms_jx_parse_at(c, id)) {
    return ms_jx_parse_next(c, infix);
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

struct ms_jx_node *ms_jx_parse_node(struct ms_jx_compiler *c, enum ms_jx_node_type type,
                                    const struct ms_jx_token *token)
{
  return ms_jx_compile_node(c, type, token->pos, token->text);
}

static uint32_t deeper(uint32_t depth, const struct ms_jx_node *child)
{
  return child != NULL && child->depth >= depth ? child->depth + 1 : depth;
}

/* Sets the depth of a node whose children are complete; a tree too deep ends the compilation. */
struct ms_jx_node *ms_jx_parse_complete(struct ms_jx_compiler *c, struct ms_jx_node *node)
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

bool ms_jx_parse_add(struct ms_jx_compiler *c, struct ms_jx_items *items, struct ms_jx_node *item)
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

struct ms_jx_node *ms_jx_parse_with(struct ms_jx_compiler *c, struct ms_jx_node *node,
                                    struct ms_jx_items items)
{
  node->items = items.data;
  node->count = items.count;
  return ms_jx_parse_complete(c, node);
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
  while (depth > 0 && !ms_jx_parse_at(c, '{') && c->token.type != MS_JX_TK_END) {
    if (!ms_jx_parse_next(c, false)) {
      ms_buf_deinit(&text);
      return false;
    }
    depth += ms_jx_parse_at(c, '<') ? 1 : (ms_jx_parse_at(c, '>') ? -1 : 0);
    ms_buf_str(&text, c->token.text);
  }
  struct ms_jx_signature *out = ms_jx_compile_alloc(c, sizeof *out);
  bool ok = ms_jx_parse_expect(c, '>', false);
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
  if (ms_jx_parse_at(c, '<') && !signature(c, node)) {
    return NULL;
  }
  if (!ms_jx_parse_expect(c, '{', false) || (node->lhs = ms_jx_parse_expression(c, 0)) == NULL ||
      !ms_jx_parse_expect(c, '}', true)) {
    return NULL;
  }
  return ms_jx_parse_complete(c, node);
}

static struct ms_jx_node *led_call(struct ms_jx_compiler *c, const struct ms_jx_token *token,
                                   struct ms_jx_node *left)
{
  struct ms_jx_node *node = ms_jx_parse_node(c, MS_JX_N_CALL, token);
  struct ms_jx_items items = {NULL, 0, 0};
  if (node == NULL) {
    return NULL;
  }
  node->lhs = left;
  while (!ms_jx_parse_at(c, ')')) {
    struct ms_jx_node *arg;
    if (ms_jx_parse_at(c, '?')) {
      node->type = MS_JX_N_PARTIAL;
      arg = ms_jx_parse_node(c, MS_JX_N_PLACEHOLDER, &c->token);
      if (!ms_jx_parse_next(c, false)) {
        return NULL;
      }
    } else {
      arg = ms_jx_parse_expression(c, 0);
    }
    if (!ms_jx_parse_add(c, &items, arg)) {
      return NULL;
    }
    if (!ms_jx_parse_at(c, ',')) {
      break;
    }
    if (!ms_jx_parse_next(c, false)) {
      return NULL;
    }
    if (ms_jx_parse_at(c, ')')) {
      return ms_jx_parse_expression(c, 0);
    }
  }
  if (!ms_jx_parse_expect(c, ')', true)) {
    return NULL;
  }
  node = ms_jx_parse_with(c, node, items);
  bool is_lambda = node != NULL && left->type == MS_JX_N_NAME &&
                   (ms_str_is(left->token, "function") || ms_str_is(left->token, "\xCE\xBB"));
  return is_lambda ? lambda(c, node) : node;
}

/* `x[]` marks the step; `x[y]` is a predicate. */
static struct ms_jx_node *led_filter(struct ms_jx_compiler *c, const struct ms_jx_token *token,
                                     struct ms_jx_node *left)
{
  if (ms_jx_parse_at(c, ']')) {
    struct ms_jx_node *step = left;
    while (step->type == MS_JX_N_FILTER) {
      step = step->lhs;
    }
    step->flags |= MS_JX_F_KEEP;
    return ms_jx_parse_next(c, true) ? left : NULL;
  }
  struct ms_jx_node *node = ms_jx_parse_node(c, MS_JX_N_FILTER, token);
  if (node == NULL || (node->rhs = ms_jx_parse_expression(c, 0)) == NULL ||
      !ms_jx_parse_expect(c, ']', true)) {
    return NULL;
  }
  node->lhs = left;
  return ms_jx_parse_complete(c, node);
}

static struct ms_jx_node *led_order(struct ms_jx_compiler *c, const struct ms_jx_token *token,
                                    struct ms_jx_node *left)
{
  struct ms_jx_node *node = ms_jx_parse_node(c, MS_JX_N_ORDER, token);
  struct ms_jx_items items = {NULL, 0, 0};
  if (node == NULL || !ms_jx_parse_expect(c, '(', false)) {
    return NULL;
  }
  node->lhs = left;
  for (;;) {
    bool descending = ms_jx_parse_at(c, '>');
    if ((descending || ms_jx_parse_at(c, '<')) && !ms_jx_parse_next(c, false)) {
      return NULL;
    }
    struct ms_jx_node *term = ms_jx_parse_expression(c, 0);
    if (!ms_jx_parse_add(c, &items, term)) {
      return NULL;
    }
    /* The flag sits on the term as written; resolve.c copies it to what the term becomes. */
    term->flags |= descending ? MS_JX_F_DESCENDING : 0;
    if (!ms_jx_parse_at(c, ',')) {
      break;
    }
    if (!ms_jx_parse_next(c, false)) {
      return NULL;
    }
  }
  /* As in the reference, a `/` right behind the clause begins a regular expression. */
  return ms_jx_parse_expect(c, ')', false) ? ms_jx_parse_with(c, node, items) : NULL;
}

static struct ms_jx_node *led_group(struct ms_jx_compiler *c, const struct ms_jx_token *token,
                                    struct ms_jx_node *left)
{
  struct ms_jx_node *node = ms_jx_parse_node(c, MS_JX_N_GROUP, token);
  struct ms_jx_items items = {NULL, 0, 0};
  if (node == NULL || !ms_jx_parse_pairs(c, &items)) {
    return NULL;
  }
  node->lhs = left;
  return ms_jx_parse_with(c, node, items);
}

static struct ms_jx_node *led_bind(struct ms_jx_compiler *c, const struct ms_jx_token *token,
                                   struct ms_jx_node *left)
{
  if (left->type != MS_JX_N_VARIABLE) {
    return ms_jx_compile_fail(c, "S0212", left->pos, left->token);
  }
  struct ms_jx_node *node = ms_jx_parse_node(c, MS_JX_N_BIND, token);
  if (node == NULL || (node->rhs = ms_jx_parse_expression(c, 9)) == NULL) {
    return NULL;
  }
  node->symbol = left->symbol;
  c->program->symbols[left->symbol].is_bound = true;
  return ms_jx_parse_complete(c, node);
}

/* `step@$name` and `step#$name` */
static struct ms_jx_node *led_name(struct ms_jx_compiler *c, const struct ms_jx_token *token,
                                   struct ms_jx_node *left)
{
  struct ms_jx_node *node =
      ms_jx_parse_node(c, token->id == '@' ? MS_JX_N_FOCUS : MS_JX_N_INDEX, token);
  struct ms_jx_node *name = node == NULL ? NULL : ms_jx_parse_expression(c, 80);
  if (name == NULL) {
    return NULL;
  }
  if (name->type != MS_JX_N_VARIABLE) {
    return ms_jx_compile_fail(c, "S0214", name->pos, token->text);
  }
  node->lhs = left;
  node->symbol = name->symbol;
  c->program->symbols[name->symbol].is_bound = true;
  return ms_jx_parse_complete(c, node);
}

static struct ms_jx_node *led_condition(struct ms_jx_compiler *c, const struct ms_jx_token *token,
                                        struct ms_jx_node *left)
{
  struct ms_jx_node *node = ms_jx_parse_node(c, MS_JX_N_CONDITION, token);
  if (node == NULL || (node->rhs = ms_jx_parse_expression(c, 0)) == NULL) {
    return NULL;
  }
  node->lhs = left;
  if (ms_jx_parse_at(c, ':')) {
    if (!ms_jx_parse_next(c, false) || (node->third = ms_jx_parse_expression(c, 0)) == NULL) {
      return NULL;
    }
  }
  return ms_jx_parse_complete(c, node);
}

static struct ms_jx_node *binary(struct ms_jx_compiler *c, const struct ms_jx_token *token,
                                 struct ms_jx_node *left, enum ms_jx_node_type type,
                                 enum ms_jx_op op)
{
  /* The right operand of these two is read to the end of the expression. */
  bool is_open = type == MS_JX_N_ELVIS || type == MS_JX_N_COALESCE;
  struct ms_jx_node *node = ms_jx_parse_node(c, type, token);
  if (node == NULL ||
      (node->rhs = ms_jx_parse_expression(c, is_open ? 0 : left_power(token))) == NULL) {
    return NULL;
  }
  node->op = (uint8_t)op;
  node->lhs = left;
  return ms_jx_parse_complete(c, node);
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
struct ms_jx_node *ms_jx_parse_expression(struct ms_jx_compiler *c, int right_power)
{
  if (++c->depth > MS_JX_PARSE_DEPTH) {
    c->text = "The expression is nested too deeply";
    return ms_jx_compile_fail(c, "", c->token.pos, c->token.text);
  }
  struct ms_jx_token token = c->token;
  if (!ms_jx_parse_next(c, true)) {
    return NULL;
  }
  struct ms_jx_node *left = ms_jx_parse_operand(c, &token);
  while (left != NULL && right_power < left_power(&c->token)) {
    token = c->token;
    if (!ms_jx_parse_next(c, false)) {
      return NULL;
    }
    left = led(c, &token, left);
  }
  c->depth--;
  return left;
}

struct ms_jx_node *ms_jx_parse(struct ms_jx_compiler *c)
{
  if (!ms_jx_parse_next(c, false)) {
    return NULL;
  }
  struct ms_jx_node *root = ms_jx_parse_expression(c, 0);
  if (root != NULL && c->token.type != MS_JX_TK_END) {
    return ms_jx_compile_fail(c, "S0201", c->token.pos, c->token.text);
  }
  return root;
}
