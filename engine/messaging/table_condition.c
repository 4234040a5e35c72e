/* Conditions: read by descent, evaluated on an item. */
#include <stdio.h>

#include "base/base64.h"
#include "base/error.h"
#include "messaging/table_expression.h"

static const char *const signs[] = {[MS_TERM_EQ] = "=",  [MS_TERM_NE] = "<>", [MS_TERM_LT] = "<",
                                    [MS_TERM_LE] = "<=", [MS_TERM_GT] = ">",  [MS_TERM_GE] = ">="};

/* Functions of conditions; size is an operand. */
static const struct {
  const char *name;
  enum ms_table_term_kind kind;
  unsigned args;
} functions[] = {{"attribute_exists", MS_TERM_EXISTS, 1},
                 {"attribute_not_exists", MS_TERM_NOT_EXISTS, 1},
                 {"attribute_type", MS_TERM_TYPE, 2},
                 {"begins_with", MS_TERM_BEGINS_WITH, 2},
                 {"contains", MS_TERM_CONTAINS, 2}};

static int parse_or(struct ms_table_term **out, struct ms_table_reader *reader);

static bool is_call(const struct ms_table_reader *reader)
{
  size_t at = reader->at;
  while (at < reader->text.len && reader->text.data[at] == ' ') {
    at++;
  }
  return reader->token == MS_TOKEN_NAME && at < reader->text.len && reader->text.data[at] == '(';
}

/* ---- operands ---- */

static int parse_operand(struct ms_table_term **out, struct ms_table_reader *reader)
{
  bool is_size = is_call(reader) && ms_str_is(reader->word, "size");
  if (is_call(reader) && !is_size) {
    return ms_table_reader_refuse(reader, "Invalid function name; function: %.*s",
                                  reader->word.len > 100 ? 100 : (int)reader->word.len,
                                  reader->word.data);
  }
  struct ms_table_term *term = ms_table_term_new(
      reader,
      is_size ? MS_TERM_SIZE : (reader->token == MS_TOKEN_VALUE ? MS_TERM_VALUE : MS_TERM_PATH));
  if (term == NULL) {
    return MSTEP_ENOMEM;
  }
  *out = term;
  if (term->kind == MS_TERM_VALUE) {
    return ms_table_reader_value(&term->value, reader);
  }
  if (!is_size) {
    return ms_table_reader_path(&term->path, reader);
  }
  ms_table_reader_step(reader);
  ms_table_reader_step(reader);
  int err = ms_table_reader_enter(reader);
  err = err != 0 ? err : parse_operand(&term->args, reader);
  reader->depth--;
  if (err == 0 && term->args->kind == MS_TERM_SIZE) {
    err = ms_table_reader_refuse(reader, "The function is not allowed to be used this way in an "
                                         "expression; function: size");
  }
  return err != 0 ? err : ms_table_reader_expect(reader, ")");
}

static int refuse_type(struct ms_table_reader *reader, const char *name, struct ms_json value)
{
  return ms_table_reader_refuse(reader,
                                "Incorrect operand type for operator or function; operator or "
                                "function: %s, operand type: %.*s",
                                name, MS_STR_ARG(ms_table_type(value)));
}

static bool has_order(const struct ms_table_term *term)
{
  struct ms_str type = ms_table_type(term->value);
  return term->kind != MS_TERM_VALUE || (type.len == 1 && strchr("SNB", type.data[0]) != NULL);
}

static int check_type_name(struct ms_table_reader *reader, const struct ms_table_term *term)
{
  static const char *const types[] = {"S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"};
  struct ms_str name = ms_json_text(ms_table_inner(term->value));
  if (term->kind != MS_TERM_VALUE || !ms_table_is_type(term->value, "S")) {
    return term->kind != MS_TERM_VALUE ? MSTEP_OK
                                       : refuse_type(reader, "attribute_type", term->value);
  }
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    if (ms_str_is(name, types[i])) {
      return MSTEP_OK;
    }
  }
  return ms_table_reader_refuse(reader,
                                "Invalid attribute type name found; type: %.*s, valid types: "
                                "{B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
                                name.len > 50 ? 50 : (int)name.len, name.data);
}

/* ---- functions ---- */

