/*
 * Operators on two values, and the conversions that functions share with them: truth, text, appending,
 * members by name.
 */
#include "query/jsonata/eval.h"

#define RANGE_MAX 10000000

int ms_jx_check_number(struct ms_jx_eval *ev, struct ms_jx value)
{
  if (value.type == MS_JX_DOUBLE && !isfinite(value.u.number)) {
    if (isnan(value.u.number)) {
      return 0;
    }
    ms_jx_fail_value(ev, "D1001", value);
    return -1;
  }
  return ms_jx_is_number(value);
}

static int truth(struct ms_jx_eval *ev, struct ms_jx value, unsigned depth)
{
  switch (value.type) {
  case MS_JX_UNDEFINED:
    return -1;
  case MS_JX_BOOL:
    return value.u.boolean;
  case MS_JX_INT:
    return value.u.integer != 0;
  case MS_JX_DOUBLE:
  case MS_JX_BIG: {
    int is_number = ms_jx_check_number(ev, value);
    return is_number < 0 ? -2 : is_number && ms_jx_number(value) != 0;
  }
  case MS_JX_STRING:
  case MS_JX_TEXT:
    return ms_jx_text(value).len > 0;
  case MS_JX_OBJECT:
  case MS_JX_DICT:
    return ms_jx_member_count(value) > 0;
  case MS_JX_ARRAY:
  case MS_JX_LIST:
    break;
  default:
    return 0;
  }
  size_t count = ms_jx_count(value);
  if (depth > MS_JSON_DEPTH_MAX) {
    ms_jx_fail_depth(ev);
    return -2;
  }
  for (size_t i = 0; i < count; i++) {
    int item = ms_jx_spend(ev, 1) ? truth(ev, ms_jx_at(value, i), depth + 1) : -2;
    if (item == -2 || item == 1 || count == 1) {
      return item;
    }
  }
  return 0;
}

int ms_jx_truth(struct ms_jx_eval *ev, struct ms_jx value)
{
  return truth(ev, value, 0);
}

struct ms_jx ms_jx_string(struct ms_jx_eval *ev, struct ms_jx value, unsigned indent)
{
  if (ms_jx_is_string(value) || value.type == MS_JX_UNDEFINED) {
    return value;
  }
  if (value.type == MS_JX_FUNCTION) {
    return MS_JX_LITERAL("");
  }
  if (value.type == MS_JX_DOUBLE && !isfinite(value.u.number)) {
    return ms_jx_fail_value(ev, "D3001", value);
  }
  if ((value.flags & MS_JX_OUTER) != 0 && ms_jx_count(value) > 0) {
    value = ms_jx_at(value, 0);
  }
  struct ms_buf text;
  ms_buf_init(&text, ev->max_value_bytes);
  if (!ms_jx_print(ev, &text, value, indent)) {
    ms_buf_deinit(&text);
    return MS_JX_VALUE_ERROR;
  }
  return ms_jx_take_buf(ev, &text);
}

/* The items of an array, or one value. */
static void copy_items(struct ms_jx *to, struct ms_jx value)
{
  if (value.type == MS_JX_LIST) {
    memcpy(to, value.u.items, value.len * sizeof *to);
  } else if (value.type == MS_JX_ARRAY) {
    size_t count = ms_jx_count(value);
    for (size_t i = 0; i < count; i++) {
      to[i] = ms_jx_at(value, i);
    }
  } else {
    *to = value;
  }
}

struct ms_jx ms_jx_append(struct ms_jx_eval *ev, struct ms_jx a, struct ms_jx b)
{
  if (a.type == MS_JX_UNDEFINED) {
    return b;
  }
  if (b.type == MS_JX_UNDEFINED) {
    return a;
  }
  size_t a_count = ms_jx_is_array(a) ? ms_jx_count(a) : 1;
  size_t b_count = ms_jx_is_array(b) ? ms_jx_count(b) : 1;
  struct ms_jx *items;
  struct ms_jx list = ms_jx_list_new(ev, &items, a_count + b_count);
  if (ms_jx_is_error(list)) {
    return list;
  }
  copy_items(items, a);
  copy_items(items + a_count, b);
  if (!ms_jx_is_array(a)) {
    list.flags = 0;
  }
  return list;
}

