/* Fault points. Only in builds with MSTEP_FAULTS; says nothing of what a fault is, which is the hook's. */
#include "base/fault.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#ifdef MSTEP_FAULTS

/* `left` alone is written while threads run: passings until the hook is called, 0 = never. */
static struct {
  enum ms_fault point;
  ms_fault_hook hook;
  atomic_uint left;
} armed;

static const char *const names[] = {
#define MS_FAULT_POINT(name) #name,
#include "base/faults.def"
#undef MS_FAULT_POINT
};

void ms_fault_arm(enum ms_fault point, unsigned after, ms_fault_hook hook)
{
  assert(point < MS_FAULT_COUNT && (after == 0 || hook != NULL));
  armed.point = point;
  armed.hook = hook;
  atomic_store(&armed.left, after);
}

void ms_fault_pass(enum ms_fault point)
{
  if (point == armed.point && atomic_load(&armed.left) > 0 &&
      atomic_fetch_sub(&armed.left, 1) == 1) {
    armed.hook(point);
  }
}

const char *ms_fault_name(enum ms_fault point)
{
  assert(point < MS_FAULT_COUNT);
  return names[point];
}

int ms_fault_parse(enum ms_fault *point, unsigned *after, const char *text)
{
  size_t len = strcspn(text, ":");
  for (unsigned i = 0; i < MS_FAULT_COUNT && text[len] == ':'; i++) {
    if (strlen(names[i]) == len && strncmp(names[i], text, len) == 0) {
      char *end = NULL;
      unsigned long number = strtoul(text + len + 1, &end, 10);
      if (text[len + 1] < '1' || text[len + 1] > '9' || *end != '\0' || number > 1000000) {
        return ms_error(MSTEP_EINVALID, "\"%s\": a number from 1 to 1000000 has to follow the name",
                        text);
      }
      *point = (enum ms_fault)i;
      *after = (unsigned)number;
      return 0;
    }
  }
  return ms_error(MSTEP_EINVALID, "\"%s\" is no fault point: give NAME:NUMBER", text);
}

#endif
