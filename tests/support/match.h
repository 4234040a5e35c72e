/*
 * Compares what an engine answered with what was recorded from AWS, by the rules of the recordings:
 * JSON text may stand as the value it parses to, and wildcards (pointer -> glob) say what varies.
 */
#ifndef MATCH_H
#define MATCH_H

#include "json/json.h"

struct match {
  struct ms_json wildcards; /* object: JSON pointer -> glob, relative to the expectation's root */
  struct ms_buf why;        /* the first difference, as a text */
  bool is_silent;           /* do not write `why` */
};

void match_init(struct match *match, struct ms_json wildcards);
void match_deinit(struct match *match);
/* pointer: where `expected` stands below the root of the wildcards, "" at the root. */
bool match_value(struct match *match, const char *pointer, struct ms_json expected, struct ms_json actual);
/* `*` any run of characters, `\*` a star. */
bool match_glob(struct ms_str glob, struct ms_str text);
/*
 * Two histories (arrays of events). Tried in order first; where branches ran at the same time, again with
 * each thread's events in its own order and the ids mapped. is_unordered: as a set, without ids, since
 * those recordings lost their order and repeated events.
 */
bool match_history(struct match *match, const char *pointer, struct ms_json expected,
                   struct ms_json actual, bool is_unordered);

#endif
