/* Upper and lower case of Unicode letters, as ECMAScript and Java map them without a locale. */
#ifndef MS_QUERY_JSONATA_LETTERS_H
#define MS_QUERY_JSONATA_LETTERS_H

#include "query/jsonata/value.h"

/* The string in upper or lower case, or ERROR. */
struct ms_jx ms_jx_change_case(struct ms_jx_eval *ev, struct ms_jx text, bool is_upper);

#endif
