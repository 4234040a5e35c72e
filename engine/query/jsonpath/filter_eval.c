/*
 * Whether a filter takes an item. Comparison is Jayway's: numbers equal texts that spell them,
 * ordering across types is false, a missing operand differs from everything.
 */
#include "base/error.h"
#include "base/utf8.h"
#include "query/java_text.h"
#include "query/jsonpath/path.h"

#define NUMBER_TEXT_MAX 2048

/* An operand's value for one item. */
struct operand {
  const struct ms_filter_operand *source;
  struct ms_json value; /* NONE: undefined, or a pattern */
  bool is_owned;
};

static bool is_container(struct ms_json value)
{
  return ms_json_is_array(value) || ms_json_is_object(value);
}

/* Class of a value in comparisons: the two containers are one, the number kinds are one. */
static int class_of(struct ms_json value)
{
  if (ms_json_is_number(value)) {
    return MS_JSON_INT;
  }
  return is_container(value) ? MS_JSON_OBJECT : value.type;
}

static int eval_operand(struct operand *out, const struct ms_filter_operand *source,
                        struct ms_path_run *run, struct ms_json item)
{
  out->source = source;
  out->is_owned = false;
  out->value = source->value;
  if (source->path == NULL) {
    return 0;
  }
  bool is_current = source->path->root == MS_PATH_CURRENT;
  if (is_current && source->path->count == 0) {
    out->value = item;
    return 0;
  }
  int err =
      ms_path_run_eval(&out->value, source->path, run, is_current ? item : run->document, false);
  out->is_owned = err == 0;
  return err == MS_PATH_MISS ? 0 : err;
}

static void deinit_operand(struct operand *operand)
{
  if (operand->is_owned) {
    ms_json_unref(operand->value);
  }
}

/* ---- equality ---- */

/* The text of a number as BigDecimal writes it, against a string. */
static int text_equals_number(bool *equal, struct ms_json text, const struct operand *number)
{
  struct ms_json literal = number->source->text;
  if (!ms_json_is_none(literal)) {
    *equal = ms_str_eq(ms_json_text(text), ms_json_text(literal));
    return 0;
  }
  struct ms_buf buf;
  ms_buf_init(&buf, NUMBER_TEXT_MAX);
  int err = ms_java_number(&buf, number->value);
  *equal = err == 0 && ms_str_eq(ms_json_text(text), ms_buf_view(&buf));
  ms_buf_deinit(&buf);
  return err == MSTEP_ENOMEM ? err : 0;
}

static int number_equals_text(bool *equal, struct ms_json number, struct ms_json text)
{
  struct ms_json value = MS_JSON_VALUE_NONE;
  struct ms_buf buf;
  ms_buf_init(&buf, NUMBER_TEXT_MAX);
  int err = ms_java_decimal(&buf, &value, ms_json_text(text));
  *equal = err == 0 && ms_json_cmp_number(number, value) == 0;
  ms_buf_deinit(&buf);
  ms_json_unref(value);
  return err == MSTEP_ENOMEM ? err : 0;
}

static int equals(bool *equal, const struct operand *left, const struct operand *right)
{
  struct ms_json a = left->value;
  struct ms_json b = right->value;
  *equal = false;
  if (ms_json_is_none(a) || ms_json_is_none(b)) {
    return 0;
  }
  if (ms_json_is_string(a) && ms_json_is_number(b)) {
    return text_equals_number(equal, a, right);
  }
  if (ms_json_is_number(a) && ms_json_is_string(b)) {
    return number_equals_text(equal, a, b);
  }
  *equal = ms_json_equal(a, b);
  return 0;
}

/* ---- lists ---- */

/* Whether the array holds a value equal to operand. */
static int list_has(bool *has, struct ms_path_run *run, struct ms_json list,
                    const struct operand *operand)
{
  static const struct ms_filter_operand no_source = {0};
  size_t count = ms_json_count(list);
  int err = 0;
  *has = false;
  for (size_t i = 0; i < count && !*has && err == 0; i++) {
    struct operand item = {&no_source, ms_json_at(list, i), false};
    err = ms_path_take_step(run);
    err = err != 0 ? err : equals(has, operand, &item);
  }
  return err;
}

/* Counts the items of `items` that `list` holds too. */
static int count_common(size_t *common, struct ms_path_run *run, struct ms_json items,
                        struct ms_json list)
{
  static const struct ms_filter_operand no_source = {0};
  size_t count = ms_json_count(items);
  *common = 0;
  for (size_t i = 0; i < count; i++) {
    struct operand item = {&no_source, ms_json_at(items, i), false};
    bool has;
    int err = list_has(&has, run, list, &item);
    if (err != 0) {
      return err;
    }
    *common += has ? 1 : 0;
  }
  return 0;
}

