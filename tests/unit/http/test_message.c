/* Looking into a request: words of headers, hosts, percent-encoding, queries. */
#include "mt.h"

#include "base/error.h"
#include "http/message.h"

MT_TEST(http_message__words_of_a_header)
{
  mt_ok(ms_http_has_word(MS_STR("close"), "Close"));
  mt_ok(ms_http_has_word(MS_STR("keep-alive ,\tCLOSE "), "close"));
  mt_ok(!ms_http_has_word(MS_STR("closed, xclose"), "close"));
  mt_ok(!ms_http_has_word(MS_STR(""), "close"));
}

MT_TEST(http_message__media_type)
{
  const struct ms_field header = {MS_STR("content-type"), MS_STR("text/x ; charset=utf-8")};
  const struct ms_http_message message = {.headers = &header, .header_count = 1};
  struct ms_str type = ms_http_media_type(&message);
  mt_eq_mem(type.data, type.len, "text/x");
}

MT_TEST(http_message__host_names)
{
  static const char *const rows[][2] = {{"a", "a"},          {"a:80", "a"}, {"[::1]", "::1"},
                                        {"[::1]:80", "::1"}, {"", ""},      {":80", ""}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct ms_str name = ms_http_host_name(ms_str_c(rows[i][0]));
    mt_eq_mem(name.data, name.len, rows[i][1]);
  }
}

static void check_decoded(const char *text, bool is_form, int err, const char *expected)
{
  struct ms_buf out;
  ms_buf_init(&out, 0);
  mt_eq_int(ms_http_decode(&out, ms_str_c(text), is_form), err);
  if (err == 0) {
    mt_eq_mem(out.data == NULL ? "" : out.data, out.len, expected);
  }
  ms_buf_deinit(&out);
}

MT_TEST(http_message__decoding)
{
  check_decoded("a%20b+c%2Bd%c3%A4", true, 0, "a b c+d\xc3\xa4");
  check_decoded("a+b", false, 0, "a+b");
  check_decoded("", true, 0, "");
  check_decoded("%", true, MSTEP_ESYNTAX, NULL);
  check_decoded("%4", true, MSTEP_ESYNTAX, NULL);
  check_decoded("%4g", true, MSTEP_ESYNTAX, NULL);
  check_decoded("%%41", true, MSTEP_ESYNTAX, NULL);
}

MT_TEST(http_message__queries)
{
  struct ms_str query = MS_STR("a=1&&b&=c&d=e=f&");
  static const char *const expected[] = {"a:1", "b:", ":c", "d:e=f"};
  size_t at = 0, count = 0;
  struct ms_field parameter;
  while (ms_http_query_next(query, &at, &parameter)) {
    mt_ok(count < 4);
    mt_eq_str(mt_format("%.*s:%.*s", MS_STR_ARG(parameter.name), MS_STR_ARG(parameter.value)),
              expected[count++]);
  }
  mt_eq_int(count, 4);
  at = 0;
  mt_ok(!ms_http_query_next((struct ms_str){NULL, 0}, &at, &parameter));
}
