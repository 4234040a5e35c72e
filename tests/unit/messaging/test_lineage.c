/* Lineage: counted, carried in a trace header, and nothing that somebody else wrote there does harm. */
#include "messaging/lineage.h"

#include "base/error.h"
#include "mt.h"

#define F "arn:aws:lambda:us-east-1:000000000000:function:f"
#define G "arn:aws:lambda:us-east-1:000000000000:function:g"

static const char *next(const char *lineage, const char *arn)
{
  struct ms_buf out;
  ms_buf_init(&out, 0);
  mt_eq_int(ms_lineage_next(&out, ms_str_c(lineage), ms_str_c(arn)), 0);
  const char *text = mt_format("%.*s", MS_STR_ARG(ms_buf_view(&out)));
  ms_buf_deinit(&out);
  return text;
}

static const char *through_header(const char *lineage)
{
  struct ms_random random;
  struct ms_buf header, out;
  ms_random_seed(&random, 1);
  ms_buf_init(&header, 0);
  ms_buf_init(&out, 0);
  mt_eq_int(ms_lineage_print_header(&header, ms_str_c(lineage), &random), 0);
  mt_eq_int(ms_lineage_read_header(&out, ms_buf_view(&header)), 0);
  const char *text = mt_format("%.*s", MS_STR_ARG(ms_buf_view(&out)));
  ms_buf_deinit(&header);
  ms_buf_deinit(&out);
  return text;
}

static int64_t count(const char *lineage, const char *arn)
{
  return ms_lineage_count(ms_str_c(lineage), ms_str_c(arn));
}

MT_TEST(lineage__counts_each_function)
{
  const char *lineage = next(next(next("", F), G), F);
  mt_eq_str(lineage, "{\"" F "\":2,\"" G "\":1}");
  mt_eq_int(count(lineage, F), 2);
  mt_eq_int(count("", F), 0);
}

MT_TEST(lineage__goes_on_behind_a_header)
{
  const char *lineage = through_header(next(next(next("", F), G), F));
  mt_eq_int(count(lineage, F), 2);
  mt_eq_int(count(lineage, G), 1);
  lineage = through_header(next(lineage, F));
  mt_eq_int(count(lineage, F), 3);
  mt_eq_int(count(lineage, G), 1);
  mt_eq_str(through_header(""), "");
  mt_eq_str(through_header("{}"), "");
}

MT_TEST(lineage__what_others_write)
{
  static const char *const headers[] = {
      "",          "Root=1-2-3", "Lineage=",           "Lineage=1:zzzzzzzz:3", "Lineage=1:12345678",
      "Lineage=:", "Lineage=|||", "Lineage=1:12345678:", "Lineage=1:12345678:-1",
      "Lineage=1:12345678:99999999999999999999"};
  for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
    struct ms_buf out;
    ms_buf_init(&out, 0);
    mt_eq_int(ms_lineage_read_header(&out, ms_str_c(headers[i])), 0);
    mt_eq_int(out.len, 0);
    ms_buf_deinit(&out);
  }
  static const char *const texts[] = {"[]", "1", "{", "{\"" F "\":\"x\"}", "{\"" F "\":-5}",
                                      "{\"" F "\":1e300}"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    mt_eq_int(count(texts[i], F), 0);
    mt_eq_int(count(next(texts[i], F), F), 1);
  }
}

MT_TEST(lineage__so_many_functions_and_no_more)
{
  const char *lineage = "";
  for (int i = 0; i < 100; i++) {
    lineage = next(lineage, mt_format("%s%d", F, i));
  }
  mt_eq_int(count(lineage, F "0"), 1);
  mt_eq_int(count(lineage, F "99"), 0);
  mt_eq_int(count(next(lineage, F "0"), F "0"), 2);
}

static int whole(void *user)
{
  struct ms_random random;
  struct ms_buf header, out;
  (void)user;
  ms_random_seed(&random, 1);
  ms_buf_init(&header, 0);
  ms_buf_init(&out, 0);
  int err = ms_lineage_next(&out, MS_STR("{\"" G "\":1}"), MS_STR(F));
  err = err != 0 ? err : ms_lineage_print_header(&header, ms_buf_view(&out), &random);
  err = err != 0 ? err : ms_lineage_read_header(&out, ms_buf_view(&header));
  ms_buf_deinit(&header);
  ms_buf_deinit(&out);
  return err;
}

MT_TEST(lineage__out_of_memory)
{
  mt_oom(whole, NULL);
}
