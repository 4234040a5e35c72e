/* Regular expression literals: flags to the options of query/regex.h, kept by the program. */
#include "query/jsonata/regex_literal.h"

#include "base/alloc.h"
#include "base/error.h"
#include "query/jsonata/eval.h"
#include "query/regex.h"

static bool keep(struct ms_jsonata *program, struct ms_regex *regex)
{
  if (program->regex_count == program->regex_capacity) {
    size_t capacity = program->regex_capacity == 0 ? 4 : program->regex_capacity * 2;
    struct ms_regex **regexes =
        ms_reallocarray(program->regexes, capacity, sizeof *program->regexes);
    if (regexes == NULL) {
      return false;
    }
    program->regexes = regexes;
    program->regex_capacity = capacity;
  }
  program->regexes[program->regex_count++] = regex;
  return true;
}

bool ms_jx_regex_literal(struct ms_jx_compiler *c, const struct ms_jx_token *token,
                         struct ms_jx_node *node)
{
  unsigned flags = MS_REGEX_ECMASCRIPT;
  for (size_t i = 0; i < token->flags.len; i++) {
    flags |= token->flags.data[i] == 'i' ? MS_REGEX_CASELESS : MS_REGEX_MULTILINE;
  }
  int code = ms_regex_compile(&node->regex, token->text, flags, NULL);
  if (code == MSTEP_ESYNTAX || code == MSTEP_ETOOBIG) {
    struct ms_str detail = ms_arena_str(c->arena, ms_str_c(ms_error_detail()));
    c->text = "Invalid regular expression: {{{value}}}";
    c->error_value = ms_jx_text_value(detail.data == NULL ? token->text : detail);
    ms_jx_compile_fail(c, "", token->pos, token->text);
    return false;
  }
  if (code != 0 || !keep(c->program, node->regex)) {
    ms_regex_free(node->regex);
    ms_jx_compile_nomem(c);
    return false;
  }
  struct ms_jx_function *function = ms_jx_compile_alloc(c, sizeof *function);
  if (function == NULL) {
    return false;
  }
  function->kind = MS_JX_FN_REGEX;
  function->arity = 1;
  function->node = node;
  node->value = ms_jx_function_value(function);
  return true;
}
