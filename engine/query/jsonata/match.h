/* Going through the matches of a regular expression, or of a function that behaves like one. */
#ifndef MS_QUERY_JSONATA_MATCH_H
#define MS_QUERY_JSONATA_MATCH_H

#include "query/jsonata/call.h"

struct ms_jx_matcher {
  struct ms_jx_eval *ev;
  struct ms_jx function; /* a regular expression or any function */
  struct ms_jx subject;
  bool has_begun;
  size_t at;            /* regex: byte to go on from */
  struct ms_jx next;    /* function: to be called for the next match */
  size_t counted_bytes; /* so many bytes are ... */
  size_t counted_units; /* ... so many UTF-16 units */
  /* The match. */
  size_t start; /* bytes */
  size_t end;
  struct ms_jx match;
  struct ms_jx groups; /* LIST */
};

void ms_jx_matcher_init(struct ms_jx_matcher *m, struct ms_jx_eval *ev, struct ms_jx function,
                        struct ms_jx subject);
/* 1: there is one more match; 0: none; -1: the evaluation failed. */
int ms_jx_matcher_next(struct ms_jx_matcher *m);
/* UTF-16 units before a byte offset, cheap when offsets rise. */
size_t ms_jx_matcher_units(struct ms_jx_matcher *m, size_t bytes);
/* The match as the object that functions see: match, start, end, groups, next. */
struct ms_jx ms_jx_matcher_object(struct ms_jx_matcher *m);

#endif
