/*
 * Requests a second of the HTTP server: a bare one that echoes, operations through the protocols, and the same
 * with signatures checked; over 1 and 64 kept connections, client and server a thread each. One JSON object
 * a line on standard output. With "serve" it only serves, for a load generator (wrk):
 *
 *   bench_http [SECONDS-EACH]         2 s
 *   bench_http serve [PORT]           until it is ended; POST / and GET /healthz
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/sigv4.h"
#include "http/front.h"

#define CONNECTIONS_MAX 64
#define SAMPLES_MAX 4000000
#define BODY                                                                                       \
  "{\"stateMachineArn\":\"arn:aws:states:us-east-1:000000000000:stateMachine:a\",\"input\":\"{}"   \
  "\"}"
#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

enum mode { BARE, CALLS, SIGNED };
static const char *const mode_names[] = {"bare", "calls", "signed"};

struct server {
  struct ms_loop *loop;
  struct ms_http *http;
  struct ms_http_front *front;
  pthread_t thread;
};

static void check(int err, const char *what)
{
  if (err != 0) {
    fprintf(stderr, "%s: %s\n", what, ms_error_detail());
    exit(1);
  }
}

static double now_s(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* ---- the server -------------------------------------------------------------------------------------- */

static void echo(struct ms_http_request *request, void *user)
{
  (void)user;
  (void)ms_http_reply(request, 200, NULL, 0, ms_http_message(request)->body);
}

static int call(const struct ms_http_front_call *call, ms_http_front_reply_cb reply,
                void *reply_user, void *user)
{
  (void)user;
  reply(200, call->input, reply_user);
  return MSTEP_OK;
}

static int credential(struct ms_str *secret, struct ms_str access_key_id, void *user)
{
  (void)access_key_id;
  (void)user;
  *secret = MS_STR(SECRET);
  return MSTEP_OK;
}

static void on_wake(void *user)
{
  struct server *server = user;
  ms_loop_stop(server->loop);
}

static void server_open(struct server *server, enum mode mode, uint16_t port)
{
  check(ms_loop_libevent_new(&server->loop, NULL), "loop");
  const struct ms_loop_callbacks callbacks = {NULL, NULL, on_wake, server};
  ms_loop_set_callbacks(server->loop, &callbacks);
  struct ms_http_options options = {
      .loop = server->loop, .port = port, .on_request = echo, .user = server};
  ms_http_limits_init(&options.limits);
  options.limits.requests_per_connection = 1000000000;
  if (mode == BARE) {
    check(ms_http_new(&server->http, &options), "server");
    return;
  }
  const struct ms_http_front_options front = {.http = options,
                                              .call = call,
                                              .credential = mode == SIGNED ? credential : NULL,
                                              .replay_grace_ms = 3600000};
  check(ms_http_front_new(&server->front, &front), "server");
  server->http = ms_http_front_server(server->front);
}

static void *serve(void *user)
{
  struct server *server = user;
  (void)ms_loop_run(server->loop);
  return NULL;
}

static void server_close(struct server *server)
{
  if (server->front != NULL) {
    ms_http_front_free(server->front);
  } else {
    ms_http_free(server->http);
  }
  ms_loop_free(server->loop);
}

/* ---- the client -------------------------------------------------------------------------------------- */

static void make_request(char *out, size_t size, enum mode mode)
{
  char date[MS_SIGV4_DATE_SIZE], hash[MS_SIGV4_SIGNATURE_SIZE], signature[MS_SIGV4_SIGNATURE_SIZE];
  ms_sigv4_date(date, (int64_t)time(NULL) * 1000);
  check(ms_sigv4_payload_hash(hash, MS_STR(BODY)), "hash");
  const struct ms_field headers[] = {
      {MS_STR("host"), MS_STR("localhost")},
      {MS_STR("x-amz-date"), ms_str_c(date)},
      {MS_STR("x-amz-target"), MS_STR("AWSStepFunctions.StartExecution")}};
  const struct ms_sigv4_request request = {MS_STR("POST"), MS_STR("/"), MS_STR(""),
                                           headers,        3,           ms_str_c(hash)};
  const struct ms_sigv4_scope scope = {ms_str_c(date), MS_STR("us-east-1"), MS_STR("states")};
  struct ms_buf canonical;
  ms_buf_init(&canonical, 0);
  ms_sigv4_canonical(&canonical, &request, MS_STR("host;x-amz-date;x-amz-target"));
  check(ms_sigv4_signature(signature, MS_STR(SECRET), &scope, ms_buf_view(&canonical)),
        "signature");
  ms_buf_deinit(&canonical);
  char authorization[400] = "";
  if (mode == SIGNED) {
    snprintf(authorization, sizeof authorization,
             "Authorization: AWS4-HMAC-SHA256 Credential=A/%.8s/us-east-1/states/aws4_request, "
             "SignedHeaders=host;x-amz-date;x-amz-target, Signature=%s\r\n",
             date, signature);
  }
  snprintf(out, size,
           "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.0\r\n"
           "X-Amz-Target: AWSStepFunctions.StartExecution\r\nX-Amz-Date: %s\r\n%s"
           "Content-Length: %zu\r\n\r\n%s",
           date, authorization, sizeof BODY - 1, BODY);
}