/* Pushes what the items of an array have under the name; arrays found are spread. */
static bool push_members(struct ms_jx_eval *ev, struct ms_jx array, struct ms_str name,
                         unsigned depth)
{
  size_t count = ms_jx_count(array);
  if (depth > MS_JSON_DEPTH_MAX) {
    ms_jx_fail_depth(ev);
    return false;
  }
  for (size_t i = 0; i < count; i++) {
    struct ms_jx item = ms_jx_at(array, i);
    if (!ms_jx_spend(ev, 1)) {
      return false;
    }
    if (ms_jx_is_array(item)) {
      if (!push_members(ev, item, name, depth + 1)) {
        return false;
      }
      continue;
    }
    struct ms_jx found = ms_jx_get(item, name);
    if (!ms_jx_is_array(found)) {
      if (found.type != MS_JX_UNDEFINED && !ms_jx_push(ev, found)) {
        return false;
      }
      continue;
    }
    size_t found_count = ms_jx_count(found);
    for (size_t j = 0; j < found_count; j++) {
      if (!ms_jx_push(ev, ms_jx_at(found, j))) {
        return false;
      }
    }
  }
  return true;
}

struct ms_jx ms_jx_lookup_name(struct ms_jx_eval *ev, struct ms_jx input, struct ms_str name)
{
  if (!ms_jx_is_array(input)) {
    return ms_jx_get(input, name);
  }
  size_t base = ev->stack_count;
  if (!push_members(ev, input, name, 0)) {
    return MS_JX_VALUE_ERROR;
  }
  return ms_jx_pop_list(ev, base, MS_JX_SEQUENCE);
}

struct ms_jx ms_jx_range(struct ms_jx_eval *ev, int64_t first, int64_t last)
{
  if (first > last) {
    return MS_JX_VALUE_UNDEFINED;
  }
  uint64_t count = (uint64_t)last - (uint64_t)first + 1;
  if (count == 0 || count > RANGE_MAX) {
    return ms_jx_fail_value(ev, "D2014",
                            count == 0 ? ms_jx_double(18446744073709551616.0)
                                       : ms_jx_double((double)count));
  }
  struct ms_jx *items;
  struct ms_jx list = ms_jx_list_new(ev, &items, count);
  if (ms_jx_is_error(list)) {
    return list;
  }
  for (uint64_t i = 0; i < count; i++) {
    items[i] = ms_jx_int(first + (int64_t)i);
  }
  list.flags = MS_JX_SEQUENCE;
  return list;
}

/* ---- binary operators ---- */

/* Whole numbers that fit stay exact; false: compute with doubles. */
static bool integer_arithmetic(struct ms_jx *out, enum ms_jx_op op, int64_t a, int64_t b)
{
  int64_t result;
  switch (op) {
  case MS_JX_OP_ADD:
    if (__builtin_add_overflow(a, b, &result)) {
      return false;
    }
    break;
  case MS_JX_OP_SUBTRACT:
    if (__builtin_sub_overflow(a, b, &result)) {
      return false;
    }
    break;
  case MS_JX_OP_MULTIPLY:
    if (__builtin_mul_overflow(a, b, &result) || (result == 0 && (a < 0 || b < 0))) {
      return false; /* -0 is a double */
    }
    break;
  case MS_JX_OP_DIVIDE:
    if (b == 0 || b == -1 || a % b != 0 || a == 0) {
      return false;
    }
    result = a / b;
    break;
  default:
    if (b == 0 || b == -1 || a < 0) {
      return false;
    }
    result = a % b;
    break;
  }
  *out = ms_jx_int(result);
  return true;
}

