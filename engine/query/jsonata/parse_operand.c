/* Operands: literals, names, variables, blocks, constructors, transforms. */
#include <stdlib.h>

#include "query/jsonata/parse.h"
#include "query/jsonata/regex_literal.h"

static struct ms_jx_node *nud_number(struct ms_jx_compiler *c, const struct ms_jx_token *token)
{
  struct ms_jx_node *node = ms_jx_parse_node(c, MS_JX_N_LITERAL_NUMBER, token);
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
  struct ms_jx_node *node = ms_jx_parse_node(c, MS_JX_N_LITERAL_VALUE, token);
  if (node != NULL) {
    node->value = ms_str_is(token->text, "null") ? ms_jx_make(MS_JX_NULL)
                                                 : ms_jx_bool(ms_str_is(token->text, "true"));
  }
  return node;
}

static struct ms_jx_node *nud_string(struct ms_jx_compiler *c, const struct ms_jx_token *token,
                                     enum ms_jx_node_type type)
{
  struct ms_jx_node *node = ms_jx_parse_node(c, type, token);
  if (node == NULL) {
    return NULL;
  }
  node->value = ms_jx_compile_string(c, token->text);
  return c->failed ? NULL : node;
}

static struct ms_jx_node *nud_variable(struct ms_jx_compiler *c, const struct ms_jx_token *token)
{
  struct ms_jx_node *node = ms_jx_parse_node(c, MS_JX_N_VARIABLE, token);
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
  struct ms_jx_node *node = ms_jx_parse_node(c, MS_JX_N_REGEX, token);
  if (node == NULL || !ms_jx_regex_literal(c, token, node)) {
    return NULL;
  }
  return node;
}

/* `( a ; b ; c )` */
static struct ms_jx_node *nud_block(struct ms_jx_compiler *c, const struct ms_jx_token *token)
{
  struct ms_jx_node *node = ms_jx_parse_node(c, MS_JX_N_BLOCK, token);
  struct ms_jx_items items = {NULL, 0, 0};
  if (node == NULL) {
    return NULL;
  }
  while (!ms_jx_parse_at(c, ')')) {
    if (!ms_jx_parse_add(c, &items, ms_jx_parse_expression(c, 0))) {
      return NULL;
    }
    if (!ms_jx_parse_at(c, ';')) {
      break;
    }
    if (!ms_jx_parse_next(c, false)) {
      return NULL;
    }
  }
  return ms_jx_parse_expect(c, ')', true) ? ms_jx_parse_with(c, node, items) : NULL;
}

/* One item of an array constructor, which may be a range. */
static struct ms_jx_node *array_item(struct ms_jx_compiler *c)
{
  struct ms_jx_node *item = ms_jx_parse_expression(c, 0);
  if (item == NULL || !ms_jx_parse_at(c, MS_JX_O_DOTDOT)) {
    return item;
  }
  struct ms_jx_node *range = ms_jx_parse_node(c, MS_JX_N_BINARY, &c->token);
  if (range == NULL || !ms_jx_parse_next(c, false)) {
    return NULL;
  }
  range->op = MS_JX_OP_RANGE;
  range->lhs = item;
  range->rhs = ms_jx_parse_expression(c, 0);
  return range->rhs == NULL ? NULL : ms_jx_parse_complete(c, range);
}

static struct ms_jx_node *nud_array(struct ms_jx_compiler *c, const struct ms_jx_token *token)
{
  struct ms_jx_node *node = ms_jx_parse_node(c, MS_JX_N_ARRAY, token);
  struct ms_jx_items items = {NULL, 0, 0};
  if (node == NULL) {
    return NULL;
  }
  while (!ms_jx_parse_at(c, ']')) {
    if (!ms_jx_parse_add(c, &items, array_item(c))) {
      return NULL;
    }
    if (!ms_jx_parse_at(c, ',')) {
      break;
    }
    if (!ms_jx_parse_next(c, false)) {
      return NULL;
    }
    if (ms_jx_parse_at(c, ']')) { /* a comma wants an operand behind it */
      ms_jx_parse_add(c, &items, ms_jx_parse_expression(c, 0));
      return NULL;
    }
  }
  return ms_jx_parse_expect(c, ']', true) ? ms_jx_parse_with(c, node, items) : NULL;
}

/* The pairs of an object constructor or a group-by, behind the `{`. */
bool ms_jx_parse_pairs(struct ms_jx_compiler *c, struct ms_jx_items *items)
{
  if (!ms_jx_parse_at(c, '}')) {
    for (;;) {
      if (!ms_jx_parse_add(c, items, ms_jx_parse_expression(c, 0)) ||
          !ms_jx_parse_expect(c, ':', false) ||
          !ms_jx_parse_add(c, items, ms_jx_parse_expression(c, 0))) {
        return false;
      }
      if (!ms_jx_parse_at(c, ',')) {
        break;
      }
      if (!ms_jx_parse_next(c, false)) {
        return false;
      }
    }
  }
  return ms_jx_parse_expect(c, '}', true);
}

static struct ms_jx_node *nud_object(struct ms_jx_compiler *c, const struct ms_jx_token *token)
{
  struct ms_jx_node *node = ms_jx_parse_node(c, MS_JX_N_OBJECT, token);
  struct ms_jx_items items = {NULL, 0, 0};
  if (node == NULL || !ms_jx_parse_pairs(c, &items)) {
    return NULL;
  }
  return ms_jx_parse_with(c, node, items);
}

/* `| pattern | update , delete |` */
static struct ms_jx_node *nud_transform(struct ms_jx_compiler *c, const struct ms_jx_token *token)
{
  struct ms_jx_node *node = ms_jx_parse_node(c, MS_JX_N_TRANSFORM, token);
  if (node == NULL || (node->lhs = ms_jx_parse_expression(c, 0)) == NULL ||
      !ms_jx_parse_expect(c, '|', false) || (node->rhs = ms_jx_parse_expression(c, 0)) == NULL) {
    return NULL;
  }
  if (ms_jx_parse_at(c, ',')) {
    if (!ms_jx_parse_next(c, false) || (node->third = ms_jx_parse_expression(c, 0)) == NULL) {
      return NULL;
    }
  }
  return ms_jx_parse_expect(c, '|', true) ? ms_jx_parse_complete(c, node) : NULL;
}

static struct ms_jx_node *nud_negate(struct ms_jx_compiler *c, const struct ms_jx_token *token)
{
  struct ms_jx_node *node = ms_jx_parse_node(c, MS_JX_N_NEGATE, token);
  if (node == NULL || (node->lhs = ms_jx_parse_expression(c, 70)) == NULL) {
    return NULL;
  }
  return ms_jx_parse_complete(c, node);
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
    return ms_jx_parse_node(c, MS_JX_N_WILDCARD, token);
  case '%':
    return ms_jx_parse_node(c, MS_JX_N_PARENT, token);
  case MS_JX_O_DESCENDANT:
    return ms_jx_parse_node(c, MS_JX_N_DESCENDANT, token);
  case MS_JX_O_AND:
  case MS_JX_O_OR:
  case MS_JX_O_IN:
    return nud_string(c, token, MS_JX_N_OPERATOR);
  default:
    return ms_jx_compile_fail(c, "S0211", token->pos, token->text);
  }
}

struct ms_jx_node *ms_jx_parse_operand(struct ms_jx_compiler *c, const struct ms_jx_token *token)
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
    return ms_jx_parse_node(c, MS_JX_N_END, token);
  }
}
