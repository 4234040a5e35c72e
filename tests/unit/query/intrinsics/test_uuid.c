/* engine/query/intrinsics/uuid.c */
#include "evaluate.h"
#include "mt.h"

MT_TEST(intrinsics_uuid__is_random_and_reproducible)
{
  struct evaluation e;
  struct ms_json template;
  struct ms_json first;
  struct ms_json second;
  mt_eq_int(evaluation_init(&e, NULL, NULL, NULL), 0);
  mt_eq_int(ms_json_parse(&template,
                          MS_STR("{\"a.$\":\"States.UUID()\",\"b.$\":\"States.UUID()\"}"), NULL,
                          NULL),
            0);
  mt_eq_int(evaluate(&first, &e, MS_QUERY_TEMPLATE, "Parameters", template), 0);
  struct ms_str a = ms_json_text(ms_json_getc(first, "a"));
  mt_eq_int(a.len, 36);
  mt_ok(a.data[8] == '-' && a.data[14] == '4' && strchr("89ab", a.data[19]) != NULL);
  mt_ok(!ms_json_equal(ms_json_getc(first, "a"), ms_json_getc(first, "b")));
  ms_random_seed(&e.random, 1);
  mt_eq_int(evaluate(&second, &e, MS_QUERY_TEMPLATE, "Parameters", template), 0);
  mt_ok(ms_json_equal(first, second));
  ms_json_unref(first);
  ms_json_unref(second);
  ms_json_unref(template);
  evaluation_deinit(&e);
}