static int eval_lists(bool *result, uint8_t op, struct ms_path_run *run, struct ms_json left,
                      struct ms_json right)
{
  size_t common = 0;
  if (!ms_json_is_array(left) || !ms_json_is_array(right)) {
    *result = false;
    return 0;
  }
  bool is_all = op == MS_FILTER_ALL;
  int err = count_common(&common, run, is_all ? right : left, is_all ? left : right);
  switch (op) {
  case MS_FILTER_SUBSETOF:
    *result = common == ms_json_count(left);
    break;
  case MS_FILTER_ALL:
    *result = common == ms_json_count(right);
    break;
  case MS_FILTER_ANYOF:
    *result = common > 0;
    break;
  default:
    *result = common == 0;
    break;
  }
  return err;
}

static int eval_in(bool *result, uint8_t op, struct ms_path_run *run, const struct operand *left,
                   const struct operand *right)
{
  bool has = false;
  int err = 0;
  if (ms_json_is_array(right->value) && !ms_json_is_none(left->value)) {
    err = list_has(&has, run, right->value, left);
  }
  *result = op == MS_FILTER_IN ? has : !has;
  return err;
}

static bool text_contains(struct ms_str text, struct ms_str part)
{
  for (size_t i = 0; i + part.len <= text.len; i++) {
    if (part.len == 0 || memcmp(text.data + i, part.data, part.len) == 0) {
      return true;
    }
  }
  return false;
}

static int eval_contains(bool *result, struct ms_path_run *run, const struct operand *left,
                         const struct operand *right)
{
  *result = false;
  if (ms_json_is_string(left->value) && ms_json_is_string(right->value)) {
    *result = text_contains(ms_json_text(left->value), ms_json_text(right->value));
    return 0;
  }
  if (ms_json_is_array(left->value) && !ms_json_is_none(right->value)) {
    return list_has(result, run, left->value, right);
  }
  return 0;
}

static bool has_size(struct ms_json value, struct ms_json size)
{
  int64_t wanted;
  if (!ms_json_is_number(size) || !ms_json_to_int(&wanted, size) || wanted < 0) {
    return false;
  }
  if (ms_json_is_string(value)) {
    return ms_utf8_count_utf16(ms_json_text(value)) == (uint64_t)wanted;
  }
  return ms_json_is_array(value) && ms_json_count(value) == (uint64_t)wanted;
}

static bool is_emptiness(struct ms_json value, struct ms_json wanted)
{
  if (!ms_json_is_bool(wanted) || (!ms_json_is_string(value) && !is_container(value))) {
    return false;
  }
  size_t size = ms_json_is_string(value) ? ms_json_text(value).len : ms_json_count(value);
  return (size == 0) == ms_json_is_true(wanted);
}

/* ---- patterns ---- */

static int matches(bool *result, struct ms_path_run *run, struct ms_regex *pattern,
                   struct ms_json value)
{
  struct ms_buf buf;
  ms_buf_init(&buf, NUMBER_TEXT_MAX);
  struct ms_str text = ms_json_text(value);
  int err = 0;
  if (ms_json_is_number(value)) {
    err = ms_java_number(&buf, value);
    text = ms_buf_view(&buf);
  } else if (ms_json_is_bool(value)) {
    text = ms_json_is_true(value) ? MS_STR("true") : MS_STR("false");
  }
  err = err != 0 ? err : ms_regex_match(pattern, text, 0, NULL, 0, 0);
  ms_buf_deinit(&buf);
  *result = err == 0;
  if (err == MSTEP_ETOOBIG) {
    return ms_path_run_fail(run, MS_MISS_LIMIT, "A regular expression took too many steps");
  }
  return err == MSTEP_ENOTFOUND ? 0 : err;
}

static int eval_regex(bool *result, struct ms_path_run *run, const struct operand *left,
                      const struct operand *right)
{
  struct ms_regex *pattern = left->source->pattern;
  struct ms_json value = right->value;
  *result = false;
  if ((pattern == NULL) == (right->source->pattern == NULL)) {
    return 0;
  }
  if (pattern == NULL) {
    pattern = right->source->pattern;
    value = left->value;
  }
  if (!ms_json_is_array(value)) {
    return matches(result, run, pattern, value);
  }
  size_t count = ms_json_count(value);
  int err = 0;
  for (size_t i = 0; i < count && !*result && err == 0; i++) {
    err = ms_path_take_step(run);
    err = err != 0 ? err : matches(result, run, pattern, ms_json_at(value, i));
  }
  return err;
}

