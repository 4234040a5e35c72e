/* The lines of tests/unit/messaging/patterns.txt; its head says what they are. */
#include "pattern_lines.h"

#include <string.h>

#include "mt.h"

static enum ms_pattern_dialect dialect_of(struct ms_str name)
{
  if (ms_str_is(name, "source")) {
    return MS_PATTERN_SOURCE;
  }
  if (ms_str_is(name, "attributes")) {
    return MS_PATTERN_ATTRIBUTES;
  }
  return ms_str_is(name, "body") ? MS_PATTERN_BODY : MS_PATTERN_RULE;
}

void pattern_lines_open(struct pattern_lines *lines)
{
  *lines = (struct pattern_lines){
      .at = mt_read_file("tests/unit/messaging/patterns.txt", NULL), .dialect = MS_PATTERN_RULE};
}

bool pattern_lines_next(struct pattern_lines *lines, struct pattern_line *out)
{
  while (*lines->at != '\0') {
    const char *start = lines->at;
    size_t len = strcspn(start, "\n");
    lines->at += len + (start[len] == '\n' ? 1 : 0);
    lines->number++;
    if (len > 8 && strncmp(start, "dialect ", 8) == 0) {
      lines->dialect = dialect_of((struct ms_str){start + 8, len - 8});
    } else if (len > 0 && *start != '#') {
      size_t skip = len > 1 ? 2 : 1;
      *out = (struct pattern_line){*start, lines->number, lines->dialect,
                                   {start + skip, len - skip}};
      return true;
    }
  }
  return false;
}
