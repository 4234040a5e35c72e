/* Every row of cases.def: what is accepted and how it prints; what is refused, where and why. */
#include "mt.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "json/json.h"

struct accepted {
  const char *name;
  const char *text;
  size_t len;
  const char *printed;
};

static const struct accepted accepted_rows[] = {
#define Y(name, text, printed) {#name, text, sizeof text - 1, printed},
#define I_Y Y
#define N(name, text, offset, message)
#define I_N N
#include "cases.def"
#undef Y
#undef I_Y
#undef N
#undef I_N
};

struct refused {
  const char *name;
  const char *text;
  size_t len;
  size_t offset;
  const char *message;
};

static const struct refused refused_rows[] = {
#define Y(name, text, printed)
#define I_Y Y
#define N(name, text, offset, message) {#name, text, sizeof text - 1, offset, message},
#define I_N N
#include "cases.def"
#undef Y
#undef I_Y
#undef N
#undef I_N
};

#define ACCEPTED_COUNT (sizeof accepted_rows / sizeof accepted_rows[0])
#define REFUSED_COUNT (sizeof refused_rows / sizeof refused_rows[0])

/* Parses a copy that ends where the text ends, so that a sanitizer sees one byte too many. */
static int parse_copy(struct ms_json *out, const char *text, size_t len,
                      struct ms_json_position *where)
{
  char *copy = ms_alloc(len);
  mt_ok(copy != NULL);
  memcpy(copy, text, len);
  int err = ms_json_parse(out, (struct ms_str){copy, len}, NULL, where);
  ms_free(copy);
  return err;
}

MT_TEST(json_parse_cases__accepted)
{
  for (size_t i = 0; i < ACCEPTED_COUNT; i++) {
    const struct accepted *row = &accepted_rows[i];
    struct ms_json value;
    int err = parse_copy(&value, row->text, row->len, NULL);
    if (err != 0) {
      mt_report("%s: %s", row->name, ms_error_detail());
      continue;
    }
    struct ms_buf buf;
    ms_buf_init(&buf, 0);
    ms_json_print(&buf, value);
    if (strcmp(buf.data, row->printed) != 0) {
      mt_report("%s: printed %s, expected %s", row->name, buf.data, row->printed);
    }
    if (ms_json_size_bytes(value) != buf.len) {
      mt_report("%s: size %zu, printed %zu", row->name, ms_json_size_bytes(value), buf.len);
    }
    ms_buf_deinit(&buf);
    ms_json_unref(value);
  }
}

MT_TEST(json_parse_cases__printed_text_reads_back_identical)
{
  for (size_t i = 0; i < ACCEPTED_COUNT; i++) {
    const struct accepted *row = &accepted_rows[i];
    struct ms_json first;
    struct ms_json second;
    mt_eq_int(ms_json_parse(&first, (struct ms_str){row->text, row->len}, NULL, NULL), 0);
    mt_eq_int(ms_json_parse(&second, ms_str_c(row->printed), NULL, NULL), 0);
    if (!ms_json_identical(first, second)) {
      mt_report("%s", row->name);
    }
    ms_json_unref(first);
    ms_json_unref(second);
  }
}

MT_TEST(json_parse_cases__refused)
{
  for (size_t i = 0; i < REFUSED_COUNT; i++) {
    const struct refused *row = &refused_rows[i];
    struct ms_json value = ms_json_int(1);
    struct ms_json_position where;
    int err = parse_copy(&value, row->text, row->len, &where);
    if (err != MSTEP_ESYNTAX || !ms_json_is_none(value)) {
      mt_report("%s: %d", row->name, err);
      ms_json_unref(value);
      continue;
    }
    char expected[200];
    snprintf(expected, sizeof expected, "line %u, column %u: %s", (unsigned)where.line,
             (unsigned)where.column, row->message);
    if (where.offset != row->offset || strcmp(ms_error_detail(), expected) != 0) {
      mt_report("%s: at %zu %s, expected at %zu %s", row->name, where.offset, ms_error_detail(),
                row->offset, row->message);
    }
  }
}

MT_TEST(json_parse_cases__there_are_more_than_200)
{
  mt_ok(ACCEPTED_COUNT + REFUSED_COUNT >= 200);
  mt_note("%zu accepted, %zu refused", ACCEPTED_COUNT, REFUSED_COUNT);
}

/* Every prefix of an accepted text is refused or accepted, without a read past its end. */
MT_TEST(json_parse_cases__every_prefix)
{
  for (size_t i = 0; i < ACCEPTED_COUNT; i++) {
    const struct accepted *row = &accepted_rows[i];
    for (size_t len = 0; len < row->len; len++) {
      struct ms_json value;
      int err = parse_copy(&value, row->text, len, NULL);
      mt_ok(err == 0 || err == MSTEP_ESYNTAX);
      ms_json_unref(value);
    }
  }
}
