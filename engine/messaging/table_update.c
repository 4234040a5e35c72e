/* Update expressions: SET, REMOVE, ADD, DELETE. All values are those of the item as it was. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/map.h"
#include "messaging/resource.h"
#include "messaging/table_expression.h"

#define STEPS_MAX 32 /* of a path */

/* ---- reading ---- */

static int parse_value(struct ms_table_term **out, struct ms_table_reader *reader);

static bool is_function(const struct ms_table_reader *reader)
{
  size_t at = reader->at;
  while (at < reader->text.len && reader->text.data[at] == ' ') {
    at++;
  }
  return reader->token == MS_TOKEN_NAME && at < reader->text.len && reader->text.data[at] == '(';
}

static int parse_function(struct ms_table_term **out, struct ms_table_reader *reader)
{
  bool is_append = ms_str_is(reader->word, "list_append");
  if (!is_append && !ms_str_is(reader->word, "if_not_exists")) {
    return ms_table_reader_refuse(reader, "Invalid function name; function: %.*s",
                                  reader->word.len > 100 ? 100 : (int)reader->word.len,
                                  reader->word.data);
  }
  struct ms_table_term *term =
      ms_table_term_new(reader, is_append ? MS_TERM_LIST_APPEND : MS_TERM_IF_NOT_EXISTS);
  if (term == NULL) {
    return MSTEP_ENOMEM;
  }
  *out = term;
  ms_table_reader_step(reader);
  ms_table_reader_step(reader);
  int err = ms_table_reader_enter(reader);
  err = err != 0 ? err : parse_value(&term->args, reader);
  err = err != 0 ? err : ms_table_reader_expect(reader, ",");
  err = err != 0 ? err : parse_value(&term->args->next, reader);
  reader->depth--;
  if (err == 0 && !is_append && term->args->kind != MS_TERM_PATH) {
    err =
        ms_table_reader_refuse(reader, "Operator or function requires a document path; operator or "
                                       "function: if_not_exists");
  }
  return err != 0 ? err : ms_table_reader_expect(reader, ")");
}

static int parse_operand(struct ms_table_term **out, struct ms_table_reader *reader)
{
  if (is_function(reader)) {
    return parse_function(out, reader);
  }
  struct ms_table_term *term =
      ms_table_term_new(reader, reader->token == MS_TOKEN_VALUE ? MS_TERM_VALUE : MS_TERM_PATH);
  if (term == NULL) {
    return MSTEP_ENOMEM;
  }
  *out = term;
  return term->kind == MS_TERM_VALUE ? ms_table_reader_value(&term->value, reader)
                                     : ms_table_reader_path(&term->path, reader);
}

static int parse_value(struct ms_table_term **out, struct ms_table_reader *reader)
{
  struct ms_table_term *first = NULL;
  int err = parse_operand(&first, reader);
  *out = first;
  bool is_plus = ms_table_reader_is(reader, "+");
  if (err != 0 || (!is_plus && !ms_table_reader_is(reader, "-"))) {
    return err;
  }
  struct ms_table_term *term = ms_table_term_new(reader, is_plus ? MS_TERM_PLUS : MS_TERM_MINUS);
  if (term == NULL) {
    return MSTEP_ENOMEM;
  }
  ms_table_reader_step(reader);
  term->args = first;
  *out = term;
  return parse_operand(&first->next, reader);
}

static int check_operand(struct ms_table_reader *reader, const struct ms_table_action *action)
{
  struct ms_json value = action->value->value;
  bool is_set = ms_table_is_set(value);
  if (is_set || (action->verb == MS_TABLE_ADD && ms_table_is_type(value, "N"))) {
    return MSTEP_OK;
  }
  return ms_table_reader_refuse(reader,
                                "Incorrect operand type for operator or function; operator: %s, "
                                "operand type: %.*s, typeSet: ALLOWED_FOR_%s_OPERAND",
                                action->verb == MS_TABLE_ADD ? "ADD" : "DELETE",
                                MS_STR_ARG(ms_table_type(value)),
                                action->verb == MS_TABLE_ADD ? "ADD" : "DELETE");
}

