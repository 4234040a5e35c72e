/*
 * What other threads tell the engine: byte messages, pushed by anybody, taken by the loop thread.
 * Nothing waits on either side.
 */
#ifndef MS_RUNTIME_INBOX_H
#define MS_RUNTIME_INBOX_H

#include <stdatomic.h>

#include "task/task.h"

enum ms_message_type {
  MS_MESSAGE_POST,     /* callback */
  MS_MESSAGE_SUCCESS,  /* token, first: output */
  MS_MESSAGE_FAILURE,  /* token, first: error, second: cause */
  MS_MESSAGE_HEARTBEAT /* token */
};

/* One block with its texts behind it. Texts that were not given have data NULL. */
struct ms_message {
  struct ms_message *next;
  enum ms_message_type type;
  struct ms_callback callback;
  struct ms_str token;
  struct ms_str first;
  struct ms_str second;
};

struct ms_inbox {
  _Atomic(struct ms_message *) newest;
};

void ms_inbox_init(struct ms_inbox *inbox);
void ms_inbox_deinit(struct ms_inbox *inbox); /* what nobody took is dropped */
/* Copies the message with its texts. MSTEP_ENOMEM. Any thread. */
int ms_inbox_put(struct ms_inbox *inbox, const struct ms_message *message);
/* All that came so far, oldest first, as a list for ms_free. Loop thread. */
struct ms_message *ms_inbox_take(struct ms_inbox *inbox);

#endif
