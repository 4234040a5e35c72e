/*
 * Error messages from their templates (errors.def), and positions: bytes while we work, UTF-16 units
 * for the user, as the reference counts.
 */
#include "query/jsonata/error.h"

#include "base/utf8.h"

static const struct {
  char code[6];
  const char *text;
} templates[] = {
#define MS_JX_ERROR(code, text) {code, text},
#include "query/jsonata/errors.def"
#undef MS_JX_ERROR
};

static const char *find_template(const char *code)
{
  for (size_t i = 0; i < sizeof templates / sizeof *templates; i++) {
    if (strcmp(templates[i].code, code) == 0) {
      return templates[i].text;
    }
  }
  return code;
}

static void put_value(struct ms_buf *out, struct ms_jx value, bool is_bare)
{
  if (value.type == MS_JX_UNDEFINED) {
    ms_buf_cstr(out, "undefined");
  } else if (is_bare && ms_jx_is_string(value)) {
    ms_buf_str(out, ms_jx_text(value));
  } else {
    ms_jx_print_message(out, value);
  }
}

/* Writes the part whose name begins at `name`. */
static void put_part(struct ms_buf *out, const char *name, bool is_bare,
                     const struct ms_jx_error *error)
{
  if (strncmp(name, "token", 5) == 0) {
    put_value(out, error->token, is_bare);
  } else if (strncmp(name, "value2", 6) == 0) {
    put_value(out, error->value2, is_bare);
  } else if (strncmp(name, "value", 5) == 0) {
    put_value(out, error->value, is_bare);
  } else {
    ms_buf_int(out, error->index);
  }
}

static void put_message(struct ms_buf *out, const struct ms_jx_error *error)
{
  const char *p = error->code[0] == '\0' ? error->text : find_template(error->code);
  while (*p != '\0') {
    if (p[0] != '{' || p[1] != '{') {
      ms_buf_char(out, *p++);
      continue;
    }
    bool is_bare = p[2] == '{';
    p += is_bare ? 3 : 2;
    put_part(out, p, is_bare, error);
    while (*p != '}' && *p != '\0') {
      p++;
    }
    for (int i = is_bare ? 3 : 2; i > 0 && *p == '}'; i--) {
      p++;
    }
  }
}

void ms_jsonata_error_deinit(struct ms_jsonata_error *error)
{
  ms_json_unref(error->token);
  ms_json_unref(error->message);
  *error = (struct ms_jsonata_error)MS_JSONATA_ERROR_INIT;
}

int ms_jx_error_fill(struct ms_jsonata_error *out, const struct ms_jx_error *error,
                     struct ms_str source)
{
  struct ms_buf text;
  ms_buf_init(&text, MS_JX_MESSAGE_MAX);
  put_message(&text, error);
  *out = (struct ms_jsonata_error)MS_JSONATA_ERROR_INIT;
  bool is_nomem = text.error == MSTEP_ENOMEM;
  if (!is_nomem) {
    /* A cut at the maximum falls between pieces, so the text stays valid. */
    out->message = ms_json_string(ms_buf_view(&text));
    is_nomem = ms_json_is_none(out->message);
  }
  ms_buf_deinit(&text);
  if (!is_nomem && error->token.type != MS_JX_UNDEFINED) {
    out->token = ms_jx_is_string(error->token) ? ms_json_string(ms_jx_text(error->token))
                                               : ms_json_ref(ms_jx_as_json(error->token));
    is_nomem = ms_json_is_none(out->token);
  }
  if (is_nomem) {
    ms_jsonata_error_deinit(out);
    return MSTEP_ENOMEM;
  }
  memcpy(out->code, error->code, strlen(error->code) + 1);
  out->is_result_type = error->is_result_type;
  out->has_position = error->has_pos;
  if (error->has_pos) {
    out->position = (uint32_t)ms_utf8_count_utf16(ms_str_sub(source, 0, error->pos));
  }
  return MS_FAILED;
}
