/*
 * The scheduler's universal targets, arn:aws:scheduler:::aws-sdk:SERVICE:action: an operation by its name, and the input
 * as its request. Pure; who carries it out is the runtime's.
 */
#ifndef MS_MESSAGING_UNIVERSAL_H
#define MS_MESSAGING_UNIVERSAL_H

#include "base/buf.h"

bool ms_universal_is_target(struct ms_str arn); /* of any service */
bool ms_universal_is_known(struct ms_str arn);  /* of one whose operations are ours */
/*
 * "sqs:SendMessage", and the request as our operation takes it; both appended. MSTEP_EUNSUPPORTED: see is_known.
 * MSTEP_ESYNTAX: the input is no JSON object. MSTEP_ENOMEM.
 */
int ms_universal_request(struct ms_buf *operation, struct ms_buf *request, struct ms_str arn,
                         struct ms_str input);

#endif
