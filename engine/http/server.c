/*
 * Listening, and what concerns all connections: how many there may be, time, the orderly end. One timer
 * looks at every connection four times a second while there are any; none of them has a timer of its own,
 * so a request costs no timer calls.
 *
 * libevent's own server (evhttp) is not used: it shows neither a connection at accept nor the bytes of a
 * header, so the limits and the strictness that are wanted here cannot be had from it (README).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "http/internal.h"

#define TICK_MS 250
#define BACKLOG 1024
#define SPARE_DESCRIPTORS 64 /* of the process's limit, for everything else */
#define HEAD_OUT_MAX ((size_t)1 << 20)

void ms_http_limits_init(struct ms_http_limits *limits)
{
  *limits = (struct ms_http_limits){
      .head_bytes = 65536,
      .header_count = 200,
      .body_bytes = (size_t)16 << 20,
      .memory_bytes = (size_t)256 << 20,
      .connection_count = 4096,
      .address_count = 0,
      .pending_count = 4096,
      .requests_per_connection = 100000,
      .idle_ms = 60000,
      .head_ms = 10000,
      .body_ms = 20000,
      .body_bytes_per_s = 1024,
      .write_ms = 30000,
      .reply_bytes = (size_t)8 << 20,
  };
}

int64_t ms_http_now_us(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- tick -------------------------------------------------------------------------------------------- */

static void finish_stopping(struct ms_http *http)
{
  void (*on_stopped)(void *user) = http->on_stopped;
  http->on_stopped = NULL;
  if (http->is_held) {
    http->is_held = false;
    ms_loop_release(http->loop);
  }
  if (on_stopped != NULL) {
    on_stopped(http->stopped_user); /* may free it: nothing is touched after this */
  }
}

static void on_tick(evutil_socket_t fd, short what, void *user)
{
  (void)fd;
  (void)what;
  struct ms_http *http = user;
  int64_t now_us = ms_http_now_us();
  bool is_cut = http->is_stopping && now_us >= http->stop_at_us;
  for (struct ms_http_connection *c = http->connections; c != NULL; c = http->cursor) {
    http->cursor = c->next;
    if (is_cut) {
      ms_http_connection_free(c);
    } else {
      ms_http_connection_tick(c, now_us);
    }
  }
  if (http->is_paused && http->listener != NULL) {
    http->is_paused = false;
    evconnlistener_enable(http->listener);
  }
  if (http->connections != NULL || http->is_paused) {
    return;
  }
  event_del(http->tick);
  http->is_ticking = false;
  if (http->is_stopping) {
    finish_stopping(http);
  }
}

void ms_http_start_ticking(struct ms_http *http)
{
  if (!http->is_ticking) {
    struct timeval period = {TICK_MS / 1000, TICK_MS % 1000 * 1000};
    http->is_ticking = event_add(http->tick, &period) == 0;
  }
}

/* ---- accepting --------------------------------------------------------------------------------------- */

/* The one that is idle longest makes room. False: none is idle. */
static bool evict(struct ms_http *http)
{
  struct ms_http_connection *oldest = NULL;
  for (struct ms_http_connection *c = http->connections; c != NULL; c = c->next) {
    if (c->phase == MS_HTTP_IDLE && (oldest == NULL || c->phase_at_us < oldest->phase_at_us)) {
      oldest = c;
    }
  }
  if (oldest != NULL) {
    ms_http_connection_free(oldest);
  }
  return oldest != NULL;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
                      int len, void *user)
{
  (void)listener;
  (void)len;
  struct ms_http *http = user;
  http->stats.accepted_count++;
  if (http->stats.connection_count >= http->limits.connection_count && !evict(http)) {
    http->stats.refused_count++;
    evutil_closesocket(fd);
    return;
  }
  ms_http_connection_open(http, (int)fd, address);
}

/* Descriptors are used up, as a rule: without a pause this would spin. */
static void on_accept_error(struct evconnlistener *listener, void *user)
{
  struct ms_http *http = user;
  evconnlistener_disable(listener);
  http->is_paused = true;
  ms_http_start_ticking(http);
}

void ms_http_forget_connection(struct ms_http *http, struct ms_http_connection *connection)
{
  if (http->cursor == connection) {
    http->cursor = connection->next;
  }
  *connection->slot = connection->next;
  if (connection->next != NULL) {
    connection->next->slot = connection->slot;
  }
  http->stats.connection_count--;
  if (http->is_stopping && http->connections == NULL) {
    event_active(http->tick, EV_TIMEOUT, 0); /* which tells of the end */
  }
  if (connection->address_len > 0) {
    struct ms_str key = {connection->address, connection->address_len};
    uintptr_t count = (uintptr_t)ms_map_get(&http->addresses, key);
    if (count <= 1) {
      ms_map_remove(&http->addresses, key);
    } else {
      ms_map_put(&http->addresses, key, (void *)(count - 1), NULL); /* exists: needs no memory */
    }
  }
}

/* ---- who may call ------------------------------------------------------------------------------------ */

static bool is_ip_literal(struct ms_str name)
{
  char text[64];
  unsigned char address[16];
  if (name.len == 0 || name.len >= sizeof text) {
    return false;
  }
  memcpy(text, name.data, name.len);
  text[name.len] = '\0';
  return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

static bool is_local_name(struct ms_str name)
{
  return is_ip_literal(name) || ms_field_is(name, "localhost") ||
         (name.len > 10 && ms_field_is(ms_str_sub(name, name.len - 10, name.len), ".localhost"));
}

static bool is_listed(const char *names, struct ms_str name)
{
  struct ms_str list = ms_str_c(names);
  for (size_t at = 0; at < list.len;) {
    size_t end = ms_str_find(list, at, ',');
    if (ms_field_same(ms_str_sub(list, at, end), name)) {
      return true;
    }
    at = end + 1;
  }
  return false;
}

/*
 * A name that a stranger's name server may point at this machine at will: then a page of his is "the same
 * origin" as we are.
 */
static bool is_foreign_name(const struct ms_http *http, struct ms_str host)
{
  struct ms_str name = ms_http_host_name(host);
  if (name.len > 5 &&
      ms_str_has_prefix(name, "sync-")) { /* put there by clients of Step Functions */
    name = ms_str_sub(name, 5, name.len);
  }
  name = ms_http_endpoint_base(name);
  if (http->hosts != NULL && is_listed(http->hosts, name)) {
    return false;
  }
  return !is_local_name(name) && (http->is_loopback || http->hosts != NULL);
}

static bool is_own_origin(struct ms_str origin, struct ms_str host)
{
  static const char *const schemes[] = {"http://", "https://"};
  for (size_t i = 0; i < 2; i++) {
    size_t len = strlen(schemes[i]);
    if (ms_str_has_prefix(origin, schemes[i]) &&
        ms_field_same(ms_str_sub(origin, len, origin.len), host)) {
      return true;
    }
  }
  return false;
}

int ms_http_check_origin(const struct ms_http *http, const struct ms_http_message *message,
                         const char **reason)
{
  if (message->host.len > 0 && is_foreign_name(http, message->host)) {
    *reason = "this host name is not served here";
    return 421;
  }
  struct ms_str origin = ms_http_header(message, "origin");
  bool is_safe = ms_str_is(message->method, "GET") || ms_str_is(message->method, "HEAD") ||
                 ms_str_is(message->method, "OPTIONS");
  if (origin.data == NULL || is_safe || is_own_origin(origin, message->host) ||
      ms_http_is_endpoint(message)) { /* as open as its owner made it */
    return 0;
  }
  if (http->allow_origin != NULL &&
      (strcmp(http->allow_origin, "*") == 0 || ms_str_is(origin, http->allow_origin))) {
    return 0;
  }
  *reason = "pages of that origin may not call";
  return 403;
}

/* ---- opening ----------------------------------------------------------------------------------------- */

static bool is_loopback_address(const struct sockaddr *address)
{
  if (address->sa_family == AF_INET) {
    const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;
    return ntohl(in->sin_addr.s_addr) >> 24 == 127;
  }
  const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)address;
  return address->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

static int listen_at(struct ms_http *http, const struct addrinfo *found, const char *text)
{
  unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE;
  http->listener = evconnlistener_new_bind(http->base, on_accept, http, flags, BACKLOG,
                                           found->ai_addr, (int)found->ai_addrlen);
  if (http->listener == NULL) {
    return ms_error(MSTEP_EIO, "cannot listen on %s: %s", text, strerror(errno));
  }
  evconnlistener_set_error_cb(http->listener, on_accept_error);
  struct sockaddr_storage bound;
  socklen_t len = sizeof bound;
  if (getsockname(evconnlistener_get_fd(http->listener), (struct sockaddr *)&bound, &len) != 0) {
    return ms_error(MSTEP_EIO, "getsockname: %s", strerror(errno));
  }
  http->port = bound.ss_family == AF_INET6
                   ? ntohs(((struct sockaddr_in6 *)(void *)&bound)->sin6_port)
                   : ntohs(((struct sockaddr_in *)(void *)&bound)->sin_port);
  return MSTEP_OK;
}

static int listen_on(struct ms_http *http, const struct ms_http_options *options)
{
  const char *name = options->address == NULL ? "127.0.0.1" : options->address;
  char port[8], text[300];
  snprintf(port, sizeof port, "%u", (unsigned)options->port);
  snprintf(text, sizeof text, "%.255s port %s", name, port);
  struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
  struct addrinfo *found = NULL;
  int failure = getaddrinfo(name, port, &hints, &found);
  if (failure != 0) {
    return ms_error(MSTEP_EINVALID, "cannot listen on %s: %s", text, gai_strerror(failure));
  }
  http->is_loopback = is_loopback_address(found->ai_addr);
  int err;
  if (!http->is_loopback && !options->has_credentials) {
    err = ms_error(MSTEP_EINVALID,
                   "will not listen on %s: other machines could call every operation; "
                   "configure credentials first, or listen on 127.0.0.1",
                   text);
  } else {
    err = listen_at(http, found, text);
  }
  freeaddrinfo(found);
  return err;
}

static int copy_text(char **out, const char *text)
{
  *out = text == NULL ? NULL : ms_strdupn(text, strlen(text));
  return text != NULL && *out == NULL ? ms_error_nomem() : MSTEP_OK;
}

static void settle_limits(struct ms_http *http)
{
  struct ms_http_limits *limits = &http->limits;
  if (limits->address_count == 0) {
    /* Whoever is on this machine comes from one address. */
    limits->address_count = http->is_loopback ? limits->connection_count : 256;
  }
  struct rlimit descriptors;
  if (getrlimit(RLIMIT_NOFILE, &descriptors) == 0 &&
      descriptors.rlim_cur < (rlim_t)limits->connection_count + SPARE_DESCRIPTORS &&
      descriptors.rlim_cur > 2 * (rlim_t)SPARE_DESCRIPTORS) {
    limits->connection_count = (unsigned)descriptors.rlim_cur - SPARE_DESCRIPTORS;
  }
  http->parse_limits =
      (struct ms_http_parse_limits){limits->head_bytes, limits->header_count, limits->body_bytes};
}

static int open_parts(struct ms_http *http, const struct ms_http_options *options)
{
  int err = copy_text(&http->allow_origin, options->allow_origin);
  if (err == 0) {
    err = copy_text(&http->hosts, options->hosts);
  }
  if (err == 0 && options->tls_cert_file != NULL) {
    err = ms_http_tls_new(&http->tls, options->tls_cert_file, options->tls_key_file);
  }
  if (err == 0) {
    http->tick = event_new(http->base, -1, EV_PERSIST, on_tick, http);
    err = http->tick == NULL ? ms_error_nomem() : MSTEP_OK;
  }
  return err == 0 ? listen_on(http, options) : err;
}

/* A client that leaves while it is written to must not end the process; a handler of the host's stays. */
static void ignore_broken_pipes(void)
{
  struct sigaction now;
  if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL) {
    now.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &now, NULL);
  }
}

