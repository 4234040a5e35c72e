/*
 * Fuzzes the compiler of JSONata expressions, in both versions of the syntax. Either there is a program
 * that can say what it refers to, or an error with a code, a place inside the text and a message.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "query/jsonata/jsonata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
  if (!holds) {
    abort();
  }
}

static void check_name(struct ms_str name, void *user)
{
  must(ms_utf8_check(name) == name.len);
  ++*(size_t *)user;
}

static void check_reference(struct ms_str name, bool is_member, void *user)
{
  (void)is_member;
  check_name(name, user);
}

static void check_error(struct ms_jsonata_error *error, struct ms_str text)
{
  struct ms_str message = ms_json_text(error->message);
  size_t len = strlen(error->code);
  must(len == 0 || len == 5);
  must(message.len > 0 && ms_utf8_check(message) == message.len);
  must(!error->has_position || error->position <= text.len);
  ms_jsonata_error_deinit(error);
}

static void compile(struct ms_str text, enum ms_jsonata_version version)
{
  struct ms_jsonata *program;
  struct ms_jsonata_error error = MS_JSONATA_ERROR_INIT;
  int code = ms_jsonata_compile(&program, text, version, &error);
  must(code == 0 || code == MS_FAILED);
  must((code == 0) == (program != NULL));
  if (code != 0) {
    check_error(&error, text);
    return;
  }
  size_t names = 0;
  must(ms_str_eq(ms_jsonata_text(program), text));
  ms_jsonata_references(program, check_name, &names);
  must(ms_jsonata_check(program, 0, check_reference, &names) == 0);
  ms_jsonata_free(program);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct ms_str text = {(const char *)data, size};
  compile(text, MS_JSONATA_2_0);
  compile(text, MS_JSONATA_2_2);
  return 0;
}