static struct ms_jx arithmetic(struct ms_jx_eval *ev, enum ms_jx_op op, struct ms_jx a,
                               struct ms_jx b)
{
  struct ms_jx result;
  if (a.type == MS_JX_INT && b.type == MS_JX_INT &&
      integer_arithmetic(&result, op, a.u.integer, b.u.integer)) {
    return result;
  }
  int a_ok = a.type == MS_JX_UNDEFINED ? 1 : ms_jx_check_number(ev, a);
  if (a_ok <= 0) {
    return a_ok < 0 ? MS_JX_VALUE_ERROR : ms_jx_fail_value(ev, "T2001", a);
  }
  int b_ok = b.type == MS_JX_UNDEFINED ? 1 : ms_jx_check_number(ev, b);
  if (b_ok <= 0) {
    return b_ok < 0 ? MS_JX_VALUE_ERROR : ms_jx_fail_value(ev, "T2002", b);
  }
  if (a.type == MS_JX_UNDEFINED || b.type == MS_JX_UNDEFINED) {
    return MS_JX_VALUE_UNDEFINED;
  }
  double x = ms_jx_number(a);
  double y = ms_jx_number(b);
  switch (op) {
  case MS_JX_OP_ADD:
    return ms_jx_double(x + y);
  case MS_JX_OP_SUBTRACT:
    return ms_jx_double(x - y);
  case MS_JX_OP_MULTIPLY:
    return ms_jx_double(x * y);
  case MS_JX_OP_DIVIDE:
    return ms_jx_double(x / y);
  default:
    return ms_jx_double(fmod(x, y));
  }
}

static bool is_comparable(struct ms_jx v)
{
  return v.type == MS_JX_UNDEFINED || ms_jx_is_number(v) || ms_jx_is_string(v);
}

static struct ms_jx compared(enum ms_jx_op op, int order)
{
  switch (op) {
  case MS_JX_OP_LESS:
    return ms_jx_bool(order < 0);
  case MS_JX_OP_LESS_EQUAL:
    return ms_jx_bool(order <= 0);
  case MS_JX_OP_GREATER:
    return ms_jx_bool(order > 0);
  default:
    return ms_jx_bool(order >= 0);
  }
}

static struct ms_jx comparison(struct ms_jx_eval *ev, enum ms_jx_op op, struct ms_jx a,
                               struct ms_jx b)
{
  if (a.type == MS_JX_INT && b.type == MS_JX_INT) {
    return compared(op, a.u.integer < b.u.integer ? -1 : a.u.integer > b.u.integer);
  }
  if (!is_comparable(a) || !is_comparable(b)) {
    return ms_jx_fail_value(ev, "T2010", is_comparable(a) && a.type != MS_JX_UNDEFINED ? b : a);
  }
  if (a.type == MS_JX_UNDEFINED || b.type == MS_JX_UNDEFINED) {
    return MS_JX_VALUE_UNDEFINED;
  }
  if (ms_jx_is_number(a) != ms_jx_is_number(b)) {
    ms_jx_fail_value(ev, "T2009", a);
    ev->error.value2 = b;
    return MS_JX_VALUE_ERROR;
  }
  bool is_nan = (a.type == MS_JX_DOUBLE && isnan(a.u.number)) ||
                (b.type == MS_JX_DOUBLE && isnan(b.u.number));
  return is_nan ? ms_jx_bool(false) : compared(op, ms_jx_compare(a, b));
}

static struct ms_jx equality(struct ms_jx_eval *ev, bool wanted, struct ms_jx a, struct ms_jx b)
{
  if (a.type == MS_JX_UNDEFINED || b.type == MS_JX_UNDEFINED) {
    return ms_jx_bool(false);
  }
  bool is_equal = ms_jx_equal(ev, a, b);
  return ev->code != 0 ? MS_JX_VALUE_ERROR : ms_jx_bool(is_equal == wanted);
}