static int parse_action(struct ms_table_action *action, struct ms_table_reader *reader)
{
  struct ms_table_term *value = NULL;
  int err = ms_table_reader_path(&action->path, reader);
  if (err != 0 || action->verb == MS_TABLE_REMOVE) {
    return err;
  }
  if (action->verb == MS_TABLE_SET) {
    err = ms_table_reader_expect(reader, "=");
    err = err != 0 ? err : parse_value(&value, reader);
    action->value = value;
    return err;
  }
  value = ms_table_term_new(reader, MS_TERM_VALUE);
  if (value == NULL) {
    return MSTEP_ENOMEM;
  }
  action->value = value;
  err = ms_table_reader_value(&value->value, reader);
  return err != 0 ? err : check_operand(reader, action);
}

static int parse_clause(struct ms_table_action ***slot, struct ms_table_reader *reader,
                        enum ms_table_verb verb)
{
  int err = MSTEP_OK;
  bool is_more = true;
  ms_table_reader_step(reader);
  while (err == 0 && is_more) {
    struct ms_table_action *action = ms_arena_calloc(reader->words->arena, 1, sizeof *action);
    if (action == NULL) {
      return ms_error_nomem();
    }
    action->verb = verb;
    err = parse_action(action, reader);
    **slot = action;
    *slot = &action->next;
    is_more = ms_table_reader_is(reader, ",");
    if (is_more) {
      ms_table_reader_step(reader);
    }
  }
  return err;
}

static int check_paths(struct ms_table_reader *reader, const struct ms_table_action *actions)
{
  struct ms_table_paths paths;
  int err = ms_table_update_paths(&paths, reader->words->arena, actions);
  for (size_t i = 1; err == 0 && i < paths.count; i++) {
    bool overlap;
    ms_table_path_cmp(&paths.items[i - 1], &paths.items[i], &overlap);
    if (overlap) {
      char one[128], two[128];
      ms_table_path_print(one, &paths.items[i - 1]);
      ms_table_path_print(two, &paths.items[i]);
      err = ms_table_reader_refuse(reader,
                                   "Two document paths overlap with each other; must remove or "
                                   "rewrite one of these paths; path one: %s, path two: %s",
                                   one, two);
    }
  }
  return err;
}

int ms_table_update_parse(const struct ms_table_action **out, struct ms_table_words *words,
                          struct ms_json request, struct ms_queue_refusal *why)
{
  static const char *const verbs[] = {"SET", "REMOVE", "ADD", "DELETE"};
  struct ms_table_reader reader;
  struct ms_table_action *first = NULL, **slot = &first;
  bool seen[4] = {false};
  *out = NULL;
  if (!ms_json_is_string(ms_json_getc(request, "UpdateExpression"))) {
    return MSTEP_OK;
  }
  int err = ms_table_reader_init(&reader, words, request, "UpdateExpression", why);
  while (err == 0 && reader.token != MS_TOKEN_END) {
    unsigned verb = 0;
    while (verb < 4 && !ms_table_reader_is_word(&reader, verbs[verb])) {
      verb++;
    }
    if (verb == 4) {
      return ms_table_reader_syntax(&reader);
    }
    if (seen[verb]) {
      return ms_table_reader_refuse(
          &reader, "The \"%s\" section can only be used once in an update expression;",
          verbs[verb]);
    }
    seen[verb] = true;
    err = parse_clause(&slot, &reader, (enum ms_table_verb)verb);
  }
  *out = first;
  return err != 0 ? err : check_paths(&reader, first);
}

/* ---- values ---- */

static int invalid(struct ms_queue_refusal *why, const char *text)
{
  return ms_refuse(why, "ValidationException", "%s", text);
}

