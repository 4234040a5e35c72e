/* Messages between threads: order per sender, nothing lost, texts copied. */
#include "runtime/inbox.h"

#include <pthread.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "mt.h"

#define SENDERS 3
#define EACH 5000

MT_TEST(inbox__texts_are_copied_and_absent_ones_stay_absent)
{
  struct ms_inbox inbox;
  ms_inbox_init(&inbox);
  char token[] = "token", error[] = "e\0r";
  mt_eq_int(ms_inbox_put(&inbox, &(struct ms_message){.type = MS_MESSAGE_FAILURE,
                                                      .token = {token, 5},
                                                      .first = {error, 3}}),
            0);
  mt_eq_int(ms_inbox_put(&inbox, &(struct ms_message){.type = MS_MESSAGE_SUCCESS,
                                                      .token = {token, 5},
                                                      .first = {"", 0}}),
            0);
  token[0] = 'x';
  struct ms_message *first = ms_inbox_take(&inbox);
  struct ms_message *second = first->next;
  mt_eq_mem(first->token.data, first->token.len, "token");
  mt_ok(ms_str_eq(first->first, (struct ms_str){"e\0r", 3}));
  mt_ok(first->second.data == NULL);
  mt_eq_int(second->type, MS_MESSAGE_SUCCESS);
  mt_ok(second->first.data != NULL && second->first.len == 0);
  mt_ok(second->next == NULL);
  mt_ok(ms_inbox_take(&inbox) == NULL);
  ms_free(first);
  ms_free(second);
  ms_inbox_deinit(&inbox);
}

struct sender {
  struct ms_inbox *inbox;
  char name;
};

static void *send_many(void *user)
{
  struct sender *sender = user;
  for (int i = 0; i < EACH; i++) {
    char text[32];
    int len = snprintf(text, sizeof text, "%c%d", sender->name, i);
    ms_inbox_put(sender->inbox, &(struct ms_message){.token = {text, (size_t)len}});
  }
  return NULL;
}

MT_TEST(inbox__many_senders)
{
  struct ms_inbox inbox;
  ms_inbox_init(&inbox);
  struct sender senders[SENDERS];
  pthread_t threads[SENDERS];
  int next[SENDERS] = {0}, total = 0;
  for (int i = 0; i < SENDERS; i++) {
    senders[i] = (struct sender){&inbox, (char)('a' + i)};
    mt_eq_int(pthread_create(&threads[i], NULL, send_many, &senders[i]), 0);
  }
  while (total < SENDERS * EACH) {
    struct ms_message *message = ms_inbox_take(&inbox);
    while (message != NULL) {
      struct ms_message *following = message->next;
      int which = message->token.data[0] - 'a';
      mt_eq_mem(message->token.data, message->token.len,
                mt_format("%c%d", 'a' + which, next[which]));
      next[which]++;
      total++;
      ms_free(message);
      message = following;
    }
  }
  for (int i = 0; i < SENDERS; i++) {
    pthread_join(threads[i], NULL);
  }
  ms_inbox_deinit(&inbox);
}

static int put_and_drop(void *user)
{
  (void)user;
  struct ms_inbox inbox;
  ms_inbox_init(&inbox);
  int err = ms_inbox_put(&inbox, &(struct ms_message){.token = {"t", 1}});
  ms_inbox_deinit(&inbox);
  return err;
}

MT_TEST(inbox__out_of_memory)
{
  mt_eq_int(mt_oom(put_and_drop, NULL), 1);
}