static int check_function(struct ms_table_reader *reader, const struct ms_table_term *term,
                          const char *name)
{
  const struct ms_table_term *first = term->args, *second = first->next;
  if ((term->kind == MS_TERM_EXISTS || term->kind == MS_TERM_NOT_EXISTS) &&
      first->kind != MS_TERM_PATH) {
    return ms_table_reader_refuse(
        reader, "Operator or function requires a document path; operator or function: %s", name);
  }
  if (term->kind == MS_TERM_TYPE) {
    return check_type_name(reader, second);
  }
  if (term->kind == MS_TERM_BEGINS_WITH && second->kind == MS_TERM_VALUE &&
      !ms_table_is_type(second->value, "S") && !ms_table_is_type(second->value, "B")) {
    return refuse_type(reader, name, second->value);
  }
  return MSTEP_OK;
}

static int parse_arguments(struct ms_table_term *term, struct ms_table_reader *reader,
                           const char *name, unsigned wanted)
{
  struct ms_table_term **slot = &term->args;
  unsigned count = 0;
  int err = MSTEP_OK;
  do {
    if (count > 0) {
      ms_table_reader_step(reader);
    }
    err = parse_operand(slot, reader);
    slot = err == 0 ? &(*slot)->next : slot;
    count++;
  } while (err == 0 && ms_table_reader_is(reader, ","));
  err = err != 0 ? err : ms_table_reader_expect(reader, ")");
  if (err == 0 && count != wanted) {
    err =
        ms_table_reader_refuse(reader,
                               "Incorrect number of operands for operator or function; operator or "
                               "function: %s, number of operands: %u",
                               name, count);
  }
  return err != 0 ? err : check_function(reader, term, name);
}

/* ---- comparisons ---- */

static int refuse_bounds(struct ms_table_reader *reader)
{
  return ms_table_reader_refuse(reader,
                                "The BETWEEN operator requires upper bound to be greater than or "
                                "equal to lower bound");
}

static int check_comparison(struct ms_table_reader *reader, const struct ms_table_term *term)
{
  for (const struct ms_table_term *one = term->args; one != NULL; one = one->next) {
    bool needs_order =
        term->kind == MS_TERM_BETWEEN || (term->kind >= MS_TERM_LT && term->kind <= MS_TERM_GE);
    if (needs_order && !has_order(one)) {
      return refuse_type(reader, term->kind == MS_TERM_BETWEEN ? "BETWEEN" : signs[term->kind],
                         one->value);
    }
  }
  if (term->kind == MS_TERM_BETWEEN) {
    const struct ms_table_term *low = term->args->next, *high = low->next;
    int order = 0;
    if (low->kind == MS_TERM_VALUE && high->kind == MS_TERM_VALUE) {
      if (!ms_str_eq(ms_table_type(low->value), ms_table_type(high->value))) {
        return ms_table_reader_refuse(reader,
                                      "The BETWEEN operator requires same data type for lower "
                                      "and upper bounds");
      }
      if (ms_table_compare(&order, low->value, high->value) && order > 0) {
        return refuse_bounds(reader);
      }
    }
  }
  return MSTEP_OK;
}

static int parse_between(struct ms_table_term *term, struct ms_table_reader *reader)
{
  ms_table_reader_step(reader);
  int err = parse_operand(&term->args->next, reader);
  if (err == 0 && !ms_table_reader_is_word(reader, "AND")) {
    err = ms_table_reader_syntax(reader);
  }
  if (err == 0) {
    ms_table_reader_step(reader);
    err = parse_operand(&term->args->next->next, reader);
  }
  return err;
}

static int parse_in(struct ms_table_term *term, struct ms_table_reader *reader)
{
  struct ms_table_term **slot = &term->args->next;
  unsigned count = 0;
  ms_table_reader_step(reader);
  int err = ms_table_reader_expect(reader, "(");
  while (err == 0) {
    err = parse_operand(slot, reader);
    if (err == 0 && ++count > 100) {
      err = ms_table_reader_refuse(reader,
                                   "The IN operator is provided with too many operands; "
                                   "number of operands: %u",
                                   count);
    }
    if (err != 0 || !ms_table_reader_is(reader, ",")) {
      break;
    }
    slot = &(*slot)->next;
    ms_table_reader_step(reader);
  }
  return err != 0 ? err : ms_table_reader_expect(reader, ")");
}

