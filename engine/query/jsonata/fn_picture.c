/* The functions of pictures, until theirs are written: they fail. */
#include "query/jsonata/functions.h"
#define STUB(n) struct ms_jx ms_jx_fn_##n(struct ms_jx_eval *ev, struct ms_jx *args, size_t count){(void)args;(void)count;return ms_jx_fail(ev,"D3130");}
STUB(formatNumber) STUB(formatInteger) STUB(parseInteger) STUB(toMillis) STUB(fromMillis) STUB(now) STUB(millis)
