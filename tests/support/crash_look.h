/* What the crash tests find in a store when all is done, as a fresh engine that only reads tells it. */
#ifndef CRASH_LOOK_H
#define CRASH_LOOK_H

/*
 * Ends the case when anything is not as planned. kills: how often the process has died. Returns how many starts
 * of tasks were repetitions.
 */
unsigned crash_look(const char *dir, unsigned count, unsigned kills);

#endif
