/*
 * A stack that is swapped out whole and turned round: putting is one compare-and-swap, taking is
 * one swap, so there is no node that one thread reads while another frees it.
 */
#include "runtime/inbox.h"

#include "base/alloc.h"
#include "base/error.h"

void ms_inbox_init(struct ms_inbox *inbox)
{
  atomic_init(&inbox->newest, NULL);
}

struct ms_message *ms_inbox_take(struct ms_inbox *inbox)
{
  struct ms_message *message = atomic_exchange(&inbox->newest, NULL);
  struct ms_message *oldest = NULL;
  while (message != NULL) {
    struct ms_message *next = message->next;
    message->next = oldest;
    oldest = message;
    message = next;
  }
  return oldest;
}

void ms_inbox_deinit(struct ms_inbox *inbox)
{
  struct ms_message *message = ms_inbox_take(inbox);
  while (message != NULL) {
    struct ms_message *next = message->next;
    ms_free(message);
    message = next;
  }
}

static char *inbox_copy(struct ms_str *text, char *to)
{
  if (text->data == NULL) {
    return to;
  }
  memcpy(to, text->data, text->len);
  text->data = to;
  return to + text->len;
}

int ms_inbox_put(struct ms_inbox *inbox, const struct ms_message *message)
{
  size_t size =
      sizeof *message + 1; /* one more, so that empty texts have an address in the block */
  const size_t lens[] = {message->token.len, message->first.len, message->second.len};
  for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
    if (lens[i] > SIZE_MAX - size) {
      return ms_error(MSTEP_ETOOBIG, "a message is too long");
    }
    size += lens[i];
  }
  struct ms_message *copy = ms_alloc(size);
  if (copy == NULL) {
    return ms_error_nomem();
  }
  *copy = *message;
  char *to = (char *)(copy + 1);
  to = inbox_copy(&copy->token, to);
  to = inbox_copy(&copy->first, to);
  inbox_copy(&copy->second, to);
  copy->next = atomic_load(&inbox->newest);
  while (!atomic_compare_exchange_weak(&inbox->newest, &copy->next, copy)) {
  }
  return MSTEP_OK;
}
