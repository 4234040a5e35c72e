/*
 * Numbers and values as Java writes them, for the places where AWS's answers show through:
 * objects in States.Format, filter comparisons of numbers with text, messages.
 */
#ifndef MS_QUERY_JAVA_TEXT_H
#define MS_QUERY_JAVA_TEXT_H

#include "json/json.h"

/* As Map.toString and List.toString: {a=1, b=[x, null]}; strings bare, numbers as in JSON. */
void ms_java_print(struct ms_buf *out, struct ms_json value);

/*
 * new BigDecimal(text).toString() appended to out, and the number itself in *value (may be NULL).
 * MSTEP_EINVALID when the text is not a number by BigDecimal's grammar.
 */
int ms_java_decimal(struct ms_buf *out, struct ms_json *value, struct ms_str text);

/* The same for a number of a document, which Java had read as a long or a double. */
int ms_java_number(struct ms_buf *out, struct ms_json number);

#endif