int ms_http_new(struct ms_http **out, const struct ms_http_options *options)
{
  *out = NULL;
  void *base = ms_loop_event_base(options->loop);
  if (base == NULL) {
    return ms_error(MSTEP_EUNSUPPORTED, "the HTTP server needs a loop with an event base");
  }
  struct ms_http *http = ms_calloc(1, sizeof *http);
  if (http == NULL) {
    return ms_error_nomem();
  }
  http->loop = options->loop;
  http->base = base;
  http->limits = options->limits;
  http->on_request = options->on_request;
  http->on_access = options->on_access;
  http->user = options->user;
  http->access_user = options->access_user;
  ms_map_init(&http->addresses, ms_hash_process_seed());
  ms_buf_init(&http->scratch, HEAD_OUT_MAX);
  int err = open_parts(http, options);
  if (err != 0) {
    ms_http_free(http);
    return err;
  }
  settle_limits(http);
  ignore_broken_pipes();
  http->is_held = true;
  ms_loop_hold(http->loop);
  *out = http;
  return MSTEP_OK;
}

uint16_t ms_http_port(const struct ms_http *http)
{
  return http->port;
}

void ms_http_stats(const struct ms_http *http, struct ms_http_stats *out)
{
  *out = http->stats;
  out->memory_bytes += http->buffered_bytes;
}

