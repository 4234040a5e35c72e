/* Base64 and URL encoding. */
#include "base/base64.h"
#include "base/utf8.h"
#include "query/jsonata/functions.h"

/* Latin-1 text is encoded byte by letter, as the reference does; any other text by its UTF-8. */
struct ms_jx ms_jx_fn_base64encode(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  if (args[0].type == MS_JX_UNDEFINED) {
    return args[0];
  }
  struct ms_str s = ms_jx_text(args[0]);
  struct ms_buf latin;
  struct ms_buf out;
  ms_buf_init(&latin, ev->max_value_bytes);
  ms_buf_init(&out, ev->max_value_bytes);
  bool is_latin = true;
  for (size_t at = 0; at < s.len && is_latin;) {
    uint32_t letter = ms_utf8_next(s, &at);
    is_latin = letter < 256;
    ms_buf_char(&latin, (char)letter);
  }
  if (latin.error != 0) {
    ms_buf_deinit(&out);
    return ms_jx_take_buf(ev, &latin);
  }
  ms_base64_encode(&out, is_latin ? ms_buf_view(&latin) : s);
  ms_buf_deinit(&latin);
  return ms_jx_spend(ev, s.len / 32) ? ms_jx_take_buf(ev, &out)
                                     : (ms_buf_deinit(&out), MS_JX_VALUE_ERROR);
}

/* The reverse: valid UTF-8 stays what it is, other bytes are Latin-1 letters. */
struct ms_jx ms_jx_fn_base64decode(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  if (args[0].type == MS_JX_UNDEFINED) {
    return args[0];
  }
  struct ms_buf bytes;
  struct ms_buf out;
  ms_buf_init(&bytes, ev->max_value_bytes);
  ms_buf_init(&out, ev->max_value_bytes);
  if (ms_base64_decode_lenient(&bytes, ms_jx_text(args[0])) == MSTEP_ENOMEM) {
    ms_buf_deinit(&bytes);
    return ms_jx_fail_nomem(ev);
  }
  struct ms_str view = bytes.len == 0 ? MS_STR("") : ms_buf_view(&bytes);
  if (ms_utf8_check(view) == view.len) {
    ms_buf_deinit(&out);
    return ms_jx_take_buf(ev, &bytes);
  }
  for (size_t i = 0; i < view.len; i++) {
    char letter[4];
    ms_buf_put(&out, letter, ms_utf8_put(letter, (unsigned char)view.data[i]));
  }
  ms_buf_deinit(&bytes);
  return ms_jx_take_buf(ev, &out);
}

/* ---- URLs ---- */

#define UNRESERVED "-_.!~*'()"
#define RESERVED ";/?:@&=+$,#"

static bool is_plain(char c, const char *marks)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         (c != '\0' && strchr(marks, c) != NULL);
}

static struct ms_jx encode(struct ms_jx_eval *ev, struct ms_jx text, const char *marks)
{
  static const char hex[] = "0123456789ABCDEF";
  if (text.type == MS_JX_UNDEFINED) {
    return text;
  }
  struct ms_str s = ms_jx_text(text);
  struct ms_buf out;
  ms_buf_init(&out, ev->max_value_bytes);
  for (size_t i = 0; i < s.len; i++) {
    unsigned char c = (unsigned char)s.data[i];
    if (is_plain((char)c, marks)) {
      ms_buf_char(&out, (char)c);
    } else {
      char triple[3] = {'%', hex[c >> 4], hex[c & 15]};
      ms_buf_put(&out, triple, 3);
    }
  }
  return ms_jx_take_buf(ev, &out);
}

static int hex_digit(char c)
{
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  return (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

static struct ms_jx fail_url(struct ms_jx_eval *ev, struct ms_jx text, struct ms_str name)
{
  ms_jx_fail_value(ev, "D3140", text);
  ev->error.value2 = ms_jx_text_value(name);
  return MS_JX_VALUE_ERROR;
}

/* Escapes of the characters in `kept` stay as they are. */
static struct ms_jx decode(struct ms_jx_eval *ev, struct ms_jx text, const char *kept,
                           struct ms_str name)
{
  if (text.type == MS_JX_UNDEFINED) {
    return text;
  }
  struct ms_str s = ms_jx_text(text);
  struct ms_buf out;
  ms_buf_init(&out, ev->max_value_bytes);
  for (size_t i = 0; i < s.len; i++) {
    if (s.data[i] != '%') {
      ms_buf_char(&out, s.data[i]);
      continue;
    }
    int high = i + 2 < s.len ? hex_digit(s.data[i + 1]) : -1;
    int low = i + 2 < s.len ? hex_digit(s.data[i + 2]) : -1;
    if (high < 0 || low < 0) {
      ms_buf_deinit(&out);
      return fail_url(ev, text, name);
    }
    char c = (char)(high * 16 + low);
    if (c != '\0' && strchr(kept, c) != NULL) {
      ms_buf_put(&out, s.data + i, 3);
    } else {
      ms_buf_char(&out, c);
    }
    i += 2;
  }
  struct ms_str view = out.len == 0 ? MS_STR("") : ms_buf_view(&out);
  if (out.error == 0 && ms_utf8_check(view) != view.len) {
    ms_buf_deinit(&out);
    return fail_url(ev, text, name);
  }
  return ms_jx_take_buf(ev, &out);
}

struct ms_jx ms_jx_fn_encodeUrlComponent(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  return encode(ev, args[0], UNRESERVED);
}

struct ms_jx ms_jx_fn_encodeUrl(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  return encode(ev, args[0], UNRESERVED RESERVED);
}

struct ms_jx ms_jx_fn_decodeUrlComponent(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  return decode(ev, args[0], "", MS_STR("decodeUrlComponent"));
}

struct ms_jx ms_jx_fn_decodeUrl(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  return decode(ev, args[0], RESERVED, MS_STR("decodeUrl"));
}
