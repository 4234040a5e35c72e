/*
 * Signatures. Fitting is a match of parameters against arguments, as a regular expression over type
 * letters would do it: each parameter takes one argument (`+` one or more, `?` and `-` perhaps none), greedily,
 * going back where that leads nowhere. A missing argument (undefined) fits every parameter but a function.
 */
#include "query/jsonata/signature.h"

#include "query/jsonata/eval.h"

static uint8_t letter_mask(char letter)
{
  switch (letter) {
  case 's':
    return MS_JX_T_STRING;
  case 'n':
    return MS_JX_T_NUMBER;
  case 'b':
    return MS_JX_T_BOOLEAN;
  case 'l':
    return MS_JX_T_NULL;
  case 'a':
    return MS_JX_T_ARRAY;
  case 'o':
    return MS_JX_T_OBJECT;
  case 'f':
    return MS_JX_T_FUNCTION;
  default:
    return letter == 'm' ? MS_JX_T_MISSING : 0;
  }
}

/* The parameter a type letter stands for; mask 0 when it is none. */
static struct ms_jx_param letter_param(char letter)
{
  struct ms_jx_param param = {letter_mask(letter), 0, 0, 0};
  if (letter == 'a') {
    param.mask = MS_JX_T_ANY;
    param.flags = MS_JX_P_ARRAY;
  } else if (letter == 'j') {
    param.mask = MS_JX_T_JSON;
  } else if (letter == 'x') {
    param.mask = MS_JX_T_ANY;
  } else if (letter == 'm') {
    param.mask = 0;
  }
  if (param.mask != 0 && letter != 'f') {
    param.mask |= MS_JX_T_MISSING;
  }
  return param;
}

/* The place of the bracket that closes the one at `at`. */
static size_t closing(struct ms_str text, size_t at, char open, char close)
{
  int depth = 0;
  for (size_t i = at; i < text.len; i++) {
    depth += text.data[i] == open ? 1 : (text.data[i] == close ? -1 : 0);
    if (depth == 0) {
      return i;
    }
  }
  return text.len;
}

static void set_subtype(struct ms_jx_param *param, struct ms_str inner)
{
  bool is_letter = inner.len == 1 && letter_mask(inner.data[0]) != 0;
  if ((param->flags & MS_JX_P_ARRAY) != 0 && inner.len > 0) {
    /* A nested type is checked by its first letter, and a lone value never matches it. */
    param->subtype = inner.data[0];
    param->reserved = is_letter ? 0 : 1;
  }
}

const char *ms_jx_signature_parse(struct ms_jx_signature *out, struct ms_str text, size_t *offset,
                                  struct ms_str *value)
{
  out->count = 0;
  struct ms_jx_param *last = NULL;
  char last_letter = '\0';
  for (size_t i = 1; i < text.len && text.data[i] != ':'; i++) {
    char c = text.data[i];
    struct ms_jx_param param = {0, 0, 0, 0};
    if (c == '(') {
      size_t end = closing(text, i, '(', ')');
      struct ms_str choice = ms_str_sub(text, i + 1, end);
      if (ms_str_find(choice, 0, '<') < choice.len) {
        *offset = i;
        *value = choice;
        return "S0402";
      }
      for (size_t j = 0; j < choice.len; j++) {
        param.mask |= letter_mask(choice.data[j]);
      }
      param.mask |= MS_JX_T_MISSING;
      i = end;
    } else if (c == '<' && last != NULL) {
      if (last_letter != 'a' && last_letter != 'f') {
        *offset = i;
        *value = ms_str_sub(text, i - 1, i);
        return "S0401";
      }
      size_t end = closing(text, i, '<', '>');
      set_subtype(last, ms_str_sub(text, i + 1, end));
      i = end;
      continue;
    } else {
      param = letter_param(c);
    }
    if (param.mask != 0) {
      if (out->count < MS_JX_PARAMS_MAX) {
        last = &out->params[out->count++];
        *last = param;
        last_letter = c;
      }
    } else if (last != NULL) {
      last->flags |= c == '-' ? MS_JX_P_CONTEXT : 0;
      last->flags |= c == '?' ? MS_JX_P_OPTIONAL : 0;
      last->flags |= c == '+' ? MS_JX_P_REPEATED : 0;
    }
  }
  return NULL;
}

/* ---- fitting ---- */

struct fit {
  struct ms_jx_eval *ev;
  const struct ms_jx_signature *signature;
  const struct ms_jx *args;
  size_t count;
  uint32_t taken[MS_JX_PARAMS_MAX]; /* arguments that each parameter takes */
};

static bool takes(const struct ms_jx_param *param, struct ms_jx arg)
{
  return (param->mask & letter_mask(ms_jx_type_letter(arg))) != 0;
}

/* Matches parameters from `index` on against arguments from `arg` on. */
static bool match(struct fit *fit, size_t index, size_t arg)
{
  if (index == fit->signature->count) {
    return arg == fit->count;
  }
  const struct ms_jx_param *param = &fit->signature->params[index];
  size_t most = (param->flags & MS_JX_P_REPEATED) != 0 ? fit->count - arg : 1;
  size_t run = 0;
  while (run < most && arg + run < fit->count && takes(param, fit->args[arg + run])) {
    run++;
  }
  size_t least = (param->flags & (MS_JX_P_OPTIONAL | MS_JX_P_CONTEXT)) != 0 ? 0 : 1;
  for (size_t n = run + 1; n > least; n--) {
    fit->taken[index] = (uint32_t)(n - 1);
    if (!ms_jx_spend(fit->ev, 1)) {
      return false; /* many repeated parameters can be fitted in very many ways */
    }
    if (match(fit, index + 1, arg + n - 1)) {
      return true;
    }
  }
  return false;
}

