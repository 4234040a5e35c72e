/* AWS's rules for names, and the ARNs made of them. */
#ifndef MS_RUNTIME_NAMES_H
#define MS_RUNTIME_NAMES_H

#include "base/buf.h"

/* Of a machine or execution: MSTEP_EINVALID with `Invalid Name: 'x'` as detail. */
int ms_name_check(struct ms_str name);
/* Characters of an account (12 digits) and a region ("us-east-1"): MSTEP_EINVALID. */
int ms_region_check(struct ms_str region);
int ms_account_check(struct ms_str account);

#endif