static int parse_comparison(struct ms_table_term **out, struct ms_table_reader *reader)
{
  struct ms_table_term *first = NULL, *term;
  int err = parse_operand(&first, reader);
  if (err != 0) {
    return err;
  }
  enum ms_table_term_kind kind = MS_TERM_EQ;
  while (kind <= MS_TERM_GE && !ms_table_reader_is(reader, signs[kind])) {
    kind++;
  }
  bool is_between = ms_table_reader_is_word(reader, "BETWEEN");
  if (kind > MS_TERM_GE && !is_between && !ms_table_reader_is_word(reader, "IN")) {
    return ms_table_reader_syntax(reader);
  }
  kind = kind <= MS_TERM_GE ? kind : (is_between ? MS_TERM_BETWEEN : MS_TERM_IN);
  term = ms_table_term_new(reader, kind);
  if (term == NULL) {
    return MSTEP_ENOMEM;
  }
  term->args = first;
  *out = term;
  if (kind == MS_TERM_IN) {
    return parse_in(term, reader);
  }
  if (is_between) {
    err = parse_between(term, reader);
  } else {
    ms_table_reader_step(reader);
    err = parse_operand(&first->next, reader);
  }
  return err != 0 ? err : check_comparison(reader, term);
}

/* ---- and, or, not ---- */

static int parse_parentheses(struct ms_table_term **out, struct ms_table_reader *reader)
{
  ms_table_reader_step(reader);
  int err = parse_or(out, reader);
  err = err != 0 ? err : ms_table_reader_expect(reader, ")");
  if (err == 0 && (*out)->is_in_parentheses) {
    return ms_table_reader_refuse(reader, "The expression has redundant parentheses;");
  }
  if (err == 0) {
    (*out)->is_in_parentheses = true;
  }
  return err;
}

static int parse_primary(struct ms_table_term **out, struct ms_table_reader *reader)
{
  if (ms_table_reader_is(reader, "(")) {
    return parse_parentheses(out, reader);
  }
  for (size_t i = 0; is_call(reader) && i < sizeof functions / sizeof *functions; i++) {
    if (ms_str_is(reader->word, functions[i].name)) {
      *out = ms_table_term_new(reader, functions[i].kind);
      ms_table_reader_step(reader);
      ms_table_reader_step(reader);
      return *out == NULL ? MSTEP_ENOMEM
                          : parse_arguments(*out, reader, functions[i].name, functions[i].args);
    }
  }
  return parse_comparison(out, reader);
}

static int count_operator(struct ms_table_reader *reader)
{
  return ++reader->operators > MS_TABLE_OPERATORS_MAX
             ? ms_table_reader_refuse(
                   reader, "The expression contains too many operators; operator count: %u",
                   reader->operators)
             : MSTEP_OK;
}

static int parse_not(struct ms_table_term **out, struct ms_table_reader *reader)
{
  int err = ms_table_reader_enter(reader);
  err = err != 0 ? err : count_operator(reader);
  if (err == 0 && ms_table_reader_is_word(reader, "NOT")) {
    struct ms_table_term *term = ms_table_term_new(reader, MS_TERM_NOT);
    ms_table_reader_step(reader);
    *out = term;
    err = term == NULL ? MSTEP_ENOMEM : parse_not(&term->args, reader);
  } else if (err == 0) {
    err = parse_primary(out, reader);
  }
  reader->depth--;
  return err;
}

/* A row of what `word` joins. */
static int parse_row(struct ms_table_term **out, struct ms_table_reader *reader, const char *word,
                     enum ms_table_term_kind kind,
                     int (*parse)(struct ms_table_term **out, struct ms_table_reader *reader))
{
  struct ms_table_term *first = NULL;
  int err = parse(&first, reader);
  *out = first;
  if (err != 0 || !ms_table_reader_is_word(reader, word)) {
    return err;
  }
  struct ms_table_term *term = ms_table_term_new(reader, kind), **slot = &first->next;
  if (term == NULL) {
    return MSTEP_ENOMEM;
  }
  term->args = first;
  *out = term;
  while (err == 0 && ms_table_reader_is_word(reader, word)) {
    ms_table_reader_step(reader);
    err = parse(slot, reader);
    slot = err == 0 ? &(*slot)->next : slot;
  }
  return err;
}

