/*
 * Fuzzes the evaluator of JSONata, limits on. An input is either an expression, a NUL and a JSON
 * document, or, behind a byte 0x01, a stream of choices that a grammar turns into an expression:
 * mutations of these stay well-formed and go deep. Whatever it is, there is a value that can be
 * printed and read back, nothing, or an error with a message; and the same again the second time.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "query/jsonata/jsonata.h"

#define DEPTH 6 /* of generated expressions */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
  if (!holds) {
    abort();
  }
}

/* ---- expressions from choices ---- */

struct choices {
  const uint8_t *data;
  size_t size;
  struct ms_buf out;
};

static unsigned choose(struct choices *c, unsigned count)
{
  if (c->size == 0) {
    return 0;
  }
  c->size--;
  return *c->data++ % count;
}

static const char *const atoms[] = {
    "a",           "b",          "list",   "$",
    "$$",          "$x",         "$y",     "*",
    "**",          "%",          "1",      "-1",
    "2.5",         "0",          "\"\"",   "\"a b\"",
    "\"12\"",      "true",       "null",   "[]",
    "{}",          "missing",    "1e300",  "\"\xF0\x9F\x98\x80\"",
    "/a+/",        "/(.)(b)?/i", "[1..5]", "\"[Y]-[M01]\"",
    "\"#,##0.0\"", "\"w;o\"",
};

static const char *const operators[] = {"+",  "-", "*",  "/",  "%",   "&",  "=",
                                        "!=", "<", ">=", "in", "and", "or", "~>"};

static const char *const functions[] = {
    "sum",          "count",      "max",           "average",      "string",
    "substring",    "uppercase",  "length",        "trim",         "pad",
    "match",        "contains",   "replace",       "split",        "join",
    "formatNumber", "formatBase", "formatInteger", "parseInteger", "number",
    "round",        "power",      "boolean",       "not",          "map",
    "zip",          "filter",     "single",        "reduce",       "sift",
    "keys",         "lookup",     "append",        "exists",       "spread",
    "merge",        "reverse",    "each",          "type",         "sort",
    "shuffle",      "distinct",   "base64decode",  "encodeUrl",    "decodeUrl",
    "toMillis",     "fromMillis", "clone",         "random",       "partition",
    "range",        "hash",       "uuid",          "parse",        "x",
    "sqrt",         "error",      "assert",
};

/* Patterns: `E` is an expression, `P` a path, `F` a function's name, `O` an operator, `A` an atom. */
static const char *const patterns[] = {
    "A",
    "P",
    "(E O E)",
    "[E, E]",
    "[E]",
    "{\"k\": E, \"l\": E}",
    "$F(E)",
    "$F(E, E)",
    "$F(E, E, E)",
    "$F(E, function($x){E})",
    "$F(E, function($x, $y){E})",
    "$F(?, E)(E)",
    "(E ? E : E)",
    "($x := E; E)",
    "($x := function($y){E}; E)",
    "($y := function($x, $y){$x ? $y($x - 1, E) : E}; $y(E, E))",
    "E ~> $F",
    "E ~> $F(E)",
    "(E ~> |P|{\"n\": E}, E|)",
    "P^(>E, E)",
    "P{$string(E): E}",
    "-E",
    "function($x)<a<n>-:x>{E}(E)",
    "(P@$x.P)",
    "(P#$y.P)",
    "(E)[E]",
    "(E)[]",
    "(E; E)",
    "$reduce(E, function($x, $y){$append($x, E)}, [])",
};

static const char *const steps[] = {"a",    "b",     "list",       "*",       "**",
                                    "%",    "$",     "(E)",        "[E]",     "{\"k\": E}",
                                    "$F()", "a[E]",  "b[0]",       "list@$x", "list#$y",
                                    "a[]",  "b^(E)", "list@$x[E]", "**[E]#$y"};

static void expand(struct choices *c, unsigned depth);

static void put_path(struct choices *c, unsigned depth);

static void put_pattern(struct choices *c, const char *pattern, unsigned depth)
{
  for (const char *p = pattern; *p != '\0'; p++) {
    switch (*p) {
    case 'E':
      expand(c, depth);
      break;
    case 'P':
      put_path(c, depth);
      break;
    case 'F':
      ms_buf_cstr(&c->out, functions[choose(c, sizeof functions / sizeof *functions)]);
      break;
    case 'O':
      ms_buf_cstr(&c->out, operators[choose(c, sizeof operators / sizeof *operators)]);
      break;
    case 'A':
      ms_buf_cstr(&c->out, atoms[choose(c, sizeof atoms / sizeof *atoms)]);
      break;
    default:
      ms_buf_char(&c->out, *p);
      break;
    }
  }
}

