/* What carries out the operations of event source mappings, for those that name other things, too. */
#ifndef MS_API_EVENT_SOURCE_H
#define MS_API_EVENT_SOURCE_H

#include "api/members.h"
#include "source/source.h"

/* Answers with what the operation says of the request. */
int ms_api_mapping(struct ms_api_call *call, ms_source_operation operation);

#endif