/* Which argument is wrong: the first behind the longest run of parameters that match. */
static bool fail_fit(struct fit *fit)
{
  size_t good = 0;
  for (size_t i = 0; i < fit->signature->count; i++) {
    const struct ms_jx_param *param = &fit->signature->params[i];
    size_t run = 0;
    size_t most = (param->flags & MS_JX_P_REPEATED) != 0 ? fit->count : 1;
    while (run < most && good + run < fit->count && takes(param, fit->args[good + run])) {
      run++;
    }
    if (run == 0 && (param->flags & (MS_JX_P_OPTIONAL | MS_JX_P_CONTEXT)) == 0) {
      break;
    }
    good += run;
  }
  ms_jx_fail_arg(fit->ev, "T0410", good < fit->count ? fit->args[good] : MS_JX_VALUE_UNDEFINED,
                 (uint32_t)good + 1);
  return false;
}

static const char *plural(char subtype)
{
  switch (subtype) {
  case 'a':
    return "arrays";
  case 'b':
    return "booleans";
  case 'f':
    return "functions";
  case 'n':
    return "numbers";
  case 'o':
    return "objects";
  default:
    return subtype == 's' ? "strings" : "undefined";
  }
}

/* An argument for an array parameter: checked against the item type, put into an array if it is none. */
static bool fit_array(struct fit *fit, const struct ms_jx_param *param, struct ms_jx arg,
                      uint32_t number, struct ms_jx *out)
{
  bool is_array = ms_jx_is_array(arg);
  bool is_ok = true;
  if (param->subtype != 0) {
    size_t count = is_array ? ms_jx_count(arg) : 0;
    if (!is_array) {
      is_ok = param->reserved == 0 && ms_jx_type_letter(arg) == param->subtype;
    } else if (!ms_jx_spend(fit->ev, count / 8)) {
      return false;
    }
    for (size_t i = 0; i < count && is_ok; i++) {
      is_ok = ms_jx_type_letter(ms_jx_at(arg, i)) == param->subtype;
    }
  }
  if (!is_ok) {
    ms_jx_fail_arg(fit->ev, "T0412", arg, number);
    fit->ev->error.value2 = ms_jx_text_value(ms_str_c(plural(param->subtype)));
    return false;
  }
  *out = is_array ? arg : ms_jx_list(fit->ev, &arg, 1);
  return !ms_jx_is_error(*out);
}

static bool fit_context(struct fit *fit, const struct ms_jx_param *param, size_t index,
                        struct ms_jx context, struct ms_jx *out)
{
  if (!takes(param, context)) {
    ms_jx_fail_arg(fit->ev, "T0411", context, (uint32_t)index + 1);
    return false;
  }
  *out = context;
  return true;
}

/* The usual case: one argument for each parameter, each of the right type. */
static bool fits_one_to_one(struct fit *fit)
{
  if (fit->count > fit->signature->count) {
    return false;
  }
  for (size_t i = 0; i < fit->count; i++) {
    if (!takes(&fit->signature->params[i], fit->args[i])) {
      return false;
    }
    fit->taken[i] = 1;
  }
  for (size_t i = fit->count; i < fit->signature->count; i++) {
    if ((fit->signature->params[i].flags & (MS_JX_P_OPTIONAL | MS_JX_P_CONTEXT)) == 0) {
      return false;
    }
    fit->taken[i] = 0;
  }
  return true;
}

bool ms_jx_signature_fit(struct ms_jx_eval *ev, const struct ms_jx_signature *signature,
                         const struct ms_jx *args, size_t count, struct ms_jx context,
                         struct ms_jx *out, size_t *out_count)
{
  struct fit fit = {ev, signature, args, count, {0}};
  if (!fits_one_to_one(&fit) && !match(&fit, 0, 0)) {
    return fail_fit(&fit);
  }
  size_t arg = 0;
  size_t n = 0;
  for (size_t i = 0; i < signature->count; i++) {
    const struct ms_jx_param *param = &signature->params[i];
    if (fit.taken[i] == 0) {
      if ((param->flags & MS_JX_P_CONTEXT) != 0) {
        if (!fit_context(&fit, param, arg, context, &out[n])) {
          return false;
        }
      } else {
        /* A parameter left out takes what is there all the same, as in the reference. */
        out[n] = arg < count ? args[arg] : MS_JX_VALUE_UNDEFINED;
        arg++;
      }
      n++;
    }
    for (size_t j = 0; j < fit.taken[i]; j++, arg++) {
      out[n] = arg < count ? args[arg] : MS_JX_VALUE_UNDEFINED;
      if ((param->flags & MS_JX_P_ARRAY) != 0 && out[n].type != MS_JX_UNDEFINED &&
          !fit_array(&fit, param, out[n], (uint32_t)arg + 1, &out[n])) {
        return false;
      }
      n++;
    }
  }
  *out_count = n;
  return true;
}
