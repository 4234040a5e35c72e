/*
 * One queue, spoken to over its own protocol on loopback, by so many clients at once: each is a thread with a
 * connection of its own that waits for the answer to one call before it makes the next. First they send for
 * a while, then they receive and delete what is there. So Moonstep stands beside other queues under the same
 * load; tests/bench/queue_peers starts the servers. One JSON object on standard output.
 *
 *   bench_queue_peers moonstep|redis|beanstalkd|rabbitmq PORT CLIENTS SECONDS
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifdef HAVE_RABBITMQ
#include <amqp.h>
#include <amqp_tcp_socket.h>
#endif

#define CLIENTS_MAX 256
#define BUFFER 65536
#define BODY                                                                                       \
  "order o-1042 of Ada Lovelace, 12 St James's Square, London: two of A-1 at 12.50, one of B-7 at 104.50, 129.50 in " \
  "all; leave at the door, ring twice, and if nobody is there the neighbour at number 14 takes it in until six o'clock"
#define QUEUE_URL "http://127.0.0.1/000000000000/bench"

struct client {
  const struct peer *peer;
  int port, socket, number;
  double until_s;
  unsigned long long sent, received;
  size_t len; /* of what was read and not used */
  char buffer[BUFFER];
  void *more;
};

struct peer {
  const char *name;
  void (*open)(struct client *client);
  void (*send)(struct client *client);
  int (*receive)(struct client *client); /* receives and deletes one; 0: there is none */
};

static void fail(const char *what)
{
  fprintf(stderr, "%s\n", what);
  exit(1);
}

