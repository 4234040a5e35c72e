/* What call.c shares with the files that make functions of other kinds. */
#ifndef MS_QUERY_JSONATA_CALL_H
#define MS_QUERY_JSONATA_CALL_H

#include "query/jsonata/eval.h"

struct ms_jx ms_jx_call_builtin(struct ms_jx_eval *ev, const struct ms_jx_builtin *builtin,
                                struct ms_jx *args, size_t count, struct ms_jx context);
/* A regular expression called as a function, or the `next` of a match. */
struct ms_jx ms_jx_regex_call(struct ms_jx_eval *ev, const struct ms_jx_function *f,
                              struct ms_jx value);

#endif