static struct ms_jx concat(struct ms_jx_eval *ev, struct ms_jx a, struct ms_jx b)
{
  struct ms_jx left = ms_jx_string(ev, a, 0);
  struct ms_jx right = ms_jx_is_error(left) ? left : ms_jx_string(ev, b, 0);
  if (ms_jx_is_error(right)) {
    return right;
  }
  struct ms_str x = ms_jx_text(left);
  struct ms_str y = ms_jx_text(right);
  if (x.len == 0 || y.len == 0) {
    struct ms_jx other = x.len == 0 ? right : left;
    return other.type == MS_JX_UNDEFINED ? MS_JX_LITERAL("") : other;
  }
  if (x.len > ev->max_value_bytes - y.len || y.len > ev->max_value_bytes ||
      x.len + y.len > MS_JX_MAX_LEN) {
    return ms_jx_fail_memory_limit(ev);
  }
  char *text = ms_jx_alloc(ev, x.len + y.len);
  if (text == NULL || !ms_jx_spend(ev, (x.len + y.len) / 1024)) {
    return MS_JX_VALUE_ERROR;
  }
  memcpy(text, x.data, x.len);
  memcpy(text + x.len, y.data, y.len);
  return ms_jx_text_value((struct ms_str){text, x.len + y.len});
}

static bool to_integer(int64_t *out, struct ms_jx v)
{
  if (v.type == MS_JX_INT) {
    *out = v.u.integer;
    return true;
  }
  if (!ms_jx_is_number(v)) {
    return false;
  }
  double number = ms_jx_number(v);
  if (!(number == floor(number)) || fabs(number) > 9e18) {
    return false;
  }
  *out = (int64_t)number;
  return true;
}

static struct ms_jx range(struct ms_jx_eval *ev, struct ms_jx a, struct ms_jx b)
{
  int64_t first = 0;
  int64_t last = 0;
  if (a.type != MS_JX_UNDEFINED && !to_integer(&first, a)) {
    return ms_jx_fail_value(ev, "T2003", a);
  }
  if (b.type != MS_JX_UNDEFINED && !to_integer(&last, b)) {
    return ms_jx_fail_value(ev, "T2004", b);
  }
  if (a.type == MS_JX_UNDEFINED || b.type == MS_JX_UNDEFINED) {
    return MS_JX_VALUE_UNDEFINED;
  }
  return ms_jx_range(ev, first, last);
}

static struct ms_jx membership(struct ms_jx_eval *ev, struct ms_jx a, struct ms_jx b)
{
  if (a.type == MS_JX_UNDEFINED || b.type == MS_JX_UNDEFINED) {
    return ms_jx_bool(false);
  }
  if (!ms_jx_is_array(b)) {
    return ms_jx_bool(ms_jx_same(a, b));
  }
  size_t count = ms_jx_count(b);
  if (!ms_jx_spend(ev, count / 8)) {
    return MS_JX_VALUE_ERROR;
  }
  for (size_t i = 0; i < count; i++) {
    if (ms_jx_same(a, ms_jx_at(b, i))) {
      return ms_jx_bool(true);
    }
  }
  return ms_jx_bool(false);
}

static struct ms_jx apply(struct ms_jx_eval *ev, enum ms_jx_op op, struct ms_jx a, struct ms_jx b)
{
  switch (op) {
  case MS_JX_OP_EQUAL:
    return equality(ev, true, a, b);
  case MS_JX_OP_NOT_EQUAL:
    return equality(ev, false, a, b);
  case MS_JX_OP_LESS:
  case MS_JX_OP_LESS_EQUAL:
  case MS_JX_OP_GREATER:
  case MS_JX_OP_GREATER_EQUAL:
    return comparison(ev, op, a, b);
  case MS_JX_OP_CONCAT:
    return concat(ev, a, b);
  case MS_JX_OP_RANGE:
    return range(ev, a, b);
  case MS_JX_OP_IN:
    return membership(ev, a, b);
  default:
    return arithmetic(ev, op, a, b);
  }
}

struct ms_jx ms_jx_eval_binary(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                               struct ms_jx input, struct ms_jx_frame *frame)
{
  struct ms_jx a = ms_jx_eval(ev, node->lhs, input, frame);
  if (ms_jx_is_error(a)) {
    return a;
  }
  struct ms_jx b = ms_jx_eval(ev, node->rhs, input, frame);
  if (ms_jx_is_error(b)) {
    return b;
  }
  struct ms_jx result = apply(ev, node->op, a, b);
  if (ms_jx_is_error(result)) {
    ev->error.has_pos = true;
    ev->error.pos = node->pos;
    ev->error.token = ms_jx_text_value(node->token);
  }
  return result;
}