static int connect_to(uint16_t port)
{
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
    perror("connect");
    exit(1);
  }
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

struct sample_set {
  float *us;
  size_t count;
};

static int compare(const void *a, const void *b)
{
  const float *x = a, *y = b;
  return (*x > *y) - (*x < *y);
}

struct link {
  int fd;
  size_t received;
  double since;
};

static void send_request(struct link *link, const char *request, size_t len)
{
  link->received = 0;
  link->since = now_s();
  if (send(link->fd, request, len, MSG_NOSIGNAL) != (ssize_t)len) {
    perror("send");
    exit(1);
  }
}

/* What the server's thread has used: not disturbed by who else is on the machine. */
static double cpu_s(pthread_t thread)
{
  clockid_t clock;
  struct timespec time = {0, 0};
  if (pthread_getcpuclockid(thread, &clock) == 0) {
    clock_gettime(clock, &time);
  }
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* All answers have the length of the first. */
static size_t measure_answer(int fd, const char *request, size_t len)
{
  char text[4096];
  (void)!send(fd, request, len, MSG_NOSIGNAL);
  ssize_t got = recv(fd, text, sizeof text - 1, 0);
  text[got > 0 ? got : 0] = '\0';
  if (strncmp(text, "HTTP/1.1 200", 12) != 0) {
    fprintf(stderr, "the answer is %s\n", text);
    exit(1);
  }
  return (size_t)got;
}

static void receive(struct link *link, size_t answer_len, struct sample_set *samples,
                    const char *request, size_t len)
{
  char text[65536];
  ssize_t got = recv(link->fd, text, sizeof text, 0);
  if (got <= 0) {
    fprintf(stderr, "a connection ended\n");
    exit(1);
  }
  link->received += (size_t)got;
  if (link->received >= answer_len) {
    if (samples->count < SAMPLES_MAX) {
      samples->us[samples->count++] = (float)((now_s() - link->since) * 1e6);
    }
    send_request(link, request, len);
  }
}

static double drive(uint16_t port, enum mode mode, int connections, double seconds,
                    struct sample_set *samples)
{
  static struct link links[CONNECTIONS_MAX];
  char request[2048];
  make_request(request, sizeof request, mode);
  size_t len = strlen(request), answer_len = 0;
  int epoll = epoll_create1(0);
  for (int i = 0; i < connections; i++) {
    links[i].fd = connect_to(port);
    answer_len = measure_answer(links[i].fd, request, len);
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = &links[i]}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, links[i].fd, &event);
  }
  double start = now_s();
  for (int i = 0; i < connections; i++) {
    send_request(&links[i], request, len);
  }
  while (now_s() - start < seconds) {
    struct epoll_event events[CONNECTIONS_MAX];
    int ready = epoll_wait(epoll, events, CONNECTIONS_MAX, 1000);
    for (int i = 0; i < ready; i++) {
      receive(events[i].data.ptr, answer_len, samples, request, len);
    }
  }
  double took = now_s() - start;
  for (int i = 0; i < connections; i++) {
    close(links[i].fd);
  }
  close(epoll);
  return took;
}

static void run(enum mode mode, int connections, double seconds)
{
  struct server server = {NULL, NULL, NULL, 0};
  struct sample_set samples = {malloc(SAMPLES_MAX * sizeof(float)), 0};
  server_open(&server, mode, 0);
  pthread_create(&server.thread, NULL, serve, &server);
  double took = drive(ms_http_port(server.http), mode, connections, seconds, &samples);
  double cpu = cpu_s(server.thread);
  ms_loop_wake(server.loop);
  pthread_join(server.thread, NULL);
  server_close(&server);
  qsort(samples.us, samples.count, sizeof samples.us[0], compare);
  printf("{\"bench\":\"http\",\"mode\":\"%s\",\"connections\":%d,\"requests_per_s\":%.0f,"
         "\"server_cpu_us\":%.1f,\"p50_us\":%.0f,\"p99_us\":%.0f}\n",
         mode_names[mode], connections, (double)samples.count / took,
         cpu * 1e6 / (double)samples.count, (double)samples.us[samples.count / 2],
         (double)samples.us[samples.count * 99 / 100]);
  free(samples.us);
}

int main(int argc, char **argv)
{
  if (argc > 1 && strcmp(argv[1], "serve") == 0) {
    struct server server = {NULL, NULL, NULL, 0};
    server_open(&server, CALLS, (uint16_t)(argc > 2 ? strtol(argv[2], NULL, 10) : 0));
    printf("http://127.0.0.1:%u\n", ms_http_port(server.http));
    fflush(stdout);
    (void)ms_loop_run(server.loop);
    return 0;
  }
  double seconds = argc > 1 ? strtod(argv[1], NULL) : 2;
  for (int mode = BARE; mode <= SIGNED; mode++) {
    run((enum mode)mode, 1, seconds);
    run((enum mode)mode, CONNECTIONS_MAX, seconds);
  }
  return 0;
}