static void put_path(struct choices *c, unsigned depth)
{
  unsigned count = 1 + choose(c, 4);
  for (unsigned i = 0; i < count; i++) {
    ms_buf_cstr(&c->out, i > 0 ? "." : "");
    put_pattern(c, steps[choose(c, sizeof steps / sizeof *steps)], depth == 0 ? 0 : depth - 1);
  }
}

static void expand(struct choices *c, unsigned depth)
{
  bool is_end = depth == 0 || c->size == 0;
  const char *pattern = is_end ? "A" : patterns[choose(c, sizeof patterns / sizeof *patterns)];
  put_pattern(c, pattern, is_end ? 0 : depth - 1);
}

/* ---- evaluation ---- */

static const char document[] = "{\"a\":{\"b\":[1,2,{\"a\":null}],\"list\":[]},\"b\":\"text\","
                               "\"list\":[{\"a\":1,\"b\":\"x\",\"k\":[1,[2]]},"
                               "{\"a\":2,\"b\":\"y\"},{\"a\":2.5,\"b\":null}]}";

struct answer {
  int code;
  struct ms_json result;
  struct ms_jsonata_error error;
};

static void evaluate(struct answer *out, const struct ms_jsonata *program, struct ms_json input,
                     struct ms_arena *arena)
{
  struct ms_random random;
  struct ms_query_limits limits = {100000, 100, (size_t)4 << 20};
  struct ms_jsonata_env env = {.arena = arena,
                               .random = &random,
                               .now_ms = 1511265600000,
                               .input = input,
                               .limits = &limits};
  ms_random_seed(&random, 1);
  *out = (struct answer){0, MS_JSON_VALUE_NONE, MS_JSONATA_ERROR_INIT};
  out->code = ms_jsonata_eval(&out->result, program, &env, &out->error);
  must(out->code == 0 || out->code == MS_FAILED);
  must(ms_arena_used_bytes(arena) == 0);
  if (out->code == MS_FAILED) {
    struct ms_str message = ms_json_text(out->error.message);
    must(ms_json_is_none(out->result));
    must(ms_utf8_check(message) == message.len);
  }
}

/* Whatever comes out is JSON: it can be printed and read back. */
static void check_result(struct ms_json result)
{
  struct ms_buf text;
  struct ms_json again;
  struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
  ms_buf_init(&text, MS_BUF_MAX_DEFAULT);
  ms_json_print(&text, result);
  must(text.error == 0);
  must(ms_json_parse(&again, ms_buf_view(&text), &limits, NULL) == 0);
  must(ms_json_equal(result, again));
  ms_json_unref(again);
  ms_buf_deinit(&text);
}

static void run(struct ms_str expression, struct ms_json input)
{
  struct ms_jsonata *program;
  struct ms_jsonata_error error = MS_JSONATA_ERROR_INIT;
  if (ms_jsonata_compile(&program, expression, MS_JSONATA_2_2, &error) != 0) {
    ms_jsonata_error_deinit(&error);
    return;
  }
  struct ms_arena *arena = ms_arena_new(0);
  struct answer first;
  struct answer second;
  evaluate(&first, program, input, arena);
  evaluate(&second, program, input, arena);
  must(first.code == second.code);
  must(ms_json_identical(first.result, second.result));
  must(ms_json_identical(first.error.message, second.error.message));
  if (!ms_json_is_none(first.result)) {
    check_result(first.result);
  }
  ms_json_unref(first.result);
  ms_json_unref(second.result);
  ms_jsonata_error_deinit(&first.error);
  ms_jsonata_error_deinit(&second.error);
  ms_arena_free(arena);
  ms_jsonata_free(program);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct ms_str all = {(const char *)data, size};
  struct ms_json input = MS_JSON_VALUE_NONE;
  if (size > 0 && data[0] == 1) {
    struct choices c = {data + 1, size - 1, {0}};
    ms_buf_init(&c.out, (size_t)1 << 16);
    expand(&c, DEPTH);
    must(ms_json_parse(&input, MS_STR(document), NULL, NULL) == 0);
    run(ms_buf_view(&c.out), input);
    ms_buf_deinit(&c.out);
  } else {
    size_t split = ms_str_find(all, 0, '\0');
    if (ms_json_parse(&input, ms_str_sub(all, split + 1, all.len), NULL, NULL) != 0) {
      input = MS_JSON_VALUE_NONE;
    }
    run(ms_str_sub(all, 0, split), input);
  }
  ms_json_unref(input);
  return 0;
}