static double now_s(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* ---- a connection with text on it ---- */

static void connect_plainly(struct client *client)
{
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)client->port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  client->socket = socket(AF_INET, SOCK_STREAM, 0);
  int one = 1;
  if (connect(client->socket, (struct sockaddr *)&address, sizeof address) != 0) {
    fail("nobody listens");
  }
  setsockopt(client->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

__attribute__((format(printf, 2, 3))) static void put(struct client *client, const char *format, ...)
{
  char text[4096];
  va_list args;
  va_start(args, format);
  int len = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (len < 0 || (size_t)len >= sizeof text || write(client->socket, text, (size_t)len) != len) {
    fail("could not write");
  }
}

static void read_more(struct client *client)
{
  if (client->len + 1 >= BUFFER) {
    fail("an answer is too long");
  }
  ssize_t got = read(client->socket, client->buffer + client->len, BUFFER - 1 - client->len);
  if (got <= 0) {
    fail("the server has hung up");
  }
  client->len += (size_t)got;
  client->buffer[client->len] = '\0';
}

static void used(struct client *client, size_t len)
{
  client->len -= len;
  memmove(client->buffer, client->buffer + len, client->len + 1);
}

/* The length of the first line, with its end, once it is there. */
static size_t line(struct client *client)
{
  char *end;
  while (client->len == 0 || (end = strstr(client->buffer, "\r\n")) == NULL) {
    read_more(client);
  }
  return (size_t)(end + 2 - client->buffer);
}

static void want(struct client *client, size_t len)
{
  while (client->len < len) {
    read_more(client);
  }
}

/* ---- Moonstep: SQS's JSON protocol ---- */

/* Posts; the body of the answer is then at *body, and client->buffer has *len bytes of it all. */
static char *post(struct client *client, const char *operation, const char *request, size_t *len)
{
  put(client,
      "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-amz-json-1.0\r\n"
      "X-Amz-Target: AmazonSQS.%s\r\nContent-Length: %zu\r\n\r\n%s",
      operation, strlen(request), request);
  char *end;
  while (client->len == 0 || (end = strstr(client->buffer, "\r\n\r\n")) == NULL) {
    read_more(client);
  }
  if (strncmp(client->buffer, "HTTP/1.1 200", 12) != 0) {
    fail(client->buffer);
  }
  char *field = strcasestr(client->buffer, "\r\nContent-Length:");
  size_t head = (size_t)(end + 4 - client->buffer);
  *len = head + (field == NULL ? 0 : strtoul(field + 17, NULL, 10));
  want(client, *len);
  return client->buffer + head;
}

static void moonstep_open(struct client *client)
{
  size_t len;
  connect_plainly(client);
  post(client, "CreateQueue", "{\"QueueName\":\"bench\"}", &len);
  used(client, len);
}

static void moonstep_send(struct client *client)
{
  size_t len;
  post(client, "SendMessage", "{\"QueueUrl\":\"" QUEUE_URL "\",\"MessageBody\":\"" BODY "\"}", &len);
  used(client, len);
}

static int moonstep_receive(struct client *client)
{
  size_t len;
  char request[2048];
  const char *body = post(client, "ReceiveMessage", "{\"QueueUrl\":\"" QUEUE_URL "\"}", &len);
  const char *handle = strstr(body, "\"ReceiptHandle\":\"");
  if (handle == NULL) {
    used(client, len);
    return 0;
  }
  handle += 17;
  snprintf(request, sizeof request, "{\"QueueUrl\":\"" QUEUE_URL "\",\"ReceiptHandle\":\"%.*s\"}",
           (int)strcspn(handle, "\""), handle);
  used(client, len);
  post(client, "DeleteMessage", request, &len);
  used(client, len);
  return 1;
}

/* ---- Redis: a stream with a group ---- */

static void redis_expect(struct client *client, char first)
{
  size_t len = line(client);
  if (client->buffer[0] != first) {
    fail(client->buffer);
  }
  if (first == '$') {
    size_t bytes = strtoul(client->buffer + 1, NULL, 10);
    want(client, len + bytes + 2);
    len += bytes + 2;
  }
  used(client, len);
}

static void redis_open(struct client *client)
{
  connect_plainly(client);
  put(client, "XGROUP CREATE bench workers 0 MKSTREAM\r\n"); /* the second one is told that it exists */
  used(client, line(client));
}

static void redis_send(struct client *client)
{
  put(client, "*5\r\n$4\r\nXADD\r\n$5\r\nbench\r\n$1\r\n*\r\n$4\r\nbody\r\n$%zu\r\n%s\r\n", strlen(BODY), BODY);
  redis_expect(client, '$');
}

static int redis_receive(struct client *client)
{
  put(client, "XREADGROUP GROUP workers w%d COUNT 1 STREAMS bench >\r\n", client->number);
  size_t len = line(client);
  if (client->buffer[0] == '*' && client->buffer[1] == '-') {
    used(client, len);
    return 0;
  }
  used(client, len);          /* one stream */
  used(client, line(client)); /* its name and entries */
  redis_expect(client, '$');
  used(client, line(client)); /* one entry */
  used(client, line(client)); /* its id and fields */
  char id[64];
  used(client, line(client)); /* the id's length */
  len = line(client);
  snprintf(id, sizeof id, "%.*s", (int)(len - 2), client->buffer);
  used(client, len);
  used(client, line(client)); /* two texts */
  redis_expect(client, '$');
  redis_expect(client, '$');
  put(client, "MULTI\r\nXACK bench workers %s\r\nXDEL bench %s\r\nEXEC\r\n", id, id);
  redis_expect(client, '+');
  redis_expect(client, '+');
  redis_expect(client, '+');
  redis_expect(client, '*');
  redis_expect(client, ':');
  redis_expect(client, ':');
  return 1;
}

/* ---- beanstalkd ---- */

static void beanstalkd_send(struct client *client)
{
  put(client, "put 0 0 60 %zu\r\n%s\r\n", strlen(BODY), BODY);
  used(client, line(client));
}

static int beanstalkd_receive(struct client *client)
{
  unsigned long long id;
  size_t bytes;
  put(client, "reserve-with-timeout 0\r\n");
  size_t len = line(client);
  if (sscanf(client->buffer, "RESERVED %llu %zu", &id, &bytes) != 2) {
    used(client, len);
    return 0;
  }
  want(client, len + bytes + 2);
  used(client, len + bytes + 2);
  put(client, "delete %llu\r\n", id);
  used(client, line(client));
  return 1;
}

/* ---- RabbitMQ: durable, persistent, confirmed ---- */

#ifdef HAVE_RABBITMQ
static void check_rpc(amqp_connection_state_t connection, const char *what)
{
  if (amqp_get_rpc_reply(connection).reply_type != AMQP_RESPONSE_NORMAL) {
    fail(what);
  }
}

static void rabbitmq_open(struct client *client)
{
  amqp_connection_state_t connection = amqp_new_connection();
  amqp_socket_t *socket = amqp_tcp_socket_new(connection);
  client->more = connection;
  if (socket == NULL || amqp_socket_open(socket, "127.0.0.1", client->port) != 0) {
    fail("nobody listens");
  }
  amqp_login(connection, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest");
  amqp_channel_open(connection, 1);
  check_rpc(connection, "channel");
  amqp_queue_declare(connection, 1, amqp_cstring_bytes("bench"), 0, 1, 0, 0, amqp_empty_table);
  check_rpc(connection, "queue");
  amqp_confirm_select(connection, 1);
  check_rpc(connection, "confirm");
}

static void rabbitmq_send(struct client *client)
{
  amqp_basic_properties_t properties = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG, .delivery_mode = 2};
  amqp_frame_t frame;
  amqp_basic_publish(client->more, 1, amqp_empty_bytes, amqp_cstring_bytes("bench"), 0, 0, &properties,
                     amqp_cstring_bytes(BODY));
  if (amqp_simple_wait_frame(client->more, &frame) != AMQP_STATUS_OK ||
      frame.payload.method.id != AMQP_BASIC_ACK_METHOD) {
    fail("a message is not confirmed");
  }
}

static int rabbitmq_receive(struct client *client)
{
  amqp_rpc_reply_t reply = amqp_basic_get(client->more, 1, amqp_cstring_bytes("bench"), 0);
  amqp_message_t message;
  if (reply.reply_type != AMQP_RESPONSE_NORMAL) {
    fail("get");
  }
  if (reply.reply.id == AMQP_BASIC_GET_EMPTY_METHOD) {
    return 0;
  }
  uint64_t tag = ((amqp_basic_get_ok_t *)reply.reply.decoded)->delivery_tag;
  amqp_read_message(client->more, 1, &message, 0);
  amqp_destroy_message(&message);
  amqp_basic_ack(client->more, 1, tag, 0);
  amqp_maybe_release_buffers(client->more);
  return 1;
}
#endif

/* ---- all of them ---- */

static const struct peer peers[] = {
    {"moonstep", moonstep_open, moonstep_send, moonstep_receive},
    {"redis", redis_open, redis_send, redis_receive},
    {"beanstalkd", connect_plainly, beanstalkd_send, beanstalkd_receive},
#ifdef HAVE_RABBITMQ
    {"rabbitmq", rabbitmq_open, rabbitmq_send, rabbitmq_receive},
#endif
};

static void *send_for_a_while(void *user)
{
  struct client *client = user;
  while (now_s() < client->until_s) {
    client->peer->send(client);
    client->sent++;
  }
  return NULL;
}

static void *receive_for_a_while(void *user)
{
  struct client *client = user;
  while (now_s() < client->until_s && client->peer->receive(client)) {
    client->received++;
  }
  return NULL;
}

/* How long it took. */
static double run(struct client *clients, int count, double seconds, void *(*body)(void *))
{
  pthread_t threads[CLIENTS_MAX];
  double from = now_s();
  for (int i = 0; i < count; i++) {
    clients[i].until_s = from + seconds;
    if (pthread_create(&threads[i], NULL, body, &clients[i]) != 0) {
      fail("no thread");
    }
  }
  for (int i = 0; i < count; i++) {
    pthread_join(threads[i], NULL);
  }
  return now_s() - from;
}

int main(int argc, char **argv)
{
  const struct peer *peer = NULL;
  for (size_t i = 0; argc == 5 && i < sizeof peers / sizeof peers[0]; i++) {
    peer = strcmp(argv[1], peers[i].name) == 0 ? &peers[i] : peer;
  }
  int count = argc == 5 ? atoi(argv[3]) : 0;
  if (peer == NULL || count < 1 || count > CLIENTS_MAX) {
    fprintf(stderr, "usage: bench_queue_peers moonstep|redis|beanstalkd|rabbitmq PORT CLIENTS SECONDS\n");
    return 2;
  }
  static struct client clients[CLIENTS_MAX];
  unsigned long long sent = 0, received = 0;
  for (int i = 0; i < count; i++) {
    clients[i].peer = peer;
    clients[i].port = atoi(argv[2]);
    clients[i].number = i;
    peer->open(&clients[i]);
  }
  double send_s = run(clients, count, atof(argv[4]), send_for_a_while);
  double receive_s = run(clients, count, atof(argv[4]), receive_for_a_while);
  for (int i = 0; i < count; i++) {
    sent += clients[i].sent;
    received += clients[i].received;
  }
  printf("{\"queue\": \"%s\", \"clients\": %d, \"body_bytes\": %zu, \"sent_per_s\": %.0f, "
         "\"received_and_deleted_per_s\": %.0f}\n",
         peer->name, count, strlen(BODY), (double)sent / send_s, (double)received / receive_s);
  return 0;
}
