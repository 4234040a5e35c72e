/* States.UUID. */
#include "query/intrinsics/call.h"

int ms_call_uuid(struct ms_json *out, struct ms_call_run *run, const struct ms_json *args,
                 size_t count)
{
  char text[37];
  (void)args;
  (void)count;
  ms_random_uuid(run->env->random, text);
  *out = ms_json_cstring(text);
  return 0;
}
