/*
 * Checks a request against the table of its operation's members, and says what is wrong as AWS
 * does: a value of another type is a SerializationException at once; all constraints that do not
 * hold are collected into one ValidationException.
 */
#include <inttypes.h>
#include <stdio.h>

#include "api/call.h"
#include "base/error.h"
#include "base/utf8.h"

#define VALUE_SHOWN_MAX 4096 /* bytes of a value that a message repeats */

struct check {
  struct ms_buf text; /* the problems, without "N validation errors detected: " */
  unsigned count;
  const char *wrong_type; /* SerializationException */
};

/* Where a member stands: "routingConfiguration.1.member.weight" is three of them. */
struct place {
  const struct place *above;
  const char *name;
  size_t index; /* of a list's item, from 1; 0: a member */
  bool is_secret;
};

static void put_place(struct ms_buf *out, const struct place *place)
{
  if (place->above != NULL) {
    put_place(out, place->above);
    ms_buf_char(out, '.');
  }
  if (place->index != 0) {
    ms_buf_printf(out, "%zu.member", place->index);
  } else { /* as Java's beans have them: BatchSize is said to be batchSize */
    ms_buf_char(out, ms_ascii_lower(place->name[0]));
    ms_buf_cstr(out, place->name + 1);
  }
}

/* A secret's value is left out, as AWS does. */
static void put_value(struct ms_buf *out, struct ms_json value, bool is_secret)
{
  if (ms_json_is_none(value)) {
    ms_buf_cstr(out, "Value null");
    return;
  }
  if (is_secret) {
    ms_buf_cstr(out, "Value");
    return;
  }
  ms_buf_cstr(out, "Value '");
  if (ms_json_is_string(value)) {
    struct ms_str text = ms_json_text(value);
    size_t cut = text.len < VALUE_SHOWN_MAX ? text.len : VALUE_SHOWN_MAX;
    while (cut < text.len && cut > 0 && ((unsigned char)text.data[cut] & 0xc0) == 0x80) {
      cut--;
    }
    ms_buf_str(out, ms_str_sub(text, 0, cut));
  } else {
    ms_json_print(out, value);
  }
  ms_buf_char(out, '\'');
}

static void violated(struct check *check, const struct place *place, struct ms_json value,
                     const char *constraint)
{
  ms_buf_cstr(&check->text, check->count++ == 0 ? "" : "; ");
  put_value(&check->text, value, place->is_secret);
  ms_buf_cstr(&check->text, " at '");
  put_place(&check->text, place);
  ms_buf_printf(&check->text, "' failed to satisfy constraint: Member must %s", constraint);
}

static void check_range(struct check *check, const struct place *place,
                        const struct ms_api_member *member, struct ms_json value, int64_t amount)
{
  const char *what = member->kind == MS_API_INTEGER ? "have value" : "have length";
  char constraint[96];
  if (amount < member->min) {
    snprintf(constraint, sizeof constraint, "%s greater than or equal to %" PRId64, what,
             member->min);
    violated(check, place, value, constraint);
  } else if (member->max != 0 && amount > member->max) {
    snprintf(constraint, sizeof constraint, "%s less than or equal to %" PRId64, what, member->max);
    violated(check, place, value, constraint);
  }
}

/* Is `text` one of "A, B, C"? */
static bool is_among(struct ms_str text, struct ms_str values)
{
  for (size_t at = 0; at < values.len;) {
    size_t end = ms_str_find(values, at, ',');
    if (ms_str_eq(ms_str_sub(values, at, end), text)) {
      return true;
    }
    at = end + 2;
  }
  return false;
}

static void check_string(struct check *check, const struct place *place,
                         const struct ms_api_member *member, struct ms_json value)
{
  struct ms_str text = ms_json_text(value);
  if (member->values != NULL && !is_among(text, ms_str_c(member->values))) {
    char constraint[256];
    snprintf(constraint, sizeof constraint, "satisfy enum value set: [%s]", member->values);
    violated(check, place, value, constraint);
    return;
  }
  check_range(check, place, member, value, (int64_t)ms_utf8_count(text));
}

