/* Replaces the scheduler's words in a text. */
#include "messaging/schedule_words.h"

#define PREFIX "<aws.scheduler."

/* The value of the word that `rest` begins with, and how long the word is; 0: there is none. */
static size_t find_word(struct ms_str *value, struct ms_str rest,
                        const struct ms_schedule_words *words)
{
  const struct {
    const char *name;
    struct ms_str value;
  } all[] = {{PREFIX "schedule-arn>", words->schedule_arn},
             {PREFIX "scheduled-time>", words->scheduled_time},
             {PREFIX "execution-id>", words->execution_id},
             {PREFIX "attempt-number>", words->attempt_number}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    if (all[i].value.data != NULL && ms_str_has_prefix(rest, all[i].name)) {
      *value = all[i].value;
      return strlen(all[i].name);
    }
  }
  return 0;
}

void ms_schedule_words_fill(struct ms_buf *out, struct ms_str text,
                            const struct ms_schedule_words *words)
{
  size_t from = 0;
  while (from < text.len) {
    size_t at = ms_str_find(text, from, '<');
    struct ms_str value = {NULL, 0};
    ms_buf_str(out, ms_str_sub(text, from, at));
    if (at == text.len) {
      return;
    }
    size_t len = find_word(&value, ms_str_sub(text, at, text.len), words);
    ms_buf_str(out, len > 0 ? value : MS_STR("<"));
    from = at + (len > 0 ? len : 1);
  }
}