static int wrong_type(struct ms_queue_refusal *why)
{
  return invalid(why, "An operand in the update expression has an incorrect data type");
}

static int add_numbers(struct ms_json *out, struct ms_json a, struct ms_json b, bool is_minus,
                       struct ms_queue_refusal *why)
{
  if (!ms_table_is_type(a, "N") || !ms_table_is_type(b, "N")) {
    return wrong_type(why);
  }
  struct ms_table_number left = ms_table_number_of(a), right = ms_table_number_of(b), sum;
  const char *wrong = ms_table_number_add(&sum, &left, &right, is_minus);
  if (wrong != NULL) {
    return invalid(why, wrong);
  }
  *out = ms_table_number_value(&sum);
  return ms_json_is_none(*out) ? ms_error_nomem() : MSTEP_OK;
}

static int append(struct ms_json *out, struct ms_json a, struct ms_json b,
                  struct ms_queue_refusal *why)
{
  if (!ms_table_is_type(a, "L") || !ms_table_is_type(b, "L")) {
    return wrong_type(why);
  }
  struct ms_json list = ms_json_ref(ms_table_inner(a)), more = ms_table_inner(b);
  int err = MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(more) && err == 0; i++) {
    err = ms_json_push(&list, ms_json_ref(ms_json_at(more, i)));
  }
  if (err != 0) {
    ms_json_unref(list);
    return err;
  }
  *out = ms_table_value(MS_STR("L"), list);
  return ms_json_is_none(*out) ? ms_error_nomem() : MSTEP_OK;
}

/* Owned. */
static int value_of(struct ms_json *out, const struct ms_table_term *term, struct ms_json item,
                    struct ms_queue_refusal *why)
{
  struct ms_json first = MS_JSON_VALUE_NONE, second = MS_JSON_VALUE_NONE;
  *out = MS_JSON_VALUE_NONE;
  if (term->kind == MS_TERM_VALUE) {
    *out = ms_json_ref(term->value);
    return MSTEP_OK;
  }
  if (term->kind == MS_TERM_PATH || term->kind == MS_TERM_IF_NOT_EXISTS) {
    const struct ms_table_path *path = term->kind == MS_TERM_PATH ? &term->path : &term->args->path;
    struct ms_json found = ms_table_path_get(path, item);
    if (ms_json_is_none(found) && term->kind == MS_TERM_IF_NOT_EXISTS) {
      return value_of(out, term->args->next, item, why);
    }
    *out = ms_json_ref(found);
    return !ms_json_is_none(found)
               ? MSTEP_OK
               : invalid(why,
                         "The provided expression refers to an attribute that does not exist in "
                         "the item");
  }
  int err = value_of(&first, term->args, item, why);
  err = err != 0 ? err : value_of(&second, term->args->next, item, why);
  if (err == 0 && term->kind == MS_TERM_LIST_APPEND) {
    err = append(out, first, second, why);
  } else if (err == 0) {
    err = add_numbers(out, first, second, term->kind == MS_TERM_MINUS, why);
  }
  ms_json_unref(first);
  ms_json_unref(second);
  return err;
}

/* ---- sets ---- */

/* The members of `set` that are (or are not) in `other`, behind what *out has. */
static int pick(struct ms_json *out, struct ms_json set, struct ms_json other, bool wanted)
{
  struct ms_map seen;
  int err = MSTEP_OK;
  ms_map_init(&seen, 7);
  for (size_t i = 0; i < ms_json_count(other) && err == 0; i++) {
    err = ms_map_put(&seen, ms_json_text(ms_json_at(other, i)), &seen, NULL);
  }
  for (size_t i = 0; i < ms_json_count(set) && err == 0; i++) {
    struct ms_json one = ms_json_at(set, i);
    if (ms_map_has(&seen, ms_json_text(one)) == wanted) {
      err = ms_json_push(out, ms_json_ref(one));
    }
  }
  ms_map_deinit(&seen);
  return err;
}

