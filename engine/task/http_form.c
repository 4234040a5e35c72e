/* application/x-www-form-urlencoded, as the HTTP task writes bodies and queries. */
#include "task/http.h"

#include <stdio.h>

#include "base/error.h"

static bool is_plain(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '~';
}

static void put_encoded(struct ms_buf *out, struct ms_str text)
{
  static const char digits[] = "0123456789ABCDEF";
  for (size_t i = 0; i < text.len; i++) {
    unsigned char c = (unsigned char)text.data[i];
    if (is_plain((char)c)) {
      ms_buf_char(out, (char)c);
    } else {
      ms_buf_char(out, '%');
      ms_buf_char(out, digits[c >> 4]);
      ms_buf_char(out, digits[c & 15]);
    }
  }
}

void ms_task_http_pair(struct ms_buf *out, char before, struct ms_str name, struct ms_str value)
{
  if (before != '\0') {
    ms_buf_char(out, before);
  }
  put_encoded(out, name);
  ms_buf_char(out, '=');
  put_encoded(out, value);
}

/* Where a value stands: the names above it, as `a[b][0]`. */
struct form {
  struct ms_buf *out;
  struct ms_str format;
  struct ms_buf name;
  bool has_any;
};

static void put_scalar(struct form *form, struct ms_json value)
{
  struct ms_json text = ms_json_is_string(value) ? ms_json_ref(value) : ms_json_print_value(value);
  if (ms_json_is_none(text)) {
    form->out->error = MSTEP_ENOMEM;
  }
  ms_task_http_pair(form->out, form->has_any ? '&' : '\0', ms_buf_view(&form->name),
                    ms_json_text(text));
  form->has_any = true;
  ms_json_unref(text);
}

static void put_value(struct form *form, struct ms_json value);

/* The value under the present name and `[part]`. */
static void put_under(struct form *form, struct ms_str part, struct ms_json value)
{
  size_t len = form->name.len;
  ms_buf_char(&form->name, '[');
  ms_buf_str(&form->name, part);
  ms_buf_char(&form->name, ']');
  put_value(form, value);
  form->name.len = len;
}

static void put_commas(struct form *form, struct ms_json list)
{
  struct ms_buf text;
  ms_buf_init(&text, 0);
  for (size_t i = 0; i < ms_json_count(list); i++) {
    struct ms_json item = ms_json_at(list, i);
    ms_buf_cstr(&text, i == 0 ? "" : ",");
    if (ms_json_is_string(item)) {
      ms_buf_str(&text, ms_json_text(item));
    } else {
      ms_json_print(&text, item);
    }
  }
  ms_task_http_pair(form->out, form->has_any ? '&' : '\0', ms_buf_view(&form->name),
                    ms_buf_view(&text));
  form->has_any = true;
  form->out->error = form->out->error != 0 ? form->out->error : text.error;
  ms_buf_deinit(&text);
}

static void put_list(struct form *form, struct ms_json list)
{
  if (ms_str_is(form->format, "COMMAS")) {
    put_commas(form, list);
    return;
  }
  for (size_t i = 0; i < ms_json_count(list); i++) {
    char index[24];
    snprintf(index, sizeof index, "%zu", i);
    if (ms_str_is(form->format, "REPEAT")) {
      put_value(form, ms_json_at(list, i));
    } else {
      put_under(form, ms_str_is(form->format, "BRACKETS") ? MS_STR("") : ms_str_c(index),
                ms_json_at(list, i));
    }
  }
}

/* As deep as JSON may be. */
static void put_value(struct form *form, struct ms_json value)
{
  if (ms_json_is_array(value)) {
    put_list(form, value);
  } else if (ms_json_is_object(value)) {
    for (size_t i = 0; i < ms_json_count(value); i++) {
      put_under(form, ms_json_key(value, i), ms_json_member(value, i));
    }
  } else {
    put_scalar(form, value);
  }
}

void ms_task_http_form(struct ms_buf *out, struct ms_json object, struct ms_str array_format)
{
  struct form form = {.out = out, .format = array_format};
  ms_buf_init(&form.name, 0);
  for (size_t i = 0; i < ms_json_count(object); i++) {
    ms_buf_reset(&form.name);
    ms_buf_str(&form.name, ms_json_key(object, i));
    put_value(&form, ms_json_member(object, i));
  }
  out->error = out->error != 0 ? out->error : form.name.error;
  ms_buf_deinit(&form.name);
}
