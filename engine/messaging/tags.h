/* Tags of topics, buses, rules and tables: [{"Key", "Value"}], in the order in which they were given. */
#ifndef MS_MESSAGING_TAGS_H
#define MS_MESSAGING_TAGS_H

#include "json/json.h"

#define MS_TAGS_MAX 50

/* The tags without those whose keys are in `keys` (texts) or among `added`, then these. MSTEP_ENOMEM. */
int ms_tags_change(struct ms_json *out, struct ms_json tags, struct ms_json keys,
                   struct ms_json added);
/* {"Tags": tags}, which may be NONE. MSTEP_ENOMEM. */
int ms_tags_answer(struct ms_json *reply, struct ms_json tags);

#endif
