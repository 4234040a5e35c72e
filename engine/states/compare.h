/* Choice's comparisons of two values. */
#ifndef MS_STATES_COMPARE_H
#define MS_STATES_COMPARE_H

#include "asl/machine.h"

/* True when `value` stands in the rule's relation to `operand`; false for a mismatch of types. */
bool ms_compare_holds(const struct ms_rule *rule, struct ms_json value, struct ms_json operand);
/* StringMatches: `*` any run, `\*` a star, `\\` a backslash; the whole text must match. */
bool ms_compare_matches(struct ms_str pattern, struct ms_str text);

#endif
