/* The latest lines of functions' logs, for ms_engine_logs (scripts.h). */
#ifndef MS_RUNTIME_LOGS_H
#define MS_RUNTIME_LOGS_H

#include "luavm/log.h"
#include "runtime/internal.h"

int ms_logs_new(struct ms_logs **out, const struct ms_engine *engine);
void ms_logs_free(struct ms_logs *logs); /* NULL is fine */
void ms_logs_add(struct ms_logs *logs, const struct ms_lua_log_record *record);

#endif
