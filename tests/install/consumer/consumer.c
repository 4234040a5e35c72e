/* What a stranger writes first: include the header, call something that needs the whole library. */
#include <stdio.h>
#include <string.h>

#include <mstep/mstep.h>

int main(void)
{
  if (strcmp(mstep_version(), "0.1.0") != 0) {
    printf("unexpected version %s\n", mstep_version());
    return 1;
  }
  printf("mstep %s: %s\n", mstep_version(), mstep_strerror(MSTEP_ENOMEM));
  return 0;
}
