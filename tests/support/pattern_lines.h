/* Reads tests/unit/messaging/patterns.txt, for the tests of one pattern and of many. */
#ifndef PATTERN_LINES_H
#define PATTERN_LINES_H

#include "messaging/pattern.h"

struct pattern_line {
  char kind; /* 'p', '+', '-', '!', ':' */
  int number;
  enum ms_pattern_dialect dialect;
  struct ms_str text;
};

struct pattern_lines {
  const char *at;
  int number;
  enum ms_pattern_dialect dialect;
};

void pattern_lines_open(struct pattern_lines *lines);
bool pattern_lines_next(struct pattern_lines *lines, struct pattern_line *out);

#endif
