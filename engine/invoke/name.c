/* The ways in which a function may be named, and its ARN. */
#include "base/error.h"
#include "invoke/internal.h"

#define NAME_MAX_LEN 140

static bool is_word(struct ms_str text, bool has_dollar)
{
  for (size_t i = 0; i < text.len; i++) {
    char c = text.data[i];
    bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!is_letter && c != '-' && c != '_' && !(has_dollar && c == '$')) {
      return false;
    }
  }
  return text.len > 0;
}

/* Hooks are functions "hooks/NAME", which nobody outside names. */
static bool is_name(struct ms_str text)
{
  return is_word(text, false) && text.len <= NAME_MAX_LEN;
}

/* Moves *rest behind the next colon; the part before it. data NULL: there is no colon. */
static struct ms_str take_part(struct ms_str *rest)
{
  size_t end = ms_str_find(*rest, 0, ':');
  if (end == rest->len) {
    return (struct ms_str){NULL, 0};
  }
  struct ms_str part = ms_str_sub(*rest, 0, end);
  *rest = ms_str_sub(*rest, end + 1, rest->len);
  return part;
}

static bool skip_account(struct ms_str *rest)
{
  struct ms_str account = take_part(rest);
  struct ms_str word = take_part(rest);
  return account.data != NULL && account.len > 0 && word.data != NULL &&
         ms_str_is(word, "function");
}

static int not_a_name(struct ms_str text)
{
  return ms_error(MSTEP_ESYNTAX, "not a function name: %.*s", MS_STR_ARG(text));
}

/* What stands behind arn:PARTITION:lambda:REGION:ACCOUNT:function: */
static int skip_arn(struct ms_str *rest, const struct ms_invoke *invoke)
{
  struct ms_str text = *rest;
  take_part(rest);
  struct ms_str partition = take_part(rest);
  struct ms_str service = take_part(rest);
  struct ms_str region = take_part(rest);
  if (partition.data == NULL || region.data == NULL || !ms_str_is(service, "lambda") ||
      !skip_account(rest)) {
    return not_a_name(text);
  }
  if (!ms_str_is(region, invoke->env->region)) {
    return ms_error(MSTEP_ENOTFOUND,
                    "Functions from '%.*s' are not reachable in this region ('%s')",
                    MS_STR_ARG(region), invoke->env->region);
  }
  return MSTEP_OK;
}

int ms_function_name_parse(struct ms_function_name *out, const struct ms_invoke *invoke,
                           struct ms_str text, struct ms_str qualifier)
{
  struct ms_str rest = text;
  int err = MSTEP_OK;
  if (ms_str_has_prefix(text, "arn:")) {
    err = skip_arn(&rest, invoke);
  } else {
    struct ms_str short_form = rest;
    if (skip_account(&short_form)) {
      rest = short_form;
    }
  }
  if (err != 0) {
    return err;
  }
  size_t colon = ms_str_find(rest, 0, ':');
  out->name = ms_str_sub(rest, 0, colon);
  out->qualifier =
      colon < rest.len ? ms_str_sub(rest, colon + 1, rest.len) : (struct ms_str){"", 0};
  bool has_own = colon < rest.len;
  if (!is_name(out->name) || (has_own && !is_word(out->qualifier, true))) {
    return not_a_name(text);
  }
  if (qualifier.data != NULL && qualifier.len > 0) {
    if (!is_word(qualifier, true)) {
      return not_a_name(qualifier);
    }
    if (has_own && !ms_str_eq(out->qualifier, qualifier)) {
      return ms_error(MSTEP_EINVALID, "The derived qualifier from the function name does not match "
                                      "the specified qualifier.");
    }
    out->qualifier = qualifier;
  }
  return out->qualifier.len > MS_INVOKE_QUALIFIER_MAX ? not_a_name(text) : MSTEP_OK;
}

void ms_function_arn(struct ms_buf *out, const struct ms_invoke *invoke,
                     const struct ms_function_name *name, bool is_plain)
{
  ms_buf_printf(out, "arn:aws:lambda:%s:%s:function:%.*s", invoke->env->region,
                invoke->env->account, MS_STR_ARG(name->name));
  if (!is_plain) {
    ms_buf_char(out, ':');
    ms_buf_str(out, name->qualifier.len == 0 ? MS_STR(MS_INVOKE_LATEST) : name->qualifier);
  }
}
