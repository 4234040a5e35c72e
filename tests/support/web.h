/*
 * A server on a thread of its own and clients that write bytes: for tests of what goes over the wire.
 * Every function ends the case when something fails that should not.
 */
#ifndef WEB_H
#define WEB_H

#include <pthread.h>
#include <stdatomic.h>

#include "http/http.h"

struct web {
  struct ms_http_options options; /* change between web_init and web_start */
  struct ms_loop *loop;
  struct ms_http *http;
  pthread_t thread;
  uint16_t port;
  unsigned stop_ms; /* deadline of web_stop */
  atomic_int requests;
  atomic_int gone;
  atomic_int stopped;
  atomic_int accesses;
  atomic_int latest_status; /* of the access log */
  char *error;              /* of the handler: what should not have happened */
  struct ms_http_request *held[16];
  atomic_int held_count;
  void (*on_loop)(struct web *web); /* run on the server's thread by web_run */
  atomic_bool is_run_done;
  atomic_bool is_ending;
  /* Another server than a bare one: fills in http; ends it. */
  int (*open)(struct web *web);
  void (*close)(struct web *web);
  void *owner; /* of these two */
};

/*
 * The standard handler answers "METHOD path?query body". Paths that do something else: /hold waits for
 * web_release or for its client to leave; /stream answers in three parts; /big with 8 MB.
 */
void web_init(struct web *web);
int web_try_start(struct web *web); /* the error of ms_http_new */
void web_start(struct web *web);
void web_stop(struct web *web); /* in good order; waits */
void web_run(struct web *web, void (*on_loop)(struct web *web));
void web_release(struct web *web); /* answers what is held */
void web_wait(atomic_int *counter, int wanted);
void web_sleep(unsigned ms);

int web_connect(const struct web *web);
void web_send(int fd, const char *data, size_t len);
#define WEB_SEND(fd, literal) web_send((fd), (literal), sizeof(literal) - 1)
/* Everything until the other side closes, within five seconds; kept until the case ends. */
char *web_read_all(int fd, size_t *len);
/* One answer with its body, by Content-Length or chunks; "" when the other side closed instead. */
char *web_read_answer(int fd);
/* Sends it on a connection of its own and reads until that is closed. */
char *web_exchange(const struct web *web, const char *data, size_t len);
#define WEB_EXCHANGE(web, literal) web_exchange((web), (literal), sizeof(literal) - 1)
int web_status(const char *answer); /* of the first answer in it; 0 = none */
const char *web_body(const char *answer);
size_t web_count(const char *text, const char *part); /* how often it occurs */

#endif