/* ---- relations ---- */

static bool is_ordered(uint8_t op, struct ms_json a, struct ms_json b)
{
  int order;
  if (ms_json_is_number(a) && ms_json_is_number(b)) {
    order = ms_json_cmp_number(a, b);
  } else if (ms_json_is_string(a) && ms_json_is_string(b)) {
    order = ms_str_cmp_utf16(ms_json_text(a), ms_json_text(b));
  } else {
    return false;
  }
  switch (op) {
  case MS_FILTER_LT:
    return order < 0;
  case MS_FILTER_LE:
    return order <= 0;
  case MS_FILTER_GT:
    return order > 0;
  default:
    return order >= 0;
  }
}

static int eval_equality(bool *result, uint8_t op, const struct operand *left,
                         const struct operand *right)
{
  bool is_typed = op == MS_FILTER_TSEQ || op == MS_FILTER_TSNE;
  bool equal = false;
  int err = 0;
  if (!is_typed || class_of(left->value) == class_of(right->value)) {
    err = equals(&equal, left, right);
  }
  *result = op == MS_FILTER_EQ || op == MS_FILTER_TSEQ ? equal : !equal;
  return err;
}

static int relate(bool *result, uint8_t op, struct ms_path_run *run, const struct operand *left,
                  const struct operand *right)
{
  switch (op) {
  case MS_FILTER_EQ:
  case MS_FILTER_NE:
  case MS_FILTER_TSEQ:
  case MS_FILTER_TSNE:
    return eval_equality(result, op, left, right);
  case MS_FILTER_REGEX:
    return eval_regex(result, run, left, right);
  case MS_FILTER_IN:
  case MS_FILTER_NIN:
    return eval_in(result, op, run, left, right);
  case MS_FILTER_CONTAINS:
    return eval_contains(result, run, left, right);
  case MS_FILTER_SUBSETOF:
  case MS_FILTER_ANYOF:
  case MS_FILTER_NONEOF:
  case MS_FILTER_ALL:
    return eval_lists(result, op, run, left->value, right->value);
  case MS_FILTER_SIZE:
    *result = has_size(left->value, right->value);
    return 0;
  case MS_FILTER_EMPTY:
    *result = is_emptiness(left->value, right->value);
    return 0;
  default:
    *result = is_ordered(op, left->value, right->value);
    return 0;
  }
}

static int eval_relation(bool *result, const struct ms_filter *filter, struct ms_path_run *run,
                         struct ms_json item)
{
  struct operand left;
  struct operand right;
  int err = eval_operand(&left, &filter->left, run, item);
  if (err != 0) {
    return err;
  }
  err = eval_operand(&right, &filter->right, run, item);
  if (err == 0) {
    err = relate(result, filter->op, run, &left, &right);
    deinit_operand(&right);
  }
  deinit_operand(&left);
  return err;
}

/* Jayway asks the item also for a path that begins with `$`; only comparisons see the document. */
static int eval_exists(bool *result, const struct ms_filter *filter, struct ms_path_run *run,
                       struct ms_json item)
{
  struct ms_json found = MS_JSON_VALUE_NONE;
  int err = ms_path_run_eval(&found, filter->left.path, run, item, true);
  ms_json_unref(found);
  *result = (err == 0) == (filter->op == MS_FILTER_EXISTS);
  return err == MS_PATH_MISS ? 0 : err;
}

static int eval_node(bool *result, const struct ms_filter *filter, struct ms_path_run *run,
                     struct ms_json item)
{
  bool stop = filter->op == MS_FILTER_OR; /* the value of a part that decides OR and AND */
  int err = 0;
  switch (filter->op) {
  case MS_FILTER_OR:
  case MS_FILTER_AND:
    *result = !stop;
    for (uint32_t i = 0; i < filter->count && *result != stop && err == 0; i++) {
      err = eval_node(result, filter->parts[i], run, item);
    }
    return err;
  case MS_FILTER_NOT:
    err = eval_node(result, filter->parts[0], run, item);
    *result = !*result;
    return err;
  case MS_FILTER_EXISTS:
  case MS_FILTER_MISSING:
    return eval_exists(result, filter, run, item);
  default:
    return eval_relation(result, filter, run, item);
  }
}

int ms_filter_accepts(bool *accepted, const struct ms_filter *filter, struct ms_path_run *run,
                      struct ms_json item)
{
  *accepted = false;
  int err = ms_path_take_step(run);
  if (err == 0) {
    err = eval_node(accepted, filter, run, item);
  }
  if (err == MS_PATH_INVALID) {
    *accepted = false;
    return 0;
  }
  return err;
}
