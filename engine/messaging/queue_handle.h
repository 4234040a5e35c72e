/* Receipt handles as text, and messages in flight that come back early. */
#ifndef MS_MESSAGING_QUEUE_HANDLE_H
#define MS_MESSAGING_QUEUE_HANDLE_H

#include "messaging/queue_internal.h"

/* Of that receive of the message. */
void ms_queue_handle_print(char out[64], const struct ms_queue *queue, uint64_t seq,
                           uint32_t receives);
/* Of a message in flight: visible then; in the past: now, before all others. */
int ms_queue_show(struct ms_queue *queue, struct ms_queue_item *item, int64_t visible_at_ms);

#endif
