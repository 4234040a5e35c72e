/* The words that the scheduler replaces in an input: <aws.scheduler.attempt-number> and its like. Pure. */
#ifndef MS_MESSAGING_SCHEDULE_WORDS_H
#define MS_MESSAGING_SCHEDULE_WORDS_H

#include "base/buf.h"

struct ms_schedule_words {
  struct ms_str schedule_arn; /* data NULL, here and below: the word stays as it is */
  struct ms_str scheduled_time;
  struct ms_str execution_id;
  struct ms_str attempt_number;
};

/* Appends the text with its words replaced. */
void ms_schedule_words_fill(struct ms_buf *out, struct ms_str text,
                            const struct ms_schedule_words *words);

#endif