/* ---- the end ----------------------------------------------------------------------------------------- */

void ms_http_stop(struct ms_http *http, unsigned deadline_ms, void (*on_stopped)(void *user),
                  void *user)
{
  if (http->is_stopping) {
    return;
  }
  http->is_stopping = true;
  http->is_paused = false;
  http->stop_at_us = ms_http_now_us() + (int64_t)deadline_ms * 1000;
  http->on_stopped = on_stopped;
  http->stopped_user = user;
  if (http->listener != NULL) {
    evconnlistener_free(http->listener);
    http->listener = NULL;
  }
  for (struct ms_http_connection *c = http->connections; c != NULL; c = http->cursor) {
    http->cursor = c->next;
    ms_http_connection_retire(c);
  }
  ms_http_start_ticking(http);
  event_active(http->tick, EV_TIMEOUT, 0); /* perhaps nothing is left */
}

void ms_http_free(struct ms_http *http)
{
  if (http == NULL) {
    return;
  }
  if (http->listener != NULL) {
    evconnlistener_free(http->listener);
  }
  while (http->connections != NULL) {
    ms_http_connection_free(http->connections);
  }
  for (struct ms_http_request *r = http->pending; r != NULL; r = r->next) {
    r->http = NULL; /* their owners answer them some time, into nothing */
    r->on_gone = NULL;
  }
  if (http->tick != NULL) {
    event_free(http->tick);
  }
  if (http->is_held) {
    ms_loop_release(http->loop);
  }
  ms_http_tls_free(http->tls);
  ms_map_deinit(&http->addresses);
  ms_buf_deinit(&http->scratch);
  ms_free(http->allow_origin);
  ms_free(http->hosts);
  ms_free(http);
}