/* *out: NONE when nothing is left. */
static int combine_sets(struct ms_json *out, struct ms_json old, struct ms_json value, bool is_add,
                        struct ms_queue_refusal *why)
{
  if (!ms_table_is_set(old) || !ms_str_eq(ms_table_type(old), ms_table_type(value))) {
    return wrong_type(why);
  }
  struct ms_json was = ms_table_inner(old), by = ms_table_inner(value);
  struct ms_json set = is_add ? ms_json_ref(was) : ms_json_array(0);
  int err = is_add ? pick(&set, by, was, false) : pick(&set, was, by, false);
  if (err != 0 || ms_json_count(set) == 0) {
    ms_json_unref(set);
    return err;
  }
  *out = ms_table_value(ms_table_type(old), set);
  return ms_json_is_none(*out) ? ms_error_nomem() : MSTEP_OK;
}

/* ---- applying ---- */

/* What an action puts in its place; NONE: it is removed. *is_kept: nothing happens. */
static int result_of(struct ms_json *out, bool *is_kept, const struct ms_table_action *action,
                     struct ms_json item, struct ms_queue_refusal *why)
{
  struct ms_json old = ms_table_path_get(&action->path, item);
  *out = MS_JSON_VALUE_NONE;
  *is_kept = false;
  switch (action->verb) {
  case MS_TABLE_SET:
    return value_of(out, action->value, item, why);
  case MS_TABLE_REMOVE:
    return MSTEP_OK;
  case MS_TABLE_ADD:
    if (ms_json_is_none(old)) {
      *out = ms_json_ref(action->value->value);
      return MSTEP_OK;
    }
    return ms_table_is_type(action->value->value, "N")
               ? add_numbers(out, old, action->value->value, false, why)
               : combine_sets(out, old, action->value->value, true, why);
  case MS_TABLE_TAKE:
    *is_kept = ms_json_is_none(old);
    return *is_kept ? MSTEP_OK : combine_sets(out, old, action->value->value, false, why);
  }
  return MSTEP_EINTERNAL;
}

static int apply_action(struct ms_json *out, const struct ms_table_action *action,
                        struct ms_json item, struct ms_queue_refusal *why)
{
  struct ms_json value;
  bool is_kept;
  int err = result_of(&value, &is_kept, action, item, why);
  if (err != 0 || is_kept) {
    return err;
  }
  err = ms_table_path_set(out, &action->path, value);
  return err == MSTEP_EINVALID
             ? invalid(why, "The document path provided in the update expression is invalid for "
                            "update")
             : err;
}

static int sweep(struct ms_json *item, const struct ms_table_action *actions, size_t depth)
{
  int err = MSTEP_OK;
  for (const struct ms_table_action *one = actions; one != NULL && err == 0; one = one->next) {
    if (one->path.count == depth && (one->verb == MS_TABLE_REMOVE || one->verb == MS_TABLE_TAKE)) {
      err = ms_table_path_sweep(item, &one->path);
    }
  }
  return err;
}

int ms_table_update_apply(struct ms_json *out, const struct ms_table_action *actions,
                          struct ms_json item, struct ms_queue_refusal *why)
{
  struct ms_json changed = ms_json_is_none(item) ? ms_json_object(4) : ms_json_ref(item);
  int err = ms_json_is_none(changed) ? ms_error_nomem() : MSTEP_OK;
  for (const struct ms_table_action *one = actions; one != NULL && err == 0; one = one->next) {
    err = apply_action(&changed, one, item, why);
  }
  for (size_t depth = STEPS_MAX; depth > 1 && err == 0; depth--) { /* outer lists move inner ones */
    err = sweep(&changed, actions, depth);
  }
  if (err != 0) {
    ms_json_unref(changed);
    return err;
  }
  *out = changed;
  return MSTEP_OK;
}
