/*
 * The door to the query languages: finds one by name and passes calls on to the language that
 * compiled a query. Knows nothing of any language but the rows of langs.def.
 */
#include "query/query.h"

#include "base/error.h"

#define MS_QUERY_LANG(symbol) extern const struct ms_query_lang symbol;
#include "query/langs.def"
#undef MS_QUERY_LANG

static const struct ms_query_lang *const query_langs[] = {
#define MS_QUERY_LANG(symbol) &symbol,
#include "query/langs.def"
#undef MS_QUERY_LANG
};

const struct ms_query_lang *ms_query_lang_find(struct ms_str name)
{
  for (size_t i = 0; i < sizeof query_langs / sizeof query_langs[0]; i++) {
    if (ms_str_is(name, query_langs[i]->name)) {
      return query_langs[i];
    }
  }
  return NULL;
}

int ms_query_eval(struct ms_json *out, const struct ms_query *query, struct ms_query_env *env,
                  struct ms_failure *failure)
{
  *out = MS_JSON_VALUE_NONE;
  if (query == NULL) {
    return ms_error(MSTEP_EINVALID, "evaluation of no query");
  }
  return query->lang->eval(out, query, env, failure);
}

void ms_query_references(const struct ms_query *query, ms_query_reference_cb cb, void *user)
{
  if (query != NULL) {
    query->lang->references(query, cb, user);
  }
}

void ms_query_free(struct ms_query *query)
{
  if (query != NULL) {
    query->lang->free(query);
  }
}

struct ms_str ms_query_text(const struct ms_query *query)
{
  return query->lang->text == NULL ? MS_STR("") : query->lang->text(query);
}
