/*
 * Fuzzes the records of executions. The first byte chooses: its lowest bit says whether lists of events
 * or a state follow, the rest which machine they are said to be of. Whatever is accepted goes on for a
 * while, is written and read again.
 */
#include <stdint.h>

#include "trial.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static struct trial trials[TRIAL_MACHINES];
  if (size == 0)
    return 0;
  struct trial *trial = &trials[data[0] / 2 % TRIAL_MACHINES];
  struct ms_str bytes = {(const char *)data + 1, size - 1};
  if (trial->drive.machine == NULL) /* compiled once: the trial changes nothing of it */
    trial_open(trial, data[0] / 2 % TRIAL_MACHINES);
  if ((data[0] & 1) != 0)
    trial_execution(trial, bytes);
  else
    trial_events(trial, bytes);
  return 0;
}