static int parse_and(struct ms_table_term **out, struct ms_table_reader *reader)
{
  return parse_row(out, reader, "AND", MS_TERM_AND, parse_not);
}

static int parse_or(struct ms_table_term **out, struct ms_table_reader *reader)
{
  return parse_row(out, reader, "OR", MS_TERM_OR, parse_and);
}

int ms_table_condition_parse(const struct ms_table_term **out, struct ms_table_words *words,
                             struct ms_json request, const char *member,
                             struct ms_queue_refusal *why)
{
  struct ms_table_reader reader;
  struct ms_table_term *term = NULL;
  *out = NULL;
  if (!ms_json_is_string(ms_json_getc(request, member))) {
    return MSTEP_OK;
  }
  int err = ms_table_reader_init(&reader, words, request, member, why);
  err = err != 0 ? err : parse_or(&term, &reader);
  if (err == 0 && reader.token != MS_TOKEN_END) {
    err = ms_table_reader_syntax(&reader);
  }
  *out = term;
  return err;
}

/* ---- evaluation ---- */

struct operand {
  struct ms_json value; /* borrowed unless is_size */
  bool is_size;
};

static struct operand operand_of(const struct ms_table_term *term, struct ms_json item)
{
  struct operand out = {MS_JSON_VALUE_NONE, false};
  size_t size;
  switch (term->kind) {
  case MS_TERM_VALUE:
    out.value = term->value;
    break;
  case MS_TERM_PATH:
    out.value = ms_table_path_get(&term->path, item);
    break;
  default:
    if (ms_table_length(&size, operand_of(term->args, item).value)) {
      out.value = ms_table_value(MS_STR("N"), ms_json_stringf("%zu", size));
      out.is_size = true;
    }
    break;
  }
  return out;
}

static void drop_operand(struct operand operand)
{
  if (operand.is_size) {
    ms_json_unref(operand.value);
  }
}

static bool compare(enum ms_table_term_kind kind, struct ms_json a, struct ms_json b)
{
  int order;
  bool has_both = !ms_json_is_none(a) && !ms_json_is_none(b);
  if (kind == MS_TERM_EQ || kind == MS_TERM_NE) {
    return (has_both && ms_table_equal(a, b)) == (kind == MS_TERM_EQ);
  }
  if (!has_both || !ms_table_compare(&order, a, b)) {
    return false;
  }
  return kind == MS_TERM_LT
             ? order < 0
             : (kind == MS_TERM_LE ? order <= 0 : (kind == MS_TERM_GT ? order > 0 : order >= 0));
}

/* By a rolling hash, so that time stays linear whatever the texts are. */
static bool is_inside(struct ms_str text, struct ms_str part)
{
  const uint64_t base = 1099511628211u;
  uint64_t wanted = 0, hash = 0, power = 1;
  if (part.len > text.len) {
    return false;
  }
  for (size_t i = 0; i < part.len; i++) {
    wanted = wanted * base + (unsigned char)part.data[i];
    hash = hash * base + (unsigned char)text.data[i];
    power = power * base;
  }
  for (size_t i = part.len;; i++) {
    if (hash == wanted && ms_str_eq(ms_str_sub(text, i - part.len, i), part)) {
      return true;
    }
    if (i >= text.len) {
      return false;
    }
    hash =
        hash * base + (unsigned char)text.data[i] - power * (unsigned char)text.data[i - part.len];
  }
}

/* Bytes of an S or B; out is scratch. */
static struct ms_str bytes_of(struct ms_buf *out, struct ms_json value)
{
  struct ms_str text = ms_json_text(ms_table_inner(value));
  if (ms_table_is_type(value, "B")) {
    ms_base64_decode_lenient(out, text);
    return ms_buf_view(out);
  }
  return text;
}

