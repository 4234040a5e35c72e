/* ms_asl_options.is_portable: what AWS would not take is an error, and only when that is asked for. */
#include "asl/asl.h"
#include "asl_check.h"
#include "base/alloc.h"
#include "base/error.h"
#include "mt.h"
#include "states/states.h"

/* A language of ours that takes everything, and complains when it is told to. */
static int ours_compile(struct ms_query **out, const struct ms_query_lang *lang,
                        const struct ms_query_source *source, ms_query_report_cb report, void *user)
{
  *out = NULL;
  if ((source->allow & MS_QUERY_PORTABLE) != 0) {
    report("NOT_PORTABLE", source->pointer, MS_STR("is ours"), MS_STR("Write x."), user);
    return MSTEP_EDEFINITION;
  }
  struct ms_query *query = ms_calloc(1, sizeof *query);
  if (query == NULL) {
    return ms_error_nomem();
  }
  *query = (struct ms_query){lang, source->kind};
  *out = query;
  return 0;
}

static void ours_references(const struct ms_query *query, ms_query_reference_cb cb, void *user)
{
  (void)query;
  (void)cb;
  (void)user;
}

static void ours_free(struct ms_query *query)
{
  ms_free(query);
}

static const struct ms_query_lang ours = {
    .name = "Ours", .compile = ours_compile, .references = ours_references, .free = ours_free};
static const struct ms_query_lang *const langs[] = {&ours, NULL};

static void check(const char *definition, bool is_portable, const char *expected)
{
  struct ms_asl_options options = {.types = ms_states_all, .langs = langs, .is_portable = is_portable};
  struct ms_diagnostics list;
  struct ms_machine *machine;
  struct ms_buf out;
  mt_leak_begin();
  ms_buf_init(&out, MS_BUF_MAX_DEFAULT);
  mt_eq_int(ms_diagnostics_init(&list, 100), 0);
  int err = ms_asl_compile(&machine, ms_str_c(asl_text(definition)), &options, &list);
  mt_eq_int(err, expected[0] == '\0' ? 0 : MSTEP_EDEFINITION);
  for (size_t i = 0; i < list.count; i++) {
    ms_buf_printf(&out, "%s %.*s: %.*s|", list.items[i].code, MS_STR_ARG(list.items[i].pointer),
                  MS_STR_ARG(list.items[i].message));
    mt_ok(list.items[i].hint.len > 0);
  }
  mt_eq_str(out.data == NULL ? "" : out.data, expected);
  ms_buf_deinit(&out);
  ms_machine_unref(machine);
  ms_diagnostics_deinit(&list);
  mt_leak_end();
}

#define RULE "'A':{'Type':'Choice','Choices':[{'Rule':'r.x','Next':'B'}],'Default':'B'},'B':{'Type':'Succeed'}"
#define NESTED                                                                                       \
  "'A':{'Type':'Choice','Choices':[{'Not':{'Rule':'r.x'},'Next':'B'}],'Default':'B'},'B':{'Type':"   \
  "'Succeed'}"
#define MACHINE(language, states) "{" language "'StartAt':'A','States':{" states "}}"

MT_TEST(asl_portable__rules)
{
  check(MACHINE("", RULE), false, "");
  check(MACHINE("", RULE), true,
        "NOT_PORTABLE /States/A/Choices[0]/Rule: AWS does not know the field 'Rule'|");
  check(MACHINE("", NESTED), true,
        "NOT_PORTABLE /States/A/Choices[0]/Not/Rule: AWS does not know the field 'Rule'|");
  check(MACHINE("'QueryLanguage':'JSONata',", RULE), true,
        "NOT_PORTABLE /States/A/Choices[0]/Rule: AWS does not know the field 'Rule'|");
}

MT_TEST(asl_portable__languages)
{
  static const char state[] = MACHINE("", "'A':{'Type':'Pass','QueryLanguage':'Ours','Output':{'x':'{% 1 %}'},"
                                          "'End':true}");
  check(state, false, "");
  check(state, true,
        "NOT_PORTABLE /States/A/QueryLanguage: AWS does not know the query language 'Ours'|"
        "NOT_PORTABLE /States/A/Output: is ours|");
  check(MACHINE("'QueryLanguage':'Ours',", "'A':{'Type':'Succeed'}"), true,
        "NOT_PORTABLE /QueryLanguage: AWS does not know the query language 'Ours'|");
  check(MACHINE("'QueryLanguage':'JSONata',", "'A':{'Type':'Pass','Output':'{% 1 %}','End':true}"), true, "");
  check(MACHINE("", "'A':{'Type':'Pass','Parameters':{'x.$':'$.a'},'End':true}"), true, "");
}
