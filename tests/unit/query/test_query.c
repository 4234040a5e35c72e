/* engine/query/query.c */
#include "query/query.h"

#include "base/error.h"
#include "mt.h"

MT_TEST(query__finds_languages_by_name)
{
  const struct ms_query_lang *lang = ms_query_lang_find(MS_STR("JSONPath"));
  mt_ok(lang != NULL);
  mt_eq_str(lang->name, "JSONPath");
  mt_ok(ms_query_lang_find(MS_STR("jsonpath")) == NULL);
  mt_ok(ms_query_lang_find(MS_STR("")) == NULL);
}

MT_TEST(query__takes_no_query)
{
  struct ms_failure failure = MS_FAILURE_INIT;
  struct ms_query_env env = {0};
  struct ms_json out;
  mt_eq_int(ms_query_eval(&out, NULL, &env, &failure), MSTEP_EINVALID);
  mt_ok(ms_json_is_none(out));
  ms_query_references(NULL, NULL, NULL);
  ms_query_free(NULL);
}