static bool has_text(struct ms_json value, struct ms_json part, bool at_start)
{
  struct ms_buf left, right;
  ms_buf_init(&left, 0);
  ms_buf_init(&right, 0);
  struct ms_str whole = bytes_of(&left, value), piece = bytes_of(&right, part);
  bool found = at_start
                   ? piece.len <= whole.len && ms_str_eq(ms_str_sub(whole, 0, piece.len), piece)
                   : is_inside(whole, piece);
  found = found && left.error == 0 && right.error == 0;
  ms_buf_deinit(&left);
  ms_buf_deinit(&right);
  return found;
}

static bool contains(struct ms_json value, struct ms_json part)
{
  struct ms_json inner = ms_table_inner(value);
  struct ms_str type = ms_table_type(value), part_type = ms_table_type(part);
  if (ms_table_is_set(value)) {
    bool found = part_type.len == 1 && part_type.data[0] == type.data[0];
    for (size_t i = 0; found && i < ms_json_count(inner); i++) {
      if (ms_json_equal(ms_json_at(inner, i), ms_table_inner(part))) {
        return true;
      }
    }
    return false;
  }
  if (ms_json_is_array(inner)) {
    for (size_t i = 0; i < ms_json_count(inner); i++) {
      if (ms_table_equal(ms_json_at(inner, i), part)) {
        return true;
      }
    }
    return false;
  }
  bool is_text = ms_str_is(type, "S") || ms_str_is(type, "B");
  return is_text && ms_str_eq(type, part_type) && has_text(value, part, false);
}

static bool holds_function(const struct ms_table_term *term, struct ms_json item)
{
  struct operand first = operand_of(term->args, item);
  struct operand second = operand_of(term->args->next, item);
  struct ms_json a = first.value, b = second.value;
  bool is_true = false;
  if (!ms_json_is_none(a) && !ms_json_is_none(b)) {
    bool is_text = ms_table_is_type(a, "S") || ms_table_is_type(a, "B");
    is_true = term->kind == MS_TERM_CONTAINS
                  ? contains(a, b)
                  : (term->kind == MS_TERM_TYPE
                         ? ms_str_eq(ms_table_type(a), ms_json_text(ms_table_inner(b)))
                         : is_text && ms_str_eq(ms_table_type(a), ms_table_type(b)) &&
                               has_text(a, b, true));
  }
  drop_operand(first);
  drop_operand(second);
  return is_true;
}

/* =, <, BETWEEN, IN ...: the first operand against the others. */
static bool holds_comparison(const struct ms_table_term *term, struct ms_json item)
{
  struct operand first = operand_of(term->args, item);
  bool is_in = term->kind == MS_TERM_IN, is_between = term->kind == MS_TERM_BETWEEN;
  bool is_true = is_between;
  enum ms_table_term_kind kind = is_in ? MS_TERM_EQ : (is_between ? MS_TERM_GE : term->kind);
  for (const struct ms_table_term *one = term->args->next; one != NULL; one = one->next) {
    struct operand other = operand_of(one, item);
    bool fits = compare(kind, first.value, other.value);
    drop_operand(other);
    is_true = is_between ? is_true && fits : is_true || fits;
    kind = is_between ? MS_TERM_LE : kind;
  }
  drop_operand(first);
  return is_true;
}

bool ms_table_condition_holds(const struct ms_table_term *term, struct ms_json item)
{
  if (term == NULL) {
    return true;
  }
  switch (term->kind) {
  case MS_TERM_AND:
  case MS_TERM_OR:
    for (const struct ms_table_term *one = term->args; one != NULL; one = one->next) {
      if (ms_table_condition_holds(one, item) == (term->kind == MS_TERM_OR)) {
        return term->kind == MS_TERM_OR;
      }
    }
    return term->kind == MS_TERM_AND;
  case MS_TERM_NOT:
    return !ms_table_condition_holds(term->args, item);
  case MS_TERM_EXISTS:
  case MS_TERM_NOT_EXISTS: {
    bool exists = !ms_json_is_none(ms_table_path_get(&term->args->path, item));
    return exists == (term->kind == MS_TERM_EXISTS);
  }
  case MS_TERM_TYPE:
  case MS_TERM_BEGINS_WITH:
  case MS_TERM_CONTAINS:
    return holds_function(term, item);
  default:
    return holds_comparison(term, item);
  }
}