/* What a value of another kind is said to be; NULL when it is of that kind. */
static const char *type_problem(enum ms_api_kind kind, struct ms_json value)
{
  static const char *const to_string[] = {
      [MS_JSON_BOOL] = "a boolean can not be converted to a String",
      [MS_JSON_INT] = "NUMBER_VALUE can not be converted to a String",
      [MS_JSON_DOUBLE] = "NUMBER_VALUE can not be converted to a String",
      [MS_JSON_BIG] = "NUMBER_VALUE can not be converted to a String",
      [MS_JSON_ARRAY] = "Start of list found where not expected",
      [MS_JSON_OBJECT] = "Start of structure or map found where not expected."};
  int64_t whole;
  switch (kind) {
  case MS_API_STRING:
    return to_string[value.type];
  case MS_API_INTEGER:
    return ms_json_to_int(&whole, value) ? NULL : "this value can not be converted to an Integer";
  case MS_API_BOOLEAN:
    return ms_json_is_bool(value) ? NULL : "this value can not be converted to a Boolean";
  case MS_API_TIMESTAMP:
    return ms_json_is_number(value) ? NULL : "this value can not be converted to a Timestamp";
  case MS_API_STRUCTURE:
    return ms_json_is_object(value) ? NULL : "Unexpected field type";
  case MS_API_LIST:
    return ms_json_is_array(value) ? NULL : "Expected list or null";
  case MS_API_ANY:
    return NULL;
  }
  return NULL;
}

static void check_members(struct check *check, const struct place *above,
                          const struct ms_api_member *members, struct ms_json object);

static void check_list(struct check *check, const struct place *place,
                       const struct ms_api_member *member, struct ms_json list)
{
  static const struct ms_api_member text = {.kind = MS_API_STRING};
  check_range(check, place, member, list, (int64_t)ms_json_count(list));
  for (size_t i = 0; i < ms_json_count(list) && check->wrong_type == NULL; i++) {
    struct place item = {place, NULL, i + 1, place->is_secret};
    struct ms_json value = ms_json_at(list, i);
    enum ms_api_kind kind = member->members == NULL ? MS_API_STRING : MS_API_STRUCTURE;
    check->wrong_type = type_problem(kind, value);
    if (check->wrong_type != NULL) {
      return;
    }
    if (kind == MS_API_STRING) {
      check_string(check, &item, &text, value);
    } else {
      check_members(check, &item, member->members, value);
    }
  }
}

static void check_member(struct check *check, const struct place *place,
                         const struct ms_api_member *member, struct ms_json value)
{
  if (ms_json_is_none(value) || ms_json_is_null(value)) {
    if (member->is_required) {
      violated(check, place, MS_JSON_VALUE_NONE, "not be null");
    }
    return;
  }
  check->wrong_type = type_problem(member->kind, value);
  if (check->wrong_type != NULL) {
    return;
  }
  int64_t number;
  if (member->kind == MS_API_STRING) {
    check_string(check, place, member, value);
  } else if (member->kind == MS_API_INTEGER && ms_json_to_int(&number, value)) {
    check_range(check, place, member, value, number);
  } else if (member->kind == MS_API_LIST) {
    check_list(check, place, member, value);
  } else if (member->kind == MS_API_STRUCTURE && member->members != NULL) {
    check_members(check, place, member->members, value);
  }
}

/* As deep as the tables are. */
static void check_members(struct check *check, const struct place *above,
                          const struct ms_api_member *members, struct ms_json object)
{
  for (; members->name != NULL && check->wrong_type == NULL; members++) {
    struct place place = {above, members->name, 0, members->is_secret};
    check_member(check, &place, members, ms_json_getc(object, members->name));
  }
}

bool ms_api_check(struct ms_api_call *call, const struct ms_api_member *members)
{
  struct check check = {.count = 0};
  ms_buf_init(&check.text, 0);
  check_members(&check, NULL, members, ms_api_get(call, NULL));
  bool is_fine = check.wrong_type == NULL && check.count == 0 && check.text.error == 0;
  if (check.wrong_type != NULL) {
    ms_api_fail(call, MS_API_ERROR_SERIALIZATION, ms_str_c(check.wrong_type));
  } else if (check.text.error != 0) {
    ms_api_fail_code(call, MSTEP_ENOMEM);
  } else if (check.count != 0) {
    ms_api_fail_f(call, MS_API_ERROR_VALIDATION, "%u validation error%s detected: %.*s",
                  check.count, check.count == 1 ? "" : "s", MS_STR_ARG(ms_buf_view(&check.text)));
  }
  ms_buf_deinit(&check.text);
  return is_fine;
}
