/*
 * Executions in a store that fails, under engines that are killed: tests/support/sim.h says what must hold.
 * MSTEP_SIM_SEEDS=n runs n seeds, MT_SEED=n (or --seed n) only that one and tells what happens.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "mt.h"
#include "sim.h"

#ifndef __has_feature
#define __has_feature(name) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||                                \
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SEEDS 100 /* several times slower */
#else
#define SEEDS 500
#endif

static uint64_t number_from(const char *name, uint64_t otherwise)
{
  const char *text = getenv(name);
  return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

/* Folders of results. */
static unsigned written(void)
{
  unsigned count = 0;
  DIR *all = opendir(mt_format("%s/buckets/out", mt_tmpdir()));
  for (struct dirent *entry; all != NULL && (entry = readdir(all)) != NULL;) {
    count += entry->d_name[0] != '.';
  }
  if (all != NULL) {
    closedir(all);
  }
  return count;
}

MT_TEST(durable__nothing_that_was_told_is_lost)
{
  uint64_t one = number_from("MT_SEED", 0);
  uint64_t first = one != 0 ? one : number_from("MSTEP_SIM_FIRST", 1);
  uint64_t count = one != 0 ? 1 : number_from("MSTEP_SIM_SEEDS", SEEDS);
  struct sim_counts counts = {0};
  for (uint64_t seed = first; seed < first + count; seed++) {
    mt_leak_begin();
    sim_run(seed, one != 0, &counts);
    mt_leak_end();
  }
  mt_note("%llu seeds: %llu executions, %llu tasks, %llu events, %llu lives, %llu kills, %llu failures "
          "of the store, %llu redrives, %llu purges, %u map runs written",
          (unsigned long long)count, (unsigned long long)counts.executions,
          (unsigned long long)counts.tasks, (unsigned long long)counts.events,
          (unsigned long long)counts.lives, (unsigned long long)counts.crashes,
          (unsigned long long)counts.failures, (unsigned long long)counts.redrives,
          (unsigned long long)counts.purges, written());
  mt_ok(count < SEEDS || written() > 0);
}
