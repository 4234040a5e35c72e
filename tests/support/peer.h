/* A server that says what it is told to, whatever it is asked, and keeps what it got. */
#ifndef PEER_H
#define PEER_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

struct peer {
  int listener;
  uint16_t port;
  pthread_t thread;
  const char *answers[8]; /* to connection 1, 2, ...; NULL: says nothing */
  size_t answer_len;      /* 0: that of the text */
  int count;
  char got[8][4096]; /* what connection 1, 2, ... sent */
};

/* One connection, which is answered with `first` (NULL: not at all). */
void peer_start(struct peer *peer, const char *first);
/* As many as there are answers, which the caller has filled in. */
void peer_start_all(struct peer *peer, int count);
void peer_open(struct peer *peer); /* only the port: nobody accepts */
void peer_join(struct peer *peer); /* when all were served */

#endif
