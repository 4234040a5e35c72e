/* See peer.h. */
#include "peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mt.h"

static size_t body_length(const char *text)
{
  const char *length = strstr(text, "Content-Length: ");
  return length == NULL ? 0 : strtoul(length + 16, NULL, 10);
}

static void read_request(int fd, char *text, size_t size)
{
  size_t len = 0;
  for (;;) {
    ssize_t got = recv(fd, text + len, size - 1 - len, 0);
    if (got <= 0) {
      return;
    }
    len += (size_t)got;
    text[len] = '\0';
    const char *end = strstr(text, "\r\n\r\n");
    bool is_tls_greeting = text[0] == 0x16;
    if (is_tls_greeting) {
      return;
    }
    if (end != NULL && len >= (size_t)(end + 4 - text) + body_length(text)) {
      return;
    }
  }
}

static void *serve(void *user)
{
  struct peer *peer = user;
  for (int i = 0; i < peer->count; i++) {
    int fd = accept(peer->listener, NULL, NULL);
    read_request(fd, peer->got[i], sizeof peer->got[i]);
    if (peer->answers[i] == NULL) {
      char rest;
      (void)!recv(fd, &rest, 1, 0); /* until the client gives up */
    } else {
      size_t len = peer->answer_len == 0 ? strlen(peer->answers[i]) : peer->answer_len;
      (void)!send(fd, peer->answers[i], len, MSG_NOSIGNAL);
    }
    close(fd);
  }
  return NULL;
}

void peer_open(struct peer *peer)
{
  struct sockaddr_in address = {.sin_family = AF_INET};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t len = sizeof address;
  peer->listener = socket(AF_INET, SOCK_STREAM, 0);
  mt_eq_int(bind(peer->listener, (struct sockaddr *)&address, sizeof address), 0);
  mt_eq_int(listen(peer->listener, 8), 0);
  mt_eq_int(getsockname(peer->listener, (struct sockaddr *)&address, &len), 0);
  peer->port = ntohs(address.sin_port);
}

void peer_start(struct peer *peer, const char *first)
{
  memset(peer, 0, sizeof *peer);
  peer->answers[0] = first;
  peer->count = 1;
  peer_open(peer);
  mt_eq_int(pthread_create(&peer->thread, NULL, serve, peer), 0);
}

void peer_join(struct peer *peer)
{
  pthread_join(peer->thread, NULL);
  close(peer->listener);
}

void peer_start_all(struct peer *peer, int count)
{
  peer->count = count;
  peer_open(peer);
  mt_eq_int(pthread_create(&peer->thread, NULL, serve, peer), 0);
}
