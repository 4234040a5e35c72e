/* Base64: the vectors of RFC 4648, strictness, and Java's leniency (checked with OpenJDK 17). */
#include "mt.h"

#include "base/base64.h"
#include "base/error.h"
#include "base/random.h"

static const char *const vectors[][2] = {
    {"", ""},         {"f", "Zg=="},         {"fo", "Zm8="},        {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}, {"\xff\xfe\xfd", "//79"},
};

MT_TEST(base_base64__rfc_vectors)
{
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
    ms_buf_reset(&buf);
    ms_base64_encode(&buf, ms_str_c(vectors[i][0]));
    mt_eq_mem(buf.data, buf.len, vectors[i][1]);
    ms_buf_reset(&buf);
    mt_eq_int(ms_base64_decode(&buf, ms_str_c(vectors[i][1])), 0);
    mt_eq_mem(buf.data, buf.len, vectors[i][0]);
    ms_buf_reset(&buf);
    mt_eq_int(ms_base64_decode_lenient(&buf, ms_str_c(vectors[i][1])), 0);
    mt_eq_mem(buf.data, buf.len, vectors[i][0]);
  }
  ms_buf_deinit(&buf);
}

MT_TEST(base_base64__strict_refuses)
{
  static const char *const bad[] = {"Z",    "Zg",   "Zg=",      "Zm8",      "Z===",     "====",
                                    "Zg==Zg==", "Zh==", "Zm9=",  "Zm 8",     "Zm8=\n",   "Zm-_",
                                    "=Zm8", "Zm=8", "Zm9v\n", "Zm9vZg=a", "Zm9v====", "\xC3\xBC=="};
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    ms_buf_reset(&buf);
    if (ms_base64_decode(&buf, ms_str_c(bad[i])) != MSTEP_ESYNTAX) {
      mt_report("accepted: %s", bad[i]);
    }
  }
  ms_buf_deinit(&buf);
}

struct lenient {
  const char *text;
  const char *decoded; /* NULL: refused */
};

static const struct lenient lenient_rows[] = {
    {"YQ==", "a"},     {"YQ=", NULL},      {"YQ", "a"},           {"Y", NULL},
    {"YWI=", "ab"},    {"YWI", "ab"},      {"=", NULL},           {"YQ==YQ==", NULL},
    {"YQ==\n \n", "a"}, {"Y Q = =", NULL},  {"YQ=*=", NULL},       {"!!!!", ""},
    {"YWJj=", NULL},   {"YWJj", "abc"},    {"Y-W_I=", "ab"},      {"Y W\r\nJ*j", "abc"},
    {"YWJjZ", NULL},   {"YWI==", "ab"},    {"YR==", "a"},
};

MT_TEST(base_base64__lenient_as_java)
{
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  for (size_t i = 0; i < sizeof lenient_rows / sizeof lenient_rows[0]; i++) {
    const struct lenient *row = &lenient_rows[i];
    ms_buf_reset(&buf);
    int err = ms_base64_decode_lenient(&buf, ms_str_c(row->text));
    if (err != (row->decoded == NULL ? MSTEP_ESYNTAX : 0)) {
      mt_report("'%s': %d", row->text, err);
    } else if (err == 0) {
      mt_eq_mem(buf.data, buf.len, row->decoded);
    }
  }
  ms_buf_deinit(&buf);
}

MT_TEST(base_base64__any_bytes_come_back)
{
  struct ms_random random;
  struct ms_buf text;
  struct ms_buf back;
  ms_random_seed(&random, 3);
  ms_buf_init(&text, 0);
  ms_buf_init(&back, 0);
  for (size_t len = 0; len < 200; len++) {
    char bytes[200];
    for (size_t i = 0; i < len; i++) {
      bytes[i] = (char)ms_random_below(&random, 256);
    }
    ms_buf_reset(&text);
    ms_buf_reset(&back);
    ms_base64_encode(&text, (struct ms_str){bytes, len});
    mt_eq_int(ms_base64_decode(&back, ms_buf_view(&text)), 0);
    mt_ok(ms_str_eq(ms_buf_view(&back), (struct ms_str){bytes, len}));
  }
  ms_buf_deinit(&text);
  ms_buf_deinit(&back);
}

MT_TEST(base_base64__limits)
{
  struct ms_buf buf;
  ms_buf_init(&buf, 7);
  ms_base64_encode(&buf, MS_STR("foobar"));
  mt_eq_int(buf.error, MSTEP_ETOOBIG);
  ms_buf_deinit(&buf);
  ms_buf_init(&buf, 5);
  mt_eq_int(ms_base64_decode(&buf, MS_STR("Zm9vYmFy")), MSTEP_ETOOBIG);
  ms_buf_deinit(&buf);
}
