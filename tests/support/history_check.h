/*
 * Is this a history that a Standard execution can have? Folds the events of GetExecutionHistory without the
 * engine: what may follow what, that nothing is followed twice but what begins branches and iterations, and
 * that ids have no gap.
 */
#ifndef HISTORY_CHECK_H
#define HISTORY_CHECK_H

#include "json/json.h"

/* NULL, or what is wrong, kept until the case ends. events: the array. */
const char *history_check(struct ms_json events);
unsigned history_count(struct ms_json events, const char *type);

#endif
